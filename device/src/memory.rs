//! Memory of arrays: the CPU device's, a GPU's, or somebody else's.
//!
//! Owns allocation on the CPU (a GPU's is [`crate::cuda`]'s): 64-byte aligned, shared by `Arc`, given back with its last owner on whatever thread that is. Large blocks given back are kept for the next array of
//! about that size, up to [`KEPT_BYTES`]: fresh pages cost more than the copy that fills them. Very large ones are asked for in huge pages, since kernels walk through them in strides of a whole grid, which would
//! miss the translation of every small page. Knows no shapes.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use crate::cuda;
use crate::error::DeviceError;

/// Alignment of every allocation: a cache line, and the widest SIMD register.
pub const ALIGNMENT: usize = 64;

/// Most memory kept for reuse.
pub const KEPT_BYTES: usize = 128 << 20;
/// Smaller blocks are the system allocator's affair: it keeps such itself.
const KEPT_FROM: usize = 64 << 10;
const PAGE: usize = 4096;
/// Blocks from here on lie in huge pages, if the system has them.
const HUGE_FROM: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;
/// Where in a page large blocks begin, by turns. Processors take a load for one of what was just stored at the same place of another page, and wait: arrays that all began at a page's beginning would cost a
/// stencil from one to another a tenth of its time.
const SHIFTS: [usize; 4] = [0, 2048, 1024, 3072];
static NEXT_SHIFT: AtomicUsize = AtomicUsize::new(0);

/// A block of device memory. Its bytes are always initialised; access is through the pointer, and keeping it orderly is the accessor's duty.
#[derive(Debug)]
pub struct Buffer {
    place: Place,
    bytes: usize,
    /// Held by safe accessors, so that those exclude one another.
    pub(crate) access: RwLock<()>,
}

/// Where a buffer's bytes are.
enum Place {
    /// The CPU device's own.
    Host(Block),
    /// Host memory that somebody else owns.
    Foreign { pointer: *mut u8, _owner: Box<dyn Any + Send + Sync> },
    /// A GPU's.
    Gpu(cuda::Memory),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Host(block) => block.fmt(f),
            Place::Foreign { pointer, .. } => write!(f, "Foreign({pointer:?})"),
            Place::Gpu(memory) => memory.fmt(f),
        }
    }
}

// SAFETY: the buffer owns plain bytes and gives out only a raw pointer; whoever dereferences it answers for the order of accesses.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// Memory of zeros.
    ///
    /// # Errors
    /// There is not enough.
    pub fn zeroed(bytes: usize) -> Result<Arc<Buffer>, DeviceError> {
        let (block, used_before) = Block::new(bytes, alloc::alloc_zeroed)?;
        if used_before {
            // SAFETY: the block has at least that many bytes, and nobody else knows it.
            unsafe { block.pointer.write_bytes(0, bytes) };
        }
        Ok(Buffer::over(block, bytes))
    }

    /// Memory that `fill` has to initialise in full through the pointer it gets.
    ///
    /// # Safety
    /// `fill` initialises all `bytes` bytes, or the buffer's bytes are not read before they are written.
    ///
    /// # Errors
    /// There is not enough.
    pub unsafe fn filled(bytes: usize, fill: impl FnOnce(*mut u8)) -> Result<Arc<Buffer>, DeviceError> {
        let buffer = Buffer::over(Block::new(bytes, alloc::alloc)?.0, bytes);
        fill(buffer.pointer());
        Ok(buffer)
    }

    fn over(block: Block, bytes: usize) -> Arc<Buffer> {
        Buffer::at(Place::Host(block), bytes)
    }

    fn at(place: Place, bytes: usize) -> Arc<Buffer> {
        Arc::new(Buffer { place, bytes, access: RwLock::new(()) })
    }

    /// Memory of a GPU.
    pub fn on_gpu(memory: cuda::Memory) -> Arc<Buffer> {
        let bytes = memory.bytes();
        Buffer::at(Place::Gpu(memory), bytes)
    }

    /// Host memory that somebody else owns and `owner` holds.
    ///
    /// # Safety
    /// `pointer` is initialised memory of `bytes` bytes for as long as `owner` lives.
    pub unsafe fn foreign(pointer: *mut u8, bytes: usize, owner: Box<dyn Any + Send + Sync>) -> Arc<Buffer> {
        Buffer::at(Place::Foreign { pointer, _owner: owner }, bytes)
    }

    /// Where it begins: of a GPU's memory the address there, which the host cannot use.
    pub fn pointer(&self) -> *mut u8 {
        match &self.place {
            Place::Host(block) => block.pointer.as_ptr(),
            Place::Foreign { pointer, .. } => *pointer,
            Place::Gpu(memory) => std::ptr::without_provenance_mut(memory.pointer() as usize),
        }
    }

    /// The GPU's memory that it is; `None` on the host.
    pub fn gpu(&self) -> Option<&cuda::Memory> {
        match &self.place {
            Place::Gpu(memory) => Some(memory),
            _ => None,
        }
    }

    /// Its length.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Memory as it came from the system: `capacity` bytes, or none.
