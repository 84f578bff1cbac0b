//! `name := value`: an assignment before the statement that holds it.
//!
//! Owns the way from the tree of an expression with such assignments to statements that come first and an expression without them. What Python evaluates before an assignment is
//! kept in a variable of its own (`:1`, which no program can name); what it evaluates only sometimes (later operands of `and` and `or`, the arms of a conditional expression)
//! becomes an `if`. An assignment for which neither works stays in the tree, and lowering refuses it.

use ruff_python_ast as py;

use super::{Context, Parsed};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind, UnaryOp};

impl Context<'_> {
    /// An expression of a statement, and the assignments to be made before it.
    pub(super) fn expr_after(&mut self, expr: &py::Expr) -> Parsed<(Vec<Stmt>, Expr)> {
        self.after(expr, Context::flattened)
    }

    /// An expression of which only the truth counts, and the assignments to be made before it.
    pub(super) fn test_after(&mut self, expr: &py::Expr) -> Parsed<(Vec<Stmt>, Expr)> {
        self.after(expr, Context::flattened_test)
    }

    fn after(&mut self, expr: &py::Expr, flatten: fn(&mut Self, Expr, &mut Vec<Stmt>) -> Expr) -> Parsed<(Vec<Stmt>, Expr)> {
        let parsed = self.expr(expr)?;
        let mut before = Vec::new();
        if !holds(&parsed) {
            return Ok((before, parsed));
        }
        let flat = flatten(self, parsed, &mut before);
        Ok((before, flat))
    }

    /// `while test: body` whose test assigns: the assignments are made, and the test is put, in every lap.
    pub(super) fn while_after(&self, mut lap: Vec<Stmt>, test: Expr, body: Vec<Stmt>) -> StmtKind {
        let span = test.span;
        let leave = Stmt { kind: StmtKind::Break, span };
        lap.push(Stmt { kind: StmtKind::If { test: not(test), body: vec![leave], orelse: Vec::new() }, span });
        lap.extend(body);
        StmtKind::While { test: Expr { kind: ExprKind::Bool(true), span }, body: lap, orelse: Vec::new() }
    }

    /// The expression without its assignments, which `before` is given.
    fn flattened(&mut self, e: Expr, before: &mut Vec<Stmt>) -> Expr {
        if !holds(&e) {
            return e;
        }
        let span = e.span;
        let kind = match e.kind {
            ExprKind::Named { target, value } => {
                let value = self.flattened(*value, before);
                before.push(assign((*target).clone(), value, span));
                return *target;
            }
            ExprKind::Attribute { value, attr, attr_span } => {
                ExprKind::Attribute { value: Box::new(self.flattened(*value, before)), attr, attr_span }
            }
            ExprKind::Starred(value) => ExprKind::Starred(Box::new(self.flattened(*value, before))),
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(self.flattened_test(*operand, before)) }
            }
            ExprKind::Unary { op, operand } => ExprKind::Unary { op, operand: Box::new(self.flattened(*operand, before)) },
            ExprKind::Subscript { value, index } => {
                let [value, index] = self.in_order(vec![*value, *index], before).try_into().expect("as many as given");
                ExprKind::Subscript { value: Box::new(value), index: Box::new(index) }
            }
            ExprKind::Binary { op, op_span, left, right } => {
                let [left, right] = self.in_order(vec![*left, *right], before).try_into().expect("as many as given");
                ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) }
            }
            ExprKind::Tuple(items) => ExprKind::Tuple(self.in_order(items, before)),
            ExprKind::Compare { left, mut rest } if rest[1..].iter().all(|(_, e)| !holds(e)) => {
                let (op, first) = rest.remove(0);
                let [left, first] = self.in_order(vec![*left, first], before).try_into().expect("as many as given");
                rest.insert(0, (op, first));
                ExprKind::Compare { left: Box::new(left), rest }
            }
            ExprKind::Call { func, args, keywords } if is_path(&func) => {
                let (names, values): (Vec<String>, Vec<Expr>) = keywords.into_iter().unzip();
                let given = args.len();
                let mut args = self.in_order(args.into_iter().chain(values).collect(), before);
                let values = args.split_off(given);
                ExprKind::Call { func, args, keywords: names.into_iter().zip(values).collect() }
            }
            ExprKind::BoolOp { and, mut values } if values[1..].iter().all(|e| !holds(e)) => {
                let first = values.remove(0);
                let first = self.flattened(first, before);
                values.insert(0, first);
                ExprKind::BoolOp { and, values }
            }
            ExprKind::IfElse { test, then, otherwise } => {
                let test = Box::new(self.flattened_test(*test, before));
                if !holds(&then) && !holds(&otherwise) {
                    ExprKind::IfElse { test, then, otherwise }
                } else {
                    let name = self.temporary(span);
                    let mut arms = [*then, *otherwise].map(|arm| {
                        let mut body = Vec::new();
                        let value = self.flattened(arm, &mut body);
                        body.push(assign(name.clone(), value, span));
                        body
                    });
                    let [body, orelse] = arms.each_mut().map(std::mem::take);
                    before.push(Stmt { kind: StmtKind::If { test: *test, body, orelse }, span });
                    return name;
                }
            }
            other => other,
        };
        Expr { kind, span }
    }

    /// The same for an expression of which only the truth counts: operands of `and` and `or` may assign, too.
    fn flattened_test(&mut self, e: Expr, before: &mut Vec<Stmt>) -> Expr {
        let later = matches!(&e.kind, ExprKind::BoolOp { values, .. } if values[1..].iter().any(holds));
        match e.kind {
            ExprKind::BoolOp { and, values } if later => {
                let name = self.temporary(e.span);
                let mut values = values.into_iter();
                let first = values.next().expect("two or more values");
                let first = self.flattened_test(first, before);
                before.push(assign(name.clone(), not(not(first)), e.span));
                for value in values {
                    let mut body = Vec::new();
                    let value = self.flattened_test(value, &mut body);
                    body.push(assign(name.clone(), not(not(value)), e.span));
                    let test = if and { name.clone() } else { not(name.clone()) };
                    before.push(Stmt { kind: StmtKind::If { test, body, orelse: Vec::new() }, span: e.span });
                }
                name
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let operand = self.flattened_test(*operand, before);
                Expr { kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(operand) }, span: e.span }
            }
            kind => self.flattened(Expr { kind, span: e.span }, before),
        }
    }

    /// Parts that are evaluated one after another: those before one that assigns are kept in variables.
    fn in_order(&mut self, parts: Vec<Expr>, before: &mut Vec<Stmt>) -> Vec<Expr> {
        let last = parts.iter().rposition(holds);
        let mut targets = Vec::new();
        parts.iter().for_each(|part| names(part, &mut targets));
        let mut flat = Vec::new();
        for (n, part) in parts.into_iter().enumerate() {
            let part = self.flattened(part, before);
            flat.push(if last.is_some_and(|last| n < last) { self.kept(part, &targets, before) } else { part });
        }
        flat
    }

    /// A part as it is now, whatever is assigned to the targets after it.
    fn kept(&mut self, part: Expr, targets: &[String], before: &mut Vec<Stmt>) -> Expr {
        let span = part.span;
        let kind = match part.kind {
            ExprKind::Name(name) if !targets.contains(&name) => ExprKind::Name(name),
            ExprKind::Starred(value) => ExprKind::Starred(Box::new(self.kept(*value, targets, before))),
            ExprKind::Slice { lower, upper, step } => {
                let [lower, upper, step] = [lower, upper, step].map(|part| part.map(|e| Box::new(self.kept(*e, targets, before))));
                ExprKind::Slice { lower, upper, step }
            }
            kind => {
                let part = Expr { kind, span };
                if is_inert(&part) {
                    return part;
                }
                let name = self.temporary(span);
                before.push(assign(name.clone(), part, span));
                return name;
            }
        };
        Expr { kind, span }
    }

    fn temporary(&mut self, span: Span) -> Expr {
        self.temporaries += 1;
        Expr { kind: ExprKind::Name(format!(":{}", self.temporaries)), span }
    }
}

