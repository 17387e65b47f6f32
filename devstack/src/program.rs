//! A program of the stack: how to start it, how to tell that it is ready, and what tests do to it.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tokio::time::{sleep, timeout};

use crate::child::Child;
use crate::client::Http;
use crate::environment::inherited;
use crate::log::Log;
use crate::offspring;
use crate::places::ServerUser;
use crate::wait::until;

/// How long the last lines of a program that has ended may take to be read.
const LAST_WORD: Duration = Duration::from_secs(2);

/// From start to ready. Postgres after a crash and a cold disk are the slow ones.
const START_LIMIT: Duration = Duration::from_secs(60);

/// From the stop signal to the end; longer than any drain a stack configures.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// From the last signal to the end. Postgres waits five seconds itself for a child that does not listen.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Between two looks at `/readyz`.
const READY_EVERY: Duration = Duration::from_millis(20);

/// Lines shown when a program did not do what it should.
const EXPLAINING_LINES: usize = 40;

/// Everything needed to start a program, again and again.
pub(crate) struct Spec {
    /// What people and logs call it.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Its whole environment, apart from the few variables of [`inherited`].
    pub(crate) environment: Vec<(String, String)>,
    /// Another user to run as; only root can.
    pub(crate) user: Option<ServerUser>,
    pub(crate) ready: Ready,
    /// Asks it to stop in order.
    pub(crate) stop_signal: Signal,
    /// Ends it when we are gone and nobody waits for an order any more.
    pub(crate) last_signal: Signal,
    /// Whether it works in child processes of its own, which a pause or a kill must reach too.
    pub(crate) has_offspring: bool,
}

