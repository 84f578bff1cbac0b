#![allow(unsafe_code)]
//! Atomic operations for compiled code: one function for each operation and type.
//!
//! Lanes act one after another in ascending order, as [`crate::op::AtomicOp`] says for one. Where all acting lanes have one address and the operation is a sum, an extreme or a
//! bit operation of integers, the element is touched once and the lanes' old values are computed. Each takes addresses and values of lanes in memory, lane 0 first, and a mask;
//! compiled code guarantees valid pointers, as in [`super::runtime`]. Memory of a block's own, which one thread of the host works on at a time, is read and written plainly ([`Alone`]).

use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::op::AtomicOp;
use crate::types::ScalarType;

/// What every function here looks like: lanes' addresses, the mask, values, expected values (for `Cas`), and where the old values go.
type Entry<T> = unsafe extern "C" fn(*const *const T, u32, *const T, *const T, *mut T);

/// The symbol of an operation on a type, which it takes; `alone`: on memory that no other thread of the host touches meanwhile.
pub(super) fn symbol(op: AtomicOp, ty: ScalarType, alone: bool) -> String {
    // Where the sign does not matter the unsigned one serves both.
    let signed_matters = matches!(op, AtomicOp::Max | AtomicOp::Min | AtomicOp::Nanmax | AtomicOp::Nanmin);
    let bits_only = matches!(op, AtomicOp::Exch | AtomicOp::Cas);
    let name = match (ty, ty.bits()) {
        (ScalarType::F32 | ScalarType::F64, bits) if !bits_only => format!("f{bits}"),
        (ty, bits) if ty.is_signed() && signed_matters => format!("i{bits}"),
        (_, bits) => format!("u{bits}"),
    };
    format!("vg_atomic_{}_{name}{}", op.name(), if alone { "_alone" } else { "" })
}

/// A word of memory that holds an element.
trait Word: Copy + PartialEq {
    /// Its atomic.
    type Atomic;
    unsafe fn atomic<'a>(at: *const Self) -> &'a Self::Atomic;
    fn load(atomic: &Self::Atomic) -> Self;
    fn exchange(atomic: &Self::Atomic, old: Self, new: Self) -> Result<Self, Self>;
}

macro_rules! words {
    ($($t:ident $atomic:ident;)*) => {$(
        impl Word for $t {
            type Atomic = $atomic;
            unsafe fn atomic<'a>(at: *const Self) -> &'a $atomic {
                // SAFETY: the caller's address of an element, checked and aligned, which only atomics touch meanwhile.
                unsafe { $atomic::from_ptr(at.cast_mut()) }
            }
            fn load(atomic: &$atomic) -> $t {
                atomic.load(Ordering::Relaxed)
            }
            fn exchange(atomic: &$atomic, old: $t, new: $t) -> Result<$t, $t> {
                atomic.compare_exchange_weak(old, new, Ordering::SeqCst, Ordering::Relaxed)
            }
        }
    )*};
}

words! {
    u32 AtomicU32;
    u64 AtomicU64;
}

/// Calls `act` for each acting lane, in order.
#[inline(always)]
fn each_lane(mask: u32, mut act: impl FnMut(usize)) {
    if mask == u32::MAX {
        return (0..32).for_each(act);
    }
    let mut left = mask;
    while left != 0 {
        act(left.trailing_zeros() as usize);
        left &= left - 1;
    }
}

/// A way of changing an element in memory.
trait Touch {
    /// Replaces an element by what `next` makes of it, `None` leaving it; gives the old one.
    ///
    /// # Safety
    /// The address of an element, checked and aligned, that is touched in this way only meanwhile.
    unsafe fn update<W: Word>(at: *const W, next: impl Fn(W) -> Option<W>) -> W;
}

/// Against all threads of the host: until nobody comes between.
struct Across;

/// Of elements that the calling thread has to itself.
struct Alone;

impl Touch for Across {
    #[inline(always)]
    unsafe fn update<W: Word>(at: *const W, next: impl Fn(W) -> Option<W>) -> W {
        // SAFETY: the caller's promise.
        let atomic = unsafe { W::atomic(at) };
        let mut old = W::load(atomic);
        while let Some(new) = next(old) {
            match W::exchange(atomic, old, new) {
                Ok(_) => return old,
                Err(other) => old = other,
            }
        }
        old
    }
}

