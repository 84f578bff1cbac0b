//! `raise` and `assert`: a thread reports an exception of the user's class and ends; the others go on.
//!
//! An exception's class is the host's: the compiler carries the handle that the name's meaning has. Its arguments are constants, kept as the text of a Python tuple.

use super::Lowerer;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Failure, Inst, Kind, Raise, Value};
use crate::names::Meaning;
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{BinaryOp, Expr, ExprKind, Raised};
use crate::types::Scalar;

impl Lowerer {
    pub(super) fn raise_stmt(&mut self, raised: &Raised, span: Span) -> Result<()> {
        let raise = match raised {
            Raised::Assertion(message) => Raise { class: "AssertionError".to_owned(), token: 0, args: self.arguments_text(message.iter())? },
            Raised::Exception(None) => {
                return fault(self.unsupported(span, "`raise` without an exception", Some("name one: `raise ValueError(\"...\")`")));
            }
            Raised::Exception(Some(e)) => self.exception(e)?,
        };
        self.at(span);
        self.throw(raise);
        self.frame().alive = false;
        Ok(())
    }

    /// The thread raises and ends.
    fn throw(&mut self, raise: Raise) {
        let number = self.b.raise(raise);
        if self.options.kind != Kind::Kernel {
            self.b.push(Inst::Fail(Failure::Raise(number)));
        } else {
            self.b.push(Inst::Report(Failure::Raise(number)));
            self.thread_over();
        }
    }

    /// Before a division of Python's, where those by zero raise: the thread raises if the divisor is zero.
    pub(super) fn refuse_zero(&mut self, op: BinaryOp, left: &Val, right: &Val) {
        let divides = matches!(op, BinaryOp::TrueDiv | BinaryOp::FloorDiv | BinaryOp::Mod);
        if !self.options.zero_division || !divides || self.is_library() || !left.is_number() {
            return;
        }
        let is_zero = match right {
            Val::Real(v) | Val::Half(_, v) => self.equals_zero(*v),
            Val::Complex(re, im) => {
                let (re, im) = (self.equals_zero(*re), self.equals_zero(*im));
                self.op(Op::And, &[re, im])
            }
            _ => return,
        };
        if self.known(is_zero).is_some_and(|c| !c.as_bool()) {
            return;
        }
        let text = if op == BinaryOp::Mod { "modulo by zero" } else { "division by zero" };
        self.b.open();
        self.throw(Raise { class: "ZeroDivisionError".to_owned(), token: 0, args: format!("({},)", quoted(text)) });
        let then = self.b.close();
        self.b.push(Inst::If { cond: is_zero, then, otherwise: Vec::new() });
    }

    fn equals_zero(&mut self, value: Value) -> Value {
        let zero = Scalar::zero(self.ty(value));
        let zero = self.constant(zero);
        self.op(Op::Eq, &[value, zero])
    }

    fn exception(&mut self, e: &Expr) -> Result<Raise> {
        let (class, args): (&Expr, &[Expr]) = match &e.kind {
            ExprKind::Call { func, args, keywords } => {
                if let Some((name, value)) = keywords.first() {
                    return self.bad_keyword(&self.text(func.span), name, value.span);
                }
                (func, args)
            }
            _ => (e, &[]),
        };
        let meaning = self.path(class)?.filter(|path| path.rest.is_empty()).map(|path| path.meaning);
        let Some(Meaning::Exception { name, token }) = meaning else {
            let text = self.text(class.span);
            return fault(
                Diagnostic::new(Code::TypeMismatch, class.span, format!("`{text}` is no class of exceptions"))
                    .help("raise a class, or a call of one"),
            );
        };
        Ok(Raise { class: name, token, args: self.arguments_text(args.iter())? })
    }

    /// The arguments as a tuple in Python's spelling.
    fn arguments_text<'e>(&mut self, args: impl Iterator<Item = &'e Expr>) -> Result<String> {
        let mut text = "(".to_owned();
        for arg in args {
            let val = self.expr(arg)?;
            text += &self.literal(&val, arg.span)?;
            text += ",";
        }
        Ok(text + ")")
    }

    fn literal(&self, val: &Val, at: Span) -> Result<String> {
        Ok(match val {
            Val::None => "None".to_owned(),
            Val::Str(text) => quoted(text),
            Val::Tuple(items) => {
                let items = items.iter().map(|item| self.literal(item, at)).collect::<Result<Vec<_>>>()?;
                format!("({})", items.iter().map(|item| format!("{item},")).collect::<String>())
            }
            Val::Real(v) if self.known(*v).is_some() => {
                let c = self.known(*v).expect("just asked");
                match (c.ty().is_float(), c.ty() == crate::types::ScalarType::Bool) {
                    (_, true) => if c.as_bool() { "True" } else { "False" }.to_owned(),
                    (true, _) if c.as_f64().is_finite() => format!("{:?}", c.as_f64()),
                    (true, _) => quoted(&format!("{:?}", c.as_f64()).to_lowercase()),
                    _ => c.as_int().to_string(),
                }
            }
            _ => {
                let d = Diagnostic::new(Code::BadValue, at, "an argument of an exception must be a constant in compiled code");
                return fault(d.help("store the value into an array, and read it after the launch"));
            }
        })
    }
}

/// A string in Python's spelling.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || !c.is_ascii() => out += &format!("\\U{:08x}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}
