//! Which function of the text is meant.
//!
//! The host hands over whole lines. For a `def` they are the statement itself, or a longer text around it. For a lambda they are the lines that
//! hold it, which need not be a whole statement (`foo(lambda x: x + 1,`): then the lambda is read from its keyword on, as far as it goes.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprLambda, Mod, PythonVersion, Stmt, StmtFunctionDef};
use ruff_python_parser::{Mode, ParseError, ParseOptions, parse_parenthesized_expression_range, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Context, Parsed};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Definition;
use crate::source::Span;
use crate::syntax::ast::Function;

/// Deeper than this no function is looked for; one nested so deep could not be translated either.
const MAX_SEARCH_DEPTH: u32 = 1000;

/// Finds and translates the function a definition means.
pub(super) fn function(definition: &Definition, mut context: Context<'_>) -> Parsed<Function> {
    let module = parse_unchecked(context.text, options(Mode::Module));
    if definition.name == "<lambda>" { lambda(definition, &module, &mut context) } else { def(definition, &module, &mut context) }
}

/// Names of the functions at the top level of a text.
pub(super) fn function_names(text: &str) -> Vec<String> {
    let parsed = parse_unchecked(text, options(Mode::Module));
    let Mod::Module(module) = parsed.syntax() else { return Vec::new() };
    module.body.iter().filter_map(Stmt::as_function_def_stmt).map(|def| def.name.to_string()).collect()
}

/// Any version's syntax is accepted: the host's own Python has read the text before us.
fn options(mode: Mode) -> ParseOptions {
    ParseOptions::from(mode).with_target_version(PythonVersion::latest_preview())
}

type Module = ruff_python_parser::Parsed<Mod>;

/// The functions of a tree, outer before inner.
#[derive(Default)]
struct Functions<'a> {
    defs: Vec<&'a StmtFunctionDef>,
    lambdas: Vec<&'a ExprLambda>,
    depth: u32,
}

impl<'a> Functions<'a> {
    fn of(tree: &'a Mod) -> Self {
        let mut found = Self::default();
        match tree {
            Mod::Module(module) => found.visit_body(&module.body),
            Mod::Expression(expression) => found.visit_expr(&expression.body),
        }
        found.lambdas.sort_by_key(|lambda| lambda.range.start());
        found
    }
}

impl<'a> Visitor<'a> for Functions<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(def) = stmt {
            self.defs.push(def);
        }
        self.depth += 1;
        if self.depth < MAX_SEARCH_DEPTH {
            walk_stmt(self, stmt);
        }
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Lambda(lambda) = expr {
            self.lambdas.push(lambda);
        }
        self.depth += 1;
        if self.depth < MAX_SEARCH_DEPTH {
            walk_expr(self, expr);
        }
        self.depth -= 1;
    }
}

fn def(definition: &Definition, module: &Module, context: &mut Context<'_>) -> Parsed<Function> {
    if let Some(error) = module.errors().iter().min_by_key(|error| error.location.start()) {
        return Err(context.syntax_error(error));
    }
    let name = definition.name.rsplit('.').next().unwrap_or_default();
    let named: Vec<_> = Functions::of(module.syntax()).defs.into_iter().filter(|def| def.name.as_str() == name).collect();
    // Python counts a decorated function's first line from its decorator, a person from the `def`.
    let on_line = |def: &&StmtFunctionDef| {
        let first = def.decorator_list.first().map_or(def.range.start(), Ranged::start);
        (line_of(context.text, first)..=line_of(context.text, def.name.start())).contains(&definition.line)
    };
    let meant = match (definition.line, named.as_slice()) {
        (0, all) => all.first().copied(),
        (_, [only]) => Some(*only),
        (_, all) => all.iter().copied().rfind(on_line),
    };
    match meant {
        Some(def) => context.def(def),
        None => Err(missing(context, format!("the source text has no function `{name}`{}", at_line(definition)))),
    }
}

