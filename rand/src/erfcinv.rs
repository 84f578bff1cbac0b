//! The inverse of the complementary error function, of our own.
//!
//! Owns the polynomials. `erfinv(v) / v` is smooth in `w = -ln(1 - v^2)` near the middle and in `sqrt(w)` further out (M. Giles, "Approximating the
//! erfinv function", 2010); the coefficients are Chebyshev interpolations computed with 50 digits in mpmath, within 3.4e-16 (float64) and 7e-9
//! (float32) of the quotient. Operations are those of `math`: the same bits everywhere. Rows of normal numbers are by fused steps; single values, which
//! callers compiled for no processor in particular ask for, are not.

use crate::math::{fused_ln_f64, fused_polynomial, ln_f64, polynomial};

/// In w - 3.125, for w below 6.25; the constant term first.
#[rustfmt::skip]
const CENTRAL: [f64; 23] = [
    1.6536545626831027, 0.2401581824255897, -0.006033670871427011, -0.0007407025341669402, 0.0001867342080212427,
    -1.3882523361276876e-05, -1.3654691796592068e-06, 4.2347877672780653e-07, -2.907038666019143e-08, -4.112633104297614e-09,
    1.0512202440121784e-09, -5.4154417754696635e-11, -1.2977505202014966e-11, 2.6335724924608484e-12, -8.106594456438496e-14,
    -4.0554139746886e-14, 6.581955305929239e-15, 2.166994626283574e-17, -1.290702354613073e-16, 1.1125794759379464e-17,
    1.1027771591500033e-18, -1.6787330615256773e-19, -2.362369698566107e-22,
];

/// In sqrt(w) - 3.25, for w from 6.25 to 16; the constant term first.
#[rustfmt::skip]
const MIDDLE: [f64; 19] = [
    3.0838856104922208, 1.0052589676941592, 0.0053709145535581985, -0.0037512085075638536, 0.0024914420976198813,
    -0.0016882755561681802, 0.0009532893521118177, -0.00035503751863069763, 2.4031363245440546e-05, 6.828484052292924e-05,
    -4.731952918337189e-05, 1.2475343474376931e-05, 2.9273722115986924e-06, -4.013946398190292e-06, 1.4958263152984917e-06,
    1.832399988132858e-08, -2.6860975725571463e-07, 9.071950571029922e-08, -3.831039946072411e-10,
];

/// In sqrt(w) - 5.125, for w from 16 on; the constant term first.
#[rustfmt::skip]
const TAIL: [f64; 18] = [
    4.976191390016299, 1.0102562759886629, -0.0002125995036214146, -0.00017993907261288475, 6.469075613478816e-05,
    -1.658989456654548e-05, 3.7475909743542376e-06, -7.962443714465717e-07, 1.6930220687233143e-07, -4.153365515233822e-08,
    1.4597688843353818e-08, -7.0233943840198245e-09, 3.4920465549867165e-09, -1.701759098067508e-09, 8.508150803247171e-10,
    -2.9924829833640584e-10, 2.0270368890856437e-11, 1.3470755903592841e-11,
];

/// `sqrt(2)` times the quotient, in w - 2.5, for w below 5.7; the constant term first.
#[rustfmt::skip]
const SHORT: [f32; 10] = [
    2.1233134, 0.34880227, -0.0059077516, -0.0017720839, 0.0003087961, -6.782663e-06, -4.8960023e-06, 6.1203343e-07,
    3.254132e-08, -9.274555e-09,
];
/// `(ln(1 + f) - f) / f^2` for 1 + f from sqrt(1/2) to sqrt(2); the constant term first. The absolute error of w is what counts: no division is needed.
const SHORT_LN: [f32; 7] = [-0.5000009, 0.33334112, -0.24982451, 0.19929057, -0.17132387, 0.15984096, -0.10188586];
/// The parts nearest to 1, for which `w` is above 5.5 and the short polynomial not good enough.
const SHORT_END: i32 = 1 << 22;
/// Neighbours looked at together for values out there.
const NEIGHBOURS: usize = 16;

/// Past this, the central polynomial is not good enough.
const CENTRAL_END: f64 = 6.25;

