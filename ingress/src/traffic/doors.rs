//! What the other doors told, as long as they are heard. Knows no clock: time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sale::SaleId;
use uuid::Uuid;

use super::counted::SALES_COUNTED_MAX;
use super::figures::{Figures, Word};

/// Doors tell something every second; one that was silent for this long is gone, and its figures with it.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// A door tells of each sale every 16 s; what it did not tell for this long it counts no more.
const UNTOLD_MAX: Duration = Duration::from_secs(60);

/// Doors that are listened to, many times as many as anybody runs. At the limit further ones are not, until one
/// is silent.
const DOORS_MAX: usize = 64;

/// The other doors, by their names.
#[derive(Default)]
pub(super) struct Doors {
    heard: HashMap<Uuid, Door>,
}

struct Door {
    heard_at: Instant,
    /// Whether each of its sales was heard of. Before that its part of the sum would be too small.
    is_whole: bool,
    sales: HashMap<SaleId, Told>,
}

struct Told {
    at: Instant,
    figures: Figures,
}

impl Doors {
    /// Takes note of what a door told; whether it was not heard before.
    pub(super) fn hear(&mut self, word: Word, now: Instant) -> bool {
        self.heard.retain(|_, door| door.is_present(now));
        let is_new = !self.heard.contains_key(&word.door);
        if is_new && self.heard.len() >= DOORS_MAX {
            return false;
        }
        let door = self
            .heard
            .entry(word.door)
            .or_insert_with(|| Door::new(now));
        door.hear(word, now);
        is_new
    }

    /// How many there are whose figures are in.
    pub(super) fn present(&self, now: Instant) -> usize {
        self.heard.values().filter(|door| door.is_in(now)).count()
    }

    /// What each of them told of a sale.
    pub(super) fn of(&self, sale: SaleId, now: Instant) -> impl Iterator<Item = &Figures> {
        let doors = self.heard.values().filter(move |door| door.is_in(now));
        let told = doors.filter_map(move |door| door.sales.get(&sale));
        told.filter(move |told| told.is_valid(now))
            .map(|told| &told.figures)
    }
}

impl Door {
    fn new(now: Instant) -> Self {
        Self {
            heard_at: now,
            is_whole: false,
            sales: HashMap::new(),
        }
    }

    fn hear(&mut self, word: Word, now: Instant) {
        self.heard_at = now;
        self.sales.retain(|_, told| told.is_valid(now));
        for (sale, figures) in word.sales {
            if self.sales.len() < SALES_COUNTED_MAX || self.sales.contains_key(&sale) {
                self.sales.insert(sale, Told { at: now, figures });
            }
        }
        self.is_whole |= self.sales.len() >= word.counted.min(SALES_COUNTED_MAX);
    }

    fn is_in(&self, now: Instant) -> bool {
        self.is_whole && self.is_present(now)
    }

    fn is_present(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard_at) <= SILENCE_MAX
    }
}

impl Told {
    fn is_valid(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) <= UNTOLD_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::figures::WORD_VERSION;

