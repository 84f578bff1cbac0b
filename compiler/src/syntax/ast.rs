//! The small syntax tree that the rest of the compiler sees.
//!
//! Python constructs the kernel language can never have become `Unsupported` nodes with their name and what to do instead, so that the
//! fault is reported only if it is met, at its own place.

use std::sync::Arc;

use crate::names::Constant;
use crate::source::Span;

/// A function definition or a lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name; `<lambda>` for a lambda.
    pub name: String,
    /// Span of the name (or of the `lambda` keyword).
    pub name_span: Span,
    /// Parameters in order: those given by place, `*args`, and those given by keyword only. `**kwargs` is refused by the parser stage.
    pub params: Vec<Param>,
    /// The body; a lambda's is one `Return`.
    pub body: Vec<Stmt>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it has a default (its value comes from the host).
    pub has_default: bool,
    /// The default, where it is a literal: what a nested function goes by.
    pub literal: Option<Constant>,
    /// Whether it is `*args`: a tuple of the arguments that are left.
    pub is_rest: bool,
    /// Whether it stands after `*`: given by keyword only.
    pub keyword_only: bool,
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The statements.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant's line explains its fields")]
pub enum StmtKind {
    /// `a = b = value` (annotated assignments lose their annotation).
    Assign { targets: Vec<Expr>, value: Expr },
    /// `target op= value`.
    AugAssign { target: Expr, op: BinaryOp, value: Expr },
    /// An expression for its effect (also docstrings, which lowering drops).
    Expr(Expr),
    /// `if` with `elif` nested in `orelse`.
    If { test: Expr, body: Vec<Stmt>, orelse: Vec<Stmt> },
    /// `while … else`.
    While { test: Expr, body: Vec<Stmt>, orelse: Vec<Stmt> },
    /// `for target in iter … else`.
    For { target: Expr, iter: Expr, body: Vec<Stmt>, orelse: Vec<Stmt> },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return`, with or without a value.
    Return(Option<Expr>),
    /// `raise` or, inside an `if`, `assert`.
    Raise(Raised),
    /// `pass`.
    Pass,
    /// Anything else.
    Unsupported(Unsupported),
}

/// What is raised.
#[derive(Clone, Debug, PartialEq)]
pub enum Raised {
    /// `raise exception`, or `raise` alone.
    Exception(Option<Expr>),
    /// A failed `assert`, with its message.
    Assertion(Option<Expr>),
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The expressions.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant's line explains its fields")]
pub enum ExprKind {
    /// A name.
    Name(String),
    /// An integer literal; `None` if it does not fit an i128.
    Int(Option<i128>),
    /// A float literal.
    Float(f64),
    /// An imaginary literal (`2j`).
    Imaginary(f64),
    /// `True` or `False`.
    Bool(bool),
    /// A string literal.
    Str(String),
    /// A bytes literal.
    Bytes(Vec<u8>),
    /// `None`.
    None,
    /// `value.attr`; the span of the attribute's name is kept.
    Attribute { value: Box<Expr>, attr: String, attr_span: Span },
    /// `value[index]`.
    Subscript { value: Box<Expr>, index: Box<Expr> },
    /// `(a, b)`; as what a `for` loop goes over, `[a, b]` too.
    Tuple(Vec<Expr>),
    /// `*value`, among the arguments of a call or the items of a tuple.
    Starred(Box<Expr>),
    /// `lower:upper:step`, between brackets.
    Slice { lower: Option<Box<Expr>>, upper: Option<Box<Expr>>, step: Option<Box<Expr>> },
    /// `...`.
    Ellipsis,
    /// `left op right`, with the operator's own span.
    Binary { op: BinaryOp, op_span: Span, left: Box<Expr>, right: Box<Expr> },
    /// `op operand`.
    Unary { op: UnaryOp, operand: Box<Expr> },
    /// `a and b and c`, `a or b or c`: two or more values.
    BoolOp { and: bool, values: Vec<Expr> },
    /// `left op right op right …`.
    Compare { left: Box<Expr>, rest: Vec<(CompareOp, Expr)> },
    /// `func(args, name=value)`.
    Call { func: Box<Expr>, args: Vec<Expr>, keywords: Vec<(String, Expr)> },
    /// `then if test else otherwise`.
    IfElse { test: Box<Expr>, then: Box<Expr>, otherwise: Box<Expr> },
    /// An f-string, by its parts: texts and values.
    Format(Vec<FormatPart>),
    /// A lambda; a `def` inside a function is the assignment of one to its name.
    Function(Arc<Function>),
    /// `name := value` where it could not be made a statement before this one.
    Named {
        /// The name.
        target: Box<Expr>,
        /// What it is given.
        value: Box<Expr>,
    },
    /// Anything else.
    Unsupported(Unsupported),
}

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub struct FormatPart {
    /// What is shown; a string literal for the text between values.
    pub value: Expr,
    /// As `repr` shows it (`!r`, `=`), not `str`.
    pub repr: bool,
}

/// Python that the kernel language does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsupported {
    /// A noun phrase: `a list comprehension`.
    pub what: String,
    /// What to do instead, if there is something to say.
    pub help: Option<String>,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    TrueDiv,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `@`
    MatMul,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `+x`
    Plus,
    /// `-x`
    Minus,
    /// `~x`
    Invert,
    /// `not x`
    Not,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl BinaryOp {
    /// As written in Python.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::TrueDiv => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "**",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
            BinaryOp::And => "&",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::MatMul => "@",
        }
    }
}
