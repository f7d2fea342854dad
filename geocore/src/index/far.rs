//! The nearest of a crowd far away, where straight lines tell too little.
//!
//! Of places with one geodesic the straight lines differ by 0.02 % at 3,000 km, by 0.3 % at
//! 10,000 km and, near the antipode, by anything: from there a whole city may hold the
//! nearest person. But geodesics are a metric. Nobody whom a cap holds is nearer than its
//! centre, less what the cap reaches; nor nearer than somebody measured, less what lies
//! between the two. Few of a city are left to be measured.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use super::handles::{Child, Place};
use super::layout::{Cap, WIDTH};
use super::lens::Lens;
use super::piles::Piles;
use super::rank::Ranked;
use super::search::Question;
use super::space::{LEAF_MAX, Space};
use crate::geodesic::{CHORD_FAR_M, chord_max_m, geodesic_max_m, measured_m};
use crate::point::Point;

/// So many candidates, beside those that were asked for, are a crowd.
pub(super) const CROWD: usize = 128;

/// A crowd as far away as this, in a straight line, is left to this search: rivals of its
/// nearest person lie up to 28 m behind.
pub(super) const CROWD_FAR_M: f64 = 1_000_000.0;

/// The same where everyone within a radius is asked for: nobody inside is spared, so that
/// it pays only where Karney has to say who is outside.
pub(super) const CROWD_AROUND_M: f64 = CHORD_FAR_M;

/// People measured lately who tell about others of their leaf.
const WITNESSES: usize = 8;

/// What rounding centres, radii and straight lines may take from a bound, in metres.
const ROUNDING_M: f64 = 1e-6;

/// A slot by chunk and lane, the one with the least bound first. Bounds are not negative, so
/// that their bits are in their order.
type Open = BinaryHeap<(Reverse<u64>, usize)>;

/// Somebody who was measured.
#[derive(Clone, Copy)]
struct Witness {
    point: Point,
    distance_m: f64,
    bound_m: f64,
}

/// What is known of the answer so far.
struct Far<'a> {
    from: &'a Point,
    k: usize,
    /// The k least of what distances are at most, by their bits.
    nearest_m: BinaryHeap<u64>,
    /// The geodesic beyond which nobody matters, and the straight line.
    limit_m: f64,
    limit_squared_m2: f64,
    latest: Option<Witness>,
    outside: [Option<Witness>; WITNESSES],
    next: usize,
}

impl Space {
    /// Leaves everyone who may belong to the answer with the ranked, measured.
    #[cold]
    #[inline(never)]
    pub(super) fn seek_far<L: Lens>(
        &self,
        question: &Question<'_>,
        lens: &L,
        ranked: &mut Vec<Ranked>,
    ) {
        let mut far = Far::new(question, self.len());
        if self.root.is_leaf() {
            self.measure_leaf(self.root, lens, &mut far, ranked);
            return;
        }
        let mut open = Open::new();
        self.open_far(self.root, lens, &far, &mut open);
        while let Some((Reverse(bound), slot)) = open.pop() {
            if f64::from_bits(bound) > far.limit_m {
                return;
            }
            let child = self.chunks.hot[slot / WIDTH].child[slot % WIDTH];
            if child.is_leaf() {
                self.measure_leaf(child, lens, &mut far, ranked);
            } else {
                self.open_far(child, lens, &far, &mut open);
            }
        }
    }

    fn open_far<L: Lens>(&self, node: Child, lens: &L, far: &Far<'_>, open: &mut Open) {
        for chunk in node.first()..node.first() + node.class().size() {
            let (hot, cold) = (&self.chunks.hot[chunk], &self.chunks.cold[chunk]);
            for lane in 0..WIDTH {
                if hot.child[lane] == Child::NONE || !lens.may_hold(cold, lane) {
                    continue;
                }
                let bound_m = far.at_least_m(&hot.cap(lane));
                if bound_m <= far.limit_m {
                    open.push((Reverse(bound_m.to_bits()), chunk * WIDTH + lane));
                }
            }
        }
    }

