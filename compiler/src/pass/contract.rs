//! Contraction: `a*b + c` with one rounding.
//!
//! The one place that decides which products fuse, so that every backend computes the same bits:
//!
//! ```text
//! a*b + c  ->  fma(a, b, c)        a*b - c  ->  fma(a, b, -c)
//! c + a*b  ->  fma(a, b, c)        c - a*b  ->  fma(-a, b, c)
//! ```
//!
//! on float32 and float64. Where both operands are products the left one fuses, unless they are the same product `p`: then the sum is `p + p`, which is what both ways of
//! rounding give (the second rounding of `fma(a, b, p)` finds `2p`, to within less than half a step), and a sum with *that* fuses as the product it is:
//!
//! ```text
//! a*b + b*a  ->  p + p             (p + p) + c  ->  fma(p, 2, c)
//! ```
//!
//! So the imaginary part of `z*z + c` takes two operations, not three. A product is found as the operand itself, never through a slot. Products that
//! lose their last user are left for [`remove_unused`](super::remove_unused).

use super::rebuild;
use crate::ir::{Args, Block, Function, Inst, Value};
use crate::op::Op;
use crate::types::{Scalar, ScalarType};

/// Fuses float products into the sums and differences that use them.
pub fn contract(mut function: Function) -> Function {
    rebuild(&mut function, &mut fuse);
    function
}

/// Rewrites one instruction in place; a negation it needs goes into the block before it.
fn fuse(f: &mut Function, before: &mut Block, at: Value) {
    let Inst::Apply { op: op @ (Op::Add | Op::Sub), args } = f.inst(at) else { return };
    if !f.ty(at).is_float() {
        return;
    }
    let (op, left, right) = (*op, args[0], args[1]);
    let (first, second) = (product(f, left), product(f, right));
    if let (Op::Add, Some((a, b)), Some((c, d))) = (op, first, second)
        && ((a, b) == (c, d) || (a, b) == (d, c))
    {
        f.insts[at.index()] = Inst::Apply { op: Op::Add, args: Args::from_slice(&[left, left]) };
        return;
    }
    let first = first.or_else(|| doubled(f, before, left, at));
    let second = second.or_else(|| if first.is_none() { doubled(f, before, right, at) } else { None });
    let args = match (op, first, second) {
        (Op::Add, Some((a, b)), _) => [a, b, right],
        (Op::Add, None, Some((a, b))) => [a, b, left],
        (_, Some((a, b)), _) => [a, b, negated(f, before, right, at)],
        (_, None, Some((a, b))) => [negated(f, before, a, at), b, left],
        (_, None, None) => return,
    };
    f.insts[at.index()] = Inst::Apply { op: Op::Fma, args: Args::from_slice(&args) };
}

fn product(f: &Function, value: Value) -> Option<(Value, Value)> {
    match f.inst(value) {
        Inst::Apply { op: Op::Mul, args } => Some((args[0], args[1])),
        _ => None,
    }
}

/// `p + p` of a product `p` as the product of `p` and 2.
fn doubled(f: &mut Function, before: &mut Block, value: Value, user: Value) -> Option<(Value, Value)> {
    let Inst::Apply { op: Op::Add, args } = f.inst(value) else { return None };
    let p = args[0];
    if p != args[1] || product(f, p).is_none() {
        return None;
    }
    let two = if f.ty(p) == ScalarType::F32 { Scalar::f32(2.0) } else { Scalar::f64(2.0) };
    Some((p, insert(f, before, Inst::Const(two), f.types[p.index()], user)))
}

fn negated(f: &mut Function, before: &mut Block, value: Value, user: Value) -> Value {
    insert(f, before, Inst::Apply { op: Op::Neg, args: Args::from_slice(&[value]) }, f.types[value.index()], user)
}

