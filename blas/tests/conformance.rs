//! What every backend has to do, generic over the backend; each is tested by one line at the end.
//!
//! References are plain loops over dense matrices, in float64 for single precision and with twice the bound for double. Python's tests hold the same routines against SciPy's BLAS and extended
//! precision; these show that the crate alone, without Python, does what it says.

use num_complex::Complex;
use verdigris_blas as blas;
use verdigris_blas::{Backend, Cpu, Diag, MatMut, MatRef, Real, Scalar, Side, Trans, Uplo, VecMut, VecRef};

/// Numbers that are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn scalar<T: Scalar>(&mut self) -> T {
        T::from_parts(Real::from_f64(self.next()), Real::from_f64(self.next()))
    }

    fn list<T: Scalar>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| self.scalar()).collect()
    }
}

/// Strides of an `m` x `n` matrix in each of the layouts, and the elements it spans.
fn layouts(m: usize, n: usize) -> [((isize, isize), usize); 3] {
    let (m, n) = (m as isize, n as isize);
    [((1, m.max(1) + 2), ((m + 2) * n) as usize + 1), ((n.max(1), 1), (m * n) as usize + 1), ((2, 2 * m.max(1) + 3), ((2 * m + 3) * n) as usize + 2)]
}

fn wide<T: Scalar>(x: T) -> Complex<f64> {
    Complex::new(x.re().to_f64(), x.im().to_f64())
}

type Dense = Vec<Vec<Complex<f64>>>;

fn dense<T: Scalar>(m: MatRef<'_, T>) -> Dense {
    (0..m.rows()).map(|i| (0..m.cols()).map(|j| wide(m.get(i, j))).collect()).collect()
}

fn turned(a: &Dense, rows: usize, cols: usize, trans: Trans) -> Dense {
    match trans {
        Trans::No => a.clone(),
        Trans::Yes => (0..cols).map(|j| (0..rows).map(|i| a[i][j]).collect()).collect(),
        Trans::Conj => (0..cols).map(|j| (0..rows).map(|i| a[i][j].conj()).collect()).collect(),
    }
}

fn close<T: Scalar>(got: T, want: Complex<f64>, size: f64, k: usize, what: &str) {
    let bound = 16.0 * (k + 2) as f64 * T::Real::EPSILON.to_f64() * size;
    let error = (wide(got) - want).norm();
    assert!(error <= bound, "{what}: {got:?} against {want}, off by {error:e} where {bound:e} is allowed");
}

const FLAGS: [Trans; 3] = [Trans::No, Trans::Yes, Trans::Conj];
const SIZES: [usize; 5] = [0, 1, 3, 20, 67];

fn products<T: Scalar>(on: &impl Backend<T>) {
    let mut numbers = Numbers(1);
    for (number, (&m, &n)) in SIZES.iter().flat_map(|m| SIZES.iter().map(move |n| (m, n))).enumerate() {
        let k = SIZES[number % 5];
        for (which, (ta, tb)) in FLAGS.into_iter().flat_map(|a| FLAGS.map(|b| (a, b))).enumerate() {
            let (ra, ca) = if ta == Trans::No { (m, k) } else { (k, m) };
            let (rb, cb) = if tb == Trans::No { (k, n) } else { (n, k) };
            let (sa, la) = layouts(ra, ca)[which % 3];
            let (sb, lb) = layouts(rb, cb)[(which + number) % 3];
            let (sc, lc) = layouts(m, n)[number % 3];
            let (a, b) = (numbers.list::<T>(la), numbers.list::<T>(lb));
            let (alpha, beta) = (numbers.scalar::<T>(), if which % 2 == 0 { T::ZERO } else { numbers.scalar::<T>() });
            let nan = T::from_real(T::Real::from_f64(f64::NAN));
            let old = if which % 2 == 0 { vec![nan; lc] } else { numbers.list::<T>(lc) };
            let mut c = old.clone();
            let (va, vb) = (MatRef::strided(&a, 0, (ra, ca), sa).unwrap(), MatRef::strided(&b, 0, (rb, cb), sb).unwrap());
            blas::gemm(on, alpha, va.op(ta), vb.op(tb), beta, MatMut::strided(&mut c, 0, (m, n), sc).unwrap()).unwrap();
            let (da, db) = (turned(&dense(va), ra, ca, ta), turned(&dense(vb), rb, cb, tb));
            let (new, before) = (MatRef::strided(&c, 0, (m, n), sc).unwrap(), MatRef::strided(&old, 0, (m, n), sc).unwrap());
            let mut inside = vec![false; lc];
            for i in 0..m {
                for j in 0..n {
                    inside[(i as isize * sc.0 + j as isize * sc.1) as usize] = true;
                    let mut want: Complex<f64> = (0..k).map(|p| da[i][p] * db[p][j]).sum::<Complex<f64>>() * wide(alpha);
                    let mut size = (0..k).map(|p| (da[i][p] * db[p][j]).norm()).sum::<f64>() * wide(alpha).norm();
                    if beta != T::ZERO {
                        want += wide(beta) * wide(before.get(i, j));
                        size += (wide(beta) * wide(before.get(i, j))).norm();
                    }
                    close(new.get(i, j), want, size, k, "gemm");
                }
            }
            // What lies between the elements is as it was, NaN or not.
            let same = |x: T, y: T| x == y || (wide(x).is_nan() && wide(y).is_nan());
            assert!((0..lc).all(|at| inside[at] || same(c[at], old[at])), "gemm wrote beside C");
        }
    }
}

