//! Random functions: well-typed, ending, race-free, and as unpleasant as that allows.
//!
//! Everything follows from the seed. Loops count laps in a slot that only their latch changes, so they end. In a kernel each thread stores to elements that are
//! its own and loads those and elements of readonly arrays.

use verdigris_compiler::ir::{Array, Axis, Builder, Failure, Function, Geometry, Index, Inst, Kind, Label, Part, Slot, Value};
use verdigris_compiler::llvm::Signature;
use verdigris_compiler::names::ConstantArray;
use verdigris_compiler::op::{Math, Op};
use verdigris_compiler::source::Sources;
use verdigris_compiler::types::{ArrayType, Layout, Scalar, ScalarType};

use ScalarType::*;

#[path = "meet.rs"]
mod meet;

pub(crate) use meet::{Features, ingredients, meeting_kernel, wanted};

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True once in `n`.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A value that is likely to be at an edge of something.
    pub(crate) fn scalar(&mut self, ty: ScalarType) -> Scalar {
        match ty {
            Bool => Scalar::bool(self.once_in(2)),
            F32 | F64 => {
                let special = [
                    0.0,
                    -0.0,
                    1.0,
                    -1.0,
                    0.5,
                    -1.5,
                    2.0,
                    3.0,
                    0.1,
                    1e-3,
                    100.0,
                    1e10,
                    f64::INFINITY,
                    -f64::INFINITY,
                    f64::NAN,
                    1e300,
                    1e-310,
                    1e-40,
                ];
                match self.below(4) {
                    0 => Scalar::float(ty, self.pick(&special)),
                    1 => Scalar::float(ty, self.below(41) as f64 - 20.0),
                    2 => Scalar::float(ty, (self.next() as i64 >> 20) as f64 / (1u64 << 40) as f64),
                    _ => Scalar::float(ty, (self.below(2001) as f64 - 1000.0) / 64.0),
                }
            }
            _ => {
                let width = ty.bits() as i128;
                let edges = [0, 1, -1, 2, 3, 5, 7, width, width - 1, 1 << (width - 1), (1 << (width - 1)) - 1, -(1 << (width - 2))];
                match self.below(3) {
                    0 => Scalar::int(ty, self.pick(&edges)),
                    1 => Scalar::int(ty, self.below(20) as i128 - 6),
                    _ => Scalar::from_bits(ty, self.next()),
                }
            }
        }
    }

    pub(crate) fn bytes(&mut self, elem: ScalarType, count: usize) -> Vec<u8> {
        let part = elem.part();
        let scalars = count * elem.size() / part.size();
        (0..scalars).flat_map(|_| self.scalar(part).bits().to_ne_bytes().into_iter().take(part.size())).collect()
    }

    fn real(&mut self) -> ScalarType {
        self.pick(&[I64, I64, I64, I64, F64, F64, F64, F32, F32, I32, I32, Bool, Bool, I8, I16, U8, U16, U32, U64])
    }

    pub(crate) fn elem(&mut self) -> ScalarType {
        if self.once_in(6) { self.pick(&[C64, C128]) } else { self.real() }
    }
}

/// An array argument: contents and the view of them.
#[derive(Clone, Debug)]
pub(crate) struct ArrayData {
    pub(crate) elem: ScalarType,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<isize>,
    pub(crate) offset: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A parameter's argument, in the function's order.
#[derive(Clone, Debug)]
pub(crate) enum Arg {
    Scalar(Scalar),
    Array(ArrayData),
}

#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) function: Function,
    pub(crate) args: Vec<Arg>,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    /// No access can be out of bounds and nothing fails.
    pub(crate) safe: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Elements {
    pub(crate) function: Function,
    pub(crate) signature: Signature,
    pub(crate) uniform: u64,
    pub(crate) inputs: Vec<Vec<u8>>,
    pub(crate) count: usize,
}

/// An element that belongs to the thread alone.
#[derive(Clone)]
struct Own {
    array: Array,
    elem: ScalarType,
    index: Index,
}

struct Around {
    label: Label,
    is_loop: bool,
}

struct Generator<'r> {
    rng: &'r mut Rng,
    b: Builder,
    /// Values in sight, by open block.
    visible: Vec<Vec<Value>>,
    slots: Vec<Slot>,
    around: Vec<Around>,
    own: Vec<Own>,
    readonly: Vec<(Array, ArrayType)>,
    /// An array that one thread alone may touch, and the condition that tells it.
    solo: Option<(Array, ArrayType, Value)>,
    /// Integers that differ from lane to lane.
    spread: Vec<Value>,
    budget: i32,
    safe: bool,
    /// What threads have together, where they meet.
    together: Option<meet::Together>,
}

