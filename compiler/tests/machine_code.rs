#![allow(unsafe_code, missing_docs)]
//! Hand-built IR through the emitter: what compiled code computes and how it fails.

use verdigris_compiler::abi::{Launch, LaunchState};
use verdigris_compiler::ir::{Axis, Builder, Function, Geometry, Inst, Kind, Part, Value, Verified};
use verdigris_compiler::llvm::{self, BlockClass, Cpu, Lanes, Shape};
use verdigris_compiler::op::Op;
use verdigris_compiler::source::Sources;
use verdigris_compiler::types::{ArrayType, Layout, Scalar, ScalarType};

fn geometry(b: &mut Builder, g: Geometry) -> Value {
    let v = b.push(Inst::Geometry(g));
    b.cast(v, ScalarType::I64)
}

/// The blog's kernel: grid-stride loops in x and y, escape counts of z*z + c.
fn mandelbrot() -> Function {
    let mut b = Builder::new("mandelbrot", Kind::Kernel);
    let f64s = ScalarType::F64;
    let names = ["min_x", "max_x", "min_y", "max_y"];
    let params: Vec<u32> = names.iter().map(|n| b.scalar_param(*n, f64s)).collect();
    let image = b.array_param("image", ArrayType { elem: ScalarType::U8, ndim: 2, layout: Layout::C, readonly: false });
    let iters = b.scalar_param("iters", ScalarType::I64);
    let [min_x, max_x, min_y, max_y] = [0, 1, 2, 3].map(|i: usize| b.push(Inst::Param(params[i])));
    let iters = b.push(Inst::Param(iters));
    let height = b.push(Inst::Extent { array: image, axis: 0 });
    let width = b.push(Inst::Extent { array: image, axis: 1 });
    let step = |b: &mut Builder, lo, hi, n| {
        let d = b.apply(Op::Sub, &[hi, lo]);
        let n = b.cast(n, f64s);
        b.apply(Op::Div, &[d, n])
    };
    let (px, py) = (step(&mut b, min_x, max_x, width), step(&mut b, min_y, max_y, height));
    let start = |b: &mut Builder, axis| {
        let t = geometry(b, Geometry::ThreadIdx(axis));
        let (i, d) = (geometry(b, Geometry::BlockIdx(axis)), geometry(b, Geometry::BlockDim(axis)));
        let base = b.apply(Op::Mul, &[i, d]);
        b.apply(Op::Add, &[t, base])
    };
    let stride = |b: &mut Builder, axis| {
        let (g, d) = (geometry(b, Geometry::GridDim(axis)), geometry(b, Geometry::BlockDim(axis)));
        b.apply(Op::Mul, &[g, d])
    };
    let (sx, sy) = (start(&mut b, Axis::X), start(&mut b, Axis::Y));
    let (gx, gy) = (stride(&mut b, Axis::X), stride(&mut b, Axis::Y));
    let (re, im) = (b.slot("z.real", f64s), b.slot("z.imag", f64s));
    let result = b.slot("%result", ScalarType::I64);
    let range = |b: &mut Builder, name: &str, from: Value, to: Value, by: Value, body: &mut dyn FnMut(&mut Builder, Value)| {
        let counter = b.slot(format!("%{name}"), ScalarType::I64);
        b.set(counter, from);
        let label = b.label();
        b.open();
        let k = b.get(counter);
        let done = b.apply(Op::Ge, &[k, to]);
        b.open();
        b.push(Inst::Break(label));
        let then = b.close();
        b.push(Inst::If { cond: done, then, otherwise: vec![] });
        body(b, k);
        let inner = b.close();
        b.open();
        let k = b.get(counter);
        let next = b.apply(Op::Add, &[k, by]);
        b.set(counter, next);
        let latch = b.close();
        b.push(Inst::Loop { label, body: inner, latch });
    };
    range(&mut b, "x", sx, width, gx, &mut |b, x| {
        let xf = b.cast(x, f64s);
        let dx = b.apply(Op::Mul, &[xf, px]);
        let cr = b.apply(Op::Add, &[min_x, dx]);
        range(b, "y", sy, height, gy, &mut |b, y| {
            let yf = b.cast(y, f64s);
            let dy = b.apply(Op::Mul, &[yf, py]);
            let ci = b.apply(Op::Add, &[min_y, dy]);
            let scope = b.label();
            b.open();
            let zero = b.constant(Scalar::f64(0.0));
            b.set(re, zero);
            b.set(im, zero);
            let (from, one) = (b.int(0), b.int(1));
            range(b, "i", from, iters, one, &mut |b, i| {
                let (r, m) = (b.get(re), b.get(im));
                let (rr, mm) = (b.apply(Op::Mul, &[r, r]), b.apply(Op::Mul, &[m, m]));
                let (rm, mr) = (b.apply(Op::Mul, &[r, m]), b.apply(Op::Mul, &[m, r]));
                let (d, s) = (b.apply(Op::Sub, &[rr, mm]), b.apply(Op::Add, &[rm, mr]));
                let (nr, ni) = (b.apply(Op::Add, &[d, cr]), b.apply(Op::Add, &[s, ci]));
                b.set(re, nr);
                b.set(im, ni);
                let (a, c) = (b.apply(Op::Mul, &[nr, nr]), b.apply(Op::Mul, &[ni, ni]));
                let n = b.apply(Op::Add, &[a, c]);
                let four = b.constant(Scalar::f64(4.0));
                let out = b.apply(Op::Ge, &[n, four]);
                b.open();
                b.set(result, i);
                b.push(Inst::Break(scope));
                let then = b.close();
                b.push(Inst::If { cond: out, then, otherwise: vec![] });
            });
            b.set(result, iters);
            let body = b.close();
            b.push(Inst::Scope { label: scope, body });
            let n = b.get(result);
            let pixel = b.cast(n, ScalarType::U8);
            b.push(Inst::Store { array: image, index: [y, x].into_iter().collect(), part: Part::Whole, value: pixel });
        });
    });
    b.finish(vec![], Sources::default())
}

