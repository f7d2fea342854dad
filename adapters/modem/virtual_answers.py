"""What the virtual modem answers to one command line."""

from dataclasses import dataclass

from adapters.modem.virtual_state import State

_CME_NAMES = {11: "SIM PIN required", 12: "SIM PUK required", 14: "SIM busy"}
_CMS_NAMES = {304: "Invalid PDU mode parameter", 321: "Invalid memory index"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Information lines and the final result; or a prompt, a call, a restart.

    `submits` is the argument of `+CMGS`: the prompt follows, no final result.
    """

    lines: tuple[str, ...] = ()
    final: str = "OK"
    submits: str | None = None
    dials: str = ""
    restarts: bool = False


class Refused(Exception):  # noqa: N818 -- an answer on its way out, no fault
    """A command is refused; carries the final result code."""

    def __init__(self, final: str) -> None:
        """Take the final result as it is said."""
        super().__init__(final)
        self.final = final


def ok(*lines: str) -> Answer:
    """Answer with information and OK."""
    return Answer(lines=lines)


def error() -> Answer:
    """Answer ERROR."""
    return Answer(final="ERROR")


def cme(state: State, code: int) -> str:
    """Return a `+CME ERROR` as the modem was told to say it (`AT+CMEE`)."""
    match state.settings.cmee:
        case 0:
            return "ERROR"
        case 1:
            return f"+CME ERROR: {code}"
        case _:
            return f"+CME ERROR: {_CME_NAMES.get(code, code)}"


def cms(state: State, code: int) -> str:
    """Return a `+CMS ERROR`, which `AT+CMEE=0` does not silence."""
    if state.settings.cmee > 1 and code in _CMS_NAMES:
        return f"+CMS ERROR: {_CMS_NAMES[code]}"
    return f"+CMS ERROR: {code}"