impl<'r> Generator<'r> {
    fn new(rng: &'r mut Rng, kind: Kind, safe: bool) -> Generator<'r> {
        let budget = 10 + rng.below(40) as i32;
        Generator {
            rng,
            b: Builder::new("random", kind),
            visible: vec![vec![]],
            slots: vec![],
            around: vec![],
            own: vec![],
            readonly: vec![],
            solo: None,
            spread: vec![],
            budget,
            safe,
            together: None,
        }
    }

    fn ty(&self, v: Value) -> ScalarType {
        self.b.function().ty(v)
    }

    fn see(&mut self, v: Value) -> Value {
        self.visible.last_mut().expect("an open block").push(v);
        v
    }

    fn constant(&mut self, ty: ScalarType) -> Value {
        let value = self.rng.scalar(ty);
        self.b.constant(value)
    }

    /// Any value in sight; recent ones more often.
    fn any(&mut self) -> Value {
        let total: usize = self.visible.iter().map(Vec::len).sum();
        if total == 0 {
            let ty = self.rng.real();
            let v = self.constant(ty);
            return self.see(v);
        }
        let (a, b) = (self.rng.below(total), self.rng.below(total));
        *self.visible.iter().flatten().nth(a.max(b)).expect("below the total")
    }

    /// A value of a type: one in sight, else converted from one, else a constant.
    fn of(&mut self, ty: ScalarType) -> Value {
        for _ in 0..4 {
            let v = self.any();
            if self.ty(v) == ty {
                return v;
            }
        }
        match self.rng.below(4) {
            0 => self.constant(ty),
            1 => {
                let slot = self.slots.iter().copied().find(|s| self.b.function().slot(*s).ty == ty);
                match slot {
                    Some(slot) => self.b.get(slot),
                    None => self.constant(ty),
                }
            }
            _ => {
                let v = self.any();
                self.b.cast(v, ty)
            }
        }
    }

    fn cond(&mut self) -> Value {
        if self.rng.once_in(4) {
            return self.of(Bool);
        }
        if !self.spread.is_empty() && self.rng.once_in(2) {
            // A bit of something that varies, mixed with a value that may change from lap to lap: about half of the lanes, other ones each time.
            let v = self.rng.pick(&self.spread.clone());
            let other = self.of(I64);
            let mixed = self.b.apply(Op::Xor, &[v, other]);
            let bit = 1i64 << self.rng.below(4);
            let bit = self.b.int(bit);
            let masked = self.b.apply(Op::And, &[mixed, bit]);
            return self.b.apply(Op::Eq, &[masked, bit]);
        }
        let a = self.any();
        let ty = self.ty(a);
        let b = self.of(ty);
        let op = self.rng.pick(&[Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Eq, Op::Ne]);
        self.b.apply(op, &[a, b])
    }

    fn expression(&mut self) {
        if self.rng.once_in(8) {
            let math = self.rng.pick(Math::ALL);
            let ty = self.rng.pick(&[F32, F64]);
            let mut args: Vec<Value> = (0..math.arity()).map(|_| self.of(ty)).collect();
            if math == Math::Copysign {
                // The sign of a NaN is nobody's business.
                let is_nan = self.b.apply(Op::IsNan, &[args[1]]);
                let one = self.b.constant(Scalar::float(ty, 1.0));
                args[1] = self.b.apply(Op::Select, &[is_nan, one, args[1]]);
            }
            let v = self.b.apply(Op::Math(math), &args);
            self.see(v);
            return;
        }
        if self.rng.once_in(8) {
            let to = self.rng.real();
            let v = self.any();
            let v = self.b.apply(Op::Cast(to), &[v]);
            self.see(v);
            return;
        }
        let op = if self.rng.once_in(2) { self.rng.pick(&[Op::Add, Op::Sub, Op::Mul]) } else { self.rng.pick(Op::PLAIN) };
        let first = self.any();
        let mut ty = self.ty(first);
        let fits = |ty| op.result(&if op == Op::Select { vec![Bool, ty, ty] } else { vec![ty; op.arity()] }).is_some();
        while !fits(ty) {
            ty = self.rng.real();
        }
        let args: Vec<Value> = match op {
            Op::Select => vec![self.cond(), self.of(ty), self.of(ty)],
            _ => (0..op.arity()).map(|n| if n == 0 && self.ty(first) == ty { first } else { self.of(ty) }).collect(),
        };
        let v = self.b.apply(op, &args);
        self.see(v);
    }

    /// Statements in a new block.
    fn block(&mut self, length: usize) -> Vec<Value> {
        self.b.open();
        self.visible.push(Vec::new());
        self.statements(length);
        self.visible.pop();
        self.b.close()
    }

    fn statements(&mut self, length: usize) {
        for _ in 0..length {
            if self.b.ended() || self.budget <= 0 {
                break;
            }
            self.budget -= 1;
            self.statement();
        }
    }

    fn statement(&mut self) {
        let depth = self.visible.len();
        if self.rng.once_in(8) && self.warp_operation(false) {
            return;
        }
        match self.rng.below(100) {
            0..30 => self.expression(),
            30..36 => {
                let ty = self.rng.pick(&[I64, I32]);
                let term = self.of(ty);
                self.note(term);
            }
            36..40 => self.solo_access(),
            40..54 => {
                let slot = self.rng.below(self.slots.len());
                let slot = self.slots[slot];
                let ty = self.b.function().slot(slot).ty;
                let v = self.of(ty);
                self.b.set(slot, v);
            }
            54..62 => {
                let slot = self.rng.below(self.slots.len());
                let v = self.b.get(self.slots[slot]);
                self.see(v);
            }
            62..72 if depth < 7 => {
                let cond = self.cond();
                let (first, second) = (1 + self.rng.below(4), if self.rng.once_in(2) { 0 } else { 1 + self.rng.below(3) });
                let then = self.block(first);
                let otherwise = self.block(second);
                self.b.push(Inst::If { cond, then, otherwise });
            }
            72..78 if depth < 6 => self.counted_loop(),
            78..81 if depth < 6 => {
                let label = self.b.label();
                self.around.push(Around { label, is_loop: false });
                let length = 1 + self.rng.below(5);
                let body = self.block(length);
                self.around.pop();
                self.b.push(Inst::Scope { label, body });
            }
            81..89 if !self.around.is_empty() && depth > 1 => {
                // Of two draws the inner one: jumps of the loop around them are what loops are made of.
                let n = self.rng.below(self.around.len()).max(self.rng.below(self.around.len()));
                let Around { label, is_loop } = self.around[n];
                let inst = if is_loop && !self.rng.once_in(3) { Inst::Continue(label) } else { Inst::Break(label) };
                // Mostly under a condition, else nothing after it would ever run.
                if self.rng.once_in(5) {
                    self.b.push(inst);
                } else {
                    let cond = self.cond();
                    self.b.open();
                    self.b.push(inst);
                    let then = self.b.close();
                    self.b.push(Inst::If { cond, then, otherwise: vec![] });
                }
            }
            89..98 => self.access(),
            98 if !self.safe && self.rng.once_in(3) => {
                let failure = match self.rng.below(3) {
                    0 => Failure::ZeroStep,
                    1 => Failure::TupleIndex,
                    _ => Failure::Unassigned(self.slots[0]),
                };
                let cond = self.cond();
                self.b.open();
                self.b.push(Inst::Fail(failure));
                let then = self.b.close();
                self.b.push(Inst::If { cond, then, otherwise: vec![] });
            }
            _ => self.expression(),
        }
    }

    /// Adds a value to what a lane has done so far, kept where skipped or doubled work shows.
    fn note(&mut self, term: Value) {
        let integers: Vec<Slot> = self.slots.iter().copied().filter(|s| self.b.function().slot(*s).ty.is_integer()).collect();
        if integers.is_empty() {
            return;
        }
        let slot = self.rng.pick(&integers);
        let ty = self.b.function().slot(slot).ty;
        let term = self.b.cast(term, ty);
        let old = self.b.get(slot);
        let three = self.b.constant(Scalar::int(ty, 3));
        let scaled = self.b.apply(Op::Mul, &[old, three]);
        let new = self.b.apply(Op::Add, &[scaled, term]);
        self.b.set(slot, new);
    }

    fn counted_loop(&mut self) {
        let counter = self.b.slot("%counter", I64);
        let (zero, one) = (self.b.int(0), self.b.int(1));
        if !self.rng.once_in(3) {
            self.b.set(counter, zero);
        }
        let bound = if self.rng.once_in(3) {
            let laps = self.rng.below(6) as i64;
            self.b.int(laps)
        } else {
            let v = if self.spread.is_empty() || self.rng.once_in(2) { self.of(I64) } else { self.rng.pick(&self.spread.clone()) };
            // Mixed with what may change from lap to lap of a loop around this one.
            let other = self.of(I64);
            let v = if self.rng.once_in(2) { self.b.apply(Op::Xor, &[v, other]) } else { v };
            let mask = self.b.int(3);
            self.b.apply(Op::And, &[v, mask])
        };
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
        self.around.push(Around { label, is_loop: true });
        let length = 2 + self.rng.below(7);
        self.statements(length);
        self.around.pop();
        self.visible.pop();
        let body = self.b.close();
        self.b.open();
        self.visible.push(Vec::new());
        let lap = self.b.get(counter);
        let next = self.b.apply(Op::Add, &[lap, one]);
        self.b.set(counter, next);
        if self.rng.once_in(4) {
            let slot = self.rng.below(self.slots.len());
            let slot = self.slots[slot];
            let ty = self.b.function().slot(slot).ty;
            let v = self.of(ty);
            if self.rng.once_in(2) {
                let cond = self.cond();
                self.b.open();
                self.b.set(slot, v);
                let then = self.b.close();
                self.b.push(Inst::If { cond, then, otherwise: vec![] });
            } else {
                self.b.set(slot, v);
            }
        }
        self.visible.pop();
        let latch = self.b.close();
        self.b.push(Inst::Loop { label, body, latch });
    }

    fn part(&mut self, elem: ScalarType) -> Part {
        if elem.is_complex() { self.rng.pick(&[Part::Real, Part::Imag]) } else { Part::Whole }
    }

    fn access(&mut self) {
        match self.rng.below(5) {
            0..2 if !self.own.is_empty() => {
                let n = self.rng.below(self.own.len());
                let Own { array, elem, index } = self.own[n].clone();
                let part = self.part(elem);
                let value = self.of(elem.part());
                self.b.push(Inst::Store { array, index, part, value });
            }
            2 if !self.own.is_empty() => {
                let n = self.rng.below(self.own.len());
                let Own { array, elem, index } = self.own[n].clone();
                let part = self.part(elem);
                let v = self.b.push(Inst::Load { array, index, part });
                self.see(v);
            }
            3 if !self.readonly.is_empty() => self.guarded_access(),
            _ if !self.readonly.is_empty() => {
                let n = self.rng.below(self.readonly.len());
                let (array, ty) = self.readonly[n];
                let index = (0..ty.ndim).map(|axis| self.index(array, axis)).collect();
                let part = self.part(ty.elem);
                let v = self.b.push(Inst::Load { array, index, part });
                self.see(v);
            }
            _ => self.expression(),
        }
    }

    /// Under the condition that lets one thread through: an access whose address is the same for all lanes.
    fn solo_access(&mut self) {
        let Some((array, ty, cond)) = self.solo else { return self.expression() };
        let index: Index = (0..ty.ndim).map(|_| self.rng.pick(&[0, 1, 2, -1])).map(|i| self.b.int(i)).collect();
        let part = self.part(ty.elem);
        let value = self.of(ty.elem.part());
        self.b.open();
        let old = self.b.push(Inst::Load { array, index: index.clone(), part });
        let slot = self.slots.iter().copied().find(|s| self.b.function().slot(*s).ty == ty.elem.part());
        if let Some(slot) = slot {
            self.b.set(slot, old);
        }
        self.b.push(Inst::Store { array, index, part, value });
        let then = self.b.close();
        self.b.push(Inst::If { cond, then, otherwise: vec![] });
    }

    /// An index of an axis: in bounds, counted from the end, or (where faults are wanted) anything.
    fn index(&mut self, array: Array, axis: u8) -> Value {
        let v = self.of(I64);
        let extent = self.b.push(Inst::Extent { array, axis });
        if !self.safe && self.rng.once_in(8) {
            return if self.rng.once_in(3) { self.b.cast(v, U64) } else { v };
        }
        let inside = self.b.apply(Op::Mod, &[v, extent]);
        match self.rng.below(4) {
            0 => self.b.apply(Op::Sub, &[inside, extent]),
            1 => self.b.cast(inside, U64),
            _ => inside,
        }
    }

    /// A load behind a question whether its indexes are in bounds: one that settles it or, where faults are wanted, perhaps not quite.
    fn guarded_access(&mut self) {
        let n = self.rng.below(self.readonly.len());
        let (array, ty) = self.readonly[n];
        if ty.ndim == 0 {
            return self.expression();
        }
        let (mut index, mut sides) = (Index::new(), Vec::new());
        for axis in 0..ty.ndim {
            let v = self.of(I64);
            let extent = self.b.push(Inst::Extent { array, axis });
            // From two before the array to as much again behind it.
            let twice = self.b.apply(Op::Add, &[extent, extent]);
            let [two, four] = [2, 4].map(|n| self.b.int(n));
            let around = self.b.apply(Op::Add, &[twice, four]);
            let v = self.b.apply(Op::Mod, &[v, around]);
            let near = self.b.apply(Op::Sub, &[v, two]);
            let by = self.rng.below(4) as i64 - 1;
            let offset = self.b.int(by);
            let moved = self.b.apply(Op::Add, &[near, offset]);
            index.push(moved);
            let slip = if self.safe || !self.rng.once_in(3) { 0 } else { self.rng.pick(&[-1, 1]) };
            let least = self.b.int(slip - by);
            sides.push(match self.rng.below(3) {
                0 => self.b.apply(Op::Ge, &[near, least]),
                1 => self.b.apply(Op::Le, &[least, near]),
                _ => {
                    let before = self.b.int(slip - by - 1);
                    self.b.apply(Op::Gt, &[near, before])
                }
            });
            let slip = if self.safe || !self.rng.once_in(3) { 0 } else { self.rng.pick(&[-1, 1]) };
            let shift = self.b.int(by + slip);
            let end = self.b.apply(Op::Sub, &[extent, shift]);
            sides.push(match self.rng.below(3) {
                0 => self.b.apply(Op::Lt, &[near, end]),
                1 if slip == 0 => self.b.apply(Op::Gt, &[extent, moved]),
                _ => {
                    let one = self.b.int(1);
                    let last = self.b.apply(Op::Sub, &[end, one]);
                    self.b.apply(Op::Le, &[near, last])
                }
            });
        }
        let part = self.part(ty.elem);
        let slot = self.slots.iter().copied().find(|s| self.b.function().slot(*s).ty == ty.elem.part());
        let form = self.rng.below(3);
        let guard = |this: &mut Self, op: Op| sides.iter().copied().reduce(|a, b| this.b.apply(op, &[a, b])).expect("an axis");
        let cond = match form {
            0 => Some(guard(self, Op::And)),
            // Not (not a or not b).
            1 => {
                let out = sides.iter().map(|side| self.b.apply(Op::Not, &[*side])).collect::<Vec<_>>();
                let any = out.into_iter().reduce(|a, b| self.b.apply(Op::Or, &[a, b])).expect("an axis");
                Some(self.b.apply(Op::Not, &[any]))
            }
            _ => None,
        };
        let questions = cond.map_or(sides, |cond| vec![cond]);
        for _ in &questions {
            self.b.open();
        }
        let loaded = self.b.push(Inst::Load { array, index, part });
        if let Some(slot) = slot {
            self.b.set(slot, loaded);
        }
        for cond in questions.into_iter().rev() {
            let inside = self.b.close();
            self.b.push(Inst::If { cond, then: inside, otherwise: vec![] });
        }
    }

    /// What the slots hold at the end is seen by the comparison.
    fn store_slots(&mut self) {
        if self.b.ended() {
            return;
        }
        for Own { array, elem, index } in self.own.clone() {
            let part = self.part(elem);
            let slot = self.slots[self.rng.below(self.slots.len())];
            let v = self.b.get(slot);
            let value = self.b.cast(v, elem.part());
            self.b.push(Inst::Store { array, index, part, value });
        }
    }

    fn make_slots(&mut self) {
        for n in 0..3 + self.rng.below(5) {
            let ty = self.rng.real();
            let slot = self.b.slot(format!("x{n}"), ty);
            self.slots.push(slot);
        }
    }

    fn constant_array(&mut self) {
        let elem = self.rng.elem();
        let ndim = 1 + self.rng.below(2) as u8;
        let shape: Vec<usize> = (0..ndim).map(|_| 1 + self.rng.below(9)).collect();
        let ty = ArrayType { elem, ndim, layout: Layout::C, readonly: true };
        let data = self.rng.bytes(elem, shape.iter().product());
        let array = self.b.array("table".into(), ty, Some(ConstantArray { ty, shape, data }.into()));
        self.readonly.push((array, ty));
    }
}

impl ArrayData {
    /// Random contents, in the layout promised; for `A` with axes in another order, gaps, and reversed axes.
    fn random(rng: &mut Rng, ty: ArrayType, shape: Vec<usize>) -> ArrayData {
        let size = ty.elem.size() as isize;
        let mut order: Vec<usize> = (0..shape.len()).rev().collect();
        if ty.layout == Layout::F || (ty.layout == Layout::A && rng.once_in(2)) {
            order.reverse();
        }
        let mut step = size;
        let mut strides = vec![0; shape.len()];
        let mut offset = 0;
        for axis in order {
            if ty.layout == Layout::A {
                step *= 1 + rng.below(2) as isize;
            }
            strides[axis] = step;
            step *= shape[axis].max(1) as isize;
            if ty.layout == Layout::A && rng.once_in(3) {
                offset += strides[axis] as usize * (shape[axis].max(1) - 1);
                strides[axis] = -strides[axis];
            }
        }
        let bytes = rng.bytes(ty.elem, step as usize / size as usize);
        ArrayData { elem: ty.elem, shape, strides, offset, bytes }
    }
}

/// A generator whose kernel has its parameters: with arguments, grid, block, and the thread's x in the launch with its extent.
type Framed<'r> = (Generator<'r>, Vec<Arg>, [u32; 3], [u32; 3], Value, usize);

