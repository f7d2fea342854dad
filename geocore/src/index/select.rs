//! The nearest so far, and how near the next one must be to matter.
//!
//! A scan knows places to its steps only. Whoever may be among the nearest in truth is kept;
//! [`super::rank`] looks at them again, to the nanometre.

use core::mem;

use super::cube::ROUGH_STEP_M;
use super::far::{CROWD, CROWD_AROUND_M, CROWD_FAR_M};
use super::handles::Place;
use super::kernel::Kernel;
use super::limits::{EVERYWHERE_LIMIT, EVERYWHERE_M, rival_limit, rough_limit};
use super::piles::MANY;
use super::query::KEPT_MAX;

/// Up to so many neighbours are kept sorted; more are sifted now and then.
pub(super) const SORTED_MAX: usize = 16;

/// Up to so many candidates are sorted at once where nobody is known yet.
pub(super) const FIRST_MAX: usize = 8;

/// Errors up to this, 1 m, are let be: few people lie within four of them.
const BLURRED_MIN: f32 = 64.0;

/// The error of distances between exact places, in steps: what places are told apart by.
const SHARP_ERROR: f32 = 0.01;

/// A person who may belong to the answer: the rough distance squared, in steps, above their
/// place, so that candidates are ordered as numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate(u64);

impl Candidate {
    pub(super) const NOBODY: Self = Self(u64::MAX);

    #[inline]
    pub(super) fn new(squared: f32, place: Place) -> Self {
        // The bits of numbers that are not negative are in their order.
        Self((u64::from(squared.to_bits()) << 32) | u64::from(place.bits()))
    }

    #[inline]
    fn squared_bits(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub(super) fn place(self) -> Place {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        let bits = self.0 as u32;
        Place::from_bits(bits)
    }
}

/// Keeps the k nearest by rough straight line and every rival who could be nearer in truth.
#[derive(Debug)]
pub(super) struct Nearest {
    k: usize,
    /// The first candidates of a small answer, in no order, until more are offered: mostly
    /// there are none.
    held: [Candidate; FIRST_MAX],
    /// For a small k its k nearest, sorted, with nobody at the end.
    sorted: [Candidate; SORTED_MAX],
    /// Within the limit when they came, but not, or no longer, among the sorted.
    others: Vec<Candidate>,
    /// Number of others at which a large answer is sifted again.
    sift_at: usize,
    /// How far rough distances may be off in the leaves that were looked at, in steps.
    error: f32,
    /// The straight line beyond which nobody was asked for.
    chord_max_m: f64,
    /// The least k-th rough distance squared that was seen, in steps.
    kth: f32,
    /// The rough distance squared, in steps, beyond which nobody matters.
    limit: f32,
}

impl Default for Nearest {
    fn default() -> Self {
        Self {
            k: 0,
            held: [Candidate::NOBODY; FIRST_MAX],
            sorted: [Candidate::NOBODY; SORTED_MAX],
            others: Vec::new(),
            sift_at: 0,
            error: 0.0,
            chord_max_m: 0.0,
            kth: f32::INFINITY,
            limit: 0.0,
        }
    }
}

impl Nearest {
    /// Starts again, for k neighbours at straight lines of at most `chord_max_m`.
    #[inline]
    pub(super) fn start(&mut self, k: usize, chord_max_m: f64) {
        self.k = k;
        self.sift_at = k.saturating_mul(2).saturating_add(64);
        self.others.clear();
        self.held = [Candidate::NOBODY; FIRST_MAX];
        self.sorted = [Candidate::NOBODY; SORTED_MAX];
        self.chord_max_m = chord_max_m.min(EVERYWHERE_M);
        self.kth = f32::INFINITY;
        // Caps ask for no more than straight lines; a leaf says by how much its places are off.
        self.error = 0.0;
        self.limit = if chord_max_m < EVERYWHERE_M {
            rough_limit(chord_max_m, 0.0)
        } else {
            EVERYWHERE_LIMIT
        };
    }

