"""Threads for actors by the thousand: they run turns, and watch those that wait.

Starting a thread waits for it to run, which beside busy ones takes milliseconds: a
thousand alarms at once would wait for a thousand of them, one by one. Nor does a thread
wait for an answer: the more of them there are, the longer each waits for the
interpreter's lock.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from msgspec import Struct

HANDS = 3
"""Threads that work at the same time; more only wait for the interpreter's lock."""

PATIENCE_S = 5.0
PAUSES_MAX = 128
"""So many wait for answers before another turn is begun: they are in one commit then,
and what comes meanwhile waits for that one commit alone. With fewer a disk that takes
25 ms longer stands still between two commits, and everybody waits for it."""
GIVEN_WAY_MAX = 32
"""So many at the most while the crew gives way: what others have to do comes first."""
OVERTAKES_MAX = 32
"""So many urgent turns go before one that is not: what a flood has put off, the search
for those who are near among it, comes while the flood lasts, and takes little of it."""
LOOK_S = 1.0
"""How often a hand that rests looks for answers that are overdue, while any is due."""


class Question(Struct, frozen=True, kw_only=True):
    """What a handler yields to wait for an answer; it is sent back into it.

    `submit` asks and returns at once, its reply may come in any thread; `ask` blocks,
    where there is a thread of its own; `late` is the answer after `within_s` seconds
    without one.
    """

    submit: Callable[[Callable[[Any], None]], None]
    ask: Callable[[], Any]
    late: Any
    within_s: float


Steps = Generator[Question, Any, Any]
"""A handler that waits for answers: meanwhile nothing else is handled."""

_Turn = tuple[Callable[[], None], Callable[[], float]]


