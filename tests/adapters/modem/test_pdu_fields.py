"""Addresses, times, validity and coding schemes, at their edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.pdu import StatusReport, SubmitReport
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_fields import (
    Charset,
    Flag,
    Reader,
    decode_address,
    decode_coding,
    decode_relative_validity,
    decode_time,
    encode_address,
    encode_relative_validity,
    encode_time,
)

NUMBERS = st.from_regex(r"\+?[0-9*#]{1,20}", fullmatch=True)
ZONES = st.integers(-56, 56).map(lambda q: timezone(timedelta(minutes=15 * q)))
TIMES = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 -- the strategy puts the zone in
    datetime(2089, 12, 31),  # noqa: DTZ001
    timezones=ZONES,
).map(lambda moment: moment.replace(microsecond=0))


@given(NUMBERS)
def test_a_number_survives_its_field(number: str) -> None:
    reader = Reader(encode_address(number))
    assert decode_address(reader).text == number
    assert reader.left == 0
    assert not reader.flags


@pytest.mark.parametrize(
    "number", ["", "+", "1" * 21, "+46 70", "LARM", "+46701234567\x1a"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="1 to 20 digits"):
        encode_address(number)


@given(TIMES)
def test_a_time_survives_its_field_in_any_zone(moment: datetime) -> None:
    decoded = decode_time(Reader(encode_time(moment)))
    assert decoded == moment
    assert decoded is not None
    assert decoded.utcoffset() == moment.utcoffset()


def test_a_zone_of_garbage_costs_the_zone_and_not_the_time() -> None:
    reader = Reader(bytes.fromhex("111010214365FF"))
    assert decode_time(reader) == datetime(2011, 1, 1, 12, 34, 56, tzinfo=UTC)
    assert reader.flags == [Flag.BAD_TIME]


def test_a_time_that_is_none_is_flagged() -> None:
    reader = Reader(bytes.fromhex("11311021436500"))
    assert decode_time(reader) is None
    assert reader.flags == [Flag.BAD_TIME]


@given(st.integers(0, 70 * 7 * 24 * 60))
def test_a_validity_lasts_at_least_so_long_and_no_step_longer(minutes: int) -> None:
    value = encode_relative_validity(minutes)
    lasts = decode_relative_validity(value)
    assert lasts >= min(timedelta(minutes=minutes), timedelta(weeks=63))
    if value:
        assert decode_relative_validity(value - 1) < timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("dcs", "charset", "message_class"),
    [
        (0x00, Charset.GSM7, None),
        (0x04, Charset.DATA, None),
        (0x08, Charset.UCS2, None),
        (0x10, Charset.GSM7, 0),
        (0x18, Charset.UCS2, 0),
        (0x53, Charset.GSM7, 3),
        (0xC8, Charset.GSM7, None),
        (0xE0, Charset.UCS2, None),
        (0xF1, Charset.GSM7, 1),
        (0xF6, Charset.DATA, 2),
    ],
)
def test_a_coding_scheme_reads_as_in_the_standard(
    dcs: int, charset: Charset, message_class: int | None
) -> None:
    coding = decode_coding(dcs)
    assert (coding.charset, coding.message_class) == (charset, message_class)


@given(st.integers(0, 255))
def test_every_coding_scheme_reads_as_something(dcs: int) -> None:
    assert decode_coding(dcs).charset in Charset


@given(st.binary(max_size=30))
def test_an_address_of_any_octets_decodes(octets: bytes) -> None:
    reader = Reader(octets)
    decode_address(reader)
    assert reader.at <= len(octets)


def test_what_a_report_announces_may_take_another_octet() -> None:
    # 9.2.3.27: bit 8 says that a second octet follows.
    text = "0112" + "8600" + "51507132200523" + "04" + "067265706F7274"
    report = decode(text, has_smsc=False)
    assert isinstance(report, SubmitReport)
    assert (report.indicator, report.dcs, report.flags) == (0x86, 4, ())
    assert report.user_data.text == "report"


def test_a_report_that_ends_before_what_it_announces_announces_nothing() -> None:
    report = decode("0242049136195150713220052351408132200542AB", has_smsc=False)
    assert isinstance(report, StatusReport)
    assert (report.indicator, report.protocol_id, report.flags) == (None, None, ())
