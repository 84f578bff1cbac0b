//! Generators that fill a GPU's memory: against the stand-in of the driver and cuRAND, and by NVIDIA's own cuRAND on memory that host and "GPU" share.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::path::PathBuf;
use std::sync::OnceLock;

use verdigris_device::array::Array;
use verdigris_device::cuda::{Context, Driver, Memory, Stream};
use verdigris_device::layout::{Layout, Order};
use verdigris_device::library::{self, Name, Places};
use verdigris_device::memory::Buffer;
use verdigris_driver_standin as standin;
use verdigris_rand::cuda::{Error, Generator as OnGpu, Request};
use verdigris_rand::{Error as Refused, Generator, Kind, Ordering};

fn context() -> &'static Context {
    static DRIVER: OnceLock<&'static Driver> = OnceLock::new();
    // SAFETY: the stand-in behaves as the driver, and is linked for good.
    let driver = DRIVER.get_or_init(|| unsafe { Driver::start(&standin::lookup) }.unwrap());
    driver.context(0).unwrap()
}

fn stream() -> Stream {
    Stream::default_of(context())
}

fn array(len: usize, itemsize: usize) -> Array {
    Array::zeroed_on(&stream(), Layout::contiguous(&[len], itemsize, Order::C).unwrap()).unwrap()
}

fn bytes(array: &Array) -> Vec<u8> {
    let mut host = vec![0; array.layout().nbytes()];
    array.copy_to_slice(&mut host).unwrap();
    host
}

fn fill(generator: &mut OnGpu, request: Request, out: &Array, on: Option<&Stream>) -> Result<(), Error> {
    // SAFETY: the stand-in behaves as cuRAND, and is linked for good.
    unsafe { generator.fill_from(&standin::lookup, request, out, on) }
}

fn philox(seed: u64, offset: u64) -> Generator {
    Generator::builder(Kind::Philox4x32).seed(seed).offset(offset).build().unwrap()
}

/// The names of the calls of cuRAND since the last time.
fn curand_calls() -> Vec<String> {
    standin::calls().into_iter().filter(|call| call.starts_with("curand")).collect()
}

/// What the host makes of a request.
fn drawn(generator: &mut Generator, request: Request, len: usize) -> Vec<u8> {
    fn of<T: Copy + Default, const N: usize>(len: usize, to: impl Fn(T) -> [u8; N], draw: impl FnOnce(&mut [T])) -> Vec<u8> {
        let mut out = vec![T::default(); len];
        draw(&mut out);
        out.into_iter().flat_map(to).collect()
    }
    match request {
        Request::Bits32 => of(len, u32::to_ne_bytes, |out| generator.generate_u32(out).unwrap()),
        Request::Bits64 => of(len, u64::to_ne_bytes, |out| generator.generate_u64(out).unwrap()),
        Request::Uniform32 => of(len, f32::to_ne_bytes, |out| generator.uniform_f32(out).unwrap()),
        Request::Uniform64 => of(len, f64::to_ne_bytes, |out| generator.uniform_f64(out).unwrap()),
        Request::Normal32 { mean, sigma } => of(len, f32::to_ne_bytes, |out| generator.curand_normal_f32(out, mean, sigma).unwrap()),
        Request::Normal64 { mean, sigma } => of(len, f64::to_ne_bytes, |out| generator.curand_normal_f64(out, mean, sigma).unwrap()),
        Request::LogNormal32 { mean, sigma } => of(len, f32::to_ne_bytes, |out| generator.curand_lognormal_f32(out, mean, sigma).unwrap()),
        Request::LogNormal64 { mean, sigma } => of(len, f64::to_ne_bytes, |out| generator.curand_lognormal_f64(out, mean, sigma).unwrap()),
        Request::Poisson { lambda } => of(len, u32::to_ne_bytes, |out| generator.poisson(out, lambda).unwrap()),
        _ => unreachable!("a request that this test does not know"),
    }
}

#[test]
fn a_gpus_array_is_filled_by_curand_as_it_was_set_up() {
    let _alone = standin::session();
    let mut generator = OnGpu::from(philox(42, 7));
    let out = array(10, 4);
    fill(&mut generator, Request::Uniform32, &out, None).unwrap();
    let calls = curand_calls();
    let names: Vec<&str> = calls.iter().map(|call| call.split('(').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "curandCreateGenerator",
            "curandSetGeneratorOrdering",
            "curandSetPseudoRandomGeneratorSeed",
            "curandSetGeneratorOffset",
            "curandSetStream",
            "curandGenerateUniform"
        ]
    );
    assert!(calls[0].contains("kind=161") && calls[1].contains("ordering=101") && calls[2].contains("seed=42") && calls[3].contains("offset=7"));
    assert!(calls[4].ends_with("stream=0)"), "{}", calls[4]);
    let pointer = out.pointer() as usize;
    assert!(calls[5].contains(&format!("out={pointer}, n=10)")), "{}", calls[5]);
    assert!(standin::pending() > 0, "nobody has waited");
    assert_eq!(bytes(&out), drawn(&mut philox(42, 7), Request::Uniform32, 10));
    drop(generator);
    assert!(curand_calls()[0].starts_with("curandDestroyGenerator("));
}

