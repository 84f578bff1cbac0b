//! What is between the two passes over the columns of a matrix.
//!
//! Owns the area: a panel for each strip of the second pass, so that this reads it from end to end, parts separated. The first pass leaves its strip in another area; from there squares are turned to the rows
//! of every panel. A strip's rows are written by one worker, and panels are read when all are.

use pulp::{Simd, WithSimd};

use super::super::lanes::width;
use super::scratch::with_area;
use super::shuffle;
use crate::error::Error;
use crate::scalar::Real;

/// Panels, as many lanes wide as a register.
#[derive(Debug)]
pub(crate) struct Panels<T> {
    data: *mut T,
    rows: usize,
    count: usize,
    width: usize,
}

// SAFETY: workers write disjoint rows of an area that is the transform's own, and read it when no one writes.
unsafe impl<T: Real> Sync for Panels<T> {}

impl<T: Real> Panels<T> {
    /// Complex elements of panels of so many rows.
    pub(crate) fn room(count: usize, rows: usize, width: usize) -> usize {
        count * rows.next_multiple_of(width) * width
    }

    /// Calls `work` with panels of at least so many rows.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn with<R>(count: usize, rows: usize, width: usize, work: impl FnOnce(&Panels<T>) -> R) -> Result<R, Error> {
        let room = Panels::<T>::room(count, rows, width);
        with_area(room, |data| work(&Panels { data, rows: rows.next_multiple_of(width), count, width }))
    }

    /// The first rows of a panel.
    ///
    /// # Panics
    /// If there are not as many.
    pub(crate) fn panel(&self, index: usize, rows: usize) -> &[T] {
        assert!(index < self.count && rows <= self.rows);
        let row = 2 * self.width;
        // SAFETY: rows of the area, which nobody writes any more.
        unsafe { std::slice::from_raw_parts(self.data.wrapping_add(index * self.rows * row), rows * row) }
    }
}

/// Turns the squares of a strip's area to some rows of panels.
pub(crate) struct Squares<'a, T> {
    /// As many rows of lanes as all these panels are wide; of each group of them, that which belongs to a lane is in the lane's place.
    pub(crate) area: &'a [T],
    pub(crate) panels: &'a Panels<T>,
    /// The first panel.
    pub(crate) first: usize,
    /// The first row.
    pub(crate) row: usize,
    /// The column that each lane of a split register holds.
    pub(crate) order: &'a [usize],
}

impl<T: Real> WithSimd for Squares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match width::<T, S>() {
            16 => self.go::<16>(),
            8 => self.go::<8>(),
            4 => self.go::<4>(),
            _ => unreachable!("planned for registers of 4 lanes or more"),
        }
    }
}

impl<T: Real> Squares<'_, T> {
    #[inline(always)]
    fn go<const R: usize>(self) {
        let Squares { area, panels, first, row, .. } = self;
        let order: [usize; R] = std::array::from_fn(|lane| self.order[lane]);
        let groups = area.len() / (2 * R * R);
        assert!(panels.width == R && first + groups <= panels.count && row + R <= panels.rows && order.iter().all(|&lane| lane < R));
        for group in 0..groups {
            let from = area[group * 2 * R * R..].as_ptr();
            let to = panels.data.wrapping_add(((first + group) * panels.rows + row) * 2 * R);
            for part in 0..2 {
                // SAFETY: R rows of R elements of either part at both places, `order` being below R; the processor has the registers. These rows of the panel are this worker's alone.
                unsafe { shuffle::turn_square::<T, R>(from.add(part * R), to.add(part * R), &order) };
            }
        }
    }
}
