"""Which steps of an alarm are due, and when to look again: pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from msgspec import Struct

from engine.alarm.casework import handing_due
from engine.alarm.conditions import may_run
from engine.alarm.effects import Effect, Fired
from engine.alarm.following import silence_due
from engine.alarm.force import countdown_end
from engine.alarm.found_false import CALLED, is_needless
from engine.alarm.ladder import Climb, climbs
from engine.alarm.lease import lease_due
from engine.alarm.receipts import unsent_receipts
from engine.alarm.repeats import repeats
from engine.alarm.state import Act, Alarm, ReplyKind, Seen
from engine.alarm.verdicts import is_found_false
from engine.alarm.verification import answer_due
from engine.ports.journal import EffectState
from engine.protocol.certain import calls_people
from engine.protocol.model import Audience, Start, Step
from engine.values import Instant, StepId

HOLD_MAX = timedelta(seconds=30)
WATCH = timedelta(seconds=30)
UNSETTLED = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})
# By names of their own: before Python 3.12 a member costs five times as much to read
# from its class, and every step is asked at every fact.
_NEAREST, _DUTY = Audience.NEAREST, Audience.DUTY
_DEFENDER, _PUBLIC = Audience.DEFENDER, Audience.PUBLIC
_RAISED, _BY_FORCE, _CLOSED = Start.RAISED.value, Start.DURESS.value, Start.CLOSED.value
_WITHDRAWN = EffectState.WITHDRAWN


TimedSteps = tuple[tuple[Step, Instant | None], ...]


class DueRound(Struct, frozen=True, kw_only=True, gc=False):
    """A round of a step that has to run now."""

    step: Step
    round: int
    replaces: int = 0


class Timed(Struct, frozen=True, kw_only=True, gc=False):
    """What of one state of an alarm has a time: worked out once, and asked twice.

    First for what is due, and where nothing is, for when something will be.
    """

    steps: TimedSteps
    repeats: tuple[tuple[Effect, Instant], ...]
    climbs: tuple[Climb, ...]


def timed_steps(alarm: Alarm) -> TimedSteps:
    """Return the steps that may have a time, the defender's first, and that time."""
    steps = _begun(alarm, alarm.protocol.defender_first)
    return tuple([(step, _next_at(alarm, step)) for step in steps])


def due_rounds(alarm: Alarm, now: Instant) -> Iterator[DueRound]:
    """Yield what must run now: the defender's first, then in the file's order.

    What goes to the defender never stands behind something of which they, or
    whoever holds their telephone, must not learn.
    """
    return rounds_among(timed_steps(alarm), alarm, now)


def rounds_among(steps: TimedSteps, alarm: Alarm, now: Instant) -> Iterator[DueRound]:
    """Yield which of an alarm's `timed_steps` must run now; see `due_rounds`."""
    held = _behind_receipts(alarm)
    for step, soonest in steps:
        at = _held_until(step, soonest, held)
        declined = 0
        if at is None or at > now:
            if step.replaces_declined:
                declined = _unreplaced(alarm, step)
            if not declined:
                continue
        if may_run(alarm, step) and _has_room(alarm, step):
            number = rounds_of(alarm, step) + 1
            yield DueRound(step=step, round=number, replaces=declined)


def _behind_receipts(alarm: Alarm) -> Instant | None:
    """Return until when a sign of force holds what it begins: receipts go first.

    Else the receipt of an answer with a duress word came later than that of any other.
    """
    if alarm.danger_at is None or alarm.danger_at != alarm.urgent_since:
        return None
    waiting = [one.planned_at.plus(HOLD_MAX) for one in unsent_receipts(alarm)]
    return max(waiting, default=None)


def _held_until(step: Step, at: Instant | None, held: Instant | None) -> Instant | None:
    """Return when a step comes; what the defender gets waits for no receipt."""
    if at is None or held is None or step.to is _DEFENDER:
        return at
    return max(at, held)