    /// Allows for rough distances that are off by so many steps, in a leaf that follows: the
    /// limit is widened where no leaf before had as much.
    #[inline]
    pub(super) fn allow(&mut self, error: f32) {
        if error > self.error {
            self.error = error;
            if self.kth < f32::INFINITY || self.chord_max_m < EVERYWHERE_M {
                self.widen();
            }
        }
    }

    #[cold]
    fn widen(&mut self) {
        self.limit =
            rough_limit(self.chord_max_m, self.error).min(rival_limit(self.kth, self.error));
    }

    /// Whether the error, of a leaf of coarse steps, is more than some, and the better part of
    /// what the limit is: in a crowd, most people within it would not matter.
    #[inline]
    pub(super) fn is_blurred(&self, more_than: f32) -> bool {
        let room = self.error * self.error;
        // The limit is that narrow of a small radius only.
        self.error > BLURRED_MIN.max(more_than)
            && (self.kth < 64.0 * room || self.limit < 16.0 * room)
    }

    /// Begins anew with everyone known and the squares of their exact distances, in steps, so
    /// that the error is that of the leaves that follow.
    ///
    /// Whoever was left out before was beyond a limit that held, and stays out.
    #[cold]
    #[inline(never)]
    pub(super) fn sharpen(&mut self, squared_of: impl Fn(Place) -> f32) {
        let mut known = mem::take(&mut self.others);
        known.extend(self.held.iter().chain(&self.sorted));
        self.held = [Candidate::NOBODY; FIRST_MAX];
        self.sorted = [Candidate::NOBODY; SORTED_MAX];
        (self.error, self.kth) = (SHARP_ERROR, f32::INFINITY);
        self.limit = rough_limit(self.chord_max_m, self.error);
        for candidate in known {
            if candidate == Candidate::NOBODY {
                continue;
            }
            let squared = squared_of(candidate.place());
            if squared <= self.limit {
                self.offer(Candidate::new(squared, candidate.place()));
            }
        }
        if !self.is_small() && self.others.len() >= self.k {
            self.sift();
        }
        let limit = self.limit.to_bits();
        self.others
            .retain(|candidate| candidate.squared_bits() <= limit);
    }

    /// Square of the rough distance, in steps, above which nobody matters.
    #[inline]
    pub(super) fn limit(&self) -> f32 {
        self.limit
    }

