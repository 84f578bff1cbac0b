//! Reductions: the left fold, and the fixed tree of functions declared associative.
//!
//! The tree: blocks of [`BLOCK`] elements, in a block the second half folded onto the first until one is left; then blocks pairwise, the left part always the
//! largest power of two. It depends on the number of elements only, so every core count and every layout gives the same bits. All here runs the exact variants.

use std::sync::{Arc, Mutex};
use std::thread;

use verdigris_device::float_env::{self, Flags};
use verdigris_device::pool;

use super::compiled::{Entry, Host, Loop, Watched};
use super::memory::{Gather, Scatter, Scratch, alignment, gather, scatter};
use super::{Options, Strip};
use crate::error::Error;

/// Elements of a leaf of the tree.
pub(super) const BLOCK: usize = 1024;
/// Elements from which even arithmetic is watched.
const MAY_BE_LONG: usize = 1 << 20;
/// Least number of blocks given to another core at once; a power of two.
const SHARED_BLOCKS: usize = 64;
/// Most partial results kept at once.
const MOST_PARTS: usize = 4096;

/// One element of any type.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Element([u8; 16]);

impl Element {
    const ZERO: Element = Element([0; 16]);

    fn pointer(&mut self) -> *mut u8 {
        self.0.as_mut_ptr()
    }
}

/// Folds `count` elements of `x` into `*accumulator`.
///
/// # Safety
/// `accumulator` is an element of the loop's first type, valid for reads and writes, outside `x`; `x` is `count` elements of its second, valid for reads.
pub(crate) unsafe fn reduce_strip(
    lp: &Loop,
    accumulator: *mut u8,
    x: Strip,
    count: usize,
    associative: bool,
    options: Options,
) -> Result<Flags, Error> {
    let watched = options.watch.filter(|_| lp.control().loops || count >= MAY_BE_LONG).map(Watched::new);
    let _registration = watched.as_ref().map(|watched| pool::register(watched.clone()));
    let host = watched.as_ref().map_or_else(Host::default, Host::calling);
    let alike = lp.operand_type(0) == lp.operand_type(1);
    if !(associative && alike) {
        // SAFETY: the caller's promise.
        return unsafe { left_fold(lp, accumulator, x, count, &host) };
    }
    let ty = lp.operand_type(1);
    let tree = Tree {
        entry: lp.warp(true)?,
        gather: gather(ty, ty, false).expect("every type casts to itself"),
        size: ty.size(),
        direct: x.stride == ty.size() as isize && (x.pointer as usize).is_multiple_of(alignment(ty)),
        x,
        count,
    };
    let blocks = count.div_ceil(BLOCK);
    let guard = float_env::enter();
    let (mut total, flags) = if options.parallel && blocks > SHARED_BLOCKS && pool::threads() > 1 {
        tree.shared(blocks, watched.as_ref())?
    } else {
        (tree.node(&mut tree.scratch(), &host, 0, blocks)?, Flags::default())
    };
    let mut first = Element::ZERO;
    // SAFETY: one element from the accumulator, which need not be aligned, to a local and, when folded, back.
    unsafe {
        std::ptr::copy_nonoverlapping(accumulator, first.pointer(), tree.size);
        let operands = [first.pointer(), total.pointer(), first.pointer()];
        tree.entry.call(&operands, 1, 0, &host)?;
        host.check()?;
        std::ptr::copy_nonoverlapping(first.pointer(), accumulator, tree.size);
    }
    Ok(flags | guard.flags())
}

struct Tree<'a> {
    entry: &'a Entry,
    gather: Gather,
    size: usize,
    x: Strip,
    count: usize,
    /// Whether the loop may read the elements where they lie.
    direct: bool,
}

// SAFETY: the elements are only read, and by the promise of `reduce_strip` nobody writes them meanwhile.
unsafe impl Sync for Tree<'_> {}

