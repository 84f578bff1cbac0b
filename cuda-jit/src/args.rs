//! Arguments of a launch: their types, and their words as compiled code reads them.
//!
//! Safe methods take what Rust vouches for (scalars, slices, ndarray views, device arrays); [`Args::raw_array`] is for hosts with arrays of their own. Packing follows
//! `verdigris_compiler::abi`. Which kernel will get them is not known here.
#![allow(unsafe_code)]

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use ndarray::{ArrayView, ArrayViewMut, Dimension};
use num_complex::Complex;

use verdigris_compiler::lower::Extra;
use verdigris_compiler::names::Captured;
use verdigris_compiler::types::half;
use verdigris_compiler::types::{ArrayType, Layout, MOST_AXES, NamedType, RecordType, RecordsType, Scalar, ScalarType, Type};
use verdigris_device::array::Array;

/// A Rust type that is a scalar type of the kernel language, with the same bits.
///
/// # Safety
/// `TYPE` has the size and representation of `Self`, and every value that a kernel may store in an array of it is a valid `Self`.
pub unsafe trait Element: Copy + 'static {
    /// The type.
    const TYPE: ScalarType;
    /// Its value as the words of a scalar argument: one, or two for a complex number.
    fn words(self) -> ([u64; 2], usize);
}

macro_rules! elements {
    ($($rust:ty => $ty:ident, |$value:ident| $bits:expr;)*) => {$(
        // SAFETY: the same width and representation; every bit pattern of a number is valid, and kernels store only 0 and 1 in a bool.
        unsafe impl Element for $rust {
            const TYPE: ScalarType = ScalarType::$ty;
            fn words(self) -> ([u64; 2], usize) {
                let $value = self;
                $bits
            }
        }
    )*};
}

elements! {
    bool => Bool, |v| ([v.into(), 0], 1);
    i8 => I8, |v| ([(v as u8).into(), 0], 1);
    i16 => I16, |v| ([(v as u16).into(), 0], 1);
    i32 => I32, |v| ([(v as u32).into(), 0], 1);
    i64 => I64, |v| ([v as u64, 0], 1);
    u8 => U8, |v| ([v.into(), 0], 1);
    u16 => U16, |v| ([v.into(), 0], 1);
    u32 => U32, |v| ([v.into(), 0], 1);
    u64 => U64, |v| ([v, 0], 1);
    f32 => F32, |v| ([v.to_bits().into(), 0], 1);
    f64 => F64, |v| ([v.to_bits(), 0], 1);
    Complex<f32> => C64, |v| ([v.re.to_bits().into(), v.im.to_bits().into()], 2);
    Complex<f64> => C128, |v| ([v.re.to_bits(), v.im.to_bits()], 2);
}

/// Arguments, in order. They borrow the arrays for as long as they live.
#[derive(Clone, Debug, Default)]
pub struct Args<'a> {
    types: Vec<Type>,
    words: Vec<u64>,
    /// The longest axis of an array among them.
    longest: u64,
    arrays: PhantomData<&'a mut [u8]>,
}

/// An array that no kernel can take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsuitable {
    /// Too many axes.
    Axes(usize),
    /// An element does not lie at a multiple of its alignment.
    Unaligned,
}

impl std::fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unsuitable::Axes(axes) => write!(f, "an array of {axes} axes: kernels take arrays of at most {MOST_AXES}"),
            Unsuitable::Unaligned => f.write_str("an array whose elements are not aligned"),
        }
    }
}

impl std::error::Error for Unsuitable {}

/// The layout that NumPy's flags would tell: C where an array is both C and Fortran.
pub fn layout_of(itemsize: usize, shape: &[usize], strides: &[isize]) -> Layout {
    let dense = |axes: &mut dyn Iterator<Item = usize>| {
        let mut step = itemsize as isize;
        for axis in axes {
            if shape[axis] != 1 && strides[axis] != step {
                return false;
            }
            step = step.wrapping_mul(shape[axis] as isize);
        }
        true
    };
    if shape.contains(&0) || dense(&mut (0..shape.len()).rev()) {
        Layout::C
    } else if dense(&mut (0..shape.len())) {
        Layout::F
    } else {
        Layout::A
    }
}

