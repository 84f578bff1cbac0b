//! Kernels from text to results: types, overloads, failures, declared signatures.

use ndarray::Array2;
use num_complex::Complex;

use verdigris_compiler::names::Definition;
use verdigris_compiler::types::{ScalarType, Type};
use verdigris_cuda_jit::{Args, Config, Error, Kernel, LaunchError, Options, signature};
use verdigris_device::array::Array;
use verdigris_device::layout::{Layout, Order};

fn kernel(text: &str) -> Kernel {
    Kernel::new(Definition::from_text("kernel.py", text, "kernel", []).unwrap(), Options::default()).unwrap()
}

const ADD: &str = "
def kernel(x, v):
    i = cuda.grid(1)
    if i < x.shape[0]:
        x[i] = x[i] + v
";

#[test]
fn each_type_is_an_overload_and_compiled_once() {
    let add = kernel(ADD);
    let config = Config::new(3, 64).unwrap();
    for _ in 0..3 {
        let (mut f32s, mut i64s, mut c128s) = (vec![1.0f32; 150], vec![1i64; 150], vec![Complex::new(0.0f64, 1.0); 150]);
        let mut args = Args::new();
        args.slice_mut(&mut f32s).scalar(0.5f32);
        add.launch(&config, &args).unwrap();
        let mut args = Args::new();
        args.slice_mut(&mut i64s).scalar(-3i8);
        add.launch(&config, &args).unwrap();
        let mut args = Args::new();
        args.slice_mut(&mut c128s).scalar(2.0f64);
        add.launch(&config, &args).unwrap();
        assert!(f32s.iter().all(|v| *v == 1.5));
        assert!(i64s.iter().all(|v| *v == -2));
        assert!(c128s.iter().all(|v| *v == Complex::new(2.0, 1.0)));
    }
    assert_eq!(add.overloads().count(), 3);
    assert_eq!(add.overloads().map(|o| o.code().count()).sum::<usize>(), 3, "one class of block was used");
}

#[test]
fn views_of_any_strides_are_written_in_place() {
    let number = kernel("def kernel(a):\n    i, j = cuda.grid(2)\n    if i < a.shape[0] and j < a.shape[1]:\n        a[i, j] = 10 * i + j\n");
    let mut table = Array2::<i32>::from_elem((8, 9), -1);
    let mut args = Args::new();
    let mut part = table.slice_mut(ndarray::s![..;2, 1..;-3]);
    let shape = part.dim();
    args.view_mut(part.view_mut()).unwrap();
    number.launch(&Config::new(1, (8, 8)).unwrap(), &args).unwrap();
    assert!(part.indexed_iter().all(|((i, j), v)| *v == (10 * i + j) as i32));
    assert_eq!(table.iter().filter(|v| **v == -1).count(), 72 - shape.0 * shape.1);
}

#[test]
fn device_arrays_are_arguments() {
    let mut array = Array::zeroed(Layout::contiguous(&[100], 4, Order::C).unwrap()).unwrap();
    let mut args = Args::new();
    args.device(&mut array, ScalarType::U32).unwrap().scalar(7u32);
    kernel(ADD).launch(&Config::new(4, 32).unwrap(), &args).unwrap();
    let mut bytes = [0; 400];
    array.copy_to_slice(&mut bytes).unwrap();
    assert!(bytes.chunks_exact(4).all(|b| b == 7u32.to_ne_bytes()));
}

#[test]
fn a_failing_thread_is_named_with_its_place_and_others_finish() {
    let beyond = kernel("def kernel(x):\n    x[cuda.grid(1)] = 1.0\n");
    let mut x = vec![0.0f64; 70];
    let mut args = Args::new();
    args.slice_mut(&mut x);
    let error = beyond.launch(&Config::new(2, (8, 5)).unwrap(), &args).map(drop);
    // blockDim.x is 8, so cuda.grid(1) runs to 15 only.
    assert!(error.is_ok());
    let Err(Error::Thread(error)) = beyond.launch(&Config::new(20, 4).unwrap(), &args) else { panic!("no thread failed") };
    assert_eq!((error.block_index(), error.thread_index()), ([17, 0, 0], [2, 0, 0]));
    assert_eq!(error.failure.index, Some((0, 70, 70)));
    assert_eq!(error.site.location.line, 2);
    assert!(error.to_string().contains("index 70 is out of bounds for axis 0 of `x`, which has size 70"), "{error}");
    assert!(x.iter().all(|v| *v == 1.0));
}

#[test]
fn storing_to_what_is_only_lent_is_refused() {
    let x = vec![1.0f64; 4];
    let mut args = Args::new();
    args.slice(&x).scalar(1.0f64);
    assert!(matches!(kernel(ADD).launch(&Config::new(1, 4).unwrap(), &args), Err(Error::Diagnostic(_))));
}

#[test]
fn calls_are_checked() {
    let add = kernel(ADD);
    let mut args = Args::new();
    args.scalar(1i64);
    let error = add.launch(&Config::new(1, 1).unwrap(), &args).unwrap_err();
    assert_eq!(error.to_string(), "kernel() takes 2 arguments (x, v), but 1 was given");
    assert_eq!(
        Config::new(1, 2000u32).unwrap_err(),
        LaunchError::BlockAxisTooLarge { axis: verdigris_cuda_jit::Axis::X, threads: 2000, limit: 1024 }
    );
}

#[test]
fn declared_kernels_convert_what_loses_nothing_and_refuse_the_rest() {
    let definition = Definition::from_text("kernel.py", ADD, "kernel", []).unwrap();
    let types = signature::parse("void(float32[:], float32)").unwrap();
    let add = Kernel::declared(definition.clone(), Options::default(), vec![types]).unwrap();
    assert_eq!(add.overloads().next().unwrap().types()[1], Type::Scalar(ScalarType::F32));
    let config = Config::new(1, 32).unwrap();
    let mut x = vec![1.0f32; 5];
    let mut args = Args::new();
    args.slice_mut(&mut x).scalar(2i64);
    add.launch(&config, &args).unwrap();
    assert_eq!(x, [3.0; 5]);
    let mut doubles = vec![1.0f64; 5];
    let mut args = Args::new();
    args.slice_mut(&mut doubles).scalar(2i64);
    assert!(matches!(add.launch(&config, &args), Err(Error::NoOverload { .. })));
    assert_eq!(doubles, [1.0; 5]);
    assert!(Kernel::declared(definition, Options::default(), vec![vec![Type::None]]).is_err());
}

#[test]
fn results_do_not_depend_on_threads_or_blocks() {
    let text = "
def kernel(x, n):
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        v = float(i)
        for k in range(i % n):
            v = v * 1.0000001 + 0.1
        x[i] = v
";
    let uneven = kernel(text);
    let run = |grid: u32, block: u32| {
        let mut x = vec![0.0f64; 10_007];
        let mut args = Args::new();
        args.slice_mut(&mut x).scalar(50i64);
        uneven.launch(&Config::new(grid, block).unwrap(), &args).unwrap();
        x
    };
    let once = run(1, 1);
    for (grid, block) in [(1, 1024), (7, 33), (100, 64), (3000, 32)] {
        assert_eq!(run(grid, block), once);
    }
    let limit = std::num::NonZeroUsize::new(1).unwrap();
    assert_eq!(verdigris_device::pool::limited(limit, || run(100, 64)), once);
}
