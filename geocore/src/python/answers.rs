//! Answers for Python: lists of tuples, or two buffers for a batch.

use std::iter;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMemoryView};

use super::Index;
use super::convert::finite_now;
use super::errors::fail;
use crate::index::check_count;
use crate::{Error, Filter, Neighbour, Point};

/// Ids and distances.
pub(super) fn pairs<'py>(py: Python<'py>, found: &[Neighbour]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, found.iter().map(|n| (n.person, n.distance_m)))
}

/// Ids, distances and ages.
pub(super) fn triples<'py>(
    py: Python<'py>,
    found: &[Neighbour],
    now_s: Option<f64>,
) -> PyResult<Bound<'py, PyList>> {
    let Some(now_s) = finite_now(now_s)? else {
        return Err(PyTypeError::new_err("ages=True needs now_s"));
    };
    let rows = found
        .iter()
        .map(|n| (n.person, n.distance_m, n.at_s.map(|at_s| now_s - at_s)));
    PyList::new(py, rows)
}

impl Index {
    /// Ids and distances of a batch as a list of lists.
    pub(super) fn nearest_lists<'py>(
        &self,
        py: Python<'py>,
        points: &[Point],
        k: u64,
        filter: &Filter<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let found = py
            .detach(|| {
                let index = self.0.read();
                let mut found = vec![Vec::new(); points.len()];
                index.nearest_many(points, k, filter, |row, answer| {
                    found[row] = answer.to_vec();
                })?;
                Ok::<_, Error>(found)
            })
            .map_err(fail)?;
        let rows = found
            .iter()
            .map(|row| pairs(py, row))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, rows)?.into_any())
    }

    /// Ids and distances of a batch as two buffers of n rows and k columns.
    pub(super) fn nearest_arrays<'py>(
        &self,
        py: Python<'py>,
        points: &[Point],
        k: u64,
        filter: &Filter<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let most = check_count(k).map_err(fail)?;
        // One at least: Python casts no shape with a zero in it, and each place has its row.
        let mut columns = most.min(self.read(py, crate::Index::len)).max(1);
        let (ids, metres) = loop {
            let size = points.len() * columns * 8;
            // Written where Python will read them: a copy would cost as much as the search.
            let (mut metres, mut people) = (None, 0);
            let ids = PyBytes::new_with(py, size, |ids| {
                let distances = PyBytes::new_with(py, size, |metres| {
                    people = self.fill(py, points, k, filter, columns, (ids, metres))?;
                    Ok(())
                });
                metres = Some(distances?);
                Ok(())
            })?;
            // Some may have come before the questions were asked: they have room next time.
            if most.min(people) <= columns {
                break (
                    ids,
                    metres.unwrap_or_else(|| unreachable!("made with the ids")),
                );
            }
            columns = most.min(people);
        };
        let size = points.len() * columns;
        let view = |bytes: &Bound<'py, PyBytes>, code: &str| {
            let bytes = PyMemoryView::from(bytes)?;
            if size == 0 {
                // Of no places: an empty column of the type.
                return bytes.call_method1("cast", (code,));
            }
            bytes.call_method1("cast", (code, [points.len(), columns]))
        };
        Ok((view(&ids, "Q")?, view(&metres, "d")?)
            .into_pyobject(py)?
            .into_any())
    }

    /// Writes a batch's answers, row by row, into bytes of ids and of metres, unless somebody
    /// has no room there; how many people there were.
    fn fill(
        &self,
        py: Python<'_>,
        points: &[Point],
        k: u64,
        filter: &Filter<'_>,
        columns: usize,
        (ids, metres): (&mut [u8], &mut [u8]),
    ) -> PyResult<usize> {
        py.detach(|| {
            let index = self.0.read();
            if columns < index.len() && (columns as u64) < k {
                return Ok(index.len());
            }
            index.nearest_many(points, k, filter, |row, answer| {
                let cells = row * columns * 8..(row + 1) * columns * 8;
                let ids = ids[cells.clone()].chunks_exact_mut(8);
                let metres = metres[cells].chunks_exact_mut(8);
                // Who is missing has the id 0 and is infinitely far.
                let nobody = iter::repeat((0, f64::INFINITY));
                let found = answer.iter().map(|n| (n.person, n.distance_m));
                for ((id, distance), (person, distance_m)) in
                    ids.zip(metres).zip(found.chain(nobody))
                {
                    id.copy_from_slice(&person.to_ne_bytes());
                    distance.copy_from_slice(&distance_m.to_ne_bytes());
                }
            })?;
            Ok::<_, Error>(index.len())
        })
        .map_err(fail)
    }
}
