//! Source texts, spans, and the way back to the user's file, line and column.
//!
//! Owns the text as the host handed it over and where it came from. Knows no syntax.

use std::sync::Arc;

/// The text of one function (with its decorators), and its place in the user's file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceFile {
    /// Path or pseudo-path (`<ipython-input-3>`) shown in messages.
    pub file: Arc<str>,
    /// The text given to the parser. Whole lines, dedented by `indent` columns.
    pub text: Arc<str>,
    /// 1-based line of the file on which `text` begins.
    pub first_line: u32,
    /// Columns removed from the left of each line.
    pub indent: u32,
}

/// Which source a span points into: an index into [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u16);

/// A range of bytes in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// All sources a compilation has touched: the function's own and those of functions it calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

/// The name of the language's own library, which is part of the compiler.
pub(crate) const PRELUDE: &str = "<verdigris>";

/// A place for a person: 1-based line and column (columns count characters) of the user's file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// File name as given by the host.
    pub file: Arc<str>,
    /// 1-based line in the file.
    pub line: u32,
    /// 1-based column, in characters, of the user's undedented line.
    pub column: u32,
}

impl Sources {
    /// Adds a source, or finds it if the same one was added before.
    pub fn add(&mut self, file: &Arc<SourceFile>) -> SourceId {
        let found = self.files.iter().position(|f| Arc::ptr_eq(f, file) || f == file);
        let index = found.unwrap_or_else(|| {
            self.files.push(file.clone());
            self.files.len() - 1
        });
        SourceId(u16::try_from(index).expect("fewer than 65,536 sources in one compilation"))
    }

    /// Whether every text is from a file; what is typed in or made by `exec` has a name in angle brackets.
    pub fn are_files(&self) -> bool {
        self.files.iter().all(|f| !f.file.starts_with('<') || f.file.as_ref() == PRELUDE)
    }

    /// The source of that id.
    pub fn get(&self, id: SourceId) -> &Arc<SourceFile> {
        &self.files[id.0 as usize]
    }

    /// Whether no source has been added.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether there is a source of that id.
    pub fn contains(&self, id: SourceId) -> bool {
        self.find(id).is_some()
    }

    /// The source of that id, if it has been added.
    pub fn find(&self, id: SourceId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// Where a span begins. A function built with no source at all has its spans at line 0 of `<ir>`.
    pub fn locate(&self, span: Span) -> Location {
        match self.find(span.source) {
            Some(file) => file.locate(span.start),
            None => Location { file: "<ir>".into(), line: 0, column: 0 },
        }
    }
}

impl SourceFile {
    /// Where byte `offset` of the text stands in the user's file. Any offset will do: one past the end is the end, one inside a character that character.
    pub fn locate(&self, offset: u32) -> Location {
        let before = &self.text[..self.text.floor_char_boundary(offset as usize)];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Location {
            file: self.file.clone(),
            line: self.first_line + before.matches('\n').count() as u32,
            column: before[line_start..].chars().count() as u32 + 1 + self.indent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, first_line: u32, indent: u32) -> Arc<SourceFile> {
        Arc::new(SourceFile { file: "f.py".into(), text: text.into(), first_line, indent })
    }

    #[test]
    fn places_are_those_of_the_users_file() {
        let f = file("def f(x):\n    é = 1\n", 40, 4);
        let at = |offset| (f.locate(offset).line, f.locate(offset).column);
        assert_eq!(at(0), (40, 5));
        assert_eq!(at(4), (40, 9));
        assert_eq!(at(10), (41, 5));
        assert_eq!(at(14), (41, 9));
        assert_eq!(at(15), (41, 9), "inside é");
        assert_eq!(at(17), (41, 11), "é counts as one column");
        assert_eq!(at(1000), (42, 5), "the end");
    }

    #[test]
    fn a_source_is_added_once() {
        let mut sources = Sources::default();
        assert!(sources.is_empty());
        let first = sources.add(&file("a", 1, 0));
        let other = sources.add(&file("b", 1, 0));
        assert_eq!(sources.add(&file("a", 1, 0)), first);
        assert_ne!(first, other);
        assert_eq!(&*sources.get(other).text, "b");
        assert_eq!(sources.locate(Span { source: SourceId(9), start: 0, end: 0 }).line, 0);
    }
}
