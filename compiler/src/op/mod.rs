//! The operations of the IR: one row each.
//!
//! Owns [`Op`] (and [`AtomicOp`] and [`WarpOp`], which touch memory or other lanes), and per row its spelling, arity, type rule, effects and the interpreter's function ([`eval`]). The LLVM form of each row is in
//! `llvm/`. Semantics of a row are the same on every backend; docs/semantics.md states them. Every operand is a scalar of IR type (never complex).

mod atomic;
mod eval;
pub mod exact;
mod row;
mod warp;

pub use atomic::AtomicOp;
pub use eval::eval;
pub use row::{Effects, TypeRule};
pub use warp::{Shuffle, Vote, WarpOp};

use crate::types::ScalarType;

/// An operation on scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    // --- arithmetic: T, T -> T on integers and floats (integers wrap) ---
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// `-x` (signed, unsigned wraps, float flips the sign).
    Neg,
    /// Float quotient, IEEE. Floats only.
    Div,
    /// Python's `//`: integers floor, by 0 gives 0, MIN // -1 = MIN; floats as CPython's float_floor_div but x // 0 as NumPy's (inf or nan).
    FloorDiv,
    /// Python's `%`: sign of the divisor; integers by 0 give 0; floats exact, x % 0.0 = nan.
    Mod,
    /// C's fmod, exact ([`Math::Fmod`]). Floats only.
    Fmod,
    /// `x ** y`: integers by squaring, wrapping, a negative exponent as NumPy's integer rule documented in docs/semantics.md; floats [`Math::Pow`].
    Pow,
    /// a*b + c rounded once. Floats only.
    Fma,
    /// Absolute value (signed: MIN stays MIN).
    Abs,
    /// Python's `min(a, b)`: `b if b < a else a`.
    Min,
    /// Python's `max(a, b)`: `b if b > a else a`.
    Max,

    // --- bits: T, T -> T on integers and bool ---
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `~`; on bool logical not.
    Not,
    /// `<<`; a count negative or >= width gives 0.
    Shl,
    /// `>>`; a count negative or >= width gives 0, or -1 for a negative left operand.
    Shr,

    // --- comparisons: T, T -> bool (floats: IEEE, ne true on NaN) ---
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,

    // --- choice and conversion ---
    /// `Select(cond, a, b)`: bool, T, T -> T. Evaluates nothing: both operands are values.
    Select,
    /// Conversion to a type; to float16, rounding of a float to it, held as float32: integers wrap, float -> int truncates and saturates with NaN -> 0, anything -> bool is `!= 0`.
    Cast(ScalarType),

    /// The bits of a float as the signed integer of its width.
    ToBits,
    /// The float with the bits of a signed integer of its width, int32 or int64.
    OfBits,

    // --- float functions: T -> T on float32 and float64 ---
    /// A function of the math library, by row.
    Math(Math),
    /// NaN test, float -> bool.
    IsNan,
    /// Infinity test, float -> bool.
    IsInf,
    /// Neither NaN nor infinite, float -> bool.
    IsFinite,
}

macro_rules! math {
    ($($variant:ident $name:literal $arity:literal $form:ident $doc:literal;)*) => {
        /// Functions of the math library; operands and result share one float type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Math { $(#[doc = $doc] $variant,)* }

        impl Math {
            /// Every function.
            pub const ALL: &'static [Math] = &[$(Math::$variant,)*];

            /// Name as printed, and in the texts of [`crate::math`].
            pub const fn name(self) -> &'static str {
                match self { $(Math::$variant => $name,)* }
            }

            /// Number of operands.
            pub const fn arity(self) -> usize {
                match self { $(Math::$variant => $arity,)* }
            }

            /// The variant that may be wrong by four units in the last place and promises nothing at special arguments but that a NaN gives one.
            pub const fn fast(self) -> Option<Math> {
                match self {
                    Math::Exp => Some(Math::ExpFast),
                    Math::Log => Some(Math::LogFast),
                    Math::Pow => Some(Math::PowFast),
                    Math::Sin => Some(Math::SinFast),
                    Math::Cos => Some(Math::CosFast),
                    Math::Tan => Some(Math::TanFast),
                    Math::Tanh => Some(Math::TanhFast),
                    _ => None,
                }
            }

            /// How backends make it.
            pub const fn form(self) -> Form {
                match self { $(Math::$variant => Form::$form,)* }
            }
        }
    };
}

/// How a function of the math library is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One or a few instructions of every machine, rounded correctly.
    Machine,
    /// A routine of [`crate::math`], for all lanes at once.
    Lanes,
    /// A routine of [`crate::math`] for what is rare, for one lane after another.
    Each,
}