impl<'a> Args<'a> {
    /// No arguments yet.
    pub fn new() -> Args<'a> {
        Args::default()
    }

    /// As [`Args::new`], with room for this many.
    pub fn with_capacity(args: usize) -> Args<'a> {
        Args { types: Vec::with_capacity(args), words: Vec::with_capacity(args * 3), longest: 0, arrays: PhantomData }
    }

    /// The most elements along an axis of an array among them.
    pub(crate) fn longest(&self) -> u64 {
        self.longest
    }

    /// Their types.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// Their words.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// A number or a bool.
    pub fn scalar<T: Element>(&mut self, value: T) -> &mut Self {
        let (words, count) = value.words();
        self.types.push(Type::Scalar(T::TYPE));
        self.words.extend_from_slice(&words[..count]);
        self
    }

    /// A scalar of a type known at run time, which is not complex.
    pub fn value(&mut self, value: Scalar) -> &mut Self {
        self.types.push(Type::Scalar(value.ty()));
        self.words.push(value.bits());
        self
    }

    /// A float16 or bfloat16, given as the float32 of the same number.
    pub fn half(&mut self, ty: ScalarType, value: f32) -> &mut Self {
        debug_assert!(ty.is_half());
        self.types.push(Type::Scalar(ty));
        self.words.push(value.to_bits().into());
        self
    }

    /// A date or a time of that type, as its count.
    pub fn time(&mut self, ty: ScalarType, count: i64) -> &mut Self {
        debug_assert!(ty.is_time());
        self.types.push(Type::Scalar(ty));
        self.words.push(count as u64);
        self
    }

    /// Python's None.
    pub fn none(&mut self) -> &mut Self {
        self.types.push(Type::None);
        self
    }

    /// A tuple of all of `items`.
    pub fn append_tuple(&mut self, items: Args<'a>) -> &mut Self {
        self.types.push(Type::Tuple(items.types));
        self.words.extend(items.words);
        self.longest = self.longest.max(items.longest);
        self
    }

    /// All of `items` as a named tuple or a vector, of which there are as many as it has names.
    pub fn append_named(&mut self, named: Arc<NamedType>, items: Args<'a>) -> &mut Self {
        debug_assert_eq!(named.fields.len(), items.types.len());
        self.types.push(Type::Named(named, items.types));
        self.words.extend(items.words);
        self.longest = self.longest.max(items.longest);
        self
    }

    /// An array of records of the host's own, or one record (then `shape` is empty). `strides` are in bytes.
    ///
    /// # Safety
    /// As [`Args::raw_array`]; each number of a record at its own alignment.
    ///
    /// # Errors
    /// More axes than a kernel can take, those of the fields included.
    pub unsafe fn raw_records(
        &mut self,
        record: Arc<RecordType>,
        readonly: bool,
        pointer: *mut u8,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<&mut Self, Unsuitable> {
        let ty = RecordsType { record, ndim: shape.len() as u8, readonly };
        let (one, none) = ([1], [0]);
        let (shape, strides) = if shape.is_empty() { (&one[..], &none[..]) } else { (shape, strides) };
        let most = ty.arrays().map(|(_, array)| usize::from(array.ndim)).max().unwrap_or(shape.len());
        if most > usize::from(MOST_AXES) {
            return Err(Unsuitable::Axes(most));
        }
        self.longest = shape.iter().fold(self.longest, |longest, n| longest.max(*n as u64));
        for (leaf, _) in ty.arrays() {
            self.words.push(pointer as u64 + leaf.offset as u64);
            self.words.extend(shape.iter().map(|&n| n as u64).chain(leaf.axes.iter().map(|a| a.0 as u64)));
            self.words.extend(strides.iter().map(|&n| n as u64).chain(leaf.axes.iter().map(|a| a.1 as u64)));
        }
        self.types.push(Type::Records(ty));
        Ok(self)
    }

    /// A slice that the kernel only reads: storing to it is refused when the kernel is compiled.
    pub fn slice<T: Element>(&mut self, values: &'a [T]) -> &mut Self {
        let ty = ArrayType { elem: T::TYPE, ndim: 1, layout: Layout::C, readonly: true };
        self.packed(ty, values.as_ptr() as u64, &[values.len()], &[size_of::<T>() as isize]);
        self
    }

    /// A slice that the kernel may write.
    pub fn slice_mut<T: Element>(&mut self, values: &'a mut [T]) -> &mut Self {
        let ty = ArrayType { elem: T::TYPE, ndim: 1, layout: Layout::C, readonly: false };
        self.packed(ty, values.as_mut_ptr() as u64, &[values.len()], &[size_of::<T>() as isize]);
        self
    }

    /// An ndarray view that the kernel only reads.
    ///
    /// # Errors
    /// It has too many axes.
    pub fn view<T: Element, D: Dimension>(&mut self, view: ArrayView<'a, T, D>) -> Result<&mut Self, Unsuitable> {
        self.ndarray::<T>(view.as_ptr() as u64, view.shape(), view.strides(), true)
    }

    /// An ndarray view that the kernel may write.
    ///
    /// # Errors
    /// It has no axis or more than three.
    pub fn view_mut<T: Element, D: Dimension>(&mut self, mut view: ArrayViewMut<'a, T, D>) -> Result<&mut Self, Unsuitable> {
        let pointer = view.as_mut_ptr() as u64;
        self.ndarray::<T>(pointer, view.shape(), view.strides(), false)
    }

    fn ndarray<T: Element>(&mut self, pointer: u64, shape: &[usize], strides: &[isize], readonly: bool) -> Result<&mut Self, Unsuitable> {
        // ndarray counts strides in elements.
        let strides: Vec<isize> = strides.iter().map(|s| s * size_of::<T>() as isize).collect();
        let ty = array_type(T::TYPE, shape, &strides, readonly)?;
        self.packed(ty, pointer, shape, &strides);
        Ok(self)
    }

    /// A device array, as elements of a type. Nobody else may use it during the launch: borrowing it here tells that to this thread only.
    ///
    /// # Errors
    /// It has no axis or more than three, or elements that are not aligned.
    ///
    /// # Panics
    /// If its item size is not the type's.
    pub fn device(&mut self, array: &'a mut Array, elem: ScalarType) -> Result<&mut Self, Unsuitable> {
        let layout = array.layout();
        assert_eq!(layout.itemsize(), elem.size(), "the item size of {elem}");
        let alignment = elem.part().size();
        if !(array.pointer() as usize).is_multiple_of(alignment) || layout.strides().iter().any(|s| !s.unsigned_abs().is_multiple_of(alignment)) {
            return Err(Unsuitable::Unaligned);
        }
        let ty = array_type(elem, layout.shape(), layout.strides(), false)?;
        self.packed(ty, array.pointer() as u64, layout.shape(), layout.strides());
        Ok(self)
    }

    /// An array of the host's own. `strides` are in bytes.
    ///
    /// # Safety
    /// For as long as these arguments are used, memory is as the type, shape and strides say: valid, aligned, initialised; writable unless the type is readonly; and no
    /// other thread writes it during a launch.
    pub unsafe fn raw_array(&mut self, ty: ArrayType, pointer: *mut u8, shape: &[usize], strides: &[isize]) -> &mut Self {
        self.packed(ty, pointer as u64, shape, strides);
        self
    }

    /// Words made earlier for arguments of these types.
    ///
    /// # Safety
    /// As [`Args::raw_array`] for each array among them.
    pub unsafe fn prepared(&mut self, ty: Type, words: &[u64]) -> &mut Self {
        debug_assert_eq!(words.len(), words_of(&ty));
        let axes = match &ty {
            Type::Array(array) => array.ndim,
            Type::Records(records) => records.ndim,
            _ => 0,
        };
        // The address comes first.
        self.longest = words.iter().skip(1).take(axes.into()).fold(self.longest, |longest, n| longest.max(*n));
        self.types.push(ty);
        self.words.extend_from_slice(words);
        self
    }

    fn packed(&mut self, ty: ArrayType, pointer: u64, shape: &[usize], strides: &[isize]) {
        debug_assert!(usize::from(ty.ndim) == shape.len() && shape.len() == strides.len());
        self.types.push(Type::Array(ty));
        self.longest = shape.iter().fold(self.longest, |longest, n| longest.max(*n as u64));
        self.words.push(pointer);
        self.words.extend(shape.iter().map(|&n| n as u64));
        self.words.extend(strides.iter().map(|&n| n as u64));
    }

    /// These arguments for a kernel declared for `types`: an array's layout may be declared more loosely, an integer may become a float, a real number complex. An integer that does not fit the declared
    /// width is wrapped to it if `wrap` says so. `None` where that does not do.
    pub fn converted(&self, types: &[Type], wrap: bool) -> Option<Args<'a>> {
        if self.types.len() != types.len() {
            return None;
        }
        let mut out = Args::with_capacity(types.len());
        let mut words = self.words.as_slice();
        for (given, declared) in self.types.iter().zip(types) {
            convert(given, declared, &mut words, &mut out.words, wrap)?;
            out.types.push(declared.clone());
        }
        Some(out)
    }
}

