//! What holds for every log.

use std::collections::{HashMap, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sale::subject::{Channel, LogSubject};
use sale::{
    Action, Allocation, CommandRuling, Decision, KeyHash, Lost, Moment, Outcome, Place, Record,
    Ruling, SaleId, ShopperId,
};

use crate::logs::{Entry, LOG_MAX, SALES, log, partition, sale_id};
use crate::model::Model;
use crate::regroup::regrouped;
use crate::storage::Storage;

const EPOCH: Moment = Moment::from_unix_ms(0);

/// A failure is kept as a named story, not as a seed: seeds mean nothing once a strategy changes.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn decide(allocation: &mut Allocation, entry: &Entry) -> Decision {
    match &entry.record {
        Some(record) => allocation.decide(entry.at, record),
        None => allocation.decide_malformed(entry.at),
    }
}

fn decide_all(log: &[Entry]) -> Vec<Decision> {
    let mut allocation = Allocation::new(partition(), EPOCH);
    log.iter()
        .map(|entry| decide(&mut allocation, entry))
        .collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_decision_is_the_models(log in log()) {
        let mut allocation = Allocation::new(partition(), EPOCH);
        let mut model = Model::new(partition(), EPOCH);
        for entry in &log {
            let decision = decide(&mut allocation, entry);
            prop_assert_eq!(decision, model.decide(entry.at, entry.record.as_ref()));
            for sale in (0..SALES).map(sale_id) {
                prop_assert_eq!(allocation.sale(sale).cloned(), model.sale(sale));
            }
        }
    }

    #[test]
    fn nothing_is_oversold_and_nobody_is_above_the_limit_at_any_point(log in log()) {
        let mut allocation = Allocation::new(partition(), EPOCH);
        let mut storage = Storage::new(partition(), EPOCH);
        for entry in &log {
            storage.commit(&decide(&mut allocation, entry));
            storage.check();
            for sale in (0..SALES).map(sale_id) {
                prop_assert_eq!(allocation.sale(sale), storage.sale(sale));
            }
        }
    }

    #[test]
    fn memory_may_be_dropped_at_any_record(log in log(), drops in vec(any::<bool>(), LOG_MAX + 2)) {
        let mut allocation = Allocation::new(partition(), EPOCH);
        let mut storage = Storage::new(partition(), EPOCH);
        for ((entry, expected), dropped) in log.iter().zip(decide_all(&log)).zip(drops) {
            if dropped {
                allocation = storage.load();
            }
            let decision = decide(&mut allocation, entry);
            storage.commit(&decision);
            prop_assert_eq!(decision, expected);
        }
    }

    #[test]
    fn a_replay_from_the_bytes_of_the_log_decides_the_same(log in log()) {
        let read_back: Vec<Entry> = log.iter().map(through_bytes).collect();
        prop_assert_eq!(decide_all(&log), decide_all(&read_back));
    }

    #[test]
    fn no_unit_is_won_after_sold_out_until_one_comes_back(log in log()) {
        let mut sold_out = HashSet::new();
        for (entry, decision) in log.iter().zip(decide_all(&log)) {
            match decision.outcome {
                Outcome::Purchases(group) => for ruling in group.rulings {
                    prop_assert!(ruling != Ruling::Won || !sold_out.contains(&group.sale));
                    if ruling == Ruling::Lost(Lost::SoldOut) {
                        sold_out.insert(group.sale);
                    }
                },
                Outcome::Command(command) => if command.effect.is_some() && returns_units(entry) {
                    sold_out.remove(&command.sale);
                },
                Outcome::Malformed => {}
            }
        }
    }

    #[test]
    fn rulings_orders_and_replays_of_a_record_agree(log in log()) {
        let mut orders: HashMap<(SaleId, ShopperId, KeyHash), Place> = HashMap::new();
        for (entry, decision) in log.iter().zip(decide_all(&log)) {
            let (Some(Record::Purchases(group)), Outcome::Purchases(decided)) =
                (&entry.record, decision.outcome) else { continue };
            prop_assert_eq!(decided.rulings.len(), group.purchases.len());
            let (mut won, mut replayed) = (decided.won.iter(), decided.replayed.iter());
            for ((index, purchase), ruling) in (0..).zip(&group.purchases).zip(&decided.rulings) {
                let key = (group.sale, purchase.shopper, purchase.key);
                let place = Place { partition: partition(), seq: entry.at.seq, index };
                match ruling {
                    Ruling::Won => {
                        let won = won.next().unwrap();
                        prop_assert_eq!((won.index, won.shopper, won.key), (index, key.1, key.2));
                        prop_assert!(orders.insert(key, place).is_none(), "one key, two orders");
                    }
                    Ruling::Replay => prop_assert_eq!(orders.get(&key), replayed.next()),
                    Ruling::Lost(_) => prop_assert!(!orders.contains_key(&key)),
                }
            }
            prop_assert!(won.next().is_none() && replayed.next().is_none());
        }
    }

    #[test]
    fn log_time_is_the_latest_timestamp_so_far(log in log()) {
        let mut latest = EPOCH;
        for (entry, decision) in log.iter().zip(decide_all(&log)) {
            latest = latest.max(entry.at.timestamp);
            prop_assert_eq!(decision.log_time, latest);
            prop_assert_eq!(decision.seq, entry.at.seq);
        }
    }

    #[test]
    fn a_command_that_was_not_applied_changes_nothing(log in log()) {
        let mut allocation = Allocation::new(partition(), EPOCH);
        let mut applied = HashSet::new();
        for entry in &log {
            let sales = |of: &Allocation| [0, 1, 2].map(|number| of.sale(sale_id(number)).cloned());
            let before = sales(&allocation);
            let Outcome::Command(command) = decide(&mut allocation, entry).outcome else { continue };
            let id = (command.sale, command.command);
            prop_assert_eq!(applied.contains(&id), command.ruling == CommandRuling::Repeated);
            if command.ruling == CommandRuling::Applied {
                applied.insert(id);
            } else {
                prop_assert_eq!(command.effect, None);
                prop_assert_eq!(sales(&allocation), before);
            }
        }
    }

    #[test]
    fn grouping_makes_no_difference(log in log(), size in 2_usize..9) {
        let (alone, grouped) = (regrouped(&log, 1), regrouped(&log, size));
        let expected = without_places(&log);
        prop_assert_eq!(&without_places(&alone), &expected);
        prop_assert_eq!(&without_places(&grouped), &expected);
    }
}