impl Touch for Alone {
    #[inline(always)]
    unsafe fn update<W: Word>(at: *const W, next: impl Fn(W) -> Option<W>) -> W {
        // SAFETY: the caller's promise.
        unsafe {
            let old = *at;
            if let Some(new) = next(old) {
                *at.cast_mut() = new;
            }
            old
        }
    }
}

/// Every lane by itself.
#[inline(always)]
unsafe fn each<T: Touch, W: Word>(at: *const *const W, mask: u32, values: *const W, old: *mut W, next: impl Fn(W, W) -> Option<W>) {
    each_lane(mask, |lane| {
        // SAFETY: 32 of each (module head).
        unsafe {
            let value = *values.add(lane);
            *old.add(lane) = T::update(*at.add(lane), |found| next(found, value));
        }
    });
}

/// As [`each`] for an operation that is associative and whose results depend on nothing but the operands: one touch if all lanes share an address.
#[inline(always)]
unsafe fn together<T: Touch, W: Word>(at: *const *const W, mask: u32, values: *const W, old: *mut W, join: impl Fn(W, W) -> W) {
    let (first, last) = (mask.trailing_zeros() as usize, 31 - mask.leading_zeros() as usize);
    // SAFETY: 32 of each (module head); the mask is not empty.
    unsafe {
        let place = *at.add(first);
        let mut shared = first != last && *at.add(last) == place;
        if shared {
            each_lane(mask, |lane| shared &= *at.add(lane) == place);
        }
        if !shared {
            return each::<T, W>(at, mask, values, old, |found, value| Some(join(found, value)));
        }
        let mut all = *values.add(first);
        each_lane(mask & (mask - 1), |lane| all = join(all, *values.add(lane)));
        let mut found = T::update(place, |found| Some(join(found, all)));
        each_lane(mask, |lane| {
            *old.add(lane) = found;
            found = join(found, *values.add(lane));
        });
    }
}

macro_rules! joined {
    ($($name:ident $t:ident $w:ident |$a:ident, $b:ident| $e:expr;)*) => {$(
        /// See the module head.
        unsafe extern "C" fn $name<T: Touch>(at: *const *const $w, mask: u32, values: *const $w, _expected: *const $w, old: *mut $w) {
            // SAFETY: as the module head says.
            unsafe {
                together::<T, $w>(at, mask, values, old, |a, b| {
                    let ($a, $b) = (a as $t, b as $t);
                    $e as $w
                })
            }
        }
    )*};
}

macro_rules! single {
    ($($name:ident $t:ident $w:ident |$a:ident, $b:ident| $e:expr;)*) => {$(
        /// See the module head.
        unsafe extern "C" fn $name<T: Touch>(at: *const *const $w, mask: u32, values: *const $w, _expected: *const $w, old: *mut $w) {
            // SAFETY: as the module head says.
            unsafe {
                each::<T, $w>(at, mask, values, old, |a, b| {
                    let ($a, $b) = ($t::from_bits(a), $t::from_bits(b));
                    let new: Option<$t> = $e;
                    new.map(|x| x.to_bits())
                })
            }
        }
    )*};
}

/// Integers have bits too, so that one macro serves.
trait Bits: Sized {
    type Word;
    fn from_bits(word: Self::Word) -> Self;
    fn to_bits(self) -> Self::Word;
}

macro_rules! bits {
    ($($t:ident)*) => {$(
        impl Bits for $t {
            type Word = $t;
            fn from_bits(word: $t) -> $t {
                word
            }
            fn to_bits(self) -> $t {
                self
            }
        }
    )*};
}

bits!(u32 u64);

macro_rules! table {
    ($($list:ident! { $($name:ident $t:ident $w:ident |$a:ident, $b:ident| $e:expr;)* })*) => {
        $($list! { $($name $t $w |$a, $b| $e;)* })*

        /// Name and address of every symbol of this file.
        pub(super) fn symbols() -> Vec<(&'static str, *const c_void)> {
            vec![
                $($(
                    (stringify!($name), $name::<Across> as Entry<$w> as *const c_void),
                    (concat!(stringify!($name), "_alone"), $name::<Alone> as Entry<$w> as *const c_void),
                )*)*
                ("vg_atomic_cas_u32", cas::<Across, u32> as Entry<u32> as *const c_void),
                ("vg_atomic_cas_u64", cas::<Across, u64> as Entry<u64> as *const c_void),
                ("vg_atomic_cas_u32_alone", cas::<Alone, u32> as Entry<u32> as *const c_void),
                ("vg_atomic_cas_u64_alone", cas::<Alone, u64> as Entry<u64> as *const c_void),
            ]
        }
    };
}

