//! Memory as a kernel sees it: device memory, the block's, the thread's and the parameters, each with its end.

use super::program::{LOCAL, PARAMETERS, Place, SHARED, WINDOW};

/// Results of the driver's for a kernel that went wrong.
pub(crate) const ILLEGAL_ADDRESS: i32 = 700;
pub(crate) const TIMEOUT: i32 = 702;
pub(crate) const STACK: i32 = 714;
pub(crate) const ILLEGAL_INSTRUCTION: i32 = 715;
pub(crate) const MISALIGNED: i32 = 716;
pub(crate) const LAUNCH_FAILED: i32 = 719;

/// Why a launch ended: the driver's result and what happened.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: i32,
    pub(crate) what: String,
}

pub(super) fn fault<T>(status: i32, what: impl Into<String>) -> Result<T, Box<Fault>> {
    Err(Box::new(Fault { status, what: what.into() }))
}

pub(super) type Ran<T> = Result<T, Box<Fault>>;

/// Device memory while a kernel runs: blocks in the order of their addresses.
pub(crate) struct Blocks<'m> {
    blocks: Vec<(u64, &'m mut [u8])>,
    last: usize,
}

impl<'m> Blocks<'m> {
    pub(crate) fn new(mut blocks: Vec<(u64, &'m mut [u8])>) -> Blocks<'m> {
        blocks.sort_unstable_by_key(|b| b.0);
        Blocks { blocks, last: 0 }
    }

    #[inline]
    fn bytes(&mut self, at: u64, length: usize) -> Option<&mut [u8]> {
        let near = |b: &(u64, &'m mut [u8])| at.wrapping_sub(b.0) < b.1.len() as u64;
        if !self.blocks.get(self.last).is_some_and(near) {
            self.last = self.blocks.partition_point(|b| b.0 <= at).checked_sub(1)?;
        }
        let (start, bytes) = &mut self.blocks[self.last];
        let offset = usize::try_from(at - *start).ok()?;
        bytes.get_mut(offset..offset.checked_add(length)?)
    }
}

/// What the threads of a block reach.
pub(super) struct Reach<'a, 'm> {
    pub(super) device: &'a mut Blocks<'m>,
    pub(super) shared: &'a mut [u8],
    pub(super) parameters: &'a mut [u8],
}

impl Reach<'_, '_> {
    /// Memory by its address; aligned to `length`, which is a power of two.
    #[inline]
    pub(super) fn bytes<'b>(&'b mut self, local: &'b mut [u8], place: Place, address: u64, length: usize, writes: bool) -> Ran<&'b mut [u8]> {
        if address & (length as u64 - 1) != 0 {
            return fault(MISALIGNED, format!("{length} bytes at {address:#x}, which is no multiple of that"));
        }
        let (place, at) = match place {
            Place::Generic => place_of(address),
            place => (place, address),
        };
        fn within(bytes: &mut [u8], at: u64, length: usize) -> Option<&mut [u8]> {
            let at = usize::try_from(at).ok()?;
            bytes.get_mut(at..at.checked_add(length)?)
        }
        let (found, whose) = match place {
            Place::Generic | Place::Global => (self.device.bytes(at, length), "device memory"),
            Place::Shared => (within(self.shared, at, length), "the block's shared memory"),
            Place::Local => (within(local, at, length), "the thread's local memory"),
            Place::Parameters if writes => (None, "what can be written"),
            Place::Parameters => (within(self.parameters, at, length), "the kernel's parameters"),
        };
        match found {
            Some(bytes) => Ok(bytes),
            None => fault(ILLEGAL_ADDRESS, format!("{length} bytes at {address:#x}, outside {whose}")),
        }
    }
}

/// Where a generic address points, and the address there.
pub(super) fn place_of(address: u64) -> (Place, u64) {
    for (base, place) in [(SHARED, Place::Shared), (LOCAL, Place::Local), (PARAMETERS, Place::Parameters)] {
        if address.wrapping_sub(base) < WINDOW {
            return (place, address - base);
        }
    }
    (Place::Global, address)
}

#[inline]
pub(super) fn number(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => {
            let mut all = [0; 8];
            all[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(all)
        }
    }
}

#[inline]
pub(super) fn put(bytes: &mut [u8], value: u64) {
    let length = bytes.len();
    bytes.copy_from_slice(&value.to_le_bytes()[..length]);
}

/// A number of so many bytes with its sign in all 64 bits.
#[inline]
pub(super) fn widened(value: u64, bytes: u8) -> u64 {
    let unused = 64 - 8 * u32::from(bytes);
    ((value << unused) as i64 >> unused) as u64
}
