#![allow(unsafe_code)]
//! Object code into this process: ORC's LLJIT, and the life of what it holds.
//!
//! One `LLJIT` a process, made at first use. Every object goes into its main library under a name of its own, with a resource tracker whose removal frees the memory. Undefined
//! symbols are found in one table (the runtime's and the C library's), defined once; nothing else of the process can be reached.

use std::ffi::{CStr, CString, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, OnceLock};

use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;

use super::{Error, runtime};
use crate::fork;

/// Loaded code; unloaded on drop.
#[derive(Debug)]
pub(super) struct Loaded {
    address: usize,
    tracker: LLVMOrcResourceTrackerRef,
    size: usize,
}

// SAFETY: the tracker is only used by `drop`, under the JIT's lock; the address is plain data.
unsafe impl Send for Loaded {}
// SAFETY: as above; no method mutates through a shared reference.
unsafe impl Sync for Loaded {}

struct Jit {
    lljit: LLVMOrcLLJITRef,
    dylib: LLVMOrcJITDylibRef,
}

// SAFETY: LLJIT may be used from any thread; every use here holds the mutex.
unsafe impl Send for Jit {}

static JIT: OnceLock<Result<Mutex<Jit>, Error>> = OnceLock::new();

/// Code that was dropped while it could not be unloaded: a stack that needs no lock.
static LATER: AtomicPtr<Dropped> = AtomicPtr::new(std::ptr::null_mut());

struct Dropped {
    tracker: LLVMOrcResourceTrackerRef,
    below: *mut Dropped,
}

impl Dropped {
    fn push(tracker: LLVMOrcResourceTrackerRef) {
        let new = Box::into_raw(Box::new(Dropped { tracker, below: LATER.load(Ordering::Relaxed) }));
        // SAFETY: `new` is ours until the exchange succeeds.
        let exchanged = |below| unsafe {
            (*new).below = below;
            LATER.compare_exchange_weak(below, new, Ordering::Release, Ordering::Relaxed)
        };
        let mut below = LATER.load(Ordering::Relaxed);
        while let Err(now) = exchanged(below) {
            below = now;
        }
    }

    /// Unloads all that waits for it.
    fn unload_all(_jit: &Jit) {
        let mut next = LATER.swap(std::ptr::null_mut(), Ordering::Acquire);
        while !next.is_null() {
            // SAFETY: the whole stack was taken at once, so each is ours alone.
            let dropped = unsafe { Box::from_raw(next) };
            next = dropped.below;
            // SAFETY: the JIT's lock is held, and nothing else knows the tracker.
            unsafe { unload(dropped.tracker) };
        }
    }
}

/// Frees code. An error means that it was never loaded; there is nobody to tell.
///
/// # Safety
/// The JIT's lock is held; nobody runs the code or uses the tracker again.
unsafe fn unload(tracker: LLVMOrcResourceTrackerRef) {
    // SAFETY: the caller's promise.
    unsafe {
        let error = LLVMOrcResourceTrackerRemove(tracker);
        if !error.is_null() {
            llvm_sys::error::LLVMConsumeError(error);
        }
        LLVMOrcReleaseResourceTracker(tracker);
    }
}

/// The JIT; to be locked in a [job](crate::fork::job) only.
fn jit() -> Result<&'static Mutex<Jit>, Error> {
    JIT.get_or_init(|| Jit::new().map(Mutex::new)).as_ref().map_err(Clone::clone)
}

fn check(error: llvm_sys::error::LLVMErrorRef) -> Result<(), Error> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: a non-null error is ours to consume once, and its message is a C string to dispose of.
    unsafe {
        let message = llvm_sys::error::LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        llvm_sys::error::LLVMDisposeErrorMessage(message);
        Err(Error::Bug(format!("the JIT refused an object: {text}")))
    }
}

impl Jit {
    fn new() -> Result<Jit, Error> {
        let mut lljit = std::ptr::null_mut();
        // SAFETY: no builder means defaults; on success `lljit` is a live JIT, which is never disposed of.
        let (lljit, dylib) = unsafe {
            check(LLVMOrcCreateLLJIT(&mut lljit, std::ptr::null_mut()))?;
            (lljit, LLVMOrcLLJITGetMainJITDylib(lljit))
        };
        let this = Jit { lljit, dylib };
        this.define_symbols()?;
        Ok(this)
    }

    fn define_symbols(&self) -> Result<(), Error> {
        let table: Vec<(CString, *const c_void)> = runtime::symbols()
            .into_iter()
            .chain(super::atomics::symbols())
            .chain(super::each::symbols())
            .chain(crate::op::exact::symbols().iter().map(|(n, a)| (*n, *a as *const c_void)))
            .map(|(name, address)| (CString::new(name).expect("no NUL in a symbol"), address))
            .collect();
        // SAFETY: names are interned (one reference each, taken over by the unit); addresses are functions of this process.
        unsafe {
            let mut pairs: Vec<LLVMOrcCSymbolMapPair> = table
                .iter()
                .map(|(name, address)| LLVMOrcCSymbolMapPair {
                    Name: LLVMOrcLLJITMangleAndIntern(self.lljit, name.as_ptr()),
                    Sym: llvm_sys::orc2::LLVMJITEvaluatedSymbol {
                        Address: *address as u64,
                        Flags: LLVMJITSymbolFlags {
                            GenericFlags: LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsExported as u8
                                | LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable as u8,
                            TargetFlags: 0,
                        },
                    },
                })
                .collect();
            let unit = LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len());
            check(LLVMOrcJITDylibDefine(self.dylib, unit))
        }
    }
}

/// Loads an object that defines the function `symbol`, a name not used before.
pub(super) fn load(bytes: &[u8], symbol: &str) -> Result<Loaded, Error> {
    let jit = jit()?.lock().unwrap_or_else(|e| e.into_inner());
    Dropped::unload_all(&jit);
    let name = CString::new(symbol).expect("no NUL in a symbol");
    // SAFETY: the object is copied into a buffer that the JIT takes over; the tracker is owned by `Loaded`; the lookup materialises the code before the address
    // is given out.
    unsafe {
        let copy = llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy(bytes.as_ptr().cast(), bytes.len(), name.as_ptr());
        let tracker = LLVMOrcJITDylibCreateResourceTracker(jit.dylib);
        let mut loaded = Loaded { address: 0, tracker, size: bytes.len() };
        let result = check(LLVMOrcLLJITAddObjectFileWithRT(jit.lljit, tracker, copy)).and_then(|()| {
            let mut address = 0;
            check(LLVMOrcLLJITLookup(jit.lljit, &mut address, name.as_ptr()))?;
            Ok(address as usize)
        });
        drop(jit);
        loaded.address = result?;
        Ok(loaded)
    }
}

impl Loaded {
    /// Bytes of the object it came from.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let Ok(jit) = jit() else { return };
        // Nothing may wait here: the thread may hold a host's lock, in the middle of destroying objects.
        let Some(_job) = fork::try_job() else { return Dropped::push(self.tracker) };
        let _held = jit.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: whoever ran the code held an `Arc` of it (abi); this is the last one.
        unsafe { unload(self.tracker) };
    }
}

/// The loaded function, as the function pointer type of its shape.
pub(super) fn entry<F: Copy>(loaded: &Loaded) -> F {
    assert_eq!(size_of::<F>(), size_of::<usize>(), "a function pointer");
    // SAFETY: `F` is one of abi's function types, chosen by the shape the code was compiled as (`Code::blocks`, `Code::elements`), and the address is
    // that of code with that signature.
    unsafe { std::mem::transmute_copy(&loaded.address) }
}
