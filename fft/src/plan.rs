//! Plans: a transform prepared for arrays of one layout, to be run many times.
//!
//! Owns the public types and the layouts of cuFFT's plan-many. A plan is judged when it is made; each run judges its arrays. Plans are `Send` and `Sync` and take no lock.
//! Must not know how a backend works.

use std::marker::PhantomData;

use ndarray::{ArrayBase, Data, DataMut, Dimension};
use num_complex::Complex;
use verdigris_device::choice::Device;

use crate::backend::Backend;
use crate::call::Call;
use crate::cpu::{self, Cpu};
use crate::error::Error;
use crate::operand::{self, Element, Input, Output};
use crate::scalar::Real;
use crate::spec::{Direction, Kind, Norm, Spec, TrigType};

/// The elements a plan goes from and to.
pub trait Form<T: Real>: sealed::Sealed {
    /// Elements of the input of the forward transform.
    type From: Element<T>;
    /// Elements of its output.
    type To: Element<T>;
}

/// A form whose input and output have one type and shape.
pub trait InPlace<T: Real>: Form<T> {}

/// Complex to complex.
#[derive(Clone, Copy, Debug)]
pub enum C2c {}
/// Real to complex, and inverse.
#[derive(Clone, Copy, Debug)]
pub enum R2c {}
/// Cosine and sine transforms.
#[derive(Clone, Copy, Debug)]
pub enum Trig {}

impl<T: Real> Form<T> for C2c {
    type From = Complex<T>;
    type To = Complex<T>;
}
impl<T: Real> InPlace<T> for C2c {}
impl<T: Real + Element<T>> Form<T> for R2c {
    type From = T;
    type To = Complex<T>;
}
impl<T: Real + Element<T>> Form<T> for Trig {
    type From = T;
    type To = T;
}
impl<T: Real + Element<T>> InPlace<T> for Trig {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::C2c {}
    impl Sealed for super::R2c {}
    impl Sealed for super::Trig {}
}

/// Where the elements of a batch of arrays lie in slices, as cuFFT's plan-many has it: element `(b, i, j, k)` is number
/// `b * dist + ((i * embed[1] + j) * embed[2] + k) * stride`. `embed[0]` says only how much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many {
    /// Extents of the array that the transformed one lies in.
    pub embed: Vec<usize>,
    /// Distance of neighbours along the last axis.
    pub stride: usize,
    /// Distance of one array of the batch to the next.
    pub dist: usize,
}

/// Extents and strides, the batch first, in elements.
#[derive(Clone, Debug)]
struct Layout {
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Layout {
    fn dense(shape: Vec<usize>) -> Result<Layout, Error> {
        let mut strides = vec![0; shape.len()];
        let mut step = 1usize;
        for axis in (0..shape.len()).rev() {
            strides[axis] = isize::try_from(step).map_err(|_| Error::TooLarge)?;
            step = step.checked_mul(shape[axis].max(1)).ok_or(Error::TooLarge)?;
        }
        Ok(Layout { shape, strides })
    }

    fn many(shape: Vec<usize>, many: &Many) -> Result<Layout, Error> {
        let Many { embed, stride, dist } = many;
        let lengths = &shape[1..];
        if embed.len() != lengths.len() || embed.iter().zip(lengths).skip(1).any(|(e, n)| e < n) {
            return Err(Error::Embedding { why: format!("the array {lengths:?} does not lie in one of {embed:?}") });
        }
        if *stride == 0 {
            return Err(Error::Embedding { why: "a stride of 0 elements".to_owned() });
        }
        let mut strides = vec![0; shape.len()];
        let mut step = *stride;
        for axis in (0..embed.len()).rev() {
            strides[axis + 1] = isize::try_from(step).map_err(|_| Error::TooLarge)?;
            step = step.checked_mul(embed[axis].max(1)).ok_or(Error::TooLarge)?;
        }
        strides[0] = isize::try_from(*dist).map_err(|_| Error::TooLarge)?;
        Ok(Layout { shape, strides })
    }
}

/// A prepared transform.
///
/// `K` is [`C2c`] unless a constructor says otherwise. `forward` and `inverse` are both ready. The default scale is cuFFT's: none.
#[derive(Debug)]
pub struct FftPlan<T: Real, K = C2c> {
    forward: Prepared<T>,
    inverse: Prepared<T>,
    /// Layouts of the forward transform's two sides.
    from: Layout,
    to: Layout,
    form: PhantomData<fn() -> K>,
}

/// A planned [`Spec`], for arrays of any layout: what [`FftPlan`] consists of, and what a host that judges layouts itself keeps.
#[derive(Debug)]
pub struct Prepared<T: Real> {
    spec: Spec,
    plan: PlanOf<T>,
}

struct PlanOf<T: Real>(<Cpu as Backend<T>>::Plan);

impl<T: Real> std::fmt::Debug for PlanOf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("kernels")
    }
}

