//! Named tuples and vectors: making them by calling their class.

use std::sync::Arc;

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::types::NamedType;

impl Lowerer {
    /// A call of the class of named tuples, or of a vector type.
    pub(super) fn make_named(&mut self, named: &Arc<NamedType>, args: Vec<Arg>, keywords: Vec<(String, Arg)>, span: Span) -> Result<Val> {
        if let Some(elem) = named.vector {
            if let Some((name, (_, at))) = keywords.first() {
                let text = format!("{}() does not take a keyword argument `{name}`", named.name);
                return fault(Diagnostic::new(Code::WrongArguments, *at, text));
            }
            return self.make_vector(named, elem, args, span);
        }
        if args.len() > named.fields.len() {
            return self.wrong_count(&named.name, &super::call::count(named.fields.len()), args.len(), span);
        }
        let mut items: Vec<Option<Val>> = args.into_iter().map(|(val, _)| Some(val)).collect();
        items.resize(named.fields.len(), None);
        for (name, (val, at)) in keywords {
            let Some(i) = named.fields.iter().position(|f| *f == name) else {
                return fault(Diagnostic::new(Code::WrongArguments, at, format!("{} has no field `{name}`", named.name)));
            };
            if items[i].replace(val).is_some() {
                return fault(Diagnostic::new(Code::WrongArguments, at, format!("{}() got two values for `{name}`", named.name)));
            }
        }
        let mut made = Vec::new();
        for (item, field) in items.into_iter().zip(&named.fields) {
            match item {
                Some(val) => made.push(val),
                None => return fault(Diagnostic::new(Code::WrongArguments, span, format!("{}() needs an argument for `{field}`", named.name))),
            }
        }
        Ok(Val::Named(named.clone(), made))
    }

    /// Numbers, and vectors of which each gives its items, as many in all as the vector has.
    fn make_vector(&mut self, named: &Arc<NamedType>, elem: crate::types::ScalarType, args: Vec<Arg>, span: Span) -> Result<Val> {
        let mut items = Vec::new();
        for (val, at) in args {
            let parts = match &val {
                Val::Named(other, parts) if other.vector.is_some() => parts.clone(),
                _ => vec![val],
            };
            for part in parts {
                match self.to_scalar(&part, elem) {
                    Some(converted) => items.push(converted),
                    None => return fault(self.bad_argument(&named.name, &part, at)),
                }
            }
        }
        if items.len() != named.fields.len() {
            let takes = format!("{} values", named.fields.len());
            return self.wrong_count(&named.name, &takes, items.len(), span);
        }
        Ok(Val::Named(named.clone(), items))
    }
}
