//! Facts about statements that need no types: which names they assign, and whether control can leave them at the end.

use std::collections::BTreeSet;

use crate::syntax::{Expr, ExprKind, Stmt, StmtKind};

/// Names that the statements assign.
pub(super) fn assigned(stmts: &[Stmt], into: &mut BTreeSet<String>) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| targets_of(t, into)),
            StmtKind::AugAssign { target, .. } => targets_of(target, into),
            StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                assigned(body, into);
                assigned(orelse, into);
            }
            StmtKind::For { target, body, orelse, .. } => {
                targets_of(target, into);
                assigned(body, into);
                assigned(orelse, into);
            }
            _ => {}
        }
    }
}

/// Names that an assignment to this target binds.
pub(super) fn targets_of(target: &Expr, into: &mut BTreeSet<String>) {
    match &target.kind {
        ExprKind::Name(name) => {
            into.insert(name.clone());
        }
        ExprKind::Tuple(items) => items.iter().for_each(|t| targets_of(t, into)),
        ExprKind::Starred(value) => targets_of(value, into),
        _ => {}
    }
}

/// Whether every path through the statements ends in a `return` outside loops, so that what follows them is never reached.
pub(super) fn returns<'a>(stmts: impl IntoIterator<Item = &'a Stmt>) -> bool {
    stmts.into_iter().any(|s| match &s.kind {
        StmtKind::Return(_) => true,
        StmtKind::If { body, orelse, .. } => returns(body) && returns(orelse),
        _ => false,
    })
}
