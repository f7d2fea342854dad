"""What is hidden until it is revealed, and what a reveal leaves behind."""

import asyncio
from dataclasses import replace

import pytest
from msgspec import structs

from engine.alarm.commands import AddNote
from engine.alarm.events import DetailsRevealed
from engine.alarm.state import ReplyKind, Response
from engine.console.desk import NOT_SHOWN
from engine.console.people import untold
from engine.console.sessions import REVEALED_S
from engine.ports.journal import EffectState
from engine.protocol.model import Manner
from engine.values import AlarmId, CommandId, PersonId
from tests.engine.console.hq import (
    RAW,
    REGISTRY,
    ROSTER,
    SECRETS,
    Hq,
    browser,
    control,
    events,
    say_safe,
)

HERON = "+998460000010"


@pytest.fixture
def alarm(hq: Hq) -> AlarmId:
    """Raise an alarm, tell a colleague, get an answer and a stray message."""
    alarm = hq.press()
    hq.settle(alarm, EffectState.DELIVERED)
    hq.reply(alarm, ReplyKind.COMING)
    text = "Lapwing here, at Yurt Lane, +998555000111"
    hq.do(alarm, AddNote(command_id=CommandId("stray"), by=None, text=text))
    return alarm


def shown(hq: Hq, alarm: AlarmId) -> str:
    """Return all that a console, a program and an event stream are shown."""
    with browser(hq) as at:
        paths = ("/", f"/alarms/{alarm}", "/api/alarms", f"/api/alarms/{alarm}")
        pages = [at.client.get(path).text for path in paths]
    with control(hq) as client:
        pages += [client.get(path).text for path in ("/alarms", f"/alarms/{alarm}")]
    found = asyncio.run(events(hq, 0, hq.token(), hq.store.position))
    return "".join([*pages, *(str(event.data) for event in found)])


def test_numbers_people_and_the_exact_place_are_hidden_by_default(
    hq: Hq, alarm: AlarmId
) -> None:
    everything = shown(hq, alarm)
    assert "Heron" in everything
    assert "colleague 1" in everything
    for secret in (*SECRETS, RAW):
        assert secret not in everything, secret


def test_a_reveal_shows_them_to_that_browser_alone_and_is_journalled(
    hq: Hq, alarm: AlarmId
) -> None:
    with browser(hq, "alder") as alder, browser(hq, "alder") as elsewhere:
        alder.act(alarm, "reveal")
        page = alder.client.get(f"/alarms/{alarm}").text
        for secret in ("Lapwing", "41.31151", "69.27974", "Yurt Lane", RAW):
            assert secret in page, secret
        assert "41.31151" not in elsewhere.client.get(f"/alarms/{alarm}").text
        assert "41.31151" not in alder.client.get("/").text
    lines = [line.event for line in hq.desk.cases.lines(alarm)]
    assert [one.by for one in lines if isinstance(one, DetailsRevealed)] == ["alder"]


def test_a_reveal_shows_the_numbers_to_ring_by_hand_bug_there_were_none(
    hq: Hq, alarm: AlarmId
) -> None:
    """With every channel dead HQ had nothing to ring people by but their aliases."""
    with browser(hq) as at:
        before = at.client.get(f"/alarms/{alarm}").text
        at.act(alarm, "reveal")
        page = at.client.get(f"/alarms/{alarm}").text
        found = at.client.get(f"/api/alarms/{alarm}").json()
    addresses = {one["role"]: one["addresses"] for one in found["people"]}
    assert addresses == {"colleague": ["+998555000111"]}
    assert found["numbers"] == [HERON]
    for number in ("+998555000111", HERON):
        assert number not in before
        assert number in page


def test_a_reveal_shows_contacts_whom_no_step_has_told_bug_hq_had_no_number(
    hq: Hq, alarm: AlarmId
) -> None:
    """The standard action protocol tells none, and with dead channels none is told."""
    contacts = [
        (one.alias, list(one.numbers)) for one in ROSTER.contacts_of(PersonId("heron"))
    ]
    assert contacts
    with browser(hq) as at:
        hidden = at.client.get(f"/api/alarms/{alarm}").json()
        before = at.client.get(f"/alarms/{alarm}").text
        at.act(alarm, "reveal")
        found = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert hidden["untold"] == []
    assert hidden["untold_count"] == found["untold_count"] == len(contacts)
    assert f"Contacts whom nobody has told: {len(contacts)}</p>" in before
    assert [(one["alias"], one["numbers"]) for one in found["untold"]] == contacts
    for alias, numbers in contacts:
        assert alias not in before
        assert all(number in page and number not in before for number in numbers)


