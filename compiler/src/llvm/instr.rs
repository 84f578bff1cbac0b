#![allow(unsafe_code)]
//! One instruction builder for scalars and vectors alike.
//!
//! inkwell types scalar and vector values apart, so that code generic in the number of lanes would be written twice; LLVM itself does not. This wraps the C API's builder: a [`V`]
//! is any value, a [`T`] any type. What is checked here: nothing beyond LLVM's own assertions; the emitter, working from verified IR, gives operands of equal types.
//! Lifetimes: a `V` or `T` is used only while its [`Instr`] lives, which `'c` says.

use std::ffi::CString;
use std::marker::PhantomData;

use inkwell::basic_block::BasicBlock;
use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::values::{AsValueRef, FunctionValue};
use llvm_sys::core::*;
use llvm_sys::prelude::{LLVMBuilderRef, LLVMContextRef, LLVMTypeRef, LLVMValueRef};
pub(super) use llvm_sys::{LLVMIntPredicate as IntPred, LLVMOpcode as Opcode, LLVMRealPredicate as RealPred};

use crate::types::{Scalar, ScalarType};

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct V<'c>(LLVMValueRef, PhantomData<&'c ()>);

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct T<'c>(LLVMTypeRef, PhantomData<&'c ()>);

/// The builder.
pub(super) struct Instr<'c> {
    pub(super) context: &'c Context,
    pub(super) module: Module<'c>,
    pub(super) builder: Builder<'c>,
    pub(super) function: FunctionValue<'c>,
    entry: BasicBlock<'c>,
}

/// Where to go on after an inner function.
pub(super) struct Outer<'c> {
    function: FunctionValue<'c>,
    entry: BasicBlock<'c>,
    here: BasicBlock<'c>,
}

const NAME: *const std::ffi::c_char = c"".as_ptr();

macro_rules! raw {
    ($e:expr) => {
        // SAFETY: builder, values and types belong to the context that `self` borrows, and the builder is positioned in a block of `self.function`
        // (module head); LLVM's C API asks nothing more of these calls.
        unsafe { $e }
    };
}

mod gpu;

