//! Every routine by its name.
//!
//! Owns the list: which flags, numbers and operands a routine takes, in which order. `verdigris/blas` gives them so; a name or an order that does not fit is a fault of ours.

use num_complex::Complex;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyList};

use verdigris_blas as blas;
use verdigris_blas::{Backend, Cpu, Diag, Dry, Scalar, Side, Trans, Uplo};

use super::operand::{COMPLEX64, COMPLEX128, FLOAT32, FLOAT64, Fault, Operands, Raw, gpu_of};
use crate::cuda;
use crate::error::Class;
use crate::gate;

/// Flags and numbers of a call, taken in the routine's order.
struct Options {
    routine: String,
    flags: std::vec::IntoIter<String>,
    ints: std::vec::IntoIter<i64>,
    numbers: std::vec::IntoIter<Complex<f64>>,
}

impl Options {
    fn wrong(&self, operand: &'static str, found: &str, expected: &str) -> Fault {
        let text = format!("is {found}, and has to be {expected}");
        Fault::Operand(Class::BadValue, "bad-value", self.routine.clone(), operand, text)
    }

    fn choice<V: Copy>(&mut self, operand: &'static str, choices: &[(&str, V)]) -> Result<V, Fault> {
        let flag = self.flags.next().unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(letter, _)| flag.eq_ignore_ascii_case(letter)) {
            return Ok(*value);
        }
        let letters: Vec<String> = choices.iter().map(|(letter, _)| format!("'{letter}'")).collect();
        Err(self.wrong(operand, &format!("{flag:?}"), &letters.join(" or ")))
    }

    fn trans(&mut self, operand: &'static str) -> Result<Trans, Fault> {
        self.choice(operand, &[("N", Trans::No), ("T", Trans::Yes), ("C", Trans::Conj)])
    }

    fn uplo(&mut self) -> Result<Uplo, Fault> {
        self.choice("uplo", &[("U", Uplo::Upper), ("L", Uplo::Lower)])
    }

    fn side(&mut self) -> Result<Side, Fault> {
        self.choice("side", &[("L", Side::Left), ("R", Side::Right)])
    }

    fn diag(&mut self) -> Result<Diag, Fault> {
        self.choice("diag", &[("N", Diag::NonUnit), ("U", Diag::Unit)])
    }

    fn size(&mut self, operand: &'static str) -> Result<usize, Fault> {
        let value = self.ints.next().unwrap_or(-1);
        usize::try_from(value).map_err(|_| self.wrong(operand, &value.to_string(), "0 or more"))
    }

    fn number<T: Scalar>(&mut self) -> T {
        let value = self.numbers.next().unwrap_or_default();
        T::from_parts(blas::Real::from_f64(value.re), blas::Real::from_f64(value.im))
    }

    fn real<T: Scalar>(&mut self) -> T::Real {
        blas::Real::from_f64(self.numbers.next().unwrap_or_default().re)
    }
}

/// What a routine gives besides what it writes.
enum Answer {
    Nothing,
    Number(Complex<f64>),
    Index(Option<usize>),
}

fn real<R: blas::Real>(value: R) -> Answer {
    Answer::Number(Complex::new(value.to_f64(), 0.0))
}

fn number<T: Scalar>(value: T) -> Answer {
    Answer::Number(Complex::new(blas::Real::to_f64(value.re()), blas::Real::to_f64(value.im())))
}

