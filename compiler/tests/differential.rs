#![allow(unsafe_code, missing_docs)]
//! Random functions run by the interpreter and by compiled code, one lane and warps, and kernels as PTX by an interpreter of that: same bits, same faults.
//!
//! Each case follows from its seed. `VERDIGRIS_FUZZ_CASES=n` runs n cases of each kind (default 150), `VERDIGRIS_FUZZ_SEED=s` begins at seed s, so
//! `VERDIGRIS_FUZZ_SEED=s VERDIGRIS_FUZZ_CASES=1` repeats one; `VERDIGRIS_FUZZ_TRACE=1` prints each seed before it runs, for a case that ends the process. A
//! case that fails is made smaller and printed. `seeded_faults_are_found` (ignored: slow) shows that the cases find what they should.

#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/gpu.rs"]
mod gpu;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use generate::{Arg, Elements, Kernel, Rng};
use verdigris_compiler::abi::{Failure, GRID_DONE, Launch, LaunchState, Site};
use verdigris_compiler::interp::{self, Argument, Fault, Limits, View};
use verdigris_compiler::ir::{Block, Function, Inst, Value, Verified, parse};
use verdigris_compiler::llvm::{self, BlockClass, Code, Cpu, Lanes, Shape};
use verdigris_compiler::pass;
use verdigris_compiler::types::{Scalar, ScalarType};

const STEPS: Limits<'static> = Limits { steps: 3_000_000, stop: &|| false, print: &|_| {}, dynamic_shared: 0 };

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |v| v.parse().unwrap_or_else(|_| panic!("{name}={v} is no number")))
}

/// Runs `case` for each seed; it says what is wrong, if anything.
fn cases(case: impl Fn(u64) -> Option<String>) {
    let mut wrong = Vec::new();
    let first = setting("VERDIGRIS_FUZZ_SEED", 1);
    for seed in first..first + setting("VERDIGRIS_FUZZ_CASES", 150) {
        if std::env::var_os("VERDIGRIS_FUZZ_TRACE").is_some() {
            eprintln!("seed {seed}");
        }
        wrong.extend(case(seed));
        if wrong.len() == 5 {
            break;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A processor this machine can stand in for.
fn cpu(rng: &mut Rng) -> Cpu {
    let name = rng.pick(&["native", "native", "native", "haswell", "x86-64"]);
    Cpu::new(Some(name)).or_else(|_| Cpu::new(None)).expect("this machine's processor")
}

/// Memory as 64-bit words, so that it is aligned for every element.
struct Words {
    words: Vec<u64>,
    length: usize,
}

impl Words {
    fn new(bytes: &[u8]) -> Words {
        let words = bytes
            .chunks(8)
            .map(|c| {
                let mut word = [0; 8];
                word[..c.len()].copy_from_slice(c);
                u64::from_ne_bytes(word)
            })
            .collect();
        Words { words, length: bytes.len() }
    }

    fn pointer(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        bytes.truncate(self.length);
        bytes
    }
}

/// The first element that differs, all NaNs being equal.
fn difference(elem: ScalarType, want: &[u8], got: &[u8]) -> Option<String> {
    let part = elem.part();
    let scalar = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        Scalar::from_bits(part, u64::from_ne_bytes(word))
    };
    let pairs = want.chunks(part.size()).zip(got.chunks(part.size()));
    for (n, (w, g)) in pairs.enumerate() {
        let (a, b) = (scalar(w), scalar(g));
        let both_nan = part.is_float() && a.as_f64().is_nan() && b.as_f64().is_nan();
        if w != g && !both_nan {
            return Some(format!("element {n} is {b:?}, not {a:?}"));
        }
    }
    (want.len() != got.len()).then(|| "lengths differ".into())
}

/// A launch state that ends code which runs far too long.
fn watched() -> LaunchState {
    let start = Instant::now();
    let state = LaunchState::new(move |_| start.elapsed() > Duration::from_secs(10));
    state.stop.store(1, std::sync::atomic::Ordering::Relaxed);
    state
}

fn compiled(ir: &Verified, shape: &Shape, cpu: &Cpu) -> Result<std::sync::Arc<Code>, String> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| llvm::compile(ir, shape, cpu)));
    caught.map_err(|_| "the compiler panicked".to_owned())?.map_err(|e| e.to_string())
}

