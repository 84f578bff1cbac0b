//! The judging of calls: every constructor of a call uses these, and only these.
//!
//! Owns the wording of what is compared with what. Nothing has been written when it refuses.

use crate::error::Error;
use crate::operand::{Side, packed_len};
use crate::overlap::Place;

/// Judges the operands of one routine.
#[derive(Clone, Copy)]
pub(crate) struct Judge(pub(crate) &'static str);

impl Judge {
    /// A vector's length.
    #[inline]
    pub(crate) fn len(self, operand: &'static str, found: usize, expected: usize) -> Result<(), Error> {
        if found == expected {
            return Ok(());
        }
        Err(Error::Shape { routine: self.0, operand, found: vec![found], expected: vec![expected] })
    }

    /// A matrix's shape.
    #[inline]
    pub(crate) fn shape(self, operand: &'static str, found: (usize, usize), expected: (usize, usize)) -> Result<(), Error> {
        if found == expected {
            return Ok(());
        }
        Err(Error::Shape { routine: self.0, operand, found: vec![found.0, found.1], expected: vec![expected.0, expected.1] })
    }

    /// A square matrix; gives its size.
    #[inline]
    pub(crate) fn square(self, operand: &'static str, found: (usize, usize)) -> Result<usize, Error> {
        self.shape(operand, found, (found.1, found.1))?;
        Ok(found.1)
    }

    /// The operands of a product: B and C beside A, whose shape is taken as it is.
    #[inline]
    pub(crate) fn product(self, a: (usize, usize), b: (usize, usize), c: (usize, usize)) -> Result<(), Error> {
        self.shape("b", b, (a.1, b.1))?;
        self.shape("c", c, (a.0, b.1))
    }

    /// A square matrix `a` and the matrix `b` that it stands beside.
    pub(crate) fn beside(self, side: Side, a: (usize, usize), b: (usize, usize)) -> Result<(), Error> {
        let n = self.square("a", a)?;
        self.shape("b", b, if side == Side::Left { (n, b.1) } else { (b.0, n) })
    }

    /// A packed triangle's length.
    pub(crate) fn packed(self, found: usize, n: usize) -> Result<(), Error> {
        self.len("ap", found, packed_len(n))
    }

    /// A batch's matrices, all of the first one's shape; `odd` is the shape of one that is not.
    pub(crate) fn alike(self, operand: &'static str, odd: Option<(usize, usize)>, first: (usize, usize)) -> Result<(), Error> {
        odd.map_or(Ok(()), |odd| self.shape(operand, odd, first))
    }

    /// An output, which must not share memory with what is read.
    #[inline]
    pub(crate) fn apart(self, operand: &'static str, output: &Place, others: &[(&'static str, Place)]) -> Result<(), Error> {
        match others.iter().find(|(_, other)| output.meets(other)) {
            None => Ok(()),
            Some(&(with, _)) => Err(Error::Aliasing { routine: self.0, operand, with }),
        }
    }

    /// A value that is wrong.
    pub(crate) fn value<T>(self, operand: &'static str, found: impl ToString, expected: impl ToString) -> Result<T, Error> {
        Err(Error::Value { routine: self.0, operand, found: found.to_string(), expected: expected.to_string() })
    }
}

/// A coefficient of a Hermitian update, which has to be real, or any other one: its type, and its value as an element.
macro_rules! coefficient {
    (any) => {
        T
    };
    (real) => {
        T::Real
    };
    (any $value:ident) => {
        $value
    };
    (real $value:ident) => {
        T::from_real($value)
    };
}

pub(crate) use coefficient;
