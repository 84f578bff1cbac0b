//! The CPU: kernels of rows and columns, and the passes that take them along an array's axes.
//!
//! Owns the order of the passes, what each reads and writes, and how their lanes are shared among the pool's threads. Calls come judged. The shares never depend on the
//! number of threads, so neither do results.

mod chirp;
mod columns;
mod kernel;
mod lanes;
mod line;
mod pass;
mod processor;
mod real;
mod rows;
mod split;
mod sys;
mod trig;

use std::sync::Arc;

use num_complex::Complex;

use kernel::Kernel;
pub(crate) use kernel::Key;
pub(crate) use lanes::Lanes;
use pass::Pass;
use real::Change;

use crate::backend::Backend;
use crate::cache;
use crate::call::{Alias, Call};
use crate::error::Error;
use crate::operand::{Input, Output};
use crate::scalar::Real;
use crate::spec::{Direction, Kind, Spec};
pub(crate) use sys::Plain;
use sys::Temporary;

/// This machine's processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu;

/// The kernels of a transform, an axis each in the spec's order.
pub(crate) struct Plan<T: Real>(Vec<Arc<Kernel<T>>>);

/// The kernel of a key, from the cache.
///
/// # Errors
/// There is no memory.
pub(crate) fn kernel<T: Real>(kind: Kind, direction: Direction, n: usize) -> Result<Arc<Kernel<T>>, Error> {
    let key = Key::new(kind, direction, n);
    cache::get(key, || {
        let kernel = Kernel::<T>::plan(key)?;
        let bytes = kernel.bytes();
        Ok((kernel, bytes))
    })
}

/// The kind of the kernel of each axis.
fn kind_of(spec: &Spec, place: usize) -> Kind {
    match spec.kind {
        Kind::R2C | Kind::C2R if place + 1 < spec.axes.len() => Kind::C2C,
        Kind::C2C if spec.real_input && place + 1 == spec.axes.len() => Kind::R2C,
        kind => kind,
    }
}

impl<T: Real> Backend<T> for Cpu {
    type Plan = Plan<T>;

    fn plan(&self, spec: &Spec) -> Result<Plan<T>, Error> {
        let kernels = (0..spec.axes.len()).map(|place| kernel(kind_of(spec, place), spec.direction, spec.axes[place].1));
        Ok(Plan(kernels.collect::<Result<_, _>>()?))
    }

    fn workspace(&self, plan: &Plan<T>) -> usize {
        plan.0.iter().map(|kernel| kernel.work_len() * size_of::<Complex<T>>()).max().unwrap_or(0)
    }

    fn run(&self, plan: &Plan<T>, call: Call<'_, T>) -> Result<(), Error> {
        if call.output.shape.contains(&0) {
            return Ok(());
        }
        let copied;
        let input = match call.alias {
            Alias::Mixed => {
                copied = sys::copy(&call.input)?;
                copied.input()
            }
            Alias::Apart | Alias::InPlace => call.input,
        };
        let spec = call.spec;
        match spec.kind {
            Kind::C2C if spec.real_input => real_input(plan, spec, input, call.output),
            Kind::C2R => to_real(plan, spec, input, call.output),
            _ => through_output(plan, spec, input, call.output),
        }
    }
}

/// The places of the axes but the last listed, those with near elements first.
fn others<T>(spec: &Spec, output: &Output<'_, T>) -> Vec<usize> {
    let mut places: Vec<usize> = (0..spec.axes.len() - 1).collect();
    places.sort_by_key(|&place| output.strides[spec.axes[place].0].unsigned_abs());
    places
}

/// The input restricted to what the transform reads of it.
fn cropped<'a, T: Real>(spec: &Spec, mut input: Input<'a, T>) -> Input<'a, T> {
    for (place, &(axis, _)) in spec.axes.iter().enumerate() {
        input.shape[axis] = input.shape[axis].min(spec.needed(place));
    }
    input
}

/// C2C, R2C, cosine and sine transforms: the first pass from the input to the output, the others in the output.
fn through_output<T: Real>(plan: &Plan<T>, spec: &Spec, input: Input<'_, T>, output: Output<'_, T>) -> Result<(), Error> {
    let input = cropped(spec, input);
    let mut order = others(spec, &output);
    let last = spec.axes.len() - 1;
    if spec.kind == Kind::R2C {
        order.insert(0, last);
    } else {
        order.push(last);
        order.sort_by_key(|&place| output.strides[spec.axes[place].0].unsigned_abs());
    }
    // Axes not yet transformed hold what was read; each pass pads its own.
    let mut extents = input.shape.clone();
    let factor = |step: usize| if step + 1 == order.len() { spec.factor } else { 1.0 };
    let slab = slab(spec, &order, &input, &output);
    let together = slab.map_or(0, |(_, together)| together);
    if let Some((axis, _)) = slab {
        // The first passes over one slab after another, so that all but the first find theirs in the cache.
        pass::in_shares(extents[axis], 1, |index| {
            let (input, output) = (input.at(axis, index), output.at(axis, index));
            let mut extents = extents.clone();
            extents[axis] = 1;
            for (step, &place) in order[..together].iter().enumerate() {
                one_pass(plan, spec, place, (step == 0).then_some(&input), &output, &mut extents, factor(step)).run_here()?;
            }
            Ok(())
        })?;
        for &place in &order[..together] {
            let axis = spec.axes[place].0;
            extents[axis] = output.shape[axis];
        }
    }
    for (step, &place) in order.iter().enumerate().skip(together) {
        one_pass(plan, spec, place, (step == 0).then_some(&input), &output, &mut extents, factor(step)).run()?;
    }
    Ok(())
}

