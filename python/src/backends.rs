//! The backends one beside the other, for the tests of the compiler; not part of the package's interface.
//!
//! Owns [`PyLowered`], a function lowered for given types that can be run by the interpreter, by compiled code of one lane and of 32, on data given as
//! bytes, so that a test compares bits. Buffers are copied into memory of our own with a rim on both sides that must be whole afterwards. What the results
//! should be is the business of `tests/oracle.py`.
#![allow(unsafe_code)]

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use verdigris_compiler::abi::{self, GRID_DONE, Launch, LaunchState, Site, SiteKind};
use verdigris_compiler::interp::{self, Argument, Limits, View};
use verdigris_compiler::ir::{Builder, Inst, Kind, Param, Verified};
use verdigris_compiler::llvm::ptx;
use verdigris_compiler::llvm::{self, BlockClass, Code, Cpu, Lanes, Shape, Signature};
use verdigris_compiler::lower::{self, Lowered, Options};
use verdigris_compiler::op::{Math, Op};
use verdigris_compiler::source::Sources;
use verdigris_compiler::types::{ArrayType, Layout, Scalar, ScalarType, Type};
use verdigris_device::float_env;

use crate::config;
use crate::definition::PyFunction;
use crate::error::{Class, Exception, IntoPyErr};
use crate::{gate, types};

/// Longest run of compiled code.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most instructions that the interpreter executes in a run.
const STEPS: u64 = 200_000_000;

/// A function lowered for types, with the code made of it so far.
#[pyclass(frozen, name = "Lowered", module = "verdigris._verdigris")]
pub(crate) struct PyLowered {
    lowered: Lowered,
    /// Types of a scalar function's arguments and results, before complex ones were split.
    signature: Signature,
    codes: Mutex<Vec<Arc<Code>>>,
}

/// Who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Interpreter,
    Compiled { lanes: Lanes, exact_flags: bool },
}

impl Backend {
    fn named(py: Python<'_>, name: &str) -> PyResult<Backend> {
        Ok(match name {
            "interpreter" => Backend::Interpreter,
            "lanes=1" => Backend::Compiled { lanes: Lanes::One, exact_flags: false },
            "lanes=32" => Backend::Compiled { lanes: Lanes::Warp, exact_flags: false },
            "lanes=1, exact flags" => Backend::Compiled { lanes: Lanes::One, exact_flags: true },
            "lanes=32, exact flags" => Backend::Compiled { lanes: Lanes::Warp, exact_flags: true },
            _ => return Err(wrong(py, format!("no backend is called {name:?}"))),
        })
    }
}

