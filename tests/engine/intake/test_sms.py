"""Alarms by SMS: from trackers and from people, and from whoever pretends to be one."""

from dataclasses import replace

import pytest

from engine.alarm.commands import Raise
from engine.alarm.state import Kind, PlaceSource, SourceDoubt
from engine.intake.judge import Judge
from engine.intake.replies import read_reply
from engine.intake.sms import (
    caller_of,
    calls_for_help,
    help_command,
    senders_of,
    tracker_command,
)
from engine.ports.journal import InboundRow
from engine.roster.board import Board
from engine.roster.model import Number, Role, Roster
from engine.values import PersonId, ReportKey, Signal
from tests.engine.intake.reports import HERON, HERONS, ROSTER, Meter, judge_of
from tests.fakes import START, ManualClock

LAPWING = PersonId("lapwing")
LAPWINGS, SIM, FOREIGN = "+998460000011", "+998460000999", "+15550001111"
NOT_CONFIRMED = SourceDoubt.FAILED_AUTHENTICATION


def _row(text: str) -> InboundRow:
    return InboundRow(
        key=ReportKey("sms-1"),
        source="sms",
        received_at=START,
        body=text.encode(),
        taken_by="",
    )


def _call(text: str, sender: str = LAPWINGS) -> Raise | None:
    if not calls_for_help(text, read_reply(text)):
        return None
    caller = caller_of(ROSTER, senders_of(ROSTER, sender), text)
    return None if caller is None else help_command(_row(text), caller, judge_of())


def _with_sim(sim: str = SIM) -> Judge:
    devices = tuple(
        replace(one, number=Number(sim)) if one.device == HERONS else one
        for one in ROSTER.devices
    )
    roster = Roster(people=ROSTER.people, devices=devices, rota=ROSTER.rota)
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    return Judge(board=board, registry=judge_of().registry)


def tracked(text: str, sender: str) -> Raise | None:
    return tracker_command(_row(text), sender, text, _with_sim())


@pytest.mark.parametrize(
    "keyword", ["SOS", "help", "\u0421\u041e\u0421", "помощь", "ayuda", "نجدة"]
)
def test_a_keyword_with_ones_own_sign_is_an_alarm_that_is_confirmed(
    keyword: str,
) -> None:
    raised = _call(f"{keyword} lantern")
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, LAPWING)
    assert raised.press.doubt is None
    assert raised.press.key == "sms-1"


def test_a_keyword_alone_from_ones_own_telephone_is_an_alarm_not_confirmed() -> None:
    raised = _call("SOS")
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, LAPWING)
    assert raised.press.doubt is NOT_CONFIRMED


@pytest.mark.parametrize("last", ["SOS", "help me", "помогите", "3"])
@pytest.mark.parametrize("sentences", [16, 60, 1_000])
def test_a_call_for_help_ends_a_long_message_bug_its_end_was_not_read(
    last: str, sentences: int
) -> None:
    raised = _call("They are at the door since noon. " * sentences + last)
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, LAPWING)


def test_a_question_is_none_however_long_the_message_is() -> None:
    asked = "They are at the door since noon. " * 60 + "Do you need help?"
    assert _call(asked) is None


def test_a_borrowed_telephone_with_ones_sign_is_an_alarm_not_confirmed() -> None:
    raised = _call("SOS Lantern", FOREIGN)
    assert raised is not None
    assert (raised.subject, raised.press.doubt) == (LAPWING, NOT_CONFIRMED)


@pytest.mark.parametrize("typed", ["Limón", "LIMON", "limo\u0301n", "limón"])
@pytest.mark.parametrize(("sender", "proves"), [(LAPWINGS, True), (FOREIGN, False)])
def test_a_sign_is_known_without_its_accents_bug_the_call_was_nobodys(
    typed: str, sender: str, *, proves: bool
) -> None:
    people = tuple(
        replace(one, sign="Limón") if one.person == LAPWING else one
        for one in ROSTER.people
    )
    roster = Roster(people=people, devices=ROSTER.devices, rota=ROSTER.rota)
    caller = caller_of(roster, senders_of(roster, sender), f"SOS {typed}")
    assert caller is not None
    assert caller.person.person == LAPWING
    assert caller.is_confirmed is proves


