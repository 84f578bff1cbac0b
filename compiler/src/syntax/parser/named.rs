//! `name := value`: an assignment before the statement that holds it.
//!
//! Owns which of them may be: those that Python evaluates before anything else of their expression that could have an effect or see the name. The others stay unsupported.

use ruff_python_ast as py;
use ruff_text_size::Ranged;

use super::{Context, Parsed};
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind, UnaryOp};

impl Context<'_> {
    /// An expression of a statement, and the assignments to be made before it.
    pub(super) fn expr_after(&mut self, expr: &py::Expr) -> Parsed<(Vec<Stmt>, Expr)> {
        let admitted = std::mem::take(&mut self.admitted);
        let before = std::mem::take(&mut self.before);
        admit(expr, &mut self.admitted);
        let parsed = self.expr(expr);
        self.admitted = admitted;
        Ok((std::mem::replace(&mut self.before, before), parsed?))
    }

    /// An assignment expression that may stand before the statement: its name, once it is assigned.
    pub(super) fn named(&mut self, named: &py::ExprNamed) -> Parsed<Option<ExprKind>> {
        if !self.admitted.contains(&named.range()) {
            return Ok(None);
        }
        let value = self.expr(&named.value)?;
        let target = self.expr(&named.target)?;
        let kind = target.kind.clone();
        self.before.push(Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span: self.span(named) });
        Ok(Some(kind))
    }

    /// `while test: body` whose test assigns: the assignments are made, and the test is put, in every lap.
    pub(super) fn while_after(&self, mut lap: Vec<Stmt>, test: Expr, body: Vec<Stmt>) -> StmtKind {
        let span = test.span;
        let ends = Expr { kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(test) }, span };
        let leave = Stmt { kind: StmtKind::Break, span };
        lap.push(Stmt { kind: StmtKind::If { test: ends, body: vec![leave], orelse: Vec::new() }, span });
        lap.extend(body);
        StmtKind::While { test: Expr { kind: ExprKind::Bool(true), span }, body: lap, orelse: Vec::new() }
    }
}

/// Finds the assignment expressions on the way that is evaluated first and always.
fn admit(expr: &py::Expr, into: &mut Vec<ruff_text_size::TextRange>) {
    match expr {
        py::Expr::Named(named) => {
            into.push(named.range());
            admit(&named.value, into);
        }
        py::Expr::Compare(chain) => match (is_inert(&chain.left), chain.comparators.first()) {
            (true, Some(right)) => admit(right, into),
            _ => admit(&chain.left, into),
        },
        py::Expr::BinOp(binary) => admit(if is_inert(&binary.left) { &binary.right } else { &binary.left }, into),
        py::Expr::UnaryOp(unary) => admit(&unary.operand, into),
        py::Expr::BoolOp(chain) => chain.values.first().into_iter().for_each(|first| admit(first, into)),
        py::Expr::If(choice) => admit(&choice.test, into),
        py::Expr::Attribute(attribute) => admit(&attribute.value, into),
        py::Expr::Call(call) if is_path(&call.func) => {
            call.arguments.args.iter().find(|arg| !is_inert(arg)).into_iter().for_each(|first| admit(first, into));
        }
        py::Expr::Tuple(tuple) => tuple.elts.iter().find(|item| !is_inert(item)).into_iter().for_each(|first| admit(first, into)),
        _ => {}
    }
}

/// Whether a value is the same before and after any assignment.
fn is_inert(expr: &py::Expr) -> bool {
    matches!(expr, py::Expr::NumberLiteral(_) | py::Expr::BooleanLiteral(_) | py::Expr::NoneLiteral(_) | py::Expr::StringLiteral(_))
}

fn is_path(expr: &py::Expr) -> bool {
    match expr {
        py::Expr::Name(_) => true,
        py::Expr::Attribute(attribute) => is_path(&attribute.value),
        _ => false,
    }
}
