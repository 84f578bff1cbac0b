//! One axis of an array: its kernel along every lane.
//!
//! Owns the choice between working on rows where they lie, on copies of rows, and on columns; the width of strips; the shares of the threads. What each lane's transform is, is the
//! kernel's affair.

use std::sync::Mutex;

use num_complex::Complex;
use verdigris_device::pool;

use super::columns::Columns;
use super::kernel::Kernel;
use super::real::{Change, FromHalf, ToHalf};
use super::rows::Rows;
use super::sys::{self, Ends, Field, Lane, Strip, scratch};
use crate::error::Error;
use crate::operand::Input;
use crate::scalar::Real;
use crate::spec::{Direction, Kind, Spec, TrigType};

/// One side: an array, the axis, and the length along it that counts.
pub(super) struct Side<'a, T> {
    pub(super) array: Input<'a, T>,
    pub(super) axis: usize,
    pub(super) len: usize,
}

/// An axis to transform.
pub(super) struct Pass<'a, T: Real> {
    kernel: &'a Kernel<T>,
    field: Field<T>,
    width: usize,
    /// Length of the transform.
    n: usize,
    factor: T,
    /// Spectra are conjugated on their side: r2c inverse, c2r forward.
    conjugate: bool,
    /// Factors of the first and last elements before and after, for orthogonal cosine and sine transforms.
    ends: RowEnds,
}

/// Factors that an orthogonal transform has at the ends of a row.
#[derive(Clone, Copy, Default)]
struct RowEnds {
    first_in: Option<f64>,
    last_in: Option<f64>,
    first_out: Option<f64>,
    last_out: Option<f64>,
}

impl RowEnds {
    fn of(spec: &Spec) -> RowEnds {
        use TrigType::{One, Three, Two};
        let (up, down) = (Some(std::f64::consts::SQRT_2), Some(std::f64::consts::FRAC_1_SQRT_2));
        let none = RowEnds::default();
        match spec.kind {
            _ if !spec.orthogonal => none,
            Kind::Dct(One) => RowEnds { first_in: up, last_in: up, first_out: down, last_out: down },
            Kind::Dct(Two) => RowEnds { first_out: down, ..none },
            Kind::Dct(Three) => RowEnds { first_in: up, ..none },
            Kind::Dst(Two) => RowEnds { last_out: down, ..none },
            Kind::Dst(Three) => RowEnds { last_in: up, ..none },
            _ => none,
        }
    }
}

fn scale_ends<T: Real>(row: &mut [T], first: Option<f64>, last: Option<f64>) {
    let end = row.len() - 1;
    if let Some(by) = first {
        row[0] *= T::of(by);
    }
    if let Some(by) = last {
        row[end] *= T::of(by);
    }
}

/// Elements that one thread should have before another is woken.
const SHARE: usize = 32 << 10;
/// Bytes of rows that a strip of dense rows covers.
const ROW_BYTES: usize = 32 << 10;
/// Bytes of copied rows that should stay in the second-level cache.
const COPY_BYTES: usize = 512 << 10;
/// Bytes of a cache line pair, which a strip of columns covers at least.
const LINES: usize = 128;

impl<'a, T: Real> Pass<'a, T> {
    /// A pass from one side to the other over lanes of those extents (the axis's own is not looked at).
    pub(super) fn new(kernel: &'a Kernel<T>, spec: &Spec, from: Side<'_, T>, to: Side<'_, T>, extents: &[usize], factor: f64) -> Pass<'a, T> {
        let (axis, unit) = (from.axis, size_of::<Complex<T>>());
        let mut lanes: Vec<Lane> = (0..extents.len())
            .filter(|&other| other != axis && extents[other] != 1)
            .map(|other| Lane { extent: extents[other], from: from.array.strides[other], to: to.array.strides[other] })
            .collect();
        coalesce(&mut lanes);
        let (from_step, to_step) = (from.array.strides[axis], to.array.strides[axis]);
        let is_row = |step: isize, len: usize, complex: bool| len <= 1 || step == if complex { 2 } else { 1 };
        let rows = is_row(from_step, from.len, from.array.complex) && is_row(to_step, to.len, to.array.complex);
        let longest = from.len.max(to.len).max(1);
        let width = match kernel {
            _ if rows => (ROW_BYTES / (longest * unit)).max(kernel.together()),
            Kernel::Complex(complex) if complex.columns().is_some() => complex.columns().map_or(1, Columns::width),
            _ => (COPY_BYTES / (longest * unit)).clamp(4, (LINES / unit).max(4)),
        };
        let place = spec.axes.iter().position(|&(a, _)| a == axis).expect("a pass is along one of the axes");
        let real_side = place + 1 == spec.axes.len();
        let conjugate = match spec.kind {
            Kind::R2C => real_side && spec.direction == Direction::Inverse,
            Kind::C2R => real_side && spec.direction == Direction::Forward,
            _ => false,
        };
        let ends = |side: &Side<'_, T>, step| Ends { data: side.array.data.cast_mut(), step, len: side.len };
        let (from, to) = (ends(&from, from_step), ends(&to, to_step));
        Pass {
            kernel,
            field: sys::field(from, to, lanes, width),
            width,
            n: spec.axes[place].1,
            factor: T::of(factor),
            conjugate,
            ends: RowEnds::of(spec),
        }
    }

    /// Runs it, on as many threads as are worth it.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self) -> Result<(), Error> {
        in_shares(self.field.count(), SHARE / (self.width * self.n).max(1), |index| self.one(index))
    }

