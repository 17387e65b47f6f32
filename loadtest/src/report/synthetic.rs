//! A run that never was, for the tests of what shows runs: 5x of what the target can do for 10 s, then 0.3x.

use std::time::{Duration, UNIX_EPOCH};

use devstack::audit::Findings;

use crate::run::{Answered, Refusal, Resident, RetryAfter, Run, Sample, Tally};

const SECONDS: u64 = 30;
const STOCK: u64 = 20_000;
/// What it decides in a second.
const DRAIN: u64 = 500;

/// Nothing found.
pub(crate) fn clean() -> Findings {
    Findings::default()
}

/// Every fault is 0 and every figure there.
pub(crate) fn given_a_run() -> Run {
    Run {
        scenario: "overload",
        target: "private stack, 2 ingress, 2 allocators".into(),
        seed: 42,
        settings: vec![
            ("shape", "2,500/s for 10 s, then 150/s for 20 s".into()),
            ("drain", "500/s".into()),
        ],
        began: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        took: Duration::from_millis(30_400),
        stock: STOCK,
        tally: tally(),
        tickets: 14_000,
        backlog_max: Some(2_500),
        orders: Some(14_000),
        audit: Some(clean()),
        claims: Vec::new(),
        invalid: Vec::new(),
    }
}

fn tally() -> Tally {
    let mut tally = Tally::of(Duration::from_secs(SECONDS));
    let (mut backlog, mut remaining) = (0, STOCK);
    for second in 0..SECONDS {
        let is_spike = second < 10;
        let offered = if is_spike { 2_500 } else { 150 };
        let accepted = if is_spike {
            DRAIN + 250 * u64::from(backlog < 2_500)
        } else {
            400
        };
        backlog = (backlog + accepted).saturating_sub(DRAIN);
        remaining -= accepted.min(DRAIN);
        arrive(&mut tally, second, offered);
        answer(
            &mut tally,
            second,
            accepted,
            offered.saturating_sub(accepted),
        );
        decide(&mut tally, second, accepted.min(DRAIN), backlog);
        tally.sampled(moment(second, 999), sample(second, backlog, remaining));
    }
    tally.retry_after = RetryAfter {
        refusals: 17_500,
        first_retry_admitted: 17_400,
        admitted: 17_500,
        over_wait_ms: 210_000,
    };
    tally
}

fn moment(second: u64, ms: u64) -> Duration {
    Duration::from_millis(second * 1_000 + ms)
}

/// Evenly spread over the second.
fn spread(second: u64, index: u64, of: u64) -> Duration {
    moment(second, index * 1_000 / of)
}

/// Something like a latency, with a tail, the same at each run.
fn latency_us(middle_us: u64, index: u64) -> u64 {
    let turn = (index * 7_919) % 1_000;
    let tail = if turn > 985 { 12 } else { 1 };
    middle_us * tail / 2 + middle_us * turn / 1_000
}

fn arrive(tally: &mut Tally, second: u64, offered: u64) {
    for index in 0..offered {
        tally.offered(spread(second, index, offered));
    }
}

fn answer(tally: &mut Tally, second: u64, accepted: u64, busy: u64) {
    for index in 0..accepted + busy {
        let at = spread(second, index, accepted + busy);
        let status = if index < accepted { 202 } else { 503 };
        let http_us = latency_us(4_000 + 300 * second.min(10), index);
        tally.answered(&Answered {
            at,
            status,
            http_us,
            lag_us: latency_us(80, index),
        });
        if status != 202 {
            tally.refused(refusal(at, index, status, http_us));
        }
    }
}

pub(crate) fn refusal(at: Duration, shopper: u64, status: u16, http_us: u64) -> Refusal {
    Refusal {
        at,
        shopper,
        sale: 0,
        tries: 1,
        status,
        problem: "busy".into(),
        retry_after_ms: Some(5_200),
        http_us,
    }
}

fn decide(tally: &mut Tally, second: u64, decided: u64, backlog: u64) {
    for index in 0..decided {
        let wait_us = 8_000 + backlog * 1_000_000 / DRAIN;
        let at = spread(second, index, decided);
        tally.told(at, index % 10 != 0, latency_us(wait_us, index));
    }
}

fn sample(second: u64, backlog: u64, remaining: u64) -> Sample {
    let resident = ["ingress-0", "allocator-0", "notifier-0", "nats-server"].map(|process| {
        let base = 20 + 9 * process.len() as u64;
        Resident {
            process: process.to_owned(),
            bytes: (base + second / 3) << 20,
        }
    });
    Sample {
        backlog: Some(backlog),
        remaining: Some(remaining),
        resident: resident.to_vec(),
    }
}
