//! Saved states: a row of 32-bit words.
//!
//! Owns the writing and reading of words and their bytes. Each backend owns what its words mean. Must not know of
//! generators.

/// Collects words.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) words: Vec<u32>,
}

impl Writer {
    pub(crate) fn u32(&mut self, word: u32) {
        self.words.push(word);
    }

    pub(crate) fn u64(&mut self, word: u64) {
        self.words.extend([word as u32, (word >> 32) as u32]);
    }

    pub(crate) fn all(&mut self, words: &[u32]) {
        self.words.extend_from_slice(words);
    }
}

/// Hands words out again; None where there are no more.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    words: &'a [u32],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(words: &'a [u32]) -> Self {
        Self { words }
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let (&first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// A word below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> Option<usize> {
        let word = self.u32()? as usize;
        (word < limit).then_some(word)
    }

    pub(crate) fn all(&mut self, out: &mut [u32]) -> Option<()> {
        let (now, rest) = self.words.split_at_checked(out.len())?;
        out.copy_from_slice(now);
        self.words = rest;
        Some(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}
