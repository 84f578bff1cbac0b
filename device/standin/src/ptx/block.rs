//! Blocks of a launch: their warps in turn, their barriers, and what happens where nobody can go on.

use super::program::{Count, Op, Program, lanes};
use super::space::{Blocks, Fault, LAUNCH_FAILED, Ran, Reach, TIMEOUT, fault};
use super::warp::{Around, Shape, Wait, Warp};

/// Steps of a warp before the next has its turn.
const SLICE: u64 = 20_000;

/// Steps of a launch at most, all warps together: minutes.
const MOST: u64 = 4_000_000_000;

struct Block {
    number: [u32; 3],
    warps: Vec<Warp>,
    shared: Vec<u8>,
    arrived: [u32; 16],
}

/// How a block stands after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Ended,
    Moved,
    Stuck,
}

/// What a launch is of.
pub(super) struct Launched<'a> {
    pub(super) program: &'a Program,
    pub(super) function: u32,
    pub(super) kernel: &'a str,
    pub(super) shape: Shape,
    pub(super) parameters: Vec<u8>,
    /// All blocks at once.
    pub(super) cooperative: bool,
}

/// Runs all blocks: one after another, or in turn if they may wait for each other.
pub(super) fn run(mut launched: Launched<'_>, device: &mut Blocks<'_>) -> Ran<()> {
    let [x, y, z] = launched.shape.grid;
    let mut parameters = std::mem::take(&mut launched.parameters);
    let number =
        |linear: u64| [(linear % u64::from(x)) as u32, (linear / u64::from(x) % u64::from(y)) as u32, (linear / u64::from(x) / u64::from(y)) as u32];
    let count = u64::from(x) * u64::from(y) * u64::from(z);
    let mut steps = 0;
    if launched.cooperative {
        let mut blocks: Vec<Block> = (0..count).map(|n| Block::new(&launched, number(n))).collect();
        while !blocks.is_empty() {
            let mut stuck = true;
            let mut ended = vec![false; blocks.len()];
            for (block, ended) in blocks.iter_mut().zip(&mut ended) {
                let turn = block.turn(&launched, device, &mut parameters, &mut steps)?;
                stuck &= turn == Turn::Stuck;
                *ended = turn == Turn::Ended;
            }
            if stuck {
                return deadlock(&launched, &blocks);
            }
            let mut ended = ended.into_iter();
            blocks.retain(|_| !ended.next().unwrap_or(false));
        }
        return Ok(());
    }
    for n in 0..count {
        let mut block = Block::new(&launched, number(n));
        loop {
            match block.turn(&launched, device, &mut parameters, &mut steps)? {
                Turn::Ended => break,
                Turn::Moved => {}
                Turn::Stuck => return deadlock(&launched, &[block]),
            }
        }
    }
    Ok(())
}

/// What is known of a step in an error.
fn told(program: &Program, at: u32) -> String {
    let line = program.steps[at as usize].line;
    let text = program.lines.get(line.saturating_sub(1) as usize).map_or("", |text| text.trim());
    format!("line {line}: {text}")
}

fn deadlock(launched: &Launched<'_>, blocks: &[Block]) -> Ran<()> {
    let mut waiting = Vec::new();
    let mut count = 0;
    for block in blocks {
        for warp in &block.warps {
            lanes(warp.alive, |lane| {
                count += 1;
                if waiting.len() < 4 {
                    let it = &warp.lanes[lane];
                    waiting.push(format!("block {:?} thread {:?} at {}", block.number, warp.thread(lane), told(launched.program, it.at)));
                }
            });
        }
    }
    fault(LAUNCH_FAILED, format!("{}: {count} threads wait for each other for ever: {}", launched.kernel, waiting.join("; ")))
}

impl Block {
    fn new(launched: &Launched<'_>, number: [u32; 3]) -> Block {
        let threads: u32 = launched.shape.block.iter().product();
        let warps = (0..threads.div_ceil(32)).map(|n| Warp::new(launched.program, launched.function, n, &launched.shape));
        let shared = launched.program.shared.next_multiple_of(16) + launched.shape.dynamic;
        Block { number, warps: warps.collect(), shared: vec![0xcd; shared as usize], arrived: [0; 16] }
    }

