//! What `print()` in a kernel writes: values as Python spells them.
//!
//! Owns the form in which compiled code hands over what is to be printed ([`encode`]) and the spelling of numbers: a float64 as `repr` does it, a float32 with the digits that tell it
//! from its neighbours, as NumPy does. Where the text goes is [`crate::abi::LaunchState`]'s affair.

use crate::types::{Scalar, ScalarType};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// The next value.
    Value,
    /// The next value, of a type of 16 bits (float16 or bfloat16).
    Half(ScalarType),
    /// The next two values, parts of a complex number.
    Complex,
    /// The next value, counted in this type: a datetime64 or timedelta64.
    Time(ScalarType),
}

/// A line without its values, as bytes that go into the code.
pub fn encode(pieces: &[Piece], types: &[ScalarType]) -> Vec<u8> {
    let mut types = types.iter();
    let mut bytes = Vec::new();
    let mut name = |bytes: &mut Vec<u8>| {
        let name = types.next().expect("a type a value").name();
        bytes.push(name.len() as u8);
        bytes.extend(name.as_bytes());
    };
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                bytes.push(b't');
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            Piece::Value | Piece::Half(_) => {
                bytes.push(match piece {
                    Piece::Half(ScalarType::BF16) => b'b',
                    Piece::Half(_) => b'h',
                    _ => b'v',
                });
                name(&mut bytes);
            }
            Piece::Complex => {
                bytes.push(b'c');
                name(&mut bytes);
                name(&mut bytes);
            }
            Piece::Time(ty) => {
                bytes.push(b'd');
                bytes.push(ty.name().len() as u8);
                bytes.extend(ty.name().as_bytes());
                name(&mut bytes);
            }
        }
    }
    bytes
}

/// The text of a line for the values of one thread, given by number as bits. `None`: these bytes are no line.
pub fn line(mut bytes: &[u8], value: impl Fn(usize) -> u64) -> Option<String> {
    let mut text = String::new();
    let mut n = 0;
    let mut next = |bytes: &mut &[u8]| -> Option<Scalar> {
        let ty = named(bytes)?;
        n += 1;
        Some(Scalar::from_bits(ty, value(n - 1)))
    };
    while let Some((tag, rest)) = bytes.split_first() {
        bytes = rest;
        match tag {
            b't' => {
                let (length, rest) = bytes.split_at_checked(4)?;
                let (piece, rest) = rest.split_at_checked(u32::from_le_bytes(length.try_into().ok()?) as usize)?;
                text.push_str(std::str::from_utf8(piece).ok()?);
                bytes = rest;
            }
            b'v' => text.push_str(&scalar(next(&mut bytes)?)),
            b'h' => text.push_str(&half(ScalarType::F16, next(&mut bytes)?)),
            b'b' => text.push_str(&half(ScalarType::BF16, next(&mut bytes)?)),
            b'c' => {
                let (re, im) = (next(&mut bytes)?, next(&mut bytes)?);
                text.push_str(&complex(re, im));
            }
            b'd' => {
                let ty = named(&mut bytes)?;
                let count = next(&mut bytes)?.as_int() as i64;
                text.push_str(&crate::print::time(ty, count)?);
            }
            _ => return None,
        }
    }
    Some(text)
}

fn named(bytes: &mut &[u8]) -> Option<ScalarType> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(*length as usize)?;
    *bytes = rest;
    ScalarType::from_name(std::str::from_utf8(name).ok()?)
}

/// A number or a bool.
pub fn scalar(value: Scalar) -> String {
    match value.ty() {
        ScalarType::Bool => if value.as_bool() { "True" } else { "False" }.to_owned(),
        ty if ty.is_float() => float(value, true),
        _ => value.as_int().to_string(),
    }
}

/// A float as `repr`: the fewest digits that read back, positional from 1e-4 to below 1e16. `point`: whole numbers end in `.0`.
fn float(value: Scalar, point: bool) -> String {
    let x = value.as_f64();
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = if value.ty() == ScalarType::F32 { format!("{:e}", value.as_f32()) } else { format!("{x:e}") };
    let (digits, exponent) = shortest.split_once('e').expect("the form with an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent");
    if x != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    let length = digits.len() as i32;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent + 1;
    if length > whole {
        return format!("{sign}{}.{}", &digits[..whole as usize], &digits[whole as usize..]);
    }
    format!("{sign}{digits}{}{}", "0".repeat((whole - length) as usize), if point { ".0" } else { "" })
}

