//! A library's functions as a table that is filled by name.
//!
//! Owns [`library_functions`](crate::library_functions): each crate over one of NVIDIA's libraries declares with it what it calls. Unlike the driver's, a function that is missing is found out when it is called:
//! releases differ in what they have, and one that is too old for a single routine serves all others. Results are numbers, since a newer library has numbers that an enum would not.

use std::path::{Path, PathBuf};

use super::{LibraryError, Name};
use crate::error::DeviceError;

/// Where a table's functions come from, to say so where one is missing.
#[derive(Clone, Debug)]
pub struct Missing {
    name: Name,
    path: PathBuf,
}

impl Missing {
    /// Of the library at that place.
    pub fn new(name: Name, path: &Path) -> Missing {
        Missing { name, path: path.to_owned() }
    }

    /// The error of a function that is not there.
    pub fn error(&self, symbol: &str) -> DeviceError {
        LibraryError::Symbol { name: self.name, path: self.path.clone(), symbol: symbol.to_owned() }.into()
    }
}

/// An error unless the status is 0; `names` gives the library's names of the others.
///
/// # Errors
/// Any other status.
pub fn checked(function: &'static str, status: i32, names: &[(i32, &'static str)]) -> Result<(), DeviceError> {
    if status == 0 {
        return Ok(());
    }
    let name = names.iter().find(|(number, _)| *number == status).map_or("a status that this version does not know", |(_, name)| name);
    Err(DeviceError::Library { function, status, name })
}

/// Declares functions of one of NVIDIA's libraries: a type with a method for each, which is unsafe, calls it, and turns its status into a [`DeviceError`] by `statuses`.
///
/// The table has `unsafe fn find(lookup, missing)`, which fills it, and `NAMES`, the names that it looks for.
#[macro_export]
macro_rules! library_functions {
    ($(#[$about:meta])* struct $table:ident, statuses $statuses:path; $(fn $function:ident($($argument:ident: $ty:ty),* $(,)?);)*) => {
        $(#[$about])*
        #[allow(non_snake_case, reason = "the library's own names")]
        pub struct $table {
            missing: $crate::library::Missing,
            $($function: Option<unsafe extern "C" fn($($ty),*) -> ::std::ffi::c_int>,)*
        }

        impl ::std::fmt::Debug for $table {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($table), "({:?})"), self.missing)
            }
        }

        #[allow(non_snake_case, dead_code, clippy::too_many_arguments, reason = "the library's own")]
        impl $table {
            /// The names that are looked for.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($function)),*];

            /// Fills the table.
            ///
            /// # Safety
            /// What `lookup` gives for a name is that function of the library, or behaves as it, and stays for good.
            pub unsafe fn find(lookup: $crate::cuda::Lookup<'_>, missing: $crate::library::Missing) -> $table {
                let symbol = |name: &str| {
                    let text = format!("{name}\0");
                    ::std::ffi::CStr::from_bytes_with_nul(text.as_bytes()).ok().and_then(lookup).filter(|found| !found.is_null())
                };
                $table {
                    missing,
                    // SAFETY: the address is that of the function of this name, whose signature this is.
                    $($function: symbol(stringify!($function)).map(|found| unsafe {
                        ::std::mem::transmute::<*const ::std::ffi::c_void, unsafe extern "C" fn($($ty),*) -> ::std::ffi::c_int>(found)
                    }),)*
                }
            }

            $(
                /// The library's function of this name.
                ///
                /// # Safety
                /// As its documentation says.
                ///
                /// # Errors
                /// The library lacks it, or its status.
                pub unsafe fn $function(&self, $($argument: $ty),*) -> Result<(), $crate::DeviceError> {
                    let function = self.$function.ok_or_else(|| self.missing.error(stringify!($function)))?;
                    // SAFETY: the caller's promise.
                    $crate::library::checked(stringify!($function), unsafe { function($($argument),*) }, $statuses)
                }
            )*
        }
    };
}
