//! How a function is exported: recorded with its arguments, made to fail if a test asked for that, and run.

use crate::state::{INVALID_VALUE, Outcome, lock};

/// Records a call, fails it if a test asked for that, and runs it.
pub(crate) fn call(name: &str, arguments: impl FnOnce() -> String, body: impl FnOnce() -> Outcome) -> i32 {
    {
        let mut state = lock();
        let line = format!("{name}({})", arguments());
        state.calls.push(line);
        match state.faults.get_mut(name) {
            Some((0, status)) => {
                let status = *status;
                state.faults.remove(name);
                return status;
            }
            Some((skip, _)) => *skip -= 1,
            None => {}
        }
    }
    body().err().unwrap_or(0)
}

/// Adds to the record of the last call what its pointers point to.
pub(crate) fn note(line: String) {
    let mut state = lock();
    if let Some(last) = state.calls.last_mut() {
        last.push_str(&line);
    }
}

/// Writes a result.
pub(crate) fn put<T>(to: *mut T, value: T) -> Outcome {
    if to.is_null() {
        return Err(INVALID_VALUE);
    }
    // SAFETY: a pointer that the caller of the driver gave for this result.
    unsafe { to.write(value) };
    Ok(())
}

macro_rules! functions {
    (lookup $lookup:ident; $(fn $name:ident($($argument:ident: $ty:ty),*) $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($argument: $ty),*) -> i32 {
                let arguments = || {
                    let list: Vec<String> = vec![$(format!(concat!(stringify!($argument), "={:?}"), $argument)),*];
                    list.join(", ")
                };
                $crate::call::call(stringify!($name), arguments, || {
                    let body = || -> $crate::state::Outcome { $body };
                    body()
                })
            }
        )*

        /// A function of these by its name.
        pub(crate) fn $lookup(name: &str) -> Option<*const ::std::ffi::c_void> {
            match name {
                $(stringify!($name) => Some($name as *const ::std::ffi::c_void),)*
                _ => None,
            }
        }
    };
}

pub(crate) use functions;
