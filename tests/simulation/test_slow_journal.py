"""A journal that takes long for each commit makes all late, and nobody silent."""

import pytest

from tests.simulation.day import Day
from tests.simulation.disk import SimStore
from tests.simulation.plan import Item, Plan

PRESSED_S = 100.0
SLOW_FROM_S = 95.0


@pytest.mark.parametrize("takes_s", [6.0, 11.0, 15.0, 25.0])
def test_colleagues_are_told_within_some_commits_however_long_each_takes_bug_silence(
    takes_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(store: SimStore) -> None:
        slow = store._life.boottime_s() > SLOW_FROM_S
        store._life.sleep(takes_s if slow else 0.004)

    monkeypatch.setattr(SimStore, "_wait", wait)
    press = Item(PRESSED_S, "input", "sos", "heron")
    outcome = Day(Plan(7, (press,)), ends_s=900.0).run()
    # A row for the press, one for the case, one for the attempt; each waits for
    # another commit first.
    assert 0 < outcome.first_told_s < 6 * takes_s + 10
