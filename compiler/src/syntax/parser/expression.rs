//! Expressions.

use std::sync::Arc;

use ruff_python_ast as py;
use ruff_text_size::Ranged;

use super::parameter::literal_defaults;
use super::{Context, Parsed, unsupported};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind, FormatPart, UnaryOp};

impl Context<'_> {
    pub(super) fn expr(&mut self, expr: &py::Expr) -> Parsed<Expr> {
        let kind = self.deeper(expr, |context| context.expr_kind(expr))?;
        Ok(Expr { kind, span: self.span(expr) })
    }

    fn boxed(&mut self, expr: &py::Expr) -> Parsed<Box<Expr>> {
        Ok(Box::new(self.expr(expr)?))
    }

    fn exprs(&mut self, exprs: &[py::Expr]) -> Parsed<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_kind(&mut self, expr: &py::Expr) -> Parsed<ExprKind> {
        Ok(match expr {
            py::Expr::Name(name) => ExprKind::Name(name.id.to_string()),
            py::Expr::NumberLiteral(number) => self.number(number),
            py::Expr::BooleanLiteral(literal) => ExprKind::Bool(literal.value),
            py::Expr::NoneLiteral(_) => ExprKind::None,
            py::Expr::StringLiteral(string) => ExprKind::Str(string.value.to_str().to_owned()),
            py::Expr::BytesLiteral(bytes) => ExprKind::Bytes(bytes.value.bytes().collect()),
            py::Expr::Attribute(attribute) => {
                ExprKind::Attribute { value: self.boxed(&attribute.value)?, attr: attribute.attr.to_string(), attr_span: self.span(&attribute.attr) }
            }
            py::Expr::Subscript(subscript) => ExprKind::Subscript { value: self.boxed(&subscript.value)?, index: self.boxed(&subscript.slice)? },
            py::Expr::Tuple(tuple) => ExprKind::Tuple(self.exprs(&tuple.elts)?),
            py::Expr::Slice(slice) => {
                let mut part = |part: &Option<Box<py::Expr>>| part.as_deref().map(|e| self.boxed(e)).transpose();
                ExprKind::Slice { lower: part(&slice.lower)?, upper: part(&slice.upper)?, step: part(&slice.step)? }
            }
            py::Expr::Starred(starred) => ExprKind::Starred(self.boxed(&starred.value)?),
            py::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
            py::Expr::BinOp(binary) => {
                let op = binary_op(binary.op);
                let (left, right) = (self.boxed(&binary.left)?, self.boxed(&binary.right)?);
                ExprKind::Binary { op, op_span: self.operator(left.span, op.symbol(), right.span), left, right }
            }
            py::Expr::UnaryOp(unary) => {
                let op = match unary.op {
                    py::UnaryOp::Invert => UnaryOp::Invert,
                    py::UnaryOp::Not => UnaryOp::Not,
                    py::UnaryOp::UAdd => UnaryOp::Plus,
                    py::UnaryOp::USub => UnaryOp::Minus,
                };
                ExprKind::Unary { op, operand: self.boxed(&unary.operand)? }
            }
            py::Expr::BoolOp(chain) => ExprKind::BoolOp { and: chain.op == py::BoolOp::And, values: self.exprs(&chain.values)? },
            py::Expr::Compare(chain) => {
                let left = self.boxed(&chain.left)?;
                let rest = chain.ops.iter().zip(&chain.comparators).map(|(op, right)| Ok((compare_op(*op), self.expr(right)?)));
                ExprKind::Compare { left, rest: rest.collect::<Parsed<_>>()? }
            }
            py::Expr::Call(call) => self.call(call)?,
            py::Expr::If(choice) => {
                ExprKind::IfElse { test: self.boxed(&choice.test)?, then: self.boxed(&choice.body)?, otherwise: self.boxed(&choice.orelse)? }
            }
            py::Expr::Lambda(lambda) if literal_defaults(lambda.parameters.as_deref()) => ExprKind::Function(Arc::new(self.lambda(lambda)?)),
            py::Expr::FString(string) => self.format(string)?,
            py::Expr::Named(named) => ExprKind::Named { target: self.boxed(&named.target)?, value: self.boxed(&named.value)? },
            other => ExprKind::Unsupported(unsupported::expr(other)),
        })
    }

    fn call(&mut self, call: &py::ExprCall) -> Parsed<ExprKind> {
        let func = self.boxed(&call.func)?;
        let mut args = self.exprs(&call.arguments.args)?;
        let mut keywords = Vec::new();
        for keyword in &call.arguments.keywords {
            match &keyword.arg {
                Some(name) => keywords.push((name.to_string(), self.expr(&keyword.value)?)),
                None => args.push(Expr { kind: ExprKind::Unsupported(unsupported::unpacked_keywords()), span: self.span(keyword) }),
            }
        }
        Ok(ExprKind::Call { func, args, keywords })
    }

    /// An f-string. A format of its own (`{x:.3f}`) stands as what the language does not have.
    fn format(&mut self, string: &py::ExprFString) -> Parsed<ExprKind> {
        let mut parts = Vec::new();
        let text = |text: &str, span| FormatPart { value: Expr { kind: ExprKind::Str(text.to_owned()), span }, repr: false };
        for part in string.value.iter() {
            let string = match part {
                py::FStringPart::Literal(literal) => {
                    parts.push(text(literal, self.span(literal)));
                    continue;
                }
                py::FStringPart::FString(string) => string,
            };
            for element in &string.elements {
                match element {
                    py::InterpolatedStringElement::Literal(literal) => parts.push(text(literal, self.span(literal))),
                    py::InterpolatedStringElement::Interpolation(shown) => {
                        if let Some(debug) = &shown.debug_text {
                            parts.push(text(debug.as_str(), self.span(shown)));
                        }
                        let plain = shown.format_spec.is_none() && shown.conversion != py::ConversionFlag::Ascii;
                        let value = if plain {
                            self.expr(&shown.expression)?
                        } else {
                            Expr { kind: ExprKind::Unsupported(unsupported::format_spec()), span: self.span(shown) }
                        };
                        let debug = shown.debug_text.is_some() && shown.conversion == py::ConversionFlag::None;
                        parts.push(FormatPart { value, repr: debug || shown.conversion == py::ConversionFlag::Repr });
                    }
                }
            }
        }
        Ok(ExprKind::Format(parts))
    }

    fn number(&self, number: &py::ExprNumberLiteral) -> ExprKind {
        match &number.value {
            py::Number::Int(value) => ExprKind::Int(match value.as_u64() {
                Some(value) => Some(i128::from(value)),
                None => long_int(&self.text[number.range()]),
            }),
            py::Number::Float(value) => ExprKind::Float(*value),
            py::Number::Complex { imag, .. } => ExprKind::Imaginary(*imag),
        }
    }

    /// Where the operator between two operands stands: what is between them besides is brackets, white space, line joins and comments.
    fn operator(&self, left: Span, symbol: &str, right: Span) -> Span {
        let mut at = left.end as usize;
        let end = right.start as usize;
        while at < end {
            let rest = &self.text[at..end];
            if rest.starts_with(symbol) {
                return Span { source: self.source, start: at as u32, end: (at + symbol.len()) as u32 };
            }
            let skip = if rest.starts_with('#') { rest.find(['\n', '\r']) } else { rest.chars().next().map(char::len_utf8) };
            at += skip.unwrap_or(rest.len());
        }
        Span { source: self.source, start: left.start, end: right.end }
    }
}

