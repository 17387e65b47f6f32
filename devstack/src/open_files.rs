//! As many open files as this process may have: each shopper of a crowd holds a socket or two, and shells commonly
//! allow 1,024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one and returns what is now allowed. That it was refused is no error: whoever needs
/// more than is allowed says so.
pub fn raise() -> u64 {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limits.maximum,
        maximum: limits.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limits.maximum.unwrap_or(u64::MAX),
        Err(_) => limits.current.unwrap_or(u64::MAX),
    }
}
