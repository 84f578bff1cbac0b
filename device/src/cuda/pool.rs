//! The pool that a device's arrays come from, in the order of streams.
//!
//! Owns accounting and the limit, and what is kept for reuse where the driver has no pools of its own. A block given back on a stream may serve that stream at once: whatever is ordered there
//! later comes later. Another stream gets it only when the work before is known to have ended.
#![allow(unsafe_code)]

use std::sync::{Mutex, PoisonError};

use super::Attribute;
use super::context::Context;
use super::event::Event;
use super::status::Status;
use super::stream::Stream;
use super::sys::{
    CUdeviceptr, CUmemAllocationHandleType, CUmemAllocationType, CUmemLocation, CUmemLocationType, CUmemPool_attribute as PoolAttribute,
    CUmemPoolProps, CUmemoryPool,
};
use crate::error::DeviceError;

/// Small blocks are multiples of this.
const SMALL: usize = 512;
/// Blocks from here on are multiples of it.
const LARGE: usize = 1 << 20;

/// A device's pool.
pub struct Pool {
    context: &'static Context,
    /// The driver's pool, where it has such.
    raw: Option<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    used_high: usize,
    arrays: usize,
    limit: Option<usize>,
    /// Bytes taken from the driver, where the pool is ours.
    reserved: usize,
    reserved_high: usize,
    free: Vec<Block>,
}

/// A block kept for reuse.
struct Block {
    pointer: CUdeviceptr,
    capacity: usize,
    stream: Stream,
    done: Event,
}

/// What a pool has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Bytes of the arrays there are.
    pub used: usize,
    /// The most there were.
    pub used_high: usize,
    /// Arrays there are.
    pub arrays: usize,
    /// Bytes taken from the device, those kept for reuse included.
    pub reserved: usize,
    /// The most there were.
    pub reserved_high: usize,
    /// Most bytes of arrays allowed.
    pub limit: Option<usize>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool(cuda:{}, {:?})", self.context.ordinal(), self.statistics())
    }
}

/// What a block of ours holds for so many bytes.
fn capacity_of(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(if bytes < LARGE { SMALL } else { LARGE })
}

impl Pool {
    pub(super) fn new(context: &'static Context) -> Pool {
        // Whatever speaks against the driver's pool, ours serves.
        let raw = Pool::of_driver(context).ok().flatten();
        Pool { context, raw, state: Mutex::default() }
    }

