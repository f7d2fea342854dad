"""What holds of an action protocol for all its steps together, in plain words. Pure.

Nothing is promised that the steps do not do.
"""

from datetime import timedelta

from engine.protocol.certain import after_raise, calls_people, is_certain
from engine.protocol.checks import NAMED_TEXT, RECHECK_TEXT, WORLD
from engine.protocol.lint_after import is_left_alone
from engine.protocol.model import (
    NEEDS_AFTER_FORCE,
    ActionProtocol,
    Audience,
    Fallback,
    Publication,
    Start,
    Step,
    Verification,
    Voice,
)
from engine.protocol.said import Said, Value, row, say
from engine.values import StepId

SOS_TEXT = "sos"
_MAY_COME = frozenset({Audience.NEAREST, Audience.CONTACTS})


def promises(protocol: ActionProtocol) -> list[Said]:
    """Return what holds whatever the steps say."""
    said = [say("promises.closing"), *_ended_by(protocol.all_clear_needs)]
    said += _nowhere(protocol)
    if any(step.text == RECHECK_TEXT for step in protocol.steps):
        said.append(say("promises.recheck"))
    if is_left_alone(protocol):
        said.append(say("promises.left_alone"))
    public = [step for step in protocol.steps if step.to is Audience.PUBLIC]
    said += _published(public, protocol.publication)
    said += [say("promises.never", act=act) for act in protocol.never]
    said += [say("promises.forbidden", act=_forbidden(one)) for one in protocol.forbids]
    said += _told(protocol)
    said.append(_hq(protocol))
    rule = protocol.verification
    if rule is None:
        said.append(say("promises.decides_alone"))
    else:
        said += _believed(rule, protocol)
    return said


def _ended_by(needs: int) -> list[Said]:
    """Say how many people it takes to end it, and what a sign of force changes."""
    return [
        say("promises.close_needs", n=needs)
        if needs > 1
        else say("promises.close_alone"),
        say("promises.force_needs", n=NEEDS_AFTER_FORCE)
        if needs < NEEDS_AFTER_FORCE
        else say("promises.force"),
    ]


def _nowhere(protocol: ActionProtocol) -> list[Said]:
    """Say who is told in place of the nearest where nobody knows the place."""
    if all(step.to is not Audience.NEAREST for step in protocol.steps):
        return []
    told = "contacts" if protocol.may_tell_contacts else "nobody"
    return [say(f"promises.nowhere_{told}")]


def _told(protocol: ActionProtocol) -> list[Said]:
    """Say what whoever is to come reads of what is certain, and what is not.

    Where it is in doubt who has sent it they hear of it once it is verified: they read
    that it is confirmed then, and nothing of the doubt.
    """
    steps = [step for step in protocol.steps if step.to in _MAY_COME]
    if not steps:
        return []
    how = "told" if protocol.trust_unconfirmed else "waits"
    said = [say(f"promises.unproven_{how}")]
    if any(step.text == SOS_TEXT for step in steps):
        said.append(say("promises.standing"))
    return said


def _hq(protocol: ActionProtocol) -> Said:
    """Say in which cases anybody at HQ is told."""
    steps = _at_hq(protocol)
    sure = {step.to for step in steps if is_certain(protocol, step)}
    if Audience.HQ in sure:
        return say("promises.hq_always")
    if sure:
        return say("promises.duty_always")
    return say("promises.hq_sometimes" if steps else "promises.hq_never")


def _at_hq(protocol: ActionProtocol) -> list[Step]:
    return [
        step
        for step in protocol.steps
        if step.to in {Audience.HQ, Audience.DUTY}
        and not protocol.begins_at_close(step)
    ]


def _paged_anew(protocol: ActionProtocol, word: str) -> Said:
    """Say what paging the rota anew comes to in this file."""
    pages = [step for step in _at_hq(protocol) if step.to is Audience.DUTY]
    if any(is_certain(protocol, step) for step in pages):
        return say(f"then.{word}")
    return say(f"then.{word}_if" if pages else "then.waits")


def _believed(rule: Verification, protocol: ActionProtocol) -> list[Said]:
    asked = _paged_anew(protocol, "asked")
    is_real = rule.otherwise is Fallback.TREAT_AS_REAL
    said = [
        say(
            "promises.believed",
            n=rule.needs,
            whose=row(
                (say(f"voices.{voice.value}") for voice in sorted(rule.of)), "or"
            ),
            within=rule.within,
            then=say("then.real") if is_real else asked,
        )
    ]
    if is_real:
        said.append(say("promises.believed_unproven", then=asked))
    is_hq = Voice.HQ in rule.of
    said.append(say("promises.false_with_hq" if is_hq else "promises.false_never"))
    said.append(say("promises.contradiction"))
    return said


def _forbidden(word: str) -> Said:
    """Say what an audience that is forbidden means; any other word is a channel."""
    if word in set(Audience):
        return say(f"forbidden.{word}")
    return say("forbidden.channel", channel=channel_words(word))


def _published(steps: list[Step], rule: Publication) -> list[Said]:
    if not steps:
        return [say("promises.unpublished")]
    is_named = any(step.text == NAMED_TEXT for step in steps)
    said = [say("promises.published_name" if is_named else "promises.published")]
    if rule.decider is not None:
        said.append(say("promises.decider", name=rule.decider))
    if rule.delay:
        said.append(say("promises.publication_delay", delay=rule.delay))
    return said


def channel_words(channel: str) -> Value:
    """Return a channel as people call it; another one by its own name."""
    return say(f"channels.{channel}") if channel in _CHANNELS else channel


_CHANNELS = frozenset({"sms", "call", "email", WORLD})


def _at_once(protocol: ActionProtocol) -> list[Said]:
    """Say which of the delays above are not waited for, where there is such a one."""
    waits = (step for step in protocol.steps if step.delay)
    after = (step for step in waits if protocol.step(StepId(step.after)) is not None)
    is_any = any(calls_people(protocol, step) for step in after)
    return [say("rules.at_once")] if is_any else []


def rules(protocol: ActionProtocol) -> list[Said]:
    """Return what the file says for all steps together."""
    said = _at_once(protocol)
    if protocol.countdown:
        at_once = any(
            is_certain(protocol, step) and after_raise(protocol, step) == timedelta(0)
            for step in _at_hq(protocol)
        )
        key = "rules.countdown_hq" if at_once else "rules.countdown"
        said.append(say(key, countdown=protocol.countdown))
    if protocol.crowd_max is not None:
        said.append(say("rules.crowd", n=protocol.crowd_max))
    if protocol.lease is not None:
        called = _paged_anew(protocol, "called")
        said.append(say("rules.lease", lease=protocol.lease, then=called))
    else:
        said.append(say("rules.no_lease"))
    if protocol.manner is not None:
        said.append(say(f"rules.{protocol.manner.value}"))
    said.append(say("rules.fresh", fresh=protocol.fresh))
    updates = protocol.updates
    if any(step.after == Start.MOVED for step in protocol.steps):
        far = say("rules.elsewhere", m=float(updates.moved_m), every=updates.every)
        said.append(far)
    if updates.silent is not None:
        said.append(say("rules.silent", silent=updates.silent))
    return said
