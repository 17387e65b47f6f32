//! The number of sockets a process may hold.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one and returns what is now allowed.
///
/// Shells commonly start processes with 1,024, which a thousand WebSockets use up. A refusal is
/// not an error: the process runs on with what it has, and the caller logs the number.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_reaches_the_hard_one() {
        let allowed = raise();
        let limits = getrlimit(Resource::Nofile);
        assert_eq!(limits.current.unwrap_or(u64::MAX), allowed);
    }
}
