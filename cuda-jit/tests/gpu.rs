//! Launches on a GPU against the stand-in of the driver: what a kernel is handed, in which order, and what becomes of what it leaves behind. A function of the test's acts in each kernel's place.
#![allow(unsafe_code)]

use std::sync::{Arc, Mutex};

use num_complex::Complex;
use verdigris_compiler::llvm::ptx::Status;
use verdigris_compiler::names::Definition;
use verdigris_compiler::types::{Scalar, ScalarType};
use verdigris_cuda_jit::devices::{Failed, Place, Waited, collect};
use verdigris_cuda_jit::{Args, Config, Error, GpuOptions, Kernel, LaunchError, Options, devices};
use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, Driver, Stream};
use verdigris_device::layout::{Layout, Order};
use verdigris_driver_standin as standin;

fn alone() -> (standin::Session, &'static Context) {
    let session = standin::session();
    // SAFETY: the stand-in behaves as the driver, and is linked for good.
    let driver = unsafe { Driver::start(&standin::lookup) }.unwrap();
    let context = driver.context(0).unwrap();
    standin::calls();
    (session, context)
}

fn kernel(text: &str) -> Kernel {
    with(text, Options::default())
}

fn with(text: &str, options: Options) -> Kernel {
    Kernel::new(Definition::from_text("kernel.py", text, "kernel", []).unwrap(), options).unwrap()
}

/// Launches that were seen, with their words.
type Launches = Arc<Mutex<Vec<(standin::Seen, Vec<u64>)>>>;

/// Every kernel's launch as words, from now on.
fn seen() -> Launches {
    let all = Arc::new(Mutex::new(Vec::new()));
    let noted = all.clone();
    standin::on_launch(move |launch| noted.lock().unwrap().push((launch.clone(), words(launch))));
    all
}

