"""One alarm on a table: decided, written, read back and folded, without a thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.codec import encode, replay
from engine.alarm.commands import (
    Acknowledge,
    AlarmCommand,
    ApprovePublication,
    Close,
    ConfirmSafe,
    Found,
    Lookup,
    Raise,
    Recipient,
    Reopen,
    RequestCancel,
    Settle,
    TakeIn,
    TakeReply,
    Tick,
    Verify,
)
from engine.alarm.decide import Events, consider, lookups
from engine.alarm.events import AlarmEvent, NotificationPlanned
from engine.alarm.rows import head_of
from engine.alarm.schedule import next_due
from engine.alarm.state import (
    Alarm,
    CloseReason,
    Kind,
    KnownPlace,
    PlaceSource,
    Press,
    ReplyKind,
    SourceDoubt,
    Truth,
    stream_of,
)
from engine.dispatch.body import EffectBody
from engine.ports.journal import EffectState, HeadRow, StoredEvent
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.registry import load_registry
from engine.roster.model import Word
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
from tests.fakes import START

ALDER, ROWAN = OperatorId("alder"), OperatorId("rowan")
ALARM = AlarmId("a1")
PROTOCOLS = load_registry(None, "standard").protocols
ENDED_BY_ONE = replace(PROTOCOLS["standard"], all_clear_needs=1)
"""For what is not about the all-clear: no sample that calls people is ended by one."""
TASHKENT = KnownPlace(
    source=PlaceSource.DEVICE,
    lat_deg=41.31151,
    lon_deg=69.27974,
    accuracy_m=20.0,
    at=START,
)
ROTA = ("alder", "rowan", "spruce")


def colleague(name: str, km: float) -> Recipient:
    """Return somebody so far away."""
    return Recipient(
        person=name,
        alias=name.title(),
        language="en",
        sign=f"sign-{name}",
        addresses=(("sms", f"+1555{name}"),),
        code=f"code-{name}",
        distance_m=km * 1000,
    )


def without(protocol: ActionProtocol, *steps: str) -> ActionProtocol:
    """Return an action protocol with steps taken out."""
    kept = tuple(step for step in protocol.steps if step.id not in steps)
    return replace(protocol, steps=kept)


def press_of(
    key: str = "k1",
    at: Instant = START,
    signals: tuple[Signal, ...] = (Signal.SOS,),
    *,
    doubt: SourceDoubt | None = None,
    text: str = "",
) -> Press:
    """Return a press."""
    return Press(
        key=ReportKey(key),
        at=at,
        wire_protocol="gt06",
        signals=signals,
        doubt=doubt,
        text=text,
    )


def raise_of(
    press: Press,
    protocol: ActionProtocol = ENDED_BY_ONE,
    *,
    kind: Kind = Kind.REAL,
    consented: bool = True,
    place: KnownPlace = TASHKENT,
) -> Raise:
    """Return heron's distress."""
    return Raise(
        command_id=CommandId(press.key),
        kind=kind,
        subject="heron",
        defender=PersonId("heron"),
        alias="Heron",
        country="UZ",
        consented=consented,
        protocol=protocol,
        press=press,
        place=place,
        has_words=True,
    )


def head_row(alarm: Alarm) -> HeadRow:
    """Return an alarm's clear columns as a restart finds them."""
    head = head_of(alarm, alarm.opened_at)
    return HeadRow(
        stream=stream_of(alarm.id), owner="", epoch=1, seq=alarm.seq, head=head
    )


def letter(planned: NotificationPlanned) -> EffectBody:
    """Return what a person gets."""
    assert isinstance(planned.body, EffectBody)
    return planned.body


