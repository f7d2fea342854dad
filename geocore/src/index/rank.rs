//! From candidates by straight line to an answer by geodesic.

use super::cube::{Cubes, Scanned};
use super::handles::Place;
use super::lens::Lens;
use super::piles::Piles;
use super::query::{KEPT_MAX, Neighbour};
use super::search::{Question, Scratch};
use super::select::{Candidate, Nearest, in_order};
use super::space::Space;
use crate::geodesic::{Columns, EIGHT, approximate_eight, karney_m, rival_chord_max_m};
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

/// Distances of a few, and how far each may be off, in metres.
pub(super) type Measured = ([f64; EIGHT], [f64; EIGHT]);

/// The people that a small answer is chosen from, with the first of them in every place
/// that is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Few {
    places: [Place; EIGHT],
    count: usize,
}

impl Few {
    /// Names the candidates, None where they are many.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn of(nearest: &mut Nearest) -> Option<Self> {
        if let Some(held) = nearest.held() {
            let is_held = |held: &Candidate| *held != Candidate::NOBODY;
            let held = in_order(*held);
            let places = held.map(|one| if is_held(&one) { one } else { held[0] }.place());
            let count = held.iter().filter(|one| is_held(one)).count();
            return Some(Self { places, count });
        }
        let mut places = [Candidate::NOBODY.place(); EIGHT];
        let mut count = 0;
        nearest.finish(|place| {
            if let Some(slot) = places.get_mut(count) {
                *slot = place;
            }
            count += 1;
        });
        if count > EIGHT {
            return None;
        }
        for at in 1..EIGHT {
            places[at] = if at < count { places[at] } else { places[0] };
        }
        Some(Self { places, count })
    }

    /// The cubes of those people, in a tree.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn cubes(&self, scanned: &[Scanned]) -> Cubes {
        Cubes::of(&self.places, scanned)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Space {
    /// Orders candidates by geodesic and id; `found` also gets the first k within the radius.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn rank<L: Lens, const FLAT: bool>(
        &self,
        question: &Question<'_>,
        lens: &L,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        let Scratch {
            nearest, scanned, ..
        } = scratch;
        // No closure: it would not take on the caller's target features.
        if nearest.is_small()
            && !question.filter.geodesic
            && let Some(few) = Few::of(nearest)
            && self.rank_few::<FLAT>(question, &few, scanned, found)
        {
            return;
        }
        self.rank_any(question, lens, scratch, found);
    }

    /// Measures and orders up to eight side by side; false, and nobody found, where a bound
    /// leaves an order or the radius open.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn rank_few<const FLAT: bool>(
        &self,
        question: &Question<'_>,
        few: &Few,
        scanned: &[Scanned],
        found: &mut Vec<Neighbour>,
    ) -> bool {
        if few.is_empty() {
            return true;
        }
        let columns = self.columns::<FLAT>(few, &few.cubes(scanned));
        let measured = approximate_eight(question.from, &columns);
        self.order_few(question, few, &measured, found)
    }

    /// The places of a few, side by side.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn columns<const FLAT: bool>(&self, few: &Few, cubes: &Cubes) -> Columns {
        self.groups.points::<FLAT>(&few.places, cubes)
    }

    /// Orders a few by their distances; false, and nobody found, where a bound leaves an
    /// order or the radius open.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn order_few(
        &self,
        question: &Question<'_>,
        few: &Few,
        (metres, bounds_m): &Measured,
        found: &mut Vec<Neighbour>,
    ) -> bool {
        let Question { k, filter, .. } = *question;
        let within_m = filter.within_m.unwrap_or(f64::INFINITY);
        let (mut is_sorted, mut is_open) = (true, false);
        for nth in 0..EIGHT {
            let is_other = nth >= few.count;
            let edge_m = (metres[nth] - within_m).abs();
            is_open |= !is_other && edge_m <= bounds_m[nth];
            if nth > 0 {
                let gap_m = metres[nth] - metres[nth - 1];
                is_sorted &= is_other || gap_m > bounds_m[nth] + bounds_m[nth - 1];
            }
        }
        if is_open {
            return false;
        }
        // They come in the order of rough lines, mostly their own.
        if is_sorted {
            let people = few.places.iter().zip(metres);
            for (place, distance_m) in people.take(few.count.min(k)) {
                if *distance_m <= within_m {
                    found.push(self.neighbour(*place, *distance_m));
                }
            }
            return true;
        }
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        if !sort_apart(&mut order[..few.count], metres, bounds_m) {
            return false;
        }
        for at in &order[..few.count.min(k)] {
            if metres[*at] <= within_m {
                found.push(self.neighbour(few.places[*at], metres[*at]));
            }
        }
        true
    }

    /// The same for any number, with ties settled by Karney.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn rank_any<L: Lens>(
        &self,
        question: &Question<'_>,
        lens: &L,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        let Scratch {
            nearest, ranked, ..
        } = scratch;
        ranked.clear();
        if nearest.is_crowd() {
            self.seek_far(question, lens, ranked);
        } else {
            self.measure_all(question, nearest, ranked);
        }
        order_any(question, ranked, found);
        nearest.forget();
        if ranked.capacity() > KEPT_MAX {
            *ranked = Vec::new();
        }
    }

    /// Measures all candidates, eight side by side.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn measure_all(
        &self,
        question: &Question<'_>,
        nearest: &mut Nearest,
        ranked: &mut Vec<Ranked>,
    ) {
        let Question { from, k, .. } = *question;
        if nearest.is_pile() {
            self.look_up_piles(question, nearest, ranked);
        } else {
            nearest.finish(|place| ranked.push(self.look_up(from, place)));
        }
        if ranked.len() > k {
            let (_, kth, _) =
                ranked.select_nth_unstable_by(k - 1, |a, b| a.squared_m2.total_cmp(&b.squared_m2));
            let limit_m2 = rival_squared_max_m2(kth.squared_m2);
            ranked.retain(|person| person.squared_m2 <= limit_m2);
        }
        for people in ranked.chunks_mut(EIGHT) {
            let mut columns: Columns = from.xyz_m().map(|metres| [metres; EIGHT]);
            for (lane, person) in people.iter().enumerate() {
                let [x, y, z] = person.point.xyz_m();
                (columns[0][lane], columns[1][lane], columns[2][lane]) = (x, y, z);
            }
            let (metres, bounds_m) = approximate_eight(from, &columns);
            for (lane, person) in people.iter_mut().enumerate() {
                person.neighbour.distance_m = metres[lane];
                person.bound_m = bounds_m[lane];
            }
        }
    }

    /// Looks up those of many who may belong to the answer by their id.
    #[cold]
    #[inline(never)]
    fn look_up_piles(
        &self,
        question: &Question<'_>,
        nearest: &mut Nearest,
        ranked: &mut Vec<Ranked>,
    ) {
        let mut piles = Piles::new(question.k);
        let mut take = |place| ranked.push(self.look_up(question.from, place));
        nearest.finish(|place| {
            let (point, id) = (self.groups.point(place), self.groups.id(place));
            piles.add(point, id, place, &mut take);
        });
        piles.finish(take);
    }

    #[inline]
    fn neighbour(&self, place: Place, distance_m: f64) -> Neighbour {
        let (person, at_s) = self.groups.whose(place);
        Neighbour {
            person,
            distance_m,
            at_s: (!at_s.is_nan()).then_some(at_s),
        }
    }

    #[inline]
    pub(super) fn look_up(&self, from: &Point, place: Place) -> Ranked {
        let point = self.groups.point(place);
        Ranked {
            neighbour: self.neighbour(place, f64::INFINITY),
            squared_m2: from.chord_squared_m2(&point),
            point,
            bound_m: f64::INFINITY,
        }
    }
}

