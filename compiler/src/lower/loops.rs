//! Loops: `while`, the protocol they all follow, `break` and `continue`.
//!
//! A loop is lowered assuming what its variables are where a lap begins: at first, what they are before the loop. If a lap ends with something else, all of
//! it is undone and lowered again under the joined assumption. Assumptions only widen, so this ends. What the loop's exits bring is joined behind it.

use std::collections::BTreeSet;

use super::Lowerer;
use super::choice::Test;
use super::env::{Env, Wants, forget, same};
use super::fault::{Result, fault};
use super::liveness::Names;
use super::reach;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Block, Inst, Label, Value};
use crate::source::Span;
use crate::syntax::{Expr, Stmt};

/// A loop around the present place.
pub(super) struct Loop {
    /// Variables assigned in it.
    pub(super) assigned: BTreeSet<String>,
    /// What `break` leaves.
    leave: Label,
    next: Next,
    live: Names,
    assumed: Wants,
    /// The joined assumption, if a lap ended otherwise than assumed.
    wider: Option<Wants>,
    breaks: Vec<(Env, Value)>,
    /// Ends of laps of an unrolled loop that `continue` jumped to.
    laps: Vec<(Env, Value)>,
}

/// What `continue` does.
#[derive(Clone, Copy)]
pub(super) enum Next {
    /// Goes to the latch of a loop.
    Latch(Label),
    /// Leaves the scope of one copy of an unrolled body.
    Copy(Label),
}

/// The parts of a loop statement.
pub(super) struct Laps<'a> {
    pub(super) stmt: &'a Stmt,
    /// Assigned at the top of each lap.
    pub(super) target: Option<&'a Expr>,
    pub(super) body: &'a [Stmt],
    pub(super) orelse: &'a [Stmt],
}

/// How a lap begins.
pub(super) enum Top {
    /// By this condition being true the loop is done.
    Done(Value),
    /// The loop is left by `break` only.
    Endless,
    /// No lap is ever run.
    Never,
}

