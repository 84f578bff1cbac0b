//! Cosine and sine transforms of rows, types 1 to 4, by a Fourier transform each.
//!
//! Owns the reordering and turning before and after. Definitions and the factor 2 are SciPy's. Type 1 extends the row to an even or odd period; type 2 and its inverse,
//! type 3, are those of Makhoul (1980), a real transform of the row's own length; type 4 of an even length is a complex transform of half of it, of an odd length one of
//! twice as much. A sine transform is the cosine transform of the same type with signs alternating and the order reversed on one side or the other.

use num_complex::Complex;

use super::real::{Change, FromHalf, ToHalf};
use super::rows::Rows;
use super::sys::scratch;
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::{Direction, TrigType};

/// A planned cosine or sine transform.
pub(crate) struct Trig<T: Real> {
    n: usize,
    sine: bool,
    form: Form<T>,
}

enum Form<T: Real> {
    One(ToHalf<T>),
    Two { fft: ToHalf<T>, turns: Vec<Complex<T>> },
    Three { fft: FromHalf<T>, turns: Vec<Complex<T>> },
    Four { fft: Rows<T>, before: Vec<Complex<T>>, after: Vec<Complex<T>> },
}

impl<T: Real> Trig<T> {
    pub(super) fn new(ty: TrigType, sine: bool, n: usize) -> Trig<T> {
        let quarter_turns = || (0..n / 2 + 1).map(|k| root(k, 4 * n)).collect();
        let form = match ty {
            TrigType::One => Form::One(ToHalf::new(if sine { 2 * (n + 1) } else { 2 * (n - 1) })),
            TrigType::Two => Form::Two { fft: ToHalf::new(n), turns: quarter_turns() },
            TrigType::Three => Form::Three { fft: FromHalf::new(n), turns: quarter_turns() },
            TrigType::Four if n.is_multiple_of(2) => Form::Four {
                fft: Rows::new(n / 2, Direction::Forward),
                before: (0..n / 2).map(|j| root(4 * j + 1, 8 * n)).collect(),
                after: (0..n / 2).map(|k| root(k, 2 * n)).collect(),
            },
            TrigType::Four => Form::Four {
                fft: Rows::new(2 * n, Direction::Forward),
                before: (0..n).map(|j| root(j, 4 * n)).collect(),
                after: (0..n).map(|k| root(2 * k + 1, 8 * n)).collect(),
            },
        };
        Trig { n, sine, form }
    }

    /// Bytes it keeps, about.
    pub(super) fn bytes(&self) -> usize {
        match &self.form {
            Form::One(fft) => fft.bytes(),
            Form::Two { fft, turns } => fft.bytes() + size_of_val(&turns[..]),
            Form::Three { fft, turns } => fft.bytes() + size_of_val(&turns[..]),
            Form::Four { fft, before, after } => fft.bytes() + size_of_val(&before[..]) + size_of_val(&after[..]),
        }
    }

    /// Complex elements of scratch for one row.
    pub(super) fn work_len(&self) -> usize {
        let inside = match &self.form {
            Form::One(fft) | Form::Two { fft, .. } => fft.work_len(),
            Form::Three { fft, .. } => fft.work_len(),
            Form::Four { fft, .. } => fft.work_len(),
        };
        inside + self.spectrum_len() + self.reals_len().div_ceil(2)
    }

    /// Complex elements inside.
    fn spectrum_len(&self) -> usize {
        match &self.form {
            Form::One(fft) => fft.len() / 2 + 1,
            Form::Two { .. } | Form::Three { .. } => self.n / 2 + 1,
            Form::Four { fft, .. } => fft.len(),
        }
    }

