//! Functions of the math library, compiled once a process for each processor, type and width, and called by all code that needs them.
//!
//! Owns that code, which is never unloaded. A module names a routine by a declaration ([`needs`]); before the module's object is loaded, its routines are ([`provide`]): from a file of an
//! earlier process, or compiled. Not known here: what a routine computes, and who calls it.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::{Mutex, OnceLock};
use std::thread;

use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::targets::FileType;
use sha2::{Digest, Sha256};

use super::jit::{self, Loaded};
use super::{Cpu, Error, builder, checked, emit, optimise, routine_passes};
use crate::cache;
use crate::op::{Form, Math};
use crate::types::ScalarType;

/// A routine for as many lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    math: Math,
    ty: ScalarType,
    width: u32,
}

/// What was loaded, by symbol.
type Routines = HashMap<String, Loaded>;

/// The name of a routine in a module.
pub(super) fn name(math: Math, ty: ScalarType, width: u32) -> String {
    format!("vg_{}_{}_{width}", math.name(), ty.name())
}

/// The routine of that name.
fn parse(name: &str) -> Option<Need> {
    let (rest, width) = name.strip_prefix("vg_")?.rsplit_once('_')?;
    let (math, ty) = rest.rsplit_once('_')?;
    let math = *Math::ALL.iter().find(|m| m.name() == math && m.form() == Form::Lanes)?;
    Some(Need { math, ty: ScalarType::from_name(ty)?, width: width.parse().ok()? })
}

/// The symbol of a routine for a processor.
fn symbol(need: Need, cpu: &Cpu) -> String {
    let hash = Sha256::digest(format!("{cpu:?}"));
    format!("{}_{:02x}{:02x}{:02x}{:02x}", name(need.math, need.ty, need.width), hash[0], hash[1], hash[2], hash[3])
}

/// The routines that a module calls and does not have; they get the symbols that [`provide`] defines.
pub(super) fn needs(module: &Module<'_>, cpu: &Cpu) -> Vec<Need> {
    let declared = module.get_functions().filter(|f| f.count_basic_blocks() == 0);
    let found: Vec<_> = declared.filter_map(|f| Some((f, parse(f.get_name().to_str().ok()?)?))).collect();
    found
        .into_iter()
        .map(|(f, need)| {
            f.as_global_value().set_name(&symbol(need, cpu));
            need
        })
        .collect()
}

/// Makes sure that the routines are loaded. To be called in a [job](crate::fork::job) only.
///
/// # Errors
/// [`Error::Bug`].
pub(super) fn provide(needs: &[Need], cpu: &Cpu) -> Result<(), Error> {
    if needs.is_empty() {
        return Ok(());
    }
    let mut loaded = loaded().lock().unwrap_or_else(|e| e.into_inner());
    needs.iter().try_for_each(|need| provide_one(&mut loaded, *need, cpu))
}

/// [`provide`], on a thread of its own if there is anything to do, while this one does its own part.
///
/// # Errors
/// [`Error::Bug`], and what the other part gives.
pub(super) fn provide_beside<R>(needs: &[Need], cpu: &Cpu, part: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    // A lock that is held tells of another thread that compiles routines, of which this one may have to wait for some.
    let known = |loaded: &Routines| needs.iter().all(|need| loaded.contains_key(&symbol(*need, cpu)));
    if needs.is_empty() || loaded().try_lock().is_ok_and(|loaded| known(&loaded)) {
        return part();
    }
    thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, || provide(needs, cpu)) {
        Ok(routines) => {
            let result = part();
            routines.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            result
        }
        Err(_) => {
            provide(needs, cpu)?;
            part()
        }
    })
}

fn loaded() -> &'static Mutex<Routines> {
    static LOADED: OnceLock<Mutex<Routines>> = OnceLock::new();
    LOADED.get_or_init(Mutex::default)
}

fn provide_one(loaded: &mut Routines, need: Need, cpu: &Cpu) -> Result<(), Error> {
    let symbol = symbol(need, cpu);
    if loaded.contains_key(&symbol) {
        return Ok(());
    }
    let context = Context::create();
    let machine = cpu.machine()?;
    let i = builder(&context, &machine, need.math.name(), "frame", &["ptr"]);
    let module = emit::shared(i, need.math, need.ty, need.width, &symbol, cpu.level());
    for inner in needs(&module, cpu) {
        provide_one(loaded, inner, cpu)?;
    }
    let module = checked(module)?;
    let key = key(&symbol);
    let kept = cache::is_on().then(|| cache::load(&key)).flatten().and_then(|object| jit::load(&object, &symbol).ok());
    let code = match kept {
        Some(code) => code,
        None => super::timed(need.math.name(), || {
            optimise(&module, &machine, &routine_passes())?;
            let object = machine.write_to_memory_buffer(&module, FileType::Object).map_err(|e| Error::Bug(e.to_string()))?;
            if cache::is_on() {
                cache::store(&key, object.as_slice());
            }
            jit::load(object.as_slice(), &symbol)
        })?,
    };
    loaded.insert(symbol, code);
    Ok(())
}

/// What names a routine's file.
fn key(symbol: &str) -> cache::Key {
    let mut hash = Sha256::new();
    hash.update("a routine of the math library");
    hash.update(symbol);
    hash.update(cache::BUILD);
    hash.update(super::version());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for &math in Math::ALL.iter().filter(|m| m.form() == Form::Lanes) {
            for (ty, width) in [(ScalarType::F64, 16), (ScalarType::F32, 1)] {
                let need = parse(&name(math, ty, width)).expect("a routine");
                assert_eq!((need.math, need.ty, need.width), (math, ty, width));
            }
        }
        for other in ["vg_access", "vg_mod_f64", "vg_pow_i64", "vg_each_sin_far_float64", "vg_sin_far_float64_1", "vg_sin_float64_memory", "code"] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
