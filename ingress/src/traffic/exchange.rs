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

/// Words of ours that do not come back to us before we tell fewer: NATS does not let us, and each is an error in
/// the log. Longer than a dead connection goes unnoticed, which is 6 s.
const UNHEARD_MAX: u32 = 15;

/// Of those beyond, one in so many is told, in case we are let by now.
const UNHEARD_TOLD: u32 = 60;

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
    let mut teller = Teller::default();
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => teller.tell(&traffic, &nats).await,
            word = words.next() => {
                let Some(word) = word else { return };
                if traffic.hear(&word.payload, Instant::now()) == Heard::Own {
                    teller.unheard = 0;
                }
            }
        }
    }
}

/// What this door tells, and whether it is heard.
#[derive(Default)]
struct Teller {
    turns: Turns,
    /// Words since the last one that came back.
    unheard: u32,
}

/// Who told something.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Own,
    Other,
    Nobody,
}

impl Teller {
    async fn tell(&mut self, traffic: &Traffic, nats: &Client) {
        // While there is no connection the client would keep it for later, when it is old.
        if nats.connection_state() != State::Connected {
            self.unheard = 0;
            return;
        }
        if !self.is_worth_it() {
            return;
        }
        let word = traffic.word(&mut self.turns, Instant::now());
        let body = serde_json::to_vec(&word).expect("figures are all JSON");
        if let Err(error) = nats.publish(TRAFFIC, body.into()).await {
            debug!(%error, "other doors were not told what this one counts");
        }
    }

    fn is_worth_it(&mut self) -> bool {
        self.unheard = self.unheard.saturating_add(1);
        self.unheard <= UNHEARD_MAX || self.unheard.is_multiple_of(UNHEARD_TOLD)
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

    /// Takes note of what a door told. What cannot be read is left: it may be of a newer version, and come every
    /// second.
    fn hear(&self, payload: &[u8], now: Instant) -> Heard {
        match serde_json::from_slice::<Word>(payload) {
            Ok(word) if word.door == self.shared.door => Heard::Own,
            Ok(word) if word.v == WORD_VERSION => {
                self.others().hear(word, now);
                Heard::Other
            }
            Ok(word) => {
                debug!(v = word.v, "a door tells in another version");
                Heard::Nobody
            }
            Err(error) => {
                debug!(%error, "what a door told cannot be read");
                Heard::Nobody
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sale::SaleId;
    use uuid::Uuid;

    use super::*;
    use crate::traffic::counted::{SALES_COUNTED_MAX, WORDS};

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
                let is_own = listener.shared.door == traffic.shared.door;
                let expected = if is_own { Heard::Own } else { Heard::Other };
                assert_eq!(listener.hear(&body, now), expected);
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
            assert_eq!(traffic.hear(payload, now), Heard::Nobody);
        }
        assert_eq!(traffic.of(sale(), now).doors, 1);
        word.v = WORD_VERSION;
        traffic.hear(&told(&word), now);
        assert_eq!(traffic.of(sale(), now).doors, 2);
    }

    #[test]
    fn a_door_that_is_not_let_tells_one_word_a_minute() {
        let mut teller = Teller::default();
        let told = |teller: &mut Teller, seconds: u32| {
            (0..seconds).filter(|_| teller.is_worth_it()).count()
        };
        assert_eq!(told(&mut teller, UNHEARD_MAX), UNHEARD_MAX as usize);
        assert_eq!(told(&mut teller, 10 * UNHEARD_TOLD), 10);
        // Let again: it hears itself.
        teller.unheard = 0;
        assert_eq!(told(&mut teller, UNHEARD_MAX), UNHEARD_MAX as usize);
    }

    #[test]
    fn the_longest_word_is_a_small_part_of_what_nats_takes() {
        let (traffic, now) = (Traffic::new(), Instant::now());
        for random in 0..SALES_COUNTED_MAX as u64 {
            let sale = SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random);
            let times = traffic.logged(sale, u32::MAX).unwrap();
            for word in WORDS {
                traffic.refused(sale, word);
            }
            // Every time that there is, up to a minute.
            for us in (0..23).flat_map(|bits| (8..16).map(move |lead| lead << bits)) {
                times.record(now, Duration::from_micros(us), u32::MAX);
            }
        }
        let mut turns = Turns::default();
        let longest = (0..3)
            .map(|_| told(&traffic.word(&mut turns, now)).len())
            .max();
        assert!(
            longest > Some(50_000) && longest < Some(256 * 1024),
            "{longest:?}"
        );
    }
}
