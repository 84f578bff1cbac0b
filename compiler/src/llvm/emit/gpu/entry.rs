//! What stands around a body: the entry, its words (see [`crate::llvm::ptx`]), and the loop of a thread over elements.

use super::report::Lines;
use super::{Gpu, Place};
use crate::abi::Site;
use crate::ir::{ArrayInfo, Function, Param, Storage};
use crate::llvm::cpu::Level;
use crate::llvm::emit::{Bound, Emitter, Rep};
use crate::llvm::instr::{Instr, IntPred, Opcode, V};
use crate::llvm::ptx::{Entry, Options, Word};
use crate::llvm::{Module, Signature};
use crate::pass::divergence;
use crate::types::ScalarType;

/// A module with one entry.
pub(in crate::llvm) struct Emitted<'c> {
    pub(in crate::llvm) module: Module<'c>,
    pub(in crate::llvm) words: Vec<Word>,
    pub(in crate::llvm) sites: Vec<Site>,
    pub(in crate::llvm) lines: Vec<Vec<u8>>,
    pub(in crate::llvm) fails: bool,
    pub(in crate::llvm) recursive: bool,
}

/// Emits a function as `symbol` into `i`, whose function takes one pointer; it is the entry, or (for [`Entry::Function`]) is called otherwise and goes.
pub(in crate::llvm) fn emit<'c>(i: Instr<'c>, f: &Function, entry: &Entry, symbol: &str, options: &Options) -> Emitted<'c> {
    let d = divergence::analyse(f, divergence::Lanes::One);
    for attribute in ["convergent", "nounwind"] {
        i.mark(attribute);
    }
    let lines_of = if options.line_info && *entry != Entry::Function { Lines::begin(&i, f) } else { None };
    // No processor of the host's: with one lane nothing asks for its level.
    let mut e = Emitter::new(i, f, &d, 1, Level::Avx2, options.check_bounds, false);
    let (start, nothing, zero) = (e.i.here(), e.i.zero(e.i.ptr()), e.i.i32(0));
    e.gpu = Some(Gpu {
        options: options.clone(),
        status: nothing,
        place: Place::Thread,
        meeting: None,
        lines: Vec::new(),
        called: Vec::new(),
        depth: zero,
        fails: false,
        lines_of,
    });
    let mut words = Words { params: e.i.param(0), list: Vec::new() };
    let done = e.i.block("done");
    e.frame.abort = done;
    match entry {
        Entry::Kernel => {
            e.bind_kernel(&mut words);
            e.make_slots();
            e.body(done);
        }
        Entry::Elements { signature, axes } => e.over_elements(&mut words, signature, *axes),
        Entry::Cores { scalars, axes } => e.over_cores(&mut words, scalars, *axes),
        Entry::Function => e.callable(symbol),
    }
    e.i.go(done);
    e.i.ret();
    e.i.seal_entry(start);
    if *entry != Entry::Function {
        e.i.make_entry(words.list.len());
    }
    if let Some(lines) = e.gpu().lines_of.take() {
        lines.end();
    }
    e.i.builder.unset_current_debug_location();
    let mut e = e.make_functions(f, &d);
    e.complete();
    if *entry == Entry::Function {
        e.i.export(symbol, symbol);
    }
    let gpu = e.gpu.take().expect("made for a GPU");
    let Emitter { i, sites, .. } = e;
    Emitted { module: i.module, words: words.list, sites, lines: gpu.lines, fails: gpu.fails, recursive: !gpu.called.is_empty() }
}

/// The words of an entry's parameter, read in order.
struct Words<'c> {
    params: V<'c>,
    list: Vec<Word>,
}

/// Where an array that a caller gives lies: its address, extents and strides.
type Given<'c> = (V<'c>, Vec<V<'c>>, Vec<V<'c>>);

