//! A key that comes again: the same ticket, the same wait, or one more try, as what became of the
//! first request demands.
//!
//! | the key here | the answer |
//! |---|---|
//! | on its way | the outcome of the request under way |
//! | in the log, not lost | its ticket, whatever the gate says by now |
//! | in the log, and lost | as if it were new |
//! | unknown | its order if it has won; else one more purchase, past a gate that says "sold out" or "closed", so that the log answers; never a refusal that sounds certain |

use std::time::Duration;

use feed::TicketStatus;
use sale::{Place, Purchase};
use tracing::warn;

use crate::app::App;
use crate::buying::admission;
use crate::buying::batcher::Unlogged;
use crate::buying::keys::{Key, Known};
use crate::buying::reply::{Awaited, promise};
use crate::log::publisher::{Refusal, Shut};
use crate::problem::Problem;
use crate::store;

/// How long the order of an unknown key is looked for before the log is asked instead.
const LOOK_UP_WAIT: Duration = Duration::from_secs(1);

/// What is known of a key before its purchase is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// Nothing, or that it has lost.
    Nothing,
    /// It may be in the log.
    Unknown,
    /// It is in the log.
    Logged(Place),
}

impl Earlier {
    /// What the gate's word means for this purchase. Of a key that may have won nothing certain may
    /// be said but by the log: "sold out" or "closed" does not keep it out (once; then it has a
    /// ticket), and "busy" would promise that nothing was accepted.
    pub(crate) fn weigh<T>(self, admitted: Result<T, Problem>) -> Result<(), Problem> {
        match (self, admitted) {
            (_, Ok(_)) | (Self::Unknown, Err(Problem::NotForSale(_))) => Ok(()),
            (Self::Unknown, Err(_)) => Err(Problem::OutcomeUnknown { key: None }),
            (_, Err(problem)) => Err(problem),
        }
    }
}

/// What became of earlier requests with this key; waits for one that is under way.
pub(crate) async fn earlier(app: &App, key: &Key) -> Result<Earlier, Problem> {
    match app.keys.recall(key) {
        None => Ok(Earlier::Nothing),
        Some(Known::Asked { awaited, doubtful }) => {
            let place = join(app, key, &awaited, doubtful).await?;
            Ok(Earlier::Logged(place))
        }
        Some(Known::Logged(place)) if has_lost(app, place).await => {
            app.keys.forget(key, place);
            count("retried");
            Ok(Earlier::Nothing)
        }
        Some(Known::Logged(place)) => {
            count("same-ticket");
            Ok(Earlier::Logged(place))
        }
        Some(Known::Unknown) => Ok(resolve(app, key).await),
    }
}

/// Logs a purchase under its key, unless another request with it was faster; its place.
pub(crate) async fn log(
    app: &App,
    key: Key,
    purchase: Purchase,
    doubtful: bool,
) -> Result<Place, Problem> {
    let (reply, awaited) = promise();
    let doubtful = match app.keys.claim(key, &awaited, doubtful) {
        Ok(doubtful) => doubtful,
        Err(Known::Asked { awaited, doubtful }) => {
            return join(app, &key, &awaited, doubtful).await;
        }
        Err(Known::Logged(place)) => {
            count("same-ticket");
            return Ok(place);
        }
        Err(Known::Unknown) => unreachable!("an unknown key can be claimed"),
    };
    app.batchers.log(key.sale, purchase, reply);
    let logged = awaited.logged().await;
    app.keys.settle(&key);
    logged.map_err(|why| refuse(app, &key, why, doubtful))
}

/// Logs a purchase whose key was made here: nobody can repeat it before they are told.
pub(crate) async fn log_new(app: &App, key: Key, purchase: Purchase) -> Result<Place, Problem> {
    let (reply, awaited) = promise();
    app.batchers.log(key.sale, purchase, reply);
    let logged = awaited.logged().await;
    let doubtful = false;
    app.keys.learn(key, Known::Asked { awaited, doubtful });
    app.keys.settle(&key);
    logged.map_err(|why| refuse(app, &key, why, doubtful))
}