/// A fault as a test compares it: kind, linear block, linear thread, line, and what belongs to the kind.
type Fault = (&'static str, u64, u64, u32, Option<(u8, i64, i64)>);

/// Grid, block, and bytes of dynamic shared memory.
type Extents = ([u32; 3], [u32; 3], u32);

/// What a run gives: the outputs (or buffers) and the first fault.
type Outcome = (Vec<Vec<u8>>, Option<Fault>);

/// An argument of a kernel.
#[derive(FromPyObject)]
enum Given {
    /// Buffer, byte of element 0, extents, strides in bytes.
    Array(usize, usize, Vec<usize>, Vec<isize>),
    /// The bytes of a scalar.
    Scalar(Vec<u8>),
}

/// Why a run gave nothing to compare.
enum Error {
    Arguments(String),
    Compiler(llvm::Error),
    Interpreter(interp::Error),
    /// The code wrote where it must not.
    Rim(String),
    Patience,
}

impl From<llvm::Error> for Error {
    fn from(error: llvm::Error) -> Error {
        Error::Compiler(error)
    }
}

impl IntoPyErr for Error {
    fn into_py_err(self, py: Python<'_>) -> PyErr {
        match self {
            Error::Arguments(text) => wrong(py, text),
            Error::Compiler(error) => error.into_py_err(py),
            Error::Interpreter(error) => wrong(py, error.to_string()),
            Error::Rim(text) => crate::error::Bug::Broken(text).into_py_err(py),
            Error::Patience => wrong(py, format!("compiled code ran longer than {PATIENCE:?}")),
        }
    }
}

fn wrong(py: Python<'_>, text: String) -> PyErr {
    Exception::new(py, Class::Argument, text).build()
}

#[pymethods]
impl PyLowered {
    /// Lowers a function for a signature, in any of the forms in which users write one.
    #[new]
    #[pyo3(signature = (function, signature, *, kernel, fma))]
    fn new(py: Python<'_>, function: &Bound<'_, PyFunction>, signature: Bound<'_, PyAny>, kernel: bool, fma: bool) -> PyResult<PyLowered> {
        let definition = function.get().definition(py)?;
        let types::Signature { args, returns } = types::signature(&signature)?;
        let options = Options { kind: if kernel { Kind::Kernel } else { Kind::Scalar }, fma, fastmath: false, zero_division: false };
        let lowered = gate::detached(py, || lower::lower(&definition, &args, options, returns.as_ref()).and_then(Lowered::of_arguments_alone))?;
        let mut signature = Signature { inputs: Vec::new(), outputs: Vec::new() };
        if !kernel {
            lowered.params.iter().for_each(|t| leaves(t, &mut signature.inputs));
            leaves(&lowered.result, &mut signature.outputs);
        }
        Ok(PyLowered { lowered, signature, codes: Mutex::default() })
    }

    /// The function that is nothing but a row of the op table, by its place in [`op_rows`].
    #[staticmethod]
    fn of_row(py: Python<'_>, index: usize) -> PyResult<PyLowered> {
        let Some(row) = rows().into_iter().nth(index) else { return Err(wrong(py, format!("there is no row {index}"))) };
        let mut b = Builder::new(row.op.name(), Kind::Scalar);
        let params: Vec<u32> = row.operands.iter().enumerate().map(|(i, t)| b.scalar_param(format!("x{i}"), *t)).collect();
        let operands: Vec<_> = params.into_iter().map(|p| b.push(Inst::Param(p))).collect();
        let value = b.apply(row.op, &operands);
        let slot = b.slot("%result", row.result);
        b.set(slot, value);
        let ir = Verified::new(b.finish(vec![slot], Sources::default())).map_err(|e| wrong(py, format!("{e:?}")))?;
        let signature = Signature { inputs: row.operands.clone(), outputs: vec![row.result] };
        let lowered = Lowered {
            ir,
            params: row.operands.into_iter().map(Type::Scalar).collect(),
            result: Type::Scalar(row.result),
            stored: Vec::new(),
            cooperative: false,
            extras: Vec::new(),
        };
        Ok(PyLowered { lowered, signature, codes: Mutex::default() })
    }

    /// The rows of the op table that the IR uses: name and operand types.
    #[getter]
    fn used_rows(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let ir = &self.lowered.ir;
        let mut used = Vec::new();
        ir.walk(&mut |_, inst| {
            if let Inst::Apply { op, args } = inst {
                used.push((op.name(), args.iter().map(|a| ir.ty(*a).name()).collect()));
            }
        });
        used
    }

    /// The IR as printed.
    #[getter]
    fn ir(&self) -> String {
        self.lowered.ir.to_string()
    }

    /// The types of a scalar function's results, tuples flattened.
    #[getter]
    fn results(&self) -> Vec<&'static str> {
        self.signature.outputs.iter().map(|t| t.name()).collect()
    }

    /// PTX for a compute capability: of a kernel, or of a loop over elements.
    fn ptx(&self, py: Python<'_>, cc: (u8, u8)) -> PyResult<String> {
        let arch = crate::cuda::arch(py, cc)?;
        let entry = match self.lowered.ir.kind {
            Kind::Kernel => ptx::Entry::Kernel,
            _ => ptx::Entry::Elements { signature: self.signature.clone(), axes: 1 },
        };
        gate::detached(py, || ptx::compile(&self.lowered.ir, &entry, arch, &ptx::Options::default()).map(|module| module.text.clone()))
    }

    /// Applies a scalar function to `count` elements. A column has the bytes of all elements of an argument, or of one where the argument's bit of `uniform` is set.
    #[pyo3(signature = (backend, count, columns, uniform = 0))]
    fn run_scalar<'py>(
        &self,
        py: Python<'py>,
        backend: &str,
        count: usize,
        columns: Vec<Vec<u8>>,
        uniform: u64,
    ) -> PyResult<(Vec<Bound<'py, PyBytes>>, Option<Fault>)> {
        let backend = Backend::named(py, backend)?;
        let cpu = config::cpu(py)?;
        let (outputs, fault) = gate::detached(py, || {
            self.check_columns(count, &columns, uniform)?;
            match backend {
                Backend::Interpreter => self.interpret_scalar(count, &columns, uniform),
                Backend::Compiled { lanes, exact_flags } => self.execute_scalar(cpu, lanes, exact_flags, count, &columns, uniform),
            }
        })?;
        Ok((outputs.iter().map(|b| PyBytes::new(py, b)).collect(), fault))
    }

    /// Launches a kernel; gives the buffers as they are afterwards.
    #[pyo3(signature = (backend, grid, block, arguments, buffers, shared=0))]
    #[expect(clippy::too_many_arguments)]
    fn run_kernel<'py>(
        &self,
        py: Python<'py>,
        backend: &str,
        grid: [u32; 3],
        block: [u32; 3],
        arguments: Vec<Given>,
        buffers: Vec<Vec<u8>>,
        shared: u32,
    ) -> PyResult<(Vec<Bound<'py, PyBytes>>, Option<Fault>)> {
        let backend = Backend::named(py, backend)?;
        let cpu = config::cpu(py)?;
        let (outputs, fault) = gate::detached(py, || {
            let arguments = self.bind(&arguments, &buffers)?;
            match backend {
                Backend::Interpreter => self.interpret_kernel((grid, block, shared), &arguments, buffers),
                Backend::Compiled { lanes, .. } => self.execute_kernel(cpu, lanes, (grid, block, shared), &arguments, buffers),
            }
        })?;
        Ok((outputs.iter().map(|b| PyBytes::new(py, b)).collect(), fault))
    }
}

