//! Whether a GPU works: a kernel of a few instructions, compiled, launched and read back.
//!
//! Takes the way of every kernel: PTX to the driver's linker, memory of the pool, copies both ways. What is done where it does not is decided in [`crate::choice`].
#![allow(unsafe_code)]

use super::{Context, Driver, JitOptions, Launch, Memory, Module, Stream, copy_from_host, copy_to_host, link};
use crate::error::DeviceError;
use crate::layout::{Layout, Order};

const BLOCK: u32 = 64;
const BLOCKS: u32 = 3;
const FACTOR: u32 = 2_654_435_761;

/// `values[i] = values[i] * factor + i`, modulo 2^32, a thread for each element.
const PTX: &str = "\
.version 6.3
.target sm_75
.address_size 64
.visible .entry verdigris_probe(
    .param .u64 verdigris_probe_0,
    .param .u32 verdigris_probe_1
)
{
    .reg .b32 %r<7>;
    .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [verdigris_probe_0];
    ld.param.u32 %r1, [verdigris_probe_1];
    cvta.to.global.u64 %rd2, %rd1;
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.u32 %r5, %r2, %r3, %r4;
    mul.wide.u32 %rd3, %r5, 4;
    add.s64 %rd4, %rd2, %rd3;
    ld.global.u32 %r6, [%rd4];
    mad.lo.u32 %r6, %r6, %r1, %r5;
    st.global.u32 [%rd4], %r6;
    ret;
}
";

impl Driver {
    /// Whether a small kernel on a device gives the numbers that the processor does.
    ///
    /// # Errors
    /// The driver's, of the step that failed.
    pub fn runs_kernels(&'static self, ordinal: u32) -> Result<bool, DeviceError> {
        let context: &'static Context = self.context(ordinal)?;
        let cubin = link(context, PTX, &JitOptions::default())?;
        let function = Module::from_cubin(context, &cubin.image)?.function("verdigris_probe")?;
        let stream = Stream::default_of(context);
        let count = BLOCK * BLOCKS;
        let mut values: Vec<u32> = (0..count).map(|i| i ^ 0x5bd1_e995).collect();
        let wanted: Vec<u32> = (0..).zip(&values).map(|(i, value)| value.wrapping_mul(FACTOR).wrapping_add(i)).collect();
        let layout = Layout::contiguous(&[values.len()], size_of::<u32>(), Order::C)?;
        let memory = Memory::new(layout.nbytes(), &stream)?;
        let (mut pointer, mut factor) = (memory.pointer(), FACTOR);
        let launch = Launch { grid: [BLOCKS, 1, 1], block: [BLOCK, 1, 1], shared: 0, cooperative: false };
        // SAFETY: the host's and the device's memory are as large as the layout says and live past the last copy, which is waited for; the addresses are of the kernel's two parameters.
        unsafe {
            copy_from_host(pointer, &layout, values.as_ptr().cast(), &layout, &stream, None)?;
            function.launch(&launch, &stream, &mut [(&raw mut pointer).cast(), (&raw mut factor).cast()])?;
            copy_to_host(values.as_mut_ptr().cast(), &layout, memory.pointer(), &layout, &stream, None)?;
        }
        Ok(values == wanted)
    }
}

#[cfg(test)]
mod tests {
    /// Assembled by NVIDIA's `ptxas`, where `VERDIGRIS_PTXAS` names it.
    #[test]
    fn the_kernel_is_ptx_for_every_supported_gpu() {
        let Some(ptxas) = std::env::var_os("VERDIGRIS_PTXAS") else { return };
        let file = std::env::temp_dir().join(format!("verdigris-probe-{}.ptx", std::process::id()));
        std::fs::write(&file, super::PTX).unwrap();
        for target in ["sm_75", "sm_80", "sm_90", "sm_100"] {
            let done = std::process::Command::new(&ptxas).args(["-arch", target, "-o", "/dev/null"]).arg(&file).output().unwrap();
            assert!(done.status.success(), "{target}: {}", String::from_utf8_lossy(&done.stderr));
        }
        std::fs::remove_file(&file).unwrap();
    }
}
