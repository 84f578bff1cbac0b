//! Size and nesting: a diagnostic, never an overflow of the stack.

use verdigris_compiler::diagnostic::Code;
use verdigris_compiler::syntax::{MAX_DEPTH, MAX_TEXT};

use crate::parse_text;

fn returning(expression: &str) -> String {
    format!("def f(x):\n    return {expression}\n")
}

#[track_caller]
fn too_deep(text: &str) {
    let diagnostic = parse_text("f", text).expect_err("too deep");
    assert_eq!(diagnostic.code, Code::UnsupportedSyntax);
    assert!(diagnostic.headline.starts_with("code nested more than"), "{}", diagnostic.headline);
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    // One level is the statement, one the name.
    let minus = "-".repeat(MAX_DEPTH as usize - 2);
    assert!(parse_text("f", &returning(&format!("{minus}x"))).is_ok());
    too_deep(&returning(&format!("-{minus}x")));
    // Brackets are no nesting of the tree.
    assert!(parse_text("f", &returning(&format!("{}x{}", "(".repeat(5000), ")".repeat(5000)))).is_ok());
}

#[test]
fn deep_texts_of_all_kinds() {
    let many = 50_000;
    too_deep(&returning(&format!("{}x", "- ".repeat(many))));
    too_deep(&returning(&format!("{}x", "not ".repeat(many))));
    too_deep(&returning(&format!("x{}", "+x".repeat(many))));
    too_deep(&returning(&format!("x{}", ".a".repeat(many))));
    too_deep(&returning(&format!("x{}", "[0]".repeat(many))));
    too_deep(&returning(&format!("{}x", "x**".repeat(many))));
    too_deep(&returning(&format!("{}x", "x if x else ".repeat(10_000))));
    too_deep(&returning(&format!("{}x{}", "f(".repeat(many), ")".repeat(many))));
    too_deep(&format!("def f(x):\n    if x:\n        pass\n{}", "    elif x:\n        pass\n".repeat(5_000)));
    let nested: String = (0..300).map(|depth| format!("{}if x:\n", " ".repeat(depth + 1))).collect();
    too_deep(&format!("def f(x):\n{nested}{}pass\n", " ".repeat(301)));
}

#[test]
fn wide_texts_are_fine() {
    assert!(parse_text("f", &returning(&format!("x{}", " and x".repeat(5_000)))).is_ok());
    assert!(parse_text("f", &returning(&format!("x{}", " < x".repeat(5_000)))).is_ok());
    assert!(parse_text("f", &format!("def f(x):\n{}", "    x = x + 1\n".repeat(5_000))).is_ok());
}

#[test]
fn deep_code_outside_the_function_does_not_matter() {
    let text = format!("y = {}1\n{}", "-".repeat(20_000), returning("x"));
    assert!(parse_text("f", &text).is_ok());
    let text = format!("y = {}(lambda: 1)\n", "-".repeat(20_000));
    assert!(parse_text("<lambda>", &text).is_err());
}

#[test]
fn a_text_can_be_too_long() {
    let text = format!("def f(x):\n    return x\n#{}\n", " ".repeat(MAX_TEXT));
    let diagnostic = parse_text("f", &text).expect_err("too long");
    assert_eq!(diagnostic.headline, "the text of the function is longer than 256 KiB");
}

#[test]
fn a_small_stack_is_enough() {
    let text = returning(&"- ".repeat(50_000));
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(move || parse_text("f", &text).is_err());
    assert!(thread.unwrap().join().unwrap());
}
