//! Distance over the ellipsoid from the straight line through it, with its bounds.

use core::f64::consts::PI;
use std::sync::LazyLock;

use geographiclib_rs::{Geodesic, InverseGeodesic};

use crate::point::{ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M, FLATTENING, Point};

static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// Smallest radius of curvature of any normal section: along the meridian at the equator.
pub const CURVATURE_RADIUS_MIN_M: f64 = EQUATORIAL_RADIUS_M * (1.0 - ECCENTRICITY_SQUARED);

/// Largest radius of curvature of any normal section: at the poles.
pub const CURVATURE_RADIUS_MAX_M: f64 = EQUATORIAL_RADIUS_M / (1.0 - FLATTENING);

/// Straight lines longer than this are settled by [`karney_m`] alone.
///
/// Beyond it geodesics leave the great ellipse, and near the antipode they jump.
pub const CHORD_FAR_M: f64 = 9_000_000.0;

/// Length of the geodesic in metres, by Karney's algorithm.
///
/// Source: C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87 (2013), 43-55,
/// DOI 10.1007/s00190-012-0578-z. Accurate to 15 nm at any distance.
///
/// ```
/// use geocore::{Point, karney_m};
/// let (a, b) = (Point::new(0.0, 0.0)?, Point::new(0.0, 90.0)?);
/// assert!((karney_m(&a, &b) - 10_018_754.171_394_6).abs() < 1e-6);
/// # Ok::<(), geocore::InvalidPoint>(())
/// ```
#[must_use]
pub fn karney_m(from: &Point, to: &Point) -> f64 {
    if from == to {
        return 0.0;
    }
    WGS84.inverse(from.lat_deg(), from.lon_deg(), to.lat_deg(), to.lon_deg())
}

/// Longest geodesic in metres between places so far apart in a straight line.
///
/// By Schur's comparison theorem: a curve bent nowhere more than a circle has a chord no
/// shorter than the circle's arc of the same length. Infinite where the theorem ends.
#[must_use]
pub fn geodesic_max_m(chord_m: f64) -> f64 {
    let half = chord_m / (2.0 * CURVATURE_RADIUS_MIN_M);
    if half < 1.0 {
        2.0 * CURVATURE_RADIUS_MIN_M * half.asin()
    } else {
        f64::INFINITY
    }
}

/// Longest straight line in metres under a geodesic of this length.
///
/// The circle of the largest radius of curvature, with 1 m in 100 km of margin on the
/// radius: computed, not derived (`cargo run --example bounds`).
#[must_use]
pub fn chord_max_m(geodesic_m: f64) -> f64 {
    const RADIUS_M: f64 = CURVATURE_RADIUS_MAX_M * (1.0 + 1e-5);
    let half_angle = geodesic_m / (2.0 * RADIUS_M);
    if half_angle < PI / 2.0 {
        2.0 * RADIUS_M * half_angle.sin()
    } else {
        f64::INFINITY
    }
}

/// Longest straight line in metres to a place whose geodesic is not longer than that of
/// some place at `chord_m`, with 10 nm of margin for the rounding of places.
#[must_use]
pub fn rival_chord_max_m(chord_m: f64) -> f64 {
    chord_max_m(geodesic_max_m(chord_m)) + 1e-8
}

/// `1 / a^2` and `1 / b^2`: the ellipsoid is where `(x^2 + y^2) / a^2 + z^2 / b^2` is 1.
const EQUATORIAL: f64 = 1.0 / (EQUATORIAL_RADIUS_M * EQUATORIAL_RADIUS_M);
const POLAR: f64 = EQUATORIAL / (1.0 - ECCENTRICITY_SQUARED);

/// Straight lines up to this are bent by [`Chord::osculating_m`], longer ones by
/// [`Chord::great_ellipse_m`].
const CHORD_NEAR_M: f64 = 100_000.0;

