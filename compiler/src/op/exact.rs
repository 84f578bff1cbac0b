//! The fused multiply-add of the C library: the one function that is called where the processor lacks the instruction.
//!
//! Exact by C's own definition, so that the interpreter, code for processors with the instruction and code for those without agree to the bit.
#![allow(unsafe_code)]

// SAFETY: the signatures are those of ISO C's <math.h>; both take and give floats by value and are defined for every argument.
#[link(name = "m")]
unsafe extern "C" {
    /// x * y + z, rounded once.
    pub safe fn fma(x: f64, y: f64, z: f64) -> f64;
    /// x * y + z, rounded once.
    pub safe fn fmaf(x: f32, y: f32, z: f32) -> f32;
}

/// Name and address of each.
pub fn symbols() -> [(&'static str, *const ()); 2] {
    [("fma", fma as *const ()), ("fmaf", fmaf as *const ())]
}
