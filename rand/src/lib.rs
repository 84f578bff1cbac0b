//! cuRAND's generators, bit for bit, on a CPU.
//!
//! A program that draws its random numbers with cuRAND gives other numbers as soon as it runs where
//! no GPU is, unless something reproduces cuRAND's streams. This crate does: the integers and
//! uniforms of a [`Generator`] are those of cuRAND's host generator to the last bit, for every
//! seed, offset, ordering and pattern of calls, and so are normals, lognormals and large-lambda
//! Poisson numbers on a machine whose C library is the one cuRAND would call (see
//! [below](#where-the-bits-come-from)).
//!
//! ```
//! use verdigris_rand::{Generator, Kind};
//!
//! let mut generator = Generator::builder(Kind::Xorwow).seed(42).build()?;
//!
//! let mut dice = [0_u32; 4];
//! generator.generate_u32(&mut dice)?;
//! assert_eq!(dice, [0x11ec_e47f, 0x28ff_4cc2, 0x6ba5_a19e, 0x938d_0a4a]);
//!
//! let mut path = vec![0.0_f32; 1000];
//! generator.normal_f32(&mut path, 0.0, 0.01)?;
//!
//! let mut odd = [0.0_f64; 3];
//! assert!(generator.curand_normal_f64(&mut odd, 0.0, 1.0).is_err()); // cuRAND makes them in pairs
//! # Ok::<(), verdigris_rand::Error>(())
//! ```
//!
//! # The stream
//!
//! XORWOW is 4096 recurrences ("lanes") visited in turn. One visit makes one *item* and takes as
//! many 32-bit draws as the item needs from that lane, in a row:
//!
//! | call | item | draws per item |
//! |---|---|---|
//! | `generate_u32`, `uniform_f32`, `poisson` (lambda < 2000) | one value | 1 |
//! | `uniform_f64` | one value | 2 |
//! | `normal_f32`, `lognormal_f32` | two values | 2 |
//! | `normal_f64`, `lognormal_f64` | two values | 4 |
//! | `poisson` (lambda >= 2000) | one value | 2 on every second visit of a lane |
//!
//! The next call goes on at the next lane, whatever it draws, so a request may be split into calls
//! anywhere between two items. Uniforms lie in `(0, 1]`: 1 occurs, 0 does not.
//!
//! # What the setters do in mid-stream
//!
//! As in cuRAND, a generator counts the items it served on top of its offset.
//! [`Generator::set_offset`] restarts the stream at the new offset. [`Generator::set_seed`] and
//! [`Generator::set_ordering`] restart it *at that count*, neither at 0 nor at the offset given
//! earlier, and do nothing if the value is the one already set. So `set_seed(s)` does not replay the
//! stream of `s`; `set_offset` does. An offset counts 32-bit draws that are items of their own
//! (`generate_u32`), whatever is drawn next.
//!
//! # Where the bits come from
//!
//! cuRAND's host library takes `log`, `sin`, `cos` and `exp` from the C library of the machine; so
//! does this crate, through `std`, and adds no approximation of its own. With another C library (or
//! a CPU without FMA, where glibc takes other code paths) normals move by a few units in the last
//! place, as cuRAND's own do. Integers, uniforms and Poisson numbers below lambda 2000 never move.
//!
//! # Threads
//!
//! Large requests are split over the lanes with rayon, in the pool of the caller (`pool.install(||
//! …)`); the bits do not depend on the number of threads. Nothing is computed or allocated before
//! the first request.

mod backend;
mod cpu;
mod distribution;
mod erfcinv;
mod error;
mod generator;
mod math;
mod own;
mod rng;
mod scalar;
mod state;
mod tables;

pub use error::Error;
pub use generator::{Builder, Generator, Kind, Ordering};
pub use rng::Rng;
pub use tables::load_curand;
