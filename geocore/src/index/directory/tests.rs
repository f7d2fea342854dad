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
        assert!(asked < 1_000_000, "{asked}");
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
    assert!(asked < 1_000_000, "{asked}");
}

#[test]
fn one_great_id_makes_no_list_longer() {
    let ids: Vec<u64> = (0..10_000).chain([1 << 40, u64::MAX]).collect();
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert!(directory.bytes() < 40_200, "{}", directory.bytes());
    assert_eq!(directory.proven(9_999), Some(place(9_999)));
    assert_eq!(directory.proven(u64::MAX), None);
    // A list of nine can have twelve slots, of which this would be the thirteenth.
    let ids: Vec<u64> = (0..8).chain([12]).collect();
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert_eq!(directory.proven(7), Some(place(7)));
}

/// Ids that count up from elsewhere: some way above nobody's 0, and up to the last there is.
const FIRST: [u64; 4] = [1_000, 998_901_000_000, 1 << 63, u64::MAX - 99_999];

#[test]
fn ids_that_count_up_from_anywhere_are_listed_bug_they_were_hashed() {
    for first in FIRST {
        let ids: Vec<u64> = (0..100_000).map(|at| first + at).collect();
        let directory = built(&ids);
        assert_knows(&directory, &ids);
        assert!(directory.bytes() < 405_000, "{}", directory.bytes());
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(directory.proven(*id), Some(place(at)));
        }
        assert_eq!(directory.proven(first.wrapping_sub(1)), None);
        assert_eq!(directory.guess(first.wrapping_add(100_000)), None);
    }
}

