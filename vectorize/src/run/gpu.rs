//! Loops on a GPU: elements and sets of core arrays by threads.
//!
//! Given operands in a device's memory, of the loop's types, whose shapes fit; owned here: the axes of the loop, the words of a launch, its grid. What entries read is said in
//! `verdigris_compiler::llvm::ptx`; loading and launching are `verdigris-gpu`'s, and so are failures of elements, told when somebody waits.

use std::sync::{Arc, Mutex, PoisonError};

use verdigris_compiler::ir::Verified;
use verdigris_compiler::llvm::ptx::{self, Entry};
use verdigris_compiler::types::{ScalarType, Type};
use verdigris_device::cuda::{Attribute, Context, Stream};
use verdigris_gpu::{self as gpu, Code};

use super::compiled::Loop;
use super::cores::CoreLoop;
use super::memory::Operand;
use crate::broadcast::Plan;
use crate::error::Error;

/// Threads of a block, unless the caller asks for fewer.
const THREADS: u32 = 256;
/// Blocks for each multiprocessor, of which a thread then takes several elements: enough to fill it many times over.
const BLOCKS_EACH: u64 = 64;

/// An operand in a device's memory.
#[derive(Clone, Copy, Debug)]
pub struct OnDevice<'a> {
    /// Address of its first element.
    pub address: u64,
    /// Extents; of an operand of core arrays, without the core's.
    pub shape: &'a [isize],
    /// Bytes between elements along each axis.
    pub strides: &'a [isize],
    /// Bytes between elements along each axis of the core.
    pub core: &'a [isize],
}

/// A loop's code on devices, by the number of its axes and whether elements are aligned.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<Vec<(u8, bool, Arc<Code>)>>);

impl Codes {
    fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(.., code)| code.module().text.clone()).collect()
    }

    fn load(&self, context: &'static Context, ir: &Verified, entry: &Entry, axes: u8, aligned: bool) -> Result<Arc<Code>, Error> {
        context.driver().here().map_err(gpu::Error::Device)?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., found)) = all.iter().find(|(n, own, code)| (*n, *own) == (axes, aligned) && std::ptr::eq(code.context(), context)) {
            return Ok(found.clone());
        }
        let mut options = ptx::Options::default();
        options.aligned = aligned;
        let arch = gpu::arch(context).map_err(gpu::Error::Device)?;
        let module = ptx::compile(ir, entry, arch, &options).map_err(gpu::Error::Ptx)?;
        let code = Arc::new(Code::load(context, &module, false)?);
        all.push((axes, aligned, code.clone()));
        Ok(code)
    }
}

/// Whether every element lies at a multiple of its part's size.
fn is_aligned(operand: &OnDevice<'_>, ty: ScalarType) -> bool {
    let size = ty.part().size();
    let steps = |extents: &[isize], strides: &[isize]| extents.iter().zip(strides).all(|(n, s)| *n <= 1 || s.unsigned_abs().is_multiple_of(size));
    operand.address.is_multiple_of(size as u64)
        && steps(operand.shape, operand.strides)
        && operand.core.iter().all(|s| s.unsigned_abs().is_multiple_of(size))
}

/// The axes of a loop, merged where all operands allow.
fn plan(shape: &[isize], operands: &[OnDevice<'_>], types: impl Iterator<Item = ScalarType>, inputs: usize) -> Result<Plan, Error> {
    let all: Vec<Operand<'_>> = operands
        .iter()
        .zip(types)
        .map(|(o, ty)| {
            // SAFETY: only shapes and strides are looked at; the address is a device's, and nothing is read.
            unsafe { Operand::new(std::ptr::without_provenance_mut(o.address as usize), ty, false, o.shape, o.strides) }
        })
        .collect();
    Plan::new(shape, &all, inputs)
}

/// Grid and block for so many elements.
fn launch(code: &Code, stream: &Stream, count: usize, most_threads: Option<u32>, words: Vec<u64>) -> Result<(), Error> {
    let context = stream.context();
    let threads = THREADS.min(code.facts().max_threads).min(most_threads.unwrap_or(u32::MAX)).max(1);
    let processors = context.attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT).map_err(gpu::Error::Device)?.max(1) as u64;
    let blocks = (count as u64).div_ceil(threads.into()).clamp(1, processors * BLOCKS_EACH);
    // SAFETY: the words are those of the entry, made above from operands for which the caller vouches.
    Ok(unsafe { code.launch(stream, [blocks as u32, 1, 1], [threads, 1, 1], 0, words) }?)
}

