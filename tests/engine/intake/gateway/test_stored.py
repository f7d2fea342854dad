"""Old records beside a new one: what is late says so, and is no place of now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.state import PlaceSource
from engine.intake.gateway.stored import marked
from engine.intake.judge import raise_command
from engine.ports.device import DeviceReport
from engine.values import Signal
from tests.engine.intake.gateway.test_door import Rig
from tests.engine.intake.reports import SOS, STRANGERS, fix, report
from tests.fakes import START

MINUTE = timedelta(minutes=1)


def at(minutes: int, signals: frozenset[Signal] = SOS) -> DeviceReport:
    when = START.plus(minutes * MINUTE)
    return report(
        device_at=when, fix=fix(at=when), raw=b"%d" % minutes, signals=signals
    )


@pytest.mark.parametrize(
    ("minutes", "late"),
    [
        ((0,), [False]),
        ((-120,), [False]),
        ((-120, 0), [True, False]),
        ((0, -120), [False, True]),
        ((-120, -60, -4), [True, True, False]),
        ((-4, 0), [False, False]),
        ((-120, -60), [False, False]),
        ((-120, 60), [False, False]),
    ],
)
def test_what_is_older_than_a_record_of_now_beside_it_is_late(
    minutes: Sequence[int], late: list[bool]
) -> None:
    said = marked([at(minute) for minute in minutes])
    assert [one.buffered for one in said] == late


def test_anothers_record_of_now_makes_no_press_late_bug_the_next_was_none() -> None:
    rig = Rig()
    keys = []
    for minutes in (0, 11):
        now = START.plus(minutes * MINUTE)
        stuck = replace(at(-90), received_at=now)
        others = replace(at(minutes, frozenset()), device=STRANGERS, received_at=now)
        said, _ = marked([stuck, others])
        assert not said.buffered
        keys.append(rig.judge.judge(said).assessment.press.key)
    assert keys[0] != keys[1], "else the second press is no alarm"


def test_an_old_sos_in_a_packet_is_recorded_as_late_at_its_own_time() -> None:
    rig = Rig()
    rig.let_in(at(-120), at(0, frozenset()))
    rig.commit()
    (heard,) = rig.heard
    (sos,) = heard.reports
    raised = raise_command(rig.judge.judge(sos))
    assert (raised.press.late, raised.press.clock_doubtful) == (True, False)
    place = raised.place
    assert place.source is PlaceSource.LAST_FIX, "the record of now has moved them"
    assert place.at == START
