//! Memory that a kernel is lent: shared memory of a block and frames of its warps, one arena for each thread of the host.
//!
//! An arena grows to what the largest kernel needed and is used again by the next launch on its thread; one that has grown large is given back. Contents are whatever the last
//! user left. Knows what [`Memory`] asks for, and nothing of kernels.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;

use verdigris_compiler::abi::Memory;

/// A cache line, the alignment that compiled code counts on.
const LINE: usize = 64;
/// An arena above this is not kept.
const KEPT: usize = 64 << 20;

/// What one thread of the host lends.
struct Arena {
    start: *mut u8,
    size: usize,
}

thread_local! {
    static ARENA: Cell<Option<Arena>> = const { Cell::new(None) };
}

impl Arena {
    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, LINE).expect("launches are limited to less")
    }

    fn new(size: usize) -> Arena {
        // SAFETY: the size is not zero (`with`).
        let start = unsafe { alloc_zeroed(Arena::layout(size)) };
        if start.is_null() {
            std::alloc::handle_alloc_error(Arena::layout(size));
        }
        Arena { start, size }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.start, Arena::layout(self.size)) };
    }
}

/// Bytes that blocks of so many threads need, and where the frames begin.
pub(crate) fn size(memory: &Memory, threads: u32, dynamic_shared: u64) -> (u64, u64) {
    let shared = (memory.shared + dynamic_shared).next_multiple_of(LINE as u64);
    (shared + memory.frame * memory.frames(threads), shared)
}

/// Runs with that many bytes, aligned to a cache line, on this thread. A launch made while another is under way on it (by a signal's handler) gets an arena of its own.
pub(crate) fn with<R>(bytes: u64, run: impl FnOnce(*mut u8) -> R) -> R {
    let bytes = bytes as usize;
    if bytes == 0 {
        return run(std::ptr::null_mut());
    }
    let arena = ARENA.take().filter(|a| a.size >= bytes).unwrap_or_else(|| Arena::new(bytes.next_power_of_two().max(1 << 16)));
    let result = run(arena.start);
    if arena.size <= KEPT {
        ARENA.set(Some(arena));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arenas_are_aligned_used_again_and_separate_when_nested() {
        let first = with(100, |outer| {
            let inner = with(100, |inner| inner as usize);
            assert_ne!(outer as usize, inner);
            assert_eq!((outer as usize % LINE, inner % LINE), (0, 0));
            outer as usize
        });
        assert_eq!(with(200, |again| again as usize), first, "the outer one was put back last");
        assert!(with(0, |none| none.is_null()));
    }

    #[test]
    fn sizes() {
        let memory = Memory { shared: 64, frame: 128, threads_a_frame: 32, ..Memory::default() };
        assert_eq!(size(&memory, 33, 1), (128 + 256, 128));
        assert_eq!(size(&Memory { threads_a_frame: 0, ..memory }, 33, 0), (64 + 128, 64));
    }
}
