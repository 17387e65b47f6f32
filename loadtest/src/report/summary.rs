//! What every report of a crowd's run tells, worked out once.

use std::time::Duration;

use devstack::audit::Findings;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::number::{count, figure, percent};
use crate::figures::ratio;
use crate::run::{RetryAfter, Run, Verdict};

/// A crowd that is there at once has come within a second: no rate is told of less.
const ARRIVAL_MIN: Duration = Duration::from_secs(1);

/// Shoppers a second, over the time in which they arrived.
pub(crate) fn offered_per_s(run: &Run) -> f64 {
    let took = run.tally.arrived_by.max(ARRIVAL_MIN);
    ratio(run.tally.offered as f64, took.as_secs_f64())
}

/// `202`s a second, until the last of them.
pub(crate) fn accepted_per_s(run: &Run) -> f64 {
    let accepted = run.tally.count(202);
    ratio(accepted as f64, run.tally.accepted_by.as_secs_f64())
}

/// Orders a second, until the last verdict; unknown without a database, or when nobody had one.
pub(crate) fn orders_per_s(run: &Run) -> Option<f64> {
    let (orders, took) = (run.orders?, run.tally.told_by);
    (orders == 0 || !took.is_zero()).then(|| ratio(orders as f64, took.as_secs_f64()))
}

/// How much later than told those were let in who were, on average; nothing of nobody.
pub(crate) fn mean_over_wait_ms(retry_after: &RetryAfter) -> Option<f64> {
    let admitted = retry_after.admitted;
    (admitted > 0).then(|| retry_after.over_wait_ms as f64 / admitted as f64)
}

/// When it began, in UTC.
pub(crate) fn began(run: &Run) -> String {
    let whole = OffsetDateTime::from(run.began).truncate_to_second();
    whole.format(&Rfc3339).unwrap_or_default()
}

/// What the auditor counted, fault by fault, `None` where it could not judge; nothing when nobody judged at all.
pub(crate) fn faults(run: &Run) -> Option<Vec<(&'static str, Option<u64>)>> {
    run.audit.as_ref().map(counted)
}

/// The same of what an audit found.
pub(crate) fn counted(findings: &Findings) -> Vec<(&'static str, Option<u64>)> {
    let counted = |found: Option<usize>| found.map(|found| found as u64);
    let faults = findings.faults();
    faults.map(|(what, found)| (what, counted(found))).to_vec()
}

/// By how much the log's order differs from that of arrival, 99th percentile; unknown without the log.
pub(crate) fn inversion_p99_ms(run: &Run) -> Option<f64> {
    let inversions = run.audit.as_ref()?.inversion_ms.as_ref()?;
    Some(inversions.quantile_ms(0.99) as f64)
}

/// What the auditor could not judge, a sentence each.
pub(crate) fn not_judged(run: &Run) -> impl Iterator<Item = &str> {
    let findings = run.audit.iter();
    let reasons = findings.flat_map(|findings| &findings.not_judged);
    reasons.map(String::as_str)
}

/// So many, or that nobody could judge.
pub(crate) fn found(found: Option<u64>) -> String {
    found.map_or("not judged".to_owned(), count)
}

/// Whether the words of refusals were honest, in a sentence.
pub(crate) fn honesty(retry_after: &RetryAfter) -> String {
    let RetryAfter {
        refusals,
        first_retry_admitted,
        ..
    } = retry_after;
    if *refusals == 0 {
        return "nobody was told to come back".to_owned();
    }
    let share = percent(*first_retry_admitted, *refusals);
    let (refusals, admitted) = (count(*refusals), count(*first_retry_admitted));
    let over = mean_over_wait_ms(retry_after).map_or(String::new(), |ms| {
        format!("; let in {} ms later than told, on average", figure(ms))
    });
    format!("{refusals} told to come back, {admitted} ({share}) let in at that time{over}")
}

/// Whether the figures mean something, in a sentence.
pub(crate) fn validity(run: &Run) -> String {
    worth(&run.invalid)
}

/// The same of reasons why figures mean nothing.
pub(crate) fn worth(invalid: &[String]) -> String {
    match invalid {
        [] => "VALID".to_owned(),
        reasons => format!("INVALID: {}", reasons.join("; ")),
    }
}

/// Whether the target did as it should, in a sentence.
pub(crate) fn promises(run: &Run) -> String {
    let broken = broken(run);
    if !broken.is_empty() {
        return format!("Broken promises: {}.", broken.join("; "));
    }
    let is_invalid = run.verdict() == Verdict::Invalid;
    match run.audit.as_ref().map(Findings::is_whole) {
        None => "Not audited: there was no database to ask.",
        Some(_) if is_invalid => "The audit found nothing wrong.",
        Some(true) => "Every promise held.",
        Some(false) => "Every promise held that could be judged.",
    }
    .to_owned()
}

