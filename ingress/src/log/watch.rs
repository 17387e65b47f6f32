//! Looks at every partition's stream once a second: does it still keep what it acknowledges, is
//! there room, and does its server's clock agree with ours.

use std::time::Duration;

use anyhow::{Context as _, bail};
use async_nats::jetstream;
use async_nats::jetstream::context::RequestError;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use sale::{Partition, subject};
use serde::Deserialize;
use service::health::Flag;
use time::OffsetDateTime;
use tracing::warn;

use crate::app::App;

/// How often. A log of the usual size takes minutes to fill its last tenth.
const EVERY: Duration = Duration::from_secs(1);

/// Purchases stop when the log is this full; the rest is for pausing and closing.
const FULL_PERCENT: u64 = 90;

/// Further from the log's server than this, and windows open early or late at this door.
const CLOCK_OFF_MAX: Duration = Duration::from_millis(500);

/// What JetStream says of a stream, as far as we look at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    config: Config,
    state: Size,
    /// The server's clock when it answered.
    #[serde(rename = "ts", with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

#[derive(Debug, Deserialize)]
struct Size {
    bytes: u64,
}

impl Seen {
    /// Asks JetStream. `None` when there is no such stream.
    pub(crate) async fn of(
        jetstream: &jetstream::Context,
        partition: Partition,
    ) -> anyhow::Result<Option<Self>> {
        let name = subject::stream(partition);
        let asked: Result<Response<Self>, RequestError> =
            jetstream.request(format!("STREAM.INFO.{name}"), &()).await;
        match asked.with_context(|| name.clone())? {
            Response::Ok(seen) => Ok(Some(seen)),
            Response::Err { error }
                if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND =>
            {
                Ok(None)
            }
            Response::Err { error } => bail!("{name}: {error}"),
        }
    }

    /// Why an acknowledgement of this stream would not mean "durable".
    pub(crate) fn unfit(&self) -> Option<&'static str> {
        if self.config.storage != StorageType::File {
            Some("it must store in files")
        } else if self.config.discard != DiscardPolicy::New {
            Some("it must discard new messages when full")
        } else if !self.config.max_age.is_zero() {
            Some("it must not delete by age")
        } else {
            None
        }
    }

    /// Whether only commands may be written any more.
    pub(crate) fn is_full(&self) -> bool {
        // Zero and below mean "no limit".
        u64::try_from(self.config.max_bytes)
            .is_ok_and(|max| max > 0 && self.state.bytes >= max / 100 * FULL_PERCENT)
    }

    fn fill_ratio(&self) -> f64 {
        self.state.bytes as f64 / self.config.max_bytes.max(1) as f64
    }
}

/// Keeps looking until the process ends; `clock` is the readiness of our clock.
pub(crate) async fn watch(app: App, clock: Flag) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for (partition, standing) in app.feed.standings() {
            app.admission.observe(partition, &standing);
            if let Err(error) = look(&app, partition, &clock).await {
                // The publisher finds out for itself whether records are still taken.
                warn!(%partition, error = %format!("{error:#}"), "cannot look at the log");
            }
        }
    }
}

async fn look(app: &App, partition: Partition, clock: &Flag) -> anyhow::Result<()> {
    let asked = OffsetDateTime::now_utc();
    let seen = Seen::of(app.publisher.jetstream(), partition).await?;
    let answered = OffsetDateTime::now_utc();
    app.publisher.saw(partition, seen.as_ref());
    if let Some(seen) = seen {
        let label = [("partition", partition.to_string())];
        metrics::gauge!("ingress_log_fill_ratio", &label).set(seen.fill_ratio());
        match clock_off(asked, answered, seen.at) {
            None => clock.ready(),
            Some(off) => clock.unready(format!("off by {off:.1} s from the log's server")),
        }
    }
    Ok(())
}

/// How far our clock is off, in seconds, if it is more than the answer's journey explains.
fn clock_off(
    asked: OffsetDateTime,
    answered: OffsetDateTime,
    theirs: OffsetDateTime,
) -> Option<f64> {
    let off = (theirs - answered).max(asked - theirs);
    metrics::gauge!("ingress_clock_offset_seconds").set(off.as_seconds_f64().max(0.0));
    (off > CLOCK_OFF_MAX).then_some(off.as_seconds_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(100_000 + ms)
    }

    #[test]
    fn a_slow_answer_is_no_sign_of_a_wrong_clock() {
        assert_eq!(clock_off(at(0), at(3_000), at(10)), None);
        assert_eq!(clock_off(at(0), at(3_000), at(2_990)), None);
    }

    #[test]
    fn a_clock_that_is_off_by_more_than_half_a_second_is_told() {
        assert_eq!(clock_off(at(0), at(2), at(502)), None);
        assert_eq!(clock_off(at(0), at(2), at(503)), Some(0.501));
        assert_eq!(clock_off(at(0), at(2), at(-500)), None);
        assert_eq!(clock_off(at(0), at(2), at(-60_000)), Some(60.0));
    }

    fn seen(change: serde_json::Value) -> Seen {
        let mut config = serde_json::json!({
            "name": "SALE_LOG_00", "subjects": [], "retention": "limits", "max_consumers": -1, "max_msgs": -1,
            "max_bytes": 1_000, "max_age": 0, "discard": "new", "storage": "file", "num_replicas": 1,
        });
        if let (Some(config), serde_json::Value::Object(change)) = (config.as_object_mut(), change)
        {
            config.extend(change);
        }
        let seen = serde_json::json!({ "config": config, "state": { "bytes": 899 }, "ts": "2030-01-01T00:00:00.5Z" });
        serde_json::from_value(seen).unwrap()
    }

    #[test]
    fn a_stream_that_may_forget_is_unfit() {
        assert_eq!(seen(serde_json::json!({})).unfit(), None);
        for change in [
            serde_json::json!({ "storage": "memory" }),
            serde_json::json!({ "discard": "old" }),
            serde_json::json!({ "max_age": 3_600_000_000_000_u64 }),
        ] {
            assert!(seen(change.clone()).unfit().is_some(), "{change}");
        }
    }

    #[test]
    fn the_last_tenth_of_a_log_is_for_commands() {
        assert!(!seen(serde_json::json!({})).is_full());
        assert!(seen(serde_json::json!({ "max_bytes": 990 })).is_full());
        assert!(
            !seen(serde_json::json!({ "max_bytes": -1 })).is_full(),
            "no limit"
        );
    }
}
