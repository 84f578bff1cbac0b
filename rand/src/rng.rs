//! A generator as a source of single draws.
//!
//! Owns the buffer that makes one draw at a time cheap, and the `rand_core` traits. Draws are those of `generate_u32`, in order. Must not know how a
//! generator draws.

use std::convert::Infallible;

use rand_core::{SeedableRng, TryRng};

use crate::error::Error;
use crate::generator::{Generator, Kind};

/// Draws held ready.
const HELD: usize = 1024;

/// A pseudorandom generator that hands out its 32-bit draws one by one; made by [`Generator::into_rng`].
///
/// Implements `rand_core` 0.10's `TryRng<Error = Infallible>`, which gives `Rng`, and `SeedableRng` as an XORWOW of that seed.
///
/// ```
/// use rand_core::Rng as _;
/// use verdigris_rand::{Generator, Kind};
///
/// let mut rng = Generator::builder(Kind::Xorwow).seed(42).build()?.into_rng()?;
/// assert_eq!(rng.next_u32(), 0x11ec_e47f);
/// assert_eq!(rng.next_u64(), 0x6ba5_a19e_28ff_4cc2); // the next draw below the one after it
/// # Ok::<(), verdigris_rand::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    generator: Generator,
    held: Box<[u32; HELD]>,
    /// The next one held.
    at: usize,
}

impl Generator {
    /// This generator as a source of single draws, from where it stands.
    ///
    /// # Errors
    /// [`Error::Quasi`] for a quasirandom generator, whose points come one by one in every dimension.
    pub fn into_rng(self) -> Result<Rng, Error> {
        self.need_pseudo("single draws")?;
        Ok(Rng { generator: self, held: Box::new([0; HELD]), at: HELD })
    }
}

impl Rng {
    /// The next 32-bit draw.
    #[inline]
    pub fn draw(&mut self) -> u32 {
        if self.at == HELD {
            self.generator.raw_32(self.held.as_mut_slice());
            self.at = 0;
        }
        let draw = self.held[self.at];
        self.at += 1;
        draw
    }

    /// Two draws, the first one low.
    #[inline]
    pub fn draw_pair(&mut self) -> u64 {
        let low = self.draw();
        u64::from(self.draw()) << 32 | u64::from(low)
    }

    /// Leaves out `n` draws.
    pub fn skip(&mut self, n: u64) {
        let held = (HELD - self.at) as u64;
        if n <= held {
            self.at += n as usize;
        } else {
            self.at = HELD;
            self.generator.skip(n - held);
        }
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.draw())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.draw_pair())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for out in out.chunks_mut(4) {
            out.copy_from_slice(&self.draw().to_le_bytes()[..out.len()]);
        }
        Ok(())
    }
}

impl SeedableRng for Rng {
    type Seed = [u8; 8];

    fn from_seed(seed: [u8; 8]) -> Self {
        let generator = Generator::builder(Kind::Xorwow).seed(u64::from_le_bytes(seed)).build_untabled();
        Self { generator, held: Box::new([0; HELD]), at: HELD }
    }
}
