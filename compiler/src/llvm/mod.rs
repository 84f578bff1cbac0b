//! Verified IR to machine code through LLVM: the only folder that names inkwell.
//!
//! [`compile`] reads as the list of stages: emit, optimise, assemble, load. A compile job owns its LLVM context and ends in object bytes, so nothing of LLVM's crosses threads; compiled
//! code is shared by `Arc` and found again, while anyone holds it, by the hash of the printed IR, the shape and the processor.

mod atomics;
mod cpu;
mod each;
mod emit;
mod flags;
mod instr;
mod jit;
pub mod ptx;
mod runtime;
mod shared;

pub use cpu::Cpu;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use inkwell::attributes::AttributeLoc;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::FileType;
use sha2::{Digest, Sha256};

use crate::abi::{BlocksFn, LoopFn, Memory, Site};
use crate::cache;
use crate::fork;
use crate::ir::Verified;
use crate::op::Math;
use crate::pass::laps::{self, Laps};
use crate::types::ScalarType;

/// The release of LLVM that is linked: `22.1.6`.
pub fn version() -> String {
    let (major, minor, patch) = inkwell::support::get_llvm_version();
    format!("{major}.{minor}.{patch}")
}

/// How a block's threads lie in warps; compiled code is specialised by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockClass {
    /// blockDim.x is a multiple of 32: a warp is a run of x.
    Rows,
    /// It is a multiple of 16: half a warp is a run of x.
    Rows16,
    /// It is a multiple of 8: a quarter of a warp is.
    Rows8,
    /// Anything else: lane coordinates are computed.
    Any,
}

impl BlockClass {
    /// Every class.
    pub const ALL: [BlockClass; 4] = [BlockClass::Rows, BlockClass::Rows16, BlockClass::Rows8, BlockClass::Any];

    /// The class of a block.
    pub fn of(block: [u32; 3]) -> BlockClass {
        let classes = [(32, BlockClass::Rows), (16, BlockClass::Rows16), (8, BlockClass::Rows8)];
        classes.into_iter().find(|(run, _)| block[0].is_multiple_of(*run)).map_or(BlockClass::Any, |(_, class)| class)
    }
}

/// Operand types of a scalar function before complex values were split.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Inputs.
    pub inputs: Vec<ScalarType>,
    /// Outputs.
    pub outputs: Vec<ScalarType>,
}

/// Threads that one pass of the code computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lanes {
    /// One thread at a time, every branch a branch.
    One,
    /// A warp of 32 as SIMD vectors.
    Warp,
}

/// What to make of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A kernel ([`BlocksFn`]).
    Blocks {
        /// Lanes.
        lanes: Lanes,
        /// Class of the block.
        class: BlockClass,
        /// Check indexes (else they only wrap).
        check_bounds: bool,
    },
    /// A loop over elements ([`LoopFn`]).
    Loop {
        /// Lanes.
        lanes: Lanes,
        /// Operand types.
        signature: Signature,
        /// Bit i: input i is one element for all.
        uniform: u64,
        /// Raise only the IEEE flags that the elements' own computations raise.
        exact_flags: bool,
        /// Outputs are aligned to 64 bytes and written past the caches: for those too large to be found there again. The caller fences.
        stream: bool,
    },
    /// The body of a generalized ufunc over sets of core arrays (a [`BlocksFn`] over elements), one at a time; flags are exact. The signature is of the scalars: parameters that are no
    /// arrays, and results.
    Core(Signature),
}

