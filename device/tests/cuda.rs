//! The driver's objects against the stand-in of the driver: by value, and by the calls it was made.
#![allow(unsafe_code)]

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use verdigris_device::cuda::{
    self, Attribute, Context, Driver, Event, Function, Host, HostKind, JitOptions, Launch, Memory, Module, Status, Stream, Unusable,
};
use verdigris_device::layout::{Layout, Order};
use verdigris_device::{DeviceError, copy_strided};
use verdigris_driver_standin as standin;

fn start() -> &'static Driver {
    // SAFETY: the stand-in behaves as the driver, and is linked for good.
    unsafe { Driver::start(&standin::lookup) }.unwrap()
}

/// The stand-in to one test, and a driver of its own on it.
fn alone() -> (standin::Session, &'static Context, &'static Context) {
    let session = standin::session();
    let driver = start();
    let contexts = (driver.context(0).unwrap(), driver.context(1).unwrap());
    standin::calls();
    (session, contexts.0, contexts.1)
}

fn names() -> Vec<String> {
    let quiet = ["cuCtxGetCurrent", "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"];
    standin::calls().into_iter().map(|call| call.split('(').next().unwrap().to_owned()).filter(|name| !quiet.contains(&name.as_str())).collect()
}

fn status(error: DeviceError) -> i32 {
    match error {
        DeviceError::Cuda { status, .. } => status,
        other => panic!("{other}"),
    }
}

/// Device memory with those bytes, written at once.
fn memory(stream: &Stream, bytes: &[u8]) -> Memory {
    let memory = Memory::new(bytes.len(), stream).unwrap();
    assert!(standin::write(memory.pointer(), bytes));
    memory
}

fn ramp(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 37 + 11) as u8).collect()
}

const PTX: &str = ".version 8.0\n.target sm_75\n.address_size 64\n.visible .entry scale(\n.param .u64 scale_0,\n.param .f32 scale_1,\n.param .u32 scale_2\n)\n{\nret;\n}\n";

#[test]
fn devices_tell_their_facts() {
    let (_alone, first, second) = alone();
    assert_eq!((first.driver().version(), first.driver().count()), (13010, 2));
    assert_eq!((first.name().unwrap(), second.name().unwrap()), ("Stand-in 0".to_owned(), "Stand-in 1".to_owned()));
    assert_eq!(first.compute_capability(), Ok((9, 0)));
    assert_eq!(first.attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), Ok(4));
    assert_eq!(second.bus().unwrap(), "0000:01:00.0");
    assert_eq!(second.uuid().unwrap(), "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f");
    assert!(std::ptr::eq(first, first.driver().context(0).unwrap()), "a context is made once");
    assert_eq!(first.driver().context(2).unwrap_err().to_string(), "there is no GPU 2: this machine has 2, numbered from 0");
}