    /// Runs it on this thread.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run_here(&self) -> Result<(), Error> {
        (0..self.field.count()).try_for_each(|index| self.one(index))
    }

    fn one(&self, index: usize) -> Result<(), Error> {
        let (from, to) = self.field.strip(index);
        self.strip(&from, &to)
    }

    fn strip(&self, from: &Strip<T>, to: &Strip<T>) -> Result<(), Error> {
        match self.kernel {
            Kernel::Complex(rows) => match rows.columns() {
                _ if from.is_complex_rows() && to.is_complex_rows() => rows.run(from, to, self.factor),
                Some(columns) if from.count <= columns.width() => T::columns(columns, from, to, self.factor),
                _ => self.complex_copies(rows, from, to),
            },
            Kernel::Half(half) => self.half(half, from, to),
            Kernel::Real(real) => self.real(real, from, to),
            Kernel::Trig(trig) => {
                let n = self.n;
                scratch::<T, 2, _>([n * from.count, trig.reals_len()], |[rows, reals]| {
                    from.gather_real(rows, n);
                    for row in rows.chunks_exact_mut(n) {
                        scale_ends(row, self.ends.first_in, self.ends.last_in);
                        trig.run(row, reals)?;
                        scale_ends(row, self.ends.first_out, self.ends.last_out);
                    }
                    to.scatter_real(rows, self.factor);
                    Ok(())
                })?
            }
        }
    }

    fn complex_copies(&self, kernel: &Rows<T>, from: &Strip<T>, to: &Strip<T>) -> Result<(), Error> {
        let n = self.n;
        scratch::<Complex<T>, 1, _>([n * from.count], |[rows]| {
            from.gather_complex(rows, n);
            kernel.in_place(rows, self.factor)?;
            to.scatter_complex(rows);
            Ok(())
        })?
    }

    fn change(&self) -> Change<T> {
        Change { conjugate: self.conjugate, factor: self.factor }
    }

    fn half(&self, kernel: &ToHalf<T>, from: &Strip<T>, to: &Strip<T>) -> Result<(), Error> {
        let (n, half) = (self.n, self.n / 2 + 1);
        if !from.is_real_rows() || from.len < n {
            // Copies of the rows, which the results may replace.
            return scratch::<T, 1, _>([n * from.count], |[rows]| {
                from.gather_real(rows, n);
                self.half(kernel, &sys::rows_mut::<T, _>(rows, n), to)
            })?;
        }
        if to.is_complex_rows() {
            return kernel.run(from, to, self.change());
        }
        scratch::<Complex<T>, 1, _>([half * from.count], |[spectra]| {
            kernel.run(from, &sys::rows_mut::<T, _>(spectra, half), self.change())?;
            to.scatter_complex(spectra);
            Ok(())
        })?
    }

    fn real(&self, kernel: &FromHalf<T>, from: &Strip<T>, to: &Strip<T>) -> Result<(), Error> {
        let (n, half) = (self.n, self.n / 2 + 1);
        if !from.is_complex_rows() || from.len < half {
            return scratch::<Complex<T>, 1, _>([half * from.count], |[spectra]| {
                from.gather_complex(spectra, half);
                self.real(kernel, &sys::rows_mut::<T, _>(spectra, half), to)
            })?;
        }
        if to.is_real_rows() {
            return kernel.run(from, to, self.change());
        }
        scratch::<T, 1, _>([n * from.count], |[rows]| {
            kernel.run(from, &sys::rows_mut::<T, _>(rows, n), self.change())?;
            to.scatter_real(rows, T::of(1.0));
            Ok(())
        })?
    }
}

/// Calls `work` for each number below `count`, `share` of them (at least one) to a thread at a time; gives the first error.
pub(super) fn in_shares(count: usize, share: usize, work: impl Fn(usize) -> Result<(), Error> + Sync) -> Result<(), Error> {
    let share = share.clamp(1, count.max(1));
    if count <= share {
        return (0..count).try_for_each(work);
    }
    let failure = Mutex::new(None);
    pool::run(count.div_ceil(share), &|part| {
        let mut numbers = part * share..count.min((part + 1) * share);
        if let Err(error) = numbers.try_for_each(&work) {
            failure.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(error);
        }
    });
    failure.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(()), Err)
}

/// Orders the lane axes, the smallest steps last, and merges those that step as one.
fn coalesce(lanes: &mut Vec<Lane>) {
    lanes.sort_by_key(|lane| std::cmp::Reverse((lane.to.unsigned_abs(), lane.from.unsigned_abs())));
    let mut merged: Vec<Lane> = Vec::with_capacity(lanes.len());
    for &lane in lanes.iter() {
        match merged.last_mut() {
            Some(outer) if outer.to == lane.to * lane.extent as isize && outer.from == lane.from * lane.extent as isize => {
                *outer = Lane { extent: outer.extent * lane.extent, ..lane };
            }
            _ => merged.push(lane),
        }
    }
    *lanes = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lane_axes_that_step_as_one_are_merged() {
        let lane = |extent, from, to| Lane { extent, from, to };
        let mut lanes = vec![lane(4, 2, 2), lane(5, 40, 8), lane(3, 8, 40)];
        coalesce(&mut lanes);
        assert_eq!(lanes, [lane(3, 8, 40), lane(5, 40, 8), lane(4, 2, 2)]);
        let mut lanes = vec![lane(3, 40, 40), lane(4, 2, 2), lane(5, 8, 8)];
        coalesce(&mut lanes);
        assert_eq!(lanes, [lane(60, 2, 2)]);
    }
}
