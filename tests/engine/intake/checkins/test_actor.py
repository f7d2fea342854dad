"""Check-ins over rows, restarts and words: nobody is missed in silence."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.dispatch.actor import Planned
from engine.dispatch.body import decode_body
from engine.health import Health
from engine.intake.absence import SOURCE_ABSENCE, absence_command, absence_of
from engine.intake.assess import report_key
from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.said import CheckInSaid
from engine.intake.reports import encode_report
from engine.journal.memory import Medium
from engine.ports.journal import InboundRow, Record
from engine.roster.model import Roster, Word
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from engine.values import Instant, ReportKey, Signal
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import HERON, HERONS, ROSTER, Meter, judge_of, report
from tests.fakes import START
from tests.simulation.runtime import World

HOUR = timedelta(hours=1)
WORDS = tuple(
    replace(one, safe_word="Maple", duress_word="Cedar7")
    if one.person == HERON
    else one
    for one in ROSTER.people
)
AGREED = replace(ROSTER, people=WORDS)


class Sent(SupervisedActor[object]):
    """Stands for the dispatcher."""

    def __init__(self, *, link: Link, texts: list[str]) -> None:
        super().__init__(link=link)
        self.texts = texts

    def handle(self, message: object) -> None:
        assert isinstance(message, Planned)
        self.texts += [decode_body(row.body).text(START) for row in message.rows]


class Rig:
    """One process; `again` is the next one over the same rows."""

    def __init__(
        self,
        roster: Roster = AGREED,
        medium: Medium | None = None,
        now: Instant = START,
    ) -> None:
        self.world = World(1, now)
        self.medium = medium or Medium()
        self.ledger = Ledger(self.world, self.medium)
        self.judge = judge_of(roster, clock=self.world)
        self.texts: list[str] = []
        self.keys = 0
        self.health = Health(Meter())
        self.tree = tree_in(self.world)
        arguments = {
            "judge": self.judge,
            "journal": self.ledger,
            "readers": self.ledger,
            "health": self.health,
        }
        children = [
            ChildSpec(name="dispatcher", actor=Sent, arguments={"texts": self.texts}),
            ChildSpec(name="checkins", actor=CheckIns, arguments=arguments),
        ]
        grow(self.tree, self.world, children)

    def again(self, after_s: float) -> "Rig":
        now = self.world.now().plus(timedelta(seconds=after_s))
        return Rig(self.judge.board.roster(), self.medium, now)

    def say(
        self,
        until: timedelta | None = None,
        word: Word | None = None,
        *,
        is_press: bool = False,
        is_shared: bool = False,
    ) -> ReportKey:
        self.keys += 1
        now = self.world.now()
        key = ReportKey(f"said-{now.ms}-{self.keys}")
        record = Record(key=key, source="sms", received_at=now, body=b"")
        self.ledger.ask(record, 1.0)
        said = CheckInSaid(
            key=key,
            person=HERON,
            until=None if until is None else now.plus(until),
            word=word,
            is_press=is_press,
            is_shared=is_shared,
        )
        self.tell(said)
        return key

    def tell(self, said: CheckInSaid) -> None:
        assert self.tree.names.tell("checkins", said)
        self.world.run(0.1)

    def untaken(self) -> list[InboundRow]:
        return list(self.ledger.store.reader().inbound(untaken_only=True))

    def missed(self) -> list[InboundRow]:
        return [row for row in self.untaken() if row.source == SOURCE_ABSENCE]

    def facts(self) -> list[str]:
        rows = self.ledger.store.reader().stream(f"check-in/{HERON}")
        return [row.kind.removeprefix("CheckIn") for row in rows]


def minutes(count: float) -> float:
    return count * 60


def test_whoever_does_not_come_back_is_warned_and_then_raises_by_plan() -> None:
    rig = Rig()
    rig.say(HOUR)
    assert rig.untaken() == [], "the message is taken up"
    rig.world.run(minutes(49))
    assert len(rig.texts) == 1
    rig.world.run(minutes(12))
    assert rig.facts() == ["Started", "Warned", "Warned"]
    rig.world.run(minutes(3.5))
    assert rig.missed() == []
    rig.world.run(minutes(1))
    (row,) = rig.missed()
    absence = absence_of(row.body)
    assert absence is not None
    command = absence_command(row, absence, rig.judge)
    assert command is not None
    assert (command.kind, command.protocol.name) == ("real", "Standard")
    assert rig.facts()[-1] == "Missed"
    rig.world.run(minutes(600))
    assert len(rig.missed()) == 1


def test_a_time_that_is_set_again_is_warned_of_again() -> None:
    rig = Rig()
    due = rig.world.now().plus(HOUR)
    rig.say(HOUR, Word.SAFE)
    rig.world.run(minutes(51))
    rig.say(HOUR, Word.SAFE)
    texts = len(rig.texts)
    rig.say(due.since(rig.world.now()), Word.SAFE)
    rig.world.run(minutes(2))
    assert rig.facts()[-2:] == ["Moved", "Warned"], rig.facts()
    assert len(rig.texts) == texts + 2, "that it is on, and that it is near"


@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_both_words_look_the_same_to_whoever_holds_the_telephone(word: Word) -> None:
    rig, other = Rig(), Rig()
    for one, said in ((rig, word), (other, Word.SAFE)):
        one.say(HOUR)
        one.world.run(minutes(55))
        one.say(word=said, is_shared=True)
        one.world.run(minutes(600))
    assert rig.texts == other.texts
    assert rig.facts() == other.facts() == ["Started", "Warned", "Ended"]
    assert rig.missed() == []


def test_a_word_of_force_stays_the_alarms_to_take_up() -> None:
    rig = Rig()
    rig.say(HOUR)
    key = rig.say(word=Word.DURESS, is_shared=True)
    assert [row.key for row in rig.untaken()] == [key]


def test_a_word_without_a_timer_is_none_of_its_business() -> None:
    rig = Rig()
    key = rig.say(word=Word.SAFE, is_shared=True)
    assert [row.key for row in rig.untaken()] == [key]
    assert rig.texts == []


def test_home_without_the_word_ends_nothing() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.say()
    assert rig.facts() == ["Started"]
    assert rig.untaken() == []


def test_a_later_time_moves_it() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.say(HOUR, Word.SAFE)
    rig.world.run(minutes(60))
    assert rig.missed() == []
    rig.world.run(minutes(6))
    assert len(rig.missed()) == 1


def test_a_timer_outlives_kill_9() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    after = rig.again(after_s=minutes(10))
    after.world.run(minutes(24))
    assert after.missed() == []
    after.world.run(minutes(2))
    assert len(after.missed()) == 1


def test_what_waits_in_the_modems_after_an_outage_is_read_first() -> None:
    rig = Rig()
    rig.say(HOUR)
    after = rig.again(after_s=minutes(120))
    after.world.run(30)
    assert after.missed() == []
    after.say(word=Word.SAFE, is_shared=True)
    after.world.run(minutes(60))
    assert after.missed() == []

    silent = Rig()
    silent.say(HOUR)
    late = silent.again(after_s=minutes(120))
    late.world.run(minutes(1.2))
    assert len(late.missed()) == 1


def test_a_crash_before_the_journal_has_answered_misses_once() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(62))
    rig.ledger.fault = lambda _: LOST
    rig.world.run(minutes(4))
    assert len(rig.missed()) == 1
    after = rig.again(after_s=5)
    after.world.run(minutes(3))
    assert len(after.missed()) == 1
    assert after.facts()[-1] == "Missed"


@pytest.mark.parametrize("fault", [FULL, SILENT])
def test_what_the_journal_does_not_take_is_said_again(fault: str) -> None:
    rig = Rig()
    rig.ledger.fault = _failing(fault)
    key = rig.say(HOUR)
    assert rig.facts() == []
    rig.ledger.fault = lambda _: ""
    due = rig.world.now().plus(HOUR)
    rig.tell(CheckInSaid(key=key, person=HERON, until=due))
    rig.tell(CheckInSaid(key=key, person=HERON, until=due))
    assert rig.facts() == ["Started"]
    assert len(rig.texts) == 1


def _failing(fault: str) -> Callable[[object], str]:
    return lambda request: "" if isinstance(request, Record) else fault


def sms(rig: Rig, text: str, taken_by: str = "alarm/a") -> Record:
    """Record a message of heron's that an alarm took up, and nobody else heard."""
    number = next(one for one in AGREED.people if one.person == HERON).numbers[0]
    row = Record(
        key=ReportKey(f"sms-{text}-{rig.world.now().ms}"),
        source="sms",
        received_at=rig.world.now(),
        body=json.dumps({"sender": number, "text": text}).encode(),
        taken_by=taken_by,
    )
    rig.ledger.ask(row, 1.0)
    return row


