//! Which life of a partition's stream a place belongs to. An operator who adopts another stream
//! begins a new one: tickets of older lives stay what they were, and those for places that were
//! never decided are told so, instead of being shown what a stranger's purchase came to.

use std::sync::Arc;

use sale::{Generation, Place, Seq, Ticket, TicketKeys};

/// An adoption: the sequences it gave up, and the generation that begins after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adoption {
    pub(crate) generation: Generation,
    pub(crate) hole_from: Seq,
    pub(crate) hole_to: Seq,
}

/// Every adoption of one partition, the first first. Few: each is a person's doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generations(Arc<[Adoption]>);

impl FromIterator<Adoption> for Generations {
    fn from_iter<T: IntoIterator<Item = Adoption>>(adoptions: T) -> Self {
        Self(adoptions.into_iter().collect())
    }
}

impl Generations {
    /// The generation that seals a place: the latest that had begun there.
    pub(crate) fn at(&self, seq: Seq) -> Generation {
        let begun = self.0.iter().rev().find(|adopted| adopted.hole_to < seq);
        begun.map_or(Generation::FIRST, |adopted| adopted.generation)
    }

    /// Whether nobody will ever decide this record, because it was given up.
    pub(crate) fn gave_up(&self, seq: Seq) -> bool {
        self.0
            .iter()
            .any(|adopted| adopted.hole_from <= seq && seq <= adopted.hole_to)
    }

    /// The place a ticket was sealed for.
    ///
    /// A place that was given up may have been handed out in any life of the stream: by a door
    /// that had not heard of the adoption yet, or before Postgres was put back to a time before
    /// one. Its answer is the same for all of them.
    pub(crate) fn open(&self, keys: &TicketKeys, ticket: Ticket) -> Option<Place> {
        let seq = ticket.claimed_place().seq;
        if !self.gave_up(seq) {
            return keys.open(ticket, self.at(seq));
        }
        let later = self.0.iter().map(|adopted| adopted.generation);
        std::iter::once(Generation::FIRST)
            .chain(later)
            .find_map(|generation| keys.open(ticket, generation))
    }
}

#[cfg(test)]
mod tests {
    use sale::Partition;

    use super::*;

    fn seq(number: u64) -> Seq {
        Seq::try_from(number).unwrap()
    }

    fn adoption(generation: u32, hole: std::ops::RangeInclusive<u64>) -> Adoption {
        Adoption {
            generation: Generation::new(generation),
            hole_from: seq(*hole.start()),
            hole_to: seq(*hole.end()),
        }
    }

    /// Decided up to 10 and up to 1003, adopted twice.
    fn twice_adopted() -> Generations {
        [adoption(2, 11..=1000), adoption(3, 1004..=5000)]
            .into_iter()
            .collect()
    }

    fn ticket(keys: &TicketKeys, at: u64, generation: u32) -> Ticket {
        let place = Place {
            partition: Partition::try_from(0).unwrap(),
            seq: seq(at),
            index: 3,
        };
        keys.current().seal(place, Generation::new(generation))
    }

    #[test]
    fn a_generation_follows_from_the_sequence() {
        let generations = twice_adopted();
        for (at, generation) in [(1, 1), (10, 1), (1001, 2), (1003, 2), (5001, 3)] {
            assert_eq!(generations.at(seq(at)), Generation::new(generation), "{at}");
            assert!(!generations.gave_up(seq(at)), "{at}");
        }
        assert_eq!(Generations::default().at(seq(7)), Generation::FIRST);
    }

    #[test]
    fn old_tickets_open_and_tickets_of_a_wrong_life_do_not() {
        let keys: TicketKeys = "00".repeat(32).parse().unwrap();
        let generations = twice_adopted();
        for (at, generation) in [(1, 1), (10, 1), (1001, 2), (5001, 3)] {
            for tried in 1..=3 {
                let opened = generations.open(&keys, ticket(&keys, at, tried));
                assert_eq!(opened.is_some(), tried == generation, "{at} {tried}");
            }
        }
    }

    #[test]
    fn a_place_that_was_given_up_opens_whichever_life_sealed_it() {
        let keys: TicketKeys = "00".repeat(32).parse().unwrap();
        let generations = twice_adopted();
        for at in [11, 1000, 1004, 5000] {
            assert!(generations.gave_up(seq(at)), "{at}");
            for generation in 1..=3 {
                let ticket = ticket(&keys, at, generation);
                assert!(generations.open(&keys, ticket).is_some(), "{at}");
            }
            assert_eq!(generations.open(&keys, ticket(&keys, at, 4)), None);
        }
    }
}
