//! A generator of cuRAND's on a GPU.
//!
//! Owns its handle, its settings as they are there, and its order on streams. Requests were judged in [`super::request`]; that it stands where the stream stands is [`super`]'s affair.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};

use verdigris_device::DeviceError;
use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, Event, Stream};

use super::request::Request;
use super::sys::Library;
use crate::generator::{Generator, Kind, Ordering};

/// A generator on a GPU.
#[derive(Debug)]
pub(super) struct Twin {
    library: &'static Library,
    context: &'static Context,
    kind: Kind,
    handle: usize,
    /// What was set last: cuRAND does nothing, or something of its own, where a value is set again.
    seed: Option<u64>,
    ordering: Option<Ordering>,
    dims: Option<usize>,
    /// Whether it has drawn since it was made.
    begun: bool,
    /// The stream it is on, and the end of its work there.
    last: Option<(Stream, Event)>,
}

fn create(library: &'static Library, kind: Kind, context: &'static Context) -> Result<usize, DeviceError> {
    let number = kind.curand_number().map_or(0, |number| number as c_int);
    let mut handle = 0;
    // SAFETY: the pointer is to a live local; the device's context is current.
    context.within(|| unsafe { library.curandCreateGenerator(&mut handle, number) })??;
    Ok(handle)
}

impl Twin {
    /// A new generator of that kind.
    ///
    /// # Errors
    /// The driver's and cuRAND's.
    pub(super) fn new(library: &'static Library, kind: Kind, context: &'static Context) -> Result<Twin, DeviceError> {
        let handle = create(library, kind, context)?;
        Ok(Twin { library, context, kind, handle, seed: None, ordering: None, dims: None, begun: false, last: None })
    }

    pub(super) fn context(&self) -> &'static Context {
        self.context
    }

    /// Has it begin as a generator of the host's begins, which has not begun.
    ///
    /// # Errors
    /// The driver's and cuRAND's; the state is then unknown.
    pub(super) fn set_up(&mut self, host: &Generator) -> Result<(), DeviceError> {
        if self.begun && !self.kind.has_offset() {
            // A twister restarts at its beginning, and cuRAND has no call for that.
            *self = Twin::new(self.library, self.kind, self.context)?;
        }
        let (library, handle) = (self.library, self.handle);
        let (seed, ordering, dims) = (host.seed(), host.ordering(), host.dims());
        let kind = self.kind;
        let (new_seed, new_ordering, new_dims) = (self.seed != Some(seed), self.ordering != Some(ordering), self.dims != Some(dims));
        let offset = host.position();
        // SAFETY: the handle is a generator's; the device's context is current.
        self.context.within(|| unsafe {
            if new_ordering {
                library.curandSetGeneratorOrdering(handle, ordering.curand_number() as c_int)?;
            }
            if new_seed && kind.has_seed() {
                library.curandSetPseudoRandomGeneratorSeed(handle, seed)?;
            }
            if new_dims && kind.is_quasi() {
                library.curandSetQuasiRandomGeneratorDimensions(handle, dims as c_uint)?;
            }
            // The last: it alone says where the stream begins, whatever was drawn before.
            if kind.has_offset() { library.curandSetGeneratorOffset(handle, offset) } else { Ok(()) }
        })??;
        (self.seed, self.ordering, self.dims) = (Some(seed), Some(ordering), Some(dims));
        Ok(())
    }

    /// Fills a dense array of the GPU's, on a stream.
    ///
    /// # Errors
    /// The driver's and cuRAND's; the state is then unknown.
    pub(super) fn generate(&mut self, request: Request, out: &Array, stream: &Stream) -> Result<(), DeviceError> {
        let (library, handle) = (self.library, self.handle);
        let (to, n) = (out.pointer(), out.layout().size());
        // Where it is on the GPU is read and written by its own work: what is on another stream comes first.
        let moved = match &self.last {
            Some((last, end)) if last != stream || stream.is_per_thread() => {
                stream.wait(end)?;
                true
            }
            Some(_) => false,
            None => true,
        };
        let pseudo = !self.kind.is_quasi();
        self.begun = true;
        // SAFETY: the handle is a generator's and the array the GPU's, with `n` dense elements of the request's type, whose memory is given back behind this stream's work; the device's context is current.
        self.context.within(|| unsafe {
            if moved {
                library.curandSetStream(handle, stream.for_libraries())?;
            }
            match request {
                Request::Bits32 => library.curandGenerate(handle, to.cast(), n),
                Request::Bits64 if pseudo => library.curandGenerate(handle, to.cast(), 2 * n),
                Request::Bits64 => library.curandGenerateLongLong(handle, to.cast(), n),
                Request::Uniform32 => library.curandGenerateUniform(handle, to.cast(), n),
                Request::Uniform64 => library.curandGenerateUniformDouble(handle, to.cast(), n),
                Request::Normal32 { mean, sigma } => library.curandGenerateNormal(handle, to.cast(), n, mean, sigma),
                Request::Normal64 { mean, sigma } => library.curandGenerateNormalDouble(handle, to.cast(), n, mean, sigma),
                Request::LogNormal32 { mean, sigma } => library.curandGenerateLogNormal(handle, to.cast(), n, mean, sigma),
                Request::LogNormal64 { mean, sigma } => library.curandGenerateLogNormalDouble(handle, to.cast(), n, mean, sigma),
                Request::Poisson { lambda } => library.curandGeneratePoisson(handle, to.cast(), n, lambda),
            }
        })??;
        let end = match self.last.take() {
            Some((_, end)) => end,
            None => Event::new(self.context, false)?,
        };
        end.record(stream)?;
        self.last = Some((stream.clone(), end));
        Ok(())
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        let (library, handle) = (self.library, self.handle);
        // SAFETY: made by us, destroyed once; cuRAND waits for its own work.
        self.context.at_drop(|| unsafe { library.curandDestroyGenerator(handle) });
    }
}
