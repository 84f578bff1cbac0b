//! Streams: queues of work on a device.
//!
//! Owns their handles, waiting and callbacks. What is queued belongs to whoever queues it.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::ThreadId;

use super::context::Context;
use super::event::Event;
use super::status::Status;
use super::sys::CUstream;
use crate::error::DeviceError;

/// CUDA's number of the default stream that all threads share.
const LEGACY: usize = 1;
/// CUDA's number of the calling thread's default stream.
const PER_THREAD: usize = 2;
const NON_BLOCKING: u32 = 1;

/// A queue of work on a device. Clones name the same queue.
#[derive(Clone, Debug)]
pub struct Stream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    context: &'static Context,
    raw: usize,
    owned: bool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.owned {
            let raw = self.raw as CUstream;
            // SAFETY: made by us, destroyed once; work on it goes on to its end.
            self.context.give_back(|api| unsafe { (api.cuStreamDestroy_v2)(raw) }.check(|| "giving back a stream".to_owned()));
        }
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Stream) -> bool {
        self.0.raw == other.0.raw && self.0.context == other.0.context
    }
}

impl Eq for Stream {}

impl Stream {
    /// The default stream, which waits for all others that do not say `non_blocking`, and they for it.
    pub fn default_of(context: &'static Context) -> Stream {
        Stream(Arc::new(Inner { context, raw: LEGACY, owned: false }))
    }

    /// The default stream of whichever thread uses it.
    pub fn per_thread(context: &'static Context) -> Stream {
        Stream(Arc::new(Inner { context, raw: PER_THREAD, owned: false }))
    }

    /// A stream of its own. One that is `non_blocking` does not wait for the default stream, nor that for it. Lower priorities are served first.
    ///
    /// # Errors
    /// The driver's.
    pub fn new(context: &'static Context, non_blocking: bool, priority: i32) -> Result<Stream, DeviceError> {
        let _entered = context.enter()?;
        let mut raw: CUstream = std::ptr::null_mut();
        // SAFETY: the pointer is to a live local.
        unsafe { (context.api().cuStreamCreateWithPriority)(&mut raw, if non_blocking { NON_BLOCKING } else { 0 }, priority) }
            .check(|| format!("making a stream on device {}", context.ordinal()))?;
        Ok(Stream(Arc::new(Inner { context, raw: raw as usize, owned: true })))
    }

    /// A stream that somebody else made and destroys.
    ///
    /// # Safety
    /// `raw` is a stream of this device's primary context (0 is the default stream), and is one for as long as this value or anything ordered on it lives.
    pub unsafe fn external(context: &'static Context, raw: usize) -> Stream {
        Stream(Arc::new(Inner { context, raw: if raw == 0 { LEGACY } else { raw }, owned: false }))
    }

