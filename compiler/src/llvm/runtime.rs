#![allow(unsafe_code)]
//! Functions that compiled code calls: what is rare (an index that failed its check), or has no SIMD form on some processor.
//!
//! The only symbols, with the C library's, that compiled code may name. Each takes lanes in memory, lane 0 first, and a mask with bit i for lane i, and touches nothing
//! of a lane that is off. Compiled code guarantees valid pointers: its own stack buffers of 32 elements, and addresses it has checked.

use std::ffi::c_void;

use super::flags;
use crate::abi::{Failure, Launch, LaunchState};
use crate::op::{Math, Op, eval};
use crate::types::{Scalar, ScalarType};

/// Name and address of every symbol of this file.
pub(super) fn symbols() -> Vec<(&'static str, *const c_void)> {
    macro_rules! table {
        ($($name:ident),* $(,)?) => { vec![$((stringify!($name), $name as *const c_void)),*] };
    }
    table![
        vg_poll,
        vg_poll_keeping_registers,
        vg_fail,
        vg_print,
        vg_diverged,
        vg_wait,
        vg_stack_limit,
        vg_access,
        vg_access_keeping_registers,
        vg_gather,
        vg_scatter,
        vg_masked_load,
        vg_masked_store,
        vg_map1_f64,
        vg_map2_f64,
        vg_map1_f32,
        vg_map2_f32,
        vg_map2_i64,
        vg_one1_f64,
        vg_one2_f64,
        vg_one1_f32,
        vg_one2_f32,
        vg_flags1_f64,
        vg_flags2_f64,
        vg_flags1_f32,
        vg_flags2_f32,
        vg_flags1_warp_f64,
        vg_flags2_warp_f64,
        vg_flags1_warp_f32,
        vg_flags2_warp_f32,
        vg_floordiv_f64,
        vg_mod_f64,
        vg_floordiv_f32,
        vg_mod_f32,
        vg_pow_i64,
        vg_pow_u64,
        vg_floordiv_i64,
        vg_floordiv_u64,
        vg_mod_i64,
        vg_mod_u64,
        vg_pad,
        vg_copy,
    ]
}

fn lanes(mask: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |lane| mask >> lane & 1 == 1)
}

unsafe fn state<'a>(launch: *const Launch) -> &'a LaunchState {
    // SAFETY: the caller of compiled code keeps launch and state alive while it runs (abi).
    unsafe { &*(*launch).state }
}

/// The lowest address that the stack of this thread may reach by calls of recursive functions: what is left below is for what those call. At most [`DEEPEST`] bytes below the present place.
unsafe extern "C" fn vg_stack_limit() -> u64 {
    use std::cell::Cell;
    thread_local! {
        static LOWEST: Cell<Option<u64>> = const { Cell::new(None) };
    }
    let here = 0u8;
    let here = std::ptr::from_ref(&here) as u64;
    let lowest = LOWEST.get().unwrap_or_else(|| {
        let lowest = stack_end().unwrap_or_else(|| here.saturating_sub(KEPT_FREE));
        LOWEST.set(Some(lowest));
        lowest
    });
    lowest.saturating_add(KEPT_FREE).max(here.saturating_sub(DEEPEST))
}

/// Stack that recursive functions leave to what they call.
const KEPT_FREE: u64 = 256 << 10;
/// Stack that they take at most: as much as the pool's threads have.
const DEEPEST: u64 = 16 << 20;

