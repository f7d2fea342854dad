"""When a device has been silent for too long, and what becomes of it: pure.

Silence counts only while the engine could hear. Outside a risk window HQ is told that
a heartbeat is overdue; if a window begins while the device is still silent, that is
reported anew, since by then it may raise.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from engine.intake.vigil.attendance import pseudonym
from engine.ports.journal import Head, HeadRow
from engine.roster.model import Device, Person
from engine.values import DeviceId, Instant, ReportKey

PREFIX = "silence/"
# Shorter pauses are those of a restart, and within what is agreed with a device.
DEAF_MIN = timedelta(seconds=10)
# After an outage devices come back one by one.
MERCY_MAX = timedelta(minutes=5)
NEVER = Instant(0)


class Stage(StrEnum):
    """What is waited for; the row's status."""

    HEARD = "heard"
    OVERDUE = "overdue"
    OVERDUE_AT_RISK = "overdue_at_risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One device. `due` is when its silence is too long, or its next risk window."""

    stage: Stage
    due: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A silence to be reported once: `key` is the same after a crash."""

    key: ReportKey
    last_heard_at: Instant | None


def stream_of(device: DeviceId) -> str:
    """Return the stream of a device's row; its number is in no stream's name."""
    return PREFIX + pseudonym(device)


def head_of(watch: Watch) -> Head:
    """Return the clear columns of a watch."""
    return Head(status=watch.stage.value, is_open=True, next_due=watch.due)


def watch_of(row: HeadRow) -> Watch | None:
    """Return the watch that a row keeps; None where it keeps none of ours.

    A bit may have changed in it: such a device is watched as a new one is.
    """
    try:
        stage = Stage(row.head.status)
    except ValueError:
        return None
    return Watch(stage=stage, due=row.head.next_due)


def after_deafness(watch: Watch, deaf: timedelta, *, is_spared: bool = False) -> Watch:
    """Return the watch after so long in which the engine heard nobody.

    Stopped, or suspended: that time does not count as a device's silence. One that
    `is_spared` had its time to come back after another such before, and was not heard.
    """
    if watch.stage is not Stage.HEARD or watch.due is None or deaf < DEAF_MIN:
        return watch
    mercy = timedelta(0) if is_spared else min(deaf, MERCY_MAX)
    return replace(watch, due=watch.due.plus(deaf + mercy))


def look(
    watch: Watch | None,
    device: Device,
    person: Person,
    *,
    heard_at: Instant | None,
    now: Instant,
    since: Instant = NEVER,
) -> tuple[Watch, Overdue | None]:
    """Return what is waited for next, and the silence to be reported now, if any.

    Args:
        watch: as it stands; None for a device that was not watched before.
        device: with an agreed heartbeat.
        person: who carries it.
        heard_at: when it was last heard; None where it was not, or only before a
            time in which nobody listened, which `watch` has been given then.
        now: the present.
        since: when whoever looks began; of what was slept before it knows nothing.

    """
    heartbeat = device.heartbeat or timedelta(0)
    if watch is None:
        watch = Watch(stage=Stage.HEARD, due=now.plus(heartbeat))
    heard = watch
    if heard_at is not None:
        heard = after_hearing(watch, heartbeat, heard_at, now, since)
    if heard.stage is Stage.OVERDUE:
        # By the roster of now: a window may be declared just because it is silent.
        heard = replace(heard, due=_risk_begins(heard.due, person, now))
    if heard.due is None or now < heard.due:
        return heard, None
    key = _key(device.device, heard)
    is_silent = heard.stage is Stage.HEARD
    last = heard.due.plus(-heartbeat) if is_silent else heard_at
    overdue = Overdue(key=key, last_heard_at=last)
    if person.at_risk(now):
        return Watch(stage=Stage.OVERDUE_AT_RISK, due=None), overdue
    return Watch(stage=Stage.OVERDUE, due=person.next_risk(now)), overdue


def _risk_begins(due: Instant | None, person: Person, now: Instant) -> Instant | None:
    """Return when a risk window begins, or has begun; one that is over is no news."""
    if not person.at_risk(now):
        return person.next_risk(now)
    return now if due is None else min(due, now)


def after_hearing(
    watch: Watch,
    heartbeat: timedelta,
    heard_at: Instant,
    now: Instant,
    since: Instant = NEVER,
) -> Watch:
    """Return the watch after a device was heard; `since` as of `look`."""
    due = heard_at.plus(heartbeat)
    if watch.stage is not Stage.HEARD:
        return Watch(stage=Stage.HEARD, due=due) if due > now else watch
    if watch.due is None or due > watch.due:
        return Watch(stage=Stage.HEARD, due=due)
    # One that an earlier process has put off for a sleep of the machine ends by then.
    put_off = since.plus(MERCY_MAX)
    if watch.due > max(now, put_off).plus(heartbeat):
        # A shorter heartbeat has been agreed since.
        return Watch(stage=Stage.HEARD, due=max(heard_at, put_off).plus(heartbeat))
    return watch


def is_worth_a_row(kept: Watch | None, watch: Watch, heartbeat: timedelta) -> bool:
    """Say whether a row is to be written: a tenth of the heartbeat is not worth one."""
    if kept is None or kept.stage is not watch.stage:
        return True
    if kept.due is None or watch.due is None:
        return kept.due != watch.due
    return abs(watch.due.since(kept.due)) >= heartbeat / 10


def _key(device: DeviceId, watch: Watch) -> ReportKey:
    moment = 0 if watch.due is None else watch.due.ms
    text = f"silence|{device}|{watch.stage}|{moment}"
    return ReportKey(hashlib.sha256(text.encode()).hexdigest()[:32])
