//! What a machine must be able to do to run a generator.
//!
//! Owns the trait between the generators and the machines that run them. Every call value was
//! judged by its own constructor in `distribution`; a backend re-checks nothing and cannot fail.
//! Must not know which backends exist. No method has a default body: a new distribution is a
//! compile error in each backend until that backend has it.

use crate::distribution::{Bits, Normal, Poisson, Uniform};
use crate::generator::Layout;

/// The point of a stream at which a generator starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    pub(crate) offset: u64,
    pub(crate) layout: Layout,
}

/// One generator's state on one machine.
pub(crate) trait Backend: Floats<f32> + Floats<f64> + Send + Sync {
    /// Puts the state to `origin`, whatever it was before. Called before the first request.
    fn start(&mut self, origin: Origin);
    /// Fills with raw draws.
    fn bits(&mut self, call: Bits<'_>);
    /// Fills with Poisson numbers.
    fn poisson(&mut self, call: Poisson<'_>);
}

/// The distributions over a floating-point type.
pub(crate) trait Floats<T> {
    /// Fills with numbers in `(0, 1]`.
    fn uniform(&mut self, call: Uniform<'_, T>);
    /// Fills with normal or lognormal numbers.
    fn normal(&mut self, call: Normal<'_, T>);
}