impl PyLowered {
    fn compiled(&self, shape: &Shape, cpu: &Cpu) -> Result<Arc<Code>, llvm::Error> {
        let code = llvm::compile(&self.lowered.ir, shape, cpu)?;
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).push(code.clone());
        Ok(code)
    }

    // --- scalar functions ---

    fn check_columns(&self, count: usize, columns: &[Vec<u8>], uniform: u64) -> Result<(), Error> {
        if self.lowered.ir.kind != Kind::Scalar || columns.len() != self.signature.inputs.len() {
            return Err(Error::Arguments(format!("a scalar function of {} arguments is wanted, not {}", columns.len(), self.signature.inputs.len())));
        }
        for (i, (column, ty)) in columns.iter().zip(&self.signature.inputs).enumerate() {
            let elements = if uniform >> i & 1 == 1 { 1 } else { count };
            if column.len() != elements * ty.size() {
                return Err(Error::Arguments(format!("column {i} has {} bytes, not {elements} elements of {ty}", column.len())));
            }
        }
        Ok(())
    }

    fn interpret_scalar(&self, count: usize, columns: &[Vec<u8>], uniform: u64) -> Result<Outcome, Error> {
        let mut outputs = vec![Vec::new(); self.signature.outputs.len()];
        let mut first = None;
        for element in 0..count {
            let mut args = Vec::new();
            for (i, (column, ty)) in columns.iter().zip(&self.signature.inputs).enumerate() {
                let at = if uniform >> i & 1 == 1 { 0 } else { element } * ty.size();
                split(*ty, &column[at..at + ty.size()], &mut args);
            }
            let mut results = match interp::run_scalar(&self.lowered.ir, &args, &Limits { steps: STEPS, ..Limits::default() }) {
                Ok(results) => results.into_iter(),
                Err(interp::Error::Fault(fault)) => {
                    first = first.or_else(|| Some(described(&fault.site, 0, element as u64, fault.index)));
                    Vec::new().into_iter()
                }
                Err(error) => return Err(Error::Interpreter(error)),
            };
            for (output, ty) in outputs.iter_mut().zip(&self.signature.outputs) {
                for _ in 0..1 + usize::from(ty.is_complex()) {
                    // After a fault there are no results.
                    let bits = results.next().map_or(0, Scalar::bits);
                    output.extend_from_slice(&bits.to_le_bytes()[..ty.part().size()]);
                }
            }
        }
        Ok((outputs, first))
    }

    fn execute_scalar(&self, cpu: &Cpu, lanes: Lanes, exact_flags: bool, count: usize, columns: &[Vec<u8>], uniform: u64) -> Result<Outcome, Error> {
        let code = self.compiled(&Shape::Loop { lanes, signature: self.signature.clone(), uniform, exact_flags, stream: false }, cpu)?;
        let mut rimmed: Vec<Rimmed> = columns.iter().map(|c| Rimmed::new(c)).collect();
        rimmed.extend(self.signature.outputs.iter().map(|t| Rimmed::new(&vec![0; count * t.size()])));
        let operands: Vec<*mut u8> = rimmed.iter_mut().map(Rimmed::pointer).collect();
        let failure = patiently([1; 3], [1; 3], |launch| {
            let _env = float_env::enter();
            // SAFETY: operands are as the signature says: contiguous, aligned to 16, `count` elements each or one where uniform (`check_columns`); they do not overlap.
            unsafe { code.elements()(operands.as_ptr(), count as u64, launch) }
        })?;
        let outputs = rimmed.split_off(columns.len()).into_iter().map(Rimmed::finish).collect::<Result<_, _>>()?;
        for (before, after) in columns.iter().zip(rimmed) {
            if after.finish()? != *before {
                return Err(Error::Rim("compiled code wrote to an input".to_owned()));
            }
        }
        Ok((outputs, failure.map(|f| described(&code.sites()[f.site as usize], f.block, f.thread, f.index))))
    }

    // --- kernels ---

    /// Arguments by parameter, complex scalars as two. Whether a view is as its type promises and lies in its buffer is seen to here.
    fn bind(&self, given: &[Given], buffers: &[Vec<u8>]) -> Result<Vec<Argument>, Error> {
        let mut arguments = Vec::new();
        if self.lowered.ir.kind != Kind::Kernel || given.len() != self.lowered.params.len() {
            return Err(Error::Arguments(format!("a kernel of {} arguments is wanted, not of {}", given.len(), self.lowered.params.len())));
        }
        for (i, (given, ty)) in given.iter().zip(&self.lowered.params).enumerate() {
            match (given, ty) {
                (Given::Scalar(bytes), Type::Scalar(ty)) if bytes.len() == ty.size() => {
                    let mut scalars = Vec::new();
                    split(*ty, bytes, &mut scalars);
                    arguments.extend(scalars.into_iter().map(Argument::Scalar));
                }
                (Given::Array(buffer, offset, shape, strides), Type::Array(ty)) => {
                    let view = View { buffer: *buffer, offset: *offset, shape: shape.clone(), strides: strides.clone() };
                    fits(&view, *ty, buffers).map_err(|what| Error::Arguments(format!("argument {i}: {what}")))?;
                    arguments.push(Argument::Array(view));
                }
                (_, ty) => return Err(Error::Arguments(format!("argument {i} is not {ty}"))),
            }
        }
        debug_assert_eq!(arguments.len(), self.lowered.ir.params.len());
        Ok(arguments)
    }

    fn interpret_kernel(&self, (grid, block, shared): Extents, arguments: &[Argument], mut buffers: Vec<Vec<u8>>) -> Result<Outcome, Error> {
        let mut lent: Vec<&mut [u8]> = buffers.iter_mut().map(Vec::as_mut_slice).collect();
        let limits = Limits { steps: STEPS, dynamic_shared: shared as usize, ..Limits::default() };
        let run = interp::run_kernel(&self.lowered.ir, arguments, &mut lent, grid, block, &limits);
        match run {
            Ok(()) => Ok((buffers, None)),
            Err(interp::Error::Fault(f)) => Ok((buffers, Some(described(&f.site, f.block, f.thread, f.index)))),
            Err(error) => Err(Error::Interpreter(error)),
        }
    }

    fn execute_kernel(
        &self,
        cpu: &Cpu,
        lanes: Lanes,
        (grid, block, shared): Extents,
        arguments: &[Argument],
        buffers: Vec<Vec<u8>>,
    ) -> Result<Outcome, Error> {
        if grid.contains(&0) || block.contains(&0) {
            return Err(Error::Arguments("an empty launch".to_owned()));
        }
        let code = self.compiled(&Shape::Blocks { lanes, class: BlockClass::of(block), check_bounds: true }, cpu)?;
        let mut rimmed: Vec<Rimmed> = buffers.iter().map(|b| Rimmed::new(b)).collect();
        let mut words: Vec<u64> = Vec::new();
        for (argument, param) in arguments.iter().zip(&self.lowered.ir.params) {
            match (argument, param) {
                (Argument::Scalar(value), Param::Scalar { .. }) => words.push(value.bits()),
                (Argument::Array(view), Param::Array { .. }) => {
                    words.push(rimmed[view.buffer].pointer().wrapping_add(view.offset) as u64);
                    words.extend(view.shape.iter().map(|n| *n as u64));
                    words.extend(view.strides.iter().map(|n| *n as u64));
                }
                _ => return Err(Error::Arguments("scalars and arrays are mixed up".to_owned())),
            }
        }
        let blocks = grid.iter().map(|n| u64::from(*n)).product();
        // Memory of the kernel's own holds a pattern, so that what is read before it is written shows.
        let memory = code.memory();
        let lent = (memory.shared + u64::from(shared)).next_multiple_of(64);
        let frames = memory.frame * memory.frames(block.iter().product());
        // Where the grid waits, all blocks are alive; they are one group.
        let stride = memory.block + lent + frames;
        let bytes = memory.group + stride * if memory.group > 0 { blocks } else { 1 };
        let mut own = Rimmed::new(&vec![0xa5; bytes as usize + 64]);
        let start = own.pointer().wrapping_add(own.pointer().align_offset(64));
        let words_at = start.wrapping_add(memory.group as usize);
        let shared_at = words_at.wrapping_add(memory.block as usize);
        let failure = patiently(grid, block, |launch| {
            // SAFETY: `patiently` gives a launch that lives through this call.
            let launch = unsafe { &*launch };
            let launch = &Launch {
                shared: shared_at,
                frames: shared_at.wrapping_add(lent as usize),
                frame_size: memory.frame,
                dynamic_shared: shared.into(),
                group: start,
                words: words_at,
                stride,
                ..Launch::new(grid, block, launch.stop, launch.state)
            };
            let _env = float_env::enter();
            let state = start.cast::<u32>();
            if memory.group > 0 {
                // SAFETY: the group's memory begins with its state, aligned to 64.
                unsafe { state.write(0) };
            }
            loop {
                // SAFETY: the memory is as the code asks; the words are in the order of the parameters; every view lies in its buffer and is laid out as its type says (`bind`); the class is the block's.
                unsafe { code.blocks()(words.as_ptr(), launch, 0, blocks) }
                // SAFETY: as above. Code that was stopped has not changed the state.
                let before = if memory.group > 0 { unsafe { state.read() } } else { GRID_DONE };
                // SAFETY: the stop word lives as long as the launch.
                if before == GRID_DONE || unsafe { &*launch.stop }.load(Ordering::Relaxed) == 2 {
                    break;
                }
            }
        })?;
        let outputs = rimmed.into_iter().map(Rimmed::finish).collect::<Result<_, _>>()?;
        own.finish()?;
        Ok((outputs, failure.map(|f| described(&code.sites()[f.site as usize], f.block, f.thread, f.index))))
    }
}

