//! The invariants of the IR, and the proof that a function keeps them.
//!
//! Backends, the interpreter and passes re-check none of this. A function is valid when:
//!
//! **Arenas.** Every handle names an entry of its arena; `types` and `spans` have one entry an instruction. Every instruction stands in the body's tree
//! exactly once. A span names one of the sources, or is the default span.
//!
//! **Interface.** No parameter, slot or value is complex. A scalar function takes scalars and has at least one result; a kernel has none; a core function may have either. Each array is bound by
//! exactly one parameter, holds a constant, or is a kernel's own memory (then in C order, writable, of fixed extents or dynamic with one axis), never two of these. Arrays have at most eight axes. A
//! constant array is readonly, of the type of its contents, in C order, and its
//! data has the size its shape says.
//!
//! **Values.** The recorded type of each instruction is the one it computes. An operand gives a value and stands earlier in the same block or in a block around
//! it. Operands of an operation are as its row of the op table wants them; what is set into a slot has the slot's type; the condition of an `If` is bool.
//! `Param` names a scalar parameter; `Geometry`, `Barrier`, `Atomic` and `Warp` stand in a kernel only; `Extent` names an axis of its array.
//!
//! **Calls.** Only an outermost function has routines; each call has arguments and slots of the types of its routine's parameters and results, array for array of one type. `Leave` stands in routines
//! only, which have neither barriers, operations of warps, nor shared memory.
//!
//! **Memory.** An access has one index an axis, each int64 or uint64. A complex element is accessed by part, a real one whole; a stored value has the type of
//! the element or part. Nothing is stored to a readonly array.
//!
//! **Control.** Labels are unique. `Break` and `Continue` name a construct around them, `Continue` a `Loop`, and neither jumps out of a latch. `Break`,
//! `Continue`, `Fail` and `Leave` are the last of their block, and a latch itself does not end in one.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::print::{Line, Numbers};
use super::*;

/// A function that has been verified. Owns what it proves; every pass and backend takes one.
#[derive(Clone, Debug)]
pub struct Verified(Arc<Function>);

/// The invariants that a function breaks, each with the printed instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<String>);

impl Verified {
    /// Checks every invariant.
    ///
    /// # Errors
    /// All violations found.
    pub fn new(function: Function) -> Result<Verified, Invalid> {
        let mut faults = Vec::new();
        for (n, f) in std::iter::once(&function).chain(&function.routines).enumerate() {
            let mut check = Check::new(f, &function.routines);
            check.interface();
            if f.types.len() != f.insts.len() || f.spans.len() != f.insts.len() {
                check.faults.push("`types` and `spans` must have one entry an instruction".into());
            } else {
                check.block(&f.body);
                check.leftovers();
            }
            if (f.kind == Kind::Routine) != (n > 0) || (n > 0 && !f.routines.is_empty()) {
                check.faults.push("routines are what an outermost function holds, and hold none".into());
            }
            faults.extend(check.faults);
        }
        if faults.is_empty() { Ok(Verified(Arc::new(function))) } else { Err(Invalid(faults)) }
    }

    /// The function back, to be changed and verified again; copied only if somebody else holds the proof too.
    pub fn into_inner(self) -> Function {
        Arc::unwrap_or_clone(self.0)
    }
}

impl std::ops::Deref for Verified {
    type Target = Function;

    fn deref(&self) -> &Function {
        &self.0
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid IR:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for Invalid {}

/// Most bytes of one array of a kernel's own.
pub const MOST_STORAGE: u64 = 1 << 30;

struct Check<'f> {
    f: &'f Function,
    routines: &'f [Function],
    faults: Vec<String>,
    /// Instructions met so far.
    seen: Vec<bool>,
    /// Whether a value may be used at this point.
    visible: Vec<bool>,
    /// Constructs around this point.
    around: Vec<Around>,
    labels: HashSet<Label>,
}

struct Around {
    label: Label,
    is_loop: bool,
    in_latch: bool,
}

impl<'f> Check<'f> {
    fn new(f: &'f Function, routines: &'f [Function]) -> Check<'f> {
        let n = f.insts.len();
        Check { f, routines, faults: Vec::new(), seen: vec![false; n], visible: vec![false; n], around: Vec::new(), labels: HashSet::new() }
    }

