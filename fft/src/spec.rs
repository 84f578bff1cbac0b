//! What is transformed how: kinds, directions, normalisation, the list of axes.
//!
//! Owns the arithmetic of lengths and scale factors. Knows no memory and no backend.

use crate::error::Error;

/// The sign of the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `exp(-2 pi i j k / n)`.
    Forward,
    /// `exp(+2 pi i j k / n)`.
    Inverse,
}

impl Direction {
    /// The other one.
    pub fn reversed(self) -> Direction {
        match self {
            Direction::Forward => Direction::Inverse,
            Direction::Inverse => Direction::Forward,
        }
    }
}

/// Types of the cosine and sine transforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrigType {
    /// Type 1, its own inverse.
    One,
    /// Type 2, "the" cosine transform.
    Two,
    /// Type 3, the inverse of type 2.
    Three,
    /// Type 4, its own inverse.
    Four,
}

impl TrigType {
    /// The type of the inverse transform.
    pub fn inverse(self) -> TrigType {
        match self {
            TrigType::Two => TrigType::Three,
            TrigType::Three => TrigType::Two,
            same => same,
        }
    }
}

/// The transform of one axis, as SciPy and cuFFT define it, without scale factors.
///
/// With `w = exp(-2 pi i / n)` (forward; its conjugate for the inverse): `y[k] = sum_j x[j] w^(jk)`. Cosine and sine transforms carry SciPy's factor 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Complex to complex.
    C2C,
    /// Real to the first `n/2 + 1` elements of the (Hermitian) result; of several axes the last listed one is the real one.
    R2C,
    /// The first `n/2 + 1` elements of a Hermitian array to the real result; of several axes the last listed one is the real one. Imaginary
    /// parts that a Hermitian array does not have (of element 0 and, for even n, n/2) are not looked at.
    C2R,
    /// Cosine transform of real elements.
    Dct(TrigType),
    /// Sine transform of real elements.
    Dst(TrigType),
}

/// Which direction carries the factor 1/n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Norm {
    /// Neither: cuFFT's convention, and this crate's default. The inverse of the forward transform is n times the input.
    #[default]
    None,
    /// The inverse, as NumPy's `norm="backward"`.
    Backward,
    /// Both, by its square root.
    Ortho,
    /// The forward transform.
    Forward,
}

impl Norm {
    /// The factor of a transform over `n` points (for cosine and sine transforms, the logical size).
    pub fn factor(self, direction: Direction, n: f64) -> f64 {
        match (self, direction) {
            (Norm::Ortho, _) => 1.0 / n.sqrt(),
            (Norm::Backward, Direction::Inverse) | (Norm::Forward, Direction::Forward) => 1.0 / n,
            _ => 1.0,
        }
    }
}

/// What is done along which axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    /// Axes of the array with the transform's length along each, in the order given.
    pub(crate) axes: Vec<(usize, usize)>,
    pub(crate) factor: f64,
    pub(crate) orthogonal: bool,
    /// C2C of an input without imaginary parts.
    pub(crate) real_input: bool,
}

/// Most axes of an array, NumPy's number.
const MOST_AXES: usize = 64;

impl Spec {
    /// A transform along `axes`, each with its length, the result multiplied by `factor`.
    ///
    /// # Errors
    /// No axes, an axis named twice, or a length that the transform does not have.
    pub fn new(kind: Kind, direction: Direction, axes: &[(usize, usize)], factor: f64) -> Result<Spec, Error> {
        if axes.is_empty() {
            return Err(Error::NoAxes);
        }
        let least = if kind == Kind::Dct(TrigType::One) { 2 } else { 1 };
        for (place, &(axis, n)) in axes.iter().enumerate() {
            if n < least {
                return Err(Error::Length { n, least });
            }
            // Kernels make rows of up to 4n elements.
            if n > isize::MAX as usize / 128 {
                return Err(Error::TooLarge);
            }
            if axes[..place].iter().any(|&(a, _)| a == axis) {
                return Err(Error::RepeatedAxis { axis });
            }
            if axis >= MOST_AXES {
                return Err(Error::TooManyAxes { ndim: axis + 1 });
            }
        }
        Ok(Spec { kind, direction, axes: axes.to_vec(), factor, orthogonal: false, real_input: false })
    }

    /// Makes the matrix of a cosine or sine transform of types 1 to 3 orthogonal up to its factor: the first or last element in or out is scaled by a root of 2, as
    /// SciPy's `orthogonalize` does.
    pub fn orthogonalized(mut self, yes: bool) -> Spec {
        self.orthogonal = yes;
        self
    }

    /// For C2C: the input is real, its imaginary parts being 0. Half the work, and the result is exactly Hermitian.
    pub fn of_real_input(mut self, yes: bool) -> Spec {
        self.real_input = yes && self.kind == Kind::C2C;
        self
    }

    /// The number of points by which norms divide: the product of the lengths; for cosine and sine transforms of the logical sizes `2n`, `2(n-1)`, `2(n+1)`.
    pub fn points(kind: Kind, lengths: impl IntoIterator<Item = usize>) -> f64 {
        let logical = |n: usize| match kind {
            Kind::C2C | Kind::R2C | Kind::C2R => n as f64,
            Kind::Dct(TrigType::One) => 2.0 * (n as f64 - 1.0),
            Kind::Dst(TrigType::One) => 2.0 * (n as f64 + 1.0),
            Kind::Dct(_) | Kind::Dst(_) => 2.0 * n as f64,
        };
        lengths.into_iter().map(logical).product()
    }

    /// The transform of each axis.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is a cosine or sine transform.
    pub fn is_trigonometric(&self) -> bool {
        matches!(self.kind, Kind::Dct(_) | Kind::Dst(_))
    }

    /// The axis that is real on one side.
    pub(crate) fn last(&self) -> (usize, usize) {
        self.axes[self.axes.len() - 1]
    }

    /// The shape of the output for an input of that shape.
    ///
    /// # Errors
    /// An axis that the input does not have.
    pub fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, Error> {
        let mut shape = input.to_vec();
        if shape.len() > MOST_AXES {
            return Err(Error::TooManyAxes { ndim: shape.len() });
        }
        for &(axis, n) in &self.axes {
            *shape.get_mut(axis).ok_or(Error::Axis { axis, ndim: input.len() })? = n;
        }
        if self.kind == Kind::R2C {
            let (axis, n) = self.last();
            shape[axis] = n / 2 + 1;
        }
        Ok(shape)
    }

    /// Elements that the transform reads along an axis it works on.
    pub(crate) fn needed(&self, place: usize) -> usize {
        let n = self.axes[place].1;
        if self.kind == Kind::C2R && place + 1 == self.axes.len() { n / 2 + 1 } else { n }
    }
}
