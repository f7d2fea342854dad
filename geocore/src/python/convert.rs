//! Arguments from Python: numbers, columns, and typed errors that name what was given.

use std::array;
use std::collections::BTreeSet;

use pyo3::buffer::{Element, PyBuffer, ReadOnlyCell};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::{Borrowed, PyTypeInfo};

use super::errors::{
    GeocoreError, InvalidCountError, InvalidIdError, InvalidNumberError, InvalidPointError, fail,
    refusal,
};
use crate::index::{Record, check_time, prefer_huge};
use crate::{InvalidPoint, Point, eight_points};

/// A float as an argument. An integer beyond all floats is infinite, and then refused where
/// infinity is, by the argument's name.
#[derive(Clone, Copy)]
pub(super) struct Real(pub(super) f64);

impl<'a, 'py> FromPyObject<'a, 'py> for Real {
    type Error = PyErr;

    #[inline]
    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match value.extract() {
            Ok(number) => Ok(Self(number)),
            Err(error) => beyond_floats(&value, error).map(Self),
        }
    }
}

#[cold]
fn beyond_floats(value: &Bound<'_, PyAny>, error: PyErr) -> PyResult<f64> {
    if !error.is_instance_of::<PyOverflowError>(value.py()) {
        return Err(error);
    }
    let is_negative = value.lt(0)?;
    Ok(if is_negative {
        f64::NEG_INFINITY
    } else {
        f64::INFINITY
    })
}

/// The float of an argument that may be left out.
pub(super) fn float(value: Option<Real>) -> Option<f64> {
    value.map(|real| real.0)
}

/// A typed error where a value has the wrong type or is out of range; whatever else was
/// raised by looking at it stays what it is.
#[cold]
pub(super) fn refuse<E: PyTypeInfo>(
    error: PyErr,
    value: &Bound<'_, PyAny>,
    name: &str,
    wanted: &str,
) -> PyErr {
    let py = value.py();
    if error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyOverflowError>(py)
    {
        let text = format!("{name}: {value} is {wanted}");
        return refusal::<E>(text, value.clone().unbind());
    }
    error
}

/// What ids are.
const AN_ID: &str = "not an integer from 0 to 2^64 - 1";

/// A 64-bit id, or a typed error that names what was given.
pub(super) fn id_of(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let id = value.extract();
    id.map_err(|error| refuse::<InvalidIdError>(error, value, "id", AN_ID))
}

pub(super) fn count_of(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    value.extract().map_err(|error| {
        let wanted = format!("not in 1 to {}", crate::K_MAX);
        refuse::<InvalidCountError>(error, value, "k", &wanted)
    })
}

/// What columns consist of.
pub(super) trait Number: Element {
    /// One of them; the name is the column's.
    fn of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self>;
}

impl Number for u64 {
    fn of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        let id = value.extract();
        id.map_err(|error| refuse::<InvalidIdError>(error, value, name, AN_ID))
    }
}

impl Number for f64 {
    fn of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Self> {
        value.extract().map(|Real(number)| number).map_err(|error| {
            if name == "at_s" {
                refuse::<InvalidNumberError>(error, value, name, "no number")
            } else {
                refuse::<InvalidPointError>(error, value, name, "no number")
            }
        })
    }
}

pub(super) fn ids_of<C: FromIterator<u64> + Default>(
    values: Option<&Bound<'_, PyAny>>,
) -> PyResult<C> {
    match values {
        None => Ok(C::default()),
        Some(values) => values.try_iter()?.map(|id| id_of(&id?)).collect(),
    }
}

/// A column of numbers: a buffer (`array.array`, `numpy`) read where it lies, or the numbers
/// of any other iterable.
pub(super) enum Column<T: Element> {
    Buffer(PyBuffer<T>),
    Numbers(Vec<T>),
}

/// The numbers of a [`Column`], one by one.
pub(super) enum Cells<'a, T: Element> {
    Buffer(&'a [ReadOnlyCell<T>]),
    Numbers(&'a [T]),
}

impl<T: Number> Column<T> {
    pub(super) fn of(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = values.py();
        if let Some(buffer) = buffer_of::<T>(values)
            && buffer.dimensions() == 1
        {
            return if buffer.as_slice(py).is_some() {
                Ok(Self::Buffer(buffer))
            } else {
                buffer.to_vec(py).map(Self::Numbers)
            };
        }
        let numbers = values.try_iter()?.map(|value| T::of(&value?, name));
        numbers.collect::<PyResult<_>>().map(Self::Numbers)
    }

    pub(super) fn cells<'a>(&'a self, py: Python<'a>) -> Cells<'a, T> {
        match self {
            Self::Buffer(buffer) => Cells::Buffer(buffer.as_slice(py).unwrap_or_default()),
            Self::Numbers(numbers) => Cells::Numbers(numbers),
        }
    }
}

/// A buffer of such numbers as this machine has them.
///
/// `PyO3` takes the sign of big-endian numbers for that of little-endian ones.
pub(super) fn buffer_of<T: Element>(values: &Bound<'_, PyAny>) -> Option<PyBuffer<T>> {
    let buffer = PyBuffer::<T>::get(values).ok()?;
    let order = buffer.format().to_bytes().first();
    (!order.is_some_and(|order| b"<>!".contains(order))).then_some(buffer)
}

impl Cells<'_, f64> {
    /// Eight numbers from a row on.
    #[inline]
    fn eight(&self, row: usize) -> [f64; 8] {
        match self {
            Self::Buffer(cells) => {
                let cells = &cells[row..row + 8];
                array::from_fn(|lane| cells[lane].get())
            }
            Self::Numbers(numbers) => {
                let numbers = &numbers[row..row + 8];
                array::from_fn(|lane| numbers[lane])
            }
        }
    }
}