fn insert(f: &mut Function, before: &mut Block, inst: Inst, ty: Option<ScalarType>, user: Value) -> Value {
    let value = Value(f.insts.len() as u32);
    f.insts.push(inst);
    f.types.push(ty);
    f.spans.push(f.span(user));
    before.push(value);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Builder, Kind, Verified};
    use crate::source::Sources;

    /// `f(a, b, c, d)` of one type with the body's last value as result, contracted and cleaned, as the operations in order.
    fn contracted(ty: ScalarType, make: impl Fn(&mut Builder, [Value; 4]) -> Value) -> (Function, Vec<Op>) {
        let mut b = Builder::new("f", Kind::Scalar);
        let params = ["a", "b", "c", "d"].map(|name| b.scalar_param(name, ty));
        let values = params.map(|p| b.push(Inst::Param(p)));
        let result = make(&mut b, values);
        let slot = b.slot("%result", ty);
        b.set(slot, result);
        let f = super::super::prepare(b.finish(vec![slot], Sources::default()), true);
        let mut ops = Vec::new();
        f.walk(&mut |_, inst| {
            if let Inst::Apply { op, .. } = inst {
                ops.push(*op);
            }
        });
        Verified::new(f.clone()).expect("valid after contraction");
        (f, ops)
    }

    fn run(f: &Function, args: [f64; 4]) -> f64 {
        let f = Verified::new(f.clone()).expect("valid");
        crate::interp::run_scalar(&f, &args.map(Scalar::f64), &Default::default()).expect("a result")[0].as_f64()
    }

    #[test]
    fn the_four_forms() {
        let (x, y, c) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON, 1.0);
        let exact = x.mul_add(y, -c);
        assert_ne!(exact, x * y - c, "the operands tell one rounding from two");
        let args = [x, y, c, 0.0];
        type Make = fn(&mut Builder, [Value; 4]) -> Value;
        let forms: [(Make, &[Op], f64); 4] = [
            (
                |b, [x, y, c, _]| {
                    let p = b.apply(Op::Mul, &[x, y]);
                    b.apply(Op::Add, &[p, c])
                },
                &[Op::Fma],
                x.mul_add(y, c),
            ),
            (
                |b, [x, y, c, _]| {
                    let p = b.apply(Op::Mul, &[x, y]);
                    b.apply(Op::Add, &[c, p])
                },
                &[Op::Fma],
                x.mul_add(y, c),
            ),
            (
                |b, [x, y, c, _]| {
                    let p = b.apply(Op::Mul, &[x, y]);
                    b.apply(Op::Sub, &[p, c])
                },
                &[Op::Neg, Op::Fma],
                exact,
            ),
            (
                |b, [x, y, c, _]| {
                    let p = b.apply(Op::Mul, &[x, y]);
                    b.apply(Op::Sub, &[c, p])
                },
                &[Op::Neg, Op::Fma],
                -exact,
            ),
        ];
        for (i, (make, ops, want)) in forms.into_iter().enumerate() {
            let (f, got) = contracted(ScalarType::F64, make);
            assert_eq!(got, ops, "form {i}");
            assert_eq!(run(&f, args), want, "form {i}");
        }
    }

    #[test]
    fn the_left_of_two_products_fuses() {
        let (f, ops) = contracted(ScalarType::F64, |b, [x, y, c, d]| {
            let left = b.apply(Op::Mul, &[x, y]);
            let right = b.apply(Op::Mul, &[c, d]);
            b.apply(Op::Add, &[left, right])
        });
        assert_eq!(ops, [Op::Mul, Op::Fma]);
        let (x, y) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON);
        assert_eq!(run(&f, [x, y, -1.0, 1.0]), x.mul_add(y, -1.0));
        assert_eq!(run(&f, [-1.0, 1.0, x, y]), 0.0, "the right product is rounded first");
    }

    #[test]
    fn a_doubled_product_is_a_product() {
        let (f, ops) = contracted(ScalarType::F64, |b, [x, y, c, _]| {
            let left = b.apply(Op::Mul, &[x, y]);
            let right = b.apply(Op::Mul, &[y, x]);
            let sum = b.apply(Op::Add, &[left, right]);
            b.apply(Op::Add, &[c, sum])
        });
        assert_eq!(ops, [Op::Mul, Op::Fma]);
        let (x, y) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON);
        assert_eq!(run(&f, [x, y, 0.1, 0.0]), (x * y).mul_add(2.0, 0.1));
        let (f, ops) = contracted(ScalarType::F64, |b, [x, y, _, _]| {
            let left = b.apply(Op::Mul, &[x, y]);
            let right = b.apply(Op::Mul, &[x, y]);
            b.apply(Op::Add, &[left, right])
        });
        assert_eq!(ops, [Op::Mul, Op::Add]);
        // Fused or not, the sum of a product with itself is the same, at the edges of the range too.
        for (x, y) in [(x, y), (0.3, 0.7), (1e-200, 3e-124), (-1e-200, 1e-200), (3e-308, 0.3), (5e-324, 0.5), (1e200, 1e108), (1e300, -1e300)] {
            let got = run(&f, [x, y, 0.0, 0.0]);
            assert_eq!(got.to_bits(), x.mul_add(y, x * y).to_bits(), "{x} {y}");
            assert_eq!(got.to_bits(), (x * y + y * x).to_bits(), "{x} {y}");
        }
    }

    #[test]
    fn integers_and_products_with_other_users_stay() {
        let (_, ops) = contracted(ScalarType::I64, |b, [x, y, c, _]| {
            let p = b.apply(Op::Mul, &[x, y]);
            b.apply(Op::Add, &[p, c])
        });
        assert_eq!(ops, [Op::Mul, Op::Add]);
        let (_, ops) = contracted(ScalarType::F32, |b, [x, y, c, _]| {
            let p = b.apply(Op::Mul, &[x, y]);
            let sum = b.apply(Op::Add, &[p, c]);
            b.apply(Op::Div, &[sum, p])
        });
        assert_eq!(ops, [Op::Mul, Op::Fma, Op::Div]);
    }

    #[test]
    fn sums_inside_constructs_fuse() {
        let (_, ops) = contracted(ScalarType::F64, |b, [x, y, c, d]| {
            let out = b.slot("out", ScalarType::F64);
            let p = b.apply(Op::Mul, &[x, y]);
            let cond = b.apply(Op::Lt, &[c, d]);
            b.open();
            let sum = b.apply(Op::Sub, &[c, p]);
            b.set(out, sum);
            let then = b.close();
            b.push(Inst::If { cond, then, otherwise: vec![] });
            b.get(out)
        });
        assert_eq!(ops, [Op::Lt, Op::Neg, Op::Fma]);
    }
}
