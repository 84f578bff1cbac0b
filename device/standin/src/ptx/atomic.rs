//! What atomic operations make of the number in memory.

use super::float::{flushed, single};
use super::parse::{Kind, Ty};
use super::program::Change;

pub(super) fn known(name: &str) -> bool {
    matches!(name, "add" | "exch" | "cas" | "and" | "or" | "xor" | "min" | "max" | "inc" | "dec")
}

/// The new value of the old one and the operands; float32 in device memory (not `shared`) has no subnormal numbers.
pub(super) fn change(name: &str, ty: Ty, shared: bool) -> Option<Change> {
    macro_rules! integers {
        ($f:ident) => {
            match (ty.kind, ty.bits) {
                (Kind::Signed, 32) => Some(|old, x, _| (old as i32).$f(x as i32) as u32 as u64),
                (Kind::Signed, 64) => Some(|old, x, _| (old as i64).$f(x as i64) as u64),
                (Kind::Unsigned, 32) => Some(|old, x, _| u64::from((old as u32).$f(x as u32))),
                (Kind::Unsigned, 64) => Some(|old, x, _| old.$f(x)),
                _ => None,
            }
        };
    }
    match (name, ty.kind, ty.bits) {
        ("add", Kind::Float, 32) if shared => Some(|old, x, _| single(f32::from_bits(old as u32) + f32::from_bits(x as u32))),
        ("add", Kind::Float, 32) => Some(|old, x, _| single(flushed(flushed(f32::from_bits(old as u32)) + flushed(f32::from_bits(x as u32))))),
        ("add", Kind::Float, 64) => Some(|old, x, _| (f64::from_bits(old) + f64::from_bits(x)).to_bits()),
        ("add", Kind::Float | Kind::Brain, _) => None,
        ("add", ..) => integers!(wrapping_add),
        ("min", ..) => integers!(min),
        ("max", ..) => integers!(max),
        ("exch", _, 32 | 64) => Some(|_, x, _| x),
        ("cas", _, 16 | 32 | 64) => Some(|old, expected, new| if old == expected { new } else { old }),
        ("and", _, 32 | 64) => Some(|old, x, _| old & x),
        ("or", _, 32 | 64) => Some(|old, x, _| old | x),
        ("xor", _, 32 | 64) => Some(|old, x, _| old ^ x),
        ("inc", Kind::Unsigned, 32) => Some(|old, x, _| if old >= x { 0 } else { old + 1 }),
        ("dec", Kind::Unsigned, 32) => Some(|old, x, _| if old == 0 || old > x { x } else { old - 1 }),
        _ => None,
    }
}
