//! Launches whose whole grid waits at barriers.
//!
//! All blocks are alive together, each with its own shared memory and frames. They are cut into groups of neighbours; a call of the compiled code takes one group to the next barrier
//! of the grid (see [`verdigris_compiler::abi`]), and when every group is there, all go on. So no thread of the host ever waits for another in the middle of a call, and any
//! number of threads will do. The caller has checked the launch, compiled the code and packed the arguments, and seen that the memory is within the limit.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use once_cell::race::OnceBox;
use verdigris_compiler::abi::{BlocksFn, Failure, GRID_DONE, Launch, Memory};
use verdigris_device::pool;

use crate::arena;
use crate::launch::Config;
use crate::schedule::{ALONE_NS, Ended, Run, Watch};

/// Groups for each thread of the host, so that uneven blocks even out.
const GROUPS_A_THREAD: u64 = 4;

/// Most bytes that the blocks of a grid may keep together: `VERDIGRIS_GRID_SYNC_MEMORY` in MiB, else one gibibyte.
pub(crate) fn memory_limit() -> u64 {
    static LIMIT: OnceBox<u64> = OnceBox::new();
    *LIMIT.get_or_init(|| {
        let given = std::env::var("VERDIGRIS_GRID_SYNC_MEMORY").ok().and_then(|v| v.trim().parse::<u64>().ok());
        Box::new(given.map_or(1 << 30, |mib| mib.saturating_mul(1 << 20)))
    })
}

/// Bytes that a block keeps from one barrier to the next.
fn stride(memory: &Memory, threads: u32, dynamic_shared: u64) -> u64 {
    memory.block + arena::size(memory, threads, dynamic_shared).0
}

/// How many blocks may be alive together.
pub(crate) fn most_blocks(memory: &Memory, threads: u32, dynamic_shared: u64) -> u64 {
    memory_limit() / stride(memory, threads, dynamic_shared).max(1)
}

/// A range of blocks, and where its memory begins.
struct Group {
    first: u64,
    last: u64,
    group: *mut u8,
    blocks: *mut u8,
}

// SAFETY: a group's memory is its own, and one thread at a time runs it.
unsafe impl Sync for Group {}

impl Group {
    /// The state and the site of the barrier, which the code leaves in the first two words.
    fn state(&self) -> (u32, u32) {
        // SAFETY: the group's memory begins with two words, written by `run` before the first call and by the code since; nobody runs the group now.
        unsafe { (self.group.cast::<u32>().read(), self.group.cast::<u32>().add(1).read()) }
    }
}

/// Runs all blocks of a launch.
///
/// # Safety
/// As [`crate::schedule::run`]; the code is that of a kernel whose grid waits.
pub(crate) unsafe fn run(entry: BlocksFn, memory: Memory, params: &[u64], config: &Config, watch: Option<Watch>) -> Ended {
    let run = Run::begin(watch);
    let threads = pool::threads() as u64;
    let total = config.blocks();
    let count = total.min(threads * GROUPS_A_THREAD);
    let stride = stride(&memory, config.threads(), config.shared().into());
    let (_, frames_at) = arena::size(&memory, config.threads(), config.shared().into());
    arena::with(count * memory.group + total * stride, |lent| {
        let blocks = lent.wrapping_add((count * memory.group) as usize);
        let groups: Vec<Group> = (0..count)
            .map(|n| {
                let (first, last) = (
                    (u128::from(total) * u128::from(n) / u128::from(count)) as u64,
                    (u128::from(total) * u128::from(n + 1) / u128::from(count)) as u64,
                );
                let group = lent.wrapping_add((n * memory.group) as usize);
                // SAFETY: the arena has room for `count` groups, each of at least two words.
                unsafe { group.cast::<u64>().write(0) };
                Group { first, last, group, blocks: blocks.wrapping_add((first * stride) as usize) }
            })
            .collect();
        let call = |group: &Group, stop: *const AtomicU32| {
            let shared = group.blocks.wrapping_add(memory.block as usize);
            let launch = Launch {
                shared,
                frames: shared.wrapping_add(frames_at as usize),
                frame_size: memory.frame,
                dynamic_shared: config.shared().into(),
                group: group.group,
                words: group.blocks,
                stride,
                ..Launch::new(config.grid(), config.block(), stop, run.state())
            };
            // SAFETY: the caller vouches for code and parameters; the blocks are of the grid, and their memory is as large as `Memory` asks for.
            unsafe { entry(params.as_ptr(), &launch, group.first, group.last) };
        };
        let mut pending: Vec<&Group> = groups.iter().collect();
        let mut alone = threads == 1 || count == 1;
        while !pending.is_empty() {
            let begun = Instant::now();
            let parts = if alone { 1 } else { pending.len().min(threads as usize) };
            let next = AtomicUsize::new(0);
            run.share(parts, &|worker| {
                while let Some(group) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                    call(group, worker.stop);
                    if worker.stopped() {
                        return;
                    }
                }
            });
            if run.stopped() {
                break;
            }
            let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_mul(parts as u64);
            alone = threads == 1 || count == 1 || spent < ALONE_NS;
            pending.retain(|g| g.state().0 != GRID_DONE);
            // Of groups that cannot meet, one that is further on has missed the barrier of the others.
            let sites = pending.iter().map(|g| g.state().1);
            let (Some(least), Some(most)) = (sites.clone().min(), sites.max()) else { break };
            if let Some(late) = pending.iter().find(|g| least != most && g.state().1 == most) {
                run.state().record(Failure { block: late.first, thread: 0, site: most, index: None, other: Some(least) });
                break;
            }
        }
    });
    run.ended()
}
