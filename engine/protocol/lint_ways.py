"""Whether people and HQ hear of an alarm, go on hearing, and hear of its end: pure."""

from collections.abc import Iterable
from datetime import timedelta

from engine.protocol.certain import (
    after_raise,
    beginning,
    ends_at,
    is_certain,
    waits_for,
)
from engine.protocol.findings import Fault, Warned
from engine.protocol.lint_calls import CALLED_BY, QUIET
from engine.protocol.lint_deadlines import ANSWER, PEOPLE
from engine.protocol.model import NEEDS_AFTER_FORCE, ActionProtocol, Audience, Step

PAGED_BY = timedelta(minutes=5)
"""E-mail wakes nobody: so soon at the latest somebody on duty should be rung."""
NEXT_BY = timedelta(minutes=15)
"""So soon the next one on duty, where the one before does not answer."""
MODEM = frozenset({"sms", "call"})
_AT_HQ = frozenset({Audience.HQ, Audience.DUTY})
_ASKED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_AGAIN = {
    Audience.ASKED: _ASKED,
    Audience.SILENT: _ASKED,
    Audience.EVERYONE: _ASKED | _AT_HQ,
}
"""Whom these find: who was told before, where they were told."""


def ways(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find what all hangs on, and who is left out."""
    open_steps = [
        step
        for step in protocol.steps
        if not protocol.begins_at_close(step) and step.to is not Audience.PUBLIC
    ]
    yield from _channels(open_steps)
    yield from _hq(protocol, open_steps)
    yield from _rota(protocol, open_steps)
    yield from _end(protocol, open_steps)
    yield from _again(open_steps)
    yield from _once(open_steps)
    yield from _nowhere(protocol, open_steps)
    yield from _ended_alone(protocol, open_steps)


def _channels(steps: list[Step]) -> Iterable[Warned]:
    """Find one channel to everybody."""
    used = {channel for step in steps for channel in step.channels}
    if len(used) == 1 or used <= MODEM:
        named = " and ".join(map(repr, sorted(used)))
        by = f"{named}, by modem," if used <= MODEM else named
        words = f"everybody is told by {by} alone: if it fails, nobody hears"
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)


def _hq(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    """Find an HQ that hears nothing, in some cases alone, or late."""
    at_hq = [step for step in steps if step.to in _AT_HQ]
    if not at_hq:
        words = "HQ is never told: nobody takes the case"
        yield Warned(fault=Fault.NOBODY, step="", words=words)
        return
    sure = [step for step in at_hq if is_certain(protocol, step)]
    if not sure:
        words = (
            "HQ is not told in every case: each of its steps waits for something, or"
            " ends before an operator has taken it"
        )
        yield Warned(fault=Fault.NOBODY, step="", words=words)
        return
    soonest = min(after_raise(protocol, step) or timedelta(0) for step in sure)
    if soonest > ANSWER:
        words = f"HQ hears of it {soonest.total_seconds():.0f} s after the raise"
        yield Warned(fault=Fault.DEADLINE, step="", words=words)
        return
    pages = [step for step in sure if step.to is Audience.DUTY]
    if pages and all(set(step.channels) <= QUIET for step in pages):
        words = "no officer on duty is paged by SMS or call, and e-mail wakes nobody"
        yield Warned(fault=Fault.DEADLINE, step=pages[0].id, words=words)
        return
    pages = [step for step in pages if not set(step.channels) <= QUIET]
    paged = [(after_raise(protocol, step) or timedelta(0), step.id) for step in pages]
    first, step_id = min(paged, default=(timedelta(0), ""))
    if first > PAGED_BY:
        words = (
            "no officer on duty is paged before"
            f" {first.total_seconds():.0f} s after the raise:"
            f" {PAGED_BY.total_seconds():.0f} s are the most, since e-mail wakes nobody"
        )
        yield Warned(fault=Fault.DEADLINE, step=step_id, words=words)


def _rota(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    """Find paging that may end though nobody at HQ has taken it."""
    if protocol.lease is None:
        words = (
            "acknowledgement_lease_s is 0: an operator who takes it and does nothing"
            " silences it for good"
        )
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)
    pages = [
        step
        for step in steps
        if step.to is Audience.DUTY and step.every is not None and step.rounds is None
    ]
    if not pages:
        words = "the officers on duty are not paged round and round until one answers"
        yield Warned(fault=Fault.SINGLE_POINT, step="", words=words)
    elif not any(is_certain(protocol, step) for step in pages):
        words = (
            "the officers on duty are not paged in every case until an operator has"
            " taken it: require nothing, and stop at acknowledged alone"
        )
        yield Warned(fault=Fault.SINGLE_POINT, step=pages[0].id, words=words)
    soonest = min((step.every for step in pages if step.every), default=NEXT_BY)
    if soonest > NEXT_BY:
        words = (
            f"the next officer is paged {soonest.total_seconds():.0f} s after the one"
            f" who does not answer: {NEXT_BY.total_seconds():.0f} s are the most"
        )
        yield Warned(fault=Fault.DEADLINE, step=pages[0].id, words=words)


def _end(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    """Find people who are told of an alarm and never, or not always, of its end."""
    stops = [step for step in protocol.steps if step.to is Audience.TOLD]
    if not stops:
        if {step.to for step in steps} & _ASKED:
            words = "nobody who was told hears of the end: add a step to = 'told'"
            yield Warned(fault=Fault.NOBODY, step="", words=words)
        return
    soonest = min(stops, key=lambda step: beginning(protocol, step)[1])
    passed = beginning(protocol, soonest)[1]
    if passed > CALLED_BY:
        words = (
            f"whoever was told hears of the end {passed.total_seconds():.0f} s after"
            f" it: {CALLED_BY.total_seconds():.0f} s are the most, since they go on"
            " until then"
        )
        yield Warned(fault=Fault.DEADLINE, step=soonest.id, words=words)
    if all(waits_for(protocol, step) or ends_at(protocol, step) for step in stops):
        words = "whoever was told hears of the end only if something else holds"
        yield Warned(fault=Fault.NOBODY, step=stops[0].id, words=words)
    back = {channel for step in stops for channel in step.channels}
    for step in steps if back else []:
        lost = [one for one in step.channels if not _comes_back(step, one, back)]
        if step.to in PEOPLE and lost:
            named = " or ".join(map(repr, lost))
            words = (
                f"whoever is told by {named} alone hears of no end: name it in"
                f" {stops[0].id!r}"
            )
            yield Warned(fault=Fault.NOBODY, step=step.id, words=words)


def _comes_back(step: Step, channel: str, back: set[str]) -> bool:
    """Say whether whom a channel reached has an address for the end.

    Of a ladder's people every rung's address is kept.
    """
    rungs = {rung.channel for rung in step.ladder}
    number = channel == "call" and "sms" in back
    return channel in back or number or bool(rungs & back)


def _nowhere(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    """Find a search without a place that may tell nobody instead."""
    near = next((step for step in steps if step.to is Audience.NEAREST), None)
    if near is not None and not protocol.may_tell_contacts:
        words = (
            "without a position it tells nobody: contacts, who are told in place of the"
            " nearest then, are forbidden; see that the roster declares a place"
        )
        yield Warned(fault=Fault.NOBODY, step=near.id, words=words)


def _once(steps: list[Step]) -> Iterable[Warned]:
    """Find a call for help that is lost with the one message of it.

    Officers are paged round and round, a question was not the first word, and of a
    ladder the next rung is tried.
    """
    for step in steps:
        is_once = step.repeats == 0 and len(step.ladder) <= 1
        if is_once and step.to in _ASKED | {Audience.HQ}:
            words = (
                "repeats is 0: where nobody knows whether a message has gone out, it is"
                " not sent again, and whom it was for may never hear; leave it out"
            )
            yield Warned(fault=Fault.SINGLE_POINT, step=step.id, words=words)


def _ended_alone(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    """Find a case that one operator ends alone, whoever has asked to call it off.

    Where nobody but HQ is told there is nobody whom an end would leave alone.
    """
    if protocol.all_clear_needs < NEEDS_AFTER_FORCE and {s.to for s in steps} & _ASKED:
        words = (
            "one operator alone may end it, also after a forced cancel that shows no"
            f" sign of force: say [all_clear] needs = {NEEDS_AFTER_FORCE}, of which the"
            " defender's own word is one"
        )
        yield Warned(fault=Fault.FORGEABLE, step="", words=words)


def _again(steps: list[Step]) -> Iterable[Warned]:
    """Find steps that write again to people by ways on which nobody was told."""
    for step in steps:
        before = _AGAIN.get(step.to)
        if before is None:
            continue
        told = {
            channel for one in steps if one.to in before for channel in one.channels
        }
        told |= MODEM if told & MODEM else set()
        if not told & set(step.channels):
            by = " or ".join(map(repr, step.channels))
            words = f"nobody of {step.to.value!r} was told by {by}, so none is known"
            yield Warned(fault=Fault.NOBODY, step=step.id, words=words)
