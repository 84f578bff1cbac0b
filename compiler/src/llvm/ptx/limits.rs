//! What a GPU gives a kernel less of than a CPU does: told with the user's line before anything is made.

use super::Error;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, ArrayInfo, Function, Inst, Storage, Verified};
use crate::source::Span;

/// Bytes of static shared memory of a block.
const SHARED: u64 = 48 << 10;
/// Bytes of a thread's local memory.
const LOCAL: u64 = 512 << 10;
/// Words of an entry's parameters.
const WORDS: usize = 4096 / 8;

/// Bytes of static shared memory, each array's rounded up as it is laid out.
pub(super) fn shared(f: &Function) -> u64 {
    let bytes = |info: &ArrayInfo| match &info.storage {
        Some(Storage::Shared(shape)) => size(info, shape).next_multiple_of(64),
        _ => 0,
    };
    f.arrays.iter().map(bytes).sum::<u64>() + if f.has_grid_barrier() { 8 } else { 0 }
}

fn size(info: &ArrayInfo, shape: &[u64]) -> u64 {
    shape.iter().product::<u64>() * info.ty.elem.size() as u64
}

pub(super) fn check(ir: &Verified) -> Result<(), Error> {
    let most = shared(ir);
    if most > SHARED {
        let is = |info: &ArrayInfo| matches!(info.storage, Some(Storage::Shared(_)));
        let text = format!("`{}` has {most} bytes of shared arrays, more than the {SHARED} of a block on a GPU", ir.name);
        let help = "use dynamic shared memory: an array of shape 0, with the bytes as the launch's fourth number";
        return Err(unsupported(ir, largest(ir, &is), text, help));
    }
    for f in std::iter::once(&**ir).chain(&ir.routines) {
        let bytes = |info: &ArrayInfo| match &info.storage {
            Some(Storage::Local(shape)) => size(info, shape),
            _ => 0,
        };
        let local = f.arrays.iter().map(bytes).sum::<u64>();
        if local > LOCAL {
            let is = |info: &ArrayInfo| matches!(info.storage, Some(Storage::Local(_)));
            let text = format!("`{}` has {local} bytes of local arrays, more than the {LOCAL} of a thread on a GPU", f.name);
            return Err(unsupported(ir, largest(f, &is), text, "use an array of the device with a part for each thread"));
        }
    }
    Ok(())
}

pub(super) fn check_words(ir: &Verified, words: usize) -> Result<(), Error> {
    if words <= WORDS {
        return Ok(());
    }
    let text = format!("the arguments of `{}` take {} bytes, more than the {} of a kernel on a GPU", ir.name, words * 8, WORDS * 8);
    Err(unsupported(ir, place(ir, |_| true), text, "pass fewer arguments: an array of records is an argument for each of its numbers"))
}

/// What a function without a status block lacks.
pub(super) fn check_function(ir: &Verified) -> Result<(), Error> {
    for f in std::iter::once(&**ir).chain(&ir.routines) {
        if f.any_inside(&f.body, &|inst| matches!(inst, Inst::Print { .. })) {
            let text = "a device function that other code calls cannot print".to_owned();
            return Err(unsupported(ir, place(f, |inst| matches!(inst, Inst::Print { .. })), text, "print in a kernel"));
        }
    }
    Ok(())
}

fn unsupported(ir: &Verified, span: Span, text: String, help: &str) -> Error {
    Error::Unsupported(Diagnostic::new(Code::UnsupportedType, span, text).help(help).with_sources(&ir.sources))
}

/// Where the largest of such arrays is first used.
fn largest(f: &Function, is: &dyn Fn(&ArrayInfo) -> bool) -> Span {
    let bytes = |info: &ArrayInfo| info.storage.as_ref().and_then(Storage::shape).map_or(0, |shape| size(info, shape));
    let those = f.arrays.iter().enumerate().filter(|(_, info)| is(info));
    let Some((number, _)) = those.max_by_key(|(_, info)| bytes(info)) else { return Span::default() };
    let used = Array(number as u32);
    place(f, |inst| match inst {
        Inst::Load { array, .. } | Inst::Store { array, .. } | Inst::Atomic { array, .. } | Inst::Extent { array, .. } => *array == used,
        Inst::Call { arrays, .. } => arrays.contains(&used),
        _ => false,
    })
}

/// The span of the first instruction of which that holds and that is somewhere.
fn place(f: &Function, holds: impl Fn(&Inst) -> bool) -> Span {
    let mut found = None;
    f.walk(&mut |at, inst| {
        if found.is_none() && holds(inst) && f.span(at) != Span::default() {
            found = Some(f.span(at));
        }
    });
    found.unwrap_or_default()
}
