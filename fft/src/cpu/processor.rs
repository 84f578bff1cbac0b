//! Which of the processor's instruction sets are used.
//!
//! Owns the choice: the widest that there is and that `VERDIGRIS_CPU`, the name of a processor (read once), has too.

use once_cell::race::OnceBox;
use pulp::{Arch, WithSimd};

/// The instruction set that kernels are compiled for and run with.
pub(super) fn arch() -> Arch {
    static CHOSEN: OnceBox<Arch> = OnceBox::new();
    *CHOSEN.get_or_init(|| Box::new(of_processor(&std::env::var("VERDIGRIS_CPU").unwrap_or_default())))
}

/// Runs an operation with registers of some lanes, for those that are planned only where there are any: it is not compiled for single numbers.
#[cfg(target_arch = "x86_64")]
pub(super) fn in_registers<Op: WithSimd>(arch: Arch, op: Op) -> Op::Output {
    use pulp::Simd;
    match arch {
        Arch::V4(simd) => Simd::vectorize(simd, op),
        Arch::V3(simd) => Simd::vectorize(simd, op),
        _ => unreachable!("planned for a processor with registers"),
    }
}

/// Runs an operation with the processor's registers.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn in_registers<Op: WithSimd>(arch: Arch, op: Op) -> Op::Output {
    arch.dispatch(op)
}

fn of_processor(name: &str) -> Arch {
    let widest = Arch::new();
    match name {
        "x86-64" | "x86-64-v2" | "core2" | "nehalem" | "westmere" | "sandybridge" | "ivybridge" => Arch::Scalar,
        #[cfg(target_arch = "x86_64")]
        "x86-64-v3" | "haswell" | "broadwell" | "skylake" | "alderlake" | "znver1" | "znver2" | "znver3" => match pulp::x86::V3::try_new() {
            Some(simd) => Arch::V3(simd),
            None => widest,
        },
        _ => widest,
    }
}
