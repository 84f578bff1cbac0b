//! How cuRAND makes a Poisson number of one uniform or normal number, by generator and mean.
//!
//! Owns the choice: a square histogram, the inverse distribution function, or a rounded normal number. The limits were
//! found by bisection on the library. `distribution` checked lambda. Must not know where draws come from.

use super::histogram::{Histogram, probabilities};

/// A way from one draw to a Poisson number.
pub(super) enum Counts {
    Histogram(Histogram),
    Cumulative(Cumulative),
    Large(Large),
    /// A large mean computed with in float32, as for MT19937.
    LargeSingle(f32),
}

/// The generators that take one draw for a Poisson number, as far as they differ here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Mt19937,
    Mtgp32,
    Sobol32,
    Sobol64,
}

/// From this mean on, the generators that make pairs of normal numbers round those.
pub(super) const LARGE_LAMBDA: f64 = 2000.0;

impl Counts {
    pub(super) fn new(family: Family, lambda: f64) -> Self {
        let histogram_below = match family {
            Family::Mt19937 => LARGE_LAMBDA,
            Family::Mtgp32 => 32.0,
            Family::Sobol32 => 10.0,
            Family::Sobol64 => 0.0,
        };
        let cumulative = match family {
            Family::Mt19937 => false,
            Family::Mtgp32 | Family::Sobol32 => lambda <= 8000.0,
            Family::Sobol64 => lambda < LARGE_LAMBDA,
        };
        if lambda < histogram_below {
            Self::Histogram(Histogram::poisson(lambda))
        } else if cumulative {
            Self::Cumulative(Cumulative::poisson(lambda))
        } else if family == Family::Mt19937 {
            Self::LargeSingle(lambda as f32)
        } else {
            Self::Large(Large::new(lambda))
        }
    }
}

/// Normal numbers scaled to a large mean and rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Large {
    lambda: f64,
    deviation: f64,
}

impl Large {
    pub(super) fn new(lambda: f64) -> Self {
        Self { lambda, deviation: lambda.sqrt() }
    }

    #[inline(always)]
    pub(super) fn value(&self, z: f32) -> u32 {
        (self.deviation * f64::from(z) + self.lambda + 0.5) as u32
    }

    #[inline(always)]
    pub(super) fn single(lambda: f32, z: f32) -> u32 {
        (lambda.sqrt() * z + lambda + 0.5) as u32
    }
}

/// A distribution function in steps.
pub(super) struct Cumulative {
    /// The probability of each value and all below.
    steps: Vec<f64>,
    /// The value of the first step.
    shift: u32,
}

impl Cumulative {
    fn poisson(lambda: f64) -> Self {
        let (shift, mass) = probabilities(lambda);
        let mut sum = 0.0;
        let steps = mass.into_iter().map(|p| {
            sum += p;
            sum
        });
        Self { steps: steps.collect(), shift }
    }

    /// The smallest value whose probability together with those below reaches `u`.
    #[inline(always)]
    pub(super) fn value(&self, u: f64) -> u32 {
        let step = self.steps.partition_point(|&step| step < u);
        self.shift + step.min(self.steps.len() - 1) as u32
    }
}
