"""At the end of a shift a case that stands open comes to whoever is on next."""

from dataclasses import replace
from datetime import timedelta

from engine.alarm.events import AcknowledgementLapsed, AlarmAcknowledged
from engine.alarm.messages import Distress
from engine.roster.risk import read_window
from engine.values import Instant
from tests.engine.alarm.scene import ENDED_BY_ONE, press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig
from tests.engine.intake.reports import ROSTER

SHIFTS = {"alder": "daily 00:00-06:00", "rowan": "daily 06:00-18:00"}
AT_SIX = Instant.parse("2026-11-25T06:00:00+01:00")
ALL_DAY = replace(ENDED_BY_ONE, lease=timedelta(days=1))


def test_who_has_it_goes_off_and_who_comes_on_is_paged_in_that_moment() -> None:
    rig = Rig()
    people = tuple(
        replace(one, shifts=(read_window(SHIFTS[one.person]),))
        if one.person in SHIFTS
        else one
        for one in ROSTER.people
    )
    rig.board.replace(replace(ROSTER, people=people))
    command = raise_of(press_of("k1", rig.world.now()), ALL_DAY)
    rig.tell(Distress(alarm_id=FIRST, command=command))
    rig.acknowledge()
    events = [event for _, events in rig.changes for event in events]
    (taken,) = [one for one in events if isinstance(one, AlarmAcknowledged)]
    assert taken.until == AT_SIX
    before = AT_SIX.since(rig.world.now()).total_seconds() - 1
    rig.world.run(before)
    assert "AcknowledgementLapsed" not in rig.kinds()
    rig.world.run(2)
    events = [event for _, events in rig.changes for event in events]
    (lapse,) = [one for one in events if isinstance(one, AcknowledgementLapsed)]
    assert lapse.off_duty
    alarm = rig.changes[-1][0]
    new = [one for one in alarm.effects.values() if one.planned_at >= AT_SIX]
    assert {one.person for one in new} == {"rowan"}
