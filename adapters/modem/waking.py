"""Waiting in a program's main thread for what its signal handlers say."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.5


def next_of(queue: "SimpleQueue[T]") -> T:
    """Return what comes next, from a handler or another thread; in the main thread.

    Handlers run there, and a signal that the system gives to another thread wakes up
    nobody who waits without a time.
    """
    while True:
        with suppress(Empty):
            return queue.get(timeout=LOOK_S)
