//! Operations on an index, and a slow index that must agree with it after each.

use std::collections::BTreeMap;

use geocore::{Filter, Index, Person, Point, karney_m};

/// One thing to do. Degrees are steps of 1e-7 round one of a few places, so that neighbours,
/// ties and duplicates are common; ids are few, so that operations meet.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Puts a person in, or replaces all that was known.
    Upsert(u8, Where, u8, bool, u8),
    /// Puts many people round a place in.
    UpsertMany(u8, u8, Where),
    /// Moves a person.
    Relocate(u8, Where, u8),
    /// Takes a person out.
    Remove(u8),
    /// Asks for the k nearest.
    Nearest(Where, u8, Sieve),
    /// Replaces the index by its own snapshot.
    Snapshot,
}

/// A place: which centre, and steps from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Where(pub(crate) u8, pub(crate) i16, pub(crate) i16);

/// A filter: each byte switches one part on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieve(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// Centres with a trap each: poles, antimeridian, a pentagon, its vertex-rich edge, a city.
const CENTRES: [(f64, f64); 8] = [
    (90.0, 0.0),
    (-90.0, 0.0),
    (0.0, 180.0),
    (64.700_000_128, 10.536_199_075),
    (58.282_525_59, 11.25),
    (59.33, 18.07),
    (-59.33, -161.93),
    (0.0, 0.0),
];

impl Where {
    fn point(self) -> Point {
        let (lat_deg, lon_deg) = CENTRES[usize::from(self.0 % 8)];
        // Coarse steps for high centres, so that trees get deep and wide.
        let step_deg = [1e-7, 1e-5, 1e-3][usize::from(self.0 / 8 % 3)];
        let lat_deg = lat_deg + f64::from(self.1) * step_deg;
        let lon_deg = lon_deg + f64::from(self.2) * step_deg;
        Point::new(lat_deg.clamp(-90.0, 90.0), lon_deg.clamp(-180.0, 180.0)).expect("clamped")
    }
}

/// Does every operation on both and panics where they disagree.
pub(crate) fn run(operations: &[Operation]) {
    let mut index = Index::new();
    let mut people: BTreeMap<u64, Person> = BTreeMap::new();
    for operation in operations {
        match *operation {
            Operation::Upsert(id, place, at, available, circles) => {
                let person = person(u64::from(id), place.point(), at, available, circles);
                index.upsert(&person).expect("valid");
                people.insert(person.id, person);
            }
            Operation::UpsertMany(first, count, Where(centre, lat, lon)) => {
                let crowd: Vec<Person> = (0..u64::from(count) * 4)
                    .map(|n| {
                        let step = i16::try_from(n).expect("below 1,020");
                        let at = Where(centre, lat.wrapping_add(step * 7), lon.wrapping_sub(step));
                        person(u64::from(first) + n, at.point(), first, n % 3 == 0, 0)
                    })
                    .collect();
                index.upsert_many(&crowd).expect("valid");
                people.extend(crowd.into_iter().map(|person| (person.id, person)));
            }
            Operation::Relocate(id, place, at) => {
                let (point, at_s) = (place.point(), time(at));
                let moved = index.relocate(id.into(), point, at_s);
                assert_eq!(moved.is_ok(), people.contains_key(&id.into()));
                if let Some(person) = people.get_mut(&id.into()) {
                    (person.point, person.at_s) = (point, at_s);
                }
            }
            Operation::Remove(id) => {
                assert_eq!(index.remove(id.into()), people.remove(&id.into()).is_some());
            }
            Operation::Nearest(place, k, sieve) => {
                agree(&index, &people, &place.point(), u64::from(k) + 1, sieve);
            }
            Operation::Snapshot => {
                index = Index::from_bytes(&index.to_bytes()).expect("own bytes");
            }
        }
        assert_eq!(index.len(), people.len());
    }
}

fn person(id: u64, point: Point, at: u8, available: bool, circles: u8) -> Person {
    Person {
        id,
        point,
        at_s: time(at),
        available,
        circles: (0..8).filter(|bit| circles & (1 << bit) != 0).collect(),
    }
}

fn time(at: u8) -> Option<f64> {
    (at > 0).then(|| f64::from(at) * 40.0)
}

fn agree(index: &Index, people: &BTreeMap<u64, Person>, from: &Point, k: u64, sieve: Sieve) {
    let Sieve(flags, value, radius) = sieve;
    let exclude = [u64::from(value), u64::from(radius)];
    let filter = Filter {
        within_m: (flags & 1 != 0).then(|| 1.2_f64.powi(i32::from(radius) / 2) - 1.0),
        newer_than_s: (flags & 2 != 0).then(|| f64::from(value) * 40.0),
        circle: (flags & 4 != 0).then(|| u64::from(value % 8)),
        available: (flags & 8 != 0).then_some(value % 2 == 0),
        exclude: if flags & 16 != 0 { &exclude } else { &[] },
        geodesic: flags & 32 != 0,
    };
    let found = index.nearest(from, k, &filter).expect("valid");
    let mut wanted: Vec<(f64, u64)> = people
        .values()
        .filter(|person| counts(person, &filter))
        .map(|person| (karney_m(from, &person.point), person.id))
        .filter(|(metres, _)| filter.within_m.is_none_or(|within| *metres <= within))
        .collect();
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    wanted.truncate(usize::try_from(k).expect("small"));
    let ids: Vec<u64> = found.iter().map(|neighbour| neighbour.person).collect();
    let wanted_ids: Vec<u64> = wanted.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids, wanted_ids, "{from:?} {filter:?}");
}

fn counts(person: &Person, filter: &Filter<'_>) -> bool {
    filter.available.is_none_or(|is| is == person.available)
        && filter
            .newer_than_s
            .is_none_or(|after| person.at_s.is_some_and(|at| at > after))
        && filter.circle.is_none_or(|c| person.circles.contains(&c))
        && !filter.exclude.contains(&person.id)
}
