//! All that the log may hold and nobody can decide: malformed, or newer than this build.

use proptest::prelude::*;
use sale::subject::{Channel, LogSubject};
use sale::{Moment, Partition, Purchases, Record, SaleId, Unreadable};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::records::{CANCEL, CHANGE, OPEN, PAUSE, PURCHASES, RESTOCK, decode, fixtures, sale_id};

fn assert_malformed(channel: Channel, body: impl AsRef<[u8]>, why: &str) {
    let decoded = decode(channel, body);
    assert!(
        matches!(decoded, Err(Unreadable::Malformed(_))),
        "{why}: {decoded:?}"
    );
}

/// A fixture with one value replaced or added.
fn with(fixture: &str, pointer: &str, field: &str, value: impl Into<Value>) -> String {
    let mut body: Value = serde_json::from_str(fixture).unwrap();
    body.pointer_mut(pointer).unwrap()[field] = value.into();
    body.to_string()
}

#[test]
fn an_unknown_field_is_malformed_at_every_depth() {
    for pointer in ["", "/purchases/0"] {
        let body = with(PURCHASES, pointer, "gift", true);
        assert_malformed(Channel::Purchases, body, pointer);
    }
    for (fixture, pointer) in [
        (OPEN, ""),
        (OPEN, "/action"),
        (OPEN, "/action/open"),
        (OPEN, "/action/open/product"),
        (OPEN, "/action/open/price"),
        (CHANGE, "/action/change"),
        (PAUSE, "/action/pause"),
        (RESTOCK, "/action/restock"),
        (CANCEL, "/action/cancel"),
    ] {
        assert_malformed(
            Channel::Control,
            with(fixture, pointer, "gift", true),
            pointer,
        );
    }
}

#[test]
fn a_value_out_of_its_range_is_malformed() {
    let purchase = "/purchases/0";
    for (pointer, field, value) in [
        ("", "sale", json!(Uuid::from_u128(4 << 76))),
        ("", "seal", json!("BFF33960")),
        ("", "seal", json!("+ff33960")),
        (purchase, "key", json!("+000000000000ff")),
        (purchase, "key", json!("ff")),
        (purchase, "received_at_ms", json!("2026-11-21T00:00:00Z")),
        (purchase, "received_at_ms", json!(1.5)),
        (purchase, "shopper", json!(null)),
    ] {
        let body = with(PURCHASES, pointer, field, value);
        assert_malformed(Channel::Purchases, &body, &body);
    }
    for (fixture, pointer, field, value) in [
        (RESTOCK, "/action/restock", "stock", json!(-1)),
        (CANCEL, "/action/cancel", "index", json!(4096)),
        (CANCEL, "/action/cancel", "seq", json!(1_u64 << 42)),
        (OPEN, "", "action", json!("pause")),
        (OPEN, "", "action", json!({"vanish": {}})),
    ] {
        let body = with(fixture, pointer, field, value);
        assert_malformed(Channel::Control, &body, &body);
    }
}

#[test]
fn a_record_must_agree_with_its_subject() {
    let moved = |partition| Partition::try_from(partition).unwrap();
    let other_sale = LogSubject::of(
        SaleId::new(moved(2), Moment::default(), 1),
        Channel::Purchases,
    );
    let other_partition = LogSubject {
        partition: moved(3),
        ..LogSubject::of(sale_id(), Channel::Purchases)
    };
    for subject in [other_sale, other_partition] {
        let decoded = Record::decode(&subject, PURCHASES.as_bytes());
        assert!(
            matches!(decoded, Err(Unreadable::Malformed(_))),
            "{subject}"
        );
    }
    assert_malformed(Channel::Control, PURCHASES, "purchases among commands");
    assert_malformed(Channel::Purchases, PAUSE, "a command among purchases");
}

#[test]
fn a_text_that_the_database_cannot_keep_is_malformed() {
    for (fixture, pointer, field) in [
        (PAUSE, "", "by"),
        (PAUSE, "", "reason"),
        (OPEN, "/action/open/product", "name"),
    ] {
        assert_malformed(
            Channel::Control,
            with(fixture, pointer, field, json!("a\0b")),
            field,
        );
        assert!(
            decode(
                Channel::Control,
                with(fixture, pointer, field, json!("a b"))
            )
            .is_ok()
        );
    }
}

