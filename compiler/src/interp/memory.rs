//! Arrays of a run: windows into lent buffers, constants, and memory of the kernel's own.
//!
//! Owns addressing. [`Memory::bind`] checks once that every element of every window lies in its buffer; accesses then check indexes against extents only, by
//! the IR's rule (a negative signed index counts from the end). Which index types and parts are allowed the verifier has seen to.

use crate::ir::{Array, ArrayInfo, Function, Param, Part, Storage};
use crate::types::{Scalar, ScalarType};

use super::Argument;

/// A window into one of the lent buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Which buffer.
    pub buffer: usize,
    /// Byte of the buffer where the element of all-zero indexes begins.
    pub offset: usize,
    /// Extents, in elements.
    pub shape: Vec<usize>,
    /// Bytes from one element to the next along each axis; zero and negative ones are allowed.
    pub strides: Vec<isize>,
}

impl View {
    /// All of a buffer that holds elements of this size in C order.
    pub fn dense(buffer: usize, elem: ScalarType, shape: &[usize]) -> View {
        let mut strides = vec![0; shape.len()];
        let mut step = elem.size() as isize;
        for (stride, extent) in strides.iter_mut().zip(shape).rev() {
            *stride = step;
            step *= *extent as isize;
        }
        View { buffer, offset: 0, shape: shape.to_vec(), strides }
    }

    /// First and one past the last byte touched, if any element exists.
    fn range(&self, size: usize) -> Option<(i128, i128)> {
        if self.shape.contains(&0) {
            return None;
        }
        let (mut low, mut high) = (self.offset as i128, self.offset as i128);
        for (extent, stride) in self.shape.iter().zip(&self.strides) {
            let reach = (*extent as i128 - 1) * *stride as i128;
            if reach < 0 { low += reach } else { high += reach }
        }
        Some((low, high + size as i128))
    }
}

enum Store<'a> {
    Buffer(usize),
    Constant(&'a [u8]),
    Shared,
    Local,
}

struct Window<'a> {
    elem: ScalarType,
    view: View,
    store: Store<'a>,
}

/// An index out of bounds: axis, index and extent.
pub(super) type OutOfBounds = (u8, i64, i64);

/// All arrays of a run.
pub(super) struct Memory<'a, 'b> {
    windows: Vec<Window<'a>>,
    buffers: &'a mut [&'b mut [u8]],
    /// Of the present block.
    pub(super) shared: Vec<u8>,
    /// Of the present thread.
    pub(super) local: Vec<u8>,
    /// For each routine and array of it: the window of a constant.
    constants: Vec<Vec<Option<usize>>>,
}

impl<'a, 'b> Memory<'a, 'b> {
    /// Binds parameters, constants and memory of the kernel's own, with `dynamic` bytes of dynamic shared memory. The arguments are as many as the parameters and of their
    /// kinds.
    pub(super) fn bind(f: &'a Function, args: &[Argument], buffers: &'a mut [&'b mut [u8]], dynamic: usize) -> Result<Memory<'a, 'b>, String> {
        let (mut shared, mut local) = (0, 0);
        let static_shared: usize =
            f.arrays.iter().map(|info| if let Some(Storage::Shared(shape)) = &info.storage { bytes(shape, info.ty.elem) } else { 0 }).sum();
        let mut views: Vec<Option<&View>> = vec![None; f.arrays.len()];
        for (param, arg) in f.params.iter().zip(args) {
            if let (Param::Array { array, .. }, Argument::Array(view)) = (param, arg) {
                views[array.index()] = Some(view);
            }
        }
        let mut windows = Vec::new();
        for (info, view) in f.arrays.iter().zip(views) {
            if let Some(storage) = &info.storage {
                let shape: Vec<usize> = match storage.shape() {
                    Some(shape) => shape.iter().map(|n| *n as usize).collect(),
                    None => vec![dynamic / info.ty.elem.size()],
                };
                let mut view = View::dense(0, info.ty.elem, &shape);
                let store = match storage {
                    Storage::Shared(shape) => {
                        view.offset = shared;
                        shared += bytes(shape, info.ty.elem);
                        Store::Shared
                    }
                    Storage::Dynamic => {
                        view.offset = static_shared;
                        Store::Shared
                    }
                    Storage::Local(shape) => {
                        view.offset = local;
                        local += bytes(shape, info.ty.elem);
                        Store::Local
                    }
                };
                windows.push(Window { elem: info.ty.elem, view, store });
                continue;
            }
            let (view, store) = match (&info.constant, view) {
                (Some(constant), _) => (View::dense(0, info.ty.elem, &constant.shape), Store::Constant(&constant.data)),
                (None, Some(view)) => (view.clone(), Store::Buffer(view.buffer)),
                (None, None) => return Err(format!("array `{}` is not given", info.name)),
            };
            if view.shape.len() != info.ty.ndim as usize || view.strides.len() != view.shape.len() {
                return Err(format!("array `{}` has {} axes, not {}", info.name, view.shape.len(), info.ty.ndim));
            }
            let length = match store {
                Store::Constant(data) => data.len(),
                Store::Shared | Store::Local => unreachable!("bound above"),
                Store::Buffer(i) => buffers.get(i).map(|b| b.len()).ok_or_else(|| format!("array `{}` lies in no buffer", info.name))?,
            };
            if view.range(info.ty.elem.size()).is_some_and(|(low, high)| low < 0 || high > length as i128) {
                return Err(format!("array `{}` reaches out of its buffer of {length} bytes", info.name));
            }
            windows.push(Window { elem: info.ty.elem, view, store });
        }
        let mut constants = Vec::new();
        for routine in &f.routines {
            let window = |info: &'a ArrayInfo| {
                let constant = info.constant.as_ref()?;
                let view = View::dense(0, info.ty.elem, &constant.shape);
                windows.push(Window { elem: info.ty.elem, view, store: Store::Constant(&constant.data) });
                Some(windows.len() - 1)
            };
            constants.push(routine.arrays.iter().map(window).collect());
        }
        Ok(Memory { windows, buffers, shared: vec![0; static_shared + dynamic], local: vec![0; local], constants })
    }