/// `-ln(1 - v^2)` and a first guess of `|erfinv(v)|` for `v = 1 - a`, `a` in `(0, 1]` or a little above; the guess is the result if `w < CENTRAL_END`.
#[inline(always)]
fn central(a: f64) -> (f64, f64) {
    let w = -ln_f64(a * (2.0 - a));
    (w, (1.0 - a) * polynomial(&CENTRAL, w - 3.125))
}

/// The result where [`central`] is not good enough.
#[cold]
fn outer(a: f64, w: f64) -> f64 {
    let s = w.sqrt();
    let quotient = if s < 4.0 { polynomial(&MIDDLE, s - 3.25) } else { polynomial(&TAIL, s - 5.125) };
    (1.0 - a) * quotient
}

/// `erfcinv(a)` for `a` in `[2^-53, 1]`, within 4 ULP; a little above 1 it is negative, as it should be.
#[inline]
pub(crate) fn erfcinv(a: f64) -> f64 {
    let (w, result) = central(a);
    if w < CENTRAL_END { result } else { outer(a, w) }
}

/// Standard normal values: a part `k` stands for `v = (2 k + 1) / 2^53`.
#[inline(always)]
pub(crate) fn normals_f64(parts: &[i64], out: &mut [f64]) {
    const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
    // 2 k + 1 and 2^53 - |2 k + 1| are exact.
    let v = |k: i64| (2 * k + 1) as f64 * STEP;
    for (out, &k) in out.iter_mut().zip(parts) {
        let a = 1.0 - v(k).abs();
        let w = -fused_ln_f64(a * (2.0 - a));
        let magnitude = v(k).abs() * fused_polynomial(&CENTRAL, w - 3.125);
        *out = (magnitude * std::f64::consts::SQRT_2).copysign(v(k));
    }
    // The smallest v for which w >= 6.25 is 0.99903.
    again(parts, out, |k| v(k).abs() > 0.999, |k| (erfcinv(1.0 - v(k).abs()) * std::f64::consts::SQRT_2).copysign(v(k)));
}

/// Standard normal float32 values: a part `k` stands for `v = (2 k + 1) / 2^32`.
#[inline(always)]
pub(crate) fn normals_f32(parts: &[i32], out: &mut [f32]) {
    const STEP: f32 = 1.0 / 2_147_483_648.0;
    const ROOT: u32 = 0x3f35_04f3; // sqrt(1/2)
    // |2 k + 1| = 2 m + 1, and a = 1 - |v| has 2^31 - 1 - m in place of m.
    let m = |k: i32| k ^ (k >> 31);
    let signed = |magnitude: f32, k: i32| f32::from_bits(magnitude.to_bits() | (k as u32 & 0x8000_0000));
    for (out, &k) in out.iter_mut().zip(parts) {
        let a = ((i32::MAX - m(k)) as f32 + 0.5) * STEP;
        // w = -ln(a (2 - a)) = -(exponent * ln(2) + ln(1 + f)).
        let bits = (a * (2.0 - a)).to_bits().wrapping_sub(ROOT);
        let exponent = (bits as i32 >> 23) as f32;
        let f = f32::from_bits((bits & 0x007f_ffff).wrapping_add(ROOT)) - 1.0;
        let t = -(f * f).mul_add(fused_polynomial(&SHORT_LN, f), exponent.mul_add(std::f32::consts::LN_2, f + 2.5));
        *out = signed((m(k) as f32 + 0.5) * STEP * fused_polynomial(&SHORT, t), k);
    }
    let far = |k: i32| m(k) > i32::MAX - SHORT_END;
    let of = |k: i32| {
        let a = (f64::from(i32::MAX - m(k)) + 0.5) * f64::from(STEP);
        signed((erfcinv(a) * std::f64::consts::SQRT_2) as f32, k)
    };
    again(parts, out, far, of);
}

