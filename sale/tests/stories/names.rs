//! Ids, hashes and subjects: one spelling each.

use std::collections::HashSet;

use sale::subject::{self, Channel, LogSubject};
use sale::{InvalidId, KeyHash, Moment, Partition, Place, SaleId, Seq};
use uuid::{Uuid, Variant};

use crate::story::seq;

const MADE_AT: Moment = Moment::from_unix_ms(0x019a_b2f0_1c00);

fn partition(number: u16) -> Partition {
    Partition::try_from(number).unwrap()
}

#[test]
fn a_sale_id_carries_its_partition() {
    for number in 0..1024 {
        for random in [0, u64::MAX, 0x9e37_79b9_7f4a_7c15] {
            let sale = SaleId::new(partition(number), MADE_AT, random);
            assert_eq!(sale.partition(), partition(number));
            assert_eq!(sale.uuid().get_version_num(), 8);
            assert_eq!(sale.uuid().get_variant(), Variant::RFC4122);
            assert_eq!(sale.to_string().parse(), Ok(sale));
        }
    }
}

#[test]
fn a_sale_id_begins_with_its_time_and_keeps_all_of_its_chance() {
    let sale = SaleId::new(partition(2), MADE_AT, 0);
    assert_eq!(sale.to_string(), "019ab2f0-1c00-8008-8000-000000000000");
    let later = SaleId::new(partition(2), Moment::from_unix_ms(MADE_AT.unix_ms() + 1), 0);
    assert!(sale < later);
    let ids: HashSet<SaleId> = (0..64)
        .map(|bit| SaleId::new(partition(2), MADE_AT, 1 << bit))
        .chain([sale])
        .collect();
    assert_eq!(ids.len(), 65, "every random bit shows in the id");
}

#[test]
fn another_uuid_or_spelling_is_no_sale_id() {
    let version_4 = "019ab2f0-1c00-4009-9f3c-5d2b7a1e4c60";
    let variant = "019ab2f0-1c00-8009-cf3c-5d2b7a1e4c60";
    let upper_case = "019AB2F0-1C00-8009-9F3C-5D2B7A1E4C60";
    let without_hyphens = "019ab2f01c0080099f3c5d2b7a1e4c60";
    for text in [version_4, variant, upper_case, without_hyphens, "", "lamp"] {
        assert!(text.parse::<SaleId>().is_err(), "{text}");
    }
    assert!(SaleId::try_from(Uuid::nil()).is_err());
}

#[test]
fn partitions_have_ten_bits_and_one_spelling() {
    let names = [0, 7, 42, 100, 1023].map(|number| partition(number).to_string());
    assert_eq!(names, ["00", "07", "42", "100", "1023"]);
    for number in 0..1024 {
        let partition = partition(number);
        assert_eq!(partition.to_string().parse(), Ok(partition));
    }
    assert!(Partition::try_from(1024).is_err());
    for text in ["", "7", "007", "+7", " 07", "1024", "65543", "-1", "0x"] {
        assert!(text.parse::<Partition>().is_err(), "{text}");
    }
}

#[test]
fn sequences_have_42_bits() {
    assert_eq!(Seq::try_from((1 << 42) - 1), Ok(Seq::MAX));
    assert!(Seq::try_from(1 << 42).is_err());
    assert_eq!(Seq::ZERO.next(), seq(1));
    assert_eq!(seq(3).records_until(seq(10)), 7);
    assert_eq!(seq(10).records_until(seq(3)), 0);
}

#[test]
fn a_place_is_packed_as_10_42_and_12_bits() {
    let place = Place {
        partition: partition(2),
        seq: seq(1307),
        index: 5,
    };
    assert_eq!(place.pack(), 2 << 54 | 1307 << 12 | 5);
    assert_eq!(place.to_string(), "02/1307/5");
    for bits in [0, u64::MAX, place.pack(), 0x0123_4567_89ab_cdef] {
        assert_eq!(Place::unpack(bits).pack(), bits);
    }
}

/// `printf 'key-1' | sha256sum | cut -c1-16`, and so on.
#[test]
fn a_key_hash_is_the_beginning_of_the_sha256() {
    for (key, hash) in [
        ("", "e3b0c44298fc1c14"),
        ("key-1", "be2974546978e373"),
        ("schlüssel", "ccec7a8e3e039f0b"),
        ("5a0d6c1e-cart-7", "050209b961041808"),
    ] {
        assert_eq!(KeyHash::of(key).to_string(), hash);
        assert_eq!(KeyHash::try_from(hash.to_owned()), Ok(KeyHash::of(key)));
        assert_eq!(
            KeyHash::from_bits(KeyHash::of(key).bits()),
            KeyHash::of(key)
        );
    }
}

#[test]
fn what_doors_tell_each_other_is_no_record() {
    assert_eq!(subject::TRAFFIC, "doors.traffic");
    assert!(subject::TRAFFIC.parse::<LogSubject>().is_err());
}

#[test]
fn streams_and_feeds_are_named_after_their_partition() {
    assert_eq!(subject::stream(partition(3)), "SALE_LOG_03");
    assert_eq!(subject::stream_subjects(partition(3)), "sale.03.>");
    assert_eq!(subject::decided(partition(117)), "decided.117");
    assert_eq!(subject::DECIDED_ALL, "decided.*");
}

#[test]
fn a_subject_names_partition_sale_and_channel() {
    let sale: SaleId = "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c60".parse().unwrap();
    let purchases = LogSubject::of(sale, Channel::Purchases);
    let control = LogSubject::of(sale, Channel::Control);
    assert_eq!(purchases.to_string(), format!("sale.02.{sale}.purchases"));
    assert_eq!(control.to_string(), format!("sale.02.{sale}.control"));
    for subject in [purchases, control] {
        assert_eq!(subject.to_string().parse(), Ok(subject));
    }
}

#[test]
fn another_subject_is_refused() {
    let sale = "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c60";
    for text in [
        String::new(),
        "decided.02".into(),
        format!("sale.02.{sale}"),
        format!("sale.2.{sale}.control"),
        format!("sale.1024.{sale}.control"),
        format!("sale.02.{sale}.Control"),
        format!("sale.02.{sale}.control.more"),
        format!("shop.02.{sale}.control"),
        "sale.02.*.control".into(),
        format!("sale.02.{}.control", Uuid::nil()),
    ] {
        let refused: Result<LogSubject, InvalidId> = text.parse();
        assert!(refused.is_err(), "{text}");
    }
}
