//! Kernels: one function, compiled for the argument types it meets.
//!
//! Owns the overloads of a kernel and the check of a call's number and types of arguments. The text has been parsed once when a kernel exists; types come from
//! [`crate::args`], limits have been checked by [`crate::launch`], running is [`crate::schedule`]'s.
#![allow(unsafe_code)]

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock};

use verdigris_compiler::abi::BlocksFn;
use verdigris_compiler::fork;
use verdigris_compiler::ir::{Kind, Param};
use verdigris_compiler::llvm::{self, BlockClass, Code, Cpu, Shape};
use verdigris_compiler::lower::{self, Lowered};
use verdigris_compiler::names::Definition;
use verdigris_compiler::source::Sources;
use verdigris_compiler::syntax;
use verdigris_compiler::types::{Loss, MOST_EXTENT, Type};

use crate::args::{Args, with_extras, words_of};
use crate::cooperative;
use crate::error::{Error, LaunchError, ThreadError};
use crate::gpu::Devices;
use crate::launch::Config;
use crate::schedule::{self, Cost, Ended, Watch};

/// How a kernel is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Contract `a*b + c` to one rounding, as CUDA does. On by default.
    pub fma: bool,
    /// Take the math library's faster, less accurate variants where it has them.
    pub fastmath: bool,
    /// `/`, `//` and `%` by zero raise ZeroDivisionError in the thread; else they give NumPy's values.
    pub zero_division: bool,
    /// The processor to compile for, instead of this machine's.
    pub cpu: Option<Cpu>,
    /// What only a GPU's code has.
    pub gpu: GpuOptions,
    check_bounds: bool,
}

/// Wishes for a GPU's code; none of them changes a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GpuOptions {
    /// Lines of the source in the code, for profilers.
    pub line_info: bool,
    /// Threads of a block at most.
    pub most_threads: Option<u32>,
    /// Blocks that a multiprocessor should hold at least.
    pub least_blocks: Option<u32>,
    /// Registers of a thread at most.
    pub most_registers: Option<u32>,
}

impl Default for Options {
    fn default() -> Options {
        Options { fma: true, fastmath: false, zero_division: false, cpu: None, gpu: GpuOptions::default(), check_bounds: true }
    }
}

impl Options {
    /// Drops the check of indexes. Negative ones still count from the end.
    ///
    /// # Safety
    /// The kernel never indexes out of bounds: it would touch other memory.
    pub unsafe fn without_bounds_check(mut self) -> Options {
        self.check_bounds = false;
        self
    }

    /// Whether indexes are checked.
    pub fn check_bounds(&self) -> bool {
        self.check_bounds
    }
}

/// A kernel.
#[derive(Debug)]
pub struct Kernel {
    definition: Arc<Definition>,
    options: Options,
    parameters: Vec<String>,
    defaulted: usize,
    /// Whether the last parameter is `*args`.
    takes_more: bool,
    /// What it was declared for; empty: whatever it is called with.
    declared: Vec<Vec<Type>>,
    overloads: Overloads,
    /// This machine's processor, once something was compiled for it.
    cpu: OnceLock<Cpu>,
    /// Held while compiling, so that nothing is compiled twice.
    compiling: Mutex<()>,
}

/// A kernel for certain argument types.
#[derive(Debug)]
pub struct Overload {
    types: Vec<Type>,
    lowered: Lowered,
    /// The functions on GPUs.
    pub(crate) gpu: Devices,
    /// Where the words of each parameter of the IR begin, and where the last ones end.
    starts: Vec<usize>,
    /// Code by class of block.
    code: [OnceLock<Compiled>; 4],
}

#[derive(Debug)]
struct Compiled {
    code: Arc<Code>,
    entry: BlocksFn,
    cost: Cost,
}

/// A list that only grows. Finding takes no lock, so neither a launch nor a fork ever waits for another thread's.
#[derive(Debug, Default)]
struct Overloads {
    first: OnceLock<Box<Node>>,
}

#[derive(Debug)]
struct Node {
    overload: Arc<Overload>,
    rest: Overloads,
}

impl Overloads {
    fn iter(&self) -> impl Iterator<Item = &Arc<Overload>> {
        std::iter::successors(self.first.get(), |node| node.rest.first.get()).map(|node| &node.overload)
    }

