//! What a call can get wrong, as data.
//!
//! Owns the crate's one error type. Every variant is found before anything is written. Numbers that are bad for the mathematics (a singular matrix) are results
//! (`info`), not errors.

use std::fmt;

use verdigris_device::DeviceError;

/// A call that cannot be made. `routine` is BLAS's name without the type's letter, `operand` the argument's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A shape that does not fit the others.
    Shape {
        /// The routine.
        routine: &'static str,
        /// The argument.
        operand: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// What it has to be.
        expected: Vec<usize>,
    },
    /// A value outside what the argument takes.
    Value {
        /// The routine.
        routine: &'static str,
        /// The argument.
        operand: &'static str,
        /// The value.
        found: String,
        /// What it has to be.
        expected: String,
    },
    /// An output that shares memory with another operand.
    Aliasing {
        /// The routine.
        routine: &'static str,
        /// The output.
        operand: &'static str,
        /// The other.
        with: &'static str,
    },
    /// An output two of whose elements lie at one place.
    Overlap {
        /// The routine, or `view` where a view is made.
        routine: &'static str,
        /// The output.
        operand: &'static str,
    },
    /// A view that would reach outside its slice.
    Reach {
        /// The view's shape.
        shape: Vec<usize>,
        /// Its strides, in elements.
        strides: Vec<isize>,
        /// Elements in the slice.
        len: usize,
    },
    /// Memory for a temporary could not be had.
    OutOfMemory {
        /// The routine.
        routine: &'static str,
        /// Bytes asked for.
        bytes: usize,
    },
    /// `VERDIGRIS_BLAS` names a library that cannot be used.
    LibraryNotFound {
        /// What was asked for.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The machine has no such form of the routine.
    Unsupported {
        /// The routine.
        routine: &'static str,
        /// What there is none of, and what to do instead.
        why: String,
    },
    /// A GPU's driver or library.
    Device(DeviceError),
}

fn shape(dims: &[usize]) -> String {
    match dims {
        [one] => format!("({one},)"),
        _ => format!("({})", dims.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape { routine, operand, found, expected } => {
                write!(f, "{routine}: `{operand}` has shape {}, and the other operands ask for {}", shape(found), shape(expected))
            }
            Error::Value { routine, operand, found, expected } => write!(f, "{routine}: `{operand}` is {found}, and has to be {expected}"),
            Error::Aliasing { routine, operand, with } => {
                write!(f, "{routine}: the output `{operand}` shares memory with `{with}`; give it memory of its own, or a copy of `{with}`")
            }
            Error::Overlap { routine, operand } => {
                write!(f, "{routine}: elements of the output `{operand}` share memory with one another (is it broadcast?)")
            }
            Error::Reach { shape: dims, strides, len } => {
                write!(f, "a view of shape {} with strides {strides:?} reaches outside a slice of {len} elements", shape(dims))
            }
            Error::OutOfMemory { routine, bytes } => write!(f, "{routine}: no memory for a temporary of {bytes} bytes"),
            Error::Unsupported { routine, why } => write!(f, "{routine}: {why}"),
            Error::Device(error) => error.fmt(f),
            Error::LibraryNotFound { name, reason } => write!(f, "VERDIGRIS_BLAS={name}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
