use std::sync::Arc;

use super::super::{Code, Diagnostic};
use crate::source::{SourceFile, SourceId, Sources, Span};

/// A source and spans of it found by their text.
struct Text {
    sources: Sources,
    id: SourceId,
}

impl Text {
    fn new(file: &str, text: &str, first_line: u32, indent: u32) -> Text {
        let mut sources = Sources::default();
        let id = sources.add(&Arc::new(SourceFile { file: file.into(), text: text.into(), first_line, indent }));
        Text { sources, id }
    }

    fn span(&self, words: &str) -> Span {
        let start = self.sources.get(self.id).text.find(words).unwrap();
        Span { source: self.id, start: start as u32, end: (start + words.len()) as u32 }
    }

    #[track_caller]
    fn check(&self, diagnostic: Box<Diagnostic>, expected: &str) {
        let rendered = diagnostic.with_sources(&self.sources).render();
        let expected = expected.trim_matches('\n');
        assert_eq!(rendered, expected, "\n--- rendered\n{rendered}\n--- expected\n{expected}");
    }
}

#[test]
fn one_line_with_two_labels_and_help() {
    let text = Text::new("pricing.py", "def f(spot, alive):\n    return spot + alive\n", 13, 0);
    let diagnostic = Diagnostic::new(Code::TypeMismatch, text.span("alive\n"), "`+` is not defined for float64 and array(bool, 1d, C)")
        .label("array(bool, 1d, C)")
        .also(text.span("spot +"), "")
        .help("index the array (`alive[i]`)");
    text.check(
        diagnostic,
        "
error[type-mismatch]: `+` is not defined for float64 and array(bool, 1d, C)
  --> pricing.py:14:19
   |
14 |     return spot + alive
   |            ------ ^^^^^ array(bool, 1d, C)
   = help: index the array (`alive[i]`)
",
    );
}

#[test]
fn words_of_markers_on_one_line_hang_below() {
    let text = Text::new("a.py", "c = left * right + other\n", 7, 0);
    let diagnostic = Diagnostic::new(Code::TypeMismatch, text.span("* "), "no")
        .label("this operator")
        .also(text.span("left"), "float64")
        .also(text.span("right"), "a string");
    text.check(
        diagnostic,
        "
error[type-mismatch]: no
 --> a.py:7:10
  |
7 | c = left * right + other
  |     ---- ^^----- a string
  |     |    |
  |     |    this operator
  |     float64
",
    );
}

#[test]
fn inner_marker_is_drawn_over_the_outer_one() {
    let text = Text::new("a.py", "x = values[1.5]\n", 1, 0);
    let diagnostic =
        Diagnostic::new(Code::BadIndex, text.span("1.5"), "float index").label("float64").also(text.span("values[1.5]"), "array(int64, 1d, C)");
    text.check(
        diagnostic,
        "
error[bad-index]: float index
 --> a.py:1:12
  |
1 | x = values[1.5]
  |     -------^^^-
  |     |      |
  |     |      float64
  |     array(int64, 1d, C)
",
    );
}

#[test]
fn lines_in_order_with_a_gap() {
    let text = Text::new("a.py", "def f(x):\n    y = 1\n    z = 2\n    y = 'a'\n    return y\n", 98, 0);
    let diagnostic = Diagnostic::new(Code::NoCommonType, text.span("'a'"), "`y` is int64 and str")
        .label("str here")
        .also(text.span("1"), "int64 here")
        .also(text.span("return y"), "used here")
        .note("one variable has one type\nwhere paths meet")
        .help("use two names")
        .help("or convert");
    text.check(
        diagnostic,
        "
error[no-common-type]: `y` is int64 and str
   --> a.py:101:9
    |
99  |     y = 1
    |         - int64 here
...
101 |     y = 'a'
    |         ^^^ str here
102 |     return y
    |     -------- used here
    = note: one variable has one type
            where paths meet
    = help: use two names
    = help: or convert
",
    );
}

#[test]
fn another_source_has_a_frame_of_its_own() {
    let mut text = Text::new("a.py", "y = callee(1, 2)\n", 3, 4);
    let other =
        text.sources.add(&Arc::new(SourceFile { file: "b.py".into(), text: "def callee(x):\n    pass\n".into(), first_line: 120, indent: 0 }));
    let diagnostic = Diagnostic::new(Code::WrongArguments, text.span("callee(1, 2)"), "`callee` takes 1 argument, not 2")
        .also(Span { source: other, start: 4, end: 10 }, "defined here");
    text.check(
        diagnostic,
        "
error[wrong-arguments]: `callee` takes 1 argument, not 2
   --> a.py:3:9
    |
3   | y = callee(1, 2)
    |     ^^^^^^^^^^^^
   ::: b.py:120:5
    |
120 | def callee(x):
    |     ------ defined here
",
    );
}

#[test]
fn tabs_and_wide_letters_keep_markers_in_place() {
    let text = Text::new("a.py", "\tx = 面積 + é + bad\n", 1, 0);
    text.check(
        Diagnostic::new(Code::UndefinedName, text.span("bad"), "undefined").also(text.span("面積"), ""),
        "
error[undefined-name]: undefined
 --> a.py:1:15
  |
1 |     x = 面積 + é + bad
  |         ----       ^^^
",
    );
}

#[test]
fn several_lines_mark_the_first() {
    let text = Text::new("a.py", "a = [x\n     for x in y]\n", 1, 0);
    text.check(
        Diagnostic::new(Code::UnsupportedSyntax, text.span("[x\n     for x in y]"), "a list comprehension"),
        "
error[unsupported-syntax]: a list comprehension
 --> a.py:1:5
  |
1 | a = [x
  |     ^^
",
    );
}

#[test]
fn odd_spans_and_missing_sources() {
    let text = Text::new("a.py", "é = \r\n", 1, 0);
    let at = |start, end| Span { source: text.id, start, end };
    let expected = "error[syntax]: no\n --> a.py:1:1\n  |\n1 | é =\n  | ^";
    text.check(Diagnostic::new(Code::Syntax, at(0, 0), "no"), expected);
    text.check(Diagnostic::new(Code::Syntax, at(1, 1), "no"), expected);
    text.check(Diagnostic::new(Code::Syntax, at(900, 800), "no"), "error[syntax]: no\n --> a.py:2:1\n  |\n2 |\n  | ^");
    let nowhere = Diagnostic::new(Code::Syntax, Span { source: SourceId(5), start: 1, end: 2 }, "two\nlines").help("read on");
    assert_eq!(nowhere.render(), "error[syntax]: two lines\n  = help: read on");
    assert_eq!(nowhere.location().line, 0);
}
