"""Tells HQ on every channel, from memory, of a distress that got no further.

Until a route to each address has taken it, or the distress is an alarm after all.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import ClassVar, assert_never

from engine.alarm.commands import AlarmCommand, Raise
from engine.alarm.state import Kind
from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.dispatch.outcomes import AWAY, Outcome
from engine.intake.absence import SOURCE_ABSENCE, absence_command, absence_of
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.judge import Judge, raise_command
from engine.intake.reports import decode_report
from engine.intake.shouter.call import (
    NOT_RECORDED,
    Call,
    Deaf,
    Lost,
    call_of_deaf,
    call_of_lost,
    words_of,
)
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
from engine.supervision.link import Link
from engine.supervision.names import reaches
from engine.values import AlarmId, Instant, PersonId, ReportKey

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
    """

    command: Raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a shout on a route; `asked` says which time it was."""

    way: Way
    asked: int
    outcome: Outcome


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
            self.say(Unkept(command=command))
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
        hq: tuple[tuple[str, str], ...],
        routes: tuple[tuple[str, str], ...],
        unrecorded: Unrecorded,
        telemetry: Telemetry,
    ) -> None:
        """Take HQ's addresses (channel, address) and the routes (worker, channel)."""
        super().__init__(link=link)
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
        for said in self._unrecorded.heed():
            self._take(said)
            self.beat()

    def _take(self, message: Said) -> None:
        """Shout each report until it is taken, however often the device repeats it."""
        match message:
            case NotRecorded():
                if (call := self._call_of_record(message.record)) is not None:
                    self._shout(call)
            case Unkept(command=command):
                self._shout(self._call_of(command, NOT_RECORDED))
            case Lost():
                self._shout(call_of_lost(message, self._for(None)))
            case Deaf():
                self._shout(call_of_deaf(message, self._for(None)))
            case Unhandled():
                self._put_away(message)
            case Answered():
                message.way.answered(message.asked, message.outcome)
            case _:
                assert_never(message)

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
            known, hq = self._is_known(key), self._hq
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

    def _call_of(self, command: Raise, mark: str) -> Call:
        words = words_of(command, self.clock.now())
        return Call(
            key=command.press.key,
            at=command.press.at,
            segments=(Segment(priority=1, text=mark), *words),
            addresses=self._for(command.defender),
            rank=rank_of(self._board.roster(), command),
        )

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
        if self._unheard:
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
        notices = tuple(self._notices(call))
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
            workers = [worker for worker, sends in self._routes if sends == channel]
            if workers:
                ways = tuple(Way(worker=worker) for worker in workers)
                yield Notice(channel=channel, body=body, ways=ways)

    def _ask(self, unheard: Unheard) -> None:
        lookup = self.link.tree.names.lookup
        for notice, way in unheard.due(lookup):
            ref = lookup(way.worker)
            if ref is None:
                continue  # gone since it was found due
            answered = partial(self._answered, way, way.ask(ref))
            shout = Shout(
                channel=notice.channel,
                body=notice.body,
                answered=answered,
                urgent=unheard.rank is Rank.DISTRESS,
            )
            if not reaches(ref, shout):
                answered(AWAY)

    def _answered(self, way: Way, asked: int, outcome: Outcome) -> None:
        """Have a route's answer heard, by the next instance if need be; any thread."""
        self._unrecorded.say(Answered(way=way, asked=asked, outcome=outcome))

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
        return addresses_for(self._board, self._hq, defender)

    def _call_of_record(self, record: Record) -> Call | None:
        """Return what is shouted of a record, if anything."""
        if record.source == SOURCE_ABSENCE:
            absence = absence_of(record.body)
            command = absence and absence_command(record, absence, self._judge)
            # What only HQ would have looked at waits: it is recorded again.
            if not command or command.kind is not Kind.REAL:
                return None
        elif (report := decode_report(record.body)) is not None:
            command = raise_command(self._judge.judge(report))
        else:
            mark, said = NOT_RECORDED, "a message that reached us."
            return Call(
                key=record.key,
                at=record.received_at,
                segments=tuple(Segment(priority=1, text=one) for one in (mark, said)),
                addresses=self._for(None),
                rank=rank_of_sms(self._board.roster(), record.body),
            )
        call = self._call_of(command, NOT_RECORDED)
        return replace(call, key=record.key, at=record.received_at)
