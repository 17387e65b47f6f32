//! Waiting for what shows only when somebody asks: a row, an answer, a file.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Between two looks: short beside anything a test waits for, long beside a query.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see; fails after `limit` with what it was waiting
/// for, and at once when looking fails.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if Instant::now() >= deadline {
            bail!("{what}: not within {limit:?}");
        }
        sleep(LOOK_EVERY).await;
    }
}
