//! The task that listens to the feed, and reads Postgres whenever the feed does not add up.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_nats::Client;
use futures_util::StreamExt;
use sale::decided::Decided;
use sale::subject::DECIDED_ALL;
use tracing::{info, warn};

use crate::state::Gap;
use crate::{Inner, store};

/// First and longest pause between attempts to reach NATS or Postgres.
const RETRY_FROM: Duration = Duration::from_millis(50);
const RETRY_TO: Duration = Duration::from_secs(2);

/// How often an idle follower looks whether anybody still needs it.
const LOOK_UP: Duration = Duration::from_secs(1);

pub(crate) async fn follow(nats: Client, inner: Weak<Inner>) {
    let mut pause = RETRY_FROM;
    while inner.strong_count() > 0 {
        match follow_until_error(&nats, &inner, &mut pause).await {
            Ok(()) => return,
            Err(error) => warn!(error = %error, "cannot follow the decided feed; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = RETRY_TO.min(pause * 2);
    }
}

async fn follow_until_error(
    nats: &Client,
    inner: &Weak<Inner>,
    pause: &mut Duration,
) -> anyhow::Result<()> {
    let mut messages = nats.subscribe(DECIDED_ALL).await?;
    // Subscribe first, read second. What is decided while the subscription is still on its way
    // shows as a gap at the owner's next message, at most 250 ms later.
    nats.flush().await?;
    let Some(strong) = inner.upgrade() else {
        return Ok(());
    };
    reload(&strong).await?;
    drop(strong);
    *pause = RETRY_FROM;
    loop {
        let message = tokio::time::timeout(LOOK_UP, messages.next()).await;
        let Some(strong) = inner.upgrade() else {
            return Ok(());
        };
        match message {
            Err(_silence) => {}
            Ok(Some(message)) => take(&strong, &message.payload).await?,
            Ok(None) => anyhow::bail!("the subscription to {DECIDED_ALL} ended"),
        }
    }
}

async fn take(inner: &Arc<Inner>, payload: &[u8]) -> anyhow::Result<()> {
    let message: Decided = match serde_json::from_slice(payload) {
        Ok(message) => message,
        Err(error) => {
            warn!(error = %error, "a message of the decided feed cannot be read; ignored");
            return Ok(());
        }
    };
    let (partition, committed_at) = (message.partition, message.committed_at_ms);
    let applied = inner.write().apply(message, Instant::now());
    match applied {
        Ok(resolved) => inner.answer(resolved, committed_at),
        Err(Gap) => {
            metrics::counter!("feed_gaps_total").increment(1);
            info!(%partition, "the decided feed has a gap or a new owner; reading Postgres");
            reload(inner).await?;
        }
    }
    Ok(())
}

async fn reload(inner: &Arc<Inner>) -> anyhow::Result<()> {
    let snapshot = store::snapshot(&inner.pool).await?;
    let resolved = inner.write().merge(snapshot, Instant::now());
    inner.loaded.send_replace(true);
    metrics::counter!("feed_reloads_total").increment(1);
    inner.answer(resolved, None);
    Ok(())
}