impl Loop {
    /// PTX of what was made for GPUs so far.
    pub fn ptx(&self) -> Vec<String> {
        self.codes.texts()
    }

    /// Orders the computation of all elements of `shape` on a GPU's stream, in blocks of at most `most_threads` threads. Operands, inputs first, are of the loop's types; inputs are broadcast, outputs
    /// have exactly that shape. An element that fails is told by [`gpu::collect`].
    ///
    /// # Safety
    /// The operands' elements are memory of the stream's device that lives until the launch has ended and is used in order. No output overlaps another operand, but as the very elements of an input.
    ///
    /// # Errors
    /// An output of another shape, a function that a GPU cannot run, or the driver's.
    pub unsafe fn run_on(&self, stream: &Stream, shape: &[isize], operands: &[OnDevice<'_>], most_threads: Option<u32>) -> Result<(), Error> {
        let signature = self.signature();
        let types = || signature.inputs.iter().chain(&signature.outputs).copied();
        assert_eq!(operands.len(), types().count(), "an operand for each type");
        let plan = plan(shape, operands, types(), signature.inputs.len())?;
        if plan.size() == 0 {
            return Ok(());
        }
        let axes = plan.shape().len() as u8;
        let aligned = operands.iter().zip(types()).all(|(o, ty)| is_aligned(o, ty));
        let entry = Entry::Elements { signature: signature.clone(), axes };
        let code = self.codes.load(stream.context(), self.ir()?, &entry, axes, aligned)?;
        let mut words = Vec::with_capacity((operands.len() + 1) * (usize::from(axes) + 1) + 2);
        for (k, operand) in operands.iter().enumerate() {
            words.push(operand.address);
            words.extend(plan.strides(k).iter().map(|s| *s as u64));
        }
        words.extend(plan.shape().iter().map(|n| *n as u64));
        words.push(plan.size() as u64);
        launch(&code, stream, plan.size(), most_threads, words)
    }
}

impl CoreLoop {
    /// PTX of what was made for GPUs so far.
    pub fn ptx(&self) -> Vec<String> {
        self.codes.texts()
    }

    /// Orders the body for each set of core arrays of the loop's `shape` on a GPU's stream; `sizes` are those of the layout's dimensions. As [`Loop::run_on`] otherwise.
    ///
    /// # Safety
    /// As [`Loop::run_on`], and no set writes what another reads.
    ///
    /// # Errors
    /// As [`Loop::run_on`].
    pub unsafe fn run_on(
        &self,
        stream: &Stream,
        shape: &[isize],
        sizes: &[isize],
        operands: &[OnDevice<'_>],
        most_threads: Option<u32>,
    ) -> Result<(), Error> {
        let types = || self.inputs().iter().chain(self.outputs()).copied();
        assert_eq!(operands.len(), types().count(), "an operand for each type");
        let plan = plan(shape, operands, types(), self.inputs().len())?;
        if plan.size() == 0 {
            return Ok(());
        }
        self.check_sizes(sizes)?;
        let axes = plan.shape().len() as u8;
        let aligned = operands.iter().zip(types()).all(|(o, ty)| is_aligned(o, ty));
        let entry = Entry::Cores { scalars: self.scalars(), axes };
        let code = self.codes.load(stream.context(), self.ir(), &entry, axes, aligned)?;
        let mut words = Vec::new();
        let number = |words: &mut Vec<u64>, k: usize, ty: ScalarType| {
            for part in 0..1 + u64::from(ty.is_complex()) {
                words.push(operands[k].address + part * ty.part().size() as u64);
                words.extend(plan.strides(k).iter().map(|s| *s as u64));
            }
        };
        let core_axes: Vec<&[usize]> = self.layout().operands().collect();
        for (k, parameter) in self.parameters().iter().enumerate() {
            match parameter {
                Type::Array(array) => {
                    words.push(operands[k].address);
                    words.extend(plan.strides(k).iter().map(|s| *s as u64));
                    if core_axes[k].is_empty() {
                        words.extend([1, array.elem.size() as u64]);
                    } else {
                        words.extend(core_axes[k].iter().map(|d| sizes[*d] as u64));
                        words.extend(operands[k].core.iter().map(|s| *s as u64));
                    }
                }
                other => number(&mut words, k, other.scalar().expect("an array or a scalar")),
            }
        }
        for (k, ty) in types().enumerate().skip(self.parameters().len()) {
            number(&mut words, k, ty);
        }
        words.extend(plan.shape().iter().map(|n| *n as u64));
        words.push(plan.size() as u64);
        launch(&code, stream, plan.size(), most_threads, words)
    }
}
