//! Cells of H3: of a point, their boundary, and the one that may be shown in public.

use std::collections::HashMap;

use h3o::{CellIndex, LatLng, Resolution};

use crate::error::{Error, InvalidCell, InvalidPoint};
use crate::point::Point;

/// The H3 cell of a point at a resolution from 0 to 15.
///
/// # Errors
///
/// [`crate::InvalidPoint`] for impossible degrees, [`InvalidCell`] when there is no such
/// resolution.
///
/// ```
/// let cell = geocore::cell_of(37.775_938_728_915_946, -122.417_957_5, 7)?;
/// assert_eq!(format!("{cell:x}"), "872830828ffffff");
/// # Ok::<(), geocore::Error>(())
/// ```
pub fn cell_of(lat_deg: f64, lon_deg: f64, resolution: u8) -> Result<u64, Error> {
    Point::new(lat_deg, lon_deg)?;
    let resolution = Resolution::try_from(resolution).map_err(|_| InvalidCell {
        argument: "resolution",
        value: resolution.into(),
        reason: "is not in 0 to 15",
    })?;
    Ok(locate(lat_deg, lon_deg, resolution).into())
}

/// The corners of a cell in degrees, latitude first, counter-clockwise.
///
/// # Errors
///
/// [`InvalidCell`] when H3 knows no such cell.
pub fn cell_boundary(cell: u64) -> Result<Vec<(f64, f64)>, InvalidCell> {
    let cell = CellIndex::try_from(cell).map_err(|_| InvalidCell {
        argument: "cell",
        value: cell,
        reason: "is no cell of H3",
    })?;
    let corners = cell.boundary();
    Ok(corners
        .iter()
        .map(|corner| (corner.lat(), corner.lng()))
        .collect())
}

/// Whether H3 knows such a cell.
#[cfg(feature = "python")]
pub(crate) fn is_cell(cell: u64) -> bool {
    CellIndex::try_from(cell).is_ok()
}

/// The H3 cell of degrees that are known to be valid.
pub(crate) fn locate(lat_deg: f64, lon_deg: f64, resolution: Resolution) -> CellIndex {
    match LatLng::new(lat_deg, lon_deg) {
        Ok(place) => place.to_cell(resolution),
        // Only non-finite degrees are refused, and a `Point` holds none.
        Err(_) => unreachable!("a point is finite"),
    }
}

/// Inhabited places, summed per cell at every resolution.
#[derive(Clone, Debug, Default)]
pub struct Places {
    inhabitants: HashMap<u64, u64>,
}

impl Places {
    /// Sums inhabitants over the cells of each place: latitude and longitude in degrees, and
    /// how many live there.
    ///
    /// # Errors
    ///
    /// [`InvalidPoint`] at the first place with impossible degrees.
    pub fn new(places: impl IntoIterator<Item = (f64, f64, u64)>) -> Result<Self, InvalidPoint> {
        let mut inhabitants = HashMap::new();
        for (lat_deg, lon_deg, count) in places {
            Point::new(lat_deg, lon_deg)?;
            for resolution in Resolution::range(Resolution::Zero, Resolution::Fifteen) {
                let cell = locate(lat_deg, lon_deg, resolution).into();
                let sum: &mut u64 = inhabitants.entry(cell).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        Ok(Self { inhabitants })
    }

    /// Inhabitants of a cell; a cell without a place counts as empty.
    #[must_use]
    pub fn inhabitants(&self, cell: u64) -> u64 {
        self.inhabitants.get(&cell).copied().unwrap_or(0)
    }

    /// The smallest cell round a point that holds at least so many inhabitants.
    ///
    /// `None` where even the cell of resolution 0 holds fewer: then nothing may be shown. A
    /// cell where nobody is known to live is never public, not even for 0.
    ///
    /// # Errors
    ///
    /// [`InvalidPoint`] for impossible degrees.
    ///
    /// ```
    /// use geocore::Places;
    /// let places = Places::new([(59.33, 18.07, 20_000)])?;
    /// assert!(places.public_cell(59.33, 18.07, 20_000)?.is_some());
    /// assert!(places.public_cell(59.33, 18.07, 20_001)?.is_none());
    /// # Ok::<(), geocore::InvalidPoint>(())
    /// ```
    pub fn public_cell(
        &self,
        lat_deg: f64,
        lon_deg: f64,
        inhabitants_min: u64,
    ) -> Result<Option<u64>, InvalidPoint> {
        Point::new(lat_deg, lon_deg)?;
        let inhabitants_min = inhabitants_min.max(1);
        Ok(Resolution::range(Resolution::Zero, Resolution::Fifteen)
            .map(|resolution| locate(lat_deg, lon_deg, resolution).into())
            .rfind(|cell| self.inhabitants(*cell) >= inhabitants_min))
    }
}
