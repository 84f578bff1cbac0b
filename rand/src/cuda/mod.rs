//! Generators that fill a GPU's memory.
//!
//! Owns the calls to NVIDIA's cuRAND (`sys` declares them, `device` holds one of its generators) and the joining of two machines to one stream: a [`Generator`] here is this crate's own, which says
//! where the stream stands, and a generator of cuRAND's beside it once a GPU's array is filled. Where a call cannot be cuRAND's (a distribution of our own, a stream that was begun on the host), the numbers are
//! made on the host and copied, so that they are the same. Knows no Python.

mod device;
mod request;
mod sys;

use std::fmt;

use verdigris_device::DeviceError;
use verdigris_device::array::Array;
use verdigris_device::cuda::{Lookup, Stream};
use verdigris_device::layout::{Layout, Order};
use verdigris_device::pool;

use crate::error::Error as Refused;
use crate::generator::Generator as Host;

use device::Twin;
pub use request::Request;
pub use sys::Library;

/// What can go wrong where a GPU is filled.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The request.
    Refused(Refused),
    /// The machine.
    Device(DeviceError),
    /// The array's elements are not those of the request.
    Element {
        /// Bytes of an element of the array.
        found: usize,
        /// Bytes of a number.
        expected: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(error) => error.fmt(f),
            Error::Device(error) => error.fmt(f),
            Error::Element { found, expected } => write!(f, "the array has elements of {found} bytes, and the numbers have {expected}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refused> for Error {
    fn from(error: Refused) -> Error {
        Error::Refused(error)
    }
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        Error::Device(error)
    }
}

/// Where cuRAND is given memory: it may store several numbers at once.
const ALIGNMENT: usize = 16;

/// Most numbers that are made at once to catch up.
const CATCH_UP: usize = 1 << 20;

/// A generator for arrays of both machines.
///
/// What the host has to compute runs on the pool of [`verdigris_device::pool`]. Integers and uniforms are the same whichever machine makes them. Normal numbers by cuRAND's method are not: a GPU's have other last digits, its functions being others.
#[derive(Debug)]
pub struct Generator {
    host: Host,
    /// What cuRAND served since the host's state was made, in order.
    ahead: Vec<(Request, usize)>,
    twin: Option<Twin>,
    /// Whether the twin stands where the stream stands.
    abreast: bool,
}

impl From<Host> for Generator {
    fn from(host: Host) -> Generator {
        Generator { host, ahead: Vec::new(), twin: None, abreast: false }
    }
}

impl Generator {
    /// The generator as it was set up: its kind, seed, ordering and dimensions. Where it stands may lie behind; [`Generator::host`] catches up.
    pub fn settings(&self) -> &Host {
        &self.host
    }

    /// The generator on the host, to ask it: it stands where the stream stands. Numbers that cuRAND made are made once more for that.
    pub fn host(&mut self) -> &Host {
        self.catch_up();
        &self.host
    }

    /// The generator on the host, to draw from it or to change it: cuRAND's falls behind, and serves again when the stream is restarted.
    pub fn host_mut(&mut self) -> &mut Host {
        self.catch_up();
        self.abreast = false;
        &mut self.host
    }

    /// As the generator's own: `n` generators with streams of their own.
    pub fn spawn(&mut self, n: usize) -> Vec<Host> {
        self.host.spawn(n)
    }

    /// Fills an array in a GPU's memory, in C order, on `stream` or on its default stream. The work is ordered, and not waited for, where cuRAND does it.
    ///
    /// # Errors
    /// What [`Request::judge`] refuses, an array of other elements or on the host, the driver's and cuRAND's. The stream stands where it stood.
    pub fn fill(&mut self, request: Request, out: &Array, stream: Option<&Stream>) -> Result<(), Error> {
        self.fill_by(Library::of_process, request, out, stream)
    }

    /// As [`Generator::fill`], by the cuRAND whose functions `find` gives.
    ///
    /// # Safety
    /// What `find` gives for a name is that function of cuRAND, or behaves as it, and stays for good. All calls name the same.
    ///
    /// # Errors
    /// As [`Generator::fill`].
    #[allow(unsafe_code, reason = "the caller's promise is handed on")]
    pub unsafe fn fill_from(&mut self, find: Lookup<'_>, request: Request, out: &Array, stream: Option<&Stream>) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        self.fill_by(|| Some(unsafe { Library::leaked(find) }), request, out, stream)
    }

