//! The table of diagnostic codes.

use std::fmt;

/// Which Python exception a code becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `TypingError`: names and types.
    Typing,
    /// `UnsupportedError`: Python that the kernel language does not have.
    Unsupported,
}

macro_rules! codes {
    ($(#[doc = $doc:literal] $variant:ident = $text:literal, $family:ident;)*) => {
        /// A stable code, printed in brackets after `error`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// What it stands for: one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $doc.trim_ascii(),)* }
            }

            /// The family of exceptions it belongs to.
            pub fn family(self) -> Family {
                match self { $(Code::$variant => Family::$family,)* }
            }
        }
    };
}

codes! {
    /// The text is not valid Python.
    Syntax = "syntax", Unsupported;
    /// A name that is defined nowhere.
    UndefinedName = "undefined-name", Typing;
    /// A variable read where no path has assigned it.
    UnassignedVariable = "unassigned-variable", Typing;
    /// An operator or function is not defined for these types.
    TypeMismatch = "type-mismatch", Typing;
    /// The types a variable has on two paths have no common type.
    NoCommonType = "no-common-type", Typing;
    /// A call with the wrong number or names of arguments.
    WrongArguments = "wrong-arguments", Typing;
    /// An index that is no integer, or too many of them.
    BadIndex = "bad-index", Typing;
    /// An attribute that the type does not have.
    NoAttribute = "no-attribute", Typing;
    /// A kernel that returns a value.
    KernelReturns = "kernel-returns", Typing;
    /// A store to a read-only or constant array.
    ReadOnly = "read-only", Typing;
    /// A value that does not fit or is not allowed where it stands.
    BadValue = "bad-value", Typing;
    /// A statement or expression the kernel language does not have.
    UnsupportedSyntax = "unsupported-syntax", Unsupported;
    /// A function or object that cannot be used in compiled code.
    UnsupportedName = "unsupported-name", Unsupported;
    /// A type that cannot be used in compiled code.
    UnsupportedType = "unsupported-type", Unsupported;
    /// A function that calls itself.
    Recursion = "recursion", Unsupported;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_kebab_case_and_explained() {
        let mut seen = HashSet::new();
        for &code in Code::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} twice");
            assert!(text.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())), "{text}");
            let summary = code.summary();
            assert!(summary.len() > 15 && summary.ends_with('.') && !summary.contains('\n'), "{text}: {summary}");
            assert_eq!(code.to_string(), text);
        }
        assert_eq!(seen.len(), Code::ALL.len());
        assert_eq!(Code::Syntax.family(), Family::Unsupported);
        assert_eq!(Code::TypeMismatch.family(), Family::Typing);
    }
}
