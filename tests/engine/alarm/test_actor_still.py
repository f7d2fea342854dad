"""The alarm's actor says where its case stands still, for as long as it does."""

import pytest

from engine.alarm import actor as acting
from engine.alarm.unheard import unheard
from engine.errors import JournalError
from engine.journal.memory import Medium
from engine.values import AlarmId
from tests.engine.alarm.test_actor import Rig
from tests.engine.alarm.test_actor_force import MINE, forced_cancel


def test_a_case_whose_rows_cannot_be_read_stands_still_bug_nobody_asked_knew() -> None:
    rig = Rig()
    rig.press()
    assert not any(rig.still.values())
    rig.spoil()
    rig.world.run(300)
    assert rig.still["first"]


def test_a_case_stands_still_while_its_deadlines_fail_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command is put away after two crashes, and the actor is well again."""
    rig = Rig()
    rig.press()

    def unreadable(*_: object) -> list[object]:
        message = "a page is damaged"
        raise JournalError(message)

    monkeypatch.setattr(acting, "unheard", unreadable)
    rig.world.run(120)
    assert rig.quarantined
    assert rig.still == {"first": False, "first when due": True}
    monkeypatch.setattr(acting, "unheard", unheard)
    rig.acknowledge()
    rig.world.run(3600)
    assert not any(rig.still.values())


def test_a_case_that_could_not_be_read_for_minutes_goes_on_bug_it_was_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody had a message for it for a minute, and it had armed nothing."""
    rig = Rig()
    rig.press()
    healthy = acting.AlarmActor._reload

    def unreadable(*_: object) -> list[object]:
        message = "a page is damaged"
        raise JournalError(message)

    monkeypatch.setattr(acting, "unheard", unreadable)
    monkeypatch.setattr(acting.AlarmActor, "_reload", unreadable)
    rig.world.run(400)
    assert rig.still["first"]
    monkeypatch.setattr(acting, "unheard", unheard)
    monkeypatch.setattr(acting.AlarmActor, "_reload", healthy)
    before = len(rig.kinds())
    rig.world.run(300)
    assert len(rig.kinds()) > before, "the next officer is paged"
    assert not rig.still["first"]


def test_what_else_crashes_an_actor_lets_its_deadlines_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()
    rig.press()

    def crashes(*_: object) -> None:
        message = "a mistake of ours"
        raise ValueError(message)

    monkeypatch.setattr(acting, "pass_on", crashes)
    rig.acknowledge()
    assert not any(rig.still.values())


def of_a_newer_engine() -> Rig:
    """Return an engine that finds a case whose rows it cannot read."""
    medium = Medium()
    before = Rig(medium)
    before.press()
    before.spoil()
    return Rig(medium)


def test_a_press_begins_a_case_at_once_where_a_newer_engine_wrote_theirs() -> None:
    """It was given to an actor that died on those rows, and again seconds later."""
    rig = of_a_newer_engine()
    rig.press("k2", MINE)
    assert rig.kinds(MINE)[0] == "AlarmRaised"
    rig.press("k3", AlarmId("third"))
    assert "PressJoined" in rig.kinds(MINE)
    assert rig.kinds(AlarmId("third")) == []
    assert not rig.quarantined


def test_a_word_of_force_begins_a_case_at_once_where_a_newer_engine_wrote_it() -> None:
    rig = of_a_newer_engine()
    rig.tell(forced_cancel(rig))
    assert rig.kinds(MINE)[0] == "AlarmRaised"