@dataclass
class Scene:
    """Does what the actor does, in one thread and in manual time."""

    protocol: ActionProtocol = ENDED_BY_ONE
    id: AlarmId = ALARM
    colleagues: tuple[Recipient, ...] = tuple(
        colleague(f"c{number}", km=10.0 * number) for number in range(1, 21)
    )
    kind: Kind = Kind.REAL
    consented: bool = True
    now: Instant = START
    alarm: Alarm | None = None
    events: list[AlarmEvent] = field(default_factory=list)
    rows: list[StoredEvent] = field(default_factory=list)
    asked: list[Lookup] = field(default_factory=list)
    serial: int = 0

    # commands ------------------------------------------------------------------

    def do(self, command: AlarmCommand) -> Events:
        """Decide, encode, decode, fold; return the facts."""
        found: Found = self._found(command)
        decision = consider(self.id, self.alarm, command, found, self.now)
        assert decision.lookups == ()
        events = decision.events
        new = [self._row(event, command.command_id) for event in events]
        self.alarm = replay(self.id, self.alarm, new)
        assert self.alarm == decision.alarm, "the actor goes on from the decision's"
        self.rows += new
        self.events += events
        return events

    def raised(
        self,
        key: str = "k1",
        *,
        doubt: SourceDoubt | None = None,
        signals: tuple[Signal, ...] = (Signal.SOS,),
        text: str = "",
        place: KnownPlace = TASHKENT,
    ) -> "Scene":
        """Press the button now."""
        press = press_of(key, self.now, signals, doubt=doubt, text=text)
        command = raise_of(
            press,
            self.protocol,
            kind=self.kind,
            consented=self.consented,
            place=place,
        )
        self.do(command)
        return self

    def acknowledge(self, by: OperatorId = ALDER, *, holds: bool = False) -> Events:
        return self.do(Acknowledge(command_id=self.command_id(), by=by, holds=holds))

    def take_in(self, other: str) -> Events:
        """Have another case merged into this one."""
        return self.do(
            TakeIn(command_id=self.command_id(), other=AlarmId(other), people=())
        )

    def verify(self, truth: Truth = Truth.VERIFIED, by: OperatorId = ALDER) -> Events:
        return self.do(Verify(command_id=self.command_id(), by=by, truth=truth))

    def approve(self, by: OperatorId = ROWAN, template: str = "public") -> Events:
        return self.do(
            ApprovePublication(command_id=self.command_id(), by=by, template=template)
        )

    def close(
        self, by: OperatorId = ALDER, reason: CloseReason = CloseReason.SAFE
    ) -> Events:
        return self.do(Close(command_id=self.command_id(), by=by, reason=reason))

    def reopen(self, by: OperatorId = ALDER) -> Events:
        return self.do(Reopen(command_id=self.command_id(), by=by))

    def reply(
        self,
        person: str,
        kind: ReplyKind,
        *,
        authentic: bool = True,
        duress: bool = False,
        word: Word | None = None,
        sent: Instant | None = None,
    ) -> Events:
        return self.do(
            TakeReply(
                command_id=self.command_id(),
                person=person,
                reply=kind,
                authentic=authentic,
                channel="sms",
                proven=word is Word.SAFE,
                duress=duress or word is Word.DURESS,
                sent=sent,
            )
        )

    def cancel(self, word: Word | None = None) -> Events:
        """Ask to call it off, with one of the defender's words or without."""
        command_id = self.command_id()
        press = replace(
            press_of(command_id, self.now, (Signal.CANCEL,)),
            proven=word is Word.SAFE,
            duress=word is Word.DURESS,
        )
        return self.do(RequestCancel(command_id=command_id, press=press))

    def confirm_safe(self, by: OperatorId = ALDER, remark: str = "") -> Events:
        command_id = self.command_id()
        return self.do(ConfirmSafe(command_id=command_id, by=by, remark=remark))

    def settle(
        self,
        effect: EffectId,
        state: EffectState,
        *,
        route: str = "modem-1",
        retry: bool = False,
    ) -> Events:
        return self.do(
            Settle(
                command_id=CommandId(f"{effect}/{state}"),
                effect=effect,
                state=state,
                attempt=1,
                route=route,
                retry=retry,
            )
        )

    def settle_all(self, state: EffectState = EffectState.ACCEPTED) -> None:
        """Settle whatever is planned."""
        for effect in self.waiting():
            self.settle(effect, state)

    def tick(self) -> Events:
        return self.do(Tick(command_id=self.command_id()))

    # time ------------------------------------------------------------------------

    def run(self, seconds: float, each_due: Callable[[], object] | None = None) -> None:
        """Go from deadline to deadline, as the timers do."""
        until = self.now.plus(timedelta(seconds=seconds))
        for _ in range(10_000):
            assert self.alarm is not None
            due = next_due(self.alarm, self.now)
            if due is None or due > until:
                break
            self.now = due
            self.tick()
            if each_due is not None:
                each_due()
        else:
            message = "deadlines without end at one time"
            raise AssertionError(message)
        self.now = until

    # what is seen -----------------------------------------------------------------

    def state(self) -> Alarm:
        assert self.alarm is not None
        return self.alarm

    def planned(self, *audiences: Audience) -> list[NotificationPlanned]:
        """Return every notification planned so far, for these audiences."""
        return [
            event
            for event in self.events
            if isinstance(event, NotificationPlanned)
            and (not audiences or event.audience in audiences)
        ]

    def told(self, *audiences: Audience) -> list[str]:
        return [event.person for event in self.planned(*audiences)]

    def waiting(self) -> list[EffectId]:
        effects: Mapping[EffectId, object] = self.state().effects
        return [
            effect
            for effect in effects
            if self.state().effects[effect].state is EffectState.PLANNED
        ]

    def of(self, kind: type[AlarmEvent]) -> list[AlarmEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def command_id(self) -> CommandId:
        self.serial += 1
        return CommandId(f"c{self.serial}")

    def _found(self, command: AlarmCommand) -> Found:
        found: dict[tuple[StepId, int], tuple[Recipient, ...]] = {}
        while asked := lookups(self.id, self.alarm, command, found, self.now):
            self.asked += asked
            for lookup in asked:
                found[lookup.step, lookup.round] = self._answer(lookup)
        return found

    def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
        match lookup.audience:
            case Audience.NEAREST:
                within_m = lookup.within_m or 1e9
                return tuple(
                    one
                    for one in self.colleagues
                    if one.person not in lookup.exclude
                    and (one.distance_m or 0.0) <= within_m
                )[: lookup.count]
            case Audience.DUTY:
                rota = [one for one in ROTA if one not in lookup.exclude] or ROTA
                name = rota[lookup.turn % len(rota)]
                one = colleague(name, 0)
                number = one.addresses[0][1]
                both = (("sms", number), ("call", number))
                return (structs.replace(one, addresses=both, distance_m=None),)
            case Audience.DEFENDER:
                code = "code-heron" if self.id == ALARM else f"code-{self.id}"
                return (
                    structs.replace(colleague("heron", 0), code=code, distance_m=None),
                )
            case Audience.HQ:
                return (
                    structs.replace(_nobody("hq-1"), addresses=(("email", "hq@x"),)),
                )
            case Audience.PUBLIC:
                public = structs.replace(
                    _nobody("public-1"), addresses=(("public", ""),)
                )
                return (structs.replace(public, country_name="Uzbekistan"),)
            case _:
                return ()

    def _row(self, event: AlarmEvent, command_id: CommandId) -> StoredEvent:
        new = encode(event)
        seq = (0 if self.alarm is None else self.alarm.seq) + 1
        return StoredEvent(
            position=len(self.rows) + 1,
            stream=f"alarm/{self.id}",
            seq=seq,
            epoch=1,
            command_id=command_id,
            kind=new.kind,
            version=new.version,
            at=self.now,
            body=new.body,
            hash=b"",
        )


def _nobody(person: str) -> Recipient:
    return Recipient(person=person, alias=person, language="en", sign="", addresses=())