    fn fault(&mut self, at: Value, what: impl fmt::Display) {
        let line = Line { f: self.f, numbers: &Numbers::arena(), value: at }.to_string();
        self.faults.push(format!("`{}` (v{}): {what}", line.trim_end_matches(" {"), at.0));
    }

    fn interface(&mut self) {
        let f = self.f;
        let mut say = |what: String| self.faults.push(what);
        for (i, slot) in f.slots.iter().enumerate() {
            if slot.ty.is_complex() {
                say(format!("slot s{i} is complex"));
            }
        }
        let mut bound = vec![0; f.arrays.len()];
        for (i, param) in f.params.iter().enumerate() {
            match param {
                Param::Scalar { ty, .. } if ty.is_complex() => say(format!("parameter {i} is complex")),
                Param::Scalar { .. } => {}
                Param::Array { array, .. } => match bound.get_mut(array.index()) {
                    Some(count) => *count += 1,
                    None => say(format!("parameter {i} binds a{}, which does not exist", array.0)),
                },
            }
            if f.kind == Kind::Scalar && matches!(param, Param::Array { .. }) {
                say(format!("parameter {i} of a scalar function is an array"));
            }
        }
        for (i, (array, bound)) in f.arrays.iter().zip(bound).enumerate() {
            if array.ty.ndim > crate::types::MOST_AXES {
                say(format!("array a{i} has {} axes", array.ty.ndim));
            }
            if let Some(storage) = &array.storage {
                if array.constant.is_some() || bound != 0 {
                    say(format!("array a{i} is memory of the kernel's own and also something else"));
                }
                if !(f.kind == Kind::Kernel || f.kind == Kind::Routine && matches!(storage, Storage::Local(_)))
                    || array.ty.readonly
                    || array.ty.layout != crate::types::Layout::C
                {
                    say(format!("array a{i} is memory of a kernel's own, in C order and writable, or not valid"));
                }
                let fits = |shape: &[u64]| {
                    let bytes = shape.iter().try_fold(array.ty.elem.size() as u64, |n, extent| n.checked_mul(*extent));
                    shape.len() == array.ty.ndim as usize && bytes.is_some_and(|n| n <= MOST_STORAGE)
                };
                if !storage.shape().map_or(array.ty.ndim == 1, fits) {
                    say(format!("array a{i} has not the extents of its type, or more than {MOST_STORAGE} bytes"));
                }
                continue;
            }
            match &array.constant {
                None if bound != 1 => say(format!("array a{i} is bound by {bound} parameters")),
                Some(_) if bound != 0 => say(format!("array a{i} is both a constant and a parameter")),
                Some(c) if c.ty != array.ty || !c.ty.readonly || c.ty.layout != crate::types::Layout::C => {
                    say(format!("constant array a{i} must be readonly and in C order, of the type of its contents"));
                }
                Some(c) if c.shape.len() != c.ty.ndim as usize || size(&c.shape, c.ty.elem) != Some(c.data.len()) => {
                    say(format!("constant array a{i} has {} bytes for the shape {:?}", c.data.len(), c.shape));
                }
                _ => {}
            }
        }
        for slot in &f.results {
            if slot.index() >= f.slots.len() {
                say(format!("result s{} does not exist", slot.0));
            }
        }
        match (f.kind, f.results.len()) {
            (Kind::Scalar, 0) => say("a scalar function has no result".into()),
            (Kind::Kernel, 1..) => say("a kernel has results".into()),
            _ => {}
        }
    }

