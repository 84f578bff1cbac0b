//! One transform of one array into another, judged.
//!
//! Owns every check of shapes, element types and aliasing: a [`Call`] exists only for a transform that can be done, so backends re-check nothing. What its operands point to
//! was vouched for by whoever made them ([`crate::operand`]).

use crate::error::Error;
use crate::operand::{Input, Output};
use crate::scalar::Real;
use crate::spec::{Kind, Spec};

/// A transform that can be done.
#[derive(Debug)]
pub(crate) struct Call<'a, T> {
    pub(crate) spec: &'a Spec,
    pub(crate) input: Input<'a, T>,
    pub(crate) output: Output<'a, T>,
    pub(crate) alias: Alias,
}

/// How input and output lie to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alias {
    /// Apart.
    Apart,
    /// Each lane of the output covers its own lane of the input and no other: a pass that reads a lane before it writes it needs no copy.
    InPlace,
    /// Otherwise mixed: the input has to be copied first.
    Mixed,
}

impl<'a, T: Real> Call<'a, T> {
    /// Judges a transform.
    ///
    /// # Errors
    /// All of [`Error`] but `OutOfMemory`.
    pub(crate) fn new(spec: &'a Spec, input: Input<'a, T>, output: Output<'a, T>) -> Result<Call<'a, T>, Error> {
        let expected = spec.output_shape(&input.shape)?;
        if output.shape != expected {
            return Err(Error::Shape { what: "output", found: output.shape.clone(), expected });
        }
        let (input_complex, output_complex) = match spec.kind {
            Kind::C2C => (!spec.real_input, true),
            Kind::R2C => (false, true),
            Kind::C2R => (true, false),
            Kind::Dct(_) | Kind::Dst(_) => (false, false),
        };
        let name = |complex| if complex { "complex" } else { "real" };
        if input.complex != input_complex {
            return Err(Error::ElementType { what: "input", expected: name(input_complex) });
        }
        if output.complex != output_complex {
            return Err(Error::ElementType { what: "output", expected: name(output_complex) });
        }
        let from = Span::of(input.data.addr(), input.complex, &input.shape, &input.strides, size_of::<T>())?;
        let to = Span::of(output.data.addr(), output.complex, &output.shape, &output.strides, size_of::<T>())?;
        if overlaps_itself(output.complex, &output.shape, &output.strides) {
            return Err(Error::OverlappingOutput);
        }
        let alias = if from.apart(to) {
            Alias::Apart
        } else if in_place(spec, &input, &output) {
            Alias::InPlace
        } else {
            Alias::Mixed
        };
        Ok(Call { spec, input, output, alias })
    }
}

/// Addresses that an array covers, the end excluded.
#[derive(Clone, Copy, Debug)]
struct Span {
    begin: usize,
    end: usize,
}

impl Span {
    fn of(address: usize, complex: bool, shape: &[usize], strides: &[isize], size: usize) -> Result<Span, Error> {
        // Also without elements the product of the extents must be a number.
        let unit = if complex { 2 * size } else { size };
        let bytes = shape.iter().try_fold(unit, |n, &extent| n.checked_mul(extent.max(1)));
        bytes.filter(|&n| isize::try_from(n).is_ok()).ok_or(Error::TooLarge)?;
        if shape.contains(&0) {
            return Ok(Span { begin: address, end: address });
        }
        let (mut begin, mut end) = (address, address + unit);
        for (&extent, &stride) in shape.iter().zip(strides) {
            let bytes = stride.unsigned_abs().checked_mul(extent - 1).and_then(|n| n.checked_mul(size)).ok_or(Error::TooLarge)?;
            if stride < 0 {
                begin = begin.checked_sub(bytes).ok_or(Error::TooLarge)?;
            } else {
                end = end.checked_add(bytes).ok_or(Error::TooLarge)?;
            }
        }
        Ok(Span { begin, end })
    }

