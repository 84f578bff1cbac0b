//! Every transform against a DFT by its definition, in twice the precision.

#[allow(unreachable_pub, reason = "a module of this test")]
mod reference;

use ndarray::{Array, ArrayD, Axis, IxDyn, Slice};
use num_complex::Complex;
use reference::{Wide, close, dct, dft, dft_for_single, dst, random, roots};
use verdigris_fft::{Device, Error, FftPlan, Many, Norm, Real, TrigType, cache_info, clear_cache, limit_cache};

const TYPES: [TrigType; 4] = [TrigType::One, TrigType::Two, TrigType::Three, TrigType::Four];

fn lengths() -> impl Iterator<Item = usize> {
    (1..=64).chain([97, 100, 121, 128, 143, 169, 210, 243, 256, 343, 360, 499, 512, 1009])
}

/// A complex array of that shape.
fn complex<T: Wide>(shape: &[usize], seed: u64) -> ArrayD<Complex<T>> {
    let mut next = random::<T>(seed);
    Array::from_shape_simple_fn(IxDyn(shape), || Complex::new(next(), next()))
}

fn one_dimension<T: Wide>() {
    for n in lengths() {
        let x: Vec<Complex<T>> = complex(&[n], n as u64).into_raw_vec_and_offset().0;
        let plan = FftPlan::<T>::c2c(Device::Cpu, &[n], 1).unwrap();
        let mut y = vec![Complex::default(); n];
        plan.forward(&x, &mut y).unwrap();
        let wanted = dft(&x, false);
        close(&y, &wanted, n);
        plan.inverse(&x, &mut y).unwrap();
        close(&y, &dft(&x, true), n);
        let mut z = x.clone();
        plan.forward_in_place(&mut z).unwrap();
        close(&z, &wanted, n);
    }
}

#[test]
fn complex_transforms_of_rows() {
    one_dimension::<f32>();
    one_dimension::<f64>();
}

/// Long rows take another way than short ones: held against ones of the same elements in several dimensions, and a delta, whose transform is known.
fn long_rows<T: Wide>() {
    for n in [1usize << 17, 3 << 16, 7 * 5 * 5 * 1024] {
        for inverse in [false, true] {
            let at = n / 3 + 1;
            let mut x = vec![Complex::default(); n];
            x[at] = Complex::new(T::of_f64(1.0), T::of_f64(0.0));
            x[0].im = T::of_f64(0.5);
            let plan = FftPlan::<T>::c2c(Device::Cpu, &[n], 1).unwrap();
            let mut y = x.clone();
            if inverse {
                plan.inverse_in_place(&mut y).unwrap()
            } else {
                plan.forward_in_place(&mut y).unwrap()
            }
            for k in (0..n).step_by(97) {
                let angle = std::f64::consts::TAU * ((at * k) % n) as f64 / n as f64;
                let sine = if inverse { angle.sin() } else { -angle.sin() };
                let error = Complex::new(y[k].re.to_f64() - angle.cos(), y[k].im.to_f64() - sine - 0.5);
                assert!(error.norm() < 40.0 * T::EPSILON, "{n}, {k}: {error}");
            }
            let mut z = vec![Complex::default(); n];
            if inverse {
                plan.inverse(&x, &mut z).unwrap()
            } else {
                plan.forward(&x, &mut z).unwrap()
            }
            assert_eq!(y, z);
        }
        // Random elements and back.
        let x = complex::<T>(&[n], 8);
        let plan = FftPlan::<T>::c2c(Device::Cpu, &[n], 1).unwrap().with_norm(Norm::Backward);
        let mut y = x.clone();
        plan.forward_in_place(&mut y).unwrap();
        plan.inverse_in_place(&mut y).unwrap();
        let wanted: Vec<_> = x.iter().map(|&z| reference::exact(z)).collect();
        close(y.as_slice().unwrap(), &wanted, n * n);
    }
}

