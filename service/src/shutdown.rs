//! Stopping in order.
//!
//! | stage | starts | what happens |
//! |---|---|---|
//! | stopping | first SIGTERM or SIGINT, or a part that failed | `/readyz` answers 503 `draining` |
//! | draining | `DRAIN_DELAY_MS` later | listeners close, workers take no new work |
//! | closing | all tracked work is done, or `DRAIN_S` later | feeds and clients close, the process ends |
//!
//! A second signal ends the process at once: nothing here is needed for correctness, since every
//! process may be killed at any time.

use std::{
    fmt,
    future::Future,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::config::Drain;

/// Shells and supervisors read `128 + n` as "ended by signal n".
const EXIT_BY_SIGNAL: i32 = 128;

/// One process's way to stop. Clones share the same stages.
#[derive(Clone)]
pub struct Shutdown(Arc<Stages>);

struct Stages {
    drain: Drain,
    stopping: CancellationToken,
    draining: CancellationToken,
    closing: CancellationToken,
    work: TaskTracker,
    failure: Mutex<Option<anyhow::Error>>,
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::begin`] starts; tests use it.
    pub fn new(drain: &Drain) -> Self {
        Self(Arc::new(Stages {
            drain: drain.clone(),
            stopping: CancellationToken::new(),
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            work: TaskTracker::new(),
            failure: Mutex::new(None),
        }))
    }

    /// A shutdown that the first SIGTERM or SIGINT starts, while the second ends the process with
    /// 143 or 130. Must be called inside a tokio runtime.
    pub fn on_signals(drain: &Drain) -> io::Result<Self> {
        let shutdown = Self::new(drain);
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(shutdown.clone().obey(terminate, interrupt));
        Ok(shutdown)
    }

    async fn obey(self, mut terminate: Signal, mut interrupt: Signal) {
        let first = next_signal(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = first.as_raw_value(), "asked to stop");
        self.begin();
        let second = next_signal(&mut terminate, &mut interrupt).await;
        tracing::warn!(
            signal = second.as_raw_value(),
            "asked again: stopping at once"
        );
        std::process::exit(exit_code(second));
    }

    /// Starts stopping; more calls change nothing.
    pub fn begin(&self) {
        self.0.stopping.cancel();
    }

    /// Starts stopping because a part of the process cannot go on; [`Shutdown::finish`] returns
    /// the first such error.
    pub fn fail(&self, error: anyhow::Error) {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        drop(failure);
        self.begin();
    }

    /// Cancelled when stopping begins. Wrap slow start-up steps in its `run_until_cancelled`, so
    /// that a process still waiting for its servers can be stopped too.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Cancelled when new work is to be refused.
    pub fn draining(&self) -> CancellationToken {
        self.0.draining.clone()
    }

    /// Cancelled when all work is done or out of time: what the work needed may close now.
    pub fn closing(&self) -> CancellationToken {
        self.0.closing.clone()
    }

    /// Tracks work that the drain waits for, above all live WebSockets, which outlive the HTTP
    /// connection they began on.
    pub fn work(&self) -> &TaskTracker {
        &self.0.work
    }

    /// Runs a part of the process that the drain waits for and that the process cannot do without:
    /// an error or a panic in it stops the process.
    pub fn spawn<F>(&self, part: &'static str, work: F) -> JoinHandle<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = self.clone();
        self.0.work.spawn(async move {
            // A task of its own, so that a panic arrives here as an error.
            let outcome = match tokio::spawn(work).await {
                Ok(outcome) => outcome,
                Err(panic) => Err(panic.into()),
            };
            if let Err(error) = outcome.with_context(|| format!("{part} failed")) {
                shutdown.fail(error);
            }
        })
    }

    /// Waits until stopping begins and leads through the stages. When it returns, the caller
    /// closes its clients and ends. An error is the failure that began the stop.
    pub async fn finish(&self) -> anyhow::Result<()> {
        let stages = &self.0;
        stages.stopping.cancelled().await;
        sleep(stages.drain.delay()).await;
        stages.draining.cancel();
        stages.work.close();
        if timeout(stages.drain.limit(), stages.work.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                drain.limit_s = stages.drain.drain_s,
                drain.left = stages.work.len(),
                "work was cut off: it took longer than the drain may"
            );
        }
        stages.closing.cancel();
        let failure = stages.failure.lock();
        match failure.unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("stopping", &self.0.stopping.is_cancelled())
            .field("draining", &self.0.draining.is_cancelled())
            .field("closing", &self.0.closing.is_cancelled())
            .field("work", &self.0.work.len())
            .finish()
    }
}

async fn next_signal(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}

fn exit_code(signal: SignalKind) -> i32 {
    EXIT_BY_SIGNAL + signal.as_raw_value()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    fn given_a_drain(drain_s: u64, drain_delay_ms: u64) -> Shutdown {
        Shutdown::new(&Drain {
            drain_s,
            drain_delay_ms,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_stages_follow_each_other() {
        let shutdown = given_a_drain(10, 3_000);
        let started = Instant::now();
        let (draining, closing) = (shutdown.draining(), shutdown.closing());
        shutdown.work().spawn({
            let (draining, closing) = (draining.clone(), closing.clone());
            async move {
                draining.cancelled().await;
                assert_eq!(started.elapsed(), Duration::from_secs(3));
                sleep(Duration::from_secs(4)).await;
                assert!(!closing.is_cancelled(), "closed under work");
            }
        });

        shutdown.begin();
        assert!(shutdown.stopping().is_cancelled() && !draining.is_cancelled());
        shutdown.finish().await.unwrap();
        assert!(closing.is_cancelled());
        assert_eq!(started.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_cut_off() {
        let shutdown = given_a_drain(10, 0);
        let started = Instant::now();
        shutdown.work().spawn(std::future::pending::<()>());
        shutdown.begin();
        shutdown.finish().await.unwrap();
        assert_eq!(started.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_part_that_fails_stops_the_process_and_names_itself() {
        let shutdown = given_a_drain(1, 0);
        shutdown.spawn("feed", async { anyhow::bail!("no servers") });
        let error = shutdown.finish().await.unwrap_err();
        assert_eq!(format!("{error:#}"), "feed failed: no servers");
    }

    #[tokio::test]
    async fn a_part_that_panics_stops_the_process() {
        let shutdown = given_a_drain(1, 0);
        shutdown.spawn("feed", async { panic!("a bug") });
        let error = shutdown.finish().await.unwrap_err();
        assert!(format!("{error:#}").contains("a bug"), "{error:#}");
    }

    #[test]
    fn a_second_signal_exits_as_if_killed_by_it() {
        assert_eq!(exit_code(SignalKind::terminate()), 143);
        assert_eq!(exit_code(SignalKind::interrupt()), 130);
    }
}
