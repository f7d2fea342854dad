"""The real engine, made to die at one of its commits: `crashing_engine.py K WHEN ...`.

Counts the journal's commits from the first recorded signal on, and ends the process
without a word (as `kill -9` does) before or after the K-th. The rest of the words go
to `natalia`.
"""

import os
import sys
from collections.abc import Sequence

from engine.cli.main import main
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Answer, Record, Request
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


if __name__ == "__main__":
    crash_at(int(sys.argv[1]), sys.argv[2])
    sys.argv[1:3] = []
    main()
