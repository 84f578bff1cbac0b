//! What a machine must be able to do to run transforms.
//!
//! Owns the trait between judged calls and the machines that run them. A backend re-checks nothing; all it may answer with is a lack of memory. Must not know which backends
//! exist. No method has a default body.

use crate::call::Call;
use crate::error::Error;
use crate::scalar::Real;
use crate::spec::Spec;

/// A machine that runs transforms of one element type.
pub(crate) trait Backend<T: Real> {
    /// What it keeps of a transform between calls. A GPU's also holds its work area and depends on strides; a CPU's are the kernels of the axes.
    type Plan: Send + Sync;

    /// Plans a transform.
    ///
    /// # Errors
    /// There is no memory.
    fn plan(&self, spec: &Spec) -> Result<Self::Plan, Error>;

    /// Bytes of memory that a run of the plan works in, beside input and output, on each thread.
    fn workspace(&self, plan: &Self::Plan) -> usize;

    /// Runs a planned transform; the call's spec is the plan's.
    ///
    /// # Errors
    /// There is no memory.
    fn run(&self, plan: &Self::Plan, call: Call<'_, T>) -> Result<(), Error>;
}
