//! The figures of `calibrate`.

use std::fmt;

use serde_json::{Map, Value, json};

use super::measurement::{Judgement, Measurement};
use crate::cpu::Seconds;
use crate::figures::{median, per_s, ratio};
use crate::wrk::Counted;

/// Two clients that differ by more do not measure the same thing; less than that is the noise of two runs.
const DIFFERENCE_MAX: f64 = 0.15;

/// One client's.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rate {
    pub(crate) per_s: f64,
    /// Answers that were not expected, and requests without one.
    pub(crate) failed: u64,
    /// Microseconds of processor time for each answer, of the client and of the ingress.
    pub(crate) client_us: f64,
    pub(crate) ingress_us: f64,
}

impl Rate {
    pub(crate) fn of(counted: Counted, before: &Seconds, after: &Seconds) -> Self {
        let used = |wanted: &str| -> f64 {
            let both = before.iter().zip(after);
            let mut named = both.filter(|((name, _), _)| *name == wanted);
            let used = named.next().map(|((_, before), (_, after))| after - before);
            ratio(used.unwrap_or_default() * 1e6, counted.answers as f64)
        };
        Self {
            per_s: per_s(counted.answers, counted.took),
            failed: counted.failed,
            client_us: used("load"),
            ingress_us: used("ingress"),
        }
    }
}

/// Both, one after the other.
#[derive(Clone, Copy, Default)]
pub(crate) struct Compared {
    pub(crate) ours: Rate,
    pub(crate) wrk: Rate,
}

impl Compared {
    /// Ours to wrk's, of the same round: a machine that is slow for a while is so for both.
    fn ratio(&self) -> f64 {
        ratio(self.ours.per_s, self.wrk.per_s)
    }
}

/// A whole run.
pub(crate) struct Report {
    pub(crate) connections: u64,
    pub(crate) seconds: u64,
    /// `POST` of purchases, round by round.
    pub(crate) purchases: Vec<Compared>,
    /// `GET` of a sale.
    pub(crate) reads: Vec<Compared>,
}

impl Report {
    fn failed(&self) -> u64 {
        let all = self.purchases.iter().chain(&self.reads);
        all.map(|one| one.ours.failed + one.wrk.failed).sum()
    }

    fn is_silent(&self) -> bool {
        let mut all = self.purchases.iter().chain(&self.reads);
        !all.all(|one| one.ours.per_s > 0.0 && one.wrk.per_s > 0.0)
    }

    /// Whether the rates are the same but for noise.
    fn agrees(&self) -> bool {
        [&self.purchases, &self.reads]
            .iter()
            .all(|rounds| (of(rounds, Compared::ratio) - 1.0).abs() <= DIFFERENCE_MAX)
    }

    fn lines(&self) -> [(&'static str, &[Compared]); 2] {
        [("purchases", &self.purchases), ("reads", &self.reads)]
    }
}

impl Measurement for Report {
    const SCENARIO: &'static str = "calibrate";

    /// Whether our client can be believed. There is no log here and nothing is sold: nothing to audit.
    fn judgement(&self) -> Judgement {
        let mut judgement = Judgement::default();
        let failed = self.failed();
        judgement.invalid_if(failed > 0, format!("{failed} answers were not expected"));
        judgement.invalid_if(self.is_silent(), "a client had no answers");
        judgement.invalid_if(
            !self.agrees(),
            "the clients DIFFER: the slower one measures itself as well",
        );
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        let told = |(name, rounds): (&str, &[Compared])| {
            let told = json!({
                "ours_per_s": of(rounds, |one| one.ours.per_s),
                "wrk_per_s": of(rounds, |one| one.wrk.per_s),
                "ratio": of(rounds, Compared::ratio),
                "ours_cpu_us": of(rounds, |one| one.ours.client_us),
                "wrk_cpu_us": of(rounds, |one| one.wrk.client_us),
                "ingress_cpu_us": {
                    "ours": of(rounds, |one| one.ours.ingress_us),
                    "wrk": of(rounds, |one| one.wrk.ingress_us),
                },
                "ours_failed": rounds.iter().map(|one| one.ours.failed).sum::<u64>(),
                "wrk_failed": rounds.iter().map(|one| one.wrk.failed).sum::<u64>(),
            });
            (name.to_owned(), told)
        };
        let calibrate = Value::Object(self.lines().map(told).into_iter().collect());
        Map::from_iter([
            ("agrees".to_owned(), self.agrees().into()),
            ("connections".to_owned(), self.connections.into()),
            ("seconds".to_owned(), self.seconds.into()),
            ("rounds".to_owned(), self.purchases.len().into()),
            ("calibrate".to_owned(), calibrate),
        ])
    }
}

fn of(rounds: &[Compared], figure: impl Fn(&Compared) -> f64) -> f64 {
    median(rounds.iter().map(figure))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connections, seconds) = (self.connections, self.seconds);
        let rounds = self.purchases.len();
        writeln!(
            f,
            "\n  {connections} connections, {seconds} s each, medians of {rounds} rounds, an ingress without a log\n"
        )?;
        writeln!(
            f,
            "  {:<12} {:>12} {:>12} {:>8}",
            "", "ours per s", "wrk per s", "ratio"
        )?;
        for (name, rounds) in self.lines() {
            let (ours, wrk) = (
                of(rounds, |one| one.ours.per_s),
                of(rounds, |one| one.wrk.per_s),
            );
            let ratio = of(rounds, Compared::ratio);
            writeln!(f, "  {name:<12} {ours:>12.0} {wrk:>12.0} {ratio:>8.2}")?;
        }
        self.cpu(f)?;
        let percent = DIFFERENCE_MAX * 100.0;
        writeln!(f, "\n  Up to {percent:.0} % is the same.")?;
        write!(f, "{}", self.judgement())
    }
}

