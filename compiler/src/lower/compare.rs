//! Comparisons. Integers of different types compare by value; an integer with a float compares as float64.

use super::Lowerer;
use super::choice::Test;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Value;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr};
use crate::types::{Scalar, ScalarType, Type, binary_arithmetic, unify};

impl Lowerer {
    /// `left op right op right …`, each operand evaluated at most once.
    pub(super) fn compare(&mut self, left: &Expr, rest: &[(CompareOp, Expr)], span: Span) -> Result<Val> {
        let l = self.expr(left)?;
        let test = self.compare_chain(&l, left, rest, span)?;
        self.at(span);
        Ok(self.test_value(test))
    }

    fn compare_chain(&mut self, l: &Val, left: &Expr, rest: &[(CompareOp, Expr)], span: Span) -> Result<Test> {
        let ((op, right), rest) = rest.split_first().expect("one comparison or more");
        let r = self.expr(right)?;
        self.at(span);
        let (l, here) = self.weakened((left, l.clone()), (right, r.clone()));
        let test = self.compare_pair(*op, (&l, left.span), (&here, right.span), span)?;
        if rest.is_empty() {
            return Ok(test);
        }
        match test {
            Test::Always(true) => self.compare_chain(&r, right, rest, span),
            Test::Always(false) => Ok(test),
            Test::Value(v) => self.short_circuit(true, v, span, |this| this.compare_chain(&r, right, rest, span)),
        }
    }

    /// One comparison.
    pub(super) fn compare_pair(&mut self, op: CompareOp, left: (&Val, Span), right: (&Val, Span), span: Span) -> Result<Test> {
        match op {
            CompareOp::Is | CompareOp::IsNot => {
                let same = self.identical(op, left, right, span)?;
                Ok(if op == CompareOp::Is { same } else { self.not(same) })
            }
            CompareOp::In | CompareOp::NotIn => {
                let Some(items) = right.0.items() else {
                    let mut d = self.undefined_operator(symbol(op), left, right);
                    d.help = vec!["`in` looks through tuples; loop over an array".to_owned()];
                    return fault(d);
                };
                let mut found = Test::Always(false);
                for item in items {
                    let equal = self.compare_pair(CompareOp::Eq, left, (item, right.1), span)?;
                    found = self.either(found, equal);
                }
                Ok(if op == CompareOp::In { found } else { self.not(found) })
            }
            _ => self.compare_values(op, left, right),
        }
    }

    /// Whether two values are one. Numbers and tuples are not objects here: those of one type are compared, as in Numba, and those of two types differ.
    fn identical(&mut self, op: CompareOp, left: (&Val, Span), right: (&Val, Span), span: Span) -> Result<Test> {
        let (l, r) = (left.0, right.0);
        if l == r {
            return Ok(Test::Always(true));
        }
        match (self.type_of(l), self.type_of(r)) {
            (Some(a), Some(b)) if a != b => Ok(Test::Always(false)),
            (Some(Type::Array(_) | Type::Records(_)), _) => {
                let own = |this: &Self, val: &Val| matches!(val, Val::Array(a) if this.b.function().array(*a).storage.is_some() || this.b.function().array(*a).constant.is_some());
                if own(self, l) || own(self, r) {
                    return Ok(Test::Always(false));
                }
                let d = self.unsupported(span, format!("`{}` between arrays that only the launch tells apart", symbol(op)), None);
                fault(d.help("compare what you know of them: their extents or elements"))
            }
            (Some(_), Some(_)) => self.compare_values(CompareOp::Eq, left, right),
            _ => match (self.named_type(l), self.named_type(r)) {
                (Some(a), Some(b)) => Ok(Test::Always(a == b)),
                _ => Ok(Test::Always(false)),
            },
        }
    }

    /// Whether two values are equal, if that is known now.
    pub(super) fn always_equal(&mut self, a: &Val, b: &Val, span: Span) -> Result<Option<bool>> {
        Ok(match self.compare_values(CompareOp::Eq, (a, span), (b, span))? {
            Test::Always(equal) => Some(equal),
            Test::Value(_) => None,
        })
    }

    fn compare_values(&mut self, op: CompareOp, left: (&Val, Span), right: (&Val, Span)) -> Result<Test> {
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if matches!(left.0, Val::Half(..)) || matches!(right.0, Val::Half(..)) {
            let (l, r) = (self.soft(left.0), self.soft(right.0));
            return self.compare_values(op, (&l, left.1), (&r, right.1));
        }
        if let Some(test) = self.compare_times(op, left.0, right.0) {
            return Ok(test);
        }
        match (left.0, right.0) {
            (Val::Real(a), Val::Real(b)) => {
                let value = self.compare_reals(op, *a, *b);
                Ok(self.known_test(value))
            }
            (a, b) if equality && a.is_number() && b.is_number() => {
                let (s, t) = (self.scalar_type(a).expect("a number"), self.scalar_type(b).expect("a number"));
                let t = binary_arithmetic(s, t);
                let (a, b) = (self.to_complex(a, t).expect("a number"), self.to_complex(b, t).expect("a number"));
                let re = self.op(Op::Eq, &[a.0, b.0]);
                let im = self.op(Op::Eq, &[a.1, b.1]);
                let equal = self.op(Op::And, &[re, im]);
                let equal = self.known_test(equal);
                Ok(if op == CompareOp::Eq { equal } else { self.not(equal) })
            }
            (Val::None, other) | (other, Val::None) if equality => Ok(Test::Always((*other == Val::None) == (op == CompareOp::Eq))),
            (a, b) if equality && let (Some(a), Some(b)) = (a.items(), b.items()) => {
                if a.len() != b.len() {
                    return Ok(Test::Always(op == CompareOp::Ne));
                }
                let mut unequal = Test::Always(false);
                for (a, b) in a.iter().zip(b) {
                    let test = self.compare_values(CompareOp::Ne, (a, left.1), (b, right.1))?;
                    unequal = self.either(unequal, test);
                }
                Ok(if op == CompareOp::Ne { unequal } else { self.not(unequal) })
            }
            (Val::Function(_), _) | (_, Val::Function(_))
                if equality && let (Some(a), Some(b)) = (self.named_type(left.0), self.named_type(right.0)) =>
            {
                Ok(Test::Always((a == b) == (op == CompareOp::Eq)))
            }
            (Val::Str(a), Val::Str(b)) if equality => Ok(Test::Always((a == b) == (op == CompareOp::Eq))),
            (a, b)
                if let (Some(first), Some(second)) = (self.text_of(a, left.1), self.text_of(b, right.1))
                    && let Some(test) = self.compare_texts(op, first, second) =>
            {
                Ok(test)
            }
            _ => {
                let d = self.undefined_operator(symbol(op), left, right);
                let d = if let Code::TypeMismatch = d.code
                    && left.0.is_number()
                    && right.0.is_number()
                {
                    d.help("complex numbers have no order; compare `abs()` or a part")
                } else {
                    d
                };
                fault(d)
            }
        }
    }

