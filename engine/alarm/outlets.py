"""What an alarm's actor tells others once its facts are durable: hints, all of them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from engine.alarm.cases import CaseStanding
from engine.alarm.commands import AlarmCommand, Raise
from engine.alarm.events import AlarmEvent
from engine.alarm.state import Alarm
from engine.ports.journal import EffectRow
from engine.supervision.failure import ReplacedError
from engine.values import AlarmId, EffectId, Instant


class StandsStill(Protocol):
    """Takes what of an alarm stands still, or no more."""

    def __call__(self, what: str, /, *, wrong: bool) -> None:
        """Take the word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Called in the alarm's thread after the commit; must neither block nor raise.

    Losing any of them loses nothing: the rows say the same, and whoever was to be
    told looks at the rows at start and now and then.
    """

    planned: Callable[[tuple[EffectRow, ...]], object]
    withdrawn: Callable[[tuple[EffectId, ...]], object]
    due: Callable[[AlarmId, Instant | None], object]
    due_all: Callable[[Iterable[tuple[AlarmId, Instant | None]]], object]
    """The same for many at once: at a start every open alarm arms its deadline."""
    stands: Callable[[CaseStanding], object]
    """Who keeps the directory; called where it may know otherwise."""
    changed: Callable[[Alarm, tuple[AlarmEvent, ...]], None]
    """Who keeps the measurements."""
    found: Callable[[Alarm], None]
    """The same, of a case as its rows have it, from before."""
    unkept: Callable[[AlarmCommand, AlarmId], None]
    """Who tells HQ that nothing of a command could be made durable; each time."""
    untaken: Callable[[AlarmCommand, AlarmId], None]
    """The same, of what a case takes none of whose rows cannot be read."""
    unbegun: Callable[[Raise], None]
    """The same, of a distress with whose alarm nobody gets on; each time."""
    still: StandsStill

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Say that `what` stands still where the block fails, until one succeeds."""
        try:
            yield
        except ReplacedError:
            raise  # another instance has its own word
        except Exception:
            self.still(what, wrong=True)
            raise
        self.still(what, wrong=False)
