//! Where NVIDIA's libraries are looked for.
//!
//! In this order: what the process has loaded, `VERDIGRIS_CUDA_LIB_DIR`, the directories that the host gave (a Python process: those of NVIDIA's packages), the toolkit that `CUDA_HOME` or `CUDA_PATH`
//! names, what the system's linker finds by name, `/usr/local/cuda`. Knows file names, opens nothing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

static GIVEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Directories to look in before the toolkit and the system.
pub fn set_directories(directories: Vec<PathBuf>) {
    *GIVEN.lock().unwrap_or_else(PoisonError::into_inner) = directories;
}

/// Places to look in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Directories, best first.
    pub directories: Vec<PathBuf>,
    /// Whether what is loaded already comes first.
    pub loaded: bool,
    /// Whether the system's linker is asked by name.
    pub system: bool,
    /// The CUDA version that the libraries have to be of; 0: any.
    pub cuda: u32,
}

/// A library that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Only if it is loaded already.
    pub(super) loaded: bool,
}

impl Candidate {
    /// Whether it is named by where it is, not left to the linker.
    pub(super) fn is_file(&self) -> bool {
        self.path.is_absolute()
    }
}

impl Places {
    /// Those of this process.
    pub(super) fn of_process() -> Places {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut directories: Vec<PathBuf> = variable("VERDIGRIS_CUDA_LIB_DIR").into_iter().collect();
        directories.extend(GIVEN.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        let homes = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(variable).chain([PathBuf::from("/usr/local/cuda")]);
        for home in homes {
            directories.extend(["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"].into_iter().map(|lib| home.join(lib)));
        }
        directories.retain(|directory| directory.is_dir());
        directories.dedup();
        Places { directories, loaded: true, system: true, cuda: 0 }
    }

    /// Files that may be the library, best first; and in their place what there was instead.
    pub(super) fn candidates(&self, files: &[String], stem: &str) -> Vec<Result<Candidate, (String, String)>> {
        let mut found = Vec::new();
        if self.loaded {
            found.extend(files.iter().map(|file| Ok(Candidate { path: PathBuf::from(file), loaded: true })));
        }
        for directory in &self.directories {
            let here: Vec<PathBuf> = files.iter().map(|file| directory.join(file)).filter(|path| path.exists()).collect();
            if here.is_empty() {
                found.push(Err((directory.display().to_string(), instead(directory, files, stem))));
            }
            found.extend(here.into_iter().map(|path| Ok(Candidate { path: std::path::absolute(&path).unwrap_or(path), loaded: false })));
        }
        if self.system {
            found.extend(files.iter().map(|file| Ok(Candidate { path: PathBuf::from(file), loaded: false })));
        }
        found
    }
}

/// What a directory has of the library, if not what is wanted.
fn instead(directory: &Path, files: &[String], stem: &str) -> String {
    let prefix = format!("lib{stem}.so");
    let wanted = files.join(" or ");
    let mut others: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name())
        .filter_map(|name| OsStr::to_str(&name).filter(|name| name.starts_with(&prefix)).map(str::to_owned))
        .collect();
    others.sort();
    if others.is_empty() { format!("no {wanted}") } else { format!("no {wanted}, only {}", others.join(", ")) }
}
