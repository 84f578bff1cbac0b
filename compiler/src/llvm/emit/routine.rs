//! Functions of the math library: called by their names in `shared`, or, in listings, internal functions of the module, made at first use.
//!
//! A routine is emitted at the width that suits the processor's registers, and called for one part of the warp after another; what is rare ([`Form::Each`], in `each`), and everything
//! on processors without fused multiply-add, runs lane by lane. Where IEEE flags count, the runtime calls it and raises what the function's definition says, not what its
//! steps happen to raise.

use super::super::cpu::Level;
use super::super::instr::{Instr, IntPred, V};
use super::super::{each, shared};
use super::aside::Inner;
use super::{Emitter, Rep};
use crate::ir::{Array, Function, Inst, Param, Value};
use crate::llvm::Module;
use crate::math;
use crate::op::{Form, Math, Op};
use crate::types::ScalarType;

/// Emits a routine for one lane into `i`, whose function takes pointers to the operands and to the result.
pub(in super::super) fn alone<'c>(i: Instr<'c>, m: Math, ty: ScalarType, level: Level) -> Module<'c> {
    let routine = math::routine(m, ty);
    let mut e = Emitter::new(i, routine.ir(), routine.divergence(true), 1, level, true, false);
    let (start, t) = (e.i.here(), e.i.scalar(ty));
    let args: Vec<V<'c>> = (0..m.arity()).map(|n| e.i.load(t, e.i.param(n as u32), ty.size() as u32)).collect();
    let name = e.define(m, ty, 1);
    let result = e.i.call(&name, t, &args);
    e.i.store(result, e.i.param(m.arity() as u32), ty.size() as u32);
    e.i.ret();
    e.i.seal_entry(start);
    e.i.module
}

/// Emits a routine for `width` lanes as the function `symbol` into `i`, whose own function goes.
pub(in super::super) fn shared<'c>(i: Instr<'c>, m: Math, ty: ScalarType, width: u32, symbol: &str, level: Level) -> Module<'c> {
    let routine = math::routine(m, ty);
    let mut e = Emitter::new(i, routine.ir(), routine.divergence(true), 1, level, true, false);
    e.shares = true;
    let start = e.i.here();
    let name = e.define(m, ty, width);
    e.i.ret();
    e.i.seal_entry(start);
    e.i.export(&name, symbol);
    e.i.module
}

