"""However much is said of timers: anybody may send it, by a forged number."""

from datetime import timedelta

import pytest

from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.said import CheckInSaid
from engine.values import PersonId, ReportKey
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes
from tests.engine.intake.checkins.test_held import came
from tests.engine.intake.reports import HERON


def test_whoever_does_not_come_back_is_missed_bug_two_words_a_second_put_it_off() -> (
    None
):
    """Each put the next look at the timers off by a second, and nobody was missed."""
    rig = Rig()
    rig.say(timedelta(minutes=1))
    rig.world.run(minutes(4))
    asked = CheckInSaid(key=ReportKey("asked"), person=PersonId("lapwing"))
    for _ in range(6 * 60):
        rig.world.run(0.4)
        rig.tell(asked)
    assert len(rig.missed()) == 1


def test_what_is_taken_up_late_has_a_day_of_rows_read_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig, looks = Rig(), 0
    take_up = CheckIns._take_up_again

    def counted(of: CheckIns) -> None:
        nonlocal looks
        looks += 1
        take_up(of)

    rig.world.run(minutes(5))
    monkeypatch.setattr(CheckIns, "_take_up_again", counted)
    for number in range(60):
        key, at = came(rig, f"order-{number}"), rig.world.now()
        rig.world.run(2)
        rig.tell(CheckInSaid(key=key, person=HERON, at=at, until=at.plus(HOUR)))
    assert 0 < looks <= 1 + 60 * 2.1 / 30
