//! What lowering leaves behind: slots that nothing reads, and branches with nothing in them.
//!
//! Lowering gives every variable a slot and then mostly uses the value it put there. Here the slots that are never read go, with what only they used.

use crate::ir::{Block, Failure, Function, Inst, Slot};
use crate::pass;

/// Removes what has no effect, and contracts if asked to.
pub(super) fn tidy(mut function: Function, fma: bool) -> Function {
    if fma {
        function = pass::contract(function);
    }
    loop {
        function = pass::remove_unused(function);
        let read = slots_read(&function);
        let mut body = std::mem::take(&mut function.body);
        let changed = sweep(&mut function, &mut body, &read);
        function.body = body;
        if !changed {
            return renumber(function);
        }
    }
}

fn slots_read(function: &Function) -> Vec<bool> {
    let mut read = vec![false; function.slots.len()];
    function.results.iter().for_each(|s| read[s.index()] = true);
    function.walk(&mut |_, inst| {
        if let Inst::Get(slot) = inst {
            read[slot.index()] = true;
        }
    });
    read
}

/// Drops dead assignments and empty branches; says whether there were any.
fn sweep(function: &mut Function, block: &mut Block, read: &[bool]) -> bool {
    let mut changed = false;
    let before = block.len();
    block.retain(|&value| {
        let mut inst = std::mem::replace(&mut function.insts[value.index()], Inst::Param(0));
        for inner in inst.blocks_mut() {
            changed |= sweep(function, inner, read);
        }
        let keep = match &inst {
            Inst::Set(slot, _) => read[slot.index()],
            Inst::If { then, otherwise, .. } => !(then.is_empty() && otherwise.is_empty()),
            Inst::Scope { body, .. } => !body.is_empty(),
            _ => true,
        };
        function.insts[value.index()] = inst;
        keep
    });
    changed || block.len() != before
}

/// Leaves out slots that nothing names.
fn renumber(mut function: Function) -> Function {
    let mut named = vec![false; function.slots.len()];
    let each = |inst: &Inst| match inst {
        Inst::Get(s) | Inst::Set(s, _) | Inst::Fail(Failure::Unassigned(s)) => Some(*s),
        _ => None,
    };
    function.insts.iter().filter_map(each).chain(function.results.iter().copied()).for_each(|s| named[s.index()] = true);
    let mut next = 0;
    let renamed: Vec<Slot> = named
        .iter()
        .map(|named| {
            next += u32::from(*named);
            Slot(next.saturating_sub(1))
        })
        .collect();
    for inst in &mut function.insts {
        if let Inst::Get(s) | Inst::Set(s, _) | Inst::Fail(Failure::Unassigned(s)) = inst {
            *s = renamed[s.index()];
        }
    }
    function.results.iter_mut().for_each(|s| *s = renamed[s.index()]);
    let mut keep = named.iter();
    function.slots.retain(|_| *keep.next().expect("one mark a slot"));
    function
}