/// How a program tells that it is ready.
pub(crate) enum Ready {
    /// A line with this text.
    Line(&'static str),
    /// `GET /readyz` there answers 200.
    Health(SocketAddr),
}

/// A program, running or not.
pub(crate) struct Program {
    spec: Spec,
    log: Log,
    running: Mutex<Option<Arc<Child>>>,
}

impl Program {
    pub(crate) fn new(spec: Spec, log: Log) -> Self {
        Self {
            spec,
            log,
            running: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The number of the running process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.running()
            .ok()
            .map(|child| child.pid().as_raw_nonzero().get().unsigned_abs())
    }

    /// Starts it and returns once it is ready.
    pub(crate) async fn start(&self) -> Result<()> {
        self.spawn()?;
        self.ready().await
    }

    /// Starts it; returns at once.
    pub(crate) fn spawn(&self) -> Result<()> {
        let Spec {
            name, last_signal, ..
        } = &self.spec;
        ensure!(self.running().is_err(), "{name} is running already");
        self.log.begin_run();
        let child = Child::spawn(&mut self.command(), &self.log, *last_signal)?;
        *self.slot() = Some(Arc::new(child));
        Ok(())
    }

    /// Waits until it is ready; fails when it ends first, or after [`START_LIMIT`].
    pub(crate) async fn ready(&self) -> Result<()> {
        let child = self.running()?;
        let outcome = tokio::select! {
            is_ready = timeout(START_LIMIT, self.says_ready()) => match is_ready {
                Ok(()) => return Ok(()),
                Err(_) => format!("was not ready within {} s", START_LIMIT.as_secs()),
            },
            status = child.ended() => {
                // Its last word is why; a child of its own may hold the pipe open.
                let _ = timeout(LAST_WORD, self.log.complete()).await;
                format!("ended at its start ({})", status?)
            }
        };
        bail!("{}", self.explain(&outcome))
    }

    async fn says_ready(&self) {
        match self.spec.ready {
            Ready::Line(text) => {
                self.line(text).await;
            }
            Ready::Health(addr) => {
                let http = Http::new();
                let url = format!("http://{addr}/readyz");
                while !http
                    .get(&url)
                    .await
                    .is_ok_and(|answer| answer.status == 200)
                {
                    sleep(READY_EVERY).await;
                }
            }
        }
    }

    /// The first line of this run with that text, now or later.
    async fn line(&self, text: &str) -> String {
        let mut written = self.log.written();
        loop {
            if let Some(line) = self.log.find(text) {
                return line;
            }
            if written.changed().await.is_err() {
                // Cannot happen while the log exists; never is the honest answer.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits for a line of the current run; fails after `limit`.
    pub(crate) async fn wait_for_log(&self, text: &str, limit: Duration) -> Result<String> {
        let line = timeout(limit, self.line(text)).await;
        line.map_err(|_| self.failure(&format!("did not log {text:?} within {limit:?}")))
    }

    /// `SIGKILL`, to its children too; returns when all of them are gone.
    pub(crate) async fn kill(&self) -> Result<()> {
        let child = self.running()?;
        self.hold(&child).await?;
        self.signal_offspring(&child, Signal::KILL);
        // While the parent is stopped its dead children stay its own, so that none is overlooked:
        // one that still holds Postgres' shared memory would keep a new server from starting.
        let gone = async || {
            let living = self.spec.has_offspring && !offspring::of(child.pid()).is_empty();
            Ok((!living).then_some(()))
        };
        until("its children end", END_LIMIT, gone).await?;
        child.signal(Signal::KILL);
        child.ended().await?;
        Ok(())
    }

    /// Ends it without an order, blocking; content when nothing runs. Its last signal comes first, with
    /// which it takes its own children along.
    pub(crate) fn end_now(&self) {
        if let Ok(child) = self.running() {
            let _ = self.resume();
            child.signal(self.spec.last_signal);
            if !child.has_ended_within(END_LIMIT) {
                self.kill_family(&child);
                child.has_ended_within(END_LIMIT);
            }
        }
    }

    fn kill_family(&self, child: &Child) {
        // Stopped first, so that it starts no further children meanwhile.
        child.signal(Signal::STOP);
        self.signal_offspring(child, Signal::KILL);
        child.signal(Signal::KILL);
    }

    /// `SIGSTOP`: it is there, holds its connections, and does nothing any more when this returns.
    pub(crate) async fn pause(&self) -> Result<()> {
        let child = self.running()?;
        self.hold(&child).await?;
        self.signal_offspring(&child, Signal::STOP);
        let held = async || {
            let moving = self.spec.has_offspring && !offspring::stands_still(child.pid());
            Ok((!moving).then_some(()))
        };
        until("its children stand still", END_LIMIT, held).await
    }

    /// From here on it does nothing, and starts no further children.
    async fn hold(&self, child: &Child) -> Result<()> {
        child.signal(Signal::STOP);
        let held = async || Ok(child.stands_still().then_some(()));
        until("it stands still", END_LIMIT, held).await
    }

    /// `SIGCONT`.
    pub(crate) fn resume(&self) -> Result<()> {
        let child = self.running()?;
        self.signal_offspring(&child, Signal::CONT);
        child.signal(Signal::CONT);
        Ok(())
    }

    /// Sends the stop signal; returns at once.
    pub(crate) fn ask_to_stop(&self) -> Result<()> {
        self.running()?.signal(self.spec.stop_signal);
        Ok(())
    }

    /// Asks it to stop and waits; kills it and fails after [`STOP_LIMIT`].
    pub(crate) async fn terminate(&self) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait_for_end(STOP_LIMIT).await
    }

    /// Waits for the process to end by itself; kills it and fails after `limit`.
    pub(crate) async fn wait_for_end(&self, limit: Duration) -> Result<ExitStatus> {
        let Some(child) = self.slot().clone() else {
            bail!("{} was never started", self.spec.name)
        };
        let Ok(status) = timeout(limit, child.ended()).await else {
            self.end_now();
            return Err(self.failure(&format!("did not end within {limit:?} and was killed")));
        };
        status
    }

    fn signal_offspring(&self, child: &Child, signal: Signal) {
        if self.spec.has_offspring {
            for pid in offspring::of(child.pid()) {
                // It may have ended by itself since.
                let _ = rustix::process::kill_process(pid, signal);
            }
        }
    }

    fn command(&self) -> Command {
        let spec = &self.spec;
        let mut command = Command::new(&spec.path);
        command.args(&spec.arguments).current_dir("/").env_clear();
        command
            .envs(inherited())
            .envs(spec.environment.iter().cloned());
        if let Some(user) = &spec.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    fn running(&self) -> Result<Arc<Child>> {
        let child = self.slot().clone();
        let running = child.filter(|child| child.status().is_none());
        running.with_context(|| format!("{} is not running", self.spec.name))
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Child>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, outcome: &str) -> anyhow::Error {
        anyhow::Error::msg(self.explain(outcome))
    }

    fn explain(&self, outcome: &str) -> String {
        let lines = self.log.tail(EXPLAINING_LINES);
        format!("{} {outcome}; its last lines:\n{lines}", self.spec.name)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end_now();
    }
}
