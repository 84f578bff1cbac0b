#![allow(unsafe_code)]
//! IEEE flags of the math library's functions: those of their definitions, whatever their steps raise.
//!
//! Compiled code comes here only where flags are looked at lane by lane (`emit::routine`). Not known here: lanes, masks.

use std::hint::black_box;

use crate::op::Math;

/// A float type.
pub(super) trait Float: Copy + Into<f64> {
    const SMALLEST_NORMAL: f64;
    /// Whether a result raises no flag: finite, and neither subnormal nor zero.
    fn is_plain(self) -> bool;
}

impl Float for f64 {
    const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;
    fn is_plain(self) -> bool {
        self.is_normal()
    }
}

impl Float for f32 {
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    fn is_plain(self) -> bool {
        self.is_normal()
    }
}

/// The flags that anybody looks at: Invalid, DivideByZero, Overflow, Underflow. Nobody asks for Inexact.
const LOOKED_AT: u32 = 0b01_1101;

/// Runs `f` and forgets the flags that it raised, but for Inexact.
pub(super) fn quietly<T>(f: impl FnOnce() -> T) -> T {
    let before = state();
    let value = f();
    // Setting the state takes as long as a sine does.
    if (state() ^ before) & LOOKED_AT != 0 {
        set_state(before);
    }
    value
}

/// Raises what a row's definition asks for on these operands: Invalid for a NaN made of numbers, DivideByZero at a pole, Overflow for an infinity made of finite numbers,
/// Underflow for a result too small to be exact.
pub(super) fn raise(math: Math, args: &[f64], result: f64, smallest_normal: f64) {
    if args.iter().any(|a| a.is_nan()) {
        return;
    }
    if result.is_nan() {
        // 0 / 0
        black_box(black_box(0.0) / black_box(0.0));
    } else if result.is_infinite() && args.iter().all(|a| a.is_finite()) {
        if is_pole(math, args) {
            black_box(black_box(1.0) / black_box(0.0));
        } else {
            black_box(black_box(f64::MAX) * black_box(2.0));
        }
    } else if result.abs() < smallest_normal && args.iter().all(|a| a.is_finite()) && is_inexact(math, args, result) {
        black_box(black_box(f64::MIN_POSITIVE) * black_box(f64::MIN_POSITIVE));
    }
}

/// Whether an infinite result is exact: the function has a pole there.
fn is_pole(math: Math, args: &[f64]) -> bool {
    match math {
        Math::Log | Math::Log2 | Math::Log10 | Math::Log1p | Math::Atanh | Math::Lgamma | Math::Rsqrt => true,
        Math::Erfinv | Math::Erfcinv | Math::Normcdfinv | Math::LogFar => true,
        Math::Gamma => args[0] == 0.0,
        Math::Pow => args[0] == 0.0,
        _ => false,
    }
}

/// Whether a result near zero was rounded.
fn is_inexact(math: Math, args: &[f64], result: f64) -> bool {
    match math {
        Math::Fmod | Math::Remainder | Math::Fdim | Math::Round | Math::Log | Math::Log2 | Math::Log10 => false,
        Math::Pow => args[0] != 0.0,
        Math::Nextafter => args[0] != args[1],
        Math::Exp | Math::Exp2 | Math::Exp10 | Math::Erfc | Math::Erfcx | Math::Normcdf | Math::Gamma => true,
        _ => result != 0.0,
    }
}

#[cfg(target_arch = "x86_64")]
fn state() -> u32 {
    let mut state = 0u32;
    // SAFETY: stores MXCSR to a local. No `nomem`: arithmetic must not be thought free of it.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut state, options(nostack, preserves_flags)) };
    state
}

#[cfg(target_arch = "x86_64")]
fn set_state(state: u32) {
    // SAFETY: loads an MXCSR that was read just before.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &state, options(nostack, preserves_flags)) };
}

#[cfg(not(target_arch = "x86_64"))]
fn state() -> u32 {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn set_state(_: u32) {}
