//! Cosine and sine transforms of rows, types 1 to 4, by a Fourier transform each.
//!
//! Owns the reordering and turning before and after. Definitions and the factor 2 are SciPy's. Type 1 extends the row to an even or odd period; type 2 and its inverse,
//! type 3, are those of Makhoul (1980), a real transform of the row's own length; type 4 of an even length is a complex transform of half of it, of an odd length one of
//! twice as much. A sine transform is the cosine transform of the same type with signs alternating and the order reversed on one side or the other.

use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, RealToComplex};
use rustfft::Fft;

use super::kernel;
use crate::scalar::{Real, root};
use crate::spec::{Direction, TrigType};

/// A planned cosine or sine transform.
pub(crate) struct Trig<T: Real> {
    n: usize,
    sine: bool,
    form: Form<T>,
}

enum Form<T: Real> {
    One(Arc<dyn RealToComplex<T>>),
    Two { fft: Arc<dyn RealToComplex<T>>, turns: Vec<Complex<T>> },
    Three { fft: Arc<dyn ComplexToReal<T>>, turns: Vec<Complex<T>> },
    Four { fft: Arc<dyn Fft<T>>, before: Vec<Complex<T>>, after: Vec<Complex<T>> },
}

impl<T: Real> Trig<T> {
    pub(super) fn new(ty: TrigType, sine: bool, n: usize) -> Trig<T> {
        let quarter_turns = || (0..n / 2 + 1).map(|k| root(k, 4 * n)).collect();
        let form = match ty {
            TrigType::One => Form::One(kernel::half(if sine { 2 * (n + 1) } else { 2 * (n - 1) })),
            TrigType::Two => Form::Two { fft: kernel::half(n), turns: quarter_turns() },
            TrigType::Three => Form::Three { fft: kernel::real(n), turns: quarter_turns() },
            TrigType::Four if n.is_multiple_of(2) => Form::Four {
                fft: kernel::complex(n / 2, Direction::Forward),
                before: (0..n / 2).map(|j| root(4 * j + 1, 8 * n)).collect(),
                after: (0..n / 2).map(|k| root(k, 2 * n)).collect(),
            },
            TrigType::Four => Form::Four {
                fft: kernel::complex(2 * n, Direction::Forward),
                before: (0..n).map(|j| root(j, 4 * n)).collect(),
                after: (0..n).map(|k| root(2 * k + 1, 8 * n)).collect(),
            },
        };
        Trig { n, sine, form }
    }

    /// Bytes it keeps, about.
    pub(super) fn bytes(&self) -> usize {
        2 * self.work_len() * size_of::<Complex<T>>()
    }

    /// Complex elements of scratch.
    pub(super) fn work_len(&self) -> usize {
        match &self.form {
            Form::One(fft) => fft.len().div_ceil(2) + fft.complex_len() + fft.get_scratch_len(),
            Form::Two { fft, .. } => self.n.div_ceil(2) + fft.complex_len() + fft.get_scratch_len(),
            Form::Three { fft, .. } => self.n.div_ceil(2) + fft.complex_len() + fft.get_scratch_len(),
            Form::Four { fft, .. } => fft.len() + fft.get_inplace_scratch_len(),
        }
    }

    /// Transforms a row in place; `work` has [`Trig::work_len`] elements, `reals` as many as the longest real row inside.
    pub(super) fn run(&self, row: &mut [T], reals: &mut [T], work: &mut [Complex<T>]) {
        let n = self.n;
        debug_assert_eq!(row.len(), n);
        let inverse_like = matches!(self.form, Form::Three { .. } | Form::Four { .. });
        if self.sine && !matches!(self.form, Form::One(_)) {
            if inverse_like { row.reverse() } else { alternate(row) }
        }
        match &self.form {
            Form::One(fft) => self.one(&**fft, row, reals, work),
            Form::Two { fft, turns } => two(&**fft, turns, row, &mut reals[..n], work),
            Form::Three { fft, turns } => three(&**fft, turns, row, &mut reals[..n], work),
            Form::Four { fft, before, after } if n.is_multiple_of(2) => four_even(&**fft, before, after, row, work),
            Form::Four { fft, before, after } => four_odd(&**fft, before, after, row, work),
        }
        if self.sine && !matches!(self.form, Form::One(_)) {
            if inverse_like { alternate(row) } else { row.reverse() }
        }
    }

