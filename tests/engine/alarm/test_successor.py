"""A press after an end in appearance: a case of its own, as after a true end."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alarm.case_events import PressedAnew
from engine.alarm.cases import OpenCases
from engine.alarm.commands import AlarmCommand, HearOfPress, RequestCancel
from engine.alarm.decide import Events
from engine.alarm.events import AlarmRaised
from engine.alarm.handing import pass_on
from engine.alarm.messages import Done, Forward
from engine.alarm.rows import head_of
from engine.alarm.state import Force, ReplyKind
from engine.protocol.model import Audience, Step
from engine.roster.model import Word
from engine.values import AlarmId, CommandId, Instant, OperatorId, Signal, StepId
from tests.engine.alarm.forced import ATTENDED, CAREFUL, forced
from tests.engine.alarm.scene import (
    ALARM,
    ALDER,
    ROWAN,
    Scene,
    press_of,
    raise_of,
)
from tests.fakes import START

DAY_S = 86_400
RECEIVED = Step(
    id=StepId("received"),
    after="raised",
    to=Audience.DEFENDER,
    channels=("sms",),
    text="received",
)
PROTOCOL = replace(ATTENDED, steps=(*ATTENDED.steps, RECEIVED))
CODE = re.compile(rb"code-[\w-]+")


@dataclass
class Case(Scene):
    """A scene that tells the others what its actor would tell the directory."""

    tell: Callable[["Case", AlarmCommand], object] = lambda _case, _command: None

    def do(self, command: AlarmCommand) -> Events:
        """Act once on a command id, as the journal has it."""
        if isinstance(command, HearOfPress) and self._has_heard(command.command_id):
            return ()
        events = super().do(command)
        self.tell(self, command)
        return events

    def _has_heard(self, command_id: CommandId) -> bool:
        return any(row.command_id == command_id for row in self.rows)


@dataclass
class Life:
    """Everything that one defender goes through; the directory's book says where."""

    word: Word
    book: OpenCases = field(default_factory=OpenCases)
    cases: dict[AlarmId, Case] = field(default_factory=dict)
    now: Instant = START
    hears: bool = True

    # what the defender does, or whoever holds their telephone ----------------------

    def press(self) -> None:
        number = len(self.cases) + 1
        press = press_of(f"press-{number}-{self.now.ms}", self.now)
        own = AlarmId(f"a{number}")
        self._give(*self.book.join(raise_of(press, PROTOCOL), own))

    def cancel(self) -> None:
        """Say the word: by a telephone, where it raises if it is one of force."""
        number = len(self.cases) + 1
        press = replace(
            press_of(f"cancel-{number}-{self.now.ms}", self.now, (Signal.CANCEL,)),
            proven=self.word is Word.SAFE,
            duress=self.word is Word.DURESS,
        )
        known = self.book.of("heron")
        if known is not None:
            cancel = RequestCancel(command_id=CommandId(press.key), press=press)
            self._give(known, cancel)
        elif press.duress:
            own = AlarmId(f"a{number}")
            self._give(*self.book.join(raise_of(press, PROTOCOL), own))

    def confirm(self, index: int) -> None:
        """Answer the question of the first, or of the last, case that they know of."""
        if self.seen:
            self.seen[index].reply("heron", ReplyKind.SAFE, word=self.word)

    # what others do ------------------------------------------------------------------

    def acknowledge(self, by: OperatorId = ALDER) -> None:
        for case in self.seen:
            if case.state().is_open and case.state().acknowledged is None:
                case.acknowledge(by)

    def close(self, index: int, by: OperatorId) -> None:
        if self.seen:
            self.seen[index].close(by)

    def reopen(self, index: int) -> None:
        if self.seen:
            self.seen[index].reopen()

    def verify(self, index: int) -> None:
        if self.seen:
            self.seen[index].verify()

    def seen_safe(self, index: int) -> None:
        if self.seen:
            self.seen[index].reply("c1", ReplyKind.SAFE)

    def days(self, number: int = 1) -> None:
        """Let days pass in which somebody at HQ attends to it."""
        self.acknowledge()
        self.run(number * DAY_S)

    def run(self, seconds: float) -> None:
        for case in list(self.cases.values()):
            case.settle_all()
            case.run(seconds, each_due=case.settle_all)
        self.now = self.now.plus(timedelta(seconds=seconds))

    def restart(self) -> None:
        """Read the book from the rows' clear columns, in no order that means much."""
        self.book = OpenCases()
        for alarm_id, case in reversed(self.cases.items()):
            if (head := head_of(case.state(), case.now)).is_open:
                raised_at = case.state().raised_at
                self.book.read(alarm_id, head.subject, raised_at)

    # what is seen --------------------------------------------------------------------

    @property
    def seen(self) -> list[Case]:
        """Return the cases of which whoever watches the defender knows."""
        return [
            case for case in self.cases.values() if case.state().seen.raised is not None
        ]

    def to_defender(self) -> list[tuple[Instant, str, bytes]]:
        """Return what was planned for them, with codes in their order."""
        planned = sorted(
            (
                (event.at.ms, event.step, event.body.text(event.at).encode())
                for case in self.cases.values()
                for event in case.planned(Audience.DEFENDER)
            ),
        )
        codes: dict[bytes, bytes] = {}
        for _, _, text in planned:
            for code in CODE.findall(text):
                codes.setdefault(code, b"code-%d" % len(codes))
        return [
            (Instant(at), step, CODE.sub(lambda code: codes[code[0]], text))
            for at, step, text in planned
        ]

    def _give(self, alarm_id: AlarmId, command: AlarmCommand) -> None:
        if alarm_id not in self.cases:
            self.cases[alarm_id] = Case(
                protocol=PROTOCOL, id=alarm_id, now=self.now, tell=self._told
            )
        case = self.cases[alarm_id]
        case.settle_all() if case.alarm is not None else None
        case.do(command)

    def _told(self, case: Case, command: AlarmCommand) -> None:
        self.book.note(case.state())
        pass_on(case.state(), command, self._deliver)

    def _deliver(self, forward: Forward) -> None:
        case = self.cases[forward.alarm_id]
        if not self.hears and isinstance(forward.command, HearOfPress):
            assert forward.answered is not None
            forward.answered(Done(failed=True))
            return
        case.do(forward.command)
        if forward.answered is not None:
            forward.answered(Done(alarm=case.state()))


