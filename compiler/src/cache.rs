//! Objects of compiled code, kept in files from one process to the next.
//!
//! Owns the directory and its files. A file's name is the hash of everything that the object depends on (the caller makes it), so an entry is never stale, only unused; what is
//! in it is checked by length and hash, and anything wrong is a miss. Files appear by renaming, so that writers never disturb each other or a reader. Nothing is read from a directory
//! that somebody else could have written to: it has to belong to this user and be closed to all others.
//!
//! Nothing here knows what an object is, or ever fails: a cache that cannot be used is off, and [`status`] says why.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Changes with the form of a file.
const MAGIC: &[u8; 8] = b"VGCACHE1";
/// Most bytes of all files, unless `VERDIGRIS_CACHE_LIMIT` (in MiB) says otherwise.
const LIMIT: u64 = 256 << 20;

/// What names an entry.
pub type Key = [u8; 32];

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Turns the cache on for this process; a host does it whose users expect files in their home directory. The environment may still say no.
pub fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// Of the compiler's own sources: another compiler makes other code.
pub const BUILD: &str = env!("VERDIGRIS_COMPILER_BUILD");

/// Where files are kept, or why nowhere.
struct Place {
    directory: Result<PathBuf, String>,
    limit: u64,
    /// Bytes written since files were last counted.
    written: AtomicU64,
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let variable = |name: &str| std::env::var(name).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let directory = match variable("VERDIGRIS_CACHE").as_deref() {
            Some("0" | "off" | "no" | "false") => Err("turned off by VERDIGRIS_CACHE".to_owned()),
            _ => directory(variable("VERDIGRIS_CACHE_DIR"), variable("XDG_CACHE_HOME"), variable("HOME")).and_then(|d| opened(&d)),
        };
        let limit = variable("VERDIGRIS_CACHE_LIMIT").and_then(|v| v.parse::<u64>().ok()).map_or(LIMIT, |mib| mib.saturating_mul(1 << 20));
        // The first entry written counts the files.
        Place { directory, limit, written: AtomicU64::new(u64::MAX / 2) }
    })
}

fn directory(given: Option<String>, xdg: Option<String>, home: Option<String>) -> Result<PathBuf, String> {
    match (given, xdg, home) {
        (Some(given), ..) => Ok(PathBuf::from(given)),
        (_, Some(xdg), _) if Path::new(&xdg).is_absolute() => Ok(Path::new(&xdg).join("verdigris")),
        (_, _, Some(home)) => Ok(Path::new(&home).join(".cache").join("verdigris")),
        _ => Err("there is no home directory".to_owned()),
    }
}

/// Makes the directory if it is not there, and sees that it is ours alone.
fn opened(directory: &Path) -> Result<PathBuf, String> {
    let shown = directory.display();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|e| format!("{shown} cannot be made: {e}"))?;
    let kind = fs::symlink_metadata(directory).map_err(|e| format!("{shown}: {e}"))?;
    if !kind.is_dir() {
        return Err(format!("{shown} is no directory"));
    }
    // A file made now belongs to this user, whoever that is.
    let probe = directory.join(format!(".probe-{}", std::process::id()));
    let made = File::create(&probe).and_then(|file| file.metadata());
    let _ = fs::remove_file(&probe);
    let made = made.map_err(|e| format!("{shown} cannot be written: {e}"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if kind.uid() != made.uid() {
            return Err(format!("{shown} belongs to somebody else"));
        }
        if kind.mode() & 0o077 != 0 {
            return Err(format!("{shown} is open to others; `chmod 700` it"));
        }
    }
    Ok(directory.to_owned())
}

fn usable() -> Option<&'static Path> {
    if !ENABLED.load(Ordering::Relaxed) {
        return None;
    }
    place().directory.as_ref().ok().map(PathBuf::as_path)
}

/// Whether entries are read and written.
pub fn is_on() -> bool {
    usable().is_some()
}

fn file_of(directory: &Path, key: &Key) -> PathBuf {
    directory.join(format!("{}.vgo", hex(key)))
}

/// A key as text.
pub fn hex(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The object kept under a key.
pub fn load(key: &Key) -> Option<Vec<u8>> {
    read(&file_of(usable()?, key), key)
}

fn read(path: &Path, key: &Key) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let mut head = [0; 8 + 32 + 32 + 8];
    file.read_exact(&mut head).ok()?;
    let (magic, rest) = head.split_at(8);
    let (named, rest) = rest.split_at(32);
    let (hash, length) = rest.split_at(32);
    let length = u64::from_le_bytes(length.try_into().ok()?);
    if magic != MAGIC || named != key || length > 1 << 32 {
        return None;
    }
    let mut object = Vec::with_capacity(length as usize);
    Read::by_ref(&mut file).take(length + 1).read_to_end(&mut object).ok()?;
    if object.len() as u64 != length || Sha256::digest(&object).as_slice() != hash {
        return None;
    }
    // The time of its last use, for what is removed first. If it cannot be set, nothing is lost but that.
    let _ = file.set_modified(SystemTime::now());
    Some(object)
}

