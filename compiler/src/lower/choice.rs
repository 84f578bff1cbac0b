//! Tests, `and`, `or`, `not` and conditional expressions: choosing between values.
//!
//! What may fail, costs much, or could raise a floating-point flag is evaluated only where Python evaluates it; the rest is evaluated
//! always, and a `Select` chooses.

use super::Lowerer;
use super::env::join_shapes;
use super::fault::{Result, Stop, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Block, Inst, Kind, Value};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, UnaryOp};
use crate::types::{Scalar, ScalarType, unify_types};

/// The truth of an expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Test {
    /// Decided when compiled.
    Always(bool),
    /// A bool.
    Value(Value),
}

/// An arm of a choice: its value, its code, and where it is written.
struct Arm {
    val: Val,
    block: Block,
    span: Span,
}

/// Longest code that is evaluated without need, in instructions.
const CHEAP: usize = 16;

impl Lowerer {
    /// The truth of an expression, for a branch.
    pub(super) fn test(&mut self, e: &Expr) -> Result<Test> {
        match &e.kind {
            ExprKind::BoolOp { and, values } => self.test_all(*and, values, e.span),
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let test = self.test(operand)?;
                self.at(e.span);
                Ok(match test {
                    Test::Always(b) => Test::Always(!b),
                    Test::Value(v) => Test::Value(self.op(Op::Not, &[v])),
                })
            }
            _ => {
                let val = self.expr(e)?;
                self.at(e.span);
                self.truth(&val, e.span)
            }
        }
    }

    pub(super) fn test_value(&mut self, test: Test) -> Val {
        match test {
            Test::Always(b) => self.bool(b),
            Test::Value(v) => Val::Real(v),
        }
    }

    pub(super) fn negated(&mut self, test: Test) -> Val {
        match test {
            Test::Always(b) => self.bool(!b),
            Test::Value(v) => Val::Real(self.op(Op::Not, &[v])),
        }
    }

    fn test_all(&mut self, and: bool, values: &[Expr], span: Span) -> Result<Test> {
        let (first, rest) = values.split_first().expect("two or more values");
        let test = self.test(first)?;
        if rest.is_empty() {
            return Ok(test);
        }
        match test {
            Test::Always(b) if b == and => self.test_all(and, rest, span),
            Test::Always(_) => Ok(test),
            Test::Value(v) => self.short_circuit(and, v, span, |this| this.test_all(and, rest, span)),
        }
    }

    /// `left and right`, `left or right` on bools, `right` evaluated only where it is needed.
    pub(super) fn short_circuit(&mut self, and: bool, left: Value, span: Span, right: impl FnOnce(&mut Self) -> Result<Test>) -> Result<Test> {
        let Some((right, mut block)) = self.nested_if_known(right)? else { return Ok(Test::Value(left)) };
        self.at(span);
        let right = match right {
            Test::Value(v) => v,
            Test::Always(b) if self.is_cheap(&block) => {
                return Ok(if b == and { Test::Value(left) } else { Test::Always(b) });
            }
            Test::Always(b) => {
                self.b.open();
                let v = self.constant(Scalar::bool(b));
                let code = self.b.close();
                block.extend(code);
                v
            }
        };
        if self.is_cheap(&block) {
            self.b.append(block);
            let op = if and { Op::And } else { Op::Or };
            return Ok(Test::Value(self.op(op, &[left, right])));
        }
        let slot = self.b.slot(if and { "%and" } else { "%or" }, ScalarType::Bool);
        self.b.open();
        self.b.append(block);
        self.b.set(slot, right);
        let evaluated = self.b.close();
        self.b.open();
        let decided = self.constant(Scalar::bool(!and));
        self.b.set(slot, decided);
        let skipped = self.b.close();
        let (then, otherwise) = if and { (evaluated, skipped) } else { (skipped, evaluated) };
        self.b.push(Inst::If { cond: left, then, otherwise });
        Ok(Test::Value(self.b.get(slot)))
    }

    /// `a and b`, `a or b` as a value: one of its operands.
    pub(super) fn bool_op(&mut self, and: bool, values: &[Expr], span: Span) -> Result<Val> {
        let (first, rest) = values.split_first().expect("two or more values");
        let left = self.expr(first)?;
        if rest.is_empty() {
            return Ok(left);
        }
        self.at(span);
        let cond = match self.truth(&left, first.span)? {
            Test::Always(b) if b == and => return self.bool_op(and, rest, span),
            Test::Always(_) => return Ok(left),
            Test::Value(v) => v,
        };
        let right_span = Span { start: rest[0].span.start, ..span };
        let Some((right, block)) = self.nested_if_known(|this| this.bool_op(and, rest, span))? else { return Ok(left) };
        self.at(span);
        if let (Val::Real(l), Val::Real(r)) = (&left, &right)
            && self.ty(*l) == ScalarType::Bool
            && self.ty(*r) == ScalarType::Bool
            && self.is_cheap(&block)
        {
            self.b.append(block);
            return Ok(Val::Real(self.op(if and { Op::And } else { Op::Or }, &[*l, *r])));
        }
        let kept = Arm { val: left, block: Block::new(), span: first.span };
        let other = Arm { val: right, block, span: right_span };
        let (then, otherwise) = if and { (other, kept) } else { (kept, other) };
        self.choose(cond, then, otherwise, span)
    }

    /// `a if test else b`.
    pub(super) fn if_else(&mut self, test: &Expr, then: &Expr, otherwise: &Expr, span: Span) -> Result<Val> {
        let cond = match self.test(test)? {
            Test::Always(true) => return self.expr(then),
            Test::Always(false) => return self.expr(otherwise),
            Test::Value(v) => v,
        };
        let first = self.nested_if_known(|this| this.expr(then))?;
        let second = self.nested_if_known(|this| this.expr(otherwise))?;
        let ((val, block), (other, other_block)) = match (first, second) {
            (Some(first), Some(second)) => (first, second),
            // The other is not known yet: this attempt is only for the type.
            (Some((val, block)), None) | (None, Some((val, block))) => {
                self.b.append(block);
                return Ok(val);
            }
            (None, None) => return Err(Stop::Unreachable),
        };
        let then = Arm { val, block, span: then.span };
        let otherwise = Arm { val: other, block: other_block, span: otherwise.span };
        self.at(span);
        self.choose(cond, then, otherwise, span)
    }

    /// One of two values that are there already.
    pub(super) fn select(&mut self, cond: Value, then: (&Val, Span), otherwise: (&Val, Span), span: Span) -> Result<Val> {
        let arm = |(val, span): (&Val, Span)| Arm { val: val.clone(), block: Block::new(), span };
        self.choose(cond, arm(then), arm(otherwise), span)
    }

    fn choose(&mut self, cond: Value, mut then: Arm, mut otherwise: Arm, span: Span) -> Result<Val> {
        if then.val == otherwise.val && then.block.is_empty() && otherwise.block.is_empty() {
            return Ok(then.val);
        }
        if differ_in_arrays(&then.val, &otherwise.val)
            && let Some(shape) = self.shape_of(&then.val).zip(self.shape_of(&otherwise.val)).and_then(|(a, b)| join_shapes(self.b.function(), &a, &b))
        {
            for arm in [&mut then, &mut otherwise] {
                self.b.open();
                arm.val = self.reshape(arm.val.clone(), &shape);
                let code = self.b.close();
                arm.block.extend(code);
            }
            return Ok(self.chosen(cond, then, otherwise));
        }
        let types = (self.type_of(&then.val), self.type_of(&otherwise.val));
        let common = types.0.zip(types.1).and_then(|(a, b)| unify_types(&a, &b));
        let arrays = differ_in_arrays(&then.val, &otherwise.val);
        let Some(common) = common.filter(|_| !arrays) else {
            let name = |val: &Val| if let Val::Str(_) | Val::Bytes(_) = val { super::printing::repr(val) } else { self.describe(val) };
            let (a, b) = (name(&then.val), name(&otherwise.val));
            let d = Diagnostic::new(Code::NoCommonType, span, format!("this is {a} or {b}, which have no common type"));
            let d = d.also(then.span, a).also(otherwise.span, b);
            return fault(if arrays {
                d.note("a name may stand for several arrays, up to eight, if their elements have one type and they as many axes")
            } else {
                d
            });
        };
        for arm in [&mut then, &mut otherwise] {
            self.b.open();
            arm.val = self.to_type(&arm.val, &common, span)?;
            let code = self.b.close();
            arm.block.extend(code);
        }
        Ok(self.chosen(cond, then, otherwise))
    }

    /// One of two values of one form.
    fn chosen(&mut self, cond: Value, then: Arm, otherwise: Arm) -> Val {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        parts(&then.val, &mut a);
        parts(&otherwise.val, &mut b);
        let form = then.val;
        let chosen: Vec<Value> = if self.is_cheap(&then.block) && self.is_cheap(&otherwise.block) {
            self.b.append(then.block);
            self.b.append(otherwise.block);
            a.iter().zip(&b).map(|(a, b)| self.op(Op::Select, &[cond, *a, *b])).collect()
        } else {
            let slots: Vec<_> = a.iter().map(|v| self.b.slot("%choice", self.ty(*v))).collect();
            let mut blocks = [(then.block, a), (otherwise.block, b)].into_iter().map(|(block, values)| {
                self.b.open();
                self.b.append(block);
                slots.iter().zip(values).for_each(|(slot, v)| self.b.set(*slot, v));
                self.b.close()
            });
            let (then, otherwise) = (blocks.next().expect("two arms"), blocks.next().expect("two arms"));
            drop(blocks);
            self.b.push(Inst::If { cond, then, otherwise });
            slots.into_iter().map(|s| self.b.get(s)).collect()
        };
        rebuild(&form, &mut chosen.into_iter())
    }

    /// One of two numbers, each with the code that makes it.
    pub(super) fn one_of(&mut self, cond: Value, then: (Val, Block), otherwise: (Val, Block), span: Span) -> Result<Val> {
        let arm = |(val, block): (Val, Block)| Arm { val, block, span };
        self.choose(cond, arm(then), arm(otherwise), span)
    }

    /// Whether code may be evaluated where Python would not: it is short and has no effect, not even a floating-point flag that a ufunc reports.
    fn is_cheap(&self, block: &Block) -> bool {
        block.len() <= CHEAP && block.iter().all(|v| self.is_harmless(self.b.function().inst(*v)))
    }

    fn is_harmless(&self, inst: &Inst) -> bool {
        match inst {
            Inst::Const(_) | Inst::Param(_) | Inst::Get(_) | Inst::Geometry(_) | Inst::Extent { .. } => true,
            Inst::Apply { op, args } => {
                let float = args.iter().any(|a| self.ty(*a).is_float());
                match op {
                    Op::Div | Op::FloorDiv | Op::Mod | Op::Fmod | Op::Pow | Op::Math(_) | Op::Fma => false,
                    Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Cast(ScalarType::Bool) => true,
                    _ => !(float && op.effects().flags) || self.options.kind == Kind::Kernel,
                }
            }
            _ => false,
        }
    }
}

