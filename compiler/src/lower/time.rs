//! datetime64 and timedelta64: counts of a unit, whose least int64 is NaT.
//!
//! Operands of different units meet in the finer one, where one has a fixed number of the other (days and hours, not months and days). What has a NaT among its operands
//! gives NaT, and a comparison false, unless it is `!=`. Also the functions of `cuda.fp16`, which likewise take their operands to one type first.

use super::Lowerer;
use super::builtins::Fp16;
use super::call::Arg;
use super::choice::Test;
use super::fault::{Result, fault};
use super::value::Val;
use crate::ir::Value;
use crate::op::{Math, Op};
use crate::source::Span;
use crate::syntax::{BinaryOp, CompareOp};
use crate::types::{Scalar, ScalarType, TimeUnit};

fn unit(ty: ScalarType) -> TimeUnit {
    match ty {
        ScalarType::DateTime(unit) | ScalarType::TimeDelta(unit) => unit,
        other => unreachable!("{other} is no time"),
    }
}

/// The same kind of time, in another unit.
fn with_unit(ty: ScalarType, unit: TimeUnit) -> ScalarType {
    if matches!(ty, ScalarType::DateTime(_)) { ScalarType::DateTime(unit) } else { ScalarType::TimeDelta(unit) }
}

impl Lowerer {
    /// Whether a count is NaT.
    pub(super) fn is_nat(&mut self, count: Value) -> Value {
        let nat = self.b.int(i64::MIN);
        self.op(Op::Eq, &[count, nat])
    }

    /// A time in a unit at least as fine, of the same kind.
    pub(super) fn to_unit(&mut self, val: &Val, ty: ScalarType) -> Option<Val> {
        let Val::Time(from, count) = val else { return None };
        if std::mem::discriminant(from) != std::mem::discriminant(&ty) {
            return None;
        }
        let factor = unit(*from).in_units_of(unit(ty))?;
        if factor == 1 {
            return Some(Val::Time(ty, *count));
        }
        let by = self.b.int(factor);
        let scaled = self.op(Op::Mul, &[*count, by]);
        let nat = self.is_nat(*count);
        Some(Val::Time(ty, self.op(Op::Select, &[nat, *count, scaled])))
    }

    /// Two times in the finer of their units.
    fn same_unit(&mut self, a: &Val, b: &Val) -> Option<(TimeUnit, Value, Value)> {
        let (Val::Time(s, _), Val::Time(t, _)) = (a, b) else { return None };
        let finer = unit(*s).max(unit(*t));
        let (Val::Time(_, a), Val::Time(_, b)) = (self.to_unit(a, with_unit(*s, finer))?, self.to_unit(b, with_unit(*t, finer))?) else {
            return None;
        };
        Some((finer, a, b))
    }

    /// A count, or NaT if one of the operands is.
    fn unless_nat(&mut self, operands: &[Value], count: Value) -> Value {
        let nat = self.b.int(i64::MIN);
        operands.iter().fold(count, |count, operand| {
            let is_nat = self.is_nat(*operand);
            self.op(Op::Select, &[is_nat, nat, count])
        })
    }

