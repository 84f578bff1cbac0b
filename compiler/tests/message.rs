//! What the user reads when a function cannot be compiled: each code, and each common mistake on its own.
//!
//! Each `cases/message/NAME.py` holds one mistake; `NAME.snap` beside it is the message. The last function of the file is meant. Comments at the top say how it is
//! compiled: `# kind: kernel` (else a scalar function), `# args: float64, array(int64, 1d, C)`, `# returns: float64`, `# constant: limit = 3`,
//! `# table: weights = 4` (a frozen array of float64), `# default: n = 3`. Other names are the standard ones.
//! `INSTA_UPDATE=always cargo test -p verdigris-compiler --test message` writes the messages anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use verdigris_compiler::diagnostic::{Code, Diagnostic};
use verdigris_compiler::ir::Kind;
use verdigris_compiler::lower::{Options, lower};
use verdigris_compiler::names::{Constant, ConstantArray, Definition, Meaning};
use verdigris_compiler::types::{ArrayType, Layout, ScalarType, Type};

/// Values of all comments `# key: value`.
fn headers<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().map_while(|line| line.strip_prefix("# ")).filter_map(move |line| line.strip_prefix(key)?.strip_prefix(": "))
}

/// The parts of a list at its commas, brackets kept together.
fn parts(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in list.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn type_of(text: &str) -> Type {
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(parts);
    if let Some(items) = inside("tuple") {
        return Type::Tuple(items.into_iter().map(type_of).collect());
    }
    if let Some(items) = inside("array") {
        let layout = match items[2] {
            "C" => Layout::C,
            "F" => Layout::F,
            "A" => Layout::A,
            other => panic!("layout {other}"),
        };
        let ndim = items[1].strip_suffix('d').unwrap().parse().unwrap();
        let elem = ScalarType::from_name(items[0]).unwrap();
        return Type::Array(ArrayType { elem, ndim, layout, readonly: items.get(3) == Some(&"readonly") });
    }
    if text == "None" { Type::None } else { Type::Scalar(ScalarType::from_name(text).unwrap_or_else(|| panic!("type {text}"))) }
}

fn constant(value: &str) -> Meaning {
    Meaning::Constant(match value {
        "None" => Constant::None,
        text if text.starts_with('\'') => Constant::Str(text.trim_matches('\'').to_owned()),
        number => number.parse().map(Constant::Int).or_else(|_| number.parse().map(Constant::Float)).unwrap(),
    })
}

fn table(size: &str) -> Meaning {
    let size = size.parse().unwrap();
    let ty = ArrayType { elem: ScalarType::F64, ndim: 1, layout: Layout::C, readonly: true };
    Meaning::Array(Arc::new(ConstantArray { ty, shape: vec![size], data: vec![0; 8 * size] }))
}

fn compile(path: &Path) -> Result<(), Box<Diagnostic>> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = text.lines().filter_map(|line| line.strip_prefix("def ")?.split_once('(')).next_back().unwrap().0;
    let pairs = |key| headers(&text, key).map(|pair| pair.split_once(" = ").unwrap());
    let mut names: BTreeMap<String, Meaning> = pairs("constant").map(|(name, value)| (name.to_owned(), constant(value))).collect();
    names.extend(pairs("table").map(|(name, size)| (name.to_owned(), table(size))));
    let file = path.file_name().unwrap().to_str().unwrap();
    let mut definition = Definition::clone(&*Definition::from_text(file, &text, name, names)?);
    definition.defaults = pairs("default").map(|(name, value)| (name.to_owned(), constant(value))).collect();
    let kind = if headers(&text, "kind").any(|kind| kind == "kernel") { Kind::Kernel } else { Kind::Scalar };
    let args: Vec<Type> = headers(&text, "args").flat_map(parts).map(type_of).collect();
    let returns = headers(&text, "returns").map(type_of).next();
    lower(&definition, &args, Options { kind, fma: false, fastmath: false, zero_division: false }, returns.as_ref()).map(drop)
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/message");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    paths.sort();
    paths
}

#[test]
fn messages() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("cases/message");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in cases() {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let Err(diagnostic) = compile(&path) else { panic!("{name} compiles") };
            let rendered = diagnostic.render();
            assert_eq!(diagnostic.headline, diagnostic.headline.trim_end_matches('.'), "{name}: a full stop");
            assert!(
                !diagnostic.headline.starts_with(char::is_uppercase) || diagnostic.headline.starts_with("None"),
                "{name}: {}",
                diagnostic.headline
            );
            insta::assert_snapshot!(name, rendered);
        }
    });
}

/// Every code has a case that shows it.
#[test]
fn every_code_is_shown() {
    let shown: BTreeSet<&str> = cases().iter().filter_map(|path| compile(path).err()).map(|diagnostic| diagnostic.code.as_str()).collect();
    let missing: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
