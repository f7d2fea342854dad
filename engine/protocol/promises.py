"""What holds of an action protocol for all its steps together, in plain words. Pure.

Nothing is promised that the steps do not do.
"""

from datetime import timedelta

from engine.protocol.certain import after_raise, calls_people, is_certain
from engine.protocol.checks import NAMED_TEXT, RECHECK_TEXT
from engine.protocol.lint_after import is_left_alone
from engine.protocol.model import (
    NEEDS_AFTER_FORCE,
    ActionProtocol,
    Audience,
    Fallback,
    Manner,
    Publication,
    Start,
    Step,
    Verification,
    Voice,
)
from engine.protocol.phrases import channel_words, listed, span
from engine.values import StepId

SOS_TEXT = "sos"
_MAY_COME = frozenset({Audience.NEAREST, Audience.CONTACTS})
_VOICES = {
    Voice.COLLEAGUES: "your colleagues",
    Voice.CONTACTS: "your contacts",
    Voice.HQ: "HQ",
}
_FORBIDDEN = {
    "nearest": "tell colleagues nearby",
    "contacts": "tell the contacts whom you have named",
    "duty": "call the officers on duty",
    "hq": "tell HQ",
    "public": "tell the world anything",
    "told": "tell anybody of the end",
    "everyone": "tell everybody again who was told",
    "asked": "tell those again who have not turned it down",
    "silent": "tell those again who have not answered",
    "defender": "write to you yourself",
}
"""What an audience that is forbidden means; any other word is a channel."""


def promises(protocol: ActionProtocol) -> list[str]:
    """Return what holds whatever the steps say."""
    said = ["Only an operator at HQ can close an alarm; calling it off closes nothing."]
    if protocol.all_clear_needs > 1:
        said.append(
            f"HQ may close it once {protocol.all_clear_needs} people have said that you"
            " are safe."
        )
    else:
        said.append(
            "One operator alone may end it, also where nobody else has said that you"
            " are safe."
        )
    if protocol.all_clear_needs < NEEDS_AFTER_FORCE:
        said.append(
            f"After a sign of force it takes {NEEDS_AFTER_FORCE} people, and your own"
            " word does not count."
        )
    else:
        said.append("After a sign of force your own word does not count.")
    said += _nowhere(protocol)
    if any(step.text == RECHECK_TEXT for step in protocol.steps):
        said.append(
            "You confirm that you are safe by the code of the message that asks you, 6,"
            " and the word that you have agreed with HQ. Where you have agreed none,"
            " whoever has your telephone can confirm it. An operator who has heard from"
            " you otherwise can confirm it too."
        )
    if is_left_alone(protocol):
        said.append(
            "After the end nobody asks whether you are safe: no step does that."
        )
    public = [step for step in protocol.steps if step.to is Audience.PUBLIC]
    said += _published(public, protocol.publication)
    said += [f"Nobody may {act}." for act in protocol.never]
    said += [f"No step may {_forbidden(one)}." for one in protocol.forbids]
    said += _told(protocol)
    said.append(_hq(protocol))
    rule = protocol.verification
    if rule is None:
        said.append("An operator at HQ decides alone whether it is true.")
    else:
        said += _believed(rule, protocol)
    return said


def _nowhere(protocol: ActionProtocol) -> list[str]:
    """Say who is told in place of the nearest where nobody knows the place."""
    if all(step.to is not Audience.NEAREST for step in protocol.steps):
        return []
    where = "Where nobody knows where you are,"
    if protocol.may_tell_contacts:
        told = "the contacts whom you have named are told in place of the"
        return [f"{where} {told} nearest colleagues."]
    return [f"{where} no colleague nearby is told, nor anybody in place of them."]


def _told(protocol: ActionProtocol) -> list[str]:
    """Say what whoever is to come reads of what is certain, and what is not.

    Where it is in doubt who has sent it they hear of it once it is verified: they read
    that it is confirmed then, and nothing of the doubt.
    """
    steps = [step for step in protocol.steps if step.to in _MAY_COME]
    if not steps:
        return []
    unproven = "Where it is not certain that your device sent it, colleagues and"
    said = [
        f"{unproven} contacts are told all the same, and read so until it is verified."
        if protocol.trust_unconfirmed
        else f"{unproven} contacts are told only once it is verified."
    ]
    if any(step.text == SOS_TEXT for step in steps):
        said.append(
            "Whoever is called to help reads that it is not confirmed, or, once it is"
            " verified, that it is confirmed. An SMS leaves that out where it has no"
            " room, as it mostly does in Russian and Arabic."
        )
    return said


def _hq(protocol: ActionProtocol) -> str:
    """Say in which cases anybody at HQ is told."""
    steps = _at_hq(protocol)
    sure = {step.to for step in steps if is_certain(protocol, step)}
    if Audience.HQ in sure:
        return "HQ is told in any case."
    if sure:
        return "The officers on duty are told in any case."
    if steps:
        return "HQ is not told in every case: only where what is written above holds."
    return "Nobody at HQ is told of it: no step does that."


