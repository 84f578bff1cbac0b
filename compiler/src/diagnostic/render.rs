//! stub
use super::Diagnostic;
pub(super) fn render(d: &Diagnostic) -> String {
    d.headline.clone()
}
