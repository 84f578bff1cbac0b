//! PTX of small kernels, assembled by NVIDIA's `ptxas` where it is at hand (the tests of the Python package, which install it, assemble everything).

use std::process::Command;

use inkwell::context::Context;
use inkwell::targets::FileType;

use super::*;
use crate::ir::{Axis, Builder, Geometry, Inst, Kind, Meeting, Part, Piece, Raise, Storage, Value};
use crate::op::{AtomicOp, Math, Op, Shuffle, Vote, WarpOp};
use crate::types::{ArrayType, Layout, Scalar};

/// Runs an ignored test of this library in a process of its own.
pub(super) fn in_a_child(test: &str) {
    let me = std::env::current_exe().expect("this program");
    let output = Command::new(me).args([test, "--exact", "--ignored"]).output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Selects PTX for calls of intrinsics on each of their types, for every architecture.
pub(super) fn compile_intrinsics(floats: &[&str], integers: &[&str]) {
    let mut text = String::new();
    let mut number = 0;
    for (name, ty, llvm) in floats.iter().flat_map(|n| [(n, "f32", "float"), (n, "f64", "double")]) {
        number += 1;
        let (result, args, given) = match *name {
            "llvm.fma" => (llvm, 3, ""),
            "llvm.copysign" => (llvm, 2, ""),
            "llvm.is.fpclass" => ("i1", 1, ", i32 3"),
            _ => (llvm, 1, ""),
        };
        let operands = (0..args).map(|n| format!("{llvm} %a{n}")).collect::<Vec<_>>().join(", ");
        text += &format!("define {result} @f{number}({operands}) {{\n %r = call {result} @{name}.{ty}({operands}{given})\n ret {result} %r\n}}\n");
    }
    for (name, bits) in integers.iter().flat_map(|n| [8, 16, 32, 64].map(|bits| (n, bits))) {
        number += 1;
        let llvm = format!("i{bits}");
        let pair = name.ends_with("overflow");
        let (result, suffix, args, given) = match *name {
            "llvm.abs" | "llvm.ctlz" | "llvm.cttz" => (llvm.clone(), llvm.clone(), 1, ", i1 false"),
            "llvm.bswap" if bits == 8 => continue,
            "llvm.bitreverse" | "llvm.bswap" | "llvm.ctpop" => (llvm.clone(), llvm.clone(), 1, ""),
            "llvm.fshl" | "llvm.fshr" => (llvm.clone(), llvm.clone(), 3, ""),
            "llvm.scmp" | "llvm.ucmp" => ("i8".to_owned(), format!("i8.{llvm}"), 2, ""),
            _ if pair => (format!("{{ {llvm}, i1 }}"), llvm.clone(), 2, ""),
            _ => (llvm.clone(), llvm.clone(), 2, ""),
        };
        let operands = (0..args).map(|n| format!("{llvm} %a{n}")).collect::<Vec<_>>().join(", ");
        let taken = if pair { format!("%p = extractvalue {result} %r, 0\n ret {llvm} %p") } else { format!("ret {result} %r") };
        let returns = if pair { &llvm } else { &result };
        text += &format!("define {returns} @f{number}({operands}) {{\n %r = call {result} @{name}.{suffix}({operands}{given})\n {taken}\n}}\n");
    }
    for arch in Arch::all() {
        let context = Context::create();
        let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "intrinsics");
        let module = context.create_module_from_ir(buffer).unwrap_or_else(|e| panic!("{e}"));
        let machine = machine(arch).expect("a machine");
        module.set_triple(&machine.get_triple());
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        selectable::check(&module).expect("all that is listed is allowed");
        let ptx = machine.write_to_memory_buffer(&module, FileType::Assembly).unwrap_or_else(|e| panic!("{e}"));
        assert!(ptx.get_size() > 1000);
    }
}

