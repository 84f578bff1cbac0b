//! Calls of built-in functions.

use super::Lowerer;
use super::builtins::{self, Builtin};
use super::call::Arg;
use super::fault::{Result, fault};
use super::printing::Shown;
use super::skipping::Skipping;
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Axis, Geometry, Inst, Kind, Value};
use crate::op::{Math, Op};
use crate::source::Span;
use crate::syntax::{BinaryOp, CompareOp, Expr};
use crate::types::{Scalar, ScalarType, binary_arithmetic, unify};

impl Lowerer {
    /// A call of a built-in function, `text` in the source.
    pub(super) fn builtin(&mut self, builtin: Builtin, text: &str, args: &[Arg], func: Span, span: Span) -> Result<Val> {
        use Builtin as B;
        let one = || match args {
            [(val, at)] => Ok((val, *at)),
            _ => self.wrong_count(text, "one argument", args.len(), span),
        };
        let two = || match args {
            [(a, s), (b, t)] => Ok(((a, *s), (b, *t))),
            _ => self.wrong_count(text, "two arguments", args.len(), span),
        };
        let whole = matches!(builtin, B::Print | B::Tuple | B::GetItem | B::Where | B::Len | B::Extents(_) | B::Angle | B::Sinc | B::NumpyIsClose);
        if !whole
            && let Some((soft, half)) = self.soft_args(args)
            && !args.iter().any(|(val, _)| matches!(val, Val::Array(_) | Val::View(_)))
        {
            let result = self.builtin(builtin, text, &soft, func, span)?;
            let half = half.filter(|_| !matches!(builtin, Builtin::Float));
            return Ok(self.harden(result, half));
        }
        if let Some(arity) = builtins::elementwise_arity(&builtin)
            && args.iter().any(|(val, _)| matches!(val, Val::Array(_) | Val::View(_)))
        {
            return self.elementwise_call(builtin, arity, text, args, func, span);
        }
        match builtin {
            B::Comparison(op) => {
                let (l, r) = two()?;
                let test = self.compare_pair(op, l, r, span)?;
                Ok(self.test_value(test))
            }
            B::NumpyOrder(op) => {
                let (l, r) = two()?;
                match self.complex_pair(l.0, r.0) {
                    Some((a, b)) => Ok(Val::Real(self.complex_order(op, a, b))),
                    None => {
                        let test = self.compare_pair(op, l, r, span)?;
                        Ok(self.test_value(test))
                    }
                }
            }
            B::Unary(op) => {
                let (val, at) = one()?;
                self.unary_arithmetic(op, val, at)
            }
            B::Reduce(what) => match args {
                [(val, at)] => match self.view_of(val) {
                    Some(view) => self.reduction(what, text, &view, span),
                    None => fault(self.bad_argument(text, val, *at)),
                },
                _ => fault(self.unsupported(span, format!("`{text}` with more than an array"), Some("loop over the axis"))),
            },
            B::Skip(what) => match args {
                [(val, at)] => match self.view_of(val) {
                    Some(view) => self.skipping(what, text, &view, span),
                    None if what == Skipping::CountNonzero && val.is_number() => {
                        let truth = self.truth(val, *at)?;
                        let Val::Real(truth) = self.test_value(truth) else { unreachable!("a bool") };
                        Ok(Val::Real(self.cast(truth, ScalarType::I64)))
                    }
                    None => fault(self.bad_argument(text, val, *at)),
                },
                _ => fault(self.unsupported(span, format!("`{text}` with more than an array"), Some("loop over the axis"))),
            },
            B::Enumerate | B::Zip | B::Reversed => {
                let d = Diagnostic::new(Code::UnsupportedSyntax, span, format!("`{text}` can only be looped over in compiled code"));
                fault(d.help(format!("write `for ... in {text}(...)`")))
            }
            B::Print => {
                let shown: Vec<Shown> = args.iter().map(|(val, at)| vec![(val.clone(), true, *at)]).collect();
                self.print(&shown, &[], span)
            }
            B::Tuple => match args {
                [] => Ok(Val::Tuple(Vec::new())),
                [(val, at)] => match val.items() {
                    Some(items) => Ok(Val::Tuple(items.to_vec())),
                    None => fault(self.bad_argument(text, val, *at)),
                },
                _ => self.wrong_count(text, "at most one argument", args.len(), span),
            },
            B::GetItem => {
                let ((base, at), (index, index_at)) = two()?;
                if let Some(items) = base.items() {
                    let i = self.index_value(index, index_at)?;
                    return self.item_at(items, i, index_at, span);
                }
                match self.view_of(base) {
                    Some(view) => {
                        let spot = self.indexed_by(&view, at, index, index_at, span)?;
                        Ok(self.value_of(spot))
                    }
                    None => fault(self.bad_argument(text, base, at)),
                }
            }
            B::Truth => {
                let (val, at) = one()?;
                let truth = self.truth(val, at)?;
                Ok(self.test_value(truth))
            }
            B::LogicalAnd | B::LogicalOr | B::LogicalXor => {
                let ((l, s), (r, t)) = two()?;
                let (l, r) = (self.truth(l, s)?, self.truth(r, t)?);
                let (Val::Real(l), Val::Real(r)) = (self.test_value(l), self.test_value(r)) else { unreachable!("bools") };
                let op = match builtin {
                    B::LogicalAnd => Op::And,
                    B::LogicalOr => Op::Or,
                    _ => Op::Xor,
                };
                Ok(Val::Real(self.op(op, &[l, r])))
            }
            B::NumpyFmin | B::NumpyFmax => {
                let (l, r) = two()?;
                match self.complex_pair(l.0, r.0) {
                    Some((a, b)) => Ok(self.complex_extreme(builtin == B::NumpyFmin, false, a, b)),
                    None => self.ignoring_extreme(builtin == B::NumpyFmin, text, l, r),
                }
            }
            B::Clip => match args {
                [(val, at), (low, s), (high, t)] => {
                    let mut clipped = val.clone();
                    for (least, bound, place) in [(false, low, *s), (true, high, *t)] {
                        if *bound != Val::None {
                            clipped = self.propagating_extreme(least, text, (&clipped, *at), (bound, place))?;
                        }
                    }
                    Ok(clipped)
                }
                _ => self.wrong_count(text, "a number and its two bounds", args.len(), span),
            },
            B::NumpyRound => match args {
                [(whole @ Val::Real(v), _)] if !self.ty(*v).is_float() => Ok(whole.clone()),
                [one] => self.builtin(Builtin::Numpy(Math::Rint), text, std::slice::from_ref(one), func, span),
                [(Val::Real(x), _), (Val::Real(places), _)] if self.ty(*x).is_float() && self.ty(*places).is_integer() => {
                    let ty = self.ty(*x);
                    let rounded = self.library("round_to", vec![Val::Real(*x), Val::Real(*places)], span)?;
                    Ok(self.to_scalar(&rounded, ty).expect("a number"))
                }
                [(val, at), ..] => fault(self.bad_argument(text, val, *at)),
                [] => self.wrong_count(text, "a number and how many decimals to keep", 0, span),
            },
            B::Reciprocal => {
                let (val, at) = one()?;
                let mut one = self.integer(1, at)?;
                if let Some(ty) = self.scalar_type(val)
                    && (ty.is_float() || ty.is_half())
                {
                    one = self.to_scalar(&one, ty).expect("1 is a number of every type");
                }
                match val {
                    Val::Real(v) if self.ty(*v).is_integer() => self.binary(BinaryOp::FloorDiv, (&one, at), (val, at), span),
                    _ => self.binary(BinaryOp::TrueDiv, (&one, at), (val, at), span),
                }
            }
            B::FloatPower => {
                let ((l, s), (r, t)) = two()?;
                let l = self.convert_call("float", ScalarType::F64, &[(l.clone(), s)], span)?;
                self.binary(BinaryOp::Pow, (&l, s), (r, t), span)
            }
            B::Heaviside => {
                let ((l, s), (r, t)) = two()?;
                let (Val::Real(a), Val::Real(b)) = (l, r) else {
                    return fault(if matches!(l, Val::Real(_)) { self.bad_argument(text, r, t) } else { self.bad_argument(text, l, s) });
                };
                let float = |this: &Self, v| if this.ty(v).is_float() { this.ty(v) } else { numpy_float(this.ty(v)) };
                let common = unify(float(self, *a), float(self, *b));
                let (a, b) = (self.cast(*a, common), self.cast(*b, common));
                let (zero, one) = (self.float(common, 0.0), self.float(common, 1.0));
                let below = self.op(Op::Lt, &[a, zero]);
                let above = self.op(Op::Gt, &[a, zero]);
                let nan = self.op(Op::IsNan, &[a]);
                let rest = self.op(Op::Select, &[nan, a, b]);
                let rest = self.op(Op::Select, &[above, one, rest]);
                Ok(Val::Real(self.op(Op::Select, &[below, zero, rest])))
            }
            B::Signbit => {
                let (val, at) = one()?;
                let Val::Real(v) = val else { return fault(self.bad_argument(text, val, at)) };
                let float = if self.ty(*v).is_float() { *v } else { self.cast(*v, ScalarType::F64) };
                let one = self.float(self.ty(float), 1.0);
                let sign = self.op(Op::Math(Math::Copysign), &[one, float]);
                let zero = self.float(self.ty(float), 0.0);
                Ok(Val::Real(self.op(Op::Lt, &[sign, zero])))
            }
            B::Math(m) => self.math(m, text, args, |_| ScalarType::F64, span),
            B::Numpy(m) => match (builtins::of_complex(m), args) {
                (Some(name), [(Val::Complex(..), _)]) => self.of_complex(name, text, args, span),
                _ => self.math(m, text, args, numpy_float, span),
            },
            B::Cmath("complex_log") if args.len() == 2 => {
                let number = self.of_complex("complex_log", text, &args[..1], span)?;
                let base = self.of_complex("complex_log", text, &args[1..], span)?;
                self.binary(BinaryOp::TrueDiv, (&number, args[0].1), (&base, args[1].1), span)
            }
            B::Cmath(name) => self.of_complex(name, text, args, span),
            B::MathPow => self.float_op(Op::Pow, text, args, |_| ScalarType::F64, 2, span),
            B::Fmod => self.float_op(Op::Fmod, text, args, |_| ScalarType::F64, 2, span),
            B::NumpyFmod => self.float_op(Op::Fmod, text, args, numpy_float, 2, span),
            B::Fabs => self.float_op(Op::Abs, text, args, |_| ScalarType::F64, 1, span),
            B::NumpyFabs => self.float_op(Op::Abs, text, args, numpy_float, 1, span),
            B::FloatTest(op, of_integer) => {
                let (val, at) = one()?;
                self.float_test(op, of_integer, text, val, at)
            }
            B::ToInteger(m) => {
                let (val, at) = one()?;
                self.to_integer(m, text, val, at)
            }
            B::NumpyRounding(m) => match one()? {
                (Val::Real(v), _) if !self.ty(*v).is_float() => Ok(Val::Real(*v)),
                _ => self.math(m, text, args, numpy_float, span),
            },
            B::Operator(BinaryOp::Pow) if args.len() == 3 => {
                fault(self.unsupported(span, "pow() with a modulus", Some("multiply and reduce in a loop")))
            }
            B::Operator(op) => {
                let (l, r) = two()?;
                self.binary(op, l, r, span)
            }
            B::AnyOrAll { all } => {
                let (val, at) = one()?;
                self.any_or_all(all, text, (val, at), span)
            }
            B::CodeOf => self.code_of(text, one()?),
            B::FloatLimits => self.float_limits(text, one()?),
            B::IntegerLimits => self.integer_limits(text, one()?),
            B::IsInstance => unreachable!("taken before its arguments are values"),
            B::Class(class) => self.call_class(class, text, func),
            B::Extents(what) => self.axes_of(what, text, args, span),
            B::IsInfinity { positive } => {
                let (val, at) = one()?;
                self.is_infinity(positive, text, val, at)
            }
            B::Angle => self.angle(text, args, span),
            B::Sinc => {
                let (val, at) = one()?;
                self.sinc(text, val, at)
            }
            B::NumpyIsClose => self.numpy_is_close(text, args, span),
            B::SearchSorted => self.search_sorted(text, args, span),
            B::Interp => self.interp(text, args, span),
            B::IsNat => {
                let (val, at) = one()?;
                match val {
                    Val::Time(_, v) => Ok(Val::Real(self.is_nat(*v))),
                    _ => fault(self.bad_argument(text, val, at)),
                }
            }
            B::Half(op) => self.half_function(op, text, args, span),
            B::Abs => {
                let (val, at) = one()?;
                if let Val::Time(ty @ ScalarType::TimeDelta(_), v) = val {
                    return Ok(Val::Time(*ty, self.op(Op::Abs, &[*v])));
                }
                self.abs(text, val, at)
            }
            B::Least | B::Greatest => self.extreme(builtin == B::Least, text, args, span),
            B::NumpyMinimum | B::NumpyMaximum => {
                let (l, r) = two()?;
                match self.complex_pair(l.0, r.0) {
                    Some((a, b)) => Ok(self.complex_extreme(builtin == B::NumpyMinimum, true, a, b)),
                    None => self.propagating_extreme(builtin == B::NumpyMinimum, text, l, r),
                }
            }
            B::Round => self.round(text, args, span),
            B::Len => {
                let (val, at) = one()?;
                self.len(val, at)
            }
            B::Range => {
                let d = Diagnostic::new(Code::UnsupportedSyntax, span, "`range` can only be looped over in compiled code");
                fault(d.help("write `for i in range(...)`"))
            }
            B::Int => match args {
                [(Val::Real(v), _)] if self.ty(*v).is_integer() => Ok(Val::Real(*v)),
                _ => self.convert_call(text, ScalarType::I64, args, span),
            },
            B::Float => match args {
                [(Val::Str(text), at)] => match text.trim().replace('_', "").parse::<f64>() {
                    Ok(x) => Ok(Val::Real(self.float(ScalarType::F64, x))),
                    Err(_) => fault(Diagnostic::new(Code::BadValue, *at, format!("could not convert string to float: {text:?}"))),
                },
                [(Val::Real(v), _)] if self.ty(*v).is_float() => Ok(Val::Real(*v)),
                _ => self.convert_call(text, ScalarType::F64, args, span),
            },
            B::Bool => self.convert_call(text, ScalarType::Bool, args, span),
            B::Complex => {
                let narrow = !args.is_empty() && args.iter().all(|(v, _)| self.scalar_type(v).is_some_and(|t| t.part() == ScalarType::F32));
                match args {
                    [(val @ Val::Complex(..), _)] => Ok(val.clone()),
                    _ => self.convert_call(text, if narrow { ScalarType::C64 } else { ScalarType::C128 }, args, span),
                }
            }
            B::Divmod => {
                let (l, r) = two()?;
                if text == "divmod" {
                    self.refuse_zero(BinaryOp::FloorDiv, l.0, r.0);
                }
                let quotient = self.binary(BinaryOp::FloorDiv, l, r, span)?;
                Ok(Val::Tuple(vec![quotient, self.binary(BinaryOp::Mod, l, r, span)?]))
            }
            B::Sum => self.sum(text, args, span),
            B::Log => match args {
                [_] => self.math(Math::Log, text, args, |_| ScalarType::F64, span),
                [x, base] => {
                    let x_log = self.math(Math::Log, text, std::slice::from_ref(x), |_| ScalarType::F64, span)?;
                    let base_log = self.math(Math::Log, text, std::slice::from_ref(base), |_| ScalarType::F64, span)?;
                    self.binary(BinaryOp::TrueDiv, (&x_log, x.1), (&base_log, base.1), span)
                }
                _ => self.wrong_count(text, "one or two arguments", args.len(), span),
            },
            B::Degrees => self.scaled(180.0 / std::f64::consts::PI, text, one()?),
            B::Radians => self.scaled(std::f64::consts::PI / 180.0, text, one()?),
            B::Gcd => {
                let (l, r) = two()?;
                for (val, at) in [l, r] {
                    if !matches!(val, Val::Real(v) if !self.ty(*v).is_float()) {
                        return fault(self.bad_argument(text, val, at));
                    }
                }
                let t = binary_arithmetic(self.scalar_type(l.0).expect("an integer"), self.scalar_type(r.0).expect("an integer"));
                let a = self.to_scalar(l.0, t).expect("an integer");
                let b = self.to_scalar(r.0, t).expect("an integer");
                self.library("gcd", vec![a, b], span)
            }
            B::Inlined(name) => self.inlined(name, text, args, span),
            B::Fma => self.fma(text, args, span),
            B::Row(op) => {
                let values = self.alike(&reals(args));
                Ok(Val::Real(self.op(op, &values)))
            }
            B::Choose => {
                let values = reals(args);
                let arms = self.alike(&values[1..]);
                Ok(Val::Real(self.op(Op::Select, &[values[0], arms[0], arms[1]])))
            }
            B::Polynomial => self.polynomial(args),
            B::ByType => unreachable!("chosen before its arguments are values"),
            B::IsClose => unreachable!("taken with its keywords"),
            B::Where => match args {
                [(cond, at), (a, s), (b, t)] => match self.truth(cond, *at)? {
                    super::choice::Test::Always(c) => {
                        let bool = self.constant(Scalar::bool(c));
                        self.select(bool, (a, *s), (b, *t), span)
                    }
                    super::choice::Test::Value(c) => self.select(c, (a, *s), (b, *t), span),
                },
                _ => self.wrong_count(text, "three arguments", args.len(), span),
            },
            B::Sign => {
                let (val, at) = one()?;
                self.sign(text, val, at)
            }
            B::Square => {
                let (val, at) = one()?;
                match val {
                    Val::Real(v) if self.ty(*v) != ScalarType::Bool => Ok(Val::Real(self.op(Op::Mul, &[*v, *v]))),
                    _ => self.binary(BinaryOp::Mul, (val, at), (val, at), span),
                }
            }
            B::Conjugate => {
                let (val, at) = one()?;
                if val.is_number() { Ok(self.conjugate(val)) } else { fault(self.bad_argument(text, val, at)) }
            }
            B::Real | B::Imag => {
                let (val, at) = one()?;
                if !val.is_number() {
                    return fault(self.bad_argument(text, val, at));
                }
                self.attribute(val, if builtin == B::Real { "real" } else { "imag" }, func, at)
            }
            B::LogicalNot => {
                let (val, at) = one()?;
                let truth = self.truth(val, at)?;
                Ok(self.negated(truth))
            }
            B::Grid | B::GridSize => self.grid(builtin == B::Grid, text, args, span),
            B::BlockArray { .. } => unreachable!("its arguments are no values"),
            B::Barrier(meeting) => self.barrier(meeting, text, args, span),
            B::ThisGrid => self.this_grid(text, args, span),
            B::ComplexFunction(name) => self.complex_function(name, text, args, span),
            B::ConstantLike => {
                let (val, at) = one()?;
                self.constant_like(text, val, at)
            }
            B::Fence => self.fence(text, args, span),
            B::Atomic(op) => self.atomic(op, text, args, span),
            B::CompareAndSwap => self.compare_and_swap(text, args, span),
            B::Warp(op) => self.warp(op, text, args, span),
            B::LaneMaskLt => self.lanemask_lt(text, args, span),
            B::Small(small) => self.small(small, text, args, span),
            B::Place(_) | B::WarpSize | B::Axes => {
                fault(Diagnostic::new(Code::TypeMismatch, func, format!("`{text}` is a value, not a function")).help("leave out the parentheses"))
            }
        }
    }

