//! Exact nearest people on WGS84.
#[cfg(feature = "python")]
mod python;
