//! What threads had of Python's when they ended.

use std::mem;

use parking_lot::Mutex;
use pyo3::prelude::*;

/// Kept until one that asks lets go of it: a thread that ends may not, for it is attached to
/// no interpreter any more.
///
/// `PyO3` has a pool for that, which each call looks into, under a lock; the build is without
/// (`.cargo/config.toml`). And with it what a caller has put into an answer could end where a
/// batch holds the index, and its end may ask that very index.
static LEFT: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());

/// Leaves things for [`let_go`].
pub(super) fn leave(things: impl IntoIterator<Item = Py<PyAny>>) {
    LEFT.lock().extend(things);
}

/// Lets go of what was left, which may run finalizers.
pub(super) fn let_go(_py: Python<'_>) {
    let left = mem::take(&mut *LEFT.lock());
    drop(left);
}
