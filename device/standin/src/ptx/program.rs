//! What a module's PTX is while it runs: flat instructions whose operands are rows of a warp's registers.
//!
//! Made by [`super::lower`], which has found every name; run by [`super::warp`]. A row is one register of all 32 lanes; a predicate is a bit for each lane.

use std::collections::HashMap;

/// One register of a warp: a number for each lane, zero-extended.
pub(super) type Row = [u64; 32];

/// A row of the current function's registers; of the constants, with [`CONSTANT`].
pub(super) type At = u32;
pub(super) const CONSTANT: At = 1 << 31;

/// A predicate of the current function's; negated with [`NEGATED`]; [`TRUE`] is none.
pub(super) type Holds = u32;
pub(super) const NEGATED: Holds = 1 << 31;
pub(super) const TRUE: Holds = NEGATED - 1;

/// The registers that a function's instructions see.
pub(super) struct Frame<'a> {
    pub(super) rows: &'a mut [Row],
    pub(super) constants: &'a [Row],
}

impl Frame<'_> {
    #[inline(always)]
    pub(super) fn row(&self, at: At) -> &Row {
        if at & CONSTANT != 0 { &self.constants[(at & !CONSTANT) as usize] } else { &self.rows[at as usize] }
    }

    #[inline(always)]
    pub(super) fn put(&mut self, to: At, mask: u32, of: impl Fn(&Self, usize) -> u64) {
        if mask == !0 {
            let mut out = [0; 32];
            for (lane, value) in out.iter_mut().enumerate() {
                *value = of(self, lane);
            }
            self.rows[to as usize] = out;
        } else {
            lanes(mask, |lane| {
                let value = of(self, lane);
                self.rows[to as usize][lane] = value;
            });
        }
    }

    /// Lanes for which something holds.
    #[inline(always)]
    pub(super) fn test(&self, mask: u32, of: impl Fn(&Self, usize) -> bool) -> u32 {
        let mut found = 0;
        if mask == !0 {
            for lane in 0..32 {
                found |= u32::from(of(self, lane)) << lane;
            }
        } else {
            lanes(mask, |lane| found |= u32::from(of(self, lane)) << lane);
        }
        found
    }
}

/// Calls for each lane of a mask, the lowest first.
#[inline(always)]
pub(super) fn lanes(mask: u32, each: impl FnMut(usize)) {
    each_lane(mask).for_each(each);
}

/// The lanes of a mask, the lowest first.
#[inline(always)]
pub(super) fn each_lane(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(lane)
    })
}

