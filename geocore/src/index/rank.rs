//! From candidates by straight line to an answer by geodesic.

use super::handles::Place;
use super::query::{Filter, Neighbour};
use super::select::Nearest;
use super::space::Space;
use crate::geodesic::{EIGHT, approximate_eight, karney_m, rival_chord_max_m};
use crate::point::Point;

/// Bounds above this are not good enough for an answer that was asked to be geodesic.
const BOUND_MAX_M: f64 = 5e-4;

/// A candidate with a distance good enough to order them, once measured, or settled by
/// Karney.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) neighbour: Neighbour,
    point: Point,
    /// Square of the straight line.
    squared_m2: f64,
    /// How far `distance_m` may be off.
    bound_m: f64,
}

impl Space {
    /// Orders candidates by geodesic and id, and keeps the first k within the radius.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn rank(
        &self,
        from: &Point,
        k: usize,
        filter: &Filter<'_>,
        nearest: &mut Nearest,
        ranked: &mut Vec<Ranked>,
    ) {
        ranked.clear();
        nearest.finish(|place| ranked.push(self.look_up(from, place)));
        if ranked.len() > k {
            let (_, kth, _) =
                ranked.select_nth_unstable_by(k - 1, |a, b| a.squared_m2.total_cmp(&b.squared_m2));
            let limit_m2 = rival_squared_max_m2(kth.squared_m2);
            ranked.retain(|person| person.squared_m2 <= limit_m2);
        }
        for people in ranked.chunks_mut(EIGHT) {
            let mut places = [*from; EIGHT];
            for (place, person) in places.iter_mut().zip(people.iter()) {
                *place = person.point;
            }
            let measured = approximate_eight(from, &places);
            for (person, (distance_m, bound_m)) in people.iter_mut().zip(measured) {
                person.neighbour.distance_m = distance_m;
                person.bound_m = bound_m;
            }
        }
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
    fn look_up(&self, from: &Point, place: Place) -> Ranked {
        let point = self.groups.point(place);
        let at_s = self.groups.at_s(place);
        Ranked {
            neighbour: Neighbour {
                person: self.groups.id(place),
                distance_m: f64::INFINITY,
                at_s: (!at_s.is_nan()).then_some(at_s),
            },
            squared_m2: from.chord_squared_m2(&point),
            point,
            bound_m: f64::INFINITY,
        }
    }
}

/// Square of the longest straight line of a rival of someone at this one, in square metres.
fn rival_squared_max_m2(squared_m2: f64) -> f64 {
    rival_chord_max_m(squared_m2.sqrt()).powi(2) * (1.0 + 1e-12)
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
