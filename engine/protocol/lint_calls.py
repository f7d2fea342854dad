"""Whether a call for help reaches people in time, and near enough: pure.

A file may name colleagues and contacts, read like one that calls them, and call nobody:
a search of ten metres, a delay of a year, a rung that e-mail always satisfies.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from engine.protocol.certain import beginning, chain, ends_at, waits_for
from engine.protocol.findings import Fault, Reach, Warned
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Proof,
    Start,
    Step,
)

CALLED_BY = timedelta(hours=1)
"""So long after the raise, or after it is verified, people should hear of it."""
NEAR_M = 1_000.0
"""A declared place is a town: nearer than that nobody is known to be."""
RUNG_MAX = timedelta(minutes=15)
QUIET = frozenset({"email", "webhook"})
"""They wake nobody."""
_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})
_PRESSED = frozenset({Start.RAISED.value, Start.VERIFIED.value})
_BEFORE = frozenset({Condition.CONFIRMED_SOURCE, Condition.CONSENTED})
"""What holds, or does not, from the raise on."""
_SELDOM = {
    Condition.FALSE: "it is found false",
    Condition.DISPUTED: "people contradict each other",
    Condition.CONSENTED: "the defender has consented to a post",
    Condition.APPROVED: "a post is approved",
}
"""What may never hold of a true alarm, and when it does."""
_ITS_SERVERS = frozenset({Proof.SENT, Proof.ACCEPTED})


def calls(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find steps that name whom to call, and call them too late, or nobody."""
    called = [
        step
        for step in protocol.steps
        if step.to in _CALLED and not protocol.begins_at_close(step)
    ]
    steps = [step for step in called if beginning(protocol, step)[0] in _PRESSED]
    if steps:
        yield from _in_time(protocol, steps)
    elif called:
        words = "colleagues and contacts are called after no press: begin a step at"
        yield Warned(fault=Fault.NOBODY, step="", words=f"{words} raised, or verified")
    yield from _seldom(protocol, called)
    for step in called:
        yield from _known_before(protocol, step)
        yield from _near(step)
        yield from _rungs(step)
        yield from _told_before(protocol, step)


def _in_time(protocol: ActionProtocol, steps: list[Step]) -> Iterable[Warned]:
    first = min(steps, key=lambda step: beginning(protocol, step)[1])
    start, passed = beginning(protocol, first)
    if passed > CALLED_BY:
        words = (
            f"no colleague and no contact is called sooner than {_s(passed)} after"
            f" {start!r}: {_s(CALLED_BY)} are the most"
        )
        yield Warned(fault=Fault.DEADLINE, step=first.id, words=words)
    if all(set(step.channels) <= QUIET for step in steps):
        words = "nobody who could come is told by SMS or call: e-mail wakes nobody"
        yield Warned(fault=Fault.DEADLINE, step=first.id, words=words)


def _seldom(protocol: ActionProtocol, called: Sequence[Step]) -> Iterable[Warned]:
    """Find that every call waits for what a true alarm may never have."""
    waits = [sorted(_SELDOM.keys() & waits_for(protocol, step)) for step in called]
    if called and all(waits):
        named = sorted({_SELDOM[condition] for one in waits for condition in one})
        words = (
            f"no colleague and no contact is called before {' or '.join(named)}: of an"
            " alarm that is true, and no more than that, nobody hears but HQ"
        )
        yield Warned(fault=Fault.NOBODY, step=called[0].id, words=words)


def _known_before(protocol: ActionProtocol, step: Step) -> Iterable[Warned]:
    for condition in sorted(_BEFORE & ends_at(protocol, step)):
        words = (
            f"is stopped by {condition.value!r}, which holds from the raise on: of all"
            " for whom it does nobody is called"
        )
        yield Warned(fault=Fault.UNREACHABLE, step=step.id, words=words)


def _near(step: Step) -> Iterable[Warned]:
    """Find a search that stays within what no position and no place tells apart."""
    widest = _widest_m(step)
    if widest is not None and widest < NEAR_M:
        words = (
            f"looks no farther than {widest:.0f} m: a declared place is a town, and"
            f" {NEAR_M:.0f} m are the least that finds anybody"
        )
        yield Warned(fault=Fault.UNREACHABLE, step=step.id, words=words)


