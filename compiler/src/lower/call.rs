//! Calls: what is called, its arguments, and the inlining of other compiled functions.
//!
//! A called function is lowered in place for the types of its arguments, which are bound as they are. Built-in functions are in [`super::library`].

use std::sync::Arc;

use super::Lowerer;
use super::builtins;
use super::elementwise::Reduction;
use super::fault::{Result, Stop, fault};
use super::value::{Callee, Closure, Val};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Value;
use crate::names::{Declared, Definition, Meaning};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Param};
use crate::types::{Layout, Loss, Type};

/// Functions inlined into each other at most this deep.
const DEEPEST: usize = 64;

/// An argument and where it is written.
pub(super) type Arg = (Val, Span);

impl Lowerer {
    pub(super) fn call(&mut self, e: &Expr) -> Result<Val> {
        let (ExprKind::Call { func, args, keywords }, span) = (&e.kind, e.span) else { unreachable!("called for calls") };
        if let Some((_, constant)) = self.enum_member(e)? {
            return self.constant_value(&constant, span);
        }
        let Some(path) = self.path(func)? else { return self.call_value(func, args, keywords, span) };
        if !path.rest.is_empty() && !matches!(path.meaning, Meaning::Unsupported { .. }) {
            if let Meaning::Builtin(name) = &path.meaning {
                let full = path.rest.iter().fold(name.clone(), |text, (attr, ..)| format!("{text}.{attr}"));
                if builtins::find(&full).is_some() {
                    let text = self.text(func.span);
                    return self.call_builtin(&full, &text, func.span, args, keywords, span);
                }
            }
            return self.method(func, args, keywords, span);
        }
        let text = if let Meaning::Builtin(_) = &path.meaning { self.text(func.span) } else { path.text };
        self.call_meaning(&path.meaning, &text, path.span, args, keywords, span)
    }

    /// A call of what a name of the table stands for; `at` is where that is written.
    fn call_meaning(&mut self, meaning: &Meaning, text: &str, at: Span, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        match meaning {
            Meaning::Builtin(name) => self.call_builtin(name, text, at, args, keywords, span),
            Meaning::Type(ty) => {
                self.no_keywords(text, keywords)?;
                let args = self.arguments(args)?;
                self.at(span);
                self.convert_call(text, *ty, &args, span)
            }
            Meaning::Class(named) => {
                let named = named.clone();
                let args = self.arguments(args)?;
                let keywords = self.keyword_arguments(keywords)?;
                self.at(span);
                self.make_named(&named, args, keywords, span)
            }
            Meaning::Function(callee) => {
                let callee = callee.clone();
                let args = self.arguments(args)?;
                let named = self.keyword_arguments(keywords)?;
                self.at(span);
                self.call_function(callee, args, named, span)
            }
            Meaning::Constant(_) | Meaning::Array(_) | Meaning::Captured(_) | Meaning::Records(..) | Meaning::Tuple(_) => {
                let val = self.meaning_value(meaning, text, at)?;
                self.not_callable(&val, at)
            }
            Meaning::Enum { .. } => {
                let mut all = self.arguments(args)?;
                let (Some((_, first)), 0) = (all.pop(), all.len()) else { return self.wrong_count(text, "one value", args.len(), span) };
                fault(Diagnostic::new(Code::BadValue, first, format!("`{text}(...)` needs a constant")))
            }
            Meaning::Record(_) => {
                let val = self.meaning_value(meaning, text, at)?;
                self.not_callable(&val, at)
            }
            Meaning::Exception { .. } | Meaning::Unsupported { .. } => self.meaning_value(meaning, text, at),
        }
    }