/// A number of a type of 16 bits, held as float32: a float16 with the fewest digits that tell it from other float16, as NumPy does it, a bfloat16 with six digits, as ml_dtypes does.
fn half(ty: ScalarType, value: Scalar) -> String {
    let x = value.as_f64();
    if ty == ScalarType::BF16 && x.is_finite() {
        return six_digits(x);
    }
    let told = (0..6)
        .map(|digits| format!("{x:.digits$e}"))
        .find(|text| text.parse().is_ok_and(|y: f64| crate::types::half::rounded_to(ty, y) == value.as_f32()));
    match told.and_then(|text| text.parse::<f64>().ok()) {
        Some(shortest) if x.is_finite() => float(Scalar::f64(shortest), true),
        _ => float(value, true),
    }
}

/// C's `%g`: six digits, without zeros at the end.
fn six_digits(x: f64) -> String {
    let text = format!("{x:.5e}");
    let (digits, exponent) = text.split_once('e').expect("the form with an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent");
    let without_zeros = |text: &str| if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() };
    if (-4..6).contains(&exponent) {
        without_zeros(&format!("{x:.*}", (5 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", without_zeros(digits), exponent.abs())
    }
}

/// A timedelta64 as NumPy's `str` has it; `None` for a date, whose calendar is not kept here.
fn time(ty: ScalarType, count: i64) -> Option<String> {
    if count == i64::MIN {
        return Some("NaT".to_owned());
    }
    let ScalarType::TimeDelta(unit) = ty else { return None };
    const NAMES: [&str; 13] = [
        "years",
        "months",
        "weeks",
        "days",
        "hours",
        "minutes",
        "seconds",
        "milliseconds",
        "microseconds",
        "nanoseconds",
        "picoseconds",
        "femtoseconds",
        "attoseconds",
    ];
    Some(format!("{count} {}", NAMES[unit as usize]))
}

/// A complex number: `(1+2j)`, and without a real part that is positive zero, `2j`.
fn complex(re: Scalar, im: Scalar) -> String {
    let imag = float(im, false);
    if re.as_f64() == 0.0 && re.as_f64().is_sign_positive() {
        return format!("{imag}j");
    }
    let plus = if imag.starts_with('-') { "" } else { "+" };
    format!("({}{plus}{imag}j)", float(re, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f64s(values: &[f64]) -> Vec<String> {
        values.iter().map(|x| scalar(Scalar::f64(*x))).collect()
    }

    #[test]
    fn floats_as_python_spells_them() {
        let spelled = f64s(&[0.0, -0.0, 1.0, -2.5, 0.1, 1e15, 1e16, 123456789012345680.0, 1e-4, 1e-5, 1.5e-7, f64::MAX, 5e-324, 100.0, 1e22]);
        let python =
            "0.0 -0.0 1.0 -2.5 0.1 1000000000000000.0 1e+16 1.2345678901234568e+17 0.0001 1e-05 1.5e-07 1.7976931348623157e+308 5e-324 100.0 1e+22";
        assert_eq!(spelled.join(" "), python);
        assert_eq!(f64s(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]), ["nan", "inf", "-inf"]);
        assert_eq!(scalar(Scalar::f32(0.1)), "0.1");
        assert_eq!(scalar(Scalar::f32(16777216.0)), "16777216.0");
        assert_eq!(scalar(Scalar::int(ScalarType::I8, -3)), "-3");
        assert_eq!(scalar(Scalar::bool(true)), "True");
    }

    #[test]
    fn complex_numbers_as_python_spells_them() {
        let both = |re, im| complex(Scalar::f64(re), Scalar::f64(im));
        assert_eq!([both(1.0, 2.0), both(0.0, -1.5), both(-0.0, 0.0), both(1e20, -0.0)], ["(1+2j)", "-1.5j", "(-0+0j)", "(1e+20-0j)"]);
    }

    #[test]
    fn lines_are_read_back() {
        let pieces = [Piece::Text("é: ".into()), Piece::Value, Piece::Text(" ".into()), Piece::Complex, Piece::Text("\n".into())];
        let bytes = encode(&pieces, &[ScalarType::I32, ScalarType::F64, ScalarType::F64]);
        let values = [(-7i32) as u32 as u64, 1f64.to_bits(), 0.5f64.to_bits()];
        assert_eq!(line(&bytes, |i| values[i]).unwrap(), "é: -7 (1+0.5j)\n");
        assert_eq!(line(&bytes[..7], |i| values[i]), None);
    }
}
