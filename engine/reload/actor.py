"""Reloads the configuration, one request after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from engine.reload.report import Report
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """Read the files again; `answered`, in the reloader's thread, gets the result."""

    answered: Callable[[Report], None] = lambda _: None


class Reloader(SupervisedActor[Reload]):
    """Has a thread of its own: to read files and keys may take a second."""

    bound: ClassVar[int] = 100

    def __init__(self, *, link: Link, reload: Callable[[], Report]) -> None:
        """Take what reads, plans and applies."""
        super().__init__(link=link)
        self._reload = reload

    def handle(self, message: Reload) -> None:
        """Reload, and tell the person who asked."""
        message.answered(self._reload())
