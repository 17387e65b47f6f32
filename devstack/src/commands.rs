//! One module per subcommand, and what several of them do.

mod browser;
pub(crate) mod demo;
pub(crate) mod hold;
mod npm;
mod once;
mod operator;
pub(crate) mod queries;
mod report;
pub(crate) mod verify;