ACTS: dict[str, Callable[[Life], object]] = {
    "press": Life.press,
    "cancel": Life.cancel,
    "confirm the first": lambda life: life.confirm(0),
    "confirm the last": lambda life: life.confirm(-1),
    "close the first": lambda life: life.close(0, ALDER),
    "close the last": lambda life: life.close(-1, ALDER),
    "close by the other": lambda life: life.close(-1, ROWAN),
    "reopen the first": lambda life: life.reopen(0),
    "reopen the last": lambda life: life.reopen(-1),
    "verify the last": lambda life: life.verify(-1),
    "seen safe": lambda life: life.seen_safe(0),
    "a day passes": Life.days,
    "restart": Life.restart,
}


def lived(word: Word, acts: list[tuple[int, str]]) -> Life:
    """Return what a first case, ended after that word, and these acts come to."""
    life = Life(word)
    life.press()
    life.run(120)
    life.acknowledge()
    life.cancel()
    life.run(60)
    life.acknowledge()
    life.close(0, ALDER)
    for wait_s, act in acts:
        life.run(wait_s)
        life.acknowledge()
        ACTS[act](life)
    return life


@settings(max_examples=150, deadline=None)
@given(
    acts=st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from(sorted(ACTS))), max_size=8
    )
)
def test_whatever_follows_the_end_the_defenders_telephone_sees_the_same(
    acts: list[tuple[int, str]],
) -> None:
    after_safe, after_duress = (lived(word, acts) for word in Word)
    assert after_safe.to_defender() == after_duress.to_defender()


PRESSED = [(600, "press"), (60, "cancel"), (60, "close the last"), (5, "a day passes")]


def test_a_press_after_either_end_has_a_code_and_questions_of_its_own() -> None:
    for word in Word:
        life = lived(word, PRESSED)
        life.days(30)
        asked = [
            (case.id, event.step)
            for case in life.seen
            for event in case.planned(Audience.DEFENDER)
            if event.body.text(event.at).startswith("code-")
        ]
        days = ["day-1", "day-3", "day-7", "day-30"]
        assert asked == [(case, day) for case in ("a1", "a2") for day in days]
        texts = {
            text.split(b":")[0] for _, step, text in life.to_defender() if "day" in step
        }
        assert texts == {b"code-0", b"code-1"}


def test_after_an_end_in_appearance_both_cases_are_under_force_and_go_on() -> None:
    life = lived(Word.DURESS, PRESSED[:1])
    first, second = (case.state() for case in life.cases.values())
    assert first.is_open
    assert second.force == {Force.SECOND_SIGNAL}
    assert first.force == {Force.DURESS_WORD, Force.SECOND_SIGNAL}
    assert first.links == {second.id}
    assert second.links == {first.id}
    assert first.acknowledged is None, "HQ has to look at both"
    assert second.after == (), "the first knows"
    life.acknowledge()
    life.cancel()
    life.close(-1, ALDER)
    assert life.cases[second.id].state().is_open, "one person's word is not enough"