@pytest.mark.parametrize("text", ["maple", "cedar7", "home cedar7"])
def test_a_word_that_an_alarm_took_up_before_a_crash_ends_the_timer_after_it(
    text: str,
) -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(20))
    row = sms(rig, text)
    assert rig.facts() == ["Started"], "the process died before it was told"

    after = rig.again(after_s=2)
    after.world.run(1)

    assert after.facts() == ["Started", "Ended"]
    told = [timer_over(rig)]
    assert after.texts == told, "the telephone shows the same whichever word it was"
    rows = after.ledger.store.reader().inbound(untaken_only=False)
    assert {one.key: one.taken_by for one in rows}[row.key] == "alarm/a"
    last = after.again(after_s=2)
    last.world.run(minutes(90))
    assert last.facts() == ["Started", "Ended"], "it is heard once"
    assert last.missed() == []


def timer_over(rig: Rig) -> str:
    """Return what the telephone gets when its timer ends by the word of safety."""
    other = Rig(now=rig.world.now())
    other.say(HOUR)
    other.say(word=Word.SAFE)
    return other.texts[-1]


def test_a_word_from_before_a_timer_was_set_does_not_end_it_after_a_crash() -> None:
    rig = Rig()
    sms(rig, "maple")
    rig.world.run(minutes(1))
    rig.say(HOUR)

    after = rig.again(after_s=2)
    after.world.run(1)

    assert after.facts() == ["Started"]