    // --- float functions ---

    /// A function of the math library's texts put in place. It is computed in float64; float32 comes back as float32.
    fn inlined(&mut self, name: &str, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let definition = crate::math::inlined(name);
        let parsed = self.parse(&definition)?;
        let arity = parsed.function.params.len();
        if args.len() != arity {
            return self.wrong_count(text, if arity == 1 { "one argument" } else { "two arguments" }, args.len(), span);
        }
        let mut bound = Vec::new();
        for (i, (val, at)) in args.iter().enumerate() {
            match val {
                Val::Real(v) if i == 0 => bound.push(Val::Real(self.cast(*v, ScalarType::F64))),
                Val::Real(v) if !self.ty(*v).is_float() => bound.push(Val::Real(self.cast(*v, ScalarType::I64))),
                _ => return fault(self.bad_argument(text, val, *at)),
            }
        }
        let narrow = self.scalar_type(&args[0].0) == Some(ScalarType::F32);
        let quiet = self.frame().quiet.unwrap_or(span);
        let result = self.activation(definition, parsed, None, bound, Some(quiet))?;
        self.at(span);
        Ok(if narrow { self.narrowed(&result) } else { result })
    }

    /// A function of complex numbers of the math library's texts put in place. It is computed in complex128; complex64 comes back as complex64.
    pub(super) fn of_complex(&mut self, name: &str, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let [(val, at)] = args else { return self.wrong_count(text, "one argument", args.len(), span) };
        let Some((re, im)) = self.to_complex(val, ScalarType::C128).filter(|_| val.is_number()) else {
            return fault(self.bad_argument(text, val, *at));
        };
        let narrow = matches!(self.scalar_type(val), Some(ScalarType::C64 | ScalarType::F32));
        self.complex_routine(name, &[re, im], if narrow { ScalarType::C64 } else { ScalarType::C128 }, span)
    }

