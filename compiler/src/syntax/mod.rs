//! Python text to our small syntax tree.
//!
//! `parser.rs` is the only file that names the parser crate. Nothing here knows types or what a name means.

mod ast;
mod parser;
mod paths;

pub use ast::*;
pub use parser::parse;
pub use paths::free_paths;
