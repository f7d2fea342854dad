//! The nearest so far, and how near the next one must be to matter.

use super::layout::Place;
use crate::geodesic::{CHORD_FAR_M, rival_chord_max_m};

/// A person who may belong to the answer, by straight line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) squared_m2: f64,
    pub(super) place: Place,
}

impl Candidate {
    const NOBODY: Self = Self {
        squared_m2: f64::INFINITY,
        place: Place::NONE,
    };
}

/// More than the square of any straight line through the earth, in square metres.
const EVERYWHERE_M2: f64 = 2e14;

/// Up to so many neighbours are kept sorted; more are sifted now and then.
const SORTED_MAX: usize = 16;

/// Keeps the k nearest by straight line and every rival who could be nearer by geodesic.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    k: usize,
    /// When k is small k of them, sorted, with nobody at infinity; else all within the limit.
    found: Vec<Candidate>,
    /// Not among the k nearest by straight line, but within the limit when they came.
    rivals: Vec<Candidate>,
    /// Size of `found` at which a large answer is sifted again.
    sift_at: usize,
    limit_m2: f64,
}

impl Nearest {
    /// Starts again, for k neighbours at straight lines of at most `chord_max_m`.
    #[inline]
    pub(super) fn start(&mut self, k: usize, chord_max_m: f64) {
        self.k = k;
        self.sift_at = k.saturating_mul(2).saturating_add(64);
        self.rivals.clear();
        self.found.clear();
        if k <= SORTED_MAX {
            self.found.resize(k, Candidate::NOBODY);
        }
        // With room for rounding, that nobody on the rim be lost; and finite, that an empty
        // lane at infinity never be found.
        let limit_m2 = chord_max_m * chord_max_m * (1.0 + 1e-14) + 1e-8;
        self.limit_m2 = limit_m2.min(EVERYWHERE_M2);
    }

    /// Squared straight line above which nobody matters, in square metres.
    #[inline]
    pub(super) fn limit_m2(&self) -> f64 {
        self.limit_m2
    }

    /// The same as a length in metres, rounded up.
    #[inline]
    pub(super) fn limit_m(&self) -> f32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded up in the same line"
        )]
        let limit_m = self.limit_m2.sqrt() as f32 * (1.0 + 2e-7);
        limit_m
    }

    /// Whether a small answer has its k people, so that the limit is near its end.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.k <= SORTED_MAX && self.found[self.k - 1].place != Place::NONE
    }

    /// Whether k of sixteen distances would narrow the limit.
    #[inline]
    pub(super) fn wants_minima(&self) -> bool {
        self.k <= SORTED_MAX
    }

    /// Narrows the limit, given the distances of sixteen different people who will be offered.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn foresee(&mut self, minima_m2: &[f64; SORTED_MAX]) {
        // Distances are not negative, so their bits are in their order; counting whom each is
        // not nearer than finds the k-th without a branch.
        let bits = minima_m2.map(f64::to_bits);
        let mut ranks = [0_u64; SORTED_MAX];
        for other in bits {
            for (rank, own) in ranks.iter_mut().zip(bits) {
                *rank = rank.wrapping_add(u64::from(other <= own));
            }
        }
        let mut kth = f64::INFINITY.to_bits();
        for (rank, own) in ranks.into_iter().zip(bits) {
            let enough = if rank >= self.k as u64 { own } else { u64::MAX };
            kth = kth.min(enough);
        }
        self.narrow(f64::from_bits(kth));
    }

    /// Takes a candidate within the limit.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn offer(&mut self, candidate: Candidate) {
        if self.k > SORTED_MAX {
            self.collect(candidate);
            return;
        }
        // Without branches: how far a newcomer comes forward cannot be foretold.
        let mut last = candidate;
        for slot in &mut self.found {
            let (near, far) = if last.squared_m2 < slot.squared_m2 {
                (last, *slot)
            } else {
                (*slot, last)
            };
            *slot = near;
            last = far;
        }
        self.narrow(self.found[self.k - 1].squared_m2);
        if last.squared_m2 <= self.limit_m2 {
            self.rivals.push(last);
        }
    }

    /// Everyone who may belong to the answer, in no order.
    #[inline]
    pub(super) fn candidates(&mut self) -> &[Candidate] {
        let limit_m2 = self.limit_m2;
        if self.k <= SORTED_MAX {
            let near = self
                .rivals
                .iter()
                .filter(|rival| rival.squared_m2 <= limit_m2);
            while self.found.last().is_some_and(|c| c.place == Place::NONE) {
                self.found.pop();
            }
            self.found.extend(near);
        } else if self.found.len() > self.k {
            self.sift();
        }
        &self.found
    }

    #[inline]
    fn narrow(&mut self, kth_m2: f64) {
        if kth_m2 > self.limit_m2 {
            return;
        }
        let rival_m2 = if kth_m2 < CHORD_FAR_M * CHORD_FAR_M {
            rival_squared_m2(kth_m2)
        } else {
            far_rival_squared_m2(kth_m2)
        };
        self.limit_m2 = self.limit_m2.min(rival_m2);
    }

    #[cold]
    fn collect(&mut self, candidate: Candidate) {
        self.found.push(candidate);
        if self.found.len() >= self.sift_at {
            self.sift();
            self.sift_at = self.sift_at.max(self.found.len().saturating_mul(2));
        }
    }

    fn sift(&mut self) {
        let (_, kth, _) = self
            .found
            .select_nth_unstable_by(self.k - 1, |a, b| a.squared_m2.total_cmp(&b.squared_m2));
        let kth_m2 = kth.squared_m2;
        self.narrow(kth_m2);
        let limit_m2 = self.limit_m2;
        self.found
            .retain(|candidate| candidate.squared_m2 <= limit_m2);
    }
}

/// [`rival_chord_max_m`], squared, as a polynomial up to [`CHORD_FAR_M`].
#[inline]
fn rival_squared_m2(squared_m2: f64) -> f64 {
    // The ratio of the squares less one, over the square: 5.37e-17 at most up to 9,000 km
    // (tested below). The two small terms are 10 nm on the length, since twice a length is
    // not more than its square and one.
    const BEND: f64 = 5.6e-17;
    squared_m2 * (1.0 + 1e-8 + BEND * squared_m2) + 2e-8
}

#[cold]
fn far_rival_squared_m2(squared_m2: f64) -> f64 {
    rival_chord_max_m(squared_m2.sqrt()).powi(2) * (1.0 + 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_never_below_the_bound() {
        for step in 0..9_000 {
            let chord_m = f64::from(step) * 1_000.0;
            let bound = rival_chord_max_m(chord_m).powi(2);
            assert!(rival_squared_m2(chord_m * chord_m) >= bound, "{chord_m}");
        }
    }
}
