//! A function on one device.
//!
//! Owns the way from PTX to the driver's function, the cubins kept on disk, and what the device allows a launch. The PTX is as `verdigris_compiler::llvm::ptx` made it.
#![allow(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use verdigris_compiler::cache;
use verdigris_compiler::llvm::ptx::{self, Arch, Word};
use verdigris_device::DeviceError;
use verdigris_device::cuda::{self, Attribute, Context, Function, FunctionFacts, JitOptions, Launch, Stream};

use crate::board::{Board, Desk};
use crate::frames;
use crate::{Error, Limit};

/// Desks of a function that are kept; those of shapes and streams that come no more go.
const DESKS: usize = 16;

/// A function of PTX, loaded on a device.
#[derive(Debug)]
pub struct Code {
    function: Function,
    module: Arc<ptx::Module>,
    facts: FunctionFacts,
    /// Most bytes of dynamic shared memory of a block.
    most_shared: u32,
    board: &'static Board,
    desks: Mutex<Vec<Arc<Desk>>>,
}

/// The architecture of code for a device.
///
/// # Errors
/// The device is too old, or the driver's.
pub fn arch(context: &'static Context) -> Result<Arch, DeviceError> {
    let (major, minor) = context.compute_capability()?;
    let part = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
    Arch::new(part(major), part(minor)).map_err(|error| DeviceError::Unfit(error.to_string()))
}

impl Code {
    /// Loads PTX. Its last word is the status block's, as every entry's is.
    ///
    /// # Errors
    /// The driver's, with its compiler's log; the device cannot do what the function needs.
    ///
    /// # Panics
    /// For a function without a status block.
    pub fn load(context: &'static Context, module: &Arc<ptx::Module>, line_info: bool) -> Result<Code, Error> {
        assert_eq!(module.words.last(), Some(&Word::Status), "an entry");
        if module.cooperative && context.attribute(Attribute::CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH)? == 0 {
            return Err(DeviceError::Unfit(format!("{} waits for its whole grid, which GPU {} cannot", module.entry, context.ordinal())).into());
        }
        let function = loaded(module, context, line_info)?.function(&module.entry)?;
        let facts = function.facts()?;
        let most = context.attribute(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?;
        let most_shared = u32::try_from(most).unwrap_or(0).saturating_sub(facts.shared);
        Ok(Code { function, module: module.clone(), facts, most_shared, board: Board::of(context)?, desks: Mutex::default() })
    }

    /// The context it is loaded in.
    pub fn context(&self) -> &'static Context {
        self.function.context()
    }

    /// The PTX.
    pub fn module(&self) -> &Arc<ptx::Module> {
        &self.module
    }

    /// What the driver's compiler made of it.
    pub fn facts(&self) -> &FunctionFacts {
        &self.facts
    }

    /// The most blocks that a launch of a function whose grid waits as a whole may have.
    ///
    /// # Errors
    /// The driver's.
    pub fn most_together(&self, threads: u32, shared: u32) -> Result<u64, DeviceError> {
        self.function.most_cooperative_blocks(threads, shared as usize).map(u64::from)
    }

    /// Whether the device allows a launch of that shape.
    fn check(&self, grid: [u32; 3], block: [u32; 3], shared: u32) -> Result<(), Error> {
        let threads = block.iter().product();
        if threads > self.facts.max_threads {
            return Err(Error::Limit(Limit::Threads { threads, limit: self.facts.max_threads }));
        }
        if shared > self.most_shared {
            return Err(Error::Limit(Limit::SharedMemory { bytes: shared, limit: self.most_shared }));
        }
        if self.module.cooperative {
            let (blocks, limit) = (grid.iter().map(|&n| u64::from(n)).product(), self.most_together(threads, shared)?);
            if blocks > limit {
                return Err(Error::Limit(Limit::Together { blocks, limit }));
            }
        }
        Ok(())
    }