impl<'c> Words<'c> {
    fn next(&mut self, i: &Instr<'c>, word: Word) -> V<'c> {
        let at = i.offset(self.params, i.i64(self.list.len() as i64 * 8));
        self.list.push(word);
        i.load(i.int(64), at, 8)
    }

    /// Where threads' shares of something lie.
    fn steps(&mut self, i: &Instr<'c>, param: u32, axes: u8) -> Steps<'c> {
        let address = self.next(i, Word::Address { param });
        Steps { base: i.pointer_of(address), steps: (0..axes).map(|axis| self.next(i, Word::Step { param, axis })).collect() }
    }

    fn extents(&mut self, i: &Instr<'c>, param: u32, axes: u8) -> Vec<V<'c>> {
        (0..axes).map(|axis| self.next(i, Word::Extent { param, axis })).collect()
    }

    fn strides(&mut self, i: &Instr<'c>, param: u32, axes: u8) -> Vec<V<'c>> {
        (0..axes).map(|axis| self.next(i, Word::Stride { param, axis })).collect()
    }
}

/// The first share's place, and the bytes from one to the next along each axis.
struct Steps<'c> {
    base: V<'c>,
    steps: Vec<V<'c>>,
}

impl<'c> Steps<'c> {
    fn at(&self, i: &Instr<'c>, indexes: &[V<'c>]) -> V<'c> {
        let bytes = self.steps.iter().zip(indexes).map(|(step, index)| i.mul(*step, *index)).reduce(|a, b| i.add(a, b));
        bytes.map_or(self.base, |bytes| i.offset(self.base, bytes))
    }
}

/// The types of the numbers that those are made of.
fn parts(types: &[ScalarType]) -> impl Iterator<Item = ScalarType> {
    types.iter().flat_map(|ty| std::iter::repeat_n(ty.part(), 1 + usize::from(ty.is_complex())))
}

impl<'c> Emitter<'_, 'c> {
    /// Notes an array; the words of routines are made if there are any.
    fn bind_at(&mut self, pointer: V<'c>, extents: Vec<V<'c>>, strides: Vec<V<'c>>, fixed: Option<Vec<i64>>) {
        let mut words = pointer;
        if !self.outermost.0.routines.is_empty() {
            words = self.i.alloca(self.i.array(self.i.int(64), 1 + 2 * extents.len() as u64), 8);
            self.i.store(pointer, words, 8);
            for (n, word) in extents.iter().chain(&strides).enumerate() {
                self.i.store(*word, self.i.offset(words, self.i.i64(8 * (n as i64 + 1))), 8);
            }
        }
        self.arrays.push(Bound { pointer, extents, strides, words, fixed, own: None });
    }

    /// Notes memory of fixed extents.
    fn bind_fixed(&mut self, info: &ArrayInfo, shape: &[u64], pointer: V<'c>) {
        let mut fixed = vec![info.ty.elem.size() as i64; shape.len()];
        for axis in (1..shape.len()).rev() {
            fixed[axis - 1] = fixed[axis] * shape[axis] as i64;
        }
        let extents = shape.iter().map(|n| self.i.i64(*n as i64)).collect();
        let strides = fixed.iter().map(|s| self.i.i64(*s)).collect();
        self.bind_at(pointer, extents, strides, Some(fixed));
    }

    /// Memory of a thread's own.
    pub(super) fn bind_local(&mut self, info: &ArrayInfo, shape: &[u64]) {
        let bytes = shape.iter().product::<u64>() * info.ty.elem.size() as u64;
        let pointer = self.i.alloca(self.i.array(self.i.int(8), bytes), 16);
        self.bind_fixed(info, shape, pointer);
    }

    /// Binds a function's own arrays; `given` are those of its parameters.
    fn bind_arrays(&mut self, mut given: Vec<Option<Given<'c>>>) {
        let f = self.f;
        for (n, info) in f.arrays.iter().enumerate() {
            match (given[n].take(), &info.storage) {
                (Some((pointer, extents, strides)), _) => self.bind_at(pointer, extents, strides, None),
                (None, Some(Storage::Shared(shape))) => {
                    let bytes = shape.iter().product::<u64>() * info.ty.elem.size() as u64;
                    let memory = self.i.shared_memory(&format!("vg_shared_{n}"), Some(bytes));
                    let pointer = self.i.any_space(memory);
                    self.bind_fixed(info, shape, pointer);
                }
                (None, Some(Storage::Dynamic)) => {
                    let pointer = self.i.any_space(self.i.shared_memory("vg_dynamic", None));
                    let size = info.ty.elem.size() as i64;
                    let bytes = self.i.resize(self.register("dynamic_smem_size"), self.i.int(64), false);
                    let extent = self.i.binary(Opcode::LLVMUDiv, bytes, self.i.i64(size));
                    self.bind_at(pointer, vec![extent], vec![self.i.i64(size)], Some(vec![size]));
                }
                (None, Some(Storage::Local(shape))) => self.bind_local(info, shape),
                (None, None) => self.bind_constant(info),
            }
        }
    }