    /// Compares two real numbers by value.
    pub(super) fn compare_reals(&mut self, op: CompareOp, a: Value, b: Value) -> Value {
        let (s, t) = (self.ty(a), self.ty(b));
        let row = row(op);
        if s == t {
            return self.op(row, &[a, b]);
        }
        if let Some(common) = self.library_type(&Val::Real(a), &Val::Real(b)) {
            let (a, b) = (self.cast(a, common), self.cast(b, common));
            return self.op(row, &[a, b]);
        }
        if s.is_float() || t.is_float() {
            let narrow = self.narrow_comparison(a, b).unwrap_or(ScalarType::F64);
            let (a, b) = (self.cast(a, narrow), self.cast(b, narrow));
            return self.op(row, &[a, b]);
        }
        let common = unify(s, t);
        if !common.is_float() {
            let (a, b) = (self.cast(a, common), self.cast(b, common));
            return self.op(row, &[a, b]);
        }
        // uint64 with a signed type: no integer type holds both.
        if s.is_unsigned() { self.compare_signed(mirrored(op), b, a) } else { self.compare_signed(op, a, b) }
    }

    /// A signed integer with a uint64.
    fn compare_signed(&mut self, op: CompareOp, signed: Value, unsigned: Value) -> Value {
        let bits = self.cast(signed, ScalarType::U64);
        let plain = self.op(row(op), &[bits, unsigned]);
        let zero = self.constant(Scalar::zero(self.ty(signed)));
        let negative = self.op(Op::Lt, &[signed, zero]);
        // A negative number is below and unequal to every unsigned one.
        if matches!(op, CompareOp::Lt | CompareOp::Le | CompareOp::Ne) {
            self.op_or(negative, plain)
        } else {
            let positive = self.op(Op::Not, &[negative]);
            self.op_and(positive, plain)
        }
    }

    fn op_or(&mut self, a: Value, b: Value) -> Value {
        match self.known(a) {
            Some(c) if !c.as_bool() => b,
            _ => self.op(Op::Or, &[a, b]),
        }
    }

    fn op_and(&mut self, a: Value, b: Value) -> Value {
        match self.known(a) {
            Some(c) if c.as_bool() => b,
            _ => self.op(Op::And, &[a, b]),
        }
    }

    /// float32, if one operand is and the other is a constant that float32 holds exactly.
    fn narrow_comparison(&self, a: Value, b: Value) -> Option<ScalarType> {
        let exact = |v: Value| match self.known(v) {
            Some(c) if c.ty().is_float() => f64::from(c.as_f64() as f32) == c.as_f64(),
            Some(c) => c.as_int().unsigned_abs() <= 1 << 24,
            None => false,
        };
        let f32s = (self.ty(a) == ScalarType::F32, self.ty(b) == ScalarType::F32);
        ((f32s.0 && exact(b)) || (f32s.1 && exact(a))).then_some(ScalarType::F32)
    }

    fn either(&mut self, a: Test, b: Test) -> Test {
        match (a, b) {
            (Test::Always(true), _) | (_, Test::Always(true)) => Test::Always(true),
            (Test::Always(false), t) | (t, Test::Always(false)) => t,
            (Test::Value(a), Test::Value(b)) => Test::Value(self.op(Op::Or, &[a, b])),
        }
    }

    fn not(&mut self, test: Test) -> Test {
        match test {
            Test::Always(b) => Test::Always(!b),
            Test::Value(v) => Test::Value(self.op(Op::Not, &[v])),
        }
    }

    /// A comparison of something that has no order or no equality, as a fault of its own.
    pub(super) fn no_order(&self, function: &str, val: &Val, span: Span) -> Box<Diagnostic> {
        let d = self.bad_argument(function, val, span);
        if matches!(val, Val::Complex(..)) { d.help("complex numbers have no order; compare `abs()` or a part") } else { d }
    }
}

pub(super) fn row(op: CompareOp) -> Op {
    match op {
        CompareOp::Eq => Op::Eq,
        CompareOp::Ne => Op::Ne,
        CompareOp::Lt => Op::Lt,
        CompareOp::Le => Op::Le,
        CompareOp::Gt => Op::Gt,
        CompareOp::Ge => Op::Ge,
        other => unreachable!("`{}` has no row", symbol(other)),
    }
}

/// The comparison with its operands exchanged.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        other => other,
    }
}

fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}
