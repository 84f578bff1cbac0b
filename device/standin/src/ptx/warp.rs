//! A warp: 32 threads, each with a place of its own in the program.
//!
//! Threads at one place run together, an instruction at a time. Of several places that which is furthest back goes first, so that threads meet again; but none waits for ever: after a turn it is that of those that have
//! waited longest. Operations with a mask wait for the threads that it names.

use super::program::{
    Access, Barrier, Call, Compare, Frame, Holds, Join, NEGATED, Op, Program, Row, Special, Step, TRUE, each_lane, function_at, lanes,
};
use super::space::{ILLEGAL_INSTRUCTION, LAUNCH_FAILED, Ran, Reach, STACK, fault, number, place_of, put, widened};
use super::together;

/// What registers hold that nobody has written.
const JUNK: u64 = 0xcdcd_cdcd_cdcd_cdcd;

/// Steps of threads at one place before others have their turn.
const TURN: u64 = 2048;

/// Calls inside each other at most: more than any stack there is has room for.
const DEEPEST: usize = 1 << 16;

/// A launch as each of its threads sees it.
pub(super) struct Shape {
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    pub(super) dynamic: u32,
    /// Bytes of stack that calls have.
    pub(super) stack: usize,
    /// Whether it is a fault that threads end for which others of their warp wait: CUDA lets those go on.
    pub(super) strict: bool,
}

/// Where a call goes back to.
#[derive(Clone, Copy, Debug)]
struct Back {
    step: u32,
    rows: u32,
    predicates: u32,
    function: u32,
    stack: u32,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    Warp { mask: u32 },
    Block { barrier: u32, threads: Option<u32>, aligned: bool, holds: bool },
}

#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) at: u32,
    pub(super) rows: u32,
    pub(super) predicates: u32,
    function: u32,
    /// Where its function's local memory begins.
    stack: u32,
    calls: Vec<Back>,
    local: Vec<u8>,
    /// When it last ran.
    ran: u64,
    pub(super) wait: Wait,
}

#[derive(Debug)]
pub(super) struct Warp {
    number: u32,
    pub(super) rows: Vec<Row>,
    pub(super) predicates: Vec<u32>,
    pub(super) lanes: Vec<Lane>,
    pub(super) alive: u32,
    pub(super) waiting: u32,
    carry: u32,
    pub(super) steps: u64,
    threads: [Row; 3],
}

/// What a warp has of its block while it runs.
pub(super) struct Around<'a, 'm> {
    pub(super) program: &'a Program,
    pub(super) shape: &'a Shape,
    pub(super) block: [u32; 3],
    pub(super) reach: Reach<'a, 'm>,
    /// Threads that came to barriers and went on.
    pub(super) arrived: &'a mut [u32; 16],
}

impl Warp {
    pub(super) fn new(program: &Program, function: u32, number: u32, shape: &Shape) -> Warp {
        let made = &program.functions[function as usize];
        let lane = Lane {
            at: made.start,
            rows: 0,
            predicates: 0,
            function,
            stack: 0,
            calls: Vec::new(),
            local: vec![0xcd; made.local as usize],
            ran: 0,
            wait: Wait::Warp { mask: 0 },
        };
        let [x, y, z] = shape.block;
        let mut threads = [[0; 32]; 3];
        let mut alive = 0;
        for lane in 0..32 {
            let linear = number * 32 + lane;
            if linear < x * y * z {
                alive |= 1 << lane;
            }
            for (axis, n) in [linear % x, linear / x % y, linear / x / y].into_iter().enumerate() {
                threads[axis][lane as usize] = u64::from(n);
            }
        }
        Warp {
            number,
            rows: vec![[JUNK; 32]; made.rows as usize],
            predicates: vec![0xcdcd_cdcd; made.predicates as usize],
            lanes: vec![lane; 32],
            alive,
            waiting: 0,
            carry: 0,
            steps: 0,
            threads,
        }
    }

    /// A thread's place in its block.
    pub(super) fn thread(&self, lane: usize) -> [u64; 3] {
        self.threads.map(|axis| axis[lane])
    }

    /// Lanes for which a predicate holds.
    #[inline(always)]
    pub(super) fn holds(&self, base: u32, which: Holds) -> u32 {
        let number = which & !NEGATED;
        let all = if number == TRUE { !0 } else { self.predicates[(base + number) as usize] };
        if which & NEGATED != 0 { !all } else { all }
    }

