//! Tables that are not ours to ship, read from an installed cuRAND.
//!
//! Owns when and from where they are read: from the library that [`load_curand`] names, else the one of `VERDIGRIS_CURAND`, else the system's.
//! Scrambled Sobol's vectors are asked of the library by `curandGetDirectionVectors*` and `curandGetScrambleConstants*`; MTGP32's parameter sets
//! (M. Saito's, which NVIDIA ships as a header beside the library) are read from `curand_mtgp32dc_p_11213.h`. What was read stays for the life of
//! the process. Must not know what the tables are for.

mod header;
mod library;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use once_cell::race::OnceBox;

use crate::error::Error;
use crate::generator::Kind;

pub(crate) use header::TwisterSet;

/// Dimensions of the tables.
pub(crate) const DIMENSIONS: usize = 20_000;

/// Direction vectors and a constant for every dimension.
pub(crate) struct Scrambled<W> {
    /// One after the other: as many to a dimension as a word has bits.
    pub(crate) vectors: Vec<W>,
    pub(crate) constants: Vec<W>,
}

static NAMED: Mutex<Option<PathBuf>> = Mutex::new(None);
static SCRAMBLED_32: OnceBox<Arc<Scrambled<u32>>> = OnceBox::new();
static SCRAMBLED_64: OnceBox<Arc<Scrambled<u64>>> = OnceBox::new();
static TWISTERS: OnceBox<Arc<[Arc<TwisterSet>]>> = OnceBox::new();

/// Names the libcurand to read tables from, if a generator that needs them is made later; nothing is opened yet.
///
/// Needed only for scrambled Sobol and MTGP32, and only where the library is neither the system's nor named by `VERDIGRIS_CURAND`.
pub fn load_curand(library: &Path) {
    *NAMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(library.to_owned());
}

fn candidates() -> Vec<PathBuf> {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let variable = std::env::var_os("VERDIGRIS_CURAND").map(PathBuf::from);
    let given: Vec<PathBuf> = named.into_iter().chain(variable).collect();
    if !given.is_empty() {
        return given;
    }
    ["libcurand.so.10", "libcurand.so", "/usr/local/cuda/lib64/libcurand.so.10"].map(PathBuf::from).into()
}

/// Sees that what a kind needs is there.
pub(crate) fn require(kind: Kind) -> Result<(), Error> {
    let found = match kind {
        Kind::ScrambledSobol32 => SCRAMBLED_32.get().is_some() || scrambled_32().is_some(),
        Kind::ScrambledSobol64 => SCRAMBLED_64.get().is_some() || scrambled_64().is_some(),
        Kind::Mtgp32 => twister_sets().is_some(),
        _ => true,
    };
    if found { Ok(()) } else { Err(Error::Tables { kind }) }
}

/// Reads a table by the first candidate that has it, unless that was done before.
fn read<T: Clone>(cell: &OnceBox<T>, from: impl Fn(&Path) -> Option<T>) -> Option<T> {
    if let Some(table) = cell.get() {
        return Some(table.clone());
    }
    let table = candidates().iter().find_map(|path| from(path))?;
    Some(cell.get_or_init(|| Box::new(table)).clone())
}

pub(crate) fn scrambled_32() -> Option<Arc<Scrambled<u32>>> {
    read(&SCRAMBLED_32, |path| library::scrambled_32(path).map(Arc::new))
}

pub(crate) fn scrambled_64() -> Option<Arc<Scrambled<u64>>> {
    read(&SCRAMBLED_64, |path| library::scrambled_64(path).map(Arc::new))
}

pub(crate) fn twister_sets() -> Option<Arc<[Arc<TwisterSet>]>> {
    read(&TWISTERS, |path| {
        let folder = path.parent()?.parent()?;
        let system = [Path::new("/usr/local/cuda"), Path::new("/usr")];
        let texts = std::iter::once(folder).chain(system).map(|folder| folder.join("include").join(header::NAME));
        let text = texts.into_iter().find_map(|path| std::fs::read_to_string(path).ok())?;
        header::parse(&text)
    })
}