impl Report {
    /// What tells more than rates when other work is on the machine.
    fn cpu(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (name, rounds) in self.lines() {
            let (ours, wrk) = (
                of(rounds, |one| one.ours.client_us),
                of(rounds, |one| one.wrk.client_us),
            );
            let (for_ours, for_wrk) = (
                of(rounds, |one| one.ours.ingress_us),
                of(rounds, |one| one.wrk.ingress_us),
            );
            writeln!(
                f,
                "  {name:<12} CPU us each:  ours {ours:.1}, ingress {for_ours:.1};  wrk {wrk:.1}, ingress {for_wrk:.1}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::Verdict;

    fn compared(ours: f64, wrk: f64) -> Compared {
        let rate = |per_s| Rate {
            per_s,
            ..Rate::default()
        };
        Compared {
            ours: rate(ours),
            wrk: rate(wrk),
        }
    }

    fn report(purchases: &[Compared]) -> Report {
        Report {
            connections: 8,
            seconds: 1,
            purchases: purchases.to_vec(),
            reads: vec![compared(10.0, 10.0)],
        }
    }

    #[test]
    fn fifteen_in_a_hundred_is_the_same_and_more_is_not() {
        for (ours, agrees) in [
            (84.0, false),
            (86.0, true),
            (100.0, true),
            (114.0, true),
            (116.0, false),
        ] {
            let mut report = report(&[compared(ours, 100.0)]);
            assert_eq!(report.agrees(), agrees, "{ours}");
            let verdict = if agrees {
                Verdict::Good
            } else {
                Verdict::Invalid
            };
            assert_eq!(report.judgement().verdict(), verdict, "{ours}");
            assert_eq!(report.to_string().contains("DIFFER"), !agrees, "{report}");
            std::mem::swap(&mut report.purchases, &mut report.reads);
            assert_eq!(report.agrees(), agrees, "{ours}, read");
        }
    }

    #[test]
    fn ratios_are_of_rounds_and_one_odd_round_is_not_told() {
        // Given: the machine was ten times as slow in the second round, and met wrk alone in the third.
        let report = report(&[
            compared(100.0, 100.0),
            compared(10.0, 10.0),
            compared(90.0, 9.0),
        ]);
        let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        assert_eq!(told["calibrate"]["purchases"]["ratio"], 1.0);
        assert_eq!(
            (&told["agrees"], &told["valid"]),
            (&true.into(), &true.into())
        );
    }

    #[test]
    fn processor_time_is_told_for_each_answer() {
        let counted = Counted {
            answers: 100_000,
            took: Duration::from_secs(2),
            failed: 1,
        };
        let before = vec![("ingress", 1.0), ("load", 1.0)];
        let after = vec![("ingress", 3.0), ("load", 1.5)];
        let rate = Rate::of(counted, &before, &after);
        assert_eq!((rate.per_s, rate.failed), (50_000.0, 1));
        assert_eq!((rate.client_us, rate.ingress_us), (5.0, 20.0));
    }

    #[test]
    fn a_failed_request_and_silence_are_invalid() {
        let mut refused = compared(100.0, 100.0);
        refused.wrk.failed = 1;
        let silent = compared(0.0, 100.0);
        for (odd, why) in [(refused, "1 answers were not"), (silent, "had no answers")] {
            let report = report(&[odd]);
            assert_eq!(report.judgement().verdict(), Verdict::Invalid);
            assert!(report.to_string().contains(why), "{report}");
        }
        assert!(report(&[compared(100.0, 0.0)]).is_silent());
    }
}