fn words(launch: &standin::Seen) -> Vec<u64> {
    assert_eq!(launch.parameters.len(), 1, "one parameter: {launch:?}");
    launch.parameters[0].chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

fn array<T: Copy>(stream: &Stream, values: &[T], shape: &[usize]) -> Array {
    let layout = Layout::contiguous(shape, size_of::<T>(), Order::C).unwrap();
    // SAFETY: the slice has the layout's elements.
    unsafe { Array::from_host_on(stream, values.as_ptr().cast(), &layout, Order::C, None) }.unwrap()
}

fn back<T: Copy + Default>(array: &Array) -> Vec<T> {
    let mut values = vec![T::default(); array.layout().size()];
    let layout = Layout::contiguous(array.layout().shape(), size_of::<T>(), Order::C).unwrap();
    // SAFETY: the vector has the layout's elements.
    unsafe { array.copy_to_host(values.as_mut_ptr().cast(), &layout) }.unwrap();
    values
}

fn names() -> Vec<String> {
    let name = |call: String| call.split('(').next().unwrap().to_owned();
    standin::calls().into_iter().map(name).filter(|name| !name.starts_with("cuCtx") && name != "cuDeviceGetAttribute").collect()
}

#[test]
fn each_argument_is_its_words_in_order() {
    let (_alone, context) = alone();
    let stream = Stream::new(context, true, 0).unwrap();
    let many = kernel(
        "
def kernel(a, b, c, d, e, f, g, h, i, j, k, x, y):
    y[0, 1] = x[0] + a + b + c + d + e + f + g + h + i + j + k.real
",
    );
    let (mut x, whole) = (array(&stream, &[1.5f32; 7], &[7]), array(&stream, &[0f64; 24], &[4, 6]));
    let mut y = whole.slice(0, 3, -2, 2).unwrap().slice(1, 1, 2, 3).unwrap().transposed();
    let (at, held) = ([x.pointer().addr() as u64, y.pointer().addr() as u64], [x.view(), y.view()]);
    let mut args = Args::new();
    args.scalar(true)
        .scalar(-1i8)
        .scalar(-2i16)
        .scalar(-3i32)
        .scalar(-4i64)
        .scalar(250u8)
        .scalar(65_000u16)
        .scalar(4_000_000_000u32)
        .scalar(u64::MAX);
    args.scalar(1.5f32).scalar(Complex::new(0.5f64, -2.0)).device(&mut x, ScalarType::F32).unwrap().device(&mut y, ScalarType::F64).unwrap();
    let seen = seen();
    many.launch_on(&stream, &Config::new((3, 2), (32, 4)).unwrap(), &args, &held).unwrap();
    assert!(seen.lock().unwrap().is_empty(), "a launch is not waited for");
    stream.synchronize().unwrap();
    let (launch, words) = seen.lock().unwrap().pop().unwrap();
    assert_eq!((launch.kernel.as_str(), launch.grid, launch.block, launch.shared), ("kernel_kernel", [3, 2, 1], [32, 4, 1], 0));
    let scalars = [
        1,
        0xff,
        0xfffe,
        0xffff_fffd,
        -4i64 as u64,
        250,
        65_000,
        4_000_000_000,
        u64::MAX,
        1.5f32.to_bits().into(),
        0.5f64.to_bits(),
        (-2.0f64).to_bits(),
    ];
    assert_eq!(words[..12], scalars);
    assert_eq!(words[12..15], [at[0], 7, 4]);
    assert_eq!(words[15..20], [at[1], 3, 2, 16, -96i64 as u64]);
    assert_eq!(words.len(), 21, "and the status block, which is zero before the launch");
    assert_eq!(standin::read(words[20], Status::SIZE).unwrap(), vec![0; Status::SIZE]);
    assert_eq!(standin::calls().iter().filter(|call| call.contains("kernel_kernel")).count(), 1);
}

#[test]
fn results_come_back_and_types_are_overloads() {
    let (_alone, context) = alone();
    let stream = Stream::default_of(context);
    let add = kernel(
        "
def kernel(x, v):
    i = cuda.grid(1)
    if i < x.shape[0]:
        x[i] = x[i] + v
",
    );
    standin::on_launch(|launch| {
        let words = words(launch);
        let (at, n, step) = (words[0], words[1], words[2]);
        let threads = u64::from(launch.grid[0] * launch.block[0]);
        assert!(threads >= n && step == 4);
        for i in 0..n {
            let value = f32::from_le_bytes(standin::read(at + i * step, 4).unwrap().try_into().unwrap());
            assert!(standin::write(at + i * step, &(value + f32::from_bits(words[3] as u32)).to_le_bytes()));
        }
    });
    let config = Config::for_elements(100, 64).unwrap();
    let mut x = array(&stream, &(0..100).map(|i| i as f32).collect::<Vec<_>>(), &[100]);
    for _ in 0..3 {
        let held = [x.view()];
        let mut args = Args::new();
        args.device(&mut x, ScalarType::F32).unwrap().scalar(0.5f32);
        add.launch_on(&stream, &config, &args, &held).unwrap();
    }
    assert_eq!(back::<f32>(&x), (0..100).map(|i| i as f32 + 1.5).collect::<Vec<_>>());
    assert_eq!(add.overloads().count(), 1);
    // Compiled and loaded once.
    assert_eq!(names().iter().filter(|name| name.as_str() == "cuModuleLoadDataEx").count(), 1);
    let mut args = Args::new();
    args.value(Scalar::from_bits(ScalarType::I64, 1));
    assert!(matches!(add.launch_on(&stream, &config, &args, &[]), Err(Error::ArgumentCount { .. })));
}

const FAILS: &str = "
def kernel(x, i):
    if x[0] > 3:
        raise ValueError('too large')
    x[i] = 1
";

/// Launches [`FAILS`] on an array.
fn launch_failing(bad: &Kernel, stream: &Stream, config: &Config, x: &mut Array) {
    let held = [x.view()];
    let mut args = Args::new();
    args.device(x, ScalarType::I64).unwrap().scalar(70i64);
    bad.launch_on(stream, config, &args, &held).unwrap();
}

/// Has a kernel fail as its code would: at `site`, of the block and thread given.
fn fails(site: u32, block: u64, thread: u64) {
    standin::on_launch(move |launch| {
        let at = *words(launch).last().unwrap();
        let before = standin::read(at, 8).unwrap();
        assert_eq!(before, [0; 8], "nothing was left of an earlier failure");
        let status = Status { first: !(block * 2048 + thread), site, block, thread, axis: 1, index: 70, extent: 10, ..Status::default() };
        assert!(standin::write(at, &status.to_bytes()));
    });
}

fn failed(outcome: Result<(), devices::Error>) -> Box<Failed> {
    match outcome {
        Err(devices::Error::Failed(failed)) => failed,
        other => panic!("the failure was lost: {other:?}"),
    }
}

#[test]
fn a_failure_is_told_once_when_somebody_waits() {
    let (_alone, context) = alone();
    let stream = Stream::new(context, true, 0).unwrap();
    let bad = kernel(FAILS);
    let mut x = array(&stream, &[0i64; 10], &[10]);
    let config = Config::new((3, 2), (8, 4)).unwrap();
    for _ in 0..2 {
        fails(2, 4, 9);
        launch_failing(&bad, &stream, &config, &mut x);
        // More than the launch is to be done, and what was asked for is another stream: nothing is told.
        let _more = [(); 3].map(|()| Array::zeroed_on(&stream, Layout::contiguous(&[8], 1, Order::C).unwrap()).unwrap());
        let other = Stream::new(context, true, 0).unwrap();
        other.synchronize().unwrap();
        collect(context, Waited::Stream(&other)).unwrap();
        stream.synchronize().unwrap();
        let error = failed(collect(context, Waited::Stream(&stream)));
        assert_eq!(error.place(), Place::Thread { block: [1, 1, 0], thread: [1, 1, 0] });
        assert_eq!((error.site.location.line, error.failure.index), (5, Some((0, 70, 10))));
        assert!(error.to_string().contains("kernel.py:5:"), "{error}");
        // Told once.
        collect(context, Waited::Device).unwrap();
    }
    // Of two streams that have not both ended each tells its own; the whole device tells all, the oldest first.
    let second = Stream::new(context, true, 0).unwrap();
    let mut y = array(&second, &[0i64; 10], &[10]);
    fails(1, 0, 1);
    launch_failing(&bad, &stream, &config, &mut x);
    let _more = [(); 3].map(|()| Array::zeroed_on(&stream, Layout::contiguous(&[8], 1, Order::C).unwrap()).unwrap());
    launch_failing(&bad, &second, &config, &mut y);
    second.synchronize().unwrap();
    assert_eq!(failed(collect(context, Waited::Stream(&second))).failure.thread, 1);
    context.synchronize().unwrap();
    failed(collect(context, Waited::Device));
    collect(context, Waited::Device).unwrap();
    // An error of the driver's while blocks are read loses none of them.
    launch_failing(&bad, &stream, &config, &mut x);
    stream.synchronize().unwrap();
    standin::fail("cuMemcpyDtoHAsync_v2", 719, 0);
    assert!(matches!(collect(context, Waited::Stream(&stream)), Err(devices::Error::Device(_))));
    failed(collect(context, Waited::Stream(&stream)));
}

#[test]
fn many_shapes_share_blocks_and_none_is_lost() {
    let (_alone, context) = alone();
    let stream = Stream::new(context, true, 0).unwrap();
    let bad = kernel(FAILS);
    let mut x = array(&stream, &[0i64; 10], &[10]);
    let at = Arc::new(Mutex::new(Vec::new()));
    let noted = at.clone();
    standin::on_launch(move |launch| noted.lock().unwrap().push(*words(launch).last().unwrap()));
    let shapes = 40;
    for blocks in 1..=shapes {
        launch_failing(&bad, &stream, &Config::new(blocks, 32).unwrap(), &mut x);
    }
    stream.synchronize().unwrap();
    let mut places = at.lock().unwrap().clone();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), shapes as usize, "each its own while they may be running");
    standin::calls();
    collect(context, Waited::Stream(&stream)).unwrap();
    assert_eq!(names().iter().filter(|name| name.as_str() == "cuMemcpyDtoHAsync_v2").count(), 1, "all are read by one copy");
    // Those that were read are used again.
    let before = standin::live();
    for blocks in 1..=600 {
        launch_failing(&bad, &stream, &Config::new(blocks + 100, 32).unwrap(), &mut x);
        stream.synchronize().unwrap();
        collect(context, Waited::Stream(&stream)).unwrap();
    }
    assert_eq!(standin::live(), before);
}

