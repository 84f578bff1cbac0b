//! The engine over hand-written loops: every way operands can lie, flags, reductions, cores.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use verdigris_compiler::abi::Launch;
use verdigris_compiler::llvm::{Lanes, Listing, Signature};
use verdigris_compiler::types::ScalarType::{self, *};
use verdigris_device::float_env::Flags;
use verdigris_device::pool;
use verdigris_vectorize::Error;
use verdigris_vectorize::broadcast::broadcast_shape;
use verdigris_vectorize::run::{Control, Entry, Loop, Operand, Options, Provider, Strip, Variant, run, run_strips};

static UNIFORM_ELEMENTS: AtomicUsize = AtomicUsize::new(0);

/// `f(a, b) = a - 2 b` over float64; checks the promised alignment.
unsafe extern "C" fn weigh(operands: *const *mut u8, count: u64, _: *const Launch) {
    // SAFETY: the engine's side of the contract of a loop, for the signature below.
    unsafe {
        let [a, b, out] = std::slice::from_raw_parts(operands.cast::<*mut f64>(), 3) else { unreachable!() };
        assert!([a, b, out].iter().all(|p| p.is_aligned()));
        for i in 0..count as usize {
            out.add(i).write(a.add(i).read() - 2.0 * b.add(i).read());
        }
    }
}

/// The same with one element of the operand of `A_STEP` or `B_STEP` zero for all.
unsafe extern "C" fn weigh_uniform<const A_STEP: usize, const B_STEP: usize, const COUNTED: bool>(
    operands: *const *mut u8,
    count: u64,
    _: *const Launch,
) {
    if COUNTED {
        UNIFORM_ELEMENTS.fetch_add(count as usize, Ordering::Relaxed);
    }
    // SAFETY: as above.
    unsafe {
        let [a, b, out] = std::slice::from_raw_parts(operands.cast::<*mut f64>(), 3) else { unreachable!() };
        for i in 0..count as usize {
            out.add(i).write(a.add(i * A_STEP).read() - 2.0 * b.add(i * B_STEP).read());
        }
    }
}

/// `f(x) = 1/x if x else 0`, dividing at every element as a blended loop does.
unsafe extern "C" fn recip_fast(operands: *const *mut u8, count: u64, _: *const Launch) {
    // SAFETY: as above.
    unsafe {
        let [x, out] = std::slice::from_raw_parts(operands.cast::<*mut f64>(), 2) else { unreachable!() };
        for i in 0..count as usize {
            let v = x.add(i).read();
            let q = black_box(1.0 / black_box(v));
            out.add(i).write(if v == 0.0 { 0.0 } else { q });
        }
    }
}

/// The same, dividing where it must.
unsafe extern "C" fn recip_exact(operands: *const *mut u8, count: u64, _: *const Launch) {
    // SAFETY: as above.
    unsafe {
        let [x, out] = std::slice::from_raw_parts(operands.cast::<*mut f64>(), 2) else { unreachable!() };
        for i in 0..count as usize {
            let v = x.add(i).read();
            out.add(i).write(if v == 0.0 { 0.0 } else { black_box(1.0 / black_box(v)) });
        }
    }
}

/// `f(a, b) = a + b` over float32.
unsafe extern "C" fn add32(operands: *const *mut u8, count: u64, _: *const Launch) {
    // SAFETY: as above.
    unsafe {
        let [a, b, out] = std::slice::from_raw_parts(operands.cast::<*mut f32>(), 3) else { unreachable!() };
        for i in 0..count as usize {
            out.add(i).write(a.add(i).read() + b.add(i).read());
        }
    }
}

struct Natives(fn(Variant) -> verdigris_compiler::abi::LoopFn);

impl Provider for Natives {
    fn variant(&self, variant: Variant) -> Result<Entry, Error> {
        // SAFETY: the functions above, for the signatures below.
        Ok(unsafe { Entry::native((self.0)(variant)) })
    }