def test_contacts_whom_the_file_forbids_to_tell_are_called_so_bug_it_looked_forgotten(
    hq: Hq,
) -> None:
    forbidding = replace(REGISTRY.of("standard"), forbids=("contacts",))
    forbidden = hq.press("a6", protocol=forbidding)
    with browser(hq) as at:
        page = at.client.get(f"/alarms/{forbidden}").text
        at.act(forbidden, "reveal")
        revealed = at.client.get(f"/alarms/{forbidden}").text
    for one in (page, revealed):
        assert "Contacts, whom the action protocol forbids to tell: " in one
        assert "Contacts whom nobody has told" not in one


def test_a_contact_who_was_told_stands_among_the_people_and_not_twice(hq: Hq) -> None:
    contacts = ROSTER.contacts_of(PersonId("heron"))
    told = hq.press("a5")
    alarm = hq.desk.cases.get(told)
    assert alarm is not None
    entry = next(iter(alarm.told.values()))
    known = structs.replace(alarm, told={contacts[0].person: entry})
    assert [one["alias"] for one in untold(known, contacts)] == [
        one.alias for one in contacts[1:]
    ]
    assert untold(structs.replace(known, response=Response.CLOSED), contacts) == []


def test_an_alarm_of_nobody_known_has_no_telephone_of_its_own(hq: Hq) -> None:
    stranger = hq.press("a3", alias="Nobody")
    with browser(hq) as at:
        at.act(stranger, "reveal")
        assert at.client.get(f"/api/alarms/{stranger}").json()["numbers"] == []


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        (Manner.QUIET, "Quiet: do not call the defender; a ring may give them away."),
        (Manner.LOUD, "Loud: whoever is told reads that they should make it known."),
    ],
)
def test_hq_reads_the_manner_before_any_number_bug_only_colleagues_did(
    hq: Hq, manner: Manner, words: str
) -> None:
    protocol = replace(REGISTRY.of(None), manner=manner)
    quiet = hq.press("a4", protocol=protocol)
    with browser(hq) as at:
        assert words in at.client.get(f"/alarms/{quiet}").text


@pytest.mark.parametrize("act", ["note", "acknowledge"])
def test_nothing_is_shown_by_the_id_of_another_act_bug_no_row_said_so(
    hq: Hq, alarm: AlarmId, act: str
) -> None:
    with browser(hq) as at:
        at.act(alarm, act, id="one", text="she has called")
        said = at.act(alarm, "reveal", id="one")
        case = at.client.get(f"/api/alarms/{alarm}").json()
    assert (said["done"], said["refused"]) == (False, NOT_SHOWN)
    assert not case["revealed"]


def test_a_reveal_that_is_sent_again_and_again_ends_all_the_same(
    hq: Hq, alarm: AlarmId
) -> None:
    with browser(hq) as at:
        for _ in range(3):
            assert at.act(alarm, "reveal", id="one")["done"]
            hq.clock.advance(REVEALED_S / 2 + 1)
        case = at.client.get(f"/api/alarms/{alarm}").json()
    assert [one["kind"] for one in case["lines"]].count("DetailsRevealed") == 1
    assert not case["revealed"]


def test_a_reveal_ends_after_five_minutes(hq: Hq, alarm: AlarmId) -> None:
    with browser(hq) as at:
        at.act(alarm, "reveal")
        assert at.client.get(f"/api/alarms/{alarm}").json()["revealed_for_s"] == 300
        hq.clock.advance(REVEALED_S - 1)
        assert "41.31151" in at.client.get(f"/alarms/{alarm}").text
        hq.clock.advance(2)
        assert "41.31151" not in at.client.get(f"/alarms/{alarm}").text


@pytest.mark.parametrize("gone_s", [99.7, 99.4])
def test_a_page_that_hides_a_reveal_is_shown_it_no_more_bug_it_stayed_for_ever(
    hq: Hq, alarm: AlarmId, gone_s: float
) -> None:
    """Its last half second was none to the page, which had nothing to count down."""
    with browser(hq) as at:
        at.act(alarm, "reveal")
        hq.clock.advance(gone_s)
        left_s = at.client.get(f"/api/alarms/{alarm}").json()["revealed_for_s"]
        hq.clock.advance(left_s)
        case = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert (left_s, case["revealed"], case["revealed_for_s"]) == (200, False, 0)
    assert "41.31151" not in page


def test_a_reveal_that_the_journal_did_not_take_reveals_nothing(
    hq: Hq, alarm: AlarmId
) -> None:
    hq.is_away = True
    with browser(hq) as at:
        assert at.act(alarm, "reveal")["done"] is False
        assert "41.31151" not in at.client.get(f"/alarms/{alarm}").text


def test_a_reveal_of_one_alarm_says_nothing_about_another(
    hq: Hq, alarm: AlarmId
) -> None:
    other = hq.press("a2", alias="Avocet")
    with browser(hq) as at:
        at.act(other, "reveal")
        assert "41.31151" not in at.client.get(f"/alarms/{alarm}").text


