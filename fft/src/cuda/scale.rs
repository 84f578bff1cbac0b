//! The one kernel that cuFFT lacks: numbers times a factor, imaginary parts times another.
//!
//! Owns its PTX, which any GPU since sm_75 takes, and the loaded modules. It is what norms and the conjugates of half spectra need.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use verdigris_device::DeviceError;
use verdigris_device::cuda::{Context, Function, JitOptions, Launch, Module, Stream};

/// `values[i] *= even` for even i, `*= odd` for odd; n of them, by any number of threads.
fn ptx(double: bool) -> String {
    let (name, ty, shift) = if double { (NAMES[1], "f64", 3) } else { (NAMES[0], "f32", 2) };
    format!(
        ".version 6.3
.target sm_75
.address_size 64
.visible .entry {name}(
    .param .u64 {name}_values,
    .param .u64 {name}_n,
    .param .{ty} {name}_even,
    .param .{ty} {name}_odd
)
{{
    .reg .pred %done, %is_odd;
    .reg .b32 %block, %size, %thread, %blocks;
    .reg .b64 %values, %n, %i, %step, %at, %low;
    .reg .{ty} %even, %odd, %by, %value;
    ld.param.u64 %values, [{name}_values];
    ld.param.u64 %n, [{name}_n];
    ld.param.{ty} %even, [{name}_even];
    ld.param.{ty} %odd, [{name}_odd];
    cvta.to.global.u64 %values, %values;
    mov.u32 %block, %ctaid.x;
    mov.u32 %size, %ntid.x;
    mov.u32 %thread, %tid.x;
    mov.u32 %blocks, %nctaid.x;
    mul.wide.u32 %i, %block, %size;
    cvt.u64.u32 %low, %thread;
    add.u64 %i, %i, %low;
    mul.wide.u32 %step, %blocks, %size;
$next:
    setp.ge.u64 %done, %i, %n;
    @%done bra $end;
    and.b64 %low, %i, 1;
    setp.ne.u64 %is_odd, %low, 0;
    selp.{ty} %by, %odd, %even, %is_odd;
    shl.b64 %at, %i, {shift};
    add.u64 %at, %values, %at;
    ld.global.{ty} %value, [%at];
    mul.rn.{ty} %value, %value, %by;
    st.global.{ty} [%at], %value;
    add.u64 %i, %i, %step;
    bra $next;
$end:
    ret;
}}
"
    )
}

const NAMES: [&str; 2] = ["verdigris_fft_scale_f32", "verdigris_fft_scale_f64"];
const BLOCK: u32 = 256;
/// Enough to fill any GPU; each thread takes several numbers of what is longer.
const MOST_BLOCKS: usize = 4096;

fn function(context: &'static Context, double: bool) -> Result<Function, DeviceError> {
    static LOADED: Mutex<Vec<(bool, Function)>> = Mutex::new(Vec::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, found)) = loaded.iter().find(|(of, found)| *of == double && found.context() == context) {
        return Ok(found.clone());
    }
    let module = Module::from_ptx(context, &ptx(double), &JitOptions::default())?;
    let made = module.function(NAMES[usize::from(double)])?;
    loaded.push((double, made.clone()));
    Ok(made)
}

/// Multiplies `n` numbers at an address: the first and every second one by `even`, the others by `odd`.
///
/// # Safety
/// There are so many numbers of the stream's device, given back behind its work.
///
/// # Errors
/// The driver's.
pub(super) unsafe fn scale(stream: &Stream, double: bool, at: u64, n: usize, even: f64, odd: f64) -> Result<(), DeviceError> {
    if n == 0 {
        return Ok(());
    }
    let function = function(stream.context(), double)?;
    let blocks = n.div_ceil(BLOCK as usize).min(MOST_BLOCKS) as u32;
    let launch = Launch { grid: [blocks, 1, 1], block: [BLOCK, 1, 1], shared: 0, cooperative: false };
    let (mut at, mut n, mut single, mut wide) = (at, n as u64, [even as f32, odd as f32], [even, odd]);
    let [even, odd]: [*mut c_void; 2] =
        if double { wide.each_mut().map(|value| (&raw mut *value).cast()) } else { single.each_mut().map(|value| (&raw mut *value).cast()) };
    // SAFETY: the kernel's four parameters, of its types; the memory is the caller's promise.
    unsafe { function.launch(&launch, stream, &mut [(&raw mut at).cast(), (&raw mut n).cast(), even, odd]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Assembled by NVIDIA's `ptxas`, where `VERDIGRIS_PTXAS` names it.
    #[test]
    fn the_kernel_is_ptx() {
        for double in [false, true] {
            let text = ptx(double);
            assert!(text.contains(NAMES[usize::from(double)]));
            let Some(ptxas) = std::env::var_os("VERDIGRIS_PTXAS") else { continue };
            let file = std::env::temp_dir().join(format!("verdigris-fft-scale-{}-{double}.ptx", std::process::id()));
            std::fs::write(&file, text).unwrap();
            for arch in ["sm_75", "sm_80", "sm_90", "sm_100"] {
                let done = std::process::Command::new(&ptxas).args(["-arch", arch, "-o", "/dev/null"]).arg(&file).output().unwrap();
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            }
            std::fs::remove_file(file).unwrap();
        }
    }
}
