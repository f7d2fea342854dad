"""Who says that the defender is safe, and whether that is enough to close. Pure.

One person's word can be forced. After a sign of force the defender's own word counts
no more, and an all-clear takes two others at least; until then a close is one in
appearance only, which the defender's addresses cannot tell from a true one.
"""

from engine.alarm.commands import Close, ConfirmSafe
from engine.alarm.events import AlarmClosed, SafetyConfirmed
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Alarm, CloseReason, Kind
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
        names = _voices(alarm, command, as_seen=True)
        enough = _suffice(names, command, alarm.protocol.all_clear_needs)
    if enough:
        return None
    is_held = command.reason is CloseReason.DETAINED
    return RefusalGround.NOT_DETAINED_YET if is_held else RefusalGround.NOT_SAFE_YET


def confirm_refusal(alarm: Alarm, command: ConfirmSafe) -> RefusalGround | None:
    """Return why an operator's word that all is well is not taken.

    After what looks like an end it may be the word that ends the questions: asked by
    what the defender's addresses have seen, so that it does the same there after a
    forced one.
    """
    if ends_asking(alarm, command) or ends_writing(alarm, command):
        return None
    if not alarm.is_open:
        is_safe = alarm.safe_confirmed is not None
        is_done = alarm.seen.detained if command.detained else is_safe
        return RefusalGround.ALREADY_DONE if is_done else RefusalGround.NO_PROOF
    said = command.by in safe_names(alarm, as_seen=False, detained=command.detained)
    return RefusalGround.ALREADY_DONE if said else None


def confirmation_of(
    alarm: Alarm, command: ConfirmSafe, now: Instant
) -> SafetyConfirmed:
    """Return the fact of an operator's word that the defender is safe."""
    return SafetyConfirmed(
        at=now,
        by=command.by,
        remark=command.remark,
        ends_asking=ends_asking(alarm, command),
        detained=command.detained,
    )


def ends_asking(alarm: Alarm, command: ConfirmSafe) -> bool:
    """Say whether somebody, or some telephone, is asked no more after this word."""
    if alarm.seen.closed is None or not command.remark or command.detained:
        return False
    still_asked = not alarm.is_open and alarm.safe_confirmed is None
    return still_asked or alarm.seen.confirmed is None


def ends_writing(alarm: Alarm, command: ConfirmSafe) -> bool:
    """Say whether nothing more goes to the defender's telephone after this word.

    After what looks like an end: others may have it, as is known only now.
    """
    is_news = alarm.seen.closed is not None and not alarm.seen.detained
    return command.detained and bool(command.remark) and is_news


def safe_needs(alarm: Alarm) -> int:
    """Return how many people have to say that the defender is safe."""
    if alarm.kind is not Kind.REAL:
        return 1
    needs = alarm.protocol.all_clear_needs
    return needs if alarm.danger_at is None else max(needs, NEEDS_AFTER_FORCE)


def safe_names(
    alarm: Alarm, *, as_seen: bool, detained: bool = False
) -> tuple[str, ...]:
    """Return who says so since the last press, each once, by their latest word.

    `as_seen` by whoever knows nothing of force; else without forced words, and with
    nothing that was said before the last sign of force. With `detained` who says that
    the defender is held, in place of safe.
    """
    names = {
        said.name: said.detained
        for said in alarm.safe[0 if as_seen else alarm.safe_heard :]
        if as_seen or not (said.forced or _is_own_word_in_danger(alarm, said.name))
    }
    return tuple(
        name
        for name, is_held in names.items()
        if is_held is detained and name not in alarm.left_out
    )


def _voices(alarm: Alarm, command: Close, *, as_seen: bool) -> tuple[str, ...]:
    """Return whose word an end rests on; as detained on that of either."""
    names = safe_names(alarm, as_seen=as_seen)
    if command.reason is not CloseReason.DETAINED:
        return names
    return (*names, *safe_names(alarm, as_seen=as_seen, detained=True))


def _is_own_word_in_danger(alarm: Alarm, name: str) -> bool:
    return alarm.danger_at is not None and name == alarm.defender


def _is_enough(alarm: Alarm, command: Close) -> bool:
    names = _voices(alarm, command, as_seen=False)
    return _suffice(names, command, safe_needs(alarm))


def _suffice(names: tuple[str, ...], command: Close, needs: int) -> bool:
    voices = {*names, command.by} if command.in_person else set(names)
    return needs <= 1 or len(voices) >= needs
