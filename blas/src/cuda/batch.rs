//! Batches by cuBLAS.
//!
//! Products whose matrices lie evenly are one strided call, others one call with arrays of addresses, and those that do not even lie one way a call each. Factorizations want columns: what lies otherwise is copied, all
//! matrices at once. Pivots and info are the host's here, so these calls wait; pivots count from 0 here and from 1 there.
#![allow(unsafe_code)]

use std::ffi::c_int;

use verdigris_device::cuda::{copy_from_host, copy_to_host};
use verdigris_device::layout::{Layout, Order};

use super::memory::{Columns, Flag, Run, as_columns, as_rows, at, flags_of_triangle, layout, number, other, side, unit, uplo};
use super::sys::At;
use crate::batch::{GemmBatch, TriBatch};
use crate::error::Error;
use crate::factor::{Gels, Geqrf, Getrf, Getri, Getrs};
use crate::level3::{Gemm, TriMat};
use crate::operand::Op;
use crate::scalar::Scalar;
use crate::stack::{StackMut, StackRef};
use crate::view::MatRef;

/// The matrices of a batch, all lying one way with one leading dimension.
struct Even {
    places: Vec<At>,
    ld: i64,
}

impl Even {
    fn of<T: Copy>(mats: &[MatRef<'_, T>], rows: bool) -> Option<Even> {
        let lie = |m: &MatRef<'_, T>| if rows { as_rows(*m) } else { as_columns(*m) };
        let all: Option<Vec<Columns>> = mats.iter().map(lie).collect();
        let all = all?;
        let ld = all.first()?.ld;
        all.iter().all(|one| one.ld == ld).then(|| Even { places: all.iter().map(|one| one.at).collect(), ld })
    }

    /// Elements from each to the next, if always as many and not backwards.
    fn step<T>(&self) -> Option<i64> {
        let size = size_of::<T>() as i64;
        let steps = self.places.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]) as i64);
        let step = steps.clone().next().unwrap_or(0);
        (step >= 0 && step % size == 0 && steps.into_iter().all(|other| other == step)).then_some(step / size)
    }
}

fn all<'a, T: Copy>(stack: &StackRef<'a, T>) -> Vec<MatRef<'a, T>> {
    (0..stack.count()).map(|i| stack.at(i)).collect()
}

