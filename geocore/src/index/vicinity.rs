//! The leaves round a place: a batch's questions that lie close together go down the tree once.
//!
//! Of a tree everybody near a place is in few leaves, under several nodes. Those leaves, side
//! by side as if they were one node's, are all that the next questions need as well, as long
//! as they come from close by. How far that is holds by itself: whatever is below another
//! leaf is farther from the place than the reach, so farther from a question than the reach
//! less the way between the two. A question whose limit is beyond that goes down the tree.

use core::mem;

use super::handles::Child;
use super::kernel::{Kernel, NODE_MAX};
use super::layout::{Cap, Chunk, WIDTH};
use super::lens::Everyone;
use super::search::{Question, Scratch, rough_m};
use super::space::Space;
use crate::point::Point;

/// Chunks of leaves. One is too few where a question needs several; to look at four takes
/// longer than is saved by gathering them less often.
const CHUNKS: usize = 2;

/// Leaves are gathered where the next question is not farther away than so many times the
/// limit of this one: else they would serve few.
const NEXT_MAX: f32 = 3.0;

/// Those that have served fewer questions than that were gathered in vain.
const SERVED_MIN: u32 = 3;

/// How often a gathering is left out at most after some that were in vain.
const PAUSE_MAX: u32 = 63;

/// By what the reach is narrowed where there are more leaves than fit: half the area.
const NARROWER: f32 = 0.7;

/// How far leaves are gathered, in metres.
#[derive(Clone, Copy, Debug)]
struct Reach {
    now_m: f32,
    /// Up to here none would do.
    least_m: f32,
}

impl Reach {
    #[inline]
    fn is_enough(self) -> bool {
        self.now_m > self.least_m
    }
}

/// Every leaf that is near a place.
#[derive(Debug)]
pub(super) struct Vicinity {
    leaves: [Chunk; CHUNKS],
    /// How far the leaves are from the centre at least, in metres.
    bounds_m: [[f32; WIDTH]; CHUNKS],
    len: usize,
    centre: Point,
    /// Whatever is below any other leaf is farther than this from the centre, in metres.
    reach_m: f64,
    /// Nodes that are still to be looked into, and their bounds.
    nodes: Vec<(f32, Child)>,
    /// Questions that were answered from these leaves.
    served: u32,
    /// Gatherings to leave out: now, and after the next that is in vain.
    waits: u32,
    pause: u32,
}

impl Vicinity {
    /// That of no place.
    pub(super) const fn new() -> Self {
        Self {
            leaves: [Chunk::EMPTY; CHUNKS],
            bounds_m: [[f32::INFINITY; WIDTH]; CHUNKS],
            len: 0,
            centre: Point::ZERO,
            reach_m: f64::NEG_INFINITY,
            nodes: Vec::new(),
            served: 0,
            waits: 0,
            pause: 0,
        }
    }

    /// How far from a place no leaf is missing; negative where some may be.
    #[inline]
    fn spare_m(&self, from: &Point) -> f64 {
        self.reach_m - from.chord_squared_m2(&self.centre).sqrt()
    }

    /// Whether the leaves round a place would be gathered in vain, by what came of it before.
    fn is_in_vain(&mut self) -> bool {
        if self.waits > 0 {
            self.waits -= 1;
            return true;
        }
        let is_known = self.reach_m > 0.0;
        if is_known && self.served < SERVED_MIN {
            self.hold_off();
            return true;
        }
        if is_known {
            self.pause = 0;
        }
        false
    }

    fn hold_off(&mut self) {
        self.clear();
        self.pause = (self.pause * 2 + 1).min(PAUSE_MAX);
        self.waits = self.pause;
    }

    fn clear(&mut self) {
        self.reach_m = f64::NEG_INFINITY;
        self.served = 0;
        self.cut(0);
    }

    /// Leaves out all but the first.
    fn cut(&mut self, len: usize) {
        for at in len..self.len {
            self.leaves[at / WIDTH].x[at % WIDTH] = Chunk::NOWHERE_M;
        }
        self.len = len;
    }

