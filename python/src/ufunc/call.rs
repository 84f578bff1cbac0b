//! The fast path: plain calls, from the arguments to the results without NumPy's machinery.
//!
//! Admitted are exact ndarrays, NumPy scalars and Python numbers, and as `out=` exact arrays of the broadcast shape and the loop's types. Whatever is not, and every error that NumPy
//! words, is answered with `None`: the genuine ufunc then does the call or fails in NumPy's own way. Nothing has been written by then.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};
use smallvec::SmallVec;

use verdigris_compiler::types::{ScalarType, half};
use verdigris_device::float_env::Flags;
use verdigris_vectorize::broadcast::{broadcast_shape, output_strides};
use verdigris_vectorize::casting::Argument;
use verdigris_vectorize::run::{ALL_FLAGS, Loop, Operand, Options, run};
use verdigris_vectorize::{Error, Ufunc};

use super::core::{Core, Engine};
use super::numpy::{Array, Types, Value, empty};
use crate::cuda::watch;
use crate::gate;

/// Elements from which the GIL is released while the loop runs.
const LONG_CALL: usize = 512;

enum Item<'py> {
    Array(Array<'py>),
    /// A NumPy scalar or a Python bool.
    Scalar(ScalarType, Value),
    Int(i64),
    Float(f64),
    Complex(f64, f64),
}

impl Item<'_> {
    fn argument(&self) -> Argument {
        match self {
            Item::Array(array) => Argument::Typed(array.ty()),
            Item::Scalar(ty, _) => Argument::Typed(*ty),
            Item::Int(_) => Argument::Int,
            Item::Float(_) => Argument::Float,
            Item::Complex(..) => Argument::Complex,
        }
    }
}

fn item<'py>(types: &Types, object: &Bound<'py, PyAny>) -> Option<Item<'py>> {
    if types.is_array(object) {
        return Array::of(object).map(Item::Array);
    }
    if let Ok(float) = object.cast_exact::<PyFloat>() {
        return Some(Item::Float(float.value()));
    }
    if let Ok(int) = object.cast_exact::<PyInt>() {
        return int.extract().ok().map(Item::Int);
    }
    if let Some((ty, bytes)) = types.scalar(object) {
        return Some(Item::Scalar(ty, Value::new(bytes)));
    }
    if let Ok(truth) = object.cast_exact::<PyBool>() {
        let mut bytes = [0; 16];
        bytes[0] = truth.is_true() as u8;
        return Some(Item::Scalar(ScalarType::Bool, Value::new(bytes)));
    }
    if let Ok(complex) = object.cast_exact::<PyComplex>() {
        return Some(Item::Complex(complex.real(), complex.imag()));
    }
    None
}

/// A weak argument's value in the loop's type; `None` if it does not fit.
fn settle(item: &Item<'_>, ty: ScalarType) -> Option<Value> {
    let mut bytes = [0u8; 16];
    let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    let (real, imaginary) = match *item {
        Item::Int(value) if ty.is_integer() => {
            let (low, high): (i128, i128) =
                if ty.is_signed() { (-(1i128 << (ty.bits() - 1)), (1i128 << (ty.bits() - 1)) - 1) } else { (0, (1i128 << ty.bits()) - 1) };
            if !(low..=high).contains(&i128::from(value)) {
                return None;
            }
            put(0, &value.to_ne_bytes()[..ty.size()]);
            return Some(Value::new(bytes));
        }
        Item::Int(value) => (value as f64, 0.0),
        Item::Float(value) => (value, 0.0),
        Item::Complex(re, im) => (re, im),
        Item::Array(_) | Item::Scalar(..) => return None,
    };
    match ty.part() {
        ScalarType::F16 => {
            let half = half::narrowed(half::rounded(real));
            if half & 0x7fff == 0x7c00 && real.is_finite() {
                return None;
            }
            put(0, &half.to_ne_bytes());
        }
        ScalarType::F32 => {
            // A value beyond the range warns in NumPy: let it.
            let (re, im) = (real as f32, imaginary as f32);
            if (re.is_infinite() && real.is_finite()) || (im.is_infinite() && imaginary.is_finite()) {
                return None;
            }
            put(0, &re.to_ne_bytes());
            put(4, &im.to_ne_bytes());
        }
        ScalarType::F64 => {
            put(0, &real.to_ne_bytes());
            put(8, &imaginary.to_ne_bytes());
        }
        _ => return None,
    }
    Some(Value::new(bytes))
}

/// Elements up to which a call may be a short one.
const SHORT: usize = 2048;

