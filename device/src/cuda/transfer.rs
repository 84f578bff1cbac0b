//! Copies between strided arrays of which at least one is on a device.
//!
//! Callers ([`crate::array`]) have checked that both sides are memory. [`plan`] makes of two layouts the fewest copies that the driver can do (runs, rows at a pitch, planes of rows) and the loops around
//! them; what is irregular on the host's side only is packed there first. Who holds what, and until when, is said at each function.
#![allow(unsafe_code)]

use std::any::Any;

use super::context::Context;
use super::memory::Memory;
use super::stream::Stream;
use super::sys::{CUDA_MEMCPY2D, CUDA_MEMCPY3D, CUdeviceptr, CUmemorytype};
use crate::copy::{Axis, coalesce, copy_strided};
use crate::error::DeviceError;
use crate::layout::Layout;

/// Longest distance between rows that every device takes.
const MOST_PITCH: isize = (1 << 31) - 1;

/// Planes of rows of bytes: what the driver copies in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    width: usize,
    rows: usize,
    planes: usize,
    to: Side,
    from: Side,
}

/// Distances in bytes between rows, and in rows between planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Side {
    pitch: usize,
    height: usize,
}

/// Loops, and the copy within them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    /// Bytes from the first element to the lowest address, of either side.
    to_offset: isize,
    from_offset: isize,
    loops: Vec<Axis>,
    block: Block,
}

/// The copy of every element of one layout to the same index of another, neither empty.
fn plan(shape: &[usize], itemsize: usize, to: &[isize], from: &[isize]) -> Plan {
    let (mut to, mut from) = (to.to_vec(), from.to_vec());
    let (mut to_offset, mut from_offset) = (0, 0);
    // Axes that run backwards on both sides are copied forwards.
    for axis in 0..shape.len() {
        if to[axis] < 0 && from[axis] < 0 && shape[axis] > 1 {
            let last = shape[axis] as isize - 1;
            to_offset += to[axis] * last;
            from_offset += from[axis] * last;
            to[axis] = -to[axis];
            from[axis] = -from[axis];
        }
    }
    let mut loops = coalesce(shape, itemsize, &to, &from);
    let width = loops.pop().map_or(itemsize, |bytes| bytes.extent);
    let dense = Side { pitch: width, height: 1 };
    let mut block = Block { width, rows: 1, planes: 1, to: dense, from: dense };
    let rows_apart = |stride: isize| stride >= width as isize && stride <= MOST_PITCH;
    let planes_apart = |plane: isize, row: isize, rows: usize| plane > 0 && plane % row == 0 && (plane / row) as usize >= rows;
    // Of all axes that can be rows, with the best that can then be planes, those that leave the fewest loops.
    let mut best: Option<(usize, usize, Option<usize>)> = None;
    for (row, rows) in loops.iter().enumerate().filter(|(_, axis)| rows_apart(axis.to) && rows_apart(axis.from)) {
        let can = |plane: &usize| {
            let axis = &loops[*plane];
            *plane != row && planes_apart(axis.to, rows.to, rows.extent) && planes_apart(axis.from, rows.from, rows.extent)
        };
        let plane = (0..loops.len()).filter(can).max_by_key(|&plane| loops[plane].extent);
        let done = rows.extent * plane.map_or(1, |plane| loops[plane].extent);
        if best.is_none_or(|(most, ..)| done > most) {
            best = Some((done, row, plane));
        }
    }
    if let Some((_, row, plane)) = best {
        let rows = loops[row];
        let side = |stride: isize, plane: Option<isize>| Side {
            pitch: stride as usize,
            height: plane.map_or(rows.extent, |plane| (plane / stride) as usize),
        };
        block.rows = rows.extent;
        block.to = side(rows.to, plane.map(|plane| loops[plane].to));
        block.from = side(rows.from, plane.map(|plane| loops[plane].from));
        block.planes = plane.map_or(1, |plane| loops[plane].extent);
        let mut axis = 0;
        loops.retain(|_| {
            axis += 1;
            axis - 1 != row && Some(axis - 1) != plane
        });
    }
    Plan { to_offset, from_offset, loops, block }
}

