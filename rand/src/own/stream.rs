//! Raw draws laid into the output, and turned into values there.
//!
//! Owns the order of that: a pseudorandom generator draws a cache's worth at a time, a quasirandom one, whose calls are laid out by dimension, all
//! at once; the turning is shared out over the cores. Must not know what values are made.

use rayon::prelude::*;

use crate::cpu::sys::{self, Level};
use crate::error::Error;
use crate::generator::Generator;

/// Bytes drawn before they are turned into values: inside a level-2 cache, for each core.
const CHUNK_BYTES: usize = 256 * 1024;

/// What holds the bits of a draw until it is a value.
pub(super) trait Holder: bytemuck::Pod + Send + Sync {}

impl Holder for f32 {}
impl Holder for f64 {}
impl Holder for i64 {}
impl Holder for u64 {}

impl Generator {
    /// Fills with the bits of 32-bit draws, then with what `turn` makes of them in place.
    pub(super) fn convert_32(&mut self, out: &mut [f32], turn: impl Fn(&mut [f32]) + Sync) -> Result<(), Error> {
        self.convert(out, |generator, out| generator.raw_32(bytemuck::cast_slice_mut(out)), turn)
    }

    /// Fills with the bits of 64-bit draws, then with what `turn` makes of them in place.
    pub(super) fn convert_64<T: Holder>(&mut self, out: &mut [T], turn: impl Fn(&mut [T]) + Sync) -> Result<(), Error> {
        self.convert(out, |generator, out| generator.raw_64(bytemuck::cast_slice_mut(out)), turn)
    }

    fn convert<T: Holder>(&mut self, out: &mut [T], draw: impl Fn(&mut Self, &mut [T]), turn: impl Fn(&mut [T]) + Sync) -> Result<(), Error> {
        self.check_len(out.len())?;
        let level = Level::detect();
        let threads = rayon::current_num_threads();
        let share = CHUNK_BYTES / size_of::<T>();
        let chunk = if self.kind().is_quasi() { out.len().max(1) } else { share * threads };
        for out in out.chunks_mut(chunk) {
            draw(self, out);
            if threads > 1 && out.len() >= share / 4 {
                let each = out.len().div_ceil(threads).min(share);
                out.par_chunks_mut(each).for_each(|out| sys::run(level, || turn(out)));
            } else {
                sys::run(level, || turn(out));
            }
        }
        Ok(())
    }
}
