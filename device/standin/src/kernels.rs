//! Kernels that are acted out, known by their names: those of the wrappers of NVIDIA's libraries.

use crate::memory::Memory;
use crate::state::{INVALID_VALUE, Launch, Outcome};

/// Does what the kernel of that name would do; nothing for others.
pub(crate) fn run(memory: &mut Memory, launch: &Launch) -> Outcome {
    match launch.kernel.as_str() {
        "verdigris_fft_scale_f32" => scale(memory, launch, 4),
        "verdigris_fft_scale_f64" => scale(memory, launch, 8),
        _ => Ok(()),
    }
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
    let whole = |bytes: &Vec<u8>| bytes.as_slice().try_into().map(u64::from_ne_bytes).map_err(|_| INVALID_VALUE);
    let factors = [number(even), number(odd)];
    let bytes = memory.bytes(whole(values)?, whole(n)? as usize * size)?;
    for (i, value) in bytes.chunks_mut(size).enumerate() {
        let product = number(value) * factors[i % 2];
        if size == 4 { value.copy_from_slice(&(product as f32).to_ne_bytes()) } else { value.copy_from_slice(&product.to_ne_bytes()) }
    }
    Ok(())
}