/// Computes anew what is far out. It is by the value itself, never by its neighbours, that it is so: a request may be split anywhere.
#[inline(always)]
fn again<K: Copy, T>(parts: &[K], out: &mut [T], far: impl Fn(K) -> bool, of: impl Fn(K) -> T) {
    for (parts, out) in parts.chunks(NEIGHBOURS).zip(out.chunks_mut(NEIGHBOURS)) {
        if parts.iter().fold(false, |any, &k| any | far(k)) {
            for (out, &k) in out.iter_mut().zip(parts) {
                if far(k) {
                    *out = of(k);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of mpmath with 50 digits: `erfinv(1 - a)`.
    #[test]
    fn agrees_with_mpmath() {
        for (a, want) in [
            (1.1102230246251565e-16, 5.8635847487551676),
            (8.881784197001252e-16, 5.686128441310391),
            (1e-12, 5.042029745639059),
            (1.1641532182693481e-10, 4.556549801237543),
            (1e-07, 3.766562581570838),
            (1.2e-07, 3.743066775564143),
            (1e-05, 3.123413274340875),
            (0.001, 2.3267537655135246),
            (0.00096, 2.334862604315207),
            (0.00097, 2.332806469869514),
            (0.01, 1.8213863677184496),
            (0.1, 1.163087153676674),
            (0.25, 0.8134198475976185),
            (0.5, 0.4769362762044699),
            (0.75, 0.2253120550121781),
            (0.9, 0.08885599049425767),
            (0.99, 0.008862501280950607),
            (0.9999, 8.862269277727971e-05),
            (0.9999999999990905, 8.060186932677953e-13),
            (0.9999999999999998, 1.9678190753608283e-16),
            (0.23796462709189137, 0.8344492757658625),
            (0.5442292252959519, 0.4288107939851023),
            (0.36995516654807925, 0.63396177987094),
            (0.6039200385961945, 0.3668269022503835),
            (0.625720304108054, 0.3448979474557491),
            (0.06552885923981311, 1.302231141019453),
            (0.013167991554874137, 1.7530544064744529),
            (0.83746908209646, 0.14505014997321602),
            (0.25935401432800764, 0.7975593653722458),
            (0.23433096104669637, 0.8409453315125031),
            (0.9956448355104628, 0.003859683201416819),
            (0.47026350752244794, 0.5105667156490133),
            (0.0005134052647266049, 2.4562507192842853),
            (4.666002012679869e-09, 4.142702421385332),
            (8.850217983225029e-07, 3.475867827725241),
            (1.284191929684929e-13, 5.2381001850043685),
            (7.727681533205126e-07, 3.494608008954008),
            (0.0014211316116667348, 2.2559000371458047),
            (2.1112367907654515e-08, 3.9616576088583377),
            (2.3852065144785214e-05, 2.9878063727532673),
            (2.510502482577547e-06, 3.32854600773528),
            (7.878438245426363e-15, 5.49387996121146),
            (4.123096011505773e-05, 2.8994710500438785),
            (1.8853594453404178e-07, 3.684238168075955),
            (1.651000608088202e-11, 4.761632843827343),
            (2.7174685124369004e-15, 5.5884342054455525),
            (0.001310331911062226, 2.2724341965563233),
            (4.154198468772951e-09, 4.156326603588435),
            (1.1575371466935615e-05, 3.1009714999033857),
            (0.002010847815067875, 2.1839879949642924),
            (9.949763788935777e-06, 3.1241832147675876),
            (0.007859254387071753, 1.879530297781987),
        ] {
            let ulp = (erfcinv(a).to_bits() as i64 - f64::to_bits(want) as i64).abs();
            assert!(ulp <= 4, "erfcinv({a:?}) = {:?}, not {want:?}: {ulp} ULP", erfcinv(a));
        }
    }

    #[test]
    fn a_float32_normal_is_near_the_float64_one_and_odd() {
        let mut k = 0_i32;
        for _ in 0..100_000 {
            k = k.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            for k in [k, k >> 5, i32::MAX - (k >> 20).abs(), i32::MAX, 0] {
                let (mut short, mut mirrored, mut long) = ([0.0_f32], [0.0_f32], [0.0_f64]);
                normals_f32(&[k], &mut short);
                normals_f32(&[!k], &mut mirrored);
                normals_f64(&[(i64::from(k) << 21) + (1 << 20)], &mut long);
                assert_eq!(short[0], -mirrored[0]);
                let error = (f64::from(short[0]) - long[0]).abs();
                assert!(error <= 6e-7 * long[0].abs(), "{k}: {} for {}", short[0], long[0]);
            }
        }
    }
}
