//! What launches on a GPU leave behind: a failure, or printed lines, read when somebody waits.
//!
//! Owns the status blocks of all launches of a device, which lie together so that one copy reads them, and the list of those that nobody has read. What is in one is
//! `verdigris_compiler::llvm::ptx`'s; when somebody waits is said by whoever does ([`collect`]). A block belongs to a [`Desk`]: launches of one function, of one shape, on one stream.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use verdigris_compiler::abi::{self, Failure, Site};
use verdigris_compiler::llvm::ptx::{self, Status, Word};
use verdigris_device::DeviceError;
use verdigris_device::cuda::{self, Context, Host, HostKind, Memory, Queue, Stream};
use verdigris_device::layout::{Layout, Order};

use crate::Error;

/// Bytes for the lines that launches of one desk print before somebody waits.
const PRINT_BYTES: usize = 1 << 20;
/// Status blocks that are made at once.
const CHUNK: usize = 512;
/// Where, in a status block, the blocks of a cooperative launch meet: zero before each.
const MEETING: u64 = 36;
/// Desks that may wait to be read before a launch reads those that can be.
const MOST_UNREAD: usize = 256;

/// The status blocks of a device.
#[derive(Debug)]
pub(crate) struct Board {
    context: &'static Context,
    /// Waits for nobody: what it reads was waited for before.
    reader: Stream,
    chunks: Mutex<Chunks>,
    /// Desks with launches that nobody has read, oldest first. Locked while one of them is launched, and while they are read: no launch comes between reading and clearing.
    unread: Mutex<Vec<Arc<Desk>>>,
}

