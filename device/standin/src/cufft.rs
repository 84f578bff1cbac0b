//! cuFFT's functions under their C names.
//!
//! Transforms are sums over the definition, axis by axis, in float64. Elements lie where plan-many's arithmetic says; what lies outside its block is found by that. Complex to real writes over its input, a plan without its
//! work area does not run, and the work area is written all over, as the real one may be.

use std::collections::HashMap;
use std::ffi::{c_int, c_longlong};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::{functions, note, put};
use crate::memory::Memory;
use crate::state::{Outcome, current, lock};
use crate::work::{Work, order};

const INVALID_PLAN: i32 = 1;
const INVALID_TYPE: i32 = 3;
const INVALID_VALUE: i32 = 4;
const INTERNAL_ERROR: i32 = 5;
const EXEC_FAILED: i32 = 6;
const INVALID_SIZE: i32 = 8;
const NO_WORKSPACE: i32 = 13;

#[derive(Clone)]
struct Plan {
    context: usize,
    stream: usize,
    automatic: bool,
    area: u64,
    made: Option<Many>,
}

/// What plan-many was given.
#[derive(Clone, Debug)]
struct Many {
    kind: c_int,
    n: Vec<i64>,
    from: Side,
    to: Side,
    batch: i64,
    work: usize,
}

#[derive(Clone, Debug)]
struct Side {
    embed: Vec<i64>,
    stride: i64,
    dist: i64,
}

impl Side {
    /// Number of the element of a batch's member, by its indexes.
    fn element(&self, member: i64, index: &[i64]) -> i64 {
        let place = index.iter().zip(&self.embed).enumerate().fold(0, |place, (k, (i, embed))| if k == 0 { *i } else { place * embed + i });
        member * self.dist + place * self.stride
    }
}

static PLANS: Mutex<Option<HashMap<c_int, Plan>>> = Mutex::new(None);

fn plans() -> MutexGuard<'static, Option<HashMap<c_int, Plan>>> {
    PLANS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<R>(plan: c_int, f: impl FnOnce(&mut Plan) -> Outcome<R>) -> Outcome<R> {
    f(plans().get_or_insert_default().get_mut(&plan).ok_or(INVALID_PLAN)?)
}

/// A number of elements and whether they are complex, read and written as float64.
fn read(memory: &mut Memory, at: u64, index: i64, double: bool, complex: bool) -> Outcome<(f64, f64)> {
    let size = if double { 8 } else { 4 };
    let width = if complex { 2 * size } else { size };
    let bytes = memory.bytes(at.wrapping_add_signed(index * width as i64), width)?;
    let part =
        |b: &[u8]| if double { f64::from_ne_bytes(b.try_into().expect("eight")) } else { f64::from(f32::from_ne_bytes(b.try_into().expect("four"))) };
    Ok((part(&bytes[..size]), if complex { part(&bytes[size..]) } else { 0.0 }))
}

fn write(memory: &mut Memory, at: u64, index: i64, double: bool, complex: bool, value: (f64, f64)) -> Outcome {
    let part = |x: f64| if double { x.to_ne_bytes().to_vec() } else { (x as f32).to_ne_bytes().to_vec() };
    let mut bytes = part(value.0);
    if complex {
        bytes.extend(part(value.1));
    }
    memory.bytes(at.wrapping_add_signed(index * bytes.len() as i64), bytes.len())?.copy_from_slice(&bytes);
    Ok(())
}

/// All indexes within extents, the last fastest.
fn indexes(extents: &[i64]) -> Vec<Vec<i64>> {
    extents.iter().fold(vec![vec![]], |all, &n| all.iter().flat_map(|index| (0..n).map(move |i| [index.as_slice(), &[i]].concat())).collect())
}

/// A transform of one axis of a dense array.
fn along(values: &mut [(f64, f64)], extents: &[i64], axis: usize, sign: f64) {
    let n = extents[axis] as usize;
    let inner: usize = extents[axis + 1..].iter().product::<i64>() as usize;
    for start in (0..values.len()).filter(|i| (i / inner).is_multiple_of(n)) {
        let line: Vec<(f64, f64)> = (0..n).map(|j| values[start + j * inner]).collect();
        for k in 0..n {
            let sum = line.iter().enumerate().fold((0.0, 0.0), |sum, (j, x)| {
                let (s, c) = (sign * std::f64::consts::TAU * ((j * k) % n) as f64 / n as f64).sin_cos();
                (sum.0 + x.0 * c - x.1 * s, sum.1 + x.0 * s + x.1 * c)
            });
            values[start + k * inner] = sum;
        }
    }
}

fn transform(memory: &mut Memory, many: &Many, area: u64, from: u64, to: u64, sign: f64) -> Outcome {
    let double = many.kind & 0x40 != 0;
    let (real_in, real_out) = (many.kind & 0xf == 0xa, many.kind & 0xf == 0xc);
    if many.work > 0 {
        memory.bytes(area, many.work)?.fill(0xa5);
    }
    let n = &many.n;
    let mut halved = n.clone();
    if let Some(last) = halved.last_mut() {
        *last = *last / 2 + 1;
    }
    for member in 0..many.batch {
        let mut values = Vec::new();
        for index in indexes(n) {
            let mirrored = real_out && index.last().zip(halved.last()).is_some_and(|(i, h)| i >= h);
            let at: Vec<i64> = if mirrored { index.iter().zip(n).map(|(i, n)| (n - i) % n).collect() } else { index };
            let (re, im) = read(memory, from, many.from.element(member, &at), double, !real_in)?;
            values.push((re, if mirrored { -im } else { im }));
        }
        if real_out {
            for index in indexes(&halved) {
                write(memory, from, many.from.element(member, &index), double, true, (f64::NAN, f64::NAN))?;
            }
        }
        (0..n.len()).for_each(|axis| along(&mut values, n, axis, sign));
        for (index, value) in indexes(n).into_iter().zip(values) {
            if !real_in || index.last().zip(halved.last()).is_some_and(|(i, h)| i < h) {
                write(memory, to, many.to.element(member, &index), double, !real_out, value)?;
            }
        }
    }
    Ok(())
}