#[test]
fn printed_lines_are_shown_when_somebody_waits() {
    let (_alone, context) = alone();
    let shown = Arc::new(Mutex::new(String::new()));
    let to = shown.clone();
    verdigris_compiler::abi::set_printer(move |text| to.lock().unwrap().push_str(text));
    let stream = Stream::new(context, true, 0).unwrap();
    let says = kernel(
        "
def kernel(x):
    print('x is', x)
",
    );
    standin::on_launch(|launch| {
        let words = words(launch);
        let at = words[1];
        let mut status = Status::from_bytes(&standin::read(at, Status::SIZE).unwrap().try_into().unwrap());
        assert!(status.print != 0 && status.print_size >= 1 << 20 && status.print_used == 0);
        for thread in [1u64, 0] {
            let record = [32, 0, thread, words[0] + thread].map(u64::to_le_bytes).concat();
            assert!(standin::write(status.print + status.print_used, &record));
            status.print_used += 32;
        }
        assert!(standin::write(at, &status.to_bytes()));
    });
    for _ in 0..2 {
        let mut args = Args::new();
        args.scalar(5i64);
        says.launch_on(&stream, &Config::new(1, 2).unwrap(), &args, &[]).unwrap();
        assert_eq!(*shown.lock().unwrap(), "");
        stream.synchronize().unwrap();
        collect(context, Waited::Stream(&stream)).unwrap();
        assert_eq!(std::mem::take(&mut *shown.lock().unwrap()), "x is 5\nx is 6\n");
    }
}