/// Whether two values name different arrays somewhere.
fn differ_in_arrays(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Array(a), Val::Array(b)) => a != b,
        (Val::View(a), Val::View(b)) => a.map(&mut |_| ()) != b.map(&mut |_| ()),
        (Val::Array(_), Val::View(_)) | (Val::View(_), Val::Array(_)) => true,
        (Val::Tuple(a), Val::Tuple(b)) | (Val::Named(_, a), Val::Named(_, b)) => a.iter().zip(b).any(|(a, b)| differ_in_arrays(a, b)),
        _ => false,
    }
}

/// The scalars of a value, in order.
fn parts(val: &Val, into: &mut Vec<Value>) {
    match val {
        Val::Real(v) | Val::Half(_, v) | Val::Time(_, v) => into.push(*v),
        Val::Complex(re, im) => into.extend([*re, *im]),
        Val::Tuple(items) | Val::Named(_, items) => items.iter().for_each(|v| parts(v, into)),
        Val::View(view) => {
            view.map(&mut |v| into.push(*v));
        }
        Val::None | Val::Grid | Val::Array(_) | Val::Function(_) | Val::Str(_) | Val::Bytes(_) => {}
    }
}

/// A value of the same form with other scalars.
fn rebuild(form: &Val, parts: &mut impl Iterator<Item = Value>) -> Val {
    let mut next = || parts.next().expect("as many scalars as the form has");
    match form {
        Val::Real(_) => Val::Real(next()),
        Val::Half(ty, _) => Val::Half(*ty, next()),
        Val::Time(ty, _) => Val::Time(*ty, next()),
        Val::Complex(..) => Val::Complex(next(), next()),
        Val::Tuple(items) => Val::Tuple(items.iter().map(|f| rebuild(f, parts)).collect()),
        Val::Named(named, items) => Val::Named(named.clone(), items.iter().map(|f| rebuild(f, parts)).collect()),
        Val::View(view) => Val::View(Box::new(view.map(&mut |_| next()))),
        other => other.clone(),
    }
}
