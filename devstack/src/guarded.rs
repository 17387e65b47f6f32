//! A command that ends by itself, and with us if we end first.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::reaper;

/// A running command and everything it starts, in a process group of its own.
pub struct Guarded {
    child: Child,
    pid: Pid,
    /// Dropped when the command has ended, so that the limit does not strike later.
    alive: Sender<()>,
}

impl Guarded {
    /// Starts the command. After `limit` its whole group is killed.
    pub fn spawn(mut command: Command, limit: Duration) -> Result<Self> {
        let program = command.get_program().display().to_string();
        let child = command.process_group(0).spawn();
        let child = child.with_context(|| format!("cannot run {program}"))?;
        let pid = Pid::from_child(&child);
        reaper::watch(pid, Signal::KILL)?;
        let (alive, ended) = channel();
        std::thread::Builder::new()
            .name("limit".into())
            .spawn(move || {
                if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    crate::say(&format!(
                        "{program} did not end within {limit:?} and is killed"
                    ));
                    // It may have ended in this moment.
                    let _ = kill_process_group(pid, Signal::KILL);
                }
            })?;
        Ok(Self { child, pid, alive })
    }

    /// Its standard output, if that is a pipe and was not taken yet.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Kills it with everything it started.
    pub fn stop(self) -> io::Result<ExitStatus> {
        kill_process_group(self.pid, Signal::KILL)?;
        self.wait()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        drop(self.alive);
        // Without a reaper there is nobody who could mistake the number.
        let _ = reaper::forget(self.pid);
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_killed_with_what_it_started() {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "sleep 1000 & sleep 1000"])
            .stdout(std::process::Stdio::piped());
        let mut hanging = Guarded::spawn(command, Duration::from_millis(50)).expect("a shell");
        let mut output = hanging.output().expect("a pipe");
        // Its end means that both sleepers have let go of it.
        io::copy(&mut output, &mut io::sink()).expect("a pipe");
        assert!(!hanging.wait().expect("a child").success());
    }
}
