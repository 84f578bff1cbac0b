//! Work on streams: queued when ordered, done when waited for.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use crate::memory::Memory;
use crate::ptx::{self, Kernel};
use crate::state::{self, ILLEGAL_ADDRESS, INVALID_HANDLE, Launch, Outcome, State, current, device_of, lock};

pub(crate) type Callback = unsafe extern "C" fn(*mut c_void, i32, *mut c_void);
pub(crate) type Key = (usize, usize);

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Host(usize),
    Device(u64),
    /// What pageable host memory held when the copy was ordered.
    Taken(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) place: Place,
    pub(crate) pitch: usize,
    pub(crate) height: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) to: Side,
    pub(crate) from: Side,
    pub(crate) width: usize,
    pub(crate) rows: usize,
    pub(crate) planes: usize,
}

pub(crate) enum Work {
    Copy(Copy),
    Set {
        at: u64,
        pitch: usize,
        width: usize,
        rows: usize,
        pattern: Vec<u8>,
    },
    Record(usize),
    Wait(Key, u64),
    Launch(Launch, Arc<Kernel>),
    Callback(Callback, usize),
    Free(u64),
    /// A library's work on memory.
    Act(Act),
}

/// What a library does with memory when its turn comes.
pub(crate) type Act = Box<dyn FnOnce(&mut Memory) -> Outcome + Send>;

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) work: VecDeque<(u64, Work)>,
    /// Tickets of the last done and the last queued.
    pub(crate) done: u64,
    pub(crate) last: u64,
    /// Whether it waits for the default stream, and that for it.
    pub(crate) blocking: bool,
}

fn thread() -> usize {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(std::thread::current().id()) as usize | 1 << 63
}

/// The queue that a handle names on this thread.
pub(crate) fn key(state: &mut State, stream: usize) -> Outcome<Key> {
    let context = current()?;
    let key = (
        context,
        match stream {
            0 | 1 => 1,
            2 => thread(),
            other => other,
        },
    );
    if stream <= 2 {
        state.queues.entry(key).or_insert_with(|| Queue { blocking: true, ..Queue::default() });
    }
    if state.queues.contains_key(&key) { Ok(key) } else { Err(INVALID_HANDLE) }
}

/// Queues work; gives its ticket.
pub(crate) fn order(state: &mut State, stream: usize, work: Work) -> Outcome<u64> {
    let key = key(state, stream)?;
    let mut waits = Vec::new();
    if key.1 == 1 {
        waits.extend(state.queues.iter().filter(|(k, q)| k.0 == key.0 && **k != key && q.blocking && q.last > q.done).map(|(k, q)| (*k, q.last)));
    } else if state.queues[&key].blocking
        && let Some(legacy) = state.queues.get(&(key.0, 1))
        && legacy.last > legacy.done
    {
        waits.push(((key.0, 1), legacy.last));
    }
    for (of, upto) in waits {
        queue(state, key, Work::Wait(of, upto));
    }
    Ok(queue(state, key, work))
}

fn queue(state: &mut State, key: Key, work: Work) -> u64 {
    state.ticket += 1;
    let ticket = state.ticket;
    let queue = state.queues.get_mut(&key).expect("checked by `key`");
    queue.last = ticket;
    queue.work.push_back((ticket, work));
    ticket
}

/// Work not done yet.
pub(crate) fn pending(state: &State) -> usize {
    state.queues.values().map(|queue| queue.work.len()).sum()
}

static RUNNING: Mutex<()> = Mutex::new(());

/// Does the work of a queue up to a ticket.
pub(crate) fn run(key: Key, upto: u64) -> Outcome {
    let _running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    run_on(key, upto, usize::MAX);
    alive(key.0)
}

/// Does one piece of work, as time would.
pub(crate) fn step(key: Key, upto: u64) -> Outcome {
    let _running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    run_on(key, upto, 1);
    alive(key.0)
}

/// Does all work of a context.
pub(crate) fn run_all(context: usize) -> Outcome {
    let keys: Vec<(Key, u64)> = lock().queues.iter().filter(|(key, _)| key.0 == context).map(|(key, queue)| (*key, queue.last)).collect();
    keys.into_iter().try_for_each(|(key, last)| run(key, last))
}

pub(crate) fn alive(context: usize) -> Outcome {
    lock().dead.get(&context).map_or(Ok(()), |status| Err(*status))
}

