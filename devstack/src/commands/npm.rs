//! The web page's tools.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use devstack::places::workspace;
use devstack::{install, say};

/// The page's folder, if this checkout has one.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = workspace().join("web");
    folder.join("package.json").is_file().then_some(folder)
}

/// npm, run in the page's folder.
pub(crate) fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Installs what the page needs, unless what is there is what the lock file says.
pub(crate) fn install(folder: &Path) -> Result<()> {
    ensure!(
        install::is_on_path("npm"),
        "the web page needs Node 20.19 or newer with npm: install nodejs and npm"
    );
    let changed = |path: &str| {
        folder
            .join(path)
            .metadata()
            .and_then(|file| file.modified())
            .ok()
    };
    let wanted: Option<SystemTime> = changed("package-lock.json");
    // npm writes this copy of the lock file last.
    if wanted.is_some() && changed("node_modules/.package-lock.json") >= wanted {
        return Ok(());
    }
    say("installing the web page's packages");
    run(npm(
        folder,
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    ))
}

/// Builds the page and gives the folder of the result.
pub(crate) fn build(folder: &Path) -> Result<PathBuf> {
    install(folder)?;
    say("building the web page");
    run(npm(folder, &["run", "--silent", "build"]))?;
    Ok(folder.join("dist"))
}

/// Whether the page's package.json has this script.
pub(crate) fn has_script(folder: &Path, name: &str) -> Result<bool> {
    let text = std::fs::read_to_string(folder.join("package.json"))?;
    let package: serde_json::Value =
        serde_json::from_str(&text).context("web/package.json is not JSON")?;
    Ok(package["scripts"][name].is_string())
}

fn run(mut command: Command) -> Result<()> {
    let output = command.output().context("cannot run npm")?;
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(output.status.success(), "npm failed:\n{said}{errors}");
    Ok(())
}
