//! Signatures as Numba writes them: `float32(float32, float32)`, `(int64, int64)`, `Tuple((float64, int32))(float64)`.
//!
//! Owns the spelling of types and the little grammar. Whether the function can be compiled for them is found later.

use verdigris_compiler::types::ScalarType;

use crate::casting::Types;
use crate::error::Error;

/// Types for which a loop is declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Inputs.
    pub inputs: Types,
    /// Outputs; `None` where only the arguments are given and the results are as inferred.
    pub outputs: Option<Types>,
}

impl std::str::FromStr for Signature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Signature, Error> {
        let fault = |reason: String| Error::Signature { text: text.to_owned(), reason };
        let mut cursor = Cursor { rest: text };
        let outputs = if cursor.eat('(') {
            cursor.rest = text;
            None
        } else {
            Some(cursor.results().map_err(fault)?)
        };
        if !cursor.eat('(') {
            return Err(fault("expected `(` and the argument types".into()));
        }
        let inputs = cursor.types(')').map_err(fault)?;
        cursor.space();
        if !cursor.rest.is_empty() {
            return Err(fault(format!("unexpected `{}` after the signature", cursor.rest)));
        }
        if inputs.is_empty() {
            return Err(fault("an elementwise function has at least one argument".into()));
        }
        Ok(Signature { inputs, outputs })
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.outputs.as_deref() {
            None => {}
            Some([one]) => write!(f, "{one}")?,
            Some(many) => write!(f, "Tuple(({}))", crate::error::list(many))?,
        }
        write!(f, "({})", crate::error::list(&self.inputs))
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, c: char) -> bool {
        self.space();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &str {
        self.space();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "_.[]".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn scalar(&mut self) -> Result<ScalarType, String> {
        let word = self.word().to_owned();
        if word.is_empty() {
            return Err(format!("expected a type at `{}`", self.rest));
        }
        scalar_named(&word).ok_or_else(|| match word.as_str() {
            "void" | "none" => "an elementwise function must return a value".to_owned(),
            _ => format!("unknown type `{word}`"),
        })
    }

    /// Types separated by commas up to `close`, which is taken too.
    fn types(&mut self, close: char) -> Result<Types, String> {
        let mut types = Types::new();
        while !self.eat(close) {
            types.push(self.scalar()?);
            if !self.eat(',') {
                if self.eat(close) {
                    break;
                }
                return Err(format!("expected `,` or `{close}` at `{}`", self.rest));
            }
        }
        Ok(types)
    }

    fn results(&mut self) -> Result<Types, String> {
        let before = self.rest;
        match self.word() {
            "Tuple" => {
                if !(self.eat('(') && self.eat('(')) {
                    return Err("a tuple of results is written Tuple((a, b))".into());
                }
                let types = self.types(')')?;
                if !self.eat(')') || types.is_empty() {
                    return Err("a tuple of results is written Tuple((a, b))".into());
                }
                Ok(types)
            }
            "UniTuple" => {
                let bad = || "equal results are written UniTuple(float64, 2)".to_owned();
                if !self.eat('(') {
                    return Err(bad());
                }
                let ty = self.scalar()?;
                if !self.eat(',') {
                    return Err(bad());
                }
                let count: usize = self.word().parse().map_err(|_| bad())?;
                if !self.eat(')') || !(1..=32).contains(&count) {
                    return Err(bad());
                }
                Ok(std::iter::repeat_n(ty, count).collect())
            }
            _ => {
                self.rest = before;
                Ok(Types::from_slice(&[self.scalar()?]))
            }
        }
    }
}

/// The scalar type of a name: NumPy's names, Numba's, and the short forms of both.
pub fn scalar_named(name: &str) -> Option<ScalarType> {
    use ScalarType::*;
    let name = name.strip_prefix("np.").or_else(|| name.strip_prefix("numpy.")).unwrap_or(name);
    if let Some(found) = ScalarType::from_name(name) {
        // NumPy has no loops of bfloat16.
        return (found != BF16).then_some(found);
    }
    Some(match name {
        "bool_" | "boolean" | "b1" => Bool,
        "i1" | "char" | "byte" => I8,
        "i2" | "short" => I16,
        "i4" | "intc" => I32,
        "i8" | "int_" | "int" | "intp" | "long_" | "long" | "longlong" | "ssize_t" => I64,
        "u1" | "uchar" | "ubyte" => U8,
        "u2" | "ushort" => U16,
        "u4" | "uintc" => U32,
        "u8" | "uint" | "uintp" | "ulong" | "ulonglong" | "size_t" => U64,
        // Numba's `float_` is single precision; Python's `float` is not.
        "f2" | "half" => F16,
        "f4" | "float_" | "single" => F32,
        "f8" | "float" | "double" => F64,
        "c8" | "csingle" => C64,
        "c16" | "complex" | "complex_" | "cdouble" => C128,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::*;

    fn parse(text: &str) -> (Vec<ScalarType>, Option<Vec<ScalarType>>) {
        let s: Signature = text.parse().unwrap();
        (s.inputs.to_vec(), s.outputs.map(|o| o.to_vec()))
    }

    #[test]
    fn numbas_forms() {
        assert_eq!(parse("float32(float32, float32)"), (vec![F32, F32], Some(vec![F32])));
        assert_eq!(parse(" f8 ( i4,u1 ,) "), (vec![I32, U8], Some(vec![F64])));
        assert_eq!(parse("(int64, complex64)"), (vec![I64, C64], None));
        assert_eq!(parse("Tuple((f8, i8))(f8)"), (vec![F64], Some(vec![F64, I64])));
        assert_eq!(parse("UniTuple(f8, 2)(f8)"), (vec![F64], Some(vec![F64, F64])));
        assert_eq!(parse("boolean(np.float64)"), (vec![F64], Some(vec![Bool])));
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("float32", "expected `(`"),
            ("float32(floaty)", "unknown type `floaty`"),
            ("float32(float32", "expected `,` or `)`"),
            ("float32(float32) x", "unexpected `x`"),
            ("void(float32)", "must return a value"),
            ("f4()", "at least one argument"),
            ("Tuple(f8)(f8)", "Tuple((a, b))"),
        ] {
            let error = text.parse::<Signature>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn printing_reads_back() {
        for text in [
            "float32(float32, float32)",
            "(int64)",
            "timedelta64[s](datetime64[s], datetime64[D])",
            "float16(float16)",
            "Tuple((float64, int64))(complex128)",
        ] {
            assert_eq!(text.parse::<Signature>().unwrap().to_string(), text);
        }
    }
}
