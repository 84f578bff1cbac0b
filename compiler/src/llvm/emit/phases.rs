//! Kernels whose threads wait for each other: the block as a whole, phase by phase (see [`crate::pass::phases`]).
//!
//! Each segment is a loop over the block's warps. What a warp keeps between segments lies in its frame: masks as 32-bit words, values, slots. A construct that holds a barrier is
//! entered by the block if any warp has lanes for it; each of its levels has a word that holds the lanes at it. Whatever mask is loaded is cut to the lanes that still
//! run, so a warp that failed is out of every level at once.
//!
//! At a barrier the lanes that come are compared with those that came to the last one (at first, all): a lane that was elsewhere then and comes now has missed one, and the
//! launch fails with both places. Lanes that never come to another barrier are nobody's concern, and a barrier to which no lane of the block comes has not been. Barriers are
//! numbered as they happen, so that a warp that was at none of the last ones has no lanes that were.
//!
//! Where the whole grid waits, a call takes several blocks through the steps together: each segment is run by one block after another, and what a block, or the group of
//! blocks, has to remember lies in memory ([`Cell`]), since a barrier of the grid ends the call and the next one goes on behind it.

use super::super::BlockClass;
use super::super::instr::{IntPred, Opcode, V};
use super::control::{End as Way, Flow};
use super::{Emitter, Rep};
use crate::abi::{GRID_DONE, SiteKind};
use crate::faults::{self, Fault};
use crate::ir::{Inst, Label, Meeting, Slot, Value};
use crate::pass::divergence::Class;
use crate::pass::phases::{self, End, Home, Plan, Segment, Step};
use crate::types::ScalarType;
use inkwell::basic_block::BasicBlock;

/// What the emission of phases keeps in mind.
pub(super) struct Phases<'c> {
    /// The present warp's frame.
    frame: V<'c>,
    /// Where each kept value lies in a frame.
    values: Vec<Option<i64>>,
    /// Where each slot that outlives segments lies.
    slots: Vec<Option<i64>>,
    /// Where `threadIdx` lies.
    thread_idx: [i64; 3],
    /// Word: lanes that still run.
    running: i64,
    /// Word: lanes that came to the last barrier that any lane of the warp came to.
    arrived: i64,
    /// Word: the number of that barrier.
    arrived_at: i64,
    /// Barriers of the block so far.
    barriers: Cell<'c>,
    /// Warps of a block, i64.
    warps: V<'c>,
    /// Frames of the block.
    frames: V<'c>,
    frame_size: V<'c>,
    /// Site of the block's last barrier.
    last_barrier: Cell<'c>,
    /// Where a block goes that ends early.
    next_block: BasicBlock<'c>,
    /// Constructs with a barrier around the present place.
    around: Vec<Around>,
    /// The present segment's mask variable and where its warp goes when it ends.
    segment: Option<(V<'c>, BasicBlock<'c>)>,
    /// Where the whole grid waits.
    grid: Option<Grid<'c>>,
}

/// A word of the block or of the group.
#[derive(Clone, Copy)]
enum Cell<'c> {
    /// On the stack.
    Stack(V<'c>),
    /// In the present block's words.
    Block(i64),
    /// In the group's memory.
    Group(i64),
}

/// Where the next call goes on.
const STATE: Cell<'static> = Cell::Group(0);
/// Site of the last barrier of the grid.
const GRID_SITE: Cell<'static> = Cell::Group(4);
/// Barriers of the grid so far.
const GRID_BARRIERS: Cell<'static> = Cell::Group(8);
/// How many barriers of the grid there were when the block came to the last of them.
const BLOCK_GRID_BARRIERS: Cell<'static> = Cell::Block(8);

/// The blocks of a call that goes on from one barrier of the grid to the next.
struct Grid<'c> {
    /// First block and number of blocks, i64.
    first: V<'c>,
    count: V<'c>,
    group: V<'c>,
    /// Of the first block.
    words: V<'c>,
    shared: V<'c>,
    frames: V<'c>,
    stride: V<'c>,
    /// Of the present block.
    words_now: V<'c>,
    /// Bytes given out so far.
    group_size: i64,
    block_size: i64,
    /// Where the counts of barriers lie in a block's words.
    counts: Vec<(Value, i64)>,
    /// Where the next call goes on, by the group's state less 1.
    resume: Vec<BasicBlock<'c>>,
}

/// A construct with a barrier inside: the words in which lanes that leave it, or wait for its latch, are gathered.
#[derive(Clone, Copy)]
struct Around {
    label: Label,
    left: i64,
    continued: Option<i64>,
}

/// Where the lanes of a level are.
#[derive(Clone)]
struct Level {
    /// The word they are kept in.
    word: i64,
    /// The words that together hold them now.
    sources: Vec<i64>,
    /// Each warp has all of its lanes or none.
    whole: bool,
}

/// What a run does after its segment, besides what the segment's end says.
#[derive(Clone, Copy, Default)]
struct After<'c> {
    /// Word to be cleared.
    clear: Option<i64>,
    /// What gathers the masks.
    any: Option<Cell<'c>>,
}