/// A short call: contiguous arrays of one shape and the loop's very types, and numbers; as output none, or such an array apart from the others. Most of what a call may be need not be looked at.
/// `None` for any other.
fn short<'py>(
    py: Python<'py>,
    core: &Core,
    types: &Types,
    engine: &Ufunc,
    args: &Bound<'py, PyTuple>,
    out: Option<&Bound<'py, PyAny>>,
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let mut items: SmallVec<[Item<'py>; 3]> = SmallVec::new();
    let mut arguments: SmallVec<[Argument; 6]> = SmallVec::new();
    let mut shape: &[isize] = &[];
    for object in args.iter_borrowed() {
        let item = item(types, &object)?;
        if let Item::Array(array) = &item {
            let own = array.dense_shape()?;
            if shape.is_empty() {
                shape = own;
            } else if shape != own {
                return None;
            }
        }
        arguments.push(item.argument());
        items.push(item);
    }
    let lp = engine.find(&arguments)?;
    let signature = lp.signature();
    let &[result] = &signature.outputs[..] else { return None };
    let count = shape.iter().try_fold(1usize, |n, e| n.checked_mul(*e as usize))?;
    if !(1..=SHORT).contains(&count) || lp.control().loops {
        return None;
    }
    let mut values: SmallVec<[Value; 3]> = SmallVec::new();
    let mut filled: SmallVec<[Vec<u64>; 1]> = SmallVec::new();
    let mut pointers: SmallVec<[*mut u8; 4]> = SmallVec::new();
    for (item, ty) in items.iter().zip(&signature.inputs) {
        let value = match item {
            Item::Array(array) if array.ty() == *ty => {
                pointers.push(array.data());
                continue;
            }
            Item::Scalar(own, value) if own == ty => Value::new(value.bytes()),
            Item::Array(_) | Item::Scalar(..) => return None,
            weak => settle(weak, *ty)?,
        };
        if count == 1 {
            pointers.push(std::ptr::null_mut());
            values.push(value);
        } else {
            let mut buffer = vec![0u64; (count * ty.size()).div_ceil(8)];
            value.fill(&mut buffer, ty.size());
            pointers.push(buffer.as_mut_ptr().cast());
            filled.push(buffer);
        }
    }
    if !values.is_empty() {
        // Now that they stay where they are.
        let mut next = values.iter_mut();
        for pointer in pointers.iter_mut().filter(|p| p.is_null()) {
            *pointer = next.next().expect("a value for each").data();
        }
    }
    let mut scalar = Value::ZERO;
    let mut made = None;
    if let Some(out) = out {
        let array = if types.is_array(out) { Array::of(out)? } else { return None };
        if array.ty() != result || !array.writeable() || shape.is_empty() || array.dense_shape()? != shape {
            return None;
        }
        let whole = array.operand();
        let overlaps = |item: &Item<'_>| matches!(item, Item::Array(other) if whole.may_overlap(&other.operand()));
        if items.iter().any(overlaps) {
            return None;
        }
        pointers.push(array.data());
        made = Some(out.clone());
    } else if shape.is_empty() {
        pointers.push(scalar.data());
    } else {
        match empty(py, types, result, shape, None) {
            Ok(array) => {
                pointers.push(Array::of(&array)?.data());
                made = Some(array);
            }
            Err(error) => return Some(Err(error)),
        }
    }
    Some(finish_short(py, core, types, lp, &pointers, count).and_then(|()| match made {
        Some(array) => Ok(array),
        None => scalar.to_scalar(py, result),
    }))
}

fn finish_short(py: Python<'_>, core: &Core, types: &Types, lp: &Loop, pointers: &[*mut u8], count: usize) -> PyResult<()> {
    let flags = gate::attached(py, || super::numpy::run_short(lp, pointers, count))?;
    types.report(py, &core.name, flags)
}

/// Calls the ufunc if the fast path can.
pub(super) fn call<'py>(
    py: Python<'py>,
    core: &Core,
    args: &Bound<'py, PyTuple>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if args.len() != core.inputs {
        return Ok(None);
    }
    let types = Types::get(py)?;
    if let Some(engine) = core.ready()
        && let Some(result) = short(py, core, types, engine, args, out)
    {
        return result.map(Some);
    }
    let mut given: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
    if let Some(out) = out {
        match out.cast_exact::<PyTuple>() {
            Ok(tuple) => given.extend(tuple.iter()),
            Err(_) => given.push(out.clone()),
        }
        if given.len() != core.outputs {
            return Ok(None);
        }
    }
    let mut items: SmallVec<[Item<'py>; 3]> = SmallVec::new();
    let mut arguments: SmallVec<[Argument; 6]> = SmallVec::new();
    for object in args.iter_borrowed() {
        let Some(item) = item(types, &object) else { return Ok(None) };
        arguments.push(item.argument());
        items.push(item);
    }
    if let Some(engine) = core.ready()
        && let Some(lp) = engine.find(&arguments)
    {
        return with_loop(py, core, types, lp, &items, &given);
    }
    let Engine::Elements(engine) = core.engine(py)? else { return Ok(None) };
    match choose(py, &engine, &arguments)? {
        Some(lp) => with_loop(py, core, types, lp, &items, &given),
        None => Ok(None),
    }
}

