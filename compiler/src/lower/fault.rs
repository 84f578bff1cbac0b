//! Why lowering stops, and the wording of faults that several topics share.
//!
//! Owns no decision: the topic files find the faults.

use super::Lowerer;
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Why an expression gave no value.
pub(super) enum Stop {
    /// A fault of the user's function.
    Fault(Box<Diagnostic>),
    /// Control does not get here (on this attempt at a loop).
    Unreachable,
}

pub(super) type Result<T> = std::result::Result<T, Stop>;

impl From<Box<Diagnostic>> for Stop {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Stop::Fault(diagnostic)
    }
}

/// Stops with a diagnostic.
pub(super) fn fault<T>(diagnostic: Box<Diagnostic>) -> Result<T> {
    Err(Stop::Fault(diagnostic))
}

impl Lowerer {
    /// `+` is not defined for these operands.
    pub(super) fn undefined_operator(&self, symbol: &str, left: (&Val, Span), right: (&Val, Span)) -> Box<Diagnostic> {
        let (l, r) = (self.describe(left.0), self.describe(right.0));
        let headline = format!("`{symbol}` is not defined for {l} and {r}");
        let left_is_odd = self.oddness(left.0) > self.oddness(right.0);
        let ((odd, odd_span), (_, other_span), name) = if left_is_odd { (left, right, l) } else { (right, left, r) };
        let d = Diagnostic::new(Code::TypeMismatch, odd_span, headline).label(name).also(other_span, "");
        match odd {
            Val::Array(_) => d.help(format!("index the array (`{}[i]`)", self.text(odd_span))),
            _ => d,
        }
    }

    /// How likely it is that an operand is the one that an operator does not take.
    fn oddness(&self, val: &Val) -> u8 {
        match self.scalar_type(val) {
            None => 3,
            Some(ty) if ty.is_complex() => 2,
            Some(ty) if ty.is_float() => 1,
            Some(_) => 0,
        }
    }

    /// A function does not take this argument.
    pub(super) fn bad_argument(&self, function: &str, val: &Val, span: Span) -> Box<Diagnostic> {
        let name = self.describe(val);
        let d = Diagnostic::new(Code::TypeMismatch, span, format!("`{function}` is not defined for {name}")).label(name);
        match val {
            Val::Array(_) => d.help(format!("index the array (`{}[i]`)", self.text(span))),
            _ => d,
        }
    }

    /// Something that the language does not have.
    pub(super) fn unsupported(&self, span: Span, what: impl std::fmt::Display, help: Option<&str>) -> Box<Diagnostic> {
        let d = Diagnostic::new(Code::UnsupportedSyntax, span, format!("{what} is not supported in compiled code"));
        match help {
            Some(help) => d.help(help),
            None => d,
        }
    }

    /// The text of a span, for use in help.
    pub(super) fn text(&self, span: Span) -> String {
        let text = &self.sources.get(span.source).text;
        text.get(span.start as usize..span.end as usize).unwrap_or("…").to_string()
    }
}

/// The known name most like a wrong one, if one is near enough.
pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    known.filter(|k| *k != wrong).map(|k| (distance(wrong, k), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_name() {
        let known = ["count", "limit", "x"];
        assert_eq!(nearest("cuont", known.into_iter()), Some("count"));
        assert_eq!(nearest("limits", known.into_iter()), Some("limit"));
        assert_eq!(nearest("velocity", known.into_iter()), None);
        assert_eq!(nearest("y", known.into_iter()), Some("x"));
    }
}
