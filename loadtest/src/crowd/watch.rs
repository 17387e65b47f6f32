//! What the target says of itself meanwhile: once a second, over the same API as everybody.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Scene;
use crate::report::Progress;
use crate::run::Sample;

const EVERY: Duration = Duration::from_secs(1);

/// Shows how it goes, until it is over.
pub(super) async fn watch(scene: Arc<Scene>, mut progress: Progress, over: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while over.run_until_cancelled(ticks.tick()).await.is_some() {
        let Some(sample) = over.run_until_cancelled(sample(&scene)).await else {
            break;
        };
        scene.notes.sampled(sample);
        let pace = progress.look(scene.notes.at(Instant::now()), &scene.notes.tally());
        // Shoppers are counted meanwhile, however long a terminal takes.
        progress.show(pace);
    }
    progress.end();
}

async fn sample(scene: &Scene) -> Sample {
    Sample {
        // A target that does not answer shows as a hole in the chart.
        backlog: scene.target.backlog().await.ok().flatten(),
        remaining: remaining(scene).await,
        resident: scene.target.resident(),
    }
}

async fn remaining(scene: &Scene) -> Option<u64> {
    let mut remaining = 0;
    for sale in &scene.sales {
        remaining += scene.target.sale(0, &sale.id).await.ok()??.remaining;
    }
    Some(remaining)
}