/// Why no code came out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The processor name is unknown to LLVM.
    UnknownCpu(String),
    /// The named processor has features this machine lacks.
    CpuNotHere(String),
    /// A fault of the compiler itself, with the IR.
    Bug(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::UnknownCpu(name) => {
                write!(f, "the processor `{name}` is not known; use `native` or one of: {}", Cpu::names().collect::<Vec<_>>().join(", "))
            }
            Error::CpuNotHere(name) => write!(f, "this machine lacks instructions of the processor `{name}`"),
            Error::Bug(what) => write!(f, "fault in the compiler, please report: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// Compiled code. Freed with its last `Arc`.
#[derive(Debug)]
pub struct Code {
    loaded: jit::Loaded,
    shape: Shape,
    sites: Vec<Site>,
    memory: Memory,
}

impl Code {
    /// The entry of code compiled as [`Shape::Blocks`].
    ///
    /// # Panics
    /// If it was compiled as a loop.
    pub fn blocks(&self) -> BlocksFn {
        assert!(matches!(self.shape, Shape::Blocks { .. }), "this code is no kernel");
        jit::entry(&self.loaded)
    }

    /// The entry of code compiled as [`Shape::Loop`].
    ///
    /// # Panics
    /// If it was compiled as a kernel.
    pub fn elements(&self) -> LoopFn {
        assert!(matches!(self.shape, Shape::Loop { .. }), "this code is no loop over elements");
        jit::entry(&self.loaded)
    }

    /// The entry of code compiled as [`Shape::Core`]; it takes elements for blocks.
    ///
    /// # Panics
    /// If it was compiled as something else.
    pub fn core(&self) -> BlocksFn {
        assert!(matches!(self.shape, Shape::Core(_)), "this code is no body of a generalized ufunc");
        jit::entry(&self.loaded)
    }

    /// The places that may fail, by the index in [`crate::abi::Failure::site`].
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// What a kernel must be lent.
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Size of the object the code came from, in bytes.
    pub fn size(&self) -> usize {
        self.loaded.size()
    }
}

/// Compiles, or finds in the cache, the code of a function.
///
/// # Errors
/// [`Error::Bug`] only; anything wrong with the user's function has been found before.
pub fn compile(ir: &Verified, shape: &Shape, cpu: &Cpu) -> Result<Arc<Code>, Error> {
    let key = timed("hash", || key(ir, shape, cpu));
    let _job = fork::job();
    if let Some(code) = lookup(&key) {
        return Ok(code);
    }
    ptx::dump(ir, shape);
    let code = match kept(ir, shape, cpu, &key)? {
        Some(code) => code,
        None => {
            let symbol = new_symbol();
            let (object, sites, memory) = assemble(ir, shape, cpu, &symbol)?;
            Code { loaded: timed("load", || jit::load(object.as_slice(), &symbol))?, shape: shape.clone(), sites, memory }
        }
    };
    Ok(remember(key, Arc::new(code)))
}

/// The code by way of the files that outlive the process: loaded from one, or made and kept in one. `None` where there are none, for functions that are in no file, and when what was
/// kept cannot be loaded.
fn kept(ir: &Verified, shape: &Shape, cpu: &Cpu, key: &Key) -> Result<Option<Code>, Error> {
    if !cache::is_on() || !ir.sources.are_files() {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(cache::BUILD);
    hash.update(version());
    let key: Key = hash.finalize().into();
    // The symbol is the entry's own, so that the object need not be changed; two copies at once (a race of two threads) are refused by the loader.
    let symbol = format!("vg_{}", cache::hex(&key));
    if let Some(object) = cache::load(&key) {
        // What goes with the code is told by the emitter, which is quick beside the passes and the assembler.
        let context = Context::create();
        let (module, sites, memory) = emit_module(&context, &*cpu.machine()?, ir, shape, cpu, &symbol, true)?;
        shared::provide(&shared::needs(&module, cpu), cpu)?;
        if let Ok(loaded) = jit::load(&object, &symbol) {
            return Ok(Some(Code { loaded, shape: shape.clone(), sites, memory }));
        }
    }
    let (object, sites, memory) = assemble(ir, shape, cpu, &symbol)?;
    cache::store(&key, object.as_slice());
    Ok(timed("load", || jit::load(object.as_slice(), &symbol)).ok().map(|loaded| Code { loaded, shape: shape.clone(), sites, memory }))
}

/// The lanes that suit a function on a processor: warps where lanes work together, and else unless it lacks the masks that varying control flow needs (before AVX2), where they cost more than they give.
pub fn best_lanes(ir: &Verified, cpu: &Cpu) -> Lanes {
    if cpu.level() >= cpu::Level::Avx2 || ir.has_warp_ops() {
        return Lanes::Warp;
    }
    let mut branches = false;
    ir.walk(&mut |_, inst| branches |= matches!(inst, crate::ir::Inst::If { .. } | crate::ir::Inst::Loop { .. } | crate::ir::Inst::Call { .. }));
    if branches { Lanes::One } else { Lanes::Warp }
}

/// What LLVM makes of a function, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// LLVM IR as emitted.
    Emitted,
    /// LLVM IR after the passes.
    Optimised,
    /// Assembly.
    Assembly,
}

/// The code of a function as text, compiled anew.
///
/// # Errors
/// As [`compile`].
pub fn listing(ir: &Verified, shape: &Shape, cpu: &Cpu, listing: Listing) -> Result<String, Error> {
    let _job = fork::job();
    let context = Context::create();
    match listing {
        Listing::Emitted | Listing::Optimised => {
            let machine = cpu.machine()?;
            let (module, ..) = emit_module(&context, &machine, ir, shape, cpu, "code", false)?;
            if listing == Listing::Optimised {
                optimise(&module, &machine, &passes(ir, shape))?;
            }
            Ok(module.print_to_string().to_string())
        }
        Listing::Assembly => {
            let machine = cpu.machine()?;
            let (module, ..) = emit_module(&context, &machine, ir, shape, cpu, "code", false)?;
            optimise(&module, &machine, &passes(ir, shape))?;
            let text = machine.write_to_memory_buffer(&module, FileType::Assembly).map_err(|e| Error::Bug(e.to_string()))?;
            Ok(String::from_utf8_lossy(text.as_slice()).into_owned())
        }
    }
}

/// Object code, with the routines that it calls loaded.
fn assemble(
    ir: &Verified,
    shape: &Shape,
    cpu: &Cpu,
    symbol: &str,
) -> Result<(inkwell::memory_buffer::MemoryBuffer<'static>, Vec<Site>, Memory), Error> {
    let context = Context::create();
    let machine = cpu.machine()?;
    let (module, sites, memory) = timed("emit", || emit_module(&context, &machine, ir, shape, cpu, symbol, true))?;
    let object = shared::provide_beside(&shared::needs(&module, cpu), cpu, || {
        timed("passes", || optimise(&module, &machine, &passes(ir, shape)))?;
        timed("assemble", || machine.write_to_memory_buffer(&module, FileType::Object)).map_err(|e| Error::Bug(e.to_string()))
    })?;
    Ok((object, sites, memory))
}

/// The code of a rare path of the math library, for this machine; it takes pointers to the operands and to the result.
fn rare_path(math: Math, ty: ScalarType) -> Result<jit::Loaded, Error> {
    let (cpu, symbol) = (cpu::host(), new_symbol());
    let context = Context::create();
    let machine = cpu.machine()?;
    let i = builder(&context, &machine, math.name(), &symbol, &["ptr"; 3][..math.arity() + 1]);
    let module = checked(emit::alone(i, math, ty, cpu.level()))?;
    optimise(&module, &machine, &routine_passes())?;
    let object = machine.write_to_memory_buffer(&module, FileType::Object).map_err(|e| Error::Bug(e.to_string()))?;
    jit::load(object.as_slice(), &symbol)
}

fn emit_module<'c>(
    context: &'c Context,
    machine: &inkwell::targets::TargetMachine,
    ir: &Verified,
    shape: &Shape,
    cpu: &Cpu,
    symbol: &str,
    shares: bool,
) -> Result<(Module<'c>, Vec<Site>, Memory), Error> {
    let params: &[&str] = match shape {
        Shape::Blocks { .. } | Shape::Core(_) => &["ptr", "ptr", "i64", "i64"],
        Shape::Loop { .. } => &["ptr", "i64", "ptr"],
    };
    let i = builder(context, machine, &ir.name, symbol, params);
    let (module, sites, memory) = match shape {
        Shape::Blocks { lanes, class, check_bounds } => emit::blocks(i, ir, *lanes, *class, *check_bounds, (cpu.level(), shares)),
        Shape::Loop { lanes, signature, uniform, exact_flags, stream } => {
            let (module, sites) = emit::elements(i, ir, *lanes, signature, *uniform, (*exact_flags, *stream), (cpu.level(), shares));
            (module, sites, Memory::default())
        }
        Shape::Core(scalars) => {
            let (module, sites) = emit::core(i, ir, scalars, (cpu.level(), shares));
            (module, sites, Memory::default())
        }
    };
    Ok((checked(module)?, sites, memory))
}

/// A builder in a new module, at the start of its function `symbol`.
fn builder<'c>(context: &'c Context, machine: &inkwell::targets::TargetMachine, name: &str, symbol: &str, params: &[&str]) -> instr::Instr<'c> {
    let module = context.create_module(name);
    module.set_triple(&machine.get_triple());
    module.set_data_layout(&machine.get_target_data().get_data_layout());
    let i = instr::Instr::new(context, module, symbol, params);
    let function = i.function;
    // Without these, LLVM splits 512-bit vectors for processors it deems better off with 256.
    for (name, value) in
        [("prefer-vector-width", "512"), ("min-legal-vector-width", "512"), ("no-trapping-math", "false"), ("probe-stack", "inline-asm")]
    {
        function.add_attribute(AttributeLoc::Function, context.create_string_attribute(name, value));
    }
    // `Instr::call_keeping_registers` pushes its return address where a red zone would be.
    let noredzone = inkwell::attributes::Attribute::get_named_enum_kind_id("noredzone");
    function.add_attribute(AttributeLoc::Function, context.create_enum_attribute(noredzone, 0));
    let nounwind = inkwell::attributes::Attribute::get_named_enum_kind_id("nounwind");
    function.add_attribute(AttributeLoc::Function, context.create_enum_attribute(nounwind, 0));
    i
}

