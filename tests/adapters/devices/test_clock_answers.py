"""Answers that tell a device the time: their exact bytes, with the clock given."""

from collections.abc import Callable
from datetime import datetime

import pytest

from adapters.devices.checksums import crc16_x25, crc16_xmodem, rotating_sum16
from adapters.devices.h02 import H02
from adapters.devices.jt808 import Jt808
from engine.ports.device import WireSession
from engine.values import Instant
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.test_trv import on_the_wire as with_end
from tests.adapters.devices.vectors import Outcome, Vector, load

Form = Callable[[Vector, datetime], bytes]

# A time whose parts all differ, and one whose every part needs its leading zero.
CLOCKS = [
    Instant.parse("2028-02-29T23:58:57.900Z"),
    Instant.parse("2027-01-02T03:04:05Z"),
]


def answers(session: WireSession, frame: bytes, at: Instant) -> list[bytes]:
    outcome = Outcome()
    outcome.take(session.feed(frame, at))
    outcome.take(session.finish(at))
    return outcome.answers


def digits(now: datetime) -> bytes:
    return f"{now:%Y%m%d%H%M%S}".encode()


def parts(now: datetime) -> bytes:
    return bytes((now.month, now.day, now.hour, now.minute, now.second))


def epoch(now: datetime) -> int:
    return int(now.timestamp())


def h02(vector: Vector, now: datetime) -> bytes:
    _, device, kind, *_ = vector.frame.split(b",")
    return b"*HQ," + device + b",V4," + kind + b"," + digits(now) + b"#"


def jt808(vector: Vector, now: datetime) -> bytes:
    return vector.frame.replace(b"TIME", digits(now))


def trv(vector: Vector, now: datetime) -> bytes:
    assert vector.frame.startswith(b"IWAP00")
    return b"IWBP00," + digits(now) + b",0#"


def gt06(vector: Vector, now: datetime) -> bytes:
    assert vector.frame[3] == 0x8A
    # Length, type, date of two digits a part, serial 0.
    body = b"\x0b\x8a" + bytes((now.year % 100,)) + parts(now) + b"\0\0"
    return b"\x78\x78" + body + crc16_x25(body).to_bytes(2) + b"\r\n"


def topin(_vector: Vector, now: datetime) -> bytes:
    return b"\x78\x78\x07\x30" + now.year.to_bytes(2) + parts(now) + b"\r\n"


def eelink(vector: Vector, now: datetime) -> bytes:
    package = vector.frame[vector.frame.index(b"gg") :]
    body = epoch(now).to_bytes(4) + b"\x00\x01\x00"
    # Type and index are the package's own; the length counts the index.
    answer = b"gg\x01\x00\x09" + package[5:7] + body
    if vector.raw["transport"] != "udp" and not vector.frame.startswith(b"EL"):
        return answer
    told = vector.frame[6:14] + answer
    size = (len(told) + 2).to_bytes(2)
    return b"EL" + size + rotating_sum16(told).to_bytes(2) + told


def minifinder2(vector: Vector, now: datetime) -> bytes:
    body = b"\x03\x05\x12" + epoch(now).to_bytes(4, "little")
    check = crc16_xmodem(body).to_bytes(2, "little")
    return b"\xab\x00\x07\x00" + check + vector.frame[6:8] + body


FORMS: dict[str, Form] = {
    "h02": h02,
    "jt808": jt808,
    "trv": trv,
    "gt06": gt06,
    "topin": topin,
    "eelink": eelink,
    "minifinder2": minifinder2,
}


def clock_dependent() -> list[object]:
    return [
        pytest.param(vector, id=vector.name)
        for name in sorted({protocol.name for protocol in protocols().values()})
        for vector in load(name)
        if vector.raw["transport"] != "http" and None in vector.replies
    ] or [pytest.param(None, marks=pytest.mark.skip(reason="the vectors are missing"))]


@pytest.mark.parametrize("at", CLOCKS, ids=str)
@pytest.mark.parametrize("vector", clock_dependent())
def test_an_answer_with_the_time_has_its_exact_bytes(
    vector: Vector, at: Instant
) -> None:
    name = vector.name.partition("-")[0]
    is_udp = vector.raw["transport"] == "udp"
    session = protocols()[f"{name}_udp" if is_udp else name].session()
    expected = [
        FORMS[name](vector, at.to_datetime()) if reply is None else reply
        for reply in vector.replies
    ]
    frame = with_end(vector) if name == "trv" else vector.frame
    assert b"".join(answers(session, frame, at)) == b"".join(expected)


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        (b"*HQ,861234567890123,HTBT,87#", b"*HQ,861234567890123,HTBT#"),
        (b"*HQ,1600068860,V0#", b"*HQ,1600068860,V0#"),
        (b"*hq,356327081001239,V0,87#", b"*hq,356327081001239,V0#"),
    ],
)
def test_a_beat_of_h02_is_answered_with_its_head_and_no_time(
    frame: bytes, answer: bytes
) -> None:
    assert answers(H02().session(), frame, CLOCKS[0]) == [answer]


def test_an_acknowledgement_of_h02_gets_none() -> None:
    # It answers an order; who answers it would talk to itself.
    place = b"120000,A,2212.8745,N,11346.6574,E,14.28,028,220902,FFFFFBFF#"
    for head in (b"*HQ,2020916012,R12,130305,", b"*HQ,2020916012,V4,S17,130305,"):
        assert answers(H02().session(), head + place, CLOCKS[0]) == []


@pytest.mark.parametrize("at", CLOCKS, ids=str)
def test_a_terminal_that_asks_its_base_for_the_time_gets_it(at: Instant) -> None:
    asked = b"(794104004140,1,001,BASE,2,TIME)"
    told = b"(794104004140,1,001,BASE,2," + digits(at.to_datetime()) + b")"
    assert answers(Jt808().session(), asked, at) == [told]
    assert answers(Jt808().session(), asked.replace(b"2,TIME", b"3,TIME"), at) == []
