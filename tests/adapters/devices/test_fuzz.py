"""No mutated frame makes a decoder raise, hang, or keep more than a frame."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.session import StreamSession
from tests.adapters.devices import fuzz
from tests.adapters.devices.mutation import (
    mistakes_raise,
    mutated,
    protocols,
    targets,
)
from tests.adapters.devices.vectors import FOLDER, RECEIVED_AT

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there")
TARGETS = targets()
STREAMS = [
    name
    for name, entry in protocols().items()
    if hasattr(entry, "session") and isinstance(entry.session(), StreamSession)
]


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_batch_of_mutated_frames_is_withstood(name: str) -> None:
    tally = fuzz.run_batch(TARGETS[name], 0, frames=1500)
    assert tally.frames == 1500
    assert tally.reports > 0


@pytest.mark.parametrize("name", sorted(TARGETS))
@given(data=st.data())
def test_no_bytes_make_a_decoder_raise(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    seed = data.draw(st.sampled_from(target.seeds))
    noise = data.draw(st.lists(st.binary(max_size=40), max_size=4))
    at = data.draw(st.integers(0, len(seed)))
    with mistakes_raise():
        target.fire([seed[:at], *noise, seed[at:]])


@pytest.mark.parametrize("name", STREAMS)
def test_what_never_ends_is_not_kept_beyond_a_frame(name: str) -> None:
    session = protocols()[name].session()
    rng = random.Random(name)
    limit = session._decoder.frame_bytes_max
    for _ in range(200):
        for segment in mutated(TARGETS[name].seeds, rng):
            session.feed(segment, RECEIVED_AT)
            assert len(session._buffer) <= limit
            assert len(session._between) <= limit


def test_a_batch_is_the_same_for_the_same_number() -> None:
    once = [fuzz.run_batch(TARGETS["gt06"], 7, frames=100) for _ in range(2)]
    assert once[0].reports == once[1].reports
    assert once[0].bytes == once[1].bytes


def test_tallies_add_up_over_runs() -> None:
    one = fuzz.Tally(frames=5, batches=1, cpu_s=1.0, slowest_ms=3.0)
    two = fuzz.Tally(frames=7, batches=1, cpu_s=2.0, slowest_ms=2.0)
    both = fuzz.added(one, two)
    assert (both.frames, both.batches, both.cpu_s) == (12, 2, 3.0)
    assert both.slowest_ms == 3.0
