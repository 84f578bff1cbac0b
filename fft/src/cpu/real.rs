//! Real rows and their half spectra, by complex rows of half the length.
//!
//! Owns the two kernels for real transforms of dense rows. Of an even length, neighbours are taken as the parts of a complex number; the spectrum of that holds the
//! spectra of the even and of the odd elements, which are told apart by their symmetry. Of an odd length, the transform is that of complex elements.

use num_complex::Complex;
use pulp::{Arch, Simd, WithSimd};

use super::lanes::{Arithmetic, Pair, width};
use super::pass::in_shares;
use super::processor;
use super::rows::Rows;
use super::sys::{self, Pairs, Strip, parts_of, parts_of_mut, scratch, shuffle};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Bytes of pairs of a thread's share.
const SHARE: usize = 256 << 10;

/// What a spectrum is changed by on its side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<T> {
    pub(super) conjugate: bool,
    pub(super) factor: T,
}

impl<T: Real> Change<T> {
    /// None.
    pub(super) fn none() -> Change<T> {
        Change { conjugate: false, factor: T::of(1.0) }
    }

    fn of(self, z: Complex<T>) -> Complex<T> {
        let z = z * self.factor;
        if self.conjugate { z.conj() } else { z }
    }
}

/// Both kernels: the complex rows, and for an even length the roots of unity up to a quarter turn.
struct Kernel<T: Real> {
    n: usize,
    arch: Arch,
    rows: Rows<T>,
    turns: Vec<Complex<T>>,
}

impl<T: Real> Kernel<T> {
    fn new(n: usize, direction: Direction) -> Kernel<T> {
        let arch = processor::arch();
        if n.is_multiple_of(2) {
            Kernel { n, arch, rows: Rows::new(n / 2, direction), turns: (0..n / 4 + 1).map(|k| root(k, n)).collect() }
        } else {
            Kernel { n, arch, rows: Rows::new(n, direction), turns: Vec::new() }
        }
    }

    fn bytes(&self) -> usize {
        self.rows.bytes() + self.turns.len() * size_of::<Complex<T>>()
    }

    fn work_len(&self) -> usize {
        self.rows.work_len() + if self.n.is_multiple_of(2) { 0 } else { self.n }
    }

    /// Calls `work` with the first of some pairs, the pairs' lower and upper elements (these descending from the end of the slice) and turns, a share after another.
    fn each_pair(
        &self,
        row: &Strip<T>,
        lane: usize,
        work: impl Fn(usize, &mut [Complex<T>], &mut [Complex<T>], &[Complex<T>]) + Sync,
    ) -> Result<(), Error> {
        let pairs = Pairs::new(row, lane, self.n / 2, SHARE / (2 * size_of::<Complex<T>>()));
        in_shares(pairs.count(), 1, |index| {
            let (first, lower, upper) = pairs.block(index);
            // Loops over slices, compiled for the processor's registers.
            self.arch.dispatch(|| work(first, lower, upper, &self.turns[first..first + lower.len()]));
            Ok(())
        })
    }
}

/// Real rows to their half spectra, forward.
pub(crate) struct ToHalf<T: Real>(Kernel<T>);

impl<T: Real> ToHalf<T> {
    /// Plans.
    pub(super) fn new(n: usize) -> ToHalf<T> {
        ToHalf(Kernel::new(n, Direction::Forward))
    }

    /// The length.
    pub(super) fn len(&self) -> usize {
        self.0.n
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Rows that are best transformed at once.
    pub(super) fn together(&self) -> usize {
        self.0.rows.together()
    }

    pub(super) fn work_len(&self) -> usize {
        self.0.work_len()
    }

    /// One row.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn row(&self, row: &[T], out: &mut [Complex<T>], change: Change<T>) -> Result<(), Error> {
        let (from, to) = sys::rows::<T, _, _>(row, out);
        self.run(&from, &to, change)
    }

