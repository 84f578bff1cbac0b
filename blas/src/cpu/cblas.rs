//! A CBLAS that the user has, run instead of our own level 3 where `VERDIGRIS_BLAS` asks for it.
//!
//! Owns the search for the library and the calls into it: `gemm`, `syrk`, `herk` and `trsm`, whose operands have a unit stride in one direction and positive strides; a call that CBLAS cannot
//! express is answered with "not done" and runs as ever. Read once, at first use. Library calls made from a worker of our pool run on one thread of the library's.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use libloading::Library;
use once_cell::race::OnceBox;
use verdigris_device::pool;

use crate::error::Error;
use crate::level3::{Gemm, Rank, RankK, TriMat};
use crate::operand::{Op, Side, Trans, Uplo};
use crate::scalar::{Real, Scalar};
use crate::view::MatRef;

/// Width of the library's integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Int {
    Narrow,
    Wide,
}

struct Cblas {
    library: Library,
    prefix: &'static str,
    suffix: &'static str,
    int: Int,
    set_threads: Option<unsafe extern "C" fn(c_int) -> c_int>,
}

static LIBRARY: OnceBox<Result<Option<Cblas>, Error>> = OnceBox::new();

/// Whether `VERDIGRIS_BLAS` names another BLAS than our own.
pub(super) fn is_wanted() -> bool {
    !matches!(library(), Ok(None))
}

fn library() -> Result<Option<&'static Cblas>, Error> {
    let found = LIBRARY.get_or_init(|| {
        Box::new(match std::env::var("VERDIGRIS_BLAS") {
            Ok(name) if !matches!(name.trim(), "" | "rust") => open(name.trim()).map(Some),
            _ => Ok(None),
        })
    });
    found.as_ref().map(Option::as_ref).map_err(Clone::clone)
}

fn open(name: &str) -> Result<Cblas, Error> {
    let files: Vec<String> = match name {
        "mkl" => mkl_places(),
        "openblas" => ["libopenblas.so.0", "libopenblas.so", "libopenblas64_.so.0"].map(str::to_owned).to_vec(),
        path if path.contains('/') => vec![path.to_owned()],
        _ => {
            let reason = "it names no BLAS: use rust, mkl, openblas or a library's path".to_owned();
            return Err(Error::LibraryNotFound { name: name.to_owned(), reason });
        }
    };
    let mut tried = Vec::new();
    for file in &files {
        // SAFETY: loading a BLAS that the user named runs its initialisers, as linking with it would.
        match unsafe { Library::new(file) } {
            Ok(library) => return entries(name, library),
            Err(error) => tried.push(match std::error::Error::source(&error) {
                Some(reason) => reason.to_string(),
                None => error.to_string(),
            }),
        }
    }
    Err(Error::LibraryNotFound { name: name.to_owned(), reason: format!("it cannot be opened ({})", tried.join("; ")) })
}

/// The names of MKL's one library, and where `pip install mkl` puts it: beside the interpreter that runs, or that of the active environment.
fn mkl_places() -> Vec<String> {
    let mut places = Vec::new();
    let environment = std::env::var_os("VIRTUAL_ENV").or_else(|| std::env::var_os("CONDA_PREFIX"));
    // As it was called: the program itself may be a link out of the environment.
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let interpreter = called.filter(|path| path.is_absolute()).and_then(|path| Some(path.parent()?.parent()?.as_os_str().to_owned()));
    for prefix in environment.into_iter().chain(interpreter) {
        for version in [3, 2] {
            places.push(format!("{}/lib/libmkl_rt.so.{version}", prefix.display()));
        }
    }
    places.extend(["libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so"].map(str::to_owned));
    places
}

