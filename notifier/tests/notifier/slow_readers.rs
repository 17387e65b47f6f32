//! Clients that ask and never read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::Process;
use devstack::client::Event;
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::shop::{SOON, Shop, count};
use crate::wire::{FIN, HANDSHAKE, TEXT, Wire, frame};

const MUTE: usize = 4;

/// What their side of the network holds; the rest waits at the notifier.
const RECEIVE_BUFFER: u32 = 4 * 1024;

/// As many as a connection may ask for.
const TICKETS: usize = 60;

/// Often enough that what is never read piles up, seldom enough to be no flood.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// The notifier grows by some 4 MB here, mostly for the others; by 20 when it keeps what nobody reads.
const MEMORY_MAX: u64 = 12 * 1024 * 1024;

#[tokio::test]
async fn clients_that_never_read_are_closed_and_nobody_else_waits_for_them() -> Result<()> {
    // Given: decided tickets, and clients that ask for them again and again.
    let shop = Shop::open().await?;
    let notifier = shop.stack.notifier(0);
    let tickets = shop.buy_all(TICKETS).await?;
    shop.decided(&tickets).await?;
    let ask = json!({ "watch": tickets }).to_string();
    let is_over = AtomicBool::new(false);
    let before = resident_bytes(notifier)?;

    // When: they never read, and others buy meanwhile.
    let mute = async {
        let mute = try_join_all((0..MUTE).map(|_| ask_and_never_read(notifier, &ask))).await;
        is_over.store(true, Ordering::Relaxed);
        mute
    };
    let buying = async {
        let mut live = shop.live().await?;
        let (mut told, mut slowest, mut most) = (0, Duration::ZERO, before);
        let mut ticks = interval(ASK_EVERY);
        while !is_over.load(Ordering::Relaxed) {
            ticks.tick().await;
            let (asked_at, ticket) = (Instant::now(), shop.buy().await?);
            live.watch(&[&ticket]).await?;
            let result = live.result_of(&ticket).await?;
            anyhow::ensure!(matches!(result, Event::Ticket { .. }), "{result:?}");
            told += 1;
            slowest = slowest.max(asked_at.elapsed());
            most = most.max(resident_bytes(notifier)?);
        }
        Ok((told, slowest, most.saturating_sub(before)))
    };
    let (closed, told) = tokio::join!(mute, buying);

    // Then: they are closed as stalled, others were served all the time, and little was kept.
    closed?;
    let (told, slowest, grown) = told?;
    println!("meanwhile {told} results, the slowest after {slowest:?}; {grown} bytes more");
    assert!(told > 0);
    assert!(grown < MEMORY_MAX, "{grown} bytes more");
    let stalled = count(notifier, r#"notifier_closed_total{why="stalled"}"#).await?;
    assert_eq!(stalled, MUTE as f64);
    shop.stack.stop().await
}

/// Returns when the server has closed, which it must.
async fn ask_and_never_read(notifier: &Process, ask: &str) -> Result<()> {
    let mut wire = Wire::narrow(notifier.addr(), RECEIVE_BUFFER).await?;
    wire.send(HANDSHAKE.as_bytes()).await?;
    let ask = frame(FIN | TEXT, ask.as_bytes());
    let mut ticks = interval(ASK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asking = async {
        while wire.send(&ask).await.is_ok() {
            ticks.tick().await;
        }
    };
    timeout(2 * SOON, asking).await.context("it is not closed")
}

fn resident_bytes(process: &Process) -> Result<u64> {
    let pid = process.pid().context("it does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse::<u64>()? * 1024)
}
