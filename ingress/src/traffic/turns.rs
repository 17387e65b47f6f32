//! Which sales a door tells of this second: those whose figures changed or that a door which has just begun does
//! not know, and of the others a few in turn. Knows no clock: it is asked once a second.

use std::collections::{BTreeMap, HashMap};

use sale::SaleId;

use super::counted::SALES_COUNTED_MAX;
use super::figures::Figures;

/// Sales whose figures changed or that are owed, told at once: a few kilobytes each, which stays far below what NATS takes in one
/// message. Where more changed, those that were not told for longest go first.
const CHANGED_TOLD_MAX: usize = 48;

/// Other sales told each second: all of them within 16 s, for whoever missed a word.
const QUIET_TOLD_MAX: usize = 16;

/// Places kept free among the counted sales, for those that begin within the next second.
const FREE_MIN: usize = 16;

/// Nobody bought from it for so many seconds: it may make room for another sale.
const QUIET_S: u64 = 60;

/// When every sale was told, and of what.
#[derive(Default)]
pub(super) struct Turns {
    second: u64,
    sales: HashMap<SaleId, Turn>,
}

#[derive(Default)]
struct Turn {
    told: Figures,
    told_at: u64,
    /// Somebody is there who was not when it was told.
    is_owed: bool,
    changed_at: u64,
}

/// What to do this second.
#[derive(Default)]
pub(super) struct Next {
    pub(super) tell: BTreeMap<SaleId, Figures>,
    pub(super) forget: Vec<SaleId>,
}

impl Turns {
    /// One second later, with what is counted of every sale by now.
    pub(super) fn next(&mut self, counted: &BTreeMap<SaleId, Figures>) -> Next {
        self.second += 1;
        self.sales.retain(|sale, _| counted.contains_key(sale));
        let (mut changed, mut quiet) = (Vec::new(), Vec::new());
        for (sale, figures) in counted {
            let turn = self.sales.entry(*sale).or_default();
            let is_changed = turn.told != *figures;
            if is_changed {
                turn.changed_at = self.second;
            }
            match is_changed || turn.is_owed {
                true => changed.push((turn.told_at, *sale)),
                false => quiet.push((turn.told_at, *sale)),
            }
        }
        let tell =
            longest_untold(changed, CHANGED_TOLD_MAX).chain(longest_untold(quiet, QUIET_TOLD_MAX));
        let tell = tell.map(|sale| (sale, counted[&sale].clone())).collect();
        self.told(&tell);
        Next {
            tell,
            forget: self.too_many(),
        }
    }

    /// A door has just begun: tells all sales again, as if each had changed.
    pub(super) fn owe_all(&mut self) {
        self.sales.values_mut().for_each(|turn| turn.is_owed = true);
    }

    fn told(&mut self, told: &BTreeMap<SaleId, Figures>) {
        for (sale, figures) in told {
            if let Some(turn) = self.sales.get_mut(sale) {
                turn.told = figures.clone();
                turn.told_at = self.second;
                turn.is_owed = false;
            }
        }
    }

    /// Those that have been quiet for longest, where room is short.
    fn too_many(&self) -> Vec<SaleId> {
        let excess = (self.sales.len() + FREE_MIN).saturating_sub(SALES_COUNTED_MAX);
        let is_quiet = |turn: &Turn| turn.changed_at + QUIET_S <= self.second;
        let quiet = self.sales.iter().filter(|(_, turn)| is_quiet(turn));
        let mut quiet: Vec<_> = quiet.map(|(sale, turn)| (turn.changed_at, *sale)).collect();
        quiet.sort_unstable();
        quiet
            .into_iter()
            .take(excess)
            .map(|(_, sale)| sale)
            .collect()
    }
}

fn longest_untold(mut sales: Vec<(u64, SaleId)>, max: usize) -> impl Iterator<Item = SaleId> {
    sales.sort_unstable();
    sales.into_iter().take(max).map(|(_, sale)| sale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(random: u64) -> SaleId {
        SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random)
    }

    /// So many sales, of which each accepted this many.
    fn counted(sales: usize, accepted: u64) -> BTreeMap<SaleId, Figures> {
        let figures = Figures {
            accepted,
            ..Figures::default()
        };
        (0..sales as u64)
            .map(|random| (sale(random), figures.clone()))
            .collect()
    }

    #[test]
    fn what_changed_is_told_at_once() {
        let mut turns = Turns::default();
        let mut now = counted(SALES_COUNTED_MAX, 1);
        for _ in 0..10 {
            turns.next(&now);
        }
        for accepted in 2..5 {
            now.get_mut(&sale(7)).unwrap().accepted = accepted;
            assert_eq!(turns.next(&now).tell[&sale(7)].accepted, accepted);
        }
    }

    #[test]
    fn where_too_much_changes_everything_is_told_in_turn() {
        let mut turns = Turns::default();
        let mut told = BTreeMap::new();
        let seconds = SALES_COUNTED_MAX.div_ceil(CHANGED_TOLD_MAX);
        for second in 1..=seconds {
            let next = turns.next(&counted(SALES_COUNTED_MAX, second as u64));
            assert_eq!(next.tell.len(), CHANGED_TOLD_MAX);
            told.extend(next.tell);
        }
        assert_eq!(told.len(), SALES_COUNTED_MAX);
    }

    #[test]
    fn whoever_comes_later_hears_of_quiet_sales_too() {
        let mut turns = Turns::default();
        let now = counted(SALES_COUNTED_MAX, 1);
        for _ in 0..SALES_COUNTED_MAX {
            turns.next(&now);
        }
        let mut told = BTreeMap::new();
        for _ in 0..SALES_COUNTED_MAX / QUIET_TOLD_MAX {
            told.extend(turns.next(&now).tell);
        }
        assert_eq!(told, now);
    }

    #[test]
    fn all_that_is_quiet_is_told_at_once_when_somebody_comes() {
        let mut turns = Turns::default();
        let now = counted(CHANGED_TOLD_MAX, 1);
        for _ in 0..2 * QUIET_S {
            turns.next(&now);
        }
        turns.owe_all();
        assert_eq!(turns.next(&now).tell, now);
        // Once; and that is no sale of anything.
        assert_eq!(turns.next(&now).tell.len(), QUIET_TOLD_MAX);
        assert!(turns.sales.values().all(|turn| turn.changed_at == 1));
    }

    #[test]
    fn who_has_been_quiet_for_longest_makes_room_and_nobody_else() {
        let mut turns = Turns::default();
        let full = SALES_COUNTED_MAX - FREE_MIN;
        let mut now = counted(full, 1);
        for _ in 0..2 * QUIET_S {
            assert_eq!(turns.next(&now).forget, []);
        }
        // Two more begin; the first of the old ones is bought from again.
        now.extend(counted(full + 2, 1).into_iter().skip(full));
        now.get_mut(&sale(0)).unwrap().accepted = 2;
        let forgotten = turns.next(&now).forget;
        assert_eq!(forgotten.len(), 2);
        let may_go = 1..full as u64;
        assert!(
            forgotten
                .iter()
                .all(|gone| may_go.clone().any(|random| sale(random) == *gone)),
            "{forgotten:?}"
        );
        // What is no longer counted makes no room any more.
        forgotten.iter().for_each(|gone| drop(now.remove(gone)));
        assert_eq!(turns.next(&now).forget, []);
    }

    #[test]
    fn a_sale_that_is_sold_from_is_never_forgotten() {
        let mut turns = Turns::default();
        for second in 1..2 * QUIET_S {
            assert_eq!(turns.next(&counted(SALES_COUNTED_MAX, second)).forget, []);
        }
    }
}
