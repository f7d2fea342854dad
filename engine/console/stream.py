"""Server-Sent Events: journal rows as they come, replayed by `Last-Event-ID`."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from engine.alarm.state import alarm_of
from engine.console.desk import ConsoleDesk
from engine.console.security import COOKIE
from engine.console.view import as_it_stands, summary
from engine.errors import JournalError
from engine.ports.journal import StoredEvent

PING_S = 5
LOOK_S = 1.0
RETRY_MS = 1_000
REPLAY_MAX = 5_000
DIGITS_MAX = 18
Json = dict[str, object]


async def events(request: Request) -> EventSourceResponse:
    """Stream every row of every case from where the browser left off.

    That is `Last-Event-ID`, or `?after=` for a page's first request: rows that come
    between the page and its stream are not lost either.
    """
    desk: ConsoleDesk = request.app.state.desk
    with suppress(JournalError):  # the stream says it, and what is NOT RECORDED besides
        desk.catch_up()
    last = _number(request.headers.get("last-event-id", ""))
    after = _number(request.query_params.get("after", ""))
    known = last if last is not None else after
    position = desk.cases.position if known is None else known
    token = request.cookies.get(COOKIE, "")
    return EventSourceResponse(
        follow(desk, token, position),
        ping=PING_S,
        headers={"Cache-Control": "no-store"},
    )


async def follow(
    desk: ConsoleDesk, token: str, position: int
) -> AsyncIterator[ServerSentEvent]:
    """Yield a browser's events until its session ends.

    A console that watches counts as a visit: it must not go silent for want of
    clicks. `reset` says that the rows since are too many, or of another journal; or
    that a case which could not be read is there again, and may wait for HQ.
    """
    metrics = desk.parts.metrics
    desk.streams += 1
    metrics.gauge("console_streams", desk.streams)
    try:
        if not 0 <= desk.cases.position - position <= REPLAY_MAX:
            position = desk.cases.position
            yield ServerSentEvent(
                event="reset", id=str(position), data="{}", retry=RETRY_MS
            )
        shown: Json = {}
        shown_s, healed = 0.0, desk.cases.healed
        while desk.session(token) is not None:
            state, now_s = _state(desk), desk.now_s()
            if state != shown or now_s - shown_s >= PING_S:
                shown, shown_s = state, now_s
                data = json.dumps({"now_ms": desk.parts.clock.now().ms, **state})
                yield ServerSentEvent(event="state", data=data, retry=RETRY_MS)
            if healed != desk.cases.healed:
                healed = desk.cases.healed
                yield ServerSentEvent(event="reset", id=str(position), data="{}")
            try:
                rows = desk.cases.since(position)
            except JournalError:
                # A page of them cannot be read: a browser that asked for it again and
                # again would not hear what is NOT RECORDED.
                rows, position = [], desk.cases.position
                yield ServerSentEvent(event="reset", id=str(position), data="{}")
            for event in _events(desk, rows):
                yield event
            position = rows[-1].position if rows else max(position, 0)
            if not rows:
                position = max(position, desk.cases.position)
                await desk.wait_beyond(position, LOOK_S)
        yield ServerSentEvent(event="signed-out", data="{}")
    finally:
        desk.streams -= 1
        metrics.gauge("console_streams", desk.streams)


def _events(
    desk: ConsoleDesk, rows: Sequence[StoredEvent]
) -> Iterator[ServerSentEvent]:
    """Yield an event for each row; the last one of each case carries the case.

    What a row is of stands in a case's own time line, for whoever may see it there.
    Whoever leaves in between gets the rest, that last one included, when they are
    back: a case is never left as it was.
    """
    last = {row.stream: row.position for row in rows}
    now = desk.parts.clock.now()
    for row in rows:
        alarm_id, shown = alarm_of(row.stream), None
        if last[row.stream] == row.position:
            alarm = desk.cases.get(alarm_id)
            if alarm is not None:
                why = desk.cases.stopped.get(alarm_id)
                shown = as_it_stands(summary(alarm, now, desk.why_waiting), why)
        data = {
            "position": row.position,
            "at": str(row.at),
            "id": alarm_id,
            "alarm": shown,
        }
        yield ServerSentEvent(event="case", id=str(row.position), data=json.dumps(data))


def _state(desk: ConsoleDesk) -> Json:
    """Return what a browser needs besides cases: what is wrong just now."""
    parts = desk.parts
    return {
        "is_behind": desk.cases.is_behind,
        "degraded": {k: list(v) for k, v in parts.health.reasons().items()},
        "unrecorded": [
            {"at": str(line.at), "text": line.text} for line in parts.unrecorded.lines()
        ],
    }


def _number(text: str) -> int | None:
    """Return a journal position; None for whatever else a header may hold."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX
    return int(text) if is_one else None
