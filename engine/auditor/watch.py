"""The auditor's round: read, judge, shout, and say when it is over."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.auditor.findings import (
    SILENT,
    UNSETTLED,
    Finding,
    Ground,
    View,
    findings,
    words,
)
from engine.auditor.ways import Way
from engine.errors import EngineError, JournalError
from engine.journal.moved import OpenedFile
from engine.journal.reading import SqliteReader
from engine.ports.clock import Clock
from engine.supervision.failure import Failure
from engine.values import Instant

logger = logging.getLogger(__name__)

OVER = "AUDITOR: what stood still moves again."
_SOONER = 10
_SOONEST_S = 15.0
"""Where no way told anybody: a mail server that restarts is back within seconds."""


@dataclass(slots=True)
class EngineTime:
    """The engine's own time, read off its last commit.

    Its clock may run ahead of this process' wall clock (it never steps), and what
    it writes every few seconds carries it: judged by our clock every deadline would
    look missed after the wall clock has jumped.
    """

    last_at: Instant | None = None
    seen_s: float | None = None

    def take(self, last_at: Instant | None, now_s: float) -> None:
        """Note the last commit, as of `now_s` of CLOCK_BOOTTIME."""
        if last_at != self.last_at or self.seen_s is None:
            self.last_at, self.seen_s = last_at, now_s

    def now(self, wall: Instant, now_s: float) -> Instant:
        """Return what the engine's clock says, as far as one can tell."""
        if self.last_at is None:
            return wall
        return Instant(self.last_at.ms + round(self.silent_s(now_s) * 1000))

    def silent_s(self, now_s: float) -> float:
        """Return for how long it has written nothing while we looked."""
        return 0.0 if self.seen_s is None else now_s - self.seen_s


def _nobody_looks(_: Sequence[Finding]) -> None:
    """Nothing is measured."""


def _nobody_counts(_: int) -> None:
    """Likewise."""


def _nobody_waits() -> None:
    """Without systemd no supervisor looks at the auditor's progress."""


@dataclass(slots=True)
class Watch:
    """Looks at one journal by a read-only connection of its own.

    `look` is called again and again, in one thread. A connection that fails is
    opened anew at the next look, and so is a file that is another one by now. `on_look`
    is told of each before anybody is shouted at, which may take minutes, and `on_shout`
    after it how many ways and people were not told. `beat` is called after each who is
    told, for a supervisor. What no way could tell anybody is tried again after a tenth
    of `repeat_s`.
    """

    path: Path
    clock: Clock
    ways: Sequence[Way] = ()
    repeat_s: float = 300.0
    on_look: Callable[[Sequence[Finding]], None] = _nobody_looks
    on_shout: Callable[[int], None] = _nobody_counts
    beat: Callable[[], None] = _nobody_waits
    _time: EngineTime = field(default_factory=EngineTime)
    _reader: SqliteReader | None = None
    _opened: OpenedFile | None = None
    _again_s: float | None = None
    _last: frozenset[tuple[Ground, str]] = frozenset()

    def look(self, *, once: bool = False) -> tuple[Finding, ...]:
        """Return what stands still; shouts it where it is new, or not over for long.

        Args:
            once: this is the only look, so that the engine's silence is judged by
                the wall clock.

        """
        found = self._look(once=once)
        self.on_look(found)
        self.on_shout(self._tell(found, by_wall=once))
        return found

    def close(self) -> None:
        """Give the connection back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _look(self, *, once: bool) -> tuple[Finding, ...]:
        now_s, wall = self.clock.boottime_s(), self.clock.now()
        unread: tuple[Finding, ...] = ()
        try:
            view, last_at = self._read()
        except (JournalError, ValueError) as error:
            if not isinstance(error, JournalError):
                # What no row can hold: a damaged page, or an engine newer than we.
                logger.error("a row cannot be read: %s", Failure.of(error))  # noqa: TRY400 - its text may quote the row
            self.close()
            unread = (Finding(ground=Ground.JOURNAL_UNREADABLE),)
            try:
                # Beside a damaged page of old rows the engine goes on, or does not.
                view, last_at = View(), self._open().last_at()
            except JournalError:
                self.close()
                return unread
        self._time.take(last_at, now_s)
        if once and last_at is not None:
            silent_s = wall.since(last_at).total_seconds()
        else:
            silent_s = self._time.silent_s(now_s)
        now = self._time.now(wall, now_s)
        if once:
            now = max(now, wall)
        found = (*unread, *findings(view, now))
        if silent_s > SILENT.total_seconds():
            return (Finding(ground=Ground.ENGINE_SILENT, since=last_at), *found)
        return found

    def _read(self) -> tuple[View, Instant | None]:
        reader = self._open()
        with reader.snapshot():
            view = View(
                heads=reader.heads("alarm/", open_only=True),
                timers=reader.heads("check-in/", open_only=True),
                effects=reader.effects(UNSETTLED),
                untaken=reader.inbound(untaken_only=True),
            )
            return view, reader.last_at()

    def _open(self) -> SqliteReader:
        """Return a view of the file that lies there: another one after a restore."""
        if self._opened is not None and self._opened.is_moved():
            self.close()
        if self._reader is None:
            self._opened = OpenedFile(self.path)
            self._reader = SqliteReader(self.path)
        return self._reader

    def _tell(self, found: Sequence[Finding], *, by_wall: bool) -> int:
        """Shout what is new, and again once it is time; return what failed."""
        now_s = self.clock.boottime_s()
        kinds = frozenset((finding.ground, finding.what) for finding in found)
        was, self._last = self._last, kinds
        is_new = not kinds <= was if kinds else bool(was)
        is_time = self._again_s is not None and now_s >= self._again_s
        if not is_new and not is_time:
            return 0
        now = self._time.now(self.clock.now(), now_s)
        if by_wall:
            now = max(now, self.clock.now())
        failed, is_told = self._shout(words(found, now) if found else OVER)
        again_s = self.repeat_s if found else None
        if not is_told:
            again_s = min(self.repeat_s, max(self.repeat_s / _SOONER, _SOONEST_S))
        self._again_s = None if again_s is None else now_s + again_s
        return failed

    def _shout(self, text: str) -> tuple[int, bool]:
        """Return how many ways and people failed, and whether anybody was told."""
        failed, is_told = 0, not self.ways
        for way in self.ways:
            try:
                failed += way.tell(text, self.beat)
                is_told = True
            except EngineError as error:
                failed += 1
                logger.warning("%s told nobody: %s", way.name, error)
            except Exception as error:  # noqa: BLE001 - an adapter's, whatever it is
                # An end by it at each look, and no way behind it would ever be tried.
                failed += 1
                logger.error("%s told nobody: %s", way.name, Failure.of(error))  # noqa: TRY400 - its text may quote the address
        return failed, is_told
