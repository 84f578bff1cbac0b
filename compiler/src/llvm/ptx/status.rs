//! What a launch leaves behind: the record of a failure, and lines that threads printed.

use crate::abi::Failure;
use crate::print;

/// The block of memory behind [`super::Word::Status`]. Little-endian, 88 bytes, aligned to 8.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// 0: nothing has failed. Else the complement of `block * 2048 + thread` of the thread whose failure is kept.
    pub first: u64,
    /// Held by the thread that writes its record.
    pub lock: u32,
    /// Number of the site.
    pub site: u32,
    /// Linear block; of an elementwise entry 0; of core arrays the element.
    pub block: u64,
    /// Linear thread in the block; of an elementwise entry the element.
    pub thread: u64,
    /// An index that was out of bounds: its axis plus 1; else 0.
    pub axis: u32,
    /// The word in which the blocks of a grid meet.
    pub grid: u32,
    /// The index.
    pub index: i64,
    /// The extent of the axis.
    pub extent: i64,
    /// Device address, aligned to 8, of memory for lines that are printed. Set by the host; 0: nothing is kept.
    pub print: u64,
    /// How many bytes are there. Set by the host.
    pub print_size: u64,
    /// How many bytes there would have to be for all lines: those that found no room are lost.
    pub print_used: u64,
    /// Lines that found no room.
    pub print_lost: u64,
}

impl Status {
    /// Bytes of the block.
    pub const SIZE: usize = size_of::<Status>();
    /// Where [`Status::first`] lies.
    pub(in crate::llvm) const FIRST: i64 = 0;
    pub(in crate::llvm) const LOCK: i64 = 8;
    pub(in crate::llvm) const SITE: i64 = 12;
    pub(in crate::llvm) const BLOCK: i64 = 16;
    pub(in crate::llvm) const THREAD: i64 = 24;
    pub(in crate::llvm) const AXIS: i64 = 32;
    pub(in crate::llvm) const GRID: i64 = 36;
    pub(in crate::llvm) const INDEX: i64 = 40;
    pub(in crate::llvm) const EXTENT: i64 = 48;
    pub(in crate::llvm) const PRINT: i64 = 56;
    pub(in crate::llvm) const PRINT_SIZE: i64 = 64;
    pub(in crate::llvm) const PRINT_USED: i64 = 72;
    pub(in crate::llvm) const PRINT_LOST: i64 = 80;

    /// As it must stand before a launch: `print` is the address of `size` bytes for printed lines, or 0.
    pub fn before(print: u64, size: u64) -> Status {
        Status { print, print_size: if print == 0 { 0 } else { size }, ..Status::default() }
    }

    /// The bytes to be copied to the device.
    pub fn to_bytes(&self) -> [u8; Status::SIZE] {
        let mut bytes = [0; Status::SIZE];
        let mut put = |at: i64, field: &[u8]| bytes[at as usize..at as usize + field.len()].copy_from_slice(field);
        for (at, field) in [
            (Status::FIRST, self.first),
            (Status::BLOCK, self.block),
            (Status::THREAD, self.thread),
            (Status::INDEX, self.index as u64),
            (Status::EXTENT, self.extent as u64),
            (Status::PRINT, self.print),
            (Status::PRINT_SIZE, self.print_size),
            (Status::PRINT_USED, self.print_used),
            (Status::PRINT_LOST, self.print_lost),
        ] {
            put(at, &field.to_le_bytes());
        }
        for (at, field) in [(Status::LOCK, self.lock), (Status::SITE, self.site), (Status::AXIS, self.axis), (Status::GRID, self.grid)] {
            put(at, &field.to_le_bytes());
        }
        bytes
    }

    /// Reads what was copied from the device.
    pub fn from_bytes(bytes: &[u8; Status::SIZE]) -> Status {
        let wide = |at: i64| u64::from_le_bytes(bytes[at as usize..at as usize + 8].try_into().expect("eight bytes"));
        let narrow = |at: i64| u32::from_le_bytes(bytes[at as usize..at as usize + 4].try_into().expect("four bytes"));
        Status {
            first: wide(Status::FIRST),
            lock: narrow(Status::LOCK),
            site: narrow(Status::SITE),
            block: wide(Status::BLOCK),
            thread: wide(Status::THREAD),
            axis: narrow(Status::AXIS),
            grid: narrow(Status::GRID),
            index: wide(Status::INDEX) as i64,
            extent: wide(Status::EXTENT) as i64,
            print: wide(Status::PRINT),
            print_size: wide(Status::PRINT_SIZE),
            print_used: wide(Status::PRINT_USED),
            print_lost: wide(Status::PRINT_LOST),
        }
    }

