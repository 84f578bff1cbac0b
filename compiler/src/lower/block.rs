//! What the threads of a block have together: shared memory and barriers; and a thread's own arrays.
//!
//! Owns what shapes and types such arrays take. That all threads come to a barrier is seen when the kernel runs.

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::call::Arg;
use super::fault::{Result, fault};
use super::function::records_of;
use super::value::{Callee, Val};
use super::view::{self, Piece, Source};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Inst, MOST_STORAGE, Meeting, Storage};
use crate::names::Meaning;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::types::{ArrayType, FieldType, Layout, MOST_AXES, Scalar, ScalarType};

/// What tells shared arrays apart: where one is made, its type, and which number of a record it holds.
pub(super) type Made = (Span, ArrayType, Storage, usize);

impl Lowerer {
    /// `cuda.shared.array(shape, dtype)` and `cuda.local.array(shape, dtype)`.
    pub(super) fn block_array(&mut self, shared: bool, text: &str, args: &[Expr], keywords: &[(String, Expr)], span: Span) -> Result<Val> {
        self.in_kernel(text, span)?;
        let mut given: [Option<&Expr>; 2] = [args.first(), args.get(1)];
        if args.len() > 2 {
            return self.wrong_count(text, "a shape and a type", args.len(), span);
        }
        for (name, e) in keywords {
            let place = match name.as_str() {
                "shape" => 0,
                "dtype" => 1,
                // On this device every such array is aligned to a cache line.
                "alignment" => continue,
                _ => return self.bad_keyword(text, name, e.span),
            };
            if given[place].replace(e).is_some() {
                return fault(Diagnostic::new(Code::WrongArguments, e.span, format!("{text}() got two values for `{name}`")));
            }
        }
        if shared {
            self.not_in_recursion(text, span)?;
        }
        let [Some(shape), Some(dtype)] = given else {
            return self.wrong_count(text, "a shape and a type", args.len() + keywords.len(), span);
        };
        let elem = self.element_type(text, dtype)?;
        let extents = self.extents(shared, text, shape)?;
        self.at(span);
        let size = match &elem {
            FieldType::Scalar(elem) => elem.size(),
            FieldType::Record(record) => record.leaves().iter().map(|leaf| leaf.ty.size() * leaf.axes.iter().map(|a| a.0).product::<usize>()).sum(),
        };
        self.local_in_recursion(extents.iter().product::<u64>().saturating_mul(size as u64), span)?;
        let record = match elem {
            FieldType::Scalar(elem) => return Ok(Val::Array(self.own_array(shared, elem, extents, 0, span))),
            FieldType::Record(record) => record,
        };
        if shared && extents == [0] {
            let what = "dynamic shared memory of records";
            return fault(self.unsupported(dtype.span, what, Some("give a shape, or take one array for each field")));
        }
        // An array of its own for each number of the records, which begin with the records' axes.
        let mut arrays = Vec::new();
        for (number, leaf) in record.leaves().into_iter().enumerate() {
            let mut all = extents.clone();
            all.extend(leaf.axes.iter().map(|(extent, _)| *extent as u64));
            if all.len() > usize::from(MOST_AXES) || all.contains(&0) {
                return fault(self.unsupported(dtype.span, format!("an array of {record}"), None));
            }
            arrays.push(self.own_array(shared, leaf.ty, all, number, span));
        }
        arrays.reverse();
        let source = Source::Records(records_of(&record, false, &mut arrays));
        let extents = extents.into_iter().map(|n| self.b.int(n as i64)).collect();
        Ok(Val::View(Box::new(view::whole(source, extents))))
    }

    /// An array of the kernel's own: a shared one is the same each time it is made at a place.
    pub(super) fn own_array(&mut self, shared: bool, elem: ScalarType, extents: Vec<u64>, number: usize, span: Span) -> Array {
        let ty = ArrayType { elem, ndim: extents.len() as u8, layout: Layout::C, readonly: false };
        let name = if shared { "shared array" } else { "local array" }.to_owned();
        if !shared {
            return self.b.stored_array(name, ty, Storage::Local(extents));
        }
        let storage = if extents == [0] { Storage::Dynamic } else { Storage::Shared(extents) };
        let made = (span, ty, storage.clone(), number);
        if let Some((_, array)) = self.shared_arrays.iter().find(|(m, _)| *m == made) {
            return *array;
        }
        let array = self.b.stored_array(name, ty, storage);
        self.shared_arrays.push((made, array));
        array
    }

    /// `cuda.const.array_like(array)`: a global array is a constant already.
    pub(super) fn constant_like(&mut self, text: &str, val: &Val, span: Span) -> Result<Val> {
        let array = match self.view_of(val).and_then(|view| view.source().first()) {
            Some(array) => array,
            None => return fault(self.bad_argument(text, val, span)),
        };
        if self.b.function().array(array).constant.is_some() {
            return Ok(val.clone());
        }
        let d = Diagnostic::new(Code::BadValue, span, format!("{text}() takes a global array, whose contents are known when the kernel is compiled"));
        fault(d.help("for other arrays, pass them as arguments and read them directly"))
    }

