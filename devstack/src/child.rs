//! One child process, from its start to its end.

use std::os::unix::process::CommandExt;
use std::process::{Child as StdChild, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::sync::watch;

use crate::log::Log;
use crate::reaper;

/// A started process. It is waited for by a thread, so that it never stays a zombie and its end can
/// be awaited from any runtime.
pub(crate) struct Child {
    pid: Pid,
    /// `None` once the process was waited for: then its number means nothing any more.
    process: Arc<Mutex<Option<StdChild>>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    /// Its sender is dropped when the process has ended; for callers that cannot await.
    gone: Mutex<Receiver<()>>,
}

impl Child {
    /// Starts the command in a process group of its own (a terminal's Ctrl-C is for us, we stop
    /// things in order) with its output going to `log`. The reaper ends it with `last_signal`.
    pub(crate) fn spawn(command: &mut Command, log: &Log, last_signal: Signal) -> Result<Self> {
        let program = command.get_program().display().to_string();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let pid = Pid::from_child(&process);
        reaper::watch(pid, last_signal)?;
        if let Some(pipe) = process.stdout.take() {
            log.follow(pipe)?;
        }
        if let Some(pipe) = process.stderr.take() {
            log.follow(pipe)?;
        }
        let process = Arc::new(Mutex::new(Some(process)));
        let (tell, ended) = watch::channel(None);
        let waited = process.clone();
        let (alive, gone) = channel();
        std::thread::Builder::new()
            .name("wait".into())
            .spawn(move || {
                wait_for(pid, &waited, &tell);
                drop(alive);
            })?;
        Ok(Self {
            pid,
            process,
            ended,
            gone: Mutex::new(gone),
        })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends the signal; says whether the process was still there.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        // The lock holds off the waiter, so the number cannot be reused in between.
        let process = lock(&self.process);
        process.is_some() && rustix::process::kill_process(self.pid, signal).is_ok()
    }

    /// Whether every thread of it stands still, after `SIGSTOP`, or it has ended. A signal returns long before:
    /// on a busy machine the others go on until the thread that takes it gets its turn.
    pub(crate) fn stands_still(&self) -> bool {
        let options = WaitIdOptions::STOPPED
            | WaitIdOptions::EXITED
            | WaitIdOptions::NOWAIT
            | WaitIdOptions::NOHANG;
        let process = lock(&self.process);
        process.is_none()
            || rustix::process::waitid(WaitId::Pid(self.pid), options)
                .is_ok_and(|status| status.is_some())
    }

    /// `None` while it runs.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Waits for the end of the process.
    pub(crate) async fn ended(&self) -> Result<ExitStatus> {
        let mut ended = self.ended.clone();
        let status = ended
            .wait_for(Option::is_some)
            .await
            .context("the waiting thread is gone")?;
        status.context("the process has no exit status")
    }

    /// Blocks until the process has ended; `false` when it has not within `limit`.
    pub(crate) fn has_ended_within(&self, limit: Duration) -> bool {
        lock(&self.gone).recv_timeout(limit) == Err(RecvTimeoutError::Disconnected)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Waits without reaping first, so that signals and the reaper are told before the number is free.
fn wait_for(pid: Pid, process: &Mutex<Option<StdChild>>, tell: &watch::Sender<Option<ExitStatus>>) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while rustix::process::waitid(WaitId::Pid(pid), options)
        .is_err_and(|error| error == Errno::INTR)
    {}
    let mut process = lock(process);
    // Without a reaper there is nobody who could mistake the number.
    let _ = reaper::forget(pid);
    let status = process.take().and_then(|mut child| child.wait().ok());
    drop(process);
    tell.send_replace(status);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
