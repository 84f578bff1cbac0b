//! Text form and verifier, on functions written by hand. Random ones are in `tests/differential.rs`.

use super::*;

/// A kernel with something of everything, in the form that the printer writes.
const EVERYTHING: &str = r#"kernel "every \"thing\""
slot s0: int64 "i"
slot s1: float32 "%t\u{a}"
slot s2: bool "never mentioned"
array a0: array(float64, 2d, A) "out"
array a1: array(complex64, 1d, C) "z"
array a2: array(int16, 1d, C, readonly) "table" = array(int16, 1d, C, readonly) [3] 0x0100fe7f0080
param scalar float64 "factor"
param array a0 "out"
param array a1 "z"
body {
  v0: float64 = param 0
  v1: int64 = const -3
  v2: float64 = const 0x3ff8000000000000 ; 1.5
  v3: float32 = const 0x80000000 ; -0.0
  v4: bool = const 1
  v5: float64 = mul v0, v2
  v6: float64 = fma v5, v0, v2
  v7: float64 = tgamma v6
  v8: int64 = cast v7
  v9: int32 = threadIdx.x
  v10: int32 = laneid
  v11: int64 = extent a0, 1
  set s0, v8
  v12: int64 = get s0
  v13: float32 = load.imag a1[v12]
  v14: int16 = load a2[v12]
  store a0[v12, v1], v7
  store.real a1[v1], v13
  loop l0 {
    if v4 {
      set s1, v3
      break l0
    } else {
      scope l1 {
        if v4 {
          continue l0
        } else {
        }
        break l1
      }
    }
    fail unassigned s0
  } latch {
    loop l2 {
      break l2
    } latch {
    }
  }
  if v4 {
    fail zero-step
  } else {
    fail tuple-index
  }
}
"#;

#[test]
fn text_reads_back_as_itself() {
    let f = parse(EVERYTHING).expect("readable");
    assert_eq!(f.to_string(), EVERYTHING);
    let verified = Verified::new(f).expect("valid");
    assert_eq!(verified.arrays[2].constant.as_ref().expect("contents").data, [1, 0, 0xfe, 0x7f, 0, 0x80]);
    assert_eq!(verified.slots[1].name, "%t\n");
}

#[test]
fn numbering_is_of_the_program_not_the_arena() {
    // The same program, with its arenas in another order and full of leftovers.
    let make = |clutter: bool| {
        let mut b = Builder::new("f", Kind::Scalar);
        let p = b.scalar_param("x", ScalarType::I64);
        if clutter {
            b.open();
            b.int(7);
            b.close();
            b.label();
        }
        let names = if clutter { ["late", "%result"] } else { ["%result", "late"] };
        let [first, second] = names.map(|name| b.slot(name, ScalarType::I64));
        let (result, late) = if clutter { (second, first) } else { (first, second) };
        let label = b.label();
        let x = b.push(Inst::Param(p));
        b.set(result, x);
        b.open();
        b.set(late, x);
        b.push(Inst::Break(label));
        let body = b.close();
        b.push(Inst::Scope { label, body });
        b.finish(vec![result], Sources::default())
    };
    let plain = make(false).to_string();
    assert!(plain.contains("scope l0"), "{plain}");
    assert_eq!(plain, make(true).to_string());
}

#[test]
fn faults_of_a_parsed_function_point_into_its_text() {
    let text = "kernel \"k\"\nbody {\n  fail zero-step\n}\n";
    let f = parse(text).expect("readable");
    let location = f.sources.locate(f.spans[0]);
    assert_eq!((&*location.file, location.line, location.column), ("<ir>", 3, 3));
}

