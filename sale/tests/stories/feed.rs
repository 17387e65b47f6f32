//! The decided feed: its fixtures, and the letters that stand for rulings.

use std::collections::HashSet;

use sale::decided::{DECIDED_VERSION, Decided, DecidedRecord, Rulings};
use sale::{CommandRuling, Generation, Lost, Moment, Partition, Place, Ruling, UnknownLetter};
use serde_json::json;

use crate::records::assert_golden;
use crate::story::seq;

const DECIDED: &str = include_str!("../../fixtures/decided.json");
const HALTED: &str = include_str!("../../fixtures/decided-halted.json");

fn quiet() -> Decided {
    Decided {
        v: DECIDED_VERSION,
        partition: Partition::try_from(2).unwrap(),
        epoch: 9,
        generation: Generation::FIRST,
        after: seq(1308),
        cursor: seq(1308),
        last_seq: seq(1310),
        decided_total: 4021,
        drain_per_s: 51234.5,
        mean_group: 1.5,
        halted: None,
        committed_at_ms: None,
        records: Vec::new(),
        sales: Vec::new(),
    }
}

#[test]
fn a_commit_is_announced_as_the_fixture() {
    let record: serde_json::Value = serde_json::from_str(DECIDED).unwrap();
    let sale: sale::Sale = serde_json::from_value(record["sales"][0].clone()).unwrap();
    assert_eq!(
        (sale.remaining(), sale.version, sale.revision),
        (0, 1, seq(1307))
    );
    let first_order = Place {
        partition: Partition::try_from(2).unwrap(),
        seq: seq(1201),
        index: 0,
    };
    let rulings = [
        Ruling::Won,
        Ruling::Replay,
        Ruling::Lost(Lost::SoldOut),
        Ruling::Lost(Lost::LimitReached),
    ];
    let group = DecidedRecord {
        seq: seq(1307),
        sale: Some(sale.id),
        rulings: rulings.into_iter().collect(),
        refs: vec![first_order],
    };
    let unreadable = DecidedRecord {
        seq: seq(1308),
        sale: None,
        rulings: Rulings::malformed(),
        refs: Vec::new(),
    };
    let decided = Decided {
        after: seq(1306),
        committed_at_ms: Some(Moment::from_unix_ms(1_795_219_210_123)),
        records: vec![group, unreadable],
        sales: vec![sale],
        ..quiet()
    };
    assert_golden(&decided, DECIDED);
}

#[test]
fn a_halt_is_announced_as_the_fixture() {
    let halted = Decided {
        halted: Some("the log was truncated".into()),
        ..quiet()
    };
    assert_golden(&halted, HALTED);
}

#[test]
fn a_reader_of_the_feed_survives_a_field_it_does_not_know() {
    let mut newer: serde_json::Value = serde_json::from_str(DECIDED).unwrap();
    newer["weather"] = json!("fine");
    newer["records"][0]["weather"] = json!("fine");
    let read: Decided = serde_json::from_value(newer).unwrap();
    assert_eq!(read, serde_json::from_str(DECIDED).unwrap());
}

#[test]
fn every_ruling_has_a_letter_of_its_own() {
    let purchases = Ruling::ALL.map(Ruling::letter);
    let commands = CommandRuling::ALL.map(CommandRuling::letter);
    let letters: HashSet<char> = purchases.into_iter().chain(commands).collect();
    assert_eq!(letters.len(), 22);
    assert_eq!(purchases.iter().collect::<String>(), "WRSLNEPCMU");
    assert_eq!(commands.iter().collect::<String>(), "aruoivbwlcnd");
}

#[test]
fn letters_and_words_read_back_as_their_rulings() {
    for ruling in Ruling::ALL {
        assert_eq!(Ruling::try_from(ruling.letter()), Ok(ruling));
    }
    for ruling in CommandRuling::ALL {
        assert_eq!(CommandRuling::try_from(ruling.letter()), Ok(ruling));
        assert_eq!(serde_json::to_value(ruling).unwrap(), ruling.as_str());
    }
    for why in Lost::ALL {
        assert_eq!(serde_json::to_value(why).unwrap(), why.as_str());
        assert_eq!(Ruling::Lost(why).as_str(), why.to_string());
    }
    assert_eq!(Ruling::try_from('w'), Err(UnknownLetter('w')));
    assert_eq!(CommandRuling::try_from('W'), Err(UnknownLetter('W')));
}

#[test]
fn a_place_finds_its_ruling() {
    let rulings = Rulings::from_letters("WRx".into());
    assert_eq!(rulings.at(0), Some(Ok(Ruling::Won)));
    assert_eq!(rulings.at(1), Some(Ok(Ruling::Replay)));
    assert_eq!(rulings.at(2), Some(Err(UnknownLetter('x'))));
    assert_eq!(rulings.at(3), None);
    assert_eq!((rulings.len(), rulings.is_empty()), (3, false));
}

#[test]
fn every_place_of_a_malformed_record_is_malformed() {
    let rulings = Rulings::malformed();
    for index in [0, 1, 511] {
        assert_eq!(rulings.at(index), Some(Ok(Ruling::Lost(Lost::Malformed))));
    }
}

#[test]
fn a_replay_finds_its_reference_by_rank() {
    let rulings = Rulings::from_letters("RWRSRR".into());
    let ranks = [0, 2, 4, 5].map(|index| rulings.replay_rank(index));
    assert_eq!(ranks, [0, 1, 2, 3]);
    assert_eq!(rulings.replay_rank(99), 4);
}
