//! From candidates by straight line to an answer by geodesic.

use super::query::{Filter, Neighbour};
use super::select::Candidate;
use super::space::Space;
use crate::geodesic::{approximate_m, approximation_bound_m, karney_m};
use crate::point::Point;

/// Bounds above this are not good enough for an answer that was asked to be geodesic.
const BOUND_MAX_M: f64 = 5e-4;

/// A candidate with a distance good enough to order them, or settled by Karney.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) neighbour: Neighbour,
    point: Point,
    /// How far `distance_m` may be off.
    bound_m: f64,
}

impl Space {
    /// Orders candidates by geodesic and id, and keeps the first k within the radius.
    pub(super) fn rank(
        &self,
        from: &Point,
        k: usize,
        filter: &Filter<'_>,
        candidates: &[Candidate],
        ranked: &mut Vec<Ranked>,
    ) {
        ranked.clear();
        ranked.extend(
            candidates
                .iter()
                .map(|candidate| self.measure(from, candidate)),
        );
        if let Some(within_m) = filter.within_m {
            ranked.retain_mut(|person| {
                if (person.neighbour.distance_m - within_m).abs() <= person.bound_m {
                    person.settle(from);
                }
                person.neighbour.distance_m <= within_m
            });
        }
        ranked.sort_unstable_by(Ranked::order);
        settle_ties(from, ranked);
        ranked.truncate(k);
        if filter.geodesic {
            for person in ranked
                .iter_mut()
                .filter(|person| person.bound_m > BOUND_MAX_M)
            {
                person.settle(from);
            }
        }
    }

    #[inline]
    fn measure(&self, from: &Point, candidate: &Candidate) -> Ranked {
        let (group, lane) = (
            &self.groups.hot[candidate.place.group()],
            candidate.place.lane(),
        );
        let point = group.point(lane);
        let at_s = group.at_s[lane];
        Ranked {
            neighbour: Neighbour {
                person: group.id[lane],
                distance_m: approximate_m(from, &point),
                at_s: (!at_s.is_nan()).then_some(at_s),
            },
            point,
            bound_m: approximation_bound_m(candidate.squared_m2.sqrt()),
        }
    }
}

impl Ranked {
    fn order(&self, other: &Self) -> core::cmp::Ordering {
        let (a, b) = (&self.neighbour, &other.neighbour);
        a.distance_m
            .total_cmp(&b.distance_m)
            .then(a.person.cmp(&b.person))
    }

    fn settle(&mut self, from: &Point) {
        if self.bound_m > 0.0 {
            self.neighbour.distance_m = karney_m(from, &self.point);
            self.bound_m = 0.0;
        }
    }

    /// Whether the order to the next could be the other way round.
    fn may_swap(&self, next: &Self) -> bool {
        self.point != next.point
            && next.neighbour.distance_m - self.neighbour.distance_m <= self.bound_m + next.bound_m
    }
}

/// Asks Karney wherever the bounds of neighbours in the order overlap.
fn settle_ties(from: &Point, ranked: &mut [Ranked]) {
    let mut start = 0;
    while start < ranked.len() {
        let mut end = start + 1;
        let mut tied = false;
        while end < ranked.len() {
            let (last, next) = (&ranked[end - 1], &ranked[end]);
            if last.may_swap(next) {
                tied = true;
            } else if last.point != next.point {
                break;
            }
            end += 1;
        }
        if tied {
            for person in &mut ranked[start..end] {
                person.settle(from);
            }
            ranked[start..end].sort_unstable_by(Ranked::order);
        }
        start = end;
    }
}