/// A row of the op table at operand types that it takes.
struct Row {
    op: Op,
    operands: Vec<ScalarType>,
    result: ScalarType,
}

/// Every row at every combination of operand types.
fn rows() -> Vec<Row> {
    let casts = ScalarType::ALL.into_iter().filter(|t| !t.is_complex()).map(Op::Cast);
    let math = Math::ALL.iter().map(|m| Op::Math(*m));
    let all = Op::PLAIN.iter().copied().chain(casts).chain(math);
    all.flat_map(|op| ScalarType::ALL.into_iter().map(move |ty| (op, ty)))
        .filter_map(|(op, ty)| {
            let mut operands = vec![ty; op.arity()];
            if op == Op::Select {
                operands[0] = ScalarType::Bool;
            }
            let result = op.result(&operands)?;
            Some(Row { op, operands, result })
        })
        .collect()
}

/// Every row of the op table at every combination of types it takes: name (a cast's is its type), operand types, result type.
#[pyfunction]
pub(crate) fn op_rows() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    rows().into_iter().map(|row| (row.op.name(), row.operands.iter().map(|t| t.name()).collect(), row.result.name())).collect()
}

/// A function of the math library on numbers of one float type, as the interpreter computes it. The name is the row's.
#[pyfunction]
pub(crate) fn math_row(name: &str, ty: &str, args: Vec<f64>) -> PyResult<f64> {
    let unknown = || pyo3::exceptions::PyValueError::new_err(format!("{name} of {ty} is no row of {} operands", args.len()));
    let ty = ScalarType::from_name(ty).filter(|t| t.is_float()).ok_or_else(unknown)?;
    let math = Math::ALL.iter().copied().find(|m| m.name() == name && m.arity() == args.len()).ok_or_else(unknown)?;
    let args: Vec<Scalar> = args.iter().map(|x| Scalar::float(ty, *x)).collect();
    Ok(verdigris_compiler::op::eval(Op::Math(math), &args).as_f64())
}

