//! The text form of a function.
//!
//! Owns the spelling: [`Display`](fmt::Display) of [`Function`] writes a text that [`parse`](super::parse) reads back. Handles are renumbered densely in
//! program order (values that nothing prints are left out), so that equal programs print equally whatever their arenas look like; constants are written by
//! their exact bits, constant arrays with their contents. Spans are not written; what follows a `;` is for people. Broken functions can be printed too, one
//! instruction at a time, by their arena numbers: the verifier does that.
//!
//! ```text
//! kernel "scale"
//! slot s0: int64 "i"
//! array a0: array(float64, 1d, C) "out"
//! param scalar float64 "factor"
//! param array a0 "out"
//! body {
//!   v0: float64 = param 0
//!   v1: int64 = get s0
//!   v2: float64 = load a0[v1]
//!   v3: float64 = mul v2, v0
//!   store a0[v1], v3
//! }
//! ```

use std::collections::HashMap;
use std::fmt::{self, Write};

use super::*;

/// Printed numbers of handles.
pub(super) struct Numbers {
    dense: Option<Dense>,
}

#[derive(Default)]
struct Dense {
    values: HashMap<Value, u32>,
    slots: Ordered,
    arrays: Ordered,
    labels: HashMap<Label, u32>,
}

/// Arena entries in the order they are first mentioned; never-mentioned ones come last.
#[derive(Default)]
struct Ordered {
    order: Vec<u32>,
    number: HashMap<u32, u32>,
}

impl Ordered {
    fn mention(&mut self, handle: u32) {
        if let std::collections::hash_map::Entry::Vacant(new) = self.number.entry(handle) {
            new.insert(self.order.len() as u32);
            self.order.push(handle);
        }
    }
}

impl Numbers {
    /// The arena's own numbers.
    pub(super) fn arena() -> Numbers {
        Numbers { dense: None }
    }

    fn dense(f: &Function) -> Numbers {
        let mut dense = Dense::default();
        for param in &f.params {
            if let Param::Array { array, .. } = param {
                dense.arrays.mention(array.0);
            }
        }
        f.walk(&mut |value, inst| {
            if f.types[value.index()].is_some() {
                let next = dense.values.len() as u32;
                dense.values.entry(value).or_insert(next);
            }
            match inst {
                Inst::Get(slot) | Inst::Set(slot, _) | Inst::Fail(Failure::Unassigned(slot)) | Inst::Report(Failure::Unassigned(slot)) => {
                    dense.slots.mention(slot.0)
                }
                Inst::Call { arrays, .. } => {
                    arrays.iter().for_each(|array| dense.arrays.mention(array.0));
                    inst.assigns().iter().for_each(|slot| dense.slots.mention(slot.0));
                }
                Inst::Load { array, .. } | Inst::Store { array, .. } | Inst::Extent { array, .. } | Inst::Atomic { array, .. } => {
                    dense.arrays.mention(array.0)
                }
                Inst::Loop { label, .. } | Inst::Scope { label, .. } => {
                    let next = dense.labels.len() as u32;
                    dense.labels.entry(*label).or_insert(next);
                }
                _ => {}
            }
        });
        f.results.iter().for_each(|slot| dense.slots.mention(slot.0));
        (0..f.slots.len() as u32).for_each(|slot| dense.slots.mention(slot));
        (0..f.arrays.len() as u32).for_each(|array| dense.arrays.mention(array));
        Numbers { dense: Some(dense) }
    }

    fn value(&self, value: Value) -> String {
        match &self.dense {
            None => format!("v{}", value.0),
            Some(d) => d.values.get(&value).map_or_else(|| format!("v?{}", value.0), |n| format!("v{n}")),
        }
    }

    fn slot(&self, slot: Slot) -> String {
        format!("s{}", self.dense.as_ref().map_or(slot.0, |d| d.slots.number[&slot.0]))
    }

    fn array(&self, array: Array) -> String {
        format!("a{}", self.dense.as_ref().map_or(array.0, |d| d.arrays.number[&array.0]))
    }

    fn label(&self, label: Label) -> String {
        match &self.dense {
            None => format!("l{}", label.0),
            Some(d) => d.labels.get(&label).map_or_else(|| format!("l?{}", label.0), |n| format!("l{n}")),
        }
    }

