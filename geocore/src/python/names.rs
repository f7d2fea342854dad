//! Python's own numbers for people who are found again and again.

use std::array;

use pyo3::prelude::*;
use pyo3::types::PyInt;

/// Bits of an id's hash that say where its number is kept.
const BITS: u32 = 10;

/// Of an index with at most so many people the numbers are kept, and never more than these.
pub(super) const NAMES_MAX: usize = 1 << BITS;

/// An id and its number.
type Name = (u64, Py<PyInt>);

/// Numbers by hash of their id, the latest in each place: to make one and to give it back
/// takes longer than to look here.
#[derive(Default)]
pub(super) struct Names(Option<Box<[Option<Name>; NAMES_MAX]>>);

impl Names {
    /// Python's number for an id.
    #[inline]
    pub(super) fn of<'py>(&mut self, py: Python<'py>, id: u64) -> Bound<'py, PyInt> {
        let kept = self
            .0
            .get_or_insert_with(|| Box::new(array::from_fn(|_| None)));
        let name = &mut kept[fold(id)];
        if let Some((known, number)) = name
            && *known == id
        {
            return number.bind(py).clone();
        }
        let number = number_of(py, id);
        *name = Some((id, number.clone().unbind()));
        number
    }
}

/// All ten bits of an id, and the next ten, and so on, upon each other.
///
/// Ids that count up lie side by side, four to a cache line; those that count by a power of
/// two have these bits turned round, so that they lie apart.
#[inline]
fn fold(id: u64) -> usize {
    let id = id ^ (id >> (4 * BITS));
    let id = id ^ (id >> (2 * BITS));
    ((id ^ (id >> BITS)) & ((1 << BITS) - 1)) as usize
}

/// A number of Python's for an id.
#[inline]
pub(super) fn number_of(py: Python<'_>, id: u64) -> Bound<'_, PyInt> {
    let Ok(number) = id.into_pyobject(py);
    number
}
