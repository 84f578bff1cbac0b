//! Elements computed piece by piece: which operands a compiled loop may use where they lie, which go through buffers, on how many cores, with which flags.
//!
//! A [`Job`] is what [`super::elementwise`] and [`super::strip`] reduce a call to. It knows rows of elements and how each operand lies along a row; it must not be
//! given operands of which an output overlaps an input other than element for element.

mod tile;

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use verdigris_device::float_env::{self, Flags, Guard};
use verdigris_device::pool;

use super::Options;
use super::compiled::{Entry, Host, Loop, Watched};
use super::memory::{Gather, Operand, Scatter, Scratch, alignment, gather, scatter};
use super::share::spread;
use crate::broadcast::{Plan, linear, offset};
use crate::error::Error;

/// Elements a loop is called for at once: enough to make the call free, few enough for buffers to stay in the caches.
const DIRECT_PIECE: usize = 4096;
const BUFFERED_PIECE: usize = 2048;
/// The smallest piece that cores share work by; a multiple of the lanes.
const LEAST_PIECE: usize = 256;
/// Rows at least this long are computed where they lie; shorter ones are gathered.
const LONG_ROW: usize = 512;
/// Elements from which a loop with uniform operands is worth compiling.
const UNIFORM_PAYS: usize = 4096;
/// Elements from which even arithmetic is watched.
const MAY_BE_LONG: usize = 1 << 20;
/// Bytes of an output from which it is written past the caches: it would not be found there again, and lines that are wholly written need not be read first.
const STREAM_BYTES: usize = 16 << 20;
/// Bytes of a line of the caches.
const LINE: usize = 64;

/// How an operand is reached.
#[derive(Clone, Copy)]
enum Kind {
    /// The loop uses it where it lies.
    Direct,
    /// One element for all: the loop's uniform variant reads it once.
    Uniform,
    /// Through a buffer, elements at equal distances.
    Stepped,
    /// Through a buffer, elements over several axes.
    Grid,
}

struct Access {
    pointer: *mut u8,
    kind: Kind,
    /// Bytes between elements of a row.
    step: isize,
    size: usize,
    /// For inputs.
    gather: Option<Gather>,
    /// For outputs.
    scatter: Option<Scatter>,
    /// Whether a compiled loop could read an element in place.
    plain: bool,
}

/// Elements to compute.
pub(super) struct Job<'a> {
    lp: &'a Loop,
    accesses: SmallVec<[Access; 4]>,
    inputs: usize,
    /// Set where there are several axes.
    plan: Option<&'a Plan>,
    rows: usize,
    length: usize,
    piece: usize,
    /// Whether a row's first piece is shorter, so that the output of all others begins at a line of the caches.
    lined: bool,
    /// Whether those others are written past the caches.
    stream: bool,
    /// Set where several rows are computed together, a few columns at a time.
    tiles: Option<tile::Tiles>,
    uniform: u64,
    options: Options,
    watched: Option<Arc<Watched>>,
}

// SAFETY: the pointers in a job are to memory that its maker promised to this call alone (inputs: unwritten), and pieces write disjoint elements.
unsafe impl Sync for Job<'_> {}

