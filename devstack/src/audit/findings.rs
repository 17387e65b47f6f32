//! What the audit counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter::Sum;

use serde::Serialize;

use super::inversions::Inversions;

/// Figures of one sale, or of several. Every figure of [`Findings::faults`] has to be 0; `None` is "not judged".
///
/// One fault may be seen from several sides: an order that vanished contradicts its decision, and is not what the
/// log makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Findings {
    /// Attempts that were answered 202.
    pub accepted: usize,
    /// Attempts that were refused, by problem.
    pub refused: BTreeMap<String, usize>,
    /// Attempts without a certain answer.
    pub unknown: usize,
    /// Accepted tickets whose shopper was told "won".
    pub won: usize,
    /// Accepted tickets whose shopper was told "lost", by reason.
    #[serde(rename = "lost_by")]
    pub lost: BTreeMap<String, usize>,
    /// Orders beyond the stock.
    pub oversold: usize,
    /// Difference between the sale's own count and its orders.
    pub miscounted: usize,
    /// Shoppers with more orders than the limit allows, or with two for one key.
    pub doubled: usize,
    /// Accepted tickets that stand nowhere in the log, or were not decided.
    #[serde(rename = "lost")]
    pub lost_tickets: usize,
    /// Accepted tickets whose shopper waited, and was told nothing.
    pub unheard: usize,
    /// Places whose ruling or order is not what the order of the log makes it.
    pub out_of_order: Option<usize>,
    /// Places that won after another one was told "sold out", and no command came in between.
    pub won_after_sold_out: usize,
    /// "Sold out", said while units were left in the end. Not judged where units came back.
    pub turned_away: Option<usize>,
    /// Places on which what the shopper was told, the log, the decision and the order do not agree.
    pub contradictions: usize,
    /// Orders and won places that nobody asked for.
    pub phantom: Option<usize>,
    /// Terms and states of the sale that are not what the log makes them.
    pub misdescribed: Option<usize>,
    /// Purchases in the log that came after the last decision. No fault, if nobody waits for them.
    pub undecided: Option<usize>,
    /// By how much the order of the log differs from that of arrival.
    pub inversion_ms: Option<Inversions>,
    /// What could not be judged, and why.
    pub not_judged: BTreeSet<String>,
}

impl Findings {
    /// The figures that have to be 0, each with what it counts.
    pub fn faults(&self) -> [(&'static str, Option<usize>); 11] {
        [
            ("oversold", Some(self.oversold)),
            ("miscounted", Some(self.miscounted)),
            ("doubled", Some(self.doubled)),
            ("lost tickets", Some(self.lost_tickets)),
            ("never told", Some(self.unheard)),
            ("out of order", self.out_of_order),
            ("won after sold-out", Some(self.won_after_sold_out)),
            ("turned away with units left", self.turned_away),
            ("contradictions", Some(self.contradictions)),
            ("phantoms", self.phantom),
            ("terms not as logged", self.misdescribed),
        ]
    }

    /// Whether no fault was found in what could be judged.
    pub fn is_clean(&self) -> bool {
        let mut found = self.faults().into_iter().filter_map(|(_, count)| count);
        found.all(|count| count == 0)
    }

    /// Whether everything was judged that the audit can judge.
    pub fn is_whole(&self) -> bool {
        self.not_judged.is_empty()
    }

    /// Of both sales together.
    fn plus(mut self, other: Self) -> Self {
        add_all(&mut self.refused, other.refused);
        add_all(&mut self.lost, other.lost);
        self.not_judged.extend(other.not_judged);
        self.accepted += other.accepted;
        self.unknown += other.unknown;
        self.won += other.won;
        self.oversold += other.oversold;
        self.miscounted += other.miscounted;
        self.doubled += other.doubled;
        self.lost_tickets += other.lost_tickets;
        self.unheard += other.unheard;
        self.won_after_sold_out += other.won_after_sold_out;
        self.contradictions += other.contradictions;
        self.out_of_order = both(self.out_of_order, other.out_of_order);
        self.turned_away = both(self.turned_away, other.turned_away);
        self.phantom = both(self.phantom, other.phantom);
        self.misdescribed = both(self.misdescribed, other.misdescribed);
        self.undecided = both(self.undecided, other.undecided);
        self.inversion_ms = match (self.inversion_ms, other.inversion_ms) {
            (Some(one), Some(other)) => Some(one.plus(&other)),
            (one, other) => one.or(other),
        };
        self
    }
}

/// Of all sales together. Not judged is what was not judged of one of them, unless there was a fault in another.
impl Sum for Findings {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.reduce(Self::plus).unwrap_or_default()
    }
}

fn add_all(to: &mut BTreeMap<String, usize>, from: BTreeMap<String, usize>) {
    for (what, count) in from {
        *to.entry(what).or_default() += count;
    }
}

fn both(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other).filter(|count| *count > 0),
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in self.faults() {
            match count {
                Some(count) => writeln!(f, "  {what:<30} {count:>10}")?,
                None => writeln!(f, "  {what:<30} {:>10}", "not judged")?,
            }
        }
        if let Some(inversions) = &self.inversion_ms {
            writeln!(f, "  {:<30} {inversions}", "log order against arrival")?;
        }
        self.not_judged
            .iter()
            .try_for_each(|why| writeln!(f, "  not judged: {why}"))
    }
}
