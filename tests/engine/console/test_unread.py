"""What HQ is told of a case of which rows cannot be read."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs
from starlette.testclient import TestClient

from engine.alarm.commands import Reopen
from engine.alarm.state import Kind, stream_of
from engine.console.cases import Cases, Unread
from engine.console.desk import UNREAD_BEFORE
from engine.console.observe import UNREADABLE
from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.ports.journal import Append, Head, NewEvent, StoredEvent
from engine.roster.model import Roster
from engine.roster.render import render_roster
from engine.roster.sample import sample_roster
from engine.values import AlarmId, CommandId, PersonId
from tests.engine.console.hq import ALDER, Hq, browser, control, kinds, say_safe
from tests.engine.console.test_cases import Garbled, Lender, Newer, end, unread_desk
from tests.engine.intake.reports import HERONS
from tests.engine.roster.rosters import without

HERON, LAPWING = PersonId("heron"), PersonId("lapwing")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_case_that_is_asked_for_says_so_also_a_closed_one_bug_a_bare_500(
    hq: Hq, *, is_open: bool
) -> None:
    lost = unread_desk(hq, is_open=is_open)
    with browser(hq) as at:
        page = at.client.get(f"/alarms/{lost}")
        wants = {"accept": "application/json"}
        answer = at.client.get(f"/api/alarms/{lost}", headers=wants)
    with control(hq) as client:
        said = client.get(f"/alarms/{lost}")
    assert page.status_code == answer.status_code == said.status_code == 503
    assert Unread.DAMAGED in page.text
    assert answer.json()["error"] == said.json()["error"] == Unread.DAMAGED


@pytest.mark.parametrize("why", [Unread.DAMAGED, Unread.NEWER])
def test_an_act_in_a_case_that_stands_still_is_not_asked_for_again_bug_it_was(
    hq: Hq, why: Unread
) -> None:
    """*Look again, then repeat*, was the answer, as if it could ever be done."""
    hq.enrol("alder")
    if why is Unread.DAMAGED:
        still = unread_desk(hq, is_open=True)
    else:
        still = hq.press("a1", alias="Held")
        hq.desk.cases = Cases(Newer(hq, stream_of(still)))
    hq.is_away = True
    with control(hq) as client:
        said = client.post(f"/alarms/{still}/acknowledge", json={"by": "alder"})
    assert said.json() == {"done": False, "refused": why}
    with browser(hq) as at:
        assert at.act(still, "acknowledge")["refused"] == why


def test_a_read_that_fails_is_not_called_damage_of_a_case(hq: Hq) -> None:
    stream = stream_of(hq.press("a1", alias="Held"))
    hq.desk.cases = Cases(Lender(hq, stream, first=1, last=1_000))
    hq.press("a2", alias="Heron")
    with browser(hq) as at:
        page = at.client.get("/")
    with control(hq) as client:
        said = client.get("/alarms")
    assert page.status_code == said.status_code == 503
    assert said.json() == {"error": UNREADABLE}
    assert "the journal cannot be read here" in page.text
    assert Unread.DAMAGED not in page.text


def test_where_nothing_is_new_no_row_is_read_bug_no_page_of_the_console_was_shown(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks behind the last event reads its page, which may be damaged."""
    alarm = hq.press()
    desk = Cases(hq)

    def damaged(*_: object, **__: object) -> Sequence[StoredEvent]:
        raise JournalError

    monkeypatch.setattr(MemoryReader, "after", damaged)
    assert desk.follow() == []
    assert desk.get(alarm) == hq.alarm(alarm)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_word_that_is_said_in_a_case_that_cannot_be_read_is_not_taken_for_none(
    hq: Hq, *, is_open: bool
) -> None:
    """Nobody's words were known: one of force was answered as done, and lost."""
    roster = hq.desk.parts.board.roster()
    people = (
        replace(one, safe_word="Maple", duress_word="Cedar7")
        if one.person == "heron"
        else one
        for one in roster.people
    )
    hq.desk.parts.board.replace(replace(roster, people=tuple(people)))
    lost = unread_desk(hq, is_open=is_open, alias="Heron")
    rows = hq.store.position
    with browser(hq) as at:
        said = at.act(lost, "word", word="Cedar7")
    hq.desk.parts.board.replace(roster)
    assert (said["status"], said.get("error")) == (503, Unread.DAMAGED)
    assert hq.store.position == rows


