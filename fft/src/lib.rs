//! cuFFT's transforms, on a CPU, and by cuFFT itself on a GPU ([`cuda`]).
//!
//! Complex to complex, real to complex and back, cosine and sine transforms of types 1 to 4; float32 and float64; any length, any number of dimensions, batches, any
//! strides. Results are not scaled unless a [`Norm`] says so: the inverse of the forward transform is n times the input, as in cuFFT.
//!
//! ```
//! use ndarray::{Array3, s};
//! use num_complex::Complex;
//! use verdigris_fft::{Device, FftPlan, Norm};
//!
//! // Ten images of 48 by 32 real numbers to their half spectra and back.
//! let plan = FftPlan::<f32>::r2c(Device::Cpu, &[48, 32], 10)?.with_norm(Norm::Backward);
//! let images = Array3::from_shape_fn((10, 48, 32), |(i, y, x)| (i * y + x) as f32);
//! let mut spectra = Array3::<Complex<f32>>::zeros((10, 48, 17));
//! plan.forward(&images, &mut spectra)?;
//! assert_eq!(spectra[[3, 0, 0]].re, images.slice(s![3, .., ..]).sum());
//!
//! let mut back = Array3::<f32>::zeros((10, 48, 32));
//! plan.inverse(&spectra, &mut back)?;
//! assert!((back[[9, 40, 30]] - images[[9, 40, 30]]).abs() < 1e-3);
//!
//! // Slices are dense arrays of the plan's shape; C2C also works in place.
//! let mut x = vec![Complex::new(1.0f64, 0.0); 8];
//! FftPlan::<f64>::c2c(Device::Cpu, &[8], 1)?.forward_in_place(&mut x)?;
//! assert_eq!(x[0].re, 8.0);
//! # Ok::<(), verdigris_fft::Error>(())
//! ```
//!
//! # Definitions
//!
//! Forward: `y[k] = sum_j x[j] exp(-2 pi i j k / n)`; inverse: the same with `+`. Of a real transform over several axes the last one is halved to `n/2 + 1` elements. Cosine
//! and sine transforms are SciPy's, factor 2 included. A NaN in a lane makes that lane NaN and no other.
//!
//! # How
//!
//! Strips of lanes, one for each lane of a SIMD register, are transformed by kernels of our own, without transposing them where they are neighbours. A row of composite length
//! is a matrix whose columns are such lanes, transformed one way and then the other; a long one with a large prime factor is a convolution of such rows (Bluestein).
//! Short rows, and those of other lengths, are `rustfft`'s. Real rows are complex ones of half the length. Everything runs on the pool of [`verdigris_device::pool`], in shares
//! that do not depend on the number of threads, and so do results. Plans of single axes are cached ([`cache_info`], [`clear_cache`], [`limit_cache`]).

mod backend;
mod cache;
mod call;
mod cpu;
pub mod cuda;
mod error;
mod length;
mod operand;
mod plan;
mod scalar;
mod spec;

pub use cache::{CacheInfo, Held, cache_info, clear_cache, hold_for_fork, limit_cache};
pub use error::Error;
pub use length::{next_fast_len, prev_fast_len};
pub use ndarray;
pub use num_complex;
pub use operand::{Element, Input, Output};
pub use plan::{C2c, FftPlan, Form, InPlace, Many, Prepared, R2c, Sink, Source, Trig, transform_half_row, transform_real_row, transform_row};
pub use scalar::Real;
pub use spec::{Direction, Kind, Norm, Spec, TrigType};
pub use verdigris_device::choice::Device;