    /// The same as a length in metres, rounded up.
    #[inline]
    pub(super) fn limit_m(&self) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "a power of two")]
        const STEP_M: f32 = ROUGH_STEP_M as f32;
        self.limit.sqrt() * (STEP_M * (1.0 + 2e-7))
    }

    /// Whether an answer is small enough for [`Nearest::foresee`].
    #[inline]
    pub(super) fn is_small(&self) -> bool {
        self.k <= SORTED_MAX
    }

    /// Whether a small answer has its k people, so that the limit is near its end.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        let is_held = |held: &Candidate| *held != Candidate::NOBODY;
        self.is_small()
            && (self.sorted[self.k - 1] != Candidate::NOBODY
                || self.held.get(self.k - 1).is_some_and(is_held))
    }

    /// Whether so many, and so far away, may belong to the answer that they are left to
    /// [`super::far`].
    #[inline]
    pub(super) fn is_crowd(&self) -> bool {
        self.others.len() > CROWD && self.is_far_crowd()
    }

    #[cold]
    fn is_far_crowd(&self) -> bool {
        let (most, far_m) = match self.k {
            usize::MAX => (CROWD, CROWD_AROUND_M),
            k if k <= SORTED_MAX => (CROWD, CROWD_FAR_M),
            // A large answer is sifted at twice as many.
            k => (k.saturating_mul(4).saturating_add(CROWD), CROWD_FAR_M),
        };
        self.others.len() > most && f64::from(self.limit_m()) > far_m
    }

    /// Gives back the memory of a large answer.
    pub(super) fn forget(&mut self) {
        if self.others.capacity() > KEPT_MAX {
            self.others = Vec::new();
        }
    }

    /// Whether so many may belong to the answer that some must be at one place.
    #[inline]
    pub(super) fn is_pile(&self) -> bool {
        self.others.len() > self.k.saturating_mul(4).saturating_add(MANY)
    }

    /// Ends a search that is left to another one: all are named, so that they are many.
    #[cold]
    pub(super) fn give_up(&mut self) {
        self.limit = EVERYWHERE_LIMIT;
    }

    /// Narrows the limit, given the squares of sixteen different people who will be offered.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn foresee<K: Kernel>(&mut self, kernel: K, squares: &[f32; SORTED_MAX]) {
        self.narrow(kernel.kth(squares, self.k));
    }

    /// Whether a small answer has nobody yet.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.is_small()
            && self.held[0] == Candidate::NOBODY
            && self.sorted[0] == Candidate::NOBODY
            && self.others.is_empty()
    }

    /// Takes the first candidates of a small answer, all within the limit, with nobody at
    /// the end.
    #[inline]
    pub(super) fn hold(&mut self, first: [Candidate; FIRST_MAX]) {
        self.held = first;
    }

    /// Those held, if nobody came after them.
    #[inline]
    pub(super) fn held(&self) -> Option<&[Candidate; FIRST_MAX]> {
        (self.held[0] != Candidate::NOBODY).then_some(&self.held)
    }

    /// Sorts those held, for more are coming.
    fn begin(&mut self) {
        let first = in_order(self.held);
        self.held = [Candidate::NOBODY; FIRST_MAX];
        self.sorted[..FIRST_MAX].copy_from_slice(&first);
        let Some(kth) = first
            .get(self.k - 1)
            .filter(|kth| **kth != Candidate::NOBODY)
        else {
            return;
        };
        self.narrow(f32::from_bits(kth.squared_bits()));
        // Nobody's square is NaN, and so no number up to the limit.
        let near = |rest: &&Candidate| rest.squared_bits() <= self.limit.to_bits();
        self.others.extend(first[self.k..].iter().take_while(near));
        self.sorted[self.k..].fill(Candidate::NOBODY);
    }

    /// Takes a candidate within the limit.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn offer(&mut self, candidate: Candidate) {
        if !self.is_small() {
            self.collect(candidate);
            return;
        }
        if self.held[0] != Candidate::NOBODY {
            self.begin();
        }
        // Without branches: how far a newcomer comes forward cannot be foretold.
        let mut last = candidate;
        for slot in &mut self.sorted[..self.k] {
            let far = last.max(*slot);
            *slot = last.min(*slot);
            last = far;
        }
        let kth = self.sorted[self.k - 1];
        if kth == Candidate::NOBODY {
            return;
        }
        self.narrow(f32::from_bits(kth.squared_bits()));
        if last != Candidate::NOBODY && last.squared_bits() <= self.limit.to_bits() {
            self.others.push(last);
        }
    }

    /// Names everyone who may belong to the answer; of a small one the nearest come first.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn finish(&mut self, mut take: impl FnMut(Place)) {
        if self.is_small() {
            let known = self.held.iter().chain(&self.sorted[..self.k]);
            for candidate in known.filter(|candidate| **candidate != Candidate::NOBODY) {
                take(candidate.place());
            }
        } else if self.others.len() > self.k {
            self.sift();
        }
        let limit = self.limit.to_bits();
        for candidate in &self.others {
            if candidate.squared_bits() <= limit {
                take(candidate.place());
            }
        }
    }

    #[inline]
    fn narrow(&mut self, kth: f32) {
        if kth < self.kth {
            self.kth = kth;
            self.limit = self.limit.min(rival_limit(kth, self.error));
        }
    }

    #[cold]
    fn collect(&mut self, candidate: Candidate) {
        self.others.push(candidate);
        if self.others.len() >= self.sift_at {
            self.sift();
            self.sift_at = self.sift_at.max(self.others.len().saturating_mul(2));
        }
    }

    fn sift(&mut self) {
        let (_, kth, _) = self.others.select_nth_unstable(self.k - 1);
        let kth = f32::from_bits(kth.squared_bits());
        self.narrow(kth);
        let limit = self.limit.to_bits();
        self.others
            .retain(|candidate| candidate.squared_bits() <= limit);
    }
}