    fn of_driver(context: &'static Context) -> Result<Option<usize>, DeviceError> {
        let api = context.api();
        let (Some(create), Some(set), Some(_), Some(_)) =
            (api.cuMemPoolCreate, api.cuMemPoolSetAttribute, api.cuMemAllocFromPoolAsync, api.cuMemFreeAsync)
        else {
            return Ok(None);
        };
        if context.attribute(Attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED)? == 0 {
            return Ok(None);
        }
        let _entered = context.enter_silently()?;
        let properties = CUmemPoolProps {
            allocType: CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED,
            handleTypes: CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_NONE,
            location: CUmemLocation { type_: CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE, id: context.number() },
            win32SecurityAttributes: std::ptr::null_mut(),
            maxSize: 0,
            usage: 0,
            reserved: [0; 54],
        };
        let mut raw: CUmemoryPool = std::ptr::null_mut();
        // Memory stays with the pool until it is trimmed: giving it back at each wait would cost a wait.
        let mut threshold = u64::MAX;
        // SAFETY: the pointers are to live locals, the value as wide as the attribute.
        unsafe {
            create(&mut raw, &properties).check(|| "making a memory pool".to_owned())?;
            set(raw, PoolAttribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, (&raw mut threshold).cast())
                .check(|| "setting up a memory pool".to_owned())?;
        }
        Ok(Some(raw as usize))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the driver's own pool serves.
    pub fn is_drivers(&self) -> bool {
        self.raw.is_some()
    }

    /// Limits the bytes of all arrays together; what there is already stays.
    pub fn set_limit(&self, limit: Option<usize>) {
        self.state().limit = limit;
    }

    /// Memory for work that is ordered on `stream` from now on.
    pub(super) fn allocate(&self, bytes: usize, stream: &Stream) -> Result<CUdeviceptr, DeviceError> {
        {
            let mut state = self.state();
            if let Some(limit) = state.limit
                && state.used.saturating_add(bytes) > limit
            {
                return Err(DeviceError::MemoryLimit { bytes, used: state.used, limit });
            }
            state.used += bytes;
            state.arrays += 1;
            state.used_high = state.used_high.max(state.used);
        }
        self.take(bytes, stream).inspect_err(|_| {
            let mut state = self.state();
            state.used -= bytes;
            state.arrays -= 1;
        })
    }

    fn take(&self, bytes: usize, stream: &Stream) -> Result<CUdeviceptr, DeviceError> {
        let _entered = self.context.enter()?;
        match self.ask(bytes, stream)? {
            Some(pointer) => Ok(pointer),
            None => {
                // What waits to be freed, or is kept, may be what is missing.
                self.context.synchronize()?;
                self.trim(0)?;
                self.ask(bytes, stream)?.ok_or(DeviceError::OutOfMemory { bytes })
            }
        }
    }

    /// Memory; `None` if there is none left.
    fn ask(&self, bytes: usize, stream: &Stream) -> Result<Option<CUdeviceptr>, DeviceError> {
        let api = self.context.api();
        let doing = || format!("allocating {bytes} bytes on device {}", self.context.ordinal());
        let mut pointer: CUdeviceptr = 0;
        let found = |status: Status, pointer| match status {
            Status::OUT_OF_MEMORY => Ok(None),
            status => status.check(doing).map(|()| Some(pointer)),
        };
        if let (Some(raw), Some(allocate)) = (self.raw, api.cuMemAllocFromPoolAsync) {
            // SAFETY: pool and stream exist; the pointer is to a live local.
            let status = unsafe { allocate(&mut pointer, bytes, raw as CUmemoryPool, stream.handle()) };
            return found(status, pointer);
        }
        let capacity = capacity_of(bytes).ok_or(DeviceError::TooLarge)?;
        if let Some(kept) = self.kept(capacity, stream) {
            return Ok(Some(kept));
        }
        // SAFETY: the pointer is to a live local.
        let status = unsafe { (api.cuMemAlloc_v2)(&mut pointer, capacity) };
        let answer = found(status, pointer)?;
        if answer.is_some() {
            let mut state = self.state();
            state.reserved += capacity;
            state.reserved_high = state.reserved_high.max(state.reserved);
        }
        Ok(answer)
    }

    /// A block of that capacity that work on `stream` may have.
    fn kept(&self, capacity: usize, stream: &Stream) -> Option<CUdeviceptr> {
        let mut state = self.state();
        let fits = |block: &Block| block.capacity == capacity;
        let at = (state.free.iter().position(|block| fits(block) && block.stream == *stream))
            .or_else(|| state.free.iter().position(|block| fits(block) && block.done.reached()))?;
        let block = state.free.swap_remove(at);
        drop(state);
        Some(block.pointer)
    }

    /// Takes memory back; work ordered on `stream` so far may still use it.
    pub(super) fn release(&self, pointer: CUdeviceptr, bytes: usize, stream: &Stream) -> Result<(), DeviceError> {
        {
            let mut state = self.state();
            state.used -= bytes;
            state.arrays -= 1;
        }
        let _entered = self.context.enter_silently()?;
        if let (Some(_), Some(free)) = (self.raw, self.context.api().cuMemFreeAsync) {
            // SAFETY: came from this pool, given back once.
            return unsafe { free(pointer, stream.handle()) }.check(|| format!("freeing {bytes} bytes on device {}", self.context.ordinal()));
        }
        let done = Event::new(self.context, false)?;
        done.record(stream)?;
        let capacity = capacity_of(bytes).ok_or(DeviceError::TooLarge)?;
        self.state().free.push(Block { pointer, capacity, stream: stream.clone(), done });
        Ok(())
    }

    /// Gives what is kept for reuse back to the device, but `keep` bytes.
    ///
    /// # Errors
    /// The driver's.
    pub fn trim(&self, keep: usize) -> Result<(), DeviceError> {
        let _entered = self.context.enter()?;
        let api = self.context.api();
        if let (Some(raw), Some(trim)) = (self.raw, api.cuMemPoolTrimTo) {
            // SAFETY: the pool exists.
            return unsafe { trim(raw as CUmemoryPool, keep) }.check(|| format!("trimming the pool of device {}", self.context.ordinal()));
        }
        loop {
            let block = {
                let mut state = self.state();
                if state.reserved <= keep {
                    return Ok(());
                }
                let Some(block) = state.free.pop() else { return Ok(()) };
                state.reserved -= block.capacity;
                block
            };
            block.done.synchronize()?;
            // SAFETY: came from `cuMemAlloc`, freed once; the work that used it has ended.
            unsafe { (api.cuMemFree_v2)(block.pointer) }.check(|| format!("trimming the pool of device {}", self.context.ordinal()))?;
        }
    }

    fn ask_driver(&self, attribute: PoolAttribute) -> Option<usize> {
        let (raw, get) = (self.raw?, self.context.api().cuMemPoolGetAttribute?);
        let mut value = 0u64;
        let _entered = self.context.enter_silently().ok()?;
        // SAFETY: the pool exists; the value is as wide as the attribute.
        let status = unsafe { get(raw as CUmemoryPool, attribute, (&raw mut value).cast()) };
        (status == Status::SUCCESS).then_some(value as usize)
    }

    /// What the pool has done.
    pub fn statistics(&self) -> Statistics {
        let reserved = self.ask_driver(PoolAttribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT);
        let reserved_high = self.ask_driver(PoolAttribute::CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH);
        let state = self.state();
        Statistics {
            used: state.used,
            used_high: state.used_high,
            arrays: state.arrays,
            reserved: reserved.unwrap_or(state.reserved),
            reserved_high: reserved_high.unwrap_or(state.reserved_high),
            limit: state.limit,
        }
    }
}