/// Where a side of a copy is.
#[derive(Clone, Copy)]
enum Place {
    Host(usize),
    Device(CUdeviceptr),
}

impl Place {
    fn moved(self, by: isize) -> Place {
        match self {
            Place::Host(address) => Place::Host(address.wrapping_add_signed(by)),
            Place::Device(pointer) => Place::Device(pointer.wrapping_add_signed(by as i64)),
        }
    }

    fn host(self) -> usize {
        if let Place::Host(address) = self { address } else { 0 }
    }

    fn device(self) -> CUdeviceptr {
        if let Place::Device(pointer) = self { pointer } else { 0 }
    }

    fn kind(self) -> CUmemorytype {
        match self {
            Place::Host(_) => CUmemorytype::CU_MEMORYTYPE_HOST,
            Place::Device(_) => CUmemorytype::CU_MEMORYTYPE_DEVICE,
        }
    }

    fn name(self, context: &Context) -> String {
        match self {
            Place::Host(_) => "the host".to_owned(),
            Place::Device(_) => format!("device {}", context.ordinal()),
        }
    }
}

/// Orders a block on the stream.
fn order(block: &Block, to: Place, from: Place, stream: &Stream) -> Result<(), DeviceError> {
    let (context, api) = (stream.context(), stream.context().api());
    let Block { width, rows, planes, .. } = *block;
    let doing = || format!("copying {} bytes from {} to {}", width * rows * planes, from.name(context), to.name(context));
    // SAFETY: the callers' promise is that both sides are memory as laid out, until the copy has been done; the descriptions live through the calls.
    let status = unsafe {
        match (rows, planes) {
            (1, 1) => match (to, from) {
                (Place::Device(to), Place::Host(from)) => (api.cuMemcpyHtoDAsync_v2)(to, from as *const _, width, stream.handle()),
                (Place::Host(to), Place::Device(from)) => (api.cuMemcpyDtoHAsync_v2)(to as *mut _, from, width, stream.handle()),
                (Place::Device(to), Place::Device(from)) => (api.cuMemcpyDtoDAsync_v2)(to, from, width, stream.handle()),
                (Place::Host(to), Place::Host(from)) => {
                    std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, width);
                    super::Status::SUCCESS
                }
            },
            (_, 1) => {
                let copy = CUDA_MEMCPY2D {
                    srcXInBytes: 0,
                    srcY: 0,
                    srcMemoryType: from.kind(),
                    srcHost: from.host() as *const _,
                    srcDevice: from.device(),
                    srcArray: std::ptr::null_mut(),
                    srcPitch: block.from.pitch,
                    dstXInBytes: 0,
                    dstY: 0,
                    dstMemoryType: to.kind(),
                    dstHost: to.host() as *mut _,
                    dstDevice: to.device(),
                    dstArray: std::ptr::null_mut(),
                    dstPitch: block.to.pitch,
                    WidthInBytes: width,
                    Height: rows,
                };
                (api.cuMemcpy2DAsync_v2)(&copy, stream.handle())
            }
            _ => {
                let copy = CUDA_MEMCPY3D {
                    srcXInBytes: 0,
                    srcY: 0,
                    srcZ: 0,
                    srcLOD: 0,
                    srcMemoryType: from.kind(),
                    srcHost: from.host() as *const _,
                    srcDevice: from.device(),
                    srcArray: std::ptr::null_mut(),
                    reserved0: std::ptr::null_mut(),
                    srcPitch: block.from.pitch,
                    srcHeight: block.from.height,
                    dstXInBytes: 0,
                    dstY: 0,
                    dstZ: 0,
                    dstLOD: 0,
                    dstMemoryType: to.kind(),
                    dstHost: to.host() as *mut _,
                    dstDevice: to.device(),
                    dstArray: std::ptr::null_mut(),
                    reserved1: std::ptr::null_mut(),
                    dstPitch: block.to.pitch,
                    dstHeight: block.to.height,
                    WidthInBytes: width,
                    Height: rows,
                    Depth: planes,
                };
                (api.cuMemcpy3DAsync_v2)(&copy, stream.handle())
            }
        }
    };
    status.check(doing)
}

