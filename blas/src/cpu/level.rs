//! One loop compiled for several instruction sets, chosen at run time.
//!
//! Owns what the kernels' instructions depend on: the processor, and `VERDIGRIS_CPU`, which may name an older one. A [`Kernel`] is a loop with its operands; [`run`] runs it in the widest version that this processor has. A version may fuse
//! multiplications with additions where it has the instruction, so results differ in the last bits between processors, never between threads.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::sync::atomic::{AtomicU8, Ordering};

/// A loop with its operands.
pub(super) trait Kernel {
    /// What it gives.
    type Out;
    /// The loop. `FMA` says whether `mul_add` is one instruction here; without it that would be a call. Has to be `#[inline(always)]`.
    fn run<const FMA: bool>(self) -> Self::Out;
}

/// How wide the vectors are that kernels use.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// SSE2.
    Baseline,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 with its F, DQ, BW and VL parts, AVX2 and FMA.
    Avx512,
}

#[cfg(target_arch = "x86_64")]
impl Width {
    /// What is for this width and for numbers with parts `R`, if anything is: of what there is for float32, float64, complex64 and complex128 with AVX-512, then for the same
    /// with AVX2.
    #[inline(always)]
    pub(super) fn version<R, V: std::any::Any>(self, is_complex: bool, versions: [&'static dyn std::any::Any; 8]) -> Option<&'static V> {
        // The type is known where this is inlined, and so is what each of the two is: only the width is asked for at run time.
        let of_type = 2 * usize::from(is_complex) + usize::from(size_of::<R>() == 8);
        let (wide, narrow) = (versions[of_type].downcast_ref(), versions[4 + of_type].downcast_ref());
        match self {
            Width::Avx512 => wide,
            Width::Avx2 => narrow,
            Width::Baseline => None,
        }
    }
}

/// An answer about this processor, from 1 on, found once: `kept` is 0 until somebody has asked.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn found_once(kept: &AtomicU8, find: fn() -> u8) -> u8 {
    #[cold]
    #[inline(never)]
    fn first(kept: &AtomicU8, find: fn() -> u8) -> u8 {
        let answer = find();
        kept.store(answer, Ordering::Relaxed);
        answer
    }

    match kept.load(Ordering::Relaxed) {
        0 => first(kept, find),
        answer => answer,
    }
}

/// The widest that this processor has and that `VERDIGRIS_CPU`, the name of a processor (read once), has too.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn width() -> Width {
    static WIDEST: AtomicU8 = AtomicU8::new(0);
    match found_once(&WIDEST, || 1 + detected().min(of_processor(&std::env::var("VERDIGRIS_CPU").unwrap_or_default())) as u8) {
        3 => Width::Avx512,
        2 => Width::Avx2,
        _ => Width::Baseline,
    }
}

/// Whether loops along memory do better to ask for what they will need: AMD's processors see for themselves (Zen 4 is a tenth to a quarter slower if asked).
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn asks_ahead() -> bool {
    static ANSWER: AtomicU8 = AtomicU8::new(0);
    let ask = || {
        let vendor = std::arch::x86_64::__cpuid(0);
        let amd = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD";
        1 + u8::from(!amd)
    };
    found_once(&ANSWER, ask) == 2
}

/// Elsewhere they do.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn asks_ahead() -> bool {
    true
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Width {
    if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
        return Width::Baseline;
    }
    let wide = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl");
    if wide { Width::Avx512 } else { Width::Avx2 }
}

/// What the processor of that name has, as compilers call it; no limit where the name says nothing.
#[cfg(target_arch = "x86_64")]
fn of_processor(name: &str) -> Width {
    match name {
        "x86-64" | "x86-64-v2" | "core2" | "nehalem" | "westmere" | "sandybridge" | "ivybridge" => Width::Baseline,
        "x86-64-v3" | "haswell" | "broadwell" | "skylake" | "alderlake" | "znver1" | "znver2" | "znver3" => Width::Avx2,
        _ => Width::Avx512,
    }
}

/// Runs a kernel in the widest version there is.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Out {
    match width() {
        // SAFETY: that is the width only where the processor was found to have the features.
        Width::Avx512 => unsafe { avx512(kernel) },
        // SAFETY: as above.
        Width::Avx2 => unsafe { avx2(kernel) },
        Width::Baseline => kernel.run::<false>(),
    }
}

/// Runs a kernel: on NEON, fusing is part of the baseline.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Out {
    kernel.run::<{ cfg!(target_arch = "aarch64") }>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Out {
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Out {
    kernel.run::<true>()
}

/// Every version that this processor has, for tests that compare them.
#[cfg(test)]
pub(super) fn each<K: Kernel>(kernel: impl Fn() -> K, mut check: impl FnMut(K::Out)) {
    check(kernel().run::<false>());
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just found.
            check(unsafe { avx2(kernel()) });
        }
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: just found; every processor with these has AVX-512VL, AVX2 and FMA.
            check(unsafe { avx512(kernel()) });
        }
    }
}
