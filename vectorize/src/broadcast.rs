//! Shapes and strides: the broadcast shape, the layout of new outputs, and the plan by which elements are visited.
//!
//! Owns index arithmetic only; memory is [`crate::run`]'s. An [`Operand`] comes with its maker's promise about its memory (see there), and everything a
//! `Plan` holds is derived from operands without reaching outside them.

use smallvec::SmallVec;

use crate::error::Error;
use crate::run::Operand;

/// Extents or strides, one an axis. Strides are in bytes.
pub type Dims = SmallVec<[isize; 8]>;

/// The shape all shapes broadcast to.
///
/// # Errors
/// [`Error::Broadcast`].
pub fn broadcast_shape<'a>(shapes: impl Iterator<Item = &'a [isize]> + Clone) -> Result<Dims, Error> {
    let ndim = shapes.clone().map(<[isize]>::len).max().unwrap_or(0);
    let mut result: Dims = SmallVec::from_elem(1, ndim);
    for shape in shapes.clone() {
        let skipped = ndim - shape.len();
        for (extent, &own) in result[skipped..].iter_mut().zip(shape) {
            if *extent == 1 {
                *extent = own;
            } else if own != 1 && own != *extent {
                return Err(Error::Broadcast { shapes: shapes.map(<[isize]>::to_vec).collect() });
            }
        }
    }
    Ok(result)
}

/// The stride of each axis of `shape` in an operand of another shape: 0 where it is broadcast.
fn broadcast_strides<'a>(shape: &'a [isize], own_shape: &'a [isize], own: &'a [isize]) -> impl Iterator<Item = isize> + 'a {
    let skipped = shape.len() - own_shape.len();
    (0..shape.len()).map(move |axis| if axis < skipped || own_shape[axis - skipped] == 1 { 0 } else { own[axis - skipped] })
}

