"""Packing, tables and shifts of the GSM alphabets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem import gsm7
from adapters.modem.gsm7_tables import DEFAULT, GAP, LOCKING, SINGLE_SHIFT

SEPTETS = st.binary(max_size=256).map(lambda raw: bytes(octet & 0x7F for octet in raw))
LANGUAGES = st.sampled_from(range(14))


@given(SEPTETS, st.integers(0, 6))
def test_unpacking_undoes_packing(septets: bytes, fill_bits: int) -> None:
    packed = gsm7.pack(septets, fill_bits=fill_bits)
    assert len(packed) == -(-(len(septets) * 7 + fill_bits) // 8)
    assert gsm7.unpack(packed, len(septets), fill_bits=fill_bits) == septets


@given(st.binary(max_size=300), st.integers(-5, 1000), st.integers(0, 6))
def test_unpacking_is_total_and_never_longer_than_asked(
    packed: bytes, count: int, fill_bits: int
) -> None:
    assert len(gsm7.unpack(packed, count, fill_bits=fill_bits)) <= max(0, count)


def test_packing_is_that_of_the_standard() -> None:
    assert gsm7.pack(b"hellohello").hex() == "e8329bfd4697d9ec37"


@given(st.binary(max_size=200), LANGUAGES, LANGUAGES)
def test_decoding_is_total(octets: bytes, locking: int, single: int) -> None:
    assert len(gsm7.decode(octets, locking=locking, single=single)) <= len(octets)


@given(LANGUAGES, LANGUAGES, st.data())
def test_decoding_undoes_encoding_in_every_language(
    locking: int, single: int, data: st.DataObject
) -> None:
    known = LOCKING.get(locking, DEFAULT) + SINGLE_SHIFT.get(single, "")
    alphabet = sorted(set(known) - {GAP, "\x1b"})
    text = data.draw(st.text(alphabet, max_size=80))
    septets = gsm7.encode(text, locking=locking, single=single)
    assert gsm7.decode(septets, locking=locking, single=single) == text


def test_every_table_has_128_characters_and_an_escape() -> None:
    assert len(LOCKING) == 13
    assert len(SINGLE_SHIFT) == 14
    for table in LOCKING.values():
        assert len(table) == 128
        assert table[0x1B] == "\x1b"
    for table in SINGLE_SHIFT.values():
        assert len(table) == 128
        assert table[0x65] == "€"


def test_a_character_outside_the_tables_is_refused_without_being_told() -> None:
    with pytest.raises(gsm7.UnencodableError) as refused:
        gsm7.encode("hej 中")
    assert "中" not in str(refused.value)


def test_an_escaped_septet_without_a_meaning_is_that_of_the_main_table() -> None:
    assert gsm7.decode(b"\x1ba\x1be\x1b") == "a€ "


def test_an_escape_costs_two_septets() -> None:
    assert gsm7.septet_cost("€") == 2
    assert gsm7.septet_cost("å") == 1
    assert gsm7.septet_cost("中") is None
