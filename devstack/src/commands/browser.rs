//! A Chromium for the browser tests.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use devstack::{install, say};

/// Names under which systems install it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Where macOS keeps it.
const ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The system's Chromium; as root on Debian it is installed when there is none. Blocking.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(program) = find() {
        return Ok(program);
    }
    if rustix::process::getuid().is_root() && install::is_on_path("apt-get") {
        say("installing chromium with apt-get");
        let installed = apt_get(&["update"])
            && apt_get(&["install", "-y", "--no-install-recommends", "chromium"]);
        if let Some(program) = find().filter(|_| installed) {
            return Ok(program);
        }
    }
    bail!(
        "the browser tests need Chromium: install the package chromium, or leave them out with --no-browser"
    )
}

fn find() -> Option<PathBuf> {
    let on_macos = Some(PathBuf::from(ON_MACOS)).filter(|path| path.is_file());
    NAMES
        .iter()
        .find_map(|name| install::find_on_path(name))
        .or(on_macos)
}

fn apt_get(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command
        .arg("-qq")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
