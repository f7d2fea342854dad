"""The probe: ready means a round trip that has just come back, not an open port."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

import pykka

from engine.health import Health
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Head,
    JournalAccess,
    Unknown,
)
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.timers.actor import Arm
from engine.values import CommandId

EVERY = timedelta(seconds=5)
TIMER = timedelta(milliseconds=5)
FRESH_S = 15.0
SLOW_S = 1.0
CLOCK_TOLERANCE_S = 5.0
_STREAM = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """The journal has answered the probe."""

    number: int
    is_ok: bool
    is_full: bool = False
    is_unwritten: bool = False
    """Whether it has answered that nothing was written, as on a full disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """The timer has handed the probe back; `is_ready`: recorded, and in time."""

    is_ready: bool


class Readiness:
    """When the last round trip came back; read by whoever is asked. Any thread.

    A journal that says at once that its disk is full, or a page of it damaged, has
    answered, and so has one that is slow. Whoever feeds the watchdog by this would else
    have an engine killed that tells HQ what cannot be recorded, or tells people late,
    and the next one may not start on such a disk, or not live for three commits.
    """

    def __init__(self, boottime_s: Callable[[], float]) -> None:
        """Not ready before the first round trip."""
        self._boottime_s = boottime_s
        self._last_s: float | None = None

    def back(self) -> None:
        """Note a round trip."""
        self._last_s = self._boottime_s()

    def is_fresh(self) -> bool:
        """Say whether the last round trip is recent."""
        last_s = self._last_s
        return last_s is not None and self._boottime_s() - last_s < FRESH_S


class Probe(SupervisedActor[Durable | Rang]):
    """Sends itself through the journal and a timer, every few seconds."""

    bound: ClassVar[int] = 100

    def __init__(
        self,
        *,
        link: Link,
        journal: JournalAccess,
        readiness: Readiness,
        health: Health,
        telemetry: Telemetry,
        jump_s: Callable[[], float],
    ) -> None:
        """Take what it goes through; `jump_s` is how far the wall clock has drifted."""
        super().__init__(link=link)
        self._journal, self._readiness = journal, readiness
        self._health, self._telemetry, self._jump_s = health, telemetry, jump_s
        self._number = 0
        self._sent_s = 0.0
        self._is_ready = True
        self._waits = False
        """Whether the journal still owes the last one its answer."""

    def started(self) -> None:
        """Begin at once: readiness waits for the first round trip."""
        self.wake_at(self.clock.now())

    def handle(self, message: Durable | Rang) -> None:
        """Take the next leg, or note that the trip is over."""
        match message:
            case Durable():
                self._durable(message, is_late=message.number != self._number)
            case Rang():
                self._readiness.back()
                self._telemetry.gauge("ready", float(message.is_ready))
            case _:
                assert_never(message)

    def woke(self) -> None:
        """Send the next probe."""
        if self._waits:
            # It may be silent for a minute, and every case with it.
            self._health.report("journal_slow", "journal", wrong=True)
        self._waits = True
        self._number += 1
        self._sent_s = self.clock.boottime_s()
        number = self._number
        append = Append(
            stream=_STREAM,
            expected_seq=0,
            epoch=self._journal.epoch,
            command_id=CommandId(str(number)),
            events=(),
            head=Head(status="probe", is_open=False),
        )
        self._journal.submit(append, lambda answer: self._answered(number, answer))
        is_ready = self._readiness.is_fresh() and self._is_ready
        self._telemetry.gauge("ready", float(is_ready))
        self._watch_the_clock()
        self.wake_at(self.clock.now().plus(EVERY))

    def _answered(self, number: int, answer: Answer) -> None:
        """Come back to our own thread; called in the journal's."""
        durable = Durable(
            number=number,
            is_ok=isinstance(answer, Appended),
            is_full=isinstance(answer, Unknown) and answer.is_full,
            is_unwritten=isinstance(answer, Unknown) and answer.is_unwritten,
        )
        # Not by name: the first answer may come before the name is known.
        with suppress(pykka.ActorDeadError):
            self.actor_ref.tell(durable)

    def _durable(self, message: Durable, *, is_late: bool) -> None:
        took_s = self.clock.boottime_s() - self._sent_s
        has_answered = message.is_ok or message.is_unwritten
        # Where a page cannot be read, nothing comes of it by waiting.
        slow = is_late or took_s > SLOW_S or message.is_full or not has_answered
        self._waits = self._waits and is_late
        self._health.report("journal_slow", "journal", wrong=slow)
        self._health.report("disk_full", "journal", wrong=message.is_full)
        self._is_ready = message.is_ok and not is_late
        if has_answered:
            arm = Arm(
                key=self.link.name,
                at=self.clock.now().plus(TIMER),
                message=Rang(is_ready=self._is_ready),
                to=self.link.name,
            )
            self.link.tree.names.tell("timers", arm)

    def _watch_the_clock(self) -> None:
        jump_s = self._jump_s()
        self._telemetry.gauge("clock_offset_seconds", jump_s)
        jumped = abs(jump_s) > CLOCK_TOLERANCE_S
        self._health.report("clock_jumped", "wall clock", wrong=jumped)
