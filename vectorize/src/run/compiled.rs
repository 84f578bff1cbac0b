//! Loops as callable things: the entries of one loop's variants, compiled at first need.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use verdigris_compiler::abi::{Launch, LaunchState, LoopFn, Site};
use verdigris_compiler::fork;
use verdigris_compiler::ir::Verified;
use verdigris_compiler::llvm::{self, Code, Lanes, Listing, Signature};
use verdigris_device::pool;

use super::gpu::Codes;
use crate::error::Error;

/// Which form of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Elements at a time.
    pub lanes: Lanes,
    /// Bit i: input i is one element for all.
    pub uniform: u64,
    /// Raises only the flags that the elements' own computations raise.
    pub exact: bool,
    /// Writes past the caches, to outputs aligned to 64 bytes.
    pub stream: bool,
}

/// A loop's machine code, kept alive.
#[derive(Clone)]
pub struct Entry {
    function: LoopFn,
    sites: Arc<[Site]>,
    _keep: Arc<dyn Any + Send + Sync>,
}

impl Entry {
    /// The entry of code compiled as a loop.
    pub fn compiled(code: Arc<Code>) -> Entry {
        Entry { function: code.elements(), sites: code.sites().into(), _keep: code }
    }

    /// A hand-written loop.
    ///
    /// # Safety
    /// It must keep to the contract of [`LoopFn`] for the operand types of the loop it serves.
    pub unsafe fn native(function: LoopFn) -> Entry {
        Entry { function, sites: Arc::new([]), _keep: Arc::new(()) }
    }

    /// Whether some element may fail.
    pub(super) fn may_fail(&self) -> bool {
        !self.sites.is_empty()
    }

    /// Computes `count` elements; `first` is the index of the first, for errors.
    ///
    /// # Safety
    /// `operands` are pointers as [`LoopFn`] wants them for this entry's variant, valid for `count` elements, inputs for reads, outputs for writes.
    #[inline]
    pub(super) unsafe fn call(&self, operands: &[*mut u8], count: usize, first: u64, host: &Host) -> Result<(), Error> {
        let launch = host.launch();
        // SAFETY: the caller's promise; `launch` and the state in `host` outlive the call.
        unsafe { (self.function)(operands.as_ptr(), count as u64, &launch) };
        if self.sites.is_empty() { Ok(()) } else { self.check(first, host) }
    }

    #[cold]
    fn check(&self, first: u64, host: &Host) -> Result<(), Error> {
        match host.state.failure() {
            None => Ok(()),
            Some(mut failure) => {
                failure.thread += first;
                let site = Box::new(self.sites[failure.site as usize].clone());
                Err(Error::Failed { failure, site })
            }
        }
    }
}

/// The host's side of calls by one worker, up to its first failure.
#[derive(Default)]
pub(super) struct Host {
    state: LaunchState,
    watched: Option<Arc<Watched>>,
    /// Whether this is the thread that may ask the watch.
    calling: bool,
}

impl Host {
    /// The calling thread's side of a watched run.
    pub(super) fn calling(watched: &Arc<Watched>) -> Host {
        let run = watched.clone();
        Host { state: LaunchState::new(move |_| run.ask()), watched: Some(watched.clone()), calling: true }
    }

    /// Another thread's side of a watched run.
    pub(super) fn helping(watched: &Arc<Watched>) -> Host {
        let run = watched.clone();
        Host { state: LaunchState::new(move |_| run.stopped()), watched: Some(watched.clone()), calling: false }
    }

    /// What compiled code reads of this worker's side; valid as long as the host stays where it is.
    pub(super) fn launch(&self) -> Launch {
        Launch::new([1; 3], [1; 3], self.stop_word(), &self.state)
    }

    /// The failure of the code, if it failed.
    pub(super) fn failure(&self) -> Option<verdigris_compiler::abi::Failure> {
        self.state.failure()
    }

    fn stop_word(&self) -> &AtomicU32 {
        match &self.watched {
            None => &self.state.stop,
            Some(watched) if self.calling => &watched.calling,
            Some(watched) => &watched.helping,
        }
    }

    /// Looks up between two calls of the code.
    #[inline]
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.watched {
            Some(_) if self.stop_word().load(Ordering::Relaxed) != GO && self.state.poll() => Err(Error::Stopped),
            _ => Ok(()),
        }
    }
}

const GO: u32 = 0;
const ASK: u32 = 1;
const STOP: u32 = 2;

/// A run that can be stopped: every 50 ms the calling thread asks a watch whether to go on.
pub(super) struct Watched {
    watch: fn() -> bool,
    calling: AtomicU32,
    /// Only ever GO or STOP: it is the calling thread that asks.
    helping: AtomicU32,
}

impl Watched {
    pub(super) fn new(watch: fn() -> bool) -> Arc<Watched> {
        Arc::new(Watched { watch, calling: AtomicU32::new(GO), helping: AtomicU32::new(GO) })
    }

    /// Asks, on the calling thread; whether to stop.
    pub(super) fn ask(&self) -> bool {
        if (self.watch)() {
            self.calling.store(STOP, Ordering::Relaxed);
            self.helping.store(STOP, Ordering::Relaxed);
        }
        self.calling.compare_exchange(ASK, GO, Ordering::Relaxed, Ordering::Relaxed) == Err(STOP)
    }

