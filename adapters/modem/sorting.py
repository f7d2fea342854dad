"""What a modem has said unasked, by what is to be done about it."""

from dataclasses import dataclass, field, replace

from adapters.modem.at import announces_text
from adapters.modem.heard import Unsolicited


@dataclass(slots=True)
class Sorted:
    """URCs by what is to be done about them.

    `hint` says to look everywhere: `+CMTI: ,-1` (SIM7000G) names no place, and
    after `^SMMEMFULL` nothing more is announced. `reports` says to look where reports
    lie: Quectel's EC25 announces them in SM and keeps them in SR.
    """

    direct: list[Unsolicited] = field(default_factory=list)
    slots: list[tuple[str, int]] = field(default_factory=list)
    hint: bool = False
    reports: bool = False
    rings: bool = False
    caller: str | None = None

    def goes_on(self, line: str) -> None:
        """Take a line for the next one of a text that came straight before it."""
        if self.direct and announces_text(self.direct[-1].line):
            text = f"{self.direct[-1].pdu}\n{line}"
            self.direct[-1] = replace(self.direct[-1], pdu=text)