/// The type of an array argument.
///
/// # Errors
/// It has no axis or more than three.
pub fn array_type(elem: ScalarType, shape: &[usize], strides: &[isize], readonly: bool) -> Result<ArrayType, Unsuitable> {
    match shape.len() {
        ndim if ndim <= usize::from(MOST_AXES) => Ok(ArrayType { elem, ndim: ndim as u8, layout: layout_of(elem.size(), shape, strides), readonly }),
        other => Err(Unsuitable::Axes(other)),
    }
}

/// An array of the host's own that kernels take by its name: what [`Captured::held`] is to be.
#[derive(Debug)]
pub struct HostArray {
    words: Vec<u64>,
    /// Keeps the memory.
    _owner: Box<dyn Any + Send + Sync>,
}

impl HostArray {
    /// Such an array, of words made earlier for an argument of that type.
    ///
    /// # Safety
    /// As [`Args::raw_array`], for as long as `owner` lives.
    pub unsafe fn captured(ty: ArrayType, words: &[u64], owner: Box<dyn Any + Send + Sync>) -> Captured {
        debug_assert_eq!(words.len(), words_of(&Type::Array(ty)));
        Captured { ty, held: Arc::new(HostArray { words: words.to_vec(), _owner: owner }) }
    }
}

/// The words of arrays that a kernel takes besides its arguments, behind those of the arguments; `starts` are the places of its parameters' words. `None`: a captured array that is not the launch's to know.
pub(crate) fn with_extras(words: &[u64], extras: &[Extra], starts: &[usize]) -> Option<Vec<u64>> {
    let mut all = words.to_vec();
    for extra in extras {
        match extra {
            Extra::Captured(captured) => all.extend_from_slice(&captured.held.downcast_ref::<HostArray>()?.words),
            Extra::Reread { of, from, to } => {
                let at = *of as usize;
                let old: Vec<u64> = all[starts[at]..starts[at + 1]].to_vec();
                push_reread(&old, *from, *to, &mut all);
            }
        }
    }
    Some(all)
}

