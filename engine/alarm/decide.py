"""Command in, facts out: total, never raises, reads no clock, looks nothing up.

A cancel closes nothing, an answer counts for its own person, and a press after the
end opens the case again. What operators may do stands in `acts`.
"""

from collections.abc import Iterable

from msgspec import Struct

from engine.alarm.acts import decide_act, reopen
from engine.alarm.casework import CaseCommand, casework, ends_held_back
from engine.alarm.commands import (
    AddNote,
    AlarmCommand,
    CountAsTold,
    Follow,
    Found,
    HandPeopleOn,
    HearOfPress,
    LeaveOut,
    Lookup,
    Raise,
    RequestCancel,
    Settle,
    TakeIn,
    TakeReply,
    Tick,
)
from engine.alarm.effects import Effect
from engine.alarm.events import (
    AlarmEvent,
    AlarmRaised,
    CancelRequested,
    NoteAdded,
    NotificationSettled,
    PressJoined,
    ReplyReceived,
    SignNoticed,
)
from engine.alarm.evolve import evolve, fold
from engine.alarm.following import follow, silences
from engine.alarm.force import is_before_press, is_shown
from engine.alarm.found_false import takes_back
from engine.alarm.lease import lapses
from engine.alarm.left_out import is_cut_off, leave_out
from engine.alarm.notify import (
    plan_climb,
    plan_latecomers,
    plan_receipts,
    plan_repeat,
    plan_round,
)
from engine.alarm.pressed_again import QUIET, again_of, is_repeat
from engine.alarm.repeats import repeats
from engine.alarm.schedule import (
    UNSETTLED,
    DueRound,
    Timed,
    due_rounds,
    next_among,
    next_due,
    rounds_among,
    timed_climbs,
    timed_steps,
)
from engine.alarm.state import Again, Alarm, Kind, Press, ReplyKind, Truth
from engine.alarm.verification import judgements
from engine.alarm.wanted import lookups_for
from engine.ports.journal import EffectClass, EffectState
from engine.values import AlarmId, Instant

Events = tuple[AlarmEvent, ...]
_FINAL = frozenset(
    {EffectState.DELIVERED, EffectState.UNDELIVERED, EffectState.EXPIRED}
)


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """What a command comes to: facts, the alarm after them, and what is still asked.

    With `lookups` open the facts are not all there yet: answer, and consider again.
    `due` is when something falls due next; None where nothing does.
    """

    events: Events
    alarm: Alarm | None
    lookups: tuple[Lookup, ...] = ()
    due: Instant | None = None


def consider(
    alarm_id: AlarmId,
    alarm: Alarm | None,
    command: AlarmCommand,
    found: Found,
    now: Instant,
) -> Decision:
    """Return the facts that a command comes to, the steps it sets off included.

    Args:
        alarm_id: the case, also before it is raised.
        alarm: its state; None before the raise.
        command: what is asked.
        found: answers to earlier `lookups`; a round without its answer does not
            run yet.
        now: the time of every fact.

    """
    return run_on(begun(alarm_id, alarm, command, now), found, now)


def begun(
    alarm_id: AlarmId, alarm: Alarm | None, command: AlarmCommand, now: Instant
) -> Decision:
    """Return what a command comes to before any step runs: no look-up changes that."""
    direct = _commanded(alarm, command, now)
    after = alarm
    for event in direct:
        after = fold(alarm_id, after, event)
    if after is None:
        return Decision(events=direct, alarm=None)
    judged, after = _judge(after, now)
    return Decision(events=direct + judged, alarm=after)


def run_on(before: Decision, found: Found, now: Instant) -> Decision:
    """Return the facts of what has `begun`, and of the steps that it sets off."""
    if before.alarm is None:
        return before
    followed, state, still_due, due = _follow(before.alarm, found, now)
    return Decision(
        events=before.events + followed,
        alarm=state,
        lookups=lookups_for(state, still_due),
        due=due,
    )


def decide(
    alarm_id: AlarmId,
    alarm: Alarm | None,
    command: AlarmCommand,
    found: Found,
    now: Instant,
) -> Events:
    """Return the facts alone; see `consider`."""
    return consider(alarm_id, alarm, command, found, now).events


def lookups(
    alarm_id: AlarmId,
    alarm: Alarm | None,
    command: AlarmCommand,
    found: Found,
    now: Instant,
) -> tuple[Lookup, ...]:
    """Return what `consider` still has to be told, given the answers found so far."""
    return consider(alarm_id, alarm, command, found, now).lookups


