//! CUDA kernels compiled from Python text, launched on a GPU or run on this CPU.
//!
//! A [`Kernel`] is one Python function; it is compiled for the argument types it meets ([`Args`]) and run over a checked grid of blocks ([`Config`]), blocks spread
//! over cores ([`schedule`]), or ordered on a GPU's stream ([`Kernel::launch_on`]). What goes wrong is an [`Error`], as data. Nothing here knows Python objects; the host supplies the text and what its names mean.
//!
//! ```
//! use verdigris_cuda_jit::compiler::names::Definition;
//! use verdigris_cuda_jit::{Args, Config, Kernel, Options};
//!
//! let text = "
//! def saxpy(a, x, y):
//!     i = cuda.grid(1)
//!     if i < y.size:
//!         y[i] = a * x[i] + y[i]
//! ";
//! let saxpy = Kernel::new(Definition::from_text("saxpy.py", text, "saxpy", [])?, Options::default())?;
//!
//! let x: Vec<f32> = (0..1000).map(|i| i as f32).collect();
//! let mut y = vec![1.0f32; 1000];
//! let mut args = Args::new();
//! args.scalar(2.0f32).slice(&x).slice_mut(&mut y);
//! saxpy.launch(&Config::for_elements(1000, 128)?, &args)?;
//! assert_eq!(y[999], 1999.0);
//!
//! // Another type is another overload; ndarray views go in as they lie.
//! let mut table = ndarray::Array2::<f64>::zeros((4, 6));
//! let ones = [1.0f64; 4];
//! let mut args = Args::new();
//! args.scalar(0.5f64).slice(&ones).view_mut(table.column_mut(3))?;
//! saxpy.launch(&Config::new(1, 32)?, &args)?;
//! assert_eq!(table[[2, 3]], 0.5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arena;
pub mod args;
mod cooperative;
mod error;
mod gpu;
mod kernel;
pub mod launch;
pub mod schedule;
pub mod signature;

pub use args::Args;
pub use error::{Axis, Error, LaunchError, ThreadError, deadlocked, diverged};
pub use kernel::{GpuOptions, Kernel, Options, Overload};
pub use launch::{Config, Extents};
pub use verdigris_compiler as compiler;
pub use verdigris_gpu as devices;
