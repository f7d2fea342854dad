"""An SOS in a datagram: torn or doubled it is an SOS, or its bytes come before HQ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.eelink import datagram_of
from engine.ports.device import Transport
from engine.values import Signal
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.test_noise import frames
from tests.adapters.devices.test_teltonika import datagram as teltonika_datagram
from tests.adapters.devices.vectors import Outcome, is_shown, load, play


def read_here(name: str) -> list[bytes]:
    """Return the frames whose SOS a datagram of this wire protocol brings."""
    found = frames(protocols()[name].name)
    # Over TCP packages and records come without these envelopes.
    if name == "eelink_udp":
        found = [datagram_of(bytes.fromhex("0123456789012345"), one) for one in found]
    if name == "teltonika_udp":
        found = [teltonika_datagram(one[8:-4]) for one in found]
    return [frame for frame in found if _sos(_play(name, frame))]


def _play(name: str, *datagrams: bytes) -> Outcome:
    return play(protocols()[name].session(), *datagrams)


def _sos(outcome: Outcome) -> bool:
    return any(Signal.SOS in report.signals for report in outcome.reports)


DATAGRAMS = sorted(
    name
    for name, protocol in protocols().items()
    if protocol.transport is Transport.UDP
    and any(vector.carries_sos for vector in load(protocol.name))
)

FRAMES = {name: read_here(name) for name in DATAGRAMS}


@pytest.mark.parametrize("name", DATAGRAMS)
def test_every_sos_of_a_stream_is_one_in_a_datagram_too(name: str) -> None:
    assert FRAMES[name]


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_torn_datagram_is_an_sos_or_shown_with_its_bytes(name: str) -> None:
    for frame in FRAMES[name]:
        for length in range(1, len(frame)):
            torn = frame[:length]
            if not torn.strip():
                continue
            outcome = _play(name, torn)
            shown = [report.raw for report in outcome.reports if is_shown(report)]
            assert _sos(outcome) or any(raw and raw in torn for raw in shown), length


@pytest.mark.parametrize("name", DATAGRAMS)
@given(noise=st.binary(max_size=64))
def test_noise_beside_or_behind_it_does_not_hide_an_sos(
    name: str, noise: bytes
) -> None:
    for frame in FRAMES[name]:
        assert _sos(_play(name, noise, frame, noise))
        assert _play(name, frame + noise).is_visible


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_datagram_that_comes_twice_is_an_sos_twice(name: str) -> None:
    for frame in FRAMES[name]:
        once, twice = _play(name, frame), _play(name, frame, frame)
        assert len(twice.reports) == 2 * len(once.reports)
        assert _sos(twice)