/// Rows of the lengths from which on they are split in two passes, or made a convolution: against the definition at some of their elements.
fn middle_rows<T: Wide>() {
    for n in [1024usize, 1040, 1155, 2048, 3003, 4098, 4099, 8192, 10007, 14641, 15015] {
        let batch = if n < 4096 { 3 } else { 1 };
        let x: Vec<Complex<T>> = complex(&[batch * n], n as u64).into_raw_vec_and_offset().0;
        let plan = FftPlan::<T>::c2c(Device::Cpu, &[n], batch).unwrap();
        for inverse in [false, true] {
            let mut y = vec![Complex::default(); batch * n];
            if inverse {
                plan.inverse(&x, &mut y).unwrap()
            } else {
                plan.forward(&x, &mut y).unwrap()
            }
            let roots = roots(n, inverse);
            for row in 0..batch {
                let places: Vec<usize> = (0..n).step_by(n / 60 + 1).chain([n - 1]).collect();
                let wanted: Vec<_> = places.iter().map(|&k| reference::element(&x[row * n..][..n], &roots, k)).collect();
                let found: Vec<_> = places.iter().map(|&k| y[row * n + k]).collect();
                close(&found, &wanted, n);
            }
            let mut z = x.clone();
            if inverse {
                plan.inverse_in_place(&mut z).unwrap()
            } else {
                plan.forward_in_place(&mut z).unwrap()
            }
            assert_eq!(y, z);
        }
    }
}

#[test]
fn rows_of_middle_length() {
    middle_rows::<f32>();
    middle_rows::<f64>();
}

#[test]
fn long_rows_by_two_passes() {
    long_rows::<f32>();
    long_rows::<f64>();
}

fn real_rows<T: Wide>() {
    for n in lengths() {
        let mut next = random::<T>(n as u64);
        let x: Vec<T> = (0..n).map(|_| next()).collect();
        let full = dft(&x.iter().map(|&x| Complex::new(x, T::of_f64(0.0))).collect::<Vec<_>>(), false);
        let plan = FftPlan::<T>::r2c(Device::Cpu, &[n], 1).unwrap();
        let mut y = vec![Complex::default(); n / 2 + 1];
        plan.forward(&x, &mut y).unwrap();
        close(&y, &full[..n / 2 + 1], n);
        // Back, with imaginary parts that no Hermitian array has.
        y[0].im = T::of_f64(1e3);
        if n % 2 == 0 {
            y[n / 2].im = T::of_f64(1e3);
        }
        let before = y.clone();
        let mut back = vec![T::of_f64(0.0); n];
        plan.with_norm(Norm::Backward).inverse(&y, &mut back).unwrap();
        assert_eq!(y, before);
        let as_complex = |x: &[T]| x.iter().map(|&x| Complex::new(x, T::of_f64(0.0))).collect::<Vec<_>>();
        let wanted: Vec<_> = x.iter().map(|x| reference::exact(Complex::new(*x, T::of_f64(0.0)))).collect();
        close(&as_complex(&back), &wanted, n * n);
    }
}

#[test]
fn real_transforms_of_rows() {
    real_rows::<f32>();
    real_rows::<f64>();
}

fn trigonometric<T: Wide>() {
    for n in lengths().filter(|&n| n < 300) {
        for ty in TYPES {
            let mut next = random::<T>(n as u64);
            let x: Vec<T> = (0..n).map(|_| next()).collect();
            let mut y = vec![T::of_f64(0.0); n];
            let as_complex = |x: &[T]| x.iter().map(|&x| Complex::new(x, T::of_f64(0.0))).collect::<Vec<_>>();
            FftPlan::<T>::dst(Device::Cpu, ty, &[n], 1).unwrap().forward(&x, &mut y).unwrap();
            close(&as_complex(&y), &dst(&x, ty), 2 * n + 2);
            if n > 1 || ty != TrigType::One {
                FftPlan::<T>::dct(Device::Cpu, ty, &[n], 1).unwrap().forward(&x, &mut y).unwrap();
                close(&as_complex(&y), &dct(&x, ty), 2 * n);
                // Orthogonal ones are undone by their inverse.
                let plan = FftPlan::<T>::dct(Device::Cpu, ty, &[n], 1).unwrap().with_norm(Norm::Ortho);
                plan.forward(&x, &mut y).unwrap();
                plan.inverse_in_place(&mut y).unwrap();
                let wanted: Vec<_> = x.iter().map(|x| reference::exact(Complex::new(*x, T::of_f64(0.0)))).collect();
                close(&as_complex(&y), &wanted, n * n);
            }
        }
    }
}

#[test]
fn cosine_and_sine_transforms() {
    trigonometric::<f32>();
    trigonometric::<f64>();
}

