//! Whether strided operands share memory: exact, in both directions.
//!
//! Arithmetic on addresses; nothing is dereferenced. Ranges that do not meet, strides on different residues and equal steps are decided at once; what is left is
//! counted element by element, which is rare.

/// Where the elements of an operand lie: the first one's address, bytes an element, and per axis an extent and a step in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    first: isize,
    item: isize,
    axes: [(usize, isize); 3],
    empty: bool,
}

impl Place {
    #[inline]
    pub(crate) fn new(first: usize, item: usize, axes: &[(usize, isize)]) -> Place {
        let mut all = [(1, 0); 3];
        for (slot, &(extent, step)) in all.iter_mut().zip(axes) {
            // A step that is never taken is none.
            *slot = (extent, if extent > 1 { step * item as isize } else { 0 });
        }
        Place { first: first as isize, item: item as isize, axes: all, empty: axes.iter().any(|a| a.0 == 0) }
    }

    /// The lowest address and the one past the highest.
    #[inline]
    fn range(&self) -> (isize, isize) {
        let (mut low, mut high) = (self.first, self.first + self.item);
        for &(extent, step) in &self.axes {
            let reach = step * (extent as isize - 1);
            if reach < 0 { low += reach } else { high += reach }
        }
        (low, high)
    }

    /// The same elements with all steps positive, the smallest first.
    fn sorted(&self) -> (isize, [(usize, isize); 3]) {
        let mut axes = self.axes;
        for axis in &mut axes {
            axis.1 = axis.1.abs();
        }
        axes.sort_by_key(|a| if a.0 > 1 { (0, a.1) } else { (1, 0) });
        (self.range().0, axes)
    }

    /// Whether two elements of this operand lie at one place.
    pub(crate) fn overlaps_itself(&self) -> bool {
        if self.empty {
            return false;
        }
        let (low, axes) = self.sorted();
        let mut reach = self.item;
        let mut nested = true;
        for (extent, step) in axes.into_iter().filter(|a| a.0 > 1) {
            nested &= step >= reach;
            reach += step * (extent as isize - 1);
        }
        if nested {
            return false;
        }
        if axes.iter().any(|&(extent, step)| extent > 1 && step == 0) {
            return true;
        }
        let grain = axes.iter().fold(self.item, |g, a| gcd(g, a.1));
        let mut seen = Marks::new(low, (self.range().1 - low) / grain, grain);
        !self.visit(|address| (0..self.item / grain).all(|k| seen.mark(address + k * grain)))
    }

    /// Whether an element of this operand and one of the other share a byte.
    #[inline]
    pub(crate) fn meets(&self, other: &Place) -> bool {
        if self.empty || other.empty {
            return false;
        }
        let (a, b) = (self.range(), other.range());
        a.1 > b.0 && b.1 > a.0 && self.meets_within(other, a, b)
    }

    /// The same of operands whose ranges, as given, meet.
    fn meets_within(&self, other: &Place, a: (isize, isize), b: (isize, isize)) -> bool {
        let grain = self.axes.iter().chain(&other.axes).fold(0, |g, x| gcd(g, x.1.abs()));
        if grain > 0 {
            // All of one operand's elements lie at one residue of the common step.
            let apart = (other.first - self.first).rem_euclid(grain);
            if apart >= self.item && apart + other.item <= grain {
                return false;
            }
        }
        if let Some(answer) = self.meets_on_one_grid(other) {
            return answer;
        }
        let grain = gcd(gcd(grain, self.item), gcd(other.item, (other.first - self.first).abs()));
        let (low, high) = (a.0.max(b.0), a.1.min(b.1));
        let mut seen = Marks::new(low, (high - low) / grain + 1, grain);
        let within = |address: isize| low <= address && address < high;
        self.visit(|address| {
            (0..self.item / grain).map(|k| address + k * grain).filter(|&at| within(at)).for_each(|at| {
                seen.mark(at);
            });
            true
        });
        !other.visit(|address| (0..other.item / grain).map(|k| address + k * grain).all(|at| !within(at) || !seen.has(at)))
    }

    /// Two blocks of one matrix, which is the usual case: equal items, equal steps, the larger a multiple of the smaller.
    fn meets_on_one_grid(&self, other: &Place) -> Option<bool> {
        let ((low_a, a), (low_b, b)) = (self.sorted(), other.sorted());
        let used = |axes: &[(usize, isize); 3]| axes.iter().filter(|x| x.0 > 1).count();
        if self.item != other.item || used(&a) > 2 || used(&b) > 2 {
            return None;
        }
        // A side with fewer axes takes the other's steps.
        let steps = if used(&a) >= used(&b) { &a } else { &b };
        let (fine, coarse) = (steps[0].1.max(self.item), steps[1].1);
        let extents = |axes: &[(usize, isize); 3]| -> Option<(isize, isize)> {
            let mut extents = (1, 1);
            for &(extent, step) in axes.iter().filter(|x| x.0 > 1) {
                if step == fine && extents.0 == 1 {
                    extents.0 = extent as isize;
                } else if step == coarse && extents.1 == 1 {
                    extents.1 = extent as isize;
                } else {
                    return None;
                }
            }
            Some(extents)
        };
        let ((rows_a, cols_a), (rows_b, cols_b)) = (extents(&a)?, extents(&b)?);
        let apart = low_b - low_a;
        if fine % self.item != 0 || apart % fine != 0 {
            return None;
        }
        if coarse == 0 {
            let rows = apart / fine;
            return Some(rows < rows_a && -rows < rows_b);
        }
        if coarse % fine != 0 || rows_a.max(rows_b) > coarse / fine {
            return None;
        }
        // apart = column * coarse + row * fine, with the row in (-rows_b, rows_a): two columns are possible.
        let first = apart.div_euclid(coarse);
        Some([first, first + 1].into_iter().any(|column| {
            let row = (apart - column * coarse) / fine;
            -rows_b < row && row < rows_a && -cols_b < column && column < cols_a
        }))
    }

