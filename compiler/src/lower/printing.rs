//! `print`: a line taken apart into text and values. How values are spelled is [`crate::print`]'s.

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Args, Inst, Piece};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, FormatPart};
use crate::types::ScalarType;

/// Values in one call of `print`, as in CUDA.
const MOST: usize = 32;

/// An argument of `print`: what of it stands side by side (an f-string has several parts), and whether as `str` shows it, not `repr`.
pub(super) type Shown = Vec<(Val, bool, Span)>;

impl Lowerer {
    /// `print(args, sep=…, end=…)`, both constant strings.
    pub(super) fn print(&mut self, args: &[Shown], keywords: &[(String, Arg)], span: Span) -> Result<Val> {
        self.in_kernel("print", span)?;
        let (mut sep, mut end) = (" ".to_owned(), "\n".to_owned());
        for (name, (val, at)) in keywords {
            match (name.as_str(), val) {
                ("sep", Val::Str(text)) => sep = text.clone(),
                ("end", Val::Str(text)) => end = text.clone(),
                ("sep" | "end", Val::None) | ("flush", _) => {}
                ("sep" | "end", _) => return fault(self.bad_argument("print", val, *at)),
                _ => {
                    return fault(Diagnostic::new(
                        Code::WrongArguments,
                        *at,
                        format!("print() does not take a keyword argument `{name}` in compiled code"),
                    ));
                }
            }
        }
        let (mut pieces, mut values) = (Vec::new(), Args::new());
        for (i, parts) in args.iter().enumerate() {
            if i > 0 {
                text(&mut pieces, &sep);
            }
            for (val, outside, at) in parts {
                self.print_value(val, *outside, *at, &mut pieces, &mut values)?;
            }
        }
        text(&mut pieces, &end);
        if values.len() > MOST {
            return fault(self.unsupported(
                span,
                format!("printing {} numbers at once (the limit is {MOST})", values.len()),
                Some("print them in several calls"),
            ));
        }
        self.b.push(Inst::Print { pieces: pieces.into(), values });
        Ok(Val::None)
    }

    /// The arguments of `print`, with the parts of f-strings.
    pub(super) fn shown(&mut self, args: &[Expr]) -> Result<Vec<Shown>> {
        let mut all = Vec::new();
        for arg in args {
            match &arg.kind {
                ExprKind::Format(parts) => {
                    let parts = parts.iter().map(|part| Ok((self.expr(&part.value)?, !part.repr, part.value.span)));
                    all.push(parts.collect::<Result<Shown>>()?);
                }
                _ => all.extend(self.arguments(std::slice::from_ref(arg))?.into_iter().map(|(val, at)| vec![(val, true, at)])),
            }
        }
        Ok(all)
    }

    /// An f-string as a value: a constant string, of constants.
    pub(super) fn constant_format(&mut self, parts: &[FormatPart], span: Span) -> Result<Val> {
        let mut text = String::new();
        for part in parts {
            let val = self.expr(&part.value)?;
            match &val {
                Val::Str(s) if !part.repr => text.push_str(s),
                Val::Str(_) | Val::Bytes(_) => text.push_str(&repr(&val)),
                Val::None => text.push_str("None"),
                Val::Real(v) if let Some(constant) = self.known(*v) => text.push_str(&crate::print::scalar(constant)),
                _ => {
                    let d = self.unsupported(part.value.span, format!("an f-string with {}, outside `print`,", self.describe(&val)), None);
                    return fault(d.also(span, "").help("a string has to be known when the function is compiled; `print(f\"...\")` shows values"));
                }
            }
        }
        Ok(Val::Str(text))
    }

    /// `outside`: not in a tuple, where strings stand in quotes.
    fn print_value(&mut self, val: &Val, outside: bool, at: Span, pieces: &mut Vec<Piece>, values: &mut Args) -> Result<()> {
        match val {
            Val::None => text(pieces, "None"),
            Val::Str(s) if outside => text(pieces, s),
            Val::Str(s) => text(pieces, &quoted(s)),
            Val::Bytes(bytes) => text(pieces, &spelled(bytes)),
            Val::Real(v) => {
                pieces.push(Piece::Value);
                values.push(*v);
            }
            Val::Half(ty, v) => {
                pieces.push(Piece::Half(*ty));
                values.push(*v);
            }
            Val::Time(ty @ ScalarType::TimeDelta(_), v) => {
                pieces.push(Piece::Time(*ty));
                values.push(*v);
            }
            Val::Complex(re, im) => {
                pieces.push(Piece::Complex);
                values.extend([*re, *im]);
            }
            Val::Tuple(items) => {
                text(pieces, "(");
                for (i, item) in items.iter().enumerate() {
                    text(pieces, if i > 0 { ", " } else { "" });
                    self.print_value(item, false, at, pieces, values)?;
                }
                text(pieces, if items.len() == 1 { ",)" } else { ")" });
            }
            // CUDA's dim3, as Numba prints it.
            Val::Named(named, items) if named.is_axes() => self.print_value(&Val::Tuple(items.clone()), outside, at, pieces, values)?,
            Val::Named(named, items) => {
                text(pieces, &format!("{}(", named.name));
                for (i, (field, item)) in named.fields.iter().zip(items).enumerate() {
                    text(pieces, &format!("{}{field}=", if i > 0 { ", " } else { "" }));
                    self.print_value(item, false, at, pieces, values)?;
                }
                text(pieces, ")");
            }
            Val::Array(_) | Val::View(_) | Val::Time(..) | Val::Function(_) | Val::Grid => {
                let d = self.bad_argument("print", val, at);
                return fault(d);
            }
        }
        Ok(())
    }
}

fn text(pieces: &mut Vec<Piece>, more: &str) {
    match pieces.last_mut() {
        _ if more.is_empty() => {}
        Some(Piece::Text(text)) => text.push_str(more),
        _ => pieces.push(Piece::Text(more.to_owned())),
    }
}

/// A constant string or bytes as `repr`.
pub(super) fn repr(val: &Val) -> String {
    match val {
        Val::Str(s) => quoted(s),
        Val::Bytes(bytes) => spelled(bytes),
        _ => unreachable!("no text"),
    }
}

/// As `repr`, for strings without control characters.
fn quoted(s: &str) -> String {
    if s.contains('\'') && !s.contains('"') { format!("\"{s}\"") } else { format!("'{}'", s.replace('\\', "\\\\").replace('\'', "\\'")) }
}

/// Bytes as Python spells them.
fn spelled(bytes: &[u8]) -> String {
    let double = bytes.contains(&b'\'') && !bytes.contains(&b'"');
    let quote = if double { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\'' if double => text.push('\''),
            b'"' => text.push('"'),
            other => text.extend(other.escape_ascii().map(char::from)),
        }
    }
    text.push(quote);
    text
}