/// NVIDIA's assembler, where `VERDIGRIS_PTXAS` says it is.
fn assembled(ptx: &Module) -> Option<String> {
    let ptxas = std::env::var_os("VERDIGRIS_PTXAS")?;
    let file = std::env::temp_dir().join(format!("vg_{}_{}_{}.ptx", std::process::id(), ptx.entry, ptx.arch));
    std::fs::write(&file, &ptx.text).expect("a file");
    let output = Command::new(ptxas).args(["-v", "-arch", &ptx.arch.to_string(), "-o", "/dev/null"]).arg(&file).output().expect("ptxas runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}\n{}", ptx.text);
    assert!(!text.contains("bytes spill stores") || text.contains(" 0 bytes spill stores"), "{text}");
    std::fs::remove_file(file).expect("it was written");
    Some(text)
}

fn f64s(ndim: u8, layout: Layout) -> ArrayType {
    ArrayType { elem: ScalarType::F64, ndim, layout, readonly: false }
}

fn index(b: &mut Builder) -> Value {
    let thread = b.push(Inst::Geometry(Geometry::ThreadIdx(Axis::X)));
    b.cast(thread, ScalarType::I64)
}

fn verified(b: Builder) -> Verified {
    Verified::new(b.finish(vec![], Default::default())).unwrap_or_else(|e| panic!("{e}"))
}

fn ptx_of(ir: &Verified, options: &Options) -> Arc<Module> {
    for arch in Arch::all() {
        let module = compile(ir, &Entry::Kernel, arch, options).unwrap_or_else(|e| panic!("{e}"));
        assert!(module.text.contains(&format!(".target {arch}")), "{}", module.text);
        assembled(&module);
    }
    compile(ir, &Entry::Kernel, Arch::OLDEST, options).expect("compiled before")
}

#[test]
fn words_of_a_kernel_are_those_of_a_cpu() {
    let mut b = Builder::new("scale", Kind::Kernel);
    let a = b.array_param("a", f64s(2, Layout::A));
    let by = b.scalar_param("by", ScalarType::F32);
    let (x, y) = (index(&mut b), index(&mut b));
    let old = b.push(Inst::Load { array: a, index: [x, y].into_iter().collect(), part: Part::Whole });
    let by = b.push(Inst::Param(by));
    let by = b.cast(by, ScalarType::F64);
    let new = b.apply(Op::Mul, &[old, by]);
    b.push(Inst::Store { array: a, index: [x, y].into_iter().collect(), part: Part::Whole, value: new });
    let ir = verified(b);
    let ptx = ptx_of(&ir, &Options::default());
    let array = |n: u8| [Word::Extent { param: 0, axis: n }, Word::Stride { param: 0, axis: n }];
    let [[e0, s0], [e1, s1]] = [array(0), array(1)];
    assert_eq!(ptx.words, [Word::Address { param: 0 }, e0, e1, s0, s1, Word::Scalar { param: 1, ty: ScalarType::F32 }, Word::Status]);
    assert_eq!(ptx.param_bytes(), 56);
    assert!(ptx.text.contains(".visible .entry kernel_scale") && ptx.text.contains(".b8 kernel_scale_param_0[56]"), "{}", ptx.text);
    assert!(ptx.text.contains("ld.global.b64") && ptx.text.contains("st.global.b64"), "{}", ptx.text);
    // The load's indexes may be out of bounds; the store's are the same.
    assert!(ptx.fails && !ptx.prints && !ptx.cooperative && ptx.sites.len() == 1, "{ptx:?}");
    let trusting = ptx_of(&ir, &Options { check_bounds: false, aligned: false, ..Options::default() });
    assert!(!trusting.fails && !trusting.text.contains("vg_fail") && trusting.text.contains("ld.global.b8"), "{}", trusting.text);
}

