//! What stands around a body: the loops over blocks and warps of a kernel, or over the elements of a scalar function (see [`crate::abi`]).

use inkwell::basic_block::BasicBlock;
use inkwell::module::Module;

use super::super::cpu::Level;
use super::super::instr::{Instr, IntPred, Opcode, V};
use super::super::{BlockClass, Lanes, Signature};
use super::{Bound, Emitter, Frame, Own, Rep, WARP};
use crate::abi::{Memory, Site};
use crate::faults::{self, Fault};
use crate::ir::{ArrayInfo, Function, Geometry, Inst, Param, Storage};
use crate::pass::divergence::{self, Divergence};
use crate::pass::phases;
use crate::types::ScalarType;

/// Emits a kernel into `i`, whose function has the parameters of [`crate::abi::BlocksFn`].
pub(in super::super) fn blocks<'c>(
    i: Instr<'c>,
    f: &Function,
    lanes: Lanes,
    class: BlockClass,
    check: bool,
    (level, shares): (Level, bool),
) -> (Module<'c>, Vec<Site>, Memory) {
    // What lanes of a warp do together takes all 32.
    let whole = f.has_warp_ops() || f.any_inside(&f.body, &|inst| matches!(inst, Inst::Geometry(Geometry::LaneId)));
    let (width, class) = match (lanes, class) {
        (Lanes::One, class) => (1, class),
        (Lanes::Warp, BlockClass::Rows16) if !whole => (16, BlockClass::Rows),
        (Lanes::Warp, BlockClass::Rows8) if !whole => (8, BlockClass::Rows),
        (Lanes::Warp, BlockClass::Rows) => (WARP, BlockClass::Rows),
        (Lanes::Warp, _) => (WARP, BlockClass::Any),
    };
    let d = divergence::analyse(
        f,
        match (width, class) {
            (1, _) => divergence::Lanes::One,
            (_, BlockClass::Rows) => divergence::Lanes::Rows,
            _ => divergence::Lanes::Any,
        },
    );
    let mut e = Emitter::new(i, f, &d, width, level, check, false);
    e.shares = shares;
    let plan = phases::plan(f);
    e.kernel(class, plan.as_ref());
    let memory = Memory {
        shared: e.shared_size,
        frame: e.frame_size.next_multiple_of(64),
        threads_a_frame: if plan.is_some() { width } else { 0 },
        group: e.grid_memory().0,
        block: e.grid_memory().1,
    };
    (e.i.module, e.sites, memory)
}

/// Emits a loop into `i`, whose function has the parameters of [`crate::abi::LoopFn`].
pub(in super::super) fn elements<'c>(
    i: Instr<'c>,
    f: &Function,
    lanes: Lanes,
    signature: &Signature,
    uniform: u64,
    (exact_flags, stream): (bool, bool),
    (level, shares): (Level, bool),
) -> (Module<'c>, Vec<Site>) {
    let same: Vec<bool> =
        signature.inputs.iter().enumerate().flat_map(|(n, ty)| std::iter::repeat_n(uniform >> n & 1 == 1, 1 + ty.is_complex() as usize)).collect();
    let d = divergence::analyse(f, if lanes == Lanes::One { divergence::Lanes::One } else { divergence::Lanes::Elements(&same) });
    let mut e = Emitter::new(i, f, &d, if lanes == Lanes::One { 1 } else { WARP }, level, true, exact_flags);
    e.shares = shares;
    // One lane at a time is one way of raising no flag but the function's own.
    e.flags_count = exact_flags || lanes == Lanes::One;
    e.stream = stream && lanes == Lanes::Warp;
    e.elementwise(signature, uniform);
    (e.i.module, e.sites)
}

