"""What one defender goes through, after a true end and after a forced one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.commands import (
    AlarmCommand,
    Close,
    ConfirmSafe,
    Follow,
    HearOfPress,
    Link,
    RequestCancel,
)
from engine.alarm.decide import Events
from engine.alarm.handing import pass_on
from engine.alarm.messages import Done, Forward
from engine.alarm.state import CloseReason, FalseClass, ReplyKind, Truth, stream_of
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Step
from engine.roster.model import Word
from engine.values import (
    AlarmId,
    CommandId,
    Instant,
    OperatorId,
    PersonId,
    Signal,
    StepId,
)
from tests.engine.alarm.forced import ATTENDED
from tests.engine.alarm.scene import (
    ALDER,
    ROWAN,
    TASHKENT,
    Scene,
    head_row,
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
    moved: int = 0
    ends: EffectState = EffectState.ACCEPTED
    """What becomes of each message to the defender."""

    # what the defender does, or whoever holds their telephone ----------------------

    def press(self) -> None:
        number = len(self.cases) + 1
        press = press_of(f"press-{number}-{self.now.ms}", self.now)
        own = AlarmId(f"a{number}")
        self._give(*self.book.join(raise_of(press, PROTOCOL), own))

    def cancel(self, word: Word | None = None, *, unseen: bool = False) -> None:
        """Say a word by a telephone; one of force raises where nothing is open."""
        number, word = len(self.cases) + 1, word or self.word
        press = replace(
            press_of(f"cancel-{number}-{self.now.ms}", self.now, (Signal.CANCEL,)),
            proven=word is Word.SAFE,
            duress=word is Word.DURESS,
            unseen=unseen,
        )
        known = self.book.of("heron")
        if known is not None:
            cancel = RequestCancel(command_id=CommandId(press.key), press=press)
            self._give(known, cancel)
        elif press.duress:
            own = AlarmId(f"a{number}")
            self._give(*self.book.join(raise_of(press, PROTOCOL), own))

    def cancel_from_elsewhere(self) -> None:
        """Say it from another number, or beside a time: the true word is then none."""
        if self.word is Word.DURESS:
            self.cancel(unseen=True)

    def call_from_elsewhere(self) -> None:
        """Say it beside an SOS from another number: the true word makes it nobody's."""
        if self.word is Word.DURESS:
            number = len(self.cases) + 1
            press = press_of(f"call-{number}-{self.now.ms}", self.now)
            press = replace(press, duress=True, unseen=True)
            own = AlarmId(f"a{number}")
            self._give(*self.book.join(raise_of(press, PROTOCOL), own))

    def confirm(self, index: int, word: Word | None = None) -> None:
        """Answer the question of the first, or of the last, case that they know of."""
        if self.seen:
            self.seen[index].reply("heron", ReplyKind.SAFE, word=word or self.word)

    def answer_without_word(self) -> None:
        if self.seen:
            self.seen[-1].reply("heron", ReplyKind.SAFE)

    def need_help(self) -> None:
        if self.seen:
            self.seen[-1].reply("heron", ReplyKind.NEED_HELP)

    def move(self) -> None:
        """Be a kilometre further on, by a device that says so."""
        self.moved += 1
        lat_deg = 41.3 + 0.01 * self.moved
        place = replace(TASHKENT, lat_deg=lat_deg, at=self.now)
        for open_id in list(self.book.of_all([PersonId("heron")])):
            case = self.cases[open_id]
            case.do(Follow(command_id=case.command_id(), place=place))

    # what others do ------------------------------------------------------------------

    def acknowledge(self, by: OperatorId = ALDER) -> None:
        for case in self.seen:
            if case.state().is_open and case.state().acknowledged is None:
                case.acknowledge(by)

    def close(
        self, index: int, by: OperatorId, reason: CloseReason = CloseReason.SAFE
    ) -> None:
        if self.seen:
            self.seen[index].close(by, reason)

    def reopen(self, index: int) -> None:
        if self.seen:
            self.seen[index].reopen()

    def verify(self, index: int, truth: Truth = Truth.VERIFIED) -> None:
        if self.seen:
            self.seen[index].verify(truth)

    def seen_safe(self, index: int) -> None:
        if self.seen:
            self.seen[index].reply("c1", ReplyKind.SAFE)

    def confirmed_safe(self, by: OperatorId) -> None:
        if self.seen:
            self.seen[-1].confirm_safe(by)

    def heard_safe(self, index: int, by: OperatorId) -> None:
        """Write down how one knows that they are safe: they have said so, say."""
        if self.seen:
            self.seen[index].confirm_safe(by, "she came to the office")

    def said_held(self, index: int, by: OperatorId) -> None:
        """Say by whom they are held, and how one knows: after the end as well."""
        if self.seen:
            case = self.seen[index]
            command_id, remark = case.command_id(), "seen at the station"
            case.do(
                ConfirmSafe(command_id=command_id, by=by, remark=remark, detained=True)
            )

    def end_as_held(self, index: int, by: OperatorId) -> None:
        """Say so and close it; where it is closed, to have said so is all there is."""
        self.said_held(index, by)
        self.close(index, by, CloseReason.DETAINED)

    def said_by_telephone(self, index: int) -> None:
        """Type into a case, also one that is over, which word they have said."""
        if self.seen:
            self.seen[index].cancel(self.word)

    def called_false(self) -> None:
        """Close the last as a false alarm, as somebody at HQ takes it to be."""
        if self.seen:
            case = self.seen[-1]
            case.do(
                Close(
                    command_id=case.command_id(),
                    by=ROWAN,
                    reason=CloseReason.FALSE_ALARM,
                    false_class=FalseClass.BY_MISTAKE,
                )
            )

    def merge(self) -> None:
        """Close the last into the first, where there are two."""
        if len(self.seen) > 1:
            first, case = self.seen[0], self.seen[-1]
            case.do(
                Close(
                    command_id=case.command_id(),
                    by=ALDER,
                    reason=CloseReason.DUPLICATE,
                    into=first.id,
                )
            )

    def link(self) -> None:
        """See the first and the last as belonging together."""
        for one, other in ((0, -1), (-1, 0)):
            if len(self.seen) > 1:
                case, beside = self.seen[one], self.seen[other]
                command_id = case.command_id()
                case.do(Link(command_id=command_id, by=ALDER, other=beside.id))

    def days(self, number: int = 1) -> None:
        """Let days pass in which somebody at HQ attends to it."""
        self.acknowledge()
        self.run(number * DAY_S)

    def run(self, seconds: float) -> None:
        for case in list(self.cases.values()):
            self._settle(case)
            case.run(seconds, each_due=partial(self._settle, case))
        self.now = self.now.plus(timedelta(seconds=seconds))

    def restart(self) -> None:
        """Read the book from the rows' clear columns, in no order that means much."""
        self.book = OpenCases()
        alarms = [case.state() for case in reversed(self.cases.values())]
        heads = [row for row in map(head_row, alarms) if row.head.is_open]
        began = {stream_of(alarm.id): alarm.raised_at for alarm in alarms}
        if self.book.read(heads, {}, self.now):
            self.book.read(heads, began, self.now)

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
        if case.alarm is not None:
            self._settle(case)
        case.do(command)

    def _settle(self, case: Case) -> None:
        theirs = {event.effect for event in case.planned(Audience.DEFENDER)}
        for effect in case.waiting():
            if effect in theirs:
                case.settle(effect, self.ends)
        case.settle_all()

    def _told(self, case: Case, command: AlarmCommand) -> None:
        self.book.note(standing_of(case.state()))
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
    "verify as false": lambda life: life.verify(-1, Truth.FALSE),
    "close as false": Life.called_false,
    "merge": Life.merge,
    "link": Life.link,
    "seen safe": lambda life: life.seen_safe(0),
    "the last seen safe": lambda life: life.seen_safe(-1),
    "confirmed safe": lambda life: life.confirmed_safe(ALDER),
    "confirmed by the other": lambda life: life.confirmed_safe(ROWAN),
    "heard that they are safe": lambda life: life.heard_safe(-1, ALDER),
    "heard it of the first": lambda life: life.heard_safe(0, ROWAN),
    "said to be held": lambda life: life.said_held(-1, ROWAN),
    "the first said to be held": lambda life: life.said_held(0, ALDER),
    "close as detained": lambda life: life.end_as_held(-1, ALDER),
    "close the first as detained": lambda life: life.end_as_held(0, ROWAN),
    "a word by telephone": lambda life: life.said_by_telephone(-1),
    "a word of the first": lambda life: life.said_by_telephone(0),
    "a word from elsewhere": Life.cancel_from_elsewhere,
    "a call from elsewhere": Life.call_from_elsewhere,
    "the true word": lambda life: life.cancel(Word.SAFE),
    "the word of force": lambda life: life.cancel(Word.DURESS),
    "answer with the true word": lambda life: life.confirm(-1, Word.SAFE),
    "answer with the word of force": lambda life: life.confirm(-1, Word.DURESS),
    "answer without a word": Life.answer_without_word,
    "need help": Life.need_help,
    "move": Life.move,
    "a day passes": Life.days,
    "restart": Life.restart,
}


def lived(
    word: Word,
    acts: list[tuple[int, str]],
    ends: EffectState = EffectState.ACCEPTED,
) -> Life:
    """Return what a first case, ended after that word, and these acts come to."""
    life = Life(word, ends=ends)
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
