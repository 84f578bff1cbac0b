//! stub
use super::ast::Function;
use crate::diagnostic::Diagnostic;
use crate::names::Definition;
use crate::source::SourceId;
/// Parses the function a definition means.
///
/// # Errors
/// A diagnostic.
pub fn parse(_definition: &Definition, _source: SourceId) -> Result<Function, Box<Diagnostic>> {
    unreachable!()
}
