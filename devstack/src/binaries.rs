//! The three processes as programs, built by Cargo in the profile we were built in.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio::sync::OnceCell;

use crate::environment;
use crate::places::{profile_folder, target_folder, workspace};

/// Names a folder that holds the programs already; then nothing is built.
pub const VARIABLE: &str = "FIRSTCOME_BINARIES";

/// The product's programs; each is of the package of its name.
const PROGRAMS: [&str; 3] = ["ingress", "allocator", "notifier"];

/// The folder of the built programs. Builds once per process.
pub async fn folder() -> Result<PathBuf> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = FOLDER.get_or_try_init(|| async {
        match environment::path(VARIABLE) {
            Some(folder) => Ok(PathBuf::from(folder)),
            None => tokio::task::spawn_blocking(build_programs).await?,
        }
    });
    folder.await.cloned()
}

/// An example of one of the packages, as a program. Built unless it is in the folder that holds the programs already.
pub async fn example(name: &'static str) -> Result<PathBuf> {
    let file = Path::new("examples").join(name);
    let built = environment::path(VARIABLE).map(|folder| Path::new(&folder).join(&file));
    match built.filter(|program| program.is_file()) {
        Some(program) => Ok(program),
        None => {
            let build = move || build(&["--example", name]);
            Ok(tokio::task::spawn_blocking(build).await??.join(file))
        }
    }
}

fn build_programs() -> Result<PathBuf> {
    build(&PROGRAMS.map(|program| ["--bin", program]).concat())
}

/// Builds these targets; gives the folder of the profile.
fn build(targets: &[&str]) -> Result<PathBuf> {
    let mut command = cargo();
    command.arg("build").args(profile_arguments()?);
    // With devstack among the packages Cargo unites all features, as it did when it built us by
    // `cargo demo`: dependencies are compiled once.
    for package in PROGRAMS.iter().chain(&["devstack"]) {
        command.args(["-p", package]);
    }
    command.args(targets);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    // A person sees Cargo's progress; a test shows what went wrong and nothing else.
    if std::io::stderr().is_terminal() {
        ensure!(
            command.status().context("cannot run cargo")?.success(),
            "cargo could not build the processes"
        );
        return profile_folder();
    }
    let output = command
        .arg("--quiet")
        .output()
        .context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "cargo could not build the processes:\n{said}"
    );
    profile_folder()
}

/// What tells Cargo to use the profile we were built in.
pub fn profile_arguments() -> Result<Vec<String>> {
    let folder = profile_folder()?;
    let profile = folder
        .file_name()
        .and_then(|name| name.to_str())
        .context("the profile's folder has no name")?;
    Ok(match profile {
        "debug" => Vec::new(),
        profile => vec!["--profile".to_owned(), profile.to_owned()],
    })
}

/// Cargo in the workspace, with our target folder.
pub fn cargo() -> Command {
    let mut command = Command::new(environment::path("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    environment::without_outer_cargo(&mut command);
    if let Ok(target) = target_folder() {
        command.env("CARGO_TARGET_DIR", target);
    }
    command
}

/// One of the programs in the folder.
pub fn program(folder: &Path, name: &str) -> Result<PathBuf> {
    let program = folder.join(name);
    ensure!(program.is_file(), "{} is not there", program.display());
    Ok(program)
}
