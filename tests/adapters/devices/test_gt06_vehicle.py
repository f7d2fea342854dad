"""What stands behind place, cell and status in `gt06` never tears a packet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.gt06_tables import ALARMS
from adapters.devices.gt06_vehicle import (
    read_after_status,
    read_box,
    read_engine,
    read_information,
    read_recording,
    read_supply,
    read_warmth,
    read_x1,
)
from adapters.devices.reading import Reader
from tests.adapters.devices.vectors import RECEIVED_AT


def draft() -> Draft:
    return Draft(protocol="gt06", frame=b"", received_at=RECEIVED_AT)


@given(st.binary(max_size=80))
def test_nothing_that_a_vehicle_says_raises(said: bytes) -> None:
    for read in (read_box, read_engine, read_information, read_recording, read_x1):
        read(Reader(said), draft())
    read_supply(Reader(said), draft(), ALARMS)
    read_warmth(Reader(said), draft())
    read_after_status(0xE8, Reader(said), draft(), fence=False)
    read_after_status(0, Reader(said), draft(), fence=True)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("000123", {"adc1": "2.91"}),
        ("0b02e3", {"external_v": "7.39"}),
        ("0505", {"door": "true", "io1": "true"}),
        ("051a03010a141e01", {"door": "true", "io1": "false"}),
        ("1b020401020304", {"driver": "01020304"}),
        ("1e000000d5000002ee", {"temperature_c": "21.3", "humidity_percent": "75.0"}),
    ],
)
def test_a_report_of_itself_is_told_by_its_first_byte(
    sent: str, kept: dict[str, str]
) -> None:
    made = draft()
    read_information(Reader(bytes.fromhex(sent)), made)
    assert made.attributes == kept


def test_a_key_that_was_held_to_the_device_is_told_from_other_alarms() -> None:
    held, other = draft(), draft()
    tail = b"\x01" + bytes(range(8))
    read_after_status(0xE8, Reader(tail), held, fence=False)
    read_after_status(0x01, Reader(tail), other, fence=False)
    assert held.attributes == {"event": "232", "driver": "0001020304050607"}
    assert other.attributes == {}
