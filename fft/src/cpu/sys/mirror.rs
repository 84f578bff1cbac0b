//! The other half of a Hermitian array.

use num_complex::Complex;
use verdigris_device::pool;

use crate::operand::Output;
use crate::scalar::Real;

/// What an axis does under the reflection.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// Stays: a batch.
    Batch,
    /// Index k comes from -k.
    Reflected,
    /// Its upper half is what is to be filled.
    Halved,
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    role: Role,
    extent: usize,
    stride: isize,
}

struct Whole<T>(*mut T);

// SAFETY: workers fill disjoint elements, and read elements of the other half, which nobody writes.
unsafe impl<T: Real> Sync for Whole<T> {}

/// Elements of a worker's share.
const SHARE: usize = 64 << 10;

/// Fills the upper half of `halved` (indexes above n/2) with the conjugates of the lower, all `reflected` axes (and `halved`) being reversed.
///
/// The output is complex and its lower half has been written.
pub(crate) fn mirror<T: Real>(output: &Output<'_, T>, halved: usize, reflected: &[usize]) {
    debug_assert!(output.complex);
    if output.shape.contains(&0) || output.shape[halved] < 3 {
        return;
    }
    let role = |axis| {
        if axis == halved {
            Role::Halved
        } else if reflected.contains(&axis) {
            Role::Reflected
        } else {
            Role::Batch
        }
    };
    let mut axes: Vec<Axis> =
        (0..output.shape.len()).map(|axis| Axis { role: role(axis), extent: output.shape[axis], stride: output.strides[axis] }).collect();
    axes.retain(|axis| axis.extent > 1);
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.stride.unsigned_abs()));
    let whole = Whole(output.data);
    let (outer, inner) = (axes[0], &axes[1..]);
    let (first, end) = outer.range();
    let each = inner.iter().map(|axis| axis.range().1 - axis.range().0).product::<usize>().max(1);
    let share = (SHARE / each).clamp(1, end - first);
    pool::run((end - first).div_ceil(share), &|part| {
        let whole = &whole;
        let from = first + part * share;
        for at in from..end.min(from + share) {
            // SAFETY: the indexes are within the extents of the output, which this transform has to itself; parts write disjoint indexes of the outermost axis, all in the
            // upper half of the halved one, and read the lower half, which is complete.
            unsafe {
                fill(inner, whole.0.wrapping_offset(outer.stride * at as isize), whole.0.wrapping_offset(outer.stride * outer.source(at) as isize))
            };
        }
    });
}

impl Axis {
    /// Indexes to fill.
    fn range(&self) -> (usize, usize) {
        if matches!(self.role, Role::Halved) { (self.extent / 2 + 1, self.extent) } else { (0, self.extent) }
    }

    /// The index that an index is filled from.
    fn source(&self, at: usize) -> usize {
        if matches!(self.role, Role::Batch) || at == 0 { at } else { self.extent - at }
    }
}

/// # Safety
/// For every index of the axes, `to` is an element that this thread may write and `from` one that nobody writes.
unsafe fn fill<T: Real>(axes: &[Axis], to: *mut T, from: *const T) {
    let Some((axis, rest)) = axes.split_first() else {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<Complex<T>>().write(from.cast::<Complex<T>>().read().conj()) };
        return;
    };
    let (first, end) = axis.range();
    if rest.is_empty() {
        for at in first..end {
            let (to, from) = (to.wrapping_offset(axis.stride * at as isize), from.wrapping_offset(axis.stride * axis.source(at) as isize));
            // SAFETY: the caller's promise.
            unsafe { to.cast::<Complex<T>>().write(from.cast::<Complex<T>>().read().conj()) };
        }
        return;
    }
    for at in first..end {
        // SAFETY: the caller's promise.
        unsafe { fill(rest, to.wrapping_offset(axis.stride * at as isize), from.wrapping_offset(axis.stride * axis.source(at) as isize)) };
    }
}
