//! Functions of NumPy that are made of others: what an array's axes are, tests and angles of numbers, and searches of sorted arrays.
//!
//! Each computes in the types that NumPy takes for its arguments, and refuses arrays where NumPy would make a new one.

use super::Lowerer;
use super::builtins::Extents;
use super::call::Arg;
use super::choice::Test;
use super::fault::{Result, fault};
use super::value::{Callee, Val};
use super::view::{Source, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Complaint, Value};
use crate::names::Meaning;
use crate::op::{Math, Op};
use crate::source::Span;
use crate::syntax::BinaryOp;
use crate::types::{ScalarType, unify};

impl Lowerer {
    /// `np.size(a)`, `np.size(a, axis)`, `np.shape(a)`, `np.ndim(a)`; a number is an array without axes.
    pub(super) fn axes_of(&mut self, what: Extents, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let ((val, at), axis) = match args {
            [one] => (one, None),
            [one, (Val::None, _)] if what == Extents::Size => (one, None),
            [one, axis] if what == Extents::Size => (one, Some(axis)),
            _ => return self.wrong_count(text, "an array", args.len(), span),
        };
        let extents = match self.view_of(val) {
            Some(view) => view.extents,
            None if val.is_number() => Vec::new(),
            None => return fault(self.bad_argument(text, val, *at)),
        };
        if let Some((axis, axis_at)) = axis {
            let known = if let Val::Real(v) = axis { self.known(*v).filter(|c| c.ty().is_integer()).map(|c| c.as_int()) } else { None };
            let Some(axis) = known else { return fault(self.unsupported(*axis_at, "an axis that is no constant", Some("index `.shape`"))) };
            let ndim = extents.len() as i128;
            let Some(extent) = usize::try_from(if axis < 0 { axis + ndim } else { axis }).ok().and_then(|n| extents.get(n)) else {
                let name = self.describe(val);
                return fault(Diagnostic::new(Code::BadIndex, *axis_at, format!("{name} has no axis {axis}")));
            };
            return Ok(Val::Real(*extent));
        }
        match what {
            Extents::Size => Ok(Val::Real(self.count_of(&extents))),
            Extents::Shape => Ok(Val::Tuple(extents.into_iter().map(Val::Real).collect())),
            Extents::Ndim => self.integer(extents.len() as i128, span),
        }
    }