impl<'a> Job<'a> {
    /// Elements along one axis, `strides[k]` bytes apart in operand k, of which shape and strides are ignored.
    pub(super) fn along_axis(lp: &'a Loop, operands: &[Operand<'a>], strides: &[isize], count: usize, options: Options) -> Result<Job<'a>, Error> {
        Job::new(lp, operands, options, None, 1, count, |k| (strides[k], true, 0))
    }

    /// Elements over a plan's axes.
    pub(super) fn over(lp: &'a Loop, operands: &[Operand<'a>], plan: &'a Plan, options: Options) -> Result<Job<'a>, Error> {
        let shape = plan.shape();
        let innermost = shape.len() - 1;
        let length = shape[innermost] as usize;
        if innermost == 0 {
            return Job::new(lp, operands, options, None, 1, plan.size(), |k| (plan.strides(k)[0], true, 0));
        }
        // Bits that all distances have in common say whether every element is aligned.
        let bits = |k: usize| plan.strides(k)[..innermost].iter().fold(0, |bits, s| bits | s);
        if length >= LONG_ROW {
            let rows = plan.size() / length;
            let mut job = Job::new(lp, operands, options, Some(plan), rows, length, |k| (plan.strides(k)[innermost], true, bits(k)))?;
            job.tiles = job.tiled(plan)?;
            return Ok(job);
        }
        Job::new(lp, operands, options, Some(plan), 1, plan.size(), |k| (plan.strides(k)[innermost], linear(shape, plan.strides(k)), bits(k)))
    }

    /// `lie(k)`: distance of operand k's elements along a row, whether that is all there is to know, and the bits of its other strides.
    fn new(
        lp: &'a Loop,
        operands: &[Operand<'a>],
        options: Options,
        plan: Option<&'a Plan>,
        rows: usize,
        length: usize,
        lie: impl Fn(usize) -> (isize, bool, isize),
    ) -> Result<Job<'a>, Error> {
        let inputs = lp.inputs();
        if operands.len() != lp.operands() {
            return Err(Error::ArgumentCount { expected: lp.operands(), found: operands.len() });
        }
        let mut accesses: SmallVec<[Access; 4]> = SmallVec::new();
        let mut uniform = 0u64;
        let mut buffered = false;
        for (k, operand) in operands.iter().enumerate() {
            let (step, is_linear, other_strides) = lie(k);
            let ty = lp.operand_type(k);
            let size = ty.size();
            let is_input = k < inputs;
            let wrong = || Error::OperandType { operand: k, expected: ty, found: operand.ty };
            let same = operand.ty == ty && !operand.swapped;
            let plain = same && ((operand.pointer as isize | other_strides) as usize).is_multiple_of(alignment(ty));
            let kind = if !is_linear {
                Kind::Grid
            } else if plain && (step == size as isize || rows * length == 1) {
                Kind::Direct
            } else if is_input && step == 0 && k < 64 && rows * length >= UNIFORM_PAYS {
                uniform |= 1 << k;
                Kind::Uniform
            } else {
                Kind::Stepped
            };
            buffered |= matches!(kind, Kind::Stepped | Kind::Grid);
            let gather = if is_input { Some(gather(operand.ty, ty, operand.swapped).ok_or_else(wrong)?) } else { None };
            let scatter = if is_input {
                None
            } else if operand.ty == ty {
                Some(scatter(ty, operand.swapped))
            } else {
                return Err(wrong());
            };
            accesses.push(Access { pointer: operand.pointer, kind, step, size, gather, scatter, plain });
        }
        // A loop whose inputs are all one element is a fill: no case for code of its own.
        if uniform != 0 && uniform.count_ones() as usize == inputs {
            uniform &= !1;
            accesses[0].kind = Kind::Stepped;
            buffered = true;
        }
        let mut piece = if buffered { BUFFERED_PIECE } else { DIRECT_PIECE };
        if options.parallel {
            let share = (rows * length / (pool::threads() * 8)).next_multiple_of(LEAST_PIECE);
            piece = piece.min(share.max(LEAST_PIECE));
        }
        let mut lined = false;
        let mut stream = false;
        if let [output] = &accesses[inputs..]
            && let Kind::Direct = output.kind
            && length > piece
            // Complex numbers need be aligned as their parts only, and then may never begin at a line.
            && ((output.pointer as isize | lie(inputs).2) as usize).is_multiple_of(output.size)
        {
            lined = true;
            stream = !options.in_place && rows * length * output.size >= STREAM_BYTES;
        }
        let watched = options.watch.filter(|_| lp.control().loops || rows * length >= MAY_BE_LONG).map(Watched::new);
        Ok(Job { lp, accesses, inputs, plan, rows, length, piece, lined, stream, tiles: None, uniform, options, watched })
    }

    /// Computes all elements; the flags they raised.
    pub(super) fn run(&self) -> Result<Flags, Error> {
        let units = match &self.tiles {
            Some(tiles) => tiles.count(),
            None => self.rows * self.pieces_a_row(),
        };
        let _registration = self.watched.as_ref().map(|watched| pool::register(watched.clone()));
        if !self.options.parallel || units < 2 || pool::threads() < 2 {
            return self.units(0..units, true);
        }
        spread(units, self.watched.as_ref(), |range, calling| self.units(range, calling))
    }

    /// `calling`: on the thread that called.
    fn units(&self, range: Range<usize>, calling: bool) -> Result<Flags, Error> {
        let mut worker = Worker::new(self, calling)?;
        for unit in range {
            match &self.tiles {
                Some(tiles) => self.tile(&mut worker, tiles, unit)?,
                None => self.unit(&mut worker, unit)?,
            }
        }
        let flags = worker.flags;
        worker.finish();
        Ok(flags)
    }

    /// Pieces of a row, the last of which may have no elements where the first is shorter.
    fn pieces_a_row(&self) -> usize {
        (self.length + if self.lined { LINE } else { 0 }).div_ceil(self.piece)
    }

    /// Elements that the first piece of a row is shorter by, whose output begins there.
    fn shift(&self, output: *mut u8) -> usize {
        if self.lined { output as usize % LINE / self.accesses[self.inputs].size } else { 0 }
    }

    /// Elements of a row that its piece number `place` has.
    fn piece_of(&self, place: usize, shift: usize) -> Range<usize> {
        let start = (place * self.piece).saturating_sub(shift).min(self.length);
        start..self.length.min((place + 1) * self.piece - shift)
    }

    /// Computes one piece.
    fn unit(&self, worker: &mut Worker, unit: usize) -> Result<(), Error> {
        let per_row = self.pieces_a_row();
        let (row, place) = (unit / per_row, unit % per_row);
        let shift = if self.lined { self.shift(self.row(self.inputs, &self.accesses[self.inputs], row)) } else { 0 };
        let Range { start, end } = self.piece_of(place, shift);
        if start == end {
            return Ok(());
        }
        let n = end - start;
        let first = (row * self.length + start) as u64;
        for (k, access) in self.accesses.iter().enumerate() {
            let base = self.row(k, access, row);
            worker.pointers[k] = match access.kind {
                Kind::Direct => base.wrapping_offset(start as isize * access.step),
                Kind::Uniform if access.plain => base,
                Kind::Uniform | Kind::Stepped | Kind::Grid => {
                    let buffer = worker.buffer(self, k);
                    if let Some(gather) = access.gather {
                        self.fetch(worker, k, gather, base, start, n, buffer);
                    }
                    buffer
                }
            };
        }
        // SAFETY: each pointer is to `n` contiguous, aligned elements of the loop's type (one for a uniform input), by the maker's promise or in a buffer.
        unsafe {
            match &worker.streaming {
                // All pieces but a shorter first one begin at a line's start.
                Some(entry) if !worker.exact && (start > 0 || shift == 0) => entry.call(&worker.pointers, n, first, &worker.host)?,
                _ => worker.entry.call(&worker.pointers, n, first, &worker.host)?,
            }
        }
        worker.host.check()?;
        self.judge_flags(worker, n, first)?;
        for (k, access) in self.accesses.iter().enumerate().skip(self.inputs) {
            if let (Kind::Stepped | Kind::Grid, Some(scatter)) = (access.kind, access.scatter) {
                self.deliver(worker, k, scatter, self.row(k, access, row), start, n);
            }
        }
        Ok(())
    }

    /// First element of a row in operand `k`.
    fn row(&self, k: usize, access: &Access, row: usize) -> *mut u8 {
        match self.plan {
            Some(plan) if self.rows > 1 => {
                let outer = plan.shape().len() - 1;
                access.pointer.wrapping_offset(offset(&plan.shape()[..outer], &plan.strides(k)[..outer], row))
            }
            _ => access.pointer,
        }
    }

    #[expect(clippy::too_many_arguments)]
    fn fetch(&self, worker: &mut Worker, k: usize, gather: Gather, base: *mut u8, start: usize, n: usize, buffer: *mut u8) {
        let access = &self.accesses[k];
        if let Kind::Grid = access.kind {
            self.each_run(k, start, n, |at, stride, done, count| {
                // SAFETY: `count` elements of the operand along its last axis, into the buffer, which has room for a piece.
                unsafe { gather(at, stride, count, buffer.add(done * access.size)) }
            });
            return;
        }
        let n = if let Kind::Uniform = access.kind { 1 } else { n };
        // An element for all is spread once, not for each piece.
        let lasting = access.step == 0 && self.rows == 1;
        if lasting && worker.filled[k] >= n {
            return;
        }
        // SAFETY: `n` elements of the operand along a row; the buffer has room for a piece.
        unsafe { gather(base.wrapping_offset(start as isize * access.step), access.step, n, buffer) };
        if lasting {
            worker.filled[k] = n;
        }
    }

    fn deliver(&self, worker: &mut Worker, k: usize, scatter: Scatter, base: *mut u8, start: usize, n: usize) {
        let access = &self.accesses[k];
        let buffer = worker.buffer(self, k);
        if let Kind::Grid = access.kind {
            self.each_run(k, start, n, |at, stride, done, count| {
                // SAFETY: `count` results from the buffer to as many elements of the output along its last axis.
                unsafe { scatter(buffer.add(done * access.size), at, stride, count) }
            });
        } else {
            // SAFETY: `n` results from the buffer to as many elements of the output along a row.
            unsafe { scatter(buffer, base.wrapping_offset(start as isize * access.step), access.step, n) };
        }
    }

    /// Calls `visit(address, stride, elements before, elements)` for each run along the last axis of elements `start..start + n` in visiting order.
    fn each_run(&self, k: usize, start: usize, n: usize, mut visit: impl FnMut(*mut u8, isize, usize, usize)) {
        let plan = self.plan.expect("a grid comes from a plan");
        let (shape, strides) = (plan.shape(), plan.strides(k));
        let last = shape.len() - 1;
        let length = shape[last] as usize;
        let mut done = 0;
        while done < n {
            let index = start + done;
            let count = (length - index % length).min(n - done);
            visit(self.accesses[k].pointer.wrapping_offset(offset(shape, strides, index)), strides[last], done, count);
            done += count;
        }
    }

    /// Takes note of the flags the piece just computed has raised. Where they may be other elements' (lanes that were off), the piece is computed again, exactly
    /// and into spare buffers, to know.
    fn judge_flags(&self, worker: &mut Worker, n: usize, first: u64) -> Result<(), Error> {
        let raised = both(worker.guard.flags(), self.options.interest);
        if raised == Flags::default() {
            return Ok(());
        }
        worker.guard.clear();
        let known = worker.flags | raised == worker.flags;
        if known || worker.exact || !self.lp.control().false_flags {
            worker.flags = worker.flags | raised;
            return Ok(());
        }
        let exact = self.lp.with_uniform(self.uniform, true, false)?;
        let mut pointers = worker.pointers.clone();
        for (j, pointer) in pointers[self.inputs..].iter_mut().enumerate() {
            *pointer = worker.buffer(self, self.accesses.len() + j);
        }
        // SAFETY: the inputs are those of the call just made (outputs do not overlap them, or the exact loop would have run); results go to spare buffers.
        unsafe { exact.call(&pointers, n, first, &worker.host)? };
        let real = both(worker.guard.flags(), self.options.interest);
        worker.guard.clear();
        worker.flags = worker.flags | real;
        if real != raised {
            self.lp.set_raised_falsely();
            worker.entry = exact;
            worker.exact = true;
        }
        Ok(())
    }
}

