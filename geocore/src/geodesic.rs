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
