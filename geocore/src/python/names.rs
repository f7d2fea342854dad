//! Python's own numbers for people who are found again and again.

use std::array;

use pyo3::prelude::*;
use pyo3::types::PyInt;

use super::left::leave;

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
        let name = &mut kept[slot_of(id)];
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

impl Drop for Names {
    fn drop(&mut self) {
        let names = self.0.as_deref_mut().into_iter().flatten();
        leave(
            names
                .filter_map(Option::take)
                .map(|(_, number)| number.into_any()),
        );
    }
}

/// Where an id's number is kept.
///
/// Ids that count up lie side by side, four to a cache line; the next thousand 33 places
/// further, so that those that count by a power of two, or by group and member, fall between
/// each other; and all above by a hash.
#[inline]
fn slot_of(id: u64) -> usize {
    let (thousand, million) = (id >> BITS, id >> (2 * BITS));
    let far = million.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - BITS);
    let slot = id.wrapping_add(thousand.wrapping_mul(33)).wrapping_add(far);
    (slot & ((1 << BITS) - 1)) as usize
}

/// A number of Python's for an id.
#[inline]
pub(super) fn number_of(py: Python<'_>, id: u64) -> Bound<'_, PyInt> {
    let Ok(number) = id.into_pyobject(py);
    number
}