impl<'c> Instr<'c> {
    /// A builder at the start of a new function `name` of the given parameter types, returning nothing.
    pub(super) fn new(context: &'c Context, module: Module<'c>, name: &str, params: &[&str]) -> Instr<'c> {
        use inkwell::types::BasicMetadataTypeEnum as M;
        let types: Vec<M<'c>> = params
            .iter()
            .map(|p| match *p {
                "ptr" => M::PointerType(context.ptr_type(inkwell::AddressSpace::default())),
                "i64" => M::IntType(context.i64_type()),
                other => unreachable!("parameter type {other}"),
            })
            .collect();
        let function = module.add_function(name, context.void_type().fn_type(&types, false), None);
        let entry = context.append_basic_block(function, "entry");
        let start = context.append_basic_block(function, "start");
        let builder = context.create_builder();
        builder.position_at_end(start);
        Instr { context, module, builder, function, entry }
    }

    /// Ends the entry block, which holds the allocas, by a jump to the first block of the code.
    pub(super) fn seal_entry(&self, start: BasicBlock<'c>) {
        let here = self.builder.get_insert_block();
        self.builder.position_at_end(self.entry);
        self.br(start);
        if let Some(b) = here {
            self.builder.position_at_end(b);
        }
    }

    /// Whether the module has a function of that name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.module.get_function(name).is_some()
    }

    /// Begins a function that only this module calls, with the attributes of the present one; what is built until [`Instr::leave`] goes there.
    pub(super) fn enter(&mut self, name: &str, result: T<'c>, params: &[T<'c>]) -> Outer<'c> {
        use inkwell::attributes::AttributeLoc;
        self.symbol(name, result, params);
        let function = self.module.get_function(name).expect("just declared");
        function.set_linkage(inkwell::module::Linkage::Internal);
        for attribute in self.function.attributes(AttributeLoc::Function) {
            function.add_attribute(AttributeLoc::Function, attribute);
        }
        let outer = Outer { function: self.function, entry: self.entry, here: self.here() };
        self.function = function;
        self.entry = self.context.append_basic_block(function, "entry");
        let start = self.context.append_basic_block(function, "start");
        self.builder.position_at_end(start);
        // Lines are told of the outermost function only.
        self.builder.unset_current_debug_location();
        outer
    }

    /// Goes on in the function that was left for another.
    pub(super) fn leave(&mut self, outer: Outer<'c>) {
        self.function = outer.function;
        self.entry = outer.entry;
        self.builder.position_at_end(outer.here);
    }

    /// Makes a function of the module one that others find by `symbol`, and takes the present one away.
    pub(super) fn export(&self, name: &str, symbol: &str) {
        let function = self.module.get_function(name).expect("a function of the module");
        function.set_linkage(inkwell::module::Linkage::External);
        function.as_global_value().set_name(symbol);
        // SAFETY: nothing calls it, and the builder is not used again.
        unsafe { self.function.delete() };
    }

    fn b(&self) -> LLVMBuilderRef {
        self.builder.as_mut_ptr()
    }

    fn c(&self) -> LLVMContextRef {
        use inkwell::context::AsContextRef;
        self.context.as_ctx_ref()
    }

    fn v(value: LLVMValueRef) -> V<'c> {
        V(value, PhantomData)
    }

    fn t(ty: LLVMTypeRef) -> T<'c> {
        T(ty, PhantomData)
    }

    // --- types ---

    pub(super) fn int(&self, bits: u32) -> T<'c> {
        Self::t(raw!(LLVMIntTypeInContext(self.c(), bits)))
    }

    pub(super) fn ptr(&self) -> T<'c> {
        Self::t(raw!(LLVMPointerTypeInContext(self.c(), 0)))
    }

    pub(super) fn void(&self) -> T<'c> {
        Self::t(raw!(LLVMVoidTypeInContext(self.c())))
    }

    pub(super) fn vector(&self, elem: T<'c>, lanes: u32) -> T<'c> {
        Self::t(raw!(LLVMVectorType(elem.0, lanes)))
    }

    pub(super) fn array(&self, elem: T<'c>, count: u64) -> T<'c> {
        Self::t(raw!(LLVMArrayType2(elem.0, count)))
    }

    /// The type of a scalar as a value: bool is `i1`.
    pub(super) fn scalar(&self, ty: ScalarType) -> T<'c> {
        match ty {
            ScalarType::F32 => Self::t(raw!(LLVMFloatTypeInContext(self.c()))),
            ScalarType::F64 => Self::t(raw!(LLVMDoubleTypeInContext(self.c()))),
            other => self.int(other.bits()),
        }
    }

    /// The type of a scalar in memory: bool is `i8`.
    pub(super) fn stored(&self, ty: ScalarType) -> T<'c> {
        match ty {
            ScalarType::Bool => self.int(8),
            ScalarType::F16 | ScalarType::BF16 => self.int(16),
            other => self.scalar(other.held()),
        }
    }

    pub(super) fn type_of(&self, value: V<'c>) -> T<'c> {
        Self::t(raw!(LLVMTypeOf(value.0)))
    }

    /// Number of lanes of a vector value; 0 for a scalar.
    pub(super) fn lanes_of(&self, value: V<'c>) -> u32 {
        raw!({
            let ty = LLVMTypeOf(value.0);
            if LLVMGetTypeKind(ty) == llvm_sys::LLVMTypeKind::LLVMVectorTypeKind { LLVMGetVectorSize(ty) } else { 0 }
        })
    }

    // --- constants ---

    pub(super) fn const_int(&self, ty: T<'c>, value: i64) -> V<'c> {
        Self::v(raw!(LLVMConstInt(ty.0, value as u64, 1)))
    }

    pub(super) fn i64(&self, value: i64) -> V<'c> {
        self.const_int(self.int(64), value)
    }

    pub(super) fn i32(&self, value: i32) -> V<'c> {
        self.const_int(self.int(32), value as i64)
    }

    pub(super) fn i1(&self, value: bool) -> V<'c> {
        self.const_int(self.int(1), value as i64)
    }

    pub(super) fn zero(&self, ty: T<'c>) -> V<'c> {
        Self::v(raw!(LLVMConstNull(ty.0)))
    }

    pub(super) fn ones(&self, ty: T<'c>) -> V<'c> {
        Self::v(raw!(LLVMConstAllOnes(ty.0)))
    }

    pub(super) fn poison(&self, ty: T<'c>) -> V<'c> {
        Self::v(raw!(LLVMGetPoison(ty.0)))
    }

    pub(super) fn const_vector(&self, values: &[V<'c>]) -> V<'c> {
        let mut raw: Vec<LLVMValueRef> = values.iter().map(|v| v.0).collect();
        Self::v(raw!(LLVMConstVector(raw.as_mut_ptr(), raw.len() as u32)))
    }

    /// A scalar constant, exact to the bit.
    pub(super) fn constant(&self, value: Scalar) -> V<'c> {
        let ty = value.ty();
        let bits = self.const_int(self.int(ty.bits()), value.bits() as i64);
        if ty.is_float() { Self::v(raw!(LLVMConstBitCast(bits.0, self.scalar(ty).0))) } else { bits }
    }

    pub(super) fn is_constant_ones(&self, value: V<'c>) -> bool {
        value == self.ones(self.type_of(value))
    }

    /// A private constant of these bytes, aligned to 64.
    pub(super) fn data(&self, name: &str, bytes: &[u8]) -> V<'c> {
        let value = self.context.const_string(bytes, false);
        let global = self.module.add_global(inkwell::types::BasicType::as_basic_type_enum(&value.get_type()), None, name);
        global.set_initializer(&value);
        global.set_constant(true);
        global.set_alignment(64);
        global.set_linkage(inkwell::module::Linkage::Private);
        Self::v(global.as_value_ref())
    }

    // --- arithmetic ---

    pub(super) fn binary(&self, op: Opcode, a: V<'c>, b: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildBinOp(self.b(), op, a.0, b.0, NAME)))
    }

    pub(super) fn add(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.binary(Opcode::LLVMAdd, a, b)
    }

    pub(super) fn sub(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.binary(Opcode::LLVMSub, a, b)
    }

    pub(super) fn mul(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.binary(Opcode::LLVMMul, a, b)
    }

    pub(super) fn and(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.binary(Opcode::LLVMAnd, a, b)
    }

    pub(super) fn or(&self, a: V<'c>, b: V<'c>) -> V<'c> {
        self.binary(Opcode::LLVMOr, a, b)
    }

    pub(super) fn not(&self, a: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildNot(self.b(), a.0, NAME)))
    }

    pub(super) fn neg(&self, a: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildNeg(self.b(), a.0, NAME)))
    }

    pub(super) fn fneg(&self, a: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildFNeg(self.b(), a.0, NAME)))
    }

    pub(super) fn icmp(&self, pred: IntPred, a: V<'c>, b: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildICmp(self.b(), pred, a.0, b.0, NAME)))
    }

    pub(super) fn fcmp(&self, pred: RealPred, a: V<'c>, b: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildFCmp(self.b(), pred, a.0, b.0, NAME)))
    }

    pub(super) fn select(&self, cond: V<'c>, a: V<'c>, b: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildSelect(self.b(), cond.0, a.0, b.0, NAME)))
    }

    pub(super) fn freeze(&self, a: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildFreeze(self.b(), a.0, NAME)))
    }

    pub(super) fn cast(&self, op: Opcode, value: V<'c>, to: T<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildCast(self.b(), op, value.0, to.0, NAME)))
    }

    /// Widens or narrows an integer; nothing if the type is right.
    pub(super) fn resize(&self, value: V<'c>, to: T<'c>, signed: bool) -> V<'c> {
        Self::v(raw!(LLVMBuildIntCast2(self.b(), value.0, to.0, signed as i32, NAME)))
    }

    // --- vectors ---

    pub(super) fn splat(&self, value: V<'c>, lanes: u32) -> V<'c> {
        let ty = self.vector(self.type_of(value), lanes);
        if raw!(LLVMIsConstant(value.0)) == 1 {
            return self.const_vector(&vec![value; lanes as usize]);
        }
        let one = self.insert(self.poison(ty), value, self.i32(0));
        let mask = self.zero(self.vector(self.int(32), lanes));
        Self::v(raw!(LLVMBuildShuffleVector(self.b(), one.0, LLVMGetPoison(ty.0), mask.0, NAME)))
    }

    pub(super) fn insert(&self, vector: V<'c>, value: V<'c>, lane: V<'c>) -> V<'c> {
        let lane = self.lane_inside(vector, lane);
        Self::v(raw!(LLVMBuildInsertElement(self.b(), vector.0, value.0, lane.0, NAME)))
    }

    /// A lane that is one of the vector's whatever is computed. LLVM runs an extraction where its guard would not let it: a lane that is poison there (the lowest of an empty mask) would address the
    /// stack wildly, as no bound is left of one that is known to be a lane or poison.
    fn lane_inside(&self, vector: V<'c>, lane: V<'c>) -> V<'c> {
        if raw!(LLVMIsConstant(lane.0)) != 0 {
            return lane;
        }
        let last = self.const_int(self.type_of(lane), i64::from(self.lanes_of(vector)) - 1);
        self.and(self.freeze(lane), last)
    }

    pub(super) fn extract(&self, vector: V<'c>, lane: V<'c>) -> V<'c> {
        let lane = self.lane_inside(vector, lane);
        Self::v(raw!(LLVMBuildExtractElement(self.b(), vector.0, lane.0, NAME)))
    }

    /// Picks lanes of `a` then `b`.
    pub(super) fn shuffle(&self, a: V<'c>, b: V<'c>, lanes: &[i32]) -> V<'c> {
        let mask = self.const_vector(&lanes.iter().map(|l| self.i32(*l)).collect::<Vec<_>>());
        Self::v(raw!(LLVMBuildShuffleVector(self.b(), a.0, b.0, mask.0, NAME)))
    }

    // --- memory ---

    /// A stack variable in the entry block.
    pub(super) fn alloca(&self, ty: T<'c>, align: u32) -> V<'c> {
        let here = self.builder.get_insert_block().expect("a positioned builder");
        self.builder.position_at_end(self.entry);
        let v = raw!({
            let v = LLVMBuildAlloca(self.b(), ty.0, NAME);
            LLVMSetAlignment(v, align);
            v
        });
        self.builder.position_at_end(here);
        Self::v(v)
    }

    pub(super) fn load(&self, ty: T<'c>, ptr: V<'c>, align: u32) -> V<'c> {
        Self::v(raw!({
            let v = LLVMBuildLoad2(self.b(), ty.0, ptr.0, NAME);
            LLVMSetAlignment(v, align);
            v
        }))
    }

    /// A relaxed atomic load of a word another thread may write.
    pub(super) fn load_relaxed(&self, ty: T<'c>, ptr: V<'c>, align: u32) -> V<'c> {
        let v = self.load(ty, ptr, align);
        raw!(LLVMSetOrdering(v.0, llvm_sys::LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic));
        v
    }

    /// A fence of the strongest order, for all threads.
    pub(super) fn fence(&self) {
        raw!(LLVMBuildFence(self.b(), llvm_sys::LLVMAtomicOrdering::LLVMAtomicOrderingSequentiallyConsistent, 0, NAME));
    }

    pub(super) fn store(&self, value: V<'c>, ptr: V<'c>, align: u32) {
        raw!({
            let v = LLVMBuildStore(self.b(), value.0, ptr.0);
            LLVMSetAlignment(v, align);
        });
    }

    /// Stores a vector, aligned to its size or to 64 bytes if that is less, to memory that is not soon read again.
    pub(super) fn store_past_caches(&self, value: V<'c>, ptr: V<'c>, bytes: u32) {
        let name = "nontemporal";
        raw!({
            let v = LLVMBuildStore(self.b(), value.0, ptr.0);
            LLVMSetAlignment(v, bytes.min(64));
            let context = LLVMGetTypeContext(LLVMTypeOf(value.0));
            let kind = LLVMGetMDKindIDInContext(context, name.as_ptr().cast(), name.len() as u32);
            let mut one = LLVMValueAsMetadata(LLVMConstInt(LLVMInt32TypeInContext(context), 1, 0));
            let node = LLVMMDNodeInContext2(context, &mut one, 1);
            LLVMSetMetadata(v, kind, LLVMMetadataAsValue(context, node));
        });
    }

    /// `ptr + bytes`; a vector of offsets gives a vector of pointers.
    pub(super) fn offset(&self, ptr: V<'c>, bytes: V<'c>) -> V<'c> {
        let mut index = [bytes.0];
        Self::v(raw!(LLVMBuildGEP2(self.b(), self.int(8).0, ptr.0, index.as_mut_ptr(), 1, NAME)))
    }

    // --- calls ---

    /// Calls an LLVM intrinsic overloaded by these types.
    pub(super) fn intrinsic(&self, name: &str, overload: &[T<'c>], args: &[V<'c>]) -> V<'c> {
        let mut types: Vec<LLVMTypeRef> = overload.iter().map(|t| t.0).collect();
        let mut values: Vec<LLVMValueRef> = args.iter().map(|a| a.0).collect();
        Self::v(raw!({
            let id = LLVMLookupIntrinsicID(name.as_ptr().cast(), name.len());
            assert!(id != 0, "no intrinsic {name}");
            let f = LLVMGetIntrinsicDeclaration(self.module.as_mut_ptr(), id, types.as_mut_ptr(), types.len());
            let ty = LLVMIntrinsicGetType(self.c(), id, types.as_mut_ptr(), types.len());
            LLVMBuildCall2(self.b(), ty, f, values.as_mut_ptr(), values.len() as u32, NAME)
        }))
    }

    /// States the alignment of pointer argument `arg` (counted from 1) of a call.
    pub(super) fn align_argument(&self, call: V<'c>, arg: u32, align: u32) {
        raw!(LLVMSetInstrParamAlignment(call.0, arg, align));
    }

    /// The external function of that name.
    pub(super) fn symbol(&self, name: &str, result: T<'c>, params: &[T<'c>]) -> V<'c> {
        let c = CString::new(name).expect("a symbol has no NUL");
        Self::v(raw!({
            let found = LLVMGetNamedFunction(self.module.as_mut_ptr(), c.as_ptr());
            if found.is_null() { LLVMAddFunction(self.module.as_mut_ptr(), c.as_ptr(), self.fn_type(result, params)) } else { found }
        }))
    }

    fn fn_type(&self, result: T<'c>, params: &[T<'c>]) -> LLVMTypeRef {
        let mut types: Vec<LLVMTypeRef> = params.iter().map(|t| t.0).collect();
        raw!(LLVMFunctionType(result.0, types.as_mut_ptr(), types.len() as u32, 0))
    }

    /// Calls an external function. `nobuiltin`: LLVM would fold `coshf` of a constant by its host's `cosh`, and rewrite `pow`; results must be the function's own.
    pub(super) fn call(&self, name: &str, result: T<'c>, args: &[V<'c>]) -> V<'c> {
        let params: Vec<T<'c>> = args.iter().map(|a| self.type_of(*a)).collect();
        let f = self.symbol(name, result, &params);
        let ty = self.fn_type(result, &params);
        let mut values: Vec<LLVMValueRef> = args.iter().map(|a| a.0).collect();
        let kind = inkwell::attributes::Attribute::get_named_enum_kind_id("nobuiltin");
        Self::v(raw!({
            let call = LLVMBuildCall2(self.b(), ty, f.0, values.as_mut_ptr(), values.len() as u32, NAME);
            LLVMAddCallSiteAttribute(call, llvm_sys::LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(self.c(), kind, 0));
            call
        }))
    }

    /// Calls a function that takes a pointer, gives an i32 and keeps every register but that of its result; unlike a call, it does not end the life of values in registers. The function around it must
    /// have no red zone.
    pub(super) fn call_keeping_registers(&self, name: &str, argument: V<'c>) -> V<'c> {
        let (result, pointer) = (self.int(32), self.ptr());
        let ty = self.fn_type(result, &[pointer]);
        let text = format!("call {name}@PLT");
        let constraints = "={eax},{rdi},~{memory},~{dirflag},~{fpsr},~{flags}";
        Self::v(raw!({
            let asm = LLVMGetInlineAsm(
                ty,
                text.as_ptr().cast(),
                text.len(),
                constraints.as_ptr().cast(),
                constraints.len(),
                1,
                0,
                llvm_sys::LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                0,
            );
            LLVMBuildCall2(self.b(), ty, asm, [argument.0].as_mut_ptr(), 1, NAME)
        }))
    }

    /// Parameter number `i` of the function.
    pub(super) fn param(&self, i: u32) -> V<'c> {
        Self::v(self.function.get_nth_param(i).expect("a declared parameter").as_value_ref())
    }

    // --- control ---

    pub(super) fn block(&self, name: &str) -> BasicBlock<'c> {
        self.context.append_basic_block(self.function, name)
    }

    /// Whether a value was computed in the block where instructions go now.
    pub(super) fn is_from_here(&self, v: V<'c>) -> bool {
        raw!(!LLVMIsAInstruction(v.0).is_null() && LLVMGetInstructionParent(v.0) == self.here().as_mut_ptr())
    }

    pub(super) fn here(&self) -> BasicBlock<'c> {
        self.builder.get_insert_block().expect("a positioned builder")
    }

    pub(super) fn go(&self, block: BasicBlock<'c>) {
        self.builder.position_at_end(block);
    }

    pub(super) fn br(&self, to: BasicBlock<'c>) {
        self.builder.build_unconditional_branch(to).expect("a positioned builder");
    }

    pub(super) fn cond_br(&self, cond: V<'c>, yes: BasicBlock<'c>, no: BasicBlock<'c>) {
        raw!(LLVMBuildCondBr(self.b(), cond.0, yes.as_mut_ptr(), no.as_mut_ptr()));
    }

    /// A conditional branch that is nearly always taken to `yes`.
    pub(super) fn cond_br_likely(&self, cond: V<'c>, yes: BasicBlock<'c>, no: BasicBlock<'c>) {
        let weight = |w: u64| self.context.i32_type().const_int(w, false);
        let node = self.context.metadata_node(&[self.context.metadata_string("branch_weights").into(), weight(1 << 20).into(), weight(1).into()]);
        raw!({
            let branch = LLVMBuildCondBr(self.b(), cond.0, yes.as_mut_ptr(), no.as_mut_ptr());
            LLVMSetMetadata(branch, self.context.get_kind_id("prof"), node.as_value_ref());
        });
    }

    /// A conditional branch that is nearly always taken to `no`.
    pub(super) fn cond_br_rare(&self, cond: V<'c>, yes: BasicBlock<'c>, no: BasicBlock<'c>) {
        let weight = |w: u64| self.context.i32_type().const_int(w, false);
        let node = self.context.metadata_node(&[self.context.metadata_string("branch_weights").into(), weight(1).into(), weight(1 << 20).into()]);
        raw!({
            let branch = LLVMBuildCondBr(self.b(), cond.0, yes.as_mut_ptr(), no.as_mut_ptr());
            LLVMSetMetadata(branch, self.context.get_kind_id("prof"), node.as_value_ref());
        });
    }

    pub(super) fn ret_value(&self, value: V<'c>) {
        raw!(LLVMBuildRet(self.b(), value.0));
    }

    pub(super) fn ret(&self) {
        self.builder.build_return(None).expect("a positioned builder");
    }

    pub(super) fn phi(&self, ty: T<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildPhi(self.b(), ty.0, NAME)))
    }

    pub(super) fn incoming(&self, phi: V<'c>, edges: &[(V<'c>, BasicBlock<'c>)]) {
        let mut values: Vec<LLVMValueRef> = edges.iter().map(|e| e.0.0).collect();
        let mut blocks: Vec<_> = edges.iter().map(|e| e.1.as_mut_ptr()).collect();
        raw!(LLVMAddIncoming(phi.0, values.as_mut_ptr(), blocks.as_mut_ptr(), edges.len() as u32));
    }
}
