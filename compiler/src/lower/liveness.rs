//! Which variables may be read later, at the joins of each statement.
//!
//! Only live variables are unified where paths join: what nobody reads needs neither a common type nor a slot. Works on the tree alone, before any type
//! is known; a name counts as a variable if the function assigns it.

use std::collections::{BTreeSet, HashMap};

use crate::syntax::{self, Expr, ExprKind, Function, Raised, Stmt, StmtKind};

/// Names of variables.
pub(super) type Names = BTreeSet<String>;

/// The variables live at the joins of a compound statement.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// After the statement.
    pub(super) after: Names,
    /// Where a loop's next lap begins.
    pub(super) head: Names,
    /// Before a loop's `else` clause.
    pub(super) orelse: Names,
}

/// Liveness of a whole function, by the address of the statement.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    table: HashMap<usize, Live>,
    /// What the functions nested in it read of its variables, and may read whenever they are called: live everywhere.
    captured: Names,
}

struct Targets<'a> {
    on_break: &'a Names,
    on_continue: &'a Names,
}

impl Liveness {
    /// Of a function body.
    pub(super) fn new(function: &Function) -> Liveness {
        let mut liveness = Liveness { captured: syntax::captured_names(function), ..Liveness::default() };
        let none = Names::new();
        liveness.block(&function.body, none.clone(), &Targets { on_break: &none, on_continue: &none });
        liveness
    }

    /// What is live at the joins of a compound statement.
    pub(super) fn of(&self, stmt: &Stmt) -> &Live {
        &self.table[&address(stmt)]
    }

    fn block(&mut self, stmts: &[Stmt], mut live: Names, targets: &Targets<'_>) -> Names {
        for stmt in stmts.iter().rev() {
            live = self.stmt(stmt, live, targets);
        }
        live
    }

    fn stmt(&mut self, stmt: &Stmt, mut live: Names, targets: &Targets<'_>) -> Names {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                targets.iter().for_each(|t| kill(t, &mut live));
                targets.iter().for_each(|t| target_reads(t, &mut live));
                reads(value, &mut live);
                live
            }
            StmtKind::AugAssign { target, value, .. } => {
                reads(target, &mut live);
                reads(value, &mut live);
                live
            }
            StmtKind::Expr(e) => {
                reads(e, &mut live);
                live
            }
            StmtKind::If { test, body, orelse } => {
                let mut before = self.block(body, live.clone(), targets);
                before.extend(self.block(orelse, live.clone(), targets));
                self.note(stmt, Live { after: live, ..Live::default() });
                reads(test, &mut before);
                before
            }
            StmtKind::While { test, body, orelse } => self.looping(stmt, live, targets, body, orelse, |_, live| reads(test, live)),
            StmtKind::For { target, iter, body, orelse } => {
                let mut before = self.looping(stmt, live, targets, body, orelse, |in_body, live| {
                    if in_body {
                        kill(target, live);
                        target_reads(target, live);
                    }
                });
                reads(iter, &mut before);
                before
            }
            StmtKind::Break => targets.on_break.clone(),
            StmtKind::Continue => targets.on_continue.clone(),
            StmtKind::Return(value) => {
                let mut live = Names::new();
                if let Some(value) = value {
                    reads(value, &mut live);
                }
                live
            }
            StmtKind::Raise(Raised::Exception(e) | Raised::Assertion(e)) => {
                let mut live = Names::new();
                e.iter().for_each(|e| reads(e, &mut live));
                live
            }
            StmtKind::Pass | StmtKind::Unsupported(_) => live,
        }
    }

    /// `at_top(true, …)` is applied to what is live at the body's beginning, `at_top(false, …)` to what is live at the head.
    fn looping(
        &mut self,
        stmt: &Stmt,
        after: Names,
        targets: &Targets<'_>,
        body: &[Stmt],
        orelse: &[Stmt],
        at_top: impl Fn(bool, &mut Names),
    ) -> Names {
        let before_else = self.block(orelse, after.clone(), targets);
        let mut head = before_else.clone();
        at_top(false, &mut head);
        loop {
            let inner = Targets { on_break: &after, on_continue: &head };
            let mut top = self.block(body, head.clone(), &inner);
            at_top(true, &mut top);
            let mut wider = head.clone();
            wider.extend(top);
            if wider == head {
                break;
            }
            head = wider;
        }
        self.note(stmt, Live { after, head: head.clone(), orelse: before_else });
        head
    }

    fn note(&mut self, stmt: &Stmt, mut live: Live) {
        for names in [&mut live.after, &mut live.head, &mut live.orelse] {
            names.extend(self.captured.iter().cloned());
        }
        self.table.insert(address(stmt), live);
    }
}

fn address(stmt: &Stmt) -> usize {
    std::ptr::from_ref(stmt) as usize
}

fn kill(target: &Expr, live: &mut Names) {
    match &target.kind {
        ExprKind::Name(name) => {
            live.remove(name);
        }
        ExprKind::Tuple(items) => items.iter().for_each(|t| kill(t, live)),
        _ => {}
    }
}

/// What an assignment's target itself reads: `a[i]` reads both names.
fn target_reads(target: &Expr, live: &mut Names) {
    match &target.kind {
        ExprKind::Name(_) => {}
        ExprKind::Tuple(items) => items.iter().for_each(|t| target_reads(t, live)),
        _ => reads(target, live),
    }
}

fn reads(expr: &Expr, live: &mut Names) {
    match &expr.kind {
        ExprKind::Name(name) => {
            live.insert(name.clone());
        }
        ExprKind::Attribute { value, .. } => reads(value, live),
        ExprKind::Subscript { value, index } => {
            reads(value, live);
            reads(index, live);
        }
        ExprKind::Tuple(items) => items.iter().for_each(|e| reads(e, live)),
        ExprKind::Binary { left, right, .. } => {
            reads(left, live);
            reads(right, live);
        }
        ExprKind::Unary { operand, .. } => reads(operand, live),
        ExprKind::Starred(value) | ExprKind::Named { value, .. } => reads(value, live),
        ExprKind::BoolOp { values, .. } => values.iter().for_each(|e| reads(e, live)),
        ExprKind::Compare { left, rest } => {
            reads(left, live);
            rest.iter().for_each(|(_, e)| reads(e, live));
        }
        ExprKind::Call { func, args, keywords } => {
            reads(func, live);
            args.iter().for_each(|e| reads(e, live));
            keywords.iter().for_each(|(_, e)| reads(e, live));
        }
        ExprKind::Format(parts) => parts.iter().for_each(|part| reads(&part.value, live)),
        ExprKind::Slice { lower, upper, step } => [lower, upper, step].into_iter().flatten().for_each(|e| reads(e, live)),
        ExprKind::IfElse { test, then, otherwise } => {
            reads(test, live);
            reads(then, live);
            reads(otherwise, live);
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
