//! Complex transforms of neighbouring lanes, one lane of the array to one lane of the registers.
//!
//! Owns the kernel for axes along which elements are not neighbours, which rows of composite length are made of too ([`super::split`]). A strip of lanes, as many as a
//! register has, is transformed in Stockham's form (each pass reads one area and writes another, in order, so nothing is ever permuted), radices 2, 3, 4, 5, 7, 8, 11, 13
//! and, with 32 registers, 16. The first pass reads the array and the last writes it, both by way of a copy where lanes are not neighbours. Lengths with other prime factors, and those whose areas
//! outgrow the second-level cache, go through rows instead.

use num_complex::Complex;
use pulp::{Arch, Simd, WithSimd};

use super::lanes::{Arithmetic, Butterfly, width};
use super::processor::{self, in_registers};
use super::sys::{Ahead, From, Panels, Pass, Placed, Read, Rows as Factors, Sink, Source, Squares, Strip, To, Turned, Write, scratch, walk};
use crate::error::Error;
use crate::scalar::{Real, root};
use crate::spec::Direction;

/// Longer lanes are transformed as rows.
const LONGEST: usize = 8192;

/// A planned transform of strips.
pub(crate) struct Columns<T> {
    n: usize,
    inverse: bool,
    passes: Vec<Pass<T>>,
    width: usize,
    arch: Arch,
}

/// How many lanes a register has; 0 where the processor has no registers worth the name.
pub(super) fn register_lanes<T: Real>() -> usize {
    struct Count<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Count<T> {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            width::<T, S>()
        }
    }
    match processor::arch().dispatch(Count::<T>(std::marker::PhantomData)) {
        0..4 => 0,
        lanes => lanes,
    }
}

/// The radices of a length, large ones first; `None` where it has others. With `wide`, which takes many registers, 16 is one of them.
fn radices(mut n: usize, wide: bool) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for radix in [13, 11, 7, 5, 3] {
        while n.is_multiple_of(radix) {
            found.push(radix);
            n /= radix;
        }
    }
    if !n.is_power_of_two() {
        return None;
    }
    let twos = n.trailing_zeros() as usize;
    // As few passes as there can be, and those alike.
    let passes = twos.div_ceil(if wide { 4 } else { 3 });
    found.extend((0..passes).map(|pass| 1 << (twos / passes + usize::from(pass < twos % passes))));
    found.sort_unstable_by(|a, b| b.cmp(a));
    Some(found)
}

/// The passes over a length; `None` where it has other radices.
pub(super) fn passes<T: Real>(n: usize) -> Option<Vec<Pass<T>>> {
    radices(n, is_wide::<T>()).map(plan)
}

/// Whether registers are wide, and so many that a butterfly of radix 16 fits in.
fn is_wide<T: Real>() -> bool {
    register_lanes::<T>() * size_of::<T>() >= 64
}

/// The radices of strips: at least two, since the first pass reads one array and the last writes another.
fn of_strips<T: Real>(n: usize) -> Option<Vec<usize>> {
    let found = radices(n, is_wide::<T>())?;
    match found[..] {
        [] => None,
        [16] => Some(vec![4, 4]),
        [8] => Some(vec![4, 2]),
        [_] => None,
        _ => Some(found),
    }
}

fn plan<T: Real>(radices: Vec<usize>) -> Vec<Pass<T>> {
    let n = radices.iter().product();
    let (mut rest, mut before) = (n, 1);
    let passes = radices.into_iter().map(|radix| {
        let length = rest;
        rest /= radix;
        let turns = if rest > 1 { (0..rest).flat_map(|p| (1..radix).map(move |j| root(p * j, length))).collect() } else { Vec::new() };
        let pass = Pass { radix, rest, before, turns };
        before *= radix;
        pass
    });
    passes.collect()
}

