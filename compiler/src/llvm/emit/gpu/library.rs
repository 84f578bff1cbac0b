//! Functions that emitted code calls by name: the math library's, made in the module, and the rest of what `runtime.ll` is linked for.

use crate::llvm::each;
use crate::llvm::emit::Emitter;
use crate::op::{Form, Math};
use crate::types::ScalarType;

/// The rare path of that symbol.
fn rare(symbol: &str) -> Option<(Math, ScalarType)> {
    let rows = Math::ALL.iter().filter(|m| m.form() == Form::Each);
    let all = rows.flat_map(|m| [ScalarType::F64, ScalarType::F32].map(|ty| (*m, ty)));
    all.into_iter().find(|(m, ty)| each::symbol(*m, *ty) == symbol)
}

impl<'c> Emitter<'_, 'c> {
    /// Makes every function of the math library that the module calls and does not have yet.
    pub(super) fn complete(&mut self) {
        let mut known = Vec::new();
        loop {
            let missing: Vec<String> = self.i.missing().into_iter().filter(|name| !known.contains(name)).collect();
            if missing.is_empty() {
                return;
            }
            for name in missing {
                match (rare(&name), name.as_str()) {
                    (Some((math, ty)), _) => self.make_rare(&name, math, ty),
                    // Rows of `runtime.ll` that compute with the exact remainder.
                    (_, "vg_mod_f64" | "vg_floordiv_f64") => drop(self.define(Math::Fmod, ScalarType::F64, 1)),
                    (_, "vg_mod_f32" | "vg_floordiv_f32") => drop(self.define(Math::Fmod, ScalarType::F32, 1)),
                    _ => {}
                }
                known.push(name);
            }
        }
    }

    /// A rare path: kept out of the way of the code that seldom calls it.
    fn make_rare(&mut self, symbol: &str, math: Math, ty: ScalarType) {
        let t = self.i.scalar(ty);
        let inner = self.define(math, ty, 1);
        let outer = self.i.enter(symbol, t, &vec![t; math.arity()]);
        self.i.mark("noinline");
        self.i.mark("cold");
        let start = self.i.here();
        let args: Vec<_> = (0..math.arity()).map(|n| self.i.param(n as u32)).collect();
        let result = self.i.call(&inner, t, &args);
        self.i.ret_value(result);
        self.i.seal_entry(start);
        self.i.leave(outer);
    }
}
