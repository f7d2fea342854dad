"""Where packages of `eelink` end: what looks like a mark, and what is torn."""

import pytest

from adapters.devices.eelink import Eelink, package_of
from engine.ports.device import WireSession
from engine.values import Signal
from tests.adapters.devices.test_eelink import LOG_IN, warning
from tests.adapters.devices.vectors import RECEIVED_AT


def connected() -> WireSession:
    session = Eelink().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


@pytest.mark.parametrize("index", [0x6767, 0x0767])
@pytest.mark.parametrize("lat", [0x04676700, 0x04676703, 0x03676714])
@pytest.mark.parametrize("joined", [True, False])
def test_an_sos_with_a_mark_inside_is_whole(
    index: int, lat: int, *, joined: bool
) -> None:
    # An index and a place are numbers as any other, also where they look like a mark.
    sos, usual = warning(2), (40603230).to_bytes(4)
    sos = sos[:5] + index.to_bytes(2) + sos[7:].replace(usual, lat.to_bytes(4))
    segments = [sos + warning(3)] if joined else [sos, warning(3)]
    session = connected()
    told = [
        report
        for segment in segments
        for decoded in session.feed(segment, RECEIVED_AT)
        for report in decoded.reports
    ]
    assert [report.raw for report in told] == [sos, warning(3)]
    assert told[0].signals == {Signal.SOS}


def test_a_torn_package_does_not_take_the_sos_behind_it() -> None:
    session = connected()
    beat = package_of(3, 8, b"\x00\x01")
    for torn in range(1, len(warning(3))):
        stream = warning(3)[:torn] + warning(2) + beat
        told = [r for d in session.feed(stream, RECEIVED_AT) for r in d.reports]
        assert Signal.SOS in {signal for report in told for signal in report.signals}


@pytest.mark.parametrize("lacks", [0, 1])
def test_a_torn_longer_package_does_not_take_the_sos_whose_end_is_near_its_own(
    lacks: int,
) -> None:
    sos, beat = warning(2), package_of(3, 8, b"\x00\x01")
    sos = sos[: len(sos) - lacks]
    for torn in range(7, 30):
        for claimed in range(torn + len(sos) - 2, torn + len(sos) + 3):
            longer = package_of(0x12, 7, bytes(claimed - 7))[:torn]
            session = connected()
            stream = longer + sos + beat + beat
            told = [r for d in session.feed(stream, RECEIVED_AT) for r in d.reports]
            assert Signal.SOS in {
                signal for report in told for signal in report.signals
            }
