//! Whether a file is a whole shared library.
//!
//! The dynamic linker maps a file that is cut off without complaint, and the process dies at the first touch of what is missing (SIGBUS). So the file's own table of contents is held against its length
//! before it is handed over. Nothing else is judged here.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a 64-bit ELF header, and of an entry of its table of segments.
const HEADER: usize = 64;
const SEGMENT: usize = 56;

/// That all segments and the table of sections lie within the file.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check_whole(path: &Path) -> Result<(), String> {
    let unread = |error: std::io::Error| error.to_string();
    let mut file = File::open(path).map_err(unread)?;
    let length = file.metadata().map_err(unread)?.len();
    let mut head = Vec::new();
    // The table of segments stands right behind the header in all that linkers write; elsewhere nothing is judged.
    Read::by_ref(&mut file).take(1 << 16).read_to_end(&mut head).map_err(unread)?;
    if head.len() < HEADER {
        return Err(format!("the file is too short for a shared library: {length} bytes"));
    }
    // 64 bits, least significant byte first.
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return Err("the file is no 64-bit shared library".to_owned());
    }
    let number = |at: usize, bytes: usize| head.get(at..at + bytes).map(|b| b.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte)));
    let cut = |needed: u64| format!("the file is cut off: it has {length} bytes of at least {needed}");
    let (segments, sections) = (number(32, 8).unwrap_or(0), number(40, 8).unwrap_or(0));
    let (segment_count, section_bytes) = (number(56, 2).unwrap_or(0), number(58, 2).unwrap_or(0) * number(60, 2).unwrap_or(0));
    let table = segments.saturating_add(segment_count * SEGMENT as u64);
    let mut needed = sections.saturating_add(section_bytes).max(table);
    for segment in 0..segment_count as usize {
        let at = segments as usize + segment * SEGMENT;
        if let (Some(offset), Some(bytes)) = (number(at + 8, 8), number(at + 32, 8)) {
            needed = needed.max(offset.saturating_add(bytes));
        }
    }
    if needed > length { Err(cut(needed)) } else { Ok(()) }
}
