//! What a `for` loop goes over besides a plain `range`: arrays, tuples, `enumerate`, `zip`, `reversed`, and these in each other.
//!
//! A sequence has a length and an item at each place. If the length is known because a tuple is in it alone, the loop is unrolled and items may differ in type; otherwise
//! one counter runs, and items of tuples are chosen by it. The loops themselves are [`super::ranges`]'.

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::fault::{Result, fault};
use super::value::Val;
use super::view::View;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Value;
use crate::names::Meaning;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::types::ScalarType;

/// What a loop goes over.
pub(super) enum Sequence {
    Items(Vec<Val>, Span),
    /// The first axis of an array.
    Rows(View<Value>, Span),
    /// First, step and number of values.
    Range {
        start: Value,
        step: Value,
        count: Value,
        variable: ScalarType,
    },
    Enumerate(Box<Sequence>, Val, Span),
    Zip(Vec<Sequence>),
    Reversed(Box<Sequence>),
}

/// A place in a sequence.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Known(usize),
    Counted(Value),
}

impl Sequence {
    /// The number of items, if only tuples decide it.
    pub(super) fn known_length(&self) -> Option<usize> {
        match self {
            Sequence::Items(items, _) => Some(items.len()),
            Sequence::Rows(..) | Sequence::Range { .. } => None,
            Sequence::Enumerate(inner, ..) | Sequence::Reversed(inner) => inner.known_length(),
            Sequence::Zip(all) => all.iter().map(Sequence::known_length).collect::<Option<Vec<_>>>().map(|n| n.into_iter().min().unwrap_or(0)),
        }
    }
}

impl Lowerer {
    /// The builtin that a call calls, if it is one of those that make sequences.
    pub(super) fn called_builtin(&mut self, e: &Expr) -> Result<Option<Builtin>> {
        let ExprKind::Call { func, .. } = &e.kind else { return Ok(None) };
        let Some(path) = self.path(func)? else { return Ok(None) };
        Ok(match &path.meaning {
            Meaning::Builtin(name) if path.rest.is_empty() => builtins::find(name).copied(),
            _ => None,
        })
    }

    /// What an expression gives to go over.
    pub(super) fn sequence(&mut self, e: &Expr) -> Result<Sequence> {
        if let ExprKind::Call { args, keywords, .. } = &e.kind {
            let builtin = self.called_builtin(e)?;
            match builtin {
                Some(Builtin::Range) => return self.range_sequence(args, keywords, e.span),
                Some(Builtin::Enumerate) => {
                    let start = match (&args[..], &keywords[..]) {
                        ([_, start], []) => self.expr(start)?,
                        ([_], [(name, start)]) if name == "start" => self.expr(start)?,
                        ([_], []) => self.integer(0, e.span)?,
                        _ => return self.wrong_count("enumerate", "one or two arguments", args.len() + keywords.len(), e.span),
                    };
                    if !matches!(&start, Val::Real(v) if self.ty(*v).is_integer()) {
                        return fault(self.bad_argument("enumerate", &start, e.span));
                    }
                    let inner = self.sequence(&args[0])?;
                    return Ok(Sequence::Enumerate(Box::new(inner), start, e.span));
                }
                Some(Builtin::Zip) if keywords.is_empty() => {
                    return Ok(Sequence::Zip(args.iter().map(|a| self.sequence(a)).collect::<Result<_>>()?));
                }
                Some(Builtin::Reversed) => match &args[..] {
                    [one] if keywords.is_empty() => return Ok(Sequence::Reversed(Box::new(self.sequence(one)?))),
                    _ => return self.wrong_count("reversed", "one argument", args.len() + keywords.len(), e.span),
                },
                _ => {}
            }
        }
        let val = self.expr(e)?;
        if let Some(items) = val.items() {
            return Ok(Sequence::Items(items.to_vec(), e.span));
        }
        match self.view_of(&val) {
            Some(view) if view.ndim() > 0 => Ok(Sequence::Rows(view, e.span)),
            _ => {
                let name = self.describe(&val);
                let d = Diagnostic::new(Code::TypeMismatch, e.span, format!("{name} cannot be looped over in compiled code")).label(name);
                fault(match val {
                    Val::Real(_) => d.help(format!("`range({})` counts up to it", self.text(e.span))),
                    _ => d,
                })
            }
        }
    }

    /// Number of items, int64.
    pub(super) fn length_of(&mut self, sequence: &Sequence) -> Value {
        match sequence {
            Sequence::Items(items, _) => self.b.int(items.len() as i64),
            Sequence::Rows(view, _) => view.extents[0],
            Sequence::Range { count, .. } => *count,
            Sequence::Enumerate(inner, ..) | Sequence::Reversed(inner) => self.length_of(inner),
            Sequence::Zip(all) => {
                let lengths: Vec<Value> = all.iter().map(|s| self.length_of(s)).collect();
                let zero = self.b.int(0);
                lengths.into_iter().reduce(|a, b| self.op(Op::Min, &[a, b])).unwrap_or(zero)
            }
        }
    }

    /// The item at a place, which is in bounds.
    pub(super) fn item_of(&mut self, sequence: &Sequence, place: Place, span: Span) -> Result<Val> {
        let counted = |this: &mut Self| match place {
            Place::Known(i) => this.b.int(i as i64),
            Place::Counted(i) => i,
        };
        match sequence {
            Sequence::Items(items, at) => match place {
                Place::Known(i) => Ok(items[i].clone()),
                Place::Counted(i) => self.item_at(items, i, *at, *at),
            },
            Sequence::Rows(view, at) => {
                let i = counted(self);
                if view.ndim() == 1 {
                    let spot = self.element_at(view, &[i], true, *at, *at);
                    return Ok(self.value_of(spot));
                }
                Ok(Val::View(Box::new(self.fix(view, 0, i))))
            }
            Sequence::Range { start, step, variable, .. } => {
                let i = counted(self);
                let i = self.cast(i, self.ty(*start));
                let by = self.op(Op::Mul, &[i, *step]);
                let value = self.op(Op::Add, &[*start, by]);
                Ok(Val::Real(self.cast(value, *variable)))
            }
            Sequence::Enumerate(inner, start, at) => {
                let i = Val::Real(counted(self));
                let number = self.binary(crate::syntax::BinaryOp::Add, (start, *at), (&i, *at), span)?;
                Ok(Val::Tuple(vec![number, self.item_of(inner, place, span)?]))
            }
            Sequence::Zip(all) => Ok(Val::Tuple(all.iter().map(|s| self.item_of(s, place, span)).collect::<Result<_>>()?)),
            Sequence::Reversed(inner) => {
                let place = match (place, inner.known_length()) {
                    (Place::Known(i), Some(n)) => Place::Known(n - 1 - i),
                    _ => {
                        let (i, n, one) = (counted(self), self.length_of(inner), self.b.int(1));
                        let last = self.op(Op::Sub, &[n, one]);
                        Place::Counted(self.op(Op::Sub, &[last, i]))
                    }
                };
                self.item_of(inner, place, span)
            }
        }
    }
}