/// Begins a kernel.
fn framed<'r>(rng: &'r mut Rng, safe: bool, blocks: &[[u32; 3]]) -> Framed<'r> {
    let block: [u32; 3] = rng.pick(blocks);
    let grid: [u32; 3] = rng.pick(&[[1, 1, 1], [2, 1, 1], [3, 1, 1], [2, 2, 1], [1, 2, 2]]);
    let mut g = Generator::new(rng, Kind::Kernel, safe);
    g.make_slots();
    let mut args = Vec::new();
    for n in 0..g.rng.below(3) {
        let ty = g.rng.real();
        let param = g.b.scalar_param(format!("p{n}"), ty);
        let v = g.b.push(Inst::Param(param));
        g.see(v);
        let value = g.rng.scalar(ty);
        args.push(Arg::Scalar(value));
    }
    if g.rng.once_in(2) {
        g.constant_array();
    }
    for n in 0..g.rng.below(3) {
        let ty =
            ArrayType { elem: g.rng.elem(), ndim: 1 + g.rng.below(3) as u8, layout: g.rng.pick(&[Layout::C, Layout::F, Layout::A]), readonly: true };
        let smallest = if g.safe { 1 } else { 0 };
        let shape = (0..ty.ndim).map(|_| (1 + g.rng.below(if ty.ndim == 1 { 90 } else { 9 })).max(smallest)).collect();
        let array = g.b.array_param(format!("in{n}"), ty);
        g.readonly.push((array, ty));
        args.push(Arg::Array(ArrayData::random(g.rng, ty, shape)));
    }

    // Place of the thread: x of the launch, and the row it stands in.
    let geometry = |g: &mut Generator<'_>, what| {
        let v = g.b.push(Inst::Geometry(what));
        g.see(v);
        let v = g.b.cast(v, I64);
        g.see(v)
    };
    let global = |g: &mut Generator<'_>, axis| {
        let [t, i, d] = [Geometry::ThreadIdx(axis), Geometry::BlockIdx(axis), Geometry::BlockDim(axis)].map(|what| geometry(g, what));
        let start = g.b.apply(Op::Mul, &[i, d]);
        let v = g.b.apply(Op::Add, &[start, t]);
        g.see(v)
    };
    let x = global(&mut g, Axis::X);
    let y = global(&mut g, Axis::Y);
    let z = global(&mut g, Axis::Z);
    let [nx, ny, nz] = [0, 1, 2].map(|n| (grid[n] * block[n]) as usize);
    if g.rng.once_in(3) {
        geometry(&mut g, Geometry::LaneId);
    }
    g.spread = if ny > 1 { vec![x, y] } else { vec![x] };
    for n in 0..1 + g.rng.below(3) {
        let ndim = if nz > 1 {
            3
        } else if ny > 1 {
            2 + g.rng.below(2)
        } else {
            1 + g.rng.below(3)
        };
        let ty =
            ArrayType { elem: g.rng.elem(), ndim: ndim as u8, layout: g.rng.pick(&[Layout::C, Layout::C, Layout::F, Layout::A]), readonly: false };
        let name = format!("out{n}");
        // Axes in either order: x fastest gives runs, x slowest gathers and scatters.
        let mut axes = vec![(x, nx), (y, ny), (z, nz)];
        axes.truncate(ndim);
        if !g.rng.once_in(3) {
            axes.reverse();
        }
        let shrink = if g.safe || g.rng.once_in(2) { 0 } else { 1 };
        let shape: Vec<usize> = axes.iter().map(|(_, extent)| extent + g.rng.below(3) * (1 - shrink) - shrink * usize::from(*extent > 1)).collect();
        let array = g.b.array_param(name, ty);
        let index = axes
            .iter()
            .enumerate()
            .map(|(axis, (v, extent))| match g.rng.below(6) {
                0 => {
                    // From the end. Where the axis is too short for all threads the count must be the launch's: else the last thread would wrap to the first's element.
                    let from = if shrink == 0 { g.b.push(Inst::Extent { array, axis: axis as u8 }) } else { g.b.int(*extent as i64) };
                    g.b.apply(Op::Sub, &[*v, from])
                }
                1 => {
                    let last = g.b.int(*extent as i64 - 1);
                    g.b.apply(Op::Sub, &[last, *v])
                }
                2 => g.b.cast(*v, U64),
                _ => *v,
            })
            .collect();
        g.own.push(Own { array, elem: ty.elem, index });
        args.push(Arg::Array(ArrayData::random(g.rng, ty, shape)));
    }

    if g.rng.once_in(3) {
        let ty = ArrayType { elem: g.rng.elem(), ndim: 1 + g.rng.below(2) as u8, layout: Layout::C, readonly: false };
        let array = g.b.array_param("solo", ty);
        let mut cond = g.b.constant(Scalar::bool(true));
        for (v, extent) in [(x, nx), (y, ny), (z, nz)] {
            let one = g.rng.below(extent) as i64;
            let one = g.b.int(one);
            let here = g.b.apply(Op::Eq, &[v, one]);
            cond = g.b.apply(Op::And, &[cond, here]);
        }
        g.solo = Some((array, ty, cond));
        let shape = vec![3; ty.ndim as usize];
        args.push(Arg::Array(ArrayData::random(g.rng, ty, shape)));
    }
    (g, args, grid, block, x, nx)
}

