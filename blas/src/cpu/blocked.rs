//! Large products: operands packed, C in tiles of registers, all threads on one product.
//!
//! Owns the way of Goto and van de Geijn (2008) through a product. The sums are cut into phases of equal depth, by the depth alone; in a phase the threads pack the right operand together, then
//! take blocks of rows of C, for each of which one packs the left operand into its second cache. An element's sum is therefore the same whatever the number of threads, and where
//! C was cut. Knows the packed layouts from [`super::pack`] and the tiles from [`super::micro`]; must not know why a product is wanted.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use verdigris_device::pool;

use super::micro::{Kernels, Tile, kernels};
use super::pack::{self, Source};
use crate::operand::{Op, Uplo};
use crate::scalar::Scalar;
use crate::view::MatMut;

/// Which part of C is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    All,
    Triangle(Uplo),
}

impl Keep {
    fn flipped(self) -> Keep {
        match self {
            Keep::All => Keep::All,
            Keep::Triangle(uplo) => Keep::Triangle(uplo.flipped()),
        }
    }

    /// How much of a tile is kept: nothing, a part or all of it.
    fn of(self, rows: &Range<usize>, cols: &Range<usize>) -> Share {
        let (outside, inside) = match self {
            Keep::All => return Share::All,
            Keep::Triangle(Uplo::Upper) => (rows.start >= cols.end, rows.end <= cols.start + 1),
            Keep::Triangle(Uplo::Lower) => (rows.end <= cols.start, rows.start + 1 >= cols.end),
        };
        match (outside, inside) {
            (true, _) => Share::Nothing,
            (_, true) => Share::All,
            _ => Share::Part,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    Nothing,
    Part,
    All,
}

/// Bytes of the right operand that are packed at a time.
const PANEL: usize = 16 << 20;
/// Bytes of buffers that a thread keeps for its next product.
const KEPT: usize = 32 << 20;
/// Columns of the right operand that a thread packs at a time.
const CHUNK: usize = 64;
/// Columns of C up to which a left operand is read where it is.
const NARROW: usize = 32;
/// The same where its own columns are that many bytes apart at most.
const LESS_NARROW: usize = 128;
const COMPACT: usize = 1024;
/// Rows of C up to which a right operand is read where it is, if sums go along its memory or it has at most that many bytes: packed, it would be used a few times only.
const LOW: usize = 200;
const CLOSE: usize = 512 << 10;
/// Tasks for each thread, at least, where the product is large enough.
const FINE: usize = 3;
/// Products of a sum up to which a tile of C is asked for before its turn.
const SHORT: usize = 128;
/// Bytes of packed right operand up to which all of it stays in the first cache.
const NEAR: usize = 24 << 10;

#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Line(#[allow(dead_code, reason = "room for numbers, reached by address")] [u8; 64]);

thread_local! {
    static BUFFER: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// Room for packed operands, not initialised: the calling thread's, if that is large enough; `None` if there is no memory.
pub(super) fn buffer(bytes: usize) -> Option<Vec<Line>> {
    let mut lines = BUFFER.take();
    let wanted = bytes.div_ceil(size_of::<Line>());
    if lines.capacity() < wanted {
        lines = Vec::new();
        lines.try_reserve_exact(wanted).ok()?;
    }
    Some(lines)
}

/// For the thread's next call.
pub(super) fn give_back(lines: Vec<Line>) {
    if lines.capacity() * size_of::<Line>() <= KEPT {
        BUFFER.set(lines);
    }
}

/// A part of the work that is done before the next begins.
struct Phase {
    cols: Range<usize>,
    depth: Range<usize>,
    next_chunk: AtomicUsize,
    chunks_done: AtomicUsize,
    next_task: AtomicUsize,
    tasks_done: AtomicUsize,
}

/// A product in parts of numbers, with its plan.
struct Product<R: 'static> {
    kernels: &'static Kernels<R>,
    a: Source<R>,
    b: Source<R>,
    c: *mut R,
    rs: isize,
    cs: isize,
    alpha: [R; 2],
    beta: [R; 2],
    keep: Keep,
    /// Whether full panels of the left operand are read where they are.
    in_place: bool,
    /// Whether the right operand is read where it is.
    direct: bool,
    /// Blocks of rows.
    blocks: Vec<Range<usize>>,
    /// Parts of a phase's columns.
    col_parts: usize,
    phases: Vec<Phase>,
    packed: *mut R,
    /// Each thread's own room, that many parts apart.
    left: *mut R,
    left_step: usize,
}

// SAFETY: the threads of a product read A and B, write to parts of the buffers and of C that a counter has given to one of them alone, and wait for each other's as `work` says.
unsafe impl<R: Sync> Sync for Product<R> {}

/// `C ← αAB + βC`, or the triangle of that; `None` and nothing done if this processor has no kernels or no memory is left. α is not 0 and no extent is. `side` is the most rows of a block, 0 for
/// the usual number.
pub(super) fn gemm<T: Scalar>(
    alpha: T,
    a: Op<'_, T>,
    b: Op<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
    keep: Keep,
    (threads, side): (usize, usize),
) -> Option<()> {
    let kernels = kernels::<T::Real>(T::COMPLEX)?;
    let (a, b, mut c, keep) = if c.rb().col_stride().abs() < c.rb().row_stride().abs() {
        (b.transposed(), a.transposed(), c.transposed(), keep.flipped())
    } else {
        (a, b, c, keep)
    };
    let (m, n, k) = (c.rows(), c.cols(), a.cols());
    assert!(a.rows() == m && b.rows() == k && b.cols() == n, "gemm of {m}x{k} and {}x{n}", b.rows());
    let parts = 1 + usize::from(T::COMPLEX);
    let height = kernels.lanes * kernels.of_height.len();
    let item = size_of::<T>();

    let phases_deep = k.div_ceil(kernels.depth);
    let depth = k.div_ceil(phases_deep).next_multiple_of(4).min(k);
    let most_cols = (PANEL / (depth * item)).next_multiple_of(kernels.cols).max(kernels.cols);
    let phases_wide = n.div_ceil(most_cols);
    let wide = n.div_ceil(phases_wide).next_multiple_of(kernels.cols);

    let most_rows = if side > 0 { side } else { kernels.block / (depth * item) };
    let most_tiles = (most_rows / height).max(1);
    // Short sums are little work for the memory of C: threads share its columns, long stretches of memory.
    let by_columns = threads > 1 && k <= SHORT && keep == Keep::All && wide >= 8 * CHUNK * threads;
    let blocks = cut(m, height, most_tiles, if by_columns { 1 } else { threads }, keep);
    let tasks = FINE * threads;
    let col_parts = if threads == 1 || blocks.len() >= tasks { 1 } else { tasks.div_ceil(blocks.len()).min(wide.div_ceil(2 * CHUNK)) };

    let mut phases = Vec::with_capacity(phases_deep * phases_wide);
    for col in (0..n).step_by(wide) {
        for from in (0..k).step_by(depth) {
            phases.push(Phase {
                cols: col..(col + wide).min(n),
                depth: from..(from + depth).min(k),
                next_chunk: AtomicUsize::new(0),
                chunks_done: AtomicUsize::new(0),
                next_task: AtomicUsize::new(0),
                tasks_done: AtomicUsize::new(0),
            });
        }
    }
    let align = |parts: usize| parts.next_multiple_of(64 / size_of::<T::Real>());
    let right = align(wide * depth * parts);
    let left_step = align(blocks.iter().map(Range::len).max().unwrap_or(0).next_multiple_of(height) * depth * parts);
    let mut lines = buffer((right + threads * left_step) * size_of::<T::Real>())?;
    let packed = lines.as_mut_ptr().cast::<T::Real>();
    let steps = |op: &Op<'_, T>| (op.mat.row_stride() * parts as isize, op.mat.col_stride() * parts as isize);
    let ((ars, acs), (brs, bcs)) = (steps(&a), steps(&b));
    let to = c.rb();
    let product = Product {
        kernels,
        a: Source { at: a.mat.as_ptr().cast(), along: acs, across: ars, conj: a.conj },
        b: Source { at: b.mat.as_ptr().cast(), along: brs, across: bcs, conj: b.conj },
        rs: to.row_stride() * parts as isize,
        cs: to.col_stride() * parts as isize,
        c: c.as_mut_ptr().cast(),
        alpha: [alpha.re(), alpha.im()],
        beta: [beta.re(), beta.im()],
        keep,
        in_place: !T::COMPLEX && ars == 1 && acs >= 0 && (n <= NARROW || (n <= LESS_NARROW && acs as usize * item <= COMPACT)),
        direct: !T::COMPLEX && m <= LOW && (brs == 1 || k.saturating_mul(n).saturating_mul(item) <= CLOSE),
        blocks,
        col_parts,
        phases,
        packed,
        left: packed.wrapping_add(right),
        left_step,
    };
    // SAFETY: A and B are readable and C is exclusively ours, of the shapes asserted above; the buffer has the room computed above; each thread has a number of its own.
    let work = |thread: usize| unsafe { if T::COMPLEX { product.work::<true>(thread) } else { product.work::<false>(thread) } };
    if threads == 1 {
        work(0)
    } else {
        pool::run(threads, &work)
    }
    give_back(lines);
    Some(())
}

/// Blocks of rows of at most `most` tiles of that height. For several threads they grow smaller towards the end, so that all end at about one time.
fn cut(m: usize, height: usize, most: usize, threads: usize, keep: Keep) -> Vec<Range<usize>> {
    let tiles = m.div_ceil(height);
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < tiles {
        let left = tiles - at;
        let size = if threads > 1 { left.div_ceil(2 * threads).max(2).min(most) } else { left.div_ceil(left.div_ceil(most)) };
        let end = (at + size).min(tiles);
        blocks.push(at * height..(end * height).min(m));
        at = end;
    }
    if keep == Keep::Triangle(Uplo::Lower) {
        // The rows with the most to do first.
        let last = m.next_multiple_of(height);
        for block in &mut blocks {
            *block = last - block.end.next_multiple_of(height)..(last - block.start).min(m);
        }
    }
    blocks
}

/// Whether this processor has kernels for the type.
pub(super) fn is_here<T: Scalar>() -> bool {
    kernels::<T::Real>(T::COMPLEX).is_some()
}

/// Waits for what other threads have begun: each of them is running, and does so without waiting for us.
fn wait(until: impl Fn() -> bool) {
    let mut laps = 0;
    while !until() {
        laps += 1;
        if laps < 4096 { std::hint::spin_loop() } else { std::thread::yield_now() }
    }
}

/// Takes the next of `count` from a counter.
fn take(next: &AtomicUsize, count: usize) -> Option<usize> {
    let taken = next.fetch_add(1, Ordering::Relaxed);
    (taken < count).then_some(taken)
}

impl<R: crate::scalar::Real> Product<R> {
    /// What each thread does. A thread that comes late finds what is left.
    ///
    /// # Safety
    /// The fields are what their names say, and no other thread has that number.
    unsafe fn work<const C: bool>(&self, thread: usize) {
        let left = self.left.wrapping_add(thread * self.left_step);
        let tasks = self.blocks.len() * self.col_parts;
        for (number, phase) in self.phases.iter().enumerate() {
            if let Some(before) = number.checked_sub(1) {
                // The buffer is packed anew, and C is added to: all has to be done. Acquire: what they wrote is seen.
                wait(|| self.phases[before].tasks_done.load(Ordering::Acquire) == tasks);
            }
            let chunks = phase.cols.len().div_ceil(CHUNK);
            while let Some(chunk) = take(&phase.next_chunk, chunks) {
                // SAFETY: no other thread has this chunk.
                unsafe { self.pack_right::<C>(phase, chunk) };
                phase.chunks_done.fetch_add(1, Ordering::Release);
            }
            wait(|| phase.chunks_done.load(Ordering::Acquire) == chunks);
            while let Some(task) = take(&phase.next_task, tasks) {
                // SAFETY: no other thread has this part of C, and the right operand is packed.
                unsafe { self.block::<C>(phase, task, left) };
                phase.tasks_done.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// The panels of the right operand in that chunk of a phase's columns.
    ///
    /// # Safety
    /// No other thread has the chunk.
    unsafe fn pack_right<const C: bool>(&self, phase: &Phase, chunk: usize) {
        if self.direct {
            return;
        }
        let (width, depth) = (self.kernels.cols, phase.depth.len());
        let panels = phase.cols.len().div_ceil(width);
        let chunks = phase.cols.len().div_ceil(CHUNK);
        for panel in panels * chunk / chunks..panels * (chunk + 1) / chunks {
            let col = panel * width;
            let count = width.min(phase.cols.len() - col);
            let from = self.b.from(phase.cols.start + col, phase.depth.start);
            // SAFETY: the panel's columns are B's, its place in the buffer is its own.
            unsafe { pack::panel::<R, C, false>(from, depth, count, width, self.packed.add(col * depth * (1 + usize::from(C)))) };
        }
    }

    /// A block of rows of C times a part of a phase's columns.
    ///
    /// # Safety
    /// No other thread has that task, nor `left`.
    unsafe fn block<const C: bool>(&self, phase: &Phase, task: usize, left: *mut R) {
        let parts = 1 + usize::from(C);
        let (rows, part) = (&self.blocks[task / self.col_parts], task % self.col_parts);
        let (lanes, most, width, depth) = (self.kernels.lanes, self.kernels.of_height.len(), self.kernels.cols, phase.depth.len());
        let all = phase.cols.len().div_ceil(width);
        let panels = all * part / self.col_parts..all * (part + 1) / self.col_parts;
        let cols = phase.cols.start + panels.start * width..phase.cols.end.min(phase.cols.start + panels.end * width);
        if self.keep.of(rows, &cols) == Share::Nothing {
            return;
        }
        let mut at = rows.start;
        while at < rows.end {
            let count = (rows.end - at).min(lanes * most);
            let height = count.div_ceil(lanes) * lanes;
            if !(self.in_place && count == height) {
                let from = self.a.from(at, phase.depth.start);
                // SAFETY: the rows are A's, their place in this thread's room is behind those before them.
                unsafe { pack::panel::<R, C, true>(from, depth, count, height, left.add((at - rows.start) * depth * parts)) };
            }
            at += count;
        }
        let first = phase.depth.start == 0;
        let beta = if first { self.beta } else { [R::ONE, R::ZERO] };
        let tile = |panel: usize, at: usize, near: bool| {
            let col = panel * width;
            let here = phase.cols.start + col..(phase.cols.start + col + width).min(phase.cols.end);
            let count = (rows.end - at).min(lanes * most);
            let registers = count.div_ceil(lanes);
            let height = registers * lanes;
            let share = self.keep.of(&(at..at + count), &here);
            if share == Share::Nothing {
                return;
            }
            // Of a tile that the diagonal crosses, the registers of rows that are kept. (Panels of complex numbers have the parts of all rows apart.)
            let kept = match self.keep {
                Keep::Triangle(Uplo::Upper) if share == Share::Part && !C => 0..count.min(here.end - at),
                Keep::Triangle(Uplo::Lower) if share == Share::Part && !C => here.start.saturating_sub(at) / lanes * lanes..count,
                _ => 0..count,
            };
            let (a, step) = if self.in_place && count == height {
                (self.a.from(at, phase.depth.start).at, self.a.along as usize)
            } else {
                (left.wrapping_add((at - rows.start) * depth * parts).cast_const(), height * parts)
            };
            let registers = kept.len().div_ceil(lanes);
            let tile = Tile {
                depth,
                a: a.wrapping_add(kept.start),
                step,
                b: if self.direct { self.b.from(here.start, phase.depth.start).at } else { self.packed.wrapping_add(col * depth * parts) },
                b_steps: (self.b.along, self.b.across),
                // Some columns on; of short ones, where the tile after the next begins.
                a_ahead: if near && self.in_place { 2 * height as isize } else { 8 * step as isize },
                c_ahead: if depth < SHORT { 2 * height as isize * self.rs } else { 0 },
                // The next panel, a part of it with each tile.
                ahead: self.packed.wrapping_add((col + width) * depth * parts + (at - rows.start) / (lanes * most) * depth).cast_const(),
                c: self.c.wrapping_offset((at + kept.start) as isize * self.rs + here.start as isize * self.cs),
                rs: self.rs,
                cs: self.cs,
                rows: kept.len(),
                cols: here.len(),
                alpha: self.alpha,
                beta,
            };
            let kernel = if self.direct { self.kernels.direct[registers - 1].0.1 } else { self.kernels.of_height[registers - 1] };
            // SAFETY: panels and the tile of C are as the fields say; the kernels are those of this processor.
            unsafe {
                if share == Share::All {
                    kernel(&tile);
                } else {
                    self.part_of_tile::<C>(kernel, tile, at + kept.start, here.start);
                }
            }
        };
        let tops = || rows.clone().step_by(lanes * most);
        if panels.len() * width * depth * parts * size_of::<R>() <= NEAR {
            // The left operand passes by once.
            tops().for_each(|at| panels.clone().for_each(|panel| tile(panel, at, true)));
        } else {
            panels.for_each(|panel| tops().for_each(|at| tile(panel, at, false)));
        }
    }

    /// A tile that the diagonal crosses, the first row and column of which are given: only what is kept is written.
    ///
    /// # Safety
    /// As the kernel.
    unsafe fn part_of_tile<const C: bool>(&self, kernel: unsafe fn(&Tile<R>), tile: Tile<R>, row: usize, col: usize) {
        const ROOM: usize = 16 * 3 * 8 * 2;
        let parts = 1 + usize::from(C);
        let mut room = MaybeUninit::<[R; ROOM]>::uninit();
        let room = room.as_mut_ptr().cast::<R>();
        let copy = Tile { c: room, rs: parts as isize, cs: (tile.rows * parts) as isize, ..tile };
        // The rows of a column that are kept.
        let kept = |j: usize| match self.keep {
            Keep::All => 0..tile.rows,
            Keep::Triangle(Uplo::Upper) => 0..(col + j + 1).saturating_sub(row).min(tile.rows),
            Keep::Triangle(Uplo::Lower) => (col + j).saturating_sub(row).min(tile.rows)..tile.rows,
        };
        let places = |i: usize, j: usize| {
            (tile.c.wrapping_offset(i as isize * tile.rs + j as isize * tile.cs), copy.c.wrapping_add((j * tile.rows + i) * parts))
        };
        // SAFETY: the room holds the largest tile; the kept elements of C are there. What else the kernel reads of the room is zeros.
        unsafe {
            if tile.beta != [R::ZERO; 2] {
                room.write_bytes(0, tile.rows * tile.cols * parts);
                for j in 0..tile.cols {
                    for (at, to) in kept(j).map(|i| places(i, j)) {
                        std::ptr::copy_nonoverlapping(at.cast_const(), to, parts);
                    }
                }
            }
            kernel(&copy);
            for j in 0..tile.cols {
                for (to, at) in kept(j).map(|i| places(i, j)) {
                    std::ptr::copy_nonoverlapping(at.cast_const(), to, parts);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::MatRef;
    use num_complex::Complex;

    fn numbers<T: Scalar>(count: usize, seed: u64) -> Vec<T> {
        use crate::scalar::Real;
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            T::Real::from_f64((state >> 40) as f64 / (1 << 23) as f64 - 1.0)
        };
        (0..count).map(|_| T::from_parts(next(), next())).collect()
    }

    /// Every cut of a product gives the same bits, and they are near the plain sum.
    fn cuts<T: Scalar>() {
        use crate::scalar::Real;
        if kernels::<T::Real>(T::COMPLEX).is_none() {
            return;
        }
        for (m, n, k) in [(1, 1, 1), (5, 7, 3), (49, 50, 51), (130, 40, 900), (300, 21, 17), (33, 200, 1)] {
            let (a, b, c) = (numbers::<T>(m * k, 1), numbers::<T>(k * n, 2), numbers::<T>(m * n, 3));
            let (alpha, beta) = (numbers::<T>(1, 4)[0], numbers::<T>(1, 5)[0]);
            let (va, vb) = (MatRef::col_major(&a, m, k).unwrap(), MatRef::row_major(&b, k, n).unwrap());
            let run = |threads: usize, side: usize, keep: Keep, by_rows: bool| {
                let mut out: Vec<T> = vec![T::ZERO; m * n];
                let mut view = if by_rows { MatMut::row_major(&mut out, m, n).unwrap() } else { MatMut::col_major(&mut out, m, n).unwrap() };
                view.fill_with(|i, j| c[i * n + j]);
                gemm(alpha, va.n(), vb.n(), beta, view.rb_mut(), keep, (threads, side)).unwrap();
                (0..m * n).map(|at| view.get(at / n, at % n)).collect::<Vec<T>>()
            };
            let whole = run(1, 0, Keep::All, false);
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let (mut sum, mut size) = (T::ZERO, 0.0);
                for p in 0..k {
                    sum += va.get(i, p) * vb.get(p, j);
                    size += (va.get(i, p).modulus() * vb.get(p, j).modulus()).to_f64();
                }
                let wrong = (whole[i * n + j] - alpha * sum - beta * c[i * n + j]).modulus().to_f64();
                assert!(wrong <= 8.0 * (k + 2) as f64 * T::Real::EPSILON.to_f64() * (size + 2.0), "({i}, {j}) of {m}x{n}x{k}: off by {wrong:e}");
            }
            for (threads, side) in [(2, 0), (3, 24), (1, 48), (4, 1000)] {
                assert_eq!(run(threads, side, Keep::All, false), whole);
            }
            assert_eq!(run(1, 0, Keep::All, true).len(), whole.len());
            for uplo in [Uplo::Upper, Uplo::Lower] {
                for (threads, by_rows) in [(1, false), (3, false), (2, true)] {
                    let part = run(threads, 0, Keep::Triangle(uplo), by_rows);
                    let all = run(1, 0, Keep::All, by_rows);
                    for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                        let kept = i == j || (i < j) == (uplo == Uplo::Upper);
                        assert_eq!(part[i * n + j], if kept { all[i * n + j] } else { c[i * n + j] }, "({i}, {j}) of {m}x{n}x{k}, {uplo:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn cuts_do_not_matter() {
        cuts::<f32>();
        cuts::<f64>();
        cuts::<Complex<f32>>();
        cuts::<Complex<f64>>();
    }
}
