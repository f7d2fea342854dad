use std::cell::Cell;
use std::collections::BTreeMap;

use super::*;

fn place(number: usize) -> Place {
    Place::from_bits(u32::try_from(number).expect("few"))
}

fn number(place: Place) -> usize {
    place.bits() as usize
}

/// A directory of ids, each with its number as its place, made one by one; and how many times
/// the id of a place was asked for.
fn grown(ids: &[u64]) -> (Directory, usize) {
    let (mut directory, asked) = (Directory::new(), Cell::new(0));
    for (at, id) in ids.iter().enumerate() {
        directory.insert(*id, place(at), |known| {
            asked.set(asked.get() + 1);
            ids[number(known)]
        });
    }
    (directory, asked.get())
}

fn built(ids: &[u64]) -> Directory {
    let mut directory = Directory::with_room(ids.iter().copied());
    for (at, id) in ids.iter().enumerate() {
        directory.insert(*id, place(at), |_| unreachable!("there is room"));
    }
    directory
}

fn assert_knows(directory: &Directory, ids: &[u64]) {
    assert_eq!(directory.len(), ids.len());
    assert_eq!(directory.places().count(), ids.len());
    for (at, id) in ids.iter().enumerate() {
        let found = directory.find(*id, |known| ids[number(known)] == *id);
        assert_eq!(found, Some(place(at)), "{id}");
    }
}

/// Ids without any order; whichever comes first, the same ones.
fn apart(count: u64) -> Vec<u64> {
    let spread = |at: u64| (at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (0..count).map(spread).collect()
}

#[test]
fn ids_that_count_up_take_four_bytes_and_are_proven() {
    let ids: Vec<u64> = (0..100_000).collect();
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert_eq!(directory.bytes(), 400_000);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(directory.proven(*id), Some(place(at)));
        assert_eq!(directory.guess(*id), Some(place(at)));
    }
    assert_eq!(directory.proven(100_000), None);
    assert_eq!(directory.guess(100_000), None);
}

#[test]
fn ids_that_come_one_by_one_in_any_order_are_listed_once_they_are_close() {
    let mut ids: Vec<u64> = (0..100_000).collect();
    ids.sort_by_key(|id| id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    for ids in [ids, (0..100_000).collect()] {
        let (directory, asked) = grown(&ids);
        assert_knows(&directory, &ids);
        let proven = ids.iter().filter(|id| directory.proven(**id).is_some());
        assert!(proven.count() > 75_000);
        assert!(directory.bytes() < 800_000, "{}", directory.bytes());
        assert!(asked < 2_000_000, "{asked}");
    }
}

#[test]
fn ids_that_lie_anywhere_are_scattered() {
    let ids = apart(100_000);
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert!(directory.bytes() < 700_000);
    assert!(ids.iter().all(|id| directory.proven(*id).is_none()));
    let (directory, asked) = grown(&ids);
    assert_knows(&directory, &ids);
    assert!(directory.bytes() < 800_000);
    assert!(asked < 2_000_000, "{asked}");
}

#[test]
fn one_great_id_makes_no_list_longer() {
    let ids: Vec<u64> = (0..10_000).chain([1 << 40, u64::MAX]).collect();
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert!(directory.bytes() < 40_200, "{}", directory.bytes());
    assert_eq!(directory.proven(9_999), Some(place(9_999)));
    assert_eq!(directory.proven(u64::MAX), None);
}

#[test]
fn a_list_has_somebody_in_three_of_four_slots() {
    let every_fourth_is_missing: Vec<u64> = (0..10_000).filter(|id| id % 4 != 3).collect();
    let directory = built(&every_fourth_is_missing);
    assert_eq!(directory.proven(0), Some(place(0)));
    assert_knows(&directory, &every_fourth_is_missing);
    let more_are_missing: Vec<u64> = (0..10_000).filter(|id| id % 3 != 2).collect();
    let directory = built(&more_are_missing);
    assert_eq!(directory.proven(0), None);
    assert_knows(&directory, &more_are_missing);
}

#[test]
fn who_has_left_a_list_is_not_there_whoever_lies_at_the_place() {
    let ids: Vec<u64> = (0..100).collect();
    let mut directory = built(&ids);
    directory.remove(7, place(8));
    assert_eq!(directory.len(), 100);
    directory.remove(7, place(7));
    directory.remove(7, place(7));
    assert_eq!(directory.len(), 99);
    assert_eq!(directory.find(7, |_| true), None);
    assert_eq!((directory.proven(7), directory.guess(7)), (None, None));
    assert!(!directory.places().any(|known| known == place(7)));
    directory.insert(7, place(200), |_| unreachable!("it has its slot"));
    assert_eq!(directory.proven(7), Some(place(200)));
    directory.repoint(7, place(7), place(9));
    assert_eq!(directory.proven(7), Some(place(200)));
    directory.repoint(7, place(200), place(201));
    assert_eq!(directory.proven(7), Some(place(201)));
}

#[test]
fn it_knows_whom_a_map_knows_whatever_came_before() {
    let (mut directory, mut ids) = (Directory::new(), BTreeMap::<u64, usize>::new());
    let mut id_of: Vec<u64> = Vec::new();
    let (mut state, mut proven) = (11_u64, 0);
    for round in 0..60_000_u64 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // Close ids and far ones, of which now these are more, now those; some come again.
        let are_close = (round / 9_000).is_multiple_of(2);
        let id = match (state >> 40) % 7 {
            0 => state,
            kind if are_close || kind == 1 => (state >> 33) % 4_000,
            _ => round << 30,
        };
        let at = id_of.len();
        id_of.push(id);
        match ids.remove(&id) {
            Some(known) if round % 8 == 0 => directory.remove(id, place(known)),
            Some(known) => {
                directory.repoint(id, place(known), place(at));
                ids.insert(id, at);
            }
            None => {
                directory.insert(id, place(at), |known| id_of[number(known)]);
                ids.insert(id, at);
            }
        }
        proven += usize::from(directory.proven(id).is_some());
        let leaves = match round % 9 {
            0 if !are_close => ids.pop_first(),
            3 => ids.pop_last(),
            _ => None,
        };
        if let Some((id, known)) = leaves {
            directory.remove(id, place(known));
        }
        if round % 1_999 == 0 {
            assert_maps(&directory, &ids, &id_of);
        }
    }
    assert_maps(&directory, &ids, &id_of);
    assert!(proven > 1_000 && proven < 30_000, "{proven}");
}

fn assert_maps(directory: &Directory, ids: &BTreeMap<u64, usize>, id_of: &[u64]) {
    assert_eq!(directory.len(), ids.len());
    assert_eq!(directory.places().count(), ids.len());
    for (id, at) in ids {
        let found = directory.find(*id, |known| id_of[number(known)] == *id);
        assert_eq!(found, Some(place(*at)), "{id}");
        let proven = directory.proven(*id);
        assert!(proven.is_none_or(|known| known == place(*at)));
    }
}