/// Orders all of a plan on the stream.
fn order_all(plan: &Plan, to: Place, from: Place, stream: &Stream) -> Result<(), DeviceError> {
    fn go(loops: &[Axis], block: &Block, to: Place, from: Place, stream: &Stream) -> Result<(), DeviceError> {
        match loops {
            [] => order(block, to, from, stream),
            [axis, inner @ ..] => {
                (0..axis.extent as isize).try_for_each(|i| go(inner, block, to.moved(axis.to * i), from.moved(axis.from * i), stream))
            }
        }
    }
    let _entered = stream.context().enter()?;
    go(&plan.loops, &plan.block, to.moved(plan.to_offset), from.moved(plan.from_offset), stream)
}

/// A dense layout with the axes in the order in which `like` has them in memory.
fn dense_like(like: &Layout) -> (Vec<isize>, usize) {
    let mut axes: Vec<usize> = (0..like.ndim()).collect();
    axes.sort_by_key(|&axis| like.strides()[axis].unsigned_abs());
    let mut strides = vec![0; like.ndim()];
    let mut step = like.itemsize();
    for axis in axes {
        strides[axis] = step as isize;
        step *= like.shape()[axis];
    }
    (strides, step)
}

/// Ends a copy from or to host memory as it lies: leaves it going on if that is pinned and somebody holds it, else waits. What was ordered before an error is under way too.
fn settle(ordered: Result<(), DeviceError>, stream: &Stream, later: Option<Box<dyn Any + Send>>, host: *const u8) -> Result<(), DeviceError> {
    match later {
        Some(owner) if ordered.is_ok() && stream.context().is_pinned(host) => stream.context().keep(stream, owner),
        _ => stream.synchronize().and(ordered),
    }
}

/// Copies a host array to a device array of the same shape, on a stream. Without `later` it has been done on return; with it, the copy may go on as long as the host memory is pinned, and `later`,
/// which holds that memory, is let go of when it has ended.
///
/// # Safety
/// `from` with its layout is initialised memory that nobody writes until the copy has ended; `to` with its layout lies in memory of the stream's device that lives as long.
///
/// # Errors
/// The driver's, or no host memory to pack into.
pub unsafe fn copy_from_host(
    to: u64,
    to_layout: &Layout,
    from: *const u8,
    from_layout: &Layout,
    stream: &Stream,
    later: Option<Box<dyn Any + Send>>,
) -> Result<(), DeviceError> {
    if to_layout.nbytes() == 0 {
        return Ok(());
    }
    let (shape, itemsize) = (to_layout.shape(), to_layout.itemsize());
    let direct = plan(shape, itemsize, to_layout.strides(), from_layout.strides());
    if direct.loops.is_empty() {
        let ordered = order_all(&direct, Place::Device(to), Place::Host(from.expose_provenance()), stream);
        return settle(ordered, stream, later, from);
    }
    let (strides, bytes) = dense_like(to_layout);
    let mut packed = buffer(bytes)?;
    // SAFETY: the host side is the caller's promise, the buffer new and dense.
    unsafe { copy_strided(shape, itemsize, packed.as_mut_ptr(), &strides, from, from_layout.strides()) };
    let ordered =
        order_all(&plan(shape, itemsize, to_layout.strides(), &strides), Place::Device(to), Place::Host(packed.as_ptr().expose_provenance()), stream);
    match later {
        Some(_) if ordered.is_ok() => stream.context().keep(stream, Box::new(packed)),
        // What was ordered before an error still reads the buffer.
        _ => stream.synchronize().and(ordered),
    }
}

