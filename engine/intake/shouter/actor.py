"""Tells HQ on every channel, from memory, of a distress that got no further.

Until a route to each address has taken it, or the distress is an alarm after all.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import ClassVar, assert_never

from engine.alarm.commands import AddNote, AlarmCommand, Raise, TakeReply
from engine.alarm.messages import Distress, Forward
from engine.alarm.state import Kind
from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.dispatch.outcomes import AWAY, Outcome
from engine.intake.absence import SOURCE_ABSENCE, absence_command, absence_of
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.assess import Outcome as Outcomes
from engine.intake.judge import Judge, alarm_id, raise_command
from engine.intake.reports import decode_report
from engine.intake.shouter.call import (
    NOT_RECORDED,
    STANDING,
    Call,
    Deaf,
    Lost,
    call_of_deaf,
    call_of_lost,
    words_of,
    words_of_answer,
)
from engine.intake.shouter.memory_case import Message, is_call_for_help
from engine.intake.shouter.memory_cases import MemoryCases
from engine.intake.shouter.rank import Rank, rank_of, rank_of_record, rank_of_sms
from engine.intake.shouter.unhandled import (
    NOT_HANDLED,
    Unhandled,
    key_of,
    raw_words,
    said_of,
    word_of,
)
from engine.intake.shouter.unheard import AGAIN, Notice, Unheard, Way, by_rank
from engine.intake.shouter.whom import Address, addresses_about, addresses_for
from engine.intake.sms import SOURCE_SMS
from engine.journal.rules import records_of
from engine.ports.journal import Record, Request
from engine.ports.telemetry import Telemetry
from engine.protocol.texts import Segment
from engine.roster.board import Board
from engine.roster.model import Roster
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.names import reaches
from engine.values import AlarmId, Instant, PersonId, ReportKey

logger = logging.getLogger(__name__)

KEPT = 100
"""So many of each rank: whoever says much takes no distress off."""
TOLD_MAX = 10_000
"""More than can wait for a case's room: each of them comes again every ten seconds."""
SAID_MAX = 1_000
CROWD = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """A distress that the journal could not take."""

    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkept:
    """A distress that is recorded, and no alarm: the disk has no room for its rows.

    Its device was answered and repeats nothing. It is an alarm once there is room.
    `begins` where it would have begun a case; of an open one people know.
    """

    command: Raise
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a shout on a route; `asked` says which time it was."""

    notice: Notice
    way: Way
    asked: int
    outcome: Outcome
    urgent: bool = True


Remarks = TakeReply | AddNote
SMS = "sms"
_A_MESSAGE = (
    Segment(priority=1, text=NOT_RECORDED),
    Segment(priority=1, text="a message that reached us."),
)
Said = NotRecorded | Unhandled | Unkept | Lost | Deaf | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Heed:
    """A hint: `Unrecorded` has something for the shouter."""

    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedLine:
    """What the console shows of one: when, and the text that HQ got."""

    key: ReportKey
    at: Instant
    text: str
    rank: Rank = Rank.DISTRESS


class Unrecorded:
    """The last distresses and words, for the console; and the way to the shouter.

    Any thread. It outlives the shouter, and has what that one must not lose with its
    inbox: no row does. `committed` takes a report off the list once it is durable.
    """

    def __init__(
        self, tell: Callable[[Heed], bool], roster: Callable[[], Roster]
    ) -> None:
        """Take the way to the shouter, and who is in the roster just now."""
        self._tell, self._roster = tell, roster
        self._lock = threading.Lock()
        self._lines: tuple[UnrecordedLine, ...] = ()
        self._said: deque[Said] = deque(maxlen=SAID_MAX)
        # Neither pushes a distress out: anybody can be a thousand strangers, and of
        # answers there are as many as the routes were asked.
        self._strangers: deque[Said] = deque(maxlen=SAID_MAX)
        self._answers: deque[Said] = deque()
        self.told: dict[ReportKey, None] = {}
        """What HQ has heard, or may have; of the shouter's thread."""
        self.unheard: dict[ReportKey, Unheard] = {}
        """What is still shouted; of the shouter's thread."""

    def refused(self, requests: Sequence[Request]) -> None:
        """Take what the journal could not make durable; must not block or raise."""
        for record in chain.from_iterable(map(records_of, requests)):
            if record.source in {SOURCE_DEVICE, SOURCE_SMS, SOURCE_ABSENCE}:
                self.say(NotRecorded(record=record))

    def say(self, said: Said) -> None:
        """Tell the shouter, or the next one where none is up; does not block."""
        self._lane(said).append(said)
        self._tell(Heed())

    def _lane(self, said: Said) -> deque[Said]:
        if isinstance(said, Answered):
            return self._answers
        rank = Rank.DISTRESS
        if isinstance(said, NotRecorded):
            rank = rank_of_record(self._roster(), said.record)
        elif isinstance(said, Unkept):
            rank = rank_of(self._roster(), said.command)
        return self._strangers if rank is Rank.NOBODYS else self._said

    def unkept(self, command: AlarmCommand, case: AlarmId) -> None:
        """Take what is recorded, and nothing that a case could make durable of it.

        Of all that somebody said, as of what is put away: whoever reads along could
        tell a word of force by what HQ is told of. Does not block.
        """
        if isinstance(command, Raise):
            begins = case == alarm_id(command.press.key)
            self.say(Unkept(command=command, begins=begins))
        elif len(self._said) >= CROWD:
            return  # it comes again, and must push out no distress that does not
        elif (word := word_of(command, case)) is not None:
            self.say(word)

    def heed(self) -> Iterator[Said]:
        """Yield what has been said to the shouter, once each, strangers' last."""
        while waiting := self._answers or self._said or self._strangers:
            yield waiting.popleft()

    def show(self, line: UnrecordedLine) -> None:
        """Keep a line for the console; a repeat replaces the first."""
        with self._lock:
            kept = [one for one in self._lines if one.key != line.key]
            alike = [one for one in kept if one.rank is line.rank]
            if len(alike) >= KEPT:
                kept.remove(alike[0])
            self._lines = (*kept, line)

    def recorded(self, key: ReportKey) -> None:
        """Take a line off: the device has repeated, and now it is durable."""
        if not self._lines:
            return  # as for nearly every press
        with self._lock:
            self._lines = tuple(one for one in self._lines if one.key != key)

    def shows(self, key: ReportKey) -> bool:
        """Say whether a report is still on the list."""
        return any(line.key == key for line in self.lines())

    def lines(self) -> tuple[UnrecordedLine, ...]:
        """Return what is still unrecorded, oldest first."""
        with self._lock:
            return self._lines