/// Whether a failure of compiled code is the fault the interpreter has for that thread, and in the right warp. A warp ends at the first access in which any of its
/// lanes fails, so of several lanes that fail it may name another than the lowest; one lane names exactly the first.
fn same_fault(lanes: Lanes, faults: &[Fault], failure: Option<&Failure>, sites: &[Site]) -> Result<(), String> {
    let (first, failure) = match (faults.first(), failure) {
        (None, None) => return Ok(()),
        (Some(fault), None) => return Err(format!("did not fail: {fault:?}")),
        (None, Some(failure)) => return Err(format!("failed: {failure:?} {:?}", sites[failure.site as usize])),
        (Some(first), Some(failure)) => (first, failure),
    };
    let got = Fault {
        block: failure.block,
        thread: failure.thread,
        site: sites[failure.site as usize].clone(),
        index: failure.index,
        other: failure.other.map(|n| Box::new(sites[n as usize].clone())),
    };
    let warp = |f: &Fault| (f.block, f.thread / 32);
    let right = match lanes {
        Lanes::One => got == *first,
        Lanes::Warp => warp(&got) == warp(first) && faults.contains(&got),
    };
    if right { Ok(()) } else { Err(format!("failed with {got:?}, not {first:?}")) }
}

/// What the compiled kernel does otherwise than the interpreter; `None` as well if the case cannot be judged.
fn kernel_mismatch(ir: &Verified, case: &Kernel, lanes: Lanes, check_bounds: bool, cpu: &Cpu) -> Option<String> {
    let mut want: Vec<Vec<u8>> = Vec::new();
    let mut args = Vec::new();
    for arg in &case.args {
        args.push(match arg {
            Arg::Scalar(value) => Argument::Scalar(*value),
            Arg::Array(a) => {
                want.push(a.bytes.clone());
                Argument::Array(View { buffer: want.len() - 1, offset: a.offset, shape: a.shape.clone(), strides: a.strides.clone() })
            }
        });
    }
    let mut lent: Vec<&mut [u8]> = want.iter_mut().map(Vec::as_mut_slice).collect();
    let faults = interp::kernel_faults(ir, &args, &mut lent, case.grid, case.block, &STEPS).ok()?;
    if !check_bounds && !faults.is_empty() {
        return None;
    }

    let mut words = Vec::new();
    let mut memory: Vec<(ScalarType, Words)> = Vec::new();
    for arg in &case.args {
        match arg {
            Arg::Scalar(value) => words.push(value.bits()),
            Arg::Array(a) => {
                let mut m = Words::new(&a.bytes);
                words.push(m.pointer().wrapping_add(a.offset) as u64);
                words.extend(a.shape.iter().map(|n| *n as u64));
                words.extend(a.strides.iter().map(|n| *n as u64));
                memory.push((a.elem, m));
            }
        }
    }
    let shape = Shape::Blocks { lanes, class: BlockClass::of(case.block), check_bounds };
    let code = match compiled(ir, &shape, cpu) {
        Ok(code) => code,
        Err(e) => return Some(e),
    };
    let state = watched();
    run_blocks(&code, case, &words, &state);
    if state.poll() {
        return Some("does not end".into());
    }
    if let Err(what) = same_fault(lanes, &faults, state.failure().as_ref(), code.sites()) {
        return Some(what);
    }
    if lanes == Lanes::Warp && !faults.is_empty() {
        return None;
    }
    want.iter().zip(&memory).enumerate().find_map(|(n, (want, (elem, got)))| Some(format!("array {n}: {}", difference(*elem, want, &got.bytes())?)))
}

