//! Loops over core arrays: the compiled body of a generalized ufunc, run for each element of the loop dimensions.
//!
//! Given operands whose core dimensions were matched, of the loop's types, native and aligned; owned here: the words the code reads, pieces, cores, flags and interruption.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use verdigris_compiler::abi::{BlocksFn, Site};
use verdigris_compiler::ir::{Inst, Verified};
use verdigris_compiler::llvm::{self, Code, Cpu, Shape};
use verdigris_compiler::types::{MOST_EXTENT, ScalarType, Type};
use verdigris_device::float_env::{self, Flags};
use verdigris_device::pool;

use super::Options;
use super::compiled::{Host, Watched};
use super::gpu::Codes;
use super::memory::{Scratch, gather};
use super::share::spread;
use crate::broadcast::{Dims, offset};
use crate::casting::Types;
use crate::error::Error;
use crate::layout::Layout;

/// Elements between two looks at the watch, where bodies have no loops that look themselves.
const PIECE: usize = 1 << 14;

/// The loop of a generalized ufunc for one list of types.
#[derive(Debug)]
pub struct CoreLoop {
    inputs: Types,
    outputs: Types,
    /// As the function sees its parameters; fewer than operands where results are returned.
    parameters: Vec<Type>,
    layout: Layout,
    writable: u64,
    /// Whether a body may take any time.
    loops: bool,
    function: BlocksFn,
    code: Arc<Code>,
    ir: Verified,
    cpu: Arc<Cpu>,
    /// Its code on GPUs.
    pub(super) codes: Codes,
}

/// An operand of a run over core arrays.
#[derive(Clone, Copy, Debug)]
pub struct CoreOperand<'a> {
    /// The first element of the first core array.
    pub pointer: *mut u8,
    /// Bytes from one core array to the next.
    pub step: isize,
    /// Bytes between elements along each core axis.
    pub strides: &'a [isize],
}

impl CoreLoop {
    pub(crate) fn new(
        inputs: Types,
        outputs: Types,
        parameters: Vec<Type>,
        layout: Layout,
        writable: u64,
        ir: Verified,
        cpu: Arc<Cpu>,
    ) -> Result<CoreLoop, Error> {
        let code = llvm::compile(&ir, &shape(&parameters, &outputs, inputs.len()), &cpu)?;
        let mut loops = false;
        ir.walk(&mut |_, inst| loops |= matches!(inst, Inst::Loop { .. }));
        Ok(CoreLoop { inputs, outputs, parameters, layout, writable, loops, function: code.core(), code, ir, cpu, codes: Codes::default() })
    }

