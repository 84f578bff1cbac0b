//! The core of the NumPy bit generators: a `bitgen_t` of NumPy's over one of our generators.
//!
//! Owns the struct's layout (numpy/random/bitgen.h), the functions that NumPy calls through it, and the stream: 64-bit draws, each two 32-bit ones
//! with the first one low, and a spare half kept between 32-bit draws as NumPy's own 64-bit generators keep it. NumPy's contract is that whoever
//! calls through a `bitgen_t`, or changes its state, holds the bit generator's lock; `verdigris/rand/_bits.py` takes it. Knows nothing of arrays.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_void};

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use verdigris_device::pool;
use verdigris_rand::{Generator, Rng};

use super::{FILLED, KindName};
use crate::gate;
use crate::row::Row;

const CAPSULE: &CStr = c"BitGenerator";

/// `bitgen_t`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Bitgen {
    state: *mut c_void,
    next_uint64: extern "C" fn(*mut c_void) -> u64,
    next_uint32: extern "C" fn(*mut c_void) -> u32,
    next_double: extern "C" fn(*mut c_void) -> f64,
    next_raw: extern "C" fn(*mut c_void) -> u64,
}

struct Stream {
    rng: Rng,
    /// 64-bit draws made.
    made: u64,
    spare: Option<u32>,
}

impl Stream {
    fn long(&mut self) -> u64 {
        self.made = self.made.wrapping_add(1);
        self.rng.draw_pair()
    }

    fn short(&mut self) -> u32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let long = self.long();
        self.spare = Some((long >> 32) as u32);
        long as u32
    }
}

/// The stream that NumPy's pointer is to.
fn stream<'a>(state: *mut c_void) -> &'a mut Stream {
    // SAFETY: the pointer is that of `PyBits::stream`, boxed for the life of the object, which the bit generator owns; NumPy calls one at a time,
    // under the bit generator's lock.
    unsafe { &mut *state.cast::<Stream>() }
}

extern "C" fn next_uint64(state: *mut c_void) -> u64 {
    stream(state).long()
}

extern "C" fn next_uint32(state: *mut c_void) -> u32 {
    stream(state).short()
}

extern "C" fn next_double(state: *mut c_void) -> f64 {
    (stream(state).long() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// What a capsule points to. The struct comes first: NumPy reads it.
#[repr(C)]
struct Content {
    bitgen: Bitgen,
    /// Keeps the stream while the capsule lives.
    _owner: Py<PyBits>,
}

// SAFETY: the pointer in it is used under the bit generator's lock only.
unsafe impl Send for Content {}

/// A stream of 64-bit draws at a fixed address.
#[pyclass(frozen, name = "BitCore", module = "verdigris._verdigris")]
pub(crate) struct PyBits {
    stream: Box<UnsafeCell<Stream>>,
}

// SAFETY: the stream is touched under the bit generator's lock only (see the module's head).
unsafe impl Sync for PyBits {}
// SAFETY: as above.
unsafe impl Send for PyBits {}

impl PyBits {
    fn bitgen(&self) -> Bitgen {
        Bitgen { state: self.stream.get().cast(), next_uint64, next_uint32, next_double, next_raw: next_uint64 }
    }
}

#[pymethods]
impl PyBits {
    /// The stream of a kind and seed, after `made` 64-bit draws, with a half of one left over or not.
    #[new]
    fn new(py: Python<'_>, kind: KindName, seed: u64, made: u64, spare: Option<u32>) -> PyResult<PyBits> {
        gate::detached(py, || {
            let kind = kind.kind()?;
            let mut builder = Generator::builder(kind).seed(seed);
            if kind.has_offset() {
                builder = builder.offset(made.wrapping_mul(2));
            }
            let mut rng = builder.build()?.into_rng()?;
            if !kind.has_offset() {
                pool::install(|| rng.skip(made.wrapping_mul(2)));
            }
            Ok::<_, verdigris_rand::Error>(PyBits { stream: Box::new(UnsafeCell::new(Stream { rng, made, spare })) })
        })
    }

    /// NumPy's capsule.
    fn capsule<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyCapsule>> {
        let content = Content { bitgen: slf.get().bitgen(), _owner: slf.clone().unbind() };
        PyCapsule::new_with_value(slf.py(), content, CAPSULE)
    }

    /// The addresses of the state and of next_uint64, next_uint32 and next_double. The caller holds the lock.
    fn addresses(&self) -> (usize, usize, usize, usize) {
        let bitgen = self.bitgen();
        (bitgen.state as usize, bitgen.next_uint64 as usize, bitgen.next_uint32 as usize, bitgen.next_double as usize)
    }

    /// 64-bit draws made, and the half left over. The caller holds the lock.
    fn standing(&self) -> (u64, Option<u32>) {
        let stream = stream(self.stream.get().cast());
        (stream.made, stream.spare)
    }

    /// Fills a contiguous array of one dimension with 64-bit draws. The caller holds the lock.
    fn raw(&self, array: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut held = Row::<u64>::borrow(array, FILLED)?;
        let out = held.slice()?;
        let state = self.stream.get() as usize;
        array.py().detach(move || {
            let stream = stream(state as *mut c_void);
            out.iter_mut().for_each(|value| *value = stream.long());
        });
        Ok(())
    }

    /// Takes over another stream, at the same address. The caller holds the lock.
    fn become_(&self, other: &Bound<'_, PyBits>) {
        let (own, other) = (self.stream.get(), other.get().stream.get());
        // One stream must not be borrowed twice.
        if own != other {
            let (own, other) = (stream(own.cast()), stream(other.cast()));
            *own = Stream { rng: other.rng.clone(), made: other.made, spare: other.spare };
        }
    }
}