    /// Appends; callers take turns by the kernel's lock.
    fn push(&self, overload: Arc<Overload>) -> &Arc<Overload> {
        let mut end = self;
        while let Some(node) = end.first.get() {
            end = &node.rest;
        }
        &end.first.get_or_init(|| Box::new(Node { overload, rest: Overloads::default() })).overload
    }
}

impl Overload {
    /// The argument types.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The typed IR.
    pub fn lowered(&self) -> &Lowered {
        &self.lowered
    }

    /// The words of all parameters of the IR for these arguments, which are of its types: theirs, and those of [`Lowered::extras`]. `None` if a captured array is not a
    /// [`HostArray`](crate::args::HostArray).
    pub fn words<'w>(&self, args: &'w Args<'_>) -> Option<Cow<'w, [u64]>> {
        if self.lowered.extras.is_empty() {
            return Some(Cow::Borrowed(args.words()));
        }
        with_extras(args.words(), &self.lowered.extras, &self.starts).map(Cow::Owned)
    }

    /// The code compiled so far.
    pub fn code(&self) -> impl Iterator<Item = &Arc<Code>> {
        self.code.iter().filter_map(|slot| slot.get().map(|compiled| &compiled.code))
    }
}

impl Kernel {
    /// A kernel that is compiled for the types it is called with.
    ///
    /// # Errors
    /// The text does not parse.
    pub fn new(definition: Arc<Definition>, options: Options) -> Result<Kernel, Error> {
        let mut sources = Sources::default();
        let source = sources.add(&definition.source);
        let function = syntax::parse(&definition, source).map_err(|diagnostic| diagnostic.with_sources(&sources))?;
        let takes_more = function.params.last().is_some_and(|p| p.is_rest);
        let defaulted = function.params.iter().filter(|p| p.has_default || p.is_rest).count();
        Ok(Kernel {
            takes_more,
            parameters: function.params.into_iter().map(|p| p.name).collect(),
            defaulted,
            definition,
            options,
            declared: Vec::new(),
            overloads: Overloads::default(),
            cpu: OnceLock::new(),
            compiling: Mutex::new(()),
        })
    }

    /// A kernel for declared types only, compiled now for blocks whose x extent is a multiple of 32 (for others at their first launch).
    ///
    /// # Errors
    /// The text does not parse or does not fit a signature.
    pub fn declared(definition: Arc<Definition>, options: Options, signatures: Vec<Vec<Type>>) -> Result<Kernel, Error> {
        let mut kernel = Kernel::new(definition, options)?;
        for types in &signatures {
            kernel.check_count(types.len())?;
            kernel.compiled(kernel.overload(types)?, BlockClass::Rows)?;
        }
        kernel.declared = signatures;
        Ok(kernel)
    }

    /// The function.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// Names of its parameters.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// How it is compiled.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What it has been compiled for so far, oldest first.
    pub fn overloads(&self) -> impl Iterator<Item = &Arc<Overload>> {
        self.overloads.iter()
    }

    /// Whether only declared types are taken.
    pub fn is_declared(&self) -> bool {
        !self.declared.is_empty()
    }

    fn check_count(&self, given: usize) -> Result<(), Error> {
        let most = self.parameters.len();
        if (given > most && !self.takes_more) || given + self.defaulted < most {
            return Err(Error::ArgumentCount {
                kernel: self.name().to_owned(),
                parameters: self.parameters.clone(),
                defaulted: self.defaulted,
                given,
            });
        }
        Ok(())
    }

    fn found(&self, types: &[Type]) -> Option<&Arc<Overload>> {
        self.overloads.iter().find(|o| o.types == types)
    }

