//! `cvt`: between types of numbers, with every rounding.

use super::float::{NAN, flushed, single};
use super::integer::one;
use super::parse::{Kind, Ty};
use super::program::One;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    Near,
    Zero,
    Down,
    Up,
}

impl Rounding {
    /// Of a word: to a floating-point number, and to a whole one with `i`.
    pub(super) fn of(word: &str) -> Option<(Rounding, bool)> {
        Some(match word {
            "rn" => (Rounding::Near, false),
            "rz" => (Rounding::Zero, false),
            "rm" => (Rounding::Down, false),
            "rp" => (Rounding::Up, false),
            "rni" => (Rounding::Near, true),
            "rzi" => (Rounding::Zero, true),
            "rmi" => (Rounding::Down, true),
            "rpi" => (Rounding::Up, true),
            _ => return None,
        })
    }
}

/// Bits of a format: of its exponent and its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    exponent: u32,
    fraction: u32,
}

impl Format {
    pub(super) const HALF: Format = Format { exponent: 5, fraction: 10 };
    pub(super) const BRAIN: Format = Format { exponent: 8, fraction: 7 };
    const SINGLE: Format = Format { exponent: 8, fraction: 23 };
}

/// A 16-bit number as the same double.
#[inline]
pub(super) fn wide(bits: u16, format: Format) -> f64 {
    let fraction = u64::from(bits) & ((1 << format.fraction) - 1);
    let exponent = i32::from(bits >> format.fraction) & ((1 << format.exponent) - 1);
    let bias = (1 << (format.exponent - 1)) - 1;
    let size = if exponent == (1 << format.exponent) - 1 {
        if fraction == 0 { f64::INFINITY } else { f64::NAN }
    } else if exponent == 0 {
        fraction as f64 * 2f64.powi(1 - bias - format.fraction as i32)
    } else {
        (fraction | 1 << format.fraction) as f64 * 2f64.powi(exponent - bias - format.fraction as i32)
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The bits of a number in a smaller format; `lost` is what rounding took off it before, of which only the sign matters.
pub(super) fn narrow((x, lost): (f64, f64), format: Format, rounding: Rounding) -> u64 {
    let width = 1 + format.exponent + format.fraction;
    if x.is_nan() {
        // The canonical one: all ones but for the sign.
        return (1 << (width - 1)) - 1;
    }
    let sign = u64::from(x.is_sign_negative());
    let top = ((1u64 << format.exponent) - 1) << format.fraction;
    let with_sign = |bits: u64| bits | sign << (width - 1);
    if x.is_infinite() {
        return with_sign(top);
    }
    // Numbers of both formats are in the order of their bits: the two between which it lies follow each other.
    let size = x.abs();
    let bias = (1i32 << (format.exponent - 1)) - 1;
    let bits = size.to_bits();
    let exponent = ((bits >> 52) as i32 - 1023).max(1 - bias);
    // In units of the last place of the result, and below.
    let scaled = if bits >> 52 == 0 { 0.0 } else { size * 2f64.powi(format.fraction as i32 - exponent) };
    let (floor, rest) = (scaled.trunc(), scaled.fract());
    let mut sticky = if bits >> 52 == 0 && bits != 0 { 1 } else { 0 };
    if lost != 0.0 {
        sticky = if (lost > 0.0) == (x > 0.0) || x == 0.0 { 1 } else { -1 };
    }
    // Where `rest` lies: below, at or above a half, with what was lost.
    let above = rest > 0.5 || rest == 0.5 && sticky > 0;
    let half = rest == 0.5 && sticky == 0;
    let inexact = rest != 0.0 || sticky != 0;
    let down_by_one = floor != 0.0 && rest == 0.0 && sticky < 0;
    let floor = floor as u64;
    let up = match rounding {
        Rounding::Near => above || half && floor & 1 == 1,
        Rounding::Zero => false,
        Rounding::Down => inexact && sign == 1,
        Rounding::Up => inexact && sign == 0,
    };
    let floor = if down_by_one && rounding != Rounding::Near { floor - 1 } else { floor };
    // A whole number of last places: the exponent comes in by addition, and by a carry if it was rounded up.
    let biased = ((exponent + bias - 1) as u64) << format.fraction;
    let magnitude = biased + floor + u64::from(up);
    if magnitude >= top {
        let stays = match rounding {
            Rounding::Near => false,
            Rounding::Zero => true,
            Rounding::Down => sign == 0,
            Rounding::Up => sign == 1,
        };
        return with_sign(if stays { top - 1 } else { top });
    }
    with_sign(magnitude)
}

/// A whole number as a double and what was lost.
fn whole(value: i128) -> (f64, f64) {
    let x = value as f64;
    (x, (value - x as i128) as f64)
}

fn integral(x: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Near => x.round_ties_even(),
        Rounding::Zero => x.trunc(),
        Rounding::Down => x.floor(),
        Rounding::Up => x.ceil(),
    }
}

/// The bits of a result in a type; of a NaN 0 as an integer, as the manual has it.
fn to_integer(x: f64, ty: Ty) -> u64 {
    match (ty.signed(), ty.bits) {
        (false, 8) => u64::from(x as u8),
        (false, 16) => u64::from(x as u16),
        (false, 32) => u64::from(x as u32),
        (false, _) => x as u64,
        (true, 8) => u64::from(x as i8 as u8),
        (true, 16) => u64::from(x as i16 as u16),
        (true, 32) => u64::from(x as i32 as u32),
        (true, _) => x as i64 as u64,
    }
}

/// A conversion between integers: from the low bits, widened with their sign if they have one, to the low bits.
pub(super) fn between(to: Ty, from: Ty) -> Option<One> {
    macro_rules! from {
        ($u:ty) => {
            match (from.signed(), from.bits) {
                (false, 8) => Some(one!(u8, $u, |a| a)),
                (true, 8) => Some(one!(i8, $u, |a| a)),
                (false, 16) => Some(one!(u16, $u, |a| a)),
                (true, 16) => Some(one!(i16, $u, |a| a)),
                (false, 32) => Some(one!(u32, $u, |a| a)),
                (true, 32) => Some(one!(i32, $u, |a| a)),
                (false, 64) => Some(one!(u64, $u, |a| a)),
                (true, 64) => Some(one!(i64, $u, |a| a)),
                _ => None,
            }
        };
    }
    match (to.signed(), to.bits) {
        // A register is wider than 8 bits: it holds the value with its sign.
        (false, 8) => from!(u8),
        (true, 8) => match (from.signed(), from.bits) {
            (_, 8 | 16 | 32 | 64) => Some(one!(i8, u16, |a| a)),
            _ => None,
        },
        (_, 16) => from!(u16),
        (_, 32) => from!(u32),
        (_, 64) => from!(u64),
        _ => None,
    }
}

/// A conversion of which one side at least is a floating-point type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversion {
    to: Ty,
    from: Ty,
    rounding: Rounding,
    /// Whether the result is a whole number.
    whole: bool,
    ftz: bool,
}

