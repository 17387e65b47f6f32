//! Was a sale right? Told from what the shoppers saw and what Postgres holds, without a line of the
//! product's own code: the second opinion.

mod history;
mod place;

pub use history::{Attempt, History, Order, Outcome, Record, Verdict};
pub use place::Place;

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

/// What the audit counted. Every figure of [`Findings::faults`] has to be 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Attempts that were answered 202.
    pub accepted: usize,
    /// Attempts that were refused, by problem.
    pub refused: BTreeMap<String, usize>,
    /// Accepted tickets whose shopper saw "won".
    pub won: usize,
    /// Accepted tickets whose shopper saw "lost", by reason.
    pub lost: BTreeMap<String, usize>,
    /// Orders beyond the stock.
    pub oversold: usize,
    /// Difference between the sale's own count and its orders.
    pub miscounted: usize,
    /// Shoppers with more orders than the limit allows.
    pub doubled: usize,
    /// Accepted tickets without a verdict, or without a decision in Postgres.
    pub lost_tickets: usize,
    /// Places that won after another one was told "sold out".
    pub out_of_order: usize,
    /// "Sold out", said while units were left in the end.
    pub turned_away: usize,
    /// Tickets and orders on which what the shopper saw, the decision and the order do not agree.
    pub contradictions: usize,
}

impl Findings {
    /// The figures that have to be 0, each with what it counts.
    pub fn faults(&self) -> [(&'static str, usize); 7] {
        [
            ("oversold", self.oversold),
            ("miscounted", self.miscounted),
            ("doubled", self.doubled),
            ("lost tickets", self.lost_tickets),
            ("out of order", self.out_of_order),
            ("turned away with units left", self.turned_away),
            ("contradictions", self.contradictions),
        ]
    }

    /// Whether all faults are 0.
    pub fn is_clean(&self) -> bool {
        self.faults().iter().all(|(_, count)| *count == 0)
    }
}

/// Counts. The sale must not have been restocked and nothing cancelled while it ran.
pub fn audit(history: &History) -> Findings {
    let letters = letters(history);
    let mut findings = Findings::default();
    count_answers(history, &mut findings);
    findings.oversold = history.orders.len().saturating_sub(history.stock);
    findings.miscounted = history.orders.len().abs_diff(history.sold);
    findings.doubled = doubled(history);
    findings.lost_tickets = lost_tickets(history, &letters);
    findings.out_of_order = out_of_order(history);
    findings.turned_away = turned_away(history, &findings);
    findings.contradictions = shared_places(history)
        + contradictory_tickets(history, &letters)
        + contradictory_orders(history, &letters);
    findings
}

/// The decision of every place.
fn letters(history: &History) -> HashMap<Place, char> {
    let places = history.records.iter().flat_map(|record| {
        let place = |index| Place {
            partition: record.partition,
            seq: record.seq,
            index,
        };
        (0u16..).map(place).zip(record.rulings.chars())
    });
    places.collect()
}

fn count_answers(history: &History, findings: &mut Findings) {
    for attempt in &history.attempts {
        match &attempt.outcome {
            Outcome::Refused(problem) => *findings.refused.entry(problem.clone()).or_default() += 1,
            Outcome::Accepted { verdict, .. } => {
                findings.accepted += 1;
                match verdict {
                    Some(Verdict::Won(_)) => findings.won += 1,
                    Some(Verdict::Lost(reason)) => {
                        *findings.lost.entry(reason.clone()).or_default() += 1
                    }
                    None => {}
                }
            }
        }
    }
}

fn doubled(history: &History) -> usize {
    let mut units: HashMap<Uuid, usize> = HashMap::new();
    for order in &history.orders {
        *units.entry(order.shopper).or_default() += 1;
    }
    units
        .values()
        .filter(|units| **units > history.unit_limit)
        .count()
}

fn lost_tickets(history: &History, letters: &HashMap<Place, char>) -> usize {
    let is_decided = |ticket| letters.contains_key(&Place::of(ticket));
    history
        .accepted()
        .filter(|(_, ticket, verdict)| verdict.is_none() || !is_decided(*ticket))
        .count()
}

/// Units only ever go: after the first "sold out" nobody may win.
fn out_of_order(history: &History) -> usize {
    let mut records: Vec<&Record> = history.records.iter().collect();
    records.sort_by_key(|record| (record.partition, record.seq));
    let rulings = records.iter().flat_map(|record| record.rulings.chars());
    rulings
        .skip_while(|letter| *letter != 'S')
        .filter(|letter| *letter == 'W')
        .count()
}

fn turned_away(history: &History, findings: &Findings) -> usize {
    if history.orders.len() >= history.stock {
        return 0;
    }
    let told = |by: &BTreeMap<String, usize>| by.get("sold-out").copied().unwrap_or_default();
    told(&findings.lost) + told(&findings.refused)
}

/// A place belongs to one shopper, who may be told of it again: a repeated key has the same ticket.
fn shared_places(history: &History) -> usize {
    let mut owners = HashMap::new();
    let taken = history.accepted().filter(|(shopper, ticket, _)| {
        let owner = owners.entry(Place::of(*ticket)).or_insert(*shopper);
        *owner != *shopper
    });
    taken.count()
}

fn contradictory_tickets(history: &History, letters: &HashMap<Place, char>) -> usize {
    let agrees = |ticket: Uuid, verdict: &Verdict| match (verdict, letters.get(&Place::of(ticket)))
    {
        (Verdict::Won(order), Some('W')) => *order == ticket,
        // A repeated key wins by pointing at the first order.
        (Verdict::Won(order), Some('R')) => *order != ticket,
        (Verdict::Lost(reason), Some(letter)) => reason_of(*letter) == Some(reason),
        // Without a decision it is counted as lost.
        (_, None) => true,
        _ => false,
    };
    let decided = history
        .accepted()
        .filter_map(|(_, ticket, verdict)| Some((ticket, verdict?)));
    decided
        .filter(|(ticket, verdict)| !agrees(*ticket, verdict))
        .count()
}

/// Every won place has one order of the shopper who stood there, and every order a won place.
fn contradictory_orders(history: &History, letters: &HashMap<Place, char>) -> usize {
    let owners: HashMap<Uuid, Uuid> = history
        .accepted()
        .map(|(shopper, ticket, _)| (ticket, shopper))
        .collect();
    let stolen = |order: &&Order| {
        owners
            .get(&order.ticket)
            .is_some_and(|owner| *owner != order.shopper)
    };
    let ordered: HashSet<Place> = history
        .orders
        .iter()
        .map(|order| Place::of(order.ticket))
        .collect();
    let won: HashSet<Place> = letters
        .iter()
        .filter(|(_, letter)| **letter == 'W')
        .map(|(place, _)| *place)
        .collect();
    let doubly_ordered = history.orders.len() - ordered.len();
    won.symmetric_difference(&ordered).count()
        + doubly_ordered
        + history.orders.iter().filter(stolen).count()
}

fn reason_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        'S' => "sold-out",
        'L' => "limit-reached",
        'N' => "not-started",
        'E' => "ended",
        'P' => "paused",
        'C' => "closed",
        'M' => "malformed",
        'U' => "unknown-sale",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
