"""What a notification channel must be: one message to one address, and its outcome."""

from dataclasses import dataclass, field
from typing import Protocol

from engine.values import ChannelName, EffectId, Instant, Urgency

WORLD = "mastodon"
"""The kind of channel by which the world reads, and the name that it mostly has; one of
another name refuses people's texts too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one address through one channel.

    `key` is the effect's idempotency key, the same on every attempt; `repeat`
    counts the repeats that the text must mark. `data` is what structured
    channels send (webhook). Text and address are personal: never logged. `is_public`
    is a post that people have approved; all else names somebody, and a channel that
    tells the world refuses it.
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
    is_public: bool = False
    planned_at: Instant
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The channel's proof that it accepted: the provider's own reference."""

    reference: str


class Channel(Protocol):
    """A medium with its own actor; `send` may block, seconds not minutes.

    Raises from `send`: `DeliveryError` when it certainly did not send (`retry`
    says whether the same attempt is worth another try, `after_s` how long the far
    end wants to be left alone), `DeliveryUnknownError`
    when it cannot tell.
    """

    name: ChannelName
    timeout_s: float

    def send(self, notification: Notification) -> Receipt:
        """Send now, in the caller's thread."""

    def check(self) -> None:
        """Ask whether the far end answers, without sending; raises `DeliveryError`."""

    def rest(self) -> None:
        """Give back what was kept for a message that did not come; `send`'s thread."""

    def interrupt(self) -> None:
        """Make a blocked `send` return; called from another thread."""

    def close(self) -> None:
        """Give back what is held; a later `send` takes it anew."""