impl Conversion {
    /// `None` for what is not known here.
    pub(super) fn of(to: Ty, from: Ty, rounding: Option<(Rounding, bool)>, ftz: bool) -> Option<Conversion> {
        let (way, whole) = rounding.unwrap_or((Rounding::Near, false));
        let single = |ty: Ty| ty.kind == Kind::Float && ty.bits == 32;
        let fits = match (to.float(), from.float()) {
            (false, false) => false,
            // Whole numbers of whole numbers have no rounding to be named.
            (false, true) => whole,
            (true, false) => !whole,
            (true, true) => !whole || to == from,
        };
        (fits && (!ftz || single(to) || single(from))).then_some(Conversion { to, from, rounding: way, whole, ftz })
    }

    #[inline]
    pub(super) fn one(&self, a: u64) -> u64 {
        let flush = |x: f32| if self.ftz { flushed(x) } else { x };
        let exact = |x: f64| (x, 0.0);
        let (x, lost) = match (self.from.kind, self.from.bits) {
            (Kind::Float, 64) => exact(f64::from_bits(a)),
            (Kind::Float, 32) => exact(f64::from(flush(f32::from_bits(a as u32)))),
            (Kind::Float, _) => exact(wide(a as u16, Format::HALF)),
            (Kind::Brain, _) => exact(wide(a as u16, Format::BRAIN)),
            (Kind::Signed, 8) => exact(f64::from(a as i8)),
            (Kind::Signed, 16) => exact(f64::from(a as i16)),
            (Kind::Signed, 32) => exact(f64::from(a as i32)),
            (Kind::Signed, _) => whole(i128::from(a as i64)),
            (_, 8) => exact(f64::from(a as u8)),
            (_, 16) => exact(f64::from(a as u16)),
            (_, 32) => exact(f64::from(a as u32)),
            _ => whole(i128::from(a)),
        };
        let x = if self.whole { integral(x, self.rounding) } else { x };
        match (self.to.kind, self.to.bits) {
            (Kind::Float, 64) => to_double((x, lost), self.rounding),
            (Kind::Float, 32) => single(flush(f32::from_bits(to_single((x, lost), self.rounding) as u32))),
            (Kind::Float, _) => narrow((x, lost), Format::HALF, self.rounding),
            (Kind::Brain, _) => narrow((x, lost), Format::BRAIN, self.rounding),
            _ => to_integer(x, self.to),
        }
    }
}

fn to_single(x: (f64, f64), rounding: Rounding) -> u64 {
    if rounding == Rounding::Near && x.1 == 0.0 {
        return single(x.0 as f32);
    }
    if x.0.is_nan() { u64::from(NAN) } else { narrow(x, Format::SINGLE, rounding) }
}

/// What was lost moves a double to its neighbour where the rounding asks for that.
fn to_double((x, lost): (f64, f64), rounding: Rounding) -> u64 {
    let moved = match rounding {
        Rounding::Near => 0.0,
        Rounding::Zero => {
            if (lost > 0.0) == (x > 0.0) {
                0.0
            } else {
                lost
            }
        }
        Rounding::Down => lost.min(0.0),
        Rounding::Up => lost.max(0.0),
    };
    if moved == 0.0 {
        x.to_bits()
    } else if moved > 0.0 {
        x.next_up().to_bits()
    } else {
        x.next_down().to_bits()
    }
}
