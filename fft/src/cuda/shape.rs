//! Layouts as cuFFT's plan-many says them.
//!
//! Owns what can be said so: one to three axes that nest (each stride a multiple of the next), a batch at even distances, and what is neither, as pairs of addresses that the plan is run on. Extents and strides are in
//! elements of a side's own type. Knows no memory.

use super::plan::{Key, Many, Type};

/// An array on the device.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) at: u64,
    /// Bytes of an element.
    pub(super) size: usize,
    pub(super) shape: Vec<usize>,
    /// In elements.
    pub(super) strides: Vec<i64>,
}

/// Runs of one plan at most; what would need more is copied to where it needs fewer.
const MOST_RUNS: usize = 1024;

/// The stride of the innermost axis and the extents that the others are embedded in, if axes of these extents nest.
fn nested(extents: &[i64], strides: &[i64]) -> Option<(i64, Vec<i64>)> {
    let last = extents.len() - 1;
    let innermost = if extents[last] > 1 { strides[last] } else { 1 };
    if innermost <= 0 {
        return None;
    }
    let (mut embed, mut step) = (extents.to_vec(), innermost);
    for k in (1..=last).rev() {
        // An axis without neighbours lies anywhere.
        let outer = if extents[k - 1] > 1 { strides[k - 1] } else { extents[k] * step };
        if outer <= 0 || outer % step != 0 || outer / step < extents[k] {
            return None;
        }
        embed[k] = outer / step;
        step = outer;
    }
    Some((innermost, embed))
}

/// The plan of a transform along some axes of two arrays, and the addresses it is run on. The last of the axes is the one that a real transform halves. `None` where cuFFT cannot be told.
pub(super) fn plan_of(kind: Type, double: bool, from: &Place, to: &Place, axes: &[(usize, usize)]) -> Option<(Key, Vec<(u64, u64)>)> {
    let mut order = axes.to_vec();
    // The order of complex axes is nothing; that of the others neither.
    let outer = if kind == Type::C2C { order.len() } else { order.len() - 1 };
    order[..outer].sort_by_key(|&(axis, _)| std::cmp::Reverse((to.strides[axis], from.strides[axis])));
    let extents = |halved: bool| -> Vec<i64> {
        let mut extents: Vec<i64> = order.iter().map(|&(_, n)| n as i64).collect();
        if halved && let Some(last) = extents.last_mut() {
            *last = *last / 2 + 1;
        }
        extents
    };
    let strides = |place: &Place| -> Vec<i64> { order.iter().map(|&(axis, _)| place.strides[axis]).collect() };
    let (in_stride, in_embed) = nested(&extents(kind == Type::C2R), &strides(from))?;
    let (out_stride, out_embed) = nested(&extents(kind == Type::R2C), &strides(to))?;
    // The other axes, those that follow one another evenly on both sides taken together.
    let mut others: Vec<(usize, i64, i64)> = (0..from.shape.len())
        .filter(|axis| !axes.iter().any(|(of, _)| of == axis) && from.shape[*axis] > 1)
        .map(|axis| (from.shape[axis], from.strides[axis], to.strides[axis]))
        .collect();
    others.sort_by_key(|&(_, _, step)| std::cmp::Reverse(step));
    let mut merged: Vec<(usize, i64, i64)> = Vec::new();
    for (n, a, b) in others {
        match merged.last_mut() {
            Some(last) if last.1 == a * n as i64 && last.2 == b * n as i64 => *last = (last.0 * n, a, b),
            _ => merged.push((n, a, b)),
        }
    }
    // The longest one that goes forward is the plan's batch.
    let chosen = (0..merged.len()).filter(|&i| merged[i].1 > 0 && merged[i].2 > 0).max_by_key(|&i| merged[i].0);
    let (batch, in_dist, out_dist) =
        chosen.map_or((1, in_embed.iter().product::<i64>() * in_stride, out_embed.iter().product::<i64>() * out_stride), |i| {
            let (n, a, b) = merged.remove(i);
            (n as i64, a, b)
        });
    let mut places = vec![(from.at, to.at)];
    for (n, a, b) in merged {
        if places.len() * n > MOST_RUNS {
            return None;
        }
        let step = |at: u64, i: usize, stride: i64, size: usize| at.wrapping_add_signed(i as i64 * stride * size as i64);
        places = places.iter().flat_map(|&(p, q)| (0..n).map(move |i| (step(p, i, a, from.size), step(q, i, b, to.size)))).collect();
    }
    // Both sides begin at multiples of a complex element, also where they are real.
    let whole = if double { 16 } else { 8 };
    if places.iter().any(|(p, q)| p % whole != 0 || q % whole != 0) {
        return None;
    }
    let lengths = order.iter().map(|&(_, n)| n as i64).collect();
    let key = Key {
        kind,
        double,
        lengths,
        from: Many { embed: in_embed, stride: in_stride, dist: in_dist },
        to: Many { embed: out_embed, stride: out_stride, dist: out_dist },
        batch,
    };
    Some((key, places))
}