#[test]
fn a_thread_is_left_with_the_context_it_had() {
    let (_alone, first, second) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    first
        .within(|| {
            standin::calls();
            second.synchronize().unwrap();
            stream.synchronize().unwrap();
        })
        .unwrap();
    let calls = standin::calls();
    let pushes = calls.iter().filter(|call| call.starts_with("cuCtxPushCurrent_v2")).count();
    assert_eq!(pushes, 1, "only the other device's context is pushed: {calls:?}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("cuCtxPopCurrent_v2")).count(), 2, "{calls:?}");
}

#[test]
fn a_driver_that_cannot_serve_is_told_why() {
    let _alone = standin::session();
    let without = |missing: &'static str| move |name: &std::ffi::CStr| if name.to_str() == Ok(missing) { None } else { standin::lookup(name) };
    // SAFETY: as in `start`.
    let begin = |find: cuda::Lookup<'_>| unsafe { Driver::start(find) };
    assert_eq!(begin(&without("cuLaunchKernel")).unwrap_err(), Unusable::Symbol("cuLaunchKernel".into()));
    standin::fail("cuInit", 803, 0);
    let failed = begin(&standin::lookup).unwrap_err();
    assert_eq!(failed, Unusable::Failed { function: "cuInit", status: Status(803) });
    assert_eq!(
        failed.to_string(),
        "is there, but cuInit answers 803 (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH): the driver and the kernel's module are of different versions"
    );
    standin::fail("cuInit", 100, 0);
    assert_eq!(begin(&standin::lookup).unwrap_err(), Unusable::NoDevice);
    // Older drivers have no pools: ours serve.
    let driver = begin(&without("cuMemAllocFromPoolAsync")).unwrap();
    assert!(!driver.context(0).unwrap().pool().is_drivers());
    assert!(start().context(0).unwrap().pool().is_drivers());
}

#[test]
fn every_layout_is_copied_both_ways() {
    let (_alone, first, second) = alone();
    let mut state = 5u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for case in 0..300 {
        let context = if case % 2 == 0 { first } else { second };
        let stream = Stream::default_of(context);
        let shape: Vec<usize> = (0..below(5)).map(|_| below(5)).collect();
        let itemsize = [1, 2, 4, 8, 16, 12][below(6)];
        // Strides in some order of the axes, with gaps, some of them backwards.
        let mut side = |sparse: bool| {
            let mut axes: Vec<usize> = (0..shape.len()).collect();
            for i in (1..axes.len()).rev() {
                axes.swap(i, below(i + 1));
            }
            let (mut strides, mut step, mut at) = (vec![0isize; shape.len()], itemsize, 0);
            for axis in axes {
                step *= if sparse { 1 + below(3) } else { 1 };
                strides[axis] = step as isize;
                if sparse && below(3) == 0 {
                    strides[axis] = -strides[axis];
                    at += step * shape[axis].saturating_sub(1);
                }
                step *= shape[axis].max(1);
            }
            (Layout::strided(&shape, &strides, itemsize).unwrap(), at, step)
        };
        let (host, host_at, host_bytes) = side(case % 3 > 0);
        let (device, device_at, device_bytes) = side(case % 5 > 1);
        let source = ramp(host_bytes);
        let memory = memory(&stream, &vec![0x55; device_bytes]);
        let pointer = memory.pointer() + device_at as u64;
        // SAFETY: both sides were made to hold the layouts.
        unsafe { cuda::copy_from_host(pointer, &device, source.as_ptr().add(host_at), &host, &stream, None) }.unwrap();
        let mut expected = vec![0x55; device_bytes];
        // SAFETY: as above.
        unsafe {
            copy_strided(&shape, itemsize, expected.as_mut_ptr().add(device_at), device.strides(), source.as_ptr().add(host_at), host.strides())
        };
        assert_eq!(standin::read(memory.pointer(), device_bytes).unwrap(), expected, "to the device: {shape:?} {device:?} {host:?}");
        let mut back = vec![0xaa; host_bytes];
        // SAFETY: as above.
        unsafe { cuda::copy_to_host(back.as_mut_ptr().add(host_at), &host, pointer, &device, &stream, None) }.unwrap();
        let mut expected = vec![0xaa; host_bytes];
        // SAFETY: as above.
        unsafe { copy_strided(&shape, itemsize, expected.as_mut_ptr().add(host_at), host.strides(), source.as_ptr().add(host_at), host.strides()) };
        assert_eq!(back, expected, "to the host: {shape:?} {device:?} {host:?}");
    }
}

#[test]
fn dense_and_pitched_copies_are_one_call() {
    let (_alone, first, _) = alone();
    let stream = Stream::default_of(first);
    let memory = memory(&stream, &ramp(4096));
    let mut host = vec![0u8; 4096];
    let mut copy = |device: &Layout, host_layout: &Layout| {
        standin::calls();
        // SAFETY: both have 4,096 bytes, more than the layouts reach.
        unsafe { cuda::copy_to_host(host.as_mut_ptr(), host_layout, memory.pointer(), device, &stream, None) }.unwrap();
        names()
    };
    let dense = |shape: &[usize]| Layout::contiguous(shape, 4, Order::C).unwrap();
    let strided = |shape: &[usize], strides: &[isize]| Layout::strided(shape, strides, 4).unwrap();
    assert_eq!(copy(&dense(&[8, 8]), &dense(&[8, 8])), ["cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"]);
    assert_eq!(copy(&strided(&[8, 8], &[64, 4]), &dense(&[8, 8])), ["cuMemcpy2DAsync_v2", "cuStreamSynchronize"]);
    assert_eq!(copy(&strided(&[4, 3, 8], &[256, 64, 4]), &dense(&[4, 3, 8])), ["cuMemcpy3DAsync_v2", "cuStreamSynchronize"]);
    // What is turned round on the host's side is packed there, not copied element by element.
    assert_eq!(copy(&dense(&[8, 8]), &strided(&[8, 8], &[4, 32])), ["cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"]);
}

#[test]
fn pinned_copies_go_on_and_hold_their_memory() {
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    let host = Arc::new(Host::new(first, 256, HostKind::Pinned).unwrap());
    let bytes = ramp(256);
    // SAFETY: 256 bytes, only used here.
    unsafe { host.pointer().copy_from(bytes.as_ptr(), 256) };
    let target = memory(&stream, &[0; 256]);
    let layout = Layout::contiguous(&[256], 1, Order::C).unwrap();
    let owner: Box<dyn Any + Send> = Box::new(host.clone());
    // SAFETY: the host memory is held by its owner.
    unsafe { cuda::copy_from_host(target.pointer(), &layout, host.pointer(), &layout, &stream, Some(owner)) }.unwrap();
    assert_eq!(standin::read(target.pointer(), 256).unwrap(), [0; 256], "the copy was waited for");
    assert_eq!((Arc::strong_count(&host), first.kept()), (2, 1), "the memory is let go of while the copy is not done");
    stream.synchronize().unwrap();
    assert_eq!(standin::read(target.pointer(), 256).unwrap(), bytes);
    assert_eq!((Arc::strong_count(&host), first.kept()), (1, 0), "the memory is held after the copy");
    // Ordinary memory is copied at once: nobody has to hold it.
    let ordinary = ramp(300)[44..].to_vec();
    let owner: Box<dyn Any + Send> = Box::new(());
    // SAFETY: the copy has ended on return.
    unsafe { cuda::copy_from_host(target.pointer(), &layout, ordinary.as_ptr(), &layout, &stream, Some(owner)) }.unwrap();
    assert_eq!((standin::read(target.pointer(), 256).unwrap(), first.kept()), (ordinary, 0));
}

#[test]
fn streams_run_apart_until_one_follows_the_other() {
    let (_alone, first, _) = alone();
    let (a, b) = (Stream::new(first, true, 0).unwrap(), Stream::new(first, true, 0).unwrap());
    let (source, target) = (memory(&a, &[0; 8]), memory(&a, &[9; 8]));
    let layout = Layout::contiguous(&[8], 1, Order::C).unwrap();
    let run = |ordered: bool| {
        // SAFETY: both live through the test.
        unsafe {
            cuda::fill(source.pointer(), &layout, &[7], &a).unwrap();
            if ordered {
                b.follow(&a).unwrap();
            }
            cuda::copy_between(target.pointer(), &layout, source.pointer(), &layout, first, &b).unwrap();
        }
        b.synchronize().unwrap();
        let seen = standin::read(target.pointer(), 8).unwrap();
        first.synchronize().unwrap();
        standin::write(source.pointer(), &[0; 8]);
        seen
    };
    assert_eq!(run(false), [0; 8], "the stand-in orders what nobody ordered");
    assert_eq!(run(true), [7; 8]);
    assert!(a.query().unwrap());
    // The default stream waits for all others but the non-blocking ones.
    let blocking = Stream::new(first, false, 0).unwrap();
    // SAFETY: as above.
    unsafe {
        cuda::fill(source.pointer(), &layout, &[5], &blocking).unwrap();
        cuda::copy_between(target.pointer(), &layout, source.pointer(), &layout, first, &Stream::default_of(first)).unwrap();
    }
    Stream::default_of(first).synchronize().unwrap();
    assert_eq!(standin::read(target.pointer(), 8).unwrap(), [5; 8]);
}

#[test]
fn work_of_another_threads_own_stream_is_waited_for() {
    let (_alone, first, _) = alone();
    let layout = Layout::contiguous(&[4], 1, Order::C).unwrap();
    let stream = Stream::new(first, true, 0).unwrap();
    for join in [false, true] {
        let target = memory(&stream, &[0; 4]);
        let source = std::thread::scope(|scope| {
            let made = scope.spawn(|| {
                let own = Stream::per_thread(first);
                let source = Memory::new(4, &own).unwrap();
                // SAFETY: given back behind its use.
                unsafe { cuda::fill(source.pointer(), &layout, &[7], &own) }.unwrap();
                source
            });
            made.join().unwrap()
        });
        if join { source.join(&stream) } else { source.order_before(&stream) }.unwrap();
        // SAFETY: both live through the copy.
        unsafe { cuda::copy_between(target.pointer(), &layout, source.pointer(), &layout, first, &stream) }.unwrap();
        stream.synchronize().unwrap();
        assert_eq!(standin::read(target.pointer(), 4).unwrap(), [7; 4], "join: {join}");
    }
}

#[test]
fn memory_is_freed_behind_all_that_used_it() {
    let (_alone, first, second) = alone();
    for context in [first, second] {
        let (home, other) = (Stream::new(context, true, 0).unwrap(), Stream::new(context, true, 0).unwrap());
        let target = memory(&home, &[0; 4]);
        let source = memory(&home, &[1, 2, 3, 4]);
        let layout = Layout::contiguous(&[4], 1, Order::C).unwrap();
        // SAFETY: the source is given back behind the copy, as is to be shown.
        unsafe { cuda::copy_between(target.pointer(), &layout, source.pointer(), &layout, context, &other) }.unwrap();
        source.used_on(&other);
        drop(source);
        // The home stream frees, or hands the memory to the next array; either waits for the copy on the other.
        let next = Memory::new(4, &home).unwrap();
        // SAFETY: lives through the test.
        unsafe { cuda::fill(next.pointer(), &layout, &[9], &home) }.unwrap();
        home.synchronize().unwrap();
        other.synchronize().unwrap();
        assert_eq!(standin::read(target.pointer(), 4).unwrap(), [1, 2, 3, 4], "device {}", context.ordinal());
    }
}

#[test]
fn pools_count_limit_and_reuse() {
    let (_alone, first, second) = alone();
    for context in [first, second] {
        let pool = context.pool();
        let drivers = pool.is_drivers();
        assert_eq!(drivers, context.ordinal() == 0);
        let stream = Stream::new(context, true, 0).unwrap();
        let before = standin::live();
        let (a, b) = (Memory::new(1000, &stream).unwrap(), Memory::new(3 << 20, &stream).unwrap());
        let reserved = if drivers { 1000 + (3 << 20) } else { 1024 + (3 << 20) };
        let now = pool.statistics();
        assert_eq!((now.used, now.arrays, now.reserved, now.limit), (1000 + (3 << 20), 2, reserved, None));
        pool.set_limit(Some(4 << 20));
        let refused = Memory::new(2 << 20, &stream).unwrap_err();
        assert_eq!(refused, DeviceError::MemoryLimit { bytes: 2 << 20, used: 1000 + (3 << 20), limit: 4 << 20 });
        assert_eq!(pool.statistics().arrays, 2, "a refused array is not counted");
        let address = b.pointer();
        drop((a, b));
        assert_eq!((pool.statistics().used, pool.statistics().used_high, pool.statistics().arrays), (0, 1000 + (3 << 20), 0));
        if !drivers {
            assert_eq!(Memory::new((2 << 20) + 1, &stream).unwrap().pointer(), address, "the same stream gets the block back at once");
            // The block was given back on `stream`, whose work is not done: another stream does not get it.
            let busy = Memory::new(3 << 20, &stream).unwrap();
            assert_eq!(busy.pointer(), address);
            // SAFETY: lives to its free, which is behind the fill.
            unsafe { cuda::fill(busy.pointer(), &Layout::contiguous(&[64], 1, Order::C).unwrap(), &[1], &stream) }.unwrap();
            drop(busy);
            let other = Stream::new(context, true, 0).unwrap();
            let elsewhere = Memory::new(1 << 20, &other).unwrap();
            assert_ne!(elsewhere.pointer(), address);
        }
        stream.synchronize().unwrap();
        context.synchronize().unwrap();
        pool.trim(0).unwrap();
        assert_eq!((pool.statistics().reserved, standin::live()), (0, before), "device {}", context.ordinal());
        pool.set_limit(None);
    }
}

#[test]
fn what_is_kept_is_given_up_before_memory_runs_out() {
    let (_alone, _, second) = alone();
    let stream = Stream::new(second, true, 0).unwrap();
    let most = second.memory_info().unwrap().0;
    drop(Memory::new(most / 2 + (1 << 20), &stream).unwrap());
    // There is room only without the block kept above.
    drop(Memory::new(most - (8 << 20), &stream).unwrap());
    assert_eq!(Memory::new(most + 1, &stream).unwrap_err(), DeviceError::OutOfMemory { bytes: most + 1 });
    assert_eq!(second.pool().statistics().used, 0);
    second.pool().trim(0).unwrap();
}

#[test]
fn a_fault_in_a_drop_is_told_at_the_next_call() {
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    let held = memory(&stream, &[0; 16]);
    standin::fail("cuMemFreeAsync", 1, 0);
    drop(held);
    let error = stream.synchronize().unwrap_err();
    assert_eq!(error.to_string(), "freeing 16 bytes on device 0: CUDA_ERROR_INVALID_VALUE (1)");
    assert_eq!(stream.synchronize(), Ok(()), "it is told once");
}

#[test]
fn an_access_outside_memory_ends_the_context() {
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    let small = memory(&stream, &[0; 16]);
    // SAFETY: none; that is what is to be found.
    unsafe { cuda::fill(small.pointer(), &Layout::contiguous(&[17], 1, Order::C).unwrap(), &[1], &stream) }.unwrap();
    let error = stream.synchronize().unwrap_err();
    assert!(error.to_string().starts_with("waiting for a stream of device 0: CUDA_ERROR_ILLEGAL_ADDRESS (700): a kernel accessed memory"), "{error}");
    assert_eq!(status(Memory::new(16, &stream).unwrap_err()), 700);
    std::mem::forget(small);
}

#[test]
fn fills_of_every_width_and_layout() {
    let (_alone, first, _) = alone();
    let stream = Stream::default_of(first);
    for element in [&[7u8][..], &[1, 2], &[1, 2, 3, 4], &[1, 2, 3, 4, 5, 6, 7, 8], &[9; 8], &[1; 2], &[1, 2, 3]] {
        let item = element.len();
        for (shape, strides) in [
            (vec![5], vec![item as isize]),
            (vec![3, 4], vec![6 * item as isize, item as isize]),
            (vec![3, 4], vec![item as isize, 5 * item as isize]),
            (vec![2, 2, 3], vec![40 * item as isize, 7 * item as isize, 2 * item as isize]),
            (vec![0, 3], vec![item as isize, item as isize]),
            (vec![], vec![]),
        ] {
            let layout = Layout::strided(&shape, &strides, item).unwrap();
            let bytes = 128 * item;
            let memory = memory(&stream, &vec![0xee; bytes]);
            // SAFETY: every layout above reaches less than 128 items.
            unsafe { cuda::fill(memory.pointer(), &layout, element, &stream) }.unwrap();
            stream.synchronize().unwrap();
            let mut expected = vec![0xee; bytes];
            let zeros = vec![0; shape.len()];
            // SAFETY: as above; the source is one element, again and again.
            unsafe { copy_strided(&shape, item, expected.as_mut_ptr(), &strides, element.as_ptr(), &zeros) };
            assert_eq!(standin::read(memory.pointer(), bytes).unwrap(), expected, "{element:?} {shape:?} {strides:?}");
        }
    }
    let memory = memory(&stream, &[0; 64]);
    let calls = |layout: &Layout, element: &[u8]| {
        standin::calls();
        // SAFETY: the layouts reach at most 64 bytes.
        unsafe { cuda::fill(memory.pointer(), layout, element, &stream) }.unwrap();
        names()
    };
    assert_eq!(calls(&Layout::contiguous(&[8], 4, Order::C).unwrap(), &[1, 2, 3, 4]), ["cuMemsetD32Async"]);
    assert_eq!(calls(&Layout::contiguous(&[4], 8, Order::C).unwrap(), &[0; 8]), ["cuMemsetD8Async"]);
    assert_eq!(calls(&Layout::strided(&[3, 2], &[16, 4], 4).unwrap(), &[0; 4]), ["cuMemsetD2D8Async"]);
}

#[test]
fn copies_between_devices_keep_order_and_layout() {
    let (_alone, first, second) = alone();
    let (from, to) = (Stream::new(first, true, 0).unwrap(), Stream::new(second, true, 0).unwrap());
    let bytes = ramp(96);
    for (from_layout, to_layout, calls) in [
        (Layout::contiguous(&[4, 6], 4, Order::C), Layout::contiguous(&[4, 6], 4, Order::C), 1),
        (Layout::contiguous(&[4, 6], 4, Order::C), Layout::contiguous(&[4, 6], 4, Order::F), 1),
        (Layout::strided(&[4, 3], &[24, 8], 4), Layout::contiguous(&[4, 3], 4, Order::C), 1),
    ] {
        let (from_layout, to_layout) = (from_layout.unwrap(), to_layout.unwrap());
        let (source, target) = (memory(&from, &[0; 96]), memory(&to, &[0; 96]));
        let seed = memory(&from, &bytes);
        let dense = Layout::contiguous(&[96], 1, Order::C).unwrap();
        standin::calls();
        // SAFETY: all live through the test.
        unsafe {
            cuda::copy_between(source.pointer(), &dense, seed.pointer(), &dense, first, &from).unwrap();
            to.follow(&from).unwrap();
            cuda::copy_between(target.pointer(), &to_layout, source.pointer(), &from_layout, first, &to).unwrap();
        }
        to.synchronize().unwrap();
        let mut expected = vec![0; 96];
        // SAFETY: both layouts reach at most 96 bytes.
        unsafe { copy_strided(to_layout.shape(), 4, expected.as_mut_ptr(), to_layout.strides(), bytes.as_ptr(), from_layout.strides()) };
        assert_eq!(standin::read(target.pointer(), 96).unwrap(), expected);
        assert_eq!(names().iter().filter(|name| *name == "cuMemcpyPeerAsync").count(), calls);
    }
    assert!(second.reach(first).unwrap());
    assert_eq!(to.query(), Ok(true));
    let event = Event::new(first, false).unwrap();
    assert_eq!(status(event.record(&to).unwrap_err()), 400, "an event is of one device");
}

#[test]
fn events_measure_and_refuse() {
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    let (a, b, never, untimed) =
        (Event::new(first, true).unwrap(), Event::new(first, true).unwrap(), Event::new(first, true).unwrap(), Event::new(first, false).unwrap());
    let memory = memory(&stream, &[0; 4]);
    a.record(&stream).unwrap();
    // SAFETY: lives through the test.
    unsafe { cuda::fill(memory.pointer(), &Layout::contiguous(&[4], 1, Order::C).unwrap(), &[1], &stream) }.unwrap();
    b.record(&stream).unwrap();
    assert_eq!(status(a.elapsed_ms(&b).unwrap_err()), 600, "not reached yet");
    b.synchronize().unwrap();
    assert_eq!((a.elapsed_ms(&b), b.elapsed_ms(&a)), (Ok(0.5), Ok(-0.5)));
    assert_eq!(a.elapsed_ms(&never), Err(DeviceError::NotRecorded));
    assert_eq!((never.query(), b.query()), (Ok(true), Ok(true)));
    untimed.record(&stream).unwrap();
    assert_eq!(status(a.elapsed_ms(&untimed).unwrap_err()), 400);
    stream.wait(&never).unwrap();
}

#[test]
fn callbacks_come_after_the_work_and_may_panic() {
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    let memory = memory(&stream, &[0; 4]);
    let seen = Arc::new(AtomicU32::new(99));
    // SAFETY: lives through the test.
    unsafe { cuda::fill(memory.pointer(), &Layout::contiguous(&[4], 1, Order::C).unwrap(), &[6], &stream) }.unwrap();
    let (tell, pointer) = (seen.clone(), memory.pointer());
    stream
        .add_callback(move |outcome| {
            outcome.unwrap();
            tell.store(u32::from_ne_bytes(standin::read(pointer, 4).unwrap().try_into().unwrap()), Ordering::Relaxed);
        })
        .unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    stream.add_callback(|_| panic!("for the test")).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 99);
    stream.synchronize().unwrap();
    std::panic::set_hook(hook);
    assert_eq!(seen.load(Ordering::Relaxed), 0x0606_0606);
    // One that the driver refuses is dropped, not leaked.
    let held = Arc::new(());
    let inner = held.clone();
    standin::fail("cuStreamAddCallback", 801, 0);
    assert_eq!(status(stream.add_callback(move |_| drop(inner)).unwrap_err()), 801);
    assert_eq!(Arc::strong_count(&held), 1);
    // After a fault callbacks are told of it.
    let told = Arc::new(AtomicUsize::new(0));
    let tell = told.clone();
    // SAFETY: none; the fault is wanted.
    unsafe { cuda::fill(memory.pointer(), &Layout::contiguous(&[4000], 1, Order::C).unwrap(), &[6], &stream) }.unwrap();
    stream.add_callback(move |outcome| tell.store(outcome.is_err().into(), Ordering::Relaxed)).unwrap();
    assert!(stream.synchronize().is_err());
    assert_eq!(told.load(Ordering::Relaxed), 1);
    std::mem::forget(memory);
}

