//! Every routine lowers; values of some against the C library's of the machine that runs the tests (docs/math.md says how errors are measured).

use super::*;

#[test]
fn every_row_has_its_text() {
    for &m in Math::ALL.iter().filter(|m| m.form() != Form::Machine) {
        for ty in [ScalarType::F64, ScalarType::F32] {
            let routine = routine(m, ty);
            assert_eq!(routine.ir().params.len(), m.arity(), "{m:?}");
            assert_eq!(routine.ir().result_types(), [ty], "{m:?}");
        }
    }
}
