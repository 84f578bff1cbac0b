//! The C library's float32 logarithm, sine, cosine and exponential for whole rows of numbers.
//!
//! cuRAND's normal numbers are made of the C library's functions. glibc has had Arm's "optimized routines" for these since 2.28: tables, polynomials and
//! reductions in float64, rounded once at the end, with fused multiply-adds where the processor has them. The same steps over rows become vectors.
//! That they are the steps of *this* machine's library is not taken on trust: at first use its functions and these are asked about some thousands of
//! numbers, among them those where other ways of rounding show, and unless all answers are equal to the bit the library is called for each number.
//! The constants and the order of the operations are those of optimized-routines (Copyright (c) 2017-2018, Arm Limited; MIT).
//!
//! Owns the functions and the check. Must not know where the numbers come from.

use once_cell::race::OnceBox;

use super::item::RUN;
use super::sys::{self, Level, Work};

/// How the functions are computed here: by rows of the widest vectors there are, or None for calls of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Functions(Option<Level>);

impl Functions {
    /// As this machine's C library does; checked once.
    pub(super) fn detect() -> Self {
        static CHOSEN: OnceBox<Functions> = OnceBox::new();
        *CHOSEN.get_or_init(|| {
            let rows = Self(Some(Level::detect()));
            Box::new(if Level::detect().fuses() && rows.agrees() { rows } else { Self(None) })
        })
    }

    /// Pairs of standard normal numbers by the polar form of Box and Muller, of uniform numbers in `(0, 1]` and angles up to 2 pi: the sine's, then
    /// the cosine's.
    #[inline]
    pub(super) fn polar(self, units: &[f32; RUN], angles: &[f32; RUN], out: &mut [f32; 2 * RUN]) {
        match self.0 {
            Some(level) => sys::run(level, Polar { units, angles, out }),
            None => {
                for (pair, (unit, angle)) in out.as_chunks_mut::<2>().0.iter_mut().zip(units.iter().zip(angles)) {
                    let radius = (-2.0 * unit.ln()).sqrt();
                    let (sine, cosine) = angle.sin_cos();
                    *pair = [sine * radius, cosine * radius];
                }
            }
        }
    }

    /// The exponential of each value.
    #[inline]
    pub(super) fn exp(self, values: &mut [f32]) {
        match self.0 {
            Some(level) => sys::run(level, Exp { values }),
            None => values.iter_mut().for_each(|value| *value = value.exp()),
        }
    }