/// The properties mean little for logs in which nothing happens.
#[test]
fn random_logs_reach_every_ruling() {
    let mut runner = TestRunner::deterministic();
    let mut seen = HashSet::new();
    for _ in 0..256 {
        let log = log().new_tree(&mut runner).unwrap().current();
        for decision in decide_all(&log) {
            seen.extend(letters_of(&decision).chars());
        }
    }
    let purchases = Ruling::ALL.map(Ruling::letter);
    let commands = CommandRuling::ALL.map(CommandRuling::letter);
    for letter in purchases.into_iter().chain(commands) {
        assert!(
            seen.contains(&letter),
            "no random log has a ruling {letter}"
        );
    }
}

fn returns_units(entry: &Entry) -> bool {
    let Some(Record::Control(control)) = &entry.record else {
        return false;
    };
    matches!(
        control.action,
        Action::Cancel { .. } | Action::Restock { .. }
    )
}

fn letters_of(decision: &Decision) -> String {
    match &decision.outcome {
        Outcome::Malformed => Ruling::Lost(Lost::Malformed).letter().into(),
        Outcome::Command(command) => command.ruling.letter().into(),
        Outcome::Purchases(group) => group.rulings.iter().map(|ruling| ruling.letter()).collect(),
    }
}

fn through_bytes(entry: &Entry) -> Entry {
    let record = entry.record.as_ref().map(|record| {
        let (channel, bytes) = match record {
            Record::Purchases(group) => (Channel::Purchases, serde_json::to_vec(group)),
            Record::Control(control) => (Channel::Control, serde_json::to_vec(control)),
        };
        let subject = LogSubject::of(record.sale(), channel);
        Record::decode(&subject, &bytes.unwrap()).unwrap()
    });
    Entry { record, ..*entry }
}

/// Every ruling of a log, one text per sale: all of its purchases and commands in log order, and
/// who won with which number. Says nothing about the records the purchases were grouped into.
fn without_places(log: &[Entry]) -> Vec<String> {
    let mut told = vec![String::new(); SALES as usize + 1];
    for decision in decide_all(log) {
        let number = |of| (0..SALES).position(|number| sale_id(number) == of).unwrap();
        match decision.outcome {
            Outcome::Malformed => told[SALES as usize].push('M'),
            Outcome::Command(command) => told[number(command.sale)].push(command.ruling.letter()),
            Outcome::Purchases(group) => {
                let mut won = group.won.iter();
                for ruling in group.rulings {
                    let told = &mut told[number(group.sale)];
                    told.push(ruling.letter());
                    if ruling == Ruling::Won {
                        let won = won.next().unwrap();
                        let shopper = won.shopper.uuid().as_u128();
                        told.push_str(&format!("<{shopper} {} {}>", won.key, won.nth));
                    }
                }
            }
        }
    }
    told
}
