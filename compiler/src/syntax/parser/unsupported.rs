//! The names of Python's constructs that kernels do not have, and what to write instead.

use ruff_python_ast::{Expr, Stmt};

use crate::syntax::ast::Unsupported;

fn new(what: &str, help: &str) -> Unsupported {
    Unsupported { what: what.to_owned(), help: (!help.is_empty()).then(|| help.to_owned()) }
}

const LOOP: &str = "write a `for` loop over `range(...)`";
const OUTSIDE: &str = "do it outside the compiled function";
const HOIST: &str = "define it at module level; a compiled function may call other compiled functions";

pub(super) fn stmt(stmt: &Stmt) -> Unsupported {
    match stmt {
        Stmt::FunctionDef(def) if def.is_async => new("a nested `async` function", HOIST),
        Stmt::FunctionDef(def) if !def.decorator_list.is_empty() => new("a decorator of a nested function", HOIST),
        Stmt::FunctionDef(_) => new("a nested function with default arguments that are no literals", "pass every argument"),
        Stmt::ClassDef(_) => new("a class", OUTSIDE),
        Stmt::Delete(_) => new("`del`", "leave the variable alone; it costs nothing"),
        Stmt::TypeAlias(_) => new("a `type` statement", OUTSIDE),
        Stmt::For(_) => new("an `async for` loop", LOOP),
        Stmt::With(with) if with.is_async => new("an `async with` statement", OUTSIDE),
        Stmt::With(_) => new("a `with` statement", OUTSIDE),
        Stmt::Match(_) => new("a `match` statement", "write `if` and `elif`"),
        Stmt::Raise(_) => new("`raise … from`", "leave out the cause: nothing in compiled code catches exceptions"),
        Stmt::Try(_) => new("a `try` statement", "test for the condition beforehand with `if`"),
        Stmt::Import(_) | Stmt::ImportFrom(_) => new("an import", "import at the top of the module"),
        Stmt::Global(_) => new("a `global` statement", "globals are constants here; pass an array and store into it"),
        Stmt::Nonlocal(_) => new("a `nonlocal` statement", "outer variables are constants here; pass an array and store into it"),
        Stmt::IpyEscapeCommand(_) => new("an IPython command", OUTSIDE),
        _ => new("this statement", ""),
    }
}

pub(super) fn expr(expr: &Expr) -> Unsupported {
    match expr {
        Expr::Lambda(_) => new("a nested lambda with default arguments that are no literals", "pass every argument"),
        Expr::Dict(_) => new("a dict", "use arrays, or constants chosen with `if`"),
        Expr::Set(_) => new("a set", "compare with `==` and `or`"),
        Expr::List(_) => new("a list", "use a tuple of fixed length, or an array"),
        Expr::ListComp(_) => new("a list comprehension", LOOP),
        Expr::SetComp(_) => new("a set comprehension", LOOP),
        Expr::DictComp(_) => new("a dict comprehension", LOOP),
        Expr::Generator(_) => new("a generator expression", LOOP),
        Expr::Await(_) => new("`await`", ""),
        Expr::Yield(_) | Expr::YieldFrom(_) => new("`yield`", "store the values in an array"),
        Expr::TString(_) => new("a template string", "strings cannot be built in compiled code"),
        Expr::IpyEscapeCommand(_) => new("an IPython command", OUTSIDE),
        _ => new("this expression", ""),
    }
}

/// An assignment expression that could not be made a statement before the one it stands in.
pub(crate) fn named() -> Unsupported {
    new("an assignment expression (`:=`) in this place", "assign in a statement before it")
}

pub(super) fn format_spec() -> Unsupported {
    new("a format of a value in an f-string", "leave out what follows `:` or `!`: values are shown as `print` shows them")
}

pub(super) fn unpacked_keywords() -> Unsupported {
    new("unpacking of keyword arguments (`**`)", "write the arguments one by one")
}