def test_a_real_alarm_that_cannot_be_read_ends_neither_as_played_nor_in_a_test(
    hq: Hq,
) -> None:
    """That it is real was not known, and whoever was told read of a test."""
    test = hq.press("t1", alias="Avocet", kind=Kind.TEST)
    lost = unread_desk(hq, is_open=True)
    say_safe(hq, lost, "rowan", "spruce")
    with browser(hq) as at:
        at.act(test, "acknowledge")
        at.act(lost, "acknowledge")
        for into, reason in (("", "exercise_over"), (test, "duplicate")):
            said = at.act(lost, "close", reason=reason, into=into)
            assert said["refused"] == Unread.DAMAGED
    found = hq.alarm(lost)
    assert found is not None
    assert found.is_open


def test_another_case_that_cannot_be_read_is_not_called_none(hq: Hq) -> None:
    one = hq.press("b1", alias="Avocet")
    lost = unread_desk(hq, is_open=True)
    with browser(hq) as at:
        assert at.act(one, "link", other=lost)["refused"] == Unread.DAMAGED
        said = at.act(one, "close", reason="duplicate", into=lost)
        assert said["refused"] == Unread.DAMAGED
    with control(hq) as client:
        said = client.get(f"/drills/{lost}").json()
    assert said == {"error": Unread.DAMAGED}


def test_a_form_in_a_case_that_stands_still_is_not_asked_for_again(hq: Hq) -> None:
    """Without a script the page said *look again, then repeat*."""
    still = hq.press("a1", alias="Held")
    hq.desk.cases = Cases(Newer(hq, stream_of(still)))
    hq.is_away = True
    with browser(hq) as at:
        form = {"csrf": at.csrf, "id": "c1"}
        answer = at.client.post(f"/alarms/{still}/acknowledge", data=form)
        page = at.client.get(answer.headers["location"]).text
    assert "then repeat" not in page
    assert page.count(Unread.NEWER) > 1


def unreadable(hq: Hq, alarm: AlarmId) -> None:
    """Let no row be read from now on."""
    hq.desk.cases._readers = Lender(hq, stream_of(alarm), first=1, last=1_000)


@pytest.mark.parametrize("path", ["/api/alarms", "/api/alarms/a1"])
def test_a_program_hears_in_json_that_nothing_can_be_read(hq: Hq, path: str) -> None:
    """It got a page, whatever it was that it could not read."""
    alarm = hq.press("a1")
    unreadable(hq, alarm)
    with browser(hq) as at:
        answer = at.client.get(path.replace("a1", alarm))
    assert answer.status_code == 503
    assert answer.json() == {"error": UNREADABLE}


def test_an_act_that_was_done_is_said_to_be_where_only_the_read_behind_it_fails(
    hq: Hq,
) -> None:
    """*The journal cannot be read* was the answer, and the officer did it again."""
    alarm = hq.press("a1", alias="Held")
    hq.enrol("rowan")
    with browser(hq) as at, control(hq) as client:
        unreadable(hq, alarm)
        said = at.act(alarm, "note", text="called the police")
        typed = client.post(f"/alarms/{alarm}/note", json={"by": "rowan", "text": "I"})
    assert (said["status"], said["done"]) == (200, True)
    assert typed.json() == {"done": True, "refused": None}
    found = hq.alarm(alarm)
    assert found is not None
    assert found.attended_at is not None


