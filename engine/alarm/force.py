"""Fold cancels and signs of force into an alarm. Pure.

What the defender's own addresses are led to believe (`seen`) moves the same way
after a forced cancel as after a true one.
"""

from datetime import timedelta
from enum import IntEnum

from msgspec.structs import replace

from engine.alarm.effects import Fired
from engine.alarm.events import (
    AlarmReopened,
    CancelRequested,
    ReplyReceived,
    SafetyConfirmed,
)
from engine.alarm.moves import is_measured
from engine.alarm.state import (
    NOWHERE,
    VERDICTS,
    Act,
    Alarm,
    Force,
    KnownPlace,
    Press,
    ReplyKind,
    Response,
    Safe,
    Seen,
    Told,
)
from engine.alarm.verdicts import contradicted
from engine.protocol.model import ActionProtocol, Audience
from engine.values import AlarmId, Instant, OperatorId, Signal, StepId

BY_MISTAKE = frozenset({Signal.SOS, Signal.BUTTON, Signal.FALL})


def urged(alarm: Alarm, at: Instant, *, from_first: bool = False) -> Alarm:
    """Take HQ's acknowledgement back: there is something they have not seen.

    The rota is paged on from where it stands, since who was paged last may sleep;
    `from_first` where another is on duty now.
    """
    if not alarm.is_open:
        return alarm
    return replace(
        alarm,
        response=Response.NOTIFYING,
        acknowledged=None,
        urgent_since=at,
        fired=paged_anew(alarm, from_first=from_first),
    )


def paged_anew(alarm: Alarm, *, from_first: bool = False) -> dict[StepId, Fired]:
    """Let rounds in which the rota is paged count from now: a file may end them.

    Else whoever is not seen to act would be called by nobody: their round is over.
    """
    paging = {step.id for step in alarm.protocol.steps if step.to is Audience.DUTY}
    return {
        key: replace(
            fired,
            extra=fired.rounds,
            turned=fired.rounds if from_first else fired.turned,
        )
        if key in paging
        else fired
        for key, fired in alarm.fired.items()
    }


def forced(alarm: Alarm, sign: Force, at: Instant) -> Alarm:
    """Take a sign of force: whoever is on duty hears of it at once.

    Their word that they are safe was said before it, and HQ goes on asking. What the
    defender's addresses have confirmed stays so: a sign shows nothing there.
    """
    by_word = sign in {Force.DURESS_WORD, Force.COLLEAGUE_FORCED}
    return urged(
        replace(
            contradicted(alarm),
            force=alarm.force | {sign},
            danger_at=at,
            safe_heard=len(alarm.safe),
            safe_confirmed=None,
            called_off=False,
            duress=alarm.duress or by_word,
            after=tuple(sorted({*alarm.after, *alarm.siblings})),
        ),
        at,
    )


def with_cancel(alarm: Alarm, event: CancelRequested) -> Alarm:
    """Note that somebody asked to call it off. A proven word has HQ look at it.

    What came before a press calls nothing off, whenever it was taken up. Without a
    case it waits for one, and finds the next. Nor does what a device had stored, which
    is older than when it came. A word of force is one all the same, and shows as little
    as any other.
    """
    press, at = event.press, event.at
    if press.late or is_before_press(alarm, press.at, as_seen=True):
        noted = replace(alarm, cancel_requests=alarm.cancel_requests + 1)
        return forced(noted, Force.DURESS_WORD, at) if press.duress else noted
    seen = alarm.seen
    if seen.closed is None and not press.unseen:
        # To their addresses there is nothing to call off after the end, also later on.
        seen = replace(seen, cancelled=seen.cancelled or at)
    noted = replace(
        alarm,
        cancel_requests=alarm.cancel_requests + 1,
        cancelled_place=alarm.cancelled_place or _place_at_cancel(alarm, at),
        seen=seen,
    )
    # Whoever has said that they are forced is not believed that it was a mistake.
    believed = press.doubt is None and not press.duress and alarm.danger_at is None
    if believed and at < countdown_end(alarm):
        noted = replace(noted, called_off=True)
    if not (press.duress or press.proven):
        return noted
    heard = noted
    if press.doubt is None and not press.unseen:
        heard = safe_from(noted, alarm.defender or "", at, forced=press.duress)
    return forced(heard, Force.DURESS_WORD, at) if press.duress else urged(heard, at)


def is_before_press(alarm: Alarm, came: Instant, *, as_seen: bool) -> bool:
    """Say whether a press has gone before what came before it.

    Whoever said it did not know of that one. Where it shows at the defender's addresses
    (`as_seen`), no press counts that does not show there, once there is a case to them.
    """
    later = [one for one in alarm.presses if came < one.at]
    if as_seen and alarm.seen.raised is not None:
        return any(is_shown(one, alarm.protocol) for one in later)
    return bool(later)


