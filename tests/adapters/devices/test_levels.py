"""What each wire protocol shows as a present state, and what as an event."""

from collections.abc import Callable

import pytest

from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_packet import frame_of
from adapters.devices.h02 import H02
from adapters.devices.minifinder import Minifinder
from adapters.devices.watch import Watch
from engine.ports.device import DeviceReport, WireSession
from engine.values import Signal
from tests.adapters.devices import test_jt808, test_teltonika, test_tk103
from tests.adapters.devices.test_frame_kinds import STANDARD
from tests.adapters.devices.vectors import play

Frame = tuple[WireSession, bytes]

PLACE = "102030,A,4118.0000,N,06918.0000,E,000.00,000,010326"


def h02(kind: str, word: str) -> Frame:
    return H02().session(), f"*HQ,4109179024,{kind},{PLACE},{word}#".encode()


def jt808(alarm: int) -> Frame:
    place = test_jt808.place(alarm)
    return test_jt808.connected(), test_jt808.message(0x0200, place)


def beat(status: int, alarm: int) -> Frame:
    return Gt06().session(), frame_of(0x13, bytes((status, 6, 4, alarm, 2)), 7)


def alarm_packet(status: int, alarm: int) -> Frame:
    return Gt06().session(), frame_of(0x16, STANDARD(status, alarm), 7)


def teltonika(*elements: tuple[int, int], event: int = 0, priority: int = 0) -> Frame:
    made = test_teltonika.record(*elements, event=event, priority=priority)
    return test_teltonika.connected(), test_teltonika.packet([made])


def watch(kind: str, status: str) -> Frame:
    place = "010326,102030,A,50.087451,N,14.4206710,E,0.00,0.0,0.0"
    content = f"{kind},{place},8,80,44,1200,50,{status},0,255"
    return Watch().session(), f"[3G*3907919734*{len(content):04x}*{content}]".encode()


def minifinder(flags: str) -> Frame:
    frame = f"!D,07/04/17,05:42:26,-37.58,145.12,0,0,{flags},0,0,50,0,0;"
    return Minifinder().session(), b"!1,867273023933661;" + frame.encode()


def tk103(inputs: str) -> Frame:
    frame = test_tk103.message("BR00", f"00{inputs}00000L00000000")
    return test_tk103.connected(), frame


def last(frame: Frame) -> DeviceReport:
    return play(*frame).reports[-1]


HELD: dict[str, tuple[Callable[..., Frame], tuple[object, ...], tuple[object, ...]]] = {
    "h02": (h02, ("V1", "FFFFFFFD"), ("V1", "FFFFFFFF")),
    "h02 heartbeat": (h02, ("V0", "FFFFFFFD"), ("V0", "FFFFFFFF")),
    "jt808": (jt808, (1,), (0,)),
    "gt06 status": (beat, (4 << 3, 0), (0, 0)),
    "gt06 alarm byte of a heartbeat": (beat, (0, 1), (0, 0)),
    "teltonika": (teltonika, ((236, 1),), ((236, 0),)),
    "watch": (watch, ("UD", "00010000"), ("UD", "00000000")),
    "minifinder": (minifinder, ("41",), ("1",)),
    "tk103": (tk103, ("2",), ("0",)),
}


@pytest.mark.parametrize("name", HELD)
def test_a_field_of_the_present_state_is_a_level_set_or_clear(name: str) -> None:
    make, set_, clear = HELD[name]
    shown, gone = last(make(*set_)), last(make(*clear))
    assert Signal.SOS in shown.signals
    assert Signal.SOS in shown.levels
    assert Signal.SOS not in gone.signals
    assert Signal.SOS in gone.levels


EVENTS = {
    "h02 alarm message": h02("ALRM", "FFFFFFFD"),
    "gt06 alarm byte": alarm_packet(0, 1),
    "gt06 status of an alarm packet": alarm_packet(4 << 3, 0),
    "teltonika event": teltonika((236, 1), event=236),
    "teltonika panic record": teltonika((236, 1), priority=2),
    "watch alarm message": watch("AL", "00010000"),
    "tk103 alarm message": (
        test_tk103.connected(),
        test_tk103.message("BO012"),
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_sent_because_of_an_alarm_is_no_level(name: str) -> None:
    report = last(EVENTS[name])
    assert Signal.SOS in report.signals
    assert Signal.SOS not in report.levels


def test_a_signal_that_several_bits_mean_is_no_level() -> None:
    """Bit 30 that rises while bit 29 is up would pass for the same accident."""
    report = last(jt808(1 << 30))
    assert Signal.ACCIDENT in report.signals
    assert Signal.ACCIDENT not in report.levels
