"""Before time comes truth: a peer must answer as brute force does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from geographiclib.geodesic import Geodesic

from bench.peers.vectors import to_vector, to_vectors

if TYPE_CHECKING:
    from bench.peers.peer import Column, Index, Peer

# What single steps in double precision may add up to over the whole earth.
ROUNDING = 1e-9

# The sphere is off by 0.562 % at most, so people so much farther cannot be nearer.
RIVALS = 1.0115


def share_exact(
    peer: Peer,
    index: Index,
    people: tuple[Column, Column],
    asked: tuple[Column, Column],
) -> float:
    """Return the share of questions whose distances are all right, by its own earth."""
    vectors = to_vectors(*people)
    right = 0
    for place in zip(*(column.tolist() for column in asked), strict=True):
        chords = np.linalg.norm(vectors - to_vector(*place), axis=1)
        answer = [metres for _, metres in index.nearest(place[0], place[1], peer.K_MAX)]
        truth = truth_m(chords, people, place, peer.EARTH_M)[: peer.K_MAX]
        right += len(answer) == len(truth) and all(
            abs(a - b) <= peer.BLUR_M + b * ROUNDING
            for a, b in zip(answer, truth, strict=True)
        )
    return right / len(asked[0])


def truth_m(
    chords: Column,
    people: tuple[Column, Column],
    place: tuple[float, float],
    earth_m: float | None,
) -> list[float]:
    """Return the five nearest distances, by a sphere or by geographiclib."""
    nearest = np.partition(chords, 4)[:5]
    if earth_m is not None:
        return sorted((2 * earth_m * np.arcsin(np.minimum(nearest / 2, 1))).tolist())
    rivals = np.flatnonzero(chords <= nearest.max() * RIVALS)
    lats, lons = people
    distances = [
        Geodesic.WGS84.Inverse(*place, lats[p], lons[p], Geodesic.DISTANCE)["s12"]
        for p in rivals
    ]
    return sorted(distances)[:5]
