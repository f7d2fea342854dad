//! Steps in which rough places are counted: of the earth where all people are one leaf, of a
//! leaf's own cube in a tree.

use core::ops::Range;

use super::handles::Place;
use super::layout::LANES;
use crate::geodesic::EIGHT;
use crate::point::{Point, STEPS_A_METRE, steps_of};

/// A place cut to steps of 2^-6 m, 16 mm: what a scan of all reads.
pub(crate) type Rough = [i32; 3];

/// One of those steps, in metres.
pub(super) const ROUGH_STEP_M: f64 = 1.0 / 64.0;

/// How much farther or nearer two rough places may be than the places are, in steps: both
/// are cut, so by less than one on each axis.
const WIDE_ERROR: f32 = 1.733;

/// The same of places in a cube, in steps of the cube, see [`View::error`].
pub(super) const NARROW_ERROR: f32 = 0.874;

/// Bits of a place's grid of 2^-30 m that a [`Rough`] leaves out.
pub(super) const WIDE_SHIFT: u8 = 24;

/// The rough part of a place.
#[inline]
pub(super) fn rough_of(xyz_m: [f64; 3]) -> Rough {
    #[expect(clippy::cast_possible_truncation, reason = "29 bits are left")]
    steps_of(xyz_m).map(|steps| (steps >> WIDE_SHIFT) as i32)
}

/// The last step of a cube, in which nobody lies.
pub(super) const NOWHERE: u16 = u16::MAX;

/// The cube in which a leaf's people lie, of 2^16 steps a side, round the centre of its cap.
///
/// That centre is a multiple of 2^-6 m, so that ways from it to places are whole numbers of
/// the places' own steps, and the sums and differences here are exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cube {
    pub(super) centre_m: [f32; 3],
    /// A step is 2^shift of the places' own steps, 2^-30 m.
    pub(super) shift: u8,
}

/// Steps from a corner of the cube to its centre, on each axis.
pub(super) const HALF: i32 = 1 << 15;

impl Cube {
    const NONE: Self = Self {
        centre_m: [0.0; 3],
        shift: 0,
    };

    /// The largest: a cube of 8,389 km; a cell of H3 is up to some 2,800 km across.
    pub(super) const SHIFT_MAX: u8 = 37;

    /// The least shift at which a ball round the centre has room, with a fiftieth to spare.
    pub(super) fn shift_for(radius_m: f64) -> u8 {
        let needed_m = radius_m * 1.02;
        let mut shift = 0;
        while shift < Self::SHIFT_MAX && half_m(shift) < needed_m {
            shift += 1;
        }
        shift
    }

    /// A step as a number of [`ROUGH_STEP_M`].
    #[inline]
    pub(super) fn step(self) -> f32 {
        f32::from_bits((103 + u32::from(self.shift)) << 23)
    }

    #[inline]
    pub(super) fn step_m(self) -> f64 {
        f64::from(self.step()) * ROUGH_STEP_M
    }

    /// The corner in metres.
    #[inline]
    pub(super) fn corner_m(self) -> [f64; 3] {
        self.centre_m.map(|axis_m| corner_m(axis_m, self.step()))
    }

    /// Steps from the corner and what is left of them, in steps of the place; None outside.
    #[inline]
    pub(super) fn split(self, xyz_m: [f64; 3]) -> Option<([u16; 3], [u64; 3])> {
        let (mut steps, mut rest) = ([0; 3], [0; 3]);
        for axis in 0..3 {
            // A centre is a multiple of the places' steps, so that a way from it is, too.
            let away_m = xyz_m[axis] - f64::from(self.centre_m[axis]);
            #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^54")]
            let away = (away_m * STEPS_A_METRE) as i64 + (i64::from(HALF) << self.shift);
            // Below the corner is beyond every step, too.
            steps[axis] = (away >> self.shift).cast_unsigned();
            rest[axis] = away.cast_unsigned() & ((1 << self.shift) - 1);
        }
        let most = steps[0].max(steps[1]).max(steps[2]);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "below what a step is at most"
        )]
        let steps = steps.map(|axis| axis as u16);
        (most < u64::from(NOWHERE)).then_some((steps, rest))
    }

    #[inline]
    pub(super) fn join(self, steps: [u16; 3], rest: [u64; 3]) -> Point {
        let corner = steps_of(self.corner_m());
        Point::from_steps(core::array::from_fn(|axis| {
            corner[axis] + ((i64::from(steps[axis]) << self.shift) | rest[axis].cast_signed())
        }))
    }

    /// A place as a scan asks from it, in [`ROUGH_STEP_M`]: counted from the corner, less half
    /// a step, since of a step its middle is meant.
    #[inline]
    fn view(self, xyz_m: [f64; 3]) -> [f32; 3] {
        let middle = f64::from(self.step()) * (f64::from(HALF) - 0.5);
        core::array::from_fn(|axis| {
            let away_m = xyz_m[axis] - f64::from(self.centre_m[axis]);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "`View::error` allows for it"
            )]
            let away = (away_m / ROUGH_STEP_M + middle) as f32;
            away
        })
    }
}

