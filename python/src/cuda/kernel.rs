//! Kernel objects: `kernel[grid, block](...)`.
//!
//! Owns the Python side of a launch: the configuration from what stands in the brackets, the arguments by [`super::arguments`], and the order of things around the call.
//! Types, compilation and running are `verdigris-cuda-jit`'s.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyAttributeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use verdigris_compiler::ir::{Function, Storage};
use verdigris_compiler::llvm::{BlockClass, Listing};
use verdigris_compiler::types::Type;
use verdigris_cuda_jit::{self as cuda_jit, Config, Error, GpuOptions, Options};

use verdigris_device::cuda::{self, FunctionFacts};
use verdigris_gpu::Waited;

use super::arguments::Taken;
use super::{stream, watch};
use crate::definition::PyFunction;
use crate::error::{Class, Exception, IntoPyErr};
use crate::{config, gate, types};

/// Threads of a block where `forall` may choose.
const FORALL_BLOCK: u32 = 256;

/// What is asked of a GPU's code alone, as `cuda.jit` hands it over.
#[derive(Clone, Copy, Default, FromPyObject, IntoPyObject)]
struct Wishes {
    /// Failures are told by the launch.
    #[pyo3(item)]
    debug: bool,
    #[pyo3(item)]
    lineinfo: bool,
    #[pyo3(item)]
    max_threads: Option<u32>,
    #[pyo3(item)]
    min_blocks: Option<u32>,
    #[pyo3(item)]
    max_registers: Option<u32>,
}

impl Wishes {
    fn options(&self) -> GpuOptions {
        let mut options = GpuOptions::default();
        options.line_info = self.lineinfo;
        options.most_threads = self.max_threads;
        options.least_blocks = self.min_blocks;
        options.most_registers = self.max_registers;
        options
    }
}

/// A kernel; made by `cuda.jit`.
#[pyclass(frozen, dict, weakref, module = "verdigris._verdigris")]
pub(crate) struct Kernel {
    function: Py<PyFunction>,
    py_func: Option<Py<PyAny>>,
    fma: bool,
    fastmath: bool,
    boundscheck: bool,
    gpu: Wishes,
    /// See [`Kernel::extensions`].
    extensions: Py<PyList>,
    signatures: Vec<Vec<Type>>,
    /// Made at first need, kept once all names of the function were there.
    made: OnceLock<Arc<cuda_jit::Kernel>>,
    /// What `specialize` made, of one signature each.
    specialized: Mutex<Vec<Py<Kernel>>>,
}

/// A kernel with its launch configuration: what `kernel[grid, block]` gives.
#[pyclass(frozen, module = "verdigris._verdigris")]
pub(crate) struct Launcher {
    kernel: Py<Kernel>,
    /// `None`: nothing to do (`forall(0)`).
    config: Option<Config>,
    stream: Option<Py<PyAny>>,
}

/// A kernel for certain argument types; its text is the typed form.
#[pyclass(frozen, module = "verdigris._verdigris")]
pub(crate) struct Overload {
    kernel: Arc<cuda_jit::Kernel>,
    overload: Arc<cuda_jit::Overload>,
}

impl Kernel {
    fn name(&self) -> &str {
        self.function.get().name()
    }

    /// The kernel, and whether it is kept.
    fn compiled(&self, py: Python<'_>) -> PyResult<(Arc<cuda_jit::Kernel>, bool)> {
        if let Some(made) = self.made.get() {
            return Ok((made.clone(), true));
        }
        let definition = self.function.get().definition(py)?;
        let mut options = Options::default();
        options.fma = self.fma;
        options.fastmath = self.fastmath;
        options.zero_division = self.gpu.debug;
        options.cpu = Some(config::cpu(py)?.clone());
        options.gpu = self.gpu.options();
        if !self.boundscheck {
            options = without_bounds_check(options);
        }
        let signatures = self.signatures.clone();
        let made = gate::detached(py, || {
            if signatures.is_empty() {
                cuda_jit::Kernel::new(definition, options)
            } else {
                cuda_jit::Kernel::declared(definition, options, signatures)
            }
        })?;
        Ok((Arc::new(made), false))
    }