/// How far [`approximate_m`] may be from [`karney_m`], in metres.
///
/// Computed with a factor of at least 2 in hand (`cargo run --example bounds`): below 1 mm
/// up to 1,500 km, 6 m at [`CHORD_FAR_M`], and Karney's own accuracy beyond.
#[must_use]
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
pub fn approximation_bound_m(chord_m: f64) -> f64 {
    if chord_m < CHORD_FAR_M {
        surface_bound_m(chord_m)
    } else {
        PLACES_M
    }
}

/// What rounding the places may add to a distance or take from it.
const PLACES_M: f64 = 2e-8;

/// [`approximation_bound_m`] up to [`CHORD_FAR_M`].
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn surface_bound_m(chord_m: f64) -> f64 {
    // The wave's fourth power is left out; so is what changes along the way.
    let near = chord_m < CHORD_NEAR_M;
    let linear = if near { 0.0 } else { 1.2e-11 };
    let fifth = if near { 0.06 } else { 1e-4 };
    let far = chord_m * 1e-6;
    PLACES_M + linear * chord_m + fifth * (far * far) * (far * far) * far
}

/// Length of the geodesic in metres from the straight line, without Karney's iteration.
///
/// Within [`approximation_bound_m`], up to [`CHORD_FAR_M`]; [`karney_m`] beyond it.
#[must_use]
#[inline]
pub fn approximate_m(from: &Point, to: &Point) -> f64 {
    let chord = Chord::new(from.xyz_m(), to.xyz_m());
    if chord.squared < CHORD_NEAR_M * CHORD_NEAR_M {
        chord.osculating_m()
    } else if chord.squared < CHORD_FAR_M * CHORD_FAR_M {
        chord.great_ellipse_m()
    } else {
        karney_m(from, to)
    }
}

/// [`approximate_m`], and how far it may be off.
pub(crate) fn measured_m(from: &Point, to: &Point) -> (f64, f64) {
    let squared = from.chord_squared_m2(to);
    let bound_m = if squared < CHORD_FAR_M * CHORD_FAR_M {
        surface_bound_m(squared.sqrt())
    } else {
        PLACES_M
    };
    (approximate_m(from, to), bound_m)
}

/// How many places [`approximate_eight`] takes.
pub(crate) const EIGHT: usize = 8;

/// Earth-centred coordinates of eight places, in metres, axis by axis.
pub(crate) type Columns = [[f64; EIGHT]; 3];

