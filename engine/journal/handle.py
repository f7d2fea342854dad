"""The journal as everybody else holds it."""

from collections.abc import Callable, Sequence
from functools import cache, partial

import pykka

from engine.journal.actor import Entry, OnNotRecorded, Part
from engine.ports.journal import (
    Answer,
    JournalAccess,
    JournalReader,
    JournalStore,
    Record,
    Reply,
    Request,
    Unknown,
)
from engine.supervision.crew import Question
from engine.supervision.names import Ref


class Journal:
    """Asks and tells the journal's actor; from any thread.

    Args:
        where: returns the actor's ref as it is now; None where there is none.
        store: the store that the actor owns, for its epoch and readers alone.
        on_not_recorded: told each request that the actor could not even take, and each
            record that whoever waited for it has given up.

    """

    def __init__(
        self,
        where: Callable[[], Ref | None],
        store: JournalStore,
        on_not_recorded: OnNotRecorded,
    ) -> None:
        self._where, self._store = where, store
        self._on_not_recorded = on_not_recorded

    @property
    def epoch(self) -> int:
        """The epoch of this opening, for every append of this process."""
        return self._store.epoch

    def submit(self, request: Request, reply: Reply) -> None:
        """Tell the request and return; `reply` is called with the answer, once.

        In the journal's thread after fsync; in this one, with `Unknown`, where the
        journal is full or gone. It must not block.
        """
        self._submit(((request, reply),))

    def submit_all(self, parts: Sequence[tuple[Request, Reply]]) -> None:
        """Tell some dozens of requests in one message: they share a commit.

        Waking the journal's thread for each of thousands a second costs more than
        their rows do.
        """
        self._submit(tuple(parts))

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Block for the answer; `Unknown` after `timeout_s` seconds.

        For alarm, modem and channel actors alone. The request stays on its way
        after a time-out: reload, and ask again under the same command id. HQ hears
        then of a distress that it records.
        """
        (answer,) = self.ask_all((request,), timeout_s)
        return answer

    def ask_all(
        self, requests: Sequence[Request], timeout_s: float
    ) -> Sequence[Answer]:
        """Block for the answers to a few requests, as `ask` does for one.

        They share a commit; where one is not answered, none is.
        """
        ref = self._where()
        if ref is None:
            self._on_not_recorded(requests)
            return [Unknown(reason="the journal is not running")] * len(requests)
        future: pykka.Future[list[Answer]] = ref.actor_class.new_future()
        answers: list[Answer] = []

        def reply(answer: Answer) -> None:
            answers.append(answer)
            if len(answers) == len(requests):
                future.set(answers)

        parts = tuple((request, reply) for request in requests)
        _tell(ref, Entry(parts=parts, on_not_recorded=self._on_not_recorded))
        try:
            return future.get(timeout=timeout_s)
        except pykka.Timeout:
            # It may be an SOS by SMS, in a commit that hangs until the process ends.
            records = [one for one in requests if isinstance(one, Record)]
            self._on_not_recorded(records)
            return [_late(timeout_s)] * len(requests)

    def reader(self) -> JournalReader:
        """Open a read-only view; close it, and use it from one thread at a time."""
        return self._store.reader()

    def _submit(self, parts: tuple[Part, ...]) -> None:
        entry = Entry(parts=parts, on_not_recorded=self._on_not_recorded)
        ref = self._where()
        if ref is None:
            entry.refuse(pykka.ActorDeadError("the journal is not running"))
        else:
            _tell(ref, entry)


def asked(journal: JournalAccess, request: Request, timeout_s: float) -> Question:
    """Return what an actor on demand yields to wait as `ask` does, without a thread."""
    return Question(
        submit=partial(journal.submit, request),
        ask=partial(journal.ask, request, timeout_s),
        late=_late(timeout_s),
        within_s=timeout_s,
    )


@cache
def _late(timeout_s: float) -> Unknown:
    return Unknown(reason=f"no answer within {timeout_s} s")


def _tell(ref: Ref, entry: Entry) -> None:
    try:
        ref.tell(entry)
    except pykka.ActorDeadError as error:
        entry.refuse(error)
