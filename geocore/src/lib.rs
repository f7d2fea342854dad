//! Exact nearest people on WGS84, moving and fast.
//!
//! | Python | Rust |
//! |---|---|
//! | `geocore.Index` | [`Index`] |
//! | `geocore.Places` | [`Places`] |
//! | `geocore.distance_m` | [`karney_m`] |
//! | `geocore.cell_of`, `geocore.cell_boundary` | [`cell_of`], [`cell_boundary`] |
//! | `geocore.GeocoreError` and its children | [`Error`] and its variants |
//!
//! The Python face lives in one module behind the feature `python`; everything else knows
//! nothing of Python.

mod cell;
mod error;
mod geodesic;
mod index;
mod point;
#[cfg(feature = "python")]
mod python;
// Where none of these is the case nothing in it needs to be let in.
#[cfg_attr(
    any(target_arch = "x86_64", target_os = "linux", feature = "python"),
    expect(
        unsafe_code,
        reason = "vectors, prefetch, huge pages, answers written over: measured in docs/geocore.md"
    )
)]
mod raw;

pub use cell::{Places, cell_boundary, cell_of};
pub use error::{
    CorruptSnapshot, DuplicatePerson, Error, FutureFix, InvalidCell, InvalidCount, InvalidNumber,
    InvalidPoint, UnknownPerson,
};
pub use geodesic::{
    CHORD_FAR_M, CURVATURE_RADIUS_MAX_M, CURVATURE_RADIUS_MIN_M, approximate_m,
    approximation_bound_m, chord_max_m, geodesic_max_m, karney_m, rival_chord_max_m,
};
pub use index::{Filter, Index, K_MAX, Neighbour, Person, Stats, eight_points};
pub use point::{EQUATORIAL_RADIUS_M, FLATTENING, Point};
