//! cuda-jit
