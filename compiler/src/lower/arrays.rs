//! Arrays and tuples: elements, extents, what indexes may be.

use smallvec::SmallVec;

use super::Lowerer;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Failure, Index, Inst, Part, Value};
use crate::op::Op;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::types::{Scalar, ScalarType, Type};

/// An element of an array, its index evaluated.
pub(super) struct Element {
    array: Array,
    index: Index,
    /// The whole expression, and the array in it.
    span: Span,
    base: Span,
}

impl Lowerer {
    /// `value[index]` as a value.
    pub(super) fn subscript(&mut self, value: &Expr, index: &Expr, span: Span) -> Result<Val> {
        let base = self.expr(value)?;
        match &base {
            Val::Array(array) => {
                let element = self.element_of(*array, value.span, index, span)?;
                Ok(self.load_element(&element))
            }
            Val::Tuple(items) => self.tuple_item(items, index, span),
            _ => self.not_indexable(&base, value.span),
        }
    }

    /// `value[index]` as a place to store to.
    pub(super) fn element(&mut self, value: &Expr, index: &Expr, span: Span) -> Result<Element> {
        let base = self.expr(value)?;
        match &base {
            Val::Array(array) => self.element_of(*array, value.span, index, span),
            Val::Tuple(_) => {
                let d = Diagnostic::new(Code::ReadOnly, span, "an item of a tuple cannot be assigned");
                fault(d.also(value.span, self.describe(&base)))
            }
            _ => self.not_indexable(&base, value.span),
        }
    }

    fn not_indexable<T>(&self, base: &Val, span: Span) -> Result<T> {
        let name = self.describe(base);
        fault(Diagnostic::new(Code::TypeMismatch, span, format!("{name} cannot be indexed")).label(name))
    }

    fn element_of(&mut self, array: Array, base: Span, index: &Expr, span: Span) -> Result<Element> {
        let mut values: SmallVec<[(Val, Span); 3]> = SmallVec::new();
        match &index.kind {
            ExprKind::Tuple(items) => {
                for item in items {
                    values.push((self.expr(item)?, item.span));
                }
            }
            _ => match self.expr(index)? {
                Val::Tuple(items) => values.extend(items.into_iter().map(|v| (v, index.span))),
                val => values.push((val, index.span)),
            },
        }
        self.at(span);
        let ty = self.b.function().array(array).ty;
        let ndim = usize::from(ty.ndim);
        if values.len() > ndim {
            let text = format!("{} indexes for an array of {ndim} dimension{}", values.len(), if ndim == 1 { "" } else { "s" });
            return fault(Diagnostic::new(Code::BadIndex, index.span, text).also(base, ty.to_string()));
        }
        let index = values.into_iter().map(|(val, at)| self.index_value(&val, at)).collect::<Result<Index>>()?;
        if index.len() < ndim {
            let d = self.unsupported(span, format!("indexing {ndim} dimensions with {}", index.len()), Some("give an index for each dimension"));
            return fault(d.also(base, ty.to_string()));
        }
        Ok(Element { array, index, span, base })
    }

    /// An index: uint64 stays, other integers become int64.
    fn index_value(&mut self, val: &Val, at: Span) -> Result<Value> {
        match val {
            Val::Real(v) if self.ty(*v) == ScalarType::U64 => Ok(*v),
            Val::Real(v) if self.ty(*v).is_integer() => Ok(self.cast(*v, ScalarType::I64)),
            _ => {
                let name = self.describe(val);
                let d = Diagnostic::new(Code::BadIndex, at, format!("an index must be an integer, not {name}")).label(name);
                let text = self.text(at);
                fault(if matches!(val, Val::Real(_)) { d.help(format!("convert it: `int({text})`")) } else { d })
            }
        }
    }

    pub(super) fn load_element(&mut self, element: &Element) -> Val {
        self.at(element.span);
        let (array, index) = (element.array, element.index.clone());
        if self.b.function().array(array).ty.elem.is_complex() {
            let re = self.b.push(Inst::Load { array, index: index.clone(), part: Part::Real });
            Val::Complex(re, self.b.push(Inst::Load { array, index, part: Part::Imag }))
        } else {
            Val::Real(self.b.push(Inst::Load { array, index, part: Part::Whole }))
        }
    }

