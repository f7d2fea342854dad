//! H3 as the tree uses it: keys, their ancestors, and the cap of a cell.

use h3o::{CellIndex, LatLng};

use super::cube::ROUGH_STEP_M;
use super::hexagons::finest_cell;
use super::layout::{Cap, round_up_m};
use crate::point::Point;

/// The finest resolution of H3; every person's key has it.
pub(super) const FINEST: i8 = 15;

/// How far beyond a cell's own circumradius the nested caps of its descendants reach, with
/// margin on the 1.087 and 1.157 that were measured (`docs/geocore.md`). Too small a number
/// costs time, never exactness: so far may people of a leaf move before they are put elsewhere.
const REACH_HEXAGON: f64 = 1.09;
const REACH_PENTAGON: f64 = 1.165;

/// A person's H3 cell at the finest resolution.
pub(super) fn key_of(xyz_m: [f64; 3]) -> u64 {
    finest_cell(xyz_m)
}

/// The ancestor of a cell at a resolution not finer than its own.
pub(super) fn ancestor(cell: u64, resolution: i8) -> u64 {
    const RESOLUTION_SHIFT: u32 = 52;
    let unused = 3 * u32::from((FINEST - resolution).unsigned_abs());
    let digits = (1_u64 << unused) - 1;
    let fields = cell & !(15 << RESOLUTION_SHIFT);
    fields | (u64::from(resolution.unsigned_abs()) << RESOLUTION_SHIFT) | digits
}

/// The resolution of a cell.
pub(super) fn resolution_of(cell: u64) -> i8 {
    ((cell >> 52) & 15) as i8
}

/// A cap that would hold a cell's descendants and, nested, theirs.
pub(super) fn cap_of(cell: u64) -> Cap {
    let Ok(cell) = CellIndex::try_from(cell) else {
        unreachable!("keys come from H3");
    };
    let centre_m = place_of(LatLng::from(cell)).map(|metres| {
        // A multiple of the places' own steps, so that ways from it are.
        let cut_m = (metres / ROUGH_STEP_M).round() * ROUGH_STEP_M;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the rounded centre is the centre"
        )]
        let rounded = cut_m as f32;
        rounded
    });
    let centre = Cap {
        centre_m,
        radius_m: 0.0,
    };
    let circumradius_m = cell
        .boundary()
        .iter()
        .map(|corner| centre.reach_m(place_of(*corner)))
        .fold(0.0, f64::max);
    let reach = if cell.is_pentagon() {
        REACH_PENTAGON
    } else {
        REACH_HEXAGON
    };
    Cap {
        centre_m,
        radius_m: round_up_m(circumradius_m * reach),
    }
}

fn place_of(place: LatLng) -> [f64; 3] {
    let (lat_deg, lon_deg) = (place.lat().clamp(-90.0, 90.0), place.lng());
    match Point::new(lat_deg, lon_deg.clamp(-180.0, 180.0)) {
        Ok(point) => point.xyz_m(),
        Err(_) => unreachable!("clamped and finite"),
    }
}

#[cfg(test)]
mod tests {
    use h3o::Resolution;

    use super::*;

    #[test]
    fn ancestors_are_those_of_h3() {
        for (lat_deg, lon_deg) in [(59.3, 18.1), (-33.0, 151.2), (90.0, 0.0), (0.0, 180.0)] {
            let point = Point::new(lat_deg, lon_deg).expect("valid");
            let key = key_of(point.xyz_m());
            let cell = CellIndex::try_from(key).expect("a cell");
            for resolution in Resolution::range(Resolution::Zero, Resolution::Fifteen) {
                let level = i8::try_from(u8::from(resolution)).expect("small");
                let parent = cell.parent(resolution).expect("coarser");
                assert_eq!(ancestor(key, level), u64::from(parent));
                assert_eq!(resolution_of(parent.into()), level);
            }
        }
    }
}