impl<'a, 'c> Emitter<'a, 'c> {
    pub(super) fn new(i: Instr<'c>, f: &'a Function, d: &'a Divergence, lanes: u32, level: Level, check_bounds: bool, exact_flags: bool) -> Self {
        let nowhere = i.here();
        let (p, zero, zero64) = (i.param(0), i.i32(0), i.i64(0));
        let mask = if lanes == 1 { i.i1(true) } else { i.ones(i.vector(i.int(1), lanes)) };
        let frame = Frame {
            launch: p,
            block: zero64,
            thread: zero64,
            thread_idx: [Rep::Uniform(zero); 3],
            block_idx: [zero; 3],
            block_dim: [zero; 3],
            grid_dim: [zero; 3],
            abort: nowhere,
        };
        Emitter {
            values: vec![None; f.insts.len()],
            slots: Vec::new(),
            arrays: Vec::new(),
            params: vec![None; f.params.len()],
            targets: Vec::new(),
            ends: Vec::new(),
            sites: Vec::new(),
            indexes: None,
            request: None,
            scratch: Vec::new(),
            frame_size: 0,
            shared_size: 0,
            phases: None,
            laps: crate::pass::laps::known(f),
            outermost: (f, d),
            context: None,
            lent: None,
            gpu: None,
            steps: crate::pass::strides::steps(f),
            inside: crate::pass::inside::proven(f),
            maybe_empty: false,
            i,
            f,
            d,
            lanes,
            level,
            check_bounds,
            exact_flags,
            flags_count: exact_flags,
            routine: false,
            shares: false,
            stream: false,
            frame,
            mask,
        }
    }