#[test]
fn calls_of_a_warp_in_both_arms_stay_apart() {
    let mut b = Builder::new("arms", Kind::Kernel);
    let a = b.array_param("a", ArrayType { elem: ScalarType::I32, ..f64s(1, Layout::C) });
    let i = index(&mut b);
    let mask = b.constant(Scalar::int(ScalarType::U32, 0xffff_ffff));
    let number = b.constant(Scalar::int(ScalarType::I32, 1));
    let value = b.push(Inst::Load { array: a, index: [i].into_iter().collect(), part: Part::Whole });
    let cond = b.apply(Op::Lt, &[value, number]);
    let out = b.slot("out", ScalarType::I32);
    let arm = |b: &mut Builder| {
        b.open();
        let moved = b.push(Inst::Warp { op: WarpOp::Shuffle(Shuffle::Xor), args: [mask, value, number].into_iter().collect() });
        b.set(out, moved);
        b.close()
    };
    let (then, otherwise) = (arm(&mut b), arm(&mut b));
    b.push(Inst::If { cond, then, otherwise });
    let result = b.get(out);
    b.push(Inst::Store { array: a, index: [i].into_iter().collect(), part: Part::Whole, value: result });
    let ptx = ptx_of(&verified(b), &Options::default());
    assert_eq!(ptx.text.matches("shfl.sync.bfly.b32").count(), 2, "{}", ptx.text);
}

#[test]
fn everything_that_threads_do_together() {
    let mut b = Builder::new("together", Kind::Kernel);
    let (i32s, u64s) = (ScalarType::I32, ScalarType::U64);
    let wide = b.array_param("wide", ArrayType { elem: u64s, ..f64s(1, Layout::C) });
    let floats = b.array_param("floats", f64s(1, Layout::C));
    let shared = b.stored_array("shared".into(), ArrayType { elem: ScalarType::F32, ..f64s(2, Layout::C) }, Storage::Shared(vec![16, 17]));
    let i = index(&mut b);
    let at: crate::ir::Index = [i].into_iter().collect();
    let mask = b.push(Inst::Warp { op: WarpOp::ActiveMask, args: Default::default() });
    let lane = b.push(Inst::Geometry(Geometry::LaneId));
    let one = b.constant(Scalar::int(i32s, 1));
    let odd = b.apply(Op::And, &[lane, one]);
    let is_odd = b.cast(odd, ScalarType::Bool);
    let value = b.push(Inst::Load { array: floats, index: at.clone(), part: Part::Whole });
    for how in [Shuffle::Index, Shuffle::Up, Shuffle::Down, Shuffle::Xor] {
        let moved = b.push(Inst::Warp { op: WarpOp::Shuffle(how), args: [mask, value, lane].into_iter().collect() });
        b.push(Inst::Atomic { op: AtomicOp::Add, array: floats, index: at.clone(), part: Part::Whole, value: moved, expected: None });
    }
    for vote in [Vote::All, Vote::Any, Vote::Eq, Vote::Ballot] {
        let given = b.push(Inst::Warp { op: WarpOp::Vote(vote), args: [mask, is_odd].into_iter().collect() });
        let given = b.cast(given, u64s);
        b.push(Inst::Atomic { op: AtomicOp::Or, array: wide, index: at.clone(), part: Part::Whole, value: given, expected: None });
    }
    for op in [WarpOp::MatchAny, WarpOp::MatchAll] {
        for v in [value, lane] {
            let given = b.push(Inst::Warp { op, args: [mask, v].into_iter().collect() });
            let given = b.cast(given, u64s);
            b.push(Inst::Atomic { op: AtomicOp::Inc, array: wide, index: at.clone(), part: Part::Whole, value: given, expected: None });
        }
    }
    b.push(Inst::Warp { op: WarpOp::Sync, args: [mask].into_iter().collect() });
    let narrow = b.cast(value, ScalarType::F32);
    b.push(Inst::Store { array: shared, index: [i, i].into_iter().collect(), part: Part::Whole, value: narrow });
    b.push(Inst::Barrier { meeting: Meeting::Plain, operand: None });
    for meeting in [Meeting::Count, Meeting::All, Meeting::Any] {
        let given = b.push(Inst::Barrier { meeting, operand: Some(is_odd) });
        let given = b.cast(given, u64s);
        b.push(Inst::Atomic { op: AtomicOp::Dec, array: wide, index: at.clone(), part: Part::Whole, value: given, expected: None });
    }
    b.push(Inst::Barrier { meeting: Meeting::Grid, operand: None });
    b.push(Inst::Fence);
    let loaded = b.push(Inst::Load { array: shared, index: [i, i].into_iter().collect(), part: Part::Whole });
    let loaded = b.cast(loaded, ScalarType::F64);
    b.push(Inst::Atomic { op: AtomicOp::Nanmax, array: floats, index: at, part: Part::Whole, value: loaded, expected: None });
    let ptx = ptx_of(&verified(b), &Options { most_threads: Some(256), least_blocks: Some(2), most_registers: Some(128), ..Options::default() });
    for text in [
        "shfl.sync.idx",
        "shfl.sync.up",
        "shfl.sync.down",
        "shfl.sync.bfly",
        "vote.sync.all",
        "vote.sync.any",
        "vote.sync.uni",
        "vote.sync.ballot",
        "match.any.sync.b64",
        "match.all.sync.b32",
        "bar.warp.sync",
        "bar.sync",
        "bar.red.popc",
        "bar.red.and",
        "bar.red.or",
        "activemask",
        "fence.sc",
        "st.shared",
        "atom.global.add.f64",
        "cas.b64",
        ".maxntid 256",
        ".minnctapersm 2",
        ".maxnreg 128",
    ] {
        assert!(ptx.text.contains(text), "no {text} in {}", ptx.text);
    }
    assert!(ptx.cooperative && ptx.shared == 1088 + 8, "{}", ptx.shared);
}

