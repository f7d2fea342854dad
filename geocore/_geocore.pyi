"""Exact nearest people on WGS84, moving and fast.

Degrees are latitude first (ISO 6709), distances metres over the ellipsoid, times
seconds on one clock of the caller's choice. A value that cannot be is refused by a
`GeocoreError`; it names the value, also as its attribute `value`, and the index is
unchanged. What is no number, or nothing to go through, is a `TypeError` as everywhere.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, TypeVar, final, overload

from typing_extensions import Buffer

__all__ = [
    "BUILD_PROFILE",
    "PROFILE_GUIDED",
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

_Array: TypeAlias = Buffer | Iterable[object]  # NumPy's is no Buffer to mypy on 3.11
_Out = TypeVar("_Out", bound=tuple[_Array, _Array])

BUILD_PROFILE: Final[str]
"""`release`, or `debug` for a build that must not be measured."""

PROFILE_GUIDED: Final[bool]
"""Whether it was compiled after the profile of its usual calls; else calls with cold
caches take a third longer."""

class GeocoreError(ValueError):
    """Something was refused; `value` holds what."""

    value: object

class InvalidPointError(GeocoreError):
    """A coordinate is no finite number, a latitude leaves ±90 or a longitude ±180."""

class InvalidCountError(GeocoreError):
    """A k is not in 1 to 2^24, or a number of inhabitants no 64-bit number."""

class InvalidNumberError(GeocoreError):
    """A time is not finite, or a radius is negative or no number."""

class InvalidIdError(GeocoreError):
    """An id is not an integer from 0 to 2^64 - 1."""

class DuplicatePersonError(GeocoreError):
    """A batch names a person twice."""

class UnknownPersonError(GeocoreError):
    """A person to be moved is not in the index."""

class FutureFixError(GeocoreError):
    """A fix is later than the `now_s` that came with it."""

class CorruptSnapshotError(GeocoreError):
    """A snapshot was cut, changed or made by something else."""

class InvalidCellError(GeocoreError):
    """H3 knows no such cell or resolution."""

@final
class Index:
    """People, findable by nearness in the order of the geodesic on WGS84.

    Safe for any number of threads. A single call holds the GIL for its microseconds;
    batches and snapshots release it.

    >>> index = Index()
    >>> index.upsert(7, 59.33, 18.07)
    >>> index.upsert(8, 55.60, 13.00)
    >>> [(person, round(metres)) for person, metres in index.nearest(57.7, 12.0, 1)]
    [(8, 241747)]
    """

    def __new__(cls) -> Index: ...
    def upsert(
        self,
        person_id: int,
        lat_deg: float,
        lon_deg: float,
        *,
        at_s: float | None = None,
        circles: Iterable[int] | None = None,
        available: bool = True,
        now_s: float | None = None,
    ) -> None:
        """Put a person in, or replace all that was known of them, circles too.

        Args:
            person_id: 0 to 2^64 - 1.
            lat_deg: latitude of the last fix, -90 to 90.
            lon_deg: longitude of the last fix, -180 to 180.
            at_s: time of the fix; None for a declared place, which is never fresh.
            circles: numbers of the trust circles, 0 to 2^64 - 1, any number of them.
            available: whether the person can go.
            now_s: if given, a fix later than this finite time is refused.

        Raises:
            InvalidPointError: a coordinate is out of range or not finite.
            InvalidIdError: an id is no 64-bit number.
            InvalidNumberError: the time, or `now_s`, is not finite.
            FutureFixError: the fix is later than `now_s`.

        """

    def upsert_many(
        self,
        person_ids: Buffer | Iterable[int],
        lats_deg: Buffer | Iterable[float],
        lons_deg: Buffer | Iterable[float],
        *,
        at_s: Buffer | Iterable[float] | None = None,
        circles: Iterable[Iterable[int]] | None = None,
        available: Iterable[bool] | None = None,
        now_s: float | None = None,
    ) -> None:
        """Put many people in: all of them or, on an error, none.

        Columns of equal length; a buffer of uint64 or float64 (`array.array`, NumPy)
        is read as it lies, without Python objects. NaN in `at_s` stands for a time
        that is not known.

        Raises:
            DuplicatePersonError: an id comes twice.
            GeocoreError: columns differ in length, or as `upsert`.

        """

    def move_to(
        self,
        person_id: int,
        lat_deg: float,
        lon_deg: float,
        *,
        at_s: float | None = None,
        now_s: float | None = None,
    ) -> None:
        """Move a person whose circles and availability stay.

        Raises:
            UnknownPersonError: the person is not in the index.
            GeocoreError: as `upsert`.

        """

    def remove(self, person_id: int) -> bool:
        """Take a person out; False if there was none."""

    @overload
    def nearest(
        self,
        lat_deg: float,
        lon_deg: float,
        k: int,
        *,
        within_m: float | None = None,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        ages: Literal[False] = False,
        now_s: float | None = None,
    ) -> list[tuple[int, float]]: ...
    @overload
    def nearest(
        self,
        lat_deg: float,
        lon_deg: float,
        k: int,
        *,
        within_m: float | None = None,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        ages: Literal[True],
        now_s: float | None = None,
    ) -> list[tuple[int, float, float | None]]:
        """Return the k nearest people as `(person_id, distance_m)`.

        The set and the order are those of the geodesic; ties go by id. Fewer than k
        come back when fewer qualify.

        Args:
            lat_deg: latitude of the place asked about.
            lon_deg: longitude of the place asked about.
            k: 1 to 2^24.
            within_m: only people at most so far, inclusive.
            newer_than_s: only people with a fix later than this time.
            circle: only members of this trust circle.
            available: only people who are (True) or are not (False) available.
            exclude: none of these people.
            geodesic: report Karney's distance (15 nm) at any range; without it
                distances are within 1 mm up to 300 km, and within the bound of
                docs/geocore.md beyond.
            ages: add `age_s`, which is `now_s - at_s`, or None where no time is known.
            now_s: the finite time that ages count from; needed with `ages`.

        Raises:
            GeocoreError: a value is unusable; the class tells which.
            TypeError: `ages` without `now_s`.

        """

    @overload
    def nearest_many(
        self,
        lats_deg: Buffer | Iterable[float],
        lons_deg: Buffer | Iterable[float],
        k: int,
        *,
        within_m: float | None = None,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        arrays: Literal[False] = False,
        out: None = None,
    ) -> list[list[tuple[int, float]]]: ...
    @overload
    def nearest_many(
        self,
        lats_deg: Buffer | Iterable[float],
        lons_deg: Buffer | Iterable[float],
        k: int,
        *,
        within_m: float | None = None,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        arrays: Literal[True],
        out: None = None,
    ) -> tuple[memoryview[int], memoryview[float]]: ...
    @overload
    def nearest_many(
        self,
        lats_deg: Buffer | Iterable[float],
        lons_deg: Buffer | Iterable[float],
        k: int,
        *,
        within_m: float | None = None,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        arrays: bool = False,
        out: _Out,
    ) -> _Out:
        """Answer `nearest` for many places, in their order, without the GIL.

        With `arrays` the answer is two buffers of n rows and one to k columns, uint64
        ids and float64 metres, for `numpy.asarray`; where fewer people qualify, metres
        are infinite and the id means nothing. It costs no Python object per person.
        Where nothing is asked both have one dimension of no cells.

        `out` is such a pair of the caller's own, of n rows and exactly k columns, which
        is filled and returned: whoever asks again and again spares new memory and an
        eighth of the time. Nothing is written if anything is refused.

        >>> import numpy as np
        >>> index = Index()
        >>> index.upsert_many([7, 8], [59.33, 55.60], [18.07, 13.00])
        >>> ids, metres = np.empty((2, 1), np.uint64), np.empty((2, 1))
        >>> _ = index.nearest_many([59.0, 56.0], [18.0, 13.0], 1, out=(ids, metres))
        >>> ids.tolist()
        [[7], [8]]

        Raises:
            GeocoreError: as `nearest`; columns differ in length; an array of `out` has
                another type or shape, cannot be written, has gaps, or is the other one.

        """

    @overload
    def within(
        self,
        lat_deg: float,
        lon_deg: float,
        radius_m: float,
        *,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        ages: Literal[False] = False,
        now_s: float | None = None,
    ) -> list[tuple[int, float]]: ...
    @overload
    def within(
        self,
        lat_deg: float,
        lon_deg: float,
        radius_m: float,
        *,
        newer_than_s: float | None = None,
        circle: int | None = None,
        available: bool | None = None,
        exclude: Iterable[int] | None = None,
        geodesic: bool = False,
        ages: Literal[True],
        now_s: float | None = None,
    ) -> list[tuple[int, float, float | None]]:
        """Return everyone at most `radius_m` away, in the order of `nearest`."""

    def stats(self) -> dict[str, int]:
        """Return counts for gauges: `people`, `circles`, `bytes` in structures."""

    def to_bytes(self) -> bytes:
        """Return a snapshot; equal indexes give equal bytes."""

    @staticmethod
    def from_bytes(snapshot: bytes) -> Index:
        """Build an index from `to_bytes`.

        Raises:
            CorruptSnapshotError: the hash does not fit, or the content breaks a rule.

        """

    def __len__(self) -> int: ...
    def __contains__(self, person_id: object, /) -> bool: ...

@final
class Places:
    """Inhabited places, summed per H3 cell at every resolution."""

    def __new__(cls, places: Iterable[tuple[float, float, int]]) -> Places:
        """Sum `(lat_deg, lon_deg, inhabitants)`.

        Raises:
            InvalidPointError: a coordinate is out of range or not finite.
            InvalidCountError: a number of inhabitants is negative or none.

        """

    def inhabitants(self, cell: str) -> int:
        """Return the inhabitants of a cell; one without a place counts as empty."""

    def public_cell(
        self, lat_deg: float, lon_deg: float, *, inhabitants_min: int
    ) -> str | None:
        """Return the smallest cell round a point with at least so many inhabitants.

        None where even the cell of resolution 0 holds fewer: then nothing may be shown.
        A cell where nobody is known to live is never public, not even for 0.

        Raises:
            InvalidPointError: a coordinate is out of range or not finite.
            InvalidCountError: the number is negative or none.

        """

def cell_of(lat_deg: float, lon_deg: float, resolution: int) -> str:
    """Return the H3 cell of a point at a resolution from 0 to 15, in H3's hexadecimal.

    >>> cell_of(37.775938728915946, -122.4179575, 7)
    '872830828ffffff'

    Raises:
        InvalidPointError: a coordinate is out of range or not finite.
        InvalidCellError: there is no such resolution.

    """

def cell_boundary(cell: str) -> tuple[tuple[float, float], ...]:
    """Return the corners of a cell as `(lat_deg, lon_deg)`, counter-clockwise.

    Raises:
        InvalidCellError: there is no such cell.

    """

def distance_m(from_: tuple[float, float], to: tuple[float, float]) -> float:
    """Return the geodesic between two `(lat_deg, lon_deg)` by Karney's algorithm.

    Source: DOI 10.1007/s00190-012-0578-z; accurate to 15 nm.

    Raises:
        InvalidPointError: a coordinate is out of range or not finite.

    """
