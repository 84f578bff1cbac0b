//! Verified IR to PTX: the text that an NVIDIA driver compiles and runs.
//!
//! Owns what a PTX module is to its host ([`Module`]): the text, the name of its entry, what the host passes, and what comes back. The IR has been verified; the code is the
//! emitter's for one lane, so that every result has the bits that a CPU gives. Not known here: drivers, memory, launches.
//!
//! # How a host calls an entry
//! Every entry has **one parameter**: a struct of [`Module::words`] 64-bit words, passed by value. `cuLaunchKernel`'s `kernelParams` is one pointer, to an array of those words (or pass them as
//! `CU_LAUNCH_PARAM_BUFFER_POINTER`). What each is, [`Word`] says, and their order is that of [`crate::abi`]'s words of a CPU call, then those that only a GPU needs:
//!
//! - a **kernel** ([`Entry::Kernel`]): for each parameter of [`crate::ir::Function::params`], a scalar's bits, zero-extended; or an array's device address, its n extents (elements) and its n
//!   strides (bytes, signed). Then [`Word::Status`]. These are the words that `BlocksFn` is handed, with device addresses. Complex numbers, tuples and records have been split by the front end.
//! - a **scalar function over elements** ([`Entry::Elements`]): for each operand, inputs first (a complex one is one operand, its parts interleaved), its address and its step in bytes along each of
//!   the `axes` (0: broadcast; the last axis is fastest). Then the extents of the axes, their product [`Word::Count`], then [`Word::Status`]. Any grid of one axis does: threads stride over elements.
//! - the **body of a generalized ufunc** ([`Entry::Cores`]): for each parameter its address and its step in bytes along each of the `axes`, an array's followed by the n extents and n strides of its core
//!   axes; then address and steps of each result. Of a complex number or result each part is one with an address of its own. Then extents, count and status as above. One thread runs one set of core arrays.
//!
//! Elements of arrays lie at multiples of their size, as NumPy's aligned arrays do (a complex one's parts at multiples of a part's), unless [`Options::aligned`] is off.
//!
//! # The status block
//! [`Word::Status`] is the device address of a [`Status`] (aligned to 8): zeroed by the host before each launch, but for where printed lines go. A thread that fails leaves a record there and
//! ends alone; of several, that of the lowest block and thread stays, as on the CPU (where the fault of a warp ends its other threads too). [`Status::failure`] reads it as [`crate::abi::Failure`], of which
//! `site` is an index into [`Module::sites`]. Output of `print()` is kept as records behind [`Status::print`], and told as text by [`Module::printed`].

mod arch;
mod dump;
mod limits;
mod selectable;
mod status;

pub use arch::{Arch, UnknownArch};
pub(in crate::llvm) use dump::dump;
pub(in crate::llvm) use status::RECORD_HEAD;
pub use status::{Printed, Status};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Linkage;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple};
use sha2::{Digest, Sha256};

use super::emit::{self, Emitted};
use super::instr::Instr;
use super::{Signature, checked, timed};
use crate::abi::Site;
use crate::diagnostic::Diagnostic;
use crate::fork;
use crate::ir::Verified;
use crate::types::ScalarType;

/// What to make of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A kernel, of IR of [`crate::ir::Kind::Kernel`].
    Kernel,
    /// One thread an element (or several), of IR of [`crate::ir::Kind::Scalar`].
    Elements {
        /// Operand types, before complex ones were split.
        signature: Signature,
        /// Axes over which operands are stepped, 1 to [`Entry::MOST_AXES`].
        axes: u8,
    },
    /// One thread a set of core arrays, of IR of [`crate::ir::Kind::Core`].
    Cores {
        /// Types of the parameters that are no arrays, and of the results.
        scalars: Signature,
        /// As of elements.
        axes: u8,
    },
    /// A function that code of others calls, of IR of [`crate::ir::Kind::Core`], as a C compiler for GPUs has it: scalars by value (bool as a byte), an array as its address, its n extents and n strides; one
    /// result by value, several as a struct. There is no status block: a failure traps, which ends the launch.
    Function,
}

impl Entry {
    /// Axes of a loop at most, as many as NumPy's arrays have.
    pub const MOST_AXES: u8 = 64;
}