fn refused(outcome: Result<(), Error>) -> LaunchError {
    match outcome {
        Err(Error::Launch(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_device_does_not_allow_is_an_error_before_it_is_asked() {
    let (_alone, context) = alone();
    let stream = Stream::default_of(context);
    let seen = seen();
    let shared = kernel(
        "
def kernel(x):
    fixed = cuda.shared.array(1024, 'float64')
    own = cuda.shared.array(0, 'float32')
    t = cuda.threadIdx.x
    own[t] = x
    fixed[t] = x
    cuda.syncthreads()
    own[t] += fixed[t - 1]
",
    );
    let mut args = Args::new();
    args.scalar(1.0f64);
    let of = |bytes: i64| Config::new(1, 32).unwrap().with_shared(bytes).unwrap();
    // 8 KiB are static: 40 KiB more need not be asked for, 41 must be, and 91 is all there is.
    standin::calls();
    shared.launch_on(&stream, &of(40 << 10), &args, &[]).unwrap();
    assert!(!names().contains(&"cuFuncSetAttribute".to_owned()));
    shared.launch_on(&stream, &of(41 << 10), &args, &[]).unwrap();
    let asked = standin::calls();
    assert!(asked.iter().any(|call| call.starts_with("cuFuncSetAttribute") && call.contains("value=41984")), "{asked:?}");
    shared.launch_on(&stream, &of(91 << 10), &args, &[]).unwrap();
    let most = 91 << 10;
    assert_eq!(refused(shared.launch_on(&stream, &of(most + 1), &args, &[])), LaunchError::SharedMemory { bytes: most + 1, limit: most });
    stream.synchronize().unwrap();
    assert_eq!(seen.lock().unwrap().drain(..).map(|(launch, _)| launch.shared).collect::<Vec<_>>(), [40 << 10, 41 << 10, 91 << 10]);

    let mut options = Options::default();
    let mut gpu = GpuOptions::default();
    gpu.most_threads = Some(128);
    options.gpu = gpu;
    let bounded = with(
        "
def kernel(x):
    x[cuda.grid(1)] = 1
",
        options,
    );
    let mut x = array(&stream, &[0i32; 256], &[256]);
    let held = [x.view()];
    let mut args = Args::new();
    args.device(&mut x, ScalarType::I32).unwrap();
    bounded.launch_on(&stream, &Config::new(2, 128).unwrap(), &args, &held).unwrap();
    let error = refused(bounded.launch_on(&stream, &Config::new(1, 256).unwrap(), &args, &held));
    assert_eq!(error, LaunchError::BlockOnGpu { threads: 256, limit: 128 });

    let together = kernel(
        "
def kernel(x):
    x[cuda.grid(1)] = 1
    cuda.cg.this_grid().sync()
    x[cuda.grid(1)] += x[0]
",
    );
    context.synchronize().unwrap();
    seen.lock().unwrap().clear();
    standin::calls();
    for _ in 0..2 {
        together.launch_on(&stream, &Config::new(32, 256).unwrap(), &args, &held).unwrap();
    }
    let error = refused(together.launch_on(&stream, &Config::new(33, 256).unwrap(), &args, &held));
    assert_eq!(error, LaunchError::CooperativeOnGpu { blocks: 33, limit: 32 });
    context.synchronize().unwrap();
    let launches = seen.lock().unwrap();
    assert!(launches.iter().all(|(launch, _)| launch.cooperative) && launches.len() == 2);
    // The word at which the blocks meet is zeroed before each.
    let meeting = format!("cuMemsetD8Async(to={}, value=0, count=4,", launches[0].1.last().unwrap() + 36);
    let calls = standin::calls();
    assert_eq!(calls.iter().filter(|call| call.starts_with(&meeting)).count(), 2, "{calls:?}");
    let overload = together.overloads().next().unwrap().clone();
    assert_eq!(together.most_blocks_on(context, &overload, &Config::new(1, 256).unwrap()).unwrap(), 32);
}

#[test]
fn the_first_work_of_a_stream_waits_for_the_memory() {
    let (_alone, context) = alone();
    let (home, stream) = (Stream::new(context, true, 0).unwrap(), Stream::new(context, true, 0).unwrap());
    let fill = kernel(
        "
def kernel(x):
    x[cuda.grid(1)] = 1
",
    );
    let mut x = Array::zeroed_on(&home, Layout::contiguous(&[32], 4, Order::C).unwrap()).unwrap();
    let held = [x.view()];
    let mut args = Args::new();
    args.device(&mut x, ScalarType::I32).unwrap();
    standin::on_launch(|launch| {
        // The zeros of the other stream are there: nobody waited for it but by an event.
        assert_eq!(standin::read(words(launch)[0], 128).unwrap(), [0; 128]);
        assert!(standin::write(words(launch)[0], &[7; 128]));
    });
    let config = Config::new(1, 32).unwrap();
    fill.launch_on(&stream, &config, &args, &held).unwrap();
    assert_eq!(names().iter().filter(|name| name.as_str() == "cuStreamWaitEvent").count(), 1);
    stream.synchronize().unwrap();
    standin::on_launch(|_| {});
    fill.launch_on(&stream, &config, &args, &held).unwrap();
    assert!(!names().contains(&"cuStreamWaitEvent".to_owned()), "once");
    // Memory that goes away is freed behind the launch.
    drop(args);
    drop((held, x));
    let names = names();
    let at = |name: &str| names.iter().position(|n| n == name);
    assert!(at("cuStreamWaitEvent") < at("cuMemFreeAsync") && at("cuMemFreeAsync").is_some(), "{names:?}");
    context.synchronize().unwrap();
    let _ = collect(context, Waited::Device);
}

#[test]
fn elements_that_lie_anywhere_have_code_of_their_own() {
    let (_alone, context) = alone();
    let stream = Stream::default_of(context);
    let add = kernel(
        "
def kernel(x):
    x[0] = x[0] + 1
",
    );
    let bytes = array(&stream, &[0u8; 65], &[65]);
    let seen = seen();
    let config = Config::new(1, 1).unwrap();
    for (offset, loads) in [(8usize, 1), (1, 2), (16, 2), (3, 2)] {
        let layout = Layout::contiguous(&[2], 8, Order::C).unwrap();
        let view = Array::over(bytes.buffer().clone(), offset, layout).unwrap();
        let ty = verdigris_cuda_jit::args::array_type(ScalarType::F64, &[2], &[8], false).unwrap();
        let mut args = Args::new();
        // SAFETY: on a GPU nothing is read here, and the code takes any alignment.
        unsafe { args.raw_array(ty, view.pointer(), &[2], &[8]) };
        add.launch_on(&stream, &config, &args, &[view]).unwrap();
        let all = standin::calls();
        let loaded = all.iter().filter(|call| call.starts_with("cuModuleLoadDataEx")).count();
        assert_eq!(loaded, usize::from(offset == 8 || offset == 1), "offset {offset}, {loads}");
    }
    context.synchronize().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);
    let ptx = add.ptx(add.overloads().next().unwrap(), verdigris_compiler::llvm::ptx::Arch::new(9, 0).unwrap()).unwrap();
    assert!(ptx.text.contains("ld.b64") || ptx.text.contains("ld.global.b64"), "the aligned form reads whole numbers");
}

#[test]
fn the_drivers_log_is_in_the_error_and_another_launch_tries_again() {
    let (_alone, context) = alone();
    let stream = Stream::default_of(context);
    let fill = kernel(
        "
def kernel(x):
    x[cuda.grid(1)] = 1
",
    );
    let mut x = array(&stream, &[0i32; 32], &[32]);
    let held = [x.view()];
    let mut args = Args::new();
    args.device(&mut x, ScalarType::I32).unwrap();
    let config = Config::new(1, 32).unwrap();
    for (function, status, says) in [
        ("cuLinkAddData_v2", 222, "compiling PTX for device 0: CUDA_ERROR_UNSUPPORTED_PTX_VERSION"),
        ("cuModuleLoadDataEx", 2, "CUDA_ERROR_OUT_OF_MEMORY"),
        ("cuLaunchKernel", 701, "launching kernel_kernel on device 0 with 1 x 1 x 1 blocks"),
    ] {
        standin::fail(function, status, 0);
        let error = fill.launch_on(&stream, &config, &args, &held).unwrap_err();
        assert!(matches!(error, Error::Device(_)) && error.to_string().contains(says), "{error}");
    }
    fill.launch_on(&stream, &config, &args, &held).unwrap();
    context.synchronize().unwrap();
    collect(context, Waited::Device).unwrap();
}
