//! Operations of integers and bits, lane by lane, as the PTX manual has them.

use super::parse::Ty;
use super::program::{Four, One, Test, Three, Two};

macro_rules! one {
    ($t:ty, $u:ty, |$a:ident| $e:expr) => {{
        fn run(f: &mut super::program::Frame<'_>, to: super::program::At, a: super::program::At, mask: u32) {
            f.put(to, mask, |f, lane| {
                let $a = f.row(a)[lane] as $t;
                ($e) as $u as u64
            });
        }
        run as super::program::One
    }};
}

macro_rules! two {
    ($t:ty, $u:ty, |$a:ident, $b:ident| $e:expr) => {{
        fn run(f: &mut super::program::Frame<'_>, to: super::program::At, of: [super::program::At; 2], mask: u32) {
            f.put(to, mask, |f, lane| {
                let ($a, $b) = (f.row(of[0])[lane] as $t, f.row(of[1])[lane] as $t);
                ($e) as $u as u64
            });
        }
        run as super::program::Two
    }};
}

macro_rules! three {
    ($t:ty, $u:ty, |$a:ident, $b:ident, $c:ident| $e:expr) => {{
        fn run(f: &mut super::program::Frame<'_>, to: super::program::At, of: [super::program::At; 3], mask: u32) {
            f.put(to, mask, |f, lane| {
                let ($a, $b, $c) = (f.row(of[0])[lane] as $t, f.row(of[1])[lane] as $t, f.row(of[2])[lane] as $t);
                ($e) as $u as u64
            });
        }
        run as super::program::Three
    }};
}

macro_rules! four {
    ($t:ty, $u:ty, |$a:ident, $b:ident, $c:ident, $d:ident| $e:expr) => {{
        fn run(f: &mut super::program::Frame<'_>, to: super::program::At, of: [super::program::At; 4], mask: u32) {
            f.put(to, mask, |f, lane| {
                let ($a, $b) = (f.row(of[0])[lane] as $t, f.row(of[1])[lane] as $t);
                let ($c, $d) = (f.row(of[2])[lane] as $t, f.row(of[3])[lane] as $t);
                ($e) as $u as u64
            });
        }
        run as super::program::Four
    }};
}

macro_rules! test {
    ($t:ty, |$a:ident, $b:ident| $e:expr) => {{
        fn run(f: &super::program::Frame<'_>, of: [super::program::At; 2], mask: u32) -> u32 {
            f.test(mask, |f, lane| {
                let ($a, $b) = (f.row(of[0])[lane] as $t, f.row(of[1])[lane] as $t);
                $e
            })
        }
        run as super::program::Test
    }};
}

pub(super) use {four, one, test, three, two};