#[test]
fn every_atomic_of_every_type() {
    for &op in AtomicOp::ALL {
        for ty in ScalarType::ALL.into_iter().filter(|ty| op.takes(*ty)) {
            let mut b = Builder::new("atomic", Kind::Kernel);
            let a = b.array_param("a", ArrayType { elem: ty, ..f64s(1, Layout::C) });
            let i = index(&mut b);
            let value = b.push(Inst::Load { array: a, index: [i].into_iter().collect(), part: Part::Whole });
            let expected = (op == AtomicOp::Cas).then_some(value);
            let old = b.push(Inst::Atomic { op, array: a, index: [i].into_iter().collect(), part: Part::Whole, value, expected });
            b.push(Inst::Store { array: a, index: [i].into_iter().collect(), part: Part::Whole, value: old });
            let ir = verified(b);
            let ptx = compile(&ir, &Entry::Kernel, Arch::OLDEST, &Options::default()).unwrap_or_else(|e| panic!("{op:?} of {ty}: {e}"));
            assert!(ptx.text.contains("atom."), "{}", ptx.text);
            assembled(&ptx);
        }
    }
}

/// One thread an element applies a row.
fn row(op: Op, types: &[ScalarType]) -> (Verified, Entry) {
    let mut b = Builder::new("row", Kind::Scalar);
    let params: Vec<u32> = types.iter().enumerate().map(|(n, ty)| b.scalar_param(format!("x{n}"), *ty)).collect();
    let args: Vec<Value> = params.into_iter().map(|n| b.push(Inst::Param(n))).collect();
    let result = b.apply(op, &args);
    let ty = op.result(types).expect("a row takes its types");
    let out = b.slot("out", ty);
    b.set(out, result);
    let ir = Verified::new(b.finish(vec![out], Default::default())).unwrap_or_else(|e| panic!("{e}"));
    (ir, Entry::Elements { signature: Signature { inputs: types.to_vec(), outputs: vec![ty] }, axes: 1 })
}

fn rows() -> Vec<(Op, Vec<ScalarType>)> {
    let real: Vec<ScalarType> = ScalarType::ALL.into_iter().filter(|t| !t.is_complex()).collect();
    let mut all = Vec::new();
    for &op in Op::PLAIN {
        for &ty in &real {
            let mut types = vec![ty; op.arity()];
            if op == Op::Select {
                types[0] = ScalarType::Bool;
            }
            all.push((op, types));
        }
    }
    all.extend(real.iter().flat_map(|to| real.iter().map(|from| (Op::Cast(*to), vec![*from]))));
    for half in [ScalarType::F16, ScalarType::BF16] {
        all.extend([ScalarType::F32, ScalarType::F64].map(|ty| (Op::Cast(half), vec![ty])));
    }
    let floats = [ScalarType::F32, ScalarType::F64];
    all.extend(Math::ALL.iter().flat_map(|m| floats.map(|ty| (Op::Math(*m), vec![ty; m.arity()]))));
    all.retain(|(op, types)| op.result(types).is_some());
    all
}

