"""Every moment at which a process could die, one after another, before and after.

A day without a fault counts the journal's commits and the contacts with the outside;
then the same day is run as often, and dies at each of them.
"""

import pytest

from tests.simulation.day import Day, Outcome
from tests.simulation.plan import Item, Plan

PRESSED_S = 100.0
ENDS_S = 900.0


def lived(*faults: Item) -> Outcome:
    """Run a press from which everything follows, and a late answer."""
    press = Item(PRESSED_S, "input", "sos", "heron")
    return Day(Plan(7, (press, *faults)), ends_s=ENDS_S).run()


def crash(what: str, number: int) -> Item:
    return Item(PRESSED_S - 1, "process", what, n=number)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", ["commit_before", "commit_after"])
def test_a_crash_at_any_commit_loses_nothing(what: str) -> None:
    commits = lived().commits
    assert commits > 40
    struck = 0
    for number in range(1, commits + 1):
        outcome = lived(crash(what, number))
        assert outcome.violation is None, (what, number)
        struck += outcome.faults[what]
    # The probe's own commits are counted above, and none of them is a moment.
    assert struck > 40


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", ["contact_before", "contact_after"])
def test_a_crash_at_any_contact_loses_nothing(what: str) -> None:
    contacts = lived().contacts
    assert contacts > 10
    for number in range(1, contacts + 1):
        outcome = lived(crash(what, number))
        assert outcome.violation is None, (what, number)
        assert outcome.faults[what] == 1
        assert outcome.duplicates_max <= 2