    /// Reals of the longest row inside.
    pub(super) fn reals_len(&self) -> usize {
        if let Form::One(fft) = &self.form { fft.len() } else { self.n }
    }

    fn one(&self, fft: &dyn RealToComplex<T>, row: &mut [T], reals: &mut [T], work: &mut [Complex<T>]) {
        let (n, period) = (self.n, fft.len());
        let extended = &mut reals[..period];
        let (spectrum, scratch) = work.split_at_mut(fft.complex_len());
        if self.sine {
            extended[0] = T::ZERO;
            extended[n + 1] = T::ZERO;
            for (j, &x) in row.iter().enumerate() {
                extended[j + 1] = x;
                extended[period - 1 - j] = -x;
            }
        } else {
            extended[..n].copy_from_slice(row);
            for j in 1..n - 1 {
                extended[period - j] = row[j];
            }
        }
        let scratch = &mut scratch[..fft.get_scratch_len()];
        kernel::run_half(fft, extended, spectrum, scratch);
        for (k, y) in row.iter_mut().enumerate() {
            *y = if self.sine { -spectrum[k + 1].im } else { spectrum[k].re };
        }
    }
}

fn alternate<T: Real>(row: &mut [T]) {
    row.iter_mut().skip(1).step_by(2).for_each(|x| *x = -*x);
}

fn two<T: Real>(fft: &dyn RealToComplex<T>, turns: &[Complex<T>], row: &mut [T], reals: &mut [T], work: &mut [Complex<T>]) {
    let n = row.len();
    for (j, pair) in row.chunks(2).enumerate() {
        reals[j] = pair[0];
        if let Some(&odd) = pair.get(1) {
            reals[n - 1 - j] = odd;
        }
    }
    let (spectrum, scratch) = work.split_at_mut(fft.complex_len());
    let scratch = &mut scratch[..fft.get_scratch_len()];
    kernel::run_half(fft, reals, spectrum, scratch);
    for (k, (&v, &turn)) in spectrum.iter().zip(turns).enumerate() {
        let z = v * turn;
        if k > 0 {
            row[n - k] = -(z.im + z.im);
        }
        row[k] = z.re + z.re;
    }
}

fn three<T: Real>(fft: &dyn ComplexToReal<T>, turns: &[Complex<T>], row: &mut [T], reals: &mut [T], work: &mut [Complex<T>]) {
    let n = row.len();
    let (spectrum, scratch) = work.split_at_mut(fft.complex_len());
    for (k, (v, &turn)) in spectrum.iter_mut().zip(turns).enumerate() {
        let other = if k == 0 { T::ZERO } else { row[n - k] };
        *v = Complex::new(row[k], -other) * turn.conj();
    }
    let scratch = &mut scratch[..fft.get_scratch_len()];
    kernel::run_real(fft, spectrum, reals, scratch);
    for j in 0..n {
        row[j] = if j % 2 == 0 { reals[j / 2] } else { reals[n - 1 - j / 2] };
    }
}

fn four_even<T: Real>(fft: &dyn Fft<T>, before: &[Complex<T>], after: &[Complex<T>], row: &mut [T], work: &mut [Complex<T>]) {
    let n = row.len();
    let (z, scratch) = work.split_at_mut(n / 2);
    for (j, (z, &turn)) in z.iter_mut().zip(before).enumerate() {
        *z = Complex::new(row[2 * j], row[n - 1 - 2 * j]) * turn;
    }
    fft.process_with_scratch(z, scratch);
    for (k, (&z, &turn)) in z.iter().zip(after).enumerate() {
        let t = z * turn;
        row[2 * k] = t.re + t.re;
        row[n - 1 - 2 * k] = -(t.im + t.im);
    }
}

fn four_odd<T: Real>(fft: &dyn Fft<T>, before: &[Complex<T>], after: &[Complex<T>], row: &mut [T], work: &mut [Complex<T>]) {
    let n = row.len();
    let (z, scratch) = work.split_at_mut(2 * n);
    for ((z, &x), &turn) in z.iter_mut().zip(&*row).zip(before) {
        *z = turn * x;
    }
    z[n..].fill(Complex::new(T::ZERO, T::ZERO));
    fft.process_with_scratch(z, scratch);
    for ((y, &z), &turn) in row.iter_mut().zip(&*z).zip(after) {
        let t = z * turn;
        *y = t.re + t.re;
    }
}
