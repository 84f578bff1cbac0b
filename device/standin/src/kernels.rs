//! Kernels that are acted out, known by their names: those that are not made from a user's function.

use crate::memory::Memory;
use crate::state::{INVALID_VALUE, Launch, Outcome};

/// Does what the kernel of that name would do; nothing for others.
pub(crate) fn run(memory: &mut Memory, launch: &Launch) -> Outcome {
    match launch.kernel.as_str() {
        "verdigris_fft_scale_f32" => scale(memory, launch, 4),
        "verdigris_fft_scale_f64" => scale(memory, launch, 8),
        "verdigris_probe" => probe(memory, launch),
        _ => Ok(()),
    }
}

fn word(bytes: &[u8]) -> Outcome<u64> {
    bytes.try_into().map(u64::from_ne_bytes).map_err(|_| INVALID_VALUE)
}

fn number(bytes: &[u8]) -> f64 {
    match bytes.len() {
        4 => f64::from(f32::from_ne_bytes(bytes.try_into().expect("four bytes"))),
        _ => f64::from_ne_bytes(bytes.try_into().expect("eight bytes")),
    }
}

/// `values[i] *= even` or `odd`.
fn scale(memory: &mut Memory, launch: &Launch, size: usize) -> Outcome {
    let [values, n, even, odd] = launch.parameters.as_slice() else { return Err(INVALID_VALUE) };
    let factors = [number(even), number(odd)];
    let bytes = memory.bytes(word(values)?, word(n)? as usize * size)?;
    for (i, value) in bytes.chunks_mut(size).enumerate() {
        let product = number(value) * factors[i % 2];
        if size == 4 { value.copy_from_slice(&(product as f32).to_ne_bytes()) } else { value.copy_from_slice(&product.to_ne_bytes()) }
    }
    Ok(())
}

/// `values[i] = values[i] * factor + i`, for each thread.
fn probe(memory: &mut Memory, launch: &Launch) -> Outcome {
    let [values, factor] = launch.parameters.as_slice() else { return Err(INVALID_VALUE) };
    let single = |bytes: &[u8]| bytes.try_into().map(u32::from_ne_bytes).map_err(|_| INVALID_VALUE);
    let (factor, threads) = (single(factor)?, launch.grid[0] * launch.block[0]);
    let bytes = memory.bytes(word(values)?, threads as usize * 4)?;
    for (i, value) in (0..).zip(bytes.chunks_mut(4)) {
        value.copy_from_slice(&single(value)?.wrapping_mul(factor).wrapping_add(i).to_ne_bytes());
    }
    Ok(())
}