#[test]
fn a_group_holds_1_to_512_purchases() {
    let group = |count: usize| {
        let group: Value = serde_json::from_str(PURCHASES).unwrap();
        with(
            PURCHASES,
            "",
            "purchases",
            vec![group["purchases"][0].clone(); count],
        )
    };
    assert_malformed(Channel::Purchases, group(0), "no purchases");
    assert_malformed(Channel::Purchases, group(513), "too many purchases");
    assert!(decode(Channel::Purchases, group(1)).is_ok());
    assert!(decode(Channel::Purchases, group(512)).is_ok());
}

#[test]
fn a_newer_version_stops_the_partition_whatever_its_shape() {
    let nested = format!(
        "{{\"x\":{}{},\"v\":2}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    for (channel, fixture) in fixtures() {
        for body in [
            with(fixture, "", "v", 2),
            with(fixture, "", "v", 2).replace("sale", "shop"),
        ] {
            assert_eq!(decode(channel, body), Err(Unreadable::NewerVersion(2)));
        }
        for body in [r#"{"v":2}"#, r#"{"later":{"v":1},"v":2}"#, &nested] {
            assert_eq!(decode(channel, body), Err(Unreadable::NewerVersion(2)));
        }
        let last = with(fixture, "", "v", u32::MAX);
        assert_eq!(
            decode(channel, last),
            Err(Unreadable::NewerVersion(u32::MAX))
        );
    }
}

#[test]
fn a_version_that_never_was_is_malformed() {
    for (channel, fixture) in fixtures() {
        for version in [json!(0), json!(-1), json!("1"), json!(null), json!(2.0)] {
            assert_malformed(channel, with(fixture, "", "v", version.clone()), "version");
        }
        assert_malformed(channel, r#"{"v":0}"#, "version 0 of another shape");
        assert_malformed(channel, r#"{"v":2,"v":2}"#, "two versions");
    }
}

#[test]
fn whatever_is_not_an_object_is_malformed() {
    // A list reads as a struct without field names to serde; to this format it is nothing.
    let lists = ["[2]", "[7]", " [2]", "[]"];
    let garbage = [
        "",
        " ",
        "null",
        "2",
        "\"v\"",
        "{}",
        "\u{feff}{\"v\":2}",
        "{\"v\":2}{",
    ];
    for body in lists.into_iter().chain(garbage) {
        assert_malformed(Channel::Purchases, body, body);
        assert_malformed(Channel::Control, body, body);
    }
    let group: Purchases = serde_json::from_str(PURCHASES).unwrap();
    let as_list = json!([1, group.sale, group.seal, group.purchases]);
    assert_malformed(
        Channel::Purchases,
        as_list.to_string(),
        "a record as a list",
    );
}

#[test]
fn text_that_is_not_utf_8_is_malformed() {
    let mut body = PAUSE.as_bytes().to_vec();
    let operator = PAUSE.find("mira").unwrap();
    body[operator] = 0xff;
    assert_malformed(Channel::Control, body, "not UTF-8");
}

#[test]
fn every_truncated_record_is_malformed() {
    for (channel, fixture) in fixtures() {
        for end in 0..fixture.len() {
            assert_malformed(channel, &fixture.as_bytes()[..end], "truncated");
        }
    }
}

#[test]
fn nesting_without_end_is_malformed() {
    for opening in [
        "[",
        "{\"v\":",
        "{\"v\":1,\"action\":{\"open\":",
        "{\"v\":1,\"x\":[",
    ] {
        let body = opening.repeat(20_000);
        assert_malformed(Channel::Control, &body, opening);
        assert_malformed(Channel::Purchases, &body, opening);
    }
    let closed = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_malformed(Channel::Control, closed, "closed");
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_bytes_are_a_record_by_chance(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for channel in [Channel::Purchases, Channel::Control] {
            prop_assert!(matches!(decode(channel, &body), Err(Unreadable::Malformed(_))));
        }
    }

    #[test]
    fn a_damaged_record_never_panics_and_is_itself_if_it_reads(
        which in 0_usize..8,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (channel, fixture) = fixtures()[which];
        let mut body = fixture.as_bytes().to_vec();
        for (at, byte) in damage {
            *at.get_mut(&mut body) = byte;
        }
        if let Ok(record) = decode(channel, &body) {
            let again = match &record {
                Record::Purchases(group) => serde_json::to_vec(group),
                Record::Control(control) => serde_json::to_vec(control),
            };
            prop_assert_eq!(decode(channel, again.unwrap()), Ok(record));
        }
    }
}