async fn join(app: &App, key: &Key, awaited: &Awaited, doubtful: bool) -> Result<Place, Problem> {
    count("joined");
    let logged = awaited.logged().await;
    logged.map_err(|why| refuse(app, key, why, doubtful))
}

/// While it cannot be looked up, the ticket stands: it is in the log, and tells its own end.
async fn has_lost(app: &App, place: Place) -> bool {
    let Ok(ticket) = app.ticket(place) else {
        return false;
    };
    matches!(
        app.feed.status(ticket, place).await,
        Ok(TicketStatus::Lost { .. })
    )
}

/// The order may be there by now: then nothing needs to be logged, and no stock to be left.
async fn resolve(app: &App, key: &Key) -> Earlier {
    count("retried");
    let Some(place) = order_of(app, key).await else {
        return Earlier::Unknown;
    };
    app.keys.learn(*key, Known::Logged(place));
    Earlier::Logged(place)
}

async fn order_of(app: &App, key: &Key) -> Option<Place> {
    let _turn = app.keys.look_ups.try_acquire().ok()?;
    let order = store::orders::order_with_key(&app.pool, key.sale, key.shopper, key.hash);
    match tokio::time::timeout(LOOK_UP_WAIT, order).await {
        Ok(Ok(order)) => order.map(|id| id.claimed_place()),
        Ok(Err(error)) => {
            warn!(%error, "cannot look for an unknown key's order; the log is asked instead");
            None
        }
        Err(_too_long) => None,
    }
}

fn refuse(app: &App, key: &Key, why: Unlogged, doubtful: bool) -> Problem {
    let shut = || app.publisher.takes_purchases(key.sale.partition()).err();
    problem_of(why, doubtful, shut)
}

fn problem_of(why: Unlogged, doubtful: bool, shut: impl FnOnce() -> Option<Shut>) -> Problem {
    match why {
        _ if doubtful => Problem::OutcomeUnknown { key: None },
        Unlogged::Full => admission::gathering_full(),
        Unlogged::Refused(Refusal::Certain) => admission::shut(shut().unwrap_or(Shut::Silent)),
        Unlogged::Refused(Refusal::Unknown) => Problem::OutcomeUnknown { key: None },
        Unlogged::Refused(Refusal::Halted) => Problem::Halted,
    }
}

/// A key that came again, by what it was answered with.
pub(crate) fn count(outcome: &'static str) {
    metrics::counter!("ingress_repeated_keys_total", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use sale::SaleState;

    use super::*;

    #[test]
    fn nothing_that_sounds_certain_is_said_of_an_unknown_key() {
        let unknown = |problem| Earlier::Unknown.weigh(Err::<(), _>(problem));
        for state in [SaleState::SoldOut, SaleState::Closed, SaleState::Ended] {
            assert!(unknown(Problem::NotForSale(state)).is_ok(), "{state:?}");
        }
        for problem in [admission::gathering_full(), Problem::Halted] {
            let said = unknown(problem).unwrap_err();
            assert_eq!(said.code(), "outcome-unknown");
        }
        let said = Earlier::Nothing.weigh(Err::<(), _>(Problem::NotForSale(SaleState::SoldOut)));
        assert_eq!(said.unwrap_err().code(), "sold-out");
    }

    #[test]
    fn a_refusal_is_certain_only_when_no_earlier_request_is_in_doubt() {
        for (why, alone) in [
            (Unlogged::Full, "busy"),
            (Unlogged::Refused(Refusal::Certain), "busy"),
            (Unlogged::Refused(Refusal::Halted), "halted"),
            (Unlogged::Refused(Refusal::Unknown), "outcome-unknown"),
        ] {
            assert_eq!(problem_of(why, false, || None).code(), alone);
            let said = problem_of(why, true, || None);
            assert_eq!(said.code(), "outcome-unknown");
        }
    }
}
