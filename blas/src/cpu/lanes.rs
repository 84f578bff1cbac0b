//! Vector registers: the few operations that the kernels of products and solutions are made of.
//!
//! Owns the names of instructions. A vector is used only inside functions compiled for its instruction set, which whoever chooses the kernel sees to; everything here is
//! inlined into those.
#![allow(unsafe_code)]

use crate::scalar::Real;

/// A register of parts.
pub(super) trait Lanes: Copy {
    /// What it holds.
    type Part: Real;
    /// How many.
    const N: usize;
    /// The first few of them.
    type Some: Copy;

    /// The first `count`, at most `N`.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn first(count: usize) -> Self::Some;
    /// The parts that `some` names; zeros for the others, which are not read.
    ///
    /// # Safety
    /// Those parts are there to read.
    unsafe fn load_some(from: *const Self::Part, some: Self::Some) -> Self;
    /// Writes the parts that `some` names alone.
    ///
    /// # Safety
    /// Those parts are there to write.
    unsafe fn store_some(self, to: *mut Self::Part, some: Self::Some);

    /// All the same.
    ///
    /// # Safety
    /// The processor has the instructions; so for all of these.
    unsafe fn splat(value: Self::Part) -> Self;
    /// # Safety
    /// `N` parts are there to read.
    unsafe fn load(from: *const Self::Part) -> Self;
    /// # Safety
    /// `N` parts are there to write.
    unsafe fn store(self, to: *mut Self::Part);
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn mul(self, by: Self) -> Self;
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn add(self, other: Self) -> Self;
    /// Without signs.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn abs(self) -> Self;
    /// Neighbours exchanged: the first with the second, and so on.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn swapped(self) -> Self;
    /// The sums of those at even places and at odd ones, by halves.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn fold(self) -> [Self::Part; 2];
    /// `plus + self * by`, rounded once.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn fma(self, by: Self, plus: Self) -> Self;
    /// `plus - self * by`, rounded once.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn fnma(self, by: Self, plus: Self) -> Self;
}

/// A register that neighbours in memory can be put together to.
pub(super) trait Joins: Lanes {
    /// Where in two neighbours.
    type Window: Copy;

    /// From that part of the first on.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn window(from: usize) -> Self::Window;
    /// The parts of this register and then of the next one, from where the window begins.
    ///
    /// # Safety
    /// As [`Lanes::splat`].
    unsafe fn joined(self, next: Self, window: Self::Window) -> Self;
}

