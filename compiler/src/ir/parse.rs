//! Reading the text form back.
//!
//! The inverse of [`print`](super::print): `parse(&f.to_string())` is `f` up to arena numbering and spans. Only the spelling is judged here (what a line says, that
//! names are declared before they are used); whether the function is valid is the verifier's question, so invalid ones can be written down for its tests. The
//! text itself becomes the function's source and each instruction's span is its line, so that faults of a parsed function point into its text.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::*;
use crate::names::ConstantArray;
use crate::op::{AtomicOp, Math, WarpOp};
use crate::source::SourceFile;
use crate::types::Layout;

/// Why a text is no function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// 1-based line.
    pub line: usize,
    /// What was expected or is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Blocks may nest this deep; no stack overflows on a hostile text.
const DEEPEST: usize = 500;

/// Reads a function.
///
/// # Errors
/// The first line that cannot be read.
pub fn parse(text: &str) -> Result<Function, ParseError> {
    let mut reader = Reader::new(text);
    let function = reader.whole();
    function.map_err(|message| ParseError { line: reader.number.max(1), message })
}

type Fallible<T> = Result<T, String>;

struct Reader<'t> {
    lines: std::vec::IntoIter<(usize, Span, &'t str)>,
    /// Number of the line read last.
    number: usize,
    function: Function,
    values: HashMap<u32, Value>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        let mut sources = Sources::default();
        let source = sources.add(&Arc::new(SourceFile { file: "<ir>".into(), text: text.into(), first_line: 1, indent: 0 }));
        let start = |line: &str| (line.as_ptr() as usize - text.as_ptr() as usize) as u32;
        let meaningful = text.lines().enumerate().filter_map(|(i, whole)| {
            let line = without_comment(whole).trim();
            let span = Span { source, start: start(line), end: start(line) + line.len() as u32 };
            (!line.is_empty()).then_some((i + 1, span, line))
        });
        let function = Function {
            name: String::new(),
            kind: Kind::Scalar,
            params: Vec::new(),
            results: Vec::new(),
            slots: Vec::new(),
            arrays: Vec::new(),
            insts: Vec::new(),
            types: Vec::new(),
            spans: Vec::new(),
            raises: Vec::new(),
            labels: 0,
            body: Vec::new(),
            routines: Vec::new(),
            sources,
        };
        Reader { lines: meaningful.collect::<Vec<_>>().into_iter(), number: 0, function, values: HashMap::new() }
    }

    fn line(&mut self) -> Fallible<(Span, Cursor<'t>)> {
        let (number, span, line) = self.lines.next().ok_or("the text ends too early")?;
        self.number = number;
        Ok((span, Cursor { rest: line }))
    }

    /// A function and its routines.
    fn whole(&mut self) -> Fallible<Function> {
        let mut first = self.function()?;
        while let Some((number, more)) = self.lines.as_slice().first().map(|(number, _, line)| (*number, line.starts_with("routine "))) {
            if !more {
                self.number = number;
                return Err("text after the body".into());
            }
            let routine = self.function()?;
            first.routines.push(routine);
        }
        Ok(first)
    }

    fn function(&mut self) -> Fallible<Function> {
        let (_, mut at) = self.line()?;
        let word = at.word();
        self.function.kind = Kind::ALL.into_iter().find(|k| k.name() == word).ok_or("expected `function` or `kernel`")?;
        self.function.name = at.quoted()?;
        at.end()?;
        loop {
            let (_, mut at) = self.line()?;
            match at.word() {
                "slot" => self.slot(&mut at)?,
                "array" => self.array(&mut at)?,
                "param" => self.param(&mut at)?,
                "exception" => {
                    in_order(at.number()?, self.function.raises.len())?;
                    at.eat(":")?;
                    let raise = Raise { class: at.quoted()?, token: at.number()?, args: at.quoted()? };
                    self.function.raises.push(raise);
                }
                "result" => {
                    let slot = at.slot()?;
                    self.function.results.push(slot);
                }
                "body" => {
                    at.eat("{")?;
                    at.end()?;
                    break;
                }
                other => return Err(format!("`{other}` is no declaration")),
            }
            at.end()?;
        }
        let (body, mut closing) = self.block(0)?;
        closing.end()?;
        self.function.body = body;
        self.values.clear();
        let mut next = Reader::new("").function;
        next.sources = self.function.sources.clone();
        Ok(std::mem::replace(&mut self.function, next))
    }

    fn slot(&mut self, at: &mut Cursor<'t>) -> Fallible<()> {
        let slot = at.slot()?;
        in_order(slot.index(), self.function.slots.len())?;
        at.eat(":")?;
        let info = SlotInfo { ty: at.scalar_type()?, name: at.quoted()? };
        self.function.slots.push(info);
        Ok(())
    }

    fn array(&mut self, at: &mut Cursor<'t>) -> Fallible<()> {
        let array = at.array()?;
        in_order(array.index(), self.function.arrays.len())?;
        at.eat(":")?;
        let ty = at.array_type()?;
        let name = at.quoted()?;
        let (mut constant, mut storage) = (None, None);
        if at.maybe("=") {
            if at.maybe("shared") {
                storage = Some(Storage::Shared(at.list("]", |at| at.number())?));
            } else if at.maybe("local") {
                storage = Some(Storage::Local(at.list("]", |at| at.number())?));
            } else if at.maybe("dynamic") {
                storage = Some(Storage::Dynamic);
            } else {
                let ty = at.array_type()?;
                let shape = at.list("]", |at| at.number::<usize>())?;
                constant = Some(Arc::new(ConstantArray { ty, shape, data: at.bytes()? }));
            }
        }
        self.function.arrays.push(ArrayInfo { name, ty, constant, storage });
        Ok(())
    }

    fn param(&mut self, at: &mut Cursor<'t>) -> Fallible<()> {
        let param = match at.word() {
            "scalar" => Param::Scalar { ty: at.scalar_type()?, name: at.quoted()? },
            "array" => Param::Array { array: at.array()?, name: at.quoted()? },
            _ => return Err("expected `scalar` or `array`".into()),
        };
        self.function.params.push(param);
        Ok(())
    }

    /// Instructions up to the line that begins with `}`, and the rest of that line.
    fn block(&mut self, depth: usize) -> Fallible<(Block, Cursor<'t>)> {
        if depth > DEEPEST {
            return Err(format!("blocks nest deeper than {DEEPEST}"));
        }
        let mut block = Block::new();
        loop {
            let (span, mut at) = self.line()?;
            if at.maybe("}") {
                return Ok((block, at));
            }
            let value = self.instruction(span, at, depth)?;
            block.push(value);
        }
    }

    fn instruction(&mut self, span: Span, mut at: Cursor<'t>, depth: usize) -> Fallible<Value> {
        let value = Value(self.function.insts.len() as u32);
        let mut ty = None;
        if let Some(number) = at.handle('v') {
            at.eat(":")?;
            ty = Some(at.scalar_type()?);
            at.eat("=")?;
            if self.values.insert(number, value).is_some() {
                return Err(format!("v{number} is defined twice"));
            }
        }
        // The entry comes before those of inner blocks: program order.
        self.function.insts.push(Inst::Param(0));
        self.function.types.push(ty);
        self.function.spans.push(span);
        let inst = self.operation(&mut at, ty, depth)?;
        at.end()?;
        self.function.insts[value.index()] = inst;
        Ok(value)
    }

    fn operation(&mut self, at: &mut Cursor<'t>, ty: Option<ScalarType>, depth: usize) -> Fallible<Inst> {
        let word = at.word();
        Ok(match word {
            "const" => Inst::Const(at.constant(ty.ok_or("a constant has a type")?)?),
            "param" => Inst::Param(at.number()?),
            "get" => Inst::Get(at.slot()?),
            "set" => {
                let slot = at.slot()?;
                at.eat(",")?;
                Inst::Set(slot, self.value(at)?)
            }
            "extent" => {
                let array = at.array()?;
                at.eat(",")?;
                Inst::Extent { array, axis: at.number()? }
            }
            "if" => {
                let cond = self.value(at)?;
                at.eat("{")?;
                at.end()?;
                let (then, mut middle) = self.block(depth + 1)?;
                middle.eat("else")?;
                middle.eat("{")?;
                middle.end()?;
                let (otherwise, closing) = self.block(depth + 1)?;
                *at = closing;
                Inst::If { cond, then, otherwise }
            }
            "loop" => {
                let label = self.label(at)?;
                at.eat("{")?;
                at.end()?;
                let (body, mut middle) = self.block(depth + 1)?;
                middle.eat("latch")?;
                middle.eat("{")?;
                middle.end()?;
                let (latch, closing) = self.block(depth + 1)?;
                *at = closing;
                Inst::Loop { label, body, latch }
            }
            "scope" => {
                let label = self.label(at)?;
                at.eat("{")?;
                at.end()?;
                let (body, closing) = self.block(depth + 1)?;
                *at = closing;
                Inst::Scope { label, body }
            }
            "break" => Inst::Break(self.label(at)?),
            "continue" => Inst::Continue(self.label(at)?),
            "print" => {
                let pieces = at.list("]", |at| match at.word() {
                    "value" => Ok(Piece::Value),
                    "complex" => Ok(Piece::Complex),
                    "half" => Ok(Piece::Half(ScalarType::F16)),
                    "bfloat" => Ok(Piece::Half(ScalarType::BF16)),
                    "time" => {
                        let name = at.quoted()?;
                        ScalarType::from_name(&name).map(Piece::Time).ok_or_else(|| format!("`{name}` is no type"))
                    }
                    _ => at.quoted().map(Piece::Text),
                })?;
                let values = at.list("]", |at| self.value(at))?;
                Inst::Print { pieces: pieces.into(), values: values.into_iter().collect() }
            }
            "round16" => Inst::Apply { op: Op::Cast(ScalarType::F16), args: self.operands(at)? },
            "bround16" => Inst::Apply { op: Op::Cast(ScalarType::BF16), args: self.operands(at)? },
            "fail" => Inst::Fail(failure(at)?),
            "report" => Inst::Report(failure(at)?),
            "fence" => Inst::Fence,
            "leave" => Inst::Leave,
            "call" => {
                let routine = at.number()?;
                let args = at.list("]", |at| self.value(at))?.into_iter().collect();
                let arrays = at.list("]", |at| at.array())?.into_iter().collect();
                let into = at.list("]", |at| at.slot())?.into_iter().collect();
                Inst::Call { routine, args, arrays, into, ended: at.slot()? }
            }
            "cast" => {
                let to = ty.ok_or("a cast has a type")?;
                Inst::Apply { op: Op::Cast(to), args: self.operands(at)? }
            }
            _ => {
                if let Some(access) = self.access(word, at)? {
                    access
                } else if let Some((op, part)) = word.strip_prefix("atomic.").and_then(atomic_word) {
                    self.atomic(op, part, at)?
                } else if let Some(op) = WarpOp::ALL.into_iter().find(|op| op.name() == word) {
                    Inst::Warp { op, args: if op == WarpOp::ActiveMask { Args::new() } else { self.operands(at)? } }
                } else if let Some(meeting) = Meeting::ALL.into_iter().find(|m| m.name() == word) {
                    Inst::Barrier { meeting, operand: if meeting.counts() { Some(self.value(at)?) } else { None } }
                } else if let Some(g) = Geometry::ALL.into_iter().find(|g| g.name() == word) {
                    Inst::Geometry(g)
                } else if let Some(op) = row(word) {
                    Inst::Apply { op, args: self.operands(at)? }
                } else {
                    return Err(format!("`{word}` is no instruction"));
                }
            }
        })
    }

    fn access(&mut self, word: &str, at: &mut Cursor<'t>) -> Fallible<Option<Inst>> {
        let is = |verb: &str| Part::ALL.into_iter().find(|p| word.strip_prefix(verb) == Some(p.suffix()));
        let (load, store) = (is("load"), is("store"));
        let Some(part) = load.or(store) else { return Ok(None) };
        let array = at.array()?;
        let index = at.list("]", |at| self.value(at))?.into_iter().collect();
        if load.is_some() {
            return Ok(Some(Inst::Load { array, index, part }));
        }
        at.eat(",")?;
        Ok(Some(Inst::Store { array, index, part, value: self.value(at)? }))
    }

    fn atomic(&mut self, op: AtomicOp, part: Part, at: &mut Cursor<'t>) -> Fallible<Inst> {
        let array = at.array()?;
        let index = at.list("]", |at| self.value(at))?.into_iter().collect();
        at.eat(",")?;
        let value = self.value(at)?;
        let expected = if at.maybe(",") { Some(self.value(at)?) } else { None };
        Ok(Inst::Atomic { op, array, index, part, value, expected })
    }

    fn value(&self, at: &mut Cursor<'t>) -> Fallible<Value> {
        let number = at.handle('v').ok_or("expected a value")?;
        self.values.get(&number).copied().ok_or_else(|| format!("v{number} is not defined yet"))
    }

    fn operands(&self, at: &mut Cursor<'t>) -> Fallible<Args> {
        let mut args = Args::new();
        loop {
            args.push(self.value(at)?);
            if !at.maybe(",") {
                return Ok(args);
            }
        }
    }

    fn label(&mut self, at: &mut Cursor<'t>) -> Fallible<Label> {
        let number = at.handle('l').filter(|n| *n < u32::MAX).ok_or("expected a label")?;
        self.function.labels = self.function.labels.max(number + 1);
        Ok(Label(number))
    }
}

