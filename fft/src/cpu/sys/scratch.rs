//! Work areas.
//!
//! Small ones are kept by each thread, because fresh pages cost more than the work done in them; temporaries of whole arrays come from the device's memory, which
//! keeps large blocks too.

use std::cell::RefCell;

use num_complex::Complex;
use verdigris_device::copy_strided;
use verdigris_device::memory::Buffer;

use crate::error::Error;
use crate::operand::{Input, Output};
use crate::scalar::Real;

/// A cache line, and the widest SIMD register.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Areas above this are given back after use.
const KEPT_BYTES: usize = 8 << 20;
/// Nested uses of a thread that are kept.
const KEPT: usize = 4;

thread_local! {
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Elements of which every pattern of bytes is one.
///
/// # Safety
/// They are, and they are aligned to 64 bytes or less.
pub unsafe trait Plain: Copy {}
// SAFETY: a float of any bits is one.
unsafe impl Plain for f32 {}
// SAFETY: a float of any bits is one.
unsafe impl Plain for f64 {}
// SAFETY: two floats.
unsafe impl<T: Real> Plain for Complex<T> {}

/// Calls `f` with `N` areas of elements of those lengths, aligned to cache lines, what is in them unspecified.
///
/// # Errors
/// There is no memory.
pub(crate) fn scratch<E: Plain, const N: usize, R>(lengths: [usize; N], f: impl FnOnce([&mut [E]; N]) -> R) -> Result<R, Error> {
    let lines = lengths.map(|n| n.saturating_mul(size_of::<E>()).div_ceil(64));
    let total = lines.iter().fold(0usize, |a, &b| a.saturating_add(b));
    let mut area = FREE.with(|free| free.borrow_mut().pop()).unwrap_or_default();
    if area.len() < total {
        let missing = total - area.len();
        area.try_reserve_exact(missing).map_err(|_| Error::OutOfMemory { bytes: total.saturating_mul(64) })?;
        area.resize(total, Line([0; 64]));
    }
    let mut rest = &mut area[..];
    let mut place = 0;
    let parts = lines.map(|n| {
        let (part, tail) = std::mem::take(&mut rest).split_at_mut(n);
        rest = tail;
        let length = lengths[place];
        place += 1;
        // SAFETY: the lines hold at least that many elements, at more than their alignment; every pattern of bytes is one.
        unsafe { std::slice::from_raw_parts_mut(part.as_mut_ptr().cast::<E>(), length) }
    });
    let result = f(parts);
    if total * 64 <= KEPT_BYTES {
        FREE.with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < KEPT {
                free.push(area);
            }
        });
    }
    Ok(result)
}

/// Calls `f` with room for that many complex elements, what is in them unspecified.
///
/// # Errors
/// There is no memory.
pub(crate) fn with_area<T: Real, R>(elements: usize, f: impl FnOnce(*mut T) -> R) -> Result<R, Error> {
    if elements.saturating_mul(size_of::<Complex<T>>()) <= KEPT_BYTES {
        scratch::<T, 1, _>([2 * elements], |[area]| f(area.as_mut_ptr()))
    } else {
        let area = Temporary::new::<T>(vec![elements], true)?;
        Ok(f(area.data()))
    }
}

/// A dense array of its own, for results between passes. Its elements are written before they are read.
#[derive(Debug)]
pub(crate) struct Temporary {
    buffer: std::sync::Arc<Buffer>,
    shape: Vec<usize>,
    complex: bool,
}

impl Temporary {
    /// Room for that many elements.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn new<T: Real>(shape: Vec<usize>, complex: bool) -> Result<Temporary, Error> {
        let unit = if complex { 2 * size_of::<T>() } else { size_of::<T>() };
        let bytes = shape.iter().try_fold(unit, |n, &extent| n.checked_mul(extent)).ok_or(Error::TooLarge)?;
        // SAFETY: passes write every element before a later pass reads it.
        let buffer = unsafe { Buffer::filled(bytes, |_| ()) }.map_err(|_| Error::OutOfMemory { bytes })?;
        Ok(Temporary { buffer, shape, complex })
    }

    /// Strides of its elements in units of `T`.
    fn strides(&self) -> Vec<isize> {
        let mut step = if self.complex { 2 } else { 1 };
        let mut strides = vec![0; self.shape.len()];
        for axis in (0..self.shape.len()).rev() {
            strides[axis] = step;
            step *= self.shape[axis].max(1) as isize;
        }
        strides
    }

    /// Where it begins.
    pub(crate) fn data<T: Real>(&self) -> *mut T {
        self.buffer.pointer().cast()
    }

    /// The array as an output.
    pub(crate) fn output<T: Real>(&self) -> Output<'_, T> {
        // SAFETY: a dense layout of the buffer's own size, aligned to cache lines. Passes that read it as an input and write it at once do so lane by lane.
        unsafe { Output::new(self.buffer.pointer().cast(), self.complex, self.shape.clone(), self.strides()) }
    }

    /// The array as an input.
    pub(crate) fn input<T: Real>(&self) -> Input<'_, T> {
        self.output().as_input()
    }
}

/// A dense copy of an array.
///
/// # Errors
/// There is no memory.
pub(crate) fn copy<T: Real>(from: &Input<'_, T>) -> Result<Temporary, Error> {
    let to = Temporary::new::<T>(from.shape.clone(), from.complex)?;
    let bytes = |strides: &[isize]| strides.iter().map(|s| s * size_of::<T>() as isize).collect::<Vec<_>>();
    let itemsize = if from.complex { 2 * size_of::<T>() } else { size_of::<T>() };
    // SAFETY: both layouts are of live arrays of that shape, and the new one overlaps nothing.
    unsafe {
        copy_strided(&from.shape, itemsize, to.buffer.pointer(), &bytes(&to.strides()), from.data.cast(), &bytes(&from.strides));
    }
    Ok(to)
}