    fn call_builtin(&mut self, name: &str, text: &str, at: Span, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        let Some(builtin) = builtins::find(name) else {
            return fault(Diagnostic::new(Code::UnsupportedName, at, format!("`{name}` is not supported in compiled code")));
        };
        if *builtin == builtins::Builtin::Print {
            let shown = self.shown(args)?;
            let keywords = self.keyword_arguments(keywords)?;
            self.at(span);
            return self.print(&shown, &keywords, span);
        }
        if *builtin == builtins::Builtin::IsClose {
            return self.is_close(text, args, keywords, span);
        }
        if let builtins::Builtin::BlockArray { shared } = builtin {
            return self.block_array(*shared, text, args, keywords, span);
        }
        if *builtin == builtins::Builtin::ByType {
            return self.by_type(args);
        }
        if *builtin == builtins::Builtin::IsInstance {
            self.no_keywords(text, keywords)?;
            return self.is_instance(text, args, span);
        }
        let mut args: Vec<Option<Arg>> = self.arguments(args)?.into_iter().map(Some).collect();
        for (keyword, e) in keywords {
            let place = builtins::keyword_position(builtin, keyword).filter(|i| *i <= args.len() || builtins::has_gaps(builtin));
            let Some(place) = place.filter(|i| args.get(*i).is_none_or(Option::is_none)) else { return self.bad_keyword(text, keyword, e.span) };
            if args.len() <= place {
                args.resize(place + 1, None);
            }
            args[place] = Some((self.expr(e)?, e.span));
        }
        let args: Vec<Arg> = args.into_iter().map(|arg| arg.unwrap_or((Val::None, span))).collect();
        self.at(span);
        self.builtin(*builtin, text, &args, at, span)
    }

    /// Values of arguments, in order; a starred tuple stands for its items.
    pub(super) fn arguments(&mut self, args: &[Expr]) -> Result<Vec<Arg>> {
        let mut all = Vec::new();
        for arg in args {
            let ExprKind::Starred(value) = &arg.kind else {
                all.push((self.expr(arg)?, arg.span));
                continue;
            };
            let val = self.expr(value)?;
            let Some(items) = val.items() else {
                let name = self.describe(&val);
                let d = Diagnostic::new(Code::TypeMismatch, value.span, format!("{name} cannot be unpacked")).label(name);
                return fault(d.help("`*` takes a tuple: how many items there are is known when the function is compiled"));
            };
            all.extend(items.iter().map(|item| (item.clone(), arg.span)));
        }
        Ok(all)
    }

    fn keyword_arguments(&mut self, keywords: &[(String, Expr)]) -> Result<Vec<(String, Arg)>> {
        keywords.iter().map(|(name, e)| Ok((name.clone(), (self.expr(e)?, e.span)))).collect()
    }

    fn no_keywords(&self, text: &str, keywords: &[(String, Expr)]) -> Result<()> {
        match keywords.first() {
            None => Ok(()),
            Some((name, e)) => self.bad_keyword(text, name, e.span),
        }
    }

    pub(super) fn bad_keyword<T>(&self, function: &str, keyword: &str, span: Span) -> Result<T> {
        fault(Diagnostic::new(Code::WrongArguments, span, format!("{function}() does not take a keyword argument `{keyword}` in compiled code")))
    }

    pub(super) fn wrong_count<T>(&self, function: &str, takes: &str, given: usize, span: Span) -> Result<T> {
        fault(wrong_count(function, takes, given, span))
    }

    /// A call of what an expression gives: a nested function, or an attribute of a value.
    fn call_value(&mut self, func: &Expr, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        if let ExprKind::Attribute { .. } = &func.kind {
            return self.method(func, args, keywords, span);
        }
        match self.expr(func)? {
            Val::Function(callee) => match &*callee {
                Callee::Named(meaning, text) => self.call_meaning(meaning, text, func.span, args, keywords, span),
                Callee::Nested(closure) => {
                    let args = self.arguments(args)?;
                    let named = self.keyword_arguments(keywords)?;
                    self.at(span);
                    self.call_closure(closure, args, named, span)
                }
            },
            val => self.not_callable(&val, func.span),
        }
    }

    fn not_callable<T>(&self, val: &Val, span: Span) -> Result<T> {
        let name = self.describe(val);
        fault(Diagnostic::new(Code::TypeMismatch, span, format!("{name} cannot be called")).label(name))
    }

