//! Generalized ufuncs from text over ndarray views.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array1, Array2, Array3, ArrayD, array, s};
use verdigris_vectorize::compiler::types::{ArrayType, Layout as Order, ScalarType, Type};
use verdigris_vectorize::compiler::{llvm::Cpu, names::Definition};
use verdigris_vectorize::{CoreSignature, Error, Gufunc, Options, Target};

const MATVEC: &str = "
def matvec(a, x, y):
    for i in range(a.shape[0]):
        y[i] = a[i, 0] * x[0]
        for j in range(1, a.shape[1]):
            y[i] += a[i, j] * x[j]
";

fn made(text: &str, layout: &str, target: Target) -> Result<Gufunc, Error> {
    let name = text.trim_start().strip_prefix("def ").and_then(|t| t.split('(').next()).expect("a def");
    let definition = Definition::from_text("test.py", text, name, BTreeMap::new()).unwrap_or_else(|d| panic!("{}", d.render()));
    let mut options = Options::new(Arc::new(Cpu::new(None).expect("this processor")));
    options.target = target;
    Gufunc::new(definition, layout.parse()?, options)
}

#[test]
fn loop_dimensions_broadcast_and_cores_match() {
    for target in [Target::Cpu, Target::Parallel] {
        let matvec = made(MATVEC, "(m,n),(n)->(m)", target).unwrap();
        let a = Array3::from_shape_fn((4, 2, 3), |(l, i, j)| (10 * l + 3 * i + j) as f64);
        let x = Array2::from_shape_fn((5, 6), |(i, j)| (i * j) as f64);
        let x = x.slice(s![1..2, ..;-2]);
        let y: ArrayD<f64> = matvec.apply(&[(&a).into(), (&x).into()]).unwrap();
        assert_eq!(y.shape(), [4, 2]);
        for l in 0..4 {
            assert_eq!(y.index_axis(ndarray::Axis(0), l), a.index_axis(ndarray::Axis(0), l).dot(&x.row(0)).into_dyn());
        }
        // A cast, and strides in the output.
        let ints = Array3::from_shape_fn((4, 2, 3), |(l, i, j)| (10 * l + 3 * i + j) as i32);
        let mut wide = Array2::<f64>::zeros((8, 2));
        matvec.apply_into(&[(&ints).into(), (&x).into()], &mut [(&mut wide.slice_mut(s![..;2, ..;-1])).into()]).unwrap();
        assert_eq!(wide.slice(s![..;2, ..;-1]).into_dyn(), y);
        assert!(wide.slice(s![1..;2, ..]).iter().all(|v| *v == 0.0));
    }
}

#[test]
fn many_small_cores_over_all_threads() {
    let text = "def norm(x):\n    total = 0.0\n    for i in range(3):\n        total += x[i] * x[i]\n    return total\n";
    let x = Array2::from_shape_fn((30_000, 3), |(i, j)| (i + j) as f64);
    let results: Vec<ArrayD<f64>> = [Target::Cpu, Target::Parallel].map(|t| made(text, "(3)->()", t).unwrap().apply(&[(&x).into()]).unwrap()).into();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0][[20_000]], 20_000f64.powi(2) + 20_001f64.powi(2) + 20_002f64.powi(2));
}

#[test]
fn declared_loops_and_errors() {
    let array = |elem, ndim| Type::Array(ArrayType { elem, ndim, layout: Order::A, readonly: false });
    let signature =
        CoreSignature { parameters: vec![array(ScalarType::F32, 2), array(ScalarType::F32, 1), array(ScalarType::F32, 1)], results: None };
    let matvec = made(MATVEC, "(m,n),(n)->(m)", Target::Cpu).unwrap().with_signatures(&[signature]).unwrap();
    let (a, x) = (array![[1f32, 2.0], [3.0, 4.0]], array![1f32, 1.0]);
    assert_eq!(matvec.apply::<f32>(&[(&a).into(), (&x).into()]).unwrap(), array![3f32, 7.0].into_dyn());
    let doubles = array![[1.0]];
    assert!(matches!(matvec.apply::<f32>(&[(&doubles).into(), (&x).into()]), Err(Error::CoreShape { .. } | Error::NoLoop { .. })));
    assert!(matches!(matvec.apply::<f64>(&[(&a).into(), (&x).into()]), Err(Error::OperandType { .. })));
    assert!(matches!(matvec.apply::<f32>(&[(&a).into(), (&array![1f32]).into()]), Err(Error::CoreShape { operand: 1, .. })));
    let mut short = Array1::<f32>::zeros(3);
    assert!(matches!(matvec.apply_into(&[(&a).into(), (&x).into()], &mut [(&mut short).into()]), Err(Error::CoreShape { operand: 2, .. })));
    assert!(matches!(made(MATVEC, "(n)->(n)", Target::Cpu), Err(Error::Parameters { found: 3, .. })));
    let past = "def past(x):\n    return x[len(x)]\n";
    for target in [Target::Cpu, Target::Parallel] {
        match made(past, "(n)->()", target).unwrap().apply::<f64>(&[(&Array2::<f64>::zeros((5, 2))).into()]) {
            Err(Error::Failed { failure, site }) => assert_eq!((failure.thread, failure.index, site.location.line), (0, Some((0, 2, 2)), 2)),
            other => panic!("{other:?}"),
        }
    }
}
