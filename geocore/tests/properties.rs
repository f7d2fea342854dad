//! Any sequence of operations leaves the index in agreement with brute force.

mod model;

use model::{Crowd, Operation, Sieve, Where, run};
use proptest::prelude::*;

fn place() -> impl Strategy<Value = Where> {
    (any::<u8>(), any::<i16>(), -300..300_i16).prop_map(|(centre, lat, lon)| {
        // Half of all places are close enough to tie.
        Where(centre, if centre % 2 == 0 { lat % 8 } else { lat }, lon)
    })
}

fn crowd() -> impl Strategy<Value = Crowd> {
    (any::<u8>(), 0..64_u8, any::<u8>(), place()).prop_map(|(first, eights, shape, place)| Crowd {
        first: first / 8,
        eights,
        shape,
        place,
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let sieve = || (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| Sieve(a, b, c));
    prop_oneof![
        6 => (any::<u8>(), place(), any::<u8>(), any::<bool>(), any::<u8>())
            .prop_map(|(id, at, time, free, circles)| Operation::Upsert(id, at, time, free, circles)),
        2 => (crowd(), any::<u8>(), any::<u8>())
            .prop_map(|(crowd, time, circles)| Operation::UpsertMany(crowd, time, circles & 9)),
        6 => (any::<u8>(), place(), any::<u8>())
            .prop_map(|(id, at, time)| Operation::Relocate(id, at, time)),
        1 => (crowd(), any::<u8>()).prop_map(|(crowd, time)| Operation::RelocateMany(crowd, time)),
        4 => any::<u8>().prop_map(Operation::Remove),
        1 => crowd().prop_map(Operation::RemoveMany),
        8 => (place(), any::<u8>(), sieve())
            .prop_map(|(at, k, sieve)| Operation::Nearest(at, k, sieve)),
        1 => (place(), sieve()).prop_map(|(at, sieve)| Operation::Within(at, sieve)),
        2 => (crowd(), any::<u8>(), sieve())
            .prop_map(|(crowd, k, sieve)| Operation::Batch(crowd, k, sieve)),
        1 => (any::<u8>(), crowd()).prop_map(|(kind, crowd)| Operation::Refused(kind, crowd)),
        2 => Just(Operation::Snapshot),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_agrees_with_brute_force(
        operations in prop::collection::vec(operation(), 1..120)
    ) {
        run(&operations);
    }
}