math! {
    Sqrt "sqrt" 1 Machine "Square root, correctly rounded.";
    Floor "floor" 1 Machine "Greatest integer not above.";
    Ceil "ceil" 1 Machine "Least integer not below.";
    Trunc "trunc" 1 Machine "Integer part.";
    Rint "rint" 1 Machine "Nearest integer, ties to even.";
    Copysign "copysign" 2 Machine "Magnitude of the first, sign of the second.";
    Exp "exp" 1 Lanes "e to the x.";
    Exp2 "exp2" 1 Lanes "2 to the x.";
    Exp10 "exp10" 1 Lanes "10 to the x.";
    Expm1 "expm1" 1 Lanes "exp(x) - 1.";
    Log "log" 1 Lanes "Natural logarithm.";
    Log2 "log2" 1 Lanes "Binary logarithm.";
    Log10 "log10" 1 Lanes "Decimal logarithm.";
    Log1p "log1p" 1 Lanes "log(1 + x).";
    Pow "float_pow" 2 Lanes "The first to the second.";
    Sin "sin" 1 Lanes "Sine.";
    Cos "cos" 1 Lanes "Cosine.";
    Tan "tan" 1 Lanes "Tangent.";
    Sinpi "sinpi" 1 Lanes "sin(pi * x).";
    Cospi "cospi" 1 Lanes "cos(pi * x).";
    Asin "asin" 1 Lanes "Arc sine.";
    Acos "acos" 1 Lanes "Arc cosine.";
    Atan "atan" 1 Lanes "Arc tangent.";
    Atan2 "atan2" 2 Lanes "Angle of the point (second, first).";
    Sinh "sinh" 1 Lanes "Hyperbolic sine.";
    Cosh "cosh" 1 Lanes "Hyperbolic cosine.";
    Tanh "tanh" 1 Lanes "Hyperbolic tangent.";
    Asinh "asinh" 1 Lanes "Inverse hyperbolic sine.";
    Acosh "acosh" 1 Lanes "Inverse hyperbolic cosine.";
    Atanh "atanh" 1 Lanes "Inverse hyperbolic tangent.";
    Cbrt "cbrt" 1 Lanes "Cube root.";
    Rsqrt "rsqrt" 1 Lanes "1 / sqrt(x).";
    Hypot "hypot" 2 Lanes "sqrt(x*x + y*y) without overflow.";
    Erf "erf" 1 Lanes "Error function.";
    Erfc "erfc" 1 Lanes "1 - erf(x).";
    Erfcx "erfcx" 1 Lanes "exp(x*x) * erfc(x).";
    Erfinv "erfinv" 1 Lanes "Inverse of erf.";
    Erfcinv "erfcinv" 1 Lanes "Inverse of erfc.";
    Normcdf "normcdf" 1 Lanes "Distribution function of the standard normal distribution.";
    Normcdfinv "normcdfinv" 1 Lanes "Inverse of normcdf.";
    Gamma "tgamma" 1 Lanes "Gamma function.";
    Lgamma "lgamma" 1 Lanes "Logarithm of the absolute value of the gamma function.";
    Nextafter "nextafter" 2 Lanes "The next float towards the second.";
    Fmod "float_fmod" 2 Lanes "The first minus the multiple of the second with the truncated quotient; exact.";
    Remainder "remainder" 2 Lanes "The first minus the multiple of the second with the nearest quotient, ties to even; exact.";
    Round "round" 1 Lanes "Nearest integer, ties away from zero.";
    Fdim "fdim" 2 Lanes "The first minus the second where that is positive, else 0.";
    ExpFast "exp_fast" 1 Lanes "exp, less exactly.";
    LogFast "log_fast" 1 Lanes "log, less exactly.";
    PowFast "pow_fast" 2 Lanes "pow, less exactly.";
    SinFast "sin_fast" 1 Lanes "sin, less exactly.";
    CosFast "cos_fast" 1 Lanes "cos, less exactly.";
    TanFast "tan_fast" 1 Lanes "tan, less exactly.";
    TanhFast "tanh_fast" 1 Lanes "tanh, less exactly.";
    SinFar "sin_far" 1 Each "sin of an argument beyond 1e6.";
    CosFar "cos_far" 1 Each "cos of an argument beyond 1e6.";
    TanFar "tan_far" 1 Each "tan of an argument beyond 1e6.";
    LogFar "log_far" 1 Each "log of an argument that is no normal number above 0.";
    PowFar "pow_far" 2 Each "The first, which is not negative, to the second.";
    FmodFar "fmod_far" 2 Each "fmod of any two arguments that are not negative.";
}

impl Op {
    /// The rows without a parameter; `Cast` and `Math` are families (see [`ScalarType::ALL`], [`Math::ALL`]).
    pub const PLAIN: &'static [Op] = &[
        Op::Add,
        Op::Sub,
        Op::Mul,
        Op::Neg,
        Op::Div,
        Op::FloorDiv,
        Op::Mod,
        Op::Fmod,
        Op::Pow,
        Op::Fma,
        Op::Abs,
        Op::Min,
        Op::Max,
        Op::And,
        Op::Or,
        Op::Xor,
        Op::Not,
        Op::Shl,
        Op::Shr,
        Op::Eq,
        Op::Ne,
        Op::Lt,
        Op::Le,
        Op::Gt,
        Op::Ge,
        Op::Select,
        Op::ToBits,
        Op::OfBits,
        Op::IsNan,
        Op::IsInf,
        Op::IsFinite,
    ];

    /// The type of the result for operands of these types, or `None` if the row does not take them.
    pub fn result(self, args: &[ScalarType]) -> Option<ScalarType> {
        row::result(self, args)
    }
}
