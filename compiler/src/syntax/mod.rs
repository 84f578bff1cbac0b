//! Python text to our small syntax tree.
//!
//! `parser/` is the only place that names the parser crate. Nothing here knows types or what a name means.

mod ast;
mod parser;
mod paths;

pub use ast::*;
pub(crate) use parser::named_refused;
pub use parser::{MAX_DEPTH, MAX_TEXT, function_names, parse};
pub(crate) use paths::captured_names;
pub use paths::{free_paths, local_names};
