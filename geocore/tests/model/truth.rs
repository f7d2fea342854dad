//! Answers by measuring everyone.

use std::collections::BTreeMap;

use geocore::{Filter, Neighbour, Person, Point, approximation_bound_m, karney_m};

/// With `geodesic=True` no distance is further off than this, in metres.
const GEODESIC_BOUND_M: f64 = 5e-4;

/// Panics unless an answer has whom it must have, in order, as far away as they are.
pub(crate) fn assert_answer(
    found: &[Neighbour],
    people: &BTreeMap<u64, Person>,
    from: &Point,
    k: u64,
    filter: &Filter<'_>,
) {
    let mut wanted: Vec<(f64, &Person)> = measured(people, from, filter)
        .filter(|(metres, _)| filter.within_m.is_none_or(|within| *metres <= within))
        .collect();
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.id.cmp(&b.1.id)));
    wanted.truncate(usize::try_from(k).expect("small"));
    let ids: Vec<u64> = found.iter().map(|neighbour| neighbour.person).collect();
    let wanted_ids: Vec<u64> = wanted.iter().map(|(_, person)| person.id).collect();
    assert_eq!(ids, wanted_ids, "{from:?} {filter:?}");
    for (neighbour, (metres, person)) in found.iter().zip(wanted) {
        assert_eq!(neighbour.at_s, person.at_s);
        let bound_m = approximation_bound_m(from.chord_squared_m2(&person.point).sqrt());
        let bound_m = if filter.geodesic {
            bound_m.min(GEODESIC_BOUND_M)
        } else {
            bound_m
        };
        let off_m = (neighbour.distance_m - metres).abs();
        assert!(
            off_m <= bound_m,
            "{off_m} m off from {from:?} to {person:?}"
        );
    }
}

/// Who counts, each with the geodesic; people at one place follow each other and are
/// measured once.
fn measured<'a>(
    people: &'a BTreeMap<u64, Person>,
    from: &Point,
    filter: &Filter<'_>,
) -> impl Iterator<Item = (f64, &'a Person)> {
    let mut latest: Option<(Point, f64)> = None;
    people
        .values()
        .filter(|person| counts(person, filter))
        .map(move |person| {
            let metres = match latest {
                Some((point, metres)) if point == person.point => metres,
                _ => karney_m(from, &person.point),
            };
            latest = Some((person.point, metres));
            (metres, person)
        })
}

fn counts(person: &Person, filter: &Filter<'_>) -> bool {
    filter.available.is_none_or(|is| is == person.available)
        && filter
            .newer_than_s
            .is_none_or(|after| person.at_s.is_some_and(|at| at > after))
        && filter.circle.is_none_or(|c| person.circles.contains(&c))
        && !filter.exclude.contains(&person.id)
}