/// LLVM's own check of what the emitter made, in debug builds.
fn checked(module: Module<'_>) -> Result<Module<'_>, Error> {
    if cfg!(debug_assertions) {
        module.verify().map_err(|e| Error::Bug(format!("{e}\n{}", module.print_to_string())))?;
    }
    Ok(module)
}

const FIRST: &str = "sroa,early-cse<memssa>,simplifycfg<no-speculate-blocks>,instcombine<no-verify-fixpoint>";
const LAST: &str = "early-cse,simplifycfg<no-speculate-blocks>";

/// The passes. Vectors are made by the emitter, so LLVM's vectorisers stay off. Nothing that speculates runs where IEEE flags count: an operation moved over the branch
/// that guards it would raise what the user's function does not.
fn passes(ir: &Verified, shape: &Shape) -> String {
    let flags_count = matches!(shape, Shape::Loop { exact_flags: true, .. } | Shape::Loop { lanes: Lanes::One, .. } | Shape::Core(_));
    // A loop over a tile, whose checks and addresses become constants.
    const UNROLL: &str = "loop(indvars),loop-unroll<O2;no-partial;no-peeling;no-runtime;full-unroll-max=32>,instcombine<no-verify-fixpoint>";
    let few = |laps: &Laps| (2..=32).contains(&laps.own);
    if flags_count {
        format!("function({FIRST},{LAST})")
    } else if matches!(shape, Shape::Blocks { .. }) && laps::known(ir).values().any(few) {
        format!("function({FIRST},loop-mssa(licm),{UNROLL},{LAST})")
    } else {
        routine_passes()
    }
}

/// Those of functions of the math library.
fn routine_passes() -> String {
    format!("function({FIRST},loop-mssa(licm),{LAST})")
}

fn optimise(module: &Module<'_>, machine: &inkwell::targets::TargetMachine, passes: &str) -> Result<(), Error> {
    module.run_passes(passes, machine, PassBuilderOptions::create()).map_err(|e| Error::Bug(e.to_string()))
}

/// Runs a stage; says on standard error how long it took if `VERDIGRIS_TIMINGS` is set.
pub(crate) fn timed<R>(stage: &str, run: impl FnOnce() -> R) -> R {
    static SAID: OnceLock<bool> = OnceLock::new();
    if !*SAID.get_or_init(|| std::env::var_os("VERDIGRIS_TIMINGS").is_some_and(|v| !v.is_empty() && v != "0")) {
        return run();
    }
    let began = std::time::Instant::now();
    let result = run();
    eprintln!("verdigris: {stage} {:.2} ms", began.elapsed().as_secs_f64() * 1e3);
    result
}

type Key = [u8; 32];

fn key(ir: &Verified, shape: &Shape, cpu: &Cpu) -> Key {
    let mut hash = Sha256::new();
    hash.update(ir.to_string());
    // Two functions of one text at two places share code only if their failures would name the same places.
    hash.update(format!("{:?}{:?}", ir.spans, ir.sources));
    ir.routines.iter().for_each(|routine| hash.update(format!("{:?}", routine.spans)));
    hash.update(format!("{shape:?}{cpu:?}"));
    hash.finalize().into()
}

fn cache() -> &'static Mutex<HashMap<Key, Weak<Code>>> {
    static CACHE: OnceLock<Mutex<HashMap<Key, Weak<Code>>>> = OnceLock::new();
    CACHE.get_or_init(Mutex::default)
}

fn lookup(key: &Key) -> Option<Arc<Code>> {
    cache().lock().unwrap_or_else(|e| e.into_inner()).get(key)?.upgrade()
}

/// Keeps code that was made; if another thread was first, gives that one's.
fn remember(key: Key, code: Arc<Code>) -> Arc<Code> {
    let mut map = cache().lock().unwrap_or_else(|e| e.into_inner());
    if let Some(first) = map.get(&key).and_then(Weak::upgrade) {
        return first;
    }
    if map.len() >= 1024 && map.len().is_power_of_two() {
        map.retain(|_, code| code.strong_count() > 0);
    }
    map.insert(key, Arc::downgrade(&code));
    code
}

fn new_symbol() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("vg_code_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