#[test]
fn rows_of_the_op_table() {
    // Every row; of the math library a few, for one architecture.
    let few = [Math::Sqrt, Math::Floor, Math::Sin, Math::Pow, Math::Fmod];
    for (op, types) in rows().into_iter().filter(|(op, _)| !matches!(op, Op::Math(m) if !few.contains(m))) {
        let (ir, entry) = row(op, &types);
        let ptx = compile(&ir, &entry, Arch::OLDEST, &Options::default()).unwrap_or_else(|e| panic!("{op:?} of {types:?}: {e}"));
        assert!(ptx.text.contains(".entry elements_row"));
    }
}

#[test]
#[ignore = "slow: every row for four architectures, assembled"]
fn rows_assembled() {
    assert!(std::env::var_os("VERDIGRIS_PTXAS").is_some(), "set VERDIGRIS_PTXAS to NVIDIA's assembler (PyPI nvidia-cuda-nvcc)");
    for (op, types) in rows() {
        let (ir, entry) = row(op, &types);
        for (major, minor) in [(7, 5), (8, 0), (9, 0), (10, 0)] {
            let arch = Arch::new(major, minor).expect("known");
            let ptx = compile(&ir, &entry, arch, &Options::default()).unwrap_or_else(|e| panic!("{op:?} of {types:?}: {e}"));
            assembled(&ptx);
        }
    }
}

#[test]
fn contraction_is_the_ir_s_affair() {
    let of = |op: &str| {
        let (ir, entry) = match op {
            "fma" => row(Op::Fma, &[ScalarType::F64; 3]),
            "div" => row(Op::Div, &[ScalarType::F32; 2]),
            _ => row(Op::Math(Math::Sqrt), &[ScalarType::F32]),
        };
        compile(&ir, &entry, Arch::OLDEST, &Options::default()).expect("PTX").text.clone()
    };
    assert!(of("fma").contains("fma.rn.f64") && of("div").contains("div.rn.f32") && of("sqrt").contains("sqrt.rn.f32"));
    assert!(!of("div").contains("ftz"));
    let mut b = Builder::new("sum", Kind::Scalar);
    let x = b.scalar_param("x", ScalarType::F64);
    let x = b.push(Inst::Param(x));
    let square = b.apply(Op::Mul, &[x, x]);
    let sum = b.apply(Op::Add, &[square, x]);
    let out = b.slot("out", ScalarType::F64);
    b.set(out, sum);
    let ir = Verified::new(b.finish(vec![out], Default::default())).expect("valid");
    let entry = Entry::Elements { signature: Signature { inputs: vec![ScalarType::F64], outputs: vec![ScalarType::F64] }, axes: 3 };
    let ptx = compile(&ir, &entry, Arch::OLDEST, &Options::default()).expect("PTX");
    assert!(ptx.text.contains("mul.rn.f64") && ptx.text.contains("add.rn.f64") && !ptx.text.contains("fma.rn.f64"), "{}", ptx.text);
    assembled(&ptx);
}

#[test]
fn what_threads_tell() {
    let mut b = Builder::new("tells", Kind::Kernel);
    let i = index(&mut b);
    b.push(Inst::Print {
        pieces: vec![Piece::Text("i = ".into()), Piece::Value, Piece::Text("\n".into())].into(),
        values: [i].into_iter().collect(),
    });
    let raise = b.raise(Raise { class: "ValueError".into(), token: 0, args: "()".into() });
    b.push(Inst::Fail(crate::ir::Failure::Raise(raise)));
    let ir = verified(b);
    let ptx = ptx_of(&ir, &Options::default());
    assert!(ptx.fails && ptx.prints && ptx.sites.len() == 1, "{ptx:?}");
    let record = [32u64, 0, 5, 7].map(u64::to_le_bytes).concat();
    assert_eq!(ptx.printed(&Status::default(), &record).text, "i = 7\n");
    // Without the passes too.
    ptx_of(&ir, &Options { optimise: false, ..Options::default() });
}

