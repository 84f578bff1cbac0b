//! Indexes that the code itself keeps in bounds: those need no check.
//!
//! `if i < x.size: x[i]` has asked already. The function is walked in program order with what is known of its integers where control stands: differences `a <= b + k` between values, extents and 0, from what
//! operations do ([`super::interval`]), from the conditions of the branches around, and from the accesses before, which end a thread that is out of bounds. Equal computations are one value. A difference is only ever taken from an operation that provably does
//! not wrap there. Of variables two things are known: which value was last assigned or read, and whether it can be negative at all.
//!
//! What holds is said of one thread where it stands, so that it holds for the acting lanes of a warp. The function has been verified; nothing here names a target.

use std::collections::HashMap;

use super::interval::{self, Interval};
use crate::faults::{self, Fault};
use crate::ir::{Array, Block, Function, Geometry, Index, Inst, Label, Slot, Value};
use crate::op::Op;
use crate::types::ScalarType;

/// Rounds in which variables that may be negative are found out; then none is known.
const ROUNDS: usize = 6;
/// Differences that one question may follow, and how far.
const STEPS: usize = 200;
const DEPTH: usize = 10;

/// The axes of each access whose index is at least 0 and less than the extent, as bits; accesses of which nothing is known are left out.
pub fn proven(f: &Function) -> HashMap<Value, u32> {
    if !f.any_inside(&f.body, &|inst| index_of(inst).is_some_and(|(_, index)| !index.is_empty())) {
        return HashMap::new();
    }
    let mut natural: Vec<bool> = f.slots.iter().map(|s| is_whole(s.ty)).collect();
    for round in 0.. {
        if round == ROUNDS {
            natural.fill(false);
        }
        let mut walk = Walk::new(f, &natural);
        walk.block(&f.body);
        if walk.negative.is_empty() || round == ROUNDS {
            return walk.found;
        }
        for slot in walk.negative {
            natural[slot.index()] = false;
        }
    }
    unreachable!("the last round returns")
}

fn index_of(inst: &Inst) -> Option<(Array, &Index)> {
    match inst {
        Inst::Load { array, index, .. } | Inst::Store { array, index, .. } | Inst::Atomic { array, index, .. } => Some((*array, index)),
        _ => None,
    }
}

/// A number; equal ones are the same where that is plain.
type Node = usize;
/// The number 0.
const ZERO: Node = 0;

/// How a number is known again.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Const(i128),
    Extent(Array, u8),
    Geometry(Geometry),
    Operation(Op, ScalarType, Vec<Node>),
}

/// What is known of a number.
struct Number {
    /// Whatever the branches.
    always: Interval,
    /// `(other, c)`: it is `other + c`; what is learnt of it is noted with that other.
    exact: Option<(Node, i128)>,
    /// `(other, k)`: at most `other + k`.
    below: Vec<(Node, i128)>,
    /// `(other, k)`: at least `other + k`.
    above: Vec<(Node, i128)>,
    /// Whether the differences that its operation gives are among those.
    related: bool,
}

/// Which differences are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To what a number is at most.
    Below,
    /// To what it is at least.
    Above,
}

/// What is forgotten when a construct is left.
enum Learnt {
    Below(Node),
    Above(Node),
    Related(Node),
    Exact(Node),
}

struct Walk<'f> {
    f: &'f Function,
    natural: &'f [bool],
    numbers: Vec<Number>,
    known: HashMap<Key, Node>,
    of: Vec<Option<Node>>,
    learnt: Vec<Learnt>,
    /// The numbers that variables hold.
    held: HashMap<Slot, Node>,
    /// Variables taken for natural that are assigned something else.
    negative: Vec<Slot>,
    found: HashMap<Value, u32>,
}

