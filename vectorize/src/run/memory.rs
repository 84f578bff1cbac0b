//! Operands in memory, and moving their elements to and from contiguous buffers, cast and byte-swapped on the way.

use std::cell::Cell;
use std::marker::PhantomData;

use num_complex::Complex;
use verdigris_compiler::types::{ScalarType, half};

/// An array some call reads or writes: where it is, and how its elements lie.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    pub(super) pointer: *mut u8,
    pub(super) ty: ScalarType,
    pub(super) swapped: bool,
    shape: &'a [isize],
    strides: &'a [isize],
    memory: PhantomData<&'a [Cell<u8>]>,
}

// SAFETY: an operand is an address; what may be done with it, on whatever thread, is said by its maker's promise.
unsafe impl Send for Operand<'_> {}
// SAFETY: as above.
unsafe impl Sync for Operand<'_> {}

impl<'a> Operand<'a> {
    /// An operand at `pointer`, its first element; `strides` in bytes; `swapped` for elements in the other byte order. Nothing need be aligned.
    ///
    /// # Safety
    /// For `'a`, every element reached by an index within `shape` lies in memory that is valid for reads, and for writes where the operand is an output; bools are
    /// 0 or 1 when read; while a call uses the operand, no other thread writes what it reads, nor touches what it writes.
    pub unsafe fn new(pointer: *mut u8, ty: ScalarType, swapped: bool, shape: &'a [isize], strides: &'a [isize]) -> Operand<'a> {
        debug_assert_eq!(shape.len(), strides.len());
        Operand { pointer, ty, swapped, shape, strides, memory: PhantomData }
    }

    /// Element type.
    pub fn ty(&self) -> ScalarType {
        self.ty
    }

    /// Extents.
    pub fn shape(&self) -> &'a [isize] {
        self.shape
    }

    /// Strides in bytes.
    pub fn strides(&self) -> &'a [isize] {
        self.strides
    }

    /// The addresses of its elements' bytes, as first and one past the last; `None` without elements.
    pub fn extent(&self) -> Option<(usize, usize)> {
        let start = self.pointer as isize;
        let (mut low, mut high) = (start, start + self.ty.size() as isize);
        for (&extent, &stride) in self.shape.iter().zip(self.strides) {
            if extent == 0 {
                return None;
            }
            let reach = (extent - 1) * stride;
            if reach < 0 {
                low += reach;
            } else {
                high += reach;
            }
        }
        Some((low as usize, high as usize))
    }

    /// Whether some byte may belong to both.
    pub fn may_overlap(&self, other: &Operand<'_>) -> bool {
        match (self.extent(), other.extent()) {
            (Some((a, b)), Some((c, d))) => a < d && c < b,
            _ => false,
        }
    }

    /// Whether both are the same elements in the same order.
    pub fn same_elements(&self, other: &Operand<'_>) -> bool {
        self.pointer == other.pointer && self.ty == other.ty && self.shape == other.shape && self.strides == other.strides
    }
}

/// Alignment that compiled loops want of an element.
pub(super) fn alignment(ty: ScalarType) -> usize {
    ty.part().size()
}

/// Reads `n` elements at `source`, `stride` bytes apart, and writes them contiguously. Safety: the elements are valid for reads, the target for writes.
pub(super) type Gather = unsafe fn(source: *const u8, stride: isize, n: usize, target: *mut u8);

/// Writes `n` contiguous elements to `target`, `stride` bytes apart. Safety: as [`Gather`].
pub(super) type Scatter = unsafe fn(source: *const u8, target: *mut u8, stride: isize, n: usize);

/// A machine representation, readable in either byte order.
trait Element: Copy {
    fn swap(self) -> Self;
}