    /// A text that takes parts of complex128 and gives a number's two.
    pub(super) fn complex_routine(&mut self, name: &str, parts: &[Value], ty: ScalarType, span: Span) -> Result<Val> {
        let definition = crate::math::inlined(name);
        let parsed = self.parse(&definition)?;
        let quiet = self.frame().quiet.unwrap_or(span);
        let result = self.activation(definition, parsed, None, parts.iter().map(|v| Val::Real(*v)).collect(), Some(quiet))?;
        self.at(span);
        let Val::Tuple(parts) = result else { unreachable!("texts of ours") };
        let [re, im] = [0, 1].map(|n| self.to_real(&parts[n], ty.part()).expect("a number"));
        Ok(Val::Complex(re, im))
    }

    /// float64 as float32, in a tuple too.
    fn narrowed(&mut self, val: &Val) -> Val {
        match val {
            Val::Real(v) if self.ty(*v) == ScalarType::F64 => Val::Real(self.cast(*v, ScalarType::F32)),
            Val::Tuple(items) => Val::Tuple(items.iter().map(|item| self.narrowed(item)).collect()),
            other => other.clone(),
        }
    }

    /// `a*b + c` rounded once.
    fn fma(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        if args.len() != 3 {
            return self.wrong_count(text, "three arguments", args.len(), span);
        }
        let mut values = Vec::new();
        for (val, at) in args {
            match val {
                Val::Real(v) => values.push(*v),
                _ => return fault(self.bad_argument(text, val, *at)),
            }
        }
        if self.is_library() {
            values = self.alike(&values);
        } else {
            let float = |t: ScalarType| if t.is_float() { t } else { ScalarType::F64 };
            let common = values.iter().map(|v| float(self.ty(*v))).reduce(unify).expect("three");
            values = values.into_iter().map(|v| self.cast(v, common)).collect();
        }
        Ok(Val::Real(self.op(Op::Fma, &values)))
    }

