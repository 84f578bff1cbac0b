//! How many million numbers a second are made: `cargo run --release -p verdigris-rand --example speed [threads] [kind ...]`; by one thread if no number is given.

use std::time::Instant;

use verdigris_rand::{Error, Generator, Kind};

const N: usize = 10_000_000;

fn time(name: &str, generator: &mut Generator, mut call: impl FnMut(&mut Generator) -> Result<(), Error>) -> Result<(), Error> {
    let mut best = f64::INFINITY;
    for _ in 0..6 {
        let start = Instant::now();
        call(generator)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{:>10}  {name:<20} {:>7.0} M/s", generator.kind().name(), N as f64 / best / 1e6);
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let threads = names.first().and_then(|word| word.parse().ok());
    if threads.is_some() {
        names.remove(0);
    }
    let kinds = if names.is_empty() {
        vec![Kind::Xorwow, Kind::Philox4x32, Kind::Mrg32k3a, Kind::Sobol32]
    } else {
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(1)).build()?;
    pool.install(|| -> Result<(), Error> {
        let (mut u, mut f, mut d) = (vec![0_u32; N], vec![0.0_f32; N], vec![0.0_f64; N]);
        for kind in kinds {
            let mut generator = Generator::builder(kind).build()?;
            time("bits", &mut generator, |g| g.generate_u32(&mut u))?;
            time("uniform f32", &mut generator, |g| g.uniform_f32(&mut f))?;
            time("uniform f64", &mut generator, |g| g.uniform_f64(&mut d))?;
            time("normal f32, own", &mut generator, |g| g.normal_f32(&mut f, 0.0, 1.0))?;
            time("normal f64, own", &mut generator, |g| g.normal_f64(&mut d, 0.0, 1.0))?;
            time("lognormal f32, own", &mut generator, |g| g.lognormal_f32(&mut f, 0.0, 1.0))?;
            time("exponential f32", &mut generator, |g| g.exponential_f32(&mut f, 1.0))?;
            time("normal f32, curand", &mut generator, |g| g.curand_normal_f32(&mut f, 0.0, 1.0))?;
            time("normal f64, curand", &mut generator, |g| g.curand_normal_f64(&mut d, 0.0, 1.0))?;
        }
        Ok(())
    })?;
    Ok(())
}
