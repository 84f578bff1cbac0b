//! PTX that is run: a module's text is read, and its kernels' threads do what it says, instruction by instruction.
//!
//! Written from NVIDIA's manual of the language ("Parallel Thread Execution ISA"). What it leaves open is answered unkindly: registers, shared and local memory hold junk until they are written, the last
//! warp of a block goes first, lanes meet again only where their ways do. What the manual forbids ends the launch as a GPU would (an address outside any memory, one that is not aligned) or with
//! more of a reason (threads that wait for each other for ever, a barrier that part of a warp does not reach, a lane outside its own mask, an instruction that is not known here).
//!
//! [`parse`] reads the text, [`lower`] and [`select`] find what names and instructions are ([`program`]), [`order`] has each loop in one piece; [`integer`], [`float`], [`convert`] and [`atomic`] compute; [`warp`],
//! [`together`] and [`block`] run, in [`space`]'s memory. It is no model of time, of caches, or of the order in which several threads' writes are seen: there is one.

mod atomic;
mod block;
mod convert;
mod float;
mod integer;
mod lower;
mod order;
mod parse;
mod program;
mod select;
mod space;
#[cfg(test)]
mod tests;
mod together;
mod warp;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) use space::{Blocks, Fault};

/// A kernel's name and the bytes of each parameter.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) parameters: Vec<usize>,
    /// Where each lies among all.
    offsets: Vec<u64>,
    /// Bytes of static shared memory, of which a module has one lot here.
    pub(crate) shared: u32,
    /// Threads of a block that it was compiled for.
    pub(crate) threads: u32,
    /// CRC-32 of the text that it is in.
    pub(crate) code: u32,
    module: Arc<Module>,
}

/// What a module was read as; made into a program when a kernel of it is launched first.
#[derive(Debug)]
struct Module {
    text: String,
    parsed: parse::Module,
    program: OnceLock<Result<Loaded, String>>,
}

#[derive(Debug)]
struct Loaded {
    program: program::Program,
    /// Its variables in device memory: they keep what kernels leave there.
    data: std::sync::Mutex<lower::Data>,
}

/// As zlib's.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }))
}

/// The kernels of PTX, or what is wrong with it as a compiler would write.
pub(crate) fn kernels(text: &str) -> Result<Vec<Kernel>, String> {
    let code = crc32(text.as_bytes());
    let parsed = parse::module(text)?;
    let module = Arc::new(Module { text: text.to_owned(), parsed, program: OnceLock::new() });
    let own = module.parsed.functions.iter().filter_map(|f| f.body.as_ref()).flatten();
    let own = own.filter_map(|item| if let parse::Item::Declare(variable) = item { Some(variable) } else { None });
    let shared = module.parsed.variables.iter().chain(own).filter(|v| v.space == parse::Space::Shared).map(|v| v.bytes() as u32).sum();
    let entries = module.parsed.functions.iter().filter(|f| f.entry && f.body.is_some());
    let kernel = |f: &parse::Function| Kernel {
        name: f.name.clone(),
        parameters: f.parameters.iter().map(parse::Variable::bytes).collect(),
        offsets: lower::offsets(&f.parameters).0,
        shared,
        threads: f.threads,
        code,
        module: module.clone(),
    };
    Ok(entries.map(kernel).collect())
}

/// A launch of a kernel: grid, block, bytes of dynamic shared memory and of stack, and whether all blocks are there at once.
pub(crate) struct Launch<'a> {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) shared: u32,
    pub(crate) stack: usize,
    pub(crate) cooperative: bool,
    pub(crate) parameters: &'a [Vec<u8>],
    /// See [`warp::Shape::strict`].
    pub(crate) strict: bool,
}

/// Runs a kernel of a module, without a driver: with each parameter's bytes, on blocks of memory at addresses of one's own. Threads that end while others of their warp wait for them are a fault
/// here: what those go on to do differs from machine to machine.
///
/// # Errors
/// What is wrong with the text, or what the kernel did that ends a context, in words.
pub fn interpret(
    text: &str,
    name: &str,
    (grid, block, shared): ([u32; 3], [u32; 3], u32),
    cooperative: bool,
    parameters: &[Vec<u8>],
    memory: Vec<(u64, &mut [u8])>,
) -> Result<(), String> {
    let kernels = kernels(text)?;
    let kernel = kernels.iter().find(|kernel| kernel.name == name).ok_or_else(|| format!("no kernel {name}"))?;
    let launch = Launch { grid, block, shared, stack: 1 << 20, cooperative, parameters, strict: true };
    kernel.run(&launch, memory).map_err(|fault| fault.what)
}

impl Kernel {
    fn loaded(&self) -> Result<&Loaded, String> {
        /// Where the next module's variables lie: behind all devices' memory.
        static NEXT: AtomicU64 = AtomicU64::new(0x00d0_8000_0000_0000);
        let module = &self.module;
        let load = || {
            let (program, data) = lower::lower(&module.parsed, &module.text, NEXT.load(Ordering::Relaxed))?;
            if let Some((at, bytes)) = data.last() {
                NEXT.fetch_max(at + bytes.len() as u64 + 512, Ordering::Relaxed);
            }
            Ok(Loaded { program, data: std::sync::Mutex::new(data) })
        };
        module.program.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// Runs it to its end on device memory.
    pub(crate) fn run(&self, launch: &Launch<'_>, memory: Vec<(u64, &mut [u8])>) -> Result<(), Box<Fault>> {
        let loaded = match self.loaded() {
            Ok(loaded) => loaded,
            Err(what) => return space::fault(space::ILLEGAL_INSTRUCTION, format!("{}: the stand-in does not know {what}", self.name)),
        };
        let mut data = loaded.data.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut reached: Vec<(u64, &mut [u8])> = data.iter_mut().map(|(at, bytes)| (*at, bytes.as_mut_slice())).collect();
        reached.extend(memory);
        let mut parameters = Vec::new();
        for (at, bytes) in self.offsets.iter().zip(launch.parameters) {
            parameters.resize(*at as usize, 0);
            parameters.extend_from_slice(bytes);
        }
        let launched = block::Launched {
            program: &loaded.program,
            function: loaded.program.entries[&self.name],
            kernel: &self.name,
            shape: warp::Shape { grid: launch.grid, block: launch.block, dynamic: launch.shared, stack: launch.stack, strict: launch.strict },
            parameters,
            cooperative: launch.cooperative,
        };
        block::run(launched, &mut Blocks::new(reached))
    }
}
