//! One process of a stack, as tests see it.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Result;

use crate::client::Http;
use crate::log::Log;
use crate::ports::PortLease;
use crate::program::Program;
use crate::wait::until;

/// The feed tells of a new sale in milliseconds.
const KNOWN_WITHIN: Duration = Duration::from_secs(10);

/// An ingress, allocator or notifier. It keeps its ports over restarts.
pub struct Process {
    pub(crate) program: Program,
    /// Where it serves its clients; an allocator has none and shows its health port instead.
    pub(crate) service: PortLease,
    pub(crate) health: PortLease,
}

impl Process {
    /// Such as `ingress-0`.
    pub fn name(&self) -> &str {
        self.program.name()
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// A notifier's `ws://127.0.0.1:<port>/v1/live`.
    pub fn live_url(&self) -> String {
        format!("ws://{}/v1/live", self.addr())
    }

    /// Where it serves its clients. An allocator serves none: nothing listens there.
    pub fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// `http://127.0.0.1:<port>` of `/livez`, `/readyz` and `/metrics`.
    pub fn health_url(&self) -> String {
        format!("http://{}", self.health.addr())
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.program.pid()
    }

    /// Waits until this ingress answers for the sale.
    pub async fn knows(&self, sale: &str) -> Result<()> {
        let (http, url) = (Http::new(), format!("{}/v1/sales/{sale}", self.url()));
        until("the sale is known", KNOWN_WITHIN, async || {
            Ok((http.get(&url).await?.status == 200).then_some(()))
        })
        .await
    }

    /// Everything it wrote lately.
    pub fn log(&self) -> &Log {
        self.program.log()
    }

    /// Starts it after [`Process::kill`] or [`Process::terminate`]; returns when it is ready.
    pub async fn start(&self) -> Result<()> {
        self.program.start().await
    }

    /// Starts it and returns at once, for tests in which it cannot become ready.
    pub fn spawn(&self) -> Result<()> {
        self.program.spawn()
    }

    /// Waits until it is ready.
    pub async fn ready(&self) -> Result<()> {
        self.program.ready().await
    }

    /// `SIGKILL`; returns when it is gone.
    pub async fn kill(&self) -> Result<()> {
        self.program.kill().await
    }

    /// `SIGSTOP`; returns when it stands still.
    pub async fn pause(&self) -> Result<()> {
        self.program.pause().await
    }

    /// `SIGCONT`.
    pub fn resume(&self) -> Result<()> {
        self.program.resume()
    }

    /// `SIGTERM`; returns at once.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.program.ask_to_stop()
    }

    /// `SIGTERM`, and the exit status after its drain.
    pub async fn terminate(&self) -> Result<ExitStatus> {
        self.program.terminate().await
    }

    /// Waits for it to end by itself.
    pub async fn wait_for_end(&self, limit: Duration) -> Result<ExitStatus> {
        self.program.wait_for_end(limit).await
    }

    /// [`Process::terminate`], then [`Process::start`].
    pub async fn restart(&self) -> Result<()> {
        self.program.terminate().await?;
        self.program.start().await
    }

    /// Whether the current run has logged this text.
    pub fn log_contains(&self, text: &str) -> bool {
        self.program.log().find(text).is_some()
    }

    /// Waits for a line of the current run.
    pub async fn wait_for_log(&self, text: &str, limit: Duration) -> Result<String> {
        self.program.wait_for_log(text, limit).await
    }
}
