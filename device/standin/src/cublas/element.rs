//! Elements of the four types in memory, as complex numbers of float64; triangles and bands of them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::leading;
use crate::memory::Memory;
use crate::state::Outcome;

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Z(pub(super) f64, pub(super) f64);

pub(super) const ZERO: Z = Z(0.0, 0.0);
pub(super) const ONE: Z = Z(1.0, 0.0);

impl Add for Z {
    type Output = Z;
    fn add(self, o: Z) -> Z {
        Z(self.0 + o.0, self.1 + o.1)
    }
}
impl Sub for Z {
    type Output = Z;
    fn sub(self, o: Z) -> Z {
        Z(self.0 - o.0, self.1 - o.1)
    }
}
impl Neg for Z {
    type Output = Z;
    fn neg(self) -> Z {
        Z(-self.0, -self.1)
    }
}
impl Mul for Z {
    type Output = Z;
    fn mul(self, o: Z) -> Z {
        // Real numbers stay real, also where they are not finite.
        if self.1 == 0.0 && o.1 == 0.0 { Z(self.0 * o.0, 0.0) } else { Z(self.0 * o.0 - self.1 * o.1, self.0 * o.1 + self.1 * o.0) }
    }
}
impl Div for Z {
    type Output = Z;
    fn div(self, o: Z) -> Z {
        if o.1 == 0.0 {
            return Z(self.0 / o.0, self.1 / o.0);
        }
        let by = o.0 * o.0 + o.1 * o.1;
        Z((self.0 * o.0 + self.1 * o.1) / by, (self.1 * o.0 - self.0 * o.1) / by)
    }
}

impl Z {
    pub(super) fn conj_if(self, conj: bool) -> Z {
        if conj { Z(self.0, -self.1) } else { self }
    }

    /// |re| + |im|.
    pub(super) fn size(self) -> f64 {
        self.0.abs() + self.1.abs()
    }

    pub(super) fn squared(self) -> f64 {
        self.0 * self.0 + self.1 * self.1
    }
}

pub(super) fn width(letter: char) -> usize {
    match letter {
        'b' => 1,
        'h' | 'w' => 2,
        'S' | 'i' => 4,
        'D' | 'C' => 8,
        _ => 16,
    }
}

/// The types of low precision by their numbers of `cudaDataType_t`: float32, float16, int8, int32, bfloat16.
pub(super) fn letter_of(number: i32) -> Option<char> {
    Some(match number {
        0 => 'S',
        2 => 'h',
        3 => 'b',
        10 => 'i',
        14 => 'w',
        _ => return None,
    })
}

fn from_half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = if exponent == 0 { fraction * 2.0_f64.powi(-24) } else { (1024.0 + fraction) * 2.0_f64.powi(exponent - 25) };
    if bits >> 15 == 1 { -size } else { size }
}

/// Rounded to nearest even; for numbers that float16 holds.
fn to_half(value: f64) -> u16 {
    let size = value.abs();
    let exponent = if size == 0.0 { -14 } else { (size.log2().floor() as i32).max(-14) };
    let steps = (size * 2.0_f64.powi(10 - exponent)).round_ties_even() as i32;
    let bits = if steps < 1024 { steps } else { ((exponent + 15) << 10) + steps - 1024 };
    bits as u16 | if value < 0.0 { 1 << 15 } else { 0 }
}

fn decode(letter: char, b: &[u8]) -> Z {
    let single = |at: usize| f64::from(f32::from_ne_bytes(b[at..at + 4].try_into().expect("four bytes")));
    let double = |at: usize| f64::from_ne_bytes(b[at..at + 8].try_into().expect("eight bytes"));
    match letter {
        'S' => Z(single(0), 0.0),
        'D' => Z(double(0), 0.0),
        'C' => Z(single(0), single(4)),
        'b' => Z(f64::from(b[0] as i8), 0.0),
        'h' => Z(from_half(u16::from_ne_bytes([b[0], b[1]])), 0.0),
        'w' => Z(f64::from(f32::from_bits(u32::from(u16::from_ne_bytes([b[0], b[1]])) << 16)), 0.0),
        'i' => Z(f64::from(i32::from_ne_bytes(b[..4].try_into().expect("four bytes"))), 0.0),
        _ => Z(double(0), double(8)),
    }
}

fn encode(letter: char, z: Z) -> Vec<u8> {
    match letter {
        'S' => (z.0 as f32).to_ne_bytes().to_vec(),
        'D' => z.0.to_ne_bytes().to_vec(),
        'b' => vec![z.0 as i8 as u8],
        'h' => to_half(z.0).to_ne_bytes().to_vec(),
        'w' => (((z.0 as f32).to_bits() >> 16) as u16).to_ne_bytes().to_vec(),
        'i' => (z.0 as i32).to_ne_bytes().to_vec(),
        'C' => [(z.0 as f32).to_ne_bytes(), (z.1 as f32).to_ne_bytes()].concat(),
        _ => [z.0.to_ne_bytes(), z.1.to_ne_bytes()].concat(),
    }
}

