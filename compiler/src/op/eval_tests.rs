//! The rows against formulas written independently of them, exhaustively for the 8-bit types.

use super::*;
use ScalarType::*;

fn int8s() -> impl Iterator<Item = (ScalarType, i32, i32)> {
    let signed = (-128..128).flat_map(|a| (-128..128).map(move |b| (I8, a, b)));
    let unsigned = (0..256).flat_map(|a| (0..256).map(move |b| (U8, a, b)));
    let bools = (0..2).flat_map(|a| (0..2).map(move |b| (Bool, a, b)));
    signed.chain(unsigned).chain(bools)
}

/// The number nearest to `x` in the residue classes that the type can hold.
fn wrapped(ty: ScalarType, x: i64) -> i128 {
    match ty {
        I8 => (x + 128).rem_euclid(256) as i128 - 128,
        U8 => x.rem_euclid(256) as i128,
        _ => x.rem_euclid(2) as i128,
    }
}

fn expected(op: Op, ty: ScalarType, a: i32, b: i32) -> Option<i64> {
    let width = ty.bits() as i32;
    let by_bit = |f: fn(bool, bool) -> bool| {
        let bit = |x: i32, i: i32| x.rem_euclid(1 << width) / (1 << i) % 2 == 1;
        (0..width).map(|i| if f(bit(a, i), bit(b, i)) { 1i64 << i } else { 0 }).sum::<i64>()
    };
    let (wide_a, wide_b) = (a as i64, b as i64);
    Some(match op {
        Op::Add => wide_a + wide_b,
        Op::Sub => wide_a - wide_b,
        Op::Mul => wide_a * wide_b,
        Op::FloorDiv if b == 0 => 0,
        Op::FloorDiv => (a as f64 / b as f64).floor() as i64,
        Op::Mod if b == 0 => 0,
        Op::Mod => wide_a - wide_b * (a as f64 / b as f64).floor() as i64,
        Op::Pow if b < 0 => (a as f64).powi(b).trunc() as i64 * i64::from(a != 0),
        Op::Pow => (0..b).fold(1, |p, _| wrapped(ty, p * wide_a) as i64),
        Op::Min => wide_a.min(wide_b),
        Op::Max => wide_a.max(wide_b),
        Op::And => by_bit(|x, y| x && y),
        Op::Or => by_bit(|x, y| x || y),
        Op::Xor => by_bit(|x, y| x != y),
        Op::Shl if b < 0 || b >= width => 0,
        Op::Shl => wide_a * 2i64.pow(b as u32),
        Op::Shr if b < 0 || b >= width => -i64::from(a < 0),
        Op::Shr => (a as f64 / 2f64.powi(b)).floor() as i64,
        Op::Eq => (a == b).into(),
        Op::Ne => (a != b).into(),
        Op::Lt => (a < b).into(),
        Op::Le => (a <= b).into(),
        Op::Gt => (a > b).into(),
        Op::Ge => (a >= b).into(),
        _ => return None,
    })
}

#[test]
fn binary_rows_exhaustively_on_8_bits() {
    for &op in Op::PLAIN {
        for (ty, a, b) in int8s() {
            let Some(result) = op.result(&[ty, ty]) else { continue };
            let Some(want) = expected(op, ty, a, b) else { panic!("no formula for {}", op.name()) };
            let got = eval(op, &[Scalar::int(ty, a.into()), Scalar::int(ty, b.into())]);
            assert_eq!(got.ty(), result, "{} {ty}", op.name());
            assert_eq!(got.as_int(), wrapped(if result == Bool { Bool } else { ty }, want), "{} {ty} {a} {b}", op.name());
        }
    }
}

#[test]
fn unary_rows_and_casts_exhaustively_on_8_bits() {
    for (ty, a) in (-128..128).map(|a| (I8, a)).chain((0..256).map(|a| (U8, a))).chain((0..2).map(|a| (Bool, a))) {
        let value = Scalar::int(ty, a.into());
        let same = |x: i64| Scalar::int(ty, wrapped(ty, x));
        assert_eq!(eval(Op::Not, &[value]), same(if ty == Bool { 1 - a as i64 } else { -(a as i64) - 1 }));
        if ty != Bool {
            assert_eq!(eval(Op::Neg, &[value]), same(-(a as i64)));
            assert_eq!(eval(Op::Abs, &[value]), same((a as i64).abs()));
        }
        for to in ScalarType::ALL.into_iter().filter(|t| !t.is_complex()) {
            let got = eval(Op::Cast(to), &[value]);
            assert_eq!(got.ty(), to);
            if to.is_float() {
                assert_eq!(got.as_f64(), a as f64);
            } else if to == Bool {
                assert_eq!(got.as_bool(), a != 0);
            } else {
                let low = (a as i128).rem_euclid(1 << to.bits());
                assert_eq!(got.bits() as i128, low, "{ty} {a} to {to}");
            }
        }
    }
}

