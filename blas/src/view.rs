//! Vectors and matrices in memory: views with any strides.
//!
//! Owns the pointers. A view is made of a slice, of an `ndarray` view or, unsafely, of an address; from then on it lies in its memory, and the parts it is
//! taken into do too. Mutable views have no two elements at one place, so their parts are disjoint. Knows no routine.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;

use crate::error::Error;
use crate::overlap::Place;

/// A vector to read.
#[derive(Debug)]
pub struct VecRef<'a, T> {
    ptr: NonNull<T>,
    len: usize,
    stride: isize,
    memory: PhantomData<&'a T>,
}

/// A vector to write.
#[derive(Debug)]
pub struct VecMut<'a, T> {
    view: VecRef<'a, T>,
    memory: PhantomData<&'a mut T>,
}

/// A matrix to read.
#[derive(Debug)]
pub struct MatRef<'a, T> {
    ptr: NonNull<T>,
    rows: usize,
    cols: usize,
    rs: isize,
    cs: isize,
    memory: PhantomData<&'a T>,
}

/// A matrix to write.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    view: MatRef<'a, T>,
    memory: PhantomData<&'a mut T>,
}

impl<T> Clone for VecRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for VecRef<'_, T> {}
impl<T> Clone for MatRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for MatRef<'_, T> {}

// SAFETY: a view to read is shared access to elements, as `&[T]` is.
unsafe impl<T: Sync> Send for VecRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for VecRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for MatRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for MatRef<'_, T> {}
// SAFETY: a view to write is exclusive access to its elements, as `&mut [T]` is.
unsafe impl<T: Send> Send for VecMut<'_, T> {}
// SAFETY: a shared reference to it only reads.
unsafe impl<T: Sync> Sync for VecMut<'_, T> {}
// SAFETY: as for vectors.
unsafe impl<T: Send> Send for MatMut<'_, T> {}
// SAFETY: as for vectors.
unsafe impl<T: Sync> Sync for MatMut<'_, T> {}

fn span(shape: &[usize], strides: &[isize]) -> Option<(usize, usize)> {
    let (mut below, mut above) = (0_usize, 0_usize);
    for (&extent, &stride) in shape.iter().zip(strides) {
        let reach = stride.unsigned_abs().checked_mul(extent.checked_sub(1)?)?;
        let side = if stride < 0 { &mut below } else { &mut above };
        *side = side.checked_add(reach)?;
    }
    Some((below, above))
}

/// Whether elements of that shape, the first at `offset`, lie in `len` elements.
fn reach(len: usize, offset: usize, shape: &[usize], strides: &[isize]) -> Result<(), Error> {
    if shape.contains(&0) && offset <= len {
        return Ok(());
    }
    match span(shape, strides) {
        Some((below, above)) if below <= offset && offset.checked_add(above).is_some_and(|last| last < len) => Ok(()),
        _ => Err(Error::Reach { shape: shape.to_vec(), strides: strides.to_vec(), len }),
    }
}

fn distinct<T>(ptr: *const T, axes: &[(usize, isize)]) -> Result<(), Error> {
    if Place::new(ptr.addr(), size_of::<T>(), axes).overlaps_itself() { Err(Error::Overlap { routine: "view", operand: "view" }) } else { Ok(()) }
}

impl<'a, T: Copy> VecRef<'a, T> {
    /// All of a slice.
    pub fn new(slice: &'a [T]) -> VecRef<'a, T> {
        VecRef { ptr: NonNull::from(slice).cast(), len: slice.len(), stride: 1, memory: PhantomData }
    }

    /// `len` elements of a slice, `stride` apart, the first at `offset`.
    ///
    /// # Errors
    /// One of them lies outside.
    pub fn strided(slice: &'a [T], offset: usize, len: usize, stride: isize) -> Result<VecRef<'a, T>, Error> {
        reach(slice.len(), offset, &[len], &[stride])?;
        // SAFETY: the elements lie in the slice, which is borrowed for 'a.
        Ok(unsafe { VecRef::from_raw(slice.as_ptr().wrapping_add(offset), len, stride) })
    }

    /// A vector at an address.
    ///
    /// # Safety
    /// The elements are initialised memory that nobody writes during 'a, aligned for `T`; the pointer is not null.
    pub unsafe fn from_raw(ptr: *const T, len: usize, stride: isize) -> VecRef<'a, T> {
        // SAFETY: the caller's promise.
        VecRef { ptr: unsafe { NonNull::new_unchecked(ptr.cast_mut()) }, len, stride, memory: PhantomData }
    }

    /// Number of elements.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Elements from one to the next.
    #[inline(always)]
    pub fn stride(&self) -> isize {
        self.stride
    }

    /// Address of the first element.
    pub fn as_ptr(&self) -> *const T {
        self.ptr.as_ptr()
    }

    /// Element `i`.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn get(&self, i: usize) -> T {
        assert!(i < self.len, "element {i} of {}", self.len);
        // SAFETY: in bounds.
        unsafe { *self.ptr.offset(i as isize * self.stride).as_ptr() }
    }

