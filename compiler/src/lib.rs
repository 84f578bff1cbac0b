//! Python text → verified IR → machine code.

pub mod abi;
pub mod diagnostic;
pub mod interp;
pub mod ir;
pub mod llvm;
pub mod lower;
pub mod names;
pub mod op;
pub mod pass;
pub mod source;
pub mod syntax;
pub mod types;
