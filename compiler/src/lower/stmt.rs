//! Statements, except loops.

use super::Lowerer;
use super::arrays::Spot;
use super::choice::Test;
use super::env::Env;
use super::fault::{Result, Stop, fault};
use super::iterate::{Place, Sequence};
use super::liveness::Names;
use super::reach;
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Block, Complaint, Inst};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{BinaryOp, Expr, ExprKind, Stmt, StmtKind};

impl Lowerer {
    /// Lowers statements. `last`: nothing of the function comes after them, so a `return` here needs no jump.
    pub(super) fn block(&mut self, stmts: &[&Stmt], last: bool) -> Result<()> {
        for (i, stmt) in stmts.iter().enumerate() {
            if !self.frame().alive {
                return Ok(());
            }
            let rest = &stmts[i + 1..];
            if let StmtKind::If { test, body, orelse } = &stmt.kind
                && last
            {
                let (returns_then, returns_else) = (reach::returns(body), reach::returns(orelse));
                let deeper = !rest.is_empty() && (returns_then || returns_else) && self.frame().deeper();
                if rest.is_empty() || deeper {
                    // What follows belongs to the arm that goes on, so that both arms end the function.
                    let mut then: Vec<&Stmt> = body.iter().collect();
                    let mut otherwise: Vec<&Stmt> = orelse.iter().collect();
                    match (returns_then, returns_else) {
                        (true, false) => otherwise.extend(rest),
                        (false, true) => then.extend(rest),
                        _ => {}
                    }
                    return self.if_stmt(stmt, test, &then, &otherwise, true, &Names::new());
                }
            }
            match &stmt.kind {
                StmtKind::Return(value) => {
                    let returned = self.attempt(|this| this.return_stmt(value.as_ref(), stmt.span, last))?;
                    if returned {
                        return Ok(());
                    }
                }
                _ => {
                    self.attempt(|this| this.statement(stmt))?;
                }
            }
        }
        if last { self.fall_off() } else { Ok(()) }
    }

