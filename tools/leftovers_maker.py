"""Lives an older engine's day up to a moment, and writes down its rows.

`tools.leftovers` runs it where an older commit lies: whatever it imports is that
commit's. Only what all of them have is asked of a case, and by name.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TypedDict

from msgspec import Struct

from engine.journal.memory import Stream
from engine.ports.journal import Answer, Request
from tests.simulation.day import Day
from tests.simulation.plan import plan_of

Moment = Callable[[Day, object], bool]
WORD, CODE = b"Sandpipers", b"code:2222"


class Made(TypedDict):
    """What was made, and where the day was; `who` is whose device was heard last."""

    seed: int
    moment: str
    who: str
    at_s: float
    commits: int


def _has(alarm: object, name: str) -> bool:
    return bool(getattr(alarm, name, None))


def _is_open(alarm: object) -> bool:
    return _has(alarm, "is_open")


def _effects(day: Day, alarm: object, *states: str) -> list[object]:
    stream = f"alarm/{getattr(alarm, 'id', '')}"
    return [
        row
        for row in day.disk.medium.effects.values()
        if row.alarm == stream and row.state.value in states
    ]


def _stream(day: Day, alarm: object) -> Stream:
    return day.disk.medium.streams[f"alarm/{getattr(alarm, 'id', '')}"]


def _are_told(day: Day, alarm: object, audience: str) -> bool:
    del day
    effects = getattr(alarm, "effects", {}).values()
    return any(one.audience.value == audience for one in effects)


def _under_way(day: Day, alarm: object) -> bool:
    """Say whether words go out, others wait, and nobody at HQ has it."""
    sends = _effects(day, alarm, "attempting")
    by_sms = any(getattr(row, "channel", "") == "sms" for row in sends)
    waits = _effects(day, alarm, "planned")
    is_new = _is_open(alarm) and not _has(alarm, "acknowledged")
    return is_new and by_sms and bool(waits)


def _countdown(day: Day, alarm: object) -> bool:
    protocol = getattr(alarm, "protocol", None)
    waits = _is_open(alarm) and _has(protocol, "countdown")
    is_told = any(_are_told(day, alarm, who) for who in ("nearest", "contacts"))
    return waits and not is_told and not _has(alarm, "acknowledged")


def _acknowledged(day: Day, alarm: object) -> bool:
    told = getattr(alarm, "told", {}).values()
    answered = any(_has(one, "reply") for one in told)
    is_taken = _is_open(alarm) and _has(alarm, "acknowledged")
    return is_taken and answered and bool(_effects(day, alarm, "attempting"))


def _lapsed(day: Day, alarm: object) -> bool:
    """Say whether a case that somebody had is nobody's, and HQ is paged again."""
    if not _is_open(alarm) or _has(alarm, "acknowledged"):
        return False
    kinds = [row.kind for row in _stream(day, alarm).events]
    return "AcknowledgementLapsed" in kinds


def _verified(day: Day, alarm: object) -> bool:
    """Say whether it is approved for the world, which has not read it."""
    del day
    is_true = getattr(getattr(alarm, "truth", None), "value", "") == "verified"
    publicity = getattr(getattr(alarm, "publicity", None), "value", "")
    return _is_open(alarm) and is_true and publicity == "approved"


def _posting(day: Day, alarm: object) -> bool:
    """Say whether the world is being told just now: once, or it was."""
    sends = _effects(day, alarm, "attempting")
    return any(getattr(row, "channel", "") == "mastodon" for row in sends)


def _voiced(day: Day, alarm: object) -> bool:
    """Say whether one at HQ has said that all is well, and it takes another."""
    kinds = [row.kind for row in _stream(day, alarm).events]
    return _is_open(alarm) and "SafetyConfirmed" in kinds


def _reopened(day: Day, alarm: object) -> bool:
    """Say whether a case that had ended is open again, and people hear of it."""
    kinds = [row.kind for row in _stream(day, alarm).events]
    busy = _effects(day, alarm, "attempting", "planned")
    return _is_open(alarm) and "AlarmReopened" in kinds and bool(busy)


def _exercise(day: Day, alarm: object) -> bool:
    """Say whether people are called to what is played, and HQ has it."""
    kind = getattr(getattr(alarm, "kind", None), "value", "")
    is_played = kind == "exercise" and _has(alarm, "acknowledged")
    return _is_open(alarm) and is_played and _are_told(day, alarm, "nearest")


def _linked(day: Day, alarm: object) -> bool:
    """Say whether HQ has said that it belongs to another, and both are open."""
    kinds = [row.kind for row in _stream(day, alarm).events]
    return _is_open(alarm) and "AlarmsLinked" in kinds


def _forced(day: Day, alarm: object) -> bool:
    """Say whether a word of force has just been taken up, and goes on in secret."""
    stream = f"alarm/{getattr(alarm, 'id', '')}"
    words = [
        row
        for row in day.disk.medium.inbound.values()
        if row.taken_by == stream and (WORD in row.body or CODE in row.body)
    ]
    return _is_open(alarm) and bool(words) and bool(_effects(day, alarm, "planned"))


