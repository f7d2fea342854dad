"""From a decoded frame to a durable one: what must be on disk before the answer.

Runs in the event loop's thread and never waits: a request to the journal is told,
its reply is a callback, and one wake-up of the loop answers a whole commit.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from engine.alarm.messages import Moved
from engine.intake.actor import SOURCE_DEVICE, SOURCE_QUIET, Heard
from engine.intake.assess import Outcome
from engine.intake.gateway.behind import Behind
from engine.intake.gateway.bits import AlarmBits
from engine.intake.gateway.misdirected import named
from engine.intake.gateway.secrets import Secrets
from engine.intake.gateway.stored import marked
from engine.intake.gateway.strays import Strays
from engine.intake.judge import Judge, Judgement
from engine.intake.reports import encode_report, legible
from engine.intake.vigil.attendance import Attendance
from engine.ports.clock import Clock
from engine.ports.device import DeviceReport
from engine.ports.journal import (
    Answer,
    JournalAccess,
    Place,
    Placed,
    Record,
    Recorded,
    Reply,
    Request,
)
from engine.ports.latest import Doubt
from engine.ports.telemetry import Telemetry
from engine.values import DeviceId, PersonId, ReportKey

# Beyond so many on their way to the disk, positions are let go; signals never are.
PLACES_WAITING_MAX = 4_096
OVERDUE_S = 10.0
"""So long an SOS waits for the disk before HQ hears of it from memory: one that hangs
may do so for a minute, and end the process with it."""
_PLACES = (Place, Doubt)
_ACTED_ON = frozenset(
    {
        Outcome.ALARM,
        Outcome.NOTICE,
        Outcome.CANCEL,
        Outcome.CHECK_IN,
        Outcome.STRAY,  # once it is admitted
    }
)


# Plain positions, believed or not: the device is answered once the row is durable.
_WAITED_FOR = frozenset({Outcome.POSITION, Outcome.NOTHING})


@dataclass(slots=True)
class _Batch:
    """The reports of one frame that are on their way to the disk."""

    answer: Callable[[bool], None]
    began_s: float
    waiting: int = 0
    places: int = 0
    all_durable: bool = True


class Door:
    """Lets reports in and says when they are durable; in the loop's thread.

    Replies of the journal, and `committed`, come in the journal's thread.
    """

    def __init__(
        self,
        *,
        judge: Judge,
        journal: JournalAccess,
        clock: Clock,
        telemetry: Telemetry,
        hint: Callable[[Heard | Moved], bool],
        recorded: Callable[[ReportKey], None],
        not_recorded: Callable[[Sequence[Request]], None],
        attendance: Attendance,
    ) -> None:
        """Take the judge and the journal; `hint` tells intake.

        `recorded` hears of each signal that is durable now, `not_recorded` of each
        SOS that is not in time, `attendance` of every word of an enrolled device that
        is not known to be forged.
        """
        self._judge, self._journal = judge, journal
        self._clock, self._telemetry, self._hint = clock, telemetry, hint
        self._recorded, self._not_recorded = recorded, not_recorded
        self._attendance = attendance
        self._under_way: dict[ReportKey, tuple[Record, float]] = {}
        self._secrets, self._strays = Secrets(judge.board), Strays()
        self._behind, self._bits = Behind(), AlarmBits()
        self._places_waiting = 0
        self._done: deque[_Batch] = deque()
        self._heard: list[DeviceReport] = []
        self._repeated: list[ReportKey] = []
        self._moved: set[PersonId] = set()
        self._gathered: list[tuple[Request, Reply]] = []
        self.wake: Callable[[], None] | None = None
        """Schedules `answer_done` on the loop; set once the loop runs."""
        self.with_secret: frozenset[str] = frozenset()
        """Wire protocols over HTTP, whose devices may have a secret; set as that is."""

    def let_in(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        """Make what must be durable so, then call `answer` with whether it is.

        What needs no disk (log-in, heartbeat, a stranger's position) is answered
        at once. What nobody can read of strangers is bounded by `peer`, its address.
        """
        self.gather(reports, answer, peer)
        self.hand_on()

    def gather(
        self,
        reports: Sequence[DeviceReport],
        answer: Callable[[bool], None],
        peer: str = "",
    ) -> None:
        """Let reports in, and keep places back until `hand_on`; signals go at once.

        The place of an SOS shares its commit: one of its own would come right behind,
        and the alarm's first rows would wait for it.
        """
        batch = _Batch(answer=answer, began_s=self._clock.boottime_s())
        requests: list[tuple[Request, DeviceReport]] = []
        beside: list[tuple[Request, Reply]] = []
        for said in marked([legible(one) for one in reports]):
            report = self._in_turn(self._named(said))
            judgement = self._judge.judge(report)
            record = _record(report, judgement)
            if record is not None and self._has_room(judgement, report, peer):
                requests.append((record, report))
                self._watch(record, judgement, batch.began_s)
            place = self._move(judgement)
            if place is not None and judgement.assessment.outcome in _WAITED_FOR:
                requests.append((place, report))
            elif place is not None:
                beside.append((place, _nobody_waits))
            self._attend(judgement, report)
        if self._places_waiting >= PLACES_WAITING_MAX and _are_places(requests):
            self._shed(len(requests), batch)
            requests = []
        batch.waiting = len(requests)
        batch.places = sum(isinstance(one, _PLACES) for one, _ in requests)
        self._places_waiting += batch.places
        signals: list[tuple[Request, Reply]] = []
        for request, report in requests:
            is_place = isinstance(request, _PLACES)
            told = self._gathered if is_place else signals
            told.append((request, self._replied(batch, request, report)))
        if signals:
            self._journal.submit_all((*signals, *beside))
        else:
            self._gathered += beside
        if not requests and batch.all_durable:
            answer(True)  # noqa: FBT003 - the answer to a yes-or-no question
        for report in reports:
            self._count(report)

    def hand_on(self) -> None:
        """Tell the journal of the places that were gathered."""
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._journal.submit_all(gathered)

    def has_signals(self) -> bool:
        """Say whether signals are on their way to the disk; any thread."""
        return bool(self._under_way)

    def is_enrolled(self, device: DeviceId) -> bool:
        """Say whether a device is one of ours."""
        return self._judge.board.roster().device(device) is not None

    def model_of(self, device: DeviceId) -> str:
        """Return the model that the roster names for a device; empty for none."""
        found = self._judge.board.roster().device(device)
        return "" if found is None else found.model

    def proven(self, report: DeviceReport, presented: bytes | None) -> DeviceReport:
        """Return a report with what its secret proves."""
        return self._secrets.proven(report, presented)

    def _named(self, said: DeviceReport) -> DeviceReport:
        """Return a report with whose it is, or may be: a name proves nothing."""
        report = named(said, self.is_enrolled)
        if report is not said:
            return self.proven(report, None)
        return self._secrets.elsewhere(report, self.with_secret)

    def _in_turn(self, report: DeviceReport) -> DeviceReport:
        is_said = report.signals or report.codes or report.levels
        if not is_said or report.device is None or not self.is_enrolled(report.device):
            return report
        seen = self._bits.take(report)
        return self._behind.take(seen) if seen.signals or seen.codes else seen

    def committed(self, position: int) -> None:
        """Take note of a commit; in the journal's thread, once for each.

        The devices come first, since their answer is short. Intake hears of all that
        the commit made durable in one hint, and does not wait for the loop.
        """
        del position
        if self._done and self.wake is not None:
            self.wake()
        if self._heard:
            heard, self._heard = self._heard, []
            again, self._repeated = self._repeated, []
            self._hint(Heard(reports=tuple(heard), repeated=tuple(again)))
        if self._moved:
            moved, self._moved = self._moved, set()
            self._hint(Moved(people=frozenset(moved)))

    def answer_done(self) -> None:
        """Answer every batch that is durable; in the loop's thread."""
        now_s = self._clock.boottime_s()
        while self._done:
            batch = self._done.popleft()
            self._places_waiting -= batch.places
            batch.answer(batch.all_durable)
            took_s = now_s - batch.began_s
            self._telemetry.observe("report_to_journal_seconds", took_s)

    def look(self) -> None:
        """Tell HQ of each SOS that has waited too long for the disk; in any thread.

        Its alarm comes as well, once it is durable: told twice is better than late.
        """
        before_s = self._clock.boottime_s() - OVERDUE_S
        for record, began_s in list(self._under_way.values()):
            if began_s > before_s:
                continue
            if self._under_way.pop(record.key, None) is not None:
                self._not_recorded((record,))

    def _watch(self, record: Record, judgement: Judgement, now_s: float) -> None:
        """Keep an SOS in sight until the journal answers, since it came first."""
        said = judgement.assessment
        if said.outcome is Outcome.ALARM or said.press.duress:
            self._under_way.setdefault(record.key, (record, now_s))

    def _has_room(self, judgement: Judgement, report: DeviceReport, peer: str) -> bool:
        """Say whether HQ is shown a report: one of nobody we know within a bound."""
        if judgement.assessment.outcome is not Outcome.STRAY:
            return True
        now_s = self._clock.boottime_s()
        has_room = self._strays.admits(report.protocol, now_s, peer)
        if not has_room:
            self._telemetry.count("strays_unshown_total")
        return has_room

    def _shed(self, count: int, batch: _Batch) -> None:
        """Let plain positions go, unanswered: dispatch has them, the disk has not."""
        self._telemetry.count("reports_shed_total", count)
        batch.all_durable = False
        batch.answer(False)  # noqa: FBT003 - the answer to a yes-or-no question

    def _replied(
        self, batch: _Batch, request: Request, report: DeviceReport
    ) -> Callable[[Answer], None]:
        def replied(answer: Answer) -> None:
            if isinstance(request, Record):
                self._under_way.pop(request.key, None)
            match answer:
                case Recorded():
                    self._recorded(answer.key)
                    if isinstance(request, Record) and request.source == SOURCE_DEVICE:
                        self._heard.append(report)
                        self._bits.pressed(report)
                        if answer.repeated:
                            self._repeated.append(answer.key)
                case Placed():
                    if isinstance(request, Place):
                        self._moved.add(request.person)
                case _:
                    batch.all_durable = False
            batch.waiting -= 1
            if batch.waiting == 0:
                self._done.append(batch)
                if not batch.all_durable and self.wake is not None:
                    self.wake()  # a refusal may come without a commit

        return replied

    def _move(self, judgement: Judgement) -> Place | Doubt | None:
        """Take a known person's position, believed or not, and return it for its row.

        One that is no number has no row: the journal would refuse it, and the device
        say it for ever.
        """
        person, board = judgement.person, self._judge.board
        said = judgement.assessment
        if person is None:
            return None
        if said.fix is not None:
            board.move(person.person, said.fix)
            return Place(person=person.person, fix=said.fix)
        if said.doubted is None or said.doubt is None:
            return None
        if not (isfinite(said.doubted.lat_deg) and isfinite(said.doubted.lon_deg)):
            return None
        doubt = Doubt(person=person.person, fix=said.doubted, why=said.doubt)
        board.doubt(doubt)
        return doubt

    def _attend(self, judgement: Judgement, report: DeviceReport) -> None:
        known = judgement.person is not None and report.authentic is not False
        if known and report.device is not None:
            self._attendance.told(report.device, report)
        elif judgement.person is None:
            self._attendance.strangers.met(report)

    def _count(self, report: DeviceReport) -> None:
        self._telemetry.count(
            "reports_total", protocol=report.protocol, kind=report.kind.value
        )
        for signal in report.signals:
            self._telemetry.count("signals_total", signal=signal.value)


def _record(report: DeviceReport, judgement: Judgement) -> Record | None:
    acted_on = judgement.assessment.outcome in _ACTED_ON
    if not acted_on and not report.signals:
        return None
    return Record(
        key=judgement.assessment.press.key,
        source=SOURCE_DEVICE if acted_on else SOURCE_QUIET,
        received_at=report.received_at,
        body=encode_report(report),
        taken_by="" if acted_on else SOURCE_QUIET,
    )


def _are_places(requests: Sequence[tuple[Request, DeviceReport]]) -> bool:
    return bool(requests) and all(isinstance(one, _PLACES) for one, _ in requests)


def _nobody_waits(answer: Answer) -> None:
    del answer
