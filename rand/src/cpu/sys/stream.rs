//! Writing past the caches.
//!
//! Owns the stores that do not read a line before they replace it, for outputs so large that nothing of them would be found in a cache later. Must
//! not know what is written.
#![allow(unsafe_code)]

/// Bytes of an output from which it is written past the caches.
pub(crate) const STREAM_BYTES: usize = 16 << 20;
/// Bytes of a line of the caches.
const LINE: usize = 64;

/// Copies into an output past the caches. What was copied is there for other threads when this is dropped.
pub(crate) struct Stream(());

impl Stream {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Elements of `out` before its first whole line: copies that begin there write no line in two parts.
    pub(crate) fn lead<T>(out: &[T]) -> usize {
        out.as_ptr().align_offset(LINE).min(out.len())
    }

    /// Copies `from` to `to`, which are as long.
    #[inline]
    pub(crate) fn copy<T: bytemuck::Pod>(&self, from: &[T], to: &mut [T]) {
        assert_eq!(from.len(), to.len(), "a copy of another length");
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
            let lead = Self::lead(to);
            let (from_lead, from) = from.split_at(lead);
            let (to_lead, to) = to.split_at_mut(lead);
            to_lead.copy_from_slice(from_lead);
            let lines = size_of_val(to) / LINE;
            let whole = lines * LINE / size_of::<T>();
            let (mut source, mut target) = (from.as_ptr().cast::<__m128i>(), to.as_mut_ptr().cast::<__m128i>());
            for _ in 0..lines {
                // SAFETY: `lines` lines lie inside both slices, whose elements are plain bytes; the target begins at a multiple of 64 bytes, and a load may
                // begin anywhere. SSE2 is part of x86-64.
                unsafe {
                    let words = [0, 1, 2, 3].map(|i| _mm_loadu_si128(source.add(i)));
                    for (i, word) in words.into_iter().enumerate() {
                        _mm_stream_si128(target.add(i), word);
                    }
                    source = source.add(4);
                    target = target.add(4);
                }
            }
            to[whole..].copy_from_slice(&from[whole..]);
        }
        #[cfg(not(target_arch = "x86_64"))]
        to.copy_from_slice(from);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: SSE is part of x86-64.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            std::arch::x86_64::_mm_sfence();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_alignment_is_copied_and_nothing_else() {
        let from: Vec<u32> = (1..=200).collect();
        for start in 0..20 {
            for len in [0, 1, 3, 15, 16, 17, 31, 64, 100, 180] {
                let mut to = vec![0_u32; 220];
                let stream = Stream::new();
                stream.copy(&from[..len], &mut to[start..start + len]);
                drop(stream);
                assert_eq!(to[start..start + len], from[..len]);
                assert!(to[..start].iter().chain(&to[start + len..]).all(|&word| word == 0));
            }
        }
    }
}
