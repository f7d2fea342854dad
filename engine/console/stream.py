"""Server-Sent Events: journal rows as they come, replayed by `Last-Event-ID`."""

import json
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from engine.alarm.state import alarm_of
from engine.console.desk import ConsoleDesk
from engine.console.view import summary
from engine.ports.journal import StoredEvent

PING_S = 5
REPLAY_MAX = 5_000


async def events(request: Request) -> EventSourceResponse:
    """Stream every row of every case from where the browser left off."""
    desk: ConsoleDesk = request.app.state.desk
    last = request.headers.get("last-event-id", "")
    desk.catch_up()
    position = int(last) if last.isdecimal() else desk.cases.position
    return EventSourceResponse(
        _follow(desk, position), ping=PING_S, headers={"Cache-Control": "no-store"}
    )


async def _follow(desk: ConsoleDesk, position: int) -> AsyncIterator[ServerSentEvent]:
    metrics = desk.parts.metrics
    desk.streams += 1
    metrics.gauge("console_streams", desk.streams)
    try:
        if desk.cases.position - position > REPLAY_MAX:
            position = desk.cases.position
            yield ServerSentEvent(event="reset", id=str(position), data="{}")
        yield ServerSentEvent(event="state", data=json.dumps(_state(desk)))
        while True:
            for row in desk.cases.since(position):
                position = row.position
                yield _event(desk, row)
            position = max(position, desk.cases.position)
            if not await desk.wait_beyond(position, PING_S):
                yield ServerSentEvent(event="state", data=json.dumps(_state(desk)))
    finally:
        desk.streams -= 1
        metrics.gauge("console_streams", desk.streams)


def _event(desk: ConsoleDesk, row: StoredEvent) -> ServerSentEvent:
    alarm = desk.cases.get(alarm_of(row.stream))
    now = desk.parts.clock.now()
    data = {
        "position": row.position,
        "kind": row.kind,
        "at": str(row.at),
        "alarm": None if alarm is None else summary(alarm, now),
    }
    return ServerSentEvent(event="case", id=str(row.position), data=json.dumps(data))


def _state(desk: ConsoleDesk) -> dict[str, object]:
    """Return what a browser needs besides cases: the time, and what is wrong."""
    parts = desk.parts
    return {
        "now_ms": parts.clock.now().ms,
        "degraded": {k: list(v) for k, v in parts.health.reasons().items()},
        "unrecorded": [
            {"at": str(line.at), "text": line.text} for line in parts.unrecorded.lines()
        ],
    }