/// One of `$make`'s for each type of integer; what is 8 bits wide is none but for `cvt`.
macro_rules! integers {
    ($ty:expr, $make:ident, |$($x:ident),+| $e:expr) => {
        match ($ty.signed(), $ty.bits) {
            (false, 16) => { #[allow(dead_code)] type T = u16; #[allow(dead_code)] type W = u32; Some($make!(u16, u16, |$($x),+| $e)) }
            (true, 16) => { #[allow(dead_code)] type T = i16; #[allow(dead_code)] type W = i32; Some($make!(i16, u16, |$($x),+| $e)) }
            (false, 32) => { #[allow(dead_code)] type T = u32; #[allow(dead_code)] type W = u64; Some($make!(u32, u32, |$($x),+| $e)) }
            (true, 32) => { #[allow(dead_code)] type T = i32; #[allow(dead_code)] type W = i64; Some($make!(i32, u32, |$($x),+| $e)) }
            (false, 64) => { #[allow(dead_code)] type T = u64; #[allow(dead_code)] type W = u128; Some($make!(u64, u64, |$($x),+| $e)) }
            (true, 64) => { #[allow(dead_code)] type T = i64; #[allow(dead_code)] type W = i128; Some($make!(i64, u64, |$($x),+| $e)) }
            _ => None,
        }
    };
}

/// Products of twice the width.
macro_rules! wide {
    ($ty:expr, $make:ident, |$($x:ident),+| $e:expr) => {
        match ($ty.signed(), $ty.bits) {
            (false, 16) => { type W = u32; Some($make!(u16, u32, |$($x),+| $e)) }
            (true, 16) => { type W = i32; Some($make!(i16, u32, |$($x),+| $e)) }
            (false, 32) => { type W = u64; Some($make!(u32, u64, |$($x),+| $e)) }
            (true, 32) => { type W = i64; Some($make!(i32, u64, |$($x),+| $e)) }
            _ => None,
        }
    };
}

pub(super) fn unary(name: &str, ty: Ty) -> Option<One> {
    match name {
        "neg" => integers!(ty, one, |a| a.wrapping_neg()),
        "abs" => integers!(ty, one, |a| if (a as i64) < 0 && T::MIN != 0 { a.wrapping_neg() } else { a }),
        "not" => integers!(ty, one, |a| !a),
        "cnot" => integers!(ty, one, |a| a == 0),
        "mov" => match ty.bits {
            16 => Some(one!(u16, u16, |a| a)),
            32 => Some(one!(u32, u32, |a| a)),
            64 => Some(one!(u64, u64, |a| a)),
            _ => None,
        },
        "popc" => integers!(ty, one, |a| u64::from(a.count_ones())),
        "clz" => integers!(ty, one, |a| u64::from(a.leading_zeros())),
        "brev" => integers!(ty, one, |a| a.reverse_bits()),
        _ => None,
    }
}

/// The highest bit that differs from the sign, or how far it is from the top.
pub(super) fn find(ty: Ty, shift: bool) -> Option<One> {
    match (ty.signed(), ty.bits, shift) {
        (false, 32, false) => Some(one!(u32, u32, |a| if a == 0 { !0 } else { 31 - a.leading_zeros() })),
        (false, 32, true) => Some(one!(u32, u32, |a| if a == 0 { !0 } else { a.leading_zeros() })),
        (true, 32, false) => Some(one!(i32, u32, |a| highest(i64::from(a)))),
        (true, 32, true) => Some(one!(i32, u32, |a| {
            let at = highest(i64::from(a));
            if at == !0 { !0 } else { 31 - at }
        })),
        (false, 64, false) => Some(one!(u64, u32, |a| if a == 0 { !0 } else { 63 - a.leading_zeros() })),
        (false, 64, true) => Some(one!(u64, u32, |a| if a == 0 { !0 } else { a.leading_zeros() })),
        (true, 64, false) => Some(one!(i64, u32, |a| highest(a))),
        (true, 64, true) => Some(one!(i64, u32, |a| {
            let at = highest(a);
            if at == !0 { !0 } else { 63 - at }
        })),
        _ => None,
    }
}

fn highest(a: i64) -> u32 {
    let bits = if a < 0 { !a } else { a };
    if bits == 0 { !0 } else { 63 - bits.leading_zeros() }
}

pub(super) fn binary(name: &str, ty: Ty) -> Option<Two> {
    match name {
        "add" => integers!(ty, two, |a, b| a.wrapping_add(b)),
        "add.sat" if ty.signed() && ty.bits == 32 => Some(two!(i32, u32, |a, b| a.saturating_add(b))),
        "sub" => integers!(ty, two, |a, b| a.wrapping_sub(b)),
        "sub.sat" if ty.signed() && ty.bits == 32 => Some(two!(i32, u32, |a, b| a.saturating_sub(b))),
        "mul.lo" => integers!(ty, two, |a, b| a.wrapping_mul(b)),
        "mul.hi" => integers!(ty, two, |a, b| ((a as W * b as W) >> T::BITS) as T),
        "mul.wide" => wide!(ty, two, |a, b| a as W * b as W),
        "mul24.lo" if ty.bits == 32 && ty.signed() => Some(two!(i32, u32, |a, b| ((a << 8) >> 8).wrapping_mul((b << 8) >> 8))),
        "mul24.lo" if ty.bits == 32 => Some(two!(u32, u32, |a, b| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff))),
        // What a division by zero gives is left open; the machine's answer is all ones.
        "div" => integers!(ty, two, |a, b| if b == 0 { !(0 as T) } else { a.wrapping_div(b) }),
        "rem" => integers!(ty, two, |a, b| if b == 0 { a } else { a.wrapping_rem(b) }),
        "min" => integers!(ty, two, |a, b| a.min(b)),
        "max" => integers!(ty, two, |a, b| a.max(b)),
        "and" => integers!(ty, two, |a, b| a & b),
        "or" => integers!(ty, two, |a, b| a | b),
        "xor" => integers!(ty, two, |a, b| a ^ b),
        _ => None,
    }
}

/// Shifts: by at most the width, beyond which nothing (or the sign) is left.
pub(super) fn shift(left: bool, ty: Ty) -> Option<Two> {
    macro_rules! shifted {
        ($t:ty, $u:ty, |$a:ident, $n:ident| $e:expr) => {{
            fn run(f: &mut super::program::Frame<'_>, to: super::program::At, of: [super::program::At; 2], mask: u32) {
                f.put(to, mask, |f, lane| {
                    let ($a, $n) = (f.row(of[0])[lane] as $t, f.row(of[1])[lane] as u32);
                    ($e) as $u as u64
                });
            }
            run as Two
        }};
    }
    match (left, ty.signed(), ty.bits) {
        (true, _, 16) => Some(shifted!(u16, u16, |a, n| a.checked_shl(n).unwrap_or(0))),
        (true, _, 32) => Some(shifted!(u32, u32, |a, n| a.checked_shl(n).unwrap_or(0))),
        (true, _, 64) => Some(shifted!(u64, u64, |a, n| a.checked_shl(n).unwrap_or(0))),
        (false, false, 16) => Some(shifted!(u16, u16, |a, n| a.checked_shr(n).unwrap_or(0))),
        (false, false, 32) => Some(shifted!(u32, u32, |a, n| a.checked_shr(n).unwrap_or(0))),
        (false, false, 64) => Some(shifted!(u64, u64, |a, n| a.checked_shr(n).unwrap_or(0))),
        (false, true, 16) => Some(shifted!(i16, u16, |a, n| a >> n.min(15))),
        (false, true, 32) => Some(shifted!(i32, u32, |a, n| a >> n.min(31))),
        (false, true, 64) => Some(shifted!(i64, u64, |a, n| a >> n.min(63))),
        _ => None,
    }
}

pub(super) fn ternary(name: &str, ty: Ty) -> Option<Three> {
    match name {
        "mad.lo" => integers!(ty, three, |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
        "mad.hi" => integers!(ty, three, |a, b, c| (((a as W * b as W) >> T::BITS) as T).wrapping_add(c)),
        "mad.wide" => match (ty.signed(), ty.bits) {
            (false, 16) => Some(three!(u64, u32, |a, b, c| (a as u16 as u32 * b as u16 as u32).wrapping_add(c as u32))),
            (true, 16) => Some(three!(u64, u32, |a, b, c| (i32::from(a as i16) * i32::from(b as i16)).wrapping_add(c as i32))),
            (false, 32) => Some(three!(u64, u64, |a, b, c| (a as u32 as u64 * b as u32 as u64).wrapping_add(c))),
            (true, 32) => Some(three!(u64, u64, |a, b, c| (i64::from(a as i32) * i64::from(b as i32)).wrapping_add(c as i64))),
            _ => None,
        },
        "sad" => integers!(ty, three, |a, b, c| c.wrapping_add(if a < b { b.wrapping_sub(a) } else { a.wrapping_sub(b) })),
        // One of two by the sign of the third.
        "slct.s32" => Some(three!(u64, u64, |a, b, c| if (c as i32) >= 0 { a } else { b })),
        "slct.f32" => Some(three!(u64, u64, |a, b, c| if f32::from_bits(c as u32) >= 0.0 { a } else { b })),
        "shf.l.wrap" => Some(three!(u32, u32, |a, b, c| funnel(a, b) << (c & 31) >> 32)),
        "shf.r.wrap" => Some(three!(u32, u32, |a, b, c| funnel(a, b) >> (c & 31))),
        "shf.l.clamp" => Some(three!(u32, u32, |a, b, c| funnel(a, b) << c.min(32) >> 32)),
        "shf.r.clamp" => Some(three!(u32, u32, |a, b, c| funnel(a, b) >> c.min(32))),
        "bfe" => match (ty.signed(), ty.bits) {
            (signed, 32) if signed => Some(three!(u64, u32, |a, b, c| extracted(i64::from(a as i32), 32, b, c, true))),
            (_, 32) => Some(three!(u64, u32, |a, b, c| extracted(i64::from(a as u32), 32, b, c, false))),
            (signed, 64) if signed => Some(three!(u64, u64, |a, b, c| extracted(a as i64, 64, b, c, true))),
            (_, 64) => Some(three!(u64, u64, |a, b, c| extracted(a as i64, 64, b, c, false))),
            _ => None,
        },
        "prmt" => Some(three!(u32, u32, |a, b, c| permuted(a, b, c))),
        "fns" => None,
        _ => None,
    }
}

fn funnel(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// A field of bits; what lies beyond the top is the sign of the field.
fn extracted(a: i64, bits: u32, at: u64, length: u64, signed: bool) -> u64 {
    let (at, length) = ((at & 0xff) as u32, (length & 0xff) as u32);
    let bit = |n: u32| (a as u64) >> n.min(63) & 1;
    let sign = if !signed || length == 0 { 0 } else { bit((at + length - 1).min(bits - 1)) };
    (0..bits).fold(0, |found, n| {
        let one = if n < length && at + n < bits { bit(at + n) } else { sign };
        found | one << n
    })
}

fn permuted(a: u32, b: u32, choice: u32) -> u32 {
    let bytes = funnel(a, b);
    (0..4).fold(0, |found, n| {
        let nibble = choice >> (4 * n) & 15;
        let byte = (bytes >> (8 * (nibble & 7))) as u8;
        let byte = if nibble & 8 != 0 { ((byte as i8) >> 7) as u8 } else { byte };
        found | u32::from(byte) << (8 * n)
    })
}

pub(super) fn quaternary(name: &str, ty: Ty) -> Option<Four> {
    match (name, ty.bits) {
        // Bits of the first put into the second.
        ("bfi", 32) => Some(four!(u64, u32, |a, b, c, d| inserted(a, b, 32, c, d))),
        ("bfi", 64) => Some(four!(u64, u64, |a, b, c, d| inserted(a, b, 64, c, d))),
        ("lop3", 32) => Some(four!(u32, u32, |a, b, c, d| (0..8).fold(0, |found, n| {
            let of = |x: u32, bit: u32| if n >> bit & 1 == 1 { x } else { !x };
            if d >> n & 1 == 1 { found | of(a, 2) & of(b, 1) & of(c, 0) } else { found }
        }))),
        _ => None,
    }
}

fn inserted(a: u64, b: u64, bits: u32, at: u64, length: u64) -> u64 {
    let (at, length) = ((at & 0xff) as u32, (length & 0xff) as u32);
    let end = (at + length).min(bits);
    (at..end).fold(b, |found, n| found & !(1 << n) | (a >> (n - at) & 1) << n)
}

pub(super) fn compare(name: &str, ty: Ty) -> Option<Test> {
    macro_rules! tests {
        ($e:tt) => {
            match (ty.signed(), ty.bits) {
                (false, 16) => Some(test!(u16, |a, b| a $e b)),
                (true, 16) => Some(test!(i16, |a, b| a $e b)),
                (false, 32) => Some(test!(u32, |a, b| a $e b)),
                (true, 32) => Some(test!(i32, |a, b| a $e b)),
                (false, 64) => Some(test!(u64, |a, b| a $e b)),
                (true, 64) => Some(test!(i64, |a, b| a $e b)),
                _ => None,
            }
        };
    }
    match name {
        "eq" => tests!(==),
        "ne" => tests!(!=),
        "lt" | "lo" => tests!(<),
        "le" | "ls" => tests!(<=),
        "gt" | "hi" => tests!(>),
        "ge" | "hs" => tests!(>=),
        _ => None,
    }
}