def _judge(alarm: Alarm, now: Instant) -> tuple[Events, Alarm]:
    """Draw what follows from people's words and from deadlines for them."""
    events: list[AlarmEvent] = []
    # A dispute ends it, a quorum is reached once, and what waits is taken back once.
    for _ in range(len(Truth)):
        new = (
            *judgements(alarm, now),
            *lapses(alarm, now),
            *silences(alarm, now),
            *takes_back(alarm, now),
            *ends_held_back(alarm, now),
        )
        if not new:
            break
        events += new
        alarm = _after(alarm, new)
    return tuple(events), alarm


def _follow(
    alarm: Alarm, found: Found, now: Instant
) -> tuple[Events, Alarm, list[DueRound], Instant | None]:
    """Run every due round whose look-up is answered, and every due repeat.

    The rounds that are returned are due still: their look-up is not answered. Last
    comes when something falls due next.
    """
    events: list[AlarmEvent] = []
    for _ in range(len(alarm.protocol.steps) + 1):
        new: list[AlarmEvent] = []
        steps = timed_steps(alarm)
        still_due = list(rounds_among(steps, alarm, now))
        for due in still_due:
            planned = plan_round(alarm, due, found, now)
            alarm = _after(alarm, planned)
            new += planned
        again = tuple(repeats(alarm))
        for effect, at in again:
            if at <= now:
                planned = plan_repeat(alarm, effect, now)
                alarm = _after(alarm, planned)
                new += planned
        climbs = tuple(timed_climbs(alarm))
        for climb in climbs:
            if climb.at <= now:
                planned = plan_climb(alarm, climb, now)
                alarm = _after(alarm, planned)
                new += planned
        late = [*plan_latecomers(alarm, now), *plan_receipts(alarm, now)]
        alarm = _after(alarm, late)
        new += late
        if not new:
            timed = Timed(steps=steps, repeats=again, climbs=climbs)
            return tuple(events), alarm, still_due, next_among(timed, alarm, now)
        events += new
    return tuple(events), alarm, list(due_rounds(alarm, now)), next_due(alarm, now)


def _after(alarm: Alarm, events: Iterable[AlarmEvent]) -> Alarm:
    for event in events:
        alarm = evolve(alarm, event)
    return alarm


def _commanded(alarm: Alarm | None, command: AlarmCommand, now: Instant) -> Events:
    match command:
        case Raise():
            return _raise(alarm, command, now)
        case RequestCancel():
            return _cancel(alarm, command, now)
        case Tick():
            return ()
        case Settle():
            return _settle(alarm, command, now)
        case TakeReply():
            return _reply(alarm, command, now)
        case Follow():
            return follow(alarm, command, now)
        case TakeIn() | HandPeopleOn() | HearOfPress() | CountAsTold():
            return (*_uncrossed(alarm, command, now), *casework(alarm, command, now))
        case LeaveOut(people=people):
            return () if alarm is None else leave_out(alarm, people, now)
        case AddNote():
            note = NoteAdded(
                at=now,
                by=command.by,
                text=command.text,
                source=command.source,
                person=command.person,
                urges=command.loud and alarm is not None and _must_read(alarm, now),
            )
            return (note,) if alarm else ()
        case _:
            return decide_act(alarm, command, now)


def _uncrossed(alarm: Alarm | None, command: CaseCommand, now: Instant) -> Events:
    """Open again what was merged into the very case that was merged into it.

    Two operators may do so at one moment: both would be over, and nobody be told.
    It is as if neither had: what was a sign of force is one still.
    """
    if alarm is None or alarm.is_open or not isinstance(command, TakeIn):
        return ()
    if alarm.merged_into != command.other:
        return ()
    signs = (SignNoticed(at=now, sign=sign) for sign in sorted(alarm.force))
    return (*reopen(alarm, now, by=None, silent=True), *signs)


def _raise(alarm: Alarm | None, command: Raise, now: Instant) -> Events:
    if alarm is None:
        return (
            AlarmRaised(
                at=now,
                kind=command.kind,
                subject=command.subject,
                defender=command.defender,
                alias=command.alias,
                country=command.country,
                consented=command.consented,
                protocol=command.protocol,
                press=command.press,
                place=command.place,
                has_words=command.has_words,
                public_name=command.public_name,
                after=command.after,
                again=command.again,
                again_times=command.again_times,
            ),
        )
    if any(press.key == command.press.key for press in alarm.presses):
        return ()
    if command.kind is Kind.NOTICE and alarm.kind is not Kind.NOTICE:
        return (_signalled(alarm, command.press, now),)
    again = again_of(alarm, command.press, now) if alarm.is_open else Again.NO
    is_news = alarm.acknowledged is not None and not is_repeat(alarm, command.press)
    joined = PressJoined(
        at=now,
        press=command.press,
        place=command.place,
        urges=alarm.is_open and (is_news or again is not Again.NO),
        again=again,
        after=tuple(one for one in command.after if one != alarm.id),
    )
    if alarm.is_open:
        return (joined,)
    silent = not is_shown(command.press, alarm.protocol)
    return (*reopen(alarm, now, by=None, silent=silent), joined)


