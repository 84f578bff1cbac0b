//! A diagnostic as text, in the form that rustc made familiar.
//!
//! Owns the layout: which lines are shown, in which order, and where markers and words go. Spans may be anything (past the end, inside a
//! character, of a source that is missing); nothing here panics.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Label};
use crate::source::{SourceFile, SourceId};

/// Columns a tab is shown as.
const TAB: usize = 4;

pub(super) fn render(diagnostic: &Diagnostic) -> String {
    let mut out = format!("error[{}]: {}\n", diagnostic.code, one_line(&diagnostic.headline));
    let frames = frames(diagnostic);
    let gutter = frames.iter().flat_map(|frame| &frame.lines).map(|line| line.number.to_string().len()).max().unwrap_or(1);
    for (i, frame) in frames.iter().enumerate() {
        frame.write(&mut out, gutter, if i == 0 { "-->" } else { ":::" });
    }
    for (kind, texts) in [("note", &diagnostic.notes), ("help", &diagnostic.help)] {
        for text in texts {
            let rest = format!("\n{:gutter$}         ", "");
            let _ = writeln!(out, "{:gutter$} = {kind}: {}", "", text.trim_end().replace('\n', &rest));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The lines shown of one source.
struct Frame {
    /// `file:line:column` of the most important marker.
    place: String,
    lines: Vec<Line>,
}

/// One line of source with all that points into it.
struct Line {
    /// In the user's file.
    number: u32,
    text: String,
    marks: Vec<Mark>,
}

/// A label, in columns of the line as shown.
struct Mark {
    start: usize,
    end: usize,
    primary: bool,
    text: String,
}

/// The primary label's source first, then the others in the order of their labels.
fn frames(diagnostic: &Diagnostic) -> Vec<Frame> {
    let labels = std::iter::once((&diagnostic.primary, true)).chain(diagnostic.secondary.iter().map(|label| (label, false)));
    let mut frames: Vec<(SourceId, Frame)> = Vec::new();
    for (label, primary) in labels {
        let Some(file) = diagnostic.sources.find(label.span.source) else { continue };
        let (line, place) = mark(file, label, primary);
        let frame = match frames.iter_mut().position(|(id, _)| *id == label.span.source) {
            Some(found) => &mut frames[found].1,
            None => {
                frames.push((label.span.source, Frame { place, lines: Vec::new() }));
                &mut frames.last_mut().expect("one was pushed").1
            }
        };
        match frame.lines.binary_search_by_key(&line.number, |line| line.number) {
            Ok(found) => frame.lines[found].marks.extend(line.marks),
            Err(place) => frame.lines.insert(place, line),
        }
    }
    frames.into_iter().map(|(_, frame)| frame).collect()
}

/// A label as a marked line; a span of several lines marks its first.
fn mark(file: &SourceFile, label: &Label, primary: bool) -> (Line, String) {
    let text = &*file.text;
    let start = text.floor_char_boundary(label.span.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[line_start..].find('\n').map_or(text.len(), |i| line_start + i);
    let line = text[line_start..line_end].trim_end();
    let end = text.ceil_char_boundary(label.span.end as usize).min(line_start + line.len());
    let (shown_start, shown_end) = (width(&text[line_start..start]), if end > start { width(&text[line_start..end]) } else { 0 });
    let place = file.locate(label.span.start);
    let mark = Mark { start: shown_start, end: shown_end.max(shown_start + 1), primary, text: one_line(&label.text) };
    let line = Line { number: place.line, text: shown(line), marks: vec![mark] };
    (line, format!("{}:{}:{}", place.file, place.line, place.column))
}

impl Frame {
    fn write(&self, out: &mut String, gutter: usize, arrow: &str) {
        let _ = writeln!(out, "{:gutter$}{arrow} {}", "", self.place);
        let _ = writeln!(out, "{:gutter$} |", "");
        let mut previous = None;
        for line in &self.lines {
            if previous.is_some_and(|number| number + 1 < line.number) {
                out.push_str("...\n");
            }
            previous = Some(line.number);
            row(out, gutter, &line.number.to_string(), &line.text);
            for markers in line.markers() {
                row(out, gutter, "", &markers);
            }
        }
    }
}

fn row(out: &mut String, gutter: usize, number: &str, text: &str) {
    let row = format!("{number:<gutter$} | {text}");
    out.push_str(row.trim_end());
    out.push('\n');
}

impl Line {
    /// The rows under the line: the markers, with the words of the last beside it and those of the others hanging below.
    fn markers(&self) -> Vec<String> {
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        // An inner marker is drawn over an outer one, the primary over its equals.
        marks.sort_by_key(|mark| (std::cmp::Reverse(mark.end - mark.start), mark.primary));
        let mut first = Row::default();
        for mark in &marks {
            for column in mark.start..mark.end {
                first.put(column, if mark.primary { '^' } else { '-' });
            }
        }
        let mut worded: Vec<&Mark> = marks.into_iter().filter(|mark| !mark.text.is_empty()).collect();
        worded.sort_by_key(|mark| (mark.start, mark.primary));
        if worded.last().is_some_and(|last| self.marks.iter().all(|mark| mark.end <= last.end)) {
            let last = worded.pop().expect("there is a last one");
            first.write(last.end + 1, &last.text);
        }
        let mut rows = vec![first];
        if !worded.is_empty() {
            rows.push(connectors(&worded));
        }
        while let Some(last) = worded.pop() {
            let mut words = connectors(&worded);
            words.write(last.start, &last.text);
            rows.push(words);
        }
        rows.into_iter().map(|row| row.0.into_iter().collect()).collect()
    }
}

fn connectors(marks: &[&Mark]) -> Row {
    let mut row = Row::default();
    marks.iter().for_each(|mark| row.put(mark.start, '|'));
    row
}

/// A row of characters that grows as it is written.
#[derive(Default)]
struct Row(Vec<char>);

impl Row {
    fn put(&mut self, column: usize, c: char) {
        if self.0.len() <= column {
            self.0.resize(column + 1, ' ');
        }
        self.0[column] = c;
    }

    fn write(&mut self, column: usize, text: &str) {
        self.0.truncate(column);
        self.0.resize(column, ' ');
        self.0.extend(text.chars());
    }
}

/// A line as it is shown: tabs as blanks, control characters as a replacement sign.
fn shown(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => out.extend([' '; TAB]),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// How many columns a text takes as shown.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c == '\t' { TAB } else { c.width().unwrap_or(1) }).sum()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests;