    fn listing(&self, _: Listing) -> Result<String, Error> {
        Ok("native".to_owned())
    }

    fn ir(&self) -> Option<&verdigris_compiler::ir::Verified> {
        None
    }
}

fn weigher<const COUNTED: bool>() -> Loop {
    let pick = |v: Variant| match v.uniform {
        0 => weigh as verdigris_compiler::abi::LoopFn,
        0b01 => weigh_uniform::<0, 1, false>,
        0b10 => weigh_uniform::<1, 0, COUNTED>,
        other => panic!("no loop for {other:b}"),
    };
    Loop::new(Signature { inputs: vec![F64, F64], outputs: vec![F64] }, Control::default(), Box::new(Natives(pick)))
}

fn reciprocal() -> Loop {
    let pick = |v: Variant| if v.exact || v.lanes == Lanes::One { recip_exact as verdigris_compiler::abi::LoopFn } else { recip_fast };
    Loop::new(Signature { inputs: vec![F64], outputs: vec![F64] }, Control { false_flags: true, loops: false }, Box::new(Natives(pick)))
}

fn adder() -> Loop {
    Loop::new(Signature { inputs: vec![F32, F32], outputs: vec![F32] }, Control::default(), Box::new(Natives(|_| add32)))
}

/// An array of any layout that owns its bytes.
struct Sample {
    bytes: Vec<u8>,
    start: isize,
    ty: ScalarType,
    swapped: bool,
    shape: Vec<isize>,
    strides: Vec<isize>,
}

impl Sample {
    fn operand(&self) -> Operand<'_> {
        // SAFETY: the constructors lay all elements inside `bytes`; single-threaded use, or elements of its own for each thread.
        unsafe { Operand::new(self.bytes.as_ptr().wrapping_offset(self.start).cast_mut(), self.ty, self.swapped, &self.shape, &self.strides) }
    }

    /// `order`: axes from slowest to fastest; `flips`: axes that run backwards; `gap`: bytes between elements; `shift`: misalignment.
    #[expect(clippy::too_many_arguments, reason = "each is one way in which memory may lie")]
    fn new(
        ty: ScalarType,
        shape: &[isize],
        order: &[usize],
        flips: u32,
        gap: isize,
        shift: isize,
        swapped: bool,
        mut value: impl FnMut() -> i64,
    ) -> Sample {
        let size = ty.size() as isize;
        let mut strides = vec![0; shape.len()];
        let mut step = size + gap;
        for &axis in order.iter().rev() {
            strides[axis] = step;
            step *= shape[axis].max(1);
        }
        let mut bytes = vec![0u8; (step + shift) as usize + 16];
        let count: isize = shape.iter().product();
        for i in 0..count {
            let at = shift + offset(shape, &strides, i);
            let v = value();
            let mut element = match ty {
                I16 => (v as i16).to_ne_bytes().to_vec(),
                U8 => (v as u8).to_ne_bytes().to_vec(),
                F32 => (v as f32).to_ne_bytes().to_vec(),
                F64 => (v as f64).to_ne_bytes().to_vec(),
                _ => unreachable!(),
            };
            if swapped {
                element.reverse();
            }
            bytes[at as usize..][..element.len()].copy_from_slice(&element);
        }
        let mut start = shift;
        for axis in 0..shape.len() {
            if flips >> axis & 1 == 1 && shape[axis] > 0 {
                start += (shape[axis] - 1) * strides[axis];
                strides[axis] = -strides[axis];
            }
        }
        Sample { bytes, start, ty, swapped, shape: shape.to_vec(), strides }
    }

    /// The element at an index of a shape this one broadcasts to.
    fn at(&self, shape: &[isize], index: isize) -> f64 {
        let skipped = shape.len() - self.shape.len();
        let (mut rest, mut at) = (index, self.start);
        for axis in (0..shape.len()).rev() {
            let i = rest % shape[axis];
            rest /= shape[axis];
            if axis >= skipped && self.shape[axis - skipped] != 1 {
                at += i * self.strides[axis - skipped];
            }
        }
        let mut element = self.bytes[at as usize..][..self.ty.size()].to_vec();
        if self.swapped {
            element.reverse();
        }
        match self.ty {
            I16 => i16::from_ne_bytes(element.try_into().unwrap()) as f64,
            U8 => element[0] as f64,
            F32 => f32::from_ne_bytes(element.try_into().unwrap()) as f64,
            _ => f64::from_ne_bytes(element.try_into().unwrap()),
        }
    }
}

