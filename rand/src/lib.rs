//! cuRAND's generators, bit for bit, on a CPU; and distributions of our own on top.
//!
//! A program that draws its random numbers with cuRAND gives other numbers as soon as it runs where
//! no GPU is, unless something reproduces cuRAND's streams. This crate does: the integers,
//! uniforms and Poisson numbers of a [`Generator`] are those of cuRAND's host generator to the last bit, for every
//! kind, seed, offset, ordering, number of dimensions and pattern of calls.
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
//! let mut path = vec![0.0_f32; 1001];
//! generator.normal_f32(&mut path, 0.0, 0.01)?; // the same bits on every machine
//!
//! let mut odd = [0.0_f64; 3];
//! assert!(generator.curand_normal_f64(&mut odd, 0.0, 1.0).is_err()); // cuRAND makes these in pairs
//! # Ok::<(), verdigris_rand::Error>(())
//! ```
//!
//! # The streams
//!
//! XORWOW and MRG32k3a are 4096 and 81920 recurrences ("lanes") visited in turn. One visit makes one *item* and takes as
//! many draws as the item needs from that lane, in a row:
//!
//! | call | item | draws per item, XORWOW | MRG32k3a |
//! |---|---|---|---|
//! | `generate_u32`, `uniform_f32`, `poisson` (lambda < 2000) | one value | 1 | 1 |
//! | `uniform_f64` | one value | 2 | 1 |
//! | `curand_normal_f32`, `curand_lognormal_f32` | two values | 2 | 2 |
//! | `curand_normal_f64`, `curand_lognormal_f64` | two values | 4 | 2 |
//! | `poisson` (lambda >= 2000) | one value | 2 on every second visit of a lane | the same |
//!
//! The next call goes on at the next lane, whatever it draws, so a request may be split into calls
//! anywhere between two items. Philox visits 65536 lanes for four values each, made of one counter block (of two, for float64 values); a call
//! may end inside a visit, which the next call builds anew for its own kind. MT19937 and MTGP32 make one value of each draw. The quasirandom generators
//! fill all values of dimension 0, then of dimension 1, and so on. cuRAND's uniforms lie in `(0, 1]`: 1 occurs, 0 does not.
//!
//! [`Generator::normal_f32`] and the other distributions without `curand` in their names are ours: a float32 value takes one 32-bit draw of the
//! `generate_u32` sequence, any other value two (one point, of a quasirandom generator). So they can be split anywhere.
//!
//! # What the setters do in mid-stream
//!
//! As in cuRAND, a generator counts the items it served on top of its offset.
//! [`Generator::set_offset`] restarts the stream at the new offset. [`Generator::set_seed`] and
//! [`Generator::set_ordering`] restart it *at that count*, neither at 0 nor at the offset given
//! earlier, and do nothing if the value is the one already set. So `set_seed(s)` does not replay the
//! stream of `s`; `set_offset` does. An offset counts 32-bit draws that are items of their own
//! (`generate_u32`), whatever is drawn next. Philox counts whole visits there but takes the count for an offset in values, as cuRAND does; the
//! twisters have no offset and restart at their beginning.
//!
//! # Where the bits come from
//!
//! cuRAND's host library takes `log`, `sin`, `cos` and `exp` from the C library of the machine; so
//! do the calls with `curand` in their names: through `std`, or for float32 by the same steps over whole rows, if at first use those were seen to give
//! what this machine's C library gives. With another C library (or
//! a CPU without FMA, where glibc takes other code paths) those move by a few units in the last
//! place, as cuRAND's own do; float64 normals of the generators that invert the distribution function (the twisters, Sobol) are within a few units
//! anyway, for cuRAND's inverse is its own. Integers, uniforms, Poisson numbers below lambda 2000 and all of our own distributions never move: those are made of
//! IEEE operations, of which the same ones are fused everywhere (a processor without a fused multiply-add gets it from the C library, to the bit and
//! slowly), in an order that does not depend on the processor.
//!
//! Scrambled Sobol's tables and MTGP32's parameter sets are not ours to ship; they are read from an installed cuRAND ([`load_curand`]). Without one,
//! [`Builder::build`] says so.
//!
//! # On a GPU
//!
//! [`cuda::Generator`] fills arrays in a GPU's memory by NVIDIA's cuRAND, and arrays on the host by this crate, as one stream: whichever machine serves a call, the next one goes on behind it.
//!
//! # Threads
//!
//! Large requests are split over the lanes with rayon, in the pool of the caller (`pool.install(||
//! …)`); the bits do not depend on the number of threads. Nothing is computed or allocated before
//! the first request, and an MT19937's lanes, a jump each, not before they are reached.

mod backend;
mod cpu;
pub mod cuda;
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
