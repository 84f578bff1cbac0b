//! The transforms by their definitions, in double-double arithmetic: about 32 decimal digits.

use num_complex::Complex;
use verdigris_fft::{Element, Real, TrigType};

/// An unevaluated sum of two float64, the second below half a unit of the first's last place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dd(f64, f64);

impl Dd {
    fn sum(a: f64, b: f64) -> Dd {
        let s = a + b;
        let t = s - a;
        Dd(s, (a - (s - t)) + (b - t))
    }

    fn add(self, other: Dd) -> Dd {
        let high = Dd::sum(self.0, other.0);
        Dd::sum(high.0, high.1 + self.1 + other.1)
    }

    fn mul(self, other: Dd) -> Dd {
        let p = self.0 * other.0;
        let e = self.0.mul_add(other.0, -p);
        Dd::sum(p, e + (self.0 * other.1 + self.1 * other.0))
    }

    fn neg(self) -> Dd {
        Dd(-self.0, -self.1)
    }

    fn over(self, n: f64) -> Dd {
        let q = self.0 / n;
        let rest = q.mul_add(-n, self.0) + self.1;
        Dd::sum(q, rest / n)
    }
}

/// A complex number of that precision.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exact {
    re: Dd,
    im: Dd,
}

impl Exact {
    pub fn rounded(self) -> Complex<f64> {
        Complex::new(self.re.0, self.im.0)
    }

    fn add(self, other: Exact) -> Exact {
        Exact { re: self.re.add(other.re), im: self.im.add(other.im) }
    }

    fn mul(self, other: Exact) -> Exact {
        Exact { re: self.re.mul(other.re).add(self.im.mul(other.im).neg()), im: self.re.mul(other.im).add(self.im.mul(other.re)) }
    }
}