impl<T: Real> Columns<T> {
    /// Plans, where the length and the processor have this form.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Columns<T>> {
        if !Columns::<T>::can(n) {
            return None;
        }
        let (width, passes) = (register_lanes::<T>(), plan(of_strips::<T>(n)?));
        Some(Columns { n, inverse: direction == Direction::Inverse, passes, width, arch: processor::arch() })
    }

    /// Whether a length has this form, on this processor.
    pub(super) fn can(n: usize) -> bool {
        n <= LONGEST && of_strips::<T>(n).is_some() && register_lanes::<T>() > 0
    }

    /// The number of passes over a length that has this form.
    pub(super) fn passes(n: usize) -> Option<usize> {
        Columns::<T>::can(n).then(|| of_strips::<T>(n).map_or(0, |found| found.len()))
    }

    /// The length.
    pub(super) fn len(&self) -> usize {
        self.n
    }

    /// Lanes of a full strip.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn bytes(&self) -> usize {
        self.passes.iter().map(|pass| pass.turns.len()).sum::<usize>() * size_of::<Complex<T>>()
    }

    /// Complex elements that a run works in.
    pub(super) fn work_len(&self) -> usize {
        2 * self.n * self.width
    }

    /// Transforms a strip into another (or itself), the result multiplied by `factor`. What lanes of the first lack is zero; what those of the second lack is not
    /// written.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, factor: T) -> Result<(), Error> {
        let area = 2 * self.n * self.width;
        scratch::<T, 2, _>([area, area], |[source, target]| {
            if self.inverse {
                let (source, target) = self.begin::<true>(from, source, target);
                self.end::<true>(source, target, to, factor, None);
            } else {
                let (source, target) = self.begin::<false>(from, source, target);
                self.end::<false>(source, target, to, factor, None);
            }
        })
    }

    /// Transforms a strip, whose results are turned and go to a row for each lane, of as many panels as they fill.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn down(&self, from: &Strip<T>, turns: Turns<'_, T>, to: &Panels<T>, panel: usize, row: usize) -> Result<(), Error> {
        let area = 2 * self.n.next_multiple_of(self.width) * self.width;
        scratch::<T, 2, _>([area, area], |[source, target]| {
            let (source, target) = if self.inverse { self.begin::<true>(from, source, target) } else { self.begin::<false>(from, source, target) };
            let Turns { lanes, by, places, order } = turns;
            // What the last group lacks is turned too, and never read.
            target[2 * self.n * self.width..].fill(T::ZERO);
            run_pass(
                self.arch,
                &self.passes[self.passes.len() - 1],
                Read(source),
                Placed { area: &mut *target, places, lanes, by },
                &mut Ahead::none(),
            );
            in_registers(self.arch, Squares { area: target, panels: to, first: panel, row, order });
        })
    }

    /// Transforms a panel to a strip, the result multiplied by `factor`, or each by its own.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn across(&self, panel: &[T], to: &Strip<T>, factor: T, by: Option<Factors<'_, T>>) -> Result<(), Error> {
        let area = 2 * self.n * self.width;
        scratch::<T, 2, _>([area, area], |[source, target]| {
            run_pass(self.arch, &self.passes[0], Read(panel), Write(&mut *target), &mut Ahead::none());
            let (source, target) = self.middle(target, source);
            if self.inverse { self.end::<true>(source, target, to, factor, by) } else { self.end::<false>(source, target, to, factor, by) }
        })
    }

    /// All passes over a strip but the last; gives the area with their results, and the other.
    fn begin<'a, const EXCHANGED: bool>(&self, from: &Strip<T>, source: &'a mut [T], target: &'a mut [T]) -> (&'a mut [T], &'a mut [T]) {
        let (n, width, arch, first, ahead) = (self.n, self.width, self.arch, &self.passes[0], &mut Ahead::none());
        if from.fills(width) && from.len == n {
            run_pass(arch, first, From::<T, EXCHANGED>(from), Write(&mut *target), ahead);
        } else {
            from.with_neighbours(source, width, n, |strip| run_pass(arch, first, From::<T, EXCHANGED>(strip), Write(&mut *target), ahead));
        }
        self.middle(target, source)
    }

    /// The passes between the first and the last.
    fn middle<'a>(&self, mut source: &'a mut [T], mut target: &'a mut [T]) -> (&'a mut [T], &'a mut [T]) {
        for pass in &self.passes[1..self.passes.len() - 1] {
            run_pass(self.arch, pass, Read(source), Write(&mut *target), &mut Ahead::none());
            std::mem::swap(&mut source, &mut target);
        }
        (source, target)
    }

    /// The last pass.
    fn end<const EXCHANGED: bool>(&self, source: &[T], target: &mut [T], to: &Strip<T>, factor: T, by: Option<Factors<'_, T>>) {
        let last = &self.passes[self.passes.len() - 1];
        let finish = |strip: &Strip<T>| match by {
            None => run_pass(self.arch, last, Read(source), To::<T, EXCHANGED> { strip, factor }, &mut Ahead::none()),
            Some(by) => run_pass(self.arch, last, Read(source), Turned::<T, EXCHANGED> { strip, by }, &mut Ahead::none()),
        };
        if to.fills(self.width) && to.len == self.n {
            finish(to);
        } else {
            to.from_neighbours(target, self.width, self.n, finish);
        }
    }
}

