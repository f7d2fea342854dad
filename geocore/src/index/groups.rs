//! People in runs of sixteen: rough places that a scan reads, and apart from them the rest.
//!
//! Where all are one leaf a rough place is cut to 16 mm of the earth: it may have people of
//! one house and of every continent. A leaf of a tree is small, so its people's are steps from
//! a corner of its own, of two bytes each: a scan waits for half as much memory.

use core::ops::Range;

use super::arena::{Arena, Gap};
use super::cube::{
    Cube, Cubes, HALF, NARROW_ERROR, NOWHERE, ROUGH_STEP_M, View, WIDE_SHIFT, rough_of,
};
use super::detail::{NarrowDetail, Parts, WideDetail};
use super::directory::Directory;
use super::handles::{Class, Place};
use super::kernel::{Kernel, prefetch};
use super::layout::{Freshness, LANES, Leaf, Record};
use super::rows::{GroupTag, Narrow, Rows, Wide};
use super::tally::Readiness;
use crate::geodesic::{Columns, EIGHT};
use crate::point::{Point, STEPS_A_METRE, steps_of};

/// The groups of a space that is one leaf, or of one that is a tree.
#[derive(Clone, Debug)]
enum Kind {
    Wide(Rows<Wide, 9>),
    Narrow(Rows<Narrow, 14>),
}

/// All groups of a space, and the leaves that have them.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    kind: Kind,
    pub(super) leaves: Vec<Leaf>,
}

/// The same with groups of either kind.
macro_rules! rows {
    ($groups:expr, $rows:ident => $what:expr) => {
        match &$groups.kind {
            Kind::Wide($rows) => $what,
            Kind::Narrow($rows) => $what,
        }
    };
    (mut $groups:expr, $rows:ident => $what:expr) => {
        match &mut $groups.kind {
            Kind::Wide($rows) => $what,
            Kind::Narrow($rows) => $what,
        }
    };
}

impl Groups {
    /// Those of a space that is one leaf.
    pub(super) const fn wide() -> Self {
        Self {
            kind: Kind::Wide(Arena::new()),
            leaves: Vec::new(),
        }
    }

    /// Those of one that is a tree.
    pub(super) const fn narrow() -> Self {
        Self {
            kind: Kind::Narrow(Arena::new()),
            leaves: Vec::new(),
        }
    }

    /// Those of a tree's leaves.
    #[inline]
    fn deep(&self) -> &Rows<Narrow, 14> {
        match &self.kind {
            Kind::Narrow(rows) => rows,
            Kind::Wide(_) => unreachable!("one leaf is no tree"),
        }
    }

    /// Those of a space that is one leaf.
    #[inline]
    fn flat(&self) -> &Rows<Wide, 9> {
        match &self.kind {
            Kind::Wide(rows) => rows,
            Kind::Narrow(_) => unreachable!("a tree is not one leaf"),
        }
    }

    /// The first group of a run for a leaf, of nobody.
    pub(super) fn take(&mut self, class: Class, leaf: u32) -> u32 {
        let tag = GroupTag::of(leaf);
        match &mut self.kind {
            Kind::Wide(rows) => {
                let nobody = [WideDetail::EMPTY; LANES];
                rows.take(class, &Wide::EMPTY, tag, &nobody)
            }
            Kind::Narrow(rows) => {
                let nobody = [NarrowDetail::EMPTY; LANES];
                rows.take(class, &Narrow::EMPTY, tag, &nobody)
            }
        }
    }

    pub(super) fn give_back(&mut self, first: u32, class: Class) {
        rows!(mut self, rows => rows.give_back(first, class));
    }

    /// Makes room for so many more groups.
    pub(super) fn expect(&mut self, more: usize) {
        rows!(mut self, rows => rows.expect(more));
    }

    /// Gives spare memory back.
    pub(super) fn fit(&mut self) {
        rows!(mut self, rows => rows.fit());
    }

