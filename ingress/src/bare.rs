//! An ingress without a log, to measure what the log costs.
//!
//! It is the same router, with the same sign-in, parsing, limits and batchers; only that a batcher acknowledges
//! its group at once instead of publishing it. Its `202` is worth nothing, so the program `ingress` cannot be told to
//! do this: it takes another program, `examples/bare.rs`.

use std::sync::Arc;

use service::shutdown::Shutdown;

use crate::config::Serve;
use crate::log::Log;

/// Runs it until it is told to stop.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    service::telemetry::init(&config.serving.telemetry);
    let shutdown = Shutdown::on_signals(&config.serving.drain)?;
    tracing::warn!("without a log: what is accepted here is lost");
    crate::run_with(config, shutdown, |_| Log::Nowhere(Arc::default())).await
}
