//! Semantics on functions small enough to check by eye.

use super::*;
use crate::abi::SiteKind;
use crate::ir::parse;
use crate::types::ScalarType;

fn verified(text: &str) -> Verified {
    let f = parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    Verified::new(f).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn int(x: i64) -> Scalar {
    Scalar::int(ScalarType::I64, x.into())
}

fn scalar(f: &Verified, args: &[i64]) -> Result<i64, Error> {
    let args: Vec<Scalar> = args.iter().map(|x| int(*x)).collect();
    run_scalar(f, &args, &Limits::default()).map(|r| r[0].as_int() as i64)
}

/// Sum of the odd numbers below n, leaving early at the first multiple of `stop`, through continue, break and a scope.
const ODDS: &str = r#"function "odds"
slot s0: int64 "i"
slot s1: int64 "sum"
param scalar int64 "n"
param scalar int64 "stop"
result s1
body {
  v0: int64 = param 0
  v1: int64 = param 1
  v2: int64 = const 2
  v3: int64 = const 0
  v4: int64 = const 1
  scope l1 {
    loop l0 {
      v5: int64 = get s0
      v6: bool = ge v5, v0
      if v6 {
        break l0
      } else {
      }
      v7: int64 = mod v5, v2
      v8: bool = eq v7, v3
      if v8 {
        continue l0
      } else {
        v9: int64 = mod v5, v1
        v10: bool = eq v9, v3
        if v10 {
          break l1
        } else {
        }
      }
      v11: int64 = get s1
      v12: int64 = add v11, v5
      set s1, v12
    } latch {
      v13: int64 = get s0
      v14: int64 = add v13, v4
      set s0, v14
    }
    v15: int64 = get s1
    v16: int64 = neg v15
    set s1, v16
  }
}
"#;

#[test]
fn loops_scopes_and_jumps() {
    let f = verified(ODDS);
    assert_eq!(scalar(&f, &[10, 100]), Ok(-(1 + 3 + 5 + 7 + 9)), "the loop is left by break l0, then negated");
    assert_eq!(scalar(&f, &[10, 5]), Ok(1 + 3), "break l1 skips the negation");
    assert_eq!(scalar(&f, &[0, 5]), Ok(0));
}

#[test]
fn slots_begin_at_zero_in_each_run() {
    let f = verified(ODDS);
    assert_eq!(scalar(&f, &[10, 5]), scalar(&f, &[10, 5]));
}

#[test]
fn limits_end_an_endless_loop() {
    let f = verified("function \"f\"\nslot s0: int64 \"x\"\nresult s0\nbody {\n  loop l0 {\n  } latch {\n  }\n}\n");
    assert_eq!(run_scalar(&f, &[], &Limits { steps: 1_000_000, ..Limits::default() }), Err(Error::Steps));
    let asked = std::cell::Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    assert_eq!(run_scalar(&f, &[], &Limits { stop: &stop, ..Limits::default() }), Err(Error::Stopped));
}

#[test]
fn arguments_are_checked() {
    let f = verified(ODDS);
    let says = |args: &[Scalar]| match run_scalar(&f, args, &Limits::default()) {
        Err(Error::Arguments(what)) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(says(&[int(1)]), "1 arguments for 2 parameters");
    assert_eq!(says(&[int(1), Scalar::f64(1.0)]), "argument 1 is float64, not int64");
}

/// Writes 100*block + thread at a[i] for the global thread number i; with extent below the thread count this faults.
const FILL: &str = r#"kernel "fill"
array a0: array(int64, 1d, A) "a"
param array a0 "a"
body {
  v0: int32 = blockIdx.x
  v1: int32 = blockDim.x
  v2: int32 = threadIdx.x
  v3: int64 = cast v0
  v4: int64 = cast v1
  v5: int64 = cast v2
  v6: int64 = mul v3, v4
  v7: int64 = add v6, v5
  v8: int64 = const 100
  v9: int64 = mul v3, v8
  v10: int64 = add v9, v5
  store a0[v7], v10
}
"#;

fn fill(view: View, bytes: usize) -> (Vec<i64>, Result<(), Error>) {
    let mut buffer = vec![0u8; bytes];
    let result = run_kernel(&verified(FILL), &[Argument::Array(view)], &mut [&mut buffer], [3, 1, 1], [4, 1, 1], &Limits::default());
    (buffer.chunks(8).map(|c| i64::from_ne_bytes(c.try_into().expect("eight bytes"))).collect(), result)
}

#[test]
fn grids_cover_strided_views() {
    let dense = View::dense(0, ScalarType::I64, &[12]);
    assert_eq!(fill(dense, 96), (vec![0, 1, 2, 3, 100, 101, 102, 103, 200, 201, 202, 203], Ok(())));
    let backwards = View { buffer: 0, offset: 88, shape: vec![12], strides: vec![-8] };
    assert_eq!(fill(backwards, 96).0, [203, 202, 201, 200, 103, 102, 101, 100, 3, 2, 1, 0]);
    let one = View { buffer: 0, offset: 8, shape: vec![12], strides: vec![0] };
    assert_eq!(fill(one, 24).0, [0, 203, 0], "the last thread's store wins");
}

#[test]
fn the_lowest_thread_that_faults_is_reported_and_the_others_run() {
    let (memory, result) = fill(View::dense(0, ScalarType::I64, &[9]), 72);
    assert_eq!(memory, [0, 1, 2, 3, 100, 101, 102, 103, 200]);
    let Err(Error::Fault(fault)) = result else { panic!("{result:?}") };
    assert_eq!((fault.block, fault.thread, fault.index), (2, 1, Some((0, 9, 9))));
    assert_eq!(fault.site.kind, SiteKind::Index { array: "a".into() });
    assert_eq!(fault.site.location.line, 16);
}

#[test]
fn views_that_reach_out_of_their_buffer_are_refused() {
    for (offset, extent, stride) in [(0, 13, 8), (8, 12, 8), (0, 2, -8), (96, 1, 0), (0, usize::MAX, 8)] {
        let view = View { buffer: 0, offset, shape: vec![extent], strides: vec![stride] };
        assert!(matches!(fill(view.clone(), 96).1, Err(Error::Arguments(_))), "{view:?}");
    }
    let empty = View { buffer: 0, offset: 1000, shape: vec![0], strides: vec![8] };
    assert!(matches!(fill(empty, 96).1, Err(Error::Fault(_))), "no element, so every store is out of bounds");
}

#[test]
fn negative_indexes_count_from_the_end_and_unsigned_ones_do_not() {
    let text = |ty: &str, i: &str| {
        format!(
            "kernel \"k\"\narray a0: array(int64, 1d, C) \"a\"\nparam array a0 \"a\"\nbody {{\n  v0: {ty} = const {i}\n  v1: int64 = const 7\n  store a0[v0], v1\n}}\n"
        )
    };
    let run = |ty, i| {
        let mut buffer = [0u8; 24];
        let view = View::dense(0, ScalarType::I64, &[3]);
        let result = run_kernel(&verified(&text(ty, i)), &[Argument::Array(view)], &mut [&mut buffer], [1; 3], [1; 3], &Limits::default());
        let index = match result {
            Ok(()) => None,
            Err(Error::Fault(fault)) => fault.index,
            Err(other) => panic!("{other}"),
        };
        (buffer.iter().position(|b| *b == 7), index)
    };
    assert_eq!(run("int64", "-1"), (Some(16), None));
    assert_eq!(run("int64", "-3"), (Some(0), None));
    assert_eq!(run("int64", "-4"), (None, Some((0, -4, 3))));
    assert_eq!(run("int64", "-9223372036854775808"), (None, Some((0, i64::MIN, 3))));
    assert_eq!(run("uint64", "2"), (Some(16), None));
    assert_eq!(run("uint64", "18446744073709551615"), (None, Some((0, -1, 3))));
}

#[test]
fn complex_parts_bools_and_constants() {
    let f = verified(
        r#"kernel "k"
array a0: array(complex64, 2d, C) "z"
array a1: array(bool, 1d, C) "b"
array a2: array(int16, 1d, C, readonly) "t" = array(int16, 1d, C, readonly) [2] 0x0000ff7f
param array a0 "z"
param array a1 "b"
body {
  v0: int64 = const 1
  v1: int16 = load a2[v0]
  v2: float32 = cast v1
  v3: int64 = const 2
  store.imag a0[v0, v3], v2
  v4: float32 = load.imag a0[v0, v3]
  v5: float32 = neg v4
  store.real a0[v0, v0], v5
  v6: bool = lt v5, v4
  store a1[v0], v6
}
"#,
    );
    let (mut z, mut b) = ([0u8; 48], [0u8; 2]);
    let args = [Argument::Array(View::dense(0, ScalarType::C64, &[2, 3])), Argument::Array(View::dense(1, ScalarType::Bool, &[2]))];
    run_kernel(&f, &args, &mut [&mut z, &mut b], [1; 3], [1; 3], &Limits::default()).expect("no fault");
    let floats: Vec<f32> = z.chunks(4).map(|c| f32::from_ne_bytes(c.try_into().expect("four bytes"))).collect();
    assert_eq!(floats, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -32767.0, 0.0, 0.0, 32767.0]);
    assert_eq!(b, [0, 1]);
}

#[test]
fn geometry_of_three_axes() {
    let mut text = String::from("kernel \"k\"\narray a0: array(int32, 2d, C) \"a\"\nparam array a0 \"a\"\nslot s0: int64 \"n\"\nbody {\n");
    // Row = linear thread of the whole launch, computed from the coordinates; columns = all thirteen coordinates.
    for (i, g) in crate::ir::Geometry::ALL.iter().enumerate() {
        text += &format!("  v{i}: int32 = {}\n  v{}: int64 = cast v{i}\n  v{}: int64 = const {i}\n", g.name(), 20 + i, 40 + i);
    }
    // block number = bx + gx*(by + gy*bz), thread number likewise, row = block number * threads + thread number
    text += "  v60: int64 = mul v30, v25\n  v61: int64 = add v60, v24\n  v62: int64 = mul v29, v61\n  v63: int64 = add v62, v23\n";
    text += "  v70: int64 = mul v27, v22\n  v71: int64 = add v70, v21\n  v72: int64 = mul v26, v71\n  v73: int64 = add v72, v20\n";
    text += "  v80: int64 = mul v26, v27\n  v81: int64 = mul v80, v28\n  v82: int64 = mul v63, v81\n  v83: int64 = add v82, v73\n";
    for i in 0..13 {
        text += &format!("  store a0[v83, v{}], v{i}\n", 40 + i);
    }
    text += "}\n";
    let (grid, block) = ([2u32, 3, 2], [5u32, 2, 4]);
    let mut buffer = vec![0xffu8; 12 * 40 * 13 * 4];
    let view = View::dense(0, ScalarType::I32, &[480, 13]);
    // v30 is gridDim.y's cast only if ALL lists threadIdx, blockIdx, blockDim, gridDim in this order.
    run_kernel(&verified(&text), &[Argument::Array(view)], &mut [&mut buffer], grid, block, &Limits::default()).expect("no fault");
    let rows: Vec<i32> = buffer.chunks(4).map(|c| i32::from_ne_bytes(c.try_into().expect("four bytes"))).collect();
    let mut expected = Vec::new();
    for b in 0..12i32 {
        for t in 0..40i32 {
            expected.extend([t % 5, t / 5 % 2, t / 10, b % 2, b / 2 % 3, b / 6, 5, 2, 4, 2, 3, 2, t % 32]);
        }
    }
    assert_eq!(rows, expected);
}

#[test]
fn at_least_a_million_steps_a_second() {
    // The target is 5M a second in the dev profile on an idle machine; a loaded one must still be usable.
    let f = verified(ODDS);
    let start = std::time::Instant::now();
    let n = 100_000;
    scalar(&f, &[n, i64::MAX]).expect("a result");
    let rate = n as f64 * 15.0 / start.elapsed().as_secs_f64();
    println!("{:.1} M steps/s", rate / 1e6);
    assert!(rate > 1e6, "{rate}");
}
