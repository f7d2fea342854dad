//! Worlds of every scale beside each other, so that a search meets leaves of fine and of coarse
//! steps: each followed by questions to a slow truth.

use std::collections::{BTreeMap, BTreeSet};

use geocore::{Filter, Index, Neighbour, Person, Point, karney_m, rival_chord_max_m};

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }
}

/// Poles, axes, the antimeridian, pentagons and corners of coarse cells, and a few others.
const MIDDLES: [(f64, f64); 16] = [
    (90.0, 0.0),
    (-90.0, 0.0),
    (0.0, 0.0),
    (0.0, 90.0),
    (0.0, 180.0),
    (0.0, -90.0),
    (-17.0, 180.0),
    (64.700_000_128, 10.536_199_075),
    (58.282_525_588, 58.157_705_840),
    (2.300_882_112, -5.245_390_297),
    (-39.1, 122.3),
    (59.33, 18.07),
    (-33.0, 151.2),
    (45.0, 45.0),
    (23.7, -47.1),
    (-50.103_201_482, -143.478_490_02),
];

/// Where some people are, and how far around.
#[derive(Clone, Copy, Debug)]
struct Lot {
    middle: (f64, f64),
    wide_m: f64,
    shape: u64,
}

impl Lot {
    fn new(dice: &mut Dice) -> Self {
        let middle = if dice.below(3) > 0 {
            dice.one(&MIDDLES)
        } else {
            let z = dice.uniform(-1.0, 1.0);
            (z.asin().to_degrees(), dice.uniform(-180.0, 180.0))
        };
        // From 1 mm to the globe.
        let wide_m = 10_f64.powf(dice.uniform(-3.0, 7.3));
        Self {
            middle,
            wide_m,
            shape: dice.below(6),
        }
    }

    fn place(&self, dice: &mut Dice) -> Point {
        let (mut east, mut north) = (dice.uniform(-1.0, 1.0), dice.uniform(-1.0, 1.0));
        match self.shape {
            // A line, a ring, a few places for many, dense in the middle.
            0 => north = 0.0,
            1 => {
                let angle = dice.uniform(0.0, 6.3);
                (east, north) = (angle.cos(), angle.sin());
            }
            2 => (east, north) = ((east * 2.0).round() / 2.0, (north * 2.0).round() / 2.0),
            3 => {
                let nearer = 10_f64.powf(dice.uniform(-6.0, 0.0));
                (east, north) = (east * nearer, north * nearer);
            }
            _ => {}
        }
        away(self.middle, east * self.wide_m, north * self.wide_m)
    }
}

/// Somewhere about so far east and north.
fn away((lat, lon): (f64, f64), east_m: f64, north_m: f64) -> Point {
    const DEGREE_M: f64 = 111_195.0;
    let mut lat = lat + north_m / DEGREE_M;
    let mut lon = lon + east_m / (DEGREE_M * lat.to_radians().cos().abs().max(1e-3));
    // Over a pole.
    lat = (lat + 180.0).rem_euclid(360.0) - 180.0;
    if lat.abs() > 90.0 {
        lat = 180.0_f64.copysign(lat) - lat;
        lon += 180.0;
    }
    lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
    Point::new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).expect("clamped")
}

