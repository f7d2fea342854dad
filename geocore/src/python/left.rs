//! What threads had of Python's when they ended.

use std::mem;

use parking_lot::Mutex;
use pyo3::prelude::*;

/// Kept until an answer is made anew or a batch is asked: a thread that ends may not let go of
/// anything, for it is attached to no interpreter any more.
///
/// `PyO3` has a pool for that, which each call looks into, under a lock; this build has none
/// (`.cargo/config.toml`). It was emptied by whoever attached next, also where a batch holds the
/// index, which what a caller has put into an answer might ask as it ends.
static LEFT: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());

/// Leaves things for [`let_go`].
pub(super) fn leave(things: impl IntoIterator<Item = Py<PyAny>>) {
    // Together first, so that a process that forks rarely does while this is locked.
    let things: Vec<_> = things.into_iter().collect();
    LEFT.lock().extend(things);
}

/// Lets go of what was left, which may run finalizers: not while an index is held.
pub(super) fn let_go(_py: Python<'_>) {
    let left = mem::take(&mut *LEFT.lock());
    drop(left);
}