    /// Arithmetic of times; `None` where it is not defined.
    pub(super) fn binary_times(&mut self, op: BinaryOp, left: &Val, right: &Val) -> Option<Val> {
        use ScalarType::{DateTime, TimeDelta};
        match (op, left, right) {
            (_, Val::Time(s, _), Val::Time(t, _)) => {
                let (unit, a, b) = self.same_unit(left, right)?;
                let (row, result) = match (op, s, t) {
                    (BinaryOp::Add, TimeDelta(_), TimeDelta(_)) => (Op::Add, TimeDelta(unit)),
                    (BinaryOp::Add, DateTime(_), TimeDelta(_)) | (BinaryOp::Add, TimeDelta(_), DateTime(_)) => (Op::Add, DateTime(unit)),
                    (BinaryOp::Sub, DateTime(_), DateTime(_)) | (BinaryOp::Sub, TimeDelta(_), TimeDelta(_)) => (Op::Sub, TimeDelta(unit)),
                    (BinaryOp::Sub, DateTime(_), TimeDelta(_)) => (Op::Sub, DateTime(unit)),
                    (BinaryOp::Mod, TimeDelta(_), TimeDelta(_)) => {
                        let zero = self.b.int(0);
                        let none = self.op(Op::Eq, &[b, zero]);
                        let nat = self.b.int(i64::MIN);
                        let rest = self.op(Op::Mod, &[a, b]);
                        let rest = self.op(Op::Select, &[none, nat, rest]);
                        return Some(Val::Time(TimeDelta(unit), self.unless_nat(&[a, b], rest)));
                    }
                    (BinaryOp::FloorDiv, TimeDelta(_), TimeDelta(_)) => {
                        let whole = self.op(Op::FloorDiv, &[a, b]);
                        let (x, y) = (self.is_nat(a), self.is_nat(b));
                        let nat = self.op(Op::Or, &[x, y]);
                        let zero = self.b.int(0);
                        return Some(Val::Real(self.op(Op::Select, &[nat, zero, whole])));
                    }
                    (BinaryOp::TrueDiv, TimeDelta(_), TimeDelta(_)) => {
                        let (x, y) = (self.is_nat(a), self.is_nat(b));
                        let nat = self.op(Op::Or, &[x, y]);
                        let (a, b) = (self.cast(a, ScalarType::F64), self.cast(b, ScalarType::F64));
                        let quotient = self.op(Op::Div, &[a, b]);
                        let nan = self.float(ScalarType::F64, f64::NAN);
                        return Some(Val::Real(self.op(Op::Select, &[nat, nan, quotient])));
                    }
                    _ => return None,
                };
                let count = self.op(row, &[a, b]);
                Some(Val::Time(result, self.unless_nat(&[a, b], count)))
            }
            (BinaryOp::Mul, Val::Real(_), Val::Time(TimeDelta(_), _)) => self.binary_times(op, right, left),
            (BinaryOp::Mul | BinaryOp::FloorDiv | BinaryOp::TrueDiv, Val::Time(ty @ TimeDelta(_), count), Val::Real(by)) => {
                let float = self.ty(*by).is_float();
                let scaled = if float {
                    let (x, y) = (self.cast(*count, ScalarType::F64), self.cast(*by, ScalarType::F64));
                    let row = if op == BinaryOp::Mul { Op::Mul } else { Op::Div };
                    let exact = self.op(row, &[x, y]);
                    let finite = self.op(Op::IsFinite, &[exact]);
                    let count = self.cast(exact, ScalarType::I64);
                    let nat = self.b.int(i64::MIN);
                    self.op(Op::Select, &[finite, count, nat])
                } else {
                    let y = self.cast(*by, ScalarType::I64);
                    match op {
                        BinaryOp::Mul => self.op(Op::Mul, &[*count, y]),
                        _ => {
                            // NumPy's divisions of a time by an integer, floored ones too, drop the fraction.
                            let whole = self.truncated(*count, y);
                            let zero = self.b.int(0);
                            let none = self.op(Op::Eq, &[y, zero]);
                            let nat = self.b.int(i64::MIN);
                            self.op(Op::Select, &[none, nat, whole])
                        }
                    }
                };
                Some(Val::Time(*ty, self.unless_nat(&[*count], scaled)))
            }
            // An integer beside a time counts the time's unit.
            (BinaryOp::Add | BinaryOp::Sub, Val::Time(ty, _), Val::Real(n)) if self.ty(*n).is_integer() => {
                let n = self.cast(*n, ScalarType::I64);
                self.binary_times(op, left, &Val::Time(TimeDelta(unit(*ty)), n))
            }
            (BinaryOp::Add, Val::Real(n), Val::Time(ty, _)) if self.ty(*n).is_integer() => {
                let n = self.cast(*n, ScalarType::I64);
                self.binary_times(op, &Val::Time(TimeDelta(unit(*ty)), n), right)
            }
            _ => None,
        }
    }