/// The words of an array as elements of another type: see [`Extra::Reread`].
fn push_reread(words: &[u64], from: ScalarType, to: ScalarType, out: &mut Vec<u64>) {
    let at = out.len();
    out.extend_from_slice(words);
    if from.size() == to.size() {
        return;
    }
    let new = &mut out[at..];
    let axes = new.len() / 2;
    let multiple = |word: u64| (word as i64).unsigned_abs().is_multiple_of(to.part().size() as u64);
    let (last, stride) = (axes, 2 * axes);
    let dense = new[last] <= 1 || new[stride] == from.size() as u64;
    let bytes = new[last] * from.size() as u64;
    let fits = dense && multiple(new[0]) && new[axes + 1..stride].iter().all(|s| multiple(*s));
    new[last] = if fits { bytes / to.size() as u64 } else { 0 };
    new[stride] = to.size() as u64;
}

/// How many words an argument takes.
pub fn words_of(ty: &Type) -> usize {
    match ty {
        Type::None => 0,
        Type::Scalar(s) if s.is_complex() => 2,
        Type::Scalar(_) => 1,
        Type::Tuple(items) | Type::Named(_, items) => items.iter().map(words_of).sum(),
        Type::Records(records) => records.arrays().map(|(_, array)| 1 + 2 * usize::from(array.ndim)).sum(),
        Type::Array(a) => 1 + 2 * usize::from(a.ndim),
    }
}

fn take<'w>(words: &mut &'w [u64], count: usize) -> &'w [u64] {
    let (taken, rest) = words.split_at(count);
    *words = rest;
    taken
}

