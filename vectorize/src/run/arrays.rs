//! ndarray views as operands: the Rust face of a ufunc.
//!
//! The borrow checker gives what [`Operand::new`] asks for: inputs are borrowed shared, outputs mutably, so nothing overlaps.

use std::marker::PhantomData;

use ndarray::{ArrayBase, ArrayD, Data, DataMut, Dimension, IxDyn};
use num_complex::Complex;
use smallvec::SmallVec;
use verdigris_compiler::types::ScalarType;

use super::{Loop, Operand, Options, Strip, run, run_strips};
use crate::broadcast::{Dims, broadcast_shape, output_strides};
use crate::casting::Argument;
use crate::error::Error;
use crate::ufunc::{Target, Ufunc};

/// A Rust type that compiled code computes with.
pub trait Scalar: Copy + Default + Send + Sync + 'static + sealed::Sealed {
    /// Its name in signatures.
    const TYPE: ScalarType;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! scalars {
    ($($ty:ty = $variant:ident),*) => { $(
        impl sealed::Sealed for $ty {}
        impl Scalar for $ty { const TYPE: ScalarType = ScalarType::$variant; }
    )* };
}
scalars! {
    bool = Bool, i8 = I8, i16 = I16, i32 = I32, i64 = I64, u8 = U8, u16 = U16, u32 = U32, u64 = U64, f32 = F32, f64 = F64,
    Complex<f32> = C64, Complex<f64> = C128
}

/// An argument: any ndarray view of a [`Scalar`], borrowed.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    pub(super) pointer: *mut u8,
    pub(super) ty: ScalarType,
    pub(super) shape: Dims,
    pub(super) strides: Dims,
    array: PhantomData<&'a ()>,
}

/// A result: any mutable ndarray view of a [`Scalar`], borrowed.
#[derive(Debug)]
pub struct Output<'a>(pub(super) Input<'a>);

fn dims<T, S: ndarray::RawData<Elem = T>, D: Dimension>(array: &ArrayBase<S, D>) -> (Dims, Dims) {
    let size = size_of::<T>() as isize;
    (array.shape().iter().map(|e| *e as isize).collect(), array.strides().iter().map(|s| s * size).collect())
}

impl<'a, T: Scalar, S: Data<Elem = T>, D: Dimension> From<&'a ArrayBase<S, D>> for Input<'a> {
    fn from(array: &'a ArrayBase<S, D>) -> Self {
        let (shape, strides) = dims(array);
        Input { pointer: array.as_ptr().cast_mut().cast(), ty: T::TYPE, shape, strides, array: PhantomData }
    }
}

impl<'a, T: Scalar, S: DataMut<Elem = T>, D: Dimension> From<&'a mut ArrayBase<S, D>> for Output<'a> {
    fn from(array: &'a mut ArrayBase<S, D>) -> Self {
        let (shape, strides) = dims(array);
        Output(Input { pointer: array.as_mut_ptr().cast(), ty: T::TYPE, shape, strides, array: PhantomData })
    }
}

impl Input<'_> {
    fn operand(&self) -> Operand<'_> {
        // SAFETY: pointer, shape and strides are those of an array borrowed for the life of `self`, mutably if it is an output; Rust's bools are 0 or 1.
        unsafe { Operand::new(self.pointer, self.ty, false, &self.shape, &self.strides) }
    }
}

impl Ufunc {
    /// Applies a function of one result to inputs broadcast together. `T` must be its result's type for these inputs.
    ///
    /// # Errors
    /// A fault in the function, inputs that do not fit it or each other, or a result of another type.
    pub fn apply<T: Scalar>(&self, inputs: &[Input<'_>]) -> Result<ArrayD<T>, Error> {
        let lp = self.loop_for(inputs)?;
        let operands: SmallVec<[Operand<'_>; 4]> = inputs.iter().map(Input::operand).collect();
        let shape = broadcast_shape(operands.iter().map(Operand::shape))?;
        let extents: Vec<usize> = shape.iter().map(|e| *e as usize).collect();
        let strides = output_strides(&shape, T::TYPE.size(), &operands);
        // ndarray makes arrays in C or F order; any other memory order is C order seen through a permutation.
        let mut axes: Vec<usize> = (0..shape.len()).collect();
        axes.sort_by_key(|a| std::cmp::Reverse(strides[*a]));
        let memory: Vec<usize> = axes.iter().map(|a| extents[*a]).collect();
        let mut seen_as = vec![0; axes.len()];
        axes.iter().enumerate().for_each(|(place, axis)| seen_as[*axis] = place);
        let mut output = ArrayD::<T>::default(IxDyn(&memory)).permuted_axes(seen_as);
        self.run(lp, inputs, &mut [Output::from(&mut output)])?;
        Ok(output)
    }

    /// Applies the function, writing its results to arrays of the broadcast shape.
    ///
    /// # Errors
    /// As [`Ufunc::apply`]; the outputs' contents are then unspecified.
    pub fn apply_into(&self, inputs: &[Input<'_>], outputs: &mut [Output<'_>]) -> Result<(), Error> {
        let lp = self.loop_for(inputs)?;
        self.run(lp, inputs, outputs)
    }

    /// Folds the elements of a one-dimensional array, in order, or in a fixed tree if the function was declared associative.
    ///
    /// # Errors
    /// As [`Ufunc::apply`]; [`Error::NotReducible`], [`Error::EmptyReduction`].
    pub fn reduce<T: Scalar>(&self, array: ndarray::ArrayView1<'_, T>) -> Result<T, Error> {
        let not_reducible = || Error::NotReducible { name: self.definition().name.clone() };
        if self.inputs() != 2 {
            return Err(not_reducible());
        }
        let lp = self.choose(&[Argument::Typed(T::TYPE); 2])?;
        if !lp.folds() || lp.signature().inputs[..] != [T::TYPE; 2] {
            return Err(not_reducible());
        }
        let Some(first) = array.first() else { return Err(Error::EmptyReduction) };
        let mut sum = *first;
        let rest = array.slice(ndarray::s![1..]);
        let place = (&raw mut sum).cast::<u8>();
        let fixed = |pointer| Strip { pointer, stride: 0 };
        let elements = Strip { pointer: rest.as_ptr().cast_mut().cast(), stride: rest.strides()[0] * size_of::<T>() as isize };
        // SAFETY: the elements of a borrowed array, read; and a local, read and written.
        unsafe { run_strips(lp, &[fixed(place), elements, fixed(place)], rest.len(), self.options().associative, self.run_options())? };
        Ok(sum)
    }

    fn run_options(&self) -> Options {
        // Nobody here looks at floating-point flags.
        Options { interest: Default::default(), parallel: self.options().target == Target::Parallel, ..Options::SERIAL }
    }

    fn loop_for(&self, inputs: &[Input<'_>]) -> Result<&Loop, Error> {
        let arguments: SmallVec<[Argument; 6]> = inputs.iter().map(|i| Argument::Typed(i.ty)).collect();
        self.choose(&arguments).map(|lp| &**lp)
    }

    fn run(&self, lp: &Loop, inputs: &[Input<'_>], outputs: &mut [Output<'_>]) -> Result<(), Error> {
        let operands: SmallVec<[Operand<'_>; 4]> = inputs.iter().chain(outputs.iter().map(|o| &o.0)).map(Input::operand).collect();
        let shape = broadcast_shape(operands[..inputs.len()].iter().map(Operand::shape))?;
        run(lp, &shape, &operands, self.run_options())?;
        Ok(())
    }
}