    /// Runs a statement; one that control turns out not to get through leaves nothing behind.
    fn attempt(&mut self, run: impl FnOnce(&mut Self) -> Result<()>) -> Result<bool> {
        let (frames, loops, exits) = (self.frames.len(), self.frame().loops.len(), self.exits());
        let mark = self.b.mark();
        match run(self) {
            Ok(()) => Ok(true),
            Err(Stop::Unreachable) => {
                debug_assert_eq!(frames, self.frames.len());
                let pending = self.pending.len();
                self.restore(&super::Checkpoint { mark, pending });
                self.truncate_exits(exits);
                self.frame().loops.truncate(loops);
                self.frame().alive = false;
                Ok(false)
            }
            Err(stop) => Err(stop),
        }
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<()> {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                let val = self.expr(value)?;
                targets.iter().try_for_each(|t| self.assign_target(t, &val, value.span))
            }
            StmtKind::AugAssign { target, op, value } => self.augmented(target, *op, value, stmt.span),
            StmtKind::Expr(e) => match &e.kind {
                ExprKind::Str(_) | ExprKind::Bytes(_) => Ok(()),
                _ => self.expr(e).map(drop),
            },
            StmtKind::If { test, body, orelse } => {
                let live = self.live_after(stmt);
                let (then, otherwise): (Vec<&Stmt>, Vec<&Stmt>) = (body.iter().collect(), orelse.iter().collect());
                self.if_stmt(stmt, test, &then, &otherwise, false, &live)
            }
            StmtKind::While { test, body, orelse } => self.while_stmt(stmt, test, body, orelse),
            StmtKind::For { target, iter, body, orelse } => self.for_stmt(stmt, target, iter, body, orelse),
            StmtKind::Break => self.leave_loop(stmt.span),
            StmtKind::Continue => self.next_lap(stmt.span),
            StmtKind::Pass => Ok(()),
            StmtKind::Raise(raised) => self.raise_stmt(raised, stmt.span),
            StmtKind::Return(_) => unreachable!("handled by block()"),
            StmtKind::Unsupported(u) => fault(self.unsupported(stmt.span, &u.what, u.help.as_deref())),
        }
    }

    fn return_stmt(&mut self, value: Option<&Expr>, span: Span, last: bool) -> Result<()> {
        let value = match value {
            Some(e) => Some((self.expr(e)?, e.span)),
            None => None,
        };
        self.at(span);
        self.return_value(value, span, last)
    }

    // --- if ---

    fn if_stmt(&mut self, stmt: &Stmt, test: &Expr, then: &[&Stmt], otherwise: &[&Stmt], last: bool, live: &Names) -> Result<()> {
        let mut cond = None;
        let reached = self.attempt(|this| {
            cond = Some(this.test(test)?);
            Ok(())
        })?;
        if !reached {
            return Ok(());
        }
        let cond = match cond.expect("set when reached") {
            Test::Always(true) => return self.block(then, last),
            Test::Always(false) => return self.block(otherwise, last),
            Test::Value(cond) => cond,
        };
        let made = self.made();
        let before = self.frame().env.clone();
        let (then, then_env) = self.arm(then, last)?;
        self.frame().env = before;
        self.frame().alive = true;
        let (otherwise, else_env) = self.arm(otherwise, last)?;
        self.at(stmt.span);
        let mut blocks = [then, otherwise];
        let ends = [then_env, else_env];
        let alive: Vec<usize> = (0..2).filter(|i| ends[*i].is_some()).collect();
        self.frame().alive = !alive.is_empty();
        if !alive.is_empty() {
            let (env, code) = self.merge(ends.into_iter().flatten().collect(), live, made);
            alive.iter().zip(code).for_each(|(i, code)| blocks[*i].extend(code));
            self.frame().env = env;
        }
        let [then, otherwise] = blocks;
        self.b.push(Inst::If { cond, then, otherwise });
        Ok(())
    }

    /// One arm, and the variables at its end if control gets there.
    fn arm(&mut self, stmts: &[&Stmt], last: bool) -> Result<(Block, Option<Env>)> {
        self.b.open();
        self.block(stmts, last)?;
        let block = self.b.close();
        let alive = self.frame().alive;
        let env = std::mem::take(&mut self.frame().env);
        Ok((block, alive.then_some(env)))
    }

    // --- assignment ---

    /// Assigns a value to a name, a tuple of targets, or an element. `source` is where the value comes from.
    pub(super) fn assign_target(&mut self, target: &Expr, val: &Val, source: Span) -> Result<()> {
        self.at(target.span);
        match &target.kind {
            ExprKind::Name(name) => self.assign(name, val, target.span),
            ExprKind::Tuple(targets) if targets.iter().any(|t| matches!(t.kind, ExprKind::Starred(_))) => {
                self.unpack_with_rest(targets, val, target.span, source)
            }
            ExprKind::Tuple(targets) => match val {
                val if val.items().is_some_and(|items| items.len() == targets.len()) => {
                    let items = val.items().expect("a tuple");
                    targets.iter().zip(items).try_for_each(|(t, item)| self.assign_target(t, item, source))
                }
                Val::Tuple(items) | Val::Named(_, items) if val.items().is_some() => {
                    let text = format!("{} values cannot be unpacked into {} variables", items.len(), targets.len());
                    fault(Diagnostic::new(Code::BadValue, target.span, text).also(source, self.describe(val)))
                }
                _ => match self.view_of(val) {
                    Some(view) if view.ndim() > 0 => {
                        let count = self.b.int(targets.len() as i64);
                        let differ = self.op(Op::Ne, &[view.extents[0], count]);
                        self.fail_if(differ, Complaint::Unpacked);
                        let rows = Sequence::Rows(view, source);
                        // All are read before one is assigned: a target may be an element.
                        let items = (0..targets.len()).map(|i| self.item_of(&rows, Place::Known(i), source)).collect::<Result<Vec<_>>>()?;
                        targets.iter().zip(&items).try_for_each(|(t, item)| self.assign_target(t, item, source))
                    }
                    _ => {
                        let name = self.describe(val);
                        fault(Diagnostic::new(Code::TypeMismatch, source, format!("{name} cannot be unpacked")).label(name).also(target.span, ""))
                    }
                },
            },
            ExprKind::Subscript { value, index } => {
                let spot = self.subscript_spot(value, index, target.span)?;
                self.store_spot(&spot, val, target.span, source)
            }
            ExprKind::Attribute { value, attr, attr_span } => {
                let spot = self.attribute_spot(value, attr, *attr_span, target.span)?;
                if let Some(spot @ (Spot::Element(_) | Spot::View(_))) = spot {
                    return self.store_spot(&spot, val, target.span, source);
                }
                fault(Diagnostic::new(Code::UnsupportedSyntax, *attr_span, format!("the attribute `{attr}` cannot be assigned in compiled code")))
            }
            ExprKind::Unsupported(u) => fault(self.unsupported(target.span, &u.what, u.help.as_deref())),
            _ => fault(Diagnostic::new(Code::UnsupportedSyntax, target.span, "this cannot be assigned")),
        }
    }

    /// `a, *b, c = value`: the starred target takes what is left, as a tuple (CPython makes it a list).
    fn unpack_with_rest(&mut self, targets: &[Expr], val: &Val, span: Span, source: Span) -> Result<()> {
        let Some(items) = val.items() else {
            let name = self.describe(val);
            return fault(Diagnostic::new(Code::TypeMismatch, source, format!("{name} cannot be unpacked")).label(name).also(span, ""));
        };
        if targets.len() - 1 > items.len() {
            let text = format!("{} values cannot be unpacked into {} variables and a starred one", items.len(), targets.len() - 1);
            return fault(Diagnostic::new(Code::BadValue, span, text).also(source, self.describe(val)));
        }
        let left = items.len() + 1 - targets.len();
        let mut at = 0;
        for target in targets {
            if let ExprKind::Starred(inner) = &target.kind {
                self.assign_target(inner, &Val::Tuple(items[at..at + left].to_vec()), source)?;
                at += left;
            } else {
                self.assign_target(target, &items[at], source)?;
                at += 1;
            }
        }
        Ok(())
    }

    fn augment_spot(&mut self, spot: Spot, op: BinaryOp, target: Span, value: &Expr, span: Span) -> Result<()> {
        let old = match &spot {
            Spot::Element(element) => self.load_element(element),
            Spot::View(view) => {
                let right = self.expr(value)?;
                self.at(span);
                return self.augment_view(view, op, (&right, value.span), target, span);
            }
            Spot::Value(old) => old.clone(),
        };
        let right = self.expr(value)?;
        self.at(span);
        self.refuse_zero(op, &old, &right);
        let new = self.binary(op, (&old, target), (&right, value.span), span)?;
        self.store_spot(&spot, &new, target, span)
    }

    fn augmented(&mut self, target: &Expr, op: BinaryOp, value: &Expr, span: Span) -> Result<()> {
        match &target.kind {
            ExprKind::Subscript { value: array, index } => {
                let spot = self.subscript_spot(array, index, target.span)?;
                self.augment_spot(spot, op, target.span, value, span)
            }
            ExprKind::Attribute { value: record, attr, attr_span } => match self.attribute_spot(record, attr, *attr_span, target.span)? {
                Some(spot) => self.augment_spot(spot, op, target.span, value, span),
                None => {
                    let text = format!("the attribute `{attr}` cannot be assigned in compiled code");
                    fault(Diagnostic::new(Code::UnsupportedSyntax, *attr_span, text))
                }
            },
            _ => {
                let old = self.expr(target)?;
                let right = self.expr(value)?;
                self.at(span);
                self.refuse_zero(op, &old, &right);
                let new = self.binary(op, (&old, target.span), (&right, value.span), span)?;
                self.assign_target(target, &new, span)
            }
        }
    }
}
