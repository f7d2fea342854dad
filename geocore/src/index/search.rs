//! Branch and bound: nearest cap first, and nothing left out that a bound does not exclude.

use core::ops::Range;

use super::block::Block;
use super::cube::{Scanned, View, rough_of};
use super::handles::{Child, Place};
use super::kernel::{Kernel, PIECE, Picked, Work, prefetch_chunks, run};
use super::layout::{Chunk, ChunkMeta, LANES, WIDTH};
use super::lens::Lens;
use super::limits::steps_squared;
use super::query::{Filter, Neighbour};
use super::rank::Ranked;
use super::select::{Candidate, FIRST_MAX, Nearest};
use super::space::Space;
use super::way::{Frame, Measured, Slot, Way};
use crate::geodesic::chord_max_m;
use crate::point::Point;

/// Of so many people a question outside a batch's blocks asks for what is near before it is
/// needed. Of fewer most is in a core's caches, and a block's questions find it there.
const AHEAD_MIN: usize = if cfg!(any(test, feature = "sound")) {
    1 << 10
} else {
    1 << 17
};

/// A question as a space is asked it.
pub(super) struct Question<'a> {
    pub(super) from: &'a Point,
    pub(super) k: usize,
    pub(super) filter: &'a Filter<'a>,
}

/// Room that a thread keeps from question to question.
#[derive(Default)]
pub(super) struct Scratch {
    way: Way,
    pub(super) nearest: Nearest,
    /// Leaves of a tree that the last question's search has scanned, if its answer is small:
    /// a large one looks its people up.
    pub(super) scanned: Vec<Scanned>,
    pub(super) ranked: Vec<Ranked>,
    pub(super) block: Block,
}

impl Scratch {
    /// Begins a question of which nobody is known yet.
    #[inline]
    pub(super) fn begin(&mut self, question: &Question<'_>) {
        self.scanned.clear();
        let within_m = question.filter.within_m;
        let chord_m = within_m.map_or(f64::INFINITY, chord_max_m);
        self.nearest.start(question.k, chord_m);
    }
}

/// Work on a space that is one leaf, or on one that is a tree: each is compiled by itself, so
/// that neither pays for the other.
pub(super) struct In<W, const FLAT: bool>(pub(super) W);

/// Runs work as the space has it.
pub(super) fn run_in<W>(space: &Space, work: W)
where
    In<W, true>: Work,
    In<W, false>: Work,
{
    if space.is_flat() {
        run(In::<W, true>(work));
    } else {
        run(In::<W, false>(work));
    }
}

/// A question that any kernel can answer.
struct Answering<'a, L> {
    space: &'a Space,
    question: &'a Question<'a>,
    lens: &'a L,
    scratch: &'a mut Scratch,
    found: &'a mut Vec<Neighbour>,
}

impl<L: Lens, const FLAT: bool> Work for In<Answering<'_, L>, FLAT> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the trait says why")]
    fn run<K: Kernel>(self, kernel: K) {
        let Answering {
            space,
            question,
            lens,
            scratch,
            found,
        } = self.0;
        space.answer::<K, L, FLAT>(kernel, question, lens, scratch, found);
    }
}

