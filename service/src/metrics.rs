//! Numbers for Prometheus.
//!
//! The unit at the end of a histogram's name chooses its buckets, so that replicas can be added up
//! and percentiles are comparable between processes. Names: `<process>_<what>_<unit>`.

mod process;

use std::{sync::OnceLock, time::Duration};

use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// Half a millisecond to half a minute. Dense below 50 ms, where the promised latencies lie, with
/// the promises themselves (15 ms, 50 ms, 2.5 s and 4 s) as bounds.
const SECONDS: [f64; 18] = [
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    4.0, 10.0, 30.0,
];

/// Sizes of groups: a record holds at most 512 purchases, a commit some thousands. Also used for
/// histograms with any other unit, because without buckets they would become summaries.
const COUNTS: [f64; 13] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0,
];

/// Sizes of messages: a record holds at most 64 KiB, a stream accepts 128 KiB.
const BYTES: [f64; 8] = [
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    131_072.0,
    1_048_576.0,
];

/// Samples wait in memory until upkeep sorts them into buckets; at 100,000 a second, five seconds
/// of them are a few megabytes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts recording and returns what `/metrics` renders. All calls in a process share one
/// recorder, because the `metrics` macros write to a global.
///
/// # Errors
///
/// When something else installed another recorder first.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    static INSTALLED: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    INSTALLED
        .get_or_init(|| {
            builder()
                .and_then(PrometheusBuilder::install_recorder)
                .map_err(|error| error.to_string())
        })
        .clone()
        .map_err(anyhow::Error::msg)
}

fn builder() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    let suffix = |unit: &str| Matcher::Suffix(unit.to_owned());
    PrometheusBuilder::new()
        .set_buckets(&COUNTS)?
        .set_buckets_for_metric(suffix("_seconds"), &SECONDS)?
        .set_buckets_for_metric(suffix("_bytes"), &BYTES)
}

/// Says which build of which process this is: `firstcome_build_info{process,version} 1`.
pub fn tell_build(process: &'static str) {
    gauge!("firstcome_build_info", "process" => process, "version" => env!("CARGO_PKG_VERSION"))
        .set(1.0);
}

/// Keeps the recorder tidy and the process's own numbers fresh until `stop`.
pub(crate) async fn upkeep(recorder: PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let recorder = recorder.clone();
        let round = tokio::task::spawn_blocking(move || {
            process::record();
            recorder.run_upkeep();
        });
        // A panic in it is in the log already; the next round tries again.
        let _ = round.await;
    }
}

#[cfg(test)]
mod tests {
    use metrics::histogram;

    use super::*;

    fn when_recording(name: &'static str, value: f64) -> String {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || histogram!(name).record(value));
        handle.render()
    }

    #[test]
    fn the_unit_chooses_the_buckets() {
        let seconds = when_recording("ingress_publish_seconds", 0.004);
        assert!(seconds.contains("ingress_publish_seconds_bucket{le=\"0.003\"} 0"));
        assert!(seconds.contains("ingress_publish_seconds_bucket{le=\"0.005\"} 1"));
        let purchases = when_recording("ingress_record_purchases", 512.0);
        assert!(purchases.contains("ingress_record_purchases_bucket{le=\"512\"} 1"));
        let bytes = when_recording("ingress_record_bytes", 65_536.0);
        assert!(bytes.contains("ingress_record_bytes_bucket{le=\"65536\"} 1"));
    }

    #[test]
    fn nothing_becomes_a_summary() {
        assert!(!when_recording("anything_else", 1.0).contains("quantile"));
    }

    #[test]
    fn several_parts_of_one_process_share_the_recorder() {
        install().unwrap();
        let second = install().unwrap();
        tell_build("test");
        let build = format!(
            "firstcome_build_info{{process=\"test\",version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        );
        assert!(second.render().contains(&build), "{}", second.render());
    }
}
