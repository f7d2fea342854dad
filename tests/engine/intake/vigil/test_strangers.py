"""Devices that speak and are not enrolled are known of, within a bound."""

from datetime import timedelta

from engine.intake.vigil.strangers import (
    ID_CHARS_MAX,
    STRANGERS_MAX,
    Stranger,
    Strangers,
    alike,
)
from engine.values import DeviceId
from tests.engine.intake.gateway.test_door import LOGIN, POSITION, STRAY, Rig
from tests.engine.intake.reports import STRANGERS, report
from tests.fakes import START


def test_a_device_that_is_not_enrolled_is_known_of_by_its_every_word() -> None:
    """Its positions were answered and were nobody's, and nothing told."""
    rig = Rig()
    for said in (LOGIN, POSITION, STRAY):
        rig.let_in(said)
    assert rig.attendance.strangers.latest() == []
    for said in (LOGIN, POSITION):
        rig.let_in(report(device=STRANGERS, kind=said.kind, signals=said.signals))
        ((device, stranger),) = rig.attendance.strangers.latest()
        assert (device, stranger) == (STRANGERS, Stranger("gt06", START))


def test_no_more_are_kept_than_the_latest_few() -> None:
    strangers = Strangers()
    for number in range(STRANGERS_MAX + 3):
        at = START.plus(timedelta(seconds=number))
        strangers.met(report(device=DeviceId(f"{number}"), received_at=at))
    strangers.met(report(device=DeviceId("3")))
    strangers.met(report(device=DeviceId("x" * (ID_CHARS_MAX + 1))))
    latest = [device for device, _ in strangers.latest()]
    assert len(latest) == STRANGERS_MAX
    assert latest[:2] == ["3", f"{STRANGERS_MAX + 2}"]
    assert latest[-1] == "4", "who was heard longest ago gives way"


def test_case_blanks_and_leading_zeros_make_no_other_id() -> None:
    assert alike("00AbC ") == alike("abc")
    assert alike("0049") != alike("0490")
