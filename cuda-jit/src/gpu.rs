//! Launches of kernels on a GPU.
//!
//! Owns the overloads' functions on devices and the words of a launch. The arguments' types were judged by [`crate::kernel`], CUDA's own limits by [`crate::launch`], a device's are
//! `verdigris-gpu`'s, which loads and launches.
#![allow(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError};

use verdigris_compiler::llvm;
use verdigris_compiler::llvm::ptx::{self, Arch, Entry};
use verdigris_compiler::types::Type;
use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, FunctionFacts, Stream};
use verdigris_gpu::{self as gpu, Code, Limit};

use crate::args::{Args, words_of};
use crate::error::{Error, LaunchError, ThreadError};
use crate::kernel::{Kernel, Overload};
use crate::launch::Config;

/// The overload on each device it was launched on; for arrays that are not aligned, once more.
#[derive(Debug, Default)]
pub(crate) struct Devices(Mutex<Vec<(bool, Arc<Code>)>>);

impl Devices {
    /// The overload on a device, compiled and loaded now if it was not before.
    fn load(&self, overload: &Overload, kernel: &Kernel, context: &'static Context, aligned: bool) -> Result<Arc<Code>, Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = all.iter().find(|(own, code)| *own == aligned && std::ptr::eq(code.context(), context)) {
            return Ok(found.clone());
        }
        overload.lowered().takes_arguments_alone().map_err(Error::Diagnostic)?;
        let arch = gpu::arch(context)?;
        let module = ptx::compile(&overload.lowered().ir, &Entry::Kernel, arch, &kernel.ptx_options(aligned)).map_err(gpu::Error::Ptx)?;
        // The code trusts the number of words: it is checked here, once.
        let expected = overload.types().iter().map(words_of).sum::<usize>() + 1;
        if module.words.len() != expected {
            let text = format!("`{}` reads {} words on a GPU, not the {expected} of its types", kernel.name(), module.words.len());
            return Err(Error::Compiler(llvm::Error::Bug(text)));
        }
        let code = Arc::new(Code::load(context, &module, kernel.options().gpu.line_info)?);
        all.push((aligned, code.clone()));
        Ok(code)
    }
}

impl From<gpu::Error> for Error {
    fn from(error: gpu::Error) -> Error {
        match error {
            gpu::Error::Ptx(ptx::Error::Unsupported(diagnostic)) => Error::Diagnostic(diagnostic),
            gpu::Error::Device(error) => Error::Device(error),
            gpu::Error::Limit(Limit::Threads { threads, limit }) => LaunchError::BlockOnGpu { threads, limit }.into(),
            gpu::Error::Limit(Limit::SharedMemory { bytes, limit }) => LaunchError::SharedMemory { bytes: bytes.into(), limit: limit.into() }.into(),
            gpu::Error::Limit(Limit::Together { blocks, limit }) => LaunchError::CooperativeOnGpu { blocks, limit }.into(),
            gpu::Error::Failed(failed) => {
                let gpu::Failed { failure, site, grid, block, .. } = *failed;
                Error::Thread(Box::new(ThreadError { failure, site, other: None, grid, block }))
            }
            other => Error::Compiler(llvm::Error::Bug(other.to_string())),
        }
    }
}

/// Whether each number of each array lies at a multiple of its size.
fn aligned(types: &[Type], words: &[u64]) -> bool {
    fn go(types: &[Type], words: &mut &[u64]) -> bool {
        types.iter().all(|ty| match ty {
            Type::Tuple(items) | Type::Named(_, items) => go(items, words),
            Type::Array(array) => fits(array.elem.part().size(), take(words, 1 + 2 * usize::from(array.ndim))),
            Type::Records(records) => records.arrays().all(|(_, array)| fits(array.elem.part().size(), take(words, 1 + 2 * usize::from(array.ndim)))),
            other => {
                take(words, words_of(other));
                true
            }
        })
    }
    fn take<'w>(words: &mut &'w [u64], count: usize) -> &'w [u64] {
        let (taken, rest) = words.split_at(count);
        *words = rest;
        taken
    }
    /// Of an array's words: address, extents, strides.
    fn fits(size: usize, words: &[u64]) -> bool {
        let (size, ndim) = (size as u64, words.len() / 2);
        let (extents, strides) = words[1..].split_at(ndim);
        extents.contains(&0) || (words[0].is_multiple_of(size) && extents.iter().zip(strides).all(|(n, step)| *n == 1 || step.is_multiple_of(size)))
    }
    go(types, &mut &*words)
}