#[derive(Debug, Default)]
struct Chunks {
    all: Vec<Chunk>,
    /// Chunk and number of blocks that no desk has.
    free: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Chunk {
    memory: Memory,
    /// Where they are copied to.
    host: Host,
}

/// Where launches of one function, of one shape, on one stream leave what became of them.
#[derive(Debug)]
pub(crate) struct Desk {
    board: &'static Board,
    code: Arc<ptx::Module>,
    queue: Queue,
    grid: [u32; 3],
    block: [u32; 3],
    place: (usize, usize),
    address: u64,
    lines: Option<Memory>,
    /// Whether it is in the board's list.
    unread: AtomicBool,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Nothing launched here still runs: it would be in the board's list.
        lock(&self.board.chunks).free.push(self.place);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes(n: usize) -> Result<Layout, DeviceError> {
    Layout::contiguous(&[n], 1, Order::C)
}

static BOARDS: Mutex<Vec<&'static Board>> = Mutex::new(Vec::new());

impl Board {
    /// The board of a device, made now if it was not before.
    pub(crate) fn of(context: &'static Context) -> Result<&'static Board, DeviceError> {
        let mut boards = lock(&BOARDS);
        if let Some(found) = boards.iter().find(|board| std::ptr::eq(board.context, context)) {
            return Ok(found);
        }
        let reader = Stream::new(context, true, 0)?;
        // Lives as long as the context: for good.
        let board: &'static Board = Box::leak(Box::new(Board { context, reader, chunks: Mutex::default(), unread: Mutex::default() }));
        boards.push(board);
        Ok(board)
    }

    fn made(context: &'static Context) -> Option<&'static Board> {
        lock(&BOARDS).iter().find(|board| std::ptr::eq(board.context, context)).copied()
    }

    /// A desk for launches of that code and shape on a stream.
    pub(crate) fn desk(&'static self, code: &Arc<ptx::Module>, stream: &Stream, grid: [u32; 3], block: [u32; 3]) -> Result<Arc<Desk>, DeviceError> {
        let lines = if code.prints { Some(Memory::new(PRINT_BYTES, &self.reader)?) } else { None };
        let (place, address) = self.take()?;
        let desk =
            Desk { board: self, code: code.clone(), queue: Queue::of(stream), grid, block, place, address, lines, unread: AtomicBool::new(false) };
        desk.clear()?;
        Ok(Arc::new(desk))
    }

    /// A block that no desk has, and its address.
    fn take(&self) -> Result<((usize, usize), u64), DeviceError> {
        let mut chunks = lock(&self.chunks);
        if chunks.free.is_empty() {
            let memory = Memory::new(CHUNK * Status::SIZE, &self.reader)?;
            let host = Host::new(self.context, CHUNK * Status::SIZE, HostKind::Pinned)?;
            let number = chunks.all.len();
            chunks.all.push(Chunk { memory, host });
            chunks.free.extend((0..CHUNK).rev().map(|at| (number, at)));
        }
        let place = chunks.free.pop().expect("filled above");
        Ok((place, chunks.all[place.0].memory.pointer() + (place.1 * Status::SIZE) as u64))
    }

    /// The blocks of desks, in their order.
    fn read(&self, desks: &[Arc<Desk>]) -> Result<Vec<Status>, DeviceError> {
        let chunks = lock(&self.chunks);
        let mut found = vec![Status::default(); desks.len()];
        for (number, chunk) in chunks.all.iter().enumerate() {
            let places = desks.iter().filter(|desk| desk.place.0 == number).map(|desk| desk.place.1);
            let (Some(first), Some(last)) = (places.clone().min(), places.max()) else { continue };
            let layout = bytes((last + 1 - first) * Status::SIZE)?;
            let from = chunk.memory.pointer() + (first * Status::SIZE) as u64;
            // SAFETY: both are as long as a chunk, which the range is part of; nobody else uses the host's, whose owner is locked, and the copy has ended on return.
            unsafe { cuda::copy_to_host(chunk.host.pointer(), &layout, from, &layout, &self.reader, None) }?;
            for (desk, status) in desks.iter().zip(&mut found).filter(|(desk, _)| desk.place.0 == number) {
                let mut raw = [0; Status::SIZE];
                // SAFETY: within the range that was copied.
                unsafe { raw.as_mut_ptr().copy_from_nonoverlapping(chunk.host.pointer().add((desk.place.1 - first) * Status::SIZE), Status::SIZE) };
                *status = Status::from_bytes(&raw);
            }
        }
        Ok(found)
    }

    /// Reads the desks whose launches have ended: those that were waited for, and others that happen to have.
    fn collect(&self, waited: Waited<'_>) -> Result<(), Error> {
        let (mut text, mut first) = (String::new(), Ok(()));
        {
            let mut unread = lock(&self.unread);
            if unread.is_empty() {
                return Ok(());
            }
            let (ended, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut *unread).into_iter().partition(|desk| desk.has_ended(waited));
            *unread = rest;
            let read = match self.read(&ended) {
                Ok(read) => read,
                Err(error) => {
                    unread.extend(ended);
                    return Err(error.into());
                }
            };
            for (desk, status) in ended.iter().zip(read) {
                desk.unread.store(false, Ordering::Relaxed);
                let told = desk.tell(&status, &mut text);
                first = first.and(told);
            }
        }
        // Without the lock: whoever shows text may wait for others.
        abi::show(&text);
        first
    }
}

/// A thread that failed; of those of one function's launches on one stream since somebody waited, that of the lowest block and thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed {
    /// What it recorded.
    pub failure: Failure,
    /// The place in the user's function.
    pub site: Site,
    /// Blocks of the launch.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Whether threads were a loop's, over elements.
    is_loop: bool,
}

/// Who failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A thread of a kernel.
    Thread {
        /// `blockIdx`.
        block: [u64; 3],
        /// `threadIdx`.
        thread: [u64; 3],
    },
    /// An element of a ufunc's call, or a set of core arrays, by its number in the order of the loop's axes.
    Element(u64),
}

impl Failed {
    /// Who failed.
    pub fn place(&self) -> Place {
        let Failure { block, thread, .. } = self.failure;
        if self.is_loop {
            // One of the two is 0.
            return Place::Element(block + thread);
        }
        let coordinates = |linear: u64, extents: [u32; 3]| {
            let [x, y, _] = extents.map(u64::from);
            [linear % x, linear / x % y, linear / (x * y)]
        };
        Place::Thread { block: coordinates(block, self.grid), thread: coordinates(thread, self.block) }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = &self.site.location;
        write!(f, "{:?} at {}:{}:{}, {:?}", self.site.kind, place.file, place.line, place.column, self.place())
    }
}

/// What was waited for.
#[derive(Clone, Copy, Debug)]
pub enum Waited<'s> {
    /// All work of a device.
    Device,
    /// The work on a stream.
    Stream(&'s Stream),
    /// Something else, an event or a copy: which work has ended is asked.
    Something,
}

/// Tells what launches on a device left behind and nobody was told yet: their printed lines are shown, and the first failure is returned. To be called when something was waited for; launches that
/// still run are left for another time.
///
/// # Errors
/// A thread failed, or the driver's.
pub fn collect(context: &'static Context, waited: Waited<'_>) -> Result<(), Error> {
    context.driver().here()?;
    Board::made(context).map_or(Ok(()), |board| board.collect(waited))
}

/// Waits for the launches of all devices that nobody has been told of, and tells of them as [`collect`] does: for the end of the process, after which nobody asks.
///
/// # Errors
/// As [`collect`], of the first device with one.
pub fn finish() -> Result<(), Error> {
    let boards = lock(&BOARDS).clone();
    let mut first = Ok(());
    for board in boards {
        if board.context.driver().here().is_err() || lock(&board.unread).is_empty() {
            continue;
        }
        let told = board.context.synchronize().map_err(Error::Device).and_then(|()| board.collect(Waited::Device));
        first = first.and(told);
    }
    first
}

impl Desk {
    /// Whether it is for launches of this shape on this stream.
    pub(crate) fn serves(&self, stream: &Stream, grid: [u32; 3], block: [u32; 3]) -> bool {
        (self.grid, self.block) == (grid, block) && self.queue.is(stream)
    }

