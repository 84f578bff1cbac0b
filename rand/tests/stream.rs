//! What the documentation says about the stream: how calls follow each other, what setters and errors do, that threads change nothing.

use proptest::prelude::*;
use verdigris_rand::{Error, Generator, Kind, Ordering};

fn xorwow(seed: u64, offset: u64, ordering: Ordering) -> Generator {
    Generator::builder(Kind::Xorwow).seed(seed).offset(offset).ordering(ordering).build().unwrap()
}

fn orderings() -> impl Strategy<Value = Ordering> {
    prop_oneof![Just(Ordering::Default), Just(Ordering::Seeded)]
}

fn u32s(generator: &mut Generator, n: usize) -> Vec<u32> {
    let mut out = vec![0; n];
    generator.generate_u32(&mut out).unwrap();
    out
}

/// One call or many, the same bits, for each kind of call. `pieces` are lengths in items.
fn split_or_not(make: impl Fn() -> Generator, pieces: &[usize]) {
    fn check<T: Copy + Default + PartialEq>(
        mut whole: Generator,
        mut split: Generator,
        pieces: &[usize],
        values: usize,
        what: &str,
        call: impl Fn(&mut Generator, &mut [T]) -> Result<(), Error>,
    ) {
        let mut want = vec![T::default(); pieces.iter().sum::<usize>() * values];
        let mut got = want.clone();
        call(&mut whole, &mut want).unwrap();
        let mut rest = got.as_mut_slice();
        for piece in pieces {
            let (now, later) = rest.split_at_mut(piece * values);
            call(&mut split, now).unwrap();
            rest = later;
        }
        assert!(got == want, "{what} in pieces of {pieces:?}");
        assert_eq!(split.position(), whole.position());
    }
    check(make(), make(), pieces, 1, "u32", |g, out| g.generate_u32(out));
    check(make(), make(), pieces, 1, "uniform f32", |g, out| g.uniform_f32(out));
    check(make(), make(), pieces, 1, "uniform f64", |g, out| g.uniform_f64(out));
    check(make(), make(), pieces, 2, "normal f32", |g, out| g.curand_normal_f32(out, 1.0, 2.0));
    check(make(), make(), pieces, 2, "normal f64", |g, out| g.curand_normal_f64(out, 1.0, 2.0));
    check(make(), make(), pieces, 2, "lognormal f32", |g, out| g.curand_lognormal_f32(out, 0.0, 0.5));
    check(make(), make(), pieces, 2, "lognormal f64", |g, out| g.curand_lognormal_f64(out, 0.0, 0.5));
    check(make(), make(), pieces, 1, "poisson", |g, out| g.poisson(out, 12.5));
    check(make(), make(), pieces, 1, "large poisson", |g, out| g.poisson(out, 5000.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_into_calls_gives_one_stream(
        seed: u64,
        offset in prop_oneof![0..10_000_u64, any::<u64>()],
        ordering in orderings(),
        pieces in prop::collection::vec(prop_oneof![0..10_usize, 120..140_usize, 4090..4100_usize, 0..12_000_usize], 0..6),
    ) {
        split_or_not(|| xorwow(seed, offset, ordering), &pieces);
    }

    #[test]
    fn an_offset_leaves_out_draws(seed: u64, base: u64, skip in 0..20_000_u64, ordering in orderings(), n in 1..9000_usize) {
        let all = u32s(&mut xorwow(seed, base, ordering), skip as usize + n);
        let rest = u32s(&mut xorwow(seed, base.wrapping_add(skip), ordering), n);
        prop_assert!(all[skip as usize..] == rest);
    }

    #[test]
    fn setters_restart_where_the_documentation_says(first: u64, second: u64, n in 1..9000_usize, offset: u64, ordering in orderings()) {
        prop_assume!(first != second);
        let mut generator = xorwow(first, 3, ordering);
        let mut doubles = vec![0.0; n];
        generator.uniform_f64(&mut doubles).unwrap();
        let position = 3 + n as u64;
        prop_assert_eq!(generator.position(), position);
        generator.set_seed(second).unwrap();
        prop_assert!(u32s(&mut generator, n) == u32s(&mut xorwow(second, position, ordering), n));
        generator.set_offset(offset).unwrap();
        prop_assert!(u32s(&mut generator, n) == u32s(&mut xorwow(second, offset, ordering), n));
        generator.set_offset(offset).unwrap();
        generator.uniform_f64(&mut doubles).unwrap();
        generator.set_ordering(Ordering::Legacy).unwrap();
        let there = offset.wrapping_add(n as u64);
        prop_assert!(u32s(&mut generator, n) == u32s(&mut xorwow(second, there, Ordering::Default), n));
    }

    #[test]
    fn setting_what_is_set_goes_on(seed: u64, n in 1..9000_usize, ordering in orderings()) {
        let (mut set, mut plain) = (xorwow(seed, 0, ordering), xorwow(seed, 0, ordering));
        for _ in 0..2 {
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            set.uniform_f64(&mut a).unwrap();
            plain.uniform_f64(&mut b).unwrap();
            prop_assert!(a == b);
            set.set_seed(seed).unwrap();
            set.set_ordering(ordering).unwrap();
        }
    }
}

#[test]
fn errors_say_what_is_wrong_and_change_nothing() {
    let mut generator = xorwow(1, 0, Ordering::Default);
    let before = u32s(&mut generator, 10);
    let (mut f, mut d, mut u) = ([7.0_f32; 3], [7.0_f64; 5], [7_u32; 3]);
    assert_eq!(generator.curand_normal_f32(&mut f, 0.0, 1.0), Err(Error::OddLength { len: 3 }));
    assert_eq!(generator.curand_lognormal_f32(&mut f, 0.0, 1.0), Err(Error::OddLength { len: 3 }));
    assert_eq!(generator.curand_normal_f64(&mut d, 0.0, 1.0), Err(Error::OddLength { len: 5 }));
    assert_eq!(generator.curand_lognormal_f64(&mut d, 0.0, 1.0), Err(Error::OddLength { len: 5 }));
    for lambda in [0.0, -1.0, 400_000.5, f64::INFINITY] {
        assert_eq!(generator.poisson(&mut u, lambda), Err(Error::Lambda { lambda }));
    }
    assert!(matches!(generator.poisson(&mut u, f64::NAN), Err(Error::Lambda { lambda }) if lambda.is_nan()));
    let refused = Error::Ordering { kind: Kind::Xorwow, ordering: Ordering::Dynamic };
    assert_eq!(generator.set_ordering(Ordering::Dynamic), Err(refused));
    assert_eq!(Generator::builder(Kind::Xorwow).ordering(Ordering::Dynamic).build().unwrap_err(), refused);
    assert_eq!(refused.to_string(), "XORWOW has no dynamic ordering on a CPU");
    assert_eq!((f, d, u), ([7.0; 3], [7.0; 5], [7; 3]));
    assert_eq!(generator.ordering(), Ordering::Default);

    let whole = u32s(&mut xorwow(1, 0, Ordering::Default), 20);
    assert_eq!([before, u32s(&mut generator, 10)].concat(), whole);
}

#[test]
fn empty_requests_are_served_and_take_nothing() {
    let mut generator = xorwow(1, 9, Ordering::Default);
    generator.generate_u32(&mut []).unwrap();
    generator.uniform_f32(&mut []).unwrap();
    generator.curand_normal_f64(&mut [], 0.0, 1.0).unwrap();
    generator.poisson(&mut [], 3000.0).unwrap();
    assert_eq!(generator.position(), 9);
    assert_eq!(u32s(&mut generator, 5), u32s(&mut xorwow(1, 9, Ordering::Default), 5));
}

#[test]
fn curand_numbers_name_kinds_and_orderings() {
    assert_eq!(Kind::try_from(100), Ok(Kind::Xorwow));
    assert_eq!(Kind::try_from(101), Ok(Kind::Xorwow));
    assert_eq!(Kind::try_from(7), Err(Error::UnknownKind { number: 7 }));
    assert_eq!(Ordering::try_from(102), Ok(Ordering::Seeded));
    assert_eq!(Ordering::try_from(201), Ok(Ordering::Quasi));
    assert_eq!(Ordering::try_from(7), Err(Error::UnknownOrdering { number: 7 }));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let draw = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut generator = xorwow(11, 4000, Ordering::Default);
            let (mut f, mut d) = (vec![0.0; 300_001], vec![0.0; 200_002]);
            generator.uniform_f32(&mut f).unwrap();
            generator.curand_normal_f64(&mut d, 0.0, 1.0).unwrap();
            (f, d, u32s(&mut generator, 100_000))
        })
    };
    let one = draw(1);
    for threads in [2, 3, 7, 40] {
        assert!(draw(threads) == one, "{threads} threads");
    }
}

#[test]
fn a_sigma_of_any_sign_is_taken_literally() {
    let draw = |mean, sigma| {
        let mut out = [0.0; 64];
        xorwow(5, 0, Ordering::Default).curand_normal_f64(&mut out, mean, sigma).unwrap();
        out
    };
    let standard = draw(0.0, 1.0);
    assert_eq!(draw(3.0, -2.0), standard.map(|z| z * -2.0 + 3.0));
    assert_eq!(draw(3.0, 0.0), [3.0; 64]);
    assert!(draw(3.0, f64::NAN).iter().all(|value| value.is_nan()));
}
