#![allow(unsafe_code, missing_docs)]
//! The whole way: Python text to machine code.

use std::collections::BTreeMap;
use verdigris_compiler::abi::{Launch, LaunchState};
use verdigris_compiler::ir::Kind;
use verdigris_compiler::llvm::{self, BlockClass, Cpu, Lanes, Shape};
use verdigris_compiler::lower::{self, Options};
use verdigris_compiler::names::{Definition, Meaning};
use verdigris_compiler::types::{ArrayType, Layout, ScalarType, Type};

const MANDELBROT: &str = "\
def mandel(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z*z + c
        if (z.real*z.real + z.imag*z.imag) >= 4:
            return i
    return max_iters

def mandel_kernel(min_x, max_x, min_y, max_y, image, iters):
    height = image.shape[0]
    width = image.shape[1]
    pixel_size_x = (max_x - min_x) / width
    pixel_size_y = (max_y - min_y) / height
    startX, startY = cuda.grid(2)
    gridX = cuda.gridDim.x * cuda.blockDim.x
    gridY = cuda.gridDim.y * cuda.blockDim.y
    for x in range(startX, width, gridX):
        real = min_x + x * pixel_size_x
        for y in range(startY, height, gridY):
            imag = min_y + y * pixel_size_y
            image[y, x] = mandel(real, imag, iters)
";

#[test]
fn the_blog_s_mandelbrot() {
    let mandel = Definition::from_text("mandel.py", MANDELBROT, "mandel", BTreeMap::new()).expect("parses");
    let kernel = Definition::from_text("mandel.py", MANDELBROT, "mandel_kernel", [("mandel".to_owned(), Meaning::Function(mandel))]).expect("parses");
    let image = Type::Array(ArrayType { elem: ScalarType::U8, ndim: 2, layout: Layout::C, readonly: false });
    let f = Type::Scalar(ScalarType::F64);
    let args = [f.clone(), f.clone(), f.clone(), f, image, Type::Scalar(ScalarType::I64)];
    let started = std::time::Instant::now();
    let lowered = lower::lower(&kernel, &args, Options { kind: Kind::Kernel, fma: true, fastmath: false, zero_division: false }, None)
        .unwrap_or_else(|d| panic!("{}", d.render()));
    let front = started.elapsed().as_secs_f64() * 1e3;
    if std::env::var_os("VG_PRINT").is_some() {
        println!("{}", *lowered.ir);
    }
    let (w, h) = (1536usize, 1024usize);
    let mut images = Vec::new();
    for lanes in [Lanes::One, Lanes::Warp] {
        let shape = Shape::Blocks { lanes, class: BlockClass::Rows, check_bounds: true };
        let started = std::time::Instant::now();
        let code = llvm::compile(&lowered.ir, &shape, &Cpu::new(None).expect("this processor")).expect("code");
        let back = started.elapsed().as_secs_f64() * 1e3;
        let mut pixels = vec![255u8; w * h];
        let state = LaunchState::default();
        let launch = Launch::new([32, 16, 1], [32, 8, 1], &state.stop, &state);
        let [a, b, c, d] = [-2.0f64, 1.0, -1.0, 1.0].map(f64::to_bits);
        let params = [a, b, c, d, pixels.as_mut_ptr() as u64, h as u64, w as u64, w as u64, 1, 20];
        let mut best = f64::MAX;
        for _ in 0..5 {
            let started = std::time::Instant::now();
            // SAFETY: the words describe `pixels`, which outlives the call.
            unsafe { code.blocks()(params.as_ptr(), &launch, 0, 512) };
            best = best.min(started.elapsed().as_secs_f64() * 1e9 / (w * h) as f64);
        }
        assert_eq!(state.failure(), None);
        println!("{lanes:?}: lower {front:.1} ms, compile {back:.1} ms, {best:.2} ns a pixel");
        images.push(pixels);
    }
    assert!(images[0] == images[1]);
    assert_eq!(images[0].iter().map(|p| *p as u64).max(), Some(20));
    assert_eq!(images[0].iter().map(|p| *p as u64).min(), Some(0));
}