/// Where a cube begins on an axis, in metres, by its centre and its step: a sum without
/// rounding.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn corner_m(centre_m: f32, step: f32) -> f64 {
    f64::from(centre_m) - f64::from(step) * (ROUGH_STEP_M * 32_768.0)
}

/// A leaf that was scanned, and the cube of its people: to know the cube without going back
/// to the leaf, which is two lines of memory, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Scanned {
    first: u32,
    lanes: u32,
    cube: Cube,
}

impl Scanned {
    pub(super) fn new(groups: &Range<usize>, cube: Cube) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "arenas end at 2^26 groups")]
        let lanes = (groups.len() * LANES) as u32;
        Self {
            first: Place::new(groups.start, 0).bits(),
            lanes,
            cube,
        }
    }

    #[cfg(test)]
    pub(super) fn shift(&self) -> u8 {
        self.cube.shift
    }

    #[inline]
    fn holds(&self, place: Place) -> bool {
        place.bits().wrapping_sub(self.first) < self.lanes
    }
}

/// The cubes of eight people, side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cubes {
    /// Centres by axis.
    centres_m: [[f32; EIGHT]; 3],
    /// In [`ROUGH_STEP_M`].
    steps: [f32; EIGHT],
}

impl Cubes {
    /// Finds the cubes of people whose leaves were scanned; some cube where there is none.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn of(places: &[Place; EIGHT], scanned: &[Scanned]) -> Self {
        let mut cubes = Self {
            centres_m: [[0.0; EIGHT]; 3],
            steps: [0.0; EIGHT],
        };
        for leaf in scanned {
            // Without branches: how many are of one leaf cannot be foretold.
            let there = places.map(|place| leaf.holds(place));
            let put = |numbers: &mut [f32; EIGHT], own: f32| {
                for (number, is_there) in numbers.iter_mut().zip(there) {
                    *number = if is_there { own } else { *number };
                }
            };
            let [xs, ys, zs] = &mut cubes.centres_m;
            let [x, y, z] = leaf.cube.centre_m;
            put(xs, x);
            put(ys, y);
            put(zs, z);
            put(&mut cubes.steps, leaf.cube.step());
        }
        cubes
    }

    /// Where somebody's cube begins on an axis, in metres: a sum without rounding.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn corner_m(&self, axis: usize, at: usize) -> f64 {
        corner_m(self.centres_m[axis][at], self.steps[at])
    }

    /// The steps of somebody's cube in metres.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(super) fn step_m(&self, at: usize) -> f64 {
        f64::from(self.steps[at]) * ROUGH_STEP_M
    }
}

/// Metres from the centre of a cube to its sides.
fn half_m(shift: u8) -> f64 {
    let cube = Cube {
        shift,
        ..Cube::NONE
    };
    cube.step_m() * f64::from(HALF)
}

/// A place as a scan asks from it.
#[derive(Clone, Copy, Debug)]
pub(super) enum View {
    Wide(Rough),
    /// In [`ROUGH_STEP_M`], as the step of the cube.
    Narrow {
        from: [f32; 3],
        step: f32,
    },
}

impl View {
    /// How a scan of a leaf that has a cube asks from a place.
    #[inline]
    pub(super) fn within(cube: Cube, xyz_m: [f64; 3]) -> Self {
        Self::Narrow {
            from: cube.view(xyz_m),
            step: cube.step(),
        }
    }

