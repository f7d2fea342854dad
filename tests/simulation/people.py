"""Colleagues and operators: they act in the world and outlive the engine."""

import random
import re
from collections.abc import Callable
from functools import cache

from engine.alarm.commands import (
    Acknowledge,
    AlarmCommand,
    ApprovePublication,
    Close,
    ConfirmSafe,
    HandOver,
    Link,
    Reopen,
    Verify,
)
from engine.alarm.messages import Done, Forward
from engine.alarm.state import CloseReason, Kind, Truth
from engine.dispatch.body import decode_body
from engine.intake.replies import CODE
from engine.journal.memory import MemoryReader
from engine.roster.model import Person
from engine.values import AlarmId, CommandId, OperatorId, PersonId, Signal
from tests.simulation.cast import AGREED, DURESS_WORD, NEW_NUMBERS, SAFE_WORD, roster
from tests.simulation.devices import devices
from tests.simulation.host import Host
from tests.simulation.invariants import SENT, Watching
from tests.simulation.tasks import Wait

ACTS = frozenset({Signal.SOS, Signal.REMOVED, Signal.CANCEL, Signal.FALL})
ANSWER_WITHIN_S = 10.0
AGAIN_S = 5.0
OPERATORS = ("alder", "rowan", "spruce")
Given = Callable[[CommandId], AlarmCommand]


NEEDS_HELP = 0.01
SAYS_SAFE, SAYS_FORCED = 0.1, 0.15
PRESSED_AGAIN_S, PRESSED_AGAIN_MAX_S = 5.0, 60.0
"""How soon one at the console presses again what was not done, and how late at most."""
ANSWERS = ("1", "1", "2", "2", "coming", "no")


