//! Arrays that a kernel takes besides its arguments: the host's arrays that it names, and arguments read as elements of another type.
//!
//! Each is a parameter of the IR behind those of the arguments, made where the text first asks for it. Owns what they are, told in [`super::Lowered::extras`] to whoever
//! launches the kernel: making their words is the launch's. How an array is read as another type is [`super::reread`]'s.

use std::sync::Arc;

use super::Lowerer;
use super::fault::{Result, fault};
use super::value::Val;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Array, Kind};
use crate::names::Captured;
use crate::source::Span;
use crate::types::{ArrayType, ScalarType};

/// An array parameter that is no argument.
#[derive(Clone, Debug)]
pub enum Extra {
    /// An array of the host's that the text names.
    Captured(Arc<Captured>),
    /// The memory of another parameter as elements of another type. Elements of one size keep extents and strides. For others the last axis must be dense, and the address and all other strides multiples of
    /// the new size; the last axis then has as many new elements as fit, at steps of their size. Where that does not hold, its extent is 0.
    Reread {
        /// Number of that parameter in the IR's list.
        of: u32,
        /// Its elements.
        from: ScalarType,
        /// The elements to be seen.
        to: ScalarType,
    },
}

impl Lowerer {
    /// What a name of a captured array stands for.
    pub(super) fn captured(&mut self, captured: &Arc<Captured>, text: &str, span: Span) -> Result<Val> {
        if self.options.kind != Kind::Kernel {
            let d = Diagnostic::new(Code::UnsupportedName, span, format!("`{text}` is a device array, which only kernels may name"));
            return fault(d.help("pass it as an argument"));
        }
        self.not_in_recursion(text, span)?;
        let known = self.extras.iter().find_map(|(extra, array)| match extra {
            Extra::Captured(other) if Arc::ptr_eq(other, captured) => Some(*array),
            _ => None,
        });
        Ok(Val::Array(known.unwrap_or_else(|| self.extra(Extra::Captured(captured.clone()), text, captured.ty))))
    }

    /// Another parameter's memory as elements of another type; that one has the name and the number `of`.
    pub(super) fn reread(&mut self, of: u32, name: &str, ty: ArrayType, from: ScalarType) -> Array {
        let known = self.extras.iter().find_map(|(extra, array)| match extra {
            Extra::Reread { of: other, to, .. } if (*other, *to) == (of, ty.elem) => Some(*array),
            _ => None,
        });
        known.unwrap_or_else(|| self.extra(Extra::Reread { of, from, to: ty.elem }, name, ty))
    }

    fn extra(&mut self, extra: Extra, name: &str, ty: ArrayType) -> Array {
        let array = self.b.array_param(name, ty);
        self.extras.push((extra, array));
        array
    }
}