/// Keeps an object.
pub fn store(key: &Key, object: &[u8]) {
    let Some(directory) = usable() else { return };
    if write(directory, key, object).is_err() {
        return;
    }
    let place = place();
    let size = object.len() as u64;
    if place.written.fetch_add(size, Ordering::Relaxed).saturating_add(size) > place.limit / 8 {
        place.written.store(0, Ordering::Relaxed);
        trim(directory, place.limit);
    }
}

fn write(directory: &Path, key: &Key, object: &[u8]) -> std::io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let unfinished = directory.join(format!(".{}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed), &hex(key)[..16]));
    let written = (|| {
        let mut file = File::create_new(&unfinished)?;
        file.write_all(MAGIC)?;
        file.write_all(key)?;
        file.write_all(&Sha256::digest(object))?;
        file.write_all(&(object.len() as u64).to_le_bytes())?;
        file.write_all(object)?;
        drop(file);
        fs::rename(&unfinished, file_of(directory, key))
    })();
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// The files of the cache: last use, size, path.
fn files(directory: &Path) -> Vec<(SystemTime, u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "vgo"))
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        })
        .collect()
}

/// Removes what was not used for longest until the rest is a little below the limit.
fn trim(directory: &Path, limit: u64) {
    let mut files = files(directory);
    let mut total: u64 = files.iter().map(|f| f.1).sum();
    if total <= limit {
        return;
    }
    files.sort();
    for (_, size, path) in files {
        if total <= limit - limit / 4 {
            break;
        }
        // Another process may have removed it already; then it counts no more either.
        let _ = fs::remove_file(path);
        total -= size;
    }
}

/// Removes every entry; gives how many there were.
pub fn clear() -> usize {
    let Ok(directory) = &place().directory else { return 0 };
    files(directory).into_iter().filter(|(_, _, path)| fs::remove_file(path).is_ok()).count()
}

/// Where the cache is and what is in it, or why there is none.
pub fn status() -> String {
    if !ENABLED.load(Ordering::Relaxed) {
        return "off".to_owned();
    }
    match &place().directory {
        Err(reason) => format!("off: {reason}"),
        Ok(directory) => {
            let files = files(directory);
            let bytes: u64 = files.iter().map(|f| f.1).sum();
            format!("{} ({} objects, {:.1} of at most {} MiB)", directory.display(), files.len(), bytes as f64 / 1048576.0, place().limit >> 20)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("vg-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        opened(&directory).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let directory = fresh("read");
        let (key, other) = ([7; 32], [8; 32]);
        write(&directory, &key, b"code").unwrap();
        let path = file_of(&directory, &key);
        assert_eq!(read(&path, &key).unwrap(), b"code");
        assert_eq!(read(&path, &other), None, "an entry under another name");
        let good = fs::read(&path).unwrap();
        for cut in [0, 7, 40, 79, good.len() - 1] {
            fs::write(&path, &good[..cut]).unwrap();
            assert_eq!(read(&path, &key), None, "cut at {cut}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(read(&path, &key), None, "byte {at} changed");
        }
        fs::write(&path, [&good[..], b"more"].concat()).unwrap();
        assert_eq!(read(&path, &key), None, "longer than it says");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn writers_of_one_entry_do_not_disturb_readers() {
        let directory = fresh("race");
        let key = [3; 32];
        let objects: Vec<Vec<u8>> = (0..4u8).map(|n| vec![n; 100_000]).collect();
        write(&directory, &key, &objects[0]).unwrap();
        std::thread::scope(|scope| {
            for object in &objects {
                scope.spawn(|| (0..50).for_each(|_| write(&directory, &key, object).unwrap()));
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let object = read(&file_of(&directory, &key), &key).expect("always one whole entry");
                        assert!(objects.contains(&object));
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "no unfinished file is left");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let directory = fresh("trim");
        for n in 0..10u8 {
            write(&directory, &[n; 32], &[n; 1000]).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000 + u64::from(n));
            File::open(file_of(&directory, &[n; 32])).unwrap().set_modified(time).unwrap();
        }
        assert!(read(&file_of(&directory, &[0; 32]), &[0; 32]).is_some(), "used now");
        trim(&directory, 6 * 1080);
        let left: Vec<u8> = (0..10).filter(|n| file_of(&directory, &[*n; 32]).exists()).collect();
        assert_eq!(left, [0, 7, 8, 9]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_open_to_others_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let directory = fresh("mode");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(opened(&directory).unwrap_err().contains("open to others"));
        let link = directory.with_extension("link");
        std::os::unix::fs::symlink(&directory, &link).unwrap();
        assert!(opened(&link).unwrap_err().contains("no directory"));
        fs::remove_file(link).unwrap();
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn places_in_order() {
        let s = |text: &str| Some(text.to_owned());
        assert_eq!(directory(s("/a"), s("/b"), s("/c")).unwrap(), Path::new("/a"));
        assert_eq!(directory(None, s("/b"), s("/c")).unwrap(), Path::new("/b/verdigris"));
        assert_eq!(directory(None, s("relative"), s("/c")).unwrap(), Path::new("/c/.cache/verdigris"));
        assert!(directory(None, None, None).is_err());
    }
}
