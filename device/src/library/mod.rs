//! NVIDIA's libraries beside the driver: found at run time, opened by absolute path, kept for good.
//!
//! Owns their names and versions ([`Name`]), the places that are looked at, in what order (`search`), and what went wrong with each. A library that is missing, of another major version, cut off, or
//! without a function that is needed is a [`LibraryError`], never a panic, and disables nothing else. Which functions a library has is known to those who call them.
#![allow(unsafe_code)]

mod elf;
mod search;
mod table;

use std::ffi::{CStr, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::loader::{Driver, driver};

pub use search::{Places, set_directories};
pub use table::{Missing, checked};

/// A library of NVIDIA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// The run-time library, which others need.
    Cudart,
    /// The matrix multiplications, which cuBLAS needs.
    CublasLt,
    /// Linear algebra.
    Cublas,
    /// Fourier transforms.
    Cufft,
    /// Random numbers.
    Curand,
}

impl Name {
    /// All of them, those that others need first.
    pub const ALL: [Name; 5] = [Name::Cudart, Name::CublasLt, Name::Cublas, Name::Cufft, Name::Curand];

    /// The name between `lib` and `.so`.
    pub fn stem(self) -> &'static str {
        match self {
            Name::Cudart => "cudart",
            Name::CublasLt => "cublasLt",
            Name::Cublas => "cublas",
            Name::Cufft => "cufft",
            Name::Curand => "curand",
        }
    }

    /// Major versions that are understood, with the CUDA that each belongs to; the newest first.
    fn majors(self) -> &'static [(u32, u32)] {
        match self {
            Name::Cudart | Name::CublasLt | Name::Cublas => &[(13, 13), (12, 12)],
            Name::Cufft => &[(12, 13), (11, 12)],
            Name::Curand => &[(10, 13), (10, 12)],
        }
    }

    /// File names for a CUDA version (0: any), best first.
    fn files(self, cuda: u32) -> Vec<String> {
        let mut files: Vec<String> =
            self.majors().iter().filter(|(_, of)| cuda == 0 || *of == cuda).map(|(major, _)| format!("lib{}.so.{major}", self.stem())).collect();
        files.dedup();
        files
    }

    /// What has to be loaded first, from the same place: the dynamic linker would look for it elsewhere, or nowhere.
    fn before(self) -> Option<Name> {
        match self {
            Name::Cublas => Some(Name::CublasLt),
            Name::Curand => Some(Name::Cudart),
            Name::Cudart | Name::CublasLt | Name::Cufft => None,
        }
    }

    /// The package on PyPI that has it.
    fn package(self) -> &'static str {
        match self {
            Name::Cudart => "nvidia-cuda-runtime",
            Name::CublasLt | Name::Cublas => "nvidia-cublas",
            Name::Cufft => "nvidia-cufft",
            Name::Curand => "nvidia-curand",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lib{}", self.stem())
    }
}

/// Why a library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LibraryError {
    /// It was found nowhere, or could not be opened: each place with what was wrong there.
    NotFound {
        /// The library.
        name: Name,
        /// Places and reasons.
        tried: Vec<(String, String)>,
    },
    /// It was opened and lacks a function.
    Symbol {
        /// The library.
        name: Name,
        /// Where it is.
        path: PathBuf,
        /// The function.
        symbol: String,
    },
    /// It was opened and does not tell its version.
    Version {
        /// The library.
        name: Name,
        /// Where it is.
        path: PathBuf,
        /// What it answered.
        status: i32,
    },
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LibraryError::NotFound { name, tried } => {
                write!(f, "NVIDIA's {name} was not found")?;
                for (i, (place, reason)) in tried.iter().enumerate() {
                    write!(f, "{} {place}: {reason}", if i == 0 { "; tried" } else { ";" })?;
                }
                write!(f, ". It is in the package {} on PyPI (verdigris[cuda13] or verdigris[cuda12] has all of them)", name.package())
            }
            LibraryError::Symbol { name, path, symbol } => write!(f, "{name} at {} has no {symbol}", path.display()),
            LibraryError::Version { name, path, status } => write!(f, "{name} at {} does not tell its version: status {status}", path.display()),
        }
    }
}

impl std::error::Error for LibraryError {}

/// A library that is open. It stays so.
#[derive(Debug)]
pub struct Library {
    name: Name,
    path: PathBuf,
    handle: libloading::os::unix::Library,
}

impl Library {
    /// Which it is.
    pub fn name(&self) -> Name {
        self.name
    }

    /// The file, or the name by which the system knew it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of a function; `None` if it has none of that name.
    pub fn find(&self, symbol: &CStr) -> Option<*const c_void> {
        // SAFETY: only the address is taken.
        unsafe { self.handle.get::<*const c_void>(symbol.to_bytes_with_nul()) }.ok().map(|found| *found).filter(|found| !found.is_null())
    }