    /// What LLVM makes of one overload, as a str, or of all, in a dict.
    fn listings<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>, form: Listing) -> PyResult<Bound<'py, PyAny>> {
        self.texts(py, signature, |kernel, overload| kernel.listing(overload, form))
    }

    /// What `make` makes of one overload, as a str, or of all, in a dict.
    fn texts<'py, E: IntoPyErr + Send>(
        &self,
        py: Python<'py>,
        signature: Option<&Bound<'py, PyAny>>,
        make: impl Fn(&cuda_jit::Kernel, &cuda_jit::Overload) -> Result<String, E> + Sync,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = signature.map(|s| types::signature(s).map(|s| s.args)).transpose()?;
        let table = PyDict::new(py);
        let Some(kernel) = self.made.get() else { return Ok(table.into_any()) };
        for overload in kernel.overloads() {
            match &wanted {
                Some(types) if types != overload.types() => continue,
                _ => {}
            }
            let text = gate::detached(py, || make(kernel, overload))?;
            if wanted.is_some() {
                return Ok(text.into_pyobject(py)?.into_any());
            }
            table.set_item(types_tuple(py, overload.types())?, text)?;
        }
        match wanted {
            None => Ok(table.into_any()),
            Some(types) => {
                let text = format!("{} has not been compiled for {}", self.name(), types_tuple(py, &types)?);
                Err(Exception::new(py, Class::Argument, text).with("code", "no-overload").build())
            }
        }
    }

    /// A number of one overload, or of all in a dict; of a specialized kernel, its only one's.
    fn resource<'py>(
        &self,
        py: Python<'py>,
        signature: Option<&Bound<'py, PyAny>>,
        of: impl Fn(&Function) -> u64,
        on_gpu: impl Fn(&FunctionFacts) -> u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wanted = signature.map(|s| types::signature(s).map(|s| s.args)).transpose()?;
        let table = PyDict::new(py);
        for (kernel, overload) in self.made.get().iter().flat_map(|kernel| kernel.overloads().map(move |overload| (kernel, overload))) {
            if wanted.as_ref().is_some_and(|types| types != overload.types()) {
                continue;
            }
            let number = of_device(py, kernel, overload, &of, &on_gpu)?;
            match &wanted {
                Some(_) => return Ok(number.into_pyobject(py)?.into_any()),
                None if self.specialized() => return Ok(number.into_pyobject(py)?.into_any()),
                None => table.set_item(types_tuple(py, overload.types())?, number)?,
            }
        }
        match wanted {
            None => Ok(table.into_any()),
            Some(types) => {
                let text = format!("{} has not been compiled for {}", self.name(), types_tuple(py, &types)?);
                Err(Exception::new(py, Class::Argument, text).with("code", "no-overload").build())
            }
        }
    }

    fn launch(&self, py: Python<'_>, config: &Config, objects: &Bound<'_, PyTuple>, stream: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let on = stream::of_gpu(py, stream)?;
        self.launch_on(py, config, objects, on)
    }

    /// A launch on a GPU's stream, or on the CPU.
    fn launch_on(&self, py: Python<'_>, config: &Config, objects: &Bound<'_, PyTuple>, on: Option<cuda::Stream>) -> PyResult<()> {
        let (kernel, kept) = self.compiled(py)?;
        let parameter = |i: usize| kernel.parameters().get(i).cloned().unwrap_or_else(|| format!("number {}", i + 1));
        let mut taken = Taken::new(objects, kernel.name(), parameter, on.clone())?;
        let args = std::mem::take(&mut taken.args);
        if let Some(stream) = on {
            gate::detached(py, || kernel.launch_on(&stream, config, &args, &taken.arrays))?;
            if !kept {
                // If two threads made it, the first stays.
                let _ = self.made.set(kernel);
            }
            if taken.has_copies() {
                // What the kernel wrote goes back, whether or not a thread failed.
                return taken.copy_back();
            }
            if !self.gpu.debug {
                return Ok(());
            }
            gate::detached(py, || stream.synchronize())?;
            return stream::told(py, stream.context(), Waited::Stream(&stream));
        }
        let ran = gate::detached(py, || match kernel.launch_watched(config, &args, Some(watch::signals)) {
            // A name may still come to be defined: then the next launch looks again.
            Err(Error::Diagnostic(diagnostic)) => Err(Error::Diagnostic(diagnostic)),
            outcome => Ok(outcome),
        })?;
        if !kept {
            // If two threads made it, the first stays.
            let _ = self.made.set(kernel);
        }
        match ran {
            Ok(()) => taken.copy_back(),
            // Threads that did not fail have written: that reaches the host too.
            Err(failed @ Error::Thread(_)) => {
                taken.copy_back()?;
                Err(failed.into_py_err(py))
            }
            Err(other) => Err(other.into_py_err(py)),
        }
    }
}

#[allow(unsafe_code)]
fn without_bounds_check(options: Options) -> Options {
    // SAFETY: not ours to give: `boundscheck=False` is the user's promise that no index is out of bounds, as everywhere in CUDA.
    unsafe { options.without_bounds_check() }
}

