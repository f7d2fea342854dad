"""The one inbox: bounded, two lanes, a wake-up time.

A message says by attributes how it wants to be treated; none is required:

- `urgent = True`: it overtakes what is not urgent. Of that one is handled for every
  `OVERTAKES_MAX` that go before it: a flood of what is urgent delays the rest, and
  does not stop it.
- `refuse(reason)`: somebody waits for its answer, so it is answered at once
  where it cannot be handled (`InboxFullError`, `pykka.ActorDeadError`). Called
  in any thread; must neither block nor raise.

What has neither a reply nor `refuse` is a hint: rows have the fact. A full lane
drops hints, and the actor gets one `Rescan` in the place of the first.
"""

import queue
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from engine.errors import EngineError

# Waits run on CLOCK_MONOTONIC, which stands still in suspend: CLOCK_BOOTTIME is
# looked at anew after each slice.
_SLICE_S = 1.0
OVERTAKES_MAX = 8


class InboxFullError(EngineError):
    """The actor has more to do than it may keep; nothing was taken."""

    def __init__(self) -> None:
        super().__init__("the inbox is full")


@dataclass(frozen=True, slots=True)
class Wake:
    """The wake-up time that the actor has set is here."""


@dataclass(frozen=True, slots=True)
class Rescan:
    """Hints were dropped: look at the rows instead."""


_WAKE = Wake()


class Tokens(Protocol):
    """One token for each envelope; the only thing that an actor's loop waits on."""

    def put(self, item: None, /) -> None:
        """Add a token; wakes one who waits."""

    def get(self, *, timeout: float | None = None) -> None:
        """Take a token; raises `queue.Empty` after `timeout` seconds."""


@dataclass(slots=True)
class _Lane:
    waiting: deque[Envelope[object]] = field(default_factory=deque)
    rescan_waits: bool = False


class Inbox:
    """What Pykka calls an actor inbox: any thread puts, the actor's own gets."""

    def __init__(
        self,
        bound: int,
        *,
        now_s: Callable[[], float],
        tokens: Tokens | None = None,
        slice_s: float = _SLICE_S,
    ) -> None:
        """Start empty.

        Args:
            bound: how many messages each lane keeps.
            now_s: seconds of CLOCK_BOOTTIME.
            tokens: what `get` waits on; the simulator has its own.
            slice_s: the longest wait before `now_s` is asked again.

        """
        self.bound = bound
        self.dropped = 0
        self.on_put: Callable[[], None] | None = None
        """Called after each message, in any thread; must neither block nor raise."""
        self.wake_at_s: float | None = None
        self._now_s = now_s
        self._tokens: Tokens = queue.SimpleQueue[None]() if tokens is None else tokens
        self._slice_s = slice_s
        self._urgent = _Lane()
        self._normal = _Lane()
        self._overtaken = 0
        self._closed = False

    def put(self, envelope: Envelope[object]) -> None:
        """Take, drop or refuse a message; never blocks, never raises."""
        message = envelope.message
        lane = self._urgent if getattr(message, "urgent", False) else self._normal
        waiting = lane.waiting
        if len(waiting) >= self.bound and not isinstance(message, _ActorStop):
            self._overflow(envelope, lane)
            return
        waiting.append(envelope)
        self._tokens.put(None)
        if self.on_put is not None:
            self.on_put()
        if self._closed:  # looked at only now, lest close() falls between
            self._refuse_waiting()

    def get(self) -> Envelope[object]:
        """Wait for the next message; `Wake` when `wake_at_s` has come first."""
        tokens, slice_s = self._tokens, self._slice_s
        while True:
            if self.wake_at_s is None:
                tokens.get()
            else:
                left_s = self.wake_at_s - self._now_s()
                if left_s <= 0:
                    self.wake_at_s = None
                    return Envelope(_WAKE)
                try:
                    tokens.get(timeout=min(left_s, slice_s))
                except queue.Empty:
                    continue
            envelope = self._take()
            if envelope is not None:
                return envelope

    def empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._urgent.waiting and not self._normal.waiting

    @property
    def has_urgent(self) -> bool:
        """Whether something waits that overtakes the rest."""
        return bool(self._urgent.waiting)

    def qsize(self) -> int:
        """Return how many messages wait."""
        return len(self._urgent.waiting) + len(self._normal.waiting)

    def close(self) -> None:
        """Refuse what waits and all that comes; from any thread, more than once.

        Pykka checks `is_alive()` and then puts: without this a question that
        falls between the two is never answered.
        """
        self._closed = True
        self._refuse_waiting()

    def _take(self) -> Envelope[object] | None:
        # What is urgent goes first, and not for ever.
        lane = self._urgent
        if not self._normal.waiting:
            self._overtaken = 0
        elif lane.waiting and self._overtaken < OVERTAKES_MAX:
            self._overtaken += 1
        else:
            self._overtaken = 0
            lane = self._normal
        try:
            envelope = lane.waiting.popleft()
        except IndexError:
            return None  # refused by close() while its token lay here
        if type(envelope.message) is Rescan:
            # Before the rows are read: who drops a hint after this asks again.
            lane.rescan_waits = False
        return envelope

    def _overflow(self, envelope: Envelope[object], lane: _Lane) -> None:
        self.dropped += 1
        if _refuse(envelope, InboxFullError()):
            return
        if not lane.rescan_waits:
            lane.rescan_waits = True
            lane.waiting.append(Envelope(Rescan()))
            self._tokens.put(None)

    def _refuse_waiting(self) -> None:
        for lane in (self._urgent, self._normal):
            while lane.waiting:
                try:
                    envelope = lane.waiting.popleft()
                except IndexError:
                    break  # another thread took the last one
                _refuse(envelope, pykka.ActorDeadError("the actor has stopped"))


def _refuse(envelope: Envelope[object], reason: Exception) -> bool:
    """Answer whoever waits; False where nobody does."""
    refuse = getattr(envelope.message, "refuse", None)
    if envelope.reply_to is not None:
        if isinstance(envelope.message, _ActorStop):
            envelope.reply_to.set(None)  # asked to stop, and stopped it has
        else:
            envelope.reply_to.set_exception((type(reason), reason, None))
    elif refuse is not None:
        refuse(reason)
    else:
        return False
    return True
