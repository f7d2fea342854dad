"""The roster in force, read and replaced over the control socket."""

import errno
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.state import Kind
from engine.console import desk
from engine.errors import NO_ROOM, JournalError
from engine.intake.checkins.timer import Fact, Timer, event_of, head_of, stream_of
from engine.ports.journal import Append, Appended
from engine.protocol.model import CheckInPlan
from engine.roster.model import Roster, Rota
from engine.roster.parse import load_roster
from engine.roster.render import render_roster
from engine.roster.sample import sample_roster, sample_text
from engine.values import CommandId, PersonId
from tests.engine.console.hq import Hq, control, kinds
from tests.engine.console.test_cases import unread_desk
from tests.engine.console.test_devices import OWLET, SECRET
from tests.engine.intake.reports import HERONS
from tests.engine.roster.rosters import without

HERON, LAPWING = PersonId("heron"), PersonId("lapwing")


def test_a_roster_is_taken_whole_kept_and_journalled(hq: Hq) -> None:
    with control(hq) as client:
        wrong = client.post("/roster", content="[[person]]\nid = 3\n")
        assert wrong.status_code == 422
        assert not (hq.state / "roster.toml").exists()
        right = client.post("/roster", content=sample_text())
        assert int(right.json()["people"]) > 200
    assert (hq.state / "roster.toml").read_text() == sample_text()
    assert (hq.state / "roster.toml").stat().st_mode & 0o777 == 0o600
    assert kinds(hq, "roster") == ["RosterImported"]


def test_a_roster_of_nobody_leaves_the_running_one(hq: Hq) -> None:
    """A table of which only the heading was left took everybody's place."""
    before = hq.desk.parts.board.roster()
    with control(hq) as client:
        said = client.post("/roster", content="version = 1\n")
    assert said.status_code == 422
    assert "nobody is in this roster" in said.json()["error"]
    assert hq.desk.parts.board.roster() is before
    assert not (hq.state / "roster.toml").exists()


