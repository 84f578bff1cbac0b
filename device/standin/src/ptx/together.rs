//! What the lanes of a warp do together, once all that a mask names have come.

use super::program::{At, CONSTANT, Op, Program, Shuffle, Together, Vote, lanes};
use super::space::Ran;
use super::warp::{Wait, Warp};

/// What a lane reads that the operation leaves open.
const UNDEFINED: u64 = 0xbad_bad0;

impl Warp {
    fn operand(&self, program: &Program, lane: usize, at: At) -> u64 {
        if at & CONSTANT != 0 { program.constants[(at & !CONSTANT) as usize][lane] } else { self.rows[(self.lanes[lane].rows + at) as usize][lane] }
    }

    fn give(&mut self, lane: usize, to: At, value: u64) {
        let row = self.lanes[lane].rows + to;
        self.rows[row as usize][lane] = value;
    }

    fn tell(&mut self, lane: usize, to: u32, holds: bool) {
        let base = self.lanes[lane].predicates;
        self.set_holds(base, to, 1 << lane, u32::from(holds) << lane);
    }
}

/// Lets those go on whose masks' threads have all come or ended.
pub(super) fn release(warp: &mut Warp, program: &Program) -> Ran<()> {
    let mut seen = 0;
    for lane in 0..32 {
        if warp.waiting >> lane & 1 == 0 || seen >> lane & 1 == 1 {
            continue;
        }
        let Wait::Warp { mask } = warp.lanes[lane].wait else { continue };
        let at = warp.lanes[lane].at;
        let meets = |at: u32| matches!(program.steps[at as usize].op, Op::Together { what: Together::Meet, .. });
        let mut come = 0;
        lanes(warp.waiting & mask, |other| {
            let it = &warp.lanes[other];
            let same = matches!(it.wait, Wait::Warp { mask: its } if its == mask);
            // Where lanes only meet they may do so from several places.
            let here = it.at == at || meets(at) && meets(it.at);
            come |= u32::from(same && here) << other;
        });
        seen |= come;
        if mask & warp.alive & !come == 0 {
            warp.waiting &= !come;
            perform(warp, program, at, come);
            lanes(come, |lane| warp.lanes[lane].at += 1);
        }
    }
    Ok(())
}

/// Does the operation for lanes that have all come to it.
pub(super) fn perform(warp: &mut Warp, program: &Program, at: u32, set: u32) {
    let Op::Together { what, to, .. } = &program.steps[at as usize].op else { unreachable!("only these are waited for") };
    let to = *to;
    match *what {
        Together::Meet => {}
        Together::Shuffle { how, value, lane: source, bound, found } => {
            let values: [u64; 32] = std::array::from_fn(|lane| if set >> lane & 1 == 1 { warp.operand(program, lane, value) } else { UNDEFINED });
            lanes(set, |lane| {
                let (by, bounds) = (warp.operand(program, lane, source) as u32 & 31, warp.operand(program, lane, bound) as u32);
                let (clamp, segment) = (bounds & 31, bounds >> 8 & 31);
                let own = lane as u32;
                let most = own & segment | clamp & !segment;
                let least = own & segment;
                let (from, within) = match how {
                    Shuffle::Up => (own.wrapping_sub(by), own as i32 - by as i32 >= most as i32),
                    Shuffle::Down => (own + by, own + by <= most),
                    Shuffle::Xor => (own ^ by, own ^ by <= most),
                    Shuffle::Index => {
                        let from = least | by & !segment;
                        (from, from <= most)
                    }
                };
                warp.give(lane, to, values[if within { from as usize & 31 } else { lane }]);
                if let Some(found) = found {
                    warp.tell(lane, found, within);
                }
            });
        }
        Together::Vote { vote, holds } => {
            let mut yes = 0;
            lanes(set, |lane| yes |= warp.holds(warp.lanes[lane].predicates, holds) & 1 << lane);
            let answer = match vote {
                Vote::All => yes == set,
                Vote::Any => yes != 0,
                Vote::Uniform => yes == set || yes == 0,
                Vote::Ballot => return lanes(set, |lane| warp.give(lane, to, u64::from(yes))),
            };
            lanes(set, |lane| warp.tell(lane, to, answer));
        }
        Together::MatchAny { value } => lanes(set, |lane| {
            let own = warp.operand(program, lane, value);
            let mut same = 0;
            lanes(set, |other| same |= u64::from(warp.operand(program, other, value) == own) << other);
            warp.give(lane, to, same);
        }),
        Together::MatchAll { value, found } => {
            let first = warp.operand(program, set.trailing_zeros() as usize, value);
            let mut same = true;
            lanes(set, |lane| same &= warp.operand(program, lane, value) == first);
            lanes(set, |lane| {
                warp.give(lane, to, if same { u64::from(set) } else { 0 });
                if let Some(found) = found {
                    warp.tell(lane, found, same);
                }
            });
        }
        Together::Reduce { change, value } => {
            let mut all = None;
            lanes(set, |lane| {
                let own = warp.operand(program, lane, value);
                all = Some(all.map_or(own, |so_far| change(so_far, own, 0)));
            });
            lanes(set, |lane| warp.give(lane, to, all.unwrap_or(0)));
        }
        Together::Elect { found } => {
            let first = set.trailing_zeros();
            lanes(set, |lane| {
                warp.give(lane, to, u64::from(first));
                warp.tell(lane, found, lane as u32 == first);
            });
        }
    }
}
