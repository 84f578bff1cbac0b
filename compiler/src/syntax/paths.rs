//! stub
use super::ast::Function;
/// Dotted paths whose first name is free in the function, in order of first use, each once: the longest chain of attributes written.
pub fn free_paths(_function: &Function) -> Vec<String> {
    Vec::new()
}
