//! Random interleavings of every operation, each followed by questions to a slow truth.

#[path = "model/truth.rs"]
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use geocore::{Filter, Index, Person, Point};

use self::truth::assert_answer;

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Where people gather: each has its own trap.
#[derive(Clone, Copy, Debug)]
enum World {
    Sphere,
    City,
    North,
    South,
    Antimeridian,
    Grid,
    Line,
    Duplicates,
    Pentagon,
    Antipodes,
}

const WORLDS: [World; 10] = [
    World::Sphere,
    World::City,
    World::North,
    World::South,
    World::Antimeridian,
    World::Grid,
    World::Line,
    World::Duplicates,
    World::Pentagon,
    World::Antipodes,
];

fn place(world: World, dice: &mut Dice) -> Point {
    let wide = [1e-7, 1e-4, 1e-2, 0.3][usize::try_from(dice.below(4)).expect("small")];
    let (u, v) = (dice.uniform(-1.0, 1.0), dice.uniform(-1.0, 1.0));
    let steps = |n: u64, dice: &mut Dice| f64::from(u32::try_from(dice.below(n)).expect("small"));
    let (lat, lon) = match world {
        World::Sphere => (u.asin().to_degrees(), v * 180.0),
        World::City => (59.33 + wide * u, 18.07 + 2.0 * wide * v),
        World::North => (90.0 - (wide * u).abs(), v * 180.0),
        World::South => (-90.0 + (wide * u).abs(), v * 180.0),
        World::Antimeridian => (
            -17.0 + wide * u,
            if v > 0.0 {
                180.0 - wide * v
            } else {
                -180.0 - wide * v
            },
        ),
        World::Grid => (steps(9, dice) * 0.25, steps(9, dice) * 0.25),
        World::Line => (0.0, steps(900, dice) * 0.01),
        World::Duplicates => (steps(3, dice), steps(3, dice) * 1e-9),
        // Res-0 pentagon 8009fffffffffff and its like at every resolution.
        World::Pentagon => (64.700_000_128 + wide * u, 10.536_199_075 + wide * v),
        World::Antipodes if dice.below(2) == 0 => (30.0 + wide * u, 10.0 + wide * v),
        World::Antipodes => (-30.0 + wide * u, -170.0 + wide * v),
    };
    Point::new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).expect("clamped")
}

fn check(index: &Index, people: &BTreeMap<u64, Person>, world: World, dice: &mut Dice) {
    let from = match dice.below(4) {
        0 => place(World::Sphere, dice),
        1 if !people.is_empty() => {
            let nth = usize::try_from(dice.below(people.len() as u64)).expect("small");
            people.values().nth(nth).expect("in range").point
        }
        _ => place(world, dice),
    };
    let nth = usize::try_from(dice.below(9)).expect("small");
    let k = [1_u64, 2, 5, 5, 5, 31, 33, 100, 5_000][nth];
    let exclude: Vec<u64> = (0..dice.below(40)).map(|_| dice.below(3_000)).collect();
    let filter = Filter {
        within_m: (dice.below(4) == 0).then(|| 10_f64.powf(dice.uniform(0.0, 7.4))),
        newer_than_s: (dice.below(3) == 0).then(|| dice.uniform(0.0, 2_000.0)),
        circle: (dice.below(3) == 0).then(|| dice.below(6)),
        available: (dice.below(3) == 0).then(|| dice.below(2) == 0),
        exclude: if dice.below(3) == 0 { &exclude } else { &[] },
        geodesic: dice.below(2) == 0,
    };
    let found = index.nearest(&from, k, &filter).expect("valid");
    assert_answer(&found, people, &from, k, &filter);
}

fn change(
    index: &mut Index,
    people: &mut BTreeMap<u64, Person>,
    world: World,
    dice: &mut Dice,
    ids: u64,
) {
    let id = dice.below(ids);
    let at_s = (dice.below(5) > 0).then(|| dice.uniform(0.0, 2_000.0));
    match dice.below(8) {
        0 => assert_eq!(index.remove(id), people.remove(&id).is_some()),
        1..=3 => {
            let circles: BTreeSet<u64> = (0..dice.below(3)).map(|_| dice.below(6)).collect();
            let person = Person {
                id,
                point: place(world, dice),
                at_s,
                available: dice.below(10) == 0,
                circles,
            };
            index.upsert(&person).expect("valid");
            people.insert(id, person);
        }
        _ => {
            let point = match people.get(&id) {
                Some(person) if dice.below(2) == 0 => {
                    let lat = person.point.lat_deg() + dice.uniform(-1e-4, 1e-4);
                    Point::new(lat.clamp(-90.0, 90.0), person.point.lon_deg()).expect("valid")
                }
                _ => place(world, dice),
            };
            let moved = index.relocate(id, point, at_s);
            if let Some(person) = people.get_mut(&id) {
                moved.expect("known");
                (person.point, person.at_s) = (point, at_s);
            } else {
                moved.expect_err("unknown");
            }
        }
    }
}

#[test]
fn every_world_agrees_with_brute_force_under_change() {
    let mut dice = Dice(0x5EED);
    for world in WORLDS {
        for ids in [20, 300, 2_000] {
            let mut index = Index::new();
            let mut people = BTreeMap::new();
            for round in 0..6 {
                for _ in 0..ids * 2 {
                    change(&mut index, &mut people, world, &mut dice, ids);
                }
                if round % 2 == 1 {
                    index = Index::from_bytes(&index.to_bytes()).expect("own bytes");
                }
                assert_eq!(index.len(), people.len());
                for _ in 0..12 {
                    check(&index, &people, world, &mut dice);
                }
            }
            // Down to nobody, through every collapse of the tree.
            let rest: Vec<u64> = people.keys().copied().collect();
            for (step, id) in rest.into_iter().enumerate() {
                assert!(index.remove(id));
                people.remove(&id);
                if step % 97 == 0 {
                    check(&index, &people, world, &mut dice);
                }
            }
            assert!(index.is_empty());
        }
    }
}
