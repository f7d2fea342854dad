"""One alarm as its rows have it, on a page that somebody can run the case by. Pure.

It shows all that was journalled, names, numbers and places among it: whoever may read
the file may read this.
"""

from collections.abc import Iterator, Sequence

from engine.alarm.codec import UnreadableEventError, decode
from engine.alarm.events import AlarmEvent, NotificationSettled
from engine.alarm.evolve import fold
from engine.alarm.state import Alarm, alarm_of
from engine.cli.case_rows import head_lines, people_lines, told_line
from engine.console.cases import Line
from engine.console.lines import line_of
from engine.console.people import Names
from engine.console.view import detail
from engine.console.words import FORCES, title, way
from engine.dispatch.outcomes import ATTEMPTING, SETTLED
from engine.journal.timeline import fields_of, lines
from engine.ports.journal import HeadRow, StoredEvent
from engine.values import EffectId, printable

EFFECT = "effect/"


def page(head: HeadRow, rows: Sequence[StoredEvent]) -> Iterator[str]:
    """Yield the lines of a page: what it is, who was told, and what happened when.

    `rows` are the alarm's and its notifications', by position; some may be missing.
    Where the raise cannot be read, each row stands with its fields.
    """
    own = [(row, _event(row)) for row in rows if row.stream == head.stream]
    alarm, lost = _folded(head, own)
    if alarm is None:
        yield from lines(rows)
        return
    if lost is not None:
        yield printable(
            f"NOT WHOLE: row {lost.seq}, {lost.kind} version {lost.version}, cannot be"
            " read by this engine. The case stands here as it was before that; what"
            " came then is in the time line alone"
        )
    names = Names(alarm, revealed=True)
    found = detail(alarm, [], rows[-1].at, revealed=True)
    if lost is not None:  # nothing in it goes on by itself
        found["next"] = ""
    case = (
        *head_lines(found),
        *_force(alarm),
        "",
        told_line(found),
        *people_lines(found),
    )
    for line in (*case, "", "Time line"):
        yield printable(line)
    settled = {
        (event.effect, event.state.value)
        for _, event in own
        if isinstance(event, NotificationSettled)
    }
    for row in rows:
        if row.stream == head.stream and _event(row) is None:
            yield from lines([row])
            continue
        words = _words(alarm, row, names, settled)
        if words:
            yield printable(f"{row.at}  {words}")


def _folded(
    head: HeadRow, own: Sequence[tuple[StoredEvent, AlarmEvent | None]]
) -> tuple[Alarm | None, StoredEvent | None]:
    """Return the alarm as far as its rows follow on each other and can be read.

    Beside it the first row that cannot: without it a word of force, or an end, may be
    missing from all that follows.
    """
    alarm: Alarm | None = None
    for seq, (row, event) in enumerate(own, start=1):
        if row.seq != seq:
            break
        if event is None:
            return alarm, row
        alarm = fold(alarm_of(head.stream), alarm, event)
    return alarm, None


def _force(alarm: Alarm) -> Iterator[str]:
    if alarm.force:
        signs = "; ".join(sorted(FORCES[sign] for sign in alarm.force))
        yield f"Under force: {signs}"


def _words(
    alarm: Alarm, row: StoredEvent, names: Names, settled: set[tuple[EffectId, str]]
) -> str:
    """Return a row in words; nothing where another row has said it."""
    if not row.stream.startswith(EFFECT):
        line = Line(position=row.position, at=row.at, event=_event(row), kind=row.kind)
        shown = line_of(alarm, line, names, revealed=True)
        return f"{shown['title']}: {shown['text']}".removesuffix(": ")
    effect_id = EffectId(row.stream.removeprefix(EFFECT))
    effect, body = alarm.effects.get(effect_id), fields_of(row.body)
    if effect is None or not isinstance(body, dict):
        return next(iter(lines([row]))).split("  ", 1)[1]
    what = f"{way(effect.channel)} to {names.to(effect.person, effect.audience)}"
    match row.kind:
        case str() as kind if kind == ATTEMPTING:
            sent = f"Being sent: {what} by {body.get('route')}"
            return f"{sent}: {body['text']}" if body.get("text") else sent
        case str() as kind if kind == SETTLED:
            said = (effect_id, str(body.get("state"))) in settled
            return "" if said else f"Outcome: {what}: {body.get('state')}"
        case _:
            return f"{title(row.kind)}: {what}"


def _event(row: StoredEvent) -> AlarmEvent | None:
    try:
        return decode(row)
    except UnreadableEventError:
        return None