#[test]
fn modules_load_with_the_compilers_log() {
    let (_alone, first, _) = alone();
    let error = Module::from_ptx(first, "no ptx at all", &JitOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("loading a module on device 0: CUDA_ERROR_INVALID_PTX (218): "), "{error}");
    assert!(error.ends_with("ptxas application ptx input, line 1; fatal   : Missing .version directive"), "{error}");
    let error = cuda::link(first, "no ptx at all", &JitOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("compiling PTX for device 0: CUDA_ERROR_INVALID_PTX (218)") && error.contains("Missing .version"), "{error}");
    assert_eq!(status(Module::from_cubin(first, b"text").unwrap_err()), 200);
    assert!(Module::from_ptx(first, "a\0b", &JitOptions::default()).is_err());

    let cubin = cuda::link(first, PTX, &JitOptions::default()).unwrap().image;
    let module = Module::from_cubin(first, &cubin).unwrap();
    let function = module.function("scale").unwrap();
    assert_eq!(function.facts().unwrap().registers, 24);
    assert_eq!(module.function("absent").unwrap_err().to_string(), "finding the kernel absent in its module: CUDA_ERROR_NOT_FOUND (500)");
    assert_eq!(status(module.global("absent").unwrap_err()), 500);
    // The function holds the module.
    drop(module);
    assert_eq!(function.occupancy(0, 256).unwrap().block, 256);
    assert_eq!((function.blocks_per_multiprocessor(256, 0), function.most_cooperative_blocks(256, 0)), (Ok(8), Ok(32)));
    assert_eq!((function.most_cooperative_blocks(256, 64 << 10), function.most_cooperative_blocks(256, 1 << 20)), (Ok(32), Ok(0)));
}