/// A kernel with its arguments and launch.
pub(crate) fn kernel(rng: &mut Rng) -> Kernel {
    let safe = !rng.once_in(4);
    let blocks = [
        [32, 1, 1],
        [64, 1, 1],
        [16, 2, 1],
        [32, 2, 1],
        [7, 1, 1],
        [7, 3, 1],
        [1, 1, 1],
        [5, 2, 3],
        [40, 1, 1],
        [8, 8, 1],
        [96, 1, 1],
        [32, 1, 2],
        [48, 1, 1],
        [24, 2, 1],
    ];
    let (mut g, args, grid, block, x, nx) = framed(rng, safe, &blocks);
    let length = 6 + g.rng.below(14);
    if g.rng.once_in(2) {
        // The usual guard: a varying condition around everything.
        let total = g.b.int((nx - g.rng.below(3).min(nx)) as i64);
        let cond = g.b.apply(Op::Lt, &[x, total]);
        let then = g.block(length);
        g.b.push(Inst::If { cond, then, otherwise: vec![] });
    } else {
        g.statements(length);
    }
    g.store_slots();
    Kernel { function: g.b.finish(vec![], Sources::default()), args, grid, block, safe }
}

/// A scalar function with columns of inputs.
pub(crate) fn elements(rng: &mut Rng) -> Elements {
    let safe = !rng.once_in(4);
    let signature =
        Signature { inputs: (0..rng.below(5)).map(|_| rng.elem()).collect(), outputs: (0..1 + rng.below(3)).map(|_| rng.elem()).collect() };
    let uniform = if rng.once_in(2) { 0 } else { rng.next() & ((1 << signature.inputs.len()) - 1) };
    let count = rng.pick(&[0, 1, 2, 7, 31, 32, 33, 64, 70, 100]);
    let inputs = signature.inputs.iter().enumerate().map(|(n, ty)| rng.bytes(*ty, if uniform >> n & 1 == 1 { 1 } else { count })).collect();
    let mut g = Generator::new(rng, Kind::Scalar, safe);
    for (n, ty) in signature.inputs.iter().enumerate() {
        let parts: &[&str] = if ty.is_complex() { &[".real", ".imag"] } else { &[""] };
        for part in parts {
            let param = g.b.scalar_param(format!("p{n}{part}"), ty.part());
            let v = g.b.push(Inst::Param(param));
            g.see(v);
        }
    }
    let integers: Vec<Value> = g.visible[0].iter().copied().filter(|v| g.ty(*v).is_integer()).collect();
    g.spread = integers.into_iter().map(|v| g.b.cast(v, I64)).collect();
    let mut results = Vec::new();
    for (n, ty) in signature.outputs.iter().enumerate() {
        for part in 0..1 + ty.is_complex() as usize {
            let slot = g.b.slot(format!("%result{n}.{part}"), ty.part());
            results.push(slot);
            g.slots.push(slot);
        }
    }
    g.make_slots();
    if g.rng.once_in(2) {
        g.constant_array();
    }
    let length = 6 + g.rng.below(14);
    g.statements(length);
    for slot in results.clone() {
        if !g.b.ended() && g.rng.once_in(2) {
            let ty = g.b.function().slot(slot).ty;
            let v = g.of(ty);
            g.b.set(slot, v);
        }
    }
    Elements { function: g.b.finish(results, Sources::default()), signature, uniform, inputs, count }
}