impl Space {
    /// Adds the answer to `found`, by code compiled for this machine.
    pub(super) fn answer_here<L: Lens>(
        &self,
        question: &Question<'_>,
        lens: &L,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        let answering = Answering {
            space: self,
            question,
            lens,
            scratch,
            found,
        };
        run_in(self, answering);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn answer<K: Kernel, L: Lens, const FLAT: bool>(
        &self,
        kernel: K,
        question: &Question<'_>,
        lens: &L,
        scratch: &mut Scratch,
        found: &mut Vec<Neighbour>,
    ) {
        self.seek::<K, L, FLAT, true>(kernel, question, lens, scratch);
        self.rank::<L, FLAT>(question, lens, scratch, found);
    }

    /// Leaves everyone who may belong to the answer with the nearest; `ALONE` where no others
    /// are asked near by.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn seek<K: Kernel, L: Lens, const FLAT: bool, const ALONE: bool>(
        &self,
        kernel: K,
        question: &Question<'_>,
        lens: &L,
        scratch: &mut Scratch,
    ) {
        scratch.begin(question);
        self.search::<K, L, FLAT, ALONE>(kernel, question.from, lens, scratch);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn search<K: Kernel, L: Lens, const FLAT: bool, const ALONE: bool>(
        &self,
        kernel: K,
        from: &Point,
        lens: &L,
        scratch: &mut Scratch,
    ) {
        if FLAT {
            let Scratch { way, nearest, .. } = scratch;
            let groups = self.len().div_ceil(LANES);
            let first = self.root.first();
            let run = first..first + groups;
            let view = View::Wide(rough_of(from.xyz_m()));
            self.scan::<K, L, true>(kernel, run, (from, &view), lens, way, nearest);
            return;
        }
        let rough_m = rough_m(from);
        scratch.way.start();
        let mut asked = !ALONE || self.len() < AHEAD_MIN;
        let mut next = self.open(kernel, self.root, rough_m, lens, scratch);
        loop {
            while let Some(slot) = next {
                let child = slot.child(self);
                if child.is_leaf() {
                    let leaf = (&self.chunks.hot[slot.chunk], slot.lane);
                    if !self.look(kernel, leaf, from, lens, scratch) {
                        return;
                    }
                    break;
                }
                next = self.open(kernel, child, rough_m, lens, scratch);
            }
            let Scratch { way, nearest, .. } = scratch;
            if !asked && nearest.is_full() {
                way.ask_ahead(kernel, self, nearest.limit_m());
                asked = true;
            }
            let Some(slot) = way.pick(kernel, nearest.limit_m()) else {
                return;
            };
            next = Some(slot);
        }
    }

    /// Scans the leaf that hangs in a slot; false where the search is left to another one.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn look<K: Kernel, L: Lens>(
        &self,
        kernel: K,
        (chunk, lane): (&Chunk, usize),
        from: &Point,
        lens: &L,
        scratch: &mut Scratch,
    ) -> bool {
        let Scratch {
            way,
            nearest,
            scanned,
            ..
        } = scratch;
        let (leaf, cube) = (chunk.child[lane], chunk.cube(lane));
        let run = leaf.first()..leaf.first() + leaf.class().size();
        let view = View::within(cube, from.xyz_m());
        if nearest.is_small() {
            scanned.push(Scanned::new(&run, cube));
        }
        self.scan::<K, L, false>(kernel, run, (from, &view), lens, way, nearest);
        if nearest.is_crowd() {
            nearest.give_up();
            return false;
        }
        if nearest.is_blurred(0.0) {
            self.sharpen(from, nearest);
        }
        true
    }

