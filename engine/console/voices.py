"""Who says that the defender is safe, and for whom a close has to wait. Pure.

It tells what whoever knows nothing of force may see: a forced word of the defender
looks like a true one here, and whether it counts is for the operators on the case
alone. A forced answer of a colleague counts for nothing, here as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from engine.alarm.commands import Close
from engine.alarm.events import SafetyConfirmed
from engine.alarm.safety import close_refusal, safe_names
from engine.alarm.state import Alarm, CloseReason, Kind, is_own
from engine.console.cases import Line
from engine.console.people import Json, Names, can_come
from engine.values import CommandId, OperatorId

SAYS = "I know that the defender is safe"
"""What the console's button says; another one beside it says *is detained*."""
_ENDS = (CloseReason.SAFE, CloseReason.DETAINED)


def safety(
    alarm: Alarm, lines: Sequence[Line], names: Names, operator: OperatorId | None
) -> Json:
    """Return how many it takes, who has said so, and for whom a close waits.

    `operator` is who would close it in person; None: whoever asks at the command line,
    where a name is taken at its word and counts for nobody.
    """
    said = safe_names(alarm, as_seen=True)
    held = safe_names(alarm, as_seen=True, detained=True)
    return {
        "needs": alarm.protocol.all_clear_needs if alarm.kind is Kind.REAL else 1,
        "said": len(said),
        "by": _called(alarm, said, lines, names),
        "detained": list(held),
        "waits": closing_waits(alarm, operator),
    }


def closing_waits(alarm: Alarm, operator: OperatorId | None) -> str:
    """Return for whom a close has to wait; nothing where it need not, or is done.

    After an end in appearance it hangs on the signs of force: whoever is not on the
    case is told nothing before they try it.
    """
    if not alarm.is_open or (operator is not None and is_own(alarm, operator)):
        return ""
    if alarm.seen.closed is not None and operator not in alarm.operators:
        return ""
    for reason in _ENDS:
        close = Close(
            command_id=CommandId("asked"),
            by=operator or OperatorId(""),
            reason=reason,
            in_person=operator is not None,
        )
        if close_refusal(alarm, close) is None:
            return ""
    said = (
        *safe_names(alarm, as_seen=True),
        *safe_names(alarm, as_seen=True, detained=True),
    )
    voices = {*said} if operator is None else {*said, operator}
    missing = alarm.protocol.all_clear_needs - len(voices)
    # After an end in appearance it takes more than can be counted here.
    more = f"{missing} more" if missing > 0 else "more"
    besides = "" if operator is None else " besides you"
    waits = f"closing waits for {more}{besides}: {' or '.join(_who(alarm))}"
    if operator is None or operator in said:
        return waits
    return f"{waits}; say so yourself as well, so that whoever comes next can close it"


def safety_line(safety: Mapping[str, object]) -> str:
    """Return it in one line; nothing where one operator ends it, or all is done.

    An engine of before sends the figures alone.
    """
    needs, said = cast("int", safety["needs"]), safety["said"]
    if needs <= 1:
        return ""
    by = ", ".join(cast("list[str]", safety.get("by") or []))
    line = f"Safe, say {said} of {needs} whom an all-clear takes"
    held, waits = cast("list[str]", safety.get("detained") or []), safety.get("waits")
    line += f": {by}" if by else ""
    line += f"; detained, say {', '.join(held)}" if held else ""
    return line + (f"; {waits}" if waits else "")


def _called(
    alarm: Alarm, said: Sequence[str], lines: Sequence[Line], names: Names
) -> list[str]:
    """Return what those who say so are called; an operator is no secret at HQ."""
    events = (line.event for line in lines)
    operators = {one.by for one in events if isinstance(one, SafetyConfirmed)}
    return [
        "the defender"
        if one == alarm.defender
        else one
        if one in operators
        else names.of(one)
        for one in said
    ]


def _who(alarm: Alarm) -> list[str]:
    """Return who may say so, and how; an answer of 5 or 6 counts from each of them."""
    who = [f"an operator at the console ({SAYS}, or is detained)"]
    if alarm.defender is not None:
        who.append("the defender with their word")
    if any(can_come(told) for told in alarm.told.values()):
        who.append("a colleague or contact who answers 6 with their code")
    return who
