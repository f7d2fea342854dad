//! A place on the surface of WGS84, valid by construction.

use core::f64::consts::FRAC_PI_2;

use crate::error::InvalidPoint;

/// Equatorial radius of WGS84 in metres (NGA.STND.0036, table 3.1).
pub const EQUATORIAL_RADIUS_M: f64 = 6_378_137.0;

/// Flattening of WGS84 (NGA.STND.0036, table 3.1).
pub const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// Square of the first eccentricity.
pub(crate) const ECCENTRICITY_SQUARED: f64 = FLATTENING * (2.0 - FLATTENING);

/// Places lie on a grid of 2^-30 m: what doubles as large as the earth's radius resolve.
pub(crate) const STEPS_A_METRE: f64 = 1_073_741_824.0;

/// A place on the ellipsoid, held as earth-centred, earth-fixed coordinates in metres.
///
/// Coordinates are cut to multiples of 2^-30 m, 1 nm, so that an index can hold them in
/// integers without loss.
///
/// The straight line between two such places is monotone enough in the geodesic to search
/// by it, and knows neither poles nor an antimeridian.
///
/// ```
/// let pole = geocore::Point::new(90.0, 123.0)?;
/// assert!((pole.lat_deg() - 90.0).abs() < 1e-9);
/// assert!(geocore::Point::new(90.1, 0.0).is_err());
/// # Ok::<(), geocore::InvalidPoint>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    xyz_m: [f64; 3],
}

impl Point {
    /// No degrees north, no degrees east.
    pub(crate) const ZERO: Self = Self {
        xyz_m: [EQUATORIAL_RADIUS_M, 0.0, 0.0],
    };

    /// Builds a point from degrees, latitude first (ISO 6709).
    ///
    /// # Errors
    ///
    /// [`InvalidPoint`] when a component is not finite, the latitude leaves ±90 or the
    /// longitude leaves ±180.
    #[inline]
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, InvalidPoint> {
        check(lat_deg, lon_deg)?;
        let sin_cos = [sin_cos_deg(lat_deg), sin_cos_deg(lon_deg)];
        Ok(Self::from_surface(surface_m(sin_cos)))
    }

    /// Eight points side by side, each to the bit as [`Point::new`] gives it: a loop of which
    /// a compiler makes vectors.
    ///
    /// # Errors
    ///
    /// As [`Point::new`], for the first that cannot be.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "must take on the caller's target features"
    )]
    pub(crate) fn eight(degrees: &[[f64; 8]; 2], into: &mut [Self; 8]) -> Result<(), InvalidPoint> {
        let [lats_deg, lons_deg] = degrees;
        for (lat_deg, lon_deg) in lats_deg.iter().zip(lons_deg) {
            check(*lat_deg, *lon_deg)?;
        }
        let mut axes_m = [[0.0; 8]; 3];
        for lane in 0..8 {
            let place_m = surface_m([sin_cos_deg(lats_deg[lane]), sin_cos_deg(lons_deg[lane])]);
            for axis in 0..3 {
                // The same cut as `from_surface` makes; a sum with 0 has no -0.
                let steps = (place_m[axis] * STEPS_A_METRE).trunc() + 0.0;
                axes_m[axis][lane] = steps * (1.0 / STEPS_A_METRE);
            }
        }
        for (lane, point) in into.iter_mut().enumerate() {
            point.xyz_m = axes_m.map(|axis_m| axis_m[lane]);
        }
        Ok(())
    }

    /// Takes earth-centred coordinates that are known to lie on the ellipsoid.
    #[inline]
    pub(crate) fn from_surface(xyz_m: [f64; 3]) -> Self {
        Self::from_steps(steps_of(xyz_m))
    }

    /// The place on the ellipsoid in line with the earth's centre and a point that is not it;
    /// as far away as can be from any other.
    pub(crate) fn below([x, y, z]: [f64; 3]) -> Self {
        let polar = 1.0 - ECCENTRICITY_SQUARED;
        let level_m = (x * x + y * y + z * z / polar).sqrt();
        Self::from_surface([x, y, z].map(|axis| axis * (EQUATORIAL_RADIUS_M / level_m)))
    }

    /// Takes earth-centred coordinates in steps of the grid.
    #[inline]
    pub(crate) fn from_steps(steps: [i64; 3]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let xyz_m = steps.map(|axis| axis as f64 * (1.0 / STEPS_A_METRE));
        Self { xyz_m }
    }

    /// Earth-centred, earth-fixed coordinates in metres.
    #[must_use]
    #[inline]
    pub const fn xyz_m(&self) -> [f64; 3] {
        self.xyz_m
    }

    /// The same by reference, for whoever asks for their cache line.
    #[inline]
    pub(crate) const fn axes_m(&self) -> &[f64; 3] {
        &self.xyz_m
    }

    /// Geodetic latitude in degrees, -90 to 90.
    #[must_use]
    pub fn lat_deg(&self) -> f64 {
        let [x, y, z] = self.xyz_m;
        let parallel_m = x.hypot(y);
        // On the surface the geodetic latitude has a closed form.
        z.atan2((1.0 - ECCENTRICITY_SQUARED) * parallel_m)
            .to_degrees()
    }

    /// Longitude in degrees, -180 to 180.
    #[must_use]
    pub fn lon_deg(&self) -> f64 {
        self.xyz_m[1].atan2(self.xyz_m[0]).to_degrees()
    }

    /// Square of the straight line to another point, in square metres.
    ///
    /// A difference, not a dot product: exact to a nanometre where a dot product loses 0.1 m.
    #[must_use]
    #[inline]
    pub fn chord_squared_m2(&self, other: &Self) -> f64 {
        let [ax, ay, az] = self.xyz_m;
        let [bx, by, bz] = other.xyz_m;
        let (dx, dy, dz) = (ax - bx, ay - by, az - bz);
        dx * dx + dy * dy + dz * dz
    }
}

