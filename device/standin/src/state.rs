//! Everything the stand-in remembers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::memory::Memory;
use crate::ptx::Kernel;
use crate::work::Queue;

/// Results of the driver's that are used here.
pub(crate) const INVALID_VALUE: i32 = 1;
pub(crate) const OUT_OF_MEMORY: i32 = 2;
pub(crate) const INVALID_DEVICE: i32 = 101;
pub(crate) const INVALID_IMAGE: i32 = 200;
pub(crate) const INVALID_CONTEXT: i32 = 201;
pub(crate) const INVALID_PTX: i32 = 218;
pub(crate) const INVALID_HANDLE: i32 = 400;
pub(crate) const NOT_FOUND: i32 = 500;
pub(crate) const NOT_READY: i32 = 600;
pub(crate) const ILLEGAL_ADDRESS: i32 = 700;
pub(crate) const PEER_ENABLED: i32 = 704;
pub(crate) const REGISTERED: i32 = 712;
pub(crate) const NOT_REGISTERED: i32 = 713;
pub(crate) const TOO_LARGE: i32 = 720;

pub(crate) type Outcome<T = ()> = Result<T, i32>;

/// A launch as it was when its turn came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    pub kernel: String,
    pub grid: [u32; 3],
    pub block: [u32; 3],
    pub shared: u32,
    pub cooperative: bool,
    /// The bytes of each parameter, as many as the PTX declares.
    pub parameters: Vec<Vec<u8>>,
    /// CRC-32 of the PTX.
    pub code: u32,
}

pub(crate) type Handler = Arc<dyn Fn(&Launch) + Send + Sync>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) devices: i32,
    pub(crate) calls: Vec<String>,
    /// For a function's name: how many calls still succeed, then the result of one.
    pub(crate) faults: HashMap<String, (u32, i32)>,
    pub(crate) handler: Option<Handler>,
    pub(crate) memory: Memory,
    /// By context and stream handle.
    pub(crate) queues: BTreeMap<(usize, usize), Queue>,
    pub(crate) ticket: u64,
    pub(crate) next_handle: usize,
    pub(crate) events: HashMap<usize, Event>,
    pub(crate) pools: HashMap<usize, Pool>,
    pub(crate) modules: HashMap<usize, Vec<Arc<Kernel>>>,
    pub(crate) functions: HashMap<usize, (usize, Arc<Kernel>, i32)>,
    pub(crate) links: HashMap<usize, (Vec<u8>, Option<Vec<u8>>)>,
    /// Contexts that a fault has ended, with the driver's result.
    pub(crate) dead: HashMap<usize, i32>,
    /// What kernels did that ended theirs, for tests to ask.
    pub(crate) wrong: Vec<String>,
    pub(crate) peers: Vec<(usize, usize)>,
    /// Bytes of stack by context.
    pub(crate) stacks: HashMap<usize, usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) context: usize,
    pub(crate) timing: bool,
    /// The queue and the ticket of its last record.
    pub(crate) recorded: Option<((usize, usize), u64)>,
    /// When its record was reached, in tickets.
    pub(crate) reached: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub(crate) device: i32,
    pub(crate) threshold: u64,
    pub(crate) used: u64,
    pub(crate) used_high: u64,
    pub(crate) reserved: u64,
    pub(crate) reserved_high: u64,
}

/// Memory of each device.
pub(crate) const TOTAL: u64 = 64 << 20;

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// The state, locked.
pub(crate) struct Locked(MutexGuard<'static, Option<State>>);

impl std::ops::Deref for Locked {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.as_ref().expect("filled by `lock`")
    }
}

impl std::ops::DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect("filled by `lock`")
    }
}

pub(crate) fn lock() -> Locked {
    let mut guard = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    guard.get_or_insert_with(|| {
        let devices = std::env::var("VERDIGRIS_STANDIN_DEVICES").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
        State { devices, next_handle: 0x1000, ..State::default() }
    });
    Locked(guard)
}

impl State {
    pub(crate) fn handle(&mut self) -> usize {
        self.next_handle += 0x10;
        self.next_handle
    }
}

/// Contexts' handles: one for each device.
pub(crate) fn context_of(device: i32) -> usize {
    0x100 + device as usize
}

pub(crate) fn device_of(context: usize) -> i32 {
    context as i32 - 0x100
}

thread_local! {
    static CURRENT: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
}

pub(crate) fn push(context: usize) {
    CURRENT.with_borrow_mut(|all| all.push(context));
}

pub(crate) fn pop() -> Option<usize> {
    CURRENT.with_borrow_mut(Vec::pop)
}

/// The context that is current on this thread.
pub(crate) fn current() -> Outcome<usize> {
    CURRENT.with_borrow(|all| all.last().copied()).ok_or(INVALID_CONTEXT)
}
