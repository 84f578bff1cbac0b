//! A loop over whole operands: broadcast, merged axes, all cores where asked.

use verdigris_device::float_env::Flags;

use super::job::Job;
use super::{Loop, Operand, Options};
use crate::broadcast::Plan;
use crate::error::Error;

/// Computes every element of `shape`: inputs broadcast to it, outputs have it. The flags raised, of those of interest.
///
/// Outputs must not overlap inputs other than element for element (then [`Options::in_place`] is to be set), nor each other.
///
/// # Errors
/// Operands that do not fit the loop, or [`Error::Failed`]; the outputs' contents are then unspecified.
pub fn run(lp: &Loop, shape: &[isize], operands: &[Operand<'_>], options: Options) -> Result<Flags, Error> {
    if operands.len() != lp.operands() {
        return Err(Error::ArgumentCount { expected: lp.inputs(), found: operands.len().saturating_sub(lp.operands() - lp.inputs()) });
    }
    let plan = Plan::new(shape, operands, lp.inputs())?;
    if plan.size() == 0 {
        return Ok(Flags::default());
    }
    Job::over(lp, operands, &plan, options)?.run()
}