    #[inline(always)]
    pub(super) fn set_holds(&mut self, base: u32, which: Holds, mask: u32, found: u32) {
        let to = &mut self.predicates[(base + which) as usize];
        *to = *to & !mask | found & mask;
    }

    /// The threads that go next: those at one place.
    fn choose(&self, ready: u32, fair: bool) -> u32 {
        let key = |lane: usize| {
            let it = &self.lanes[lane];
            (if fair { it.ran } else { 0 }, usize::MAX - it.calls.len(), it.at)
        };
        let mut first = ready.trailing_zeros() as usize;
        lanes(ready & (ready - 1), |lane| {
            if key(lane) < key(first) {
                first = lane;
            }
        });
        let lead = &self.lanes[first];
        let mut group = 0;
        lanes(ready, |lane| {
            let it = &self.lanes[lane];
            group |= u32::from(it.at == lead.at && it.rows == lead.rows && it.predicates == lead.predicates) << lane;
        });
        group
    }

    /// Runs until all threads wait or have ended, or for so many steps; an error comes with its step and lane.
    pub(super) fn run(&mut self, around: &mut Around<'_, '_>, most: u64) -> Result<(), (Box<super::space::Fault>, u32, usize)> {
        let end = self.steps + most;
        let mut fair = false;
        loop {
            let ready = self.alive & !self.waiting;
            if ready == 0 || self.steps >= end {
                return Ok(());
            }
            let group = self.choose(ready, fair);
            let before = self.steps;
            let turn = if ready == group { end } else { end.min(before + TURN) };
            let mut at = 0;
            let mut failed = 0;
            // Those whose turn it is go ahead of the others.
            let others = if fair { 0 } else { ready & !group };
            if let Err(wrong) = self.run_group(around, group, others, turn, &mut at, &mut failed) {
                return Err((wrong, at, failed));
            }
            lanes(group, |lane| self.lanes[lane].ran = self.steps);
            fair = self.steps >= turn && ready != group;
        }
    }

    fn leave(&mut self, group: u32, at: u32) {
        lanes(group, |lane| self.lanes[lane].at = at);
    }

