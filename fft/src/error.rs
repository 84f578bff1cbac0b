//! What a caller can do wrong, as data.
//!
//! Owns the crate's one error type. Every variant but [`Error::OutOfMemory`] is raised before anything is written. Knows no backend.

use std::fmt;

use verdigris_device::DeviceError;

/// A transform that cannot be done as asked. The output is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A transform length that the transform does not have: 0 for all, 1 for a cosine transform of type 1.
    Length {
        /// The length asked for.
        n: usize,
        /// The least length there is.
        least: usize,
    },
    /// No axis to transform, where the transform needs one.
    NoAxes,
    /// An axis that the array does not have.
    Axis {
        /// The axis as given.
        axis: usize,
        /// The array's number of axes.
        ndim: usize,
    },
    /// An axis named twice.
    RepeatedAxis {
        /// The axis.
        axis: usize,
    },
    /// More axes than arrays may have.
    TooManyAxes {
        /// Axes of the array.
        ndim: usize,
    },
    /// Input and output do not go together, or not with the plan.
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
    /// A device that transforms do not run on.
    Device(crate::Device),
    /// A transform of a GPU's arrays that cuFFT has not.
    NotOnGpu {
        /// What there is none of.
        what: &'static str,
    },
    /// A GPU's driver or library.
    Gpu(DeviceError),
    /// A slice of another length than the plan's layout asks for.
    SliceLength {
        /// Which array.
        what: &'static str,
        /// Elements it has.
        found: usize,
        /// Elements it must have, gaps included.
        expected: usize,
    },
    /// Real elements where complex ones are needed, or the other way round.
    ElementType {
        /// Which array.
        what: &'static str,
        /// What is needed there: `real` or `complex`.
        expected: &'static str,
    },
    /// An output whose elements share memory with one another.
    OverlappingOutput,
    /// A plan-many layout whose embedding is smaller than the transform, or with a stride of 0.
    Embedding {
        /// What is wrong, for people.
        why: String,
    },
    /// More elements than the address space has room for.
    TooLarge,
    /// Memory for the work area or a plan could not be had. The output may be partly written.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// A name of a normalisation that does not exist.
    Norm {
        /// The name as given.
        name: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Length { n, least } if *least > 1 => {
                write!(f, "invalid number of data points ({n}) specified: this transform needs at least {least}")
            }
            Error::Length { n, .. } => write!(f, "invalid number of data points ({n}) specified"),
            Error::NoAxes => f.write_str("at least 1 axis must be transformed"),
            Error::Axis { axis, ndim } => write!(f, "axes exceeds dimensionality of input: there is no axis {axis} in {ndim} axes"),
            Error::RepeatedAxis { axis } => write!(f, "all axes must be unique: axis {axis} is named twice"),
            Error::TooManyAxes { ndim } => write!(f, "arrays have at most 64 axes, not {ndim}"),
            Error::Shape { what, found, expected } => write!(f, "the {what} has shape {found:?}, but the transform needs {expected:?}"),
            Error::SliceLength { what, found, expected } => {
                write!(f, "the {what} has {found} elements, but the plan's layout needs {expected}")
            }
            Error::ElementType { what, expected } => write!(f, "the {what} must be {expected}"),
            Error::Device(device) => write!(f, "transforms run on the CPU, not on {device}: copy the arrays to the host"),
            Error::NotOnGpu { what } => write!(f, "cuFFT has no {what}, and the arrays are in a GPU's memory: copy them to the host"),
            Error::Gpu(error) => error.fmt(f),
            Error::OverlappingOutput => f.write_str("the output's elements overlap in memory: give an output with memory of its own for each"),
            Error::Embedding { why } => f.write_str(why),
            Error::TooLarge => f.write_str("the transform is larger than the address space"),
            Error::OutOfMemory { bytes } => write!(f, "no memory for a work area of {bytes} bytes"),
            Error::Norm { name } => write!(f, "Invalid norm value {name:?}, should be \"backward\", \"ortho\" or \"forward\""),
        }
    }
}

impl std::error::Error for Error {}
