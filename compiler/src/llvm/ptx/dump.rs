//! Everything that is compiled for the CPU, as PTX too: for tests that have an assembler look at it.
//!
//! With `VERDIGRIS_PTX_DUMP=FOLDER` each function that [`crate::llvm::compile`] meets is also made into PTX for sm_75, sm_80, sm_90 and sm_100 (`VERDIGRIS_PTX_ARCHS=75,90` for others), and written to
//! `FOLDER/<hash>.<arch>.ptx`, or why it is not to `.refused` (what a GPU does not have) or `.bug`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Arch, Entry, Error, Options};
use crate::cache;
use crate::ir::Verified;
use crate::llvm::Shape;

fn settings() -> Option<&'static (PathBuf, Vec<Arch>)> {
    static SETTINGS: OnceLock<Option<(PathBuf, Vec<Arch>)>> = OnceLock::new();
    let read = || {
        let folder = std::env::var_os("VERDIGRIS_PTX_DUMP").filter(|f| !f.is_empty())?;
        let archs = std::env::var("VERDIGRIS_PTX_ARCHS").unwrap_or_else(|_| "75,80,90,100".to_owned());
        let number = |text: &str| text.trim().parse::<u8>().ok().and_then(|n| Arch::new(n / 10, n % 10).ok());
        Some((PathBuf::from(folder), archs.split(',').filter_map(number).collect()))
    };
    SETTINGS.get_or_init(read).as_ref()
}

/// Writes the PTX of a function that is compiled for the CPU in that shape, if asked to.
pub(in crate::llvm) fn dump(ir: &Verified, shape: &Shape) {
    let Some((folder, archs)) = settings() else { return };
    let entry = match shape {
        Shape::Blocks { .. } => Entry::Kernel,
        Shape::Loop { signature, .. } => Entry::Elements { signature: signature.clone(), axes: 2 },
        Shape::Core(scalars) => Entry::Cores { scalars: scalars.clone(), axes: 1 },
    };
    for arch in archs {
        let options = Options { line_info: arch.minor() != 0, ..Options::default() };
        let name = cache::hex(&super::key(ir, &entry, *arch, &options));
        let place = folder.join(format!("{}.{arch}", &name[..24]));
        let ends = |end: &str| PathBuf::from(format!("{}.{end}", place.display()));
        if ["ptx", "refused", "bug"].iter().any(|end| ends(end).exists()) {
            continue;
        }
        let made = super::compile(ir, &entry, *arch, &options);
        let written = match &made {
            Ok(module) => write(&ends("ptx"), &module.text),
            Err(Error::Unsupported(diagnostic)) => write(&ends("refused"), &diagnostic.render()),
            Err(error @ Error::Bug(_)) => write(&ends("bug"), &error.to_string()),
        };
        if let Err(error) = written {
            eprintln!("verdigris: VERDIGRIS_PTX_DUMP: {}: {error}", folder.display());
        }
    }
}

/// Whole, however many processes write it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension(format!("part{}", std::process::id()));
    std::fs::write(&part, text)?;
    std::fs::rename(part, path)
}
