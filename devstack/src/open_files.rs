//! As many open files as this process may have: each shopper of a crowd holds a socket or two, and shells commonly
//! allow 1,024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. When that is refused, the crowd will say so when it cannot connect.
pub fn raise() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
}
