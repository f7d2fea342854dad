//! The finest H3 cell of a place, from earth-centred coordinates and without an angle.
//!
//! `h3o` goes by latitude and longitude, and takes six times as long. Here the gnomonic
//! projection on a face is two products over a third. Of H3's tables only the faces are here:
//! which base cell a hexagon of a face belongs to, and how that is turned, is asked of `h3o`
//! the first time that somebody is there; and so is always whatever lies by a pentagon.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use h3o::Resolution;

use crate::cell::locate;
use crate::point::{ECCENTRICITY_SQUARED, Point};

/// Faces of the icosahedron: the centre, and the azimuth of the i-axis in radians.
///
/// Source: H3 4, `faceijk.c`, `faceCenterPoint` and `faceAxesAzRadsCII`.
const FACES: [([f64; 3], f64); 20] = [
    (
        [
            0.219_930_779_140_460_6,
            0.658_369_178_027_499_6,
            0.719_847_537_892_618_2,
        ],
        5.619_958_268_523_939_5,
    ),
    (
        [
            -0.213_923_483_450_142_1,
            0.147_817_182_955_070_3,
            0.965_601_793_521_420_5,
        ],
        5.760_339_081_714_187_5,
    ),
    (
        [
            0.109_262_527_878_479_7,
            -0.481_195_157_287_321,
            0.869_777_512_128_725_3,
        ],
        0.780_213_654_393_43,
    ),
    (
        [
            0.742_856_730_158_679_1,
            -0.359_394_167_827_802_8,
            0.564_800_593_651_703_3,
        ],
        0.430_469_363_979_999_9,
    ),
    (
        [
            0.811_253_470_914_096_9,
            0.344_895_323_763_938_4,
            0.472_138_773_641_393,
        ],
        6.130_269_123_335_111,
    ),
    (
        [
            -0.105_549_814_961_392_1,
            0.979_445_729_641_141_3,
            0.171_887_461_000_936_5,
        ],
        2.692_877_706_530_643,
    ),
    (
        [
            -0.807_540_757_997_009_2,
            0.153_355_248_589_881_8,
            0.569_526_199_488_268_8,
        ],
        2.982_963_003_477_244,
    ),
    (
        [
            -0.284_614_806_978_790_7,
            -0.864_408_097_265_420_6,
            0.414_479_255_247_353_9,
        ],
        3.532_912_002_790_141,
    ),
    (
        [
            0.740_562_147_385_448_2,
            -0.667_329_956_456_552_4,
            -0.078_983_764_632_673_7,
        ],
        3.494_305_004_259_568,
    ),
    (
        [
            0.851_230_398_647_429_3,
            0.472_234_378_858_268_1,
            -0.228_913_738_868_780_8,
        ],
        3.003_214_169_499_538_2,
    ),
    (
        [
            -0.740_562_147_385_448_1,
            0.667_329_956_456_552_4,
            0.078_983_764_632_673_7,
        ],
        5.930_472_956_509_812,
    ),
    (
        [
            -0.851_230_398_647_429_2,
            -0.472_234_378_858_268_2,
            0.228_913_738_868_780_8,
        ],
        0.138_378_484_090_254_86,
    ),
    (
        [
            0.105_549_814_961_391_9,
            -0.979_445_729_641_141_3,
            -0.171_887_461_000_936_5,
        ],
        0.448_714_947_059_150_4,
    ),
    (
        [
            0.807_540_757_997_009_2,
            -0.153_355_248_589_881_9,
            -0.569_526_199_488_268_8,
        ],
        0.158_629_650_112_549_37,
    ),
    (
        [
            0.284_614_806_978_790_8,
            0.864_408_097_265_420_4,
            -0.414_479_255_247_353_9,
        ],
        5.891_865_957_979_238,
    ),
    (
        [
            -0.742_856_730_158_679_1,
            0.359_394_167_827_802_7,
            -0.564_800_593_651_703_3,
        ],
        2.711_123_289_609_793,
    ),
    (
        [
            -0.811_253_470_914_097,
            -0.344_895_323_763_938_2,
            -0.472_138_773_641_393,
        ],
        3.294_508_837_434_268,
    ),
    (
        [
            -0.219_930_779_140_460_7,
            -0.658_369_178_027_499_6,
            -0.719_847_537_892_618_2,
        ],
        3.804_819_692_245_44,
    ),
    (
        [
            0.213_923_483_450_142,
            -0.147_817_182_955_070_4,
            -0.965_601_793_521_420_5,
        ],
        3.664_438_879_055_192_3,
    ),
    (
        [
            -0.109_262_527_878_479_6,
            0.481_195_157_287_321,
            -0.869_777_512_128_725_3,
        ],
        2.361_378_999_196_363,
    ),
];

