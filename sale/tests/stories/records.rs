//! The bytes of the log: a golden fixture for every record.
//!
//! The order of the fields is part of the format, because hashes are taken over a record's bytes.

use std::fmt::Debug;

use sale::subject::{Channel, LogSubject};
use sale::{
    Action, Change, CommandId, Control, KeyHash, Moment, Open, Price, Product, ProductId, Purchase,
    Purchases, Record, SaleId, ShopperId, Unreadable,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::uuid;

pub(crate) const PURCHASES: &str = include_str!("../../fixtures/purchases.json");
pub(crate) const OPEN: &str = include_str!("../../fixtures/control-open.json");
pub(crate) const CHANGE: &str = include_str!("../../fixtures/control-change.json");
pub(crate) const PAUSE: &str = include_str!("../../fixtures/control-pause.json");
pub(crate) const RESUME: &str = include_str!("../../fixtures/control-resume.json");
pub(crate) const CLOSE: &str = include_str!("../../fixtures/control-close.json");
pub(crate) const RESTOCK: &str = include_str!("../../fixtures/control-restock.json");
pub(crate) const CANCEL: &str = include_str!("../../fixtures/control-cancel.json");

pub(crate) fn fixtures() -> [(Channel, &'static str); 8] {
    let control = [OPEN, CHANGE, PAUSE, RESUME, CLOSE, RESTOCK, CANCEL];
    let [a, b, c, d, e, f, g] = control.map(|text| (Channel::Control, text.trim_end()));
    [
        (Channel::Purchases, PURCHASES.trim_end()),
        a,
        b,
        c,
        d,
        e,
        f,
        g,
    ]
}

pub(crate) fn sale_id() -> SaleId {
    "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c60".parse().unwrap()
}

pub(crate) fn decode(channel: Channel, body: impl AsRef<[u8]>) -> Result<Record, Unreadable> {
    Record::decode(&LogSubject::of(sale_id(), channel), body.as_ref())
}

/// The value has this text, byte for byte, and the text this value.
pub(crate) fn assert_golden<T>(value: &T, fixture: &str)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let as_value: Value = serde_json::from_str(fixture).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), as_value);
    assert_eq!(serde_json::to_string(value).unwrap(), fixture.trim_end());
    assert_eq!(serde_json::from_str::<T>(fixture).unwrap(), *value);
}

#[test]
fn purchases_are_written_as_the_fixture() {
    let purchase = |shopper, key, ms| Purchase {
        shopper: ShopperId::new(shopper),
        key,
        received_at_ms: Moment::from_unix_ms(ms),
    };
    let first = uuid!("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    let second = uuid!("16fd2706-8baf-433b-82eb-8c7fada847da");
    let group = Purchases {
        v: 1,
        sale: sale_id(),
        seal: "bff33960".to_owned().try_into().unwrap(),
        purchases: vec![
            purchase(first, KeyHash::of("key-1"), 1_795_219_200_123),
            purchase(second, KeyHash::from_bits(0xff), 1_795_219_200_124),
        ],
    };
    assert_golden(&group, PURCHASES);
    assert_eq!(
        decode(Channel::Purchases, PURCHASES),
        Ok(Record::Purchases(group))
    );
}

#[test]
fn commands_are_written_as_the_fixtures() {
    let later = Change {
        ends_at_ms: Some(Moment::from_unix_ms(1_795_226_400_000)),
        unit_limit: Some(3),
        ..Change::default()
    };
    let cancel = Action::Cancel {
        seq: crate::story::seq(1307),
        index: 5,
    };
    let restock = Action::Restock {
        stock: 150,
        version: 4,
    };
    for (fixture, name, reason, action) in [
        (OPEN, "open", None, Action::Open(lamp())),
        (
            CHANGE,
            "change",
            Some("the truck is late"),
            Action::Change(later),
        ),
        (PAUSE, "pause", None, Action::Pause {}),
        (RESUME, "resume", None, Action::Resume {}),
        (CLOSE, "close", None, Action::Close {}),
        (RESTOCK, "restock", Some("another pallet"), restock),
        (CANCEL, "cancel", Some("asked by the shopper"), cancel),
    ] {
        assert_eq!(action.name(), name);
        let control = control(reason, action);
        assert_golden(&control, fixture);
        assert_eq!(
            decode(Channel::Control, fixture),
            Ok(Record::Control(control))
        );
    }
}

fn lamp() -> Open {
    Open {
        product: Product {
            id: ProductId::new(uuid!("6ba7b810-9dad-41d1-80b4-00c04fd430c8")),
            name: "Lamp “Nova”".into(),
        },
        price: Price {
            amount_minor: 1999,
            currency: "EUR".into(),
        },
        stock: 100,
        unit_limit: 2,
        starts_at_ms: Moment::from_unix_ms(1_795_219_200_000),
        ends_at_ms: Moment::from_unix_ms(1_795_222_800_000),
    }
}

fn control(reason: Option<&str>, action: Action) -> Control {
    Control {
        v: 1,
        sale: sale_id(),
        command: CommandId::new(uuid!("0f8fad5b-d9cb-469f-a165-70867728950e")),
        by: "operator:mira".into(),
        reason: reason.map(Into::into),
        action,
    }
}

#[test]
fn a_full_group_fits_its_bytes() {
    let mut group: Purchases = serde_json::from_str(PURCHASES).unwrap();
    group.purchases = vec![group.purchases[0]; sale::GROUP_PURCHASES_MAX];
    let bytes = serde_json::to_vec(&group).unwrap().len();
    assert!(bytes <= sale::GROUP_BYTES_MAX, "{bytes} bytes");
}
