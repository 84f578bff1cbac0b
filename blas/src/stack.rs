//! Several matrices of one shape: the operands of batched routines.
//!
//! Owns where the matrices of a batch lie: a constant step apart, or each at a place of its own. The matrices of a batch to write are disjoint; one to read may be the
//! same matrix many times (a step of 0).
#![allow(unsafe_code)]

use crate::error::Error;
use crate::overlap::Place;
use crate::view::{MatMut, MatRef};

/// Matrices to read.
#[derive(Clone, Debug)]
pub struct StackRef<'a, T> {
    first: MatRef<'a, T>,
    count: usize,
    step: isize,
    /// Each matrix, where they are not a step apart.
    each: Vec<MatRef<'a, T>>,
}

/// Matrices to write.
#[derive(Debug)]
pub struct StackMut<'a, T> {
    first: MatMut<'a, T>,
    count: usize,
    step: isize,
    each: Vec<MatMut<'a, T>>,
}

impl<'a, T: Copy> StackRef<'a, T> {
    /// `count` matrices in a slice, `step` elements apart, the first at the start.
    ///
    /// # Errors
    /// One of them reaches outside.
    pub fn strided(slice: &'a [T], count: usize, step: usize, shape: (usize, usize), strides: (isize, isize)) -> Result<Self, Error> {
        let last = step.saturating_mul(count.saturating_sub(1)).min(slice.len());
        MatRef::strided(slice, last, shape, strides)?;
        Ok(StackRef { first: MatRef::strided(slice, 0, shape, strides)?, count, step: step as isize, each: Vec::new() })
    }

    /// Matrices at an address, `step` elements apart.
    ///
    /// # Safety
    /// As [`MatRef::from_raw`] for each of them.
    pub unsafe fn from_raw(first: MatRef<'a, T>, count: usize, step: isize) -> Self {
        StackRef { first, count, step, each: Vec::new() }
    }

    /// Matrices each at its own place; their shapes are compared with the first one's when the call is judged. `None` of no matrix.
    pub fn each(each: Vec<MatRef<'a, T>>) -> Option<Self> {
        Some(StackRef { first: *each.first()?, count: each.len(), step: 0, each })
    }

    /// Number of matrices.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Shape of each.
    pub fn shape(&self) -> (usize, usize) {
        self.first.shape()
    }

    /// Matrix `i`.
    ///
    /// # Panics
    /// There is none.
    #[inline]
    pub fn at(&self, i: usize) -> MatRef<'a, T> {
        assert!(i < self.count, "matrix {i} of {}", self.count);
        if let Some(each) = self.each.get(i) {
            return *each;
        }
        let m = &self.first;
        // SAFETY: the constructor saw to it that matrix `i` lies in the memory lent for 'a.
        unsafe { MatRef::from_raw(m.as_ptr().wrapping_offset(i as isize * self.step), m.shape(), (m.row_stride(), m.col_stride())) }
    }

    /// Each transposed.
    pub fn transposed(self) -> Self {
        StackRef { first: self.first.transposed(), each: self.each.into_iter().map(MatRef::transposed).collect(), ..self }
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        if self.each.is_empty() { vec![place(self.first, self.count, self.step)] } else { self.each.iter().map(MatRef::place).collect() }
    }

    pub(crate) fn odd_one(&self) -> Option<(usize, usize)> {
        self.each.iter().map(MatRef::shape).find(|&shape| shape != self.shape())
    }
}

fn place<T: Copy>(m: MatRef<'_, T>, count: usize, step: isize) -> Place {
    Place::new(m.as_ptr().addr(), size_of::<T>(), &[(m.rows(), m.row_stride()), (m.cols(), m.col_stride()), (count, step)])
}

impl<'a, T: Copy> StackMut<'a, T> {
    /// `count` matrices in a slice, `step` elements apart, the first at the start.
    ///
    /// # Errors
    /// One of them reaches outside, or two elements coincide.
    pub fn strided(slice: &'a mut [T], count: usize, step: usize, shape: (usize, usize), strides: (isize, isize)) -> Result<Self, Error> {
        let last = step.saturating_mul(count.saturating_sub(1)).min(slice.len());
        MatRef::strided(slice, last, shape, strides)?;
        let first = MatMut::strided(slice, 0, shape, strides)?;
        if place(first.rb(), count, step as isize).overlaps_itself() {
            return Err(Error::Overlap { routine: "view", operand: "stack" });
        }
        Ok(StackMut { first, count, step: step as isize, each: Vec::new() })
    }

