//! Cells and distances for Python.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::errors::{InvalidCellError, fail, refusal};
use crate::Point;

/// Inhabited places, summed per cell at every resolution.
#[pyclass(frozen, module = "geocore._geocore")]
pub(super) struct Places(crate::Places);

#[pymethods]
impl Places {
    #[new]
    fn new(places: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows = places.try_iter()?.map(|row| row?.extract());
        let rows: Vec<(f64, f64, u64)> = rows.collect::<PyResult<_>>()?;
        crate::Places::new(rows).map(Self).map_err(fail)
    }

    fn inhabitants(&self, cell: &str) -> PyResult<u64> {
        parse_cell(cell).map(|cell| self.0.inhabitants(cell))
    }

    #[pyo3(signature = (lat_deg, lon_deg, *, inhabitants_min))]
    fn public_cell(
        &self,
        lat_deg: f64,
        lon_deg: f64,
        inhabitants_min: u64,
    ) -> PyResult<Option<String>> {
        let cell = self.0.public_cell(lat_deg, lon_deg, inhabitants_min);
        Ok(cell.map_err(fail)?.map(|cell| format!("{cell:x}")))
    }
}

pub(super) fn parse_cell(cell: &str) -> PyResult<u64> {
    u64::from_str_radix(cell, 16).map_err(|_| {
        let text = format!("cell: {cell:?} is not a cell of H3");
        refusal::<InvalidCellError>(text, cell.to_owned())
    })
}

#[pyfunction]
pub(super) fn cell_of(lat_deg: f64, lon_deg: f64, resolution: u8) -> PyResult<String> {
    let cell = crate::cell_of(lat_deg, lon_deg, resolution).map_err(PyErr::from)?;
    Ok(format!("{cell:x}"))
}

#[pyfunction]
pub(super) fn cell_boundary(py: Python<'_>, cell: &str) -> PyResult<Py<PyTuple>> {
    let corners = crate::cell_boundary(parse_cell(cell)?).map_err(fail)?;
    Ok(PyTuple::new(py, corners)?.unbind())
}

#[pyfunction]
pub(super) fn distance_m(from_: (f64, f64), to: (f64, f64)) -> PyResult<f64> {
    let from = Point::new(from_.0, from_.1).map_err(fail)?;
    let to = Point::new(to.0, to.1).map_err(fail)?;
    Ok(crate::karney_m(&from, &to))
}