    /// A call of an attribute of a value: `z.conjugate()`.
    fn method(&mut self, func: &Expr, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        let ExprKind::Attribute { value, attr, attr_span } = &func.kind else {
            let val = self.expr(func)?;
            return self.not_callable(&val, func.span);
        };
        let val = self.expr(value)?;
        if let (Val::Function(_), "type") = (&val, attr.as_str())
            && let Val::Function(callee) = self.attribute(&val, attr, *attr_span, value.span)?
            && let Callee::Named(meaning, _) = &*callee
        {
            // `a.dtype.type(x)`
            return self.call_meaning(meaning, &self.text(func.span), func.span, args, keywords, span);
        }
        let order = match keywords {
            [(name, e)] if name == "order" && matches!(attr.as_str(), "ravel" | "reshape") => Some((self.expr(e)?, e.span)),
            _ => {
                self.no_keywords(attr, keywords)?;
                None
            }
        };
        self.at(span);
        match attr.as_str() {
            "conjugate" if val.is_number() => match args {
                [] => Ok(self.conjugate(&val)),
                _ => self.wrong_count("conjugate", "no arguments", args.len(), span),
            },
            "sync" if val == Val::Grid => {
                let given = self.arguments(args)?;
                self.at(span);
                self.grid_sync(&given, span)
            }
            _ if let Some(view) = self.view_of(&val) => {
                if let (Some(what), []) = (Reduction::find(attr), args) {
                    return self.reduction(what, attr, &view, span);
                }
                let given = self.arguments(args)?;
                self.at(span);
                if let ("item", [_, ..] | []) = (attr.as_str(), &given[..]) {
                    let zero = self.b.int(0);
                    let index: Vec<Value> = match given.len() {
                        0 => view.extents.iter().map(|_| zero).collect(),
                        _ => given.iter().map(|(v, at)| self.index_value(v, *at)).collect::<Result<_>>()?,
                    };
                    if index.len() == view.ndim() {
                        let spot = self.element_at(&view, &index, false, span, value.span);
                        return Ok(self.value_of(spot));
                    }
                }
                if let Some(made) = self.view_method(&view, attr, &given, order.as_ref(), span)? {
                    return Ok(made);
                }
                let name = self.describe(&val);
                let d = Diagnostic::new(Code::NoAttribute, *attr_span, format!("{name} has no method `{attr}` in compiled code"));
                let d = d.also(value.span, name);
                fault(match attr.as_str() {
                    _ if Reduction::find(attr).is_some() => d.help("it takes no arguments: loop over the axis"),
                    "copy" | "flatten" | "repeat" | "tolist" => {
                        d.help("a kernel makes no arrays: copy elements in a loop to one that is passed, or to a cuda.local.array")
                    }
                    "astype" => d.help("a kernel makes no arrays: convert elements, `float32(a[i])`"),
                    "fill" => d.help("assign to all elements: `a[:] = value`"),
                    "sort" | "argsort" => d.help("write the loops of a sorting network, or sort outside the kernel"),
                    "dot" => d.help("write the loop: `total += a[i] * b[i]`"),
                    "tobytes" | "ctypes" => d.help("kernels have no addresses: index the array"),
                    _ => d,
                })
            }
            _ => {
                let given = self.arguments(args)?;
                self.at(span);
                if let Some(made) = self.number_method(&val, attr, &given, span)? {
                    return Ok(made);
                }
                let name = self.describe(&val);
                let d = Diagnostic::new(Code::NoAttribute, *attr_span, format!("{name} has no method `{attr}` in compiled code"));
                let d = d.also(value.span, name);
                fault(if matches!(val, Val::Str(_)) && attr == "format" {
                    d.help("show values by `print(f\"...\")`, or give them to `print`")
                } else {
                    d
                })
            }
        }
    }

    // --- compiled functions ---

    fn call_function(&mut self, callee: Arc<Definition>, args: Vec<Arg>, named: Vec<(String, Arg)>, span: Span) -> Result<Val> {
        let callee = self.with_names(callee);
        if self.frames.len() >= DEEPEST {
            let text = format!("`{}` is called through more than {DEEPEST} functions", callee.name);
            return fault(Diagnostic::new(Code::Recursion, span, text));
        }
        let parsed = match self.parse(&callee) {
            Ok(parsed) => parsed,
            Err(Stop::Fault(d)) => return fault(self.called(d, span, &args)),
            Err(stop) => return Err(stop),
        };
        let bound = self.bind(&callee, &parsed, args, named, span)?;
        let (bound, returns) = self.to_declared(&callee, bound, span)?;
        let result = if self.is_recursive(&callee) {
            self.call_recursive(&callee, &parsed, &bound, span)?
        } else {
            self.inline(&callee, &parsed, None, bound, span)?
        };
        match returns {
            Some(ty) => self.to_type(&result, &ty, span),
            None => Ok(result),
        }
    }

