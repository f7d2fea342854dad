"""What an effect says and to whom: segments by priority, finished when it is sent.

The age of a position is worded at the moment of sending, since a message may
have waited for a modem.
"""

from msgspec import field

from engine.protocol.texts import PageFacts, Segment, finish
from engine.stored import Body
from engine.values import Instant
from engine.written import Written


class EffectBody(Written, frozen=True, kw_only=True, gc=False):
    """Address and text of one effect; personal, so never logged.

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


_BODY = Body(EffectBody)


def encode_body(body: EffectBody) -> bytes:
    """Return the body as JSON for the effect's row."""
    return _BODY.write(body)


def decode_body(stored: bytes) -> EffectBody:
    """Return the body of an effect's row."""
    return _BODY.read(stored)
