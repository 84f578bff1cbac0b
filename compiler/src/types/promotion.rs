//! The promotion rules of a function body: one table for arithmetic, one for unification.
//!
//! They are Numba's (0.68), found by asking its typing for every pair; the test below holds its whole answer. Knows types only: which operators use
//! which table is lowering's business, and NumPy's rules at the call of a ufunc are the ufunc engine's.

use super::{ScalarType, Type};

/// The type in which `a op b` is computed for `+ - * // %`: integers at least 64 bits wide (unsigned only if both are), a small integer
/// with float32 gives float32, a wider one float64. bool counts as an integer.
pub fn binary_arithmetic(a: ScalarType, b: ScalarType) -> ScalarType {
    let (a, b) = (wide(a), wide(b));
    use ScalarType::*;
    if !a.part().is_float() && !b.part().is_float() {
        return if a.is_unsigned() && b.is_unsigned() { U64 } else { I64 };
    }
    let narrow = |t: ScalarType| matches!(t, Bool | I8 | I16 | U8 | F32 | C64);
    floating(a, b, narrow(a) && narrow(b))
}

/// The type in which `a / b` is computed.
pub fn true_division(a: ScalarType, b: ScalarType) -> ScalarType {
    let t = binary_arithmetic(a, b);
    if t.is_integer() { ScalarType::F64 } else { t }
}

/// The type of `a ** b`: as arithmetic, except that a float keeps its width under an integer power.
pub fn power(a: ScalarType, b: ScalarType) -> ScalarType {
    let (a, b) = (wide(a), wide(b));
    let integral = b.is_integer() || b == ScalarType::Bool;
    if a.is_float() && integral { a } else { binary_arithmetic(a, b) }
}

/// The narrowest type that can stand for both where two paths join.
pub fn unify(a: ScalarType, b: ScalarType) -> ScalarType {
    use ScalarType::*;
    if a == b || b == Bool {
        return a;
    }
    let (a, b) = (wide(a), wide(b));
    if a == Bool {
        return b;
    }
    if a.part().is_float() || b.part().is_float() {
        let narrow = |t: ScalarType| matches!(t, I8 | I16 | U8 | U16 | F32 | C64);
        return floating(a, b, narrow(a) && narrow(b));
    }
    if a.is_signed() == b.is_signed() {
        return if a.size() >= b.size() { a } else { b };
    }
    let (signed, unsigned) = if a.is_signed() { (a, b) } else { (b, a) };
    match signed.size().max(unsigned.size() * 2) {
        2 => I16,
        4 => I32,
        8 => I64,
        _ => F64,
    }
}

/// What a conversion to a declared type may lose, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Values.
    Values,
    /// Digits of large integers, if anything.
    Digits,
    /// Nothing.
    Nothing,
}

impl Loss {
    /// Of one number's type to another.
    pub fn of(from: ScalarType, to: ScalarType) -> Loss {
        let wide = matches!(to, ScalarType::F64 | ScalarType::C128);
        match () {
            () if to.is_half() => Loss::Values,
            () if from.is_half() => Loss::Digits,
            () if unify(from, to) == to && from.is_float() == to.is_float() && from.is_complex() == to.is_complex() => Loss::Nothing,
            () if unify(from, to) == to || (wide && !from.is_complex()) => Loss::Digits,
            () => Loss::Values,
        }
    }

    /// How many conversions lose what, of values of one type to another: the less, the better, compared from the first on. Types that are the same lose nothing and need none.
    pub fn count(from: &Type, to: &Type, into: &mut [u32; 3]) {
        match (from, to) {
            (Type::Scalar(a), Type::Scalar(b)) if a != b => into[Loss::of(*a, *b) as usize] += 1,
            (Type::Tuple(a), Type::Tuple(b)) | (Type::Named(_, a), Type::Named(_, b)) => a.iter().zip(b).for_each(|(a, b)| Loss::count(a, b, into)),
            _ => {}
        }
    }
}

/// Unifies any two types: scalars by [`unify`], tuples of one length element by element, everything else only with itself.
pub fn unify_types(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Scalar(a), Type::Scalar(b)) if a != b && (a.is_time() || b.is_time()) => None,
        (Type::Scalar(a), Type::Scalar(b)) => Some(Type::Scalar(unify(*a, *b))),
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| unify_types(a, b)).collect::<Option<Vec<_>>>().map(Type::Tuple)
        }
        (Type::Named(name, a), Type::Named(other, b)) if name == other && a.len() == b.len() => {
            let items = a.iter().zip(b).map(|(a, b)| unify_types(a, b)).collect::<Option<Vec<_>>>()?;
            Some(Type::Named(name.clone(), items))
        }
        _ => (a == b).then(|| a.clone()),
    }
}

