//! Ids made from an operator's idempotency key: every replica makes the same one from the same key,
//! so that a repeated request is about the same sale, product or command wherever it arrives.

use std::cmp::Reverse;

use sale::{CommandId, Moment, Partition, ProductId, SaleId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The command that an operator's key stands for in one sale.
pub(crate) fn command(operator: &str, sale: SaleId, key: &str) -> CommandId {
    CommandId::new(uuid(digest("command", &[operator, &sale.to_string(), key])))
}

/// The product that an operator's key stands for.
pub(crate) fn product(operator: &str, key: &str) -> ProductId {
    ProductId::new(uuid(digest("product", &[operator, key])))
}

/// The ids that the sale of an operator's key can have, one for each partition; the first is the
/// one to open it with.
///
/// Partitions compete by hash, each for itself: where one is added, only the keys that it wins move.
pub(crate) fn sales(operator: &str, key: &str, partitions: &[Partition]) -> Vec<SaleId> {
    let mut ids: Vec<(u64, SaleId)> = partitions
        .iter()
        .map(|partition| {
            let made = digest("sale", &[operator, key, &partition.to_string()]);
            // No time it was made: a later repeat must make the same id.
            let time = Moment::from_unix_ms((part(&made, 8) >> 16).cast_signed());
            (
                part(&made, 0),
                SaleId::new(*partition, time, part(&made, 16)),
            )
        })
        .collect();
    ids.sort_by_key(|(score, _)| Reverse(*score));
    ids.into_iter().map(|(_, id)| id).collect()
}

/// Each part is preceded by its length, so that no two lists of parts read the same.
fn digest(what: &str, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&what).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

fn part(digest: &[u8; 32], from: usize) -> u64 {
    let bytes = digest[from..from + 8].iter();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn uuid(digest: [u8; 32]) -> Uuid {
    let number = u128::from(part(&digest, 0)) << 64 | u128::from(part(&digest, 8));
    uuid::Builder::from_custom_bytes(number.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(count: u16) -> Vec<Partition> {
        (0..count)
            .map(|number| number.try_into().unwrap())
            .collect()
    }

    #[test]
    fn a_key_makes_one_id_for_each_operator_and_purpose() {
        let sale = sales("ann", "k", &partitions(1))[0];
        let other = sales("ann", "l", &partitions(1))[0];
        assert_eq!(command("ann", sale, "k"), command("ann", sale, "k"));
        assert_ne!(command("ann", sale, "k"), command("bob", sale, "k"));
        assert_ne!(command("ann", sale, "k"), command("ann", other, "k"));
        assert_ne!(
            product("ann", "bk"),
            product("annb", "k"),
            "not just joined"
        );
        assert_eq!(product("ann", "k").uuid().get_version_num(), 8);
    }

    #[test]
    fn each_partition_has_its_candidate_and_all_are_chosen_from() {
        let mut firsts = std::collections::HashSet::new();
        for key in 0..64 {
            let ids = sales("ann", &key.to_string(), &partitions(4));
            let mut named: Vec<_> = ids.iter().map(|id| id.partition()).collect();
            firsts.insert(named[0]);
            named.sort();
            assert_eq!(named, partitions(4));
        }
        assert_eq!(firsts.len(), 4);
    }

    #[test]
    fn a_new_partition_takes_keys_and_moves_no_other() {
        for key in 0..64 {
            let before = sales("ann", &key.to_string(), &partitions(4))[0];
            let after = sales("ann", &key.to_string(), &partitions(5))[0];
            assert!(after == before || after.partition().get() == 4);
        }
    }
}
