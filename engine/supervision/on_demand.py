"""Actors by the thousand: a thread only while there is something to handle."""

import threading
from collections.abc import Callable
from contextlib import suppress
from types import GeneratorType
from typing import ClassVar, NoReturn

from pykka._actor import ActorInbox

from engine.supervision.actor import M_contra, SupervisedActor
from engine.supervision.crew import Crew, Pause, Question, Steps
from engine.supervision.inbox import Inbox, Rescan, Wake
from engine.supervision.link import Link
from engine.values import Instant


class NothingToDoError(Exception):
    """The inbox is empty: the turn is over."""


class _Turns:
    """What the inbox waits on: the first token of a silence begins a turn."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._tokens = 0
        self._is_on = False
        self.is_paused = False
        """Whether nothing may be taken; written in the actor's thread alone."""

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
        if self.is_paused:
            raise NothingToDoError
        with self._lock:
            if self._tokens:
                self._tokens -= 1
                return
            self._is_on = False
        raise NothingToDoError


class OnDemandActor(SupervisedActor[M_contra]):
    """A supervised actor that holds no thread while its inbox is empty.

    All methods run in one thread at a time, though not always in the same one. It
    has no wake-up time: what must happen without a message needs a message. A handler
    that is a generator of `Question`s holds no thread while it waits for an answer.
    """

    crew: ClassVar[Crew] = Crew()

    def __init__(self, *, link: Link) -> None:
        """Take the link that the supervisor made for this instance."""
        self._turns = _Turns(self._begin)
        self._is_set_up = False
        self._is_on_crew = False
        self._pause: Pause | None = None
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
        self._is_on_crew = True
        self._turns.put(None)  # no message: the first turn sets up

    def _turn(self) -> None:
        try:
            self.link.entered()
            if not self._is_set_up:
                self._is_set_up = True
                self._actor_loop_setup()
            while not self._run_on():
                pass  # the answer was there before this thread had left
        except BaseException as error:  # noqa: BLE001 - the thread has others to serve
            self._failed(error)

    def _run_on(self) -> bool:
        """Handle what there is; False where a pause is over already."""
        if self._pause is not None:
            self._resume(self._pause)
        try:
            self._actor_loop_running()
        except NothingToDoError:
            return self._pause is None or self._pause.leaves(self._go_on)
        with suppress(NothingToDoError):
            self._actor_loop_teardown()
        return True

    def _go_on(self) -> None:
        self.crew.go_on(self._turn, self.clock.boottime_s)

    def _receive(self, message: M_contra | Wake | Rescan) -> object:
        if type(message) is Rescan:
            result: object = self.rescan()  # type: ignore[func-returns-value] # steps, perhaps
        else:
            result = super()._receive(message)
        return self._step(result, None) if isinstance(result, GeneratorType) else result

    def _resume(self, pause: Pause) -> None:
        self._pause, self._turns.is_paused = None, False
        with suppress(Exception):  # it has ended this instance, and is reported
            self._watched(lambda: self._step(pause.steps, pause.taken()))

    def _step(self, steps: Steps, answer: object) -> object:
        while True:
            try:
                question = steps.send(answer)
            except StopIteration as end:
                return end.value
            if self._is_on_crew:
                self._wait_for(steps, question)
                return None
            answer = question.ask()

    def _wait_for(self, steps: Steps, question: Question) -> None:
        pause = Pause(steps, question, self.clock.boottime_s, self.crew.answered)
        self._pause, self._turns.is_paused = pause, True
        self.link.thread_id = None  # which goes on with others
        self.crew.watch(pause)
        question.submit(pause.answer)

    def _handled(self) -> None:
        if self._pause is None:
            super()._handled()

    def _create_actor_inbox(self) -> ActorInbox:  # type: ignore[override] # calls it on self
        return Inbox(
            self.bound,
            now_s=self.link.clock.boottime_s,
            tokens=self._turns,
        )
