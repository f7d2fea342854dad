"""Deadlines of an action protocol that nobody can meet: pure."""

from collections.abc import Iterable
from datetime import timedelta

from engine.protocol.certain import after_raise
from engine.protocol.findings import Fault, Reach, Warned
from engine.protocol.model import (
    KNOWN,
    ActionProtocol,
    Audience,
    Condition,
    Proof,
    Rung,
    Step,
    Voice,
)

SMS_S = 4.0
"""What one short message takes a modem."""
CALL_S = 20.0
ELSE_S = 1.0
REPORT_S = 6.0
"""So long after the network has taken it a message is at the telephone."""
ANSWER = timedelta(seconds=60)
"""Sooner nobody has read a message and answered it."""
PEOPLE = frozenset({Audience.NEAREST, Audience.CONTACTS, Audience.DUTY})
ASK = "ask"
_MAY_ANSWER = frozenset({Audience.NEAREST, Audience.CONTACTS})
_HEARD = {
    Voice.COLLEAGUES: Audience.NEAREST,
    Voice.CONTACTS: Audience.CONTACTS,
    Voice.HQ: Audience.DUTY,
}


def deadlines(protocol: ActionProtocol, reach: Reach | None) -> Iterable[Warned]:
    """Find rounds, answers, proofs and voices for which there is no time."""
    modems = 1 if reach is None else max(reach.modems, 1)
    for step in protocol.steps:
        yield from _rounds(protocol, step, modems, reach)
        yield from _rungs(step, modems, reach)
    yield from _quorum_time(protocol)
    plan = protocol.check_in
    late = [one for one in plan.warnings if plan.button and one >= plan.button]
    if late and plan.button is not None:
        words = (
            f"check_in.warn_s: a timer of the button has {_s(plan.button)}, and is near"
            f" its end as soon as it begins ({_s(late[0])})"
        )
        yield Warned(fault=Fault.DEADLINE, step="", words=words)


def _rounds(
    protocol: ActionProtocol, step: Step, modems: int, reach: Reach | None
) -> Iterable[Warned]:
    needs_s = _round_s(step, modems, _people_of(protocol, step, reach))
    if step.every is not None and needs_s > step.every.total_seconds():
        words = (
            f"a round needs about {needs_s:.0f} s on {modems} modem(s) and is"
            f" repeated every {_s(step.every)}"
        )
        yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)
    earlier = next((one for one in protocol.steps if one.id == step.after), None)
    waits = Condition.SOMEBODY_COMING in step.stopped_by
    if earlier is None or not waits or earlier.to not in PEOPLE:
        return
    people = _people_of(protocol, earlier, reach)
    needed = ANSWER + timedelta(seconds=_round_s(earlier, modems, people))
    if step.delay < needed:
        words = (
            f"comes {_s(step.delay)} after {earlier.id!r}: nobody"
            f" can have answered before {_s(needed)}"
        )
        yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)


def _rungs(step: Step, modems: int, reach: Reach | None) -> Iterable[Warned]:
    """Find rungs that are left before their proof can have come; the last never is."""
    people = step.count if step.to is Audience.NEAREST else 1
    if reach is not None and (there := reach.count(step.to)) is not None:
        people = min(people, there) if step.to is Audience.NEAREST else there
    for rung in step.ladder[:-1]:
        if rung.proof is Proof.DELIVERED and rung.channel != "sms":
            words = (
                f"nothing proves that {rung.channel!r} was delivered: take"
                " answered, else everybody is tried on the next rung"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)
            continue
        needed_s = _rung_s(rung, max(people, 1), modems)
        if rung.within.total_seconds() < needed_s:
            words = (
                f"{rung.channel!r} has {_s(rung.within)} to be {rung.proof.value}:"
                f" it takes about {needed_s:.0f} s, and the next rung is tried anyway"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)


def _rung_s(rung: Rung, people: int, modems: int) -> float:
    each_s = {"sms": SMS_S, "call": CALL_S}.get(rung.channel, ELSE_S)
    needed_s = people * each_s / modems
    match rung.proof:
        case Proof.SENT | Proof.ACCEPTED:
            return needed_s
        case Proof.DELIVERED:
            return needed_s + REPORT_S
        case Proof.ANSWERED:
            return needed_s + ANSWER.total_seconds()


def _quorum_time(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find people whose word is waited for, and who are asked too late to give it."""
    rule = protocol.verification
    if rule is None:
        return
    if rule.within < ANSWER:
        words = (
            f"verification.within_s is {_s(rule.within)[:-2]}: nobody can have answered"
        )
        yield Warned(fault=Fault.DEADLINE, step="", words=words)
    for step in protocol.steps:
        after = after_raise(protocol, step)
        if step.text == ASK and after is not None and after + ANSWER > rule.within:
            words = (
                f"asks {_s(after)} after the raise, and who is"
                f" believed is settled after {_s(rule.within)}"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)
    if Voice.HQ in rule.of:
        return
    # Without HQ it is they alone who are waited for.
    first = [
        max(after, protocol.countdown)
        for voice in rule.of
        for step in protocol.steps
        if step.to is _HEARD[voice]
        and (after := after_raise(protocol, step)) is not None
    ]
    if first and min(first) + ANSWER > rule.within and rule.within >= ANSWER:
        words = (
            f"verification waits for people who hear of it {_s(min(first))} after the"
            f" raise, and is settled after {_s(rule.within)}"
        )
        yield Warned(fault=Fault.DEADLINE, step="", words=words)


def _people_of(protocol: ActionProtocol, step: Step, reach: Reach | None) -> int:
    """Return how many a round may tell; contacts who were not counted are one."""
    if step.to is Audience.NEAREST:
        return step.count
    if step.to is Audience.CONTACTS:
        there = None if reach is None else reach.count(step.to, step.channels)
        return 1 if there is None else there
    if step.to not in KNOWN:
        return 1
    told = {one.id: one for one in protocol.steps if one.to in _MAY_ANSWER}
    near = sum(one.count for one in told.values() if one.to is Audience.NEAREST)
    there = None if reach is None else reach.count(Audience.NEAREST)
    near = near if there is None else min(near, there)
    # Each contact is told once, whichever step does it.
    contacts = (one for one in told.values() if one.to is Audience.CONTACTS)
    others = max((_people_of(protocol, one, reach) for one in contacts), default=0)
    return max(near + others, 1)


def _round_s(step: Step, modems: int, people: int) -> float:
    each_s = SMS_S * ("sms" in step.channels) + CALL_S * ("call" in step.channels)
    return people * each_s / modems


def _s(duration: timedelta) -> str:
    return f"{duration.total_seconds():.0f} s"