def _place_at_cancel(alarm: Alarm, at: Instant) -> KnownPlace:
    """Return from where a position moves on after a cancel; a later one moves nothing.

    Whoever calls it off again and again on the way has moved on from the first.
    """
    is_base = is_measured(alarm.place, at, alarm.protocol.fresh)
    return alarm.place if is_base else NOWHERE


def countdown_end(alarm: Alarm) -> Instant:
    """Return until when colleagues wait, so that a mistake can be called off.

    A device that is torn off was not torn off by mistake, and nobody presses twice by
    mistake, not where the second press began a case of its own either.
    """
    said = {signal for press in alarm.presses for signal in press.signals}
    again = alarm.press_count > 1 or Force.SECOND_SIGNAL in alarm.force
    at_once = again or bool(said - BY_MISTAKE) or alarm.presses[0].late
    return alarm.opened_at.plus(timedelta(0) if at_once else alarm.protocol.countdown)


def with_sign(alarm: Alarm, press: Press, at: Instant) -> Alarm:
    """Hold a press that joins against a cancel that came before it.

    Whoever said before it that all is well did not know of it, the defender included:
    after the end they are asked again, where whoever watches can tell that they press.
    """
    if press.unseen:
        return forced(alarm, Force.DURESS_WORD, at)
    anew = replace(alarm, safe=(), safe_heard=0, safe_confirmed=None, called_off=False)
    seen, shows = alarm.seen, is_shown(press, alarm.protocol)
    if shows and (seen.closed is not None or seen.raised is None):
        # To the defender's addresses there was no case any more, or none yet.
        anew = seen_anew(anew, Seen(raised=at))
    elif shows:
        anew = replace(anew, seen=replace(seen, confirmed=None))
    if press.duress:
        return forced(anew, Force.DURESS_WORD, at)
    return anew if seen.cancelled is None else forced(anew, Force.SECOND_SIGNAL, at)


def with_press_elsewhere(alarm: Alarm, other: AlarmId, at: Instant) -> Alarm:
    """Hold a case that looks over to the defender against a press after that end.

    The press began a case of its own, as it would have after a true end: whoever
    watches their telephone sees another code, and this case's questions go on. Of
    what follows there HQ hears from that one.
    """
    anew = alarm
    if alarm.is_open:
        # One that does not look over is closed by what whoever watches has heard: its
        # words are kept for that, and count no more.
        safe = () if seems_over(alarm) else alarm.safe
        anew = replace(alarm, safe=safe, safe_heard=len(safe))
    if alarm.is_open and not knows(alarm, other):
        anew = forced(anew, Force.SECOND_SIGNAL, at)
    siblings = alarm.siblings | {other}
    return replace(anew, links=alarm.links | {other}, siblings=siblings)


def knows(alarm: Alarm, other: AlarmId) -> bool:
    """Say whether a case has heard of a press to another one before."""
    return other in alarm.siblings and Force.SECOND_SIGNAL in alarm.force


def begun_after(alarm: Alarm, after: tuple[AlarmId, ...], at: Instant) -> Alarm:
    """Hold a case against others that look over, which its press does not fit.

    They have still to hear of it. The first press alone is a sign of force.
    """
    if not after:
        return alarm
    begun = replace(
        alarm,
        after=tuple(sorted({*alarm.after, *after})),
        links=alarm.links.union(after),
        siblings=alarm.siblings.union(after),
    )
    if all(knows(alarm, one) for one in after):
        return begun
    return forced(begun, Force.SECOND_SIGNAL, at)


class Look(IntEnum):
    """How an open case looks to the defender, and to who watches them.

    `UNSEEN` has begun with a word of force, in place of which a word of safety would
    have begun nothing. What they do next is meant for the highest.
    """

    OVER = 0
    UNSEEN = 1
    OPEN = 2


def look_of(alarm: Alarm) -> Look:
    """Return how it looks, if it is open."""
    if alarm.seen.closed is not None:
        return Look.OVER
    return Look.UNSEEN if alarm.seen.raised is None else Look.OPEN


def seems_over(alarm: Alarm) -> bool:
    """Say whether it is open and looks over."""
    return alarm.is_open and look_of(alarm) is Look.OVER


def is_shown(press: Press, protocol: ActionProtocol) -> bool:
    """Say whether whoever watches can tell that a press raises.

    A word of force beside a call for help is answered as the call alone would be; one
    that stands by itself looks like a word of safety, which raises nothing.
    """
    raising = protocol.triggers | {Signal.SOS}
    if press.unseen:
        return False
    return not press.duress or not raising.isdisjoint(press.signals)