/// The transform of each axis in turn, by definition, rounded between: good for the comparison because its own error stays far below the bound in f64 only; so f32.
fn by_axes(x: &ArrayD<Complex<f32>>, axes: &[usize], inverse: bool) -> ArrayD<Complex<f64>> {
    let mut wide = x.mapv(|z| Complex::new(f64::from(z.re), f64::from(z.im)));
    for &axis in axes {
        let roots: Vec<_> = roots(x.len_of(Axis(axis)), inverse).into_iter().map(|z| z.rounded()).collect();
        for mut lane in wide.lanes_mut(Axis(axis)) {
            let transformed = dft_for_single(&lane.to_vec(), &roots);
            lane.iter_mut().zip(transformed).for_each(|(to, z)| *to = z);
        }
    }
    wide
}

fn all_close(found: &ArrayD<Complex<f32>>, wanted: &ArrayD<Complex<f64>>, n: usize) {
    assert_eq!(found.shape(), wanted.shape());
    let found: Vec<_> = found.iter().copied().collect();
    let wanted: Vec<_> = wanted.iter().map(|&z| reference::exact(z)).collect();
    close(&found, &wanted, n);
}

#[test]
fn several_dimensions_and_batches_of_any_layout() {
    for lengths in [&[5usize, 7][..], &[16, 12], &[3, 4, 5], &[11, 16, 9], &[64, 64], &[13, 40], &[1, 24, 1], &[32, 8, 17], &[18, 40, 50]] {
        for batch in [1usize, 3, 20] {
            let shape: Vec<usize> = [batch].into_iter().chain(lengths.iter().copied()).collect();
            let x = complex::<f32>(&shape, 3);
            let axes: Vec<usize> = (1..shape.len()).collect();
            let n = lengths.iter().product();
            let plan = FftPlan::<f32>::c2c(Device::Cpu, lengths, batch).unwrap();
            let (forward, inverse) = (by_axes(&x, &axes, false), by_axes(&x, &axes, true));
            let mut y = ArrayD::zeros(IxDyn(&shape));
            plan.forward(&x, &mut y).unwrap();
            all_close(&y, &forward, n);
            plan.inverse(&x, &mut y).unwrap();
            all_close(&y, &inverse, n);
            // Every second element of a larger array with its axes reversed, read backwards.
            let doubled: Vec<usize> = shape.iter().map(|n| 2 * n).collect();
            let mut spread = ArrayD::<Complex<f32>>::zeros(IxDyn(&doubled).f_order());
            let mut view = spread.view_mut();
            for axis in 0..shape.len() {
                view.slice_axis_inplace(Axis(axis), Slice::new(0, None, if axis == 1 { -2 } else { 2 }));
            }
            view.assign(&x);
            let mut turned = ArrayD::zeros(IxDyn(&shape.iter().rev().copied().collect::<Vec<_>>()));
            let mut turned_view = turned.view_mut().reversed_axes();
            turned_view.invert_axis(Axis(0));
            plan.forward(&view, &mut turned_view).unwrap();
            all_close(&turned_view.to_owned(), &forward, n);
            // In place, where nothing outside may change.
            plan.forward_in_place(&mut view).unwrap();
            all_close(&view.to_owned(), &forward, n);
            view.fill(Complex::default());
            assert!(spread.iter().all(|z| *z == Complex::default()));
        }
    }
}

trait FOrder {
    fn f_order(self) -> ndarray::Shape<IxDyn>;
}

impl FOrder for IxDyn {
    fn f_order(self) -> ndarray::Shape<IxDyn> {
        use ndarray::ShapeBuilder;
        self.f()
    }
}

#[test]
fn real_transforms_of_several_dimensions() {
    for lengths in [&[6usize, 8][..], &[5, 7], &[4, 6, 10], &[16, 16, 15], &[9, 1]] {
        let batch = 3;
        let shape: Vec<usize> = [batch].into_iter().chain(lengths.iter().copied()).collect();
        let mut next = random::<f32>(9);
        let x = ArrayD::from_shape_simple_fn(IxDyn(&shape), &mut next);
        let axes: Vec<usize> = (1..shape.len()).collect();
        let n: usize = lengths.iter().product();
        let full = by_axes(&x.mapv(|x| Complex::new(x, 0.0)), &axes, false);
        let half = lengths[lengths.len() - 1] / 2 + 1;
        let wanted = full.slice_axis(Axis(lengths.len()), Slice::from(..half)).to_owned();
        let plan = FftPlan::<f32>::r2c(Device::Cpu, lengths, batch).unwrap();
        let mut y = ArrayD::zeros(wanted.raw_dim());
        plan.forward(&x, &mut y).unwrap();
        all_close(&y, &wanted, n);
        let mut strided = ArrayD::zeros(IxDyn(&wanted.shape().iter().rev().copied().collect::<Vec<_>>()));
        plan.forward(&x.view().reversed_axes().as_standard_layout().reversed_axes(), &mut strided.view_mut().reversed_axes()).unwrap();
        all_close(&strided.view().reversed_axes().to_owned(), &wanted, n);
        let before = y.clone();
        let mut back = ArrayD::zeros(IxDyn(&shape));
        plan.with_norm(Norm::Backward).inverse(&y, &mut back).unwrap();
        assert_eq!(y, before, "the input of c2r is kept");
        all_close(&back.mapv(|x| Complex::new(x, 0.0)), &x.mapv(|x| Complex::new(f64::from(x), 0.0)), n * n);
    }
}

