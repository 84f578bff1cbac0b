//! Which device this process runs on, and why.
//!
//! Decided once, at first use: a GPU where NVIDIA's driver works and runs a small kernel rightly, if no other wish was said, else the CPU. Asking for a GPU that cannot be had is an error that says what is missing. Knows nothing of
//! what will run.

use std::fmt;
use std::sync::{Mutex, MutexGuard};

use crate::cuda::{self, Context};
use crate::error::DeviceError;
use crate::loader::{Driver, driver};

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The first GPU if it runs kernels, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of that number.
    Cuda(u32),
}

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// This machine's processor.
    Cpu,
    /// The NVIDIA GPU of that number.
    Cuda(u32),
}

/// The device in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The device.
    pub device: Device,
    /// Why this one, for people.
    pub reason: String,
    /// What was looked for, and found or not.
    pub looked_for: String,
    /// A cause for worry that the host should show once: a driver or GPU that is there but does not work.
    pub warning: Option<String>,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl Choice {
    /// The context of the GPU in use; `None` on the CPU.
    ///
    /// # Errors
    /// The driver's.
    pub fn context(&self) -> Result<Option<&'static Context>, DeviceError> {
        match (self.device, driver()) {
            (Device::Cuda(n), Driver::Usable(driver)) => driver.context(n).map(Some),
            _ => Ok(None),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Auto => f.write_str("auto"),
            Request::Cpu => f.write_str("cpu"),
            Request::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl std::str::FromStr for Request {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Request, DeviceError> {
        let unknown = || DeviceError::UnknownDevice(text.to_owned());
        match text.trim() {
            "" | "auto" => Ok(Request::Auto),
            "cpu" => Ok(Request::Cpu),
            "cuda" => Ok(Request::Cuda(0)),
            other => match other.strip_prefix("cuda:") {
                Some(n) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => n.parse().map(Request::Cuda).map_err(|_| unknown()),
                _ => Err(unknown()),
            },
        }
    }
}

#[derive(Default)]
struct State {
    set: Option<Request>,
    chosen: Option<Choice>,
}

static STATE: Mutex<State> = Mutex::new(State { set: None, chosen: None });

/// The device of this process, chosen now if it was not before: what [`set`] said, else `VERDIGRIS_DEVICE`, else auto.
///
/// # Errors
/// The request cannot be met. Nothing is then chosen, and the next call tries again.
pub fn chosen() -> Result<Choice, DeviceError> {
    let mut state = STATE.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(choice) = &state.chosen {
        return Ok(choice.clone());
    }
    let (request, said_by) = match state.set {
        Some(request) => (request, request.to_string()),
        None => {
            let text = std::env::var("VERDIGRIS_DEVICE").unwrap_or_default();
            (text.parse()?, if text.is_empty() { "auto".to_owned() } else { format!("VERDIGRIS_DEVICE={text}") })
        }
    };
    let choice = decide(request, &said_by, driver, fault)?;
    state.chosen = Some(choice.clone());
    Ok(choice)
}

/// Says which device to use, before the first use.
///
/// # Errors
/// The device is in use and is another, or the request cannot be met.
pub fn set(request: Request) -> Result<(), DeviceError> {
    let mut state = STATE.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(choice) = &state.chosen {
        let same = match request {
            Request::Auto => true,
            Request::Cpu => choice.device == Device::Cpu,
            Request::Cuda(n) => choice.device == Device::Cuda(n),
        };
        if !same {
            return Err(DeviceError::AlreadyChosen { device: choice.device.to_string() });
        }
    }
    decide(request, &request.to_string(), driver, |_| None)?;
    state.set = Some(request);
    Ok(())
}

/// Keeps every thread from choosing until dropped, so that the process may fork: a child made in the middle of a choice could never choose.
pub fn hold_for_fork() -> Held {
    Held { _state: STATE.lock().unwrap_or_else(|e| e.into_inner()) }
}

/// See [`hold_for_fork`]; dropped in parent and child.
pub struct Held {
    _state: MutexGuard<'static, State>,
}

/// What the search for a GPU found, for people; looks now if it has not yet.
pub fn looked_for() -> String {
    let _state = STATE.lock().unwrap_or_else(|e| e.into_inner());
    describe(driver())
}

/// Why the first GPU does not run kernels; `None` if it does.
fn fault(driver: &'static cuda::Driver) -> Option<String> {
    match driver.runs_kernels(0) {
        Ok(true) => None,
        Ok(false) => Some("a small kernel gave wrong numbers".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}

fn decide(
    request: Request,
    said_by: &str,
    driver: impl Fn() -> &'static Driver,
    fault: impl Fn(&'static cuda::Driver) -> Option<String>,
) -> Result<Choice, DeviceError> {
    let cpu = |reason: String, looked_for: String, warning| Choice { device: Device::Cpu, reason, looked_for, warning };
    let gpu = |n: u32, looked_for: String| Choice { device: Device::Cuda(n), reason: said_by.to_owned(), looked_for, warning: None };
    match request {
        Request::Cpu => Ok(cpu(format!("{said_by} says so"), "no GPU was looked for".to_owned(), None)),
        Request::Auto => {
            let found = driver();
            let (text, none) = (describe(found), format!("{said_by}: no usable GPU"));
            match found {
                Driver::Usable(driver) => match fault(driver) {
                    None => Ok(gpu(0, text)),
                    Some(fault) => {
                        let warning = format!(
                            "{text}, but the first does not work: {fault}; kernels run on the CPU (VERDIGRIS_DEVICE=cuda has them run on the GPU all the same, cpu ends this warning)"
                        );
                        Ok(cpu(none, text, Some(warning)))
                    }
                },
                Driver::Unusable(_) => {
                    let warning = format!("{text}; kernels run on the CPU");
                    Ok(cpu(none, text, Some(warning)))
                }
                _ => Ok(cpu(none, text, None)),
            }
        }
        Request::Cuda(n) => {
            let found = driver();
            let text = describe(found);
            let missing = match found {
                Driver::Usable(driver) if n >= driver.count() => format!("{text}, so there is no number {n}"),
                Driver::Usable(_) => return Ok(gpu(n, text)),
                _ => text,
            };
            Err(DeviceError::NoGpu { request: said_by.to_owned(), missing })
        }
    }
}

fn describe(driver: &Driver) -> String {
    match driver {
        Driver::Missing(tried) => format!("NVIDIA's driver library was not found (tried {tried})"),
        Driver::Hidden => "CUDA_VISIBLE_DEVICES is empty, which hides every GPU".to_owned(),
        Driver::Unusable(cause) => format!("NVIDIA's driver does not work: {cause}"),
        Driver::NoDevice => "NVIDIA's driver is installed but finds no GPU".to_owned(),
        Driver::Usable(driver) => {
            let (devices, version) = (driver.count(), driver.version());
            format!("NVIDIA's driver (CUDA {}.{}) has {devices} GPU{}", version / 1000, version % 1000 / 10, if devices == 1 { "" } else { "s" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaked(driver: Driver) -> &'static Driver {
        Box::leak(Box::new(driver))
    }

    #[test]
    fn requests_are_read_and_nonsense_is_named() {
        for (text, request) in
            [("", Request::Auto), ("auto", Request::Auto), ("cpu", Request::Cpu), ("cuda", Request::Cuda(0)), (" cuda:3 ", Request::Cuda(3))]
        {
            assert_eq!(text.parse(), Ok(request));
        }
        for text in ["gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:x", "CPU", "cuda:99999999999"] {
            assert_eq!(text.parse::<Request>(), Err(DeviceError::UnknownDevice(text.into())));
        }
    }

    #[allow(unsafe_code)]
    fn usable() -> &'static Driver {
        // SAFETY: the stand-in behaves as the driver, and is linked for good.
        leaked(Driver::Usable(unsafe { crate::cuda::Driver::start(&verdigris_driver_standin::lookup) }.unwrap()))
    }

    #[test]
    fn the_cpu_needs_no_search() {
        let choice = decide(Request::Cpu, "cpu", || panic!("looked for a GPU"), |_| panic!("tried a GPU")).unwrap();
        assert_eq!((choice.device, choice.warning), (Device::Cpu, None));
    }

    #[test]
    fn auto_takes_a_gpu_only_where_one_works_and_says_why() {
        let auto = |driver: &'static Driver| decide(Request::Auto, "auto", || driver, |_| None).unwrap();
        let none = auto(leaked(Driver::Missing("libcuda.so.1: no".into())));
        assert_eq!((none.device, none.reason.as_str(), none.warning), (Device::Cpu, "auto: no usable GPU", None));
        assert_eq!(none.looked_for, "NVIDIA's driver library was not found (tried libcuda.so.1: no)");
        let there = auto(usable());
        assert_eq!((there.device, there.device.to_string().as_str(), there.reason.as_str()), (Device::Cuda(0), "cuda:0", "auto"));
        assert_eq!(there.looked_for, "NVIDIA's driver (CUDA 13.1) has 2 GPUs");
        let faulty = decide(Request::Auto, "auto", usable, |_| Some("it burns".into())).unwrap();
        assert_eq!((faulty.device, faulty.reason.as_str()), (Device::Cpu, "auto: no usable GPU"));
        assert_eq!(
            faulty.warning.as_deref(),
            Some(
                "NVIDIA's driver (CUDA 13.1) has 2 GPUs, but the first does not work: it burns; kernels run on the CPU (VERDIGRIS_DEVICE=cuda has them run on the GPU all the same, cpu ends this warning)"
            )
        );
        let broken = auto(leaked(Driver::Unusable("cuInit answers 999".into())));
        assert_eq!(broken.device, Device::Cpu);
        assert_eq!(broken.warning.as_deref(), Some("NVIDIA's driver does not work: cuInit answers 999; kernels run on the CPU"));
    }

    #[test]
    fn asking_for_a_gpu_gives_it_or_an_error_that_says_what_is_missing() {
        let ask =
            |driver: &'static Driver, n| decide(Request::Cuda(n), "VERDIGRIS_DEVICE=cuda", || driver, |_| panic!("what was asked for is not judged"));
        let error = |driver, n| ask(driver, n).unwrap_err().to_string();
        let hidden = error(leaked(Driver::Hidden), 0);
        assert_eq!(hidden, "VERDIGRIS_DEVICE=cuda asks for a GPU: CUDA_VISIBLE_DEVICES is empty, which hides every GPU");
        assert!(error(usable(), 2).ends_with("has 2 GPUs, so there is no number 2"));
        assert_eq!(ask(usable(), 1).unwrap().device, Device::Cuda(1));
    }
}