/// The row of a spelling that is no cast.
fn row(name: &str) -> Option<Op> {
    let plain = Op::PLAIN.iter().copied().find(|op| op.name() == name);
    plain.or_else(|| Math::ALL.iter().find(|m| m.name() == name).map(|m| Op::Math(*m)))
}

fn failure(at: &mut Cursor<'_>) -> Fallible<Failure> {
    Ok(match at.word() {
        "zero-step" => Failure::ZeroStep,
        "tuple-index" => Failure::TupleIndex,
        "unassigned" => Failure::Unassigned(at.slot()?),
        "raise" => Failure::Raise(at.number()?),
        "bounds" => Failure::Bounds(at.array()?),
        other => match Complaint::ALL.into_iter().find(|c| c.name() == other) {
            Some(complaint) => Failure::Value(complaint),
            None => return Err(format!("`{other}` is no failure")),
        },
    })
}

fn in_order(number: usize, next: usize) -> Fallible<()> {
    if number == next { Ok(()) } else { Err(format!("number {number} where {next} comes next")) }
}

/// The line up to a `;` that stands outside quotes.
fn without_comment(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            ';' if !quoted => return &line[..i],
            _ => {}
        }
    }
    line
}

/// What is left of a line.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest.trim_start();
        taken
    }

    /// Letters, digits and the signs that names of instructions have.
    fn word(&mut self) -> &'t str {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn maybe(&mut self, token: &str) -> bool {
        let found = self.rest.starts_with(token);
        if found {
            self.take(token.len());
        }
        found
    }

    fn eat(&mut self, token: &str) -> Fallible<()> {
        if self.maybe(token) { Ok(()) } else { Err(format!("expected `{token}` at `{}`", self.rest)) }
    }

    fn end(&mut self) -> Fallible<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(format!("`{}` is too much", self.rest)) }
    }

    fn number<N: std::str::FromStr>(&mut self) -> Fallible<N> {
        let word = self.word();
        word.parse().map_err(|_| format!("`{word}` is no number that fits here"))
    }

    /// A letter with a number after it.
    fn handle(&mut self, letter: char) -> Option<u32> {
        let digits = self.rest.strip_prefix(letter)?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let number = digits[..end].parse().ok()?;
        self.take(end + 1);
        Some(number)
    }

    fn slot(&mut self) -> Fallible<Slot> {
        self.handle('s').map(Slot).ok_or_else(|| "expected a slot".into())
    }

    fn array(&mut self) -> Fallible<Array> {
        self.handle('a').map(Array).ok_or_else(|| "expected an array".into())
    }

    fn scalar_type(&mut self) -> Fallible<ScalarType> {
        let word = self.word();
        ScalarType::from_name(word).ok_or_else(|| format!("`{word}` is no type"))
    }

    fn array_type(&mut self) -> Fallible<ArrayType> {
        self.eat("array(")?;
        let elem = self.scalar_type()?;
        self.eat(",")?;
        let axes = self.word();
        let ndim = axes.strip_suffix('d').and_then(|n| n.parse().ok()).ok_or_else(|| format!("`{axes}` is no number of axes"))?;
        self.eat(",")?;
        let word = self.word();
        let layout = [Layout::C, Layout::F, Layout::A].into_iter().find(|l| l.to_string() == word);
        let layout = layout.ok_or_else(|| format!("`{word}` is no layout"))?;
        let readonly = self.maybe(",");
        if readonly {
            self.eat("readonly")?;
        }
        self.eat(")")?;
        Ok(ArrayType { elem, ndim, layout, readonly })
    }

    /// `[item, …` up to the closing sign.
    fn list<T>(&mut self, close: &str, mut item: impl FnMut(&mut Self) -> Fallible<T>) -> Fallible<Vec<T>> {
        self.eat("[")?;
        let mut items = Vec::new();
        while !self.maybe(close) {
            if !items.is_empty() {
                self.eat(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn constant(&mut self, ty: ScalarType) -> Fallible<Scalar> {
        if ty.is_complex() {
            return Err("a constant is never complex".into());
        }
        let word = self.word();
        let wrong = || format!("`{word}` is no {ty} constant");
        let value = if ty.is_float() {
            let digits = word.strip_prefix("0x").ok_or_else(wrong)?;
            Scalar::from_bits(ty, u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == ty.size() * 2).ok_or_else(wrong)?)
        } else {
            let value: i128 = word.parse().map_err(|_| wrong())?;
            Some(Scalar::int(ty, value)).filter(|s| s.as_int() == value).ok_or_else(wrong)?
        };
        Ok(value)
    }

    fn bytes(&mut self) -> Fallible<Vec<u8>> {
        let digits = self.word().strip_prefix("0x").ok_or("expected the bytes, `0x…`")?.as_bytes();
        let digit = |d: u8| (d as char).to_digit(16).map(|d| d as u8).ok_or("a byte has two hexadecimal digits");
        if digits.len() % 2 != 0 {
            return Err("a byte has two hexadecimal digits".into());
        }
        digits.chunks_exact(2).map(|pair| Ok(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
    }

    fn quoted(&mut self) -> Fallible<String> {
        let mut chars = self.rest.char_indices();
        if chars.next().map(|(_, c)| c) != Some('"') {
            return Err("expected a name in quotes".into());
        }
        let mut name = String::new();
        loop {
            match chars.next().ok_or("the name has no closing quote")? {
                (i, '"') => {
                    self.take(i + 1);
                    return Ok(name);
                }
                (_, '\\') => match chars.next().ok_or("the name ends in a backslash")?.1 {
                    'u' => {
                        let code: String = chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                        let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                        name.push(c.ok_or("no such character")?);
                    }
                    other => name.push(other),
                },
                (_, c) => name.push(c),
            }
        }
    }
}

/// `add`, or `add.imag`.
fn atomic_word(word: &str) -> Option<(AtomicOp, Part)> {
    let found = |(op, part): &(AtomicOp, Part)| word.strip_prefix(op.name()) == Some(part.suffix());
    AtomicOp::ALL.iter().flat_map(|op| Part::ALL.map(|part| (*op, part))).find(found)
}
