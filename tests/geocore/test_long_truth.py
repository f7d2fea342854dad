from __future__ import annotations

from tests.geocore.long_truth import WORLDS, run


def test_every_world_of_the_long_run_once() -> None:
    run(len(WORLDS) * 60, a_world=60)
