//! The first pass over a row: butterflies along its columns, results turned square by square.

use pulp::{Simd, WithSimd};

use super::super::lanes::{Arithmetic, Butterfly, width};
use super::shuffle;
use super::walk::{Ahead, Source, align_frame};
use crate::scalar::Real;

/// The row (or several, their columns beside each other) as a matrix of as many rows as a register has lanes. Its columns are transformed, multiplied and written as rows, parts separated, in the order in which
/// [`crate::cpu::Lanes::join`] takes them.
pub(crate) struct First<'a, T, A> {
    /// The row, in pieces of a register.
    pub(crate) row: A,
    /// Registers of columns.
    pub(crate) groups: usize,
    /// Of each group of columns, for each result, factors: real and imaginary parts.
    pub(crate) turns: &'a [T],
    /// The column that each lane of a split register holds.
    pub(crate) order: &'a [usize],
    /// Room for a square.
    pub(crate) square: &'a mut [T],
    /// Where results go.
    pub(crate) area: &'a mut [T],
    /// What is fetched on the way, two steps a group.
    pub(crate) ahead: &'a mut Ahead,
}

impl<T: Real, A: Source<T>> WithSimd for First<'_, T, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match width::<T, S>() {
            16 => self.go::<S, 16>(simd),
            8 => self.go::<S, 8>(simd),
            4 => self.go::<S, 4>(simd),
            _ => unreachable!("planned for registers of 4 lanes or more"),
        }
    }
}

impl<T: Real, A: Source<T>> First<'_, T, A> {
    #[inline(always)]
    fn go<S: Simd, const R: usize>(self, simd: S)
    where
        T: Butterfly<R>,
    {
        align_frame();
        let simd = Arithmetic(simd);
        let groups = self.groups;
        let order: [usize; R] = std::array::from_fn(|lane| self.order[lane]);
        // Where results of a number go in the square: to the row of that lane which holds the number.
        let mut places = [0; R];
        for (lane, &number) in order.iter().enumerate() {
            places[number] = lane;
        }
        assert!(groups > 0 && self.row.has::<S>(R * groups) && width::<T, S>() == R && order.iter().all(|&number| number < R));
        assert!(self.turns.len() == groups * 2 * R * R && self.area.len() >= groups * 2 * R * R && self.square.len() >= 2 * R * R);
        for group in 0..groups {
            self.ahead.step();
            let mut a = [[T::splat(simd.0, T::ZERO); 2]; R];
            for (k, element) in a.iter_mut().enumerate() {
                // SAFETY: one of the row's pieces, of which there are R times `groups`.
                *element = unsafe { self.row.load(simd, k * groups + group) };
            }
            let b = T::butterfly(simd, a);
            for j in 0..R {
                // SAFETY: a factor of this group.
                let turn = T::load::<S>(unsafe { self.turns.get_unchecked((group * R + j) * 2 * R..(group * R + j + 1) * 2 * R) });
                let z = if j == 0 { b[j] } else { simd.turn::<T>(b[j], turn) };
                // SAFETY: a row of the square; places are below R.
                T::store::<S>(z, unsafe { self.square.get_unchecked_mut(places[j] * 2 * R..(places[j] + 1) * 2 * R) });
            }
            self.ahead.step();
            let area = self.area[group * 2 * R * R..].as_mut_ptr();
            for part in 0..2 {
                // SAFETY: R rows of R elements of either part at both places, `order` being below R; the processor has the registers.
                unsafe { shuffle::turn_square::<T, R>(self.square.as_ptr().add(part * R), area.add(part * R), &order) };
            }
        }
    }
}