fn lambda(definition: &Definition, module: &Module, context: &mut Context<'_>) -> Parsed<Function> {
    if module.has_valid_syntax() {
        let lambdas = Functions::of(module.syntax()).lambdas;
        let ranges: Vec<_> = lambdas.iter().map(|lambda| lambda.range).collect();
        return context.lambda(lambdas[choose(definition, &ranges, context)?]);
    }
    // Part of a statement: each lambda is read from its keyword to where the grammar ends it.
    let starts = lambda_keywords(module.tokens());
    let lambdas: Vec<_> = starts.iter().map(|&start| lambda_at(context, start)).collect();
    let ranges: Vec<_> =
        lambdas.iter().zip(&starts).map(|(lambda, &start)| lambda.as_ref().map_or(TextRange::at(start, TextSize::new(6)), Ranged::range)).collect();
    if ranges.is_empty() {
        return Err(context.syntax_error(&module.errors()[0]));
    }
    let chosen = choose(definition, &ranges, context)?;
    match &lambdas[chosen] {
        Ok(lambda) => context.lambda(lambda),
        Err(error) => Err(context.syntax_error(error)),
    }
}

/// The one of `ranges` (ordered, of lambdas) that the definition means.
fn choose(definition: &Definition, ranges: &[TextRange], context: &Context<'_>) -> Parsed<usize> {
    let on_line: Vec<usize> =
        (0..ranges.len()).filter(|&i| definition.line == 0 || line_of(context.text, ranges[i].start()) == definition.line).collect();
    // A column may be the keyword's, or that of code inside the lambda, which may stand on a later line than the keyword.
    let chosen = match (definition.column, on_line.as_slice()) {
        (Some(column), _) => {
            let at = offset_of(context.text, definition.line.max(1), column);
            let starts_here = ranges.iter().position(|range| range.start() == at);
            starts_here.or_else(|| ranges.iter().rposition(|range| range.contains_inclusive(at)))
        }
        (None, [first, _, ..]) if definition.line == 0 => Some(*first),
        (None, [first, second, ..]) => {
            return Err(Diagnostic::new(Code::UnsupportedSyntax, keyword(context, ranges[*second]), "several lambdas on one line")
                .also(keyword(context, ranges[*first]), "")
                .help("give each lambda a line of its own, or use `def`"));
        }
        (None, [only]) => Some(*only),
        (None, []) if ranges.len() == 1 => Some(0),
        (None, []) => None,
    };
    chosen.ok_or_else(|| missing(context, format!("the source text has no lambda{}", at_line(definition))))
}

fn keyword(context: &Context<'_>, lambda: TextRange) -> Span {
    context.span(TextRange::at(lambda.start(), TextSize::new(6)))
}

fn lambda_keywords(tokens: &Tokens) -> Vec<TextSize> {
    tokens.iter().filter(|token| token.kind() == TokenKind::Lambda).map(Ranged::start).collect()
}

/// The lambda whose keyword is at `start`. What follows it may be anything; line ends inside it do not matter, as the bracket that makes
/// them so may stand before the text.
fn lambda_at(context: &Context<'_>, start: TextSize) -> Result<ExprLambda, ParseError> {
    let rest = &context.text[start.to_usize()..];
    let guess = parse_unchecked(rest, options(Mode::ParenthesizedExpression));
    let end = Functions::of(guess.syntax()).lambdas.first().map_or(TextSize::of(rest), |lambda| lambda.range.end());
    // The guess was made from broken text; only what reads as a whole counts.
    let parsed = parse_parenthesized_expression_range(context.text, TextRange::at(start, end))?;
    match *parsed.into_syntax().body {
        Expr::Lambda(lambda) => Ok(lambda),
        other => Err(ParseError { error: ruff_python_parser::ParseErrorType::InvalidLambdaExpressionUsage, location: other.range() }),
    }
}

fn missing(context: &Context<'_>, headline: String) -> Box<Diagnostic> {
    Diagnostic::new(Code::Syntax, Span { source: context.source, start: 0, end: 0 }, headline)
}

fn at_line(definition: &Definition) -> String {
    if definition.line == 0 {
        return String::new();
    }
    format!(" at line {}", definition.source.first_line + definition.line - 1)
}

/// 1-based line in the text.
fn line_of(text: &str, offset: TextSize) -> u32 {
    text.as_bytes()[..offset.to_usize()].iter().filter(|&&byte| byte == b'\n').count() as u32 + 1
}

/// Where a 1-based line and a column in bytes stand in the text; its end if they stand nowhere.
fn offset_of(text: &str, line: u32, column: u32) -> TextSize {
    let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    TextSize::new(u32::try_from(start).unwrap_or(u32::MAX).saturating_add(column))
}
