//! A loop along one axis, with operands that may overlap: what NumPy's own machinery asks for, its reductions and accumulations included.

use smallvec::SmallVec;
use verdigris_device::float_env::Flags;

use super::fold;
use super::job::Job;
use super::{Loop, Operand, Options};
use crate::error::Error;

/// Elements of the loop's type at equal distances.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// The first.
    pub pointer: *mut u8,
    /// Bytes to the next.
    pub stride: isize,
}

impl Strip {
    /// Addresses of its bytes, first and one past the last.
    fn extent(&self, count: usize, size: usize) -> (usize, usize) {
        let reach = (count as isize - 1) * self.stride;
        let (low, high) = (reach.min(0), reach.max(0) + size as isize);
        let first = self.pointer as usize;
        (first.wrapping_add_signed(low), first.wrapping_add_signed(high))
    }
}

/// How an output lies to the inputs.
#[derive(PartialEq, Eq)]
enum Overlap {
    None,
    /// The very elements of an input.
    Identical,
    /// Anything else: the order of elements matters.
    Ordered,
}

/// Computes `count` elements as a loop over them one by one would: where an output overlaps an input, elements are computed in order, each seeing what
/// earlier ones wrote. `associative`: a reduction (output and first input one element) may group the elements, always in the same way.
///
/// # Safety
/// As [`Operand::new`] for each strip, of the loop's types in native byte order, outputs valid for writes.
///
/// # Errors
/// [`Error::Failed`], or no code.
pub unsafe fn run_strips(lp: &Loop, strips: &[Strip], count: usize, associative: bool, options: Options) -> Result<Flags, Error> {
    if count == 0 {
        return Ok(Flags::default());
    }
    let inputs = lp.inputs();
    if let ([acc, x, out], true) = (strips, lp.folds())
        && acc.pointer == out.pointer
        && acc.stride == 0
        && out.stride == 0
        && !touches(x, count, lp.operand_type(1).size(), out, lp.operand_type(2).size())
    {
        // SAFETY: the caller's promise.
        return unsafe { fold::reduce_strip(lp, acc.pointer, *x, count, associative, options) };
    }
    let overlap = overlap(lp, strips, count);
    if overlap == Overlap::Ordered {
        // SAFETY: the caller's promise.
        return unsafe { fold::in_order(lp, strips, count, options) };
    }
    let operands: SmallVec<[Operand<'_>; 4]> = strips
        .iter()
        .enumerate()
        // SAFETY: the caller's promise; shape and strides are not used along one axis.
        .map(|(k, s)| unsafe { Operand::new(s.pointer, lp.operand_type(k), false, &[], &[]) })
        .collect();
    let strides: SmallVec<[isize; 4]> = strips.iter().map(|s| s.stride).collect();
    let options = Options { in_place: options.in_place || overlap == Overlap::Identical, ..options };
    debug_assert_eq!(operands.len() - inputs, lp.signature().outputs.len());
    Job::along_axis(lp, &operands, &strides, count, options)?.run()
}

fn touches(a: &Strip, count: usize, a_size: usize, one: &Strip, one_size: usize) -> bool {
    let ((a0, a1), (b0, b1)) = (a.extent(count, a_size), one.extent(1, one_size));
    a0 < b1 && b0 < a1
}

fn overlap(lp: &Loop, strips: &[Strip], count: usize) -> Overlap {
    let mut result = Overlap::None;
    for (o, out) in strips.iter().enumerate().skip(lp.inputs()) {
        let out_size = lp.operand_type(o).size();
        if out.stride.unsigned_abs() < out_size && count > 1 {
            return Overlap::Ordered;
        }
        let (o0, o1) = out.extent(count, out_size);
        for (k, other) in strips.iter().enumerate().filter(|(k, _)| *k != o) {
            let size = lp.operand_type(k).size();
            let (i0, i1) = other.extent(count, size);
            if i0 < o1 && o0 < i1 {
                let same = other.pointer == out.pointer && (other.stride == out.stride || count == 1) && size == out_size;
                if !same || k >= lp.inputs() {
                    return Overlap::Ordered;
                }
                result = Overlap::Identical;
            }
        }
    }
    result
}
