//! Random kernels whose threads meet: barriers of the block and the grid, shared memory, warp operations.
//!
//! Race-free by construction: a thread stores to its own element of a shared array, and elements of others are read only between two barriers with nothing else between them; shared counters are changed
//! by one commutative atomic operation. Barriers stand where control is the same for the whole block: in loops and branches that parameters, block numbers or counts of barriers decide. Whatever
//! lies between them may diverge, and a thread may return at any place. A shuffle reads lanes that are there: it stands in kernels of whole warps that nobody leaves.

use super::*;
use verdigris_compiler::ir::{Meeting, Storage};
use verdigris_compiler::op::{AtomicOp, Shuffle, WarpOp};
use verdigris_compiler::pass::divergence;

/// What the threads of a generated kernel have together.
pub(super) struct Together {
    /// Linear thread, int64.
    thread: Value,
    threads: i64,
    /// Shared arrays of an element a thread.
    tiles: Vec<(Array, ScalarType)>,
    /// A shared array of counters and what changes it.
    counters: (Array, ScalarType, AtomicOp),
    /// Counts of barriers so far, the same for all threads of a block.
    met: Slot,
    /// Values that are the same for the whole block.
    uniform: Vec<Value>,
    /// Whether warp operations may be used, and shuffles among them.
    warp: (bool, bool),
    /// What `return` leaves, in kernels that have any.
    root: Option<Label>,
    grid: bool,
}

/// Elements of the array of counters.
const COUNTERS: u64 = 5;

/// A kernel with its arguments and launch.
pub(crate) fn meeting_kernel(rng: &mut Rng) -> Kernel {
    let blocks = [
        [32, 1, 1],
        [64, 1, 1],
        [16, 4, 1],
        [32, 2, 1],
        [96, 1, 1],
        [32, 1, 2],
        [8, 4, 1],
        [16, 2, 2],
        [7, 1, 1],
        [7, 5, 1],
        [33, 1, 1],
        [40, 1, 1],
        [5, 2, 3],
        [16, 3, 1],
        [8, 3, 2],
    ];
    let (mut g, args, grid, block, ..) = framed(rng, true, &blocks);
    let threads: i64 = block.iter().map(|n| i64::from(*n)).product();
    let thread = linear_thread(&mut g, block);
    let root = g.b.label();
    let returns = g.rng.once_in(2);
    let warp = g.rng.once_in(3);
    let met = g.b.slot("%met", I32);
    let tiles = (0..1 + g.rng.below(2))
        .map(|_| {
            let elem = g.rng.pick(&[I64, F64, F32, I32, U32, I16, U8, Bool, U64, I8, U16]);
            let ty = ArrayType { elem, ndim: 1, layout: Layout::C, readonly: false };
            (g.b.stored_array("tile".into(), ty, Storage::Shared(vec![threads as u64])), elem)
        })
        .collect();
    let elem = g.rng.pick(&[I32, U32, I64, U64]);
    let op = g.rng.pick(&[AtomicOp::Add, AtomicOp::Sub, AtomicOp::And, AtomicOp::Or, AtomicOp::Xor, AtomicOp::Max, AtomicOp::Min]);
    let ty = ArrayType { elem, ndim: 1, layout: Layout::C, readonly: false };
    let counters = (g.b.stored_array("counters".into(), ty, Storage::Shared(vec![COUNTERS])), elem, op);
    let mut uniform = vec![];
    for what in [Geometry::BlockIdx(Axis::X), Geometry::BlockIdx(Axis::Y), Geometry::GridDim(Axis::X)] {
        let v = g.b.push(Inst::Geometry(what));
        uniform.push(g.b.cast(v, I64));
    }
    for (n, arg) in args.iter().enumerate() {
        if let Arg::Scalar(value) = arg
            && value.ty().is_integer()
        {
            let v = g.b.push(Inst::Param(n as u32));
            uniform.push(g.b.cast(v, I64));
        }
    }
    let whole = threads % 32 == 0 && !returns;
    let grid_waits = g.rng.once_in(8);
    g.together = Some(Together {
        thread,
        threads,
        tiles,
        counters,
        met,
        uniform,
        warp: (warp, warp && whole),
        root: returns.then_some(root),
        grid: grid_waits,
    });
    g.spread.push(thread);
    g.budget += 20;

    g.b.open();
    g.visible.push(Vec::new());
    g.fill_tiles();
    if returns {
        g.around.push(Around { label: root, is_loop: false });
    }
    let length = 3 + g.rng.below(5);
    g.meetings(0, length);
    g.around.clear();
    g.visible.pop();
    let body = g.b.close();
    g.b.push(Inst::Scope { label: root, body });
    g.store_slots();
    Kernel { function: g.b.finish(vec![], Sources::default()), args, grid, block, safe: true }
}