    fn desk(&self, stream: &Stream, grid: [u32; 3], block: [u32; 3]) -> Result<Arc<Desk>, DeviceError> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = desks.iter().find(|desk| desk.serves(stream, grid, block)) {
            return Ok(found.clone());
        }
        let desk = self.board.desk(&self.module, stream, grid, block)?;
        if desks.len() >= DESKS {
            // One that nobody has read yet is held by the board's list.
            desks.remove(0);
        }
        desks.push(desk.clone());
        Ok(desk)
    }

    /// Orders a launch on a stream, and does not wait for it. `words` are all but the last, for which there is room in their vector or will be made. What threads leave behind is told by
    /// [`crate::collect`].
    ///
    /// # Safety
    /// The words are what the PTX says they are. Memory that they name is on the device, as large as they say, and lives until the launch has ended; it is used in order.
    ///
    /// # Errors
    /// The device does not allow the launch, or the driver's.
    ///
    /// # Panics
    /// For another number of words.
    pub unsafe fn launch(&self, stream: &Stream, grid: [u32; 3], block: [u32; 3], shared: u32, mut words: Vec<u64>) -> Result<(), Error> {
        assert_eq!(words.len() + 1, self.module.words.len(), "words of {}", self.module.entry);
        self.check(grid, block, shared)?;
        let module = &self.module;
        let shape = Launch { grid, block, shared, cooperative: module.cooperative };
        if !(module.fails || module.prints || module.cooperative) {
            // Such code does not look at its status block.
            words.push(0);
            // SAFETY: the one parameter is the struct of words; the rest is the caller's promise.
            return Ok(unsafe { self.function.launch(&shape, stream, &mut [words.as_mut_ptr().cast()]) }?);
        }
        let desk = self.desk(stream, grid, block)?;
        words.push(desk.address());
        // SAFETY: as above; the desk is in its board's list until the launch has ended.
        desk.launch(|| unsafe { self.function.launch(&shape, stream, &mut [words.as_mut_ptr().cast()]) })
    }
}

impl Code {
    /// As so many launches one after another, with nothing around the driver's: the seconds that they take to order. For benches.
    ///
    /// # Safety
    /// As [`Code::launch`].
    ///
    /// # Errors
    /// As [`Code::launch`].
    pub unsafe fn seconds_of(&self, count: u32, stream: &Stream, shape: ([u32; 3], [u32; 3], u32), mut words: Vec<u64>) -> Result<f64, Error> {
        let (grid, block, shared) = shape;
        self.check(grid, block, shared)?;
        let desk = self.desk(stream, grid, block)?;
        words.push(desk.address());
        let shape = Launch { grid, block, shared, cooperative: self.module.cooperative };
        let mut taken = 0.0;
        desk.launch(|| {
            let begun = std::time::Instant::now();
            for _ in 0..count {
                // SAFETY: as in `launch`.
                unsafe { self.function.launch(&shape, stream, &mut [words.as_mut_ptr().cast()]) }?;
            }
            taken = begun.elapsed().as_secs_f64();
            Ok(())
        })?;
        Ok(taken)
    }
}

/// Loads PTX, from the cubin that was kept for it if there is one, and sees that the device's threads have the stack for it.
fn loaded(code: &ptx::Module, context: &'static Context, line_info: bool) -> Result<cuda::Module, DeviceError> {
    let mut wishes = JitOptions::default();
    wishes.line_info = line_info;
    wishes.verbose = code.deepest.is_some();
    let key = {
        let (major, minor) = context.compute_capability()?;
        let mut hash = Sha256::new();
        hash.update(format!("cubin 1\0{}\0{major}.{minor}\0{wishes:?}\0", context.driver().version()));
        hash.update(&code.text);
        hash.finalize().into()
    };
    // What is kept is the stack that a thread needs, then the cubin. One that the driver refuses is made anew.
    let kept = cache::load(&key).and_then(|kept| {
        let (stack, image) = kept.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*stack), cuda::Module::from_cubin(context, image).ok()?))
    });
    let (stack, module) = match kept {
        Some(kept) => kept,
        None => {
            let cubin = cuda::link(context, &code.text, &wishes)?;
            let module = cuda::Module::from_cubin(context, &cubin.image)?;
            let stack = code.deepest.map_or(0, |calls| frames::stack(&cubin.log, calls));
            cache::store(&key, &[&stack.to_le_bytes(), &cubin.image[..]].concat());
            (stack, module)
        }
    };
    if stack > 0 {
        context.raise_stack(usize::try_from(stack).unwrap_or(usize::MAX))?;
    }
    Ok(module)
}
