"""The slow truth: brute force over PyPI's geographiclib (Karney)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from geographiclib.geodesic import (
    Geodesic,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Place: TypeAlias = tuple[float, float]

# Both sides round: Karney's is good to 15 nm, our earth-centred places to 2 nm.
NOISE_M = 4e-8


def geodesic_m(a: Place, b: Place) -> float:
    """Return the geodesic in metres."""
    line = Geodesic.WGS84.Inverse(*a, *b, Geodesic.DISTANCE)
    return float(line["s12"])


def assert_nearest(
    answer: Sequence[tuple[int, float]],
    people: Mapping[int, Place],
    place: Place,
    k: int,
    *,
    tolerance_m: float = 1e-3,
) -> None:
    """Fail unless an answer is what brute force over all people gives."""
    truth_m = {person: geodesic_m(place, at) for person, at in people.items()}
    expected = sorted(truth_m, key=lambda person: (truth_m[person], person))[:k]
    assert len(answer) == len(expected)
    assert len({person for person, _ in answer}) == len(answer)
    for (person, distance_m), wanted in zip(answer, expected, strict=True):
        if person != wanted:
            assert abs(truth_m[person] - truth_m[wanted]) < NOISE_M
        if truth_m[person] <= 300_000:
            assert abs(distance_m - truth_m[person]) <= tolerance_m
    for spot in {people[person] for person, _ in answer}:
        found = [person for person, _ in answer if people[person] == spot]
        here = sorted(person for person, at in people.items() if at == spot)
        assert found == here[: len(found)], "a tie goes by id"