fn assign(target: Expr, value: Expr, span: Span) -> Stmt {
    Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span }
}

fn not(e: Expr) -> Expr {
    let span = e.span;
    Expr { kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(e) }, span }
}

/// Whether an assignment stands in the expression; a function in it is a scope of its own.
fn holds(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Named { .. }) || parts(e).into_iter().any(holds)
}

/// The names that assignments in an expression give values to.
fn names(e: &Expr, into: &mut Vec<String>) {
    if let ExprKind::Named { target, .. } = &e.kind
        && let ExprKind::Name(name) = &target.kind
    {
        into.push(name.clone());
    }
    parts(e).into_iter().for_each(|part| names(part, into));
}

fn parts(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        ExprKind::Named { value, .. } | ExprKind::Attribute { value, .. } | ExprKind::Starred(value) => vec![value],
        ExprKind::Unary { operand, .. } => vec![operand],
        ExprKind::Subscript { value, index } => vec![value, index],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Tuple(items) | ExprKind::BoolOp { values: items, .. } => items.iter().collect(),
        ExprKind::Slice { lower, upper, step } => [lower, upper, step].into_iter().flatten().map(|e| &**e).collect(),
        ExprKind::Compare { left, rest } => std::iter::once(&**left).chain(rest.iter().map(|(_, e)| e)).collect(),
        ExprKind::Call { func, args, keywords } => std::iter::once(&**func).chain(args).chain(keywords.iter().map(|(_, e)| e)).collect(),
        ExprKind::IfElse { test, then, otherwise } => vec![test, then, otherwise],
        ExprKind::Format(parts) => parts.iter().map(|part| &part.value).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value is the same before and after any assignment.
fn is_inert(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Str(_) | ExprKind::Ellipsis)
}

fn is_path(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute { value, .. } => is_path(value),
        _ => false,
    }
}
