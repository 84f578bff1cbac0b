//! Typed lowering.
use crate::diagnostic::Diagnostic;
use crate::ir::{Kind, Verified};
use crate::names::Definition;
use crate::types::Type;

/// Names of everything the compiler implements.
pub const BUILTINS: &[&str] = &[];

/// What lowering needs besides the function and its argument types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Scalar function or kernel.
    pub kind: Kind,
    /// Contract `a*b + c` (see `pass::contract`).
    pub fma: bool,
}

/// A lowered function.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The IR.
    pub ir: Verified,
    /// The type returned, before splitting.
    pub result: Type,
}

/// Lowers a function for these argument types; `returns` converts the result of a scalar function (an eager signature's), else it is as inferred.
///
/// # Errors
/// The first fault found.
pub fn lower(_d: &Definition, _args: &[Type], _options: Options, _returns: Option<&Type>) -> Result<Lowered, Box<Diagnostic>> {
    unreachable!()
}
