//! The nearest so far, and how near the next one must be to matter.

use super::layout::Place;
use crate::geodesic::{CHORD_FAR_M, rival_chord_max_m};

/// A person who may belong to the answer, by straight line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) squared_m2: f64,
    pub(super) place: Place,
}

/// More than the square of any straight line through the earth, in square metres.
const EVERYWHERE_M2: f64 = 2e14;

/// Up to so many neighbours are kept sorted; more are sifted now and then.
const SORTED_MAX: usize = 32;

/// Keeps the k nearest by straight line and every rival who could be nearer by geodesic.
#[derive(Debug)]
pub(super) struct Nearest {
    k: usize,
    /// Sorted, at most k, when k is small; else everyone within the limit.
    found: Vec<Candidate>,
    /// Not among the k nearest by straight line, but within the limit when they came.
    rivals: Vec<Candidate>,
    /// Size of `found` at which a large answer is sifted again.
    sift_at: usize,
    limit_m2: f64,
    limit_m: f32,
}

impl Nearest {
    /// For k neighbours at straight lines of at most `chord_max_m`.
    #[inline]
    pub(super) fn new(k: usize, chord_max_m: f64) -> Self {
        let mut nearest = Self {
            k,
            found: Vec::with_capacity(k.min(SORTED_MAX) + 1),
            rivals: Vec::new(),
            sift_at: k.saturating_mul(2).saturating_add(64),
            limit_m2: 0.0,
            limit_m: 0.0,
        };
        // With room for rounding, that nobody on the rim be lost; and finite, that an empty
        // lane at infinity never be found.
        let limit_m2 = chord_max_m * chord_max_m * (1.0 + 1e-14) + 1e-8;
        nearest.set_limit(limit_m2.min(EVERYWHERE_M2));
        nearest
    }

    /// Squared straight line above which nobody matters, in square metres.
    #[inline]
    pub(super) fn limit_m2(&self) -> f64 {
        self.limit_m2
    }

    /// The same as a length in metres, rounded up.
    #[inline]
    pub(super) fn limit_m(&self) -> f32 {
        self.limit_m
    }

    /// Takes a candidate within the limit.
    #[inline]
    pub(super) fn offer(&mut self, candidate: Candidate) {
        if self.k > SORTED_MAX {
            self.collect(candidate);
            return;
        }
        if self.found.len() == self.k {
            let last = self.found[self.k - 1];
            if candidate.squared_m2 >= last.squared_m2 {
                self.rivals.push(candidate);
                return;
            }
            self.found.pop();
            self.insert(candidate);
            self.narrow();
            if last.squared_m2 <= self.limit_m2 {
                self.rivals.push(last);
            }
        } else {
            self.insert(candidate);
            if self.found.len() == self.k {
                self.narrow();
            }
        }
    }

    /// Everyone who may belong to the answer, in no order.
    #[inline]
    pub(super) fn into_candidates(mut self) -> Vec<Candidate> {
        if self.found.len() > self.k {
            self.sift();
        }
        let limit_m2 = self.limit_m2;
        let near = self
            .rivals
            .iter()
            .filter(|rival| rival.squared_m2 <= limit_m2);
        self.found.extend(near);
        self.found
    }

    #[inline]
    fn insert(&mut self, candidate: Candidate) {
        let mut slot = self.found.len();
        self.found.push(candidate);
        while slot > 0 && self.found[slot - 1].squared_m2 > candidate.squared_m2 {
            self.found[slot] = self.found[slot - 1];
            slot -= 1;
        }
        self.found[slot] = candidate;
    }

    #[inline]
    fn narrow(&mut self) {
        let rival_m2 = rival_squared_m2(self.found[self.k - 1].squared_m2);
        if rival_m2 < self.limit_m2 {
            self.set_limit(rival_m2);
        }
    }

    #[inline]
    fn set_limit(&mut self, limit_m2: f64) {
        self.limit_m2 = limit_m2;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded up in the same line"
        )]
        let limit_m = limit_m2.sqrt() as f32 * (1.0 + 2e-7);
        self.limit_m = limit_m;
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
        let rival_m2 = rival_squared_m2(kth.squared_m2);
        if rival_m2 < self.limit_m2 {
            self.set_limit(rival_m2);
        }
        let limit_m2 = self.limit_m2;
        self.found
            .retain(|candidate| candidate.squared_m2 <= limit_m2);
    }
}

/// [`rival_chord_max_m`], squared; a polynomial where one is enough.
#[inline]
fn rival_squared_m2(squared_m2: f64) -> f64 {
    // The ratio of the squares less one, over the square: 5.37e-17 at most up to 9,000 km
    // (`cargo run --example bounds`). The two small terms are 10 nm on the length, since
    // twice a length is not more than its square and one.
    const BEND: f64 = 5.6e-17;
    if squared_m2 < CHORD_FAR_M * CHORD_FAR_M {
        squared_m2 * (1.0 + 1e-8 + BEND * squared_m2) + 2e-8
    } else {
        rival_chord_max_m(squared_m2.sqrt()).powi(2) * (1.0 + 1e-12)
    }
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
