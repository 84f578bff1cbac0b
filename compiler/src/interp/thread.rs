//! One thread as data.
//!
//! Owns the step of each instruction and the stack of open blocks that takes the place of recursion: [`Thread::run`] can pause after any instruction and go on
//! later. Operand types, targets of jumps and dominance are proven by the verifier; memory is [`Memory`]'s.

use std::borrow::Cow;

use crate::abi::{Site, SiteKind};
use crate::ir::{Array, Axis, Block, Failure, Function, Geometry, Inst, Label, Meeting, Param, Value};
use crate::op::eval;
use crate::types::{Scalar, ScalarType};

use super::Fault;
use super::memory::{Memory, OutOfBounds};

/// Where a thread stands in its launch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) grid: [u32; 3],
    pub(super) block: [u32; 3],
    pub(super) block_index: [u32; 3],
    pub(super) thread_index: [u32; 3],
    pub(super) block_number: u64,
    pub(super) thread_number: u64,
}

/// How a run of a thread ended.
pub(super) enum Status {
    /// The body has ended.
    Done,
    /// The thread is over.
    Failed(Fault),
    /// The steps are used up; `run` goes on.
    Paused,
    /// The thread has come to a barrier or an operation of its warp; [`Thread::pass`] takes it on.
    Waiting,
}

/// What happens at the end of an open block.
#[derive(Clone, Copy)]
enum Then<'f> {
    /// Goes on after the construct.
    Leave,
    /// The same, and `Break` to the label leaves it.
    LeaveScope(Label),
    /// A loop's body: its latch comes next.
    Latch(Label, &'f Block, &'f Block, u64),
    /// A loop's latch: its body comes next.
    Again(Label, &'f Block, &'f Block, u64),
}

impl Then<'_> {
    fn label(&self) -> Option<Label> {
        match self {
            Then::Leave => None,
            Then::LeaveScope(label) | Then::Latch(label, ..) | Then::Again(label, ..) => Some(*label),
        }
    }
}

struct Open<'f> {
    block: &'f [Value],
    next: usize,
    then: Then<'f>,
}

/// Calls of routines inside each other, at most. Compiled code goes as deep as its stack.
const DEEPEST: usize = 100_000;

/// A function that has called a routine and waits for it.
struct Caller<'f> {
    f: &'f Function,
    params: Cow<'f, [Scalar]>,
    values: Vec<Scalar>,
    slots: Vec<Scalar>,
    open: Vec<Open<'f>>,
    arrays: Option<Vec<Array>>,
    call: Value,
    /// What memory had before the routine's own.
    memory: (usize, usize),
}

/// A thread of a function; started again for each place of a launch.
pub(super) struct Thread<'f> {
    /// The function as launched.
    root: &'f Function,
    /// What runs now: it, or a routine.
    f: &'f Function,
    params: Cow<'f, [Scalar]>,
    /// Those that wait for what runs now, outermost first.
    callers: Vec<Caller<'f>>,
    /// The windows of a routine's arrays.
    arrays: Option<Vec<Array>>,
    place: Place,
    values: Vec<Scalar>,
    slots: Vec<Scalar>,
    zeros: Vec<Scalar>,
    open: Vec<Open<'f>>,
    /// Local arrays, while another thread runs.
    local: Vec<u8>,
    /// The barrier or warp operation at which the thread waits.
    waits_at: Option<Value>,
    /// An error that the thread told of.
    pub(super) reported: Option<Fault>,
}

/// Where a thread waits: for each open block the lap of its loop, the number of its first instruction, and how far the thread is in it. Of two places the one that comes
/// first in the program is less.
pub(super) type Position = Vec<(u64, u32, usize)>;