fn entries(name: &str, library: Library) -> Result<Cblas, Error> {
    let spellings = [
        ("cblas_", "", Int::Narrow),
        ("scipy_cblas_", "64_", Int::Wide),
        ("cblas_", "64_", Int::Wide),
        ("cblas_", "_64", Int::Wide),
        ("scipy_cblas_", "", Int::Narrow),
    ];
    for (prefix, suffix, int) in spellings {
        let symbol = format!("{prefix}dgemm{suffix}\0");
        // SAFETY: only looked up here.
        if unsafe { library.get::<*const c_void>(symbol.as_bytes()) }.is_ok() {
            // SAFETY: MKL's function takes and gives an int, and sets the number for the calling thread alone.
            let set_threads = unsafe { library.get::<unsafe extern "C" fn(c_int) -> c_int>(b"MKL_Set_Num_Threads_Local\0") }.ok().map(|f| *f);
            return Ok(Cblas { library, prefix, suffix, int, set_threads });
        }
    }
    Err(Error::LibraryNotFound { name: name.to_owned(), reason: "it has no cblas_dgemm".to_owned() })
}

/// How CBLAS sees a matrix: whether it is stored row after row, and the step from one row (or column) to the next.
fn layout<T: Copy>(m: MatRef<'_, T>) -> Option<(bool, usize)> {
    let step = |step: isize, count: usize, least: usize| {
        let least = least.max(1);
        let given = usize::try_from(step).ok().filter(|&step| step >= least);
        if count <= 1 { Some(given.unwrap_or(least)) } else { given }
    };
    if (m.row_stride() == 1 || m.rows() <= 1)
        && let Some(ld) = step(m.col_stride(), m.cols(), m.rows())
    {
        return Some((false, ld));
    }
    if m.col_stride() == 1 || m.cols() <= 1 { Some((true, step(m.row_stride(), m.rows(), m.cols())?)) } else { None }
}

/// CBLAS's numbers.
const NO_TRANS: c_int = 111;
const TRANS: c_int = 112;
const CONJ_TRANS: c_int = 113;

fn order(by_rows: bool) -> c_int {
    if by_rows { 101 } else { 102 }
}

fn uplo_number(uplo: Uplo) -> c_int {
    if uplo == Uplo::Upper { 121 } else { 122 }
}

/// A general operand in a call of that order: its flag and leading dimension.
fn spelt<T: Scalar>(op: Op<'_, T>, call_by_rows: bool) -> Option<(c_int, usize)> {
    let (by_rows, ld) = layout(op.mat)?;
    match (by_rows == call_by_rows, op.conj) {
        (true, false) => Some((NO_TRANS, ld)),
        (false, false) => Some((TRANS, ld)),
        (false, true) => Some((CONJ_TRANS, ld)),
        // The conjugate without transposition is no CBLAS.
        (true, true) => None,
    }
}

/// A scalar as it is passed: by value where real, by address where complex.
#[derive(Clone, Copy)]
enum Pass {
    Single(f32),
    Double(f64),
    At(*const c_void),
}

impl Pass {
    fn real<T: Scalar>(value: &T) -> Pass {
        let value = value.re().to_f64();
        if size_of::<T::Real>() == 4 { Pass::Single(value as f32) } else { Pass::Double(value) }
    }

    fn of<T: Scalar>(value: &T) -> Pass {
        if T::COMPLEX { Pass::At(std::ptr::from_ref(value).cast()) } else { Pass::real(value) }
    }
}

impl Cblas {
    /// The address of a routine, if the library has it and takes such extents.
    fn entry<T: Scalar>(&self, routine: &str, extents: &[usize]) -> Option<*const c_void> {
        let limit = if self.int == Int::Narrow { i32::MAX as usize } else { i64::MAX as usize };
        if extents.iter().any(|&extent| extent > limit) {
            return None;
        }
        let symbol = format!("{}{}{routine}{}\0", self.prefix, T::LETTER.to_ascii_lowercase(), self.suffix);
        // SAFETY: only looked up here.
        unsafe { self.library.get::<*const c_void>(symbol.as_bytes()) }.ok().map(|symbol| *symbol)
    }

