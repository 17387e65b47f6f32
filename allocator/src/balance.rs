//! How partitions spread over replicas: everybody reckons the same shares from the same roll call.
//! No IO.

use std::cmp::Reverse;

use uuid::Uuid;

/// A running allocator, as the roll call has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replica {
    /// Drawn when the process started.
    pub(crate) id: Uuid,
    /// Partitions it holds or is just taking.
    pub(crate) held: usize,
    /// Whether JetStream answers it.
    pub(crate) can_decide: bool,
}

/// How many of the partitions `me` should hold. Shares differ by one at most, and whoever holds most
/// has the larger one, so that as little as possible moves. Who cannot decide has no share.
pub(crate) fn fair_share(partitions: usize, me: &Replica, others: &[Replica]) -> usize {
    if !me.can_decide {
        return 0;
    }
    let precedence = |replica: &Replica| (Reverse(replica.held), replica.id);
    let rivals = others.iter().filter(|other| other.can_decide);
    let replicas = rivals.clone().count() + 1;
    let before_me = rivals.filter(|other| precedence(other) < precedence(me));
    let has_one_more = before_me.count() < partitions % replicas;
    partitions / replicas + usize::from(has_one_more)
}

/// How many to give back now: half of what is above the share, so that ten rounds do for any number
/// of partitions and most of them go on being decided meanwhile.
pub(crate) fn surplus_to_give_back(held: usize, share: usize) -> usize {
    held.saturating_sub(share).div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More rounds than the 10 s allow, at one a second.
    const ROUNDS_MAX: usize = 10;

    fn replica(id: usize, held: usize) -> Replica {
        Replica {
            id: Uuid::from_u128(id as u128),
            held,
            can_decide: true,
        }
    }

    fn replicas(held: &[usize]) -> Vec<Replica> {
        let numbered = held.iter().enumerate();
        numbered.map(|(id, held)| replica(id, *held)).collect()
    }

    fn shares(partitions: usize, all: &[Replica]) -> Vec<usize> {
        let others = |me: &Replica| -> Vec<Replica> {
            let others = all.iter().filter(|other| other.id != me.id);
            others.copied().collect()
        };
        let share = |me| fair_share(partitions, me, &others(me));
        all.iter().map(share).collect()
    }

    #[test]
    fn shares_cover_all_partitions_and_differ_by_one() {
        for partitions in 0..20 {
            for count in 1..8 {
                let shares = shares(partitions, &replicas(&vec![0; count]));
                assert_eq!(shares.iter().sum::<usize>(), partitions);
                let (least, most) = (shares.iter().min(), shares.iter().max());
                assert!(most.unwrap() - least.unwrap() <= 1, "{shares:?}");
            }
        }
    }

    #[test]
    fn whoever_holds_more_keeps_more() {
        assert_eq!(shares(4, &replicas(&[1, 2, 1])), [1, 2, 1]);
        assert_eq!(shares(4, &replicas(&[0, 2, 2])), [1, 2, 1]);
        assert_eq!(shares(1, &replicas(&[0, 1])), [0, 1]);
    }

    #[test]
    fn who_cannot_decide_has_no_share() {
        let mut all = replicas(&[2, 2, 2]);
        all[0].can_decide = false;
        assert_eq!(shares(6, &all), [0, 3, 3]);
    }

    #[test]
    fn a_new_replica_has_its_share_within_ten_rounds() {
        for partitions in [1, 2, 6, 64, 1_024] {
            let mut all = replicas(&[partitions, 0]);
            let mut rounds = 0;
            while all[0].held > partitions.div_ceil(2) {
                let given = surplus_to_give_back(all[0].held, shares(partitions, &all)[0]);
                all[0].held -= given;
                all[1].held += given;
                rounds += 1;
                assert!(given > 0 && rounds <= ROUNDS_MAX, "{partitions}: {all:?}");
            }
            assert_eq!(shares(partitions, &all), [all[0].held, all[1].held]);
        }
    }
}
