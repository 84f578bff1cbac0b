//! The same kernels as PTX, run by the interpreter of PTX in the stand-in of NVIDIA's driver.
//!
//! One case in `VERDIGRIS_FUZZ_PTX` (default 5; 0: none) is run so: making PTX takes longer than all else.

use verdigris_compiler::abi::Failure;
use verdigris_compiler::interp::{self, Argument, Fault, View};
use verdigris_compiler::ir::Verified;
use verdigris_compiler::llvm::ptx::{self, Arch, Entry, Options, Status};
use verdigris_compiler::types::ScalarType;
use verdigris_driver_standin as standin;

use super::generate::{Arg, Kernel};
use super::{STEPS, check, difference, setting};

const AT: u64 = 0x00d0_0100_0000_0000;

/// What PTX does otherwise than the interpreter of the IR, if this seed is one of those that are asked.
pub(super) fn checked(seed: u64, text: &str, ir: &Verified, case: &Kernel, check_bounds: bool) -> Option<String> {
    let every = setting("VERDIGRIS_FUZZ_PTX", 5);
    if every == 0 || !seed.is_multiple_of(every) {
        return None;
    }
    // Older and newer machines in turn, optimised mostly.
    let arch = if (seed / every).is_multiple_of(3) { Arch::new(9, 0).expect("it is supported") } else { Arch::OLDEST };
    let mut options = Options::default();
    options.check_bounds = check_bounds;
    options.optimise = seed / every % 4 != 3;
    let about = format!("PTX for {arch}, grid {:?}, block {:?}, {options:?}", case.grid, case.block);
    check(seed, text, ir, &about, &|ir| mismatch(ir, case, arch, &options))
}

fn mismatch(ir: &Verified, case: &Kernel, arch: Arch, options: &Options) -> Option<String> {
    let mut want: Vec<Vec<u8>> = Vec::new();
    let mut memory: Vec<(ScalarType, Vec<u8>)> = Vec::new();
    let (mut args, mut words) = (Vec::new(), Vec::new());
    for arg in &case.args {
        match arg {
            Arg::Scalar(value) => {
                args.push(Argument::Scalar(*value));
                words.push(value.bits());
            }
            Arg::Array(a) => {
                args.push(Argument::Array(View { buffer: want.len(), offset: a.offset, shape: a.shape.clone(), strides: a.strides.clone() }));
                words.push(address(want.len()) + a.offset as u64);
                words.extend(a.shape.iter().map(|n| *n as u64));
                words.extend(a.strides.iter().map(|n| *n as u64));
                want.push(a.bytes.clone());
                memory.push((a.elem, a.bytes.clone()));
            }
        }
    }
    let mut lent: Vec<&mut [u8]> = want.iter_mut().map(Vec::as_mut_slice).collect();
    let faults = interp::kernel_faults(ir, &args, &mut lent, case.grid, case.block, &STEPS).ok()?;
    if !options.check_bounds && !faults.is_empty() {
        return None;
    }
    let module = match ptx::compile(ir, &Entry::Kernel, arch, options) {
        Ok(module) => module,
        Err(ptx::Error::Unsupported(_)) => return None,
        Err(error) => return Some(error.to_string()),
    };
    let mut status = [0; Status::SIZE];
    words.push(address(memory.len()));
    let parameter: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    if parameter.len() != module.param_bytes() {
        return Some(format!("{} bytes of words, where {} are asked for", parameter.len(), module.param_bytes()));
    }
    let mut blocks: Vec<(u64, &mut [u8])> = Vec::new();
    for (n, (_, bytes)) in memory.iter_mut().enumerate() {
        blocks.push((address(n), bytes.as_mut_slice()));
    }
    blocks.push((address(blocks.len()), &mut status));
    let shape = (case.grid, case.block, 0);
    if let Err(what) = standin::interpret(&module.text, &module.entry, shape, module.cooperative, &[parameter], blocks) {
        // A mask that names lanes of another branch: nobody waits for them on the processor, and a GPU does for ever, or until they end.
        let waits = what.contains("wait for each other for ever") || what.contains("waits for others that have ended");
        if waits && super::generate::Features::of(case).warp {
            return None;
        }
        return Some(format!("{what}\n{}", module.text));
    }
    let failure = Status::from_bytes(&status).failure();
    if let Some(what) = other_fault(faults.first(), failure.as_ref(), &module) {
        return Some(what);
    }
    // Where threads fail those that wait for them see what they left, in their order.
    if !faults.is_empty() && ir.has_grid_barrier() {
        return None;
    }
    want.iter()
        .zip(&memory)
        .enumerate()
        .find_map(|(n, (want, (elem, got)))| Some(format!("array {n}: {}\n{}", difference(*elem, want, got)?, module.text)))
}

fn address(buffer: usize) -> u64 {
    AT + ((buffer as u64) << 24)
}

/// The lowest thread's fault is told, as it is.
fn other_fault(want: Option<&Fault>, got: Option<&Failure>, module: &ptx::Module) -> Option<String> {
    let (fault, failure) = match (want, got) {
        (None, None) => return None,
        (Some(fault), None) => return Some(format!("did not fail: {fault:?}")),
        (None, Some(failure)) => return Some(format!("failed: {failure:?} {:?}", module.sites[failure.site as usize])),
        (Some(fault), Some(failure)) => (fault, failure),
    };
    let same =
        (fault.block, fault.thread, &fault.site, fault.index) == (failure.block, failure.thread, &module.sites[failure.site as usize], failure.index);
    (!same).then(|| format!("failed with {failure:?} {:?}, not {fault:?}", module.sites[failure.site as usize]))
}
