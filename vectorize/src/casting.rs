//! NumPy's casting rules over our scalar types, and the choice of a loop by them.
//!
//! Owns 'safe' casting, promotion, weak Python scalars (NEP 50) and the best match among declared signatures. Pure functions of types; knows no
//! memory and no compiler.

use smallvec::SmallVec;
use verdigris_compiler::types::{ScalarType, TimeUnit};

/// Scalar types of a list of operands.
pub type Types = SmallVec<[ScalarType; 6]>;

/// What is known of an argument's type before a loop is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// An array or a NumPy scalar (or a Python bool, which NumPy treats as one).
    Typed(ScalarType),
    /// A Python int: takes the type of the others.
    Int,
    /// A Python float.
    Float,
    /// A Python complex.
    Complex,
    /// A date without a unit (NaT): takes that of the others.
    Date,
    /// A time without a unit.
    Time,
}

/// 0 bool, 1 integer, 2 float, 3 complex, 4 time, 5 date.
const fn kind(ty: ScalarType) -> u8 {
    match ty {
        ScalarType::Bool => 0,
        ScalarType::F16 => 2,
        ScalarType::TimeDelta(_) => 4,
        ScalarType::DateTime(_) => 5,
        _ if ty.is_integer() => 1,
        _ if ty.is_float() => 2,
        _ => 3,
    }
}

/// Bits of an integer that a float type holds under NumPy's 'safe' rule, which lets 64-bit integers become float64.
const fn integer_room(float: ScalarType) -> u32 {
    match float.part() {
        ScalarType::F16 => 8,
        ScalarType::F32 => 16,
        _ => 64,
    }
}

/// Whether NumPy's 'safe' casting allows it.
pub fn safe(from: ScalarType, to: ScalarType) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        // Months have days, but not always as many: a date knows which, a time does not.
        (ScalarType::DateTime(a), ScalarType::DateTime(b)) => return a <= b,
        (ScalarType::TimeDelta(a), ScalarType::TimeDelta(b)) => return a.in_units_of(b).is_some(),
        (_, ScalarType::TimeDelta(_)) => return from == ScalarType::Bool || (from.is_integer() && from != ScalarType::U64),
        _ if from.is_time() || to.is_time() => return false,
        _ => {}
    }
    match (kind(from), kind(to)) {
        (0, _) => true,
        (1, 1) => match (from.is_signed(), to.is_signed()) {
            (true, true) | (false, false) | (false, true) => from.bits() < to.bits(),
            (true, false) => false,
        },
        (1, 2 | 3) => from.bits() <= integer_room(to),
        (2, 2) | (3, 3) => from.bits() < to.bits(),
        (2, 3) => from.bits() <= to.part().bits(),
        _ => false,
    }
}

/// The smallest type of numbers both cast to, as `numpy.result_type`.
pub fn promote(a: ScalarType, b: ScalarType) -> ScalarType {
    use ScalarType::*;
    [Bool, I8, U8, I16, U16, I32, U32, I64, U64, F16, F32, F64, C64, C128].into_iter().find(|&t| safe(a, t) && safe(b, t)).unwrap_or(C128)
}

/// The types with which a lazily compiled loop is looked for: weak arguments take the type the others give them, dates and times the finest unit among them.
pub fn settle(arguments: &[Argument]) -> Types {
    let typed = || arguments.iter().filter_map(|a| if let Argument::Typed(t) = a { Some(*t) } else { None });
    let common = typed().filter(|t| !t.is_time()).reduce(promote);
    let unit = typed().filter_map(ScalarType::unit).max();
    arguments.iter().map(|a| settle_one(*a, common, unit)).collect()
}

fn settle_one(argument: Argument, common: Option<ScalarType>, unit: Option<TimeUnit>) -> ScalarType {
    let rank = common.map_or(0, kind);
    let any = unit.unwrap_or(TimeUnit::Second);
    match (argument, common) {
        // What has no fixed length in the finer unit stays, and the text is told what is wrong with that.
        (Argument::Typed(t), _) if t.is_time() && safe(t, t.in_unit(any)) => t.in_unit(any),
        (Argument::Typed(t), _) => t,
        (Argument::Date, _) => ScalarType::DateTime(any),
        (Argument::Time, _) => ScalarType::TimeDelta(any),
        (Argument::Int, Some(t)) if rank >= 1 => t,
        (Argument::Int, _) => ScalarType::I64,
        (Argument::Float, Some(t)) if rank >= 2 => t,
        (Argument::Float, _) => ScalarType::F64,
        (Argument::Complex, Some(ScalarType::F16)) => ScalarType::C64,
        (Argument::Complex, Some(t)) if rank >= 2 => t.complex().unwrap_or(t),
        (Argument::Complex, _) => ScalarType::C128,
    }
}

/// Whether an argument may be given to a parameter of type `to`.
fn accepts(argument: Argument, to: ScalarType) -> bool {
    match argument {
        Argument::Typed(t) => safe(t, to),
        Argument::Int => (1..=4).contains(&kind(to)),
        Argument::Float => matches!(kind(to), 2 | 3),
        Argument::Complex => kind(to) == 3,
        Argument::Date => kind(to) == 5,
        Argument::Time => kind(to) == 4,
    }
}

/// How far a cast goes: kinds first, then doublings, or units.
fn distance(from: ScalarType, to: ScalarType) -> u32 {
    let widening = match (from.unit(), to.unit()) {
        (Some(from), Some(to)) => (from as u32).abs_diff(to as u32),
        _ => to.part().size().ilog2().abs_diff(from.part().size().ilog2()),
    };
    let changes_sign = (from.is_unsigned() && to.is_signed()) as u32;
    16 * kind(to).abs_diff(kind(from)) as u32 + 2 * widening + changes_sign
}