    /// Operands with the constants among them as the others' type: the library's rule for literals.
    pub(super) fn alike(&mut self, values: &[Value]) -> Vec<Value> {
        let Some(ty) = values.iter().find(|v| self.known(**v).is_none()).map(|v| self.ty(*v)) else { return values.to_vec() };
        values.iter().map(|v| if self.known(*v).is_some() { self.cast(*v, ty) } else { *v }).collect()
    }

    /// `by_type(x, wide, narrow)` in a text of the math library; a number comes in the type of `x`, if both are floats or neither is.
    pub(super) fn by_type(&mut self, args: &[Expr]) -> Result<Val> {
        let [x, wide, narrow] = args else { unreachable!("texts of ours") };
        let Val::Real(x) = self.expr(x)? else { unreachable!("texts of ours") };
        let ty = self.ty(x);
        let chosen = self.expr(if ty.size() == 8 { wide } else { narrow })?;
        Ok(match chosen {
            Val::Real(v) if self.ty(v) != ScalarType::Bool && self.ty(v).is_float() == ty.is_float() => Val::Real(self.cast(v, ty)),
            other => other,
        })
    }

    /// `poly(x, (c0, c1, …))`, by Horner's rule with fused steps.
    fn polynomial(&mut self, args: &[Arg]) -> Result<Val> {
        let [(Val::Real(x), _), (Val::Tuple(coefficients), _)] = args else { unreachable!("texts of ours") };
        let t = self.ty(*x);
        let coefficients: Vec<Value> = coefficients.iter().map(|c| self.to_real(c, t).expect("a number")).collect();
        let mut steps = coefficients.into_iter().rev();
        let first = steps.next().expect("a coefficient");
        Ok(Val::Real(steps.fold(first, |sum, c| self.op(Op::Fma, &[sum, *x, c]))))
    }

