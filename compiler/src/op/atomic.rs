//! Atomic operations: what each stores, given what it finds.
//!
//! Owns the types each takes and [`AtomicOp::step`], which the interpreter runs and the compiled code's functions are tested against.

use super::{Op, eval};
use crate::types::{Scalar, ScalarType};

macro_rules! atomics {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// A read, a computation and a write that no other thread comes between. All give the element's old value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AtomicOp { $(#[doc = $doc] $variant,)* }

        impl AtomicOp {
            /// Every operation.
            pub const ALL: &'static [AtomicOp] = &[$(AtomicOp::$variant,)*];

            /// Spelling in printed IR, after `atomic.`.
            pub const fn name(self) -> &'static str {
                match self { $(AtomicOp::$variant => $name,)* }
            }
        }
    };
}

atomics! {
    Add "add" "Adds the value.";
    Sub "sub" "Subtracts the value.";
    And "and" "Bits set in both.";
    Or "or" "Bits set in one.";
    Xor "xor" "Bits set in one only.";
    Inc "inc" "Adds 1; 0 if it was at the value or above.";
    Dec "dec" "Subtracts 1; the value if it was 0 or above the value.";
    Exch "exch" "Stores the value.";
    Max "max" "Stores the value if it is greater; nothing where either is NaN.";
    Min "min" "Stores the value if it is less; nothing where either is NaN.";
    Nanmax "nanmax" "As `Max`, with NaN in memory less than anything.";
    Nanmin "nanmin" "As `Min`, with NaN in memory greater than anything.";
    Cas "cas" "Stores the value if the element equals the expected one, bit for bit.";
}

impl AtomicOp {
    /// Whether an element of the type can be operated on.
    pub fn takes(self, ty: ScalarType) -> bool {
        let wide = matches!(ty.bits(), 32 | 64) && !ty.is_complex();
        match self {
            AtomicOp::And | AtomicOp::Or | AtomicOp::Xor => wide && ty.is_integer(),
            AtomicOp::Inc | AtomicOp::Dec => wide && ty.is_unsigned(),
            _ => wide && (ty.is_integer() || ty.is_float()),
        }
    }

    /// What the element becomes. `expected` is read by `Cas` only.
    pub fn step(self, old: Scalar, value: Scalar, expected: Option<Scalar>) -> Scalar {
        let holds = |op, a, b| eval(op, &[a, b]).as_bool();
        let pick = |take: bool| if take { value } else { old };
        let nan = |x: Scalar| x.ty().is_float() && x.as_f64().is_nan();
        match self {
            AtomicOp::Add => eval(Op::Add, &[old, value]),
            AtomicOp::Sub => eval(Op::Sub, &[old, value]),
            AtomicOp::And => eval(Op::And, &[old, value]),
            AtomicOp::Or => eval(Op::Or, &[old, value]),
            AtomicOp::Xor => eval(Op::Xor, &[old, value]),
            AtomicOp::Inc if holds(Op::Ge, old, value) => Scalar::zero(old.ty()),
            AtomicOp::Inc => eval(Op::Add, &[old, Scalar::int(old.ty(), 1)]),
            AtomicOp::Dec if old.bits() == 0 || holds(Op::Gt, old, value) => value,
            AtomicOp::Dec => eval(Op::Sub, &[old, Scalar::int(old.ty(), 1)]),
            AtomicOp::Exch => value,
            AtomicOp::Max => pick(holds(Op::Gt, value, old)),
            AtomicOp::Min => pick(holds(Op::Lt, value, old)),
            AtomicOp::Nanmax => pick(holds(Op::Gt, value, old) || nan(old)),
            AtomicOp::Nanmin => pick(holds(Op::Lt, value, old) || nan(old)),
            AtomicOp::Cas => pick(expected.is_some_and(|e| e.bits() == old.bits())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let u = |n: u32| Scalar::int(ScalarType::U32, n.into());
        let step = |op: AtomicOp, old, value| op.step(u(old), u(value), None).as_int();
        assert_eq!([step(AtomicOp::Inc, 4, 5), step(AtomicOp::Inc, 5, 5), step(AtomicOp::Inc, 6, 5)], [5, 0, 0]);
        assert_eq!([step(AtomicOp::Dec, 4, 5), step(AtomicOp::Dec, 0, 5), step(AtomicOp::Dec, 6, 5)], [3, 5, 5]);
        assert_eq!(step(AtomicOp::Sub, 0, 1), i128::from(u32::MAX));
        let f = |x: f32| Scalar::f32(x);
        let bits = |op: AtomicOp, old, value| op.step(f(old), f(value), None).as_f32();
        assert!(bits(AtomicOp::Max, f32::NAN, 1.0).is_nan());
        assert_eq!(bits(AtomicOp::Nanmax, f32::NAN, 1.0), 1.0);
        assert_eq!(bits(AtomicOp::Nanmin, 1.0, f32::NAN), 1.0);
        assert_eq!(AtomicOp::Cas.step(f(0.0), f(2.0), Some(f(-0.0))).as_f32(), 0.0, "bit for bit");
        assert_eq!(AtomicOp::Cas.step(f(1.0), f(2.0), Some(f(1.0))).as_f32(), 2.0);
    }

    #[test]
    fn types() {
        assert!(AtomicOp::Inc.takes(ScalarType::U64) && !AtomicOp::Inc.takes(ScalarType::I32));
        assert!(AtomicOp::Add.takes(ScalarType::F32) && !AtomicOp::And.takes(ScalarType::F64) && !AtomicOp::Add.takes(ScalarType::I16));
        assert!(!AtomicOp::Exch.takes(ScalarType::C64));
    }
}
