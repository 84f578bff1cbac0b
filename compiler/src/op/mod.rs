//! The operations of the IR: one row each.
//!
//! Owns [`Op`], and per row its spelling, arity, type rule, effects and the interpreter's function ([`eval`]). The LLVM form of each row is in
//! `llvm/`. Semantics of a row are the same on every backend; docs/semantics.md states them. Every operand is a scalar of IR type (never complex).

mod eval;
pub mod libm;
mod row;

pub use eval::eval;
pub use row::{Effects, TypeRule};

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
    /// C's fmod, exact. Floats only.
    Fmod,
    /// `x ** y`: integers by squaring, wrapping, a negative exponent as NumPy's integer rule documented in docs/semantics.md; floats C's pow.
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
    /// Conversion to a type: integers wrap, float -> int truncates and saturates with NaN -> 0, anything -> bool is `!= 0`.
    Cast(ScalarType),

    // --- float functions: T -> T on float32 and float64 ---
    /// A function of C's math library, by row.
    Math(Math),
    /// NaN test, float -> bool.
    IsNan,
    /// Infinity test, float -> bool.
    IsInf,
    /// Neither NaN nor infinite, float -> bool.
    IsFinite,
}

macro_rules! math {
    ($($variant:ident $name:literal $arity:literal $doc:literal;)*) => {
        /// Functions of the math library; operands and result share one float type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Math { $(#[doc = $doc] $variant,)* }

        impl Math {
            /// Every function.
            pub const ALL: &'static [Math] = &[$(Math::$variant,)*];

            /// Name as printed, which is C's name of the float64 function.
            pub const fn name(self) -> &'static str {
                match self { $(Math::$variant => $name,)* }
            }

            /// Number of operands.
            pub const fn arity(self) -> usize {
                match self { $(Math::$variant => $arity,)* }
            }
        }
    };
}

math! {
    Sqrt "sqrt" 1 "Square root, correctly rounded.";
    Floor "floor" 1 "Greatest integer not above.";
    Ceil "ceil" 1 "Least integer not below.";
    Trunc "trunc" 1 "Integer part.";
    Rint "rint" 1 "Nearest integer, ties to even.";
    Copysign "copysign" 2 "Magnitude of the first, sign of the second.";
    Exp "exp" 1 "e to the x.";
    Exp2 "exp2" 1 "2 to the x.";
    Expm1 "expm1" 1 "exp(x) - 1.";
    Log "log" 1 "Natural logarithm.";
    Log2 "log2" 1 "Binary logarithm.";
    Log10 "log10" 1 "Decimal logarithm.";
    Log1p "log1p" 1 "log(1 + x).";
    Sin "sin" 1 "Sine.";
    Cos "cos" 1 "Cosine.";
    Tan "tan" 1 "Tangent.";
    Asin "asin" 1 "Arc sine.";
    Acos "acos" 1 "Arc cosine.";
    Atan "atan" 1 "Arc tangent.";
    Atan2 "atan2" 2 "Angle of the point (second, first).";
    Sinh "sinh" 1 "Hyperbolic sine.";
    Cosh "cosh" 1 "Hyperbolic cosine.";
    Tanh "tanh" 1 "Hyperbolic tangent.";
    Asinh "asinh" 1 "Inverse hyperbolic sine.";
    Acosh "acosh" 1 "Inverse hyperbolic cosine.";
    Atanh "atanh" 1 "Inverse hyperbolic tangent.";
    Cbrt "cbrt" 1 "Cube root.";
    Hypot "hypot" 2 "sqrt(x*x + y*y) without overflow.";
    Erf "erf" 1 "Error function.";
    Erfc "erfc" 1 "1 - erf(x).";
    Gamma "tgamma" 1 "Gamma function.";
    Lgamma "lgamma" 1 "Logarithm of the absolute value of the gamma function.";
    Nextafter "nextafter" 2 "The next float towards the second.";
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
        Op::IsNan,
        Op::IsInf,
        Op::IsFinite,
    ];

    /// The type of the result for operands of these types, or `None` if the row does not take them.
    pub fn result(self, args: &[ScalarType]) -> Option<ScalarType> {
        row::result(self, args)
    }
}