/// One pass into the output, from the input or from there; `extents` are brought up to date.
fn one_pass<'a, T: Real>(
    plan: &'a Plan<T>,
    spec: &Spec,
    place: usize,
    input: Option<&Input<'_, T>>,
    output: &Output<'_, T>,
    extents: &mut [usize],
    factor: f64,
) -> Pass<'a, T> {
    let axis = spec.axes[place].0;
    let output = output.as_input();
    let from = side(input.unwrap_or(&output), axis, extents[axis]);
    let made = Pass::new(&plan.0[place], spec, from, side(&output, axis, output.shape[axis]), extents, factor);
    extents[axis] = output.shape[axis];
    made
}

/// Bytes of a slab that stays in a second-level cache from one pass to the next.
const SLAB_BYTES: usize = 1 << 20;
/// Fewer slabs would leave threads without one.
const SLABS: usize = 16;

/// An axis to cut the array along, and how many of the first passes then work on slabs; `None` where that gains nothing.
fn slab<T: Real>(spec: &Spec, order: &[usize], input: &Input<'_, T>, output: &Output<'_, T>) -> Option<(usize, usize)> {
    let axis = (0..output.shape.len()).filter(|&axis| output.shape[axis] > 1).max_by_key(|&axis| output.strides[axis].unsigned_abs())?;
    let together = order.iter().take_while(|&&place| spec.axes[place].0 != axis).count();
    let elements: usize = output.shape.iter().enumerate().filter(|&(other, _)| other != axis).map(|(_, &n)| n).product();
    // Small ones gain nothing: each slab prepares its passes anew.
    let fits = (16 << 10..=SLAB_BYTES).contains(&(elements * size_of::<Complex<T>>()));
    (together >= 2 && fits && input.shape[axis] >= SLABS).then_some((axis, together))
}

/// C2R: all axes but the real one in a temporary, then from there to the output.
fn to_real<T: Real>(plan: &Plan<T>, spec: &Spec, input: Input<'_, T>, output: Output<'_, T>) -> Result<(), Error> {
    let input = cropped(spec, input);
    let last = spec.axes.len() - 1;
    let real = spec.axes[last].0;
    let mut shape = output.shape.clone();
    shape[real] = input.shape[real];
    let temporary;
    let mut source = input;
    if last > 0 {
        temporary = Temporary::new::<T>(shape, true)?;
        let between = temporary.output();
        let mut extents = source.shape.clone();
        for place in others(spec, &between) {
            let axis = spec.axes[place].0;
            let to = side(&between.as_input(), axis, between.shape[axis]);
            Pass::new(&plan.0[place], spec, side(&source, axis, extents[axis]), to, &extents, 1.0).run()?;
            extents[axis] = between.shape[axis];
            source = between.as_input();
        }
    }
    let extents = source.shape.clone();
    let from = side(&source, real, source.shape[real]);
    Pass::new(&plan.0[last], spec, from, side(&output.as_input(), real, output.shape[real]), &extents, spec.factor).run()
}

/// C2C of real elements: half of the result, and the other half from its symmetry.
fn real_input<T: Real>(plan: &Plan<T>, spec: &Spec, input: Input<'_, T>, output: Output<'_, T>) -> Result<(), Error> {
    let (axis, n) = spec.last();
    let half = Spec { kind: Kind::R2C, ..spec.clone() };
    let mut lower = output.reborrow();
    lower.shape[axis] = n / 2 + 1;
    through_output(plan, &half, input, lower)?;
    let reflected: Vec<usize> = spec.axes.iter().map(|&(axis, _)| axis).collect();
    sys::mirror(&output, axis, &reflected);
    Ok(())
}

/// One side of a pass along an axis: the array with the axis's length there.
fn side<'a, T: Real>(array: &Input<'a, T>, axis: usize, len: usize) -> pass::Side<'a, T> {
    pass::Side { array: array.clone(), axis, len }
}

/// One dense row to another of the same length.
///
/// # Errors
/// There is no memory.
pub(crate) fn complex_row<T: Real>(direction: Direction, input: &[Complex<T>], output: &mut [Complex<T>], factor: T) -> Result<(), Error> {
    let kernel = kernel::<T>(Kind::C2C, direction, input.len())?;
    let Kernel::Complex(rows) = &*kernel else { unreachable!("kernels are of their key's kind") };
    let (from, to) = sys::rows::<T, _, _>(input, output);
    rows.run(&from, &to, factor)
}

/// One dense row of reals to its half spectrum.
///
/// # Errors
/// There is no memory.
pub(crate) fn half_row<T: Real>(input: &[T], output: &mut [Complex<T>], factor: T) -> Result<(), Error> {
    let kernel = kernel::<T>(Kind::R2C, Direction::Forward, input.len())?;
    let Kernel::Half(half) = &*kernel else { unreachable!("kernels are of their key's kind") };
    half.row(input, output, Change { conjugate: false, factor })
}

/// One half spectrum to its row of reals.
///
/// # Errors
/// There is no memory.
pub(crate) fn real_row<T: Real>(input: &[Complex<T>], output: &mut [T], factor: T) -> Result<(), Error> {
    let kernel = kernel::<T>(Kind::C2R, Direction::Inverse, output.len())?;
    let Kernel::Real(real) = &*kernel else { unreachable!("kernels are of their key's kind") };
    real.row(input, output, Change { conjugate: false, factor })
}