/// Runs a routine that all four types have.
fn run<T: Scalar>(on: &dyn Backend<T>, routine: &str, o: &mut Options, a: &mut Operands<'_>) -> Result<Answer, Fault> {
    match routine {
        "dot" => return Ok(number(blas::dot(on, a.vec("x")?, a.vec("y")?)?)),
        "dotc" => return Ok(number(blas::dotc(on, a.vec("x")?, a.vec("y")?)?)),
        "nrm2" => return Ok(real(blas::nrm2(on, a.vec("x")?)?)),
        "asum" => return Ok(real(blas::asum(on, a.vec("x")?)?)),
        "amax" => return Ok(Answer::Index(blas::amax(on, a.vec("x")?)?)),
        "amin" => return Ok(Answer::Index(blas::amin(on, a.vec("x")?)?)),
        "axpy" => blas::axpy(on, o.number(), a.vec("x")?, a.vec_mut("y")?)?,
        "copy" => blas::copy(on, a.vec("x")?, a.vec_mut("y")?)?,
        "swap" => blas::swap(on, a.vec_mut("x")?, a.vec_mut("y")?)?,
        "scal" => blas::scal(on, o.number(), a.vec_mut("x")?)?,
        "rot" => blas::rot(on, a.vec_mut("x")?, a.vec_mut("y")?, o.real::<T>(), o.number())?,
        "gemv" => {
            let trans = o.trans("trans")?;
            blas::gemv(on, o.number(), a.mat("a")?.op(trans), a.vec("x")?, o.number(), a.vec_mut("y")?)?;
        }
        "gbmv" => {
            let (trans, rows, kl, ku) = (o.trans("trans")?, o.size("m")?, o.size("kl")?, o.size("ku")?);
            blas::gbmv(on, trans, rows, kl, ku, o.number(), a.mat("ab")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?;
        }
        "symv" => blas::symv(on, o.uplo()?, o.number(), a.mat("a")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "hemv" => blas::hemv(on, o.uplo()?, o.number(), a.mat("a")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "sbmv" => blas::sbmv(on, o.uplo()?, o.size("k")?, o.number(), a.mat("ab")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "hbmv" => blas::hbmv(on, o.uplo()?, o.size("k")?, o.number(), a.mat("ab")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "spmv" => blas::spmv(on, o.uplo()?, o.number(), a.vec("ap")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "hpmv" => blas::hpmv(on, o.uplo()?, o.number(), a.vec("ap")?, a.vec("x")?, o.number(), a.vec_mut("y")?)?,
        "trmv" => blas::trmv(on, o.uplo()?, o.trans("trans")?, o.diag()?, a.mat("a")?, a.vec_mut("x")?)?,
        "trsv" => blas::trsv(on, o.uplo()?, o.trans("trans")?, o.diag()?, a.mat("a")?, a.vec_mut("x")?)?,
        "tbmv" => blas::tbmv(on, o.uplo()?, o.trans("trans")?, o.diag()?, o.size("k")?, a.mat("ab")?, a.vec_mut("x")?)?,
        "tbsv" => blas::tbsv(on, o.uplo()?, o.trans("trans")?, o.diag()?, o.size("k")?, a.mat("ab")?, a.vec_mut("x")?)?,
        "tpmv" => blas::tpmv(on, o.uplo()?, o.trans("trans")?, o.diag()?, a.vec("ap")?, a.vec_mut("x")?)?,
        "tpsv" => blas::tpsv(on, o.uplo()?, o.trans("trans")?, o.diag()?, a.vec("ap")?, a.vec_mut("x")?)?,
        "ger" | "geru" => blas::ger(on, o.number(), a.vec("x")?, a.vec("y")?, a.mat_mut("a")?)?,
        "gerc" => blas::gerc(on, o.number(), a.vec("x")?, a.vec("y")?, a.mat_mut("a")?)?,
        "syr" => blas::syr(on, o.uplo()?, o.number(), a.vec("x")?, a.mat_mut("a")?)?,
        "her" => blas::her(on, o.uplo()?, o.real::<T>(), a.vec("x")?, a.mat_mut("a")?)?,
        "spr" => blas::spr(on, o.uplo()?, o.number(), a.vec("x")?, a.vec_mut("ap")?)?,
        "hpr" => blas::hpr(on, o.uplo()?, o.real::<T>(), a.vec("x")?, a.vec_mut("ap")?)?,
        "syr2" => blas::syr2(on, o.uplo()?, o.number(), a.vec("x")?, a.vec("y")?, a.mat_mut("a")?)?,
        "her2" => blas::her2(on, o.uplo()?, o.number(), a.vec("x")?, a.vec("y")?, a.mat_mut("a")?)?,
        "spr2" => blas::spr2(on, o.uplo()?, o.number(), a.vec("x")?, a.vec("y")?, a.vec_mut("ap")?)?,
        "hpr2" => blas::hpr2(on, o.uplo()?, o.number(), a.vec("x")?, a.vec("y")?, a.vec_mut("ap")?)?,
        "gemm" | "gemm3m" => {
            let (ta, tb) = (o.trans("transa")?, o.trans("transb")?);
            let (alpha, beta, left, right) = (o.number(), o.number(), a.mat("a")?.op(ta), a.mat("b")?.op(tb));
            let c = a.mat_mut("c")?;
            if routine == "gemm3m" {
                blas::gemm3m(on, alpha, left, right, beta, c)?;
            } else {
                let tile = if o.ints.len() > 0 { o.size("tile")? } else { 0 };
                on.gemm(blas::Gemm::new(alpha, left, right, beta, c)?.tiled(tile))?;
            }
        }
        "symm" => blas::symm(on, o.side()?, o.uplo()?, o.number(), a.mat("a")?, a.mat("b")?, o.number(), a.mat_mut("c")?)?,
        "hemm" => blas::hemm(on, o.side()?, o.uplo()?, o.number(), a.mat("a")?, a.mat("b")?, o.number(), a.mat_mut("c")?)?,
        "syrk" => blas::syrk(on, o.uplo()?, o.trans("trans")?, o.number(), a.mat("a")?, o.number(), a.mat_mut("c")?)?,
        "herk" => blas::herk(on, o.uplo()?, o.trans("trans")?, o.real::<T>(), a.mat("a")?, o.real::<T>(), a.mat_mut("c")?)?,
        "syr2k" => blas::syr2k(on, o.uplo()?, o.trans("trans")?, o.number(), a.mat("a")?, a.mat("b")?, o.number(), a.mat_mut("c")?)?,
        "her2k" => blas::her2k(on, o.uplo()?, o.trans("trans")?, o.number(), a.mat("a")?, a.mat("b")?, o.real::<T>(), a.mat_mut("c")?)?,
        "syrkx" => blas::syrkx(on, o.uplo()?, o.trans("trans")?, o.number(), a.mat("a")?, a.mat("b")?, o.number(), a.mat_mut("c")?)?,
        "herkx" => blas::herkx(on, o.uplo()?, o.trans("trans")?, o.number(), a.mat("a")?, a.mat("b")?, o.real::<T>(), a.mat_mut("c")?)?,
        "trmm" => blas::trmm(on, o.side()?, o.uplo()?, o.trans("trans")?, o.diag()?, o.number(), a.mat("a")?, a.mat_mut("b")?)?,
        "trsm" => blas::trsm(on, o.side()?, o.uplo()?, o.trans("trans")?, o.diag()?, o.number(), a.mat("a")?, a.mat_mut("b")?)?,
        "geam" => {
            let (ta, tb) = (o.trans("transa")?, o.trans("transb")?);
            blas::geam(on, o.number(), a.mat("a")?.op(ta), o.number(), a.mat("b")?.op(tb), a.mat_mut("c")?)?;
        }
        "dgmm" => blas::dgmm(on, o.side()?, a.mat("a")?, a.vec("x")?, a.mat_mut("c")?)?,
        "trttp" => blas::trttp(on, o.uplo()?, a.mat("a")?, a.vec_mut("ap")?)?,
        "tpttr" => blas::tpttr(on, o.uplo()?, a.vec("ap")?, a.mat_mut("a")?)?,
        "gemm_batched" => {
            let (ta, tb) = (o.trans("transa")?, o.trans("transb")?);
            blas::gemm_batched(on, ta, tb, o.number(), a.stack("a")?, a.stack("b")?, o.number(), a.stack_mut("c")?)?;
        }
        "trsm_batched" => {
            let (side, uplo, trans, diag) = (o.side()?, o.uplo()?, o.trans("trans")?, o.diag()?);
            blas::trsm_batched(on, side, uplo, trans, diag, o.number(), a.stack("a")?, a.stack_mut("b")?)?;
        }
        "getrf_batched" => {
            let (pivoted, a_, pivots) = (o.size("pivot")? > 0, a.stack_mut("a")?, a.ints("pivots")?);
            blas::getrf_batched(on, a_, pivoted.then_some(pivots), a.ints("info")?)?;
        }
        "getrs_batched" => {
            let (trans, pivoted) = (o.trans("trans")?, o.size("pivot")? > 0);
            let (lu, pivots) = (a.stack("lu")?, a.ints("pivots")?);
            blas::getrs_batched(on, trans, lu, pivoted.then_some(pivots), a.stack_mut("b")?)?;
        }
        "getri_batched" => {
            let (pivoted, lu, pivots) = (o.size("pivot")? > 0, a.stack("lu")?, a.ints("pivots")?);
            blas::getri_batched(on, lu, pivoted.then_some(pivots), a.stack_mut("c")?, a.ints("info")?)?;
        }
        "geqrf_batched" => blas::geqrf_batched(on, a.stack_mut("a")?, a.list("tau")?)?,
        "gels_batched" => blas::gels_batched(on, a.stack_mut("a")?, a.stack_mut("b")?, a.ints("info")?)?,
        other => return Err(Fault::Operand(Class::Internal, "internal", other.to_owned(), "routine", "is none of the list".into())),
    }
    Ok(Answer::Nothing)
}

/// Runs a routine that real types alone have, else one that all have.
fn run_real<T: blas::Real>(on: &dyn Backend<T>, routine: &str, o: &mut Options, a: &mut Operands<'_>) -> Result<Answer, Fault> {
    if routine == "rotm" {
        let (x, y) = (a.vec_mut("x")?, a.vec_mut("y")?);
        let param = std::array::from_fn(|_| o.real::<T>());
        blas::rotm(on, x, y, param)?;
        return Ok(Answer::Nothing);
    }
    run(on, routine, o, a)
}

/// A number of Python's as a complex one.
fn complex(object: &Bound<'_, PyAny>) -> PyResult<Complex<f64>> {
    if let Ok(complex) = object.cast::<PyComplex>() {
        return Ok(Complex::new(complex.real(), complex.imag()));
    }
    Ok(Complex::new(object.extract()?, 0.0))
}

/// Runs a routine on arrays of one type. `flags`, `ints` and `numbers` are in the routine's order; `dry` has the call judged and not run.
#[pyfunction]
#[pyo3(signature = (routine, flags, ints, numbers, arrays, stream=None, dry=false))]
#[allow(clippy::too_many_arguments, reason = "one for each kind of argument that a routine has")]
pub(crate) fn blas_run<'py>(
    py: Python<'py>,
    routine: &str,
    flags: Vec<String>,
    ints: Vec<i64>,
    numbers: Vec<Bound<'py, PyAny>>,
    arrays: &Bound<'py, PyList>,
    stream: Option<&Bound<'py, PyAny>>,
    dry: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let stream = cuda::order(py, stream)?;
    let numbers = numbers.iter().map(complex).collect::<PyResult<Vec<_>>>()?;
    let raws = arrays
        .iter()
        .map(|object| Raw::of(&object).ok_or_else(|| PyTypeError::new_err(format!("{routine} takes arrays, not {}", object.get_type()))))
        .collect::<PyResult<Vec<Raw>>>()?;
    let gpu = if dry { None } else { gpu_of(py, &raws, stream.as_ref())? };
    let options = Options { routine: routine.to_owned(), flags: flags.into_iter(), ints: ints.into_iter(), numbers: numbers.into_iter() };
    let answer = gate::detached(py, move || {
        let mut o = options;
        let operands: Vec<&Raw> = raws.iter().collect();
        let mut a = Operands::new(routine, &operands);
        macro_rules! on {
            ($run:ident, $t:ty) => {{
                let on: &dyn Backend<$t> = match &gpu {
                    _ if dry => &Dry,
                    Some(gpu) => gpu,
                    None => &Cpu,
                };
                $run::<$t>(on, routine, &mut o, &mut a)
            }};
        }
        match raws.first().map(|raw| raw.number) {
            Some(FLOAT32) => on!(run_real, f32),
            Some(FLOAT64) => on!(run_real, f64),
            Some(COMPLEX64) => on!(run, Complex<f32>),
            Some(COMPLEX128) => on!(run, Complex<f64>),
            _ => Err(Fault::Operand(Class::Argument, "bad-dtype", routine.to_owned(), "a", "is of no dtype that BLAS has".into())),
        }
    })?;
    Ok(match answer {
        Answer::Nothing | Answer::Index(None) => None,
        Answer::Number(value) => Some(PyComplex::from_doubles(py, value.re, value.im).into_any()),
        Answer::Index(Some(index)) => Some(index.into_pyobject(py)?.into_any()),
    })
}

/// `(r, z, c, s)`.
type Rotation<'py> = (Bound<'py, PyComplex>, Bound<'py, PyComplex>, f64, Bound<'py, PyComplex>);

/// The rotation, computed in the type of that letter.
#[pyfunction]
pub(crate) fn blas_rotg<'py>(letter: char, a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Rotation<'py>> {
    fn rotg<T: Scalar>(a: Complex<f64>, b: Complex<f64>) -> ([Complex<f64>; 3], f64) {
        use blas::Real;
        let given = |x: Complex<f64>| T::from_parts(Real::from_f64(x.re), Real::from_f64(x.im));
        let wide = |x: T| Complex::new(x.re().to_f64(), x.im().to_f64());
        let (r, z, c, s) = blas::rotg(given(a), given(b));
        ([wide(r), wide(z), wide(s)], c.to_f64())
    }
    let (py, a, b) = (a.py(), complex(a)?, complex(b)?);
    let ([r, z, s], c) = match letter {
        'S' => rotg::<f32>(a, b),
        'D' => rotg::<f64>(a, b),
        'C' => rotg::<Complex<f32>>(a, b),
        _ => rotg::<Complex<f64>>(a, b),
    };
    let object = |value: Complex<f64>| PyComplex::from_doubles(py, value.re, value.im);
    Ok((object(r), object(z), c, object(s)))
}

/// The five parameters and the new d1, d2 and x1, in single precision if so.
#[pyfunction]
pub(crate) fn blas_rotmg(letter: char, d1: f64, d2: f64, x1: f64, y1: f64) -> (Vec<f64>, f64, f64, f64) {
    fn rotmg<T: blas::Real>(numbers: [f64; 4]) -> (Vec<f64>, f64, f64, f64) {
        let [d1, d2, x1, y1] = numbers.map(T::from_f64);
        let made = blas::rotmg(d1, d2, x1, y1);
        (made.param.map(T::to_f64).to_vec(), made.d1.to_f64(), made.d2.to_f64(), made.x1.to_f64())
    }
    if letter == 'S' { rotmg::<f32>([d1, d2, x1, y1]) } else { rotmg::<f64>([d1, d2, x1, y1]) }
}
