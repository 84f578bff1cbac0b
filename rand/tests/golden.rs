//! Outputs of cuRAND's host library, reproduced: every value by a hash of the whole output, or,
//! where the C library is not the one that cuRAND ran on, the stored values within a few units in
//! the last place.

use serde_json::Value;
use sha2::{Digest, Sha256};
use verdigris_rand::{Generator, Kind, Ordering};

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
        _ => panic!("no ordering {name}"),
    }
}

fn generate(generator: &mut Generator, call: &Value) -> Output {
    let n = call["n"].as_u64().unwrap() as usize;
    let arg = |i: usize, default: f64| call["args"].get(i).map_or(default, |arg| arg.as_f64().unwrap());
    let (mut u, mut f, mut d) = (vec![0; n], vec![0.0; n], vec![0.0; n]);
    let ints = |u: Vec<u32>| Output { bits: u.into_iter().map(u64::from).collect(), bytes: 4 };
    let floats = |f: Vec<f32>| Output { bits: f.into_iter().map(|f| u64::from(f.to_bits())).collect(), bytes: 4 };
    let doubles = |d: Vec<f64>| Output { bits: d.into_iter().map(f64::to_bits).collect(), bytes: 8 };
    match call["distribution"].as_str().unwrap() {
        "u32" => generator.generate_u32(&mut u).map(|()| ints(u)),
        "poisson" => generator.poisson(&mut u, arg(0, 0.0)).map(|()| ints(u)),
        "uniform_f32" => generator.uniform_f32(&mut f).map(|()| floats(f)),
        "uniform_f64" => generator.uniform_f64(&mut d).map(|()| doubles(d)),
        "normal_f32" => generator.normal_f32(&mut f, arg(0, 0.0) as f32, arg(1, 1.0) as f32).map(|()| floats(f)),
        "normal_f64" => generator.normal_f64(&mut d, arg(0, 0.0), arg(1, 1.0)).map(|()| doubles(d)),
        "lognormal_f32" => generator.lognormal_f32(&mut f, arg(0, 0.0) as f32, arg(1, 1.0) as f32).map(|()| floats(f)),
        "lognormal_f64" => generator.lognormal_f64(&mut d, arg(0, 0.0), arg(1, 1.0)).map(|()| doubles(d)),
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

/// What differs between an output and its golden entry; empty if nothing does.
fn differences(output: &Output, call: &Value, bits_must_match: bool) -> Vec<String> {
    let mut found = Vec::new();
    if bits_must_match && output.sha256() != call["sha256"].as_str().unwrap() {
        found.push("the hash of all values".to_owned());
    }
    let tolerance = if bits_must_match { 0 } else { LIBM_ULP };
    let first = call["first"].as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).enumerate();
    let samples = call["samples"].as_array().unwrap().iter().map(|s| (s[0].as_u64().unwrap() as usize, s[1].as_u64().unwrap()));
    for (i, want) in first.chain(samples) {
        let ulp = output.ulp(i, want);
        if ulp > tolerance {
            found.push(format!("value {i}: {:#x} for {want:#x}, {ulp} ULP", output.bits[i]));
        }
    }
    found
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/xorwow.json")).unwrap()
}

#[test]
fn all_of_curand_xorwow() {
    let golden_libm = golden_libm();
    let mut outputs = 0;
    let mut failures = Vec::new();
    for entry in golden()["entries"].as_array().unwrap() {
        let mut generator = Generator::builder(Kind::Xorwow)
            .seed(entry["seed"].as_u64().unwrap())
            .offset(entry["offset"].as_u64().unwrap())
            .ordering(ordering(entry["ordering"].as_str().unwrap()))
            .build()
            .unwrap();
        for (i, call) in entry["calls"].as_array().unwrap().iter().enumerate() {
            if let Some(offset) = call.get("set_offset") {
                generator.set_offset(offset.as_u64().unwrap());
                continue;
            }
            if let Some(seed) = call.get("set_seed") {
                generator.set_seed(seed.as_u64().unwrap());
                continue;
            }
            let output = generate(&mut generator, call);
            let bits_must_match = golden_libm || !call["libm"].as_bool().unwrap();
            let found = differences(&output, call, bits_must_match);
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
    assert_eq!(outputs, 86);
}

/// The comparison used where the C library differs sees one wrong value.
#[test]
fn the_tolerant_comparison_can_fail() {
    let golden = golden();
    let entries = golden["entries"].as_array().unwrap();
    let call = entries.iter().map(|entry| &entry["calls"][0]).find(|call| call["distribution"] == "normal_f64").unwrap();
    let n = call["n"].as_u64().unwrap() as usize;
    let mut output = Output { bits: vec![0; n], bytes: 8 };
    for (i, value) in call["first"].as_array().unwrap().iter().enumerate() {
        output.bits[i] = value.as_u64().unwrap();
    }
    for sample in call["samples"].as_array().unwrap() {
        output.bits[sample[0].as_u64().unwrap() as usize] = sample[1].as_u64().unwrap();
    }
    assert_eq!(differences(&output, call, false), [""; 0]);
    output.bits[3] += LIBM_ULP;
    assert_eq!(differences(&output, call, false), [""; 0]);
    output.bits[3] += 1;
    assert_eq!(differences(&output, call, false).len(), 1);
    output.bits[3] ^= 1 << 63;
    assert_eq!(differences(&output, call, false).len(), 1);
}