#[test]
fn plan_many_reads_and_writes_where_it_says() {
    // Two 3 x 4 arrays, element by element between one another, in 5 x 6 embeddings; out in the usual order with gaps.
    let many = Many { embed: vec![5, 6], stride: 2, dist: 1 };
    let dense = Many { embed: vec![3, 4], stride: 1, dist: 20 };
    let plan = FftPlan::<f64>::c2c(Device::Cpu, &[3, 4], 2).unwrap().with_layouts(&many, &dense).unwrap();
    let x: Vec<Complex<f64>> = complex(&[60], 5).into_raw_vec_and_offset().0;
    let marker = Complex::new(7.0, 7.0);
    let mut y = vec![marker; 40];
    plan.forward(&x, &mut y).unwrap();
    for b in 0..2 {
        let mut rows: Vec<Vec<_>> = (0..3).map(|i| (0..4).map(|j| x[b + (i * 6 + j) * 2]).collect()).collect();
        rows = rows.iter().map(|row: &Vec<Complex<f64>>| dft(row, false).iter().map(|z| z.rounded()).collect()).collect();
        for j in 0..4 {
            let column = dft(&rows.iter().map(|row| row[j]).collect::<Vec<_>>(), false);
            for i in 0..3 {
                assert!((y[b * 20 + i * 4 + j] - column[i].rounded()).norm() < 1e-14);
            }
        }
        assert!(y[b * 20 + 12..(b + 1) * 20].iter().all(|&z| z == marker));
    }
    assert!(matches!(plan.forward(&x[..31], &mut y), Err(Error::SliceLength { found: 31, expected: 32, .. })));
    assert!(matches!(
        FftPlan::<f64>::c2c(Device::Cpu, &[3, 4], 2).unwrap().with_layouts(&Many { stride: 0, ..many.clone() }, &dense),
        Err(Error::Embedding { .. })
    ));
    let overlapping = Many { dist: 0, ..dense };
    let plan = FftPlan::<f64>::c2c(Device::Cpu, &[3, 4], 2).unwrap().with_layouts(&many, &overlapping).unwrap();
    assert_eq!(plan.forward(&x, &mut y), Err(Error::OverlappingOutput));
}

#[test]
fn results_do_not_depend_on_threads() {
    for (shape, batch) in [(&[64usize, 48, 20][..], 3), (&[100, 1000], 1), (&[13, 17], 500), (&[64, 64, 64], 1), (&[1 << 17], 2)] {
        let full: Vec<usize> = [batch].into_iter().chain(shape.iter().copied()).collect();
        let x = complex::<f32>(&full, 1);
        let plan = FftPlan::<f32>::c2c(Device::Cpu, shape, batch).unwrap();
        let run = |threads: usize| {
            let mut y = ArrayD::zeros(x.raw_dim());
            verdigris_device::pool::limited(threads.try_into().unwrap(), || plan.forward(&x, &mut y).unwrap());
            y
        };
        assert_eq!(run(1), run(2));
    }
}

/// As near as NumPy's own tests want rows to come back: five units in the last place of 1. Where registers are too narrow for our own rows, `rustfft` does it by rounded roots.
#[test]
fn rows_of_26_elements_come_back() {
    #[cfg(target_arch = "x86_64")]
    let own = is_x86_feature_detected!("avx2") && !matches!(std::env::var("VERDIGRIS_CPU").as_deref(), Ok("x86-64" | "x86-64-v2"));
    #[cfg(not(target_arch = "x86_64"))]
    let own = false;
    let units = if own { 5.0 } else { 16.0 };
    let plan = FftPlan::<f64>::c2c(Device::Cpu, &[26], 64).unwrap();
    for seed in 0..200 {
        // All of one sign: the first result is large, and its error goes to all that come back.
        let x = complex::<f64>(&[64, 26], seed).mapv(|z| z * 0.5 + Complex::new(0.5, 0.5));
        let (mut y, mut z) = (ArrayD::zeros(x.raw_dim()), ArrayD::zeros(x.raw_dim()));
        plan.forward(&x, &mut y).unwrap();
        plan.inverse(&y, &mut z).unwrap();
        let off = x.iter().zip(&z).map(|(x, z): (&Complex<f64>, &Complex<f64>)| (x - z / 26.0).norm()).fold(0.0, f64::max);
        assert!(off <= units * f64::EPSILON, "seed {seed}: off by {off:e}");
    }
}