/// Levels 1 and 2 at lengths around those of registers, from addresses that are no multiple of one.
fn vectors<T: Scalar>(on: &impl Backend<T>) {
    let mut numbers = Numbers(4);
    for (number, n) in [0, 1, 2, 7, 8, 9, 31, 33, 64, 65, 130, 257, 300].into_iter().enumerate() {
        let from = number % 5;
        let (x, y) = (numbers.list::<T>(n + from), numbers.list::<T>(n + from));
        let (vx, vy) = (VecRef::new(&x[from..]), VecRef::new(&y[from..]));
        let pairs = || x[from..].iter().zip(&y[from..]).map(|(&x, &y)| (wide(x), wide(y)));
        let size = pairs().map(|(x, y)| (x * y).norm()).sum::<f64>();
        close(blas::dot(on, vx, vy).unwrap(), pairs().map(|(x, y)| x * y).sum(), size, n, "dot");
        close(blas::dotc(on, vx, vy).unwrap(), pairs().map(|(x, y)| x.conj() * y).sum(), size, n, "dotc");
        let parts = |term: fn(f64) -> f64| pairs().map(|(x, _)| term(x.re) + term(x.im)).sum::<f64>();
        let (sum, norm) = (parts(f64::abs), parts(|x| x * x).sqrt());
        close(T::from_real(blas::asum(on, vx).unwrap()), sum.into(), sum, n, "asum");
        close(T::from_real(blas::nrm2(on, vx).unwrap()), norm.into(), norm, n, "nrm2");
        let alpha = numbers.scalar::<T>();
        let mut z = y.clone();
        blas::axpy(on, alpha, vx, VecMut::new(&mut z[from..])).unwrap();
        assert!(z[..from] == y[..from], "axpy wrote before y");
        for (&z, (x, y)) in z[from..].iter().zip(pairs()) {
            close(z, wide(alpha) * x + y, (wide(alpha) * x).norm() + y.norm(), 1, "axpy");
        }
        for (m, trans) in [1, 5, 8, 21, 300].into_iter().flat_map(|m| FLAGS.map(|trans| (m, trans))) {
            for (strides, len) in layouts(m, n) {
                let a = numbers.list::<T>(len + 8);
                let view = MatRef::strided(&a, from.min(7), (m, n), strides).unwrap();
                let op = turned(&dense(view), m, n, trans);
                let (rows, cols) = if trans == Trans::No { (m, n) } else { (n, m) };
                let (u, old, beta) = (numbers.list::<T>(cols), numbers.list::<T>(rows), numbers.scalar::<T>());
                let mut v = old.clone();
                blas::gemv(on, alpha, view.op(trans), VecRef::new(&u), beta, VecMut::new(&mut v)).unwrap();
                for i in 0..rows {
                    let terms = || (0..cols).map(|j| wide(alpha) * op[i][j] * wide(u[j]));
                    let plus = wide(beta) * wide(old[i]);
                    close(v[i], terms().sum::<Complex<f64>>() + plus, terms().map(Complex::norm).sum::<f64>() + plus.norm(), cols, "gemv");
                }
            }
        }
    }
}