impl<T: Real> Prepared<T> {
    /// Plans, with the cached kernels of the axes.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new(spec: Spec) -> Result<Prepared<T>, Error> {
        let plan = PlanOf(Cpu.plan(&spec)?);
        Ok(Prepared { spec, plan })
    }

    /// What it does.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Bytes that a run works in on each thread, beside its arrays.
    pub fn workspace_bytes(&self) -> usize {
        Cpu.workspace(&self.plan.0)
    }

    /// Transforms one array into another.
    ///
    /// Lengths along the axes may differ from the input's: what is too long is cropped, what is too short counts as padded with zeros. Input and output may be the same
    /// memory, element for element (of an R2C over dense rows: row for row); an input that overlaps the output otherwise is copied first.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn run(&self, input: Input<'_, T>, output: Output<'_, T>) -> Result<(), Error> {
        Cpu.run(&self.plan.0, Call::new(&self.spec, input, output)?)
    }
}

/// One dense row of complex elements to another, with the cached plan of its length: [`Prepared`] without what arrays cost.
///
/// # Errors
/// Rows of different lengths or of none, or no memory.
pub fn transform_row<T: Real>(direction: Direction, input: &[Complex<T>], output: &mut [Complex<T>], factor: f64) -> Result<(), Error> {
    check_row(input.len(), output.len(), input.len())?;
    cpu::complex_row(direction, input, output, T::of(factor))
}

/// One dense row of n reals to the `n/2 + 1` elements of its half spectrum.
///
/// # Errors
/// As [`transform_row`].
pub fn transform_real_row<T: Real>(input: &[T], output: &mut [Complex<T>], factor: f64) -> Result<(), Error> {
    check_row(input.len(), output.len(), input.len() / 2 + 1)?;
    cpu::half_row(input, output, T::of(factor))
}

/// The `n/2 + 1` elements of a half spectrum to a dense row of n reals, inverse.
///
/// # Errors
/// As [`transform_row`].
pub fn transform_half_row<T: Real>(input: &[Complex<T>], output: &mut [T], factor: f64) -> Result<(), Error> {
    check_row(output.len(), input.len(), output.len() / 2 + 1)?;
    cpu::real_row(input, output, T::of(factor))
}

fn check_row(n: usize, found: usize, expected: usize) -> Result<(), Error> {
    if n == 0 {
        return Err(Error::Length { n, least: 1 });
    }
    if found != expected {
        return Err(Error::Shape { what: "row", found: vec![found], expected: vec![expected] });
    }
    Ok(())
}

impl<T: Real> FftPlan<T> {
    /// Complex transforms of a batch of arrays of that shape.
    ///
    /// # Errors
    /// No axes, a length of 0, or no memory.
    pub fn c2c(device: Device, lengths: &[usize], batch: usize) -> Result<FftPlan<T, C2c>, Error> {
        FftPlan::new(device, Kind::C2C, Kind::C2C, lengths, batch)
    }

    /// Real transforms: forward from `[batch, lengths…]` reals to as many complex elements with the last length halved to `n/2 + 1`, inverse from those to reals.
    ///
    /// # Errors
    /// As [`FftPlan::c2c`].
    pub fn r2c(device: Device, lengths: &[usize], batch: usize) -> Result<FftPlan<T, R2c>, Error> {
        FftPlan::new(device, Kind::R2C, Kind::C2R, lengths, batch)
    }

    /// Cosine transforms of every axis; the inverse is type 3 for type 2 and the same type else.
    ///
    /// # Errors
    /// As [`FftPlan::c2c`]; type 1 needs lengths of at least 2.
    pub fn dct(device: Device, ty: TrigType, lengths: &[usize], batch: usize) -> Result<FftPlan<T, Trig>, Error> {
        FftPlan::new(device, Kind::Dct(ty), Kind::Dct(ty.inverse()), lengths, batch)
    }

