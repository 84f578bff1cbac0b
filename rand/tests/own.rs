//! Our own distributions: right by their statistics, the same in any split and for any number of threads; states, skips and spawned streams.

use std::sync::LazyLock;

use verdigris_rand::{Error, Generator, Kind, Ordering};

/// The kinds that need no tables of cuRAND's.
const PSEUDO: [Kind; 4] = [Kind::Xorwow, Kind::Mrg32k3a, Kind::Philox4x32, Kind::Mt19937];
const QUASI: [Kind; 4] = [Kind::Sobol32, Kind::Sobol64, Kind::OwenSobol32, Kind::OwenSobol64];

fn of(kind: Kind) -> Generator {
    // The lanes of an MT19937 are made when they are reached, each by a jump: once for all tests.
    static TWISTER: LazyLock<Generator> = LazyLock::new(|| {
        let mut generator = Generator::builder(Kind::Mt19937).seed(12345).build().unwrap();
        generator.generate_u32(&mut vec![0; 65_536]).unwrap();
        generator
    });
    let builder = Generator::builder(kind);
    match kind {
        Kind::Mt19937 => TWISTER.clone(),
        kind if kind.has_seed() => builder.seed(12345).build().unwrap(),
        _ => builder.build().unwrap(),
    }
}

/// The distance of a sample's distribution function from the true one, times the root of its size: above 2 once in 1500 times.
fn kolmogorov(mut sample: Vec<f64>, truth: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let distance = sample.iter().enumerate().map(|(i, &x)| {
        let p = truth(x);
        (p - i as f64 / n).abs().max(((i + 1) as f64 / n - p).abs())
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// Of `1/2 erfc(-z / sqrt(2))`, by W. Cody's continued fraction far out and a series near 0.
fn normal_cdf(z: f64) -> f64 {
    let x = z.abs();
    let upper = if x < 3.0 {
        let (mut term, mut sum) = (x, x);
        for k in 1..200 {
            term *= x * x / f64::from(2 * k + 1);
            sum += term;
        }
        0.5 - (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum
    } else {
        let fraction = (1..60).rev().fold(x, |fraction, k| x + f64::from(k) / fraction);
        (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() / fraction
    };
    if z < 0.0 { upper } else { 1.0 - upper }
}

const N: usize = 200_000;

fn check(kind: Kind, what: &str, sample: Vec<f64>, truth: impl Fn(f64) -> f64) {
    let distance = kolmogorov(sample, truth);
    assert!(distance < 2.0, "{kind}: {what}: {distance}");
}

#[test]
fn continuous_distributions_are_themselves() {
    let wide = |f: Vec<f32>| f.into_iter().map(f64::from).collect::<Vec<_>>();
    for kind in PSEUDO.into_iter().chain(QUASI) {
        let mut generator = of(kind);
        let (mut f, mut d) = (vec![0.0_f32; N], vec![0.0_f64; N]);
        generator.random_f32(&mut f).unwrap();
        assert!(f.iter().all(|x| (0.0..1.0).contains(x)));
        check(kind, "random f32", wide(f.clone()), |x| x);
        generator.random_f64(&mut d).unwrap();
        assert!(d.iter().all(|x| (0.0..1.0).contains(x)));
        check(kind, "random f64", d.clone(), |x| x);
        generator.between_f32(&mut f, -3.0, 5.0).unwrap();
        assert!(f.iter().all(|x| (-3.0..5.0).contains(x)));
        check(kind, "between", wide(f.clone()), |x| (x + 3.0) / 8.0);
        generator.normal_f32(&mut f, 1.0, 2.0).unwrap();
        check(kind, "normal f32", wide(f.clone()), |x| normal_cdf((x - 1.0) / 2.0));
        generator.normal_f64(&mut d, 1.0, 2.0).unwrap();
        check(kind, "normal f64", d.clone(), |x| normal_cdf((x - 1.0) / 2.0));
        generator.lognormal_f32(&mut f, 0.5, 0.25).unwrap();
        check(kind, "lognormal f32", wide(f.clone()), |x| normal_cdf((x.ln() - 0.5) / 0.25));
        generator.lognormal_f64(&mut d, 0.5, 0.25).unwrap();
        check(kind, "lognormal f64", d.clone(), |x| normal_cdf((x.ln() - 0.5) / 0.25));
        generator.exponential_f32(&mut f, 3.0).unwrap();
        check(kind, "exponential f32", wide(f.clone()), |x| 1.0 - (-x / 3.0).exp());
        generator.exponential_f64(&mut d, 3.0).unwrap();
        check(kind, "exponential f64", d.clone(), |x| 1.0 - (-x / 3.0).exp());
    }
}

#[test]
fn gamma_is_itself_where_it_has_a_closed_form() {
    let mut generator = of(Kind::Philox4x32);
    let mut d = vec![0.0; N];
    // Of shape k, a whole number: 1 - e^-x sum x^i / i!.
    for k in [1, 2, 5] {
        generator.gamma_f64(&mut d, f64::from(k), 2.0).unwrap();
        let truth = |x: f64| {
            let (mut term, mut sum) = (1.0, 1.0);
            for i in 1..k {
                term *= x / 2.0 / f64::from(i);
                sum += term;
            }
            1.0 - (-x / 2.0).exp() * sum
        };
        check(Kind::Philox4x32, "gamma", d.clone(), truth);
    }
    // Of shape 1/2: half the square of a normal number.
    generator.gamma_f64(&mut d, 0.5, 1.0).unwrap();
    check(Kind::Philox4x32, "gamma 0.5", d.clone(), |x| 2.0 * normal_cdf((2.0 * x).sqrt()) - 1.0);
}

/// The sum of squared deviations from the expected counts over them, less its mean, in its own deviations.
fn chi_square(counts: &[f64], expected: &[f64]) -> f64 {
    let (mut sum, mut classes, mut rest) = (0.0, 0.0_f64, (0.0, 0.0));
    for (&count, &expected) in counts.iter().zip(expected) {
        if expected >= 20.0 {
            sum += (count - expected).powi(2) / expected;
            classes += 1.0;
        } else {
            rest = (rest.0 + count, rest.1 + expected);
        }
    }
    if rest.1 >= 5.0 {
        sum += (rest.0 - rest.1).powi(2) / rest.1;
        classes += 1.0;
    }
    (sum - (classes - 1.0)) / (2.0 * (classes - 1.0)).sqrt()
}

#[test]
fn counts_are_binomial() {
    let mut generator = of(Kind::Xorwow);
    for (trials, p) in [(1, 0.3), (10, 0.5), (20, 0.05), (100, 0.02), (40, 0.3), (1000, 0.5), (1000, 0.97), (100_000, 0.001)] {
        let mut out = vec![0; N];
        generator.binomial(&mut out, trials, p).unwrap();
        let mut counts = vec![0.0; trials as usize + 1];
        out.iter().for_each(|&value| counts[value as usize] += 1.0);
        let mut ln_mass = trials as f64 * (1.0 - p).ln();
        let expected: Vec<f64> = (0..=trials)
            .map(|k| {
                let mass = ln_mass.exp() * N as f64;
                ln_mass += ((trials - k) as f64 / (k + 1) as f64 * (p / (1.0 - p))).ln();
                mass
            })
            .collect();
        let deviations = chi_square(&counts, &expected);
        assert!(deviations.abs() < 4.5, "{trials} trials of {p}: {deviations}");
    }
    let mut out = vec![0; 1000];
    generator.binomial(&mut out, 1 << 53, 1.0).unwrap();
    assert!(out.iter().all(|&value| value == 1 << 53));
    generator.binomial(&mut out, 1 << 53, 0.25).unwrap();
    let mean = out.iter().map(|&value| value as f64 / (1_u64 << 51) as f64).sum::<f64>() / 1000.0;
    assert!((mean - 1.0).abs() < 1e-8, "{mean}");
}

#[test]
fn integers_fill_their_range_evenly() {
    for kind in PSEUDO {
        let mut generator = of(kind);
        let mut out = vec![0; N];
        generator.integers(&mut out, -3, 96).unwrap();
        let mut counts = vec![0.0; 100];
        out.iter().for_each(|&value| counts[(value + 3) as usize] += 1.0);
        let deviations = chi_square(&counts, &[N as f64 / 100.0; 100]);
        assert!(deviations.abs() < 4.5, "{kind}: {deviations}");
        generator.integers(&mut out, i64::MIN, i64::MAX).unwrap();
        let negative = out.iter().filter(|&&value| value < 0).count() as f64;
        assert!((negative / N as f64 - 0.5).abs() < 0.01);
        generator.integers(&mut out, 7, 7).unwrap();
        assert!(out.iter().all(|&value| value == 7));
        let mut unsigned = vec![0; 1000];
        generator.integers_u64(&mut unsigned, 1 << 63, u64::MAX).unwrap();
        assert!(unsigned.iter().all(|&value| value >= 1 << 63));
    }
}

#[test]
fn all_orders_of_four_things_come_up_evenly() {
    let mut generator = of(Kind::Philox4x32);
    let mut counts = std::collections::HashMap::new();
    for _ in 0..24_000 {
        let mut things = [0, 1, 2, 3];
        generator.shuffle(&mut things).unwrap();
        *counts.entry(things).or_insert(0.0) += 1.0;
    }
    assert_eq!(counts.len(), 24);
    let counts: Vec<f64> = counts.into_values().collect();
    assert!(chi_square(&counts, &[1000.0; 24]).abs() < 4.5);
    generator.shuffle::<u8>(&mut []).unwrap();
    let mut many: Vec<usize> = (0..10_000).collect();
    generator.shuffle(&mut many).unwrap();
    many.sort_unstable();
    assert!(many.into_iter().eq(0..10_000));
}

/// One call or many, on one thread or several: the same bits.
#[test]
fn any_split_and_any_threads() {
    for kind in PSEUDO.into_iter().chain(QUASI) {
        let n = 150_000;
        let whole = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut generator = of(kind);
                let (mut f, mut d, mut e) = (vec![0.0_f32; n], vec![0.0_f64; n], vec![0.0_f64; n]);
                generator.normal_f32(&mut f, 0.0, 1.0).unwrap();
                generator.lognormal_f64(&mut d, 0.0, 1.0).unwrap();
                generator.exponential_f64(&mut e, 1.0).unwrap();
                (f, d, e)
            })
        };
        let want = whole(1);
        assert!(whole(2) == want && whole(5) == want, "{kind}");
        let mut generator = of(kind);
        let mut f = vec![0.0_f32; n];
        for (i, out) in f.chunks_mut(7001).enumerate() {
            assert!(i < 30);
            generator.normal_f32(out, 0.0, 1.0).unwrap();
        }
        assert!(f == want.0, "{kind}");
    }
}

/// What is larger than the caches is written past them: the same bits, wherever its lines begin.
#[test]
fn a_large_output_is_as_many_small_ones() {
    const LARGE: usize = (16 << 20) / 4 + 77;
    for kind in [Kind::Xorwow, Kind::Philox4x32] {
        let (mut whole, mut pieces) = (vec![0.0_f32; LARGE + 3], vec![0.0_f32; LARGE]);
        type Call = fn(&mut Generator, &mut [f32]) -> Result<(), Error>;
        let calls: [Call; 3] = [
            |g, out| g.normal_f32(out, 0.0, 1.0),
            Generator::uniform_f32,
            |g, out| {
                let even = out.len() / 2 * 2;
                g.curand_normal_f32(&mut out[..even], 0.0, 1.0)
            },
        ];
        for (threads, call) in [1, 2].into_iter().flat_map(|threads| calls.map(|call| (threads, call))) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| call(&mut of(kind), &mut whole[1..=LARGE])).unwrap();
            let mut generator = of(kind);
            for out in pieces.chunks_mut(1 << 20) {
                call(&mut generator, out).unwrap();
            }
            let even = LARGE / 2 * 2;
            assert!(whole[1..=even] == pieces[..even], "{kind}, {threads} threads");
            assert_eq!((whole[0], whole[LARGE + 1]), (0.0, 0.0));
        }
    }
}