/// The scalars of a type, in order.
fn leaves(ty: &Type, into: &mut Vec<ScalarType>) {
    match ty {
        Type::Scalar(t) => into.push(*t),
        Type::Tuple(items) | Type::Named(_, items) => items.iter().for_each(|t| leaves(t, into)),
        Type::None | Type::Array(_) | Type::Records(_) => {}
    }
}

/// The scalars that the IR has for one of the language, from its bytes.
fn split(ty: ScalarType, bytes: &[u8], into: &mut Vec<Scalar>) {
    for part in bytes.chunks_exact(ty.part().size()) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        into.push(Scalar::from_bits(ty.part(), u64::from_le_bytes(word)));
    }
}

fn described(site: &Site, block: u64, thread: u64, index: Option<(u8, i64, i64)>) -> Fault {
    let kind = match &site.kind {
        SiteKind::Index { .. } => "index",
        SiteKind::TupleIndex => "tuple index",
        SiteKind::ZeroStep => "zero step",
        SiteKind::Value(_) => "value",
        SiteKind::Unassigned(_) => "unassigned",
        SiteKind::Barrier => "barrier",
        SiteKind::Recursion(_) => "recursion",
        SiteKind::Wait => "wait",
        SiteKind::Raise(_) => "raise",
    };
    (kind, block, thread, site.location.line, index)
}

