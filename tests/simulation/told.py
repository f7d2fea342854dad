"""Whether everybody is told who is to be told (I3)."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from engine.alarm.conditions import holds
from engine.alarm.effects import Effect
from engine.alarm.events import (
    AlarmEvent,
    Chosen,
    NoteAdded,
    NotificationPlanned,
    RecipientsChosen,
)
from engine.alarm.force import has_opened
from engine.alarm.found_false import is_needless
from engine.alarm.left_out import is_cut_off
from engine.alarm.state import Alarm, Truth, stream_of
from engine.intake.absence import SOURCE_ABSENCE
from engine.journal.memory import Medium
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Proof, Rung, Start, Step
from engine.values import Instant, PersonId, Signal, StepId

SLACK = timedelta(seconds=60)
REPEATS = 2
"""So many are enough to have tried, where the file says nothing of them."""
_SENT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_ON_ITS_WAY = _SENT | {EffectState.ATTEMPTING}
_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_CHOSEN = _CALLED | {Audience.HQ, Audience.DUTY}
_HEAR_OF_END = _CHOSEN | {Audience.ASKED, Audience.SILENT}

_MISTAKEN = "hq-3"
"""Where the world reads: most steps have no way there, and no message gets there."""


def is_left_out(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether somebody was chosen just now for whom nothing is planned.

    In the cast everybody has an address for each step by which they may be chosen; less
    HQ, of whose two places an older file told one alone that nobody has answered.
    """
    chosen = [
        (event.step, one.person)
        for event in events
        if isinstance(event, RecipientsChosen) and event.audience in _CHOSEN
        for one in event.chosen
        if event.audience is not Audience.HQ or _has_way(alarm, event.step, one)
        if one.person != _MISTAKEN
    ]
    if not chosen:
        return False
    planned = {e.person for e in events if isinstance(e, NotificationPlanned)}
    waiting = {
        (effect.step, effect.person)
        for effect in alarm.effects.values()
        if effect.state is EffectState.PLANNED
    }
    return any(one[1] not in planned and one not in waiting for one in chosen)


def _has_way(alarm: Alarm, step_id: StepId, who: Chosen) -> bool:
    """Say whether a step uses a way by which somebody was told before, if any was."""
    step = alarm.protocol.step(step_id)
    ways = {one.channel for one in alarm.effects.values() if one.person == who.person}
    return step is None or not ways or not ways.isdisjoint(step.channels)


def has_given_up(alarm: Alarm) -> bool:
    """Say whether somebody was never told by a case that is open, and none tries it.

    Each chain of a notification and its repeats has an end that may be.
    """
    if alarm.closed is not None:
        return False
    chains: dict[str, Effect] = {}
    for effect in alarm.effects.values():
        if effect.audience in _CALLED and not is_cut_off(alarm, effect.person):
            chains[effect.effect.rpartition(".")[0]] = effect
    return not all(_may_end(alarm, last) for last in chains.values())


def is_left_alone(alarm: Alarm, open_s: float, ends: Instant | None = None) -> bool:
    """Say whether a step that calls people without any condition is not done.

    Either it never ran, or somebody stands on a rung without its proof. Asked of a case
    that nothing has disturbed.

    Args:
        alarm: open, or about to end.
        open_s: for how long it has been open, in seconds.
        ends: when it ends, if it does.

    """
    steps = _unconditional(alarm)
    delays = [step.delay for step in steps]
    waits = max(delays, default=timedelta(0)) + alarm.protocol.countdown + SLACK
    if open_s <= waits.total_seconds():
        return False
    if any(step.id not in alarm.fired for step in steps):
        return True
    return ends is not None and any(
        _is_stuck(alarm, step, effect, ends)
        for step in steps
        for effect in alarm.effects.values()
        if step.ladder and effect.step == step.id
    )


def _is_stuck(alarm: Alarm, step: Step, effect: Effect, ends: Instant) -> bool:
    channels = [rung.channel for rung in step.ladder]
    place, told = channels.index(effect.channel), alarm.told.get(effect.person)
    if told is None or told.seen_reply is not None or told.ended:
        return False
    if is_cut_off(alarm, told.person):
        return False
    higher = {*channels[place + 1 :]}.intersection(dict(told.ways))
    tried = any(
        (one.step, one.round, one.person) == (step.id, effect.round, effect.person)
        and one.channel in higher
        for one in alarm.effects.values()
    )
    since = told.anew_at or alarm.raised_at
    spoke = any(one.name == effect.person and one.at > since for one in alarm.voices)
    is_past = effect.repeated or effect.round <= alarm.spent.get(step.id, 0)
    if is_past or tried or spoke or not higher:
        return False
    rung = step.ladder[place]
    late = effect.planned_at.plus(rung.within + SLACK) < ends
    return late and not _is_proven(rung, effect)


