"""Bodies of rows: quick, and nothing that a row says depends on who reads it."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engine.alarm.codec import CLASSES
from engine.alarm.events import AlarmEvent
from engine.stored import Body, read_plain, write_plain
from engine.written import Written
from tests.fact_strategies import ANY_EVENT

BODIES: dict[type[AlarmEvent], Body[Any]] = {
    kind: Body(kind) for kind in CLASSES.values()
}
FORGIVING: dict[type[AlarmEvent], TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in CLASSES.values()
}
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["1", "1.0", "true", "PT1M", "P1Y", "-P1DT1S", "PT0.1S", "sos"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
ANY_PLAIN = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(), max_size=8),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=4,
    ),
    max_size=4,
)
"""Of any characters: halves of one among them."""
REFUSED = "refused"
FIRST_READS = """
import sys
import threading
from dataclasses import make_dataclass
from engine.stored import Body

sys.setswitchinterval(1e-6)
for number in range(40):
    inner = make_dataclass("Inner", [(f"f{n}", int) for n in range(30)])
    outer = make_dataclass("Outer", [("one", inner), ("many", tuple[inner, ...])])
    one = inner(*range(30))
    bodies = Body(inner), Body(outer)
    rows = bodies[0].write(one), bodies[1].write(outer(one, (one,)))
    gate = threading.Barrier(8)

    def read(body, row):
        gate.wait()
        body.read(row)

    each = [(bodies[n % 2], rows[n % 2]) for n in range(8)]
    threads = [threading.Thread(target=read, args=one) for one in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@dataclass(frozen=True, slots=True)
class Wait:
    lasts: timedelta


class Found(Written, frozen=True, gc=False):
    at: int
    near: tuple["Found", ...] = ()
    words: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBefore:
    at: int
    near: tuple["FoundBefore", ...] = ()
    words: dict[str, str] = field(default_factory=dict)


@given(ANY_EVENT)
def test_what_is_written_is_read_back_also_by_an_older_engine(
    event: AlarmEvent,
) -> None:
    body = BODIES[type(event)].write(event)
    assert BODIES[type(event)].read(body) == event
    assert FORGIVING[type(event)].validate_json(body) == event


@given(ANY_EVENT)
def test_what_an_older_engine_has_written_is_read(event: AlarmEvent) -> None:
    body = FORGIVING[type(event)].dump_json(event)
    assert BODIES[type(event)].read(body) == event


@pytest.mark.parametrize("days", [1, 364, 365, 366, 800, -400])
def test_a_wait_of_years_is_read_as_an_older_engine_wrote_it(days: int) -> None:
    wait = Wait(timedelta(days=days, seconds=1, microseconds=250_000))
    assert Body(Wait).read(TypeAdapter(Wait).dump_json(wait)) == wait
    assert Body(Wait).read(Body(Wait).write(wait)) == wait


@given(ANY_EVENT, st.data())
def test_a_damaged_body_says_what_it_says_to_the_forgiving_reader(
    event: AlarmEvent, data: st.DataObject
) -> None:
    kind = type(event)
    whole = json.loads(BODIES[kind].write(event))
    body = json.dumps(damaged(whole, data)).encode()
    meant = told(FORGIVING[kind].validate_json, body)
    assert told(BODIES[kind].read, body) == meant


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"lasts": "PT1S"} more',
        b'{"lasts": "\xff"}',
        b'{"lasts": "PT1S", "other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_body_is_an_error_of_value(body: bytes) -> None:
    assert told(Body(Wait).read, body) == REFUSED


@pytest.mark.parametrize(
    "body",
    [
        b'{"at": 1}',
        b'{"at": "1", "words": {"a": "b"}, "other": 2}',
        b'{"at": 1, "near": [{"at": 2}, {"at": "3", "near": [{"at": 4}]}]}',
        b'{"at": 1, "at": 2}',
    ],
)
def test_a_struct_is_to_either_reader_what_a_dataclass_of_its_fields_is(
    body: bytes,
) -> None:
    mine, before = TypeAdapter(Found), TypeAdapter(FoundBefore)
    read, meant = Body(Found).read(body), before.validate_json(body)
    assert read == mine.validate_json(body)
    assert mine.dump_json(read) == before.dump_json(meant)
    assert Body(Found).write(read) == Body(FoundBefore).write(meant)
    assert Body(Found).read(body).words is not read.words


@pytest.mark.parametrize(
    "body",
    [
        b'{"near": [], "words": 7}',
        b'{"at": 1, "near": [{"at": true}, {}]}',
        b"[1]",
        b"{",
    ],
)
def test_what_is_wrong_with_a_struct_is_what_is_wrong_with_such_a_dataclass(
    body: bytes,
) -> None:
    with pytest.raises(ValidationError) as refused:
        Body(Found).read(body)
    with pytest.raises(ValidationError) as before:
        TypeAdapter(FoundBefore).validate_json(body)
    assert faults(refused.value) == faults(before.value)


def faults(error: ValidationError) -> list[tuple[object, ...]]:
    """Return where each fault is and what is wrong there."""
    return [(one["loc"], one["type"], one["input"]) for one in error.errors()]


def told(read: Callable[[bytes], object], body: bytes) -> object:
    """Return what a reader makes of a body."""
    try:
        return read(body)
    except ValueError:
        return REFUSED


def damaged(value: Any, data: st.DataObject) -> Any:
    """Return JSON with another value, one less or one more, somewhere in it."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.booleans()):
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: damaged(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], damaged(value[at], data), *value[at + 1 :]]
    return data.draw(ANY_JSON)


def test_many_threads_read_for_the_first_time_bug_the_process_ended() -> None:
    """Seen from Python 3.12 on: a device's first press met a null pointer."""
    ended = subprocess.run([sys.executable, "-c", FIRST_READS], check=False)
    assert ended.returncode == 0


@given(ANY_PLAIN)
def test_a_body_of_no_dataclass_says_what_was_written(body: dict[str, object]) -> None:
    assert read_plain(write_plain(body)) == body


@given(ANY_PLAIN)
def test_a_body_of_no_dataclass_is_read_by_any_engine_and_from_any(
    body: dict[str, object],
) -> None:
    assert json.loads(write_plain(body)) == body
    assert read_plain(json.dumps(body).encode()) == body


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": }', b"\xff"])
def test_a_body_of_no_dataclass_that_is_damaged_is_a_value_error(
    body: bytes,
) -> None:
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        read_plain(body)


def test_half_a_character_is_kept() -> None:
    assert read_plain(write_plain({"reason": "\ud83d"})) == {"reason": "\ud83d"}


@pytest.mark.parametrize("said", ["NaN", "Infinity", '"\\ud800"', "1e999", "2" * 40])
def test_whatever_json_of_before_has_is_read_as_it_was(said: str) -> None:
    whole = f'{{"said": {said}}}'
    assert repr(read_plain(whole.encode())) == repr(json.loads(whole))
