//! The environment variables, all of them.
//!
//! Owns reading and judging them, once, when something first needs one; nothing else in the package looks at the environment. A value that makes no sense is an error that
//! names the variable, raised by the call that needed it and never at import.

use std::env;
use std::sync::OnceLock;

/// What the environment asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// `VERDIGRIS_DEVICE`: `auto` (the default), `cpu`, `cuda` or `cuda:N`.
    pub(crate) device: Wish,
    /// `VERDIGRIS_NUM_THREADS`, else `OMP_NUM_THREADS`: how many threads the pool has; with the variable's name.
    pub(crate) threads: Option<(usize, &'static str)>,
    /// `VERDIGRIS_CPU`: the processor to compile for, by LLVM's name, instead of this one.
    pub(crate) cpu: Option<String>,
}

/// Which device is wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of that number.
    Cuda(u32),
}

/// A variable whose value makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadVariable {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) value: String,
    /// What it should be.
    pub(crate) expected: &'static str,
}

impl Wish {
    /// Reads `auto`, `cpu`, `cuda` or `cuda:N`.
    pub(crate) fn parse(text: &str) -> Option<Wish> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "auto" => Some(Wish::Auto),
            "cpu" => Some(Wish::Cpu),
            "cuda" | "gpu" => Some(Wish::Cuda(0)),
            other => other.strip_prefix("cuda:")?.parse().ok().map(Wish::Cuda),
        }
    }
}

impl Config {
    /// The process' configuration.
    ///
    /// # Errors
    /// The first variable that makes no sense.
    pub(crate) fn get() -> Result<&'static Config, BadVariable> {
        static CONFIG: OnceLock<Result<Config, BadVariable>> = OnceLock::new();
        CONFIG.get_or_init(|| Config::read(|name| env::var(name).ok())).as_ref().map_err(BadVariable::clone)
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Config, BadVariable> {
        let filled = |name| variable(name).filter(|v| !v.trim().is_empty());
        let device = match filled("VERDIGRIS_DEVICE") {
            None => Wish::Auto,
            Some(value) => {
                let expected = "auto, cpu, cuda or cuda:N";
                Wish::parse(&value).ok_or(BadVariable { name: "VERDIGRIS_DEVICE", value, expected })?
            }
        };
        let threads = match filled("VERDIGRIS_NUM_THREADS") {
            Some(value) => match value.trim().parse() {
                Ok(count @ 1..) => Some((count, "VERDIGRIS_NUM_THREADS")),
                _ => return Err(BadVariable { name: "VERDIGRIS_NUM_THREADS", value, expected: "a whole number of at least 1" }),
            },
            // Not ours: OpenMP allows a list for nested levels, of which the first counts, and what we cannot read we leave alone.
            None => filled("OMP_NUM_THREADS")
                .and_then(|v| v.split(',').next().and_then(|first| first.trim().parse().ok()))
                .filter(|count| *count > 0)
                .map(|count| (count, "OMP_NUM_THREADS")),
        };
        Ok(Config { device, threads, cpu: filled("VERDIGRIS_CPU").map(|v| v.trim().to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, BadVariable> {
        Config::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn an_empty_environment_asks_for_nothing() {
        assert_eq!(read(&[]), Ok(Config::default()));
        assert_eq!(read(&[("VERDIGRIS_CPU", " "), ("VERDIGRIS_DEVICE", "")]), Ok(Config::default()));
    }

    #[test]
    fn devices() {
        assert_eq!(read(&[("VERDIGRIS_DEVICE", "CUDA:3")]).map(|c| c.device), Ok(Wish::Cuda(3)));
        assert_eq!(read(&[("VERDIGRIS_DEVICE", "cpu")]).map(|c| c.device), Ok(Wish::Cpu));
        assert_eq!(read(&[("VERDIGRIS_DEVICE", "cuda:x")]).map_err(|e| e.name), Err("VERDIGRIS_DEVICE"));
    }

    #[test]
    fn threads() {
        let threads = |pairs: &[(&str, &str)]| read(pairs).map(|c| c.threads);
        assert_eq!(threads(&[("OMP_NUM_THREADS", "4,2")]), Ok(Some((4, "OMP_NUM_THREADS"))));
        assert_eq!(threads(&[("OMP_NUM_THREADS", "many")]), Ok(None));
        assert_eq!(threads(&[("OMP_NUM_THREADS", "4"), ("VERDIGRIS_NUM_THREADS", "2")]), Ok(Some((2, "VERDIGRIS_NUM_THREADS"))));
        assert!(threads(&[("VERDIGRIS_NUM_THREADS", "0")]).is_err());
    }
}