    /// The context it belongs to.
    pub fn context(&self) -> &'static Context {
        self.0.context
    }

    /// The driver's handle: 1 for the default stream, 2 for a thread's own.
    pub fn raw(&self) -> usize {
        self.0.raw
    }

    /// The handle for NVIDIA's other libraries, to whom the shared default stream is 0.
    pub fn for_libraries(&self) -> usize {
        if self.0.raw == LEGACY { 0 } else { self.0.raw }
    }

    /// Whether it is the default stream of whichever thread uses it.
    pub fn is_per_thread(&self) -> bool {
        self.0.raw == PER_THREAD
    }

    pub(super) fn handle(&self) -> CUstream {
        self.0.raw as CUstream
    }

    fn doing(&self, what: &str) -> String {
        format!("{what} a stream of device {}", self.0.context.ordinal())
    }

    /// Waits for the work ordered so far.
    ///
    /// # Errors
    /// What went wrong in it.
    pub fn synchronize(&self) -> Result<(), DeviceError> {
        {
            let _entered = self.0.context.enter()?;
            // SAFETY: the stream exists.
            unsafe { (self.0.context.api().cuStreamSynchronize)(self.handle()) }.check(|| self.doing("waiting for"))?;
        }
        self.0.context.release_kept();
        Ok(())
    }

    /// Whether the work ordered so far has ended.
    ///
    /// # Errors
    /// What went wrong in it.
    pub fn query(&self) -> Result<bool, DeviceError> {
        let _entered = self.0.context.enter()?;
        // SAFETY: the stream exists.
        match unsafe { (self.0.context.api().cuStreamQuery)(self.handle()) } {
            Status::NOT_READY => Ok(false),
            status => status.check(|| self.doing("asking")).map(|()| true),
        }
    }

    /// Has work ordered from now on wait for an event; one never recorded is no wait.
    ///
    /// # Errors
    /// The driver's.
    pub fn wait(&self, event: &Event) -> Result<(), DeviceError> {
        let _entered = self.0.context.enter()?;
        // SAFETY: both exist.
        unsafe { (self.0.context.api().cuStreamWaitEvent)(self.handle(), event.handle(), 0) }.check(|| self.doing("ordering a wait on"))
    }

    /// Has work ordered here from now on wait for what was ordered on another stream so far.
    ///
    /// # Errors
    /// The driver's.
    pub fn follow(&self, other: &Stream) -> Result<(), DeviceError> {
        if self == other && !self.is_per_thread() {
            return Ok(());
        }
        let event = Event::new(other.context(), false)?;
        event.record(other)?;
        self.wait(&event)
    }

    /// Calls `callback` on a thread of the driver's when the work ordered so far has ended, with what went wrong in it. It must not call the driver.
    ///
    /// # Errors
    /// The driver's; the callback is then never called.
    pub fn add_callback(&self, callback: impl FnOnce(Result<(), DeviceError>) + Send + 'static) -> Result<(), DeviceError> {
        type Callback = Box<dyn FnOnce(Result<(), DeviceError>) + Send>;
        unsafe extern "C" fn call(_stream: CUstream, status: Status, data: *mut c_void) {
            // SAFETY: the box made below, handed to the driver once, which calls once.
            let callback = unsafe { Box::from_raw(data.cast::<Callback>()) };
            let outcome = status.check(|| "running the work before a callback".to_owned());
            // A panic must not go through the driver's frames; there is nobody to tell.
            let _ = catch_unwind(AssertUnwindSafe(move || callback(outcome)));
        }
        let _entered = self.0.context.enter()?;
        let data = Box::into_raw(Box::new(Box::new(callback) as Callback));
        // SAFETY: the stream exists, and `call` takes the box.
        let status = unsafe { (self.0.context.api().cuStreamAddCallback)(self.handle(), Some(call), data.cast(), 0) };
        status.check(|| self.doing("ordering a callback on")).inspect_err(|_| {
            // SAFETY: the driver refused it, so it is still ours.
            drop(unsafe { Box::from_raw(data) });
        })
    }
}

/// A queue as one thread names it: the name of a thread's own default stream is another queue's in each thread.
#[derive(Clone, Debug)]
pub struct Queue {
    stream: Stream,
    thread: ThreadId,
}

impl Queue {
    /// The queue that the calling thread means by a stream.
    pub fn of(stream: &Stream) -> Queue {
        Queue { stream: stream.clone(), thread: std::thread::current().id() }
    }

    /// The stream whose queue it is, as its thread names it.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Whether the calling thread means this queue by its stream.
    pub fn is_named_here(&self) -> bool {
        !self.stream.is_per_thread() || self.thread == std::thread::current().id()
    }

    /// Whether the calling thread means this queue by `stream`.
    pub fn is(&self, stream: &Stream) -> bool {
        self.stream == *stream && self.is_named_here()
    }

    /// What the calling thread waits for to have waited for this queue: its stream, or the default one, which waits for every thread's own.
    pub fn to_follow(&self) -> Stream {
        if self.is_named_here() { self.stream.clone() } else { Stream::default_of(self.stream.context()) }
    }
}
