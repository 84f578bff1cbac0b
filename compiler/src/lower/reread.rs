//! The same bits as another type: `array.view(dtype)`, and `view` and `bit_count` of numbers.
//!
//! Given: a view and the type asked for. An array's memory seen as other elements is an array of its own: for a parameter one that the launch describes ([`super::extra`]), for dynamic shared memory another
//! name of it, for a constant other contents. Owns what may be seen so, and how the view's own way to its elements changes.

use std::sync::Arc;

use super::Lowerer;
use super::call::Arg;
use super::fault::{Result, fault};
use super::value::Val;
use super::view::{Base, Piece, Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Complaint, Inst, Kind, Param, Storage, Value};
use crate::names::ConstantArray;
use crate::op::Op;
use crate::source::Span;
use crate::types::{ArrayType, FieldType, Layout, Scalar, ScalarType};

impl Lowerer {
    /// `array.view(dtype)`: the same memory as elements of another type.
    pub(super) fn of_another_type(&mut self, view: &View<Value>, dtype: &Val, at: Span, span: Span) -> Result<View<Value>> {
        let Some(FieldType::Scalar(to)) = self.named_type(dtype) else {
            let name = self.describe(dtype);
            return fault(Diagnostic::new(Code::TypeMismatch, at, format!("view() takes the type of numbers, not {name}")).label(name));
        };
        let (array, own) = match &view.base {
            Base::Elements(Source::Array(array, Piece::Whole)) => (*array, view.coords.len()),
            Base::Elements(Source::Array(..)) => return self.not_seen(span, "a part of complex numbers"),
            Base::Elements(Source::Records(_)) => return self.not_seen(span, "records"),
            Base::Flat(_) => return self.not_seen(span, "a reshaped array"),
            Base::Choice(..) => return self.not_seen(span, "a variable that names several arrays"),
        };
        let from = self.b.function().array(array).ty.elem;
        if from == to {
            return Ok(view.clone());
        }
        let mut new = view.clone();
        if from.size() == to.size() {
            new.base = Base::Elements(Source::Array(self.seen_as(array, to, span)?, Piece::Whole));
            return Ok(new);
        }
        // The last axis of the view is what changes: it has to be the array's own, each element beside the next.
        let Some(last) = view.ndim().checked_sub(1) else {
            let d =
                Diagnostic::new(Code::BadValue, span, format!("an array without axes cannot be seen as elements of another size ({from} as {to})"));
            return fault(d);
        };
        let beside = |coord: usize| view.coords[coord].terms.iter().all(|(axis, step)| *axis == last && step.is_none());
        let elsewhere = (0..own).any(|coord| coord + 1 != own && view.coords[coord].terms.iter().any(|(axis, _)| *axis == last));
        if elsewhere || !beside(own - 1) || view.coords[own - 1].terms.len() != 1 {
            let d = Diagnostic::new(Code::BadValue, span, format!("{from} as {to}: along the last axis elements have to lie side by side"));
            return fault(d.help("take the view first, then the slice"));
        }
        let seen = self.seen_as(array, to, span)?;
        new.base = Base::Elements(Source::Array(seen, Piece::Whole));
        let coord = &mut new.coords[own - 1];
        if from.size() > to.size() {
            let ratio = self.b.int((from.size() / to.size()) as i64);
            coord.start = coord.start.map(|start| self.op(Op::Mul, &[start, ratio]));
            new.extents[last] = self.op(Op::Mul, &[view.extents[last], ratio]);
        } else {
            let ratio = self.b.int((to.size() / from.size()) as i64);
            for v in coord.start.iter().chain([&view.extents[last]]) {
                let over = self.op(Op::Mod, &[*v, ratio]);
                let zero = self.b.int(0);
                let uneven = self.op(Op::Ne, &[over, zero]);
                self.fail_if(uneven, Complaint::Elements);
            }
            coord.start = coord.start.map(|start| self.op(Op::FloorDiv, &[start, ratio]));
            new.extents[last] = self.op(Op::FloorDiv, &[view.extents[last], ratio]);
        }
        self.as_launched(array, seen, (from, to));
        Ok(new)
    }

    fn not_seen<T>(&self, span: Span, what: &str) -> Result<T> {
        fault(self.unsupported(span, format!("`.view()` of {what}"), Some("take it of an array as it was passed, or of a slice of one")))
    }

    /// An array's memory as elements of another type.
    fn seen_as(&mut self, array: Array, to: ScalarType, span: Span) -> Result<Array> {
        let info = self.b.function().array(array);
        let (from, ndim, layout, readonly) = (info.ty.elem, info.ty.ndim, info.ty.layout, info.ty.readonly);
        let name = info.name.clone();
        if let Some(contents) = info.constant.clone() {
            return match reread_constant(&contents, to) {
                Some(contents) => Ok(self.b.array(name, contents.ty, Some(Arc::new(contents)))),
                None => fault(Diagnostic::new(Code::BadValue, span, format!("{from} as {to}: {}", Complaint::Elements.text()))),
            };
        }
        match info.storage {
            Some(Storage::Dynamic) => return Ok(self.own_array(true, to, vec![0], 0, span)),
            Some(Storage::Shared(_)) => return self.not_seen(span, "a shared array of fixed shape"),
            Some(Storage::Local(_)) => return self.not_seen(span, "a local array"),
            None => {}
        }
        if self.options.kind != Kind::Kernel {
            return self.not_seen(span, "arrays outside kernels");
        }
        self.not_in_recursion("view", span)?;
        let number = self.b.function().params.iter().position(|p| matches!(p, Param::Array { array: a, .. } if *a == array));
        let of = number.expect("an array without contents or memory of its own is a parameter") as u32;
        // Rows of wider elements may lie further apart than they are long.
        let layout = if from.size() == to.size() || ndim == 1 || (from.size() > to.size() && layout == Layout::C) { layout } else { Layout::A };
        let layout = if ndim == 1 && layout == Layout::F { Layout::C } else { layout };
        Ok(self.reread(of, &name, ArrayType { elem: to, ndim, layout, readonly }, from))
    }