    /// `np.isposinf(x)`, `np.isneginf(x)`.
    pub(super) fn is_infinity(&mut self, positive: bool, text: &str, val: &Val, at: Span) -> Result<Val> {
        match val {
            Val::Real(v) if self.ty(*v).is_float() => {
                let infinity = self.float(self.ty(*v), if positive { f64::INFINITY } else { f64::NEG_INFINITY });
                Ok(Val::Real(self.op(Op::Eq, &[*v, infinity])))
            }
            Val::Real(_) => Ok(self.bool(false)),
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    /// `np.angle(z, deg=False)`.
    pub(super) fn angle(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let ((val, at), degrees) = match args {
            [one] => (one, false),
            [one, (deg, deg_at)] => match self.truth(deg, *deg_at)? {
                Test::Always(degrees) => (one, degrees),
                Test::Value(_) => {
                    return fault(self.unsupported(*deg_at, "`deg` that is no constant", Some("multiply by `180 / math.pi` where it is set")));
                }
            },
            _ => return self.wrong_count(text, "a number", args.len(), span),
        };
        let (im, re) = match val {
            Val::Complex(re, im) => (*im, *re),
            Val::Real(v) => {
                let ty = if self.ty(*v).is_float() { self.ty(*v) } else { super::library::numpy_float(self.ty(*v)) };
                (self.float(ty, 0.0), self.cast(*v, ty))
            }
            _ => return fault(self.bad_argument(text, val, *at)),
        };
        let angle = self.op(Op::Math(Math::Atan2), &[im, re]);
        if !degrees {
            return Ok(Val::Real(angle));
        }
        let factor = self.float(self.ty(angle), 180.0 / std::f64::consts::PI);
        Ok(Val::Real(self.op(Op::Mul, &[angle, factor])))
    }

    /// `np.sinc(x)`: sin(pi x) / (pi x), where NumPy puts a small number in the place of 0.
    pub(super) fn sinc(&mut self, text: &str, val: &Val, at: Span) -> Result<Val> {
        let pi = std::f64::consts::PI;
        match val {
            Val::Real(v) => {
                let ty = if self.ty(*v).is_float() { self.ty(*v) } else { ScalarType::F64 };
                let (v, pi, zero) = (self.cast(*v, ty), self.float(ty, pi), self.float(ty, 0.0));
                let small = self.float(ty, if ty == ScalarType::F32 { f32::EPSILON.into() } else { f64::EPSILON });
                let x = self.op(Op::Mul, &[pi, v]);
                let is_zero = self.op(Op::Eq, &[x, zero]);
                let x = self.op(Op::Select, &[is_zero, small, x]);
                let sine = self.op(Op::Math(Math::Sin), &[x]);
                Ok(Val::Real(self.op(Op::Div, &[sine, x])))
            }
            Val::Complex(re, im) => {
                let part = self.ty(*re);
                let (pi, zero, small) = (self.float(part, pi), self.float(part, 0.0), self.float(part, 1e-20));
                let x = self.binary(BinaryOp::Mul, (&Val::Complex(pi, zero), at), (&Val::Complex(*re, *im), at), at)?;
                let Val::Complex(re, im) = x else { unreachable!("a product of complex numbers") };
                let (re_zero, im_zero) = (self.op(Op::Eq, &[re, zero]), self.op(Op::Eq, &[im, zero]));
                let is_zero = self.op(Op::And, &[re_zero, im_zero]);
                let x = Val::Complex(self.op(Op::Select, &[is_zero, small, re]), im);
                let sine = self.of_complex("complex_sin", text, &[(x.clone(), at)], at)?;
                self.binary(BinaryOp::TrueDiv, (&sine, at), (&x, at), at)
            }
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    /// `np.isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False)` of numbers: how far `a` is from `b`, measured by `b`.
    pub(super) fn numpy_is_close(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let [(a, a_at), (b, b_at), options @ ..] = args else { return self.wrong_count(text, "two numbers", args.len(), span) };
        if options.len() > 3 {
            return self.wrong_count(text, "two numbers, rtol, atol and equal_nan", args.len(), span);
        }
        for (val, at) in [(a, a_at), (b, b_at)] {
            if !matches!(val, Val::Real(_) | Val::Complex(..)) {
                return fault(self.bad_argument(text, val, *at));
            }
        }
        let of_b = self.scalar_type(b).filter(|ty| ty.part().is_float()).unwrap_or(ScalarType::F64);
        let common = unify(self.scalar_type(a).expect("a number"), of_b);
        let mut numbers = vec![self.to_scalar(a, common).expect("a number"), self.to_scalar(b, of_b).expect("a number")];
        for (place, default) in [1e-5, 1e-8].into_iter().enumerate() {
            let tolerance = match options.get(place) {
                None | Some((Val::None, _)) => self.float(of_b.part(), default),
                Some((val, at)) => match self.to_real(val, of_b.part()) {
                    Some(tolerance) => tolerance,
                    None => return fault(self.bad_argument(text, val, *at)),
                },
            };
            numbers.push(Val::Real(tolerance));
        }
        numbers.push(match options.get(2) {
            None | Some((Val::None, _)) => self.bool(false),
            Some((val, at)) => {
                let truth = self.truth(val, *at)?;
                self.test_value(truth)
            }
        });
        self.library("numpy_is_close", numbers, span)
    }

    /// `np.searchsorted(a, v, side="left")` of one number.
    pub(super) fn search_sorted(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let (sorted, wanted, right) = match args {
            [a, v] => (a, v, false),
            [a, v, (Val::Str(side), at)] => match side.as_str() {
                "left" => (a, v, false),
                "right" => (a, v, true),
                _ => return fault(Diagnostic::new(Code::BadValue, *at, format!("`side` is \"left\" or \"right\", not {side:?}"))),
            },
            [_, _, (_, at)] => return fault(self.unsupported(*at, "`side` that is no constant", Some("write `side=\"left\"` or `side=\"right\"`"))),
            _ => return self.wrong_count(text, "a sorted array, a number and a side", args.len(), span),
        };
        let (view, elem) = self.points(text, sorted)?;
        let ty = match &wanted.0 {
            val @ (Val::Real(_) | Val::Half(..)) => self.scalar_type(val).expect("a number"),
            val @ (Val::Array(_) | Val::View(_)) => {
                let what = format!("`{text}` of {}, which makes an array,", self.describe(val));
                return fault(self.unsupported(wanted.1, what, Some("search for one number after another, in a loop")));
            }
            val => return fault(self.bad_argument(text, val, wanted.1)),
        };
        let common = match unify(elem.held(), ty.held()) {
            ScalarType::Bool => ScalarType::I64,
            common => common,
        };
        let number = self.to_scalar(&wanted.0, common).expect("a number");
        let right = self.bool(right);
        self.library("searchsorted", vec![Val::View(Box::new(view)), number, right, conversion(common)], span)
    }

    /// `np.interp(x, xp, fp, left=None, right=None)` of one number.
    pub(super) fn interp(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let [(x, at), xp, fp, ends @ ..] = args else { return self.wrong_count(text, "a number and two arrays", args.len(), span) };
        if ends.len() > 2 {
            return fault(self.unsupported(span, format!("`{text}` with a period"), Some("reduce the number and the points to one period first")));
        }
        let number = match x {
            Val::Real(_) | Val::Half(..) => self.to_scalar(x, ScalarType::F64).expect("a number"),
            Val::Array(_) | Val::View(_) => {
                let what = format!("`{text}` of {}, which makes an array,", self.describe(x));
                return fault(self.unsupported(*at, what, Some("interpolate for one number after another, in a loop")));
            }
            _ => return fault(self.bad_argument(text, x, *at)),
        };
        let (points, _) = self.points(text, xp)?;
        let (heights, _) = self.points(text, fp)?;
        let zero = self.b.int(0);
        let empty = self.op(Op::Eq, &[points.extents[0], zero]);
        self.fail_if(empty, Complaint::Empty);
        self.same_or_fail(points.extents[0], heights.extents[0]);
        let mut given = vec![number, Val::View(Box::new(points)), Val::View(Box::new(heights))];
        for place in 0..2 {
            given.push(match ends.get(place) {
                None | Some((Val::None, _)) => Val::None,
                Some((val, at)) => match self.to_real(val, ScalarType::F64) {
                    Some(v) => Val::Real(v),
                    None => return fault(self.bad_argument(text, val, *at)),
                },
            });
        }
        given.push(conversion(ScalarType::F64));
        self.library("interp", given, span)
    }

    /// An array of real numbers with one axis, and their type.
    fn points(&mut self, text: &str, (val, at): &Arg) -> Result<(View<Value>, ScalarType)> {
        match (self.view_of(val), self.element_of(val)) {
            (Some(view), Some(elem)) if view.ndim() == 1 && matches!(view.source(), Source::Array(..)) && !elem.is_complex() && !elem.is_time() => {
                Ok((view, elem))
            }
            _ => {
                let name = self.describe(val);
                let d = Diagnostic::new(Code::TypeMismatch, *at, format!("`{text}` takes an array of real numbers with one axis, not {name}"));
                fault(d.label(name))
            }
        }
    }
}

/// The type, as a function of texts.
fn conversion(ty: ScalarType) -> Val {
    Val::Function(std::sync::Arc::new(Callee::Named(Meaning::Type(ty), ty.to_string())))
}
