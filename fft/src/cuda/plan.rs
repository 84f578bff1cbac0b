//! Plans of cuFFT's, kept.
//!
//! Owns their handles, a cache of them (the least recently used one goes), and the running of one: on the call's stream, in a work area from the device's pool that is given back behind the work. A plan is run by one
//! thread at a time, since its stream and its work area are its own. What is planned was laid out in [`super::shape`].
#![allow(unsafe_code)]

use std::ffi::{c_int, c_longlong};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Context, Memory, Stream};

use super::sys::Library;

/// Plans kept at most. Their tables are in the GPU's memory.
const MOST: usize = 64;

/// `cufftType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    C2C,
    R2C,
    C2R,
}

impl Type {
    fn number(self, double: bool) -> c_int {
        match (self, double) {
            (Type::R2C, false) => 0x2a,
            (Type::C2R, false) => 0x2c,
            (Type::C2C, false) => 0x29,
            (Type::R2C, true) => 0x6a,
            (Type::C2R, true) => 0x6c,
            (Type::C2C, true) => 0x69,
        }
    }
}

/// How one side of a transform lies, as cuFFT's plan-many says it, in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Many {
    pub(super) embed: Vec<i64>,
    pub(super) stride: i64,
    pub(super) dist: i64,
}

/// What a plan is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: Type,
    pub(super) double: bool,
    pub(super) lengths: Vec<i64>,
    pub(super) from: Many,
    pub(super) to: Many,
    pub(super) batch: i64,
}

/// A plan.
#[derive(Debug)]
struct Plan {
    library: &'static Library,
    context: &'static Context,
    key: Key,
    handle: c_int,
    work: usize,
    /// Held while its stream and its work area are one call's.
    turn: Mutex<()>,
}

impl Drop for Plan {
    fn drop(&mut self) {
        let (library, handle) = (self.library, self.handle);
        // SAFETY: made by us, destroyed once.
        self.context.at_drop(|| unsafe { library.cufftDestroy(handle) });
    }
}

impl Plan {
    fn new(library: &'static Library, context: &'static Context, key: &Key) -> Result<Plan, DeviceError> {
        let mut handle = 0;
        // SAFETY: the pointer is to a live local; the device's context is current.
        context.within(|| unsafe { library.cufftCreate(&mut handle) })??;
        // Destroyed from here on, whatever happens.
        let mut plan = Plan { library, context, key: key.clone(), handle, work: 0, turn: Mutex::new(()) };
        let (mut lengths, mut from, mut to) = (key.lengths.clone(), key.from.embed.clone(), key.to.embed.clone());
        let mut work = 0;
        let pointer = |list: &mut Vec<i64>| -> *mut c_longlong { list.as_mut_ptr() };
        let (n, inembed, onembed) = (pointer(&mut lengths), pointer(&mut from), pointer(&mut to));
        // SAFETY: the lists have as many numbers as the rank says and live through the calls; the device's context is current.
        context.within(|| unsafe {
            library.cufftSetAutoAllocation(handle, 0)?;
            let kind = key.kind.number(key.double);
            let rank = key.lengths.len() as c_int;
            library.cufftMakePlanMany64(
                handle,
                rank,
                n,
                inembed,
                key.from.stride,
                key.from.dist,
                onembed,
                key.to.stride,
                key.to.dist,
                kind,
                key.batch,
                &mut work,
            )
        })??;
        plan.work = work;
        Ok(plan)
    }
}

static KEPT: Mutex<Vec<Arc<Plan>>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Arc<Plan>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn find(library: &'static Library, context: &'static Context, key: &Key) -> Result<Arc<Plan>, DeviceError> {
    {
        let mut all = kept();
        let fits = |plan: &Arc<Plan>| std::ptr::eq(plan.library, library) && plan.context == context && plan.key == *key;
        if let Some(at) = all.iter().position(fits) {
            let plan = all.remove(at);
            all.push(Arc::clone(&plan));
            return Ok(plan);
        }
    }
    let plan = Arc::new(Plan::new(library, context, key)?);
    let gone = {
        let mut all = kept();
        all.push(Arc::clone(&plan));
        if all.len() > MOST { Some(all.remove(0)) } else { None }
    };
    // Outside the lock.
    drop(gone);
    Ok(plan)
}

/// Drops all plans that are kept.
pub(crate) fn clear() {
    let all = std::mem::take(&mut *kept());
    drop(all);
}

/// Runs the transform of a key on a stream, once for each pair of addresses. `inverse` is asked of complex transforms alone.
///
/// # Errors
/// The driver's and cuFFT's.
pub(super) fn run(library: &'static Library, stream: &Stream, key: &Key, inverse: bool, places: &[(u64, u64)]) -> Result<(), DeviceError> {
    let plan = find(library, stream.context(), key)?;
    let area = if plan.work > 0 { Some(Memory::new(plan.work, stream)?) } else { None };
    let _turn = plan.turn.lock().unwrap_or_else(PoisonError::into_inner);
    let (handle, direction) = (plan.handle, if inverse { 1 } else { -1 });
    // SAFETY: the plan is ours alone for now; the work area is as large as it asked for and given back behind the stream's work, as the arrays are; the device's context is current.
    stream.context().within(|| unsafe {
        library.cufftSetStream(handle, stream.for_libraries())?;
        if let Some(area) = &area {
            library.cufftSetWorkArea(handle, area.pointer())?;
        }
        places.iter().try_for_each(|&(from, to)| match (key.kind, key.double) {
            (Type::C2C, false) => library.cufftExecC2C(handle, from, to, direction),
            (Type::C2C, true) => library.cufftExecZ2Z(handle, from, to, direction),
            (Type::R2C, false) => library.cufftExecR2C(handle, from, to),
            (Type::R2C, true) => library.cufftExecD2Z(handle, from, to),
            (Type::C2R, false) => library.cufftExecC2R(handle, from, to),
            (Type::C2R, true) => library.cufftExecZ2D(handle, from, to),
        })
    })?
}