fn reference(w: usize, h: usize, iters: i64) -> Vec<u8> {
    let (px, py) = ((1.0 - -2.0) / w as f64, (1.0 - -1.0) / h as f64);
    (0..w * h)
        .map(|p| {
            let (cr, ci) = (-2.0 + (p % w) as f64 * px, -1.0 + (p / w) as f64 * py);
            let (mut r, mut i) = (0.0f64, 0.0f64);
            for n in 0..iters {
                (r, i) = (r * r - i * i + cr, r * i + i * r + ci);
                if r * r + i * i >= 4.0 {
                    return n as u8;
                }
            }
            iters as u8
        })
        .collect()
}

fn run(lanes: Lanes, grid: [u32; 3], block: [u32; 3], w: usize, h: usize, iters: i64, cpu: &str) -> (Vec<u8>, f64) {
    run_beside(&LaunchState::default(), lanes, grid, block, w, h, iters, cpu)
}

#[expect(clippy::too_many_arguments, reason = "one launch")]
fn run_beside(state: &LaunchState, lanes: Lanes, grid: [u32; 3], block: [u32; 3], w: usize, h: usize, iters: i64, cpu: &str) -> (Vec<u8>, f64) {
    let ir = Verified::new(mandelbrot()).expect("valid");
    let shape = Shape::Blocks { lanes, class: BlockClass::of(block), check_bounds: true };
    let cpu = Cpu::new(Some(cpu)).expect("a processor");
    let t = std::time::Instant::now();
    let code = llvm::compile(&ir, &shape, &cpu).expect("code");
    let compiled = t.elapsed().as_secs_f64() * 1e3;
    let mut image = vec![255u8; w * h];
    let launch = Launch::new(grid, block, &state.stop, state);
    let f = |x: f64| x.to_bits();
    let params = [f(-2.0), f(1.0), f(-1.0), f(1.0), image.as_mut_ptr() as u64, h as u64, w as u64, w as u64, 1, iters as u64];
    let mut best = f64::MAX;
    for _ in 0..5 {
        let t = std::time::Instant::now();
        // SAFETY: the words describe `image`, which outlives the call.
        unsafe { code.blocks()(params.as_ptr(), &launch, 0, grid.iter().map(|g| *g as u64).product()) };
        best = best.min(t.elapsed().as_secs_f64() * 1e9 / (w * h) as f64);
    }
    assert_eq!(state.failure(), None);
    println!("{} {lanes:?} {block:?}: compile {compiled:.1} ms, {best:.2} ns a pixel", cpu.name());
    (image, best)
}

#[test]
fn mandelbrot_is_right_for_every_shape_and_processor() {
    let (w, h) = (192, 130);
    let want = reference(w, h, 20);
    for cpu in ["native", "haswell", "znver3", "x86-64"] {
        for lanes in [Lanes::One, Lanes::Warp] {
            for (grid, block) in [([4, 3, 1], [32, 8, 1]), ([3, 5, 1], [16, 16, 1]), ([2, 7, 1], [7, 3, 1]), ([1, 1, 1], [1, 1, 1])] {
                let (image, _) = run(lanes, grid, block, w, h, 20, cpu);
                assert!(image == want, "{cpu} {lanes:?} {grid:?} {block:?}");
            }
        }
    }
}

