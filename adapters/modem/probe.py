"""Asks a modem all that support needs to know, and hides what it need not."""

from dataclasses import dataclass

from adapters.modem.dialogue import Dialogue
from adapters.modem.redact import redact
from adapters.modem.transport import Transport
from engine.errors import ModemSilentError
from engine.ports.clock import Clock

QUESTIONS = (
    "AT",
    "ATE0",
    "ATI",
    "AT+CGMI",
    "AT+CGMM",
    "AT+CGMR",
    "AT+CGSN",
    "AT+CMEE=1",
    "AT+CPIN?",
    "AT+CFUN?",
    "AT+CIMI",
    "AT+CCID",
    "AT+CSMS?",
    "AT+CSCS=?",
    "AT+CMGF=?",
    "AT+CNMI=?",
    "AT+CNMI?",
    "AT+CPMS=?",
    "AT+CPMS?",
    "AT+CSCA?",
    "AT+CREG?",
    "AT+CGREG?",
    "AT+CEREG?",
    "AT+COPS?",
    "AT+CSQ",
    "AT+CMMS=?",
    "AT+CGSMS?",
    "AT+CLCC",
)
_SILENT_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question with its answer, redacted; `took_s` is how long it took."""

    question: str
    lines: tuple[str, ...]
    final: str
    took_s: float


def probe(
    transport: Transport, clock: Clock, *, deadline_s: float = 5.0
) -> tuple[Answered, ...]:
    """Open the port, ask every question, close; nothing is changed but the echo.

    Raises:
        ModemError: the port cannot be opened, is lost, or nobody answers.

    """
    dialogue = Dialogue(transport, clock)
    dialogue.minds_restart = False
    transport.open()
    try:
        dialogue.escape()
        answers: list[Answered] = []
        silent = 0
        for question in QUESTIONS:
            start_s = clock.boottime_s()
            reply = dialogue.command(question, deadline_s=deadline_s)
            took_s = clock.boottime_s() - start_s
            silent = silent + 1 if reply.final is None else 0
            if silent == _SILENT_MAX:
                message = "the modem does not answer"
                raise ModemSilentError(message)
            answers.append(
                Answered(
                    question=question,
                    lines=tuple(redact(line) for line in reply.lines),
                    final=str(reply.final) if reply.final else "no answer",
                    took_s=took_s,
                )
            )
        return tuple(answers)
    finally:
        transport.close()