table! {
    joined! {
        vg_atomic_add_u32 u32 u32 |a, b| a.wrapping_add(b);
        vg_atomic_add_u64 u64 u64 |a, b| a.wrapping_add(b);
        vg_atomic_and_u32 u32 u32 |a, b| a & b;
        vg_atomic_and_u64 u64 u64 |a, b| a & b;
        vg_atomic_or_u32 u32 u32 |a, b| a | b;
        vg_atomic_or_u64 u64 u64 |a, b| a | b;
        vg_atomic_xor_u32 u32 u32 |a, b| a ^ b;
        vg_atomic_xor_u64 u64 u64 |a, b| a ^ b;
        vg_atomic_max_u32 u32 u32 |a, b| a.max(b);
        vg_atomic_max_u64 u64 u64 |a, b| a.max(b);
        vg_atomic_max_i32 i32 u32 |a, b| a.max(b);
        vg_atomic_max_i64 i64 u64 |a, b| a.max(b);
        vg_atomic_min_u32 u32 u32 |a, b| a.min(b);
        vg_atomic_min_u64 u64 u64 |a, b| a.min(b);
        vg_atomic_min_i32 i32 u32 |a, b| a.min(b);
        vg_atomic_min_i64 i64 u64 |a, b| a.min(b);
        vg_atomic_nanmax_u32 u32 u32 |a, b| a.max(b);
        vg_atomic_nanmax_u64 u64 u64 |a, b| a.max(b);
        vg_atomic_nanmax_i32 i32 u32 |a, b| a.max(b);
        vg_atomic_nanmax_i64 i64 u64 |a, b| a.max(b);
        vg_atomic_nanmin_u32 u32 u32 |a, b| a.min(b);
        vg_atomic_nanmin_u64 u64 u64 |a, b| a.min(b);
        vg_atomic_nanmin_i32 i32 u32 |a, b| a.min(b);
        vg_atomic_nanmin_i64 i64 u64 |a, b| a.min(b);
    }
    single! {
        vg_atomic_add_f32 f32 u32 |a, b| Some(a + b);
        vg_atomic_add_f64 f64 u64 |a, b| Some(a + b);
        vg_atomic_sub_f32 f32 u32 |a, b| Some(a - b);
        vg_atomic_sub_f64 f64 u64 |a, b| Some(a - b);
        vg_atomic_sub_u32 u32 u32 |a, b| Some(a.wrapping_sub(b));
        vg_atomic_sub_u64 u64 u64 |a, b| Some(a.wrapping_sub(b));
        vg_atomic_inc_u32 u32 u32 |a, b| Some(if a >= b { 0 } else { a + 1 });
        vg_atomic_inc_u64 u64 u64 |a, b| Some(if a >= b { 0 } else { a + 1 });
        vg_atomic_dec_u32 u32 u32 |a, b| Some(if a == 0 || a > b { b } else { a - 1 });
        vg_atomic_dec_u64 u64 u64 |a, b| Some(if a == 0 || a > b { b } else { a - 1 });
        vg_atomic_exch_u32 u32 u32 |_a, b| Some(b);
        vg_atomic_exch_u64 u64 u64 |_a, b| Some(b);
        vg_atomic_max_f32 f32 u32 |a, b| (b > a).then_some(b);
        vg_atomic_max_f64 f64 u64 |a, b| (b > a).then_some(b);
        vg_atomic_min_f32 f32 u32 |a, b| (b < a).then_some(b);
        vg_atomic_min_f64 f64 u64 |a, b| (b < a).then_some(b);
        vg_atomic_nanmax_f32 f32 u32 |a, b| (b > a || a.is_nan()).then_some(b);
        vg_atomic_nanmax_f64 f64 u64 |a, b| (b > a || a.is_nan()).then_some(b);
        vg_atomic_nanmin_f32 f32 u32 |a, b| (b < a || a.is_nan()).then_some(b);
        vg_atomic_nanmin_f64 f64 u64 |a, b| (b < a || a.is_nan()).then_some(b);
    }
}

