//! Cells and distances for Python.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::convert::{Real, refuse};
use super::errors::{InvalidCellError, InvalidCountError, fail, refusal};
use crate::Point;
use crate::cell::is_cell;

/// Inhabited places, summed per cell at every resolution.
#[pyclass(frozen, module = "geocore._geocore")]
pub(super) struct Places(crate::Places);

#[pymethods]
impl Places {
    #[new]
    fn new(places: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows = places.try_iter()?.map(|row| {
            let (lat, lon, count): (Real, Real, Bound<'_, PyAny>) = row?.extract()?;
            Ok((lat.0, lon.0, inhabitants_of("inhabitants", &count)?))
        });
        let rows: Vec<(f64, f64, u64)> = rows.collect::<PyResult<_>>()?;
        crate::Places::new(rows).map(Self).map_err(fail)
    }

    fn inhabitants(&self, cell: &str) -> PyResult<u64> {
        parse_cell(cell).map(|cell| self.0.inhabitants(cell))
    }

    #[pyo3(signature = (lat_deg, lon_deg, *, inhabitants_min))]
    fn public_cell(
        &self,
        lat_deg: Real,
        lon_deg: Real,
        inhabitants_min: &Bound<'_, PyAny>,
    ) -> PyResult<Option<String>> {
        let inhabitants_min = inhabitants_of("inhabitants_min", inhabitants_min)?;
        let cell = self.0.public_cell(lat_deg.0, lon_deg.0, inhabitants_min);
        Ok(cell.map_err(fail)?.map(|cell| format!("{cell:x}")))
    }
}

/// A number of people.
fn inhabitants_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    value.extract().map_err(|error| {
        refuse::<InvalidCountError>(error, value, name, "not an integer from 0 to 2^64 - 1")
    })
}

pub(super) fn parse_cell(cell: &str) -> PyResult<u64> {
    let number = u64::from_str_radix(cell, 16).ok();
    number.filter(|cell| is_cell(*cell)).ok_or_else(|| {
        let text = format!("cell: {cell:?} is no cell of H3");
        refusal::<InvalidCellError>(text, cell.to_owned())
    })
}

#[pyfunction]
pub(super) fn cell_of(
    lat_deg: Real,
    lon_deg: Real,
    resolution: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let resolution = resolution.extract().map_err(|error| {
        refuse::<InvalidCellError>(error, resolution, "resolution", "not in 0 to 15")
    })?;
    let cell = crate::cell_of(lat_deg.0, lon_deg.0, resolution).map_err(PyErr::from)?;
    Ok(format!("{cell:x}"))
}

#[pyfunction]
pub(super) fn cell_boundary(py: Python<'_>, cell: &str) -> PyResult<Py<PyTuple>> {
    let corners = crate::cell_boundary(parse_cell(cell)?).map_err(fail)?;
    Ok(PyTuple::new(py, corners)?.unbind())
}

#[pyfunction]
pub(super) fn distance_m(from_: (Real, Real), to: (Real, Real)) -> PyResult<f64> {
    let from = Point::new(from_.0.0, from_.1.0).map_err(fail)?;
    let to = Point::new(to.0.0, to.1.0).map_err(fail)?;
    Ok(crate::karney_m(&from, &to))
}
