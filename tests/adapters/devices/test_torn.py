"""A first frame that is torn: HQ sees whose it is, or at least that it was one."""

import pytest

from engine.ports.device import ReportKind, Transport
from engine.values import DeviceId
from tests.adapters.devices import test_datagrams as datagrams
from tests.adapters.devices import test_noise as streams
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.vectors import FOLDER, Outcome, is_shown, play

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there")
FRAMES = streams.FRAMES | datagrams.FRAMES
# Who logs in once is known by the connection, and named in no other frame.
LOG_IN_FIRST = {"gt06", "topin", "minifinder", "teltonika", "trv", "eelink"}
NAMING = sorted(set(FRAMES) - LOG_IN_FIRST)
# What ends an id: a comma for most, its command for tk103, an index for jt808.
END_BYTES_MAX = 4
SCANNERS = {
    "http": b"GET /?x=1&id=7 HTTP/1.1\r\nHost: 192.0.2.1\r\nAccept: */*\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303")
    + b"random" * 5
    + b"\x00\x20\xc0\x2b",
    "ssh": b"SSH-2.0-Go\r\n",
    "sip": b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n",
    "rdp": bytes.fromhex("0300002f2ae00000000000") + b"Cookie: mstshash=Administr\r\n",
    "smb": bytes.fromhex("000000a4ff534d4272000000000801c8") + bytes(8),
    "dns": bytes.fromhex("001e000601000001000000000000") + b"\x07version\x04bind\0\0",
}


def _torn(name: str, *pieces: bytes) -> Outcome:
    return play(protocols()[name].session(), *pieces)


def _named(name: str, frame: bytes) -> DeviceId:
    (device,) = {report.device for report in _torn(name, frame).reports}
    assert device is not None
    return device


def _end_of_id(frame: bytes, device: DeviceId) -> int:
    """Return where the id ends: as text, packed decimals, or 48 bits without check."""
    forms = [device.encode()]
    if device.isdecimal():
        packed = (device,) if len(device) % 2 == 0 else (f"0{device}", f"{device}0")
        forms += map(bytes.fromhex, packed)
        forms.append(int(device[:-1]).to_bytes(8)[-6:])
    ends = [frame.find(form) + len(form) for form in forms if form in frame]
    assert ends, "the frame names its device"
    return min(ends)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FRAMES))
def test_an_sos_torn_anywhere_before_all_else_is_shown(name: str) -> None:
    for frame in FRAMES[name]:
        for length in range(1, len(frame)):
            if frame[:length].strip():
                assert _torn(name, frame[:length]).is_visible, length


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMING)
def test_it_is_the_devices_once_the_whole_id_has_come_and_nobodys_before(
    name: str,
) -> None:
    for frame in FRAMES[name]:
        device = _named(name, frame)
        end = _end_of_id(frame, device)
        for length in range(1, len(frame)):
            told = {report.device for report in _torn(name, frame[:length]).reports}
            if length < end:
                assert told <= {None}, length
            elif length >= end + END_BYTES_MAX:
                assert told <= {device}, length
            else:
                assert told <= {device, None}, length


@pytest.mark.parametrize("name", sorted(set(NAMING) & set(streams.FRAMES)))
def test_two_that_are_torn_make_no_third_device_of_their_ids(name: str) -> None:
    for frame in FRAMES[name]:
        device = _named(name, frame)
        torn = frame[: _end_of_id(frame, device) + END_BYTES_MAX]
        for length in range(1, len(torn)):
            outcome = _torn(name, frame[:length] + torn)
            assert outcome.is_visible, length
            unread = [report for report in outcome.reports if is_shown(report)]
            assert {report.device for report in unread} <= {device, None}


@pytest.mark.parametrize("scanner", SCANNERS)
@pytest.mark.parametrize(
    "name", sorted(n for n, p in protocols().items() if p.transport is Transport.TCP)
)
def test_what_scanners_say_is_noise_and_shown_to_nobody(
    name: str, scanner: str
) -> None:
    for report in _torn(name, SCANNERS[scanner]).reports:
        assert report.kind is not ReportKind.UNDECODABLE
        assert not is_shown(report)


@pytest.mark.parametrize("name", sorted(streams.FRAMES))
def test_noise_of_a_device_that_is_known_is_shown(name: str) -> None:
    session = protocols()[name].session()
    session._decoder.device = DeviceId("004999010640018")
    assert play(session, SCANNERS["ssh"]).is_visible
