//! Degrees of many places, made points side by side.

use super::kernel::{Kernel, Work, run};
use crate::error::InvalidPoint;
use crate::point::Point;

/// Eight latitudes and eight longitudes to be made points by any kernel.
struct Turning<'a> {
    degrees: &'a [[f64; 8]; 2],
    into: &'a mut [Point; 8],
    refused: &'a mut Option<InvalidPoint>,
}

impl Work for Turning<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the trait says why")]
    fn run<K: Kernel>(self, _kernel: K) {
        *self.refused = Point::eight(self.degrees, self.into).err();
    }
}

/// Eight places at once, latitudes first: each as [`Point::new`] gives it, to the bit.
///
/// # Errors
///
/// [`InvalidPoint`] for the first that cannot be; `into` is as it was then.
pub fn eight_points(degrees: &[[f64; 8]; 2], into: &mut [Point; 8]) -> Result<(), InvalidPoint> {
    let mut refused = None;
    run(Turning {
        degrees,
        into,
        refused: &mut refused,
    });
    refused.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(point: &Point) -> [u64; 3] {
        point.xyz_m().map(f64::to_bits)
    }

    #[test]
    fn eight_are_as_one_by_one_to_the_bit() {
        // Poles, the antimeridian, the equator, both zeros.
        let odd_lats = [90.0, -90.0, 0.0, -0.0].into_iter().cycle();
        let odd_lons = [180.0, -180.0, 0.0, -0.0, 90.0].into_iter().cycle();
        let mut nth = 0.0;
        for (odd_lat, odd_lon) in odd_lats.zip(odd_lons).take(20_000) {
            let mut degrees = [[0.0; 8]; 2];
            let [lats, lons] = &mut degrees;
            for (lat, lon) in lats.iter_mut().zip(lons) {
                nth += 1.0;
                *lat = (nth * 0.618_034_f64).rem_euclid(180.0) - 90.0;
                *lon = (nth * 0.754_878_f64).rem_euclid(360.0) - 180.0;
            }
            (degrees[0][3], degrees[1][5]) = (odd_lat, odd_lon);
            (degrees[0][6], degrees[1][6]) = (odd_lat, odd_lon);
            let (mut here, mut portable) = ([Point::ZERO; 8], [Point::ZERO; 8]);
            eight_points(&degrees, &mut here).expect("valid");
            Point::eight(&degrees, &mut portable).expect("valid");
            for lane in 0..8 {
                let alone = Point::new(degrees[0][lane], degrees[1][lane]).expect("valid");
                assert_eq!(bits(&here[lane]), bits(&alone));
                assert_eq!(bits(&portable[lane]), bits(&alone));
            }
        }
    }

    #[test]
    fn the_first_that_cannot_be_is_refused() {
        let mut degrees = [[1.0; 8]; 2];
        (degrees[0][7], degrees[1][3]) = (91.0, f64::NAN);
        let mut points = [Point::ZERO; 8];
        let refused = eight_points(&degrees, &mut points).expect_err("two are wrong");
        assert_eq!(points, [Point::ZERO; 8]);
        assert!(refused.component == "lon_deg" && refused.value_deg.is_nan());
    }
}
