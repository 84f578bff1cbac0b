//! Expressions: literals, names, attributes, and the way to the topic files.

use std::sync::Arc;

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::fault::{Result, fault, nearest};
use super::value::{Callee, Val};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::{Constant, Meaning};
use crate::source::Span;
use crate::syntax::{self, BinaryOp, Expr, ExprKind, UnaryOp};
use crate::types::{NamedType, ScalarType};

/// A dotted path with what it means and the attributes that are left over.
pub(super) struct Path<'a> {
    pub(super) meaning: Meaning,
    /// The part of the path that has the meaning, as written.
    pub(super) text: String,
    pub(super) span: Span,
    /// Attributes after it, each with its name's span and the span up to its end.
    pub(super) rest: Vec<(&'a str, Span, Span)>,
}

impl Lowerer {
    /// The value of an expression.
    pub(super) fn expr(&mut self, e: &Expr) -> Result<Val> {
        self.at(e.span);
        match &e.kind {
            ExprKind::Int(Some(i)) => self.integer(*i, e.span),
            ExprKind::Int(None) => self.too_big(e.span),
            ExprKind::Float(x) => Ok(Val::Real(self.float(ScalarType::F64, *x))),
            ExprKind::Imaginary(x) => {
                let re = self.float(ScalarType::F64, 0.0);
                Ok(Val::Complex(re, self.float(ScalarType::F64, *x)))
            }
            ExprKind::Bool(b) => Ok(self.bool(*b)),
            ExprKind::Str(s) => Ok(Val::Str(s.clone())),
            ExprKind::Bytes(b) => Ok(Val::Bytes(b.clone())),
            ExprKind::Format(parts) => self.constant_format(parts, e.span),
            ExprKind::None => Ok(Val::None),
            ExprKind::Name(_) | ExprKind::Attribute { .. } => self.name_or_attribute(e),
            ExprKind::Subscript { value, index } => match self.enum_member(e)? {
                Some((_, constant)) => self.constant_value(&constant, e.span),
                None => self.subscript(value, index, e.span),
            },
            ExprKind::Slice { .. } => fault(self.unsupported(e.span, "a slice outside an index", None)),
            ExprKind::Ellipsis => fault(self.unsupported(e.span, "`...` outside an index", None)),
            ExprKind::Tuple(items) => Ok(Val::Tuple(self.arguments(items)?.into_iter().map(|(val, _)| val).collect())),
            ExprKind::Starred(_) => fault(self.unsupported(e.span, "a starred expression", Some("write the elements one by one"))),
            ExprKind::Binary { op, op_span: _, left, right } => {
                let l = self.expr(left)?;
                let r = self.expr(right)?;
                self.at(e.span);
                // Powers with an integer exponent are multiplications in the base's type as it is.
                let (l, r) =
                    if *op == BinaryOp::Pow && matches!(right.kind, ExprKind::Int(_)) { (l, r) } else { self.weakened((left, l), (right, r)) };
                self.refuse_zero(*op, &l, &r);
                self.binary(*op, (&l, left.span), (&r, right.span), e.span)
            }
            ExprKind::Unary { op, operand } => self.unary(*op, operand, e.span),
            ExprKind::BoolOp { and, values } => self.bool_op(*and, values, e.span),
            ExprKind::Compare { left, rest } => self.compare(left, rest, e.span),
            ExprKind::Call { .. } => self.call(e),
            ExprKind::IfElse { test, then, otherwise } => self.if_else(test, then, otherwise, e.span),
            ExprKind::Function(function) => Ok(self.closure(function)),
            ExprKind::Named { .. } => {
                let u = syntax::named_refused();
                fault(self.unsupported(e.span, &u.what, u.help.as_deref()))
            }
            ExprKind::Unsupported(u) => fault(self.unsupported(e.span, &u.what, u.help.as_deref())),
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr, span: Span) -> Result<Val> {
        if let (UnaryOp::Minus, ExprKind::Int(Some(i))) = (op, &operand.kind) {
            return self.integer(-*i, span);
        }
        if op == UnaryOp::Not {
            let test = self.test(operand)?;
            self.at(span);
            return Ok(self.negated(test));
        }
        let val = self.expr(operand)?;
        self.at(span);
        self.unary_arithmetic(op, &val, operand.span)
    }

    // --- names ---

    /// The path that an expression spells, if it begins with a name that is no variable.
    pub(super) fn path<'a>(&mut self, e: &'a Expr) -> Result<Option<Path<'a>>> {
        let mut attrs = Vec::new();
        let mut at = e;
        let root = loop {
            match &at.kind {
                ExprKind::Attribute { value, attr, attr_span } => {
                    attrs.push((attr.as_str(), *attr_span, at.span));
                    at = value;
                }
                ExprKind::Name(name) => break name,
                _ => return Ok(None),
            }
        };
        if self.is_variable(root) {
            return Ok(None);
        }
        attrs.reverse();
        let definition = self.frame().definition.clone();
        for taken in (0..=attrs.len()).rev() {
            let mut text = root.clone();
            attrs[..taken].iter().for_each(|(attr, ..)| text = format!("{text}.{attr}"));
            if let Some(meaning) = definition.names.get(&text) {
                let span = if taken == 0 { at.span } else { attrs[taken - 1].2 };
                return Ok(Some(Path { meaning: meaning.clone(), text, span, rest: attrs.split_off(taken) }));
            }
        }
        fault(self.undefined(root, at.span))
    }

    fn undefined(&mut self, name: &str, span: Span) -> Box<Diagnostic> {
        let d = Diagnostic::new(Code::UndefinedName, span, format!("`{name}` is not defined"));
        let (definition, parsed) = (self.frame().definition.clone(), self.frame().parsed.clone());
        let names = definition.names.keys().map(|k| k.split('.').next().expect("a first part"));
        let python = builtins::BUILTINS.iter().copied().filter(|b| !b.contains('.'));
        match nearest(name, parsed.variables().chain(names).chain(python)) {
            Some(known) => d.help(format!("did you mean `{known}`?")),
            None => d,
        }
    }

    fn name_or_attribute(&mut self, e: &Expr) -> Result<Val> {
        match self.path(e)? {
            None => match &e.kind {
                ExprKind::Name(name) => self.read(name, e.span),
                ExprKind::Attribute { value, attr, attr_span } => {
                    if let ("value" | "name", Some((name, constant))) = (attr.as_str(), self.enum_member(value)?) {
                        return if attr == "name" { Ok(Val::Str(name)) } else { self.constant_value(&constant, e.span) };
                    }
                    let val = self.expr(value)?;
                    self.at(e.span);
                    self.attribute(&val, attr, *attr_span, value.span)
                }
                _ => unreachable!("called for names and attributes"),
            },
            Some(path) => {
                if let Meaning::Builtin(name) = &path.meaning
                    && !path.rest.is_empty()
                {
                    let full = path.rest.iter().fold(name.clone(), |text, (attr, ..)| format!("{text}.{attr}"));
                    if builtins::find(&full).is_some() {
                        return self.meaning_value(&Meaning::Builtin(full), &path.text, e.span);
                    }
                    let (attr, attr_span, _) = path.rest[0];
                    return fault(Diagnostic::new(Code::NoAttribute, attr_span, format!("`{}` has no attribute `{attr}`", path.text)));
                }
                let mut val = self.meaning_value(&path.meaning, &path.text, path.span)?;
                let mut base = path.span;
                for (attr, attr_span, whole) in path.rest {
                    self.at(whole);
                    val = self.attribute(&val, attr, attr_span, base)?;
                    base = whole;
                }
                Ok(val)
            }
        }
    }

    /// The value that a name of the table stands for.
    pub(super) fn meaning_value(&mut self, meaning: &Meaning, text: &str, span: Span) -> Result<Val> {
        self.at(span);
        let refuse = |what: String| Diagnostic::new(Code::UnsupportedName, span, what);
        let callee = || Val::Function(Arc::new(Callee::Named(meaning.clone(), text.to_owned())));
        match meaning {
            Meaning::Constant(c) => self.constant_value(c, span),
            Meaning::Array(contents) => {
                let key = Arc::as_ptr(contents) as usize;
                let found = self.constant_arrays.iter().find(|(k, _)| *k == key).map(|(_, a)| *a);
                let array = found.unwrap_or_else(|| {
                    let array = self.b.array(text.to_string(), contents.ty, Some(contents.clone()));
                    self.constant_arrays.push((key, array));
                    array
                });
                Ok(Val::Array(array))
            }
            Meaning::Captured(captured) => self.captured(captured, text, span),
            Meaning::Records(ty, shape, leaves) => {
                let mut arrays = Vec::new();
                for (leaf, contents) in ty.leaves().iter().zip(leaves) {
                    let meaning = Meaning::Array(contents.clone());
                    let Val::Array(array) = self.meaning_value(&meaning, &format!("{text}.{}", leaf.path), span)? else { unreachable!("an array") };
                    arrays.push(array);
                }
                arrays.reverse();
                let source = super::view::Source::Records(super::function::records_of(ty, true, &mut arrays));
                let extents = shape.iter().map(|n| self.b.int(*n as i64)).collect();
                Ok(Val::View(Box::new(super::view::whole(source, extents))))
            }
            Meaning::Tuple(items) => {
                let items = items.iter().enumerate().map(|(i, item)| self.meaning_value(item, &format!("{text}[{i}]"), span));
                Ok(Val::Tuple(items.collect::<Result<_>>()?))
            }
            Meaning::Class(_) | Meaning::Type(_) | Meaning::Record(_) | Meaning::Function(_) => Ok(callee()),
            Meaning::Exception { name, .. } => {
                fault(refuse(format!("the exception `{name}` cannot be used as a value")).help(format!("raise it: `raise {text}`")))
            }
            Meaning::Enum { name, .. } => {
                fault(refuse(format!("the class `{name}` cannot be used as a value")).help(format!("take a member: `{text}['name']`")))
            }
            Meaning::Unsupported { what, help } => {
                let d = refuse(format!("{what} cannot be used in compiled code"));
                fault(match help {
                    Some(help) => d.help(help.clone()),
                    None => d,
                })
            }
            Meaning::Builtin(name) => match builtins::find(name) {
                Some(Builtin::Place(geometry)) => {
                    self.in_kernel(text, span)?;
                    Ok(self.geometry(*geometry))
                }
                Some(Builtin::WarpSize) => {
                    let size = self.constant(crate::types::Scalar::int(ScalarType::I64, 32));
                    Ok(Val::Real(size))
                }
                Some(Builtin::Axes) => {
                    self.in_kernel(text, span)?;
                    let mut items = Vec::new();
                    for axis in ["x", "y", "z"] {
                        items.push(self.meaning_value(&Meaning::Builtin(format!("{name}.{axis}")), &format!("{text}.{axis}"), span)?);
                    }
                    Ok(Val::Named(Arc::new(NamedType::axes()), items))
                }
                Some(_) => Ok(callee()),
                None => fault(refuse(format!("`{name}` is not supported in compiled code"))),
            },
        }
    }

    /// The member that `Class['name']` or `Class(value)` is, for a class of enumerations.
    pub(super) fn enum_member(&mut self, e: &Expr) -> Result<Option<(String, Constant)>> {
        let (class, given) = match &e.kind {
            ExprKind::Subscript { value, index } => (value, &**index),
            ExprKind::Call { func, args, keywords } if keywords.is_empty() && args.len() == 1 => (func, &args[0]),
            _ => return Ok(None),
        };
        let Some(Path { meaning: Meaning::Enum { name, members }, rest, .. }) = self.path(class)? else { return Ok(None) };
        if !rest.is_empty() {
            return Ok(None);
        }
        let by_name = matches!(e.kind, ExprKind::Subscript { .. });
        let val = self.expr(given)?;
        let mut found = None;
        for (member, constant) in &members {
            let is_it = match &val {
                Val::Str(text) if by_name => Some(text == member),
                _ if by_name => break,
                val => {
                    let own = self.constant_value(constant, given.span)?;
                    self.always_equal(val, &own, given.span)?
                }
            };
            match is_it {
                Some(true) => {
                    // The first of that value; others are aliases of it.
                    found = members.iter().find(|(_, own)| own == constant).cloned();
                    break;
                }
                Some(false) => {}
                None => {
                    let d = Diagnostic::new(Code::BadValue, given.span, format!("`{name}(...)` needs a constant"));
                    return fault(d.help("compare the number with the members"));
                }
            }
        }
        if found.is_none() {
            let what = if by_name { "named so" } else { "of that value" };
            let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            return fault(
                Diagnostic::new(Code::BadValue, given.span, format!("`{name}` has no member {what}")).note(format!("it has {}", names.join(", "))),
            );
        }
        Ok(found)
    }

    // --- attributes ---

    /// `value.attr` as a place to write to; `None` if it is the attribute of what has none.
    pub(super) fn attribute_spot(&mut self, value: &Expr, attr: &str, attr_span: Span, span: Span) -> Result<Option<super::arrays::Spot>> {
        let base = self.expr(value)?;
        self.at(span);
        match self.view_of(&base) {
            Some(view) => self.view_attribute(&view, attr, attr_span, value.span, span).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn attribute(&mut self, val: &Val, attr: &str, attr_span: Span, base: Span) -> Result<Val> {
        match (val, attr) {
            (Val::Complex(re, _), "real") => Ok(Val::Real(*re)),
            (Val::Complex(_, im), "imag") => Ok(Val::Real(*im)),
            (Val::Real(_), "real") => Ok(val.clone()),
            (Val::Real(v), "imag") => {
                let zero = crate::types::Scalar::zero(self.ty(*v));
                Ok(Val::Real(self.constant(zero)))
            }
            (Val::Function(callee), "type" | "itemsize") if let Callee::Named(Meaning::Type(ty), _) = &**callee => match attr {
                "type" => Ok(val.clone()),
                _ => Ok(Val::Real(self.b.int(ty.size() as i64))),
            },
            (Val::Function(callee), "itemsize") if let Callee::Named(Meaning::Record(ty), _) = &**callee => Ok(Val::Real(self.b.int(ty.size as i64))),
            (Val::Real(_) | Val::Half(..) | Val::Complex(..) | Val::Time(..), "dtype") => {
                let ty = self.scalar_type(val).expect("a number");
                Ok(Val::Function(Arc::new(Callee::Named(Meaning::Type(ty), "dtype".to_owned()))))
            }
            (Val::Named(named, items), _) if let Some(i) = named.fields.iter().position(|f| f == attr) => Ok(items[i].clone()),
            _ if let Some(view) = self.view_of(val) => {
                let span = Span { start: base.start, ..attr_span };
                let spot = self.view_attribute(&view, attr, attr_span, base, span)?;
                Ok(self.value_of(spot))
            }
            _ => {
                let name = self.describe(val);
                let d = Diagnostic::new(Code::NoAttribute, attr_span, format!("{name} has no attribute `{attr}`"));
                fault(d.also(base, name))
            }
        }
    }
}
