#![allow(unsafe_code)]
//! The rare paths of the math library ([`Form::Each`]): functions of one lane, compiled when first called.
//!
//! Compiled code calls them by the symbols of this file, so that no kernel waits for code that most never run (Payne and Hanek's reduction is longer than `sin` itself). They are made for this
//! machine's processor, whatever the kernel was made for: the bits are the same. Where making one fails, the interpreter, which agrees to the bit, computes each value.
//! Not known here: lanes, masks, flags (`flags` forgets what is raised in here).

use std::ffi::c_void;
use std::sync::OnceLock;

use super::jit::{self, Loaded};
use crate::fork;
use crate::math;
use crate::op::{Form, Math};
use crate::types::{Scalar, ScalarType};

/// The symbol of a rare path.
pub(super) fn symbol(m: Math, ty: ScalarType) -> String {
    debug_assert_eq!(m.form(), Form::Each);
    format!("vg_each_{}_{}", m.name(), ty.name())
}

/// The code of a rare path, made at first use; it takes pointers to its operands and its result.
fn code(m: Math, ty: ScalarType) -> Option<&'static Loaded> {
    static CODE: [[OnceLock<Option<Loaded>>; 2]; Math::ALL.len()] = [const { [const { OnceLock::new() }; 2] }; Math::ALL.len()];
    let place = &CODE[m as usize][usize::from(ty == ScalarType::F32)];
    if place.get().is_none() {
        let _job = fork::job();
        place.get_or_init(|| super::rare_path(m, ty).ok());
    }
    place.get().expect("just made").as_ref()
}

macro_rules! each {
    ($($one:literal $name:ident $row:ident;)* + $($two:literal $pair:ident $rows:ident;)*) => {
        /// Name and address of every symbol of this file.
        pub(super) fn symbols() -> Vec<(&'static str, *const c_void)> {
            vec![
                $((concat!("vg_each_", $one, "_float64"), $name::<f64> as *const c_void), (concat!("vg_each_", $one, "_float32"), $name::<f32> as *const c_void),)*
                $((concat!("vg_each_", $two, "_float64"), $pair::<f64> as *const c_void), (concat!("vg_each_", $two, "_float32"), $pair::<f32> as *const c_void),)*
            ]
        }

        $(extern "C" fn $name<T: Float>(a: T) -> T {
            call1(Math::$row, a)
        })*

        $(extern "C" fn $pair<T: Float>(a: T, b: T) -> T {
            call2(Math::$rows, a, b)
        })*
    };
}

each! {
    "sin_far" sin_far SinFar;
    "cos_far" cos_far CosFar;
    "tan_far" tan_far TanFar;
    "log_far" log_far LogFar;
    +
    "pow_far" pow_far PowFar;
    "fmod_far" fmod_far FmodFar;
}

/// A float type.
trait Float: Copy + Default {
    const TYPE: ScalarType;
    fn scalar(self) -> Scalar;
    fn of(scalar: Scalar) -> Self;
}

impl Float for f64 {
    const TYPE: ScalarType = ScalarType::F64;
    fn scalar(self) -> Scalar {
        Scalar::f64(self)
    }
    fn of(scalar: Scalar) -> f64 {
        scalar.as_f64()
    }
}

impl Float for f32 {
    const TYPE: ScalarType = ScalarType::F32;
    fn scalar(self) -> Scalar {
        Scalar::f32(self)
    }
    fn of(scalar: Scalar) -> f32 {
        scalar.as_f32()
    }
}

fn call1<T: Float>(m: Math, a: T) -> T {
    let Some(code) = code(m, T::TYPE) else { return T::of(math::call(m, &[a.scalar()])) };
    let mut result = T::default();
    let f: unsafe extern "C" fn(*const T, *mut T) = jit::entry(code);
    // SAFETY: `rare_path` made a function of that signature, which reads the operand and writes the result.
    unsafe { f(&a, &mut result) };
    result
}

fn call2<T: Float>(m: Math, a: T, b: T) -> T {
    let Some(code) = code(m, T::TYPE) else { return T::of(math::call(m, &[a.scalar(), b.scalar()])) };
    let mut result = T::default();
    let f: unsafe extern "C" fn(*const T, *const T, *mut T) = jit::entry(code);
    // SAFETY: as above.
    unsafe { f(&a, &b, &mut result) };
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rare_path_has_its_symbols() {
        let names: Vec<&str> = symbols().iter().map(|s| s.0).collect();
        for &m in Math::ALL.iter().filter(|m| m.form() == Form::Each) {
            for ty in [ScalarType::F64, ScalarType::F32] {
                assert!(names.contains(&symbol(m, ty).as_str()), "{m:?} of {ty}");
            }
        }
    }

    #[test]
    fn compiled_and_interpreted_agree() {
        for x in [1e6, -1e22, 1.7e308, f64::INFINITY, 5e-324, 0.0, -1.0] {
            for m in [Math::SinFar, Math::CosFar, Math::TanFar, Math::LogFar] {
                let (ours, theirs) = (call1(m, x), math::call(m, &[Scalar::f64(x)]).as_f64());
                assert!(ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(), "{m:?} of {x}: {ours} {theirs}");
            }
            for y in [0.5, 3.0, f64::NAN] {
                for m in [Math::PowFar, Math::FmodFar] {
                    let (ours, theirs) = (call2(m, x.abs(), y), math::call(m, &[Scalar::f64(x.abs()), Scalar::f64(y)]).as_f64());
                    assert!(ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(), "{m:?} of {x}, {y}: {ours} {theirs}");
                }
            }
        }
    }
}
