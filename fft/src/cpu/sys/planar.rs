//! Rows across a strip: one element of each of its lanes, side by side.
//!
//! Called from code compiled for the processor's widest registers, into which these functions are inlined.

use num_complex::Complex;

use crate::scalar::Real;

use super::strip::Strip;

impl<T: Real> Strip<T> {
    /// Element `j` of all lanes as interleaved parts: from the array itself where the lanes are neighbours and fill the row, else through the buffer, zeros after the last lane.
    #[inline(always)]
    pub(crate) fn read_row<'a>(&'a self, j: usize, buffer: &'a mut [T]) -> &'a [T] {
        assert!(j < self.len && 2 * self.count <= buffer.len());
        let row = self.data.wrapping_offset(self.step * j as isize);
        if self.lane == 2 && 2 * self.count == buffer.len() {
            // SAFETY: `count` neighbouring complex elements of this strip.
            return unsafe { std::slice::from_raw_parts(row.cast_const(), buffer.len()) };
        }
        for (l, parts) in buffer.chunks_exact_mut(2).enumerate().take(self.count) {
            // SAFETY: a complex element of this strip.
            let element = unsafe { row.wrapping_offset(self.lane * l as isize).cast::<Complex<T>>().read() };
            (parts[0], parts[1]) = (element.re, element.im);
        }
        buffer
    }

    /// Has `fill` write the row that [`Strip::read_row`] reads.
    #[inline(always)]
    pub(crate) fn write_row(&self, j: usize, buffer: &mut [T], fill: impl FnOnce(&mut [T])) {
        assert!(j < self.len && 2 * self.count <= buffer.len());
        let row = self.data.wrapping_offset(self.step * j as isize);
        if self.lane == 2 && 2 * self.count == buffer.len() {
            // SAFETY: `count` neighbouring complex elements of this strip, which is this worker's alone.
            return fill(unsafe { std::slice::from_raw_parts_mut(row, buffer.len()) });
        }
        fill(buffer);
        for (l, parts) in buffer.chunks_exact(2).enumerate().take(self.count) {
            // SAFETY: a complex element of this strip, which is this worker's alone.
            unsafe { row.wrapping_offset(self.lane * l as isize).cast::<Complex<T>>().write(Complex::new(parts[0], parts[1])) };
        }
    }
}
