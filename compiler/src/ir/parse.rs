//! stub
/// e
#[derive(Debug)]
pub struct ParseError;
/// parse
pub fn parse(_t: &str) -> Result<super::Function, ParseError> {
    Err(ParseError)
}
