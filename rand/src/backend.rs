//! What a machine must be able to do to run a generator.
//!
//! Owns the trait between the generators and the machines that run them. Every call value was
//! judged by its own constructor in `distribution`; a backend re-checks nothing and cannot fail.
//! Must not know which backends exist. No method has a default body: a new distribution is a
//! compile error in each backend until that backend has it.

use crate::distribution::{Normal, Poisson};
use crate::generator::Layout;
use crate::state::{Reader, Writer};

/// The point of a stream at which a generator starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    pub(crate) offset: u64,
    pub(crate) layout: Layout,
    /// Dimensions of a quasirandom generator; 1 for others.
    pub(crate) dims: usize,
}

/// One generator's state on one machine.
///
/// What fills an output returns what the call adds to cuRAND's count of the stream.
pub(crate) trait Backend: Floats<f32> + Floats<f64> + Send + Sync {
    /// Puts the state to `origin`, whatever it was before. Called before the first request.
    fn start(&mut self, origin: Origin);
    /// Another number of dimensions from here on. Called for quasirandom generators only.
    fn set_dims(&mut self, dims: usize);
    /// Fills with raw 32-bit draws. Not called for generators of 64-bit ones.
    fn bits(&mut self, out: &mut [u32]) -> u64;
    /// Fills with raw 64-bit draws: native ones, or two 32-bit ones each, the first one low.
    fn words(&mut self, out: &mut [u64]) -> u64;
    /// Fills with Poisson numbers.
    fn poisson(&mut self, call: Poisson<'_>) -> u64;
    /// Leaves out `n` raw draws (points, for a quasirandom generator).
    fn skip(&mut self, n: u64);
    /// A copy that goes on from the same point.
    fn copy(&self) -> Box<dyn Backend>;
    /// Writes all that the rest of the stream depends on.
    fn save(&self, writer: &mut Writer);
    /// Reads what `save` wrote for a generator of the same origin; None if it did not.
    fn load(&mut self, origin: Origin, reader: &mut Reader<'_>) -> Option<()>;
}

/// The distributions over a floating-point type.
pub(crate) trait Floats<T> {
    /// Fills with numbers in `(0, 1]`.
    fn uniform(&mut self, out: &mut [T]) -> u64;
    /// Fills with normal or lognormal numbers.
    fn normal(&mut self, call: Normal<'_, T>) -> u64;
}