    /// The address of a function that is needed.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn symbol(&self, symbol: &CStr) -> Result<*const c_void, LibraryError> {
        let missing = || LibraryError::Symbol { name: self.name, path: self.path.clone(), symbol: symbol.to_string_lossy().into_owned() };
        self.find(symbol).ok_or_else(missing)
    }

    /// Its version: major, minor, patch. Asks the library, no GPU is needed.
    ///
    /// # Errors
    /// It lacks the function, or that fails.
    pub fn version(&self) -> Result<[i32; 3], LibraryError> {
        let function = match self.name {
            Name::Cublas => c"cublasGetProperty",
            Name::CublasLt => c"cublasLtGetProperty",
            Name::Cufft => c"cufftGetProperty",
            Name::Curand => c"curandGetProperty",
            Name::Cudart => return self.runtime_version(),
        };
        // SAFETY: the four functions have this signature, with an enum of C's size for an int, in every version.
        let ask = unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn(c_int, *mut c_int) -> c_int>(self.symbol(function)?) };
        let mut version = [0; 3];
        for (which, number) in version.iter_mut().enumerate() {
            // SAFETY: the pointer is to a live local.
            match unsafe { ask(which as c_int, number) } {
                0 => {}
                status => return Err(LibraryError::Version { name: self.name, path: self.path.clone(), status }),
            }
        }
        Ok(version)
    }

    fn runtime_version(&self) -> Result<[i32; 3], LibraryError> {
        // SAFETY: the signature of this function in every version.
        let ask = unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn(*mut c_int) -> c_int>(self.symbol(c"cudaRuntimeGetVersion")?) };
        let mut number = 0;
        // SAFETY: the pointer is to a live local.
        match unsafe { ask(&mut number) } {
            0 => Ok([number / 1000, number % 1000 / 10, number % 10]),
            status => Err(LibraryError::Version { name: self.name, path: self.path.clone(), status }),
        }
    }
}

/// The library of this process, opened now if it was not before. A failure is not kept: the next call looks again.
///
/// # Errors
/// It cannot be had: each place tried, with the reason.
pub fn open(name: Name) -> Result<&'static Library, LibraryError> {
    static OPEN: Mutex<Vec<&'static Library>> = Mutex::new(Vec::new());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = open.iter().find(|library| library.name == name) {
        return Ok(found);
    }
    let mut places = Places::of_process();
    if let Driver::Usable(driver) = driver()
        && driver.version() < 13_000
    {
        // Libraries of a newer CUDA than the driver's load, and then fail in every call.
        places.cuda = 12;
    }
    let library: &'static Library = Box::leak(Box::new(open_in(name, &places)?));
    open.push(library);
    Ok(library)
}

/// Opens a library from the first of the places that has one that opens. It stays open for good, also when the value is dropped.
///
/// # Errors
/// As [`open`].
pub fn open_in(name: Name, places: &Places) -> Result<Library, LibraryError> {
    let mut tried = Vec::new();
    for candidate in places.candidates(&name.files(places.cuda), name.stem()) {
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(nothing) => {
                tried.push(nothing);
                continue;
            }
        };
        let mut early = None;
        if let Some(before) = name.before() {
            // What it needs, from where it is; if it is not there the linker may still know better.
            for file in before.files(places.cuda) {
                let path = candidate.path.with_file_name(&file);
                if candidate.is_file() && path.is_file() {
                    early = dlopen(&path, false).err().map(|reason| (path.display().to_string(), reason));
                    if early.is_none() {
                        break;
                    }
                }
            }
        }
        match dlopen(&candidate.path, candidate.loaded) {
            Ok(handle) => return Ok(Library { name, path: candidate.path, handle }),
            Err(reason) => {
                tried.extend(early);
                tried.push((candidate.path.display().to_string(), reason));
            }
        }
    }
    Err(LibraryError::NotFound { name, tried })
}

/// Opens a library for good; the system's words if it cannot.
fn dlopen(path: &Path, loaded: bool) -> Result<libloading::os::unix::Library, String> {
    use libloading::os::unix::{Library as Unix, RTLD_GLOBAL, RTLD_LAZY};
    /// Do not load, only find what is loaded.
    const RTLD_NOLOAD: c_int = if cfg!(target_os = "linux") { 4 } else { 0 };
    if path.is_absolute() {
        elf::check_whole(path)?;
    }
    let flags = RTLD_LAZY | RTLD_GLOBAL | if loaded { RTLD_NOLOAD } else { 0 };
    // SAFETY: the initialisers of NVIDIA's libraries are what any CUDA program runs. The file is one that the user or the system put where these libraries are.
    match unsafe { Unix::open(Some(path), flags) } {
        Ok(library) => {
            // One count more, never given back: their exit handlers and threads must not find them gone.
            // SAFETY: as above.
            std::mem::forget(unsafe { Unix::open(Some(path), flags) });
            Ok(library)
        }
        Err(error) if loaded => Err(format!("not loaded ({error})")),
        Err(error) => Err(match std::error::Error::source(&error) {
            Some(reason) => reason.to_string(),
            None => error.to_string(),
        }),
    }
}