struct World {
    dice: Dice,
    index: Index,
    people: BTreeMap<u64, Person>,
    lots: Vec<Lot>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let lots = (0..=dice.below(6)).map(|_| Lot::new(&mut dice)).collect();
        let mut world = Self {
            dice,
            index: Index::new(),
            people: BTreeMap::new(),
            lots,
        };
        if world.dice.below(3) == 0 {
            // A village alone in an empty continent, and a stadium beside it.
            let Lot { middle, .. } = world.lots[0];
            world.lots = [3e2, 10.0, 1e6, 1e7]
                .map(|wide_m| Lot {
                    middle,
                    wide_m,
                    shape: 4,
                })
                .to_vec();
            let rest = 1 + world.dice.below(4);
            world.lots.truncate(usize::try_from(rest).expect("small"));
        }
        world
    }

    fn place(&mut self) -> Point {
        // The first have the most.
        let nth = self.dice.below(self.lots.len() as u64);
        let nth = self.dice.below(nth + 1);
        let lot = self.lots[usize::try_from(nth).expect("small")];
        lot.place(&mut self.dice)
    }

    fn fresh(&mut self, id: u64) -> Person {
        let point = self.place();
        let dice = &mut self.dice;
        Person {
            id,
            point,
            at_s: (dice.below(5) > 0).then(|| dice.uniform(0.0, 2_000.0)),
            available: dice.below(10) == 0,
            circles: (0..dice.below(3))
                .map(|_| dice.below(3))
                .collect::<BTreeSet<_>>(),
        }
    }

    fn put_many(&mut self, ids: u64, count: u64) {
        let some: BTreeMap<u64, Person> = (0..count)
            .map(|_| {
                let id = self.dice.below(ids);
                (id, self.fresh(id))
            })
            .collect();
        let list: Vec<Person> = some.values().cloned().collect();
        self.index.upsert_many(&list).expect("valid");
        self.people.extend(some);
    }

    fn change(&mut self, ids: u64, leaving: u64) {
        let id = self.dice.below(ids);
        match self.dice.below(10) {
            what if what < leaving => {
                assert_eq!(self.index.remove(id), self.people.remove(&id).is_some());
            }
            9 => {
                let person = self.fresh(id);
                self.index.upsert(&person).expect("valid");
                self.people.insert(id, person);
            }
            _ => self.walk(id),
        }
    }

    /// Takes a step of any length.
    fn walk(&mut self, id: u64) {
        let Some(known) = self.people.get(&id).map(|person| person.point) else {
            return;
        };
        let step_m = 10_f64.powf(self.dice.uniform(-4.0, 6.5));
        let (east_m, north_m) = (
            self.dice.uniform(-step_m, step_m),
            self.dice.uniform(-step_m, step_m),
        );
        let point = away((known.lat_deg(), known.lon_deg()), east_m, north_m);
        let at_s = Some(self.dice.uniform(0.0, 2_000.0));
        self.index.relocate(id, point, at_s).expect("known");
        let person = self.people.get_mut(&id).expect("known");
        (person.point, person.at_s) = (point, at_s);
    }

    fn from(&mut self) -> Point {
        let near = match self.dice.below(5) {
            0 => Lot::new(&mut self.dice).place(&mut self.dice),
            1 => self.place(),
            _ if self.people.is_empty() => self.place(),
            _ => {
                let nth = self.dice.below(self.people.len() as u64);
                let nth = usize::try_from(nth).expect("small");
                self.people.values().nth(nth).expect("in range").point
            }
        };
        let step_m = 10_f64.powf(self.dice.uniform(-4.0, 6.5));
        if self.dice.below(2) == 0 {
            return near;
        }
        let north_m = self.dice.uniform(-step_m, step_m);
        away((near.lat_deg(), near.lon_deg()), step_m, north_m)
    }

    fn ask(&mut self) {
        let from = self.from();
        let k = self
            .dice
            .one(&[1, 2, 3, 5, 5, 8, 9, 12, 15, 16, 17, 20, 100]);
        let excluded: Vec<u64> = (0..self.dice.below(30))
            .map(|_| self.dice.below(900))
            .collect();
        let dice = &mut self.dice;
        let is_open = dice.below(2) == 0;
        let mut seldom = |one_of: u64| !is_open && dice.below(one_of) == 0;
        let (fresh, circle, available, exclude, geodesic) =
            (seldom(3), seldom(3), seldom(3), seldom(3), seldom(3));
        let filter = Filter {
            within_m: (self.dice.below(3) == 0).then(|| 10_f64.powf(self.dice.uniform(-3.0, 7.4))),
            newer_than_s: fresh.then(|| self.dice.uniform(0.0, 2_000.0)),
            circle: circle.then(|| self.dice.below(3)),
            available: available.then(|| self.dice.below(2) == 0),
            exclude: if exclude { &excluded } else { &[] },
            geodesic,
        };
        let order = self.order(&from, &filter, k);
        let found = self.index.nearest(&from, k, &filter).expect("valid");
        compare(&found, &order, k, &from, &filter);
        let mut rows = 0;
        let points = [from; 3];
        self.index
            .nearest_many(&points, k, &filter, |_, found| {
                compare(found, &order, k, &from, &filter);
                rows += 1;
            })
            .expect("valid");
        assert_eq!(rows, 3);
        if let Some(radius_m) = filter.within_m {
            let order = self.order(&from, &filter, u64::MAX);
            let found = self.index.within(&from, radius_m, &filter).expect("valid");
            compare(&found, &order, u64::MAX, &from, &filter);
        }
    }

    /// Everyone who may be among the first, in the order of Karney.
    fn order(&self, from: &Point, filter: &Filter<'_>, k: u64) -> Vec<(f64, u64)> {
        let mut lines: Vec<(f64, &Person)> = self
            .people
            .values()
            .filter(|person| counts(person, filter))
            .map(|person| (from.chord_squared_m2(&person.point).sqrt(), person))
            .collect();
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let limit_m = usize::try_from(k)
            .ok()
            .and_then(|k| lines.get(k - 1))
            .map_or(f64::INFINITY, |kth| {
                rival_chord_max_m(kth.0) * 1.000_1 + 1e-3
            });
        let mut order: Vec<(f64, u64)> = lines
            .iter()
            .take_while(|line| line.0 <= limit_m)
            .map(|(_, person)| (karney_m(from, &person.point), person.id))
            .filter(|(metres, _)| filter.within_m.is_none_or(|within_m| *metres <= within_m))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        order
    }

    fn check(&mut self, questions: u64) {
        assert_eq!(self.index.len(), self.people.len());
        #[cfg(feature = "sound")]
        self.index.assert_sound();
        for (id, person) in &self.people {
            let known = self.index.get(*id).expect("put in").point.xyz_m();
            let given = person.point.xyz_m();
            assert_eq!(known.map(f64::to_bits), given.map(f64::to_bits), "{id}");
        }
        for _ in 0..questions {
            self.ask();
        }
    }
}