#[test]
fn too_much_memory_is_told() {
    let shaped = |storage: Storage| {
        let mut b = Builder::new("large", Kind::Kernel);
        let a = b.stored_array("a".into(), ArrayType { elem: ScalarType::U8, ..f64s(1, Layout::C) }, storage);
        let i = index(&mut b);
        let v = b.constant(Scalar::int(ScalarType::U8, 1));
        b.push(Inst::Store { array: a, index: [i].into_iter().collect(), part: Part::Whole, value: v });
        compile(&verified(b), &Entry::Kernel, Arch::OLDEST, &Options::default())
    };
    assert!(shaped(Storage::Shared(vec![48 << 10])).is_ok() && shaped(Storage::Local(vec![512 << 10])).is_ok());
    for (storage, text) in [(Storage::Shared(vec![(48 << 10) + 1]), "shared arrays"), (Storage::Local(vec![(512 << 10) + 1]), "local arrays")] {
        match shaped(storage) {
            Err(Error::Unsupported(d)) => assert!(d.headline.contains(text), "{}", d.headline),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn functions_for_code_of_others() {
    let mut b = Builder::new("first_of", Kind::Core);
    let a = b.array_param("a", f64s(1, Layout::C));
    let (flag, x) = (b.scalar_param("flag", ScalarType::Bool), b.scalar_param("x", ScalarType::F64));
    let (flag, x) = (b.push(Inst::Param(flag)), b.push(Inst::Param(x)));
    let zero = b.int(0);
    let first = b.push(Inst::Load { array: a, index: [zero].into_iter().collect(), part: Part::Whole });
    let chosen = b.apply(Op::Select, &[flag, first, x]);
    let sine = b.apply(Op::Math(Math::Sin), &[chosen]);
    let slots: Vec<_> = [chosen, sine]
        .into_iter()
        .map(|v| {
            let slot = b.slot("out", ScalarType::F64);
            b.set(slot, v);
            slot
        })
        .collect();
    let ir = Verified::new(b.finish(slots, Default::default())).unwrap_or_else(|e| panic!("{e}"));
    let ptx = compile(&ir, &Entry::Function, Arch::OLDEST, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let declared = ".visible .func  (.param .align 8 .b8 func_retval0[16]) first_of(";
    assert!(ptx.text.contains(declared) && !ptx.text.contains(".entry") && ptx.text.contains("trap;"), "{}", ptx.text);
    assert!(ptx.words.is_empty() && !ptx.fails);
}

#[test]
fn lines_do_not_cost_the_driver_s_optimiser() {
    let mut sources = crate::source::Sources::default();
    let file = crate::source::SourceFile { file: "/somewhere/scale.py".into(), text: "def f():\n    x = 1\n".into(), first_line: 7, indent: 0 };
    let source = sources.add(&Arc::new(file));
    let mut b = Builder::new("lines", Kind::Kernel);
    let a = b.array_param("a", f64s(1, Layout::C));
    b.at(crate::source::Span { source, start: 13, end: 18 });
    let i = index(&mut b);
    let v = b.constant(Scalar::f64(1.0));
    b.push(Inst::Store { array: a, index: [i].into_iter().collect(), part: Part::Whole, value: v });
    let ir = Verified::new(b.finish(vec![], sources)).unwrap_or_else(|e| panic!("{e}"));
    let ptx = ptx_of(&ir, &Options { line_info: true, ..Options::default() });
    assert!(ptx.text.contains(".loc") && ptx.text.contains("scale.py") && ptx.text.contains(" 8 5"), "{}", ptx.text);
    assert!(ptx.text.contains(&format!(".target {}\n", Arch::OLDEST)) && !ptx.text.contains(".debug_"), "{}", ptx.text);
}