#[test]
fn host_and_gpu_are_one_stream() {
    let _alone = standin::session();
    let mut both = OnGpu::from(philox(3, 0));
    let mut host = philox(3, 0);
    let requests =
        [(Request::Bits32, 5), (Request::Uniform32, 7), (Request::Uniform64, 9), (Request::Bits32, 1), (Request::Bits32, 2), (Request::Bits64, 4)];
    for (request, len) in requests {
        let out = array(len, request.itemsize());
        fill(&mut both, request, &out, None).unwrap();
        assert_eq!(bytes(&out), drawn(&mut host, request, len), "{request:?}");
    }
    // Asking does not take the GPU's generator out of step.
    assert_eq!(both.host().position(), host.position());
    assert_eq!(both.host().saved(), host.saved());
    let out = array(6, 4);
    curand_calls();
    fill(&mut both, Request::Bits32, &out, None).unwrap();
    assert_eq!(curand_calls().len(), 1);
    assert_eq!(bytes(&out), drawn(&mut host, Request::Bits32, 6));
    // Drawing on the host does: then the host's numbers are copied, until the stream is restarted.
    assert_eq!(drawn(both.host_mut(), Request::Uniform64, 3), drawn(&mut host, Request::Uniform64, 3));
    fill(&mut both, Request::Uniform32, &array(4, 4), None).unwrap();
    drawn(&mut host, Request::Uniform32, 4);
    fill(&mut both, Request::Bits32, &out, None).unwrap();
    assert_eq!(bytes(&out), drawn(&mut host, Request::Bits32, 6));
    assert_eq!(curand_calls(), [""; 0]);
    both.host_mut().set_offset(11).unwrap();
    host.set_offset(11).unwrap();
    fill(&mut both, Request::Bits32, &out, None).unwrap();
    assert_eq!(bytes(&out), drawn(&mut host, Request::Bits32, 6));
    let calls = curand_calls();
    assert!(calls.len() == 2 && calls[0].contains("offset=11"), "the same generator, at a new offset: {calls:?}");
}

#[test]
fn clones_go_on_from_the_same_point() {
    let _alone = standin::session();
    let mut one = OnGpu::from(philox(3, 0));
    fill(&mut one, Request::Bits32, &array(5, 4), None).unwrap();
    let mut two = one.clone();
    let (a, b) = (array(6, 4), array(6, 4));
    fill(&mut one, Request::Bits32, &a, None).unwrap();
    fill(&mut two, Request::Bits32, &b, None).unwrap();
    assert_eq!(bytes(&a), bytes(&b));
}

#[test]
fn another_stream_waits_for_the_generator() {
    let _alone = standin::session();
    let mut generator = OnGpu::from(philox(1, 0));
    let (one, two) = (Stream::new(context(), true, 0).unwrap(), Stream::new(context(), true, 0).unwrap());
    let out = array(8, 4);
    // These streams do not wait for the zeros, which are ordered on the default one.
    stream().synchronize().unwrap();
    fill(&mut generator, Request::Bits32, &out, Some(&one)).unwrap();
    standin::calls();
    fill(&mut generator, Request::Bits32, &out, Some(&one)).unwrap();
    let same = standin::calls().join("\n");
    assert!(!same.contains("cuStreamWaitEvent") && !same.contains("curandSetStream"), "{same}");
    fill(&mut generator, Request::Bits32, &out, Some(&two)).unwrap();
    let other: Vec<String> = standin::calls().into_iter().filter(|call| !call.starts_with("cuCtx")).collect();
    let set = other.iter().position(|call| call.starts_with("curandSetStream(")).unwrap();
    assert!(other[set].ends_with(&format!("stream={})", two.raw())), "{other:?}");
    assert!(other[set - 1].starts_with(&format!("cuStreamWaitEvent(stream={}", two.raw())), "{other:?}");
    two.synchronize().unwrap();
    let mut host = philox(1, 0);
    drawn(&mut host, Request::Bits32, 16);
    assert_eq!(bytes(&out), drawn(&mut host, Request::Bits32, 8), "the third call's numbers were written last");
}