    /// Sine transforms, likewise.
    ///
    /// # Errors
    /// As [`FftPlan::c2c`].
    pub fn dst(device: Device, ty: TrigType, lengths: &[usize], batch: usize) -> Result<FftPlan<T, Trig>, Error> {
        FftPlan::new(device, Kind::Dst(ty), Kind::Dst(ty.inverse()), lengths, batch)
    }
}

impl<T: Real, K> FftPlan<T, K> {
    fn new(device: Device, forward: Kind, inverse: Kind, lengths: &[usize], batch: usize) -> Result<FftPlan<T, K>, Error> {
        match device {
            Device::Cpu => {}
            other => return Err(Error::Device(other)),
        }
        let axes: Vec<(usize, usize)> = lengths.iter().enumerate().map(|(axis, &n)| (axis + 1, n)).collect();
        let forward = Spec::new(forward, Direction::Forward, &axes, 1.0)?;
        let inverse = Spec::new(inverse, Direction::Inverse, &axes, 1.0)?;
        let from: Vec<usize> = [batch].into_iter().chain(lengths.iter().copied()).collect();
        let to = forward.output_shape(&from)?;
        Ok(FftPlan {
            forward: Prepared::new(forward)?,
            inverse: Prepared::new(inverse)?,
            from: Layout::dense(from)?,
            to: Layout::dense(to)?,
            form: PhantomData,
        })
    }

    /// The same transforms, scaled.
    #[must_use]
    pub fn with_norm(mut self, norm: Norm) -> FftPlan<T, K> {
        let kind = self.forward.spec.kind;
        let points = Spec::points(kind, self.forward.spec.axes.iter().map(|&(_, n)| n));
        for half in [&mut self.forward, &mut self.inverse] {
            half.spec.factor = norm.factor(half.spec.direction, points);
            if norm == Norm::Ortho && matches!(kind, Kind::Dct(_) | Kind::Dst(_)) {
                half.spec.orthogonal = true;
            }
        }
        self
    }

    /// The same transforms of slices in other layouts: `from` is that of the forward transform's input (and the inverse one's output).
    ///
    /// # Errors
    /// The arrays do not lie in the embedding, or a stride is 0.
    pub fn with_layouts(mut self, from: &Many, to: &Many) -> Result<FftPlan<T, K>, Error> {
        self.from = Layout::many(self.from.shape, from)?;
        self.to = Layout::many(self.to.shape, to)?;
        Ok(self)
    }

    /// Lengths along the transformed axes.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        self.forward.spec.axes.iter().map(|&(_, n)| n)
    }

    /// Number of arrays.
    pub fn batch(&self) -> usize {
        self.from.shape[0]
    }

    /// Bytes that a run works in on each thread, beside its arrays.
    pub fn workspace_bytes(&self) -> usize {
        self.forward.workspace_bytes().max(self.inverse.workspace_bytes())
    }

    fn run(&self, half: &Prepared<T>, input: Input<'_, T>, output: Output<'_, T>, expected: &Layout) -> Result<(), Error> {
        if input.shape != expected.shape {
            return Err(Error::Shape { what: "input", found: input.shape, expected: expected.shape.clone() });
        }
        half.run(input, output)
    }

    /// Transforms `input` into `output`: slices of the plan's layout, or `ndarray` views of any strides with its shape (without the batch axis too, if the batch is 1).
    ///
    /// # Errors
    /// Shapes that are not the plan's, a slice too short, or no memory.
    pub fn forward(&self, input: impl Source<T, K::From>, output: impl Sink<T, K::To>) -> Result<(), Error>
    where
        K: Form<T>,
    {
        let input = input.input(&self.from.shape, &self.from.strides)?;
        self.run(&self.forward, input, output.output(&self.to.shape, &self.to.strides)?, &self.from)
    }

    /// The inverse of [`FftPlan::forward`], but for the scale.
    ///
    /// # Errors
    /// As [`FftPlan::forward`].
    pub fn inverse(&self, input: impl Source<T, K::To>, output: impl Sink<T, K::From>) -> Result<(), Error>
    where
        K: Form<T>,
    {
        let input = input.input(&self.to.shape, &self.to.strides)?;
        self.run(&self.inverse, input, output.output(&self.from.shape, &self.from.strides)?, &self.to)
    }

    /// Transforms an array into itself.
    ///
    /// # Errors
    /// As [`FftPlan::forward`].
    pub fn forward_in_place(&self, array: impl Sink<T, K::From>) -> Result<(), Error>
    where
        K: InPlace<T>,
    {
        let output = array.output(&self.from.shape, &self.from.strides)?;
        self.run(&self.forward, output.as_input(), output.reborrow(), &self.from)
    }

    /// The inverse, in place.
    ///
    /// # Errors
    /// As [`FftPlan::forward`].
    pub fn inverse_in_place(&self, array: impl Sink<T, K::To>) -> Result<(), Error>
    where
        K: InPlace<T>,
    {
        let output = array.output(&self.to.shape, &self.to.strides)?;
        self.run(&self.inverse, output.as_input(), output.reborrow(), &self.to)
    }
}