/// Runs compiled code over all blocks of a case, with memory of its own that holds a pattern.
fn run_blocks(code: &Code, case: &Kernel, words: &[u64], state: &LaunchState) {
    let blocks: u64 = case.grid.iter().map(|g| u64::from(*g)).product();
    let memory = code.memory();
    let shared = memory.shared.next_multiple_of(64);
    let stride = memory.block + shared + memory.frame * memory.frames(case.block.iter().product());
    let alive = if memory.group > 0 { blocks } else { 1 };
    let mut own = vec![0xa5a5_a5a5_a5a5_a5a5_u64; ((memory.group + stride * alive) as usize + 64).div_ceil(8)];
    let start: *mut u8 = own.as_mut_ptr().cast();
    let group = start.wrapping_add(start.align_offset(64));
    let at = group.wrapping_add((memory.group + memory.block) as usize);
    let launch = Launch {
        shared: at,
        frames: at.wrapping_add(shared as usize),
        frame_size: memory.frame,
        group,
        words: group.wrapping_add(memory.group as usize),
        stride,
        ..Launch::new(case.grid, case.block, &state.stop, state)
    };
    if memory.group > 0 {
        // SAFETY: the group's memory begins with its state.
        unsafe { group.cast::<u32>().write(0) };
    }
    loop {
        // SAFETY: the words describe buffers that outlive the call; the interpreter has checked that all views lie in them; memory of the kernel's own is as large as it asks for.
        unsafe { code.blocks()(words.as_ptr(), &launch, 0, blocks) };
        // SAFETY: as above.
        if memory.group == 0 || state.poll() || unsafe { group.cast::<u32>().read() } == GRID_DONE {
            return;
        }
    }
}

/// As [`kernel_mismatch`], for a scalar function over its columns.
fn elements_mismatch(ir: &Verified, case: &Elements, lanes: Lanes, exact_flags: bool, cpu: &Cpu) -> Option<String> {
    let part_at = |ty: ScalarType, bytes: &[u8], n: usize, part: usize| {
        let scalar = ty.part();
        let at = n * ty.size() + part * scalar.size();
        let mut word = [0; 8];
        word[..scalar.size()].copy_from_slice(&bytes[at..at + scalar.size()]);
        Scalar::from_bits(scalar, u64::from_ne_bytes(word))
    };
    let mut want: Vec<Vec<u8>> = vec![Vec::new(); case.signature.outputs.len()];
    let mut faults = Vec::new();
    for n in 0..case.count {
        let mut args = Vec::new();
        for (input, (ty, column)) in case.signature.inputs.iter().zip(&case.inputs).enumerate() {
            let row = if case.uniform >> input & 1 == 1 { 0 } else { n };
            args.extend((0..1 + ty.is_complex() as usize).map(|part| part_at(*ty, column, row, part)));
        }
        match interp::run_scalar(ir, &args, &STEPS) {
            Ok(results) => {
                let mut results = results.into_iter();
                for (ty, column) in case.signature.outputs.iter().zip(&mut want) {
                    for value in results.by_ref().take(1 + ty.is_complex() as usize) {
                        column.extend(&value.bits().to_ne_bytes()[..value.ty().size()]);
                    }
                }
            }
            Err(interp::Error::Fault(fault)) => faults.push(Fault { thread: n as u64, ..fault }),
            Err(_) => return None,
        }
    }

    let shape = Shape::Loop { lanes, signature: case.signature.clone(), uniform: case.uniform, exact_flags, stream: false };
    let code = match compiled(ir, &shape, cpu) {
        Ok(code) => code,
        Err(e) => return Some(e),
    };
    let mut inputs: Vec<Words> = case.inputs.iter().map(|bytes| Words::new(bytes)).collect();
    // One element more than is asked for, which must stay as it is.
    let guard = |ty: &ScalarType| Words::new(&vec![0xa5; (case.count + 1) * ty.size()]);
    let mut outputs: Vec<Words> = case.signature.outputs.iter().map(guard).collect();
    let pointers: Vec<*mut u8> = inputs.iter_mut().chain(&mut outputs).map(Words::pointer).collect();
    let state = watched();
    let launch = Launch::new([1; 3], [1; 3], &state.stop, &state);
    // SAFETY: each column has `count` elements of its type, or one if it is uniform.
    unsafe { code.elements()(pointers.as_ptr(), case.count as u64, &launch) };
    if state.poll() {
        return Some("does not end".into());
    }
    if let Err(what) = same_fault(lanes, &faults, state.failure().as_ref(), code.sites()) {
        return Some(what);
    }
    for (n, (ty, got)) in case.signature.outputs.iter().zip(&outputs).enumerate() {
        let got = got.bytes();
        let (elements, beyond) = got.split_at(case.count * ty.size());
        if beyond.iter().any(|b| *b != 0xa5) {
            return Some(format!("output {n} is written past its end"));
        }
        if faults.is_empty()
            && let Some(what) = difference(*ty, &want[n], elements)
        {
            return Some(format!("output {n}: {what}"));
        }
    }
    None
}

