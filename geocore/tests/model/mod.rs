//! Operations on an index, and a slow index that must agree with it after each.

mod truth;

use std::collections::BTreeMap;

use geocore::{Filter, Index, K_MAX, Person, Point, karney_m};
use truth::assert_answer;

/// One thing to do. Degrees are steps of 1e-7 round one of a few places, so that neighbours,
/// ties and duplicates are common; ids are few, so that operations meet.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Puts a person in, or replaces all that was known.
    Upsert(u8, Where, u8, bool, u8),
    /// Puts many people in: at a time, in circles.
    UpsertMany(Crowd, u8, u8),
    /// Moves a person.
    Relocate(u8, Where, u8),
    /// Moves those of a crowd who are there, one by one.
    RelocateMany(Crowd, u8),
    /// Takes a person out.
    Remove(u8),
    /// Takes a crowd out, wherever they are.
    RemoveMany(Crowd),
    /// Asks for the k nearest.
    Nearest(Where, u8, Sieve),
    /// Asks for everyone within the sieve's radius.
    Within(Where, Sieve),
    /// Asks for the k nearest of many places at once.
    Batch(Crowd, u8, Sieve),
    /// Asks for what must be refused and change nothing.
    Refused(u8, Crowd),
    /// Replaces the index by its own snapshot.
    Snapshot,
}

/// A place: which centre and what steps, and how many of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Where(pub(crate) u8, pub(crate) i16, pub(crate) i16);

/// Eights of people, from an eighth of an id on, by their shape round a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) first: u8,
    pub(crate) eights: u8,
    pub(crate) shape: u8,
    pub(crate) place: Where,
}

/// A filter: each bit of the first byte switches one part on, which takes the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieve(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// Centres with a trap each: poles, antimeridian, a pentagon, its vertex-rich edge, a city,
/// its antipode.
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
    pub(crate) fn point(self) -> Point {
        let (lat_deg, lon_deg) = CENTRES[usize::from(self.0 % 8)];
        // Coarse steps for high centres, so that trees get deep and wide, and questions far.
        let step_deg = [1e-7, 1e-5, 1e-3, 5e-3][usize::from(self.0 / 8 % 4)];
        let lat_deg = lat_deg + f64::from(self.1) * step_deg;
        let lon_deg = lon_deg + f64::from(self.2) * step_deg;
        Point::new(lat_deg.clamp(-90.0, 90.0), lon_deg.clamp(-180.0, 180.0)).expect("clamped")
    }
}

impl Crowd {
    /// All with their ids and where they are: at one place, at sixteen, in a line, or
    /// scattered.
    fn members(self) -> impl Iterator<Item = (u64, Point)> {
        let Where(centre, lat, lon) = self.place;
        (0..2_040_i16)
            .take(usize::from(self.eights) * 8)
            .map(move |nth| {
                let (north, east) = match self.shape % 4 {
                    0 => (0, 0),
                    1 => (nth % 16, nth % 5),
                    2 => (nth.wrapping_mul(7), -nth),
                    _ => (nth.wrapping_mul(25_033), nth.wrapping_mul(15_679)),
                };
                let at = Where(centre, lat.wrapping_add(north), lon.wrapping_add(east));
                let id = u64::from(self.first) * 8 + u64::from(nth.unsigned_abs());
                (id_of(id), at.point())
            })
    }
}

/// Ids that count up, the higher ones from elsewhere, but for a quarter of them that lie
/// anywhere: as many as a list of places by id may lack.
fn id_of(nth: u64) -> u64 {
    match nth {
        _ if nth % 128 >= 96 => nth.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        0..1_024 => nth,
        _ => nth + (1 << 40),
    }
}

/// Does every operation on both and panics where they disagree.
pub(crate) fn run(operations: &[Operation]) -> Index {
    let mut index = Index::new();
    let mut people: BTreeMap<u64, Person> = BTreeMap::new();
    for operation in operations {
        match *operation {
            Operation::Nearest(..) | Operation::Within(..) | Operation::Batch(..) => {
                ask(&index, &people, operation);
            }
            Operation::Refused(kind, crowd) => refuse(&mut index, kind, crowd),
            Operation::Snapshot => {
                let bytes = index.to_bytes();
                index = Index::from_bytes(&bytes).expect("own bytes");
                assert!(index.to_bytes() == bytes, "other bytes for the same people");
                for person in people.values() {
                    assert_eq!(index.get(person.id).as_ref(), Some(person));
                }
            }
            _ => change(&mut index, &mut people, operation),
        }
        assert_eq!(index.len(), people.len());
    }
    index
}

fn change(index: &mut Index, people: &mut BTreeMap<u64, Person>, operation: &Operation) {
    match *operation {
        Operation::Upsert(id, place, at, available, circles) => {
            let person = person(id_of(id.into()), place.point(), at, available, circles);
            index.upsert(&person).expect("valid");
            assert_eq!(index.get(person.id).as_ref(), Some(&person));
            people.insert(person.id, person);
        }
        Operation::UpsertMany(crowd, at, circles) => {
            let crowd = crowd_of(crowd, at, circles);
            index.upsert_many(&crowd).expect("valid");
            people.extend(crowd.into_iter().map(|person| (person.id, person)));
        }
        Operation::Relocate(id, place, at) => {
            relocate(index, people, id_of(id.into()), place.point(), at);
        }
        Operation::RelocateMany(crowd, at) => {
            for (id, point) in crowd.members() {
                relocate(index, people, id, point, at);
            }
        }
        Operation::Remove(id) => {
            let id = id_of(id.into());
            assert_eq!(index.remove(id), people.remove(&id).is_some());
            assert!(!index.contains(id));
        }
        Operation::RemoveMany(crowd) => {
            for (id, _) in crowd.members() {
                assert_eq!(index.remove(id), people.remove(&id).is_some());
            }
        }
        _ => unreachable!("changes nothing"),
    }
}

