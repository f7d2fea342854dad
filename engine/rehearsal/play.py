"""Plays an action protocol in virtual time, by the deciding that alarms run on. Pure.

The people are made up, as many as the protocol asks for; what they and the channels
do is the what-if. What comes out is what a running alarm would do, step by step.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from msgspec import structs

from engine.alarm.commands import (
    Acknowledge,
    AddNote,
    AlarmCommand,
    ApprovePublication,
    Close,
    ConfirmSafe,
    Follow,
    Raise,
    Recipient,
    RequestCancel,
    Settle,
    TakeReply,
    Tick,
    Verify,
)
from engine.alarm.decide import consider
from engine.alarm.events import (
    ActRefused,
    AlarmEvent,
    AlarmRaised,
    NotificationPlanned,
)
from engine.alarm.force import countdown_end
from engine.alarm.refusals import RefusalGround
from engine.alarm.schedule import next_due
from engine.alarm.state import (
    NOWHERE,
    Alarm,
    CloseReason,
    Kind,
    KnownPlace,
    PlaceSource,
    Press,
    ReplyKind,
)
from engine.ports.journal import EffectState
from engine.protocol.checks import PUBLIC_TEXT
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.phrases import span
from engine.rehearsal.people import whom
from engine.rehearsal.telling import is_open, is_taken, signs_of, words_of
from engine.rehearsal.world import WhatIf
from engine.values import (
    AlarmId,
    CommandId,
    EffectId,
    Instant,
    OperatorId,
    PersonId,
    ReportKey,
    Signal,
    StepId,
)

BEGIN = Instant.parse("2026-01-01T00:00:00Z")
SENDS = {"sms": timedelta(seconds=4), "call": timedelta(seconds=20)}
SENDS_ELSE = timedelta(seconds=1)
ARRIVES = timedelta(seconds=6)
"""So long after the network has taken it a short message is at the telephone."""
READS = timedelta(seconds=30)
"""So long after taking it again an operator does what could not be done before."""
MODEM = frozenset({"sms", "call"})
TURNS_MAX = 5_000
MOVES_MAX = 6
KILOMETRE_DEG = 0.009
"""Of latitude."""
_ALARM = AlarmId("rehearsal")
_BY = OperatorId("officer-1")
_EARLY = frozenset({RefusalGround.NOT_ACKNOWLEDGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happens: `lane` is a step's id or `people`.

    `is_out` where a message has gone out.
    """

    after: timedelta
    lane: str
    words: str
    is_bad: bool = False
    is_out: bool = False


