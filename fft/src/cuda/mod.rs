//! A GPU: cuFFT.
//!
//! Owns the way from a judged transform to cuFFT's plans (`plan`), and what lies between the two: layouts that plan-many cannot say (`shape`), inputs that are cropped, padded, real, or would be destroyed (cuFFT's
//! complex to real writes over its input), more than three axes, factors and the other sign of real transforms (`scale`). What has to be copied for that is copied on the GPU, in memory that is given back behind the
//! stream's work. Transforms are ordered on the stream, and not waited for. Cosine and sine transforms are not cuFFT's, and refused by name.
#![allow(unsafe_code)]

mod plan;
mod scale;
mod shape;
mod sys;

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Lookup, Memory, Stream, copy_between, fill};
use verdigris_device::layout::Layout;

use crate::call::{Alias, Call};
use crate::error::Error;
use crate::operand::{Input, Output};
use crate::scalar::Real;
use crate::spec::{Direction, Kind, Spec};

use plan::Type;
pub(crate) use plan::clear;
use shape::{Place, dense, plan_of};
pub use sys::Library;

/// Axes of one plan at most.
const MOST_AXES: usize = 3;

/// cuFFT on a stream of a GPU's.
#[derive(Clone, Debug)]
pub struct Cuda {
    library: &'static Library,
    stream: Stream,
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        Error::Gpu(error)
    }
}

impl Cuda {
    /// The process's cuFFT on a stream.
    ///
    /// # Errors
    /// There is no cuFFT: what was tried.
    pub fn new(stream: Stream) -> Result<Cuda, Error> {
        Ok(Cuda { library: Library::of_process()?, stream })
    }

    /// The cuFFT whose functions `find` gives.
    ///
    /// # Safety
    /// What `find` gives for a name is that function of cuFFT, or behaves as it, and stays for good. All calls name the same.
    pub unsafe fn from_functions(find: Lookup<'_>, stream: Stream) -> Cuda {
        // SAFETY: the caller's promise.
        Cuda { library: unsafe { Library::leaked(find) }, stream }
    }

    /// Transforms one array of the GPU's into another, as [`crate::Prepared::run`] does on the host. The operands are made with addresses on the stream's device, of memory that is given back behind the stream's work.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::NotOnGpu`] for cosine and sine transforms.
    pub fn run<T: Real>(&self, spec: &Spec, input: Input<'_, T>, output: Output<'_, T>) -> Result<(), Error> {
        if spec.is_trigonometric() {
            let what = if matches!(spec.kind(), Kind::Dct(_)) { "cosine transforms" } else { "sine transforms" };
            return Err(Error::NotOnGpu { what });
        }
        let call = Call::new(spec, input, output)?;
        Run { cuda: self, spec, double: size_of::<T>() == 8, copies: Vec::new() }.transform(&call)
    }
}

/// One transform, and the copies that it has made.
struct Run<'a> {
    cuda: &'a Cuda,
    spec: &'a Spec,
    double: bool,
    copies: Vec<Memory>,
}

/// An operand in units of its real parts.
struct Operand<'a> {
    at: u64,
    complex: bool,
    shape: &'a [usize],
    strides: &'a [isize],
}

