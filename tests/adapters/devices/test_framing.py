"""Frames in a stream: whole ones win over torn ones, floods stay cheap."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.framing import cut_between, cut_by_length, cut_line
from adapters.devices.session import Cut
from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.vectors import FOLDER


def by_length(buffer: bytes, *, final: bool = False) -> Cut | None:
    """Cut `# length body`, right where the body's bytes are all letters."""

    def end_of(data: bytes, start: int) -> int | None:
        size = data[start + 1 : start + 2]
        return start + 2 + size[0] if size else None

    return cut_by_length(
        buffer,
        marks=(b"#",),
        end_of=end_of,
        holds=lambda frame: frame[2:].isalpha(),
        final=final,
    )


def test_a_whole_frame_is_cut_and_half_a_one_is_waited_for() -> None:
    assert by_length(b"#\x03abc#") == Cut(0, 5)
    assert by_length(b"#\x03ab") is None
    assert by_length(b"#") is None


def test_a_whole_frame_inside_a_torn_one_wins() -> None:
    assert by_length(b"#\x20ab#\x03abc") == Cut(4, 0)


def test_a_frame_that_does_not_hold_is_cut_all_the_same_where_nothing_else_is() -> None:
    assert by_length(b"#\x03a.c") == Cut(0, 5)


def test_a_frame_that_does_not_hold_waits_for_one_that_may_stand_inside() -> None:
    assert by_length(b"#\x05a#\x04bc") is None
    assert by_length(b"#\x05a#\x04bc", final=True) == Cut(0, 7)


def test_what_stands_before_the_first_mark_is_skipped() -> None:
    assert by_length(b"junk#\x03a") == Cut(4, 0)
    assert by_length(b"junk") == Cut(4, 0)


@given(st.integers(1, 3000))
def test_a_flood_of_marks_is_passed_over_piece_by_piece(count: int) -> None:
    buffer = b"#\x00" * count
    cut = cut_by_length(
        buffer,
        marks=(b"#",),
        end_of=lambda _data, _start: 0,
        holds=lambda _frame: True,
        final=False,
    )
    assert cut is not None
    assert 0 < cut.skip <= len(buffer)
    assert cut.take == 0


def test_text_between_marks_is_cut_and_a_second_opening_shows_a_torn_one() -> None:
    def cut(buffer: bytes) -> Cut | None:
        return cut_between(buffer, opening=b"<<", closing=(b">",), final=False)

    assert cut(b"<<a>") == Cut(0, 4)
    assert cut(b"<<a") is None
    assert cut(b"<<a<<b>") == Cut(3, 0)
    assert cut(b"x<") == Cut(1, 0)
    assert cut(b"xx") == Cut(2, 0)


def test_a_line_is_cut_at_the_first_of_its_ends() -> None:
    assert cut_line(b"\r\nab;c\n", closing=(b"\n", b";")) == Cut(2, 3)
    assert cut_line(b"ab", closing=(b";",)) is None
    assert cut_line(b"  ", closing=(b";",)) == Cut(2, 0)


def test_each_stream_of_a_wire_protocol_of_ours_is_compared() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is not there")
    rows = json.loads((FOLDER / "_frames.json").read_text())
    ours = {protocol.name for protocol in protocols().values()} & rows.keys()
    here = Path(__file__).parent
    for name in ours:
        source = (here / f"test_{name}.py").read_text()
        without = any(row["expected_first_frame"] is None for row in rows[name])
        assert f'@framed("{name}")' in source
        assert (f'@frameless("{name}")' in source) is without