#[pymethods]
impl Kernel {
    #[new]
    #[pyo3(signature = (function, py_func=None, signatures=None, fma=true, boundscheck=true, fastmath=false, gpu=None, extensions=None))]
    #[expect(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        function: Py<PyFunction>,
        py_func: Option<Py<PyAny>>,
        signatures: Option<Vec<Bound<'_, PyAny>>>,
        fma: bool,
        boundscheck: bool,
        fastmath: bool,
        gpu: Option<Wishes>,
        extensions: Option<Bound<'_, PyList>>,
    ) -> PyResult<Kernel> {
        let gpu = gpu.unwrap_or_default();
        let extensions = extensions.unwrap_or_else(|| PyList::empty(py)).unbind();
        let mut read = Vec::new();
        for thing in signatures.unwrap_or_default() {
            let signature = types::signature(&thing)?;
            if let Some(returns) = signature.returns.filter(|r| *r != Type::None) {
                let text = format!("a kernel returns nothing, and {} is declared to return {returns}", function.get().name());
                return Err(Exception::new(py, Class::Typing, text).with("code", "kernel-returns").build());
            }
            read.push(signature.args);
        }
        let kernel = Kernel {
            function,
            py_func,
            fma,
            fastmath,
            boundscheck,
            gpu,
            extensions,
            signatures: read,
            made: OnceLock::new(),
            specialized: Mutex::default(),
        };
        if !kernel.signatures.is_empty() {
            // Declared types are compiled now, so that what is wrong with them is told here.
            let (made, _) = kernel.compiled(py)?;
            let _ = kernel.made.set(made);
        }
        Ok(kernel)
    }

    fn __getitem__(slf: &Bound<'_, Kernel>, key: &Bound<'_, PyAny>) -> PyResult<Launcher> {
        let name = slf.get().name();
        let key = match key.cast::<PyTuple>() {
            Ok(key) if (2..=4).contains(&key.len()) => key,
            _ => {
                let text =
                    format!("{name}[...] takes blocks and threads per block (then a stream, and bytes of shared memory), as in {name}[16, 256]");
                return Err(Exception::new(slf.py(), Class::Argument, text).with("code", "bad-configuration").build());
            }
        };
        let (grid, block) = (extents(&key.get_item(0)?, "the grid", name)?, extents(&key.get_item(1)?, "the block", name)?);
        let mut config = Config::new(grid, block).map_err(|error| {
            let text = format!("{name}: {error}");
            Exception::new(slf.py(), Class::Launch, text).with("code", "launch-limit").build()
        })?;
        let stream = if key.len() > 2 { Some(key.get_item(2)?) } else { None };
        if key.len() > 3 {
            config = with_shared_memory(config, &key.get_item(3)?, name)?;
        }
        Ok(Launcher { kernel: slf.clone().unbind(), config: Some(config), stream: stream.map(Bound::unbind) })
    }

    /// As `kernel[grid, block, stream, sharedmem]`.
    #[pyo3(signature = (griddim, blockdim, stream=None, sharedmem=None))]
    fn configure(
        slf: &Bound<'_, Kernel>,
        griddim: Bound<'_, PyAny>,
        blockdim: Bound<'_, PyAny>,
        stream: Option<Bound<'_, PyAny>>,
        sharedmem: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Launcher> {
        let py = slf.py();
        let stream = stream.map_or_else(|| py.None(), Bound::unbind);
        let shared = match sharedmem {
            Some(bytes) => bytes,
            None => 0i32.into_pyobject(py)?.into_any(),
        };
        Kernel::__getitem__(slf, (griddim, blockdim, stream, shared).into_pyobject(py)?.as_any())
    }

    /// The kernel over `ntasks` threads in one dimension, in blocks of `tpb` (0: as many as suit).
    #[pyo3(signature = (ntasks, tpb=0, stream=None, sharedmem=None))]
    fn forall(slf: &Bound<'_, Kernel>, ntasks: i64, tpb: u32, stream: Option<Py<PyAny>>, sharedmem: Option<Bound<'_, PyAny>>) -> PyResult<Launcher> {
        let (py, name) = (slf.py(), slf.get().name());
        let refused = |text: String| Exception::new(py, Class::Launch, text).with("code", "launch-limit").build();
        let tasks = u64::try_from(ntasks).map_err(|_| refused(format!("{name}.forall({ntasks}): the number of tasks is negative")))?;
        let config = match tasks {
            0 => None,
            tasks => {
                let block = if tpb == 0 { FORALL_BLOCK } else { tpb };
                let config = Config::for_elements(tasks, block).map_err(|error| refused(format!("{name}: {error}")))?;
                Some(match &sharedmem {
                    Some(bytes) => with_shared_memory(config, bytes, name)?,
                    None => config,
                })
            }
        };
        Ok(Launcher { kernel: slf.clone().unbind(), config, stream })
    }

    #[pyo3(signature = (*_args, **_kwargs))]
    fn __call__(&self, py: Python<'_>, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let name = self.name();
        let text = format!("{name}: the launch configuration was not specified: write {name}[blocks, threads_per_block](...)");
        Err(Exception::new(py, Class::Launch, text).with("code", "no-configuration").build())
    }

    /// A kernel declared for the types of these arguments, or for these types, compiled now; it takes what converts to them. The same one for the same types.
    #[pyo3(signature = (*args))]
    fn specialize(slf: &Bound<'_, Kernel>, args: &Bound<'_, PyTuple>) -> PyResult<Py<Kernel>> {
        let (py, this) = (slf.py(), slf.get());
        if this.specialized() {
            let text = format!("{}: already specialized, for {}", this.name(), types_tuple(py, &this.signatures[0])?);
            return Err(Exception::new(py, Class::Launch, text).with("code", "specialized").build());
        }
        let (kernel, _) = this.compiled(py)?;
        let parameter = |i: usize| kernel.parameters().get(i).cloned().unwrap_or_else(|| format!("number {}", i + 1));
        let mut wanted = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            if types::is_type(&arg)? {
                wanted.push(types::of(&arg)?);
            } else if let Some(ours) = types::of_numba(&arg)? {
                wanted.push(types::of(&ours)?);
            } else {
                let one = PyTuple::new(py, [arg])?;
                wanted.extend_from_slice(Taken::new(&one, kernel.name(), |_| parameter(i), stream::of_gpu(py, None)?)?.args.types());
            }
        }
        let known = |specialized: &[Py<Kernel>]| specialized.iter().find(|k| k.get().signatures[0] == wanted).map(|k| k.clone_ref(py));
        let found = known(&this.specialized.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(found) = found {
            return Ok(found);
        }
        let declared = Kernel {
            function: this.function.clone_ref(py),
            py_func: this.py_func.as_ref().map(|f| f.clone_ref(py)),
            fma: this.fma,
            fastmath: this.fastmath,
            boundscheck: this.boundscheck,
            gpu: this.gpu,
            extensions: this.extensions.clone_ref(py),
            signatures: vec![wanted.clone()],
            made: OnceLock::new(),
            specialized: Mutex::default(),
        };
        let (made, _) = declared.compiled(py)?;
        let _ = declared.made.set(made);
        let declared = Py::new(py, declared)?;
        let mut specialized = this.specialized.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known(&specialized) {
            return Ok(found);
        }
        specialized.push(declared.clone_ref(py));
        Ok(declared)
    }

    /// What `specialize` made, by argument types.
    #[getter]
    fn specializations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let table = PyDict::new(py);
        let made: Vec<Py<Kernel>> = self.specialized.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|k| k.clone_ref(py)).collect();
        for kernel in made {
            table.set_item(types_tuple(py, &kernel.get().signatures[0])?, kernel)?;
        }
        Ok(table)
    }

    /// Whether it is for one signature.
    #[getter]
    fn specialized(&self) -> bool {
        self.signatures.len() == 1
    }

    /// What looks at the arguments of a launch before it: objects with a method `prepare_args(ty, val, stream, retr)`. The list is the kernel's own: what is appended to it counts from
    /// the next launch on.
    #[getter]
    fn extensions(&self, py: Python<'_>) -> Py<PyList> {
        self.extensions.clone_ref(py)
    }

    /// Compiles for a signature now; what `overloads` has for it.
    fn compile(&self, py: Python<'_>, sig: &Bound<'_, PyAny>) -> PyResult<Overload> {
        let types = types::signature(sig)?.args;
        let (kernel, kept) = self.compiled(py)?;
        let overload = match super::device::gpu(py)? {
            Some(context) => gate::detached(py, || kernel.compile_on(context, &types).cloned())?,
            None => gate::detached(py, || kernel.compile(&types, BlockClass::Rows).cloned())?,
        };
        if !kept {
            let _ = self.made.set(kernel.clone());
        }
        Ok(Overload { kernel, overload })
    }

    /// The type that a launch would take an argument for.
    fn typeof_pyval<'py>(&self, val: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = val.py();
        let taken = Taken::new(&PyTuple::new(py, [val])?, self.name(), |_| "val".to_owned(), stream::of_gpu(py, None)?)?;
        types_tuple(py, taken.args.types())?.get_item(0)
    }

    /// Prints the typed form of each overload, to `file` if one is given.
    #[pyo3(signature = (file=None))]
    fn inspect_types(&self, py: Python<'_>, file: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        let file = match file {
            Some(file) => file,
            None => py.import("sys")?.getattr("stdout")?,
        };
        for overload in self.made.get().iter().flat_map(|kernel| kernel.overloads()) {
            let text = format!("{} {}\n{}\n", self.name(), types_tuple(py, overload.types())?, *overload.lowered().ir);
            file.call_method1("write", (text,))?;
        }
        Ok(())
    }

    /// LLVM IR after the passes: of one signature, or of all in a dict.
    #[pyo3(signature = (signature=None))]
    fn inspect_llvm<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.listings(py, signature, Listing::Optimised)
    }

    /// Assembly of this machine: of one signature, or of all in a dict.
    #[pyo3(signature = (signature=None))]
    fn inspect_asm<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.listings(py, signature, Listing::Assembly)
    }

    /// PTX for a compute capability: of one signature, or of all in a dict. No GPU is needed.
    #[pyo3(signature = (signature=None, cc=(7, 5)))]
    fn inspect_ptx<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>, cc: (u8, u8)) -> PyResult<Bound<'py, PyAny>> {
        let arch = super::ptx::arch(py, cc)?;
        self.texts(py, signature, |kernel, overload| kernel.ptx(overload, arch).map(|module| module.text.clone()))
    }

    /// Refused: SASS is a GPU's.
    #[pyo3(signature = (signature=None))]
    fn inspect_sass(&self, py: Python<'_>, signature: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let _ = signature;
        let text = format!("{}.inspect_sass: SASS is the code of a GPU, and this kernel is compiled for the CPU: use inspect_asm", self.name());
        Err(Exception::new(py, Class::Unsupported, text).with("code", "no-gpu").build())
    }

    /// Most threads of a block: for one signature, or for all in a dict.
    #[pyo3(signature = (signature=None))]
    fn get_max_threads_per_block<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        if signature.is_some() && super::device::gpu(py)?.is_none() {
            return Ok(cuda_jit::launch::BLOCK_THREADS.into_pyobject(py)?.into_any());
        }
        if !self.signatures.is_empty() && signature.is_none() {
            let table = PyDict::new(py);
            for (kernel, overload) in self.made.get().iter().flat_map(|kernel| kernel.overloads().map(move |overload| (kernel, overload))) {
                let number = of_device(py, kernel, overload, |_| cuda_jit::launch::BLOCK_THREADS as u64, |facts| facts.max_threads)?;
                table.set_item(types_tuple(py, overload.types())?, number)?;
            }
            return Ok(table.into_any());
        }
        self.resource(py, signature, |_| cuda_jit::launch::BLOCK_THREADS as u64, |facts| facts.max_threads)
    }

    /// Registers that a thread has; on the CPU the processor's vector registers, each of which holds numbers of several threads.
    #[pyo3(signature = (signature=None))]
    fn get_regs_per_thread<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.resource(py, signature, |_| registers(), |facts| facts.registers)
    }

    /// Bytes of constant arrays.
    #[pyo3(signature = (signature=None))]
    fn get_const_mem_size<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.resource(py, signature, constant_bytes, |facts| facts.constant)
    }

    /// Bytes of static shared memory of a block.
    #[pyo3(signature = (signature=None))]
    fn get_shared_mem_per_block<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.resource(py, signature, shared_bytes, |facts| facts.shared)
    }

    /// Bytes of a thread's local arrays.
    #[pyo3(signature = (signature=None))]
    fn get_local_mem_per_thread<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.resource(py, signature, local_bytes, |facts| facts.local)
    }

    /// The text and its names, for kernels that call this one as a device function.
    #[getter(__verdigris_definition__)]
    fn verdigris_definition(&self, py: Python<'_>) -> Py<PyFunction> {
        self.function.clone_ref(py)
    }

    /// The Python function.
    #[getter]
    fn py_func(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let missing = || PyAttributeError::new_err(format!("{} was unpickled: it has its text but no Python function", self.name()));
        self.py_func.as_ref().map(|f| f.clone_ref(py)).ok_or_else(missing)
    }

    /// The argument types it has been compiled for, each a tuple.
    #[getter]
    fn signatures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for overload in self.made.get().iter().flat_map(|kernel| kernel.overloads()) {
            list.append(types_tuple(py, overload.types())?)?;
        }
        Ok(list)
    }

    /// What it has been compiled for, by argument types.
    #[getter]
    fn overloads<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let table = PyDict::new(py);
        let Some(kernel) = self.made.get() else { return Ok(table) };
        for overload in kernel.overloads() {
            table.set_item(types_tuple(py, overload.types())?, Overload { kernel: kernel.clone(), overload: overload.clone() })?;
        }
        Ok(table)
    }

    /// As `overloads`, under Numba's older name.
    #[getter]
    fn definitions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.overloads(py)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let signatures = PyList::empty(py);
        for types in &self.signatures {
            signatures.append(types_tuple(py, types)?)?;
        }
        let arguments =
            (self.function.clone_ref(py), py.None(), signatures, self.fma, self.boundscheck, self.fastmath, self.gpu, self.extensions(py))
                .into_pyobject(py)?;
        Ok((py.get_type::<Kernel>().into_any(), arguments))
    }

    fn __repr__(&self) -> String {
        format!("<kernel {}>", self.name())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.extensions)?;
        visit.call(&self.py_func)
    }
}

