"""What a modem has said unasked, by what is to be done about it."""

from dataclasses import dataclass, field, replace

from adapters.modem.at import announces_text, prefix_of
from adapters.modem.heard import Unsolicited
from adapters.modem.inbound import is_mended
from adapters.modem.options import HELP_WORDS, URGENT_WORDS

_HELP = tuple(word.casefold() for word in (*URGENT_WORDS, *HELP_WORDS))


@dataclass(slots=True)
class Sorted:
    """URCs by what is to be done about them.

    `hint` says to look everywhere: `+CMTI: ,-1` (SIM7000G) names no place, and
    after `^SMMEMFULL` nothing more is announced. `reports` says to look where reports
    lie: Quectel's EC25 announces them in SM and keeps them in SR. `before` is the last
    text that came straight, and was told at an earlier look.
    """

    direct: list[Unsolicited] = field(default_factory=list)
    slots: list[tuple[str, int]] = field(default_factory=list)
    hint: bool = False
    reports: bool = False
    calls: list[str] = field(default_factory=list)
    before: Unsolicited | None = None
    _text: int | None = None

    @property
    def text(self) -> Unsolicited | None:
        """The last text that came straight, with what has come of it by now."""
        return self.before if self._text is None else self.direct[self._text]

    def comes(self, urc: Unsolicited) -> None:
        """Take what came straight; what is no PDU behind a text is of that, too."""
        if _is_text(urc):
            self._text = len(self.direct)
        elif urc.behind and urc.pdu and is_mended(urc.pdu):
            self.goes_on(urc, f"{urc.line}\n{urc.pdu}")
        self.direct.append(urc)

    def goes_on(self, urc: Unsolicited, said: str) -> None:
        """Take what was said for the next line of the last text that came straight.

        Where that was told already it is one more text of its sender's. Behind what is
        a PDU's it is noise, most likely, but for a call for help.
        """
        last = self.direct[-1] if self.direct else None
        is_behind_pdu = last is not None and last.pdu and not _is_text(last)
        if is_behind_pdu and not _calls_for_help(said):
            return
        if self._text is None and self.before is not None and urc.behind:
            self.comes(replace(self.before, pdu=""))
        if self._text is not None:
            text = self.direct[self._text]
            words = f"{text.pdu}\n{said}".removeprefix("\n")
            self.direct[self._text] = replace(text, pdu=words)


def may_be_words(line: str) -> bool:
    """Return whether a line may be of a text; a code with a colon is the modem's.

    But for a telephone's number, and a call for help.
    """
    word = prefix_of(line)
    is_code = word != line and not word[1:].isdigit()
    return not is_code or _calls_for_help(line)


def _is_text(urc: Unsolicited) -> bool:
    """Return whether it is a text: a report in text mode is one line, and no more."""
    return announces_text(urc.line) and prefix_of(urc.line) != "+CDS"


def _calls_for_help(text: str) -> bool:
    return any(word in text.casefold() for word in _HELP)