#[test]
fn unreadable_texts_name_the_line() {
    let in_body = |line: &str| format!("kernel \"k\"\nslot s0: int64 \"x\"\nbody {{\n  {line}\n}}\n");
    let cases = [
        (String::new(), 1, "the text ends too early"),
        ("kernel \"k\"\nbody {\n".into(), 2, "the text ends too early"),
        ("procedure \"k\"\n".into(), 1, "expected `function` or `kernel`"),
        ("kernel \"k\n".into(), 1, "the name has no closing quote"),
        ("kernel \"k\"\nslot s1: int64 \"x\"\n".into(), 2, "number 1 where 0 comes next"),
        ("kernel \"k\"\nbody {\n}\nmore\n".into(), 4, "text after the body"),
        (in_body("get s0 s1"), 4, "`s1` is too much"),
        (in_body("set s0, v0"), 4, "v0 is not defined yet"),
        (in_body("v0: int8 = const 128"), 4, "`128` is no int8 constant"),
        (in_body("v0: float32 = const 0x3ff0000000000000"), 4, "`0x3ff0000000000000` is no float32 constant"),
        (in_body("v0: complex64 = const 0"), 4, "a constant is never complex"),
        (in_body("v0: int64 = frobnicate"), 4, "`frobnicate` is no instruction"),
        (in_body("if"), 4, "expected a value"),
        (in_body("loop l0 {\n  }"), 5, "expected `latch` at ``"),
    ];
    for (text, line, message) in cases {
        let error = parse(&text).expect_err(&text);
        assert_eq!((error.line, error.message.as_str()), (line, message), "{text}");
    }
    let deep = format!("kernel \"k\"\nbody {{\n{}", "scope l0 {\n".repeat(100_000));
    assert_eq!(parse(&deep).expect_err("too deep").message, "blocks nest deeper than 500");
}

/// What the verifier says of a kernel with this body, every message.
fn faults(body: &str) -> Vec<String> {
    let text = format!(
        "kernel \"k\"\nslot s0: int64 \"i\"\nslot s1: float32 \"x\"\narray a0: array(float64, 2d, C) \"a\"\narray a1: array(complex64, 1d, A, readonly) \"z\"\n\
         param array a0 \"a\"\nparam array a1 \"z\"\nparam scalar int64 \"n\"\nbody {{\n{body}\n}}\n"
    );
    let f = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    Verified::new(f).err().map_or(vec![], |invalid| invalid.0)
}

#[test]
fn each_broken_invariant_is_named() {
    let cases = [
        ("v0: int64 = param 0", "names an array parameter"),
        ("v0: int64 = param 7", "the parameter does not exist"),
        ("v0: int32 = param 2", "gives int64, not int32"),
        ("param 2", "gives int64, not no value"),
        ("v0: int64 = const 1\nv1: float64 = sqrt v0", "sqrt does not take (int64)"),
        ("v0: int64 = const 1\nv1: int64 = add v0", "add does not take (int64)"),
        ("v0: int64 = const 1\nv1: int64 = eq v0, v0", "gives bool, not int64"),
        ("v0: int64 = get s9", "slot s9 does not exist"),
        ("v0: float32 = get s0", "gives int64, not float32"),
        ("v0: int64 = const 1\nset s1, v0", "the slot is float32, the value int64"),
        ("v0: int64 = const 1\nif v0 {\n} else {\n}", "the condition is int64"),
        ("v0: int64 = extent a0, 2", "the array has 2 axes"),
        ("v0: int64 = extent a5, 0", "the array does not exist"),
        ("v0: int64 = const 1\nv1: float64 = load a0[v0]", "has 1 indexes for 2 axes"),
        ("v0: int32 = const 1\nv1: float64 = load a0[v0, v0]", "index v0 is int32, not int64 or uint64"),
        ("v0: int64 = const 1\nv1: float64 = load.real a0[v0, v0]", "float64 has no parts"),
        ("v0: int64 = const 1\nv1: float32 = load a1[v0]", "a complex element is accessed by part"),
        ("v0: int64 = const 1\nv1: float64 = load.imag a1[v0]", "gives float32, not float64"),
        ("v0: int64 = const 1\nv1: float32 = load.imag a1[v0]\nstore.imag a1[v0], v1", "the array is readonly"),
        ("v0: int64 = const 1\nstore a0[v0, v0], v0", "stores int64 where float64 is kept"),
        ("v0: bool = const 1\nif v0 {\nv1: int64 = const 1\n} else {\nset s0, v1\n}", "operand v2 does not stand before it"),
        ("v0: bool = const 1\nif v0 {\nv1: int64 = const 1\n} else {\n}\nset s0, v1", "operand v2 does not stand before it"),
        ("loop l0 {\nv0: int64 = const 1\nbreak l0\n} latch {\nset s0, v0\n}", "operand v1 does not stand before it"),
        ("break l0", "names no construct around it"),
        ("scope l0 {\n}\nbreak l0", "names no construct around it"),
        ("scope l0 {\ncontinue l0\n}", "continues a scope"),
        ("v0: bool = const 1\nloop l0 {\n} latch {\nif v0 {\nbreak l0\n} else {\n}\n}", "jumps out of a latch"),
        ("loop l0 {\n} latch {\nscope l1 {\ncontinue l0\n}\n}", "jumps out of a latch"),
        ("scope l1 {\nv0: bool = const 1\nloop l0 {\n} latch {\nif v0 {\nbreak l1\n} else {\n}\n}\n}", "jumps out of a latch"),
        ("loop l0 {\n} latch {\nfail zero-step\n}", "its latch ends in a jump"),
        ("scope l0 {\n}\nscope l0 {\n}", "its label is used twice"),
        ("fail zero-step\nv0: int64 = const 1", "is not the last of its block"),
        ("fail unassigned s7", "slot s7 does not exist"),
    ];
    for (body, expected) in cases {
        let found = faults(body);
        assert!(matches!(&found[..], [one] if one.contains(expected)), "{body}\n  expected: {expected}\n  found: {found:?}");
    }
    assert_eq!(faults("v0: int64 = const 1\nset s0, v0"), Vec::<String>::new());
}

