//! The Python face.
use pyo3::prelude::*;

/// The module.
#[pymodule]
fn _geocore(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("BUILD_PROFILE", if cfg!(debug_assertions) { "debug" } else { "release" })
}