    pub(super) fn full(&self) -> V<'c> {
        if self.lanes == 1 { self.i.i1(true) } else { self.i.ones(self.mask_type()) }
    }

    /// Loads the array's words: pointer, extents, strides.
    pub(super) fn bind(&mut self, words: V<'c>, ndim: usize) {
        let word = |n: usize| self.i.load(self.i.int(64), self.i.offset(words, self.i.i64(n as i64 * 8)), 8);
        let pointer = self.i.load(self.i.ptr(), words, 8);
        let extents = (0..ndim).map(|a| word(1 + a)).collect();
        let strides = (0..ndim).map(|a| word(1 + ndim + a)).collect();
        self.arrays.push(Bound { pointer, extents, strides, words, fixed: None, own: None });
    }

    /// Binds a kernel's own memory: `shared` begins at `shared_at` of the block's.
    fn bind_storage(&mut self, info: &ArrayInfo, shared_at: u64) {
        let storage = info.storage.as_ref().expect("memory of the kernel's own");
        let elem = info.ty.elem.size() as u64;
        let launch = self.frame.launch;
        let field = |e: &Self, ty, at| e.i.load(ty, e.i.offset(launch, e.i.i64(at)), 8);
        let each = match storage {
            // Lanes beside each other: an index that they share is a run.
            Storage::Local(_) => elem * u64::from(self.lanes),
            _ => elem,
        };
        let (extents, local) = match storage {
            Storage::Shared(shape) => (shape.iter().map(|n| self.i.i64(*n as i64)).collect(), None),
            Storage::Dynamic => {
                let bytes = field(self, self.i.int(64), 64);
                (vec![self.i.binary(Opcode::LLVMUDiv, bytes, self.i.i64(elem as i64))], None)
            }
            Storage::Local(shape) => {
                let at = self.room(shape.iter().product::<u64>() * each, 64);
                (shape.iter().map(|n| self.i.i64(*n as i64)).collect::<Vec<_>>(), Some(at))
            }
        };
        let base = field(self, self.i.ptr(), if local.is_some() { 48 } else { 40 });
        let own = match local {
            Some(at) => Own::Local(at),
            None => Own::Shared(shared_at as i64),
        };
        let pointer = self.i.offset(base, self.i.i64(own.place()));
        let mut fixed = vec![each as i64; extents.len()];
        if let Some(shape) = storage.shape() {
            for axis in (1..shape.len()).rev() {
                fixed[axis - 1] = fixed[axis] * shape[axis] as i64;
            }
        }
        let words = self.i.alloca(self.i.array(self.i.int(64), 1 + 2 * extents.len() as u64), 8);
        self.i.store(pointer, words, 8);
        let strides: Vec<V<'c>> = fixed.iter().map(|s| self.i.i64(*s)).collect();
        for (n, word) in extents.iter().chain(&strides).enumerate() {
            self.i.store(*word, self.i.offset(words, self.i.i64(8 * (n as i64 + 1))), 8);
        }
        self.arrays.push(Bound { pointer, extents, strides, words, fixed: Some(fixed), own: Some(own) });
    }

    /// Points local arrays into the present warp's frame.
    pub(super) fn point_local_arrays(&mut self, frame: V<'c>) {
        self.point_arrays(frame, |own| matches!(own, Own::Local(_)));
    }

    /// Points shared arrays into the present block's memory.
    pub(super) fn point_shared_arrays(&mut self, shared: V<'c>) {
        self.point_arrays(shared, |own| matches!(own, Own::Shared(_)));
    }

    fn point_arrays(&mut self, base: V<'c>, those: impl Fn(Own) -> bool) {
        for n in 0..self.arrays.len() {
            if let Some(own) = self.arrays[n].own.filter(|own| those(*own)) {
                let pointer = self.i.offset(base, self.i.i64(own.place()));
                self.i.store(pointer, self.arrays[n].words, 8);
                self.arrays[n].pointer = pointer;
            }
        }
    }

    /// Binds a constant array to data in the object.
    pub(super) fn bind_constant(&mut self, info: &ArrayInfo) {
        let constant = info.constant.as_ref().expect("a constant array has contents");
        let ndim = constant.shape.len();
        let data = self.i.data(&info.name, &constant.data);
        let words = self.i.alloca(self.i.array(self.i.int(64), 1 + 2 * ndim as u64), 8);
        self.i.store(data, words, 8);
        let mut stride = info.ty.elem.size();
        for axis in (0..ndim).rev() {
            let at = |n: usize| self.i.offset(words, self.i.i64(n as i64 * 8));
            self.i.store(self.i.i64(constant.shape[axis] as i64), at(1 + axis), 8);
            self.i.store(self.i.i64(stride as i64), at(1 + ndim + axis), 8);
            stride *= constant.shape[axis];
        }
        self.bind(words, ndim);
    }

    /// Binds the arrays and scalars of a kernel to the words at `params`.
    fn bind_params(&mut self, params: V<'c>) {
        let f = self.f;
        let mut places = vec![None; f.arrays.len()];
        let mut word = 0i64;
        for (n, param) in f.params.iter().enumerate() {
            let at = self.i.offset(params, self.i.i64(word * 8));
            match param {
                Param::Scalar { ty, .. } => {
                    let bits = self.i.load(self.i.int(64), at, 8);
                    let narrow = self.i.resize(bits, self.i.int(ty.bits()), false);
                    let value = if ty.is_float() { self.i.cast(Opcode::LLVMBitCast, narrow, self.i.scalar(*ty)) } else { narrow };
                    self.params[n] = Some(Rep::Uniform(value));
                    word += 1;
                }
                Param::Array { array, .. } => {
                    places[array.index()] = Some(at);
                    word += 1 + 2 * f.array(*array).ty.ndim as i64;
                }
            }
        }
        let size = |info: &ArrayInfo| match &info.storage {
            Some(Storage::Shared(shape)) => (shape.iter().product::<u64>() * info.ty.elem.size() as u64).next_multiple_of(64),
            _ => 0,
        };
        self.shared_size = f.arrays.iter().map(size).sum();
        let mut shared_at = 0;
        for (info, place) in f.arrays.iter().zip(places) {
            match (place, &info.storage) {
                (Some(words), _) => self.bind(words, info.ty.ndim as usize),
                (None, Some(Storage::Dynamic)) => self.bind_storage(info, self.shared_size),
                (None, Some(_)) => {
                    self.bind_storage(info, shared_at);
                    shared_at += size(info);
                }
                (None, None) => self.bind_constant(info),
            }
        }
    }

    fn kernel(&mut self, class: BlockClass, plan: Option<&phases::Plan>) {
        let start = self.i.here();
        let (params, launch, first, last) = (self.i.param(0), self.i.param(1), self.i.param(2), self.i.param(3));
        let i32_at = |i: &Instr<'c>, n: i64| i.load(i.int(32), i.offset(launch, i.i64(n * 4)), 4);
        self.frame.launch = launch;
        self.frame.grid_dim = [0, 1, 2].map(|n| i32_at(&self.i, n));
        self.frame.block_dim = [3, 4, 5].map(|n| i32_at(&self.i, n));
        self.bind_params(params);
        let [bx, by, bz] = self.frame.block_dim;
        let threads32 = self.i.mul(self.i.mul(bx, by), bz);
        let threads = self.i.resize(threads32, self.i.int(64), false);

        if let Some(plan) = plan.filter(|p| p.grid) {
            self.grid_phased(plan, class, threads32, [first, last], start);
            return;
        }
        let (blocks, block, warps, warp, body, next_warp, next_block, done) = (
            self.i.block("blocks"),
            self.i.block("block"),
            self.i.block("warps"),
            self.i.block("warp"),
            self.i.block("body"),
            self.i.block("warp.next"),
            self.i.block("block.next"),
            self.i.block("done"),
        );
        // Divided once; from there on counted.
        self.place_block(first);
        let block_idx = self.counters(self.frame.block_idx);
        let setup = self.i.here();
        self.i.br(blocks);

        self.i.go(blocks);
        let b = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, b, last), block, done);

        self.i.go(block);
        self.frame.abort = done;
        let coordinates = self.i.block("block.start");
        self.poll(coordinates);
        self.i.go(coordinates);
        self.frame.block = b;
        self.frame.block_idx = block_idx.map(|v| self.i.load(self.i.int(32), v, 4));
        if let Some(plan) = plan {
            for unused in [warps, warp, body, next_warp] {
                self.i.go(unused);
                self.i.builder.build_unreachable().expect("a positioned builder");
            }
            self.i.go(coordinates);
            self.phased(plan, class, threads32, next_block, done);
            self.end_blocks(b, block_idx, [setup, blocks, next_block, done], start, first);
            return;
        }
        let thread_idx = self.first_warp();
        self.i.br(warps);

        self.i.go(warps);
        let thread = self.i.phi(self.i.int(64));
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntULT, thread, threads), warp, next_block);

        self.i.go(warp);
        self.frame.abort = next_warp;
        self.frame.thread = thread;
        self.place_threads(class, thread_idx, threads32);
        self.make_slots();
        self.i.br(body);
        self.i.go(body);
        self.body(next_warp);

        self.i.go(next_warp);
        self.count_on(thread_idx, self.lanes, self.frame.block_dim);
        let next = self.i.add(thread, self.i.i64(self.lanes as i64));
        self.i.br(warps);
        self.i.incoming(thread, &[(self.i.i64(0), coordinates), (next, next_warp)]);

        self.end_blocks(b, block_idx, [setup, blocks, next_block, done], start, first);
    }

    /// Three 32-bit variables with their first values.
    fn counters(&self, start: [V<'c>; 3]) -> [V<'c>; 3] {
        start.map(|v| {
            let variable = self.i.alloca(self.i.int(32), 4);
            self.i.store(v, variable, 4);
            variable
        })
    }

    /// Variables for `threadIdx` of a warp's first lane, at the block's first thread.
    pub(super) fn first_warp(&self) -> [V<'c>; 3] {
        self.counters([self.i.i32(0); 3])
    }

    /// Takes coordinates `by` further along x, of which rows are a multiple; behind a row's end to the next.
    pub(super) fn count_on(&self, at: [V<'c>; 3], by: u32, extents: [V<'c>; 3]) {
        let int = self.i.int(32);
        let [x, y, z] = at.map(|v| self.i.load(int, v, 4));
        let zero = self.i.i32(0);
        let next = self.i.add(x, self.i.i32(by as i32));
        let row_ends = self.i.icmp(IntPred::LLVMIntEQ, next, extents[0]);
        self.i.store(self.i.select(row_ends, zero, next), at[0], 4);
        let next = self.i.add(y, self.i.resize(row_ends, int, false));
        let plane_ends = self.i.icmp(IntPred::LLVMIntEQ, next, extents[1]);
        self.i.store(self.i.select(plane_ends, zero, next), at[1], 4);
        self.i.store(self.i.add(z, self.i.resize(plane_ends, int, false)), at[2], 4);
    }

    /// Computes `blockIdx` of a linear block.
    pub(super) fn place_block(&mut self, b: V<'c>) {
        let wide = |i: &Instr<'c>, v: V<'c>| i.resize(v, i.int(64), false);
        let (gx, gy) = (wide(&self.i, self.frame.grid_dim[0]), wide(&self.i, self.frame.grid_dim[1]));
        let rest = self.i.binary(Opcode::LLVMUDiv, b, gx);
        let index = [self.i.binary(Opcode::LLVMURem, b, gx), self.i.binary(Opcode::LLVMURem, rest, gy), self.i.binary(Opcode::LLVMUDiv, rest, gy)];
        self.frame.block_idx = index.map(|v| self.i.resize(v, self.i.int(32), false));
        self.frame.block = b;
    }

    /// Closes the loop over blocks.
    fn end_blocks(
        &mut self,
        b: V<'c>,
        block_idx: [V<'c>; 3],
        [setup, blocks, next_block, done]: [BasicBlock<'c>; 4],
        start: BasicBlock<'c>,
        first: V<'c>,
    ) {
        self.i.go(next_block);
        self.count_on(block_idx, 1, self.frame.grid_dim);
        let following = self.i.add(b, self.i.i64(1));
        self.i.br(blocks);
        self.i.incoming(b, &[(first, setup), (following, next_block)]);

        self.i.go(done);
        self.i.ret();
        self.i.seal_entry(start);
    }

    /// Gives the lanes their `threadIdx`, and says which lanes are threads at all. `at` has the first lane's coordinates where rows of the block are a multiple of the lanes.
    pub(super) fn place_threads(&mut self, class: BlockClass, at: [V<'c>; 3], threads: V<'c>) {
        let [bx, by, _] = self.frame.block_dim;
        self.mask = self.full();
        self.maybe_empty = false;
        if self.lanes == 1 || class == BlockClass::Rows {
            let [x, y, z] = at.map(|v| self.i.load(self.i.int(32), v, 4));
            let first = if self.lanes == 1 { Rep::Uniform(x) } else { Rep::Linear(x, 1) };
            self.frame.thread_idx = [first, Rep::Uniform(y), Rep::Uniform(z)];
            return;
        }
        let t = self.i.resize(self.frame.thread, self.i.int(32), false);
        let linear = self.spread(Rep::Linear(t, 1));
        let below = if faults::is(Fault::OneThreadTooMany) { IntPred::LLVMIntULE } else { IntPred::LLVMIntULT };
        self.mask = self.i.icmp(below, linear, self.i.splat(threads, WARP));
        let (row, x) = self.divide(linear, self.i.splat(bx, WARP));
        let (z, y) = self.divide(row, self.i.splat(by, WARP));
        self.frame.thread_idx = [x, y, z].map(Rep::Varying);
    }

    /// Quotient and remainder of vectors of int32 below 2^12, by a float32 division, which is exact there: the quotient of such numbers is an integer or at
    /// least 1/4096 below the next one.
    fn divide(&self, a: V<'c>, b: V<'c>) -> (V<'c>, V<'c>) {
        let float = self.i.vector(self.i.scalar(ScalarType::F32), WARP);
        let (x, y) = (self.i.cast(Opcode::LLVMSIToFP, a, float), self.i.cast(Opcode::LLVMSIToFP, b, float));
        let q = self.i.cast(Opcode::LLVMFPToSI, self.i.binary(Opcode::LLVMFDiv, x, y), self.i.type_of(a));
        (q, self.i.sub(a, self.i.mul(q, b)))
    }

    fn elementwise(&mut self, signature: &Signature, uniform: u64) {
        let start = self.i.here();
        let (operands, count) = (self.i.param(0), self.i.param(1));
        self.frame.launch = self.i.param(2);
        let types: Vec<ScalarType> = signature.inputs.iter().chain(&signature.outputs).copied().collect();
        let inputs = signature.inputs.len();
        let pointers: Vec<V<'c>> =
            (0..types.len()).map(|n| self.i.load(self.i.ptr(), self.i.offset(operands, self.i.i64(n as i64 * 8)), 8)).collect();
        for info in &self.f.arrays {
            self.bind_constant(info);
        }
        let is_uniform = |n: usize| n < inputs && uniform >> n & 1 == 1;
        self.bind_uniform(signature, uniform, &pointers);
        let step = self.i.i64(self.lanes as i64);
        let (head, direct, tail, body, next, done) = (
            self.i.block("chunks"),
            self.i.block("whole"),
            self.i.block("tail"),
            self.i.block("body"),
            self.i.block("chunk.next"),
            self.i.block("done"),
        );
        let tail_out = self.i.block("tail.out");
        let after = self.i.block("after");
        let setup = self.i.here();
        self.i.br(head);

        self.i.go(head);
        let at = self.i.phi(self.i.int(64));
        let left = self.i.sub(count, at);
        let whole = self.i.icmp(IntPred::LLVMIntUGE, left, step);
        self.i.cond_br(whole, direct, tail);

        self.i.go(direct);
        let places: Vec<V<'c>> = pointers
            .iter()
            .zip(&types)
            .enumerate()
            .map(|(n, (p, ty))| if is_uniform(n) { *p } else { self.i.offset(*p, self.i.mul(at, self.i.i64(ty.size() as i64))) })
            .collect();
        self.i.br(body);

        // The last elements are copied beside a repetition of the first of them, so that the body always sees a full warp of real operands.
        self.i.go(tail);
        let some = self.i.block("tail.in");
        self.i.cond_br(self.i.icmp(IntPred::LLVMIntEQ, left, self.i.i64(0)), done, some);
        self.i.go(some);
        let mut buffers = Vec::new();
        for (n, ty) in types.iter().enumerate() {
            if self.lanes == 1 || is_uniform(n) {
                buffers.push(pointers[n]);
                continue;
            }
            let bytes = ty.size() as u64 * WARP as u64;
            let buffer = self.i.alloca(self.i.array(self.i.int(8), bytes), 64);
            if n < inputs {
                let from = self.i.offset(pointers[n], self.i.mul(at, self.i.i64(ty.size() as i64)));
                let size = self.i.i64(ty.size() as i64);
                self.i.call("vg_pad", self.i.void(), &[from, left, buffer, size]);
            }
            buffers.push(buffer);
        }
        let tail_end = self.i.here();
        self.i.br(body);

        self.i.go(body);
        let chosen: Vec<V<'c>> = places
            .iter()
            .zip(&buffers)
            .map(|(a, b)| {
                let phi = self.i.phi(self.i.ptr());
                self.i.incoming(phi, &[(*a, direct), (*b, tail_end)]);
                phi
            })
            .collect();
        self.frame.thread = at;
        self.frame.abort = done;
        self.mask = self.full();
        self.maybe_empty = false;
        self.load_elements(signature, uniform, &chosen);
        self.make_slots();
        let inner = self.i.block("apply");
        self.i.br(inner);
        self.i.go(inner);
        self.body(after);

        self.i.go(after);
        self.store_results(&signature.outputs, &chosen[inputs..]);
        self.i.cond_br(whole, next, tail_out);

        self.i.go(tail_out);
        if self.lanes != 1 {
            for (n, ty) in types.iter().enumerate().skip(inputs) {
                let to = self.i.offset(pointers[n], self.i.mul(at, self.i.i64(ty.size() as i64)));
                let bytes = self.i.mul(left, self.i.i64(ty.size() as i64));
                self.i.call("vg_copy", self.i.void(), &[to, chosen[n], bytes]);
            }
        }
        self.i.br(done);

        self.i.go(next);
        let following = self.i.add(at, step);
        if self.has_loop() {
            self.poll(head);
        } else {
            self.i.br(head);
        }
        self.i.incoming(at, &[(self.i.i64(0), setup)]);
        self.link_polled(at, following, next, head);

        self.i.go(done);
        self.i.ret();
        self.i.seal_entry(start);
    }

    pub(super) fn has_loop(&self) -> bool {
        let mut found = false;
        self.f.walk(&mut |_, inst| found |= matches!(inst, crate::ir::Inst::Loop { .. }));
        found
    }

    /// Gives the phi `at` the value `following` for each way from `next` back to `head`.
    fn link_polled(&self, at: V<'c>, following: V<'c>, next: inkwell::basic_block::BasicBlock<'c>, head: inkwell::basic_block::BasicBlock<'c>) {
        // `poll` ends two blocks with a branch to `head`: `next` itself and the one that asks.
        self.i.incoming(at, &[(following, next)]);
        let here = self.i.here();
        if here != next && here != head {
            self.i.incoming(at, &[(following, here)]);
        }
    }

    fn bind_uniform(&mut self, signature: &Signature, uniform: u64, pointers: &[V<'c>]) {
        let mut n = 0;
        for (input, ty) in signature.inputs.iter().enumerate() {
            let parts = 1 + ty.is_complex() as usize;
            if uniform >> input & 1 == 1 || self.lanes == 1 {
                for part in 0..parts {
                    if self.lanes == 1 && uniform >> input & 1 == 0 {
                        continue;
                    }
                    let v = self.load_part(pointers[input], *ty, part);
                    self.params[n + part] = Some(Rep::Uniform(v));
                }
            }
            n += parts;
        }
    }

    pub(super) fn load_part(&self, p: V<'c>, ty: ScalarType, part: usize) -> V<'c> {
        let scalar = ty.part();
        let at = self.i.offset(p, self.i.i64((part * scalar.size()) as i64));
        self.from_stored(self.i.load(self.i.stored(scalar), at, scalar.size() as u32), scalar)
    }

    fn load_elements(&mut self, signature: &Signature, uniform: u64, places: &[V<'c>]) {
        let mut n = 0;
        for (input, ty) in signature.inputs.iter().enumerate() {
            let parts = 1 + ty.is_complex() as usize;
            if uniform >> input & 1 == 0 {
                for part in 0..parts {
                    let v = if self.lanes == 1 { self.load_part(places[input], *ty, part) } else { self.load_lanes(places[input], *ty, part) };
                    self.params[n + part] = Some(if self.lanes == 1 { Rep::Uniform(v) } else { Rep::Varying(v) });
                }
            }
            n += parts;
        }
    }

    fn load_lanes(&self, p: V<'c>, ty: ScalarType, part: usize) -> V<'c> {
        let scalar = ty.part();
        let stored = self.i.stored(scalar);
        let align = scalar.size() as u32;
        if ty.is_complex() {
            let both = self.i.load(self.i.vector(stored, 2 * WARP), p, align);
            let lanes: Vec<i32> = (0..WARP as i32).map(|l| 2 * l + part as i32).collect();
            return self.i.shuffle(both, both, &lanes);
        }
        self.from_stored(self.i.load(self.i.vector(stored, WARP), p, align), scalar)
    }

    pub(super) fn store_results(&mut self, outputs: &[ScalarType], places: &[V<'c>]) {
        let f = self.f;
        let mut slots = f.results.iter();
        for (ty, place) in outputs.iter().zip(places) {
            let scalar = ty.part();
            let align = scalar.size() as u32;
            let parts: Vec<V<'c>> = (0..1 + ty.is_complex() as usize)
                .map(|_| {
                    let slot = *slots.next().expect("the signature has the function's results");
                    let rep = self.get(slot);
                    let v = if self.lanes == 1 { self.scalar_of(rep) } else { self.spread(rep) };
                    self.to_stored(v, scalar)
                })
                .collect();
            match parts[..] {
                [re, im] if self.lanes == 1 => {
                    self.i.store(re, *place, align);
                    self.i.store(im, self.i.offset(*place, self.i.i64(scalar.size() as i64)), align);
                }
                [re, im] => {
                    let lanes: Vec<i32> = (0..WARP as i32).flat_map(|l| [l, l + WARP as i32]).collect();
                    let both = self.i.shuffle(re, im, &lanes);
                    if self.stream { self.i.store_past_caches(both, *place, 2 * WARP * align) } else { self.i.store(both, *place, align) }
                }
                [v] if self.stream => self.i.store_past_caches(v, *place, WARP * align),
                [v] => self.i.store(v, *place, align),
                _ => unreachable!("one part or two"),
            }
        }
    }

    pub(super) fn scalar_of(&self, rep: Rep<'c>) -> V<'c> {
        match rep {
            Rep::Uniform(v) => v,
            other => unreachable!("{other:?} with one lane"),
        }
    }
}
