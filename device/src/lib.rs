//! Devices as owned Rust values.
//!
//! Layer 1: nothing of ours below it. It owns the process's thread pool ([`pool`]) and the floating-point environment that compiled code runs in
//! ([`float_env`]). It must not know kernels, compilers, NumPy or Python.

pub mod float_env;
pub mod pool;