    fn call_closure(&mut self, closure: &Closure, args: Vec<Arg>, named: Vec<(String, Arg)>, span: Span) -> Result<Val> {
        if self.frames.iter().any(|f| Arc::ptr_eq(&f.parsed, &closure.parsed)) || self.frames.len() >= DEEPEST {
            let text = format!("`{}`, a function inside another, calls itself, which compiled code cannot do", closure.definition.name);
            return fault(
                Diagnostic::new(Code::Recursion, span, text).help("put it outside, decorated with `@cuda.jit(device=True)`, or write it as a loop"),
            );
        }
        if !self.frames.iter().any(|f| f.id == closure.frame) {
            let text = format!("`{}` is called after the function it stands in has returned", closure.definition.name);
            return fault(Diagnostic::new(Code::UnsupportedSyntax, span, text).help("pass what it uses as arguments"));
        }
        let bound = self.bind(&closure.definition, &closure.parsed, args, named, span)?;
        self.inline(&closure.definition, &closure.parsed, Some(closure.frame), bound, span)
    }

    /// Lowers the body here; a fault in it says with what it was called.
    fn inline(
        &mut self,
        callee: &Arc<Definition>,
        parsed: &Arc<super::function::Parsed>,
        outer: Option<u32>,
        bound: Vec<Arg>,
        span: Span,
    ) -> Result<Val> {
        let inlined = self.activation(callee.clone(), parsed.clone(), outer, bound.iter().map(|(v, _)| v.clone()).collect(), None);
        self.at(span);
        match inlined {
            Err(Stop::Fault(d)) => fault(self.called(d, span, &bound)),
            other => other,
        }
    }

    pub(super) fn called(&self, d: Box<Diagnostic>, span: Span, args: &[Arg]) -> Box<Diagnostic> {
        let types: Vec<String> = args.iter().map(|(v, _)| self.describe(v)).collect();
        d.also(span, format!("called here with ({})", types.join(", ")))
    }

    /// Arguments in the order of the parameters.
    fn bind(
        &mut self,
        callee: &Arc<Definition>,
        parsed: &Arc<super::function::Parsed>,
        args: Vec<Arg>,
        named: Vec<(String, Arg)>,
        span: Span,
    ) -> Result<Vec<Arg>> {
        let mut args = args;
        let params = &parsed.function.params;
        let rest = params.iter().position(|p| p.is_rest);
        let left = rest.map(|at| args.split_off(at.min(args.len())));
        let by_place = by_place(params);
        if args.len() > by_place {
            let d = wrong_count(&callee.name, &count(by_place), args.len(), span);
            let d = d.also(parsed.function.name_span, "");
            return fault(match params.get(by_place) {
                Some(param) => d.help(format!("`{}` is given by keyword: `{}=...`", param.name, param.name)),
                None => d,
            });
        }
        let mut bound: Vec<Option<Arg>> = args.into_iter().map(Some).collect();
        bound.resize(params.len(), None);
        for (name, arg) in named {
            let Some(i) = params.iter().position(|p| p.name == name && !p.is_rest) else {
                let d = Diagnostic::new(Code::WrongArguments, arg.1, format!("{}() has no parameter `{name}`", callee.name));
                return fault(d.also(parsed.function.name_span, ""));
            };
            if bound[i].is_some() {
                return fault(Diagnostic::new(Code::WrongArguments, arg.1, format!("{}() got two values for `{name}`", callee.name)));
            }
            bound[i] = Some(arg);
        }
        if let (Some(at), Some(left)) = (rest, left) {
            bound[at] = Some((Val::Tuple(left.into_iter().map(|(val, _)| val).collect()), span));
        }
        let mut all = Vec::new();
        for (i, arg) in bound.into_iter().enumerate() {
            match arg {
                Some(arg) => all.push(arg),
                None => {
                    let val = self.default(callee, parsed, i, span)?;
                    all.push((val, span));
                }
            }
        }
        Ok(all)
    }