def _is_proven(rung: Rung, effect: Effect) -> bool:
    delivered = frozenset({EffectState.DELIVERED})
    shown = {Proof.DELIVERED: delivered, Proof.ANSWERED: frozenset[EffectState]()}
    return effect.state in shown.get(rung.proof, _SENT)


def _unconditional(alarm: Alarm) -> list[Step]:
    if not alarm.trusted_source or alarm.called_off or alarm.truth is Truth.FALSE:
        return []
    return [
        step
        for step in alarm.protocol.steps
        if step.to in _CHOSEN
        and step.after == Start.RAISED
        and not (step.requires or step.stopped_by)
    ]


def is_not_told_of_end(alarm: Alarm) -> bool:
    """Say whether somebody who was told of a case that ended hears nothing of it.

    By one way that the step of the end has it has to have got through, or its tries
    are spent. A case that was merged goes on elsewhere, which has its people. Whose own
    word of force has opened the case again hears of one end alone.
    """
    if alarm.is_open or alarm.merged_into is not None:
        return not (alarm.is_open or alarm.handed_on)
    effects = alarm.effects.values()
    for step in alarm.protocol.steps:
        if step.to is not Audience.TOLD or not alarm.protocol.begins_at_close(step):
            continue
        # A number that was rung is written to.
        ways = {*step.channels, *({"call"} if "sms" in step.channels else ())}
        told = {
            one.person
            for one in effects
            if one.audience in _HEAR_OF_END
            and one.state in _SENT
            and one.channel in ways
        } | {
            one.person
            for one in alarm.taken_in
            if any(channel in ways for channel, _ in one.ways)
        }
        heard = {
            one.person
            for one in effects
            if one.step == step.id
            and one.round > alarm.spent.get(step.id, 0)
            # Where the repeated one is found to have got through, its repeat need not.
            and (one.state in _SENT or (not one.repeated and _may_end(alarm, one)))
        }
        told -= {who for who in told if is_cut_off(alarm, who)}
        if any(not _has_heard_before(alarm, who) for who in told - heard):
            return True
    return False


def _has_heard_before(alarm: Alarm, person: str) -> bool:
    """Say whether their word opened it, and an end is the last that they were told."""
    entry = alarm.told.get(person)
    if entry is None or not has_opened(alarm, entry):
        return False
    heard = [
        one.audience is Audience.TOLD
        for one in alarm.effects.values()
        if one.person == person
        and one.audience in {*_HEAR_OF_END, Audience.TOLD}
        and one.state in _ON_ITS_WAY
    ]
    return heard[-1:] == [True]


def _may_end(alarm: Alarm, last: Effect) -> bool:
    step = alarm.protocol.step(last.step)
    if step is None:
        return True
    most = REPEATS if step.repeats is None else step.repeats
    if last.state in _SENT or last.repeat >= most:
        return True
    if last.state is EffectState.REJECTED and not last.retry:
        return True
    stopped = any(holds(alarm, condition) for condition in step.stopped_by)
    return stopped or is_needless(alarm, last)


def was_missed(who: PersonId, alarms: Iterable[Alarm]) -> bool:
    """Say whether a case knows that somebody's timer ran out.

    Of who was taken out of the roster meanwhile it knows by their id.
    """
    return any(
        Signal.CHECK_IN_MISSED in press.signals
        if alarm.defender == who
        else press.wire_protocol == SOURCE_ABSENCE and who in press.text
        for alarm in alarms
        for press in alarm.presses
    )


def times_silent(who: PersonId, alarms: Iterable[Alarm], medium: Medium) -> int:
    """Return how often a case was told that somebody's device is not heard any more.

    By a press of its own, or by a note in a case of theirs that was open already.
    """
    theirs = [alarm for alarm in alarms if alarm.defender == who]
    noted = sum(
        row.kind == NoteAdded.__name__ and b"Heartbeat overdue" in row.body
        for alarm in theirs
        for row in medium.streams[stream_of(alarm.id)].events
    )
    pressed = sum(
        Signal.SILENT in press.signals for alarm in theirs for press in alarm.presses
    )
    return noted + pressed
