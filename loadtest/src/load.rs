//! A closed loop: every connection sends its next request as soon as the last one is answered.
//!
//! Each processor has a thread and a runtime of its own with its part of the connections: a runtime that moves tasks
//! between threads wakes the other one for nearly every answer, which costs what the ingress could have used.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::stream::{FuturesUnordered, StreamExt};
use hdrhistogram::Histogram;
use tokio::runtime;
use tokio::sync::{Barrier, oneshot};
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::shoppers::Purchases;

/// Answers of up to a minute, in microseconds, to three digits.
const LONGEST_US: u64 = 60_000_000;

/// More than one processor answers in a second, load included; shoppers and stock are made for so many.
const PURCHASES_PER_CPU_S: u64 = 100_000;

/// The most units a sale may have.
const STOCK_MAX: u64 = 10_000_000;

/// As many purchases as can never be answered in so many seconds.
pub(crate) fn purchases_max(seconds: u64) -> u64 {
    (seconds * cpus() * PURCHASES_PER_CPU_S).min(STOCK_MAX)
}

/// What is sent.
pub(crate) enum Requests {
    Purchases(Purchases),
    /// One request again and again.
    Same(Vec<u8>),
}

impl Requests {
    /// The next one, which may be written into `buffer`; none when every shopper has bought what they may.
    fn next<'a>(&'a self, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Self::Purchases(purchases) => purchases.next(buffer),
            Self::Same(request) => Some(request),
        }
    }
}

/// What came back.
pub(crate) struct Answers {
    /// The first request.
    pub(crate) began: Instant,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// How many of each status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Microseconds from each request to its answer.
    pub(crate) latency_us: Histogram<u64>,
}

/// One connection's answers: statuses, each with its microseconds.
pub(crate) type Heard = Vec<(u16, u32)>;

/// Sends requests for so long, over connections that are all open before the first request.
pub(crate) async fn closed_loop(
    door: SocketAddr,
    requests: Requests,
    connections: u64,
    lasts: Duration,
) -> Result<Answers> {
    let client = Client {
        door,
        requests: Arc::new(requests),
        start: Arc::new(Barrier::new(connections as usize + 1)),
        lasts,
    };
    let parts = parts(connections, cpus()).into_iter().map(|connections| {
        let client = client.clone();
        part(move || client.run(connections))
    });
    let (began, heard) = heard(&client.start, parts.collect()).await?;
    Answers::of(began, began.elapsed(), &heard)
}

/// What came back to a part of the connections; an error of the receiver when the part died without a word.
type Part = oneshot::Receiver<Result<Vec<Heard>>>;

/// Runs it on a thread of its own.
fn part(run: impl FnOnce() -> Result<Vec<Heard>> + Send + 'static) -> Part {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || tell.send(run()));
    told
}

/// Starts all parts at once; when that was, and what all of them heard.
async fn heard(
    start: &Barrier,
    mut parts: FuturesUnordered<Part>,
) -> Result<(Instant, Vec<Heard>)> {
    let gone = "a part of the load is gone";
    // A part that ends before the start never comes to it: then there is none.
    tokio::select! {
        _ = start.wait() => {}
        Some(ended) = parts.next() => {
            ended.context(gone)??;
            bail!(gone);
        }
    }
    let (began, mut heard) = (Instant::now(), Vec::new());
    while let Some(part) = parts.next().await {
        heard.extend(part.context(gone)??);
    }
    Ok((began, heard))
}

fn cpus() -> u64 {
    std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64)
}

/// So many connections in parts that differ by one at most, none of them empty.
fn parts(connections: u64, count: u64) -> Vec<u64> {
    let count = count.min(connections);
    let part = |index| connections / count + u64::from(index < connections % count);
    (0..count).map(part).collect()
}

/// What all connections have in common.
#[derive(Clone)]
struct Client {
    door: SocketAddr,
    requests: Arc<Requests>,
    start: Arc<Barrier>,
    lasts: Duration,
}

impl Client {
    /// So many connections, on this thread.
    fn run(&self, connections: u64) -> Result<Vec<Heard>> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..connections {
                tasks.spawn(self.clone().connection());
            }
            let mut heard = Vec::new();
            while let Some(connection) = tasks.join_next().await {
                heard.push(connection??);
            }
            Ok(heard)
        })
    }

    async fn connection(self) -> Result<Heard> {
        let connection = Connection::open(self.door).await?;
        self.start.wait().await;
        send_until(Instant::now() + self.lasts, connection, &self.requests).await
    }
}

async fn send_until(
    end: Instant,
    mut connection: Connection,
    requests: &Requests,
) -> Result<Heard> {
    let (mut heard, mut buffer) = (Heard::new(), Vec::new());
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(heard);
        }
        let request = requests.next(&mut buffer).context(
            "every shopper has bought what they may: this machine is faster than was reckoned with",
        )?;
        let status = connection.send(request).await?;
        let latency_us = u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX);
        heard.push((status, latency_us));
    }
}

impl Answers {
    pub(crate) fn of(began: Instant, took: Duration, heard: &[Heard]) -> Result<Self> {
        let mut answers = Self {
            began,
            took,
            statuses: BTreeMap::new(),
            latency_us: Histogram::new_with_bounds(1, LONGEST_US, 3)?,
        };
        for (status, latency_us) in heard.iter().flatten() {
            *answers.statuses.entry(*status).or_default() += 1;
            answers.latency_us.saturating_record(u64::from(*latency_us));
        }
        Ok(answers)
    }

    /// How many there were with this status.
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_thread_and_no_thread_is_idle() {
        assert_eq!(parts(512, 2), [256, 256]);
        assert_eq!(parts(8, 3), [3, 3, 2]);
        assert_eq!(parts(1, 64), [1]);
    }

    #[tokio::test]
    async fn a_part_that_dies_ends_the_run_before_and_after_the_start() {
        // Nobody else comes to this start: without a word of the dead part it would be waited for without end.
        let never = Barrier::new(2);
        let dies = || part(|| panic!("on purpose"));
        let error = heard(&never, [dies()].into_iter().collect()).await;
        assert!(format!("{:#}", error.unwrap_err()).contains("is gone"));

        let at_once = Barrier::new(1);
        let parts = [part(|| Ok(vec![vec![(202, 1)]])), dies()];
        let error = heard(&at_once, parts.into_iter().collect()).await;
        assert!(format!("{:#}", error.unwrap_err()).contains("is gone"));
    }

    #[tokio::test]
    async fn a_part_that_fails_says_why() {
        let never = Barrier::new(2);
        let fails = part(|| bail!("refused"));
        let error = heard(&never, [fails].into_iter().collect()).await;
        assert_eq!(error.unwrap_err().to_string(), "refused");
    }

    #[test]
    fn answers_of_all_connections_are_counted() {
        let heard = [vec![(202, 1_000), (503, 2_000)], vec![], vec![(202, 3_000)]];
        let answers = Answers::of(Instant::now(), Duration::from_secs(1), &heard).unwrap();
        assert_eq!(answers.statuses, BTreeMap::from([(202, 2), (503, 1)]));
        assert_eq!((answers.count(202), answers.count(409)), (2, 0));
        assert!(
            answers
                .latency_us
                .equivalent(answers.latency_us.value_at_quantile(0.5), 2_000)
        );
    }
}