    /// A turn of each warp, the last one first, so that what nobody waits for is not there by luck; then the barriers that all have come to.
    fn turn(&mut self, launched: &Launched<'_>, device: &mut Blocks<'_>, parameters: &mut [u8], steps: &mut u64) -> Ran<Turn> {
        let mut moved = false;
        for warp in self.warps.iter_mut().rev() {
            let before = warp.steps;
            let mut around = Around {
                program: launched.program,
                shape: &launched.shape,
                block: self.number,
                reach: Reach { device, shared: &mut self.shared, parameters },
                arrived: &mut self.arrived,
            };
            let ran = warp.run(&mut around, SLICE);
            *steps += warp.steps - before;
            moved |= warp.steps > before;
            if let Err((wrong, at, lane)) = ran {
                let Fault { status, what } = *wrong;
                let place = format!("{} block {:?} thread {:?}", launched.kernel, self.number, warp.thread(lane));
                return fault(status, format!("{place}: {what} ({})", told(launched.program, at)));
            }
        }
        if *steps > MOST {
            return fault(TIMEOUT, format!("{}: more than {MOST} steps", launched.kernel));
        }
        moved |= self.barriers(launched)?;
        let ended = self.warps.iter().all(|warp| warp.alive == 0);
        Ok(if ended {
            Turn::Ended
        } else if moved {
            Turn::Moved
        } else {
            Turn::Stuck
        })
    }

    /// Lets those go on for whom a barrier is complete.
    fn barriers(&mut self, launched: &Launched<'_>) -> Ran<bool> {
        let alive: u32 = self.warps.iter().map(|warp| warp.alive.count_ones()).sum();
        let mut moved = false;
        for number in 0..16 {
            let mut waiting = vec![0_u32; self.warps.len()];
            let (mut come, mut yes, mut wanted) = (0, 0, None);
            for (warp, waiting) in self.warps.iter().zip(&mut waiting) {
                lanes(warp.waiting, |lane| {
                    if let Wait::Block { barrier, threads, holds, .. } = warp.lanes[lane].wait
                        && barrier == number
                    {
                        *waiting |= 1 << lane;
                        come += 1;
                        yes += u32::from(holds);
                        wanted = Some(threads);
                    }
                });
            }
            let Some(wanted) = wanted else { continue };
            if come + self.arrived[number as usize] < wanted.unwrap_or(alive) {
                continue;
            }
            self.arrived[number as usize] = 0;
            moved = true;
            for (warp, waiting) in self.warps.iter_mut().zip(waiting) {
                if waiting == 0 {
                    continue;
                }
                let first = waiting.trailing_zeros() as usize;
                let at = warp.lanes[first].at;
                let mut apart = None;
                lanes(waiting, |lane| {
                    if matches!(warp.lanes[lane].wait, Wait::Block { aligned: true, .. }) && warp.lanes[lane].at != at {
                        apart = Some(lane);
                    }
                });
                if let Some(lane) = apart {
                    let places = [at, warp.lanes[lane].at].map(|at| told(launched.program, at)).join(" and ");
                    return fault(LAUNCH_FAILED, format!("{}: threads of a warp meet at different barriers: {places}", launched.kernel));
                }
                warp.waiting &= !waiting;
                lanes(waiting, |lane| {
                    let (rows, predicates, at) = (warp.lanes[lane].rows, warp.lanes[lane].predicates, warp.lanes[lane].at);
                    if let Op::Wait(barrier) = &launched.program.steps[at as usize].op {
                        match barrier.counts {
                            Some((Count::Popc(to), _)) => warp.rows[(rows + to) as usize][lane] = u64::from(yes),
                            Some((Count::And(to), _)) => warp.set_holds(predicates, to, 1 << lane, u32::from(yes == come) << lane),
                            Some((Count::Or(to), _)) => warp.set_holds(predicates, to, 1 << lane, u32::from(yes > 0) << lane),
                            None => {}
                        }
                    }
                    warp.lanes[lane].at += 1;
                });
            }
        }
        Ok(moved)
    }
}