def _ending(day: Day, alarm: object) -> bool:
    """Say whether a case has just ended, and some still have to hear of it."""
    is_over = not _is_open(alarm) and _has(alarm, "closed")
    return is_over and bool(_effects(day, alarm, "attempting"))


def _ended(day: Day, alarm: object) -> bool:
    """Say whether a case has ended, everybody has heard, and a question is to come."""
    head = _stream(day, alarm).head
    is_over = not _is_open(alarm) and _has(alarm, "closed")
    busy = _effects(day, alarm, "attempting", "planned")
    return is_over and head.next_due is not None and not busy


def _merged(day: Day, alarm: object) -> bool:
    """Say whether a case has just been merged into one that is open."""
    del day
    return _has(alarm, "merged_into")


def _detained(day: Day, alarm: object) -> bool:
    return _has(getattr(alarm, "seen", None), "detained") and _ended(day, alarm)


def _recorded(day: Day, alarm: object) -> bool:
    """Say whether a device has its answer, and no case has what it said."""
    del alarm
    waits = [row for row in day.disk.medium.inbound.values() if not row.taken_by]
    return bool(waits) and any(b'"sos"' in row.body for row in waits)


def _timer(day: Day, alarm: object) -> bool:
    """Say whether somebody's own timer runs, who will not be heard of."""
    del alarm
    streams = day.disk.medium.streams.items()
    return any(n.startswith("check-in/") and s.head.is_open for n, s in streams)


MOMENTS: dict[str, Moment] = {
    "recorded": _recorded,
    "countdown": _countdown,
    "under-way": _under_way,
    "acknowledged": _acknowledged,
    "lapsed": _lapsed,
    "verified": _verified,
    "posting": _posting,
    "voiced": _voiced,
    "reopened": _reopened,
    "exercise": _exercise,
    "linked": _linked,
    "forced": _forced,
    "ending": _ending,
    "ended": _ended,
    "merged": _merged,
    "detained": _detained,
    "timer": _timer,
}
_OF_NO_CASE = frozenset({"recorded", "timer"})


def reached(day: Day, moment: str) -> bool:
    """Say whether a day has come to a moment."""
    is_now = MOMENTS[moment]
    if moment in _OF_NO_CASE:
        return is_now(day, None)
    return any(is_now(day, alarm) for alarm in day.watching.alarms.values())


def plain(value: object) -> object:
    """Return a value of the journal's as JSON has it, by its fields' names."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.decode()
    names = _fields(value)
    if names == ("ms",):
        return getattr(value, "ms", 0)
    return {one: plain(getattr(value, one)) for one in names} if names else value


def _fields(value: object) -> tuple[str, ...]:
    """Return the names of a value's fields: of a struct, or of an older dataclass."""
    if is_dataclass(value):
        return tuple(one.name for one in fields(value))
    return value.__struct_fields__ if isinstance(value, Struct) else ()


def lines(day: Day) -> list[object]:
    """Return a journal, a list for each row: its table first."""
    medium = day.disk.medium
    found: list[object] = [
        ["journal", medium.epoch, plain(medium.at), medium.head.hex()],
    ]
    found += [
        [
            "row",
            row.stream,
            row.epoch,
            row.command_id,
            row.kind,
            row.version,
            row.at.ms,
            row.body.decode(),
        ]
        for row in medium.events
    ]
    found += [
        ["stream", name, one.owner, one.epoch, plain(one.head)]
        for name, one in medium.streams.items()
    ]
    for table in ("effects", "codes", "inbound", "places", "doubts", "attendance"):
        rows = getattr(medium, table, {}).values()
        found += [[table, plain(row)] for row in rows]
    return found


def _who(day: Day, at_s: float) -> str:
    """Return whose device was heard last before a time."""
    heard = [i for i in day.plan.items if i.family == "input" and i.at_s <= at_s]
    return heard[-1].who


def live(seed: int, moment: str) -> tuple[str, Made] | None:
    """Live a seed's day up to a moment; return the rows and where it was, if it was."""
    day = Day(plan_of(seed))
    watched = day.disk.on_commit
    found: list[tuple[str, Made]] = []

    def committed(group: Sequence[Request], answers: Sequence[Answer]) -> None:
        watched(group, answers)
        if not found and reached(day, moment):
            text = "".join(f"{json.dumps(line)}\n" for line in lines(day))
            at_s = round(day.world.boottime_s(), 3)
            where = Made(
                seed=seed,
                moment=moment,
                who=_who(day, at_s),
                at_s=at_s,
                commits=day.disk.commits,
            )
            found.append((text, where))
            day.watching.found("over", "killed here")

    day.disk.on_commit = committed
    day.run()
    return found[0] if found else None


def main(arguments: Sequence[str]) -> int:
    """Look for a moment from a seed on; write the rows, and say what they are of."""
    path, moment, first, most = arguments
    for seed in range(int(first), int(first) + int(most)):
        made = live(seed, moment)
        if made is not None:
            Path(path).write_text(made[0], "utf-8")
            sys.stdout.write(json.dumps(made[1]))
            return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
