//! Statements.

use std::sync::Arc;

use ruff_python_ast as py;
use ruff_text_size::{Ranged, TextRange};

use super::parameter::literal_defaults;
use super::{Context, Parsed, unsupported};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{Expr, ExprKind, Raised, Stmt, StmtKind, UnaryOp};

impl Context<'_> {
    pub(super) fn body(&mut self, body: &[py::Stmt]) -> Parsed<Vec<Stmt>> {
        let mut all = Vec::new();
        for stmt in body {
            self.deeper(stmt, |context| context.stmt(stmt, &mut all))?;
        }
        Ok(all)
    }

    /// A statement, after what its expression assigns.
    fn stmt(&mut self, stmt: &py::Stmt, into: &mut Vec<Stmt>) -> Parsed<()> {
        fn first(context: &mut Context<'_>, into: &mut Vec<Stmt>, expr: &py::Expr) -> Parsed<Expr> {
            let (before, expr) = context.expr_after(expr)?;
            into.extend(before);
            Ok(expr)
        }
        let kind = match stmt {
            py::Stmt::Assign(assign) => StmtKind::Assign {
                targets: assign.targets.iter().map(|target| self.target(target)).collect::<Parsed<_>>()?,
                value: first(self, into, &assign.value)?,
            },
            py::Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => StmtKind::Assign { targets: vec![self.target(&assign.target)?], value: first(self, into, value)? },
                None => StmtKind::Pass,
            },
            py::Stmt::AugAssign(assign) => StmtKind::AugAssign {
                target: self.target(&assign.target)?,
                op: super::expression::binary_op(assign.op),
                value: self.expr(&assign.value)?,
            },
            py::Stmt::Expr(expr) if expr.value.is_ellipsis_literal_expr() => StmtKind::Pass,
            py::Stmt::Expr(expr) => StmtKind::Expr(first(self, into, &expr.value)?),
            py::Stmt::If(branch) => {
                let (before, test) = self.test_after(&branch.test)?;
                into.extend(before);
                let body = self.body(&branch.body)?;
                StmtKind::If { test, body, orelse: self.elif(&branch.elif_else_clauses)? }
            }
            py::Stmt::While(repeat) if repeat.orelse.is_empty() => {
                let (lap, test) = self.test_after(&repeat.test)?;
                let body = self.loop_body(&repeat.body)?;
                if lap.is_empty() { StmtKind::While { test, body, orelse: Vec::new() } } else { self.while_after(lap, test, body) }
            }
            py::Stmt::While(repeat) => {
                StmtKind::While { test: self.expr(&repeat.test)?, body: self.loop_body(&repeat.body)?, orelse: self.body(&repeat.orelse)? }
            }
            py::Stmt::For(repeat) if !repeat.is_async => StmtKind::For {
                target: self.target(&repeat.target)?,
                iter: self.iterable(&repeat.iter)?,
                body: self.loop_body(&repeat.body)?,
                orelse: self.body(&repeat.orelse)?,
            },
            py::Stmt::Break(_) if self.loops == 0 => return Err(self.outside_loop(stmt, "break")),
            py::Stmt::Continue(_) if self.loops == 0 => return Err(self.outside_loop(stmt, "continue")),
            py::Stmt::Break(_) => StmtKind::Break,
            py::Stmt::Continue(_) => StmtKind::Continue,
            py::Stmt::Return(ret) => StmtKind::Return(ret.value.as_deref().map(|value| first(self, into, value)).transpose()?),
            py::Stmt::Pass(_) => StmtKind::Pass,
            py::Stmt::Raise(raise) if raise.cause.is_none() => {
                StmtKind::Raise(Raised::Exception(raise.exc.as_deref().map(|e| self.expr(e)).transpose()?))
            }
            py::Stmt::Assert(assert) => {
                let (before, holds) = self.test_after(&assert.test)?;
                into.extend(before);
                let test = Expr { span: holds.span, kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(holds) } };
                let message = assert.msg.as_deref().map(|e| self.expr(e)).transpose()?;
                let raise = Stmt { kind: StmtKind::Raise(Raised::Assertion(message)), span: self.span(stmt) };
                StmtKind::If { test, body: vec![raise], orelse: Vec::new() }
            }
            py::Stmt::FunctionDef(def) if !def.is_async && def.decorator_list.is_empty() && literal_defaults(Some(&def.parameters)) => {
                let (function, span) = (self.def(def)?, self.span(&def.name));
                let name = Expr { kind: ExprKind::Name(function.name.clone()), span };
                StmtKind::Assign { targets: vec![name], value: Expr { kind: ExprKind::Function(Arc::new(function)), span } }
            }
            other => StmtKind::Unsupported(unsupported::stmt(other)),
        };
        into.push(Stmt { kind, span: self.span(stmt) });
        Ok(())
    }

    /// The clauses after an `if`, each `elif` inside the `else` of the one before.
    fn elif(&mut self, clauses: &[py::ElifElseClause]) -> Parsed<Vec<Stmt>> {
        let Some((clause, rest)) = clauses.split_first() else { return Ok(Vec::new()) };
        let Some(test) = &clause.test else { return self.body(&clause.body) };
        self.deeper(clause, |context| {
            let (mut all, test) = context.test_after(test)?;
            let body = context.body(&clause.body)?;
            let kind = StmtKind::If { test, body, orelse: context.elif(rest)? };
            let end = rest.last().map_or(clause.end(), Ranged::end);
            all.push(Stmt { kind, span: context.span(TextRange::new(clause.start(), end)) });
            Ok(all)
        })
    }

    fn loop_body(&mut self, body: &[py::Stmt]) -> Parsed<Vec<Stmt>> {
        self.loops += 1;
        let body = self.body(body);
        self.loops -= 1;
        body
    }

    /// What is assigned to. A list of targets means the same as a tuple.
    fn target(&mut self, target: &py::Expr) -> Parsed<Expr> {
        let elements = match target {
            py::Expr::List(list) => &list.elts,
            py::Expr::Tuple(tuple) => &tuple.elts,
            other => return self.expr(other),
        };
        let kind = self.deeper(target, |context| {
            let elements: Parsed<_> = elements.iter().map(|element| context.target(element)).collect();
            Ok(ExprKind::Tuple(elements?))
        })?;
        Ok(Expr { kind, span: self.span(target) })
    }

    /// What a `for` loop goes over. A list written there is never seen as one, so it may be a tuple.
    fn iterable(&mut self, iter: &py::Expr) -> Parsed<Expr> {
        match iter {
            py::Expr::List(list) => {
                let kind = self.deeper(iter, |context| Ok(ExprKind::Tuple(list.elts.iter().map(|e| context.expr(e)).collect::<Parsed<_>>()?)))?;
                Ok(Expr { kind, span: self.span(iter) })
            }
            other => self.expr(other),
        }
    }

    fn outside_loop(&self, stmt: &py::Stmt, word: &str) -> Box<Diagnostic> {
        Diagnostic::new(Code::Syntax, self.span(stmt), format!("`{word}` outside a loop"))
    }
}