fn fits(view: &View, ty: ArrayType, buffers: &[Vec<u8>]) -> Result<(), String> {
    let size = ty.elem.size() as i128;
    let Some(buffer) = buffers.get(view.buffer) else { return Err(format!("there is no buffer {}", view.buffer)) };
    if view.shape.len() != usize::from(ty.ndim) || view.strides.len() != view.shape.len() {
        return Err(format!("{} axes for {ty}", view.shape.len()));
    }
    if view.shape.contains(&0) {
        return Ok(());
    }
    let axes: Vec<(i128, i128)> = view.shape.iter().zip(&view.strides).map(|(n, s)| (*n as i128, *s as i128)).collect();
    let mut dense = size;
    let inwards: Vec<(i128, i128)> = match ty.layout {
        Layout::C => axes.iter().rev().copied().collect(),
        Layout::F => axes.clone(),
        Layout::A => Vec::new(),
    };
    for (extent, stride) in inwards {
        if extent > 1 && stride != dense {
            return Err(format!("strides {:?} are not {ty}", view.strides));
        }
        dense *= extent;
    }
    let reach = |(extent, stride): &(i128, i128)| (extent - 1) * stride;
    let low: i128 = view.offset as i128 + axes.iter().map(reach).filter(|r| *r < 0).sum::<i128>();
    let high: i128 = view.offset as i128 + axes.iter().map(reach).filter(|r| *r > 0).sum::<i128>() + size;
    if low < 0 || high > buffer.len() as i128 { Err(format!("it reaches from {low} to {high} of {} bytes", buffer.len())) } else { Ok(()) }
}

