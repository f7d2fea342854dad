"""What the world is told: by whose word, and what was not taken once more. Pure."""

from msgspec import structs

from engine.alarm.casework import UNREACHED
from engine.alarm.effects import Effect
from engine.alarm.events import NotificationPlanned, PublicationApproved
from engine.alarm.force import run_anew
from engine.alarm.state import Alarm, Approval, Publicity, Truth
from engine.dispatch.body import PublicBody
from engine.dispatch.queue import RANK_PUBLIC
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, Instant, OperatorId


def may_be_public(alarm: Alarm) -> bool:
    """Say whether the world may have read of it: then it reads nothing more."""
    return any(
        effect.audience is Audience.PUBLIC and effect.state not in UNREACHED
        for effect in alarm.effects.values()
    )


def with_approval(alarm: Alarm, event: PublicationApproved) -> Alarm:
    """Take a second operator's word; what was certainly not posted before is, by it.

    What was taken back is for `repeats`: an attempt may have begun before that.
    """
    public = {step.id for step in alarm.protocol.steps if step.to is Audience.PUBLIC}
    is_gone = any(
        effect.step in public and effect.state is EffectState.WITHDRAWN
        for effect in alarm.effects.values()
    )
    return structs.replace(
        alarm if is_gone else run_anew(alarm, public & alarm.fired.keys()),
        publicity=Publicity.APPROVED,
        approved=Approval(by=event.by, at=event.at, template=event.template),
    )


def without_approval(alarm: Alarm) -> Alarm:
    """End an approval by which nothing may have been posted yet.

    Where a case that was over goes on it is another one: else a word of force, which
    opens it again, would be followed by a post.
    """
    if may_be_public(alarm):
        return alarm
    return structs.replace(alarm, publicity=Publicity.NONE, approved=None)


def is_judged_by_approver(alarm: Alarm, by: OperatorId) -> bool:
    """Say whether who approved the publication says now that it is true."""
    return alarm.approved is not None and alarm.approved.by == by


def doubted(alarm: Alarm, by: OperatorId, truth: Truth) -> Alarm:
    """Have it approved anew where HQ has said that it is false since.

    Verifying publishes nothing, also where it overrules that; and who approved and
    then decides alone that it is true would be both of the two whom it takes.
    """
    if truth is Truth.FALSE or is_judged_by_approver(alarm, by):
        return without_approval(alarm)
    return alarm


def posted_anew(effect: Effect, post: PublicBody, now: Instant) -> NotificationPlanned:
    """Return the post that its far end has certainly not taken, to the letter.

    Its key is another one, as each effect's; a far end that keeps keys is given the
    same for both, since it may have taken the first after all.
    """
    repeat = effect.repeat + 1
    key, _, _ = effect.effect.rpartition(".")
    return NotificationPlanned(
        at=now,
        effect=EffectId(f"{key}.{repeat}"),
        step=effect.step,
        round=effect.round,
        repeat=repeat,
        repeat_of=effect.effect,
        person=effect.person,
        audience=effect.audience,
        channel=effect.channel,
        effect_class=effect.effect_class,
        rank=RANK_PUBLIC,
        avoid_route=effect.route,
        body=structs.replace(post, repeat=repeat),
    )
