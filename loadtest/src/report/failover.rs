//! The figures of `failover`.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::proof::Replay;

/// What the design holds, and what it reaches for, in milliseconds.
const HOLD_MS: u128 = 4_000;
const REACH_MS: u128 = 2_500;

/// A whole run.
pub(crate) struct Report {
    /// From each kill to the first decision of the standby.
    pub(crate) took: Vec<Duration>,
    /// What was logged while owners were killed.
    pub(crate) purchases: u64,
    pub(crate) orders: u64,
    pub(crate) replay: Replay,
}

impl Report {
    /// Whether every logged purchase became one order, and the log proves them.
    pub(crate) fn is_valid(&self) -> bool {
        !self.took.is_empty() && self.orders == self.purchases && self.replay.agrees
    }

    /// The time that this share of the kills did not exceed.
    fn quantile_ms(&self, share: f64) -> u128 {
        let mut took = self.took.clone();
        took.sort_unstable();
        let rank = (took.len() as f64 * share).ceil() as usize;
        let at = rank.clamp(1, took.len().max(1)) - 1;
        took.get(at).map_or(0, Duration::as_millis)
    }

    /// The figures for programs; their names stay.
    pub(crate) fn to_json(&self) -> Result<String> {
        let [min, p50, p99, max] = [0.0, 0.5, 0.99, 1.0].map(|share| self.quantile_ms(share));
        let told = json!({
            "scenario": "failover",
            "valid": self.is_valid(),
            "purchases": self.purchases,
            "orders": self.orders,
            "replay_agrees": self.replay.agrees,
            "failover": {
                "kills": self.took.len(),
                "kill_to_decision_ms": { "min": min, "p50": p50, "p99": p99, "max": max },
            },
        });
        Ok(format!("{told:#}\n"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, p50, p99, max] = [0.0, 0.5, 0.99, 1.0].map(|share| self.quantile_ms(share));
        let held = |limit: u128| if p99 <= limit { "yes" } else { "NO" };
        let (kills, purchases, orders) = (self.took.len(), self.purchases, self.orders);
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
            "  p99 within {HOLD_MS} ms (hold): {}; within {REACH_MS} ms (reach): {}",
            held(HOLD_MS),
            held(REACH_MS)
        )?;
        let verdict = match self.is_valid() {
            true => "Nothing is missing, and the log proves the orders.",
            false => {
                "INVALID: orders that are missing or too many, or that the log does not prove."
            }
        };
        write!(
            f,
            "\n  {purchases} purchases logged meanwhile, {orders} orders. {verdict}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn report(took_ms: &[u64]) -> Report {
        Report {
            took: took_ms.iter().copied().map(Duration::from_millis).collect(),
            purchases: 100,
            orders: 100,
            replay: Replay {
                agrees: true,
                took: Duration::ZERO,
            },
        }
    }

    #[test]
    fn times_are_ranked() {
        let told = report(&[2_010, 1_900, 3_000]).to_json().unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        let expected = json!({ "min": 1_900, "p50": 2_010, "p99": 3_000, "max": 3_000 });
        assert_eq!(told["failover"]["kill_to_decision_ms"], expected);
    }

    #[test]
    fn what_the_design_holds_is_told_of_the_slowest() {
        let text = report(&[2_000, 3_000]).to_string();
        assert!(text.contains("within 4000 ms (hold): yes"), "{text}");
        assert!(text.contains("within 2500 ms (reach): NO"), "{text}");
    }

    #[test]
    fn a_lost_a_doubled_and_an_unproven_order_are_each_invalid() {
        assert!(report(&[2_000]).is_valid());
        assert!(!report(&[]).is_valid());
        for orders in [99, 101] {
            let mut wrong = report(&[2_000]);
            wrong.orders = orders;
            assert!(!wrong.is_valid(), "{wrong}");
        }
        let mut unproven = report(&[2_000]);
        unproven.replay.agrees = false;
        assert!(!unproven.is_valid() && unproven.to_string().contains("INVALID"));
    }
}
