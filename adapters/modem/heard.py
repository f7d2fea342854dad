"""What comes of a dialogue: answers, what nobody asked for, and why none came."""

from dataclasses import dataclass

from adapters.modem.at import Final
from engine.errors import ModemSilentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolicited:
    """A result code that nobody asked for, with its PDU where one followed.

    `behind` says that it came right behind a text, and may be its next line.
    """

    line: str
    pdu: str = ""
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command came to; `final` is None where the modem fell silent.

    `lines` are the information lines, echo and URCs taken out.
    """

    final: Final | None
    lines: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether the command was carried out."""
        return self.final is not None and self.final.ok


class ModemRestartedError(ModemSilentError):
    """The modem has started anew in mid-session; it must be brought up again."""


class ModemInterruptedError(ModemSilentError):
    """Somebody called `interrupt`."""
