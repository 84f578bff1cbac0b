//! Binomial numbers: by counting down the distribution where the mean is small, else by transformed rejection (W. Hörmann, "The generation of
//! binomial random variates", 1993, algorithm BTRS).
//!
//! Owns both. Must not know where its 64 bits come from.

use super::split::Split;
use super::stream::Turn;
use crate::error::Error;
use crate::generator::Generator;
use crate::math::{exp_f64, ln_f64};

/// The largest number of trials.
const MOST: u64 = 1 << 53;
/// From this mean on, rejection.
const REJECTION: f64 = 10.0;

impl Generator {
    /// Fills `out` with numbers of successes in `trials` trials (at most 2^53) of probability `p`. 64 bits each.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a parameter is out of its range; [`Error::Quasi`].
    pub fn binomial(&mut self, out: &mut [i64], trials: u64, p: f64) -> Result<(), Error> {
        if trials > MOST {
            return Err(Error::Parameter { name: "the number of trials", rule: "at most 2^53", value: trials as f64 });
        }
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::Parameter { name: "p", rule: "from 0 to 1", value: p });
        }
        self.need_pseudo("binomial numbers")?;
        let failures = p > 0.5;
        let rarer = if failures { 1.0 - p } else { p };
        self.convert_64(out, &Successes { binomial: Binomial::new(trials as f64, rarer), trials: trials as f64, failures })
    }
}

struct Successes {
    binomial: Binomial,
    trials: f64,
    /// Whether it is failures that are counted.
    failures: bool,
}

impl Turn<i64> for Successes {
    #[inline(always)]
    fn turn(&self, out: &mut [i64]) {
        for value in out {
            let count = self.binomial.value(Split(*value as u64));
            *value = if self.failures { self.trials - count } else { count } as i64;
        }
    }
}

enum Binomial {
    None,
    /// The probability of 0, the odds and the trials.
    Count {
        zero: f64,
        odds: f64,
        trials: f64,
    },
    Reject(Rejection),
}

/// `ln(1 - p)` for `p` up to 1/2.
fn ln_rest(p: f64) -> f64 {
    if p > 1e-3 { ln_f64(1.0 - p) } else { -p * (1.0 + p * (0.5 + p * (1.0 / 3.0 + p * (0.25 + p * (0.2 + p / 6.0))))) }
}

impl Binomial {
    fn new(trials: f64, p: f64) -> Self {
        if p == 0.0 || trials == 0.0 {
            Self::None
        } else if trials * p < REJECTION {
            Self::Count { zero: exp_f64(trials * ln_rest(p)), odds: p / (1.0 - p), trials }
        } else {
            Self::Reject(Rejection::new(trials, p))
        }
    }

    fn value(&self, mut split: Split) -> f64 {
        match self {
            Self::None => 0.0,
            &Self::Count { zero, odds, trials } => {
                let mut u = split.unit();
                let (mut mass, mut count) = (zero, 0.0);
                while u > mass && count < trials {
                    u -= mass;
                    mass *= odds * (trials - count) / (count + 1.0);
                    count += 1.0;
                    if mass < 1e-300 {
                        break;
                    }
                }
                count
            }
            Self::Reject(rejection) => rejection.value(split),
        }
    }
}

struct Rejection {
    trials: f64,
    odds: f64,
    mode: f64,
    a: f64,
    b: f64,
    centre: f64,
    squeeze: f64,
    alpha: f64,
    /// The part of the logarithmic bound that does not depend on the value.
    at_mode: f64,
}

/// What Stirling's formula for `ln k!` leaves out.
fn stirling_rest(k: f64) -> f64 {
    const SMALL: [f64; 10] = [
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_29,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
    ];
    if k < 10.0 {
        SMALL[k as usize]
    } else {
        let square = (k + 1.0) * (k + 1.0);
        (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / (k + 1.0)
    }
}

impl Rejection {
    fn new(trials: f64, p: f64) -> Self {
        let deviation = (trials * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let odds = p / (1.0 - p);
        let mode = ((trials + 1.0) * p).floor();
        let at_mode = (mode + 0.5) * ln_f64((mode + 1.0) / (odds * (trials - mode + 1.0))) + stirling_rest(mode) + stirling_rest(trials - mode);
        Self {
            trials,
            odds,
            mode,
            a: -0.0873 + 0.0248 * b + 0.01 * p,
            b,
            centre: trials * p + 0.5,
            squeeze: 0.92 - 4.2 / b,
            alpha: (2.83 + 5.1 / b) * deviation,
            at_mode,
        }
    }

    fn value(&self, mut split: Split) -> f64 {
        loop {
            let u = split.unit() - 0.5;
            let v = split.unit();
            let edge = 0.5 - u.abs();
            let k = ((2.0 * self.a / edge + self.b) * u + self.centre).floor();
            if edge >= 0.07 && v <= self.squeeze {
                return k;
            }
            if !(0.0..=self.trials).contains(&k) {
                continue;
            }
            let bound = self.at_mode
                + (self.trials + 1.0) * ln_f64((self.trials - self.mode + 1.0) / (self.trials - k + 1.0))
                + (k + 0.5) * ln_f64(self.odds * (self.trials - k + 1.0) / (k + 1.0))
                - stirling_rest(k)
                - stirling_rest(self.trials - k);
            if ln_f64(v * self.alpha / (self.a / (edge * edge) + self.b)) <= bound {
                return k;
            }
        }
    }
}
