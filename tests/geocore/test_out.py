"""Arrays of the caller's, whatever they are: filled as they should be, or untouched."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from geocore import GeocoreError, Index

BYTES = 2_048
UNTOUCHED = 0x5A
KINDS = ("<u8", "<f8", "<i8", ">u8", ">f8", "<f4", "<u4", "u1")


@dataclass(frozen=True, kw_only=True)
class View:
    """How a piece of a memory is looked at: as an array of a kind, from a byte on."""

    kind: str
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    writable: bool

    def of(self, memory: bytearray) -> np.ndarray:
        found = np.ndarray(
            self.shape, self.kind, memory, self.start, strides=self.strides
        )
        found.flags.writeable = self.writable
        return found


ODD = ("kind", "shape", "gap", "order", "piled", "flat", "crooked", "frozen")


@st.composite
def views(draw: st.DrawFn, wanted: str, shape: tuple[int, int]) -> View:
    """Draw a view that fits, or is odd in one way."""
    odd = draw(st.sampled_from(("",) * 16 + ODD))
    kind = draw(st.sampled_from(KINDS)) if odd == "kind" else wanted
    size = np.dtype(kind).itemsize
    rows, columns = shape[::-1] if odd == "shape" else shape
    gap = draw(st.sampled_from((4, size))) if odd == "gap" else 0
    strides = {
        "order": (size, rows * size),
        "piled": (0, size),
        "flat": (size,),
    }.get(odd, (columns * size + gap, size))
    whole = (rows * columns,) if odd == "flat" else (rows, columns)
    span = size + sum(s * max(0, n - 1) for n, s in zip(whole, strides, strict=True))
    start = 8 * draw(st.integers(0, (BYTES - span) // 8 - 1))
    return View(
        kind=kind,
        start=start + 4 * (odd == "crooked"),
        shape=whole,
        strides=strides,
        writable=odd != "frozen",
    )


@st.composite
def calls(draw: st.DrawFn) -> tuple[int, int, View, View]:
    """Draw how many places, how many nearest, and where the answers shall go."""
    shape = draw(st.integers(0, 6)), draw(st.integers(1, 12))
    return (*shape, draw(views("<u8", shape)), draw(views("<f8", shape)))


@pytest.fixture(scope="module")
def index() -> Index:
    dice = random.Random(8)
    index = Index()
    for person in range(1, 8):
        index.upsert(person, dice.uniform(-90, 90), dice.uniform(-180, 180))
    return index


@given(call=calls())
def test_arrays_are_filled_or_refused_and_then_no_byte_is_touched(
    index: Index, call: tuple[int, int, View, View]
) -> None:
    places, k, of_ids, of_metres = call
    lats, lons = np.linspace(-80, 80, places), np.linspace(-170, 170, places)
    memory = bytearray([UNTOUCHED]) * BYTES
    ids, metres = of_ids.of(memory), of_metres.of(memory)
    refused = None
    try:
        index.nearest_many(lats, lons, k, out=(ids, metres))
    except GeocoreError as error:
        refused = str(error)
    if refused is not None:
        event("refused")
        assert refused.startswith("out: ")
        assert memory == bytearray([UNTOUCHED]) * BYTES
        return
    event("filled" if places else "filled with nothing")
    expected = bytearray([UNTOUCHED]) * BYTES
    rows = [
        row + [(0, np.inf)] * (k - len(row))
        for row in index.nearest_many(lats, lons, k)
    ]
    for where, column in ((of_ids, 0), (of_metres, 1)):
        numbers = [[pair[column] for pair in row] for row in rows]
        where.of(expected)[...] = np.array(numbers, where.kind).reshape(where.shape)
    assert memory == expected


def test_places_may_lie_where_the_answers_go(index: Index) -> None:
    memory = np.linspace(-80, 80, 40)
    lats, lons = memory[:4], memory[4:8]
    rows = index.nearest_many(lats.copy(), lons.copy(), 5)
    metres = memory[:20].reshape(4, 5)
    ids = memory[20:].view(np.uint64).reshape(4, 5)
    index.nearest_many(lats, lons, 5, out=(ids, metres))
    assert ids.tolist() == [[person for person, _ in row] for row in rows]
    assert metres.tolist() == [[m for _, m in row] for row in rows]