    /// Whether the library's functions give the same bits for the probes.
    fn agrees(self) -> bool {
        let called = Self(None);
        probes().all(|(units, angles, exponents)| {
            let (mut ours, mut theirs) = ([0.0; 2 * RUN], [0.0; 2 * RUN]);
            self.polar(&units, &angles, &mut ours);
            called.polar(&units, &angles, &mut theirs);
            let same = bits(&ours).eq(bits(&theirs));
            let (mut ours, mut theirs) = (exponents, exponents);
            self.exp(&mut ours);
            called.exp(&mut theirs);
            same && bits(&ours).eq(bits(&theirs))
        })
    }
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> {
    values.iter().map(|value| value.to_bits())
}

/// Uniform numbers, angles and exponents to ask about. Where steps that are not fused give another result is asked, too: of all numbers up to 88, those
/// are the `UNFUSED` exponents.
fn probes() -> impl Iterator<Item = ([f32; RUN], [f32; RUN], [f32; RUN])> {
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move || {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (x >> 32) as u32
    };
    (0..32).map(move |run| {
        let mut units = [0.0; RUN].map(|_: f32| crate::scalar::unit_f32(draw()));
        let mut angles = [0.0; RUN].map(|_: f32| crate::scalar::unit_f32(draw()) * std::f32::consts::TAU);
        let mut exponents = [0.0; RUN].map(|_: f32| (crate::scalar::unit_f32(draw()) - 0.5) * 16.0);
        if run == 0 {
            (units[0], angles[0]) = (1.0, std::f32::consts::TAU);
            exponents[..UNFUSED.len()].copy_from_slice(&UNFUSED.map(f32::from_bits));
        }
        (units, angles, exponents)
    })
}

/// Bits of the exponents where fusing shows.
const UNFUSED: [u32; 2] = [0x4202_422f, 0xc27c_65d9];

#[inline(always)]
fn muladd(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

/// Inverses of sixteen numbers between 0.7 and 1.4, and the logarithms of those numbers.
#[rustfmt::skip]
static INVERSES: [f64; 16] = [
    1.398907162146528, 1.3403141896637998, 1.286432210124115, 1.2367150214269895, 1.1906977166711752, 1.1479821020556429, 1.1082251448272158,
    1.0711297413057381, 1.036437278977283, 1.0, 0.9492859795739057, 0.8951049428609004, 0.8476821620351103, 0.8050314851692001, 0.7664671008843108,
    0.731428603316328,
];
#[rustfmt::skip]
static LOGARITHMS: [f64; 16] = [
    -0.33569133332882284, -0.2929040563774074, -0.2518726580937369, -0.21245868807117255, -0.17453945183745634, -0.1380057072319758,
    -0.10275976698545139, -0.06871392447020525, -0.0357891387398228, 0.0, 0.05204517742929496, 0.11081431298787942, 0.1652495223695143,
    0.21687389031699977, 0.2659635028121397, 0.3127556664073557,
];

/// The logarithm of a positive normal number.
#[inline(always)]
fn ln(x: f32) -> f32 {
    // x = 2^k z with z in [0.7, 1.4); the table's entry makes z * inverse nearly 1.
    let bits = x.to_bits();
    let offset = bits.wrapping_sub(0x3f33_0000);
    let at = (offset >> 19) as usize & 15;
    let k = f64::from(offset as i32 >> 23);
    let z = f64::from(f32::from_bits(bits.wrapping_sub(offset & 0xff80_0000)));
    let r = muladd(z, INVERSES[at], -1.0);
    let base = muladd(k, std::f64::consts::LN_2, LOGARITHMS[at]);
    let square = r * r;
    let sum = muladd(0.333_456_765_744_066, r, -0.499_999_748_580_210_3);
    let sum = muladd(-0.250_893_422_142_371_54, square, sum);
    muladd(sum, square, base + r) as f32
}

/// Sine and cosine of an angle from 0 to 120.
#[inline(always)]
fn sin_cos(x: f32) -> (f32, f32) {
    const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to an integer, found in the low bits
    let x = f64::from(x);
    let shifted = x * std::f64::consts::FRAC_2_PI + MAGIC;
    let quadrant = shifted.to_bits() as u32;
    let x = muladd(-(shifted - MAGIC), std::f64::consts::FRAC_PI_2, x);
    let square = x * x;
    let cube = square * x;
    let sine = muladd(cube, -0.166_666_549_437_010_84, x);
    let sine_end = muladd(square, -0.000_195_172_989_813_857_25, 0.008_332_178_146_138_854);
    let sine = muladd(cube * square, sine_end, sine) as f32;
    let fourth = square * square;
    let cosine_end = muladd(square, 2.439_045_070_356_454_2e-5, -0.001_388_676_379_437_604);
    let cosine = muladd(square, -0.499_999_997_251_082_24, 1.0);
    let cosine = muladd(fourth, 0.041_666_623_324_344_516, cosine);
    let cosine = muladd(fourth * square, cosine_end, cosine) as f32;
    // A quarter turn on, sine and cosine change places, and one of them its sign.
    let (first, second) = if quadrant & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sign = |value: f32, bit: u32| f32::from_bits(value.to_bits() ^ (bit & 2) << 30);
    (sign(first, quadrant), sign(second, quadrant.wrapping_add(1)))
}

/// `2^(i / 32)` as bits, less `i` in the last five bits of the exponent's neighbourhood, so that a multiple of 1/32 can be added to the exponent.
#[rustfmt::skip]
static POWERS: [u64; 32] = [
    0x3ff0_0000_0000_0000, 0x3fef_d9b0_d315_8574, 0x3fef_b558_6cf9_890f, 0x3fef_9301_d012_5b51, 0x3fef_72b8_3c7d_517b, 0x3fef_5487_3168_b9aa,
    0x3fef_387a_6e75_6238, 0x3fef_1e9d_f51f_dee1, 0x3fef_06fe_0a31_b715, 0x3fee_f1a7_373a_a9cb, 0x3fee_dea6_4c12_3422, 0x3fee_ce08_6061_892d,
    0x3fee_bfda_d536_2a27, 0x3fee_b42b_569d_4f82, 0x3fee_ab07_dd48_5429, 0x3fee_a47e_b03a_5585, 0x3fee_a09e_667f_3bcd, 0x3fee_9f75_e8ec_5f74,
    0x3fee_a114_73eb_0187, 0x3fee_a589_994c_ce13, 0x3fee_ace5_422a_a0db, 0x3fee_b737_b0cd_c5e5, 0x3fee_c491_82a3_f090, 0x3fee_d503_b23e_255d,
    0x3fee_e89f_995a_d3ad, 0x3fee_ff76_f2fb_5e47, 0x3fef_199b_dd85_529c, 0x3fef_3720_dcef_9069, 0x3fef_5818_dcfb_a487, 0x3fef_7c97_337b_9b5f,
    0x3fef_a4af_a2a4_90da, 0x3fef_d076_5b6e_4540,
];

/// Below this magnitude the exponential is neither infinite nor 0.
const EXP_END: f32 = 88.0;

/// The exponential of a number nearer to 0 than `EXP_END`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const SCALE: f64 = 32.0 * std::f64::consts::LOG2_E;
    const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
    let x = f64::from(x);
    let shifted = muladd(SCALE, x, MAGIC);
    let bits = shifted.to_bits();
    let r = muladd(SCALE, x, -(shifted - MAGIC));
    let scale = f64::from_bits(POWERS[bits as usize & 31].wrapping_add(bits << 47));
    let high = muladd(1.693_835_925_092_021_2e-6, r, 0.000_234_598_097_895_090_04);
    let low = muladd(0.021_660_849_396_613_134, r, 1.0);
    (muladd(high, r * r, low) * scale) as f32
}

/// [`Functions::polar`].
struct Polar<'a> {
    units: &'a [f32; RUN],
    angles: &'a [f32; RUN],
    out: &'a mut [f32; 2 * RUN],
}

