//! Times XORWOW uniforms: a million and a hundred million, with and without the cost of a new
//! generator.
//!
//! `cargo run --release -p verdigris-rand --example uniforms`

use std::time::{Duration, Instant};

use verdigris_rand::{Error, Generator, Kind};

/// The median of `runs` timings.
fn median(runs: usize, mut run: impl FnMut() -> Result<Duration, Error>) -> Result<Duration, Error> {
    let mut times = (0..runs).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[runs / 2])
}

fn report(what: &str, n: usize, time: Duration) {
    let rate = n as f64 / time.as_secs_f64() / 1e6;
    println!("{what:<44} {:>9.3} ms {rate:>7.0} M/s", time.as_secs_f64() * 1e3);
}

fn main() -> Result<(), Error> {
    let start = Instant::now();
    let mut generator = Generator::builder(Kind::Xorwow).seed(42).build()?;
    generator.generate_u32(&mut [0])?;
    println!("first generator of the process, first draw   {:>9.3} ms", start.elapsed().as_secs_f64() * 1e3);

    for (n, runs) in [(1_000_000, 51), (100_000_000, 5)] {
        let mut f32s = vec![0.0_f32; n];
        let mut f64s = vec![0.0_f64; n];
        let fresh = median(runs, || {
            let start = Instant::now();
            let mut generator = Generator::builder(Kind::Xorwow).seed(7).build()?;
            generator.uniform_f32(&mut f32s)?;
            Ok(start.elapsed())
        })?;
        report(&format!("{n} f32 uniforms, new generator"), n, fresh);
        type Call<'a> = (&'a str, Box<dyn FnMut(&mut Generator) -> Result<(), Error> + 'a>);
        let calls: [Call<'_>; 2] = [
            ("f32 uniforms", Box::new(|generator| generator.uniform_f32(&mut f32s))),
            ("f64 uniforms", Box::new(|generator| generator.uniform_f64(&mut f64s))),
        ];
        for (what, mut call) in calls {
            let time = median(runs, || {
                let start = Instant::now();
                call(&mut generator)?;
                Ok(start.elapsed())
            })?;
            report(&format!("{n} {what}"), n, time);
        }
        if n == 1_000_000 {
            let time = median(runs, || {
                let start = Instant::now();
                generator.normal_f32(&mut f32s, 0.0, 1.0)?;
                Ok(start.elapsed())
            })?;
            report(&format!("{n} f32 normals"), n, time);
            let time = median(runs, || {
                let start = Instant::now();
                generator.normal_f64(&mut f64s, 0.0, 1.0)?;
                Ok(start.elapsed())
            })?;
            report(&format!("{n} f64 normals"), n, time);
        }
    }
    Ok(())
}
