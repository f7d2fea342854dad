"""A scooter's battery box in `tk103`: bytes in their order, nothing that raises."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.reading import UnreadableError
from adapters.devices.tk103 import Tk103
from adapters.devices.tk103_battery import BLOCK, BLOCKS, read_battery
from engine.ports.device import ReportKind
from tests.adapters.devices.vectors import RECEIVED_AT, play


@given(st.sampled_from((BLOCK, BLOCKS)), st.text(max_size=300))
def test_nothing_but_unreadable_data_comes_of_anything(command: str, said: str) -> None:
    made = Draft(protocol="tk103", frame=b"", received_at=RECEIVED_AT)
    with contextlib.suppress(UnreadableError):
        read_battery(command, said, made)


def test_a_box_at_rest_has_no_current() -> None:
    frame = b"(007030201454BS5190:02150000753001DC,96:0142000000000000)"
    (report,) = play(Tk103().session(), frame).reports
    assert report.kind is ReportKind.HEARTBEAT
    assert report.attributes["battery_v"] == "53.3"
    assert report.attributes["current_a"] == "0.0"
    assert report.attributes["cell1_temperature_c"] == "26"
    assert report.battery_ratio == pytest.approx(0.476)


def test_a_box_that_is_cut_off_keeps_what_was_read() -> None:
    (report,) = play(Tk103().session(), b"(352602014867BS500064FF02F10F)").reports
    assert report.attributes == {"cell1_v": "4.081", "incomplete": "true"}