    fn extents(&mut self, shared: bool, text: &str, shape: &Expr) -> Result<Vec<u64>> {
        let val = self.expr(shape)?;
        let items = match &val {
            Val::Tuple(items) => items.clone(),
            one => vec![one.clone()],
        };
        let one_number = matches!(val, Val::Real(_));
        let mut extents = Vec::new();
        for item in &items {
            let known = match item {
                Val::Real(v) => self.known(*v).filter(|c| c.ty().is_integer()),
                _ => None,
            };
            let Some(extent) = known.map(|c| c.as_int()) else {
                let d = Diagnostic::new(Code::BadValue, shape.span, format!("the shape of {text}() must be a constant, or a tuple of constants"));
                let d = d.note("memory is laid out when the kernel is compiled");
                let help =
                    "use a global or a literal; for a size known at launch, take shape 0 and give the bytes: `kernel[grid, block, stream, bytes]`";
                return fault(if shared { d.help(help) } else { d.help("use a global or a literal") });
            };
            if extent < 0 || (extent == 0 && !(shared && one_number)) {
                return fault(Diagnostic::new(Code::BadValue, shape.span, format!("an array of {text}() cannot have the extent {extent}")));
            }
            extents.push(u64::try_from(extent).unwrap_or(u64::MAX));
        }
        if !(1..=usize::from(MOST_AXES)).contains(&extents.len()) {
            return fault(self.unsupported(shape.span, format!("an array of {} dimensions", extents.len()), Some("use one to eight")));
        }
        let bytes = extents.iter().try_fold(16u64, |n, extent| n.checked_mul(*extent));
        if bytes.is_none_or(|n| n > MOST_STORAGE) {
            return fault(Diagnostic::new(Code::BadValue, shape.span, format!("an array of {text}() is limited to {} MiB", MOST_STORAGE >> 24)));
        }
        Ok(extents)
    }

    /// The type of an array's elements, or of a number; `None` for records.
    pub(super) fn element_of(&mut self, val: &Val) -> Option<ScalarType> {
        match self.view_of(val).map(|view| view.source().clone()) {
            Some(Source::Array(array, piece)) => {
                let elem = self.b.function().array(array).ty.elem;
                Some(if piece == Piece::Whole { elem } else { elem.part() })
            }
            Some(Source::Records(_)) => None,
            None => self.scalar_type(val),
        }
    }

    /// The type that an expression names: a type, its name in a string, or an array's `dtype`.
    fn element_type(&mut self, text: &str, e: &Expr) -> Result<FieldType> {
        let spelled = match &e.kind {
            ExprKind::Str(_) | ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                let val = self.expr(e)?;
                self.named_type(&val)
            }
            _ => None,
        };
        match spelled {
            Some(ty) => Ok(ty),
            None => {
                let d = Diagnostic::new(
                    Code::TypeMismatch,
                    e.span,
                    format!("the type of {text}() must be the name of a scalar type, or a structured dtype"),
                );
                fault(d.help("write one of float32, float64, int32, … as imported from verdigris or NumPy"))
            }
        }
    }

    /// The type that a value is, or whose name it is.
    pub(super) fn named_type(&self, val: &Val) -> Option<FieldType> {
        let scalar = match val {
            Val::Str(name) => ScalarType::from_name(name),
            Val::Function(callee) => match &**callee {
                Callee::Named(Meaning::Type(ty), _) => Some(*ty),
                Callee::Named(Meaning::Record(record), _) => return Some(FieldType::Record(record.clone())),
                Callee::Named(Meaning::Builtin(name), _) => match builtins::find(name) {
                    Some(Builtin::Int) => Some(ScalarType::I64),
                    Some(Builtin::Float) => Some(ScalarType::F64),
                    Some(Builtin::Bool) => Some(ScalarType::Bool),
                    Some(Builtin::Complex) => Some(ScalarType::C128),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        scalar.map(FieldType::Scalar)
    }

    // --- waiting ---

    /// `cuda.syncthreads()`, and those that count.
    pub(super) fn barrier(&mut self, meeting: Meeting, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        self.in_kernel(text, span)?;
        self.not_in_recursion(text, span)?;
        let operand = match (meeting, args) {
            (Meeting::Plain | Meeting::Grid, []) => None,
            (Meeting::Plain | Meeting::Grid, _) => return self.wrong_count(text, "no arguments", args.len(), span),
            (_, [(Val::Real(v), _)]) => Some(self.cast(*v, ScalarType::Bool)),
            (_, [(val, at)]) => return fault(self.bad_argument(text, val, *at)),
            _ => return self.wrong_count(text, "one argument", args.len(), span),
        };
        let value = self.b.push(Inst::Barrier { meeting, operand });
        Ok(if operand.is_some() { Val::Real(value) } else { Val::None })
    }

    /// `cuda.cg.this_grid()`: the group of all threads, whose one method is `sync`.
    pub(super) fn this_grid(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        if !args.is_empty() {
            return self.wrong_count(text, "no arguments", args.len(), span);
        }
        self.in_kernel(text, span)?;
        self.cooperative = true;
        Ok(Val::Grid)
    }

    /// `grid.sync()`: an int32, 0, as in Numba.
    pub(super) fn grid_sync(&mut self, args: &[Arg], span: Span) -> Result<Val> {
        self.barrier(Meeting::Grid, "sync", args, span)?;
        Ok(Val::Real(self.constant(Scalar::zero(ScalarType::I32))))
    }

    pub(super) fn fence(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        if !args.is_empty() {
            return self.wrong_count(text, "no arguments", args.len(), span);
        }
        self.in_kernel(text, span)?;
        self.b.push(Inst::Fence);
        Ok(Val::None)
    }
}
