//! Least and greatest values of integers, as far as types, CUDA's limits and operations tell.
//!
//! Mathematical values of a type's numbers; nothing is known of branches. Used while a function is lowered, and by [`super::inside`].

use crate::ir::{Axis, Geometry};
use crate::op::Op;
use crate::types::{MOST_EXTENT, ScalarType};

/// Least and greatest value.
pub type Interval = (i128, i128);

/// Extents of an array's axes; whoever binds arrays refuses longer ones.
pub const EXTENT: Interval = (0, MOST_EXTENT as i128);

/// All numbers of an integer type, or of bool.
pub fn of_type(ty: ScalarType) -> Interval {
    match ty {
        ScalarType::Bool => (0, 1),
        t if t.is_signed() => (-(1 << (t.bits() - 1)), (1 << (t.bits() - 1)) - 1),
        t => (0, (1 << t.bits()) - 1),
    }
}

/// Launch coordinates, by CUDA's limits.
pub fn of_geometry(g: Geometry) -> Interval {
    let blocks = |axis: Axis| if axis == Axis::X { (1 << 31) - 1 } else { 65_535 };
    match g {
        Geometry::ThreadIdx(_) => (0, 1023),
        Geometry::BlockDim(_) => (1, 1024),
        Geometry::BlockIdx(axis) => (0, blocks(axis) - 1),
        Geometry::GridDim(axis) => (1, blocks(axis)),
        Geometry::LaneId => (0, 31),
    }
}

/// What an operation on integers gives, before it wraps to its type; `None` where nothing is known but that type.
pub fn of_operation(op: Op, args: &[Interval]) -> Option<Interval> {
    let natural = |n: usize| args[n].0 >= 0;
    match (op, args) {
        (Op::Cast(_), [a]) => Some(*a),
        (Op::Neg, [a]) => Some((-a.1, -a.0)),
        (Op::Add, [a, b]) => Some((a.0 + b.0, a.1 + b.1)),
        (Op::Sub, [a, b]) => Some((a.0 - b.1, a.1 - b.0)),
        (Op::Mul, [a, b]) => {
            let all = [a.0.checked_mul(b.0)?, a.0.checked_mul(b.1)?, a.1.checked_mul(b.0)?, a.1.checked_mul(b.1)?];
            Some((*all.iter().min()?, *all.iter().max()?))
        }
        (Op::Min, [a, b]) => Some((a.0.min(b.0), a.1.min(b.1))),
        (Op::Max, [a, b]) => Some((a.0.max(b.0), a.1.max(b.1))),
        (Op::Select, [_, a, b]) => Some((a.0.min(b.0), a.1.max(b.1))),
        // By 0 both give 0.
        (Op::FloorDiv, [a, b]) if b.0 >= 1 => {
            let all = [a.0.div_euclid(b.0), a.0.div_euclid(b.1), a.1.div_euclid(b.0), a.1.div_euclid(b.1)];
            Some((*all.iter().min()?, *all.iter().max()?))
        }
        (Op::FloorDiv, [a, _]) if natural(0) && natural(1) => Some((0, a.1)),
        (Op::Mod, [a, b]) if natural(1) => Some((0, if natural(0) { a.1.min((b.1 - 1).max(0)) } else { (b.1 - 1).max(0) })),
        (Op::And, [a, b]) if natural(0) || natural(1) => Some((0, [a, b].iter().filter(|i| i.0 >= 0).map(|i| i.1).min()?)),
        (Op::Shr, [a, _]) if natural(0) => Some((0, a.1)),
        _ => None,
    }
}