def _widest_m(step: Step) -> float | None:
    """Return how far its last round looks; None: anywhere, or ever farther."""
    if step.within_m is None or step.to is not Audience.NEAREST:
        return None
    if step.every is None or not step.within_more_m:
        return step.within_m
    if step.rounds is None:
        return None
    return step.within_m + step.within_more_m * (step.rounds - 1)


def far(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find a search that ends before the first colleague of this defender."""
    for step in protocol.steps:
        widest = _widest_m(step)
        if widest is None or not reach.count(step.to, step.channels):
            continue
        if reach.near(step.channels, widest) == 0:
            words = (
                f"tells nobody, as places are declared: no colleague whom it reaches is"
                f" within {widest / 1000:g} km of the defender's; widen it, or see that"
                " another step tells those who are farther"
            )
            yield Warned(fault=Fault.NOBODY, step=step.id, words=words)


def _rungs(step: Step) -> Iterable[Warned]:
    """Find rungs that wake nobody, and are left late or never."""
    for rung in step.ladder[:-1]:
        if rung.channel not in QUIET:
            continue
        if rung.proof in _ITS_SERVERS:
            words = (
                f"{rung.channel!r} wakes nobody, and counts as enough once its server"
                " has it: take answered, else no later rung is ever tried"
            )
            yield Warned(fault=Fault.SINGLE_POINT, step=step.id, words=words)
        elif rung.proof is Proof.ANSWERED and rung.within > RUNG_MAX:
            words = (
                f"{rung.channel!r} wakes nobody, and the next rung is tried only after"
                f" {_s(rung.within)}: {_s(RUNG_MAX)} are the most"
            )
            yield Warned(fault=Fault.DEADLINE, step=step.id, words=words)


def _told_before(protocol: ActionProtocol, step: Step) -> Iterable[Warned]:
    """Find contacts whom another step has told by then: each is told once.

    One by SMS, and one by call for whoever does not come, reads like a second try.
    """
    if step.to is not Audience.CONTACTS:
        return
    before = next(
        (
            one
            for one in protocol.steps
            if one.to is Audience.CONTACTS
            and one is not step
            and _ways_of(step) <= _ways_of(one)
            and _comes_first(protocol, one, step)
        ),
        None,
    )
    if before is not None:
        words = (
            f"tells nobody: {before.id!r} has told each contact whom it would reach,"
            " and each is told once; give that one all channels, or a ladder, or write"
            " to = 'silent'"
        )
        yield Warned(fault=Fault.NOBODY, step=step.id, words=words)


def _ways_of(step: Step) -> frozenset[str]:
    """Return a step's channels; whoever has a number has both that use one."""
    return frozenset("sms" if one == "call" else one for one in step.channels)


def _comes_first(protocol: ActionProtocol, one: Step, other: Step) -> bool:
    """Say whether one step has run in every case in which another one runs."""
    if not waits_for(protocol, one) <= waits_for(protocol, other):
        return False
    if not ends_at(protocol, one) <= ends_at(protocol, other):
        return False
    if any(earlier is one for earlier in chain(protocol, other)):
        return True
    start, passed = beginning(protocol, one)
    later, limit = beginning(protocol, other)
    # What is due at one moment runs in the file's order, and then what follows it.
    is_before = _follows(protocol, one) <= _follows(protocol, other) and (
        protocol.steps.index(one) < protocol.steps.index(other)
    )
    if start != later:
        # At the raise nothing has come before; but what force begins waits for nobody.
        is_first = start == Start.RAISED and not passed and is_before
        return is_first and not protocol.begins_by_force(other)
    if waits_for(protocol, other) or ends_at(protocol, other) or protocol.countdown:
        # Both may be held until one moment.
        return is_before and passed <= limit
    return passed < limit or (passed == limit and is_before)


def _follows(protocol: ActionProtocol, step: Step) -> int:
    """Return how many steps have run when one runs that begins after them."""
    return sum(1 for _ in chain(protocol, step)) - 1


def _s(duration: timedelta) -> str:
    return f"{duration.total_seconds():.0f} s"
