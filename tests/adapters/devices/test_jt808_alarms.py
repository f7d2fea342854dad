"""Fields in which makers of `jt808` terminals have alarms of their own."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices import jt808_alarms
from adapters.devices.draft import Draft
from adapters.devices.jt808 import Jt808
from adapters.devices.jt808_frame import STANDARD
from adapters.devices.reading import Reader, UnreadableError
from engine.ports.device import DeviceReport
from engine.values import Signal
from tests.adapters.devices.vectors import RECEIVED_AT, play

# No alarm bit; a valid place, and China's time.
PLACE = bytes.fromhex("00000000000000020297cf9e00dc0b2f000000000000260301182030")


def read(fields: str) -> DeviceReport:
    body = PLACE + bytes.fromhex(fields)
    head = bytes.fromhex("0200") + len(body).to_bytes(2)
    frame = STANDARD.frame_of(head + bytes.fromhex("0123456789010007") + body)
    (report,) = play(Jt808().session(), frame).reports
    return report


def test_a_place_alone_signals_nothing() -> None:
    assert read("").fix is not None
    assert read("").signals == frozenset()


@pytest.mark.parametrize(
    ("fields", "signals"),
    [
        ("e7080002000000000000", {Signal.SOS}),
        ("e7080004000000000000", {Signal.SOS}),
        ("e7080008000000000000", {Signal.SOS}),
        ("e7080001000000000000", {Signal.VIBRATION}),
        ("e7080003000000000000", {Signal.SOS, Signal.VIBRATION}),
        ("e7080000000400000000", set()),
        ("e702000e", set()),
        ("57080100000000000000", {Signal.HARSH_DRIVING}),
        ("7006000000010016", {Signal.ACCIDENT}),
        ("7006000000010102", {Signal.HARSH_DRIVING}),
        ("d00400000008", {Signal.VIBRATION}),
        ("d00400000400", set()),
        ("fe077c010400000010", {Signal.TAMPERED}),
        ("fe077c010400000018", {Signal.TAMPERED, Signal.ACCIDENT}),
        ("eb05000300c604", {Signal.LOW_BATTERY}),
        ("eb05000300c601", set()),
    ],
)
def test_a_makers_field_has_its_alarm_that_was_nothing(
    fields: str, signals: set[Signal]
) -> None:
    assert read(fields).signals == signals


@pytest.mark.parametrize(
    ("code", "signals"),
    [
        ("0c01", {Signal.SOS}),
        ("0c0e", {Signal.POWER_CUT}),
        ("0c12", {Signal.TAMPERED}),
        ("0c0f", {Signal.LOW_BATTERY}),
        ("0c10", {Signal.POWER_OFF}),
        ("0405", {Signal.ACCIDENT}),
        ("0c03", set()),
        ("0c77", {Signal.UNKNOWN}),
    ],
)
def test_jimi_names_its_alarm_by_a_code(code: str, signals: set[Signal]) -> None:
    report = read("e814" + code + "00" * 18)
    assert report.signals == signals
    assert report.attributes.get("ignition") != ("false" if code == "0c03" else "true")


def test_an_sos_of_jimi_counts_whatever_stands_behind_it() -> None:
    assert read("e8040c010000").signals == {Signal.SOS}
    assert read("e803000e83").attributes["lock_status"] == "3715"


@pytest.mark.parametrize("torn", ["0201aa", "3000", "eb06000500b90161"])
def test_a_field_that_is_cut_short_hid_the_alarm_behind_it(torn: str) -> None:
    report = read(torn + "e7080002000000000000")
    assert report.signals == {Signal.SOS}


def test_a_battery_that_is_full_of_ones_is_on_a_charger() -> None:
    assert read("e10157").battery_ratio == 0.87
    assert read("e901ff").attributes["charging"] == "true"
    assert read("fe0157").battery_ratio == 0.87


def test_all_cells_of_a_network_are_read() -> None:
    cells = read("e114010600030091c400ce5421320091c500ce542232").cells
    assert cells == ("262-3-37316-13521953", "262-3-37317-13521954")


@pytest.mark.parametrize(
    ("fields", "cells", "wifi"),
    [
        ("53090101060300910ce5c3", ("262-3-145-3301@-61",), ()),
        ("5d0b010106039dd000ce542145", ("262-3-40400-13521953@-69",), ()),
        ("5408010a1b2c3d4e5fc3", (), ("0a:1b:2c:3d:4e:5f@-61",)),
        ("54005d005300540102", (), ()),
    ],
)
def test_what_a_terminal_hears_indoors_behind_its_count_was_no_place(
    fields: str, cells: tuple[str, ...], wifi: tuple[str, ...]
) -> None:
    report = read(fields + "e7080002000000000000")
    assert report.signals == {Signal.SOS}
    assert report.cells == cells
    assert report.wifi == wifi


READERS = (
    jt808_alarms.read_battery_alarm,
    jt808_alarms.read_buttons,
    jt808_alarms.read_driving,
    jt808_alarms.read_jimi,
    jt808_alarms.read_marked,
    jt808_alarms.read_states,
    jt808_alarms.read_switches,
)


@pytest.mark.parametrize("read_alarm", READERS)
@given(said=st.binary(max_size=64))
def test_no_makers_field_raises_but_for_its_end(
    read_alarm: Callable[[Reader, Draft], None], said: bytes
) -> None:
    with suppress(UnreadableError):
        read_alarm(
            Reader(said), Draft(protocol="jt808", frame=b"", received_at=RECEIVED_AT)
        )
