//! ndarray views as operands of a generalized ufunc.
//!
//! Matches core dimensions, broadcasts the loop dimensions before them, and copies inputs that need a cast. The borrow checker gives what [`super::run_cores`] asks for.

use ndarray::{ArrayD, IxDyn};
use smallvec::SmallVec;

use super::cores::{CoreLoop, CoreOperand, dense, run_cores};
use super::memory::gather;
use super::{Input, Options, Output, Scalar};
use crate::broadcast::{Dims, broadcast_shape, offset};
use crate::casting::Argument;
use crate::error::Error;
use crate::gufunc::Gufunc;
use crate::ufunc::Target;
use verdigris_compiler::types::ScalarType;

impl Gufunc {
    /// Applies a function of one output to inputs whose loop dimensions are broadcast together. `T` must be its output's type for these inputs.
    ///
    /// # Errors
    /// A fault in the function, inputs that do not fit the layout or each other, or an output of another type.
    pub fn apply<T: Scalar>(&self, inputs: &[Input<'_>]) -> Result<ArrayD<T>, Error> {
        let shapes: Vec<Option<&[isize]>> = inputs.iter().map(|i| Some(&i.shape[..])).chain([None]).collect();
        let sizes = self.layout().sizes(&shapes)?;
        let outer = self.outer(inputs)?;
        let core = self.layout().outputs.first().ok_or(Error::ResultCount { expected: 0, found: 1 })?;
        let shape: Vec<usize> = outer.iter().copied().chain(core.iter().map(|d| sizes[*d])).map(|e| e as usize).collect();
        let mut output = ArrayD::<T>::default(IxDyn(&shape));
        self.apply_into(inputs, &mut [Output::from(&mut output)])?;
        Ok(output)
    }

    /// Applies the function, writing its results to arrays of the broadcast shape with their core dimensions behind it.
    ///
    /// # Errors
    /// As [`Gufunc::apply`]; the outputs' contents are then unspecified.
    pub fn apply_into(&self, inputs: &[Input<'_>], outputs: &mut [Output<'_>]) -> Result<(), Error> {
        let layout = self.layout();
        if outputs.len() != layout.outputs.len() {
            return Err(Error::ResultCount { expected: layout.outputs.len(), found: outputs.len() });
        }
        if let Some(k) = (0..layout.inputs.len()).find(|k| self.writes(*k)) {
            return Err(Error::CoreShape {
                layout: layout.to_string(),
                operand: k,
                reason: "a writable input is not a borrowed one: give it as an output".into(),
            });
        }
        let arguments: SmallVec<[Argument; 6]> = inputs.iter().map(|i| Argument::Typed(i.ty)).collect();
        let lp = self.choose(&arguments)?;
        for (k, (output, ty)) in outputs.iter().zip(lp.outputs()).enumerate() {
            if output.0.ty != *ty {
                return Err(Error::OperandType { operand: inputs.len() + k, expected: *ty, found: output.0.ty });
            }
        }
        let shapes: Vec<Option<&[isize]>> = inputs.iter().chain(outputs.iter().map(|o| &o.0)).map(|i| Some(&i.shape[..])).collect();
        let sizes = layout.sizes(&shapes)?;
        let outer = self.outer(inputs)?;
        for (output, core) in outputs.iter().zip(&layout.outputs) {
            let expected: Vec<isize> = outer.iter().copied().chain(core.iter().map(|d| sizes[*d])).collect();
            if output.0.shape[..] != expected[..] {
                return Err(Error::Output { expected, found: output.0.shape.to_vec() });
            }
        }
        let copies: Vec<Option<Vec<u128>>> = inputs.iter().zip(lp.inputs()).map(|(i, ty)| copied(i, *ty)).collect::<Result<_, _>>()?;
        let mut operands: Vec<Whole> = Vec::with_capacity(layout.inputs.len() + outputs.len());
        for ((input, copy), (ty, core)) in inputs.iter().zip(&copies).zip(lp.inputs().iter().zip(&layout.inputs)) {
            let (pointer, strides) = match copy {
                None => (input.pointer, input.strides.clone()),
                Some(copy) => (copy.as_ptr().cast_mut().cast(), dense(&input.shape, ty.size())),
            };
            operands.push(Whole::new(pointer, &input.shape, &strides, core, &sizes, &outer));
        }
        for (output, core) in outputs.iter().zip(&layout.outputs) {
            operands.push(Whole::new(output.0.pointer, &output.0.shape, &output.0.strides, core, &sizes, &outer));
        }
        let parallel = self.options().target == Target::Parallel;
        sweep(&lp, &operands, &sizes, &outer, Options { interest: Default::default(), parallel, ..Options::SERIAL })
    }

    fn outer(&self, inputs: &[Input<'_>]) -> Result<Dims, Error> {
        let outer = |(i, core): (&_, &Vec<usize>)| -> Dims {
            let i: &Input<'_> = i;
            Dims::from_slice(&i.shape[..i.shape.len().saturating_sub(core.len())])
        };
        let shapes: Vec<Dims> = inputs.iter().zip(&self.layout().inputs).map(outer).collect();
        broadcast_shape(shapes.iter().map(|s| &s[..]))
    }
}

/// An operand with the strides of its loop axes (0 where broadcast) and of its core axes.
struct Whole {
    pointer: *mut u8,
    outer: Dims,
    core: Dims,
}

impl Whole {
    fn new(pointer: *mut u8, shape: &[isize], strides: &[isize], core: &[usize], sizes: &[isize], outer: &[isize]) -> Whole {
        let own = shape.len() - core.len();
        let skipped = outer.len() - own;
        let stride = |axis: usize| if axis < skipped || shape[axis - skipped] == 1 { 0 } else { strides[axis - skipped] };
        let core = core.iter().enumerate().map(|(n, d)| if shape[own + n] == sizes[*d] { strides[own + n] } else { 0 }).collect();
        Whole { pointer, outer: (0..outer.len()).map(stride).collect(), core }
    }
}

fn sweep(lp: &CoreLoop, operands: &[Whole], sizes: &[isize], outer: &[isize], options: Options) -> Result<(), Error> {
    let (rows, count) = match outer.split_last() {
        None => (&[][..], 1),
        Some((last, rows)) => (rows, *last as usize),
    };
    let total: usize = rows.iter().map(|e| *e as usize).product();
    for row in 0..total {
        let here: SmallVec<[CoreOperand<'_>; 6]> = operands
            .iter()
            .map(|o| CoreOperand {
                pointer: o.pointer.wrapping_offset(offset(rows, &o.outer[..rows.len()], row)),
                step: o.outer.last().copied().unwrap_or(0),
                strides: &o.core,
            })
            .collect();
        // SAFETY: elements of arrays borrowed for the call (outputs mutably) or of copies, of the loop's types, at indexes inside their shapes.
        unsafe { run_cores(lp, &here, sizes, count, options)? };
    }
    Ok(())
}

/// The elements of an input in C order, cast to another type; `None` if they are of that type already.
fn copied(input: &Input<'_>, ty: ScalarType) -> Result<Option<Vec<u128>>, Error> {
    if input.ty == ty {
        return Ok(None);
    }
    let cast = gather(input.ty, ty, false).ok_or(Error::OperandType { operand: 0, expected: ty, found: input.ty })?;
    let count: usize = input.shape.iter().map(|e| *e as usize).product();
    let mut copy = vec![0u128; (count * ty.size()).div_ceil(16)];
    let target: *mut u8 = copy.as_mut_ptr().cast();
    for n in 0..count {
        let at = input.pointer.wrapping_offset(offset(&input.shape, &input.strides, n));
        // SAFETY: an element of a borrowed array, into room for it.
        unsafe { cast(at, 0, 1, target.add(n * ty.size())) };
    }
    Ok(Some(copy))
}