    fn sale(random: u64) -> SaleId {
        SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random)
    }

    /// A door accepted so much for each of these sales.
    fn word(door: u128, sales: &[(u64, u64)]) -> Word {
        let figures = |accepted| Figures {
            accepted,
            ..Figures::default()
        };
        let sales = sales
            .iter()
            .map(|(random, accepted)| (sale(*random), figures(*accepted)));
        Word {
            v: WORD_VERSION,
            door: Uuid::from_u128(door),
            counted: sales.len(),
            sales: sales.collect(),
        }
    }

    /// How many doors there are, and what they accepted for a sale.
    fn seen(doors: &Doors, random: u64, now: Instant) -> (usize, u64) {
        let accepted = doors.of(sale(random), now).map(|figures| figures.accepted);
        (doors.present(now), accepted.sum())
    }

    #[test]
    fn the_latest_word_of_each_door_counts() {
        let (mut doors, now) = (Doors::default(), Instant::now());
        doors.hear(word(1, &[(7, 10)]), now);
        doors.hear(word(2, &[(7, 5), (8, 1)]), now);
        doors.hear(word(1, &[(7, 12)]), now);
        assert_eq!(seen(&doors, 7, now), (2, 17));
        // A word without a sale leaves it as it was; one that restarted takes back what it told.
        doors.hear(word(1, &[]), now);
        doors.hear(word(2, &[(7, 0)]), now);
        assert_eq!(seen(&doors, 7, now), (2, 12));
        assert_eq!(seen(&doors, 8, now), (2, 1));
    }

    #[test]
    fn a_door_counts_once_it_was_heard_whole() {
        let (mut doors, now) = (Doors::default(), Instant::now());
        let part = |sales| Word {
            counted: 3,
            ..word(1, sales)
        };
        assert!(doors.hear(part(&[(7, 10), (8, 1)]), now));
        assert_eq!(seen(&doors, 7, now), (0, 0));
        assert!(!doors.hear(part(&[(7, 11)]), now));
        assert_eq!(seen(&doors, 7, now), (0, 0), "the same sale again");
        doors.hear(part(&[(9, 2)]), now);
        assert_eq!(seen(&doors, 7, now), (1, 11));
        // It stays in when it begins to count more than it tells at once.
        let more = Word {
            counted: 100,
            ..word(1, &[(7, 12)])
        };
        doors.hear(more, now);
        assert_eq!(seen(&doors, 7, now), (1, 12));
        // Silent for too long, it begins anew.
        let later = now + SILENCE_MAX + Duration::from_millis(1);
        assert!(doors.hear(part(&[(7, 13)]), later));
        assert_eq!(seen(&doors, 7, later), (0, 0));
    }

    #[test]
    fn a_door_that_is_silent_is_forgotten_with_its_figures() {
        let (mut doors, begun) = (Doors::default(), Instant::now());
        doors.hear(word(1, &[(7, 10)]), begun);
        doors.hear(word(2, &[(7, 5)]), begun + Duration::from_secs(1));
        let later = begun + SILENCE_MAX;
        assert_eq!(seen(&doors, 7, later), (2, 15));
        let later = later + Duration::from_millis(1);
        assert_eq!(seen(&doors, 7, later), (1, 5));
        doors.hear(word(2, &[]), later);
        assert_eq!(doors.heard.len(), 1);
    }

    #[test]
    fn a_sale_that_a_door_counts_no_more_is_forgotten() {
        let (mut doors, begun) = (Doors::default(), Instant::now());
        doors.hear(word(1, &[(7, 10)]), begun);
        let mut now = begun;
        while now < begun + UNTOLD_MAX {
            now += Duration::from_secs(1);
            doors.hear(word(1, &[(8, 3)]), now);
        }
        assert_eq!(seen(&doors, 7, now), (1, 10));
        now += Duration::from_secs(1);
        assert_eq!(seen(&doors, 7, now), (1, 0));
        doors.hear(word(1, &[]), now);
        let door = &doors.heard[&Uuid::from_u128(1)];
        assert_eq!(door.sales.len(), 1);
    }

    #[test]
    fn no_crowd_of_doors_or_sales_fills_the_memory() {
        let (mut doors, now) = (Doors::default(), Instant::now());
        for door in 0..2 * DOORS_MAX as u128 {
            doors.hear(word(door, &[(7, 1)]), now);
        }
        assert_eq!(seen(&doors, 7, now), (DOORS_MAX, DOORS_MAX as u64));
        for random in 0..2 * SALES_COUNTED_MAX as u64 {
            doors.hear(word(0, &[(random, 1)]), now);
        }
        assert_eq!(
            doors.heard[&Uuid::from_u128(0)].sales.len(),
            SALES_COUNTED_MAX
        );
        // Those that are known are heard as before.
        doors.hear(word(0, &[(0, 9)]), now);
        assert_eq!(seen(&doors, 0, now), (DOORS_MAX, 9));
    }
}