    /// A part.
    ///
    /// # Panics
    /// It is none.
    #[inline(always)]
    pub fn part(self, range: Range<usize>) -> VecRef<'a, T> {
        assert!(range.start <= range.end && range.end <= self.len, "elements {range:?} of {}", self.len);
        VecRef { ptr: at(self.ptr, range.start as isize * self.stride), len: range.end - range.start, ..self }
    }

    /// The elements as a slice, where they are neighbours.
    #[inline(always)]
    pub fn as_slice(&self) -> Option<&'a [T]> {
        // SAFETY: neighbours, readable for 'a.
        (self.stride == 1 || self.len <= 1).then(|| unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) })
    }

    /// The elements, copied.
    pub fn to_vec(&self) -> Vec<T> {
        match self.as_slice() {
            Some(slice) => slice.to_vec(),
            None => (0..self.len).map(|i| self.get(i)).collect(),
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(self.ptr.addr().get(), size_of::<T>(), &[(self.len, self.stride)])
    }
}

/// Moves a pointer that need not stay inside: a part without elements may begin anywhere.
#[inline(always)]
fn at<T>(ptr: NonNull<T>, by: isize) -> NonNull<T> {
    // SAFETY: elements lie within `isize` bytes of each other, so this does not come to address 0; where there are none, nothing is read through it, and null is avoided.
    unsafe { NonNull::new_unchecked(ptr.as_ptr().wrapping_offset(by)) }
}

impl<'a, T: Copy> VecMut<'a, T> {
    /// All of a slice.
    pub fn new(slice: &'a mut [T]) -> VecMut<'a, T> {
        let len = slice.len();
        // SAFETY: the slice is borrowed exclusively.
        unsafe { VecMut::from_raw(slice.as_mut_ptr(), len, 1) }
    }

    /// `len` elements of a slice, `stride` apart, the first at `offset`.
    ///
    /// # Errors
    /// One of them lies outside, or the stride is 0.
    pub fn strided(slice: &'a mut [T], offset: usize, len: usize, stride: isize) -> Result<VecMut<'a, T>, Error> {
        reach(slice.len(), offset, &[len], &[stride])?;
        distinct(slice.as_ptr(), &[(len, stride)])?;
        // SAFETY: the elements lie in the slice, which is borrowed exclusively, and no two coincide.
        Ok(unsafe { VecMut::from_raw(slice.as_mut_ptr().wrapping_add(offset), len, stride) })
    }

    /// A vector at an address.
    ///
    /// # Safety
    /// The elements are initialised memory that nobody else touches during 'a, aligned for `T`; no two coincide; the pointer is not null.
    pub unsafe fn from_raw(ptr: *mut T, len: usize, stride: isize) -> VecMut<'a, T> {
        // SAFETY: the caller's promise.
        VecMut { view: unsafe { VecRef::from_raw(ptr, len, stride) }, memory: PhantomData }
    }

    /// Whether no two elements coincide, which the unsafe constructor takes on trust.
    pub fn is_apart(&self) -> bool {
        // Steps are whole elements.
        self.len() <= 1 || self.view.stride() != 0
    }

    /// To read.
    #[inline(always)]
    pub fn rb(&self) -> VecRef<'_, T> {
        self.view
    }

