"""What is odd about an alarm is said, and silences nothing."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.devices import gt06_encode
from engine.roster.sample import sample_text
from engine.values import Instant
from tests.adapters.devices import test_teltonika as teltonika
from tests.requires import requires_file
from tests.rig import HERON_IMEI, TOLD_S, WAIT_S, Rig, eventually

pytestmark = pytest.mark.process


def _hq_mail(rig: Rig, *words: str) -> str:
    mail = rig.mail.mails.wait_for(
        lambda one: all(w in one.text for w in words), TOLD_S
    )
    assert mail is not None, [one.text for one in rig.mail.mails.items()]
    return mail.text


def _gps(
    rig: Rig,
    *,
    at: Instant | None = None,
    lat_deg: float = 41.31151,
    lon_deg: float = 69.27974,
    valid: bool = True,
) -> gt06_encode.Gps:
    return gt06_encode.Gps(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        at=at or rig.clock.now(),
        valid=valid,
        satellites=7,
        speed_kmh=0,
        course_deg=0,
    )


UNDER_WAY = (
    "SELECT 1 FROM effect WHERE channel = 'sms' AND state IN ('planned', 'attempting')"
)
CELL = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)


PRESSED_TWICE = "<strong>pressed 2 times</strong>"


def test_a_second_press_joins_shows_in_the_list_and_leaves_it_acknowledged(
    rig: Rig,
) -> None:
    with rig.device() as device, rig.operator("alder") as alder:
        assert device.sos()
        assert rig.sms_to("lapwing")
        (row,) = alder.cases()
        assert PRESSED_TWICE not in alder._client.get("/").text
        assert alder.act(str(row["id"]), "acknowledge") is None
        assert device.sos()
        assert eventually(lambda: PRESSED_TWICE in alder._client.get("/").text)
        (row,) = alder.cases()
        assert (row["presses"], row["acknowledged_by"]) == (2, "alder")
        assert not row["sounds"]


def test_a_press_after_five_minutes_takes_the_acknowledgement_back_and_pages(
    tmp_path: Path,
) -> None:
    """The service is stopped meanwhile, and finds a wall clock six minutes on."""
    library = requires_file(
        "usr/lib/*/faketime/libfaketimeMT.so.1", package="libfaketime"
    )
    with Rig(folder=tmp_path) as rig:
        with rig.device() as device:
            assert device.sos()
            assert rig.sms_to("lapwing")
            assert rig.sms_to("alder")
        with rig.operator("alder") as alder:
            alarm = str(alder.cases()[0]["id"])
            assert alder.act(alarm, "acknowledge") is None
        rig.stop()
        rig.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME": "+6m",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
        rig.start()
        with rig.operator("alder") as alder, rig.device() as device:
            assert eventually(lambda: not rig.rows(UNDER_WAY))
            assert alder.case(alarm)["acknowledged_by"] == "alder"
            sent, rung = len(rig.messages.items()), len(rig.calls.items())
            assert device.sos()
            officers = {"alder", "rowan", "spruce"}
            assert eventually(lambda: officers & set(rig.told()[sent:]))
            assert eventually(lambda: len(rig.calls.items()) > rung)
            (row,) = alder.cases()
            assert row["acknowledged_by"] is None
            assert row["sounds"]
            assert PRESSED_TWICE in alder._client.get("/").text


def test_the_same_frame_sent_again_is_answered_and_is_one_press(rig: Rig) -> None:
    with rig.device() as device:
        frame = device.sos_frame()
        first, second = device.send(frame), device.send(frame)
    assert first
    assert first == second
    assert rig.sms_to("tinamou")
    assert [row["presses"] for row in rig.alarms()] == [1]


def test_a_press_with_a_clock_that_is_off_is_now_and_said_to_be_odd(rig: Rig) -> None:
    with rig.device() as device:
        old = rig.clock.now().plus(timedelta(days=-400))
        gps = _gps(rig, at=old)
        assert device.send(gt06_encode.alarm(gps, CELL, serial=device.next()))
    assert rig.sms_to("lapwing")
    assert "now" in _hq_mail(rig, "Heron", "device clock wrong")


def test_a_press_without_a_position_goes_by_the_declared_place(rig: Rig) -> None:
    with rig.device() as device:
        gps = _gps(rig, lat_deg=0.0, lon_deg=0.0, valid=False)
        assert device.send(gt06_encode.alarm(gps, CELL, serial=device.next()))
    sms = rig.sms_to("lapwing")
    assert sms is not None
    assert "no fix, declared place" in sms.text
    assert "Tashkent" in sms.text


def test_a_heartbeat_can_carry_an_sos_without_any_position(rig: Rig) -> None:
    with rig.device() as device:
        beat = gt06_encode.heartbeat(serial=device.next(), status=0x20)
        assert device.send(beat)
    assert rig.sms_to("lapwing")


def test_a_press_with_a_bad_checksum_is_an_alarm_and_said_to_be_damaged(
    rig: Rig,
) -> None:
    with rig.device() as device:
        frame = bytearray(device.sos_frame())
        frame[-4] ^= 0xFF
        device.send(bytes(frame), timeout_s=2)
    assert rig.sms_to("lapwing")
    assert _hq_mail(rig, "Heron", "damaged report")


def test_a_device_that_nobody_enrolled_reaches_hq_as_unknown(rig: Rig) -> None:
    with rig.device("359339075006022") as device:
        assert device.sos()
    assert _hq_mail(rig, "unknown device")
    assert rig.sms_to("alder")
    assert set(rig.told()) == {"alder"}


def _hex_shown(rig: Rig) -> str:
    for row in rig.alarms():
        case = rig.alarm(str(row["id"]))
        lines = case["lines"]
        assert isinstance(lines, list)
        raw = lines[0]["data"].get("raw", "")
        if row["kind"] == "notice" and raw:
            return str(raw)
    return ""


def test_half_an_sos_that_stays_half_is_shown_to_hq_with_its_hex(rig: Rig) -> None:
    with rig.device() as device:
        frame = device.sos_frame()
        device.socket.sendall(frame[:20])
    assert eventually(lambda: _hex_shown(rig)) == frame[:20].hex()
    assert _hq_mail(rig, "unreadable report")
    assert "lapwing" not in rig.told()


def test_half_an_sos_of_nobody_is_shown_to_hq_bug_nothing_was(rig: Rig) -> None:
    with rig.device() as device:
        half = device.sos_frame()[:20]
    with socket.create_connection(rig.ports["gt06"], timeout=WAIT_S) as unnamed:
        unnamed.sendall(half)
    assert eventually(lambda: _hex_shown(rig)) == half.hex()
    assert _hq_mail(rig, "unknown device", "unreadable report")
    assert "lapwing" not in rig.told()


def test_half_an_sos_with_its_id_in_it_is_its_carriers_bug_nothing_was(
    tmp_path: Path,
) -> None:
    imei = "004999010640919"
    roster = sample_text() + (
        f'\n[[device]]\nid = "{imei}"\nwire_protocol = "gl200"\nperson = "heron"\n'
    )
    half = f"+RESP:GTSOS,300500,{imei},,0,0,1".encode()
    with Rig(folder=tmp_path, roster_text=roster, gateways=("gl200",)) as rig:
        with socket.create_connection(rig.ports["gl200"], timeout=WAIT_S) as device:
            device.sendall(half)
        assert eventually(lambda: _hex_shown(rig)) == half.hex()
        assert _hq_mail(rig, "Heron", "unreadable report")
        assert "lapwing" not in rig.told()


def test_a_buffered_press_keeps_both_times_and_says_that_it_is_late(
    tmp_path: Path,
) -> None:
    imei = "004999010640919"
    roster = sample_text() + (
        f'\n[[device]]\nid = "{imei}"\nwire_protocol = "gl200"\nperson = "heron"\n'
    )
    with Rig(folder=tmp_path, roster_text=roster, gateways=("gt06", "gl200")) as rig:
        then = rig.clock.now().plus(timedelta(hours=-3)).to_datetime()
        stamp = then.strftime("%Y%m%d%H%M%S")
        text = (
            f"+BUFF:GTSOS,300500,{imei},,0,0,1,1,1.0,44,73.9,69.279740,41.311510,"
            f"{stamp},0434,0004,177A,245F,,96,{stamp},193E$"
        )
        with socket.create_connection(rig.ports["gl200"], timeout=WAIT_S) as device:
            device.sendall(text.encode())
            assert rig.sms_to("lapwing")
        written = _hq_mail(rig, "Heron", "3 h late")
        assert "3 h ago" in written
        case = rig.alarm(str(rig.alarms()[0]["id"]))
        lines = case["lines"]
        assert isinstance(lines, list)
        assert lines[0]["data"]["late"] is True
        assert str(lines[0]["data"]["device_at"]).startswith(then.strftime("%Y-%m-%d"))


def test_a_stored_press_in_a_packet_with_a_record_of_now_says_that_it_is_late(
    tmp_path: Path,
) -> None:
    imei = "004999010640919"
    roster = sample_text() + (
        f'\n[[device]]\nid = "{imei}"\nwire_protocol = "teltonika"\nperson = "heron"\n'
    )
    with Rig(folder=tmp_path, roster_text=roster, gateways=("teltonika",)) as rig:
        now = rig.clock.now()
        pressed = _at(now.plus(timedelta(hours=-3)), teltonika.record((236, 1)))
        frame = teltonika.packet([pressed, _at(now, teltonika.record())])
        with socket.create_connection(rig.ports["teltonika"], timeout=WAIT_S) as device:
            device.sendall(b"\x00\x0f" + imei.encode())
            assert device.recv(1) == b"\x01"
            device.sendall(frame)
            assert device.recv(4) == b"\0\0\0\x02"
        assert _hq_mail(rig, "Heron", ", now, 3 h late")


def _at(when: Instant, record: bytes) -> bytes:
    return when.ms.to_bytes(8) + record[8:]


def test_a_device_that_speaks_in_datagrams_is_heard_and_answered(
    tmp_path: Path,
) -> None:
    imei = "004999010640919"
    roster = sample_text() + (
        f'\n[[device]]\nid = "{imei}"\nwire_protocol = "gl200"\nperson = "heron"\n'
    )
    with Rig(folder=tmp_path, roster_text=roster, gateways=("gl200_udp",)) as rig:
        stamp = rig.clock.now().to_datetime().strftime("%Y%m%d%H%M%S")
        text = (
            f"+RESP:GTSOS,300500,{imei},,0,0,1,1,1.0,44,73.9,69.279740,41.311510,"
            f"{stamp},0434,0004,177A,245F,,96,{stamp},193E$"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.settimeout(WAIT_S)
            device.sendto(text.encode(), rig.ports["gl200_udp"])
            assert device.recv(64) == b"+SACK:193E$"
        assert rig.sms_to("lapwing")


def test_an_enrolled_device_that_speaks_at_the_wrong_port_is_shown_to_hq(
    rig: Rig,
) -> None:
    text = f"imei:{HERON_IMEI},help me,2603010229,,F,022946.00,A,4118.69,N,06916.78,E;"
    with socket.create_connection(rig.ports["gt06"], timeout=WAIT_S) as device:
        device.sendall(text.encode())
        device.shutdown(socket.SHUT_WR)
        _hq_mail(rig, "Heron", "unreadable")
    assert [row["kind"] for row in rig.alarms()] == ["notice"]
