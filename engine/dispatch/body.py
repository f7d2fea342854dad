"""What an effect says and to whom: to a person, or to the world.

Of a personal message the segments stand by priority, finished when it is sent.

The age of a position is worded at the moment of sending, since a message may
have waited for a modem.
"""

from msgspec import field

from engine.protocol.texts import PageFacts, Segment, finish
from engine.stored import Body
from engine.values import Instant, PublicText
from engine.written import Written


class EffectBody(
    Written, frozen=True, kw_only=True, gc=False, tag_field="to", tag="person"
):
    """Address and text of one personal message; never logged.

    `repeat` counts the times that this was sent before, as the text says.
    """

    address: str
    language: str
    segments: tuple[Segment, ...]
    subject: str = ""
    repeat: int = 0
    data: dict[str, str] = field(default_factory=dict)
    page: PageFacts | None = None
    """Of what pages HQ: what one message for several cases says of this one."""

    def text(self, now: Instant) -> str:
        """Return the whole text as it reads at `now`."""
        return "".join(segment.text for segment in self.finished(now))

    def finished(self, now: Instant) -> tuple[Segment, ...]:
        """Return the segments with every age worded as of `now`."""
        return finish(self.segments, self.language, now)


class PublicBody(
    Written, frozen=True, kw_only=True, gc=False, tag_field="to", tag="world"
):
    """What the world is to read, to the letter, and the configuration's address.

    Made of `PublicFacts` alone, which have no place, code or sign.
    """

    address: str
    language: str
    said: PublicText
    repeat: int = 0

    def text(self, _now: Instant) -> PublicText:
        """Return the text: no age stands in it."""
        return self.said


_PERSONAL, _PUBLIC = Body(EffectBody), Body(PublicBody)


def encode_body(body: EffectBody | PublicBody) -> bytes:
    """Return the body as JSON for the effect's row."""
    if isinstance(body, PublicBody):
        return _PUBLIC.write(body)
    return _PERSONAL.write(body)


def decode_body(stored: bytes) -> EffectBody:
    """Return the body of a row for a person.

    Raises:
        ValueError: it is damaged, or for the world.

    """
    return _PERSONAL.read(stored)


def decode_public(stored: bytes) -> PublicBody:
    """Return the body of a row for the world.

    Raises:
        ValueError: it is damaged, or for a person.

    """
    return _PUBLIC.read(stored)
