//! What only a GPU has: address spaces, atomics with a scope, and the calling convention of an entry.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::types::AnyType;
use llvm_sys::core::*;
use llvm_sys::{LLVMAtomicOrdering as Ordering, LLVMAtomicRMWBinOp as Rmw, LLVMLinkage};

use super::{Instr, NAME, T, V};
use crate::llvm::instr::Opcode;

/// Address space of memory that all threads of the device see.
const GLOBAL: u32 = 1;
/// Address space of the memory of a block.
const SHARED: u32 = 3;
/// LLVM's number of the calling convention of PTX entries.
const PTX_KERNEL: u32 = 71;
/// Among whom an atomic operation is one: the threads of the device.
const DEVICE: &str = "device";

impl<'c> Instr<'c> {
    /// Makes the present function an entry whose one parameter is a struct of so many words, passed by value.
    pub(in crate::llvm) fn make_entry(&self, words: usize) {
        self.function.set_call_conventions(PTX_KERNEL);
        let words = self.context.i64_type().array_type(words as u32);
        let byval = self.context.create_type_attribute(Attribute::get_named_enum_kind_id("byval"), words.as_any_type_enum());
        let align = self.context.create_enum_attribute(Attribute::get_named_enum_kind_id("align"), 8);
        self.function.add_attribute(AttributeLoc::Param(0), byval);
        self.function.add_attribute(AttributeLoc::Param(0), align);
    }

    /// Gives the present function an attribute of that name.
    pub(in crate::llvm) fn mark(&self, name: &str) {
        let kind = Attribute::get_named_enum_kind_id(name);
        debug_assert_ne!(kind, 0, "LLVM knows {name}");
        self.function.add_attribute(AttributeLoc::Function, self.context.create_enum_attribute(kind, 0));
    }

    fn space(&self, space: u32) -> T<'c> {
        Self::t(raw!(LLVMPointerTypeInContext(self.c(), space)))
    }

    /// A pointer to the device's memory, from its address.
    pub(in crate::llvm) fn pointer_of(&self, address: V<'c>) -> V<'c> {
        let global = self.cast(Opcode::LLVMIntToPtr, address, self.space(GLOBAL));
        self.any_space(global)
    }

    /// A pointer to any memory.
    pub(in crate::llvm) fn any_space(&self, pointer: V<'c>) -> V<'c> {
        self.cast(Opcode::LLVMAddrSpaceCast, pointer, self.ptr())
    }

    /// Memory of the block, aligned to 64: so many bytes of its own, or (without a size) what the launch adds, which begins behind that.
    pub(in crate::llvm) fn shared_memory(&self, name: &str, bytes: Option<u64>) -> V<'c> {
        let name = std::ffi::CString::new(name).expect("a name has no NUL");
        Self::v(raw!({
            let found = LLVMGetNamedGlobal(self.module.as_mut_ptr(), name.as_ptr());
            if !found.is_null() {
                return Self::v(found);
            }
            let ty = self.array(self.int(8), bytes.unwrap_or(0)).0;
            let global = LLVMAddGlobalInAddressSpace(self.module.as_mut_ptr(), ty, name.as_ptr(), SHARED);
            LLVMSetAlignment(global, 64);
            if bytes.is_some() {
                LLVMSetLinkage(global, LLVMLinkage::LLVMInternalLinkage);
                LLVMSetInitializer(global, LLVMGetUndef(ty));
            }
            global
        }))
    }

    fn scope(&self, name: &str) -> u32 {
        raw!(LLVMGetSyncScopeID(self.c(), name.as_ptr().cast(), name.len()))
    }

    /// An atomic operation, relaxed, among the threads of the device; gives the old value.
    pub(in crate::llvm) fn atomic(&self, op: Rmw, pointer: V<'c>, value: V<'c>, align: u32) -> V<'c> {
        Self::v(raw!({
            let v = LLVMBuildAtomicRMWSyncScope(self.b(), op, pointer.0, value.0, Ordering::LLVMAtomicOrderingMonotonic, self.scope(DEVICE));
            LLVMSetAlignment(v, align);
            v
        }))
    }

    /// Stores an integer if the memory has the one expected, relaxed; gives the old value, and whether it was that.
    pub(in crate::llvm) fn compare_exchange(&self, pointer: V<'c>, expected: V<'c>, new: V<'c>, align: u32) -> [V<'c>; 2] {
        let pair = raw!({
            let relaxed = Ordering::LLVMAtomicOrderingMonotonic;
            let v = LLVMBuildAtomicCmpXchgSyncScope(self.b(), pointer.0, expected.0, new.0, relaxed, relaxed, self.scope(DEVICE));
            LLVMSetAlignment(v, align);
            v
        });
        [0, 1].map(|n| self.part(Self::v(pair), n))
    }

    /// A relaxed load of what other threads of the device may change.
    pub(in crate::llvm) fn load_of_device(&self, ty: T<'c>, pointer: V<'c>, align: u32) -> V<'c> {
        let v = self.load_relaxed(ty, pointer, align);
        raw!(LLVMSetAtomicSyncScopeID(v.0, self.scope(DEVICE)));
        v
    }

    /// Part of a value that has several.
    pub(in crate::llvm) fn part(&self, value: V<'c>, n: u32) -> V<'c> {
        Self::v(raw!(LLVMBuildExtractValue(self.b(), value.0, n, NAME)))
    }

    /// A type of several values.
    pub(in crate::llvm) fn together(&self, types: &[T<'c>]) -> T<'c> {
        let mut raw: Vec<_> = types.iter().map(|t| t.0).collect();
        Self::t(raw!(LLVMStructTypeInContext(self.c(), raw.as_mut_ptr(), raw.len() as u32, 0)))
    }

    /// A value of several with one of them replaced.
    pub(in crate::llvm) fn with_part(&self, whole: V<'c>, part: V<'c>, n: u32) -> V<'c> {
        Self::v(raw!(LLVMBuildInsertValue(self.b(), whole.0, part.0, n, NAME)))
    }

    /// Whether a pointer is null.
    pub(in crate::llvm) fn is_null(&self, pointer: V<'c>) -> V<'c> {
        Self::v(raw!(LLVMBuildIsNull(self.b(), pointer.0, NAME)))
    }

    /// Names of the functions that the module calls and does not have.
    pub(in crate::llvm) fn missing(&self) -> Vec<String> {
        let named = self.module.get_functions().filter(|f| f.count_basic_blocks() == 0);
        named.filter_map(|f| f.get_name().to_str().ok().map(str::to_owned)).filter(|name| !name.starts_with("llvm.")).collect()
    }
}