    /// The failure that is kept, if a thread failed.
    pub fn failure(&self) -> Option<Failure> {
        (self.first != 0).then(|| Failure {
            block: self.block,
            thread: self.thread,
            site: self.site,
            index: self.axis.checked_sub(1).map(|axis| (axis as u8, self.index, self.extent)),
            other: None,
        })
    }
}

/// What threads printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// The text.
    pub text: String,
    /// Lines that found no room: make [`Status::print_size`] larger to see them.
    pub lost: u64,
}

/// Words of a record before its values: bytes of the record and number of the line (32 bits each), block, thread.
pub(in crate::llvm) const RECORD_HEAD: u64 = 3;

pub(super) fn printed(status: &Status, records: &[u8], lines: &[Vec<u8>]) -> Printed {
    let word = |at: usize| records.get(at..at + 8).map(|b| u64::from_le_bytes(b.try_into().expect("eight bytes")));
    let mut found = Vec::new();
    let mut at = 0;
    // Records lie one behind the other; the first that found no room ends them, and its size is missing.
    while let (Some(head), Some(block), Some(thread)) = (word(at), word(at + 8), word(at + 16)) {
        let (bytes, line) = (head as u32 as usize, (head >> 32) as usize);
        let Some(line) = lines.get(line).filter(|_| bytes >= 8 * RECORD_HEAD as usize && at + bytes <= records.len()) else { break };
        let values = at + 8 * RECORD_HEAD as usize;
        if let Some(text) = print::line(line, |n| word(values + 8 * n).unwrap_or(0)) {
            found.push((block, thread, text));
        }
        at += bytes;
    }
    found.sort_by_key(|(block, thread, _)| (*block, *thread));
    Printed { text: found.into_iter().map(|(.., text)| text).collect(), lost: status.print_lost }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::Piece;
    use crate::types::ScalarType;

    #[test]
    fn the_layout_is_what_code_is_told() {
        use std::mem::offset_of;
        assert_eq!(Status::SIZE, 88);
        assert_eq!(offset_of!(Status, lock), Status::LOCK as usize);
        assert_eq!(offset_of!(Status, site), Status::SITE as usize);
        assert_eq!(offset_of!(Status, axis), Status::AXIS as usize);
        assert_eq!(offset_of!(Status, grid), Status::GRID as usize);
        assert_eq!(offset_of!(Status, index), Status::INDEX as usize);
        assert_eq!(offset_of!(Status, extent), Status::EXTENT as usize);
        assert_eq!(offset_of!(Status, print_used), Status::PRINT_USED as usize);
        assert_eq!(offset_of!(Status, print_lost), Status::PRINT_LOST as usize);
    }

    #[test]
    fn a_failure_is_read_back() {
        let status = Status { first: !(3 * 2048 + 7), site: 2, block: 3, thread: 7, axis: 2, index: -9, extent: 8, ..Status::before(64, 32) };
        assert_eq!(Status::from_bytes(&status.to_bytes()), status);
        let failure = status.failure().expect("a failure");
        assert_eq!((failure.block, failure.thread, failure.site, failure.index), (3, 7, 2, Some((1, -9, 8))));
        assert_eq!(Status::before(0, 100).failure(), None);
        assert_eq!(Status { first: 1, axis: 0, ..Status::default() }.failure().map(|f| f.index), Some(None));
    }

    #[test]
    fn printed_lines_are_in_the_order_of_threads() {
        let line = print::encode(&[Piece::Text("x=".into()), Piece::Value, Piece::Text("\n".into())], &[ScalarType::I64]);
        let record = |thread: u64, value: u64| [32 | 1 << 32, 0, thread, value].map(u64::to_le_bytes).concat();
        let mut records = [record(5, 50), record(2, 20), record(5, 51)].concat();
        records.extend([0; 8]);
        let status = Status { print_lost: 1, ..Status::default() };
        let printed = printed(&status, &records, &[vec![], line]);
        assert_eq!((printed.text.as_str(), printed.lost), ("x=20\nx=50\nx=51\n", 1));
    }
}