impl Tree<'_> {
    fn scratch(&self) -> Scratch {
        Scratch::take(1, BLOCK)
    }

    /// The fold of blocks `low..high`.
    fn node(&self, scratch: &mut Scratch, host: &Host, low: usize, high: usize) -> Result<Element, Error> {
        if high - low == 1 {
            return self.leaf(scratch, host, low);
        }
        let middle = low + left_part(high - low);
        let left = self.node(scratch, host, low, middle)?;
        let right = self.node(scratch, host, middle, high)?;
        self.pair(host, left, right)
    }

    fn pair(&self, host: &Host, mut left: Element, mut right: Element) -> Result<Element, Error> {
        let operands = [left.pointer(), right.pointer(), left.pointer()];
        // SAFETY: three aligned elements; the result replaces the left one.
        unsafe { self.entry.call(&operands, 1, 0, host)? };
        host.check()?;
        Ok(left)
    }

    fn leaf(&self, scratch: &mut Scratch, host: &Host, block: usize) -> Result<Element, Error> {
        host.check()?;
        let first = block * BLOCK;
        let mut n = BLOCK.min(self.count - first);
        let folded = scratch.buffer(0);
        let at = self.x.pointer.wrapping_offset(first as isize * self.x.stride);
        let mut source = at;
        if !self.direct || n == 1 {
            // SAFETY: `n` elements into a buffer of BLOCK.
            unsafe { (self.gather)(at, self.x.stride, n, folded) };
            source = folded;
        }
        while n > 1 {
            let half = n.div_ceil(2);
            // SAFETY: `source` holds n contiguous aligned elements, of which the last n - half are folded onto the first; with an odd n the middle one stays as it is.
            unsafe {
                let operands = [source, source.add(half * self.size), folded];
                self.entry.call(&operands, n - half, first as u64, host)?;
                host.check()?;
                if source != folded && half > n - half {
                    std::ptr::copy_nonoverlapping(source.add((half - 1) * self.size), folded.add((half - 1) * self.size), self.size);
                }
            }
            source = folded;
            n = half;
        }
        let mut result = Element::ZERO;
        // SAFETY: the one element left.
        unsafe { std::ptr::copy_nonoverlapping(folded, result.pointer(), self.size) };
        Ok(result)
    }

    /// The whole tree, its subtrees of equal power-of-two size computed by all cores.
    fn shared(&self, blocks: usize, watched: Option<&Arc<Watched>>) -> Result<(Element, Flags), Error> {
        let caller = thread::current().id();
        let each = SHARED_BLOCKS.max(blocks.div_ceil(MOST_PARTS).next_power_of_two());
        let parts = blocks.div_ceil(each);
        let outcome = Mutex::new((vec![Element::ZERO; parts], Flags::default(), None));
        let share = |part: usize| {
            let host = match watched {
                None => Host::default(),
                Some(watched) if thread::current().id() == caller => Host::calling(watched),
                Some(watched) => Host::helping(watched),
            };
            let guard = float_env::enter();
            let low = part * each;
            let result = self.node(&mut self.scratch(), &host, low, blocks.min(low + each));
            let flags = guard.flags();
            let mut outcome = outcome.lock().unwrap_or_else(|e| e.into_inner());
            outcome.1 = outcome.1 | flags;
            match result {
                Ok(value) => outcome.0[part] = value,
                Err(error) => outcome.2 = Some(error),
            }
        };
        pool::run_polled(parts, &share, &mut || {
            if let Some(watched) = watched {
                watched.ask();
            }
        });
        let (values, flags, error) = outcome.into_inner().unwrap_or_else(|e| e.into_inner());
        match error {
            Some(error) => Err(error),
            None => Ok((self.join(&Host::default(), &values)?, flags)),
        }
    }

    fn join(&self, host: &Host, values: &[Element]) -> Result<Element, Error> {
        match values {
            [one] => Ok(*one),
            _ => {
                let (left, right) = values.split_at(left_part(values.len()));
                let (left, right) = (self.join(host, left)?, self.join(host, right)?);
                self.pair(host, left, right)
            }
        }
    }
}

/// The largest power of two below `n`, which is at least 2.
fn left_part(n: usize) -> usize {
    1 << (n - 1).ilog2()
}

