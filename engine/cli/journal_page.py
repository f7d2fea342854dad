"""One alarm as its rows have it, on a page that somebody can run the case by. Pure.

It shows all that was journalled, names, numbers and places among it: whoever may read
the file may read this.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from engine.alarm.codec import UnreadableEventError, decode
from engine.alarm.events import AlarmEvent, NotificationSettled
from engine.alarm.evolve import fold
from engine.alarm.state import Alarm, alarm_of
from engine.console.cases import Line
from engine.console.lines import line_of
from engine.console.people import Names
from engine.console.view import detail
from engine.console.words import FORCES, title, way
from engine.dispatch.attempts import ATTEMPTING, SETTLED
from engine.journal.timeline import fields_of, lines, printable
from engine.ports.journal import HeadRow, StoredEvent
from engine.values import EffectId

Json = Mapping[str, object]
EFFECT = "effect/"


def page(head: HeadRow, rows: Sequence[StoredEvent]) -> Iterator[str]:
    """Yield the lines of a page: what it is, who was told, and what happened when.

    `rows` are the alarm's and its notifications', by position; some may be missing.
    Where the raise cannot be read, each row stands with its fields.
    """
    own = [(row, _event(row)) for row in rows if row.stream == head.stream]
    alarm = _folded(head, own)
    if alarm is None:
        yield from lines(rows)
        return
    names = Names(alarm, revealed=True)
    found = detail(alarm, [], rows[-1].at, revealed=True)
    for line in (*_case(alarm, found), "", "Told", *_people(found), "", "Time line"):
        yield printable(line)
    settled = {
        (event.effect, event.state.value)
        for _, event in own
        if isinstance(event, NotificationSettled)
    }
    for row in rows:
        words = _words(alarm, row, names, settled)
        if words:
            yield printable(f"{row.at}  {words}")


def _folded(
    head: HeadRow, own: Sequence[tuple[StoredEvent, AlarmEvent | None]]
) -> Alarm | None:
    """Return the alarm as far as its rows follow on each other."""
    alarm: Alarm | None = None
    for seq, (row, event) in enumerate(own, start=1):
        if row.seq != seq:
            break
        if event is not None:
            alarm = fold(alarm_of(head.stream), alarm, event)
    return alarm


def _case(alarm: Alarm, found: Json) -> Iterator[str]:
    kind = "" if found["kind"] == "real" else f" {str(found['kind']).upper()}:"
    yield (
        f"{alarm.alias} {alarm.country}:{kind} {found['state']}; {found['truth']},"
        f" publication {found['publicity']} ({found['protocol']})"
    )
    doubts = "".join(f"; {doubt}" for doubt in cast("list[str]", found["doubts"]))
    yield f"{found['what']}, raised {found['raised_at']}{doubts}"
    place = cast("Json", found["place"])
    where = f"{place['lat_deg']},{place['lon_deg']} {place['name']}".strip()
    where = "no coordinates" if place["lat_deg"] is None else where
    rough = f" +-{place['accuracy_m']} m" if place["accuracy_m"] else ""
    at = f", of {place['at']}" if place["at"] else ""
    yield f"{place['words']}: {where}{rough}{at}"
    if found["next"]:
        yield f"Next, while the engine runs: {found['next']}"
    if found["manner"]:
        yield f"{found['manner']}"
    if alarm.force:
        signs = "; ".join(sorted(FORCES[sign] for sign in alarm.force))
        yield f"Under force: {signs}"


def _people(found: Json) -> Iterator[str]:
    """Yield everybody who was told: answer, where to reach them, what did."""
    people = cast("list[Json]", found["people"])
    for one in people:
        distance_m = cast("float | None", one["distance_m"])
        away = "" if distance_m is None else f"{distance_m / 1000:.1f} km"
        addresses = " ".join(cast("list[str]", one["addresses"]))
        reached = "; ".join(
            f"{way['way']} {way['about']}".strip() + f": {way['words']}"
            for way in cast("list[Json]", one["channels"])
        )
        yield (
            f"  {one['alias']:<12} {one['role']:<15} {away:>9}"
            f"  {one['reply_words'] or '-':<12}  {addresses:<15}  {reached}"
        )
    if not people:
        yield "  nobody yet"


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
    what = f"{way(effect.channel)} to {names.of(effect.person)}"
    match row.kind:
        case str() as kind if kind == ATTEMPTING:
            return f"Being sent: {what} by {body.get('route')}"
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
