//! Bounds of integers that can be told from the code: enough to see the sign of a step and that a loop's counter cannot overflow.

use super::Lowerer;
use crate::ir::{Axis, Geometry, Inst, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// Most elements along an axis: an array's bytes are addressable.
const EXTENT: i128 = 1 << 60;

impl Lowerer {
    /// Least and greatest value that an integer can have.
    pub(super) fn bounds(&self, value: Value) -> (i128, i128) {
        let ty = self.ty(value);
        let (least, greatest) = range_of(ty);
        let found = match self.b.function().inst(value) {
            Inst::Const(c) => Some((c.as_int(), c.as_int())),
            Inst::Geometry(g) => Some(geometry(*g)),
            Inst::Extent { .. } => Some((0, EXTENT)),
            Inst::Apply { op, args } if args.iter().all(|a| !self.ty(*a).is_float()) => match op {
                Op::Cast(_) => Some(self.bounds(args[0])),
                Op::Add | Op::Sub | Op::Mul => {
                    let ((a, b), (c, d)) = (self.bounds(args[0]), self.bounds(args[1]));
                    match op {
                        Op::Add => Some((a + c, b + d)),
                        Op::Sub => Some((a - d, b - c)),
                        _ => products(a, b, c, d),
                    }
                }
                Op::Min => {
                    let ((a, b), (c, d)) = (self.bounds(args[0]), self.bounds(args[1]));
                    Some((a.min(c), b.min(d)))
                }
                Op::Max => {
                    let ((a, b), (c, d)) = (self.bounds(args[0]), self.bounds(args[1]));
                    Some((a.max(c), b.max(d)))
                }
                _ => None,
            },
            _ => None,
        };
        // What does not fit the type wraps.
        found.filter(|(a, b)| *a >= least && *b <= greatest).unwrap_or((least, greatest))
    }
}

fn products(a: i128, b: i128, c: i128, d: i128) -> Option<(i128, i128)> {
    let all = [a.checked_mul(c)?, a.checked_mul(d)?, b.checked_mul(c)?, b.checked_mul(d)?];
    Some((*all.iter().min()?, *all.iter().max()?))
}

fn range_of(ty: ScalarType) -> (i128, i128) {
    match ty {
        ScalarType::Bool => (0, 1),
        t if t.is_signed() => (-(1 << (t.bits() - 1)), (1 << (t.bits() - 1)) - 1),
        t => (0, (1 << t.bits()) - 1),
    }
}

/// CUDA's limits.
fn geometry(g: Geometry) -> (i128, i128) {
    let blocks = |axis: Axis| if axis == Axis::X { (1 << 31) - 1 } else { 65_535 };
    match g {
        Geometry::ThreadIdx(_) => (0, 1023),
        Geometry::BlockDim(_) => (1, 1024),
        Geometry::BlockIdx(axis) => (0, blocks(axis) - 1),
        Geometry::GridDim(axis) => (1, blocks(axis)),
        Geometry::LaneId => (0, 31),
    }
}