fn relocate(index: &mut Index, people: &mut BTreeMap<u64, Person>, id: u64, point: Point, at: u8) {
    let moved = index.relocate(id, point, time(at));
    assert_eq!(moved.is_ok(), people.contains_key(&id));
    if let Some(person) = people.get_mut(&id) {
        (person.point, person.at_s) = (point, time(at));
        assert_eq!(index.get(id).as_ref(), Some(&*person));
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

fn crowd_of(crowd: Crowd, at: u8, circles: u8) -> Vec<Person> {
    let members = (0_u8..=255).cycle().zip(crowd.members());
    members
        .map(|(nth, (id, point))| {
            person(id, point, at.wrapping_add(nth / 4), nth % 3 == 0, circles)
        })
        .collect()
}

fn time(at: u8) -> Option<f64> {
    (at > 0).then(|| f64::from(at) * 40.0)
}

fn ask(index: &Index, people: &BTreeMap<u64, Person>, operation: &Operation) {
    match *operation {
        Operation::Nearest(place, k, sieve) => {
            let (from, k) = (place.point(), u64::from(k) + 1);
            with_filter(people, &from, sieve, |filter| {
                let found = index.nearest(&from, k, filter).expect("valid");
                assert_answer(&found, people, &from, k, filter);
            });
        }
        Operation::Within(place, sieve) => {
            let (from, radius_m) = (place.point(), radius_m(sieve.2));
            with_filter(people, &from, sieve, |filter| {
                let found = index.within(&from, radius_m, filter).expect("valid");
                let within_m = Some(filter.within_m.map_or(radius_m, |m| m.min(radius_m)));
                let filter = Filter {
                    within_m,
                    ..*filter
                };
                assert_answer(&found, people, &from, K_MAX, &filter);
            });
        }
        Operation::Batch(crowd, k, sieve) => {
            let from: Vec<Point> = crowd.members().map(|(_, point)| point).take(80).collect();
            let (first, k) = (crowd.place.point(), u64::from(k) + 1);
            with_filter(people, &first, sieve, |filter| {
                ask_together(index, &from, k, filter);
            });
            // A few of everybody, which nearly no sieve asks for: only such questions share
            // the leaves round them.
            ask_together(index, &from, (k - 1) % 16 + 1, &Filter::default());
        }
        _ => unreachable!("asks nothing"),
    }
}

/// Asks for the k nearest of many places at once, and of each alone.
fn ask_together(index: &Index, from: &[Point], k: u64, filter: &Filter<'_>) {
    let mut rows = vec![None; from.len()];
    let take = |row: usize, found: &[_]| {
        assert!(rows[row].replace(found.to_vec()).is_none(), "twice");
    };
    index.nearest_many(from, k, filter, take).expect("valid");
    for (row, point) in rows.iter().zip(from) {
        let alone = index.nearest(point, k, filter).expect("valid");
        assert_eq!(row.as_ref(), Some(&alone));
    }
}

fn radius_m(exponent: u8) -> f64 {
    1.2_f64.powi(i32::from(exponent) / 2) - 1.0
}

/// Calls with the filter that a sieve means beside some people.
fn with_filter(
    people: &BTreeMap<u64, Person>,
    from: &Point,
    sieve: Sieve,
    call: impl FnOnce(&Filter<'_>),
) {
    let Sieve(flags, value, radius) = sieve;
    let few = [u64::from(value), u64::from(radius)];
    let many: Vec<u64> = (0..u64::from(radius) * 4).map(|n| n + few[0]).collect();
    let edge = people.get(&few[0]).filter(|_| flags & 128 != 0);
    let filter = Filter {
        // Exactly as far as somebody, or any distance.
        within_m: edge
            .map(|person| karney_m(from, &person.point))
            .or_else(|| (flags & 1 != 0).then(|| radius_m(radius))),
        newer_than_s: (flags & 2 != 0).then(|| f64::from(value) * 40.0),
        circle: (flags & 4 != 0).then(|| u64::from(value % 8)),
        available: (flags & 8 != 0).then_some(value % 2 == 0),
        exclude: if flags & 64 != 0 {
            &many
        } else if flags & 16 != 0 {
            &few
        } else {
            &[]
        },
        geodesic: flags & 32 != 0,
    };
    call(&filter);
}

/// Does what must fail and leave everything as it was.
fn refuse(index: &mut Index, kind: u8, crowd: Crowd) {
    let before = index.to_bytes();
    let mut people = crowd_of(crowd, 1, 1);
    let from = crowd.place.point();
    people.push(person(u64::from(kind) * 8, from, 1, true, 2));
    let last = people[people.len() - 1].clone();
    let open = Filter::default();
    let refused = match kind % 8 {
        0 => {
            people.insert(0, last);
            index.upsert_many(&people).is_err()
        }
        1 => {
            people[0].at_s = Some(f64::NAN);
            index.upsert_many(&people).is_err()
        }
        2 => {
            people[0].at_s = Some(f64::INFINITY);
            index.upsert(&people[0]).is_err()
        }
        3 => index.relocate(last.id, from, Some(f64::NAN)).is_err(),
        4 => index.nearest(&from, 0, &open).is_err(),
        5 => index.nearest(&from, K_MAX + 1, &open).is_err(),
        6 => index.within(&from, -1.0, &open).is_err(),
        _ => {
            let newer_than_s = Some(f64::NAN);
            let never = Filter {
                newer_than_s,
                ..open
            };
            index.nearest_many(&[from], 1, &never, |_, _| {}).is_err()
        }
    };
    assert!(refused, "{kind}");
    assert!(index.to_bytes() == before, "changed by what was refused");
}