    pub(super) fn stopped(&self) -> bool {
        self.helping.load(Ordering::Relaxed) == STOP
    }
}

impl pool::Tick for Watched {
    fn tick(&self) {
        let _ = self.calling.compare_exchange(GO, ASK, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("sites", &self.sites.len()).finish_non_exhaustive()
    }
}

/// What a function does besides straight-line arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Code that is not exact may raise flags that no element raises: some operations run for some elements only, or the processor's comparisons mind NaN.
    pub false_flags: bool,
    /// An element may take any time.
    pub loops: bool,
}

/// Makes the variants of a loop.
pub trait Provider: Send + Sync {
    /// The code of one variant.
    ///
    /// # Errors
    /// Where none can be made.
    fn variant(&self, variant: Variant) -> Result<Entry, Error>;

    /// The code of 32 elements at a time as text.
    ///
    /// # Errors
    /// Where there is none.
    fn listing(&self, listing: Listing) -> Result<String, Error>;

    /// The function that code for GPUs is made of; `None` if there is none.
    fn ir(&self) -> Option<&Verified>;
}

/// The loop of a ufunc for one list of operand types.
pub struct Loop {
    signature: Signature,
    control: Control,
    provider: Box<dyn Provider>,
    fast: OnceLock<Entry>,
    exact: OnceLock<Entry>,
    one: OnceLock<Entry>,
    uniform: Mutex<Vec<(Variant, Entry)>>,
    compiling: Mutex<()>,
    raised_falsely: AtomicBool,
    /// Its code on GPUs.
    pub(super) codes: Codes,
}

impl Loop {
    /// A loop whose code comes from `provider`.
    pub fn new(signature: Signature, control: Control, provider: Box<dyn Provider>) -> Loop {
        Loop {
            signature,
            control,
            provider,
            fast: OnceLock::new(),
            exact: OnceLock::new(),
            one: OnceLock::new(),
            uniform: Mutex::new(Vec::new()),
            compiling: Mutex::new(()),
            raised_falsely: AtomicBool::new(false),
            codes: Codes::default(),
        }
    }

    /// Operand types.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The function that code for GPUs is made of.
    pub(super) fn ir(&self) -> Result<&Verified, Error> {
        self.provider.ir().ok_or_else(|| Error::Compiler(llvm::Error::Bug("a loop without a function".to_owned())))
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.signature.inputs.len()
    }

    /// Type of an operand, inputs first.
    pub(crate) fn operand_type(&self, operand: usize) -> verdigris_compiler::types::ScalarType {
        let inputs = self.inputs();
        if operand < inputs { self.signature.inputs[operand] } else { self.signature.outputs[operand - inputs] }
    }

    /// Number of operands.
    pub(crate) fn operands(&self) -> usize {
        self.inputs() + self.signature.outputs.len()
    }

    /// Its code as text, compiled anew.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn listing(&self, listing: Listing) -> Result<String, Error> {
        self.provider.listing(listing)
    }

    /// What its body does besides arithmetic.
    pub fn control(&self) -> Control {
        self.control
    }

    /// Whether it was seen to raise a flag that no element raised.
    pub(super) fn raised_falsely(&self) -> bool {
        self.raised_falsely.load(Ordering::Relaxed)
    }

    pub(super) fn set_raised_falsely(&self) {
        self.raised_falsely.store(true, Ordering::Relaxed);
    }

    /// Whether the function can be applied to its own result: `f(f(a, b), c)`.
    pub fn folds(&self) -> bool {
        self.inputs() == 2 && self.signature.outputs[..] == self.signature.inputs[..1]
    }

    /// The variant of 32 lanes without uniform operands.
    pub(crate) fn warp(&self, exact: bool) -> Result<&Entry, Error> {
        self.get(if exact { &self.exact } else { &self.fast }, Variant { lanes: Lanes::Warp, uniform: 0, exact, stream: false })
    }

    /// The variant of one element at a time, exact.
    pub(crate) fn one(&self) -> Result<&Entry, Error> {
        self.get(&self.one, Variant { lanes: Lanes::One, uniform: 0, exact: true, stream: false })
    }

    fn get<'l>(&self, place: &'l OnceLock<Entry>, variant: Variant) -> Result<&'l Entry, Error> {
        if let Some(entry) = place.get() {
            return Ok(entry);
        }
        let _job = fork::job();
        let _one_at_a_time = self.compiling.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(entry) = place.get() {
            return Ok(entry);
        }
        let made = self.provider.variant(variant)?;
        Ok(place.get_or_init(|| made))
    }

    /// The variant of 32 lanes with those inputs uniform, writing past the caches if `stream`.
    pub(crate) fn with_uniform(&self, uniform: u64, exact: bool, stream: bool) -> Result<Entry, Error> {
        if uniform == 0 && !stream {
            return self.warp(exact).cloned();
        }
        let variant = Variant { lanes: Lanes::Warp, uniform, exact, stream };
        let _job = fork::job();
        let mut made = self.uniform.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, entry)) = made.iter().find(|(v, _)| *v == variant) {
            return Ok(entry.clone());
        }
        let entry = self.provider.variant(variant)?;
        made.push((variant, entry.clone()));
        Ok(entry)
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("signature", &self.signature).finish_non_exhaustive()
    }
}
