"""The event stream: from the journal position, nothing lost and nothing twice."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sse_starlette import ServerSentEvent
from starlette.requests import Request

from engine.console import stream
from engine.console.cases import Unread
from engine.console.sessions import IDLE_S
from engine.console.stream import REPLAY_MAX
from engine.console.view import STOPPED
from engine.errors import JournalError
from engine.intake.shouter.actor import UnrecordedLine
from engine.journal.memory import MemoryReader
from engine.ports.journal import StoredEvent
from engine.values import ReportKey
from tests.engine.console.hq import Hq, browser, events
from tests.engine.console.test_cases import unread_desk


def ids(found: list[ServerSentEvent]) -> list[int]:
    return [int(one.id) for one in found if one.event == "case" and one.id]


def states(found: list[ServerSentEvent]) -> list[dict[str, object]]:
    return [json.loads(str(one.data)) for one in found if one.event == "state"]


def read(hq: Hq, position: int, wanted: int, token: str = "") -> list[ServerSentEvent]:
    hq.desk.cases.follow()
    return asyncio.run(events(hq, position, token or hq.token(), wanted))


def request(hq: Hq, last: str | None, query: str = "") -> Request:
    headers = [] if last is None else [(b"last-event-id", last.encode("latin-1"))]
    app = type("App", (), {"state": type("S", (), {"desk": hq.desk})()})()
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": query.encode(),
            "headers": headers,
            "app": app,
        }
    )


def first(hq: Hq, last: str | None, query: str = "") -> int | str:
    """Return the first row's position, or the name of the event before any."""

    async def look() -> int | str:
        answer = await stream.events(request(hq, last, query))
        body = answer.body_iterator
        async with asyncio.timeout(5):
            event = await anext(aiter(body))
            while isinstance(event, ServerSentEvent) and event.event == "state":
                event = await anext(aiter(body))
        await body.aclose()  # type: ignore[attr-defined] # a generator
        assert isinstance(event, ServerSentEvent)
        return "reset" if event.event == "reset" else int(event.id or 0)

    return asyncio.run(look())


def test_a_stream_begins_with_the_servers_time_and_what_is_wrong(hq: Hq) -> None:
    hq.health.report("modem_down", "modem-1", wrong=True)
    (state,) = states(read(hq, 0, 1))
    assert state["now_ms"] == hq.clock.now().ms
    assert state["degraded"] == {"modem_down": ["modem-1"]}


