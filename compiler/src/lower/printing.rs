//! `print`: a line taken apart into text and values. How values are spelled is [`crate::print`]'s.

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Args, Inst, Piece};
use crate::source::Span;
use crate::types::ScalarType;

/// Values in one call of `print`, as in CUDA.
const MOST: usize = 32;

impl Lowerer {
    /// `print(args, sep=…, end=…)`, both constant strings.
    pub(super) fn print(&mut self, args: &[Arg], keywords: &[(String, Arg)], span: Span) -> Result<Val> {
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
        for (i, (val, at)) in args.iter().enumerate() {
            if i > 0 {
                text(&mut pieces, &sep);
            }
            self.print_value(val, true, *at, &mut pieces, &mut values)?;
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
