//! The texts: functions and constants by name.
//!
//! A file is cut at its left margin into `def`s, each a source of its own so that lowering one parses that one, and constants: a number, a tuple of floats (for `poly`), a list of
//! floats (a table, of float32 if the name ends in `_32`), or a tuple of integers in hexadecimal (a table of uint64). A name used in a function is, in this order, a constant, a row of the op table (which is called), another function (which is put in
//! place), or a function of the machine.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use crate::names::{Constant, ConstantArray, Definition, Meaning};
use crate::op::Math;
use crate::source::{SourceFile, Sources};
use crate::syntax;
use crate::types::{ArrayType, Layout, ScalarType};

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!($name))),*] };
}

const FILES: &[(&str, &str)] =
    files!["exp.py" "log.py" "trig.py" "atan.py" "hyperbolic.py" "power.py" "gamma.py" "error.py" "number.py" "complex.py"];

/// What the names of sources of the library begin with.
const PREFIX: &str = "<verdigris math>/";

/// Whether a source is a text of the library.
pub(crate) fn is_library(file: &str) -> bool {
    file.starts_with(PREFIX)
}

/// Functions whose one text computes in the type of its arguments, float32 too; it asks for constants `by_type`.
const OF_EITHER_TYPE: &[&str] = &[
    "exp",
    "exp2",
    "exp10",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "sinpi",
    "cospi",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
    "rsqrt",
    "exp_fast",
    "log_fast",
    "sin_fast",
    "cos_fast",
    "tan_fast",
    "tanh_fast",
];

struct Library {
    sources: HashMap<String, Arc<SourceFile>>,
    constants: HashMap<String, Meaning>,
    definitions: Mutex<HashMap<String, Arc<Definition>>>,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut library = Library { sources: HashMap::new(), constants: HashMap::new(), definitions: Mutex::default() };
    FILES.iter().for_each(|(name, text)| library.read(name, text));
    library
});

/// The function of a row, and the type it computes in.
pub(super) fn definition(name: &str, ty: ScalarType) -> (Arc<Definition>, ScalarType) {
    let single = (ty == ScalarType::F32).then(|| find(&format!("{name}32"))).flatten();
    match single {
        Some(definition) => (definition, ScalarType::F32),
        None if OF_EITHER_TYPE.contains(&name) => (find(name).expect("a function of the texts"), ty),
        None => (find(name).unwrap_or_else(|| panic!("the math library has no function {name}")), ScalarType::F64),
    }
}

/// The function of that name in the texts.
pub(super) fn find(name: &str) -> Option<Arc<Definition>> {
    if let Some(known) = LIBRARY.definitions.lock().unwrap_or_else(|e| e.into_inner()).get(name) {
        return Some(known.clone());
    }
    let source = LIBRARY.sources.get(name)?;
    let mut definition = Definition::bare(source.clone(), name);
    let mut sources = Sources::default();
    let id = sources.add(source);
    let function = syntax::parse(&definition, id).unwrap_or_else(|d| panic!("{}", d.with_sources(&sources).render()));
    for path in syntax::free_paths(&function) {
        definition.names.insert(path.clone(), LIBRARY.meaning(&path));
    }
    let definition = Arc::new(definition);
    LIBRARY.definitions.lock().unwrap_or_else(|e| e.into_inner()).insert(name.to_owned(), definition.clone());
    Some(definition)
}

impl Library {
    /// What a name means.
    fn meaning(&self, name: &str) -> Meaning {
        if let Some(constant) = self.constants.get(name) {
            return constant.clone();
        }
        if let Some(ty) = ScalarType::from_name(name) {
            return Meaning::Type(ty);
        }
        let is_row = Math::ALL.iter().any(|m| m.name() == name);
        let builtin = || Meaning::Builtin(format!("machine.{name}"));
        // A row is called, also by a text of its own.
        if is_row { builtin() } else { find(name).map_or_else(builtin, Meaning::Function) }
    }

    fn read(&mut self, file: &str, text: &str) {
        let mut lines = text.lines().enumerate().peekable();
        while let Some((number, first)) = lines.next() {
            let starts = |line: &str| !line.is_empty() && !line.starts_with([' ', ')', ']', '#']);
            if !starts(first) || first.starts_with("\"\"\"") {
                continue;
            }
            let mut chunk = vec![first];
            while let Some((_, line)) = lines.next_if(|(_, line)| !starts(line)) {
                chunk.push(line);
            }
            if let Some(rest) = first.strip_prefix("def ") {
                let name = rest.split('(').next().expect("a name").to_owned();
                let text: Arc<str> = format!("{}\n", chunk.join("\n")).into();
                let source = SourceFile { file: format!("{PREFIX}{file}").into(), text, first_line: number as u32 + 1, indent: 0 };
                assert!(self.sources.insert(name.clone(), Arc::new(source)).is_none(), "{name} is defined twice");
            } else {
                let (name, value) = chunk_of_constant(&chunk, file, number);
                assert!(self.constants.insert(name.clone(), value).is_none(), "{name} is defined twice");
            }
        }
    }
}

fn chunk_of_constant(chunk: &[&str], file: &str, number: usize) -> (String, Meaning) {
    let code: String = chunk.iter().map(|line| line.split('#').next().expect("a first part").trim()).collect();
    let (name, value) = code.split_once(" = ").unwrap_or_else(|| panic!("{file}:{}: neither function nor constant", number + 1));
    let float = |text: &str| -> f64 { text.trim().parse().unwrap_or_else(|_| panic!("{file}:{}: `{text}` is no float", number + 1)) };
    let inside = |open, close| value.strip_prefix(open).and_then(|v| v.strip_suffix(close));
    let items = |items: &'_ str| -> Vec<f64> { items.split(',').filter(|item| !item.trim().is_empty()).map(float).collect() };
    let table = |elem, shape, data| {
        let ty = ArrayType { elem, ndim: 1, layout: Layout::C, readonly: true };
        Meaning::Array(Arc::new(ConstantArray { ty, shape: vec![shape], data }))
    };
    let meaning = match (inside('(', ')'), inside('[', ']')) {
        (None, None) => Meaning::Constant(Constant::Float(float(value))),
        (_, Some(text)) if name.ends_with("_32") => {
            let floats = items(text);
            table(ScalarType::F32, floats.len(), floats.iter().flat_map(|x| (*x as f32).to_ne_bytes()).collect())
        }
        (_, Some(text)) => {
            let floats = items(text);
            table(ScalarType::F64, floats.len(), floats.iter().flat_map(|x| x.to_ne_bytes()).collect())
        }
        (Some(text), None) => {
            let words: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
            if words[0].starts_with("0x") {
                let bytes = words.iter().flat_map(|word| u64::from_str_radix(&word[2..], 16).expect("a hexadecimal word").to_ne_bytes());
                table(ScalarType::U64, words.len(), bytes.collect())
            } else {
                Meaning::Constant(Constant::Tuple(items(text).into_iter().map(Constant::Float).collect()))
            }
        }
    };
    (name.to_owned(), meaning)
}