#[test]
fn all_violations_are_collected_with_their_instructions() {
    let found = faults("v0: int32 = param 2\nv1: float32 = get s0\nbreak l3");
    assert_eq!(
        found,
        [
            "`v0: int32 = param 2` (v0): gives int64, not int32",
            "`v1: float32 = get s0` (v1): gives int64, not float32",
            "`break l3` (v2): names no construct around it"
        ]
    );
}

/// What the verifier says of a valid function after it was tampered with in a way that the text form cannot write.
fn tampered(change: impl Fn(&mut Function)) -> String {
    let mut f = parse(EVERYTHING).expect("readable");
    change(&mut f);
    Verified::new(f).expect_err("invalid").0.join("\n")
}

#[test]
fn broken_arenas_and_interfaces_are_named() {
    assert!(tampered(|f| f.body.push(f.body[0])).contains("stands in the body more than once"));
    assert!(tampered(|f| f.body.push(Value(9999))).contains("v9999, which does not exist"));
    assert!(tampered(|f| f.body.truncate(f.body.len() - 1)).contains("stands nowhere in the body"));
    assert!(tampered(|f| f.types.truncate(f.types.len() - 1)).contains("one entry an instruction"));
    assert!(tampered(|f| f.spans[3].source.0 = 5).contains("its span names no source"));
    assert!(tampered(|f| f.labels = 1).contains("its label does not exist"));
    assert!(tampered(|f| f.results.push(Slot(0))).contains("a kernel has results"));
    assert!(tampered(|f| f.results.push(Slot(44))).contains("result s44 does not exist"));
    assert!(tampered(|f| f.slots[2].ty = ScalarType::C128).contains("slot s2 is complex"));
    assert!(tampered(|f| f.kind = Kind::Scalar).contains("a scalar function has no result"));
    assert!(tampered(|f| f.kind = Kind::Scalar).contains("a scalar function has no launch geometry"));
    assert!(tampered(|f| f.kind = Kind::Scalar).contains("parameter 1 of a scalar function is an array"));
    assert!(tampered(|f| f.params.push(Param::Array { name: "again".into(), array: Array(0) })).contains("array a0 is bound by 2 parameters"));
    assert!(tampered(|f| f.params.push(Param::Array { name: "both".into(), array: Array(2) })).contains("both a constant and a parameter"));
    assert!(tampered(|f| f.params.push(Param::Array { name: "none".into(), array: Array(9) })).contains("binds a9, which does not exist"));
    assert!(tampered(|f| f.params.push(Param::Scalar { name: "c".into(), ty: ScalarType::C64 })).contains("parameter 3 is complex"));
    assert!(tampered(|f| f.arrays[0].ty.ndim = 9).contains("array a0 has 9 axes"));
    assert!(tampered(|f| f.arrays[2].ty.readonly = false).contains("constant array a2 must be readonly"));
    let shrink = |f: &mut Function| Arc::make_mut(f.arrays[2].constant.as_mut().expect("contents")).shape = vec![4];
    assert!(tampered(shrink).contains("constant array a2 has 6 bytes for the shape [4]"));
}