/// How to make it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Options {
    /// Check indexes; else they only wrap, and the host vouches for them. On by default.
    pub check_bounds: bool,
    /// Every element of every array parameter (a part, of complex ones) lies at a multiple of its size. On by default: the host compiles without it for arrays that are otherwise, such as fields of packed
    /// records, which are then read byte by byte.
    pub aligned: bool,
    /// Tell the driver's tools which line of the user's file each instruction came from. Off by default.
    pub line_info: bool,
    /// Run the optimiser. On by default.
    pub optimise: bool,
    /// Threads of a block at most (`.maxntid`), which lets the driver give each more registers.
    pub most_threads: Option<u32>,
    /// Blocks that a multiprocessor should hold at least (`.minnctapersm`).
    pub least_blocks: Option<u32>,
    /// Registers of a thread at most (`.maxnreg`).
    pub most_registers: Option<u32>,
    /// Calls of recursive functions inside each other at most; each takes stack, which a GPU has little of. 128 by default.
    pub deepest_calls: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            check_bounds: true,
            aligned: true,
            line_info: false,
            optimise: true,
            most_threads: None,
            least_blocks: None,
            most_registers: None,
            deepest_calls: 128,
        }
    }
}

/// What one 64-bit word of an entry's parameter is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// Bits of scalar parameter `param` (by its number in [`crate::ir::Function::params`]), zero-extended.
    Scalar {
        /// The parameter.
        param: u32,
        /// Its type.
        ty: ScalarType,
    },
    /// Device address of the first element of array parameter `param`; of what a loop steps over, of the first thread's.
    Address {
        /// The parameter; for [`Entry::Elements`] the operand, counted through inputs and outputs; for a result of [`Entry::Cores`], counted on behind the parameters.
        param: u32,
    },
    /// Elements along an axis of an array parameter.
    Extent {
        /// The parameter.
        param: u32,
        /// The axis.
        axis: u8,
    },
    /// Bytes from one element to the next along an axis of an array parameter, signed.
    Stride {
        /// The parameter.
        param: u32,
        /// The axis.
        axis: u8,
    },
    /// Bytes from what one thread works on to what the next does, along an axis of the loop.
    Step {
        /// As of [`Word::Address`].
        param: u32,
        /// The axis of the loop.
        axis: u8,
    },
    /// Extent of an axis of the loop.
    Loop {
        /// The axis.
        axis: u8,
    },
    /// The product of the loop's extents.
    Count,
    /// Device address of the [`Status`].
    Status,
}

/// A function in PTX.
#[derive(Debug)]
#[non_exhaustive]
pub struct Module {
    /// The text, without a NUL at its end.
    pub text: String,
    /// Name of the entry in it.
    pub entry: String,
    /// What it was made for.
    pub arch: Arch,
    /// What the words of its one parameter are.
    pub words: Vec<Word>,
    /// Bytes of static shared memory.
    pub shared: u32,
    /// Whether it looks at dynamic shared memory.
    pub dynamic_shared: bool,
    /// Whether the grid waits as a whole, so that it must be launched cooperatively.
    pub cooperative: bool,
    /// Calls inside each other at most, if functions call themselves: the stack of the context must suffice for them (`CU_LIMIT_STACK_SIZE`). A call too deep is a RecursionError.
    pub deepest: Option<u32>,
    /// Whether a launch may leave a failure in its [`Status`].
    pub fails: bool,
    /// Whether it prints.
    pub prints: bool,
    /// Places that may fail, by the index in [`crate::abi::Failure::site`].
    pub sites: Vec<Site>,
    /// The lines that it prints, as [`crate::print::encode`] has them, by their number in a record.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Module {
    /// Bytes of the entry's one parameter.
    pub fn param_bytes(&self) -> usize {
        self.words.len() * 8
    }

    /// The text of what threads printed: `status` as it stands after the launch, `records` the first [`Status::print_used`] bytes (at most [`Status::print_size`]) of the memory behind [`Status::print`].
    /// Texts stand in the order of blocks and threads, those of one thread in the order in which it wrote them.
    pub fn printed(&self, status: &Status, records: &[u8]) -> Printed {
        status::printed(status, records, &self.lines)
    }
}