    fn fill_by(
        &mut self,
        library: impl FnOnce() -> Option<&'static Library>,
        request: Request,
        out: &Array,
        stream: Option<&Stream>,
    ) -> Result<(), Error> {
        let layout = out.layout();
        if layout.itemsize() != request.itemsize() {
            return Err(Error::Element { found: layout.itemsize(), expected: request.itemsize() });
        }
        request.judge(&self.host, layout.size())?;
        let Some(stream) = out.ordered_on(stream)? else {
            return Err(DeviceError::Unfit("the array to fill is on the host".to_owned()).into());
        };
        if layout.size() == 0 {
            return Ok(());
        }
        if !self.come_abreast(library, &stream)? {
            return self.fill_through_host(request, out, &stream);
        }
        if layout.is_c() && out.pointer().addr().is_multiple_of(ALIGNMENT) {
            self.serve(request, out, &stream)
        } else {
            // Filled in C order beside it, and copied on the GPU.
            let dense = Layout::contiguous(layout.shape(), layout.itemsize(), Order::C)?;
            let made = Array::zeroed_on(&stream, dense)?;
            self.serve(request, &made, &stream)?;
            copy(out, &made, &stream)
        }
    }

    /// Has cuRAND's generator stand where the stream stands; false where it cannot.
    fn come_abreast(&mut self, library: impl FnOnce() -> Option<&'static Library>, stream: &Stream) -> Result<bool, Error> {
        let there = self.twin.as_ref().is_some_and(|twin| twin.context() == stream.context());
        if self.abreast && there {
            return Ok(true);
        }
        self.catch_up();
        self.abreast = false;
        if self.host.has_begun() || !self.host.kind().is_curands() {
            return Ok(false);
        }
        if !there {
            // A machine without cuRAND has the host's numbers.
            let Some(library) = library() else { return Ok(false) };
            self.twin = Some(Twin::new(library, self.host.kind(), stream.context())?);
        }
        if let Some(twin) = &mut self.twin {
            if let Err(error) = twin.set_up(&self.host) {
                self.twin = None;
                return Err(error.into());
            }
            self.abreast = true;
        }
        Ok(true)
    }

    fn serve(&mut self, request: Request, out: &Array, stream: &Stream) -> Result<(), Error> {
        let len = out.layout().size();
        let Some(twin) = &mut self.twin else { return Ok(()) };
        if let Err(error) = twin.generate(request, out, stream) {
            // Where it stands is not known any more; what it served before is, and the host catches up with that.
            (self.twin, self.abreast) = (None, false);
            return Err(error.into());
        }
        match self.ahead.last_mut() {
            Some((last, served)) if *last == request => *served += len,
            _ => self.ahead.push((request, len)),
        }
        Ok(())
    }

    fn fill_through_host(&mut self, request: Request, out: &Array, stream: &Stream) -> Result<(), Error> {
        let layout = out.layout();
        let dense = Layout::contiguous(layout.shape(), layout.itemsize(), Order::C)?;
        let (host, len) = (self.host_mut(), layout.size());
        let made = pool::install(|| request.drawn(host, len))?;
        copy_from_host(out, &made, &dense, stream)
    }

    /// Brings the host's state to where cuRAND has gone.
    fn catch_up(&mut self) {
        for (request, mut left) in std::mem::take(&mut self.ahead) {
            // Calls may be split behind whole visits of Philox (four numbers), whole pairs, and whole points.
            let whole = 4 * self.host.dims();
            let most = (CATCH_UP / whole).max(1) * whole;
            while left > 0 {
                let now = left.min(most);
                let host = &mut self.host;
                // Judged when it was served.
                let _ = pool::install(|| request.drawn(host, now));
                left -= now;
            }
        }
    }
}

impl Clone for Generator {
    /// A generator that goes on from the same point.
    fn clone(&self) -> Generator {
        Generator { host: self.host.clone(), ahead: self.ahead.clone(), twin: None, abreast: false }
    }
}

#[allow(unsafe_code, reason = "copies between memory that is held")]
fn copy(to: &Array, from: &Array, stream: &Stream) -> Result<(), Error> {
    // SAFETY: both are held, lie in their buffers, and are freed behind the copy; order with other work on `to` is its user's affair, as for every copy on a stream.
    Ok(unsafe { to.copy_from_on(Some(stream), from) }?)
}

#[allow(unsafe_code, reason = "a copy from memory that is held")]
fn copy_from_host(to: &Array, from: &[u64], dense: &Layout, stream: &Stream) -> Result<(), Error> {
    debug_assert!(std::mem::size_of_val(from) >= dense.nbytes());
    // SAFETY: the numbers fill as many bytes as the layout has, and the copy has been done on return.
    Ok(unsafe { to.copy_from_host_on(Some(stream), from.as_ptr().cast(), dense, None) }?)
}