#[test]
fn a_nan_stays_in_its_lane() {
    for n in [8usize, 60, 97, 1009] {
        let mut x = complex::<f64>(&[n, 37], 2);
        x[[n / 2, 11]].re = f64::NAN;
        let plan = FftPlan::<f64>::c2c(Device::Cpu, &[n], 37).unwrap();
        let mut y = ArrayD::zeros(IxDyn(&[37, n]));
        plan.forward(&x.view().reversed_axes(), &mut y).unwrap();
        for (lane, row) in y.outer_iter().enumerate() {
            assert!(row.iter().all(|z| z.re.is_nan() == (lane == 11)), "{n}, lane {lane}");
        }
    }
}

#[test]
fn bad_requests_are_told_apart() {
    assert_eq!(FftPlan::<f32>::c2c(Device::Cpu, &[], 1).unwrap_err(), Error::NoAxes);
    assert_eq!(FftPlan::<f32>::c2c(Device::Cpu, &[4, 0], 1).unwrap_err(), Error::Length { n: 0, least: 1 });
    assert_eq!(FftPlan::<f32>::dct(Device::Cpu, TrigType::One, &[1], 1).unwrap_err(), Error::Length { n: 1, least: 2 });
    assert_eq!(FftPlan::<f32>::c2c(Device::Cpu, &[usize::MAX / 2], 1).unwrap_err(), Error::TooLarge);
    let huge = FftPlan::<f32>::c2c(Device::Cpu, &[(isize::MAX / 1024) as usize], 1);
    assert!(matches!(huge, Err(Error::OutOfMemory { .. })), "{huge:?}");
    let plan = FftPlan::<f32>::c2c(Device::Cpu, &[8], 2).unwrap();
    let x = vec![Complex::default(); 16];
    assert!(matches!(plan.forward(&x, &mut vec![Complex::default(); 15]), Err(Error::SliceLength { what: "output", found: 15, expected: 16 })));
    let wrong = Array::<Complex<f32>, _>::zeros((2, 9));
    assert!(matches!(plan.forward(&wrong, &mut x.clone()), Err(Error::Shape { what: "input", .. })));
    // No arrays at all are no error.
    FftPlan::<f32>::c2c(Device::Cpu, &[8], 0).unwrap().forward(&Vec::new(), &mut Vec::new()).unwrap();
}

#[test]
fn the_cache_is_bounded_counted_and_shared() {
    // The one test of this process that changes the bounds; others only fill the cache, with other lengths.
    let n = 30_011;
    let threads: Vec<_> = (0..8)
        .map(|i| {
            std::thread::spawn(move || {
                let x = vec![Complex::new(1.0f64, 0.0); n];
                let mut y = vec![Complex::default(); n];
                for _ in 0..3 {
                    FftPlan::<f64>::c2c(Device::Cpu, &[n + i % 2], 1).unwrap();
                    FftPlan::<f64>::c2c(Device::Cpu, &[n], 1).unwrap().forward(&x, &mut y).unwrap();
                    assert!((y[0].re - n as f64).abs() < 1e-9);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    let before = cache_info();
    FftPlan::<f64>::c2c(Device::Cpu, &[n], 1).unwrap();
    assert!(cache_info().hits >= before.hits + 2);
    limit_cache(Some(3), None);
    assert!(cache_info().plans <= 3);
    limit_cache(Some(256), Some(0));
    assert_eq!((cache_info().plans, cache_info().bytes), (0, 0));
    limit_cache(None, Some(256 << 20));
    clear_cache();
}

#[test]
fn plans_are_shared_by_threads() {
    fn is<T: Send + Sync>() {}
    is::<FftPlan<f32>>();
    fn generic<T: Real>() {
        is::<FftPlan<T, verdigris_fft::R2c>>();
    }
    generic::<f64>();
}