    fn bind_kernel(&mut self, words: &mut Words<'c>) {
        let f = self.f;
        let mut given = vec![None; f.arrays.len()];
        for (n, param) in f.params.iter().enumerate() {
            let number = n as u32;
            match param {
                Param::Scalar { ty, .. } => {
                    let bits = words.next(&self.i, Word::Scalar { param: number, ty: *ty });
                    let narrow = self.i.resize(bits, self.i.int(ty.bits()), false);
                    let value = if ty.is_float() { self.i.cast(Opcode::LLVMBitCast, narrow, self.i.scalar(*ty)) } else { narrow };
                    self.params[n] = Some(Rep::Uniform(value));
                }
                Param::Array { array, .. } => {
                    let ndim = f.array(*array).ty.ndim;
                    let address = words.next(&self.i, Word::Address { param: number });
                    let extents = words.extents(&self.i, number, ndim);
                    let strides = words.strides(&self.i, number, ndim);
                    given[array.index()] = Some((self.i.pointer_of(address), extents, strides));
                }
            }
        }
        self.bind_status(words);
        self.bind_arrays(given);
        if f.has_grid_barrier() {
            let meeting = self.i.shared_memory("vg_meeting", Some(8));
            self.i.call("vg_grid_ready", self.i.void(), &[meeting]);
            self.gpu().meeting = Some(meeting);
        }
    }

    fn bind_status(&mut self, words: &mut Words<'c>) {
        let address = words.next(&self.i, Word::Status);
        self.gpu().status = self.i.pointer_of(address);
    }