/// What a segment's end has opened.
enum Opened<'c> {
    Nothing,
    /// Words of both arms and variables that tell whether any warp has lanes there.
    If([(i64, Cell<'c>); 2]),
    Loop {
        live: i64,
        left: i64,
        continued: i64,
    },
    Scope {
        inner: i64,
        left: i64,
    },
}

impl<'c> Emitter<'_, 'c> {
    /// Emits the block's threads from the present place; control ends in `next_block`.
    pub(super) fn phased(&mut self, plan: &Plan, class: BlockClass, threads: V<'c>, next_block: BasicBlock<'c>, stop: BasicBlock<'c>) {
        let [barriers, last_barrier] = [0; 2].map(|_| {
            let v = self.variable();
            self.i.store(self.i.i32(0), v, 4);
            Cell::Stack(v)
        });
        let root = self.begin(threads, [barriers, last_barrier], next_block, None);
        self.frame.abort = stop;
        self.all_steps(plan, class, threads, root);
        self.i.br(next_block);
    }

    /// Emits all blocks of a kernel whose grid waits.
    pub(super) fn grid_phased(&mut self, plan: &Plan, class: BlockClass, threads: V<'c>, [first, last]: [V<'c>; 2], start: BasicBlock<'c>) {
        let field = |e: &Self, ty, at| e.i.load(ty, e.i.offset(e.frame.launch, e.i.i64(at)), 8);
        let [shared, frames, group, words] = [40, 48, 72, 80].map(|at| field(self, self.i.ptr(), at));
        let grid = Grid {
            first,
            count: self.i.sub(last, first),
            group,
            words,
            shared,
            frames,
            stride: field(self, self.i.int(64), 88),
            words_now: words,
            // The state, the site of the last barrier of the grid, and how many of them there were.
            group_size: 12,
            // The block's last barrier, how many there were, and the number of the grid's that it came to last.
            block_size: 12,
            counts: Vec::new(),
            resume: Vec::new(),
        };
        let [fresh, dispatch, done, stop] = ["fresh", "dispatch", "done", "stop"].map(|name| self.i.block(name));
        let root = self.begin(threads, [Cell::Block(0), Cell::Block(4)], done, Some(grid));
        self.i.br(dispatch);

        self.i.go(fresh);
        self.i.store(self.i.i32(0), self.cell(GRID_BARRIERS), 4);
        self.frame.abort = stop;
        self.all_steps(plan, class, threads, root);
        self.i.br(done);

        self.i.go(done);
        self.i.store(self.i.i32(GRID_DONE as i32), group, 4);
        self.i.br(stop);
        self.i.go(stop);
        self.i.ret();

        self.i.go(dispatch);
        let state = self.i.load(self.i.int(32), group, 4);
        let resume = std::mem::take(&mut self.phase_mut().grid.as_mut().expect("made above").resume);
        let places = resume.into_iter().enumerate().map(|(n, place)| (n as i32 + 1, place)).chain([(GRID_DONE as i32, stop)]);
        for (number, place) in places {
            let other = self.i.block("dispatch");
            self.i.cond_br(self.i.icmp(IntPred::LLVMIntEQ, state, self.i.i32(number)), place, other);
            self.i.go(other);
        }
        self.i.br(fresh);
        self.i.seal_entry(start);
    }

    /// Bytes that a group and each of its blocks need besides shared memory and frames; 0 where the grid does not wait.
    pub(super) fn grid_memory(&self) -> (u64, u64) {
        let grid = self.phases.as_ref().and_then(|p| p.grid.as_ref());
        grid.map_or((0, 0), |g| ((g.group_size as u64).next_multiple_of(64), (g.block_size as u64).next_multiple_of(64)))
    }

    /// Prepares what the emission of steps keeps in mind; gives the word of the lanes that are at the outermost level.
    fn begin(&mut self, threads: V<'c>, [barriers, last_barrier]: [Cell<'c>; 2], next_block: BasicBlock<'c>, grid: Option<Grid<'c>>) -> i64 {
        let lanes = self.i.i64(self.lanes as i64);
        let wide = self.i.resize(threads, self.i.int(64), false);
        let rest = if faults::is(Fault::LastWarpForgotten) { 0 } else { self.lanes as i64 - 1 };
        let warps = self.i.binary(Opcode::LLVMUDiv, self.i.add(wide, self.i.i64(rest)), lanes);
        let frames = self.i.load(self.i.ptr(), self.i.offset(self.frame.launch, self.i.i64(48)), 8);
        let frame_size = self.i.load(self.i.int(64), self.i.offset(self.frame.launch, self.i.i64(56)), 8);
        let [running, arrived, arrived_at, root] = [0; 4].map(|_| self.word());
        self.phases = Some(Phases {
            frame: frames,
            values: vec![None; self.f.insts.len()],
            slots: vec![None; self.f.slots.len()],
            thread_idx: [0; 3],
            running,
            arrived,
            arrived_at,
            barriers,
            warps,
            frames,
            frame_size,
            last_barrier,
            next_block,
            around: Vec::new(),
            segment: None,
            grid,
        });
        root
    }

    fn all_steps(&mut self, plan: &Plan, class: BlockClass, threads: V<'c>, root: i64) {
        self.lay_out(plan);
        let (running, arrived) = (self.phase().running, self.phase().arrived);
        self.each_block(|e| {
            if e.phase().grid.is_some() {
                for cell in [e.phase().barriers, e.phase().last_barrier, BLOCK_GRID_BARRIERS] {
                    e.i.store(e.i.i32(0), e.cell(cell), 4);
                }
            }
            let thread_idx = e.first_warp();
            e.each_warp(|e| {
                e.prepare_warp(plan, class, thread_idx, threads, [running, arrived, root]);
                e.count_on(thread_idx, e.lanes, e.frame.block_dim);
            });
        });
        // Without vectors every lane is a warp of its own.
        let whole = self.lanes == 1 || class == BlockClass::Rows;
        let mut level = Level { word: root, sources: vec![root], whole };
        self.steps(plan, &plan.steps, &mut level);
    }

    fn phase(&self) -> &Phases<'c> {
        self.phases.as_ref().expect("a kernel in phases")
    }

    fn phase_mut(&mut self) -> &mut Phases<'c> {
        self.phases.as_mut().expect("a kernel in phases")
    }

    // --- frames ---

    fn word(&mut self) -> i64 {
        self.room(4, 4)
    }

    /// Room for a value of a class.
    fn room_for(&mut self, ty: ScalarType, class: Class) -> i64 {
        let size = ty.size().max(1) as u64;
        if class == Class::Varying { self.room(size * u64::from(self.lanes), 64) } else { self.room(size, 8) }
    }

    fn lay_out(&mut self, plan: &Plan) {
        for (n, kept) in plan.kept.iter().enumerate() {
            if *kept {
                let v = Value(n as u32);
                let at = self.room_for(self.f.ty(v), self.d.value(v));
                self.phase_mut().values[n] = Some(at);
            }
        }
        for (n, home) in plan.homes.iter().enumerate() {
            let slot = Slot(n as u32);
            if let Home::Frame { .. } = home {
                let at = self.room_for(self.f.slot(slot).ty, self.d.slot(slot));
                self.phase_mut().slots[n] = Some(at);
            }
            let variable = self.i.alloca(self.slot_type(slot), 64);
            self.slots.push(variable);
        }
        let vectors = self.lanes != 1;
        for axis in 0..3 {
            let at = self.room(if vectors { 128 } else { 4 }, if vectors { 64 } else { 4 });
            self.phase_mut().thread_idx[axis] = at;
        }
    }

    fn in_frame(&self, at: i64) -> V<'c> {
        self.i.offset(self.phase().frame, self.i.i64(at))
    }

    fn load_word(&self, at: i64) -> V<'c> {
        self.i.load(self.i.int(32), self.in_frame(at), 4)
    }

    fn store_word(&self, at: i64, word: V<'c>) {
        self.i.store(word, self.in_frame(at), 4);
    }

    fn mask_word(&self, mask: V<'c>) -> V<'c> {
        if self.lanes == 1 { self.i.resize(mask, self.i.int(32), false) } else { self.bits(mask) }
    }

    fn word_mask(&self, word: V<'c>) -> V<'c> {
        if self.lanes == 1 {
            return self.nonzero(word);
        }
        let bits = self.i.resize(word, self.i.int(self.lanes), false);
        self.i.cast(Opcode::LLVMBitCast, bits, self.mask_type())
    }

    fn nonzero(&self, word: V<'c>) -> V<'c> {
        self.i.icmp(IntPred::LLVMIntNE, word, self.i.i32(0))
    }

    /// Keeps a value that other segments need.
    pub(super) fn keep(&self, at: Value, rep: Rep<'c>) {
        let Some(place) = self.phases.as_ref().and_then(|p| p.values[at.index()]) else { return };
        match rep {
            Rep::Varying(_) if faults::is(Fault::ValueNotKept) => {}
            Rep::Uniform(v) | Rep::Linear(v, _) => self.i.store(v, self.in_frame(place), 8),
            Rep::Varying(v) => self.i.store(v, self.in_frame(place), 64),
        }
    }

    fn reload(&mut self, at: Value) {
        let place = self.phase().values[at.index()].expect("a kept value has its place");
        let scalar = self.i.scalar(self.f.ty(at));
        let rep = match self.d.value(at) {
            Class::Varying => Rep::Varying(self.i.load(self.i.vector(scalar, self.lanes), self.in_frame(place), 64)),
            class => self.with_class(class, self.i.load(scalar, self.in_frame(place), 8)),
        };
        self.values[at.index()] = Some(rep);
    }

    fn slot_align(&self, slot: Slot) -> u32 {
        if self.d.slot(slot) == Class::Varying { 64 } else { 8 }
    }

    // --- blocks and warps ---

    fn cell(&self, cell: Cell<'c>) -> V<'c> {
        let grid = || self.phase().grid.as_ref().expect("only such kernels have these cells");
        match cell {
            Cell::Stack(v) => v,
            Cell::Block(at) => self.i.offset(grid().words_now, self.i.i64(at)),
            Cell::Group(at) => self.i.offset(grid().group, self.i.i64(at)),
        }
    }

    /// A word that lasts from step to step.
    fn lasting(&mut self) -> Cell<'c> {
        match &mut self.phase_mut().grid {
            Some(grid) => {
                grid.group_size += 4;
                Cell::Group(grid.group_size - 4)
            }
            None => Cell::Stack(self.variable()),
        }
    }

    /// A loop over the blocks of the call, where it takes them through the steps together.
    fn each_block(&mut self, body: impl FnOnce(&mut Self)) {
        let Some(&Grid { first, count, words, shared, frames, stride, .. }) = self.phase().grid.as_ref() else { return body(self) };
        let (head, block, start, done) = (self.i.block("blocks"), self.i.block("block"), self.i.block("block.start"), self.i.block("blocks.done"));
        let before = self.i.here();
        self.i.br(head);
        self.i.go(head);
        let number = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, number, count), block, done);
        self.i.go(block);
        self.poll(start);
        self.i.go(start);
        self.place_block(self.i.add(first, number));
        let offset = self.i.mul(number, stride);
        let words_now = self.i.offset(words, offset);
        self.phase_mut().frames = self.i.offset(frames, offset);
        self.phase_mut().grid.as_mut().expect("seen above").words_now = words_now;
        self.point_shared_arrays(self.i.offset(shared, offset));
        body(self);
        let next = self.i.add(number, self.i.i64(1));
        let last = self.i.here();
        self.i.br(head);
        self.i.incoming(number, &[(self.i.i64(0), before), (next, last)]);
        self.i.go(done);
    }

    /// A loop over the warps of the block; `body` must leave the builder where a warp is done.
    fn each_warp(&mut self, body: impl FnOnce(&mut Self)) {
        let (head, warp, done) = (self.i.block("warps"), self.i.block("warp"), self.i.block("warps.done"));
        let before = self.i.here();
        self.i.br(head);
        self.i.go(head);
        let number = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, number, self.phase().warps), warp, done);
        self.i.go(warp);
        let frame = self.i.offset(self.phase().frames, self.i.mul(number, self.phase().frame_size));
        self.phase_mut().frame = frame;
        self.frame.thread = self.i.mul(number, self.i.i64(self.lanes as i64));
        body(self);
        let next = self.i.add(number, self.i.i64(1));
        let last = self.i.here();
        self.i.br(head);
        self.i.incoming(number, &[(self.i.i64(0), before), (next, last)]);
        self.i.go(done);
    }

    fn prepare_warp(&mut self, plan: &Plan, class: BlockClass, thread_idx: [V<'c>; 3], threads: V<'c>, words: [i64; 3]) {
        self.place_threads(class, thread_idx, threads);
        let word = if self.lanes == 1 { self.i.i32(1) } else { self.bits(self.mask) };
        words.into_iter().for_each(|at| self.store_word(at, word));
        self.store_word(self.phase().arrived_at, self.i.i32(0));
        for axis in 0..3 {
            let place = self.in_frame(self.phase().thread_idx[axis]);
            match self.frame.thread_idx[axis] {
                Rep::Uniform(v) | Rep::Linear(v, _) => self.i.store(v, place, 4),
                Rep::Varying(v) => self.i.store(v, place, 64),
            }
        }
        for (n, home) in plan.homes.iter().enumerate() {
            if *home == (Home::Frame { zeroed: true }) {
                let slot = Slot(n as u32);
                let place = self.in_frame(self.phase().slots[n].expect("laid out"));
                self.i.store(self.i.zero(self.slot_type(slot)), place, self.slot_align(slot));
            }
        }
    }

    fn load_thread_idx(&mut self) {
        for axis in 0..3 {
            let place = self.in_frame(self.phase().thread_idx[axis]);
            let int = self.i.int(32);
            let rep = match self.frame.thread_idx[axis] {
                Rep::Uniform(_) => Rep::Uniform(self.i.load(int, place, 4)),
                Rep::Linear(_, step) => Rep::Linear(self.i.load(int, place, 4), step),
                Rep::Varying(_) => Rep::Varying(self.i.load(self.i.vector(int, self.lanes), place, 64)),
            };
            self.frame.thread_idx[axis] = rep;
        }
    }

    // --- steps ---

    fn steps(&mut self, plan: &Plan, steps: &[Step], level: &mut Level) {
        let mut opened = Opened::Nothing;
        for step in steps {
            match (step, std::mem::replace(&mut opened, Opened::Nothing)) {
                (Step::Run(n), _) => opened = self.run_segment(&plan.segments[*n], level, After::default()),
                (Step::If { at, then, otherwise }, Opened::If(arms)) => self.block_if(plan, *at, [then, otherwise], arms, level),
                (Step::Loop { at, label, body, latch }, Opened::Loop { live, left, continued }) => {
                    self.block_loop(plan, *at, *label, [body, latch], [live, left, continued], level);
                }
                (Step::Scope { at, label, body }, Opened::Scope { inner, left }) => self.block_scope(plan, *at, *label, body, [inner, left], level),
                _ => unreachable!("a construct comes after the segment that opens it"),
            }
        }
    }

    /// Brings the lanes of a level together in its word.
    fn gather_level(&mut self, level: &mut Level) {
        if level.sources != [level.word] {
            let nothing = Segment::empty(End::Plain);
            self.run_segment(&nothing, level, After::default());
        }
    }

    fn block_if(&mut self, plan: &Plan, at: Value, arms: [&Vec<Step>; 2], opened: [(i64, Cell<'c>); 2], level: &mut Level) {
        let Inst::If { cond, .. } = self.f.inst(at) else { unreachable!("a step's own instruction") };
        let agree = self.lanes == 1 || self.d.value(*cond) == Class::Uniform;
        for (steps, (word, any)) in arms.into_iter().zip(opened) {
            if steps.is_empty() {
                continue;
            }
            let (go, join) = (self.i.block("arm"), self.i.block("join"));
            let some = self.nonzero(self.i.load(self.i.int(32), self.cell(any), 4));
            self.i.cond_br(some, go, join);
            self.i.go(go);
            let mut inner = Level { word, sources: vec![word], whole: level.whole && agree };
            self.steps(plan, steps, &mut inner);
            self.gather_level(&mut inner);
            self.i.br(join);
            self.i.go(join);
        }
        if phases::escapes(self.f, at) {
            level.sources = opened.iter().map(|(word, _)| *word).collect();
        }
        level.whole &= !self.d.loses_lanes(at);
    }

    fn block_loop(
        &mut self,
        plan: &Plan,
        at: Value,
        label: Label,
        [body, latch]: [&Vec<Step>; 2],
        [live, left, continued]: [i64; 3],
        level: &mut Level,
    ) {
        let Inst::Loop { body: inside, .. } = self.f.inst(at) else { unreachable!("a step's own instruction") };
        let together = self.lanes == 1 || !(self.d.leaves_lane_by_lane(at) || self.has_partial_continue(inside, label));
        let (head, exit) = (self.i.block("laps"), self.i.block("laps.done"));
        let any = self.lasting();
        self.i.br(head);
        self.i.go(head);
        self.i.store(self.i.i32(0), self.cell(any), 4);
        self.phase_mut().around.push(Around { label, left, continued: Some(continued) });
        let mut inner = Level { word: live, sources: vec![live], whole: level.whole && together };
        self.steps(plan, body, &mut inner);
        self.phase_mut().around.pop();
        inner.sources.push(continued);
        inner.whole = level.whole && together;
        let last = After { clear: Some(continued), any: Some(any) };
        if let [Step::Run(n)] = latch[..]
            && plan.segments[n].end == End::Plain
        {
            self.run_segment(&plan.segments[n], &mut inner, last);
        } else {
            let nothing = Segment::empty(End::Plain);
            self.run_segment(&nothing, &mut inner, After { clear: Some(continued), any: None });
            self.steps(plan, latch, &mut inner);
            self.run_segment(&nothing, &mut inner, After { clear: None, any: Some(any) });
        }
        let again = self.i.block("lap");
        let some = self.nonzero(self.i.load(self.i.int(32), self.cell(any), 4));
        self.i.cond_br(some, again, exit);
        self.i.go(again);
        self.poll(head);
        self.i.go(exit);
        if phases::escapes(self.f, at) {
            level.sources = vec![left];
        }
        level.whole &= !self.d.loses_lanes(at);
    }

    fn block_scope(&mut self, plan: &Plan, at: Value, label: Label, body: &[Step], [inner, left]: [i64; 2], level: &mut Level) {
        self.phase_mut().around.push(Around { label, left, continued: None });
        let mut inside = Level { word: inner, sources: vec![inner], whole: level.whole };
        self.steps(plan, body, &mut inside);
        self.phase_mut().around.pop();
        if phases::escapes(self.f, at) {
            level.sources = inside.sources;
            level.sources.push(left);
        }
        level.whole &= !self.d.loses_lanes(at);
    }

    // --- segments ---

    /// A 32-bit word on the stack.
    fn variable(&self) -> V<'c> {
        self.i.alloca(self.i.int(32), 4)
    }

    /// Emits a segment for the lanes of a level.
    fn run_segment(&mut self, segment: &Segment, level: &mut Level, after: After<'c>) -> Opened<'c> {
        let f = self.f;
        let operand = match segment.end {
            End::Barrier(at) => f.inst(at).operands().first().copied(),
            End::Open(at) => match f.inst(at) {
                Inst::If { cond, .. } => Some(*cond),
                _ => None,
            },
            End::Plain => None,
        };
        let meeting = match segment.end {
            End::Barrier(at) => match f.inst(at) {
                Inst::Barrier { meeting, .. } => Some((at, *meeting)),
                other => unreachable!("{other:?} is no barrier"),
            },
            _ => None,
        };
        // Lanes at the end of the segment, and those of them for which the operand holds.
        let (mask, holds) = (self.variable(), operand.map(|_| self.variable()));
        let opened = self.before_run(segment);
        let whole_grid = matches!(meeting, Some((_, Meeting::Grid)));
        // Whether anybody came to the barrier, and what the operands of those add up to.
        let came = meeting.map(|_| self.variable());
        let all_came = whole_grid.then(|| self.zeroed());
        let sums = meeting.filter(|(_, m)| m.counts()).map(|_| self.variable());
        let (sources, whole) = (level.sources.clone(), level.whole);
        self.each_block(|e| {
            for variable in came.into_iter().chain(sums) {
                e.i.store(e.i.i32(0), variable, 4);
            }
            e.each_warp(|e| {
                let any = sources.iter().map(|at| e.load_word(*at)).reduce(|a, b| e.i.or(a, b)).expect("a level has a word");
                let lanes = e.i.and(any, e.load_word(e.phase().running));
                e.i.store(lanes, mask, 4);
                if let Some(holds) = holds {
                    e.i.store(e.i.i32(0), holds, 4);
                }
                let finish = e.i.block("warp.end");
                if !(segment.insts.is_empty() && operand.is_none()) {
                    let work = e.i.block("segment");
                    e.i.cond_br(e.nonzero(lanes), work, finish);
                    e.i.go(work);
                    e.mask = if whole { e.full() } else { e.word_mask(lanes) };
                    e.segment(segment, operand.zip(holds), mask, finish);
                } else {
                    e.i.br(finish);
                }
                e.i.go(finish);
                let last = e.i.load(e.i.int(32), mask, 4);
                e.store_word(level.word, last);
                if let Some(word) = after.clear {
                    e.store_word(word, e.i.i32(0));
                }
                if let Some(any) = after.any {
                    e.gather_into(e.cell(any), last);
                }
                if let Some(came) = came {
                    e.gather_into(came, last);
                }
                let truth = holds.map(|v| e.i.load(e.i.int(32), v, 4));
                e.after_warp(segment, last, truth, &opened, sums);
            });
            if let Some((at, meeting)) = meeting {
                e.after_block(at, meeting, [came, sums, all_came]);
            }
        });
        level.sources = vec![level.word];
        level.whole &= !segment.insts.iter().any(|at| self.d.loses_lanes(*at));
        if let (Some((at, _)), Some(all_came)) = (meeting, all_came) {
            self.wait_for_grid(at, all_came);
        }
        opened
    }

    /// A variable that is 0 from here on.
    fn zeroed(&self) -> V<'c> {
        let v = self.variable();
        self.i.store(self.i.i32(0), v, 4);
        v
    }

    /// Counts the barrier that warps of the block came to, and makes what it gives.
    fn after_block(&mut self, at: Value, meeting: Meeting, [came, sums, all_came]: [Option<V<'c>>; 3]) {
        let word = self.i.load(self.i.int(32), came.expect("made for every barrier"), 4);
        let some = self.i.resize(self.nonzero(word), self.i.int(32), false);
        let barriers = self.cell(self.phase().barriers);
        let count = self.i.add(self.i.load(self.i.int(32), barriers, 4), some);
        self.i.store(count, barriers, 4);
        if let Some(all_came) = all_came {
            self.gather_into(all_came, word);
            let number = self.i.add(self.i.load(self.i.int(32), self.cell(GRID_BARRIERS), 4), some);
            let old = self.i.load(self.i.int(32), self.cell(BLOCK_GRID_BARRIERS), 4);
            self.i.store(self.i.select(self.nonzero(word), number, old), self.cell(BLOCK_GRID_BARRIERS), 4);
        }
        let Some(sums) = sums else { return };
        let sum = self.i.load(self.i.int(32), sums, 4);
        let result = match meeting {
            Meeting::All => self.i.resize(self.i.icmp(IntPred::LLVMIntEQ, sum, self.i.i32(0)), self.i.int(32), false),
            Meeting::Any => self.i.resize(self.nonzero(sum), self.i.int(32), false),
            _ => sum,
        };
        match &mut self.phase_mut().grid {
            None => self.values[at.index()] = Some(Rep::Uniform(result)),
            Some(grid) => {
                let place = grid.block_size;
                grid.block_size += 4;
                grid.counts.push((at, place));
                self.i.store(result, self.cell(Cell::Block(place)), 4);
            }
        }
    }

    /// Ends the call at a barrier of the grid, if a lane came to it; the next call goes on from here.
    fn wait_for_grid(&mut self, at: Value, came: V<'c>) {
        let site = self.site(at, SiteKind::Barrier);
        let (wait, resume) = (self.i.block("wait"), self.i.block("resume"));
        let some = self.nonzero(self.i.load(self.i.int(32), came, 4));
        self.i.cond_br(some, wait, resume);
        self.i.go(wait);
        let grid = self.phase_mut().grid.as_mut().expect("the grid waits");
        grid.resume.push(resume);
        let state = grid.resume.len() as i32;
        self.i.store(self.i.i32(state), self.cell(STATE), 4);
        self.i.store(self.i.i32(site as i32), self.cell(GRID_SITE), 4);
        let count = self.i.load(self.i.int(32), self.cell(GRID_BARRIERS), 4);
        self.i.store(self.i.add(count, self.i.i32(1)), self.cell(GRID_BARRIERS), 4);
        self.i.ret();
        self.i.go(resume);
    }

    fn gather_into(&self, variable: V<'c>, word: V<'c>) {
        let old = self.i.load(self.i.int(32), variable, 4);
        self.i.store(self.i.or(old, word), variable, 4);
    }

    /// Makes the words of what the segment opens.
    fn before_run(&mut self, segment: &Segment) -> Opened<'c> {
        let End::Open(at) = segment.end else { return Opened::Nothing };
        match self.f.inst(at) {
            Inst::If { .. } => Opened::If([0; 2].map(|_| {
                let any = self.lasting();
                self.i.store(self.i.i32(0), self.cell(any), 4);
                (self.word(), any)
            })),
            Inst::Loop { .. } => Opened::Loop { live: self.word(), left: self.word(), continued: self.word() },
            _ => Opened::Scope { inner: self.word(), left: self.word() },
        }
    }

    /// The instructions of a segment for one warp that has lanes.
    fn segment(&mut self, segment: &Segment, operand: Option<(Value, V<'c>)>, mask: V<'c>, finish: BasicBlock<'c>) {
        let (left, dead) = (self.i.block("segment.end"), self.i.block("segment.dead"));
        let lanes = self.mask_variable(self.mask);
        self.maybe_empty = false;
        let stop = std::mem::replace(&mut self.frame.abort, dead);
        self.load_thread_idx();
        self.point_local_arrays(self.phase().frame);
        for at in &segment.again {
            let f = self.f;
            self.value(*at, f.inst(*at));
        }
        for at in &segment.reload {
            self.reload(*at);
        }
        for at in &segment.counts {
            let place = self.phase().grid.as_ref().and_then(|g| g.counts.iter().find(|(v, _)| v == at)).map(|(_, place)| *place);
            if let Some(place) = place {
                let count = self.i.load(self.i.int(32), self.cell(Cell::Block(place)), 4);
                self.values[at.index()] = Some(Rep::Uniform(count));
            }
        }
        for used in &segment.slots {
            let (slot, variable) = (used.slot, self.slots[used.slot.index()]);
            let overwritten = used.first.is_some_and(|set| self.d.slot(slot) != Class::Varying || !self.d.needs_blend(set));
            let ty = self.slot_type(slot);
            let start = match self.phase().slots[slot.index()] {
                Some(at) if !overwritten && !faults::is(Fault::SlotNotLoaded) => self.i.load(ty, self.in_frame(at), self.slot_align(slot)),
                _ => self.i.zero(ty),
            };
            self.i.store(start, variable, 64);
        }
        self.phase_mut().segment = Some((lanes, left));
        self.ends.push(Way { block: left, mask: Some(lanes) });
        let flow = self.block(&segment.insts);
        self.ends.pop();
        if flow == Flow::Open {
            self.store_mask(self.mask, lanes);
            if let Some((value, holds)) = operand {
                let truth = self.rep(value);
                let truth = if self.lanes == 1 { self.scalar_of(truth) } else { self.spread(truth) };
                let both = if self.full_mask() { truth } else { self.i.select(self.mask, truth, self.i.zero(self.mask_type())) };
                // Frozen: one lane that is poison must not make the whole word so.
                self.i.store(self.mask_word(self.i.freeze(both)), holds, 4);
            }
        } else if flow == Flow::Empty {
            self.store_mask(self.i.zero(self.mask_type()), lanes);
        }
        if flow != Flow::Ended {
            self.i.br(left);
        }
        self.phase_mut().segment = None;
        self.frame.abort = stop;

        self.i.go(dead);
        self.store_word(self.phase().running, self.i.i32(0));
        self.store_mask(self.i.zero(self.mask_type()), lanes);
        self.i.br(left);

        self.i.go(left);
        for used in segment.slots.iter().filter(|u| u.written && !faults::is(Fault::SlotNotStored)) {
            if let Some(at) = self.phase().slots[used.slot.index()] {
                let v = self.i.load(self.slot_type(used.slot), self.slots[used.slot.index()], 64);
                self.i.store(v, self.in_frame(at), self.slot_align(used.slot));
            }
        }
        let last = self.mask_word(self.load_mask(lanes));
        self.i.store(last, mask, 4);
        self.i.br(finish);
    }

    /// What a warp does at the end of a segment, with lanes or without.
    fn after_warp(&mut self, segment: &Segment, lanes: V<'c>, holds: Option<V<'c>>, opened: &Opened<'c>, sums: Option<V<'c>>) {
        match opened {
            Opened::Nothing => {}
            Opened::If(arms) => {
                let yes = holds.expect("an `If` has a condition");
                // A warp that failed on the way has no lanes left, whatever its condition was.
                let yes = self.i.and(yes, lanes);
                let masks = [yes, self.i.binary(Opcode::LLVMXor, lanes, yes)];
                for ((word, any), mask) in arms.iter().zip(masks) {
                    self.store_word(*word, mask);
                    self.gather_into(self.cell(*any), mask);
                }
            }
            Opened::Loop { live, left, continued } => {
                self.store_word(*live, lanes);
                self.store_word(*left, self.i.i32(0));
                self.store_word(*continued, self.i.i32(0));
            }
            Opened::Scope { inner, left } => {
                self.store_word(*inner, lanes);
                self.store_word(*left, self.i.i32(0));
            }
        }
        if let End::Barrier(at) = segment.end {
            self.arrive(at, lanes, holds, sums);
        }
    }

    fn arrive(&mut self, at: Value, lanes: V<'c>, holds: Option<V<'c>>, sums: Option<V<'c>>) {
        let site = self.site(at, SiteKind::Barrier);
        let (arrived, arrived_at) = (self.phase().arrived, self.phase().arrived_at);
        let number = self.i.load(self.i.int(32), self.cell(self.phase().barriers), 4);
        let were = self.load_word(arrived);
        let there = self.i.icmp(IntPred::LLVMIntEQ, self.load_word(arrived_at), number);
        let missing = self.i.binary(Opcode::LLVMXor, self.i.select(there, were, self.i.i32(0)), self.i.i32(-1));
        let mut late = self.i.and(lanes, missing);
        let mut other = self.i.load(self.i.int(32), self.cell(self.phase().last_barrier), 4);
        if matches!(self.f.inst(at), Inst::Barrier { meeting: Meeting::Grid, .. }) {
            // A block that was elsewhere when others met.
            let [now, then] = [GRID_BARRIERS, BLOCK_GRID_BARRIERS].map(|cell| self.i.load(self.i.int(32), self.cell(cell), 4));
            let behind = self.i.icmp(IntPred::LLVMIntNE, now, then);
            late = self.i.select(behind, lanes, late);
            other = self.i.select(behind, self.i.load(self.i.int(32), self.cell(GRID_SITE), 4), other);
        }
        let (bad, good) = (self.i.block("diverged"), self.i.block("met"));
        self.i.cond_br_likely(self.i.icmp(IntPred::LLVMIntEQ, late, self.i.i32(0)), good, bad);
        self.i.go(bad);
        let lane = self.i.intrinsic("llvm.cttz", &[self.i.int(32)], &[late, self.i.i1(false)]);
        let thread = self.i.add(self.frame.thread, self.i.resize(lane, self.i.int(64), false));
        self.i.call("vg_diverged", self.i.void(), &[self.frame.launch, self.frame.block, thread, self.i.i32(site as i32), other]);
        self.i.br(self.phase().next_block);
        self.i.go(good);
        let some = self.nonzero(lanes);
        self.store_word(arrived, self.i.select(some, lanes, were));
        let old_number = self.load_word(arrived_at);
        self.store_word(arrived_at, self.i.select(some, self.i.add(number, self.i.i32(1)), old_number));
        let last = self.cell(self.phase().last_barrier);
        let old_site = self.i.load(self.i.int(32), last, 4);
        self.i.store(self.i.select(some, self.i.i32(site as i32), old_site), last, 4);
        let Inst::Barrier { meeting, .. } = self.f.inst(at) else { unreachable!("a barrier ends the segment") };
        if let (Some(sums), Some(holds)) = (sums, holds) {
            let holds = self.i.and(holds, lanes);
            let old = self.i.load(self.i.int(32), sums, 4);
            let new = match meeting {
                Meeting::Count if faults::is(Fault::WarpsCounted) => self.i.add(old, self.i.resize(self.nonzero(holds), self.i.int(32), false)),
                Meeting::Count => self.i.add(old, self.i.intrinsic("llvm.ctpop", &[self.i.int(32)], &[holds])),
                Meeting::All => self.i.or(old, self.i.binary(Opcode::LLVMXor, lanes, holds)),
                _ => self.i.or(old, holds),
            };
            self.i.store(new, sums, 4);
        }
    }

    /// Takes the acting lanes to the end or latch of a construct that holds a barrier; `None` if the label's construct lies inside the segment.
    pub(super) fn leave_segment(&mut self, at: Value, label: Label, continues: bool) -> Option<Flow> {
        let around = *self.phases.as_ref()?.around.iter().rfind(|a| a.label == label)?;
        let word = if continues { around.continued.expect("verified: continue targets a loop") } else { around.left };
        if !faults::is(Fault::ReturnsLost) {
            let old = self.load_word(word);
            self.store_word(word, self.i.or(old, self.mask_word(self.mask)));
        }
        if self.lanes == 1 || !self.d.is_partial(at) {
            let (lanes, left) = self.phase().segment.expect("instructions stand in a segment");
            self.store_mask(self.i.zero(self.mask_type()), lanes);
            self.i.br(left);
            return Some(Flow::Ended);
        }
        if faults::is(Fault::ReturnsGoOn) {
            return Some(Flow::Open);
        }
        self.mask = self.i.zero(self.mask_type());
        Some(Flow::Empty)
    }
}
