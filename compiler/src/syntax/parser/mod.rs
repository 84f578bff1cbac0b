//! From the text of a definition to our tree. This folder is the only place that names the parser crate.
//!
//! Owns finding the function meant ([`find`]), the translation ([`statement`], [`expression`]), the words for Python that kernels do not have
//! ([`unsupported`]), assignments inside expressions ([`named`]) and the limits on size and nesting that every later stage relies on: no tree it returns is deeper than
//! [`MAX_DEPTH`], so walking one recursively is safe. Nothing was checked before it: the text may be anything at all.

mod expression;
mod find;
mod named;
mod parameter;
mod statement;
mod unsupported;

pub(crate) use unsupported::named as named_refused;

use ruff_python_parser::{ParseError, ParseErrorType};
use ruff_text_size::{Ranged, TextRange};

use crate::diagnostic::{Code, Diagnostic};
use crate::names::Definition;
use crate::source::{SourceFile, SourceId, Span};
use crate::syntax::ast::Function;

/// How deep statements and expressions may nest, counted together.
pub const MAX_DEPTH: u32 = 200;

/// The longest text that is parsed, in bytes.
pub const MAX_TEXT: usize = 256 << 10;

/// Stack to have ready for each byte of text: the parser crate's own tree is as deep as the text says, and is walked and freed recursively.
const STACK_PER_BYTE: usize = 1 << 10;

/// Parses the function a definition means.
///
/// # Errors
/// A diagnostic, without its sources: the text is no valid Python where the function stands, holds no such function, or the function has parameters that
/// compiled code cannot have. Statements and expressions that kernels do not have are no errors here but `Unsupported` nodes.
pub fn parse(definition: &Definition, source: SourceId) -> Result<Function, Box<Diagnostic>> {
    let text: &str = &definition.source.text;
    if text.len() > MAX_TEXT {
        let place = Span { source, start: 0, end: 0 };
        return Err(Diagnostic::new(Code::UnsupportedSyntax, place, format!("the text of the function is longer than {} KiB", MAX_TEXT >> 10)));
    }
    with_stack(text, || find::function(definition, Context { text, source, depth: 0, loops: 0, temporaries: 0 }))
}

/// Names of the functions that a text defines at its top level, in order. A text that is no valid Python, or too long, is read as far as that makes sense.
pub fn function_names(source: &SourceFile) -> Vec<String> {
    let text: &str = &source.text;
    if text.len() > MAX_TEXT { Vec::new() } else { with_stack(text, || find::function_names(text)) }
}

fn with_stack<T>(text: &str, parse: impl FnOnce() -> T) -> T {
    let stack = (128 << 10) + text.len() * STACK_PER_BYTE;
    stacker::maybe_grow(stack, stack, parse)
}

/// What a translation needs to know, and how deep it is.
struct Context<'a> {
    text: &'a str,
    source: SourceId,
    depth: u32,
    /// Loops around the statement being translated.
    loops: u32,
    /// Variables that [`named`] has made so far.
    temporaries: u32,
}

type Parsed<T> = Result<T, Box<Diagnostic>>;

impl Context<'_> {
    fn span(&self, node: impl Ranged) -> Span {
        let range: TextRange = node.range();
        Span { source: self.source, start: range.start().to_u32(), end: range.end().to_u32() }
    }

    /// Translates a part one level deeper, unless that is too deep.
    fn deeper<T>(&mut self, node: impl Ranged, translate: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(Diagnostic::new(Code::UnsupportedSyntax, self.span(node), format!("code nested more than {MAX_DEPTH} levels deep"))
                .help("assign parts of it to variables"));
        }
        self.depth += 1;
        let result = translate(self);
        self.depth -= 1;
        result
    }

    /// A fault of syntax, in the parser crate's words.
    fn syntax_error(&self, error: &ParseError) -> Box<Diagnostic> {
        let message = match &error.error {
            ParseErrorType::OtherError(message) => message.clone(),
            other => other.to_string(),
        };
        // The end of the text is shown as the end of its last line that says something.
        let last = self.text.trim_end().len() as u32;
        let span = self.span(error.location);
        Diagnostic::new(Code::Syntax, Span { start: span.start.min(last), end: span.end.min(last), ..span }, headline(&message))
    }
}

/// A sentence in the form of our headlines: lower case at the start, no full stop.
fn headline(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    let (first, rest) = (letters.next(), letters.as_str());
    match first {
        Some(first) if rest.starts_with(|c: char| !c.is_uppercase()) => first.to_lowercase().chain(rest.chars()).collect(),
        _ => sentence.to_owned(),
    }
}