    /// Its code as text, compiled anew.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn listing(&self, listing: llvm::Listing) -> Result<String, Error> {
        Ok(llvm::listing(&self.ir, &shape(&self.parameters, &self.outputs, self.inputs.len()), &self.cpu, listing)?)
    }

    /// Input types.
    pub fn inputs(&self) -> &[ScalarType] {
        &self.inputs
    }

    /// Output types.
    pub fn outputs(&self) -> &[ScalarType] {
        &self.outputs
    }

    /// Core dimensions.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Types of the function's parameters; fewer than operands where results are returned.
    pub(super) fn parameters(&self) -> &[Type] {
        &self.parameters
    }

    /// Types of the parameters that are no arrays, and of the results that are returned.
    pub(super) fn scalars(&self) -> llvm::Signature {
        scalars(&self.parameters, &self.outputs, self.inputs.len())
    }

    pub(super) fn ir(&self) -> &Verified {
        &self.ir
    }

    fn operand_type(&self, k: usize) -> ScalarType {
        if k < self.inputs.len() { self.inputs[k] } else { self.outputs[k - self.inputs.len()] }
    }

    /// Refuses core axes longer than compiled code takes.
    pub(super) fn check_sizes(&self, sizes: &[isize]) -> Result<(), Error> {
        let Some(d) = sizes.iter().position(|n| *n as u64 > MOST_EXTENT) else { return Ok(()) };
        let operand = self.layout.operands().position(|axes| axes.contains(&d)).unwrap_or_default();
        let reason = format!("it has {} elements along a core axis: the limit is {MOST_EXTENT}", sizes[d]);
        Err(Error::CoreShape { layout: self.layout.to_string(), operand, reason })
    }

    /// What the compiled code reads: see `verdigris_compiler::abi`.
    fn words(&self, operands: &[CoreOperand<'_>], sizes: &[isize]) -> SmallVec<[u64; 32]> {
        let mut words = SmallVec::new();
        let scalar = |words: &mut SmallVec<[u64; 32]>, o: &CoreOperand<'_>, ty: ScalarType| {
            for part in 0..1 + ty.is_complex() as usize {
                words.push(o.pointer.wrapping_add(part * ty.part().size()) as u64);
                words.push(o.step as u64);
            }
        };
        for ((o, parameter), axes) in operands.iter().zip(&self.parameters).zip(self.layout.operands()) {
            match parameter {
                Type::Array(array) => {
                    words.extend([o.pointer as u64, o.step as u64]);
                    if axes.is_empty() {
                        words.extend([1, array.elem.size() as u64]);
                    } else {
                        words.extend(axes.iter().map(|d| sizes[*d] as u64));
                        words.extend(o.strides.iter().map(|s| *s as u64));
                    }
                }
                _ => scalar(&mut words, o, parameter.scalar().expect("an array or a scalar")),
            }
        }
        for (k, o) in operands.iter().enumerate().skip(self.parameters.len()) {
            scalar(&mut words, o, self.operand_type(k));
        }
        words
    }

    /// Inputs that are the very memory of an output: NumPy, which copies operands that overlap otherwise, takes such for elementwise.
    fn aliased(&self, operands: &[CoreOperand<'_>], sizes: &[isize]) -> SmallVec<[usize; 2]> {
        let (inputs, outputs) = operands.split_at(self.inputs.len());
        let is = |k: usize, o: &CoreOperand<'_>| {
            let elements: isize = self.layout.inputs[k].iter().map(|d| sizes[*d]).product();
            elements > 1 && self.writable >> k & 1 == 0 && outputs.iter().any(|out| out.pointer == o.pointer)
        };
        inputs.iter().enumerate().filter(|(k, o)| is(*k, o)).map(|(k, _)| k).collect()
    }

    /// Addresses of the bytes of an operand, first and one past the last; `None` without elements.
    fn extent(&self, k: usize, o: &CoreOperand<'_>, axes: &[usize], sizes: &[isize], count: usize) -> Option<(usize, usize)> {
        let (mut low, mut high) = (0isize, self.operand_type(k).size() as isize);
        let outer = std::iter::once((count as isize, o.step));
        for (extent, stride) in outer.chain(axes.iter().map(|d| sizes[*d]).zip(o.strides.iter().copied())) {
            if extent == 0 {
                return None;
            }
            let reach = (extent - 1).wrapping_mul(stride);
            if reach < 0 { low += reach } else { high += reach }
        }
        let first = o.pointer as usize;
        Some((first.wrapping_add_signed(low), first.wrapping_add_signed(high)))
    }

    /// Whether elements may be computed in any order: what one writes, no other reads or writes.
    fn independent(&self, operands: &[CoreOperand<'_>], sizes: &[isize], count: usize) -> bool {
        let axes: SmallVec<[&[usize]; 8]> = self.layout.operands().collect();
        let extents: SmallVec<[Option<(usize, usize)>; 8]> =
            operands.iter().enumerate().map(|(k, o)| self.extent(k, o, axes[k], sizes, count)).collect();
        (0..operands.len()).filter(|k| *k >= self.inputs.len() || self.writable >> k & 1 == 1).all(|k| {
            let own = self.extent(k, &operands[k], axes[k], sizes, 1).map_or(0, |(a, b)| b - a);
            let alone = extents.iter().enumerate().all(|(j, other)| match (extents[k], *other) {
                (Some((a, b)), Some((c, d))) => j == k || a >= d || c >= b,
                _ => true,
            });
            // Core arrays that interleave (a loop axis faster than a core axis) do not touch either, but that is not told by ranges; equal strides of NumPy's arrays make it so.
            alone
                && (operands[k].step.unsigned_abs() >= own
                    || operands[k].step != 0 && interleaved(&operands[k], axes[k], sizes, count, self.operand_type(k)))
        })
    }
}