#[test]
fn a_device_that_works_runs_the_small_kernel_and_one_that_does_not_says_what_failed() {
    let (_alone, first, _) = alone();
    assert_eq!(first.driver().runs_kernels(0), Ok(true));
    assert_eq!(names().iter().filter(|name| *name == "cuLaunchKernel").count(), 1);
    for (function, code) in [("cuLinkCreate_v2", 221), ("cuLinkComplete", 222), ("cuModuleLoadDataEx", 209), ("cuLaunchKernel", 719)] {
        standin::fail(function, code, 0);
        assert_eq!(status(first.driver().runs_kernels(0).unwrap_err()), code, "{function}");
    }
    standin::on_launch(|seen| {
        let pointer = u64::from_ne_bytes(seen.parameters[0][..].try_into().unwrap());
        assert!(standin::write(pointer, &[1, 2, 3, 4]));
    });
    assert_eq!(first.driver().runs_kernels(0), Ok(false));
}

fn launch(function: &Function, launch: &Launch, stream: &Stream, pointer: u64, factor: f32, count: u32) -> Result<(), DeviceError> {
    let (mut pointer, mut factor, mut count) = (pointer, factor, count);
    let mut parameters = [(&raw mut pointer).cast(), (&raw mut factor).cast(), (&raw mut count).cast()];
    // SAFETY: the three parameters of `scale`.
    unsafe { function.launch(launch, stream, &mut parameters) }
}