/// Where this thread's stack ends.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn stack_end() -> Option<u64> {
    unsafe extern "C" {
        fn pthread_self() -> usize;
        fn pthread_getattr_np(thread: usize, attributes: *mut [u64; 16]) -> i32;
        fn pthread_attr_getstack(attributes: *const [u64; 16], address: *mut *mut c_void, size: *mut usize) -> i32;
        fn pthread_attr_destroy(attributes: *mut [u64; 16]) -> i32;
    }
    let mut attributes = [0u64; 16];
    let (mut address, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: `pthread_attr_t` has 56 bytes on x86-64 and 64 on other 64-bit Linux systems, aligned to 8; the attributes are read only if they were given.
    let known = unsafe {
        pthread_getattr_np(pthread_self(), &mut attributes) == 0 && {
            let read = pthread_attr_getstack(&attributes, &mut address, &mut size) == 0;
            pthread_attr_destroy(&mut attributes);
            read
        }
    };
    // The guard page counts as part of it on some systems.
    known.then_some(address as u64 + (64 << 10))
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn stack_end() -> Option<u64> {
    None
}

/// Whether to stop.
unsafe extern "C" fn vg_poll(launch: *const Launch) -> i32 {
    // SAFETY: as `state` says.
    unsafe { state(launch) }.poll() as i32
}

unsafe extern "C" {
    /// [`vg_poll`] for a caller that expects every register but the result's (eax) and the flags to be as it was: a call in the cold path of every loop would otherwise have the vector registers
    /// spilled around the loop. Needs a processor with XSAVE (any that has AVX). The one argument is in rdi; the stack may be aligned to 8 only, and nothing may lie below it (no red zone).
    fn vg_poll_keeping_registers();
    /// [`vg_access`] for a caller with the same expectations.
    fn vg_access_keeping_registers();
}

/// A function `$name` that calls `$inner` and keeps the registers.
// The frame: rbp, then the eight other integer registers that a call may change, then an XSAVE area in the standard format for x87, SSE, AVX and AVX-512 state
// (bits 0-2 and 5-7; 2,688 bytes). The header of the area must be zero before the first XSAVE. What is called is code of the baseline, which full vector registers would slow.
macro_rules! keeping_registers {
    ($name:literal, $inner:path) => {
        core::arch::global_asm!(
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", @function"),
            concat!($name, ":"),
            "push rbp",
            "mov rbp, rsp",
            "push rcx",
            "push rdx",
            "push rsi",
            "push rdi",
            "push r8",
            "push r9",
            "push r10",
            "push r11",
            "sub rsp, 2688",
            "and rsp, -64",
            "xor eax, eax",
            "xor edx, edx",
            "mov [rsp + 512], rax",
            "mov [rsp + 520], rax",
            "mov [rsp + 528], rax",
            "mov [rsp + 536], rax",
            "mov [rsp + 544], rax",
            "mov [rsp + 552], rax",
            "mov [rsp + 560], rax",
            "mov [rsp + 568], rax",
            "mov eax, 0xe7",
            "xsave64 [rsp]",
            "vzeroupper",
            "call {inner}",
            "mov r11d, eax",
            "mov eax, 0xe7",
            "xor edx, edx",
            "xrstor64 [rsp]",
            "mov eax, r11d",
            "lea rsp, [rbp - 64]",
            "pop r11",
            "pop r10",
            "pop r9",
            "pop r8",
            "pop rdi",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            "pop rbp",
            "ret",
            concat!(".size ", $name, ", . - ", $name),
            inner = sym $inner,
        );
    };
}

keeping_registers!("vg_poll_keeping_registers", vg_poll);
keeping_registers!("vg_access_keeping_registers", vg_access);

/// Records that a thread failed.
unsafe extern "C" fn vg_fail(launch: *const Launch, block: u64, thread: u64, site: u32) {
    // SAFETY: as `state` says.
    unsafe { state(launch) }.record(Failure { block, thread, site, index: None, other: None });
}

/// Records that a thread came to a barrier after others had met at another one without it.
unsafe extern "C" fn vg_diverged(launch: *const Launch, block: u64, thread: u64, site: u32, other: u32) {
    // SAFETY: as `state` says.
    unsafe { state(launch) }.record(Failure { block, thread, site, index: None, other: Some(other) });
}

/// Says that a thread waits for another one; see [`LaunchState::wait`].
unsafe extern "C" fn vg_wait(launch: *const Launch, block: u64, thread: u64, site: u32, fresh: u32) -> i32 {
    // SAFETY: as `state` says.
    let state = unsafe { state(launch) };
    state.wait(Failure { block, thread, site, index: None, other: None }, fresh != 0) as i32
}

/// Prints a line for each acting lane, in ascending order. `values` has 32 words a value.
unsafe extern "C" fn vg_print(launch: *const Launch, spec: *const u8, length: u64, values: *const u64, mask: u32) {
    // SAFETY: `spec` has `length` bytes, made by `print::encode`, and a value for each place in them has its 32 words (module head).
    unsafe {
        let spec = std::slice::from_raw_parts(spec, length as usize);
        for lane in lanes(mask) {
            if let Some(text) = crate::print::line(spec, |i| *values.add(i * 32 + lane)) {
                state(launch).print(&text);
            }
        }
    }
}

/// How [`vg_access`] is told what to do, packed in one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessKind {
    /// Bytes moved for each lane; 0: its address is wanted, eight bytes.
    pub(super) size: u8,
    /// Where in the element they lie.
    pub(super) offset: u8,
    /// Axes.
    pub(super) ndim: u8,
    /// Bit i: the index of axis i is unsigned.
    pub(super) unsigned: u8,
    /// Store, else load.
    pub(super) store: bool,
    /// Fail on an index out of bounds; else it is only wrapped.
    pub(super) check: bool,
    /// Bytes between the lanes' own elements of a local array; else 0.
    pub(super) own: u8,
}