    fn values(&self, values: &[Value]) -> String {
        values.iter().map(|v| self.value(*v)).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = Numbers::dense(self);
        let dense = numbers.dense.as_ref().expect("dense numbers");
        writeln!(out, "{} {}", self.kind.name(), Quoted(&self.name))?;
        for &slot in &dense.slots.order {
            let SlotInfo { name, ty } = &self.slots[slot as usize];
            writeln!(out, "slot {}: {ty} {}", numbers.slot(Slot(slot)), Quoted(name))?;
        }
        for &array in &dense.arrays.order {
            let ArrayInfo { name, ty, constant, storage } = &self.arrays[array as usize];
            write!(out, "array {}: {ty} {}", numbers.array(Array(array)), Quoted(name))?;
            if let Some(constant) = constant {
                write!(out, " = {} {:?} ", constant.ty, constant.shape)?;
                contents(out, &constant.data)?;
            }
            match storage {
                None => {}
                Some(Storage::Shared(shape)) => write!(out, " = shared {shape:?}")?,
                Some(Storage::Dynamic) => out.write_str(" = dynamic")?,
                Some(Storage::Local(shape)) => write!(out, " = local {shape:?}")?,
            }
            writeln!(out)?;
        }
        for param in &self.params {
            match param {
                Param::Scalar { name, ty } => writeln!(out, "param scalar {ty} {}", Quoted(name))?,
                Param::Array { name, array } => writeln!(out, "param array {} {}", numbers.array(*array), Quoted(name))?,
            }
        }
        for (n, Raise { class, token, args }) in self.raises.iter().enumerate() {
            writeln!(out, "exception {n}: {} {token} {}", Quoted(class), Quoted(args))?;
        }
        for slot in &self.results {
            writeln!(out, "result {}", numbers.slot(*slot))?;
        }
        writeln!(out, "body {{")?;
        block(out, self, &numbers, &self.body, 1)?;
        writeln!(out, "}}")?;
        self.routines.iter().try_for_each(|routine| write!(out, "{routine}"))
    }
}

fn contents(out: &mut fmt::Formatter<'_>, data: &[u8]) -> fmt::Result {
    out.write_str("0x")?;
    data.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

fn block(out: &mut fmt::Formatter<'_>, f: &Function, numbers: &Numbers, block: &Block, depth: usize) -> fmt::Result {
    for &value in block {
        let indent = depth * 2;
        writeln!(out, "{:indent$}{}", "", Line { f, numbers, value })?;
        let inner = f.inst(value).blocks();
        for (i, b) in inner.iter().enumerate() {
            if i > 0 {
                let word = if matches!(f.inst(value), Inst::If { .. }) { "else" } else { "latch" };
                writeln!(out, "{:indent$}}} {word} {{", "")?;
            }
            self::block(out, f, numbers, b, depth + 1)?;
        }
        if !inner.is_empty() {
            writeln!(out, "{:indent$}}}", "")?;
        }
    }
    Ok(())
}

/// One instruction; of a construct its opening line.
pub(super) struct Line<'a> {
    pub(super) f: &'a Function,
    pub(super) numbers: &'a Numbers,
    pub(super) value: Value,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { f, numbers: n, value } = *self;
        if let Some(Some(ty)) = f.types.get(value.index()) {
            write!(out, "{}: {ty} = ", n.value(value))?;
        }
        match f.inst(value) {
            Inst::Const(c) if c.ty().is_float() => {
                let digits = c.ty().size() * 2;
                write!(out, "const 0x{:0digits$x} ; {:?}", c.bits(), c.as_f64())
            }
            Inst::Const(c) => write!(out, "const {}", c.as_int()),
            Inst::Param(i) => write!(out, "param {i}"),
            Inst::Apply { op: Op::Cast(ScalarType::F16), args } => write!(out, "round16 {}", n.values(args)),
            Inst::Apply { op: Op::Cast(ScalarType::BF16), args } => write!(out, "bround16 {}", n.values(args)),
            Inst::Apply { op: Op::Cast(_), args } => write!(out, "cast {}", n.values(args)),
            Inst::Apply { op, args } => write!(out, "{} {}", op.name(), n.values(args)),
            Inst::Geometry(g) => out.write_str(g.name()),
            Inst::Extent { array, axis } => write!(out, "extent {}, {axis}", n.array(*array)),
            Inst::Get(slot) => write!(out, "get {}", n.slot(*slot)),
            Inst::Set(slot, v) => write!(out, "set {}, {}", n.slot(*slot), n.value(*v)),
            Inst::Load { array, index, part } => write!(out, "load{} {}[{}]", part.suffix(), n.array(*array), n.values(index)),
            Inst::Store { array, index, part, value } => {
                write!(out, "store{} {}[{}], {}", part.suffix(), n.array(*array), n.values(index), n.value(*value))
            }
            Inst::If { cond, .. } => write!(out, "if {} {{", n.value(*cond)),
            Inst::Loop { label, .. } => write!(out, "loop {} {{", n.label(*label)),
            Inst::Scope { label, .. } => write!(out, "scope {} {{", n.label(*label)),
            Inst::Break(label) => write!(out, "break {}", n.label(*label)),
            Inst::Continue(label) => write!(out, "continue {}", n.label(*label)),
            Inst::Print { pieces, values } => {
                out.write_str("print [")?;
                for (i, piece) in pieces.iter().enumerate() {
                    out.write_str(if i > 0 { ", " } else { "" })?;
                    match piece {
                        Piece::Text(text) => write!(out, "{}", Quoted(text))?,
                        Piece::Value => out.write_str("value")?,
                        Piece::Complex => out.write_str("complex")?,
                        Piece::Half(ty) => out.write_str(if *ty == ScalarType::BF16 { "bfloat" } else { "half" })?,
                        Piece::Time(ty) => write!(out, "time {}", Quoted(ty.name()))?,
                    }
                }
                write!(out, "] [{}]", n.values(values))
            }
            Inst::Fail(failure) | Inst::Report(failure) => {
                out.write_str(if matches!(f.inst(value), Inst::Fail(_)) { "fail " } else { "report " })?;
                match failure {
                    Failure::Unassigned(slot) => write!(out, "unassigned {}", n.slot(*slot)),
                    Failure::ZeroStep => out.write_str("zero-step"),
                    Failure::TupleIndex => out.write_str("tuple-index"),
                    Failure::Bounds(array) => write!(out, "bounds {}", n.array(*array)),
                    Failure::Value(complaint) => out.write_str(complaint.name()),
                    Failure::Raise(number) => write!(out, "raise {number}"),
                }
            }
            Inst::Barrier { meeting, operand } => {
                out.write_str(meeting.name())?;
                operand.iter().try_for_each(|v| write!(out, " {}", n.value(*v)))
            }
            Inst::Fence => out.write_str("fence"),
            Inst::Leave => out.write_str("leave"),
            Inst::Call { routine, args, arrays, into, ended } => {
                let arrays: Vec<String> = arrays.iter().map(|a| n.array(*a)).collect();
                let into: Vec<String> = into.iter().map(|s| n.slot(*s)).collect();
                write!(out, "call {routine} [{}] [{}] [{}] {}", n.values(args), arrays.join(", "), into.join(", "), n.slot(*ended))
            }
            Inst::Atomic { op, array, index, part, value, expected } => {
                write!(out, "atomic.{}{} {}[{}], {}", op.name(), part.suffix(), n.array(*array), n.values(index), n.value(*value))?;
                expected.iter().try_for_each(|v| write!(out, ", {}", n.value(*v)))
            }
            Inst::Warp { op, args } if args.is_empty() => out.write_str(op.name()),
            Inst::Warp { op, args } => write!(out, "{} {}", op.name(), n.values(args)),
        }
    }
}

