"""The real engine, made to die at one of its steps: `crashing_engine.py K WHEN ...`.

Counts the journal's commits from the first recorded signal on, or with `contact:K` the
messages that it hands to a modem, and ends the process without a word (as `kill -9`
does) before or after the K-th. The rest of the words go to `natalia`.
"""

import itertools
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from adapters.modem.driver import SerialModem
from engine.cli.main import main
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Answer, Record, Request
from engine.ports.modem import SubmitOutcome
from engine.values import Instant

KILLED = 137


def crash_at(number: int, when: str) -> None:
    """Arm the crash; `when` is `before` or `after` the commit."""
    commit = SqliteStore.commit
    counted = 0

    def crashing(
        store: SqliteStore, group: Sequence[Request], now: Instant
    ) -> Sequence[Answer]:
        nonlocal counted
        if counted or any(isinstance(request, Record) for request in group):
            # The probe writes on its own time and would make the count depend on it.
            probes = all(getattr(one, "stream", "") == "probe" for one in group)
            counted += 0 if probes else 1
        if counted == number and when == "before":
            os._exit(KILLED)
        answers = commit(store, group, now)
        if counted == number and when == "after":
            os._exit(KILLED)
        return answers

    SqliteStore.commit = crashing  # type: ignore[method-assign,assignment] # the point


def crash_at_contact(number: int, when: str) -> None:
    """Arm the crash at a message: before its first byte, or once the network has it."""
    submit = SerialModem.submit
    counted = itertools.count(1)
    counting = threading.Lock()

    def crashing(
        modem: SerialModem, to: str, text: str, **options: Any
    ) -> SubmitOutcome:
        with counting:
            is_mine = next(counted) == number
        if is_mine and when == "before":
            os._exit(KILLED)
        outcome = submit(modem, to, text, **options)
        if is_mine and when == "after":
            os._exit(KILLED)
        return outcome

    SerialModem.submit = crashing  # type: ignore[method-assign,assignment] # the point


if __name__ == "__main__":
    step, _, number = sys.argv[1].rpartition(":")
    arm = crash_at_contact if step == "contact" else crash_at
    arm(int(number), sys.argv[2])
    sys.argv[1:3] = []
    main()
