//! The driver's functions as a table that is filled by name, once, before anything is called.
//!
//! Owns every declaration of the driver that we use. Types are cudarc's; each signature is compared with cudarc's when this file is compiled. The functions themselves are not called through
//! cudarc: it loads by unversioned names first, panics where a library or a symbol is missing, and gives results as Rust enums, which a newer driver's numbers would make undefined. Here a
//! missing function is an error, or absent where older drivers lack it, and a result is a number. Knows no policy.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

use cudarc::driver::sys as declared;
pub(crate) use cudarc::driver::sys::{
    CUDA_MEMCPY2D, CUDA_MEMCPY3D, CUcontext, CUdevice, CUdevice_attribute, CUdeviceptr, CUevent, CUfunction, CUfunction_attribute, CUjit_option,
    CUjitInputType, CUlimit, CUlinkState, CUmemAllocationHandleType, CUmemAllocationType, CUmemLocation, CUmemLocationType, CUmemPool_attribute,
    CUmemPoolProps, CUmemoryPool, CUmemorytype, CUmodule, CUoccupancyB2DSize, CUpointer_attribute, CUstream, CUuuid,
};

use super::status::Status;

/// A function that the driver calls when a stream has come to it.
pub(crate) type StreamCallback = unsafe extern "C" fn(stream: CUstream, status: Status, data: *mut c_void);

/// Finds a function by its name.
pub type Lookup<'a> = &'a dyn Fn(&CStr) -> Option<*const c_void>;