def _signalled(alarm: Alarm, press: Press, now: Instant) -> NoteAdded:
    """Note a signal, or words, of a defender whose case is open already."""
    said = ", ".join(signal.replace("_", " ") for signal in press.signals)
    return NoteAdded(
        at=now,
        by=None,
        text=press.text or f"signal of {press.device or 'the device'}: {said}",
        source=press.key,
        urges=bool(press.text) and _must_read(alarm, now),
    )


def _must_read(alarm: Alarm, now: Instant) -> bool:
    """Say whether HQ, who has the case, is asked anew to read what people write.

    Who writes much asks once in `QUIET`.
    """
    if not alarm.is_open or alarm.acknowledged is None:
        return False
    return alarm.words_at is None or now.since(alarm.words_at) > QUIET


def _cancel(alarm: Alarm | None, command: RequestCancel, now: Instant) -> Events:
    """Note a request to call it off; it closes nothing. A forced one may reopen."""
    if alarm is None:
        return ()
    noted = CancelRequested(at=now, press=command.press)
    if alarm.is_open or not command.press.duress:
        return (noted,)
    return (*reopen(alarm, now, by=None, silent=True), noted)


def _settle(alarm: Alarm | None, command: Settle, now: Instant) -> Events:
    effect = None if alarm is None else alarm.effects.get(command.effect)
    if effect is None or effect.state is command.state:
        return ()
    if effect.state in _FINAL and command.state not in _FINAL:
        return ()
    if command.state in UNSETTLED and not _is_begun_after_all(effect):
        return ()  # old news
    return (
        NotificationSettled(
            at=now if command.at is None else command.at,
            effect=command.effect,
            state=command.state,
            attempt=command.attempt,
            route=command.route,
            reference=command.reference,
            reason=command.reason,
            retry=command.retry,
        ),
    )


def _is_begun_after_all(effect: Effect) -> bool:
    """Say whether it is news that an attempt lasts.

    Of a post that was taken back too late as well: it would be posted again.
    """
    is_public = effect.effect_class is EffectClass.EXCLUSIVE
    is_gone = effect.state is EffectState.WITHDRAWN
    return effect.state is EffectState.PLANNED or (is_public and is_gone)


def _reply(alarm: Alarm | None, command: TakeReply, now: Instant) -> Events:
    if alarm is None:
        return ()
    # A seized telephone has number and code; the word is in nobody's pocket.
    wants_word = command.person == alarm.defender and alarm.has_words
    spoken = command.proven or command.duress or not wants_word
    is_old = _is_overtaken(alarm, command) or _is_before_a_press(alarm, command)
    is_told = command.person in alarm.told and not is_cut_off(alarm, command.person)
    counts = spoken and not is_old
    received = ReplyReceived(
        at=now,
        person=command.person,
        reply=command.reply,
        authentic=command.authentic and counts and is_told,
        channel=command.channel,
        source=command.source,
        duress=command.duress,
        text=command.text,
    )
    if alarm.is_open or not command.duress:
        return (received,)
    return (*reopen(alarm, now, by=None, silent=True, but=command.person), received)


def _is_before_a_press(alarm: Alarm, command: TakeReply) -> bool:
    """Say whether it calms, and came before a press, which overtakes all else."""
    if command.came is None or command.reply not in {ReplyKind.SAFE, ReplyKind.FALSE}:
        return False
    own = command.person == alarm.defender
    return is_before_press(alarm, command.came, as_seen=own)


def _is_overtaken(alarm: Alarm, command: TakeReply) -> bool:
    """Say whether they have answered since they sent that they are coming.

    A forced answer overtakes as a true one does: nothing shows which it was.
    """
    told = alarm.told.get(command.person)
    if told is None or command.sent is None or command.reply is not ReplyKind.COMING:
        return False
    last = told.replied_at if told.forced_reply is None else told.forced_at
    return last is not None and command.sent < last
