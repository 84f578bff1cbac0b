//! Arrays in device memory, and views of them.
//!
//! An [`Array`] owns a share of its buffer and always lies within it: that is checked when it is made, and views only narrow it. Elements are bytes here;
//! their meaning is the host's. Several
//! handles may share a buffer: the safe copies exclude one another by its lock; the others, whose host side is a raw pointer, leave order among threads to the caller.
#![allow(unsafe_code)]

use std::sync::Arc;

use crate::copy::copy_strided;
use crate::error::DeviceError;
use crate::layout::{Layout, Order};
use crate::memory::Buffer;

/// An array, or a view of one.
#[derive(Clone, Debug)]
pub struct Array {
    buffer: Arc<Buffer>,
    offset: usize,
    layout: Layout,
}

impl Array {
    /// An array of zeros. The layout must begin at its lowest address, as contiguous ones do.
    ///
    /// # Errors
    /// Not enough memory, or a layout that reaches below its first element.
    pub fn zeroed(layout: Layout) -> Result<Array, DeviceError> {
        let bytes = Array::bytes_of(&layout)?;
        Array::over(Buffer::zeroed(bytes)?, 0, layout)
    }

    /// Bytes a buffer must have for the layout, gaps between elements included.
    fn bytes_of(layout: &Layout) -> Result<usize, DeviceError> {
        if layout.size() == 0 {
            return Ok(0);
        }
        let reach = |(&extent, &stride): (&usize, &isize)| stride.max(0) as usize * (extent - 1);
        Ok(layout.itemsize() + layout.shape().iter().zip(layout.strides()).map(reach).sum::<usize>())
    }

    /// A new dense array with the elements of a strided host array.
    ///
    /// # Safety
    /// `from` with the shape and strides of `host` is initialised memory, and no other thread writes it meanwhile.
    ///
    /// # Errors
    /// Not enough memory.
    pub unsafe fn from_host(from: *const u8, host: &Layout, order: Order) -> Result<Array, DeviceError> {
        let layout = Layout::contiguous(host.shape(), host.itemsize(), order)?;
        // SAFETY: the layout is dense, so copying every element initialises every byte; the host side is the caller's promise, and new memory overlaps nothing.
        let buffer =
            unsafe { Buffer::filled(layout.nbytes(), |to| copy_strided(host.shape(), host.itemsize(), to, layout.strides(), from, host.strides())) }?;
        Array::over(buffer, 0, layout)
    }

    /// An array over part of a buffer.
    ///
    /// # Errors
    /// It would reach outside.
    pub fn over(buffer: Arc<Buffer>, offset: usize, layout: Layout) -> Result<Array, DeviceError> {
        if !layout.fits(offset, buffer.bytes()) {
            return Err(DeviceError::Shape(format!(
                "shape {:?} with strides {:?} reaches outside {} bytes",
                layout.shape(),
                layout.strides(),
                buffer.bytes()
            )));
        }
        Ok(Array { buffer, offset, layout })
    }