#[test]
fn a_saved_state_goes_on_and_a_skip_is_as_many_draws() {
    for kind in PSEUDO.into_iter().chain(QUASI) {
        let mut generator = of(kind);
        let mut f = vec![0.0_f32; 5001];
        generator.random_f32(&mut f).unwrap();
        if !kind.is_quasi() {
            generator.poisson(&mut vec![0; 77], 5000.0).unwrap();
        }
        let saved = generator.saved();
        let mut restored = Generator::restored(&saved).unwrap();
        let mut copy = generator.clone();
        let draw = |generator: &mut Generator| {
            let mut out = vec![0.0; 9000];
            generator.uniform_f64(&mut out).unwrap();
            (out, generator.position())
        };
        let want = draw(&mut generator);
        assert!(draw(&mut restored) == want && draw(&mut copy) == want, "{kind}");
        for cut in [0, 3, 8, saved.len() / 2, saved.len() - 1, saved.len() - 4] {
            assert_eq!(Generator::restored(&saved[..cut]).unwrap_err(), Error::State, "{kind} cut to {cut}");
        }
        assert_eq!(Generator::restored(&[saved, vec![0; 4]].concat()).unwrap_err(), Error::State);

        for n in [0, 1, 5000, 100_001] {
            let (mut skipped, mut drawn) = (of(kind), of(kind));
            skipped.skip(n);
            if kind.is_wide() {
                drawn.generate_u64(&mut vec![0; n as usize]).unwrap();
            } else {
                drawn.generate_u32(&mut vec![0; n as usize]).unwrap();
            }
            let (mut a, mut b) = (vec![0.0; 500], vec![0.0; 500]);
            skipped.uniform_f64(&mut a).unwrap();
            drawn.uniform_f64(&mut b).unwrap();
            assert!(a == b, "{kind}, {n}");
        }
    }
}