    fn overload(&self, types: &[Type]) -> Result<&Arc<Overload>, Error> {
        if let Some(found) = self.found(types) {
            return Ok(found);
        }
        let _job = fork::job();
        let _compiling = self.compiling.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(found) = self.found(types) {
            return Ok(found);
        }
        let Options { fma, fastmath, zero_division, .. } = self.options;
        let options = lower::Options { kind: Kind::Kernel, fma, fastmath, zero_division };
        let lowered = lower::lower(&self.definition, types, options, None)?;
        // Compiled code trusts the number of words: that the front end split the arguments as `Args` does is checked, not assumed.
        let expected: usize = types.iter().map(words_of).sum();
        let mut starts = vec![0];
        for param in &lowered.ir.params {
            let words = match param {
                Param::Scalar { .. } => 1,
                Param::Array { array, .. } => 1 + 2 * usize::from(lowered.ir.array(*array).ty.ndim),
            };
            starts.push(starts.last().expect("a start") + words);
        }
        let read = lowered.ir.params.len().checked_sub(lowered.extras.len()).map_or(0, |first| starts[first]);
        if expected != read {
            return Err(Error::Compiler(llvm::Error::Bug(format!(
                "`{}` reads {read} words of arguments, not the {expected} of its types",
                self.name()
            ))));
        }
        let overload = Overload { types: types.to_vec(), lowered, gpu: Devices::default(), starts, code: [const { OnceLock::new() }; 4] };
        Ok(self.overloads.push(Arc::new(overload)))
    }

