//! Cities asked about from far away, where a whole city may hold the nearest person.

use geocore::{Filter, Index, Neighbour, Person, Point, karney_m};
use geographiclib_rs::{DirectGeodesic, Geodesic};

/// A small generator, so that a failure repeats.
struct Dice(u64);

impl Dice {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + (high - low) * ((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Where the city is; its antipode is as far as can be.
const CITY: (f64, f64) = (40.4, -3.7);

/// From 111 km to the antipode, on every side of 9,000 km in a straight line.
const FROM: [(f64, f64); 14] = [
    (41.4, -3.7),
    (48.8, 2.3),
    (59.3, 18.1),
    (40.7, -74.0),
    (-33.9, 18.4),
    (35.7, 139.7),
    (-23.5, -46.6),
    (-34.6, 115.0),
    (-49.6, -3.7),
    (90.0, 0.0),
    (-33.9, 151.2),
    (-41.3, 174.8),
    (-40.0, 176.0),
    (-40.4, 176.3),
];

fn city(people: u64, spread_deg: f64, places: u64, dice: &mut Dice) -> Vec<Person> {
    let mut spots: Vec<Point> = Vec::new();
    for _ in 0..places {
        let lat_deg = CITY.0 + dice.uniform(-spread_deg, spread_deg);
        let lon_deg = CITY.1 + dice.uniform(-spread_deg, spread_deg);
        spots.push(Point::new(lat_deg, lon_deg).expect("valid"));
    }
    let person = |id: u64| Person {
        id: id.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        point: spots[usize::try_from(id % places).expect("small")],
        at_s: (!id.is_multiple_of(5)).then_some(f64::from(u32::try_from(id).expect("small"))),
        available: id.is_multiple_of(3),
        circles: [id % 4].into(),
    };
    (0..people).map(person).collect()
}

/// Everyone who counts, in order, by measuring all.
fn truth(people: &[Person], from: &Point, filter: &Filter<'_>) -> Vec<(f64, u64)> {
    let mut all: Vec<(f64, u64)> = people
        .iter()
        .filter(|one| filter.available.is_none_or(|is| is == one.available))
        .filter(|one| {
            filter
                .circle
                .is_none_or(|circle| one.circles.contains(&circle))
        })
        .filter(|one| {
            let newer = |after_s| one.at_s.is_some_and(|at_s| at_s > after_s);
            filter.newer_than_s.is_none_or(newer)
        })
        .map(|one| (karney_m(from, &one.point), one.id))
        .filter(|(metres, _)| filter.within_m.is_none_or(|within_m| *metres <= within_m))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all
}

/// What Karney gives is the same to the bit on both sides, so that order and set must be.
fn agree(found: &[Neighbour], wanted: &[(f64, u64)], why: &str) {
    let ids: Vec<u64> = found.iter().map(|one| one.person).collect();
    let wanted_ids: Vec<u64> = wanted.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids, wanted_ids, "{why}");
    for (one, (metres, _)) in found.iter().zip(wanted) {
        assert!((one.distance_m - metres).abs() <= 1e-3, "{why}");
    }
}

fn check_from(index: &Index, people: &[Person], from: &Point) {
    let open = Filter {
        geodesic: true,
        ..Filter::default()
    };
    let everyone = truth(people, from, &open);
    let edge_m = everyone[everyone.len() / 3].0;
    let filters = [
        open,
        Filter {
            available: Some(true),
            newer_than_s: Some(1_000.0),
            ..open
        },
        Filter {
            circle: Some(2),
            ..open
        },
        Filter {
            within_m: Some(edge_m),
            ..open
        },
        Filter {
            within_m: Some(everyone[0].0 - 1.0),
            ..open
        },
    ];
    for filter in filters {
        let wanted = truth(people, from, &filter);
        for k in [1, 5, 20, 300, people.len()] {
            let found = index.nearest(from, k as u64, &filter).expect("valid");
            let why = format!("{k} of {} from {from:?} by {filter:?}", people.len());
            agree(&found, &wanted[..k.min(wanted.len())], &why);
        }
    }
    let inside = Filter {
        within_m: Some(edge_m),
        ..open
    };
    let found = index.within(from, edge_m, &open).expect("valid");
    agree(&found, &truth(people, from, &inside), "within");
    let mut rows = Vec::new();
    index
        .nearest_many(&[*from; 3], 5, &Filter::default(), |_, answer| {
            rows.push(answer.to_vec());
        })
        .expect("valid");
    for row in rows {
        let ids: Vec<u64> = row.iter().map(|one| one.person).collect();
        let wanted: Vec<u64> = everyone.iter().take(5).map(|(_, id)| *id).collect();
        assert_eq!(ids, wanted, "in a batch from {from:?}");
    }
}

#[test]
fn the_nearest_of_a_city_far_away_are_those_of_brute_force() {
    let mut dice = Dice(0xFA5);
    for (people, spread_deg, places) in [
        (300, 0.2, 300),
        (4_000, 0.2, 4_000),
        (4_000, 1e-4, 4_000),
        (4_000, 20.0, 4_000),
        (3_000, 0.1, 7),
        (6_000, 0.1, 2),
        (6_000, 1e-7, 40),
    ] {
        let crowd = city(people, spread_deg, places, &mut dice);
        let mut index = Index::new();
        index.upsert_many(&crowd).expect("valid");
        for (lat_deg, lon_deg) in FROM {
            let from = Point::new(lat_deg, lon_deg).expect("valid");
            check_from(&index, &crowd, &from);
        }
    }
}

/// Where one way of measuring gives way to the next: 100 km, 1,000 km and 9,000 km in a
/// straight line; then all the way.
const RINGS_KM: [f64; 12] = [
    1.0, 99.99, 100.01, 999.0, 1_001.0, 5_000.0, 9_985.0, 9_994.0, 10_003.0, 10_010.0, 15_000.0,
    19_900.0,
];

#[test]
fn people_round_a_ring_are_in_the_order_of_karney() {
    let mut dice = Dice(0x0717);
    let wgs84 = Geodesic::wgs84();
    for ring_km in RINGS_KM {
        for _ in 0..60 {
            let (lat_deg, jitter) = (dice.uniform(-80.0, 80.0), dice.uniform(-6.0, 1.0));
            let from = Point::new(lat_deg, 0.0).expect("valid");
            let mut people = Vec::new();
            for id in 0..60 {
                let metres = ring_km * 1e3 + dice.uniform(-1.0, 1.0) * 10_f64.powf(jitter);
                let azimuth_deg = dice.uniform(0.0, 360.0);
                let (lat, lon): (f64, f64) = wgs84.direct(lat_deg, 0.0, azimuth_deg, metres);
                people.push(Person {
                    id,
                    point: Point::new(lat, lon).expect("valid"),
                    at_s: None,
                    available: true,
                    circles: [].into(),
                });
            }
            let mut index = Index::new();
            index.upsert_many(&people).expect("valid");
            let open = Filter {
                geodesic: true,
                ..Filter::default()
            };
            let wanted = truth(&people, &from, &open);
            let edge = Filter {
                within_m: Some(wanted[30].0),
                ..open
            };
            let inside = truth(&people, &from, &edge);
            for k in [1, 3, 12, 60] {
                let why = format!("{k} at {ring_km} km by 1e{jitter} m from {from:?}");
                let found = index.nearest(&from, k as u64, &open).expect("valid");
                agree(&found, &wanted[..k], &why);
                let found = index.nearest(&from, k as u64, &edge).expect("valid");
                agree(&found, &inside[..k.min(inside.len())], &why);
            }
        }
    }
}