def timed_climbs(alarm: Alarm) -> Iterator[Climb]:
    """Yield who is to be tried on the next rung of a ladder, and when."""
    for step in alarm.protocol.steps:
        if step.ladder and may_run(alarm, step):
            for climb in climbs(alarm, step):
                if not is_needless(alarm, climb.effect):
                    yield climb


def _unreplaced(alarm: Alarm, step: Step) -> int:
    """Return how many who turned it down nobody has taken the place of."""
    if step.id not in alarm.fired:
        return 0
    replaced = sum(fired.replaced for fired in alarm.fired.values())
    return max(0, len(declined_of(alarm)) - replaced)


def declined_of(alarm: Alarm) -> list[str]:
    """Return the nearest who turned it down."""
    return [
        told.person
        for told in alarm.told.values()
        if told.audience is Audience.NEAREST
        and told.reply is ReplyKind.CANNOT
        and not told.ended
    ]


def _has_room(alarm: Alarm, step: Step) -> bool:
    return step.to is not _NEAREST or room_of(alarm) != 0


def room_of(alarm: Alarm) -> int | None:
    """Return how many more of the nearest may be asked; None: any number."""
    most = alarm.protocol.crowd_max
    if most is None:
        return None
    asked = sum(
        told.audience is Audience.NEAREST and not told.ended
        for told in alarm.told.values()
    )
    return max(0, most - asked + len(declined_of(alarm)))


def regular_rounds(alarm: Alarm, step: Step) -> int:
    """Return how many rounds of a step have run that replaced nobody."""
    fired = alarm.fired.get(step.id)
    return 0 if fired is None else fired.rounds - fired.extra


def rounds_of(alarm: Alarm, step: Step) -> int:
    """Return how many rounds of a step have run, reopenings included."""
    fired = alarm.fired.get(step.id)
    return alarm.spent.get(step.id, 0) + (0 if fired is None else fired.rounds)


def turn_of(alarm: Alarm, due: DueRound) -> int:
    """Return how many rounds came before this one since the rota's first was paged."""
    fired = alarm.fired.get(due.step.id)
    turned = 0 if fired is None else fired.turned
    return due.round - 1 - alarm.spent.get(due.step.id, 0) - turned


def next_due(alarm: Alarm, now: Instant) -> Instant | None:
    """Return when something falls due next; never before `now`.

    A step whose conditions fail is not waited for: only a fact can change that,
    and every fact is looked at.
    """
    timed = Timed(
        steps=timed_steps(alarm),
        repeats=tuple(repeats(alarm)),
        climbs=tuple(timed_climbs(alarm)),
    )
    return next_among(timed, alarm, now)


def next_among(timed: Timed, alarm: Alarm, now: Instant) -> Instant | None:
    """Return when something falls due next, by what of this alarm is timed."""
    held = _behind_receipts(alarm)
    times = [
        at
        for step, soonest in timed.steps
        if (at := _held_until(step, soonest, held)) is not None
        and may_run(alarm, step)
        and _has_room(alarm, step)
    ]
    times += [at for _, at in timed.repeats]
    times += [climb.at for climb in timed.climbs]
    questions = (answer_due(alarm), lease_due(alarm), silence_due(alarm))
    times += [at for at in questions if at is not None]
    handing = handing_due(alarm, now)
    times += [] if handing is None else [handing]
    due = max(min(times), now) if times else None
    watch = _watch_at(alarm, now)
    return min((at for at in (due, watch) if at is not None), default=None)


def next_call(alarm: Alarm, now: Instant) -> tuple[str, timedelta] | None:
    """Return whom the action protocol calls next, and in what time; None: nobody."""
    coming = [
        (at, step.to.value)
        for step, at in timed_steps(alarm)
        if at is not None and step.to in CALLED and may_run(alarm, step)
    ]
    if not coming:
        return None
    at, who = min(coming)
    return who, max(at, now).since(now)


