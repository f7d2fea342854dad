"""A journal with many open alarms, as a `kill -9` leaves it; and its whole fold.

    python -m bench.open_alarms fill FOLDER ALARMS ATTEMPTING   writes, kills itself
    python -m bench.open_alarms fold FOLDER                     folds all, prints times

Alarms are raised and run by the deciding that the engine runs on; only their ids
differ. One in a hundred has a deadline that is past.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from engine.alarm.codec import encode, replay
from engine.alarm.state import alarm_of
from engine.clock import SystemClock
from engine.dispatch.outcomes import ATTEMPTING, effect_stream
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import (
    Append,
    EffectChange,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
)
from engine.values import CommandId, EffectId, Instant
from tests.engine.alarm.scene import Scene

EVENTS = 30
OVERDUE_EACH = 100
GROUP = 250


def events_of(now: Instant) -> tuple[NewEvent, ...]:
    """Return the first facts of an alarm that was raised some minutes ago."""
    scene = Scene(now=now)
    scene.raised()
    while len(scene.events) < EVENTS:
        scene.now = scene.now.plus(timedelta(seconds=30))
        scene.tick()
    return tuple(encode(event) for event in scene.events[:EVENTS])


def appends(alarms: int, attempting: int, epoch: int, now: Instant) -> Iterator[Append]:
    """Yield the rows of all alarms, and an attempt under way for some of them."""
    events = events_of(now.plus(timedelta(minutes=-10)))
    for number in range(alarms):
        overdue = number % OVERDUE_EACH == 0
        due = now.plus(timedelta(seconds=-5 if overdue else 3_600 + number))
        name = f"{number:012x}"
        effect = EffectRow(
            effect_id=EffectId(f"{name}.duty.1.alder.sms.0"),
            alarm=f"alarm/{name}",
            effect_class=EffectClass.SAFETY,
            channel="sms",
            rank=10,
            planned_at=now,
            body=b"{}",
        )
        tries = number < attempting
        yield Append(
            stream=f"alarm/{name}",
            expected_seq=0,
            epoch=epoch,
            command_id=CommandId("raise"),
            events=events,
            head=Head(
                status="notifying", is_open=True, next_due=due, subject=f"real:{name}"
            ),
            plans=(effect,) if tries else (),
        )
        if tries:
            yield _attempt(effect, epoch)


def _attempt(effect: EffectRow, epoch: int) -> Append:
    body = json.dumps({"attempt": 1, "route": "modem-1"}).encode()
    return Append(
        stream=effect_stream(effect.effect_id),
        expected_seq=0,
        epoch=epoch,
        command_id=CommandId("0/attempting/modem-1"),
        events=(NewEvent(kind=ATTEMPTING, body=body),),
        head=Head(status=EffectState.ATTEMPTING.value, is_open=True),
        owner="modem-1",
        changes=(
            EffectChange(
                effect_id=effect.effect_id,
                state=EffectState.ATTEMPTING,
                requires=frozenset({EffectState.PLANNED}),
                attempt=1,
                route="modem-1",
            ),
        ),
    )


def fill(folder: Path, alarms: int, attempting: int) -> None:
    """Write the journal, then die without a word."""
    store = SqliteStore(folder / JOURNAL_FILE, ballast_bytes=0)
    now = SystemClock().now()
    group: list[Append] = []
    for append in appends(alarms, attempting, store.epoch, now):
        group.append(append)
        if len(group) >= GROUP:
            store.commit(group, now)
            store.tidy()
            group.clear()
    store.commit(group, now)
    os.kill(os.getpid(), signal.SIGKILL)


def fold(folder: Path) -> tuple[int, int, float, float]:
    """Fold every open alarm; return how many, how many events, seconds, and of CPU."""
    reader = SqliteReader(folder / JOURNAL_FILE)
    began_s, cpu_s = time.perf_counter(), time.process_time()
    rows = 0
    heads = reader.heads("alarm/", open_only=True)
    for head in heads:
        stored = reader.stream(head.stream)
        rows += len(stored)
        alarm = replay(alarm_of(head.stream), None, stored)
        assert alarm is not None
        assert alarm.seq == head.seq
    took_s = time.perf_counter() - began_s
    return len(heads), rows, took_s, time.process_time() - cpu_s


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "fill":
        fill(where, int(sys.argv[3]), int(sys.argv[4]))
    else:
        print(*fold(where))
