//! The figures of `failover`.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::measurement::{Judgement, Measurement};
use super::quantiles::Quantiles;
use crate::books::Audited;
use crate::proof::Replay;

/// What the design holds, and what it reaches for, in milliseconds.
const HOLD_MS: f64 = 4_000.0;
const REACH_MS: f64 = 2_500.0;

/// A whole run.
pub(crate) struct Report {
    /// From each kill to the first decision of the standby.
    pub(crate) took: Vec<Duration>,
    /// What was logged while owners were killed.
    pub(crate) purchases: u64,
    pub(crate) orders: u64,
    pub(crate) replay: Replay,
    pub(crate) audited: Audited,
}

impl Report {
    /// The time that this share of the kills did not exceed, in whole milliseconds.
    fn quantile_ms(&self, share: f64) -> f64 {
        let mut took = self.took.clone();
        took.sort_unstable();
        let rank = (took.len() as f64 * share).ceil() as usize;
        let at = rank.clamp(1, took.len().max(1)) - 1;
        took.get(at).map_or(0, Duration::as_millis) as f64
    }

    /// Of a few kills, so exact.
    fn quantiles(&self) -> Option<Quantiles> {
        (!self.took.is_empty()).then(|| Quantiles {
            p50: self.quantile_ms(0.5),
            p90: self.quantile_ms(0.9),
            p99: self.quantile_ms(0.99),
            p999: self.quantile_ms(0.999),
            max: self.quantile_ms(1.0),
        })
    }
}

impl Measurement for Report {
    const SCENARIO: &'static str = "failover";

    /// Whether every logged purchase became one order, and the log proves them.
    fn judgement(&self) -> Judgement {
        let (orders, purchases) = (self.orders, self.purchases);
        let mut judgement = Judgement::of([&self.audited]);
        judgement.invalid_if(self.took.is_empty(), "nobody was killed");
        let wrong = format!("{orders} orders of {purchases} purchases");
        judgement.broken_if(orders != purchases, wrong);
        judgement.broken_if(!self.replay.agrees, "the replay of the log differs");
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        let mut took_ms = json!(self.quantiles());
        if let Some(took_ms) = took_ms.as_object_mut() {
            took_ms.insert("min".to_owned(), self.quantile_ms(0.0).into());
        }
        let kills = json!({ "kills": self.took.len(), "kill_to_decision_ms": took_ms });
        Map::from_iter([
            ("purchases".to_owned(), self.purchases.into()),
            ("orders".to_owned(), self.orders.into()),
            ("replay_agrees".to_owned(), self.replay.agrees.into()),
            ("failover".to_owned(), kills),
        ])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, p50, p99, max] = [0.0, 0.5, 0.99, 1.0].map(|share| self.quantile_ms(share));
        let held = |limit: f64| if p99 <= limit { "yes" } else { "NO" };
        let (kills, purchases, orders) = (self.took.len(), self.purchases, self.orders);
        let (hold, reach) = (held(HOLD_MS), held(REACH_MS));
        writeln!(
            f,
            "\n  owner killed -9 until the standby decides, {kills} kills\n"
        )?;
        writeln!(
            f,
            "  min {min} ms, p50 {p50} ms, p99 {p99} ms, max {max} ms"
        )?;
        writeln!(
            f,
            "  p99 within {HOLD_MS} ms (hold): {hold}; within {REACH_MS} ms (reach): {reach}"
        )?;
        writeln!(
            f,
            "\n  {purchases} purchases logged meanwhile, {orders} orders"
        )?;
        write!(f, "{}", self.judgement())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Verdict;

    fn report(took_ms: &[u64]) -> Report {
        Report {
            took: took_ms.iter().copied().map(Duration::from_millis).collect(),
            purchases: 100,
            orders: 100,
            replay: Replay {
                agrees: true,
                took: Duration::ZERO,
            },
            audited: Audited::default(),
        }
    }

    #[test]
    fn times_are_ranked() {
        let told = report(&[2_010, 1_900, 3_000]).to_json().unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        let expected = json!({ "min": 1_900.0, "p50": 2_010.0, "p90": 3_000.0, "p99": 3_000.0,
                               "p999": 3_000.0, "max": 3_000.0 });
        assert_eq!(told["failover"]["kill_to_decision_ms"], expected);
    }

    #[test]
    fn what_the_design_holds_is_told_of_the_slowest() {
        let text = report(&[2_000, 3_000]).to_string();
        assert!(text.contains("within 4000 ms (hold): yes"), "{text}");
        assert!(text.contains("within 2500 ms (reach): NO"), "{text}");
    }

    #[test]
    fn a_lost_a_doubled_and_an_unproven_order_each_break_a_promise() {
        assert_eq!(report(&[2_000]).judgement().verdict(), Verdict::Good);
        assert_eq!(report(&[]).judgement().verdict(), Verdict::Invalid);
        for orders in [99, 101] {
            let mut wrong = report(&[2_000]);
            wrong.orders = orders;
            assert_eq!(wrong.judgement().verdict(), Verdict::Broken, "{wrong}");
        }
        let mut unproven = report(&[2_000]);
        unproven.replay.agrees = false;
        assert_eq!(unproven.judgement().verdict(), Verdict::Broken);
        assert!(
            unproven
                .to_string()
                .contains("the replay of the log differs")
        );
    }

    #[test]
    fn a_fault_that_the_audit_found_breaks_a_promise() {
        let mut report = report(&[2_000]);
        report.audited.findings.out_of_order = Some(1);
        assert_eq!(report.judgement().verdict(), Verdict::Broken);
    }
}
