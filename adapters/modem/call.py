"""A voice call that rings, to wake a person: nobody speaks."""

from collections.abc import Callable

from adapters.modem.at import Final, FinalKind, fields_of, final_of
from adapters.modem.at_replies import number_of
from adapters.modem.dialogue import Dialogue
from engine.errors import ModemError
from engine.ports.clock import Clock
from engine.ports.modem import RingResult

_DIALABLE = frozenset("0123456789*#")
_DIAL_S = 20.0
_HANG_UP_S = 10.0
_LOOK_EVERY_S = 1.0
_ALERTS_S = 5.0
"""So long a network takes to ring at the most, as far as one without a list knows."""
_ROW_S = 0.2
_REACHED = frozenset({"BUSY", "NO ANSWER"})
_ACTIVE, _ALERTING = 0, 3


def ring(
    dialogue: Dialogue,
    clock: Clock,
    number: str,
    *,
    seconds: float,
    beat: Callable[[], None],
    between: Callable[[], None],
    gives_way: Callable[[], bool],
) -> RingResult:
    """Dial, let it ring for so long or until it is taken, hang up.

    Modems answer OK when they start to dial, or only when somebody takes the call;
    the list of calls (`AT+CLCC`), where there is one, says more: it ends the
    waiting when the call is taken or lost. So does what a modem says unasked.
    `between` is called while it rings and no command is open, in place of `beat`:
    messages may be read there. `gives_way` ends the call at once, though the modem has
    not said yet that it dials; that it has hung up is waited for.

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
    dialogue.catch_up()
    _end(dialogue)  # of an earlier call
    if gives_way():
        return RingResult.UNDIALLED
    dials, has_rung = True, False
    try:
        reply = dialogue.command(
            f"ATD{number};",
            deadline_s=min(_DIAL_S, seconds),
            beat=beat,
            over=gives_way,
        )
        dials = reply.final is None
        if reply.final is not None and not reply.ok:
            return _ended(reply.final)
        if dials and gives_way():
            return RingResult.UNHEARD
        while (left_s := seconds - (clock.boottime_s() - start_s)) > 0:
            state = _state(dialogue)
            if state == _ACTIVE:
                break
            if state is not None and state < 0:
                return RingResult.REFUSED
            rings_by_now = clock.boottime_s() - start_s >= _ALERTS_S
            has_rung = rings_by_now if state is None else state == _ALERTING
            dialogue.pause(min(_LOOK_EVERY_S, left_s), beat, gives_way)
            end = _end(dialogue)
            if end is not None:
                return _ended(end)
            if gives_way():
                return RingResult.CUT_SHORT if has_rung else RingResult.UNHEARD
            between()
        return RingResult.REFUSED if dials else RingResult.RANG
    finally:
        _hang_up(dialogue, dials=dials)


def _ended(final: Final) -> RingResult:
    is_reached = final.kind is FinalKind.CALL and final.code in _REACHED
    return RingResult.RANG if is_reached else RingResult.REFUSED


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


def _end(dialogue: Dialogue) -> Final | None:
    """Take the word by which our call has ended; None where none has been said.

    A modem without a list of calls says so in no other way.
    """
    unsolicited, end = dialogue.unsolicited, None
    for urc in list(unsolicited):
        final = final_of(urc.line)
        if final is not None and final.kind is FinalKind.CALL:
            unsolicited.remove(urc)
            end = final
    return end


def _hang_up(dialogue: Dialogue, *, dials: bool) -> None:
    """Hang up, and wait for the answer: else it would be the next command's.

    A modem that has not answered `dials` still; what is written then may end the
    dialling (V.250, 5.6.1) and be no command.
    """
    try:
        if dials:
            dialogue.escape()
            dialogue.pause(_ROW_S)
        if not dialogue.command("AT+CHUP", deadline_s=_HANG_UP_S).ok:
            dialogue.command("ATH", deadline_s=_HANG_UP_S)
    except ModemError:
        dialogue.restarted = True
        raise
