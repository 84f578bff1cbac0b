//! What can go wrong in defining or calling a ufunc, as data. Owns no rendering beyond one line each.

use std::fmt;

use verdigris_compiler::abi::{Failure, Site};
use verdigris_compiler::diagnostic::Diagnostic;
use verdigris_compiler::llvm;
use verdigris_compiler::types::ScalarType;

/// Why a ufunc could not be made or did not run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// Something is wrong with the function's text for these types.
    Diagnostic(Box<Diagnostic>),
    /// The compiler gave no code.
    Compiler(llvm::Error),
    /// A signature that does not parse.
    Signature {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The function's result is no scalar and no tuple of scalars.
    Result {
        /// Its type, spelled.
        found: String,
    },
    /// Two loops of one ufunc have different numbers of results.
    ResultCount {
        /// Of the first.
        expected: usize,
        /// Of this one.
        found: usize,
    },
    /// A call with the wrong number of operands.
    ArgumentCount {
        /// Inputs the function takes.
        expected: usize,
        /// Inputs given.
        found: usize,
    },
    /// No declared loop takes these types by safe casts.
    NoLoop {
        /// The ufunc.
        name: String,
        /// Types asked for.
        inputs: Vec<ScalarType>,
    },
    /// Shapes that do not broadcast together.
    Broadcast {
        /// The shapes.
        shapes: Vec<Vec<isize>>,
    },
    /// An output whose shape is not the broadcast shape, or whose elements share memory.
    Output {
        /// The shape wanted.
        expected: Vec<isize>,
        /// The shape given.
        found: Vec<isize>,
    },
    /// An operand of another type than the loop's, where no safe cast leads.
    OperandType {
        /// Which operand, inputs first.
        operand: usize,
        /// The loop's type.
        expected: ScalarType,
        /// The operand's.
        found: ScalarType,
    },
    /// An output that overlaps an input in another way than element for element.
    Overlap,
    /// The function failed at an element.
    Failed {
        /// What the code recorded; `thread` is the element, in the order of the operands' memory.
        failure: Failure,
        /// Where and how.
        site: Box<Site>,
    },
    /// On a GPU.
    Gpu(verdigris_gpu::Error),
    /// The watch said stop; some elements were not computed.
    Stopped,
    /// The function takes other than two arguments, or its result cannot be its first argument again.
    NotReducible {
        /// The ufunc.
        name: String,
    },
    /// A layout that does not parse.
    Layout {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A function that does not have the parameters its layout asks for.
    Parameters {
        /// The function.
        name: String,
        /// The layout.
        layout: String,
        /// Inputs of the layout.
        inputs: usize,
        /// Outputs of the layout.
        outputs: usize,
        /// Parameters of the function.
        found: usize,
    },
    /// An operand with more core axes than compiled functions take.
    CoreAxes {
        /// The layout.
        layout: String,
        /// Which operand, inputs first.
        operand: usize,
        /// Its core axes.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A signature that does not fit its layout.
    CoreSignature {
        /// The layout.
        layout: String,
        /// What is wrong.
        reason: String,
    },
    /// Operands whose shapes do not fit the layout.
    CoreShape {
        /// The layout.
        layout: String,
        /// Which operand, inputs first.
        operand: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Types of outputs that do not follow from what the function stores.
    OutputType {
        /// The function.
        name: String,
        /// Input types.
        inputs: Vec<ScalarType>,
    },
    /// A function that has parameters for its results returns something too.
    ReturnsToo {
        /// The function.
        name: String,
        /// The type returned.
        found: String,
    },
    /// The reduction of no elements without an identity.
    EmptyReduction,
}

impl From<Box<Diagnostic>> for Error {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Error::Diagnostic(diagnostic)
    }
}

impl From<llvm::Error> for Error {
    fn from(error: llvm::Error) -> Self {
        Error::Compiler(error)
    }
}

/// Types as a signature lists them: `float32, int64`.
pub(crate) fn list(types: &[ScalarType]) -> String {
    types.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ")
}

impl From<verdigris_gpu::Error> for Error {
    fn from(error: verdigris_gpu::Error) -> Error {
        match error {
            verdigris_gpu::Error::Ptx(verdigris_compiler::llvm::ptx::Error::Unsupported(diagnostic)) => Error::Diagnostic(diagnostic),
            other => Error::Gpu(other),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Diagnostic(d) => f.write_str(&d.render()),
            Error::Gpu(e) => e.fmt(f),
            Error::Compiler(e) => write!(f, "the compiler failed: {e:?}"),
            Error::Signature { text, reason } => write!(f, "signature {text:?}: {reason}"),
            Error::Result { found } => write!(f, "an elementwise function returns a scalar or a tuple of scalars, not {found}"),
            Error::ResultCount { expected, found } => write!(f, "every signature must have {expected} results as the first has; one has {found}"),
            Error::ArgumentCount { expected, found } => write!(f, "the function takes {expected} arguments, {found} were given"),
            Error::NoLoop { name, inputs } => write!(f, "{name} has no loop that takes ({}) by safe casts", list(inputs)),
            Error::Broadcast { shapes } => write!(f, "operands could not be broadcast together with shapes {shapes:?}"),
            Error::Output { expected, found } => write!(f, "an output of shape {expected:?} with elements of its own is needed, not {found:?}"),
            Error::OperandType { operand, expected, found } => write!(f, "operand {operand} is {found}, which is not safely {expected}"),
            Error::Overlap => f.write_str("an output overlaps an input in another way than element for element"),
            Error::Failed { failure, site } => {
                write!(f, "{}:{}: failed at element {}: {:?}", site.location.file, site.location.line, failure.thread, site.kind)
            }
            Error::Stopped => f.write_str("stopped"),
            Error::NotReducible { name } => write!(f, "{name} cannot reduce: it does not take two arguments of its result's type"),
            Error::Layout { text, reason } => write!(f, "layout {text:?}: {reason}"),
            Error::Parameters { name, layout, inputs, outputs, found } => {
                write!(f, "the layout {layout} asks for a function of {} parameters, results last", inputs + outputs)?;
                if !layout.split("->").nth(1).unwrap_or_default().contains(|c: char| c.is_alphanumeric()) {
                    write!(f, ", or of {inputs} that returns its results")?;
                }
                write!(f, "; `{name}` has {found}")
            }
            Error::CoreAxes { layout, operand, found, most } => {
                write!(
                    f,
                    "operand {operand} of the layout {layout} has {found} core axes; compiled functions take arrays of at most {most}: merge some"
                )
            }
            Error::CoreSignature { layout, reason } => write!(f, "a signature does not fit the layout {layout}: {reason}"),
            Error::CoreShape { layout, operand, reason } => write!(f, "operand {operand} does not fit the layout {layout}: {reason}"),
            Error::OutputType { name, inputs } => {
                write!(f, "the types of the outputs of {name} for ({}) do not follow from what it stores: declare a signature", list(inputs))
            }
            Error::ReturnsToo { name, found } => {
                write!(f, "{name} writes its results to its last parameters, and returns {found} too: return nothing")
            }
            Error::EmptyReduction => f.write_str("zero elements and no identity"),
        }
    }
}

impl std::error::Error for Error {}