/// Orders people who are measured; `found` also gets the first k within the radius.
fn order_any(question: &Question<'_>, ranked: &mut Vec<Ranked>, found: &mut Vec<Neighbour>) {
    let Question { from, k, filter } = *question;
    if ranked.len() > k {
        // Who is too far, whatever the bounds leave open, need not be settled.
        let (_, kth, _) =
            ranked.select_nth_unstable_by(k - 1, |a, b| a.at_most_m().total_cmp(&b.at_most_m()));
        let limit_m = kth.at_most_m();
        ranked.retain(|person| person.neighbour.distance_m - person.bound_m <= limit_m);
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
    found.extend(ranked.iter().map(|person| person.neighbour));
}

/// Sorts some by their distances; false where two are too near each other to tell.
#[cold]
fn sort_apart(order: &mut [usize], metres: &[f64; EIGHT], bounds_m: &[f64; EIGHT]) -> bool {
    order.sort_unstable_by(|a, b| metres[*a].total_cmp(&metres[*b]));
    order
        .windows(2)
        .all(|two| metres[two[1]] - metres[two[0]] > bounds_m[two[0]] + bounds_m[two[1]])
}

/// Square of the longest straight line of a rival of someone at this one, in square metres.
fn rival_squared_max_m2(squared_m2: f64) -> f64 {
    rival_chord_max_m(squared_m2.sqrt()).powi(2) * (1.0 + 1e-12)
}

impl Ranked {
    /// The same, measured.
    pub(super) fn known(mut self, distance_m: f64, bound_m: f64) -> Self {
        (self.neighbour.distance_m, self.bound_m) = (distance_m, bound_m);
        self
    }

    /// What the distance is at most, in metres.
    fn at_most_m(&self) -> f64 {
        self.neighbour.distance_m + self.bound_m
    }

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
        // To the bit: whoever is at one place has one distance, settled or not.
        let are_one = self.point == next.point && self.bound_m.to_bits() == next.bound_m.to_bits();
        let bounds_m = self.bound_m + next.bound_m;
        bounds_m > 0.0
            && !are_one
            && next.neighbour.distance_m - self.neighbour.distance_m <= bounds_m
    }
}

/// Asks Karney until no two neighbours in the order could be the other way round.
///
/// Once through would not do: a distance known to metres may belong before several that are
/// known to nanometres and lie apart. Whoever is settled is put where they belong, and then
/// their new neighbours are looked at. At the end all bounds lie apart, one after the other.
fn settle_ties(from: &Point, ranked: &mut [Ranked]) {
    loop {
        let mut is_settled = true;
        for at in 1..ranked.len() {
            if let [before @ .., last, next] = &mut ranked[..=at]
                && last.may_swap(next)
            {
                last.settle(from);
                next.settle(from);
                // With all at its place: who comes to lie behind them would have one of
                // them settled each time through. Those after it follow in this one.
                let together = before.iter_mut().rev();
                together
                    .take_while(|other| other.point == last.point && other.bound_m > 0.0)
                    .for_each(|other| other.settle(from));
                is_settled = false;
            }
        }
        if is_settled {
            return;
        }
        ranked.sort_unstable_by(Ranked::order);
    }
}
