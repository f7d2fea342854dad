//! The exceptions of the Python face, and the one place that makes them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::{IntoPyObject, PyTypeInfo, create_exception};

use crate::Error;

create_exception!(geocore, GeocoreError, PyValueError);
create_exception!(geocore, InvalidPointError, GeocoreError);
create_exception!(geocore, InvalidCountError, GeocoreError);
create_exception!(geocore, InvalidNumberError, GeocoreError);
create_exception!(geocore, InvalidIdError, GeocoreError);
create_exception!(geocore, DuplicatePersonError, GeocoreError);
create_exception!(geocore, UnknownPersonError, GeocoreError);
create_exception!(geocore, FutureFixError, GeocoreError);
create_exception!(geocore, CorruptSnapshotError, GeocoreError);
create_exception!(geocore, InvalidCellError, GeocoreError);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Point(e) => refusal::<InvalidPointError>(text, e.value_deg),
            Error::Count(e) => refusal::<InvalidCountError>(text, e.value),
            Error::Number(e) => refusal::<InvalidNumberError>(text, e.value),
            Error::Duplicate(e) => refusal::<DuplicatePersonError>(text, e.person),
            Error::Unknown(e) => refusal::<UnknownPersonError>(text, e.person),
            Error::Future(e) => refusal::<FutureFixError>(text, e.at_s),
            Error::Snapshot(e) => refusal::<CorruptSnapshotError>(text, e.reason),
            Error::Cell(e) => refusal::<InvalidCellError>(text, e.value),
        }
    }
}

/// An exception with the refused value as its attribute `value`.
pub(super) fn refusal<E: PyTypeInfo>(
    text: String,
    value: impl for<'py> IntoPyObject<'py>,
) -> PyErr {
    Python::attach(|py| {
        let error = PyErr::new::<E, _>(text);
        match error.value(py).setattr("value", value) {
            Ok(()) => error,
            Err(failed) => failed,
        }
    })
}

pub(super) fn fail(error: impl Into<Error>) -> PyErr {
    error.into().into()
}
