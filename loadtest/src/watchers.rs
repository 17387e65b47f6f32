//! The process behind a part of the crowd: WebSockets that wait, each for the result of one ticket. It reads its task as
//! a line of JSON, says in a line when everybody waits, and what everybody heard once it is told that all is decided.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use devstack::open_files;
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::socket::{Socket, connect};

/// Handshakes at a time.
const ARRIVING_AT_ONCE: usize = 64;

/// What is not there so long after everything was decided never comes.
const RESULTS_WITHIN: Duration = Duration::from_secs(15);

/// How long everybody listens on after the last result: what comes twice comes then.
const LISTEN_ON: Duration = Duration::from_secs(1);

/// What a process of watchers is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) notifier: SocketAddr,
    /// Where they come from. Each address has ports for 28,000.
    pub(crate) from: IpAddr,
    pub(crate) tickets: Vec<String>,
}

/// Everybody has heard that their ticket is queued.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) connected: usize,
    pub(crate) took_ms: u64,
}

/// What one of them heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) ticket: String,
    pub(crate) won: bool,
    /// Why not, if it was said.
    pub(crate) reason: Option<String>,
    /// When the result came first, in microseconds since 1970.
    pub(crate) at_us: Option<i64>,
    /// How often it came.
    pub(crate) times: u64,
    /// What ended the connection before everything was over.
    pub(crate) broken: Option<String>,
}

pub(crate) async fn work() -> Result<()> {
    open_files::raise();
    let mut told = told();
    let task = told.recv().await.context("nothing to do")?;
    let mut crowd = Crowd::arrive(serde_json::from_str(&task)?).await?;
    println!("{}", serde_json::to_string(&crowd.waiting)?);
    let heard = crowd.listen(&mut told).await?;
    println!("{}", serde_json::to_string(&heard)?);
    Ok(())
}

/// Lines of the standard input. A thread reads them, for it cannot be interrupted and would hold the runtime's end up.
fn told() -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    told
}

struct Crowd {
    watchers: JoinSet<Heard>,
    waiting: Waiting,
    /// One for each that has its result.
    results: mpsc::Receiver<()>,
    over: watch::Sender<bool>,
}

impl Crowd {
    /// Everybody connects and asks; comes back when all wait.
    async fn arrive(task: Task) -> Result<Self> {
        let count = task.tickets.len();
        let (began, doors) = (Instant::now(), Arc::new(Semaphore::new(ARRIVING_AT_ONCE)));
        let (to, from) = (task.notifier, task.from);
        let mut arriving = JoinSet::new();
        for ticket in task.tickets {
            let doors = doors.clone();
            arriving.spawn(async move {
                let _door = doors.acquire_owned().await?;
                Watcher::arrive(to, from, ticket).await
            });
        }
        let mut watchers = Vec::with_capacity(count);
        while let Some(arrived) = arriving.join_next().await {
            watchers.push(arrived??);
        }
        let waiting = Waiting {
            connected: watchers.len(),
            took_ms: began.elapsed().as_millis() as u64,
        };
        Ok(Self::of(watchers, waiting))
    }

    fn of(arrived: Vec<Watcher>, waiting: Waiting) -> Self {
        let over = watch::Sender::new(false);
        let (tell, results) = mpsc::channel(arrived.len().max(1));
        let mut watchers = JoinSet::new();
        for watcher in arrived {
            watchers.spawn(watcher.listen(tell.clone(), over.subscribe()));
        }
        Self {
            watchers,
            waiting,
            results,
            over,
        }
    }

    /// Until all is decided, everybody has a result or it is too late, and nothing more comes.
    async fn listen(&mut self, told: &mut mpsc::Receiver<String>) -> Result<Vec<Heard>> {
        let mut missing = self.waiting.connected;
        let all = async {
            while missing > 0 && self.results.recv().await.is_some() {
                missing -= 1;
            }
        };
        let mut is_told = false;
        let limit = async {
            // Or the run has ended without a word.
            told.recv().await;
            is_told = true;
            tokio::time::sleep(RESULTS_WITHIN).await;
        };
        tokio::select! {
            () = all => {}
            () = limit => {}
        }
        if !is_told {
            told.recv().await;
        }
        tokio::time::sleep(LISTEN_ON).await;
        self.over.send_replace(true);
        let mut heard = Vec::with_capacity(self.waiting.connected);
        while let Some(one) = self.watchers.join_next().await {
            heard.push(one?);
        }
        Ok(heard)
    }
}