    pub(super) fn store_element(&mut self, element: &Element, val: &Val, source: Span) -> Result<()> {
        let info = self.b.function().array(element.array).clone();
        if info.ty.readonly || info.constant.is_some() {
            let what = if info.constant.is_some() { "a constant array" } else { "a read-only array" };
            let d = Diagnostic::new(Code::ReadOnly, element.span, format!("`{}` is {what}", info.name));
            let d = d.also(element.base, info.ty.to_string());
            return fault(if info.constant.is_some() { d.note("its contents were taken when the function was compiled") } else { d });
        }
        let elem = info.ty.elem;
        let Some(converted) = self.to_scalar(val, elem) else {
            let name = self.describe(val);
            let d = Diagnostic::new(Code::TypeMismatch, source, format!("{name} cannot be stored in {}", info.ty)).label(name);
            let d = d.also(element.base, info.ty.to_string());
            return fault(if matches!(val, Val::Complex(..)) { d.help("store `.real` or `abs()` of it") } else { d });
        };
        self.at(element.span);
        if let Some(Type::Scalar(natural)) = self.type_of(val)
            && !matches!(val, Val::Real(v) if self.known(*v).is_some())
            && !self.stored.iter().any(|(name, ty)| *name == info.name && *ty == natural)
        {
            self.stored.push((info.name.clone(), natural));
        }
        let (array, index) = (element.array, element.index.clone());
        match converted {
            Val::Complex(re, im) => {
                self.b.push(Inst::Store { array, index: index.clone(), part: Part::Real, value: re });
                self.b.push(Inst::Store { array, index, part: Part::Imag, value: im });
            }
            Val::Real(value) => {
                self.b.push(Inst::Store { array, index, part: Part::Whole, value });
            }
            _ => unreachable!("a scalar was asked for"),
        }
        Ok(())
    }

    // --- tuples ---

    fn tuple_item(&mut self, items: &[Val], index: &Expr, span: Span) -> Result<Val> {
        let val = self.expr(index)?;
        self.at(span);
        let index_value = self.index_value(&val, index.span)?;
        let count = items.len() as i128;
        if let Some(c) = self.known(index_value) {
            let i = c.as_int();
            let at = if i < 0 { i + count } else { i };
            return match usize::try_from(at).ok().and_then(|i| items.get(i)) {
                Some(item) => Ok(item.clone()),
                None => fault(Diagnostic::new(Code::BadIndex, index.span, format!("index {i} is out of range for a tuple of {count}"))),
            };
        }
        let Some((last, rest)) = items.split_last() else {
            return fault(Diagnostic::new(Code::BadIndex, index.span, "an empty tuple has no items"));
        };
        let ty = self.ty(index_value);
        let number = |this: &mut Self, n: i128| this.constant(Scalar::int(ty, n));
        // Below zero counts from the end.
        let mut position = index_value;
        if ty.is_signed() {
            let (zero, n) = (number(self, 0), number(self, count));
            let negative = self.op(Op::Lt, &[index_value, zero]);
            let from_end = self.op(Op::Add, &[index_value, n]);
            position = self.op(Op::Select, &[negative, from_end, index_value]);
        }
        let unsigned = self.cast(position, ScalarType::U64);
        let n = self.constant(Scalar::int(ScalarType::U64, count));
        let outside = self.op(Op::Ge, &[unsigned, n]);
        self.b.open();
        self.b.push(Inst::Fail(Failure::TupleIndex));
        let then = self.b.close();
        self.b.push(Inst::If { cond: outside, then, otherwise: Vec::new() });
        let mut chosen = last.clone();
        for (i, item) in rest.iter().enumerate().rev() {
            let here = number(self, i as i128);
            let equal = self.op(Op::Eq, &[position, here]);
            chosen = self.select(equal, (item, span), (&chosen, span), span)?;
        }
        Ok(chosen)
    }

    // --- attributes ---

    pub(super) fn array_attribute(&mut self, array: Array, attr: &str, attr_span: Span, base: Span) -> Result<Val> {
        let ty = self.b.function().array(array).ty;
        let extents = |this: &mut Self| -> Vec<Value> { (0..ty.ndim).map(|axis| this.b.push(Inst::Extent { array, axis })).collect() };
        match attr {
            "shape" => Ok(Val::Tuple(extents(self).into_iter().map(Val::Real).collect())),
            "ndim" => self.integer(ty.ndim.into(), attr_span),
            "size" => {
                let mut all = extents(self).into_iter();
                let first = all.next().expect("an array has an axis");
                Ok(Val::Real(all.fold(first, |product, extent| self.op(Op::Mul, &[product, extent]))))
            }
            _ => {
                let d = Diagnostic::new(Code::NoAttribute, attr_span, format!("{ty} has no attribute `{attr}` in compiled code"));
                let d = d.also(base, ty.to_string());
                fault(if matches!(attr, "real" | "imag") { d.help("take it of an element") } else { d })
            }
        }
    }
}