def with_word(alarm: Alarm, event: ReplyReceived) -> Alarm:
    """Take an answer of the defender in person, or a forced one of anybody."""
    own = event.person == alarm.defender
    answered = alarm
    if own and event.authentic and event.reply is ReplyKind.SAFE:
        seen = replace(alarm.seen, confirmed=event.at)
        answered = replace(alarm, seen=seen)
        answered = safe_from(answered, event.person, event.at, forced=event.duress)
        # Under force their word counts no more, until others have ended the case.
        believed = alarm.danger_at is None or not alarm.is_open
        # Nor once they are known to be held: others may have telephone and word.
        believed = believed and not alarm.seen.detained
        if believed and not event.duress:
            act = Act(by=OperatorId(event.person), at=event.at)
            answered = replace(answered, safe_confirmed=act)
    if not event.duress:
        return answered
    if not own:
        answered = _with_forced_reply(alarm, event)
    sign = Force.DURESS_WORD if own else Force.COLLEAGUE_FORCED
    return forced(answered, sign, event.at)


def _with_forced_reply(alarm: Alarm, event: ReplyReceived) -> Alarm:
    """Have a colleague's own telephone be rung and asked no more than after a true one.

    What people say that all is well stops neither; nor does what could not count. Who
    said before that they are coming is so no more.
    """
    told = alarm.told.get(event.person)
    if told is None:
        return alarm
    entry = replace(told, under_force_at=event.at)
    if event.at == alarm.opened_at:
        entry = replace(entry, opened_at=event.at)
    if event.reply is not ReplyKind.SAFE and event.authentic:
        # A true word on whether it is real leaves what they do as they have said it.
        stays = event.reply in VERDICTS and told.seen_reply is not None
        shown = told.forced_reply if stays else event.reply
        entry = replace(entry, forced_reply=shown, forced_at=event.at)
    return replace(alarm, told={**alarm.told, event.person: entry})


def has_opened(alarm: Alarm, told: Told) -> bool:
    """Say whether it was over, and is open by a word of force of theirs alone.

    After a true one their telephone, which others may have, would get nothing, least
    of all where the defender is. Not once they have answered freely, while it was open.
    """
    if told.opened_at != alarm.opened_at:
        return False
    freely_at, ended = told.replied_at, alarm.closed
    return freely_at is None or (ended is not None and freely_at >= ended.at)


def opened_further(alarm: Alarm, at: Instant) -> dict[str, Told]:
    """Return the entries where it is opened again and nobody has heard of the end.

    It is as if it had been open all the time: by whose word, too.
    """
    return {
        person: replace(told, opened_at=at) if has_opened(alarm, told) else told
        for person, told in alarm.told.items()
    }


def with_operators_word(alarm: Alarm, event: SafetyConfirmed) -> Alarm:
    """Take an operator's word that the defender is safe, or is detained.

    Where it ends the questions the defender's telephone is asked no more, whether it
    is over or looks so; HQ's own go on until people have ended the case. That they are
    detained ends the telephone's alone, and has HQ asked.
    """
    voiced = safe_from(alarm, event.by, event.at, detained=event.detained)
    said = replace(voiced, attended_at=event.at)
    if event.detained and event.remark and alarm.seen.closed is not None:
        # Also where the word of safety has come since: whoever holds them may have it.
        seen = replace(alarm.seen, detained=True)
        return replace(said, seen=seen, safe_confirmed=None)
    if not event.ends_asking:
        return said
    confirmed = alarm.seen.confirmed or event.at
    said = replace(said, seen=replace(alarm.seen, confirmed=confirmed))
    if alarm.is_open:
        return said
    return replace(said, safe_confirmed=Act(by=event.by, at=event.at))


def safe_from(
    alarm: Alarm,
    name: str,
    at: Instant,
    *,
    forced: bool = False,
    detained: bool = False,
) -> Alarm:
    """Note that somebody says that the defender is safe, or is detained."""
    voice = Safe(name=name, at=at, forced=forced, detained=detained)
    return replace(alarm, safe=(*alarm.safe, voice))


def with_seen_reopening(alarm: Alarm, event: AlarmReopened) -> Alarm:
    """Begin again for the defender's addresses, where they may learn of it."""
    if event.silent:
        return alarm
    alarm = replace(alarm, safe=(), safe_heard=0)
    if event.by is None:
        return seen_anew(alarm, Seen(raised=event.at))
    seen = replace(alarm.seen, closed=None, confirmed=None, detained=False)
    return seen_anew(alarm, seen, closing_only=True)


def seen_anew(alarm: Alarm, seen: Seen, *, closing_only: bool = False) -> Alarm:
    """Let the steps for the defender run anew; a round's number is not used twice."""
    anew = {
        step.id
        for step in alarm.protocol.steps
        if step.to is Audience.DEFENDER
        and (not closing_only or alarm.protocol.begins_at_close(step))
    }
    return run_anew(replace(alarm, seen=seen), anew)


def run_anew(alarm: Alarm, anew: set[StepId]) -> Alarm:
    """Let steps run again as if they never had; their rounds count on."""
    spent = {
        key: alarm.spent.get(key, 0) + alarm.fired[key].rounds
        for key in anew
        if key in alarm.fired
    }
    return replace(
        alarm,
        fired={step: kept for step, kept in alarm.fired.items() if step not in anew},
        spent={**alarm.spent, **spent},
    )
