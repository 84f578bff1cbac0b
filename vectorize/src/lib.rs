//! NumPy's elementwise functions over compiled code.
//!
//! A [`Ufunc`] is one Python function of numbers, compiled for each list of types it meets or is declared for ([`Signature`]). [`casting`] says which loop serves which
//! arguments, [`broadcast`] how operands of different shapes and strides are visited together, and [`run`] moves their elements through the loop: where they lie if a
//! compiled loop can read them there, through small buffers if they are strided, cast, byte-swapped or unaligned; on one core or all, with the same results; with the
//! floating-point flags that the elements raise and no others. Reductions are left folds, or a fixed tree for functions declared associative.
//!
//! A [`Gufunc`] is the same for a function over small arrays, whose core dimensions a [`Layout`] names.
//!
//! Stands on `verdigris-compiler` (text to loops), `verdigris-device` (threads, the floating-point environment) and `verdigris-gpu` (the same loops on a GPU). Must not know Python.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//!
//! use ndarray::array;
//! use verdigris_vectorize::compiler::{llvm::Cpu, names::Definition};
//! use verdigris_vectorize::{Error, Options, Ufunc};
//!
//! # fn main() -> Result<(), Error> {
//! let text = "
//! def clip(x, low):
//!     return x if x > low else low
//! ";
//! let definition = Definition::from_text("clip.py", text, "clip", BTreeMap::new())?;
//! let clip = Ufunc::new(definition, Options::new(Arc::new(Cpu::new(None)?)))?;
//!
//! let x = array![[1.0, -2.0], [3.0, -4.0]];
//! let low = array![0.0, -3.0];
//! let clipped = clip.apply::<f64>(&[(&x).into(), (&low).into()])?;
//! assert_eq!(clipped, array![[1.0, -2.0], [3.0, -3.0]].into_dyn());
//! # Ok(())
//! # }
//! ```

pub mod broadcast;
pub mod casting;
mod error;
mod gufunc;
mod layout;
pub mod run;
mod signature;
mod ufunc;

pub use error::Error;
pub use gufunc::{CoreSignature, Gufunc, returns_results};
pub use layout::{Dimension, Layout};
pub use run::{Input, Output, Scalar};
pub use signature::{Signature, scalar_named};
pub use ufunc::{Options, Target, Ufunc, arity, parameters};

pub use verdigris_compiler as compiler;
pub use verdigris_compiler::lower::Literals;
