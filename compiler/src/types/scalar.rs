//! Scalar types and scalar constants.

use std::fmt;

/// The scalar types of the language. Complex types exist for the front end and as array elements; lowering splits
/// complex *values* into two floats, so no IR value is complex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScalarType {
    /// `bool`; one byte in memory, 0 or 1.
    Bool,
    /// `int8`.
    I8,
    /// `int16`.
    I16,
    /// `int32`.
    I32,
    /// `int64`.
    I64,
    /// `uint8`.
    U8,
    /// `uint16`.
    U16,
    /// `uint32`.
    U32,
    /// `uint64`.
    U64,
    /// `float32`.
    F32,
    /// `float64`.
    F64,
    /// `complex64`: two float32.
    C64,
    /// `complex128`: two float64.
    C128,
    /// `float16`: 16 bits in memory; a value is held as the float32 of the same number.
    F16,
    /// `bfloat16`: the upper 16 bits of a float32; a value is held as the float32 of the same number.
    BF16,
    /// `datetime64`, counted in a unit; held as int64, of which the least is NaT.
    DateTime(TimeUnit),
    /// `timedelta64`, counted in a unit; held as int64, of which the least is NaT.
    TimeDelta(TimeUnit),
}

/// What dates and times are counted in.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Picosecond,
    Femtosecond,
    Attosecond,
}

impl TimeUnit {
    /// Every unit, coarsest first.
    pub const ALL: [TimeUnit; 13] = {
        use TimeUnit::*;
        [Year, Month, Week, Day, Hour, Minute, Second, Millisecond, Microsecond, Nanosecond, Picosecond, Femtosecond, Attosecond]
    };

    /// How many of `finer` one of these has, if that is the same for each and fits.
    pub fn in_units_of(self, finer: TimeUnit) -> Option<i64> {
        use TimeUnit::*;
        const STEPS: [i64; 13] = [12, 0, 7, 24, 60, 60, 1000, 1000, 1000, 1000, 1000, 1000, 1];
        match (self, finer) {
            _ if self <= finer && (self >= Week) == (finer >= Week) => {
                STEPS[self as usize..finer as usize].iter().try_fold(1i64, |n, step| n.checked_mul(*step))
            }
            _ => None,
        }
    }
}

impl ScalarType {
    /// Every type of numbers that the op table knows, narrowest first within its kind. float16, bfloat16, dates and times are not among them: the front end makes them of others.
    pub const ALL: [ScalarType; 13] = {
        use ScalarType::*;
        [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, C64, C128]
    };

    /// [`ScalarType::ALL`] and float16: every type of numbers that NumPy itself has.
    pub const NUMBERS: [ScalarType; 14] = {
        use ScalarType::*;
        [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64, C64, C128]
    };

    /// Size in memory, in bytes.
    pub const fn size(self) -> usize {
        use ScalarType::*;
        match self {
            Bool | I8 | U8 => 1,
            I16 | U16 => 2,
            I32 | U32 | F32 => 4,
            I64 | U64 | F64 | C64 => 8,
            C128 => 16,
            F16 | BF16 => 2,
            DateTime(_) | TimeDelta(_) => 8,
        }
    }

    /// The type of the IR values in which a number of this type, or a part of a complex one, is held.
    pub const fn held(self) -> ScalarType {
        match self {
            ScalarType::F16 | ScalarType::BF16 => ScalarType::F32,
            ScalarType::DateTime(_) | ScalarType::TimeDelta(_) => ScalarType::I64,
            other => other.part(),
        }
    }

    /// Whether this is a float of 16 bits, whose values are held as float32.
    pub const fn is_half(self) -> bool {
        matches!(self, ScalarType::F16 | ScalarType::BF16)
    }

    /// Whether this is a date or a time.
    pub const fn is_time(self) -> bool {
        matches!(self, ScalarType::DateTime(_) | ScalarType::TimeDelta(_))
    }