/// Factors of the results of a pass down the columns of a matrix, and where these go.
#[derive(Clone, Copy)]
pub(super) struct Turns<'a, T> {
    /// Those of the first strip, a row for each result.
    pub(super) lanes: &'a [T],
    /// For each result, the number that turns them on to this strip's.
    pub(super) by: &'a [Complex<T>],
    /// The lane that holds each column.
    pub(super) places: &'a [usize],
    /// The column that each lane of a split register holds.
    pub(super) order: &'a [usize],
}

/// Which of a register's elements each lane holds once they are split in parts.
pub(super) fn lane_order<T: Real>() -> Vec<usize> {
    struct Order<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Order<T> {
        type Output = Vec<usize>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<usize> {
            let lanes = width::<T, S>();
            let places: Vec<T> = (0..lanes).flat_map(|place| [T::of(place as f64); 2]).collect();
            let mut parts = vec![T::ZERO; 2 * lanes];
            T::store::<S>(T::split(simd, &places), &mut parts);
            parts[..lanes].iter().map(|part| (0..lanes).find(|&place| T::of(place as f64) == *part).unwrap_or(lanes)).collect()
        }
    }
    in_registers(processor::arch(), Order::<T>(std::marker::PhantomData))
}

pub(super) fn run_pass<T: Real>(arch: Arch, pass: &Pass<T>, source: impl Source<T>, sink: impl Sink<T>, ahead: &mut Ahead) {
    // Each is compiled for the processor by itself: the passes together would be more than an optimiser takes at once.
    match pass.radix {
        2 => in_registers(arch, Butterflies::<T, _, _, 2> { pass, source, sink, ahead }),
        3 => in_registers(arch, Butterflies::<T, _, _, 3> { pass, source, sink, ahead }),
        4 => in_registers(arch, Butterflies::<T, _, _, 4> { pass, source, sink, ahead }),
        5 => in_registers(arch, Butterflies::<T, _, _, 5> { pass, source, sink, ahead }),
        7 => in_registers(arch, Butterflies::<T, _, _, 7> { pass, source, sink, ahead }),
        8 => in_registers(arch, Butterflies::<T, _, _, 8> { pass, source, sink, ahead }),
        16 => in_registers(arch, Butterflies::<T, _, _, 16> { pass, source, sink, ahead }),
        11 => in_registers(arch, Butterflies::<T, _, _, 11> { pass, source, sink, ahead }),
        _ => in_registers(arch, Butterflies::<T, _, _, 13> { pass, source, sink, ahead }),
    }
}

/// One pass, to be compiled for the processor.
struct Butterflies<'a, T, A, B, const R: usize> {
    pass: &'a Pass<T>,
    source: A,
    sink: B,
    ahead: &'a mut Ahead,
}

impl<T: Real + Butterfly<R>, A: Source<T>, B: Sink<T>, const R: usize> WithSimd for Butterflies<'_, T, A, B, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        walk::<T, S, A, B, R>(Arithmetic(simd), self.pass, self.source, self.sink, self.ahead);
    }
}