    /// The lanes of a strip, dense rows of the length, to those of another of `n/2 + 1`, which may begin where they do.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, change: Change<T>) -> Result<(), Error> {
        let n = self.0.n;
        let m = n / 2;
        if !n.is_multiple_of(2) {
            return scratch::<Complex<T>, 1, _>([n], |[wide]| {
                (0..to.count).try_for_each(|lane| {
                    wide.iter_mut().zip(from.real_row(lane)).for_each(|(z, &x)| *z = Complex::new(x, T::ZERO));
                    self.0.rows.in_place(wide, T::of(1.0))?;
                    to.complex_rows_mut(lane, 1).iter_mut().zip(&*wide).for_each(|(y, &z)| *y = change.of(z));
                    Ok(())
                })
            })?;
        }
        self.0.rows.run(&from.paired(), &to.first(m), change.factor)?;
        (0..to.count).try_for_each(|lane| {
            let half = T::of(0.5);
            let sign = T::of(if change.conjugate { -1.0 } else { 1.0 });
            self.0.each_pair(to, lane, |_, lower, upper, turns| {
                let done = self.0.arch.dispatch(Apart { lower, upper, turns, sign });
                let left = upper.len() - done;
                let (lower, upper, turns) = (&mut lower[done..], &mut upper[..left], &turns[done..]);
                for ((low, high), turn) in lower.iter_mut().zip(upper.iter_mut().rev()).zip(turns) {
                    let (sum_re, sum_im) = ((low.re + high.re) * half, (low.im - high.im) * half);
                    let (re, im) = ((low.re - high.re) * half, (low.im + high.im) * half);
                    // The odd elements' part: -i times the difference, turned.
                    let odd = Complex::new(re * turn.im + im * turn.re, im * turn.im - re * turn.re);
                    *low = Complex::new(sum_re + odd.re, sum_im + odd.im);
                    *high = Complex::new(sum_re - odd.re, odd.im - sum_im);
                }
                if change.conjugate {
                    lower.iter_mut().chain(upper).for_each(|z| z.im = -z.im);
                }
            })?;
            let row = to.complex_rows_mut(lane, 1);
            let first = row[0];
            row[0] = Complex::new(first.re + first.im, T::ZERO);
            row[m] = Complex::new(first.re - first.im, T::ZERO);
            if m.is_multiple_of(2) && !change.conjugate {
                row[m / 2].im = -row[m / 2].im;
            }
            Ok(())
        })
    }
}

/// Half spectra to their real rows, inverse.
pub(crate) struct FromHalf<T: Real>(Kernel<T>);

impl<T: Real> FromHalf<T> {
    /// Plans.
    pub(super) fn new(n: usize) -> FromHalf<T> {
        FromHalf(Kernel::new(n, Direction::Inverse))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Rows that are best transformed at once.
    pub(super) fn together(&self) -> usize {
        self.0.rows.together()
    }

    pub(super) fn work_len(&self) -> usize {
        self.0.work_len()
    }

    /// One row.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn row(&self, row: &[Complex<T>], out: &mut [T], change: Change<T>) -> Result<(), Error> {
        let (from, to) = sys::rows::<T, _, _>(row, out);
        self.run(&from, &to, change)
    }

    /// The lanes of a strip, dense rows of `n/2 + 1`, to those of another, of n reals, elsewhere. What a Hermitian array does not have (imaginary parts of elements 0 and n/2) is
    /// not looked at.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, change: Change<T>) -> Result<(), Error> {
        let n = self.0.n;
        let m = n / 2;
        if !n.is_multiple_of(2) {
            return scratch::<Complex<T>, 1, _>([n], |[wide]| {
                (0..to.count).try_for_each(|lane| {
                    let row = from.complex_rows(lane, 1);
                    wide[0] = Complex::new(row[0].re * change.factor, T::ZERO);
                    for k in 1..=m {
                        wide[k] = change.of(row[k]);
                        wide[n - k] = wide[k].conj();
                    }
                    self.0.rows.in_place(wide, T::of(1.0))?;
                    to.real_row_mut(lane).iter_mut().zip(&*wide).for_each(|(y, z)| *y = z.re);
                    Ok(())
                })
            })?;
        }
        let pairs = to.paired();
        (0..to.count).try_for_each(|lane| {
            let row = from.complex_rows(lane, 1);
            let (factor, sign) = (change.factor, if change.conjugate { -change.factor } else { change.factor });
            self.0.each_pair(&pairs, lane, |first, lower, upper, turns| {
                let count = lower.len();
                let (from_lower, from_upper) = (&row[first..first + count], &row[m + 1 - first - count..=m - first]);
                let done = self.0.arch.dispatch(Together { given: [from_lower, from_upper], lower, upper, turns, factor, sign });
                let left = count - done;
                let (from_lower, from_upper, turns) = (&from_lower[done..], &from_upper[..left], &turns[done..]);
                let (lower, upper) = (&mut lower[done..], &mut upper[..left]);
                let given = from_lower.iter().zip(from_upper.iter().rev());
                for ((low, high), ((x, y), turn)) in lower.iter_mut().zip(upper.iter_mut().rev()).zip(given.zip(turns)) {
                    let (even_re, even_im) = ((x.re + y.re) * factor, (x.im - y.im) * sign);
                    let (re, im) = ((x.re - y.re) * factor, (x.im + y.im) * sign);
                    // The odd elements' spectrum: the difference, turned back.
                    let (odd_re, odd_im) = (re * turn.re + im * turn.im, im * turn.re - re * turn.im);
                    *low = Complex::new(even_re - odd_im, even_im + odd_re);
                    *high = Complex::new(even_re + odd_im, odd_re - even_im);
                }
            })?;
            let out = pairs.complex_rows_mut(lane, 1);
            out[0] = Complex::new((row[0].re + row[m].re) * factor, (row[0].re - row[m].re) * factor);
            if m.is_multiple_of(2) {
                let (re, im) = (row[m / 2].re * factor, row[m / 2].im * sign);
                out[m / 2] = Complex::new(re + re, -(im + im));
            }
            Ok::<(), crate::error::Error>(())
        })?;
        self.0.rows.run(&pairs, &pairs, T::of(1.0))
    }
}

