//! Memory of the CPU device.
//!
//! Owns allocation: 64-byte aligned, shared by `Arc`, freed with its last owner on whatever thread that is. Knows no shapes.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::ptr::NonNull;
use std::sync::{Arc, RwLock};

use crate::error::DeviceError;

/// Alignment of every allocation: a cache line, and the widest SIMD register.
pub const ALIGNMENT: usize = 64;

/// A block of device memory. Its bytes are always initialised; access is through the pointer, and keeping it orderly is the accessor's duty.
#[derive(Debug)]
pub struct Buffer {
    pointer: NonNull<u8>,
    bytes: usize,
    /// Held by safe accessors, so that those exclude one another.
    pub(crate) access: RwLock<()>,
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
        Buffer::allocate(bytes, alloc::alloc_zeroed)
    }

    /// Memory that `fill` has to initialise in full through the pointer it gets.
    ///
    /// # Safety
    /// `fill` initialises all `bytes` bytes, or the buffer's bytes are not read before they are written.
    ///
    /// # Errors
    /// There is not enough.
    pub unsafe fn filled(bytes: usize, fill: impl FnOnce(*mut u8)) -> Result<Arc<Buffer>, DeviceError> {
        let buffer = Buffer::allocate(bytes, alloc::alloc)?;
        fill(buffer.pointer());
        Ok(buffer)
    }

    fn allocate(bytes: usize, from: unsafe fn(Layout) -> *mut u8) -> Result<Arc<Buffer>, DeviceError> {
        let layout = Layout::from_size_align(bytes, ALIGNMENT).map_err(|_| DeviceError::TooLarge)?;
        let pointer = if bytes == 0 {
            NonNull::without_provenance(const { std::num::NonZero::new(ALIGNMENT).unwrap() })
        } else {
            // SAFETY: the layout's size is not zero.
            NonNull::new(unsafe { from(layout) }).ok_or(DeviceError::OutOfMemory { bytes })?
        };
        Ok(Arc::new(Buffer { pointer, bytes, access: RwLock::new(()) }))
    }

    /// Where it begins.
    pub fn pointer(&self) -> *mut u8 {
        self.pointer.as_ptr()
    }

    /// Its length.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: allocated by `allocate` with this layout, which was valid then; freed once, here.
            unsafe { alloc::dealloc(self.pointer.as_ptr(), Layout::from_size_align_unchecked(self.bytes, ALIGNMENT)) };
        }
    }
}
