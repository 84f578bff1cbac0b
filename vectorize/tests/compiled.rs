//! Ufuncs from text over ndarray views.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayD, Axis, array, s};
use num_complex::Complex;
use verdigris_device::pool;
use verdigris_vectorize::compiler::{llvm::Cpu, names::Definition, types::ScalarType};
use verdigris_vectorize::{Error, Options, Signature, Target, Ufunc};

fn definition(text: &str) -> Arc<Definition> {
    let name = text.trim_start().strip_prefix("def ").and_then(|t| t.split('(').next()).expect("a def");
    Definition::from_text("test.py", text, name, BTreeMap::new()).unwrap_or_else(|d| panic!("{}", d.render()))
}

fn options() -> Options {
    Options::new(Arc::new(Cpu::new(None).expect("this processor")))
}

fn parallel() -> Options {
    let mut options = options();
    options.target = Target::Parallel;
    options
}

const AXPY: &str = "def axpy(a, x, y):\n    return a * x + y\n";
const ESCAPE: &str = "
def escape(re, im):
    c = complex(re, im)
    z = 0.0j
    for i in range(30):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag >= 4.0:
            return i
    return 30
";

#[test]
fn lazy_loops_are_made_for_the_types_met() {
    let axpy = Ufunc::new(definition(AXPY), options()).unwrap();
    assert_eq!((axpy.inputs(), axpy.outputs(), axpy.loops().len()), (3, 1, 0));
    let (x, y) = (array![1.0f32, 2.0, 3.0], array![10.0f32, 20.0, 30.0]);
    let a = ndarray::arr0(2.0f32);
    let sum: ArrayD<f32> = axpy.apply(&[(&a).into(), (&x).into(), (&y).into()]).unwrap();
    assert_eq!(sum, array![12.0, 24.0, 36.0].into_dyn());
    let ints: ArrayD<i64> = axpy.apply(&[(&array![3i64]).into(), (&array![1i64, 2]).into(), (&array![[1i64], [2]]).into()]).unwrap();
    assert_eq!(ints, array![[4, 7], [5, 8]].into_dyn());
    let types: Vec<_> = axpy.loops().iter().map(|l| (l.signature().inputs[0], l.signature().outputs[0])).collect();
    assert_eq!(types, [(ScalarType::F32, ScalarType::F32), (ScalarType::I64, ScalarType::I64)]);
}

#[test]
fn declared_loops_take_what_casts_safely() {
    let signatures: Vec<Signature> = ["float64(float64, float64, float64)", "float32(float32, float32, float32)"].map(|s| s.parse().unwrap()).into();
    let axpy = Ufunc::with_signatures(definition(AXPY), &signatures, options()).unwrap();
    let x = array![1i32, 2];
    let wide: ArrayD<f64> = axpy.apply(&[(&x).into(), (&x).into(), (&array![0.5f32, 0.5]).into()]).unwrap();
    assert_eq!(wide, array![1.5, 4.5].into_dyn());
    let small = array![1i16, 2];
    let narrow: ArrayD<f32> = axpy.apply(&[(&small).into(), (&small).into(), (&array![0.5f32, 0.5]).into()]).unwrap();
    assert_eq!(narrow, array![1.5, 4.5].into_dyn());
    let complex = array![Complex::new(1.0f32, 0.0)];
    let refused = axpy.apply::<f32>(&[(&complex).into(), (&x).into(), (&x).into()]);
    assert!(matches!(refused, Err(Error::NoLoop { .. })), "{refused:?}");
}

#[test]
fn faults_are_typed() {
    let axpy = Ufunc::new(definition(AXPY), options()).unwrap();
    let (x, y) = (array![1.0, 2.0], array![1.0, 2.0, 3.0]);
    assert!(matches!(axpy.apply::<f64>(&[(&x).into(), (&x).into(), (&y).into()]), Err(Error::Broadcast { .. })));
    assert!(matches!(axpy.apply::<f32>(&[(&x).into(), (&x).into(), (&x).into()]), Err(Error::OperandType { .. })));
    assert!(matches!(axpy.apply::<f64>(&[(&x).into()]), Err(Error::ArgumentCount { expected: 3, found: 1 })));
    let mut out = Array1::<f64>::zeros(3);
    let inputs = [(&x).into(), (&x).into(), (&x).into()];
    assert!(matches!(axpy.apply_into(&inputs, &mut [(&mut out).into()]), Err(Error::Output { .. })));
    let bad = Ufunc::new(definition("def bad(x):\n    return x + nothing\n"), options()).unwrap();
    assert!(matches!(bad.apply::<f64>(&[(&x).into()]), Err(Error::Diagnostic(_))));
    let zero: ArrayD<f64> = axpy.apply(&[(&Array1::<f64>::zeros(0)).into(), (&array![1.0]).into(), (&array![1.0]).into()]).unwrap();
    assert_eq!(zero.shape(), [0]);
}

