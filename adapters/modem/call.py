"""A voice call that rings, to wake a person: nobody speaks."""

from collections.abc import Callable

from adapters.modem.at import FinalKind, fields_of, final_of
from adapters.modem.at_replies import number_of
from adapters.modem.dialogue import Dialogue
from engine.errors import ModemError
from engine.ports.clock import Clock

_DIALABLE = frozenset("0123456789*#")
_DIAL_S = 20.0
_HANG_UP_S = 10.0
_LOOK_EVERY_S = 1.0
_REACHED = frozenset({"BUSY", "NO ANSWER"})
_ACTIVE, _ALERTING = 0, 3


def ring(
    dialogue: Dialogue,
    clock: Clock,
    number: str,
    *,
    seconds: float,
    beat: Callable[[], None],
    between: Callable[[], None] | None = None,
) -> bool:
    """Dial, let it ring for so long or until it is taken, hang up.

    Modems answer OK when they start to dial, or only when somebody takes the call;
    the list of calls (`AT+CLCC`), where there is one, says more: it ends the
    waiting when the call is taken or lost. So does what a modem says unasked.
    `between` is called while it rings and no command is open, in place of `beat`:
    messages may be read there, and raising ends the call.

    Returns:
        True where the network took the call: it rang, was busy, or was answered.

    Raises:
        ModemError: the port is lost or silent, or the call could not be ended.
        ValueError: the number has a character that is not dialled.

    """
    if not number.removeprefix("+") or not _DIALABLE.issuperset(
        number.removeprefix("+")
    ):
        message = "the number cannot be dialled"
        raise ValueError(message)
    start_s = clock.boottime_s()
    reached = False
    dialogue.catch_up()
    _end(dialogue)  # of an earlier call
    try:
        reply = dialogue.command(
            f"ATD{number};", deadline_s=min(_DIAL_S, seconds), beat=beat
        )
        if reply.final is not None and not reply.ok:
            return reply.final.kind is FinalKind.CALL and reply.final.code in _REACHED
        reached = reply.ok
        while (left_s := seconds - (clock.boottime_s() - start_s)) > 0:
            state = _state(dialogue)
            if state == _ACTIVE:
                break
            if state is not None and state < 0:
                return False
            dialogue.pause(min(_LOOK_EVERY_S, left_s), beat)
            end = _end(dialogue)
            if end is not None:
                return end in _REACHED
            (between or beat)()
        return reached
    finally:
        _hang_up(dialogue)


def _state(dialogue: Dialogue) -> int | None:
    """Return the state of our call (TS 27.007, 7.18), -1 where it has ended."""
    reply = dialogue.command("AT+CLCC", deadline_s=_HANG_UP_S)
    if not reply.ok:
        return None
    for line in reply.lines:
        fields = fields_of(line)
        if fields[1:2] == ("0",):
            return number_of("".join(fields[2:3]))
    return -1


def _end(dialogue: Dialogue) -> str | None:
    """Take the word by which our call has ended; None where none has been said.

    A modem without a list of calls says so in no other way.
    """
    unsolicited, end = dialogue.unsolicited, None
    for urc in list(unsolicited):
        final = final_of(urc.line)
        if final is not None and final.kind is FinalKind.CALL:
            unsolicited.remove(urc)
            end = final.code
    return end


def _hang_up(dialogue: Dialogue) -> None:
    try:
        if not dialogue.command("AT+CHUP", deadline_s=_HANG_UP_S).ok:
            dialogue.command("ATH", deadline_s=_HANG_UP_S)
    except ModemError:
        dialogue.restarted = True
        raise