macro_rules! table {
    (
        needed { $($(#[$own:ident])? $name:ident($($argument:ty),*);)* }
        optional { $($optional:ident($($optional_argument:ty),*);)* }
    ) => {
        /// The driver's functions.
        #[allow(non_snake_case, reason = "the driver's own names")]
        pub(crate) struct Api {
            $(pub(crate) $name: unsafe extern "C" fn($($argument),*) -> Status,)*
            $(pub(crate) $optional: Option<unsafe extern "C" fn($($optional_argument),*) -> Status>,)*
        }

        impl Api {
            /// Fills the table.
            ///
            /// # Safety
            /// What `find` gives for a name is that function of NVIDIA's driver, or behaves as it, and stays for good.
            ///
            /// # Errors
            /// The name of a function that every driver since CUDA 11.0 has and this one lacks.
            pub(crate) unsafe fn find(find: Lookup<'_>) -> Result<Api, String> {
                let symbol = |name: &str| {
                    let text = format!("{name}\0");
                    CStr::from_bytes_with_nul(text.as_bytes()).ok().and_then(find).filter(|found| !found.is_null())
                };
                Ok(Api {
                    $($name: match symbol(stringify!($name)) {
                        // SAFETY: the address is that of the function of this name, whose signature this is.
                        Some(found) => unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn($($argument),*) -> Status>(found) },
                        None => return Err(stringify!($name).to_owned()),
                    },)*
                    // SAFETY: as above.
                    $($optional: symbol(stringify!($optional)).map(|found| unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn($($optional_argument),*) -> Status>(found) }),)*
                })
            }
        }

        // The arguments are those that cudarc declares.
        $(same!($(#[$own])? $name($($argument),*));)*
        $(same!($optional($($optional_argument),*));)*
    };
}

macro_rules! same {
    // Declared by us, with a number where cudarc has an enum of results.
    (#[ours] $name:ident($($argument:ty),*)) => {};
    ($name:ident($($argument:ty),*)) => {
        const _: unsafe fn($($argument),*) -> declared::CUresult = declared::$name;
    };
}

table! {
    needed {
        cuInit(c_uint);
        cuDriverGetVersion(*mut c_int);
        cuDeviceGetCount(*mut c_int);
        cuDeviceGet(*mut CUdevice, c_int);
        cuDeviceGetName(*mut c_char, c_int, CUdevice);
        cuDeviceGetAttribute(*mut c_int, CUdevice_attribute, CUdevice);
        cuDeviceGetUuid(*mut CUuuid, CUdevice);
        cuDeviceGetPCIBusId(*mut c_char, c_int, CUdevice);
        cuDeviceCanAccessPeer(*mut c_int, CUdevice, CUdevice);
        cuDevicePrimaryCtxRetain(*mut CUcontext, CUdevice);
        cuCtxGetCurrent(*mut CUcontext);
        cuCtxPushCurrent_v2(CUcontext);
        cuCtxPopCurrent_v2(*mut CUcontext);
        cuCtxSynchronize();
        cuCtxGetLimit(*mut usize, CUlimit);
        cuCtxSetLimit(CUlimit, usize);
        cuCtxEnablePeerAccess(CUcontext, c_uint);
        cuMemGetInfo_v2(*mut usize, *mut usize);
        cuMemAlloc_v2(*mut CUdeviceptr, usize);
        cuMemFree_v2(CUdeviceptr);
        cuMemAllocManaged(*mut CUdeviceptr, usize, c_uint);
        cuMemHostAlloc(*mut *mut c_void, usize, c_uint);
        cuMemFreeHost(*mut c_void);
        cuMemHostRegister_v2(*mut c_void, usize, c_uint);
        cuMemHostUnregister(*mut c_void);
        cuMemHostGetDevicePointer_v2(*mut CUdeviceptr, *mut c_void, c_uint);
        cuPointerGetAttribute(*mut c_void, CUpointer_attribute, CUdeviceptr);
        cuMemcpyHtoDAsync_v2(CUdeviceptr, *const c_void, usize, CUstream);
        cuMemcpyDtoHAsync_v2(*mut c_void, CUdeviceptr, usize, CUstream);
        cuMemcpyDtoDAsync_v2(CUdeviceptr, CUdeviceptr, usize, CUstream);
        cuMemcpyPeerAsync(CUdeviceptr, CUcontext, CUdeviceptr, CUcontext, usize, CUstream);
        cuMemcpy2DAsync_v2(*const CUDA_MEMCPY2D, CUstream);
        cuMemcpy3DAsync_v2(*const CUDA_MEMCPY3D, CUstream);
        cuMemsetD8Async(CUdeviceptr, u8, usize, CUstream);
        cuMemsetD16Async(CUdeviceptr, u16, usize, CUstream);
        cuMemsetD32Async(CUdeviceptr, c_uint, usize, CUstream);
        cuMemsetD2D8Async(CUdeviceptr, usize, u8, usize, usize, CUstream);
        cuStreamCreateWithPriority(*mut CUstream, c_uint, c_int);
        cuStreamDestroy_v2(CUstream);
        cuStreamSynchronize(CUstream);
        cuStreamQuery(CUstream);
        cuStreamWaitEvent(CUstream, CUevent, c_uint);
        #[ours] cuStreamAddCallback(CUstream, Option<StreamCallback>, *mut c_void, c_uint);
        cuEventCreate(*mut CUevent, c_uint);
        cuEventDestroy_v2(CUevent);
        cuEventRecord(CUevent, CUstream);
        cuEventQuery(CUevent);
        cuEventSynchronize(CUevent);
        cuEventElapsedTime(*mut f32, CUevent, CUevent);
        cuModuleLoadDataEx(*mut CUmodule, *const c_void, c_uint, *mut CUjit_option, *mut *mut c_void);
        cuModuleUnload(CUmodule);
        cuModuleGetFunction(*mut CUfunction, CUmodule, *const c_char);
        cuModuleGetGlobal_v2(*mut CUdeviceptr, *mut usize, CUmodule, *const c_char);
        cuLinkCreate_v2(c_uint, *mut CUjit_option, *mut *mut c_void, *mut CUlinkState);
        cuLinkAddData_v2(CUlinkState, CUjitInputType, *mut c_void, usize, *const c_char, c_uint, *mut CUjit_option, *mut *mut c_void);
        cuLinkComplete(CUlinkState, *mut *mut c_void, *mut usize);
        cuLinkDestroy(CUlinkState);
        cuFuncGetAttribute(*mut c_int, CUfunction_attribute, CUfunction);
        cuFuncSetAttribute(CUfunction, CUfunction_attribute, c_int);
        cuLaunchKernel(CUfunction, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, CUstream, *mut *mut c_void, *mut *mut c_void);
        cuLaunchCooperativeKernel(CUfunction, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, CUstream, *mut *mut c_void);
        cuOccupancyMaxActiveBlocksPerMultiprocessor(*mut c_int, CUfunction, c_int, usize);
        cuOccupancyMaxPotentialBlockSize(*mut c_int, *mut c_int, CUfunction, CUoccupancyB2DSize, usize, c_int);
    }
    optional {
        cuMemPoolCreate(*mut CUmemoryPool, *const CUmemPoolProps);
        cuMemPoolSetAttribute(CUmemoryPool, CUmemPool_attribute, *mut c_void);
        cuMemPoolGetAttribute(CUmemoryPool, CUmemPool_attribute, *mut c_void);
        cuMemPoolTrimTo(CUmemoryPool, usize);
        cuMemAllocFromPoolAsync(*mut CUdeviceptr, usize, CUmemoryPool, CUstream);
        cuMemFreeAsync(CUdeviceptr, CUstream);
        cuProfilerStart();
        cuProfilerStop();
    }
}
