//! Requests that cuRAND has.
//!
//! Owns what an array may be filled with, the judging of it before anything changes, and the same request to the generator on the host.

use crate::distribution::Poisson;
use crate::error::Error;
use crate::generator::Generator;

/// What an array is filled with, by the names and definitions of [`Generator`]'s methods.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Raw 32-bit draws.
    Bits32,
    /// Raw 64-bit draws, of a pseudorandom generator two 32-bit ones each.
    Bits64,
    /// Uniform float32 in (0, 1].
    Uniform32,
    /// Uniform float64 in (0, 1].
    Uniform64,
    /// cuRAND's normal float32.
    Normal32 {
        /// The mean.
        mean: f32,
        /// The deviation.
        sigma: f32,
    },
    /// cuRAND's normal float64.
    Normal64 {
        /// The mean.
        mean: f64,
        /// The deviation.
        sigma: f64,
    },
    /// The exponentials of cuRAND's normal float32.
    LogNormal32 {
        /// The mean of the logarithm.
        mean: f32,
        /// The deviation of the logarithm.
        sigma: f32,
    },
    /// The exponentials of cuRAND's normal float64.
    LogNormal64 {
        /// The mean of the logarithm.
        mean: f64,
        /// The deviation of the logarithm.
        sigma: f64,
    },
    /// cuRAND's Poisson numbers, uint32.
    Poisson {
        /// The mean.
        lambda: f64,
    },
}

impl Request {
    /// Bytes of a number.
    pub fn itemsize(self) -> usize {
        match self {
            Request::Bits32 | Request::Uniform32 | Request::Normal32 { .. } | Request::LogNormal32 { .. } | Request::Poisson { .. } => 4,
            Request::Bits64 | Request::Uniform64 | Request::Normal64 { .. } | Request::LogNormal64 { .. } => 8,
        }
    }

    fn is_normal(self) -> bool {
        matches!(self, Request::Normal32 { .. } | Request::Normal64 { .. } | Request::LogNormal32 { .. } | Request::LogNormal64 { .. })
    }

    /// Whether a generator serves so many of these.
    ///
    /// # Errors
    /// Those of the generator's method; nothing has changed then.
    pub fn judge(self, generator: &Generator, len: usize) -> Result<(), Error> {
        let kind = generator.kind();
        match self {
            Request::Bits32 if kind.is_wide() => return Err(Error::Width { kind, bits: 32 }),
            Request::Bits64 if kind.is_quasi() && !kind.is_wide() => return Err(Error::Width { kind, bits: 64 }),
            Request::Poisson { lambda } => {
                Poisson::new(&mut [], lambda)?;
            }
            _ => {}
        }
        generator.check_len(len)?;
        if self.is_normal() && kind.makes_pairs() && !len.is_multiple_of(2) { Err(Error::OddLength { len }) } else { Ok(()) }
    }

    /// So many numbers of the generator on the host: their bytes, in words that hold at least as many.
    pub(super) fn drawn(self, generator: &mut Generator, len: usize) -> Result<Vec<u64>, Error> {
        let mut words = vec![0_u64; if self.itemsize() == 8 { len } else { len.div_ceil(2) }];
        macro_rules! out {
            ($t:ty) => {
                &mut bytemuck::cast_slice_mut::<u64, $t>(&mut words)[..len]
            };
        }
        match self {
            Request::Bits32 => generator.generate_u32(out!(u32)),
            Request::Bits64 => generator.generate_u64(out!(u64)),
            Request::Uniform32 => generator.uniform_f32(out!(f32)),
            Request::Uniform64 => generator.uniform_f64(out!(f64)),
            Request::Normal32 { mean, sigma } => generator.curand_normal_f32(out!(f32), mean, sigma),
            Request::Normal64 { mean, sigma } => generator.curand_normal_f64(out!(f64), mean, sigma),
            Request::LogNormal32 { mean, sigma } => generator.curand_lognormal_f32(out!(f32), mean, sigma),
            Request::LogNormal64 { mean, sigma } => generator.curand_lognormal_f64(out!(f64), mean, sigma),
            Request::Poisson { lambda } => generator.poisson(out!(u32), lambda),
        }?;
        Ok(words)
    }
}
