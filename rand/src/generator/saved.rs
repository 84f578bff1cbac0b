//! States as bytes.
//!
//! Owns their head: what the generator is and where it stands as cuRAND counts it. What follows is the backend's. Must not know what the backend's
//! words mean.

use super::{Generator, Kind, Ordering};
use crate::error::Error;
use crate::state::{Reader, Writer};

/// "vgrand01": another number for another form.
const MAGIC: [u32; 2] = [0x7267_7672, 0x3130_646e];

impl Generator {
    /// All that the rest of the stream depends on, as bytes for [`restored`](Self::restored): some kilobytes, or 20 MiB for an MT19937 in full use.
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.all(&MAGIC);
        let kind = Kind::ALL.iter().position(|&kind| kind == self.kind).unwrap_or(0);
        writer.u32(kind as u32);
        writer.u32(ORDERINGS.iter().position(|&ordering| ordering == self.ordering).unwrap_or(0) as u32);
        for number in [self.origin.seed, self.origin.offset, self.count, self.spawned, self.origin.dims as u64] {
            writer.u64(number);
        }
        writer.u32(u32::from(self.started));
        if self.started {
            self.backend.save(&mut writer);
        }
        writer.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The generator whose state was saved.
    ///
    /// # Errors
    /// [`Error::State`] if the bytes are no saved state; [`Error::Tables`] if its tables are missing here.
    pub fn restored(bytes: &[u8]) -> Result<Self, Error> {
        let (words, rest) = bytes.as_chunks::<4>();
        let words: Vec<u32> = words.iter().map(|&word| u32::from_le_bytes(word)).collect();
        if !rest.is_empty() {
            return Err(Error::State);
        }
        let mut reader = Reader::new(&words);
        let (mut generator, started) = head(&mut reader).ok_or(Error::State)??;
        if started {
            generator.started = true;
            generator.backend.load(generator.origin, &mut reader).ok_or(Error::State)?;
        }
        if reader.is_empty() { Ok(generator) } else { Err(Error::State) }
    }
}

const ORDERINGS: [Ordering; 6] = [Ordering::Best, Ordering::Default, Ordering::Seeded, Ordering::Legacy, Ordering::Dynamic, Ordering::Quasi];

/// The generator as it started, and whether it did; None if the words are too few or mean nothing.
fn head(reader: &mut Reader<'_>) -> Option<Result<(Generator, bool), Error>> {
    if [reader.u32()?, reader.u32()?] != MAGIC {
        return None;
    }
    let kind = *Kind::ALL.get(reader.u32()? as usize)?;
    let ordering = *ORDERINGS.get(reader.u32()? as usize)?;
    let [seed, offset, count, spawned, dims] = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
    let started = reader.below(2)? == 1;
    let mut builder = Generator::builder(kind).offset(offset).ordering(ordering);
    if kind.has_seed() {
        builder = builder.seed(seed);
    }
    if kind.is_quasi() {
        builder = builder.dims(usize::try_from(dims).ok()?);
    }
    Some(builder.build().map(|mut generator| {
        (generator.count, generator.spawned) = (count, spawned);
        (generator, started)
    }))
}