    /// Adds the leaf of a slot. Where there is no room, the reach is narrowed until there is;
    /// a leaf beyond it is left out.
    #[inline]
    fn add(&mut self, chunk: &Chunk, slot: usize, bound_m: f32, reach: &mut Reach) {
        while self.len == CHUNKS * WIDTH {
            reach.now_m *= NARROWER;
            // A place may lie in so many caps at once that no reach leaves one of them out.
            if !reach.is_enough() {
                return;
            }
            self.narrow(reach.now_m);
        }
        if bound_m <= reach.now_m {
            self.set(self.len, &chunk.cap(slot), chunk.child[slot], bound_m);
            self.len += 1;
        }
    }

    #[inline]
    fn set(&mut self, at: usize, cap: &Cap, leaf: Child, bound_m: f32) {
        let (row, lane) = (at / WIDTH, at % WIDTH);
        self.leaves[row].set_cap(lane, cap);
        self.leaves[row].child[lane] = leaf;
        self.bounds_m[row][lane] = bound_m;
    }

    /// Leaves out those beyond a reach.
    fn narrow(&mut self, reach_m: f32) {
        let mut kept = 0;
        for at in 0..self.len {
            let (row, lane) = (at / WIDTH, at % WIDTH);
            let (leaves, bound_m) = (&self.leaves[row], self.bounds_m[row][lane]);
            if bound_m <= reach_m {
                let (cap, leaf) = (leaves.cap(lane), leaves.child[lane]);
                self.set(kept, &cap, leaf, bound_m);
                kept += 1;
            }
        }
        self.cut(kept);
    }
}