/// See the module head.
unsafe extern "C" fn cas<T: Touch, W: Word>(at: *const *const W, mask: u32, values: *const W, expected: *const W, old: *mut W) {
    each_lane(mask, |lane| {
        // SAFETY: 32 of each (module head).
        unsafe {
            let (value, wanted) = (*values.add(lane), *expected.add(lane));
            *old.add(lane) = T::update(*at.add(lane), |found: W| (found == wanted).then_some(value));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;

    /// Values near every edge of a type.
    fn samples(ty: ScalarType) -> Vec<Scalar> {
        if ty.is_float() {
            return [0.0, -0.0, 1.5, -2.25, f64::INFINITY, f64::NAN].map(|x| Scalar::float(ty, x)).to_vec();
        }
        [0, 1, 2, 7, i128::from(i32::MAX), i128::from(i64::MIN), -1].map(|x| Scalar::int(ty, x)).to_vec()
    }

    fn run<W: Word>(
        entry: *const c_void,
        cells: &mut [W],
        addresses: &[usize; 32],
        mask: u32,
        values: &[W; 32],
        expected: &[W; 32],
        old: &mut [W; 32],
    ) {
        let at: Vec<*const W> = addresses.iter().map(|n| &raw const cells[*n]).collect();
        // SAFETY: every function of the table has this type, for words of this size.
        let entry: Entry<W> = unsafe { std::mem::transmute(entry) };
        // SAFETY: 32 addresses of cells that live through the call.
        unsafe { entry(at.as_ptr(), mask, values.as_ptr(), expected.as_ptr(), old.as_mut_ptr()) };
    }

    #[test]
    fn every_function_does_what_the_steps_of_its_lanes_do() {
        let table = symbols();
        let mut seen = std::collections::BTreeSet::new();
        for (op, alone) in AtomicOp::ALL.iter().flat_map(|op| [(op, false), (op, true)]) {
            for ty in ScalarType::ALL.into_iter().filter(|t| op.takes(*t)) {
                let name = symbol(*op, ty, alone);
                let entry = table.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no {name}")).1;
                seen.insert(name.clone());
                let samples = samples(ty);
                let pick = |n: usize| samples[n % samples.len()];
                for (shared, mask) in [(true, u32::MAX), (false, u32::MAX), (true, 0x8000_0412), (false, 1), (true, 1 << 31)] {
                    let addresses: [usize; 32] = std::array::from_fn(|lane| if shared { 3 } else { lane * 5 % 7 });
                    let mut cells: Vec<Scalar> = (0..7).map(pick).collect();
                    let start: Vec<u64> = cells.iter().map(|c| c.bits()).collect();
                    let values: [Scalar; 32] = std::array::from_fn(|lane| pick(lane * 3 + 1));
                    let expected: [Scalar; 32] = std::array::from_fn(pick);
                    let mut right = [0u64; 32];
                    for lane in (0..32).filter(|l| mask >> l & 1 == 1) {
                        let cell = &mut cells[addresses[lane]];
                        right[lane] = cell.bits();
                        *cell = op.step(*cell, values[lane], Some(expected[lane]));
                    }
                    let (got, old) = if ty.bits() == 32 {
                        let mut words: Vec<u32> = start.iter().map(|w| *w as u32).collect();
                        let mut old = [0; 32];
                        run(entry, &mut words, &addresses, mask, &values.map(|v| v.bits() as u32), &expected.map(|v| v.bits() as u32), &mut old);
                        (words.into_iter().map(u64::from).collect::<Vec<_>>(), old.map(u64::from))
                    } else {
                        let (mut words, mut old) = (start, [0; 32]);
                        run(entry, &mut words, &addresses, mask, &values.map(|v| v.bits()), &expected.map(|v| v.bits()), &mut old);
                        (words, old)
                    };
                    let same = |a: u64, b: u64| {
                        let (x, y) = (Scalar::from_bits(ty, a), Scalar::from_bits(ty, b));
                        a == b || (ty.is_float() && x.as_f64().is_nan() && y.as_f64().is_nan())
                    };
                    assert!(got.iter().zip(&cells).all(|(a, b)| same(*a, b.bits())), "{name} {mask:x}: {got:x?} {cells:?}");
                    assert!(old.iter().zip(&right).all(|(a, b)| same(*a, *b)), "{name} {mask:x}: old {old:x?} {right:x?}");
                }
            }
        }
        let unused: Vec<_> = table.iter().filter(|(n, _)| !seen.contains(*n)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
