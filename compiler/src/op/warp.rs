//! Operations of a warp: what lanes are given when they run an instruction together.
//!
//! Owns their spelling, types and, for the interpreter, results. A mask names the lanes that a lane works with; those of them that run the instruction with it count.

use crate::types::{Scalar, ScalarType};

/// Which lane a shuffle reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shuffle {
    /// The lane of that number, modulo 32.
    Index,
    /// So many lanes down; its own value below lane 0.
    Up,
    /// So many lanes up; its own value above lane 31.
    Down,
    /// Its own number with those bits turned.
    Xor,
}

/// What a vote tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vote {
    /// Whether all are true.
    All,
    /// Whether one is.
    Any,
    /// Whether all are the same.
    Eq,
    /// Which are, as bits.
    Ballot,
}

/// An operation of a warp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarpOp {
    /// `(mask, value, number)`: another lane's value.
    Shuffle(Shuffle),
    /// `(mask, bool)`: bool, or int32 for a ballot.
    Vote(Vote),
    /// `(mask, value)`: the lanes with the same value, int32.
    MatchAny,
    /// `(mask, value)`: the lanes, if all have the same value, else 0; int32.
    MatchAll,
    /// The lanes that run this, uint32.
    ActiveMask,
    /// `(mask)`: waits for the lanes and orders their memory.
    Sync,
}

impl WarpOp {
    /// Every operation.
    pub const ALL: [WarpOp; 12] = [
        WarpOp::Shuffle(Shuffle::Index),
        WarpOp::Shuffle(Shuffle::Up),
        WarpOp::Shuffle(Shuffle::Down),
        WarpOp::Shuffle(Shuffle::Xor),
        WarpOp::Vote(Vote::All),
        WarpOp::Vote(Vote::Any),
        WarpOp::Vote(Vote::Eq),
        WarpOp::Vote(Vote::Ballot),
        WarpOp::MatchAny,
        WarpOp::MatchAll,
        WarpOp::ActiveMask,
        WarpOp::Sync,
    ];

    /// Spelling in printed IR.
    pub const fn name(self) -> &'static str {
        match self {
            WarpOp::Shuffle(Shuffle::Index) => "warp.shuffle",
            WarpOp::Shuffle(Shuffle::Up) => "warp.up",
            WarpOp::Shuffle(Shuffle::Down) => "warp.down",
            WarpOp::Shuffle(Shuffle::Xor) => "warp.xor",
            WarpOp::Vote(Vote::All) => "warp.all",
            WarpOp::Vote(Vote::Any) => "warp.any",
            WarpOp::Vote(Vote::Eq) => "warp.eq",
            WarpOp::Vote(Vote::Ballot) => "warp.ballot",
            WarpOp::MatchAny => "warp.match-any",
            WarpOp::MatchAll => "warp.match-all",
            WarpOp::ActiveMask => "warp.active",
            WarpOp::Sync => "warp.sync",
        }
    }

    /// The type it gives (`Some(None)`: nothing) for operands of these types; `None` if it does not take them.
    pub fn result(self, args: &[ScalarType]) -> Option<Option<ScalarType>> {
        use ScalarType::{Bool, I32, U32};
        let word = |t: ScalarType| matches!(t.bits(), 32 | 64) && !t.is_complex() && (t.is_integer() || t.is_float());
        match (self, args) {
            (WarpOp::Shuffle(_), [U32, value, I32]) if word(*value) => Some(Some(*value)),
            (WarpOp::Vote(Vote::Ballot), [U32, Bool]) => Some(Some(I32)),
            (WarpOp::Vote(_), [U32, Bool]) => Some(Some(Bool)),
            (WarpOp::MatchAny | WarpOp::MatchAll, [U32, value]) if word(*value) => Some(Some(I32)),
            (WarpOp::ActiveMask, []) => Some(Some(U32)),
            (WarpOp::Sync, [U32]) => Some(None),
            _ => None,
        }
    }

    /// What each acting lane is given. `lanes` are the acting lanes' numbers, in order, each with its operands.
    pub fn results(self, lanes: &[(u32, Vec<Scalar>)]) -> Vec<Option<Scalar>> {
        let active = lanes.iter().fold(0u32, |bits, (lane, _)| bits | 1 << lane);
        let of = |lane: u32| lanes.iter().find(|(l, _)| *l == lane).map(|(_, args)| args[1]);
        let int32 = |bits: u32| Some(Scalar::int(ScalarType::I32, i128::from(bits as i32)));
        let one = |(lane, args): &(u32, Vec<Scalar>)| -> Option<Scalar> {
            let mask = args.first().map_or(u32::MAX, |m| m.bits() as u32) & active;
            let those = |holds: &dyn Fn(&[Scalar]) -> bool| {
                lanes.iter().filter(|(l, a)| mask >> l & 1 == 1 && holds(a)).fold(0u32, |bits, (l, _)| bits | 1 << l)
            };
            match self {
                WarpOp::Shuffle(how) => {
                    let number = args[2].as_int() as i32;
                    let source = match how {
                        Shuffle::Index => (number & 31) as u32,
                        Shuffle::Up => lane.checked_sub(number as u32 & 31).unwrap_or(*lane),
                        Shuffle::Down => Some(lane + (number as u32 & 31)).filter(|l| *l < 32).unwrap_or(*lane),
                        Shuffle::Xor => (*lane ^ number as u32) & 31,
                    };
                    // What a lane that does not run this would give is undefined.
                    Some(of(source).unwrap_or(args[1]))
                }
                WarpOp::Vote(vote) => {
                    let yes = those(&|a| a[1].as_bool());
                    match vote {
                        Vote::All => Some(Scalar::bool(yes == mask)),
                        Vote::Any => Some(Scalar::bool(yes != 0)),
                        Vote::Eq => Some(Scalar::bool(yes == 0 || yes == mask)),
                        Vote::Ballot => int32(yes),
                    }
                }
                WarpOp::MatchAny => int32(those(&|a| a[1].bits() == args[1].bits())),
                WarpOp::MatchAll => {
                    let same = those(&|a| a[1].bits() == args[1].bits());
                    int32(if same == mask { mask } else { 0 })
                }
                WarpOp::ActiveMask => Some(Scalar::int(ScalarType::U32, active.into())),
                WarpOp::Sync => None,
            }
        };
        lanes.iter().map(one).collect()
    }
}
