"""The auditor's round: read, judge, shout, and say when it is over."""

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
from engine.journal.reading import SqliteReader
from engine.ports.clock import Clock
from engine.values import Instant

OVER = "AUDITOR: what stood still moves again."


@dataclass(slots=True)
class EngineTime:
    """The engine's own time, read off its last commit.

    Its clock may run ahead of this process' wall clock (it never steps), and what
    it writes every few seconds carries it: judged by our clock every deadline would
    look missed after the wall clock has jumped.
    """

    last_at: Instant | None = None
    seen_s: float = 0.0

    def take(self, last_at: Instant | None, now_s: float) -> None:
        """Note the last commit, as of `now_s` of CLOCK_BOOTTIME."""
        if last_at != self.last_at:
            self.last_at, self.seen_s = last_at, now_s

    def now(self, wall: Instant, now_s: float) -> Instant:
        """Return what the engine's clock says, as far as one can tell."""
        if self.last_at is None:
            return wall
        return Instant(self.last_at.ms + round((now_s - self.seen_s) * 1000))

    def silent_s(self, now_s: float) -> float:
        """Return for how long it has written nothing while we looked."""
        return now_s - self.seen_s


@dataclass(slots=True)
class Watch:
    """Looks at one journal by a read-only connection of its own.

    `look` is called again and again, in one thread. A connection that fails is
    opened anew at the next look. `on_look` is told of each, for what is measured.
    """

    path: Path
    clock: Clock
    ways: Sequence[Way] = ()
    repeat_s: float = 300.0
    on_look: Callable[[Sequence[Finding], int], None] | None = None
    _time: EngineTime = field(default_factory=EngineTime)
    _reader: SqliteReader | None = None
    _shouted_s: float | None = None
    _last: frozenset[tuple[Ground, str]] = frozenset()

    def look(self, *, once: bool = False) -> tuple[Finding, ...]:
        """Return what stands still; shouts it where it is new, or not over for long.

        Args:
            once: this is the only look, so that the engine's silence is judged by
                the wall clock.

        """
        found = self._look(once=once)
        failed = self._tell(found)
        if self.on_look is not None:
            self.on_look(found, failed)
        return found

    def close(self) -> None:
        """Give the connection back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _look(self, *, once: bool) -> tuple[Finding, ...]:
        now_s, wall = self.clock.boottime_s(), self.clock.now()
        try:
            view, last_at = self._read()
        except JournalError:
            self.close()
            return (Finding(ground=Ground.JOURNAL_UNREADABLE),)
        self._time.take(last_at, now_s)
        if once and last_at is not None:
            silent_s = wall.since(last_at).total_seconds()
        else:
            silent_s = self._time.silent_s(now_s)
        now = self._time.now(wall, now_s)
        if once:
            now = max(now, wall)
        found = findings(view, now)
        if silent_s > SILENT.total_seconds():
            return (Finding(ground=Ground.ENGINE_SILENT, since=last_at), *found)
        return found

    def _read(self) -> tuple[View, Instant | None]:
        if self._reader is None:
            self._reader = SqliteReader(self.path)
        reader = self._reader
        with reader.snapshot():
            view = View(
                heads=reader.heads("alarm/", open_only=True),
                effects=reader.effects(UNSETTLED),
                untaken=reader.inbound(untaken_only=True),
            )
            return view, reader.last_at()

    def _tell(self, found: Sequence[Finding]) -> int:
        """Shout what is new, and again every `repeat_s`; return what ways failed."""
        now_s = self.clock.boottime_s()
        kinds = frozenset((finding.ground, finding.what) for finding in found)
        is_new = not kinds <= self._last
        is_long = (
            self._shouted_s is not None and now_s - self._shouted_s >= self.repeat_s
        )
        was, self._last = self._last, kinds
        if found and (is_new or is_long or self._shouted_s is None):
            self._shouted_s = now_s
            return self._shout(words(found, self._time.now(self.clock.now(), now_s)))
        if was and not found:
            self._shouted_s = None
            return self._shout(OVER)
        return 0

    def _shout(self, text: str) -> int:
        failed = 0
        for way in self.ways:
            try:
                way.tell(text)
            except EngineError:
                failed += 1
        return failed
