"""Which of a file's triggers a rehearsal begins with. Pure."""

from datetime import timedelta

from engine.alarm.force import BY_MISTAKE
from engine.errors import DataError, suggestion
from engine.protocol.model import ActionProtocol
from engine.values import Signal

_SOON = timedelta(seconds=10)


def trigger_of(protocol: ActionProtocol, named: str, *, file: str) -> Signal:
    """Return the trigger of that name; where none is named a press, if it is one.

    Args:
        protocol: whose triggers count, also those of a risk window.
        named: as in the file; empty for none.
        file: named in the error.

    Raises:
        DataError: it is no trigger of this file; says which there are.

    """
    if not named:
        usual = Signal.SOS in protocol.triggers
        return Signal.SOS if usual else min(protocol.triggers)
    there = {one.value: one for one in protocol.raising(at_risk=True)}
    if named in there:
        return there[named]
    meant = suggestion(named, there) or "."
    always = ", ".join(sorted(protocol.triggers))
    reason = f"{named!r} raises nothing by this file{meant} One of: {always}"
    at_risk = ", ".join(sorted(protocol.risk_triggers - protocol.triggers))
    reason += f"; within a risk window also: {at_risk}" if at_risk else ""
    raise DataError(file, None, "--trigger", reason)


def in_time(protocol: ActionProtocol, trigger: Signal) -> timedelta:
    """Return a moment at which it is called off: in its countdown, where it has one."""
    waits = protocol.countdown if trigger in BY_MISTAKE else timedelta(0)
    return waits / 2 or _SOON
