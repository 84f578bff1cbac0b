//! Views as cuBLAS takes them: column after column, with a leading dimension.
//!
//! Owns what a view can be said to be, the copies of those that can be said to be nothing, and the copies back. Copies are made on the GPU, in memory that is given back behind the stream's work. Knows no routine.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Memory, Stream, copy_between};
use verdigris_device::layout::{Layout, Order};

use super::handle::Handle;
use super::sys::{At, Library, Number};
use crate::error::Error;
use crate::operand::{Op, Side, Trans, Uplo};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef, VecMut, VecRef};

/// `cublasOperation_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Flag {
    N = 0,
    T = 1,
    C = 2,
}

impl Flag {
    pub(super) fn of(trans: Trans) -> Flag {
        match trans {
            Trans::No => Flag::N,
            Trans::Yes => Flag::T,
            Trans::Conj => Flag::C,
        }
    }
}

/// A matrix in memory, column after column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) at: At,
    pub(super) ld: i64,
}

/// A vector in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) at: At,
    pub(super) inc: i64,
}

/// Where a result is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) at: At,
    pub(super) ld: i64,
    /// What is in memory is the transpose.
    pub(super) rows: bool,
}

/// One call: a handle on its stream, and the copies that it has made.
pub(super) struct Run<'a> {
    pub(super) library: &'static Library,
    pub(super) stream: &'a Stream,
    pub(super) routine: &'static str,
    handle: Handle,
    /// Copies in use until the call has been ordered.
    copies: Vec<Memory>,
    /// Results to copy to where they belong: from, to.
    pub(super) back: Vec<((At, Layout), (At, Layout))>,
}

pub(super) fn uplo(uplo: Uplo) -> c_int {
    c_int::from(uplo == Uplo::Upper)
}

pub(super) fn side(side: Side) -> c_int {
    c_int::from(side == Side::Right)
}

pub(super) fn unit(unit: bool) -> c_int {
    c_int::from(unit)
}

pub(super) fn other(side: Side) -> Side {
    if side == Side::Left { Side::Right } else { Side::Left }
}

/// A number where cuBLAS reads it.
pub(super) fn number<T>(value: &T) -> Number {
    std::ptr::from_ref(value).cast()
}

/// Where cuBLAS writes a number.
pub(super) fn answer<T>(value: &mut T) -> *mut c_void {
    std::ptr::from_mut(value).cast()
}

pub(super) fn at<T>(pointer: *const T) -> At {
    pointer.addr() as At
}

/// The leading dimension of a view that lies column after column. Steps along an axis without neighbours are nothing.
pub(super) fn as_columns<T: Copy>(m: MatRef<'_, T>) -> Option<Columns> {
    let (rows, cols) = m.shape();
    let least = rows.max(1) as i64;
    let ld = if cols <= 1 { least } else { m.col_stride() as i64 };
    ((rows <= 1 || m.row_stride() == 1) && ld >= least).then_some(Columns { at: at(m.as_ptr()), ld })
}

/// As [`as_columns`], row after row: what is in memory is the transpose.
pub(super) fn as_rows<T: Copy>(m: MatRef<'_, T>) -> Option<Columns> {
    as_columns(m.transposed())
}

pub(super) fn layout(shape: &[usize], strides: &[isize], itemsize: usize) -> Result<Layout, DeviceError> {
    let bytes: Vec<isize> = strides.iter().map(|step| step * itemsize as isize).collect();
    Layout::strided(shape, &bytes, itemsize)
}