    /// Runs threads at one place until their ways part, they wait, or others are to go first.
    fn run_group(&mut self, around: &mut Around<'_, '_>, mut group: u32, others: u32, turn: u64, place: &mut u32, failed: &mut usize) -> Ran<()> {
        let program = around.program;
        let first = group.trailing_zeros() as usize;
        let (mut at, mut rows, mut predicates) = (self.lanes[first].at, self.lanes[first].rows, self.lanes[first].predicates);
        let depth = self.lanes[first].calls.len();
        // Where the others wait that these may meet.
        let mut frontier = u32::MAX;
        lanes(others, |lane| {
            if self.lanes[lane].calls.len() == depth {
                frontier = frontier.min(self.lanes[lane].at);
            }
        });
        *failed = first;
        loop {
            let step = &program.steps[at as usize];
            *place = at;
            self.steps += 1;
            let mask = if step.guard == TRUE { group } else { group & self.holds(predicates, step.guard) };
            if mask == 0 {
                at += 1;
                continue;
            }
            macro_rules! frame {
                () => {
                    Frame { rows: &mut self.rows[rows as usize..], constants: &program.constants }
                };
            }
            match &step.op {
                Op::One(f, to, of) => f(&mut frame!(), *to, *of, mask),
                Op::Two(f, to, of) => f(&mut frame!(), *to, *of, mask),
                Op::Three(f, to, of) => f(&mut frame!(), *to, *of, mask),
                Op::Four(f, to, of) => f(&mut frame!(), *to, *of, mask),
                Op::Convert(conversion, to, of) => frame!().put(*to, mask, |f, lane| conversion.one(f.row(*of)[lane])),
                Op::Test { test, to, other, of, join } => {
                    let found = test(&frame!(), *of, mask);
                    let joined = |found: u32, join: &Option<(Join, Holds)>| match join {
                        None => found,
                        Some((join, with)) => joined(*join, found, self.holds(predicates, *with)),
                    };
                    let (yes, no) = (joined(found, join), joined(!found, join));
                    self.set_holds(predicates, *to, mask, yes);
                    if let Some(other) = other {
                        self.set_holds(predicates, *other, mask, no);
                    }
                }
                Op::Set { test, to, of, join, one } => {
                    let mut found = test(&frame!(), *of, mask);
                    if let Some((join, with)) = join {
                        found = joined(*join, found, self.holds(predicates, *with));
                    }
                    frame!().put(*to, mask, |_, lane| if found >> lane & 1 == 1 { *one } else { 0 });
                }
                Op::Select { to, of, by } => {
                    let by = self.holds(predicates, *by);
                    frame!().put(*to, mask, |f, lane| f.row(of[usize::from(by >> lane & 1 == 0)])[lane]);
                }
                Op::Logic { join, to, of } => {
                    let found = joined(*join, self.holds(predicates, of[0]), self.holds(predicates, of[1]));
                    self.set_holds(predicates, *to, mask, found);
                }
                Op::Carry { to, of, bits, minus, takes, leaves } => {
                    let before = if *takes { self.carry } else { 0 };
                    let mut after = 0;
                    let out = frame!();
                    lanes(mask, |lane| {
                        let (x, y) = (u128::from(out.row(of[0])[lane]), u128::from(out.row(of[1])[lane]));
                        let c = u128::from(before >> lane & 1);
                        let sum = if *minus { x.wrapping_sub(y).wrapping_sub(c) } else { x + y + c };
                        after |= ((sum >> bits & 1) as u32) << lane;
                        out.rows[*to as usize][lane] = sum as u64 & if *bits == 64 { !0 } else { 0xffff_ffff };
                    });
                    if *leaves {
                        self.carry = self.carry & !mask | after;
                    }
                }
                Op::Split { to, from, bits, count } => {
                    let mut out = frame!();
                    let from = *out.row(*from);
                    for (n, to) in to.iter().take(usize::from(*count)).enumerate() {
                        out.put(*to, mask, |_, lane| from[lane] >> (n as u32 * bits) & ((1 << bits) - 1));
                    }
                }
                Op::Special(to, special) => self.special(around, rows, *to, *special, mask),
                Op::ParameterRead { to, row, shift, bytes, signed, mask: all } => {
                    let kept = if *bytes == 8 { !0 } else { (1 << (8 * bytes)) - 1 };
                    frame!().put(*to, mask, |f, lane| {
                        let value = f.row(*row)[lane] >> shift & kept;
                        if *signed { widened(value, *bytes) & all } else { value }
                    });
                }
                Op::ParameterWrite { row, shift, bytes, from } => {
                    let kept: u64 = if *bytes == 8 { !0 } else { (1 << (8 * bytes)) - 1 };
                    frame!().put(*row, mask, |f, lane| f.row(*row)[lane] & !(kept << shift) | (f.row(*from)[lane] & kept) << shift);
                }
                Op::Stack { to, offset } => {
                    lanes(mask, |lane| self.rows[(rows + to) as usize][lane] = u64::from(self.lanes[lane].stack) + offset);
                }
                Op::Load(access) => self.load(around, rows, access, mask, failed)?,
                Op::Store(access) => self.store(around, rows, access, mask, failed)?,
                Op::Atomic { access, change, operands, to } => {
                    for lane in each_lane(mask) {
                        *failed = lane;
                        let out = Frame { rows: &mut self.rows[rows as usize..], constants: &program.constants };
                        let address = out.row(access.address)[lane].wrapping_add_signed(access.offset);
                        let local = &mut self.lanes[lane].local;
                        let bytes = around.reach.bytes(local, access.place, address, usize::from(access.bytes), true)?;
                        let old = number(bytes);
                        put(bytes, change(old, out.row(operands[0])[lane], out.row(operands[1])[lane]));
                        if let Some(to) = to {
                            out.rows[*to as usize][lane] = old;
                        }
                    }
                }
                Op::IsIn { to, address, place } => {
                    let found = frame!().test(mask, |f, lane| place_of(f.row(*address)[lane]).0 == *place);
                    self.set_holds(predicates, *to, mask, found);
                }
                Op::Join => {
                    if at >= frontier || self.steps >= turn {
                        self.leave(group, at);
                        return Ok(());
                    }
                }
                Op::Jump(to) => {
                    at = *to;
                    continue;
                }
                Op::Branch { by, to } => {
                    let taken = group & self.holds(predicates, *by);
                    if taken != 0 && taken != group {
                        self.leave(taken, *to);
                        self.leave(group & !taken, at + 1);
                        return Ok(());
                    }
                    at = if taken == 0 { at + 1 } else { *to };
                    if at >= frontier {
                        self.leave(group, at);
                        return Ok(());
                    }
                    continue;
                }
                Op::Switch { index, to } => {
                    let indexes = *frame!().row(*index);
                    let mut same = true;
                    let aim = indexes[group.trailing_zeros() as usize];
                    for (lane, index) in indexes.into_iter().enumerate().filter(|(lane, _)| group >> lane & 1 == 1) {
                        let Some(to) = to.get(index as usize) else {
                            *failed = lane;
                            return fault(ILLEGAL_INSTRUCTION, format!("a branch by {index}, beyond its list"));
                        };
                        self.lanes[lane].at = *to;
                        same &= index == aim;
                    }
                    if !same {
                        return Ok(());
                    }
                    at = to[aim as usize];
                    continue;
                }
                Op::Call(call) => {
                    let called = self.call(program, around.shape, call, (at, rows, predicates), mask, failed)?;
                    if called != group {
                        self.leave(group & !mask, at + 1);
                        self.leave(mask & !called, at);
                        return Ok(());
                    }
                    let lead = &self.lanes[group.trailing_zeros() as usize];
                    (at, rows, predicates) = (lead.at, lead.rows, lead.predicates);
                    // Nobody else is in here.
                    frontier = u32::MAX;
                    continue;
                }
                Op::Return => {
                    let before = self.alive;
                    self.give_back(program, mask);
                    self.leave(group & !mask, at + 1);
                    self.missed(around.shape, before & !self.alive)?;
                    return together::release(self, program);
                }
                Op::Exit => {
                    self.alive &= !mask;
                    group &= !mask;
                    self.leave(group, at + 1);
                    self.missed(around.shape, mask)?;
                    return together::release(self, program);
                }
                Op::Trap => return fault(LAUNCH_FAILED, "trap"),
                Op::Wait(barrier) => {
                    self.wait(around, barrier, rows, predicates, mask, failed)?;
                    self.leave(group, at + 1);
                    if !barrier.arrives {
                        self.leave(mask, at);
                        self.waiting |= mask;
                    }
                    return Ok(());
                }
                Op::Together { mask: members, .. } => {
                    let members = *frame!().row(*members);
                    let mut all_here = true;
                    for (lane, member) in members.into_iter().enumerate().filter(|(lane, _)| mask >> lane & 1 == 1) {
                        let member = member as u32;
                        if member >> lane & 1 == 0 {
                            *failed = lane;
                            return fault(LAUNCH_FAILED, format!("lane {lane} is not in its mask {member:#x}"));
                        }
                        all_here &= member & self.alive == mask;
                    }
                    if all_here {
                        together::perform(self, program, at, mask);
                    } else {
                        self.leave(group, at + 1);
                        self.leave(mask, at);
                        self.waiting |= mask;
                        lanes(mask, |lane| self.lanes[lane].wait = Wait::Warp { mask: members[lane] as u32 });
                        return together::release(self, program);
                    }
                }
                Op::Active(to) => frame!().put(*to, mask, |_, _| u64::from(mask)),
                Op::Nothing => {}
                Op::Unknown(what) => return fault(ILLEGAL_INSTRUCTION, format!("the stand-in does not know {what}")),
            }
            at += 1;
        }
    }