impl Launcher {
    /// A launch with the arguments that extensions make of those given: the last extension sees each first, and what they leave in `retr` is called after the launch.
    fn launch_extended(&self, py: Python<'_>, config: &Config, extensions: &Bound<'_, PyList>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        let typeof_ = py.import("verdigris.types")?.getattr("typeof")?;
        let stream = self.stream(py)?;
        let keywords = PyDict::new(py);
        let retr = PyList::empty(py);
        keywords.set_item("stream", &stream)?;
        keywords.set_item("retr", &retr)?;
        let mut prepared = Vec::new();
        for arg in args {
            // An object that kernels do not take has no type, until an extension makes something else of it.
            let mut ty = match typeof_.call1((&arg,)) {
                Ok(ty) => ty,
                Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) => py.None().into_bound(py),
                Err(error) => return Err(error),
            };
            let mut val = arg;
            for extension in extensions.iter().rev() {
                (ty, val) = extension.call_method("prepare_args", (ty, val), Some(&keywords))?.extract()?;
            }
            prepared.push(val);
        }
        let prepared = PyTuple::new(py, prepared)?;
        self.kernel.get().launch(py, config, &prepared, Some(stream.bind(py)))?;
        retr.iter().try_for_each(|back| back.call0().map(drop))
    }
}