fn offset(shape: &[isize], strides: &[isize], mut index: isize) -> isize {
    let mut at = 0;
    for (extent, stride) in shape.iter().zip(strides).rev() {
        at += index % extent * stride;
        index /= extent;
    }
    at
}

/// A small generator of our own: the cases are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }

    fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        (1..n).for_each(|i| order.swap(i, self.below(i as u64 + 1) as usize));
        order
    }

    fn sample(&mut self, ty: ScalarType, shape: &[isize]) -> Sample {
        let order = self.order(shape.len());
        let flips = self.below(8) as u32;
        let gap = if self.below(2) == 0 { 0 } else { ty.size() as isize * self.below(3) as isize };
        let shift = if self.below(4) == 0 { 1 } else { 0 };
        let swapped = self.below(4) == 0 && ty.size() > 1;
        let mut v = self.below(100) as i64;
        Sample::new(ty, shape, &order, flips, gap, shift, swapped, || {
            v = (v * 7 + 3) % 101;
            v
        })
    }
}

#[test]
fn any_layout_gives_the_elements_numpy_would() {
    let lp = weigher::<false>();
    let mut random = Random(1);
    pool::set_num_threads(NonZeroUsize::new(3).unwrap());
    for case in 0..600 {
        let ndim = random.below(4) as usize;
        let long = case % 10 == 0;
        let shape: Vec<isize> = (0..ndim).map(|_| if long { [1, 17, 600, 40][random.below(4) as usize] } else { random.below(6) as isize }).collect();
        let shape: Vec<isize> = if shape.iter().product::<isize>() > 60_000 { vec![100, 600] } else { shape };
        let shape = if long && ndim == 1 { vec![70_001] } else { shape };
        let mut input = |ty| {
            // Some axes are broadcast, some missing.
            let skip = if ndim > 0 && random.below(4) == 0 { 1 } else { 0 };
            let own: Vec<isize> = shape[skip..].iter().map(|e| if random.below(4) == 0 { 1 } else { *e }).collect();
            random.sample(ty, &own)
        };
        let types = [F64, F32, I16, U8];
        let (a, b) = (input(types[case % 4]), input(types[case / 4 % 4]));
        let shape = broadcast_shape([&a.shape[..], &b.shape[..]].into_iter()).unwrap().to_vec();
        for parallel in [false, true] {
            let mut out = random.sample(F64, &shape);
            out.bytes.fill(0xee);
            run(&lp, &shape, &[a.operand(), b.operand(), out.operand()], Options { parallel, ..Options::SERIAL }).unwrap();
            for i in 0..shape.iter().product() {
                let expected = a.at(&shape, i) - 2.0 * b.at(&shape, i);
                assert_eq!(out.at(&shape, i), expected, "case {case}, element {i} of {shape:?}, parallel {parallel}");
            }
            // Nothing between the elements was written.
            let written = out.bytes.iter().filter(|b| **b != 0xee).count() as isize;
            assert!(written <= 8 * shape.iter().product::<isize>());
        }
    }
}