    /// To write, for a while.
    #[inline(always)]
    pub fn rb_mut(&mut self) -> VecMut<'_, T> {
        VecMut { view: self.view, memory: PhantomData }
    }

    /// Number of elements.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.view.len
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.view.len == 0
    }

    /// Address of the first element.
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.view.ptr.as_ptr()
    }

    /// Sets element `i`.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn set(&mut self, i: usize, value: T) {
        assert!(i < self.view.len, "element {i} of {}", self.view.len);
        // SAFETY: in bounds, and exclusively ours.
        unsafe { *self.view.ptr.offset(i as isize * self.view.stride).as_ptr() = value }
    }

    /// Element `i`.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn get(&self, i: usize) -> T {
        self.view.get(i)
    }

    /// A part.
    ///
    /// # Panics
    /// It is none.
    #[inline(always)]
    pub fn part(self, range: Range<usize>) -> VecMut<'a, T> {
        VecMut { view: self.view.part(range), memory: PhantomData }
    }

    /// Two parts.
    ///
    /// # Panics
    /// There is no element `at`.
    pub fn split(self, at: usize) -> (VecMut<'a, T>, VecMut<'a, T>) {
        let (a, b) = (self.view.part(0..at), self.view.part(at..self.view.len));
        (VecMut { view: a, memory: PhantomData }, VecMut { view: b, memory: PhantomData })
    }

    /// The elements as a slice, where they are neighbours.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> Option<&mut [T]> {
        let v = &self.view;
        // SAFETY: neighbours, and exclusively ours.
        (v.stride == 1 || v.len <= 1).then(|| unsafe { std::slice::from_raw_parts_mut(v.ptr.as_ptr(), v.len) })
    }

    /// Sets every element by its index and old value.
    #[inline(always)]
    pub fn map(&mut self, mut f: impl FnMut(usize, T) -> T) {
        if let Some(slice) = self.as_mut_slice() {
            for (i, value) in slice.iter_mut().enumerate() {
                *value = f(i, *value);
            }
        } else {
            for i in 0..self.view.len {
                let value = f(i, self.view.get(i));
                self.set(i, value);
            }
        }
    }

    /// Sets every element by its index; the old values are not read.
    #[inline(always)]
    pub fn fill_with(&mut self, mut f: impl FnMut(usize) -> T) {
        if let Some(slice) = self.as_mut_slice() {
            for (i, value) in slice.iter_mut().enumerate() {
                *value = f(i);
            }
        } else {
            for i in 0..self.view.len {
                self.set(i, f(i));
            }
        }
    }
}

/// The two usual orders, of either kind of matrix.
macro_rules! orders {
    ($($view:ident of $slice:ty;)*) => {$(
        impl<'a, T: Copy> $view<'a, T> {
            /// The elements of a slice, row after row.
            ///
            /// # Errors
            /// Too few elements.
            pub fn row_major(slice: $slice, rows: usize, cols: usize) -> Result<Self, Error> {
                $view::strided(slice, 0, (rows, cols), (cols as isize, 1))
            }

            /// The elements of a slice, column after column.
            ///
            /// # Errors
            /// Too few elements.
            pub fn col_major(slice: $slice, rows: usize, cols: usize) -> Result<Self, Error> {
                $view::strided(slice, 0, (rows, cols), (1, rows as isize))
            }
        }
    )*};
}

orders! {
    MatRef of &'a [T];
    MatMut of &'a mut [T];
}

impl<'a, T: Copy> MatRef<'a, T> {
    /// Elements of a slice, the first at `offset`; `strides` are elements from a row to the next and from a column to the next.
    ///
    /// # Errors
    /// One of them lies outside.
    pub fn strided(slice: &'a [T], offset: usize, shape: (usize, usize), strides: (isize, isize)) -> Result<MatRef<'a, T>, Error> {
        reach(slice.len(), offset, &[shape.0, shape.1], &[strides.0, strides.1])?;
        // SAFETY: the elements lie in the slice, which is borrowed for 'a.
        Ok(unsafe { MatRef::from_raw(slice.as_ptr().wrapping_add(offset), shape, strides) })
    }

    /// A matrix at an address.
    ///
    /// # Safety
    /// The elements are initialised memory that nobody writes during 'a, aligned for `T`; the pointer is not null.
    pub unsafe fn from_raw(ptr: *const T, shape: (usize, usize), strides: (isize, isize)) -> MatRef<'a, T> {
        // SAFETY: the caller's promise.
        let ptr = unsafe { NonNull::new_unchecked(ptr.cast_mut()) };
        MatRef { ptr, rows: shape.0, cols: shape.1, rs: strides.0, cs: strides.1, memory: PhantomData }
    }

    /// Number of rows.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline(always)]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Elements from a row to the next.
    #[inline(always)]
    pub fn row_stride(&self) -> isize {
        self.rs
    }

    /// Elements from a column to the next.
    #[inline(always)]
    pub fn col_stride(&self) -> isize {
        self.cs
    }

    /// Address of the first element.
    pub fn as_ptr(&self) -> *const T {
        self.ptr.as_ptr()
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.rows == 0 || self.cols == 0
    }

