//! What an answer that is no ticket asks of a shopper, by the words of the API's documents.

use std::time::Duration;

/// From a try that told nothing of when to come back to the next one.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Advice {
    /// When to try once more with the same key; never, if the answer is final.
    pub(super) come_back_in: Option<Duration>,
    /// Nothing was accepted, for certain.
    pub(super) is_certain: bool,
    /// There will be room then: what `Retry-After` is judged by.
    pub(super) is_promise: bool,
}

impl Advice {
    pub(super) fn of(status: u16, problem: &str, retry_after: Option<Duration>) -> Self {
        let has_doubt = status == 408 || status >= 500;
        let is_passing = has_doubt || status == 429;
        Self {
            come_back_in: is_passing.then(|| retry_after.unwrap_or(AGAIN_AFTER)),
            is_certain: !has_doubt || matches!(problem, "busy" | "halted"),
            is_promise: problem == "busy" && retry_after.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Option<Duration> = Some(Duration::from_millis(1_500));

    #[test]
    fn busy_is_certain_and_a_promise() {
        let busy = Advice::of(503, "busy", SOON);
        assert_eq!((busy.is_certain, busy.is_promise), (true, true));
        assert_eq!(busy.come_back_in, SOON);
    }

    #[test]
    fn an_unknown_outcome_is_neither_though_it_tells_when_to_come_back() {
        for (status, problem) in [
            (503, "outcome-unknown"),
            (503, "unavailable"),
            (500, "internal"),
            (408, "timeout"),
        ] {
            let unknown = Advice::of(status, problem, SOON);
            assert_eq!(
                (unknown.is_certain, unknown.is_promise),
                (false, false),
                "{problem}"
            );
            assert_eq!(unknown.come_back_in, SOON, "{problem}");
            assert_eq!(
                Advice::of(status, problem, None).come_back_in,
                Some(AGAIN_AFTER)
            );
        }
    }

    #[test]
    fn other_refusals_are_final_but_for_limits() {
        let sold_out = Advice::of(409, "sold-out", None);
        assert_eq!((sold_out.come_back_in, sold_out.is_certain), (None, true));
        let limited = Advice::of(429, "rate-limited", SOON);
        assert_eq!(
            (limited.come_back_in, limited.is_certain, limited.is_promise),
            (SOON, true, false)
        );
    }
}
