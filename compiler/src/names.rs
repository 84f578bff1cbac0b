//! What the free names of a function mean: the table the host supplies.
//!
//! The host asks [`crate::syntax::free_paths`] which dotted paths a function uses (`math.sin`, `cuda.threadIdx.x`, `limit`), resolves each in its own
//! world (Python by object identity, so that an alias does not matter) and hands back a [`Definition`]. Nothing in the compiler looks a
//! name up anywhere else.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::source::SourceFile;
use crate::types::{ArrayType, NamedType, RecordType, Scalar, ScalarType, Type};

/// A function with everything its text refers to. Immutable; shared by `Arc`.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The text.
    pub source: Arc<SourceFile>,
    /// The function's name; `<lambda>` for a lambda.
    pub name: String,
    /// 1-based line, counted in `source.text`, of the `def` or `lambda` meant, for a text that holds several; 0 for the first of that name.
    pub line: u32,
    /// 0-based column (UTF-8 bytes in the text) of a lambda, for a line that holds several.
    pub column: Option<u32>,
    /// Meaning of each dotted path, keyed by the path as written. For `a.b.c` the longest entry that is a prefix is used, the rest
    /// being attributes of that value (`limits.shape` may have an entry for `limits` only).
    pub names: BTreeMap<String, Meaning>,
    /// Values of defaulted parameters, by parameter name.
    pub defaults: BTreeMap<String, Meaning>,
    /// Types of arguments and result that callers convert to, the best of several; none: the function takes what it is given.
    pub declared: Vec<Declared>,
}

impl Definition {
    /// The function of that name in a text, wherever it begins; no name it uses means anything yet.
    pub fn bare(source: Arc<SourceFile>, name: &str) -> Definition {
        Definition { source, name: name.to_owned(), line: 0, column: None, names: BTreeMap::new(), defaults: BTreeMap::new(), declared: Vec::new() }
    }
}

/// The types a called function was declared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Of the arguments.
    pub args: Vec<Type>,
    /// Of the result, if that was told.
    pub returns: Option<Type>,
}

/// What a path stands for.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A constant.
    Constant(Constant),
    /// An array frozen as a constant when the function was compiled.
    Array(Arc<ConstantArray>),
    /// An array of records frozen as a constant: its type, its extents, and for each of [`RecordType::leaves`] the numbers, which have the records' axes and then the leaf's own.
    Records(Arc<RecordType>, Vec<usize>, Vec<Arc<ConstantArray>>),
    /// An array in the host's memory that kernels read and write by its name.
    Captured(Arc<Captured>),
    /// A tuple with arrays in it.
    Tuple(Vec<Meaning>),
    /// A type usable as a conversion: `np.float32`, `int`, `verdigris.float64`.
    Type(ScalarType),
    /// A structured dtype.
    Record(Arc<RecordType>),
    /// A function or object the compiler implements, by its canonical name (`math.sin`, `cuda.grid`, `cuda.threadIdx`, `abs`, `range`): see
    /// [`crate::lower::BUILTINS`].
    Builtin(String),
    /// A class of named tuples, called to make one.
    Class(Arc<NamedType>),
    /// A class of enumerations: what its members are called, and their values.
    Enum {
        /// Name of the class.
        name: String,
        /// Names, aliases among them, and values.
        members: Vec<(String, Constant)>,
    },
    /// Another compiled function.
    Function(Arc<Definition>),
    /// A class of exceptions: its name, and a number by which the host knows it (0: Python's own of that name).
    Exception {
        /// Name.
        name: String,
        /// The host's number.
        token: u64,
    },
    /// Something that exists but cannot be used, with a noun phrase for it (`the module numpy.random`, `a list`) and what to do instead.
    Unsupported {
        /// Noun phrase.
        what: String,
        /// What to do instead.
        help: Option<String>,
    },
}

/// A constant value.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `None`.
    None,
    /// A Python bool.
    Bool(bool),
    /// A Python int, typed int64 (uint64 if it does not fit; else refused where used).
    Int(i128),
    /// A Python float.
    Float(f64),
    /// A Python complex.
    Complex(f64, f64),
    /// A string; usable only where the language takes one.
    Str(String),
    /// Bytes; the same.
    Bytes(Vec<u8>),
    /// A NumPy scalar with its own type.
    Scalar(Scalar),
    /// A number of float16 or bfloat16, as the float32 of the same number.
    Half(ScalarType, f32),
    /// A NumPy datetime64 or timedelta64.
    Time(ScalarType, i64),
    /// A NumPy complex scalar.
    ComplexScalar(ScalarType, f64, f64),
    /// A tuple.
    Tuple(Vec<Constant>),
    /// A named tuple.
    Named(Arc<NamedType>, Vec<Constant>),
}

/// An array that stays the host's: a kernel that names it takes it as one argument more.
pub struct Captured {
    /// Its type.
    pub ty: ArrayType,
    /// What the host knows it by; it lives as long as this.
    pub held: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Captured").field(&self.ty).finish()
    }
}

/// The contents of a frozen array.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantArray {
    /// Its type; layout C, readonly.
    pub ty: ArrayType,
    /// Extents, one an axis.
    pub shape: Vec<usize>,
    /// Elements in C order, native byte order.
    pub data: Vec<u8>,
}