    /// Goes over a thread's elements: `each` makes the code for one, given its number and its indexes, which goes on to the block given.
    fn stride_over(&mut self, words: &mut Words<'c>, axes: u8, each: impl FnOnce(&mut Self, V<'c>, &[V<'c>], inkwell::basic_block::BasicBlock<'c>)) {
        let extents: Vec<V<'c>> = (0..axes).map(|axis| words.next(&self.i, Word::Loop { axis })).collect();
        let count = words.next(&self.i, Word::Count);
        self.bind_status(words);
        let wide = |e: &Self, name: &str| e.i.resize(e.register(name), e.i.int(64), false);
        let threads = wide(self, "ntid.x");
        let first = self.i.add(self.i.mul(wide(self, "ctaid.x"), threads), wide(self, "tid.x"));
        let step = self.i.mul(wide(self, "nctaid.x"), threads);
        let (head, element, next) = (self.i.block("elements"), self.i.block("element"), self.i.block("element.next"));
        let setup = self.i.here();
        self.i.br(head);

        self.i.go(head);
        let at = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, at, count), element, self.frame.abort);

        self.i.go(element);
        let mut indexes = vec![at; usize::from(axes)];
        for axis in (1..usize::from(axes)).rev() {
            let quotient = self.i.binary(Opcode::LLVMUDiv, indexes[0], extents[axis]);
            indexes[axis] = self.i.sub(indexes[0], self.i.mul(quotient, extents[axis]));
            indexes[0] = quotient;
        }
        each(self, at, &indexes, next);

        self.i.go(next);
        let following = self.i.add(at, step);
        self.i.br(head);
        self.i.incoming(at, &[(first, setup), (following, next)]);
    }

    fn over_elements(&mut self, words: &mut Words<'c>, signature: &Signature, axes: u8) {
        let types: Vec<ScalarType> = signature.inputs.iter().chain(&signature.outputs).copied().collect();
        let operands: Vec<Steps<'c>> = (0..types.len()).map(|n| words.steps(&self.i, n as u32, axes)).collect();
        let inputs = signature.inputs.len();
        self.bind_arrays(vec![None; self.f.arrays.len()]);
        self.stride_over(words, axes, |e, at, indexes, next| {
            e.gpu().place = Place::Element(at);
            let places: Vec<V<'c>> = operands.iter().map(|o| o.at(&e.i, indexes)).collect();
            let mut n = 0;
            for (place, ty) in places.iter().zip(&signature.inputs) {
                for part in 0..1 + usize::from(ty.is_complex()) {
                    e.params[n] = Some(Rep::Uniform(e.load_part(*place, *ty, part)));
                    n += 1;
                }
            }
            e.make_slots();
            let after = e.i.block("after");
            e.body(after);
            e.i.go(after);
            e.store_results(&signature.outputs, &places[inputs..]);
            e.i.br(next);
        });
    }

    fn over_cores(&mut self, words: &mut Words<'c>, scalars: &Signature, axes: u8) {
        let f = self.f;
        let mut places = Vec::new();
        for (n, param) in f.params.iter().enumerate() {
            let number = n as u32;
            let steps = words.steps(&self.i, number, axes);
            let core = match param {
                Param::Array { array, .. } => {
                    let ndim = f.array(*array).ty.ndim;
                    Some((words.extents(&self.i, number, ndim), words.strides(&self.i, number, ndim)))
                }
                Param::Scalar { .. } => None,
            };
            places.push((steps, core));
        }
        let results: Vec<Steps<'c>> = (0..f.results.len()).map(|n| words.steps(&self.i, (f.params.len() + n) as u32, axes)).collect();
        self.stride_over(words, axes, |e, at, indexes, next| {
            e.gpu().place = Place::Core(at);
            let mut inputs = parts(&scalars.inputs);
            let mut given = vec![None; f.arrays.len()];
            for (n, (param, (steps, core))) in f.params.iter().zip(places).enumerate() {
                let here = steps.at(&e.i, indexes);
                match (param, core) {
                    (Param::Array { array, .. }, Some((extents, strides))) => given[array.index()] = Some((here, extents, strides)),
                    _ => {
                        let ty = inputs.next().expect("the signature has the function's scalars");
                        e.params[n] = Some(Rep::Uniform(e.load_part(here, ty, 0)));
                    }
                }
            }
            e.bind_arrays(given);
            e.make_slots();
            let after = e.i.block("after");
            e.body(after);
            e.i.go(after);
            let targets: Vec<V<'c>> = results.iter().map(|steps| steps.at(&e.i, indexes)).collect();
            let types: Vec<ScalarType> = parts(&scalars.outputs).collect();
            e.store_results(&types, &targets);
            e.i.br(next);
        });
    }

    /// A function for code of others: see [`Entry::Function`].
    fn callable(&mut self, symbol: &str) {
        let f = self.f;
        let passed = |e: &Self, ty: ScalarType| if ty == ScalarType::Bool { e.i.int(8) } else { e.i.scalar(ty) };
        let mut types = Vec::new();
        for param in &f.params {
            match param {
                Param::Scalar { ty, .. } => types.push(passed(self, *ty)),
                Param::Array { array, .. } => {
                    types.push(self.i.ptr());
                    types.extend(vec![self.i.int(64); 2 * usize::from(f.array(*array).ty.ndim)]);
                }
            }
        }
        let results: Vec<_> = f.result_types().into_iter().map(|ty| passed(self, ty)).collect();
        let result = match results[..] {
            [] => self.i.void(),
            [one] => one,
            _ => self.i.together(&results),
        };
        self.gpu().place = Place::Nowhere;
        let outer = self.i.enter(symbol, result, &types);
        if self.gpu().options.line_info {
            self.gpu().lines_of = Lines::begin(&self.i, f);
        }
        let start = self.i.here();
        let mut next = 0;
        let mut take = |i: &Instr<'c>| {
            next += 1;
            i.param(next - 1)
        };
        let mut given = vec![None; f.arrays.len()];
        for (n, param) in f.params.iter().enumerate() {
            match param {
                Param::Scalar { ty, .. } => {
                    let v = take(&self.i);
                    self.params[n] = Some(Rep::Uniform(if *ty == ScalarType::Bool { self.from_stored(v, *ty) } else { v }));
                }
                Param::Array { array, .. } => {
                    let ndim = f.array(*array).ty.ndim;
                    let pointer = take(&self.i);
                    let extents = (0..ndim).map(|_| take(&self.i)).collect();
                    let strides = (0..ndim).map(|_| take(&self.i)).collect();
                    given[array.index()] = Some((pointer, extents, strides));
                }
            }
        }
        self.bind_arrays(given);
        self.make_slots();
        let (done, abort) = (self.i.block("returns"), self.i.block("abort"));
        let around = std::mem::replace(&mut self.frame.abort, abort);
        self.body(done);
        self.i.go(done);
        let values: Vec<V<'c>> = f
            .results
            .iter()
            .map(|slot| {
                let (v, ty) = (self.scalar_of(self.get(*slot)), f.slot(*slot).ty);
                if ty == ScalarType::Bool { self.to_stored(v, ty) } else { v }
            })
            .collect();
        match values[..] {
            [] => self.i.ret(),
            [one] => self.i.ret_value(one),
            _ => {
                let whole = values.iter().enumerate().fold(self.i.poison(result), |whole, (n, v)| self.i.with_part(whole, *v, n as u32));
                self.i.ret_value(whole);
            }
        }
        self.i.go(abort);
        if values.is_empty() {
            self.i.ret()
        } else {
            self.i.ret_value(self.i.zero(result))
        }
        self.i.seal_entry(start);
        self.frame.abort = around;
        if let Some(lines) = self.gpu().lines_of.take() {
            lines.end();
        }
        self.i.leave(outer);
        self.i.br(around);
    }
}
