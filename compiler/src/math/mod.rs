//! The math library: its functions are written in the kernel language, in the texts of this folder, one file a family.
//!
//! A text is read once a process: its functions and its constants (`NAME = …` at the left margin). [`routine`] lowers the function of a row for a float type at first
//! use, to verified IR that all backends share: the interpreter runs it ([`call`]), emitters make a function of it that code calls. So all of them agree to the bit.
//!
//! A routine takes and gives floats of one type, and is pure. `<name>32` is the float32 form of `<name>`; where there is none, float32 is computed by the float64 form and rounded once
//! more. The texts are lowered in the library's own dialect (`crate::lower::routine`): literals take the type of what they meet, arithmetic of equal types keeps the type, nothing is
//! contracted, and functions of the machine (`fma`, `bits`, `select` …) have names.
//!
//! Not known here: lanes, processors, and what a user's options say. Accuracy is stated and measured in docs/math.md; `polynomials.py` remakes the coefficients.

mod text;

use std::sync::OnceLock;

use crate::fork;
use crate::interp;
use crate::ir::Verified;
use crate::lower;
use crate::op::{Form, Math};
use crate::pass::divergence::{self, Divergence};
use crate::types::{Scalar, ScalarType};

pub(crate) use text::is_library;

/// A function of the library for one float type.
#[derive(Debug)]
pub struct Routine {
    ir: Verified,
    one: Divergence,
    lanes: Divergence,
}

impl Routine {
    /// Its IR: as many float parameters as the row has operands, one result of their type.
    pub fn ir(&self) -> &Verified {
        &self.ir
    }

    /// The divergence of its values, one lane at a time or with operands that vary over lanes.
    pub fn divergence(&self, one_lane: bool) -> &Divergence {
        if one_lane { &self.one } else { &self.lanes }
    }
}

/// The routine of a row on operands of a float type.
///
/// # Panics
/// If the row is an instruction ([`Form::Machine`]) or the type is no float.
pub fn routine(math: Math, ty: ScalarType) -> &'static Routine {
    assert!(math.form() != Form::Machine && ty.is_float(), "{} of {ty} is no routine", math.name());
    static ROUTINES: [[OnceLock<Routine>; 2]; Math::ALL.len()] = [const { [const { OnceLock::new() }; 2] }; Math::ALL.len()];
    let place = &ROUTINES[math as usize][usize::from(ty == ScalarType::F32)];
    if let Some(routine) = place.get() {
        return routine;
    }
    let _job = fork::job();
    place.get_or_init(|| {
        let (definition, inner) = text::definition(math.name(), ty);
        let ir = lower::routine(&definition, math.arity(), ty, inner);
        let one = divergence::analyse(&ir, divergence::Lanes::One);
        let lanes = divergence::analyse(&ir, divergence::Lanes::Elements(&vec![false; math.arity()]));
        Routine { ir, one, lanes }
    })
}

/// The value of a row that is a routine.
///
/// # Panics
/// As [`routine`].
pub fn call(math: Math, args: &[Scalar]) -> Scalar {
    let routine = routine(math, args[0].ty());
    interp::run_scalar(&routine.ir, args, &interp::Limits::default()).expect("a routine takes any floats and does not fail")[0]
}

/// The definition of a function of the texts, for lowering to put in place: functions with several results, or with integers.
pub(crate) fn inlined(name: &str) -> std::sync::Arc<crate::names::Definition> {
    text::find(name).unwrap_or_else(|| panic!("the math library has no function {name}"))
}

#[cfg(test)]
mod tests;