def _at_hq(protocol: ActionProtocol) -> list[Step]:
    return [
        step
        for step in protocol.steps
        if step.to in {Audience.HQ, Audience.DUTY}
        and not protocol.begins_at_close(step)
    ]


def _paged_anew(protocol: ActionProtocol, word: str) -> str:
    """Say what paging the rota anew comes to in this file."""
    pages = [step for step in _at_hq(protocol) if step.to is Audience.DUTY]
    if any(is_certain(protocol, step) for step in pages):
        return f"the officers on duty are {word} again"
    if pages:
        return f"the officers on duty are {word} again, if what is written above holds"
    return "it waits for HQ, and no officer on duty is called: no step does that"


def _believed(rule: Verification, protocol: ActionProtocol) -> list[str]:
    whose = listed((_VOICES[voice] for voice in sorted(rule.of)), "or")
    people = (
        f"{rule.needs} of {whose} say" if rule.needs > 1 else f"one of {whose} says"
    )
    within, asked = span(rule.within), _paged_anew(protocol, "asked")
    is_real = rule.otherwise is Fallback.TREAT_AS_REAL
    then = "it is treated as real" if is_real else asked
    said = [f"It counts as true when {people} so; if not within {within}, {then}."]
    if is_real:
        said.append(
            f"Where it is not certain that your device sent it, then {asked} instead."
        )
    said.append(
        "It counts as false when as many say so and one of them is at HQ: colleagues"
        " and contacts alone may have been forced."
        if Voice.HQ in rule.of
        else "Colleagues and contacts alone, who may have been forced, never make it"
        " false."
    )
    said.append("Where people contradict each other, a person at HQ decides.")
    return said


def _forbidden(word: str) -> str:
    return _FORBIDDEN.get(word, f"go by {channel_words(word)}")


def _published(steps: list[Step], rule: Publication) -> list[str]:
    if not steps:
        return ["Nothing is ever published."]
    what = "no name and no place but the country"
    if any(step.text == NAMED_TEXT for step in steps):
        what = "the public name to which you have consented and the country, no place"
    said = [
        f"The world is told {what}, once, and only if all that is written above holds."
    ]
    if rule.decider is not None:
        said.append(f"{rule.decider} at HQ alone may approve it.")
    if rule.delay:
        said.append(
            f"It goes out {span(rule.delay)} after the approval; until then HQ can"
            " still find the alarm false, and nothing goes out."
        )
    return said


def _at_once(protocol: ActionProtocol) -> list[str]:
    """Say which of the delays above are not waited for, where there is such a one."""
    waits = (step for step in protocol.steps if step.delay)
    after = (step for step in waits if protocol.step(StepId(step.after)) is not None)
    if not any(calls_people(protocol, step) for step in after):
        return []
    words = (
        "Where a step finds nobody whom it could tell, a step after it that calls more"
        " people does not wait; whoever was told is asked no sooner."
    )
    return [words]


def rules(protocol: ActionProtocol) -> list[str]:
    """Return what the file says for all steps together."""
    said = _at_once(protocol)
    if protocol.countdown:
        at_once = any(
            is_certain(protocol, step) and after_raise(protocol, step) == timedelta(0)
            for step in _at_hq(protocol)
        )
        hq = "; HQ hears of it at once" if at_once else ""
        said.append(
            f"Colleagues and contacts hear of a press or a fall after"
            f" {span(protocol.countdown)}, in which you can call it off{hq}. A second"
            " press, and a device that is taken off, do not wait."
        )
    if protocol.crowd_max is not None:
        said.append(
            f"No more than {protocol.crowd_max} of the nearest colleagues are asked;"
            " whoever turns it down is not counted."
        )
    if protocol.lease is not None:
        said.append(
            f"Where the operator who has taken it does nothing for"
            f" {span(protocol.lease)}, {_paged_anew(protocol, 'called')}."
        )
    else:
        said.append(
            "Once an operator has taken it, nobody else at HQ is called again, even if"
            " that operator does nothing."
        )
    if protocol.manner is Manner.QUIET:
        said.append(
            "Whoever is told reads that they must not call you; only HQ's own officers"
            " are rung."
        )
    if protocol.manner is Manner.LOUD:
        said.append("Whoever is told reads that they should make it known.")
    said.append(f"A position older than {span(protocol.fresh)} is called old.")
    updates = protocol.updates
    if any(step.after == Start.MOVED for step in protocol.steps):
        said.append(
            f"You count as elsewhere {updates.moved_m:g} m from where people were told,"
            f" and they hear of it once in {span(updates.every)} at most."
        )
    if updates.silent is not None:
        said.append(
            f"Where your device was followed and says nothing for"
            f" {span(updates.silent)} after somebody has asked to call it off, that is"
            " a sign of force."
        )
    return said
