"""Every fault of one modem, alone and in pairs, while another one is whole.

The telephones are the judge: everybody is told by the other modem before anything is
mended, each attempt has one true outcome, what comes twice was unknown and is marked,
and both modems are used again.
"""

from pathlib import Path

import pytest

from tests.line.cases import FAULTS, SAMPLE, Fault, batches
from tests.line.story import Story, play_all, play_an_hour

LASTING = {"hangs", "unplugged", "creg", "asks for its PUK", "drop_cmgs 1"}


def _of_one(sets: list[tuple[Fault, ...]], folder: Path) -> list[str]:
    stories = [Story(faults=faults, both=False) for faults in sets]
    return play_all(stories, folder)


@pytest.mark.slow
def test_a_fault_of_one_modem_costs_nobody_the_alarm(tmp_path: Path) -> None:
    alone: list[tuple[Fault, ...]] = [(fault,) for fault in FAULTS]
    assert _of_one(alone + SAMPLE, tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pairs", batches(1))
def test_a_pair_of_faults_of_one_modem_costs_nobody_the_alarm(
    tmp_path: Path, pairs: list[tuple[Fault, ...]]
) -> None:
    assert _of_one(pairs, tmp_path) == []


@pytest.mark.slow
def test_a_modem_that_was_dead_for_an_hour_is_used_again(tmp_path: Path) -> None:
    assert play_an_hour([f for f in FAULTS if f.name in LASTING], tmp_path) == []