fn exec(plan: c_int, kind: c_int, from: u64, to: u64, direction: c_int) -> Outcome {
    let plan = with(plan, |plan| Ok(plan.clone()))?;
    let many = plan.made.ok_or(INVALID_PLAN)?;
    if many.kind != kind {
        return Err(INVALID_TYPE);
    }
    if current().map_err(|_| EXEC_FAILED)? != plan.context {
        return Err(EXEC_FAILED);
    }
    let whole = if many.kind & 0x40 != 0 { 16 } else { 8 };
    if !from.is_multiple_of(whole) || !to.is_multiple_of(whole) || !matches!(direction, -1 | 1) {
        return Err(INVALID_VALUE);
    }
    if many.work > 0 && !plan.automatic && plan.area == 0 {
        return Err(NO_WORKSPACE);
    }
    note(format!(" {many:?}"));
    let act = move |memory: &mut Memory| transform(memory, &many, plan.area, from, to, f64::from(direction));
    order(&mut lock(), plan.stream, Work::Act(Box::new(act))).map(drop).map_err(|_| EXEC_FAILED)
}

fn list(from: *const c_longlong, n: c_int) -> Vec<i64> {
    // SAFETY: as many as the caller of the library said.
    unsafe { std::slice::from_raw_parts(from, n as usize) }.to_vec()
}

functions! {
    lookup library;
    fn cufftGetProperty(which: c_int, value: *mut c_int) { put(value, [12, 1, 0][which as usize]) }
    fn cufftCreate(plan: *mut c_int) {
        let context = current().map_err(|_| INTERNAL_ERROR)?;
        let made = lock().handle() as c_int;
        plans().get_or_insert_default().insert(made, Plan { context, stream: 0, automatic: true, area: 0, made: None });
        put(plan, made)
    }
    fn cufftDestroy(plan: c_int) { plans().get_or_insert_default().remove(&plan).map(drop).ok_or(INVALID_PLAN) }
    fn cufftSetAutoAllocation(plan: c_int, yes: c_int) { with(plan, |plan| { plan.automatic = yes != 0; Ok(()) }) }
    fn cufftMakePlanMany64(plan: c_int, rank: c_int, n: *mut c_longlong, inembed: *mut c_longlong, istride: c_longlong, idist: c_longlong, onembed: *mut c_longlong, ostride: c_longlong, odist: c_longlong, kind: c_int, batch: c_longlong, work: *mut usize) {
        if !matches!(kind, 0x29 | 0x2a | 0x2c | 0x69 | 0x6a | 0x6c) { return Err(INVALID_TYPE); }
        if !(1..=3).contains(&rank) || batch < 1 || istride < 1 || ostride < 1 || idist < 1 || odist < 1 { return Err(INVALID_VALUE); }
        let n = list(n, rank);
        let (from, to) = (Side { embed: list(inembed, rank), stride: istride, dist: idist }, Side { embed: list(onembed, rank), stride: ostride, dist: odist });
        let (mut in_n, mut out_n) = (n.clone(), n.clone());
        let last = rank as usize - 1;
        if kind & 0xf == 0xa { out_n[last] = n[last] / 2 + 1; }
        if kind & 0xf == 0xc { in_n[last] = n[last] / 2 + 1; }
        if n.iter().any(|&n| n < 1) || (1..=last).any(|k| from.embed[k] < in_n[k] || to.embed[k] < out_n[k]) { return Err(INVALID_SIZE); }
        // Small transforms need no room.
        let bytes = if n.iter().product::<i64>() > 8 { 512 } else { 0 };
        with(plan, |plan| { plan.made = Some(Many { kind, n, from, to, batch, work: bytes }); Ok(()) })?;
        put(work, bytes)
    }
    fn cufftSetStream(plan: c_int, stream: usize) { with(plan, |plan| { plan.stream = stream; Ok(()) }) }
    fn cufftSetWorkArea(plan: c_int, area: u64) { with(plan, |plan| { plan.area = area; Ok(()) }) }
    fn cufftExecC2C(plan: c_int, from: u64, to: u64, direction: c_int) { exec(plan, 0x29, from, to, direction) }
    fn cufftExecZ2Z(plan: c_int, from: u64, to: u64, direction: c_int) { exec(plan, 0x69, from, to, direction) }
    fn cufftExecR2C(plan: c_int, from: u64, to: u64) { exec(plan, 0x2a, from, to, -1) }
    fn cufftExecD2Z(plan: c_int, from: u64, to: u64) { exec(plan, 0x6a, from, to, -1) }
    fn cufftExecC2R(plan: c_int, from: u64, to: u64) { exec(plan, 0x2c, from, to, 1) }
    fn cufftExecZ2D(plan: c_int, from: u64, to: u64) { exec(plan, 0x6c, from, to, 1) }
}
