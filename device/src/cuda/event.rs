//! Events: marks between pieces of work on a stream.
#![allow(unsafe_code)]

use super::context::Context;
use super::status::Status;
use super::stream::Stream;
use super::sys::CUevent;
use crate::error::DeviceError;

const DISABLE_TIMING: u32 = 2;

/// A mark in a stream.
#[derive(Debug)]
pub struct Event {
    context: &'static Context,
    raw: usize,
    timing: bool,
}

impl Drop for Event {
    fn drop(&mut self) {
        let raw = self.handle();
        // SAFETY: made by us, destroyed once; those who wait for it go on waiting.
        self.context.give_back(|api| unsafe { (api.cuEventDestroy_v2)(raw) }.check(|| "giving back an event".to_owned()));
    }
}

impl Event {
    /// An event not yet recorded. Without `timing` it is cheaper.
    ///
    /// # Errors
    /// The driver's.
    pub fn new(context: &'static Context, timing: bool) -> Result<Event, DeviceError> {
        let _entered = context.enter()?;
        let mut raw: CUevent = std::ptr::null_mut();
        // SAFETY: the pointer is to a live local.
        unsafe { (context.api().cuEventCreate)(&mut raw, if timing { 0 } else { DISABLE_TIMING }) }
            .check(|| format!("making an event on device {}", context.ordinal()))?;
        Ok(Event { context, raw: raw as usize, timing })
    }

    pub(super) fn handle(&self) -> CUevent {
        self.raw as CUevent
    }

    /// The context it belongs to.
    pub fn context(&self) -> &'static Context {
        self.context
    }

    /// Marks the place behind all work ordered on the stream so far.
    ///
    /// # Errors
    /// The driver's; a stream of another device is one.
    pub fn record(&self, stream: &Stream) -> Result<(), DeviceError> {
        let _entered = self.context.enter()?;
        // SAFETY: both exist.
        unsafe { (self.context.api().cuEventRecord)(self.handle(), stream.handle()) }
            .check(|| format!("recording an event on device {}", self.context.ordinal()))
    }

    /// Whether the work before it has ended; an event never recorded has nothing before it.
    ///
    /// # Errors
    /// What went wrong in that work.
    pub fn query(&self) -> Result<bool, DeviceError> {
        let _entered = self.context.enter()?;
        // SAFETY: the event exists.
        match unsafe { (self.context.api().cuEventQuery)(self.handle()) } {
            Status::NOT_READY => Ok(false),
            status => status.check(|| "asking an event".to_owned()).map(|()| true),
        }
    }

    /// As [`Event::query`]; an error is no yes, and an old one is left to the next call.
    pub(super) fn reached(&self) -> bool {
        // SAFETY: the event exists.
        self.context.enter_silently().is_ok_and(|_entered| unsafe { (self.context.api().cuEventQuery)(self.handle()) } == Status::SUCCESS)
    }

    /// Waits for the work before it.
    ///
    /// # Errors
    /// What went wrong in that work.
    pub fn synchronize(&self) -> Result<(), DeviceError> {
        let _entered = self.context.enter()?;
        // SAFETY: the event exists.
        unsafe { (self.context.api().cuEventSynchronize)(self.handle()) }.check(|| "waiting for an event".to_owned())
    }

    /// Milliseconds from this event to a later one, both reached.
    ///
    /// # Errors
    /// Made without timing, never recorded, or not reached yet.
    pub fn elapsed_ms(&self, later: &Event) -> Result<f64, DeviceError> {
        let _entered = self.context.enter()?;
        let mut ms = 0f32;
        // SAFETY: both exist, and the pointer is to a live local.
        match unsafe { (self.context.api().cuEventElapsedTime)(&mut ms, self.handle(), later.handle()) } {
            // The driver's answer to an event that was never recorded, as to one without timing.
            Status(400) if self.timing && later.timing => Err(DeviceError::NotRecorded),
            status => status.check(|| "taking the time between two events".to_owned()).map(|()| f64::from(ms)),
        }
    }
}
