//! Tickets: vectors computed elsewhere, and every way to forge one.

use proptest::prelude::*;
use sale::{Generation, InvalidKey, KeyId, Partition, Place, Seq, Ticket, TicketKey, TicketKeys};
use uuid::{Uuid, Variant};

/// Bytes 0 to 31.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";

/// The bits of a UUID that are not a ticket's own: version (76 to 79) and variant (62, 63).
const FIXED_BITS: [u32; 6] = [62, 63, 76, 77, 78, 79];

fn keys(text: &str) -> TicketKeys {
    text.parse().unwrap()
}

fn key(text: &str) -> TicketKey {
    text.parse().unwrap()
}

fn place(partition: u16, seq: u64, index: u16) -> Place {
    Place {
        partition: Partition::try_from(partition).unwrap(),
        seq: Seq::try_from(seq).unwrap(),
        index,
    }
}

/// Computed with Python's hmac, hashlib and uuid:
///
/// ```text
/// packed = partition << 54 | seq << 12 | index
/// mac = hmac.new(key, packed.to_bytes(8, "big") + generation.to_bytes(4, "big"), sha256).digest()
/// seal = int.from_bytes(mac, "big") >> (256 - 58)
/// free = format(packed, "064b") + format(seal, "058b")
/// UUID(int=int(free[:48] + "1000" + free[48:60] + "10" + free[60:], 2))
/// ```
#[test]
fn tickets_are_sealed_as_another_program_seals_them() {
    for (secret, place, generation, ticket) in [
        (
            KEY,
            place(2, 1307, 5),
            1,
            "00800000-0051-8b00-9741-a5bd7860c045",
        ),
        (
            KEY,
            place(0, 1, 0),
            1,
            "00000000-0000-8100-800d-e642cf66273a",
        ),
        (
            KEY,
            place(1023, (1 << 42) - 1, 4095),
            7,
            "ffffffff-ffff-8fff-be4d-daf0166ac08e",
        ),
        (
            OTHER_KEY,
            place(2, 1307, 5),
            1,
            "00800000-0051-8b00-9691-b3c43d08ab73",
        ),
    ] {
        let generation = Generation::new(generation);
        assert_eq!(key(secret).seal(place, generation).to_string(), ticket);
        let presented: Ticket = ticket.parse().unwrap();
        assert_eq!(keys(secret).open(presented, generation), Some(place));
    }
}

/// `hmac.new(key, b"firstcome ticket key id", sha256).hexdigest()[:8]`
#[test]
fn a_key_is_named_as_another_program_names_it() {
    assert_eq!(key(KEY).id().to_string(), "bff33960");
    assert_eq!(key(OTHER_KEY).id().to_string(), "b3c80f21");
}

#[test]
fn key_names_have_one_spelling() {
    let name = |text: &str| KeyId::try_from(text.to_owned());
    assert_eq!(name("bff33960"), Ok(key(KEY).id()));
    for text in [
        "",
        "bff3396",
        "BFF33960",
        "+ff33960",
        "bff339600",
        "bff3396g",
    ] {
        assert!(name(text).is_err(), "{text}");
    }
}

#[test]
fn no_single_flipped_bit_goes_unnoticed() {
    let keys = keys(KEY);
    let ticket = keys.current().seal(place(2, 1307, 5), Generation::FIRST);
    for bit in 0..128 {
        let forged = Uuid::from_u128(ticket.uuid().as_u128() ^ 1 << bit);
        let read = forged.to_string().parse::<Ticket>();
        assert_eq!(read.is_err(), FIXED_BITS.contains(&bit), "bit {bit}");
        let opened = keys.open(Ticket::from_order_id(forged), Generation::FIRST);
        assert_eq!(opened, None, "bit {bit}");
    }
}

#[test]
fn another_generation_or_another_key_opens_nothing() {
    let ticket = key(KEY).seal(place(2, 1307, 5), Generation::FIRST);
    assert_eq!(keys(KEY).open(ticket, Generation::new(2)), None);
    assert_eq!(keys(OTHER_KEY).open(ticket, Generation::FIRST), None);
}