/// Coordinates in steps of the grid; exact for those of a [`Point`].
#[inline]
pub(crate) fn steps_of(xyz_m: [f64; 3]) -> [i64; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "the grid is meant")]
    xyz_m.map(|metres| (metres * STEPS_A_METRE) as i64)
}

/// Earth-centred coordinates of a place on the ellipsoid, from sine and cosine of latitude
/// and longitude.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn surface_m([(sin_lat, cos_lat), (sin_lon, cos_lon)]: [(f64, f64); 2]) -> [f64; 3] {
    let normal_m = EQUATORIAL_RADIUS_M / (1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat).sqrt();
    let parallel_m = normal_m * cos_lat;
    [
        parallel_m * cos_lon,
        parallel_m * sin_lon,
        normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat,
    ]
}

#[inline]
fn check(lat_deg: f64, lon_deg: f64) -> Result<(), InvalidPoint> {
    if !(-90.0..=90.0).contains(&lat_deg) {
        return Err(InvalidPoint {
            component: "lat_deg",
            value_deg: lat_deg,
            reason: "is not in -90 to 90",
        });
    }
    if !(-180.0..=180.0).contains(&lon_deg) {
        return Err(InvalidPoint {
            component: "lon_deg",
            value_deg: lon_deg,
            reason: "is not in -180 to 180",
        });
    }
    Ok(())
}

/// Sine and cosine of an angle within ±180 degrees, exact at multiples of 90.
///
/// The reduction to ±45 degrees happens in degrees, where it has no rounding; Taylor's series
/// then ends below one unit in the last place. Without branches, so that batches vectorise.
#[inline(always)] // must take on the caller's target features
fn sin_cos_deg(angle_deg: f64) -> (f64, f64) {
    // Adding 1.5 * 2^52 leaves no room for a fraction: a rounding without a library call.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    // Half-way between two quarters either will do.
    let quarter = (angle_deg * (1.0 / 90.0) + ROUNDER) - ROUNDER;
    let x = (angle_deg - quarter * 90.0) * (FRAC_PI_2 / 90.0);
    let x2 = x * x;
    let sin = x + x * x2 * sin_tail(x2);
    let cos = 1.0 + x2 * cos_tail(x2);
    // Quarter turns -2 to 2, as a rotation by (cos, sin) of the turn.
    let turn_sin = if quarter.abs() > 1.5 { 0.0 } else { quarter };
    let turn_cos = 1.0 - quarter.abs();
    (
        sin * turn_cos + cos * turn_sin,
        cos * turn_cos - sin * turn_sin,
    )
}

/// `(sin x - x) / x^3` for `|x|` up to a quarter of pi.
#[inline(always)] // must take on the caller's target features
fn sin_tail(x2: f64) -> f64 {
    const FACTORS: [f64; 8] = [
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5_040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 355_687_428_096_000.0,
    ];
    polynomial(&FACTORS, x2)
}

/// `(cos x - 1) / x^2` for `|x|` up to a quarter of pi.
#[inline(always)] // must take on the caller's target features
fn cos_tail(x2: f64) -> f64 {
    const FACTORS: [f64; 8] = [
        -1.0 / 2.0,
        1.0 / 24.0,
        -1.0 / 720.0,
        1.0 / 40_320.0,
        -1.0 / 3_628_800.0,
        1.0 / 479_001_600.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 20_922_789_888_000.0,
    ];
    polynomial(&FACTORS, x2)
}

/// Estrin's scheme: three steps deep where Horner's is eight.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must take on the caller's target features"
)]
fn polynomial(f: &[f64; 8], x: f64) -> f64 {
    let (x2, x4) = (x * x, (x * x) * (x * x));
    let low = (f[0] + f[1] * x) + (f[2] + f[3] * x) * x2;
    let high = (f[4] + f[5] * x) + (f[6] + f[7] * x) * x2;
    low + high * x4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_where_equator_and_prime_meridian_cross() {
        assert_eq!(Point::new(0.0, 0.0), Ok(Point::ZERO));
    }

    #[test]
    fn sines_agree_with_the_standard_library() {
        for step in -36_000..=36_000 {
            let angle_deg = f64::from(step) * 0.005;
            let (sin, cos) = sin_cos_deg(angle_deg);
            let (sin_std, cos_std) = angle_deg.to_radians().sin_cos();
            assert!((sin - sin_std).abs() < 5e-16, "{angle_deg}");
            assert!((cos - cos_std).abs() < 5e-16, "{angle_deg}");
        }
    }

    #[test]
    fn the_antimeridian_is_one_line() {
        let east = Point::new(12.0, 180.0).expect("valid");
        let west = Point::new(12.0, -180.0).expect("valid");
        assert!(east.chord_squared_m2(&west) < f64::MIN_POSITIVE);
    }

    #[test]
    fn degrees_survive_the_way_there_and_back() {
        for (lat_deg, lon_deg) in [(0.0, 0.0), (59.3, 18.1), (-89.999, -179.999), (45.0, 90.0)] {
            let point = Point::new(lat_deg, lon_deg).expect("valid");
            assert!((point.lat_deg() - lat_deg).abs() < 1e-13);
            // In metres, not in degrees: the grid is as fine at the poles as elsewhere.
            let shrink = lat_deg.to_radians().cos();
            assert!(((point.lon_deg() - lon_deg) * shrink).abs() < 1e-13);
        }
    }
}
