//! Launches, and how many blocks fit.
//!
//! The parameters are judged by whoever made the code; here they are bytes at addresses.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use super::Attribute;
use super::module::Function;
use super::stream::Stream;
use super::sys::CUfunction_attribute as FunctionAttribute;
use crate::error::DeviceError;

/// Shared memory, static and dynamic, that every block may have without asking.
const SHARED_UNASKED: u32 = 48 << 10;

/// Shape of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Blocks along x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block along x, y and z.
    pub block: [u32; 3],
    /// Bytes of dynamic shared memory.
    pub shared: u32,
    /// Whether all blocks have to run at once, to wait for each other.
    pub cooperative: bool,
}

/// What fills a device best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occupancy {
    /// Threads of a block.
    pub block: u32,
    /// The fewest blocks that fill the device.
    pub grid: u32,
}

impl Function {
    /// Orders a launch on a stream. `parameters` are the addresses of the kernel's parameters, in order; they are read before this returns.
    ///
    /// # Safety
    /// There is an address for each parameter of the kernel, of a value of its size; what device memory those name lives until the launch has ended, and is used in order.
    ///
    /// # Errors
    /// The driver's: a grid or block larger than it takes, too few registers or too little shared memory for the block, more blocks of a cooperative launch than fit, a stream of
    /// another device.
    pub unsafe fn launch(&self, launch: &Launch, stream: &Stream, parameters: &mut [*mut c_void]) -> Result<(), DeviceError> {
        let (context, api) = (self.context(), self.context().api());
        if stream.context() != context {
            return Err(DeviceError::OtherDevice { what: "stream", on: stream.context().ordinal(), needed: context.ordinal() });
        }
        let _entered = context.enter()?;
        self.allow_shared(launch.shared)?;
        let ([gx, gy, gz], [bx, by, bz]) = (launch.grid, launch.block);
        // SAFETY: function and stream exist; the parameters are the caller's promise.
        let status = unsafe {
            if launch.cooperative {
                (api.cuLaunchCooperativeKernel)(self.handle(), gx, gy, gz, bx, by, bz, launch.shared, stream.handle(), parameters.as_mut_ptr())
            } else {
                (api.cuLaunchKernel)(
                    self.handle(),
                    gx,
                    gy,
                    gz,
                    bx,
                    by,
                    bz,
                    launch.shared,
                    stream.handle(),
                    parameters.as_mut_ptr(),
                    std::ptr::null_mut(),
                )
            }
        };
        status.check(|| {
            format!(
                "launching {} on device {} with {gx} x {gy} x {gz} blocks of {bx} x {by} x {bz} threads and {} bytes of dynamic shared memory",
                self.name(),
                context.ordinal(),
                launch.shared
            )
        })
    }

    /// Tells the driver of more dynamic shared memory than a kernel has by itself.
    fn allow_shared(&self, bytes: u32) -> Result<(), DeviceError> {
        if bytes == 0 || bytes <= self.dynamic.load(Ordering::Relaxed) {
            return Ok(());
        }
        if bytes.saturating_add(self.attribute(FunctionAttribute::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)?) <= SHARED_UNASKED {
            self.dynamic.fetch_max(bytes, Ordering::Relaxed);
            return Ok(());
        }
        // SAFETY: the function exists.
        unsafe {
            (self.context().api().cuFuncSetAttribute)(self.handle(), FunctionAttribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes as i32)
        }
        .check(|| format!("asking for {bytes} bytes of dynamic shared memory for {}", self.name()))?;
        self.dynamic.fetch_max(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Blocks of so many threads, with so much dynamic shared memory, that a multiprocessor runs at once.
    ///
    /// # Errors
    /// The driver's.
    pub fn blocks_per_multiprocessor(&self, threads: u32, shared: usize) -> Result<u32, DeviceError> {
        let _entered = self.context().enter()?;
        let mut blocks = 0;
        // SAFETY: the function exists; the pointer is to a live local.
        unsafe { (self.context().api().cuOccupancyMaxActiveBlocksPerMultiprocessor)(&mut blocks, self.handle(), threads as i32, shared) }
            .check(|| format!("asking how many blocks of {} run at once", self.name()))?;
        Ok(blocks as u32)
    }

    /// The most blocks that a cooperative launch may have: none with more dynamic shared memory than a block gets.
    ///
    /// # Errors
    /// The driver's.
    pub fn most_cooperative_blocks(&self, threads: u32, shared: usize) -> Result<u32, DeviceError> {
        let _entered = self.context().enter()?;
        let most = self.context().attribute(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)? as usize;
        if shared.saturating_add(self.attribute(FunctionAttribute::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)? as usize) > most {
            return Ok(0);
        }
        self.allow_shared(shared as u32)?;
        let processors = self.context().attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
        Ok(self.blocks_per_multiprocessor(threads, shared)? * processors as u32)
    }

    /// The size of block that fills the device best, at most `limit` threads (0: as many as the kernel may have).
    ///
    /// # Errors
    /// The driver's.
    pub fn occupancy(&self, shared: usize, limit: u32) -> Result<Occupancy, DeviceError> {
        let _entered = self.context().enter()?;
        let (mut grid, mut block) = (0, 0);
        // SAFETY: the function exists; the pointers are to live locals.
        unsafe { (self.context().api().cuOccupancyMaxPotentialBlockSize)(&mut grid, &mut block, self.handle(), None, shared, limit as i32) }
            .check(|| format!("asking for the best block of {}", self.name()))?;
        Ok(Occupancy { block: block as u32, grid: grid as u32 })
    }
}
