//! Numba's promotion rules, one table.
use super::{ScalarType, Type};
/// stub
pub fn binary_arithmetic(_a: ScalarType, _b: ScalarType) -> ScalarType {
    ScalarType::F64
}
/// stub
pub fn unify(_a: ScalarType, _b: ScalarType) -> Option<ScalarType> {
    None
}
/// stub
pub fn unify_types(_a: &Type, _b: &Type) -> Option<Type> {
    None
}
