//! What a test may do to a server.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Result;

use crate::program::Program;

/// One of the two servers. A restarted one has the same port and the same data.
pub struct ServerProcess(Program);

impl ServerProcess {
    pub(super) fn new(program: Program) -> Self {
        Self(program)
    }

    pub(super) async fn start(&self) -> Result<()> {
        self.0.start().await
    }

    /// Stops it in order.
    pub async fn stop(&self) -> Result<ExitStatus> {
        self.0.terminate().await
    }

    /// `SIGKILL`; returns when it is gone. Postgres' child processes go with it, as in a power cut.
    pub async fn kill(&self) -> Result<()> {
        self.0.kill().await
    }

    /// `SIGSTOP`: connections stay open and nothing answers any more when this returns.
    pub async fn pause(&self) -> Result<()> {
        self.0.pause().await
    }

    /// `SIGCONT`.
    pub fn resume(&self) -> Result<()> {
        self.0.resume()
    }

    /// Starts it again after [`ServerProcess::stop`] or [`ServerProcess::kill`]; kills it first if it
    /// runs. Returns when it is ready.
    pub async fn restart(&self) -> Result<()> {
        self.0.end_now();
        self.0.start().await
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.0.pid()
    }

    /// Whether the current run has logged this text.
    pub fn log_contains(&self, text: &str) -> bool {
        self.0.log().find(text).is_some()
    }

    /// Waits for a line of the current run.
    pub async fn wait_for_log(&self, text: &str, limit: Duration) -> Result<String> {
        self.0.wait_for_log(text, limit).await
    }
}