impl<'a, 'c> Emitter<'a, 'c> {
    /// A row that is a routine.
    pub(super) fn routine(&mut self, m: Math, ty: ScalarType, args: &[V<'c>]) -> V<'c> {
        let t = self.i.scalar(ty);
        let lanes = self.i.lanes_of(args[0]);
        if self.flags_count && !self.routine {
            return self.routine_with_flags(m, ty, args);
        }
        if lanes == 0 {
            let name = self.named(m, ty, 1);
            return self.i.call(&name, t, args);
        }
        let width = self.width(m, ty).min(lanes);
        let name = self.named(m, ty, width);
        match args {
            [a] if width == 1 => return self.call1(&name, ty, *a),
            [a, b] if width == 1 => return self.call2(&name, ty, *a, *b),
            _ => {}
        }
        let part = self.i.vector(t, width);
        let parts: Vec<V<'c>> = (0..lanes / width)
            .map(|n| {
                let operands: Vec<V<'c>> = args.iter().map(|a| self.run(*a, n * width, width)).collect();
                self.i.call(&name, part, &operands)
            })
            .collect();
        self.join(parts)
    }

    /// Lanes that a routine is made for at once.
    fn width(&self, m: Math, ty: ScalarType) -> u32 {
        if m.form() == Form::Each {
            return 1;
        }
        // Two vectors of float64, or two of float32, which most routines widen to four of float64.
        let registers = 2;
        match self.level {
            Level::Avx512 => registers * 64 / ty.size() as u32,
            Level::Avx2 => registers * 32 / ty.size() as u32,
            Level::Sse4 | Level::Baseline => 1,
        }
    }

    /// `width` lanes of a vector.
    fn run(&self, v: V<'c>, first: u32, width: u32) -> V<'c> {
        if self.i.lanes_of(v) == width {
            return v;
        }
        let lanes: Vec<i32> = (first..first + width).map(|l| l as i32).collect();
        self.i.shuffle(v, v, &lanes)
    }

    /// Vectors one behind the other; their number is a power of two.
    fn join(&self, mut parts: Vec<V<'c>>) -> V<'c> {
        while parts.len() > 1 {
            let lanes: Vec<i32> = (0..2 * self.i.lanes_of(parts[0]) as i32).collect();
            parts = parts.chunks(2).map(|pair| self.i.shuffle(pair[0], pair[1], &lanes)).collect();
        }
        parts.remove(0)
    }

    /// A place of each lane's own in a table of the math library, whose text keeps to its bounds: in registers where the processor has a permutation of as many.
    pub(super) fn look_up(&mut self, table: Array, index: Value) -> V<'c> {
        let ty = self.f.array(table).ty.elem;
        let entries = self.f.array(table).constant.as_ref().expect("a table has contents").shape[0] as u32;
        let element = self.i.scalar(ty);
        let pointer = self.arrays[table.index()].pointer;
        let (permute, held) = match (self.level, ty, entries) {
            (Level::Avx512, ScalarType::F64, 16) => ("llvm.x86.avx512.vpermi2var.pd.512", 8),
            (Level::Avx512, ScalarType::F32, 16) if self.lanes >= 16 => ("llvm.x86.avx512.permvar.sf.512", 16),
            (Level::Avx512 | Level::Avx2, ScalarType::F32, 16) => ("llvm.x86.avx2.permps", 8),
            _ => {
                let wide = self.i.vector(self.i.int(64), self.lanes);
                let index = self.i.resize(self.vector(index), wide, true);
                let bytes = self.i.mul(index, self.i.splat(self.i.i64(ty.size() as i64), self.lanes));
                let places = self.i.offset(pointer, bytes);
                let shape = self.i.vector(element, self.lanes);
                let v = self.i.intrinsic("llvm.masked.gather", &[shape, self.i.type_of(places)], &[places, self.full(), self.i.zero(shape)]);
                self.i.align_argument(v, 1, ty.size() as u32);
                return v;
            }
        };
        // A permutation looks at as many low bits of an index as it needs.
        let index = self.vector(self.low_bits(index, entries));
        let index = self.i.resize(index, self.i.vector(self.i.int(ty.bits()), self.lanes), false);
        let shape = self.i.vector(element, held);
        let half = |n: u32| self.i.load(shape, self.i.offset(pointer, self.i.i64((n * held) as i64 * ty.size() as i64)), ty.size() as u32);
        let registers: Vec<V<'c>> = (0..entries / held).map(half).collect();
        let per_call = self.i.lanes_of(registers[0]);
        let parts = (0..self.lanes / per_call)
            .map(|n| {
                let index = self.run(index, n * per_call, per_call);
                match (ty, &registers[..]) {
                    (_, [all]) => self.i.intrinsic(permute, &[], &[*all, index]),
                    (ScalarType::F64, [low, high]) => self.i.intrinsic(permute, &[], &[*low, index, *high]),
                    (_, [low, high]) => {
                        let in_low = self.i.intrinsic(permute, &[], &[*low, index]);
                        let in_high = self.i.intrinsic(permute, &[], &[*high, index]);
                        let bit = self.i.splat(self.i.i32(per_call as i32), per_call);
                        let zero = self.i.zero(self.i.type_of(index));
                        let is_low = self.i.icmp(IntPred::LLVMIntEQ, self.i.and(index, bit), zero);
                        self.i.select(is_low, in_low, in_high)
                    }
                    _ => unreachable!("one register or two"),
                }
            })
            .collect();
        self.join(parts)
    }

    /// A value with the same low bits as an index below `entries`, a power of two, made with less.
    fn low_bits(&self, index: Value, entries: u32) -> Value {
        match self.f.inst(index) {
            Inst::Apply { op: Op::Cast(to), args } if !to.is_float() && self.f.ty(args[0]).bits() >= 32 => self.low_bits(args[0], entries),
            Inst::Apply { op: Op::And, args } => match self.f.inst(args[1]) {
                Inst::Const(c) if c.as_int() == i128::from(entries - 1) => args[0],
                _ => index,
            },
            _ => index,
        }
    }

    fn routine_with_flags(&mut self, m: Math, ty: ScalarType, args: &[V<'c>]) -> V<'c> {
        let t = self.i.scalar(ty);
        let lanes = self.i.lanes_of(args[0]);
        if lanes == 0 {
            let name = self.named(m, ty, 1);
            let routine = self.i.symbol(&name, t, &vec![t; args.len()]);
            let call = match (ty, args.len()) {
                (ScalarType::F64, 1) => "vg_one1_f64",
                (ScalarType::F64, _) => "vg_one2_f64",
                (_, 1) => "vg_one1_f32",
                (_, _) => "vg_one2_f32",
            };
            let operands: Vec<V<'c>> = [routine, self.i.i32(m as i32)].into_iter().chain(args.iter().copied()).collect();
            return self.i.call(call, t, &operands);
        }
        let at_once = lanes > 1 && self.width(m, ty) > 1;
        let pointer = if at_once {
            let name = self.in_memory(m, ty, lanes);
            self.i.symbol(&name, self.i.void(), &vec![self.i.ptr(); args.len() + 1])
        } else {
            let name = self.named(m, ty, 1);
            self.i.symbol(&name, t, &vec![t; args.len()])
        };
        let call = match (ty, args.len(), at_once) {
            (ScalarType::F64, 1, false) => "vg_flags1_f64",
            (ScalarType::F64, _, false) => "vg_flags2_f64",
            (_, 1, false) => "vg_flags1_f32",
            (_, _, false) => "vg_flags2_f32",
            (ScalarType::F64, 1, true) => "vg_flags1_warp_f64",
            (ScalarType::F64, _, true) => "vg_flags2_warp_f64",
            (_, 1, true) => "vg_flags1_warp_f32",
            (_, _, true) => "vg_flags2_warp_f32",
        };
        let (shape, mask) = (self.i.vector(t, lanes), self.mask_bits());
        let out = self.buffer(0);
        self.i.store(self.i.zero(shape), out, 64);
        let mut operands = vec![pointer, self.i.i32(m as i32)];
        for (n, a) in args.iter().enumerate() {
            let x = self.buffer(1 + n);
            self.i.store(*a, x, 64);
            operands.push(x);
        }
        operands.extend([out, mask]);
        self.i.call(call, self.i.void(), &operands);
        self.i.load(shape, out, 64)
    }

    /// Makes a function that applies a routine to all lanes of operands in memory, and gives its name.
    fn in_memory(&mut self, m: Math, ty: ScalarType, lanes: u32) -> String {
        let name = format!("vg_{}_{}_memory", m.name(), ty.name());
        if self.i.has_function(&name) {
            return name;
        }
        let outer = self.i.enter(&name, self.i.void(), &vec![self.i.ptr(); m.arity() + 1]);
        let start = self.i.here();
        let shape = self.i.vector(self.i.scalar(ty), lanes);
        let args: Vec<V<'c>> = (0..m.arity()).map(|n| self.i.load(shape, self.i.param(n as u32), 64)).collect();
        let counted = std::mem::replace(&mut self.flags_count, false);
        let result = self.routine(m, ty, &args);
        self.flags_count = counted;
        self.i.store(result, self.i.param(m.arity() as u32), 64);
        self.i.ret();
        self.i.seal_entry(start);
        self.i.leave(outer);
        name
    }

    /// The name of a routine at a width: a symbol of `each` or `shared`, or a function of the module, made if it has none yet.
    fn named(&mut self, m: Math, ty: ScalarType, width: u32) -> String {
        match m.form() {
            Form::Each => each::symbol(m, ty),
            _ if self.shares => shared::name(m, ty, width),
            _ => self.define(m, ty, width),
        }
    }

    /// Makes the function of a routine at a width, if the module has none yet, and gives its name.
    pub(super) fn define(&mut self, m: Math, ty: ScalarType, width: u32) -> String {
        let name = shared::name(m, ty, width);
        if self.i.has_function(&name) {
            return name;
        }
        let routine = math::routine(m, ty);
        let t = if width == 1 { self.i.scalar(ty) } else { self.i.vector(self.i.scalar(ty), width) };
        let outer = self.i.enter(&name, t, &vec![t; m.arity()]);
        let f: &Function = routine.ir();
        let d = routine.divergence(width == 1);
        let inner = Inner { f, d, lanes: width, routine: true, frame: None, context: None, scratch: Vec::new(), indexes: None };
        let aside = self.lay_aside(outer, inner);
        for (n, param) in f.params.iter().enumerate() {
            debug_assert!(matches!(param, Param::Scalar { .. }));
            let v = self.i.param(n as u32);
            self.params[n] = Some(if width == 1 { Rep::Uniform(v) } else { Rep::Varying(v) });
        }
        let start = self.i.here();
        for info in &f.arrays {
            self.bind_constant(info);
        }
        self.make_slots();
        let done = self.i.block("done");
        self.body(done);
        self.i.go(done);
        let result = self.get(f.results[0]);
        let result = match result {
            Rep::Uniform(v) if width == 1 => v,
            other => self.spread(other),
        };
        self.i.ret_value(result);
        self.i.seal_entry(start);
        self.take_up(aside);
        name
    }
}
