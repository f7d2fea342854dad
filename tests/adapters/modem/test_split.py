"""Long texts in several parts: as others split them, and joined again to the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem import pdu_text
from adapters.modem.gsm7_tables import GAP, LOCKING
from adapters.modem.pdu import Submit
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_fields import Charset
from adapters.modem.split import split
from tests.adapters.modem.vectors import pdus

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
    st.text("abc €[]\U0001f198", max_size=600),
    st.text(sorted(set(LOCKING[6]) - {GAP, "\x1b"}), max_size=600),
)


GROUPED = [
    parameter
    for parameter in pdus("both")
    if parameter.values[0] is None or "group_text" in parameter.values[0]["expected"]
]


@pytest.mark.parametrize("vector", GROUPED)
def test_a_text_is_split_as_its_source_splits_it(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    pdu = decode(vector["pdu"], from_mobile=True)
    assert isinstance(pdu, Submit)
    data = pdu.user_data
    assert data.concat is not None
    parts = split(
        expected["group_text"],
        reference=data.concat.reference,
        locking=data.locking,
        single=data.single,
    )
    assert len(parts) == data.concat.total
    ours = parts[data.concat.number - 1]
    assert (ours.text, ours.units, ours.concat) == (data.text, data.units, data.concat)


@given(TEXTS, st.integers(0, 255), st.booleans(), st.sampled_from([0, 6, 13]))
def test_parts_fit_and_join_to_the_text(
    text: str,
    reference: int,
    wide: bool,  # noqa: FBT001 -- drawn by Hypothesis
    language: int,
) -> None:
    parts = split(text, reference=reference, wide=wide, locking=language)
    assert "".join(part.text for part in parts) == text
    for number, part in enumerate(parts, start=1):
        encoded = pdu_text.encode(part)
        assert len(encoded) <= 141
        assert encoded[0] <= (160 if part.charset is Charset.GSM7 else 140)
        part.text.encode("utf-8")
        if len(parts) > 1:
            assert part.concat is not None
            assert (part.concat.number, part.concat.total) == (number, len(parts))
        else:
            assert part.concat is None


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("x" * 160, [160]),
        ("x" * 161, [153, 8]),
        ("x" * 152 + "€" + "x" * 8, [152, 9]),
        ("ő" * 70, [70]),
        ("ő" * 71, [67, 4]),
        ("ő" * 66 + "\U0001f198" + "ő" * 4, [66, 5]),
    ],
)
def test_a_text_is_split_where_it_must_be(text: str, lengths: list[int]) -> None:
    assert [len(part.text) for part in split(text, reference=1)] == lengths


def test_a_text_of_more_parts_than_can_be_numbered_is_refused() -> None:
    assert len(split("x" * 153 * 255, reference=1)) == 255
    with pytest.raises(ValueError, match="255 parts"):
        split("x" * (153 * 255 + 1), reference=1)
