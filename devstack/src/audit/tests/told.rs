//! What shoppers were told.

use super::*;

fn contradictions(change: impl FnOnce(&mut History)) -> usize {
    let mut history = right();
    change(&mut history);
    audit(&history).contradictions
}

/// The third shopper, whose ticket lost, hears this.
fn third_hears(heard: Vec<Word>) -> History {
    let mut history = right();
    history.attempts[2] = accepted(3, ticket(9, 1), heard);
    history
}

#[test]
fn a_ticket_that_is_not_decided_is_lost() {
    let mut history = right();
    history.records.retain(|record| record.seq != 7);
    let findings = audit(&history);
    assert_eq!(findings.lost_tickets, 1);
    assert_eq!(findings.contradictions, 1, "its order has no won place");
}

#[test]
fn a_ticket_that_stands_nowhere_in_the_log_is_lost() {
    let mut history = right();
    let nowhere = accepted(5, ticket(8, 0), vec![Word::Poll(lost("sold-out"))]);
    history.attempts.push(nowhere);
    assert_eq!(audit(&history).lost_tickets, 1);
    // And: nor is it there, if a decision says so.
    history.records.push(record(8, "S"));
    assert_eq!(audit(&history).lost_tickets, 1);
}

#[test]
fn a_ticket_of_which_nothing_was_heard_is_found_if_somebody_waited() {
    assert_eq!(audit(&third_hears(vec![])).unheard, 1);
    let findings = audit(&third_hears(vec![Word::Unasked]));
    assert!(findings.is_clean(), "{findings:?}");
}

#[test]
fn a_verdict_that_is_not_the_decision_contradicts_it() {
    let won = Verdict::Won(ticket(9, 1));
    for told in [lost("paused"), won] {
        for word in [Word::Socket(told.clone()), Word::Poll(told)] {
            assert_eq!(audit(&third_hears(vec![word])).contradictions, 1);
        }
    }
}

#[test]
fn a_socket_and_a_poll_that_disagree_contradict_each_other() {
    // Even of a ticket that nothing is known of.
    let heard = vec![
        Word::Socket(lost("sold-out")),
        Word::Poll(lost("limit-reached")),
    ];
    let mut history = third_hears(heard);
    history.records.retain(|record| record.seq != 9);
    history.orders.pop();
    history.attempts.remove(1);
    assert_eq!(audit(&history).contradictions, 1);
}

#[test]
fn a_list_of_orders_that_disagrees_contradicts() {
    let listed = third_hears(vec![Word::Listed(ticket(9, 1))]);
    assert_eq!(audit(&listed).contradictions, 1);
    let mut unlisted = right();
    unlisted.attempts[0] = accepted(1, ticket(7, 0), vec![Word::Unlisted]);
    assert_eq!(audit(&unlisted).contradictions, 1);
    // Unless it was taken back in the meantime.
    unlisted.orders[0].is_cancelled = true;
    assert_eq!(audit(&unlisted).contradictions, 0);
}

#[test]
fn a_replay_leads_to_its_first_order_and_no_other() {
    let replayed = |order| {
        let mut history = right();
        let heard = vec![Word::Poll(Verdict::Won(order))];
        history.attempts.push(accepted(1, ticket(11, 1), heard));
        let log = history.log.as_mut().expect("a log");
        log.records.push(logged(11, wishes(&[(2, 12), (1, 11)])));
        let refs = [ticket(9, 0), ticket(7, 0)].map(|order| Place::of(order).packed());
        history.records.push(Record {
            refs: refs.to_vec(),
            ..record(11, "RR")
        });
        history.cursor = 11;
        audit(&history)
    };
    assert!(replayed(ticket(7, 0)).is_clean());
    assert_eq!(replayed(ticket(9, 0)).contradictions, 1);
    assert_eq!(replayed(ticket(11, 1)).contradictions, 1);
}

#[test]
fn a_won_place_without_an_order_contradicts() {
    let without = |history: &mut History| history.orders.truncate(1);
    assert_eq!(contradictions(without), 1);
}

#[test]
fn a_place_with_two_orders_contradicts() {
    let seal = |id: Uuid| Uuid::from_u128(id.as_u128() ^ 1);
    let twice = |history: &mut History| {
        let mut again = history.orders[0];
        again.ticket = seal(again.ticket);
        history.orders.push(again);
    };
    assert_eq!(contradictions(twice), 1);
}

#[test]
fn an_order_with_another_id_than_its_ticket_contradicts() {
    let resealed = |history: &mut History| {
        let id = history.orders[0].ticket.as_u128() ^ 1;
        history.orders[0].ticket = Uuid::from_u128(id);
    };
    assert_eq!(contradictions(resealed), 1);
}

#[test]
fn somebody_elses_order_contradicts() {
    let stolen = |history: &mut History| history.orders[0].shopper = shopper(9);
    assert_eq!(contradictions(stolen), 1);
}

#[test]
fn two_shoppers_in_one_place_contradict() {
    let mut history = right_without_a_log();
    let heard = vec![Word::Poll(lost("sold-out"))];
    history.attempts[3] = accepted(4, ticket(9, 1), heard);
    assert_eq!(audit(&history).contradictions, 1);
}

#[test]
fn a_ticket_of_somebody_who_stands_elsewhere_in_the_log_contradicts() {
    let heard = vec![Word::Poll(lost("sold-out"))];
    let taken = |history: &mut History| history.attempts[2] = accepted(8, ticket(9, 1), heard);
    assert_eq!(contradictions(taken), 1);
}

#[test]
fn an_order_of_somebody_who_was_certainly_refused_contradicts() {
    let mut history = right();
    history.attempts[0] = refused(1, "busy");
    assert_eq!(audit(&history).contradictions, 1);
    // Unless the answer was not certain.
    history.attempts[0].outcome = Outcome::Unknown("busy".to_owned());
    let findings = audit(&history);
    assert_eq!((findings.contradictions, findings.unknown), (0, 1));
}

#[test]
fn two_wishes_of_a_shopper_that_were_given_one_place_contradict() {
    let mut history = right();
    let first = history.attempts[0].clone();
    history.attempts.push(first.clone());
    assert_eq!(audit(&history).contradictions, 0, "the same key again");
    for (attempt, wish) in history.attempts.iter_mut().zip([1, 2, 3, 4, 1]) {
        attempt.wish = Some(wish);
    }
    assert_eq!(audit(&history).contradictions, 0, "the same key again");
    history.attempts.last_mut().expect("five").wish = Some(5);
    assert_eq!(audit(&history).contradictions, 1);
}