pub(super) type One = fn(&mut Frame<'_>, At, At, u32);
pub(super) type Two = fn(&mut Frame<'_>, At, [At; 2], u32);
pub(super) type Three = fn(&mut Frame<'_>, At, [At; 3], u32);
pub(super) type Four = fn(&mut Frame<'_>, At, [At; 4], u32);
pub(super) type Test = fn(&Frame<'_>, [At; 2], u32) -> u32;
/// The new value of memory of an atomic operation: of the old one and two operands.
pub(super) type Change = fn(u64, u64, u64) -> u64;

/// How predicates are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
    Xor,
}

/// Where memory is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Generic,
    Global,
    Shared,
    Local,
    /// The kernel's own parameters.
    Parameters,
}

/// What a lane reads or writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) place: Place,
    /// Bytes of one number.
    pub(super) bytes: u8,
    /// Whether numbers that are read are widened with their sign, and to how many bits.
    pub(super) signed: bool,
    pub(super) mask: u64,
    /// Numbers, one behind the other.
    pub(super) count: u8,
    pub(super) address: At,
    pub(super) offset: i64,
    /// Where they go or come from.
    pub(super) rows: [At; 4],
    /// Read by way of a cache that does not see the kernel's own writes.
    pub(super) cached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    Tid(usize),
    Ntid(usize),
    Ctaid(usize),
    Nctaid(usize),
    Lane,
    Warp,
    Warps,
    Grid,
    LaneMask(Compare),
    Clock,
    DynamicShared,
    TotalShared,
    Multiprocessor,
    Multiprocessors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What a barrier gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Popc(At),
    And(Holds),
    Or(Holds),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Barrier {
    /// Whether all lanes of a warp have to come to the very same one.
    pub(super) aligned: bool,
    /// Does not wait.
    pub(super) arrives: bool,
    pub(super) number: At,
    /// Threads that it waits for; all of the block, if not given.
    pub(super) threads: Option<At>,
    pub(super) counts: Option<(Count, Holds)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shuffle {
    Index,
    Up,
    Down,
    Xor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vote {
    All,
    Any,
    Uniform,
    Ballot,
}

/// What lanes of a warp do together; all of a mask come first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Together {
    Meet,
    Shuffle { how: Shuffle, value: At, lane: At, bound: At, found: Option<Holds> },
    Vote { vote: Vote, holds: Holds },
    MatchAny { value: At },
    MatchAll { value: At, found: Option<Holds> },
    Reduce { change: Change, value: At },
    Elect { found: Holds },
}

#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The function's number, or the row with its address.
    pub(super) function: Result<u32, At>,
    /// First row of each argument in this frame, and how many.
    pub(super) arguments: Vec<(At, u32)>,
    pub(super) results: Vec<(At, u32)>,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    One(One, At, At),
    Two(Two, At, [At; 2]),
    Three(Three, At, [At; 3]),
    Four(Four, At, [At; 4]),
    Convert(super::convert::Conversion, At, At),
    /// To a predicate and, negated before it is joined, to a second.
    Test {
        test: Test,
        to: Holds,
        other: Option<Holds>,
        of: [At; 2],
        join: Option<(Join, Holds)>,
    },
    Select {
        to: At,
        of: [At; 2],
        by: Holds,
    },
    Logic {
        join: Join,
        to: Holds,
        of: [Holds; 2],
    },
    /// A predicate as all ones or 1.0, or 0.
    Set {
        test: Test,
        to: At,
        of: [At; 2],
        join: Option<(Join, Holds)>,
        one: u64,
    },
    /// Sums and differences by way of the carry: takes it, leaves it.
    Carry {
        to: At,
        of: [At; 2],
        bits: u32,
        minus: bool,
        takes: bool,
        leaves: bool,
    },
    /// Parts of so many bits of one number, the low one first.
    Split {
        to: [At; 4],
        from: At,
        bits: u32,
        count: u8,
    },
    Special(At, Special),
    /// Bits of a register of a parameter of a call.
    ParameterRead {
        to: At,
        row: At,
        shift: u32,
        bytes: u8,
        signed: bool,
        mask: u64,
    },
    ParameterWrite {
        row: At,
        shift: u32,
        bytes: u8,
        from: At,
    },
    /// The address of this function's local memory.
    Stack {
        to: At,
        offset: u64,
    },
    Load(Box<Access>),
    Store(Box<Access>),
    Atomic {
        access: Box<Access>,
        change: Change,
        operands: [At; 2],
        to: Option<At>,
    },
    /// Whether an address is one of a place.
    IsIn {
        to: Holds,
        address: At,
        place: Place,
    },
    /// Where paths meet: lanes that wait here go on together.
    Join,
    Branch {
        by: Holds,
        to: u32,
    },
    Jump(u32),
    /// By a row, to one of several.
    Switch {
        index: At,
        to: Vec<u32>,
    },
    Call(Box<Call>),
    Return,
    Exit,
    Trap,
    Wait(Barrier),
    Together {
        what: Together,
        mask: At,
        to: At,
    },
    Active(At),
    Nothing,
    /// What is not known here, in words.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) op: Op,
    pub(super) guard: Holds,
    /// Line of the text.
    pub(super) line: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) start: u32,
    pub(super) rows: u32,
    pub(super) predicates: u32,
    /// Rows in which its parameters are handed over, each as many.
    pub(super) parameters: Vec<(At, u32)>,
    pub(super) returns: Vec<(At, u32)>,
    /// Bytes of local memory.
    pub(super) local: u32,
}

/// A module's code.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) constants: Vec<Row>,
    pub(super) functions: Vec<Function>,
    /// Functions that kernels are, by name.
    pub(super) entries: HashMap<String, u32>,
    /// Whether a function may call itself.
    pub(super) recursive: bool,
    /// Bytes of static shared memory, behind which the dynamic lies.
    pub(super) shared: u32,
    /// The text, for errors.
    pub(super) lines: Vec<String>,
}

/// Where places lie among generic addresses: neither the host's nor device memory's.
pub(super) const SHARED: u64 = 0x00e0_0000_0000_0000;
pub(super) const LOCAL: u64 = 0x00e1_0000_0000_0000;
pub(super) const PARAMETERS: u64 = 0x00e2_0000_0000_0000;
pub(super) const FUNCTIONS: u64 = 0x00e3_0000_0000_0000;
pub(super) const WINDOW: u64 = 1 << 40;

/// The number of the function at an address.
pub(super) fn function_at(address: u64) -> Option<u32> {
    let offset = address.checked_sub(FUNCTIONS)?;
    (offset < WINDOW && offset % 16 == 0).then_some((offset / 16) as u32)
}