#[pymethods]
impl Launcher {
    #[pyo3(signature = (*args))]
    fn __call__(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        let stream = self.stream.as_ref().map(|stream| stream.bind(py));
        match &self.config {
            Some(config) => match self.kernel.get().extensions.bind(py) {
                none if none.is_empty() => self.kernel.get().launch(py, config, args, stream),
                extensions => self.launch_extended(py, config, extensions, args),
            },
            None => stream::order(py, stream).map(drop),
        }
    }

    /// The launch with host arrays and numbers on the CPU, whatever the device is: what tests hold a GPU's against.
    #[pyo3(signature = (*args))]
    fn _on_cpu(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.config.as_ref().map_or(Ok(()), |config| self.kernel.get().launch_on(py, config, args, None))
    }

    /// The seconds that `count` launches with these device arrays and numbers take to order on a GPU, with nothing around the driver's own function; None on the CPU. For benches.
    fn _driver_seconds(&self, py: Python<'_>, count: u32, args: &Bound<'_, PyTuple>) -> PyResult<Option<f64>> {
        let stream = self.stream.as_ref().map(|stream| stream.bind(py));
        let (Some(config), Some(stream)) = (&self.config, stream::of_gpu(py, stream)?) else { return Ok(None) };
        let (kernel, _) = self.kernel.get().compiled(py)?;
        let mut taken = Taken::new(args, kernel.name(), |i| i.to_string(), Some(stream.clone()))?;
        let words = std::mem::take(&mut taken.args);
        gate::detached(py, || kernel.seconds_on(count, &stream, config, &words, &taken.arrays)).map(Some)
    }