    fn compiled<'o>(&self, overload: &'o Overload, class: BlockClass) -> Result<&'o Compiled, Error> {
        let slot = &overload.code[match class {
            BlockClass::Rows => 0,
            BlockClass::Rows16 => 1,
            BlockClass::Rows8 => 2,
            BlockClass::Any => 3,
        }];
        if let Some(compiled) = slot.get() {
            return Ok(compiled);
        }
        let _job = fork::job();
        let _compiling = self.compiling.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(compiled) = slot.get() {
            return Ok(compiled);
        }
        let cpu = match self.options.cpu.as_ref().or(self.cpu.get()) {
            Some(cpu) => cpu,
            None => {
                let cpu = Cpu::new(None).map_err(Error::Compiler)?;
                self.cpu.get_or_init(|| cpu)
            }
        };
        let shape = Shape::Blocks { lanes: llvm::best_lanes(&overload.lowered.ir, cpu), class, check_bounds: self.options.check_bounds };
        let code = llvm::compile(&overload.lowered.ir, &shape, cpu).map_err(Error::Compiler)?;
        let entry = code.blocks();
        Ok(slot.get_or_init(|| Compiled { code, entry, cost: Cost::default() }))
    }

    /// What LLVM makes of an overload for blocks whose x extent is a multiple of 32, as text, compiled anew.
    ///
    /// # Errors
    /// As compilation.
    pub fn listing(&self, overload: &Overload, form: llvm::Listing) -> Result<String, Error> {
        let cpu = match &self.options.cpu {
            Some(cpu) => cpu.clone(),
            None => Cpu::new(None).map_err(Error::Compiler)?,
        };
        let ir = &overload.lowered.ir;
        let shape = Shape::Blocks { lanes: llvm::best_lanes(ir, &cpu), class: BlockClass::Rows, check_bounds: self.options.check_bounds };
        llvm::listing(ir, &shape, &cpu, form).map_err(Error::Compiler)
    }

    /// Compiles for these types now (for the class of block given), so that the first launch does not.
    ///
    /// # Errors
    /// The text does not fit them.
    pub fn compile(&self, types: &[Type], class: BlockClass) -> Result<&Arc<Overload>, Error> {
        self.check_count(types.len())?;
        let overload = self.overload(types)?;
        self.compiled(overload, class)?;
        Ok(overload)
    }

    /// How many blocks of this size and dynamic shared memory a launch of an overload may have; for all but kernels whose grid waits as a whole, as many as CUDA allows.
    ///
    /// # Errors
    /// As compilation.
    pub fn most_blocks(&self, overload: &Overload, config: &Config) -> Result<u64, Error> {
        let memory = self.compiled(overload, BlockClass::of(config.block()))?.code.memory();
        let most = crate::launch::GRID_LIMITS.iter().map(|n| *n as u64).fold(1, u64::saturating_mul);
        Ok(if memory.group > 0 { cooperative::most_blocks(&memory, config.threads(), config.shared().into()).min(most) } else { most })
    }

    /// Runs the kernel to its end.
    ///
    /// # Errors
    /// The arguments do not fit, or a thread failed.
    pub fn launch(&self, config: &Config, args: &Args<'_>) -> Result<(), Error> {
        self.launch_watched(config, args, None)
    }

    /// As [`Kernel::launch`]; `watch` is asked on this thread, every 50 ms or so, whether to stop.
    ///
    /// # Errors
    /// The arguments do not fit, a thread failed, or the watch said stop.
    pub fn launch_watched(&self, config: &Config, args: &Args<'_>, watch: Option<Watch>) -> Result<(), Error> {
        let (overload, converted) = self.chosen(args)?;
        self.start(overload, BlockClass::of(config.block()), config, converted.as_ref().unwrap_or(args), watch)
    }

    /// The overload for these types, lowered now if it was not before.
    pub(crate) fn lowered_for(&self, types: &[Type]) -> Result<&Arc<Overload>, Error> {
        self.check_count(types.len())?;
        self.overload(types)
    }

    /// The overload for these arguments, lowered now if it was not before, and the arguments converted to its types where they are others.
    pub(crate) fn chosen<'a>(&self, args: &Args<'a>) -> Result<(&Arc<Overload>, Option<Args<'a>>), Error> {
        if args.longest() > MOST_EXTENT {
            return Err(LaunchError::AxisTooLong { elements: args.longest(), limit: MOST_EXTENT }.into());
        }
        if let Some(overload) = self.found(args.types()) {
            return Ok((overload, None));
        }
        self.check_count(args.types().len())?;
        if self.declared.is_empty() {
            return Ok((self.overload(args.types())?, None));
        }
        // Where the values fit, what loses least, the first of equals; then, as in CUDA, an integer is cut to the declared width.
        let fitting = |wrap: bool| {
            let fit = self.declared.iter().filter_map(|types| args.converted(types, wrap));
            fit.min_by_key(|converted| {
                let mut lost = [0; 3];
                args.types().iter().zip(converted.types()).for_each(|(from, to)| Loss::count(from, to, &mut lost));
                lost
            })
        };
        let Some(converted) = fitting(false).or_else(|| fitting(true)) else {
            return Err(Error::NoOverload { kernel: self.name().to_owned(), given: args.types().to_vec(), declared: self.declared.clone() });
        };
        Ok((self.overload(converted.types())?, Some(converted)))
    }

    fn start(&self, overload: &Overload, class: BlockClass, config: &Config, args: &Args<'_>, watch: Option<Watch>) -> Result<(), Error> {
        let compiled = self.compiled(overload, class)?;
        let memory = compiled.code.memory();
        let (bytes, _) = crate::arena::size(&memory, config.threads(), config.shared().into());
        if bytes > crate::launch::MEMORY_LIMIT {
            return Err(LaunchError::Memory { bytes, limit: crate::launch::MEMORY_LIMIT }.into());
        }
        let together = memory.group > 0;
        let limit = if together { cooperative::most_blocks(&memory, config.threads(), config.shared().into()) } else { u64::MAX };
        if config.blocks() > limit {
            return Err(LaunchError::Cooperative { blocks: config.blocks(), limit }.into());
        }
        let Some(words) = overload.words(args) else {
            return Err(Error::Compiler(llvm::Error::Bug(format!("`{}` names an array that this launch does not know", self.name()))));
        };
        // SAFETY: the code was compiled for these types, whose words these are (their number was checked when it was lowered); `Args` (and `HostArray`) vouch for the memory
        // and hold it, and its indexes are checked unless the kernel's maker has promised that they are in bounds.
        let ended = unsafe {
            if together {
                cooperative::run(compiled.entry, memory, &words, config, watch)
            } else {
                schedule::run(compiled.entry, memory, &words, config, &compiled.cost, watch)
            }
        };
        match ended {
            Ended::Done => Ok(()),
            Ended::Stopped => Err(Error::Interrupted),
            Ended::Failed(failure) => {
                let site = |n: u32| compiled.code.sites().get(n as usize).cloned();
                let other = failure.other.and_then(site);
                let Some(site) = site(failure.site) else {
                    return Err(Error::Compiler(llvm::Error::Bug(format!("a failure at site {} of {}", failure.site, compiled.code.sites().len()))));
                };
                Err(Error::Thread(Box::new(ThreadError { failure, site, other, grid: config.grid(), block: config.block() })))
            }
        }
    }
}
