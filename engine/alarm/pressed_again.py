"""Presses after a decision: who hears of one, and when. Pure.

HQ has said *false*, closed or merged a case, and the defender presses again. That press
repeats nothing: HQ is paged at once, and the protocol's first steps run again. After
*false* colleagues hear of it after `HOLD`, and are told to wait for HQ; an officer who
acknowledges before that can hold it back. The third within `WINDOW` is for HQ alone.
"""

from datetime import timedelta

from msgspec.structs import replace

from engine.alarm.force import run_anew
from engine.alarm.found_false import CALLED
from engine.alarm.state import Again, Alarm, Press, PressedAgain, Truth
from engine.alarm.verdicts import is_found_false
from engine.protocol.model import Audience
from engine.values import AlarmBit, Instant

QUIET = timedelta(minutes=5)
"""A device that repeats its press does so sooner than this."""
HOLD = timedelta(seconds=60)
WINDOW = timedelta(hours=1)
HEARD_MAX = 2
"""So many presses after a decision reach colleagues within `WINDOW`."""
_HELD = frozenset({AlarmBit.HELD, AlarmBit.UNSEEN})
_ASKED = CALLED | {Audience.ASKED, Audience.SILENT, Audience.EVERYONE}


def is_repeat(alarm: Alarm, press: Press) -> bool:
    """Say whether a press says no more than an earlier one of the same device.

    An alarm bit that was never seen cleared is the same press, at any interval. What
    came before a decision is repeated by nothing that HQ hears of after it.
    """
    since = alarm.decided_at
    earlier = [
        one
        for one in alarm.presses
        if one.device == press.device and (since is None or one.at > since)
    ]
    said = {signal for one in earlier for signal in one.signals}
    if press.text or not said.issuperset(press.signals) or not earlier:
        return False
    if press.bit is not None:
        return press.bit is not AlarmBit.RISEN
    at = press.pressed_at
    return any(abs(at.since(one.pressed_at)) <= QUIET for one in earlier)


def again_of(alarm: Alarm, press: Press, now: Instant) -> Again:
    """Return what a press comes to that joins an open case."""
    decided = alarm.decided_at
    if decided is None or press.pressed_at < decided:
        return Again.NO
    if press.bit in _HELD:
        return Again.NO if is_repeat(alarm, press) else Again.HQ
    if is_too_often(alarm.again.times, now):
        return Again.HQ
    # A bit that was held since has contradicted the verdict, and called nobody.
    is_false_still = alarm.again.is_held and alarm.truth is Truth.FALSE
    waits = is_found_false(alarm) or is_false_still
    return Again.WAIT if waits else Again.ALL


def is_too_often(times: tuple[Instant, ...], now: Instant) -> bool:
    """Say whether one more press after a decision goes to HQ alone."""
    return len(recent(times, now)) >= HEARD_MAX


def recent(times: tuple[Instant, ...], now: Instant) -> tuple[Instant, ...]:
    """Return those of the last `WINDOW`."""
    return tuple(at for at in times if now.since(at) <= WINDOW)


def with_press_again(alarm: Alarm, again: Again, at: Instant) -> Alarm:
    """Take a press after a decision; HQ is asked to acknowledge by another rule."""
    if again is Again.NO:
        return alarm
    # A bit that is held pages once, and is not the press that comes after a decision.
    is_held = alarm.presses[-1].bit in _HELD
    noted = alarm if is_held else replace(alarm, decided_at=None)
    if again is Again.HQ:
        # What HQ has found false calls nobody else by such a press.
        held = with_hold(noted) if alarm.truth is Truth.FALSE else noted
        return _run_again(held, frozenset({Audience.HQ}), at)
    times = (*recent(alarm.again.times, at), at)
    counted = replace(noted, again=replace(alarm.again, times=times))
    return _asked_again(counted, at, waits=again is Again.WAIT)


def begun_again(
    alarm: Alarm, again: Again, times: tuple[Instant, ...], at: Instant
) -> Alarm:
    """Take a press that begins a case, soon after another of the same person ended."""
    if again is Again.NO:
        return alarm
    waits = again is Again.WAIT
    state = PressedAgain(
        times=times if again is Again.HQ else (*times, at),
        at=at,
        colleagues_at=at.plus(HOLD) if waits else None,
        warns=waits,
        is_held=again is Again.HQ,
    )
    first = alarm.presses[0]
    decided_at = Instant(first.at.ms - 1) if first.bit in _HELD else None
    return replace(alarm, again=state, decided_at=decided_at)


def with_hold(alarm: Alarm) -> Alarm:
    """Hold colleagues back: an officer looks at it first."""
    return replace(alarm, again=replace(alarm.again, is_held=True))


def may_hold(alarm: Alarm, now: Instant) -> bool:
    """Say whether colleagues still wait for `HOLD` to pass."""
    waits_until = alarm.again.colleagues_at
    return waits_until is not None and now < waits_until


def with_verdict_after(alarm: Alarm, at: Instant) -> Alarm:
    """Call again those who were told to wait, or who were held back: it is real."""
    if not (alarm.again.warns or alarm.again.is_held):
        return alarm
    return _asked_again(alarm, at, waits=False)


def _asked_again(alarm: Alarm, at: Instant, *, waits: bool) -> Alarm:
    """Run the first steps again for everybody; who was called is asked again."""
    begun = _run_again(alarm, _ASKED | {Audience.HQ}, at)
    told = {
        person: replace(one, ended=True, reply=None, replied_at=None, forced_reply=None)
        if one.audience in CALLED
        else one
        for person, one in alarm.told.items()
    }
    again = replace(
        begun.again,
        colleagues_at=at.plus(HOLD) if waits else None,
        warns=waits,
        is_held=False,
    )
    return replace(begun, told=told, again=again)


def _run_again(alarm: Alarm, audiences: frozenset[Audience], at: Instant) -> Alarm:
    """Let steps that count from the raise run again, and count from now.

    The duty rota is not among them: it is paged at once, from where it stands.
    """
    steps = {
        step.id
        for step in alarm.protocol.steps
        if step.to in audiences and alarm.protocol.begins_at_raise(step)
    }
    return run_anew(replace(alarm, again=replace(alarm.again, at=at)), steps)