    fn apart(self, other: Span) -> bool {
        self.begin == self.end || other.begin == other.end || self.end <= other.begin || other.end <= self.begin
    }
}

/// Whether two elements may share memory. Judged by nesting: each stride must step over all that the smaller ones reach. Layouts that interleave
/// without sharing (which NumPy makes only by `as_strided`) are counted as overlapping.
fn overlaps_itself(complex: bool, shape: &[usize], strides: &[isize]) -> bool {
    if shape.contains(&0) {
        return false;
    }
    let mut axes: Vec<(usize, usize)> = shape.iter().zip(strides).filter(|(n, _)| **n > 1).map(|(&n, s)| (s.unsigned_abs(), n)).collect();
    axes.sort_unstable();
    let mut reached = if complex { 2 } else { 1 };
    for (stride, extent) in axes {
        if stride < reached {
            return true;
        }
        reached += stride * (extent - 1);
    }
    false
}

/// Whether the input is the output's own memory, lane by lane.
fn in_place<T>(spec: &Spec, input: &Input<'_, T>, output: &Output<'_, T>) -> bool {
    if input.data != output.data.cast_const() {
        return false;
    }
    // The first pass must not widen elements under the lanes of others: only the real axis of an r2c may, and that in dense rows.
    let same_elements = input.complex == output.complex;
    let last = spec.last().0;
    let padded_rows = || !input.complex && output.complex && input.strides[last] == 1 && output.strides[last] == 2 && spec.kind == Kind::R2C;
    if !same_elements && !padded_rows() {
        return false;
    }
    let alike = |axis: usize| {
        let stride_alike = input.strides[axis] == output.strides[axis] || input.shape[axis] <= 1 && output.shape[axis] <= 1;
        if axis == last && !same_elements { true } else { stride_alike && input.shape[axis] == output.shape[axis] }
    };
    if !(0..input.shape.len()).all(alike) {
        return false;
    }
    // Rows of an r2c must hold their input.
    same_elements || input.shape[last] <= 2 * output.shape[last]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Direction;

    fn judged(input: (usize, &[usize], &[isize]), output: (usize, &[usize], &[isize])) -> Result<Alias, Error> {
        let axes: Vec<(usize, usize)> = output.1.iter().copied().enumerate().collect();
        let spec = Spec::new(Kind::C2C, Direction::Forward, &axes, 1.0)?;
        let memory = [0.0f64; 64];
        let at = |offset: usize| memory.as_ptr().wrapping_add(offset);
        // SAFETY: judged only; nothing reads or writes through them.
        #[allow(unsafe_code)]
        let (a, b) = unsafe {
            (
                Input::new(at(input.0), true, input.1.to_vec(), input.2.to_vec()),
                Output::new(at(output.0).cast_mut(), true, output.1.to_vec(), output.2.to_vec()),
            )
        };
        Call::new(&spec, a, b).map(|call| call.alias)
    }

    #[test]
    fn aliasing_is_told_apart() {
        assert_eq!(judged((0, &[4], &[2]), (8, &[4], &[2])), Ok(Alias::Apart));
        assert_eq!(judged((0, &[4], &[2]), (0, &[4], &[2])), Ok(Alias::InPlace));
        assert_eq!(judged((0, &[4], &[2]), (2, &[4], &[2])), Ok(Alias::Mixed));
        assert_eq!(judged((6, &[4], &[-2]), (0, &[4], &[2])), Ok(Alias::Mixed));
        assert_eq!(judged((0, &[2, 4], &[8, 2]), (0, &[2, 4], &[2, 4])), Ok(Alias::Mixed));
        assert_eq!(judged((0, &[3], &[2]), (0, &[4], &[2])), Ok(Alias::Mixed));
    }

    #[test]
    fn outputs_that_overlap_themselves_are_refused() {
        for strides in [[0, 2], [2, 2], [1, 4], [6, 2]] {
            assert_eq!(judged((32, &[3, 4], &[8, 2]), (0, &[3, 4], &strides)), Err(Error::OverlappingOutput), "{strides:?}");
        }
        assert_eq!(judged((32, &[3, 4], &[8, 2]), (0, &[3, 4], &[2, 6])), Ok(Alias::Apart));
        assert_eq!(judged((32, &[3, 4], &[0, 0]), (24, &[3, 4], &[-8, 2])), Ok(Alias::Apart));
    }

    #[test]
    fn shapes_must_fit() {
        let found = judged((0, &[2, 3], &[6, 2]), (32, &[2], &[2]));
        assert!(matches!(found, Err(Error::Shape { what: "output", .. })), "{found:?}");
        assert_eq!(judged((0, &[1 << 40, 1 << 40], &[0, 0]), (32, &[1 << 40, 1 << 40], &[0, 0])), Err(Error::TooLarge));
    }
}