/// The type in which a number is computed that meets one of another type.
fn wide(t: ScalarType) -> ScalarType {
    if t.is_half() { ScalarType::F32 } else { t }
}

fn floating(a: ScalarType, b: ScalarType, narrow: bool) -> ScalarType {
    let part = if narrow { ScalarType::F32 } else { ScalarType::F64 };
    if a.is_complex() || b.is_complex() { part.complex().expect("a float type") } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a type, in the order of `ScalarType::ALL`.
    const LETTERS: &str = "?bhilBHILfdFD";

    fn check(table: &[&str; 13], rule: impl Fn(ScalarType, ScalarType) -> ScalarType) {
        let letter = |t: ScalarType| LETTERS.as_bytes()[ScalarType::ALL.iter().position(|x| *x == t).unwrap()] as char;
        for (row, &a) in table.iter().zip(&ScalarType::ALL) {
            let ours: String = ScalarType::ALL.iter().map(|&b| letter(rule(a, b))).collect();
            assert_eq!(&ours, row, "row {a}");
        }
    }

    #[test]
    fn arithmetic_of_every_pair() {
        let table = [
            "lllllllllfdFD", // bool
            "lllllllllfdFD", // int8
            "lllllllllfdFD", // int16
            "lllllllllddDD", // int32
            "lllllllllddDD", // int64
            "lllllLLLLfdFD", // uint8
            "lllllLLLLddDD", // uint16
            "lllllLLLLddDD", // uint32
            "lllllLLLLddDD", // uint64
            "fffddfdddfdFD", // float32
            "dddddddddddDD", // float64
            "FFFDDFDDDFDFD", // complex64
            "DDDDDDDDDDDDD", // complex128
        ];
        check(&table, binary_arithmetic);
    }

    #[test]
    fn true_division_of_every_pair() {
        let table = [
            "dddddddddfdFD",
            "dddddddddfdFD",
            "dddddddddfdFD",
            "dddddddddddDD",
            "dddddddddddDD",
            "dddddddddfdFD",
            "dddddddddddDD",
            "dddddddddddDD",
            "dddddddddddDD",
            "fffddfdddfdFD",
            "dddddddddddDD",
            "FFFDDFDDDFDFD",
            "DDDDDDDDDDDDD",
        ];
        check(&table, true_division);
    }

    /// Numba gives float32 for `bool ** int32`, an accident of its overload order; ours is int64.
    #[test]
    fn powers_of_every_pair() {
        let table = [
            "lllllllllfdFD",
            "lllllllllfdFD",
            "lllllllllfdFD",
            "lllllllllddDD",
            "lllllllllddDD",
            "lllllLLLLfdFD",
            "lllllLLLLddDD",
            "lllllLLLLddDD",
            "lllllLLLLddDD",
            "ffffffffffdFD",
            "dddddddddddDD",
            "FFFDDFDDDFDFD",
            "DDDDDDDDDDDDD",
        ];
        check(&table, power);
    }

    #[test]
    fn unification_of_every_pair() {
        let table = [
            "?bhilBHILfdFD",
            "bbhilhildfdFD",
            "hhhilhildfdFD",
            "iiiiliildddDD",
            "lllllllldddDD",
            "BhhilBHILfdFD",
            "HiiilHHILfdFD",
            "IllllIIILddDD",
            "LddddLLLLddDD",
            "fffddffddfdFD",
            "dddddddddddDD",
            "FFFDDFFDDFDFD",
            "DDDDDDDDDDDDD",
        ];
        check(&table, unify);
    }

    #[test]
    fn tuples_unify_by_element() {
        let pair = |a, b| Type::Tuple(vec![Type::Scalar(a), Type::Scalar(b)]);
        use ScalarType::*;
        assert_eq!(unify_types(&pair(I64, F32), &pair(F64, F32)), Some(pair(F64, F32)));
        assert_eq!(unify_types(&pair(I64, F32), &Type::Scalar(I64)), None);
        assert_eq!(unify_types(&Type::None, &Type::Scalar(I64)), None);
    }
}