/// Runs compiled code, and has it stop when patience ends.
fn patiently(grid: [u32; 3], block: [u32; 3], run: impl FnOnce(*const Launch)) -> Result<Option<abi::Failure>, Error> {
    let state = LaunchState::default();
    let launch = Launch::new(grid, block, &raw const state.stop, &raw const state);
    let (done, wait) = mpsc::channel::<()>();
    let stop = &state.stop;
    let late = std::thread::scope(|scope| {
        let watch = scope.spawn(move || {
            let late = wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout);
            if late {
                stop.store(2, Ordering::Relaxed);
            }
            late
        });
        run(&raw const launch);
        drop(done);
        watch.join().unwrap_or(false)
    });
    if late { Err(Error::Patience) } else { Ok(state.failure()) }
}

/// A copy of a buffer, aligned to 16, with a rim on both sides.
struct Rimmed {
    words: Vec<u128>,
    length: usize,
}

const RIM: usize = 4;
const PATTERN: u128 = 0x5bad_c0de_5bad_c0de_5bad_c0de_5bad_c0de;

impl Rimmed {
    fn new(bytes: &[u8]) -> Rimmed {
        let mut words = vec![PATTERN; RIM];
        for chunk in bytes.chunks(16) {
            let mut word = PATTERN.to_le_bytes();
            word[..chunk.len()].copy_from_slice(chunk);
            words.push(u128::from_le_bytes(word));
        }
        words.extend([PATTERN; RIM]);
        Rimmed { words, length: bytes.len() }
    }

    fn pointer(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().wrapping_add(RIM).cast()
    }

    /// The contents, if the rim is as it was.
    fn finish(self) -> Result<Vec<u8>, Error> {
        let all: Vec<u8> = self.words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let (start, end) = (RIM * 16, RIM * 16 + self.length);
        let whole = |at: usize| all[at] == PATTERN.to_le_bytes()[at % 16];
        match (0..start).chain(end..all.len()).find(|at| !whole(*at)) {
            Some(at) => {
                Err(Error::Rim(format!("compiled code wrote {} bytes from the start of a buffer of {}", at as i64 - start as i64, self.length)))
            }
            None => Ok(all[start..end].to_vec()),
        }
    }
}
