//! Answers of a batch, written into arrays of the caller's.

use std::cell::Cell;
use std::iter;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;

use super::Index;
use super::convert::buffer_of;
use super::errors::{GeocoreError, fail, refusal};
use crate::{Error, Filter, Neighbour, Point};

/// So many cells are found, without the GIL, before they are written, with it: a quarter of a
/// megabyte, which stays cached, and a millisecond.
const STAGED_MAX: usize = 1 << 14;

/// Two arrays of n rows and k columns.
pub(super) struct Out {
    ids: PyBuffer<u64>,
    metres: PyBuffer<f64>,
    columns: usize,
}

impl Out {
    /// Takes a pair of arrays for so many rows and columns.
    pub(super) fn of(out: &Bound<'_, PyAny>, shape: [usize; 2]) -> PyResult<Self> {
        let Ok((ids, metres)) = out.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() else {
            return Err(refused(out, "is no pair of arrays"));
        };
        let (places, distances) = (
            writable::<u64>(&ids, "uint64", shape)?,
            writable::<f64>(&metres, "float64", shape)?,
        );
        // Cells of both are of eight bytes, and both lie without gaps.
        let apart = places.buf_ptr().addr().abs_diff(distances.buf_ptr().addr());
        if apart < places.len_bytes() {
            return Err(refused(out, "has both arrays in the same memory"));
        }
        Ok(Self {
            ids: places,
            metres: distances,
            columns: shape[1],
        })
    }

    /// Writes rows that are found.
    fn write(&self, py: Python<'_>, staged: &Staged) {
        // Both are writable: it was looked at when they were taken.
        let (Some(ids), Some(metres)) = (self.ids.as_mut_slice(py), self.metres.as_mut_slice(py))
        else {
            unreachable!("an array that is lent does not change")
        };
        let mut from = 0;
        // Rows that follow each other are copied at once.
        for run in staged.rows.chunk_by(|row, next| row + 1 == *next) {
            let size = run.len() * self.columns;
            let (there, here) = (run[0] * self.columns, from..from + size);
            copy(&staged.ids[here.clone()], &ids[there..there + size]);
            copy(&staged.metres[here], &metres[there..there + size]);
            from += size;
        }
    }
}

/// Rows that are found and not yet written.
#[derive(Default)]
struct Staged {
    rows: Vec<usize>,
    ids: Vec<u64>,
    metres: Vec<f64>,
}

impl Staged {
    /// Adds a row; who is missing has the id 0 and is infinitely far.
    fn add(&mut self, row: usize, answer: &[Neighbour], columns: usize) {
        self.ids.extend(answer.iter().map(|n| n.person));
        self.metres.extend(answer.iter().map(|n| n.distance_m));
        if answer.len() != columns {
            let missing = columns - answer.len();
            self.ids.extend(iter::repeat_n(0, missing));
            let nowhere = iter::repeat_n(f64::INFINITY, missing);
            self.metres.extend(nowhere);
        }
        self.rows.push(row);
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.ids.clear();
        self.metres.clear();
    }
}

impl Index {
    /// Writes ids and distances of a batch where the caller wants them.
    pub(super) fn nearest_out(
        &self,
        py: Python<'_>,
        points: &[Point],
        k: u64,
        filter: &Filter<'_>,
        out: &Out,
    ) -> PyResult<()> {
        let last = py.detach(|| {
            let mut staged = Staged::default();
            let index = self.0.read();
            index.nearest_many(points, k, filter, |row, answer| {
                if staged.ids.len() >= STAGED_MAX {
                    // Whoever holds the GIL and waits for the index lets go of it.
                    Python::attach(|py| out.write(py, &staged));
                    staged.clear();
                }
                staged.add(row, answer, out.columns);
            })?;
            Ok::<_, Error>(staged)
        });
        out.write(py, &last.map_err(fail)?);
        Ok(())
    }
}

fn copy<T: Copy>(from: &[T], to: &[Cell<T>]) {
    for (from, to) in from.iter().zip(to) {
        to.set(*from);
    }
}

/// An array that may be written, row by row without gaps, of a type and a shape.
fn writable<T: Element>(
    array: &Bound<'_, PyAny>,
    numbers: &str,
    shape: [usize; 2],
) -> PyResult<PyBuffer<T>> {
    let Some(buffer) = buffer_of::<T>(array) else {
        return Err(refused(array, &format!("is no array of {numbers}")));
    };
    if buffer.shape() != shape {
        let why = format!("has the shape {:?} instead of {shape:?}", buffer.shape());
        return Err(refused(array, &why));
    }
    if buffer.readonly() {
        return Err(refused(array, "cannot be written"));
    }
    if !buffer.is_c_contiguous() {
        return Err(refused(array, "does not lie row by row without gaps"));
    }
    Ok(buffer)
}

fn refused(value: &Bound<'_, PyAny>, why: &str) -> PyErr {
    let given = value.get_type();
    refusal::<GeocoreError>(format!("out: {given} {why}"), value.clone().unbind())
}
