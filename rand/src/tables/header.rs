//! The parameter sets of MTGP32, read from the C text that they are published in.
//!
//! Owns the text's form: a list of sets, each with its number in a comment, four small numbers, three tables of sixteen words, a mask and a hash.
//! Must not know where the text lies.

use std::sync::Arc;

/// The file that holds them.
pub(super) const NAME: &str = "curand_mtgp32dc_p_11213.h";
/// Sets that the widest ordering uses.
const SETS: usize = 192;

/// One set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TwisterSet {
    /// How far the middle word is from the oldest.
    pub(crate) middle: u32,
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) recursion: [u32; 16],
    pub(crate) tempering: [u32; 16],
    pub(crate) mask: u32,
}

/// The sets in a text; None if it does not hold them.
pub(super) fn parse(text: &str) -> Option<Arc<[Arc<TwisterSet>]>> {
    let body = &text[text.find("mtgp32dc_params_fast_11213[]")?..];
    let sets: Option<Vec<_>> = body.split("/* No.").skip(1).map(|set| one(set).map(Arc::new)).collect();
    sets.filter(|sets| sets.len() >= SETS).map(Into::into)
}

fn one(text: &str) -> Option<TwisterSet> {
    let body = text.split_once("*/")?.1;
    let separators = |c: char| !c.is_ascii_alphanumeric();
    let mut numbers = body.split(separators).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut small = || numbers.next()?.parse::<u32>().ok();
    let [exponent, middle, left, right] = [small()?, small()?, small()?, small()?];
    let mut word = || u32::from_str_radix(numbers.next()?.strip_prefix("0x")?, 16).ok();
    let mut sixteen = || {
        let mut table = [0; 16];
        table.iter_mut().try_for_each(|entry| word().map(|word| *entry = word))?;
        Some(table)
    };
    let (recursion, tempering, _floats) = (sixteen()?, sixteen()?, sixteen()?);
    let mask = word()?;
    let sound = exponent == 11213 && (1..95).contains(&middle) && left < 32 && right < 32;
    sound.then_some(TwisterSet { middle, left, right, recursion, tempering, mask })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_fault_gives_nothing() {
        let table = |first: u32| (first..first + 16).map(|word| format!("(0x{word:08x})")).collect::<Vec<_>>().join(",\n");
        let set = |n: usize, middle: u32| {
            let (a, b, c) = (table(1), table(100), table(200));
            format!(
                "{{\n/* No.{n} delta:1 weight:2 */\n11213,\n{middle},\n19,\n5,\n{{{a}}},\n{{{b}}},\n{{{c}}},\n(0xfff80000),\n{{0xcb,0x00}}\n}},\n"
            )
        };
        let text = |middle| format!("x mtgp32dc_params_fast_11213[]\n = {{\n{}}};", (0..200).map(|n| set(n, middle)).collect::<String>());
        let sets = parse(&text(88)).unwrap();
        assert_eq!(sets.len(), 200);
        assert_eq!((sets[3].middle, sets[3].left, sets[3].right, sets[3].mask), (88, 19, 5, 0xfff8_0000));
        assert_eq!((sets[3].recursion[0], sets[3].tempering[15]), (1, 115));
        assert!(parse(&text(95)).is_none());
        assert!(parse("").is_none());
        assert!(parse(&text(88).replace("19,\n5,", "19,\n")).is_none());
    }
}
