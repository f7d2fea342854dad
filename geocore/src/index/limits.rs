//! How far a rival may be: bounds of rough distances, squared and in steps of 16 mm.

use super::cube::ROUGH_STEP_M;
use crate::geodesic::{CHORD_FAR_M, rival_chord_max_m};

/// What single precision may add to a rough distance or take from it, relatively: half of
/// what a kernel promises of its square, doubled.
const ROUGH_RATIO: f64 = 5e-7;

/// Steps in a metre, squared.
pub(super) const STEPS_SQUARED: f64 = 1.0 / (ROUGH_STEP_M * ROUGH_STEP_M);

/// More than any straight line through the earth, and less than to an empty lane.
pub(super) const EVERYWHERE_M: f64 = 1.4e7;

/// The square of a rough distance that is more than that, whatever the error, in steps.
pub(super) const EVERYWHERE_LIMIT: f32 = 8.2e17;

/// A distance squared, in square metres, as that of a rough one.
pub(super) fn steps_squared(squared_m2: f64) -> f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`ROUGH_RATIO` allows for it"
    )]
    let squared = (squared_m2 * STEPS_SQUARED) as f32;
    squared
}

/// The largest rough distance, squared and in steps, of a place within a straight line, where
/// rough distances are off by so many steps.
#[inline]
pub(super) fn rough_limit(chord_m: f64, error: f32) -> f32 {
    let rough_m = (chord_m + f64::from(error) * ROUGH_STEP_M) * (1.0 + ROUGH_RATIO);
    #[expect(clippy::cast_possible_truncation, reason = "rounded up")]
    let squared = (rough_m * rough_m * STEPS_SQUARED) as f32;
    squared.next_up()
}

/// The largest rough distance of a rival, squared, of someone whose own is this, where rough
/// distances are off by so many steps.
#[inline]
pub(super) fn rival_limit(squared: f32, error: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "either side is right")]
    const NEAR: f32 = (CHORD_FAR_M * CHORD_FAR_M * STEPS_SQUARED) as f32;
    if squared < NEAR {
        rival_squared(squared, error)
    } else {
        far_rival_squared(squared, error)
    }
}

/// The largest rough distance of a rival, squared, of someone whose own rough distance
/// squared is this; in steps, up to [`CHORD_FAR_M`].
///
/// The straight line to that someone may be an error longer than the rough one, a rival's
/// is up to [`rival_chord_max_m`] of that, and the rough one to the rival another error
/// longer. Of the square, `s + 4 e sqrt(s) + ...`, the middle term is at most
/// `s / 100 + 100 (2 e)^2`, which is used where that is little; the rest is small (tested
/// below).
#[inline]
fn rival_squared(squared: f32, error: f32) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "there is room in both")]
    const BEND: f32 = (5.9e-17 / STEPS_SQUARED) as f32;
    let room = error * error;
    let (ratio, room) = if squared > 3_600.0 * room {
        (1.010_1, 404.0 * room)
    } else {
        let middle = 4.04 * error * squared.sqrt();
        (1.000_01, middle + 4.1 * room)
    };
    squared * (ratio + BEND * squared) + room
}

/// The same at any distance, with any error.
#[cold]
fn far_rival_squared(squared: f32, error: f32) -> f32 {
    if squared == f32::INFINITY {
        return squared;
    }
    let rough_m = (f64::from(squared) / STEPS_SQUARED).sqrt();
    let chord_m = rough_m * (1.0 + ROUGH_RATIO) + f64::from(error) * ROUGH_STEP_M;
    rough_limit(rival_chord_max_m(chord_m).min(EVERYWHERE_M), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_is_never_below_the_bound_nor_far_above_it() {
        // The first is that of a cell of resolution 15.
        for error in [0.0017, 0.01, 0.1, 1.733, 14.0, 100.0, 7_200.0] {
            let mut chord_m = 1e-6;
            while chord_m < CHORD_FAR_M {
                #[expect(clippy::cast_possible_truncation, reason = "test data")]
                let squared = (chord_m * chord_m * STEPS_SQUARED) as f32;
                let (limit, least) = (
                    rival_squared(squared, error),
                    far_rival_squared(squared, error),
                );
                assert!(limit >= least, "{chord_m} {error}");
                assert!(limit <= least * 1.06, "{chord_m} {error}");
                chord_m *= 1.0001;
            }
            assert!(rival_squared(0.0, error) >= far_rival_squared(0.0, error));
        }
    }

    #[test]
    fn nobody_is_beyond_the_limit_of_a_search_without_one() {
        for error in [0.0, 1.733, 7_200.0] {
            assert!(rough_limit(EVERYWHERE_M, error) <= EVERYWHERE_LIMIT);
        }
    }

    #[test]
    fn an_empty_lane_is_beyond_every_limit() {
        use crate::index::rows::Wide;
        let nearest = f64::from(Wide::NOWHERE) * 3.0_f64.sqrt() * ROUGH_STEP_M - 6_378_137.0;
        assert!(nearest > 2.0 * EVERYWHERE_M);
        let limit = f64::from(EVERYWHERE_LIMIT);
        assert!(limit < nearest * nearest * STEPS_SQUARED);
    }
}
