//! The tree as nested lists, a statement a line.

use std::fmt::Write as _;

use verdigris_compiler::syntax::{CompareOp, Expr, ExprKind, Function, Raised, Stmt, StmtKind, UnaryOp, Unsupported};

pub(crate) fn function(function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| {
            format!(
                "{}{}{}",
                if param.is_rest {
                    "*"
                } else if param.keyword_only {
                    "*, "
                } else {
                    ""
                },
                param.name,
                if param.has_default { "=" } else { "" }
            )
        })
        .collect();
    let mut out = format!("(def {} ({})", function.name, params.join(" "));
    body(&mut out, 1, &function.body);
    out + ")"
}

fn body(out: &mut String, depth: usize, stmts: &[Stmt]) {
    for stmt in stmts {
        let _ = write!(out, "\n{:indent$}", "", indent = depth * 2);
        write_stmt(out, depth, stmt);
    }
}

fn block(out: &mut String, depth: usize, head: &str, main: &[Stmt], orelse: &[Stmt]) {
    let _ = write!(out, "({head}");
    body(out, depth + 1, main);
    if !orelse.is_empty() {
        let _ = write!(out, "\n{:indent$}else", "", indent = depth * 2 + 1);
        body(out, depth + 1, orelse);
    }
    out.push(')');
}

fn write_stmt(out: &mut String, depth: usize, stmt: &Stmt) {
    let line = match &stmt.kind {
        StmtKind::Assign { targets, value } => format!("(= {} {})", exprs(targets), expr(value)),
        StmtKind::AugAssign { target, op, value } => format!("({}= {} {})", op.symbol(), expr(target), expr(value)),
        StmtKind::Expr(value) => expr(value),
        StmtKind::If { test, body, orelse } => return block(out, depth, &format!("if {}", expr(test)), body, orelse),
        StmtKind::While { test, body, orelse } => return block(out, depth, &format!("while {}", expr(test)), body, orelse),
        StmtKind::For { target, iter, body, orelse } => {
            return block(out, depth, &format!("for {} {}", expr(target), expr(iter)), body, orelse);
        }
        StmtKind::Break => "(break)".to_owned(),
        StmtKind::Continue => "(continue)".to_owned(),
        StmtKind::Return(None) => "(return)".to_owned(),
        StmtKind::Return(Some(value)) => format!("(return {})", expr(value)),
        StmtKind::Raise(Raised::Exception(None)) => "(raise)".to_owned(),
        StmtKind::Raise(Raised::Exception(Some(e))) => format!("(raise {})", expr(e)),
        StmtKind::Raise(Raised::Assertion(None)) => "(fail)".to_owned(),
        StmtKind::Raise(Raised::Assertion(Some(e))) => format!("(fail {})", expr(e)),
        StmtKind::Pass => "(pass)".to_owned(),
        StmtKind::Unsupported(what) => unsupported(what),
    };
    out.push_str(&line);
}

fn exprs(list: &[Expr]) -> String {
    list.iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Int(Some(value)) => value.to_string(),
        ExprKind::Int(None) => "<long int>".to_owned(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Imaginary(value) => format!("{value:?}j"),
        ExprKind::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        ExprKind::Starred(value) => format!("(* {})", expr(value)),
        ExprKind::None => "None".to_owned(),
        ExprKind::Attribute { value, attr, .. } => format!("(. {} {attr})", expr(value)),
        ExprKind::Subscript { value, index } => format!("([] {} {})", expr(value), expr(index)),
        ExprKind::Tuple(elements) => format!("(tuple{}{})", if elements.is_empty() { "" } else { " " }, exprs(elements)),
        ExprKind::Binary { op, left, right, .. } => format!("({} {} {})", op.symbol(), expr(left), expr(right)),
        ExprKind::Unary { op, operand } => {
            let symbol = match op {
                UnaryOp::Plus => "+",
                UnaryOp::Minus => "-",
                UnaryOp::Invert => "~",
                UnaryOp::Not => "not",
            };
            format!("({symbol} {})", expr(operand))
        }
        ExprKind::BoolOp { and, values } => format!("({} {})", if *and { "and" } else { "or" }, exprs(values)),
        ExprKind::Compare { left, rest } => {
            let rest: Vec<String> = rest.iter().map(|(op, right)| format!("{} {}", compare(*op), expr(right))).collect();
            format!("(compare {} {})", expr(left), rest.join(" "))
        }
        ExprKind::Call { func, args, keywords } => {
            let args = args.iter().map(expr).chain(keywords.iter().map(|(name, value)| format!("{name}={}", expr(value))));
            format!("(call {})", std::iter::once(expr(func)).chain(args).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Format(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("{}{}", if part.repr { "!r " } else { "" }, expr(&part.value))).collect();
            format!("(format {})", parts.join(" "))
        }
        ExprKind::IfElse { test, then, otherwise } => format!("(if {} {} {})", expr(test), expr(then), expr(otherwise)),
        ExprKind::Slice { lower, upper, step } => {
            let part = |e: &Option<Box<Expr>>| e.as_deref().map_or_else(|| "-".to_owned(), expr);
            format!("(: {} {} {})", part(lower), part(upper), part(step))
        }
        ExprKind::Ellipsis => "...".to_owned(),
        ExprKind::Function(inner) => function(inner).split_whitespace().collect::<Vec<_>>().join(" "),
        ExprKind::Named { target, value } => format!("(:= {} {})", expr(target), expr(value)),
        ExprKind::Unsupported(what) => unsupported(what),
    }
}

fn unsupported(what: &Unsupported) -> String {
    format!("<{}; {}>", what.what, what.help.as_deref().unwrap_or("no help"))
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}
