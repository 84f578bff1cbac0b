//! Memory of a device, and host memory that a device can reach.
//!
//! Owns both from allocation to the last owner. Memory of the pool is given back on the stream that used it first, behind what other streams did with it. Knows no shapes.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use super::context::Context;
use super::status::Status;
use super::stream::{Queue, Stream};
use super::sys::{CUdeviceptr, CUpointer_attribute};
use crate::error::DeviceError;

/// Memory of a device.
pub struct Memory {
    context: &'static Context,
    pointer: CUdeviceptr,
    bytes: usize,
    origin: Origin,
    /// Where work with it was ordered, the first at home.
    users: Mutex<Vec<Queue>>,
}

enum Origin {
    Pool,
    Managed,
    /// Somebody else's, held by this.
    Foreign(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>),
    Nothing,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory(cuda:{}, {:#x}, {} bytes)", self.context.ordinal(), self.pointer, self.bytes)
    }
}

impl Memory {
    fn with(stream: &Stream, pointer: CUdeviceptr, bytes: usize, origin: Origin) -> Memory {
        let users = Mutex::new(vec![Queue::of(stream)]);
        Memory { context: stream.context(), pointer, bytes, origin, users }
    }

    /// Memory of the device's pool, for work ordered on `stream`. Its bytes are whatever was there.
    ///
    /// # Errors
    /// Not enough, the pool's limit, or the driver's.
    pub fn new(bytes: usize, stream: &Stream) -> Result<Memory, DeviceError> {
        if bytes == 0 {
            return Ok(Memory::with(stream, 0, 0, Origin::Nothing));
        }
        let pointer = stream.context().pool().allocate(bytes, stream)?;
        Ok(Memory::with(stream, pointer, bytes, Origin::Pool))
    }

    /// Memory that host and device share, its pages going where they are used. Without `global` only one stream's work may touch it.
    ///
    /// # Errors
    /// Not enough, or the driver's.
    pub fn managed(bytes: usize, stream: &Stream, global: bool) -> Result<Memory, DeviceError> {
        if bytes == 0 {
            return Ok(Memory::with(stream, 0, 0, Origin::Nothing));
        }
        let context = stream.context();
        let _entered = context.enter()?;
        let mut pointer = 0;
        // SAFETY: the pointer is to a live local.
        match unsafe { (context.api().cuMemAllocManaged)(&mut pointer, bytes, if global { 1 } else { 2 }) } {
            Status::OUT_OF_MEMORY => return Err(DeviceError::OutOfMemory { bytes }),
            status => status.check(|| format!("allocating {bytes} bytes of managed memory"))?,
        }
        Ok(Memory::with(stream, pointer, bytes, Origin::Managed))
    }

    /// Memory that somebody else owns and `owner` holds.
    ///
    /// # Safety
    /// `pointer` is memory of the stream's device, of at least `bytes` bytes, for as long as `owner` lives.
    pub unsafe fn foreign(pointer: u64, bytes: usize, stream: &Stream, owner: Box<dyn Any + Send + Sync>) -> Memory {
        Memory::with(stream, pointer, bytes, Origin::Foreign(owner))
    }

    /// The context of the device it is on.
    pub fn context(&self) -> &'static Context {
        self.context
    }

    /// Its address on the device; 0 if it is empty.
    pub fn pointer(&self) -> u64 {
        self.pointer
    }

    /// Its length.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the host may use its address, too.
    pub fn is_managed(&self) -> bool {
        matches!(self.origin, Origin::Managed)
    }

    /// The stream it was made for.
    pub fn home(&self) -> Stream {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)[0].stream().clone()
    }

    /// Has work ordered on `stream` from now on wait for all that was ordered with this memory on other streams.
    ///
    /// # Errors
    /// The driver's.
    pub fn order_before(&self, stream: &Stream) -> Result<(), DeviceError> {
        let users: Vec<Stream> = self.users.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Queue::to_follow).collect();
        users.iter().try_for_each(|user| stream.follow(user))
    }

    /// Says that work with it is now ordered on a stream. The first such work of each stream waits for what the memory was made by: its bytes are not there before.
    ///
    /// # Errors
    /// The driver's.
    pub fn join(&self, stream: &Stream) -> Result<(), DeviceError> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if !users.iter().any(|user| user.is(stream)) {
            stream.follow(&users[0].to_follow())?;
            users.push(Queue::of(stream));
        }
        Ok(())
    }

    /// Says that work with it was ordered on a stream.
    pub fn used_on(&self, stream: &Stream) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if !users.iter().any(|user| user.is(stream)) {
            users.push(Queue::of(stream));
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if matches!(self.origin, Origin::Foreign(_) | Origin::Nothing) || !self.context.driver().alive() {
            return;
        }
        let users = std::mem::take(self.users.get_mut().unwrap_or_else(PoisonError::into_inner));
        let home = users[0].stream();
        // Another thread's own stream cannot be named here.
        let elsewhere = !users.iter().all(Queue::is_named_here);
        let context = self.context;
        let ordered = if elsewhere { context.synchronize() } else { users[1..].iter().try_for_each(|user| home.follow(user.stream())) };
        match self.origin {
            Origin::Pool => {
                // If the order cannot be had, the end of all work does as well; and if even that fails the context is broken.
                let ordered = ordered.or_else(|_| context.synchronize());
                let home = if elsewhere { Stream::default_of(context) } else { home.clone() };
                let (pointer, bytes) = (self.pointer, self.bytes);
                context.give_back(|_| ordered.and(context.pool().release(pointer, bytes, &home)));
            }
            _ => {
                let (pointer, waited) = (self.pointer, ordered.and_then(|()| home.synchronize()));
                // SAFETY: came from `cuMemAllocManaged`, freed once.
                context.give_back(|api| {
                    waited?;
                    // SAFETY: as above.
                    unsafe { (api.cuMemFree_v2)(pointer) }.check(|| "freeing managed memory".to_owned())
                });
            }
        }
    }
}