    /// A thread in which the launch could not describe the memory as other elements fails.
    fn as_launched(&mut self, array: Array, seen: Array, (from, to): (ScalarType, ScalarType)) {
        if self.b.function().array(seen).storage.is_some() || self.b.function().array(seen).constant.is_some() {
            return;
        }
        let axis = self.b.function().array(seen).ty.ndim - 1;
        let (old, new) = (self.b.push(Inst::Extent { array, axis }), self.b.push(Inst::Extent { array: seen, axis }));
        let expected = if from.size() > to.size() {
            let ratio = self.b.int((from.size() / to.size()) as i64);
            self.op(Op::Mul, &[old, ratio])
        } else {
            let ratio = self.b.int((to.size() / from.size()) as i64);
            self.op(Op::FloorDiv, &[old, ratio])
        };
        let refused = self.op(Op::Ne, &[expected, new]);
        self.fail_if(refused, Complaint::Elements);
    }

    /// `number.view(dtype)` and `number.bit_count()`; `None` for another method.
    pub(super) fn number_method(&mut self, val: &Val, name: &str, args: &[Arg], span: Span) -> Result<Option<Val>> {
        let (value, from) = match val {
            Val::Real(value) => (*value, self.ty(*value)),
            Val::Half(ty, value) => (*value, *ty),
            _ => return Ok(None),
        };
        match (name, args) {
            ("bit_count", []) if from.is_integer() => {
                let magnitude = if from.is_signed() { self.op(Op::Abs, &[value]) } else { value };
                let bits = self.cast(magnitude, from.as_unsigned());
                let count = self.bits_set(bits);
                Ok(Some(Val::Real(self.cast(count, ScalarType::U8))))
            }
            ("view", [(dtype, at)]) => {
                let described = self.describe(dtype);
                let to = match self.named_type(dtype) {
                    Some(FieldType::Scalar(to)) if to.is_integer() || to.is_float() || to.is_half() => to,
                    _ => {
                        let d = Diagnostic::new(
                            Code::TypeMismatch,
                            *at,
                            format!("view() of a number takes the type of an integer or float, not {described}"),
                        );
                        return fault(d.label(described));
                    }
                };
                if to == from && from.is_half() {
                    return Ok(Some(val.clone()));
                }
                if to.size() != from.size() || !(from.is_integer() || from.is_float() || from.is_half()) {
                    let d = Diagnostic::new(Code::TypeMismatch, span, format!("{from} cannot be seen as {to}: they are not of one size"));
                    return fault(d.help(format!("convert it: `{to}(x)`")));
                }
                let bits = match from {
                    half if half.is_half() => self.bits_of_half(half, value, span)?,
                    float if float.is_float() => self.op(Op::ToBits, &[value]),
                    _ => value,
                };
                if to.is_half() {
                    return self.half_of_bits(to, bits, span).map(Some);
                }
                if !to.is_float() {
                    return Ok(Some(Val::Real(self.cast(bits, to))));
                }
                let signed = if to == ScalarType::F32 { ScalarType::I32 } else { ScalarType::I64 };
                let bits = self.cast(bits, signed);
                Ok(Some(Val::Real(self.op(Op::OfBits, &[bits]))))
            }
            _ => Ok(None),
        }
    }
}

impl Lowerer {
    /// The bits of a float of 16 bits, as an int64.
    fn bits_of_half(&mut self, ty: ScalarType, value: Value, span: Span) -> Result<Value> {
        if ty == ScalarType::BF16 {
            let bits = self.op(Op::ToBits, &[value]);
            let bits = self.cast(bits, ScalarType::U32);
            let places = self.constant(Scalar::int(ScalarType::U32, 16));
            let upper = self.op(Op::Shr, &[bits, places]);
            return Ok(self.cast(upper, ScalarType::I64));
        }
        match self.library("bits_of_half", vec![Val::Real(value)], span)? {
            Val::Real(bits) => Ok(bits),
            other => unreachable!("bits are an integer, not {other:?}"),
        }
    }

    /// The float of 16 bits that an integer's lowest 16 bits are.
    fn half_of_bits(&mut self, ty: ScalarType, bits: Value, span: Span) -> Result<Val> {
        if ty == ScalarType::BF16 {
            let bits = self.cast(bits, ScalarType::I32);
            let places = self.constant(Scalar::int(ScalarType::I32, 16));
            let upper = self.op(Op::Shl, &[bits, places]);
            return Ok(Val::Half(ty, self.op(Op::OfBits, &[upper])));
        }
        let bits = self.cast(bits, ScalarType::I64);
        match self.library("half_of_bits", vec![Val::Real(bits)], span)? {
            Val::Real(value) => Ok(self.half(ty, value)),
            other => unreachable!("a float16 is a number, not {other:?}"),
        }
    }
}

/// The contents of a constant array as elements of another type; `None` if they do not fill the last axis.
fn reread_constant(contents: &ConstantArray, to: ScalarType) -> Option<ConstantArray> {
    let mut shape = contents.shape.clone();
    if let Some(last) = shape.last_mut() {
        let bytes = *last * contents.ty.elem.size();
        if !bytes.is_multiple_of(to.size()) {
            return None;
        }
        *last = bytes / to.size();
    }
    Some(ConstantArray { ty: ArrayType { elem: to, ..contents.ty }, shape, data: contents.data.clone() })
}