class Crew:
    """Threads that run one turn after the other; any thread may ask for one.

    Whoever works at the same turn for longer than `PATIENCE_S` is counted no more,
    so that turns which never end cannot take every hand.
    """

    def __init__(self, hands: int = HANDS, pauses_max: int = PAUSES_MAX) -> None:
        """Start no thread yet."""
        self._hands, self._pauses_max = hands, pauses_max
        self.gives_way: Callable[[], bool] = bool
        """Whether something else is to be done first; any thread, must not block."""
        self._urgent: deque[_Turn] = deque()
        self._others: deque[_Turn] = deque()
        self._tokens: SimpleQueue[None] = SimpleQueue()
        self._lock = threading.Lock()
        self._resting = 0
        self._since_s: dict[int, float] = {}
        self._resumed: deque[_Turn] = deque()
        self._pauses: deque[Pause] = deque()
        self._paused = self._held_back = self._overtaken = 0

    def go_on(self, turn: Callable[[], None], now_s: Callable[[], float]) -> None:
        """Have a turn that had paused go on, before those that are not begun."""
        self._add(self._resumed, turn, now_s)

    def watch(self, pause: "Pause") -> None:
        """Answer a pause in place of whoever does not in time; in a hand's thread."""
        with self._lock:
            self._pauses.append(pause)
            self._paused += 1

    def answered(self) -> None:
        """Begin a turn that was held back, since a pause is over."""
        with self._lock:
            self._paused -= 1
            self._let_one_begin()

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
            is_urgent: it goes before those that are not, but for one in
                `OVERTAKES_MAX`.

        """
        self._add(self._urgent if is_urgent else self._others, turn, now_s)

    def waiting(self) -> int:
        """Return how many urgent turns are not begun yet; any thread."""
        return len(self._urgent)

    def _add(
        self,
        turns: "deque[_Turn]",
        turn: Callable[[], None],
        now_s: Callable[[], float],
    ) -> None:
        turns.append((turn, now_s))
        self._tokens.put(None)
        with self._lock:
            if self._resting >= self._tokens.qsize() or not self._may_grow(now_s()):
                return
            self._resting += 1  # the new one, from now on: nobody starts it twice
        try:
            threading.Thread(target=self._work, name="crew", daemon=True).start()
        except RuntimeError:  # no thread is to be had: none rests that is not there
            with self._lock:
                self._resting -= 1
                is_for_others = self._resting > 0 or bool(self._since_s)
            if not is_for_others:
                raise

    def _may_grow(self, now_s: float) -> bool:
        hands = len(self._since_s) + self._resting
        if hands < self._hands:
            return True
        late_s = now_s - PATIENCE_S
        return hands - sum(map(late_s.__gt__, self._since_s.values())) < self._hands

    def _work(self) -> None:
        me = threading.get_ident()
        while True:
            self._wait()
            found = self._next()
            if found is None:
                continue
            turn, now_s = found
            with self._lock:
                self._resting -= 1
                self._since_s[me] = now_s()
            turn()
            with self._lock:
                self._resting += 1
                del self._since_s[me]

    def _wait(self) -> None:
        while True:
            self._end_overdue()
            try:
                self._tokens.get(timeout=LOOK_S if self._pauses else None)
            except Empty:
                continue
            return

    def _end_overdue(self) -> None:
        over: list[Pause] = []
        with self._lock:
            while self._pauses and self._pauses[0].is_over():
                over.append(self._pauses.popleft())
        for pause in over:
            pause.expire()

    def _next(self) -> _Turn | None:
        """Return whose turn it is; None where that has to wait for an answer."""
        with suppress(IndexError):
            return self._resumed.popleft()
        with self._lock:
            if not self._may_begin():
                self._held_back += 1
                return None
            self._let_one_begin()
            return self._begun()

    def _let_one_begin(self) -> None:
        """Wake a hand for a turn that was held back, if one may begin; with the lock.

        That hand wakes the next one before it begins: woken all at once, a thousand
        would be held back again for each answer that comes.
        """
        if self._held_back and self._may_begin():
            self._held_back -= 1
            self._tokens.put(None)

    def _may_begin(self) -> bool:
        """Say whether few enough wait for answers; with the lock."""
        most = self._pauses_max
        if self._paused >= GIVEN_WAY_MAX and self.gives_way():
            most = min(most, GIVEN_WAY_MAX)
        return self._paused < most

    def _begun(self) -> _Turn:
        """Return which turn begins: what is urgent goes first, and not for ever."""
        is_passed_over = self._overtaken >= OVERTAKES_MAX and self._others
        if self._urgent and not is_passed_over:
            self._overtaken += 1
            return self._urgent.popleft()
        self._overtaken = 0
        return self._others.popleft()  # there is one for each token


class Pause:
    """A handler that waits for an answer, without a thread.

    `over` is called once, when there is one: in time, or `late` in its place.
    """

    def __init__(
        self,
        steps: Steps,
        question: Question,
        now_s: Callable[[], float],
        over: Callable[[], None],
    ) -> None:
        """Wait from now on."""
        self.steps, self._question, self._over = steps, question, over
        self._now_s, self._by_s = now_s, now_s() + question.within_s
        self._lock = threading.Lock()
        self._go_on: Callable[[], None] | None = None
        self._answers: list[object] = []

    def answer(self, answer: object) -> None:
        """Take the first answer; any thread."""
        with self._lock:
            if self._answers:
                return
            self._answers.append(answer)
            go_on = self._go_on
        self._over()
        if go_on is not None:
            go_on()

    def leaves(self, go_on: Callable[[], None]) -> bool:
        """Have `go_on` called with the answer; False where it is there already."""
        with self._lock:
            self._go_on = go_on
            return not self._answers

    def taken(self) -> object:
        """Return the answer."""
        return self._answers[0]

    def is_over(self) -> bool:
        """Say whether it needs nobody's look any more, or one now."""
        return bool(self._answers) or self._now_s() >= self._by_s

    def expire(self) -> None:
        """Answer that there was none, unless there was one."""
        self.answer(self._question.late)
