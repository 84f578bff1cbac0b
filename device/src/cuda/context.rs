//! A device's primary context: what everything else on that device is made in.
//!
//! Owns its being current on a thread, the device's facts, errors that had nobody to go to, and things kept alive until the device is done with them.
#![allow(unsafe_code)]

use std::any::Any;
use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Attribute;
use super::driver::Driver;
use super::event::Event;
use super::pool::Pool;
use super::status::Status;
use super::stream::Stream;
use super::sys::{Api, CUcontext, CUdevice, CUlimit};
use crate::error::DeviceError;

/// A device's primary context, retained for the life of the process.
pub struct Context {
    driver: &'static Driver,
    ordinal: u32,
    device: CUdevice,
    raw: usize,
    faulty: AtomicBool,
    fault: Mutex<Option<DeviceError>>,
    pool: OnceLock<Pool>,
    kept: Mutex<Vec<(Event, Box<dyn Any + Send>)>>,
    peers: Mutex<Vec<u32>>,
    /// Bytes of each thread's stack, once they were asked for.
    stack: Mutex<Option<usize>>,
}

/// A context that is current on this thread until dropped.
pub(super) struct Entered {
    context: &'static Context,
    pushed: bool,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.pushed {
            let mut popped = std::ptr::null_mut();
            // SAFETY: the pointer is to a live local; what is popped is what `enter` pushed.
            let status = unsafe { (self.context.api().cuCtxPopCurrent_v2)(&mut popped) };
            self.context.note(status.check(|| format!("leaving the context of device {}", self.context.ordinal)));
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Context(cuda:{})", self.ordinal)
    }
}

impl PartialEq for Context {
    fn eq(&self, other: &Context) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Context {
    pub(super) fn retain(driver: &'static Driver, ordinal: u32) -> Result<Context, DeviceError> {
        let (mut device, mut raw): (CUdevice, CUcontext) = (0, std::ptr::null_mut());
        let doing = |what: &str| format!("{what} device {ordinal}");
        // SAFETY: the pointers are to live locals.
        unsafe {
            (driver.api.cuDeviceGet)(&mut device, ordinal as c_int).check(|| doing("finding"))?;
            (driver.api.cuDevicePrimaryCtxRetain)(&mut raw, device).check(|| doing("making a context on"))?;
        }
        Ok(Context {
            driver,
            ordinal,
            device,
            raw: raw as usize,
            faulty: AtomicBool::new(false),
            fault: Mutex::new(None),
            pool: OnceLock::new(),
            kept: Mutex::default(),
            peers: Mutex::default(),
            stack: Mutex::default(),
        })
    }

    pub(super) fn api(&self) -> &Api {
        &self.driver.api
    }

    /// The driver.
    pub fn driver(&self) -> &'static Driver {
        self.driver
    }

    /// The device's number.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// The driver's handle of the context, for other libraries.
    pub fn raw(&self) -> usize {
        self.raw
    }

    pub(super) fn handle(&self) -> CUcontext {
        self.raw as CUcontext
    }