/// An element type of the tests.
pub trait Wide: Real + Element<Self> + std::fmt::Display {
    const EPSILON: f64;
    fn of_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Wide for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    fn of_f64(x: f64) -> f32 {
        x as f32
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Wide for f64 {
    const EPSILON: f64 = f64::EPSILON;
    fn of_f64(x: f64) -> f64 {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
}

pub fn exact<T: Wide>(z: Complex<T>) -> Exact {
    Exact { re: Dd(z.re.to_f64(), 0.0), im: Dd(z.im.to_f64(), 0.0) }
}

/// Numbers between -1 and 1, by a generator of SplitMix's form.
pub fn random<T: Wide>(seed: u64) -> impl FnMut() -> T {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        T::of_f64(((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    }
}

/// `exp(-2 pi i k / n)`, by Taylor's series of an angle of at most an eighth of a turn.
fn root(k: usize, n: usize) -> Exact {
    let quarters = (8 * k / n).div_ceil(2);
    // The angle left is (k/n - quarters/4) turns.
    let numerator = 4.0 * k as f64 - quarters as f64 * n as f64;
    let two_pi = Dd(std::f64::consts::TAU, 2.449_293_598_294_706_4e-16);
    let angle = two_pi.mul(Dd(numerator, 0.0)).over(4.0 * n as f64);
    let (mut cos, mut sin, mut term) = (Dd(1.0, 0.0), Dd::default(), Dd(1.0, 0.0));
    for power in 1..30 {
        term = term.mul(angle).over(power as f64);
        match power % 4 {
            0 => cos = cos.add(term),
            1 => sin = sin.add(term),
            2 => cos = cos.add(term.neg()),
            _ => sin = sin.add(term.neg()),
        }
    }
    let (cos, sin) = match quarters % 4 {
        0 => (cos, sin),
        1 => (sin.neg(), cos),
        2 => (cos.neg(), sin.neg()),
        _ => (sin, cos.neg()),
    };
    Exact { re: cos, im: sin.neg() }
}

/// The roots of unity that a transform of that length multiplies by.
pub fn roots(n: usize, inverse: bool) -> Vec<Exact> {
    (0..n).map(|k| root(if inverse { (n - k) % n } else { k }, n)).collect()
}

/// The transform of float64, by its definition in float64: an oracle for float32.
pub fn dft_for_single(x: &[Complex<f64>], roots: &[Complex<f64>]) -> Vec<Complex<f64>> {
    let n = x.len();
    (0..n).map(|k| (0..n).map(|j| x[j] * roots[j * k % n]).sum()).collect()
}

pub fn dft<T: Wide>(x: &[Complex<T>], inverse: bool) -> Vec<Exact> {
    let n = x.len();
    let roots = roots(n, inverse);
    (0..n).map(|k| element(x, &roots, k)).collect()
}

/// One element of the transform.
pub fn element<T: Wide>(x: &[Complex<T>], roots: &[Exact], k: usize) -> Exact {
    x.iter().enumerate().fold(Exact::default(), |sum, (j, &z)| sum.add(exact(z).mul(roots[j * k % x.len()])))
}

/// Sums of `x[j]` times the cosine (or sine) of `pi a(j, k) / m`, the angle being a whole number `a` of parts of `m`.
fn waves<T: Wide>(x: &[T], sine: bool, m: usize, weight: impl Fn(usize) -> f64, parts: impl Fn(usize, usize) -> usize) -> Vec<Exact> {
    let roots: Vec<Exact> = (0..2 * m).map(|k| root(k, 2 * m)).collect();
    let one = |k| {
        (0..x.len()).fold(Exact::default(), |sum, j| {
            let root = roots[parts(j, k) % (2 * m)];
            let wave = if sine { root.im.neg() } else { root.re };
            let term = wave.mul(Dd(x[j].to_f64() * weight(j), 0.0));
            sum.add(Exact { re: term, im: Dd::default() })
        })
    };
    (0..x.len()).map(one).collect()
}

pub fn dct<T: Wide>(x: &[T], ty: TrigType) -> Vec<Exact> {
    let n = x.len();
    match ty {
        TrigType::One => waves(x, false, n - 1, |j| if j == 0 || j == n - 1 { 1.0 } else { 2.0 }, |j, k| j * k),
        TrigType::Two => waves(x, false, 2 * n, |_| 2.0, |j, k| (2 * j + 1) * k),
        TrigType::Three => waves(x, false, 2 * n, |j| if j == 0 { 1.0 } else { 2.0 }, |j, k| j * (2 * k + 1)),
        TrigType::Four => waves(x, false, 4 * n, |_| 2.0, |j, k| (2 * j + 1) * (2 * k + 1)),
    }
}

pub fn dst<T: Wide>(x: &[T], ty: TrigType) -> Vec<Exact> {
    let n = x.len();
    match ty {
        TrigType::One => waves(x, true, n + 1, |_| 2.0, |j, k| (j + 1) * (k + 1)),
        TrigType::Two => waves(x, true, 2 * n, |_| 2.0, |j, k| (2 * j + 1) * (k + 1)),
        TrigType::Three => waves(x, true, 2 * n, |j| if j == n - 1 { 1.0 } else { 2.0 }, |j, k| (j + 1) * (2 * k + 1)),
        TrigType::Four => waves(x, true, 4 * n, |_| 2.0, |j, k| (2 * j + 1) * (2 * k + 1)),
    }
}

fn has_large_factor(mut n: usize) -> bool {
    for p in 2..=31 {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n > 1
}

/// Holds the relative error in the 2-norm against `2 (1 + log2 n)` units of the precision, four times that for lengths with a prime factor above 31, and the greatest
/// single error against 8 times that.
pub fn close<T: Wide>(found: &[Complex<T>], wanted: &[Exact], n: usize) {
    assert_eq!(found.len(), wanted.len());
    let bound = 2.0 * (1.0 + (n as f64).log2()) * T::EPSILON * if has_large_factor(n) { 4.0 } else { 1.0 };
    let error = |(a, b): (&Complex<T>, &Exact)| {
        let part = |a: T, b: Dd| Dd::sum(a.to_f64(), -b.0).add(Dd(-b.1, 0.0)).0;
        part(a.re, b.re).hypot(part(a.im, b.im))
    };
    let norm = |squares: f64| squares.sqrt();
    let (mut errors, mut sizes, mut worst, mut largest) = (0.0, 0.0, 0.0f64, 0.0f64);
    for pair in found.iter().zip(wanted) {
        let (e, size) = (error(pair), pair.1.re.0.hypot(pair.1.im.0));
        assert!(!e.is_nan());
        errors += e * e;
        sizes += size * size;
        worst = worst.max(e);
        largest = largest.max(size);
    }
    assert!(norm(errors) <= bound * norm(sizes), "n = {n}: relative error {} over the bound {bound}", norm(errors) / norm(sizes));
    assert!(worst <= 8.0 * bound * largest, "n = {n}: greatest error {worst} of {largest}");
}
