//! Arithmetic on one register of lanes, whatever the processor's registers are.
//!
//! Owns the step from an element type to `pulp`'s vectors of it, and the butterflies over them: each lane is a transform of its own, so no lane ever
//! meets another. Knows no memory but rows handed in as slices.

use pulp::Simd;

use super::columns::{Columns, Turns};
use super::line::Line;
use super::sys::{Panels, Rows, Strip, shuffle};
use crate::error::Error;

/// A complex number a lane: real parts, imaginary parts.
pub(super) type Pair<T, S> = [<T as Lanes>::V<S>; 2];

/// Lanes of a register.
#[inline(always)]
pub(super) const fn width<T: Lanes, S: Simd>() -> usize {
    size_of::<T::V<S>>() / size_of::<T>()
}

/// An element type with registers of it.
pub trait Lanes: Copy + 'static {
    /// A register.
    type V<S: Simd>: Copy;
    /// A register with every lane the same.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::V<S>;
    /// Sum.
    fn v_add<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// Difference.
    fn v_sub<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// Product.
    fn v_mul<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a b + c`.
    fn v_fma<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// `c - a b`.
    fn v_nfma<S: Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// A row of real parts followed by a row of imaginary parts.
    fn load<S: Simd>(row: &[Self]) -> Pair<Self, S>;
    /// The reverse of [`Lanes::load`].
    fn store<S: Simd>(pair: Pair<Self, S>, row: &mut [Self]);
    /// The two registers of a row of interleaved complex numbers, parts separated, lanes in an order of its own.
    fn split<S: Simd>(simd: S, row: &[Self]) -> Pair<Self, S>;
    /// As [`Lanes::split`], of two rows half as long, the one after the other.
    fn split_two<S: Simd>(simd: S, first: &[Self], second: &[Self]) -> Pair<Self, S>;
    /// The reverse of [`Lanes::split`].
    fn join<S: Simd>(simd: S, pair: Pair<Self, S>, row: &mut [Self]);
    /// [`Columns::run`] for this type: compiled here once, not in every crate that uses it.
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn columns(columns: &Columns<Self>, from: &Strip<Self>, to: &Strip<Self>, factor: Self) -> Result<(), Error>;
    /// [`Columns::down`] for this type, likewise.
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn down(columns: &Columns<Self>, from: &Strip<Self>, turns: Turns<'_, Self>, to: &Panels<Self>, panel: usize, row: usize) -> Result<(), Error>;
    /// [`Columns::across`] for this type, likewise.
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn across(columns: &Columns<Self>, panel: &[Self], to: &Strip<Self>, factor: Self, by: Option<Rows<'_, Self>>) -> Result<(), Error>;
    /// [`Line::run`] for this type, likewise.
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn line(line: &Line<Self>, from: &Strip<Self>, to: &Strip<Self>, factor: Self) -> Result<(), Error>;
}

macro_rules! lanes {
    ($type:ident, $vector:ident, $($suffix:ident)+) => { lanes!(@ $type, $vector, $($suffix)+); };
    (@ $type:ident, $vector:ident, $splat:ident $add:ident $sub:ident $mul:ident $fma:ident $nfma:ident $view:ident $view_mut:ident $split:ident $join:ident) => {
        impl Lanes for $type {
            type V<S: Simd> = S::$vector;
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: $type) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn v_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn v_sub<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn v_mul<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn v_fma<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }
            #[inline(always)]
            fn v_nfma<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$nfma(a, b, c)
            }
            #[inline(always)]
            fn load<S: Simd>(row: &[$type]) -> Pair<$type, S> {
                let (vectors, _) = S::$view(row);
                [vectors[0], vectors[1]]
            }
            #[inline(always)]
            fn store<S: Simd>(pair: Pair<$type, S>, row: &mut [$type]) {
                let (vectors, _) = S::$view_mut(row);
                [vectors[0], vectors[1]] = pair;
            }
            #[inline(always)]
            fn split<S: Simd>(simd: S, row: &[$type]) -> Pair<$type, S> {
                let (vectors, _) = S::$view(row);
                shuffle::split::<$type, _>([vectors[0], vectors[1]]).unwrap_or_else(|pair| simd.$split(pair))
            }
            #[inline(always)]
            fn split_two<S: Simd>(simd: S, first: &[$type], second: &[$type]) -> Pair<$type, S> {
                let pair = [S::$view(first).0[0], S::$view(second).0[0]];
                shuffle::split::<$type, _>(pair).unwrap_or_else(|pair| simd.$split(pair))
            }
            #[inline(always)]
            fn join<S: Simd>(simd: S, pair: Pair<$type, S>, row: &mut [$type]) {
                let (vectors, _) = S::$view_mut(row);
                [vectors[0], vectors[1]] = shuffle::join::<$type, _>(pair).unwrap_or_else(|pair| simd.$join(pair));
            }
            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn columns(columns: &Columns<$type>, from: &Strip<$type>, to: &Strip<$type>, factor: $type) -> Result<(), Error> {
                columns.run(from, to, factor)
            }
            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn down(
                columns: &Columns<$type>,
                from: &Strip<$type>,
                turns: Turns<'_, $type>,
                to: &Panels<$type>,
                panel: usize,
                row: usize,
            ) -> Result<(), Error> {
                columns.down(from, turns, to, panel, row)
            }
            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn across(
                columns: &Columns<$type>,
                panel: &[$type],
                to: &Strip<$type>,
                factor: $type,
                by: Option<Rows<'_, $type>>,
            ) -> Result<(), Error> {
                columns.across(panel, to, factor, by)
            }
            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn line(line: &Line<$type>, from: &Strip<$type>, to: &Strip<$type>, factor: $type) -> Result<(), Error> {
                line.run(from, to, factor)
            }
        }
    };
}

lanes!(f32, f32s, splat_f32s add_f32s sub_f32s mul_f32s mul_add_f32s negate_mul_add_f32s as_simd_f32s as_mut_simd_f32s
    deinterleave_shfl_f32s interleave_shfl_f32s);
lanes!(f64, f64s, splat_f64s add_f64s sub_f64s mul_f64s mul_add_f64s negate_mul_add_f64s as_simd_f64s as_mut_simd_f64s
    deinterleave_shfl_f64s interleave_shfl_f64s);

/// The numbers butterflies multiply by, and their arithmetic.
#[derive(Clone, Copy)]
pub(super) struct Arithmetic<S>(pub(super) S);

impl<S: Simd> Arithmetic<S> {
    #[inline(always)]
    fn add<T: Lanes>(self, a: Pair<T, S>, b: Pair<T, S>) -> Pair<T, S> {
        [T::v_add(self.0, a[0], b[0]), T::v_add(self.0, a[1], b[1])]
    }

    #[inline(always)]
    fn sub<T: Lanes>(self, a: Pair<T, S>, b: Pair<T, S>) -> Pair<T, S> {
        [T::v_sub(self.0, a[0], b[0]), T::v_sub(self.0, a[1], b[1])]
    }

    /// `a - i b`.
    #[inline(always)]
    fn sub_i<T: Lanes>(self, a: Pair<T, S>, b: Pair<T, S>) -> Pair<T, S> {
        [T::v_add(self.0, a[0], b[1]), T::v_sub(self.0, a[1], b[0])]
    }

    /// `a + i b`.
    #[inline(always)]
    fn add_i<T: Lanes>(self, a: Pair<T, S>, b: Pair<T, S>) -> Pair<T, S> {
        [T::v_sub(self.0, a[0], b[1]), T::v_add(self.0, a[1], b[0])]
    }

    /// Turned by an eighth: `((re + im) + i (im - re)) / sqrt 2`.
    #[inline(always)]
    fn eighth<T: Lanes>(self, z: Pair<T, S>, half: T::V<S>) -> Pair<T, S> {
        let turned = [T::v_add(self.0, z[0], z[1]), T::v_sub(self.0, z[1], z[0])];
        self.scale::<T>(turned, half)
    }

    /// Turned by three eighths: an eighth and a quarter.
    #[inline(always)]
    fn three_eighths<T: Lanes>(self, z: Pair<T, S>, half: T::V<S>, minus_half: T::V<S>) -> Pair<T, S> {
        let turned = [T::v_sub(self.0, z[1], z[0]), T::v_add(self.0, z[0], z[1])];
        [T::v_mul(self.0, turned[0], half), T::v_mul(self.0, turned[1], minus_half)]
    }

    /// The transform of four.
    #[inline(always)]
    fn four<T: crate::Real>(self, a: Pair<T, S>, b: Pair<T, S>, c: Pair<T, S>, d: Pair<T, S>) -> [Pair<T, S>; 4] {
        <T as Butterfly<4>>::butterfly(self, [a, b, c, d])
    }

    /// Product with a complex factor.
    #[inline(always)]
    pub(super) fn turn<T: Lanes>(self, a: Pair<T, S>, by: Pair<T, S>) -> Pair<T, S> {
        let re = T::v_nfma(self.0, a[1], by[1], T::v_mul(self.0, a[0], by[0]));
        let im = T::v_fma(self.0, a[0], by[1], T::v_mul(self.0, a[1], by[0]));
        [re, im]
    }

    /// Product with a real factor.
    #[inline(always)]
    pub(super) fn scale<T: Lanes>(self, a: Pair<T, S>, by: T::V<S>) -> Pair<T, S> {
        [T::v_mul(self.0, a[0], by), T::v_mul(self.0, a[1], by)]
    }
}

/// A transform of `R` points, forward.
pub(super) trait Butterfly<const R: usize>: Lanes {
    /// The transform, each lane by itself.
    fn butterfly<S: Simd>(simd: Arithmetic<S>, a: [Pair<Self, S>; R]) -> [Pair<Self, S>; R];
}

impl<T: crate::Real> Butterfly<2> for T {
    #[inline(always)]
    fn butterfly<S: Simd>(simd: Arithmetic<S>, [a, b]: [Pair<T, S>; 2]) -> [Pair<T, S>; 2] {
        [simd.add::<T>(a, b), simd.sub::<T>(a, b)]
    }
}

impl<T: crate::Real> Butterfly<4> for T {
    #[inline(always)]
    fn butterfly<S: Simd>(simd: Arithmetic<S>, [a, b, c, d]: [Pair<T, S>; 4]) -> [Pair<T, S>; 4] {
        let (even, odd) = (simd.add::<T>(a, c), simd.add::<T>(b, d));
        let (even_turned, odd_turned) = (simd.sub::<T>(a, c), simd.sub::<T>(b, d));
        [simd.add::<T>(even, odd), simd.sub_i::<T>(even_turned, odd_turned), simd.sub::<T>(even, odd), simd.add_i::<T>(even_turned, odd_turned)]
    }
}

impl<T: crate::Real> Butterfly<8> for T {
    #[inline(always)]
    fn butterfly<S: Simd>(simd: Arithmetic<S>, [a, b, c, d, e, f, g, h]: [Pair<T, S>; 8]) -> [Pair<T, S>; 8] {
        let even = <T as Butterfly<4>>::butterfly(simd, [a, c, e, g]);
        let odd = <T as Butterfly<4>>::butterfly(simd, [b, d, f, h]);
        let half = T::splat(simd.0, T::of(std::f64::consts::FRAC_1_SQRT_2));
        // Turned by an eighth, and by three: an eighth and a quarter.
        let one = simd.eighth::<T>(odd[1], half);
        let three = simd.eighth::<T>(odd[3], half);
        [
            simd.add::<T>(even[0], odd[0]),
            simd.add::<T>(even[1], one),
            simd.sub_i::<T>(even[2], odd[2]),
            simd.sub_i::<T>(even[3], three),
            simd.sub::<T>(even[0], odd[0]),
            simd.sub::<T>(even[1], one),
            simd.add_i::<T>(even[2], odd[2]),
            simd.add_i::<T>(even[3], three),
        ]
    }
}

impl<T: crate::Real> Butterfly<16> for T {
    #[inline(always)]
    fn butterfly<S: Simd>(simd: Arithmetic<S>, a: [Pair<T, S>; 16]) -> [Pair<T, S>; 16] {
        let [a0, a1, a2, a3] = simd.four::<T>(a[0], a[4], a[8], a[12]);
        let [b0, b1, b2, b3] = simd.four::<T>(a[1], a[5], a[9], a[13]);
        let [c0, c1, c2, c3] = simd.four::<T>(a[2], a[6], a[10], a[14]);
        let [d0, d1, d2, d3] = simd.four::<T>(a[3], a[7], a[11], a[15]);
        let half = T::splat(simd.0, T::of(std::f64::consts::FRAC_1_SQRT_2));
        let minus_half = T::splat(simd.0, T::of(-std::f64::consts::FRAC_1_SQRT_2));
        // Cosine and sine of a sixteenth of the circle.
        let (cos, sin) = (0.923_879_532_511_286_7, 0.382_683_432_365_089_8);
        let (plus_cos, minus_cos) = (T::splat(simd.0, T::of(cos)), T::splat(simd.0, T::of(-cos)));
        let (plus_sin, minus_sin) = (T::splat(simd.0, T::of(sin)), T::splat(simd.0, T::of(-sin)));
        let (one, three, nine) = ([plus_cos, minus_sin], [plus_sin, minus_cos], [minus_cos, plus_sin]);
        let [y0, y4, y8, y12] = simd.four::<T>(a0, b0, c0, d0);
        let [y1, y5, y9, y13] = simd.four::<T>(a1, simd.turn::<T>(b1, one), simd.eighth::<T>(c1, half), simd.turn::<T>(d1, three));
        let [y3, y7, y11, y15] =
            simd.four::<T>(a3, simd.turn::<T>(b3, three), simd.three_eighths::<T>(c3, half, minus_half), simd.turn::<T>(d3, nine));
        // The third of these is turned by a quarter.
        let (b2, d2) = (simd.eighth::<T>(b2, half), simd.three_eighths::<T>(d2, half, minus_half));
        let (even, even_turned) = (simd.sub_i::<T>(a2, c2), simd.add_i::<T>(a2, c2));
        let (odd, odd_turned) = (simd.add::<T>(b2, d2), simd.sub::<T>(b2, d2));
        let (y2, y10) = (simd.add::<T>(even, odd), simd.sub::<T>(even, odd));
        let (y6, y14) = (simd.sub_i::<T>(even_turned, odd_turned), simd.add_i::<T>(even_turned, odd_turned));
        [y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11, y12, y13, y14, y15]
    }
}

/// The sums of a transform of `R` points that harmonic `J` and its mirror image share: `first` and the pairs' sums by cosines, the pairs' differences by sines. A function for each harmonic,
/// so that loops over its numbers are unrolled and those are part of the code.
#[inline(always)]
fn harmonic<T: crate::Real, S: Simd, const R: usize, const J: usize, const HALF: usize>(
    simd: Arithmetic<S>,
    first: Pair<T, S>,
    sums: &[Pair<T, S>; HALF],
    differences: &[Pair<T, S>; HALF],
) -> [Pair<T, S>; 2] {
    let numbers = const {
        let mut numbers = [(0.0, 0.0); HALF];
        let mut k = 0;
        while k < HALF {
            numbers[k] = on_circle(J * (k + 1) % R, R);
            k += 1;
        }
        numbers
    };
    let mut even = first;
    let mut odd = [T::splat(simd.0, T::ZERO); 2];
    for (k, &(cos, sin)) in numbers.iter().enumerate() {
        let (cos, sin) = (T::splat(simd.0, T::of(cos)), T::splat(simd.0, T::of(sin)));
        let (sum, difference) = (sums[k], differences[k]);
        even = [T::v_fma(simd.0, sum[0], cos, even[0]), T::v_fma(simd.0, sum[1], cos, even[1])];
        odd = if k == 0 {
            simd.scale::<T>(difference, sin)
        } else {
            [T::v_fma(simd.0, difference[0], sin, odd[0]), T::v_fma(simd.0, difference[1], sin, odd[1])]
        };
    }
    [even, odd]
}

macro_rules! odd_butterfly {
    ($radix:literal: $($j:literal)+) => {
        impl<T: crate::Real> Butterfly<$radix> for T {
            #[inline(always)]
            fn butterfly<S: Simd>(simd: Arithmetic<S>, a: [Pair<T, S>; $radix]) -> [Pair<T, S>; $radix] {
                const HALF: usize = $radix / 2;
                // Pairs of terms that share a cosine and have opposite sines.
                let (mut sums, mut differences) = ([a[0]; HALF], [a[0]; HALF]);
                for k in 0..HALF {
                    sums[k] = simd.add::<T>(a[k + 1], a[$radix - 1 - k]);
                    differences[k] = simd.sub::<T>(a[k + 1], a[$radix - 1 - k]);
                }
                let mut out = a;
                for sum in sums {
                    out[0] = simd.add::<T>(out[0], sum);
                }
                $(
                    let [even, odd] = harmonic::<T, S, $radix, $j, HALF>(simd, a[0], &sums, &differences);
                    out[$j] = simd.sub_i::<T>(even, odd);
                    out[$radix - $j] = simd.add_i::<T>(even, odd);
                )+
                out
            }
        }
    };
}

odd_butterfly!(3: 1);
odd_butterfly!(5: 1 2);
odd_butterfly!(7: 1 2 3);
odd_butterfly!(11: 1 2 3 4 5);
odd_butterfly!(13: 1 2 3 4 5 6);

/// Cosine and sine of `2 pi k / r`, for k < r = 3, 5, 7, 11, 13.
const fn on_circle(k: usize, r: usize) -> (f64, f64) {
    let row = match r {
        3 => &CIRCLE[0],
        5 => &CIRCLE[1],
        7 => &CIRCLE[2],
        11 => &CIRCLE[3],
        _ => &CIRCLE[4],
    };
    if 2 * k < r {
        row[k]
    } else {
        let (cos, sin) = row[r - k];
        (cos, -sin)
    }
}

/// Those of the first half circle, for r = 3, 5, 7, 11, 13.
const CIRCLE: [[(f64, f64); 7]; 5] = [
    [(1.0, 0.0), (-0.5, 0.866_025_403_784_438_6), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
    [
        (1.0, 0.0),
        (0.309_016_994_374_947_45, 0.951_056_516_295_153_5),
        (-0.809_016_994_374_947_5, 0.587_785_252_292_473_1),
        (0.0, 0.0),
        (0.0, 0.0),
        (0.0, 0.0),
        (0.0, 0.0),
    ],
    [
        (1.0, 0.0),
        (0.623_489_801_858_733_5, 0.781_831_482_468_029_8),
        (-0.222_520_933_956_314_4, 0.974_927_912_181_823_6),
        (-0.900_968_867_902_419_1, 0.433_883_739_117_558_1),
        (0.0, 0.0),
        (0.0, 0.0),
        (0.0, 0.0),
    ],
    [
        (1.0, 0.0),
        (0.841_253_532_831_181_2, 0.540_640_817_455_597_6),
        (0.415_415_013_001_886_44, 0.909_631_995_354_518_3),
        (-0.142_314_838_273_285_14, 0.989_821_441_880_932_7),
        (-0.654_860_733_945_285_1, 0.755_749_574_354_258_3),
        (-0.959_492_973_614_497_4, 0.281_732_556_841_429_67),
        (0.0, 0.0),
    ],
    [
        (1.0, 0.0),
        (0.885_456_025_653_209_9, 0.464_723_172_043_768_56),
        (0.568_064_746_731_155_8, 0.822_983_865_893_656_4),
        (0.120_536_680_255_323_05, 0.992_708_874_098_054),
        (-0.354_604_887_042_535_6, 0.935_016_242_685_414_8),
        (-0.748_510_748_171_101_1, 0.663_122_658_240_795_2),
        (-0.970_941_817_426_052, 0.239_315_664_287_557_77),
    ],
];
