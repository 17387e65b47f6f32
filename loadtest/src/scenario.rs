//! What can be measured, one file for each.

pub(crate) mod calibrate;
pub(crate) mod ceiling;
pub(crate) mod drain;
pub(crate) mod failover;
pub(crate) mod watch;
