//! A spike far above the drain, then less than it takes. Does the drain stay busy, does nobody wait longer than
//! promised, and does whoever comes back when told to find room?

use std::time::Duration;

use anyhow::Result;
use devstack::Role;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::figures::ratio;
use crate::run::{Claim, Run, Slice};

/// `QUEUE_WAIT_MAX_MS` as it is unless told otherwise: nobody who is let in shall wait longer.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);

/// A wait is predicted from a drain that is measured: so much may be wrong with it.
const WAIT_TOLERANCE: f64 = 1.1;

/// What the design holds a target to.
const GOODPUT_MIN: f64 = 0.8;
const FIRST_RETRIES_MIN: f64 = 0.95;

/// Goodput is looked at in stretches of so many slices: the verdicts of a record come together.
const STRETCH: usize = 5;

pub(crate) async fn run(config: &config::Overload) -> Result<Run> {
    let drain = config.drain;
    let stages = [
        Stage::constant(config.spike * drain, config.spike_lasts),
        Stage::constant(config.after * drain, config.after_lasts),
    ];
    let arrivals = arrivals::strangers(&stages, config.against.seed);
    let shoppers = arrivals.len().max(1);
    let times = |factor, lasts| format!("{factor} times that for {lasts:?}");
    let limit = format!("{:.0}", drain.max(1.0));
    let plan = Plan {
        scenario: "overload",
        settings: vec![
            ("drain, purchases a second", drain.to_string()),
            ("spike", times(config.spike, config.spike_lasts)),
            ("then", times(config.after, config.after_lasts)),
        ],
        variables: vec![(Role::Allocator, "MAX_DECISIONS_PER_S", limit)],
        sales: 1,
        stock: u32::try_from(shoppers)?,
        unit_limit: 1,
        shoppers: shoppers as u64,
        behaviour: Behaviour::Patient,
        arrivals,
    };
    let mut run = crowd::run(&plan, &config.against).await?;
    run.claims = claims(&run, drain);
    // A target may have been told another limit.
    if config.against.target.is_none() {
        run.backlog_max = Some((drain * QUEUE_WAIT_MAX.as_secs_f64()) as u64);
    }
    Ok(run)
}

fn claims(run: &Run, drain: f64) -> Vec<Claim> {
    let slices = &run.tally.timeline.slices;
    let goodput = least_goodput(slices, run.tally.timeline.width) / drain;
    let retries = &run.tally.retry_after;
    let first = ratio(retries.first_retry_admitted as f64, retries.refusals as f64);
    let verdict_p99 = Duration::from_micros(run.tally.verdict_us.value_at_quantile(0.99));
    let wait_max = QUEUE_WAIT_MAX.mul_f64(WAIT_TOLERANCE);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    vec![
        Claim {
            what: "goodput, in the least 5 s, of the drain",
            measured: percent(goodput),
            asked: format!("at least {}", percent(GOODPUT_MIN)),
            holds: goodput >= GOODPUT_MIN,
        },
        Claim {
            what: "verdict p99 of those let in",
            measured: format!("{} ms", verdict_p99.as_millis()),
            asked: format!("at most {} ms", wait_max.as_millis()),
            holds: verdict_p99 <= wait_max,
        },
        Claim {
            what: "let in at the first retry, of those refused",
            measured: percent(first),
            asked: format!("at least {}", percent(FIRST_RETRIES_MIN)),
            holds: retries.refusals > 0 && first >= FIRST_RETRIES_MIN,
        },
    ]
}

/// Verdicts a second in the worst stretch, for as long as somebody was still let in.
fn least_goodput(slices: &[Slice], width: Duration) -> f64 {
    let busy = slices.iter().rposition(|slice| slice.count(202) > 0);
    let busy = &slices[..busy.map_or(0, |last| last + 1)];
    let goodput = |stretch: &[Slice]| {
        let verdicts: u64 = stretch.iter().map(|slice| slice.won + slice.lost).sum();
        verdicts as f64 / (stretch.len() as f64 * width.as_secs_f64())
    };
    let stretches = busy.windows(STRETCH).map(goodput);
    stretches.reduce(f64::min).unwrap_or_else(|| goodput(busy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(verdicts: &[u64], let_in: &[u64]) -> Vec<Slice> {
        let slice = |(verdicts, let_in): (&u64, &u64)| {
            let mut slice = Slice::empty();
            slice.won = *verdicts;
            slice.statuses.insert(202, *let_in);
            slice
        };
        verdicts.iter().zip(let_in).map(slice).collect()
    }

    #[test]
    fn the_worst_stretch_counts_while_somebody_is_let_in() {
        let second = Duration::from_secs(1);
        let steady = slices(&[100; 8], &[100; 8]);
        assert_eq!(least_goodput(&steady, second), 100.0);
        let idle = slices(&[100, 100, 0, 0, 0, 0, 100, 100], &[100; 8]);
        assert_eq!(least_goodput(&idle, second), 20.0);
        // When the last one has been let in, there is an end to it.
        let over = slices(
            &[100, 100, 100, 100, 100, 0, 0, 0],
            &[1, 1, 1, 1, 1, 0, 0, 0],
        );
        assert_eq!(least_goodput(&over, second), 100.0);
        assert_eq!(least_goodput(&slices(&[50, 50], &[1, 1]), second), 50.0);
    }
}
