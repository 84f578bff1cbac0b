//! The names of everything the compiler implements, and what each one is. One table; [`BUILTINS`] is its first column.

use crate::ir::{Axis, Geometry};
use crate::op::{Math, Op};
use crate::syntax::BinaryOp;

/// What a canonical name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Builtin {
    /// A function of `math`: integers become float64.
    Math(Math),
    /// A function of NumPy: small integers become float32, others float64.
    Numpy(Math),
    /// `math.floor` and its kin, which give an integer.
    ToInteger(Math),
    /// `numpy.floor` and its kin, which leave integers alone.
    NumpyRounding(Math),
    /// A test of a float; the last tells its value for an integer.
    FloatTest(Op, bool),
    /// An operator as a function.
    Operator(BinaryOp),
    Abs,
    Fabs,
    NumpyFabs,
    Least,
    Greatest,
    NumpyMinimum,
    NumpyMaximum,
    Round,
    Len,
    Range,
    Int,
    Float,
    Bool,
    Complex,
    Divmod,
    Sum,
    Log,
    Fmod,
    NumpyFmod,
    MathPow,
    Degrees,
    Radians,
    Gcd,
    Where,
    Sign,
    Square,
    Conjugate,
    Real,
    Imag,
    LogicalNot,
    Grid,
    GridSize,
    /// A launch coordinate that is complete: `cuda.threadIdx.x`.
    Place(Geometry),
    /// One that still wants an axis.
    Axes,
    WarpSize,
}

macro_rules! table {
    ($($name:literal => $value:expr,)*) => {
        const TABLE: &[(&str, Builtin)] = &[$(($name, $value),)*];
        /// Names of everything the compiler implements, for the host to map its objects to.
        pub const BUILTINS: &[&str] = &[$($name,)*];
    };
}

use Builtin as B;
use Geometry as G;