/// A factor of products: its flag, and its places.
fn factor<T: Copy>(mats: &[MatRef<'_, T>], conj: bool, turned: bool) -> Option<(Flag, Even)> {
    // Lying one way and wanted the other is what a flag says.
    if !conj && let Some(even) = Even::of(mats, turned) {
        return Some((Flag::N, even));
    }
    Some((if conj { Flag::C } else { Flag::T }, Even::of(mats, !turned)?))
}

impl Run<'_> {
    /// Numbers of the host's in memory of the call's.
    fn upload<V: Copy>(&mut self, values: &[V]) -> Result<At, Error> {
        let to = self.memory(size_of_val(values))?;
        let dense = Layout::contiguous(&[values.len()], size_of::<V>(), Order::C)?;
        // SAFETY: as long as the layout on both sides; the copy has been done on return.
        unsafe { copy_from_host(to, &dense, values.as_ptr().cast(), &dense, self.stream, None) }?;
        Ok(to)
    }

    fn download<V: Copy>(&self, from: At, values: &mut [V]) -> Result<(), Error> {
        let dense = Layout::contiguous(&[values.len()], size_of::<V>(), Order::C)?;
        // SAFETY: as above.
        Ok(unsafe { copy_to_host(values.as_mut_ptr().cast(), &dense, from, &dense, self.stream, None) }?)
    }

    pub(super) fn gemm_batch<T: Scalar>(mut self, mut call: GemmBatch<'_, T>) -> Result<(), Error> {
        let (count, (rows, cols)) = (call.c.count(), call.c.shape());
        let k = call.a.shape().1;
        if count == 0 || rows == 0 || cols == 0 {
            return Ok(());
        }
        let results = all(&call.c.rb());
        let found = [false, true].into_iter().find_map(|turned| {
            let c = Even::of(&results, turned)?;
            // A result that lies row after row is the product of the transposes, exchanged.
            let (a, b) = (factor(&all(&call.a), call.conj_a, turned)?, factor(&all(&call.b), call.conj_b, turned)?);
            Some(if turned { (c, b, a, cols, rows) } else { (c, a, b, rows, cols) })
        });
        let (alpha, beta) = (number(&call.alpha), number(&call.beta));
        let Some((c, (fa, a), (fb, b), m, n)) = found.filter(|_| k > 0) else {
            for i in 0..count {
                let (a, b) = (Op { mat: call.a.at(i), conj: call.conj_a }, Op { mat: call.b.at(i), conj: call.conj_b });
                let one = Gemm { alpha: call.alpha, a, b, beta: call.beta, c: call.c.at(i), tile: 0 };
                Run::new(self.library, self.stream, self.routine)?.gemm(one)?;
            }
            return Ok(());
        };
        let (fa, fb, m, n, k, count) = (fa as c_int, fb as c_int, m as i64, n as i64, k as i64, count as i64);
        if let (Some(sa), Some(sb), Some(sc)) = (a.step::<T>(), b.step::<T>(), c.step::<T>()) {
            let (pa, pb, pc) = (a.places[0], b.places[0], c.places[0]);
            // SAFETY: as many matrices on the stream's device, of shapes that fit as their flags say.
            return self.end(|library, handle| unsafe {
                library.gemm_strided::<T>(handle, fa, fb, m, n, k, alpha, pa, a.ld, sa, pb, b.ld, sb, beta, pc, c.ld, sc, count)
            });
        }
        let (pa, pb, pc) = (self.upload(&a.places)?, self.upload(&b.places)?, self.upload(&c.places)?);
        // SAFETY: as above, their addresses in memory of the device.
        self.end(|library, handle| unsafe { library.gemm_batched::<T>(handle, fa, fb, m, n, k, alpha, pa, a.ld, pb, b.ld, beta, pc, c.ld, count) })
    }

    pub(super) fn tri_sm_batch<T: Scalar>(mut self, mut call: TriBatch<'_, T>) -> Result<(), Error> {
        let (count, (rows, cols)) = (call.b.count(), call.b.shape());
        if count == 0 || rows == 0 || cols == 0 {
            return Ok(());
        }
        let found = [false, true].into_iter().find_map(|turned| {
            let b = Even::of(&all(&call.b.rb()), turned)?;
            [false, true].into_iter().find_map(|lying| {
                let a = Even::of(&all(&call.a), lying)?;
                let (stored, flag) = flags_of_triangle::<T>(call.uplo, call.trans, turned, lying)?;
                Some((turned, stored, flag, a, Even { places: b.places.clone(), ld: b.ld }))
            })
        });
        let Some((turned, stored, flag, a, b)) = found else {
            for i in 0..count {
                let (side, uplo, trans, unit, alpha) = (call.side, call.uplo, call.trans, call.unit, call.alpha);
                let one = TriMat { side, uplo, trans, unit, alpha, a: call.a.at(i), b: call.b.at(i) };
                Run::new(self.library, self.stream, self.routine)?.tri_sm(one)?;
            }
            return Ok(());
        };
        let (m, n, on) = if turned { (cols, rows, other(call.side)) } else { (rows, cols, call.side) };
        let (pa, pb) = (self.upload(&a.places)?, self.upload(&b.places)?);
        let (on, stored, flag, diag, alpha) = (side(on), uplo(stored), flag as c_int, unit(call.unit), number(&call.alpha));
        // SAFETY: as many matrices on the stream's device, of shapes that fit, their addresses in memory of the device.
        self.end(|library, handle| unsafe {
            library.trsm_batched::<T>(handle, on, stored, flag, diag, m as i64, n as i64, alpha, pa, a.ld, pb, b.ld, count as i64)
        })
    }

    /// The matrices of a batch, column after column: where they are, or copies (which are copied back if `write`); their addresses in memory of the device, and the leading dimension.
    fn columns<T: Scalar>(&mut self, mats: &[MatRef<'_, T>], write: bool) -> Result<(At, c_int), Error> {
        if let Some(even) = Even::of(mats, false) {
            return Ok((self.upload(&even.places)?, self.int(even.ld as usize)?));
        }
        let ((rows, cols), size) = (mats.first().map_or((0, 0), MatRef::shape), size_of::<T>());
        let bytes = rows * cols * size;
        let made = self.memory(bytes * mats.len())?;
        let places: Vec<At> = (0..mats.len()).map(|i| made + (i * bytes) as At).collect();
        for (m, &to) in mats.iter().zip(&places).filter(|_| bytes > 0) {
            let dense = Layout::contiguous(&[rows, cols], size, Order::F)?;
            let place = layout(&[rows, cols], &[m.row_stride(), m.col_stride()], size)?;
            self.move_to((to, &dense), (at(m.as_ptr()), &place))?;
            if write {
                self.back.push(((to, dense), (at(m.as_ptr()), place)));
            }
        }
        Ok((self.upload(&places)?, self.int(rows.max(1))?))
    }

    fn written<T: Scalar>(&mut self, stack: &StackMut<'_, T>) -> Result<(At, c_int), Error> {
        self.columns(&all(&stack.rb()), true)
    }

    fn rows_from_one(&mut self, pivots: Option<&[i32]>) -> Result<At, Error> {
        // No address: no pivoting.
        let Some(pivots) = pivots else { return Ok(0) };
        self.upload(&pivots.iter().map(|row| row + 1).collect::<Vec<i32>>())
    }

    pub(super) fn getrf<T: Scalar>(mut self, call: Getrf<'_, T>) -> Result<(), Error> {
        let (count, n) = (call.a.count(), call.a.shape().0);
        if count == 0 || n == 0 {
            call.info.fill(0);
            return Ok(());
        }
        let (places, ld) = self.written(&call.a)?;
        let info = self.memory(4 * count)?;
        let pivots = if call.pivots.is_some() { self.memory(4 * count * n)? } else { 0 };
        let (size, many) = (self.int(n)?, self.int(count)?);
        // SAFETY: as many square matrices, their addresses, and room for as many ints, on the stream's device.
        self.call(|library, handle| unsafe { library.getrf::<T>(handle, size, places, ld, pivots, info, many) })?;
        self.put_back()?;
        if let Some(host) = call.pivots {
            self.download(pivots, host)?;
            host.iter_mut().for_each(|row| *row -= 1);
        }
        self.download(info, call.info)
    }

    pub(super) fn getrs<T: Scalar>(mut self, call: Getrs<'_, T>) -> Result<(), Error> {
        let (count, (n, nrhs)) = (call.b.count(), call.b.shape());
        if count == 0 || n == 0 || nrhs == 0 {
            return Ok(());
        }
        let (lu, lda) = self.columns(&all(&call.lu), false)?;
        let (b, ldb) = self.written(&call.b)?;
        let pivots = self.rows_from_one(call.pivots)?;
        let flag = Flag::of(call.trans) as c_int;
        let (n, nrhs, count) = (self.int(n)?, self.int(nrhs)?, self.int(count)?);
        let mut info = 0;
        let to = &raw mut info;
        // SAFETY: as above; the info is a live local.
        self.end(|library, handle| unsafe { library.getrs::<T>(handle, flag, n, nrhs, lu, lda, pivots, b, ldb, to, count) })
    }

    pub(super) fn getri<T: Scalar>(mut self, call: Getri<'_, T>) -> Result<(), Error> {
        let (count, n) = (call.c.count(), call.c.shape().0);
        if count == 0 || n == 0 {
            call.info.fill(0);
            return Ok(());
        }
        let (lu, lda) = self.columns(&all(&call.lu), false)?;
        let (c, ldc) = self.written(&call.c)?;
        let (pivots, info) = (self.rows_from_one(call.pivots)?, self.memory(4 * count)?);
        let (n, many) = (self.int(n)?, self.int(count)?);
        // SAFETY: as above.
        self.call(|library, handle| unsafe { library.getri::<T>(handle, n, lu, lda, pivots, c, ldc, info, many) })?;
        self.put_back()?;
        self.download(info, call.info)
    }

    pub(super) fn geqrf<T: Scalar>(mut self, call: Geqrf<'_, T>) -> Result<(), Error> {
        let (count, (m, n)) = (call.a.count(), call.a.shape());
        let each = m.min(n);
        if count == 0 || each == 0 {
            return Ok(());
        }
        let (a, ld) = self.written(&call.a)?;
        let bytes = each * size_of::<T>();
        let tau = self.memory(bytes * count)?;
        let taus: Vec<At> = (0..count).map(|i| tau + (i * bytes) as At).collect();
        let (taus, m, n, many) = (self.upload(&taus)?, self.int(m)?, self.int(n)?, self.int(count)?);
        let mut info = 0;
        let to = &raw mut info;
        // SAFETY: as above, with room for as many factors.
        self.call(|library, handle| unsafe { library.geqrf::<T>(handle, m, n, a, ld, taus, to, many) })?;
        self.put_back()?;
        self.download(tau, call.tau)
    }

    pub(super) fn gels<T: Scalar>(mut self, call: Gels<'_, T>) -> Result<(), Error> {
        let (count, (m, n), nrhs) = (call.a.count(), call.a.shape(), call.b.shape().1);
        if count == 0 || n == 0 || nrhs == 0 {
            call.info.fill(0);
            return Ok(());
        }
        let ((a, lda), (b, ldb)) = (self.written(&call.a)?, self.written(&call.b)?);
        let infos = self.memory(4 * count)?;
        let (m, n, nrhs, many) = (self.int(m)?, self.int(n)?, self.int(nrhs)?, self.int(count)?);
        let mut info = 0;
        let to = &raw mut info;
        // SAFETY: as above.
        self.call(|library, handle| unsafe { library.gels::<T>(handle, Flag::N as c_int, m, n, nrhs, a, lda, b, ldb, to, infos, many) })?;
        self.put_back()?;
        self.download(infos, call.info)
    }
}
