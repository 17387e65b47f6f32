//! Reading records, and the order in which they came.

use super::*;

/// The samples that the format is documented with.
const SALE: &str = "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c60";
const PURCHASES: &str = include_str!("../../../../sale/fixtures/purchases.json");
const COMMANDS: [&str; 7] = [
    include_str!("../../../../sale/fixtures/control-open.json"),
    include_str!("../../../../sale/fixtures/control-change.json"),
    include_str!("../../../../sale/fixtures/control-pause.json"),
    include_str!("../../../../sale/fixtures/control-resume.json"),
    include_str!("../../../../sale/fixtures/control-close.json"),
    include_str!("../../../../sale/fixtures/control-restock.json"),
    include_str!("../../../../sale/fixtures/control-cancel.json"),
];

fn is_malformed(is_command: bool, body: &str) -> bool {
    let read = Body::read(SALE, is_command, body.as_bytes());
    matches!(read, Ok(Body::Malformed(_)))
}

#[test]
fn purchases_are_read_from_their_sample() {
    let Ok(Body::Purchases(read)) = Body::read(SALE, false, PURCHASES.as_bytes()) else {
        panic!("not purchases");
    };
    assert_eq!(read.len(), 2);
    assert_eq!(
        read[0].shopper.to_string(),
        "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    );
    assert_eq!(read[0].key_hash, 0xbe29_7454_6978_e373);
    assert_eq!(read[1].received_at_ms, 1_795_219_200_124);
}

#[test]
fn every_command_is_read_from_its_sample() {
    for sample in COMMANDS {
        let read = Body::read(SALE, true, sample.as_bytes());
        assert!(matches!(read, Ok(Body::Command(_))), "{sample}: {read:?}");
    }
}

#[test]
fn what_the_format_does_not_allow_is_malformed() {
    let wrong = [
        ("\"v\":1", "\"v\":0"),
        ("\"v\":1", "\"v\":1,\"gift\":1"),
        (SALE, "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c61"),
        ("bff33960", "BFF33960"),
        ("be2974546978e373", "be2974546978e37"),
        ("1795219200123", "1.5"),
        ("\"shopper\":\"7c9e6679", "\"shopper\":\"7c9e66"),
    ];
    for (right, wrong) in wrong {
        let body = PURCHASES.replacen(right, wrong, 1);
        assert!(body != PURCHASES && is_malformed(false, &body), "{body}");
    }
    assert!(is_malformed(false, &format!("[{PURCHASES}]")));
    let none = PURCHASES.split("[").next().expect("a list").to_owned() + "[]}";
    assert!(is_malformed(false, &none), "{none}");
    assert!(is_malformed(true, PURCHASES) && is_malformed(false, COMMANDS[2]));
}

#[test]
fn a_command_that_the_format_does_not_allow_is_malformed() {
    let wrong = [
        (COMMANDS[2], "{\"pause\":{}}", "\"pause\""),
        (COMMANDS[2], "{\"pause\":{}}", "{\"vanish\":{}}"),
        (COMMANDS[2], "operator:mira", "operator\\u0000mira"),
        (COMMANDS[6], "\"index\":5", "\"index\":4096"),
        (COMMANDS[6], "\"seq\":1307", "\"seq\":4398046511104"),
        (COMMANDS[5], "\"stock\":150", "\"stock\":-1"),
    ];
    for (sample, right, wrong) in wrong {
        let body = sample.replacen(right, wrong, 1);
        assert!(body != sample && is_malformed(true, &body), "{body}");
    }
}

#[test]
fn a_record_of_a_newer_format_is_not_judged() {
    let newer = PURCHASES.replacen("\"v\":1", "\"v\":2", 1);
    let refused = Body::read(SALE, false, newer.as_bytes());
    let why = refused.expect_err("nobody knows what it says").to_string();
    assert!(why.contains("version 2"), "{why}");
}

#[test]
fn a_place_finds_who_stands_there() {
    let log = right().log.expect("a log");
    let place = |seq, index| Place::of(ticket(seq, index));
    assert_eq!(
        log.at(place(9, 1)).map(|purchase| purchase.key_hash),
        Some(13)
    );
    let elsewhere = Place {
        partition: 4,
        ..place(9, 1)
    };
    for nowhere in [place(9, 2), place(5, 0), place(8, 0), elsewhere] {
        assert_eq!(log.at(nowhere), None);
    }
    let places: Vec<Place> = log.purchases().map(|(place, _)| place).collect();
    assert_eq!(places, [place(7, 0), place(9, 0), place(9, 1)]);
}

#[test]
fn an_inversion_is_how_much_later_somebody_before_came() {
    let mut history = right();
    let log = history.log.as_mut().expect("a log");
    let received_at_ms = [[100, 70], [30, 200]];
    for (record, received) in log.records[1..].iter_mut().zip(received_at_ms) {
        record.body = wishes(&[(1, 1), (1, 1)]);
        let Body::Purchases(purchases) = &mut record.body else {
            panic!("no purchases");
        };
        for (purchase, at_ms) in purchases.iter_mut().zip(received) {
            purchase.received_at_ms = at_ms;
        }
    }
    let inversions = audit(&history).inversion_ms.expect("a log");
    // By 0, 30, 70 and 0.
    assert_eq!(inversions.purchases(), 4);
    assert_eq!((inversions.quantile_ms(0.5), inversions.max_ms()), (0, 70));
    assert_eq!(inversions.quantile_ms(0.75), 30);
}