/// A number in host memory.
pub(super) fn host(letter: char, at: usize) -> Z {
    // SAFETY: a number of this type that the caller of the library gave.
    decode(letter, unsafe { std::slice::from_raw_parts(at as *const u8, width(letter)) })
}

/// Writes a number to host memory.
pub(super) fn to_host(letter: char, at: usize, z: Z) {
    let bytes = encode(letter, z);
    // SAFETY: room for a number of this type that the caller of the library gave.
    unsafe { (at as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

/// A vector by its address and the elements from one of it to the next.
pub(super) type Vector = (u64, i64);

/// A matrix by its address and its leading dimension.
pub(super) type Matrix = (u64, i64);

/// Device memory as elements of a type.
pub(super) struct Elements<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) letter: char,
}

impl Elements<'_> {
    pub(super) fn get(&mut self, base: u64, index: i64) -> Outcome<Z> {
        let width = width(self.letter);
        let bytes = self.memory.bytes(base.wrapping_add_signed(index * width as i64), width)?;
        Ok(decode(self.letter, bytes))
    }

    pub(super) fn set(&mut self, base: u64, index: i64, z: Z) -> Outcome {
        let bytes = encode(self.letter, z);
        self.memory.bytes(base.wrapping_add_signed(index * bytes.len() as i64), bytes.len())?.copy_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn ints(&mut self, base: u64, n: usize) -> Outcome<Vec<i32>> {
        let bytes = self.memory.bytes(base, 4 * n)?;
        Ok(bytes.chunks(4).map(|b| i32::from_ne_bytes(b.try_into().expect("four bytes"))).collect())
    }

    pub(super) fn set_ints(&mut self, base: u64, values: &[i32]) -> Outcome {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        self.memory.bytes(base, bytes.len())?.copy_from_slice(&bytes);
        Ok(())
    }

    /// Addresses in memory.
    pub(super) fn places(&mut self, base: u64, n: i64) -> Outcome<Vec<u64>> {
        let bytes = self.memory.bytes(base, 8 * n as usize)?;
        Ok(bytes.chunks(8).map(|b| u64::from_ne_bytes(b.try_into().expect("eight bytes"))).collect())
    }

    /// A vector; where steps are negative the first element is the last in memory.
    pub(super) fn vector(&mut self, (x, inc): Vector, n: i64) -> Outcome<Vec<Z>> {
        (0..n).map(|i| self.get(x, step(i, inc, n))).collect()
    }

    pub(super) fn set_vector(&mut self, (x, inc): Vector, values: &[Z]) -> Outcome {
        let n = values.len() as i64;
        values.iter().enumerate().try_for_each(|(i, z)| self.set(x, step(i as i64, inc, n), *z))
    }

    /// A matrix, column after column.
    pub(super) fn matrix(&mut self, (a, ld): Matrix, rows: i64, cols: i64) -> Outcome<Dense> {
        let mut made = Dense::zeros(rows, cols);
        for j in 0..cols {
            for i in 0..rows {
                made.set(i, j, self.get(a, i + j * ld)?);
            }
        }
        Ok(made)
    }

    pub(super) fn set_matrix(&mut self, (a, ld): Matrix, values: &Dense) -> Outcome {
        (0..values.cols).try_for_each(|j| (0..values.rows).try_for_each(|i| self.set(a, i + j * ld, values.get(i, j))))
    }

    /// What a flag makes of a matrix: it is `rows` x `cols` then.
    pub(super) fn op(&mut self, flag: i32, a: Matrix, rows: i64, cols: i64) -> Outcome<Dense> {
        let (r, c) = if flag == 0 { (rows, cols) } else { (cols, rows) };
        Ok(self.matrix(a, r, c)?.op(flag))
    }

    /// The stored triangle of a square matrix, zeros elsewhere.
    pub(super) fn triangle(&mut self, form: Form, uplo: i32, n: i64) -> Outcome<Dense> {
        let mut made = Dense::zeros(n, n);
        for j in 0..n {
            for i in 0..n {
                if let Some((at, index)) = form.place(uplo, n, i, j) {
                    made.set(i, j, self.get(at, index)?);
                }
            }
        }
        Ok(made)
    }

    pub(super) fn set_triangle(&mut self, form: Form, uplo: i32, values: &Dense) -> Outcome {
        let n = values.rows;
        for j in 0..n {
            for i in 0..n {
                if let Some((at, index)) = form.place(uplo, n, i, j) {
                    self.set(at, index, values.get(i, j))?;
                }
            }
        }
        Ok(())
    }
}

fn step(i: i64, inc: i64, n: i64) -> i64 {
    if inc >= 0 { i * inc } else { (i - (n - 1)) * inc }
}

/// How a triangle is stored.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Full(Matrix),
    /// With so many diagonals beside the main one.
    Band(Matrix, i64),
    Packed(u64),
}

