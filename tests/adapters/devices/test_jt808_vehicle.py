"""Fields of vehicles in `jt808`: each by its length, none tears a report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.jt808_vehicle import BY_LENGTH, READERS, read_engine_text
from adapters.devices.reading import Reader, UnreadableError
from tests.adapters.devices.vectors import RECEIVED_AT


def draft() -> Draft:
    return Draft(protocol="jt808", frame=b"", received_at=RECEIVED_AT)


@given(st.sampled_from(sorted(READERS.keys() | BY_LENGTH.keys())), st.binary())
def test_no_field_raises_but_for_its_end(key: int, said: bytes) -> None:
    for readers in (READERS, BY_LENGTH):
        if key in readers:
            try:
                readers[key](Reader(said), draft())
            except UnreadableError:
                assert len(said) < 64


@pytest.mark.parametrize(
    ("key", "sent", "kept"),
    [
        (0x02, "8032", {"fuel": "50"}),
        (0x02, "01f4", {"fuel": "50.0"}),
        (0x33, "03", {"mode": "3"}),
        (0x51, "8017", {"temperature_c": "-2.3"}),
        (0x51, "ffff", {}),
        (0xF6, "03fe", {"air_hpa": "1022"}),
        (0xF7, "026b", {"humidity_percent": "61.9"}),
        (0xF9, "00040018", {"hdop": "2.4"}),
    ],
)
def test_a_field_is_read_by_its_length(
    key: int, sent: str, kept: dict[str, str]
) -> None:
    made = draft()
    READERS[key](Reader(bytes.fromhex(sent)), made)
    assert made.attributes == kept


@pytest.mark.parametrize("text", ["", "$OBD-RT", "$OBD-RT,,x,1e9,-", "," * 100])
def test_an_engines_text_holds_numbers_or_nothing(text: str) -> None:
    made = draft()
    read_engine_text(text, made)
    assert made.attributes == {}


def test_a_locks_password_is_kept_out_of_reports() -> None:
    made = draft()
    READERS[0x0B](Reader(b"\x22123456\x01"), made)
    assert made.attributes == {"lock_command": "34", "lock_result": "1"}
