//! Threads that wait for each other: barriers of a block and of the grid, and the operations of a warp.
//!
//! Owns who runs when, and what a meeting gives. A block is run from barrier to barrier; at a barrier of the grid it is laid aside with its shared memory until all blocks are there.
//! What a thread does between two meetings is [`Thread::run`]'s; memory is [`Memory`]'s.

use super::memory::Memory;
use super::thread::{Place, Position, Thread};
use super::{Error, Fault, Limits, finish};
use crate::ir::{Function, Inst, Meeting, Value};
use crate::types::Scalar;

/// Linear number and coordinates.
type Numbered = (u64, [u32; 3]);

/// A block under way.
struct Block<'f> {
    threads: Vec<Thread<'f>>,
    /// Threads that may go on.
    running: Vec<usize>,
    /// Shared memory, while another block runs.
    shared: Vec<u8>,
    faults: Vec<Fault>,
}

/// Runs all blocks and gives the faults of their threads, in ascending order.
pub(super) fn launch<'f, T: Iterator<Item = Numbered>>(
    f: &'f Function,
    scalars: &'f [Scalar],
    memory: &mut Memory<'_, '_>,
    (blocks, threads): (impl Iterator<Item = Numbered>, impl Fn() -> T),
    place: &dyn Fn(u64, [u32; 3], u64, [u32; 3]) -> Place,
    steps: &mut u64,
    limits: &Limits<'_>,
) -> Result<Vec<Fault>, Error> {
    let all_alive = f.has_grid_barrier();
    let mut alive: Vec<Block<'f>> = Vec::new();
    let mut faults = Vec::new();
    for (number, block_index) in blocks {
        let again = if all_alive { None } else { alive.pop() };
        let mut block = match again {
            Some(block) => block,
            None => Block {
                threads: threads().map(|_| Thread::new(f, scalars)).collect(),
                running: Vec::new(),
                shared: memory.shared.clone(),
                faults: Vec::new(),
            },
        };
        for (thread, (linear, thread_index)) in block.threads.iter_mut().zip(threads()) {
            thread.start(place(number, block_index, linear, thread_index));
        }
        block.running = (0..block.threads.len()).collect();
        if !all_alive {
            block.run(f, memory, steps, limits)?;
            faults.append(&mut block.faults);
        }
        alive.push(block);
    }
    if all_alive {
        grid(f, &mut alive, memory, steps, limits)?;
        faults.extend(alive.into_iter().flat_map(|block| block.faults));
        faults.sort_by_key(|fault| (fault.block, fault.thread));
    }
    Ok(faults)
}

/// Runs the blocks of a grid from one of its barriers to the next.
fn grid(f: &Function, blocks: &mut [Block<'_>], memory: &mut Memory<'_, '_>, steps: &mut u64, limits: &Limits<'_>) -> Result<(), Error> {
    loop {
        for block in &mut *blocks {
            std::mem::swap(&mut block.shared, &mut memory.shared);
            let ran = block.run(f, memory, steps, limits);
            std::mem::swap(&mut block.shared, &mut memory.shared);
            ran?;
        }
        let waiting: Vec<(usize, usize, Position, Value)> = blocks
            .iter()
            .enumerate()
            .flat_map(|(b, block)| block.threads.iter().enumerate().filter_map(move |(n, t)| t.waiting().map(|(position, at)| (b, n, position, at))))
            .collect();
        let Some((_, _, first, at)) = waiting.first() else { return Ok(()) };
        if let Some((b, n, _, other)) = waiting.iter().find(|(_, _, position, _)| position != first) {
            let (late, missed) = if other >= at { ((*b, *n, *other), *at) } else { ((waiting[0].0, waiting[0].1, *at), *other) };
            let fault = blocks[late.0].threads[late.1].diverged(late.2, missed);
            blocks[late.0].faults.push(fault);
            return Ok(());
        }
        for (b, n, ..) in waiting {
            blocks[b].threads[n].pass(None);
            blocks[b].running.push(n);
        }
    }
}

impl Block<'_> {
    /// Runs the block's threads from barrier to barrier, to their ends or to a barrier of the grid.
    fn run(&mut self, f: &Function, memory: &mut Memory<'_, '_>, steps: &mut u64, limits: &Limits<'_>) -> Result<(), Error> {
        loop {
            for n in std::mem::take(&mut self.running) {
                let thread = &mut self.threads[n];
                thread.swap_local(memory);
                self.faults.extend(finish(thread, memory, steps, limits)?);
                thread.swap_local(memory);
            }
            self.running = warps(f, &mut self.threads);
            if !self.running.is_empty() {
                continue;
            }
            let waiting: Vec<_> = self.threads.iter().enumerate().filter_map(|(n, t)| Some((n, t.waiting()?))).collect();
            let Some((_, (first, at))) = waiting.first() else { break };
            // Of threads that cannot meet, those that are further on have missed the barrier of the others.
            if let Some((n, (_, other))) = waiting.iter().find(|(_, (position, ..))| position != first) {
                let first_thread = &self.threads[waiting[0].0];
                let fault = if other >= at { self.threads[*n].diverged(*other, *at) } else { first_thread.diverged(*at, *other) };
                self.faults.push(fault);
                self.threads.iter_mut().for_each(Thread::end);
                break;
            }
            if matches!(f.inst(*at), Inst::Barrier { meeting: Meeting::Grid, .. }) {
                break;
            }
            let operands: Vec<bool> = waiting.iter().filter_map(|(n, _)| self.threads[*n].operands().first().map(|b| b.as_bool())).collect();
            let given = Thread::meeting(f, *at, &operands);
            self.running = waiting.into_iter().map(|(n, _)| n).collect();
            self.running.iter().for_each(|n| self.threads[*n].pass(given));
        }
        self.faults.sort_by_key(|fault| fault.thread);
        Ok(())
    }
}

/// Runs, for each warp of which lanes wait at a warp operation, the one that comes first in the program, and gives the threads that may go on.
fn warps(f: &Function, threads: &mut [Thread<'_>]) -> Vec<usize> {
    let mut passed = Vec::new();
    for warp in 0..threads.len().div_ceil(32) {
        let those = warp * 32..threads.len().min(warp * 32 + 32);
        let waits: Vec<_> =
            those.filter_map(|n| Some((n, threads[n].waiting()?))).filter(|(_, (_, at))| matches!(f.inst(*at), Inst::Warp { .. })).collect();
        let Some((position, at)) = waits.iter().map(|(_, place)| place).min().cloned() else { continue };
        let Inst::Warp { op, .. } = f.inst(at) else { unreachable!("filtered") };
        let lanes: Vec<usize> = waits.into_iter().filter(|(_, place)| place.0 == position).map(|(n, _)| n).collect();
        let operands: Vec<_> = lanes.iter().map(|n| ((threads[*n].number() % 32) as u32, threads[*n].operands())).collect();
        for (n, given) in lanes.iter().zip(op.results(&operands)) {
            threads[*n].pass(given);
        }
        passed.extend(lanes);
    }
    passed
}
