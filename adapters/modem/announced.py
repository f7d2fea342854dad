"""What a modem announces in one line and hands on in the next: a PDU, or a text."""

from dataclasses import dataclass

from adapters.modem.at import announces_pdu, announces_text, may_follow
from adapters.modem.heard import Unsolicited
from engine.ports.clock import Clock

TEXT_S = 1.0
"""So long after a text has come what comes may be more of it."""


@dataclass(slots=True)
class Announced:
    """The header that has come and what belongs to it; `line` is "" where none has."""

    clock: Clock
    line: str = ""
    text_until_s: float = 0.0

    @property
    def is_in_text(self) -> bool:
        """Whether a text came just now, and what comes may be more of it."""
        return self.clock.boottime_s() < self.text_until_s

    def awaits(self, line: str) -> bool:
        """Return whether a line can be what was announced."""
        return bool(self.line) and may_follow(line, self.line)

    def awaits_text(self, line: str) -> bool:
        """Return whether a line can be the first one of a text."""
        return announces_text(self.line) and self.awaits(line)

    def take(self, line: str) -> tuple[Unsolicited, ...] | None:
        """Return what is whole with a line; None where it belongs to nothing."""
        if self.awaits(line):
            behind = self.is_in_text
            announced, self.line = self.line, ""
            if announces_text(announced):
                self.text_until_s = self.clock.boottime_s() + TEXT_S
            return (Unsolicited(line=announced, pdu=line.strip(), behind=behind),)
        if announces_pdu(line):
            self.line = line
            return ()
        return None
