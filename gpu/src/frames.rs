//! The stack that functions which call themselves need on a GPU.
//!
//! The driver sizes the stack of a thread by itself, but for such functions: their depth it cannot know. We know it, since the code counts; what a call takes the driver's compiler tells in its log.

/// Bytes that a call takes at most, if the compiler told nothing.
const UNTOLD: u64 = 1 << 10;
/// Bytes besides: what the driver's own entry takes.
const MORE: u64 = 1 << 10;

/// Bytes of stack for so many calls inside each other, by the compiler's log: of each function it says "N bytes stack frame".
pub(super) fn stack(log: &str, calls: u32) -> u64 {
    let told = log.match_indices(" bytes stack frame").filter_map(|(at, _)| {
        let before = &log[..at];
        let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
        before[start..].parse::<u64>().ok()
    });
    // Frames begin at multiples of 16.
    let frame = told.max().unwrap_or(UNTOLD).next_multiple_of(16);
    // The entry's own, and the call that is refused.
    frame * (u64::from(calls) + 2) + MORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_frame_counts() {
        let log = "ptxas info    : Function properties for k\n    0 bytes stack frame, 0 bytes spill stores\nptxas info    : Function properties for f\n    232 bytes stack frame, 28 bytes spill";
        assert_eq!(stack(log, 128), 240 * 130 + 1024);
        assert_eq!(stack("", 10), 1024 * 12 + 1024);
        assert_eq!(stack("32 bytes stack frame", 0), 32 * 2 + 1024);
    }
}