/// The same function with the instruction `at` taken out; a construct may leave one of its blocks behind.
fn without(f: &Function, at: Value, keep: Option<usize>) -> Option<Verified> {
    fn edit(f: &mut Function, block: &mut Block, at: Value, keep: Option<usize>) {
        let old = std::mem::take(block);
        for v in old {
            if v == at {
                if let Some(kept) = keep.and_then(|n| f.inst(v).blocks().get(n).map(|b| b.to_vec())) {
                    block.extend(kept);
                }
                continue;
            }
            let mut inst = std::mem::replace(&mut f.insts[v.index()], Inst::Param(0));
            for inner in inst.blocks_mut() {
                edit(f, inner, at, keep);
            }
            f.insts[v.index()] = inst;
            block.push(v);
        }
    }
    let mut f = f.clone();
    let mut body = std::mem::take(&mut f.body);
    edit(&mut f, &mut body, at, keep);
    f.body = body;
    // Users of what was taken out read a constant instead.
    if let Some(ty) = f.types[at.index()] {
        f.insts[at.index()] = Inst::Const(if ty.is_float() { Scalar::float(ty, 1.0) } else { Scalar::int(ty, 1) });
        f.body.insert(0, at);
    }
    let smaller = pass::remove_unused(f);
    Verified::new(smaller).ok()
}

/// Takes instructions out as long as the mismatch stays.
fn shrink(ir: &Verified, mismatch: &dyn Fn(&Verified) -> Option<String>) -> (Verified, String) {
    let (mut best, mut what) = (ir.clone(), mismatch(ir).unwrap_or_else(|| "a mismatch that comes and goes".into()));
    let start = Instant::now();
    loop {
        let mut order = Vec::new();
        best.walk(&mut |v, inst| {
            if !matches!(inst, Inst::Const(_)) {
                order.push(v);
            }
        });
        let found = order.iter().rev().find_map(|at| {
            [None, Some(0), Some(1)].into_iter().find_map(|keep| {
                let smaller = without(&best, *at, keep)?;
                (start.elapsed() < Duration::from_secs(60)).then_some(())?;
                Some((mismatch(&smaller)?, smaller))
            })
        });
        match found {
            Some((w, smaller)) => (best, what) = (smaller, w),
            None => return (best, what),
        }
    }
}

fn check(seed: u64, text: &str, ir: &Verified, about: &str, mismatch: &dyn Fn(&Verified) -> Option<String>) -> Option<String> {
    mismatch(ir)?;
    let (smaller, what) = shrink(ir, mismatch);
    Some(format!("seed {seed}, {about}: {what}\n--- made smaller\n{}--- from\n{text}", *smaller))
}

/// The function as its text reads back; the text's lines are its source.
fn read_back(seed: u64, function: &Function) -> (String, Verified) {
    let text = function.to_string();
    let back = parse(&text).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    assert_eq!(back.to_string(), text, "seed {seed}: the text does not read back as itself");
    let built = Verified::new(pass::remove_unused(function.clone())).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    let back = Verified::new(pass::remove_unused(back)).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    assert_eq!(back.to_string(), built.to_string(), "seed {seed}");
    (text, back)
}

#[test]
fn kernels() {
    cases(|seed| {
        let mut rng = Rng(seed);
        let case = generate::kernel(&mut rng);
        let (text, ir) = read_back(seed, &case.function);
        let ir = if rng.once_in(3) { contracted(&ir) } else { ir };
        let cpu = cpu(&mut rng);
        let check_bounds = !case.safe || !rng.once_in(4);
        let as_ptx = || gpu::checked(seed, &text, &ir, &case, check_bounds);
        [Lanes::One, Lanes::Warp]
            .into_iter()
            .find_map(|lanes| {
                let about = format!("{lanes:?}, {}, grid {:?}, block {:?}, check_bounds {check_bounds}", cpu.name(), case.grid, case.block);
                check(seed, &text, &ir, &about, &|ir| kernel_mismatch(ir, &case, lanes, check_bounds, &cpu))
            })
            .or_else(as_ptx)
    });
}