@pytest.mark.parametrize(("typed", "whose"), [("Limón", HERON), ("limon", LAPWING)])
@pytest.mark.parametrize("sender", [FOREIGN, LAPWINGS])
def test_signs_that_differ_by_accents_are_two_bug_the_call_was_nobodys(
    typed: str, whose: PersonId, sender: str
) -> None:
    signs = {HERON: "Limón", LAPWING: "Limon"}
    people = tuple(
        replace(one, sign=signs.get(one.person, one.sign), numbers=(Number(LAPWINGS),))
        for one in ROSTER.people
    )
    roster = Roster(people=people, devices=ROSTER.devices, rota=ROSTER.rota)
    caller = caller_of(roster, senders_of(roster, sender), f"SOS {typed}")
    assert caller is not None
    assert caller.person.person == whose


def test_a_shared_telephone_calls_for_its_defender_bug_whoever_was_listed_first() -> (
    None
):
    lapwing = ROSTER.person(LAPWING)
    assert lapwing is not None
    spouse = replace(
        lapwing,
        person=PersonId("finch"),
        roles=frozenset({Role.COLLEAGUE}),
        sign="Finch",
    )
    people = (spouse, *ROSTER.people)
    roster = Roster(people=people, devices=ROSTER.devices, rota=ROSTER.rota)
    for text, person in (("SOS", LAPWING), ("SOS Finch", "finch")):
        caller = caller_of(roster, senders_of(roster, LAPWINGS), text)
        assert caller is not None
        assert caller.person.person == person
        assert caller.is_confirmed is ("Finch" in text)


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "Alias 1"),
        (2, "Alias 1, Alias 2"),
        (7, "Alias 1, Alias 2, Alias 3, Alias 4, Alias 5 and 2 more"),
    ],
)
def test_of_defenders_who_share_a_telephone_hq_reads_all_bug_it_heard_of_one(
    count: int, named: str
) -> None:
    heron = ROSTER.person(HERON)
    assert heron is not None
    (number,) = heron.numbers
    others = tuple(
        replace(
            heron,
            person=PersonId(f"other-{one}"),
            alias=f"Alias {one}",
            sign=f"Other{'abcdefg'[one - 1]}",
        )
        for one in range(1, count + 1)
    )
    roster = Roster(people=(*ROSTER.people, *others), devices=(), rota=ROSTER.rota)
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    judge = Judge(board=board, registry=judge_of().registry)
    shared = f"[or it is {named}, who have this telephone as well]"
    for text, said in (
        ("SOS", shared),
        ("help, at the bridge", f"help, at the bridge {shared}"),
        ("help Othera", "help Othera"),
    ):
        caller = caller_of(roster, senders_of(roster, number), text)
        assert caller is not None
        raised = help_command(_row(text), caller, judge, text)
        assert raised.press.text == said


@pytest.mark.parametrize("text", ["SOS", "SOS Chandelier", "help! 3"])
def test_a_stranger_with_a_keyword_raises_nobodys_alarm(text: str) -> None:
    assert _call(text, FOREIGN) is None


def test_anothers_sign_confirms_nothing() -> None:
    heron = ROSTER.person(HERON)
    assert heron is not None
    raised = _call(f"SOS {heron.sign or 'Nosign'}")
    assert raised is not None
    assert (raised.subject, raised.press.doubt) == (LAPWING, NOT_CONFIRMED)


@pytest.mark.parametrize("text", ["1 coming", "coming, Lantern", "sosnovka", "OK"])
def test_what_is_no_call_for_help_is_none(text: str) -> None:
    assert _call(text) is None


@pytest.mark.parametrize(
    "sender", [LAPWINGS, "998460000011", "00998460000011", "0460000011", "460000011"]
)
def test_a_sender_is_known_however_the_network_writes_the_number(sender: str) -> None:
    assert [p.person for p in senders_of(ROSTER, sender)] == [LAPWING]


