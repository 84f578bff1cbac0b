//! Modules: code loaded on a device, from PTX or from a cubin.
//!
//! Owns loading with the driver's compiler's log in the error, linking PTX to a cubin that can be kept, and what can be asked of a function. Where PTX comes from, and where cubins are kept, is not
//! known here.
#![allow(unsafe_code)]

use std::ffi::{CString, c_void};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::context::Context;
use super::status::Status;
use super::sys::{CUfunction, CUfunction_attribute as FunctionAttribute, CUjit_option, CUjitInputType, CUlinkState, CUmodule};
use crate::error::DeviceError;

/// Bytes of each of the compiler's logs that are kept.
const LOG: usize = 16 << 10;

/// Wishes to the driver's compiler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct JitOptions {
    /// Most registers of a thread.
    pub max_registers: Option<u32>,
    /// Level of optimisation, 0 to 4; 4 if none is given.
    pub optimization: Option<u32>,
    /// Lines of the source in the code, for profilers.
    pub line_info: bool,
    /// Code for debuggers.
    pub debug: bool,
    /// Have the compiler tell of each function what it takes, in [`Cubin::log`].
    pub verbose: bool,
}

/// Options as the driver takes them, with room for its logs.
struct Options {
    names: Vec<CUjit_option>,
    values: Vec<*mut c_void>,
    errors: Box<[u8; LOG]>,
    told: Box<[u8; LOG]>,
}

impl Options {
    fn new(wishes: &JitOptions) -> Options {
        let mut options = Options { names: Vec::new(), values: Vec::new(), errors: Box::new([0; LOG]), told: Box::new([0; LOG]) };
        let (errors, told) = (options.errors.as_mut_ptr(), options.told.as_mut_ptr());
        let number = |n: u32| n as usize as *mut c_void;
        options.push(CUjit_option::CU_JIT_ERROR_LOG_BUFFER, errors.cast());
        options.push(CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, number(LOG as u32));
        options.push(CUjit_option::CU_JIT_INFO_LOG_BUFFER, told.cast());
        options.push(CUjit_option::CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, number(LOG as u32));
        if let Some(registers) = wishes.max_registers {
            options.push(CUjit_option::CU_JIT_MAX_REGISTERS, number(registers));
        }
        if let Some(level) = wishes.optimization {
            options.push(CUjit_option::CU_JIT_OPTIMIZATION_LEVEL, number(level));
        }
        if wishes.line_info {
            options.push(CUjit_option::CU_JIT_GENERATE_LINE_INFO, number(1));
        }
        if wishes.debug {
            options.push(CUjit_option::CU_JIT_GENERATE_DEBUG_INFO, number(1));
        }
        if wishes.verbose {
            options.push(CUjit_option::CU_JIT_LOG_VERBOSE, number(1));
        }
        options
    }

    fn push(&mut self, name: CUjit_option, value: *mut c_void) {
        self.names.push(name);
        self.values.push(value);
    }

    fn count(&self) -> u32 {
        self.names.len() as u32
    }

    /// What the compiler wrote.
    fn log(&self) -> String {
        let text = |log: &[u8]| {
            let end = log.iter().position(|byte| *byte == 0).unwrap_or(log.len());
            String::from_utf8_lossy(&log[..end]).trim().to_owned()
        };
        let (errors, told) = (text(&self.errors[..]), text(&self.told[..]));
        if errors.is_empty() || told.is_empty() { errors + &told } else { format!("{errors}\n{told}") }
    }

    /// The error of a failed step, with the log.
    fn check(&self, status: Status, doing: String) -> Result<(), DeviceError> {
        status.check(|| doing).map_err(|error| match error {
            DeviceError::Cuda { status, name, doing, .. } => DeviceError::Cuda { status, name, doing, log: self.log() },
            other => other,
        })
    }
}

/// Code for one architecture, as the driver's compiler made it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cubin {
    /// The file.
    pub image: Vec<u8>,
    /// What the compiler wrote.
    pub log: String,
}

/// Compiles PTX to a cubin for the context's device, which can be kept and loaded another time.
///
/// # Errors
/// The driver's, with its compiler's log.
pub fn link(context: &'static Context, ptx: &str, wishes: &JitOptions) -> Result<Cubin, DeviceError> {
    let _entered = context.enter()?;
    let api = context.api();
    let mut options = Options::new(wishes);
    let text = terminated(ptx.as_bytes())?;
    let doing = || format!("compiling PTX for device {}", context.ordinal());
    let mut state: CUlinkState = std::ptr::null_mut();
    // SAFETY: the options' buffers live to the end of this function, past the linker; the text ends in a 0 that its length counts.
    let status = unsafe { (api.cuLinkCreate_v2)(options.count(), options.names.as_mut_ptr(), options.values.as_mut_ptr(), &mut state) };
    options.check(status, doing())?;
    let (mut image, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: as above; the name is a constant.
    let linked = unsafe {
        let (kind, data) = (CUjitInputType::CU_JIT_INPUT_PTX, text.as_bytes_with_nul());
        match (api.cuLinkAddData_v2)(
            state,
            kind,
            data.as_ptr().cast_mut().cast(),
            data.len(),
            c"verdigris".as_ptr(),
            0,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        ) {
            Status::SUCCESS => (api.cuLinkComplete)(state, &mut image, &mut size),
            failed => failed,
        }
    };
    let outcome = options.check(linked, doing()).map(|()| {
        // SAFETY: the linker owns that many bytes there until it is destroyed.
        unsafe { std::slice::from_raw_parts(image.cast::<u8>().cast_const(), size) }.to_vec()
    });
    let outcome = outcome.map(|image| Cubin { image, log: options.log() });
    // SAFETY: made above, destroyed once.
    context.note(unsafe { (api.cuLinkDestroy)(state) }.check(|| "giving back a linker".to_owned()));
    outcome
}

fn terminated(text: &[u8]) -> Result<CString, DeviceError> {
    CString::new(text).map_err(|_| DeviceError::Shape("PTX with a 0 byte in it".to_owned()))
}

/// Code on a device.
#[derive(Clone, Debug)]
pub struct Module(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    context: &'static Context,
    raw: usize,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let raw = self.raw as CUmodule;
        // SAFETY: loaded by us, unloaded once. The driver waits for kernels of it that still run.
        self.context.give_back(|api| unsafe { (api.cuModuleUnload)(raw) }.check(|| "unloading a module".to_owned()));
    }
}