#[test]
fn one_element_for_many_is_read_by_a_loop_of_its_own() {
    let lp = weigher::<true>();
    let a = Sample::new(F64, &[50, 1000], &[0, 1], 0, 0, 0, false, || 3);
    let b = Sample::new(F32, &[], &[], 0, 0, 0, false, || 4);
    let out = Sample::new(F64, &[50, 1000], &[0, 1], 0, 0, 0, false, || 0);
    run(&lp, &[50, 1000], &[a.operand(), b.operand(), out.operand()], Options::SERIAL).unwrap();
    assert_eq!(UNIFORM_ELEMENTS.load(Ordering::Relaxed), 50_000);
    assert!((0..50_000).all(|i| out.at(&[50, 1000], i) == -5.0));
}

#[test]
fn operands_that_do_not_fit_are_refused_before_anything_is_written() {
    let lp = weigher::<false>();
    let a = Sample::new(F64, &[4], &[0], 0, 0, 0, false, || 3);
    let wide = Sample::new(F64, &[5], &[0], 0, 0, 0, false, || 0);
    let single = Sample::new(F32, &[4], &[0], 0, 0, 0, false, || 0);
    let refused = |operands: &[Operand<'_>]| run(&lp, &[4], operands, Options::SERIAL).unwrap_err();
    assert!(matches!(refused(&[a.operand(), a.operand(), wide.operand()]), Error::Output { .. }));
    assert!(matches!(refused(&[a.operand(), a.operand(), single.operand()]), Error::OperandType { operand: 2, .. }));
    assert!(matches!(refused(&[a.operand(), a.operand()]), Error::ArgumentCount { .. }));
    // SAFETY: four times the first element.
    let shared = unsafe { Operand::new(single.bytes.as_ptr().cast_mut(), F64, false, &[4], &[0]) };
    assert!(matches!(refused(&[a.operand(), a.operand(), shared]), Error::Output { .. }));
}

fn f64s(values: &[f64]) -> Sample {
    let mut it = values.iter();
    let mut s = Sample::new(F64, &[values.len() as isize], &[0], 0, 0, 0, false, || 0);
    s.bytes.chunks_exact_mut(8).zip(&mut it).for_each(|(b, v)| b.copy_from_slice(&v.to_ne_bytes()));
    s
}

#[test]
fn only_flags_that_elements_raise_are_reported() {
    for parallel in [false, true] {
        let lp = reciprocal();
        let mut values = vec![0.0; 100_000];
        values.iter_mut().step_by(3).for_each(|v| *v = 4.0);
        let out = f64s(&vec![9.0; values.len()]);
        let options = Options { parallel, ..Options::SERIAL };
        let flags = |values: &[f64]| run(&lp, &[100_000], &[f64s(values).operand(), out.operand()], options).unwrap();
        assert_eq!(flags(&values), Flags::default());
        assert!((0..100_000).all(|i| out.at(&[100_000], i) == if i % 3 == 0 { 0.25 } else { 0.0 }));
        values[77_777] = 1e-320;
        assert_eq!(flags(&values), Flags { overflow: true, ..Flags::default() });
        // Flags nobody asks for cost nothing and are not told.
        let silent = Options { interest: Flags::default(), ..options };
        assert_eq!(run(&lp, &[100_000], &[f64s(&values).operand(), out.operand()], silent).unwrap(), Flags::default());
    }
}

#[test]
fn in_place_is_computed_once_and_exactly() {
    let lp = reciprocal();
    let x = f64s(&[4.0, 0.0, 0.5]);
    let strip = Strip { pointer: x.bytes.as_ptr().cast_mut(), stride: 8 };
    // SAFETY: three elements, read and written by this thread alone.
    let flags = unsafe { run_strips(&lp, &[strip, strip], 3, false, Options::SERIAL).unwrap() };
    assert_eq!(flags, Flags::default());
    assert_eq!([0, 1, 2].map(|i| x.at(&[3], i)), [0.25, 0.0, 2.0]);
}

fn strips(acc: *mut u8, x: &[f32], stride: isize) -> [Strip; 3] {
    let fixed = Strip { pointer: acc, stride: 0 };
    [fixed, Strip { pointer: x.as_ptr().cast_mut().cast(), stride }, fixed]
}

fn harmonics(n: usize) -> Vec<f32> {
    (0..n).map(|i| if i % 5 == 0 { -1.0 } else { 1.0 } / (i as f32 + 1.0)).collect()
}

#[test]
fn a_fold_goes_from_left_to_right() {
    let lp = adder();
    let x = harmonics(10_000);
    for step in [1, 3] {
        let count = x.len() / step;
        let mut sum = 0.5f32;
        // SAFETY: the elements of x, and a local.
        unsafe { run_strips(&lp, &strips((&raw mut sum).cast(), &x, 4 * step as isize), count, false, Options::SERIAL).unwrap() };
        let expected = x.iter().step_by(step).take(count).fold(0.5f32, |a, b| a + b);
        assert_eq!(sum.to_bits(), expected.to_bits());
    }
}

#[test]
fn an_accumulation_sees_what_it_wrote() {
    let lp = adder();
    let x = harmonics(5000);
    for step in [1usize, 2] {
        let mut out = vec![0f32; 5000];
        out[0] = x[0];
        let at = |p: *const f32, i: usize, stride: usize| Strip { pointer: p.wrapping_add(i).cast_mut().cast(), stride: 4 * stride as isize };
        let o = out.as_mut_ptr();
        let n = 5000 / step - 1;
        // SAFETY: elements of x and out, within their lengths.
        unsafe { run_strips(&lp, &[at(o, 0, step), at(x.as_ptr(), step, step), at(o, step, step)], n, true, Options::SERIAL).unwrap() };
        let mut sum = x[0];
        for i in 1..=n {
            sum += x[i * step];
            assert_eq!(out[i * step].to_bits(), sum.to_bits(), "{i}");
        }
    }
}

#[test]
fn the_tree_is_one_for_every_layout_and_number_of_threads() {
    let lp = adder();
    for n in [1usize, 2, 3, 1023, 1024, 1025, 5000, 65_536, 200_000, 1_000_003] {
        let x = harmonics(n);
        let spread: Vec<f32> = x.iter().flat_map(|v| [*v, 99.0]).collect();
        let sum = |x: &[f32], stride, parallel, threads| {
            pool::limited(NonZeroUsize::new(threads).unwrap(), || {
                let mut sum = 0f32;
                // SAFETY: n elements of x, and a local.
                unsafe { run_strips(&lp, &strips((&raw mut sum).cast(), x, stride), n, true, Options { parallel, ..Options::SERIAL }).unwrap() };
                sum
            })
        };
        let one = sum(&x, 4, false, 1);
        let exact: f64 = x.iter().map(|v| *v as f64).sum();
        assert!((one as f64 - exact).abs() <= 4.0 * f32::EPSILON as f64 * exact.abs(), "{n}: {one} {exact}");
        for other in [sum(&x, 4, true, 2), sum(&x, 4, true, 3), sum(&spread, 8, false, 1), sum(&spread, 8, true, 2)] {
            assert_eq!(one.to_bits(), other.to_bits(), "{n}");
        }
    }
}

#[test]
fn a_loop_serves_many_threads_at_once() {
    let lp = Arc::new(weigher::<false>());
    let expected: Vec<f64> = (0..5000).map(|i| i as f64 - 2.0 * 3.0).collect();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut v = -1;
                let a = Sample::new(I16, &[5000], &[0], 0, 0, 0, false, || {
                    v += 1;
                    v
                });
                let b = Sample::new(F64, &[1], &[0], 0, 0, 0, false, || 3);
                for _ in 0..50 {
                    let out = f64s(&vec![0.0; 5000]);
                    run(&lp, &[5000], &[a.operand(), b.operand(), out.operand()], Options { parallel: true, ..Options::SERIAL }).unwrap();
                    assert!((0..5000).all(|i| out.at(&[5000], i) == expected[i as usize]));
                }
            });
        }
    });
}