/// A name in quotes; quotes, backslashes and everything that would break the line are escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(out, "\\{c}")?,
                c if c.is_control() => write!(out, "\\u{{{:x}}}", c as u32)?,
                c => out.write_char(c)?,
            }
        }
        out.write_char('"')
    }
}

impl Kind {
    pub(super) const ALL: [Kind; 4] = [Kind::Scalar, Kind::Kernel, Kind::Core, Kind::Routine];

    /// Spelling in printed IR.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Scalar => "function",
            Kind::Kernel => "kernel",
            Kind::Core => "core",
            Kind::Routine => "routine",
        }
    }
}

impl Meeting {
    pub(super) const ALL: [Meeting; 5] = [Meeting::Plain, Meeting::Count, Meeting::All, Meeting::Any, Meeting::Grid];

    /// Spelling in printed IR.
    pub(super) fn name(self) -> &'static str {
        match self {
            Meeting::Plain => "barrier",
            Meeting::Count => "barrier.count",
            Meeting::All => "barrier.all",
            Meeting::Any => "barrier.any",
            Meeting::Grid => "barrier.grid",
        }
    }
}

impl Part {
    pub(super) const ALL: [Part; 3] = [Part::Whole, Part::Real, Part::Imag];

    pub(super) fn suffix(self) -> &'static str {
        match self {
            Part::Whole => "",
            Part::Real => ".real",
            Part::Imag => ".imag",
        }
    }
}

impl Geometry {
    /// Every coordinate.
    pub const ALL: [Geometry; 13] = {
        use Axis::*;
        use Geometry::*;
        [
            ThreadIdx(X),
            ThreadIdx(Y),
            ThreadIdx(Z),
            BlockIdx(X),
            BlockIdx(Y),
            BlockIdx(Z),
            BlockDim(X),
            BlockDim(Y),
            BlockDim(Z),
            GridDim(X),
            GridDim(Y),
            GridDim(Z),
            LaneId,
        ]
    };

    /// CUDA's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Geometry::ThreadIdx(Axis::X) => "threadIdx.x",
            Geometry::ThreadIdx(Axis::Y) => "threadIdx.y",
            Geometry::ThreadIdx(Axis::Z) => "threadIdx.z",
            Geometry::BlockIdx(Axis::X) => "blockIdx.x",
            Geometry::BlockIdx(Axis::Y) => "blockIdx.y",
            Geometry::BlockIdx(Axis::Z) => "blockIdx.z",
            Geometry::BlockDim(Axis::X) => "blockDim.x",
            Geometry::BlockDim(Axis::Y) => "blockDim.y",
            Geometry::BlockDim(Axis::Z) => "blockDim.z",
            Geometry::GridDim(Axis::X) => "gridDim.x",
            Geometry::GridDim(Axis::Y) => "gridDim.y",
            Geometry::GridDim(Axis::Z) => "gridDim.z",
            Geometry::LaneId => "laneid",
        }
    }
}
