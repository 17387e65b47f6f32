//! The audit goes red on every kind of wrong history, each made from a right one.

use super::*;

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

/// Two units, three shoppers: two win in two records, the third finds it sold out, a fourth is refused.
fn right() -> History {
    let places = [ticket(7, 0), ticket(9, 0), ticket(9, 1)];
    let verdicts = [
        Verdict::Won(places[0]),
        Verdict::Won(places[1]),
        Verdict::Lost("sold-out".to_owned()),
    ];
    let attempt = |(number, (ticket, verdict)): (u128, (Uuid, Verdict))| Attempt {
        shopper: shopper(number),
        outcome: Outcome::Accepted {
            ticket,
            verdict: Some(verdict),
        },
    };
    let mut attempts: Vec<Attempt> = (1..)
        .zip(places.into_iter().zip(verdicts))
        .map(attempt)
        .collect();
    attempts.push(Attempt {
        shopper: shopper(4),
        outcome: Outcome::Refused("sold-out".to_owned()),
    });
    let record = |seq, rulings: &str| Record {
        partition: 3,
        seq,
        rulings: rulings.to_owned(),
    };
    History {
        stock: 2,
        unit_limit: 1,
        sold: 2,
        orders: vec![
            Order {
                ticket: places[0],
                shopper: shopper(1),
            },
            Order {
                ticket: places[1],
                shopper: shopper(2),
            },
        ],
        records: vec![record(5, "a"), record(9, "WS"), record(7, "W")],
        attempts,
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
}

#[test]
fn a_right_history_is_clean() {
    let findings = audit(&right());
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!((findings.accepted, findings.won), (3, 2));
    assert_eq!(findings.lost["sold-out"], 1);
    assert_eq!(findings.refused["sold-out"], 1);
}

#[test]
fn an_oversold_one_is_not() {
    let history = History {
        stock: 1,
        ..right()
    };
    assert_eq!(audit(&history).oversold, 1);
}

#[test]
fn a_miscounted_one_is_not() {
    let history = History { sold: 1, ..right() };
    assert_eq!(audit(&history).miscounted, 1);
}

#[test]
fn a_shopper_above_the_limit_is_found() {
    let mut history = right();
    history.orders[1].shopper = shopper(1);
    assert_eq!(audit(&history).doubled, 1);
}

#[test]
fn a_ticket_without_a_verdict_is_lost() {
    let mut history = right();
    history.attempts[2].outcome = Outcome::Accepted {
        ticket: ticket(9, 1),
        verdict: None,
    };
    assert_eq!(audit(&history).lost_tickets, 1);
}

#[test]
fn a_ticket_without_a_decision_is_lost() {
    let mut history = right();
    history.records.retain(|record| record.seq != 7);
    let findings = audit(&history);
    assert_eq!(findings.lost_tickets, 1);
    assert_eq!(findings.contradictions, 1, "its order has no won place");
}

#[test]
fn a_win_after_sold_out_is_out_of_order() {
    let mut history = right();
    history.records[2].seq = 10;
    assert_eq!(audit(&history).out_of_order, 1);
}

#[test]
fn sold_out_with_units_left_turns_shoppers_away() {
    let history = History {
        stock: 3,
        ..right()
    };
    assert_eq!(audit(&history).turned_away, 2);
}

#[test]
fn a_verdict_that_is_not_the_decision_contradicts_it() {
    let mut history = right();
    let outcome = Outcome::Accepted {
        ticket: ticket(9, 1),
        verdict: Some(Verdict::Lost("paused".to_owned())),
    };
    history.attempts[2].outcome = outcome;
    assert_eq!(audit(&history).contradictions, 1);
}

#[test]
fn a_won_place_without_an_order_contradicts() {
    let mut history = right();
    history.orders.pop();
    assert_eq!(audit(&history).contradictions, 1);
}

#[test]
fn somebody_elses_order_contradicts() {
    let mut history = right();
    history.orders[0].shopper = shopper(9);
    assert_eq!(audit(&history).contradictions, 1);
}

#[test]
fn two_shoppers_in_one_place_contradict() {
    let mut history = right();
    let ticket = ticket(9, 1);
    let verdict = Some(Verdict::Lost("sold-out".to_owned()));
    history.attempts[3].outcome = Outcome::Accepted { ticket, verdict };
    assert_eq!(audit(&history).contradictions, 1);
}
