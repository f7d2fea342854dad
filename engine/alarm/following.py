"""Positions that come while a case is open: what they say, and who hears of it. Pure.

Whoever was told hears of a move once it is large enough, and not more often than the
action protocol allows; HQ sees each. After a request to cancel, a place that moves on,
or a device that falls silent, does not fit the cancel.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec.structs import replace

from engine.alarm.commands import Follow
from engine.alarm.events import PositionFollowed, SignNoticed
from engine.alarm.force import forced, run_anew
from engine.alarm.moves import better_place, has_moved, is_measured
from engine.alarm.state import Alarm, Force, KnownPlace
from engine.protocol.model import Audience, Start
from engine.values import CommandId, Instant, PersonId

NOTED_M = 25.0
NOTED_AFTER = timedelta(minutes=5)


def follow(
    alarm: Alarm | None, command: Follow, now: Instant
) -> tuple[PositionFollowed, ...]:
    """Return the fact of a new position; nothing where it says nothing new.

    A device that reports each second would fill the journal with its own rest.
    """
    if alarm is None or not alarm.is_open or _is_old(alarm, command.place):
        return ()
    last = alarm.followed_at or alarm.opened_at
    noted = has_moved(alarm.place, command.place, NOTED_M)
    if not noted and now.since(last) < NOTED_AFTER:
        return ()
    return (PositionFollowed(at=now, place=command.place),)


def follow_to(alarm: Alarm, place: KnownPlace | None, now: Instant) -> Follow | None:
    """Return the command to follow to a place; None where it would say nothing new.

    The command is named by the place: given again it would be one that the journal
    has already, and whatever else falls due with it would count as done.
    """
    if place is None or place.at is None or place.at <= alarm.raised_at:
        return None
    command = Follow(command_id=CommandId(f"follow/{place.at.ms}"), place=place)
    return command if follow(alarm, command, now) else None


def followed(
    alarm: Alarm | None,
    place_of: Callable[[PersonId], KnownPlace | None],
    now: Instant,
) -> Follow | None:
    """Return where the defender's device says they are, where that is newer."""
    if alarm is None or alarm.defender is None or not alarm.is_open:
        return None
    return follow_to(alarm, place_of(alarm.defender), now)


def with_position(alarm: Alarm, event: PositionFollowed) -> Alarm:
    """Take a position of an open case."""
    moved = with_place(replace(alarm, followed_at=event.at), event.place, event.at)
    before = alarm.cancelled_place
    if before is None or not _has_point(before) or Force.MOVING in moved.force:
        return moved
    least_m = max(moved.protocol.updates.moved_m, before.accuracy_m or 0.0)
    if not has_moved(before, moved.place, least_m):
        return moved
    return forced(moved, Force.MOVING, event.at)


def with_place(alarm: Alarm, place: KnownPlace, at: Instant) -> Alarm:
    """Take a place; where it is far from what people were told, have them told."""
    rule = alarm.protocol.updates
    searched = _searched_anew(alarm, place, at)
    moved = replace(
        searched,
        place=better_place(alarm.place, place),
        cancelled_place=_base_after_cancel(alarm, place, at),
    )
    is_news = has_moved(moved.told_place, moved.place, rule.moved_m)
    if is_news_waiting(moved) or not is_news:
        return moved
    last = moved.told_place_at
    soonest = at if last is None else max(at, last.plus(rule.every))
    steps = {s.id for s in moved.protocol.steps if s.after == Start.MOVED.value}
    return run_anew(replace(moved, moved_at=soonest), steps)


def _base_after_cancel(
    alarm: Alarm, place: KnownPlace, at: Instant
) -> KnownPlace | None:
    """Return from where a position moves on after a cancel, given one more place.

    The first one after a cancel without any fills in what was not known, and a finer
    one what was known too roughly to tell: neither has moved from anywhere.
    """
    before = alarm.cancelled_place
    if before is None or not is_measured(place, at, alarm.protocol.fresh):
        return before
    rough_m = before.accuracy_m or 0.0
    is_rough = rough_m > alarm.protocol.updates.moved_m
    is_finer = is_rough and (place.accuracy_m or 0.0) < rough_m
    return place if is_finer or not _has_point(before) else before


def _searched_anew(alarm: Alarm, place: KnownPlace, at: Instant) -> Alarm:
    """Let the nearest be looked for from now on, where there was no place until now.

    The rounds so far have chosen nobody by distance. They stay in the count, so that
    no number is used twice and whom they told instead is still tried again.
    """
    if not alarm.is_open or _has_point(alarm.place) or not _has_point(place):
        return alarm
    nearest = {s.id for s in alarm.protocol.steps if s.to is Audience.NEAREST}
    fired = {
        key: replace(one, extra=one.rounds, last_at=at) if key in nearest else one
        for key, one in alarm.fired.items()
    }
    return replace(alarm, fired=fired)


def _has_point(place: KnownPlace) -> bool:
    return place.lat_deg is not None and place.lon_deg is not None


def is_news_waiting(alarm: Alarm) -> bool:
    """Say whether a move is still to be told."""
    told = alarm.told_place_at
    return alarm.moved_at is not None and (told is None or told < alarm.moved_at)


def with_place_told(alarm: Alarm, at: Instant) -> Alarm:
    """Note that everybody has been told where the defender is now."""
    return replace(alarm, told_place=alarm.place, told_place_at=at)


def silence_due(alarm: Alarm) -> Instant | None:
    """Return until when a device that was followed has to be heard of after a cancel.

    One that never sent its positions by itself has not fallen silent.
    """
    limit, heard = alarm.protocol.updates.silent, alarm.followed_at
    cancelled = alarm.seen.cancelled
    if limit is None or heard is None or cancelled is None:
        return None
    if Force.SILENT in alarm.force:
        return None
    over = not alarm.is_open or alarm.safe_confirmed is not None
    last = max(heard, cancelled, alarm.presses[-1].at, alarm.opened_at)
    return None if over else last.plus(limit)


def silences(alarm: Alarm, now: Instant) -> Iterator[SignNoticed]:
    """Yield that a device has fallen silent although it was called off."""
    due = silence_due(alarm)
    if due is not None and due <= now:
        yield SignNoticed(at=now, sign=Force.SILENT)


def _is_old(alarm: Alarm, place: KnownPlace) -> bool:
    known = alarm.place.at
    return known is not None and place.at is not None and place.at <= known