def test_what_was_given_before_is_not_called_done_where_it_cannot_be_read(
    hq: Hq,
) -> None:
    alarm = hq.press("a1", alias="Held")
    with browser(hq) as at:
        form = {"csrf": at.csrf, "id": "c1", "text": "once"}
        wants = {"accept": "application/json"}
        at.client.post(f"/alarms/{alarm}/note", data=form, headers=wants)
        unreadable(hq, alarm)
        again = at.client.post(f"/alarms/{alarm}/note", data=form, headers=wants)
    assert again.json() == {"done": False, "refused": UNREAD_BEFORE}


@pytest.mark.parametrize(
    ("alias", "people"),
    [("Heron", {"heron"}), ("device-0a1b2c3d4e5f", set()), ("message", set())],
)
def test_whose_case_cannot_be_read_is_waited_for_and_no_stranger(
    hq: Hq, alias: str, people: set[str]
) -> None:
    unread_desk(hq, is_open=True, alias=alias)
    assert hq.desk.cases.waited_for() == people


def is_refused(hq: Hq, path: str, fields: dict[str, str]) -> None:
    with control(hq) as client:
        said = client.post(path, json={"by": "alder", **fields})
    assert said.status_code == 409
    assert "a real alarm of theirs is open" in said.json()["error"]
    assert hq.drills.of(HERONS) is None
    assert kinds(hq, "drills") == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/devices/drill/arm", {"device": HERONS}),
        ("/drills", {"defender": "heron"}),
    ],
)
def test_nobody_plays_beside_a_real_case_that_cannot_be_read(
    hq: Hq, path: str, fields: dict[str, str]
) -> None:
    """Whoever is in need pressed again, and it passed for an exercise."""
    hq.enrol("alder")
    unread_desk(hq, is_open=True, alias="Heron")
    is_refused(hq, path, fields)


class NewerReopening(Garbled):
    """Lends readers of a journal in which a newer engine opened a case again."""

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        return [
            structs.replace(row, version=99) if row.kind == "AlarmReopened" else row
            for row in self.hq.store.reader().stream(stream, after_seq)
        ]


@pytest.fixture
def opened(hq: Hq) -> AlarmId:
    """A real case of heron's whose row that opens it again is a newer one."""
    alarm = hq.press("a1", alias="Heron")
    end(hq, alarm)
    again = Reopen(command_id=CommandId("again"), by=ALDER)
    assert hq.do(alarm, again).events
    hq.desk.cases = Cases(NewerReopening(hq, stream_of(alarm)))
    stands = hq.desk.cases.get(alarm)
    assert stands is not None
    assert not stands.is_open
    return alarm


def test_whose_case_was_opened_again_unread_is_waited_for_bug_their_word_was_lost(
    hq: Hq, opened: AlarmId
) -> None:
    """A roster without them was taken, and what they said was a stranger's."""
    gone = without(sample_roster(), HERON)
    with control(hq) as client:
        said = client.post("/roster", content=render_roster(gone))
    assert said.status_code == 409
    assert "heron (they themselves)" in said.json()["error"]
    assert hq.desk.cases.waited_for() == {HERON}
    assert hq.desk.cases.real_unread() == {HERON: opened}


def test_whoever_was_told_of_a_case_opened_again_unread_keeps_their_words(
    hq: Hq, opened: AlarmId
) -> None:
    del opened
    hq.desk.parts.board.replace(_agreed("Cedar7"))
    with control(hq) as client:
        said = client.post("/roster", content=render_roster(_agreed("Willow")))
    assert said.status_code == 409
    assert "lapwing (the agreed words)" in said.json()["error"]
    assert LAPWING in hq.desk.cases.told([])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/devices/drill/arm", {"device": HERONS}),
        ("/drills", {"defender": "heron"}),
    ],
)
def test_nobody_plays_beside_a_real_case_that_was_opened_again_unread(
    hq: Hq, opened: AlarmId, path: str, fields: dict[str, str]
) -> None:
    del opened
    hq.enrol("alder")
    is_refused(hq, path, fields)


