"""No mutated frame makes a decoder raise, hang, or keep more than a frame."""

import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.session import StreamSession
from tests.adapters.devices import fuzz, withstood
from tests.adapters.devices.mutation import (
    FuzzedDecoder,
    assert_keeps_no_more_than_a_frame,
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
    for _ in range(200):
        for segment in mutated(TARGETS[name].seeds, rng):
            session.feed(segment, RECEIVED_AT)
            assert_keeps_no_more_than_a_frame(session)


def test_a_batch_is_the_same_for_the_same_number() -> None:
    once = [fuzz.run_batch(TARGETS["gt06"], 7, frames=100) for _ in range(2)]
    assert once[0].reports == once[1].reports
    assert once[0].bytes == once[1].bytes


def test_a_mistake_is_told_with_the_frames_that_made_it() -> None:
    def fire(_segments: object) -> int:
        raise IndexError

    broken = FuzzedDecoder("gt06", "adapters.devices.gt06", (b"\x78",), fire)
    with pytest.raises(fuzz.DecoderError, match=r"gt06, batch 3: IndexError\(\): \['"):
        fuzz.run_batch(broken, 3)


@pytest.mark.slow
def test_a_run_that_was_stopped_is_taken_up_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "withstood.json"
    for frames in (1, 2):
        run = fuzz.Run(withstood.load(path), frames * fuzz.BATCH, {"spot"})
        with ProcessPoolExecutor(1) as pool:
            run.go(pool, 1, path)
        withstood.save(run.tallies, path)
    one, two = (fuzz.run_batch(TARGETS["spot"], number) for number in (0, 1))
    kept = withstood.load(path)["spot"]
    assert (kept.batches, kept.frames) == (2, 2 * fuzz.BATCH)
    assert kept.reports == one.reports + two.reports