/// Barriers, shared memory and warp operations; prints what the cases had in them.
#[test]
fn meeting_kernels() {
    let counted: Mutex<(u64, [u64; 6], HashMap<String, u64>)> = Mutex::default();
    cases(|seed| {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9));
        let case = generate::meeting_kernel(&mut rng);
        let features = generate::Features::of(&case);
        {
            let mut counted = counted.lock().expect("nobody panics with it");
            counted.0 += 1;
            let all = [features.barrier_in_loop, features.nested_exits, features.early_return, features.warp, features.partial_warp, features.grid];
            counted.1.iter_mut().zip(all).for_each(|(n, has)| *n += u64::from(has));
            for name in generate::ingredients(&case.function) {
                *counted.2.entry(name).or_default() += 1;
            }
        }
        let (text, ir) = read_back(seed, &case.function);
        let ir = if rng.once_in(3) { contracted(&ir) } else { ir };
        let cpu = cpu(&mut rng);
        let lanes: &[Lanes] = if features.warp { &[Lanes::Warp] } else { &[Lanes::One, Lanes::Warp] };
        lanes
            .iter()
            .find_map(|lanes| {
                let about = format!("{lanes:?}, {}, grid {:?}, block {:?}", cpu.name(), case.grid, case.block);
                check(seed, &text, &ir, &about, &|ir| kernel_mismatch(ir, &case, *lanes, true, &cpu))
            })
            .or_else(|| gpu::checked(seed, &text, &ir, &case, true))
    });
    let (cases, features, names) = counted.into_inner().expect("nobody panicked with it");
    let names_of = ["barrier in a loop", "nested varying exits", "early return", "warp operations", "partial warps", "grid barrier"];
    let least = [30, 30, 20, 20, 20, 3];
    for ((what, n), least) in names_of.iter().zip(features).zip(least) {
        println!("{what}: {} % of {cases}", n * 100 / cases.max(1));
        assert!(cases < 500 || n * 100 >= least * cases, "{what}: {n} of {cases} are too few");
    }
    let rare: Vec<(String, u64)> = generate::wanted()
        .into_iter()
        .map(|name| (names.get(&name).copied().unwrap_or(0), name))
        .map(|(n, name)| (name, n))
        .filter(|(_, n)| *n < 20)
        .collect();
    println!("fewer than 20 times: {rare:?}");
    assert!(cases < 10_000 || rare.is_empty(), "{rare:?}");
}

