"""TP-VP in its three forms, to the octet and round."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem import pdu_text
from adapters.modem.pdu import Submit
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_encode import encode_submit, submit
from adapters.modem.pdu_fields import Charset, Flag, Reader
from adapters.modem.pdu_validity import (
    EnhancedValidity,
    Validity,
    decode_validity,
    encode_validity,
)

CLOCK_S_MAX = 99 * 3600 + 59 * 60 + 59


def read(form: int, octets: bytes) -> Validity:
    return decode_validity(Reader(octets), form)


@pytest.mark.parametrize(
    ("validity", "octets"),
    [
        (EnhancedValidity(), "00000000000000"),
        (EnhancedValidity(single_shot=True), "40000000000000"),
        (EnhancedValidity(lasts=timedelta(seconds=90)), "025A0000000000"),
        (EnhancedValidity(lasts=timedelta(minutes=5)), "03005000000000"),
        (
            EnhancedValidity(
                lasts=timedelta(hours=12, minutes=34, seconds=56), single_shot=True
            ),
            "43214365000000",
        ),
        (EnhancedValidity(lasts=timedelta(days=7)), "01AD0000000000"),
    ],
)
def test_the_enhanced_form_is_as_the_standard_has_it(
    validity: EnhancedValidity, octets: str
) -> None:
    assert encode_validity(validity) == (0b01, bytes.fromhex(octets))
    assert read(0b01, bytes.fromhex(octets)) == validity


@given(st.integers(1, CLOCK_S_MAX), st.booleans())
def test_whole_seconds_come_back_as_they_were(seconds: int, single: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by position
    validity = EnhancedValidity(lasts=timedelta(seconds=seconds), single_shot=single)
    form, octets = encode_validity(validity)
    assert len(octets) == 7
    assert read(form, octets) == validity


@given(st.timedeltas(timedelta(0), timedelta(weeks=63)))
def test_a_message_is_never_kept_for_shorter_than_asked(lasts: timedelta) -> None:
    form, octets = encode_validity(EnhancedValidity(lasts=lasts))
    kept = read(form, octets)
    assert isinstance(kept, EnhancedValidity)
    assert kept.lasts is not None
    assert kept.lasts >= lasts


@given(
    st.one_of(
        st.none(),
        st.builds(
            EnhancedValidity,
            lasts=st.none()
            | st.integers(1, CLOCK_S_MAX).map(lambda s: timedelta(seconds=s)),
            single_shot=st.booleans(),
        ),
        st.integers(1, 143).map(lambda n: timedelta(minutes=5 * n)),
        st.datetimes(datetime(2000, 1, 1), datetime(2089, 1, 1)).map(  # noqa: DTZ001 - made aware below
            lambda at: at.replace(microsecond=0, tzinfo=UTC)
        ),
    )
)
def test_a_submit_says_how_long_it_is_kept_and_nothing_else_moves(
    validity: Validity,
) -> None:
    data = pdu_text.build("help", Charset.GSM7)
    sent = submit("+46700000001", data, validity=validity)
    came = decode(encode_submit(sent)[0], from_mobile=True)
    assert isinstance(came, Submit)
    assert (came.validity, came.user_data, came.flags) == (validity, data, ())


@given(st.binary(max_size=9), st.integers(0, 3))
def test_no_octets_of_a_validity_raise(octets: bytes, form: int) -> None:
    read(form, octets)


def test_a_reserved_format_is_flagged() -> None:
    reader = Reader(b"\x05" + bytes(6))
    assert decode_validity(reader, 0b01) == EnhancedValidity()
    assert reader.flags == [Flag.BAD_TIME]
