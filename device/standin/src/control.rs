//! What tests ask of the stand-in, from Rust and (the `standin_` functions) from C.

use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use crate::state::Launch as Seen;
use crate::state::lock;
use crate::work;

/// The stand-in to one test alone, with nothing recorded and nothing made to fail.
pub struct Session(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// Waits for other tests to end.
pub fn session() -> Session {
    static ALONE: Mutex<()> = Mutex::new(());
    let session = Session(ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    let mut state = lock();
    state.calls.clear();
    state.faults.clear();
    state.handler = None;
    state.dead.clear();
    state.wrong.clear();
    state.devices = 2;
    session
}

/// What was called since the last time somebody asked.
pub fn calls() -> Vec<String> {
    std::mem::take(&mut lock().calls)
}

/// Has a function fail with a result, once, after so many calls that succeed.
pub fn fail(function: &str, status: i32, after: u32) {
    lock().faults.insert(function.to_owned(), (after, status));
}

/// Has `handler` act in the place of every kernel.
pub fn on_launch(handler: impl Fn(&Seen) + Send + Sync + 'static) {
    lock().handler = Some(Arc::new(handler));
}

/// Blocks of device memory there are.
pub fn live() -> usize {
    lock().memory.live()
}

/// Pieces of work not done yet.
pub fn pending() -> usize {
    work::pending(&lock())
}

/// What kernels did that a GPU would have ended their contexts for, since the last time somebody asked; the contexts live again.
pub fn faults() -> Vec<String> {
    let mut state = lock();
    state.dead.clear();
    std::mem::take(&mut state.wrong)
}

/// Device memory as it is, whatever is still to be done; `None` outside any block.
pub fn read(at: u64, bytes: usize) -> Option<Vec<u8>> {
    lock().memory.bytes(at, bytes).ok().map(|bytes| bytes.to_vec())
}

/// Changes device memory; false outside any block.
pub fn write(at: u64, bytes: &[u8]) -> bool {
    lock().memory.bytes(at, bytes.len()).map(|to| to.copy_from_slice(bytes)).is_ok()
}

/// Copies the calls recorded, a line each, and forgets them; gives the length there is. Nothing is copied or forgotten unless all fits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_calls(to: *mut u8, room: usize) -> usize {
    let mut state = lock();
    let text = state.calls.join("\n");
    if text.len() <= room {
        // SAFETY: the room is the caller's.
        unsafe { to.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        state.calls.clear();
    }
    text.len()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_fail(function: *const c_char, status: c_int, after: c_uint) {
    // SAFETY: a C string of the caller's.
    fail(&unsafe { CStr::from_ptr(function) }.to_string_lossy(), status, after);
}

static CODE: AtomicU32 = AtomicU32::new(0);

/// CRC-32 of the PTX of what is being launched.
#[unsafe(no_mangle)]
pub extern "C" fn standin_code() -> u32 {
    CODE.load(Ordering::Relaxed)
}

/// Has a function called in the place of every kernel: with its name, grid, block, dynamic shared memory, and its parameters: their number, lengths, and bytes one after another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_on_launch(
    handler: unsafe extern "C" fn(*const c_char, *const c_uint, *const c_uint, c_uint, usize, *const usize, *const u8),
) {
    on_launch(move |launch| {
        CODE.store(launch.code, Ordering::Relaxed);
        let name = CString::new(launch.kernel.as_str()).unwrap_or_default();
        let lengths: Vec<usize> = launch.parameters.iter().map(Vec::len).collect();
        let bytes = launch.parameters.concat();
        // SAFETY: the handler is the test's; all it gets lives through the call.
        unsafe {
            handler(name.as_ptr(), launch.grid.as_ptr(), launch.block.as_ptr(), launch.shared, lengths.len(), lengths.as_ptr(), bytes.as_ptr())
        };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_read(at: u64, to: *mut u8, bytes: usize) -> c_int {
    match read(at, bytes) {
        Some(found) => {
            // SAFETY: the room is the caller's.
            unsafe { to.copy_from_nonoverlapping(found.as_ptr(), bytes) };
            1
        }
        None => 0,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_write(at: u64, from: *const u8, bytes: usize) -> c_int {
    // SAFETY: the bytes are the caller's.
    c_int::from(write(at, unsafe { std::slice::from_raw_parts(from, bytes) }))
}

/// Copies what [`faults`] gives, a line each, cut to the room; gives the length there was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn standin_faults(to: *mut u8, room: usize) -> usize {
    let text = faults().join("\n");
    // SAFETY: the room is the caller's.
    unsafe { to.copy_from_nonoverlapping(text.as_ptr(), text.len().min(room)) };
    text.len()
}

#[unsafe(no_mangle)]
pub extern "C" fn standin_live() -> usize {
    live()
}

#[unsafe(no_mangle)]
pub extern "C" fn standin_pending() -> usize {
    pending()
}