    fn special(&mut self, around: &Around<'_, '_>, rows: u32, to: u32, special: Special, mask: u32) {
        let (shape, program) = (around.shape, around.program);
        let threads = shape.block.iter().product::<u32>();
        let compared = |of: fn(u32, u32) -> bool, lane: usize| (0..32).fold(0, |found, other| found | u64::from(of(other, lane as u32)) << other);
        let (own, number, clock) = (self.threads, self.number, self.steps);
        let mut frame = Frame { rows: &mut self.rows[rows as usize..], constants: &program.constants };
        frame.put(to, mask, |_, lane| match special {
            Special::Tid(axis) => own[axis][lane],
            Special::Ntid(axis) => u64::from(shape.block[axis]),
            Special::Ctaid(axis) => u64::from(around.block[axis]),
            Special::Nctaid(axis) => u64::from(shape.grid[axis]),
            Special::Lane => lane as u64,
            Special::Warp => u64::from(number),
            Special::Warps => u64::from(threads.div_ceil(32)),
            Special::Grid | Special::Multiprocessor => 0,
            Special::Multiprocessors => 4,
            Special::LaneMask(Compare::Eq) => 1 << lane,
            Special::LaneMask(Compare::Lt) => compared(|other, lane| other < lane, lane),
            Special::LaneMask(Compare::Le) => compared(|other, lane| other <= lane, lane),
            Special::LaneMask(Compare::Gt) => compared(|other, lane| other > lane, lane),
            Special::LaneMask(Compare::Ge) => compared(|other, lane| other >= lane, lane),
            Special::Clock => clock,
            Special::DynamicShared => u64::from(shape.dynamic),
            Special::TotalShared => u64::from(program.shared.next_multiple_of(16) + shape.dynamic),
        });
    }

