//! The judging of calls: every constructor of a call uses these, and only these.
//!
//! Owns the wording of what is compared with what. Nothing has been written when it refuses.

use crate::error::Error;
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
