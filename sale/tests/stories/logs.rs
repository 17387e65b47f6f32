//! Random logs of one partition: few shoppers, keys, sales and command ids, so that they collide.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use sale::{
    Action, Change, CommandId, Control, KeyHash, Moment, Open, Partition, Position, Price, Product,
    ProductId, Purchase, Purchases, RECORD_VERSION, Record, SaleId, Seq, ShopperId,
};
use uuid::Uuid;

/// Sales a log may speak of; the first two are usually opened at once.
pub(crate) const SALES: u64 = 3;
/// Most messages in a log beside the first openings.
pub(crate) const LOG_MAX: usize = 40;

const BEGINS_AT_MS: i64 = 1_000;

/// One message of a log; `None` is one nobody can read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Position,
    pub(crate) record: Option<Record>,
}

/// What happens next, before it has a place in a log.
#[derive(Clone, Debug)]
enum Event {
    Malformed,
    Buy(u64, Vec<(u8, u8)>),
    Command(u64, Option<u8>, Action),
    /// Cancels some earlier purchase of the log, won or not.
    CancelEarlier(Option<u8>, Index),
}

pub(crate) fn partition() -> Partition {
    Partition::try_from(2).unwrap()
}

pub(crate) fn sale_id(number: u64) -> SaleId {
    SaleId::new(partition(), Moment::from_unix_ms(BEGINS_AT_MS), number)
}

pub(crate) fn seq(number: usize) -> Seq {
    Seq::try_from(number as u64).unwrap()
}

/// A whole log, sequences from 1 without a hole.
pub(crate) fn log() -> impl Strategy<Value = Vec<Entry>> {
    let openings = vec(option::weighted(0.9, open(-20_i64..40)), 2);
    let events = vec((step(), event()), 1..LOG_MAX);
    (openings, events).prop_map(|(openings, events)| {
        let openings = (0..).zip(openings).filter_map(|(sale, terms)| {
            let action = Action::Open(terms?);
            Some((0, Event::Command(sale, None, action)))
        });
        write_down(openings.chain(events))
    })
}

/// Gives every event its sequence and time, and every cancellation its target.
fn write_down(events: impl Iterator<Item = (i64, Event)>) -> Vec<Entry> {
    let mut now = BEGINS_AT_MS;
    let mut log = Vec::new();
    let mut places = Vec::new();
    for ((step, event), number) in events.zip(1..) {
        now += step;
        let seq = seq(number);
        if let Event::Buy(sale, wishes) = &event {
            places.extend((0..).zip(wishes).map(|(index, _)| (*sale, seq, index)));
        }
        let timestamp = Moment::from_unix_ms(now);
        log.push(Entry {
            at: Position { seq, timestamp },
            record: record(event, number, &places),
        });
    }
    log
}

fn record(event: Event, number: usize, places: &[(u64, Seq, u16)]) -> Option<Record> {
    // A fresh command id never equals one of the few that are repeated.
    let command = |id: Option<u8>| id.map_or(1_000 + number as u128, u128::from);
    match event {
        Event::Malformed => None,
        Event::Buy(sale, wishes) => Some(purchases(sale, &wishes)),
        Event::Command(sale, id, action) => Some(control(sale, command(id), action)),
        Event::CancelEarlier(..) if places.is_empty() => None,
        Event::CancelEarlier(id, which) => {
            let (sale, seq, index) = *which.get(places);
            Some(control(sale, command(id), Action::Cancel { seq, index }))
        }
    }
}

fn purchases(sale: u64, wishes: &[(u8, u8)]) -> Record {
    let purchases = wishes.iter().map(|(shopper, key)| Purchase {
        shopper: ShopperId::new(Uuid::from_u128(u128::from(*shopper))),
        key: KeyHash::from_bits(u64::from(*key)),
        received_at_ms: Moment::from_unix_ms(5),
    });
    Record::Purchases(Purchases {
        v: RECORD_VERSION,
        sale: sale_id(sale),
        seal: "0000abcd".to_owned().try_into().unwrap(),
        purchases: purchases.collect(),
    })
}