def may_call_more(alarm: Alarm) -> bool:
    """Say whether a step is to call colleagues or contacts who are not called yet.

    Whatever comes before it: a question to whoever was called, or a deadline for their
    word. What waits for a word or an act has no time, and is none.
    """
    return any(
        step.to in CALLED and _has_room(alarm, step) and _comes(alarm, step)
        for step in alarm.protocol.steps
    )


def _comes(alarm: Alarm, step: Step) -> bool:
    """Say whether a step has a time, or follows one that has, as things stand."""
    one: Step | None = step
    for _ in alarm.protocol.steps:
        if one is None or not may_run(alarm, one):
            return False
        if _next_at(alarm, one) is not None:
            return True
        one = None if one.id in alarm.fired else alarm.protocol.step(StepId(one.after))
    return False


def _watch_at(alarm: Alarm, now: Instant) -> Instant | None:
    """Return when to read the effects' rows: the news of one may have been lost.

    What was taken back may have been out by then, or in a modem: it is looked at once.
    """
    watch: Instant | None = None
    for effect in alarm.effects.values():
        if effect.state in UNSETTLED:
            return now.plus(WATCH)
        if effect.state is _WITHDRAWN and effect.settled_at is not None:
            at = effect.settled_at.plus(WATCH)
            if at > now and (watch is None or at < watch):
                watch = at
    return watch


def owes_look(alarm: Alarm, now: Instant) -> bool:
    """Say whether the rows of something that was taken back are to be read by now."""
    return any(
        effect.state is _WITHDRAWN
        and effect.settled_at is not None
        and effect.settled_at.plus(WATCH) <= now
        for effect in alarm.effects.values()
    )


