//! The audit goes red on every kind of wrong history, each made from a right one.

mod figures;
mod log;
mod ordered;
mod phantoms;
mod promised;
mod replayed;
mod told;

use super::*;
use uuid::Uuid;

/// Milliseconds of the window of every sale here; the first record is at 0.
const STARTS_AT_MS: i64 = 0;
const ENDS_AT_MS: i64 = 1_000;

/// The same layout, built from the other side: digits of a number instead of shifts of halves.
fn ticket(seq: u64, index: u16) -> Uuid {
    let place = 3u128 << 54 | u128::from(seq) << 12 | u128::from(index);
    let free = format!("{:0122b}", place << 58 | 0x2aa_aaaa_aaaa_aaaa);
    let bits = format!("{}1000{}10{}", &free[..48], &free[48..60], &free[60..]);
    Uuid::from_u128(u128::from_str_radix(&bits, 2).expect("128 bits"))
}

fn shopper(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn order(seq: u64, index: u16, whose: u128, key_hash: u64) -> Order {
    Order {
        ticket: ticket(seq, index),
        shopper: shopper(whose),
        key_hash,
        nth: 0,
        unit_limit: 1,
        is_cancelled: false,
    }
}

fn accepted(whose: u128, ticket: Uuid, heard: Vec<Word>) -> Attempt {
    Attempt {
        shopper: shopper(whose),
        wish: None,
        outcome: Outcome::Accepted { ticket, heard },
    }
}

fn refused(whose: u128, why: &str) -> Attempt {
    Attempt {
        shopper: shopper(whose),
        wish: None,
        outcome: Outcome::Refused(why.to_owned()),
    }
}

fn lost(why: &str) -> Verdict {
    Verdict::Lost(why.to_owned())
}

fn record(seq: u64, rulings: &str) -> Record {
    Record {
        partition: 3,
        seq,
        rulings: rulings.to_owned(),
        refs: Vec::new(),
    }
}

fn logged(seq: u64, body: Body) -> LoggedRecord {
    LoggedRecord {
        seq,
        at_ms: i64::try_from(seq).expect("small"),
        body,
    }
}

/// Purchases by shopper and key, each taken in at the same moment.
fn wishes(wishes: &[(u128, u64)]) -> Body {
    let wish = |(whose, key_hash): &(u128, u64)| LoggedPurchase {
        shopper: shopper(*whose),
        key_hash: *key_hash,
        received_at_ms: 0,
    };
    Body::Purchases(wishes.iter().map(wish).collect())
}

/// A command with an id of its own.
fn command(id: u128, action: &str) -> Body {
    Body::Command(Command {
        id: Uuid::from_u128(id),
        action: serde_json::from_str(action).expect("an action"),
    })
}

/// As all sales here are opened.
fn label() -> Label {
    Label {
        product: Uuid::nil(),
        name: "Lamp".to_owned(),
        amount_minor: 1,
        currency: "EUR".to_owned(),
    }
}

fn opening(stock: u32, unit_limit: u16) -> Body {
    opening_from(STARTS_AT_MS, stock, unit_limit)
}

fn opening_from(starts_at_ms: i64, stock: u32, unit_limit: u16) -> Body {
    let terms = format!(
        r#"{{"open":{{"product":{{"id":"{}","name":"Lamp"}},"price":{{"amount_minor":1,"currency":"EUR"}},
        "stock":{stock},"unit_limit":{unit_limit},"starts_at_ms":{starts_at_ms},"ends_at_ms":{ENDS_AT_MS}}}}}"#,
        Uuid::nil()
    );
    command(1, &terms)
}

/// Two units, three shoppers: two win in two records, the third finds it sold out, a fourth is refused. All of
/// it is in the log.
fn right() -> History {
    let [first, second, third] = [ticket(7, 0), ticket(9, 0), ticket(9, 1)];
    let won = |order| {
        vec![
            Word::Socket(Verdict::Won(order)),
            Word::Poll(Verdict::Won(order)),
            Word::Listed(order),
        ]
    };
    let in_vain = vec![Word::Socket(lost("sold-out")), Word::Unlisted];
    let log = Log {
        partition: 3,
        first_seq: 2,
        records: vec![
            logged(5, opening(2, 1)),
            logged(7, wishes(&[(1, 11)])),
            logged(9, wishes(&[(2, 12), (3, 13)])),
        ],
    };
    History {
        partition: 3,
        cursor: 9,
        stock: 2,
        unit_limit: 1,
        window_ms: (STARTS_AT_MS, ENDS_AT_MS),
        label: label(),
        sold: 2,
        version: 1,
        orders: vec![order(7, 0, 1, 11), order(9, 0, 2, 12)],
        // Rows come in no order.
        records: vec![record(5, "a"), record(9, "WS"), record(7, "W")],
        attempts: vec![
            accepted(1, first, won(first)),
            accepted(2, second, won(second)),
            accepted(3, third, in_vain),
            refused(4, "sold-out"),
        ],
        asked: Asked::ByNobodyElse,
        log: Some(log),
        ..History::default()
    }
}

/// The same, where nobody could read the log and others may have bought.
fn right_without_a_log() -> History {
    History {
        log: None,
        asked: Asked::BySome,
        ..right()
    }
}

#[test]
fn a_ticket_is_read_back() {
    let place = Place {
        partition: 3,
        seq: 4_398_046_511_103,
        index: 4_095,
    };
    assert_eq!(Place::of(ticket(place.seq, place.index)), place);
    assert_eq!(Place::unpacked(place.packed()), place);
}

#[test]
fn a_right_history_is_clean() {
    let findings = audit(&right());
    assert!(findings.is_clean() && findings.is_whole(), "{findings:?}");
    assert!(findings.faults().iter().all(|(_, count)| *count == Some(0)));
    assert_eq!((findings.accepted, findings.won), (3, 2));
    assert_eq!(findings.lost["sold-out"], 1);
    assert_eq!(findings.refused["sold-out"], 1);
}

#[test]
fn what_cannot_be_judged_is_not_called_right() {
    let trimmed = |log: Log| Log {
        first_seq: 6,
        ..log
    };
    let histories = [
        right_without_a_log(),
        History {
            log: right().log.map(trimmed),
            asked: Asked::BySome,
            ..right()
        },
    ];
    for history in histories {
        let findings = audit(&history);
        assert!(findings.is_clean(), "{findings:?}");
        assert!(!findings.is_whole(), "{findings:?}");
        assert_eq!(
            (
                findings.out_of_order,
                findings.phantom,
                findings.misdescribed
            ),
            (None, None, None)
        );
        assert!(findings.to_string().contains("not judged"), "{findings}");
    }
}