impl Place {
    /// Whether its elements fill one block of memory from its address on.
    pub(super) fn is_dense(&self) -> bool {
        let mut axes: Vec<(i64, usize)> = self.strides.iter().copied().zip(self.shape.iter().copied()).filter(|(_, n)| *n > 1).collect();
        axes.sort_unstable();
        let mut step = 1;
        axes.into_iter().all(|(stride, n)| {
            let fits = stride == step;
            step *= n as i64;
            fits
        })
    }

    pub(super) fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Strides of a dense array whose axes of `last` vary fastest, the last of them most, the others before them in their order.
pub(super) fn dense(shape: &[usize], last: &[usize]) -> Vec<i64> {
    let order = (0..shape.len()).filter(|axis| !last.contains(axis)).chain(last.iter().copied());
    let order: Vec<usize> = order.collect();
    let (mut strides, mut step) = (vec![0; shape.len()], 1_i64);
    for &axis in order.iter().rev() {
        strides[axis] = step;
        step *= shape[axis].max(1) as i64;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(at: u64, size: usize, shape: &[usize], strides: &[i64]) -> Place {
        Place { at, size, shape: shape.to_vec(), strides: strides.to_vec() }
    }

    #[test]
    fn a_batch_of_rows_is_one_plan() {
        let array = place(0x1000, 8, &[10, 6], &[6, 1]);
        let (key, places) = plan_of(Type::C2C, false, &array, &array, &[(1, 6)]).unwrap();
        let side = Many { embed: vec![6], stride: 1, dist: 6 };
        assert_eq!((key.lengths, key.from, key.to, key.batch, places), (vec![6], side.clone(), side, 10, vec![(0x1000, 0x1000)]));
    }

    #[test]
    fn columns_have_a_stride_and_neighbours_as_their_batch() {
        let array = place(0x1000, 8, &[10, 6], &[6, 1]);
        let (key, _) = plan_of(Type::C2C, false, &array, &array, &[(0, 10)]).unwrap();
        assert_eq!((key.lengths, key.batch), (vec![10], 6));
        assert_eq!(key.from, Many { embed: vec![10], stride: 6, dist: 1 });
    }

    #[test]
    fn axes_in_the_middle_are_runs_of_one_plan() {
        let array = place(0x1000, 8, &[3, 10, 6], &[60, 6, 1]);
        let (key, places) = plan_of(Type::C2C, false, &array, &array, &[(1, 10)]).unwrap();
        assert_eq!((key.batch, places.len(), places[2].0), (6, 3, 0x1000 + 2 * 60 * 8));
        assert!(plan_of(Type::C2C, false, &place(0, 8, &[3], &[-1]), &array, &[(0, 3)]).is_none());
    }

    #[test]
    fn real_transforms_are_embedded_as_they_lie() {
        let (from, to) = (place(0x1000, 4, &[2, 4, 6], &[40, 8, 1]), place(0x2000, 8, &[2, 4, 4], &[16, 4, 1]));
        let (key, _) = plan_of(Type::R2C, false, &from, &to, &[(1, 4), (2, 6)]).unwrap();
        assert_eq!((key.lengths.clone(), key.batch), (vec![4, 6], 2));
        assert_eq!(key.from, Many { embed: vec![4, 8], stride: 1, dist: 40 });
        assert_eq!(key.to, Many { embed: vec![4, 4], stride: 1, dist: 16 });
        // The halved axis has to be the innermost.
        assert!(plan_of(Type::R2C, false, &from, &to, &[(2, 6), (1, 4)]).is_none());
        // And each side begins at a whole complex element.
        assert!(plan_of(Type::R2C, false, &place(0x1004, 4, &[6], &[1]), &place(0x2000, 8, &[4], &[1]), &[(0, 6)]).is_none());
    }

    #[test]
    fn complex_axes_in_any_order_nest() {
        let array = place(0x1000, 16, &[4, 6], &[1, 4]);
        let (key, _) = plan_of(Type::C2C, true, &array, &array, &[(0, 4), (1, 6)]).unwrap();
        assert_eq!((key.lengths, key.from.embed), (vec![6, 4], vec![6, 4]));
    }

    #[test]
    fn dense_blocks_are_told_from_others() {
        assert!(place(0, 8, &[4, 6], &[1, 4]).is_dense() && place(0, 8, &[4, 1, 6], &[6, 99, 1]).is_dense());
        assert!(!place(0, 8, &[4, 6], &[7, 1]).is_dense() && !place(0, 8, &[4], &[-1]).is_dense());
        assert_eq!(dense(&[2, 3, 5], &[0]), [1, 10, 2]);
    }
}