    /// The element in a row and a column.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn get(&self, row: usize, col: usize) -> T {
        assert!(row < self.rows && col < self.cols, "element ({row}, {col}) of {}x{}", self.rows, self.cols);
        // SAFETY: in bounds.
        unsafe { *self.ptr.offset(row as isize * self.rs + col as isize * self.cs).as_ptr() }
    }

    /// The transpose.
    #[inline(always)]
    pub fn transposed(self) -> MatRef<'a, T> {
        MatRef { rows: self.cols, cols: self.rows, rs: self.cs, cs: self.rs, ..self }
    }

    /// A column.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn col(self, col: usize) -> VecRef<'a, T> {
        assert!(col < self.cols, "column {col} of {}", self.cols);
        VecRef { ptr: at(self.ptr, col as isize * self.cs), len: self.rows, stride: self.rs, memory: PhantomData }
    }

    /// A row.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn row(self, row: usize) -> VecRef<'a, T> {
        self.transposed().col(row)
    }

    /// Some rows of some columns.
    ///
    /// # Panics
    /// They are not there.
    #[inline(always)]
    pub fn part(self, rows: Range<usize>, cols: Range<usize>) -> MatRef<'a, T> {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        assert!(cols.start <= cols.end && cols.end <= self.cols, "columns {cols:?} of {}", self.cols);
        let ptr = at(self.ptr, rows.start as isize * self.rs + cols.start as isize * self.cs);
        MatRef { ptr, rows: rows.end - rows.start, cols: cols.end - cols.start, ..self }
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(self.ptr.addr().get(), size_of::<T>(), &[(self.rows, self.rs), (self.cols, self.cs)])
    }
}

impl<'a, T: Copy> MatMut<'a, T> {
    /// Elements of a slice, the first at `offset`; `strides` are elements from a row to the next and from a column to the next.
    ///
    /// # Errors
    /// One of them lies outside, or two of them coincide.
    pub fn strided(slice: &'a mut [T], offset: usize, shape: (usize, usize), strides: (isize, isize)) -> Result<MatMut<'a, T>, Error> {
        reach(slice.len(), offset, &[shape.0, shape.1], &[strides.0, strides.1])?;
        distinct(slice.as_ptr(), &[(shape.0, strides.0), (shape.1, strides.1)])?;
        // SAFETY: the elements lie in the slice, which is borrowed exclusively, and no two coincide.
        Ok(unsafe { MatMut::from_raw(slice.as_mut_ptr().wrapping_add(offset), shape, strides) })
    }

    /// A matrix at an address.
    ///
    /// # Safety
    /// The elements are initialised memory that nobody else touches during 'a, aligned for `T`; no two coincide; the pointer is not null.
    pub unsafe fn from_raw(ptr: *mut T, shape: (usize, usize), strides: (isize, isize)) -> MatMut<'a, T> {
        // SAFETY: the caller's promise.
        MatMut { view: unsafe { MatRef::from_raw(ptr, shape, strides) }, memory: PhantomData }
    }

    fn over(view: MatRef<'a, T>) -> MatMut<'a, T> {
        MatMut { view, memory: PhantomData }
    }

    /// Whether no two elements coincide, which the unsafe constructor takes on trust.
    pub fn is_apart(&self) -> bool {
        !self.view.place().overlaps_itself()
    }

    /// To read.
    #[inline(always)]
    pub fn rb(&self) -> MatRef<'_, T> {
        self.view
    }