table! {
    "abs" => B::Abs,
    "min" => B::Least,
    "max" => B::Greatest,
    "round" => B::Round,
    "len" => B::Len,
    "range" => B::Range,
    "int" => B::Int,
    "float" => B::Float,
    "bool" => B::Bool,
    "complex" => B::Complex,
    "pow" => B::Operator(BinaryOp::Pow),
    "divmod" => B::Divmod,
    "sum" => B::Sum,

    "math.sqrt" => B::Math(Math::Sqrt),
    "math.floor" => B::ToInteger(Math::Floor),
    "math.ceil" => B::ToInteger(Math::Ceil),
    "math.trunc" => B::ToInteger(Math::Trunc),
    "math.fabs" => B::Fabs,
    "math.copysign" => B::Math(Math::Copysign),
    "math.exp" => B::Math(Math::Exp),
    "math.exp2" => B::Math(Math::Exp2),
    "math.expm1" => B::Math(Math::Expm1),
    "math.log" => B::Log,
    "math.log2" => B::Math(Math::Log2),
    "math.log10" => B::Math(Math::Log10),
    "math.log1p" => B::Math(Math::Log1p),
    "math.sin" => B::Math(Math::Sin),
    "math.cos" => B::Math(Math::Cos),
    "math.tan" => B::Math(Math::Tan),
    "math.asin" => B::Math(Math::Asin),
    "math.acos" => B::Math(Math::Acos),
    "math.atan" => B::Math(Math::Atan),
    "math.atan2" => B::Math(Math::Atan2),
    "math.sinh" => B::Math(Math::Sinh),
    "math.cosh" => B::Math(Math::Cosh),
    "math.tanh" => B::Math(Math::Tanh),
    "math.asinh" => B::Math(Math::Asinh),
    "math.acosh" => B::Math(Math::Acosh),
    "math.atanh" => B::Math(Math::Atanh),
    "math.cbrt" => B::Math(Math::Cbrt),
    "math.hypot" => B::Math(Math::Hypot),
    "math.erf" => B::Math(Math::Erf),
    "math.erfc" => B::Math(Math::Erfc),
    "math.gamma" => B::Math(Math::Gamma),
    "math.lgamma" => B::Math(Math::Lgamma),
    "math.nextafter" => B::Math(Math::Nextafter),
    "math.pow" => B::MathPow,
    "math.fmod" => B::Fmod,
    "math.degrees" => B::Degrees,
    "math.radians" => B::Radians,
    "math.gcd" => B::Gcd,
    "math.isnan" => B::FloatTest(Op::IsNan, false),
    "math.isinf" => B::FloatTest(Op::IsInf, false),
    "math.isfinite" => B::FloatTest(Op::IsFinite, true),

    "numpy.sqrt" => B::Numpy(Math::Sqrt),
    "numpy.cbrt" => B::Numpy(Math::Cbrt),
    "numpy.exp" => B::Numpy(Math::Exp),
    "numpy.exp2" => B::Numpy(Math::Exp2),
    "numpy.expm1" => B::Numpy(Math::Expm1),
    "numpy.log" => B::Numpy(Math::Log),
    "numpy.log2" => B::Numpy(Math::Log2),
    "numpy.log10" => B::Numpy(Math::Log10),
    "numpy.log1p" => B::Numpy(Math::Log1p),
    "numpy.sin" => B::Numpy(Math::Sin),
    "numpy.cos" => B::Numpy(Math::Cos),
    "numpy.tan" => B::Numpy(Math::Tan),
    "numpy.arcsin" => B::Numpy(Math::Asin),
    "numpy.arccos" => B::Numpy(Math::Acos),
    "numpy.arctan" => B::Numpy(Math::Atan),
    "numpy.arctan2" => B::Numpy(Math::Atan2),
    "numpy.sinh" => B::Numpy(Math::Sinh),
    "numpy.cosh" => B::Numpy(Math::Cosh),
    "numpy.tanh" => B::Numpy(Math::Tanh),
    "numpy.arcsinh" => B::Numpy(Math::Asinh),
    "numpy.arccosh" => B::Numpy(Math::Acosh),
    "numpy.arctanh" => B::Numpy(Math::Atanh),
    "numpy.hypot" => B::Numpy(Math::Hypot),
    "numpy.copysign" => B::Numpy(Math::Copysign),
    "numpy.nextafter" => B::Numpy(Math::Nextafter),
    "numpy.floor" => B::NumpyRounding(Math::Floor),
    "numpy.ceil" => B::NumpyRounding(Math::Ceil),
    "numpy.trunc" => B::NumpyRounding(Math::Trunc),
    "numpy.rint" => B::Numpy(Math::Rint),
    "numpy.fmod" => B::NumpyFmod,
    "numpy.abs" => B::Abs,
    "numpy.absolute" => B::Abs,
    "numpy.fabs" => B::NumpyFabs,
    "numpy.minimum" => B::NumpyMinimum,
    "numpy.maximum" => B::NumpyMaximum,
    "numpy.where" => B::Where,
    "numpy.sign" => B::Sign,
    "numpy.square" => B::Square,
    "numpy.conj" => B::Conjugate,
    "numpy.conjugate" => B::Conjugate,
    "numpy.real" => B::Real,
    "numpy.imag" => B::Imag,
    "numpy.degrees" => B::Degrees,
    "numpy.rad2deg" => B::Degrees,
    "numpy.radians" => B::Radians,
    "numpy.deg2rad" => B::Radians,
    "numpy.isnan" => B::FloatTest(Op::IsNan, false),
    "numpy.isinf" => B::FloatTest(Op::IsInf, false),
    "numpy.isfinite" => B::FloatTest(Op::IsFinite, true),
    "numpy.logical_not" => B::LogicalNot,
    "numpy.add" => B::Operator(BinaryOp::Add),
    "numpy.subtract" => B::Operator(BinaryOp::Sub),
    "numpy.multiply" => B::Operator(BinaryOp::Mul),
    "numpy.divide" => B::Operator(BinaryOp::TrueDiv),
    "numpy.true_divide" => B::Operator(BinaryOp::TrueDiv),
    "numpy.floor_divide" => B::Operator(BinaryOp::FloorDiv),
    "numpy.mod" => B::Operator(BinaryOp::Mod),
    "numpy.remainder" => B::Operator(BinaryOp::Mod),
    "numpy.power" => B::Operator(BinaryOp::Pow),
    "numpy.bitwise_and" => B::Operator(BinaryOp::And),
    "numpy.bitwise_or" => B::Operator(BinaryOp::Or),
    "numpy.bitwise_xor" => B::Operator(BinaryOp::Xor),
    "numpy.left_shift" => B::Operator(BinaryOp::Shl),
    "numpy.right_shift" => B::Operator(BinaryOp::Shr),

    "cuda.grid" => B::Grid,
    "cuda.gridsize" => B::GridSize,
    "cuda.threadIdx" => B::Axes,
    "cuda.threadIdx.x" => B::Place(G::ThreadIdx(Axis::X)),
    "cuda.threadIdx.y" => B::Place(G::ThreadIdx(Axis::Y)),
    "cuda.threadIdx.z" => B::Place(G::ThreadIdx(Axis::Z)),
    "cuda.blockIdx" => B::Axes,
    "cuda.blockIdx.x" => B::Place(G::BlockIdx(Axis::X)),
    "cuda.blockIdx.y" => B::Place(G::BlockIdx(Axis::Y)),
    "cuda.blockIdx.z" => B::Place(G::BlockIdx(Axis::Z)),
    "cuda.blockDim" => B::Axes,
    "cuda.blockDim.x" => B::Place(G::BlockDim(Axis::X)),
    "cuda.blockDim.y" => B::Place(G::BlockDim(Axis::Y)),
    "cuda.blockDim.z" => B::Place(G::BlockDim(Axis::Z)),
    "cuda.gridDim" => B::Axes,
    "cuda.gridDim.x" => B::Place(G::GridDim(Axis::X)),
    "cuda.gridDim.y" => B::Place(G::GridDim(Axis::Y)),
    "cuda.gridDim.z" => B::Place(G::GridDim(Axis::Z)),
    "cuda.laneid" => B::Place(G::LaneId),
    "cuda.warpsize" => B::WarpSize,
}

/// What a canonical name stands for.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    TABLE.iter().find(|(n, _)| *n == name).map(|(_, b)| b)
}

/// The position of a keyword argument, for the few functions that take one.
pub(super) fn keyword_position(builtin: &Builtin, keyword: &str) -> Option<usize> {
    match (builtin, keyword) {
        (Builtin::Round, "ndigits") | (Builtin::Complex, "imag") | (Builtin::Sum, "start") => Some(1),
        (Builtin::Complex, "real") => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once() {
        let names: std::collections::BTreeSet<_> = BUILTINS.iter().collect();
        assert_eq!(names.len(), BUILTINS.len());
        assert!(BUILTINS.iter().all(|n| find(n).is_some()));
    }
}