/// One connection.
struct Watcher {
    socket: Socket,
    ticket: String,
}

/// What matters of a message.
#[derive(Deserialize)]
struct Said<'a> {
    r#type: &'a str,
    state: Option<&'a str>,
    reason: Option<&'a str>,
}

/// What a message says of a ticket.
#[derive(Debug, PartialEq)]
struct Stands {
    state: String,
    reason: Option<String>,
}

impl Watcher {
    /// Connects, asks, and hears that the ticket is queued.
    async fn arrive(to: SocketAddr, from: IpAddr, ticket: String) -> Result<Self> {
        let mut socket = connect(&format!("ws://{to}/v1/live"), to, Some(from)).await?;
        let asked = json!({ "watch": [ticket] }).to_string();
        socket.send(Message::text(asked)).await?;
        let queued = async {
            loop {
                let message = socket.next().await.context("closed at once")??;
                match stands(&message)? {
                    Some(ticket) if ticket.state == "queued" => return Ok(()),
                    Some(ticket) => bail!("a ticket is {} before it can be", ticket.state),
                    None => {}
                }
            }
        };
        let queued = timeout(RESULTS_WITHIN, queued).await;
        queued.context("no word about a ticket")??;
        Ok(Self { socket, ticket })
    }

    async fn listen(mut self, tell: mpsc::Sender<()>, mut over: watch::Receiver<bool>) -> Heard {
        let mut heard = Heard {
            ticket: std::mem::take(&mut self.ticket),
            ..Heard::default()
        };
        tokio::select! {
            broken = self.hear(&mut heard, tell) => heard.broken = broken.err().map(|error| format!("{error:#}")),
            _ = over.wait_for(|over| *over) => {}
        }
        heard
    }

    /// Writes down every result; ends only when the connection does.
    async fn hear(&mut self, heard: &mut Heard, tell: mpsc::Sender<()>) -> Result<()> {
        loop {
            let message = self.socket.next().await.context("closed")??;
            let Some(ticket) = stands(&message)?.filter(|ticket| ticket.state != "queued") else {
                continue;
            };
            heard.times += 1;
            if heard.times == 1 {
                heard.at_us = Some(now_us()?);
                heard.won = ticket.state == "won";
                heard.reason = ticket.reason;
                tell.send(()).await?;
            }
        }
    }
}

/// What a message says of the ticket; there is only one here.
fn stands(message: &Message) -> Result<Option<Stands>> {
    let Message::Text(text) = message else {
        return Ok(None);
    };
    let said: Said<'_> = serde_json::from_str(text)?;
    match (said.r#type, said.state) {
        ("ticket", Some(state)) => Ok(Some(Stands {
            state: state.to_owned(),
            reason: said.reason.map(str::to_owned),
        })),
        ("refused", _) => bail!("refused: {text}"),
        _ => Ok(None),
    }
}

fn now_us() -> Result<i64> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since_1970.as_micros())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_about_tickets_has_a_state() {
        let said = |text: &str| stands(&Message::text(text)).unwrap();
        let state = |text: &str| said(text).map(|ticket| ticket.state);
        let won = r#"{"type":"ticket","ticket":"t","state":"won","replay":false}"#;
        assert_eq!(state(won).as_deref(), Some("won"));
        assert_eq!(state(r#"{"type":"hello","server_time":"now"}"#), None);
        assert_eq!(state(r#"{"type":"sale","id":"s","state":"active"}"#), None);
        let refused = r#"{"type":"refused","what":"t","problem":"bad-ticket"}"#;
        assert!(stands(&Message::text(refused)).is_err());
        assert_eq!(stands(&Message::Ping("".into())).unwrap(), None);
        let lost = r#"{"type":"ticket","ticket":"t","state":"lost","reason":"sold-out"}"#;
        assert_eq!(said(lost).unwrap().reason.as_deref(), Some("sold-out"));
    }
}