fn linear_thread(g: &mut Generator<'_>, block: [u32; 3]) -> Value {
    let [x, y, z] = [Axis::X, Axis::Y, Axis::Z].map(|axis| {
        let v = g.b.push(Inst::Geometry(Geometry::ThreadIdx(axis)));
        g.b.cast(v, I64)
    });
    let (nx, ny) = (g.b.int(block[0].into()), g.b.int(block[1].into()));
    let rows = g.b.apply(Op::Mul, &[z, ny]);
    let row = g.b.apply(Op::Add, &[rows, y]);
    let before = g.b.apply(Op::Mul, &[row, nx]);
    let v = g.b.apply(Op::Add, &[before, x]);
    g.see(v)
}

impl Generator<'_> {
    fn together(&self) -> &Together {
        self.together.as_ref().expect("a kernel whose threads meet")
    }

    /// Gives shared memory its first contents.
    fn fill_tiles(&mut self) {
        let (thread, tiles, (counters, elem, _)) = (self.together().thread, self.together().tiles.clone(), self.together().counters);
        for (tile, elem) in tiles {
            let value = self.of(elem);
            self.b.push(Inst::Store { array: tile, index: [thread].into_iter().collect(), part: Part::Whole, value });
        }
        let most = self.b.int(COUNTERS as i64);
        let cond = self.b.apply(Op::Lt, &[thread, most]);
        let value = self.b.constant(Scalar::int(elem, 77));
        self.b.open();
        self.b.push(Inst::Store { array: counters, index: [thread].into_iter().collect(), part: Part::Whole, value });
        let then = self.b.close();
        // A block of fewer threads than counters: one thread sets the rest.
        let zero = self.b.int(0);
        let first = self.b.apply(Op::Eq, &[thread, zero]);
        self.b.push(Inst::If { cond, then, otherwise: vec![] });
        let threads = self.together().threads;
        if threads < COUNTERS as i64 {
            self.b.open();
            for n in threads..COUNTERS as i64 {
                let at = self.b.int(n);
                self.b.push(Inst::Store { array: counters, index: [at].into_iter().collect(), part: Part::Whole, value });
            }
            let then = self.b.close();
            self.b.push(Inst::If { cond: first, then, otherwise: vec![] });
        }
    }

    /// An int64 that is the same for the whole block, from 0 to 3.
    fn block_number(&mut self) -> Value {
        let (uniform, met) = (self.together().uniform.clone(), self.together().met);
        let v = if self.rng.once_in(3) {
            let v = self.b.get(met);
            self.b.cast(v, I64)
        } else {
            self.rng.pick(&uniform)
        };
        let three = self.b.int(3);
        self.b.apply(Op::And, &[v, three])
    }

    /// Statements at a place to which the whole block comes.
    fn meetings(&mut self, depth: usize, length: usize) {
        for _ in 0..length {
            if self.budget <= 0 {
                break;
            }
            self.budget -= 1;
            if self.rng.once_in(6)
                && let Some(root) = self.together().root
            {
                // Some threads return; all others go on.
                let cond = self.cond();
                self.b.open();
                self.b.push(Inst::Break(root));
                let then = self.b.close();
                self.b.push(Inst::If { cond, then, otherwise: vec![] });
                continue;
            }
            match self.rng.below(12) {
                0..3 => self.apart(),
                3..7 => {
                    let shuffles = self.together().warp.1;
                    if !(shuffles && self.rng.once_in(3) && self.warp_operation(true)) {
                        self.exchange();
                    }
                }
                7 => self.count(),
                8..10 if depth < 3 => self.loop_together(depth),
                10 if depth < 3 => {
                    let (number, two) = (self.block_number(), self.b.int(2));
                    let cond = self.b.apply(Op::Lt, &[number, two]);
                    let mut arms = Vec::new();
                    for length in [1 + self.rng.below(3), self.rng.below(3)] {
                        self.b.open();
                        self.visible.push(Vec::new());
                        self.meetings(depth + 1, length);
                        self.visible.pop();
                        arms.push(self.b.close());
                    }
                    let otherwise = arms.pop().unwrap_or_default();
                    self.b.push(Inst::If { cond, then: arms.pop().unwrap_or_default(), otherwise });
                }
                _ if depth == 0 && self.together().grid => {
                    self.b.push(Inst::Barrier { meeting: Meeting::Grid, operand: None });
                }
                _ if self.warp_operation(true) => {}
                _ => self.apart(),
            }
        }
    }

    /// Statements in which threads go their own ways, and meet again behind.
    fn apart(&mut self) {
        let label = self.b.label();
        self.around.push(Around { label, is_loop: false });
        let length = 1 + self.rng.below(5);
        let body = self.block(length);
        self.around.pop();
        self.b.push(Inst::Scope { label, body });
    }

    /// A barrier of any kind; what it counts goes to the slot for it.
    fn barrier(&mut self) {
        let meeting = self.rng.pick(&[Meeting::Plain, Meeting::Plain, Meeting::Plain, Meeting::Count, Meeting::All, Meeting::Any]);
        let operand = meeting.counts().then(|| self.cond());
        let v = self.b.push(Inst::Barrier { meeting, operand });
        if meeting.counts() {
            let met = self.together().met;
            self.b.set(met, v);
        }
    }

    /// Reads elements of other threads, then stores to its own.
    fn exchange(&mut self) {
        let (thread, threads, tiles, (counters, ..)) =
            (self.together().thread, self.together().threads, self.together().tiles.clone(), self.together().counters);
        let mut indexes = Vec::new();
        for _ in 0..1 + self.rng.below(2) {
            let v = self.of(I64);
            let v = if self.rng.once_in(2) { self.b.apply(Op::Add, &[v, thread]) } else { v };
            let n = self.b.int(threads);
            indexes.push(self.b.apply(Op::Mod, &[v, n]));
        }
        let five = self.b.int(COUNTERS as i64);
        let counter = self.b.apply(Op::Mod, &[indexes[0], five]);
        self.barrier();
        let mut seen = Vec::new();
        for index in indexes {
            let (tile, _) = self.rng.pick(&tiles);
            seen.push(self.b.push(Inst::Load { array: tile, index: [index].into_iter().collect(), part: Part::Whole }));
        }
        if self.rng.once_in(3) {
            seen.push(self.b.push(Inst::Load { array: counters, index: [counter].into_iter().collect(), part: Part::Whole }));
        }
        self.barrier();
        for v in seen {
            self.see(v);
            self.keep(v);
        }
        let (tile, elem) = self.rng.pick(&tiles);
        let value = self.of(elem);
        self.b.push(Inst::Store { array: tile, index: [thread].into_iter().collect(), part: Part::Whole, value });
    }

    /// Puts a value where it is seen at the end.
    fn keep(&mut self, v: Value) {
        let ty = self.ty(v);
        let slot = self.slots.iter().copied().find(|s| self.b.function().slot(*s).ty == ty).unwrap_or_else(|| self.rng.pick(&self.slots));
        let ty = self.b.function().slot(slot).ty;
        let v = self.b.cast(v, ty);
        self.b.set(slot, v);
    }

    /// Changes counters, each thread some, and perhaps reads them when all have.
    fn count(&mut self) {
        let (array, elem, op) = self.together().counters;
        let v = self.of(I64);
        let five = self.b.int(COUNTERS as i64);
        let index = self.b.apply(Op::Mod, &[v, five]);
        let value = self.of(elem);
        let cond = self.cond();
        self.barrier();
        self.b.open();
        self.b.push(Inst::Atomic { op, array, index: [index].into_iter().collect(), part: Part::Whole, value, expected: None });
        let then = self.b.close();
        self.b.push(Inst::If { cond, then, otherwise: vec![] });
        if self.rng.once_in(2) {
            let (five, thread) = (self.b.int(COUNTERS as i64), self.together().thread);
            let counter = self.b.apply(Op::Mod, &[thread, five]);
            self.barrier();
            let counted = self.b.push(Inst::Load { array, index: [counter].into_iter().collect(), part: Part::Whole });
            self.barrier();
            self.see(counted);
            self.keep(counted);
        }
    }

    /// A loop of which the whole block makes the same laps, known when it runs.
    fn loop_together(&mut self, depth: usize) {
        let counter = self.b.slot("%lap", I64);
        let (zero, one) = (self.b.int(0), self.b.int(1));
        self.b.set(counter, zero);
        let bound = self.block_number();
        let label = self.b.label();
        self.b.open();
        self.visible.push(Vec::new());
        let lap = self.b.get(counter);
        let done = self.b.apply(Op::Ge, &[lap, bound]);
        self.b.open();
        self.b.push(Inst::Break(label));
        let leave = self.b.close();
        self.b.push(Inst::If { cond: done, then: leave, otherwise: vec![] });
        self.see(lap);
        let length = 1 + self.rng.below(4);
        self.exchange();
        self.meetings(depth + 1, length);
        if self.rng.once_in(3) {
            let (number, two) = (self.block_number(), self.b.int(2));
            let cond = self.b.apply(Op::Eq, &[number, two]);
            let escape = if self.rng.once_in(2) { Inst::Break(label) } else { Inst::Continue(label) };
            self.b.open();
            self.b.push(escape);
            let then = self.b.close();
            self.b.push(Inst::If { cond, then, otherwise: vec![] });
            self.meetings(depth + 1, 1);
        }
        self.visible.pop();
        let body = self.b.close();
        self.b.open();
        let lap = self.b.get(counter);
        let next = self.b.apply(Op::Add, &[lap, one]);
        self.b.set(counter, next);
        let latch = self.b.close();
        self.b.push(Inst::Loop { label, body, latch });
    }

    /// An operation of the lanes that are here together; `all_here`: nothing has parted them. False in kernels without such operations.
    pub(super) fn warp_operation(&mut self, all_here: bool) -> bool {
        let Some(Together { warp: (true, shuffles), .. }) = self.together else { return false };
        let full = self.b.constant(Scalar::int(U32, u32::MAX.into()));
        let op = if shuffles && all_here && !self.rng.once_in(3) {
            WarpOp::Shuffle(self.rng.pick(&[Shuffle::Index, Shuffle::Up, Shuffle::Down, Shuffle::Xor]))
        } else {
            self.rng.pick(&WarpOp::ALL)
        };
        let args: Vec<Value> = match op {
            WarpOp::ActiveMask => vec![],
            WarpOp::Sync => vec![full],
            WarpOp::Vote(_) => vec![full, self.cond()],
            WarpOp::MatchAny | WarpOp::MatchAll => {
                let ty = self.rng.pick(&[I32, I64, U64]);
                vec![full, self.of(ty)]
            }
            // All lanes are here only where nothing parts them.
            WarpOp::Shuffle(_) if !shuffles || !all_here => return false,
            WarpOp::Shuffle(_) => {
                let ty = self.rng.pick(&[I32, I64, U64, F32, F64]);
                // Another number in each lane, so that it shows which lane's came.
                let own = self.b.push(Inst::Geometry(Geometry::LaneId));
                let (value, own) = (self.of(ty), self.b.cast(own, ty));
                let value = if ty.is_float() { own } else { self.b.apply(Op::Add, &[value, own]) };
                let lane = if self.rng.once_in(2) { self.of(I32) } else { self.b.constant(Scalar::int(I32, 1 + self.rng.below(32) as i128)) };
                vec![full, value, lane]
            }
        };
        let inst = Inst::Warp { op, args: args.into_iter().collect() };
        let v = self.b.push(inst);
        if self.b.function().types[v.index()].is_some() {
            self.see(v);
            self.note(v);
        }
        true
    }
}

