//! Complex transforms of neighbouring lanes, one lane of the array to one lane of the registers.
//!
//! Owns the kernel for axes along which elements are not neighbours. A strip of lanes, as many as a register has, is transformed without transposing it: Stockham's form (each
//! pass reads one area and writes another, in order, so nothing is ever permuted), radices 2, 3, 4, 5, 7 and 8. The first pass reads the array, the last writes it. Lengths with
//! other prime factors, and those whose areas outgrow the second-level cache, go through rows instead.

use num_complex::Complex;
use pulp::{Arch, Simd, WithSimd};

use super::lanes::{Arithmetic, Butterfly, Lanes, Pair};
use super::sys::{Strip, scratch};
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
}

struct Pass<T> {
    radix: usize,
    /// Length of the sub-transforms after the pass.
    rest: usize,
    /// Sub-transforms before it.
    before: usize,
    /// Factors of elements 1 to radix - 1 of each butterfly but the first.
    turns: Vec<Complex<T>>,
}

/// How many lanes a register has; 0 where the processor has no registers worth the name.
fn register_lanes<T: Real>() -> usize {
    struct Count<T>(std::marker::PhantomData<T>);
    impl<T: Real> WithSimd for Count<T> {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            size_of::<T::V<S>>() / size_of::<T>()
        }
    }
    match Arch::new().dispatch(Count::<T>(std::marker::PhantomData)) {
        0..4 => 0,
        lanes => lanes,
    }
}

/// The radices of a length, at least two of them, large ones first; `None` where it has others.
fn radices(mut n: usize) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for radix in [7, 5, 3] {
        while n.is_multiple_of(radix) {
            found.push(radix);
            n /= radix;
        }
    }
    if !n.is_power_of_two() {
        return None;
    }
    let mut twos = n.trailing_zeros() as usize;
    // As few passes as there can be, and no 2 where a 4 can be had for it.
    match twos % 3 {
        1 if twos >= 4 => {
            found.extend([4, 4]);
            twos -= 4;
        }
        1 => {
            found.push(2);
            twos -= 1;
        }
        2 => {
            found.push(4);
            twos -= 2;
        }
        _ => {}
    }
    found.extend(std::iter::repeat_n(8, twos / 3));
    found.sort_unstable_by(|a, b| b.cmp(a));
    (found.len() >= 2).then_some(found)
}

impl<T: Real> Columns<T> {
    /// Plans, where the length and the processor have this form.
    pub(super) fn new(n: usize, direction: Direction) -> Option<Columns<T>> {
        if !Columns::<T>::can(n) {
            return None;
        }
        let width = register_lanes::<T>();
        let (mut rest, mut before) = (n, 1);
        let passes = radices(n)?.into_iter().map(|radix| {
            let length = rest;
            rest /= radix;
            let turns = (1..rest).flat_map(|p| (1..radix).map(move |j| root(p * j, length))).collect();
            let pass = Pass { radix, rest, before, turns };
            before *= radix;
            pass
        });
        Some(Columns { n, inverse: direction == Direction::Inverse, passes: passes.collect(), width })
    }

    /// Whether a length has this form, on this processor.
    pub(super) fn can(n: usize) -> bool {
        n <= LONGEST && radices(n).is_some() && register_lanes::<T>() > 0
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
        2 * self.n * size_of::<Complex<T>>()
    }

    /// Transforms a strip into another (or itself), the result multiplied by `factor` and turned if asked for.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, from: &Strip<T>, to: &Strip<T>, factor: T, turns: Option<&Turns<'_, T>>) -> Result<(), Error> {
        let area = 2 * self.n * self.width;
        scratch::<T, 2, _>([area, area], |[a, b]| {
            let (mut source, mut target) = (a, b);
            let last = self.passes.len() - 1;
            let array = First { strip: from, swap: self.inverse };
            for (index, pass) in self.passes.iter().enumerate() {
                if index == 0 {
                    run_pass(pass, array, Area(&mut *target));
                } else if index == last {
                    run_pass(pass, Area(&mut *source), Last { strip: to, swap: self.inverse, factor, turns });
                } else {
                    run_pass(pass, Area(&mut *source), Area(&mut *target));
                }
                std::mem::swap(&mut source, &mut target);
            }
        })
    }
}

/// Where a pass reads.
trait Source<T: Lanes> {
    fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S>;
}

/// Where a pass writes.
trait Sink<T: Lanes> {
    fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>);
}

/// A work area: a row of real parts and a row of imaginary parts for each element.
struct Area<'a, T>(&'a mut [T]);

impl<T: Lanes> Source<T> for Area<'_, T> {
    #[inline(always)]
    fn load<S: Simd>(&self, _: Arithmetic<S>, index: usize) -> Pair<T, S> {
        let row = 2 * lanes::<T, S>();
        T::load::<S>(&self.0[index * row..][..row])
    }
}

impl<T: Lanes> Sink<T> for Area<'_, T> {
    #[inline(always)]
    fn store<S: Simd>(&mut self, _: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let row = 2 * lanes::<T, S>();
        T::store::<S>(pair, &mut self.0[index * row..][..row]);
    }
}