#[test]
fn strided_arrays_are_filled_in_order() {
    let _alone = standin::session();
    let whole = array(40, 4);
    let part = whole.slice(0, 39, -3, 12).unwrap();
    fill(&mut OnGpu::from(philox(9, 0)), Request::Bits32, &part, None).unwrap();
    assert_eq!(bytes(&part), drawn(&mut philox(9, 0), Request::Bits32, 12));
    let untouched = whole.slice(0, 0, 1, 6).unwrap();
    assert_eq!(bytes(&untouched), [0; 24]);
}

#[test]
fn what_is_refused_changes_nothing() {
    let _alone = standin::session();
    let mut xorwow = OnGpu::from(Generator::builder(Kind::Xorwow).seed(1).build().unwrap());
    let out = array(5, 4);
    let normal = Request::Normal32 { mean: 0.0, sigma: 1.0 };
    assert_eq!(fill(&mut xorwow, normal, &out, None), Err(Refused::OddLength { len: 5 }.into()));
    assert_eq!(fill(&mut xorwow, Request::Uniform64, &out, None), Err(Error::Element { found: 4, expected: 8 }));
    assert_eq!(fill(&mut xorwow, Request::Poisson { lambda: -1.0 }, &out, None), Err(Refused::Lambda { lambda: -1.0 }.into()));
    let mut sobol = OnGpu::from(Generator::builder(Kind::Sobol64).dims(3).build().unwrap());
    assert_eq!(fill(&mut sobol, Request::Bits64, &array(5, 8), None), Err(Refused::Multiple { len: 5, dims: 3 }.into()));
    assert_eq!(fill(&mut sobol, Request::Bits32, &out, None), Err(Refused::Width { kind: Kind::Sobol64, bits: 32 }.into()));
    let host = Array::zeroed(Layout::contiguous(&[5], 4, Order::C).unwrap()).unwrap();
    assert!(matches!(fill(&mut xorwow, Request::Bits32, &host, None), Err(Error::Device(_))));
    assert_eq!(curand_calls(), [""; 0]);
    assert_eq!(bytes(&out), [0; 20]);
}

#[test]
fn a_failure_of_curands_is_told_and_the_stream_goes_on() {
    let _alone = standin::session();
    let mut both = OnGpu::from(philox(5, 0));
    let mut host = philox(5, 0);
    let out = array(8, 4);
    fill(&mut both, Request::Bits32, &out, None).unwrap();
    drawn(&mut host, Request::Bits32, 8);
    standin::fail("curandGenerate", 201, 0);
    let error = fill(&mut both, Request::Bits32, &out, None).unwrap_err();
    assert_eq!(error.to_string(), "curandGenerate: CURAND_STATUS_LAUNCH_FAILURE (201)");
    fill(&mut both, Request::Bits32, &out, None).unwrap();
    assert_eq!(bytes(&out), drawn(&mut host, Request::Bits32, 8));
    standin::fail("curandCreateGenerator", 203, 0);
    let error = fill(&mut OnGpu::from(philox(5, 0)), Request::Bits32, &out, None).unwrap_err();
    assert_eq!(error.to_string(), "curandCreateGenerator: CURAND_STATUS_INITIALIZATION_FAILED (203)");
}

#[test]
fn every_kind_and_setting_reaches_curand() {
    let _alone = standin::session();
    for (kind, number) in [(Kind::Xorwow, 101), (Kind::Mrg32k3a, 121), (Kind::Mt19937, 142), (Kind::Sobol32, 201), (Kind::Sobol64, 203)] {
        let mut builder = Generator::builder(kind);
        if kind.is_quasi() {
            builder = builder.dims(2);
        }
        let mut generator = OnGpu::from(builder.build().unwrap());
        let out = array(4, 8);
        fill(&mut generator, Request::Uniform64, &out, None).unwrap();
        let calls = curand_calls().join("\n");
        assert!(calls.contains(&format!("kind={number})")), "{calls}");
        assert_eq!(calls.contains("curandSetGeneratorOffset"), kind.has_offset(), "{calls}");
        assert_eq!(calls.contains("dims=2"), kind.is_quasi(), "{calls}");
        assert_eq!(calls.contains("curandSetPseudoRandomGeneratorSeed"), kind.has_seed(), "{calls}");
    }
    let seeded = Generator::builder(Kind::Xorwow).ordering(Ordering::Seeded).build().unwrap();
    fill(&mut OnGpu::from(seeded), Request::Bits32, &array(4, 4), None).unwrap();
    assert!(curand_calls().join("\n").contains("ordering=102"));
    // A twister has no offset: its generator is made anew where it begins again.
    let mut twister = OnGpu::from(Generator::builder(Kind::Mt19937).build().unwrap());
    fill(&mut twister, Request::Bits32, &array(4, 4), None).unwrap();
    curand_calls();
    twister.host_mut().set_seed(9).unwrap();
    fill(&mut twister, Request::Bits32, &array(4, 4), None).unwrap();
    let calls = curand_calls();
    assert!(calls[0].starts_with("curandCreateGenerator") && calls[1].starts_with("curandDestroyGenerator"), "{calls:?}");
    // Ours alone are made on the host.
    let owen = Generator::builder(Kind::OwenSobol32).build().unwrap();
    let out = array(4, 4);
    fill(&mut OnGpu::from(owen.clone()), Request::Bits32, &out, None).unwrap();
    assert_eq!(curand_calls(), [""; 0]);
    assert_eq!(bytes(&out), drawn(&mut owen.clone(), Request::Bits32, 4));
}