def test_a_case_that_stopped_behind_its_end_is_waited_for_by_nobody(hq: Hq) -> None:
    """Its clear columns say that it is closed."""
    closed = hq.press("a1", alias="Heron")
    end(hq, closed)
    found = hq.alarm(closed)
    assert found is not None
    newer = Append(
        stream=stream_of(closed),
        expected_seq=found.seq,
        epoch=hq.epoch,
        command_id=CommandId("newer"),
        events=(NewEvent(kind="NoteAdded", version=99, body=b"{}"),),
        head=Head(status="closed", is_open=False),
    )
    hq.store.commit([newer], hq.clock.now())
    hq.desk.cases.follow()
    assert list(hq.desk.cases.stopped) == [closed]
    assert hq.desk.cases.waited_for() == set()


def test_no_exercise_is_ended_beside_a_real_case_that_cannot_be_read_bug_it_was(
    hq: Hq,
) -> None:
    """Whoever was on the way to the real one read of an end."""
    hq.enrol("alder")
    played = hq.press("x1", alias="Heron", kind=Kind.EXERCISE)
    with control(hq) as client:
        client.post(f"/alarms/{played}/acknowledge", json={"by": "alder"})
        real = unread_desk(hq, is_open=True, alias="Heron")
        _is_not_ended(hq, client, played, real)


def test_no_exercise_is_ended_beside_a_real_case_that_was_opened_again_unread(
    hq: Hq, opened: AlarmId
) -> None:
    hq.enrol("alder")
    played = hq.press("x1", alias="Heron", kind=Kind.EXERCISE)
    with control(hq) as client:
        client.post(f"/alarms/{played}/acknowledge", json={"by": "alder"})
        _is_not_ended(hq, client, played, opened)


def test_an_exercise_is_ended_beside_anothers_real_case_that_cannot_be_read(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    played = hq.press("x1", alias="Avocet", kind=Kind.EXERCISE)
    over = {"by": "alder", "reason": "exercise_over"}
    with control(hq) as client:
        client.post(f"/alarms/{played}/acknowledge", json={"by": "alder"})
        unread_desk(hq, is_open=True, alias="Heron")
        assert client.get(f"/drills/{played}").json()["real"] is None
        said = client.post(f"/alarms/{played}/close", json=over)
    assert said.json() == {"done": True, "refused": None}


def _is_not_ended(hq: Hq, client: TestClient, played: AlarmId, real: AlarmId) -> None:
    assert client.get(f"/drills/{played}").json()["real"] == real
    over = {"by": "alder", "reason": "exercise_over"}
    said = client.post(f"/alarms/{played}/close", json=over)
    assert said.status_code == 409
    assert f"a real alarm of theirs is open: {real};" in said.json()["refused"]
    found = hq.alarm(played)
    assert found is not None
    assert found.is_open


def _agreed(duress_word: str) -> Roster:
    sample = sample_roster()
    people = (
        replace(one, safe_word="Cocoa", duress_word=duress_word)
        if one.person == LAPWING
        else one
        for one in sample.people
    )
    return replace(sample, people=tuple(people))


@pytest.mark.parametrize("kind", [Kind.REAL, Kind.EXERCISE])
def test_whoever_was_told_of_a_case_of_which_nothing_can_be_read_keeps_their_words(
    hq: Hq, kind: Kind
) -> None:
    """Who was told of it was looked for among what can be read alone."""
    hq.desk.parts.board.replace(_agreed("Cedar7"))
    lost = hq.press("a1", alias="Heron", kind=kind)
    hq.desk.cases = Cases(Lender(hq, stream_of(lost), first=-1, last=-1))
    assert list(hq.desk.cases.unread) == [lost]
    with control(hq) as client:
        said = client.post("/roster", content=render_roster(_agreed("Willow")))
    is_held = kind is Kind.REAL
    assert said.status_code == (409 if is_held else 200)
    assert ("lapwing (the agreed words)" in said.text) is is_held