impl<'a> Run<'a> {
    pub(super) fn new(library: &'static Library, stream: &'a Stream, routine: &'static str) -> Result<Run<'a>, Error> {
        let handle = Handle::take(library, stream)?;
        Ok(Run { library, stream, routine, handle, copies: Vec::new(), back: Vec::new() })
    }

    /// That cuBLAS has no such form of the routine.
    pub(super) fn unsupported<V>(&self, why: impl Into<String>) -> Result<V, Error> {
        Err(Error::Unsupported { routine: self.routine, why: why.into() })
    }

    /// Calls cuBLAS with the context current.
    pub(super) fn call(&self, f: impl FnOnce(&'static Library, usize) -> Result<(), DeviceError>) -> Result<(), Error> {
        Ok(self.stream.context().within(|| f(self.library, self.handle.raw()))??)
    }

    /// Calls cuBLAS, and copies results that were made elsewhere to their places.
    pub(super) fn end(mut self, f: impl FnOnce(&'static Library, usize) -> Result<(), DeviceError>) -> Result<(), Error> {
        self.call(f)?;
        self.put_back()
    }

    /// Copies results that were made elsewhere to their places.
    pub(super) fn put_back(&mut self) -> Result<(), Error> {
        for ((from, from_layout), (to, to_layout)) in std::mem::take(&mut self.back) {
            self.move_to((to, &to_layout), (from, &from_layout))?;
        }
        Ok(())
    }

    /// New memory for the length of the call.
    pub(super) fn memory(&mut self, bytes: usize) -> Result<At, Error> {
        let made = Memory::new(bytes.max(1), self.stream)?;
        let at = made.pointer();
        self.copies.push(made);
        Ok(at)
    }

    pub(super) fn move_to(&self, to: (At, &Layout), from: (At, &Layout)) -> Result<(), Error> {
        // SAFETY: both are layouts of memory on the stream's device, the caller's operands or copies of ours, which are apart and given back behind the stream's work.
        Ok(unsafe { copy_between(to.0, to.1, from.0, from.1, self.stream.context(), self.stream) }?)
    }

    /// Refuses what cuBLAS would read one element of again and again.
    pub(super) fn not_broadcast(&self, shape: &[usize], strides: &[isize]) -> Result<(), Error> {
        if shape.iter().zip(strides).any(|(&extent, &step)| extent > 1 && step == 0) {
            return self.unsupported("an operand is broadcast (a step of 0), which cuBLAS does not read: copy it to an array of its own");
        }
        Ok(())
    }

    /// A dense copy of elements that lie anyhow.
    fn dense<T: Copy>(&mut self, from: *const T, shape: &[usize], strides: &[isize], order: Order) -> Result<(At, Layout), Error> {
        self.not_broadcast(shape, strides)?;
        let made = Layout::contiguous(shape, size_of::<T>(), order)?;
        let to = self.memory(made.nbytes())?;
        let source = layout(shape, strides, size_of::<T>())?;
        if made.size() > 0 {
            self.move_to((to, &made), (at(from), &source))?;
        }
        Ok((to, made))
    }

    /// A copy that lies column after column (`rows`: row after row). The transpose of what lies one way is cuBLAS's own work.
    pub(super) fn copied<T: Scalar>(&mut self, m: MatRef<'_, T>, rows: bool) -> Result<Columns, Error> {
        let (m, (r, c)) = if rows { (m.transposed(), (m.cols(), m.rows())) } else { (m, m.shape()) };
        let ld = r.max(1) as i64;
        if let (Some(from), false) = (as_rows(m), m.is_empty()) {
            let to = self.memory(r * c * size_of::<T>())?;
            let (one, zero) = (T::ONE, T::ZERO);
            // SAFETY: both are matrices on the stream's device with these shapes and leading dimensions; B is not read.
            self.call(|library, handle| unsafe {
                library.geam::<T>(
                    handle,
                    Flag::T as c_int,
                    Flag::N as c_int,
                    r as i64,
                    c as i64,
                    number(&one),
                    from.at,
                    from.ld,
                    number(&zero),
                    to,
                    ld,
                    to,
                    ld,
                )
            })?;
            return Ok(Columns { at: to, ld });
        }
        let (to, _) = self.dense(m.as_ptr(), &[r, c], &[m.row_stride(), m.col_stride()], Order::F)?;
        Ok(Columns { at: to, ld })
    }

    /// A matrix that has to lie column after column (`rows`: row after row).
    pub(super) fn lying<T: Scalar>(&mut self, m: MatRef<'_, T>, rows: bool) -> Result<Columns, Error> {
        match if rows { as_rows(m) } else { as_columns(m) } {
            Some(found) => Ok(found),
            None => self.copied(m, rows),
        }
    }

    /// A factor of a product, with the flag that makes it of what is in memory.
    pub(super) fn factor<T: Scalar>(&mut self, op: Op<'_, T>) -> Result<(Flag, Columns), Error> {
        let m = op.mat;
        match (op.conj, as_columns(m), as_rows(m)) {
            (false, Some(found), _) => Ok((Flag::N, found)),
            (false, None, Some(found)) => Ok((Flag::T, found)),
            (false, None, None) => Ok((Flag::N, self.copied(m, false)?)),
            (true, _, Some(found)) => Ok((Flag::C, found)),
            // Conjugated but not transposed: of a copy that lies the other way, the conjugate transpose.
            (true, _, None) => Ok((Flag::C, self.copied(m, true)?)),
        }
    }

    /// A vector to read.
    pub(super) fn line<T: Copy>(&mut self, x: VecRef<'_, T>) -> Result<Line, Error> {
        let (len, step) = (x.len(), x.stride());
        if len <= 1 {
            return Ok(Line { at: at(x.as_ptr()), inc: 1 });
        }
        if step == 0 {
            let (at, _) = self.dense(x.as_ptr(), &[len], &[step], Order::C)?;
            return Ok(Line { at, inc: 1 });
        }
        Ok(Line { at: lowest(x), inc: step as i64 })
    }

    /// A vector whose steps are positive.
    pub(super) fn forward<T: Copy>(&mut self, x: VecRef<'_, T>) -> Result<Line, Error> {
        if x.len() <= 1 || x.stride() > 0 {
            return self.line(x);
        }
        let (at, _) = self.dense(x.as_ptr(), &[x.len()], &[x.stride()], Order::C)?;
        Ok(Line { at, inc: 1 })
    }

    /// A vector that has to be neighbours, as packed triangles have to.
    pub(super) fn neighbours<T: Copy>(&mut self, x: VecRef<'_, T>) -> Result<At, Error> {
        if x.len() <= 1 || x.stride() == 1 {
            return Ok(at(x.as_ptr()));
        }
        Ok(self.dense(x.as_ptr(), &[x.len()], &[x.stride()], Order::C)?.0)
    }

    /// A vector to write. Its elements are apart, so that its step is not 0.
    pub(super) fn line_mut<T: Copy>(&mut self, x: &VecMut<'_, T>) -> Line {
        let x = x.rb();
        if x.len() <= 1 { Line { at: at(x.as_ptr()), inc: 1 } } else { Line { at: lowest(x), inc: x.stride() as i64 } }
    }

    /// As [`Run::neighbours`], to write.
    pub(super) fn neighbours_mut<T: Copy>(&mut self, x: &VecMut<'_, T>) -> Result<At, Error> {
        let x = x.rb();
        if x.len() <= 1 || x.stride() == 1 {
            return Ok(at(x.as_ptr()));
        }
        let (made, dense) = self.dense(x.as_ptr(), &[x.len()], &[x.stride()], Order::C)?;
        let place = layout(&[x.len()], &[x.stride()], size_of::<T>())?;
        self.back.push(((made, dense), (at(x.as_ptr()), place)));
        Ok(made)
    }

    /// The conjugate of a vector, in memory of its own.
    pub(super) fn conjugate<T: Scalar>(&mut self, x: VecRef<'_, T>) -> Result<Line, Error> {
        let n = x.len();
        let from = self.forward(x)?;
        let to = self.memory(n * size_of::<T>())?;
        let (one, zero) = (T::ONE, T::ZERO);
        let ld = n.max(1) as i64;
        // SAFETY: the vector as a matrix of one row, whose conjugate transpose is one column; B is not read.
        self.call(|library, handle| unsafe {
            library.geam::<T>(handle, Flag::C as c_int, Flag::N as c_int, n as i64, 1, number(&one), from.at, from.inc, number(&zero), to, ld, to, ld)
        })?;
        Ok(Line { at: to, inc: 1 })
    }

    /// Where a matrix is written: its own memory where it lies column after column or, if the routine can do with that, row after row; else a copy that is copied back.
    pub(super) fn target<T: Scalar>(&mut self, c: &MatMut<'_, T>, rows_too: bool) -> Result<Target, Error> {
        let c = c.rb();
        if let Some(found) = as_columns(c) {
            return Ok(Target { at: found.at, ld: found.ld, rows: false });
        }
        if let (Some(found), true) = (as_rows(c), rows_too) {
            return Ok(Target { at: found.at, ld: found.ld, rows: true });
        }
        let made = self.copied(c, false)?;
        if !c.is_empty() {
            let dense = Layout::contiguous(&[c.rows(), c.cols()], size_of::<T>(), Order::F)?;
            let place = layout(&[c.rows(), c.cols()], &[c.row_stride(), c.col_stride()], size_of::<T>())?;
            self.back.push(((made.at, dense), (at(c.as_ptr()), place)));
        }
        Ok(Target { at: made.at, ld: made.ld, rows: false })
    }

    /// A triangular matrix beside others, with its flags. `turned` says that the transpose is wanted.
    pub(super) fn triangle<T: Scalar>(&mut self, a: MatRef<'_, T>, stored: Uplo, trans: Trans, turned: bool) -> Result<(Uplo, Flag, Columns), Error> {
        for (rows, found) in [(false, as_columns(a)), (true, as_rows(a))] {
            if let (Some(found), Some((stored, flag))) = (found, flags_of_triangle::<T>(stored, trans, turned, rows)) {
                return Ok((stored, flag, found));
            }
        }
        for rows in [false, true] {
            if let Some((stored, flag)) = flags_of_triangle::<T>(stored, trans, turned, rows) {
                return Ok((stored, flag, self.copied(a, rows)?));
            }
        }
        self.unsupported("a triangle that lies neither way")
    }

    /// A size as an int of C's.
    pub(super) fn int(&self, size: usize) -> Result<c_int, Error> {
        match c_int::try_from(size) {
            Ok(size) => Ok(size),
            Err(_) => self.unsupported(format!("a size of {size}, and cuBLAS takes at most {} here", c_int::MAX)),
        }
    }
}

/// The flags of a triangular matrix that lies column after column (`rows`: row after row); `turned` says that its transpose is wanted. `None` where it would have to be conjugated and not transposed.
pub(super) fn flags_of_triangle<T: Scalar>(stored: Uplo, trans: Trans, turned: bool, rows: bool) -> Option<(Uplo, Flag)> {
    let conj = T::COMPLEX && trans == Trans::Conj;
    // Whether what is wanted is the matrix itself, conjugated or not, and no transpose.
    let plain = (trans == Trans::No) != turned;
    let flag = match (plain != rows, conj) {
        (true, false) => Flag::N,
        (false, false) => Flag::T,
        (false, true) => Flag::C,
        (true, true) => return None,
    };
    Some((if rows { stored.flipped() } else { stored }, flag))
}

/// The lowest address of a vector, which BLAS counts from also where steps are negative.
fn lowest<T: Copy>(x: VecRef<'_, T>) -> At {
    let below = x.stride().min(0) * (x.len() as isize - 1) * size_of::<T>() as isize;
    at(x.as_ptr()).wrapping_add_signed(below as i64)
}
