//! The types of the kernel language.
//!
//! Owns `ScalarType`, `ArrayType` and `Type`, and what is intrinsic to them (width, signedness, spelling). Promotion lives in
//! [`promotion`]. Knows nothing of syntax, IR, NumPy objects or machine types.

mod promotion;
mod scalar;

pub use promotion::{binary_arithmetic, power, true_division, unify, unify_types};
pub use scalar::{Scalar, ScalarType};

use std::fmt;

/// Memory layout of an array argument, as NumPy's flags tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    /// C-contiguous: the last axis is the fastest and dense.
    C,
    /// Fortran-contiguous: the first axis is the fastest and dense.
    F,
    /// Any strides, zero and negative ones included.
    A,
}

/// An array as a kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArrayType {
    /// Element type; complex elements are allowed.
    pub elem: ScalarType,
    /// Number of axes, 1 to 3.
    pub ndim: u8,
    /// Layout promised by the caller.
    pub layout: Layout,
    /// Whether a store to it is refused at compile time.
    pub readonly: bool,
}

/// A type of the kernel language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `None`, and the result of a function that returns nothing.
    None,
    /// A number or a bool.
    Scalar(ScalarType),
    /// A tuple, heterogeneous and nestable.
    Tuple(Vec<Type>),
    /// An array.
    Array(ArrayType),
}

impl Type {
    /// The scalar type, if this is one.
    pub fn scalar(&self) -> Option<ScalarType> {
        match self {
            Type::Scalar(s) => Some(*s),
            _ => None,
        }
    }
}

impl From<ScalarType> for Type {
    fn from(scalar: ScalarType) -> Self {
        Type::Scalar(scalar)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layout::C => "C",
            Layout::F => "F",
            Layout::A => "A",
        })
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "array({}, {}d, {}", self.elem, self.ndim, self.layout)?;
        if self.readonly {
            f.write_str(", readonly")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::None => f.write_str("None"),
            Type::Scalar(s) => s.fmt(f),
            Type::Array(a) => a.fmt(f),
            Type::Tuple(items) => {
                f.write_str("tuple(")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}
