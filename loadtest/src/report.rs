//! What a run is told as, one file for each scenario.

pub(crate) mod calibrate;
pub(crate) mod ceiling;
pub(crate) mod drain;
pub(crate) mod failover;
pub(crate) mod watch;
