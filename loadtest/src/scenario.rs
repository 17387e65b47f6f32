//! What can be measured, one file for each.

pub(crate) mod ceiling;
pub(crate) mod watch;