/// Copies a device array to a host array of the same shape, on a stream; see [`copy_from_host`].
///
/// # Safety
/// `to` with its layout is memory that nobody else touches until the copy has ended; `from` with its layout lies in memory of the stream's device that lives as long.
///
/// # Errors
/// The driver's, or no host memory to unpack from.
pub unsafe fn copy_to_host(
    to: *mut u8,
    to_layout: &Layout,
    from: u64,
    from_layout: &Layout,
    stream: &Stream,
    later: Option<Box<dyn Any + Send>>,
) -> Result<(), DeviceError> {
    if to_layout.nbytes() == 0 {
        return Ok(());
    }
    let (shape, itemsize) = (to_layout.shape(), to_layout.itemsize());
    let direct = plan(shape, itemsize, to_layout.strides(), from_layout.strides());
    if direct.loops.is_empty() {
        let ordered = order_all(&direct, Place::Host(to.expose_provenance()), Place::Device(from), stream);
        return settle(ordered, stream, later, to);
    }
    let (strides, bytes) = dense_like(from_layout);
    let mut packed = buffer(bytes)?;
    let unpack = plan(shape, itemsize, &strides, from_layout.strides());
    let ordered = order_all(&unpack, Place::Host(packed.as_mut_ptr().expose_provenance()), Place::Device(from), stream);
    stream.synchronize().and(ordered)?;
    // SAFETY: the host side is the caller's promise, the buffer dense and filled.
    unsafe { copy_strided(shape, itemsize, to, to_layout.strides(), packed.as_ptr(), &strides) };
    Ok(())
}

fn buffer(bytes: usize) -> Result<Vec<u8>, DeviceError> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| DeviceError::OutOfMemory { bytes })?;
    buffer.resize(bytes, 0);
    Ok(buffer)
}

/// Orders the copy of one array to another of the same shape, both on devices; they do not overlap. Where the devices differ the stream is the target's, and has to follow whatever wrote the source.
///
/// # Safety
/// Both lie in memory of their devices that lives until the copy has ended, and nobody else touches it out of order.
///
/// # Errors
/// The driver's, or no memory to pack into.
pub unsafe fn copy_between(
    to: u64,
    to_layout: &Layout,
    from: u64,
    from_layout: &Layout,
    from_context: &'static Context,
    stream: &Stream,
) -> Result<(), DeviceError> {
    if to_layout.nbytes() == 0 {
        return Ok(());
    }
    let (shape, itemsize, context) = (to_layout.shape(), to_layout.itemsize(), stream.context());
    let direct = plan(shape, itemsize, to_layout.strides(), from_layout.strides());
    if context == from_context {
        return order_all(&direct, Place::Device(to), Place::Device(from), stream);
    }
    // Peer copies are of runs: what is none is packed on its own device first, and unpacked on the other.
    if direct.loops.is_empty() && (direct.block.rows, direct.block.planes) == (1, 1) {
        let (to, from) = (to.wrapping_add_signed(direct.to_offset as i64), from.wrapping_add_signed(direct.from_offset as i64));
        return order_peer(to, from, direct.block.width, from_context, stream);
    }
    let (strides, bytes) = dense_like(from_layout);
    let there = Stream::default_of(from_context);
    // Behind what wrote the source, which the caller had this stream follow.
    there.follow(stream)?;
    let packed = Memory::new(bytes, &there)?;
    order_all(&plan(shape, itemsize, &strides, from_layout.strides()), Place::Device(packed.pointer()), Place::Device(from), &there)?;
    stream.follow(&there)?;
    let arrived = Memory::new(bytes, stream)?;
    order_peer(arrived.pointer(), packed.pointer(), bytes, from_context, stream)?;
    packed.used_on(stream);
    order_all(&plan(shape, itemsize, to_layout.strides(), &strides), Place::Device(to), Place::Device(arrived.pointer()), stream)
}

fn order_peer(to: u64, from: u64, bytes: usize, from_context: &'static Context, stream: &Stream) -> Result<(), DeviceError> {
    let context = stream.context();
    // Direct where the machine can; through the host, by the driver, where not.
    context.reach(from_context)?;
    let _entered = context.enter()?;
    // SAFETY: both are memory of their devices, as `copy_between` was promised.
    unsafe { (context.api().cuMemcpyPeerAsync)(to, context.handle(), from, from_context.handle(), bytes, stream.handle()) }
        .check(|| format!("copying {bytes} bytes from device {} to device {}", from_context.ordinal(), context.ordinal()))
}