#[test]
fn ids_that_count_up_from_anywhere_are_listed_in_whichever_order_they_come() {
    for first in FIRST {
        let mut ids: Vec<u64> = (0..100_000).map(|at| first + at).collect();
        for _ in 0..2 {
            let (directory, asked) = grown(&ids);
            assert_knows(&directory, &ids);
            let proven = ids.iter().filter(|id| directory.proven(**id).is_some());
            assert!(proven.count() > 75_000, "from {first}");
            assert!(directory.bytes() < 800_000, "{}", directory.bytes());
            assert!(asked < 1_000_000, "{asked}");
            ids.sort_by_key(|id| id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
    }
}

#[test]
fn of_ids_that_count_up_from_two_numbers_the_more_are_listed() {
    let few = (0..20_000).map(|at| 5_000_000 + at);
    let many = (0..60_000).map(|at| 7_000_000_000 + at);
    let ids: Vec<u64> = few.chain(many).chain(apart(20_000)).collect();
    let directory = built(&ids);
    assert_knows(&directory, &ids);
    assert_eq!(directory.proven(5_000_000), None);
    let proven = ids.iter().filter(|id| directory.proven(**id).is_some());
    assert_eq!(proven.count(), 60_000);
}

#[test]
fn a_slot_beyond_the_last_id_that_there_is_belongs_to_the_first_ones() {
    let ids: Vec<u64> = (0..1_000).map(|at| u64::MAX - at).collect();
    let mut crowd = Changing::of(&ids[..10]);
    for id in ids[10..].iter().copied().chain([0, 1, 2, 40]) {
        crowd.come(id);
    }
    crowd.assert_has(0..1_004);
    for at in 0..500 {
        crowd.go(at);
    }
    crowd.assert_has(500..1_004);
}

#[test]
fn the_first_who_comes_is_listed_as_well() {
    let (directory, asked) = grown(&[0, 1]);
    assert_eq!(directory.proven(0), Some(place(0)));
    assert_eq!(directory.proven(1), Some(place(1)));
    assert_eq!(asked, 0);
}

#[test]
fn a_list_has_somebody_in_three_of_four_slots() {
    let every_fourth_is_missing: Vec<u64> = (0..10_000).filter(|id| id % 4 != 0).collect();
    let directory = built(&every_fourth_is_missing);
    assert_eq!(directory.proven(1), Some(place(0)));
    assert_knows(&directory, &every_fourth_is_missing);
    let one_more_is_missing = &every_fourth_is_missing[1..];
    let directory = built(one_more_is_missing);
    assert_eq!(directory.proven(9_998), None);
    assert_knows(&directory, one_more_is_missing);
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

/// A directory whose people change one by one, each with their number as their place.
struct Changing {
    directory: Directory,
    ids: Vec<u64>,
    asked: Cell<usize>,
}

impl Changing {
    fn of(ids: &[u64]) -> Self {
        Self {
            directory: built(ids),
            ids: ids.to_vec(),
            asked: Cell::new(0),
        }
    }

    fn come(&mut self, id: u64) {
        let at = place(self.ids.len());
        self.ids.push(id);
        let (ids, asked) = (&self.ids, &self.asked);
        self.directory.insert(id, at, |known| {
            asked.set(asked.get() + 1);
            ids[number(known)]
        });
    }

    fn go(&mut self, at: usize) {
        self.directory.remove(self.ids[at], place(at));
        let (ids, asked) = (&self.ids, &self.asked);
        self.directory.fit(|known| {
            asked.set(asked.get() + 1);
            ids[number(known)]
        });
    }

    /// Panics unless it has these numbers alone.
    fn assert_has(&self, numbers: std::ops::Range<usize>) {
        assert_eq!(self.directory.len(), numbers.len());
        assert_eq!(self.directory.places().count(), numbers.len());
        for at in 0..self.ids.len() {
            let has_it = |known| self.ids[number(known)] == self.ids[at];
            let found = self.directory.find(self.ids[at], has_it);
            assert_eq!(found, numbers.contains(&at).then_some(place(at)));
        }
    }
}

#[test]
fn a_list_whose_people_are_gone_is_no_longer_kept_for_as_many_others() {
    let people = 20_000;
    let listed: Vec<u64> = (0..people as u64).collect();
    for newcomers in [apart(people as u64), (people as u64..40_000).collect()] {
        let mut crowd = Changing::of(&listed);
        for (at, id) in newcomers.into_iter().enumerate() {
            crowd.come(id);
            crowd.go(at);
        }
        crowd.assert_has(people..2 * people);
        let bytes = crowd.directory.bytes();
        assert!(bytes < people * 8, "{bytes}");
        assert!(crowd.asked.get() < people * 20, "{}", crowd.asked.get());
    }
}

#[test]
fn who_is_gone_takes_no_room_and_whoever_stays_is_seldom_looked_at_for_that() {
    let people = 20_000;
    for ids in [(0..people as u64).collect(), apart(people as u64)] {
        let mut crowd = Changing::of(&ids);
        for at in 0..people {
            crowd.go(at);
            let (bytes, left) = (crowd.directory.bytes(), people - at - 1);
            assert!(bytes < left * 24 + 1_048, "{bytes} for {left}");
            if left == 1_000 {
                crowd.assert_has(people - left..people);
            }
        }
        crowd.assert_has(0..0);
        assert!(crowd.asked.get() < people * 2, "{}", crowd.asked.get());
    }
}

#[test]
fn going_and_coming_round_a_bound_costs_a_few_looks_each() {
    let ids = apart(30_000);
    let mut crowd = Changing::of(&ids[..10_000]);
    let (mut first, mut changes) = (0, 0);
    for round in 0..6 {
        // As many gone as give room back, and then come as make it grow again.
        for _ in 0..8_000 - round {
            crowd.go(first);
            first += 1;
        }
        while crowd.ids.len() - first < 10_000 {
            crowd.come((crowd.ids.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
            changes += 1;
        }
        // To and fro over one person.
        for _ in 0..1_000 {
            crowd.go(first);
            first += 1;
            crowd.come((crowd.ids.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
            changes += 1;
        }
    }
    crowd.assert_has(first..crowd.ids.len());
    assert!(crowd.asked.get() < changes * 20, "{}", crowd.asked.get());
}

#[test]
fn nobody_is_looked_at_for_whoever_comes_where_there_is_room() {
    let mut crowd = Changing::of(&apart(10_000));
    // From here on there is room for a quarter more.
    crowd.come(1 << 63);
    let asked = crowd.asked.get();
    for at in 0..10_000 {
        crowd.go(at);
        crowd.come(((at as u64) << 40) + 1);
    }
    assert_eq!(crowd.asked.get(), asked);
    crowd.assert_has(10_000..20_001);
}

#[test]
fn whoever_has_a_slot_is_not_looked_at_to_part_the_ids_anew() {
    let ids: Vec<u64> = (0..100_000).collect();
    let (_, asked) = grown(&ids);
    assert!(asked < 400_000, "{asked}");
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