/// By how much the axes of odd resolutions are turned: the arc sine of the root of 3/28.
const TURN: f64 = 0.333_473_172_251_832_1;

/// Length of a hexagon's side of resolution 0 in the gnomonic projection.
const UNIT: f64 = 0.381_966_011_250_105;

/// Root of 7 to the power of 15, the finest resolution.
const FINEST_SCALE: f64 = 823_543.0 * 2.645_751_311_064_590_7;

/// Cell, resolution 15.
const FINEST_CELL: u64 = (1 << 59) | (15 << 52);

/// Where the number of the base cell begins.
const BASE_SHIFT: u32 = 45;

/// The lowest bit of each of fifteen digits.
const ONES: u64 = 0o111_111_111_111_111;

/// A face, as it is asked: the vector that is largest along its centre, and those that give
/// the two coordinates of the finest grid, times the first.
struct Face {
    centre: [f64; 3],
    x: [f64; 3],
    y: [f64; 3],
}

static GRID: LazyLock<[Face; 20]> = LazyLock::new(|| FACES.map(Face::new));

/// What is known of the hexagons of a face at resolution 0, with i, j and k up to 2: base
/// cell times eight plus turns, above [`KNOWN`].
static BASES: [AtomicU16; 20 * 27] = [const { AtomicU16::new(0) }; 20 * 27];

const KNOWN: u16 = 1 << 15;

impl Face {
    fn new((centre, azimuth): ([f64; 3], f64)) -> Self {
        let [x, y, z] = centre;
        let parallel = x.hypot(y);
        let north = [-x * z / parallel, -y * z / parallel, parallel];
        let east = [-y / parallel, x / parallel, 0.0];
        let (sin, cos) = (azimuth - TURN).sin_cos();
        let scale = FINEST_SCALE / UNIT;
        let axis = |north_by: f64, east_by: f64| {
            [0, 1, 2].map(|n| scale * (north_by * north[n] + east_by * east[n]))
        };
        Self {
            centre,
            x: axis(cos, sin),
            y: axis(sin, -cos),
        }
    }
}