impl Space {
    /// Seeks for a block of questions that let everyone count, as [`Space::seek`] does: among
    /// the leaves that are known to be near or, where they may not be all that matter, down
    /// the tree. `others` are the places of the block's questions that follow.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn seek_close<'a, K: Kernel>(
        &self,
        kernel: K,
        question: &Question<'_>,
        others: impl Iterator<Item = &'a Point>,
        vicinity: &mut Vicinity,
        scratch: &mut Scratch,
    ) {
        if self.seek_within(kernel, question, vicinity, scratch) {
            vicinity.served += 1;
            return;
        }
        self.seek::<K, _, false, false>(kernel, question, &Everyone, scratch);
        let limit_m = scratch.nearest.limit_m();
        self.look_round(kernel, question.from, others, limit_m, vicinity);
    }

    /// Seeks among the leaves that are known; false where others may matter.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn seek_within<K: Kernel>(
        &self,
        kernel: K,
        question: &Question<'_>,
        vicinity: &Vicinity,
        scratch: &mut Scratch,
    ) -> bool {
        let from = question.from;
        let spare_m = vicinity.spare_m(from);
        if spare_m <= 0.0 {
            return false;
        }
        scratch.begin(question);
        let mut bounds_m = [[f32::INFINITY; WIDTH]; CHUNKS];
        kernel.bounds(&vicinity.leaves, rough_m(from), &mut bounds_m);
        loop {
            let (least_m, slot) = kernel.least(&bounds_m);
            let limit_m = scratch.nearest.limit_m();
            if least_m > limit_m {
                // What both sides are rounded by is far below what a kernel's bounds allow for.
                return f64::from(limit_m) <= spare_m;
            }
            let (row, lane) = (slot / WIDTH, slot % WIDTH);
            bounds_m[row][lane] = f32::INFINITY;
            let leaf = (&vicinity.leaves[row], lane);
            if !self.look(kernel, leaf, from, &Everyone, scratch) {
                return false;
            }
        }
    }

    /// Gathers the leaves round a place for the questions that follow, if they are close to
    /// one whose limit was this.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn look_round<'a, K: Kernel>(
        &self,
        kernel: K,
        from: &Point,
        mut others: impl Iterator<Item = &'a Point>,
        limit_m: f32,
        vicinity: &mut Vicinity,
    ) {
        if vicinity.is_in_vain() {
            return;
        }
        let Some(next) = others.next() else { return };
        let next_m2 = from.chord_squared_m2(next);
        let far_m2 = others.fold(next_m2, |most_m2, other| {
            most_m2.max(from.chord_squared_m2(other))
        });
        #[expect(clippy::cast_possible_truncation, reason = "guesses of what is needed")]
        let [next_m, far_m] = [next_m2, far_m2].map(|squared_m2| squared_m2.sqrt() as f32);
        // The next question's limit is at most this one's and the way there.
        let reach = Reach {
            now_m: 2.0 * limit_m + 4.0 * far_m,
            least_m: limit_m + 2.0 * next_m,
        };
        if next_m > NEXT_MAX * limit_m || !self.round_up(kernel, from, reach, vicinity) {
            vicinity.hold_off();
        }
    }

    /// Gathers the leaves within a reach of a place, or within as much of it as there is room
    /// for; false, and none, where that is less than the least.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn round_up<K: Kernel>(
        &self,
        kernel: K,
        from: &Point,
        mut reach: Reach,
        vicinity: &mut Vicinity,
    ) -> bool {
        vicinity.clear();
        let rough_m = rough_m(from);
        let mut rows_m = [[f32::INFINITY; WIDTH]; NODE_MAX];
        let mut nodes = mem::take(&mut vicinity.nodes);
        nodes.clear();
        nodes.push((f32::NEG_INFINITY, self.root));
        while reach.is_enough()
            && let Some((bound_m, node)) = nodes.pop()
        {
            if bound_m > reach.now_m {
                continue;
            }
            let chunks = self.chunks_of(node);
            kernel.bounds(chunks, rough_m, &mut rows_m);
            for (chunk, bounds_m) in chunks.iter().zip(&rows_m) {
                let mut near = kernel.at_most(bounds_m, reach.now_m);
                while near != 0 {
                    let slot = near.trailing_zeros() as usize;
                    near &= near - 1;
                    let (child, bound_m) = (chunk.child[slot], bounds_m[slot]);
                    if child.is_leaf() {
                        vicinity.add(chunk, slot, bound_m, &mut reach);
                    } else {
                        nodes.push((bound_m, child));
                    }
                }
            }
        }
        vicinity.nodes = nodes;
        if reach.is_enough() {
            vicinity.centre = *from;
            vicinity.reach_m = f64::from(reach.now_m);
        }
        reach.is_enough()
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::Portable;
    use super::super::layout::Record;
    use super::super::query::{Filter, Neighbour};
    use super::*;

    /// Numbers from 0 to 1 that fill a square evenly.
    fn scattered(nth: u32) -> (f64, f64) {
        let turn = f64::from(nth);
        ((turn * 0.618_034).fract(), (turn * 0.754_878).fract())
    }

    fn place(north: f64, east: f64) -> Point {
        Point::new(59.0 + north, 18.0 + east).expect("valid")
    }

    /// A town, and some people far and wide.
    fn town(people: u32, degrees: f64) -> Space {
        let records: Vec<Record> = (0..people)
            .map(|nth| {
                let (north, east) = scattered(nth);
                let wide = if nth % 9 == 0 { 30.0 } else { 1.0 };
                Record {
                    id: nth.into(),
                    xyz_m: place(north * degrees * wide, east * degrees * wide).xyz_m(),
                    at_s: f64::NAN,
                    available: true,
                }
            })
            .collect();
        let mut space = Space::new();
        space.put_many(&records);
        space
    }

    fn ask(space: &Space, from: &[Point], k: usize, vicinity: &mut Vicinity) {
        let (filter, mut scratch) = (Filter::default(), Scratch::default());
        let mut answers: [Vec<Neighbour>; 2] = Default::default();
        for (nth, from_here) in from.iter().enumerate() {
            let question = Question {
                from: from_here,
                k,
                filter: &filter,
            };
            let others = from[nth + 1..].iter().take(15);
            space.seek_close(Portable, &question, others, vicinity, &mut scratch);
            answers[0].clear();
            space.rank::<_, false>(&question, &Everyone, &mut scratch, &mut answers[0]);
            answers[1].clear();
            space.answer::<_, _, false>(
                Portable,
                &question,
                &Everyone,
                &mut scratch,
                &mut answers[1],
            );
            assert_eq!(answers[0], answers[1], "{nth} of {k}");
        }
    }

    #[test]
    fn whoever_asks_close_by_has_the_answer_that_they_would_have_alone() {
        for people in [1_000, 20_000] {
            let space = town(people, 0.5);
            for step in [1e-7, 1e-4, 1e-3, 0.01, 0.1] {
                for k in [1, 5, 16] {
                    // Along a street, that begins and ends out of town.
                    let walk = (0..200).map(|nth| f64::from(nth) * step);
                    let from: Vec<Point> = walk.map(|way| place(way - 0.1, way / 2.0)).collect();
                    ask(&space, &from, k, &mut Vicinity::new());
                }
            }
        }
    }

    #[test]
    fn questions_close_together_go_down_the_tree_once() {
        let space = town(20_000, 0.5);
        let from: Vec<Point> = (0..100)
            .map(|nth| place(0.2 + f64::from(nth) * 1e-6, 0.2))
            .collect();
        let mut vicinity = Vicinity::new();
        ask(&space, &from, 5, &mut vicinity);
        assert_eq!(vicinity.served, 99);
    }

    #[test]
    fn no_leaf_with_anybody_within_the_reach_is_missing() {
        let space = town(20_000, 0.5);
        let mut vicinity = Vicinity::new();
        let (mut narrowed, mut refused) = (0, 0);
        for nth in 0..300 {
            let (north, east) = scattered(nth);
            let centre = place(north * 0.6, east * 0.6);
            #[expect(clippy::cast_possible_truncation, reason = "test data")]
            let reach_m = 10_f64.powf(6.0 * scattered(nth * 7).0) as f32;
            let least_m = if nth % 2 == 0 { 0.0 } else { reach_m / 3.0 };
            let reach = Reach {
                now_m: reach_m,
                least_m,
            };
            if !space.round_up(Portable, &centre, reach, &mut vicinity) {
                refused += 1;
                assert!(vicinity.spare_m(&centre) < 0.0);
                continue;
            }
            assert!(vicinity.spare_m(&centre) >= f64::from(least_m));
            narrowed += usize::from(vicinity.reach_m < f64::from(reach_m));
            let known: Vec<usize> = (0..CHUNKS * WIDTH)
                .filter(|at| vicinity.leaves[at / WIDTH].x[at % WIDTH] < Chunk::NOWHERE_M)
                .map(|at| space.leaf_of(vicinity.leaves[at / WIDTH].child[at % WIDTH]))
                .collect();
            assert_eq!(known.len(), vicinity.len);
            for place in space.places.places() {
                let away_m = centre.chord_squared_m2(&space.groups.point(place)).sqrt();
                let leaf = space.groups.leaf(place.group());
                assert!(away_m > vicinity.reach_m || known.contains(&leaf));
            }
        }
        assert!(narrowed > 20 && refused > 20, "{narrowed} {refused}");
    }

    #[test]
    fn more_leaves_round_a_place_than_there_is_room_for_end_the_gathering() {
        let (mut vicinity, mut reach) = (
            Vicinity::new(),
            Reach {
                now_m: 5.0,
                least_m: 1.0,
            },
        );
        for _ in 0..CHUNKS * WIDTH {
            vicinity.add(&Chunk::EMPTY, 0, -1.0, &mut reach);
            assert!(reach.is_enough());
        }
        vicinity.add(&Chunk::EMPTY, 0, -1.0, &mut reach);
        assert!(!reach.is_enough());
    }

    #[test]
    fn what_is_in_vain_is_tried_ever_more_rarely_until_it_serves_again() {
        let mut vicinity = Vicinity::new();
        let mut tries = 0;
        for _ in 0..1_000 {
            if !vicinity.is_in_vain() {
                tries += 1;
                vicinity.hold_off();
            }
        }
        assert!((10..30).contains(&tries), "{tries}");
        while vicinity.is_in_vain() {}
        (vicinity.reach_m, vicinity.served) = (1.0, SERVED_MIN - 1);
        assert!(vicinity.is_in_vain(), "it served too few");
        while vicinity.is_in_vain() {}
        (vicinity.reach_m, vicinity.served) = (1.0, SERVED_MIN);
        assert!(!vicinity.is_in_vain());
        vicinity.hold_off();
        assert!(
            vicinity.is_in_vain() && !vicinity.is_in_vain(),
            "one is let pass"
        );
    }
}
