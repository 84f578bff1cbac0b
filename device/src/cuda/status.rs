//! Results of the driver's functions: numbers with names.
//!
//! A number that no release of CUDA known here has is a result as well, without a name: drivers are newer than programs.

use crate::error::DeviceError;

/// What a function of the driver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(pub i32);

impl Status {
    /// Done.
    pub const SUCCESS: Status = Status(0);
    /// No memory is left.
    pub const OUT_OF_MEMORY: Status = Status(2);
    /// The driver was never initialised in this process.
    pub const NOT_INITIALIZED: Status = Status(3);
    /// The driver is shutting down with the process.
    pub const DEINITIALIZED: Status = Status(4);
    /// The driver finds no GPU.
    pub const NO_DEVICE: Status = Status(100);
    /// The work asked for has not ended.
    pub const NOT_READY: Status = Status(600);
    /// Peer access was enabled before.
    pub const PEER_ACCESS_ALREADY_ENABLED: Status = Status(704);
    /// The context is gone.
    pub const CONTEXT_IS_DESTROYED: Status = Status(709);

    /// CUDA's name of it.
    pub fn name(self) -> String {
        match NAMES.binary_search_by_key(&self.0, |(number, _)| *number) {
            Ok(at) => format!("CUDA_ERROR_{}", NAMES[at].1),
            Err(_) if self == Status::SUCCESS => "CUDA_SUCCESS".to_owned(),
            Err(_) => format!("CUresult {}", self.0),
        }
    }

    /// An error unless it is success; `doing` says what was being done, as in "copying 8 bytes to device 0".
    ///
    /// # Errors
    /// Any other result.
    pub(crate) fn check(self, doing: impl FnOnce() -> String) -> Result<(), DeviceError> {
        match self {
            Status::SUCCESS => Ok(()),
            failed => Err(failed.error(doing())),
        }
    }

    pub(crate) fn error(self, doing: String) -> DeviceError {
        DeviceError::Cuda { status: self.0, name: self.name(), doing, log: String::new() }
    }

    /// What it usually means, where the name does not tell.
    pub(crate) fn hint(self) -> &'static str {
        match self.0 {
            3 => "not initialised; was the process forked after the driver was used?",
            34 => "only the toolkit's stub library is installed",
            209 => "the code was made for another GPU",
            218 => "the driver's compiler does not accept the PTX",
            222 => "the PTX is of a newer version than this driver knows; update the driver",
            700 => "a kernel accessed memory that is not its own; the context can do nothing more",
            701 => "the block needs more registers or shared memory than there are",
            702 => "the kernel ran longer than the display's watchdog allows",
            715..=719 => "a kernel failed; the context can do nothing more",
            720 => "a cooperative launch has more blocks than fit on the GPU at once",
            802 => "the system is not ready",
            803 => "the driver and the kernel's module are of different versions",
            804 => "forward compatibility is not supported on this device",
            999 => "unknown error; is the kernel's module loaded?",
            _ => "",
        }
    }
}