/// The array that is read. The inverse transform is the forward one with the parts of each number exchanged before and after.
#[derive(Clone, Copy)]
struct First<'a, T> {
    strip: &'a Strip<T>,
    swap: bool,
}

impl<T: Real> Source<T> for First<'_, T> {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: Arithmetic<S>, index: usize) -> Pair<T, S> {
        // What a padded lane lacks is zero.
        if index >= self.strip.len {
            return [T::splat(simd.0, T::ZERO); 2];
        }
        let mut buffer = [T::ZERO; ROW];
        let [re, im] = T::split(simd.0, self.strip.read_row(index, &mut buffer[..2 * lanes::<T, S>()]));
        if self.swap { [im, re] } else { [re, im] }
    }
}

/// The array that is written.
struct Last<'a, T> {
    strip: &'a Strip<T>,
    swap: bool,
    factor: T,
    turns: Option<&'a Turns<'a, T>>,
}

/// Factors of a strip's results: of result k in lane l the root of unity number `k (first + l)`.
pub(super) struct Turns<'a, T> {
    /// Those of `first` 0: for each k a row of interleaved parts.
    pub(super) lanes: &'a [T],
    /// The root of unity number m is `high[m >> shift]` times `low` of the rest.
    pub(super) high: &'a [Complex<T>],
    /// See `high`.
    pub(super) low: &'a [Complex<T>],
    /// See `high`.
    pub(super) shift: u32,
    /// Number of the strip's first lane.
    pub(super) first: usize,
}

impl<T: Real> Sink<T> for Last<'_, T> {
    #[inline(always)]
    fn store<S: Simd>(&mut self, simd: Arithmetic<S>, index: usize, pair: Pair<T, S>) {
        let mut pair = simd.scale::<T>(pair, T::splat(simd.0, self.factor));
        if let Some(turns) = self.turns {
            let row = 2 * lanes::<T, S>();
            let number = index * turns.first;
            let first = turns.high[number >> turns.shift] * turns.low[number & ((1 << turns.shift) - 1)];
            let first = [T::splat(simd.0, first.re), T::splat(simd.0, first.im)];
            pair = simd.turn::<T>(pair, simd.turn::<T>(T::split(simd.0, &turns.lanes[index * row..][..row]), first));
        }
        let [re, im] = pair;
        let pair = if self.swap { [im, re] } else { [re, im] };
        let mut buffer = [T::ZERO; ROW];
        self.strip.write_row(index, &mut buffer[..2 * lanes::<T, S>()], |row| T::join(simd.0, pair, row));
    }
}

/// Elements of the widest row: 16 complex numbers.
const ROW: usize = 32;

/// Lanes of a register.
#[inline(always)]
const fn lanes<T: Lanes, S: Simd>() -> usize {
    size_of::<T::V<S>>() / size_of::<T>()
}

fn run_pass<T: Real>(pass: &Pass<T>, source: impl Source<T>, sink: impl Sink<T>) {
    // Each is compiled for the processor by itself: the passes together would be more than an optimiser takes at once.
    let arch = Arch::new();
    match pass.radix {
        2 => arch.dispatch(Butterflies::<T, _, _, 2> { pass, source, sink }),
        3 => arch.dispatch(Butterflies::<T, _, _, 3> { pass, source, sink }),
        4 => arch.dispatch(Butterflies::<T, _, _, 4> { pass, source, sink }),
        5 => arch.dispatch(Butterflies::<T, _, _, 5> { pass, source, sink }),
        7 => arch.dispatch(Butterflies::<T, _, _, 7> { pass, source, sink }),
        _ => arch.dispatch(Butterflies::<T, _, _, 8> { pass, source, sink }),
    }
}

/// One pass: `rest * before` butterflies of `R` elements that lie `rest * before` apart, to `R` elements that lie `before` apart.
struct Butterflies<'a, T, A, B, const R: usize> {
    pass: &'a Pass<T>,
    source: A,
    sink: B,
}

impl<T: Real + Butterfly<R>, A: Source<T>, B: Sink<T>, const R: usize> WithSimd for Butterflies<'_, T, A, B, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Butterflies { pass, source, mut sink } = self;
        let simd = Arithmetic(simd);
        let &Pass { rest, before, .. } = pass;
        let apart = rest * before;
        for p in 0..rest {
            // Element 0 and the first butterfly are not turned.
            let mut turns = [[T::splat(simd.0, T::ZERO); 2]; R];
            if p > 0 {
                for (turn, z) in turns[1..].iter_mut().zip(&pass.turns[(p - 1) * (R - 1)..][..R - 1]) {
                    *turn = [T::splat(simd.0, z.re), T::splat(simd.0, z.im)];
                }
            }
            for q in 0..before {
                let mut a = turns;
                for k in 0..R {
                    a[k] = source.load(simd, p * before + k * apart + q);
                }
                let b = T::butterfly(simd, a);
                for j in 0..R {
                    let turned = if j == 0 || p == 0 { b[j] } else { simd.turn::<T>(b[j], turns[j]) };
                    sink.store(simd, (R * p + j) * before + q, turned);
                }
            }
        }
    }
}