    fn measure_leaf<L: Lens>(
        &self,
        leaf: Child,
        lens: &L,
        far: &mut Far<'_>,
        ranked: &mut Vec<Ranked>,
    ) {
        let leaf = &self.groups.leaves[self.leaf_of(leaf)];
        far.outside = [None; WITNESSES];
        // A leaf that could not be split is mostly one place.
        let mut piles = (leaf.len as usize > LEAF_MAX && far.k > 0).then(|| Piles::new(far.k));
        for nth in 0..leaf.len as usize {
            let place = leaf.place(nth);
            if !lens.admits(&self.groups, place) {
                continue;
            }
            let point = self.groups.point(place);
            let Some(found) = far.measure(point) else {
                continue;
            };
            if let Some(piles) = &mut piles {
                let id = self.groups.id(place);
                piles.add(point, id, place, |one| ranked.push(self.measured(far, one)));
            } else {
                let person = self.look_up(far.from, place);
                ranked.push(person.known(found.distance_m, found.bound_m));
            }
        }
        if let Some(piles) = piles {
            piles.finish(|one| ranked.push(self.measured(far, one)));
        }
    }

    fn measured(&self, far: &Far<'_>, place: Place) -> Ranked {
        let (distance_m, bound_m) = measured_m(far.from, &self.groups.point(place));
        self.look_up(far.from, place).known(distance_m, bound_m)
    }
}

impl<'a> Far<'a> {
    fn new(question: &Question<'a>, people: usize) -> Self {
        let mut far = Self {
            from: question.from,
            // As many as there are: nobody's distance narrows that.
            k: if question.k < people { question.k } else { 0 },
            nearest_m: BinaryHeap::new(),
            limit_m: f64::INFINITY,
            limit_squared_m2: f64::INFINITY,
            latest: None,
            outside: [None; WITNESSES],
            next: 0,
        };
        far.narrow(question.filter.within_m.unwrap_or(f64::INFINITY));
        far
    }

    fn narrow(&mut self, limit_m: f64) {
        self.limit_m = limit_m;
        self.limit_squared_m2 = (chord_max_m(limit_m) + ROUNDING_M).powi(2);
    }

    /// A geodesic that nobody below a cap is nearer than, from 0.
    fn at_least_m(&self, cap: &Cap) -> f64 {
        let near_m = cap.reach_m(self.from.xyz_m()) - f64::from(cap.radius_m) - ROUNDING_M;
        if near_m > 0.0 && near_m * near_m > self.limit_squared_m2 {
            return f64::INFINITY;
        }
        // A centre is near the surface, but not on it.
        let centre = Point::below(cap.centre_m.map(f64::from));
        let aside_m = cap.reach_m(centre.xyz_m());
        let around_m = geodesic_max_m(f64::from(cap.radius_m) + aside_m + ROUNDING_M);
        let (distance_m, bound_m) = measured_m(self.from, &centre);
        (distance_m - bound_m - around_m).max(0.0)
    }

    /// Measures somebody, unless they are too far to matter.
    fn measure(&mut self, point: Point) -> Option<Witness> {
        if self.from.chord_squared_m2(&point) > self.limit_squared_m2 {
            return None;
        }
        if let Some(latest) = self.latest.filter(|latest| latest.point == point) {
            return self.hear(latest);
        }
        let is_outside = self.outside.iter().flatten().any(|other| {
            let between_m = other.point.chord_squared_m2(&point).sqrt() + ROUNDING_M;
            other.distance_m - other.bound_m - geodesic_max_m(between_m) > self.limit_m
        });
        if is_outside {
            return None;
        }
        let (distance_m, bound_m) = measured_m(self.from, &point);
        self.hear(Witness {
            point,
            distance_m,
            bound_m,
        })
    }

    fn hear(&mut self, witness: Witness) -> Option<Witness> {
        self.latest = Some(witness);
        if witness.distance_m - witness.bound_m > self.limit_m {
            self.outside[self.next % WITNESSES] = Some(witness);
            self.next += 1;
            return None;
        }
        let most = (witness.distance_m + witness.bound_m).to_bits();
        if self.nearest_m.len() < self.k {
            self.nearest_m.push(most);
        } else if let Some(mut kth) = self.nearest_m.peek_mut()
            && most < *kth
        {
            *kth = most;
        }
        if self.k > 0
            && self.nearest_m.len() == self.k
            && let Some(kth) = self.nearest_m.peek()
        {
            let kth_m = f64::from_bits(*kth);
            if kth_m < self.limit_m {
                self.narrow(kth_m);
            }
        }
        Some(witness)
    }
}
