use std::time::Duration;

use sale::Partition;
use uuid::Uuid;

use super::shard::{GENERATION_KEYS_MAX, GENERATION_LIFETIME};
use super::*;
use crate::buying::batcher::Logged;
use crate::buying::reply::promise;
use crate::log::publisher::Refusal;

const SALE: &str = "0192f0c1-2b3c-8000-8000-000000000001";

fn key(shopper: u128, name: &str) -> Key {
    Key {
        sale: SALE.parse().unwrap(),
        shopper: ShopperId::new(Uuid::from_u128(shopper)),
        hash: KeyHash::of(name),
    }
}

fn place(seq: u64) -> Place {
    Place {
        partition: Partition::try_from(0).unwrap(),
        seq: seq.try_into().unwrap(),
        index: 0,
    }
}

fn refused(refusal: Refusal) -> Logged {
    Err(Unlogged::Refused(refusal))
}

/// What a key stands for after a first purchase came to `logged`.
fn after(keys: &Keys, key: Key, logged: Logged) -> Option<Known> {
    let (reply, awaited) = promise();
    keys.claim(key, &awaited, false).unwrap();
    reply.send(logged);
    keys.recall(&key)
}

#[tokio::test]
async fn a_key_on_its_way_is_joined_and_then_stands_for_its_place() {
    let keys = Keys::new();
    let mine = key(1, "mine");
    let (reply, awaited) = promise();
    assert_eq!(keys.claim(mine, &awaited, false).ok(), Some(false));

    let (_, second) = promise();
    let Err(Known::Asked { awaited, doubtful }) = keys.claim(mine, &second, false) else {
        panic!("claimed twice")
    };
    assert!(!doubtful);
    // The first client goes away: nobody settles.
    reply.send(Ok(place(7)));
    assert_eq!(awaited.logged().await, Ok(place(7)));
    assert!(matches!(keys.recall(&mine), Some(Known::Logged(at)) if at == place(7)));
    let (_, third) = promise();
    assert!(matches!(keys.claim(mine, &third, false), Err(Known::Logged(at)) if at == place(7)));
}

#[test]
fn a_refused_key_is_free_and_an_unknown_one_is_not_forgotten() {
    let keys = Keys::new();
    for (number, certain) in [
        Err(Unlogged::Full),
        refused(Refusal::Certain),
        refused(Refusal::Halted),
    ]
    .into_iter()
    .enumerate()
    {
        let known = after(&keys, key(number as u128, "mine"), certain);
        assert!(known.is_none(), "{certain:?}: {known:?}");
    }
    let unknown = after(&keys, key(9, "mine"), refused(Refusal::Unknown));
    assert!(matches!(unknown, Some(Known::Unknown)), "{unknown:?}");
}

#[test]
fn an_unknown_key_stays_unknown_when_its_repeat_is_refused_for_certain() {
    let keys = Keys::new();
    let mine = key(1, "mine");
    after(&keys, mine, refused(Refusal::Unknown));
    let (reply, awaited) = promise();
    assert_eq!(keys.claim(mine, &awaited, false).ok(), Some(true));
    reply.send(refused(Refusal::Certain));
    assert!(matches!(keys.recall(&mine), Some(Known::Unknown)));
}

#[test]
fn a_key_belongs_to_a_shopper_and_a_sale() {
    let keys = Keys::new();
    let mine = key(1, "mine");
    after(&keys, mine, Ok(place(7)));
    let elsewhere = Key {
        sale: "0192f0c1-2b3c-8000-8000-000000000002".parse().unwrap(),
        ..mine
    };
    for other in [key(2, "mine"), key(1, "another"), elsewhere] {
        assert!(keys.recall(&other).is_none(), "{other:?}");
    }
}

#[test]
fn only_the_place_that_lost_is_forgotten() {
    let keys = Keys::new();
    let mine = key(1, "mine");
    after(&keys, mine, Ok(place(7)));
    keys.forget(&mine, place(6));
    assert!(keys.recall(&mine).is_some());
    keys.forget(&mine, place(7));
    assert!(keys.recall(&mine).is_none());
}

#[test]
fn keys_are_bounded_in_number_and_the_latest_stay() {
    let mut shard = Shard::new(Instant::now());
    let all = 3 * GENERATION_KEYS_MAX as u128;
    for shopper in 0..all {
        shard.learn(key(shopper, "mine"), Known::Unknown);
        assert!(shard.len() <= 2 * GENERATION_KEYS_MAX);
    }
    assert!(shard.recall(&key(0, "mine")).is_none());
    let latest = all - GENERATION_KEYS_MAX as u128..all;
    for shopper in latest {
        assert!(shard.recall(&key(shopper, "mine")).is_some(), "{shopper}");
    }
}

#[test]
fn a_key_is_forgotten_after_two_lifetimes_and_not_before_one() {
    let keys = Keys::new();
    let begun = Instant::now();
    let mine = key(1, "mine");
    after(&keys, mine, Ok(place(7)));
    keys.tidy(begun + GENERATION_LIFETIME - Duration::from_secs(1));
    keys.tidy(begun + GENERATION_LIFETIME + Duration::from_secs(1));
    assert!(keys.recall(&mine).is_some());
    keys.tidy(begun + GENERATION_LIFETIME + Duration::from_secs(2));
    assert!(keys.recall(&mine).is_some(), "a generation lives its time");
    keys.tidy(begun + 2 * GENERATION_LIFETIME + Duration::from_secs(2));
    assert!(keys.recall(&mine).is_none());
}

#[test]
fn a_generation_that_goes_takes_no_older_word_of_a_key_back_to_light() {
    let mut shard = Shard::new(Instant::now());
    let mine = key(1, "mine");
    shard.learn(mine, Known::Unknown);
    shard.tidy(Instant::now() + GENERATION_LIFETIME);
    shard.learn(mine, Known::Logged(place(7)));
    shard.forget(&mine, place(7));
    assert!(shard.recall(&mine).is_none());
}
