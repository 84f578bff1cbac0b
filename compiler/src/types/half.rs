//! The numbers of float16 and bfloat16, as bits and as the float32 that holds each of them exactly.
//!
//! Compiled code and the interpreter keep such a number as that float32 and round after every operation; only memory has the 16 bits.

use super::ScalarType;

/// The float32 of the number that these bits are in a type of 16 bits.
pub fn of_bits(ty: ScalarType, bits: u16) -> f32 {
    if ty == ScalarType::BF16 { f32::from_bits(u32::from(bits) << 16) } else { widened(bits) }
}

/// The bits of a number that the type has.
pub fn bits_of(ty: ScalarType, x: f32) -> u16 {
    if ty == ScalarType::BF16 { (rounded_to(ty, x.into()).to_bits() >> 16) as u16 } else { narrowed(x) }
}

/// The nearest number of the type, as a float32; of two, the even one.
pub fn rounded_to(ty: ScalarType, x: f64) -> f32 {
    if ty == ScalarType::BF16 { rounded_brain(x) } else { rounded(x) }
}

/// The nearest bfloat16. The float32 between is rounded to odd, so that both roundings together are one.
fn rounded_brain(x: f64) -> f32 {
    let near = x as f32;
    if near.is_nan() {
        return f32::from_bits(if x.is_sign_negative() { 0xffc0_0000 } else { 0x7fc0_0000 });
    }
    let (sign, magnitude) = (near.to_bits() & 0x8000_0000, near.to_bits() & 0x7fff_ffff);
    let below = magnitude - u32::from(f64::from(near).abs() > x.abs());
    let odd = below | u32::from(f64::from(near) != x);
    f32::from_bits(sign | (odd + 0x7fff + (odd >> 16 & 1)) & 0xffff_0000)
}

/// The float32 of the same number.
pub fn widened(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match (exponent, fraction) {
        (0, _) => return f32::from_bits(sign | (fraction as f32 * 2f32.powi(-24)).to_bits()),
        (31, 0) => 0x7f80_0000,
        (31, _) => 0x7fc0_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// The nearest float16, as a float32; of two, the even one; infinity from 65520 on.
pub fn rounded(x: f64) -> f32 {
    if x.is_nan() {
        return f32::from_bits(if x.is_sign_negative() { 0xffc0_0000 } else { 0x7fc0_0000 });
    }
    let magnitude = x.abs();
    // Below 2^-14 numbers are 2^-24 apart: that of a float64 near 2^28.
    let nearest = if magnitude < 2f64.powi(-14) {
        (magnitude + 2f64.powi(28)) - 2f64.powi(28)
    } else {
        let bits = magnitude.to_bits();
        f64::from_bits((bits + ((1 << 41) - 1) + (bits >> 42 & 1)) & !((1 << 42) - 1))
    };
    let nearest = if nearest >= 65536.0 { f64::INFINITY } else { nearest };
    nearest.copysign(x) as f32
}

/// The bits of a number that float16 has.
pub fn narrowed(x: f32) -> u16 {
    let x = rounded(x.into());
    let sign = (x.to_bits() >> 16 & 0x8000) as u16;
    let magnitude = x.abs();
    let bits = if x.is_nan() {
        0x7e00
    } else if x.is_infinite() {
        0x7c00
    } else if magnitude < 2f32.powi(-14) {
        (magnitude * 2f32.powi(24)) as u16
    } else {
        ((magnitude.to_bits() >> 13) - (112 << 10)) as u16
    };
    sign | bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float16_comes_back() {
        for bits in 0..=u16::MAX {
            let x = widened(bits);
            if x.is_nan() {
                assert!(widened(narrowed(x)).is_nan());
            } else {
                assert_eq!(narrowed(x), bits, "{x}");
                assert_eq!(rounded(x.into()).to_bits(), x.to_bits());
            }
        }
    }

    #[test]
    fn between_two_the_nearer_and_of_equals_the_even_one() {
        for bits in 0..0x7bffu16 {
            let (a, b) = (f64::from(widened(bits)), f64::from(widened(bits + 1)));
            let middle = (a + b) / 2.0;
            let even = if bits % 2 == 0 { a } else { b };
            assert_eq!(f64::from(rounded(middle)), even);
            assert_eq!(f64::from(rounded(middle.next_down())), a);
            assert_eq!(f64::from(rounded(middle.next_up())), b);
        }
        assert_eq!(rounded(65520.0), f32::INFINITY);
        assert_eq!(rounded(-65519.999), -65504.0);
        assert_eq!(rounded(2f64.powi(-25)), 0.0);
        assert!(rounded(-1e-30).is_sign_negative());
    }

    #[test]
    fn every_bfloat16_comes_back() {
        for bits in 0..=u16::MAX {
            let x = of_bits(ScalarType::BF16, bits);
            if x.is_nan() {
                assert!(of_bits(ScalarType::BF16, bits_of(ScalarType::BF16, x)).is_nan());
            } else {
                assert_eq!(bits_of(ScalarType::BF16, x), bits, "{x}");
                assert_eq!(rounded_to(ScalarType::BF16, x.into()).to_bits(), x.to_bits());
            }
        }
    }

    #[test]
    fn bfloat16_is_rounded_once() {
        let rounded = |x: f64| f64::from(rounded_to(ScalarType::BF16, x));
        for bits in (0..0x7f7fu16).step_by(3) {
            let [a, b] = [bits, bits + 1].map(|bits| f64::from(of_bits(ScalarType::BF16, bits)));
            let middle = (a + b) / 2.0;
            let even = if bits % 2 == 0 { a } else { b };
            assert_eq!(rounded(middle), even);
            assert_eq!(rounded(middle.next_down()), a);
            assert_eq!(rounded(middle.next_up()), b);
            assert_eq!(rounded(-middle.next_up()), -b);
        }
        let most = f64::from(of_bits(ScalarType::BF16, 0x7f7f));
        assert_eq!(rounded(most * 1.001), most);
        assert_eq!([rounded(1e300), rounded(f64::NEG_INFINITY)], [f64::INFINITY, f64::NEG_INFINITY]);
        assert!(rounded(-1e-300) == 0.0 && rounded(-1e-300).is_sign_negative());
    }
}