/// Triangular products and solutions undo one another, in every form.
fn triangles<T: Scalar>(on: &impl Backend<T>) {
    let mut numbers = Numbers(2);
    for n in [0, 1, 3, 20, 67, 131, 300] {
        for (which, ((side, uplo), (trans, diag))) in [Side::Left, Side::Right]
            .into_iter()
            .flat_map(|s| [Uplo::Upper, Uplo::Lower].map(|u| (s, u)))
            .flat_map(|su| FLAGS.into_iter().flat_map(move |t| [Diag::NonUnit, Diag::Unit].map(|d| (su, (t, d)))))
            .enumerate()
        {
            let (sa, la) = layouts(n, n)[which % 3];
            let mut a: Vec<T> = numbers.list::<T>(la).into_iter().map(|x| x.scale(T::Real::from_f64(1.0 / (n as f64 + 1.0)))).collect();
            for i in 0..n {
                a[(i as isize * (sa.0 + sa.1)) as usize] = T::from_real(T::Real::from_f64(2.0));
            }
            let view = MatRef::strided(&a, 0, (n, n), sa).unwrap();
            // A few columns, and more than a strip of them.
            let other = if which % 2 == 0 { 5 } else { 61 };
            let (rows, cols) = if side == Side::Left { (n, other) } else { (other, n) };
            let start = numbers.list::<T>(rows * cols);
            let mut b = start.clone();
            blas::trmm(on, side, uplo, trans, diag, T::ONE, view, MatMut::row_major(&mut b, rows, cols).unwrap()).unwrap();
            blas::trsm(on, side, uplo, trans, diag, T::ONE, view, MatMut::row_major(&mut b, rows, cols).unwrap()).unwrap();
            for (got, want) in b.iter().zip(&start) {
                close(*got, wide(*want), 8.0, n, "trsm of trmm");
            }
            let mut x = start[..n.min(start.len())].to_vec();
            x.resize(n, T::ONE);
            let before = x.clone();
            blas::trmv(on, uplo, trans, diag, view, VecMut::new(&mut x)).unwrap();
            blas::trsv(on, uplo, trans, diag, view, VecMut::new(&mut x)).unwrap();
            for (got, want) in x.iter().zip(&before) {
                close(*got, wide(*want), 8.0, n, "trsv of trmv");
            }
        }
    }
}

/// A packed, a banded and a full matrix with the same numbers give the same products.
fn forms<T: Scalar>(on: &impl Backend<T>) {
    let mut numbers = Numbers(3);
    for n in [1, 3, 20, 67] {
        for uplo in [Uplo::Upper, Uplo::Lower] {
            let (full, x) = (numbers.list::<T>(n * n), numbers.list::<T>(n));
            let a = MatRef::col_major(&full, n, n).unwrap();
            let mut ap = vec![T::ZERO; n * (n + 1) / 2];
            blas::trttp(on, uplo, a, VecMut::new(&mut ap)).unwrap();
            let mut band = vec![T::ZERO; n * n];
            for j in 0..n {
                let rows = if uplo == Uplo::Upper { 0..j + 1 } else { j..n };
                for i in rows {
                    band[j * n + if uplo == Uplo::Upper { n - 1 + i - j } else { i - j }] = a.get(i, j);
                }
            }
            let ab = MatRef::col_major(&band, n, n).unwrap();
            let mut y = [vec![T::ZERO; n], vec![T::ZERO; n], vec![T::ZERO; n]];
            let [first, second, third] = &mut y;
            blas::hemv(on, uplo, T::ONE, a, VecRef::new(&x), T::ZERO, VecMut::new(first)).unwrap();
            blas::hpmv(on, uplo, T::ONE, VecRef::new(&ap), VecRef::new(&x), T::ZERO, VecMut::new(second)).unwrap();
            blas::hbmv(on, uplo, n - 1, T::ONE, ab, VecRef::new(&x), T::ZERO, VecMut::new(third)).unwrap();
            for i in 0..n {
                let (mut want, mut size) = (Complex::ZERO, 0.0);
                for (j, x) in x.iter().enumerate() {
                    let stored = (i <= j) == (uplo == Uplo::Upper) || i == j;
                    let mut value = if stored { wide(a.get(i, j)) } else { wide(a.get(j, i)).conj() };
                    if i == j {
                        value.im = 0.0;
                    }
                    want += value * wide(*x);
                    size += (value * wide(*x)).norm();
                }
                for form in &y {
                    close(form[i], want, size, n, "hemv, hpmv, hbmv");
                }
            }
        }
    }
}

