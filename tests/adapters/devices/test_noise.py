"""Noise before, behind and inside: an SOS is an SOS, or its bytes come before HQ."""

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ports.device import Transport
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.vectors import FOLDER, Vector, load, play

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there")
STREAMS = sorted(
    name
    for name, protocol in protocols().items()
    if protocol.transport is Transport.TCP and any(v.carries_sos for v in load(name))
)
# Bit 18 of these is no SOS here: docs/devices.md.
NOT_HERE = {"h02-074", "h02-075", "h02-sos-bit18"}


def frames(name: str) -> list[bytes]:
    """Return the SOS frames of a wire protocol as they are on the wire."""
    module = import_module(f"tests.adapters.devices.test_{name}")

    def as_sent(vector: Vector) -> bytes:
        return vector.frame

    on_the_wire = getattr(module, "on_the_wire", as_sent)
    chosen = (v for v in load(name) if v.carries_sos and v.name not in NOT_HERE)
    return [on_the_wire(vector) for vector in chosen]


FRAMES = {name: frames(name) for name in STREAMS}


@pytest.mark.parametrize("name", STREAMS)
@given(data=st.data())
def test_an_sos_in_noise_is_an_sos_or_shown(name: str, data: st.DataObject) -> None:
    frame = data.draw(st.sampled_from(FRAMES[name]))
    before = data.draw(st.binary(max_size=64))
    behind = data.draw(st.binary(max_size=64))
    stream = before + frame + behind
    at = data.draw(st.integers(0, len(stream)))
    outcome = play(protocols()[name].session(), stream[:at], stream[at:])
    assert outcome.is_visible


@pytest.mark.parametrize("name", STREAMS)
@given(data=st.data())
def test_half_a_frame_before_it_does_not_swallow_an_sos(
    name: str, data: st.DataObject
) -> None:
    known = [vector.frame for vector in load(name)]
    torn = data.draw(st.sampled_from(known))
    torn = torn[: data.draw(st.integers(0, len(torn)))]
    frame = data.draw(st.sampled_from(FRAMES[name]))
    assert play(protocols()[name].session(), torn, frame).is_visible


@pytest.mark.parametrize(
    ("name", "torn", "size"),
    [
        pytest.param("eelink", "eelink-006", 10, id="eelink-one-byte"),
        pytest.param("gt06", "gt06-055", 6, id="gt06-checksum-holds-inside"),
        pytest.param("gt06", "gt06-012", 12, id="gt06-checksum-holds-nowhere"),
        pytest.param("gt06", "gt06-012", 14, id="gt06-checksum-left-out"),
        pytest.param("topin", "topin-002", 8, id="topin-log-in"),
        pytest.param("xexun", "xexun-005", 24, id="xexun-two-devices"),
    ],
)
def test_half_a_frame_that_asks_for_the_bytes_of_an_sos(
    name: str, torn: str, size: int
) -> None:
    half = next(v.frame for v in load(name) if v.name == torn)[:size]
    for frame in FRAMES[name]:
        assert play(protocols()[name].session(), half, frame).is_visible


@pytest.mark.parametrize(
    ("name", "before", "behind"),
    [
        pytest.param("jt808", b"noise (", b"noise)", id="jt808-in-brackets"),
        pytest.param("h02", b"X\x93", b"", id="h02-in-a-message-that-says-nothing"),
    ],
)
def test_noise_that_looks_like_a_message_does_not_swallow_the_sos_in_it(
    name: str, before: bytes, behind: bytes
) -> None:
    for frame in FRAMES[name]:
        stream = before + frame + behind
        for at in range(len(stream)):
            session = protocols()[name].session()
            assert play(session, stream[:at], stream[at:]).is_visible
