"""What a modem announces in one line and hands on in the next: a PDU, or a text."""

from dataclasses import dataclass

from adapters.modem.at import announces_pdu, announces_text, may_follow
from adapters.modem.heard import Unsolicited
from engine.ports.clock import Clock

TEXT_S = 1.0
"""So long after a text has come what comes may be more of it."""
LINE_S = 1.0
"""So long its first line is waited for; of an empty one there is none."""


@dataclass(slots=True)
class Announced:
    """The header that has come and what belongs to it; `line` is "" where none has."""

    clock: Clock
    line: str = ""
    text_until_s: float = 0.0
    _is_behind: bool = False
    _since_s: float = 0.0

    @property
    def is_in_text(self) -> bool:
        """Whether a text comes, or came just now, and what comes may be more of it."""
        return self.is_of_text or self.clock.boottime_s() < self.text_until_s

    @property
    def is_of_text(self) -> bool:
        """Whether the header of a text has come, and none of its lines."""
        return announces_text(self.line)

    def awaits(self, line: str) -> bool:
        """Return whether a line can be what was announced."""
        return bool(self.line) and may_follow(line, self.line)

    def awaits_text(self, line: str) -> bool:
        """Return whether a line can be the first one of a text."""
        return self.is_of_text and self.awaits(line)

    def take(self, line: str) -> tuple[Unsolicited, ...] | None:
        """Return what is whole with a line; None where it belongs to nothing.

        A text that begins with a header, as whoever wrote it may have meant, or an
        empty one before another's is told as it is, and the other comes behind it.
        """
        if self.awaits(line):
            return self._whole(line.strip())
        if not announces_pdu(line):
            return None
        before = self.ends()
        self.line, self._is_behind = line, self.is_in_text
        self._since_s = self.clock.boottime_s()
        return before

    def ends(self) -> tuple[Unsolicited, ...]:
        """Return a text of which no line has come, as an empty one."""
        return self._whole("") if self.is_of_text else ()

    def ends_late(self) -> tuple[Unsolicited, ...]:
        """Return the same, once its first line has had its time to come."""
        is_late = self.clock.boottime_s() >= self._since_s + LINE_S
        return self.ends() if is_late else ()

    def _whole(self, words: str) -> tuple[Unsolicited, ...]:
        if self.is_of_text:
            self.text_until_s = self.clock.boottime_s() + TEXT_S
        one = Unsolicited(line=self.line, pdu=words, behind=self._is_behind)
        self.line, self._is_behind = "", False
        return (one,)
