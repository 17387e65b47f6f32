//! Two lists in order of the same key, walked side by side.

use std::cmp::Ordering;

/// What stands at one key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pair<A, B> {
    /// Both lists have it.
    Both(A, B),
    /// Only the replay has it.
    Missing(A),
    /// Only Postgres has it.
    Extra(B),
}

/// Pairs what the replay gave with what Postgres keeps. Each list is sorted by its key, without
/// repetition.
pub(super) fn pairs<A, B, K: Ord>(
    replayed: Vec<A>,
    kept: Vec<B>,
    key_of: impl Fn(&A) -> K,
    key_of_kept: impl Fn(&B) -> K,
) -> impl Iterator<Item = Pair<A, B>> {
    let mut replayed = replayed.into_iter().peekable();
    let mut kept = kept.into_iter().peekable();
    std::iter::from_fn(move || {
        let order = match (replayed.peek(), kept.peek()) {
            (Some(replayed), Some(kept)) => key_of(replayed).cmp(&key_of_kept(kept)),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Equal => Some(Pair::Both(replayed.next()?, kept.next()?)),
            Ordering::Less => replayed.next().map(Pair::Missing),
            Ordering::Greater => kept.next().map(Pair::Extra),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(replayed: &[u8], kept: &[u8]) -> Vec<Pair<u8, u8>> {
        pairs(replayed.to_vec(), kept.to_vec(), |one| *one, |one| *one).collect()
    }

    #[test]
    fn what_stands_on_one_side_only_is_found_wherever_it_is() {
        use Pair::{Both, Extra, Missing};
        let found = paired(&[1, 3, 4, 6], &[2, 3, 5, 6, 7]);
        let expected = [
            Missing(1),
            Extra(2),
            Both(3, 3),
            Missing(4),
            Extra(5),
            Both(6, 6),
            Extra(7),
        ];
        assert_eq!(found, expected);
        assert_eq!(paired(&[1], &[]), [Missing(1)]);
        assert_eq!(paired(&[], &[1]), [Extra(1)]);
        assert!(paired(&[], &[]).is_empty());
    }
}