impl<'f> Thread<'f> {
    /// A thread with these scalar arguments (by parameter number).
    pub(super) fn new(f: &'f Function, params: &'f [Scalar]) -> Thread<'f> {
        let zeros: Vec<Scalar> = f.slots.iter().map(|s| Scalar::zero(s.ty)).collect();
        let values = vec![Scalar::bool(false); f.insts.len()];
        Thread {
            root: f,
            f,
            params: Cow::Borrowed(params),
            callers: Vec::new(),
            arrays: None,
            place: Place::default(),
            values,
            slots: zeros.clone(),
            zeros,
            open: Vec::new(),
            local: Vec::new(),
            waits_at: None,
            reported: None,
        }
    }

    /// Puts the thread at the beginning of the body.
    pub(super) fn start(&mut self, place: Place) {
        self.place = place;
        debug_assert!(self.callers.is_empty(), "a thread ends in the function that was launched");
        self.slots.copy_from_slice(&self.zeros);
        self.open.clear();
        self.waits_at = None;
        self.reported = None;
        self.enter(&self.f.body, Then::Leave);
    }

    /// The results, once done.
    pub(super) fn results(&self) -> Vec<Scalar> {
        self.f.results.iter().map(|s| self.slots[s.index()]).collect()
    }

    fn enter(&mut self, block: &'f [Value], then: Then<'f>) {
        self.open.push(Open { block, next: 0, then });
    }

    #[inline]
    fn value(&self, value: Value) -> Scalar {
        self.values[value.index()]
    }

    /// Exchanges the thread's local arrays with those in memory, before and after it runs among others.
    pub(super) fn swap_local(&mut self, memory: &mut Memory<'_, '_>) {
        self.local.resize(memory.local.len(), 0);
        std::mem::swap(&mut self.local, &mut memory.local);
    }

    /// Where the thread waits and at which instruction, if it does.
    pub(super) fn waiting(&self) -> Option<(Position, Value)> {
        let at = self.waits_at?;
        let lap = |then: &Then<'_>| if let Then::Latch(.., n) | Then::Again(.., n) = then { *n } else { 0 };
        let position = self.open.iter().map(|o| (lap(&o.then), o.block.first().map_or(0, |v| v.0), o.next)).collect();
        Some((position, at))
    }

    /// The thread's number in its block.
    pub(super) fn number(&self) -> u64 {
        self.place.thread_number
    }

    /// The values that the instruction at which the thread waits works with.
    pub(super) fn operands(&self) -> Vec<Scalar> {
        let at = self.waits_at.expect("the thread waits");
        self.f.inst(at).operands().iter().map(|v| self.value(*v)).collect()
    }

    /// Ends the thread where it is.
    pub(super) fn end(&mut self) {
        self.open.clear();
        self.waits_at = None;
    }

    /// Takes the thread on from where it waits, with what it is given.
    pub(super) fn pass(&mut self, given: Option<Scalar>) {
        let at = self.waits_at.take().expect("the thread waits");
        if let Some(given) = given {
            self.values[at.index()] = given;
        }
    }

    /// What a barrier gives for the threads that came.
    pub(super) fn meeting(f: &Function, at: Value, operands: &[bool]) -> Option<Scalar> {
        let Inst::Barrier { meeting, .. } = f.inst(at) else { unreachable!("threads wait at barriers") };
        let number = match meeting {
            Meeting::Plain | Meeting::Grid => return None,
            Meeting::Count => operands.iter().filter(|b| **b).count() as i128,
            Meeting::All => operands.iter().all(|b| *b).into(),
            Meeting::Any => operands.iter().any(|b| *b).into(),
        };
        Some(Scalar::int(ScalarType::I32, number))
    }

    /// The fault of having missed the barrier at which others were.
    pub(super) fn diverged(&self, at: Value, other: Value) -> Fault {
        let site = |at| Site { location: self.f.sources.locate(self.f.span(at)), kind: SiteKind::Barrier };
        Fault { block: self.place.block_number, thread: self.place.thread_number, site: site(at), index: None, other: Some(Box::new(site(other))) }
    }

    /// Executes until the body ends, the thread fails, or `steps` (counted down) reaches 0.
    pub(super) fn run(&mut self, memory: &mut Memory<'_, '_>, steps: &mut u64, print: &dyn Fn(&str)) -> Status {
        let status = self.advance(memory, steps, print);
        if matches!(status, Status::Failed(_)) {
            while !self.callers.is_empty() {
                self.go_back(memory, false);
            }
        }
        status
    }

    /// Begins a run of a routine.
    fn call(&mut self, memory: &mut Memory<'_, '_>, at: Value) {
        let Inst::Call { routine, args, arrays, .. } = self.f.inst(at) else { unreachable!("a call") };
        let callee = &self.root.routines[*routine as usize];
        let mut scalars = args.iter();
        let params: Vec<Scalar> = callee
            .params
            .iter()
            .map(|param| match param {
                Param::Scalar { .. } => self.value(*scalars.next().expect("verified: an argument a parameter")),
                Param::Array { .. } => Scalar::bool(false),
            })
            .collect();
        let given: Vec<Array> = arrays.iter().map(|a| self.window(*a)).collect();
        let (arrays, before) = memory.bind_routine(callee, *routine, &given);
        self.callers.push(Caller {
            f: std::mem::replace(&mut self.f, callee),
            params: std::mem::replace(&mut self.params, Cow::Owned(params)),
            values: std::mem::replace(&mut self.values, vec![Scalar::bool(false); callee.insts.len()]),
            slots: std::mem::replace(&mut self.slots, callee.slots.iter().map(|s| Scalar::zero(s.ty)).collect()),
            open: std::mem::take(&mut self.open),
            arrays: self.arrays.replace(arrays),
            call: at,
            memory: before,
        });
        self.enter(&callee.body, Then::Leave);
    }

    /// Goes on in the function that called, with the results or after the thread has ended.
    fn go_back(&mut self, memory: &mut Memory<'_, '_>, ended: bool) {
        let Some(caller) = self.callers.pop() else { return };
        let results: Vec<Scalar> =
            self.f.results.iter().map(|s| if ended { Scalar::zero(self.f.slot(*s).ty) } else { self.slots[s.index()] }).collect();
        memory.unbind(caller.memory);
        self.f = caller.f;
        self.params = caller.params;
        self.values = caller.values;
        self.slots = caller.slots;
        self.open = caller.open;
        self.arrays = caller.arrays;
        if let Inst::Call { into, ended: told, .. } = self.f.inst(caller.call) {
            into.iter().zip(results).for_each(|(slot, value)| self.slots[slot.index()] = value);
            self.slots[told.index()] = Scalar::bool(ended);
        }
    }

    /// Where an array of the function that runs lies.
    fn window(&self, array: Array) -> Array {
        self.arrays.as_ref().map_or(array, |all| all[array.index()])
    }

    fn advance(&mut self, memory: &mut Memory<'_, '_>, steps: &mut u64, print: &dyn Fn(&str)) -> Status {
        while *steps > 0 {
            let f = self.f;
            let Some(open) = self.open.last_mut() else {
                if self.callers.is_empty() {
                    return Status::Done;
                }
                self.go_back(memory, false);
                continue;
            };
            *steps -= 1;
            let Some(&at) = open.block.get(open.next) else {
                self.end_of_block();
                continue;
            };
            open.next += 1;
            let given = match &f.insts[at.index()] {
                Inst::Apply { op, args } => match args[..] {
                    [a] => eval(*op, &[self.value(a)]),
                    [a, b] => eval(*op, &[self.value(a), self.value(b)]),
                    [a, b, c] => eval(*op, &[self.value(a), self.value(b), self.value(c)]),
                    _ => unreachable!("verified: no row has {} operands", args.len()),
                },
                Inst::Const(c) => *c,
                Inst::Get(slot) => self.slots[slot.index()],
                Inst::Set(slot, value) => {
                    self.slots[slot.index()] = self.value(*value);
                    continue;
                }
                Inst::Param(i) => self.params[*i as usize],
                Inst::Geometry(g) => self.coordinate(*g),
                Inst::Extent { array, axis } => Scalar::int(ScalarType::I64, memory.extent(self.window(*array), *axis).into()),
                Inst::Load { array, index, part } => match memory.load(self.window(*array), index.iter().map(|i| self.value(*i)), *part) {
                    Ok(value) => value,
                    Err(index) => return self.out_of_bounds(at, *array, index),
                },
                Inst::Store { array, index, part, value } => {
                    let value = self.value(*value);
                    match memory.store(self.window(*array), index.iter().map(|i| self.value(*i)), *part, value) {
                        Ok(()) => continue,
                        Err(index) => return self.out_of_bounds(at, *array, index),
                    }
                }
                Inst::If { cond, then, otherwise } => {
                    let taken = if self.value(*cond).as_bool() { then } else { otherwise };
                    if !taken.is_empty() {
                        self.enter(taken, Then::Leave);
                    }
                    continue;
                }
                Inst::Loop { label, body, latch } => {
                    self.enter(body, Then::Latch(*label, body, latch, 0));
                    continue;
                }
                Inst::Scope { label, body } => {
                    self.enter(body, Then::LeaveScope(*label));
                    continue;
                }
                Inst::Atomic { op, array, index, part, value, expected } => {
                    let place = || index.iter().map(|i| self.value(*i));
                    let old = match memory.load(self.window(*array), place(), *part) {
                        Ok(old) => old,
                        Err(index) => return self.out_of_bounds(at, *array, index),
                    };
                    let new = op.step(old, self.value(*value), expected.map(|v| self.value(v)));
                    if let Err(index) = memory.store(self.window(*array), place(), *part, new) {
                        return self.out_of_bounds(at, *array, index);
                    }
                    old
                }
                Inst::Barrier { .. } | Inst::Warp { .. } => {
                    self.waits_at = Some(at);
                    return Status::Waiting;
                }
                Inst::Fence => continue,
                Inst::Call { routine, .. } => {
                    if self.callers.len() >= DEEPEST {
                        return self.failed(at, SiteKind::Recursion(self.root.routines[*routine as usize].name.clone()), None);
                    }
                    self.call(memory, at);
                    continue;
                }
                Inst::Leave => {
                    self.go_back(memory, true);
                    continue;
                }
                Inst::Break(label) => {
                    self.leave_to(*label);
                    self.open.pop();
                    continue;
                }
                Inst::Continue(label) => {
                    self.leave_to(*label);
                    self.end_of_block();
                    continue;
                }
                Inst::Print { pieces, values } => {
                    let types: Vec<ScalarType> = values.iter().map(|v| self.value(*v).ty()).collect();
                    let text = crate::print::line(&crate::print::encode(pieces, &types), |i| self.value(values[i]).bits());
                    print(&text.expect("encoded just now"));
                    continue;
                }
                Inst::Fail(failure) | Inst::Report(failure) => {
                    let kind = match failure {
                        Failure::ZeroStep => SiteKind::ZeroStep,
                        Failure::TupleIndex => SiteKind::TupleIndex,
                        Failure::Unassigned(slot) => SiteKind::Unassigned(f.slot(*slot).name.clone()),
                        Failure::Bounds(array) => SiteKind::Index { array: f.array(*array).name.clone() },
                        Failure::Value(complaint) => SiteKind::Value(*complaint),
                        Failure::Raise(n) => SiteKind::Raise(Box::new(f.raises[*n as usize].clone())),
                    };
                    if matches!(&f.insts[at.index()], Inst::Fail(_)) {
                        return self.failed(at, kind, None);
                    }
                    if self.reported.is_none() {
                        self.reported = Some(self.fault(at, kind, None));
                    }
                    continue;
                }
            };
            self.values[at.index()] = given;
        }
        if self.open.is_empty() && self.callers.is_empty() { Status::Done } else { Status::Paused }
    }

    /// Goes where the innermost open block leads when it ends.
    fn end_of_block(&mut self) {
        let Some(Open { then, .. }) = self.open.pop() else { return };
        match then {
            Then::Leave | Then::LeaveScope(_) => {}
            Then::Latch(label, body, latch, lap) => self.enter(latch, Then::Again(label, body, latch, lap)),
            Then::Again(label, body, latch, lap) => self.enter(body, Then::Latch(label, body, latch, lap + 1)),
        }
    }

    /// Closes blocks until the construct of the label is innermost.
    fn leave_to(&mut self, label: Label) {
        while self.open.last().is_some_and(|o| o.then.label() != Some(label)) {
            self.open.pop();
        }
    }

    fn coordinate(&self, geometry: Geometry) -> Scalar {
        let axis = |of: [u32; 3], axis| match axis {
            Axis::X => of[0],
            Axis::Y => of[1],
            Axis::Z => of[2],
        };
        let value = match geometry {
            Geometry::ThreadIdx(a) => axis(self.place.thread_index, a),
            Geometry::BlockIdx(a) => axis(self.place.block_index, a),
            Geometry::BlockDim(a) => axis(self.place.block, a),
            Geometry::GridDim(a) => axis(self.place.grid, a),
            Geometry::LaneId => (self.place.thread_number % 32) as u32,
        };
        Scalar::int(ScalarType::I32, value.into())
    }

    fn out_of_bounds(&self, at: Value, array: Array, index: OutOfBounds) -> Status {
        self.failed(at, SiteKind::Index { array: self.f.array(array).name.clone() }, Some(index))
    }

    fn failed(&self, at: Value, kind: SiteKind, index: Option<OutOfBounds>) -> Status {
        Status::Failed(self.fault(at, kind, index))
    }

    fn fault(&self, at: Value, kind: SiteKind, index: Option<OutOfBounds>) -> Fault {
        let site = Site { location: self.f.sources.locate(self.f.span(at)), kind };
        Fault { block: self.place.block_number, thread: self.place.thread_number, site, index, other: None }
    }
}