    /// Blocks along x, y and z.
    #[getter]
    fn griddim(&self) -> (u32, u32, u32) {
        self.config.as_ref().map_or((0, 0, 0), |config| config.grid().into())
    }

    /// Threads of a block along x, y and z.
    #[getter]
    fn blockdim(&self) -> (u32, u32, u32) {
        self.config.as_ref().map_or((0, 0, 0), |config| config.block().into())
    }

    /// Bytes of dynamic shared memory.
    #[getter]
    fn sharedmem(&self) -> u32 {
        self.config.as_ref().map_or(0, Config::shared)
    }

    /// What was given for the stream, or 0.
    #[getter]
    fn stream(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match &self.stream {
            Some(stream) => Ok(stream.clone_ref(py)),
            None => Ok(0u8.into_pyobject(py)?.into_any().unbind()),
        }
    }

    /// The kernel.
    #[getter]
    fn dispatcher(&self, py: Python<'_>) -> Py<Kernel> {
        self.kernel.clone_ref(py)
    }

    /// Written as the brackets that made it; a stream stays in its process.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let kernel = self.kernel.clone_ref(py);
        let Some(config) = &self.config else {
            let forall = py.import("operator")?.call_method1("methodcaller", ("forall", 0))?;
            return Ok((forall, (kernel,).into_pyobject(py)?));
        };
        if let Some(stream) = &self.stream
            && !matches!(stream.extract::<i64>(py), Ok(0))
        {
            let text = format!("{}: a launch on a stream cannot be pickled: pickle the kernel", self.kernel.get().name());
            return Err(Exception::new(py, Class::Argument, text).with("code", "pickle").build());
        }
        let extents = |all: [u32; 3]| PyTuple::new(py, all);
        let key = (extents(config.grid())?, extents(config.block())?, 0, config.shared()).into_pyobject(py)?;
        Ok((py.import("operator")?.getattr("getitem")?, (kernel, key).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        let name = self.kernel.get().name();
        match &self.config {
            Some(config) => format!("<kernel {name} for {:?} blocks of {:?} threads>", config.grid(), config.block()),
            None => format!("<kernel {name} for no tasks>"),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.kernel)?;
        visit.call(&self.stream)
    }
}

#[pymethods]
impl Overload {
    /// The argument types.
    #[getter]
    fn signature<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        types_tuple(py, self.overload.types())
    }