    /// What a date or a time is counted in.
    pub const fn unit(self) -> Option<TimeUnit> {
        match self {
            ScalarType::DateTime(unit) | ScalarType::TimeDelta(unit) => Some(unit),
            _ => None,
        }
    }

    /// The same kind of date or time in another unit; any other type as it is.
    #[must_use]
    pub const fn in_unit(self, unit: TimeUnit) -> ScalarType {
        match self {
            ScalarType::DateTime(_) => ScalarType::DateTime(unit),
            ScalarType::TimeDelta(_) => ScalarType::TimeDelta(unit),
            other => other,
        }
    }

    /// The type of the difference of two of these.
    #[must_use]
    pub const fn difference(self) -> ScalarType {
        match self {
            ScalarType::DateTime(unit) => ScalarType::TimeDelta(unit),
            other => other,
        }
    }

    /// Width in bits of an integer or float (bool: 1; complex: of both parts together).
    pub const fn bits(self) -> u32 {
        match self {
            ScalarType::Bool => 1,
            other => other.size() as u32 * 8,
        }
    }

    /// Whether this is an integer type (bool is not).
    pub const fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// Whether this is a signed integer type.
    pub const fn is_signed(self) -> bool {
        use ScalarType::*;
        matches!(self, I8 | I16 | I32 | I64)
    }

    /// Whether this is an unsigned integer type (bool is not).
    pub const fn is_unsigned(self) -> bool {
        use ScalarType::*;
        matches!(self, U8 | U16 | U32 | U64)
    }

    /// The unsigned integer of the same width; any other type as it is.
    #[must_use]
    pub const fn as_unsigned(self) -> ScalarType {
        use ScalarType::*;
        match self {
            I8 => U8,
            I16 => U16,
            I32 => U32,
            I64 => U64,
            other => other,
        }
    }

    /// Whether this is `float32` or `float64`.
    pub const fn is_float(self) -> bool {
        matches!(self, ScalarType::F32 | ScalarType::F64)
    }

    /// Whether this is `complex64` or `complex128`.
    pub const fn is_complex(self) -> bool {
        matches!(self, ScalarType::C64 | ScalarType::C128)
    }

    /// The type of the real and imaginary part; a real type is its own.
    pub const fn part(self) -> ScalarType {
        match self {
            ScalarType::C64 => ScalarType::F32,
            ScalarType::C128 => ScalarType::F64,
            other => other,
        }
    }

    /// The complex type whose parts are of this float type.
    pub const fn complex(self) -> Option<ScalarType> {
        match self {
            ScalarType::F32 => Some(ScalarType::C64),
            ScalarType::F64 => Some(ScalarType::C128),
            _ => None,
        }
    }

    /// NumPy's name of the type.
    pub const fn name(self) -> &'static str {
        use ScalarType::*;
        match self {
            Bool => "bool",
            I8 => "int8",
            I16 => "int16",
            I32 => "int32",
            I64 => "int64",
            U8 => "uint8",
            U16 => "uint16",
            U32 => "uint32",
            U64 => "uint64",
            F32 => "float32",
            F64 => "float64",
            C64 => "complex64",
            C128 => "complex128",
            F16 => "float16",
            BF16 => "bfloat16",
            DateTime(unit) => DATETIMES[unit as usize],
            TimeDelta(unit) => TIMEDELTAS[unit as usize],
        }
    }

    /// The type of that NumPy name.
    pub fn from_name(name: &str) -> Option<ScalarType> {
        let times = || TimeUnit::ALL.into_iter().flat_map(|u| [ScalarType::DateTime(u), ScalarType::TimeDelta(u)]);
        Self::ALL.into_iter().chain([ScalarType::F16, ScalarType::BF16]).find(|t| t.name() == name).or_else(|| times().find(|t| t.name() == name))
    }
}