impl AccessKind {
    pub(super) fn pack(self) -> i64 {
        i64::from_le_bytes([self.size, self.offset, self.ndim, self.unsigned, self.store as u8, self.check as u8, self.own, 0])
    }

    fn unpack(word: i64) -> AccessKind {
        let [size, offset, ndim, unsigned, store, check, own, _] = word.to_le_bytes();
        AccessKind { size, offset, ndim, unsigned, store: store != 0, check: check != 0, own }
    }
}

/// What [`vg_access`] is asked for, as compiled code lays it out.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessRequest {
    launch: *const Launch,
    /// 1 + 2n words (abi).
    array: *const u64,
    /// 32 indexes an axis, one a lane.
    index: *const i64,
    /// The lanes' elements.
    data: *mut u8,
    block: u64,
    /// Of lane 0.
    thread: u64,
    /// Packed ([`AccessKind`]).
    kind: i64,
    mask: u32,
    site: u32,
}

impl AccessRequest {
    /// Where the fields lie, in the order of their declaration.
    pub(super) const PLACES: [usize; 9] = [
        std::mem::offset_of!(Self, launch),
        std::mem::offset_of!(Self, array),
        std::mem::offset_of!(Self, index),
        std::mem::offset_of!(Self, data),
        std::mem::offset_of!(Self, block),
        std::mem::offset_of!(Self, thread),
        std::mem::offset_of!(Self, kind),
        std::mem::offset_of!(Self, mask),
        std::mem::offset_of!(Self, site),
    ];
}

/// The whole rule of an element access: negative indexes count from the end, out of bounds fails. Returns 1 if a lane failed; then nothing more of the warp may run.
unsafe extern "C" fn vg_access(request: *const AccessRequest) -> i32 {
    // SAFETY: compiled code lays one out on its stack and calls at once.
    let AccessRequest { launch, array, index, data, block, thread, kind, mask, site } = unsafe { *request };
    let kind = AccessKind::unpack(kind);
    let ndim = kind.ndim as usize;
    for lane in lanes(mask) {
        // SAFETY: `array` has 1 + 2 * ndim words, `index` 32 * ndim, `data` 32 * size (or 32 * 8) bytes (module head); the element is inside the array, as just checked,
        // or the caller asked for no check and answers for it.
        unsafe {
            let mut at = *array as *mut u8;
            for axis in 0..ndim {
                let extent = *array.add(1 + axis) as i64;
                let stride = *array.add(1 + ndim + axis) as i64;
                let given = *index.add(axis * 32 + lane);
                let unsigned = kind.unsigned >> axis & 1 == 1;
                let wrapped = if !unsigned && given < 0 { given.wrapping_add(extent) } else { given };
                if kind.check && wrapped as u64 >= extent as u64 {
                    state(launch).record(Failure {
                        block,
                        thread: thread + lane as u64,
                        site,
                        index: Some((axis as u8, given, extent)),
                        other: None,
                    });
                    return 1;
                }
                at = at.wrapping_offset(wrapped.wrapping_mul(stride) as isize);
            }
            at = at.add(kind.offset as usize + lane * kind.own as usize);
            if kind.size == 0 {
                *data.cast::<*mut u8>().add(lane) = at;
                continue;
            }
            let slot = data.add(lane * kind.size as usize);
            let (from, to) = if kind.store { (slot, at) } else { (at, slot) };
            std::ptr::copy_nonoverlapping(from, to, kind.size as usize);
        }
    }
    0
}

/// Loads `size` bytes from each lane's pointer.
unsafe extern "C" fn vg_gather(pointers: *const *const u8, mask: u32, out: *mut u8, size: u64) {
    for lane in lanes(mask) {
        // SAFETY: 32 pointers and 32 * size bytes (module head); pointers of acting lanes were checked.
        unsafe { std::ptr::copy_nonoverlapping(*pointers.add(lane), out.add(lane * size as usize), size as usize) }
    }
}

/// Stores `size` bytes to each lane's pointer, in ascending lane order.
unsafe extern "C" fn vg_scatter(pointers: *const *mut u8, mask: u32, data: *const u8, size: u64) {
    for lane in lanes(mask) {
        // SAFETY: as vg_gather.
        unsafe { std::ptr::copy_nonoverlapping(data.add(lane * size as usize), *pointers.add(lane), size as usize) }
    }
}

