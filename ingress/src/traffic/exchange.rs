//! Doors tell each other what they count, once a second, and keep what they hear. By plain NATS: a word that is
//! missed is made up for by the next one.

use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::{Client, Subscriber};
use futures_util::{Stream, StreamExt};
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

/// Seconds until we try again to listen, after the first time. It takes a closed connection, so nothing is urgent.
const LISTEN_AGAIN_S: u32 = 60;

/// Tells and listens until the process ends.
pub(crate) async fn exchange(traffic: Traffic, nats: Client) {
    let mut teller = Teller::default();
    let mut words = listen(&nats).await;
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {
                if words.is_none() && teller.listens_again() {
                    warn!("other doors are not heard any more; listening again");
                    words = listen(&nats).await;
                }
                teller.tell(&traffic, &nats).await;
            }
            word = next(&mut words) => teller.heard(&traffic.hear(&word.payload, Instant::now())),
        }
    }
}

async fn listen(nats: &Client) -> Option<Subscriber> {
    let words = nats.subscribe(TRAFFIC).await;
    // Only of a connection that was closed.
    words
        .inspect_err(|error| warn!(%error, "other doors are not listened to"))
        .ok()
}

/// The next word. Once they end there is none, and it waits for good: who is heard again is asked elsewhere.
async fn next<S: Stream + Unpin>(words: &mut Option<S>) -> S::Item {
    if let Some(stream) = words {
        if let Some(word) = stream.next().await {
            return word;
        }
        *words = None;
    }
    std::future::pending().await
}

/// What this door tells, and whether it is heard.
#[derive(Default)]
struct Teller {
    turns: Turns,
    /// Words since the last one that came back.
    unheard: u32,
    /// Seconds without a subscription since the last word that was heard.
    deaf_s: u32,
}

/// Who told something.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Own,
    /// A door that was not heard lately: it has begun, or we have, or NATS was away.
    Newcomer,
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

    fn heard(&mut self, heard: &Heard) {
        self.deaf_s = 0;
        match heard {
            Heard::Own => self.unheard = 0,
            Heard::Newcomer => self.turns.owe_all(),
            Heard::Other | Heard::Nobody => {}
        }
    }

    /// Asked every second while nobody is listened to: at once, then once a minute.
    fn listens_again(&mut self) -> bool {
        self.deaf_s = self.deaf_s.saturating_add(1);
        self.deaf_s % LISTEN_AGAIN_S == 1
    }

    fn is_worth_it(&mut self) -> bool {
        self.unheard = self.unheard.saturating_add(1);
        self.unheard <= UNHEARD_MAX || self.unheard.is_multiple_of(UNHEARD_TOLD)
    }
}

impl Traffic {
    /// What this door tells this second.
    fn word(&self, turns: &mut Turns, now: Instant) -> Word {
        let all = self.shared.own.all(now);
        let next = turns.next(&all);
        let counted = all.len() - next.forget.len();
        self.shared.own.forget(&next.forget);
        Word {
            v: WORD_VERSION,
            door: self.shared.door,
            counted,
            sales: next.tell,
        }
    }

    /// Takes note of what a door told. What cannot be read is left: it may be of a newer version, and come every
    /// second.
    fn hear(&self, payload: &[u8], now: Instant) -> Heard {
        match serde_json::from_slice::<Word>(payload) {
            Ok(word) if word.door == self.shared.door => Heard::Own,
            Ok(word) if word.v == WORD_VERSION => match self.others().hear(word, now) {
                true => Heard::Newcomer,
                false => Heard::Other,
            },
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
    use futures_util::FutureExt;
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
                let expected = if is_own { Heard::Own } else { Heard::Newcomer };
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
            counted: 0,
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
    fn a_door_that_begins_counts_another_once_it_knows_all_of_it_and_that_is_soon() {
        const SALES: u64 = 100;
        let (old, new, now) = (Traffic::new(), Traffic::new(), Instant::now());
        let sales = (0..SALES)
            .map(|random| SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random));
        sales.clone().for_each(|sale| drop(old.logged(sale, 1)));
        let mut teller = Teller::default();
        for _ in 0..100 {
            old.word(&mut teller.turns, now);
        }

        let begins = old.hear(&told(&new.word(&mut Turns::default(), now)), now);
        assert_eq!(begins, Heard::Newcomer);
        teller.heard(&begins);
        for words in 1..=3 {
            new.hear(&told(&old.word(&mut teller.turns, now)), now);
            let seen = sales.clone().map(|sale| new.of(sale, now));
            let accepted = seen.map(|all| all.figures.accepted).sum::<u64>();
            let expected = if words < 3 { (1, 0) } else { (2, SALES) };
            assert_eq!((new.of(sale(), now).doors, accepted), expected);
        }
    }

    #[test]
    fn where_words_end_nothing_else_does_and_it_listens_again() {
        let mut words = Some(futures_util::stream::iter([7]));
        assert_eq!(next(&mut words).now_or_never(), Some(7));
        assert_eq!(next(&mut words).now_or_never(), None, "it waits");
        assert!(words.is_none());

        let mut teller = Teller::default();
        let tries = |teller: &mut Teller, seconds: u32| {
            (0..seconds).filter(|_| teller.listens_again()).count()
        };
        assert_eq!(tries(&mut teller, 1), 1);
        assert_eq!(tries(&mut teller, 3 * LISTEN_AGAIN_S), 3);
        teller.heard(&Heard::Other);
        assert_eq!(tries(&mut teller, 1), 1, "it was well, and ended once more");
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
