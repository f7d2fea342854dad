"""A tracker that reports by SMS, through intake's actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.ports.journal import Code
from engine.roster.model import Number
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_actor import LAPWING, Rig


@pytest.fixture(name="rig")
def _rig() -> Rig:
    return Rig().start()


@contextmanager
def with_sim(rig: Rig) -> Iterator[None]:
    board = rig.judge.board
    roster = board.roster()
    devices = tuple(
        replace(one, number=Number("+998460000099")) if one.device == HERONS else one
        for one in roster.devices
    )
    board.replace(replace(roster, devices=devices))
    yield
    board.replace(roster)


def test_what_looks_like_a_code_makes_no_answer_of_a_trackers_sos(rig: Rig) -> None:
    rig.take(codes=(Code(code="D7E4", stream="alarm/a", person=LAPWING),))
    with with_sim(rig):
        (distress,) = rig.sms("help me! 05 41.9 460 01 2533 D7E4", "+998460000099")
        assert isinstance(distress, Distress)
        assert (distress.command.kind, distress.command.subject) == (Kind.REAL, HERON)


@pytest.mark.parametrize("sender", ["+998460000099", "0460000099"])
def test_a_tracker_that_reports_by_sms_has_said_a_word(rig: Rig, sender: str) -> None:
    with with_sim(rig):
        rig.sms("help me", sender)
        assert rig.attendance.last(HERONS) is not None
        later = rig.world.now().plus(timedelta(minutes=1))
        rig.attendance.heard(HERONS, later)
        rig.sms("help me", sender)
        assert rig.attendance.last(HERONS) == later, "a row that waited is no newer"