/// The spectra of even and odd elements told apart, as many pairs at once as registers have lanes; gives how many were done.
struct Apart<'a, T> {
    lower: &'a mut [Complex<T>],
    /// In ascending order: the last belongs to the first of the lower.
    upper: &'a mut [Complex<T>],
    turns: &'a [Complex<T>],
    /// -1 where results are to be conjugated.
    sign: T,
}

/// A register's numbers in the reverse order. That of a split register is its lanes' reverse order.
#[inline(always)]
fn reversed<T: Real, S: Simd>([re, im]: Pair<T, S>) -> Pair<T, S> {
    [shuffle::reverse::<T, _>(re).unwrap_or_else(|v| v), shuffle::reverse::<T, _>(im).unwrap_or_else(|v| v)]
}

/// Lanes of the registers in which pairs can be worked on; 0 for none.
#[inline(always)]
fn pair_lanes<T: Real, S: Simd>() -> usize {
    match width::<T, S>() {
        lanes if cfg!(target_arch = "x86_64") && lanes >= 4 => lanes,
        _ => 0,
    }
}

impl<T: Real> WithSimd for Apart<'_, T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let lanes = pair_lanes::<T, S>();
        if lanes == 0 {
            return 0;
        }
        let row = 2 * lanes;
        let whole = self.lower.len() / lanes;
        let (half, sign) = (T::splat(simd, T::of(0.5)), T::splat(simd, self.sign));
        let (lower, upper) = (parts_of_mut(self.lower).chunks_exact_mut(row), parts_of_mut(self.upper).rchunks_exact_mut(row));
        for ((low, high), turns) in lower.zip(upper).zip(parts_of(self.turns).chunks_exact(row)) {
            let (x, y, turn) = (T::split(simd, low), reversed::<T, S>(T::split(simd, high)), T::split(simd, turns));
            let sum = [T::v_mul(simd, T::v_add(simd, x[0], y[0]), half), T::v_mul(simd, T::v_sub(simd, x[1], y[1]), half)];
            // The odd elements' part: -i times the difference, turned.
            let difference = [T::v_mul(simd, T::v_add(simd, x[1], y[1]), half), T::v_mul(simd, T::v_sub(simd, y[0], x[0]), half)];
            let odd = Arithmetic(simd).turn::<T>(difference, turn);
            let im = [T::v_add(simd, sum[1], odd[1]), T::v_sub(simd, odd[1], sum[1])];
            T::join(simd, [T::v_add(simd, sum[0], odd[0]), T::v_mul(simd, im[0], sign)], low);
            T::join(simd, reversed::<T, S>([T::v_sub(simd, sum[0], odd[0]), T::v_mul(simd, im[1], sign)]), high);
        }
        whole * lanes
    }
}

/// The reverse of [`Apart`], from elsewhere.
struct Together<'a, T> {
    given: [&'a [Complex<T>]; 2],
    lower: &'a mut [Complex<T>],
    upper: &'a mut [Complex<T>],
    turns: &'a [Complex<T>],
    /// Of real parts.
    factor: T,
    /// Of imaginary parts.
    sign: T,
}

impl<T: Real> WithSimd for Together<'_, T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let lanes = pair_lanes::<T, S>();
        if lanes == 0 {
            return 0;
        }
        let row = 2 * lanes;
        let whole = self.lower.len() / lanes;
        let (factor, sign) = (T::splat(simd, self.factor), T::splat(simd, self.sign));
        let (lower, upper) = (parts_of_mut(self.lower).chunks_exact_mut(row), parts_of_mut(self.upper).rchunks_exact_mut(row));
        let given = parts_of(self.given[0]).chunks_exact(row).zip(parts_of(self.given[1]).rchunks_exact(row));
        for ((low, high), ((x, y), turns)) in lower.zip(upper).zip(given.zip(parts_of(self.turns).chunks_exact(row))) {
            let (x, y, turn) = (T::split(simd, x), reversed::<T, S>(T::split(simd, y)), T::split(simd, turns));
            let even = [T::v_mul(simd, T::v_add(simd, x[0], y[0]), factor), T::v_mul(simd, T::v_sub(simd, x[1], y[1]), sign)];
            let (re, im) = (T::v_mul(simd, T::v_sub(simd, x[0], y[0]), factor), T::v_mul(simd, T::v_add(simd, x[1], y[1]), sign));
            // The odd elements' spectrum: the difference, turned back.
            let odd_re = T::v_fma(simd, im, turn[1], T::v_mul(simd, re, turn[0]));
            let odd_im = T::v_nfma(simd, re, turn[1], T::v_mul(simd, im, turn[0]));
            T::join(simd, [T::v_sub(simd, even[0], odd_im), T::v_add(simd, even[1], odd_re)], low);
            T::join(simd, reversed::<T, S>([T::v_add(simd, even[0], odd_im), T::v_sub(simd, odd_re, even[1])]), high);
        }
        whole * lanes
    }
}
