//! Finding NVIDIA's libraries: made-up folders with every fault a folder may have.

use std::fs;
use std::path::{Path, PathBuf};

use verdigris_device::library::{self, LibraryError, Name, Places};

/// A folder of this test's, empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("verdigris-library-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn only(folder: &Path) -> Places {
    Places { directories: vec![folder.to_owned()], ..Places::default() }
}

fn tried(name: Name, places: &Places) -> Vec<(String, String)> {
    match library::open_in(name, places) {
        Err(LibraryError::NotFound { name: of, tried }) => {
            assert_eq!(of, name);
            tried
        }
        other => panic!("{other:?}"),
    }
}

/// A shared library that is on every machine with a C library.
fn real() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps.lines().filter_map(|line| line.split_whitespace().last()).find(|path| path.contains("libc.so") || path.contains("libc-"));
    PathBuf::from(libc.unwrap())
}

#[test]
fn an_empty_folder_is_named_with_what_it_lacks() {
    let empty = folder("empty");
    let found = tried(Name::Cublas, &only(&empty));
    assert_eq!(found, [(empty.display().to_string(), "no libcublas.so.13 or libcublas.so.12".to_owned())]);
    let text = library::open_in(Name::Cublas, &only(&empty)).unwrap_err().to_string();
    assert!(text.starts_with("NVIDIA's libcublas was not found; tried /"), "{text}");
    assert!(text.ends_with("It is in the package nvidia-cublas on PyPI (verdigris[cuda13] or verdigris[cuda12] has all of them)"), "{text}");
    fs::remove_dir_all(empty).unwrap();
}

#[test]
fn another_major_version_is_told() {
    let old = folder("old");
    fs::write(old.join("libcufft.so.9"), "").unwrap();
    fs::write(old.join("libcufft.so"), "").unwrap();
    assert_eq!(tried(Name::Cufft, &only(&old))[0].1, "no libcufft.so.12 or libcufft.so.11, only libcufft.so, libcufft.so.9");
    // Asked for one CUDA, the other's is another version.
    fs::write(old.join("libcufft.so.12"), "").unwrap();
    let twelve = Places { cuda: 12, ..only(&old) };
    assert_eq!(tried(Name::Cufft, &twelve)[0].1, "no libcufft.so.11, only libcufft.so, libcufft.so.12, libcufft.so.9");
    fs::remove_dir_all(old).unwrap();
}

#[test]
fn a_file_that_is_cut_off_or_no_library_never_reaches_the_linker() {
    let broken = folder("broken");
    let whole = fs::read(real()).unwrap();
    fs::write(broken.join("libcurand.so.10"), &whole[..whole.len() / 3]).unwrap();
    fs::write(broken.join("libcublas.so.13"), "no library").unwrap();
    fs::write(broken.join("libcublas.so.12"), "").unwrap();
    fs::create_dir(broken.join("libcufft.so.12")).unwrap();
    for (name, file) in [(Name::Curand, "libcurand.so.10"), (Name::Cublas, "libcublas.so.13"), (Name::Cufft, "libcufft.so.12")] {
        let found = tried(name, &only(&broken));
        assert_eq!(found[0].0, broken.join(file).display().to_string());
    }
    let reason = |name| tried(name, &only(&broken))[0].1.clone();
    assert!(reason(Name::Curand).starts_with("the file is cut off: it has "), "{}", reason(Name::Curand));
    assert_eq!(reason(Name::Cublas), "the file is too short for a shared library: 10 bytes");
    assert!(reason(Name::Cufft).to_lowercase().contains("directory"), "{}", reason(Name::Cufft));
    // Cut off anywhere, it never reaches the linker.
    for part in 1..20 {
        fs::write(broken.join("libcurand.so.10"), &whole[..whole.len() * part / 20]).unwrap();
        assert!(reason(Name::Curand).starts_with("the file is"), "{part}");
    }
    assert_eq!(tried(Name::Cublas, &only(&broken)).len(), 2, "both files were tried");
    fs::remove_dir_all(broken).unwrap();
}

#[test]
fn a_broken_file_does_not_hide_the_next_place() {
    let (broken, good) = (folder("first"), folder("second"));
    fs::write(broken.join("libcublasLt.so.13"), "no library").unwrap();
    std::os::unix::fs::symlink(real(), good.join("libcublasLt.so.12")).unwrap();
    let both = Places { directories: vec![broken.clone(), good.clone()], ..Places::default() };
    assert_eq!(library::open_in(Name::CublasLt, &both).unwrap().path(), good.join("libcublasLt.so.12"));
    fs::remove_dir_all(broken).unwrap();
    fs::remove_dir_all(good).unwrap();
}

#[test]
fn a_library_without_its_functions_is_told_by_their_names() {
    let strange = folder("strange");
    std::os::unix::fs::symlink(real(), strange.join("libcublas.so.13")).unwrap();
    std::os::unix::fs::symlink(real(), strange.join("libcudart.so.13")).unwrap();
    let library = library::open_in(Name::Cublas, &only(&strange)).unwrap();
    assert_eq!((library.name(), library.path()), (Name::Cublas, strange.join("libcublas.so.13").as_path()));
    let missing = |symbol: &str| LibraryError::Symbol { name: Name::Cublas, path: strange.join("libcublas.so.13"), symbol: symbol.to_owned() };
    assert_eq!(library.symbol(c"cublasCreate_v2").unwrap_err(), missing("cublasCreate_v2"));
    assert_eq!(library.version().unwrap_err(), missing("cublasGetProperty"));
    assert!(library.find(c"cublasCreate_v2").is_none());
    assert!(library.symbol(c"malloc").is_ok());
    let text = library::open_in(Name::Cudart, &only(&strange)).unwrap().version().unwrap_err().to_string();
    assert_eq!(text, format!("libcudart at {} has no cudaRuntimeGetVersion", strange.join("libcudart.so.13").display()));
    fs::remove_dir_all(strange).unwrap();
}

#[test]
fn what_another_library_needs_is_named_when_it_is_missing() {
    // NVIDIA's cuRAND of CUDA 13 needs a libcudart that its package does not bring. Run where that package is: its folder in VERDIGRIS_TEST_CUDA_LIB_DIR.
    let Some(real) = std::env::var_os("VERDIGRIS_TEST_CUDA_LIB_DIR").map(PathBuf::from) else { return };
    let alone = folder("alone");
    std::os::unix::fs::symlink(real.join("libcurand.so.10"), alone.join("libcurand.so.10")).unwrap();
    let found = tried(Name::Curand, &only(&alone));
    assert!(found[0].1.contains("libcudart.so"), "{found:?}");
    let whole = library::open_in(Name::Curand, &only(&real)).unwrap();
    assert_eq!(whole.version().unwrap()[0], 10);
    fs::remove_dir_all(alone).unwrap();
}