#[test]
fn every_row_gives_the_type_the_table_says() {
    let sample = |ty: ScalarType| if ty.is_float() { Scalar::float(ty, 0.75) } else { Scalar::int(ty, 1) };
    let rows = Op::PLAIN.iter().copied().chain(ScalarType::ALL.map(Op::Cast)).chain(Math::ALL.iter().map(|m| Op::Math(*m)));
    let mut seen = 0;
    for op in rows {
        for ty in ScalarType::ALL.into_iter().filter(|t| !t.is_complex()) {
            let types = if op == Op::Select { vec![Bool, ty, ty] } else { vec![ty; op.arity()] };
            if let Some(result) = op.result(&types) {
                let args: Vec<Scalar> = types.iter().map(|t| sample(*t)).collect();
                assert_eq!(eval(op, &args).ty(), result, "{} {types:?}", op.name());
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn wide_integers_at_their_ends() {
    let i64s = |op, a: i64, b: i64| eval(op, &[Scalar::int(I64, a.into()), Scalar::int(I64, b.into())]).as_int() as i64;
    assert_eq!(i64s(Op::FloorDiv, i64::MIN, -1), i64::MIN);
    assert_eq!(i64s(Op::Mod, i64::MIN, -1), 0);
    assert_eq!(i64s(Op::FloorDiv, i64::MIN, 0), 0);
    assert_eq!(i64s(Op::Mul, i64::MIN, -1), i64::MIN);
    assert_eq!(i64s(Op::Shl, 1, 63), i64::MIN);
    assert_eq!(i64s(Op::Shl, 1, 64), 0);
    assert_eq!(i64s(Op::Shr, i64::MIN, 63), -1);
    assert_eq!(i64s(Op::Shr, -5, i64::MIN), -1);
    assert_eq!(i64s(Op::Shr, 5, i64::MAX), 0);
    assert_eq!(i64s(Op::Pow, 3, 41), 3i64.wrapping_pow(41));
    assert_eq!(i64s(Op::Pow, -1, -3), -1);
    assert_eq!(i64s(Op::Pow, 0, -3), 0);
    assert_eq!(i64s(Op::Lt, i64::MIN, i64::MAX), 1);
    let u64s = |op, a: u64, b: u64| eval(op, &[Scalar::int(U64, a.into()), Scalar::int(U64, b.into())]).bits();
    assert_eq!(u64s(Op::FloorDiv, u64::MAX, 10), u64::MAX / 10);
    assert_eq!(u64s(Op::Mod, u64::MAX, 1 << 63), (1 << 63) - 1);
    assert_eq!(u64s(Op::Shr, u64::MAX, 63), 1);
    assert_eq!(u64s(Op::Shr, u64::MAX, u64::MAX), 0);
    assert_eq!(u64s(Op::Gt, u64::MAX, 1), 1);
    assert_eq!(u64s(Op::Mul, u64::MAX, u64::MAX), 1);
}

#[test]
fn float_to_integer_truncates_saturates_and_takes_nan_to_zero() {
    for to in [I8, I16, I32, I64, U8, U16, U32, U64] {
        let (low, high) = if to.is_signed() { (-(1i128 << (to.bits() - 1)), (1i128 << (to.bits() - 1)) - 1) } else { (0, (1i128 << to.bits()) - 1) };
        for x in [
            0.0,
            -0.0,
            0.99,
            -0.99,
            1.5,
            -1.5,
            126.9,
            127.5,
            128.0,
            255.9,
            256.0,
            -128.9,
            -129.0,
            1e9,
            -1e9,
            1e18,
            1e19,
            1e30,
            -1e30,
            f64::INFINITY,
            -f64::INFINITY,
        ] {
            let want = if x.is_infinite() || x.abs() >= 1e25 { if x > 0.0 { high } else { low } } else { (x.trunc() as i128).clamp(low, high) };
            assert_eq!(eval(Op::Cast(to), &[Scalar::f64(x)]).as_int(), want, "{x} to {to}");
            let single = x as f32;
            let want = if single.is_infinite() || single.abs() >= 1e25 { want } else { (single.trunc() as i128).clamp(low, high) };
            assert_eq!(eval(Op::Cast(to), &[Scalar::f32(single)]).as_int(), want, "{single} (single) to {to}");
        }
        assert_eq!(eval(Op::Cast(to), &[Scalar::f64(f64::NAN)]).as_int(), 0);
    }
    assert!(eval(Op::Cast(Bool), &[Scalar::f64(f64::NAN)]).as_bool());
    assert!(!eval(Op::Cast(Bool), &[Scalar::f64(-0.0)]).as_bool());
}

#[test]
fn integers_become_floats_in_one_rounding() {
    // Through float64 this would be rounded to even twice and come out one step low.
    let x = (1i64 << 61) + (1 << 37) + 1;
    assert_eq!(eval(Op::Cast(F32), &[Scalar::int(I64, x.into())]).as_f32(), 2.305_843_3e18);
    assert_eq!(eval(Op::Cast(F32), &[Scalar::int(I64, x.into())]).bits(), u64::from((2f32.powi(61)).to_bits() + 1));
    assert_eq!(eval(Op::Cast(F64), &[Scalar::int(U64, u64::MAX.into())]).as_f64(), 18_446_744_073_709_551_616.0);
}

#[test]
fn minimum_and_maximum_select_as_python() {
    let nan = f64::NAN;
    let pick = |op, a: f64, b: f64| eval(op, &[Scalar::f64(a), Scalar::f64(b)]).as_f64();
    assert!(pick(Op::Min, nan, 1.0).is_nan() && pick(Op::Max, nan, 1.0).is_nan());
    assert_eq!((pick(Op::Min, 1.0, nan), pick(Op::Max, 1.0, nan)), (1.0, 1.0));
    assert_eq!(pick(Op::Min, 0.0, -0.0).to_bits(), 0.0f64.to_bits());
    assert_eq!(pick(Op::Max, -0.0, 0.0).to_bits(), (-0.0f64).to_bits());
}

#[test]
fn zero_divisors_of_floats_are_numpys() {
    let run = |op, a: f64, b: f64| eval(op, &[Scalar::f64(a), Scalar::f64(b)]).as_f64();
    assert_eq!(run(Op::FloorDiv, 1.0, 0.0), f64::INFINITY);
    assert_eq!(run(Op::FloorDiv, 1.0, -0.0), -f64::INFINITY);
    assert!(run(Op::FloorDiv, 0.0, 0.0).is_nan() && run(Op::Mod, 1.0, 0.0).is_nan() && run(Op::Fmod, 1.0, 0.0).is_nan());
}

#[test]
fn fma_rounds_once() {
    let (a, b) = (1.0 + f64::EPSILON, 1.0 - f64::EPSILON);
    assert_eq!(eval(Op::Fma, &[Scalar::f64(a), Scalar::f64(b), Scalar::f64(-1.0)]).as_f64(), -f64::EPSILON * f64::EPSILON);
    let (a, b) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
    assert_eq!(eval(Op::Fma, &[Scalar::f32(a), Scalar::f32(b), Scalar::f32(-1.0)]).as_f32(), -f32::EPSILON * f32::EPSILON);
}

#[test]
fn float_division_is_cpythons() {
    for &(a, b, quotient, remainder) in CPYTHON {
        let args = [Scalar::from_bits(F64, a), Scalar::from_bits(F64, b)];
        for (op, want) in [(Op::FloorDiv, quotient), (Op::Mod, remainder)] {
            let (got, want) = (eval(op, &args).as_f64(), f64::from_bits(want));
            assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()), "{} {args:?}: {got} for {want}", op.name());
        }
    }
}

#[test]
fn single_division_keeps_its_identities() {
    // Small integers and halves divide exactly in both widths, so float32 must agree with float64.
    for a in -40..40 {
        for b in (-9..9).filter(|b| *b != 0) {
            let (a, b) = (a as f32 / 2.0, b as f32 / 4.0);
            for op in [Op::FloorDiv, Op::Mod, Op::Fmod] {
                let single = eval(op, &[Scalar::f32(a), Scalar::f32(b)]).as_f64();
                let double = eval(op, &[Scalar::f64(a.into()), Scalar::f64(b.into())]).as_f64();
                assert_eq!(single.to_bits(), double.to_bits(), "{} {a} {b}", op.name());
            }
        }
    }
}

/// Bits of a, b, a // b, a % b, as CPython 3 prints them.
const CPYTHON: &[(u64, u64, u64, u64)] = &[
    (0xc33fffffffffffff, 0x3fd3333333333333, 0xc35aaaaaaaaaaaaa, 0x3fc5555555555556),
    (0x401e000000000000, 0xbfb999999999999a, 0xc052c00000000000, 0xbcbe000000000000),
    (0x7e37e43c8800759c, 0xfff0000000000000, 0xbff0000000000000, 0xfff0000000000000),
    (0x3fb999999999999a, 0xc33fffffffffffff, 0xbff0000000000000, 0xc33fffffffffffff),
    (0xc01e000000000000, 0x4008000000000000, 0xc008000000000000, 0x3ff8000000000000),
    (0xbfb999999999999a, 0x401e000000000000, 0xbff0000000000000, 0x401d99999999999a),
    (0xfff0000000000000, 0xfff0000000000000, 0xfff8000000000000, 0xfff8000000000000),
    (0x3fb999999999999a, 0xc008000000000000, 0xbff0000000000000, 0xc007333333333333),
    (0x3fb999999999999a, 0x000012688b70e62b, 0x7ff0000000000000, 0x000005c584a914f4),
    (0x3fd3333333333333, 0xc33fffffffffffff, 0xbff0000000000000, 0xc33fffffffffffff),
    (0x401e000000000000, 0x4340000000000000, 0x0000000000000000, 0x401e000000000000),
    (0x8000000000000000, 0x4340000000000000, 0x8000000000000000, 0x0000000000000000),
    (0x0000000000000000, 0x3fb999999999999a, 0x0000000000000000, 0x0000000000000000),
    (0x000012688b70e62b, 0x0000000000000001, 0x42b2688b70e62b00, 0x0000000000000000),
    (0xfe37e43c8800759c, 0x7e37e43c8800759c, 0xbff0000000000000, 0x0000000000000000),
    (0x000012688b70e62b, 0xbfb999999999999a, 0xbff0000000000000, 0xbfb999999999999a),
    (0x0000000000000000, 0xfff0000000000000, 0x8000000000000000, 0x8000000000000000),
    (0x3fd3333333333333, 0xfe37e43c8800759c, 0xbff0000000000000, 0xfe37e43c8800759c),
    (0x7ff8000000000000, 0xc33fffffffffffff, 0x7ff8000000000000, 0x7ff8000000000000),
    (0x0000000000000000, 0x3fd3333333333333, 0x0000000000000000, 0x0000000000000000),
    (0x0000000000000001, 0xc01e000000000000, 0xbff0000000000000, 0xc01e000000000000),
    (0x000012688b70e62b, 0x7ff0000000000000, 0x0000000000000000, 0x000012688b70e62b),
    (0xbff0000000000000, 0x3fd3333333333333, 0xc010000000000000, 0x3fc9999999999998),
    (0xbff0000000000000, 0x3fb999999999999a, 0xc024000000000000, 0x3c90000000000000),
    (0xc01e000000000000, 0x7ff8000000000000, 0x7ff8000000000000, 0x7ff8000000000000),
    (0xc33fffffffffffff, 0x3fb999999999999a, 0xc373ffffffffffff, 0x3fb9999999999994),
    (0x0000000000000000, 0x4008000000000000, 0x0000000000000000, 0x0000000000000000),
    (0x0000000000000000, 0x4340000000000000, 0x0000000000000000, 0x0000000000000000),
    (0x000012688b70e62b, 0xbff0000000000000, 0xbff0000000000000, 0xbff0000000000000),
    (0x401e000000000000, 0xc008000000000000, 0xc008000000000000, 0xbff8000000000000),
    (0x7ff0000000000000, 0xfff0000000000000, 0xfff8000000000000, 0xfff8000000000000),
    (0x0000000000000001, 0x401e000000000000, 0x0000000000000000, 0x0000000000000001),
    (0x3fb999999999999a, 0xfe37e43c8800759c, 0xbff0000000000000, 0xfe37e43c8800759c),
    (0x0000000000000000, 0x0000000000000001, 0x0000000000000000, 0x0000000000000000),
    (0x8000000000000000, 0x7e37e43c8800759c, 0x8000000000000000, 0x0000000000000000),
    (0x3ff0000000000000, 0x3fd3333333333333, 0x4008000000000000, 0x3fb999999999999c),
    (0x401e000000000000, 0x4008000000000000, 0x4000000000000000, 0x3ff8000000000000),
    (0xc008000000000000, 0x7ff8000000000000, 0x7ff8000000000000, 0x7ff8000000000000),
    (0x3fb999999999999a, 0xbfb999999999999a, 0xbff0000000000000, 0x8000000000000000),
    (0xbff0000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x0000000000000000),
    (0xc008000000000000, 0xc008000000000000, 0x3ff0000000000000, 0x8000000000000000),
    (0x4008000000000000, 0x3fd3333333333333, 0x4024000000000000, 0x3ca0000000000000),
    (0x000012688b70e62b, 0x401e000000000000, 0x0000000000000000, 0x000012688b70e62b),
    (0xbff0000000000000, 0x4340000000000000, 0xbff0000000000000, 0x433fffffffffffff),
    (0x3ff0000000000000, 0x3fb999999999999a, 0x4022000000000000, 0x3fb9999999999996),
    (0xbff0000000000000, 0x3fb999999999999a, 0xc024000000000000, 0x3c90000000000000),
    (0x4018000000000000, 0xbfb999999999999a, 0xc04e000000000000, 0xbcb8000000000000),
    (0x3fe0000000000000, 0x7ff0000000000000, 0x0000000000000000, 0x3fe0000000000000),
    (0xbfe0000000000000, 0x7ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000),
    (0x0000000000000000, 0xc008000000000000, 0x8000000000000000, 0x8000000000000000),
    (0x8000000000000000, 0x4008000000000000, 0x8000000000000000, 0x0000000000000000),
    (0x4341c37937e08000, 0x3fe6666666666666, 0x4349606406ae6db7, 0x3fdbcd6cd77d7c58),
    (0x4340000000000000, 0x3fb999999999999a, 0x4374000000000000, 0x3c80000000000000),
    (0xc340000000000000, 0x3fd3333333333333, 0xc35aaaaaaaaaaaab, 0x3fb1111111111110),
    (0xc125e0a41da2d58a, 0x3fce7d6b3734c880, 0xc146f60700000000, 0x3fcafe5389b8f700),
    (0xc1153e0ecaa6e4a6, 0x3fa2ca0143eed740, 0xc16216d2e0000000, 0x3f777f8cff43b600),
    (0x412763ef41fc1412, 0xbfec5d04de03156a, 0xc12a63b000000000, 0xbfce4402fbd56dc0),
    (0x41209e14652028a2, 0x3f8f98b4e7839a00, 0x4180d46790000000, 0x3f62b1c84581b000),
    (0xc0fbb5f367d04978, 0x3fcccea09f25c460, 0xc11ec83800000000, 0x3fb02dee12f6fa80),
    (0x411786d805380188, 0x4050a48937f5cb50, 0x40b69e0000000000, 0x4030a34f5bb09280),
    (0x40ce47dbfa57a400, 0x404735abcf9122a0, 0x4074d00000000000, 0x40470b7d57d9f5e0),
    (0x4129ce00da8acce6, 0xc08296956480001d, 0xc096380000000000, 0xc070dcd4279a122c),
    (0xc12625c641a4417a, 0xbfe837588cdc7012, 0x412d443400000000, 0xbfe0be1429553a2c),
    (0x4114e49b9399bec0, 0xc081f4f694b50e44, 0xc082a00000000000, 0xc0645bac081ed940),
    (0x412154801195d6f0, 0xc08598daa108fd9e, 0xc089b00000000000, 0xc06b36eaee0a6550),
    (0xc125ca7402202616, 0x3fe88055491918f0, 0xc12c75c200000000, 0x3fc7eb87a9d52bc0),
    (0x411e1cd0bccff820, 0xbfe9f9d944d05eb4, 0xc1228c4800000000, 0xbfe610323a868950),
    (0x412de63dd1a87c7a, 0xc085288b04cb5a58, 0xc096a00000000000, 0xc0845b0c7c4519c0),
    (0x412e27e27330ea86, 0xc063ae4e40220aec, 0xc0b8850000000000, 0xc062bd77740d6c9c),
    (0xc1162713740b5dfa, 0xc08e0845ed3c0a68, 0x4077900000000000, 0xc083f7edb950a0d8),
    (0xc0fd12bcbe084280, 0xc07510114aca43bc, 0x4076100000000000, 0xc05e53979d6c6710),
    (0x40d7f324694c6b40, 0xbfebe2a8df18e220, 0xc0db7c0000000000, 0xbfe430a889fb9e00),
    (0x412cca3fd5a79420, 0xbfe94b4a8753d7b0, 0xc132361e00000000, 0xbfe8b4b373b266a0),
    (0x4128c62ac11a5ab6, 0x407ff8d97ae638e4, 0x4098c80000000000, 0x407da2ad6c893b78),
];