    fn load(&mut self, around: &mut Around<'_, '_>, rows: u32, access: &Access, mask: u32, failed: &mut usize) -> Ran<()> {
        let bytes = usize::from(access.bytes);
        for lane in each_lane(mask) {
            *failed = lane;
            let frame = Frame { rows: &mut self.rows[rows as usize..], constants: &around.program.constants };
            let address = frame.row(access.address)[lane].wrapping_add_signed(access.offset);
            let found = around.reach.bytes(&mut self.lanes[lane].local, access.place, address, bytes * usize::from(access.count), false)?;
            for (to, part) in access.rows.iter().zip(found.chunks_exact(bytes)) {
                let value = number(part);
                frame.rows[*to as usize][lane] = if access.signed { widened(value, access.bytes) & access.mask } else { value };
            }
        }
        Ok(())
    }

    fn store(&mut self, around: &mut Around<'_, '_>, rows: u32, access: &Access, mask: u32, failed: &mut usize) -> Ran<()> {
        let bytes = usize::from(access.bytes);
        for lane in each_lane(mask) {
            *failed = lane;
            let frame = Frame { rows: &mut self.rows[rows as usize..], constants: &around.program.constants };
            let address = frame.row(access.address)[lane].wrapping_add_signed(access.offset);
            let to = around.reach.bytes(&mut self.lanes[lane].local, access.place, address, bytes * usize::from(access.count), true)?;
            for (from, part) in access.rows.iter().zip(to.chunks_exact_mut(bytes)) {
                put(part, frame.row(*from)[lane]);
            }
        }
        Ok(())
    }

    /// Moves threads into a function; gives those that went: of an address, those that have the first's.
    fn call(&mut self, program: &Program, shape: &Shape, call: &Call, from: (u32, u32, u32), mask: u32, failed: &mut usize) -> Ran<u32> {
        let (at, rows, predicates) = from;
        let (number, mask) = match call.function {
            Ok(number) => (number, mask),
            Err(row) => {
                let addresses = *Frame { rows: &mut self.rows[rows as usize..], constants: &program.constants }.row(row);
                let first = addresses[mask.trailing_zeros() as usize];
                let Some(number) = function_at(first).filter(|n| (*n as usize) < program.functions.len()) else {
                    return fault(ILLEGAL_INSTRUCTION, format!("a call of {first:#x}, where no function is"));
                };
                let mut same = 0;
                lanes(mask, |lane| same |= u32::from(addresses[lane] == first) << lane);
                (number, same)
            }
        };
        let function = &program.functions[number as usize];
        let lead = mask.trailing_zeros() as usize;
        *failed = lead;
        let caller = &program.functions[self.lanes[lead].function as usize];
        let shapes = |list: &[(u32, u32)]| list.iter().map(|p| p.1).collect::<Vec<_>>();
        if shapes(&call.arguments) != shapes(&function.parameters) || shapes(&call.results) != shapes(&function.returns) {
            return fault(ILLEGAL_INSTRUCTION, format!("a call of {} with other parameters than it has", function.name));
        }
        let (new_rows, new_predicates) = (rows + caller.rows, predicates + caller.predicates);
        let (most_rows, most_predicates) = ((new_rows + function.rows) as usize, (new_predicates + function.predicates) as usize);
        if self.rows.len() < most_rows {
            self.rows.resize(most_rows, [JUNK; 32]);
        }
        if self.predicates.len() < most_predicates {
            self.predicates.resize(most_predicates, 0xcdcd_cdcd);
        }
        for ((from, count), (to, _)) in call.arguments.iter().zip(&function.parameters) {
            for n in 0..*count {
                let source = self.rows[(rows + from + n) as usize];
                let to = &mut self.rows[(new_rows + to + n) as usize];
                lanes(mask, |lane| to[lane] = source[lane]);
            }
        }
        for lane in each_lane(mask) {
            let it = &mut self.lanes[lane];
            it.calls.push(Back { step: at, rows, predicates, function: it.function, stack: it.stack });
            let begin = (it.stack + caller.local).next_multiple_of(16) as usize;
            let end = begin + function.local as usize;
            // Eight bytes for the way back, at least; more is what only the driver's compiler knows.
            if program.recursive && end + 8 * it.calls.len() > shape.stack || it.calls.len() > DEEPEST {
                *failed = lane;
                return fault(STACK, format!("{} calls inside each other, with a stack of {} bytes", it.calls.len(), shape.stack));
            }
            if it.local.len() < end {
                it.local.resize(end, 0xcd);
            }
            it.local[begin..end].fill(0xcd);
            (it.at, it.rows, it.predicates, it.function, it.stack) = (function.start, new_rows, new_predicates, number, begin as u32);
        }
        Ok(mask)
    }

