//! Python text to machine code.
//!
//! The stages, in the order in which [`compile`] calls them:
//!
//! 1. A host hands over a [`names::Definition`]: a function's text, where it came from ([`source`]), and what its free names mean. A host without Python makes one by
//!    `Definition::from_text`.
//! 2. [`syntax`] parses it to a small tree. [`lower`] types the tree for given argument types and emits structured [`ir`]: calls inlined, complex numbers and tuples
//!    split, every instruction with the span it came from. What is wrong with the user's function is found up to here and told as a [`diagnostic`].
//! 3. [`pass`] contracts and tidies; [`ir::Verified`] is the proof that all later stages demand.
//! 4. [`llvm`] emits it for one lane or for a warp of 32, optimises, assembles and loads it; [`interp`] runs the same IR slowly and plainly, as the meaning to compare
//!    with.
//! 5. Whoever runs the code keeps to [`abi`].
//!
//! [`types`] and [`op`] are the vocabulary of all stages: an operation is one row of the op table, whatever runs it. Rows that are functions like `sin` are in [`math`], written in
//! the language itself.
//!
//! ```
//! use verdigris_compiler::{abi, compile, ir::Kind, llvm, lower, names::Definition, types::{ScalarType, Type}};
//!
//! let text = "def collatz(n):\n    steps = 0\n    while n != 1:\n        n = 3 * n + 1 if n % 2 else n // 2\n        steps += 1\n    return steps\n";
//! let definition = Definition::from_text("collatz.py", text, "collatz", [])?;
//! let int64 = ScalarType::I64;
//! let shape = llvm::Shape::Loop {
//!     lanes: llvm::Lanes::Warp,
//!     signature: llvm::Signature { inputs: vec![int64], outputs: vec![int64] },
//!     uniform: 0,
//!     exact_flags: false,
//!     stream: false,
//! };
//! let options = lower::Options { kind: Kind::Scalar, fma: false, fastmath: false, zero_division: false };
//! let code = compile(&definition, &[Type::Scalar(int64)], options, &shape, &llvm::Cpu::new(None)?)?;
//!
//! let (numbers, mut steps) = ([27i64, 97, 871, 6171], [0i64; 4]);
//! let state = abi::LaunchState::default();
//! let launch = abi::Launch::new([1; 3], [1; 3], &state.stop, &state);
//! let operands = [numbers.as_ptr() as *mut u8, steps.as_mut_ptr().cast()];
//! // SAFETY: one input and one output of four int64, as the signature says.
//! unsafe { code.elements()(operands.as_ptr(), 4, &launch) };
//! assert_eq!(steps, [111, 118, 178, 261]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod abi;
pub mod cache;
pub mod diagnostic;
pub mod faults;
pub mod fork;
pub mod interp;
pub mod ir;
pub mod llvm;
pub mod lower;
pub mod math;
pub mod names;
pub mod op;
pub mod pass;
pub mod print;
pub mod source;
pub mod standard;
pub mod syntax;
pub mod types;

use std::fmt;
use std::sync::Arc;

/// Compiles a function for argument types, in one shape.
///
/// # Errors
/// A diagnostic, if something is wrong with the function; a fault of ours otherwise.
pub fn compile(
    definition: &names::Definition,
    args: &[types::Type],
    options: lower::Options,
    shape: &llvm::Shape,
    cpu: &llvm::Cpu,
) -> Result<Arc<llvm::Code>, Error> {
    let lowered = lower::lower(definition, args, options, None).and_then(lower::Lowered::of_arguments_alone).map_err(Error::Function)?;
    llvm::compile(&lowered.ir, shape, cpu).map_err(Error::Machine)
}

/// Why [`compile`] gave no code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The user's function.
    Function(Box<diagnostic::Diagnostic>),
    /// The processor, or a fault of the compiler.
    Machine(llvm::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Function(d) => f.write_str(&d.render()),
            Error::Machine(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
