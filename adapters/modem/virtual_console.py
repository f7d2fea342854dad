"""Commands to running virtual modems, from a person, a pipe or a script."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import fields

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import switch_names
from adapters.modem.virtual_links import link_of

HELP = """\
set SWITCH VALUE     switch a fault: `set drop_cmgs 0.5`, `set hang on`
switches             show all switches
sms FROM TEXT        deliver a message to the modem
ring FROM            call the modem, three rings
unplug               vanish from the bus
replug [LINK]        come back, under the same name or behind another link
restart              start anew, with boot lines, without leaving the bus
pin [PIN]            lock the SIM with a PIN; without one it wants none any more
puk                  have the SIM want its PUK, as after three wrong PINs
say LINE             say any line unasked
modem NUMBER|INDEX   choose which modem the commands go to
quit                 end
"""


class VirtualConsole:
    """Runs one command line at a time against the chosen modem."""

    def __init__(self, modems: Sequence[VirtualModem]) -> None:
        """Take the running modems; the first is chosen."""
        self._modems = tuple(modems)
        self._chosen = self._modems[0]
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "set": self._set,
            "switches": self._switches,
            "sms": self._sms,
            "ring": self._ring,
            "unplug": self._unplug,
            "replug": self._replug,
            "restart": self._restart,
            "pin": self._pin,
            "puk": self._puk,
            "say": self._say,
            "modem": self._choose,
            "help": lambda _: HELP,
        }

    def run(self, line: str) -> str | None:
        """Run a line; return what to print, None where it says `quit`."""
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            return f"cannot read this: {error}"
        if not words:
            return ""
        name, *arguments = words
        if name in {"quit", "exit"}:
            return None
        command = self._commands.get(name)
        if command is None:
            return f"no command {name!r}; `help` lists them"
        try:
            return command(arguments)
        except (ValueError, IndexError, OSError) as error:
            return f"{name}: {error}"

    def _set(self, arguments: list[str]) -> str:
        name, value = _exactly(arguments, "SWITCH VALUE", 2)
        self._chosen.faults.set(name, value)
        return f"{name} = {getattr(self._chosen.faults, name)}"

    def _switches(self, arguments: list[str]) -> str:
        del arguments
        faults = self._chosen.faults
        defaults = {f.name: f.default for f in fields(faults)}
        return "\n".join(
            f"{'*' if getattr(faults, name) != defaults[name] else ' '} {name}"
            f" = {getattr(faults, name)}"
            for name in switch_names()
        )

    def _sms(self, arguments: list[str]) -> str:
        if not arguments[1:]:
            return "sms FROM TEXT"
        self._chosen.inject(arguments[0], " ".join(arguments[1:]))
        return ""

    def _ring(self, arguments: list[str]) -> str:
        (caller,) = _exactly(arguments, "FROM", 1)
        self._chosen.ring(caller)
        return ""

    def _unplug(self, arguments: list[str]) -> str:
        del arguments
        self._chosen.unplug()
        return "unplugged"

    def _replug(self, arguments: list[str]) -> str:
        self._chosen.replug(link_of(arguments[0]) if arguments else None)
        return self._chosen.port

    def _restart(self, arguments: list[str]) -> str:
        del arguments
        self._chosen.restart()
        return ""

    def _pin(self, arguments: list[str]) -> str:
        self._chosen.want_pin("".join(arguments[:1]))
        return self._chosen.state.lock

    def _puk(self, arguments: list[str]) -> str:
        del arguments
        self._chosen.want_puk()
        return f'SIM PUK: AT+CPIN="{self._chosen.state.puk}","NEW PIN"'

    def _say(self, arguments: list[str]) -> str:
        self._chosen.say(" ".join(arguments))
        return ""

    def _choose(self, arguments: list[str]) -> str:
        (wanted,) = _exactly(arguments, "NUMBER|INDEX", 1)
        for index, modem in enumerate(self._modems, start=1):
            if wanted in {str(index), modem.number}:
                self._chosen = modem
                return f"{modem.number} {modem.port}"
        message = f"there are {len(self._modems)} modems"
        raise ValueError(message)


def script_of(text: str) -> tuple[tuple[float, str], ...]:
    """Read a script: on each line, seconds after the line before, then a command.

    Raises:
        ValueError: a line is not a number from 0 and a command, or leaves a quotation
            open; says which line.

    """
    steps = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            message = f"line {number}: {error}"
            raise ValueError(message) from error
        if not words:
            continue
        wait, *command = words
        if not _SECONDS.fullmatch(wait) or not command:
            message = f"line {number}: a script line is SECONDS COMMAND"
            raise ValueError(message)
        steps.append((float(wait), shlex.join(command)))
    return tuple(steps)


_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+")


def _exactly(arguments: list[str], form: str, count: int) -> list[str]:
    if len(arguments) != count:
        raise ValueError(form)
    return arguments
