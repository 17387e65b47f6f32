//! The crowd as the run sees it: some processes, each with a part of the tickets and an address of its own, since neither
//! files nor ports of one are enough for all.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::watchers::{Heard, Task, Waiting};

/// Half of the files that a process may commonly open.
pub(crate) const WATCHERS_PER_PROCESS: usize = 10_000;

/// Processes full of watchers.
pub(crate) struct Crew(Vec<Worker>);

struct Worker {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Crew {
    /// Starts as many as it takes, with the same number of tickets each.
    pub(crate) async fn start(notifier: SocketAddr, tickets: &[String]) -> Result<Self> {
        let processes = tickets.len().div_ceil(WATCHERS_PER_PROCESS).max(1);
        let parts = tickets.chunks(tickets.len().div_ceil(processes).max(1));
        let starting = parts.enumerate().map(|(index, tickets)| {
            let task = Task {
                notifier,
                from: source(index),
                tickets: tickets.to_vec(),
            };
            Worker::start(task)
        });
        Ok(Self(try_join_all(starting).await?))
    }

    /// Waits until everybody is connected and waits.
    pub(crate) async fn waiting(&mut self) -> Result<Waiting> {
        let parts: Vec<Waiting> = try_join_all(self.0.iter_mut().map(Worker::says)).await?;
        Ok(Waiting {
            connected: parts.iter().map(|part| part.connected).sum(),
            took_ms: parts.iter().map(|part| part.took_ms).max().unwrap_or(0),
        })
    }

    /// Tells that everything is decided; gives what everybody has heard once that is all.
    pub(crate) async fn finish(self) -> Result<Vec<Heard>> {
        let parts = try_join_all(self.0.into_iter().map(Worker::finish)).await?;
        Ok(parts.into_iter().flatten().collect())
    }
}

/// 127.0.0.2 and so on: 127.0.0.1 has the stack's own connections.
fn source(index: usize) -> IpAddr {
    let host = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits().saturating_add(host)).into()
}

impl Worker {
    async fn start(task: Task) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .arg("watchers")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start watchers")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut worker = Self {
            child,
            input: input.context("no standard input")?,
            output: BufReader::new(output.context("no standard output")?).lines(),
        };
        worker.tell(&serde_json::to_string(&task)?).await?;
        Ok(worker)
    }

    async fn tell(&mut self, line: &str) -> Result<()> {
        let told = self.input.write_all(format!("{line}\n").as_bytes()).await;
        told.context("watchers do not listen")
    }

    async fn says<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = self.output.next_line().await?;
        let line = line.context("watchers ended; what they said is above")?;
        Ok(serde_json::from_str(&line)?)
    }

    async fn finish(mut self) -> Result<Vec<Heard>> {
        self.tell("all is decided").await?;
        let heard = self.says().await?;
        let status = self.child.wait().await?;
        ensure!(status.success(), "watchers ended with {status}");
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_comes_from_an_address_of_its_own() {
        let sources = [0, 1, 2].map(|index| source(index).to_string());
        assert_eq!(sources, ["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    }
}