#[test]
fn a_rotated_key_is_honoured_until_it_is_dropped() {
    let place = place(2, 1307, 5);
    let old = key(KEY).seal(place, Generation::FIRST);
    let rotated = keys(&format!("{OTHER_KEY},{KEY}"));
    assert_eq!(rotated.open(old, Generation::FIRST), Some(place));
    assert_eq!(rotated.current().id(), key(OTHER_KEY).id());
    let named = rotated.named(key(KEY).id()).unwrap();
    assert_eq!(named.seal(place, Generation::FIRST), old);
    assert!(keys(OTHER_KEY).named(key(KEY).id()).is_none());
}

#[test]
fn a_list_of_keys_may_have_spaces_and_a_last_comma() {
    let listed = keys(&format!(" {KEY} , {OTHER_KEY},"));
    assert_eq!(listed.current().id(), key(KEY).id());
    assert!(listed.named(key(OTHER_KEY).id()).is_some());
}

#[test]
fn what_is_no_key_is_refused_without_repeating_it() {
    let refused = |text: &str| text.parse::<TicketKeys>().unwrap_err();
    assert_eq!(refused(""), InvalidKey::Missing);
    assert_eq!(refused(" , "), InvalidKey::Missing);
    let signed = KEY.replace("0a", "+a");
    let not_hex = KEY.replace("0a", "xa");
    let wide = format!("é{}", &KEY[2..]);
    let two_without_comma = format!("{KEY}{OTHER_KEY}");
    for text in [
        &KEY[1..],
        &signed,
        &not_hex,
        &wide,
        &two_without_comma,
        "secret",
    ] {
        assert_eq!(refused(text), InvalidKey::Shape, "{text}");
        assert!(!InvalidKey::Shape.to_string().contains(text));
    }
    assert_eq!(refused(&format!("{KEY},short")), InvalidKey::Shape);
}

#[test]
fn a_secret_is_never_shown() {
    let keys = keys(&format!("{KEY},{OTHER_KEY}"));
    assert_eq!(format!("{:?}", keys.current()), "TicketKey(bff33960)");
    let shown = format!("{keys:?} {keys:#?}");
    for trace in ["0001", "0, 1, 2", "a5a5", "165", "Hmac"] {
        assert!(!shown.contains(trace), "{trace} in {shown}");
    }
}

#[test]
fn another_uuid_is_no_ticket() {
    for text in [
        "",
        "lamp",
        "00800000-0051-4b00-9741-a5bd7860c045",
        "00800000-0051-8b00-9741",
    ] {
        assert!(text.parse::<Ticket>().is_err(), "{text}");
    }
}

fn any_place() -> impl Strategy<Value = Place> {
    any::<u64>().prop_map(Place::unpack)
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_sealed_place_opens_as_itself(secret: [u8; 32], place in any_place(), generation: u32) {
        let generation = Generation::new(generation);
        let key = TicketKey::new(secret);
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let keys = keys(&hex);
        let ticket = key.seal(place, generation);
        prop_assert_eq!(keys.open(ticket, generation), Some(place));
        prop_assert_eq!(ticket.claimed_place(), place);
        prop_assert_eq!(ticket.claimed_partition(), place.partition);
        prop_assert_eq!(ticket.uuid().get_version_num(), 8);
        prop_assert_eq!(ticket.uuid().get_variant(), Variant::RFC4122);
        prop_assert_eq!(ticket.to_string().parse(), Ok(ticket));
    }

    #[test]
    fn tickets_order_as_their_places(one in any_place(), other in any_place(), near: u16) {
        let key = key(KEY);
        let next = Place { index: near % Place::INDEX_COUNT, ..one };
        for (left, right) in [(one, other), (one, next)] {
            let tickets = [left, right].map(|place| key.seal(place, Generation::FIRST));
            prop_assert_eq!(tickets[0].cmp(&tickets[1]), left.cmp(&right));
        }
    }

    #[test]
    fn a_guessed_ticket_opens_nothing(guess: u128) {
        let guess = uuid::Builder::from_custom_bytes(guess.to_be_bytes()).into_uuid();
        prop_assert_eq!(keys(KEY).open(Ticket::from_order_id(guess), Generation::FIRST), None);
    }
}
