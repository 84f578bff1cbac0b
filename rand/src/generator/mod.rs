//! The generator that users hold: seed, offset, ordering, and the calls that fill slices.
//!
//! Owns the position in the stream as cuRAND counts it, and when the state must be made anew.
//! Requests are judged here, through the constructors in `distribution`, before anything changes.
//! Must not know how a recurrence works or which machine runs it.

mod curand;
mod kind;
mod saved;

pub use kind::{Kind, Ordering};
pub(crate) use kind::{Layout, Spread};

use std::fmt;

use crate::backend::{Backend, Origin};
use crate::cpu;
use crate::error::Error;
use crate::tables;

/// A stream of random numbers, equal to cuRAND's for the same kind, seed, offset, ordering, dimensions and
/// calls.
///
/// See the [crate's documentation](crate) for an example and for what the calls take from the
/// stream. A generator is `Send` and `Sync`; it costs nothing until the first request, which makes
/// its state (100 KiB for XORWOW, 2 MiB for MRG32k3a, 20 MiB for MT19937 as far as it is used). A clone goes on from the same point.
pub struct Generator {
    kind: Kind,
    ordering: Ordering,
    /// Where the stream was last started, or will be by the next request if `started` is false.
    origin: Origin,
    /// `origin.offset` plus the items served since; where `set_seed` restarts.
    count: u64,
    started: bool,
    /// Streams spawned so far.
    spawned: u64,
    backend: Box<dyn Backend>,
}

/// Settings of a [`Generator`] to be; made by [`Generator::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use = "call `build` to get the generator"]
pub struct Builder {
    kind: Kind,
    seed: Option<u64>,
    offset: Option<u64>,
    ordering: Option<Ordering>,
    dims: Option<usize>,
}

impl Builder {
    /// The seed; 0 if never set, as in cuRAND.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How many draws (points, of a quasirandom generator) to leave out at the start; 0 if never set.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// How lanes are laid out; [`Ordering::Default`], or [`Ordering::Quasi`] for a quasirandom generator, if never set.
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = Some(ordering);
        self
    }

    /// Dimensions of a quasirandom generator, 1 to 20000; 1 if never set.
    pub fn dims(mut self, dims: usize) -> Self {
        self.dims = Some(dims);
        self
    }

    /// The generator.
    ///
    /// # Errors
    /// [`Error::Ordering`] if the kind does not have the ordering, [`Error::Setting`] if it takes no seed, offset or dimensions and they were
    /// given, [`Error::Dims`], and [`Error::Tables`] if it needs tables of an installed cuRAND and there are none.
    pub fn build(self) -> Result<Generator, Error> {
        let kind = self.kind;
        let ordering = self.ordering.unwrap_or(kind.default_ordering());
        let layout = kind.layout(ordering)?;
        let refused = |setting| Err(Error::Setting { kind, setting });
        if self.seed.is_some() && !kind.has_seed() {
            return refused("seed");
        }
        if self.offset.unwrap_or(0) != 0 && !kind.has_offset() {
            return refused("offset");
        }
        if self.dims.is_some() && !kind.is_quasi() {
            return refused("dimensions");
        }
        let dims = checked_dims(self.dims.unwrap_or(1))?;
        tables::require(kind)?;
        let offset = self.offset.unwrap_or(0);
        Ok(Generator {
            kind,
            ordering,
            origin: Origin { seed: self.seed.unwrap_or(0), offset, layout, dims },
            count: offset,
            started: false,
            spawned: 0,
            backend: cpu::backend(kind),
        })
    }
}

impl Builder {
    /// The XORWOW generator of this seed: nothing of that can fail.
    pub(crate) fn build_untabled(self) -> Generator {
        Generator {
            kind: Kind::Xorwow,
            ordering: Ordering::Default,
            origin: Origin { seed: self.seed.unwrap_or(0), offset: 0, layout: Layout { lanes: 4096, spread: Spread::Subsequences }, dims: 1 },
            count: 0,
            started: false,
            spawned: 0,
            backend: cpu::backend(Kind::Xorwow),
        }
    }
}

fn checked_dims(dims: usize) -> Result<usize, Error> {
    if (1..=tables::DIMENSIONS).contains(&dims) { Ok(dims) } else { Err(Error::Dims { dims }) }
}

impl Generator {
    /// Starts the description of a generator: seed 0, offset 0, default ordering, one dimension.
    pub fn builder(kind: Kind) -> Builder {
        Builder { kind, seed: None, offset: None, ordering: None, dims: None }
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

    /// The dimensions last set; 1 for a pseudorandom generator.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.origin.dims
    }

    /// Whether numbers were drawn since the stream was last started.
    pub(crate) fn has_begun(&self) -> bool {
        self.started
    }