impl<'f> Walk<'f> {
    fn new(f: &'f Function, natural: &'f [bool]) -> Walk<'f> {
        let zero = Number { always: (0, 0), exact: None, below: Vec::new(), above: Vec::new(), related: true };
        let known = HashMap::from([(Key::Const(0), ZERO)]);
        let (of, learnt) = (vec![None; f.insts.len()], Vec::new());
        Walk { f, natural, numbers: vec![zero], known, of, learnt, held: HashMap::new(), negative: Vec::new(), found: HashMap::new() }
    }

    // --- control ---

    fn block(&mut self, block: &[Value]) {
        for &at in block {
            match self.f.inst(at) {
                Inst::If { cond, then, otherwise } => self.branch(*cond, then, otherwise),
                Inst::Loop { label, body, latch } => self.repeat(*label, body, latch),
                Inst::Scope { body, .. } => {
                    let before = self.learnt.len();
                    self.block(body);
                    self.forget(before);
                    self.let_go(body);
                }
                inst => self.plain(at, inst),
            }
        }
    }

    fn branch(&mut self, cond: Value, then: &Block, otherwise: &Block) {
        let before = self.learnt.len();
        let mut arms = [(then, true), (otherwise, false)];
        // The arm by which control goes on comes last, and what it learns stays.
        let ends = arms.map(|(arm, _)| ends(self.f, arm));
        if ends[1] && !ends[0] {
            arms.reverse();
        }
        let held = self.held.clone();
        self.assume(cond, arms[0].1);
        self.block(arms[0].0);
        self.forget(before);
        let after = std::mem::replace(&mut self.held, held);
        self.assume(cond, arms[1].1);
        self.block(arms[1].0);
        if ends[0] == ends[1] {
            self.forget(before);
            self.held.retain(|slot, node| after.get(slot) == Some(node));
        }
    }

    fn repeat(&mut self, label: Label, body: &Block, latch: &Block) {
        let before = self.learnt.len();
        for part in [body, latch] {
            self.let_go(part);
        }
        // What is learnt after the first way to the latch is not known there.
        let f = self.f;
        let goes_on = |at: &Value| f.any_inside(&[*at], &|inst| *inst == Inst::Continue(label));
        let early = body.iter().position(goes_on).unwrap_or(body.len());
        self.block(&body[..early]);
        let known = (self.learnt.len(), self.held.clone());
        let rest = &body[early..];
        self.block(rest);
        self.forget(known.0);
        if !rest.is_empty() {
            self.held = known.1;
            self.let_go(rest);
        }
        self.block(latch);
        self.forget(before);
        for part in [body, latch] {
            self.let_go(part);
        }
    }

    /// What the variables assigned in a block hold is not known any more.
    fn let_go(&mut self, block: &[Value]) {
        let f = self.f;
        f.walk_block(block, &mut |_, inst| {
            for slot in inst.assigns() {
                self.held.remove(&slot);
            }
        });
    }

    fn plain(&mut self, at: Value, inst: &Inst) {
        match inst {
            Inst::Set(slot, value) => {
                if !is_whole(self.f.slot(*slot).ty) {
                    return;
                }
                let node = self.node(*value);
                self.check_natural(*slot, node);
                self.held.insert(*slot, node);
            }
            Inst::Call { .. } => {
                for slot in inst.assigns() {
                    self.held.remove(&slot);
                    if self.natural[slot.index()] && self.f.slot(slot).ty.is_signed() {
                        self.negative.push(slot);
                    }
                }
            }
            _ => {
                if let Some((array, index)) = index_of(inst) {
                    let mut bits = 0;
                    for (axis, value) in index.iter().enumerate() {
                        let (node, extent) = (self.node(*value), self.extent(array, axis as u8));
                        if self.fits(node, extent) {
                            bits |= 1 << axis;
                        } else {
                            // A thread that goes on had its element.
                            self.at_most(node, extent, -1);
                        }
                    }
                    if bits != 0 {
                        self.found.insert(at, bits);
                    }
                }
                if self.f.types[at.index()].is_some_and(is_whole) {
                    self.node(at);
                }
            }
        }
    }

    fn check_natural(&mut self, slot: Slot, node: Node) {
        if self.natural[slot.index()] && !self.is_at_least(node, 0) {
            self.negative.push(slot);
        }
    }

    fn fits(&self, index: Node, extent: Node) -> bool {
        let most = if faults::is(Fault::ProvenTooMuch) { 0 } else { -1 };
        self.is_at_least(index, 0) && self.distance(index, extent) <= most
    }

    // --- numbers ---

    fn number(&mut self, always: Interval) -> Node {
        self.numbers.push(Number { always, exact: None, below: Vec::new(), above: Vec::new(), related: false });
        self.numbers.len() - 1
    }

    fn known_number(&mut self, key: Key, always: Interval) -> Node {
        if let Some(node) = self.known.get(&key) {
            return *node;
        }
        let node = self.number(always);
        self.known.insert(key, node);
        node
    }

    fn extent(&mut self, array: Array, axis: u8) -> Node {
        let info = self.f.array(array);
        let fixed = info.constant.as_ref().map(|c| c.shape[usize::from(axis)] as i128);
        let fixed = fixed.or_else(|| info.storage.as_ref()?.shape().map(|shape| i128::from(shape[usize::from(axis)])));
        match fixed {
            Some(n) => self.known_number(Key::Const(n), (n, n)),
            None => self.known_number(Key::Extent(array, axis), interval::EXTENT),
        }
    }

    /// The number that a value is here, with what its operation tells.
    fn node(&mut self, value: Value) -> Node {
        let f = self.f;
        let inst = f.inst(value);
        if let Some(node) = self.of[value.index()] {
            // What was learnt of it elsewhere has been forgotten.
            if let Inst::Apply { op, args } = inst
                && args.iter().all(|a| is_whole(f.ty(*a)))
            {
                self.relate(node, *op, args, f.ty(value));
            }
            return node;
        }
        let ty = f.ty(value);
        let whole = interval::of_type(ty);
        let node = match inst {
            Inst::Const(c) => self.known_number(Key::Const(c.as_int()), (c.as_int(), c.as_int())),
            Inst::Extent { array, axis } => self.extent(*array, *axis),
            Inst::Geometry(g) => self.known_number(Key::Geometry(*g), interval::of_geometry(*g)),
            Inst::Get(slot) => {
                let node = match self.held.get(slot) {
                    Some(node) => *node,
                    None => self.number(if self.natural[slot.index()] { (0, whole.1) } else { whole }),
                };
                self.held.insert(*slot, node);
                node
            }
            Inst::Apply { op, args } if args.iter().all(|a| is_whole(f.ty(*a))) => {
                let nodes: Vec<Node> = args.iter().map(|a| self.node(*a)).collect();
                let intervals: Vec<Interval> = nodes.iter().map(|n| self.numbers[*n].always).collect();
                let always = interval::of_operation(*op, &intervals).filter(|i| whole.0 <= i.0 && i.1 <= whole.1).unwrap_or(whole);
                let node = self.known_number(Key::Operation(*op, ty, nodes), always);
                self.relate(node, *op, args, ty);
                node
            }
            _ => self.number(whole),
        };
        self.of[value.index()] = Some(node);
        node
    }

    /// Adds the differences between an operation's result and its operands, as far as it cannot wrap here.
    fn relate(&mut self, node: Node, op: Op, args: &[Value], ty: ScalarType) {
        if self.numbers[node].related {
            return;
        }
        self.numbers[node].related = true;
        self.learnt.push(Learnt::Related(node));
        let args: Vec<Node> = args.iter().map(|a| self.node(*a)).collect();
        match (op, &args[..]) {
            (Op::Add | Op::Sub | Op::Cast(_), _) => {
                let whole = interval::of_type(ty);
                let exact = |here: &[Interval]| interval::of_operation(op, here).filter(|i| whole.0 <= i.0 && i.1 <= whole.1);
                let mut here: Vec<Interval> = args.iter().map(|a| self.numbers[*a].always).collect();
                let mut only_here = None;
                if exact(&here).is_none() {
                    here = args.iter().map(|a| (self.least(*a), self.greatest(*a))).collect();
                    let Some(exact) = exact(&here) else { return };
                    only_here = Some(exact);
                }
                let is_fixed = |n: usize| here[n].0 == here[n].1;
                match (op, &args[..]) {
                    (Op::Cast(_), [a]) => self.between(node, *a, (0, 0)),
                    (Op::Add, [a, _]) if is_fixed(1) => self.between(node, *a, here[1]),
                    (Op::Add, [_, b]) if is_fixed(0) => self.between(node, *b, here[0]),
                    (Op::Add, [a, b]) => {
                        self.between(node, *a, here[1]);
                        self.between(node, *b, here[0]);
                    }
                    (Op::Sub, [a, b]) => {
                        self.between(node, *a, (-here[1].1, -here[1].0));
                        // Numbers whose order is known.
                        if !is_fixed(0) && !is_fixed(1) {
                            let (down, up) = (self.distance(*b, *a), self.distance(*a, *b));
                            self.between(node, ZERO, (-down, up));
                        }
                    }
                    _ => {}
                }
                if let Some(exact) = only_here.filter(|_| self.numbers[node].exact.is_none()) {
                    self.between(node, ZERO, exact);
                }
            }
            (Op::Min, [a, b]) => {
                self.at_most(node, *a, 0);
                self.at_most(node, *b, 0);
            }
            (Op::Max, [a, b]) => {
                self.at_most(*a, node, 0);
                self.at_most(*b, node, 0);
            }
            (Op::Mod, [a, b]) if self.is_at_least(*b, 1) => {
                self.at_most(node, *b, -1);
                self.at_most(ZERO, node, 0);
                if self.is_at_least(*a, 0) {
                    self.at_most(node, *a, 0);
                }
            }
            (Op::FloorDiv, [a, b]) if self.is_at_least(*a, 0) && self.is_at_least(*b, 1) => {
                self.at_most(node, *a, 0);
                self.at_most(ZERO, node, 0);
            }
            (Op::Shr, [a, _]) if self.is_at_least(*a, 0) => {
                self.at_most(node, *a, 0);
                self.at_most(ZERO, node, 0);
            }
            _ => {}
        }
    }

    // --- what is known ---

    /// Notes that a condition holds, or does not.
    fn assume(&mut self, cond: Value, holds: bool) {
        let Inst::Apply { op, args } = self.f.inst(cond) else { return };
        match (op, holds) {
            (Op::Not, _) => return self.assume(args[0], !holds),
            (Op::And, true) | (Op::Or, false) if self.f.ty(cond) == ScalarType::Bool => {
                self.assume(args[0], holds);
                self.assume(args[1], holds);
                return;
            }
            _ => {}
        }
        if args.len() != 2 || args.iter().any(|a| !is_whole(self.f.ty(*a))) {
            return;
        }
        let (op, [a, b]) = (*op, [self.node(args[0]), self.node(args[1])]);
        match (op, holds) {
            (Op::Lt, true) | (Op::Ge, false) => self.at_most(a, b, -1),
            (Op::Le, true) | (Op::Gt, false) => self.at_most(a, b, 0),
            (Op::Gt, true) | (Op::Le, false) => self.at_most(b, a, -1),
            (Op::Ge, true) | (Op::Lt, false) => self.at_most(b, a, 0),
            (Op::Eq, true) | (Op::Ne, false) => self.between(a, b, (0, 0)),
            // A natural number that is not 0 is at least 1.
            (Op::Ne, true) | (Op::Eq, false) => {
                for (a, b) in [(a, b), (b, a)] {
                    if b == ZERO && self.least(a) == 0 {
                        self.at_most(ZERO, a, -1);
                    }
                }
            }
            _ => {}
        }
    }

    /// `a - b` lies there.
    fn between(&mut self, a: Node, b: Node, (least, greatest): Interval) {
        let exact = least == greatest && b != ZERO && self.numbers[a].exact.is_none();
        if exact && self.numbers[a].below.is_empty() && self.numbers[a].above.is_empty() && self.resolve(b).0 != a {
            self.numbers[a].exact = Some((b, least));
            self.learnt.push(Learnt::Exact(a));
            return;
        }
        self.at_most(a, b, greatest);
        self.at_most(b, a, -least);
    }

    /// The number and the constant that a number is the sum of.
    fn resolve(&self, mut node: Node) -> (Node, i128) {
        let mut sum = 0;
        while let Some((other, c)) = self.numbers[node].exact {
            (node, sum) = (other, sum + c);
        }
        (node, sum)
    }

    /// Notes `a <= b + k`.
    fn at_most(&mut self, a: Node, b: Node, k: i128) {
        let ((a, before), (b, behind)) = (self.resolve(a), self.resolve(b));
        let k = k + behind - before;
        if a == b || k.unsigned_abs() > 1 << 100 {
            return;
        }
        // What every number is to 0 is looked up, never followed.
        if a != ZERO {
            self.numbers[a].below.push((b, k));
            self.learnt.push(Learnt::Below(a));
        }
        if b != ZERO {
            self.numbers[b].above.push((a, -k));
            self.learnt.push(Learnt::Above(b));
        }
    }

    fn forget(&mut self, length: usize) {
        for learnt in self.learnt.drain(length..).rev() {
            match learnt {
                Learnt::Below(node) => drop(self.numbers[node].below.pop()),
                Learnt::Above(node) => drop(self.numbers[node].above.pop()),
                Learnt::Related(node) => self.numbers[node].related = false,
                Learnt::Exact(node) => self.numbers[node].exact = None,
            }
        }
    }

    fn greatest(&self, node: Node) -> i128 {
        self.reached(node, Way::Below).into_iter().map(|(other, k)| self.numbers[other].always.1 + k).min().expect("itself")
    }

    fn least(&self, node: Node) -> i128 {
        self.reached(node, Way::Above).into_iter().map(|(other, k)| self.numbers[other].always.0 + k).max().expect("itself")
    }

    /// Whether a number cannot be less than another.
    fn is_at_least(&self, node: Node, least: i128) -> bool {
        self.numbers[node].always.0 >= least || self.least(node) >= least
    }

    /// The least k found with `a <= b + k`.
    fn distance(&self, a: Node, b: Node) -> i128 {
        let reached = self.reached(a, Way::Below);
        let apart = reached.iter().map(|(other, k)| self.numbers[*other].always.1 + k).min().expect("itself") - self.least(b);
        let (b, c) = self.resolve(b);
        reached.into_iter().find(|(other, _)| *other == b).map_or(apart, |(_, k)| apart.min(k - c))
    }

    /// The numbers that differences of one kind lead to, with the tightest sums found of those on the way.
    fn reached(&self, node: Node, way: Way) -> Vec<(Node, i128)> {
        let mut best = vec![(node, 0)];
        let mut changed = vec![node];
        let mut steps = 0;
        for _ in 0..DEPTH {
            for from in std::mem::take(&mut changed) {
                let sum = best.iter().find(|(n, _)| *n == from).expect("it was reached").1;
                let number = &self.numbers[from];
                let differences = if way == Way::Below { &number.below } else { &number.above };
                for (other, k) in number.exact.iter().chain(differences.iter().rev()) {
                    steps += 1;
                    if steps > STEPS {
                        return best;
                    }
                    let sum = sum + k;
                    match best.iter_mut().find(|(n, _)| n == other) {
                        Some((_, known)) if (way == Way::Below && *known <= sum) || (way == Way::Above && *known >= sum) => continue,
                        Some((_, known)) => *known = sum,
                        None => best.push((*other, sum)),
                    }
                    if !changed.contains(other) {
                        changed.push(*other);
                    }
                }
            }
            if changed.is_empty() {
                break;
            }
        }
        best
    }
}

