//! What the attempts were answered.

use super::attempt::{Outcome, Verdict};
use super::findings::Findings;
use super::history::History;

pub(super) fn count(history: &History, findings: &mut Findings) {
    for attempt in &history.attempts {
        match &attempt.outcome {
            Outcome::Refused(problem) => *findings.refused.entry(problem.clone()).or_default() += 1,
            Outcome::Unknown(_) => findings.unknown += 1,
            Outcome::Accepted { .. } => findings.accepted += 1,
        }
    }
    for accepted in history.accepted() {
        match accepted.verdict() {
            Some(Verdict::Won(_)) => findings.won += 1,
            Some(Verdict::Lost(reason)) => *findings.lost.entry(reason.clone()).or_default() += 1,
            None => {}
        }
    }
}