@pytest.mark.parametrize(
    "sender", ["", "Bank", "0011", "11", FOREIGN, "+0460000011", "+460000011"]
)
def test_nobody_is_known_by_a_name_or_a_short_end(sender: str) -> None:
    assert senders_of(ROSTER, sender) == ()


def test_a_tracker_is_known_by_the_number_of_its_sim_and_placed_by_its_text() -> None:
    raised = tracked("help me! lat: 41.311510 long: 69.279740", SIM)
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, HERON)
    assert raised.press.doubt is None
    assert raised.place.source is PlaceSource.DEVICE
    assert raised.place.lat_deg == 41.31151
    assert raised.press.key == "sms-1", "by which the message is taken up"


@pytest.mark.parametrize(
    "sender", ["998460000999", "00998460000999", "0460000999", "460000999"]
)
def test_a_tracker_is_known_however_the_network_writes_its_number(sender: str) -> None:
    raised = tracked("help me!", sender)
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, HERON)
    assert raised.press.doubt is None


@pytest.mark.parametrize("sender", ["", "Bank", "999", "+0460000999", "+460000999"])
def test_no_tracker_is_known_by_a_name_or_a_short_end(sender: str) -> None:
    assert tracked("help me!", sender) is None


def test_what_a_person_writes_is_theirs_bug_a_tracker_elsewhere_ended_alike() -> None:
    text, sender = "Maple", "0460000011"
    of_both = _with_sim("+7460000011")
    assert tracker_command(_row(text), sender, text, of_both) is None
    assert tracker_command(_row(text), "+7460000011", text, of_both) is not None
    of_one_telephone = _with_sim(LAPWINGS)
    assert tracker_command(_row(text), sender, text, of_one_telephone) is not None


def test_a_drill_that_is_pressed_by_sms_knows_its_alarm() -> None:
    judge = _with_sim()
    judge.drills.arm(HERONS, START)
    raised = tracker_command(_row("help me!"), SIM, "help me!", judge)
    assert raised is not None
    assert raised.kind is Kind.EXERCISE
    drill = judge.drills.of(HERONS)
    assert drill is not None
    assert drill.key == raised.press.key == "sms-1"


def test_a_place_that_cannot_be_is_not_gone_by() -> None:
    raised = tracked("help me! lat: 0.000000 long: 0.000000", SIM)
    assert raised is not None
    assert raised.place.source is not PlaceSource.DEVICE
    assert raised.press.place_doubtful


@pytest.mark.parametrize("told", ["Signal:L", "no gps", "SOS,260301 02:48,V,16"])
def test_the_last_place_of_a_tracker_without_a_fix_is_no_place_of_now(
    told: str,
) -> None:
    raised = tracked(f"help me! {told} lat: 41.311510 long: 69.279740", SIM)
    assert raised is not None
    assert raised.kind is Kind.REAL
    assert raised.place.source is not PlaceSource.DEVICE
    assert raised.press.place_doubtful


def test_a_tracker_that_was_taken_off_raises_by_sms_too() -> None:
    raised = tracked("Remove alarm!", SIM)
    assert raised is not None
    assert (raised.kind, raised.press.signals) == (Kind.REAL, (Signal.REMOVED,))


def test_an_enrolled_imei_from_another_number_is_an_alarm_not_confirmed() -> None:
    raised = tracked(f"{HERONS} Alarm", FOREIGN)
    assert raised is not None
    assert (raised.kind, raised.subject) == (Kind.REAL, HERON)
    assert raised.press.doubt is NOT_CONFIRMED


def test_a_tracker_without_distress_is_shown_to_hq_in_its_words() -> None:
    raised = tracked("Low battery", SIM)
    assert raised is not None
    assert (raised.kind, raised.press.text) == (Kind.NOTICE, "Low battery")


@pytest.mark.parametrize("text", ["help me! 350000000000000", "SOS Alarm!", ""])
def test_nobodys_tracker_is_nothing_here(text: str) -> None:
    assert tracked(text, FOREIGN) is None