    fn math(&mut self, m: Math, text: &str, args: &[Arg], of_integer: impl Fn(ScalarType) -> ScalarType, span: Span) -> Result<Val> {
        self.float_op(Op::Math(m), text, args, of_integer, m.arity(), span)
    }

    /// A row of floats, for arguments brought to one float type; `of_integer` gives an integer's.
    fn float_op(&mut self, op: Op, text: &str, args: &[Arg], of_integer: impl Fn(ScalarType) -> ScalarType, arity: usize, span: Span) -> Result<Val> {
        if args.len() != arity {
            return self.wrong_count(text, if arity == 1 { "one argument" } else { "two arguments" }, args.len(), span);
        }
        let mut common = None;
        for (val, at) in args {
            let ty = match val {
                Val::Real(v) => self.ty(*v),
                _ => {
                    let d = self.bad_argument(text, val, *at);
                    return fault(if matches!(val, Val::Complex(..)) { d.help("work on `.real` and `.imag`") } else { d });
                }
            };
            let float = if ty.is_float() { ty } else { of_integer(ty) };
            common = Some(common.map_or(float, |c| unify(c, float)));
        }
        let common = common.expect("one argument or more");
        let values: Vec<Value> = args.iter().map(|(v, _)| self.to_real(v, common).expect("checked above")).collect();
        Ok(Val::Real(self.op(op, &values)))
    }