/// What code is compiled as: its scalars are parameters that are no arrays, and results that are returned.
fn shape(parameters: &[Type], outputs: &[ScalarType], inputs: usize) -> Shape {
    Shape::Core(scalars(parameters, outputs, inputs))
}

fn scalars(parameters: &[Type], outputs: &[ScalarType], inputs: usize) -> llvm::Signature {
    let returned = if parameters.len() > inputs { &[][..] } else { outputs };
    llvm::Signature { inputs: parameters.iter().filter_map(Type::scalar).collect(), outputs: returned.to_vec() }
}

/// Whether the loop axis and the core axes, sorted by stride, each step over all of the faster ones: then no two elements are the same memory.
fn interleaved(o: &CoreOperand<'_>, axes: &[usize], sizes: &[isize], count: usize, ty: ScalarType) -> bool {
    let mut all: SmallVec<[(usize, isize); 4]> = axes.iter().zip(o.strides).map(|(d, s)| (s.unsigned_abs(), sizes[*d])).collect();
    all.push((o.step.unsigned_abs(), count as isize));
    all.retain(|(_, extent)| *extent > 1);
    all.sort_unstable();
    let mut span = ty.size();
    all.into_iter().all(|(stride, extent)| {
        let fits = stride >= span;
        span = stride.saturating_mul(extent as usize - 1).saturating_add(span);
        fits
    })
}

/// Runs the body for one element after another, those inputs copied first. Safety: as [`run_cores`].
unsafe fn copied_one_by_one(
    lp: &CoreLoop,
    operands: &[CoreOperand<'_>],
    sizes: &[isize],
    count: usize,
    aliased: &[usize],
    options: Options,
) -> Result<Flags, Error> {
    let shapes: SmallVec<[Dims; 2]> = aliased.iter().map(|k| lp.layout.inputs[*k].iter().map(|d| sizes[*d]).collect()).collect();
    let strides: SmallVec<[Dims; 2]> = aliased.iter().zip(&shapes).map(|(k, shape)| dense(shape, lp.inputs[*k].size())).collect();
    let elements = shapes.iter().map(|s| s.iter().product::<isize>() as usize).max().unwrap_or(0);
    let mut scratch = Scratch::take(aliased.len(), elements);
    let options = Options { parallel: false, ..options };
    let mut flags = Flags::default();
    for element in 0..count {
        let mut here: SmallVec<[CoreOperand<'_>; 4]> =
            operands.iter().map(|o| CoreOperand { pointer: o.pointer.wrapping_offset(element as isize * o.step), ..*o }).collect();
        for (n, k) in aliased.iter().enumerate() {
            let copy = scratch.buffer(n);
            let (shape, size) = (&shapes[n], lp.inputs[*k].size());
            let (last, rows) = shape.split_last().expect("a core with axes");
            let own = here[*k].strides;
            let fetch = gather(lp.inputs[*k], lp.inputs[*k], false).expect("every type casts to itself");
            for row in 0..rows.iter().product::<isize>() as usize {
                let from = here[*k].pointer.wrapping_offset(offset(rows, &own[..rows.len()], row));
                // SAFETY: a row of the core array, by the caller's promise, into a buffer with room for all.
                unsafe { fetch(from, own[rows.len()], *last as usize, copy.add(row * *last as usize * size)) };
            }
            here[*k] = CoreOperand { pointer: copy, step: 0, strides: &strides[n] };
        }
        // SAFETY: the caller's promise, and copies of its elements that no output touches.
        flags = flags | unsafe { run_cores(lp, &here, sizes, 1, options) }.map_err(|e| at_element(e, element as u64))?;
    }
    Ok(flags)
}

/// A failure of the only element of a run, as that of another.
fn at_element(error: Error, element: u64) -> Error {
    match error {
        Error::Failed { mut failure, site } => {
            failure.thread = element;
            Error::Failed { failure, site }
        }
        other => other,
    }
}

/// Strides of a dense array in C order.
pub(super) fn dense(shape: &[isize], size: usize) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(size as isize, shape.len());
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    strides
}

struct Run<'a> {
    lp: &'a CoreLoop,
    words: SmallVec<[u64; 32]>,
    watched: Option<Arc<Watched>>,
}