    /// Puts a node on the way and gives its nearest child, if any is near enough.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn open<K: Kernel, L: Lens>(
        &self,
        kernel: K,
        node: Child,
        rough_m: [f32; 3],
        lens: &L,
        scratch: &mut Scratch,
    ) -> Option<Slot> {
        let (way, limit_m) = (&mut scratch.way, scratch.nearest.limit_m());
        let chunks = self.chunks_of(node);
        let (first, size) = (node.first(), chunks.len());
        let row = way.frames.last().map_or(0, |last| last.row + last.size);
        let bounds_m = &mut way.bounds_m[row..row + size];
        kernel.bounds(chunks, rough_m, bounds_m);
        if !L::EVERYONE {
            for (bounds_m, chunk) in bounds_m.iter_mut().zip(&self.chunks.cold[first..]) {
                blind(kernel, bounds_m, chunk, lens, limit_m);
            }
        }
        let (least_m, slot) = kernel.least(bounds_m);
        if least_m > limit_m {
            return None;
        }
        way.frames.push(Frame {
            first,
            row,
            size,
            open: !(1 << slot),
        });
        let slot = Slot {
            chunk: first + slot / WIDTH,
            lane: slot % WIDTH,
        };
        self.prefetch(slot.child(self));
        Some(slot)
    }

    /// The chunks of a node.
    #[inline]
    pub(super) fn chunks_of(&self, node: Child) -> &[Chunk] {
        &self.chunks.hot[node.first()..node.first() + node.class().size()]
    }

    /// Asks for the beginning of what lies below a slot.
    #[inline]
    pub(super) fn prefetch(&self, child: Child) {
        let (first, size) = (child.first(), child.class().size());
        if child.is_leaf() {
            self.groups.prefetch(first..first + size.min(8));
        } else {
            prefetch_chunks(&self.chunks.hot[first..first + size.min(8)]);
        }
    }

    /// Looks those known up, so that the steps of coarse leaves count no more.
    #[cold]
    #[inline(never)]
    fn sharpen(&self, from: &Point, nearest: &mut Nearest) {
        let groups = &self.groups;
        nearest.sharpen(|place| steps_squared(from.chord_squared_m2(&groups.point(place))));
    }

    /// Picks those of a piece who are within the limit, once it is as narrow as they make it;
    /// how many.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn near<K: Kernel, L: Lens, const FLAT: bool>(
        &self,
        kernel: K,
        (squares, minima): (&[[f32; LANES]], &[f32; LANES]),
        (from, view): (&Point, &View),
        nearest: &mut Nearest,
        picked: &mut Picked,
    ) -> usize {
        if L::EVERYONE && nearest.is_small() && !nearest.is_full() {
            // A first look at distances alone spares most people the queue.
            nearest.foresee(kernel, minima);
        }
        let mut count = kernel.pick(squares, nearest.limit(), picked);
        if L::EVERYONE && count > FIRST_MAX && nearest.is_full() {
            // The nearest people of all are here: most of these need not be offered.
            nearest.foresee(kernel, minima);
            count = kernel.pick(squares, nearest.limit(), picked);
        }
        if !FLAT
            && L::EVERYONE
            && count > FIRST_MAX
            && nearest.is_small()
            && nearest.is_blurred(2.0 * view.error())
        {
            // Those known come from a leaf of coarser steps, for which most of these, too,
            // would be offered.
            self.sharpen(from, nearest);
            nearest.allow(view.error());
            nearest.foresee(kernel, minima);
            count = kernel.pick(squares, nearest.limit(), picked);
        }
        count
    }

    /// Offers everyone of a leaf who is within the limit.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn scan<K: Kernel, L: Lens, const FLAT: bool>(
        &self,
        kernel: K,
        run: Range<usize>,
        (from, view): (&Point, &View),
        lens: &L,
        way: &mut Way,
        nearest: &mut Nearest,
    ) {
        let Measured { squares, picked } = &mut way.leaf;
        nearest.allow(view.error());
        for start in run.clone().step_by(PIECE) {
            let piece = start..run.end.min(start + PIECE);
            let squares = &mut squares[..piece.len()];
            let minima = self.groups.measure(kernel, piece, view, squares);
            let count =
                self.near::<K, L, FLAT>(kernel, (squares, &minima), (from, view), nearest, picked);
            let squares = squares.as_flattened();
            if L::EVERYONE && count <= FIRST_MAX && nearest.is_empty() {
                // Always eight: how many there are cannot be foretold.
                let mut candidates = [Candidate::NOBODY; FIRST_MAX];
                for (nth, candidate) in candidates.iter_mut().enumerate() {
                    let at = if nth < count { picked[nth] as usize } else { 0 };
                    let place = Place::new(start + at / LANES, at % LANES);
                    // Few people stay cached.
                    if !FLAT {
                        self.groups.prefetch_detail::<FLAT>(place);
                    }
                    if nth < count {
                        *candidate = Candidate::new(squares[at], place);
                    }
                }
                nearest.hold(candidates);
                continue;
            }
            for at in &picked[..count] {
                let at = *at as usize;
                let place = Place::new(start + at / LANES, at % LANES);
                let groups = &self.groups;
                if squares[at] <= nearest.limit() && (L::EVERYONE || lens.admits(groups, place)) {
                    groups.prefetch_detail::<FLAT>(place);
                    nearest.offer(Candidate::new(squares[at], place));
                }
            }
        }
    }
}

/// A place as bounds of caps are asked for from it.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
pub(super) fn rough_m(from: &Point) -> [f32; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "the kernel allows for it")]
    from.xyz_m().map(|metres| metres as f32)
}

/// Puts slots below which nobody counts out of reach.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn blind<K: Kernel, L: Lens>(
    kernel: K,
    bounds_m: &mut [f32; WIDTH],
    chunk: &ChunkMeta,
    lens: &L,
    limit_m: f32,
) {
    let mut near = kernel.at_most(bounds_m, limit_m);
    while near != 0 {
        let slot = near.trailing_zeros() as usize;
        near &= near - 1;
        if !lens.may_hold(chunk, slot) {
            bounds_m[slot] = f32::INFINITY;
        }
    }
}
