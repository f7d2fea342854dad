//! Any degrees and cells: what is no place is refused, and all ways to measure agree.
//!
//! `python3 dev fuzz places`.
#![no_main]

use arbitrary::{Result, Unstructured};
use geocore::{
    Places, Point, approximate_m, approximation_bound_m, cell_boundary, cell_of, chord_max_m,
    eight_points, geodesic_max_m, karney_m, rival_chord_max_m,
};
use libfuzzer_sys::fuzz_target;

/// What rounding of places to 1 nm may add to a bound that is exact without.
const PLACES_M: f64 = 2e-8;

/// Half of the equator's length is more than any geodesic.
const GEODESIC_MAX_M: f64 = 20_037_509.0;

/// Any double, or degrees in steps of 90 / 2^31, which are all valid latitudes.
fn degrees(bytes: &mut Unstructured<'_>) -> Result<f64> {
    Ok(if bytes.ratio(1, 4)? {
        bytes.arbitrary()?
    } else {
        f64::from(bytes.arbitrary::<i32>()?) * (90.0 / 2_147_483_648.0)
    })
}

/// A place, twice as far east, or none; refused only as it should be.
fn place(bytes: &mut Unstructured<'_>) -> Result<Option<(f64, f64, Point)>> {
    let (lat_deg, lon_deg) = (degrees(bytes)?, degrees(bytes)? * 2.0);
    let valid = lat_deg.abs() <= 90.0 && lon_deg.abs() <= 180.0;
    let point = Point::new(lat_deg, lon_deg);
    assert_eq!(point.is_ok(), valid, "{lat_deg} {lon_deg}");
    assert_eq!(cell_of(lat_deg, lon_deg, 15).is_ok(), valid);
    assert_eq!(Places::new([(lat_deg, lon_deg, 1)]).is_ok(), valid);
    Ok(point.ok().map(|point| (lat_deg, lon_deg, point)))
}

fn check_pair(from: &Point, to: &Point) {
    let (metres, chord_m) = (karney_m(from, to), from.chord_squared_m2(to).sqrt());
    assert!((0.0..GEODESIC_MAX_M).contains(&metres), "{metres}");
    assert!((metres - karney_m(to, from)).abs() <= PLACES_M);
    let off_m = (approximate_m(from, to) - metres).abs();
    assert!(
        off_m <= approximation_bound_m(chord_m),
        "{off_m} at {chord_m}"
    );
    assert!(metres >= chord_m - PLACES_M);
    assert!(metres <= geodesic_max_m(chord_m) + PLACES_M);
    assert!(chord_m <= chord_max_m(metres) + PLACES_M);
    assert!(rival_chord_max_m(chord_m) >= chord_m);
}

fn check_cells(lat_deg: f64, lon_deg: f64, point: &Point, resolution: u8, inhabitants: u64) {
    let Ok(cell) = cell_of(lat_deg, lon_deg, resolution) else {
        assert!(resolution > 15);
        return;
    };
    assert!(resolution <= 15);
    let corners = cell_boundary(cell).expect("a cell");
    assert!((5..=10).contains(&corners.len()));
    let corner = |(lat, lon): &(f64, f64)| Point::new(*lat, *lon).expect("a corner");
    let from_corner = |at| karney_m(point, &corner(at));
    let nearest_m = corners.iter().map(from_corner).fold(f64::MAX, f64::min);
    // The largest cell of resolution 0 reaches some 1,300 km; each finer one 1 / sqrt(7).
    let reach_m = 1_600_000.0 * 7_f64.powf(-f64::from(resolution) / 2.0);
    assert!(nearest_m <= reach_m, "{nearest_m} m from {cell:x}");
    let towns = Places::new([(lat_deg, lon_deg, inhabitants)]).expect("valid");
    assert_eq!(towns.inhabitants(cell), inhabitants);
    let public = |least| towns.public_cell(lat_deg, lon_deg, least).expect("valid");
    let finest = cell_of(lat_deg, lon_deg, 15).expect("valid");
    assert_eq!(public(inhabitants), (inhabitants > 0).then_some(finest));
    assert_eq!(
        public(inhabitants.saturating_add(1)).is_some(),
        inhabitants == u64::MAX
    );
}

fn check_eight(lat_deg: f64, lon_deg: f64, point: &Point, odd: [f64; 2]) {
    let mut degrees = [[lat_deg; 8], [lon_deg; 8]];
    degrees[0][3] = odd[0];
    degrees[1][6] = odd[1];
    let alone = [0, 1, 2, 3, 4, 5, 6, 7].map(|lane| Point::new(degrees[0][lane], degrees[1][lane]));
    let mut points = [*point; 8];
    let turned = eight_points(&degrees, &mut points);
    assert_eq!(turned.is_ok(), alone.iter().all(Result::is_ok));
    if turned.is_ok() {
        for (eighth, alone) in points.iter().zip(&alone) {
            assert_eq!(Ok(eighth), alone.as_ref());
        }
    }
    assert_eq!(alone[0].as_ref(), Ok(point));
}

fn check(bytes: &mut Unstructured<'_>) -> Result<()> {
    if let Ok(corners) = cell_boundary(bytes.arbitrary()?) {
        assert!(
            corners
                .iter()
                .all(|(lat, lon)| Point::new(*lat, *lon).is_ok())
        );
    }
    let Some((lat_deg, lon_deg, from)) = place(bytes)? else {
        return Ok(());
    };
    check_cells(
        lat_deg,
        lon_deg,
        &from,
        bytes.arbitrary()?,
        bytes.arbitrary()?,
    );
    let odd = [degrees(bytes)?, degrees(bytes)?];
    check_eight(lat_deg, lon_deg, &from, odd);
    // A step from there, or from its antipode, or anywhere.
    let step_deg = f64::from(bytes.arbitrary::<i32>()?)
        * 10_f64.powi(-i32::from(bytes.arbitrary::<u8>()? % 20));
    let near = (lat_deg + step_deg, lon_deg - step_deg);
    let opposite = (
        -lat_deg + step_deg,
        lon_deg - 180.0_f64.copysign(lon_deg) + step_deg,
    );
    for (lat, lon) in [near, opposite] {
        if let Ok(to) = Point::new(lat, lon) {
            check_pair(&from, &to);
        }
    }
    if let Some((_, _, to)) = place(bytes)? {
        check_pair(&from, &to);
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    // Bytes that end too early are no fault.
    let _ = check(&mut Unstructured::new(data));
});