#[test]
fn spawned_streams_differ_and_come_again() {
    let mut generator = of(Kind::Xorwow);
    let mut again = of(Kind::Xorwow);
    let mut streams = generator.spawn(3);
    streams.extend(generator.spawn(2));
    let mut seen = std::collections::HashSet::new();
    for (mut stream, mut other) in streams.into_iter().zip(again.spawn(5)) {
        let (mut a, mut b) = ([0; 8], [0; 8]);
        stream.generate_u32(&mut a).unwrap();
        other.generate_u32(&mut b).unwrap();
        assert_eq!(a, b);
        assert!(seen.insert(a));
    }
}

#[test]
fn wrong_requests_name_what_is_wrong_and_take_nothing() {
    let mut generator = of(Kind::Philox4x32);
    let (mut f, mut d, mut i) = ([0.0_f32; 4], [0.0_f64; 4], [0_i64; 4]);
    assert!(matches!(generator.normal_f32(&mut f, 0.0, -1.0), Err(Error::Parameter { name: "sigma", .. })));
    assert!(matches!(generator.normal_f64(&mut d, f64::NAN, 1.0), Err(Error::Parameter { name: "mean", .. })));
    assert!(matches!(generator.lognormal_f64(&mut d, 0.0, f64::INFINITY), Err(Error::Parameter { .. })));
    assert!(matches!(generator.exponential_f64(&mut d, -1.0), Err(Error::Parameter { name: "scale", .. })));
    assert!(matches!(generator.gamma_f64(&mut d, 0.0, 1.0), Err(Error::Parameter { name: "shape", .. })));
    assert!(matches!(generator.binomial(&mut i, 5, 1.5), Err(Error::Parameter { name: "p", .. })));
    assert!(matches!(generator.binomial(&mut i, 5, f64::NAN), Err(Error::Parameter { name: "p", .. })));
    assert!(matches!(generator.binomial(&mut i, u64::MAX, 0.5), Err(Error::Parameter { .. })));
    assert_eq!(generator.integers(&mut i, 5, 4), Err(Error::Range));
    assert_eq!(generator.between_f64(&mut d, 1.0, 1.0), Err(Error::Range));
    assert_eq!(generator.between_f64(&mut d, f64::NAN, 1.0), Err(Error::Range));
    assert_eq!(generator.between_f64(&mut d, f64::MIN, f64::MAX), Err(Error::Range));
    assert_eq!(generator.set_dims(2), Err(Error::Setting { kind: Kind::Philox4x32, setting: "dimensions" }));
    assert_eq!(generator.position(), 0);

    let mut twister = of(Kind::Mt19937);
    assert_eq!(twister.set_offset(1), Err(Error::Setting { kind: Kind::Mt19937, setting: "offset" }));
    assert!(Generator::builder(Kind::Mt19937).offset(1).build().is_err());
    assert!(twister.set_ordering(Ordering::Best).is_err());

    let mut sobol = Generator::builder(Kind::Sobol32).dims(3).build().unwrap();
    assert_eq!(sobol.uniform_f32(&mut f), Err(Error::Multiple { len: 4, dims: 3 }));
    assert_eq!(sobol.normal_f32(&mut f, 0.0, 1.0), Err(Error::Multiple { len: 4, dims: 3 }));
    assert!(matches!(sobol.gamma_f64(&mut d[..3], 1.0, 1.0), Err(Error::Quasi { .. })));
    assert!(matches!(sobol.shuffle(&mut d), Err(Error::Quasi { .. })));
    assert_eq!(sobol.set_seed(1), Err(Error::Setting { kind: Kind::Sobol32, setting: "seed" }));
    assert_eq!(sobol.set_dims(0), Err(Error::Dims { dims: 0 }));
    assert_eq!(sobol.set_dims(20_001), Err(Error::Dims { dims: 20_001 }));
    assert_eq!(sobol.generate_u64(&mut [0; 3]), Err(Error::Width { kind: Kind::Sobol32, bits: 64 }));
    assert_eq!(sobol.position(), 0);
    assert!(sobol.into_rng().is_err());
    assert_eq!("nonsense".parse::<Kind>(), Err(Error::UnknownName));
}
