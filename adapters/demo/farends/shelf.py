"""What a far end has got, and how it behaves."""

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mode(StrEnum):
    """How a far end behaves from now on."""

    SERVE = "serve"
    REFUSE = "refuse"
    """Says a final no and keeps nothing."""
    FAIL = "fail"
    """Says that it failed (500, 451) and keeps nothing."""
    HANG = "hang"
    """Takes and keeps it, and does not answer until the mode changes."""
    DROP = "drop"
    """Takes and keeps it, and closes the connection without an answer."""


class Shelf(Generic[Item]):
    """A list for many threads, with a wait."""

    def __init__(self) -> None:
        """Begin empty."""
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._listener: Callable[[Item], None] | None = None

    def add(self, item: Item) -> None:
        """Put one at the end."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()
            listener = self._listener
        if listener is not None:
            listener(item)

    def listen(self, listener: Callable[[Item], None]) -> None:
        """Have each that comes from now on told, in the thread that brings it."""
        with self._changed:
            self._listener = listener

    def items(self) -> tuple[Item, ...]:
        """Return all of them in order."""
        with self._changed:
            return tuple(self._items)

    def wait_for(self, wanted: Callable[[Item], bool], timeout_s: float) -> Item | None:
        """Return the first that is wanted, waiting for it; None if none comes."""

        def first() -> Item | None:
            return next(filter(wanted, self._items), None)

        with self._changed:
            self._changed.wait_for(lambda: first() is not None, timeout_s)
            return first()


class Switch:
    """The mode of a far end; changed from any thread, also while it hangs."""

    def __init__(self) -> None:
        """Begin by serving."""
        self._changed = threading.Condition()
        self._mode = Mode.SERVE

    @property
    def mode(self) -> Mode:
        """Return the mode of this moment."""
        with self._changed:
            return self._mode

    def turn(self, mode: Mode) -> None:
        """Change the mode and let go of whoever hangs."""
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def hang(self) -> None:
        """Block while the mode is to hang."""
        with self._changed:
            self._changed.wait_for(lambda: self._mode is not Mode.HANG)
