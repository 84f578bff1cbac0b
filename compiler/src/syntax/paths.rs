//! Which names of a function come from outside.
//!
//! Owns Python's rule for what is local: a parameter, or a name assigned anywhere in the function; a nested function sees its own and those around it. Does not know what any name means.

use std::collections::{BTreeSet, HashSet};

use super::ast::{Expr, ExprKind, Function, Raised, Stmt, StmtKind};

/// Dotted paths whose first name is free in the function, in order of first use, each once: the longest chain of attributes written.
pub fn free_paths(function: &Function) -> Vec<String> {
    let mut free = Free { locals: local_names(function), ..Free::default() };
    free.body(&function.body);
    free.paths
}

/// Names that functions nested in this one take from outside themselves.
pub(crate) fn captured_names(function: &Function) -> BTreeSet<String> {
    let mut inner = Free { nested_only: true, ..Free::default() };
    inner.body(&function.body);
    inner.paths.iter().map(|path| path.split('.').next().unwrap_or(path).to_owned()).collect()
}

/// Names that are local to the function: its parameters, and all it assigns.
pub fn local_names(function: &Function) -> HashSet<&str> {
    let mut names: HashSet<&str> = function.params.iter().map(|param| param.name.as_str()).collect();
    bind_body(&function.body, &mut names);
    names
}

fn bind_body<'a>(body: &'a [Stmt], names: &mut HashSet<&'a str>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|target| bind(target, names)),
            StmtKind::AugAssign { target, .. } => bind(target, names),
            StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                bind_body(body, names);
                bind_body(orelse, names);
            }
            StmtKind::For { target, body, orelse, .. } => {
                bind(target, names);
                bind_body(body, names);
                bind_body(orelse, names);
            }
            StmtKind::Expr(_) | StmtKind::Break | StmtKind::Continue | StmtKind::Return(_) | StmtKind::Raise(_) => {}
            StmtKind::Pass | StmtKind::Unsupported(_) => {}
        }
    }
}

fn bind<'a>(target: &'a Expr, names: &mut HashSet<&'a str>) {
    match &target.kind {
        ExprKind::Name(name) => {
            names.insert(name);
        }
        ExprKind::Tuple(elements) => elements.iter().for_each(|element| bind(element, names)),
        _ => {}
    }
}

#[derive(Default)]
struct Free<'a> {
    locals: HashSet<&'a str>,
    /// Nested functions around the present place; whether only what stands in one counts.
    depth: u32,
    nested_only: bool,
    seen: HashSet<String>,
    paths: Vec<String>,
}

impl<'a> Free<'a> {
    fn body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                self.expr(value);
                self.exprs(targets);
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target);
                self.expr(value);
            }
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => self.expr(value),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expr(test);
                self.body(body);
                self.body(orelse);
            }
            StmtKind::For { target, iter, body, orelse } => {
                self.expr(iter);
                self.expr(target);
                self.body(body);
                self.body(orelse);
            }
            StmtKind::Raise(Raised::Exception(e) | Raised::Assertion(e)) => e.iter().for_each(|e| self.expr(e)),
            StmtKind::Return(None) | StmtKind::Break | StmtKind::Continue | StmtKind::Pass | StmtKind::Unsupported(_) => {}
        }
    }

    fn exprs(&mut self, exprs: &'a [Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(_) => self.path(expr),
            ExprKind::Attribute { value, .. } => match root(expr) {
                Some(_) => self.path(expr),
                None => self.expr(value),
            },
            ExprKind::Subscript { value, index } => {
                self.expr(value);
                self.expr(index);
            }
            ExprKind::Tuple(values) | ExprKind::BoolOp { values, .. } => self.exprs(values),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Starred(value) | ExprKind::Named { value, .. } => self.expr(value),
            ExprKind::Compare { left, rest } => {
                self.expr(left);
                rest.iter().for_each(|(_, right)| self.expr(right));
            }
            ExprKind::Call { func, args, keywords } => {
                self.expr(func);
                self.exprs(args);
                keywords.iter().for_each(|(_, value)| self.expr(value));
            }
            ExprKind::Format(parts) => parts.iter().for_each(|part| self.expr(&part.value)),
            ExprKind::Slice { lower, upper, step } => [lower, upper, step].into_iter().flatten().for_each(|e| self.expr(e)),
            ExprKind::IfElse { test, then, otherwise } => {
                self.expr(test);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Imaginary(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::None
            | ExprKind::Ellipsis
            | ExprKind::Unsupported(_) => {}
            ExprKind::Function(function) => {
                let outer = self.locals.clone();
                self.locals.extend(local_names(function));
                self.depth += 1;
                self.body(&function.body);
                self.depth -= 1;
                self.locals = outer;
            }
        }
    }

    /// Notes a name or a chain of attributes that ends in one, if that is free.
    fn path(&mut self, expr: &Expr) {
        let counts = self.depth > 0 || !self.nested_only;
        if counts && root(expr).is_some_and(|name| !self.locals.contains(name)) {
            let path = dotted(expr);
            if self.seen.insert(path.clone()) {
                self.paths.push(path);
            }
        }
    }
}

/// The name at the bottom of a chain of attributes.
fn root(mut expr: &Expr) -> Option<&str> {
    loop {
        match &expr.kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Attribute { value, .. } => expr = value,
            _ => return None,
        }
    }
}

fn dotted(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attribute { value, attr, .. } => format!("{}.{attr}", dotted(value)),
        _ => String::new(),
    }
}
