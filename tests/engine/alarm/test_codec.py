"""Every fact survives the journal; what cannot be read is never guessed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm import codec
from engine.alarm.codec import CLASSES, UnreadableEventError, decode, encode, replay
from engine.alarm.events import AlarmEvent, NoteAdded
from engine.alarm.schedule import WATCH, next_due
from engine.ports.journal import StoredEvent
from engine.values import AlarmId, CommandId, Instant
from tests.engine.alarm.scene import Scene
from tests.fact_strategies import ANY_EVENT, EVENTS
from tests.fakes import START


def stored(kind: str, body: bytes, version: int = 1) -> StoredEvent:
    return StoredEvent(
        position=7,
        stream="alarm/a",
        seq=1,
        epoch=1,
        command_id=CommandId("c"),
        kind=kind,
        version=version,
        at=Instant(0),
        body=body,
        hash=b"",
    )


JOURNALS = Path(__file__).with_name("journals")
NOTE = encode(NoteAdded(at=START, by=None, text="hello"))


def test_the_strategies_and_the_codec_know_every_kind_of_fact() -> None:
    assert set(EVENTS) == set(CLASSES.values())


@given(ANY_EVENT)
def test_decode_after_encode_is_identity(event: AlarmEvent) -> None:
    new = encode(event)
    assert decode(stored(new.kind, new.body, new.version)) == event


def test_a_kind_that_nobody_knows_is_unreadable_and_names_the_row() -> None:
    with pytest.raises(UnreadableEventError, match=r"row 7: Later version 1"):
        decode(stored("Later", b"{}"))


def test_a_version_of_a_newer_engine_is_unreadable() -> None:
    with pytest.raises(UnreadableEventError, match="version 4"):
        decode(stored("NoteAdded", NOTE.body, version=4))


@given(st.binary(max_size=40))
def test_a_damaged_body_is_unreadable_and_says_nothing_of_what_it_holds(
    body: bytes,
) -> None:
    with pytest.raises(UnreadableEventError) as caught:
        decode(stored("AlarmClosed", body))
    assert str(caught.value).startswith("row 7: AlarmClosed version 1")
    assert caught.value.kind == "AlarmClosed"


def test_an_older_schema_goes_through_its_upcasters_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def second(body: dict[str, object]) -> dict[str, object]:
        return {**body, "text": f"{body['text']}, two"}

    def third(body: dict[str, object]) -> dict[str, object]:
        return {**body, "text": f"{body['text']}, three"}

    monkeypatch.setitem(codec.VERSIONS, "NoteAdded", 3)
    monkeypatch.setitem(codec.READS, "NoteAdded", 3)
    monkeypatch.setitem(codec.UPCASTERS, ("NoteAdded", 1), second)
    monkeypatch.setitem(codec.UPCASTERS, ("NoteAdded", 2), third)
    event = decode(stored("NoteAdded", NOTE.body))
    assert isinstance(event, NoteAdded)
    assert event.text == "hello, two, three"


def test_an_older_schema_without_an_upcaster_is_unreadable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(codec.VERSIONS, "NoteAdded", 2)
    monkeypatch.setitem(codec.READS, "NoteAdded", 2)
    with pytest.raises(UnreadableEventError):
        decode(stored("NoteAdded", NOTE.body))


def test_rows_before_a_raise_are_no_alarm() -> None:
    rows = [
        stored(NOTE.kind, NOTE.body),
        structs.replace(stored(NOTE.kind, NOTE.body), seq=2),
    ]
    assert replay(AlarmId("a"), None, rows) is None


def test_cases_with_the_same_action_protocol_keep_it_once() -> None:
    first, second = (
        replay(AlarmId(name), None, Scene().raised(name).rows) for name in ("a1", "a2")
    )
    assert first is not None
    assert second is not None
    assert first.protocol is second.protocol


def test_a_journal_of_the_first_version_replays_to_what_it_meant_then() -> None:
    text = (JOURNALS / "version-1.jsonl").read_text(encoding="utf-8")
    written = [json.loads(line) for line in text.splitlines()]
    rows = [
        structs.replace(
            stored(row["kind"], json.dumps(row["body"]).encode(), row["version"]),
            seq=row["seq"],
        )
        for row in written
    ]
    alarm = replay(AlarmId("a1"), None, rows)
    assert alarm is not None
    assert alarm.protocol.lease is None, "an acknowledgement lasted for good then"
    due = next_due(alarm, Instant(written[-1]["at_ms"]).plus(WATCH))
    meant = json.loads((JOURNALS / "version-1.json").read_text(encoding="utf-8"))
    assert meant == {
        "seq": alarm.seq,
        "response": alarm.response,
        "truth": alarm.truth,
        "publicity": alarm.publicity,
        "duress": alarm.duress,
        "presses": alarm.press_count,
        "cancel_requests": alarm.cancel_requests,
        "replies": {k: told.reply for k, told in alarm.told.items() if told.reply},
        "told": sorted(alarm.told),
        "effects": {k: effect.state for k, effect in alarm.effects.items()},
        "rounds": {k: fired.rounds for k, fired in alarm.fired.items()},
        "spent": alarm.spent,
        "place_at_ms": alarm.place.at.ms if alarm.place.at else None,
        "next_due_ms": None if due is None else due.ms,
    }