#[test]
fn launches_hand_over_their_parameters_in_the_order_of_the_stream() {
    let (_alone, first, second) = alone();
    let function = Module::from_ptx(first, PTX, &JitOptions::default()).unwrap().function("scale").unwrap();
    let stream = Stream::new(first, true, 0).unwrap();
    standin::on_launch(|seen| {
        let pointer = u64::from_ne_bytes(seen.parameters[0][..].try_into().unwrap());
        let factor = f32::from_ne_bytes(seen.parameters[1][..].try_into().unwrap());
        let count = u32::from_ne_bytes(seen.parameters[2][..].try_into().unwrap()) as usize;
        let bytes = standin::read(pointer, 4 * count).unwrap();
        let scaled: Vec<u8> = bytes.chunks(4).flat_map(|c| (f32::from_ne_bytes(c.try_into().unwrap()) * factor).to_ne_bytes()).collect();
        assert!(standin::write(pointer, &scaled));
    });
    let shape = Launch { grid: [2, 1, 1], block: [128, 1, 1], shared: 0, cooperative: false };
    let values: Vec<u8> = (0..8).flat_map(|i| (i as f32).to_ne_bytes()).collect();
    let (memory, host) = (Memory::new(32, &stream).unwrap(), Host::new(first, 32, HostKind::Pinned).unwrap());
    let layout = Layout::contiguous(&[8], 4, Order::C).unwrap();
    // SAFETY: 32 bytes each; nobody frees or reads the pinned ones before the wait.
    unsafe {
        host.pointer().copy_from(values.as_ptr(), 32);
        cuda::copy_from_host(memory.pointer(), &layout, host.pointer(), &layout, &stream, Some(Box::new(()))).unwrap();
        launch(&function, &shape, &stream, memory.pointer(), 2.5, 8).unwrap();
        cuda::copy_to_host(host.pointer(), &layout, memory.pointer(), &layout, &stream, Some(Box::new(()))).unwrap();
    }
    stream.synchronize().unwrap();
    // SAFETY: as above.
    let back = unsafe { std::slice::from_raw_parts(host.pointer().cast::<f32>(), 8) };
    assert_eq!(back, [0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 17.5]);

    let error = launch(&function, &Launch { block: [2048, 1, 1], ..shape }, &stream, 0, 0.0, 0).unwrap_err().to_string();
    assert_eq!(
        error,
        "launching scale on device 0 with 2 x 1 x 1 blocks of 2048 x 1 x 1 threads and 0 bytes of dynamic shared memory: CUDA_ERROR_INVALID_VALUE (1)"
    );
    standin::on_launch(|_| {});
    // More than 48 KiB of dynamic shared memory has to be asked for, once.
    standin::calls();
    for _ in 0..2 {
        launch(&function, &Launch { shared: 64 << 10, ..shape }, &stream, 0, 0.0, 0).unwrap();
    }
    assert_eq!(names(), ["cuFuncGetAttribute", "cuFuncSetAttribute", "cuLaunchKernel", "cuLaunchKernel"]);
    assert_eq!(status(launch(&function, &Launch { shared: 200 << 10, ..shape }, &stream, 0, 0.0, 0).unwrap_err()), 1);
    let together = Launch { cooperative: true, ..shape };
    launch(&function, &together, &stream, 0, 0.0, 0).unwrap();
    assert_eq!(names().last().unwrap(), "cuLaunchCooperativeKernel");
    assert_eq!(status(launch(&function, &Launch { grid: [65, 1, 1], ..together }, &stream, 0, 0.0, 0).unwrap_err()), 720);
    let elsewhere = launch(&function, &shape, &Stream::default_of(second), 0, 0.0, 0).unwrap_err();
    assert_eq!(elsewhere.to_string(), "a stream of GPU 1 where one of GPU 0 is needed");
}