@dataclass(slots=True)
class _Play:
    protocol: ActionProtocol
    what_if: WhatIf
    until: timedelta
    now: Instant = BEGIN
    alarm: Alarm | None = None
    moments: list[Moment] = field(default_factory=list)
    waiting: list[tuple[int, int, AlarmCommand]] = field(default_factory=list)
    early: list[AlarmCommand] = field(default_factory=list)
    serial: Callable[[], int] = field(default_factory=lambda: count().__next__)

    def run(self) -> tuple[Moment, ...]:
        """Play to the end of the time."""
        self._do(self._raise())
        self._people()
        ends = BEGIN.plus(self.until)
        for _ in range(TURNS_MAX):
            at = self._next_at()
            if at is None or at > ends:
                break
            self.now = max(at, self.now)
            if self.waiting and self.waiting[0][0] <= self.now.ms:
                self._do(heapq.heappop(self.waiting)[2])
            else:
                self._do(Tick(command_id=self._id()))
        else:
            self._tell_cut()
        return tuple(self.moments)

    def _next_at(self) -> Instant | None:
        times = [Instant(self.waiting[0][0])] if self.waiting else []
        if self.alarm is not None:
            due = next_due(self.alarm, self.now)
            times += [] if due is None else [due]
        return min(times, default=None)

    def _do(self, command: AlarmCommand) -> None:
        found: dict[tuple[StepId, int], tuple[Recipient, ...]] = {}
        decision = consider(_ALARM, self.alarm, command, found, self.now)
        while decision.lookups:
            for lookup in decision.lookups:
                found[lookup.step, lookup.round] = whom(lookup, self.what_if.colleagues)
            decision = consider(_ALARM, self.alarm, command, found, self.now)
        before, self.alarm = self.alarm, decision.alarm
        for number, event in enumerate(decision.events):
            self._tell(event, before)
            if not number:
                self._tell_signs(before, decision.events)
            if isinstance(event, NotificationPlanned):
                self._send(event)
            if isinstance(event, ActRefused) and event.ground in _EARLY:
                self.early.append(command)
        self._at_hq(before)

    def _raise(self) -> Raise:
        place = KnownPlace(
            source=PlaceSource.DEVICE, lat_deg=59.33, lon_deg=18.06, at=self.now
        )
        return Raise(
            command_id=self._id(),
            kind=Kind.REAL,
            subject="defender",
            defender=PersonId("defender"),
            alias="Defender",
            country="SE",
            consented=self.what_if.published is not None,
            public_name="Defender",
            protocol=self.protocol,
            press=Press(
                key=ReportKey("press"),
                at=self.now,
                wire_protocol="rehearsal",
                signals=(self.what_if.trigger,),
            ),
            place=NOWHERE if self.what_if.position_missing else place,
        )

    def _people(self) -> None:
        """Put down what people do, and when."""
        world, rule = self.what_if, self.protocol.verification
        self._defender()
        if world.acknowledged is not None:
            self._later(world.acknowledged, Acknowledge(command_id=self._id(), by=_BY))
            self._attend(world.acknowledged)
        for by in _at_hq(1 if rule is None else rule.needs):
            if world.verified is not None:
                self._later(world.verified, Verify(command_id=self._id(), by=by))
        self._publish()
        if world.closed is None:
            return
        for by in _at_hq(self.protocol.all_clear_needs)[1:]:
            self._later(world.closed, ConfirmSafe(command_id=self._id(), by=by))
        close = Close(command_id=self._id(), by=_BY, reason=CloseReason.SAFE)
        self._later(world.closed, close)

    def _publish(self) -> None:
        """Have whoever decides approve the first text for the public."""
        world, rule = self.what_if, self.protocol.verification
        steps = self.protocol.steps
        texts = [step.text for step in steps if step.to is Audience.PUBLIC]
        if world.published is None:
            return
        *_, by = _at_hq(2 if rule is None else rule.needs + 1)
        decider = self.protocol.publication.decider
        approve = ApprovePublication(
            command_id=self._id(),
            by=by if decider is None else OperatorId(decider),
            template=next(iter(texts), PUBLIC_TEXT),
        )
        self._later(world.published, approve)

    def _defender(self) -> None:
        """Put down what the defender, or whoever has their device, does."""
        world = self.what_if
        if world.cancelled is not None:
            press = Press(
                key=ReportKey("cancel"),
                at=BEGIN.plus(world.cancelled),
                wire_protocol="rehearsal",
                signals=(Signal.CANCEL,),
                duress=world.forced,
            )
            cancel = RequestCancel(command_id=self._id(), press=press)
            self._later(world.cancelled, cancel)
        for number in range(1, 0 if world.moves is None else MOVES_MAX + 1):
            after = timedelta(0) if world.moves is None else world.moves * number
            place = KnownPlace(
                source=PlaceSource.DEVICE,
                lat_deg=59.33 + number * KILOMETRE_DEG,
                lon_deg=18.06,
                at=BEGIN.plus(after),
            )
            self._later(after, Follow(command_id=self._id(), place=place))

    def _at_hq(self, before: Alarm | None) -> None:
        """Have HQ take anew what waits for them again, and do then what was refused."""
        had, has = is_taken(before), is_taken(self.alarm)
        world, passed = self.what_if, self.now.since(BEGIN)
        takes = None if world.attends is None else world.acknowledged
        if had and not has and is_open(self.alarm) and takes is not None:
            again = Acknowledge(command_id=self._id(), by=_BY)
            self._later(passed + takes, again)
        if has and not had:
            for one in self.early:
                self._later(passed + READS, structs.replace(one, command_id=self._id()))
            self.early.clear()

    def _attend(self, taken: timedelta) -> None:
        """Have HQ do something about it, again and again, to the end of it."""
        each, ends = self.what_if.attends, self.what_if.closed or self.until
        if each is None:
            return
        for number in range(1, (ends - taken) // each + 1):
            note = AddNote(command_id=self._id(), by=_BY, text="still at it")
            self._later(taken + each * number, note)

    def _send(self, event: NotificationPlanned) -> None:
        """Let a channel do its work, as the what-if has it."""
        takes = SENDS.get(event.channel, SENDS_ELSE)
        fails = not self._is_out(event)
        settle = Settle(
            command_id=self._id(),
            effect=EffectId(event.effect),
            state=EffectState.REJECTED if fails else EffectState.ACCEPTED,
            attempt=1,
            route="modem-1" if event.channel in MODEM else event.channel,
            reason="no modem" if fails else "",
            retry=fails,
        )
        passed = self.now.since(BEGIN)
        self._later(passed + takes, settle)
        if not fails and event.channel == "sms":
            arrived = structs.replace(
                settle, command_id=self._id(), state=EffectState.DELIVERED
            )
            self._later(passed + takes + ARRIVES, arrived)
        if not fails and event.audience is Audience.NEAREST:
            self._answer(event.person, passed + takes)

    def _answer(self, person: str, told: timedelta) -> None:
        """Have whoever was told answer, if they are one of those who do."""
        coming, declines = self.what_if.coming, self.what_if.declines
        who_comes = "colleague-1" if declines is None else "colleague-2"
        answers = {"colleague-1": (declines, ReplyKind.CANNOT)}
        answers[who_comes] = (coming, ReplyKind.COMING)
        after, kind = answers.get(person, (None, ReplyKind.CANNOT))
        if after is None:
            return
        reply = TakeReply(
            command_id=self._id(),
            person=person,
            reply=kind,
            authentic=True,
            channel="sms",
        )
        self._later(max(after, told), reply)

    def _tell(self, event: AlarmEvent, before: Alarm | None) -> None:
        told = words_of(event, before)
        if told is not None:
            lane, words, is_bad = told
            after = self.now.since(BEGIN)
            self.moments.append(
                Moment(
                    after=after,
                    lane=lane,
                    words=words,
                    is_bad=is_bad,
                    is_out=self._is_out(event),
                )
            )
        if isinstance(event, AlarmRaised) and self.protocol.countdown:
            self._tell_countdown(event)

    def _tell_signs(self, before: Alarm | None, events: Sequence[AlarmEvent]) -> None:
        words = signs_of(before, self.alarm, events)
        if words:
            after = self.now.since(BEGIN)
            self.moments.append(
                Moment(after=after, lane="people", words=words, is_bad=True)
            )

    def _tell_countdown(self, event: AlarmRaised) -> None:
        waits = timedelta(0)
        if self.alarm is not None:
            waits = countdown_end(self.alarm).since(event.at)
        words = (
            f"colleagues and contacts are not told for {span(waits)}: a countdown"
            if waits
            else "nobody waits: the countdown is for a press or a fall"
        )
        self.moments.append(Moment(after=timedelta(0), lane="people", words=words))

    def _tell_cut(self) -> None:
        after = self.now.since(BEGIN)
        words = f"the rehearsal stops here, after {TURNS_MAX} acts, and not the alarm"
        self.moments.append(
            Moment(after=after, lane="people", words=words, is_bad=True)
        )

    def _is_out(self, event: AlarmEvent) -> bool:
        fails = self.what_if.modem_down
        return isinstance(event, NotificationPlanned) and not (
            fails and event.channel in MODEM
        )

    def _later(self, after: timedelta, command: AlarmCommand) -> None:
        at = BEGIN.plus(after)
        heapq.heappush(self.waiting, (at.ms, self.serial(), command))

    def _id(self) -> CommandId:
        return CommandId(f"rehearsal/{self.serial()}")


def play(
    protocol: ActionProtocol,
    what_if: WhatIf | None = None,
    *,
    until: timedelta = timedelta(hours=2),
) -> tuple[Moment, ...]:
    """Return what happens, in order, within that time of the raise."""
    return _Play(protocol, what_if or WhatIf(), until).run()


def _at_hq(number: int) -> list[OperatorId]:
    return [OperatorId(f"officer-{n}") for n in range(1, number + 1)]