    fn leftovers(&mut self) {
        for i in 0..self.f.insts.len() {
            if !self.seen[i] {
                self.fault(Value(i as u32), "stands nowhere in the body");
            }
            let span = self.f.spans[i];
            if span != Span::default() && !self.f.sources.contains(span.source) {
                self.fault(Value(i as u32), "its span names no source");
            }
        }
    }

    fn block(&mut self, block: &Block) {
        let mut made = Vec::new();
        for (position, &value) in block.iter().enumerate() {
            match self.seen.get_mut(value.index()) {
                None => {
                    self.faults.push(format!("the body names v{}, which does not exist", value.0));
                    continue;
                }
                Some(seen) if *seen => {
                    self.fault(value, "stands in the body more than once");
                    continue;
                }
                Some(seen) => *seen = true,
            }
            let inst = self.f.inst(value);
            if inst.is_terminator() && position + 1 < block.len() {
                self.fault(value, "is not the last of its block");
            }
            let mut usable = true;
            for operand in inst.operands() {
                if !self.visible.get(operand.index()).copied().unwrap_or(false) {
                    self.fault(value, format_args!("operand v{} does not stand before it, here or in a block around it", operand.0));
                    usable = false;
                } else if self.f.types[operand.index()].is_none() {
                    self.fault(value, format_args!("operand v{} gives no value", operand.0));
                    usable = false;
                }
            }
            if usable {
                self.inst(value, inst);
            }
            self.construct(value, inst);
            self.visible[value.index()] = true;
            made.push(value);
        }
        made.iter().for_each(|v| self.visible[v.index()] = false);
    }

    /// What is inside a construct, and its label.
    fn construct(&mut self, value: Value, inst: &Inst) {
        let (label, is_loop) = match inst {
            Inst::Loop { label, .. } => (*label, true),
            Inst::Scope { label, .. } => (*label, false),
            _ => {
                inst.blocks().into_iter().for_each(|b| self.block(b));
                return;
            }
        };
        if label.0 >= self.f.labels {
            self.fault(value, "its label does not exist");
        }
        if !self.labels.insert(label) {
            self.fault(value, "its label is used twice");
        }
        for (i, block) in inst.blocks().into_iter().enumerate() {
            if i == 1 && block.last().and_then(|v| self.f.insts.get(v.index())).is_some_and(Inst::is_terminator) {
                self.fault(value, "its latch ends in a jump");
            }
            self.around.push(Around { label, is_loop, in_latch: i == 1 });
            self.block(block);
            self.around.pop();
        }
    }

    /// One instruction whose operands are values in sight.
    fn inst(&mut self, value: Value, inst: &Inst) {
        let computed = match self.computed(inst) {
            Ok(ty) => ty,
            Err(what) => return self.fault(value, what),
        };
        let recorded = self.f.types[value.index()];
        if recorded != computed {
            let name = |t: Option<ScalarType>| t.map_or("no value", ScalarType::name);
            self.fault(value, format_args!("gives {}, not {}", name(computed), name(recorded)));
        }
    }