/// Names after `CUDA_ERROR_`, by number.
const NAMES: &[(i32, &str)] = &[
    (1, "INVALID_VALUE"),
    (2, "OUT_OF_MEMORY"),
    (3, "NOT_INITIALIZED"),
    (4, "DEINITIALIZED"),
    (5, "PROFILER_DISABLED"),
    (6, "PROFILER_NOT_INITIALIZED"),
    (7, "PROFILER_ALREADY_STARTED"),
    (8, "PROFILER_ALREADY_STOPPED"),
    (34, "STUB_LIBRARY"),
    (36, "CALL_REQUIRES_NEWER_DRIVER"),
    (46, "DEVICE_UNAVAILABLE"),
    (47, "MULTICAST_RESOURCE_FULL"),
    (100, "NO_DEVICE"),
    (101, "INVALID_DEVICE"),
    (102, "DEVICE_NOT_LICENSED"),
    (200, "INVALID_IMAGE"),
    (201, "INVALID_CONTEXT"),
    (202, "CONTEXT_ALREADY_CURRENT"),
    (205, "MAP_FAILED"),
    (206, "UNMAP_FAILED"),
    (207, "ARRAY_IS_MAPPED"),
    (208, "ALREADY_MAPPED"),
    (209, "NO_BINARY_FOR_GPU"),
    (210, "ALREADY_ACQUIRED"),
    (211, "NOT_MAPPED"),
    (212, "NOT_MAPPED_AS_ARRAY"),
    (213, "NOT_MAPPED_AS_POINTER"),
    (214, "ECC_UNCORRECTABLE"),
    (215, "UNSUPPORTED_LIMIT"),
    (216, "CONTEXT_ALREADY_IN_USE"),
    (217, "PEER_ACCESS_UNSUPPORTED"),
    (218, "INVALID_PTX"),
    (219, "INVALID_GRAPHICS_CONTEXT"),
    (220, "NVLINK_UNCORRECTABLE"),
    (221, "JIT_COMPILER_NOT_FOUND"),
    (222, "UNSUPPORTED_PTX_VERSION"),
    (223, "JIT_COMPILATION_DISABLED"),
    (224, "UNSUPPORTED_EXEC_AFFINITY"),
    (225, "UNSUPPORTED_DEVSIDE_SYNC"),
    (226, "CONTAINED"),
    (227, "INSUFFICIENT_LOADER_VERSION"),
    (300, "INVALID_SOURCE"),
    (301, "FILE_NOT_FOUND"),
    (302, "SHARED_OBJECT_SYMBOL_NOT_FOUND"),
    (303, "SHARED_OBJECT_INIT_FAILED"),
    (304, "OPERATING_SYSTEM"),
    (400, "INVALID_HANDLE"),
    (401, "ILLEGAL_STATE"),
    (402, "LOSSY_QUERY"),
    (500, "NOT_FOUND"),
    (600, "NOT_READY"),
    (700, "ILLEGAL_ADDRESS"),
    (701, "LAUNCH_OUT_OF_RESOURCES"),
    (702, "LAUNCH_TIMEOUT"),
    (703, "LAUNCH_INCOMPATIBLE_TEXTURING"),
    (704, "PEER_ACCESS_ALREADY_ENABLED"),
    (705, "PEER_ACCESS_NOT_ENABLED"),
    (708, "PRIMARY_CONTEXT_ACTIVE"),
    (709, "CONTEXT_IS_DESTROYED"),
    (710, "ASSERT"),
    (711, "TOO_MANY_PEERS"),
    (712, "HOST_MEMORY_ALREADY_REGISTERED"),
    (713, "HOST_MEMORY_NOT_REGISTERED"),
    (714, "HARDWARE_STACK_ERROR"),
    (715, "ILLEGAL_INSTRUCTION"),
    (716, "MISALIGNED_ADDRESS"),
    (717, "INVALID_ADDRESS_SPACE"),
    (718, "INVALID_PC"),
    (719, "LAUNCH_FAILED"),
    (720, "COOPERATIVE_LAUNCH_TOO_LARGE"),
    (721, "TENSOR_MEMORY_LEAK"),
    (800, "NOT_PERMITTED"),
    (801, "NOT_SUPPORTED"),
    (802, "SYSTEM_NOT_READY"),
    (803, "SYSTEM_DRIVER_MISMATCH"),
    (804, "COMPAT_NOT_SUPPORTED_ON_DEVICE"),
    (805, "MPS_CONNECTION_FAILED"),
    (806, "MPS_RPC_FAILURE"),
    (807, "MPS_SERVER_NOT_READY"),
    (808, "MPS_MAX_CLIENTS_REACHED"),
    (809, "MPS_MAX_CONNECTIONS_REACHED"),
    (810, "MPS_CLIENT_TERMINATED"),
    (811, "CDP_NOT_SUPPORTED"),
    (812, "CDP_VERSION_MISMATCH"),
    (900, "STREAM_CAPTURE_UNSUPPORTED"),
    (901, "STREAM_CAPTURE_INVALIDATED"),
    (902, "STREAM_CAPTURE_MERGE"),
    (903, "STREAM_CAPTURE_UNMATCHED"),
    (904, "STREAM_CAPTURE_UNJOINED"),
    (905, "STREAM_CAPTURE_ISOLATION"),
    (906, "STREAM_CAPTURE_IMPLICIT"),
    (907, "CAPTURED_EVENT"),
    (908, "STREAM_CAPTURE_WRONG_THREAD"),
    (909, "TIMEOUT"),
    (910, "GRAPH_EXEC_UPDATE_FAILURE"),
    (911, "EXTERNAL_DEVICE"),
    (912, "INVALID_CLUSTER_SIZE"),
    (913, "FUNCTION_NOT_LOADED"),
    (914, "INVALID_RESOURCE_TYPE"),
    (915, "INVALID_RESOURCE_CONFIGURATION"),
    (916, "KEY_ROTATION"),
    (917, "STREAM_DETACHED"),
    (918, "GRAPH_RECAPTURE_FAILURE"),
    (919, "FABRIC_NOT_READY"),
    (999, "UNKNOWN"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_names_and_unknown_ones_their_number() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(Status(2).name(), "CUDA_ERROR_OUT_OF_MEMORY");
        assert_eq!(Status(700).name(), "CUDA_ERROR_ILLEGAL_ADDRESS");
        assert_eq!(Status(0).name(), "CUDA_SUCCESS");
        assert_eq!(Status(123456).name(), "CUresult 123456");
    }

    #[test]
    fn every_number_that_cudarc_knows_has_the_same_name() {
        use cudarc::driver::sys::CUresult;
        for (result, number) in [
            (CUresult::CUDA_ERROR_INVALID_VALUE, 1),
            (CUresult::CUDA_ERROR_INVALID_PTX, 218),
            (CUresult::CUDA_ERROR_NOT_READY, 600),
            (CUresult::CUDA_ERROR_LAUNCH_FAILED, 719),
            (CUresult::CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, 720),
            (CUresult::CUDA_ERROR_UNKNOWN, 999),
        ] {
            assert_eq!(result as i32, number);
            assert_eq!(format!("{result:?}"), Status(number).name());
        }
    }

    #[test]
    fn a_result_other_than_success_says_what_was_being_done() {
        assert_eq!(Status::SUCCESS.check(|| unreachable!()), Ok(()));
        let error = Status(700).check(|| "waiting for a stream of device 0".to_owned()).unwrap_err().to_string();
        assert!(error.starts_with("waiting for a stream of device 0: CUDA_ERROR_ILLEGAL_ADDRESS (700)"), "{error}");
    }
}