/// What a transform can read: slices and `ndarray` arrays.
pub trait Source<T: Real, E> {
    #[doc(hidden)]
    fn input<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Input<'a, T>, Error>
    where
        Self: 'a;
}

/// What a transform can write: slices and `ndarray` arrays.
pub trait Sink<T: Real, E> {
    #[doc(hidden)]
    fn output<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Output<'a, T>, Error>
    where
        Self: 'a;
}

fn short(what: &'static str, found: usize, shape: &[usize], strides: &[isize]) -> Error {
    match operand::reach(shape, strides) {
        Some(expected) => Error::SliceLength { what, found, expected },
        None => Error::TooLarge,
    }
}

impl<T: Real, E: Element<T>> Source<T, E> for &[E] {
    fn input<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Input<'a, T>, Error>
    where
        Self: 'a,
    {
        operand::input_in(self, shape, strides).ok_or_else(|| short("input", self.len(), shape, strides))
    }
}

impl<T: Real, E: Element<T>> Source<T, E> for &Vec<E> {
    fn input<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Input<'a, T>, Error>
    where
        Self: 'a,
    {
        Source::<T, E>::input(&self[..], shape, strides)
    }
}

impl<T: Real, E: Element<T>> Sink<T, E> for &mut [E] {
    fn output<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Output<'a, T>, Error>
    where
        Self: 'a,
    {
        let found = self.len();
        operand::output_in(self, shape, strides).ok_or_else(|| short("output", found, shape, strides))
    }
}

impl<T: Real, E: Element<T>> Sink<T, E> for &mut Vec<E> {
    fn output<'a>(self, shape: &[usize], strides: &[isize]) -> Result<Output<'a, T>, Error>
    where
        Self: 'a,
    {
        Sink::<T, E>::output(&mut self[..], shape, strides)
    }
}

/// Adds the batch axis to the shape and strides of a single array.
fn with_batch(expected: &[usize], shape: &mut Vec<usize>, strides: &mut Vec<isize>) {
    if shape.len() + 1 == expected.len() && expected[0] == 1 {
        shape.insert(0, 1);
        strides.insert(0, 0);
    }
}

impl<T: Real, E: Element<T>, S: Data<Elem = E>, D: Dimension> Source<T, E> for &ArrayBase<S, D> {
    fn input<'a>(self, shape: &[usize], _: &[isize]) -> Result<Input<'a, T>, Error>
    where
        Self: 'a,
    {
        let mut input = operand::input_of::<T, E, D>(self.view());
        with_batch(shape, &mut input.shape, &mut input.strides);
        Ok(input)
    }
}

impl<T: Real, E: Element<T>, S: DataMut<Elem = E>, D: Dimension> Sink<T, E> for &mut ArrayBase<S, D> {
    fn output<'a>(self, shape: &[usize], _: &[isize]) -> Result<Output<'a, T>, Error>
    where
        Self: 'a,
    {
        let mut output = operand::output_of::<T, E, D>(self.view_mut());
        with_batch(shape, &mut output.shape, &mut output.strides);
        if output.shape != shape {
            return Err(Error::Shape { what: "output", found: output.shape, expected: shape.to_vec() });
        }
        Ok(output)
    }
}
