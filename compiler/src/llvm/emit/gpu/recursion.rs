//! Recursive functions: each an internal function of the module, which the machine's own stack holds.
//!
//! One is handed the status block, what its thread is called, the number of calls around it, a place for its results, its scalars, and for each array the words that any access reads. It gives 0, or
//! 1 where the thread is to end, or 2 where it has raised. Functions are made after the entry that calls them.

use super::{Gpu, Place};
use crate::abi::SiteKind;
use crate::ir::{Array, Function, Param, Slot, Storage, Value};
use crate::llvm::emit::{Emitter, Rep};
use crate::llvm::instr::{IntPred, T};
use crate::pass::divergence::Divergence;
use crate::types::ScalarType;

/// What a function gives where the thread is to end.
const ABORT: i32 = 1;
/// What it gives where the thread has raised.
const ENDED: i32 = 2;
/// Parameters before the scalars.
const FIRST_SCALAR: usize = 4;

fn name(number: u32) -> String {
    format!("vg_recursive_{number}")
}

impl<'a, 'c> Emitter<'a, 'c> {
    pub(super) fn call_function(&mut self, at: Value, number: u32, args: &[Value], arrays: &[Array], into: &[Slot], ended: Slot) {
        if !self.gpu().called.contains(&number) {
            self.gpu().called.push(number);
        }
        let callee = &self.outermost.0.routines[number as usize];
        let types = callee.result_types();
        let around = self.gpu().depth;
        let depth = self.i.add(around, self.i.i32(1));
        let most = self.gpu().options.deepest_calls;
        let (deep, call) = (self.i.block("deep"), self.i.block("call"));
        let too_deep = self.i.icmp(IntPred::LLVMIntUGT, depth, self.i.i32(most as i32));
        self.i.cond_br_rare(too_deep, deep, call);
        self.i.go(deep);
        let none = (self.i.i32(0), self.i.i64(0), self.i.i64(0));
        self.tell(at, SiteKind::Recursion(callee.name.clone()), none);
        self.i.br(self.frame.abort);
        self.i.go(call);
        let out = self.i.alloca(self.i.array(self.i.int(64), types.len().max(1) as u64), 8);
        for n in 0..types.len() {
            self.i.store(self.i.i64(0), self.i.offset(out, self.i.i64(n as i64 * 8)), 8);
        }
        let place = match self.gpu().place {
            Place::Thread | Place::Nowhere => self.i.i64(0),
            Place::Element(n) | Place::Core(n) => n,
        };
        let mut operands = vec![self.gpu().status, place, depth, out];
        operands.extend(args.iter().map(|v| self.base(*v)));
        operands.extend(arrays.iter().map(|a| self.arrays[a.index()].words));
        let status = self.i.call(&name(number), self.i.int(32), &operands);
        let go_on = self.i.block("called");
        let stops = self.i.icmp(IntPred::LLVMIntEQ, status, self.i.i32(ABORT));
        self.i.cond_br_rare(stops, self.frame.abort, go_on);
        self.i.go(go_on);
        let has_ended = self.i.icmp(IntPred::LLVMIntEQ, status, self.i.i32(ENDED));
        self.i.store(has_ended, self.slots[ended.index()], 64);
        for (n, (slot, ty)) in into.iter().zip(&types).enumerate() {
            let stored = self.i.load(self.kept_as(*ty), self.i.offset(out, self.i.i64(n as i64 * 8)), 8);
            let v = if *ty == ScalarType::Bool { self.from_stored(stored, *ty) } else { stored };
            self.i.store(v, self.slots[slot.index()], 64);
        }
    }

    /// How a value lies between caller and function.
    fn kept_as(&self, ty: ScalarType) -> T<'c> {
        if ty == ScalarType::Bool { self.i.int(8) } else { self.i.scalar(ty) }
    }

    /// Makes all functions that are called, and those that they call.
    pub(super) fn make_functions(mut self, whole: &'a Function, divergence: &'a Divergence) -> Emitter<'a, 'c> {
        let mut made = 0;
        while let Some(&number) = self.gpu().called.get(made) {
            made += 1;
            self = self.make_function(number, whole, divergence);
        }
        self
    }

    fn make_function(self, number: u32, whole: &'a Function, divergence: &'a Divergence) -> Emitter<'a, 'c> {
        let f = &whole.routines[number as usize];
        let Emitter { i, level, check_bounds, sites, gpu, .. } = self;
        let gpu = gpu.expect("made for a GPU");
        let mut e = Emitter::new(i, f, divergence.routine(number as usize), 1, level, check_bounds, false);
        e.outermost = (whole, divergence);
        e.sites = sites;
        let mut types = vec![e.i.ptr(), e.i.int(64), e.i.int(32), e.i.ptr()];
        debug_assert_eq!(types.len(), FIRST_SCALAR);
        types.extend(f.params.iter().filter_map(|p| if let Param::Scalar { ty, .. } = p { Some(e.i.scalar(*ty)) } else { None }));
        let scalars = types.len() - FIRST_SCALAR;
        types.extend(f.params.iter().filter(|p| matches!(p, Param::Array { .. })).map(|_| e.i.ptr()));
        let outer = e.i.enter(&name(number), e.i.int(32), &types);
        let start = e.i.here();
        let (status, element, depth, out) = (e.i.param(0), e.i.param(1), e.i.param(2), e.i.param(3));
        let place = match gpu.place {
            Place::Thread => Place::Thread,
            Place::Element(_) => Place::Element(element),
            Place::Core(_) => Place::Core(element),
            Place::Nowhere => Place::Nowhere,
        };
        e.gpu = Some(Gpu { status, place, depth, lines_of: None, ..gpu });
        let (mut next_scalar, mut next_array) = (FIRST_SCALAR as u32, (FIRST_SCALAR + scalars) as u32);
        let mut words = vec![None; f.arrays.len()];
        for (n, param) in f.params.iter().enumerate() {
            match param {
                Param::Scalar { .. } => {
                    e.params[n] = Some(Rep::Uniform(e.i.param(next_scalar)));
                    next_scalar += 1;
                }
                Param::Array { array, .. } => {
                    words[array.index()] = Some(e.i.param(next_array));
                    next_array += 1;
                }
            }
        }
        for (info, words) in f.arrays.iter().zip(words) {
            match (words, &info.storage) {
                (Some(words), _) => e.bind(words, info.ty.ndim as usize),
                (None, Some(Storage::Local(shape))) => e.bind_local(info, shape),
                (None, Some(_)) => unreachable!("verified: a routine has no shared memory"),
                (None, None) => e.bind_constant(info),
            }
        }
        e.make_slots();
        let (done, abort) = (e.i.block("done"), e.i.block("abort"));
        e.frame.abort = abort;
        e.body(done);
        e.i.go(done);
        for (n, slot) in f.results.iter().enumerate() {
            let v = e.scalar_of(e.get(*slot));
            let ty = f.slot(*slot).ty;
            let stored = if ty == ScalarType::Bool { e.to_stored(v, ty) } else { v };
            e.i.store(stored, e.i.offset(out, e.i.i64(n as i64 * 8)), 8);
        }
        e.i.ret_value(e.i.i32(0));
        e.i.go(abort);
        e.i.ret_value(e.i.i32(ABORT));
        e.i.seal_entry(start);
        e.i.leave(outer);
        e
    }
}