    /// Another handle to the same elements.
    pub fn view(&self) -> Array {
        self.clone()
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Address of the first element.
    pub fn pointer(&self) -> *mut u8 {
        // In bounds or one past the end; without dereferencing nothing is asked of it.
        self.buffer.pointer().wrapping_add(self.offset)
    }

    /// The buffer it shares.
    pub fn buffer(&self) -> &Arc<Buffer> {
        &self.buffer
    }

    fn moved(&self, (layout, by): (Layout, isize)) -> Array {
        Array { buffer: self.buffer.clone(), offset: self.offset.wrapping_add_signed(by), layout }
    }

    /// View without an axis, of one element of it.
    ///
    /// # Errors
    /// No such element.
    pub fn index(&self, axis: usize, index: usize) -> Result<Array, DeviceError> {
        Ok(self.moved(self.layout.index(axis, index)?))
    }

    /// View of some elements of an axis.
    ///
    /// # Errors
    /// One of them does not exist.
    pub fn slice(&self, axis: usize, start: usize, step: isize, count: usize) -> Result<Array, DeviceError> {
        Ok(self.moved(self.layout.slice(axis, start, step, count)?))
    }

    /// View with the axes reversed.
    pub fn transposed(&self) -> Array {
        self.moved((self.layout.transposed(), 0))
    }

    /// View under another shape; `None` if the elements would have to move.
    ///
    /// # Errors
    /// Another number of elements.
    pub fn reshaped(&self, shape: &[usize], order: Order) -> Result<Option<Array>, DeviceError> {
        Ok(self.layout.reshaped(shape, order)?.map(|layout| self.moved((layout, 0))))
    }

    fn check(&self, shape: &[usize], itemsize: usize) -> Result<(), DeviceError> {
        if shape != self.layout.shape() || itemsize != self.layout.itemsize() {
            return Err(DeviceError::Shape(format!(
                "cannot copy between shape {shape:?} ({itemsize} bytes an element) and shape {:?} ({} bytes an element)",
                self.layout.shape(),
                self.layout.itemsize()
            )));
        }
        Ok(())
    }

    /// Copies the elements to a host array of the same shape.
    ///
    /// # Safety
    /// `to` with the layout is memory this thread may write, outside this array; nobody touches either meanwhile.
    ///
    /// # Errors
    /// Shapes or item sizes differ.
    pub unsafe fn copy_to_host(&self, to: *mut u8, host: &Layout) -> Result<(), DeviceError> {
        self.check(host.shape(), host.itemsize())?;
        // SAFETY: this array lies in its buffer, whose bytes are initialised; the host side is the caller's promise.
        unsafe { copy_strided(host.shape(), host.itemsize(), to, host.strides(), self.pointer(), self.layout.strides()) };
        Ok(())
    }

    /// Copies the elements of a host array of the same shape here.
    ///
    /// # Safety
    /// `from` with the layout is initialised memory outside this array; nobody writes either meanwhile, nor reads this array.
    ///
    /// # Errors
    /// Shapes or item sizes differ.
    pub unsafe fn copy_from_host(&self, from: *const u8, host: &Layout) -> Result<(), DeviceError> {
        self.check(host.shape(), host.itemsize())?;
        // SAFETY: as in `copy_to_host`.
        unsafe { copy_strided(host.shape(), host.itemsize(), self.pointer(), self.layout.strides(), from, host.strides()) };
        Ok(())
    }

    /// Copies from an array of the same shape; one that shares the buffer is copied through a temporary.
    ///
    /// # Safety
    /// No other thread touches this array, or writes the other, meanwhile.
    ///
    /// # Errors
    /// Shapes or item sizes differ, or there is no memory for the temporary.
    pub unsafe fn copy_from(&self, other: &Array) -> Result<(), DeviceError> {
        self.check(other.layout.shape(), other.layout.itemsize())?;
        // SAFETY: both lie in their buffers; distinct buffers do not overlap, and the temporary is new. Order among threads is the caller's promise.
        unsafe {
            if Arc::ptr_eq(&self.buffer, &other.buffer) {
                let apart = Array::from_host(other.pointer(), &other.layout, Order::C)?;
                self.copy_from_host(apart.pointer(), &apart.layout)
            } else {
                self.copy_from_host(other.pointer(), &other.layout)
            }
        }
    }

    fn dense(&self, bytes: usize) -> Result<Layout, DeviceError> {
        if bytes != self.layout.nbytes() {
            return Err(DeviceError::Shape(format!("a slice of {bytes} bytes for an array of {} bytes", self.layout.nbytes())));
        }
        Layout::contiguous(self.layout.shape(), self.layout.itemsize(), Order::C)
    }
}

/// Copies with slices.
impl Array {
    /// Copies the elements, in C order, to a slice.
    ///
    /// # Errors
    /// The slice has another length.
    pub fn copy_to_slice(&self, to: &mut [u8]) -> Result<(), DeviceError> {
        let host = self.dense(to.len())?;
        let _reading = self.buffer.access.read().unwrap_or_else(|e| e.into_inner());
        // SAFETY: the slice is as long as the dense layout and borrowed exclusively; the lock keeps safe writers of the buffer out.
        unsafe { self.copy_to_host(to.as_mut_ptr(), &host) }
    }

    /// Copies a slice, in C order, to the elements.
    ///
    /// # Errors
    /// The slice has another length.
    pub fn copy_from_slice(&self, from: &[u8]) -> Result<(), DeviceError> {
        let host = self.dense(from.len())?;
        let _writing = self.buffer.access.write().unwrap_or_else(|e| e.into_inner());
        // SAFETY: the slice is as long as the dense layout; the lock keeps all other safe access to the buffer out.
        unsafe { self.copy_from_host(from.as_ptr(), &host) }
    }
}