class Shouter(SupervisedActor[Heed]):
    """Sends to HQ's own addresses and to everybody on duty, through every route."""

    bound: ClassVar[int] = 1_000

    def __init__(
        self,
        *,
        link: Link,
        judge: Judge,
        board: Board,
        hq: Callable[[], tuple[Address, ...]],
        routes: Callable[[], tuple[tuple[str, str], ...]],
        unrecorded: Unrecorded,
        telemetry: Telemetry,
        cases: MemoryCases | None = None,
    ) -> None:
        """Take what returns HQ's addresses and the routes (worker, channel) of now.

        Without `cases` HQ alone is told.
        """
        super().__init__(link=link)
        self._cases = cases
        self._judge, self._board = judge, board
        self._hq, self._routes = hq, routes
        self._unrecorded, self._telemetry = unrecorded, telemetry
        self._told, self._unheard = unrecorded.told, unrecorded.unheard

    def started(self) -> None:
        """Go on with what an earlier instance had in hand, or never saw."""
        self._heed()
        if self._unheard:
            self.wake_at(self.clock.now())

    def handle(self, message: Heed) -> None:
        """Take what there is."""
        del message
        self._heed()

    def rescan(self) -> None:
        """Take what there is: a hint was dropped."""
        self._heed()

    def _heed(self) -> None:
        if self._cases is not None and self._cases.is_closed:
            return  # another process is about to hear each of them again
        for said in self._unrecorded.heed():
            self._take(said)
            self.beat()

    def _take(self, message: Said) -> None:
        """Shout each report until it is taken, however often the device repeats it."""
        match message:
            case NotRecorded():
                if (call := self._call_of_record(message.record)) is not None:
                    self._shout(call)
            case Unkept(command=command, begins=begins):
                self._shout(self._call_of(command, NOT_RECORDED, tells=begins))
            case Lost():
                self._shout(call_of_lost(message, self._for(None)))
            case Deaf():
                self._shout(call_of_deaf(message, self._for(None)))
            case Unhandled():
                self._put_away(message)
            case Answered():
                self._hear(message)
            case _:
                assert_never(message)

    def _hear(self, answered: Answered) -> None:
        """Note a route's answer, and ask the next where somebody is told in turn."""
        notice, way = answered.notice, answered.way
        way.answered(answered.asked, answered.outcome)
        if notice.is_next_untried(way):
            for other in notice.due(self.link.tree.names.lookup):
                self._ask_of(notice, other, urgent=answered.urgent)

    def _put_away(self, unhandled: Unhandled) -> None:
        """Say what could not be handled, and its raw words."""
        command, key = unhandled.command, key_of(unhandled.command)
        if isinstance(command, Raise):
            press = command.press
            raw = raw_words(press.text or press.raw)
            call = self._call_of(command, NOT_HANDLED)
            segments = (*call.segments, *raw)
            self._shout(replace(call, segments=segments, recorded=True))
        elif key is not None:
            # Every person is looked at for that, and each word comes again and again.
            known, hq = self._is_known(key), self._hq()
            about = () if known else addresses_about(self._board, hq, command)
            call = Call(
                key=key,
                at=self.clock.now(),
                segments=said_of(command, unhandled.case),
                addresses=about,
                subject=NOT_HANDLED.strip(),
                recorded=True,
                rank=Rank.WORD,
            )
            self._shout(call)

    def _call_of(
        self,
        command: Raise,
        mark: str,
        record: Record | None = None,
        *,
        tells: bool = False,
    ) -> Call:
        """Return what is told of a press; `tells` where it would have begun a case."""
        now = self.clock.now()
        told = self._begin(command, record) if tells else ()
        standing = (STANDING,) if mark == NOT_RECORDED else ()
        words = (*words_of(command, now), *standing)
        return Call(
            key=command.press.key if record is None else record.key,
            at=command.press.at if record is None else record.received_at,
            segments=(Segment(priority=1, text=mark), *words),
            addresses=self._for(command.defender),
            rank=rank_of(self._board.roster(), command),
            told=told,
        )

    def _begin(self, command: Raise, record: Record | None) -> tuple[Message, ...]:
        """Begin the case in memory; whatever fails there, HQ is told."""
        if self._cases is None:
            return ()
        try:
            records = () if record is None else (record,)
            return tuple(self._cases.begin(command, records))
        except Exception as error:  # noqa: BLE001 - of whatever is wrong with one press
            # Without its text, which may quote the press.
            logger.error("nobody beside HQ can be told: %s", Failure.of(error))  # noqa: TRY400 - see above
            return ()

    def woke(self) -> None:
        """Ask again where nobody has been told, and let go of what is over."""
        for unheard in sorted(self._unheard.values(), key=by_rank):
            key, unheard.looks = unheard.key, unheard.looks + 1
            if not self._unrecorded.shows(key):
                self._forget(unheard)  # it is an alarm, and that one tells people
            elif unheard.is_over:
                self._let_go(unheard)
            else:
                self._ask(unheard)
        lookup = self.link.tree.names.lookup
        is_sending = self._cases is not None and self._cases.look(lookup)
        if self._unheard or is_sending:
            self.wake_at(self.clock.now().plus(AGAIN))

    def _shout(self, call: Call) -> None:
        key, rank = call.key, call.rank
        text = "".join(segment.text for segment in call.segments)
        line = UnrecordedLine(key=key, at=call.at, text=text, rank=rank)
        self._unrecorded.show(line)
        if self._is_known(key):
            return
        if not call.recorded:
            self._telemetry.count("alarms_unrecorded_total")
        alike = [one for one in self._unheard.values() if one.rank is rank]
        if len(alike) >= KEPT:
            self._let_go(alike[0])
        if not self._unheard:
            self.wake_at(self.clock.now().plus(AGAIN))
        told = tuple(self._turns(call))
        notices = interleaved(told, tuple(self._notices(call)))
        if self._cases is not None:
            self._cases.told_by(key, notices)
        unheard = Unheard(key=key, notices=notices, rank=rank)
        self._unheard[key] = unheard
        self._ask(unheard)

    def _is_known(self, key: ReportKey) -> bool:
        return key in self._told or key in self._unheard

    def _notices(self, call: Call) -> Iterator[Notice]:
        for channel, address in call.addresses:
            body = EffectBody(
                address=address,
                language="en",
                segments=call.segments,
                subject=call.subject or f"{call.segments[0].text}SOS",
                data={"recorded": "no"},
            )
            workers = [worker for worker, sends in self._routes() if sends == channel]
            if workers:
                ways = tuple(Way(worker=worker) for worker in workers)
                yield Notice(channel=channel, body=body, ways=ways)

    def _turns(self, call: Call) -> Iterator[Notice]:
        """Yield what the first step sends, spread over the routes there are."""
        routes = self._routes()
        for number, message in enumerate(call.told):
            workers = [one for one, sends in routes if sends == message.channel]
            first = number % len(workers) if workers else 0
            yield Notice(
                channel=message.channel,
                body=message.body,
                ways=tuple(Way(worker=w) for w in workers[first:] + workers[:first]),
                again=message.again,
            )

    def _ask(self, unheard: Unheard) -> None:
        urgent = unheard.rank is Rank.DISTRESS
        for notice, way in unheard.due(self.link.tree.names.lookup):
            self._ask_of(notice, way, urgent=urgent)

    def _ask_of(self, notice: Notice, way: Way, *, urgent: bool) -> None:
        ref = self.link.tree.names.lookup(way.worker)
        if ref is None:
            return  # gone since it was found due
        body = notice.said_now
        asked = way.ask(ref)

        def answered(outcome: Outcome) -> None:
            """Have it heard, by the next instance if need be; any thread."""
            said = Answered(
                notice=notice, way=way, asked=asked, outcome=outcome, urgent=urgent
            )
            self._unrecorded.say(said)

        shout = Shout(
            channel=notice.channel, body=body, answered=answered, urgent=urgent
        )
        if not reaches(ref, shout):
            answered(AWAY)

    def _let_go(self, unheard: Unheard) -> None:
        """Ask no more, and count it where somebody was not told."""
        if not unheard.is_taken:
            self._telemetry.count("alarms_unheard_total")
        self._forget(unheard)

    def _forget(self, unheard: Unheard) -> None:
        """Ask no more; what certainly nobody was told a repeat may shout again."""
        del self._unheard[unheard.key]
        if unheard.may_be_heard:
            self._told[unheard.key] = None
            if len(self._told) > TOLD_MAX:
                del self._told[next(iter(self._told))]

    def _for(self, defender: PersonId | None) -> tuple[Address, ...]:
        return addresses_for(self._board, self._hq(), defender)

    def _call_of_record(self, record: Record) -> Call | None:
        """Return what is shouted of a record, if anything."""
        if record.source == SOURCE_ABSENCE:
            absence = absence_of(record.body)
            command = absence and absence_command(record, absence, self._judge)
            # What only HQ would have looked at waits: it is recorded again.
            if not command or command.kind is not Kind.REAL:
                return None
            return self._call_of(command, NOT_RECORDED, record, tells=True)
        report = decode_report(record.body)
        if report is None:
            return self._call_of_sms(record)
        judgement = self._judge.judge(report, record.key)
        tells = judgement.assessment.outcome is Outcomes.ALARM
        command = raise_command(judgement)
        return self._call_of(command, NOT_RECORDED, record, tells=tells)

    def _call_of_sms(self, record: Record) -> Call:
        """Return what is shouted of a message: a press, an answer, or that one came.

        A cancel is no more than that, whatever word it is by.
        """
        said = () if self._cases is None else self._cases.read(record, self._judge)
        for one in said:
            if isinstance(one, Distress) and is_call_for_help(one.command):
                return self._call_of(one.command, NOT_RECORDED, record, tells=True)
        segments: tuple[Segment, ...] = _A_MESSAGE
        for one in said:
            if isinstance(one, Forward) and isinstance(one.command, Remarks):
                heard = self._heard(one.alarm_id, one.command, record)
                segments = heard or segments
        return Call(
            key=record.key,
            at=record.received_at,
            segments=segments,
            addresses=self._for(None),
            rank=rank_of_sms(self._board.roster(), record.body),
        )

    def _heard(
        self, alarm: AlarmId, command: TakeReply | AddNote, record: Record
    ) -> tuple[Segment, ...]:
        if self._cases is None:
            return ()
        case = self._cases.hear(alarm, command, record)
        return () if case is None else words_of_answer(case, command)


def interleaved(
    told: tuple[Notice, ...], at_hq: tuple[Notice, ...]
) -> tuple[Notice, ...]:
    """Return in which order routes are asked: the nearest, one at HQ, all others.

    A modem takes seconds for each message, and HQ has other channels.
    """
    by_modem = [one for one in at_hq if one.channel == SMS]
    others = [one for one in at_hq if one.channel != SMS]
    return (*others, *told[:1], *by_modem[:1], *told[1:], *by_modem[1:])
