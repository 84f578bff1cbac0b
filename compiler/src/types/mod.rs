//! The types of the kernel language.
//!
//! Owns `ScalarType`, `ArrayType` and `Type`, and what is intrinsic to them (width, signedness, spelling). Promotion lives in
//! `promotion`. Knows nothing of syntax, IR, NumPy objects or machine types.

mod compound;
pub mod half;
mod promotion;
mod scalar;

pub use compound::{FieldType, Leaf, NamedType, RecordField, RecordType, dotted};
pub use promotion::{Loss, binary_arithmetic, power, true_division, unify, unify_types};
pub use scalar::{Scalar, ScalarType, TimeUnit};

use std::fmt;
use std::sync::Arc;

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
    /// A named tuple or a vector: the items with their names.
    Named(Arc<NamedType>, Vec<Type>),
    /// An array.
    Array(ArrayType),
    /// An array of records; one record is an array of one that is indexed with 0.
    Records(RecordsType),
}

/// Most axes of an array, those of record fields included.
pub const MOST_AXES: u8 = 8;
/// Most elements along an axis of an array that compiled code is given: sums and differences of a few extents do not wrap. Only arrays without elements, or with elements that share memory, could have more.
pub const MOST_EXTENT: u64 = 1 << 60;

/// An array of records, or a single record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordsType {
    /// What each is.
    pub record: Arc<RecordType>,
    /// Number of axes; 0 for a single record, which is passed as an array of one axis.
    pub ndim: u8,
    /// Whether a store to it is refused at compile time.
    pub readonly: bool,
}

impl RecordsType {
    /// The arrays of the IR that it is passed as, one for each number of a record: its path, and its type, whose axes are the records' and then the field's.
    pub fn arrays(&self) -> impl Iterator<Item = (Leaf, ArrayType)> {
        let (ndim, readonly) = (self.ndim.max(1), self.readonly);
        self.record.leaves().into_iter().map(move |leaf| {
            let ndim = ndim + leaf.axes.len() as u8;
            let ty = ArrayType { elem: leaf.ty, ndim, layout: Layout::A, readonly };
            (leaf, ty)
        })
    }
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

impl fmt::Display for RecordsType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ndim {
            0 => self.record.fmt(f),
            ndim => write!(f, "array({}, {ndim}d{})", self.record, if self.readonly { ", readonly" } else { "" }),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::None => f.write_str("None"),
            Type::Scalar(s) => s.fmt(f),
            Type::Array(a) => a.fmt(f),
            Type::Records(r) => r.fmt(f),
            Type::Named(named, items) => {
                f.write_str(&named.name)?;
                if named.vector.is_some() {
                    return Ok(());
                }
                f.write_str("(")?;
                for (i, (field, item)) in named.fields.iter().zip(items).enumerate() {
                    write!(f, "{}{field}: {item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
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