    /// To write, for a while.
    #[inline(always)]
    pub fn rb_mut(&mut self) -> MatMut<'_, T> {
        MatMut { view: self.view, memory: PhantomData }
    }

    /// Number of rows.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.view.rows
    }

    /// Number of columns.
    #[inline(always)]
    pub fn cols(&self) -> usize {
        self.view.cols
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        self.view.shape()
    }

    /// Address of the first element.
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.view.ptr.as_ptr()
    }

    /// The element in a row and a column.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn get(&self, row: usize, col: usize) -> T {
        self.view.get(row, col)
    }

    /// Sets the element in a row and a column.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn set(&mut self, row: usize, col: usize, value: T) {
        let v = &self.view;
        assert!(row < v.rows && col < v.cols, "element ({row}, {col}) of {}x{}", v.rows, v.cols);
        // SAFETY: in bounds, and exclusively ours.
        unsafe { *v.ptr.offset(row as isize * v.rs + col as isize * v.cs).as_ptr() = value }
    }

    /// The transpose.
    #[inline(always)]
    pub fn transposed(self) -> MatMut<'a, T> {
        MatMut::over(self.view.transposed())
    }

    /// A column.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn col(self, col: usize) -> VecMut<'a, T> {
        VecMut { view: self.view.col(col), memory: PhantomData }
    }

    /// Some rows of some columns.
    ///
    /// # Panics
    /// They are not there.
    #[inline(always)]
    pub fn part(self, rows: Range<usize>, cols: Range<usize>) -> MatMut<'a, T> {
        MatMut::over(self.view.part(rows, cols))
    }

    /// The rows above and from `at`.
    ///
    /// # Panics
    /// There are not that many.
    pub fn split_rows(self, at: usize) -> (MatMut<'a, T>, MatMut<'a, T>) {
        let v = self.view;
        (MatMut::over(v.part(0..at, 0..v.cols)), MatMut::over(v.part(at..v.rows, 0..v.cols)))
    }

    /// The columns left of and from `at`.
    ///
    /// # Panics
    /// There are not that many.
    pub fn split_cols(self, at: usize) -> (MatMut<'a, T>, MatMut<'a, T>) {
        let v = self.view;
        (MatMut::over(v.part(0..v.rows, 0..at)), MatMut::over(v.part(0..v.rows, at..v.cols)))
    }

    /// Tiles, split at every given row and column, column after column.
    ///
    /// # Panics
    /// The cuts are not ascending or lie outside.
    pub fn tiles(self, rows: &[usize], cols: &[usize]) -> Vec<MatMut<'a, T>> {
        let v = self.view;
        let bounds = |cuts: &[usize], end: usize| {
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            starts.zip(cuts.iter().copied().chain([end])).map(|(a, b)| a..b).collect::<Vec<_>>()
        };
        let (rows, cols) = (bounds(rows, v.rows), bounds(cols, v.cols));
        // Ascending ranges are disjoint, and `part` sees to their order.
        cols.iter().flat_map(|c| rows.iter().map(|r| MatMut::over(v.part(r.clone(), c.clone())))).collect()
    }

    /// Sets every element by its row, column and old value, in the order of memory.
    #[inline(always)]
    pub fn map(&mut self, mut f: impl FnMut(usize, usize, T) -> T) {
        if self.view.cs.abs() < self.view.rs.abs() {
            for i in 0..self.rows() {
                self.rb_mut().transposed().col(i).map(|j, old| f(i, j, old));
            }
        } else {
            for j in 0..self.cols() {
                self.rb_mut().col(j).map(|i, old| f(i, j, old));
            }
        }
    }

    /// Sets every element by its row and column; the old values are not read.
    #[inline(always)]
    pub fn fill_with(&mut self, mut f: impl FnMut(usize, usize) -> T) {
        if self.view.cs.abs() < self.view.rs.abs() {
            for i in 0..self.rows() {
                self.rb_mut().transposed().col(i).fill_with(|j| f(i, j));
            }
        } else {
            for j in 0..self.cols() {
                self.rb_mut().col(j).fill_with(|i| f(i, j));
            }
        }
    }
}

impl<'a, T: Copy> From<&'a [T]> for VecRef<'a, T> {
    fn from(slice: &'a [T]) -> Self {
        VecRef::new(slice)
    }
}

impl<'a, T: Copy> From<&'a mut [T]> for VecMut<'a, T> {
    fn from(slice: &'a mut [T]) -> Self {
        VecMut::new(slice)
    }
}

impl<'a, T: Copy> From<ndarray::ArrayView1<'a, T>> for VecRef<'a, T> {
    fn from(view: ndarray::ArrayView1<'a, T>) -> Self {
        // SAFETY: an ndarray view is readable for its lifetime.
        unsafe { VecRef::from_raw(view.as_ptr(), view.len(), view.strides()[0]) }
    }
}

impl<'a, T: Copy> From<ndarray::ArrayViewMut1<'a, T>> for VecMut<'a, T> {
    fn from(mut view: ndarray::ArrayViewMut1<'a, T>) -> Self {
        // SAFETY: a mutable ndarray view is exclusive, and ndarray makes none whose elements coincide.
        unsafe { VecMut::from_raw(view.as_mut_ptr(), view.len(), view.strides()[0]) }
    }
}

impl<'a, T: Copy> From<ndarray::ArrayView2<'a, T>> for MatRef<'a, T> {
    fn from(view: ndarray::ArrayView2<'a, T>) -> Self {
        // SAFETY: an ndarray view is readable for its lifetime.
        unsafe { MatRef::from_raw(view.as_ptr(), view.dim(), (view.strides()[0], view.strides()[1])) }
    }
}

impl<'a, T: Copy> From<ndarray::ArrayViewMut2<'a, T>> for MatMut<'a, T> {
    fn from(mut view: ndarray::ArrayViewMut2<'a, T>) -> Self {
        // SAFETY: a mutable ndarray view is exclusive, and ndarray makes none whose elements coincide.
        unsafe { MatMut::from_raw(view.as_mut_ptr(), view.dim(), (view.strides()[0], view.strides()[1])) }
    }
}
