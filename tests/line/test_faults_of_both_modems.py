"""Every fault of both modems at once, alone and in pairs.

The telephones are the judge: everybody is told once the faults are mended, each attempt
has one true outcome, what comes twice was unknown and is marked, and both modems are
used again.
"""

from pathlib import Path

import pytest

from tests.line.cases import FAULTS, SAMPLE, Fault, batches
from tests.line.story import Story, play_all


def _of_both(sets: list[tuple[Fault, ...]], folder: Path) -> list[str]:
    stories = [Story(faults=faults, both=True) for faults in sets]
    return play_all(stories, folder)


@pytest.mark.slow
def test_a_fault_of_both_modems_costs_nobody_the_alarm(tmp_path: Path) -> None:
    alone: list[tuple[Fault, ...]] = [(fault,) for fault in FAULTS]
    assert _of_both(alone + SAMPLE, tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pairs", batches(5))
def test_a_pair_of_faults_of_both_modems_costs_nobody_the_alarm(
    tmp_path: Path, pairs: list[tuple[Fault, ...]]
) -> None:
    assert _of_both(pairs, tmp_path) == []