/// [`approximate_m`] and [`approximation_bound_m`] for eight places side by side, to the
/// bit: loops without branches, which a compiler makes vectors of.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
pub(crate) fn approximate_eight(from: &Point, to: &Columns) -> ([f64; EIGHT], [f64; EIGHT]) {
    let from_m = from.xyz_m();
    let (mut metres, mut squared, mut bounds_m) = ([0.0; EIGHT], [0.0; EIGHT], [0.0; EIGHT]);
    let (mut near, mut far) = (0_u64, 0_u64);
    for (lane, squared) in squared.iter_mut().enumerate() {
        *squared = Chord::new(from_m, at(to, lane)).squared;
        near += u64::from(*squared < CHORD_NEAR_M * CHORD_NEAR_M);
        far += u64::from(*squared >= CHORD_FAR_M * CHORD_FAR_M);
    }
    for (bound_m, squared) in bounds_m.iter_mut().zip(&squared) {
        *bound_m = surface_bound_m(squared.sqrt());
    }
    if near > 0 {
        for (lane, metres) in metres.iter_mut().enumerate() {
            *metres = Chord::new(from_m, at(to, lane)).osculating_m();
        }
    }
    if near < EIGHT as u64 {
        for lane in 0..EIGHT {
            let far_m = Chord::new(from_m, at(to, lane)).great_ellipse_m();
            let is_near = squared[lane] < CHORD_NEAR_M * CHORD_NEAR_M;
            metres[lane] = if is_near { metres[lane] } else { far_m };
        }
    }
    if far > 0 {
        for lane in 0..EIGHT {
            if squared[lane] >= CHORD_FAR_M * CHORD_FAR_M {
                let place = Point::from_surface(at(to, lane));
                metres[lane] = karney_m(from, &place);
                bounds_m[lane] = PLACES_M;
            }
        }
    }
    (metres, bounds_m)
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn at(columns: &Columns, lane: usize) -> [f64; 3] {
    [columns[0][lane], columns[1][lane], columns[2][lane]]
}

/// Of the arc sine over the sine: the polynomial in `4 s^2 - 1` that meets it in the sixteen
/// Chebyshev nodes of squares from 0 to 0.504.
const ASIN: [f64; 16] = [
    1.047_197_551_196_593_2,
    0.053_751_493_591_316_146,
    0.007_798_902_239_550_878,
    0.001_519_668_540_162_771_8,
    0.000_340_863_711_591_359_9,
    8.302_316_970_707_24e-5,
    2.134_564_456_774_849_3e-5,
    5.701_835_174_117_719e-6,
    1.566_613_248_757_650_2e-6,
    4.400_283_768_649_67e-7,
    1.265_603_916_495_981e-7,
    3.679_759_711_480_411_6e-8,
    9.905_705_959_446_938e-9,
    2.867_314_888_705_135_4e-9,
    1.398_147_722_563_601_8e-9,
    4.401_517_982_332_64e-10,
];

/// Arc sine of a sine from 0 to 0.709 over the sine, given its square: within 1e-14 of
/// itself, without branches or divisions.
///
/// By Estrin's scheme, for what follows waits.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn asin_over(sin_squared: f64) -> f64 {
    let x = 4.0 * sin_squared - 1.0;
    let x2 = x * x;
    let x4 = x2 * x2;
    let four = |n: usize| {
        let f = &ASIN[n..n + 4];
        (f[0] + f[1] * x) + (f[2] + f[3] * x) * x2
    };
    (four(0) + four(4) * x4) + (four(8) + four(12) * x4) * (x4 * x4)
}

/// A straight line through the ellipsoid.
struct Chord {
    /// From end to end.
    line: [f64; 3],
    /// Half-way.
    middle: [f64; 3],
    /// Length, squared.
    squared: f64,
    /// The line in the ellipsoid's own quadratic form.
    bend: f64,
    /// The gradient of that form half-way, squared.
    slope_squared: f64,
}

impl Chord {
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn new([ax, ay, az]: [f64; 3], [bx, by, bz]: [f64; 3]) -> Self {
        let [dx, dy, dz] = [ax - bx, ay - by, az - bz];
        let [mx, my, mz] = [0.5 * (ax + bx), 0.5 * (ay + by), 0.5 * (az + bz)];
        let parallel = dx * dx + dy * dy;
        Self {
            line: [dx, dy, dz],
            middle: [mx, my, mz],
            squared: parallel + dz * dz,
            bend: parallel * EQUATORIAL + dz * dz * POLAR,
            slope_squared: (mx * mx + my * my) * (EQUATORIAL * EQUATORIAL)
                + mz * mz * (POLAR * POLAR),
        }
    }

