//! Where the elements of an array lie: shape, strides in bytes, item size.
//!
//! Arithmetic only, no memory. A [`Layout`] is always sound: its size in bytes and the span its elements cover fit `isize`.

use crate::error::DeviceError;

/// Which axis is the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last.
    C,
    /// The first.
    F,
}

/// Shape and strides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Vec<usize>,
    strides: Vec<isize>,
    itemsize: usize,
}

impl Layout {
    /// A dense layout.
    ///
    /// # Errors
    /// More bytes than fit the address space.
    pub fn contiguous(shape: &[usize], itemsize: usize, order: Order) -> Result<Layout, DeviceError> {
        // An array without elements gets the strides it would have with each zero extent a one.
        let mut strides = vec![0; shape.len()];
        let mut step = itemsize;
        let mut place = |axis: usize| -> Result<(), DeviceError> {
            strides[axis] = isize::try_from(step).map_err(|_| DeviceError::TooLarge)?;
            step = step.checked_mul(shape[axis].max(1)).ok_or(DeviceError::TooLarge)?;
            Ok(())
        };
        match order {
            Order::C => (0..shape.len()).rev().try_for_each(&mut place)?,
            Order::F => (0..shape.len()).try_for_each(&mut place)?,
        }
        isize::try_from(step).map_err(|_| DeviceError::TooLarge)?;
        Ok(Layout { shape: shape.to_vec(), strides, itemsize })
    }

    /// A layout with strides given, in bytes.
    ///
    /// # Errors
    /// Another number of strides than axes, or elements farther apart than the address space.
    pub fn strided(shape: &[usize], strides: &[isize], itemsize: usize) -> Result<Layout, DeviceError> {
        if shape.len() != strides.len() {
            return Err(DeviceError::Shape(format!("{} strides for {} axes", strides.len(), shape.len())));
        }
        let layout = Layout { shape: shape.to_vec(), strides: strides.to_vec(), itemsize };
        Layout::contiguous(shape, itemsize, Order::C)?;
        layout.checked_span().ok_or(DeviceError::TooLarge)?;
        Ok(layout)
    }

    /// Extents in elements.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Distances in bytes between neighbours along each axis.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Bytes of an element.
    pub fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of all elements together.
    pub fn nbytes(&self) -> usize {
        self.size() * self.itemsize
    }

    /// Bytes before and from the first element that the elements cover.
    ///
    /// # Panics
    /// Never: that they fit in the address space was checked when the layout was made.
    pub fn span(&self) -> (usize, usize) {
        self.checked_span().expect("checked when it was made")
    }

