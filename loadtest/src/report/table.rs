//! The table at the end of a crowd's run: what an operator wants at a glance.

use std::fmt;

use super::number::{count, figure, span};
use super::quantiles::Quantiles;
use super::summary;
use crate::run::Run;

/// Shows a run; ends without a line break.
pub(crate) struct Table<'a>(pub(crate) &'a Run);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(run) = self;
        about(f, run)?;
        rates(f, run)?;
        answers(f, run)?;
        latencies(f, run)?;
        honesty(f, run)?;
        claims(f, run)?;
        audit(f, run)?;
        write!(
            f,
            "\n  {}. {}",
            summary::validity(run),
            summary::promises(run)
        )
    }
}

fn about(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    writeln!(f)?;
    row(f, "scenario", run.scenario)?;
    row(f, "target", &run.target)?;
    row(f, "seed", run.seed)?;
    for (name, value) in &run.settings {
        row(f, name, value)?;
    }
    row(f, "took", span(run.took))
}

fn rates(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    let tally = &run.tally;
    writeln!(f, "\n  {:<28} {:>12} {:>12}", "", "in all", "per s")?;
    rate(f, "offered", tally.offered, summary::offered_per_s(run))?;
    let accepted = tally.count(202);
    rate(f, "accepted (202)", accepted, summary::accepted_per_s(run))?;
    match (run.orders, summary::orders_per_s(run)) {
        (Some(orders), Some(per_s)) => rate(f, "orders", orders, per_s),
        _ => row(f, "orders", "not known: there was no database to ask"),
    }?;
    let (won, lost, stock) = (count(tally.won), count(tally.lost), count(run.stock));
    row(
        f,
        "verdicts",
        format!("{won} won, {lost} lost; stock {stock}"),
    )
}

fn rate(f: &mut fmt::Formatter<'_>, name: &str, all: u64, per_s: f64) -> fmt::Result {
    writeln!(f, "  {name:<28} {:>12} {:>12}", count(all), figure(per_s))
}

fn answers(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    let tally = &run.tally;
    write!(f, "\n  {:<28}", "answers")?;
    for (status, answers) in &tally.statuses {
        write!(f, " {status}: {}  ", count(*answers))?;
    }
    writeln!(f)?;
    row(f, "outcome unknown", count(tally.outcome_unknown))?;
    row(f, "without an answer", count(tally.broken))?;
    row(f, "gave up", count(tally.gave_up))
}

fn latencies(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    write!(f, "\n  {:<28}", "milliseconds")?;
    for name in ["p50", "p90", "p99", "p99.9", "max"] {
        write!(f, " {name:>9}")?;
    }
    writeln!(f)?;
    for (name, latencies_us) in [
        ("answer", &run.tally.http_us),
        ("verdict", &run.tally.verdict_us),
        ("generator's lag", &run.tally.lag_us),
    ] {
        quantiles(f, name, Quantiles::of(latencies_us))?;
    }
    Ok(())
}

fn quantiles(f: &mut fmt::Formatter<'_>, name: &str, told: Option<Quantiles>) -> fmt::Result {
    let Some(told) = told else {
        return row(f, name, "none");
    };
    write!(f, "  {name:<28}")?;
    for ms in told.all() {
        write!(f, " {:>9}", figure(ms))?;
    }
    writeln!(f)
}

fn honesty(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    writeln!(f)?;
    row(f, "Retry-After", summary::honesty(&run.tally.retry_after))?;
    let inversion = match summary::inversion_p99_ms(run) {
        Some(ms) => format!("p99 {} ms from the order of arrival", figure(ms)),
        None => "not judged: there was no log to read".to_owned(),
    };
    row(f, "order of the log", inversion)
}

fn claims(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    if run.claims.is_empty() {
        return Ok(());
    }
    writeln!(f)?;
    for claim in &run.claims {
        let holds = if claim.holds { "holds" } else { "BROKEN" };
        let (measured, asked) = (&claim.measured, &claim.asked);
        row(
            f,
            claim.what,
            format!("{measured}, asked for {asked}: {holds}"),
        )?;
    }
    Ok(())
}

fn audit(f: &mut fmt::Formatter<'_>, run: &Run) -> fmt::Result {
    let Some(faults) = summary::faults(run) else {
        return Ok(());
    };
    writeln!(f)?;
    for (what, found) in faults {
        row(f, what, summary::found(found))?;
    }
    summary::not_judged(run).try_for_each(|why| row(f, "not judged", why))
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {name:<28} {value}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::synthetic::given_a_run;
    use crate::run::Claim;

    /// What stands behind the name of a row.
    fn told(run: &Run, name: &str) -> Vec<String> {
        let table = Table(run).to_string();
        let row = table
            .lines()
            .find_map(|line| line.trim().strip_prefix(name));
        let row = row.unwrap_or_else(|| panic!("no row {name:?} in\n{table}"));
        row.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn rates_stand_beside_their_counts() {
        let mut run = given_a_run();
        run.tally.offered = 28_000;
        run.tally.arrived_by = Duration::from_secs(28);
        run.orders = Some(14_000);
        run.tally.told_by = Duration::from_secs(40);
        assert_eq!(told(&run, "offered"), ["28,000", "1,000"]);
        assert_eq!(told(&run, "orders"), ["14,000", "350"]);
    }

    #[test]
    fn answers_are_counted_by_status() {
        let mut run = given_a_run();
        run.tally.statuses = [(202, 12_345), (503, 7)].into();
        assert_eq!(told(&run, "answers"), ["202:", "12,345", "503:", "7"]);
    }

    #[test]
    fn latencies_are_five_figures_or_none() {
        let mut run = given_a_run();
        run.tally.verdict_us.reset();
        run.tally.http_us.reset();
        run.tally.http_us.record(4_000).unwrap();
        assert_eq!(told(&run, "answer  "), ["4.00"; 5]);
        assert_eq!(told(&run, "verdict  "), ["none"]);
    }

    #[test]
    fn claims_say_whether_they_hold() {
        let claim = |what, holds| Claim {
            what,
            measured: "96 %".into(),
            asked: "at least 80 %".into(),
            holds,
        };
        let mut run = given_a_run();
        run.claims = vec![claim("goodput", true), claim("first retries", false)];
        assert_eq!(
            told(&run, "goodput").join(" "),
            "96 %, asked for at least 80 %: holds"
        );
        assert_eq!(told(&run, "first retries").last().unwrap(), "BROKEN");
    }

    #[test]
    fn the_audit_is_told_fault_by_fault_or_not_at_all() {
        let mut run = given_a_run();
        run.audit.as_mut().unwrap().doubled = 3;
        assert_eq!(told(&run, "doubled"), ["3"]);
        run.audit = None;
        assert!(!Table(&run).to_string().contains("doubled"));
    }

    #[test]
    fn what_could_not_be_judged_is_told_with_its_reason() {
        let mut run = given_a_run();
        let findings = run.audit.as_mut().unwrap();
        findings.phantom = None;
        findings.not_judged.insert("no log".to_owned());
        assert_eq!(told(&run, "phantoms"), ["not", "judged"]);
        assert_eq!(told(&run, "not judged"), ["no", "log"]);
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let mut run = given_a_run();
        let last = |run: &Run| Table(run).to_string().lines().last().unwrap().to_owned();
        assert_eq!(last(&run), "  VALID. Every promise held.");
        run.invalid = vec!["the generator was 40 ms late".into()];
        assert_eq!(
            last(&run),
            "  INVALID: the generator was 40 ms late. The audit found nothing wrong."
        );
    }
}
