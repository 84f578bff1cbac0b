//! Raw draws laid into the output, and turned into values there.
//!
//! Owns the order of that: a pseudorandom generator draws a cache's worth at a time, a quasirandom one, whose calls are laid out by dimension, all
//! at once; the turning is shared out over the cores. What is larger than the caches is made inside one, and written past them. Must not know what
//! values are made.

use rayon::prelude::*;

use crate::cpu::sys::{self, Level, STREAM_BYTES, Stream, Work};
use crate::error::Error;
use crate::generator::Generator;

/// Bytes drawn before they are turned into values: inside a level-2 cache, for each core.
const CHUNK_BYTES: usize = 512 * 1024;
/// Elements turned before they are written past the caches.
const PIECE: usize = 1024;
/// Elements from which turning is shared out.
const PARALLEL: usize = 1 << 14;

/// What holds the bits of a draw until it is a value.
pub(super) trait Holder: bytemuck::Pod + Send + Sync {}

impl Holder for f32 {}
impl Holder for f64 {}
impl Holder for i64 {}
impl Holder for u64 {}

/// Makes values of the draws whose bits an array holds, one of each. Implementations are `#[inline(always)]` (see [`Work`]).
pub(super) trait Turn<T>: Sync {
    fn turn(&self, out: &mut [T]);
}

/// Turning in place.
struct Turned<'a, T, F> {
    turn: &'a F,
    out: &'a mut [T],
}

impl<T, F: Turn<T>> Work for Turned<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn go(self) {
        self.turn.turn(self.out);
    }
}

impl Generator {
    /// Fills with the bits of 32-bit draws, then with what `turn` makes of them in place.
    pub(super) fn convert_32(&mut self, out: &mut [f32], turn: &impl Turn<f32>) -> Result<(), Error> {
        self.convert(out, |generator, out| generator.raw_32(bytemuck::cast_slice_mut(out)), turn)
    }

    /// Fills with the bits of 64-bit draws, then with what `turn` makes of them in place.
    pub(super) fn convert_64<T: Holder>(&mut self, out: &mut [T], turn: &impl Turn<T>) -> Result<(), Error> {
        self.convert(out, |generator, out| generator.raw_64(bytemuck::cast_slice_mut(out)), turn)
    }

    fn convert<T: Holder>(&mut self, out: &mut [T], draw: impl Fn(&mut Self, &mut [T]), turn: &impl Turn<T>) -> Result<(), Error> {
        self.check_len(out.len())?;
        let level = Level::detect();
        let threads = rayon::current_num_threads();
        if self.kind().is_quasi() {
            draw(self, out);
            turn_all(level, threads, out, turn);
            return Ok(());
        }
        let chunk = CHUNK_BYTES / size_of::<T>() * threads;
        if size_of_val(out) < STREAM_BYTES {
            for out in out.chunks_mut(chunk) {
                draw(self, out);
                turn_all(level, threads, out, turn);
            }
            return Ok(());
        }
        let (lead, out) = out.split_at_mut(Stream::lead(out));
        draw(self, lead);
        turn_all(level, 1, lead, turn);
        let mut held = vec![T::zeroed(); chunk];
        for out in out.chunks_mut(chunk) {
            let held = &mut held[..out.len()];
            draw(self, held);
            let each = (out.len().div_ceil(threads)).next_multiple_of(PIECE);
            if threads > 1 {
                held.par_chunks_mut(each).zip(out.par_chunks_mut(each)).for_each(|(held, out)| turn_far(level, held, out, turn));
            } else {
                turn_far(level, held, out, turn);
            }
        }
        Ok(())
    }
}

fn turn_all<T: Holder>(level: Level, threads: usize, out: &mut [T], turn: &impl Turn<T>) {
    if threads > 1 && out.len() >= PARALLEL {
        let each = out.len().div_ceil(threads).min(CHUNK_BYTES / size_of::<T>());
        out.par_chunks_mut(each).for_each(|out| sys::run(level, Turned { turn, out }));
    } else {
        sys::run(level, Turned { turn, out });
    }
}

fn turn_far<T: Holder>(level: Level, held: &mut [T], out: &mut [T], turn: &impl Turn<T>) {
    let stream = Stream::new();
    for (held, out) in held.chunks_mut(PIECE).zip(out.chunks_mut(PIECE)) {
        sys::run(level, Turned { turn, out: held });
        stream.copy(held, out);
    }
}
