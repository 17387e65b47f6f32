//! The same log, written down in other groups.

use std::collections::HashMap;

use sale::{Action, Purchases, Record, Seq};

use crate::logs::{Entry, seq};

/// The same log with its purchases in other records of at most `size`; neighbours of one sale and
/// one timestamp may share a record. Cancellations follow the orders they mean.
pub(crate) fn regrouped(log: &[Entry], size: usize) -> Vec<Entry> {
    let mut new_log: Vec<Entry> = Vec::new();
    let mut moved = HashMap::new();
    for entry in log {
        match &entry.record {
            Some(Record::Purchases(group)) => {
                for (index, purchase) in (0_u16..).zip(&group.purchases) {
                    let mut one = group.clone();
                    one.purchases = vec![*purchase];
                    let place = append(&mut new_log, entry, one, size);
                    moved.insert((entry.at.seq, index), place);
                }
            }
            Some(Record::Control(control)) => {
                let mut control = control.clone();
                if let Action::Cancel { seq: of, index } = &mut control.action {
                    // What never was a place must not become one: the highest index is never used.
                    (*of, *index) = *moved.get(&(*of, *index)).unwrap_or(&(*of, 4095));
                }
                push(&mut new_log, entry, Some(Record::Control(control)));
            }
            None => push(&mut new_log, entry, None),
        }
    }
    new_log
}

fn push(log: &mut Vec<Entry>, original: &Entry, record: Option<Record>) {
    let mut at = original.at;
    at.seq = seq(log.len() + 1);
    log.push(Entry { at, record });
}

fn append(log: &mut Vec<Entry>, original: &Entry, one: Purchases, size: usize) -> (Seq, u16) {
    if let Some(Entry {
        at,
        record: Some(Record::Purchases(group)),
    }) = log.last_mut()
        && at.timestamp == original.at.timestamp
        && group.sale == one.sale
        && group.purchases.len() < size
    {
        group.purchases.extend(one.purchases);
        return (at.seq, u16::try_from(group.purchases.len() - 1).unwrap());
    }
    push(log, original, Some(Record::Purchases(one)));
    (seq(log.len()), 0)
}
