//! Arrays in device memory, and views of them.
//!
//! An [`Array`] owns a share of its buffer and always lies within it: that is checked when it is made, and views only narrow it. Elements are bytes here;
//! their meaning is the host's. An array is where its buffer is, on the CPU or on a GPU, and copies go by that: those of a GPU are ordered on a stream, the default one if none is named.
//! Several handles may share a buffer: the safe copies exclude one another by its lock; the others, whose host side is a raw pointer, leave order among threads to the caller.
#![allow(unsafe_code)]

use std::any::Any;
use std::sync::Arc;

use crate::copy::copy_strided;
use crate::cuda::{self, Memory, Stream};
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

    /// An array of zeros on a GPU, for work ordered on `stream`. The layout as in [`Array::zeroed`].
    ///
    /// # Errors
    /// Not enough memory, a layout that reaches below its first element, or the driver's.
    pub fn zeroed_on(stream: &Stream, layout: Layout) -> Result<Array, DeviceError> {
        let memory = Memory::new(Array::bytes_of(&layout)?, stream)?;
        let whole = Layout::contiguous(&[memory.bytes()], 1, Order::C)?;
        // SAFETY: the memory is new; it is freed behind the fill.
        unsafe { cuda::fill(memory.pointer(), &whole, &[0], stream) }?;
        Array::over(Buffer::on_gpu(memory), 0, layout)
    }

    /// An array on a GPU for work ordered on `stream` that writes it: its bytes are whatever was there. The layout as in [`Array::zeroed`].
    ///
    /// # Errors
    /// Not enough memory, a layout that reaches below its first element, or the driver's.
    pub fn new_on(stream: &Stream, layout: Layout) -> Result<Array, DeviceError> {
        let memory = Memory::new(Array::bytes_of(&layout)?, stream)?;
        Array::over(Buffer::on_gpu(memory), 0, layout)
    }

    /// A new dense array on a GPU with the elements of a strided host array. Without `later` the copy has been done on return; with it, it may go on if the host memory, which `later` holds, is pinned.
    ///
    /// # Safety
    /// `from` with the shape and strides of `host` is initialised memory, and nobody writes it until the copy has ended.
    ///
    /// # Errors
    /// Not enough memory, or the driver's.
    pub unsafe fn from_host_on(
        stream: &Stream,
        from: *const u8,
        host: &Layout,
        order: Order,
        later: Option<Box<dyn Any + Send>>,
    ) -> Result<Array, DeviceError> {
        let layout = Layout::contiguous(host.shape(), host.itemsize(), order)?;
        let memory = Memory::new(layout.nbytes(), stream)?;
        // SAFETY: the memory is new and as long as the layout; the host side is the caller's promise.
        unsafe { cuda::copy_from_host(memory.pointer(), &layout, from, host, stream, later) }?;
        Array::over(Buffer::on_gpu(memory), 0, layout)
    }

    /// The GPU's memory it is in; `None` on the host.
    pub fn gpu(&self) -> Option<&Memory> {
        self.buffer.gpu()
    }

    /// An error unless the host can use the array's addresses.
    ///
    /// # Errors
    /// It is in a GPU's memory.
    pub fn on_host(&self) -> Result<&Array, DeviceError> {
        if self.gpu().is_none() { Ok(self) } else { Err(DeviceError::NotOnHost) }
    }

    /// The stream for work that names none, and what else has to be known before work with a GPU's memory is ordered on one.
    fn stream_of(memory: &Memory, named: Option<&Stream>) -> Result<Stream, DeviceError> {
        let stream = match named {
            None => Stream::default_of(memory.context()),
            Some(stream) if stream.context() == memory.context() => stream.clone(),
            Some(stream) => {
                let (on, needed) = (stream.context().ordinal(), memory.context().ordinal());
                return Err(DeviceError::OtherDevice { what: "stream", on, needed });
            }
        };
        memory.join(&stream)?;
        Ok(stream)
    }

    /// The stream for work with this array: the one named, or its GPU's default one; `None` on the host. From here on the memory is given back behind that stream's work.
    ///
    /// # Errors
    /// A stream of another GPU.
    pub fn ordered_on(&self, named: Option<&Stream>) -> Result<Option<Stream>, DeviceError> {
        self.gpu().map(|memory| Array::stream_of(memory, named)).transpose()
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
        // SAFETY: the caller's promise; without `later` the copy ends here.
        unsafe { self.copy_to_host_on(None, to, host, None) }
    }

    /// As [`Array::copy_to_host`], on a stream. With `later`, which holds the host memory, the copy may go on if that memory is pinned.
    ///
    /// # Safety
    /// As [`Array::copy_to_host`], until the copy has ended.
    ///
    /// # Errors
    /// As [`Array::copy_to_host`], or a stream of another device.
    pub unsafe fn copy_to_host_on(
        &self,
        stream: Option<&Stream>,
        to: *mut u8,
        host: &Layout,
        later: Option<Box<dyn Any + Send>>,
    ) -> Result<(), DeviceError> {
        self.check(host.shape(), host.itemsize())?;
        if let Some(memory) = self.gpu() {
            let stream = Array::stream_of(memory, stream)?;
            // SAFETY: this array lies in its buffer, which is freed behind the copy; the host side is the caller's promise.
            return unsafe { cuda::copy_to_host(to, host, self.address(), &self.layout, &stream, later) };
        }
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
        // SAFETY: the caller's promise; without `later` the copy ends here.
        unsafe { self.copy_from_host_on(None, from, host, None) }
    }

    /// As [`Array::copy_from_host`], on a stream. With `later`, which holds the host memory, the copy may go on if that memory is pinned.
    ///
    /// # Safety
    /// As [`Array::copy_from_host`], until the copy has ended.
    ///
    /// # Errors
    /// As [`Array::copy_from_host`], or a stream of another device.
    pub unsafe fn copy_from_host_on(
        &self,
        stream: Option<&Stream>,
        from: *const u8,
        host: &Layout,
        later: Option<Box<dyn Any + Send>>,
    ) -> Result<(), DeviceError> {
        self.check(host.shape(), host.itemsize())?;
        if let Some(memory) = self.gpu() {
            let stream = Array::stream_of(memory, stream)?;
            // SAFETY: this array lies in its buffer, which is freed behind the copy; the host side is the caller's promise.
            return unsafe { cuda::copy_from_host(self.address(), &self.layout, from, host, &stream, later) };
        }
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
        // SAFETY: the caller's promise.
        unsafe { self.copy_from_on(None, other) }
    }

    /// As [`Array::copy_from`], on a stream: between GPUs' arrays the copy is ordered, and not waited for.
    ///
    /// # Safety
    /// As [`Array::copy_from`], until the copy has ended.
    ///
    /// # Errors
    /// As [`Array::copy_from`], or a stream of another device.
    pub unsafe fn copy_from_on(&self, stream: Option<&Stream>, other: &Array) -> Result<(), DeviceError> {
        self.check(other.layout.shape(), other.layout.itemsize())?;
        // SAFETY: both lie in their buffers; distinct buffers do not overlap, and the temporaries are new. Order among threads is the caller's promise.
        unsafe {
            match (self.gpu(), other.gpu()) {
                (Some(to), Some(from)) => self.copy_on_gpu(to, from, Array::stream_of(to, stream)?, other),
                (Some(_), None) => self.copy_from_host_on(stream, other.pointer(), &other.layout, None),
                (None, Some(_)) => other.copy_to_host_on(stream, self.pointer(), &self.layout, None),
                (None, None) if Arc::ptr_eq(&self.buffer, &other.buffer) => {
                    let apart = Array::from_host(other.pointer(), &other.layout, Order::C)?;
                    self.copy_from_host(apart.pointer(), &apart.layout)
                }
                (None, None) => self.copy_from_host(other.pointer(), &other.layout),
            }
        }
    }

    /// Safety: as `copy_from_on`.
    unsafe fn copy_on_gpu(&self, to: &Memory, from: &Memory, stream: Stream, other: &Array) -> Result<(), DeviceError> {
        if to.context() != from.context() {
            stream.follow(&Stream::default_of(from.context()))?;
        }
        from.used_on(&stream);
        // SAFETY: both lie in their buffers, which are freed behind the copies; what may overlap is copied through memory of its own.
        unsafe {
            if !Arc::ptr_eq(&self.buffer, &other.buffer) {
                return cuda::copy_between(self.address(), &self.layout, other.address(), &other.layout, from.context(), &stream);
            }
            let apart = Layout::contiguous(other.layout.shape(), other.layout.itemsize(), Order::C)?;
            let memory = Memory::new(apart.nbytes(), &stream)?;
            cuda::copy_between(memory.pointer(), &apart, other.address(), &other.layout, from.context(), &stream)?;
            cuda::copy_between(self.address(), &self.layout, memory.pointer(), &apart, from.context(), &stream)
        }
    }

    /// Address of the first element, as a number.
    fn address(&self) -> u64 {
        self.pointer().addr() as u64
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
