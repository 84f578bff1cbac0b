//! Gamma numbers by squeezing normal ones (G. Marsaglia and W. Tsang, "A simple method for generating gamma variables", 2000).
//!
//! Owns the method. Must not know where its 64 bits come from.

use super::split::Split;
use super::stream::Turn;
use super::{not_negative, positive};
use crate::error::Error;
use crate::generator::Generator;
use crate::math::{exp_f64, ln_f64};

impl Generator {
    /// Fills `out` with gamma numbers of that shape, times `scale`. 64 bits each.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the shape is finite and above 0 and the scale finite and not negative; [`Error::Quasi`].
    pub fn gamma_f64(&mut self, out: &mut [f64], shape: f64, scale: f64) -> Result<(), Error> {
        positive("shape", shape)?;
        not_negative("scale", scale)?;
        self.need_pseudo("gamma numbers")?;
        self.convert_64(out, &Scaled { gamma: Gamma::new(shape), scale })
    }
}

struct Scaled {
    gamma: Gamma,
    scale: f64,
}

impl Turn<f64> for Scaled {
    #[inline(always)]
    fn turn(&self, out: &mut [f64]) {
        for value in out {
            *value = self.gamma.value(Split(value.to_bits())) * self.scale;
        }
    }
}

struct Gamma {
    /// `1 / shape` for shapes below 1, which are made of that plus 1.
    power: Option<f64>,
    d: f64,
    c: f64,
}

impl Gamma {
    fn new(shape: f64) -> Self {
        let (power, shape) = if shape < 1.0 { (Some(1.0 / shape), shape + 1.0) } else { (None, shape) };
        let d = shape - 1.0 / 3.0;
        Self { power, d, c: 1.0 / (9.0 * d).sqrt() }
    }

    fn value(&self, mut split: Split) -> f64 {
        loop {
            let z = split.normal();
            let t = 1.0 + self.c * z;
            if t <= 0.0 {
                continue;
            }
            let v = t * t * t;
            if ln_f64(split.unit()) < 0.5 * z * z + self.d - self.d * v + self.d * ln_f64(v) {
                let value = self.d * v;
                return match self.power {
                    Some(power) => value * exp_f64(ln_f64(split.unit()) * power),
                    None => value,
                };
            }
        }
    }
}
