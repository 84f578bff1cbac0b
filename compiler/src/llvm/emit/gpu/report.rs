//! What threads tell the host: failures, printed lines; and which line of the user's file each instruction came from.

use std::collections::HashMap;
use std::sync::Arc;

use inkwell::debug_info::{AsDIScope, DIFile, DIFlags, DIFlagsConstants, DIScope, DWARFEmissionKind, DWARFSourceLanguage, DebugInfoBuilder};
use inkwell::module::FlagBehavior;

use super::Place;
use crate::abi::SiteKind;
use crate::ir::{Failure, Function, Piece, Value};
use crate::llvm::emit::Emitter;
use crate::llvm::instr::{Instr, V};
use crate::llvm::ptx::RECORD_HEAD;
use crate::types::ScalarType;

impl<'c> Emitter<'_, 'c> {
    pub(super) fn tell_failure(&mut self, at: Value, failure: Failure) {
        let kind = self.site_kind(failure);
        let none = (self.i.i32(0), self.i.i64(0), self.i.i64(0));
        self.tell(at, kind, none);
    }

    /// Tells of a failure of this thread: axis (from 1; 0: none), index and extent.
    pub(super) fn tell(&mut self, at: Value, kind: SiteKind, (axis, index, extent): (V<'c>, V<'c>, V<'c>)) {
        if let Place::Nowhere = self.gpu().place {
            self.i.intrinsic("llvm.trap", &[], &[]);
            return;
        }
        let site = self.site(at, kind);
        self.gpu().fails = true;
        let mut args = vec![self.gpu().status];
        let at = self.own_place();
        let name = if at.is_some() { "vg_fail_at" } else { "vg_fail" };
        args.extend(at.into_iter().flatten());
        args.extend([self.i.i32(site as i32), axis, index, extent]);
        self.i.call(name, self.i.void(), &args);
    }

    /// Block and thread of this thread, where the machine does not know them.
    fn own_place(&mut self) -> Option<[V<'c>; 2]> {
        match self.gpu().place {
            Place::Thread | Place::Nowhere => None,
            Place::Element(n) => Some([self.i.i64(0), n]),
            Place::Core(n) => Some([n, self.i.i64(0)]),
        }
    }

    /// Leaves a record of a line, if there is room.
    pub(super) fn print_record(&mut self, pieces: &[Piece], values: &[Value]) {
        let types: Vec<ScalarType> = values.iter().map(|v| self.f.ty(*v)).collect();
        let line = crate::print::encode(pieces, &types);
        let lines = &mut self.gpu().lines;
        let number = lines.iter().position(|l| *l == line).unwrap_or_else(|| {
            lines.push(line);
            lines.len() - 1
        });
        let bytes = 8 * (RECORD_HEAD + values.len() as u64);
        let mut args = vec![self.gpu().status];
        let at = self.own_place();
        let name = if at.is_some() { "vg_print_at" } else { "vg_print" };
        args.extend(at.into_iter().flatten());
        args.extend([self.i.i32(bytes as i32), self.i.i32(number as i32)]);
        let room = self.i.call(name, self.i.ptr(), &args);
        let (write, go_on) = (self.i.block("print"), self.i.block("printed"));
        self.i.cond_br(self.i.is_null(room), go_on, write);
        self.i.go(write);
        for (n, (value, ty)) in values.iter().zip(types).enumerate() {
            let bits = self.bits_of(self.base(*value), ty);
            let wide = self.i.resize(bits, self.i.int(64), false);
            self.i.store(wide, self.i.offset(room, self.i.i64(n as i64 * 8)), 8);
        }
        self.i.br(go_on);
        self.i.go(go_on);
    }

    /// Says that what follows comes from the place of an instruction.
    pub(super) fn tell_line(&mut self, at: Value) {
        if self.gpu().lines_of.is_none() || self.f.sources.is_empty() {
            return;
        }
        let location = self.location(at);
        let Some(mut lines) = self.gpu().lines_of.take() else { return };
        let scope = lines.scope_of(&location.file);
        let line = lines.builder.create_debug_location(self.i.context, location.line, location.column, scope, None);
        self.i.builder.set_current_debug_location(line);
        self.gpu().lines_of = Some(lines);
    }
}

/// Line information of the entry.
pub(super) struct Lines<'c> {
    builder: DebugInfoBuilder<'c>,
    entry: DIScope<'c>,
    /// The entry's file, and scopes inside it for code that came from others.
    file: Arc<str>,
    others: HashMap<Arc<str>, DIScope<'c>>,
}

impl<'c> Lines<'c> {
    /// Begins: tells where the function that `i` builds is from.
    pub(super) fn begin(i: &Instr<'c>, f: &Function) -> Option<Lines<'c>> {
        let first = f.body.iter().map(|at| f.span(*at)).find(|span| f.sources.contains(span.source))?;
        let location = f.sources.locate(first);
        let (folder, name) = location.file.rsplit_once('/').unwrap_or((".", &location.file));
        let version = i.context.i32_type().const_int(3, false);
        i.module.add_basic_value_flag("Debug Info Version", FlagBehavior::Warning, version);
        let (builder, unit) = i.module.create_debug_info_builder(
            false,
            DWARFSourceLanguage::Python,
            name,
            folder,
            "verdigris",
            true,
            "",
            0,
            "",
            DWARFEmissionKind::LineTablesOnly,
            0,
            false,
            false,
            "",
            "",
        );
        let file = unit.get_file();
        let ty = builder.create_subroutine_type(file, None, &[], DIFlags::ZERO);
        let entry = builder.create_function(
            file.as_debug_info_scope(),
            &f.name,
            None,
            file,
            location.line,
            ty,
            false,
            true,
            location.line,
            DIFlags::ZERO,
            true,
        );
        i.function.set_subprogram(entry);
        Some(Lines { builder, entry: entry.as_debug_info_scope(), file: location.file, others: HashMap::new() })
    }

    fn scope_of(&mut self, file: &Arc<str>) -> DIScope<'c> {
        if *file == self.file {
            return self.entry;
        }
        if let Some(scope) = self.others.get(file) {
            return *scope;
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or((".", file));
        let place: DIFile<'c> = self.builder.create_file(name, folder);
        let scope = self.builder.create_lexical_block(self.entry, place, 1, 1).as_debug_info_scope();
        self.others.insert(file.clone(), scope);
        scope
    }

    /// Ends: nothing more is told.
    pub(super) fn end(&self) {
        self.builder.finalize();
    }
}