// SAFETY: the words hold addresses that the caller of `run_cores` promised to this call; pieces given to several threads write disjoint elements.
unsafe impl Sync for Run<'_> {}

impl Run<'_> {
    fn piece(&self, host: &Host, range: Range<usize>) -> Result<(), Error> {
        let mut first = range.start;
        while first < range.end {
            let last = range.end.min(first + PIECE);
            let launch = host.launch();
            // SAFETY: words as the code wants them, valid for these elements by the promise of `run_cores`; launch and state outlive the call.
            unsafe { (self.lp.function)(self.words.as_ptr(), &launch, first as u64, last as u64) };
            let sites: &[Site] = self.lp.code.sites();
            if !sites.is_empty()
                && let Some(mut failure) = host.failure()
            {
                // The element is what a user counts.
                failure.thread = failure.block;
                return Err(Error::Failed { site: Box::new(sites[failure.site as usize].clone()), failure });
            }
            host.check()?;
            if self.watched.as_ref().is_some_and(|w| w.stopped()) {
                return Err(Error::Stopped);
            }
            first = last;
        }
        Ok(())
    }

    fn host(&self, calling: bool) -> Host {
        match &self.watched {
            None => Host::default(),
            Some(watched) if calling => Host::calling(watched),
            Some(watched) => Host::helping(watched),
        }
    }

    /// Elements on one thread, with its flags.
    fn alone(&self, range: Range<usize>, calling: bool) -> Result<Flags, Error> {
        let guard = float_env::enter();
        self.piece(&self.host(calling), range)?;
        Ok(guard.flags())
    }
}

/// Runs the body for `count` sets of core arrays. `sizes` are those of the layout's dimensions. Inputs declared writable and outputs are written; where such memory overlaps
/// another operand's, sets are computed one after another, each seeing what those before it wrote.
///
/// # Safety
/// Every element of every core array is valid memory of the loop's type for its operand, native, aligned, bools 0 or 1 where read; written ones are valid for writes. While
/// the call runs, no other thread writes what it reads, nor touches what it writes.
///
/// # Errors
/// [`Error::Failed`] (outputs of other elements are then unspecified), [`Error::Stopped`], [`Error::CoreShape`] for an axis that is too long.
pub unsafe fn run_cores(lp: &CoreLoop, operands: &[CoreOperand<'_>], sizes: &[isize], count: usize, options: Options) -> Result<Flags, Error> {
    assert_eq!(operands.len(), lp.inputs.len() + lp.outputs.len());
    if count == 0 {
        return Ok(Flags::default());
    }
    lp.check_sizes(sizes)?;
    let aliased = lp.aliased(operands, sizes);
    if !aliased.is_empty() {
        // SAFETY: the caller's promise.
        return unsafe { copied_one_by_one(lp, operands, sizes, count, &aliased, options) };
    }
    let watched = options.watch.filter(|_| lp.loops || count >= PIECE).map(Watched::new);
    let run = Run { lp, words: lp.words(operands, sizes), watched };
    let _registration = run.watched.as_ref().map(|watched| pool::register(watched.clone()));
    if !options.parallel || count < 2 || pool::threads() < 2 || !lp.independent(operands, sizes, count) {
        return run.alone(0..count, true);
    }
    spread(count, run.watched.as_ref(), |range, calling| run.alone(range, calling))
}