    /// How much farther or nearer a rough place may be than the place is, in
    /// [`ROUGH_STEP_M`], beside what single precision adds to it relatively.
    ///
    /// In a cube the middles of steps count: half a step on each axis, and a 256th for the
    /// rounding of a place that is asked from within it.
    #[inline]
    pub(super) fn error(&self) -> f32 {
        match self {
            Self::Wide(_) => WIDE_ERROR,
            Self::Narrow { step, .. } => step * NARROW_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use h3o::{CellIndex, Resolution};

    use super::*;
    use crate::index::grid::cap_of;

    /// From 0 up to 1.
    fn uniform(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
            let number = (state >> 11) as f64 / (1_u64 << 53) as f64;
            number
        }
    }

    fn cube_of(cell: CellIndex) -> (Cube, f64) {
        let home = cap_of(cell.into());
        let home_m = f64::from(home.radius_m);
        let cube = Cube {
            centre_m: home.centre_m,
            shift: Cube::shift_for(home_m),
        };
        (cube, home_m)
    }

    #[test]
    fn every_cells_home_has_room_in_its_cube() {
        let coarsest = CellIndex::base_cells();
        let finer = Resolution::range(Resolution::One, Resolution::Fifteen)
            .flat_map(|resolution| CellIndex::base_cells().map(move |cell| (cell, resolution)))
            .filter_map(|(cell, resolution)| cell.center_child(resolution));
        for cell in coarsest.chain(finer) {
            let (cube, home_m) = cube_of(cell);
            assert!(half_m(cube.shift) > home_m * 1.01, "{cell}");
            assert!(cube.shift == 0 || half_m(cube.shift - 1) < home_m * 1.03);
        }
    }

    #[test]
    fn a_place_in_a_cube_is_what_it_was_to_the_bit() {
        let mut next = uniform(3);
        for cell in CellIndex::base_cells() {
            for resolution in Resolution::range(Resolution::Zero, Resolution::Fifteen) {
                let (cube, home_m) = cube_of(cell.center_child(resolution).expect("finer"));
                let home_m = home_m / 3.0_f64.sqrt();
                let place_m = cube.centre_m.map(|axis_m| {
                    let away_m = (next() * 2.0 - 1.0) * home_m;
                    f64::from(axis_m) + away_m
                });
                let point = Point::from_steps(steps_of(place_m));
                let (steps, rest) = cube.split(point.xyz_m()).expect("inside");
                assert!(rest.iter().all(|rest| *rest < 1 << cube.shift));
                assert_eq!(cube.join(steps, rest), point);
            }
        }
    }

    #[test]
    fn a_rough_distance_is_off_by_no_more_than_is_said() {
        let mut next = uniform(5);
        for round in 0..200_000_u32 {
            let cube = Cube {
                centre_m: [0; 3].map(|_| {
                    #[expect(clippy::cast_possible_truncation, reason = "test data")]
                    let axis_m = (next() * 2e5 - 1e5).round() as f32;
                    axis_m
                }),
                shift: u8::try_from(round % 22).expect("small") + 15,
            };
            let reach_m = half_m(cube.shift) * 0.9;
            let mut near = |reach_m: f64| {
                cube.centre_m
                    .map(|axis_m| f64::from(axis_m) + (next() * 2.0 - 1.0) * reach_m)
            };
            let person = near(reach_m);
            let ways_m = [reach_m, reach_m * 1e-3, 1e7];
            let from_m = near(ways_m[round as usize % 3]);
            let (steps, _) = cube.split(person).expect("inside");
            let view = View::within(cube, from_m);
            let View::Narrow { from, step } = view else {
                unreachable!("it is in a cube");
            };
            let squared: f32 = (0..3)
                .map(|axis| (f32::from(steps[axis]) * step - from[axis]).powi(2))
                .sum();
            let rough_m = f64::from(squared).sqrt() * ROUGH_STEP_M;
            let truth_m = (0..3)
                .map(|axis| (person[axis] - from_m[axis]).powi(2))
                .sum::<f64>()
                .sqrt();
            let error_m = f64::from(view.error()) * ROUGH_STEP_M + truth_m * 2.1e-7;
            assert!((rough_m - truth_m).abs() <= error_m, "{rough_m} {truth_m}");
        }
    }

    #[test]
    fn who_is_outside_a_cube_or_in_its_last_step_is_not_in_it() {
        let cube = Cube {
            centre_m: [100.0, -7.0, 6e6],
            shift: 24,
        };
        let half_m = half_m(cube.shift);
        let centre_m = cube.centre_m.map(f64::from);
        for axis in 0..3 {
            for (away_m, is_in) in [
                (-half_m, true),
                (-half_m - 1e-6, false),
                (half_m - cube.step_m() - 1e-6, true),
                (half_m - cube.step_m(), false),
                (half_m, false),
                (1.2e7, false),
                (-1.2e7, false),
            ] {
                let mut place_m = centre_m;
                place_m[axis] += away_m;
                assert_eq!(cube.split(place_m).is_some(), is_in, "{away_m}");
            }
        }
    }

    #[test]
    fn the_cube_of_each_is_that_of_the_leaf_that_was_scanned() {
        let cube = |shift| Cube {
            shift,
            ..Cube::NONE
        };
        let scanned = [
            Scanned::new(&(4..6), cube(20)),
            Scanned::new(&(6..9), cube(21)),
        ];
        let places = |groups: [usize; EIGHT]| groups.map(|group| Place::new(group, group));
        let places = places([4, 5, 6, 7, 8, 4, 4, 4]);
        let steps = Cubes::of(&places, &scanned).steps;
        let shifts = [20, 20, 21, 21, 21, 20, 20, 20];
        assert_eq!(
            steps.map(f32::to_bits),
            shifts.map(|shift| cube(shift).step().to_bits())
        );
    }
}
