//! GPU architectures: which there are, and the PTX that each takes.

use std::fmt;

/// A compute capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arch {
    major: u8,
    minor: u8,
}

/// LLVM's names with the least version of PTX that has them, so that drivers as old as can be take the text.
const KNOWN: [(u8, u8, u8); 11] =
    [(7, 5, 63), (8, 0, 70), (8, 6, 71), (8, 7, 74), (8, 9, 78), (9, 0, 78), (10, 0, 86), (10, 3, 88), (11, 0, 90), (12, 0, 87), (12, 1, 88)];

/// A compute capability below the least that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownArch {
    /// What was asked for.
    pub asked: (u8, u8),
}

impl fmt::Display for UnknownArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.asked;
        write!(f, "compute capability {major}.{minor} is not supported: kernels run on 7.5 (Turing) and later")
    }
}

impl std::error::Error for UnknownArch {}

impl Arch {
    /// The oldest that is supported: Turing.
    pub const OLDEST: Arch = Arch { major: 7, minor: 5 };

    /// The architecture that code for a GPU of this compute capability is made for: itself, or where it is newer than those known here the newest before it, whose PTX it takes.
    ///
    /// # Errors
    /// Older than 7.5.
    pub fn new(major: u8, minor: u8) -> Result<Arch, UnknownArch> {
        let found = KNOWN.iter().rev().find(|(a, b, _)| (*a, *b) <= (major, minor));
        found.map(|(major, minor, _)| Arch { major: *major, minor: *minor }).ok_or(UnknownArch { asked: (major, minor) })
    }

    /// Every architecture known.
    pub fn all() -> impl Iterator<Item = Arch> {
        KNOWN.iter().map(|(major, minor, _)| Arch { major: *major, minor: *minor })
    }

    /// Major number.
    pub fn major(self) -> u8 {
        self.major
    }

    /// Minor number.
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// Version of the PTX made for it, as 10 * major + minor.
    pub fn ptx(self) -> u8 {
        KNOWN.iter().find(|(a, b, _)| (*a, *b) == (self.major, self.minor)).expect("only known ones are made").2
    }
}

impl fmt::Display for Arch {
    /// `sm_75`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sm_{}{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_not_above() {
        let name = |major, minor| Arch::new(major, minor).map(|a| (a.to_string(), a.ptx()));
        assert_eq!(name(7, 5), Ok(("sm_75".into(), 63)));
        assert_eq!(name(8, 8), Ok(("sm_87".into(), 74)));
        assert_eq!(name(13, 0), Ok(("sm_121".into(), 88)));
        assert_eq!(name(7, 0), Err(UnknownArch { asked: (7, 0) }));
    }
}