/// Sorts eight by a network six steps deep, written out: its loop would not be unrolled.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
pub(super) fn in_order<T: Ord + Copy>(mut all: [T; FIRST_MAX]) -> [T; FIRST_MAX] {
    swap::<0, 2, T>(&mut all);
    swap::<1, 3, T>(&mut all);
    swap::<4, 6, T>(&mut all);
    swap::<5, 7, T>(&mut all);
    swap::<0, 4, T>(&mut all);
    swap::<1, 5, T>(&mut all);
    swap::<2, 6, T>(&mut all);
    swap::<3, 7, T>(&mut all);
    swap::<0, 1, T>(&mut all);
    swap::<2, 3, T>(&mut all);
    swap::<4, 5, T>(&mut all);
    swap::<6, 7, T>(&mut all);
    swap::<2, 4, T>(&mut all);
    swap::<3, 5, T>(&mut all);
    swap::<1, 4, T>(&mut all);
    swap::<3, 6, T>(&mut all);
    swap::<1, 2, T>(&mut all);
    swap::<3, 4, T>(&mut all);
    swap::<5, 6, T>(&mut all);
    all
}

/// Puts two in order.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn swap<const A: usize, const B: usize, T: Ord + Copy>(all: &mut [T; FIRST_MAX]) {
    (all[A], all[B]) = (all[A].min(all[B]), all[A].max(all[B]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_from_exact_distances_keeps_whom_a_rough_one_kept() {
        let candidate = |squared, nth| Candidate::new(squared, Place::new(nth, 0));
        for k in [1, 3, 20] {
            let mut nearest = Nearest::default();
            nearest.start(k, f64::INFINITY);
            nearest.allow(7_000.0);
            for nth in 0..200_u16 {
                nearest.offer(candidate(100.0, usize::from(nth)));
            }
            assert!(
                nearest.is_blurred(3_000.0) && !nearest.is_blurred(7_000.0),
                "{k}"
            );
            #[expect(clippy::cast_precision_loss, reason = "small")]
            nearest.sharpen(|place| ((place.group() + 5) as f32).powi(2) * 1e4);
            assert!(!nearest.is_blurred(0.0));
            let mut kept = Vec::new();
            nearest.finish(|place| kept.push(place.group()));
            kept.sort_unstable();
            assert_eq!(kept, (0..k).collect::<Vec<_>>());
            // And a leaf that follows has its own error.
            let sharp = nearest.limit();
            nearest.allow(50.0);
            assert!(nearest.limit() > sharp);
        }
    }

    #[test]
    fn nobody_beyond_a_radius_comes_back_by_exact_distances() {
        let mut nearest = Nearest::default();
        nearest.start(2, 100.0);
        nearest.allow(7_000.0);
        for nth in 0..4 {
            nearest.offer(Candidate::new(100.0, Place::new(nth, 0)));
        }
        nearest.sharpen(|place| if place.group() == 1 { 100.0 } else { 1e12 });
        let mut kept = Vec::new();
        nearest.finish(|place| kept.push(place.group()));
        assert_eq!(kept, [1]);
        assert!(nearest.limit() >= rough_limit(100.0, 0.0));
    }

    #[test]
    fn a_limit_is_widened_for_a_leaf_of_larger_steps_and_never_narrowed_by_that() {
        let mut nearest = Nearest::default();
        nearest.start(1, 500.0);
        nearest.allow(10.0);
        let first = nearest.limit();
        nearest.allow(5.0);
        assert!((nearest.limit() - first).abs() <= 0.0);
        nearest.narrow(100.0 * 100.0);
        let narrow = nearest.limit();
        assert!(narrow < first);
        nearest.allow(1_000.0);
        assert!(nearest.limit() > narrow && nearest.limit() < rough_limit(600.0, 0.0));
        nearest.narrow(200.0 * 200.0);
        assert!(nearest.limit() < rough_limit(600.0, 0.0));
    }
}