impl Lowerer {
    pub(super) fn while_stmt(&mut self, stmt: &Stmt, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Result<()> {
        let laps = Laps { stmt, target: None, body, orelse };
        let top = |this: &mut Self| {
            Ok(match this.test(test)? {
                Test::Always(true) => Top::Endless,
                Test::Always(false) => Top::Never,
                Test::Value(cond) => {
                    this.at(test.span);
                    Top::Done(this.op(crate::op::Op::Not, &[cond]))
                }
            })
        };
        self.laps(&laps, top, |_| Ok(()), |_| Block::new())
    }

    /// Lowers a loop: `top` begins a lap, `bind` follows it and assigns the loop's target, `latch` goes to the next lap.
    pub(super) fn laps(
        &mut self,
        laps: &Laps<'_>,
        top: impl Fn(&mut Self) -> Result<Top>,
        bind: impl Fn(&mut Self) -> Result<()>,
        latch: impl Fn(&mut Self) -> Block,
    ) -> Result<()> {
        let (head_live, else_live) = self.live_in_loop(laps.stmt);
        let after_live = self.live_after(laps.stmt);
        let mut assigned = BTreeSet::new();
        reach::assigned(laps.body, &mut assigned);
        if let Some(target) = laps.target {
            reach::targets_of(target, &mut assigned);
        }
        let before = self.frame().env.clone();
        let point = self.checkpoint();
        let exits = self.exits();
        let made = self.made();
        let mut assumed = self.wants(&before, &head_live);
        loop {
            let env = self.conform(before.clone(), &assumed);
            self.frame().env = unknown(env, &assigned);
            let label = self.b.label();
            let leave = if laps.orelse.is_empty() { label } else { self.b.label() };
            self.frame().loops.push(Loop {
                assigned: assigned.clone(),
                leave,
                next: Next::Latch(label),
                live: head_live.clone(),
                assumed: assumed.clone(),
                wider: None,
                breaks: Vec::new(),
                laps: Vec::new(),
            });
            let lap = self.lap(laps, label, &top, &bind)?;
            let done = self.frame().loops.pop().expect("the loop pushed above");
            if let Some(wider) = done.wider {
                self.undo(&point, &before, exits);
                assumed = wider;
                continue;
            }
            return self.behind(laps, lap, done.breaks, label, leave, &latch, (&else_live, &after_live), made);
        }
    }

    /// The body of a loop, and the exit taken when the loop is done, if there is one.
    fn lap(
        &mut self,
        laps: &Laps<'_>,
        label: Label,
        top: &impl Fn(&mut Self) -> Result<Top>,
        bind: &impl Fn(&mut Self) -> Result<()>,
    ) -> Result<(Block, Option<(Env, Value)>)> {
        self.b.open();
        let mut exit = None;
        match top(self)? {
            Top::Endless => {}
            Top::Never => {
                let env = self.frame().env.clone();
                exit = Some((env, self.b.push(Inst::Break(label))));
                self.frame().alive = false;
            }
            Top::Done(cond) => {
                let env = self.frame().env.clone();
                self.b.open();
                exit = Some((env, self.b.push(Inst::Break(label))));
                let then = self.b.close();
                self.b.push(Inst::If { cond, then, otherwise: Block::new() });
            }
        }
        if self.frame().alive {
            bind(self)?;
        }
        let body: Vec<&Stmt> = laps.body.iter().collect();
        self.block(&body, false)?;
        if self.frame().alive {
            self.lap_ends();
        }
        Ok((self.b.close(), exit))
    }

    /// Finishes a loop whose assumption held: builds it, its `else` clause, and joins its exits.
    #[expect(clippy::too_many_arguments, reason = "the parts of one loop, used once")]
    fn behind(
        &mut self,
        laps: &Laps<'_>,
        (body, exit): (Block, Option<(Env, Value)>),
        breaks: Vec<(Env, Value)>,
        label: Label,
        leave: Label,
        latch: &impl Fn(&mut Self) -> Block,
        (else_live, after_live): (&Names, &Names),
        made: usize,
    ) -> Result<()> {
        self.at(laps.stmt.span);
        let latch = latch(self);
        self.frame().alive = true;
        if laps.orelse.is_empty() {
            self.b.push(Inst::Loop { label, body, latch });
            let ends: Vec<(Env, Value)> = exit.into_iter().chain(breaks).collect();
            self.join_exits(ends, None, after_live, made);
            return Ok(());
        }
        self.b.open();
        self.b.push(Inst::Loop { label, body, latch });
        self.join_exits(exit.into_iter().collect(), None, else_live, made);
        let orelse: Vec<&Stmt> = laps.orelse.iter().collect();
        self.block(&orelse, false)?;
        self.close_scope(leave, breaks, after_live, made);
        Ok(())
    }

    /// Closes the present block as a scope that `breaks` leave, and joins them with control that falls out of it.
    pub(super) fn close_scope(&mut self, label: Label, breaks: Vec<(Env, Value)>, live: &Names, made: usize) {
        let block = self.b.close();
        let through = self.frame().alive.then(|| std::mem::take(&mut self.frame().env));
        if breaks.is_empty() {
            self.b.append(block);
            if let Some(env) = through {
                self.frame().env = env;
            }
            return;
        }
        let scope = self.b.push(Inst::Scope { label, body: block });
        self.join_exits(breaks, through.map(|env| (env, scope)), live, made);
    }

    /// Joins the exits of a construct that has been built, and control that falls out of the scope `through`.
    fn join_exits(&mut self, exits: Vec<(Env, Value)>, through: Option<(Env, Value)>, live: &Names, made: usize) {
        let mut paths: Vec<Env> = exits.iter().map(|(env, _)| env.clone()).collect();
        let scope = through.map(|(env, scope)| {
            paths.push(env);
            scope
        });
        self.frame().alive = !paths.is_empty();
        if paths.is_empty() {
            return;
        }
        let (env, mut code) = self.merge(paths, live, made);
        if let Some(scope) = scope {
            let end = code.pop().expect("an end for each path");
            self.b.extend_scope(scope, end);
        }
        for ((_, at), end) in exits.into_iter().zip(code) {
            self.b.insert_before(at, made, end);
        }
        self.frame().env = env;
    }

    /// The end of a lap: its variables are brought to what the next lap assumes, or the assumption is found wrong.
    fn lap_ends(&mut self) {
        let current = self.frame().loops.last().expect("inside a loop");
        let (live, assumed) = (current.live.clone(), current.assumed.clone());
        let base = current.wider.clone().unwrap_or_else(|| assumed.clone());
        let env = std::mem::take(&mut self.frame().env);
        let brought = self.wants(&env, &live);
        let joined = self.join(&base, &brought);
        if same(&joined, &assumed) {
            self.conform(env, &assumed);
        } else {
            self.frame().loops.last_mut().expect("inside a loop").wider = Some(joined);
        }
    }

    pub(super) fn leave_loop(&mut self, span: Span) -> Result<()> {
        self.at(span);
        let Some(current) = self.frame().loops.last() else {
            return fault(Diagnostic::new(Code::Syntax, span, "`break` outside a loop"));
        };
        let label = current.leave;
        let env = std::mem::take(&mut self.frame().env);
        let at = self.b.push(Inst::Break(label));
        self.frame().alive = false;
        self.frame().loops.last_mut().expect("inside a loop").breaks.push((env, at));
        Ok(())
    }

    pub(super) fn next_lap(&mut self, span: Span) -> Result<()> {
        self.at(span);
        let Some(current) = self.frame().loops.last() else {
            return fault(Diagnostic::new(Code::Syntax, span, "`continue` outside a loop"));
        };
        match current.next {
            Next::Latch(label) => {
                self.lap_ends();
                self.b.push(Inst::Continue(label));
            }
            Next::Copy(label) => {
                let env = std::mem::take(&mut self.frame().env);
                let at = self.b.push(Inst::Break(label));
                self.frame().loops.last_mut().expect("inside a loop").laps.push((env, at));
            }
        }
        self.frame().alive = false;
        Ok(())
    }

    /// Lowers a loop with a copy of its body for each lap; `bind` assigns the target of lap i.
    pub(super) fn unrolled(&mut self, laps: &Laps<'_>, count: usize, bind: impl Fn(&mut Self, usize) -> Result<()>) -> Result<()> {
        let (head_live, _) = self.live_in_loop(laps.stmt);
        let after_live = self.live_after(laps.stmt);
        let leave = self.b.label();
        let made = self.made();
        self.frame().loops.push(Loop {
            assigned: BTreeSet::new(),
            leave,
            next: Next::Copy(leave),
            live: head_live.clone(),
            assumed: Wants::new(),
            wider: None,
            breaks: Vec::new(),
            laps: Vec::new(),
        });
        self.b.open();
        for i in 0..count {
            if !self.frame().alive {
                break;
            }
            let copy = self.b.label();
            self.frame().loops.last_mut().expect("pushed above").next = Next::Copy(copy);
            let made = self.made();
            self.b.open();
            bind(self, i)?;
            let body: Vec<&Stmt> = laps.body.iter().collect();
            self.block(&body, false)?;
            let ends = std::mem::take(&mut self.frame().loops.last_mut().expect("pushed above").laps);
            self.close_scope(copy, ends, &head_live, made);
        }
        let done = self.frame().loops.pop().expect("pushed above");
        let orelse: Vec<&Stmt> = laps.orelse.iter().collect();
        self.block(&orelse, false)?;
        self.close_scope(leave, done.breaks, &after_live, made);
        Ok(())
    }
}

/// The variables as a lap may find them: values known before the loop hold only for those it does not assign.
fn unknown(mut env: Env, assigned: &BTreeSet<String>) -> Env {
    let mut changed: Env = Env::new();
    for name in assigned {
        if let Some(binding) = env.remove(name) {
            changed.insert(name.clone(), binding);
        }
    }
    forget(&mut changed, 0);
    env.extend(changed);
    env
}
