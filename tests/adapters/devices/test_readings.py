"""What else a report keeps: numbers with their units, and nothing that tears it."""

from collections.abc import Iterator

import pytest

from adapters.devices.draft import Draft
from adapters.devices.gl200 import Gl200
from adapters.devices.minifinder2 import Minifinder2, frame_of
from adapters.devices.trv import Trv
from adapters.devices.watch import Watch
from engine.ports.device import READINGS, ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.readings import KEPT_BY, assert_attributes, not_kept
from tests.adapters.devices.vectors import RECEIVED_AT, load, play


def draft() -> Draft:
    return Draft(protocol="watch", frame=b"", received_at=RECEIVED_AT)


def asserted(protocol: str) -> Iterator[str]:
    for vector in load(protocol):
        for position in vector.positions:
            yield from position["attributes"]
        yield from vector.raw.get("expected", {}).get("attributes", {})


def watch_frame(kind: str, *fields: str) -> bytes:
    content = ",".join((kind, *fields))
    return f"[3G*3907919734*{len(content):04X}*{content}]".encode()


@pytest.mark.parametrize(
    ("session", "frame", "readings"),
    [
        (
            Watch().session(),
            watch_frame("bphrt", "120", "080", "72", "", "", "", ""),
            {
                "systolic_mmhg": "120",
                "diastolic_mmhg": "80",
                "heart_rate_bpm": "72",
            },
        ),
        (Watch().session(), watch_frame("LK", "4711", "0", "84"), {"steps": "4711"}),
        (
            Trv().session(),
            b"IWAPHP,60,130,85,95,90,36.5,,,,,,,#",
            {
                "heart_rate_bpm": "60",
                "systolic_mmhg": "130",
                "diastolic_mmhg": "85",
                "oxygen_percent": "95",
                "blood_sugar": "90",
                "temperature_c": "36.5",
            },
        ),
        (
            Minifinder2().session(),
            frame_of(b"\x01\x06\x40" + bytes(4) + b"\x48", 1),
            {"heart_rate_bpm": "72"},
        ),
    ],
)
def test_a_measurement_of_the_wearer_is_kept_with_its_unit(
    session: WireSession, frame: bytes, readings: dict[str, str]
) -> None:
    (report,) = play(session, frame).reports
    assert report.attributes == readings
    assert report.kind is not ReportKind.UNDECODABLE


@pytest.mark.parametrize("text", ["", "x", "1e9", "1" * 30, "0x1", "1,2", "nan"])
def test_what_is_no_number_is_no_reading(text: str) -> None:
    made = draft()
    made.number("satellites", text)
    made.scaled("battery_v", text, units=10)
    assert made.attributes == {}


@pytest.mark.parametrize(
    ("text", "kept"), [("009", "9"), ("0", "0"), ("000", "0"), ("-0.50", "-0.50")]
)
def test_the_padding_of_a_number_is_not_kept(text: str, kept: str) -> None:
    made = draft()
    made.number("satellites", text)
    assert made.attributes == {"satellites": kept}


def test_an_answer_is_kept_no_longer_than_512_characters() -> None:
    made = draft()
    made.said(" x" * 5000)
    assert len(made.attributes["said"]) == 512


def test_an_sos_without_its_distance_and_satellites_is_whole() -> None:
    place = bytes(8) + bytes(8) + b"\x0a\x00"
    alarm = b"\x05\x02" + (1 << 12).to_bytes(4, "little")
    body = b"\x01" + alarm + bytes((len(place) + 1, 0x20)) + place
    (report,) = play(Minifinder2().session(), frame_of(body, 1)).reports
    assert Signal.SOS in report.signals
    assert "incomplete" not in report.attributes


def test_what_names_somebody_is_kept_and_shown_only_where_it_is_asked_for() -> None:
    frame = (
        b"+RESP:GTINF,1A0800,860599000773978,GL300,42,89701016426133851978,23,0,1,204.7,"
        b",3.84,1,1,0,0,0,20161006072548,62,1,38,,,20161006082343,0C98$"
    )
    (report,) = play(Gl200().session(), frame).reports
    assert report.attributes == {
        "event": "GTINF",
        "moving": "true",
        "iccid": "89701016426133851978",
        "gsm": "23",
        "odometer_m": "204700.0",
        "battery_v": "3.84",
        "charging": "true",
    }
    names = {"iccid", "number", "driver", "driver_name", "card", "licence", "vin"}
    assert READINGS.isdisjoint(names | {"said", "beacon", "tag1_id", "lock_card"})


def test_a_name_that_is_neither_kept_nor_excused_fails() -> None:
    with pytest.raises(AssertionError, match="neither kept nor excused"):
        assert_attributes("watch", draft().finish(), {"bloodAlcohol": 1}, ())


def test_each_pair_that_is_excused_is_asserted_by_a_packet() -> None:
    if not load("gt06"):
        pytest.skip("the vectors are not there")
    seen = {
        (protocol, name) for protocol, _ in not_kept() for name in asserted(protocol)
    }
    assert not_kept() - seen == set()


def test_a_pair_is_not_both_compared_and_excused() -> None:
    assert [pair for pair in not_kept() if pair[1] in KEPT_BY.get(pair[0], {})] == []


def test_what_a_report_lacks_fails_by_its_name() -> None:
    with pytest.raises(AssertionError, match=r"gt06: fuel1 .* is not kept"):
        assert_attributes("gt06", draft().finish(), {"fuel1": 7}, ())


@pytest.mark.parametrize(
    ("record", "name"),
    [
        # Names where a beacon says that it has one, with a place and without.
        (b"\x2a\x40" + bytes(7) + b"Room 4", "Room 4"),
        (b"\x2a\xc0" + bytes(7) + bytes(8) + b"Room 4", "Room 4"),
        (b"\x2c\xc0" + bytes(9) + bytes(8) + b"\x06Room 4\xf1\x00", "Room 4"),
        (b"\x23" + bytes(6) + bytes(8) + b"Room 4", "Room 4"),
        (b"\x2a\x80" + bytes(7) + bytes(8) + b"Room 4", None),
        (b"\x2a\x40" + bytes(7), None),
        (b"\x2a\x40" + bytes(3), None),
        (b"\x2a\x40" + bytes(7) + b"x" * 200, "x" * 64),
    ],
)
def test_a_beacons_name_is_kept_where_it_says_that_it_has_one(
    record: bytes, name: str | None
) -> None:
    body = b"\x01" + bytes((len(record),)) + record
    (report,) = play(Minifinder2().session(), frame_of(body, 1)).reports
    assert report.attributes.get("beacon") == name
