//! A batch of questions beside the same ones asked alone.

use geocore::{Filter, Index, Neighbour, Person, Point};

/// Places round one town, from 55 km away to the same spot, some of them twice.
fn places(count: u32, degrees: f64) -> impl Iterator<Item = Point> {
    (0..count).map(move |nth| {
        let turn = f64::from(nth - nth % 3);
        let (north, east) = ((turn * 0.618_034).fract(), (turn * 0.754_878).fract());
        Point::new(
            59.0 + (north - 0.5) * degrees,
            18.0 + (east - 0.5) * degrees,
        )
        .expect("valid")
    })
}

fn index_of(count: u32, degrees: f64) -> Index {
    let mut index = Index::new();
    let people: Vec<Person> = places(count, degrees)
        .zip(0..)
        .map(|(point, id)| Person {
            id,
            point,
            at_s: None,
            available: id % 2 == 0,
            circles: [id % 5].into(),
        })
        .collect();
    index.upsert_many(&people).expect("valid");
    index
}

#[test]
fn a_batch_answers_as_its_questions_alone_do() {
    let filters = [
        Filter::default(),
        Filter {
            within_m: Some(900.0),
            ..Filter::default()
        },
        Filter {
            circle: Some(3),
            ..Filter::default()
        },
        Filter {
            circle: Some(99),
            ..Filter::default()
        },
        Filter {
            available: Some(true),
            ..Filter::default()
        },
        Filter {
            geodesic: true,
            ..Filter::default()
        },
    ];
    for (count, degrees) in [(0, 1.0), (3, 1.0), (300, 50.0), (300, 0.0), (5_000, 0.5)] {
        let index = index_of(count, degrees);
        let from: Vec<Point> = places(99, degrees * 1.1 + 0.01).collect();
        for filter in &filters {
            for k in [1, 5, 8, 9, 16, 40] {
                let mut rows: Vec<Option<Vec<Neighbour>>> = vec![None; from.len()];
                index
                    .nearest_many(&from, k, filter, |row, found| {
                        assert!(rows[row].is_none(), "a row came twice");
                        rows[row] = Some(found.to_vec());
                    })
                    .expect("valid");
                for (row, point) in rows.into_iter().zip(&from) {
                    let alone = index.nearest(point, k, filter).expect("valid");
                    assert_eq!(row.expect("every row comes"), alone);
                }
            }
        }
    }
}

#[test]
fn questions_that_lie_close_together_are_answered_as_alone() {
    // From many of them for each person to many people for each of them.
    for (count, degrees) in [(600, 0.2), (5_000, 0.5), (50_000, 0.5), (50_000, 20.0)] {
        let index = index_of(count, degrees);
        for spread in [1e-6, 0.01, 1.0, 1.5] {
            let from: Vec<Point> = places(1_500, degrees * spread).collect();
            for (k, within_m) in [(1, None), (5, None), (5, Some(400.0)), (16, None)] {
                let filter = Filter {
                    within_m,
                    ..Filter::default()
                };
                let mut rows = 0;
                index
                    .nearest_many(&from, k, &filter, |row, found| {
                        let alone = index.nearest(&from[row], k, &filter).expect("valid");
                        assert_eq!(found, alone, "{count} people, {spread}, row {row}");
                        rows += 1;
                    })
                    .expect("valid");
                assert_eq!(rows, from.len());
            }
        }
    }
}

#[test]
fn who_takes_an_answer_may_ask_again() {
    let index = index_of(1_000, 1.0);
    let from: Vec<Point> = places(40, 1.0).collect();
    let mut asked = 0;
    index
        .nearest_many(&from, 5, &Filter::default(), |row, found| {
            let again = index.nearest(&from[row], 5, &Filter::default());
            assert_eq!(again.expect("valid"), found);
            asked += 1;
        })
        .expect("valid");
    assert_eq!(asked, 40);
}

#[test]
fn a_radius_that_is_none_is_refused_whoever_gives_it() {
    let index = Index::new();
    let from = Point::new(1.0, 2.0).expect("valid");
    for (radius_m, within_m) in [
        (f64::NAN, Some(5.0)),
        (5.0, Some(f64::NAN)),
        (-1.0, None),
        (5.0, Some(-1.0)),
    ] {
        let filter = Filter {
            within_m,
            ..Filter::default()
        };
        assert!(index.within(&from, radius_m, &filter).is_err());
    }
}
