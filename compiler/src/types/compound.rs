//! Types made of others that have names: records, named tuples and vectors.

use std::fmt;
use std::sync::Arc;

use super::ScalarType;

/// A structured dtype: fields at offsets, as NumPy lays them out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordType {
    /// In the order of the dtype.
    pub fields: Vec<RecordField>,
    /// Bytes from one record to the next.
    pub size: usize,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordField {
    /// Its name.
    pub name: String,
    /// Bytes from the record's beginning.
    pub offset: usize,
    /// What it holds, or what the elements of its array are.
    pub ty: FieldType,
    /// Extents of a nested array; empty for a single value.
    pub shape: Vec<usize>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// A number or a bool.
    Scalar(ScalarType),
    /// A record.
    Record(Arc<RecordType>),
}

impl FieldType {
    /// Bytes.
    pub fn size(&self) -> usize {
        match self {
            FieldType::Scalar(t) => t.size(),
            FieldType::Record(r) => r.size,
        }
    }
}

/// A number that stands at the same place of every record of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Dotted names of the fields that lead to it.
    pub path: String,
    /// Its type.
    pub ty: ScalarType,
    /// Bytes from the record's beginning.
    pub offset: usize,
    /// Extents and steps in bytes of the nested arrays around it, outermost first.
    pub axes: Vec<(usize, usize)>,
}

impl RecordType {
    /// The numbers that a record is made of, in order. An array of records is passed to a kernel as one array for each.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect("", 0, &[], &mut leaves);
        leaves
    }

    fn collect(&self, path: &str, offset: usize, axes: &[(usize, usize)], into: &mut Vec<Leaf>) {
        for field in &self.fields {
            let path = dotted(path, &field.name);
            let mut axes = axes.to_vec();
            let mut step = field.ty.size() * field.shape.iter().product::<usize>();
            for &extent in &field.shape {
                step = step.checked_div(extent).unwrap_or(0);
                axes.push((extent, step));
            }
            match &field.ty {
                FieldType::Scalar(ty) => into.push(Leaf { path, ty: *ty, offset: offset + field.offset, axes }),
                FieldType::Record(record) => record.collect(&path, offset + field.offset, &axes, into),
            }
        }
    }

    /// A string of NumPy's dtype `S` (bytes: uint8) or `U` (code points: uint32) of that length: a record of one field without a name, which no structured dtype has.
    pub fn text(elem: ScalarType, length: usize) -> RecordType {
        let chars = RecordField { name: String::new(), offset: 0, ty: FieldType::Scalar(elem), shape: vec![length] };
        RecordType { fields: vec![chars], size: elem.size() * length }
    }

    /// What [`RecordType::text`] was given, if this is a string.
    pub fn as_text(&self) -> Option<(ScalarType, usize)> {
        match &self.fields[..] {
            [RecordField { name, ty: FieldType::Scalar(elem), shape, .. }] if name.is_empty() => Some((*elem, *shape.first()?)),
            _ => None,
        }
    }

    /// The number of a field.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }
}

/// The name of a part of something; the characters of a string have none of their own.
pub fn dotted(whole: &str, part: &str) -> String {
    if whole.is_empty() || part.is_empty() { format!("{whole}{part}") } else { format!("{whole}.{part}") }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((elem, length)) = self.as_text() {
            return write!(f, "{}[{length}]", if elem == ScalarType::U8 { "bytes" } else { "str" });
        }
        f.write_str("record(")?;
        for (i, field) in self.fields.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{}: ", field.name)?;
            match &field.ty {
                FieldType::Scalar(t) => t.fmt(f)?,
                FieldType::Record(r) => r.fmt(f)?,
            }
            for extent in &field.shape {
                write!(f, "[{extent}]")?;
            }
        }
        f.write_str(")")
    }
}

/// Names for the items of a tuple: a named tuple's, or a vector's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedType {
    /// The class.
    pub name: String,
    /// The items.
    pub fields: Vec<String>,
    /// Of a vector (`float32x3`): what its items are. A vector is no tuple to Python: it has no length, and is neither indexed nor unpacked.
    pub vector: Option<ScalarType>,
}