/// Computes `count` contiguous elements at once, on this thread: a call too short for anything else to pay.
///
/// # Safety
/// `pointers` are to as many aligned native elements of the loop's types, inputs valid for reads, outputs for writes; outputs overlap nothing.
///
/// # Errors
/// As [`super::run`].
pub unsafe fn run_short(lp: &Loop, pointers: &[*mut u8], count: usize, interest: Flags) -> Result<Flags, Error> {
    let mut entry = lp.warp(lp.raised_falsely())?;
    let guard = float_env::enter();
    let host = Host::default();
    // SAFETY: the caller's promise.
    unsafe { entry.call(pointers, count, 0, &host)? };
    let mut raised = both(guard.flags(), interest);
    if raised != Flags::default() && lp.control().false_flags && !lp.raised_falsely() {
        // They may be lanes' that were off.
        guard.clear();
        entry = lp.warp(true)?;
        // SAFETY: the caller's promise; the inputs are as they were.
        unsafe { entry.call(pointers, count, 0, &host)? };
        let real = both(guard.flags(), interest);
        if real != raised {
            lp.set_raised_falsely();
        }
        raised = real;
    }
    Ok(raised)
}

fn both(a: Flags, b: Flags) -> Flags {
    Flags { invalid: a.invalid & b.invalid, divide: a.divide & b.divide, overflow: a.overflow & b.overflow, underflow: a.underflow & b.underflow }
}