#[cfg(target_arch = "x86_64")]
macro_rules! joins {
    ($($v:ident of $n:literal: $of:ty, $joined:ident;)*) => {$(
        impl Joins for std::arch::x86_64::$v {
            type Window = std::arch::x86_64::__m512i;

            #[inline(always)]
            unsafe fn window(from: usize) -> Self::Window {
                const COUNT: [$of; 2 * $n] = {
                    let mut places = [0; 2 * $n];
                    let mut l = 0;
                    while l < 2 * $n {
                        places[l] = l as $of;
                        l += 1;
                    }
                    places
                };
                static PLACES: [$of; 2 * $n] = COUNT;
                let places: &[$of] = &PLACES[from..from + $n];
                // SAFETY: as many bytes as a register has.
                unsafe { std::arch::x86_64::_mm512_loadu_si512(places.as_ptr().cast()) }
            }
            #[inline(always)]
            unsafe fn joined(self, next: Self, window: Self::Window) -> Self {
                // SAFETY: the caller's promise.
                unsafe { std::arch::x86_64::$joined(self, window, next) }
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
joins! {
    __m512 of 16: i32, _mm512_permutex2var_ps;
    __m512d of 8: i64, _mm512_permutex2var_pd;
}

/// Asks for the cache line at an address that need not be memory.
#[inline(always)]
pub(super) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; no address makes it fail. SSE is part of the architecture.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

#[cfg(target_arch = "x86_64")]
macro_rules! lanes {
    ($($v:ident of $n:literal $part:ty: $splat:ident $load:ident $store:ident $mul:ident $add:ident $fma:ident $fnma:ident $abs:expr, $swap:expr, $fold:ident,
        $some:ty: $first:expr, $load_some:expr, $store_some:expr;)*) => {$(
        impl Lanes for std::arch::x86_64::$v {
            type Part = $part;
            const N: usize = $n;
            type Some = $some;

            #[inline(always)]
            unsafe fn first(count: usize) -> $some {
                // SAFETY: the caller's promise, here and below.
                unsafe { $first(count) }
            }
            #[inline(always)]
            unsafe fn load_some(from: *const $part, some: $some) -> Self {
                // SAFETY: as above.
                unsafe { $load_some(some, from) }
            }
            #[inline(always)]
            unsafe fn store_some(self, to: *mut $part, some: $some) {
                // SAFETY: as above.
                unsafe { $store_some(to, some, self) }
            }

            #[inline(always)]
            unsafe fn splat(value: $part) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $part) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $part) {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$store(to, self) }
            }
            #[inline(always)]
            unsafe fn mul(self, by: Self) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$mul(self, by) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$add(self, other) }
            }
            #[inline(always)]
            unsafe fn abs(self) -> Self {
                // SAFETY: as above.
                unsafe { $abs(self) }
            }
            #[inline(always)]
            unsafe fn swapped(self) -> Self {
                // SAFETY: as above.
                unsafe { $swap(self) }
            }
            #[inline(always)]
            unsafe fn fold(self) -> [$part; 2] {
                // SAFETY: as above.
                unsafe { $fold(self) }
            }
            #[inline(always)]
            unsafe fn fma(self, by: Self, plus: Self) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$fma(self, by, plus) }
            }
            #[inline(always)]
            unsafe fn fnma(self, by: Self, plus: Self) -> Self {
                // SAFETY: as above.
                unsafe { std::arch::x86_64::$fnma(self, by, plus) }
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
lanes! {
    __m512 of 16 f32: _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_mul_ps _mm512_add_ps _mm512_fmadd_ps _mm512_fnmadd_ps
        std::arch::x86_64::_mm512_abs_ps, std::arch::x86_64::_mm512_permute_ps::<0xb1>, fold_512,
        u16: first_16, std::arch::x86_64::_mm512_maskz_loadu_ps, std::arch::x86_64::_mm512_mask_storeu_ps;
    __m512d of 8 f64: _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_mul_pd _mm512_add_pd _mm512_fmadd_pd _mm512_fnmadd_pd
        std::arch::x86_64::_mm512_abs_pd, std::arch::x86_64::_mm512_permute_pd::<0x55>, fold_512d,
        u8: first_8, std::arch::x86_64::_mm512_maskz_loadu_pd, std::arch::x86_64::_mm512_mask_storeu_pd;
    __m256 of 8 f32: _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_mul_ps _mm256_add_ps _mm256_fmadd_ps _mm256_fnmadd_ps
        abs_256, std::arch::x86_64::_mm256_permute_ps::<0xb1>, fold_256,
        std::arch::x86_64::__m256i: first_256, load_some_256, std::arch::x86_64::_mm256_maskstore_ps;
    __m256d of 4 f64: _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_mul_pd _mm256_add_pd _mm256_fmadd_pd _mm256_fnmadd_pd
        abs_256d, std::arch::x86_64::_mm256_permute_pd::<0x5>, fold_256d,
        std::arch::x86_64::__m256i: first_256d, load_some_256d, std::arch::x86_64::_mm256_maskstore_pd;
}

/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn abs_256(x: std::arch::x86_64::__m256) -> std::arch::x86_64::__m256 {
    std::arch::x86_64::_mm256_andnot_ps(std::arch::x86_64::_mm256_set1_ps(-0.0), x)
}

/// # Safety
/// As [`abs_256`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn abs_256d(x: std::arch::x86_64::__m256d) -> std::arch::x86_64::__m256d {
    std::arch::x86_64::_mm256_andnot_pd(std::arch::x86_64::_mm256_set1_pd(-0.0), x)
}

/// # Safety
/// The processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn fold_512d(x: std::arch::x86_64::__m512d) -> [f64; 2] {
    use std::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe { fold_256d(_mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd::<1>(x))) }
}

/// # Safety
/// As [`fold_512d`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn fold_512(x: std::arch::x86_64::__m512) -> [f32; 2] {
    use std::arch::x86_64::*;
    let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(x)));
    // SAFETY: the caller's promise.
    unsafe { fold_256(_mm256_add_ps(_mm512_castps512_ps256(x), high)) }
}

/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn fold_256d(x: std::arch::x86_64::__m256d) -> [f64; 2] {
    use std::arch::x86_64::*;
    let both = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
    [_mm_cvtsd_f64(both), _mm_cvtsd_f64(_mm_unpackhi_pd(both, both))]
}

/// # Safety
/// As [`fold_256d`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn fold_256(x: std::arch::x86_64::__m256) -> [f32; 2] {
    use std::arch::x86_64::*;
    let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
    let both = _mm_add_ps(four, _mm_movehl_ps(four, four));
    [_mm_cvtss_f32(both), _mm_cvtss_f32(_mm_movehdup_ps(both))]
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn first_16(count: usize) -> u16 {
    ((1_u32 << count) - 1) as u16
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn first_8(count: usize) -> u8 {
    ((1_u32 << count) - 1) as u8
}

/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn first_256(count: usize) -> std::arch::x86_64::__m256i {
    use std::arch::x86_64::*;
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

/// # Safety
/// As [`first_256`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn first_256d(count: usize) -> std::arch::x86_64::__m256i {
    use std::arch::x86_64::*;
    _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), _mm256_setr_epi64x(0, 1, 2, 3))
}

/// # Safety
/// As [`Lanes::load_some`]; the processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load_some_256(some: std::arch::x86_64::__m256i, from: *const f32) -> std::arch::x86_64::__m256 {
    // SAFETY: the caller's promise.
    unsafe { std::arch::x86_64::_mm256_maskload_ps(from, some) }
}

/// # Safety
/// As [`load_some_256`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load_some_256d(some: std::arch::x86_64::__m256i, from: *const f64) -> std::arch::x86_64::__m256d {
    // SAFETY: the caller's promise.
    unsafe { std::arch::x86_64::_mm256_maskload_pd(from, some) }
}