/// Loads consecutive elements of acting lanes.
unsafe extern "C" fn vg_masked_load(from: *const u8, mask: u32, out: *mut u8, size: u64) {
    for lane in lanes(mask) {
        let at = lane * size as usize;
        // SAFETY: acting lanes' elements were checked; `wrapping_add` since lane 0's may lie outside.
        unsafe { std::ptr::copy_nonoverlapping(from.wrapping_add(at), out.add(at), size as usize) }
    }
}

/// Stores consecutive elements of acting lanes.
unsafe extern "C" fn vg_masked_store(to: *mut u8, mask: u32, data: *const u8, size: u64) {
    for lane in lanes(mask) {
        let at = lane * size as usize;
        // SAFETY: as vg_masked_load.
        unsafe { std::ptr::copy_nonoverlapping(data.add(at), to.wrapping_add(at), size as usize) }
    }
}

/// Copies `count` (1 to 31) elements and fills up to 32 with the first.
unsafe extern "C" fn vg_pad(from: *const u8, count: u64, out: *mut u8, size: u64) {
    /// For elements of a size known to this compiler, whose stores are vectors then. Safety: as [`vg_pad`].
    unsafe fn pad<T: Copy>(from: *const u8, count: usize, out: *mut u8) {
        let (from, out) = (from.cast::<T>(), out.cast::<T>());
        // SAFETY: `from` has count elements, at least one, `out` 32 (module head); nothing is asked of their alignment.
        unsafe {
            let first = from.read_unaligned();
            for lane in 0..32 {
                out.add(lane).write_unaligned(first);
            }
            for lane in 1..count {
                out.add(lane).write_unaligned(from.add(lane).read_unaligned());
            }
        }
    }
    let count = count as usize;
    // SAFETY: the caller's promise; a type's size is one of these.
    unsafe {
        match size {
            1 => pad::<u8>(from, count, out),
            2 => pad::<u16>(from, count, out),
            4 => pad::<u32>(from, count, out),
            8 => pad::<u64>(from, count, out),
            _ => pad::<u128>(from, count, out),
        }
    }
}

/// Copies bytes out of a buffer.
unsafe extern "C" fn vg_copy(to: *mut u8, from: *const u8, bytes: u64) {
    // SAFETY: both have that many bytes, and `from` is compiled code's own buffer (module head).
    unsafe { std::ptr::copy_nonoverlapping(from, to, bytes as usize) }
}

macro_rules! maps {
    ($map1:ident, $map2:ident, $t:ty) => {
        /// Applies a function of one operand to the acting lanes.
        unsafe extern "C" fn $map1(f: unsafe extern "C" fn($t) -> $t, a: *const $t, out: *mut $t, mask: u32) {
            for lane in lanes(mask) {
                // SAFETY: 32 elements each (module head); `f` is a pure function of the C library or of this file.
                unsafe { *out.add(lane) = f(*a.add(lane)) }
            }
        }
        maps!($map2, $t);
    };
    ($map2:ident, $t:ty) => {
        /// Applies a function of two operands to the acting lanes.
        unsafe extern "C" fn $map2(f: unsafe extern "C" fn($t, $t) -> $t, a: *const $t, b: *const $t, out: *mut $t, mask: u32) {
            for lane in lanes(mask) {
                // SAFETY: 32 elements each (module head); `f` is a pure function of the C library or of this file.
                unsafe { *out.add(lane) = f(*a.add(lane), *b.add(lane)) }
            }
        }
    };
}

maps!(vg_map1_f64, vg_map2_f64, f64);
maps!(vg_map1_f32, vg_map2_f32, f32);
maps!(vg_map2_i64, i64);