/// The value of an integer literal of more than 64 bits, if it has at most 127.
fn long_int(literal: &str) -> Option<i128> {
    let digits: String = literal.chars().filter(|&c| c != '_').collect();
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => 10,
    };
    i128::from_str_radix(if radix == 10 { &digits } else { &digits[2..] }, radix).ok()
}

pub(super) fn binary_op(op: py::Operator) -> BinaryOp {
    match op {
        py::Operator::Add => BinaryOp::Add,
        py::Operator::Sub => BinaryOp::Sub,
        py::Operator::Mult => BinaryOp::Mul,
        py::Operator::MatMult => BinaryOp::MatMul,
        py::Operator::Div => BinaryOp::TrueDiv,
        py::Operator::Mod => BinaryOp::Mod,
        py::Operator::Pow => BinaryOp::Pow,
        py::Operator::LShift => BinaryOp::Shl,
        py::Operator::RShift => BinaryOp::Shr,
        py::Operator::BitOr => BinaryOp::Or,
        py::Operator::BitXor => BinaryOp::Xor,
        py::Operator::BitAnd => BinaryOp::And,
        py::Operator::FloorDiv => BinaryOp::FloorDiv,
    }
}

fn compare_op(op: py::CmpOp) -> CompareOp {
    match op {
        py::CmpOp::Eq => CompareOp::Eq,
        py::CmpOp::NotEq => CompareOp::Ne,
        py::CmpOp::Lt => CompareOp::Lt,
        py::CmpOp::LtE => CompareOp::Le,
        py::CmpOp::Gt => CompareOp::Gt,
        py::CmpOp::GtE => CompareOp::Ge,
        py::CmpOp::Is => CompareOp::Is,
        py::CmpOp::IsNot => CompareOp::IsNot,
        py::CmpOp::In => CompareOp::In,
        py::CmpOp::NotIn => CompareOp::NotIn,
    }
}
