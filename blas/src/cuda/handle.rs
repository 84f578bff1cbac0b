//! Handles of cuBLAS's.
//!
//! Owns them: a call takes one that nobody uses, and gives it back, so that no two threads ever use one at once and there are as many as there are calls at a time. A handle is of one context. It keeps cuBLAS's
//! own workspace, which is cuBLAS's to keep apart on several streams, takes numbers from host memory, and computes in the operands' precision (no TF32). Handles are never destroyed: at the end of the process cuBLAS
//! may be gone before them.
#![allow(unsafe_code)]

use std::sync::{Mutex, PoisonError};

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Context, Stream};

use super::sys::Library;

struct Free {
    library: &'static Library,
    context: &'static Context,
    raw: usize,
}

static FREE: Mutex<Vec<Free>> = Mutex::new(Vec::new());

/// A handle for one call, on a stream.
pub(super) struct Handle(Option<Free>);

impl Handle {
    /// A free one, or a new one.
    ///
    /// # Errors
    /// The driver's and cuBLAS's.
    pub(super) fn take(library: &'static Library, stream: &Stream) -> Result<Handle, DeviceError> {
        let context = stream.context();
        let free = {
            let mut all = FREE.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |free: &Free| std::ptr::eq(free.library, library) && free.context == context;
            all.iter().rposition(fits).map(|at| all.swap_remove(at))
        };
        let free = match free {
            Some(free) => free,
            None => Free { library, context, raw: create(library, context)? },
        };
        let handle = Handle(Some(free));
        let raw = handle.raw();
        // SAFETY: a handle that is ours alone; the stream is one of its context's.
        context.within(|| unsafe { library.core.cublasSetStream_v2(raw, stream.for_libraries()) })??;
        Ok(handle)
    }

    pub(super) fn raw(&self) -> usize {
        self.0.as_ref().map_or(0, |free| free.raw)
    }
}

fn create(library: &'static Library, context: &'static Context) -> Result<usize, DeviceError> {
    let mut raw = 0;
    // SAFETY: the pointer is to a live local; the device's context is current.
    context.within(|| unsafe {
        library.core.cublasCreate_v2(&mut raw)?;
        /// `CUBLAS_POINTER_MODE_HOST`.
        const HOST: i32 = 0;
        library.core.cublasSetPointerMode_v2(raw, HOST)
    })??;
    Ok(raw)
}

impl Drop for Handle {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}