/// How host memory is made known to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostKind {
    /// Pages stay where they are, so that copies go at full speed and need not be waited for.
    Pinned,
    /// As pinned, and kernels can use it where it lies.
    Mapped {
        /// For every context, not only the one it was made in.
        portable: bool,
        /// Fast for the host to write, slow to read.
        write_combined: bool,
    },
}

/// Host memory that a device can reach.
#[derive(Debug)]
pub struct Host {
    context: &'static Context,
    pointer: usize,
    bytes: usize,
    /// Made by us; otherwise the user's, registered.
    owned: bool,
}

impl Host {
    /// New memory, at page boundaries, zero.
    ///
    /// # Errors
    /// Not enough, or the driver's.
    pub fn new(context: &'static Context, bytes: usize, kind: HostKind) -> Result<Host, DeviceError> {
        if bytes == 0 {
            return Ok(Host { context, pointer: 0, bytes, owned: true });
        }
        let flags = match kind {
            HostKind::Pinned => 1,
            HostKind::Mapped { portable, write_combined } => u32::from(portable) | 2 | u32::from(write_combined) << 2,
        };
        let _entered = context.enter()?;
        let mut pointer = std::ptr::null_mut();
        // SAFETY: the pointer is to a live local.
        match unsafe { (context.api().cuMemHostAlloc)(&mut pointer, bytes, flags) } {
            Status::OUT_OF_MEMORY => return Err(DeviceError::OutOfMemory { bytes }),
            status => status.check(|| format!("allocating {bytes} bytes of pinned memory"))?,
        }
        // SAFETY: as long as was asked for, and nobody else's. The driver promises no contents.
        unsafe { pointer.cast::<u8>().write_bytes(0, bytes) };
        Ok(Host { context, pointer: pointer as usize, bytes, owned: true })
    }

    /// Pins memory that is there, until dropped.
    ///
    /// # Safety
    /// `pointer` is memory of `bytes` bytes for as long as the value lives.
    ///
    /// # Errors
    /// The driver's: it may be pinned already, or the system lets no more be pinned.
    pub unsafe fn register(context: &'static Context, pointer: *mut u8, bytes: usize) -> Result<Host, DeviceError> {
        if bytes > 0 {
            let _entered = context.enter()?;
            // SAFETY: the caller's promise.
            unsafe { (context.api().cuMemHostRegister_v2)(pointer.cast(), bytes, 1) }.check(|| format!("pinning {bytes} bytes of host memory"))?;
        }
        Ok(Host { context, pointer: pointer as usize, bytes, owned: false })
    }

    /// Where it begins; dangling if it is empty.
    pub fn pointer(&self) -> *mut u8 {
        if self.bytes == 0 { std::ptr::NonNull::dangling().as_ptr() } else { std::ptr::with_exposed_provenance_mut(self.pointer) }
    }

    /// Its length.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its address on the device, if it is mapped.
    ///
    /// # Errors
    /// It is not mapped, or the driver's.
    pub fn device_pointer(&self) -> Result<u64, DeviceError> {
        if self.bytes == 0 {
            return Ok(0);
        }
        let _entered = self.context.enter()?;
        let mut pointer = 0;
        // SAFETY: the pointer is to a live local.
        unsafe { (self.context.api().cuMemHostGetDevicePointer_v2)(&mut pointer, self.pointer as *mut c_void, 0) }
            .check(|| "asking where host memory is on the device".to_owned())?;
        Ok(pointer)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let (pointer, owned) = (self.pointer as *mut c_void, self.owned);
        self.context.give_back(|api| {
            // SAFETY: made, or registered, by this value; given back once.
            let status = unsafe { if owned { (api.cuMemFreeHost)(pointer) } else { (api.cuMemHostUnregister)(pointer) } };
            status.check(|| "giving back pinned memory".to_owned())
        });
    }
}

impl Context {
    /// Whether copies from and to this host address need not go through the driver's own buffers.
    pub fn is_pinned(&'static self, host: *const u8) -> bool {
        let mut kind = 0u32;
        let Ok(_entered) = self.enter_silently() else { return false };
        // SAFETY: the pointer is to a live local as wide as the attribute; the driver knows the address or says it does not.
        let status = unsafe {
            (self.api().cuPointerGetAttribute)(
                (&raw mut kind).cast(),
                CUpointer_attribute::CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                host.expose_provenance() as CUdeviceptr,
            )
        };
        status == Status::SUCCESS && kind != 0
    }

    /// The device that an address belongs to; `None` if the driver does not know it.
    pub fn device_of(&'static self, pointer: u64) -> Option<u32> {
        let mut ordinal = -1i32;
        let _entered = self.enter_silently().ok()?;
        // SAFETY: as above.
        let status = unsafe {
            (self.api().cuPointerGetAttribute)((&raw mut ordinal).cast(), CUpointer_attribute::CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, pointer)
        };
        (status == Status::SUCCESS).then(|| u32::try_from(ordinal).ok())?
    }
}
