//! Device memory, in host memory.

use std::collections::BTreeMap;

use crate::state::{ILLEGAL_ADDRESS, INVALID_VALUE, OUT_OF_MEMORY, Outcome, TOTAL};

/// No host address has these bits: using one ends the process.
const BASE: u64 = 0x00d0_0000_0000_0000;
const DEVICE: u32 = 40;

enum Bytes {
    Own(Vec<u8>),
    /// Host memory that a device sees: managed or mapped.
    Host(usize, usize),
}

struct Block {
    device: i32,
    bytes: Bytes,
    pool: usize,
}

/// Host memory that was pinned: its length, and where the device sees it.
pub(crate) struct Pinned {
    pub(crate) bytes: usize,
    pub(crate) seen: Option<u64>,
    pub(crate) owned: bool,
}

#[derive(Default)]
pub(crate) struct Memory {
    blocks: BTreeMap<u64, Block>,
    used: BTreeMap<i32, u64>,
    next: BTreeMap<i32, u64>,
    pub(crate) pinned: BTreeMap<usize, Pinned>,
    /// Managed blocks, whose bytes are ours to free.
    managed: BTreeMap<u64, Vec<u8>>,
}

impl Memory {
    pub(crate) fn live(&self) -> usize {
        self.blocks.len()
    }

    fn address(&mut self, device: i32, bytes: u64) -> u64 {
        let next = self.next.entry(device).or_insert(BASE + ((device as u64 + 1) << DEVICE));
        let at = *next;
        // Nothing lies behind a block: what runs over its end is found.
        *next += bytes.next_multiple_of(512) + 512;
        at
    }

    pub(crate) fn allocate(&mut self, device: i32, bytes: usize, pool: usize) -> Outcome<u64> {
        if bytes == 0 {
            return Err(INVALID_VALUE);
        }
        let used = self.used.entry(device).or_default();
        if *used + bytes as u64 > TOTAL {
            return Err(OUT_OF_MEMORY);
        }
        *used += bytes as u64;
        let at = self.address(device, bytes as u64);
        self.blocks.insert(at, Block { device, bytes: Bytes::Own(vec![0xcd; bytes]), pool });
        Ok(at)
    }

    pub(crate) fn managed(&mut self, device: i32, bytes: usize) -> u64 {
        let memory = vec![0xcd; bytes];
        let at = memory.as_ptr() as u64;
        self.blocks.insert(at, Block { device, bytes: Bytes::Host(at as usize, bytes), pool: 0 });
        self.managed.insert(at, memory);
        at
    }

    /// Lets a device see host memory.
    pub(crate) fn map(&mut self, device: i32, host: usize, bytes: usize) -> u64 {
        let at = self.address(device, bytes as u64);
        self.blocks.insert(at, Block { device, bytes: Bytes::Host(host, bytes), pool: 0 });
        at
    }

    pub(crate) fn unmap(&mut self, at: u64) {
        self.blocks.remove(&at);
    }

    /// Frees a block; gives its pool and its length.
    pub(crate) fn free(&mut self, at: u64) -> Outcome<(usize, u64)> {
        let block = self.blocks.remove(&at).ok_or(INVALID_VALUE)?;
        self.managed.remove(&at);
        Ok(match block.bytes {
            Bytes::Own(bytes) => {
                *self.used.entry(block.device).or_default() -= bytes.len() as u64;
                (block.pool, bytes.len() as u64)
            }
            Bytes::Host(_, bytes) => (block.pool, bytes as u64),
        })
    }

    pub(crate) fn pool_of(&self, at: u64) -> Outcome<usize> {
        self.blocks.get(&at).map(|block| block.pool).ok_or(INVALID_VALUE)
    }

    pub(crate) fn device_of(&self, at: u64) -> Option<i32> {
        let (start, block) = self.blocks.range(..=at).next_back()?;
        (at - start < block.len() as u64).then_some(block.device)
    }

    pub(crate) fn is_managed(&self, at: u64) -> bool {
        self.managed.range(..=at).next_back().is_some_and(|(start, bytes)| at - start < bytes.len() as u64)
    }

    pub(crate) fn is_pinned(&self, host: usize) -> bool {
        self.pinned.range(..=host).next_back().is_some_and(|(start, pinned)| host - start < pinned.bytes)
    }

    pub(crate) fn used(&self, device: i32) -> u64 {
        self.used.get(&device).copied().unwrap_or(0)
    }

    /// Device memory by its address.
    pub(crate) fn bytes(&mut self, at: u64, length: usize) -> Outcome<&mut [u8]> {
        let (start, block) = self.blocks.range_mut(..=at).next_back().ok_or(ILLEGAL_ADDRESS)?;
        let offset = (at - start) as usize;
        if offset.checked_add(length).is_none_or(|end| end > block.len()) {
            return Err(ILLEGAL_ADDRESS);
        }
        Ok(&mut block.whole()[offset..offset + length])
    }
}

impl Memory {
    /// All that a device reaches while a kernel runs: its own memory, that of others that it may look at, and the host's that it sees.
    pub(crate) fn reached(&mut self, device: i32, peers: &[i32]) -> Vec<(u64, &mut [u8])> {
        let seen = |block: &Block| block.device == device || peers.contains(&block.device) || matches!(block.bytes, Bytes::Host(..));
        self.blocks.iter_mut().filter(|(_, block)| seen(block)).map(|(at, block)| (*at, block.whole())).collect()
    }
}

impl Block {
    fn whole(&mut self) -> &mut [u8] {
        match &mut self.bytes {
            Bytes::Own(bytes) => bytes.as_mut_slice(),
            // SAFETY: memory that was allocated, or pinned and is there until it is unpinned; the state's lock is held.
            Bytes::Host(at, bytes) => unsafe { std::slice::from_raw_parts_mut(*at as *mut u8, *bytes) },
        }
    }

    fn len(&self) -> usize {
        match &self.bytes {
            Bytes::Own(bytes) => bytes.len(),
            Bytes::Host(_, bytes) => *bytes,
        }
    }
}
