//! The generator that users hold: seed, offset, ordering, and the calls that fill slices.
//!
//! Owns the position in the stream as cuRAND counts it, and when the state must be made anew.
//! Requests are judged here, through the constructors in `distribution`, before anything changes.
//! Must not know how a recurrence works or which machine runs it.

mod kind;

pub(crate) use kind::Layout;
pub use kind::{Kind, Ordering};

use std::fmt;

use crate::backend::{Backend, Origin};
use crate::cpu;
use crate::distribution::{Bits, Normal, Poisson, Shape, Uniform};
use crate::error::Error;

/// A stream of random numbers, equal to cuRAND's for the same kind, seed, offset, ordering and
/// calls.
///
/// See the [crate's documentation](crate) for an example and for what the calls take from the
/// stream. A generator is `Send` and `Sync`; it costs nothing until the first request, which makes
/// its state (100 KiB for XORWOW).
pub struct Generator {
    kind: Kind,
    ordering: Ordering,
    /// Where the stream was last started, or will be by the next request if `started` is false.
    origin: Origin,
    /// `origin.offset` plus the items served since; where `set_seed` restarts.
    count: u64,
    started: bool,
    backend: Box<dyn Backend>,
}

/// Settings of a [`Generator`] to be; made by [`Generator::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "call `build` to get the generator"]
pub struct Builder {
    kind: Kind,
    seed: u64,
    offset: u64,
    ordering: Ordering,
}

impl Builder {
    /// The seed; 0 if never set, as in cuRAND.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many draws to leave out at the start; 0 if never set.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// How lanes are laid out; [`Ordering::Default`] if never set.
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// The generator.
    ///
    /// # Errors
    /// [`Error::Ordering`] if the kind does not have the ordering.
    pub fn build(self) -> Result<Generator, Error> {
        let layout = self.kind.layout(self.ordering)?;
        Ok(Generator {
            kind: self.kind,
            ordering: self.ordering,
            origin: Origin { seed: self.seed, offset: self.offset, layout },
            count: self.offset,
            started: false,
            backend: cpu::backend(self.kind),
        })
    }
}

impl Generator {
    /// Starts the description of a generator: seed 0, offset 0, default ordering.
    pub fn builder(kind: Kind) -> Builder {
        Builder { kind, seed: 0, offset: 0, ordering: Ordering::Default }
    }

    /// Which generator this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The seed last set.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.origin.seed
    }

    /// The ordering last set.
    #[must_use]
    pub fn ordering(&self) -> Ordering {
        self.ordering
    }

    /// Where the stream stands: the offset plus the items served since it was set (modulo 2^64). A
    /// pair of normals is one item.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.count
    }

    /// Changes the seed and restarts *at the current [position](Self::position)*, as cuRAND does.
    /// The seed that is already set changes nothing: the stream goes on.
    pub fn set_seed(&mut self, seed: u64) {
        if seed != self.origin.seed {
            self.origin.seed = seed;
            self.restart_at(self.count);
        }
    }

    /// Restarts the stream at `offset`, with the same seed, also if that is the offset already set.
    pub fn set_offset(&mut self, offset: u64) {
        self.restart_at(offset);
    }

    /// Changes the ordering and restarts at the current [position](Self::position), as cuRAND does:
    /// also if both orderings lay lanes out alike, but not if they are the same one.
    ///
    /// # Errors
    /// [`Error::Ordering`] if the kind does not have the ordering.
    pub fn set_ordering(&mut self, ordering: Ordering) -> Result<(), Error> {
        let layout = self.kind.layout(ordering)?;
        if ordering != self.ordering {
            self.ordering = ordering;
            self.origin.layout = layout;
            self.restart_at(self.count);
        }
        Ok(())
    }

    /// Fills `out` with random 32-bit integers.
    ///
    /// # Errors
    /// None for the generators there are.
    pub fn generate_u32(&mut self, out: &mut [u32]) -> Result<(), Error> {
        self.serve(out.len(), |backend| backend.bits(Bits { out }));
        Ok(())
    }

    /// Fills `out` with uniform numbers in `(0, 1]`, 32 bits of randomness each.
    ///
    /// # Errors
    /// None for the generators there are.
    pub fn uniform_f32(&mut self, out: &mut [f32]) -> Result<(), Error> {
        self.serve(out.len(), |backend| backend.uniform(Uniform { out }));
        Ok(())
    }

    /// Fills `out` with uniform numbers in `(0, 1]`, 53 bits of randomness each.
    ///
    /// # Errors
    /// None for the generators there are.
    pub fn uniform_f64(&mut self, out: &mut [f64]) -> Result<(), Error> {
        self.serve(out.len(), |backend| backend.uniform(Uniform { out }));
        Ok(())
    }

    /// Fills `out` with normal numbers: `z * sigma + mean`, whatever `sigma` is.
    ///
    /// # Errors
    /// [`Error::OddLength`]: they come in pairs.
    pub fn normal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        let call = Normal::new(out, mean, sigma, Shape::Normal)?;
        self.serve(call.pairs(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with normal numbers: `z * sigma + mean`, whatever `sigma` is.
    ///
    /// # Errors
    /// [`Error::OddLength`]: they come in pairs.
    pub fn normal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        let call = Normal::new(out, mean, sigma, Shape::Normal)?;
        self.serve(call.pairs(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with lognormal numbers: the exponential of what [`normal_f32`](Self::normal_f32)
    /// gives.
    ///
    /// # Errors
    /// [`Error::OddLength`]: they come in pairs.
    pub fn lognormal_f32(&mut self, out: &mut [f32], mean: f32, sigma: f32) -> Result<(), Error> {
        let call = Normal::new(out, mean, sigma, Shape::LogNormal)?;
        self.serve(call.pairs(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with lognormal numbers: the exponential of what [`normal_f64`](Self::normal_f64)
    /// gives.
    ///
    /// # Errors
    /// [`Error::OddLength`]: they come in pairs.
    pub fn lognormal_f64(&mut self, out: &mut [f64], mean: f64, sigma: f64) -> Result<(), Error> {
        let call = Normal::new(out, mean, sigma, Shape::LogNormal)?;
        self.serve(call.pairs(), |backend| backend.normal(call));
        Ok(())
    }

    /// Fills `out` with Poisson numbers of mean `lambda`.
    ///
    /// # Errors
    /// [`Error::Lambda`] unless `0 < lambda <= 400000`.
    pub fn poisson(&mut self, out: &mut [u32], lambda: f64) -> Result<(), Error> {
        let items = out.len();
        let call = Poisson::new(out, lambda)?;
        self.serve(items, |backend| backend.poisson(call));
        Ok(())
    }

    fn restart_at(&mut self, offset: u64) {
        self.origin.offset = offset;
        self.count = offset;
        self.started = false;
    }

    fn serve(&mut self, items: usize, fill: impl FnOnce(&mut dyn Backend)) {
        if items == 0 {
            return;
        }
        if !self.started {
            self.backend.start(self.origin);
            self.started = true;
        }
        fill(self.backend.as_mut());
        self.count = self.count.wrapping_add(items as u64);
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("kind", &self.kind)
            .field("seed", &self.origin.seed)
            .field("ordering", &self.ordering)
            .field("position", &self.count)
            .finish_non_exhaustive()
    }
}