/// Each fault that can be put into the emitter and the analyses is found within 1,000 kernels, which are of both kinds in turn.
#[cfg(debug_assertions)]
#[test]
#[ignore = "some minutes"]
fn seeded_faults_are_found() {
    use verdigris_compiler::faults::{self, Fault};
    let cpu = Cpu::new(None).expect("this machine's processor");
    let found_by = |fault, n: u64| {
        let mut rng = Rng(n.wrapping_mul(0x9e37_79b9));
        let case = if n.is_multiple_of(2) { generate::kernel(&mut rng) } else { generate::meeting_kernel(&mut rng) };
        let ir = Verified::new(pass::remove_unused(case.function.clone())).expect("a valid kernel");
        faults::seed(fault);
        let mismatch = kernel_mismatch(&ir, &case, Lanes::Warp, true, &cpu);
        faults::seed(None);
        mismatch
    };
    for n in 1..=20 {
        assert_eq!(found_by(None, n), None, "kernel {n} without a fault");
    }
    let mut missed = Vec::new();
    for fault in Fault::ALL {
        match (1..=1000).find(|n| found_by(Some(fault), *n).is_some()) {
            Some(n) => println!("{fault:?}: found by kernel {n}"),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn scalar_functions() {
    cases(|seed| {
        let mut rng = Rng(!seed);
        let case = generate::elements(&mut rng);
        let (text, ir) = read_back(seed, &case.function);
        let ir = if rng.once_in(3) { contracted(&ir) } else { ir };
        let cpu = cpu(&mut rng);
        let exact_flags = rng.once_in(3);
        [Lanes::One, Lanes::Warp].into_iter().find_map(|lanes| {
            let about = format!("{lanes:?}, {}, {} elements, uniform {:b}, exact_flags {exact_flags}", cpu.name(), case.count, case.uniform);
            check(seed, &text, &ir, &about, &|ir| elements_mismatch(ir, &case, lanes, exact_flags, &cpu))
        })
    });
}

fn contracted(ir: &Verified) -> Verified {
    Verified::new(pass::prepare((**ir).clone(), true)).expect("contraction keeps the invariants")
}

/// Many functions that are never compiled: text form and verifier alone.
#[test]
fn texts_read_back() {
    for seed in 1..=2000 {
        let mut rng = Rng(seed);
        let function = if rng.once_in(2) { generate::kernel(&mut rng).function } else { generate::elements(&mut rng).function };
        let (text, _) = read_back(seed, &function);
        let prepared = pass::prepare(function, true);
        Verified::new(prepared).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
    }
}

/// A kernel of one warp in printed form: lane number v1, slots s0, s1, s2, and s2 stored at the end; `v10` is 0, `v11` is 1.
fn lanes_kernel(body: &str) -> String {
    let slots: String = (0..3).map(|n| format!("slot s{n}: int64 \"x{n}\"\n")).collect();
    let head = "  v0: int32 = threadIdx.x\n  v1: int64 = cast v0\n  v10: int64 = const 0\n  v11: int64 = const 1\n";
    let array = "array a0: array(int64, 1d, C) \"out\"\nparam array a0 \"out\"\n";
    format!("kernel \"lanes\"\n{slots}{array}body {{\n{head}{body}  v99: int64 = get s2\n  store a0[v1], v99\n}}\n")
}

/// Loop number `n`: counts a slot up to a bound. Its values begin at `v{20 * (n + 1)}`, of which the first is the lap.
fn counted(n: u32, slot: &str, bound: &str, body: &str) -> String {
    let v = 20 * (n + 1);
    format!(
        "  loop l{n} {{\n  v{v}: int64 = get {slot}\n  v{}: bool = ge v{v}, {bound}\n  if v{} {{\n  break l{n}\n  }} else {{\n  }}\n{body}  }} latch {{\n  \
         v{}: int64 = get {slot}\n  v{}: int64 = add v{}, v11\n  set {slot}, v{}\n  }}\n",
        v + 1,
        v + 1,
        v + 18,
        v + 19,
        v + 18,
        v + 19
    )
}

/// Lanes leave the loop at laps of their own, and skip part of some laps: those that wait at the latch must go on with the others.
#[test]
fn lanes_that_continue_meet_those_that_do_not() {
    let skip = "  v22: int64 = xor v20, v1\n  v23: int64 = and v22, v11\n  v24: bool = eq v23, v10\n  if v24 {\n  continue l0\n  } else {\n  }\n";
    let sum = "  v25: int64 = get s2\n  v26: int64 = add v25, v20\n  set s2, v26\n";
    let bound = "  v12: int64 = const 7\n  v13: int64 = and v1, v12\n";
    same_for_a_warp(&lanes_kernel(&format!("{bound}{}", counted(0, "s0", "v13", &format!("{skip}{sum}")))));
}

/// The inner loop's counter is never reset, so a lane that left early goes on from its own lap when the loop is entered again, with another bound.
#[test]
fn a_lane_that_left_early_keeps_its_counter() {
    let sum = "  v42: int64 = get s2\n  v43: int64 = mul v42, v12\n  v44: int64 = add v43, v40\n  set s2, v44\n";
    let bound = "  v22: int64 = add v1, v20\n  v23: int64 = and v22, v12\n  v24: int64 = add v23, v20\n";
    let inner = format!("{bound}{}", counted(1, "s1", "v24", sum));
    same_for_a_warp(&lanes_kernel(&format!("  v12: int64 = const 3\n{}", counted(0, "s0", "v12", &inner))));
}

/// Runs a kernel with one array of 32 int64 on one warp.
fn same_for_a_warp(text: &str) {
    let function = parse(text).expect("readable");
    let ir = Verified::new(function.clone()).expect("valid");
    let out = generate::ArrayData { elem: ScalarType::I64, shape: vec![32], strides: vec![8], offset: 0, bytes: vec![0; 256] };
    let case = Kernel { function, args: vec![Arg::Array(out)], grid: [1; 3], block: [32, 1, 1], safe: true };
    for lanes in [Lanes::One, Lanes::Warp] {
        assert_eq!(kernel_mismatch(&ir, &case, lanes, true, &Cpu::new(None).expect("a processor")), None, "{lanes:?}");
    }
}
