//! The words the stories are told in: a sale with a window, named shoppers, one record at a time.

use sale::{
    Action, Allocation, Change, CommandDecision, CommandId, CommandRuling, Control, KeyHash,
    Moment, Open, Outcome, Partition, Place, Position, Price, Product, ProductId, PurchaseDecision,
    Purchases, RECORD_VERSION, Record, Ruling, Sale, SaleId, Seq, ShopperId,
};
use uuid::Uuid;

/// First moment of the window of every story.
pub(crate) const STARTS_AT: i64 = 10_000;
/// First moment after it.
pub(crate) const ENDS_AT: i64 = 20_000;

/// One partition's allocation with one sale in it.
pub(crate) struct Story {
    pub(crate) allocation: Allocation,
    sale: SaleId,
    now: i64,
    last_seq: u64,
    commands: u128,
}

pub(crate) fn given_a_sale_of(stock: u32) -> Story {
    given_a_sale_with_limit(stock, 1)
}

pub(crate) fn given_a_sale_with_limit(stock: u32, unit_limit: u16) -> Story {
    let mut story = given_no_sale();
    let terms = terms(stock, unit_limit);
    assert_eq!(story.opens(terms), CommandRuling::Applied);
    story
}

/// The clock of a story starts in the middle of the window.
pub(crate) fn given_no_sale() -> Story {
    let partition = Partition::try_from(2).unwrap();
    Story {
        allocation: Allocation::new(partition, moment(0)),
        sale: SaleId::new(partition, moment(1), 7),
        now: (STARTS_AT + ENDS_AT) / 2,
        last_seq: 0,
        commands: 0,
    }
}

pub(crate) fn terms(stock: u32, unit_limit: u16) -> Open {
    Open {
        product: Product {
            id: ProductId::new(Uuid::from_u128(1)),
            name: "Lamp".into(),
        },
        price: Price {
            amount_minor: 1999,
            currency: "EUR".into(),
        },
        stock,
        unit_limit,
        starts_at_ms: moment(STARTS_AT),
        ends_at_ms: moment(ENDS_AT),
    }
}

pub(crate) fn nothing_changed() -> Change {
    Change::default()
}

pub(crate) const fn moment(ms: i64) -> Moment {
    Moment::from_unix_ms(ms)
}

pub(crate) fn shopper(name: &str) -> ShopperId {
    let bits = name
        .bytes()
        .fold(0, |bits: u128, byte| bits << 8 | u128::from(byte));
    ShopperId::new(Uuid::from_u128(bits))
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::try_from(number).unwrap()
}

/// One letter per ruling, as Postgres keeps them.
pub(crate) fn letters(rulings: &[Ruling]) -> String {
    rulings.iter().map(|ruling| ruling.letter()).collect()
}

impl Story {
    pub(crate) fn at(&mut self, now_ms: i64) -> &mut Self {
        self.now = now_ms;
        self
    }

    /// A record with one purchase.
    pub(crate) fn buys(&mut self, name: &str, key: &str) -> Ruling {
        self.group(&[(name, key)]).rulings[0]
    }

    /// A record with several purchases.
    pub(crate) fn group(&mut self, purchases: &[(&str, &str)]) -> PurchaseDecision {
        let purchases = purchases.iter().map(|(name, key)| sale::Purchase {
            shopper: shopper(name),
            key: KeyHash::of(key),
            received_at_ms: moment(self.now),
        });
        let record = Record::Purchases(Purchases {
            v: RECORD_VERSION,
            sale: self.sale,
            seal: "00000001".to_owned().try_into().unwrap(),
            purchases: purchases.collect(),
        });
        match self.decide(&record).outcome {
            Outcome::Purchases(decision) => decision,
            other => panic!("purchases were decided as {other:?}"),
        }
    }

    pub(crate) fn opens(&mut self, terms: Open) -> CommandRuling {
        self.commands(Action::Open(terms))
    }

    pub(crate) fn changes(&mut self, change: Change) -> CommandRuling {
        self.commands(Action::Change(change))
    }

    pub(crate) fn restocks(&mut self, stock: u32, version: u32) -> CommandRuling {
        self.commands(Action::Restock { stock, version })
    }

    pub(crate) fn cancels(&mut self, order: Place) -> CommandRuling {
        let Place { seq, index, .. } = order;
        self.commands(Action::Cancel { seq, index })
    }

    /// A command nobody gave before.
    pub(crate) fn commands(&mut self, action: Action) -> CommandRuling {
        self.commands += 1;
        self.commands_as(1_000_000 + self.commands, action).ruling
    }

    /// A command with an id of its own choice.
    pub(crate) fn commands_as(&mut self, id: u128, action: Action) -> CommandDecision {
        let record = Record::Control(Control {
            v: RECORD_VERSION,
            sale: self.sale,
            command: CommandId::new(Uuid::from_u128(id)),
            by: "operator".into(),
            reason: None,
            action,
        });
        match self.decide(&record).outcome {
            Outcome::Command(decision) => decision,
            other => panic!("a command was decided as {other:?}"),
        }
    }

    pub(crate) fn decide(&mut self, record: &Record) -> sale::Decision {
        let at = self.next_position();
        self.allocation.decide(at, record)
    }

    pub(crate) fn next_position(&mut self) -> Position {
        self.last_seq += 1;
        Position {
            seq: seq(self.last_seq),
            timestamp: moment(self.now),
        }
    }

    /// The place of one purchase of the latest record.
    pub(crate) fn last_place(&self, index: u16) -> Place {
        Place {
            partition: self.sale.partition(),
            seq: seq(self.last_seq),
            index,
        }
    }

    pub(crate) fn sale(&self) -> &Sale {
        self.allocation.sale(self.sale).unwrap()
    }
}
