//! The driver's functions under their C names.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::Arc;

use crate::call::{functions, note, put};
use crate::memory::Pinned;
use crate::ptx;
use crate::state::*;
use crate::work::{self, Callback, Copy, Place, Queue, Side, Work, alive, key, order, order_copy, run, run_all, step};

fn text(to: *mut c_char, length: c_int, value: &str) -> Outcome {
    let bytes = &value.as_bytes()[..value.len().min(length as usize - 1)];
    // SAFETY: as long as the caller said.
    unsafe {
        to.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        to.add(bytes.len()).write(0);
    }
    Ok(())
}

fn string(from: *const c_char) -> String {
    // SAFETY: a C string that the caller of the driver gave.
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

fn known_device(device: c_int) -> Outcome {
    if (0..lock().devices).contains(&device) { Ok(()) } else { Err(INVALID_DEVICE) }
}

fn attribute(number: c_int, device: c_int) -> c_int {
    match number {
        1 => 1024,
        2 | 3 => 1024,
        4 => 64,
        5 => i32::MAX,
        6 | 7 => 65535,
        8 => 48 << 10,
        9 => 64 << 10,
        10 => 32,
        11 => i32::MAX,
        12 => 65536,
        13 => 1_500_000,
        16 => 4,
        19 | 41 | 83 | 89 | 95 => 1,
        39 => 2048,
        75 => 9,
        97 => 99 << 10,
        // A multiprocessor's blocks are at most 32.
        106 => 32,
        // The second device is an older one, without pools.
        115 => c_int::from(device == 0),
        _ => 0,
    }
}

fn dense(place: Place, width: usize) -> Side {
    Side { place, pitch: width, height: 1 }
}

fn run_of(to: Place, from: Place, width: usize) -> Copy {
    Copy { to: dense(to, width), from: dense(from, width), width, rows: 1, planes: 1 }
}

/// The descriptions of pitched copies, as the documentation lays them out.
#[repr(C)]
pub struct Pitched2 {
    src_x: usize,
    src_y: usize,
    src_kind: c_uint,
    src_host: usize,
    src_device: u64,
    src_array: usize,
    src_pitch: usize,
    dst_x: usize,
    dst_y: usize,
    dst_kind: c_uint,
    dst_host: usize,
    dst_device: u64,
    dst_array: usize,
    dst_pitch: usize,
    width: usize,
    height: usize,
}

#[repr(C)]
pub struct Pitched3 {
    src_x: usize,
    src_y: usize,
    src_z: usize,
    src_lod: usize,
    src_kind: c_uint,
    src_host: usize,
    src_device: u64,
    src_array: usize,
    reserved0: usize,
    src_pitch: usize,
    src_height: usize,
    dst_x: usize,
    dst_y: usize,
    dst_z: usize,
    dst_lod: usize,
    dst_kind: c_uint,
    dst_host: usize,
    dst_device: u64,
    dst_array: usize,
    reserved1: usize,
    dst_pitch: usize,
    dst_height: usize,
    width: usize,
    height: usize,
    depth: usize,
}

fn place(kind: c_uint, host: usize, device: u64) -> Outcome<Place> {
    match kind {
        1 => Ok(Place::Host(host)),
        2 => Ok(Place::Device(device)),
        _ => Err(INVALID_VALUE),
    }
}

/// What a launch would hand to its kernel.
fn launch(function: usize, grid: [u32; 3], block: [u32; 3], shared: u32, stream: usize, parameters: *mut *mut c_void, cooperative: bool) -> Outcome {
    let context = current()?;
    alive(context)?;
    let (of, kernel, dynamic) = lock().functions.get(&function).cloned().ok_or(INVALID_HANDLE)?;
    let threads: u64 = block.iter().map(|&n| u64::from(n)).product();
    // What was not asked for is at most 48 KiB in all.
    let most = if dynamic > 0 { dynamic as u32 } else { (48 << 10) - kernel.shared.min(48 << 10) };
    if of != context || threads == 0 || threads > u64::from(kernel.threads) || grid.contains(&0) || shared > most {
        return Err(INVALID_VALUE);
    }
    if cooperative && grid.iter().map(|&n| u64::from(n)).product::<u64>() > 4 * (2048 / threads) {
        return Err(TOO_LARGE);
    }
    let parameters = kernel.parameters.iter().enumerate().map(|(i, &bytes)| {
        // SAFETY: there is an address for each parameter, as the caller of the driver promised; it is read now.
        unsafe { std::slice::from_raw_parts((*parameters.add(i)).cast::<u8>(), bytes) }.to_vec()
    });
    let launch = Launch { kernel: kernel.name.clone(), grid, block, shared, cooperative, parameters: parameters.collect(), code: kernel.code };
    note(format!(" {} {:?}", launch.kernel, launch.parameters));
    order(&mut lock(), stream, Work::Launch(launch, kernel)).map(drop)
}

fn options(count: c_uint, names: *const c_uint, values: *const *mut c_void) -> Vec<(c_uint, usize)> {
    // SAFETY: as many as the caller said.
    (0..count as usize).map(|i| unsafe { (*names.add(i), *values.add(i) as usize) }).collect()
}

fn log(options: &[(c_uint, usize)], wrong: &str) {
    let of = |name| options.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    if let (Some(buffer), Some(length)) = (of(5), of(6)) {
        let _ = text(buffer as *mut c_char, length as c_int, wrong);
    }
}

const CUBIN: &[u8] = b"\x7fELFstand-in\0";

fn compile(image: &str, options: &[(c_uint, usize)]) -> Outcome<Vec<Arc<ptx::Kernel>>> {
    match ptx::kernels(image) {
        Ok(kernels) => Ok(kernels.into_iter().map(Arc::new).collect()),
        Err(wrong) => {
            log(options, &wrong);
            Err(INVALID_PTX)
        }
    }
}

functions! {
    lookup driver;
    fn cuInit(_flags: c_uint) {
        if lock().devices == 0 { Err(100) } else { Ok(()) }
    }
    fn cuDriverGetVersion(version: *mut c_int) { put(version, 13010) }
    fn cuDeviceGetCount(count: *mut c_int) { let n = lock().devices; put(count, n) }
    fn cuDeviceGet(device: *mut c_int, ordinal: c_int) { known_device(ordinal)?; put(device, ordinal) }
    fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) { known_device(device)?; text(name, length, &format!("Stand-in {device}")) }
    fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) { known_device(device)?; put(bytes, TOTAL as usize) }
    fn cuDeviceGetAttribute(value: *mut c_int, number: c_int, device: c_int) {
        known_device(device)?;
        if number <= 0 { return Err(INVALID_VALUE); }
        put(value, attribute(number, device))
    }
    fn cuDeviceGetUuid(uuid: *mut [u8; 16], device: c_int) {
        known_device(device)?;
        put(uuid, std::array::from_fn(|i| 0x10 * device as u8 + i as u8))
    }
    fn cuDeviceGetPCIBusId(id: *mut c_char, length: c_int, device: c_int) { known_device(device)?; text(id, length, &format!("0000:0{device}:00.0")) }
    fn cuDeviceCanAccessPeer(can: *mut c_int, device: c_int, peer: c_int) { known_device(device)?; known_device(peer)?; put(can, c_int::from(device != peer)) }
    fn cuDevicePrimaryCtxRetain(context: *mut usize, device: c_int) { known_device(device)?; put(context, context_of(device)) }
    fn cuCtxGetCurrent(context: *mut usize) { put(context, current().unwrap_or(0)) }
    fn cuCtxPushCurrent_v2(context: usize) { known_device(device_of(context)).map_err(|_| INVALID_CONTEXT)?; push(context); Ok(()) }
    fn cuCtxPopCurrent_v2(context: *mut usize) { put(context, pop().ok_or(INVALID_CONTEXT)?) }
    fn cuCtxSynchronize() { run_all(current()?)?; alive(current()?) }
    fn cuCtxGetLimit(value: *mut usize, limit: c_uint) {
        if limit != 0 { return Err(INVALID_VALUE); }
        let bytes = lock().stacks.get(&current()?).copied().unwrap_or(1024);
        put(value, bytes)
    }
    fn cuCtxSetLimit(limit: c_uint, value: usize) {
        if limit != 0 || value > 512 << 10 { return Err(INVALID_VALUE); }
        let context = current()?;
        lock().stacks.insert(context, value);
        Ok(())
    }
    fn cuCtxEnablePeerAccess(peer: usize, _flags: c_uint) {
        let pair = (current()?, peer);
        let mut state = lock();
        if state.peers.contains(&pair) { return Err(PEER_ENABLED); }
        state.peers.push(pair);
        Ok(())
    }
    fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) {
        let used = lock().memory.used(device_of(current()?));
        put(free, (TOTAL - used) as usize)?;
        put(total, TOTAL as usize)
    }
    fn cuMemAlloc_v2(pointer: *mut u64, bytes: usize) {
        alive(current()?)?;
        let at = lock().memory.allocate(device_of(current()?), bytes, 0)?;
        put(pointer, at)
    }
    fn cuMemFree_v2(pointer: u64) {
        // Waits for what may still use it.
        run_all(current()?)?;
        lock().memory.free(pointer).map(drop)
    }
    fn cuMemAllocManaged(pointer: *mut u64, bytes: usize, flags: c_uint) {
        if bytes == 0 || !(1..=2).contains(&flags) { return Err(INVALID_VALUE); }
        let at = lock().memory.managed(device_of(current()?), bytes);
        put(pointer, at)
    }
    fn cuMemHostAlloc(pointer: *mut usize, bytes: usize, flags: c_uint) {
        if bytes == 0 || flags > 7 { return Err(INVALID_VALUE); }
        let at = Box::leak(vec![0xcd_u8; bytes].into_boxed_slice()).as_mut_ptr() as usize;
        let mut state = lock();
        let device = device_of(current()?);
        let seen = (flags & 2 != 0).then(|| state.memory.map(device, at, bytes));
        state.memory.pinned.insert(at, Pinned { bytes, seen, owned: true });
        put(pointer, at)
    }
    fn cuMemFreeHost(pointer: usize) {
        let mut state = lock();
        let pinned = state.memory.pinned.remove(&pointer).ok_or(INVALID_VALUE)?;
        if !pinned.owned { return Err(INVALID_VALUE); }
        if let Some(seen) = pinned.seen { state.memory.unmap(seen); }
        // SAFETY: leaked by `cuMemHostAlloc` with this length.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer as *mut u8, pinned.bytes)) });
        Ok(())
    }
    fn cuMemHostRegister_v2(pointer: usize, bytes: usize, _flags: c_uint) {
        let mut state = lock();
        if state.memory.is_pinned(pointer) { return Err(REGISTERED); }
        state.memory.pinned.insert(pointer, Pinned { bytes, seen: None, owned: false });
        Ok(())
    }
    fn cuMemHostUnregister(pointer: usize) { lock().memory.pinned.remove(&pointer).map(drop).ok_or(NOT_REGISTERED) }
    fn cuMemHostGetDevicePointer_v2(seen: *mut u64, pointer: usize, _flags: c_uint) {
        let found = lock().memory.pinned.get(&pointer).and_then(|pinned| pinned.seen).ok_or(INVALID_VALUE)?;
        put(seen, found)
    }
    fn cuPointerGetAttribute(data: *mut c_int, attribute: c_uint, pointer: u64) {
        let state = lock();
        let device = state.memory.device_of(pointer);
        let pinned = state.memory.is_pinned(pointer as usize);
        match attribute {
            2 if device.is_some() => put(data, 2),
            2 if pinned => put(data, 1),
            9 => put(data, device.ok_or(INVALID_VALUE)?),
            _ => Err(INVALID_VALUE),
        }
    }
    fn cuMemcpyHtoDAsync_v2(to: u64, from: usize, bytes: usize, stream: usize) {
        alive(current()?)?;
        order_copy(run_of(Place::Device(to), Place::Host(from), bytes), stream)
    }
    fn cuMemcpyDtoHAsync_v2(to: usize, from: u64, bytes: usize, stream: usize) {
        alive(current()?)?;
        order_copy(run_of(Place::Host(to), Place::Device(from), bytes), stream)
    }
    fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) {
        alive(current()?)?;
        order_copy(run_of(Place::Device(to), Place::Device(from), bytes), stream)
    }
    fn cuMemcpyPeerAsync(to: u64, _to_context: usize, from: u64, _from_context: usize, bytes: usize, stream: usize) {
        alive(current()?)?;
        order_copy(run_of(Place::Device(to), Place::Device(from), bytes), stream)
    }
    fn cuMemcpy2DAsync_v2(copy: *const Pitched2, stream: usize) {
        alive(current()?)?;
        // SAFETY: a description that the caller of the driver gave.
        let copy = unsafe { &*copy };
        note(format!(" {} x {} pitch {} <- {}", copy.height, copy.width, copy.dst_pitch, copy.src_pitch));
        if copy.width > copy.src_pitch || copy.width > copy.dst_pitch || [copy.src_x, copy.src_y, copy.dst_x, copy.dst_y] != [0; 4] { return Err(INVALID_VALUE); }
        let from = Side { place: place(copy.src_kind, copy.src_host, copy.src_device)?, pitch: copy.src_pitch, height: copy.height };
        let to = Side { place: place(copy.dst_kind, copy.dst_host, copy.dst_device)?, pitch: copy.dst_pitch, height: copy.height };
        order_copy(Copy { to, from, width: copy.width, rows: copy.height, planes: 1 }, stream)
    }
    fn cuMemcpy3DAsync_v2(copy: *const Pitched3, stream: usize) {
        alive(current()?)?;
        // SAFETY: as above.
        let copy = unsafe { &*copy };
        note(format!(" {} x {} x {} pitch {} <- {}", copy.depth, copy.height, copy.width, copy.dst_pitch, copy.src_pitch));
        let bad = copy.width > copy.src_pitch || copy.width > copy.dst_pitch || copy.height > copy.src_height || copy.height > copy.dst_height;
        let zero = [copy.src_x, copy.src_y, copy.src_z, copy.src_lod, copy.dst_x, copy.dst_y, copy.dst_z, copy.dst_lod, copy.reserved0, copy.reserved1];
        if bad || zero != [0; 10] { return Err(INVALID_VALUE); }
        let from = Side { place: place(copy.src_kind, copy.src_host, copy.src_device)?, pitch: copy.src_pitch, height: copy.src_height };
        let to = Side { place: place(copy.dst_kind, copy.dst_host, copy.dst_device)?, pitch: copy.dst_pitch, height: copy.dst_height };
        order_copy(Copy { to, from, width: copy.width, rows: copy.height, planes: copy.depth }, stream)
    }
    fn cuMemsetD8Async(to: u64, value: u8, count: usize, stream: usize) {
        order(&mut lock(), stream, Work::Set { at: to, pitch: 0, width: count, rows: 1, pattern: vec![value] }).map(drop)
    }
    fn cuMemsetD16Async(to: u64, value: u16, count: usize, stream: usize) {
        if !to.is_multiple_of(2) { return Err(INVALID_VALUE); }
        order(&mut lock(), stream, Work::Set { at: to, pitch: 0, width: 2 * count, rows: 1, pattern: value.to_ne_bytes().to_vec() }).map(drop)
    }
    fn cuMemsetD32Async(to: u64, value: c_uint, count: usize, stream: usize) {
        if !to.is_multiple_of(4) { return Err(INVALID_VALUE); }
        order(&mut lock(), stream, Work::Set { at: to, pitch: 0, width: 4 * count, rows: 1, pattern: value.to_ne_bytes().to_vec() }).map(drop)
    }
    fn cuMemsetD2D8Async(to: u64, pitch: usize, value: u8, width: usize, height: usize, stream: usize) {
        if pitch < width { return Err(INVALID_VALUE); }
        order(&mut lock(), stream, Work::Set { at: to, pitch, width, rows: height, pattern: vec![value] }).map(drop)
    }
    fn cuStreamCreateWithPriority(stream: *mut usize, flags: c_uint, _priority: c_int) {
        let context = current()?;
        let mut state = lock();
        let handle = state.handle();
        state.queues.insert((context, handle), Queue { blocking: flags & 1 == 0, ..Queue::default() });
        put(stream, handle)
    }
    fn cuStreamDestroy_v2(stream: usize) {
        let key = key(&mut lock(), stream)?;
        // Its work goes on to the end.
        run(key, u64::MAX)?;
        lock().queues.remove(&key);
        Ok(())
    }
    fn cuStreamSynchronize(stream: usize) {
        let (key, last) = { let mut state = lock(); let key = key(&mut state, stream)?; (key, state.queues[&key].last) };
        run(key, last)?;
        if key.1 == 1 { run_blocking(key.0)?; }
        alive(key.0)
    }
    fn cuStreamQuery(stream: usize) {
        let (key, last) = { let mut state = lock(); let key = key(&mut state, stream)?; (key, state.queues[&key].last) };
        step(key, last)?;
        if lock().queues[&key].done >= last { Ok(()) } else { Err(NOT_READY) }
    }
    fn cuStreamWaitEvent(stream: usize, event: usize, _flags: c_uint) {
        let mut state = lock();
        let recorded = state.events.get(&event).ok_or(INVALID_HANDLE)?.recorded;
        match recorded {
            Some((of, ticket)) => order(&mut state, stream, Work::Wait(of, ticket)).map(drop),
            None => key(&mut state, stream).map(drop),
        }
    }
    fn cuStreamAddCallback(stream: usize, callback: Option<Callback>, data: usize, _flags: c_uint) {
        order(&mut lock(), stream, Work::Callback(callback.ok_or(INVALID_VALUE)?, data)).map(drop)
    }
    fn cuEventCreate(event: *mut usize, flags: c_uint) {
        let context = current()?;
        let mut state = lock();
        let handle = state.handle();
        state.events.insert(handle, Event { context, timing: flags & 2 == 0, recorded: None, reached: 0 });
        put(event, handle)
    }
    fn cuEventDestroy_v2(event: usize) { lock().events.remove(&event).map(drop).ok_or(INVALID_HANDLE) }
    fn cuEventRecord(event: usize, stream: usize) {
        let mut state = lock();
        let of = state.events.get(&event).ok_or(INVALID_HANDLE)?.context;
        let key = key(&mut state, stream)?;
        if key.0 != of { return Err(INVALID_HANDLE); }
        let ticket = order(&mut state, stream, Work::Record(event))?;
        state.events.get_mut(&event).ok_or(INVALID_HANDLE)?.recorded = Some((key, ticket));
        Ok(())
    }
    fn cuEventQuery(event: usize) {
        let recorded = lock().events.get(&event).ok_or(INVALID_HANDLE)?.recorded;
        let Some((key, ticket)) = recorded else { return Ok(()) };
        if lock().queues.contains_key(&key) { step(key, ticket)?; }
        if lock().queues.get(&key).is_none_or(|queue| queue.done >= ticket) { Ok(()) } else { Err(NOT_READY) }
    }
    fn cuEventSynchronize(event: usize) {
        let recorded = lock().events.get(&event).ok_or(INVALID_HANDLE)?.recorded;
        recorded.map_or(Ok(()), |(key, ticket)| run(key, ticket))
    }
    fn cuEventElapsedTime(ms: *mut f32, start: usize, end: usize) {
        let state = lock();
        let event = |handle| state.events.get(&handle).filter(|event| event.timing && event.recorded.is_some()).ok_or(INVALID_HANDLE);
        let (start, end) = (event(start)?, event(end)?);
        if start.reached == 0 || end.reached == 0 { return Err(NOT_READY); }
        // A quarter of a millisecond for each piece of work.
        put(ms, (end.reached as f32 - start.reached as f32) / 4.0)
    }
    fn cuModuleLoadDataEx(module: *mut usize, image: *const c_char, count: c_uint, names: *const c_uint, values: *const *mut c_void) {
        alive(current()?)?;
        let options = options(count, names, values);
        // SAFETY: text that ends in 0; a cubin of ours does as well, behind its mark.
        let bytes = unsafe { CStr::from_ptr(image) }.to_bytes().to_vec();
        let source = if bytes.starts_with(b"\x7fELF") {
            if bytes != CUBIN[..CUBIN.len() - 1] { return Err(INVALID_IMAGE); }
            // SAFETY: as above.
            unsafe { CStr::from_ptr(image.add(CUBIN.len())) }.to_string_lossy().into_owned()
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let kernels = compile(&source, &options)?;
        let mut state = lock();
        let handle = state.handle();
        state.modules.insert(handle, kernels);
        put(module, handle)
    }
    fn cuModuleUnload(module: usize) {
        run_all(current()?)?;
        lock().modules.remove(&module).map(drop).ok_or(INVALID_HANDLE)
    }
    fn cuModuleGetFunction(function: *mut usize, module: usize, name: *const c_char) {
        let context = current()?;
        let mut state = lock();
        let kernels = state.modules.get(&module).ok_or(INVALID_HANDLE)?;
        let kernel = kernels.iter().find(|kernel| kernel.name == string(name)).ok_or(NOT_FOUND)?.clone();
        let handle = state.handle();
        state.functions.insert(handle, (context, kernel, 0));
        put(function, handle)
    }
    fn cuModuleGetGlobal_v2(_pointer: *mut u64, _bytes: *mut usize, _module: usize, _name: *const c_char) { Err(NOT_FOUND) }
    fn cuLinkCreate_v2(count: c_uint, names: *const c_uint, values: *const *mut c_void, link: *mut usize) {
        let mut buffers = Vec::new();
        for (name, value) in options(count, names, values) {
            buffers.extend(name.to_ne_bytes());
            buffers.extend(value.to_ne_bytes());
        }
        let mut state = lock();
        let handle = state.handle();
        state.links.insert(handle, (buffers, None));
        put(link, handle)
    }
    fn cuLinkAddData_v2(link: usize, kind: c_uint, data: *const u8, bytes: usize, _name: *const c_char, _count: c_uint, _names: *const c_uint, _values: *const *mut c_void) {
        if kind != 1 { return Err(INVALID_VALUE); }
        // SAFETY: as long as the caller said.
        let text = unsafe { std::slice::from_raw_parts(data, bytes) };
        let mut state = lock();
        let (options, linked) = state.links.get_mut(&link).ok_or(INVALID_HANDLE)?;
        let options: Vec<(c_uint, usize)> = options.chunks(12).map(|o| (c_uint::from_ne_bytes(o[..4].try_into().expect("4 bytes")), usize::from_ne_bytes(o[4..].try_into().expect("8 bytes")))).collect();
        if text.last() != Some(&0) { return Err(INVALID_IMAGE); }
        compile(&String::from_utf8_lossy(&text[..bytes - 1]), &options)?;
        *linked = Some([CUBIN, text].concat());
        Ok(())
    }
    fn cuLinkComplete(link: usize, image: *mut *const u8, bytes: *mut usize) {
        let state = lock();
        let linked = state.links.get(&link).and_then(|(_, linked)| linked.as_ref()).ok_or(INVALID_HANDLE)?;
        put(image, linked.as_ptr())?;
        put(bytes, linked.len())
    }
    fn cuLinkDestroy(link: usize) { lock().links.remove(&link).map(drop).ok_or(INVALID_HANDLE) }
    fn cuFuncGetAttribute(value: *mut c_int, attribute: c_int, function: usize) {
        let kernel = lock().functions.get(&function).ok_or(INVALID_HANDLE)?.1.clone();
        put(value, match attribute { 0 => kernel.threads as c_int, 1 => kernel.shared as c_int, 4 => 24, _ => 0 })
    }
    fn cuFuncSetAttribute(function: usize, attribute: c_int, value: c_int) {
        let shared = lock().functions.get(&function).ok_or(INVALID_HANDLE)?.1.shared;
        if attribute == 8 && value > (99 << 10) - shared as c_int { return Err(INVALID_VALUE); }
        lock().functions.get_mut(&function).ok_or(INVALID_HANDLE)?.2 = value;
        Ok(())
    }
    fn cuLaunchKernel(function: usize, gx: c_uint, gy: c_uint, gz: c_uint, bx: c_uint, by: c_uint, bz: c_uint, shared: c_uint, stream: usize, parameters: *mut *mut c_void, extra: *mut *mut c_void) {
        if !extra.is_null() { return Err(INVALID_VALUE); }
        launch(function, [gx, gy, gz], [bx, by, bz], shared, stream, parameters, false)
    }
    fn cuLaunchCooperativeKernel(function: usize, gx: c_uint, gy: c_uint, gz: c_uint, bx: c_uint, by: c_uint, bz: c_uint, shared: c_uint, stream: usize, parameters: *mut *mut c_void) {
        launch(function, [gx, gy, gz], [bx, by, bz], shared, stream, parameters, true)
    }
    fn cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks: *mut c_int, function: usize, threads: c_int, _shared: usize) {
        if !lock().functions.contains_key(&function) { return Err(INVALID_HANDLE); }
        put(blocks, 2048 / threads)
    }
    fn cuOccupancyMaxPotentialBlockSize(grid: *mut c_int, block: *mut c_int, function: usize, _shared_of: usize, _shared: usize, limit: c_int) {
        if !lock().functions.contains_key(&function) { return Err(INVALID_HANDLE); }
        put(block, if limit == 0 { 1024 } else { limit })?;
        put(grid, 8)
    }
    fn cuMemPoolCreate(pool: *mut usize, properties: *const [c_int; 4]) {
        // SAFETY: a description that the caller of the driver gave: kind, handles, kind of place, number.
        let [kind, handles, of, device] = unsafe { *properties };
        if [kind, handles, of] != [1, 0, 1] { return Err(INVALID_VALUE); }
        known_device(device)?;
        let mut state = lock();
        let handle = state.handle();
        state.pools.insert(handle, Pool { device, ..Pool::default() });
        put(pool, handle)
    }
    fn cuMemPoolSetAttribute(pool: usize, attribute: c_uint, value: *const u64) {
        if attribute != 4 { return Err(INVALID_VALUE); }
        // SAFETY: as wide as the attribute.
        lock().pools.get_mut(&pool).ok_or(INVALID_HANDLE)?.threshold = unsafe { *value };
        Ok(())
    }
    fn cuMemPoolGetAttribute(pool: usize, attribute: c_uint, value: *mut u64) {
        let pool = lock().pools.get(&pool).cloned().ok_or(INVALID_HANDLE)?;
        put(value, match attribute { 4 => pool.threshold, 5 => pool.reserved, 6 => pool.reserved_high, 7 => pool.used, 8 => pool.used_high, _ => return Err(INVALID_VALUE) })
    }
    fn cuMemPoolTrimTo(pool: usize, keep: usize) {
        let mut state = lock();
        let pool = state.pools.get_mut(&pool).ok_or(INVALID_HANDLE)?;
        pool.reserved = pool.used.max(pool.reserved.min(keep as u64));
        Ok(())
    }
    fn cuMemAllocFromPoolAsync(pointer: *mut u64, bytes: usize, pool: usize, stream: usize) {
        alive(current()?)?;
        let mut state = lock();
        key(&mut state, stream)?;
        let device = state.pools.get(&pool).ok_or(INVALID_HANDLE)?.device;
        if context_of(device) != current()? { return Err(INVALID_VALUE); }
        let at = state.memory.allocate(device, bytes, pool)?;
        let pool = state.pools.get_mut(&pool).ok_or(INVALID_HANDLE)?;
        pool.used += bytes as u64;
        pool.used_high = pool.used_high.max(pool.used);
        pool.reserved = pool.reserved.max(pool.used);
        pool.reserved_high = pool.reserved_high.max(pool.reserved);
        put(pointer, at)
    }
    fn cuMemFreeAsync(pointer: u64, stream: usize) {
        let mut state = lock();
        if state.memory.pool_of(pointer)? == 0 { return Err(INVALID_VALUE); }
        order(&mut state, stream, Work::Free(pointer)).map(drop)
    }
    fn cuProfilerStart() { Ok(()) }
    fn cuProfilerStop() { Ok(()) }
}

/// Waiting for the default stream waits for those that it waits for.
fn run_blocking(context: usize) -> Outcome {
    let all: Vec<(work::Key, u64)> =
        lock().queues.iter().filter(|(key, queue)| key.0 == context && queue.blocking).map(|(key, queue)| (*key, queue.last)).collect();
    all.into_iter().try_for_each(|(key, last)| run(key, last))
}