/// One thread's part in a job.
struct Worker {
    guard: Guard,
    host: Host,
    entry: Entry,
    /// Writes past the caches.
    streaming: Option<Entry>,
    exact: bool,
    flags: Flags,
    pointers: SmallVec<[*mut u8; 8]>,
    /// Elements of each buffer that hold an element for all.
    filled: SmallVec<[usize; 8]>,
    scratch: Option<Scratch>,
}

impl Worker {
    fn new(job: &Job<'_>, calling: bool) -> Result<Worker, Error> {
        // A short call would be computed twice where the exact loop is known to be needed.
        let short = job.rows * job.length <= job.piece && job.lp.raised_falsely();
        let wanted = both(job.options.interest, super::ALL_FLAGS) != Flags::default();
        let exact = wanted && (job.options.in_place || short);
        let entry = job.lp.with_uniform(job.uniform, exact, false)?;
        let streaming = if job.stream { Some(job.lp.with_uniform(job.uniform, exact, true)?) } else { None };
        let operands = job.accesses.len();
        Ok(Worker {
            guard: float_env::enter(),
            host: match &job.watched {
                None => Host::default(),
                Some(watched) if calling => Host::calling(watched),
                Some(watched) => Host::helping(watched),
            },
            entry,
            streaming,
            exact,
            flags: Flags::default(),
            pointers: SmallVec::from_elem(std::ptr::null_mut(), operands),
            filled: SmallVec::from_elem(0, operands),
            scratch: None,
        })
    }

    /// Ends the thread's part: what it wrote past the caches is there for other threads.
    fn finish(self) {
        #[cfg(target_arch = "x86_64")]
        if self.streaming.is_some() {
            // SAFETY: SSE is part of x86-64.
            unsafe {
                std::arch::x86_64::_mm_sfence();
            }
        }
    }

    /// Buffer `index`: one for each operand, then a spare for each output.
    fn buffer(&mut self, job: &Job<'_>, index: usize) -> *mut u8 {
        let operands = job.accesses.len();
        // One more for columns of a tile.
        let count = 2 * operands - job.inputs + job.tiles.is_some() as usize;
        let scratch = self.scratch.get_or_insert_with(|| Scratch::take(count, job.piece.min(job.rows * job.length)));
        scratch.buffer(index)
    }
}
