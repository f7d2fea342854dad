"""Forms of `gt06` that some models alone have: 4G heartbeats, longer cells, cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_packet import frame_of
from adapters.devices.gt06_vehicle import read_heartbeat_modules
from adapters.devices.reading import Reader
from engine.ports.device import DeviceReport, ReportKind
from engine.values import Instant, Signal
from tests.adapters.devices.vectors import RECEIVED_AT, play

DATE = bytes((26, 3, 1, 10, 20, 30))
AT = Instant.parse("2026-03-01T10:20:30Z")
# Date, satellites, place, speed, flags.
WHERE = DATE + bytes.fromhex("c8055fb164018c135800145a")


def wide(text: str) -> bytes:
    return b"\x02" + text.encode("utf-16-be")


def read(kind: int, content: str, *, where: bytes = b"") -> DeviceReport:
    frame = frame_of(kind, where + bytes.fromhex(content), 7)
    outcome = play(Gt06().session(), frame)
    (report,) = outcome.reports
    assert outcome.answers == [frame_of(kind, b"", 7)]
    return report


# Status, battery, signal, alarm, language, then modules (Jimi's 4G models).
@pytest.mark.parametrize("status", ["4404030102", "6404030002", "6404030102"])
@pytest.mark.parametrize("modules", ["", "0018020190", "006a0157", "0018", "ffffff01"])
def test_a_4g_heartbeat_has_its_sos_and_is_answered_where_it_was_a_mere_sign_of_life(
    status: str, modules: str
) -> None:
    report = read(0x36, status + modules)
    assert report.kind is ReportKind.REPORT
    assert report.signals == {Signal.SOS}
    assert report.attributes["charging"] == "true"


def test_a_4g_heartbeat_that_signals_nothing_says_its_battery() -> None:
    report = read(0x36, "040403000200180201900032010a006a0157")
    assert report.kind is ReportKind.HEARTBEAT
    assert report.battery_ratio == 0.87
    assert report.attributes["battery_v"] == "4.0"


@given(st.binary(max_size=80))
def test_no_module_of_a_heartbeat_tears_it(said: bytes) -> None:
    draft = Draft(protocol="gt06", frame=b"", received_at=RECEIVED_AT)
    read_heartbeat_modules(Reader(said), draft)


def test_a_photograph_behind_the_other_start_is_no_heartbeat_of_4g() -> None:
    frame = frame_of(0x36, bytes.fromhex("6404030102"), 7, extended=True)
    outcome = play(Gt06().session(), frame)
    assert outcome.reports[0].signals == frozenset()
    assert outcome.answers == []


def test_a_piece_of_a_recording_is_a_sign_of_life_and_was_unread_each() -> None:
    piece = frame_of(0x8D, bytes((1, 0, 0, 16, 0)) + bytes(1024), 7, extended=True)
    (report,) = play(Gt06().session(), piece).reports
    assert report.kind is ReportKind.HEARTBEAT
    assert report.signals == frozenset()


SAID = "Current position!Lat:N50.087451,Lon:E14.420671,Course:90.00,Speed:5.40,"
SAID += "DateTime:2026-03-01  10:20:30"


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("text", [b"\x01" + SAID.encode(), wide(SAID)])
def test_where_it_is_may_be_said_in_words(text: bytes, *, extended: bool) -> None:
    frame = frame_of(0x21, bytes(4) + text, 7, extended=extended)
    (report,) = play(Gt06().session(), frame).reports
    assert report.kind is ReportKind.REPORT
    assert report.device_at == AT
    assert report.fix is not None
    assert report.fix.lon_deg == 14.420671


def test_how_good_a_place_is_and_how_high_stand_behind_it() -> None:
    cell = "010603" + "1234" + "0abcde"
    report = read(0x37, cell + "010200" + "003b02" + "04d2", where=WHERE)
    assert report.fix is not None
    assert report.fix.accuracy_m == 12.34
    high = "0a" + "01060003" + "1234" + "000abcde" + "4604030102" + "0123"
    report = read(0x32, high, where=WHERE)
    assert report.altitude_m == 0x123
    assert report.signals == {Signal.SOS}


CELL = "010600031234000abcde"


def test_cells_alone_are_no_place_of_another_model() -> None:
    report = read(0x34, "0001060003" + "1234000abcde32" * 2, where=DATE)
    assert report.device_at == AT
    assert report.fix is None
    assert report.doubtful_fix is None
    assert report.cells == ("262-3-4660-703710@-50",) * 2


def test_a_place_behind_four_bytes_is_one_and_not_answered() -> None:
    frame = frame_of(0x34, bytes(4) + WHERE + bytes(40), 7)
    outcome = play(Gt06().session(), frame)
    assert outcome.reports[0].fix is not None
    assert outcome.answers == []


def test_a_place_has_its_longer_cell_and_says_that_it_was_stored() -> None:
    report = read(0x31, CELL + "010201000010000123", where=WHERE)
    assert report.fix is not None
    assert report.cells == ("262-3-4660-703710",)
    assert report.buffered
    assert report.altitude_m == 0x123
    assert read(0x31, "01060312340abcde", where=WHERE).cells == report.cells


@pytest.mark.parametrize("stored", [False, True])
def test_a_live_place_was_taken_for_a_stored_one(*, stored: bool) -> None:
    tail = f"0102{stored:02x}000010000000010088341234"
    report = read(0x22, "0106031234000abcde" + tail, where=WHERE)
    assert report.cells == ("262-3-4660-703710",)
    assert report.buffered == stored
    assert report.attributes["temperature_c"] == "-21.0"
    assert report.attributes["humidity_percent"] == "46.6"


def test_a_place_with_a_card_is_one_and_was_taken_for_stations() -> None:
    report = read(0x17, "01060312340abcde010203040506070801", where=WHERE)
    assert report.fix is not None
    assert report.cells == ("262-3-4660-703710",)
    assert report.attributes["driver"] == "0102030405060708"
    assert report.checksum_ok


CALLER = b"13800138000".ljust(21, b"\0").hex()


@pytest.mark.parametrize(
    ("kind", "place"), [(0x1A, WHERE.hex()), (0x17, "01060312340abcde")]
)
@pytest.mark.parametrize(
    ("alarm", "signals"),
    [("01", {Signal.SOS}), ("00", set()), ("77", {Signal.UNKNOWN})],
)
def test_who_asks_for_its_address_says_of_what_alarm_and_the_sos_was_none(
    kind: int, place: str, alarm: str, signals: set[Signal]
) -> None:
    report = read(kind, place + CALLER + alarm + "02")
    assert report.signals == signals
    assert (report.fix is not None) == (kind == 0x1A)
    assert report.cells == (() if kind == 0x1A else ("262-3-4660-703710",))
    assert "13800138000" not in f"{report.attributes}"


@pytest.mark.parametrize(
    "before", ["0106031234567800000000000abcde", "18010110101001060312340abcde"]
)
def test_an_sos_behind_another_cell_is_shown_bug_it_was_a_place_in_the_sea(
    before: str,
) -> None:
    """Of 4G's numbers of an area and a cell, or with a date: by its length no card."""
    report = read(0x17, before + CALLER + "0102")
    assert report.kind is ReportKind.UNDECODABLE
    assert report.fix is None


def test_a_place_without_a_telephone_is_one() -> None:
    assert read(0x1A, "", where=WHERE).fix is not None


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize(
    ("cell", "read_as"),
    [
        ("1234000abcde32", "262-3-4660-703710@-50"),
        ("0000123400000000000abcde32", "262-3-4660-703710@-50"),
    ],
)
def test_six_cells_with_stations_have_one_of_two_sizes(
    count: int, cell: str, read_as: str
) -> None:
    stations = f"{count:02x}" + "aabbccddeeff40" * count
    report = read(0x33, "010603" + cell * 6 + "00" + stations, where=DATE)
    assert report.kind is ReportKind.REPORT
    assert report.cells == (read_as,) * 6
    assert report.wifi == ("aa:bb:cc:dd:ee:ff@-64",) * count