    /// Calls `f` with each element's address until it says no; whether it never did.
    fn visit(&self, mut f: impl FnMut(isize) -> bool) -> bool {
        let [x, y, z] = self.axes;
        for k in 0..z.0 as isize {
            for j in 0..y.0 as isize {
                for i in 0..x.0 as isize {
                    if !f(self.first + i * x.1 + j * y.1 + k * z.1) {
                        return false;
                    }
                }
            }
        }
        true
    }
}

/// Many operands, kept so that those near a given one are found quickly.
pub(crate) struct Sorted {
    /// By their lowest address.
    places: Vec<Place>,
    /// The highest address of each and of those before it.
    highest: Vec<isize>,
}

impl Sorted {
    pub(crate) fn new(mut places: Vec<Place>) -> Sorted {
        places.retain(|place| !place.empty);
        places.sort_by_key(|place| place.range().0);
        let mut high = isize::MIN;
        let highest = places
            .iter()
            .map(|place| {
                high = high.max(place.range().1);
                high
            })
            .collect();
        Sorted { places, highest }
    }

    fn near(&self, before: usize, low: isize) -> impl Iterator<Item = &Place> {
        (0..before).rev().take_while(move |&i| self.highest[i] > low).map(|i| &self.places[i])
    }

    /// Whether one of them meets the other.
    pub(crate) fn meet(&self, other: &Place) -> bool {
        let (low, high) = other.range();
        let before = self.places.partition_point(|place| place.range().0 < high);
        self.near(before, low).any(|place| place.meets(other))
    }

    /// Whether no two of them meet, and none overlaps itself.
    pub(crate) fn apart(&self) -> bool {
        (0..self.places.len()).all(|i| {
            let place = &self.places[i];
            !place.overlaps_itself() && !self.near(i, place.range().0).any(|other| other.meets(place))
        })
    }
}

/// A set of addresses.
struct Marks {
    low: isize,
    grain: isize,
    bits: Vec<u64>,
}

impl Marks {
    fn new(low: isize, count: isize, grain: isize) -> Marks {
        Marks { low, grain, bits: vec![0; count as usize / 64 + 1] }
    }

    fn index(&self, address: isize) -> (usize, u64) {
        let at = ((address - self.low) / self.grain) as usize;
        (at / 64, 1 << (at % 64))
    }

    /// Marks an address; whether it was new.
    fn mark(&mut self, address: isize) -> bool {
        let (word, bit) = self.index(address);
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        new
    }

    fn has(&self, address: isize) -> bool {
        let (word, bit) = self.index(address);
        self.bits[word] & bit != 0
    }
}

fn gcd(mut a: isize, mut b: isize) -> isize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(first: usize, axes: &[(usize, isize)]) -> Place {
        Place::new(first, 4, axes)
    }

    #[test]
    fn decisions_agree_with_counting() {
        // Every pair of small layouts, the quick answers against a list of addresses.
        let mut layouts = Vec::new();
        for first in [400_usize, 404, 408, 412, 424, 440, 402] {
            for axes in [
                vec![(3, 1)],
                vec![(3, 2)],
                vec![(2, -3)],
                vec![(3, 1), (3, 4)],
                vec![(2, 4), (4, 1)],
                vec![(3, 2), (3, 9)],
                vec![(2, 3), (3, 5)],
                vec![(1, 0), (4, 6)],
                vec![(2, 1), (2, -8)],
                vec![(2, 1), (2, 2), (2, 4)],
                vec![(0, 1), (3, 3)],
                vec![(3, 0)],
            ] {
                layouts.push(place(first, &axes));
            }
        }
        let bytes = |p: &Place| {
            let mut all = Vec::new();
            if !p.empty {
                p.visit(|a| {
                    all.extend(a..a + 4);
                    true
                });
            }
            all
        };
        for a in &layouts {
            let (of_a, mut sorted) = (bytes(a), bytes(a));
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(a.overlaps_itself(), sorted.len() != of_a.len(), "{a:?}");
            for b in &layouts {
                let of_b = bytes(b);
                assert_eq!(a.meets(b), of_a.iter().any(|x| of_b.contains(x)), "{a:?} {b:?}");
            }
        }
    }
}