    fn float_test(&mut self, op: Op, of_integer: bool, text: &str, val: &Val, at: Span) -> Result<Val> {
        match val {
            Val::Real(v) if self.ty(*v).is_float() => Ok(Val::Real(self.op(op, &[*v]))),
            Val::Real(_) => Ok(self.bool(of_integer)),
            Val::Complex(re, im) => {
                let (re, im) = (self.op(op, &[*re]), self.op(op, &[*im]));
                let both = if of_integer { Op::And } else { Op::Or };
                Ok(Val::Real(self.op(both, &[re, im])))
            }
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    fn to_integer(&mut self, m: Math, text: &str, val: &Val, at: Span) -> Result<Val> {
        match val {
            Val::Real(v) if self.ty(*v).is_float() => {
                let whole = self.op(Op::Math(m), &[*v]);
                Ok(Val::Real(self.cast(whole, ScalarType::I64)))
            }
            Val::Real(v) => {
                let t = self.ty(*v);
                Ok(Val::Real(self.cast(*v, binary_arithmetic(t, t))))
            }
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    fn scaled(&mut self, factor: f64, text: &str, (val, at): (&Val, Span)) -> Result<Val> {
        match val {
            Val::Real(v) => {
                let t = if self.ty(*v) == ScalarType::F32 { ScalarType::F32 } else { ScalarType::F64 };
                let (v, factor) = (self.cast(*v, t), self.float(t, factor));
                Ok(Val::Real(self.op(Op::Mul, &[v, factor])))
            }
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    // --- arrays ---

    /// A function of numbers called with arrays: it needs an array for its results, as its last argument.
    fn elementwise_call(&mut self, builtin: Builtin, arity: usize, text: &str, args: &[Arg], func: Span, span: Span) -> Result<Val> {
        let out = match args.get(arity) {
            Some((val, at)) if args.len() == arity + 1 => self.view_of(val).map(|view| (view, val.clone(), *at)),
            _ => None,
        };
        let Some((view, out, at)) = out else {
            let d = self.unsupported(span, format!("`{text}` of an array without an array for the result"), None);
            let names = ["a", "b", "c"][..arity].join(", ");
            return fault(d.help(format!("give one: `{text}({names}, out)`, or index the arrays")));
        };
        self.map_into(&args[..arity], &view, at, span, &mut |this, items| this.builtin(builtin, text, items, func, span))?;
        Ok(out)
    }

    /// `numpy.fmin` and `fmax`: a NaN loses.
    fn ignoring_extreme(&mut self, least: bool, text: &str, l: (&Val, Span), r: (&Val, Span)) -> Result<Val> {
        self.numpy_extreme(least, text, l, r, |this, _, a, b| {
            let nan = this.op(Op::IsNan, &[b]);
            let before = this.op(if least { Op::Le } else { Op::Ge }, &[a, b]);
            this.op(Op::Or, &[before, nan])
        })
    }

    /// The lesser or greater of two numbers; of floats, the first where `first` says so.
    fn numpy_extreme(
        &mut self,
        least: bool,
        text: &str,
        (l, s): (&Val, Span),
        (r, t): (&Val, Span),
        first: impl FnOnce(&mut Self, ScalarType, Value, Value) -> Value,
    ) -> Result<Val> {
        let (Val::Real(a), Val::Real(b)) = (l, r) else {
            let (odd, at) = if matches!(l, Val::Real(_)) { (r, t) } else { (l, s) };
            return fault(self.no_order(text, odd, at));
        };
        let common = unify(self.ty(*a), self.ty(*b));
        if !common.is_float() {
            return self.extreme(least, text, &[(l.clone(), s), (r.clone(), t)], s);
        }
        let (a, b) = (self.cast(*a, common), self.cast(*b, common));
        let first = first(self, common, a, b);
        Ok(Val::Real(self.op(Op::Select, &[first, a, b])))
    }

    // --- numbers ---

    fn abs(&mut self, text: &str, val: &Val, at: Span) -> Result<Val> {
        match val {
            Val::Real(v) if self.ty(*v) == ScalarType::Bool => Ok(Val::Real(self.cast(*v, ScalarType::I8))),
            Val::Real(v) if self.ty(*v).is_unsigned() => Ok(val.clone()),
            Val::Real(v) => Ok(Val::Real(self.op(Op::Abs, &[*v]))),
            Val::Complex(re, im) => Ok(Val::Real(self.complex_abs(*re, *im))),
            _ => fault(self.bad_argument(text, val, at)),
        }
    }

    /// Python's `min` and `max`.
    fn extreme(&mut self, least: bool, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let items: Vec<Arg> = match args {
            [(val, at)] if val.items().is_some_and(|items| !items.is_empty()) => {
                val.items().expect("just seen").iter().map(|v| (v.clone(), *at)).collect()
            }
            [(val, _)]
                if let Some(view) = self.view_of(val)
                    && view.ndim() == 1 =>
            {
                return self.python_fold(&view, None, Some(least), span);
            }
            [] => return self.wrong_count(text, "one argument or more", 0, span),
            [(val, at)] => return fault(self.bad_argument(text, val, *at).help("give two numbers or more, or a tuple")),
            _ => args.to_vec(),
        };
        let mut common: Option<ScalarType> = None;
        for (val, at) in &items {
            match val {
                Val::Real(v) => common = Some(common.map_or(self.ty(*v), |c| unify(c, self.ty(*v)))),
                _ => return fault(self.no_order(text, val, *at)),
            }
        }
        let t = common.expect("one item or more");
        let op = match (least, t) {
            (true, ScalarType::Bool) => Op::And,
            (false, ScalarType::Bool) => Op::Or,
            (true, _) => Op::Min,
            (false, _) => Op::Max,
        };
        let mut values = items.iter().map(|(v, _)| self.to_real(v, t).expect("checked above")).collect::<Vec<_>>().into_iter();
        let first = values.next().expect("one item or more");
        Ok(Val::Real(values.fold(first, |best, v| self.op(op, &[best, v]))))
    }

    /// `numpy.minimum` and `maximum`: a NaN wins, the first of two; -0.0 is below 0.0.
    fn propagating_extreme(&mut self, least: bool, text: &str, l: (&Val, Span), r: (&Val, Span)) -> Result<Val> {
        self.numpy_extreme(least, text, l, r, |this, common, a, b| {
            let before = if least { Op::Lt } else { Op::Gt };
            let nan = this.op(Op::IsNan, &[a]);
            let apart = this.op(before, &[a, b]);
            let one = this.float(common, 1.0);
            let sign = this.op(Op::Math(Math::Copysign), &[one, a]);
            let zero = this.float(common, 0.0);
            let signed = this.op(before, &[sign, zero]);
            let equal = this.op(Op::Eq, &[a, b]);
            let tie = this.op(Op::And, &[equal, signed]);
            let first = this.op(Op::Or, &[apart, nan]);
            this.op(Op::Or, &[first, tie])
        })
    }

    /// Ties go to the even neighbour. With digits: scaled, rounded and scaled back, as Numba does.
    fn round(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let (val, at, digits) = match args {
            [(val, at)] | [(val, at), (Val::None, _)] => (val, *at, None),
            [(val, at), (digits, digits_at)] => match digits {
                Val::Real(d) if self.known(*d).is_some_and(|c| !c.ty().is_float()) => (val, *at, Some(self.known(*d).expect("a constant").as_int())),
                Val::Real(d) if self.ty(*d).is_integer() && matches!(val, Val::Real(v) if self.ty(*v).is_float()) => {
                    let ty = self.scalar_type(val).expect("a float");
                    let rounded = self.library("round_digits", vec![val.clone(), digits.clone()], span)?;
                    return Ok(self.to_scalar(&rounded, ty).expect("a number"));
                }
                _ => return fault(self.unsupported(*digits_at, "a number of digits that is not a constant", None)),
            },
            _ => return self.wrong_count(text, "one or two arguments", args.len(), span),
        };
        let Val::Real(v) = val else { return fault(self.bad_argument(text, val, at)) };
        let t = self.ty(*v);
        match digits {
            None if t.is_float() => {
                let whole = self.op(Op::Math(Math::Rint), &[*v]);
                Ok(Val::Real(self.cast(whole, ScalarType::I64)))
            }
            Some(digits) if t.is_float() && (-300..=22).contains(&digits) => {
                let power = self.float(t, 10f64.powi(digits.unsigned_abs() as i32));
                let (out, back) = if digits >= 0 { (Op::Mul, Op::Div) } else { (Op::Div, Op::Mul) };
                let scaled = self.op(out, &[*v, power]);
                let whole = self.op(Op::Math(Math::Rint), &[scaled]);
                let rounded = self.op(back, &[whole, power]);
                let finite = self.op(Op::IsFinite, &[scaled]);
                Ok(Val::Real(self.op(Op::Select, &[finite, rounded, *v])))
            }
            Some(digits) if t.is_float() && digits > 22 => Ok(val.clone()),
            Some(digits) if digits < 0 => fault(self.unsupported(span, "rounding an integer to tens", None)),
            Some(_) if t.is_float() => fault(self.unsupported(span, "rounding to that many digits", None)),
            _ => Ok(Val::Real(self.cast(*v, binary_arithmetic(t, t)))),
        }
    }

    fn sign(&mut self, text: &str, val: &Val, at: Span) -> Result<Val> {
        let Val::Real(v) = val else { return fault(self.bad_argument(text, val, at)) };
        let t = self.ty(*v);
        if t == ScalarType::Bool {
            return fault(self.bad_argument(text, val, at));
        }
        let number = |this: &mut Self, n: i32| if t.is_float() { this.float(t, n.into()) } else { this.constant(Scalar::int(t, n.into())) };
        let (zero, one) = (number(self, 0), number(self, 1));
        let above = self.compare_reals(CompareOp::Gt, *v, zero);
        // Of what is neither above nor below zero, a zero becomes 0 and NaN stays.
        let rest = if t.is_unsigned() {
            zero
        } else {
            let minus = number(self, -1);
            let below = self.compare_reals(CompareOp::Lt, *v, zero);
            let middle = if t.is_float() {
                let nan = self.op(Op::IsNan, &[*v]);
                self.op(Op::Select, &[nan, *v, zero])
            } else {
                zero
            };
            self.op(Op::Select, &[below, minus, middle])
        };
        Ok(Val::Real(self.op(Op::Select, &[above, one, rest])))
    }

    fn sum(&mut self, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let (items, at, mut total) = match args {
            [(val, at)] if let Some(items) = val.items() => (items, *at, (self.integer(0, span)?, span)),
            [(val, at), start] if let Some(items) = val.items() => (items, *at, start.clone()),
            [(val, _)] | [(val, _), _]
                if let Some(view) = self.view_of(val)
                    && view.ndim() == 1 =>
            {
                let start = match args.get(1) {
                    Some((start, _)) if start.is_number() => start.clone(),
                    Some((start, at)) => return fault(self.bad_argument(text, start, *at)),
                    None => self.integer(0, span)?,
                };
                return self.python_fold(&view, Some(&start), None, span);
            }
            [(val, at)] | [(val, at), _] => return fault(self.bad_argument(text, val, *at).help("add up in a loop")),
            _ => return self.wrong_count(text, "one or two arguments", args.len(), span),
        };
        for item in items {
            total = (self.binary(BinaryOp::Add, (&total.0, total.1), (item, at), span)?, span);
        }
        Ok(total.0)
    }

    fn len(&mut self, val: &Val, at: Span) -> Result<Val> {
        match val {
            val if let Some(items) = val.items() => self.integer(items.len() as i128, at),
            Val::Str(_) | Val::Bytes(_) | Val::View(_) if let Some(text) = self.text_of(val, at) => Ok(Val::Real(self.length_of_text(&text))),
            Val::View(view) if view.ndim() > 0 => Ok(Val::Real(view.extents[0])),
            Val::Array(array) => Ok(Val::Real(self.b.push(Inst::Extent { array: *array, axis: 0 }))),
            _ => fault(self.bad_argument("len", val, at)),
        }
    }

    // --- launch geometry ---

    pub(super) fn geometry(&mut self, geometry: Geometry) -> Val {
        Val::Real(self.b.push(Inst::Geometry(geometry)))
    }

    /// Only a kernel's threads have a place in a launch.
    pub(super) fn in_kernel(&self, text: &str, span: Span) -> Result<()> {
        if self.options.kind == Kind::Kernel {
            return Ok(());
        }
        fault(
            Diagnostic::new(Code::UnsupportedName, span, format!("`{text}` has a meaning in kernels only"))
                .note("this function is compiled for the elements of arrays"),
        )
    }

    /// `cuda.grid(n)` and `cuda.gridsize(n)`: int64, one or a tuple of `n`.
    fn grid(&mut self, position: bool, text: &str, args: &[Arg], span: Span) -> Result<Val> {
        let axes = match args {
            [(Val::Real(v), _)] => self.known(*v).filter(|c| c.ty().is_integer()).map(|c| c.as_int()),
            [_] => None,
            _ => return self.wrong_count(text, "one argument", args.len(), span),
        };
        self.in_kernel(text, span)?;
        let Some(axes @ 1..=3) = axes else {
            return fault(Diagnostic::new(Code::BadValue, args[0].1, format!("{text}() needs the constant 1, 2 or 3")));
        };
        let mut values = Vec::new();
        for axis in [Axis::X, Axis::Y, Axis::Z].into_iter().take(axes as usize) {
            let (a, b) =
                if position { (Geometry::BlockIdx(axis), Geometry::BlockDim(axis)) } else { (Geometry::GridDim(axis), Geometry::BlockDim(axis)) };
            let product = [a, b].map(|g| {
                let g = self.b.push(Inst::Geometry(g));
                self.cast(g, ScalarType::I64)
            });
            let mut value = self.op(Op::Mul, &product);
            if position {
                let thread = self.b.push(Inst::Geometry(Geometry::ThreadIdx(axis)));
                let thread = self.cast(thread, ScalarType::I64);
                value = self.op(Op::Add, &[value, thread]);
            }
            values.push(Val::Real(value));
        }
        Ok(if axes == 1 { values.remove(0) } else { Val::Tuple(values) })
    }
}

/// Arguments in a text of the math library, which are numbers.
fn reals(args: &[Arg]) -> Vec<Value> {
    args.iter().map(|(v, _)| if let Val::Real(v) = v { *v } else { unreachable!("texts of ours") }).collect()
}

/// The float type in which NumPy's functions take an integer (as Numba has it).
pub(super) fn numpy_float(integer: ScalarType) -> ScalarType {
    if integer.size() <= 2 { ScalarType::F32 } else { ScalarType::F64 }
}