    /// Runs `f` with the library kept to one thread where this thread is a worker, or where this crate may use one only.
    fn quietly(&self, f: impl FnOnce()) {
        match self.set_threads {
            Some(set) => {
                let threads = if pool::in_worker() { 1 } else { pool::threads().min(c_int::MAX as usize) as c_int };
                // SAFETY: MKL's function; it gives the number that was set before.
                let before = unsafe { set(threads) };
                f();
                // SAFETY: as above.
                unsafe { set(before) };
            }
            None => f(),
        }
    }
}

/// Calls an entry whose two scalars, of one kind, stand among other arguments; integers are as wide as the library's.
macro_rules! enter {
    ($lib:expr, $entry:expr, [$($flag:expr),*], [$($extent:expr),*], $alpha:expr, ($a:expr, $lda:expr) $(, ($b:expr, $ldb:expr))?; $(beta $beta:expr,)? ($c:expr, $ldc:expr)) => {
        match $lib.int {
            Int::Narrow => enter!(@int i32, $lib, $entry, [$($flag),*], [$($extent),*], $alpha, ($a, $lda) $(, ($b, $ldb))?; $(beta $beta,)? ($c, $ldc)),
            Int::Wide => enter!(@int i64, $lib, $entry, [$($flag),*], [$($extent),*], $alpha, ($a, $lda) $(, ($b, $ldb))?; $(beta $beta,)? ($c, $ldc)),
        }
    };
    (@int $int:ty, $lib:expr, $entry:expr, [$($flag:expr),*], [$($extent:expr),*], $alpha:expr, ($a:expr, $lda:expr) $(, ($b:expr, $ldb:expr))?; $(beta $beta:expr,)? ($c:expr, $ldc:expr)) => {
        match $alpha {
            Pass::Single(alpha) => enter!(@type $int, f32, Single, alpha, $lib, $entry, [$($flag),*], [$($extent),*], ($a, $lda) $(, ($b, $ldb))?; $(beta $beta,)? ($c, $ldc)),
            Pass::Double(alpha) => enter!(@type $int, f64, Double, alpha, $lib, $entry, [$($flag),*], [$($extent),*], ($a, $lda) $(, ($b, $ldb))?; $(beta $beta,)? ($c, $ldc)),
            Pass::At(alpha) => enter!(@type $int, *const c_void, At, alpha, $lib, $entry, [$($flag),*], [$($extent),*], ($a, $lda) $(, ($b, $ldb))?; $(beta $beta,)? ($c, $ldc)),
        }
    };
    (@type $int:ty, $scalar:ty, $kind:ident, $alpha:ident, $lib:expr, $entry:expr, [$($flag:expr),*], [$($extent:expr),*], ($a:expr, $lda:expr) $(, ($b:expr, $ldb:expr))?; $(beta $beta:expr,)? ($c:expr, $ldc:expr)) => {{
        type Function = unsafe extern "C" fn(
            $(enter!(@as c_int, $flag),)* $(enter!(@as $int, $extent),)* $scalar, *const c_void, $int,
            $(enter!(@as *const c_void, $b), $int,)? $(enter!(@as $scalar, $beta),)? *mut c_void, $int,
        );
        // SAFETY: the entry is CBLAS's routine of that name, which has this signature.
        let function: Function = unsafe { std::mem::transmute::<*const c_void, Function>($entry) };
        // SAFETY: operands lie in views of the extents and steps given, the output's exclusively.
        $lib.quietly(|| unsafe {
            function(
                $($flag,)* $($extent as $int,)* $alpha, $a.cast(), $lda as $int, $($b.cast(), $ldb as $int,)?
                $(match $beta { Pass::$kind(beta) => beta, _ => return },)? $c.cast(), $ldc as $int,
            );
        });
        true
    }};
    (@as $t:ty, $value:expr) => { $t };
}

