//! Any text gives a function or a diagnostic that can be rendered.

use proptest::prelude::*;
use verdigris_compiler::names::Definition;
use verdigris_compiler::source::SourceFile;
use verdigris_compiler::syntax::free_paths;

use crate::{definition, parse, spans};

/// Parses, checks all that holds of any tree, and renders what is wrong.
fn survive(name: &str, line: u32, column: Option<u32>, text: &str) -> Result<(), TestCaseError> {
    let source = SourceFile { file: "r.py".into(), text: text.into(), first_line: 1, indent: 3 };
    let definition: Definition = definition(name, line, column, source);
    match parse(&definition) {
        Ok(function) => {
            let paths = free_paths(&function);
            let mut unique = paths.clone();
            unique.sort();
            unique.dedup();
            prop_assert_eq!(unique.len(), paths.len());
            // Names are normalised, so only those of plain text say what stands there.
            if text.is_ascii() {
                spans::check(&function, text);
            }
        }
        Err(diagnostic) => {
            let rendered = diagnostic.render();
            prop_assert!(rendered.starts_with("error["), "{}", rendered);
            prop_assert!(rendered.contains("--> r.py:"), "{}", rendered);
        }
    }
    Ok(())
}

/// Words that texts are made of, so that a fair share gets past the first error.
const WORDS: &[&str] = &[
    "def f(x):\n",
    "def f(x, y=1):\n",
    "lambda",
    "lambda x: ",
    "lambda: ",
    "return ",
    "if x:\n",
    "else:\n",
    "elif y:\n",
    "for i in range(x):\n",
    "while x:\n",
    "\n",
    "\n    ",
    "\n        ",
    "    ",
    " ",
    "x",
    "y",
    "math.sin",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "=",
    "+=",
    "+",
    "**",
    "//",
    "-",
    "not ",
    " and ",
    " or ",
    " if ",
    " else ",
    "1",
    "2.5",
    "0xff",
    "1e400",
    "99999999999999999999",
    "3j",
    "'s'",
    "'",
    "\"\"\"",
    "f'{x}'",
    "f'{",
    "#",
    "\\\n",
    ".",
    "...",
    "@",
    "*",
    ":=",
    "break\n",
    "continue\n",
    "pass\n",
    " in ",
    " is ",
    "await ",
    "yield ",
    "async ",
    "é",
    "\t",
    "\r\n",
    "\u{c}",
    "\0",
    "del ",
    "class A:\n",
    "try:\n",
    "with x:\n",
    "import a\n",
    "match x:\n",
    "case 1:\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_letters(text in "\\PC{0,60}", line in 0u32..4, column in proptest::option::of(0u32..60)) {
        survive("f", line, column, &text)?;
        survive("<lambda>", line, column, &text)?;
    }

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80), line in 0u32..4) {
        let text = String::from_utf8_lossy(&bytes);
        survive("f", line, None, &text)?;
        survive("<lambda>", line, Some(3), &text)?;
    }

    #[test]
    fn random_words(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40), line in 0u32..5, column in proptest::option::of(0u32..40)) {
        let text = words.concat();
        survive("<lambda>", line, column, &text)?;
        survive("f", line, column, &format!("def f(x):\n    {text}\n"))?;
        survive("<lambda>", 0, None, &format!("foo(lambda x: {text}"))?;
        survive("f", line, column, &text)?;
    }

    #[test]
    fn random_cuts(start in 0usize..200, end in 0usize..400) {
        let text = include_str!("../cases/syntax/control.py");
        let (start, end) = (text.floor_char_boundary(start), text.floor_char_boundary(end.max(start)));
        survive("f", 0, None, &text[start..end])?;
        survive("<lambda>", 0, None, &text[start..end])?;
    }
}