def test_what_an_alarm_took_up_and_is_no_word_ends_nothing() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(1))
    sms(rig, "where are you?")
    sms(rig, "home")
    sms(rig, "maple", taken_by="kept")
    rig.ledger.ask(
        structs.replace(sms(rig, "x"), key=ReportKey("odd"), body=b"odd"), 1.0
    )

    after = rig.again(after_s=2)
    after.world.run(1)

    assert after.facts() == ["Started"]


def test_a_code_of_force_that_an_alarm_took_up_ends_the_timer_after_a_crash() -> None:
    roster = replace(
        AGREED,
        devices=tuple(
            replace(one, duress_codes=frozenset({"alarm:9"}))
            if one.device == HERONS
            else one
            for one in AGREED.devices
        ),
    )
    rig = Rig(roster)
    rig.say(HOUR)
    rig.world.run(minutes(1))
    pressed = report(
        received_at=rig.world.now(),
        signals=frozenset({Signal.CANCEL}),
        codes=("alarm:9",),
    )
    row = Record(
        key=report_key(pressed),
        source="device",
        received_at=pressed.received_at,
        body=encode_report(pressed),
        taken_by="alarm/a",
    )
    rig.ledger.ask(row, 1.0)

    after = rig.again(after_s=2)
    after.world.run(1)

    assert after.facts() == ["Started", "Ended"]


def test_a_press_starts_nothing_unless_a_length_was_agreed() -> None:
    rig = Rig()
    rig.say(is_press=True)
    assert rig.facts() == []
    assert rig.untaken() == []
    rig.say(HOUR, is_press=True)
    assert rig.facts() == ["Started"]


def test_nothing_goes_to_a_telephone_whose_plan_says_nothing_of_it() -> None:
    people = tuple(
        replace(one, action_protocol="arrest") if one.person == HERON else one
        for one in WORDS
    )
    rig = Rig(replace(AGREED, people=people))
    rig.say(HOUR)
    rig.world.run(minutes(120))
    assert rig.texts == []
    assert len(rig.missed()) == 1
