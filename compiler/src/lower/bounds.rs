//! Bounds of integers that can be told from the code: enough to see the sign of a step and that a loop's counter cannot overflow.

use super::Lowerer;
use crate::ir::{Inst, Value};
use crate::pass::interval::{self, Interval};

impl Lowerer {
    /// Least and greatest value that an integer can have.
    pub(super) fn bounds(&self, value: Value) -> Interval {
        let whole = interval::of_type(self.ty(value));
        let found = match self.b.function().inst(value) {
            Inst::Const(c) => Some((c.as_int(), c.as_int())),
            Inst::Geometry(g) => Some(interval::of_geometry(*g)),
            Inst::Extent { .. } => Some(interval::EXTENT),
            Inst::Apply { op, args } if args.iter().all(|a| !self.ty(*a).is_float()) => {
                let args: Vec<Interval> = args.iter().map(|a| self.bounds(*a)).collect();
                interval::of_operation(*op, &args)
            }
            _ => None,
        };
        // What does not fit the type wraps.
        found.filter(|(a, b)| *a >= whole.0 && *b <= whole.1).unwrap_or(whole)
    }
}