/// What a kernel has of what should be tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Features {
    /// A barrier in a loop whose number of laps is known only when it runs.
    pub(crate) barrier_in_loop: bool,
    /// A loop that lanes leave one by one, inside another construct that can be left.
    pub(crate) nested_exits: bool,
    /// Threads return before others.
    pub(crate) early_return: bool,
    /// Warp operations.
    pub(crate) warp: bool,
    /// A warp that is not full.
    pub(crate) partial_warp: bool,
    /// A barrier of the whole grid.
    pub(crate) grid: bool,
}

impl Features {
    pub(crate) fn of(kernel: &Kernel) -> Features {
        let f = &kernel.function;
        let d = divergence::analyse(f, divergence::Lanes::Any);
        let mut features = Features {
            warp: f.has_warp_ops(),
            grid: f.has_grid_barrier(),
            partial_warp: !kernel.block.iter().product::<u32>().is_multiple_of(32),
            ..Features::default()
        };
        let root = f.body.iter().rev().find_map(|v| if let Inst::Scope { label, .. } = f.inst(*v) { Some((*v, *label)) } else { None });
        if let Some((at, root)) = root {
            features.early_return = f.any_inside(&[at], &|inst| matches!(inst, Inst::Break(l) if *l == root));
        }
        f.walk(&mut |at, inst| {
            if let Inst::Loop { .. } = inst {
                features.barrier_in_loop |= f.any_inside(&[at], &|inst| matches!(inst, Inst::Barrier { .. }));
            }
            for inner in inst.blocks().into_iter().flatten() {
                let construct = matches!(inst, Inst::Loop { .. } | Inst::Scope { .. });
                f.walk_block(&[*inner], &mut |v, i| {
                    features.nested_exits |= construct && matches!(i, Inst::Loop { .. }) && d.leaves_lane_by_lane(v);
                });
            }
        });
        features
    }
}