def _begun(alarm: Alarm, steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps that may have a time: most count from what has not happened yet.

    It is looked at what may fall due several times in each decision.
    """
    fired = alarm.fired
    starts = {start for start, moment in _MOMENTS.items() if moment(alarm) is not None}
    if alarm.seen.closed is not None:
        starts.add(_CLOSED)
    if alarm.danger_at is not None:
        starts.add(_BY_FORCE)
    for step in steps:
        if step.id in fired or step.after in fired or step.after in starts:
            yield step


def _next_at(alarm: Alarm, step: Step) -> Instant | None:
    fired = alarm.fired.get(step.id)
    if fired is None:
        at = _first_at(alarm, step)
        is_paged = step.to is _DUTY and alarm.protocol.begins_at_raise(step)
        return alarm.again.at or at if is_paged else at
    again_at = alarm.again.at
    if step.to is _DUTY and again_at is not None and fired.last_at < again_at:
        return again_at
    rounds = fired.rounds - fired.extra
    if rounds == 0 and step.to is _NEAREST:
        return _anew_at(alarm, step, fired)
    most = 1 if step.every is None else step.rounds
    if most is not None and rounds >= most:
        return None
    return alarm.urgent_since if step.every is None else fired.last_at.plus(step.every)


def _anew_at(alarm: Alarm, step: Step, fired: Fired) -> Instant | None:
    """Return when a search begins that ran before there was a place to search from.

    It counts from that place, and waits for answers to the search before it as ever.
    Where HQ has found it false by then it does not begin: no file says so of a search
    that ran at the press.
    """
    if is_found_false(alarm):
        return None
    at = fired.last_at
    before = alarm.protocol.step(StepId(step.after))
    while before is not None and before.to is Audience.NEAREST:
        if not _found_nobody(alarm, before):
            at = at.plus(step.delay)
        step, before = before, alarm.protocol.step(StepId(before.after))
    return at


def _found_nobody(alarm: Alarm, step: Step) -> bool:
    fired = alarm.fired.get(step.id)
    return fired is not None and fired.nobody and regular_rounds(alarm, step) > 0


def _first_at(alarm: Alarm, step: Step) -> Instant | None:
    # A journal of before may have a step whose id has become the name of a start.
    if alarm.protocol.step(StepId(step.after)) is not None:
        return _after_step(alarm, step)
    if step.to is _DEFENDER:
        return _seen_at(alarm, step)
    if step.after == _BY_FORCE:
        return _force_at(alarm, step)
    moment = _MOMENTS.get(step.after)
    start = None if moment is None else moment(alarm)
    if start is None:
        return None
    if step.id in alarm.spent and step.after == _RAISED:
        start = alarm.again.at or start
    return _counted_down(alarm, step, start.plus(_delay_of(alarm, step)))


def _counted_down(alarm: Alarm, step: Step, at: Instant) -> Instant:
    """Return when a step comes that would at `at`: those who are called wait."""
    if step.to not in CALLED:
        return at
    if alarm.protocol.countdown:
        at = max(at, countdown_end(alarm))
    held_until = alarm.again.colleagues_at
    return at if held_until is None else max(at, held_until)


def _at(act: Act | None) -> Instant | None:
    return None if act is None else act.at


_MOMENTS: dict[str, Callable[[Alarm], Instant | None]] = {
    Start.RAISED: lambda alarm: alarm.raised_at,
    Start.CANCELLED: lambda alarm: alarm.seen.cancelled,
    Start.MOVED: lambda alarm: alarm.moved_at,
    Start.VERIFIED: lambda alarm: _at(alarm.verified),
    Start.APPROVED: lambda alarm: _at(alarm.approved),
    Start.CLOSED: lambda alarm: _at(alarm.closed),
}
"""When that happened from which a first step counts."""


def _delay_of(alarm: Alarm, step: Step) -> timedelta:
    """Return a step's delay; the public waits for what was agreed as well."""
    if step.to is not _PUBLIC:
        return step.delay
    return max(step.delay, alarm.protocol.publication.delay)


def _after_step(alarm: Alarm, step: Step) -> Instant | None:
    earlier = alarm.fired.get(StepId(step.after))
    if earlier is None:
        return None
    # Nobody was there to be told: waiting for their answer would be waiting for none.
    is_at_once = earlier.nobody and calls_people(alarm.protocol, step)
    at = earlier.first_at.plus(timedelta(0) if is_at_once else step.delay)
    if not alarm.protocol.begins_by_force(step):
        at = _counted_down(alarm, step, at)
    if step.to is not _PUBLIC or alarm.approved is None:
        return at
    # Whatever it follows: until then HQ can still find the alarm false.
    return max(at, alarm.approved.at.plus(alarm.protocol.publication.delay))


def _seen_at(alarm: Alarm, step: Step) -> Instant | None:
    """Return when a step for the defender runs: by what they have seen alone.

    Where the case began with a word of force they have not pressed, as far as whoever
    watches knows: as after a true word nothing is called off then, and nothing ends.
    """
    seen = alarm.seen
    if seen.raised is None:
        return None
    moment = _SEEN.get(step.after)
    start = None if moment is None else moment(seen)
    return None if start is None else start.plus(step.delay)


_SEEN: dict[str, Callable[[Seen], Instant | None]] = {
    Start.RAISED: lambda seen: seen.raised,
    Start.CANCELLED: lambda seen: seen.cancelled,
    Start.CLOSED: lambda seen: seen.closed,
}


def _force_at(alarm: Alarm, step: Step) -> Instant | None:
    """Return when a step runs that a sign of force begins.

    A modem sends one message after the other: what the defender gets now goes first,
    so that it does not come later than after a true cancel.
    """
    if alarm.danger_at is None:
        return None
    waiting = [
        effect.planned_at.plus(HOLD_MAX)
        for effect in alarm.effects.values()
        if effect.audience is Audience.DEFENDER and effect.state in UNSETTLED
    ]
    return max([alarm.danger_at.plus(step.delay), *waiting])
