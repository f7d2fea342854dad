//! From candidates by straight line to an answer by geodesic.

use super::Person;
use super::query::{Filter, Neighbour};
use crate::geodesic::karney_m;
use crate::point::Point;

/// A person who may belong to the answer.
pub(super) struct Candidate<'a> {
    /// Straight line to the person in metres.
    pub(super) chord_m: f64,
    /// Who it is.
    pub(super) person: &'a Person,
}

/// Orders candidates by geodesic and id, and keeps the first k within the radius.
pub(super) fn rank(
    from: &Point,
    k: usize,
    filter: &Filter<'_>,
    candidates: Vec<Candidate<'_>>,
) -> Vec<Neighbour> {
    let mut found: Vec<Neighbour> = candidates
        .into_iter()
        .map(|candidate| Neighbour {
            person: candidate.person.id,
            distance_m: karney_m(from, &candidate.person.point),
            at_s: candidate.person.at_s,
        })
        .filter(|found| filter.within_m.is_none_or(|m| found.distance_m <= m))
        .collect();
    found.sort_unstable_by(|a, b| {
        a.distance_m
            .total_cmp(&b.distance_m)
            .then(a.person.cmp(&b.person))
    });
    found.truncate(k);
    found
}
