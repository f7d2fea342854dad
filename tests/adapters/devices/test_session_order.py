"""Captured sessions in their order on one connection, with no log-in but their own."""

from itertools import groupby

import pytest

from engine.ports.device import DeviceReport, ReportKind
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.test_minifinder import on_the_wire as minifinder
from tests.adapters.devices.test_trv import on_the_wire as trv
from tests.adapters.devices.vectors import RECEIVED_AT, Outcome, Vector, load

LOGGED_IN = ("gt06", "topin", "minifinder", "teltonika", "eelink", "trv")
ENDS = {"minifinder": minifinder, "trv": trv}


def play_in_order(name: str) -> list[tuple[Vector, list[DeviceReport]]]:
    """Return each packet of each session with its reports."""
    told = []
    vectors = [v for v in load(name) if v.raw["transport"] != "udp"]
    for _, members in groupby(vectors, key=lambda vector: vector.raw["session"]):
        session = protocols()[name].session()
        for vector in members:
            frame = ENDS.get(name, lambda v: v.frame)(vector)
            outcome = Outcome()
            outcome.take(session.feed(frame, RECEIVED_AT))
            outcome.take(session.finish(RECEIVED_AT))
            told.append((vector, outcome.reports))
    return told


@pytest.mark.parametrize("name", LOGGED_IN)
def test_each_packet_of_a_session_ends_in_a_report_of_its_device(name: str) -> None:
    if not load(name):
        pytest.skip("the vectors are not there")
    device = None
    for vector, reports in play_in_order(name):
        assert reports, vector.name
        names = [d for d in vector.raw["decoded"]["deviceIds"] if d]
        if names and any(r.kind is ReportKind.LOGIN for r in reports):
            device = reports[0].device
            assert device in names
        assert all(report.device == device or not names for report in reports)


@pytest.mark.parametrize("name", LOGGED_IN)
def test_each_alarm_of_a_session_is_read_after_its_own_log_in(name: str) -> None:
    for vector, reports in play_in_order(name):
        if vector.carries_sos:
            assert any("sos" in report.signals for report in reports), vector.name