fn run_on(key: Key, upto: u64, most: usize) {
    for _ in 0..most {
        let mut state = lock();
        let Some(queue) = state.queues.get_mut(&key) else { return };
        let Some(&(ticket, ref work)) = queue.work.front() else { return };
        if ticket > upto {
            return;
        }
        if let Work::Wait(of, before) = *work
            && state.queues.get(&of).is_some_and(|other| other.done < before)
        {
            drop(state);
            run_on(of, before, usize::MAX);
            continue;
        }
        let queue = state.queues.get_mut(&key).expect("seen above");
        let (ticket, work) = queue.work.pop_front().expect("seen above");
        queue.done = ticket;
        let dead = state.dead.get(&key.0).copied();
        match work {
            Work::Launch(..) if dead.is_some() => {}
            Work::Launch(launch, kernel) => {
                if let Some(handler) = state.handler.clone() {
                    drop(state);
                    handler(&launch);
                } else {
                    launched(&mut state, key.0, &launch, &kernel);
                }
            }
            Work::Callback(callback, data) => {
                drop(state);
                // SAFETY: what was given to the driver, called once.
                unsafe { callback(key.1 as *mut c_void, dead.unwrap_or(0), data as *mut c_void) };
            }
            Work::Record(event) => {
                if let Some(event) = state.events.get_mut(&event) {
                    event.reached = ticket;
                }
            }
            _ if dead.is_some() => {}
            other => {
                if act(&mut state, other).is_err() {
                    state.dead.insert(key.0, ILLEGAL_ADDRESS);
                }
            }
        }
    }
}

/// Runs a kernel. One that goes wrong ends its context; what went wrong is recorded, and told on the standard error.
fn launched(state: &mut State, context: usize, launch: &Launch, kernel: &Kernel) {
    let peers: Vec<i32> = state.peers.iter().filter(|pair| pair.0 == context).map(|pair| device_of(pair.1)).collect();
    let stack = state.stacks.get(&context).copied().unwrap_or(1024);
    let Launch { grid, block, shared, cooperative, ref parameters, .. } = *launch;
    let memory = state.memory.reached(device_of(context), &peers);
    if let Err(fault) = kernel.run(&ptx::Launch { grid, block, shared, stack, cooperative, parameters, strict: false }, memory) {
        eprintln!("stand-in of NVIDIA's driver: {}", fault.what);
        state.wrong.push(format!("{} ({})", fault.what, fault.status));
        state.dead.insert(context, fault.status);
    }
}

fn act(state: &mut State, work: Work) -> Outcome {
    match work {
        Work::Copy(copy) => move_bytes(state, &copy),
        Work::Set { at, pitch, width, rows, pattern } => (0..rows).try_for_each(|row| {
            let bytes = state.memory.bytes(at + (row * pitch) as u64, width)?;
            bytes.chunks_mut(pattern.len()).for_each(|chunk| chunk.copy_from_slice(&pattern[..chunk.len()]));
            Ok(())
        }),
        Work::Free(at) => {
            let (pool, bytes) = state.memory.free(at)?;
            if let Some(pool) = state.pools.get_mut(&pool) {
                pool.used -= bytes;
            }
            Ok(())
        }
        Work::Wait(..) => Ok(()),
        Work::Act(act) => act(&mut state.memory),
        Work::Record(_) | Work::Launch(..) | Work::Callback(..) => unreachable!("done by `run_on`"),
    }
}

/// Reads a row.
fn take(state: &mut State, side: &Side, at: usize, width: usize) -> Outcome<Vec<u8>> {
    match &side.place {
        // SAFETY: pinned host memory that the caller of the driver promised to keep.
        Place::Host(address) => Ok(unsafe { std::slice::from_raw_parts((address + at) as *const u8, width) }.to_vec()),
        Place::Device(address) => Ok(state.memory.bytes(address + at as u64, width)?.to_vec()),
        Place::Taken(bytes) => Ok(bytes[at..at + width].to_vec()),
    }
}

fn move_bytes(state: &mut State, copy: &Copy) -> Outcome {
    for plane in 0..copy.planes {
        for row in 0..copy.rows {
            let at = |side: &Side| (plane * side.height + row) * side.pitch;
            let bytes = take(state, &copy.from, at(&copy.from), copy.width)?;
            match &copy.to.place {
                // SAFETY: as in `take`.
                Place::Host(address) => unsafe { ((address + at(&copy.to)) as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) },
                Place::Device(address) => state.memory.bytes(address + at(&copy.to) as u64, copy.width)?.copy_from_slice(&bytes),
                Place::Taken(_) => return Err(state::INVALID_VALUE),
            }
        }
    }
    Ok(())
}

/// Orders a copy as the driver does: pageable host memory is read now, or written before the call returns.
pub(crate) fn order_copy(mut copy: Copy, stream: usize) -> Outcome {
    let wait = {
        let mut state = lock();
        if let Place::Host(address) = copy.from.place
            && !state.memory.is_pinned(address)
            && !state.memory.is_managed(address as u64)
        {
            let span = ((copy.planes - 1) * copy.from.height + copy.rows - 1) * copy.from.pitch + copy.width;
            // SAFETY: host memory that the caller of the driver gave for this call.
            let bytes = unsafe { std::slice::from_raw_parts(address as *const u8, span) };
            copy.from.place = Place::Taken(bytes.to_vec());
        }
        let writes_pageable =
            matches!(copy.to.place, Place::Host(address) if !state.memory.is_pinned(address) && !state.memory.is_managed(address as u64));
        let ticket = order(&mut state, stream, Work::Copy(copy))?;
        if writes_pageable { Some((key(&mut state, stream)?, ticket)) } else { None }
    };
    wait.map_or(Ok(()), |(key, ticket)| run(key, ticket))
}
