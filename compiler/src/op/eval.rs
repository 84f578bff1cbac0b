//! stub
use super::Op;
use crate::types::Scalar;
/// eval
pub fn eval(_op: Op, _args: &[Scalar]) -> Scalar {
    Scalar::bool(false)
}
