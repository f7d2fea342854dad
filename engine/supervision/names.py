"""Refs by name: nobody keeps a ref, since a restart makes a new one."""

from typing import Any, TypeAlias

import pykka

from engine.supervision.actor import SupervisedActor
from engine.supervision.inbox import Inbox

AnyActor: TypeAlias = SupervisedActor[Any]
"""An actor whatever its messages are."""

Ref: TypeAlias = pykka.ActorRef[AnyActor]


def inbox_of(ref: Ref) -> Inbox:
    """Return the inbox by its own type, which Pykka does not know."""
    inbox = ref.actor_inbox
    assert isinstance(inbox, Inbox)
    return inbox


def reaches(ref: Ref, message: object) -> bool:
    """Tell; False where it has died, and its end is perhaps not yet reported."""
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True


class Names:
    """Who is up, in one tree. Written by supervisors, read in any thread."""

    def __init__(self) -> None:
        self._refs: dict[str, Ref] = {}

    def lookup(self, name: str) -> Ref | None:
        """Return the ref of who has confirmed its start and not ended since."""
        return self._refs.get(name)

    def tell(self, name: str, message: object) -> bool:
        """Tell by name; False where nobody of that name is up: rows have the fact."""
        ref = self._refs.get(name)
        return ref is not None and reaches(ref, message)

    def depths(self) -> dict[str, int]:
        """Return how many messages wait, by name."""
        refs = self._refs.copy()
        return {n: inbox_of(ref).qsize() for n, ref in refs.items()}

    def register(self, name: str, ref: Ref) -> None:
        """Let `name` be found; called by its supervisor."""
        self._refs[name] = ref

    def unregister(self, name: str, ref: Ref) -> None:
        """Let `name` be found no more, unless another instance has taken it."""
        if self._refs.get(name) is ref:
            del self._refs[name]