/// Whether the values of a type are numbers without fractions, bools among them.
fn is_whole(ty: ScalarType) -> bool {
    ty.is_integer() || ty == ScalarType::Bool
}

/// Whether control never comes to the end of a block.
fn ends(f: &Function, block: &Block) -> bool {
    block.last().is_some_and(|at| match f.inst(*at) {
        Inst::If { then, otherwise, .. } => ends(f, then) && ends(f, otherwise),
        inst => inst.is_terminator(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::parse;

    /// The axes proven of each access, in program order.
    fn axes(body: &str) -> Vec<u32> {
        let head = "kernel \"k\"\nslot s0: int64 \"i\"\nslot s1: int64 \"j\"\narray a0: array(float64, 1d, C) \"x\"\narray a1: array(float64, 2d, C) \"y\"\n\
                    array a2: array(int64, 1d, C) \"n\"\narray a3: array(float64, 1d, C) \"tile\" = shared [16]\nparam array a0 \"x\"\nparam array a1 \"y\"\nparam array a2 \"n\"\nbody {\n\
                    v0: int32 = blockIdx.x\nv1: int64 = cast v0\nv2: int32 = blockDim.x\nv3: int64 = cast v2\nv4: int64 = mul v1, v3\nv5: int32 = threadIdx.x\nv6: int64 = cast v5\n\
                    v7: int64 = add v4, v6\nv8: int64 = extent a0, 0\nv9: int64 = const 0\nv10: int64 = const 1\nv11: float64 = const 0x3ff0000000000000\nv12: int64 = const 16\n";
        let text = format!("{head}{body}\n}}\n");
        let f = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let found = proven(&f);
        let mut axes = Vec::new();
        f.walk(&mut |at, inst| {
            if index_of(inst).is_some() {
                axes.push(found.get(&at).copied().unwrap_or(0));
            }
        });
        axes
    }

    #[test]
    fn a_branch_that_asks_proves() {
        // v7 is a thread's place in the grid, which is never negative.
        assert_eq!(axes("v20: bool = lt v7, v8\nif v20 {\n store a0[v7], v11\n} else {\n}"), [1]);
        assert_eq!(axes("v20: bool = ge v7, v8\nif v20 {\n} else {\n store a0[v7], v11\n}\nstore a0[v7], v11"), [1, 0]);
        assert_eq!(axes("v20: bool = le v7, v8\nif v20 {\n store a0[v7], v11\n} else {\n}"), [0], "one too many");
        assert_eq!(
            axes("v20: bool = lt v7, v8\nif v20 {\n v21: int64 = extent a1, 0\n store a1[v7, v7], v11\n} else {\n}"),
            [0],
            "another array's extent"
        );
        // Stencils: 0 < i and i < n - 1.
        let stencil = |ask: &str| {
            format!(
                "v20: bool = gt v7, v9\nv21: int64 = sub v8, v10\nv22: bool = {ask} v7, v21\nv23: bool = and v20, v22\nif v23 {{\n v24: int64 = sub v7, v10\n v25: int64 = add v7, v10\n \
                 store a0[v24], v11\n store a0[v7], v11\n store a0[v25], v11\n}} else {{\n}}"
            )
        };
        assert_eq!(axes(&stencil("lt")), [1, 1, 1]);
        assert_eq!(axes(&stencil("le")), [1, 1, 0]);
        // What was asked of i + 1 is known of i.
        assert_eq!(axes("v20: int64 = add v7, v10\nv21: bool = lt v20, v8\nif v21 {\n store a0[v20], v11\n store a0[v7], v11\n} else {\n}"), [1, 1]);
        // From the end: n - 1 - i.
        let last = "v20: bool = lt v7, v8\nif v20 {\n v21: int64 = sub v8, v10\n v22: int64 = sub v21, v7\n store a0[v22], v11\n} else {\n}";
        assert_eq!(axes(last), [1]);
        // Not (i >= n or i < 0), of a number read from memory; `or` alone says nothing.
        let asked = |not: &str| {
            format!(
                "v20: int64 = load a2[v9]\nv21: bool = ge v20, v8\nv22: bool = lt v20, v9\nv23: bool = or v21, v22\nv24: bool = not v23\nif {not} {{\n store a0[v20], v11\n}} else {{\n}}"
            )
        };
        assert_eq!(axes(&asked("v24")), [0, 1]);
        assert_eq!(axes(&asked("v23")), [0, 0]);
    }

    #[test]
    fn what_may_wrap_or_change_proves_nothing() {
        // A number read from memory, one more than which may be the least of all.
        let read = |ask: &str| {
            format!(
                "v20: int64 = load a2[v9]\nv21: int64 = add v20, v10\nv22: bool = {ask} v21, v8\nif v22 {{\n v23: bool = ge v20, v9\n if v23 {{\n store a0[v21], v11\n store a0[v20], v11\n }} else {{\n }}\n}} else {{\n}}"
            )
        };
        assert_eq!(axes(&read("lt")), [0, 0, 0]);
        // A variable that the branch asked about is another behind an assignment, in the branch or in a loop around.
        let changed = "set s0, v7\nv20: int64 = get s0\nv21: bool = lt v20, v8\nif v21 {\n v22: int64 = get s0\n store a0[v22], v11\n v23: int64 = add v22, v10\n set s0, v23\n v24: int64 = get s0\n \
                       store a0[v24], v11\n} else {\n}\nv25: int64 = get s0\nstore a0[v25], v11";
        assert_eq!(axes(changed), [1, 0, 0]);
        let looped = "set s0, v7\nv20: int64 = get s0\nv21: bool = lt v20, v8\nif v21 {\n loop l0 {\n v22: int64 = get s0\n store a0[v22], v11\n v23: bool = ge v22, v12\n if v23 {\n break l0\n } else {\n }\n \
                      } latch {\n v24: int64 = get s0\n v25: int64 = add v24, v10\n set s0, v25\n }\n} else {\n}";
        assert_eq!(axes(looped), [0]);
    }

    #[test]
    fn counters_of_loops_are_natural_and_below_their_end() {
        let over = |stop: &str, array: &str, body: &str, latch: &str| {
            format!(
                "set s0, v9\nloop l0 {{\n v20: int64 = get s0\n v21: bool = ge v20, {stop}\n if v21 {{\n break l0\n }} else {{\n }}\n{body} store {array}[v20], v11\n}} latch {{\n v22: int64 = get s0\n \
                 v23: int64 = {latch}\n set s0, v23\n}}"
            )
        };
        assert_eq!(axes(&over("v8", "a0", "", "add v22, v10")), [1]);
        assert_eq!(axes(&over("v12", "a3", "", "add v22, v10")), [1], "16 elements of shared memory");
        assert_eq!(axes(&over("v8", "a3", "", "add v22, v10")), [0]);
        assert_eq!(axes(&over("v8", "a0", "", "sub v22, v10")), [0], "it counts down from 0");
        // A lap that goes on before it has asked comes to the latch with a counter of which nothing is known.
        let early = "set s0, v9\nloop l0 {\n v20: int64 = get s0\n v30: bool = eq v20, v10\n if v30 {\n continue l0\n } else {\n }\n v21: bool = ge v20, v8\n if v21 {\n break l0\n } else {\n }\n \
                     store a0[v20], v11\n} latch {\n v22: int64 = get s0\n v23: int64 = add v22, v10\n set s0, v23\n}";
        assert_eq!(axes(early), [0]);
    }

    #[test]
    fn many_offsets_of_one_index_are_proven_alike() {
        let offsets: String = (0..400)
            .map(|n| {
                format!(" v{}: int64 = const {n}\n v{}: int64 = add v7, v{}\n store a0[v{}], v11\n", 2 * n + 30, 2 * n + 31, 2 * n + 30, 2 * n + 31)
            })
            .collect();
        let text = format!("v20: int64 = const 400\nv21: int64 = add v7, v20\nv22: bool = lt v21, v8\nif v22 {{\n{offsets}}} else {{\n}}");
        assert_eq!(axes(&text), [1; 400]);
    }

    #[test]
    fn an_access_that_went_well_has_asked() {
        assert_eq!(axes("store a3[v6], v11\nstore a3[v6], v11\nstore a0[v6], v11"), [0, 1, 0]);
        assert_eq!(axes("v20: bool = eq v1, v9\nif v20 {\n store a3[v6], v11\n} else {\n}\nstore a3[v6], v11"), [0, 0], "only some threads did it");
        // Python's negative indexes are in bounds too.
        assert_eq!(axes("v20: int64 = load a2[v9]\nstore a3[v20], v11\nstore a3[v20], v11"), [0, 0, 0]);
    }

    #[test]
    fn remainders_are_in_bounds_where_there_are_elements() {
        assert_eq!(axes("v20: int64 = mod v7, v8\nstore a0[v20], v11"), [0], "by 0 they are 0, which is not there");
        assert_eq!(axes("v20: int64 = mod v7, v12\nstore a3[v20], v11"), [1]);
        assert_eq!(axes("v20: bool = gt v8, v9\nif v20 {\n v21: int64 = mod v7, v8\n store a0[v21], v11\n} else {\n}"), [1]);
    }
}
