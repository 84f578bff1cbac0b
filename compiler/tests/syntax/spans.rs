//! Spans name the text they say they do, and each part lies within the whole.

use verdigris_compiler::source::Span;
use verdigris_compiler::syntax::{Expr, ExprKind, Function, Raised, Stmt, StmtKind};

pub(crate) fn check(function: &Function, text: &str) {
    let check = Check { text };
    check.says(function.name_span, if function.name == "<lambda>" { "lambda" } else { &function.name });
    for param in &function.params {
        check.says(param.span, &param.name);
    }
    check.body(&function.body, None);
}

struct Check<'a> {
    text: &'a str,
}

impl Check<'_> {
    #[track_caller]
    fn says(&self, span: Span, words: &str) {
        assert_eq!(&self.text[span.start as usize..span.end as usize], words);
    }

    #[track_caller]
    fn within(&self, part: Span, whole: Option<Span>) {
        let slice = self.text.get(part.start as usize..part.end as usize);
        assert!(slice.is_some_and(|slice| !slice.is_empty()), "{part:?} is no text");
        if let Some(whole) = whole {
            assert!(whole.start <= part.start && part.end <= whole.end, "{part:?} in {whole:?}");
        }
    }

    fn body(&self, body: &[Stmt], whole: Option<Span>) {
        body.iter().for_each(|stmt| self.stmt(stmt, whole));
    }

    fn stmt(&self, stmt: &Stmt, whole: Option<Span>) {
        self.within(stmt.span, whole);
        let inner = Some(stmt.span);
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                targets.iter().for_each(|target| self.expr(target, inner));
                self.expr(value, inner);
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target, inner);
                self.expr(value, inner);
            }
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => self.expr(value, inner),
            StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
                self.expr(test, inner);
                self.body(body, inner);
                self.body(orelse, inner);
            }
            StmtKind::For { target, iter, body, orelse } => {
                self.expr(target, inner);
                self.expr(iter, inner);
                self.body(body, inner);
                self.body(orelse, inner);
            }
            // Where the test of a `while` assigns, the break that stands for it has its place.
            StmtKind::Break if whole == Some(stmt.span) => {}
            StmtKind::Break => self.says(stmt.span, "break"),
            StmtKind::Continue => self.says(stmt.span, "continue"),
            StmtKind::Raise(Raised::Exception(e) | Raised::Assertion(e)) => e.iter().for_each(|e| self.expr(e, inner)),
            StmtKind::Return(None) | StmtKind::Pass | StmtKind::Unsupported(_) => {}
        }
    }

    fn expr(&self, expr: &Expr, whole: Option<Span>) {
        self.within(expr.span, whole);
        let inner = Some(expr.span);
        match &expr.kind {
            // What is kept for an assignment in the midst of an expression has the place of what it keeps.
            ExprKind::Name(name) if name.starts_with(':') => {}
            ExprKind::Name(name) => self.says(expr.span, name),
            ExprKind::Attribute { value, attr, attr_span } => {
                self.says(*attr_span, attr);
                self.expr(value, inner);
            }
            ExprKind::Subscript { value, index } => {
                self.expr(value, inner);
                self.expr(index, inner);
            }
            ExprKind::Tuple(values) | ExprKind::BoolOp { values, .. } => values.iter().for_each(|value| self.expr(value, inner)),
            ExprKind::Binary { op, op_span, left, right } => {
                self.says(*op_span, op.symbol());
                self.expr(left, inner);
                self.expr(right, inner);
            }
            ExprKind::Unary { operand, .. } | ExprKind::Starred(operand) | ExprKind::Named { value: operand, .. } => self.expr(operand, inner),
            ExprKind::Compare { left, rest } => {
                self.expr(left, inner);
                rest.iter().for_each(|(_, right)| self.expr(right, inner));
            }
            ExprKind::Call { func, args, keywords } => {
                self.expr(func, inner);
                args.iter().for_each(|arg| self.expr(arg, inner));
                keywords.iter().for_each(|(_, value)| self.expr(value, inner));
            }
            ExprKind::Format(parts) => parts.iter().for_each(|part| self.expr(&part.value, inner)),
            ExprKind::Slice { lower, upper, step } => [lower, upper, step].into_iter().flatten().for_each(|e| self.expr(e, inner)),
            ExprKind::IfElse { test, then, otherwise } => {
                for part in [test, then, otherwise] {
                    self.expr(part, inner);
                }
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Imaginary(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::None
            | ExprKind::Ellipsis
            | ExprKind::Function(_)
            | ExprKind::Unsupported(_) => {}
        }
    }
}
