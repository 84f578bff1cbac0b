//! The unsafe ground of the CPU backend: outputs shared by columns or written past the caches, and loops compiled for several instruction sets.
//!
//! Owns every pointer and every `target_feature` of the crate; what it offers is safe to call. A
//! loop is the same Rust in each version and no version has licence to fuse or reorder
//! floating-point operations, so all give the same bits. Must not know what is drawn.
#![allow(unsafe_code)]

mod columns;
mod stream;

use once_cell::race::OnceBox;

pub(super) use columns::{Columns, Tile};
pub(crate) use stream::{STREAM_BYTES, Stream};

/// An instruction set that the loop was compiled for. Only [`Level::detect`] and
/// [`Level::available`] make one, so holding one proves that this CPU has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The widest that this CPU has and that `VERDIGRIS_CPU`, the name of a processor (read once), has too.
    pub(crate) fn detect() -> Self {
        static CHOSEN: OnceBox<Level> = OnceBox::new();
        *CHOSEN.get_or_init(|| Box::new(Self::of_processor(&std::env::var("VERDIGRIS_CPU").unwrap_or_default())))
    }

    fn of_processor(name: &str) -> Self {
        let widest = Self::widest();
        match name {
            "x86-64" | "x86-64-v2" | "core2" | "nehalem" | "westmere" | "sandybridge" | "ivybridge" => Self(Set::Baseline),
            #[cfg(target_arch = "x86_64")]
            "x86-64-v3" | "haswell" | "broadwell" | "skylake" | "alderlake" | "znver1" | "znver2" | "znver3" if widest.0 == Set::Avx512 => {
                Self(Set::Avx2)
            }
            _ => widest,
        }
    }

    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
            {
                return Self(Set::Avx512);
            }
            return Self(Set::Avx2);
        }
        Self(Set::Baseline)
    }
}

impl Level {
    /// Whether its instructions include a fused multiply-add. (Without one, that is a call of the C library's.)
    pub(crate) fn fuses(self) -> bool {
        self.0 != Set::Baseline
    }
}

#[cfg(test)]
impl Level {
    /// Every one that this CPU has.
    pub(crate) fn available() -> Vec<Self> {
        let sets = [
            Set::Baseline,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512,
        ];
        let widest = Self::widest().0 as usize;
        sets.into_iter().filter(|&set| set as usize <= widest).map(Self).collect()
    }
}

/// Work with a loop that is worth an instruction set of its own. Every `go`, and what its loops call, is `#[inline(always)]`: what is not inlined
/// into the versions below is compiled for none of their instructions.
pub(crate) trait Work {
    type Output;
    fn go(self) -> Self::Output;
}

/// Runs `work` compiled for the level's instructions.
pub(crate) fn run<W: Work>(level: Level, work: W) -> W::Output {
    match level.0 {
        Set::Baseline => work.go(),
        // SAFETY: a `Level` of this set exists only if the CPU was found to have its features.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { run_avx2(work) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { run_avx512(work) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<W: Work>(work: W) -> W::Output {
    work.go()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,fma")]
fn run_avx512<W: Work>(work: W) -> W::Output {
    work.go()
}