    /// The type an instruction computes, or what is wrong with it.
    fn computed(&self, inst: &Inst) -> Result<Option<ScalarType>, String> {
        let f = self.f;
        let some = |ty| Ok(Some(ty));
        let slot = |s: &Slot| f.slots.get(s.index()).map(|info| info.ty).ok_or_else(|| format!("slot s{} does not exist", s.0));
        match inst {
            Inst::Const(c) => some(c.ty()),
            Inst::Param(i) => match f.params.get(*i as usize) {
                Some(Param::Scalar { ty, .. }) => some(*ty),
                Some(Param::Array { .. }) => Err("names an array parameter".into()),
                None => Err("the parameter does not exist".into()),
            },
            Inst::Apply { op, args } => {
                let types: Vec<ScalarType> = args.iter().map(|a| f.ty(*a)).collect();
                let names = || types.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ");
                op.result(&types).map(Some).ok_or_else(|| format!("{} does not take ({})", op.name(), names()))
            }
            Inst::Geometry(_) if f.kind == Kind::Scalar => Err("a scalar function has no launch geometry".into()),
            Inst::Geometry(_) if f.kind == Kind::Core => Err("the body of a generalized ufunc has no launch geometry".into()),
            Inst::Geometry(_) => some(ScalarType::I32),
            Inst::Extent { array, axis } => match f.arrays.get(array.index()) {
                None => Err("the array does not exist".into()),
                Some(info) if *axis >= info.ty.ndim => Err(format!("the array has {} axes", info.ty.ndim)),
                Some(_) => some(ScalarType::I64),
            },
            Inst::Get(s) => slot(s).map(Some),
            Inst::Set(s, v) => match slot(s)? {
                ty if ty == f.ty(*v) => Ok(None),
                ty => Err(format!("the slot is {ty}, the value {}", f.ty(*v))),
            },
            Inst::Load { array, index, part } => self.access(*array, index, *part).map(Some),
            Inst::Store { array, index, part, value } => {
                let ty = self.access(*array, index, *part)?;
                if f.array(*array).ty.readonly {
                    Err("the array is readonly".into())
                } else if ty != f.ty(*value) {
                    Err(format!("stores {} where {ty} is kept", f.ty(*value)))
                } else {
                    Ok(None)
                }
            }
            Inst::If { cond, .. } if f.ty(*cond) != ScalarType::Bool => Err(format!("the condition is {}", f.ty(*cond))),
            Inst::Break(label) => self.target(*label, false),
            Inst::Continue(label) => self.target(*label, true),
            Inst::Fail(Failure::Bounds(array)) | Inst::Report(Failure::Bounds(array)) if array.index() >= f.arrays.len() => {
                Err("the array does not exist".into())
            }
            Inst::Print { .. } if f.kind == Kind::Scalar => Err("a scalar function prints nothing".into()),
            Inst::Print { pieces, values } => {
                let wanted: usize = pieces
                    .iter()
                    .map(|p| match p {
                        Piece::Text(_) => 0,
                        Piece::Value | Piece::Half(_) | Piece::Time(_) => 1,
                        Piece::Complex => 2,
                    })
                    .sum();
                if wanted == values.len() { Ok(None) } else { Err(format!("has {} values for {wanted} places", values.len())) }
            }
            Inst::Fail(Failure::Unassigned(s)) | Inst::Report(Failure::Unassigned(s)) => slot(s).map(|_| None),
            Inst::Fail(Failure::Raise(n)) | Inst::Report(Failure::Raise(n)) if *n as usize >= f.raises.len() => Err("names no exception".into()),
            Inst::Atomic { .. } if !matches!(f.kind, Kind::Kernel | Kind::Routine) => Err("stands in kernels only".into()),
            Inst::Warp { .. } if f.kind != Kind::Kernel => Err("stands in kernels only".into()),
            Inst::Leave if f.kind != Kind::Routine => Err("stands in routines only".into()),
            Inst::Call { routine, args, arrays, into, ended } => {
                let callee = self.routines.get(*routine as usize).ok_or("calls a routine that does not exist")?;
                let (mut scalars, mut others) = (args.iter(), arrays.iter());
                for param in &callee.params {
                    let fits = match param {
                        Param::Scalar { ty, .. } => scalars.next().is_some_and(|v| f.ty(*v) == *ty),
                        Param::Array { array, .. } => {
                            let wanted = callee.arrays.get(array.index()).map(|info| info.ty);
                            others.next().and_then(|a| f.arrays.get(a.index())).is_some_and(|info| {
                                wanted == Some(info.ty) || wanted == Some(ArrayType { layout: crate::types::Layout::A, ..info.ty })
                            })
                        }
                    };
                    if !fits {
                        return Err(format!("does not fit the parameters of routine {routine}"));
                    }
                }
                if scalars.next().is_some() || others.next().is_some() {
                    return Err(format!("has more arguments than routine {routine} has parameters"));
                }
                let types = into.iter().map(slot).collect::<Result<Vec<_>, _>>()?;
                if types != callee.result_types() || slot(ended)? != ScalarType::Bool {
                    return Err(format!("does not take the results of routine {routine}"));
                }
                Ok(None)
            }
            Inst::Atomic { op, array, index, part, value, expected } => {
                let info = f.arrays.get(array.index()).ok_or("the array does not exist")?;
                let ty = if *part == Part::Whole { info.ty.elem } else { info.ty.elem.part() };
                if !op.takes(ty) {
                    return Err(format!("{} does not take {ty}", op.name()));
                }
                self.access(*array, index, *part)?;
                if info.ty.readonly {
                    Err("the array is readonly".into())
                } else if [Some(value), expected.as_ref()].into_iter().flatten().any(|v| f.ty(*v) != ty) {
                    Err(format!("works with something else than {ty}"))
                } else if expected.is_some() != (*op == AtomicOp::Cas) {
                    Err("has an expected value too many or too few".into())
                } else {
                    some(ty)
                }
            }
            Inst::Warp { op, args } => {
                let types: Vec<ScalarType> = args.iter().map(|a| f.ty(*a)).collect();
                op.result(&types).ok_or_else(|| format!("{} does not take {types:?}", op.name()))
            }
            Inst::Barrier { .. } if f.kind != Kind::Kernel => Err("only a kernel has barriers".into()),
            Inst::Barrier { meeting: Meeting::Plain | Meeting::Grid, operand: None } | Inst::Fence => Ok(None),
            Inst::Barrier { meeting, operand: Some(v) } if meeting.counts() && f.ty(*v) == ScalarType::Bool => some(ScalarType::I32),
            Inst::Barrier { .. } => Err("a barrier that reduces takes a bool, a plain one nothing".into()),
            Inst::If { .. } | Inst::Loop { .. } | Inst::Scope { .. } | Inst::Fail(_) | Inst::Report(_) | Inst::Leave => Ok(None),
        }
    }

