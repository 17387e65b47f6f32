//! Ends our child processes and removes our folders when this process is gone.
//!
//! Destructors are not enough: statics are never dropped, and `kill -9` runs nothing at all. So a
//! small shell script (`reaper.sh`, in its own process group) holds the other end of a pipe. When
//! the pipe closes, for whatever reason, it cleans up. A script and not a program of ours,
//! because the tests of any crate need it, also where no binary of this crate was built.
//!
//! It keeps our standard error open until it is done: whoever reads that to its end knows that
//! nothing is left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal};

const SCRIPT: &str = include_str!("reaper.sh");

/// One reaper per process, started at the first use.
static REAPER: Mutex<Option<Child>> = Mutex::new(None);

/// Ends the process (and then its group) with `signal` once we are gone.
pub(crate) fn watch(pid: Pid, signal: Signal) -> Result<()> {
    order(&format!("watch {}:{}", pid.as_raw_nonzero(), name(signal)))
}

/// Takes back [`watch`]; call it before the process is waited for, while its number is still its own.
pub(crate) fn forget(pid: Pid) -> Result<()> {
    order(&format!("forget {}", pid.as_raw_nonzero()))
}

/// Removes the folder once we are gone.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    let folder = folder.to_str().filter(|path| !path.contains('\n'));
    let folder = folder.context("the target folder's path has a line break or is not UTF-8")?;
    ensure!(folder.len() > 1, "refusing to remove the root folder");
    order(&format!("remove {folder}"))
}

fn order(line: &str) -> Result<()> {
    let mut reaper = REAPER.lock().unwrap_or_else(PoisonError::into_inner);
    if reaper.is_none() {
        *reaper = Some(start()?);
    }
    let pipe = reaper.as_mut().and_then(|child| child.stdin.as_mut());
    let pipe = pipe.context("the reaper has no pipe")?;
    pipe.write_all(format!("{line}\n").as_bytes())
        .context("the reaper process is gone")
}

fn start() -> Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT, "firstcome-reaper"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .current_dir("/")
        .process_group(0)
        .spawn()
        .context("cannot start /bin/sh")
}

fn name(signal: Signal) -> &'static str {
    if signal == Signal::QUIT {
        "QUIT"
    } else {
        "KILL"
    }
}
