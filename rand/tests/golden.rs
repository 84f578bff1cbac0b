//! Outputs of cuRAND's host library, reproduced: every value by a hash of the whole output, or,
//! where the C library is not the one that cuRAND ran on, the stored values within a few units in
//! the last place.

use serde_json::Value;
use sha2::{Digest, Sha256};
use verdigris_rand::{Error, Generator, Kind, Ordering};

/// Units in the last place that another C library may move a normal or lognormal value.
const LIBM_ULP: u64 = 8;

/// An output as bit patterns, and how many bytes each has.
struct Output {
    bits: Vec<u64>,
    bytes: usize,
}

impl Output {
    fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for bits in &self.bits {
            hash.update(&bits.to_le_bytes()[..self.bytes]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many floating-point numbers lie between value `i` and `want`.
    fn ulp(&self, i: usize, want: u64) -> u64 {
        let ordered = |bits: u64| {
            let sign = 1_i128 << (8 * self.bytes - 1);
            let bits = i128::from(bits);
            if bits >= sign { sign - bits } else { bits }
        };
        u64::try_from((ordered(self.bits[i]) - ordered(want)).abs()).unwrap()
    }
}

fn ordering(name: &str) -> Ordering {
    match name {
        "best" => Ordering::Best,
        "default" => Ordering::Default,
        "legacy" => Ordering::Legacy,
        "seeded" => Ordering::Seeded,
        "quasi" => Ordering::Quasi,
        _ => panic!("no ordering {name}"),
    }
}

fn generate(generator: &mut Generator, call: &Value) -> Output {
    let n = call["n"].as_u64().unwrap() as usize;
    let arg = |i: usize, default: f64| call["args"].get(i).map_or(default, |arg| arg.as_f64().unwrap());
    let (mut u, mut l, mut f, mut d) = (vec![0; n], vec![0; n], vec![0.0; n], vec![0.0; n]);
    let ints = |u: Vec<u32>| Output { bits: u.into_iter().map(u64::from).collect(), bytes: 4 };
    let floats = |f: Vec<f32>| Output { bits: f.into_iter().map(|f| u64::from(f.to_bits())).collect(), bytes: 4 };
    let doubles = |d: Vec<f64>| Output { bits: d.into_iter().map(f64::to_bits).collect(), bytes: 8 };
    match call["distribution"].as_str().unwrap() {
        "u64" => generator.generate_u64(&mut l).map(|()| Output { bits: l, bytes: 8 }),
        "u32" => generator.generate_u32(&mut u).map(|()| ints(u)),
        "poisson" => generator.poisson(&mut u, arg(0, 0.0)).map(|()| ints(u)),
        "uniform_f32" => generator.uniform_f32(&mut f).map(|()| floats(f)),
        "uniform_f64" => generator.uniform_f64(&mut d).map(|()| doubles(d)),
        "normal_f32" => generator.curand_normal_f32(&mut f, arg(0, 0.0) as f32, arg(1, 1.0) as f32).map(|()| floats(f)),
        "normal_f64" => generator.curand_normal_f64(&mut d, arg(0, 0.0), arg(1, 1.0)).map(|()| doubles(d)),
        "lognormal_f32" => generator.curand_lognormal_f32(&mut f, arg(0, 0.0) as f32, arg(1, 1.0) as f32).map(|()| floats(f)),
        "lognormal_f64" => generator.curand_lognormal_f64(&mut d, arg(0, 0.0), arg(1, 1.0)).map(|()| doubles(d)),
        other => panic!("no distribution {other}"),
    }
    .unwrap()
}

/// Whether this machine's C library is the one that cuRAND ran on, in the variant that it ran.
fn golden_libm() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
    {
        let version = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output();
        let glibc = version.is_ok_and(|version| version.stdout.trim_ascii() == b"glibc 2.36");
        glibc && is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") && std::env::var_os("GLIBC_TUNABLES").is_none()
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
    false
}

/// The values of a golden entry that are kept: where they stand, and their bits.
fn kept(call: &Value) -> impl Iterator<Item = (usize, u64)> {
    let first = call["first"].as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).enumerate();
    first.chain(call["samples"].as_array().unwrap().iter().map(|sample| (sample[0].as_u64().unwrap() as usize, sample[1].as_u64().unwrap())))
}

/// What differs between an output and its golden entry; empty if nothing does. `ulp` counts where the bits need not match.
fn differences(output: &Output, call: &Value, bits_must_match: bool, ulp: u64) -> Vec<String> {
    let mut found = Vec::new();
    if bits_must_match && output.sha256() != call["sha256"].as_str().unwrap() {
        found.push("the hash of all values".to_owned());
    }
    let tolerance = if bits_must_match { 0 } else { ulp };
    for (i, want) in kept(call) {
        let away = output.ulp(i, want);
        if away > tolerance {
            found.push(format!("value {i}: {:#x} for {want:#x}, {away} ULP", output.bits[i]));
        }
    }
    found
}

fn golden(kind: Kind) -> Value {
    let text = match kind {
        Kind::Xorwow => include_str!("golden/xorwow.json"),
        Kind::Mrg32k3a => include_str!("golden/mrg32k3a.json"),
        Kind::Philox4x32 => include_str!("golden/philox.json"),
        Kind::Mt19937 => include_str!("golden/mt19937.json"),
        Kind::Mtgp32 => include_str!("golden/mtgp32.json"),
        Kind::Sobol32 => include_str!("golden/sobol32.json"),
        Kind::ScrambledSobol32 => include_str!("golden/scrambled_sobol32.json"),
        Kind::Sobol64 => include_str!("golden/sobol64.json"),
        Kind::ScrambledSobol64 => include_str!("golden/scrambled_sobol64.json"),
        _ => panic!("no golden outputs of {kind}"),
    };
    serde_json::from_str(text).unwrap()
}

fn build(kind: Kind, entry: &Value) -> Result<Generator, Error> {
    let mut builder = Generator::builder(kind).ordering(ordering(entry["ordering"].as_str().unwrap()));
    if let Some(seed) = entry.get("seed").and_then(Value::as_u64) {
        builder = if kind.has_seed() { builder.seed(seed) } else { builder };
    }
    if let Some(dims) = entry.get("dims").and_then(Value::as_u64) {
        builder = builder.dims(dims as usize);
    }
    builder.offset(entry["offset"].as_u64().unwrap()).build()
}

/// Every output of a kind; the float64 normals of the generators by inversion are our own function's and within a few units in the last place.
fn all_of(kind: Kind, expected: usize) {
    let golden_libm = golden_libm();
    let mut outputs = 0;
    let mut failures = Vec::new();
    for entry in golden(kind)["entries"].as_array().unwrap() {
        let mut generator = match build(kind, entry) {
            Ok(generator) => generator,
            Err(Error::Tables { .. }) => {
                eprintln!("not checked: {kind} needs tables of an installed cuRAND");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        for (i, call) in entry["calls"].as_array().unwrap().iter().enumerate() {
            if let Some(offset) = call.get("set_offset") {
                generator.set_offset(offset.as_u64().unwrap()).unwrap();
                continue;
            }
            if let Some(seed) = call.get("set_seed") {
                generator.set_seed(seed.as_u64().unwrap()).unwrap();
                continue;
            }
            let output = generate(&mut generator, call);
            let own_inverse = !kind.makes_pairs() && kind != Kind::Philox4x32 && call["distribution"].as_str().unwrap().ends_with("normal_f64");
            let bits_must_match = !own_inverse && (golden_libm || !call["libm"].as_bool().unwrap());
            // A lognormal's exponential magnifies what its normal is off by.
            let ulp = if own_inverse { 4 * LIBM_ULP } else { LIBM_ULP };
            let found = differences(&output, call, bits_must_match, ulp);
            if !found.is_empty() {
                let head = format!(
                    "{} {} seed {} offset {} n {} (call {i})",
                    entry["ordering"], call["distribution"], entry["seed"], entry["offset"], call["n"]
                );
                failures.push(format!("{head}: {}", found.join("; ")));
            }
            outputs += 1;
        }
    }
    assert!(failures.is_empty(), "{} of {outputs} outputs differ:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(outputs, expected);
}

#[test]
fn all_of_curand_xorwow() {
    all_of(Kind::Xorwow, 86);
}

#[test]
fn all_of_curand_mrg32k3a() {
    all_of(Kind::Mrg32k3a, 80);
}

#[test]
fn all_of_curand_philox() {
    all_of(Kind::Philox4x32, 49);
}

#[test]
fn all_of_curand_mt19937() {
    all_of(Kind::Mt19937, 5);
}

#[test]
fn all_of_curand_mtgp32() {
    all_of(Kind::Mtgp32, 14);
}

#[test]
fn all_of_curand_sobol() {
    all_of(Kind::Sobol32, 20);
    all_of(Kind::Sobol64, 20);
}

#[test]
fn all_of_curand_scrambled_sobol() {
    all_of(Kind::ScrambledSobol32, 20);
    all_of(Kind::ScrambledSobol64, 20);
}

/// The comparison used where the C library differs sees one wrong value.
#[test]
fn the_tolerant_comparison_can_fail() {
    let golden = golden(Kind::Xorwow);
    let entries = golden["entries"].as_array().unwrap();
    let call = entries.iter().map(|entry| &entry["calls"][0]).find(|call| call["distribution"] == "normal_f64").unwrap();
    let n = call["n"].as_u64().unwrap() as usize;
    let mut output = Output { bits: vec![0; n], bytes: 8 };
    kept(call).for_each(|(i, bits)| output.bits[i] = bits);
    assert_eq!(differences(&output, call, false, LIBM_ULP), [""; 0]);
    output.bits[3] += LIBM_ULP;
    assert_eq!(differences(&output, call, false, LIBM_ULP), [""; 0]);
    output.bits[3] += 1;
    assert_eq!(differences(&output, call, false, LIBM_ULP).len(), 1);
    output.bits[3] ^= 1 << 63;
    assert_eq!(differences(&output, call, false, LIBM_ULP).len(), 1);
}
