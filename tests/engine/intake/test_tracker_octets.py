"""Teltonika's records as 8-bit messages, by its vendor's description."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.state import Kind, PlaceSource
from engine.intake.tracker_octets import octets_of, read_octets
from engine.intake.trackers import TrackerText
from engine.values import DeviceId, Signal
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_sms import FOREIGN, NOT_CONFIRMED, SIM, tracked

IMEI = 352094082828606
TASHKENT = (41.31151, 69.27974)


def record(
    *elements: tuple[int, int],
    place: tuple[float, float] = TASHKENT,
    satellites: int = 8,
    wide: bool = False,
) -> bytes:
    lat, lon = (round(degrees * 10_000_000) for degrees in place)
    head = struct.pack(
        ">QBiihHBH", 1_772_323_200_000, 2, lon, lat, 400, 0, satellites, 0
    )
    form = ">H" if wide else ">B"
    count = struct.pack(form, len(elements))
    event = struct.pack(form, elements[0][0] if elements else 0)
    ios = b"".join(struct.pack(form, key) + bytes((value,)) for key, value in elements)
    none = struct.pack(form, 0) * 3
    return head + event + count + count + ios + none + (bytes(2) if wide else b"")


def message(*records: bytes, codec: int = 0x08, imei: int = IMEI) -> bytes:
    count = bytes((len(records),))
    data = bytes((codec,)) + count + b"".join(records) + count
    return data + imei.to_bytes(8)


@pytest.mark.parametrize(("codec", "wide"), [(0x08, False), (0x8E, True)])
@pytest.mark.parametrize(
    ("element", "signal"), [(236, Signal.SOS), (242, Signal.FALL), (99, Signal.UNKNOWN)]
)
def test_a_panic_record_by_sms_says_who_what_and_where(
    codec: int, element: int, signal: Signal, *, wide: bool
) -> None:
    data = message(record((element, 1), wide=wide), codec=codec)
    found = read_octets(data)
    assert found == TrackerText(
        device=DeviceId(str(IMEI)), signals=frozenset({signal}), place=TASHKENT
    )


def test_a_plain_record_masks_no_alarm_and_the_last_place_counts() -> None:
    south = (-33.9, -70.6)
    found = read_octets(message(record((236, 1)), record((99, 1), place=south)))
    assert found is not None
    assert found.signals == {Signal.SOS}
    assert found.place == south


def test_a_place_without_a_satellite_is_an_old_one() -> None:
    found = read_octets(message(record((236, 1), satellites=0)))
    assert found is not None
    assert found.is_last


def test_what_is_cut_anywhere_is_none_of_this_form() -> None:
    data = message(record((236, 1)), record((242, 1)))
    assert all(read_octets(data[:end]) is None for end in range(len(data)))
    assert read_octets(data + b"x") is None


@given(st.binary(max_size=160))
def test_any_octets_are_read_or_none(data: bytes) -> None:
    read_octets(data)
    text = data.decode("latin-1")
    assert octets_of(text) in {None, data}


@given(st.text(max_size=50))
def test_any_text_has_octets_or_none(text: str) -> None:
    octets_of(text)


def test_a_trackers_binary_sos_is_its_defenders_alarm_at_its_place() -> None:
    raised = tracked(message(record((236, 1))).decode("latin-1"), SIM)
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, HERON)
    assert raised.press.signals == (Signal.SOS,)
    assert raised.place.source is PlaceSource.DEVICE
    assert (raised.place.lat_deg, raised.place.lon_deg) == TASHKENT
    assert raised.press.text.startswith("08010000"), "its hex, for whoever looks at it"


def test_its_imei_from_another_number_is_not_confirmed() -> None:
    data = message(record((236, 1)), imei=int(HERONS))
    raised = tracked(data.decode("latin-1"), FOREIGN)
    assert raised is not None
    assert (raised.subject, raised.press.doubt) == (HERON, NOT_CONFIRMED)


def test_torn_octets_of_a_known_tracker_are_shown_with_their_hex() -> None:
    raised = tracked(message(record((236, 1)))[:-3].decode("latin-1"), SIM)
    assert raised is not None
    assert (raised.kind, raised.press.text[:4]) == (Kind.NOTICE, "0801")
