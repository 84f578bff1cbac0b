//! Diagnostics: what is wrong with the user's function, as data.
//!
//! Owns the record, the table of codes (`code`) and the rendering (`render`). Anyone who finds a fault in the user's text makes
//! one; nothing here decides what is a fault. Faults of a call (shapes, dtypes) and our own bugs are not diagnostics.

mod code;
mod render;

pub use code::{Code, Family};

use crate::source::{Location, Sources, Span};

/// A span with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What is pointed at.
    pub span: Span,
    /// Shown beside the marker; may be empty.
    pub text: String,
}

/// One fault in the user's function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, which also decides the Python exception class.
    pub code: Code,
    /// One line, lower case, no full stop.
    pub headline: String,
    /// The place the caret (`^^^`) goes.
    pub primary: Label,
    /// Other places (`---`).
    pub secondary: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do instead.
    pub help: Vec<String>,
    /// The texts that the spans point into.
    pub sources: Sources,
}

impl Diagnostic {
    /// A diagnostic with a headline and its primary span; the rest is added by the builder methods.
    pub fn new(code: Code, span: Span, headline: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic {
            code,
            headline: headline.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            sources: Sources::default(),
        })
    }

    /// Sets the words beside the caret.
    pub fn label(mut self: Box<Self>, text: impl Into<String>) -> Box<Self> {
        self.primary.text = text.into();
        self
    }

    /// Adds a secondary span.
    pub fn also(mut self: Box<Self>, span: Span, text: impl Into<String>) -> Box<Self> {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a note.
    pub fn note(mut self: Box<Self>, text: impl Into<String>) -> Box<Self> {
        self.notes.push(text.into());
        self
    }

    /// Adds a line of help.
    pub fn help(mut self: Box<Self>, text: impl Into<String>) -> Box<Self> {
        self.help.push(text.into());
        self
    }

    /// Attaches the texts, which rendering needs. The stage that owns them does this once, at its boundary.
    pub fn with_sources(mut self: Box<Self>, sources: &Sources) -> Box<Self> {
        if self.sources.is_empty() {
            self.sources = sources.clone();
        }
        self
    }

    /// Where the fault is, in the user's file.
    pub fn location(&self) -> Location {
        self.sources.locate(self.primary.span)
    }

    /// The message as text, as rustc prints its own.
    pub fn render(&self) -> String {
        render::render(self)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Diagnostic {}