    /// Transforms a row in place; `reals` has [`Trig::reals_len`] elements.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, row: &mut [T], reals: &mut [T]) -> Result<(), Error> {
        scratch::<Complex<T>, 1, _>([self.spectrum_len()], |[spectrum]| self.run_in(row, reals, spectrum))?
    }

    fn run_in(&self, row: &mut [T], reals: &mut [T], spectrum: &mut [Complex<T>]) -> Result<(), Error> {
        let n = self.n;
        debug_assert_eq!(row.len(), n);
        let inverse_like = matches!(self.form, Form::Three { .. } | Form::Four { .. });
        if self.sine && !matches!(self.form, Form::One(_)) {
            if inverse_like { row.reverse() } else { alternate(row) }
        }
        match &self.form {
            Form::One(fft) => self.one(fft, row, reals, spectrum),
            Form::Two { fft, turns } => two(fft, turns, row, &mut reals[..n], spectrum),
            Form::Three { fft, turns } => three(fft, turns, row, &mut reals[..n], spectrum),
            Form::Four { fft, before, after } if n.is_multiple_of(2) => four_even(fft, before, after, row, spectrum),
            Form::Four { fft, before, after } => four_odd(fft, before, after, row, spectrum),
        }?;
        if self.sine && !matches!(self.form, Form::One(_)) {
            if inverse_like { alternate(row) } else { row.reverse() }
        }
        Ok(())
    }

    /// Reals of the longest row inside.
    pub(super) fn reals_len(&self) -> usize {
        if let Form::One(fft) = &self.form { fft.len() } else { self.n }
    }

    fn one(&self, fft: &ToHalf<T>, row: &mut [T], extended: &mut [T], spectrum: &mut [Complex<T>]) -> Result<(), Error> {
        let (n, period) = (self.n, fft.len());
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
        fft.row(extended, spectrum, Change::none())?;
        for (k, y) in row.iter_mut().enumerate() {
            *y = if self.sine { -spectrum[k + 1].im } else { spectrum[k].re };
        }
        Ok(())
    }
}

fn alternate<T: Real>(row: &mut [T]) {
    row.iter_mut().skip(1).step_by(2).for_each(|x| *x = -*x);
}

fn two<T: Real>(fft: &ToHalf<T>, turns: &[Complex<T>], row: &mut [T], reals: &mut [T], spectrum: &mut [Complex<T>]) -> Result<(), Error> {
    let n = row.len();
    for (j, pair) in row.chunks(2).enumerate() {
        reals[j] = pair[0];
        if let Some(&odd) = pair.get(1) {
            reals[n - 1 - j] = odd;
        }
    }
    fft.row(reals, spectrum, Change::none())?;
    for (k, (&v, &turn)) in spectrum.iter().zip(turns).enumerate() {
        let z = v * turn;
        if k > 0 {
            row[n - k] = -(z.im + z.im);
        }
        row[k] = z.re + z.re;
    }
    Ok(())
}

fn three<T: Real>(fft: &FromHalf<T>, turns: &[Complex<T>], row: &mut [T], reals: &mut [T], spectrum: &mut [Complex<T>]) -> Result<(), Error> {
    let n = row.len();
    for (k, (v, &turn)) in spectrum.iter_mut().zip(turns).enumerate() {
        let other = if k == 0 { T::ZERO } else { row[n - k] };
        *v = Complex::new(row[k], -other) * turn.conj();
    }
    fft.row(spectrum, reals, Change::none())?;
    for j in 0..n {
        row[j] = if j % 2 == 0 { reals[j / 2] } else { reals[n - 1 - j / 2] };
    }
    Ok(())
}

fn four_even<T: Real>(fft: &Rows<T>, before: &[Complex<T>], after: &[Complex<T>], row: &mut [T], z: &mut [Complex<T>]) -> Result<(), Error> {
    let n = row.len();
    for (j, (z, &turn)) in z.iter_mut().zip(before).enumerate() {
        *z = Complex::new(row[2 * j], row[n - 1 - 2 * j]) * turn;
    }
    fft.in_place(z, T::of(1.0))?;
    for (k, (&z, &turn)) in z.iter().zip(after).enumerate() {
        let t = z * turn;
        row[2 * k] = t.re + t.re;
        row[n - 1 - 2 * k] = -(t.im + t.im);
    }
    Ok(())
}

fn four_odd<T: Real>(fft: &Rows<T>, before: &[Complex<T>], after: &[Complex<T>], row: &mut [T], z: &mut [Complex<T>]) -> Result<(), Error> {
    let n = row.len();
    for ((z, &x), &turn) in z.iter_mut().zip(&*row).zip(before) {
        *z = turn * x;
    }
    z[n..].fill(Complex::new(T::ZERO, T::ZERO));
    fft.in_place(z, T::of(1.0))?;
    for ((y, &z), &turn) in row.iter_mut().zip(&*z).zip(after) {
        let t = z * turn;
        *y = t.re + t.re;
    }
    Ok(())
}