macro_rules! flags {
    ($one1:ident, $one2:ident, $flags1:ident, $flags2:ident, $warp1:ident, $warp2:ident, $t:ty) => {
        /// Calls a routine of the math library, raising the flags of its definition (`flags`).
        unsafe extern "C" fn $one1(f: unsafe extern "C" fn($t) -> $t, row: i32, a: $t) -> $t {
            // SAFETY: `f` is a routine.
            let result = flags::quietly(|| unsafe { f(a) });
            raise_one(row, [a], result);
            result
        }

        /// The same for two operands.
        unsafe extern "C" fn $one2(f: unsafe extern "C" fn($t, $t) -> $t, row: i32, a: $t, b: $t) -> $t {
            // SAFETY: `f` is a routine.
            let result = flags::quietly(|| unsafe { f(a, b) });
            raise_one(row, [a, b], result);
            result
        }

        /// Applies a routine of the math library to the acting lanes, raising the flags of its definition (`flags`).
        unsafe extern "C" fn $flags1(f: unsafe extern "C" fn($t) -> $t, row: i32, a: *const $t, out: *mut $t, mask: u32) {
            for lane in lanes(mask) {
                // SAFETY: 32 elements each (module head), or one with mask 1; `f` is a routine.
                unsafe { *out.add(lane) = flags::quietly(|| f(*a.add(lane))) }
            }
            // SAFETY: as above.
            unsafe { raise_flags(row, [a], out, mask) }
        }

        /// The same for two operands.
        unsafe extern "C" fn $flags2(f: unsafe extern "C" fn($t, $t) -> $t, row: i32, a: *const $t, b: *const $t, out: *mut $t, mask: u32) {
            for lane in lanes(mask) {
                // SAFETY: as above.
                unsafe { *out.add(lane) = flags::quietly(|| f(*a.add(lane), *b.add(lane))) }
            }
            // SAFETY: as above.
            unsafe { raise_flags(row, [a, b], out, mask) }
        }

        /// The same for a routine that takes all 32 lanes from memory at once.
        unsafe extern "C" fn $warp1(f: unsafe extern "C" fn(*const $t, *mut $t), row: i32, a: *const $t, out: *mut $t, mask: u32) {
            // SAFETY: 32 elements each, aligned to 64 (module head); `f` is a routine.
            unsafe {
                flags::quietly(|| f(a, out));
                raise_flags(row, [a], out, mask);
            }
        }

        /// The same for two operands.
        unsafe extern "C" fn $warp2(
            f: unsafe extern "C" fn(*const $t, *const $t, *mut $t),
            row: i32,
            a: *const $t,
            b: *const $t,
            out: *mut $t,
            mask: u32,
        ) {
            // SAFETY: as above.
            unsafe {
                flags::quietly(|| f(a, b, out));
                raise_flags(row, [a, b], out, mask);
            }
        }
    };
}

flags!(vg_one1_f64, vg_one2_f64, vg_flags1_f64, vg_flags2_f64, vg_flags1_warp_f64, vg_flags2_warp_f64, f64);
flags!(vg_one1_f32, vg_one2_f32, vg_flags1_f32, vg_flags2_f32, vg_flags1_warp_f32, vg_flags2_warp_f32, f32);

/// Raises the flags of a row's results in the acting lanes.
unsafe fn raise_flags<T: flags::Float, const N: usize>(row: i32, args: [*const T; N], out: *const T, mask: u32) {
    for lane in lanes(mask) {
        // SAFETY: elements of acting lanes exist (callers).
        let result = unsafe { *out.add(lane) };
        // SAFETY: as above.
        raise_one(row, args.map(|a| unsafe { *a.add(lane) }), result);
    }
}

/// Raises the flags of a row's result.
#[inline(always)]
fn raise_one<T: flags::Float, const N: usize>(row: i32, args: [T; N], result: T) {
    if !result.is_plain() {
        flags::raise(Math::ALL[row as usize], &args.map(Into::into), result.into(), T::SMALLEST_NORMAL);
    }
}

macro_rules! float_rows {
    ($($name:ident $op:ident $t:ident $back:ident;)*) => {$(
        /// The op table's row for one lane.
        extern "C" fn $name(a: $t, b: $t) -> $t {
            eval(Op::$op, &[Scalar::$t(a), Scalar::$t(b)]).$back()
        }
    )*};
}

float_rows! {
    vg_floordiv_f64 FloorDiv f64 as_f64;
    vg_mod_f64 Mod f64 as_f64;
    vg_floordiv_f32 FloorDiv f32 as_f32;
    vg_mod_f32 Mod f32 as_f32;
}

macro_rules! integer_rows {
    ($($name:ident $op:ident $ty:ident $t:ty;)*) => {$(
        /// The op table's row for one lane.
        extern "C" fn $name(a: i64, b: i64) -> i64 {
            let scalar = |x: i64| Scalar::int(ScalarType::$ty, (x as $t) as i128);
            eval(Op::$op, &[scalar(a), scalar(b)]).bits() as i64
        }
    )*};
}

integer_rows! {
    vg_pow_i64 Pow I64 i64;
    vg_pow_u64 Pow U64 u64;
    vg_floordiv_i64 FloorDiv I64 i64;
    vg_floordiv_u64 FloorDiv U64 u64;
    vg_mod_i64 Mod I64 i64;
    vg_mod_u64 Mod U64 u64;
}
