//! Doors tell each other what they count, once a second, and keep what they hear. By plain NATS: a word that is
//! missed is made up for by the next one.

use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::connection::State;
use futures_util::StreamExt;
use sale::subject::TRAFFIC;
use tokio::time::MissedTickBehavior;
use tracing::{debug, warn};

use super::Traffic;
use super::figures::{WORD_VERSION, Word};
use super::turns::Turns;

/// How often a door tells what it counts: as often as an operator's page asks.
const EVERY: Duration = Duration::from_secs(1);

/// Tells and listens until the process ends.
pub(crate) async fn exchange(traffic: Traffic, nats: Client) {
    let mut words = match nats.subscribe(TRAFFIC).await {
        Ok(words) => words,
        Err(error) => {
            // Only of a connection that was closed.
            warn!(%error, "other doors are not listened to");
            return;
        }
    };
    let mut turns = Turns::default();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => tell(&traffic, &mut turns, &nats).await,
            word = words.next() => match word {
                Some(word) => traffic.hear(&word.payload, Instant::now()),
                None => return,
            },
        }
    }
}

async fn tell(traffic: &Traffic, turns: &mut Turns, nats: &Client) {
    // The client would keep it for later, when it is old.
    if nats.connection_state() != State::Connected {
        return;
    }
    let word = traffic.word(turns, Instant::now());
    let body = serde_json::to_vec(&word).expect("figures are all JSON");
    if let Err(error) = nats.publish(TRAFFIC, body.into()).await {
        debug!(%error, "other doors were not told what this one counts");
    }
}

impl Traffic {
    /// What this door tells this second.
    fn word(&self, turns: &mut Turns, now: Instant) -> Word {
        let next = turns.next(&self.shared.own.all(now));
        self.shared.own.forget(&next.forget);
        Word {
            v: WORD_VERSION,
            door: self.shared.door,
            sales: next.tell,
        }
    }

    /// Takes note of what a door told, be it this one. What cannot be read is left: it may be of a newer version,
    /// and come every second.
    fn hear(&self, payload: &[u8], now: Instant) {
        match serde_json::from_slice::<Word>(payload) {
            Ok(word) if word.v != WORD_VERSION => {
                debug!(v = word.v, "a door tells in another version")
            }
            Ok(word) if word.door == self.shared.door => {}
            Ok(word) => self.others().hear(word, now),
            Err(error) => debug!(%error, "what a door told cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use sale::SaleId;
    use uuid::Uuid;

    use super::*;

    fn sale() -> SaleId {
        SaleId::new(0.try_into().unwrap(), sale::Moment::default(), 7)
    }

    fn told(word: &Word) -> Vec<u8> {
        serde_json::to_vec(word).unwrap()
    }

    #[test]
    fn two_doors_know_of_each_other_and_count_themselves_once() {
        let (one, two) = (Traffic::new(), Traffic::new());
        let now = Instant::now();
        one.logged(sale(), 3).unwrap();
        two.logged(sale(), 4).unwrap();
        two.refused(sale(), "sold-out");
        for traffic in [&one, &two] {
            let body = told(&traffic.word(&mut Turns::default(), now));
            for listener in [&one, &two] {
                listener.hear(&body, now);
            }
        }
        for traffic in [&one, &two] {
            let all = traffic.of(sale(), now);
            assert_eq!((all.doors, all.figures.accepted), (2, 7));
            assert_eq!(all.figures.refused["sold-out"], 1);
        }
    }

    #[test]
    fn what_cannot_be_read_is_left() {
        let (traffic, now) = (Traffic::new(), Instant::now());
        let mut word = Word {
            v: WORD_VERSION + 1,
            door: Uuid::new_v4(),
            sales: [].into(),
        };
        for payload in [&b""[..], b"{", b"[]", b"\xff", &told(&word)] {
            traffic.hear(payload, now);
        }
        assert_eq!(traffic.of(sale(), now).doors, 1);
        word.v = WORD_VERSION;
        traffic.hear(&told(&word), now);
        assert_eq!(traffic.of(sale(), now).doors, 2);
    }
}