#[derive(Debug)]
struct Block {
    pointer: NonNull<u8>,
    capacity: usize,
    /// Bytes before `pointer` that belong to it.
    shift: usize,
}

/// Blocks kept, the longest kept first, and their bytes.
static KEPT: Mutex<(Vec<Block>, usize)> = Mutex::new((Vec::new(), 0));

// SAFETY: a block is the only owner of plain bytes.
unsafe impl Send for Block {}

impl Block {
    /// At least `bytes` bytes, and whether they hold anything (else `from` made them).
    fn new(bytes: usize, from: unsafe fn(Layout) -> *mut u8) -> Result<(Block, bool), DeviceError> {
        if bytes == 0 {
            return Ok((
                Block { pointer: NonNull::without_provenance(const { std::num::NonZero::new(ALIGNMENT).unwrap() }), capacity: 0, shift: 0 },
                false,
            ));
        }
        if let Some(kept) = Block::kept(bytes) {
            return Ok((kept, true));
        }
        let capacity = if bytes < KEPT_FROM { bytes } else { bytes.checked_next_multiple_of(PAGE).ok_or(DeviceError::TooLarge)? };
        let shift = if bytes < KEPT_FROM { 0 } else { SHIFTS[NEXT_SHIFT.fetch_add(1, Ordering::Relaxed) % SHIFTS.len()] };
        let layout = layout(capacity, shift).map_err(|_| DeviceError::TooLarge)?;
        let huge = capacity >= HUGE_FROM;
        // SAFETY: the layout's size is not zero.
        let ask = || NonNull::new(unsafe { if huge { alloc::alloc(layout) } else { from(layout) } });
        // What is kept may be what is missing.
        let pointer = ask().or_else(|| {
            release();
            ask()
        });
        let pointer = pointer.ok_or(DeviceError::OutOfMemory { bytes })?;
        if huge {
            ask_for_huge_pages(pointer, capacity);
        }
        // SAFETY: the layout is of so many bytes more than the capacity.
        let pointer = unsafe { pointer.add(shift) };
        Ok((Block { pointer, capacity, shift }, huge))
    }

    /// A kept block that fits without much waste.
    fn kept(bytes: usize) -> Option<Block> {
        if bytes < KEPT_FROM {
            return None;
        }
        // Never waits: in a forked child the lock may be held by a thread that is not there.
        let mut kept = KEPT.try_lock().ok()?;
        let fits = |block: &Block| block.capacity >= bytes && block.capacity - bytes <= bytes / 4;
        let at = (0..kept.0.len()).filter(|&i| fits(&kept.0[i])).min_by_key(|&i| kept.0[i].capacity)?;
        let block = kept.0.remove(at);
        kept.1 -= block.capacity;
        Some(block)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Place::Host(held) = &mut self.place else { return };
        let block = std::mem::replace(held, Block { pointer: NonNull::dangling(), capacity: 0, shift: 0 });
        if (KEPT_FROM..=KEPT_BYTES).contains(&block.capacity)
            && let Ok(mut kept) = KEPT.try_lock()
        {
            kept.1 += block.capacity;
            kept.0.push(block);
            let mut surplus = Vec::new();
            while kept.1 > KEPT_BYTES {
                let oldest = kept.0.remove(0);
                kept.1 -= oldest.capacity;
                surplus.push(oldest);
            }
            // Freed outside the lock.
            drop(kept);
            drop(surplus);
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.capacity > 0 {
            let layout = layout(self.capacity, self.shift).expect("it was valid in `Block::new`");
            // SAFETY: allocated by `Block::new` with this layout, so many bytes before; freed once, here.
            unsafe { alloc::dealloc(self.pointer.sub(self.shift).as_ptr(), layout) };
        }
    }
}

/// What is asked of the system's allocator for so many bytes behind so many others.
fn layout(capacity: usize, shift: usize) -> Result<Layout, alloc::LayoutError> {
    Layout::from_size_align(capacity.saturating_add(shift), if capacity < HUGE_FROM { ALIGNMENT } else { HUGE_PAGE })
}

/// A wish, made before the pages are first touched.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(pointer: NonNull<u8>, capacity: usize) {
    unsafe extern "C" {
        fn madvise(address: *mut std::ffi::c_void, length: usize, advice: std::ffi::c_int) -> std::ffi::c_int;
    }
    const MADV_HUGEPAGE: std::ffi::c_int = 14;
    // SAFETY: advice changes no contents; the range is the block's own, and begins at a page.
    unsafe { madvise(pointer.as_ptr().cast(), capacity, MADV_HUGEPAGE) };
}

/// Elsewhere pages are as the system makes them.
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_pointer: NonNull<u8>, _capacity: usize) {}

/// Bytes kept for reuse now.
pub fn kept_bytes() -> usize {
    KEPT.try_lock().map_or(0, |kept| kept.1)
}

/// Gives all that is kept back to the system.
pub fn release() {
    if let Ok(mut kept) = KEPT.try_lock() {
        let blocks = std::mem::take(&mut *kept);
        drop(kept);
        drop(blocks);
    }
}
