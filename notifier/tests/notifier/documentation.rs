//! The examples in `docs/live.md` are what the server sends and understands, byte for byte up to
//! white space.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use feed::{SaleView, TicketStatus};
use notifier::message::{ClientMessage, Problem, ServerMessage};
use sale::{Lost, Moment, Price, Product, Sale, Seq};
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../../../docs/live.md");

const TICKET: &str = "00000000-0146-8c00-806b-2f1d5a9c83e7";
const EARLIER: &str = "00000000-0142-8400-813a-90c4f7b26d15";
const SALE: &str = "0199d3a8-6f20-8002-9c41-7be2a35d08f6";
const PRODUCT: &str = "0199d3a5-11c8-7d3e-a2f4-5b8c90e1d276";
/// 2026-11-21T10:00:00Z.
const TEN: i64 = 1_795_255_200_000;

/// The JSON blocks of the document: those the server sends have a `type`.
fn examples() -> (Vec<Value>, Vec<&'static str>) {
    let blocks = DOCUMENT.split("```json\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let (mut server, mut client) = (Vec::new(), Vec::new());
    for block in blocks {
        let value: Value = serde_json::from_str(block).unwrap();
        match value.get("type") {
            Some(_) => server.push(value),
            None => client.push(block),
        }
    }
    (server, client)
}

fn written(message: &ServerMessage<'_>) -> Value {
    serde_json::from_str(&message.text()).unwrap()
}

fn ticket(status: &TicketStatus) -> Value {
    let ticket = TICKET.parse().unwrap();
    written(&ServerMessage::Ticket { ticket, status })
}

fn the_sale() -> SaleView {
    let sale = Sale {
        id: SALE.parse().unwrap(),
        product: Product {
            id: serde_json::from_value(json!(PRODUCT)).unwrap(),
            name: "Brass desk lamp".to_owned(),
        },
        price: Price {
            amount_minor: 4900,
            currency: "EUR".to_owned(),
        },
        unit_limit: 1,
        starts_at_ms: Moment::from_unix_ms(TEN),
        ends_at_ms: Moment::from_unix_ms(TEN + 3_600_000),
        stock: 100,
        sold: 37,
        paused: false,
        closed: false,
        version: 1,
        revision: Seq::try_from(1307).unwrap(),
    };
    SaleView::of(&sale, Moment::from_unix_ms(TEN + 4_250))
}

fn everything_a_server_says() -> Vec<Value> {
    let sale_id = SALE.parse().unwrap();
    let (order_id, earlier) = (TICKET.parse().unwrap(), EARLIER.parse().unwrap());
    let server_time = Moment::from_unix_ms(TEN + 4_000);
    let queued = TicketStatus::Queued {
        ahead: 1840,
        wait_ms: 920,
    };
    let won = |order_id, replay| TicketStatus::Won {
        sale_id,
        order_id,
        replay,
    };
    let lost = TicketStatus::Lost {
        sale_id: Some(sale_id),
        reason: Lost::SoldOut.into(),
    };
    let refused = |what, problem| written(&ServerMessage::Refused { what, problem });
    vec![
        written(&ServerMessage::Hello { server_time }),
        ticket(&queued),
        ticket(&won(order_id, false)),
        ticket(&won(earlier, true)),
        ticket(&lost),
        written(&ServerMessage::Sale(&the_sale())),
        refused("not-a-ticket", Problem::BadTicket),
        refused(SALE, Problem::UnknownSale),
        refused(
            TICKET,
            Problem::TooMany {
                limit: notifier::TICKETS_MAX,
            },
        ),
        written(&ServerMessage::Bye { retry_ms: 3172 }),
    ]
}

#[test]
fn every_example_of_the_server_is_what_it_sends_and_none_is_missing() {
    let (documented, _) = examples();
    let sent = everything_a_server_says();
    for (documented, sent) in documented.iter().zip(&sent) {
        assert_eq!(documented, sent);
    }
    assert_eq!(documented.len(), sent.len());
}

#[test]
fn every_example_of_a_client_is_understood() {
    let (_, client) = examples();
    assert!(!client.is_empty());
    for example in client {
        let message = ClientMessage::parse(example).unwrap();
        let named = message.watch.len() + message.sales.len();
        assert!(named > 0, "{example}");
    }
}

#[test]
fn the_documented_limits_are_the_real_ones() {
    for limit in [
        format!("{} tickets", notifier::TICKETS_MAX),
        format!("{} sales", notifier::SALES_MAX),
    ] {
        assert!(DOCUMENT.contains(&limit), "{limit}");
    }
}