/// Why there is no PTX.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The function asks for something that a GPU does not have, where the diagnostic says.
    Unsupported(Box<Diagnostic>),
    /// A fault of the compiler itself.
    Bug(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Unsupported(diagnostic) => f.write_str(&diagnostic.render()),
            Error::Bug(what) => write!(f, "fault in the compiler, please report: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Compiles a function for an architecture; found again, while anyone holds it, for the same IR and options.
///
/// # Errors
/// [`Error::Unsupported`] for what a GPU does not have; [`Error::Bug`].
///
/// # Panics
/// If the entry does not fit the IR's kind or signature, or has no axes or too many.
pub fn compile(ir: &Verified, entry: &Entry, arch: Arch, options: &Options) -> Result<Arc<Module>, Error> {
    entry.must_fit(ir);
    let key = key(ir, entry, arch, options);
    let _job = fork::job();
    if let Some(module) = kept().lock().unwrap_or_else(|e| e.into_inner()).get(&key).and_then(Weak::upgrade) {
        return Ok(module);
    }
    let module = Arc::new(make(ir, entry, arch, options)?);
    let mut map = kept().lock().unwrap_or_else(|e| e.into_inner());
    map.retain(|_, module| module.strong_count() > 0);
    map.insert(key, Arc::downgrade(&module));
    Ok(module)
}

/// The LLVM IR of a function for an architecture, as emitted or (`optimised`) after the passes.
///
/// # Errors
/// As [`compile`].
///
/// # Panics
/// As [`compile`].
pub fn listing(ir: &Verified, entry: &Entry, arch: Arch, options: &Options, optimised: bool) -> Result<String, Error> {
    entry.must_fit(ir);
    limits::check(ir)?;
    let _job = fork::job();
    let context = Context::create();
    let machine = machine(arch)?;
    let Emitted { module, .. } = emitted(&context, &machine, ir, entry, options)?;
    if optimised {
        optimise(&module, &machine, options)?;
    }
    Ok(module.print_to_string().to_string())
}

impl Entry {
    fn must_fit(&self, ir: &Verified) {
        use crate::ir::{Kind, Param};
        let parts = |types: &[ScalarType]| types.iter().map(|ty| 1 + usize::from(ty.is_complex())).sum::<usize>();
        let (kind, signature, axes) = match self {
            Entry::Kernel => (Kind::Kernel, None, 1),
            Entry::Elements { signature, axes } => (Kind::Scalar, Some(signature), *axes),
            Entry::Cores { scalars, axes } => (Kind::Core, Some(scalars), *axes),
            Entry::Function => (Kind::Core, None, 1),
        };
        assert_eq!(ir.kind, kind, "`{}` is no function for this entry", ir.name);
        assert!((1..=Entry::MOST_AXES).contains(&axes), "a loop has 1 to {} axes, not {axes}", Entry::MOST_AXES);
        if let Some(signature) = signature {
            let scalars = ir.params.iter().filter(|p| matches!(p, Param::Scalar { .. })).count();
            assert_eq!((parts(&signature.inputs), parts(&signature.outputs)), (scalars, ir.results.len()), "the signature is of `{}`", ir.name);
        }
    }

    /// A name for the entry of a function, of letters that PTX has.
    fn symbol(&self, function: &str) -> String {
        let kind = match self {
            Entry::Kernel => "kernel",
            Entry::Elements { .. } => "elements",
            Entry::Cores { .. } => "cores",
            Entry::Function => "",
        };
        let name: String = function.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if *self == Entry::Function { name } else { format!("{kind}_{name}") }
    }
}

fn make(ir: &Verified, entry: &Entry, arch: Arch, options: &Options) -> Result<Module, Error> {
    limits::check(ir)?;
    if *entry == Entry::Function {
        limits::check_function(ir)?;
    }
    let context = Context::create();
    let machine = machine(arch)?;
    let Emitted { module, words, sites, lines, fails, recursive } = timed("emit PTX", || emitted(&context, &machine, ir, entry, options))?;
    limits::check_words(ir, words.len())?;
    timed("passes for PTX", || optimise(&module, &machine, options))?;
    selectable::check(&module).map_err(|what| Error::Bug(format!("`{}` for {arch}: {what}", ir.name)))?;
    let text = timed("select PTX", || machine.write_to_memory_buffer(&module, FileType::Assembly)).map_err(|e| Error::Bug(e.to_string()))?;
    let text = only_lines(String::from_utf8_lossy(text.as_slice()).trim_end_matches('\0'));
    Ok(Module {
        text,
        entry: entry.symbol(&ir.name),
        arch,
        words,
        shared: limits::shared(ir) as u32,
        dynamic_shared: ir.arrays.iter().any(|a| a.storage == Some(crate::ir::Storage::Dynamic)),
        cooperative: ir.has_grid_barrier(),
        deepest: recursive.then_some(options.deepest_calls),
        fails,
        prints: !lines.is_empty(),
        sites,
        lines,
    })
}

/// The text without what LLVM adds to lines: sections for a debugger, and the word in `.target` that has drivers leave their optimiser out.
fn only_lines(text: &str) -> String {
    let code = text.find("\n\t.section\t.debug_").map_or(text, |sections| &text[..sections + 1]);
    code.replacen(", debug\n", "\n", 1)
}

fn emitted<'c>(context: &'c Context, machine: &TargetMachine, ir: &Verified, entry: &Entry, options: &Options) -> Result<Emitted<'c>, Error> {
    let module = context.create_module(&ir.name);
    module.set_triple(&machine.get_triple());
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let symbol = entry.symbol(&ir.name);
    let i = Instr::new(context, module, if *entry == Entry::Function { "vg_beside" } else { &symbol }, &["ptr"]);
    let emitted = emit::gpu(i, ir, entry, &symbol, options);
    let module = &emitted.module;
    let missing = |f: &inkwell::values::FunctionValue<'_>| f.count_basic_blocks() == 0 && f.get_name().to_bytes().starts_with(b"vg_");
    if module.get_functions().any(|f| missing(&f)) {
        // Linking finds names of functions that are not internal only.
        module.get_functions().filter(|f| f.count_basic_blocks() > 0).for_each(|f| f.set_linkage(Linkage::External));
        let runtime = context.create_module_from_ir(MemoryBuffer::create_from_memory_range_copy(runtime().as_bytes(), "runtime.ll"));
        let runtime = runtime.map_err(|e| Error::Bug(e.to_string()))?;
        runtime.set_triple(&module.get_triple());
        runtime.set_data_layout(&module.get_data_layout());
        module.link_in_module(runtime).map_err(|e| Error::Bug(e.to_string()))?;
    }
    for f in module.get_functions().filter(|f| f.count_basic_blocks() > 0) {
        if f.get_name().to_bytes() != symbol.as_bytes() {
            f.set_linkage(Linkage::Internal);
        }
    }
    let entry = module.get_function(&symbol).ok_or_else(|| Error::Bug(format!("no entry {symbol}")))?;
    // Only now: what the emitter made was given the entry's attributes.
    for (name, value) in [("nvvm.maxntid", options.most_threads), ("nvvm.minctasm", options.least_blocks), ("nvvm.maxnreg", options.most_registers)] {
        if let Some(value) = value {
            let attribute = context.create_string_attribute(name, &value.to_string());
            entry.add_attribute(inkwell::attributes::AttributeLoc::Function, attribute);
        }
    }
    let Emitted { module, .. } = emitted;
    let module = checked(module).map_err(|e| Error::Bug(e.to_string()))?;
    Ok(Emitted { module, ..emitted })
}