    /// Sees to it that nobody waits for threads that ended, where that is asked for.
    fn missed(&self, shape: &Shape, ended: u32) -> Ran<()> {
        let waits = |lane: usize| matches!(self.lanes[lane].wait, Wait::Warp { mask } if mask & ended != 0);
        match each_lane(self.waiting).find(|lane| waits(*lane)) {
            Some(lane) if shape.strict => fault(LAUNCH_FAILED, format!("lane {lane} waits for others that have ended")),
            _ => Ok(()),
        }
    }

    /// Moves threads back to where their function was called, with its results; ends those of the kernel itself.
    fn give_back(&mut self, program: &Program, mask: u32) {
        lanes(mask, |lane| {
            let Some(back) = self.lanes[lane].calls.pop() else {
                self.alive &= !(1 << lane);
                return;
            };
            let it = &mut self.lanes[lane];
            let (rows, function) = (it.rows, &program.functions[it.function as usize]);
            (it.at, it.rows, it.predicates, it.function, it.stack) = (back.step + 1, back.rows, back.predicates, back.function, back.stack);
            if let Step { op: Op::Call(call), .. } = &program.steps[back.step as usize] {
                for ((to, count), (from, _)) in call.results.iter().zip(&function.returns) {
                    for n in 0..*count {
                        self.rows[(back.rows + to + n) as usize][lane] = self.rows[(rows + from + n) as usize][lane];
                    }
                }
            }
        });
    }

    /// Notes for what threads wait at a barrier, or that they were there.
    fn wait(&mut self, around: &mut Around<'_, '_>, barrier: &Barrier, rows: u32, predicates: u32, mask: u32, failed: &mut usize) -> Ran<()> {
        let holds = barrier.counts.map_or(0, |(_, of)| self.holds(predicates, of));
        let frame = Frame { rows: &mut self.rows[rows as usize..], constants: &around.program.constants };
        let (numbers, counts) = (*frame.row(barrier.number), barrier.threads.map(|row| *frame.row(row)));
        for lane in each_lane(mask) {
            let threads = counts.map(|row| row[lane] as u32);
            if numbers[lane] >= 16 || threads.is_some_and(|n| n == 0 || n % 32 != 0) {
                *failed = lane;
                return fault(ILLEGAL_INSTRUCTION, format!("barrier {} of {threads:?} threads", numbers[lane]));
            }
            if barrier.arrives {
                around.arrived[numbers[lane] as usize] += 1;
            }
            let holds = holds >> lane & 1 == 1;
            self.lanes[lane].wait = Wait::Block { barrier: numbers[lane] as u32, threads, aligned: barrier.aligned, holds };
        }
        Ok(())
    }
}

fn joined(join: Join, a: u32, b: u32) -> u32 {
    match join {
        Join::And => a & b,
        Join::Or => a | b,
        Join::Xor => a ^ b,
    }
}