/// Orders that every element of an array become `element`.
///
/// # Safety
/// The array lies in memory of the stream's device that lives until that has been done, and nobody else touches it out of order.
///
/// # Errors
/// The driver's, or no memory for a pattern.
pub unsafe fn fill(to: u64, layout: &Layout, element: &[u8], stream: &Stream) -> Result<(), DeviceError> {
    assert_eq!(element.len(), layout.itemsize());
    if layout.nbytes() == 0 {
        return Ok(());
    }
    let (strides, bytes) = dense_like(layout);
    // The array against itself: its own runs.
    let own = plan(layout.shape(), layout.itemsize(), layout.strides(), layout.strides());
    let start = to.wrapping_add_signed(own.to_offset as i64);
    let whole = own.loops.is_empty() && (own.block.rows, own.block.planes) == (1, 1);
    if whole {
        return order_fill(start, bytes, element, stream);
    }
    let bytewise = element.iter().all(|byte| *byte == element[0]);
    if bytewise && own.loops.is_empty() && own.block.planes == 1 {
        let _entered = stream.context().enter()?;
        let Block { width, rows, .. } = own.block;
        // SAFETY: the rows are the array's, as the caller promised.
        return unsafe { (stream.context().api().cuMemsetD2D8Async)(start, own.block.to.pitch, element[0], width, rows, stream.handle()) }
            .check(|| format!("filling {} bytes on device {}", width * rows, stream.context().ordinal()));
    }
    let pattern = Memory::new(bytes, stream)?;
    order_fill(pattern.pointer(), bytes, element, stream)?;
    order_all(&plan(layout.shape(), layout.itemsize(), layout.strides(), &strides), Place::Device(to), Place::Device(pattern.pointer()), stream)
}