fn counts(person: &Person, filter: &Filter<'_>) -> bool {
    filter.available.is_none_or(|is| is == person.available)
        && filter
            .newer_than_s
            .is_none_or(|after| person.at_s.is_some_and(|at| at > after))
        && filter.circle.is_none_or(|c| person.circles.contains(&c))
        && !filter.exclude.contains(&person.id)
}

fn compare(found: &[Neighbour], order: &[(f64, u64)], k: u64, from: &Point, filter: &Filter<'_>) {
    let found: Vec<u64> = found.iter().map(|neighbour| neighbour.person).collect();
    let k = usize::try_from(k).expect("64 bits");
    let wanted: Vec<u64> = order.iter().take(k).map(|one| one.1).collect();
    assert_eq!(found, wanted, "k {k} {from:?} {filter:?}");
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn worlds_of_every_scale_agree_with_brute_force_under_change() {
    let first = number("SCALES_SEED", 1);
    for seed in first..first + number("SCALES_WORLDS", 60) {
        let mut world = World::new(seed);
        // About where one leaf becomes a tree and back, where leaves are split, and beyond.
        let ids = world.dice.one(&[250, 420, 500, 1_200, 3_000]);
        for round in 0..6 {
            match world.dice.below(3) {
                0 => world.put_many(ids, ids),
                1 => world.put_many(ids, ids / 8),
                _ => {}
            }
            let leaving = [0, 1, 5, 1][round % 4];
            for _ in 0..ids {
                world.change(ids, leaving);
            }
            world.check(25);
        }
        for step in 0..ids {
            world.index.remove(step);
            world.people.remove(&step);
            if step % 61 == 0 {
                world.check(3);
            }
        }
    }
}