const DATETIMES: [&str; 13] = [
    "datetime64[Y]",
    "datetime64[M]",
    "datetime64[W]",
    "datetime64[D]",
    "datetime64[h]",
    "datetime64[m]",
    "datetime64[s]",
    "datetime64[ms]",
    "datetime64[us]",
    "datetime64[ns]",
    "datetime64[ps]",
    "datetime64[fs]",
    "datetime64[as]",
];
const TIMEDELTAS: [&str; 13] = [
    "timedelta64[Y]",
    "timedelta64[M]",
    "timedelta64[W]",
    "timedelta64[D]",
    "timedelta64[h]",
    "timedelta64[m]",
    "timedelta64[s]",
    "timedelta64[ms]",
    "timedelta64[us]",
    "timedelta64[ns]",
    "timedelta64[ps]",
    "timedelta64[fs]",
    "timedelta64[as]",
];

impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A constant or an interpreted value of one IR type. Integers of every width are kept as their bits, zero-extended to 64;
/// floats as their bits, so that equality and hashing are exact (NaN payloads and signs of zero included).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scalar {
    ty: ScalarType,
    bits: u64,
}

impl Scalar {
    /// The value of type `ty` with these bits; bits above the type's width are dropped.
    ///
    /// # Panics
    /// If `ty` is complex: complex values are pairs of scalars.
    pub fn from_bits(ty: ScalarType, bits: u64) -> Scalar {
        assert!(!ty.is_complex(), "a Scalar is never complex");
        let bits = if ty.bits() == 64 { bits } else { bits & ((1u64 << ty.bits()) - 1) };
        Scalar { ty, bits }
    }

    /// An integer wrapped to the width of `ty`, which is an integer type or bool.
    pub fn int(ty: ScalarType, value: i128) -> Scalar {
        debug_assert!(ty.is_integer() || ty == ScalarType::Bool);
        Scalar::from_bits(ty, value as u64)
    }

    /// A bool.
    pub fn bool(value: bool) -> Scalar {
        Scalar::from_bits(ScalarType::Bool, value as u64)
    }

    /// A float64.
    pub fn f64(value: f64) -> Scalar {
        Scalar::from_bits(ScalarType::F64, value.to_bits())
    }

    /// A float32.
    pub fn f32(value: f32) -> Scalar {
        Scalar::from_bits(ScalarType::F32, value.to_bits() as u64)
    }

    /// A float of type `ty`, rounded once from `value`.
    pub fn float(ty: ScalarType, value: f64) -> Scalar {
        match ty {
            ScalarType::F32 => Scalar::f32(value as f32),
            ScalarType::F64 => Scalar::f64(value),
            other => panic!("{other} is no float type"),
        }
    }

    /// Zero of the type.
    pub fn zero(ty: ScalarType) -> Scalar {
        Scalar::from_bits(ty, 0)
    }

    /// The type.
    pub fn ty(self) -> ScalarType {
        self.ty
    }

    /// The bits, zero-extended.
    pub fn bits(self) -> u64 {
        self.bits
    }

    /// The value of an integer or bool, exactly.
    pub fn as_int(self) -> i128 {
        debug_assert!(!self.ty.is_float());
        if self.ty.is_signed() {
            let shift = 64 - self.ty.bits();
            ((self.bits << shift) as i64 >> shift) as i128
        } else {
            self.bits as i128
        }
    }

    /// The value of a float, widened exactly.
    pub fn as_f64(self) -> f64 {
        match self.ty {
            ScalarType::F32 => f32::from_bits(self.bits as u32) as f64,
            ScalarType::F64 => f64::from_bits(self.bits),
            other => panic!("{other} is no float type"),
        }
    }

    /// The value of a float32.
    pub fn as_f32(self) -> f32 {
        debug_assert!(self.ty == ScalarType::F32);
        f32::from_bits(self.bits as u32)
    }

    /// The value of a bool.
    pub fn as_bool(self) -> bool {
        debug_assert!(self.ty == ScalarType::Bool);
        self.bits != 0
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ty.is_float() { write!(f, "{}({:?})", self.ty, self.as_f64()) } else { write!(f, "{}({})", self.ty, self.as_int()) }
    }
}
