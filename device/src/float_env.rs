//! The floating-point environment of compiled code.
//!
//! Libraries in the same process change it (flush-to-zero above all), on whatever thread they run. Every entry into compiled code therefore holds a [`Guard`]:
//! round to nearest, subnormals kept, no traps, flags clear; the caller's environment comes back when it is dropped. Knows nothing of the code that runs.
#![allow(unsafe_code)]

/// IEEE exceptions raised since a [`Guard`] was made (or its flags cleared).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// An invalid operation, such as 0/0.
    pub invalid: bool,
    /// A finite number divided by zero.
    pub divide: bool,
    /// A result too large.
    pub overflow: bool,
    /// A result too small.
    pub underflow: bool,
}

impl std::ops::BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags {
            invalid: self.invalid | other.invalid,
            divide: self.divide | other.divide,
            overflow: self.overflow | other.overflow,
            underflow: self.underflow | other.underflow,
        }
    }
}

/// While it lives, this thread computes in the default environment.
#[derive(Debug)]
pub struct Guard {
    saved: machine::State,
    // The environment is the thread's.
    _not_send: std::marker::PhantomData<*mut ()>,
}

/// Switches the calling thread to the default environment with all flags clear.
#[inline]
pub fn enter() -> Guard {
    let saved = machine::read();
    machine::write(machine::DEFAULT);
    Guard { saved, _not_send: std::marker::PhantomData }
}

impl Guard {
    /// The flags raised so far.
    #[inline]
    pub fn flags(&self) -> Flags {
        machine::flags(machine::read())
    }

    /// Clears the flags.
    #[inline]
    pub fn clear(&self) {
        machine::write(machine::DEFAULT);
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        machine::write(self.saved);
    }
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use super::Flags;

    pub(super) type State = u32;
    /// All exceptions masked, everything else off.
    pub(super) const DEFAULT: State = 0x1f80;

    #[inline]
    pub(super) fn read() -> State {
        let mut state: State = 0;
        // SAFETY: stores MXCSR to a local. No `nomem`: arithmetic must not be thought free of it.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut state, options(nostack, preserves_flags)) };
        state
    }

    #[inline]
    pub(super) fn write(state: State) {
        // SAFETY: `state` is DEFAULT or was read from the register, so no reserved bit is set.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &state, options(nostack, preserves_flags)) };
    }

    pub(super) fn flags(state: State) -> Flags {
        Flags { invalid: state & 1 != 0, divide: state & 4 != 0, overflow: state & 8 != 0, underflow: state & 16 != 0 }
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    use super::Flags;

    /// FPCR and FPSR.
    pub(super) type State = (u64, u64);
    pub(super) const DEFAULT: State = (0, 0);

    #[inline]
    pub(super) fn read() -> State {
        let (control, status): State;
        // SAFETY: reads two registers of the thread.
        unsafe {
            std::arch::asm!("mrs {}, fpcr", "mrs {}, fpsr", out(reg) control, out(reg) status, options(nostack, preserves_flags));
        }
        (control, status)
    }

    #[inline]
    pub(super) fn write((control, status): State) {
        // SAFETY: the values are DEFAULT or were read from these registers.
        unsafe {
            std::arch::asm!("msr fpcr, {}", "msr fpsr, {}", in(reg) control, in(reg) status, options(nostack, preserves_flags));
        }
    }

    pub(super) fn flags((_, status): State) -> Flags {
        Flags { invalid: status & 1 != 0, divide: status & 2 != 0, overflow: status & 4 != 0, underflow: status & 8 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn flags_are_those_of_the_guard_and_the_callers_come_back() {
        let outer = enter();
        let _ = black_box(black_box(1.0f64) / black_box(0.0));
        assert!(outer.flags().divide);
        {
            let inner = enter();
            assert_eq!(inner.flags(), Flags::default());
            let _ = black_box(black_box(0.0f64) / black_box(0.0));
            assert_eq!(inner.flags(), Flags { invalid: true, ..Flags::default() });
            inner.clear();
            let _ = black_box(black_box(1e300f64) * black_box(1e300));
            assert!(inner.flags().overflow && !inner.flags().invalid);
        }
        assert_eq!(outer.flags(), Flags { divide: true, ..Flags::default() });
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn flush_to_zero_is_off_inside_and_back_afterwards() {
        let before = machine::read();
        machine::write(before | 0x8040);
        assert_eq!(black_box(black_box(1e-308f64) / black_box(16.0)), 0.0);
        {
            let _guard = enter();
            assert_ne!(black_box(black_box(1e-308f64) / black_box(16.0)), 0.0);
        }
        assert_eq!(machine::read() & 0x8040, 0x8040);
        machine::write(before);
    }
}