impl Kernel {
    /// How PTX of the kernel is made.
    fn ptx_options(&self, aligned: bool) -> ptx::Options {
        let (own, mut options) = (self.options(), ptx::Options::default());
        options.check_bounds = own.check_bounds();
        options.aligned = aligned;
        options.line_info = own.gpu.line_info;
        options.most_threads = own.gpu.most_threads;
        options.least_blocks = own.gpu.least_blocks;
        options.most_registers = own.gpu.most_registers;
        options
    }

    /// PTX of an overload for an architecture, as it is launched there.
    ///
    /// # Errors
    /// It asks for something that a GPU does not have.
    pub fn ptx(&self, overload: &Overload, arch: Arch) -> Result<Arc<ptx::Module>, Error> {
        Ok(ptx::compile(&overload.lowered().ir, &Entry::Kernel, arch, &self.ptx_options(true)).map_err(gpu::Error::Ptx)?)
    }

    /// Compiles for these types on a GPU now, so that the first launch does not.
    ///
    /// # Errors
    /// The text does not fit them, or the driver's.
    pub fn compile_on(&self, context: &'static Context, types: &[Type]) -> Result<&Arc<Overload>, Error> {
        context.driver().here()?;
        let overload = self.lowered_for(types)?;
        overload.gpu.load(overload, self, context, true)?;
        Ok(overload)
    }

    /// What the driver's compiler made of an overload for a GPU.
    ///
    /// # Errors
    /// As compilation.
    pub fn facts_on(&self, context: &'static Context, overload: &Overload) -> Result<FunctionFacts, Error> {
        context.driver().here()?;
        Ok(*overload.gpu.load(overload, self, context, true)?.facts())
    }

    /// As [`Kernel::most_blocks`], on a GPU.
    ///
    /// # Errors
    /// As compilation.
    pub fn most_blocks_on(&self, context: &'static Context, overload: &Overload, config: &Config) -> Result<u64, Error> {
        context.driver().here()?;
        let code = overload.gpu.load(overload, self, context, true)?;
        if code.module().cooperative {
            return Ok(code.most_together(config.threads(), config.shared())?);
        }
        Ok(crate::launch::GRID_LIMITS.iter().map(|n| *n as u64).fold(1, u64::saturating_mul))
    }

    /// The seconds that so many launches take to order, with nothing around the driver's: what [`Kernel::launch_on`] is held against.
    ///
    /// # Errors
    /// As [`Kernel::launch_on`].
    pub fn seconds_on(&self, count: u32, stream: &Stream, config: &Config, args: &Args<'_>, held: &[Array]) -> Result<f64, Error> {
        let (overload, converted) = self.chosen(args)?;
        let args = converted.as_ref().unwrap_or(args);
        let code = overload.gpu.load(overload, self, stream.context(), aligned(args.types(), args.words()))?;
        for memory in held.iter().filter_map(Array::gpu) {
            memory.join(stream)?;
        }
        // SAFETY: as in `launch_on`.
        Ok(unsafe { code.seconds_of(count, stream, (config.grid(), config.block(), config.shared()), args.words().to_vec()) }?)
    }

    /// Orders a launch on a GPU's stream, and does not wait for it. `held` are the device arrays among the arguments: their memory is freed behind the launch. What threads leave behind, failures
    /// and printed lines, is told by [`gpu::collect`].
    ///
    /// # Errors
    /// The arguments do not fit, the GPU does not allow the launch, or the driver's.
    pub fn launch_on(&self, stream: &Stream, config: &Config, args: &Args<'_>, held: &[Array]) -> Result<(), Error> {
        let context = stream.context();
        context.driver().here()?;
        let (overload, converted) = self.chosen(args)?;
        let args = converted.as_ref().unwrap_or(args);
        let code = overload.gpu.load(overload, self, context, aligned(args.types(), args.words()))?;
        for memory in held.iter().filter_map(Array::gpu) {
            memory.join(stream)?;
        }
        // Room for the status block's.
        let mut words = Vec::with_capacity(args.words().len() + 1);
        words.extend_from_slice(args.words());
        // SAFETY: the words are of the types that the code was made for, in their order, and their number was checked when it was loaded; `Args` vouches for the memory, which is freed behind the
        // launch because it was said above to be used on the stream.
        Ok(unsafe { code.launch(stream, config.grid(), config.block(), config.shared(), words) }?)
    }
}