#[test]
fn values_live_through_a_poll_in_every_lap() {
    let (w, h) = (64, 26);
    let want = reference(w, h, 20);
    for cpu in ["native", "haswell", "x86-64"] {
        for lanes in [Lanes::One, Lanes::Warp] {
            // The word stays raised, so each lap asks; the answer uses every vector register there is.
            let asked = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
            let count = asked.clone();
            let state = LaunchState::new(move |_| {
                let noise: Vec<f64> = (0..64).map(|n| (n as f64).sqrt() * 0.1).collect();
                count.fetch_add(1 + (std::hint::black_box(noise).iter().sum::<f64>() < 0.0) as u64, std::sync::atomic::Ordering::Relaxed);
                false
            });
            state.stop.store(1, std::sync::atomic::Ordering::Relaxed);
            let (image, _) = run_beside(&state, lanes, [2, 3, 1], [32, 2, 1], w, h, 20, cpu);
            assert!(image == want, "{cpu} {lanes:?}");
            assert!(asked.load(std::sync::atomic::Ordering::Relaxed) > 200, "{cpu} {lanes:?}: {asked:?} polls");
        }
    }
}

#[test]
#[ignore = "a measurement, run by hand"]
fn mandelbrot_speed() {
    for lanes in [Lanes::One, Lanes::Warp] {
        run(lanes, [32, 16, 1], [32, 8, 1], 1536, 1024, 20, "native");
    }
    run(Lanes::Warp, [32, 16, 1], [32, 8, 1], 1536, 1024, 20, "haswell");
}

/// `a * b + c` of one type.
fn multiply_add(ty: ScalarType) -> Verified {
    let mut b = Builder::new("multiply_add", Kind::Scalar);
    let params = ["a", "b", "c"].map(|n| b.scalar_param(n, ty));
    let [x, y, z] = params.map(|p| b.push(Inst::Param(p)));
    let product = b.apply(Op::Mul, &[x, y]);
    let sum = b.apply(Op::Add, &[product, z]);
    let result = b.slot("%result", ty);
    b.set(result, sum);
    Verified::new(b.finish(vec![result], Sources::default())).expect("valid")
}

#[test]
fn elements_of_every_count_and_with_uniform_operands() {
    for cpu in ["native", "haswell", "x86-64"] {
        let cpu = Cpu::new(Some(cpu)).expect("a processor");
        for lanes in [Lanes::One, Lanes::Warp] {
            for uniform in [0u64, 0b010, 0b101, 0b111] {
                let f64s = ScalarType::F64;
                let signature = llvm::Signature { inputs: vec![f64s; 3], outputs: vec![f64s] };
                let shape = Shape::Loop { lanes, signature, uniform, exact_flags: false, stream: false };
                let code = llvm::compile(&multiply_add(f64s), &shape, &cpu).expect("code");
                for count in (0..70).chain([1000]) {
                    let column = |seed: usize| -> Vec<f64> { (0..count.max(1)).map(|i| (i * 7 + seed) as f64 / 3.0).collect() };
                    let inputs = [column(1), column(2), column(3)];
                    let mut out = vec![-1.0; count + 8];
                    let state = LaunchState::default();
                    let launch = Launch::new([1; 3], [1; 3], &state.stop, &state);
                    let mut operands = inputs.each_ref().map(|c| c.as_ptr() as *mut u8).to_vec();
                    operands.push(out.as_mut_ptr().cast());
                    // SAFETY: the columns have `count` elements (one at least), the output more.
                    unsafe { code.elements()(operands.as_ptr(), count as u64, &launch) };
                    let pick = |n: usize, i: usize| inputs[n][if uniform >> n & 1 == 1 { 0 } else { i }];
                    for (i, got) in out.iter().enumerate() {
                        let want = if i < count { pick(0, i) * pick(1, i) + pick(2, i) } else { -1.0 };
                        assert_eq!(*got, want, "{} {lanes:?} uniform {uniform:b} count {count} element {i}", cpu.name());
                    }
                }
            }
        }
    }
}

#[test]
fn a_store_out_of_bounds_is_reported_by_its_lowest_thread() {
    let mut b = Builder::new("store", Kind::Kernel);
    let out = b.array_param("out", ArrayType { elem: ScalarType::I64, ndim: 1, layout: Layout::C, readonly: false });
    let t = geometry(&mut b, Geometry::ThreadIdx(Axis::X));
    b.push(Inst::Store { array: out, index: [t].into_iter().collect(), part: Part::Whole, value: t });
    let ir = Verified::new(b.finish(vec![], Sources::default())).expect("valid");
    for lanes in [Lanes::One, Lanes::Warp] {
        let shape = Shape::Blocks { lanes, class: BlockClass::Rows, check_bounds: true };
        let code = llvm::compile(&ir, &shape, &Cpu::new(None).expect("this processor")).expect("code");
        let mut data = vec![0i64; 40];
        let state = LaunchState::default();
        let launch = Launch::new([2, 1, 1], [64, 1, 1], &state.stop, &state);
        let params = [data.as_mut_ptr() as u64, data.len() as u64, 8];
        // SAFETY: the words describe `data`.
        unsafe { code.blocks()(params.as_ptr(), &launch, 0, 2) };
        let failure = state.failure().expect("a failure");
        assert_eq!((failure.block, failure.thread, failure.index), (0, 40, Some((0, 40, 40))));
        assert_eq!(data, (0..40).collect::<Vec<i64>>());
    }
}
