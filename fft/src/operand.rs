//! Arrays as a caller hands them over: an address, a shape, strides.
//!
//! Owns the border between memory whose validity a caller vouches for and the rest of the crate, which only reads the numbers. What is done with the memory is
//! the backends' affair, after [`crate::call`] has judged the numbers.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use ndarray::{ArrayView, ArrayViewMut, Dimension};
use num_complex::Complex;

use crate::scalar::Real;

/// An array that is read. Strides count real elements, so that a complex array may lie at any multiple of its parts.
#[derive(Clone, Debug)]
pub struct Input<'a, T> {
    pub(crate) data: *const T,
    pub(crate) complex: bool,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<isize>,
    lent: PhantomData<&'a [T]>,
}

/// An array that is written.
#[derive(Debug)]
pub struct Output<'a, T> {
    pub(crate) data: *mut T,
    pub(crate) complex: bool,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<isize>,
    lent: PhantomData<&'a mut [T]>,
}

// SAFETY: an operand stands for a shared borrow of plain numbers.
unsafe impl<T: Real> Send for Input<'_, T> {}
// SAFETY: an operand stands for an exclusive borrow of plain numbers.
unsafe impl<T: Real> Send for Output<'_, T> {}

// SAFETY: a shared operand only tells where things are.
unsafe impl<T: Real> Sync for Input<'_, T> {}
// SAFETY: as above; the backend's workers write disjoint lanes.
unsafe impl<T: Real> Sync for Output<'_, T> {}

impl<'a, T: Real> Input<'a, T> {
    /// An array at an address.
    ///
    /// # Safety
    /// For every index within `shape` the element (two neighbouring `T` if `complex`) at the address plus index times `strides`, in units of `T`, is aligned, initialised
    /// memory that nobody writes while the operand lives, unless it is exactly the output's as [`crate::Prepared::run`] describes.
    ///
    /// # Panics
    /// If there are not as many strides as extents.
    pub unsafe fn new(data: *const T, complex: bool, shape: Vec<usize>, strides: Vec<isize>) -> Input<'a, T> {
        assert_eq!(shape.len(), strides.len());
        Input { data, complex, shape, strides, lent: PhantomData }
    }

    /// The array at one index of an axis, the axis kept.
    pub(crate) fn at(&self, axis: usize, index: usize) -> Input<'a, T> {
        let mut part = self.clone();
        part.data = part.data.wrapping_offset(self.strides[axis] * index as isize);
        part.shape[axis] = 1;
        part
    }

    /// The same array with the parts of its complex elements as a last axis.
    pub fn as_parts(&self) -> Input<'a, T> {
        let (shape, strides) = parts(self.complex, &self.shape, &self.strides);
        Input { data: self.data, complex: false, shape, strides, lent: PhantomData }
    }
}

impl<'a, T: Real> Output<'a, T> {
    /// An array at an address.
    ///
    /// # Safety
    /// As [`Input::new`], and nobody else reads or writes the memory while the operand lives.
    ///
    /// # Panics
    /// If there are not as many strides as extents.
    pub unsafe fn new(data: *mut T, complex: bool, shape: Vec<usize>, strides: Vec<isize>) -> Output<'a, T> {
        assert_eq!(shape.len(), strides.len());
        Output { data, complex, shape, strides, lent: PhantomData }
    }

    /// The same array with the parts of its complex elements as a last axis.
    pub fn into_parts(self) -> Output<'a, T> {
        let (shape, strides) = parts(self.complex, &self.shape, &self.strides);
        Output { complex: false, shape, strides, ..self }
    }

    /// The array at one index of an axis, the axis kept.
    pub(crate) fn at(&self, axis: usize, index: usize) -> Output<'_, T> {
        let mut part = self.reborrow();
        part.data = part.data.wrapping_offset(self.strides[axis] * index as isize);
        part.shape[axis] = 1;
        part
    }

    /// The same array, for a part of the transform.
    pub(crate) fn reborrow(&self) -> Output<'_, T> {
        Output { data: self.data, complex: self.complex, shape: self.shape.clone(), strides: self.strides.clone(), lent: PhantomData }
    }

    /// What stands there now, as the input of an in-place transform.
    pub(crate) fn as_input(&self) -> Input<'a, T> {
        Input { data: self.data, complex: self.complex, shape: self.shape.clone(), strides: self.strides.clone(), lent: PhantomData }
    }
}

