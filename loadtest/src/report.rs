//! What a run is told as: one file for each scenario that has figures of its own, and one for each form in which a
//! crowd's run is shown.

pub(crate) mod calibrate;
pub(crate) mod ceiling;
pub(crate) mod drain;
pub(crate) mod failover;
pub(crate) mod watch;

mod csv;
mod files;
mod html;
mod interrupted;
mod json;
mod measurement;
mod number;
mod progress;
mod quantiles;
mod summary;
#[cfg(test)]
mod synthetic;
mod table;

pub(crate) use files::{Files, JsonFile};
pub(crate) use interrupted::Interrupted;
pub(crate) use measurement::Measurement;
pub(crate) use progress::Progress;
pub(crate) use table::Table;