#[cold]
fn choose<'e>(py: Python<'_>, engine: &'e Ufunc, arguments: &[Argument]) -> PyResult<Option<&'e Loop>> {
    gate::detached(py, || match engine.choose(arguments) {
        Ok(lp) => Ok(Some(&**lp)),
        Err(Error::NoLoop { .. }) => Ok(None),
        Err(error) => Err(error),
    })
}

fn with_loop<'py>(
    py: Python<'py>,
    core: &Core,
    types: &Types,
    lp: &Loop,
    items: &[Item<'py>],
    given: &[Bound<'py, PyAny>],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let signature = lp.signature();
    let mut weak: SmallVec<[Value; 3]> = SmallVec::new();
    for (item, ty) in items.iter().zip(&signature.inputs) {
        weak.push(match item {
            Item::Array(_) | Item::Scalar(..) => Value::ZERO,
            _ => match settle(item, *ty) {
                Some(value) => value,
                None => return Ok(None),
            },
        });
    }
    let mut results: SmallVec<[Value; 2]> = signature.outputs.iter().map(|_| Value::ZERO).collect();
    let mut operands: SmallVec<[Operand<'_>; 4]> = SmallVec::new();
    for ((item, weak), ty) in items.iter().zip(&weak).zip(&signature.inputs) {
        operands.push(match item {
            Item::Array(array) => array.operand(),
            Item::Scalar(own, value) => value.operand(*own),
            _ => weak.operand(*ty),
        });
    }
    let Ok(shape) = broadcast_shape(operands.iter().map(Operand::shape)) else { return Ok(None) };
    let options = Options { interest: ALL_FLAGS, parallel: core.is_parallel(), in_place: false, watch: Some(watch::signals) };

    if shape.is_empty() && given.is_empty() {
        operands.extend(results.iter_mut().zip(&signature.outputs).map(|(value, ty)| value.result(*ty)));
        execute(py, core, types, lp, &[], &operands, options)?;
        drop(operands);
        let scalars = results.iter().zip(&signature.outputs).map(|(value, ty)| value.to_scalar(py, *ty));
        return pack(py, scalars).map(Some);
    }
    let mut made: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
    if given.is_empty() {
        for ty in &signature.outputs {
            let strides = output_strides(&shape, ty.size(), &operands);
            made.push(empty(py, types, *ty, &shape, Some(&strides))?);
        }
    }
    let targets = if given.is_empty() { &made[..] } else { given };
    let mut outputs: SmallVec<[Array<'_>; 2]> = SmallVec::new();
    for (target, ty) in targets.iter().zip(&signature.outputs) {
        let array = if types.is_array(target) { Array::of(target) } else { None };
        match array {
            Some(array) if array.ty() == *ty && array.writeable() => outputs.push(array),
            _ => return Ok(None),
        }
    }
    let inputs = operands.len();
    operands.extend(outputs.iter().map(Array::operand));
    let mut options = options;
    if !given.is_empty() {
        match judge(&operands, inputs, &shape) {
            Some(in_place) => options.in_place = in_place,
            None => return Ok(None),
        }
    }
    execute(py, core, types, lp, &shape, &operands, options)?;
    pack(py, targets.iter().map(|array| Ok(array.clone()))).map(Some)
}

/// Whether given outputs may be written as they lie, and if so whether they are elements of inputs.
fn judge(operands: &[Operand<'_>], inputs: usize, shape: &[isize]) -> Option<bool> {
    let mut in_place = false;
    for (k, output) in operands.iter().enumerate().skip(inputs) {
        let shares = !shape.contains(&0) && output.shape().iter().zip(output.strides()).any(|(e, s)| *e > 1 && *s == 0);
        if output.shape() != shape || shares {
            return None;
        }
        for other in &operands[..k] {
            if output.may_overlap(other) {
                in_place = true;
            }
        }
        if in_place && operands[..k].iter().enumerate().any(|(j, o)| output.may_overlap(o) && (j >= inputs || !output.same_elements(o))) {
            return None;
        }
    }
    Some(in_place)
}

fn execute(py: Python<'_>, core: &Core, types: &Types, lp: &Loop, shape: &[isize], operands: &[Operand<'_>], options: Options) -> PyResult<()> {
    let size = shape.iter().fold(1usize, |n, e| n.saturating_mul(*e as usize));
    let flags: Flags = if size < LONG_CALL && !lp.control().loops {
        gate::attached(py, || run(lp, shape, operands, options))?
    } else {
        gate::detached(py, || run(lp, shape, operands, options))?
    };
    let name: &CStr = &core.name;
    types.report(py, name, flags)
}

fn pack<'py>(py: Python<'py>, mut results: impl ExactSizeIterator<Item = PyResult<Bound<'py, PyAny>>>) -> PyResult<Bound<'py, PyAny>> {
    if results.len() == 1 {
        return results.next().expect("one result");
    }
    Ok(PyTuple::new(py, results.collect::<PyResult<Vec<_>>>()?)?.into_any())
}