    /// The type kept at an access.
    fn access(&self, array: Array, index: &Index, part: Part) -> Result<ScalarType, String> {
        let Some(ArrayInfo { ty, .. }) = self.f.arrays.get(array.index()) else { return Err("the array does not exist".into()) };
        if index.len() != ty.ndim as usize {
            return Err(format!("has {} indexes for {} axes", index.len(), ty.ndim));
        }
        if let Some(bad) = index.iter().find(|i| !matches!(self.f.ty(**i), ScalarType::I64 | ScalarType::U64)) {
            return Err(format!("index v{} is {}, not int64 or uint64", bad.0, self.f.ty(*bad)));
        }
        match (ty.elem.is_complex(), part) {
            (false, Part::Whole) => Ok(ty.elem.held()),
            (true, Part::Real | Part::Imag) => Ok(ty.elem.part()),
            (true, Part::Whole) => Err("a complex element is accessed by part".into()),
            (false, _) => Err(format!("{} has no parts", ty.elem)),
        }
    }

    fn target(&self, label: Label, needs_loop: bool) -> Result<Option<ScalarType>, String> {
        match self.around.iter().rposition(|a| a.label == label) {
            None => Err("names no construct around it".into()),
            Some(n) if self.around[n..].iter().any(|a| a.in_latch) => Err("jumps out of a latch".into()),
            Some(n) if needs_loop && !self.around[n].is_loop => Err("continues a scope".into()),
            Some(_) => Ok(None),
        }
    }
}

/// Bytes of an array of that shape.
fn size(shape: &[usize], elem: ScalarType) -> Option<usize> {
    shape.iter().try_fold(elem.size(), |n, extent| n.checked_mul(*extent))
}