macro_rules! integers {
    ($($ty:ty),*) => { $(impl Element for $ty { #[inline] fn swap(self) -> Self { self.swap_bytes() } })* };
}
integers!(u8, i8, u16, i16, u32, i32, u64, i64);

impl Element for f32 {
    #[inline]
    fn swap(self) -> Self {
        f32::from_bits(self.to_bits().swap_bytes())
    }
}

impl Element for f64 {
    #[inline]
    fn swap(self) -> Self {
        f64::from_bits(self.to_bits().swap_bytes())
    }
}

impl<T: Element> Element for Complex<T> {
    #[inline]
    fn swap(self) -> Self {
        Complex { re: self.re.swap(), im: self.im.swap() }
    }
}

/// A float16, as its bits.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Half(u16);

impl Element for Half {
    #[inline]
    fn swap(self) -> Self {
        Half(self.0.swap_bytes())
    }
}

/// A cast.
trait To<T> {
    fn to(self) -> T;
}

macro_rules! real_casts {
    ($($from:ty => $($to:ty)*;)*) => { $($(impl To<$to> for $from { #[inline] fn to(self) -> $to { self as $to } })*)* };
}

macro_rules! complex_casts {
    ($($from:ty => $($to:ty)*;)*) => {
        $($(impl To<Complex<$to>> for $from { #[inline] fn to(self) -> Complex<$to> { Complex { re: self as $to, im: 0.0 } } })*)*
    };
}

real_casts! {
    u8 => u8 i8 u16 i16 u32 i32 u64 i64 f32 f64;
    i8 => i8 i16 i32 i64 f32 f64;
    u16 => u16 u32 i32 u64 i64 f32 f64;
    i16 => i16 i32 i64 f32 f64;
    u32 => u32 u64 i64 f64;
    i32 => i32 i64 f64;
    u64 => u64 f64;
    i64 => i64 f64;
    f32 => f32 f64;
    f64 => f64;
}

complex_casts! {
    u8 => f32 f64;
    i8 => f32 f64;
    u16 => f32 f64;
    i16 => f32 f64;
    u32 => f64;
    i32 => f64;
    u64 => f64;
    i64 => f64;
    f32 => f32 f64;
    f64 => f64;
}

impl To<Half> for Half {
    #[inline]
    fn to(self) -> Half {
        self
    }
}

macro_rules! half_casts {
    (to $($to:ty)*; from $($from:ty)*) => {
        $(impl To<$to> for Half { #[inline] fn to(self) -> $to { To::<$to>::to(half::widened(self.0)) } })*
        $(impl To<Half> for $from { #[inline] fn to(self) -> Half { Half(half::narrowed(f32::from(self))) } })*
    };
}
half_casts! { to f32 f64 Complex<f32> Complex<f64>; from u8 i8 }

impl To<Complex<f32>> for Complex<f32> {
    #[inline]
    fn to(self) -> Complex<f32> {
        self
    }
}

impl To<Complex<f64>> for Complex<f32> {
    #[inline]
    fn to(self) -> Complex<f64> {
        Complex { re: f64::from(self.re), im: f64::from(self.im) }
    }
}

impl To<Complex<f64>> for Complex<f64> {
    #[inline]
    fn to(self) -> Complex<f64> {
        self
    }
}

/// A [`Gather`], in whatever vectors the function has that it is made part of.
#[inline(always)]
unsafe fn gather_as<S: Element + To<T>, T, const SWAPPED: bool>(source: *const u8, stride: isize, n: usize, target: *mut u8) {
    let read = |i: usize, stride: isize| {
        // SAFETY: element i of the source, valid for reads by the caller's promise; read without alignment.
        let element = unsafe { source.offset(i as isize * stride).cast::<S>().read_unaligned() };
        (if SWAPPED { element.swap() } else { element }).to()
    };
    let target = target.cast::<T>();
    // SAFETY: the target has room for n elements.
    let write = |i: usize, value: T| unsafe { target.add(i).write_unaligned(value) };
    // A stride the compiler knows lets it use vectors.
    if stride == size_of::<S>() as isize {
        (0..n).for_each(|i| write(i, read(i, size_of::<S>() as isize)));
    } else if stride == 0 && n > 0 {
        let first: T = read(0, 0);
        // SAFETY: as `write`; T is plain data.
        (0..n).for_each(|i| write(i, unsafe { std::ptr::read(&first) }));
    } else {
        (0..n).for_each(|i| write(i, read(i, stride)));
    }
}

/// [`gather_as`] with the vectors of AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn gather_avx2<S: Element + To<T>, T>(source: *const u8, stride: isize, n: usize, target: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { gather_as::<S, T, false>(source, stride, n, target) }
}

/// [`gather_as`] with those of AVX-512, which casts every integer.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512dq,avx512bw,avx512vl")]
unsafe fn gather_avx512<S: Element + To<T>, T>(source: *const u8, stride: isize, n: usize, target: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { gather_as::<S, T, false>(source, stride, n, target) }
}

/// The best gather of a cast for this processor.
fn gather_here<S: Element + To<T>, T>() -> Gather {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
        {
            return gather_avx512::<S, T>;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return gather_avx2::<S, T>;
        }
    }
    gather_as::<S, T, false>
}

/// Elements of two axes, read and written at any distances.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// Elements along either axis.
    pub(super) extents: [usize; 2],
    /// Bytes between elements along either axis, where they are.
    pub(super) from: [isize; 2],
    /// Bytes between them where they go.
    pub(super) to: [isize; 2],
}

/// Copies elements of `size` bytes, walking along the first axis.
///
/// # Safety
/// All elements are valid for reads where they are and for writes where they go, and these do not overlap.
pub(super) unsafe fn copy_tile(size: usize, source: *const u8, target: *mut u8, tile: Tile) {
    /// # Safety
    /// As `copy_tile`, for elements that are a `T`.
    unsafe fn copy<T: Copy>(source: *const u8, target: *mut u8, Tile { extents, from, to }: Tile) {
        for j in 0..extents[1] as isize {
            let (source, target) = (source.wrapping_offset(j * from[1]), target.wrapping_offset(j * to[1]));
            for i in 0..extents[0] as isize {
                // SAFETY: an element of the tile, by the caller's promise.
                unsafe {
                    let element = source.wrapping_offset(i * from[0]).cast::<T>().read_unaligned();
                    target.wrapping_offset(i * to[0]).cast::<T>().write_unaligned(element);
                }
            }
        }
    }
    // SAFETY: the caller's promise; elements of any type are so many bytes.
    unsafe {
        match size {
            1 => copy::<u8>(source, target, tile),
            2 => copy::<u16>(source, target, tile),
            4 => copy::<u32>(source, target, tile),
            8 => copy::<u64>(source, target, tile),
            _ => copy::<u128>(source, target, tile),
        }
    }
}

/// A [`Scatter`].
unsafe fn scatter_as<T: Element, const SWAPPED: bool>(source: *const u8, target: *mut u8, stride: isize, n: usize) {
    for i in 0..n {
        // SAFETY: element i of both sides, by the caller's promise; no alignment is assumed.
        unsafe {
            let element = source.cast::<T>().add(i).read_unaligned();
            let element = if SWAPPED { element.swap() } else { element };
            target.offset(i as isize * stride).cast::<T>().write_unaligned(element);
        }
    }
}

macro_rules! gathers {
    ($from:expr, $to:expr, $swapped:expr; $($f:ident $s:ty => $($t:ident $d:ty)|*;)*) => {
        match ($from, $to) {
            $($((ScalarType::$f, ScalarType::$t) => {
                if $swapped { gather_as::<$s, $d, true> as Gather } else { gather_here::<$s, $d>() }
            })*)*
            _ => return None,
        }
    };
}

/// The gather for a safe cast; `None` if the cast is not safe.
pub(super) fn gather(from: ScalarType, to: ScalarType, swapped: bool) -> Option<Gather> {
    type C64 = Complex<f32>;
    type C128 = Complex<f64>;
    if from.is_time() || to.is_time() {
        // Units are NumPy's to convert, which knows the calendar, and so are integers.
        return (from == to).then_some(if swapped { gather_as::<i64, i64, true> } else { gather_as::<i64, i64, false> });
    }
    Some(gathers! { from, to, swapped;
        Bool u8 => Bool u8 | I8 i8 | I16 i16 | I32 i32 | I64 i64 | U8 u8 | U16 u16 | U32 u32 | U64 u64 | F16 Half | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        I8 i8 => I8 i8 | I16 i16 | I32 i32 | I64 i64 | F16 Half | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        I16 i16 => I16 i16 | I32 i32 | I64 i64 | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        I32 i32 => I32 i32 | I64 i64 | F64 f64 | C128 C128;
        I64 i64 => I64 i64 | F64 f64 | C128 C128;
        U8 u8 => U8 u8 | U16 u16 | U32 u32 | U64 u64 | I16 i16 | I32 i32 | I64 i64 | F16 Half | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        U16 u16 => U16 u16 | U32 u32 | U64 u64 | I32 i32 | I64 i64 | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        U32 u32 => U32 u32 | U64 u64 | I64 i64 | F64 f64 | C128 C128;
        U64 u64 => U64 u64 | F64 f64 | C128 C128;
        F16 Half => F16 Half | F32 f32 | F64 f64 | C64 C64 | C128 C128;
        F32 f32 => F32 f32 | F64 f64 | C64 C64 | C128 C128;
        F64 f64 => F64 f64 | C128 C128;
        C64 C64 => C64 C64 | C128 C128;
        C128 C128 => C128 C128;
    })
}

/// The scatter of a type.
pub(super) fn scatter(ty: ScalarType, swapped: bool) -> Scatter {
    use ScalarType::*;
    match (ty, swapped) {
        (Bool | I8 | U8, _) => scatter_as::<u8, false>,
        (I16 | U16 | F16 | BF16, false) => scatter_as::<u16, false>,
        (I16 | U16 | F16 | BF16, true) => scatter_as::<u16, true>,
        (I32 | U32 | F32, false) => scatter_as::<u32, false>,
        (I32 | U32 | F32, true) => scatter_as::<u32, true>,
        (I64 | U64 | F64 | DateTime(_) | TimeDelta(_), false) => scatter_as::<u64, false>,
        (I64 | U64 | F64 | DateTime(_) | TimeDelta(_), true) => scatter_as::<u64, true>,
        (C64, false) => scatter_as::<Complex<u32>, false>,
        (C64, true) => scatter_as::<Complex<u32>, true>,
        (C128, false) => scatter_as::<Complex<u64>, false>,
        (C128, true) => scatter_as::<Complex<u64>, true>,
    }
}

/// Buffers for one worker: `count` of them, each with room for a number of elements of the widest type, 64-byte aligned.
#[derive(Default)]
pub(super) struct Scratch {
    memory: Vec<Line>,
    each: usize,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

thread_local! {
    /// The last scratch used on this thread, kept for small calls.
    static KEPT: Cell<Scratch> = const { Cell::new(Scratch { memory: Vec::new(), each: 0 }) };
}

/// Scratch no larger than this stays with its thread.
const KEEP_BYTES: usize = 1 << 20;

impl Scratch {
    /// `count` buffers of `elements` each.
    pub(super) fn take(count: usize, elements: usize) -> Scratch {
        let mut scratch = KEPT.take();
        scratch.each = (elements * 16).div_ceil(64);
        let lines = scratch.each * count;
        if scratch.memory.len() < lines {
            scratch.memory.resize(lines, Line([0; 64]));
        }
        scratch
    }

    /// Start of buffer `index`. Earlier buffers stay as they are.
    pub(super) fn buffer(&mut self, index: usize) -> *mut u8 {
        assert!((index + 1) * self.each <= self.memory.len());
        self.memory.as_mut_ptr().wrapping_add(index * self.each).cast()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.memory.is_empty() && self.memory.len() * 64 <= KEEP_BYTES {
            let memory = std::mem::take(&mut self.memory);
            // A thread that is ending has no place to keep it.
            let _ = KEPT.try_with(|kept| kept.set(Scratch { memory, each: 0 }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casting::safe;

    #[test]
    fn there_is_a_gather_for_every_safe_cast_and_no_other() {
        for from in ScalarType::NUMBERS {
            for to in ScalarType::NUMBERS {
                assert_eq!(gather(from, to, false).is_some(), safe(from, to), "{from} {to}");
            }
        }
    }

    #[test]
    fn a_tile_is_turned() {
        let source: [u16; 6] = [1, 2, 3, 4, 5, 6];
        let mut target = [0u16; 6];
        // SAFETY: two rows of three, to three rows of two.
        unsafe { copy_tile(2, source.as_ptr().cast(), target.as_mut_ptr().cast(), Tile { extents: [2, 3], from: [6, 2], to: [2, 4] }) };
        assert_eq!(target, [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn gathering_strided_swapped_and_cast() {
        let source: [u8; 8] = [0x12, 0x34, 0xff, 0xfe, 0, 1, 0x80, 0];
        let mut target = [0f64; 4];
        // SAFETY: four big-endian int16 in, four float64 out.
        unsafe { gather(ScalarType::I16, ScalarType::F64, true).unwrap()(source.as_ptr(), 2, 4, target.as_mut_ptr().cast()) };
        assert_eq!(target, [4660.0, -2.0, 1.0, -32768.0]);
        // SAFETY: backwards over every other element, from the last but one.
        unsafe { gather(ScalarType::I16, ScalarType::F64, true).unwrap()(source.as_ptr().add(6), -4, 2, target.as_mut_ptr().cast()) };
        assert_eq!(target[..2], [-32768.0, -2.0]);
    }
}
