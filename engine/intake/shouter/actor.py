"""Tells HQ on every channel, from memory, of a distress that could not be recorded."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.intake.actor import SOURCE_DEVICE, SOURCE_SMS
from engine.intake.judge import Judge
from engine.intake.reports import decode_report
from engine.ports.journal import Record, Request
from engine.ports.telemetry import Telemetry
from engine.protocol.texts import Segment, TextFacts, compose, finish
from engine.roster.board import Board
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import Instant, ReportKey

MARK = "NOT RECORDED "
KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """A distress that the journal could not take."""

    record: Record
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedLine:
    """What the console shows of one: when, and the text that HQ got."""

    key: ReportKey
    at: Instant
    text: str


class Unrecorded:
    """The last unrecorded distresses, for the console; and the way to the shouter.

    Any thread. `committed` takes a report off the list once it is durable.
    """

    def __init__(self, tell: Callable[[NotRecorded], bool]) -> None:
        """Take the way to the shouter."""
        self._tell = tell
        self._lock = threading.Lock()
        self._lines: deque[UnrecordedLine] = deque(maxlen=KEPT)

    def refused(self, requests: Sequence[Request]) -> None:
        """Take what the journal could not make durable; must not block or raise."""
        for request in requests:
            if isinstance(request, Record) and request.source in {
                SOURCE_DEVICE,
                SOURCE_SMS,
            }:
                self._tell(NotRecorded(record=request))

    def show(self, line: UnrecordedLine) -> None:
        """Keep a line for the console; a repeat replaces the first."""
        with self._lock:
            kept = [one for one in self._lines if one.key != line.key]
            self._lines = deque([*kept, line], maxlen=KEPT)

    def recorded(self, key: ReportKey) -> None:
        """Take a line off: the device has repeated, and now it is durable."""
        with self._lock:
            kept = [one for one in self._lines if one.key != key]
            self._lines = deque(kept, maxlen=KEPT)

    def lines(self) -> tuple[UnrecordedLine, ...]:
        """Return what is still unrecorded, oldest first."""
        with self._lock:
            return tuple(self._lines)


class Shouter(SupervisedActor[NotRecorded]):
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
        self._told: deque[ReportKey] = deque(maxlen=KEPT)

    def handle(self, message: NotRecorded) -> None:
        """Shout once for each report, however often the device repeats it."""
        record = message.record
        segments = self._segments(record)
        text = "".join(segment.text for segment in segments)
        line = UnrecordedLine(key=record.key, at=record.received_at, text=text)
        self._unrecorded.show(line)
        if record.key in self._told:
            return
        self._told.append(record.key)
        self._telemetry.count("alarms_unrecorded_total")
        for channel, address in self._addresses():
            body = EffectBody(
                address=address,
                language="en",
                segments=segments,
                subject=f"{MARK}SOS",
                data={"recorded": "no"},
            )
            for worker, sends in self._routes:
                if sends == channel:
                    shout = Shout(channel=channel, body=body)
                    self.link.tree.names.tell(worker, shout)

    def _addresses(self) -> list[tuple[str, str]]:
        duty = [
            ("sms", number)
            for person in self._board.roster().duty()
            for number in person.addresses_on("sms")[:1]
        ]
        return [*self._hq, *duty]

    def _segments(self, record: Record) -> tuple[Segment, ...]:
        mark = Segment(priority=1, text=MARK)
        report = decode_report(record.body)
        if report is None:
            return (mark, Segment(priority=1, text="a message that reached us."))
        judgement = self._judge.judge(report)
        person, place = judgement.person, judgement.assessment.place
        facts = TextFacts(
            alias="unknown" if person is None else person.alias,
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            accuracy_m=place.accuracy_m,
            place_at=place.at,
            pressed_at=report.received_at,
            signals=tuple(sorted(report.signals)),
        )
        now = self.clock.now()
        said = compose("hq", "en", facts, now=now)
        return (mark, *finish(said, "en", now))
