//! One file for each thing that is measured.

pub(crate) mod burst;
pub(crate) mod calibrate;
pub(crate) mod ceiling;
pub(crate) mod drain;
pub(crate) mod failover;
pub(crate) mod multi_sale;
pub(crate) mod overload;
pub(crate) mod ramp;
pub(crate) mod same_shopper;
pub(crate) mod soak;
pub(crate) mod watch;