    /// A quotient of integers without its fraction.
    fn truncated(&mut self, a: Value, b: Value) -> Value {
        let (x, y) = (self.op(Op::Abs, &[a]), self.op(Op::Abs, &[b]));
        let whole = self.op(Op::FloorDiv, &[x, y]);
        let zero = self.b.int(0);
        let (s, t) = (self.op(Op::Lt, &[a, zero]), self.op(Op::Lt, &[b, zero]));
        let differ = self.op(Op::Xor, &[s, t]);
        let negative = self.op(Op::Neg, &[whole]);
        self.op(Op::Select, &[differ, negative, whole])
    }

    /// A comparison of times of one kind; `None` where it is not defined.
    pub(super) fn compare_times(&mut self, op: CompareOp, left: &Val, right: &Val) -> Option<Test> {
        let (Val::Time(s, _), Val::Time(t, _)) = (left, right) else { return None };
        if std::mem::discriminant(s) != std::mem::discriminant(t) {
            return None;
        }
        let (_, a, b) = self.same_unit(left, right)?;
        let plain = self.op(super::compare::row(op), &[a, b]);
        let (x, y) = (self.is_nat(a), self.is_nat(b));
        let nat = self.op(Op::Or, &[x, y]);
        let decided = self.constant(Scalar::bool(op == CompareOp::Ne));
        let test = self.op(Op::Select, &[nat, decided, plain]);
        Some(self.known_test(test))
    }

    /// A function of `cuda.fp16`.
    pub(super) fn half_function(&mut self, function: Fp16, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let arity = match function {
            Fp16::Fma => 3,
            Fp16::Binary(_) | Fp16::Compare(_) | Fp16::Min | Fp16::Max => 2,
            _ => 1,
        };
        if args.len() != arity {
            return self.wrong_count(text, &super::call::count(arity), args.len(), span);
        }
        let mut values = Vec::new();
        for (val, at) in args {
            match self.to_scalar(val, ScalarType::F16) {
                Some(Val::Half(_, v)) => values.push(v),
                _ => return fault(self.bad_argument(text, val, *at)),
            }
        }
        let (a, b) = (values[0], values.get(1).copied().unwrap_or(values[0]));
        let one = self.float(ScalarType::F32, 1.0);
        let result = match function {
            // Of numbers that are not ordered this one is false too.
            Fp16::Compare(CompareOp::Ne) => {
                let (less, greater) = (self.op(Op::Lt, &[a, b]), self.op(Op::Gt, &[a, b]));
                return Ok(Val::Real(self.op(Op::Or, &[less, greater])));
            }
            Fp16::Compare(op) => return Ok(Val::Real(self.compare_reals(op, a, b))),
            Fp16::Binary(op) => {
                let row = match op {
                    BinaryOp::Add => Op::Add,
                    BinaryOp::Sub => Op::Sub,
                    BinaryOp::Mul => Op::Mul,
                    _ => Op::Div,
                };
                self.op(row, &[a, b])
            }
            Fp16::Fma => {
                // The product is exact in float64, and so is the sum but for its last bits, far below float16's.
                let wide: Vec<Value> = values.iter().map(|v| self.cast(*v, ScalarType::F64)).collect();
                self.op(Op::Fma, &wide)
            }
            Fp16::Math(m) => self.op(Op::Math(m), &[a]),
            Fp16::Neg => self.op(Op::Neg, &[a]),
            Fp16::Abs => self.op(Op::Abs, &[a]),
            Fp16::Min | Fp16::Max => {
                let least = function == Fp16::Min;
                let nan = self.op(Op::IsNan, &[b]);
                let before = self.op(if least { Op::Le } else { Op::Ge }, &[a, b]);
                let first = self.op(Op::Or, &[before, nan]);
                self.op(Op::Select, &[first, a, b])
            }
            Fp16::Reciprocal => self.op(Op::Div, &[one, a]),
            Fp16::ReciprocalSqrt => {
                let root = self.op(Op::Math(Math::Sqrt), &[a]);
                self.op(Op::Div, &[one, root])
            }
        };
        Ok(self.half(ScalarType::F16, result))
    }
}
