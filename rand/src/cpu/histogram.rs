//! Poisson numbers below lambda 2000: one draw and one table look-up each.
//!
//! Owns the "square histogram" of Marsaglia, Tsang and Wang (2004), method M2: the probabilities
//! are cut and stacked into columns of equal height, each holding at most two values, so that one
//! uniform number picks a column and a side. `distribution` checked lambda. The table must be
//! cuRAND's: its domain is every value whose probability is above 0 as a float64, denormals
//! included, and donors are taken from the top down. Must not know where draws come from.

/// The natural logarithm of half the smallest float64 above 0: a probability below it rounds to 0.
const LN_SMALLEST: f64 = -1075.0 * std::f64::consts::LN_2;

/// A Poisson distribution as columns.
pub(super) struct Histogram {
    columns: Vec<Column>,
    /// The value that column 0 stands for.
    shift: u32,
}

/// One column: up to the threshold its own value, above it the alias.
#[derive(Clone, Copy)]
struct Column {
    threshold: f64,
    alias: u32,
}

impl Histogram {
    pub(super) fn poisson(lambda: f64) -> Self {
        let (shift, mut mass) = probabilities(lambda);
        let height = 1.0 / mass.len() as f64;
        let mut columns: Vec<Option<Column>> = vec![None; mass.len()];
        let mut donor = mass.len() - 1;
        // A donor that gave too much becomes a receiver below one already passed: sweep until
        // nothing is left to fill.
        loop {
            let mut filled = false;
            for i in 0..mass.len() {
                if columns[i].is_some() || mass[i] >= height {
                    continue;
                }
                while mass[donor] <= height && donor > 0 {
                    donor -= 1;
                }
                if mass[donor] <= height {
                    continue;
                }
                columns[i] = Some(Column { threshold: i as f64 * height + mass[i], alias: donor as u32 });
                mass[donor] -= height - mass[i];
                filled = true;
            }
            if !filled {
                break;
            }
        }
        let own = |(i, column): (usize, Option<Column>)| column.unwrap_or(Column { threshold: (i + 1) as f64 * height, alias: i as u32 });
        Self { columns: columns.into_iter().enumerate().map(own).collect(), shift }
    }

    #[inline(always)]
    pub(super) fn value(&self, x: u32) -> u32 {
        const SCALE: f64 = 1.0 / 4_294_967_296.0;
        let u = f64::from(x) * SCALE + SCALE / 2.0;
        let i = ((u * self.columns.len() as f64) as usize).min(self.columns.len() - 1);
        let column = self.columns[i];
        self.shift + if u < column.threshold { i as u32 } else { column.alias }
    }
}

/// The first value with a probability above 0, and the probabilities from there on.
pub(super) fn probabilities(lambda: f64) -> (u32, Vec<f64>) {
    let mode = lambda as u32;
    let (peak, ln_peak) = at_mode(lambda, mode);
    // Away from the mode by the ratio of neighbours. The product loses its low bits where it turns
    // denormal, so whether a value is in is decided on the logarithm.
    let mut below = Vec::new();
    let (mut p, mut ln_p) = (peak, ln_peak);
    for k in (1..=mode).rev() {
        let ratio = f64::from(k) / lambda;
        p *= ratio;
        ln_p += ratio.ln();
        if ln_p <= LN_SMALLEST {
            break;
        }
        below.push(p);
    }
    let shift = mode - below.len() as u32;
    let mut mass: Vec<f64> = below.into_iter().rev().collect();
    mass.push(peak);
    let (mut p, mut ln_p) = (peak, ln_peak);
    for k in mode + 1.. {
        let ratio = lambda / f64::from(k);
        p *= ratio;
        ln_p += ratio.ln();
        if ln_p <= LN_SMALLEST {
            break;
        }
        mass.push(p);
    }
    (shift, mass)
}

/// The probability of the mode `floor(lambda)`, and its logarithm.
fn at_mode(lambda: f64, mode: u32) -> (f64, f64) {
    let m = f64::from(mode);
    if mode < 16 {
        let mut p = (-lambda).exp();
        for k in 1..=mode {
            p *= lambda / f64::from(k);
        }
        return (p, p.ln());
    }
    // Loader's saddle-point form: exp(-stirling(m) - deviance(m, lambda)) / sqrt(2 pi m), both
    // exponents small.
    let stirling = {
        let r = 1.0 / (m * m);
        (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / m
    };
    let t = (m - lambda) / lambda; // in (-1/16, 0]
    let deviance = lambda * ((1.0 + t) * t.ln_1p() - t);
    let p = (-stirling - deviance).exp() / (std::f64::consts::TAU * m).sqrt();
    (p, p.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_over_the_known_domains() {
        for (lambda, shift, len) in [(0.5, 0, 157), (10.0, 0, 304), (100.0, 0, 690), (1000.0, 71, 2374)] {
            let (first, mass) = probabilities(lambda);
            assert_eq!((first, mass.len()), (shift, len), "lambda {lambda}");
            let sum: f64 = mass.iter().sum();
            assert!((sum - 1.0).abs() < 1e-13, "lambda {lambda}: {sum}");
        }
    }

    #[test]
    fn every_value_keeps_its_probability() {
        for lambda in [0.001, 0.5, 15.9, 16.0, 123.4, 1999.0] {
            let (shift, mass) = probabilities(lambda);
            let histogram = Histogram::poisson(lambda);
            assert_eq!(histogram.shift, shift);
            let height = 1.0 / mass.len() as f64;
            let mut got = vec![0.0; mass.len()];
            for (i, column) in histogram.columns.iter().enumerate() {
                let own = column.threshold - i as f64 * height;
                got[i] += own;
                got[column.alias as usize] += height - own;
            }
            for (k, (got, want)) in got.iter().zip(&mass).enumerate() {
                assert!((got - want).abs() < 1e-12, "lambda {lambda}, k {k}: {got} for {want}");
            }
        }
    }
}