    /// Binds the arrays of one run of a routine: `given` are its parameters' windows in order. What it has of its own lasts until [`Memory::unbind`] of what this gives second.
    pub(super) fn bind_routine(&mut self, f: &Function, number: u32, given: &[Array]) -> (Vec<Array>, (usize, usize)) {
        let before = (self.windows.len(), self.local.len());
        let mut given = given.iter();
        let mut bound: Vec<Option<Array>> = self.constants[number as usize].iter().map(|w| w.map(|n| Array(n as u32))).collect();
        for param in &f.params {
            if let Param::Array { array, .. } = param {
                bound[array.index()] = given.next().copied();
            }
        }
        for (info, place) in f.arrays.iter().zip(&mut bound) {
            if let Some(shape) = info.storage.as_ref().and_then(Storage::shape) {
                let extents: Vec<usize> = shape.iter().map(|n| *n as usize).collect();
                let mut view = View::dense(0, info.ty.elem, &extents);
                view.offset = self.local.len();
                self.local.resize(view.offset + bytes(shape, info.ty.elem), 0);
                self.windows.push(Window { elem: info.ty.elem, view, store: Store::Local });
                *place = Some(Array(self.windows.len() as u32 - 1));
            }
        }
        (bound.into_iter().map(|a| a.expect("verified: an array is a parameter, a constant or the routine's own")).collect(), before)
    }

    /// Forgets what was bound since.
    pub(super) fn unbind(&mut self, before: (usize, usize)) {
        self.windows.truncate(before.0);
        self.local.truncate(before.1);
    }

    /// Extent of an axis.
    pub(super) fn extent(&self, array: Array, axis: u8) -> i64 {
        self.windows[array.index()].view.shape[axis as usize] as i64
    }

    /// Where an element's part begins, and its type.
    #[inline]
    fn address(&self, array: Array, index: impl Iterator<Item = Scalar>, part: Part) -> Result<(usize, ScalarType), OutOfBounds> {
        let window = &self.windows[array.index()];
        let mut at = window.view.offset as isize;
        for (axis, i) in index.enumerate() {
            let extent = window.view.shape[axis] as i64;
            let given = i.bits() as i64;
            let counted = if i.ty().is_signed() && given < 0 { given.wrapping_add(extent) } else { given };
            if counted as u64 >= extent as u64 {
                return Err((axis as u8, given, extent));
            }
            at += counted as isize * window.view.strides[axis];
        }
        let ty = window.elem.part();
        Ok((at as usize + if part == Part::Imag { ty.size() } else { 0 }, ty))
    }

    /// Reads an element or part.
    pub(super) fn load(&self, array: Array, index: impl Iterator<Item = Scalar>, part: Part) -> Result<Scalar, OutOfBounds> {
        let (at, ty) = self.address(array, index, part)?;
        let bytes = match self.windows[array.index()].store {
            Store::Buffer(i) => &self.buffers[i][at..at + ty.size()],
            Store::Constant(data) => &data[at..at + ty.size()],
            Store::Shared => &self.shared[at..at + ty.size()],
            Store::Local => &self.local[at..at + ty.size()],
        };
        let mut word = [0; 8];
        let bits = if cfg!(target_endian = "little") {
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        } else {
            word[8 - bytes.len()..].copy_from_slice(bytes);
            u64::from_be_bytes(word)
        };
        Ok(match ty {
            half if half.is_half() => Scalar::f32(crate::types::half::of_bits(half, bits as u16)),
            _ => Scalar::from_bits(ty.held(), bits),
        })
    }

    /// Writes an element or part of an array that is no constant.
    pub(super) fn store(&mut self, array: Array, index: impl Iterator<Item = Scalar>, part: Part, value: Scalar) -> Result<(), OutOfBounds> {
        let (at, ty) = self.address(array, index, part)?;
        let value = match ty {
            half if half.is_half() => u64::from(crate::types::half::bits_of(half, value.as_f32())),
            _ => value.bits(),
        };
        let target = match self.windows[array.index()].store {
            Store::Buffer(buffer) => &mut self.buffers[buffer][at..at + ty.size()],
            Store::Shared => &mut self.shared[at..at + ty.size()],
            Store::Local => &mut self.local[at..at + ty.size()],
            Store::Constant(_) => unreachable!("verified: constants are readonly"),
        };
        if cfg!(target_endian = "little") {
            target.copy_from_slice(&value.to_le_bytes()[..ty.size()]);
        } else {
            target.copy_from_slice(&value.to_be_bytes()[8 - ty.size()..]);
        }
        Ok(())
    }
}

/// Bytes of memory of a kernel's own, aligned.
fn bytes(shape: &[u64], elem: ScalarType) -> usize {
    (shape.iter().product::<u64>() as usize * elem.size()).next_multiple_of(64)
}
