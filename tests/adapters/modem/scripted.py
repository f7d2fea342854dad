"""A modem that is a table of replies, in virtual time: other makers' dialects."""

import re
from collections import deque
from collections.abc import Callable

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from engine.errors import ModemGoneError
from tests.adapters.modem.rig import CountingTelemetry
from tests.fakes import ManualClock

SILENCE = ""
Answer = str | Callable[[str], str]


class ScriptedModem:
    """A transport whose far end answers each command from a table.

    A read that finds nothing moves the clock by its time limit: silence of two
    minutes takes no time. `later` says something at a moment of that clock.
    """

    def __init__(
        self,
        clock: ManualClock,
        answers: dict[str, Answer] | None = None,
        *,
        otherwise: str = "\r\nERROR\r\n",
        prompt: str = "\r\n> ",
        sent: Answer = "\r\n+CMGS: 7\r\n\r\nOK\r\n",
    ) -> None:
        self.name = "scripted"
        self.clock = clock
        self.answers = dict(answers or {})
        self.otherwise = otherwise
        self.prompt = prompt
        self.sent = sent
        self.commands: list[str] = []
        self.pdus: list[str] = []
        self.opened = 0
        self.is_open = False
        self.gone = False
        self.goes_at_write = False
        self.plugged = ""
        self._typed = ""
        self._output: deque[tuple[float, bytes]] = deque()

    def say(self, text: str, after_s: float = 0.0) -> None:
        self._output.append((self.clock.boottime_s() + after_s, text.encode("latin-1")))

    def open(self) -> None:
        self.opened += 1
        if self.gone:
            message = "gone"
            raise ModemGoneError(message)
        self.is_open = True

    def read(self, timeout_s: float) -> bytes:
        if self.gone:
            message = "gone"
            raise ModemGoneError(message)
        self._output = deque(sorted(self._output, key=lambda said: said[0]))
        until_s = self.clock.boottime_s() + max(0.0, timeout_s)
        if self._output and self._output[0][0] <= until_s:
            due_s, data = self._output.popleft()
            self.clock.advance(max(0.0, due_s - self.clock.boottime_s()))
            return data
        self.clock.advance(max(0.0, timeout_s))
        return b""

    def write(self, data: bytes) -> None:
        self.gone = self.gone or self.goes_at_write
        if self.gone:
            message = "gone"
            raise ModemGoneError(message)
        self._typed += data.decode("latin-1").replace("\x1b\r", "")
        while match := re.search(r"[\r\x1a]", self._typed):
            line = self._typed[: match.start()]
            self._typed = self._typed[match.end() :]
            if match.group() == "\x1a":
                self.pdus.append(line)
                self._answer(self.sent, line)
            elif line:
                self.commands.append(line)
                self._command(line)

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self.is_open = False

    def _command(self, line: str) -> None:
        if line in self.answers:
            self._answer(self.answers[line], line)
        elif line.startswith("AT+CMGS="):
            self.say(self.prompt)
        else:
            self._answer(self.otherwise, line)

    def _answer(self, answer: Answer, line: str) -> None:
        text = answer if isinstance(answer, str) else answer(line)
        if text:
            self.say(text)


OK = "\r\nOK\r\n"
WORKS: dict[str, Answer] = {
    "AT": OK,
    "ATE0": OK,
    "AT+CPIN?": "\r\n+CPIN: READY\r\n\r\nOK\r\n",
    "AT+CFUN?": "\r\n+CFUN: 1\r\n\r\nOK\r\n",
    "AT+CMGF=0": OK,
    "AT+CPMS=?": '\r\n+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")\r\n\r\nOK\r\n',
    'AT+CPMS="SM","SM","SM"': "\r\n+CPMS: 0,30,0,30,0,30\r\n\r\nOK\r\n",
    'AT+CPMS="ME"': "\r\n+CPMS: 0,30,0,30,0,30\r\n\r\nOK\r\n",
    'AT+CPMS="SM"': "\r\n+CPMS: 0,30,0,30,0,30\r\n\r\nOK\r\n",
    "AT+CPMS?": '\r\n+CPMS: "SM",0,30,"SM",0,30,"SM",0,30\r\n\r\nOK\r\n',
    "AT+CREG?": "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
    "AT+CSQ": "\r\n+CSQ: 21,99\r\n\r\nOK\r\n",
    "AT+CGSN": "\r\n490154203237518\r\n\r\nOK\r\n",
    "AT+CNMI=?": "\r\n+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)\r\n\r\nOK\r\n",
    "AT+CNMI=2,1,0,1,0": OK,
}


def driver_of(modem: ScriptedModem, options: ModemOptions | None = None) -> SerialModem:
    return SerialModem(
        "scripted",
        clock=modem.clock,
        telemetry=CountingTelemetry(),
        options=options,
        transport=modem,
    )
