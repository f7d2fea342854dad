"""Exact nearest people on WGS84."""

from geocore._geocore import (
    BUILD_PROFILE,
    CorruptSnapshotError,
    DuplicatePersonError,
    FutureFixError,
    GeocoreError,
    Index,
    InvalidCellError,
    InvalidCountError,
    InvalidIdError,
    InvalidNumberError,
    InvalidPointError,
    Places,
    UnknownPersonError,
    cell_boundary,
    cell_of,
    distance_m,
)

__all__ = [
    "BUILD_PROFILE",
    "CorruptSnapshotError",
    "DuplicatePersonError",
    "FutureFixError",
    "GeocoreError",
    "Index",
    "InvalidCellError",
    "InvalidCountError",
    "InvalidIdError",
    "InvalidNumberError",
    "InvalidPointError",
    "Places",
    "UnknownPersonError",
    "cell_boundary",
    "cell_of",
    "distance_m",
]
