//! Faults put into the emitter and the analyses on purpose, to see that generated kernels find them.
//!
//! Exists with debug assertions only: in a release build `is` is the constant false, and nothing can be seeded. A fault is seeded for the calling thread, which also compiles. The
//! places that ask know nothing of who seeds; code that is compiled with a fault is wrong by intent and must not be kept.

/// What can be made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it; each stands at one place")]
pub enum Fault {
    BlendSwapped,
    BlendMissing,
    LoopsEnteredFresh,
    ArmsSwapped,
    ElseTakesAll,
    ExitsDropped,
    ContinuesDropped,
    LeaversGoOn,
    ReturnsGoOn,
    ReturnsLost,
    LastWarpForgotten,
    BarrierForgotten,
    ValueNotKept,
    SlotNotStored,
    SlotNotLoaded,
    OneThreadTooMany,
    LineNotNegated,
    LowestLaneStores,
    VotesOfAllLanes,
    WarpsCounted,
    ShuffleOffByOne,
    LatchOfAllLanes,
    AtomicOfOneLane,
    PartialEscapeMissed,
    ProvenTooMuch,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 25] = [
        Fault::BlendSwapped,
        Fault::BlendMissing,
        Fault::LoopsEnteredFresh,
        Fault::ArmsSwapped,
        Fault::ElseTakesAll,
        Fault::ExitsDropped,
        Fault::ContinuesDropped,
        Fault::LeaversGoOn,
        Fault::ReturnsGoOn,
        Fault::ReturnsLost,
        Fault::LastWarpForgotten,
        Fault::BarrierForgotten,
        Fault::ValueNotKept,
        Fault::SlotNotStored,
        Fault::SlotNotLoaded,
        Fault::OneThreadTooMany,
        Fault::LineNotNegated,
        Fault::LowestLaneStores,
        Fault::VotesOfAllLanes,
        Fault::WarpsCounted,
        Fault::ShuffleOffByOne,
        Fault::LatchOfAllLanes,
        Fault::AtomicOfOneLane,
        Fault::PartialEscapeMissed,
        Fault::ProvenTooMuch,
    ];
}

#[cfg(debug_assertions)]
thread_local! {
    static SEEDED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Seeds a fault for the calling thread, or none.
#[cfg(debug_assertions)]
pub fn seed(fault: Option<Fault>) {
    SEEDED.set(fault);
}

/// Whether this fault is seeded.
#[cfg(debug_assertions)]
pub(crate) fn is(fault: Fault) -> bool {
    SEEDED.get() == Some(fault)
}

/// Whether this fault is seeded: never, in a release build.
#[cfg(not(debug_assertions))]
pub(crate) const fn is(_fault: Fault) -> bool {
    false
}

/// Whether any fault is seeded.
pub(crate) fn any() -> bool {
    Fault::ALL.into_iter().any(is)
}
