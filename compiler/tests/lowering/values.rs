//! What lowered functions compute, run by the interpreter, against what CPython computed (`record.py` wrote it down).

use std::collections::HashMap;
use std::path::Path;

use verdigris_compiler::abi::SiteKind;
use verdigris_compiler::interp::{self, Limits};
use verdigris_compiler::ir::{Kind, Param, Verified};
use verdigris_compiler::types::{Scalar, ScalarType};

fn arguments(ir: &Verified, text: &str) -> Vec<Scalar> {
    let words = text.split(',').map(|w| u64::from_str_radix(w, 16).expect("hexadecimal"));
    let types = ir.params.iter().map(|p| match p {
        Param::Scalar { ty, .. } => *ty,
        Param::Array { .. } => panic!("no arrays here"),
    });
    types.zip(words).map(|(ty, bits)| Scalar::from_bits(ty, bits)).collect()
}

/// A float result must equal CPython's number, sign of zero included; CPython's integers may have become floats, never the reverse.
fn agrees(ours: Scalar, recorded: &str) -> bool {
    let (kind, digits) = recorded.split_at(1);
    let float = |want: f64, exact_zero: bool| {
        let got = ours.as_f64();
        (got.is_nan() && want.is_nan()) || (got == want && (!exact_zero || got.is_sign_negative() == want.is_sign_negative()))
    };
    match kind {
        "f" => ours.ty().is_float() && float(f64::from_bits(u64::from_str_radix(digits, 16).expect("bits")), true),
        _ if ours.ty().is_float() => float(digits.parse().expect("an integer"), false),
        "b" if ours.ty() == ScalarType::Bool => ours.as_bool() == (digits == "1"),
        _ => ours.as_int() == digits.parse::<i128>().expect("an integer"),
    }
}

#[test]
fn as_cpython() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/values");
    let (path, text) = (folder.join("functions.py"), std::fs::read_to_string(folder.join("functions.py")).unwrap());
    let record = std::fs::read_to_string(folder.join("functions.txt")).unwrap();
    let mut lowered: HashMap<&str, Verified> = HashMap::new();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in record.lines() {
        let [name, types, args, results] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let ir = lowered.entry(name).or_insert_with(|| match super::lowered(&path, &text, name, Kind::Scalar, types) {
            Ok(lowered) => lowered.ir,
            Err(diagnostic) => panic!("{}", diagnostic.render()),
        });
        count += 1;
        let got = interp::run_scalar(ir, &arguments(ir, args), &Limits { steps: 1_000_000, ..Limits::default() });
        let right = match &got {
            Ok(values) => {
                let recorded: Vec<&str> = results.split(',').collect();
                recorded.len() == values.len() && values.iter().zip(recorded).all(|(v, r)| agrees(*v, r))
            }
            Err(interp::Error::Fault(fault)) => results == "unassigned" && matches!(fault.site.kind, SiteKind::Unassigned(_)),
            Err(_) => false,
        };
        if !right {
            wrong.push(format!("{line}\n  gives {got:?}"));
        }
    }
    assert!(count > 1000, "the record is there");
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}