/// Axes of `shape` from slowest to fastest as NumPy's K order has them: by the strides of the operands, C order where those say nothing or disagree.
fn memory_order(shape: &[isize], operands: &[Operand<'_>]) -> Dims {
    let ndim = shape.len();
    let strides: SmallVec<[Dims; 4]> = operands.iter().map(|o| broadcast_strides(shape, o.shape(), o.strides()).collect()).collect();
    // Whether axis `a`, which stands faster than `b`, must become the slower one; `None` if no operand says anything.
    let slower = |a: usize, b: usize| -> Option<bool> {
        let mut verdict = None;
        for s in &strides {
            if s[a] != 0 && s[b] != 0 {
                if s[a].abs() <= s[b].abs() {
                    return Some(false);
                }
                verdict = Some(true);
            }
        }
        verdict
    };
    // Fastest first while sorting; an insertion sort, as the relation is no total order and NumPy's result is this one's.
    let mut order: SmallVec<[usize; 8]> = (0..ndim).rev().collect();
    for i in 1..ndim {
        let axis = order[i];
        let mut place = i;
        for j in (0..i).rev() {
            match slower(order[j], axis) {
                Some(true) => place = j,
                Some(false) => break,
                None => {}
            }
        }
        order[place..=i].rotate_right(1);
    }
    order.into_iter().rev().map(|axis| axis as isize).collect()
}

/// Strides of a new output of that shape, in NumPy's K order.
pub fn output_strides(shape: &[isize], itemsize: usize, inputs: &[Operand<'_>]) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(0, shape.len());
    let mut step = itemsize as isize;
    for &axis in memory_order(shape, inputs).iter().rev() {
        strides[axis as usize] = step;
        step *= shape[axis as usize].max(1);
    }
    strides
}

/// How the elements of some operands are visited together: axes sorted by memory and merged where they lie end to end.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Extents, slowest axis first; never empty.
    shape: Dims,
    /// Strides of operand k along axis a at `k * ndim + a`.
    strides: SmallVec<[isize; 16]>,
    size: usize,
}

impl Plan {
    /// Plans a visit of all elements of `shape`; outputs (the last operands) must have exactly that shape.
    pub(crate) fn new(shape: &[isize], operands: &[Operand<'_>], inputs: usize) -> Result<Plan, Error> {
        let size = shape.iter().try_fold(1usize, |n, &e| n.checked_mul(usize::try_from(e).unwrap_or(0))).unwrap_or(usize::MAX);
        for output in &operands[inputs..] {
            let shares = size > 0 && output.shape().iter().zip(output.strides()).any(|(&e, &s)| e > 1 && s == 0);
            if output.shape() != shape || shares {
                return Err(Error::Output { expected: shape.to_vec(), found: output.shape().to_vec() });
            }
        }
        let order = if shape.len() > 1 { memory_order(shape, operands) } else { (0..shape.len() as isize).collect() };
        let full: SmallVec<[Dims; 4]> = operands.iter().map(|o| broadcast_strides(shape, o.shape(), o.strides()).collect()).collect();
        // Axes kept, as (extent, axis whose strides they have); a faster axis is merged into the slower before it where all operands allow.
        let mut kept: SmallVec<[(isize, usize); 8]> = SmallVec::new();
        for &axis in &order {
            let axis = axis as usize;
            let extent = shape[axis];
            if extent == 1 {
                continue;
            }
            match kept.last_mut() {
                Some((outer, last)) if full.iter().all(|s| s[*last] == s[axis].wrapping_mul(extent)) => {
                    *outer *= extent;
                    *last = axis;
                }
                _ => kept.push((extent, axis)),
            }
        }
        let (shape, strides) = if kept.is_empty() {
            (SmallVec::from_elem(1, 1), SmallVec::from_elem(0, operands.len()))
        } else {
            let strides = full.iter().flat_map(|s| kept.iter().map(|(_, axis)| s[*axis])).collect();
            (kept.iter().map(|(extent, _)| *extent).collect(), strides)
        };
        Ok(Plan { shape, strides, size })
    }

    /// Number of elements.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Extents, slowest first.
    pub(crate) fn shape(&self) -> &[isize] {
        &self.shape
    }

    /// Strides of an operand.
    pub(crate) fn strides(&self, operand: usize) -> &[isize] {
        let ndim = self.shape.len();
        &self.strides[operand * ndim..(operand + 1) * ndim]
    }
}

/// Whether, visited in order, an operand's elements lie at equal distances.
pub(crate) fn linear(shape: &[isize], strides: &[isize]) -> bool {
    (1..shape.len()).all(|a| strides[a - 1] == strides[a].wrapping_mul(shape[a]))
}

/// Byte offset of the element with that index in visiting order.
pub(crate) fn offset(shape: &[isize], strides: &[isize], mut index: usize) -> isize {
    let mut offset = 0isize;
    for (extent, stride) in shape.iter().zip(strides).rev() {
        offset += (index % *extent as usize) as isize * stride;
        index /= *extent as usize;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_broadcast_as_numpys() {
        let shape = |shapes: &[&[isize]]| broadcast_shape(shapes.iter().copied()).map(|s| s.to_vec());
        assert_eq!(shape(&[&[3, 1], &[4]]).unwrap(), [3, 4]);
        assert_eq!(shape(&[&[], &[2, 0]]).unwrap(), [2, 0]);
        assert_eq!(shape(&[&[1], &[0]]).unwrap(), [0]);
        assert!(matches!(shape(&[&[3], &[4]]), Err(Error::Broadcast { .. })));
        assert!(matches!(shape(&[&[2], &[0]]), Err(Error::Broadcast { .. })));
    }

    #[test]
    fn offsets_walk_the_last_axis_first() {
        let shape = [2, 3];
        let found: Vec<isize> = (0..6).map(|i| offset(&shape, &[100, -8], i)).collect();
        assert_eq!(found, [0, -8, -16, 100, 92, 84]);
    }
}
