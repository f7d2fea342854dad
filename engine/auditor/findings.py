"""What is wrong with what stands open, from clear columns alone: pure.

Every open alarm must have a next deadline in the future or an effect on its way; one
that is past is excused by an attempt that runs, and by nothing that only waits. Of an
alarm that an operator has taken the lease ends; only where the action protocol says
that there is none, the columns say so, and nothing need fall due. No stream is folded
and no key is needed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.ports.journal import EffectRow, EffectState, HeadRow, InboundRow
from engine.values import Instant

LATE = timedelta(seconds=30)
"""A deadline is looked at within a second; a restart takes a few more."""
ATTEMPT = timedelta(minutes=4)
"""A modem may need two minutes for one message, and a restart may fall into it."""
WAIT = timedelta(minutes=10)
"""Longer than the longest wait between the tries of a modem that is gone."""
UNTAKEN = timedelta(seconds=60)
CHECK_IN = timedelta(minutes=5)
"""Nobody is missed for a minute after each of three sleeps: what came is read first."""
SILENT = timedelta(seconds=60)
"""The engine's own probe goes through the journal every five seconds."""

UNSETTLED = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})
_DETAINED = "detained/"
_WITHOUT_LEASE = frozenset({"acknowledged_without_lease", "following_up_without_lease"})


class Ground(StrEnum):
    """Why somebody has to look."""

    NOTHING_DUE = "nothing_due"
    OVERDUE = "overdue"
    STUCK_ATTEMPT = "stuck_attempt"
    NOT_SENT = "not_sent"
    NOT_TAKEN_UP = "not_taken_up"
    NOT_MISSED = "not_missed"
    ENGINE_SILENT = "engine_silent"
    JOURNAL_UNREADABLE = "journal_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that stands still; `what` is a stream's name, or empty."""

    ground: Ground
    what: str = ""
    since: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the journal says at one moment: open heads, unsettled effects, signals.

    `timers` are the heads of check-ins that run.
    """

    heads: Sequence[HeadRow] = ()
    timers: Sequence[HeadRow] = ()
    effects: Sequence[EffectRow] = ()
    untaken: Sequence[InboundRow] = ()


def findings(view: View, now: Instant) -> tuple[Finding, ...]:
    """Return everything that stands still at `now`, the engine's own time."""
    by_alarm: dict[str, list[EffectRow]] = defaultdict(list)
    for effect in view.effects:
        by_alarm[effect.alarm].append(effect)
    found: list[Finding] = []
    for head in view.heads:
        found += _of_alarm(head, by_alarm[head.stream], now)
    found += [
        Finding(ground=Ground.NOT_TAKEN_UP, since=row.received_at)
        for row in view.untaken
        if now.since(row.received_at) > UNTAKEN
    ]
    # Whose it is stays in the journal.
    found += [
        Finding(ground=Ground.NOT_MISSED, since=row.head.next_due)
        for row in view.timers
        if row.head.next_due is not None and now.since(row.head.next_due) > CHECK_IN
    ]
    return tuple(found)


def _of_alarm(
    row: HeadRow, effects: Sequence[EffectRow], now: Instant
) -> list[Finding]:
    too_long = [
        (effect, ground) for effect in effects if (ground := _slow(effect, now))
    ]
    found = [
        Finding(ground=ground, what=row.stream, since=effect.planned_at)
        for effect, ground in too_long
    ]
    due = row.head.next_due
    if due is not None:
        late = now.since(due) > LATE and not any(_is_running(e, now) for e in effects)
        if late:
            found.append(Finding(ground=Ground.OVERDUE, what=row.stream, since=due))
    elif len(effects) == len(too_long) and not _waits_for_people(row):
        found.append(Finding(ground=Ground.NOTHING_DUE, what=row.stream))
    return found


def _waits_for_people(row: HeadRow) -> bool:
    """Say whether nothing is to fall due: HQ has it for good, or somebody is held."""
    is_held = row.head.subject.startswith(_DETAINED)
    return is_held or row.head.status in _WITHOUT_LEASE


def _is_running(effect: EffectRow, now: Instant) -> bool:
    """Say whether an attempt was begun and may take as long as this.

    What only waits excuses no deadline: who would send it may be what stands still.
    """
    return effect.state is EffectState.ATTEMPTING and _slow(effect, now) is None


def _slow(effect: EffectRow, now: Instant) -> Ground | None:
    if effect.state is EffectState.ATTEMPTING:
        since = effect.changed_at or effect.planned_at
        return Ground.STUCK_ATTEMPT if now.since(since) > ATTEMPT else None
    return Ground.NOT_SENT if now.since(effect.planned_at) > WAIT else None


def words(found: Sequence[Finding], now: Instant) -> str:
    """Return one message for all of it; holds nothing personal."""
    said = [_words(finding, now) for finding in found[:_NAMED_MAX]]
    if len(found) > _NAMED_MAX:
        said.append(f"and {len(found) - _NAMED_MAX} more")
    return "AUDITOR: look at the engine now. " + "; ".join(said) + "."


_NAMED_MAX = 3
_SAID = {
    Ground.NOTHING_DUE: "nothing falls due for",
    Ground.OVERDUE: "nobody has looked at",
    Ground.STUCK_ATTEMPT: "an attempt does not end in",
    Ground.NOT_SENT: "a message is not sent in",
    Ground.NOT_TAKEN_UP: "a recorded signal is in no case",
    Ground.NOT_MISSED: "a check-in is over, and nobody is told,",
    Ground.ENGINE_SILENT: "the engine writes nothing",
    Ground.JOURNAL_UNREADABLE: "the journal cannot be read",
}


def _words(finding: Finding, now: Instant) -> str:
    text = _SAID[finding.ground]
    if finding.what:
        text += f" {finding.what}"
    if finding.since is not None:
        text += f" since {max(now.since(finding.since).total_seconds(), 0):.0f} s"
    return text