fn convert(given: &Type, declared: &Type, words: &mut &[u64], out: &mut Vec<u64>, wrap: bool) -> Option<()> {
    if given == declared {
        out.extend_from_slice(take(words, words_of(given)));
        return Some(());
    }
    match (given, declared) {
        (Type::Array(from), Type::Array(to)) => {
            let layout = from.layout == to.layout || to.layout == Layout::A || (from.ndim == 1 && from.layout != Layout::A);
            if (from.elem, from.ndim) != (to.elem, to.ndim) || !layout || (from.readonly && !to.readonly) {
                return None;
            }
            out.extend_from_slice(take(words, words_of(given)));
        }
        (Type::Records(from), Type::Records(to)) => {
            if (&from.record, from.ndim) != (&to.record, to.ndim) || (from.readonly && !to.readonly) {
                return None;
            }
            out.extend_from_slice(take(words, words_of(given)));
        }
        (Type::Named(name, from), Type::Named(other, to)) if name == other && from.len() == to.len() => {
            for (from, to) in from.iter().zip(to) {
                convert(from, to, words, out, wrap)?;
            }
        }
        (Type::Tuple(from), Type::Tuple(to)) if from.len() == to.len() => {
            for (from, to) in from.iter().zip(to) {
                convert(from, to, words, out, wrap)?;
            }
        }
        (Type::Scalar(from), Type::Scalar(to)) => out.extend(convert_scalar(*from, *to, take(words, words_of(given)), wrap)?),
        _ => return None,
    }
    Some(())
}

