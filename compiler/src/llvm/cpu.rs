//! The processor compiled for.

use inkwell::targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

use super::Error;

/// The processor to compile for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cpu {
    name: String,
    features: String,
    level: Level,
}

/// What matters of a processor to the emitter, coarsest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Level {
    /// SSE2 only.
    Baseline,
    /// x86-64-v2: SSE4.2.
    Sse4,
    /// x86-64-v3: AVX2 and FMA.
    Avx2,
    /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL.
    Avx512,
}

/// Names accepted besides `native`, which are LLVM's, with what each needs.
const NAMES: &[(&str, Level)] = &[
    ("x86-64", Level::Baseline),
    ("x86-64-v2", Level::Sse4),
    ("nehalem", Level::Sse4),
    ("sandybridge", Level::Sse4),
    ("x86-64-v3", Level::Avx2),
    ("haswell", Level::Avx2),
    ("broadwell", Level::Avx2),
    ("skylake", Level::Avx2),
    ("alderlake", Level::Avx2),
    ("znver1", Level::Avx2),
    ("znver2", Level::Avx2),
    ("znver3", Level::Avx2),
    ("x86-64-v4", Level::Avx512),
    ("skylake-avx512", Level::Avx512),
    ("cascadelake", Level::Avx512),
    ("icelake-client", Level::Avx512),
    ("icelake-server", Level::Avx512),
    ("sapphirerapids", Level::Avx512),
    ("znver4", Level::Avx512),
];

impl Cpu {
    /// This machine's processor (`None` or `"native"`), or the one named.
    ///
    /// # Errors
    /// A name that is not known, or a processor with instructions this machine lacks.
    pub fn new(name: Option<&str>) -> Result<Cpu, Error> {
        let here = host();
        match name {
            None | Some("native") => Ok(here.clone()),
            Some(name) => {
                let level = NAMES.iter().find(|n| n.0 == name).ok_or_else(|| Error::UnknownCpu(name.to_owned()))?.1;
                if level > here.level {
                    return Err(Error::CpuNotHere(name.to_owned()));
                }
                // Instructions beyond the level (AMX, VPOPCNT ...) are never needed and may be missing here, so the level's features bound the named ones.
                Ok(Cpu { name: name.to_owned(), features: level.bound().to_owned(), level })
            }
        }
    }

    /// LLVM's name of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Widest SIMD registers used, in bits.
    pub fn simd_bits(&self) -> u32 {
        match self.level {
            Level::Baseline | Level::Sse4 => 128,
            Level::Avx2 => 256,
            Level::Avx512 => 512,
        }
    }

    /// The processors that can be named.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|n| n.0)
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// LLVM's machine for it: each thread keeps those it used, since LLVM takes a good part of a small compilation to describe a processor.
    pub(super) fn machine(&self) -> Result<Rc<TargetMachine>, Error> {
        thread_local! {
            static MACHINES: RefCell<Vec<(Cpu, Rc<TargetMachine>)>> = const { RefCell::new(Vec::new()) };
        }
        MACHINES.with_borrow_mut(|machines| {
            if let Some((_, machine)) = machines.iter().find(|(cpu, _)| cpu == self) {
                return Ok(machine.clone());
            }
            let machine = Rc::new(self.new_machine()?);
            machines.push((self.clone(), machine.clone()));
            Ok(machine)
        })
    }

    fn new_machine(&self) -> Result<TargetMachine, Error> {
        initialise();
        let triple = TargetTriple::create("x86_64-unknown-linux-gnu");
        let target = Target::from_triple(&triple).map_err(|e| Error::Bug(e.to_string()))?;
        let level = inkwell::OptimizationLevel::Default;
        target
            .create_target_machine(&triple, &self.name, &self.features, level, RelocMode::PIC, CodeModel::Default)
            .ok_or_else(|| Error::Bug(format!("LLVM made no target machine for {}", self.name)))
    }
}

impl Level {
    fn here() -> Level {
        let v2 = is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("popcnt");
        let v3 = v2 && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2");
        let v4 = v3
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (v2, v3, v4) {
            (_, _, true) => Level::Avx512,
            (_, true, _) => Level::Avx2,
            (true, ..) => Level::Sse4,
            _ => Level::Baseline,
        }
    }

    /// Switches off what some processors of the level have and others lack.
    fn bound(self) -> &'static str {
        match self {
            Level::Baseline | Level::Sse4 => "",
            Level::Avx2 => "-clzero,-mwaitx,-sha,-sse4a,-vaes,-vpclmulqdq,-gfni,-avxvnni",
            Level::Avx512 => "-amx-tile,-amx-int8,-amx-bf16,-avx512fp16,-avx512bf16,-avx512vp2intersect,-clzero,-mwaitx,-sha,-sse4a",
        }
    }
}

fn initialise() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        Target::initialize_x86(&InitializationConfig {
            asm_parser: true,
            asm_printer: true,
            base: true,
            disassembler: false,
            info: true,
            machine_code: true,
        });
    });
}

/// This machine's processor.
pub(super) fn host() -> &'static Cpu {
    static HOST: OnceLock<Cpu> = OnceLock::new();
    HOST.get_or_init(|| {
        initialise();
        Cpu {
            name: TargetMachine::get_host_cpu_name().to_string(),
            features: TargetMachine::get_host_cpu_features().to_string(),
            level: Level::here(),
        }
    })
}