/// Fills a run of bytes with a pattern.
fn order_fill(to: u64, bytes: usize, element: &[u8], stream: &Stream) -> Result<(), DeviceError> {
    let (context, api) = (stream.context(), stream.context().api());
    let entered = context.enter()?;
    let doing = || format!("filling {bytes} bytes on device {}", context.ordinal());
    // SAFETY: the run is memory of the device, as `fill` was promised.
    unsafe {
        if element.iter().all(|byte| *byte == element[0]) {
            return (api.cuMemsetD8Async)(to, element[0], bytes, stream.handle()).check(doing);
        }
        match *element {
            [a, b] if to.is_multiple_of(2) => return (api.cuMemsetD16Async)(to, u16::from_ne_bytes([a, b]), bytes / 2, stream.handle()).check(doing),
            [a, b, c, d] if to.is_multiple_of(4) => {
                return (api.cuMemsetD32Async)(to, u32::from_ne_bytes([a, b, c, d]), bytes / 4, stream.handle()).check(doing);
            }
            _ => {}
        }
    }
    drop(entered);
    // One element from the host, then what there is, doubled.
    let run = |width| Block { width, rows: 1, planes: 1, to: Side { pitch: width, height: 1 }, from: Side { pitch: width, height: 1 } };
    let _entered = context.enter()?;
    let first: Box<[u8]> = element.into();
    order(&run(element.len()), Place::Device(to), Place::Host(first.as_ptr().expose_provenance()), stream)?;
    context.keep(stream, Box::new(first))?;
    let mut done = element.len();
    while done < bytes {
        let next = done.min(bytes - done);
        order(&run(next), Place::Device(to + done as u64), Place::Device(to), stream)?;
        done += next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Order;

    /// Copies by a plan on the host, one byte at a time.
    fn follow(plan: &Plan, to: &mut [u8], to_at: isize, from: &[u8], from_at: isize) {
        fn go(loops: &[Axis], block: &Block, to: &mut [u8], to_at: isize, from: &[u8], from_at: isize) {
            if let [axis, inner @ ..] = loops {
                for i in 0..axis.extent as isize {
                    go(inner, block, to, to_at + axis.to * i, from, from_at + axis.from * i);
                }
                return;
            }
            for plane in 0..block.planes {
                for row in 0..block.rows {
                    for byte in 0..block.width {
                        let place = |side: Side, at: isize| at as usize + (plane * side.height + row) * side.pitch + byte;
                        to[place(block.to, to_at)] = from[place(block.from, from_at)];
                    }
                }
            }
        }
        go(&plan.loops, &plan.block, to, to_at + plan.to_offset, from, from_at + plan.from_offset);
    }

    fn of(shape: &[usize], itemsize: usize, to: &[isize], from: &[isize]) -> (usize, usize, usize, usize) {
        let plan = plan(shape, itemsize, to, from);
        (plan.loops.iter().map(|axis| axis.extent).product(), plan.block.planes, plan.block.rows, plan.block.width)
    }

    #[test]
    fn layouts_become_the_fewest_copies() {
        // (loops, planes, rows, width)
        assert_eq!(of(&[4, 6], 8, &[48, 8], &[48, 8]), (1, 1, 1, 192), "dense");
        assert_eq!(of(&[4, 6], 8, &[8, 32], &[8, 32]), (1, 1, 1, 192), "dense in Fortran's order");
        assert_eq!(of(&[4, 6], 8, &[48, 8], &[64, 8]), (1, 1, 4, 48), "rows at a pitch");
        assert_eq!(of(&[4], 8, &[8], &[16]), (1, 1, 4, 8), "every second element");
        assert_eq!(of(&[3, 4, 6], 1, &[24, 6, 1], &[80, 8, 1]), (1, 3, 4, 6), "planes of rows");
        assert_eq!(of(&[3, 4, 6], 1, &[24, 6, 1], &[81, 8, 1]).0, 3, "planes that are no whole number of rows apart are a loop");
        assert_eq!(of(&[5], 4, &[-4], &[-4]), (1, 1, 1, 20), "backwards on both sides");
        assert_eq!(of(&[5], 4, &[4], &[-4]).0, 5, "backwards on one side is a loop");
        assert_eq!(of(&[5, 2], 4, &[8, 4], &[0, 4]).0, 5, "a repeated row is a loop");
        assert_eq!(of(&[], 16, &[], &[]), (1, 1, 1, 16), "one element");
        assert_eq!(of(&[2, 3], 1, &[3, 1], &[1 << 33, 1]).0, 2, "rows farther apart than any pitch are a loop");
    }

    #[test]
    fn every_plan_copies_each_element_to_its_index() {
        let mut state = 11u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        for _ in 0..500 {
            let shape: Vec<usize> = (0..below(5)).map(|_| 1 + below(4)).collect();
            let itemsize = [1, 2, 4, 8, 3][below(5)];
            let mut side = |shape: &[usize]| {
                let mut axes: Vec<usize> = (0..shape.len()).collect();
                for i in (1..axes.len()).rev() {
                    axes.swap(i, below(i + 1));
                }
                let (mut strides, mut step, mut at) = (vec![0isize; shape.len()], itemsize, 0);
                for axis in axes {
                    step *= 1 + below(3) / 2;
                    strides[axis] = step as isize;
                    if below(4) == 0 {
                        strides[axis] = -strides[axis];
                        at += step * (shape[axis] - 1);
                    }
                    step *= shape[axis];
                }
                (strides, at as isize, step)
            };
            let ((to, to_at, to_bytes), (from, from_at, from_bytes)) = (side(&shape), side(&shape));
            let source: Vec<u8> = (0..from_bytes).map(|i| (i * 31 + 7) as u8).collect();
            let (mut by_plan, mut expected) = (vec![0xaa; to_bytes], vec![0xaa; to_bytes]);
            follow(&plan(&shape, itemsize, &to, &from), &mut by_plan, to_at, &source, from_at);
            // SAFETY: the strides were made so that all elements lie in the vectors.
            unsafe { copy_strided(&shape, itemsize, expected.as_mut_ptr().offset(to_at), &to, source.as_ptr().offset(from_at), &from) };
            assert_eq!(by_plan, expected, "{shape:?} {to:?} {from:?}");
        }
    }

    #[test]
    fn packing_keeps_the_order_of_the_devices_axes() {
        let fortran = Layout::contiguous(&[2, 3, 4], 8, Order::F).unwrap();
        assert_eq!(dense_like(&fortran), (fortran.strides().to_vec(), 192));
        let sparse = Layout::strided(&[2, 3], &[64, 16], 8).unwrap();
        assert_eq!(dense_like(&sparse), (vec![24, 8], 48));
    }
}
