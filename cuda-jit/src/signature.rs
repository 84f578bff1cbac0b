//! Signatures of kernels as Numba writes them: `void(float32[:,:], int32)`, `(f8[::1], complex128)`, `UniTuple(int64, 3)`.
//!
//! Owns the spelling and the little grammar. Whether a kernel can be compiled for the types is found later.

use verdigris_compiler::types::{ArrayType, Layout, MOST_AXES, ScalarType, Type};

use crate::error::Error;

/// Reads the argument types of a signature; a result, if one is written, must be `void` (or `None`).
///
/// # Errors
/// The text is no signature, or one with a result.
pub fn parse(text: &str) -> Result<Vec<Type>, Error> {
    let mut cursor = Cursor { rest: text };
    cursor.signature().map_err(|reason| Error::Signature { text: text.to_owned(), reason })
}

/// Reads one type.
///
/// # Errors
/// The text is no type.
pub fn parse_type(text: &str) -> Result<Type, Error> {
    let mut cursor = Cursor { rest: text };
    let whole = |cursor: &mut Cursor<'_>| {
        let ty = cursor.ty()?;
        cursor.end()?;
        Ok(ty)
    };
    whole(&mut cursor).map_err(|reason: String| Error::Signature { text: text.to_owned(), reason })
}

/// The scalar type of a name, Numba's short ones included.
fn scalar(name: &str) -> Option<ScalarType> {
    use ScalarType::*;
    Some(match name {
        "boolean" | "bool_" | "b1" => Bool,
        "i1" | "char" | "byte" => I8,
        "i2" | "short" => I16,
        "i4" | "intc" => I32,
        "i8" | "intp" | "int_" | "int" | "long_" | "longlong" => I64,
        "u1" | "uchar" => U8,
        "u2" | "ushort" => U16,
        "u4" | "uintc" => U32,
        "u8" | "uintp" | "uint" | "ulong" | "ulonglong" => U64,
        "f4" | "float_" => F32,
        "f8" | "double" | "float" => F64,
        "c8" => C64,
        "c16" | "complex" => C128,
        other => return ScalarType::from_name(other),
    })
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("expected `{token}` before `{}`", self.rest)) }
    }

    fn end(&mut self) -> Result<(), String> {
        self.rest = self.rest.trim();
        if self.rest.is_empty() { Ok(()) } else { Err(format!("unexpected `{}`", self.rest)) }
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn signature(&mut self) -> Result<Vec<Type>, String> {
        if !self.rest.trim_start().starts_with('(') {
            let result = self.ty_or_void()?;
            if let Some(result) = result {
                return Err(format!("a kernel returns nothing, not {result}"));
            }
        }
        self.expect("(")?;
        let types = self.types(")")?;
        self.end()?;
        Ok(types)
    }

    fn ty_or_void(&mut self) -> Result<Option<Type>, String> {
        let before = self.rest;
        if matches!(self.word(), "void" | "none" | "None") {
            return Ok(None);
        }
        self.rest = before;
        self.ty().map(Some)
    }

    fn types(&mut self, close: &str) -> Result<Vec<Type>, String> {
        let mut types = Vec::new();
        while !self.eat(close) {
            types.push(self.ty()?);
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(types)
    }

    fn ty(&mut self) -> Result<Type, String> {
        let word = self.word();
        let mut ty = match word {
            "" => {
                return Err(if self.rest.is_empty() {
                    "a type is missing at the end".to_owned()
                } else {
                    format!("expected a type before `{}`", self.rest)
                });
            }
            "none" | "None" => Type::None,
            "Tuple" => {
                self.expect("(")?;
                let bracket = if self.eat("[") {
                    "]"
                } else if self.eat("(") {
                    ")"
                } else {
                    return Err("Tuple takes one sequence of types".to_owned());
                };
                let items = self.types(bracket)?;
                self.expect(")")?;
                Type::Tuple(items)
            }
            "UniTuple" => {
                self.expect("(")?;
                let item = self.ty()?;
                self.expect(",")?;
                let count: usize = self.word().parse().ok().filter(|n| *n <= 1000).ok_or("UniTuple takes a type and a length")?;
                self.expect(")")?;
                Type::Tuple(vec![item; count])
            }
            "array" | "Array" => {
                self.expect("(")?;
                let array = self.array()?;
                self.expect(")")?;
                array
            }
            "tuple" => {
                self.expect("(")?;
                Type::Tuple(self.types(")")?)
            }
            name => Type::Scalar(scalar(name).ok_or_else(|| format!("`{name}` is no type"))?),
        };
        while self.eat("[") {
            ty = self.axes(ty)?;
        }
        Ok(ty)
    }

    /// `float32, 2d, C` and `float32, 2, 'C'`, with `, readonly` or `, mutable` after either.
    fn array(&mut self) -> Result<Type, String> {
        let Type::Scalar(elem) = self.ty()? else { return Err("elements of an array are scalars".to_owned()) };
        self.expect(",")?;
        let ndim = match self.word().trim_end_matches('d').parse() {
            Ok(n) if n <= MOST_AXES => n,
            _ => return Err(format!("an array has at most {MOST_AXES} axes")),
        };
        self.expect(",")?;
        let quoted = self.eat("'") || self.eat("\"");
        let layout = match self.word() {
            "C" => Layout::C,
            "F" => Layout::F,
            "A" => Layout::A,
            other => return Err(format!("`{other}` is no layout: C, F or A")),
        };
        if quoted && !self.eat("'") {
            self.expect("\"")?;
        }
        let readonly = if self.eat(",") {
            match self.word() {
                "readonly" => true,
                "mutable" | "aligned" => false,
                other => return Err(format!("unexpected `{other}`")),
            }
        } else {
            false
        };
        Ok(Type::Array(ArrayType { elem, ndim, layout, readonly }))
    }

    /// `:`, `:,:`, `::1,:`, … and the closing bracket.
    fn axes(&mut self, ty: Type) -> Result<Type, String> {
        let Type::Scalar(elem) = ty else { return Err(format!("an array of {ty} is not possible: elements are scalars")) };
        let mut dense = Vec::new();
        loop {
            self.expect(":")?;
            dense.push(if self.eat(":") {
                self.expect("1")?;
                true
            } else {
                false
            });
            if self.eat("]") {
                break;
            }
            self.expect(",")?;
        }
        let ndim = dense.len();
        if ndim > usize::from(MOST_AXES) {
            return Err(format!("an array of {ndim} axes: kernels take arrays of at most {MOST_AXES}"));
        }
        let layout = match (dense.iter().filter(|d| **d).count(), dense.last(), dense.first()) {
            (0, ..) => Layout::A,
            (1, Some(true), _) => Layout::C,
            (1, _, Some(true)) => Layout::F,
            _ => return Err("`::1` stands in the first or the last axis only, once".to_owned()),
        };
        Ok(Type::Array(ArrayType { elem, ndim: ndim as u8, layout, readonly: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(types) => types.iter().map(Type::to_string).collect::<Vec<_>>().join("; "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn numbas_spellings_are_read() {
        assert_eq!(read("void(float32[:], int32)"), "array(float32, 1d, A); int32");
        assert_eq!(read("(f8[:, ::1], c16[::1,:], b1)"), "array(float64, 2d, C); array(complex128, 2d, F); bool");
        assert_eq!(read(" ( ) "), "");
        assert_eq!(read("none(u1[::1],)"), "array(uint8, 1d, C)");
        assert_eq!(read("(Tuple((int64, f4)), UniTuple(i8, 2))"), "tuple(int64, float32); tuple(int64, int64)");
        assert_eq!(read("(array(float32, 2d, F, readonly), Array(uint8, 1, 'C'))"), "array(float32, 2d, F, readonly); array(uint8, 1d, C)");
    }

    #[test]
    fn every_type_printed_is_read_back() {
        let mut types: Vec<Type> = ScalarType::ALL.into_iter().map(Type::Scalar).collect();
        for (ndim, layout, readonly) in [(1, Layout::C, false), (2, Layout::F, true), (3, Layout::A, false)] {
            types.push(Type::Array(ArrayType { elem: ScalarType::C64, ndim, layout, readonly }));
        }
        types.push(Type::Tuple(types.clone()));
        for ty in types {
            assert_eq!(parse_type(&ty.to_string()).unwrap(), ty);
        }
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(read("float32(int32)"), "\"float32(int32)\" is no signature of a kernel: a kernel returns nothing, not float32");
        for (text, reason) in [
            ("void(float33)", "`float33` is no type"),
            ("void(f4[:,:,:,:,:,:,:,:,:])", "9 axes"),
            ("void(f4[::1,::1])", "once"),
            ("void(f4[:,::1,:])", "first or the last"),
            ("void(f4[2])", "expected `:`"),
            ("void(f4", "expected `)`"),
            ("void f4", "expected `(`"),
            ("void(f4) x", "unexpected `x`"),
            ("void(UniTuple(f4, x))", "a length"),
            ("void(Tuple(f4))", "sequence"),
            ("", "missing"),
        ] {
            assert!(read(text).contains(reason), "{text}: {}", read(text));
        }
    }
}