impl Run<'_> {
    fn real(&self) -> usize {
        if self.double { 8 } else { 4 }
    }

    fn size(&self, complex: bool) -> usize {
        if complex { 2 * self.real() } else { self.real() }
    }

    /// An operand as plans see it; `None` where complex elements do not lie at multiples of one another.
    fn place(&self, operand: &Operand<'_>) -> Option<Place> {
        let unit = if operand.complex { 2 } else { 1 };
        let step = |(&stride, &n): (&isize, &usize)| if n <= 1 { Some(0) } else { (stride % unit == 0).then_some((stride / unit) as i64) };
        let strides = operand.strides.iter().zip(operand.shape).map(step).collect::<Option<Vec<i64>>>()?;
        Some(Place { at: operand.at, size: self.size(operand.complex), shape: operand.shape.to_vec(), strides })
    }

    /// New memory for an array whose axes of the transform vary fastest.
    fn made(&mut self, shape: &[usize], complex: bool, axes: &[(usize, usize)]) -> Result<Place, Error> {
        let size = self.size(complex);
        let bytes = shape.iter().try_fold(size, |n, &extent| n.checked_mul(extent.max(1))).ok_or(Error::TooLarge)?;
        let memory = Memory::new(bytes, &self.cuda.stream)?;
        let at = memory.pointer();
        self.copies.push(memory);
        let last: Vec<usize> = axes.iter().map(|&(axis, _)| axis).collect();
        Ok(Place { at, size, shape: shape.to_vec(), strides: dense(shape, &last) })
    }

    fn layout(&self, shape: &[usize], strides: impl Iterator<Item = i64>, unit: usize, size: usize) -> Result<Layout, Error> {
        let bytes: Vec<isize> = strides.map(|step| step as isize * unit as isize).collect();
        Ok(Layout::strided(shape, &bytes, size)?)
    }

    /// Orders a copy of the elements that both arrays have, of that many bytes each.
    fn copy(&self, shape: &[usize], size: usize, to: (u64, Layout), from: (u64, Layout)) -> Result<(), Error> {
        if shape.contains(&0) || size == 0 {
            return Ok(());
        }
        let stream = &self.cuda.stream;
        // SAFETY: both are layouts of memory on the stream's device, operands or copies of ours, which are apart and given back behind the stream's work.
        Ok(unsafe { copy_between(to.0, &to.1, from.0, &from.1, stream.context(), stream) }?)
    }

    /// The input in memory of its own, of that shape: cropped, or padded with zeros, as complex elements if those are wanted.
    fn taken(&mut self, input: &Operand<'_>, shape: &[usize], complex: bool, axes: &[(usize, usize)]) -> Result<Place, Error> {
        let made = self.made(shape, complex, axes)?;
        let stream = &self.cuda.stream;
        if complex != input.complex || input.shape.iter().zip(shape).any(|(have, want)| have < want) {
            let whole = self.layout(&[made.elements() * made.size], [1].into_iter(), 1, 1)?;
            // SAFETY: memory that was just made, given back behind the fill.
            unsafe { fill(made.at, &whole, &[0], stream) }?;
        }
        let common: Vec<usize> = input.shape.iter().zip(shape).map(|(&a, &b)| a.min(b)).collect();
        // Real elements become the real parts.
        let size = self.size(input.complex);
        let to = self.layout(&common, made.strides.iter().copied(), made.size, size)?;
        let from = self.layout(&common, input.strides.iter().map(|&step| step as i64), self.real(), size)?;
        self.copy(&common, size, (made.at, to), (input.at, from))?;
        Ok(made)
    }

    /// Runs the plan of a transform whose operands were made here, or seen to fit one.
    fn execute(&self, kind: Type, from: &Place, to: &Place, axes: &[(usize, usize)], inverse: bool) -> Result<(), Error> {
        let Some((key, places)) = plan_of(kind, self.double, from, to, axes) else {
            return Err(Error::NotOnGpu { what: "transforms of this layout" });
        };
        Ok(plan::run(self.cuda.library, &self.cuda.stream, &key, inverse, &places)?)
    }

    /// Complex transforms in place, of any number of axes.
    fn in_place(&self, place: &Place, axes: &[(usize, usize)], inverse: bool) -> Result<(), Error> {
        axes.chunks(MOST_AXES).try_for_each(|part| self.execute(Type::C2C, place, place, part, inverse))
    }

    fn fits_in_place(&self, place: &Place, axes: &[(usize, usize)]) -> bool {
        axes.chunks(MOST_AXES).all(|part| plan_of(Type::C2C, self.double, place, place, part).is_some())
    }

    /// Multiplies the elements of a dense array; `conj` turns imaginary parts.
    fn scaled(&self, place: &Place, complex: bool, factor: f64, conj: bool) -> Result<(), Error> {
        if factor == 1.0 && !conj {
            return Ok(());
        }
        let n = place.elements() * if complex { 2 } else { 1 };
        // SAFETY: the array is dense, on the stream's device, and given back behind its work.
        Ok(unsafe { scale::scale(&self.cuda.stream, self.double, place.at, n, factor, if conj { -factor } else { factor }) }?)
    }

    fn transform<T: Real>(mut self, call: &Call<'_, T>) -> Result<(), Error> {
        let address = |data: *const T| data.addr() as u64;
        let input = Operand { at: address(call.input.data), complex: call.input.complex, shape: &call.input.shape, strides: &call.input.strides };
        let output =
            Operand { at: address(call.output.data), complex: call.output.complex, shape: &call.output.shape, strides: &call.output.strides };
        if output.shape.contains(&0) {
            return Ok(());
        }
        let spec = self.spec;
        let (axes, backward) = (spec.axes.as_slice(), spec.direction == Direction::Inverse);
        // The first axes by themselves, and those of the plan that is real on one side.
        let (first, last) = axes.split_at(axes.len().saturating_sub(MOST_AXES));
        let scales = spec.factor != 1.0 || spec.kind == Kind::R2C && backward;
        let direct = self.place(&output).filter(|place| !scales || place.is_dense());
        let to = match spec.kind {
            Kind::C2R => {
                // Written over by the transform, so never the caller's own.
                let mut shape = output.shape.to_vec();
                shape[spec.last().0] = spec.last().1 / 2 + 1;
                let from = self.taken(&input, &shape, true, axes)?;
                // The other sign is that of the conjugate: the result is real.
                self.scaled(&from, true, 1.0, !backward)?;
                self.in_place(&from, first, true)?;
                let to = match direct.filter(|place| plan_of(Type::C2R, self.double, &from, place, last).is_some()) {
                    Some(to) => to,
                    None => self.made(output.shape, false, axes)?,
                };
                self.execute(Type::C2R, &from, &to, last, true)?;
                to
            }
            kind => {
                let real = kind == Kind::R2C;
                let wanted: Vec<usize> =
                    (0..input.shape.len()).map(|axis| axes.iter().find(|(of, _)| *of == axis).map_or(input.shape[axis], |&(_, n)| n)).collect();
                let padded = input.shape.iter().zip(&wanted).any(|(have, want)| have < want);
                let apart = call.alias == Alias::Apart || call.alias == Alias::InPlace && !real;
                let own = self.place(&input).filter(|_| !padded && apart && input.complex != real);
                let plan = if real { Type::R2C } else { Type::C2C };
                let inverse = !real && backward;
                let target = match direct.filter(|place| self.fits_in_place(place, first)) {
                    Some(to) => to,
                    None => self.made(output.shape, true, axes)?,
                };
                let fits = |run: &Self, from: &Place, to: &Place| plan_of(plan, run.double, from, to, last).is_some();
                let (from, to) = match own {
                    Some(from) if fits(&self, &from, &target) => (from, target),
                    _ => {
                        let from = self.taken(&input, &wanted, !real, axes)?;
                        if fits(&self, &from, &target) { (from, target) } else { (from, self.made(output.shape, true, axes)?) }
                    }
                };
                self.execute(plan, &from, &to, last, inverse)?;
                self.in_place(&to, first, inverse)?;
                to
            }
        };
        let complex = output.complex;
        self.scaled(&to, complex, spec.factor, spec.kind == Kind::R2C && backward)?;
        if to.at != output.at {
            let size = self.size(complex);
            let target = self.layout(output.shape, output.strides.iter().map(|&step| step as i64), self.real(), size)?;
            let source = self.layout(output.shape, to.strides.iter().copied(), to.size, size)?;
            self.copy(output.shape, size, (output.at, target), (to.at, source))?;
        }
        Ok(())
    }
}
