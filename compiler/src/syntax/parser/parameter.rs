//! Function heads: names and parameters.

use ruff_python_ast::{Expr, ExprLambda, Number, ParameterWithDefault, Parameters, StmtFunctionDef, UnaryOp};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Context, Parsed};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Constant;
use crate::syntax::ast::{Function, Param, Stmt, StmtKind};

/// Whether all defaults are literals, so that they need no evaluation.
pub(super) fn literal_defaults(parameters: Option<&Parameters>) -> bool {
    parameters.is_none_or(|p| p.iter_non_variadic_params().all(|p| p.default.as_deref().is_none_or(|default| literal(default).is_some())))
}

/// The value of a literal: a number with or without a sign, a bool, a string, None.
fn literal(expr: &Expr) -> Option<Constant> {
    Some(match expr {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => Constant::Int(int.as_i64()?.into()),
            Number::Float(float) => Constant::Float(*float),
            Number::Complex { real, imag } => Constant::Complex(*real, *imag),
        },
        Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => match literal(&unary.operand)? {
            Constant::Int(int) => Constant::Int(-int),
            Constant::Float(float) => Constant::Float(-float),
            _ => return None,
        },
        Expr::BooleanLiteral(bool) => Constant::Bool(bool.value),
        Expr::StringLiteral(string) => Constant::Str(string.value.to_str().to_owned()),
        Expr::NoneLiteral(_) => Constant::None,
        _ => return None,
    })
}

impl Context<'_> {
    pub(super) fn def(&mut self, def: &StmtFunctionDef) -> Parsed<Function> {
        let name_span = self.span(&def.name);
        if def.is_async {
            return Err(Diagnostic::new(Code::UnsupportedSyntax, name_span, "an `async` function cannot be compiled"));
        }
        let params = self.params(&def.parameters)?;
        // A loop around a `def` is none that a `break` in it could leave.
        let loops = std::mem::take(&mut self.loops);
        let body = self.body(&def.body);
        self.loops = loops;
        Ok(Function { name: def.name.to_string(), name_span, params, body: body? })
    }

    pub(super) fn lambda(&mut self, lambda: &ExprLambda) -> Parsed<Function> {
        let params = lambda.parameters.as_deref().map_or(Ok(Vec::new()), |parameters| self.params(parameters))?;
        let (mut body, value) = self.expr_after(&lambda.body)?;
        let span = value.span;
        body.push(Stmt { kind: StmtKind::Return(Some(value)), span });
        Ok(Function { name: "<lambda>".to_owned(), name_span: self.span(TextRange::at(lambda.range.start(), TextSize::new(6))), params, body })
    }

    fn params(&self, parameters: &Parameters) -> Parsed<Vec<Param>> {
        if let Some(param) = &parameters.kwarg {
            return Err(self.refused(param.range(), format!("`**{}`: a compiled function has a fixed number of parameters", param.name)));
        }
        let mut params: Vec<Param> = Vec::new();
        let rest = parameters.vararg.as_deref().map(|p| Param {
            name: p.name.to_string(),
            span: self.span(&p.name),
            has_default: false,
            literal: None,
            is_rest: true,
            keyword_only: false,
        });
        let named = parameters.posonlyargs.iter().chain(&parameters.args).map(|param| self.param(param));
        let by_keyword = parameters.kwonlyargs.iter().map(|param| Param { keyword_only: true, ..self.param(param) });
        for param in named.chain(rest).chain(by_keyword) {
            if let Some(first) = params.iter().find(|other| other.name == param.name) {
                let headline = format!("two parameters named `{}`", param.name);
                return Err(Diagnostic::new(Code::Syntax, param.span, headline).also(first.span, "the first"));
            }
            params.push(param);
        }
        Ok(params)
    }

    fn param(&self, param: &ParameterWithDefault) -> Param {
        let name = &param.parameter.name;
        let literal = param.default.as_deref().and_then(literal);
        Param { name: name.to_string(), span: self.span(name), has_default: param.default.is_some(), literal, is_rest: false, keyword_only: false }
    }

    fn refused(&self, range: TextRange, headline: String) -> Box<Diagnostic> {
        Diagnostic::new(Code::UnsupportedSyntax, self.span(range), headline)
    }
}
