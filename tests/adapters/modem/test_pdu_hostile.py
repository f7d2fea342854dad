"""Received PDUs of any quality: decoded, bounded, flagged, never raised upon."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.modem import pdu_text
from adapters.modem.pdu import Deliver, Submit, Undecodable
from adapters.modem.pdu_decode import decode, decode_stored
from adapters.modem.pdu_encode import encode_deliver, encode_submit, submit
from adapters.modem.pdu_fields import Address, Charset, Flag
from adapters.modem.pdu_text import Concat

HELLO = "07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37"


DIRECTIONS = st.fixed_dictionaries(
    {
        "from_mobile": st.booleans(),
        "has_smsc": st.booleans(),
        "acknowledged": st.booleans(),
    }
)
BARE = {"from_mobile": True, "has_smsc": False, "acknowledged": False}


@given(st.text(max_size=400), DIRECTIONS)
@example("É" * 10, BARE)
@example("0" * 5000, BARE)
@example("\u0663\u0664", BARE)
def test_any_text_decodes(text: str, direction: dict[str, bool]) -> None:
    decode(text, **direction)


@given(st.binary(max_size=200), DIRECTIONS)
def test_any_octets_decode_without_a_lone_surrogate(
    octets: bytes, direction: dict[str, bool]
) -> None:
    pdu = decode(octets.hex(), **direction)
    if isinstance(pdu, Deliver | Submit):
        pdu.user_data.text.encode("utf-8")


@given(st.integers(0, len(HELLO)))
def test_a_cut_message_gives_what_is_there_and_says_so(length: int) -> None:
    pdu = decode(HELLO[:length])
    assert bool(pdu.flags) is (length < len(HELLO))
    if isinstance(pdu, Deliver):
        assert "hellohello".startswith(pdu.user_data.text)


@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_a_message_with_changed_octets_decodes(
    changes: list[tuple[int, int]],
) -> None:
    octets = bytearray.fromhex(HELLO)
    for at, value in changes:
        octets[at % len(octets)] = value
    assert decode(octets.hex()) is not None


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=35)


@given(TEXTS, st.from_regex(r"\+?[0-9]{3,15}", fullmatch=True))
def test_what_is_submitted_decodes_to_itself(text: str, number: str) -> None:
    message = submit(
        number,
        pdu_text.build(text, Charset.UCS2),
        validity=timedelta(minutes=30),
        status_report_request=True,
    )
    encoded, length = encode_submit(message)
    assert length == len(encoded) // 2 - 1
    assert decode(encoded, from_mobile=True) == message


@given(st.integers(0, 0xFFFF), st.integers(1, 255), st.data())
def test_a_part_keeps_its_number(
    reference: int, total: int, data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, total))
    concat = Concat(
        reference=reference, total=total, number=number, wide=reference > 0xFF
    )
    message = submit("+4670", pdu_text.build("hej", Charset.GSM7, concat=concat))
    pdu = decode(encode_submit(message)[0], from_mobile=True)
    assert isinstance(pdu, Submit)
    assert pdu.user_data.concat == concat
    assert pdu.user_data.text == "hej"


@pytest.mark.parametrize("octets", ["", "00", "0003", "0003FF"])
def test_what_is_no_tpdu_is_undecodable_with_a_reason(octets: str) -> None:
    pdu = decode(octets)
    assert isinstance(pdu, Undecodable)
    assert pdu.flags


def test_a_part_zero_of_two_is_not_a_part() -> None:
    pdu = decode("0041000491214300000A0500030102006A5D0D", from_mobile=True)
    assert isinstance(pdu, Submit)
    assert pdu.user_data.concat is None
    assert Flag.BAD_HEADER in pdu.flags


@pytest.mark.parametrize(
    ("elements", "concat"),
    [
        ("0003070200", None),
        ("00040702010000", None),
        ("0003070201" + "0003070200", Concat(reference=7, total=2, number=1)),
        ("0003070201" + "0003080302", Concat(reference=8, total=3, number=2)),
        ("0804010203010003070201", Concat(reference=7, total=2, number=1)),
        (
            "000307020108040102FF10",
            Concat(reference=0x0102, total=255, number=16, wide=True),
        ),
    ],
)
def test_of_a_parts_numbers_the_last_that_can_be_one_counts(
    elements: str, concat: Concat | None
) -> None:
    # 9.2.3.24: the last of several counts; one that cannot be is as if not there.
    header = bytes.fromhex(elements)
    data = bytes((len(header),)) + header + "hej".encode("utf-16-be")
    pdu = decode(f"004404912143000800000000000000{len(data):02X}{data.hex()}")
    assert isinstance(pdu, Deliver)
    assert pdu.user_data.concat == concat
    assert pdu.user_data.text == "hej"
    can_be = elements[-2:] != "00"
    assert (Flag.BAD_HEADER in pdu.flags) is not can_be


def test_a_reserved_type_is_read_as_a_deliver_bug_nobody_read_its_words() -> None:
    # 9.2.3.1.
    pdu = decode(HELLO[:16] + "07" + HELLO[18:])
    assert isinstance(pdu, Deliver)
    assert (pdu.sender.text, pdu.user_data.text) == ("+18005551212", "hellohello")
    assert pdu.flags == (Flag.RESERVED_TYPE,)


@pytest.mark.parametrize("toa", [0x81, 0x91, 0xA1])
def test_an_address_without_a_digit_is_no_number_bug_it_was_a_plus(toa: int) -> None:
    pdu = decode(f"01{toa:02X}0400{toa:02X}00001110102143650003E8721A")
    assert isinstance(pdu, Deliver)
    assert (pdu.sender.text, pdu.smsc) == ("", Address(text="", toa=toa))
    again = decode(encode_deliver(pdu)[0])
    assert isinstance(again, Deliver)
    assert (again.sender, again.flags) == (pdu.sender, ())


def test_a_submit_that_lies_in_storage_is_read_as_one() -> None:
    stored = decode_stored("0011000B916407281553F80000AA0AE8329BFD4697D9EC37")
    assert isinstance(stored, Submit)
