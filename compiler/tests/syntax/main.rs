//! The front end: text to tree.
//!
//! Each `cases/syntax/NAME.py` is parsed and printed, with the function's free paths, or its diagnostic is rendered; `NAME.snap` beside it holds
//! what is expected. A case may begin with comments `# name: f` (else the last function of the file is meant), `# line: 12`, `# column: 4`,
//! `# first_line: 100`, `# indent: 4`. `INSTA_UPDATE=always cargo test -p verdigris-compiler --test syntax` writes the expectations anew.

mod limits;
mod print;
mod random;
mod spans;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use verdigris_compiler::diagnostic::Diagnostic;
use verdigris_compiler::names::Definition;
use verdigris_compiler::source::{SourceFile, Sources};
use verdigris_compiler::syntax::{self, Function};

fn definition(name: &str, line: u32, column: Option<u32>, source: SourceFile) -> Definition {
    Definition { line, column, ..Definition::bare(Arc::new(source), name) }
}

fn parse(definition: &Definition) -> Result<Function, Box<Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add(&definition.source);
    syntax::parse(definition, id).map_err(|diagnostic| diagnostic.with_sources(&sources))
}

/// The function `name` of a text, from line 1.
fn parse_text(name: &str, text: &str) -> Result<Function, Box<Diagnostic>> {
    parse(&definition(name, 0, None, SourceFile { file: "f.py".into(), text: text.into(), first_line: 1, indent: 0 }))
}

/// The value of a comment `# key: value` of a case.
fn header<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(": "))
}

fn number(text: &str, key: &str) -> Option<u32> {
    header(text, key).map(|value| value.parse().unwrap_or_else(|_| panic!("{key}: {value}")))
}

fn case(path: &Path) -> Definition {
    let text = std::fs::read_to_string(path).unwrap();
    let last = text.lines().filter_map(|line| line.strip_prefix("def ")?.split_once('(')).next_back();
    let name = header(&text, "name").or(last.map(|(name, _)| name)).unwrap_or("<lambda>").to_owned();
    let source = SourceFile {
        file: path.file_name().unwrap().to_str().unwrap().into(),
        text: text.as_str().into(),
        first_line: number(&text, "first_line").unwrap_or(1),
        indent: number(&text, "indent").unwrap_or(0),
    };
    definition(&name, number(&text, "line").unwrap_or(0), number(&text, "column"), source)
}

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    paths.sort();
    assert!(paths.len() >= 20, "cases are missing");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in &paths {
            let definition = case(path);
            let shown = match parse(&definition) {
                Ok(function) => {
                    if path.file_stem().unwrap() != "normalised" {
                        spans::check(&function, &definition.source.text);
                    }
                    let free = syntax::free_paths(&function);
                    format!("{}\nfree: {}", print::function(&function), free.join(" "))
                }
                Err(diagnostic) => diagnostic.render(),
            };
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown);
        }
    });
}