    /// Where the stream stands as cuRAND counts it: the offset plus the items served since it was set (modulo 2^64). A
    /// pair of normals is one item of XORWOW and MRG32k3a, four values are one of Philox, and a point is one of a quasirandom generator.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.count
    }

    /// Changes the seed and restarts *at the current [position](Self::position)*, as cuRAND does (the twisters at their start).
    /// The seed that is already set changes nothing: the stream goes on.
    ///
    /// # Errors
    /// [`Error::Setting`] for a quasirandom generator, which has none.
    pub fn set_seed(&mut self, seed: u64) -> Result<(), Error> {
        if !self.kind.has_seed() {
            return Err(Error::Setting { kind: self.kind, setting: "seed" });
        }
        if seed != self.origin.seed {
            self.origin.seed = seed;
            self.restart();
        }
        Ok(())
    }

    /// Restarts the stream at `offset`, with the same seed, also if that is the offset already set.
    ///
    /// # Errors
    /// [`Error::Setting`] for MT19937 and MTGP32, which have none.
    pub fn set_offset(&mut self, offset: u64) -> Result<(), Error> {
        if !self.kind.has_offset() {
            return Err(Error::Setting { kind: self.kind, setting: "offset" });
        }
        self.count = offset;
        self.restart();
        Ok(())
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
            self.restart();
        }
        Ok(())
    }

    /// Changes the dimensions; the points go on where they were.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pseudorandom generator, [`Error::Dims`] outside 1 to 20000.
    pub fn set_dims(&mut self, dims: usize) -> Result<(), Error> {
        if !self.kind.is_quasi() {
            return Err(Error::Setting { kind: self.kind, setting: "dimensions" });
        }
        self.origin.dims = checked_dims(dims)?;
        if self.started {
            self.backend.set_dims(dims);
        }
        Ok(())
    }

    /// Leaves out `n` raw draws (points, of a quasirandom generator), as if `generate_u32` had made them. XORWOW, MRG32k3a, Philox and Sobol
    /// jump; MT19937 and MTGP32 draw and drop.
    pub fn skip(&mut self, n: u64) {
        self.start();
        self.backend.skip(n);
        self.count = self.count.wrapping_add(n);
    }

    /// `n` generators of the same kind and settings whose streams have nothing to do with this one's nor with each other's.
    ///
    /// Each has a seed of its own: SplitMix64's output of this generator's seed and the number of the stream, counted over all calls. For a
    /// quasirandom generator that has no seed they are copies of its start.
    #[must_use]
    pub fn spawn(&mut self, n: usize) -> Vec<Self> {
        let mut children = Vec::with_capacity(n);
        for _ in 0..n {
            self.spawned += 1;
            let mut z = (self.origin.seed ^ 0x6a09_e667_f3bc_c909).wrapping_add(self.spawned.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let seed = if self.kind.has_seed() { z ^ z >> 31 } else { 0 };
            children.push(Self {
                kind: self.kind,
                ordering: self.ordering,
                origin: Origin { seed, offset: 0, ..self.origin },
                count: 0,
                started: false,
                spawned: 0,
                backend: cpu::backend(self.kind),
            });
        }
        children
    }

    /// The next request makes the state anew, at the count.
    fn restart(&mut self) {
        if !self.kind.has_offset() {
            self.count = 0;
        }
        self.origin.offset = self.count;
        self.started = false;
    }

    fn start(&mut self) {
        if !self.started {
            self.backend.start(self.origin);
            self.started = true;
        }
    }

    /// Fills an output of some length with what the backend makes; what it returns is added to the count.
    fn serve(&mut self, len: usize, fill: impl FnOnce(&mut dyn Backend) -> u64) {
        if len > 0 {
            self.start();
            let served = fill(self.backend.as_mut());
            self.count = self.count.wrapping_add(served);
        }
    }

    /// Fills with 32-bit draws, of a generator of 64-bit ones their upper halves. The length was checked.
    pub(crate) fn raw_32(&mut self, out: &mut [u32]) {
        self.serve(out.len(), |backend| backend.bits(out));
    }

    /// Fills with 64-bit draws, of a quasirandom generator of 32-bit ones those with zeros below. The length was checked.
    pub(crate) fn raw_64(&mut self, out: &mut [u64]) {
        self.serve(out.len(), |backend| backend.words(out));
    }

    /// Refuses a quasirandom generator.
    pub(crate) fn need_pseudo(&self, what: &'static str) -> Result<(), Error> {
        if self.kind.is_quasi() { Err(Error::Quasi { kind: self.kind, what }) } else { Ok(()) }
    }

    /// Refuses a length that is no multiple of the dimensions.
    pub(crate) fn check_len(&self, len: usize) -> Result<(), Error> {
        let dims = self.origin.dims;
        if len.is_multiple_of(dims) { Ok(()) } else { Err(Error::Multiple { len, dims }) }
    }
}

impl Clone for Generator {
    fn clone(&self) -> Self {
        Self { backend: self.backend.copy(), ..*self }
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("kind", &self.kind)
            .field("seed", &self.origin.seed)
            .field("ordering", &self.ordering)
            .field("dims", &self.origin.dims)
            .field("position", &self.count)
            .finish_non_exhaustive()
    }
}