    fn checked_span(&self) -> Option<(usize, usize)> {
        if self.size() == 0 {
            return Some((0, 0));
        }
        let (mut below, mut above) = (0usize, self.itemsize);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = stride.unsigned_abs().checked_mul(extent - 1)?;
            let side = if stride < 0 { &mut below } else { &mut above };
            *side = side.checked_add(reach)?;
        }
        isize::try_from(below.checked_add(above)?).ok()?;
        Some((below, above))
    }

    /// Whether an array that begins at byte `offset` of a buffer of `bytes` bytes lies in it.
    pub fn fits(&self, offset: usize, bytes: usize) -> bool {
        let (below, above) = self.span();
        below <= offset && offset <= bytes && above <= bytes - offset
    }

    fn is_dense(&self, axes: impl Iterator<Item = usize>) -> bool {
        let mut step = self.itemsize;
        for axis in axes {
            // Strides of axes with one element are never used.
            if self.shape[axis] != 1 && self.strides[axis] != step as isize {
                return false;
            }
            step *= self.shape[axis];
        }
        true
    }

    /// Whether the elements are dense with the last axis fastest.
    pub fn is_c(&self) -> bool {
        self.size() == 0 || self.is_dense((0..self.ndim()).rev())
    }

    /// Whether the elements are dense with the first axis fastest.
    pub fn is_f(&self) -> bool {
        self.size() == 0 || self.is_dense(0..self.ndim())
    }

    /// Takes element `index` (not negative) of an axis away; gives the layout and the byte offset of its first element.
    ///
    /// # Errors
    /// No such element.
    pub fn index(&self, axis: usize, index: usize) -> Result<(Layout, isize), DeviceError> {
        let extent = *self.shape.get(axis).ok_or_else(|| DeviceError::Shape(format!("there is no axis {axis} in {} axes", self.ndim())))?;
        if index >= extent {
            return Err(DeviceError::Index { axis, index: index as isize, extent });
        }
        let mut layout = self.clone();
        layout.shape.remove(axis);
        let stride = layout.strides.remove(axis);
        // The whole array lies within `isize`, so this element does.
        Ok((layout, stride * index as isize))
    }

    /// `count` elements of an axis from `start`, `step` apart; gives the layout and the byte offset of its first element.
    ///
    /// # Errors
    /// An element of the slice does not exist.
    pub fn slice(&self, axis: usize, start: usize, step: isize, count: usize) -> Result<(Layout, isize), DeviceError> {
        let extent = *self.shape.get(axis).ok_or_else(|| DeviceError::Shape(format!("there is no axis {axis} in {} axes", self.ndim())))?;
        let mut layout = self.clone();
        layout.shape[axis] = count;
        if count == 0 {
            return Ok((layout, 0));
        }
        let last = step.checked_mul(count as isize - 1).and_then(|reach| reach.checked_add(start as isize)).unwrap_or(isize::MAX);
        for index in [start as isize, last] {
            if index < 0 || index as usize >= extent {
                return Err(DeviceError::Index { axis, index, extent });
            }
        }
        // With one element the step is free and may be anything.
        layout.strides[axis] = if count == 1 { self.strides[axis] } else { self.strides[axis] * step };
        Ok((layout, self.strides[axis] * start as isize))
    }

    /// The axes in reverse.
    pub fn transposed(&self) -> Layout {
        let mut layout = self.clone();
        layout.shape.reverse();
        layout.strides.reverse();
        layout
    }

    /// The same elements in the same order under another shape, without moving any; `None` if they lie so that it cannot be done.
    ///
    /// # Errors
    /// Another number of elements.
    pub fn reshaped(&self, shape: &[usize], order: Order) -> Result<Option<Layout>, DeviceError> {
        let target = Layout::contiguous(shape, self.itemsize, order)?;
        if target.size() != self.size() {
            return Err(DeviceError::Shape(format!("cannot reshape array of size {} into shape {shape:?}", self.size())));
        }
        let dense = match order {
            Order::C => self.is_c(),
            Order::F => self.is_f(),
        };
        Ok(dense.then_some(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_layouts_are_numpys() {
        let c = Layout::contiguous(&[2, 3, 4], 8, Order::C).unwrap();
        assert_eq!((c.strides(), c.size(), c.nbytes(), c.is_c(), c.is_f()), (&[96isize, 32, 8][..], 24, 192, true, false));
        let f = Layout::contiguous(&[2, 3, 4], 8, Order::F).unwrap();
        assert_eq!((f.strides(), f.is_c(), f.is_f()), (&[8isize, 16, 48][..], false, true));
        assert_eq!(c.transposed().shape(), [4, 3, 2]);
        assert!(c.transposed().is_f());
        let scalar = Layout::contiguous(&[], 4, Order::C).unwrap();
        assert_eq!((scalar.size(), scalar.is_c(), scalar.is_f()), (1, true, true));
        let empty = Layout::contiguous(&[3, 0, 2], 4, Order::C).unwrap();
        assert_eq!((empty.size(), empty.is_c(), empty.is_f()), (0, true, true));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert_eq!(Layout::contiguous(&[usize::MAX, 2], 1, Order::C), Err(DeviceError::TooLarge));
        assert_eq!(Layout::contiguous(&[1 << 62], 2, Order::C), Err(DeviceError::TooLarge));
        assert_eq!(Layout::strided(&[1 << 40], &[1 << 40], 1), Err(DeviceError::TooLarge));
        assert!(Layout::strided(&[2], &[8, 8], 8).is_err());
    }

    #[test]
    fn a_layout_knows_whether_it_lies_in_a_buffer() {
        let backwards = Layout::strided(&[4], &[-8], 8).unwrap();
        assert!(backwards.fits(24, 32));
        assert!(!backwards.fits(16, 32));
        assert!(!backwards.fits(32, 32));
        assert!(Layout::contiguous(&[0], 8, Order::C).unwrap().fits(0, 0));
    }

    #[test]
    fn slices_stay_inside() {
        let c = Layout::contiguous(&[5, 6], 2, Order::C).unwrap();
        let (every_second, offset) = c.slice(1, 5, -2, 3).unwrap();
        assert_eq!((every_second.shape(), every_second.strides(), offset), (&[5usize, 3][..], &[12isize, -4][..], 10));
        assert_eq!(c.slice(1, 5, -2, 4), Err(DeviceError::Index { axis: 1, index: -1, extent: 6 }));
        assert_eq!(c.slice(0, 2, isize::MAX, 3), Err(DeviceError::Index { axis: 0, index: isize::MAX, extent: 5 }));
        assert_eq!(c.index(0, 5), Err(DeviceError::Index { axis: 0, index: 5, extent: 5 }));
        assert_eq!(c.index(0, 4).unwrap().1, 48);
        assert!(c.index(2, 0).is_err());
        assert_eq!(c.slice(0, 9, 1, 0).unwrap().0.shape(), [0, 6]);
    }

    #[test]
    fn reshape_moves_nothing_or_says_so() {
        let c = Layout::contiguous(&[4, 6], 4, Order::C).unwrap();
        assert_eq!(c.reshaped(&[3, 8], Order::C).unwrap().unwrap().strides(), [32, 4]);
        assert_eq!(c.transposed().reshaped(&[24], Order::C), Ok(None));
        assert!(c.reshaped(&[5, 5], Order::C).is_err());
    }
}