/// The declared input types that fit the arguments best, by index; `None` if none fits. The order of declaration does not matter: an exact match wins, then
/// the one whose types cast to those of every other, then the shortest casts.
pub fn best_match<'a>(arguments: &[Argument], declared: impl Iterator<Item = &'a [ScalarType]>) -> Option<usize> {
    let settled = settle(arguments);
    let fitting: Vec<(usize, &[ScalarType])> = declared
        .enumerate()
        .filter(|(_, types)| types.len() == arguments.len() && arguments.iter().zip(*types).all(|(a, t)| accepts(*a, *t)))
        .collect();
    let below_all = |types: &[ScalarType]| fitting.iter().all(|(_, other)| types.iter().zip(*other).all(|(a, b)| safe(*a, *b)));
    let cost = |types: &[ScalarType]| -> u32 { settled.iter().zip(types).map(|(a, b)| distance(*a, *b)).sum() };
    let exact = fitting.iter().find(|(_, types)| *types == &settled[..]);
    let all_weak = arguments.iter().all(|a| !matches!(a, Argument::Typed(_)));
    // Weak arguments alone are 64-bit: a smaller loop must not win only because it casts to the others.
    let least = || if all_weak { None } else { fitting.iter().find(|(_, types)| below_all(types)) };
    exact.or_else(least).or_else(|| fitting.iter().min_by_key(|(_, types)| (cost(types), *types))).map(|(i, _)| *i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::*;

    #[test]
    fn promotion_is_numpys() {
        for (a, b, result) in [
            (I8, F16, F16),
            (I16, F16, F32),
            (U8, F16, F16),
            (I32, F16, F64),
            (F16, F32, F32),
            (F16, C64, C64),
            (Bool, F16, F16),
            (I8, U8, I16),
            (U64, I64, F64),
            (I16, F32, F32),
            (I32, F32, F64),
            (I32, C64, C128),
            (F64, C64, C128),
            (Bool, U8, U8),
            (U32, I8, I64),
        ] {
            assert_eq!(promote(a, b), result, "{a} {b}");
            assert_eq!(promote(b, a), result, "{b} {a}");
        }
    }

    #[test]
    fn python_scalars_are_weak() {
        use Argument::*;
        assert_eq!(settle(&[Typed(F32), Float])[..], [F32, F32]);
        assert_eq!(settle(&[Typed(U8), Int])[..], [U8, U8]);
        assert_eq!(settle(&[Typed(I32), Float])[..], [I32, F64]);
        assert_eq!(settle(&[Typed(F32), Complex])[..], [F32, C64]);
        assert_eq!(settle(&[Typed(Bool), Int])[..], [Bool, I64]);
        assert_eq!(settle(&[Int, Float, Complex])[..], [I64, F64, C128]);
        assert_eq!(settle(&[Typed(F16), Float, Complex])[..], [F16, F16, C64]);
    }

    #[test]
    fn times_meet_in_the_finest_unit() {
        use Argument::*;
        use TimeUnit::{Day, Hour, Month, Second};
        assert_eq!(settle(&[Typed(DateTime(Day)), Typed(TimeDelta(Hour))])[..], [DateTime(Hour), TimeDelta(Hour)]);
        assert_eq!(settle(&[Typed(DateTime(Month)), Typed(TimeDelta(Day)), Int])[..], [DateTime(Day), TimeDelta(Day), I64]);
        // No number of days is a month.
        assert_eq!(settle(&[Typed(DateTime(Day)), Typed(TimeDelta(Month))])[..], [DateTime(Day), TimeDelta(Month)]);
        assert_eq!(settle(&[Date, Typed(TimeDelta(Second)), Typed(F32), Float])[..], [DateTime(Second), TimeDelta(Second), F32, F32]);
        assert!(safe(I64, TimeDelta(Day)) && !safe(U64, TimeDelta(Day)) && !safe(I64, DateTime(Day)) && !safe(TimeDelta(Day), I64));
        assert!(safe(DateTime(Month), DateTime(Day)) && !safe(TimeDelta(Month), TimeDelta(Day)) && !safe(DateTime(Hour), DateTime(Day)));
    }

    #[test]
    fn the_best_match_does_not_depend_on_order() {
        let mut declared: Vec<Vec<ScalarType>> = [[F32, F32], [F64, F64], [I64, I64], [I32, I32]].map(|t| t.to_vec()).to_vec();
        let expected: [(&[Argument], Option<[ScalarType; 2]>); 8] = [
            (&[Argument::Typed(F32), Argument::Float], Some([F32, F32])),
            (&[Argument::Typed(I16), Argument::Typed(I8)], Some([I32, I32])),
            (&[Argument::Typed(I64), Argument::Float], Some([F64, F64])),
            (&[Argument::Float, Argument::Float], Some([F64, F64])),
            (&[Argument::Int, Argument::Int], Some([I64, I64])),
            (&[Argument::Typed(U64), Argument::Typed(U64)], Some([F64, F64])),
            (&[Argument::Typed(Bool), Argument::Typed(F32)], Some([F32, F32])),
            (&[Argument::Typed(C64), Argument::Typed(F32)], None),
        ];
        for _ in 0..declared.len() {
            declared.rotate_left(1);
            for (arguments, types) in &expected {
                let found = best_match(arguments, declared.iter().map(Vec::as_slice)).map(|i| declared[i].clone());
                assert_eq!(found.as_deref(), types.as_ref().map(|t| &t[..]), "{arguments:?}");
            }
        }
    }
}
