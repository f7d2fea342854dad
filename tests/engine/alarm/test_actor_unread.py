"""The alarm's actor while rows cannot be read: what is put away comes back."""

from collections.abc import Iterator

import pytest

from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from tests.engine.alarm.test_actor import FIRST, Rig

RETOLD_S = 10.0
"""How often intake tells again what nobody has taken up."""


def unread_codes(fails: int) -> Iterator[str]:
    """Return reply codes whose look-up in the journal fails so often."""

    class Codes:
        left, drawn = fails, 0

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            if self.left:
                self.left -= 1
                message = "the disk does not read"
                raise JournalError(message)
            self.drawn += 1
            return f"K{self.drawn}"

    return Codes()


def unread(*_: object) -> None:
    """Stand for a read that meets a damaged page."""
    message = "it is damaged"
    raise JournalError(message)


def test_a_press_that_two_failed_reads_met_is_an_alarm_bug_put_away_for_good() -> None:
    """No colleague was ever told of it, whatever intake told again."""
    rig = Rig()
    rig.codes = unread_codes(2)
    rig.press()
    assert rig.kinds() == []
    assert len(rig.quarantined) == 1, "HQ hears at once that it is not handled"
    for _ in range(7):
        rig.press(run_s=RETOLD_S)
    assert rig.kinds()[0] == "AlarmRaised"
    assert rig.planned, "and colleagues are told"
    assert len(rig.quarantined) == 1


def test_while_nothing_can_be_read_it_is_tried_with_a_pause() -> None:
    rig = Rig()
    rig.codes = unread_codes(1_000)
    for _ in range(60):
        rig.press(run_s=RETOLD_S)
    assert 8 <= len(rig.quarantined) <= 10, "twice in a minute or so"
    rig.codes = unread_codes(0)
    for _ in range(7):
        rig.press(run_s=RETOLD_S)
    assert rig.kinds()[0] == "AlarmRaised"


def test_a_press_whose_rows_cannot_be_looked_for_is_an_alarm_bug_nobody_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its device had its answer, and its alarm's actor ended at each start."""
    rig = Rig()
    monkeypatch.setattr(MemoryReader, "stream", unread)
    rig.press()
    assert rig.planned
    monkeypatch.undo()
    assert rig.kinds()[0] == "AlarmRaised"


def test_one_that_is_known_is_not_begun_anew_where_its_rows_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()
    rig.press()
    before, rig.ledger.asked = rig.kinds(), []
    monkeypatch.setattr(MemoryReader, "stream", unread)
    rig.tree.names.tell(f"alarm/{FIRST}", "what nobody understands")
    rig.world.run(0.1)
    rig.press("k2", run_s=RETOLD_S)
    assert not rig.ledger.asked
    monkeypatch.undo()
    assert rig.kinds() == before


def test_where_no_head_can_be_read_either_hq_hears_of_it_bug_nobody_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()
    monkeypatch.setattr(MemoryReader, "stream", unread)
    monkeypatch.setattr(MemoryReader, "head", unread)
    rig.press(run_s=RETOLD_S)
    assert not rig.unbegun, "it may be for a moment"
    rig.press(run_s=RETOLD_S)
    assert rig.unbegun == ["k1"]
    monkeypatch.undo()
    for _ in range(7):
        rig.press(run_s=RETOLD_S)
    assert rig.kinds()[0] == "AlarmRaised"


def test_one_failed_read_costs_a_press_a_moment() -> None:
    rig = Rig()
    rig.codes = unread_codes(1)
    rig.press()
    assert rig.kinds()[0] == "AlarmRaised"
    assert rig.quarantined == []
