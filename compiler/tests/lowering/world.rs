//! The host's part for tests: what the names of a Python file mean, told from its text alone.

use std::sync::Arc;

use verdigris_compiler::lower::BUILTINS;
use verdigris_compiler::names::{Constant, ConstantArray, Definition, Meaning};
use verdigris_compiler::source::{SourceFile, Sources};
use verdigris_compiler::syntax;
use verdigris_compiler::types::{ArrayType, Layout, ScalarType, Type};

/// The function `name` of a file, with all it refers to. Lines `NAME = literal` of the file are its constants, and `numpy` may be called `np`.
pub(crate) fn define(file: &str, text: &str, name: &str) -> Arc<Definition> {
    let source = Arc::new(SourceFile { file: file.into(), text: text.into(), first_line: 1, indent: 0 });
    Arc::new(define_in(&source, name, &mut vec![name.to_string()]))
}

fn define_in(source: &Arc<SourceFile>, name: &str, around: &mut Vec<String>) -> Definition {
    let mut definition = Definition::bare(source.clone(), name);
    let mut sources = Sources::default();
    let id = sources.add(source);
    let Ok(function) = syntax::parse(&definition, id) else { return definition };
    for path in syntax::free_paths(&function) {
        for prefix in prefixes(&path) {
            if let Some(meaning) = meaning(source, prefix, around) {
                definition.names.insert(prefix.to_string(), meaning);
                break;
            }
        }
    }
    // Defaults are read from the text: `def f(x, n=3)`.
    let header = source.text.lines().find(|l| l.starts_with(&format!("def {name}("))).unwrap_or("");
    for param in function.params.iter().filter(|p| p.has_default) {
        let after = header.split(&format!("{}=", param.name)).nth(1).unwrap_or("");
        let end = after.find([',', ')']).unwrap_or(after.len());
        definition.defaults.insert(param.name.clone(), Meaning::Constant(literal(&after[..end]).expect("a literal default")));
    }
    definition
}

fn prefixes(path: &str) -> Vec<&str> {
    let mut ends: Vec<usize> = path.match_indices('.').map(|(i, _)| i).collect();
    ends.push(path.len());
    ends.into_iter().rev().map(|end| &path[..end]).collect()
}

fn meaning(source: &Arc<SourceFile>, path: &str, around: &mut Vec<String>) -> Option<Meaning> {
    if let Some(value) = source.text.lines().find_map(|l| l.strip_prefix(path)?.strip_prefix(" = ")) {
        if let Some(items) = value.strip_prefix("np.array([") {
            return Some(Meaning::Array(Arc::new(array(items.trim_end_matches("])")))));
        }
        return Some(Meaning::Constant(literal(value)?));
    }
    if source.text.lines().any(|l| l.starts_with(&format!("def {path}("))) {
        if around.iter().any(|a| a == path) {
            // A function that calls itself: the host would tie the knot; enough for the test is one turn.
            let inner = Definition::bare(source.clone(), path);
            return Some(Meaning::Function(Arc::new(inner)));
        }
        around.push(path.to_string());
        let inner = define_in(source, path, around);
        around.pop();
        return Some(Meaning::Function(Arc::new(inner)));
    }
    let canonical = path.strip_prefix("np.").map_or(path.to_string(), |rest| format!("numpy.{rest}"));
    let last = canonical.rsplit('.').next().unwrap_or("");
    if canonical.starts_with("numpy.") {
        let ty = ScalarType::from_name(last.strip_suffix('_').unwrap_or(last));
        if let Some(ty) = ty {
            return Some(Meaning::Type(ty));
        }
    }
    match canonical.as_str() {
        "math.pi" | "numpy.pi" => return Some(Meaning::Constant(Constant::Float(std::f64::consts::PI))),
        "math.inf" | "numpy.inf" => return Some(Meaning::Constant(Constant::Float(f64::INFINITY))),
        "math.nan" | "numpy.nan" => return Some(Meaning::Constant(Constant::Float(f64::NAN))),
        "print" => return Some(Meaning::Unsupported { what: "the function `print`".into(), help: None }),
        "numpy.zeros" => {
            let help = Some("pass the array to the kernel".into());
            return Some(Meaning::Unsupported { what: "the function `numpy.zeros`".into(), help });
        }
        _ => {}
    }
    BUILTINS.contains(&canonical.as_str()).then_some(Meaning::Builtin(canonical))
}

fn literal(text: &str) -> Option<Constant> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('(') {
        let items = inner.trim_end_matches(')').split(',').filter(|i| !i.trim().is_empty());
        return items.map(literal).collect::<Option<_>>().map(Constant::Tuple);
    }
    match text {
        "None" => Some(Constant::None),
        "True" => Some(Constant::Bool(true)),
        "False" => Some(Constant::Bool(false)),
        _ if text.starts_with('"') => Some(Constant::Str(text.trim_matches('"').to_string())),
        _ => text.parse().ok().map(Constant::Int).or_else(|| text.parse().ok().map(Constant::Float)),
    }
}

fn array(items: &str) -> ConstantArray {
    let data: Vec<f64> = items.split(',').map(|i| i.trim().parse().expect("a float")).collect();
    ConstantArray {
        ty: ArrayType { elem: ScalarType::F64, ndim: 1, layout: Layout::C, readonly: true },
        shape: vec![data.len()],
        data: data.iter().flat_map(|x| x.to_ne_bytes()).collect(),
    }
}

/// A type as it is written in cases: `float64`, `array(float64, 1d, C)`, `tuple(int64, int64)`, `None`.
pub(crate) fn ty(text: &str) -> Type {
    let text = text.trim();
    if text == "None" {
        return Type::None;
    }
    if let Some(inner) = text.strip_prefix("array(").and_then(|t| t.strip_suffix(')')) {
        let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
        let layout = match parts[2] {
            "C" => Layout::C,
            "F" => Layout::F,
            _ => Layout::A,
        };
        let ndim = parts[1].trim_end_matches('d').parse().expect("a number of dimensions");
        let elem = ScalarType::from_name(parts[0]).expect("an element type");
        return Type::Array(ArrayType { elem, ndim, layout, readonly: parts.get(3) == Some(&"readonly") });
    }
    if let Some(inner) = text.strip_prefix("tuple(").and_then(|t| t.strip_suffix(')')) {
        return Type::Tuple(types(inner));
    }
    Type::Scalar(ScalarType::from_name(text).unwrap_or_else(|| panic!("no type {text}")))
}

/// Types separated by commas outside parentheses.
pub(crate) fn types(text: &str) -> Vec<Type> {
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (i, c) in text.char_indices().chain([(text.len(), ',')]) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                if !text[start..i].trim().is_empty() {
                    all.push(ty(&text[start..i]));
                }
                start = i + 1;
            }
            _ => {}
        }
    }
    all
}
