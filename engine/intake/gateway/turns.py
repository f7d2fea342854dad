"""Who goes first when many devices speak at once: what signals, before any place.

One round of the event loop reads from every connection that has something. What a
report costs beyond its decoding would make that round long, and an SOS in the next
one late; so a plain report waits, and little is done of them between two rounds. What
is done between two rounds reaches the journal in one message.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from engine.ports.clock import Clock
from engine.ports.device import DeviceReport, ReportKind
from engine.ports.telemetry import Telemetry

SLICE_S = 0.002
WAITING_MAX = 20_000
"""Some seconds of the heaviest load; whoever waits longer will have said it again."""

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

    def later(self, job: Callable[[], None]) -> None:
        """Do some work when its turn has come: what is read of a long piece."""


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
        self._jobs: deque[Callable[[], None]] = deque()
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

    def later(self, job: Callable[[], None]) -> None:
        """Do some work when its turn has come; it gets every second one."""
        self._jobs.append(job)
        self._be_woken()

    def _be_woken(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._take)

    def _take(self) -> None:
        until_s = self._clock.boottime_s() + SLICE_S
        try:
            while self._waiting or self._jobs:
                if self._jobs:
                    self._jobs.popleft()()
                if self._waiting:
                    self._door.gather(*self._waiting.popleft())
                if self._clock.boottime_s() >= until_s:
                    break
        finally:
            self._door.hand_on()
            self._is_due = False
            if self._waiting or self._jobs:
                self._be_woken()


def _is_plain(report: DeviceReport) -> bool:
    """Say whether nobody need hear of a report: a log-in is waited for.

    What a raw code means is read later, by the device's own profile and words: until
    then each may be an SOS.
    """
    return report.kind in _PLAIN and not (report.signals or report.codes)
