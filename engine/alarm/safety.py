"""Who says that the defender is safe, and whether that is enough to close. Pure.

One person's word can be forced. After a sign of force the defender's own word counts
no more, and an all-clear takes two others at least; until then a close is one in
appearance only, which the defender's addresses cannot tell from a true one.
"""

from engine.alarm.commands import Close, ConfirmSafe
from engine.alarm.events import AlarmClosed, RefusalGround
from engine.alarm.state import Alarm, Kind
from engine.protocol.model import NEEDS_AFTER_FORCE
from engine.values import Instant


def close_of(alarm: Alarm, command: Close, now: Instant) -> AlarmClosed:
    """Return the end that an operator's close comes to."""
    return AlarmClosed(
        at=now,
        by=command.by,
        reason=command.reason,
        remark=command.remark,
        apparent=not _is_enough(alarm, command),
        false_class=command.false_class,
        into=command.into,
    )


def close_refusal(alarm: Alarm, command: Close) -> RefusalGround | None:
    """Return why nobody may close now.

    Asked as if no word had been a forced one, so that the answer tells nothing.
    """
    if alarm.kind is not Kind.REAL:
        return None
    if alarm.seen.closed is not None:
        enough = _is_enough(alarm, command)
    else:
        names = safe_names(alarm, as_seen=True)
        enough = _suffice(names, command, alarm.protocol.all_clear_needs)
    return None if enough else RefusalGround.NOT_SAFE_YET


def confirm_refusal(alarm: Alarm, command: ConfirmSafe) -> RefusalGround | None:
    """Return why an operator's word that all is well is not taken."""
    said = command.by in safe_names(alarm, as_seen=False)
    return RefusalGround.ALREADY_DONE if said else None


def safe_needs(alarm: Alarm) -> int:
    """Return how many people have to say that the defender is safe."""
    if alarm.kind is not Kind.REAL:
        return 1
    needs = alarm.protocol.all_clear_needs
    return needs if alarm.danger_at is None else max(needs, NEEDS_AFTER_FORCE)


def safe_names(alarm: Alarm, *, as_seen: bool) -> tuple[str, ...]:
    """Return who says so since the last press, each once.

    `as_seen` by whoever knows nothing of force; else without forced words, and with
    nothing that was said before the last sign of force.
    """
    names = {
        said.name: None
        for said in alarm.safe[0 if as_seen else alarm.safe_heard :]
        if as_seen or not (said.forced or _is_own_word_in_danger(alarm, said.name))
    }
    return tuple(names)


def _is_own_word_in_danger(alarm: Alarm, name: str) -> bool:
    return alarm.danger_at is not None and name == alarm.defender


def _is_enough(alarm: Alarm, command: Close) -> bool:
    names = safe_names(alarm, as_seen=False)
    return _suffice(names, command, safe_needs(alarm))


def _suffice(names: tuple[str, ...], command: Close, needs: int) -> bool:
    voices = {*names, command.by} if command.in_person else set(names)
    return needs <= 1 or len(voices) >= needs