fn parts(complex: bool, shape: &[usize], strides: &[isize]) -> (Vec<usize>, Vec<isize>) {
    let (mut shape, mut strides) = (shape.to_vec(), strides.to_vec());
    if complex {
        shape.push(2);
        strides.push(1);
    }
    (shape, strides)
}

/// Elements as their real parts: how many, and whether they are complex.
pub trait Element<T>: Copy + Send + Sync + 'static + sealed::Sealed {
    /// Whether two `T` make one element.
    const COMPLEX: bool;
}

impl Element<f32> for f32 {
    const COMPLEX: bool = false;
}
impl Element<f64> for f64 {
    const COMPLEX: bool = false;
}
impl<T: Real> Element<T> for Complex<T> {
    const COMPLEX: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl<T: crate::Real> Sealed for num_complex::Complex<T> {}
}

fn units<T, E: Element<T>>(strides: &[isize]) -> Vec<isize> {
    strides.iter().map(|&step| if E::COMPLEX { 2 * step } else { step }).collect()
}

/// An array of known place and any layout, borrowed to be read: an `ndarray` view, or a slice that is given its layout.
pub(crate) fn input_of<'a, T: Real, E: Element<T>, D: Dimension>(view: ArrayView<'a, E, D>) -> Input<'a, T> {
    let (shape, strides) = (view.shape().to_vec(), units::<T, E>(view.strides()));
    // SAFETY: the view borrows initialised elements of this layout for 'a, and `E` is one or two `T`.
    unsafe { Input::new(view.as_ptr().cast(), E::COMPLEX, shape, strides) }
}

/// As [`input_of`], to be written.
pub(crate) fn output_of<'a, T: Real, E: Element<T>, D: Dimension>(mut view: ArrayViewMut<'a, E, D>) -> Output<'a, T> {
    let (shape, strides) = (view.shape().to_vec(), units::<T, E>(view.strides()));
    // SAFETY: the view borrows the elements of this layout exclusively for 'a, and `E` is one or two `T`.
    unsafe { Output::new(view.as_mut_ptr().cast(), E::COMPLEX, shape, strides) }
}

/// Elements from the first to one past the last that a layout with no negative stride reaches; `None` if that does not fit.
pub(crate) fn reach(shape: &[usize], strides: &[isize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    let mut last = 0usize;
    for (&extent, &step) in shape.iter().zip(strides) {
        last = last.checked_add(usize::try_from(step).ok()?.checked_mul(extent - 1)?)?;
    }
    last.checked_add(1)
}

/// Part of a slice under a layout, in elements; `None` where it reaches outside.
pub(crate) fn input_in<'a, T: Real, E: Element<T>>(slice: &'a [E], shape: &[usize], strides: &[isize]) -> Option<Input<'a, T>> {
    if reach(shape, strides)? > slice.len() {
        return None;
    }
    // SAFETY: every element of the layout lies in the slice, and `E` is one or two `T`.
    Some(unsafe { Input::new(slice.as_ptr().cast(), E::COMPLEX, shape.to_vec(), units::<T, E>(strides)) })
}

/// As [`input_in`], to be written.
pub(crate) fn output_in<'a, T: Real, E: Element<T>>(slice: &'a mut [E], shape: &[usize], strides: &[isize]) -> Option<Output<'a, T>> {
    if reach(shape, strides)? > slice.len() {
        return None;
    }
    // SAFETY: as above, borrowed exclusively.
    Some(unsafe { Output::new(slice.as_mut_ptr().cast(), E::COMPLEX, shape.to_vec(), units::<T, E>(strides)) })
}