impl<T: Element> Cells<'_, T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Buffer(cells) => cells.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    #[inline]
    pub(super) fn at(&self, row: usize) -> T {
        match self {
            Self::Buffer(cells) => cells[row].get(),
            Self::Numbers(numbers) => numbers[row],
        }
    }
}

/// Columns of a batch of people.
pub(super) struct Columns<'py> {
    pub(super) person_ids: &'py Bound<'py, PyAny>,
    pub(super) lats_deg: &'py Bound<'py, PyAny>,
    pub(super) lons_deg: &'py Bound<'py, PyAny>,
    pub(super) at_s: Option<&'py Bound<'py, PyAny>>,
    pub(super) circles: Option<&'py Bound<'py, PyAny>>,
    pub(super) available: Option<&'py Bound<'py, PyAny>>,
}

/// Rows of a batch of people, and the circles of each where any are given.
pub(super) type Rows = (Vec<Record>, Vec<BTreeSet<u64>>);

impl Columns<'_> {
    /// People by row; the first value that cannot be is refused.
    pub(super) fn rows(&self, py: Python<'_>, now_s: Option<f64>) -> PyResult<Rows> {
        let (ids, lats, lons) = (
            Column::<u64>::of("person_ids", self.person_ids)?,
            Column::<f64>::of("lats_deg", self.lats_deg)?,
            Column::<f64>::of("lons_deg", self.lons_deg)?,
        );
        let times = self.at_s.map(|times| Column::<f64>::of("at_s", times));
        let times = times.transpose()?;
        let circles: Option<Vec<BTreeSet<u64>>> = self
            .circles
            .map(|rows| rows.try_iter()?.map(|row| ids_of(Some(&row?))).collect())
            .transpose()?;
        let available: Option<Vec<bool>> = self
            .available
            .map(|flags| flags.try_iter()?.map(|flag| flag?.is_truthy()).collect())
            .transpose()?;
        let (ids, lats, lons) = (ids.cells(py), lats.cells(py), lons.cells(py));
        let times = times.as_ref().map(|times| times.cells(py));
        let people = ids.len();
        same_length("lats_deg", lats.len(), people)?;
        same_length("lons_deg", lons.len(), people)?;
        same_length("at_s", times.as_ref().map_or(people, Cells::len), people)?;
        same_length("circles", circles.as_ref().map_or(people, Vec::len), people)?;
        same_length(
            "available",
            available.as_ref().map_or(people, Vec::len),
            people,
        )?;
        finite_now(now_s)?;
        let mut records = Vec::with_capacity(people);
        prefer_huge(&records);
        each_place(&lats, &lons, |row, point| {
            let at_s = times.as_ref().map_or(f64::NAN, |times| times.at(row));
            // In a column of times NaN stands for a time that is not known.
            let known_s = Some(at_s).filter(|at_s| !at_s.is_nan());
            if known_s.is_some() {
                check_now(known_s, now_s)?;
            }
            let xyz_m = point.map_err(fail)?.xyz_m();
            check_time("at_s", known_s).map_err(fail)?;
            records.push(Record {
                id: ids.at(row),
                xyz_m,
                at_s,
                available: available.as_ref().is_none_or(|flags| flags[row]),
            });
            Ok(())
        })?;
        Ok((records, circles.unwrap_or_default()))
    }
}

/// Calls with each row and its place, in their order, until that fails.
#[inline]
pub(super) fn each_place(
    lats_deg: &Cells<f64>,
    lons_deg: &Cells<f64>,
    mut with: impl FnMut(usize, Result<Point, InvalidPoint>) -> PyResult<()>,
) -> PyResult<()> {
    let mut points = [Point::ZERO; 8];
    for first in (0..lats_deg.len()).step_by(8) {
        let rows = first..lats_deg.len().min(first + 8);
        if rows.len() == 8
            && eight_points(&[lats_deg.eight(first), lons_deg.eight(first)], &mut points).is_ok()
        {
            for (row, point) in rows.zip(&points) {
                with(row, Ok(*point))?;
            }
            continue;
        }
        // Row by row, so that the first that cannot be is the one that is refused.
        for row in rows {
            with(row, Point::new(lats_deg.at(row), lons_deg.at(row)))?;
        }
    }
    Ok(())
}

/// Refuses a now that is no time: nothing would be later than it.
pub(super) fn finite_now(now_s: Option<f64>) -> PyResult<Option<f64>> {
    check_time("now_s", now_s).map_err(fail)?;
    Ok(now_s)
}

/// Refuses a fix that claims to be taken after now, and a now that is no time.
pub(super) fn check_now(at_s: Option<f64>, now_s: Option<f64>) -> PyResult<()> {
    match (at_s, finite_now(now_s)?) {
        (Some(at_s), Some(now_s)) if at_s > now_s => Err(fail(crate::FutureFix { at_s, now_s })),
        _ => Ok(()),
    }
}

pub(super) fn same_length(name: &str, length: usize, expected: usize) -> PyResult<()> {
    if length == expected {
        return Ok(());
    }
    let text = format!("{name}: {length} values for {expected} people");
    Err(refusal::<GeocoreError>(text, length))
}