#[test]
fn a_failing_element_is_named_and_is_the_first() {
    let text = "def f(x):\n    n = 0\n    for i in range(0, 10, x):\n        n += 1\n    return n\n";
    for options in [options(), parallel()] {
        let f = Ufunc::new(definition(text), options).unwrap();
        let mut x = Array1::<i64>::ones(50_000);
        x[49_999] = 0;
        x[31_234] = 0;
        match f.apply::<i64>(&[(&x).into()]) {
            Err(Error::Failed { failure, site }) => assert_eq!((failure.thread, site.location.line), (31_234, 3)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn parallel_equals_cpu_for_every_layout() {
    pool::set_num_threads(NonZeroUsize::new(4).unwrap());
    let (one, all) = (Ufunc::new(definition(ESCAPE), options()).unwrap(), Ufunc::new(definition(ESCAPE), parallel()).unwrap());
    let re = Array1::linspace(-2.0, 1.0, 700);
    let im = Array1::linspace(-1.0, 1.0, 300);
    let grid = Array2::from_shape_fn((700, 300), |(i, j)| re[i] + im[j]);
    let column = im.view().insert_axis(Axis(1));
    let direct = |re: f64, im: f64| {
        let (c, mut z) = (Complex::new(re, im), Complex::new(0.0, 0.0));
        (0..30)
            .find(|_| {
                z = z * z + c;
                z.re * z.re + z.im * z.im >= 4.0
            })
            .unwrap_or(30)
    };
    let expected = Array2::from_shape_fn((300, 700), |(j, i)| direct(re[i], im[j]));
    for f in [&one, &all] {
        assert_eq!(f.apply::<i64>(&[(&re).into(), (&column).into()]).unwrap(), expected.clone().into_dyn());
    }
    for view in [grid.view(), grid.t(), grid.slice(s![..;-1, ..;3]), grid.slice(s![5.., 7..8])] {
        let inputs = || [(&view).into(), (&view).into()];
        assert_eq!(one.apply::<i64>(&inputs()).unwrap(), all.apply::<i64>(&inputs()).unwrap());
    }
}

#[test]
fn reductions() {
    let text = "def add(a, b):\n    return a + b\n";
    let add = Ufunc::new(definition(text), options()).unwrap();
    let x = Array1::from_shape_fn(40_000, |i| 1.0f32 / (i as f32 + 1.0));
    assert_eq!(add.reduce(x.view()).unwrap().to_bits(), x.iter().copied().reduce(|a, b| a + b).unwrap().to_bits());
    assert_eq!(add.reduce(x.slice(s![..;-3])).unwrap().to_bits(), x.iter().rev().step_by(3).copied().reduce(|a, b| a + b).unwrap().to_bits());
    assert!(matches!(add.reduce(Array1::<f64>::zeros(0).view()), Err(Error::EmptyReduction)));
    let mut options = parallel();
    options.associative = true;
    let total = Ufunc::new(definition(text), options).unwrap();
    let exact: f64 = x.iter().map(|v| f64::from(*v)).sum();
    assert!((f64::from(total.reduce(x.view()).unwrap()) - exact).abs() < 2e-6);
    let wide = Ufunc::new(definition("def f(a, b):\n    return a / b\n"), self::options()).unwrap();
    assert!(matches!(wide.reduce(array![1i64, 2].view()), Err(Error::NotReducible { .. })));
}

#[test]
fn two_results() {
    let f = Ufunc::new(definition("def f(a, b):\n    return a // b, a % b\n"), options()).unwrap();
    assert_eq!(f.outputs(), 2);
    let (a, b) = (array![7i64, -7, 7, 5], array![2i64, 2, -2, 0]);
    let (mut q, mut r) = (Array1::<i64>::zeros(4), Array1::<i64>::zeros(4));
    f.apply_into(&[(&a).into(), (&b).into()], &mut [(&mut q).into(), (&mut r).into()]).unwrap();
    assert_eq!((q, r), (array![3, -4, -4, 0], array![1, 1, -1, 0]));
}