/// The cell of resolution 15 that a place on the ellipsoid lies in.
pub(super) fn finest_cell(xyz_m: [f64; 3]) -> u64 {
    // Along the normal, whose angles latitude and longitude are.
    let [x, y, z] = xyz_m;
    let normal = [x, y, z / (1.0 - ECCENTRICITY_SQUARED)];
    let (mut number, mut along) = (0, f64::NEG_INFINITY);
    for (at, face) in GRID.iter().enumerate() {
        let own = dot(normal, face.centre);
        if own > along {
            (number, along) = (at, own);
        }
    }
    let face = &GRID[number];
    let inverse = 1.0 / along;
    let hexagon = nearest_hexagon(dot(normal, face.x) * inverse, dot(normal, face.y) * inverse);
    let (digits, base) = digits_of(hexagon);
    let known = &BASES[number * 27 + base];
    let found = known.load(Ordering::Relaxed);
    if found & KNOWN != 0 {
        let base = u64::from(found & !KNOWN) >> 3;
        return FINEST_CELL | (base << BASE_SHIFT) | turned(digits, found & 7);
    }
    let point = Point::from_surface(xyz_m);
    let asked = locate(point.lat_deg(), point.lon_deg(), Resolution::Fifteen);
    let bits = u64::from(asked);
    let same = |turns: &u16| turned(digits, *turns) == bits & (ONES * 7);
    if !asked.base_cell().is_pentagon()
        && let Some(turns) = (0..6).find(same)
    {
        let base = u16::from(u8::from(asked.base_cell()));
        known.store(KNOWN | (base << 3) | turns, Ordering::Relaxed);
    }
    bits
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The hexagon, by the steps along i and j with none along k, whose centre is nearest.
fn nearest_hexagon(x: f64, y: f64) -> (i32, i32) {
    const ROOT_3: f64 = 1.732_050_807_568_877_2;
    // 1.5 * 2^52 leaves no room for a fraction: a rounding without a library call.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let along_j = y * (2.0 / ROOT_3);
    let along_i = x + 0.5 * along_j;
    // Three numbers with the sum 0; the one that was rounded most follows the others.
    let exact = [along_i - along_j, along_j, -along_i];
    let near = exact.map(|steps| (steps + ROUNDER) - ROUNDER);
    let off = [0, 1, 2].map(|n| (near[n] - exact[n]).abs());
    let j = if off[1] > off[0] && off[1] > off[2] {
        -near[0] - near[2]
    } else {
        near[1]
    };
    let i = if off[2] > off[0] && off[2] >= off[1] {
        near[0] + near[1]
    } else {
        -near[2]
    };
    #[expect(clippy::cast_possible_truncation, reason = "up to six million")]
    let steps = (i as i32, j as i32);
    steps
}

/// The digits of a hexagon of the finest grid, not yet turned, and which hexagon of
/// resolution 0 it is below.
fn digits_of((mut i, mut j): (i32, i32)) -> (u64, usize) {
    let mut digits = 0;
    for level in 0..15 {
        // Odd resolutions are turned one way, even ones the other.
        let (up_i, up_j, centre_i, centre_j);
        if level % 2 == 0 {
            (up_i, up_j) = (seventh(3 * i - j), seventh(i + 2 * j));
            (centre_i, centre_j) = (2 * up_i + up_j, 3 * up_j - up_i);
        } else {
            (up_i, up_j) = (seventh(2 * i + j), seventh(3 * j - i));
            (centre_i, centre_j) = (3 * up_i - up_j, up_i + 2 * up_j);
        }
        digits |= digit(i - centre_i, j - centre_j) << (3 * level);
        (i, j) = (up_i, up_j);
    }
    let least = i.min(j).min(0);
    let steps = [i - least, j - least, -least];
    let base = steps.iter().fold(0, |base, step| base * 3 + step);
    (digits, usize::try_from(base).unwrap_or_default())
}

/// A seventh, rounded.
fn seventh(steps: i32) -> i32 {
    (steps + 3).div_euclid(7)
}

/// The digit of a hexagon beside its parent's centre: a bit for i, for j and for k.
fn digit(i: i32, j: i32) -> u64 {
    const DIGITS: [u8; 9] = [1, 3, 0, 5, 0, 2, 0, 4, 6];
    let at = usize::try_from(3 * i + j + 4).unwrap_or_default();
    DIGITS.get(at).copied().unwrap_or_default().into()
}

/// All digits turned by sixths counter-clockwise.
fn turned(digits: u64, sixths: u16) -> u64 {
    let (mut i, mut j, mut k) = ((digits >> 2) & ONES, (digits >> 1) & ONES, digits & ONES);
    for _ in 0..sixths {
        (i, j, k) = (!j & (i | k), !k & (i | j), !i & (j | k));
    }
    (i << 2) | (j << 1) | k
}

#[cfg(test)]
mod tests {
    use h3o::{CellIndex, LatLng};

    use super::*;

    /// Numbers from 0 to 1 in no order.
    fn dice(mut state: u64) -> impl FnMut() -> f64 {
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f64::from(u32::try_from(state >> 32).expect("32 bits")) / f64::from(u32::MAX)
        }
    }

    fn is_that_of_h3(lat_deg: f64, lon_deg: f64) -> bool {
        let point = Point::new(lat_deg, lon_deg).expect("valid");
        let cell = locate(point.lat_deg(), point.lon_deg(), Resolution::Fifteen);
        finest_cell(point.xyz_m()) == u64::from(cell)
    }

    #[test]
    fn cells_are_those_of_h3_all_over_the_world() {
        let mut uniform = dice(11);
        for _ in 0..300_000 {
            let lat_deg = (uniform() * 2.0 - 1.0).asin().to_degrees();
            assert!(is_that_of_h3(lat_deg, uniform() * 360.0 - 180.0));
        }
        let known = BASES
            .iter()
            .filter(|base| base.load(Ordering::Relaxed) != 0);
        assert!(known.count() > 200, "hexagons are asked of h3o once");
    }

    #[test]
    fn cells_are_those_of_h3_by_pentagons_poles_and_the_antimeridian() {
        let mut uniform = dice(12);
        let pentagons = CellIndex::base_cells().filter(|cell| cell.is_pentagon());
        let centres = pentagons.map(LatLng::from).map(|at| (at.lat(), at.lng()));
        let odd = [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (51.0, -180.0)];
        for (lat_deg, lon_deg) in centres.chain(odd) {
            for round in 0..2_000 {
                let far_deg = 10.0 * 0.5_f64.powi(round % 25);
                let lat_deg = lat_deg + (uniform() - 0.5) * far_deg;
                let lon_deg = lon_deg + (uniform() - 0.5) * far_deg;
                assert!(is_that_of_h3(
                    lat_deg.clamp(-90.0, 90.0),
                    (lon_deg + 540.0).rem_euclid(360.0) - 180.0
                ));
            }
        }
    }
}
