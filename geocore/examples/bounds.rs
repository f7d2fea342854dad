//! Computes what the index takes for granted about WGS84 and H3, and fails if it is not so.
//!
//! `cargo run --release --example bounds` prints three tables and the margin left in each:
//! how straight lines bound geodesics, how far the fast distance is off, and how far the
//! nested caps of H3's cells reach. Sampled suprema, not proofs: hence the margins. The first
//! bound has a proof too (Schur), and the tree makes the third true whatever it is.

use geocore::{
    CHORD_FAR_M, Point, approximate_m, approximation_bound_m, chord_max_m, geodesic_max_m, karney_m,
};
use geographiclib_rs::{DirectGeodesic, Geodesic};
use h3o::{CellIndex, LatLng, Resolution};

/// Samples a distance; half of them on a lattice of latitudes and azimuths, where extremes lie.
const SAMPLES: u32 = 40_000;

/// Noise of places and of Karney's distance together.
const NOISE_M: f64 = 2e-8;

fn main() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    distances(&mut dice);
    caps(&mut dice);
}

struct Dice(u64);

impl Dice {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn distances(dice: &mut Dice) {
    println!(
        "{:>9} | {:^23} | {:^31}",
        "", "slack of the bounds, m", "fast distance, m"
    );
    println!(
        "{:>9} | {:>11} {:>11} | {:>9} {:>9} {:>11}",
        "up to, km", "geodesic", "chord", "error", "bound", "margin"
    );
    for km in [
        0.001, 0.1, 1.0, 10.0, 50.0, 90.0, 150.0, 300.0, 600.0, 1e3, 1.5e3, 2e3, 3e3, 5e3, 7e3,
        9e3, 9.9e3, 12e3,
    ] {
        let (mut geodesic, mut chord, mut error, mut used) = (f64::MAX, f64::MAX, 0.0_f64, 0.0_f64);
        let mut bound: f64 = 0.0;
        for nth in 0..SAMPLES {
            let (from, to) = pair(dice, nth, km * 1e3);
            let exact_m = karney_m(&from, &to);
            let chord_m = from.chord_squared_m2(&to).sqrt();
            geodesic = geodesic.min(geodesic_max_m(chord_m) - exact_m);
            chord = chord.min(chord_max_m(exact_m) - chord_m);
            if chord_m < CHORD_FAR_M {
                let off = (approximate_m(&from, &to) - exact_m).abs();
                let allowed = approximation_bound_m(chord_m);
                error = error.max(off);
                used = used.max(off / allowed);
                bound = bound.max(allowed);
            }
        }
        println!(
            "{km:>9} | {geodesic:>11.3e} {chord:>11.3e} | {error:>9.1e} {bound:>9.1e} {:>10.1}x",
            1.0 / used
        );
        assert!(geodesic > -NOISE_M, "a geodesic is longer than its bound");
        assert!(chord > -NOISE_M, "a chord is longer than its bound");
        assert!(used < 0.6, "the fast distance nears its bound");
    }
}

fn pair(dice: &mut Dice, nth: u32, distance_m: f64) -> (Point, Point) {
    let (lat_deg, azimuth_deg) = if nth.is_multiple_of(2) {
        (dice.uniform() * 180.0 - 90.0, dice.uniform() * 360.0)
    } else {
        (
            f64::from(nth / 2 % 181) - 90.0,
            f64::from(nth / 362 % 25) * 15.0,
        )
    };
    let distance_m = if nth.is_multiple_of(3) {
        distance_m
    } else {
        distance_m * (0.8 + 0.2 * dice.uniform())
    };
    let (to_lat_deg, to_lon_deg): (f64, f64) =
        Geodesic::wgs84().direct(lat_deg, 0.0, azimuth_deg, distance_m);
    let point = |lat_deg: f64, lon_deg| Point::new(lat_deg.clamp(-90.0, 90.0), lon_deg);
    (
        point(lat_deg, 0.0).expect("in range"),
        point(to_lat_deg, to_lon_deg).expect("in range"),
    )
}

/// For each resolution: the farthest that a descendant's cap reaches, over the cell's own
/// circumradius. From the finest upwards, each cap holding those below it.
fn caps(dice: &mut Dice) {
    println!("\n res | hexagon pentagon, nested caps over own circumradius");
    let mut worst = (0.0_f64, 0.0_f64);
    for resolution in Resolution::range(Resolution::Zero, Resolution::Thirteen) {
        let mut reach = (0.0_f64, 0.0_f64);
        for cell in sample(dice, resolution) {
            let own = nested_reach_m(cell, 5) / circumradius_m(cell, centre(cell));
            let side = if cell.is_pentagon() {
                &mut reach.1
            } else {
                &mut reach.0
            };
            *side = side.max(own);
        }
        println!(
            "{:>4} | {:>7.4} {:>8.4}",
            u8::from(resolution),
            reach.0,
            reach.1
        );
        worst = (worst.0.max(reach.0), worst.1.max(reach.1));
    }
    println!(
        " max | {:>7.4} {:>8.4}  used: 1.09 and 1.165",
        worst.0, worst.1
    );
    assert!(
        worst.0 < 1.09 && worst.1 < 1.165,
        "caps would be widened often"
    );
}

/// Pentagons, their neighbours, and random cells.
fn sample(dice: &mut Dice, resolution: Resolution) -> Vec<CellIndex> {
    let mut cells: Vec<CellIndex> = CellIndex::base_cells()
        .filter(|cell| cell.is_pentagon())
        .filter_map(|cell| cell.center_child(resolution))
        .collect();
    let ring: Vec<CellIndex> = cells
        .iter()
        .flat_map(|cell| cell.grid_disk::<Vec<_>>(1))
        .collect();
    cells.extend(ring);
    for _ in 0..60 {
        let lat_deg = (2.0 * dice.uniform() - 1.0).asin().to_degrees();
        let place = LatLng::new(lat_deg, dice.uniform() * 360.0 - 180.0).expect("finite");
        cells.push(place.to_cell(resolution));
    }
    cells
}

/// Radius round a cell's centre that holds the caps of its children, so many levels down;
/// one level more adds less than 0.01.
fn nested_reach_m(cell: CellIndex, levels: u8) -> f64 {
    let middle = centre(cell);
    let own = circumradius_m(cell, middle);
    let Some(finer) = cell.resolution().succ().filter(|_| levels > 0) else {
        return own;
    };
    cell.children(finer)
        .map(|child| distance_m(middle, centre(child)) + nested_reach_m(child, levels - 1))
        .fold(own, f64::max)
}

fn circumradius_m(cell: CellIndex, middle: [f64; 3]) -> f64 {
    cell.boundary()
        .iter()
        .map(|corner| distance_m(middle, place(*corner)))
        .fold(0.0, f64::max)
}

fn centre(cell: CellIndex) -> [f64; 3] {
    place(LatLng::from(cell))
}

fn place(at: LatLng) -> [f64; 3] {
    Point::new(at.lat().clamp(-90.0, 90.0), at.lng().clamp(-180.0, 180.0))
        .expect("clamped")
        .xyz_m()
}

fn distance_m([ax, ay, az]: [f64; 3], [bx, by, bz]: [f64; 3]) -> f64 {
    let (dx, dy, dz) = (ax - bx, ay - by, az - bz);
    (dx * dx + dy * dy + dz * dz).sqrt()
}
