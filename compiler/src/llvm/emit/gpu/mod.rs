//! What differs where each thread is one of a GPU's: entries, memory, waiting, and what threads tell the host.
//!
//! The rest of the emitter serves with one lane as it is. `entry` frames the body, `memory` is element access and atomics, `warp` what threads do together, `report` failures and printed lines,
//! `recursion` functions that call themselves. Where a thread stands is asked of the machine where it is needed. A thread that fails ends; all others go on.

mod entry;
mod library;
mod memory;
mod recursion;
mod report;
mod warp;

pub(in super::super) use entry::{Emitted, emit};

use super::control::Flow;
use super::{Emitter, Rep};
use crate::ir::{Axis, Geometry, Inst, Value};
use crate::llvm::instr::V;
use crate::llvm::ptx;
use crate::op::WarpOp;

/// What a thread is called in a report.
#[derive(Clone, Copy, Debug)]
enum Place<'c> {
    /// By its block and its number there.
    Thread,
    /// By the element it computes.
    Element(V<'c>),
    /// By the core arrays it computes, as a block.
    Core(V<'c>),
    /// Not at all: nobody would read it.
    Nowhere,
}

/// What an emitter for a GPU has besides.
pub(super) struct Gpu<'c> {
    options: ptx::Options,
    /// The status block.
    status: V<'c>,
    place: Place<'c>,
    /// Shared words in which a block meets before it meets the grid.
    meeting: Option<V<'c>>,
    /// Lines that are printed.
    lines: Vec<Vec<u8>>,
    /// Recursive functions that are called, in the order of their being made.
    called: Vec<u32>,
    /// Calls around the present one, i32.
    depth: V<'c>,
    /// Whether a thread may fail.
    fails: bool,
    lines_of: Option<report::Lines<'c>>,
}

impl<'c> Emitter<'_, 'c> {
    /// Emits an instruction in its GPU's form, if it has one.
    pub(super) fn on_gpu(&mut self, at: Value, inst: &Inst) -> Option<Flow> {
        self.gpu.as_ref()?;
        if self.routine {
            return None;
        }
        self.tell_line(at);
        let value = match inst {
            Inst::Geometry(geometry) => self.coordinate(*geometry),
            Inst::Load { array, index, part } => self.read(at, *array, index, *part),
            Inst::Atomic { op, array, index, part, value, expected } => self.exchange(at, *op, (*array, index, *part), *value, *expected),
            Inst::Warp { op, args } if *op != WarpOp::Sync => self.together(*op, args),
            Inst::Store { array, index, part, value } => {
                self.write(at, *array, index, *part, *value);
                return Some(Flow::Open);
            }
            Inst::Warp { args, .. } => {
                let mask = self.base(args[0]);
                self.i.intrinsic("llvm.nvvm.bar.warp.sync", &[], &[mask]);
                return Some(Flow::Open);
            }
            Inst::Barrier { meeting, operand } => {
                if let Some(given) = self.meet(*meeting, *operand) {
                    self.values[at.index()] = Some(Rep::Uniform(given));
                }
                return Some(Flow::Open);
            }
            Inst::Print { pieces, values } => {
                self.print_record(pieces, values);
                return Some(Flow::Open);
            }
            Inst::Report(failure) => {
                self.tell_failure(at, *failure);
                return Some(Flow::Open);
            }
            Inst::Fail(failure) => {
                self.tell_failure(at, *failure);
                self.i.br(self.frame.abort);
                return Some(Flow::Ended);
            }
            Inst::Call { routine, args, arrays, into, ended } => {
                self.call_function(at, *routine, args, arrays, into, *ended);
                return Some(Flow::Open);
            }
            _ => return None,
        };
        self.values[at.index()] = Some(Rep::Uniform(value));
        Some(Flow::Open)
    }

    fn gpu(&mut self) -> &mut Gpu<'c> {
        self.gpu.as_mut().expect("asked only where there is one")
    }

    /// A special register.
    fn register(&self, name: &str) -> V<'c> {
        self.i.intrinsic(&format!("llvm.nvvm.read.ptx.sreg.{name}"), &[], &[])
    }

    fn coordinate(&self, geometry: Geometry) -> V<'c> {
        let of = |name: &str, axis: Axis| {
            let axis = match axis {
                Axis::X => 'x',
                Axis::Y => 'y',
                Axis::Z => 'z',
            };
            self.register(&format!("{name}.{axis}"))
        };
        match geometry {
            Geometry::ThreadIdx(axis) => of("tid", axis),
            Geometry::BlockIdx(axis) => of("ctaid", axis),
            Geometry::BlockDim(axis) => of("ntid", axis),
            Geometry::GridDim(axis) => of("nctaid", axis),
            Geometry::LaneId => self.register("laneid"),
        }
    }
}