    /// The arc over the chord in the circle that osculates the normal section half-way.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn osculating_m(&self) -> f64 {
        if self.squared > 0.0 {
            // Half the chord over the radius of curvature where the surface is over the
            // middle, squared; with one division, for they wait for each other.
            let bend_squared = self.bend * self.bend;
            let u2 = 0.25 * bend_squared * (1.0 - 0.25 * self.bend)
                / (self.squared * self.slope_squared);
            let tail = 1.0 / 6.0 + u2 * (3.0 / 40.0 + u2 * (15.0 / 336.0));
            self.squared.sqrt() * (1.0 + u2 * tail)
        } else {
            0.0
        }
    }

    /// The arc over the chord in the plane through the earth's centre, less what the
    /// geodesic saves by leaving that plane.
    ///
    /// With `m` and `d` conjugate half-diameters the arc is `m cos t + d sin t`; its speed
    /// is a constant and a small wave in `2 t`, integrated to the wave's third power.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    fn great_ellipse_m(&self) -> f64 {
        let sin_squared = 0.25 * self.bend;
        let cos_squared = 1.0 - sin_squared;
        let cos = cos_squared.sqrt();
        // Squares of the half-diameters, times those of the sine and the cosine: dividing is
        // left to the end, and all at once, for nothing else takes as long.
        let middle_squared = dot(self.middle, self.middle) * sin_squared;
        let line_squared = 0.25 * self.squared * cos_squared;
        let mean_squared = 0.5 * (middle_squared + line_squared);
        // The plane through the centre and the normal: the sine of the angle between them
        // bends the arc within the surface.
        let [mx, my, mz] = self.middle;
        let gradient = [mx * EQUATORIAL, my * EQUATORIAL, mz * POLAR];
        let across = cross(self.middle, self.line);
        let tilt = dot(gradient, across) * self.bend;
        let scale = self.squared * self.slope_squared;
        let sideways_squared = scale * scale * dot(across, across);

        let inverse = 1.0 / (mean_squared * cos * sideways_squared);
        let inverse_mean = inverse * cos * sideways_squared;
        let inverse_cos = inverse * mean_squared * sideways_squared;
        let inverse_sideways = inverse * mean_squared * cos;
        let even = 0.5 * (line_squared - middle_squared) * inverse_mean;
        let skew = dot(self.middle, self.line) * inverse_mean;
        let odd_squared = 0.25 * skew * skew * (sin_squared * cos_squared);
        // All that follows is over the sine.
        let half = asin_over(sin_squared);
        let quadruple = cos * (cos_squared - sin_squared);
        let cubed = (8.0 / 3.0) * sin_squared * cos_squared * cos;
        let wave = 2.0 * even * cos;
        let wave_squared = even * even * (half + quadruple) + odd_squared * (half - quadruple);
        let wave_cubed = even * (even * even * (2.0 * cos - cubed) + 3.0 * odd_squared * cubed);
        let arc = 2.0 * half + 0.5 * wave - 0.125 * wave_squared + 0.0625 * wave_cubed;
        let arc_m = arc * mean_squared.sqrt() * inverse_cos;
        let sideways = tilt * tilt * cos_squared * inverse_sideways;
        arc_m * (1.0 - sideways * arc_m * arc_m * (1.0 / 24.0))
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arc_sines_are_those_of_the_standard_library() {
        for step in 0..=7_090 {
            let sin = f64::from(step) * 1e-4;
            let angle = sin * asin_over(sin * sin);
            assert!((angle - sin.asin()).abs() <= 1e-14 * angle, "{sin}");
        }
        // The largest that is asked for is below.
        let largest = CHORD_FAR_M / 2.0 * POLAR.sqrt();
        assert!(largest < 0.709);
    }

    #[test]
    fn eight_at_once_are_as_one_by_one() {
        let from = Point::new(59.3, 18.1).expect("valid");
        for step in 0..2_000 {
            let far = f64::from(step) * 0.06;
            let to: [Point; EIGHT] = core::array::from_fn(|lane| {
                let turn = f64::from(u8::try_from(lane).expect("small"));
                Point::new(59.3 - far, 18.1 + far * turn * 0.15).expect("valid")
            });
            let columns = [0, 1, 2].map(|axis| to.map(|place| place.xyz_m()[axis]));
            let (metres, bounds_m) = approximate_eight(&from, &columns);
            for (lane, place) in to.iter().enumerate() {
                let chord_m = from.chord_squared_m2(place).sqrt();
                let (metres_alone, margin_m) =
                    (approximate_m(&from, place), approximation_bound_m(chord_m));
                assert!(metres[lane].total_cmp(&metres_alone).is_eq());
                assert!(bounds_m[lane].total_cmp(&margin_m).is_eq());
            }
        }
    }
}
