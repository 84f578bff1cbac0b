//! Python strings made once: names of attributes and keywords.
//!
//! PyO3's own `intern!` lets go of the GIL in the middle of making one; a process forked there would wait for that string for ever. These are made in a race: whoever is first is kept, and nobody waits.

use once_cell::race::OnceBox;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A string of [`intern!`].
pub(crate) struct Interned(&'static str, OnceBox<Py<PyString>>);

impl Interned {
    pub(crate) const fn new(text: &'static str) -> Interned {
        Interned(text, OnceBox::new())
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.1.get_or_init(|| Box::new(PyString::intern(py, self.0).unbind())).bind(py)
    }
}

/// The Python string of a literal, the same object each time.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static INTERNED: $crate::interned::Interned = $crate::interned::Interned::new($text);
        INTERNED.get($py)
    }};
}
pub(crate) use intern;