#[test]
fn mapped_and_managed_memory_is_the_hosts_and_the_devices() {
    let (_alone, first, _) = alone();
    let stream = Stream::default_of(first);
    let mapped = Host::new(first, 64, HostKind::Mapped { portable: true, write_combined: false }).unwrap();
    // SAFETY: 64 bytes, only used here.
    assert_eq!(unsafe { std::slice::from_raw_parts(mapped.pointer(), 64) }, [0; 64]);
    let layout = Layout::contiguous(&[64], 1, Order::C).unwrap();
    // SAFETY: as above.
    unsafe { cuda::fill(mapped.device_pointer().unwrap(), &layout, &[3], &stream) }.unwrap();
    stream.synchronize().unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { std::slice::from_raw_parts(mapped.pointer(), 64) }, [3; 64]);
    assert!(Host::new(first, 64, HostKind::Pinned).unwrap().device_pointer().is_err());
    assert_eq!(Host::new(first, 0, HostKind::Pinned).unwrap().bytes(), 0);

    let managed = Memory::managed(64, &stream, true).unwrap();
    // SAFETY: as above.
    unsafe { cuda::fill(managed.pointer(), &layout, &[4], &stream) }.unwrap();
    stream.synchronize().unwrap();
    // SAFETY: managed memory is at the same address for the host.
    assert_eq!(unsafe { std::slice::from_raw_parts(managed.pointer() as *const u8, 64) }, [4; 64]);
    assert_eq!((managed.is_managed(), first.device_of(managed.pointer())), (true, Some(0)));
    let before = standin::live();
    drop(managed);
    assert_eq!(standin::live(), before - 1);

    let mut own = vec![0u8; 64];
    assert!(!first.is_pinned(own.as_ptr()));
    // SAFETY: outlives the registration.
    let pinned = unsafe { Host::register(first, own.as_mut_ptr(), 64) }.unwrap();
    assert!(first.is_pinned(own.as_ptr()));
    // SAFETY: as above.
    assert_eq!(status(unsafe { Host::register(first, own.as_mut_ptr(), 64) }.unwrap_err()), 712);
    drop(pinned);
    assert!(!first.is_pinned(own.as_ptr()));
}

#[test]
fn a_forked_child_is_told_to_spawn() {
    unsafe extern "C" {
        fn fork() -> i32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        fn _exit(status: i32) -> !;
    }
    let (_alone, first, _) = alone();
    let stream = Stream::new(first, true, 0).unwrap();
    // SAFETY: the child calls nothing that waits for another thread, and leaves at once.
    unsafe {
        match fork() {
            0 => {
                let refused = stream.synchronize() == Err(DeviceError::Forked) && first.driver().context(0).err() == Some(DeviceError::Forked);
                // Giving back is not tried either.
                drop(stream);
                _exit(if refused { 0 } else { 1 })
            }
            child => {
                let mut status = -1;
                assert_eq!(waitpid(child, &mut status, 0), child);
                assert_eq!(status, 0);
            }
        }
    }
    assert_eq!(stream.synchronize(), Ok(()));
}
