"""What engines of other days have written is read whole, and means what it meant."""

import json
from dataclasses import make_dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from engine.alarm import codec
from engine.alarm.events import NoteAdded
from engine.values import Instant, OperatorId
from tests.engine.alarm.test_codec import stored
from tools import event_shapes
from tools.event_shapes import Line, faults, full, leaves, main, means, shape_of

ROWS = event_shapes.on_record()[1]
DURATION = TypeAdapter(timedelta)


def named(row: Line) -> str:
    return f"{row['kind']}-{row['version']}-{len(leaves(row['body']))}"


def plain(value: object) -> object:
    """Return a value, a duration whatever its form: `PT7M` is `PT420S`."""
    is_duration = isinstance(value, str) and value.startswith("PT")
    return DURATION.validate_python(value) if is_duration else value


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_row_of_any_version_is_read_whole(row: Line) -> None:
    event = codec.decode(
        stored(row["kind"], json.dumps(row["body"]).encode(), row["version"])
    )
    read = leaves(json.loads(codec.encode(event).body))
    said = leaves(row["body"])
    assert {path: plain(read.get(path)) for path in said} == {
        path: plain(one) for path, one in said.items()
    }


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_what_a_row_leaves_out_means_what_it_meant(row: Line) -> None:
    """A default that is changed would change what every open case began with."""
    assert means(row) == row["means"]


def test_every_shape_is_on_record_under_its_version() -> None:
    assert faults() == []
    assert main(["--check"]) == 0, "run python -m tools.event_shapes"


Variant = make_dataclass(
    "Variant",
    [("at", Instant), ("by", OperatorId | None), ("text", str), ("aloud", bool, False)],
    frozen=True,
)


def test_a_field_more_needs_a_version_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An older engine reads past it, and goes on as though nobody had said it."""
    monkeypatch.setitem(codec.CLASSES, "NoteAdded", Variant)
    (fault,) = faults()
    assert fault.startswith(
        "NoteAdded: aloud, person, source, urges is not as version 3 has"
    )
    assert fault in str(main([]))


def test_what_has_a_version_of_its_own_is_put_on_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SHAPES", "ROWS"):
        copy = tmp_path / name
        copy.write_bytes(getattr(event_shapes, name).read_bytes())
        monkeypatch.setattr(event_shapes, name, copy)
    monkeypatch.setitem(codec.VERSIONS, "NoteAdded", 4)
    monkeypatch.setitem(codec.CLASSES, "NoteAdded", Variant)
    assert faults() == []
    monkeypatch.setitem(codec.CLASSES, "NoteAdded", NoteAdded)
    assert main(["--check"]) != 0
    assert main([]) == 0
    assert main(["--check"]) == 0
    written = [row for row in event_shapes.on_record()[1] if row["kind"] == "NoteAdded"]
    assert [row["version"] for row in written] == [1, 1, 2, 3, 4]


class Before(StrEnum):
    """Two values."""

    ONE = "one"
    TWO = "two"


class After(StrEnum):
    """One of them, and a new one."""

    TWO = "two"
    THREE = "three"


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        ("one", "one|two", True),
        ("one|two", "one|two|three", False),
        ("one|two", "two|three", True),
        ("int", "int?", True),
        ("int", "", True),
    ],
)
def test_a_value_more_is_refused_where_it_is_used_and_anything_else_is_told(
    before: str, now: str, *, is_told: bool
) -> None:
    found = list(event_shapes._changed({"a": before}, {"a": now}))
    assert found == (["a"] if is_told else [])


def test_a_shape_says_enumerations_word_for_word() -> None:
    assert shape_of(Before, "a") == {"a": "one|two"}
    assert shape_of(tuple[After, ...], "a") == {"a[]": "two|three"}
    assert shape_of(dict[str, str], "a") == {"a{}": "str"}
    assert full(Before) is Before.TWO