def test_a_roster_that_no_start_could_read_is_refused_bug_it_was_in_force(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty thousand people: the engine ran on with it, and never started again."""
    before = hq.desk.parts.board.roster()
    kept = hq.state / "roster.toml"
    monkeypatch.setattr("engine.files.SIZE_MAX", len(sample_text().encode()) - 1)
    with control(hq) as client:
        said = client.post("/roster", content=sample_text())
    assert said.status_code == 422
    assert "no start would read it" in said.json()["error"]
    assert hq.desk.parts.board.roster() is before
    assert not kept.exists()
    monkeypatch.setattr("engine.files.SIZE_MAX", len(sample_text().encode()))
    with control(hq) as client:
        assert client.post("/roster", content=sample_text()).status_code == 200
    assert len(load_roster([kept]).people) == len(sample_roster().people)


def test_whoever_an_import_takes_out_is_named(hq: Hq) -> None:
    with control(hq) as client:
        client.post("/roster", content=sample_text())
        alone = replace(sample_roster().people[0], contacts=())
        text = render_roster(Roster(people=(alone,), devices=(), rota=Rota()))
        gone = client.post("/roster", content=text).json()["gone"]
        again = client.post("/roster", content=text).json()["gone"]
    assert gone == [one.person for one in sample_roster().people[1:]]
    assert again == []


def test_a_device_that_an_import_takes_out_is_named_bug_its_press_was_a_strangers(
    hq: Hq,
) -> None:
    """It had been enrolled by command, and so had the other's secret."""
    sample = sample_roster()
    first, second, *others = sample.devices
    agreed = replace(second, secret_file="/run/secret")
    was = replace(sample, devices=(first, agreed, *others))
    new = replace(sample, devices=(second, *others))
    with control(hq) as client:
        client.post("/roster", content=render_roster(was))
        said = client.post("/roster", content=render_roster(new)).json()
    assert said["gone"] == []
    assert said["gone_devices"] == [{"device": "...0018", "person": "heron"}]
    assert said["gone_secrets"] == [{"device": "...0026", "person": "gannet"}]


def test_a_roster_that_names_no_action_protocol_leaves_the_running_one(hq: Hq) -> None:
    """A typing slip in an abduction plan had it run as the standard one."""
    typo = sample_text().replace('"standard"', '"abdution"', 1)
    before = hq.desk.parts.board.roster()
    with control(hq) as client:
        said = client.post("/roster", content=typo)
        assert said.status_code == 422
        error = said.json()["error"]
        assert "person.action_protocol: names no action protocol" in error
        assert "did you mean 'abduction'?" in error
        assert "roster.toml:" in error
    assert hq.desk.parts.board.roster() is before
    assert not (hq.state / "roster.toml").exists()


def test_a_state_folder_without_room_is_said_with_its_cure(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hq.desk.parts.board.roster()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(desk, "write_private", full)
    with control(hq) as client:
        said = client.post("/roster", content=sample_text())
    assert said.status_code == 507
    error = "the state folder cannot be written: No space left on device"
    assert said.json() == {"error": f"{error}; mend that, then repeat"}
    assert hq.desk.parts.board.roster() is before
    assert kinds(hq, "roster") == []


def test_a_sound_roster_ends_what_a_missing_action_protocol_began(hq: Hq) -> None:
    hq.desk.parts.health.report("protocol_missing", "roster", wrong=True)
    with control(hq) as client:
        assert client.post("/roster", content=sample_text()).status_code == 200
    assert "protocol_missing" not in hq.desk.parts.health.reasons()


def test_showing_the_rosters_numbers_is_journalled(hq: Hq) -> None:
    with control(hq) as client:
        client.post("/roster/read", json={"command": "list"})
        assert kinds(hq, "roster") == []
        client.post("/roster/read", json={"command": "list", "reveal": True})
    assert kinds(hq, "roster") == ["RosterRevealed"]


def test_of_whom_a_case_is_open_an_import_takes_nothing_away(hq: Hq) -> None:
    """Their word of force was a stranger's, and their case was closed as ever."""
    hq.press()
    sample = sample_roster()
    text = render_roster(without(sample, HERON))
    before = hq.desk.parts.board.roster()
    with control(hq) as client:
        said = client.post("/roster", content=text)
        assert said.status_code == 409
        assert "heron (they themselves)" in said.json()["error"]
        assert "--anyway" in said.json()["error"]
        assert hq.desk.parts.board.roster() is before
        assert not (hq.state / "roster.toml").exists()
        assert kinds(hq, "roster") == []
        hq.enrol("alder")
        hq.enrol("rowan")
        said = client.post("/roster?by=alder&anyway", content=text)
        assert "Two operators" in said.json()["error"]
    assert hq.desk.parts.board.roster() is before
    assert kinds(hq, "roster") == ["RosterChangeAsked"]


def test_of_whom_a_timer_runs_an_import_takes_nothing_away(hq: Hq) -> None:
    due = hq.clock.now().plus(timedelta(minutes=30))
    append = Append(
        stream=stream_of(HERON),
        expected_seq=0,
        epoch=0,
        command_id=CommandId("timer"),
        events=(event_of(Fact.STARTED, due),),
        head=head_of(Timer(due=due), CheckInPlan(), hq.clock.now()),
    )
    assert isinstance(hq.ask(append, 1.0), Appended)
    with control(hq) as client:
        said = client.post(
            "/roster", content=render_roster(without(sample_roster(), HERON))
        )
    assert said.status_code == 409
    assert "heron (they themselves)" in said.json()["error"]


def test_of_whom_a_case_is_open_unread_an_import_takes_nothing_away(hq: Hq) -> None:
    """Nobody can say what was said in it, and its clear columns say whose it is."""
    unread_desk(hq, is_open=True, alias="Heron")
    text = render_roster(without(sample_roster(), HERON))
    with control(hq) as client:
        said = client.post("/roster", content=text)
    assert said.status_code == 409
    assert "heron (they themselves)" in said.json()["error"]


def test_who_was_told_of_an_open_case_keeps_their_words(hq: Hq) -> None:
    """A colleague who was forced was heard to say that all is well, and no more."""
    agreed = _agreed(LAPWING, "Coffee")
    hq.desk.parts.board.replace(agreed)
    hq.press()
    with control(hq) as client:
        said = client.post("/roster", content=sample_text())
        assert said.status_code == 409
        assert "lapwing (the agreed words)" in said.json()["error"]
        kept = client.post("/roster", content=render_roster(agreed))
        assert kept.status_code == 200


@pytest.mark.parametrize("kind", [Kind.EXERCISE, Kind.NOTICE])
def test_what_is_no_real_case_holds_no_import_back(hq: Hq, kind: Kind) -> None:
    hq.press(kind=kind)
    text = render_roster(without(sample_roster(), HERON))
    with control(hq) as client:
        assert client.post("/roster", content=text).status_code == 200


def test_a_case_that_is_open_holds_back_no_import_that_keeps_whose_it_is(
    hq: Hq,
) -> None:
    hq.press()
    others = [one.person for one in sample_roster().people if one.person != HERON]
    text = render_roster(without(sample_roster(), others[0]))
    with control(hq) as client:
        assert client.post("/roster", content=text).json()["gone"] == [others[0]]


@pytest.fixture(name="unreadable")
def _unreadable(hq: Hq, monkeypatch: pytest.MonkeyPatch) -> Hq:
    def reader(_: Hq) -> None:
        raise JournalError

    hq.enrol()
    monkeypatch.setattr(Hq, "reader", reader)
    return hq


def test_an_import_that_cannot_tell_whose_case_is_open_names_the_way(
    unreadable: Hq,
) -> None:
    with control(unreadable) as client:
        said = client.post("/roster?by=alder", content=sample_text())
    assert said.status_code == 503
    assert "--anyway" in said.json()["error"]
    assert "Nothing was changed" in said.json()["error"]
    assert not (unreadable.state / "roster.toml").exists()


def test_what_is_done_where_no_journal_can_be_read_says_so_bug_it_seemed_not_done(
    unreadable: Hq,
) -> None:
    """An import was in force, an operator removed, and both were answered as failed."""
    with control(unreadable) as client:
        imported = client.post("/roster?anyway&by=alder", content=sample_text())
        added = client.post("/operators/rowan")
        removed = client.delete("/operators/rowan")
    for said in (imported, added, removed):
        assert said.status_code == 200
        assert said.json()["recorded"] is False
    assert (unreadable.state / "roster.toml").exists()
    assert "rowan" not in unreadable.desk.operators.names()


def test_a_disk_that_was_full_before_is_not_said_of_what_cannot_be_read(
    unreadable: Hq,
) -> None:
    unreadable.desk.why_not = NO_ROOM
    with control(unreadable) as client:
        said = client.post("/roster/read", json={"command": "list", "reveal": True})
    assert said.status_code == 409
    assert "files can be read with --reveal" in said.json()["error"]
    assert NO_ROOM not in said.json()["error"]


def _agreed(who: PersonId, duress_word: str) -> Roster:
    roster = sample_roster()
    person = roster.person(who)
    assert person is not None
    agreed = replace(person, safe_word="Cocoa", duress_word=duress_word)
    others = (one for one in roster.people if one is not person)
    return replace(roster, people=(agreed, *others))


def test_no_device_makes_the_kept_roster_larger_than_a_start_reads(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq.enrol("alder")
    monkeypatch.setattr("engine.files.SIZE_MAX", 1000)
    body = {"device": HERONS, "by": "alder", "secret": SECRET}
    with control(hq) as client:
        added = client.post("/devices/enrol?by=alder", content=OWLET)
        agreed = client.post("/devices/secret", json=body)
    for said in (added, agreed):
        assert said.status_code == 422
        assert "no start would read it" in said.json()["error"]
    assert not (hq.state / "roster.toml").exists()
    assert not list(hq.state.glob("device-secret-*"))
    assert kinds(hq, "roster") == []
