"""The machine slept past the end of a timer: what came meanwhile is read first."""

import pytest

from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Record
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from engine.values import Signal
from tests.engine.dispatch.ledger import SILENT
from tests.engine.intake import test_actor as intake
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes
from tests.engine.intake.reports import report


def test_what_came_while_the_machine_slept_is_read_before_anybody_is_missed() -> None:
    """They were missed at once, with their word that they are back in the modem."""
    rig = Rig()
    rig.say(HOUR, Word.SAFE)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(30)
    assert rig.missed() == []
    rig.say(word=Word.SAFE)
    rig.world.run(minutes(600))
    assert rig.missed() == []


def test_where_nothing_came_meanwhile_they_are_missed_a_minute_later() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(70)
    assert len(rig.missed()) == 1


def test_a_journal_that_hangs_is_no_sleep_by_which_nobody_would_be_missed() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(60))
    rig.ledger.fault, rig.ledger.takes_s = lambda _: SILENT, 10.0
    rig.world.run(minutes(6))
    asked = [one for one in rig.ledger.asked if getattr(one, "records", ())]
    assert asked


def pressed() -> CheckInSaid:
    """Return what intake says of a device's press, now or hours later."""
    rig = intake.Rig().start()
    now = rig.world.now()
    press = report(received_at=now, device_at=now, signals=frozenset({Signal.CHECK_IN}))
    rig.record(press)
    rig.hear(press)
    (said,) = rig.timed
    assert isinstance(said, CheckInSaid)
    return said


@pytest.mark.parametrize(("slept_s", "count"), [(1800.0, 0), (8 * 3600.0, 1)])
def test_a_press_that_is_taken_up_late_counts_from_when_it_came(
    slept_s: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour began when the machine woke: who was missed for seven waited for it."""
    plan = CheckInPlan(button=HOUR)
    monkeypatch.setattr(CheckIns, "_plan", lambda *_: plan)
    rig, said = Rig(), pressed()
    row = Record(key=said.key, source="device", received_at=rig.world.now(), body=b"")
    rig.ledger.ask(row, 1.0)
    rig.world.suspend(slept_s)
    rig.tell(said)
    rig.world.run(70)
    assert rig.facts()[0] == "Started"
    assert len(rig.missed()) == count
    rig.world.run(minutes(30))
    assert len(rig.missed()) == 1
