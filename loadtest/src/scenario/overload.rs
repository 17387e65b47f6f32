//! A spike far above the drain, then less than it takes. Does the drain stay busy, does nobody wait longer than
//! promised, and does whoever comes back when told to find room?

use std::time::Duration;

use anyhow::Result;
use devstack::Role;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::figures::ratio;
use crate::run::{Claim, Run, Slice, Tally, Timeline};

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
    let arrivals = arrivals::strangers(&stages, config.against.seed)?;
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
        variables: vec![
            (Role::Allocator, "MAX_DECISIONS_PER_S", limit),
            (
                Role::Ingress,
                "QUEUE_WAIT_MAX_MS",
                config.wait_max_ms.to_string(),
            ),
        ],
        sales: 1,
        stock: u32::try_from(shoppers)?,
        unit_limit: 1,
        shoppers: shoppers as u64,
        behaviour: Behaviour::Patient,
        arrivals,
    };
    let wait_max = Duration::from_millis(config.wait_max_ms);
    let mut run = crowd::run(&plan, &config.against).await?;
    run.backlog_max = Some((drain * wait_max.as_secs_f64()) as u64);
    if run.tally.retry_after.refusals == 0 {
        run.invalid
            .push("it was no overload: nobody was told to come back".to_owned());
    }
    if run.tally.gave_up > 0 {
        run.invalid.push(format!(
            "{} shoppers went home before they were let in: the spike was too long for their patience",
            run.tally.gave_up
        ));
    }
    let turned_away = run.tally.count(409);
    if turned_away > 0 {
        run.invalid.push(format!(
            "{turned_away} purchases were turned away for good: it needs a sale in which all can buy"
        ));
    }
    run.claims = claims(&run.tally, drain, wait_max);
    Ok(run)
}

fn claims(tally: &Tally, drain: f64, wait_max: Duration) -> Vec<Claim> {
    let Timeline { slices, width } = &tally.timeline;
    let goodput = least_goodput(slices, *width, drain) / drain;
    let retries = &tally.retry_after;
    let first = ratio(retries.first_retry_admitted as f64, retries.refusals as f64);
    let verdict_p99 = Duration::from_micros(tally.verdict_us.value_at_quantile(0.99));
    let wait_max = wait_max.mul_f64(WAIT_TOLERANCE);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    vec![
        Claim {
            what: "goodput in the worst stretch, of the drain",
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
            holds: first >= FIRST_RETRIES_MIN,
        },
    ]
}

/// Verdicts a second in the worst stretch, for as long as there was work: more shoppers than the drain takes in a second
/// had come and had no verdict yet, be it that they queued or that they were told to come back.
fn least_goodput(slices: &[Slice], width: Duration, drain: f64) -> f64 {
    let work = slices.iter().scan(0_i64, |waiting, slice| {
        *waiting += slice.offered as i64 - (slice.won + slice.lost) as i64;
        Some(*waiting as f64 > drain)
    });
    let busy = work.take_while(|is_busy| *is_busy).count();
    let goodput = |stretch: &[Slice]| {
        let verdicts: u64 = stretch.iter().map(|slice| slice.won + slice.lost).sum();
        ratio(verdicts as f64, stretch.len() as f64 * width.as_secs_f64())
    };
    let stretches = slices[..busy].windows(STRETCH).map(goodput);
    stretches
        .reduce(f64::min)
        .unwrap_or_else(|| goodput(&slices[..busy]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Answered;

    const SECOND: Duration = Duration::from_secs(1);

    /// So many come, and so many are told, in each second.
    fn slices(offered: &[u64], told: &[u64]) -> Vec<Slice> {
        let slice = |(offered, told): (&u64, &u64)| {
            let mut slice = Slice::empty();
            (slice.offered, slice.won) = (*offered, *told);
            slice
        };
        offered.iter().zip(told).map(slice).collect()
    }

    #[test]
    fn the_worst_stretch_counts_while_there_is_work() {
        let spike = [500, 500, 0, 0, 0, 0, 0, 0, 0, 0];
        let steady = slices(&spike, &[100; 10]);
        assert_eq!(least_goodput(&steady, SECOND, 100.0), 100.0);
        let idle = slices(&spike, &[100, 100, 0, 0, 0, 0, 100, 100, 100, 100]);
        assert_eq!(least_goodput(&idle, SECOND, 100.0), 20.0);
    }

    #[test]
    fn a_drain_without_work_is_not_blamed() {
        let offered = [500, 30, 30, 30, 30, 30, 30, 30, 30, 30];
        let over = slices(&offered, &[100, 100, 100, 100, 100, 100, 30, 30, 30, 30]);
        assert_eq!(least_goodput(&over, SECOND, 100.0), 100.0);
        assert_eq!(least_goodput(&[], SECOND, 100.0), 0.0);
    }

    fn tally(verdict_ms: u64, first_retries: u64) -> Tally {
        let mut tally = Tally::of(10 * SECOND);
        for second in 0..10 {
            let at = SECOND * second;
            for _ in 0..if second < 2 { 500 } else { 0 } {
                tally.offered(at);
            }
            for _ in 0..100 {
                let (status, http_us, lag_us) = (202, 1_000, 0);
                tally.answered(&Answered {
                    at,
                    status,
                    http_us,
                    lag_us,
                });
                tally.told(at, true, verdict_ms * 1_000);
            }
        }
        tally.retry_after.refusals = 100;
        tally.retry_after.first_retry_admitted = first_retries;
        tally
    }

    fn holds(tally: &Tally, drain: f64) -> Vec<bool> {
        let claims = claims(tally, drain, 5 * SECOND);
        claims.iter().map(|claim| claim.holds).collect()
    }

    #[test]
    fn every_claim_can_be_broken_by_itself() {
        assert_eq!(holds(&tally(5_000, 95), 100.0), [true, true, true]);
        assert_eq!(holds(&tally(5_000, 95), 130.0), [false, true, true]);
        assert_eq!(holds(&tally(6_000, 95), 100.0), [true, false, true]);
        assert_eq!(holds(&tally(5_000, 94), 100.0), [true, true, false]);
    }
}