/// Names of what the kernel computes: operations with their operand types, atomic and warp operations, barriers.
pub(crate) fn ingredients(f: &Function) -> Vec<String> {
    let mut names = Vec::new();
    f.walk(&mut |at, inst| match inst {
        Inst::Apply { op: Op::Cast(_), .. } => names.push("cast".to_owned()),
        Inst::Apply { op, args } => {
            names.push(op.name().to_owned());
            names.extend(args.first().map(|a| f.ty(*a).name().to_owned()));
        }
        Inst::Atomic { op, .. } => names.push(format!("atomic.{}", op.name())),
        Inst::Warp { op, .. } => names.push(op.name().to_owned()),
        Inst::Barrier { meeting, .. } => names.push(format!("{meeting:?}")),
        _ => names.extend(f.types[at.index()].map(|ty| ty.name().to_owned())),
    });
    names
}

/// Names that a run should have met.
pub(crate) fn wanted() -> Vec<String> {
    let ops = Op::PLAIN.iter().map(|op| op.name().to_owned());
    let math = Math::ALL.iter().map(|m| Op::Math(*m).name().to_owned());
    let types = [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64].map(|t| t.name().to_owned());
    let votes = WarpOp::ALL.iter().map(|op| op.name().to_owned());
    let meetings = [Meeting::Plain, Meeting::Count, Meeting::All, Meeting::Any, Meeting::Grid].map(|m| format!("{m:?}"));
    ops.chain(math).chain(types).chain(votes).chain(meetings).collect()
}
