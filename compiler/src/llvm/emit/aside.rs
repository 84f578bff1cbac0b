//! What an emitter lays aside while it makes another function of the module: a recursive function, or one of the math library.
//!
//! The module, the places that may fail and what holds for all of its functions stay; all that belongs to one function is exchanged here and nowhere else.

use std::collections::HashMap;
use std::mem::{replace, take};

use super::super::instr::{Outer, V};
use super::control::{End, Target};
use super::phases::Phases;
use super::{Bound, Emitter, Frame, Rep};
use crate::ir::{Function, Label, Slot, Value};
use crate::pass::divergence::Divergence;
use crate::pass::{inside, laps, strides};

/// How a function of the module begins.
pub(super) struct Inner<'a, 'c> {
    pub(super) f: &'a Function,
    pub(super) d: &'a Divergence,
    pub(super) lanes: u32,
    /// See [`Emitter::routine`].
    pub(super) routine: bool,
    /// `None`: it knows of no launch.
    pub(super) frame: Option<Frame<'c>>,
    pub(super) context: Option<V<'c>>,
    pub(super) scratch: Vec<V<'c>>,
    pub(super) indexes: Option<V<'c>>,
}

/// The state of the function that was being made.
pub(super) struct Aside<'a, 'c> {
    outer: Outer<'c>,
    f: &'a Function,
    d: &'a Divergence,
    lanes: u32,
    exact_flags: bool,
    routine: bool,
    mask: V<'c>,
    maybe_empty: bool,
    values: Vec<Option<Rep<'c>>>,
    slots: Vec<V<'c>>,
    arrays: Vec<Bound<'c>>,
    params: Vec<Option<Rep<'c>>>,
    targets: Vec<Target<'c>>,
    ends: Vec<End<'c>>,
    scratch: Vec<V<'c>>,
    indexes: Option<V<'c>>,
    request: Option<V<'c>>,
    phases: Option<Phases<'c>>,
    laps: HashMap<Value, laps::Laps>,
    steps: HashMap<Slot, (Label, Value)>,
    inside: HashMap<Value, u32>,
    frame: Option<Frame<'c>>,
    context: Option<V<'c>>,
    lent: Option<V<'c>>,
}

impl<'a, 'c> Emitter<'a, 'c> {
    /// Goes on with a function that [`super::super::instr::Instr::enter`] has begun, which gave `outer`.
    pub(super) fn lay_aside(&mut self, outer: Outer<'c>, inner: Inner<'a, 'c>) -> Aside<'a, 'c> {
        let Inner { f, d, lanes, routine, frame, context, scratch, indexes } = inner;
        let lanes = replace(&mut self.lanes, lanes);
        let full = self.full();
        Aside {
            outer,
            lanes,
            f: replace(&mut self.f, f),
            d: replace(&mut self.d, d),
            exact_flags: take(&mut self.exact_flags),
            routine: replace(&mut self.routine, routine),
            mask: replace(&mut self.mask, full),
            maybe_empty: take(&mut self.maybe_empty),
            values: replace(&mut self.values, vec![None; f.insts.len()]),
            slots: take(&mut self.slots),
            arrays: take(&mut self.arrays),
            params: replace(&mut self.params, vec![None; f.params.len()]),
            targets: take(&mut self.targets),
            ends: take(&mut self.ends),
            scratch: replace(&mut self.scratch, scratch),
            indexes: replace(&mut self.indexes, indexes),
            request: self.request.take(),
            phases: self.phases.take(),
            laps: replace(&mut self.laps, laps::known(f)),
            steps: replace(&mut self.steps, strides::steps(f)),
            // A routine of the math library keeps to its tables' bounds.
            inside: replace(&mut self.inside, if routine { HashMap::new() } else { inside::proven(f) }),
            frame: frame.map(|frame| replace(&mut self.frame, frame)),
            context: replace(&mut self.context, context),
            lent: self.lent.take(),
        }
    }

    /// Goes on with the function that was laid aside, where it was left.
    pub(super) fn take_up(&mut self, aside: Aside<'a, 'c>) {
        self.i.leave(aside.outer);
        self.f = aside.f;
        self.d = aside.d;
        self.lanes = aside.lanes;
        self.exact_flags = aside.exact_flags;
        self.routine = aside.routine;
        self.mask = aside.mask;
        self.maybe_empty = aside.maybe_empty;
        self.values = aside.values;
        self.slots = aside.slots;
        self.arrays = aside.arrays;
        self.params = aside.params;
        self.targets = aside.targets;
        self.ends = aside.ends;
        self.scratch = aside.scratch;
        self.indexes = aside.indexes;
        self.request = aside.request;
        self.phases = aside.phases;
        self.laps = aside.laps;
        self.steps = aside.steps;
        self.inside = aside.inside;
        self.context = aside.context;
        self.lent = aside.lent;
        if let Some(frame) = aside.frame {
            self.frame = frame;
        }
    }
}