    /// Matrices at an address, `step` elements apart.
    ///
    /// # Safety
    /// As [`MatMut::from_raw`] for each of them, and no element of one is an element of another.
    pub unsafe fn from_raw(first: MatMut<'a, T>, count: usize, step: isize) -> Self {
        StackMut { first, count, step, each: Vec::new() }
    }

    /// Matrices each at its own place, as [`StackRef::each`]. Nothing is shared among them, as each is exclusive.
    pub fn each(mut each: Vec<MatMut<'a, T>>) -> Option<Self> {
        let m = each.first_mut()?;
        let (shape, strides) = (m.shape(), (m.rb().row_stride(), m.rb().col_stride()));
        // SAFETY: used for its shape only where `each` is not empty.
        let first = unsafe { MatMut::from_raw(m.as_mut_ptr(), shape, strides) };
        Some(StackMut { first, count: each.len(), step: 0, each })
    }

    /// Whether no two elements of the batch coincide, which the unsafe constructors take on trust.
    pub fn is_apart(&self) -> bool {
        crate::overlap::Sorted::new(self.places()).apart()
    }

    /// Number of matrices.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Shape of each.
    pub fn shape(&self) -> (usize, usize) {
        self.first.shape()
    }

    /// Matrix `i`.
    ///
    /// # Panics
    /// There is none.
    #[inline]
    pub fn at(&mut self, i: usize) -> MatMut<'_, T> {
        assert!(i < self.count, "matrix {i} of {}", self.count);
        if let Some(each) = self.each.get_mut(i) {
            return each.rb_mut();
        }
        let (shape, strides) = (self.first.shape(), (self.first.rb().row_stride(), self.first.rb().col_stride()));
        // SAFETY: matrix `i` lies in the memory lent exclusively for 'a, apart from the others; `self` is borrowed meanwhile.
        unsafe { MatMut::from_raw(self.first.as_mut_ptr().wrapping_offset(i as isize * self.step), shape, strides) }
    }

    /// Each transposed.
    pub fn transposed(self) -> Self {
        let StackMut { first, count, step, each } = self;
        StackMut { first: first.transposed(), count, step, each: each.into_iter().map(MatMut::transposed).collect() }
    }

    /// To write, for a while.
    pub fn rb_mut(&mut self) -> StackMut<'_, T> {
        let each: Vec<_> = self.each.iter_mut().map(MatMut::rb_mut).collect();
        StackMut { first: self.first.rb_mut(), count: self.count, step: self.step, each }
    }

    /// To read.
    pub fn rb(&self) -> StackRef<'_, T> {
        StackRef { first: self.first.rb(), count: self.count, step: self.step, each: self.each.iter().map(MatMut::rb).collect() }
    }

    /// Parts of at most `size` matrices.
    pub(crate) fn chunks(self, size: usize) -> Vec<(usize, StackMut<'a, T>)> {
        let StackMut { mut first, count, step, each } = self;
        let starts = (0..count).step_by(size.max(1));
        if each.is_empty() {
            let (shape, strides) = (first.shape(), (first.rb().row_stride(), first.rb().col_stride()));
            let from = first.as_mut_ptr();
            return starts
                .map(|start| {
                    // SAFETY: part of the stack's matrices, in no other part.
                    let first = unsafe { MatMut::from_raw(from.wrapping_offset(start as isize * step), shape, strides) };
                    (start, StackMut { first, count: size.max(1).min(count - start), step, each: Vec::new() })
                })
                .collect();
        }
        let mut each = each.into_iter();
        starts.filter_map(|start| Some((start, StackMut::each(each.by_ref().take(size.max(1)).collect())?))).collect()
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        self.rb().places()
    }

    pub(crate) fn odd_one(&self) -> Option<(usize, usize)> {
        self.each.iter().map(MatMut::shape).find(|&shape| shape != self.shape())
    }
}