def test_a_frame_that_cannot_be_read_is_shown_with_its_hex_to_everybody_at_hq(
    hq: Hq,
) -> None:
    alarm = hq.press(undecodable=True)
    with browser(hq) as at:
        page = at.client.get(f"/alarms/{alarm}").text
        assert RAW in page
        assert "Frame that could not be read" in page
        assert "unreadable report" in at.client.get("/").text


def test_words_from_outside_never_look_like_a_note_of_hq_bug_a_forged_note(
    hq: Hq, alarm: AlarmId
) -> None:
    """`Heron is safe, close it (rowan)` by SMS read as a note of rowan's."""
    forged = "Heron is safe, close it (rowan)"
    by_sms = AddNote(
        command_id=CommandId("sms"), by=None, text=forged, person="lapwing"
    )
    hq.do(alarm, by_sms)
    with browser(hq) as at:
        before = at.client.get(f"/api/alarms/{alarm}").json()["lines"][-1]
        at.act(alarm, "note", text=forged)
        at.act(alarm, "reveal")
        *_, theirs, ours, _ = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
    assert (before["title"], before["text"]) == (
        "Wrote to us",
        "colleague 1 (words: press Show to read them)",
    )
    assert theirs["title"] == "Wrote to us"
    assert theirs["text"] == f"Lapwing: \u201c{forged}\u201d"
    assert (ours["title"], ours["text"]) == ("Note added", f"{forged} (alder)")


def test_what_a_colleague_wrote_beside_an_answer_is_shown(hq: Hq) -> None:
    alarm = hq.press()
    hq.reply(alarm, ReplyKind.COMING, text="K7F2 1, police at the gate")
    with browser(hq) as at:
        hidden = at.client.get(f"/api/alarms/{alarm}").json()["lines"][-2]
        at.act(alarm, "reveal")
        lines = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
    assert hidden["text"] == "colleague 1: coming (words: press Show to read them)"
    assert "police" not in str(hidden)
    text = "Lapwing: coming: \u201cK7F2 1, police at the gate\u201d"
    assert lines[-3]["text"] == text, "before its receipt"


def test_foreign_words_name_their_language_and_their_direction(hq: Hq) -> None:
    """A page in English read an Arabic message from the wrong side."""
    alarm = hq.press()
    hq.reply(alarm, ReplyKind.COMING, text="K7F2 1 قادم")
    with browser(hq) as at:
        at.act(alarm, "reveal")
        page = at.client.get(f"/alarms/{alarm}").text
        lines = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
    assert '<bdi dir="auto">K7F2 1 قادم</bdi>' in page
    sent = [line["foreign"] for line in lines if line["kind"] == "NotificationPlanned"]
    assert sent
    for words in sent:
        assert words["dir"] == ("rtl" if words["lang"] == "ar" else "ltr")
        assert f'<bdi lang="{words["lang"]}" dir="{words["dir"]}">' in page


def test_what_somebody_writes_cannot_turn_the_page_round(hq: Hq) -> None:
    alarm = hq.press(text="\u202eenod lla\u2066\x00 ok\u200d")
    with browser(hq) as at:
        at.act(alarm, "reveal")
        at.act(alarm, "note", text="\u202dnote")
        page = at.client.get(f"/alarms/{alarm}").text
        forged = "ok\n07:00:00.000Z  AlarmVerified\x1b[2K verified by rowan"
        at.act(alarm, "acknowledge")
        say_safe(hq, alarm, "rowan")
        at.act(alarm, "close", reason="safe", remark=forged)
        closed = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
    (said,) = [one["text"] for one in closed if one["kind"] == "AlarmClosed"]
    assert said == (
        "safe by alder: ok 07:00:00.000Z AlarmVerified\ufffd[2K verified by rowan"
    )
    assert "\ufffdenod lla\ufffd\ufffd ok\u200d" in page
    assert "\ufffdnote (alder)" in page


def test_the_stand_in_of_a_person_stays_the_same_in_a_case(
    hq: Hq, alarm: AlarmId
) -> None:
    with browser(hq) as at:
        case = at.client.get(f"/api/alarms/{alarm}").json()
    people = {one["person"] for one in case["people"]}
    data = [line["data"] for line in case["lines"]]
    named = {one["person"] for one in data if one.get("person")}
    assert named <= people
    assert "colleague 1" in named


def test_a_press_whose_position_is_not_believed_says_so_to_everybody(hq: Hq) -> None:
    believed, doubted = hq.press("a1"), hq.press("a2", place_doubtful=True)
    with control(hq) as client:
        (first, *_) = client.get(f"/alarms/{believed}").json()["lines"]
        (second, *_) = client.get(f"/alarms/{doubted}").json()["lines"]
    assert first["text"] == "sos"
    assert second["text"] == "sos (its position is not believed)"
    said = first["data"]["place_doubtful"], second["data"]["place_doubtful"]
    assert said == (False, True)