fn suite<B: Backend<f32> + Backend<f64> + Backend<Complex<f32>> + Backend<Complex<f64>>>(on: &B) {
    products::<f32>(on);
    products::<f64>(on);
    products::<Complex<f32>>(on);
    products::<Complex<f64>>(on);
    vectors::<f32>(on);
    vectors::<f64>(on);
    vectors::<Complex<f32>>(on);
    vectors::<Complex<f64>>(on);
    triangles::<f32>(on);
    triangles::<f64>(on);
    triangles::<Complex<f32>>(on);
    triangles::<Complex<f64>>(on);
    forms::<f64>(on);
    forms::<Complex<f32>>(on);
}

#[test]
fn cpu() {
    suite(&Cpu);
}

/// The same with the kernels for older processors, each in a process of its own: which are used is chosen once.
#[test]
fn cpu_of_older_processors() {
    for name in ["haswell", "x86-64"] {
        let mut run = std::process::Command::new(std::env::current_exe().unwrap());
        let out = run.args(["--exact", "cpu"]).env("VERDIGRIS_CPU", name).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && text.contains("1 passed"), "{name}: {text}{}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn views_of_ndarray_are_operands() {
    let a = ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]);
    let mut c = ndarray::Array2::zeros((2, 2));
    blas::gemm(&Cpu, 1.0, MatRef::from(a.t()), MatRef::from(a.view()), 0.0, c.view_mut().into()).unwrap();
    assert_eq!(c, a.t().dot(&a));
}

#[test]
fn faults_are_told_before_anything_is_written() {
    let a = [1.0; 12];
    let mut c = [7.0; 12];
    let view = MatRef::row_major(&a, 3, 4).unwrap();
    let wrong = blas::gemm(&Cpu, 1.0, view.n(), view.n(), 0.0, MatMut::row_major(&mut c, 3, 4).unwrap()).unwrap_err();
    assert_eq!(wrong.to_string(), "gemm: `b` has shape (3, 4), and the other operands ask for (4, 4)");
    assert_eq!(c, [7.0; 12]);
    assert!(matches!(MatRef::strided(&a, 0, (3, 4), (4, 2)), Err(blas::Error::Reach { .. })));
    assert!(matches!(MatMut::strided(&mut c, 0, (3, 4), (0, 1)), Err(blas::Error::Overlap { .. })));
    assert!(MatMut::strided(&mut c, 11, (3, 4), (-4, -1)).is_ok());
    let wrong = blas::herk::<Complex<f64>>(
        &Cpu,
        Uplo::Upper,
        Trans::Yes,
        1.0,
        MatRef::row_major(&[], 0, 0).unwrap(),
        0.0,
        MatMut::row_major(&mut [], 0, 0).unwrap(),
    );
    assert_eq!(wrong.unwrap_err().to_string(), "herk: `trans` is T, and has to be N or C for a Hermitian update");
}

#[test]
fn norms_of_extremes() {
    let norm = |x: &[f64]| blas::nrm2(&Cpu, VecRef::new(x)).unwrap();
    assert_eq!(norm(&[f64::MAX / 2.0, f64::MAX / 2.0]), f64::MAX / 2.0 * 2.0_f64.sqrt());
    assert_eq!(norm(&[3e-320, 4e-320]), 5e-320);
    assert_eq!(norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
    assert!(norm(&[f64::NAN, f64::INFINITY]).is_nan());
    assert_eq!(norm(&[]), 0.0);
}