impl NamedType {
    /// The vector type of that name: a scalar type's name or CUDA's, then `x` and 1 to 4 (`float32x3`), or the short form (`float3`).
    pub fn vector(name: &str) -> Option<NamedType> {
        let count = name.chars().last()?.to_digit(10).filter(|n| (1..=4).contains(n))? as usize;
        let stem = &name[..name.len() - 1];
        let elem = match stem.strip_suffix('x') {
            Some(full) => ScalarType::from_name(full).filter(|t| (t.is_integer() || t.is_float()) && !t.is_complex())?,
            None => match stem {
                "char" => ScalarType::I8,
                "short" => ScalarType::I16,
                "int" => ScalarType::I32,
                "long" | "longlong" => ScalarType::I64,
                "uchar" => ScalarType::U8,
                "ushort" => ScalarType::U16,
                "uint" => ScalarType::U32,
                "ulong" | "ulonglong" => ScalarType::U64,
                "float" => ScalarType::F32,
                "double" => ScalarType::F64,
                _ => return None,
            },
        };
        let fields = ["x", "y", "z", "w"][..count].iter().map(|f| f.to_string()).collect();
        Some(NamedType { name: format!("{elem}x{count}"), fields, vector: Some(elem) })
    }

    /// What `threadIdx` and its like are as a whole: CUDA's `dim3`, with fields `x`, `y` and `z`.
    pub fn axes() -> NamedType {
        NamedType { name: "Dim3".to_owned(), fields: ["x", "y", "z"].map(str::to_owned).to_vec(), vector: Some(ScalarType::I32) }
    }

    /// Whether it is that of `threadIdx`.
    pub fn is_axes(&self) -> bool {
        self.vector.is_some() && self.name == "Dim3"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_of_nested_records() {
        let point = Arc::new(RecordType {
            fields: vec![
                RecordField { name: "x".into(), offset: 0, ty: FieldType::Scalar(ScalarType::F32), shape: vec![] },
                RecordField { name: "y".into(), offset: 4, ty: FieldType::Scalar(ScalarType::F32), shape: vec![] },
            ],
            size: 8,
        });
        let record = RecordType {
            fields: vec![
                RecordField { name: "n".into(), offset: 0, ty: FieldType::Scalar(ScalarType::I64), shape: vec![] },
                RecordField { name: "p".into(), offset: 8, ty: FieldType::Record(point), shape: vec![2, 3] },
            ],
            size: 56,
        };
        let leaves = record.leaves();
        assert_eq!(leaves.iter().map(|l| l.path.as_str()).collect::<Vec<_>>(), ["n", "p.x", "p.y"]);
        assert_eq!(leaves[2].offset, 12);
        assert_eq!(leaves[2].axes, [(2, 24), (3, 8)]);
        assert_eq!(record.to_string(), "record(n: int64, p: record(x: float32, y: float32)[2][3])");
        assert_eq!(record.find("p"), Some(1));
    }

    #[test]
    fn strings_are_records_without_names() {
        let text = Arc::new(RecordType::text(ScalarType::U32, 3));
        assert_eq!(text.as_text(), Some((ScalarType::U32, 3)));
        assert_eq!(text.size, 12);
        let record = RecordType { fields: vec![RecordField { name: "s".into(), offset: 2, ty: FieldType::Record(text), shape: vec![2] }], size: 26 };
        assert_eq!(record.to_string(), "record(s: str[3][2])");
        assert_eq!(record.leaves()[0].axes, [(2, 12), (3, 4)]);
        assert!(record.as_text().is_none());
    }

    #[test]
    fn names_of_vectors() {
        assert_eq!(NamedType::vector("float32x3").unwrap(), NamedType::vector("float3").unwrap());
        assert_eq!(NamedType::vector("uint4").unwrap().name, "uint32x4");
        assert!(["float32x5", "float0", "bool2", "complex64x2", "x3", "3", ""].iter().all(|n| NamedType::vector(n).is_none()));
    }
}
