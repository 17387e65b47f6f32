//! How fast a run goes: what came between two looks at it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::number::{count, figure};
use crate::report::quantiles::Quantiles;
use crate::run::{Sample, Slice, Tally};

/// Answers that are told of even when there are none.
const ALWAYS_TOLD: [u16; 4] = [202, 409, 429, 503];

/// Counts at a look.
#[derive(Clone, Default)]
pub(super) struct Seen {
    at: Duration,
    offered: u64,
    statuses: BTreeMap<u16, u64>,
    verdicts: u64,
}

impl Seen {
    pub(super) fn of(at: Duration, tally: &Tally) -> Self {
        Self {
            at,
            offered: tally.offered,
            statuses: tally.statuses.clone(),
            verdicts: tally.won + tally.lost,
        }
    }
}

/// Rates a second and latencies since the look before, and where the target stands.
pub(crate) struct Pace {
    offered: f64,
    statuses: Vec<(u16, f64)>,
    verdicts: f64,
    http_ms: Option<Quantiles>,
    verdict_ms: Option<Quantiles>,
    lag_us: u64,
    sample: Sample,
    outcome_unknown: u64,
    broken: u64,
}

impl Pace {
    /// Of [`Pace::lines`].
    pub(super) const LINES: usize = 3;

    /// Nothing when no time has passed.
    pub(super) fn between(before: &Seen, now: &Seen, tally: &Tally) -> Option<Self> {
        let took = now
            .at
            .checked_sub(before.at)
            .filter(|took| !took.is_zero())?;
        let per_s = |before: u64, now: u64| (now - before) as f64 / took.as_secs_f64();
        let answered = |seen: &Seen, status| seen.statuses.get(&status).copied().unwrap_or(0);
        let mut told: Vec<u16> = ALWAYS_TOLD.to_vec();
        told.extend(
            now.statuses
                .keys()
                .filter(|status| !ALWAYS_TOLD.contains(status)),
        );
        let slices = slices(before.at, tally);
        Some(Self {
            offered: per_s(before.offered, now.offered),
            statuses: told
                .into_iter()
                .map(|status| {
                    (
                        status,
                        per_s(answered(before, status), answered(now, status)),
                    )
                })
                .collect(),
            verdicts: per_s(before.verdicts, now.verdicts),
            http_ms: together(slices, |slice| &slice.http_us),
            verdict_ms: together(slices, |slice| &slice.verdict_us),
            lag_us: slices.iter().map(|slice| slice.lag_us).max().unwrap_or(0),
            sample: last_sample(tally),
            outcome_unknown: tally.outcome_unknown,
            broken: tally.broken,
        })
    }

    pub(super) fn lines(&self) -> [String; Self::LINES] {
        [self.rates(), self.standing(), self.latencies()]
    }

    fn rates(&self) -> String {
        let answers = self.statuses.iter();
        let answers = answers.map(|(status, per_s)| format!("{status}: {}", figure(*per_s)));
        let (offered, verdicts) = (figure(self.offered), figure(self.verdicts));
        let answers = answers.collect::<Vec<_>>().join(", ");
        format!("per second offered {offered}, {answers}, verdicts {verdicts}")
    }

    fn standing(&self) -> String {
        let known = |figure: Option<u64>| figure.map_or("?".to_owned(), count);
        let queue = known(self.sample.backlog);
        let stock = known(self.sample.remaining);
        let (unknown, broken) = (count(self.outcome_unknown), count(self.broken));
        let lag = figure(self.lag_us as f64 / 1_000.0);
        format!(
            "queue {queue}, stock {stock}, unknown {unknown}, unanswered {broken}, lag {lag} ms"
        )
    }

    fn latencies(&self) -> String {
        let told = |told: &Option<Quantiles>| {
            told.map_or("none".to_owned(), |told| {
                format!("p50 {} p99 {} ms", figure(told.p50), figure(told.p99))
            })
        };
        let (answer, verdict) = (told(&self.http_ms), told(&self.verdict_ms));
        format!("answer {answer}, verdict {verdict}")
    }
}

/// From the one in which the last look was on.
fn slices(from: Duration, tally: &Tally) -> &[Slice] {
    let timeline = &tally.timeline;
    let first = (from.as_secs_f64() / timeline.width.as_secs_f64()) as usize;
    timeline.slices.get(first..).unwrap_or_default()
}

fn together(slices: &[Slice], which: fn(&Slice) -> &Histogram<u64>) -> Option<Quantiles> {
    let (first, others) = slices.split_first()?;
    let mut sum = which(first).clone();
    for slice in others {
        // All have the same bounds, so that none is refused.
        sum.add(which(slice)).ok()?;
    }
    Quantiles::of(&sum)
}

/// Each figure as it was last known.
fn last_sample(tally: &Tally) -> Sample {
    let samples = || {
        tally
            .timeline
            .slices
            .iter()
            .rev()
            .map(|slice| &slice.sample)
    };
    Sample {
        backlog: samples().find_map(|sample| sample.backlog),
        remaining: samples().find_map(|sample| sample.remaining),
        resident: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Answered;

    fn answer(tally: &mut Tally, at_s: u64, status: u16, http_us: u64) {
        tally.answered(&Answered {
            at: Duration::from_secs(at_s),
            status,
            http_us,
            lag_us: 250,
        });
    }

    fn pace(before: &Seen, at_s: u64, tally: &Tally) -> Pace {
        let now = Seen::of(Duration::from_secs(at_s), tally);
        Pace::between(before, &now, tally).unwrap()
    }

    #[test]
    fn rates_are_of_what_came_since_the_look_before() {
        let mut tally = Tally::of(Duration::from_secs(10));
        for _ in 0..100 {
            answer(&mut tally, 0, 202, 1_000);
        }
        let before = Seen::of(Duration::from_secs(1), &tally);
        for _ in 0..8 {
            tally.offered(Duration::from_secs(2));
            answer(&mut tally, 2, 202, 1_000);
        }
        answer(&mut tally, 2, 500, 1_000);
        tally.told(Duration::from_secs(2), true, 9_000);
        assert_eq!(
            pace(&before, 3, &tally).rates(),
            "per second offered 4.00, 202: 4.00, 409: 0, 429: 0, 503: 0, 500: 0.50, verdicts 0.50"
        );
    }

    #[test]
    fn latencies_are_those_since_the_look_before() {
        let mut tally = Tally::of(Duration::from_secs(10));
        answer(&mut tally, 0, 202, 900_000);
        let before = Seen::of(Duration::from_secs(1), &tally);
        answer(&mut tally, 1, 202, 4_000);
        answer(&mut tally, 2, 202, 4_000);
        assert_eq!(
            pace(&before, 3, &tally).latencies(),
            "answer p50 4.01 p99 4.01 ms, verdict none"
        );
    }

    #[test]
    fn what_the_target_does_not_say_is_not_told_as_nothing() {
        let mut tally = Tally::of(Duration::from_secs(10));
        let sample = Sample {
            backlog: Some(1_234),
            ..Sample::default()
        };
        tally.sampled(Duration::from_secs(1), sample);
        answer(&mut tally, 2, 202, 4_000);
        let told = pace(&Seen::default(), 3, &tally).standing();
        assert_eq!(
            told,
            "queue 1,234, stock ?, unknown 0, unanswered 0, lag 0.25 ms"
        );
    }

    #[test]
    fn no_time_has_no_rate() {
        let tally = Tally::of(Duration::from_secs(10));
        assert!(Pace::between(&Seen::default(), &Seen::default(), &tally).is_none());
    }
}