/// NVIDIA's cuRAND, its generators made for the host: they need no GPU, and write to memory that the host can use, as managed memory of the stand-in is.
fn nvidias() -> Option<&'static library::Library> {
    static FOUND: OnceLock<Option<&'static library::Library>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let folder = PathBuf::from(std::env::var_os("VERDIGRIS_TEST_CUDA_LIB_DIR")?);
        let places = Places { directories: vec![folder], ..Places::default() };
        let opened = library::open_in(Name::Curand, &places).unwrap();
        Some(Box::leak(Box::new(opened)))
    })
}

fn hosts(name: &CStr) -> Option<*const c_void> {
    let name = if name == c"curandCreateGenerator" { c"curandCreateGeneratorHost" } else { name };
    nvidias()?.find(name)
}

/// In a process of its own, since the library that is given first stays. Run with the folder of NVIDIA's cuRAND in `VERDIGRIS_TEST_CUDA_LIB_DIR`: `cargo test --test cuda nvidias -- --ignored`.
#[test]
#[ignore = "needs NVIDIA's cuRAND, which `make golden` has, and a process of its own"]
fn nvidias_curand_gives_the_hosts_stream_through_the_same_calls() {
    let _alone = standin::session();
    assert!(nvidias().is_some(), "VERDIGRIS_TEST_CUDA_LIB_DIR is not set");
    let shared = |len: usize, itemsize: usize| {
        let memory = Memory::managed(len * itemsize, &stream(), true).unwrap();
        Array::over(Buffer::on_gpu(memory), 0, Layout::contiguous(&[len], itemsize, Order::C).unwrap()).unwrap()
    };
    let mut compared = 0;
    for (kind, orderings) in [
        (Kind::Xorwow, &[Ordering::Best, Ordering::Default, Ordering::Seeded, Ordering::Legacy][..]),
        (Kind::Mrg32k3a, &[Ordering::Default, Ordering::Legacy]),
        (Kind::Philox4x32, &[Ordering::Default]),
        (Kind::Sobol32, &[Ordering::Quasi]),
        (Kind::Sobol64, &[Ordering::Quasi]),
    ] {
        for &ordering in orderings {
            let mut builder = Generator::builder(kind).ordering(ordering).offset(12345);
            builder = if kind.is_quasi() { builder.dims(3) } else { builder.seed(77) };
            let mut host = builder.build().unwrap();
            let mut both = OnGpu::from(builder.build().unwrap());
            let bits = if kind.is_wide() { Request::Bits64 } else { Request::Bits32 };
            let lambda = Request::Poisson { lambda: 20.0 };
            let mut requests = vec![bits, Request::Uniform32, Request::Uniform64, bits, Request::Uniform32];
            if !kind.is_quasi() {
                requests.extend([
                    lambda,
                    Request::Normal32 { mean: 1.0, sigma: 2.0 },
                    bits,
                    Request::Normal64 { mean: 0.0, sigma: 1.0 },
                    Request::Bits64,
                ]);
            }
            for round in 0..3 {
                for &request in &requests {
                    let len = [6, 3000, 6 * 4099][round];
                    let out = shared(len, request.itemsize());
                    // SAFETY: NVIDIA's own library, which stays open.
                    unsafe { both.fill_from(&hosts, request, &out, None) }.unwrap();
                    assert_eq!(bytes(&out), drawn(&mut host, request, len), "{kind} {ordering} {request:?} round {round}");
                    compared += len;
                }
                if round == 1 {
                    both.host_mut().set_offset(5).unwrap();
                    host.set_offset(5).unwrap();
                } else if kind.has_seed() {
                    // The seed alone restarts where the stream stands, on both.
                    both.host_mut().set_seed(78 + round as u64).unwrap();
                    host.set_seed(78 + round as u64).unwrap();
                }
            }
        }
    }
    assert!(compared > 1_000_000);
}