def test_a_cancel_after_hq_opened_the_first_again_is_answered_alike_bug_by_news() -> (
    None
):
    acts = [(600, "press"), (60, "reopen the first"), (5, "verify the last")]
    after_safe, after_duress = (lived(word, [*acts, (60, "cancel")]) for word in Word)
    assert after_safe.to_defender() == after_duress.to_defender()
    for life in (after_safe, after_duress):
        assert [case.state().cancel_requests for case in life.seen] == [1, 1]


def test_colleagues_wait_for_no_countdown_after_an_end_in_appearance_bug_they_did() -> (
    None
):
    protocol = replace(PROTOCOL, countdown=timedelta(minutes=1))
    for after, waits in (((), True), ((AlarmId("a0"),), False)):
        scene = Scene(protocol=protocol)
        scene.do(replace(raise_of(press_of(), protocol), after=after))
        assert (StepId("colleagues") not in scene.state().fired) == waits


def test_after_a_true_end_a_press_is_under_no_force() -> None:
    life = lived(Word.SAFE, PRESSED[:1])
    first, second = (case.state() for case in life.cases.values())
    assert not first.is_open
    assert second.force == frozenset()
    assert first.links == second.links == frozenset()


def test_what_was_said_before_the_press_ends_neither_case() -> None:
    life = lived(Word.DURESS, [(60, "seen safe"), (60, "press")])
    first = life.cases[AlarmId("a1")]
    assert first.state().safe == ()
    first.acknowledge()
    first.close(ROWAN)
    assert first.state().is_open


@pytest.mark.parametrize("word", Word)
def test_an_earlier_case_that_did_not_hear_of_the_press_is_told_again(
    word: Word,
) -> None:
    life = lived(word, [])
    life.hears = False
    life.run(600)
    life.press()
    first, second = life.cases.values()
    is_forced = word is Word.DURESS
    assert second.state().after == ((first.id,) if is_forced else ())
    assert Force.SECOND_SIGNAL not in first.state().force
    life.hears = True
    life.run(60)
    assert second.state().after == ()
    assert (Force.SECOND_SIGNAL in first.state().force) == is_forced
    assert len(first.of(AlarmRaised)) == len(second.of(AlarmRaised)) == 1


def test_every_earlier_case_hears_of_a_press_and_each_once() -> None:
    again = [(600, "press"), (60, "cancel"), (60, "close the last")]
    life = lived(Word.DURESS, [*again, (600, "restart"), (1, "press")])
    first, second, third = (case.state() for case in life.cases.values())
    assert third.links == {first.id, second.id}
    assert third.id in first.links
    assert third.id in second.links
    events = life.cases[first.id].events
    heard = [event.other for event in events if isinstance(event, PressedAnew)]
    assert heard == [second.id, third.id]


def test_a_case_that_is_over_indeed_hears_of_a_press_and_stays_over() -> None:
    scene = Scene(protocol=CAREFUL).raised()
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close()
    before = scene.state()
    assert not before.is_open
    scene.do(HearOfPress(command_id=CommandId("h"), other=AlarmId("b")))
    after = scene.state()
    assert (after.force, after.danger_at) == (before.force, before.danger_at)
    assert after.links == {AlarmId("b")}


def test_a_word_of_force_after_an_end_in_appearance_joins_the_case_that_goes_on() -> (
    None
):
    scene = forced()
    scene.acknowledge()
    scene.close()
    book = OpenCases()
    book.note(scene.state())
    word = replace(press_of("word", scene.now, (Signal.CANCEL,)), duress=True)
    silent = raise_of(word, CAREFUL)
    assert book.join(silent, AlarmId("own")) == (ALARM, silent)
    help_too = replace(word, signals=(Signal.SOS,))
    shown = raise_of(help_too, CAREFUL)
    assert book.join(shown, AlarmId("own")) == (
        AlarmId("own"),
        replace(shown, after=(ALARM,)),
    )


def test_a_press_that_is_offered_again_finds_the_case_that_it_began() -> None:
    scene = forced()
    scene.acknowledge()
    scene.close()
    book = OpenCases()
    book.note(scene.state())
    again = raise_of(press_of())
    assert book.join(again, ALARM) == (ALARM, again)