    /// Address of its status block.
    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// Orders a launch, by `go`, that leaves what becomes of it here.
    pub(crate) fn launch(self: &Arc<Desk>, go: impl FnOnce() -> Result<(), DeviceError>) -> Result<(), Error> {
        let crowded = lock(&self.board.unread).len() >= MOST_UNREAD;
        if crowded {
            // Nobody was waited for: only what happens to have ended is read.
            self.board.collect(Waited::Something)?;
        }
        let mut unread = lock(&self.board.unread);
        if self.code.cooperative {
            // SAFETY: the word is in the desk's block, which the launches that use it hold.
            unsafe { cuda::fill(self.address + MEETING, &Layout::contiguous(&[1], 4, Order::C)?, &[0; 4], self.queue.stream()) }?;
        }
        if !self.unread.swap(true, Ordering::Relaxed) {
            unread.push(self.clone());
        }
        go().map_err(Error::Device)
    }

    /// Makes the block what it has to be before a launch. No launch of the desk runs.
    fn clear(&self) -> Result<(), DeviceError> {
        let before = self.lines.as_ref().map_or(Status::default(), |lines| Status::before(lines.pointer(), PRINT_BYTES as u64));
        let (start, layout) = (before.to_bytes(), bytes(Status::SIZE)?);
        // SAFETY: the block is the desk's; the copy of ordinary memory has ended on return.
        unsafe { cuda::copy_from_host(self.address, &layout, start.as_ptr(), &layout, &self.board.reader, None) }
    }

    fn has_ended(&self, waited: Waited<'_>) -> bool {
        match waited {
            Waited::Device => true,
            Waited::Stream(stream) if self.queue.is(stream) => true,
            // Another thread's own stream cannot be asked by its name. A stream that has failed tells whoever waits for it.
            _ => self.queue.is_named_here() && self.queue.stream().query().unwrap_or(false),
        }
    }

    /// What a block says: adds printed lines to `text`, and makes the block ready for other launches.
    fn tell(&self, status: &Status, text: &mut String) -> Result<(), Error> {
        if let Some(lines) = &self.lines
            && status.print_used > 0
        {
            let used = usize::try_from(status.print_used).map_or(PRINT_BYTES, |used| used.min(PRINT_BYTES));
            let mut records = vec![0; used];
            let layout = bytes(used)?;
            // SAFETY: the vector is as long as the layout, and the copy has ended on return.
            unsafe { cuda::copy_to_host(records.as_mut_ptr(), &layout, lines.pointer(), &layout, &self.board.reader, None) }?;
            let printed = self.code.printed(status, &records);
            text.push_str(&printed.text);
            if printed.lost > 0 {
                text.push_str(&format!(
                    "[{} more lines found no room in the {} KiB that are kept until somebody waits]\n",
                    printed.lost,
                    PRINT_BYTES >> 10
                ));
            }
        }
        let failure = status.failure();
        if failure.is_some() || status.print_used > 0 {
            self.clear()?;
        }
        let Some(failure) = failure else { return Ok(()) };
        match self.code.sites.get(failure.site as usize).cloned() {
            Some(site) => {
                let is_loop = self.code.words.contains(&Word::Count);
                Err(Error::Failed(Box::new(Failed { failure, site, grid: self.grid, block: self.block, is_loop })))
            }
            None => Err(Error::Ptx(ptx::Error::Bug(format!("a failure at site {} of {}", failure.site, self.code.sites.len())))),
        }
    }
}