impl Work for Polar<'_> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        let (mut radii, mut sines, mut cosines) = ([0.0; RUN], [0.0; RUN], [0.0; RUN]);
        for (radius, &unit) in radii.iter_mut().zip(self.units) {
            *radius = (-2.0 * ln(unit)).sqrt();
        }
        for i in 0..RUN {
            (sines[i], cosines[i]) = sin_cos(self.angles[i]);
        }
        for i in 0..RUN {
            self.out[2 * i] = sines[i] * radii[i];
            self.out[2 * i + 1] = cosines[i] * radii[i];
        }
    }
}

/// [`Functions::exp`].
struct Exp<'a> {
    values: &'a mut [f32],
}

impl Work for Exp<'_> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        let beyond = |x: f32| x.abs() >= EXP_END || x.is_nan();
        for values in self.values.chunks_mut(RUN) {
            let mut given = [0.0; RUN];
            given[..values.len()].copy_from_slice(values);
            let mut far = false;
            for (value, given) in values.iter_mut().zip(&given) {
                far |= beyond(*given);
                *value = exp(*given);
            }
            if far {
                for (value, given) in values.iter_mut().zip(given) {
                    if beyond(given) {
                        *value = given.exp();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Past the ends too; where the library takes other steps than those known here, it is called and there is little to see.
    #[test]
    fn rows_are_the_librarys() {
        let functions = Functions::detect();
        if functions.0.is_none() {
            eprintln!("not by rows: this C library's functions are others, or the processor has no AVX2");
        }
        let ends = [88.0, -88.0, 88.7, 88.8, 89.0, -103.9, -104.0, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, -0.0, 1e-40];
        let mut got = ends;
        functions.exp(&mut got);
        assert!(bits(&got).eq(bits(&ends.map(f32::exp))));
    }

    /// The probes tell whether the library fuses.
    #[test]
    fn the_unfused_exponents_are_others_when_not_fused() {
        for x in UNFUSED.map(|bits| f64::from(f32::from_bits(bits))) {
            let k = (32.0 * std::f64::consts::LOG2_E * x).round_ties_even();
            let r = 32.0 * std::f64::consts::LOG2_E * x - k;
            let scale = f64::from_bits(POWERS[k as i64 as usize & 31].wrapping_add((k as i64 as u64) << 47));
            let high = 1.693_835_925_092_021_2e-6 * r + 0.000_234_598_097_895_090_04;
            let unfused = ((high * (r * r) + (0.021_660_849_396_613_134 * r + 1.0)) * scale) as f32;
            assert_ne!(unfused, exp(x as f32));
        }
    }

    /// Every unit, angle and exponent there is.
    #[test]
    #[ignore = "a billion numbers: minutes"]
    fn every_number_agrees_with_the_library() {
        use rayon::prelude::*;
        let (rows, called) = (Functions::detect(), Functions(None));
        let each_run = |first: f32, last: f32, check: &(dyn Fn([f32; RUN]) + Sync)| {
            let run = |first: u32| check(std::array::from_fn(|i| f32::from_bits(first + i as u32)));
            (first.to_bits()..last.to_bits()).into_par_iter().step_by(RUN).for_each(run);
        };
        let polar = |units: [f32; RUN], angles: [f32; RUN]| {
            let (mut ours, mut theirs) = ([0.0; 2 * RUN], [0.0; 2 * RUN]);
            rows.polar(&units, &angles, &mut ours);
            called.polar(&units, &angles, &mut theirs);
            assert!(bits(&ours).eq(bits(&theirs)), "{units:?} {angles:?}");
        };
        each_run(2.0_f32.powi(-34), 1.0 - f32::EPSILON * 64.0, &|units| polar(units, [0.5; RUN]));
        each_run(2.0_f32.powi(-34), 6.3, &|angles| polar([std::f32::consts::FRAC_1_SQRT_2; RUN], angles));
        for sign in [1.0, -1.0] {
            each_run(2.0_f32.powi(-40), 89.0, &|magnitudes| {
                let exponents = magnitudes.map(|magnitude| sign * magnitude);
                let (mut ours, mut theirs) = (exponents, exponents);
                rows.exp(&mut ours);
                called.exp(&mut theirs);
                assert!(bits(&ours).eq(bits(&theirs)), "{exponents:?}");
            });
        }
    }
}