impl Form {
    /// Whether the leading dimension is one of a triangle of so many rows.
    pub(super) fn check(self, n: i64) -> Outcome {
        match self {
            Form::Full((_, ld)) => leading(ld, n),
            Form::Band((_, ld), k) => leading(ld, k + 1),
            Form::Packed(_) => Ok(()),
        }
    }

    /// Where an element is, if it is in the stored triangle and the band.
    fn place(self, uplo: i32, n: i64, i: i64, j: i64) -> Option<(u64, i64)> {
        let upper = uplo == 1;
        if if upper { i > j } else { i < j } {
            return None;
        }
        match self {
            Form::Full((a, ld)) => Some((a, i + j * ld)),
            Form::Band(_, k) if (i - j).abs() > k => None,
            Form::Band((a, ld), k) => Some((a, if upper { k + i - j } else { i - j } + j * ld)),
            Form::Packed(a) => Some((a, if upper { i + j * (j + 1) / 2 } else { i + (2 * n - j - 1) * j / 2 })),
        }
    }
}

/// A matrix of numbers.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    pub(super) rows: i64,
    pub(super) cols: i64,
    values: Vec<Z>,
}

impl Dense {
    pub(super) fn zeros(rows: i64, cols: i64) -> Dense {
        Dense { rows, cols, values: vec![ZERO; (rows * cols) as usize] }
    }

    pub(super) fn get(&self, i: i64, j: i64) -> Z {
        self.values[(i + j * self.rows) as usize]
    }

    pub(super) fn set(&mut self, i: i64, j: i64, z: Z) {
        self.values[(i + j * self.rows) as usize] = z;
    }

    pub(super) fn op(&self, flag: i32) -> Dense {
        if flag == 0 {
            return self.clone();
        }
        let mut made = Dense::zeros(self.cols, self.rows);
        for j in 0..self.cols {
            for i in 0..self.rows {
                made.set(j, i, self.get(i, j).conj_if(flag == 2));
            }
        }
        made
    }

    pub(super) fn times(&self, other: &Dense) -> Dense {
        let mut made = Dense::zeros(self.rows, other.cols);
        for j in 0..other.cols {
            for i in 0..self.rows {
                made.set(i, j, (0..self.cols).fold(ZERO, |sum, k| sum + self.get(i, k) * other.get(k, j)));
            }
        }
        made
    }

    /// A triangle completed to a symmetric or Hermitian matrix.
    pub(super) fn whole(mut self, uplo: i32, hermitian: bool) -> Dense {
        for j in 0..self.cols {
            for i in 0..self.rows {
                let stored = if uplo == 1 { i <= j } else { i >= j };
                if !stored {
                    self.set(i, j, self.get(j, i).conj_if(hermitian));
                } else if i == j && hermitian {
                    self.set(i, j, Z(self.get(i, j).0, 0.0));
                }
            }
        }
        self
    }

    pub(super) fn unit_if(mut self, unit: bool) -> Dense {
        (0..self.rows).filter(|_| unit).for_each(|i| self.set(i, i, ONE));
        self
    }

    /// The solution of `self` X = `right`, by elimination with pivots.
    pub(super) fn solve(mut self, mut right: Dense) -> Dense {
        let n = self.rows;
        for k in 0..n {
            let pivot = (k..n).max_by(|&a, &b| self.get(a, k).squared().total_cmp(&self.get(b, k).squared())).unwrap_or(k);
            self.exchange(k, pivot);
            right.exchange(k, pivot);
            for i in k + 1..n {
                let by = self.get(i, k) / self.get(k, k);
                if by == ZERO {
                    continue;
                }
                (k..n).for_each(|j| self.set(i, j, self.get(i, j) - by * self.get(k, j)));
                (0..right.cols).for_each(|j| right.set(i, j, right.get(i, j) - by * right.get(k, j)));
            }
        }
        for j in 0..right.cols {
            for i in (0..n).rev() {
                let known = (i + 1..n).fold(ZERO, |sum, k| sum + self.get(i, k) * right.get(k, j));
                right.set(i, j, (right.get(i, j) - known) / self.get(i, i));
            }
        }
        right
    }

    pub(super) fn exchange(&mut self, a: i64, b: i64) {
        for j in 0..self.cols {
            let (x, y) = (self.get(a, j), self.get(b, j));
            self.set(a, j, y);
            self.set(b, j, x);
        }
    }
}
