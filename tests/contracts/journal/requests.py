"""Requests to a journal, short enough for a test to say one a line."""

from typing import TypedDict, Unpack

from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Code,
    EffectChange,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
    Place,
    Record,
)
from engine.ports.latest import Attend, Doubt, Seen
from engine.values import (
    CommandId,
    EffectId,
    Fix,
    Instant,
    PersonId,
    PlaceDoubt,
    ReportKey,
)

OPEN = Head(status="raised", is_open=True, next_due=Instant(5_000))
IN_A_MINUTE = Head(status="raised", is_open=True, next_due=Instant(60_000))
NOW = Instant(1_000)


class Parts(TypedDict, total=False):
    """What an append may carry besides events."""

    plans: tuple[EffectRow, ...]
    changes: tuple[EffectChange, ...]
    withdraws: tuple[EffectId, ...]
    takes: tuple[ReportKey, ...]
    codes: tuple[Code, ...]
    records: tuple[Record, ...]


def append(
    stream: str = "alarm/a",
    expected_seq: int = 0,
    *,
    epoch: int = 1,
    command: str = "",
    kinds: tuple[str, ...] = ("Raised",),
    head: Head = OPEN,
    **parts: Unpack[Parts],
) -> Append:
    """Build an append; the command defaults to one of its own for each seq."""
    return Append(
        stream=stream,
        expected_seq=expected_seq,
        epoch=epoch,
        command_id=CommandId(command or f"{stream}-{expected_seq}"),
        events=tuple(NewEvent(kind=kind, body=kind.encode()) for kind in kinds),
        head=head,
        **parts,
    )


def row(stream: str, kind: str, body: bytes) -> Append:
    """Build an append of one event with a body of its own."""
    return Append(
        stream=stream,
        expected_seq=0,
        epoch=1,
        command_id=CommandId(kind),
        events=(NewEvent(kind=kind, body=body),),
        head=IN_A_MINUTE,
    )


def plan(effect_id: str = "a/1", *, rank: int = 5, planned_ms: int = 1) -> EffectRow:
    """Build a planned effect of alarm a."""
    return EffectRow(
        effect_id=EffectId(effect_id),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=rank,
        planned_at=Instant(planned_ms),
        body=b"sealed",
    )


def change(
    effect_id: str,
    state: EffectState,
    *requires: EffectState,
    attempt: int | None = None,
    route: str | None = None,
) -> EffectChange:
    """Build a change of an effect."""
    return EffectChange(
        effect_id=EffectId(effect_id),
        state=state,
        requires=frozenset(requires),
        attempt=attempt,
        route=route,
    )


def record(key: str = "k1", received_ms: int = 1, body: bytes = b"\x78\x78") -> Record:
    """Build an inbound signal."""
    return Record(
        key=ReportKey(key), source="gt06", received_at=Instant(received_ms), body=body
    )


def place(person: str = "heron", at_ms: int = 1, lat_deg: float = 41.5) -> Place:
    """Build a last fix."""
    fix = Fix(lat_deg=lat_deg, lon_deg=69.25, accuracy_m=20.0, at=Instant(at_ms))
    return Place(person=PersonId(person), fix=fix)


def doubt(
    person: str = "heron",
    at_ms: int = 1,
    lat_deg: float = 41.5,
    why: PlaceDoubt = PlaceDoubt.JUMP,
) -> Doubt:
    """Build a position that is not believed."""
    fix = Fix(lat_deg=lat_deg, lon_deg=69.25, accuracy_m=None, at=Instant(at_ms))
    return Doubt(person=PersonId(person), fix=fix, why=why)


def attend(*seen: tuple[str, int, float | None]) -> Attend:
    """Build what devices were heard: pseudonym, milliseconds, battery."""
    return Attend(
        seen=tuple(
            Seen(device=device, at=Instant(at_ms), battery_ratio=battery_ratio)
            for device, at_ms, battery_ratio in seen
        )
    )


def code(text: str = "K7F2", person: str = "wren", stream: str = "alarm/a") -> Code:
    """Build a reply code."""
    return Code(code=text, stream=stream, person=PersonId(person))


def ids(*effect_ids: str) -> tuple[EffectId, ...]:
    """Name effects."""
    return tuple(map(EffectId, effect_ids))


def keys(*report_keys: str) -> tuple[ReportKey, ...]:
    """Name inbound signals."""
    return tuple(map(ReportKey, report_keys))


def repeated(answer: Answer) -> bool:
    """Return whether an append was known already."""
    assert isinstance(answer, Appended)
    return answer.repeated


def positions(answer: Answer) -> list[int]:
    """Return where an append's events stand."""
    assert isinstance(answer, Appended)
    return [row.position for row in answer.events]