    /// Whether all blocks of a launch are alive together, because the kernel asks for the group of the whole grid.
    #[getter]
    fn cooperative(&self) -> bool {
        self.overload.lowered().cooperative
    }

    /// Registers that a thread has; see `get_regs_per_thread`.
    #[getter]
    fn regs_per_thread(&self, py: Python<'_>) -> PyResult<u64> {
        self.resource(py, |_| registers(), |facts| facts.registers)
    }

    /// Bytes of constant arrays.
    #[getter]
    fn const_mem_size(&self, py: Python<'_>) -> PyResult<u64> {
        self.resource(py, constant_bytes, |facts| facts.constant)
    }

    /// Bytes of static shared memory of a block.
    #[getter]
    fn shared_mem_per_block(&self, py: Python<'_>) -> PyResult<u64> {
        self.resource(py, shared_bytes, |facts| facts.shared)
    }

    /// Bytes of a thread's local arrays.
    #[getter]
    fn local_mem_per_thread(&self, py: Python<'_>) -> PyResult<u64> {
        self.resource(py, local_bytes, |facts| facts.local)
    }

    /// Most threads of a block.
    #[getter]
    fn max_threads_per_block(&self, py: Python<'_>) -> PyResult<u64> {
        self.resource(py, |_| cuda_jit::launch::BLOCK_THREADS as u64, |facts| facts.max_threads)
    }

    /// How many blocks of `blockdim` threads, with `dynsmemsize` bytes of dynamic shared memory, may be launched together.
    #[pyo3(signature = (blockdim, dynsmemsize=None))]
    fn max_cooperative_grid_blocks(&self, py: Python<'_>, blockdim: &Bound<'_, PyAny>, dynsmemsize: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let name = self.kernel.name();
        let block = extents(blockdim, "the block", name)?;
        let mut config = Config::new([1, 1, 1], block)
            .map_err(|error| Exception::new(py, Class::Launch, format!("{name}: {error}")).with("code", "launch-limit").build())?;
        if let Some(bytes) = dynsmemsize {
            config = with_shared_memory(config, bytes, name)?;
        }
        match super::device::gpu(py)? {
            Some(context) => gate::detached(py, || self.kernel.most_blocks_on(context, &self.overload, &config)),
            None => gate::detached(py, || self.kernel.most_blocks(&self.overload, &config)),
        }
    }

    fn __str__(&self) -> String {
        self.overload.lowered().ir.to_string()
    }

    fn __repr__(&self) -> String {
        let types: Vec<String> = self.overload.types().iter().map(ToString::to_string).collect();
        format!("<kernel {} for ({})>", self.kernel.name(), types.join(", "))
    }
}

impl Overload {
    fn resource(&self, py: Python<'_>, of: impl Fn(&Function) -> u64, on_gpu: impl Fn(&FunctionFacts) -> u32) -> PyResult<u64> {
        of_device(py, &self.kernel, &self.overload, of, on_gpu)
    }
}

/// A number of an overload: what the driver's compiler made of it, or on the CPU what its IR says.
fn of_device(
    py: Python<'_>,
    kernel: &cuda_jit::Kernel,
    overload: &cuda_jit::Overload,
    of: impl Fn(&Function) -> u64,
    on_gpu: impl Fn(&FunctionFacts) -> u32,
) -> PyResult<u64> {
    match super::device::gpu(py)? {
        Some(context) => gate::detached(py, || kernel.facts_on(context, overload)).map(|facts| on_gpu(&facts).into()),
        None => Ok(of(&overload.lowered().ir)),
    }
}

fn shared_bytes(f: &Function) -> u64 {
    storage_bytes(f, |s| matches!(s, Storage::Shared(_)))
}

