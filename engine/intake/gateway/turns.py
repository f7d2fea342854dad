"""Who goes first when many devices speak at once: what signals, before any place.

One round of the event loop reads from every connection that has something. What a
report costs would make that round long, and an SOS in the next one late; so what
strangers send is read in turns, a plain report waits, and little is done of either
between two rounds. What is done between two rounds reaches the journal in one message.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Protocol

from engine.ports.clock import Clock
from engine.ports.device import Decoded, DeviceReport, ReportKind
from engine.ports.telemetry import Telemetry

SLICE_S = 0.002
WAITING_MAX = 20_000
"""Some seconds of the heaviest load; whoever waits longer will have said it again."""
OF_ONE_MAX = 1_024
"""Pieces of one network: more come only from who hangs up without an answer."""

Answer = Callable[[bool], None]
_PLAIN = frozenset({ReportKind.REPORT, ReportKind.HEARTBEAT})


class Entrance(Protocol):
    """Where reports are let in."""

    def let_in(
        self, reports: Sequence[DeviceReport], answer: Answer, peer: str = ""
    ) -> None:
        """Make what must be durable so, then say whether it is.

        `peer` is the address that they came from: strangers are bounded by it.
        """


class Doorway(Entrance, Protocol):
    """An entrance that can also keep places back, to be handed on together."""

    def gather(self, reports: Sequence[DeviceReport], answer: Answer) -> None:
        """Let in without telling the journal of places yet."""

    def hand_on(self) -> None:
        """Tell the journal of them."""


class Porch(Entrance, Protocol):
    """An entrance where there is also a place to wait."""

    def later(self, job: Callable[[], None], whose: str) -> None:
        """Do some work when its turn has come: what is read of a piece.

        `whose` is a device or a network: each has its turn after the others.
        """

    def is_crowded(self, whose: str) -> bool:
        """Say whether more of one, or of all, waits than can be kept."""


def says_anything(frame: Decoded) -> bool:
    """Say whether anybody need hear of a frame: of mere separators nobody need.

    A stranger sends hundreds of them in each piece. Each would wait for a turn, and
    soon make the places of everybody's devices give way.
    """
    return bool(frame.reports or frame.answer or frame.close)


class Turns:
    """An entrance before the door; in the loop's thread.

    With more than `WAITING_MAX` waiting the oldest gets no answer, so that the
    device says it again: places are degraded first, and what signals never.
    """

    def __init__(
        self,
        door: Doorway,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Stand before `door`."""
        self._door, self._loop = door, loop
        self._clock, self._telemetry = clock, telemetry
        self._waiting: deque[tuple[Sequence[DeviceReport], Answer]] = deque()
        self._jobs = _Jobs()
        self._is_due = False

    def let_in(
        self, reports: Sequence[DeviceReport], answer: Answer, peer: str = ""
    ) -> None:
        """Let a frame's reports in: at once unless all of them are plain."""
        if not all(map(_is_plain, reports)):
            self._door.let_in(reports, answer, peer)
            return
        if len(self._waiting) >= WAITING_MAX:
            _, oldest = self._waiting.popleft()
            self._telemetry.count("reports_shed_total")
            oldest(False)  # noqa: FBT003 - the answer to a yes-or-no question
        self._waiting.append((reports, answer))
        self._be_woken()

    def later(self, job: Callable[[], None], whose: str) -> None:
        """Do some work when its turn has come; it gets every second one."""
        self._jobs.add(job, whose)
        self._be_woken()

    def is_crowded(self, whose: str) -> bool:
        """Say whether more of one, or of all, waits than can be kept."""
        return self._jobs.of(whose) > OF_ONE_MAX or self._jobs.count > WAITING_MAX

    def _be_woken(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        until_s = self._clock.boottime_s() + SLICE_S
        try:
            while self._waiting or self._jobs.count:
                if self._jobs.count:
                    self._jobs.next()()
                if self._waiting:
                    self._door.gather(*self._waiting.popleft())
                if self._clock.boottime_s() >= until_s:
                    break
        finally:
            self._door.hand_on()
            self._is_due = False
            if self._waiting or self._jobs.count:
                self._be_woken()


class _Jobs:
    """Work that waits: whoever brings much waits behind each other one's next."""

    def __init__(self) -> None:
        self._by_whom: OrderedDict[str, deque[Callable[[], None]]] = OrderedDict()
        self.count = 0

    def of(self, whose: str) -> int:
        return len(self._by_whom.get(whose, ()))

    def add(self, job: Callable[[], None], whose: str) -> None:
        self._by_whom.setdefault(whose, deque()).append(job)
        self.count += 1

    def next(self) -> Callable[[], None]:
        whose, theirs = self._by_whom.popitem(last=False)
        self.count -= 1
        job = theirs.popleft()
        if theirs:
            self._by_whom[whose] = theirs
        return job


def _is_plain(report: DeviceReport) -> bool:
    """Say whether nobody need hear of a report: a log-in is waited for.

    What a raw code means is read later, by the device's own profile and words: until
    then each may be an SOS.
    """
    return report.kind in _PLAIN and not (report.signals or report.codes)
