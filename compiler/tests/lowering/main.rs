//! Lowering: trees to IR, and the faults it finds.
//!
//! Each function of `cases/lower/NAME.py` that is preceded by a comment `# (types)` is lowered as a scalar function, or as a kernel if the comment is
//! `# kernel (types)`; `NAME.snap` beside it holds the IR. Each function of `cases/error/NAME.py` must be refused; `NAME.snap` holds the rendered
//! message. `INSTA_UPDATE=always cargo test -p verdigris-compiler --test lowering` writes the expectations anew.

mod values;
mod world;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use verdigris_compiler::diagnostic::Diagnostic;
use verdigris_compiler::ir::Kind;
use verdigris_compiler::lower::{Lowered, Options, lower};

/// The marked functions of a case: name, kind, argument types as written.
fn marked(text: &str) -> Vec<(String, Kind, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mark = |line: &str| {
        let line = line.strip_prefix("# ")?;
        let (kind, types) = match line.strip_prefix("kernel ") {
            Some(types) => (Kind::Kernel, types),
            None => (Kind::Scalar, line),
        };
        Some((kind, types.strip_prefix('(')?.strip_suffix(')')?.to_string()))
    };
    let name = |line: &str| Some(line.strip_prefix("def ")?.split_once('(')?.0.to_string());
    lines.windows(2).filter_map(|w| mark(w[0]).zip(name(w[1]))).map(|((kind, types), name)| (name, kind, types)).collect()
}

fn lowered(path: &Path, text: &str, name: &str, kind: Kind, types: &str) -> Result<Lowered, Box<Diagnostic>> {
    let file = path.file_name().unwrap().to_str().unwrap();
    let definition = world::define(file, text, name);
    lower(&definition, &world::types(types), Options { kind, fma: false, fastmath: false, zero_division: false }, None)
}

fn cases(folder: &str, expected: impl Fn(&Path, &str, &str, Kind, &str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "py"));
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let functions = marked(&text);
        assert!(!functions.is_empty(), "{} marks no function", path.display());
        let mut snap = String::new();
        for (name, kind, types) in functions {
            writeln!(snap, "{}", expected(&path, &text, &name, kind, &types)).unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), snap));
    }
}

#[test]
fn code() {
    cases("lower", |path, text, name, kind, types| match lowered(path, text, name, kind, types) {
        Ok(lowered) => format!("# {name}({types}) -> {}\n{}", lowered.result, *lowered.ir),
        Err(diagnostic) => panic!("{}", diagnostic.render()),
    });
}

#[test]
fn faults() {
    cases("error", |path, text, name, kind, types| match lowered(path, text, name, kind, types) {
        Ok(lowered) => panic!("{name} of {} is accepted:\n{}", path.display(), *lowered.ir),
        Err(diagnostic) => format!("# {name}({types})\n{}", diagnostic.render()),
    });
}