    /// Makes the context current, and hands over an error that nobody has been told of.
    pub(super) fn enter(&'static self) -> Result<Entered, DeviceError> {
        if self.faulty.swap(false, Ordering::Relaxed)
            && let Some(fault) = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            return Err(fault);
        }
        self.enter_silently()
    }

    /// As `enter`, leaving an old error to the next call; for drops.
    pub(super) fn enter_silently(&'static self) -> Result<Entered, DeviceError> {
        self.driver.here()?;
        let mut current = std::ptr::null_mut();
        let doing = || format!("entering the context of device {}", self.ordinal);
        // SAFETY: the pointer is to a live local; the context is retained.
        unsafe {
            (self.api().cuCtxGetCurrent)(&mut current).check(doing)?;
            if current == self.handle() {
                return Ok(Entered { context: self, pushed: false });
            }
            (self.api().cuCtxPushCurrent_v2)(self.handle()).check(doing)?;
        }
        Ok(Entered { context: self, pushed: true })
    }

    /// Runs `f` with the context current: for libraries that act on the current context.
    ///
    /// # Errors
    /// The context cannot be made current, or an earlier error had nobody to go to.
    pub fn within<R>(&'static self, f: impl FnOnce() -> R) -> Result<R, DeviceError> {
        let _entered = self.enter()?;
        Ok(f())
    }

    /// Keeps an error for the next call; the first stays.
    pub(super) fn note(&self, outcome: Result<(), DeviceError>) {
        if let Err(error) = outcome {
            self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.faulty.store(true, Ordering::Relaxed);
        }
    }

    /// Runs what gives something back to the driver, where that still makes sense; errors wait for the next call.
    pub(super) fn give_back(&'static self, f: impl FnOnce(&Api) -> Result<(), DeviceError>) {
        if !self.driver.alive() {
            return;
        }
        let outcome = self.enter_silently().and_then(|_entered| f(self.api()));
        match outcome {
            // The driver went first.
            Err(DeviceError::Cuda { status, .. }) if status == Status::DEINITIALIZED.0 => {}
            outcome => self.note(outcome),
        }
    }

    /// Runs what gives a library's object back, with the context current: not where the driver may be gone, or in a forked child. What goes wrong waits for the next call. For drops.
    pub fn at_drop(&'static self, f: impl FnOnce() -> Result<(), DeviceError>) {
        self.give_back(|_| f());
    }

    /// Keeps a thing until the work ordered on a stream so far has ended.
    ///
    /// # Errors
    /// The driver's.
    pub fn keep(&'static self, stream: &Stream, thing: Box<dyn Any + Send>) -> Result<(), DeviceError> {
        let marked = Event::new(self, false).and_then(|event| event.record(stream).map(|()| event));
        match marked {
            Ok(event) => {
                self.release_kept();
                self.kept.lock().unwrap_or_else(PoisonError::into_inner).push((event, thing));
                Ok(())
            }
            Err(error) => {
                // When the device is done with it cannot be known: it stays.
                std::mem::forget(thing);
                Err(error)
            }
        }
    }

    /// Lets go of what is kept and no longer needed.
    pub fn release_kept(&'static self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, waiting) = std::mem::take(&mut *kept).into_iter().partition(|(event, _)| event.reached());
        *kept = waiting;
        drop(kept);
        let done: Vec<(Event, Box<dyn Any + Send>)> = done;
        // Outside the lock: what is dropped may come back here.
        drop(done);
    }

    /// Things kept now.
    pub fn kept(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits for all work of the context.
    ///
    /// # Errors
    /// What went wrong in that work.
    pub fn synchronize(&'static self) -> Result<(), DeviceError> {
        {
            let _entered = self.enter()?;
            // SAFETY: the context is current.
            unsafe { (self.api().cuCtxSynchronize)() }.check(|| format!("waiting for device {}", self.ordinal))?;
        }
        self.release_kept();
        Ok(())
    }

    /// A number of the device.
    ///
    /// # Errors
    /// The driver does not know the attribute.
    pub fn attribute(&self, attribute: Attribute) -> Result<i32, DeviceError> {
        let mut value = 0;
        // SAFETY: the pointer is to a live local.
        unsafe { (self.api().cuDeviceGetAttribute)(&mut value, attribute, self.device) }
            .check(|| format!("asking device {} for {attribute:?}", self.ordinal))?;
        Ok(value)
    }

    /// Compute capability: (9, 0) is sm_90.
    ///
    /// # Errors
    /// The driver's.
    pub fn compute_capability(&self) -> Result<(u32, u32), DeviceError> {
        let part = |attribute| self.attribute(attribute).map(|n| n as u32);
        Ok((part(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?, part(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?))
    }

    fn text(&self, what: &str, ask: impl FnOnce(*mut c_char, c_int, CUdevice) -> Status) -> Result<String, DeviceError> {
        let mut text: [c_char; 256] = [0; 256];
        ask(text.as_mut_ptr(), 255, self.device).check(|| format!("asking device {} for its {what}", self.ordinal))?;
        // SAFETY: the last byte was left 0.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }.to_string_lossy().into_owned())
    }

    /// The device's name.
    ///
    /// # Errors
    /// The driver's.
    pub fn name(&self) -> Result<String, DeviceError> {
        // SAFETY: the buffer has the length given.
        self.text("name", |text, length, device| unsafe { (self.api().cuDeviceGetName)(text, length, device) })
    }

    /// Where the device is on the PCI bus.
    ///
    /// # Errors
    /// The driver's.
    pub fn bus(&self) -> Result<String, DeviceError> {
        // SAFETY: the buffer has the length given.
        self.text("bus number", |text, length, device| unsafe { (self.api().cuDeviceGetPCIBusId)(text, length, device) })
    }

    /// The device's identity, as nvidia-smi prints it.
    ///
    /// # Errors
    /// The driver's.
    pub fn uuid(&self) -> Result<String, DeviceError> {
        let mut uuid = super::sys::CUuuid { bytes: [0; 16] };
        // SAFETY: the pointer is to a live local.
        unsafe { (self.api().cuDeviceGetUuid)(&mut uuid, self.device) }.check(|| format!("asking device {} for its identity", self.ordinal))?;
        let hex: String = uuid.bytes.iter().map(|&byte| format!("{:02x}", byte as u8)).collect();
        Ok(format!("GPU-{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
    }

    /// Bytes of memory free, and in all.
    ///
    /// # Errors
    /// The driver's.
    pub fn memory_info(&'static self) -> Result<(usize, usize), DeviceError> {
        let _entered = self.enter()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: the pointers are to live locals.
        unsafe { (self.api().cuMemGetInfo_v2)(&mut free, &mut total) }.check(|| format!("asking device {} for its memory", self.ordinal))?;
        Ok((free, total))
    }

    /// The pool that arrays of this device come from.
    pub fn pool(&'static self) -> &'static Pool {
        self.pool.get_or_init(|| Pool::new(self))
    }

    /// Whether memory of `other` can be accessed from here over NVLink or PCIe, and switches that on.
    ///
    /// # Errors
    /// The driver's.
    pub fn reach(&'static self, other: &'static Context) -> Result<bool, DeviceError> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ordinal == other.ordinal || peers.contains(&other.ordinal) {
            return Ok(true);
        }
        let mut can = 0;
        let doing = || format!("giving device {} access to the memory of device {}", self.ordinal, other.ordinal);
        let _entered = self.enter()?;
        // SAFETY: the pointer is to a live local; both contexts are retained.
        unsafe {
            (self.api().cuDeviceCanAccessPeer)(&mut can, self.device, other.device).check(doing)?;
            if can == 0 {
                return Ok(false);
            }
            match (self.api().cuCtxEnablePeerAccess)(other.handle(), 0) {
                Status::PEER_ACCESS_ALREADY_ENABLED => {}
                status => status.check(doing)?,
            }
        }
        peers.push(other.ordinal);
        Ok(true)
    }

    /// Sees that each thread has at least that much stack for calls whose depth the driver cannot know. The driver takes memory for all threads that the device runs at once, at the next launch.
    ///
    /// # Errors
    /// The driver's: more than a thread may have.
    pub fn raise_stack(&'static self, bytes: usize) -> Result<(), DeviceError> {
        let mut known = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|known| known >= bytes) {
            return Ok(());
        }
        let _entered = self.enter()?;
        let mut there = 0;
        // SAFETY: the context is current; the pointer is to a live local.
        unsafe { (self.api().cuCtxGetLimit)(&mut there, CUlimit::CU_LIMIT_STACK_SIZE) }
            .check(|| format!("asking device {} for its threads' stack", self.ordinal))?;
        if there < bytes {
            // SAFETY: the context is current.
            unsafe { (self.api().cuCtxSetLimit)(CUlimit::CU_LIMIT_STACK_SIZE, bytes) }
                .check(|| format!("giving each thread of device {} {bytes} bytes of stack for functions that call themselves", self.ordinal))?;
        }
        *known = Some(there.max(bytes));
        Ok(())
    }

    /// Tells a profiler to begin or to end.
    ///
    /// # Errors
    /// The driver's, or it is too old.
    pub fn profile(&'static self, begin: bool) -> Result<(), DeviceError> {
        let _entered = self.enter()?;
        let function = if begin { self.api().cuProfilerStart } else { self.api().cuProfilerStop };
        let doing = || format!("{} profiling device {}", if begin { "beginning" } else { "ending" }, self.ordinal);
        // SAFETY: takes nothing.
        function.map_or(Status(36), |function| unsafe { function() }).check(doing)
    }

    pub(super) fn number(&self) -> CUdevice {
        self.device
    }
}
