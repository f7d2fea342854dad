"""An SOS in a datagram: torn or doubled it is an SOS, or its bytes come before HQ."""

import pytest

from adapters.devices.eelink import datagram_of
from engine.ports.device import ReportKind, Transport
from engine.values import Signal
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.test_noise import frames
from tests.adapters.devices.vectors import Outcome, load, play


def _read_here(name: str) -> list[bytes]:
    """Return the frames whose SOS a datagram of this wire protocol brings."""
    found = frames(protocols()[name].name)
    if name == "eelink_udp":  # over TCP its packages come without this envelope
        found = [datagram_of(bytes.fromhex("0123456789012345"), one) for one in found]
    return [frame for frame in found if _sos(_play(name, frame))]


def _play(name: str, *datagrams: bytes) -> Outcome:
    return play(protocols()[name].session(), *datagrams)


def _sos(outcome: Outcome) -> bool:
    return any(Signal.SOS in report.signals for report in outcome.reports)


DATAGRAMS = sorted(
    name
    for name, protocol in protocols().items()
    if protocol.transport is Transport.UDP
    and name != "teltonika_udp"  # its SOS in datagrams: test_teltonika.py
    and any(vector.carries_sos for vector in load(protocol.name))
)


@pytest.mark.parametrize("name", DATAGRAMS)
def test_every_sos_of_a_stream_is_one_in_a_datagram_too(name: str) -> None:
    assert _read_here(name)


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_torn_datagram_is_an_sos_or_shown_with_its_bytes(name: str) -> None:
    for frame in _read_here(name):
        for length in range(1, len(frame)):
            torn = frame[:length]
            if not torn.strip():
                continue
            outcome = _play(name, torn)
            shown = [
                report.raw
                for report in outcome.reports
                if report.kind is ReportKind.UNDECODABLE
            ]
            assert _sos(outcome) or any(raw and raw in torn for raw in shown), length


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_datagram_that_comes_twice_is_an_sos_twice(name: str) -> None:
    for frame in _read_here(name):
        once, twice = _play(name, frame), _play(name, frame, frame)
        assert len(twice.reports) == 2 * len(once.reports)
        assert _sos(twice)
