"""What a notification channel must be: one message to one address, and its outcome."""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from engine.values import ChannelName, EffectId, Instant, PublicText, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalMessage:
    """One message to one person or to HQ; it may say who needs help, and where.

    `key` is the effect's idempotency key, the same on every attempt; `repeat`
    counts the repeats that the text must mark. `data` is what structured
    channels send (webhook). Text and address are personal: never logged.
    """

    key: EffectId
    channel: ChannelName
    address: str
    text: str
    subject: str = ""
    language: str = "en"
    urgency: Urgency = Urgency.DISTRESS
    attempt: int = 1
    repeat: int = 0
    planned_at: Instant
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMessage:
    """One post to the world: what two people have approved, and no other fact.

    `key`, `attempt` and `repeat` are as a personal message's. `address` is the
    configuration's, not a person's.
    """

    key: EffectId
    channel: ChannelName
    address: str
    text: PublicText
    language: str
    attempt: int = 1
    repeat: int = 0
    planned_at: Instant


Message = PersonalMessage | PublicMessage
"""What reaches a channel: two types and no flag, so that a plug-in checks nothing."""
Carried = TypeVar("Carried", PersonalMessage, PublicMessage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The channel's proof that it accepted: the provider's own reference."""

    reference: str


class Channel(Protocol[Carried]):
    """A medium with its own actor; `send` may block, seconds not minutes.

    `carries` declares the one kind of message that it gets. The class says so, or
    whatever else its entry point names: the engine reads it before it makes one.

    Raises from `send`: `DeliveryError` when it certainly did not send (`retry`
    says whether the same attempt is worth another try, `after_s` how long the far
    end wants to be left alone), `DeliveryUnknownError`
    when it cannot tell.
    """

    name: ChannelName
    carries: type[Carried]
    timeout_s: float

    def send(self, message: Carried, /) -> Receipt:
        """Send now, in the caller's thread."""

    def check(self) -> None:
        """Ask whether the far end answers, without sending; raises `DeliveryError`."""

    def rest(self) -> None:
        """Give back what was kept for a message that did not come; `send`'s thread."""

    def interrupt(self) -> None:
        """Make a blocked `send` return; called from another thread."""

    def close(self) -> None:
        """Give back what is held; a later `send` takes it anew."""


AnyChannel = Channel[PersonalMessage] | Channel[PublicMessage]
