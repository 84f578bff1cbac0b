//! What LLVM can select PTX for. Where it cannot, it ends the process, so that everything is looked at before.

use inkwell::values::{AnyValue, BasicValue, InstructionOpcode};

use crate::llvm::Module;

/// Intrinsics without a type in their name, or whose every type is fine.
const PLAIN: &[&str] = &[
    "llvm.assume",
    "llvm.dbg.declare",
    "llvm.dbg.label",
    "llvm.dbg.value",
    "llvm.experimental.noalias.scope.decl",
    "llvm.lifetime.end",
    "llvm.lifetime.start",
    "llvm.memcpy",
    "llvm.memmove",
    "llvm.memset",
    "llvm.nvvm.activemask",
    "llvm.nvvm.bar.warp.sync",
    "llvm.nvvm.barrier.cta.red.and.aligned.all",
    "llvm.nvvm.barrier.cta.red.or.aligned.all",
    "llvm.nvvm.barrier.cta.red.popc.aligned.all",
    "llvm.nvvm.barrier.cta.sync.aligned.all",
    "llvm.nvvm.match.all.sync.i32p",
    "llvm.nvvm.match.all.sync.i64p",
    "llvm.nvvm.match.any.sync.i32",
    "llvm.nvvm.match.any.sync.i64",
    "llvm.nvvm.read.ptx.sreg",
    "llvm.nvvm.shfl.sync.bfly.i32",
    "llvm.nvvm.shfl.sync.down.i32",
    "llvm.nvvm.shfl.sync.idx.i32",
    "llvm.nvvm.shfl.sync.up.i32",
    "llvm.nvvm.vote.all.sync",
    "llvm.nvvm.vote.any.sync",
    "llvm.nvvm.vote.ballot.sync",
    "llvm.nvvm.vote.uni.sync",
    "llvm.trap",
];

/// Those on float32 and float64 that are rounded as the op table says.
const FLOATS: &[&str] = &[
    "llvm.ceil",
    "llvm.copysign",
    "llvm.fabs",
    "llvm.floor",
    "llvm.fma",
    "llvm.is.fpclass",
    "llvm.rint",
    "llvm.roundeven",
    "llvm.sqrt",
    "llvm.trunc",
];

/// Those on integers of up to 64 bits.
const INTEGERS: &[&str] = &[
    "llvm.abs",
    "llvm.bitreverse",
    "llvm.bswap",
    "llvm.ctlz",
    "llvm.ctpop",
    "llvm.cttz",
    "llvm.fshl",
    "llvm.fshr",
    "llvm.sadd.sat",
    "llvm.sadd.with.overflow",
    "llvm.scmp",
    "llvm.smax",
    "llvm.smin",
    "llvm.ssub.sat",
    "llvm.ssub.with.overflow",
    "llvm.uadd.sat",
    "llvm.uadd.with.overflow",
    "llvm.ucmp",
    "llvm.umax",
    "llvm.umin",
    "llvm.usub.sat",
    "llvm.usub.with.overflow",
];

/// Those on integers of up to 128 bits, such as the counts of laps that LLVM computes in 65.
const WIDE: &[&str] = &["llvm.abs", "llvm.smax", "llvm.smin", "llvm.umax", "llvm.umin"];

/// Names what has no PTX, if anything has none.
pub(super) fn check(module: &Module<'_>) -> Result<(), String> {
    for f in module.get_functions() {
        let name = f.get_name().to_string_lossy();
        if f.count_basic_blocks() == 0 {
            let selected = if name.starts_with("llvm.") { has_selection(&name) } else { false };
            // What is declared only, and called by nobody, is nothing.
            if !selected && f.as_global_value().as_pointer_value().get_first_use().is_some() {
                return Err(format!("nothing selects PTX for a call of {name}"));
            }
            continue;
        }
        for instruction in f.get_basic_blocks().into_iter().flat_map(|b| b.get_instructions()) {
            if instruction.get_opcode() == InstructionOpcode::FRem {
                return Err(format!("in {name}: a remainder of floats is no exact one in PTX: {}", instruction.print_to_string()));
            }
        }
    }
    Ok(())
}

fn has_selection(name: &str) -> bool {
    let named = |list: &[&str], types: Option<&dyn Fn(&str) -> bool>| {
        list.iter().any(|known| match (name.strip_prefix(known), types) {
            (Some(""), None) => true,
            (Some(rest), None) => rest.starts_with('.'),
            (Some(rest), Some(allowed)) => rest.strip_prefix('.').is_some_and(|suffix| suffix.split('.').all(allowed)),
            (None, _) => false,
        })
    };
    let float = |ty: &str| matches!(ty, "f32" | "f64");
    let bits = |ty: &str| ty.strip_prefix('i').and_then(|bits| bits.parse::<u32>().ok());
    let integer = |ty: &str| bits(ty).is_some_and(|bits| bits <= 64);
    let wide = |ty: &str| bits(ty).is_some_and(|bits| bits <= 128);
    named(PLAIN, None) || named(FLOATS, Some(&float)) || named(INTEGERS, Some(&integer)) || named(WIDE, Some(&wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed() {
        for name in [
            "llvm.fma.f32",
            "llvm.nvvm.read.ptx.sreg.tid.x",
            "llvm.ctpop.i64",
            "llvm.abs.i8",
            "llvm.memcpy.p0.p0.i64",
            "llvm.ucmp.i8.i32",
            "llvm.umin.i65",
        ] {
            assert!(has_selection(name), "{name}");
        }
        for name in
            ["llvm.pow.f64", "llvm.sin.f32", "llvm.fma.f16", "llvm.exp2.f32", "llvm.ctpop.i128", "llvm.nvvm.shfl.sync.up.f32", "llvm.fma.v2f32"]
        {
            assert!(!has_selection(name), "{name}");
        }
    }

    /// LLVM ends the process where it has no selection, so each intrinsic is compiled in a process of its own kind: this test alone, run again.
    #[test]
    fn all_that_is_listed_is_selected() {
        super::super::tests::in_a_child("llvm::ptx::selectable::tests::compile_all_that_is_listed");
    }

    #[test]
    #[ignore = "run by all_that_is_listed_is_selected, in a process of its own"]
    fn compile_all_that_is_listed() {
        super::super::tests::compile_intrinsics(FLOATS, INTEGERS);
    }
}