fn local_bytes(f: &Function) -> u64 {
    storage_bytes(f, |s| matches!(s, Storage::Local(_)))
}

/// Vector registers of the processor.
fn registers() -> u64 {
    if cfg!(target_arch = "x86_64") && !has_avx512() { 16 } else { 32 }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

fn constant_bytes(f: &Function) -> u64 {
    f.arrays.iter().filter_map(|a| a.constant.as_ref()).map(|c| c.data.len() as u64).sum()
}

fn storage_bytes(f: &Function, of: impl Fn(&Storage) -> bool) -> u64 {
    let bytes = |a: &verdigris_compiler::ir::ArrayInfo| {
        let storage = a.storage.as_ref().filter(|s| of(s))?;
        Some(storage.shape()?.iter().product::<u64>() * a.ty.elem.size() as u64)
    };
    f.arrays.iter().filter_map(bytes).sum()
}

/// One to three extents from an int or a tuple (or list) of ints.
fn extents(object: &Bound<'_, PyAny>, what: &str, kernel: &str) -> PyResult<[i64; 3]> {
    let refused = |class: Class, found: String| {
        let text = format!("{what} of {kernel} is an int or a tuple of one to three ints, not {found}");
        Exception::new(object.py(), class, text).with("code", "bad-configuration").build()
    };
    let wrong = |found: String| refused(Class::Argument, found);
    if let Some(one) = extent(object) {
        return Ok([one, 1, 1]);
    }
    let items: Vec<Bound<'_, PyAny>> = match (object.cast::<PyTuple>(), object.cast::<PyList>()) {
        (Ok(tuple), _) => tuple.iter().collect(),
        (_, Ok(list)) => list.iter().collect(),
        _ => return Err(wrong(format!("{}", object.get_type()))),
    };
    if !(1..=3).contains(&items.len()) {
        return Err(refused(Class::Launch, format!("{} of them", items.len())));
    }
    let mut all = [1; 3];
    for (slot, item) in all.iter_mut().zip(&items) {
        *slot = extent(item).ok_or_else(|| wrong(format!("{}", item.get_type())))?;
    }
    Ok(all)
}

/// An int, whatever its class; one that does not fit is as far as i64 goes, which every limit refuses.
fn extent(object: &Bound<'_, PyAny>) -> Option<i64> {
    match object.extract::<i64>() {
        Ok(value) => Some(value),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(object.py()) => {
            Some(if object.lt(0).unwrap_or(false) { i64::MIN } else { i64::MAX })
        }
        Err(_) => None,
    }
}

/// The configuration with as many bytes of dynamic shared memory as the object says.
fn with_shared_memory(config: Config, bytes: &Bound<'_, PyAny>, kernel: &str) -> PyResult<Config> {
    let refused = |text: String| Exception::new(bytes.py(), Class::Launch, text).with("code", "launch-limit").build();
    if bytes.is_none() {
        return Ok(config);
    }
    let Some(size) = extent(bytes) else {
        let text = format!("{kernel}: the size of dynamic shared memory is a number of bytes, not {}", bytes.get_type());
        return Err(Exception::new(bytes.py(), Class::Argument, text).with("code", "bad-configuration").build());
    };
    config.with_shared(size).map_err(|error| refused(format!("{kernel}: {error}")))
}

/// Types as objects of `verdigris.types`.
fn types_tuple<'py>(py: Python<'py>, list: &[Type]) -> PyResult<Bound<'py, PyTuple>> {
    let module = py.import("verdigris.types")?;
    let one = |ty: &Type| -> PyResult<Bound<'py, PyAny>> {
        match ty {
            Type::Scalar(scalar) => module.call_method1("as_type", (scalar.name(),)),
            Type::Array(array) => {
                let elem = module.call_method1("as_type", (array.elem.name(),))?;
                module.getattr("Array")?.call1((elem, array.ndim, array.layout.to_string(), array.readonly))
            }
            Type::Tuple(items) => Ok(types_tuple(py, items)?.into_any()),
            Type::Named(named, items) => {
                module.getattr("NamedTuple")?.call1((named.name.clone(), PyTuple::new(py, &named.fields)?, types_tuple(py, items)?))
            }
            Type::Records(records) => {
                let record = module.getattr("Record")?.call1((types::dtype_of(py, &records.record)?,))?;
                match records.ndim {
                    0 => Ok(record),
                    ndim => module.getattr("Array")?.call1((record, ndim, "A", records.readonly)),
                }
            }
            Type::None => Ok(py.None().into_bound(py)),
        }
    };
    PyTuple::new(py, list.iter().map(one).collect::<PyResult<Vec<_>>>()?)
}