/// `accumulator = f(accumulator, x[i])` for each i in turn. Safety: as [`reduce_strip`].
unsafe fn left_fold(lp: &Loop, accumulator: *mut u8, x: Strip, count: usize, host: &Host) -> Result<Flags, Error> {
    let entry = lp.one()?;
    let guard = float_env::enter();
    let (sum, other) = (lp.operand_type(0), lp.operand_type(1));
    let direct = x.stride == other.size() as isize && (x.pointer as usize).is_multiple_of(alignment(other));
    let fetch = gather(other, other, false).expect("every type casts to itself");
    let mut scratch = Scratch::take(2, BLOCK + 1);
    let (sums, fetched) = (scratch.buffer(0), scratch.buffer(1));
    let size = sum.size();
    // SAFETY: one element from the accumulator, which need not be aligned.
    unsafe { std::ptr::copy_nonoverlapping(accumulator, sums, size) };
    for first in (0..count).step_by(BLOCK) {
        let n = BLOCK.min(count - first);
        let at = x.pointer.wrapping_offset(first as isize * x.stride);
        let mut elements = at;
        if !direct {
            // SAFETY: `n` elements of x into a buffer of more than BLOCK.
            unsafe { fetch(at, x.stride, n, fetched) };
            elements = fetched;
        }
        // SAFETY: n elements each, the sums written one place after the sums read: the code takes elements one at a time in order (see `compiler::abi`), so each
        // reads the sum just written. Then the last becomes the first.
        unsafe {
            entry.call(&[sums, elements, sums.add(size)], n, first as u64, host)?;
            host.check()?;
            std::ptr::copy_nonoverlapping(sums.add(n * size), sums, size);
        }
    }
    // SAFETY: as at the start.
    unsafe { std::ptr::copy_nonoverlapping(sums, accumulator, size) };
    Ok(guard.flags())
}

/// Computes elements strictly one after another.
///
/// # Safety
/// As [`super::run_strips`].
pub(super) unsafe fn in_order(lp: &Loop, strips: &[Strip], count: usize, options: Options) -> Result<Flags, Error> {
    let entry = lp.one()?;
    let guard = float_env::enter();
    let watched = options.watch.filter(|_| lp.control().loops || count >= MAY_BE_LONG).map(Watched::new);
    let _registration = watched.as_ref().map(|watched| pool::register(watched.clone()));
    let host = watched.as_ref().map_or_else(Host::default, Host::calling);
    let inputs = lp.inputs();
    let of = |k: usize| lp.operand_type(k);
    let aligned = strips.iter().enumerate().all(|(k, s)| ((s.pointer as isize | s.stride) as usize).is_multiple_of(alignment(of(k))));
    let mut pointers: smallvec::SmallVec<[*mut u8; 8]> = strips.iter().map(|s| s.pointer).collect();
    if aligned {
        let dense = strips.iter().enumerate().all(|(k, s)| s.stride == of(k).size() as isize);
        let step = if dense { BLOCK } else { 1 };
        for i in (0..count).step_by(step) {
            let n = step.min(count - i);
            // SAFETY: aligned elements of each operand, one or, where all lie densely, a block of them: the code takes them one at a time in order
            // (see `compiler::abi`), so that an output may be what a later element reads.
            unsafe { entry.call(&pointers, n, i as u64, &host)? };
            host.check()?;
            pointers.iter_mut().zip(strips).for_each(|(p, s)| *p = p.wrapping_offset(s.stride * n as isize));
        }
        return Ok(guard.flags());
    }
    let moves: Vec<(Gather, Scatter)> =
        (0..strips.len()).map(|k| (gather(of(k), of(k), false).expect("every type casts to itself"), scatter(of(k), false))).collect();
    let mut elements = vec![Element::ZERO; strips.len()];
    for i in 0..count {
        let at = |s: &Strip| s.pointer.wrapping_offset(i as isize * s.stride);
        for (k, element) in elements.iter_mut().enumerate() {
            pointers[k] = element.pointer();
            if k < inputs {
                // SAFETY: one element to a local.
                unsafe { (moves[k].0)(at(&strips[k]), 0, 1, pointers[k]) };
            }
        }
        // SAFETY: locals, aligned.
        unsafe { entry.call(&pointers, 1, i as u64, &host)? };
        host.check()?;
        for k in inputs..strips.len() {
            // SAFETY: one element from a local.
            unsafe { (moves[k].1)(pointers[k], at(&strips[k]), 0, 1) };
        }
    }
    Ok(guard.flags())
}