    /// Arguments as the types that their function was declared with, and the declared type of its result. Of several declarations the one that loses least is taken, the first of equals.
    fn to_declared(&mut self, callee: &Definition, mut args: Vec<Arg>, span: Span) -> Result<(Vec<Arg>, Option<Type>)> {
        if callee.declared.is_empty() {
            return Ok((args, None));
        }
        let cost = |this: &Self, declared: &Declared| {
            let mut costs = args.iter().zip(&declared.args).map(|((val, _), ty)| this.conversion(val, ty));
            costs.try_fold([0; 3], |sum: [u32; 3], cost| {
                let mut sum = sum;
                if let Some(kind) = cost? {
                    sum[kind as usize] += 1;
                }
                Some(sum)
            })
        };
        let best = callee.declared.iter().filter_map(|d| Some((cost(self, d)?, d))).min_by_key(|(cost, _)| *cost);
        let Some((_, best)) = best else {
            let given: Vec<String> = args.iter().map(|(val, _)| self.describe(val)).collect();
            let types = |declared: &Declared| declared.args.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
            let all: Vec<String> = callee.declared.iter().map(|d| format!("({})", types(d))).collect();
            let text = format!("{}() is declared to take {}, which ({}) does not convert to", callee.name, all.join(" or "), given.join(", "));
            return fault(Diagnostic::new(Code::TypeMismatch, span, text));
        };
        for ((val, at), ty) in args.iter_mut().zip(&best.args) {
            self.at(*at);
            *val = self.as_declared(val, ty);
        }
        Ok((args, best.returns.clone()))
    }

    /// What a value loses where it is converted to a declared type: nothing at all, if it need not be. `None`: it is not.
    fn conversion(&self, val: &Val, ty: &Type) -> Option<Option<Loss>> {
        let fits = match (ty, self.type_of(val)) {
            (Type::Scalar(to), Some(Type::Scalar(from))) if from != *to => {
                let kinds = [from, *to].map(|t| (t.is_time(), t.is_complex()));
                let possible = kinds[0].0 == kinds[1].0 && (kinds[1].1 || !kinds[0].1) && !from.is_time();
                return possible.then(|| Some(Loss::of(from, *to)));
            }
            (Type::Array(declared), Some(Type::Array(given))) => {
                (declared.elem, declared.ndim) == (given.elem, given.ndim)
                    && (declared.layout == Layout::A || declared.layout == given.layout)
                    && (declared.readonly || !given.readonly)
            }
            (Type::Records(declared), Some(Type::Records(given))) => declared.record == given.record && declared.ndim == given.ndim,
            (Type::Tuple(types), Some(Type::Tuple(_))) => {
                let items = val.items().unwrap_or_default();
                items.len() == types.len() && items.iter().zip(types).all(|(item, ty)| self.conversion(item, ty).is_some())
            }
            (ty, Some(given)) => *ty == given,
            // Functions and the like have no type that could be declared.
            (_, None) => true,
        };
        fits.then_some(None)
    }

    fn as_declared(&mut self, val: &Val, ty: &Type) -> Val {
        match (val, ty) {
            (_, Type::Scalar(to)) if self.scalar_type(val).is_some() => self.to_scalar(val, *to).expect("looked at before"),
            (Val::Tuple(items), Type::Tuple(types)) => Val::Tuple(items.iter().zip(types).map(|(item, ty)| self.as_declared(item, ty)).collect()),
            _ => val.clone(),
        }
    }
}

fn wrong_count(function: &str, takes: &str, given: usize, span: Span) -> Box<Diagnostic> {
    let were = if given == 1 { "was" } else { "were" };
    Diagnostic::new(Code::WrongArguments, span, format!("{function}() takes {takes} but {given} {were} given"))
}

/// How many parameters may be given by place.
pub(super) fn by_place(params: &[Param]) -> usize {
    params.iter().position(|p| p.is_rest || p.keyword_only).unwrap_or(params.len())
}

/// `2 arguments`
pub(super) fn count(arguments: usize) -> String {
    format!("{arguments} argument{}", if arguments == 1 { "" } else { "s" })
}
