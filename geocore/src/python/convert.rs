//! Arguments from Python: numbers, columns, and typed errors that name what was given.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;

use super::errors::{GeocoreError, InvalidCountError, InvalidIdError, refusal};

/// A 64-bit id, or a typed error that names what was given.
pub(super) fn id_of(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    value.extract().map_err(|_| {
        let text = format!("id: {value} is not an integer from 0 to 2^64 - 1");
        refusal::<InvalidIdError>(text, value.clone().unbind())
    })
}

pub(super) fn count_of(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    value.extract().map_err(|_| {
        let text = format!("k: {value} is not in 1 to {}", crate::K_MAX);
        refusal::<InvalidCountError>(text, value.clone().unbind())
    })
}

pub(super) fn ids_of<C: FromIterator<u64> + Default>(
    values: Option<&Bound<'_, PyAny>>,
) -> PyResult<C> {
    match values {
        None => Ok(C::default()),
        Some(values) => values.try_iter()?.map(|id| id_of(&id?)).collect(),
    }
}

/// The numbers of a buffer (`array.array`, `numpy`), or of any sequence.
pub(super) fn column<T>(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Vec<T>>
where
    T: Element + for<'a, 'py> FromPyObject<'a, 'py>,
{
    if let Ok(buffer) = PyBuffer::<T>::get(values)
        && buffer.dimensions() == 1
    {
        return buffer.to_vec(values.py());
    }
    values
        .try_iter()?
        .map(|value| {
            let value = value?;
            let number = value.extract().ok();
            number.ok_or_else(|| {
                let text = format!("{name}: {value} has the wrong type");
                refusal::<InvalidIdError>(text, value.clone().unbind())
            })
        })
        .collect()
}

pub(super) fn same_length(name: &str, length: usize, expected: usize) -> PyResult<()> {
    if length == expected {
        return Ok(());
    }
    let text = format!("{name}: {length} values for {expected} people");
    Err(refusal::<GeocoreError>(text, length))
}