def test_a_page_that_stands_still_is_told_so_bug_it_went_on_as_a_live_one(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of the newest events was not given to the console: no row ever came."""
    with_session(hq)
    hq.press("a1")
    hq.desk.catch_up()

    def damaged(*_: object, **__: object) -> Sequence[StoredEvent]:
        raise JournalError

    async def look() -> tuple[object, object]:
        body = (await stream.events(request(hq, None))).body_iterator
        before = await anext(aiter(body))
        monkeypatch.undo()
        hq.desk.catch_up()
        after = await anext(aiter(body))
        await body.aclose()  # type: ignore[attr-defined] # a generator
        assert isinstance(before, ServerSentEvent)
        assert isinstance(after, ServerSentEvent)
        first, *others = states([before, after])
        return first["is_behind"], after.event if not others else others[0]["is_behind"]

    hq.press("a2", alias="Avocet")
    monkeypatch.setattr(MemoryReader, "after", damaged)
    assert asyncio.run(look()) == (True, "case")
    assert [one["is_behind"] for one in states(read(hq, 0, 1))] == [False]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_wherever_a_browser_leaves_off_it_gets_each_later_row_once(
    hq: Hq, data: st.DataObject
) -> None:
    if hq.store.position == 0:
        for number in range(4):
            hq.press(f"a{number}", alias=f"Bird{number}")
    end = hq.store.position
    left = data.draw(st.integers(0, end - 1))
    seen = ids(read(hq, 0, 1 + left)) if left else []
    last = seen[-1] if seen else 0
    seen += ids(read(hq, last, 1 + end - last))
    assert seen == list(range(1, end + 1))


def test_replay_goes_on_across_a_restart(hq: Hq) -> None:
    hq.press("a1")
    half = hq.store.position
    token = hq.token()
    hq.desk.keep_sessions()
    before = ids(read(hq, 0, 1 + half))
    again = hq.restart()
    again.press("a2", alias="Avocet")
    end = again.store.position
    after = ids(read(again, before[-1], 1 + end - half, token))
    again.desk._checker.shutdown(wait=True)
    assert before + after == list(range(1, end + 1))


def test_the_last_row_of_each_case_carries_the_case(hq: Hq) -> None:
    hq.press("a1")
    hq.press("a2", alias="Avocet")
    found = [
        json.loads(str(one.data))
        for one in read(hq, 0, 1 + hq.store.position)
        if one.event == "case"
    ]
    last = {one["id"]: one for one in found}
    assert last["a1"]["alarm"]["alias"] == "Heron"
    assert last["a2"]["alarm"]["alias"] == "Avocet"


def test_rows_that_are_no_alarms_move_the_position_and_are_not_shown(hq: Hq) -> None:
    hq.press("a1")
    with browser(hq) as at:
        at.act("a1", "acknowledge")
    assert set(ids(read(hq, 0, 1 + hq.store.position))) == set(
        range(1, hq.store.position + 1)
    )


def test_a_browser_without_a_position_begins_now(hq: Hq) -> None:
    hq.press("a1")
    end = hq.store.position

    with_session(hq)

    async def press_later() -> None:
        await asyncio.sleep(0.05)
        hq.press("a1")
        hq.desk.catch_up()

    async def look() -> int:
        pressing = asyncio.create_task(press_later())
        body = (await stream.events(request(hq, None))).body_iterator
        event = await anext(aiter(body))
        async with asyncio.timeout(5):
            while isinstance(event, ServerSentEvent) and event.event == "state":
                event = await anext(aiter(body))
        await pressing
        await body.aclose()  # type: ignore[attr-defined] # a generator
        assert isinstance(event, ServerSentEvent)
        return int(event.id or 0)

    assert asyncio.run(look()) == end + 1


def with_session(hq: Hq) -> None:
    """Let any token in: what is asked for here is the position."""
    token = hq.token()
    found = hq.desk.sessions.find(token, hq.desk.now_s())
    hq.desk.session = lambda token: found  # type: ignore[method-assign] # noqa: ARG005


def test_what_came_between_the_page_and_its_stream_is_not_lost(hq: Hq) -> None:
    """A page asked for a stream *from now*, some moments after it was drawn."""
    with_session(hq)
    hq.press("a1")
    hq.desk.cases.follow()
    position = hq.desk.cases.position
    hq.press("a2", alias="Avocet")
    assert first(hq, None, f"after={position}") == position + 1


def test_last_event_id_goes_before_the_pages_position(hq: Hq) -> None:
    with_session(hq)
    hq.press("a1")
    assert first(hq, "2", "after=0") == 3


def test_a_position_of_another_journal_is_reset(hq: Hq) -> None:
    """It was waited for until the journal had grown to it, in silence."""
    with_session(hq)
    hq.press("a1")
    assert first(hq, str(hq.store.position + 1)) == "reset"


def test_too_far_behind_is_reset(hq: Hq) -> None:
    with_session(hq)
    hq.press("a1")
    hq.desk.cases.follow()
    hq.desk.cases.position += REPLAY_MAX + 1
    assert first(hq, "0") == "reset"


def test_a_header_that_is_no_position_does_no_harm(hq: Hq) -> None:
    with_session(hq)
    hq.press("a1")
    for last in ("", "x", "-1", "9" * 5_000, "\xb2", "1.5"):
        assert first(hq, last, "after=0") == 1


def test_streams_are_counted_and_counted_down(hq: Hq) -> None:
    def gauge() -> str:
        exposition = hq.metrics.expose()[0].decode()
        return next(
            line
            for line in exposition.splitlines()
            if line.startswith("natalia_console_streams ")
        )

    async def look() -> list[str]:
        token = hq.token()
        one = stream.follow(hq.desk, token, 0)
        two = stream.follow(hq.desk, token, 0)
        await anext(one)
        await anext(two)
        seen = [gauge()]
        for each in (one, two):
            await each.aclose()  # type: ignore[attr-defined]
        return [*seen, gauge()]

    assert asyncio.run(look()) == [
        "natalia_console_streams 2.0",
        "natalia_console_streams 0.0",
    ]
    assert hq.desk.streams == 0


def test_an_unrecorded_distress_and_what_is_degraded_are_shown(hq: Hq) -> None:
    line = UnrecordedLine(
        key=ReportKey("k"), at=hq.clock.now(), text="NOT RECORDED SOS Heron"
    )
    hq.unrecorded.show(line)
    hq.health.report("disk_full", "journal", wrong=True)
    (state,) = states(read(hq, 0, 1))
    unrecorded = state["unrecorded"]
    assert isinstance(unrecorded, list)
    assert unrecorded[0]["text"] == "NOT RECORDED SOS Heron"
    assert state["degraded"] == {"disk_full": ["journal"]}


def test_what_goes_wrong_is_shown_although_no_row_comes(hq: Hq) -> None:
    async def look() -> dict[str, object]:
        following = stream.follow(hq.desk, hq.token(), 0)
        await anext(following)
        hq.health.report("all_channels_down", "every route", wrong=True)
        async with asyncio.timeout(4):
            event = await anext(following)
        await following.aclose()  # type: ignore[attr-defined]
        return dict(json.loads(str(event.data)))

    degraded = asyncio.run(look())["degraded"]
    assert isinstance(degraded, dict)
    assert "all_channels_down" in degraded


def test_a_console_that_watches_does_not_go_silent_for_want_of_clicks(hq: Hq) -> None:
    """After a quarter of an hour without a click the watching officer was out."""

    async def look() -> bool:
        token = hq.token()
        following = stream.follow(hq.desk, token, 0)
        for _ in range(3):
            while (await anext(following)).event != "state":
                pass
            hq.clock.advance(IDLE_S - 1)
            hq.press("a1")
            hq.desk.catch_up()
        await following.aclose()  # type: ignore[attr-defined]
        return hq.desk.session(token) is not None

    assert asyncio.run(look())


def test_a_stream_ends_with_its_session(hq: Hq) -> None:
    async def look() -> str | None:
        token = hq.token()
        following = stream.follow(hq.desk, token, 0)
        await anext(following)
        hq.desk.sessions.close(token)
        async with asyncio.timeout(5):
            return [event.event async for event in following][-1]

    hq.press("a1")
    assert asyncio.run(look()) == "signed-out"


def test_a_case_that_stands_still_is_streamed_as_it_is_listed(hq: Hq) -> None:
    """A program had it from the stream as in somebody's hand, with its next page."""
    alarm = hq.press()
    hq.desk.cases.follow()
    hq.desk.cases.stopped[alarm] = Unread.NEWER
    found = read(hq, 0, 1 + hq.store.position)
    shown = json.loads(str(found[-1].data))["alarm"]
    assert (shown["state"], shown["next"]) == (STOPPED, "")
    assert Unread.NEWER in shown["doubts"]


def test_a_browser_behind_a_page_that_cannot_be_read_begins_anew_bug_it_heard_nothing(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asked for the same rows again and again, and showed nothing NOT RECORDED."""
    hq.press()
    hq.desk.cases.follow()

    def damaged(*_: object) -> Sequence[StoredEvent]:
        raise JournalError

    monkeypatch.setattr(hq.desk.cases, "since", damaged)
    state, reset = read(hq, 0, 2)
    assert (state.event, reset.event) == ("state", "reset")
    assert reset.id == str(hq.desk.cases.position)


def test_a_case_that_can_be_read_again_is_told_of_though_no_row_of_it_comes(
    hq: Hq,
) -> None:
    """It stood as damaged, and without a sound, on every page that was open."""
    lost = unread_desk(hq, is_open=True)
    token = hq.token()

    async def look() -> list[str | None]:
        following = stream.follow(hq.desk, token, hq.desk.cases.position)
        seen = [(await anext(following)).event]
        hq.desk.cases._readers = hq
        hq.desk.catch_up()
        async with asyncio.timeout(5):
            while "reset" not in seen:
                seen.append((await anext(following)).event)
        await following.aclose()  # type: ignore[attr-defined] # a generator
        return seen

    assert asyncio.run(look()) == ["state", "reset"]
    assert hq.desk.cases.get(lost) == hq.alarm(lost)