/// `gemm`, if the library can; whether it did.
pub(super) fn gemm<T: Scalar>(call: &mut Gemm<'_, T>) -> Result<bool, Error> {
    let Some(lib) = library()? else { return Ok(false) };
    let (m, n, k) = (call.c.rows(), call.c.cols(), call.a.cols());
    if m == 0 || n == 0 || k == 0 || call.alpha == T::ZERO {
        return Ok(false);
    }
    let Some((by_rows, ldc)) = layout(call.c.rb()) else { return Ok(false) };
    let (Some((ta, lda)), Some((tb, ldb))) = (spelt(call.a, by_rows), spelt(call.b, by_rows)) else { return Ok(false) };
    let Some(entry) = lib.entry::<T>("gemm", &[m, n, k, lda, ldb, ldc]) else { return Ok(false) };
    let (alpha, beta) = (Pass::of(&call.alpha), Pass::of(&call.beta));
    let (a, b, c) = (call.a.mat.as_ptr(), call.b.mat.as_ptr(), call.c.as_mut_ptr());
    Ok(enter!(lib, entry, [order(by_rows), ta, tb], [m, n, k], alpha, (a, lda), (b, ldb); beta beta, (c, ldc)))
}

/// `syrk` or `herk`, if the library can; whether it did.
pub(super) fn rank_k<T: Scalar>(call: &mut RankK<'_, T>) -> Result<bool, Error> {
    let Some(lib) = library()? else { return Ok(false) };
    let (n, k) = (call.c.rows(), call.a.cols());
    if n == 0 || k == 0 || call.kind != Rank::K || call.alpha == T::ZERO {
        return Ok(false);
    }
    let Some((by_rows, ldc)) = layout(call.c.rb()) else { return Ok(false) };
    let Some((trans, lda)) = spelt(call.a, by_rows) else { return Ok(false) };
    if call.hermitian && trans == TRANS {
        return Ok(false);
    }
    let Some(entry) = lib.entry::<T>(if call.hermitian { "herk" } else { "syrk" }, &[n, k, lda, ldc]) else { return Ok(false) };
    let pass = if call.hermitian { Pass::real::<T> } else { Pass::of::<T> };
    let (alpha, beta) = (pass(&call.alpha), pass(&call.beta));
    let (a, c) = (call.a.mat.as_ptr(), call.c.as_mut_ptr());
    Ok(enter!(lib, entry, [order(by_rows), uplo_number(call.uplo), trans], [n, k], alpha, (a, lda); beta beta, (c, ldc)))
}

/// `trsm`, if the library can; whether it did.
pub(super) fn tri_sm<T: Scalar>(call: &mut TriMat<'_, T>) -> Result<bool, Error> {
    let Some(lib) = library()? else { return Ok(false) };
    let (m, n) = call.b.shape();
    if m == 0 || n == 0 || call.alpha == T::ZERO {
        return Ok(false);
    }
    let (Some((by_rows, ldb)), Some((a_by_rows, lda))) = (layout(call.b.rb()), layout(call.a)) else { return Ok(false) };
    let (uplo, trans) = match (a_by_rows == by_rows, call.trans) {
        (true, Trans::No) => (call.uplo, NO_TRANS),
        (true, Trans::Yes) => (call.uplo, TRANS),
        (true, Trans::Conj) => (call.uplo, CONJ_TRANS),
        (false, Trans::No) => (call.uplo.flipped(), TRANS),
        (false, Trans::Conj) if T::COMPLEX => return Ok(false),
        (false, Trans::Yes | Trans::Conj) => (call.uplo.flipped(), NO_TRANS),
    };
    let Some(entry) = lib.entry::<T>("trsm", &[m, n, lda, ldb]) else { return Ok(false) };
    let side = if call.side == Side::Left { 141 } else { 142 };
    let diag = if call.unit { 132 } else { 131 };
    let alpha = Pass::of(&call.alpha);
    let (a, b) = (call.a.as_ptr(), call.b.as_mut_ptr());
    Ok(enter!(lib, entry, [order(by_rows), side, uplo_number(uplo), trans, diag], [m, n], alpha, (a, lda); (b, ldb)))
}
