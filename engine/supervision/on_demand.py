"""Actors by the thousand: a thread only while there is something to handle.

Starting a thread waits for it to run, which beside busy ones takes milliseconds: a
thousand alarms at once would wait for a thousand of them, one by one.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import ClassVar, NoReturn

from pykka._actor import ActorInbox

from engine.supervision.actor import M_contra, SupervisedActor
from engine.supervision.inbox import Inbox
from engine.supervision.link import Link
from engine.values import Instant

HANDS = 16
"""Threads that work at the same time; more only wait for the interpreter's lock."""

PATIENCE_S = 5.0


_Turn = tuple[Callable[[], None], Callable[[], float]]


class NothingToDoError(Exception):
    """The inbox is empty: the turn is over."""


class Crew:
    """Threads that run one turn after the other; any thread may ask for one.

    Whoever works at the same turn for longer than `PATIENCE_S` is counted no more,
    so that turns which never end cannot take every hand.
    """

    def __init__(self, hands: int = HANDS) -> None:
        """Start no thread yet."""
        self._hands = hands
        self._urgent: deque[_Turn] = deque()
        self._others: deque[_Turn] = deque()
        self._tokens: SimpleQueue[None] = SimpleQueue()
        self._lock = threading.Lock()
        self._resting = 0
        self._since_s: dict[int, float] = {}

    def run(
        self,
        turn: Callable[[], None],
        now_s: Callable[[], float],
        *,
        is_urgent: bool = False,
    ) -> None:
        """Have a turn run soon; it must not raise. Never waits for it.

        Args:
            turn: what to run.
            now_s: a clock that never goes back, in seconds; tells who is late.
            is_urgent: it goes before all that are not.

        """
        (self._urgent if is_urgent else self._others).append((turn, now_s))
        self._tokens.put(None)
        with self._lock:
            if self._resting >= self._tokens.qsize() or not self._may_grow(now_s()):
                return
            self._resting += 1  # the new one, from now on: nobody starts it twice
        threading.Thread(target=self._work, name="crew", daemon=True).start()

    def _may_grow(self, now_s: float) -> bool:
        hands = len(self._since_s) + self._resting
        if hands < self._hands:
            return True
        late_s = now_s - PATIENCE_S
        return hands - sum(map(late_s.__gt__, self._since_s.values())) < self._hands

    def _work(self) -> None:
        me = threading.get_ident()
        while True:
            self._tokens.get()
            turn, now_s = self._next()
            with self._lock:
                self._resting -= 1
                self._since_s[me] = now_s()
            turn()
            with self._lock:
                self._resting += 1
                del self._since_s[me]

    def _next(self) -> _Turn:
        try:
            return self._urgent.popleft()
        except IndexError:
            return self._others.popleft()  # there is one for each token


class _Turns:
    """What the inbox waits on: the first token of a silence begins a turn."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._tokens = 0
        self._is_on = False

    def put(self, item: None, /) -> None:
        """Add a token, and begin a turn where none is on."""
        del item
        with self._lock:
            self._tokens += 1
            if self._is_on:
                return
            self._is_on = True
        self._begin()

    def get(self, *, timeout: float | None = None) -> None:
        """Take a token; raises `NothingToDoError` instead of waiting for one."""
        del timeout
        with self._lock:
            if self._tokens:
                self._tokens -= 1
                return
            self._is_on = False
        raise NothingToDoError


class OnDemandActor(SupervisedActor[M_contra]):
    """A supervised actor that holds no thread while its inbox is empty.

    All methods run in one thread at a time, though not always in the same one. It
    has no wake-up time: what must happen without a message needs a message.
    """

    crew: ClassVar[Crew] = Crew()

    def __init__(self, *, link: Link) -> None:
        """Take the link that the supervisor made for this instance."""
        self._turns = _Turns(self._begin)
        self._is_set_up = False
        super().__init__(link=link)

    def wake_at(self, at: Instant | None) -> NoReturn:  # noqa: ARG002 - of the base
        """Refuse: there is no thread that could wait.

        Raises:
            TypeError: always.

        """
        message = "an actor on demand has no wake-up time"
        raise TypeError(message)

    def _begin(self) -> None:
        """Ask for a turn: who was just woken, or has urgent news, goes first."""
        is_urgent = not self._is_set_up or self.inbox.has_urgent
        self.crew.run(self._turn, self.clock.boottime_s, is_urgent=is_urgent)

    def _start_actor_loop(self) -> None:
        self._turns.put(None)  # no message: the first turn sets up

    def _turn(self) -> None:
        try:
            self.link.entered()
            if not self._is_set_up:
                self._is_set_up = True
                self._actor_loop_setup()
            self._actor_loop_running()
            self._actor_loop_teardown()
        except NothingToDoError:
            return
        except BaseException as error:  # noqa: BLE001 - the thread has others to serve
            self._failed(error)

    def _create_actor_inbox(self) -> ActorInbox:  # type: ignore[override] # calls it on self
        return Inbox(
            self.bound,
            now_s=self.link.clock.boottime_s,
            tokens=self._turns,
        )