fn convert_scalar(from: ScalarType, to: ScalarType, words: &[u64], wrap: bool) -> Option<Vec<u64>> {
    if to.is_complex() {
        let zero = Scalar::zero(from.part()).bits();
        let parts = [words[0], words.get(1).copied().unwrap_or(zero)];
        return parts.iter().map(|&word| convert_scalar(from.part(), to.part(), &[word], wrap).map(|w| w[0])).collect();
    }
    if from.is_complex() {
        return None;
    }
    if from.is_time() || to.is_time() {
        return None;
    }
    let value = Scalar::from_bits(from.held(), words[0]);
    let from = from.held();
    if to.is_half() {
        let exact = if from.is_float() { value.as_f64() } else { value.as_int() as f64 };
        return Some(vec![u64::from(half::rounded_to(to, exact).to_bits())]);
    }
    let converted = if to.is_float() {
        Some(match from.is_float() {
            true => Scalar::float(to, value.as_f64()),
            // Each conversion rounds once.
            false if to == ScalarType::F32 => Scalar::f32(value.as_int() as f32),
            false => Scalar::f64(value.as_int() as f64),
        })
    } else if from.is_float() || (to == ScalarType::Bool && from != ScalarType::Bool) {
        None
    } else {
        let fitted = Scalar::int(to, value.as_int());
        (wrap || fitted.as_int() == value.as_int()).then_some(fitted)
    };
    converted.map(|scalar| vec![scalar.bits()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::*;

    fn one<T: Element>(value: T, to: ScalarType) -> Option<Vec<u64>> {
        let mut args = Args::new();
        args.scalar(value);
        args.converted(&[Type::Scalar(to)], false).map(|a| a.words)
    }

    #[test]
    fn words_follow_the_abi() {
        let (mut a, b) = (ndarray::Array2::<f32>::zeros((3, 4)), [1u8, 2]);
        let pointer = a.as_ptr() as u64;
        let mut args = Args::new();
        args.scalar(-1i8).scalar(Complex::new(1.0f64, -2.0)).slice(&b).view_mut(a.view_mut().reversed_axes()).unwrap();
        let expected_types = "int8 complex128 array(uint8, 1d, C, readonly) array(float32, 2d, F)";
        assert_eq!(args.types().iter().map(Type::to_string).collect::<Vec<_>>().join(" "), expected_types);
        assert_eq!(args.words()[..3], [0xff, 1.0f64.to_bits(), (-2.0f64).to_bits()]);
        assert_eq!(args.words()[3..6], [b.as_ptr() as u64, 2, 1]);
        assert_eq!(args.words()[6..], [pointer, 4, 3, 4, 16]);
        assert_eq!(args.words().len(), args.types().iter().map(words_of).sum::<usize>());
    }

    #[test]
    fn tuples_are_flat_words_of_one_type() {
        let mut args = Args::new();
        let mut items = Args::new();
        items.scalar(2.0f32).append_tuple(Args::new());
        args.scalar(1i64).append_tuple(items);
        assert_eq!(args.types()[1].to_string(), "tuple(float32, tuple())");
        assert_eq!(args.words(), [1, u64::from(2.0f32.to_bits())]);
    }

    #[test]
    fn conversions_lose_nothing() {
        assert_eq!(one(300i64, U8), None);
        assert_eq!(one(-1i64, U64), None);
        assert_eq!(one(255i64, U8), Some(vec![255]));
        assert_eq!(one(-3i32, I64), Some(vec![-3i64 as u64]));
        assert_eq!(one(3i64, F32), Some(vec![u64::from(3.0f32.to_bits())]));
        assert_eq!(one(0.1f64, F32), Some(vec![u64::from(0.1f32.to_bits())]));
        assert_eq!(one(2.0f64, I64), None);
        assert_eq!(one(1i64, Bool), None);
        assert_eq!(one(true, I32), Some(vec![1]));
        assert_eq!(one(2i64, C128), Some(vec![2.0f64.to_bits(), 0]));
        assert_eq!(one(Complex::new(1.0f32, 2.0), C128), Some(vec![1.0f64.to_bits(), 2.0f64.to_bits()]));
        assert_eq!(one(Complex::new(1.0f32, 0.0), F64), None);
    }

    #[test]
    fn integers_wrap_where_that_is_asked_for() {
        let wrapped = |value: i64, to| {
            let mut args = Args::new();
            args.scalar(value);
            args.converted(&[Type::Scalar(to)], true).map(|a| a.words)
        };
        assert_eq!(wrapped(300, U8), Some(vec![44]));
        assert_eq!(wrapped(-1, U64), Some(vec![u64::MAX]));
        assert_eq!(wrapped(0xffff_ffff, I32), Some(vec![0xffff_ffff]));
        assert_eq!(wrapped(2, Bool), None);
    }

    #[test]
    fn rereading_takes_dense_aligned_rows() {
        let base = 0x1000;
        let reread = |words: &[u64], from: ScalarType, to: ScalarType| {
            let mut out = Vec::new();
            push_reread(words, from, to, &mut out);
            out
        };
        let minus = -8i64 as u64;
        assert_eq!(reread(&[base, 6, minus], F64, I64), [base, 6, minus]);
        assert_eq!(reread(&[base, 6, 8], F64, U8), [base, 48, 1]);
        assert_eq!(reread(&[base, 11, 1], U8, I32), [base, 2, 4]);
        // Not dense; not aligned; rows that begin elsewhere than at multiples.
        assert_eq!(reread(&[base, 6, 16], F64, U8), [base, 0, 1]);
        assert_eq!(reread(&[base + 1, 11, 1], U8, I32), [base + 1, 0, 4]);
        assert_eq!(reread(&[base, 3, 8, 9, 1], U8, I32), [base, 3, 0, 9, 4]);
        assert_eq!(reread(&[base, 3, 8, 12, 1], U8, I32), [base, 3, 2, 12, 4]);
    }

    #[test]
    fn arrays_convert_only_to_looser_layouts_of_the_same_elements() {
        let array = |elem, ndim, layout, readonly| Type::Array(ArrayType { elem, ndim, layout, readonly });
        let mut data = [0f32; 6];
        let mut args = Args::new();
        args.slice_mut(&mut data);
        assert!(args.converted(&[array(F32, 1, Layout::A, false)], false).is_some());
        assert!(args.converted(&[array(F32, 1, Layout::F, true)], false).is_some());
        assert!(args.converted(&[array(F64, 1, Layout::A, false)], false).is_none());
        assert!(args.converted(&[array(F32, 2, Layout::A, false)], false).is_none());
        let fixed = [0f32; 6];
        let mut args = Args::new();
        args.slice(&fixed);
        assert!(args.converted(&[array(F32, 1, Layout::C, false)], false).is_none());
    }

    #[test]
    fn layouts_are_what_numpys_flags_tell() {
        assert_eq!(layout_of(8, &[3, 4], &[32, 8]), Layout::C);
        assert_eq!(layout_of(8, &[3, 4], &[8, 24]), Layout::F);
        assert_eq!(layout_of(8, &[3, 4], &[64, 8]), Layout::A);
        assert_eq!(layout_of(8, &[4], &[-8]), Layout::A);
        assert_eq!(layout_of(8, &[1, 4], &[-7, 8]), Layout::C);
        assert_eq!(layout_of(8, &[0, 4], &[3, 5]), Layout::C);
    }
}