/// Every fault that was found, and every claim that does not hold.
fn broken(run: &Run) -> Vec<String> {
    let faults = run.audit.iter().flat_map(broken_by);
    let claims = run.claims.iter().filter(|claim| !claim.holds);
    let claims = claims.map(|claim| {
        let (what, measured, asked) = (claim.what, &claim.measured, &claim.asked);
        format!("{what}: {measured}, asked for {asked}")
    });
    faults.chain(claims).collect()
}

/// Every fault that an audit found.
pub(crate) fn broken_by(findings: &Findings) -> Vec<String> {
    let faults = counted(findings).into_iter();
    let broken = faults.filter_map(|(what, found)| match found {
        Some(found) if found > 0 => Some(format!("{what}: {}", count(found))),
        _ => None,
    });
    broken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic::{clean, given_a_run};
    use crate::run::{Answered, Claim, Tally};

    #[test]
    fn rates_are_over_the_time_they_took() {
        let mut run = given_a_run();
        run.tally = Tally::of(Duration::from_secs(10));
        run.tally.offered = 1_000;
        run.tally.arrived_by = Duration::from_secs(4);
        run.tally.statuses.insert(202, 899);
        for (second, status) in [(9, 202), (20, 409)] {
            run.tally.answered(&Answered {
                at: Duration::from_secs(second),
                status,
                http_us: 1_000,
                lag_us: 0,
            });
        }
        run.orders = Some(600);
        // Whoever waits for nothing stays until the end, which is no part of any rate.
        run.took = Duration::from_secs(60);
        assert_eq!(offered_per_s(&run), 250.0);
        assert_eq!(accepted_per_s(&run), 100.0);
        assert_eq!(orders_per_s(&run), None);
        for at in [12, 3] {
            run.tally.told(Duration::from_secs(at), true, 1_000);
        }
        assert_eq!(orders_per_s(&run), Some(50.0));
    }

    #[test]
    fn a_crowd_that_is_there_at_once_came_within_a_second() {
        let mut run = given_a_run();
        run.tally.offered = 500;
        run.tally.arrived_by = Duration::ZERO;
        assert_eq!(offered_per_s(&run), 500.0);
    }

    #[test]
    fn a_refusal_is_honest_when_its_time_was_right() {
        let retry_after = RetryAfter {
            refusals: 2_000,
            first_retry_admitted: 1_980,
            admitted: 2_000,
            over_wait_ms: 24_000,
        };
        assert_eq!(
            honesty(&retry_after),
            "2,000 told to come back, 1,980 (99.0 %) let in at that time; let in 12.0 ms later than told, on average"
        );
        assert_eq!(
            honesty(&RetryAfter::default()),
            "nobody was told to come back"
        );
    }

    #[test]
    fn a_broken_promise_is_told_also_of_an_invalid_run() {
        let mut run = given_a_run();
        assert_eq!(promises(&run), "Every promise held.");
        run.invalid = vec!["late".into(), "no room".into()];
        assert_eq!(validity(&run), "INVALID: late; no room");
        assert_eq!(promises(&run), "The audit found nothing wrong.");

        let mut findings = clean();
        findings.oversold = 3;
        run.audit = Some(findings);
        assert_eq!(promises(&run), "Broken promises: oversold: 3.");
        run.audit = None;
        assert_eq!(promises(&run), "Not audited: there was no database to ask.");
    }

    #[test]
    fn what_was_not_judged_is_not_told_as_held() {
        let mut run = given_a_run();
        let mut findings = clean();
        findings.not_judged.insert("no log: phantoms".to_owned());
        findings.phantom = None;
        run.audit = Some(findings);
        assert_eq!(promises(&run), "Every promise held that could be judged.");
        assert!(not_judged(&run).eq(["no log: phantoms"]));
        let faults = faults(&run).unwrap();
        let found: Vec<String> = faults.iter().map(|(_, count)| found(*count)).collect();
        assert!(found.contains(&"not judged".to_owned()), "{found:?}");
    }

    #[test]
    fn a_claim_that_does_not_hold_is_told_with_what_was_asked() {
        let mut run = given_a_run();
        run.claims = vec![Claim {
            what: "goodput, of the drain",
            measured: "61 %".into(),
            asked: "at least 80 %".into(),
            holds: false,
        }];
        assert_eq!(
            promises(&run),
            "Broken promises: goodput, of the drain: 61 %, asked for at least 80 %."
        );
    }

    #[test]
    fn the_begin_is_told_in_utc() {
        let mut run = given_a_run();
        run.began = std::time::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        assert_eq!(began(&run), "2023-11-14T22:13:20Z");
    }
}
