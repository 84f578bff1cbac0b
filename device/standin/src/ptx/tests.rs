//! What instructions give, computed by hand from the manual.

use super::*;

#[test]
fn parameters_are_read_from_their_declarations() {
    let text = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry f(\n .param .u64 .ptr .global .align 4 f_param_0, // the array\n .param .f32 f_param_1,\n .param .align 8 .b8 f_param_2[24]\n)\n{ ret; }\n.entry g { ret; }";
    let code = crc32(text.as_bytes());
    let found = kernels(text).unwrap();
    let seen: Vec<_> = found.iter().map(|k| (k.name.as_str(), k.parameters.as_slice(), k.offsets.as_slice(), k.shared, k.threads, k.code)).collect();
    assert_eq!(seen, [("f", &[8, 4, 24][..], &[0, 8, 16][..], 0, 1024, code), ("g", &[][..], &[][..], 0, 1024, code)]);
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    let more = text.replace("{ ret; }", ".maxntid 32, 4\n{\n.shared .align 4 .b8 own[96];\nld.shared.u32 %r1, [own];\nret; }");
    let found = kernels(&more).unwrap();
    assert_eq!(found.iter().map(|k| (k.shared, k.threads)).collect::<Vec<_>>(), [(192, 128), (192, 128)]);
    assert!(kernels("nonsense").unwrap_err().contains("Missing .version"));
}

/// Every instruction of the PTX in the folder that VERDIGRIS_PTX_CORPUS names is known.
#[test]
#[ignore = "needs a folder of PTX, which `make test-slow` has written"]
fn a_folder_of_ptx_is_known() {
    let folder = std::env::var_os("VERDIGRIS_PTX_CORPUS").expect("VERDIGRIS_PTX_CORPUS names a folder");
    let (mut unknown, mut steps) = (std::collections::BTreeMap::<String, usize>::new(), 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "ptx") {
            let text = std::fs::read_to_string(&path).unwrap();
            let parsed = parse::module(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
            let (program, _) = lower::lower(&parsed, &text, 1 << 20).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
            steps += program.steps.len();
            for step in &program.steps {
                if let program::Op::Unknown(what) = &step.op {
                    *unknown.entry(format!("{what}: {}", program.lines[step.line.saturating_sub(1) as usize].trim())).or_default() += 1;
                }
            }
        }
    }
    assert!(steps > 0 && unknown.is_empty(), "{steps} steps, {unknown:#?}");
}

/// A kernel `k` with that body, run by one block of threads on a block of memory at `AT`, whose address is its parameter `p`; what is there then, or what went wrong.
fn ran(around: &str, body: &str, threads: u32, memory: &mut [u8]) -> Result<(), String> {
    launched(around, body, [1, 1, 1], threads, 64, false, memory)
}

const AT: u64 = 0x00d0_0100_0000_0000;

/// The text of a kernel `k` with that body.
fn kernel_text(around: &str, body: &str) -> String {
    let registers = ".reg .pred %p<20>;\n.reg .b16 %rs<20>;\n.reg .b32 %r<40>;\n.reg .b64 %rd<40>;\n.reg .f32 %f<9>;\n.reg .f64 %d<9>;\n";
    format!(
        ".version 7.0\n.target sm_75\n.address_size 64\n{around}\n.visible .entry k(.param .u64 p)\n{{\n{registers}ld.param.u64 %rd39, [p];\n{body}\nret;\n}}\n"
    )
}

fn launched(around: &str, body: &str, grid: [u32; 3], threads: u32, shared: u32, cooperative: bool, memory: &mut [u8]) -> Result<(), String> {
    let text = kernel_text(around, body);
    let kernels = kernels(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    let parameters = &[AT.to_le_bytes().to_vec()];
    let launch = Launch { grid, block: [threads, 1, 1], shared, stack: 4096, cooperative, parameters, strict: false };
    let kernel = kernels.iter().find(|kernel| kernel.name == "k").expect("it is in the text");
    kernel.run(&launch, vec![(AT, memory)]).map_err(|fault| format!("{}: {}", fault.status, fault.what))
}

/// What an instruction gives: operands 1 to 4 of each width hold `inputs`; operand 0 of some width is the result.
fn gives(instruction: &str, inputs: &[u64]) -> u64 {
    let mut memory: Vec<u8> = (0..5).flat_map(|n| inputs.get(n).copied().unwrap_or(0).to_le_bytes()).collect();
    let mut body = String::new();
    for n in 1..=4 {
        body += &format!("ld.global.b64 %rd{n}, [%rd39+{}];\ncvt.u32.u64 %r{n}, %rd{n};\ncvt.u16.u64 %rs{n}, %rd{n};\n", 8 * (n - 1));
    }
    body += "setp.ne.b64 %p1, %rd1, 0;\nsetp.ne.b64 %p2, %rd2, 0;\n";
    body += instruction;
    for (result, widened) in [("%r0", "cvt.u64.u32 %rd0, %r0;"), ("%rs0", "cvt.u64.u16 %rd0, %rs0;"), ("%p0", "selp.b64 %rd0, 1, 0, %p0;")] {
        if instruction.contains(result) {
            body += widened;
        }
    }
    body += "st.global.b64 [%rd39+32], %rd0;";
    ran("", &body, 1, &mut memory).unwrap_or_else(|wrong| panic!("{instruction} {wrong}"));
    u64::from_le_bytes(memory[32..].try_into().unwrap())
}

fn hold(rows: &[(&str, &[u64], u64)]) {
    for (instruction, inputs, wanted) in rows {
        let found = gives(instruction, inputs);
        assert_eq!(found, *wanted, "{instruction} of {inputs:x?} is {found:#x}, not {wanted:#x}");
    }
}

const M32: u64 = 0xffff_ffff;
const M64: u64 = u64::MAX;

#[test]
fn integers() {
    hold(&[
        ("add.s32 %r0, %r1, %r2;", &[M32, 2], 1),
        ("add.s64 %rd0, %rd1, %rd2;", &[M64, 2], 1),
        ("add.s16 %rs0, %rs1, %rs2;", &[0xffff, 2], 1),
        ("add.sat.s32 %r0, %r1, %r2;", &[0x7fff_ffff, 1], 0x7fff_ffff),
        ("sub.u32 %r0, %r1, %r2;", &[1, 2], M32),
        ("mul.lo.s32 %r0, %r1, %r2;", &[0x10001, 0x10001], 0x20001),
        ("mul.hi.u32 %r0, %r1, %r2;", &[M32, M32], 0xffff_fffe),
        ("mul.hi.s32 %r0, %r1, %r2;", &[M32, M32], 0),
        ("mul.hi.u64 %rd0, %rd1, %rd2;", &[M64, M64], M64 - 1),
        ("mul.hi.s64 %rd0, %rd1, %rd2;", &[1 << 63, 2], M64),
        ("mul.wide.s32 %rd0, %r1, %r2;", &[M32, 5], (-5i64) as u64),
        ("mul.wide.u32 %rd0, %r1, %r2;", &[M32, 5], 0x4_ffff_fffb),
        ("mul.wide.u16 %r0, %rs1, %rs2;", &[0xffff, 0xffff], 0xfffe_0001),
        ("mad.lo.s32 %r0, %r1, %r2, %r3;", &[3, 4, M32], 11),
        ("mad.wide.s32 %rd0, %r1, %r2, %rd3;", &[M32, 2, 1], M64),
        ("mad.hi.u32 %r0, %r1, %r2, %r3;", &[1 << 31, 4, 7], 9),
        ("div.s32 %r0, %r1, %r2;", &[(-7i32) as u32 as u64, 2], (-3i32) as u32 as u64),
        ("div.s32 %r0, %r1, %r2;", &[1 << 31, M32], 1 << 31),
        ("div.u32 %r0, %r1, %r2;", &[7, 0], M32),
        ("rem.s32 %r0, %r1, %r2;", &[(-7i32) as u32 as u64, 2], M32),
        ("rem.u64 %rd0, %rd1, %rd2;", &[7, 4], 3),
        ("min.s32 %r0, %r1, %r2;", &[M32, 1], M32),
        ("max.u32 %r0, %r1, %r2;", &[M32, 1], M32),
        ("abs.s32 %r0, %r1;", &[1 << 31], 1 << 31),
        ("neg.s64 %rd0, %rd1;", &[5], (-5i64) as u64),
        ("not.b16 %rs0, %rs1;", &[0x00ff], 0xff00),
        ("cnot.b32 %r0, %r1;", &[0], 1),
        ("sad.s32 %r0, %r1, %r2, %r3;", &[M32, 4, 10], 15),
        ("mul24.lo.u32 %r0, %r1, %r2;", &[0xff00_0002, 3], 6),
    ]);
}

#[test]
fn bits() {
    hold(&[
        // Shifts go as far as the width and no further.
        ("shl.b32 %r0, %r1, %r2;", &[1, 31], 1 << 31),
        ("shl.b32 %r0, %r1, %r2;", &[1, 32], 0),
        ("shl.b64 %rd0, %rd1, %r2;", &[1, 200], 0),
        ("shr.u32 %r0, %r1, %r2;", &[M32, 32], 0),
        ("shr.s32 %r0, %r1, %r2;", &[1 << 31, 40], M32),
        ("shr.s16 %rs0, %rs1, %r2;", &[0x8000, 3], 0xf000),
        ("shr.s64 %rd0, %rd1, %r2;", &[1 << 63, 63], M64),
        ("shf.l.wrap.b32 %r0, %r1, %r2, %r3;", &[0x8000_0001, 0x0000_000f, 33], 0x1f),
        ("shf.r.wrap.b32 %r0, %r1, %r2, %r3;", &[0x8000_0001, 0x0000_000f, 4], 0xf800_0000),
        ("shf.l.clamp.b32 %r0, %r1, %r2, %r3;", &[0x1234, 0x5678, 40], 0x1234),
        ("and.b32 %r0, %r1, %r2;", &[0xff00, 0x0ff0], 0x0f00),
        ("xor.b64 %rd0, %rd1, %rd2;", &[0xff00, 0x0ff0], 0xf0f0),
        ("or.b16 %rs0, %rs1, 255;", &[0xff00], 0xffff),
        ("popc.b64 %r0, %rd1;", &[0xf0f0_0000_0000_0001], 9),
        ("clz.b32 %r0, %r1;", &[1], 31),
        ("clz.b64 %r0, %rd1;", &[0], 64),
        ("brev.b32 %r0, %r1;", &[1], 1 << 31),
        ("bfind.u32 %r0, %r1;", &[0x100], 8),
        ("bfind.s32 %r0, %r1;", &[M32 - 4], 2),
        ("bfind.u32 %r0, %r1;", &[0], M32),
        ("bfind.shiftamt.u32 %r0, %r1;", &[0x100], 23),
        ("bfe.u32 %r0, %r1, %r2, %r3;", &[0xabcd_1234, 8, 8], 0x12),
        ("bfe.s32 %r0, %r1, %r2, %r3;", &[0x0000_8000, 8, 8], 0xffff_ff80),
        ("bfe.s32 %r0, %r1, %r2, %r3;", &[0x8000_0000, 28, 16], 0xffff_fff8),
        ("bfe.u64 %rd0, %rd1, %r2, %r3;", &[0xabcd_0000_0000_0000, 48, 12], 0xbcd),
        ("bfi.b32 %r0, %r1, %r2, %r3, %r4;", &[0xab, 0xffff_ffff, 8, 8], 0xffff_abff),
        ("bfi.b64 %rd0, %rd1, %rd2, %r3, %r4;", &[5, 0, 62, 8], 1 << 62),
        ("prmt.b32 %r0, %r1, %r2, 0x7531;", &[0x4433_2211, 0x8877_6655], 0x8866_4422),
        ("prmt.b32 %r0, %r1, %r2, 0x000f;", &[0x0000_0011, 0x8877_6655], 0x1111_11ff),
        ("lop3.b32 %r0, %r1, %r2, %r3, 0xe8;", &[0b1100, 0b1010, 0b1001], 0b1000),
        ("lop3.b32 %r0, %r1, %r2, %r3, 0x96;", &[0b1100, 0b1010, 0b1001], 0b1111),
        ("mov.b64 %rd0, {%r2, %r1};", &[1, 2], 0x1_0000_0002),
        ("mov.b64 {%r9, %r0}, %rd1;", &[0x1234_5678_9abc_def0], 0x1234_5678),
        ("mov.b32 %r0, {%rs1, %rs2};", &[1, 2], 0x2_0001),
        ("add.cc.u32 %r9, %r1, %r2; addc.u32 %r0, %r3, %r4;", &[M32, 1, 5, 6], 12),
        ("sub.cc.u64 %rd9, %rd1, %rd2; subc.u64 %rd0, %rd3, %rd4;", &[0, 1, 5, 2], 2),
        ("selp.b32 %r0, %r3, %r4, %p1;", &[0, 0, 7, 8], 8),
        ("selp.b32 %r0, %r3, %r4, %p1;", &[1, 0, 7, 8], 7),
        ("slct.u32.s32 %r0, %r1, %r2, %r3;", &[7, 8, M32], 8),
        ("slct.b64.f32 %rd0, %rd1, %rd2, %r3;", &[7, 8, 0x8000_0000], 7),
    ]);
}

#[test]
fn comparisons_and_predicates() {
    let nan = u64::from(f32::NAN.to_bits());
    let one = u64::from(1f32.to_bits());
    hold(&[
        ("setp.lt.s32 %p0, %r1, %r2;", &[M32, 1], 1),
        ("setp.lt.u32 %p0, %r1, %r2;", &[M32, 1], 0),
        ("setp.ge.s64 %p0, %rd1, %rd2;", &[M64, M64], 1),
        ("setp.ne.b16 %p0, %rs1, %rs2;", &[0x1_0001, 1], 0),
        ("setp.lt.f32 %p0, %r1, %r2;", &[nan, one], 0),
        ("setp.ltu.f32 %p0, %r1, %r2;", &[nan, one], 1),
        ("setp.ne.f32 %p0, %r1, %r2;", &[nan, one], 0),
        ("setp.neu.f32 %p0, %r1, %r2;", &[nan, one], 1),
        ("setp.equ.f32 %p0, %r1, %r2;", &[nan, nan], 1),
        ("setp.num.f32 %p0, %r1, %r2;", &[one, one], 1),
        ("setp.nan.f32 %p0, %r1, %r2;", &[one, nan], 1),
        ("setp.eq.f64 %p0, %rd1, %rd2;", &[0, 1 << 63], 1),
        ("setp.eq.ftz.f32 %p0, %r1, %r2;", &[0, 5], 1),
        ("setp.eq.and.s32 %p0, %r1, %r1, !%p2;", &[3, 1], 0),
        ("setp.eq.or.s32 %p9|%p0, %r1, %r2, %p2;", &[3, 3], 1),
        ("setp.eq.xor.s32 %p9|%p0, %r1, %r2, %p2;", &[3, 3], 1),
        ("set.lt.u32.s32 %r0, %r1, %r2;", &[M32, 1], M32),
        ("set.lt.f32.s32 %r0, %r1, %r2;", &[M32, 1], 0x3f80_0000),
        ("and.pred %p0, %p1, %p2;", &[1, 0], 0),
        ("or.pred %p0, %p1, !%p2;", &[0, 0], 1),
        ("xor.pred %p0, %p1, %p2;", &[1, 1], 0),
        ("not.pred %p0, %p1;", &[1], 0),
        ("mov.pred %p0, -1;", &[], 1),
        ("mov.u32 %r0, 5; @%p1 mov.u32 %r0, 6;", &[0], 5),
        ("mov.u32 %r0, 5; @!%p1 mov.u32 %r0, 6;", &[0], 6),
        ("testp.subnormal.f32 %p0, %r1;", &[1], 1),
        ("testp.infinite.f64 %p0, %rd1;", &[f64::INFINITY.to_bits()], 1),
    ]);
}

#[test]
fn floats() {
    let f = |x: f32| u64::from(x.to_bits());
    let d = |x: f64| x.to_bits();
    let (canonical, tiny) = (0x7fff_ffff, 1u64);
    hold(&[
        ("add.rn.f32 %r0, %r1, %r2;", &[f(1.0), f(2f32.powi(-24))], f(1.0)),
        ("add.rn.f32 %r0, %r1, %r2;", &[f(f32::INFINITY), f(f32::NEG_INFINITY)], canonical),
        ("add.f32 %r0, %r1, %r2;", &[tiny, tiny], 2),
        ("add.ftz.f32 %r0, %r1, %r2;", &[tiny, tiny], 0),
        ("mul.rn.f32 %r0, %r1, %r2;", &[0xffc1_2345, f(1.0)], canonical),
        ("fma.rn.f32 %r0, %r1, %r2, %r3;", &[f(1.0 + f32::EPSILON), f(1.0 - f32::EPSILON), f(-1.0)], f(-f32::EPSILON * f32::EPSILON)),
        ("fma.rn.f64 %rd0, %rd1, %rd2, %rd3;", &[d(1.0 + f64::EPSILON), d(1.0 - f64::EPSILON), d(-1.0)], d(-f64::EPSILON * f64::EPSILON)),
        ("div.rn.f32 %r0, %r1, %r2;", &[f(1.0), f(3.0)], 0x3eaa_aaab),
        ("div.rn.f64 %rd0, %rd1, %rd2;", &[d(1.0), d(-0.0)], d(f64::NEG_INFINITY)),
        ("sqrt.rn.f32 %r0, %r1;", &[f(2.0)], 0x3fb5_04f3),
        ("sqrt.rn.f64 %rd0, %rd1;", &[d(-0.0)], d(-0.0)),
        ("rcp.rn.f64 %rd0, %rd1;", &[d(4.0)], d(0.25)),
        ("min.f32 %r0, %r1, %r2;", &[canonical, f(3.0)], f(3.0)),
        ("max.f32 %r0, %r1, %r2;", &[f(3.0), canonical], f(3.0)),
        ("min.f32 %r0, %r1, %r2;", &[f(0.0), f(-0.0)], f(-0.0)),
        ("max.f64 %rd0, %rd1, %rd2;", &[d(-0.0), d(0.0)], 0),
        ("min.NaN.f32 %r0, %r1, %r2;", &[canonical, f(3.0)], canonical),
        ("neg.f32 %r0, %r1;", &[canonical], M32),
        ("abs.f64 %rd0, %rd1;", &[d(-2.5)], d(2.5)),
        ("copysign.f32 %r0, %r1, %r2;", &[f(-1.0), f(3.0)], f(-3.0)),
        ("ex2.approx.f32 %r0, %r1;", &[f(-3.0)], f(0.125)),
        ("lg2.approx.f32 %r0, %r1;", &[f(8.0)], f(3.0)),
        ("rsqrt.approx.f32 %r0, %r1;", &[f(4.0)], f(0.5)),
        // Half: 1 + 2^-11 is halfway, and to even; a bit more is not.
        ("add.f16 %rs0, %rs1, %rs2;", &[0x3c00, 0x1000], 0x3c00),
        ("fma.rn.f16 %rs0, %rs1, %rs2, %rs3;", &[0x1000, 0x3c01, 0x3c00], 0x3c01),
        ("mul.f16 %rs0, %rs1, %rs2;", &[0x7bff, 0x4000], 0x7c00),
        ("add.bf16 %rs0, %rs1, %rs2;", &[0x3f80, 0x3f80], 0x4000),
        // What a fused sum keeps below the middle of two brain numbers decides.
        ("fma.rn.bf16 %rs0, %rs1, %rs2, %rs3;", &[0x3f81, 0x3f81, 0x0080], 0x3f82),
    ]);
}

#[test]
fn conversions() {
    let f = |x: f32| u64::from(x.to_bits());
    let d = |x: f64| x.to_bits();
    hold(&[
        ("cvt.s64.s32 %rd0, %r1;", &[M32], M64),
        ("cvt.u64.u32 %rd0, %r1;", &[M64], M32),
        ("cvt.s32.s16 %r0, %rs1;", &[0x8000], 0xffff_8000),
        ("cvt.s32.s8 %r0, %r1;", &[0x80], 0xffff_ff80),
        ("cvt.u8.u32 %rs0, %r1;", &[0x1ff], 0xff),
        ("cvt.s8.s64 %rs0, %rd1;", &[0x80], 0xff80),
        ("cvt.rzi.s32.f32 %r0, %r1;", &[f(-2.7)], (-2i32) as u32 as u64),
        ("cvt.rni.s32.f64 %r0, %rd1;", &[d(2.5)], 2),
        ("cvt.rmi.s64.f64 %rd0, %rd1;", &[d(-2.5)], (-3i64) as u64),
        ("cvt.rpi.u32.f32 %r0, %r1;", &[f(2.1)], 3),
        // Beyond the type: its ends; of no number 0.
        ("cvt.rzi.s32.f32 %r0, %r1;", &[f(3e9)], 0x7fff_ffff),
        ("cvt.rzi.u32.f64 %r0, %rd1;", &[d(-1.0)], 0),
        ("cvt.rzi.u8.f32 %rs0, %r1;", &[f(300.0)], 255),
        ("cvt.rzi.s64.f32 %rd0, %r1;", &[0x7fff_ffff], 0),
        ("cvt.rni.f64.f64 %rd0, %rd1;", &[d(-0.5)], d(-0.0)),
        ("cvt.rpi.f32.f32 %r0, %r1;", &[f(0.1)], f(1.0)),
        ("cvt.rn.f32.s64 %r0, %rd1;", &[0x20_0000_0fff_ffff], 0x5a00_0000),
        // Rounded once: by way of a double this would be rounded up twice.
        ("cvt.rn.f32.u64 %r0, %rd1;", &[0x8000_0080_0000_0001], 0x5f00_0001),
        ("cvt.rz.f32.u64 %r0, %rd1;", &[M64], 0x5f7f_ffff),
        ("cvt.rp.f32.u32 %r0, %r1;", &[0x0100_0001], f(16_777_218.0)),
        ("cvt.rm.f32.s32 %r0, %r1;", &[(-16_777_217i32) as u32 as u64], f(-16_777_218.0)),
        ("cvt.rn.f64.u64 %rd0, %rd1;", &[M64], d(18_446_744_073_709_551_616.0)),
        ("cvt.rz.f64.u64 %rd0, %rd1;", &[M64], d(18_446_744_073_709_549_568.0)),
        ("cvt.rn.f64.s16 %rd0, %rs1;", &[0xffff], d(-1.0)),
        ("cvt.rn.f32.f64 %r0, %rd1;", &[d(1.0 + 2f64.powi(-24))], f(1.0)),
        ("cvt.rp.f32.f64 %r0, %rd1;", &[d(1.0 + 2f64.powi(-40))], f(1.0 + f32::EPSILON)),
        ("cvt.rz.f32.f64 %r0, %rd1;", &[d(1e300)], f(f32::MAX)),
        ("cvt.rn.f32.f64 %r0, %rd1;", &[d(1e-45)], 1),
        ("cvt.rn.ftz.f32.f64 %r0, %rd1;", &[d(1e-45)], 0),
        ("cvt.rn.f32.f64 %r0, %rd1;", &[d(f64::NAN)], 0x7fff_ffff),
        ("cvt.f64.f32 %rd0, %r1;", &[f(1e-45)], d(1.401_298_464_324_817e-45)),
        ("cvt.rn.f16.f32 %rs0, %r1;", &[f(65519.99)], 0x7bff),
        ("cvt.rn.f16.f32 %rs0, %r1;", &[f(65520.0)], 0x7c00),
        ("cvt.rn.f16.f32 %rs0, %r1;", &[f(-5.960_464_5e-8)], 0x8001),
        ("cvt.rz.f16.f64 %rs0, %rd1;", &[d(1.999)], 0x3ffe),
        ("cvt.f32.f16 %r0, %rs1;", &[0x0001], f(5.960_464_5e-8)),
        ("cvt.f32.f16 %r0, %rs1;", &[0xfc00], f(f32::NEG_INFINITY)),
        ("cvt.rn.bf16.f32 %rs0, %r1;", &[0x3f80_8000], 0x3f80),
        ("cvt.rn.bf16.f32 %rs0, %r1;", &[0x3f81_8000], 0x3f82),
    ]);
}

/// Numbers of 32 bits, one for each of `threads`, that a body leaves at `[%rd38]`; `%r38` is the thread.
fn each(around: &str, body: &str, threads: u32) -> Result<Vec<u32>, String> {
    let mut memory = vec![0; 4 * threads as usize];
    let own = "mov.u32 %r38, %tid.x;\nmul.wide.u32 %rd38, %r38, 4;\nadd.u64 %rd38, %rd38, %rd39;\n";
    ran(around, &format!("{own}{body}"), threads, &mut memory)?;
    Ok(memory.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect())
}

fn of_threads(threads: u32, of: impl Fn(u32) -> u32) -> Vec<u32> {
    (0..threads).map(of).collect()
}

#[test]
fn lanes_meet_again_where_their_ways_do() {
    // The text has the end of the odd ones' way behind that of all.
    let body = "and.b32 %r1, %r38, 1;\nsetp.eq.u32 %p1, %r1, 0;\nmov.u32 %r2, 1;\n@%p1 bra EVEN;\nbra ODD;\nEVEN: activemask.b32 %r2;\nMEET: activemask.b32 %r3;\nxor.b32 %r2, %r2, %r3;\nst.global.u32 [%rd38], %r2;\nret;\nODD: activemask.b32 %r2;\nbra MEET;";
    assert_eq!(each("", body, 32).unwrap(), of_threads(32, |n| if n & 1 == 0 { 0xaaaa_aaaa } else { 0x5555_5555 }));
    // Loops of different lengths.
    let body = "mov.u32 %r1, 0;\nLOOP: add.u32 %r1, %r1, 1;\nsetp.le.u32 %p1, %r1, %r38;\n@%p1 bra LOOP;\nactivemask.b32 %r2;\nadd.u32 %r2, %r2, %r1;\nst.global.u32 [%rd38], %r2;";
    assert_eq!(each("", body, 32).unwrap(), of_threads(32, |n| (!0u32).wrapping_add(n + 1)));
    // By a table.
    let body = "and.b32 %r1, %r38, 3;\nTABLE: .branchtargets A, B, C, A;\nbrx.idx %r1, TABLE;\nA: mov.u32 %r2, 10;\nbra D;\nB: mov.u32 %r2, 11;\nbra D;\nC: mov.u32 %r2, 12;\nD: st.global.u32 [%rd38], %r2;";
    assert_eq!(each("", body, 8).unwrap(), [10, 11, 12, 10, 10, 11, 12, 10]);
}

#[test]
fn what_lanes_do_together() {
    let store = "st.global.u32 [%rd38], %r0;";
    let value = "add.u32 %r1, %r38, 100;\n";
    let shuffled = |text: &str| each("", &format!("{value}{text}\n{store}"), 32).unwrap();
    assert_eq!(shuffled("shfl.sync.idx.b32 %r0, %r1, 3, 31, -1;"), of_threads(32, |_| 103));
    assert_eq!(shuffled("shfl.sync.up.b32 %r0, %r1, 4, 0, -1;"), of_threads(32, |n| 100 + if n < 4 { n } else { n - 4 }));
    assert_eq!(shuffled("shfl.sync.down.b32 %r0, %r1, 4, 31, -1;"), of_threads(32, |n| 100 + if n < 28 { n + 4 } else { n }));
    assert_eq!(shuffled("shfl.sync.bfly.b32 %r0, %r1, 5, 31, -1;"), of_threads(32, |n| 100 + (n ^ 5)));
    // In parts of eight lanes.
    assert_eq!(shuffled("shfl.sync.down.b32 %r0, %r1, 3, 6175, -1;"), of_threads(32, |n| 100 + if n % 8 < 5 { n + 3 } else { n }));
    assert_eq!(
        shuffled("shfl.sync.idx.b32 %r0|%p1, %r1, 9, 6175, -1;\nselp.u32 %r2, 1000, 0, %p1;\nadd.u32 %r0, %r0, %r2;"),
        of_threads(32, |n| 1100 + n / 8 * 8 + 1)
    );
    assert_eq!(shuffled("shfl.sync.up.b32 %r0|%p1, %r1, 1, 0, -1;\nselp.u32 %r0, 1, 0, %p1;"), of_threads(32, |n| u32::from(n > 0)));
    let odd = "and.b32 %r2, %r38, 1;\nsetp.eq.u32 %p1, %r2, 1;\n";
    assert_eq!(shuffled(&format!("{odd}vote.sync.ballot.b32 %r0, %p1, -1;")), of_threads(32, |_| 0xaaaa_aaaa));
    for (how, all) in [("all", 0), ("any", 1), ("uni", 0)] {
        assert_eq!(shuffled(&format!("{odd}vote.sync.{how}.pred %p2, %p1, -1;\nselp.u32 %r0, 1, 0, %p2;")), of_threads(32, |_| all), "{how}");
    }
    let third = "rem.u32 %r3, %r38, 3;\n";
    let same = |n: u32| (0..32).filter(|other| other % 3 == n % 3).fold(0, |found, other| found | 1 << other);
    assert_eq!(shuffled(&format!("{third}match.any.sync.b32 %r0, %r3, -1;")), of_threads(32, same));
    assert_eq!(
        shuffled(&format!("{third}match.all.sync.b32 %r0|%p2, %r3, -1;\nselp.u32 %r2, 5, 6, %p2;\nadd.u32 %r0, %r0, %r2;")),
        of_threads(32, |_| 6)
    );
    assert_eq!(shuffled("redux.sync.add.u32 %r0, %r1, -1;"), of_threads(32, |_| 32 * 100 + 31 * 16));
    // Halves with masks of their own, in branches of their own; those of one mask wait for each other there.
    let halves = "setp.lt.u32 %p1, %r38, 16;\n@%p1 bra LOW;\nshfl.sync.idx.b32 %r0, %r1, 16, 31, 0xffff0000;\nbra END;\nLOW: shfl.sync.idx.b32 %r0, %r1, 0, 31, 0x0000ffff;\nEND:";
    assert_eq!(shuffled(halves), of_threads(32, |n| if n < 16 { 100 } else { 116 }));
    let meet = "setp.lt.u32 %p1, %r38, 16;\n@%p1 bra LOW;\nbar.warp.sync -1;\nbra END;\nLOW: bar.warp.sync -1;\nEND: activemask.b32 %r0;";
    assert_eq!(shuffled(meet), of_threads(32, |_| M32 as u32));
}

#[test]
fn threads_that_wait_for_ever_are_told_of() {
    let wrong = |body: &str| each("", body, 64).unwrap_err();
    let apart = wrong(
        "setp.lt.u32 %p1, %r38, 16;\n@%p1 bra LOW;\nshfl.sync.idx.b32 %r0, %r38, 0, 31, -1;\nbra END;\nLOW: shfl.sync.idx.b32 %r0, %r38, 1, 31, -1;\nEND:",
    );
    assert!(apart.starts_with("719: k: 32 threads wait for each other for ever: block [0, 0, 0] thread [0, 0, 0] at line"), "{apart}");
    assert!(apart.contains("LOW: shfl.sync.idx.b32 %r0, %r38, 1, 31, -1;"), "{apart}");
    let outside = wrong("vote.sync.ballot.b32 %r0, %p1, 1;");
    assert!(outside.contains("is not in its mask 0x1"), "{outside}");
    // A barrier in one branch and another in the other: who comes alone is told.
    let barriers = wrong("and.b32 %r1, %r38, 1;\nsetp.eq.u32 %p1, %r1, 1;\n@%p1 bra ODD;\nbar.sync 0;\nbra END;\nODD: bar.sync 0;\nEND:");
    assert!(barriers.contains("threads of a warp meet at different barriers"), "{barriers}");
    let two = wrong("setp.lt.u32 %p1, %r38, 32;\n@%p1 bra LOW;\nbar.sync 1;\nbra END;\nLOW: bar.sync 2;\nEND:");
    assert!(two.contains("64 threads wait for each other"), "{two}");
    // Those that have ended are waited for by nobody.
    let ended = "setp.ge.u32 %p1, %r38, 20;\n@%p1 ret;\nbar.red.popc.u32 %r0, 0, %p1;\nbar.sync 0;\nshfl.sync.idx.b32 %r0, %r38, 7, 31, -1;\nst.global.u32 [%rd38], %r0;";
    assert_eq!(each("", ended, 64).unwrap(), of_threads(64, |n| if n < 20 { 7 } else { 0 }));
    // Nor are those that end later; without a driver that is told of, and not what was before.
    let mut memory = [0; 4];
    let store = "mov.u32 %r0, %laneid;\nsetp.ne.u32 %p1, %r0, 0;\n";
    for (last, strict) in [
        ("@%p1 bra END;\nbar.warp.sync -1;\nst.global.u32 [%rd39], 5;\nEND:", true),
        ("bar.warp.sync -1;\n@%p1 ret;\nst.global.u32 [%rd39], 5;", false),
    ] {
        let body = format!("{store}{last}");
        ran("", &body, 32, &mut memory).unwrap();
        assert_eq!(std::mem::take(&mut memory[0]), 5);
        let parameter = AT.to_le_bytes().to_vec();
        let alone = interpret(&kernel_text("", &body), "k", ([1, 1, 1], [32, 1, 1], 0), false, &[parameter], vec![(AT, &mut memory)]);
        match alone {
            Err(what) => assert!(strict && what.contains("lane 0 waits for others that have ended"), "{what}"),
            Ok(()) => assert!(!strict && std::mem::take(&mut memory[0]) == 5),
        }
    }
}

#[test]
fn blocks_share_memory_and_wait() {
    let around = ".shared .align 4 .b8 own[256];\n.extern .shared .align 4 .b8 more[];";
    // Turned round by way of static and of dynamic memory.
    for name in ["own", "more"] {
        let body = format!(
            "mov.u64 %rd1, {name};\nmul.wide.u32 %rd2, %r38, 4;\nadd.u64 %rd3, %rd1, %rd2;\nst.shared.u32 [%rd3], %r38;\nbar.sync 0;\nmov.u32 %r1, 63;\nsub.u32 %r1, %r1, %r38;\nmul.wide.u32 %rd2, %r1, 4;\nadd.u64 %rd3, %rd1, %rd2;\ncvta.shared.u64 %rd3, %rd3;\nld.u32 %r0, [%rd3];\nst.global.u32 [%rd38], %r0;"
        );
        let body = if name == "more" {
            body.replace("%r38, 4", "%r38, 1").replace("%r1, 4", "%r1, 1").replace("shared.u32", "shared.u8").replace("ld.u32", "ld.u8")
        } else {
            body
        };
        assert_eq!(each(around, &body, 64).unwrap(), of_threads(64, |n| 63 - n), "{name}");
    }
    let counted = "and.b32 %r1, %r38, 3;\nsetp.eq.u32 %p1, %r1, 1;\nbar.red.popc.u32 %r0, 0, %p1;\nbar.red.and.pred %p2, 0, %p1;\nbar.red.or.pred %p3, 0, %p1;\n@%p2 add.u32 %r0, %r0, 1000;\n@%p3 add.u32 %r0, %r0, 100;\nst.global.u32 [%rd38], %r0;";
    assert_eq!(each("", counted, 96).unwrap(), of_threads(96, |_| 124));
    // Half of the threads go on; the others wait for them.
    let pair = "setp.lt.u32 %p1, %r38, 32;\n@%p1 bra GO;\nbar.sync 1, 64;\nld.global.u32 %r0, [%rd39];\nbra END;\nGO: mov.u32 %r0, 5;\nst.global.u32 [%rd39], %r0;\nbar.arrive 1, 64;\nEND: st.global.u32 [%rd38], %r0;";
    assert_eq!(each("", pair, 64).unwrap(), of_threads(64, |_| 5));
}

#[test]
fn a_lock_is_handed_on_within_a_warp() {
    let around = ".global .align 4 .u32 lock = 0;\n.global .align 4 .u32 sum = 7;";
    let body = "SPIN: atom.global.cas.b32 %r1, [lock], 0, 1;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra SPIN;\nld.global.u32 %r2, [sum];\nadd.u32 %r2, %r2, 1;\nst.global.u32 [sum], %r2;\natom.global.exch.b32 %r3, [lock], 0;\nst.global.u32 [%rd38], %r2;";
    let mut found = each(around, body, 96).unwrap();
    found.sort_unstable();
    assert_eq!(found, of_threads(96, |n| n + 8));
}

#[test]
fn atomics() {
    let cases: &[(&str, u32, u32)] = &[
        ("atom.global.add.u32 %r0, [%rd39], 5;", 7, 12),
        ("atom.add.u32 %r0, [%rd39], -1;", 0, u32::MAX),
        ("atom.global.exch.b32 %r0, [%rd39], 5;", 7, 5),
        ("atom.global.cas.b32 %r0, [%rd39], 7, 5;", 7, 5),
        ("atom.global.cas.b32 %r0, [%rd39], 8, 5;", 7, 7),
        ("atom.global.min.s32 %r0, [%rd39], -1;", 7, u32::MAX),
        ("atom.global.min.u32 %r0, [%rd39], -1;", 7, 7),
        ("atom.acq_rel.gpu.global.max.s32 %r0, [%rd39], 9;", 7, 9),
        ("atom.global.inc.u32 %r0, [%rd39], 7;", 7, 0),
        ("atom.global.inc.u32 %r0, [%rd39], 8;", 7, 8),
        ("atom.global.dec.u32 %r0, [%rd39], 5;", 0, 5),
        ("atom.global.dec.u32 %r0, [%rd39], 5;", 7, 5),
        ("atom.global.dec.u32 %r0, [%rd39], 9;", 7, 6),
        ("atom.global.xor.b32 %r0, [%rd39], 5;", 7, 2),
        ("red.global.or.b32 [%rd39], 8;", 7, 15),
        ("atom.global.add.f32 %r0, [%rd39], 0f40000000;", 0x3f80_0000, 0x4040_0000),
        // Device memory has no subnormal numbers in atomic sums.
        ("atom.global.add.f32 %r0, [%rd39], 0f00000001;", 5, 0),
    ];
    for (text, before, after) in cases {
        let mut memory = [before.to_le_bytes(), [0; 4]].concat();
        let gives = if text.starts_with("atom") { "st.global.u32 [%rd39+4], %r0;" } else { "" };
        ran("", &format!("{text}\n{gives}"), 1, &mut memory).unwrap();
        assert_eq!(memory[..4], after.to_le_bytes(), "{text}");
        assert!(gives.is_empty() || memory[4..] == before.to_le_bytes(), "{text}");
    }
}

#[test]
fn functions_call_and_are_called_by_address() {
    let around = ".func (.param .b32 r) factorial(.param .b32 n)\n{\n.reg .pred %p<2>;\n.reg .b32 %r<5>;\nld.param.b32 %r1, [n];\nmov.u32 %r4, 1;\nsetp.lt.u32 %p1, %r1, 2;\n@%p1 bra END;\nsub.u32 %r2, %r1, 1;\n{\n.param .b32 a;\n.param .b32 b;\nst.param.b32 [a], %r2;\ncall.uni (b), factorial, (a);\nld.param.b32 %r3, [b];\n}\nmul.lo.u32 %r4, %r1, %r3;\nEND: st.param.b32 [r], %r4;\nret;\n}\n.func (.param .align 8 .b8 r[16]) pair(.param .b32 n)\n{\n.reg .b32 %r<3>;\n.reg .b64 %rd<3>;\nld.param.b32 %r1, [n];\ncvt.u64.u32 %rd1, %r1;\nadd.u64 %rd2, %rd1, 1000;\nst.param.v2.b64 [r], {%rd1, %rd2};\nret;\n}";
    // Each lane as deep as its number.
    let body = "{\n.param .b32 a;\n.param .b32 b;\nand.b32 %r1, %r38, 7;\nst.param.b32 [a], %r1;\ncall.uni (b), factorial, (a);\nld.param.b32 %r0, [b];\n}\nst.global.u32 [%rd38], %r0;";
    let factorial = |n: u32| (1..=n).product::<u32>();
    assert_eq!(each(around, body, 32).unwrap(), of_threads(32, |n| factorial(n & 7)));
    let body = "{\n.param .b32 a;\n.param .align 8 .b8 b[16];\nst.param.b32 [a], %r38;\ncall.uni (b), pair, (a);\nld.param.b32 %r1, [b];\nld.param.b64 %rd1, [b+8];\n}\ncvt.u32.u64 %r2, %rd1;\nadd.u32 %r0, %r1, %r2;\nst.global.u32 [%rd38], %r0;";
    assert_eq!(each(around, body, 4).unwrap(), [1000, 1002, 1004, 1006]);
    let by_address = "setp.lt.u32 %p1, %r38, 2;\nmov.u64 %rd1, factorial;\nmov.u64 %rd2, twice;\nselp.b64 %rd1, %rd1, %rd2, %p1;\n{\n.param .b32 a;\n.param .b32 b;\nadd.u32 %r1, %r38, 3;\nst.param.b32 [a], %r1;\nprototype: .callprototype (.param .b32 _) _ (.param .b32 _);\ncall (b), %rd1, (a), prototype;\nld.param.b32 %r0, [b];\n}\nst.global.u32 [%rd38], %r0;";
    let twice = format!(
        "{around}\n.func (.param .b32 r) twice(.param .b32 n)\n{{\n.reg .b32 %r<3>;\nld.param.b32 %r1, [n];\nadd.u32 %r2, %r1, %r1;\nst.param.b32 [r], %r2;\nret;\n}}"
    );
    assert_eq!(each(&twice, by_address, 4).unwrap(), [6, 24, 10, 12]);
    let deep = body
        .replace("pair", "factorial")
        .replace(".align 8 .b8 b[16]", ".b32 b")
        .replace("ld.param.b64 %rd1, [b+8];\n", "")
        .replace("[a], %r38", "[a], 100000");
    let wrong = each(around, &deep, 1).unwrap_err();
    assert!(wrong.starts_with("714: k block [0, 0, 0] thread [0, 0, 0]: 513 calls inside each other"), "{wrong}");
}

#[test]
fn memory_has_ends() {
    let wrong = |body: &str| ran("", body, 1, &mut [0; 64]).unwrap_err();
    assert!(
        wrong("ld.global.u32 %r0, [%rd39+64];")
            .starts_with("700: k block [0, 0, 0] thread [0, 0, 0]: 4 bytes at 0xd0010000000040, outside device memory (line")
    );
    assert!(wrong("st.global.u32 [%rd39+-4], %r0;").starts_with("700"));
    assert!(wrong("ld.global.v2.u32 {%r0, %r1}, [%rd39+4];").starts_with("716"));
    assert!(wrong("ld.shared.u32 %r0, [64];").contains("shared memory"));
    assert!(wrong("mov.u64 %rd1, 0;\nld.u32 %r0, [%rd1];").contains("outside device memory"));
    assert!(wrong("cvta.shared.u64 %rd1, 0;\nld.global.u32 %r0, [%rd1];").contains("outside device memory"));
    assert!(wrong(".local .align 4 .b8 own[8];\nmov.u64 %rd1, own;\nst.local.u32 [%rd1+8], 1;").contains("local memory"));
    assert!(wrong("trap;").starts_with("719"));
    assert!(
        wrong("dp4a.u32.u32 %r0, %r1, %r2, %r3;")
            .starts_with("715: k block [0, 0, 0] thread [0, 0, 0]: the stand-in does not know the instruction dp4a of")
    );
    // What is not run is not missed.
    assert_eq!(ran("", "mov.pred %p1, 0;\n@%p1 dp4a.u32.u32 %r0, %r1, %r2, %r3;", 1, &mut [0; 8]), Ok(()));
    let local = ".local .align 8 .b8 own[32];\nmov.u64 %rd1, own;\nmul.wide.u32 %rd2, %r38, 8;\nadd.u64 %rd3, %rd1, %rd2;\nst.local.v2.u32 [%rd3], {%r38, 9};\ncvta.local.u64 %rd3, %rd3;\nld.u32 %r1, [%rd3];\nld.u32 %r2, [%rd3+4];\nadd.u32 %r0, %r1, %r2;\nst.global.u32 [%rd38], %r0;";
    assert_eq!(each("", local, 4).unwrap(), [9, 10, 11, 12]);
    let table = ".const .align 4 .b32 table[4] = {10, 20, -30, 0x28};\n.global .align 8 .u64 there[1] = {table};";
    let body = "mov.u64 %rd1, there;\nld.global.u64 %rd2, [%rd1];\nmul.wide.u32 %rd3, %r38, 4;\nadd.u64 %rd3, %rd3, %rd2;\nld.const.s32 %r0, [%rd3];\nst.global.u32 [%rd38], %r0;";
    assert_eq!(each(table, body, 4).unwrap(), [10, 20, (-30i32) as u32, 40]);
    let narrow = "ld.global.s8 %r0, [%rd39];\nld.global.u8 %r1, [%rd39];\nst.global.u32 [%rd39], %r0;\nst.global.u32 [%rd39+4], %r1;";
    let mut memory = [0x80, 1, 2, 3, 4, 5, 6, 7];
    ran("", narrow, 1, &mut memory).unwrap();
    assert_eq!(memory, [0x80, 0xff, 0xff, 0xff, 0x80, 0, 0, 0]);
}

#[test]
fn places_and_masks() {
    let body = "mov.u32 %r1, %ctaid.x;\nmov.u32 %r2, %ntid.x;\nmad.lo.u32 %r3, %r1, %r2, %r38;\nmov.u32 %r4, %nctaid.x;\nmov.u32 %r5, %lanemask_lt;\nmov.u32 %r6, %laneid;\nmov.u32 %r7, %warpid;\npopc.b32 %r5, %r5;\nsub.u32 %r5, %r5, %r6;\nmul.wide.u32 %rd1, %r3, 4;\nadd.u64 %rd1, %rd1, %rd39;\nmul.lo.u32 %r4, %r4, 100;\nadd.u32 %r4, %r4, %r5;\nadd.u32 %r4, %r4, %r7;\nst.global.u32 [%rd1], %r4;";
    let mut memory = vec![0; 3 * 40 * 4];
    launched("", &format!("mov.u32 %r38, %tid.x;\n{body}"), [3, 1, 1], 40, 0, false, &mut memory).unwrap();
    let found: Vec<u32> = memory.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
    assert_eq!(found, (0..120).map(|n| 300 + n % 40 / 32).collect::<Vec<u32>>());
    // Blocks that wait for each other: only where all are there.
    let meets = "atom.global.add.u32 %r1, [%rd39], 1;\nWAIT: ld.volatile.global.u32 %r2, [%rd39];\nsetp.lt.u32 %p1, %r2, 5;\n@%p1 bra WAIT;";
    let mut memory = [0; 4];
    launched("", meets, [5, 1, 1], 1, 0, true, &mut memory).unwrap();
    assert_eq!(memory, [5, 0, 0, 0]);
}