    pub(super) fn next_gap(&mut self) -> Option<Gap> {
        rows!(mut self, rows => rows.next_gap())
    }

    pub(super) fn close(&mut self, gap: Gap, class: Class) -> bool {
        rows!(mut self, rows => rows.close(gap, class))
    }

    /// Copies groups of one leaf.
    pub(super) fn copy(&mut self, from: usize, to: usize, groups: usize) {
        for step in 0..groups {
            rows!(mut self, rows => rows.copy(from + step, to + step));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        rows!(self, rows => rows.bytes()) + self.leaves.capacity() * size_of::<Leaf>()
    }

    /// The number of the leaf that a group belongs to.
    #[inline]
    pub(super) fn leaf(&self, group: usize) -> usize {
        rows!(self, rows => rows.tags[group].leaf as usize)
    }

    /// The number of a person's leaf, and how ready they are.
    #[inline]
    pub(super) fn known(&self, place: Place) -> (usize, Readiness) {
        rows!(self, rows => {
            let tag = rows.tags[place.group()];
            let readiness = Readiness {
                fix: Freshness::of(rows.detail(place).at_s),
                available: tag.is_available(place.lane()),
            };
            (tag.leaf as usize, readiness)
        })
    }

    #[inline]
    pub(super) fn is_available(&self, place: Place) -> bool {
        rows!(self, rows => rows.tags[place.group()].is_available(place.lane()))
    }

    #[inline]
    pub(super) fn set_available(&mut self, place: Place, available: bool) {
        rows!(mut self, rows => {
            rows.tags[place.group()].set_available(place.lane(), available);
        });
    }

    #[inline]
    pub(super) fn id(&self, place: Place) -> u64 {
        rows!(self, rows => rows.detail(place).id)
    }

    /// Where the map has a person.
    #[inline]
    pub(super) fn find(&self, places: &Directory, id: u64) -> Option<Place> {
        rows!(self, rows => places.find(id, |place| rows.detail(place).id == id))
    }

    /// Who lies at a place, and since when: NaN where that is not known.
    #[inline]
    pub(super) fn whose(&self, place: Place) -> (u64, f64) {
        rows!(self, rows => {
            let detail = rows.detail(place);
            (detail.id, detail.at_s)
        })
    }

    #[inline]
    pub(super) fn at_s(&self, place: Place) -> f64 {
        rows!(self, rows => rows.detail(place).at_s)
    }

    /// Where a person is, to the nanometre.
    #[inline]
    pub(super) fn point(&self, place: Place) -> Point {
        let (group, lane) = (place.group(), place.lane());
        match &self.kind {
            Kind::Wide(rows) => {
                let (group, rest) = (&rows.hot[group], rows.detail(place).rest());
                let join =
                    |rough: i32, rest: u64| (i64::from(rough) << WIDE_SHIFT) | rest.cast_signed();
                Point::from_steps([
                    join(group.x[lane], rest[0]),
                    join(group.y[lane], rest[1]),
                    join(group.z[lane], rest[2]),
                ])
            }
            Kind::Narrow(rows) => {
                let leaf = rows.tags[group].leaf as usize;
                let (group, rest) = (&rows.hot[group], rows.detail(place).rest());
                let steps = [group.x[lane], group.y[lane], group.z[lane]];
                self.leaves[leaf].cube().join(steps, rest)
            }
        }
    }

    /// The same of eight people side by side: each part is exact, and so is their sum.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn points<const WIDE: bool>(
        &self,
        places: &[Place; EIGHT],
        cubes: &Cubes,
    ) -> Columns {
        if WIDE {
            self.wide_points(places)
        } else {
            self.narrow_points(places, cubes)
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn wide_points(&self, places: &[Place; EIGHT]) -> Columns {
        let rows = self.flat();
        let (mut rough, mut rest) = ([[0; EIGHT]; 3], [[0; EIGHT]; 3]);
        for (at, place) in places.iter().enumerate() {
            let (group, lane) = (&rows.hot[place.group()], place.lane());
            let [x, y, z] = rows.detail(*place).rest();
            (rough[0][at], rest[0][at]) = (group.x[lane], x);
            (rough[1][at], rest[1][at]) = (group.y[lane], y);
            (rough[2][at], rest[2][at]) = (group.z[lane], z);
        }
        let mut columns = [[0.0; EIGHT]; 3];
        for axis in 0..3 {
            for at in 0..EIGHT {
                #[expect(clippy::cast_possible_truncation, reason = "24 bits")]
                let rest = rest[axis][at] as i32;
                columns[axis][at] =
                    f64::from(rough[axis][at]) * ROUGH_STEP_M + f64::from(rest) / STEPS_A_METRE;
            }
        }
        columns
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn narrow_points(&self, places: &[Place; EIGHT], cubes: &Cubes) -> Columns {
        let rows = self.deep();
        let mut parts = Parts::default();
        for (at, place) in places.iter().enumerate() {
            let (group, lane) = (&rows.hot[place.group()], place.lane());
            let steps = [group.x[lane], group.y[lane], group.z[lane]];
            parts.put(at, steps, rows.detail(*place));
        }
        parts.columns(cubes)
    }

    pub(super) fn record(&self, place: Place) -> Record {
        Record {
            id: self.id(place),
            xyz_m: self.point(place).xyz_m(),
            at_s: self.at_s(place),
            available: self.is_available(place),
        }
    }

    /// Writes where a person of a leaf is and since when; false, and nothing written, where
    /// they are not in the leaf's cube.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call costs a bulk move 8 %")]
    #[must_use]
    pub(super) fn set_place(
        &mut self,
        leaf: usize,
        place: Place,
        xyz_m: [f64; 3],
        at_s: f64,
    ) -> bool {
        let (group, lane) = (place.group(), place.lane());
        match &mut self.kind {
            Kind::Wide(rows) => {
                let group = &mut rows.hot[group];
                [group.x[lane], group.y[lane], group.z[lane]] = rough_of(xyz_m);
                let low = |steps: i64| steps.cast_unsigned() & ((1 << WIDE_SHIFT) - 1);
                let detail = rows.detail_mut(place);
                detail.set_rest(steps_of(xyz_m).map(low));
                detail.at_s = at_s;
            }
            Kind::Narrow(rows) => {
                let Some((steps, rest)) = self.leaves[leaf].cube().split(xyz_m) else {
                    return false;
                };
                let group = &mut rows.hot[group];
                [group.x[lane], group.y[lane], group.z[lane]] = steps;
                let detail = rows.detail_mut(place);
                detail.set_rest(rest);
                detail.at_s = at_s;
            }
        }
        true
    }

    /// Doubles the steps of a leaf, for somebody who is not in its cube.
    pub(super) fn coarsen(&mut self, leaf: usize) {
        let Leaf { len, shift, .. } = self.leaves[leaf];
        assert!(shift < Cube::SHIFT_MAX, "a leaf as large as the earth");
        let people = (0..len as usize).map(|nth| self.leaves[leaf].place(nth));
        let known: Vec<_> = people
            .map(|place| (place, self.point(place), self.at_s(place)))
            .collect();
        self.leaves[leaf].shift += 1;
        for (place, point, at_s) in known {
            let is_in = self.set_place(leaf, place, point.xyz_m(), at_s);
            debug_assert!(is_in, "who was in a cube is in a larger one");
        }
    }

    /// Writes all else that is known of a person into a lane.
    pub(super) fn set_rest(&mut self, place: Place, record: &Record) {
        rows!(mut self, rows => rows.detail_mut(place).id = record.id);
        self.set_available(place, record.available);
    }

    /// Empties a lane.
    pub(super) fn clear(&mut self, place: Place) {
        let (group, lane) = (place.group(), place.lane());
        match &mut self.kind {
            Kind::Wide(rows) => {
                let group = &mut rows.hot[group];
                [group.x[lane], group.y[lane], group.z[lane]] = [Wide::NOWHERE; 3];
            }
            Kind::Narrow(rows) => {
                let group = &mut rows.hot[group];
                [group.x[lane], group.y[lane], group.z[lane]] = [NOWHERE; 3];
            }
        }
        rows!(mut self, rows => rows.detail_mut(place).at_s = f64::NAN);
        self.set_available(place, false);
    }

    /// How far people of a tree's leaf may be from the centre of its cap, at most a step more
    /// than they are.
    pub(super) fn reach_m(&self, leaf: usize) -> f64 {
        let (leaf, rows) = (&self.leaves[leaf], self.deep());
        let step_m = leaf.cube().step_m();
        let middle = f64::from(HALF) - 0.5;
        let mut farthest = 0.0_f64;
        for nth in 0..leaf.len as usize {
            let (group, lane) = (&rows.hot[leaf.place(nth).group()], nth % LANES);
            let steps = [group.x[lane], group.y[lane], group.z[lane]];
            let [x, y, z] = steps.map(|axis| f64::from(axis) - middle);
            farthest = farthest.max(x * x + y * y + z * z);
        }
        (farthest.sqrt() + f64::from(NARROW_ERROR)) * step_m
    }

    /// Squares of the rough distances of everyone in some groups, as [`Kernel`] has them.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn measure<K: Kernel>(
        &self,
        kernel: K,
        run: Range<usize>,
        view: &View,
        into: &mut [[f32; LANES]],
    ) -> [f32; LANES] {
        match *view {
            View::Wide(from) => kernel.measure_wide(&self.flat().hot[run], from, into),
            View::Narrow { from, step } => {
                kernel.measure_narrow(&self.deep().hot[run], from, step, into)
            }
        }
    }

    /// Asks for the places of a leaf's groups, that will be scanned soon.
    #[inline]
    pub(super) fn prefetch(&self, run: Range<usize>) {
        for two in self.deep().hot[run].chunks(2) {
            prefetch(&two[0].x);
            prefetch(&two[0].z);
            if let Some(second) = two.get(1) {
                prefetch(&second.y);
            }
        }
    }

    /// Asks for what is known of a person beside their rough place.
    #[inline]
    pub(super) fn prefetch_detail<const WIDE: bool>(&self, place: Place) {
        if WIDE {
            self.flat().prefetch_detail(place);
        } else {
            self.deep().prefetch_detail(place);
        }
    }

    /// Asks for the lines of a person who will be written.
    #[inline]
    pub(super) fn prefetch_person(&self, place: Place) {
        let group = place.group();
        rows!(self, rows => {
            prefetch(&rows.tags[group]);
            prefetch(&rows.hot[group].x);
            prefetch(&rows.hot[group].y);
            prefetch(&rows.hot[group].z);
            rows.prefetch_detail(place);
        });
    }

    /// Whether a lane is one that no scan finds.
    #[cfg(any(test, feature = "sound"))]
    pub(super) fn is_nobodys(&self, place: Place) -> bool {
        let (group, lane) = (place.group(), place.lane());
        match &self.kind {
            Kind::Wide(rows) => rows.hot[group].x[lane] == Wide::NOWHERE,
            Kind::Narrow(rows) => rows.hot[group].x[lane] == NOWHERE,
        }
    }

    /// How many groups are in no run, and how many there are.
    #[cfg(any(test, feature = "sound"))]
    pub(super) fn vacant_of(&self) -> (usize, usize) {
        rows!(self, rows => (rows.vacant(), rows.hot.len()))
    }

    /// How many groups there is room for.
    #[cfg(any(test, feature = "sound"))]
    pub(super) fn capacity(&self) -> usize {
        rows!(self, rows => rows.hot.capacity())
    }
}