impl Module {
    /// Loads PTX (text), which the driver compiles.
    ///
    /// # Errors
    /// The driver's, with its compiler's log.
    pub fn from_ptx(context: &'static Context, ptx: &str, wishes: &JitOptions) -> Result<Module, DeviceError> {
        let text = terminated(ptx.as_bytes())?;
        Module::load(context, text.as_bytes_with_nul(), wishes)
    }

    /// Loads a cubin.
    ///
    /// # Errors
    /// The driver's: it is no cubin, or one for another device.
    pub fn from_cubin(context: &'static Context, cubin: &[u8]) -> Result<Module, DeviceError> {
        if !cubin.starts_with(b"\x7fELF") {
            return Err(Status(200).error("loading a cubin that is no ELF file".to_owned()));
        }
        Module::load(context, cubin, &JitOptions::default())
    }

    fn load(context: &'static Context, image: &[u8], wishes: &JitOptions) -> Result<Module, DeviceError> {
        let _entered = context.enter()?;
        let mut options = Options::new(wishes);
        let mut raw: CUmodule = std::ptr::null_mut();
        // SAFETY: the image is text that ends in 0, or an ELF file with its lengths in it; the options' buffers live through the call.
        let status = unsafe {
            (context.api().cuModuleLoadDataEx)(
                &mut raw,
                image.as_ptr().cast(),
                options.count(),
                options.names.as_mut_ptr(),
                options.values.as_mut_ptr(),
            )
        };
        options.check(status, format!("loading a module on device {}", context.ordinal()))?;
        Ok(Module(Arc::new(Loaded { context, raw: raw as usize })))
    }

    /// The context it is loaded in.
    pub fn context(&self) -> &'static Context {
        self.0.context
    }

    /// A kernel of the module.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn function(&self, name: &str) -> Result<Function, DeviceError> {
        let _entered = self.0.context.enter()?;
        let text = terminated(name.as_bytes())?;
        let mut raw: CUfunction = std::ptr::null_mut();
        // SAFETY: the module is loaded; the pointer is to a live local.
        unsafe { (self.0.context.api().cuModuleGetFunction)(&mut raw, self.0.raw as CUmodule, text.as_ptr()) }
            .check(|| format!("finding the kernel {name} in its module"))?;
        Ok(Function { module: self.clone(), raw: raw as usize, name: name.into(), dynamic: Arc::new(AtomicU32::new(0)) })
    }

    /// Address and length of a variable of the module.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn global(&self, name: &str) -> Result<(u64, usize), DeviceError> {
        let _entered = self.0.context.enter()?;
        let text = terminated(name.as_bytes())?;
        let (mut pointer, mut bytes) = (0, 0);
        // SAFETY: as above.
        unsafe { (self.0.context.api().cuModuleGetGlobal_v2)(&mut pointer, &mut bytes, self.0.raw as CUmodule, text.as_ptr()) }
            .check(|| format!("finding the variable {name} in its module"))?;
        Ok((pointer, bytes))
    }
}

/// A kernel on a device. It holds its module.
#[derive(Clone, Debug)]
pub struct Function {
    module: Module,
    raw: usize,
    name: Arc<str>,
    /// The most dynamic shared memory that the driver has been told of.
    pub(super) dynamic: Arc<AtomicU32>,
}

/// What the driver's compiler made of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionFacts {
    /// Registers of a thread.
    pub registers: u32,
    /// Static shared memory of a block, in bytes.
    pub shared: u32,
    /// Local memory of a thread, in bytes: arrays and spilled registers.
    pub local: u32,
    /// Constant memory, in bytes.
    pub constant: u32,
    /// Most threads of a block.
    pub max_threads: u32,
}

impl Function {
    pub(super) fn handle(&self) -> CUfunction {
        self.raw as CUfunction
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The context it is loaded in.
    pub fn context(&self) -> &'static Context {
        self.module.context()
    }

    pub(super) fn attribute(&self, attribute: FunctionAttribute) -> Result<u32, DeviceError> {
        let _entered = self.context().enter()?;
        let mut value = 0;
        // SAFETY: the function exists; the pointer is to a live local.
        unsafe { (self.context().api().cuFuncGetAttribute)(&mut value, attribute, self.handle()) }
            .check(|| format!("asking the kernel {} for {attribute:?}", self.name))?;
        Ok(value as u32)
    }

    /// What the driver's compiler made of it.
    ///
    /// # Errors
    /// The driver's.
    pub fn facts(&self) -> Result<FunctionFacts, DeviceError> {
        use FunctionAttribute::*;
        Ok(FunctionFacts {
            registers: self.attribute(CU_FUNC_ATTRIBUTE_NUM_REGS)?,
            shared: self.attribute(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)?,
            local: self.attribute(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)?,
            constant: self.attribute(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES)?,
            max_threads: self.attribute(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)?,
        })
    }
}