class People:
    """Telephones and who holds them; what each does is drawn for each seed anew."""

    def __init__(self, host: Host, watching: Watching, *, two_at_once: bool) -> None:
        self._host, self._watching = host, watching
        self._draw = host.world.fork("people")
        self._two_at_once = two_at_once
        self._by_number = {
            str(number): person
            for person in roster().people
            for number in person.addresses_on("sms")
        }
        self.asleep_until_s = 0.0
        self.wishes: frozenset[str] = frozenset()
        """What people at HQ do besides: `detained`, `reopen`, `merge`, `link` ..."""
        self.gone: set[str] = set()
        """Operators who have been taken off: nobody hears of them any more."""
        self.next_needs_help = False
        self.next_asked: Callable[[str, Person, str], None] | None = None
        """What whoever is asked next makes of it, in place of what is drawn."""
        self.others: dict[str, Callable[[str], None]] = {}
        """Who else has a number, and what becomes of a text to it."""
        self.did: Callable[[str], object] = str
        self._roused: set[str] = set()
        self._run: set[AlarmId] = set()
        self._running: set[AlarmId] = set()
        self._courses = 0
        self._serial = 0

    def arrival(self, channel: str, address: str, text: str) -> None:
        """Something has arrived at a telephone or a mailbox."""
        if channel == "mastodon":
            self._watching.public(text)
        elif channel in {"email", "webhook"}:
            self._rouse("alder", self._draw.uniform(30, 240))
        else:
            person = self._by_number.get(address)
            if person is None:
                self.others.get(address, str)(text)
                return
            if person.person in OPERATORS:
                self._rouse(str(person.person), self._draw.uniform(5, 60))
            elif channel == "sms":
                self._answer(address, text)

    # colleagues --------------------------------------------------------------------

    def _answer(self, number: str, text: str) -> None:
        found = CODE.search(text)
        if found is not None and f"{found[1]} 6" in text:
            self._say_how_it_is(number, found[1])
            return
        if self.next_asked and found is not None and "1" in text:
            asked, self.next_asked = self.next_asked, None
            asked(number, self._by_number[number], found[1])
            return
        if found is None or "1" not in text or self._draw.random() < 0.5:
            return
        code = found[1]
        # Whoever needs help themselves has an alarm of their own, whose colleagues may
        # need help in turn: more often than this a day is nothing but that, unless the
        # plan says so.
        needs_help = self._draw.random() < NEEDS_HELP or self.next_needs_help
        if self.next_needs_help:
            self.did("needs_help")
            self.next_needs_help = False
        words = "3" if needs_help else self._draw.choice(ANSWERS)
        self.reply_from(number, f"{code} {words}", self._draw.uniform(10, 400))

    def _say_how_it_is(self, number: str, code: str) -> None:
        """Answer a question after the end, mostly not: by one's word, true or forced.

        Of who has agreed on none the code that they were sent is enough.
        """
        who = self._by_number[number].person
        drawn = self._draw.random()
        if drawn < SAYS_SAFE:
            word = SAFE_WORD if who == AGREED else ""
        elif drawn < SAYS_FORCED:
            word = DURESS_WORD if who == AGREED else ""
        else:
            return
        self.did("says_how_it_is")
        self.reply_from(number, f"{code} 6 {word}".strip(), self._draw.uniform(10, 400))

    def say(self, word: str) -> None:
        """Have the defender who has agreed words send one by SMS."""
        self.say_as(AGREED, word)

    def say_as(self, who: PersonId, text: str) -> None:
        """Have somebody write to us."""
        known = self._host.roster.person(who) or roster().person(who)
        assert known is not None
        self.reply_from(str(known.numbers[0]), text, 0.0)

    def has_number(self, person: Person, number: str) -> None:
        """Let somebody be reached at a number that nobody has had."""
        self._by_number[number] = person

    def reply_from(self, number: str, text: str, after_s: float) -> None:
        """Send us a short message after a while."""
        code = CODE.search(text)
        row = None if code is None else self._host.disk.medium.codes.get(code[1])
        person = self._by_number.get(number)
        if row is not None and person is not None and row.person == person.person:
            alarm = AlarmId(row.stream.removeprefix("alarm/"))
            self._watching.answers.note(alarm, str(person.person))
        told = self._watching.from_memory.of(text, number)
        if told is not None and person is not None:
            self._watching.answers.note(told.alarm, str(person.person))

        def send() -> None:
            self._host.world.sleep(after_s)
            self._host.network.send_in(number, text)

        self._host.world.begin(send, "phone")

    def go_on(self) -> None:
        """Go on with what an engine before this one began, if any did.

        Whoever it has written to may answer, and whoever has a case sees to it.
        """
        for row in list(self._host.disk.medium.effects.values()):
            if row.channel == "sms" and row.state in SENT:
                sent = decode_body(row.body)
                self.arrival("sms", sent.address, sent.text(self._host.world.now()))
        for alarm in self._watching.alarms.values():
            if alarm.is_open and alarm.acknowledged is not None:
                self._begin_course(alarm.id, alarm.kind, alarm.acknowledged.by)

    # HQ ----------------------------------------------------------------------------

    def _rouse(self, operator: str, after_s: float) -> None:
        now_s = self._host.world.boottime_s()
        is_away = operator in self.gone or now_s < self.asleep_until_s
        if is_away or operator in self._roused:
            return
        self._roused.add(operator)

        def look() -> None:
            self._host.world.sleep(after_s)
            self._roused.discard(operator)
            self._take_all(operator)

        self._host.world.begin(look, "operator")

    def _take_all(self, operator: str) -> None:
        reader = MemoryReader(self._host.disk.medium)
        for row in reader.heads("alarm/", open_only=True):
            alarm_id = AlarmId(row.stream.removeprefix("alarm/"))
            alarm = self._watching.alarms.get(alarm_id)
            if alarm is None or alarm.acknowledged is not None or not alarm.is_open:
                continue
            self._acknowledge(alarm_id, operator)
            if self._two_at_once:
                self.did("two_at_once")
                self._acknowledge(alarm_id, "spruce")
            if alarm_id not in self._running:
                self._begin_course(alarm_id, alarm.kind, operator)

    def _acknowledge(self, alarm_id: AlarmId, operator: str) -> None:
        by = OperatorId(operator)
        self.give(alarm_id, operator, lambda c: Acknowledge(command_id=c, by=by))

    def _confirm(self, alarm_id: AlarmId, operator: str) -> None:
        by, is_held = OperatorId(operator), "detained" in self.wishes
        remark = "their lawyer" if is_held else ""
        self.give(
            alarm_id,
            operator,
            lambda c: ConfirmSafe(command_id=c, by=by, remark=remark, detained=is_held),
        )

    def _begin_course(self, alarm_id: AlarmId, kind: Kind, operator: str) -> None:
        self._running.add(alarm_id)
        self._courses += 1
        self._host.world.begin(self._course(alarm_id, kind, operator), "case")

    def _course(self, alarm: AlarmId, kind: Kind, operator: str) -> Callable[[], None]:
        """Return what HQ does with a case once somebody has it."""
        draw = random.Random(f"{self._host.world.seed}/course/{self._courses}")
        away = {operator, *self.gone}
        second = next(one for one in OPERATORS if one not in away)
        # Who is called back to a case that was forgotten sees it through: cases that
        # go on all day, paging every half hour, would cost what ten other days do.
        again = alarm in self._run
        self._run.add(alarm)

        def course() -> None:
            world = self._host.world
            world.sleep(draw.uniform(20, 600))
            holder, other = self._handed_over(alarm, operator, second)
            self._link(alarm, holder)
            truth = Truth.VERIFIED if draw.random() < 0.7 else Truth.FALSE
            if draw.random() < 0.7 and kind is Kind.REAL:
                by = OperatorId(holder)
                self.give(
                    alarm, holder, lambda c: Verify(command_id=c, by=by, truth=truth)
                )
                world.sleep(draw.uniform(5, 100))
                if draw.random() < 0.6:
                    decider = OperatorId(other)
                    self.give(
                        alarm,
                        other,
                        lambda c: ApprovePublication(command_id=c, by=decider),
                    )
            world.sleep(draw.uniform(60, 1_200))
            if draw.random() < 0.4 or again:
                for name in (holder, other):
                    self._confirm(alarm, name)
            if draw.random() < 0.85 or again:
                self._close(alarm, holder, may_merge=not again)
            if "reopen" in self.wishes and not again:
                self.did("reopen")
                world.sleep(draw.uniform(0, 60))
                reopener = OperatorId(other)
                self.give(alarm, other, lambda c: Reopen(command_id=c, by=reopener))
            # Whoever takes it when nobody attends to it any more begins anew.
            self._running.discard(alarm)

        return course

    def _handed_over(
        self, alarm: AlarmId, operator: str, second: str
    ) -> tuple[str, str]:
        """Return who has the case from now on, and who stands by."""
        if "hand_over" not in self.wishes:
            return operator, second
        self.did("hand_over")
        by, to = OperatorId(operator), OperatorId(second)
        self.give(
            alarm,
            operator,
            lambda c: HandOver(command_id=c, by=by, to=to, note="my train leaves"),
        )
        return second, operator

    def _link(self, alarm: AlarmId, operator: str) -> None:
        """Say of two cases that they belong together, to each, as the console does."""
        other = self._other_open(alarm) if "link" in self.wishes else None
        if other is None:
            return
        self.did("link")
        for one, two in ((alarm, other), (other, alarm)):
            self._link_to(one, operator, two)

    def _link_to(self, alarm: AlarmId, operator: str, other: AlarmId) -> None:
        by = OperatorId(operator)
        self.give(alarm, operator, lambda c: Link(command_id=c, by=by, other=other))

    def _close(self, alarm: AlarmId, operator: str, *, may_merge: bool) -> None:
        """Close a case, or merge it into another that is open."""
        wanted = may_merge and "merge" in self.wishes
        into = self._other_open(alarm) if wanted else None
        reason = CloseReason.SAFE if into is None else CloseReason.DUPLICATE
        if into is not None:
            self.did("merge")
        elif "detained" in self.wishes:
            self.did("detained")
            reason = CloseReason.DETAINED
        by = OperatorId(operator)
        self.give(
            alarm,
            operator,
            lambda c: Close(command_id=c, by=by, reason=reason, into=into),
        )

    def _other_open(self, alarm: AlarmId) -> AlarmId | None:
        others = self._watching.alarms.values()
        return next(
            (
                one.id
                for one in others
                if one.id != alarm and one.is_open and one.kind is Kind.REAL
            ),
            None,
        )

    def give(self, alarm: AlarmId, operator: str, make: Given) -> None:
        """Give a command until the engine has answered, as one who watches does."""
        if operator in self.gone:
            return
        self._serial += 1
        command = make(CommandId(f"hq/{self._serial}"))
        act = type(command).__name__.replace("ApprovePublication", "Approve")
        self._watching.given.add((act, alarm, operator))
        presses = 1
        if "double_click" in self.wishes:
            self.did("double_click")
            presses = 2
        for _ in range(presses):
            self._host.world.begin(lambda: self._until_done(alarm, command), "console")

    def _until_done(self, alarm: AlarmId, command: AlarmCommand) -> None:
        world = self._host.world
        pause_s = PRESSED_AGAIN_S
        while True:
            waits: list[Wait] = []
            done: list[Done] = []

            def answered(
                one: Done, done: list[Done] = done, waits: list[Wait] = waits
            ) -> None:
                done.append(one)
                world.wake(waits)

            forward = Forward(alarm_id=alarm, command=command, answered=answered)
            if self._host.names.tell("alarms", forward):
                world.park(15.0, waits)
            if done and not done[0].failed:
                return
            world.sleep(pause_s)
            pause_s = min(2 * pause_s, PRESSED_AGAIN_MAX_S)


@cache
def secrets() -> frozenset[str]:
    """Return what must reach no label, log or public text: numbers, and aliases."""
    words = re.compile(r"^\+\d{6,}$")
    people = roster().people
    numbers = {
        str(number)
        for person in people
        for number in person.addresses_on("sms")
        if words.match(str(number))
    }
    defenders = {p.alias for p in people if str(p.person) in devices()}
    return frozenset({*numbers, *defenders, *NEW_NUMBERS})