fn control(sale: u64, command: u128, action: Action) -> Record {
    Record::Control(Control {
        v: RECORD_VERSION,
        sale: sale_id(sale),
        command: CommandId::new(Uuid::from_u128(command)),
        by: "operator".into(),
        reason: None,
        action,
    })
}

/// Milliseconds to the next message; the log's clock sometimes runs backwards.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 5 => 1_i64..20, 2 => -60_i64..0, 1 => 50_i64..150]
}

fn event() -> impl Strategy<Value = Event> {
    let wishes = || vec((0_u8..4, 0_u8..5), 1..7);
    let id = || option::weighted(0.3, 0_u8..4);
    let command = (sale(), id(), action());
    prop_oneof![
        1 => Just(Event::Malformed),
        12 => (sale(), wishes()).prop_map(|(sale, wishes)| Event::Buy(sale, wishes)),
        9 => command.prop_map(|(sale, id, action)| Event::Command(sale, id, action)),
        4 => (id(), any::<Index>()).prop_map(|(id, which)| Event::CancelEarlier(id, which)),
    ]
}

fn sale() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(0), 3 => Just(1), 1 => 2..SALES]
}

fn action() -> impl Strategy<Value = Action> {
    let restock = (stock(), 1_u32..6);
    let cancel = (1..LOG_MAX, 0_u16..8);
    prop_oneof![
        2 => open(-20_i64..200).prop_map(Action::Open),
        4 => change().prop_map(Action::Change),
        2 => Just(Action::Pause {}),
        4 => Just(Action::Resume {}),
        1 => Just(Action::Close {}),
        6 => restock.prop_map(|(stock, version)| Action::Restock { stock, version }),
        1 => cancel.prop_map(|(number, index)| Action::Cancel { seq: seq(number), index }),
    ]
}

fn stock() -> impl Strategy<Value = u32> {
    prop_oneof![20 => 0_u32..9, 1 => Just(10_000_001)]
}

fn unit_limit() -> impl Strategy<Value = u16> {
    prop_oneof![20 => 1_u16..4, 1 => Just(0), 1 => Just(101)]
}

fn moment(offset_ms: impl Strategy<Value = i64>) -> impl Strategy<Value = Moment> {
    offset_ms.prop_map(|offset| Moment::from_unix_ms(BEGINS_AT_MS + offset))
}

fn change() -> impl Strategy<Value = Change> {
    let starts_at = option::weighted(0.2, moment(0_i64..300));
    let ends_at = option::weighted(0.4, moment(0_i64..600));
    (starts_at, ends_at, option::of(unit_limit())).prop_map(|(starts_at_ms, ends_at_ms, limit)| {
        Change {
            starts_at_ms,
            ends_at_ms,
            unit_limit: limit,
        }
    })
}

fn open(starts_at: impl Strategy<Value = i64>) -> impl Strategy<Value = Open> {
    let currency = prop_oneof![20 => Just("EUR"), 1 => Just("eur"), 1 => Just("EURO")];
    let name = prop_oneof![20 => Just("Lamp"), 1 => Just("")];
    let length = prop_oneof![1 => -1_i64..40, 8 => 100_i64..500];
    (
        moment(starts_at),
        length,
        stock(),
        unit_limit(),
        currency,
        name,
    )
        .prop_map(
            |(starts_at_ms, length, stock, unit_limit, currency, name)| Open {
                product: Product {
                    id: ProductId::new(Uuid::nil()),
                    name: name.into(),
                },
                price: Price {
                    amount_minor: 100,
                    currency: currency.into(),
                },
                stock,
                unit_limit,
                starts_at_ms,
                ends_at_ms: Moment::from_unix_ms(starts_at_ms.unix_ms() + length),
            },
        )
}