/// The passes. LLVM's vectorisers stay off: a thread has no vector registers. Functions that wait are `convergent`, which keeps calls in different branches apart.
fn optimise(module: &super::Module<'_>, machine: &TargetMachine, options: &Options) -> Result<(), Error> {
    let choices = PassBuilderOptions::create();
    choices.set_loop_vectorization(false);
    choices.set_loop_slp_vectorization(false);
    let passes = if options.optimise { "default<O2>" } else { "globaldce,function(sroa)" };
    module.run_passes(passes, machine, choices).map_err(|e| Error::Bug(e.to_string()))
}

fn machine(arch: Arch) -> Result<TargetMachine, Error> {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        Target::initialize_nvptx(&InitializationConfig {
            asm_parser: false,
            asm_printer: true,
            base: true,
            disassembler: false,
            info: true,
            machine_code: true,
        });
    });
    let triple = TargetTriple::create("nvptx64-nvidia-cuda");
    let target = Target::from_triple(&triple).map_err(|e| Error::Bug(e.to_string()))?;
    let level = inkwell::OptimizationLevel::Default;
    target
        .create_target_machine(&triple, &arch.to_string(), &format!("+ptx{}", arch.ptx()), level, RelocMode::Default, CodeModel::Default)
        .ok_or_else(|| Error::Bug(format!("LLVM made no target machine for {arch}")))
}

/// The text of `runtime.ll` with its rows on floats for both types.
fn runtime() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let rows = include_str!("runtime_floats.ll");
        let of = |float: &str, bits: &str, name: &str| rows.replace("FLOAT", float).replace("BITS", bits).replace("NAME", name);
        let both = of("double", "f64", "float64") + &of("float", "f32", "float32");
        include_str!("runtime.ll").replace("@FLOATS@", &both)
    })
}

type Key = [u8; 32];

fn kept() -> &'static Mutex<HashMap<Key, Weak<Module>>> {
    static KEPT: OnceLock<Mutex<HashMap<Key, Weak<Module>>>> = OnceLock::new();
    KEPT.get_or_init(Mutex::default)
}

fn key(ir: &Verified, entry: &Entry, arch: Arch, options: &Options) -> Key {
    let mut hash = Sha256::new();
    hash.update(ir.to_string());
    hash.update(format!("{:?}{:?}", ir.spans, ir.sources));
    ir.routines.iter().for_each(|routine| hash.update(format!("{:?}", routine.spans)));
    hash.update(format!("{entry:?}{arch}{options:?}"));
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
